//! What can be said of a packet only by having seen others, and where the first pass keeps it.
//!
//! A fact belongs to one frame. A protocol records it while the first pass is at that frame, or later for an earlier frame
//! (a response names its request's frame, and the request is then amended), and finds it again in the second pass.

use std::collections::HashMap;
use std::sync::Arc;

use crate::pieces::Whole;
use crate::proto::{
    arp, cflow, dcerpc, dns, ftp, gquic, http, iax2, mysql, quic, rpc, smb2, smtp, ssh, t38, tcp, tftp, tls, websocket,
    wireguard,
};
use crate::reassembly::Datagram;
use crate::registry::ProtoId;
use crate::setup::Setup;
use crate::transaction;

/// What one layer of one frame learned from other frames. One variant a protocol, the type beside its parse function.
#[derive(Clone, Debug)]
pub enum Fact {
    /// Octets put together from several frames, for the layer that holds the last of them.
    Reassembled(Arc<[u8]>),
    /// The datagram that the IP fragment in this frame completes.
    Datagram(Arc<Datagram>),
    /// The frame that completes the datagram of which this frame has a fragment.
    DatagramIn(u64),
    /// The conversation of a UDP datagram, and who claimed it.
    Udp {
        /// Which occurrence of UDP in the frame.
        layer: u8,
        child: Option<ProtoId>,
        stream: u32,
        /// Nanoseconds since the first and the previous datagram of the conversation.
        since_first: i64,
        since_previous: i64,
    },
    /// The conversation of a UDP datagram, where it turned out later that it is another one.
    UdpStream { layer: u8, stream: u32 },
    /// What the payload of a UDP datagram was set up for, and for RTP its extended sequence number.
    Media {
        /// Which occurrence of UDP in the frame.
        layer: u8,
        sequence: u32,
        setup: Arc<Setup>,
    },
    /// The frame that completes the frame of HDLC or the page of which this one has a piece.
    FaxIn {
        /// Which occurrence of UDP in the frame; the same below.
        layer: u8,
        frame: u64,
    },
    /// What the data field `item` of this frame's T.38 packet completes.
    FaxWhole { layer: u8, item: u8, whole: Arc<t38::pages::Whole> },
    /// What a SIP message is to others: how many frames back the one is that it repeats and the request that it
    /// answers (0: none), and how many nanoseconds ago that came.
    Sip { repeats: u32, request: u32, after: i64, is_release: bool },
    /// What the DNS message with an identification is to another frame; `after` in nanoseconds.
    Dns { id: u16, role: dns::Role, frame: u64, after: i64 },
    /// What a message with an identification is to another frame; `after` in nanoseconds.
    Transaction { proto: ProtoId, layer: u8, role: transaction::Role, frame: u64, after: i64 },
    /// Where the conversation of a protocol stands before a message of it, unless at its beginning.
    Stage { proto: ProtoId, layer: u8, value: u64 },
    /// The data that a unit of X.224 completes.
    Cotp { layer: u8, whole: Arc<[u8]> },
    /// From where the numbers of an SCTP packet's own direction and of the other one are counted.
    Sctp { layer: u8, own: u32, other: u32 },
    /// The call that a frame of IAX2 is of, and how its media are coded.
    Iax2(Box<iax2::Known>),
    /// The segment is of a connection for H.245 that call signalling announced.
    H245,
    /// The request of the transfer that a TFTP message is of.
    Tftp(Arc<tftp::Request>),
    /// The other side of an ICMP echo, and for a reply how much later it came, in nanoseconds.
    Echo { frame: u64, after: i64 },
    /// A segment's connection, what was found out about the segment, and who claimed the connection.
    Tcp {
        /// Which occurrence of TCP in the frame; the same below.
        layer: u8,
        child: Option<ProtoId>,
        /// The protocol that the child's messages are handed to instead of itself.
        via: Option<ProtoId>,
        bits: u32,
        stream: Arc<tcp::Stream>,
        /// Nanoseconds since the previous segment of the connection.
        since_previous: i64,
    },
    /// What a segment acknowledges and how much is under way.
    TcpNumbers {
        layer: u8,
        /// How many frames ago the acknowledged segment came; 0 if none is.
        acks: u32,
        /// Octets; 0 where not known.
        in_flight: u32,
        push_sent: u32,
        /// Nanoseconds.
        rtt: i64,
    },
    /// Which repetition of the acknowledgment in a frame a segment is.
    TcpDuplicate { layer: u8, number: u32, frame: u64 },
    /// The frame from which a retransmission's timeout counts, in nanoseconds.
    TcpTimeout { layer: u8, frame: u64, ns: i64 },
    /// The payload was seen before, or overlaps with what was.
    TcpRepeated { layer: u8, overlaps: bool },
    /// So many octets of the payload go on with a message, which they complete or do not.
    TcpLead { layer: u8, child: ProtoId, len: u32, whole: Option<Arc<tcp::Whole>> },
    /// The frame that completes the message that the payload goes on with or ends in.
    TcpIn {
        layer: u8,
        frame: u64,
        /// The message begins in this frame.
        is_tail: bool,
    },
    /// The exchange of the frame's HTTP message, by its place.
    Http { at: u32, chain: Arc<http::Chain> },
    /// Where the proxy's tunnel leads to that the frame's HTTP message came through.
    HttpTunnel(Arc<http::Proxy>),
    /// The frame's QUIC connection, if it is known, with the keys of Initial packets where there may be some.
    Quic { number: u32, packet: quic::Known, keys: Option<Arc<quic::Keys>> },
    /// The connection of a packet of Google's QUIC.
    GoogleQuic(gquic::Known),
    /// What the records of a set of NetFlow hold.
    FlowTemplate { id: u16, template: cflow::Template },
    /// The procedure that a call of AFS is of.
    AfsOpcode(u32),
    /// What a CoAP answer is about.
    CoapPath(Arc<str>),
    /// What a message of WireGuard is to its handshake.
    Wireguard(wireguard::Known),
    /// The whole number of the QUIC packet at a place of the frame, where fewer bits were sent.
    QuicNumber { at: u32, number: u64 },
    /// What becomes of the QUIC CRYPTO frame of which the octets stand at a place.
    QuicCrypto { at: u32, fate: quic::Fate },
    /// What is known of the frame's SSH connection, and the number of the first packet.
    Ssh { session: Arc<ssh::Session>, seq: u32 },
    /// The frame with the other part of an IMAP command, and for a response how much later it came, in nanoseconds.
    Imap { frame: u64, after: i64 },
    /// What is known of a frame of an FTP control connection.
    Ftp(Box<ftp::Told>),
    /// What a segment of FTP's data is of.
    FtpData(Arc<ftp::Transfer>),
    /// The pieces of a mail that ends in the frame.
    Mail(Arc<smtp::Whole>),
    /// The frame in which a mail ends.
    MailIn(u64),
    /// What a remote procedure call calls, and what a reply replies to.
    Rpc(rpc::Called),
    /// What earlier messages of SMB2 say of one.
    Smb2(Box<smb2::Told>),
    /// What earlier messages of DCE/RPC say of one.
    Dcerpc(Box<dcerpc::Told>),
    /// Where the connection is at a message of MySQL.
    Mysql(Box<mysql::Standing>),
    /// How many entries the search got whose end an LDAP message tells.
    Ldap { layer: u8, count: u32 },
    /// What is known of the frame's TLS connection.
    Tls(Arc<tls::Session>),
    /// The piece of a handshake message that stands at a place of the frame.
    TlsPiece { at: u32, index: u16, assembly: Arc<tls::Assembly> },
    /// The message that WebSocket frames make of which the first one in this frame stands at a place.
    WebSocket { at: u32, message: Arc<websocket::Message> },
    /// The message that the DTLS fragment at a place of the frame completes.
    DtlsWhole { at: u32, whole: Arc<Whole> },
    /// An IP address in this ARP packet that was seen at another hardware address.
    DuplicateAddress(Box<arp::Duplicate>),
}

impl Fact {
    /// Whether the other one says the same of a later time, so that this one is void.
    fn is_older(&self, newer: &Self) -> bool {
        match (self, newer) {
            (Self::TcpIn { layer, is_tail, .. }, Self::TcpIn { layer: of, is_tail: tail, .. }) => {
                layer == of && is_tail == tail
            }
            _ => false,
        }
    }
}

/// The facts of a run of frames, numbered from 1 without holes.
#[derive(Default, Debug)]
pub struct FactStore {
    /// Facts in the order in which they were recorded.
    facts: Vec<Fact>,
    /// For each frame where its facts end; they begin where the frame's before end.
    ends: Vec<u32>,
    /// What later frames said of earlier ones.
    amendments: HashMap<u64, Vec<Fact>>,
}

impl FactStore {
    /// Closes the next frame with its facts.
    pub(crate) fn push(&mut self, facts: impl IntoIterator<Item = Fact>) {
        self.facts.extend(facts);
        self.ends.push(u32::try_from(self.facts.len()).unwrap_or(u32::MAX));
    }

    /// Adds to the facts of an earlier frame.
    pub(crate) fn amend(&mut self, number: u64, fact: Fact) {
        let facts = self.amendments.entry(number).or_default();
        match facts.iter_mut().find(|earlier| earlier.is_older(&fact)) {
            Some(earlier) => *earlier = fact,
            None => facts.push(fact),
        }
    }

    /// The facts of a frame: its own in the order of their recording, then what later frames added.
    pub fn of(&self, number: u64) -> impl Iterator<Item = &Fact> {
        let at = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = match at.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).map_or(self.facts.len(), |end| *end as usize),
        };
        let end = self.ends.get(at).map_or(start, |end| *end as usize);
        let amended = self.amendments.get(&number).map_or(&[][..], Vec::as_slice);
        self.facts[start..end.max(start)].iter().chain(amended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_small() {
        assert!(size_of::<Fact>() <= 24);
    }
}
