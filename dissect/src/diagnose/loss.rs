//! What the capture itself lost: never to be blamed on the network.

use super::finding::Finding;

/// How many losses are remembered one by one; later ones widen the last one.
pub const MAX_LOSSES: usize = 1024;
/// A loss so much before the first or behind the last packet of a finding may still explain it.
const REACH_NS: i64 = 5_000_000_000;

/// Something that the capture lost. Times are nanoseconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Loss {
    /// The kernel or the interface dropped packets.
    Dropped { from: i64, until: i64, packets: u64 },
    /// Packets that were captured did not reach the store.
    Gap { from: i64, until: i64, packets: u64 },
    /// The file ends in the middle of a record, or cannot be read on; why.
    Cut { at: i64, why: String },
}

impl Loss {
    fn span(&self) -> (i64, i64) {
        match *self {
            Self::Dropped { from, until, .. } | Self::Gap { from, until, .. } => (from.min(until), until.max(from)),
            Self::Cut { at, .. } => (at, i64::MAX),
        }
    }
}

/// All that the capture lost so far, by time.
#[derive(Default, Debug)]
pub struct Losses {
    spans: Vec<(i64, i64)>,
}

impl Losses {
    pub(super) fn add(&mut self, loss: &Loss) {
        let (from, until) = loss.span();
        let is_full = self.spans.len() >= MAX_LOSSES;
        match self.spans.last_mut() {
            Some(last) if is_full => *last = (last.0.min(from), last.1.max(until)),
            _ => self.spans.push((from, until)),
        }
    }

    /// Whether nothing was lost.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether something was lost between two times.
    pub fn any(&self, from: i64, until: i64) -> bool {
        self.spans.iter().any(|span| span.0 <= until && from <= span.1)
    }

    /// Marks a finding that a loss would explain as well. Losses that become known later (a file tells its drops at
    /// its end) need a second look: ask again when all is known.
    pub fn weigh(&self, finding: &mut Finding) {
        let (first, last) = (finding.evidence.first().time, finding.evidence.last().time);
        if finding.is_absence && self.any(first.saturating_sub(REACH_NS), last.saturating_add(REACH_NS)) {
            finding.is_certain = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Code, Evidence, Mark, Severity, Subject};

    static CODE: Code = Code { name: "test.code", severity: Severity::Error, advice: "" };

    #[test]
    fn what_a_loss_would_explain_is_not_certain() {
        let mut losses = Losses::default();
        losses.add(&Loss::Dropped { from: 100_000_000_000, until: 200_000_000_000, packets: 1 });
        let certain = |time, is_absence| {
            let mut finding =
                Finding::new(&CODE, Subject::call("a"), Evidence::of(Mark { time, ..Mark::default() }), "");
            finding.is_absence = is_absence;
            losses.weigh(&mut finding);
            finding.is_certain
        };
        assert!(!certain(150_000_000_000, true));
        assert!(!certain(204_000_000_000, true));
        assert!(certain(206_000_000_000, true));
        assert!(certain(150_000_000_000, false));
    }

    #[test]
    fn the_limit_widens_the_last_loss() {
        let mut losses = Losses::default();
        for at in 0..2 * MAX_LOSSES as i64 {
            losses.add(&Loss::Gap { from: at * 10, until: at * 10, packets: 1 });
        }
        assert_eq!(losses.spans.len(), MAX_LOSSES);
        assert!(losses.any(20 * MAX_LOSSES as i64 - 15, 20 * MAX_LOSSES as i64 - 11));
    }
}
