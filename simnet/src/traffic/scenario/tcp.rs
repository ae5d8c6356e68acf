//! HTTP over TCP in six connections of one client: a healthy one, an upload with segments lost behind the capture point, a
//! download with one lost before it, segments out of order, a receiver whose window stays closed, and a reset.

use crate::traffic::frame::Host;
use crate::traffic::tcp::{Connection, End, MSS};
use crate::traffic::{MS, Recorder, SECOND, Setting, Traffic};

/// Retransmission time-out of a young connection, at least Linux's minimum.
const RTO_NS: u64 = 240 * MS;

/// The client, its server and what has been written down so far.
struct Story<'a> {
    setting: &'a mut Setting,
    recorder: Recorder,
    client: Host,
    server: Host,
    now: u64,
    /// Frames with a note of TCP's analysis.
    noted: u64,
}

impl Story<'_> {
    /// A connection that is open.
    fn connect(&mut self) -> Connection {
        let rng = &mut self.setting.rng;
        let client = (self.client.renumbered(rng.u16()), 32_768 + rng.range(0, 28_000) as u16);
        let server = (self.server.renumbered(rng.u16()), 80);
        let round_trip_ns = rng.range(12 * MS, 17 * MS);
        let mut connection = Connection::new(rng, client, server, self.now, round_trip_ns);
        connection.open(&mut self.recorder);
        connection
    }

    fn note(&mut self, flag: &str, frames: u64) {
        self.recorder.count(format!("tcp.analysis.{flag}"), frames);
    }

    /// GET, and the server's acknowledgement.
    fn get(&mut self, connection: &mut Connection, path: &str) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: downloads.example.net\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"
        );
        connection.now += MS;
        connection.send(&mut self.recorder, End::Client, request.as_bytes());
        connection.now += connection.round_trip_ns;
        connection.acknowledge(&mut self.recorder, End::Server);
        connection.now += 2 * MS;
        self.recorder.count("http.request.method == \"GET\"", 1);
    }

    /// A response with a body of this many bytes.
    fn response(&mut self, body_bytes: usize) -> Vec<u8> {
        let mut response = format!(
            "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: application/octet-stream\r\n\
             Content-Length: {body_bytes}\r\nConnection: keep-alive\r\n\r\n"
        )
        .into_bytes();
        response.extend(self.setting.rng.letters(body_bytes).bytes());
        response
    }

    /// Sends in pairs of segments, each pair acknowledged.
    fn deliver(&mut self, connection: &mut Connection, from: End, data: &[u8]) {
        let to = if from == End::Client { End::Server } else { End::Client };
        for pair in data.chunks(2 * MSS) {
            connection.send(&mut self.recorder, from, pair);
            connection.now += if to == End::Server { connection.round_trip_ns } else { MS / 20 };
            connection.acknowledge(&mut self.recorder, to);
            connection.now += self.setting.rng.range(MS / 2, MS);
        }
    }

    fn healthy(&mut self) {
        let mut connection = self.connect();
        self.get(&mut connection, "/firmware/index.json");
        let response = self.response(20_000);
        self.deliver(&mut connection, End::Server, &response);
        self.ok(connection, End::Client);
    }

    fn ok(&mut self, mut connection: Connection, closer: End) {
        self.recorder.count("http.response.code == 200", 1);
        connection.now += 20 * MS;
        connection.close(&mut self.recorder, closer);
        self.now = connection.now + self.setting.rng.range(SECOND, 2 * SECOND);
    }

    /// Segments of the client pass the capture point and are lost after it.
    fn lossy_upload(&mut self) {
        let mut connection = self.connect();
        let body = self.setting.rng.letters(24 * MSS);
        let request = format!(
            "POST /upload HTTP/1.1\r\nHost: downloads.example.net\r\nUser-Agent: curl/7.88.1\r\n\
             Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let segments: Vec<&[u8]> = request.as_bytes().chunks(MSS).collect();
        let lost = [5, 11, 18].map(|n| n + self.setting.rng.range(0, 3) as usize);
        connection.now += MS;
        for (i, segment) in segments.iter().enumerate() {
            let offset = connection.offset(End::Client);
            // Counted as sent first, so that the retransmission is of the same bytes.
            connection.send_segment(&mut self.recorder, End::Client, segment, true, false);
            if lost.contains(&i) {
                connection.send_at(&mut self.recorder, End::Client, offset, segment, false);
                connection.now += RTO_NS;
            }
            connection.send_at(&mut self.recorder, End::Client, offset, segment, true);
            connection.now += connection.round_trip_ns;
            connection.acknowledge(&mut self.recorder, End::Server);
            connection.now += MS / 10;
        }
        self.recorder.count("http.request.method == \"POST\"", 1);
        self.note("retransmission", lost.len() as u64);
        self.noted += lost.len() as u64;
        let response = self.response(40);
        self.deliver(&mut connection, End::Server, &response);
        self.recorder.finding("tcp.retransmissions", connection.subject());
        self.ok(connection, End::Client);
    }

    /// One segment is lost on the way to the capture point: three duplicate acknowledgements bring it back (RFC 5681, 3.2).
    fn lossy_download(&mut self) {
        let mut connection = self.connect();
        self.get(&mut connection, "/firmware/t46s.rom");
        let response = self.response(40 * MSS);
        let (before, rest) = response.split_at(6 * MSS);
        self.deliver(&mut connection, End::Server, before);
        let (missing, rest) = rest.split_at(MSS);
        let (after, rest) = rest.split_at(3 * MSS);
        let offset = connection.offset(End::Server);
        connection.send_segment(&mut self.recorder, End::Server, missing, false, false);
        for segment in after.chunks(MSS) {
            connection.send_segment(&mut self.recorder, End::Server, segment, false, true);
            connection.now += MS / 20;
            connection.acknowledge(&mut self.recorder, End::Client);
            connection.now += MS / 10;
        }
        connection.now += connection.round_trip_ns;
        connection.send_at(&mut self.recorder, End::Server, offset, missing, true);
        connection.now += MS / 20;
        connection.acknowledge(&mut self.recorder, End::Client);
        connection.now += MS;
        self.deliver(&mut connection, End::Server, rest);
        self.note("lost_segment", 1);
        self.note("duplicate_ack", 3);
        self.note("fast_retransmission", 1);
        self.note("retransmission", 1);
        self.noted += 5;
        self.ok(connection, End::Server);
    }

    /// Two neighbours have changed places on the way.
    fn out_of_order(&mut self) {
        let mut connection = self.connect();
        self.get(&mut connection, "/firmware/vvx410.ld");
        let response = self.response(12 * MSS);
        let (before, rest) = response.split_at(4 * MSS);
        self.deliver(&mut connection, End::Server, before);
        let (late, rest) = rest.split_at(MSS);
        let (early, rest) = rest.split_at(MSS);
        let offset = connection.offset(End::Server);
        connection.send_segment(&mut self.recorder, End::Server, late, false, false);
        connection.send_segment(&mut self.recorder, End::Server, early, false, true);
        connection.now += MS / 20;
        connection.acknowledge(&mut self.recorder, End::Client);
        connection.now += MS / 5;
        connection.send_at(&mut self.recorder, End::Server, offset, late, true);
        connection.now += MS / 20;
        connection.acknowledge(&mut self.recorder, End::Client);
        connection.now += MS;
        self.deliver(&mut connection, End::Server, rest);
        self.note("lost_segment", 1);
        self.note("duplicate_ack", 1);
        self.note("out_of_order", 1);
        self.noted += 3;
        self.ok(connection, End::Client);
    }

    /// The client does not read for seconds: its window closes, is probed (RFC 9293, 3.8.6.1) and opens again.
    fn zero_window(&mut self) {
        let mut connection = self.connect();
        self.get(&mut connection, "/recordings/0471.wav");
        let response = self.response(30_000);
        let (first, rest) = response.split_at(6 * MSS);
        self.deliver(&mut connection, End::Server, first);
        let (second, rest) = rest.split_at(2 * MSS);
        connection.send(&mut self.recorder, End::Server, second);
        connection.peer(End::Client).window = 0;
        connection.acknowledge(&mut self.recorder, End::Client);
        let mut pause = 300 * MS;
        let probes = 4;
        let next = connection.offset(End::Server);
        for _ in 0..probes {
            connection.now += pause;
            pause *= 2;
            connection.send_at(&mut self.recorder, End::Server, next, &rest[..1], false);
            connection.now += MS / 10;
            connection.acknowledge(&mut self.recorder, End::Client);
        }
        connection.now += 700 * MS;
        connection.peer(End::Client).window = 64_256;
        connection.acknowledge(&mut self.recorder, End::Client);
        connection.now += connection.round_trip_ns;
        self.deliver(&mut connection, End::Server, rest);
        self.note("zero_window", 1 + probes);
        self.note("zero_window_probe", probes);
        self.note("zero_window_probe_ack", probes);
        self.note("window_update", 1);
        self.noted += 1 + 2 * probes + 1;
        self.recorder.finding("tcp.zero-window", connection.subject());
        self.ok(connection, End::Client);
    }

    /// The server drops the connection in the middle of its answer.
    fn reset(&mut self) {
        let mut connection = self.connect();
        self.get(&mut connection, "/recordings/0472.wav");
        let response = self.response(30_000);
        let sent = &response[..8 * MSS];
        self.deliver(&mut connection, End::Server, sent);
        connection.now += 900 * MS;
        connection.reset(&mut self.recorder, End::Server);
        self.recorder.count("tcp.flags.reset == 1", 1);
        self.recorder.finding("tcp.reset", connection.subject());
        self.now = connection.now;
    }
}

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let client = setting.lan(61);
    let client = setting.host([0x3c, 0x52, 0x82], client, true);
    // Behind the router, seven hops away.
    let mut server = setting.host([0x00, 0x1b, 0x21], [198, 51, 100, 80], true);
    server.ttl = 57;
    let mut recorder = setting.recorder();
    recorder.truth.addresses.extend([client.ip, server.ip]);
    let now = setting.start_ns;
    let mut story = Story { setting, recorder, client, server, now, noted: 0 };
    story.healthy();
    story.lossy_upload();
    story.lossy_download();
    story.out_of_order();
    story.zero_window();
    story.reset();
    let Story { mut recorder, noted, .. } = story;
    recorder.count("tcp.analysis.flags", noted);
    recorder.count("tcp.flags.syn == 1 && tcp.flags.ack == 0", 6);
    recorder.finish(
        "six HTTP connections: healthy, an upload with 3 of 25 segments sent again, a download with one fast \
         retransmission, two segments out of order, a window closed for seconds, a reset in the middle of an answer",
    )
}
