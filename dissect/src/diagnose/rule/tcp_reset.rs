//! Connections that a reset ended in the middle: data had flowed, and no side had sent its FIN (RFC 9293, 3.10.7.4).

use super::segment::Segment;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::dissector::Endpoints;
use crate::proto::tcp;
use crate::recent::Recent;
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "tcp.reset",
    severity: Severity::Warning,
    advice: "ask the side that sent the reset: its program ended or gave up, or a device in between made the reset in its name",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Tcp],
    fields: &[tcp::FLAGS, tcp::SEQ_RAW, tcp::ACK_RAW, tcp::LEN, tcp::STREAM, tcp::COMPLETENESS, tcp::SEQ],
    make: || Box::new(Resets::default()),
};

/// How many connections that were told are remembered.
const MAX_TOLD: usize = 65_536;
/// How many idle connections are remembered.
const MAX_IDLE: usize = 4096;
/// Of `tcp.completeness`: a SYN, data and a FIN were seen so far.
const SYN: u64 = 1;
const DATA: u64 = 8;
const FIN: u64 = 16;

/// Both directions as one, with the number of the connection between them.
type Connection = (Endpoints, u64);

struct Resets {
    told: Recent<Connection, ()>,
    /// Those that began with what may be a keep-alive, and whether nothing else has come.
    idle: Recent<Connection, bool>,
}

impl Default for Resets {
    fn default() -> Self {
        Self { told: Recent::new(MAX_TOLD), idle: Recent::new(MAX_IDLE) }
    }
}

impl Resets {
    /// RFC 9293, 3.8.4: some systems keep a connection alive with an octet that was there before. Of one that was running
    /// when the capture began the first segment may be that: it comes without a push, which data have.
    fn heed_keep_alive(&mut self, segment: &Segment, packet: &Seen<'_>) {
        let so_far = packet.uint(tcp::COMPLETENESS).unwrap_or_default();
        let may_be_one = segment.len == 1 && !segment.has_push() && so_far & SYN == 0;
        if segment.len > 1 || segment.len == 1 && segment.has_push() {
            if so_far & SYN == 0
                && let Some(is_idle) = self.idle.get(&connection(segment, packet))
            {
                *is_idle = false;
            }
        } else if may_be_one && packet.uint(tcp::SEQ).is_some_and(|seq| seq <= 1) {
            let key = connection(segment, packet);
            if self.idle.peek(&key).is_none() {
                self.idle.insert(key, true);
            }
        }
    }
}

fn connection(segment: &Segment, packet: &Seen<'_>) -> Connection {
    (segment.flow.conversation().0, packet.uint(tcp::STREAM).unwrap_or_default())
}

impl Rule for Resets {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let Some(segment) = Segment::of(packet) else {
            return;
        };
        if !segment.has_reset() || segment.has_syn() {
            self.heed_keep_alive(&segment, packet);
            return;
        }
        let so_far = packet.uint(tcp::COMPLETENESS).unwrap_or_default();
        if so_far & DATA == 0 || so_far & FIN != 0 {
            return;
        }
        let key = connection(&segment, packet);
        if self.told.get(&key).is_some() || self.idle.peek(&key) == Some(&true) {
            return;
        }
        self.told.insert(key, ());
        let (from, to) =
            (place(segment.flow.src, segment.flow.src_port), place(segment.flow.dst, segment.flow.dst_port));
        let summary = format!("{from} reset the connection with {to} after data had flowed; no side had ended it");
        out.say(Finding::new(&CODE, Subject::flow(&segment.flow), Evidence::of(packet.mark), summary).absent());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{ACK, Capture, FIN as FIN_FLAG, RST, SYN as SYN_FLAG, host};

    /// A connection with a request and an answer.
    fn connection() -> Capture {
        let (client, server) = (host(1, 40000), host(2, 80));
        let mut capture = Capture::default();
        capture.tcp(0, client, server, SYN_FLAG, 100, 0, 64240, &[]);
        capture.tcp(1, server, client, SYN_FLAG | ACK, 900, 101, 64240, &[]);
        capture.tcp(2, client, server, ACK, 101, 901, 64240, &[]);
        capture.tcp(3, client, server, ACK, 101, 901, 64240, b"hello");
        capture.tcp(4, server, client, ACK, 901, 106, 64240, b"hello yourself");
        capture
    }

    #[test]
    fn a_reset_in_the_middle_is_told_once() {
        let mut capture = connection();
        capture.tcp(5, host(2, 80), host(1, 40000), RST | ACK, 915, 106, 0, &[]);
        capture.tcp(6, host(2, 80), host(1, 40000), RST, 915, 0, 0, &[]);
        assert_eq!(capture.codes(), ["tcp.reset"]);
        assert_eq!(capture.frames_of("tcp.reset"), Some(vec![6]));
    }

    #[test]
    fn a_reset_behind_a_fin_of_either_side_is_an_end() {
        for from_client in [true, false] {
            let mut capture = connection();
            match from_client {
                true => capture.tcp(5, host(1, 40000), host(2, 80), FIN_FLAG | ACK, 106, 915, 64240, &[]),
                false => capture.tcp(5, host(2, 80), host(1, 40000), FIN_FLAG | ACK, 915, 106, 64240, &[]),
            }
            capture.tcp(6, host(2, 80), host(1, 40000), RST, 915, 0, 0, &[]);
            assert_eq!(capture.codes(), [""; 0]);
        }
    }

    #[test]
    fn a_reset_without_data_before_it_is_none() {
        let (client, server) = (host(1, 40000), host(2, 80));
        let mut capture = Capture::default();
        capture.tcp(0, client, server, SYN_FLAG, 100, 0, 64240, &[]);
        capture.tcp(1, server, client, SYN_FLAG | ACK, 900, 101, 64240, &[]);
        capture.tcp(2, client, server, RST, 101, 0, 0, &[]);
        capture.tcp(9, host(3, 1), host(4, 2), RST, 101, 0, 0, &[]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn what_was_told_is_forgotten_in_the_end() {
        let mut rule = Resets::default();
        for n in 0..2 * MAX_TOLD as u64 {
            rule.told.insert((Endpoints::default(), n), ());
        }
        assert!(rule.told.len() <= MAX_TOLD);
    }

    #[test]
    fn keep_alives_of_a_connection_that_was_idle_are_no_data() {
        let (client, server) = (host(1, 40000), host(2, 80));
        let idle = |data: &[u8]| {
            let mut capture = Capture::default();
            for n in 0..3 {
                capture.tcp(n * 10_000, client, server, ACK, 100, 901, 64240, &[0]);
                capture.tcp(n * 10_000 + 1, server, client, ACK, 901, 101, 64240, &[]);
            }
            if !data.is_empty() {
                capture.tcp(30_000, server, client, ACK | 8, 901, 101, 64240, data);
            }
            capture.tcp(31_000, server, client, RST | ACK, 901 + data.len() as u32, 101, 0, &[]);
            capture.codes()
        };
        assert_eq!(idle(&[]), [""; 0]);
        assert_eq!(idle(b"x"), ["tcp.reset"]);
    }

    #[test]
    fn no_more_than_the_limit_of_idle_connections_is_remembered() {
        let mut rule = Resets::default();
        let mut capture = Capture::default();
        for n in 0..MAX_IDLE + 10 {
            let from = ([10, 1, (n >> 8) as u8, n as u8], 4000);
            capture.tcp(0, from, host(2, 80), ACK, 100, 901, 64240, &[0]);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert!(rule.idle.len() <= MAX_IDLE);
    }
}
