//! Connections that do not come about: nobody answers the SYN, or the answer is a reset (RFC 9293, 3.5).
//!
//! An attempt is a SYN and its repetitions. Whatever comes back ends it: a SYN-ACK, a reset, an ICMP error about it. So
//! does a later segment of the client's, which tells of an answer that was not seen.

use super::deadlines::Deadlines;
use super::segment::Segment;
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::dissector::Endpoints;
use crate::proto::tcp;
use crate::registry::ProtoId;

static NO_ANSWER: Code = Code {
    name: "tcp.no-answer",
    severity: Severity::Error,
    advice: "see whether the server is up and reachable, and whether a firewall drops the packets on the way there or back",
};

static REFUSED: Code = Code {
    name: "tcp.refused",
    severity: Severity::Error,
    advice: "nothing listens on that port, or a firewall rejects: see whether the service runs and on which address",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&NO_ANSWER, &REFUSED],
    protos: &[ProtoId::Tcp, ProtoId::Icmp, ProtoId::Icmpv6],
    fields: &[tcp::FLAGS, tcp::SEQ_RAW, tcp::ACK_RAW, tcp::LEN],
    make: || Box::new(Handshakes::default()),
};

/// How many attempts are followed at once.
const MAX_ATTEMPTS: usize = 65_536;
/// How many connections that were told are remembered.
const MAX_TOLD: usize = 65_536;
/// The same SYN sooner than that is the same packet, captured twice. RFC 6298, 2: a second is the first timeout.
const COPY_NS: i64 = 100_000_000;
/// For so long a SYN may wait for its repetition: old systems send it again after 3 s, then 6 s.
const REPEAT_NS: i64 = 10_000_000_000;
/// How long behind the time of the next repetition, of which the last interval is doubled, there may be an answer.
const GRACE_NS: i64 = 1_000_000_000;

struct Attempt {
    syns: Evidence,
    last: i64,
    seq: u32,
    len: u32,
    sent: u32,
}

struct Handshakes {
    /// By the direction of the SYN.
    attempts: Deadlines<Endpoints, Attempt>,
    told: Told<(Endpoints, &'static str)>,
}

impl Default for Handshakes {
    fn default() -> Self {
        Self { attempts: Deadlines::new(MAX_ATTEMPTS), told: Told::new(MAX_TOLD) }
    }
}

impl Handshakes {
    fn opening(&mut self, segment: &Segment, seen: &Seen<'_>) {
        let now = seen.time();
        let Some(attempt) = self.attempts.get_mut(&segment.flow) else {
            let attempt =
                Attempt { syns: Evidence::of(seen.mark), last: now, seq: segment.seq, len: segment.len, sent: 1 };
            self.attempts.insert(segment.flow, now.saturating_add(REPEAT_NS), attempt);
            return;
        };
        let interval = now.saturating_sub(attempt.last);
        if interval < COPY_NS {
            return;
        }
        attempt.syns.add(seen.mark);
        (attempt.last, attempt.seq, attempt.len) = (now, segment.seq, segment.len);
        attempt.sent += 1;
        let next = interval.saturating_mul(2).saturating_add(GRACE_NS);
        self.attempts.postpone(&segment.flow, now.saturating_add(next));
    }

    fn no_answer(&mut self, flow: &Endpoints, attempt: Attempt, out: &mut Out<'_>) {
        if attempt.sent < 2 || self.told.is_old(&(*flow, NO_ANSWER.name), attempt.last) {
            return;
        }
        self.told.insert((*flow, NO_ANSWER.name), attempt.last);
        let server = place(flow.dst, flow.dst_port);
        let client = flow.src;
        let seconds = (attempt.last - attempt.syns.first().time) as f64 / 1e9;
        let summary =
            format!("{client} sent {} SYNs in {seconds:.1} s to {server}, and nothing came back", attempt.sent);
        out.say(Finding::new(&NO_ANSWER, Subject::flow(flow), attempt.syns, summary).absent());
    }

    fn refused(&mut self, flow: &Endpoints, attempt: Attempt, seen: &Seen<'_>, out: &mut Out<'_>) {
        if self.told.is_old(&(*flow, REFUSED.name), seen.time()) {
            return;
        }
        self.told.insert((*flow, REFUSED.name), seen.time());
        let mut evidence = attempt.syns;
        evidence.add(seen.mark);
        let server = place(flow.dst, flow.dst_port);
        let summary = format!("{server} answered the SYN of {} with a reset", flow.src);
        out.say(Finding::new(&REFUSED, Subject::flow(flow), evidence, summary));
    }
}

impl Rule for Handshakes {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        if !packet.has_proto(ProtoId::Tcp) {
            // An ICMP error about the SYN is an answer, of which icmp.unreachable tells.
            if let Some(quoted) = packet.quoted() {
                self.attempts.remove(&quoted);
            }
            return;
        }
        let Some(segment) = Segment::of(packet) else {
            return;
        };
        if segment.is_opening() {
            self.opening(&segment, packet);
            return;
        }
        if self.attempts.is_empty() {
            return;
        }
        if let Some(attempt) = self.attempts.remove(&segment.flow) {
            if segment.has_reset() {
                // The client gave up.
                self.no_answer(&segment.flow, attempt, out);
            }
            return;
        }
        let back = segment.flow.reversed();
        let Some(attempt) = self.attempts.remove(&back) else {
            return;
        };
        // RFC 9293, 3.10.7.3: a reset acknowledges the SYN that it refuses.
        let acknowledged = segment.ack.wrapping_sub(attempt.seq);
        let is_about_syn = !segment.has_ack() || (1..=attempt.len.saturating_add(1)).contains(&acknowledged);
        if segment.has_reset() && !segment.has_syn() && is_about_syn {
            self.refused(&back, attempt, packet, out);
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((flow, attempt)) = self.attempts.pop_due(out.now) {
            self.no_answer(&flow, attempt, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((flow, attempt)) = self.attempts.pop_first() {
            self.no_answer(&flow, attempt, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.attempts.values().map(|attempt| attempt.syns.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{ACK, Capture, Host, RST, SYN, host};

    fn client() -> Host {
        host(1, 40000)
    }

    fn server() -> Host {
        host(2, 80)
    }

    fn syns(capture: &mut Capture, times: &[i64]) {
        for ms in times {
            capture.tcp(*ms, client(), server(), SYN, 100, 0, 64240, &[]);
        }
    }

    #[test]
    fn a_syn_sent_again_and_never_answered_is_told_once() {
        let mut capture = Capture::default();
        syns(&mut capture, &[0, 1000, 3000, 7000, 120_000, 121_000]);
        assert_eq!(capture.codes(), ["tcp.no-answer"]);
        assert_eq!(capture.frames_of("tcp.no-answer"), Some(vec![1, 2, 3, 4]));
        assert!(capture.findings()[0].is_certain);
    }

    #[test]
    fn a_reset_refuses_also_when_it_is_tried_again() {
        let mut capture = Capture::default();
        for ms in [0, 500, 1000] {
            capture.tcp(ms, client(), server(), SYN, 100, 0, 64240, &[]);
            capture.tcp(ms + 1, server(), client(), RST | ACK, 0, 101, 0, &[]);
        }
        assert_eq!(capture.codes(), ["tcp.refused"]);
        assert_eq!(capture.frames_of("tcp.refused"), Some(vec![1, 2]));
    }

    #[test]
    fn an_answer_to_a_later_syn_is_an_answer() {
        let mut capture = Capture::default();
        syns(&mut capture, &[0, 1000, 3000]);
        capture.tcp(5500, server(), client(), SYN | ACK, 900, 101, 64240, &[]);
        assert_eq!(capture.codes(), [""; 0]);
        // The answer came another way, but what follows shows that there was one.
        let mut capture = Capture::default();
        syns(&mut capture, &[0, 1000]);
        capture.tcp(1020, client(), server(), ACK, 101, 901, 64240, &[]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn single_syns_and_copies_are_no_attempts_in_vain() {
        let mut capture = Capture::default();
        for port in [7000, 8000, 9000] {
            capture.tcp(port, client(), host(2, port as u16), SYN, 100, 0, 64240, &[]);
        }
        capture.tcp(9001, client(), host(2, 9000), SYN, 100, 0, 64240, &[]);
        capture.tcp(60_000, host(3, 1), host(4, 2), ACK, 1, 1, 1, &[]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn a_reset_of_something_else_refuses_nothing() {
        let mut capture = Capture::default();
        syns(&mut capture, &[0]);
        capture.tcp(1, server(), client(), RST | ACK, 0, 77, 0, &[]);
        assert_eq!(capture.codes(), [""; 0]);
        let mut capture = Capture::default();
        syns(&mut capture, &[0]);
        capture.tcp(1, server(), client(), SYN | ACK, 900, 101, 64240, &[]);
        capture.tcp(2, client(), server(), RST, 101, 0, 0, &[]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_is_followed() {
        let mut rule = Handshakes::default();
        let mut capture = Capture::default();
        for n in 0..MAX_ATTEMPTS + 10 {
            let from = ([10, 1, (n >> 8) as u8, n as u8], 1 + (n >> 16) as u16);
            capture.tcp(0, from, server(), SYN, 100, 0, 64240, &[]);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.attempts.len(), MAX_ATTEMPTS);
    }
}
