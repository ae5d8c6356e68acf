//! What the capture itself lost: packets that the kernel dropped, holes in the store, a file that was cut, segments that
//! a receiver acknowledged and the capture never saw, ends of packets behind a snap length, and calls that were running
//! when the capture began.
//!
//! Nothing of it is the network's fault; it says which other findings have another explanation.

use super::{CallKind, Kind, Out, Rule, Seen};
use crate::call::{Call, Purpose};
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::diagnose::loss::Loss;
use crate::diagnose::{Evidence, Mark};
use crate::proto::tcp;
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "capture.incomplete",
    severity: Severity::Info,
    advice: "capture again with a larger buffer, without a snap length, nearer to the hosts, and from before the fault",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Frame],
    fields: &[tcp::ACK_LOST_SEGMENT],
    make: || Box::new(Incomplete::default()),
};

/// What is said of calls.
pub(crate) static CALL_RULE: CallKind = CallKind { codes: &[], judge };

/// What happens within that time is told together.
const GATHER_NS: i64 = 60_000_000_000;
/// What was told is told again only after that time: a capture may run for months.
const AGAIN_NS: i64 = 3_600_000_000_000;

/// The kinds of losses, in the order in which they are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    Dropped,
    Gap,
    Cut,
    Unseen,
    Snapped,
}

struct Lost {
    what: What,
    evidence: Evidence,
    since: i64,
    packets: u64,
    why: String,
    /// Octets of the longest packet that was cut.
    octets: usize,
}

#[derive(Default)]
struct Incomplete {
    /// At most one of each kind.
    waiting: Vec<Lost>,
    told: Vec<(What, i64)>,
    last: Mark,
}

impl Incomplete {
    fn note(&mut self, what: What, mark: Mark, packets: u64, why: &str) {
        let at = mark.time;
        if self.told.iter().any(|(told, until)| *told == what && at < *until) {
            return;
        }
        let place = match self.waiting.iter().position(|lost| lost.what == what) {
            Some(place) => place,
            None => {
                let lost =
                    Lost { what, evidence: Evidence::default(), since: at, packets: 0, why: why.to_owned(), octets: 0 };
                self.waiting.push(lost);
                self.waiting.len() - 1
            }
        };
        if let Some(lost) = self.waiting.get_mut(place) {
            lost.packets = lost.packets.saturating_add(packets);
            lost.evidence.add(mark);
        }
    }

    fn tell(&mut self, until: i64, out: &mut Out<'_>) {
        while let Some(place) = self.waiting.iter().position(|lost| lost.since <= until) {
            let lost = self.waiting.remove(place);
            self.told.retain(|(what, _)| *what != lost.what);
            self.told.push((lost.what, lost.since.saturating_add(AGAIN_NS)));
            let (subject, summary) = match lost.what {
                What::Dropped => ("drops", format!("{} dropped by the kernel or the interface", packets(lost.packets))),
                What::Gap => ("gap", format!("{} captured and did not reach the store", packets(lost.packets))),
                What::Cut => ("cut", format!("the capture ends too early: {}", lost.why)),
                What::Unseen => (
                    "unseen",
                    match lost.evidence.count() {
                        1 => "data was acknowledged that is not in the capture".to_owned(),
                        count => format!("{count} times data was acknowledged that is not in the capture"),
                    },
                ),
                What::Snapped => (
                    "snapped",
                    format!(
                        "{} captured only in part, {} octets at most (snap length)",
                        packets(lost.packets),
                        lost.octets
                    ),
                ),
            };
            out.say(Finding::new(&CODE, Subject::new("capture", subject), lost.evidence, summary));
        }
    }
}

fn packets(count: u64) -> String {
    match count {
        1 => "1 packet was".to_owned(),
        count => format!("{count} packets were"),
    }
}

impl Rule for Incomplete {
    fn look(&mut self, packet: &Seen<'_>, _: &mut Out<'_>) {
        self.last = packet.mark;
        if packet.has(tcp::ACK_LOST_SEGMENT) {
            self.note(What::Unseen, packet.mark, 0, "");
        }
        if packet.is_cut() {
            let octets = packet.packet.bytes.len();
            self.note(What::Snapped, packet.mark, 1, "");
            if let Some(lost) = self.waiting.iter_mut().find(|lost| lost.what == What::Snapped) {
                lost.octets = lost.octets.max(octets);
            }
        }
    }

    fn lost(&mut self, loss: &Loss, _: &mut Out<'_>) {
        // The packet before shows where it was; its own time does not depend on when it is told.
        let at = |time| Mark { time, ..self.last };
        match loss {
            Loss::Dropped { from, packets, .. } => self.note(What::Dropped, at(*from), *packets, ""),
            Loss::Gap { from, packets, .. } => self.note(What::Gap, at(*from), *packets, ""),
            Loss::Cut { at: time, why } => self.note(What::Cut, at(*time), 0, why),
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        if !self.waiting.is_empty() {
            self.tell(out.now.saturating_sub(GATHER_NS), out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        self.tell(i64::MAX, out);
    }

    fn horizon(&self) -> Option<i64> {
        self.waiting.iter().map(|lost| lost.since).min()
    }
}

/// A call whose beginning is not in the capture. One says it for all: a capture that begins at noon has many.
fn judge(call: &Call, out: &mut Out<'_>) {
    if call.purpose != Purpose::Call || !call.is_partial || !call.is_over {
        return;
    }
    let summary = format!(
        "calls were running when the capture began, as the one from {} to {}: what came before is not known",
        call.from, call.to
    );
    out.say(Finding::new(&CODE, Subject::new("capture", "running"), Evidence::of(call.first), summary));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Diagnosis;
    use crate::diagnose::testing::{ACK, Capture, SYN, host};

    #[test]
    fn acknowledgments_of_what_was_not_captured_are_told_once() {
        let (client, server) = (host(1, 40000), host(2, 80));
        let mut capture = Capture::default();
        capture.tcp(0, client, server, SYN, 100, 0, 64240, &[]);
        capture.tcp(1, server, client, SYN | ACK, 900, 101, 64240, &[]);
        capture.tcp(2, client, server, ACK, 101, 901, 64240, b"hello");
        for ack in [500, 700] {
            capture.tcp(3, server, client, ACK, 901, ack, 64240, &[]);
        }
        assert_eq!(capture.codes(), ["capture.incomplete"]);
    }

    #[test]
    fn a_whole_connection_is_whole() {
        let (client, server) = (host(1, 40000), host(2, 80));
        let mut capture = Capture::default();
        capture.tcp(0, client, server, SYN, 100, 0, 64240, &[]);
        capture.tcp(1, server, client, SYN | ACK, 900, 101, 64240, &[]);
        capture.tcp(2, client, server, ACK, 101, 901, 64240, b"hello");
        capture.tcp(3, server, client, ACK, 901, 106, 64240, &[]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn packets_that_a_snap_length_cut_are_told_once() {
        let mut capture = Capture::default();
        for ms in 0..3 {
            capture.udp(ms, host(1, 5000), host(2, 5001), &[7; 100]);
            capture.cut_last(60 + ms as usize);
        }
        let findings = capture.findings();
        assert_eq!(capture.codes(), ["capture.incomplete"]);
        assert!(findings[0].summary.starts_with("3 packets were captured only in part, 62 octets"), "{findings:?}");
    }

    #[test]
    fn each_kind_of_loss_is_told_once() {
        let (mut diagnosis, mut findings) = (Diagnosis::new(), Vec::new());
        for n in 0..3 {
            let (from, until) = (n * 10, n * 10 + 5);
            diagnosis.lost(Loss::Dropped { from, until, packets: 5 }, &mut findings);
            diagnosis.lost(Loss::Gap { from, until, packets: 1 }, &mut findings);
        }
        diagnosis.lost(Loss::Cut { at: 99, why: "cut in a packet".to_owned() }, &mut findings);
        diagnosis.finish(&mut findings);
        let summaries: Vec<_> = findings.iter().map(|finding| finding.summary.as_str()).collect();
        assert_eq!(
            summaries,
            [
                "15 packets were dropped by the kernel or the interface",
                "3 packets were captured and did not reach the store",
                "the capture ends too early: cut in a packet",
            ]
        );
    }
}
