//! What the capture itself lost: packets that the kernel dropped, holes in the store, a file that was cut, segments that
//! a receiver acknowledged and the capture never saw.
//!
//! Nothing of it is the network's fault; it says which other findings have another explanation.

use super::{Kind, Out, Rule, Seen};
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
}

struct Lost {
    what: What,
    evidence: Evidence,
    since: i64,
    packets: u64,
    why: String,
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
                let lost = Lost { what, evidence: Evidence::default(), since: at, packets: 0, why: why.to_owned() };
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
                What::Dropped => ("drops", format!("the kernel or the interface dropped {} packets", lost.packets)),
                What::Gap => ("gap", format!("{} packets were captured and did not reach the store", lost.packets)),
                What::Cut => ("cut", format!("the capture ends too early: {}", lost.why)),
                What::Unseen => (
                    "unseen",
                    format!("{} times data was acknowledged that is not in the capture", lost.evidence.count()),
                ),
            };
            out.say(Finding::new(&CODE, Subject::new("capture", subject), lost.evidence, summary));
        }
    }
}

impl Rule for Incomplete {
    fn look(&mut self, packet: &Seen<'_>, _: &mut Out<'_>) {
        self.last = packet.mark;
        if packet.has(tcp::ACK_LOST_SEGMENT) {
            self.note(What::Unseen, packet.mark, 0, "");
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
                "the kernel or the interface dropped 15 packets",
                "3 packets were captured and did not reach the store",
                "the capture ends too early: cut in a packet",
            ]
        );
    }
}
