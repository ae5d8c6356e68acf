//! A little TCP for two (RFC 9293), as a capture point beside the client sees it.
//!
//! [`Connection`] numbers, acknowledges and stamps segments as a real stack would (MSS, SACK, timestamps, window scale);
//! the story decides what is lost, sent again, late or refused. There are no timers: the story moves [`Connection::now`].

use std::collections::BTreeMap;

use super::frame::{Host, Tcp, tcp_flags::*};
use super::rng::Rng;
use super::{MS, Recorder};

/// Bytes of data in a full segment: 1500 less IPv4's and TCP's headers and the timestamps option.
pub const MSS: usize = 1448;

/// Which end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Client,
    Server,
}

impl End {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// One end's half of the state.
#[derive(Debug, Clone)]
pub struct Peer {
    pub host: Host,
    pub port: u16,
    /// Free room in the receive buffer, in bytes.
    pub window: u32,
    initial: u32,
    /// Offset of the next new byte in what it sends; SYN and FIN count as bytes.
    sent: u32,
    /// Offset up to which it has received everything.
    received: u32,
    /// What it has received beyond that: start to end.
    beyond: BTreeMap<u32, u32>,
    clock: u32,
    /// The last timestamp received, which it echoes (RFC 7323, 4.3).
    echo: u32,
}

/// Both ends and the time.
#[derive(Debug, Clone)]
pub struct Connection {
    client: Peer,
    server: Peer,
    /// Nanoseconds since 1970, at the capture point.
    pub now: u64,
    /// From the capture point to the server and back.
    pub round_trip_ns: u64,
    /// Type of service of all packets.
    pub tos: u8,
}

/// Both ends scale their window by 2^7, as Linux does.
const WINDOW_SHIFT: u8 = 7;

impl Connection {
    pub fn new(rng: &mut Rng, client: (Host, u16), server: (Host, u16), now: u64, round_trip_ns: u64) -> Self {
        let mut peer = |(host, port): (Host, u16)| Peer {
            host,
            port,
            window: 64_256,
            initial: rng.u32(),
            sent: 0,
            received: 0,
            beyond: BTreeMap::new(),
            clock: rng.u32(),
            echo: 0,
        };
        Self { client: peer(client), server: peer(server), now, round_trip_ns, tos: 0 }
    }

    /// `client:port-server:port`, the subject of findings about a connection.
    pub fn subject(&self) -> String {
        let end = |peer: &Peer| format!("{}:{}", peer.host.bracketed(), peer.port);
        format!("{}-{}", end(&self.client), end(&self.server))
    }

    /// One end's state.
    pub fn peer(&mut self, end: End) -> &mut Peer {
        match end {
            End::Client => &mut self.client,
            End::Server => &mut self.server,
        }
    }

    /// Offset of the next new byte that `end` will send.
    pub fn offset(&mut self, end: End) -> u32 {
        self.peer(end).sent
    }

    /// Half a round trip and a bit: how long `end` takes to react, as seen from beside the client.
    fn react(&mut self, end: End) {
        self.now += match end {
            End::Client => MS / 10,
            End::Server => self.round_trip_ns,
        };
    }

    /// SYN, SYN and ACK, ACK.
    pub fn open(&mut self, recorder: &mut Recorder) {
        self.segment(recorder, End::Client, 0, SYN, &[], true);
        self.client.sent = 1;
        self.react(End::Server);
        self.segment(recorder, End::Server, 0, SYN | ACK, &[], true);
        self.server.sent = 1;
        self.react(End::Client);
        self.acknowledge(recorder, End::Client);
    }

    /// Sends new data in full segments, a tenth of a millisecond apart, the last of them pushed.
    pub fn send(&mut self, recorder: &mut Recorder, from: End, data: &[u8]) {
        let pieces: Vec<&[u8]> = data.chunks(MSS).collect();
        let last = pieces.len().saturating_sub(1);
        for (i, piece) in pieces.into_iter().enumerate() {
            self.send_segment(recorder, from, piece, i == last, true);
            self.now += MS / 10;
        }
    }

    /// Sends one segment of new data. When not `seen`, it is lost before the capture point.
    pub fn send_segment(&mut self, recorder: &mut Recorder, from: End, data: &[u8], push: bool, seen: bool) {
        let offset = self.peer(from).sent;
        self.peer(from).sent = offset.wrapping_add(data.len() as u32);
        let flags = if push { ACK | PSH } else { ACK };
        if seen {
            self.segment(recorder, from, offset, flags, data, true);
        }
    }

    /// Sends data (again) at this offset, which the other end receives or does not.
    pub fn send_at(&mut self, recorder: &mut Recorder, from: End, offset: u32, data: &[u8], arrives: bool) {
        self.segment(recorder, from, offset, ACK | PSH, data, arrives);
    }

    /// A pure acknowledgement of all that `from` has received, with SACK for what lies beyond a hole.
    pub fn acknowledge(&mut self, recorder: &mut Recorder, from: End) {
        let offset = self.peer(from).sent;
        self.segment(recorder, from, offset, ACK, &[], true);
    }

    /// FIN and its acknowledgement both ways, begun by `first`.
    pub fn close(&mut self, recorder: &mut Recorder, first: End) {
        self.finish(recorder, first);
        self.react(first.other());
        self.finish(recorder, first.other());
        self.react(first);
        self.acknowledge(recorder, first);
    }

    fn finish(&mut self, recorder: &mut Recorder, end: End) {
        let offset = self.peer(end).sent;
        self.segment(recorder, end, offset, FIN | ACK, &[], true);
        self.peer(end).sent = offset.wrapping_add(1);
    }

    /// A reset by `from`.
    pub fn reset(&mut self, recorder: &mut Recorder, from: End) {
        let offset = self.peer(from).sent;
        self.segment(recorder, from, offset, RST | ACK, &[], true);
    }

    /// Writes one segment and lets the other end receive it.
    fn segment(&mut self, recorder: &mut Recorder, from: End, offset: u32, flags: u8, data: &[u8], arrives: bool) {
        let now = self.now;
        let (me, other) = match from {
            End::Client => (&mut self.client, &mut self.server),
            End::Server => (&mut self.server, &mut self.client),
        };
        let syn = flags & SYN != 0;
        let stamp = me.clock.wrapping_add((now / MS) as u32);
        let mut options = Vec::with_capacity(40);
        if flags & RST == 0 {
            if syn {
                // RFC 9293, 3.7.1; RFC 2018, 2.
                options.extend([2, 4, 0x05, 0xb4, 4, 2]);
            } else {
                options.extend([1, 1]);
            }
            // RFC 7323, 3.2.
            options.extend([8, 10]);
            options.extend(stamp.to_be_bytes());
            options.extend(me.echo.to_be_bytes());
            if syn {
                options.extend([1, 3, 3, WINDOW_SHIFT]);
            } else if let Some((start, end)) = me.beyond.first_key_value() {
                // RFC 2018, 3.
                options.extend([1, 1, 5, 10]);
                options.extend(other.initial.wrapping_add(*start).to_be_bytes());
                options.extend(other.initial.wrapping_add(*end).to_be_bytes());
            }
        }
        let window = if syn { me.window.min(0xffff) } else { me.window >> WINDOW_SHIFT };
        let header = Tcp {
            src_port: me.port,
            dst_port: other.port,
            seq: me.initial.wrapping_add(offset),
            ack: if flags & ACK != 0 { other.initial.wrapping_add(me.received) } else { 0 },
            flags,
            window: if flags & RST != 0 { 0 } else { window as u16 },
            options,
            checksum: me.host.checksum,
        };
        // A segment fits the MTU, so that it is one frame.
        for frame in me.host.tcp(&other.host, self.tos, &header, data) {
            recorder.push(now, frame);
        }
        recorder.count("tcp", 1);
        let length = data.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        if arrives {
            other.echo = stamp;
        }
        if arrives && length > 0 {
            other.receive(offset, length);
        }
    }
}

impl Peer {
    fn receive(&mut self, offset: u32, length: u32) {
        let end = offset.wrapping_add(length);
        if offset > self.received {
            let start = offset;
            // Adjoining ranges become one, so that SACK shows the whole.
            let before = self.beyond.iter().find(|(_, e)| **e == start).map(|(s, _)| *s);
            self.beyond.insert(before.unwrap_or(start), end);
            return;
        }
        self.received = self.received.max(end);
        while let Some((start, end)) = self.beyond.first_key_value().map(|(s, e)| (*s, *e)) {
            if start > self.received {
                break;
            }
            self.received = self.received.max(end);
            self.beyond.remove(&start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::frame::Mac;
    use crate::traffic::{START_NS, Truth};

    fn connection() -> (Recorder, Connection) {
        let host = |n| Host::new(Mac([2, 0, 0, 0, 0, n]), [10, 0, 0, n].into(), 64, true, 1);
        let connection = Connection::new(&mut Rng::new(1), (host(1), 40_000), (host(2), 80), START_NS, 20 * MS);
        (Recorder { packets: Vec::new(), truth: Truth::default() }, connection)
    }

    #[test]
    fn a_hole_is_kept_until_it_is_filled() {
        let (mut recorder, mut connection) = connection();
        connection.open(&mut recorder);
        connection.send_segment(&mut recorder, End::Server, &[1; 100], false, true);
        let lost = connection.offset(End::Server);
        connection.send_segment(&mut recorder, End::Server, &[2; 100], false, false);
        connection.send_segment(&mut recorder, End::Server, &[3; 100], false, true);
        connection.send_segment(&mut recorder, End::Server, &[4; 100], true, true);
        assert_eq!(connection.client.received, 101);
        assert_eq!(connection.client.beyond, BTreeMap::from([(201, 401)]));
        connection.send_at(&mut recorder, End::Server, lost, &[2; 100], true);
        assert_eq!(connection.client.received, 401);
        assert!(connection.client.beyond.is_empty());
        connection.close(&mut recorder, End::Client);
        assert_eq!(connection.client.received, 402);
        assert_eq!(recorder.finish("").packets.len(), 3 + 4 + 3);
    }
}
