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
    fields: &[tcp::FLAGS, tcp::SEQ_RAW, tcp::ACK_RAW, tcp::LEN, tcp::STREAM, tcp::COMPLETENESS],
    make: || Box::new(Resets { told: Recent::new(MAX_TOLD) }),
};

/// How many connections that were told are remembered.
const MAX_TOLD: usize = 65_536;
/// Of `tcp.completeness`: data and a FIN were seen so far.
const DATA: u64 = 8;
const FIN: u64 = 16;

struct Resets {
    /// Both directions as one, with the number of the connection between them.
    told: Recent<(Endpoints, u64), ()>,
}

impl Rule for Resets {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let Some(segment) = Segment::of(packet).filter(|segment| segment.has_reset() && !segment.has_syn()) else {
            return;
        };
        let so_far = packet.uint(tcp::COMPLETENESS).unwrap_or_default();
        if so_far & DATA == 0 || so_far & FIN != 0 {
            return;
        }
        let key = (segment.flow.conversation().0, packet.uint(tcp::STREAM).unwrap_or_default());
        if self.told.get(&key).is_some() {
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
    use crate::diagnose::testing::{ACK, Capture, FIN as FIN_FLAG, RST, SYN, host};

    /// A connection with a request and an answer.
    fn connection() -> Capture {
        let (client, server) = (host(1, 40000), host(2, 80));
        let mut capture = Capture::default();
        capture.tcp(0, client, server, SYN, 100, 0, 64240, &[]);
        capture.tcp(1, server, client, SYN | ACK, 900, 101, 64240, &[]);
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
        capture.tcp(0, client, server, SYN, 100, 0, 64240, &[]);
        capture.tcp(1, server, client, SYN | ACK, 900, 101, 64240, &[]);
        capture.tcp(2, client, server, RST, 101, 0, 0, &[]);
        capture.tcp(9, host(3, 1), host(4, 2), RST, 101, 0, 0, &[]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn what_was_told_is_forgotten_in_the_end() {
        let mut rule = Resets { told: Recent::new(MAX_TOLD) };
        for n in 0..2 * MAX_TOLD as u64 {
            rule.told.insert((Endpoints::default(), n), ());
        }
        assert!(rule.told.len() <= MAX_TOLD);
    }
}
