//! Where a conversation stands, in one number: for protocols whose messages do not say what they are, or how they are coded.

use crate::dissector::{Dissector, Transport};
use crate::facts::Fact;
use crate::proto::tcp;
use crate::recent::Recent;
use crate::registry::ProtoId;

/// How many numbers are known, of all protocols together.
pub(crate) const MAX_STAGES: usize = 16_384;
/// What the stage of a whole conversation is kept under.
const CONVERSATION: u64 = u64::MAX;

/// What is known in the first pass, by the number of the TCP connection and an identification within it.
pub(crate) struct Stages {
    known: Recent<(ProtoId, u32, u64), u64>,
}

impl Default for Stages {
    fn default() -> Self {
        Self { known: Recent::new(MAX_STAGES) }
    }
}

impl Stages {
    /// Takes what is known of a connection over to the number that it has now.
    pub(crate) fn renumber(&mut self, proto: ProtoId, old: u32, new: u32) {
        if let Some(stage) = self.known.get(&(proto, old, CONVERSATION)).map(|stage| *stage) {
            self.known.insert((proto, new, CONVERSATION), stage);
        }
    }

    fn step(&mut self, key: (ProtoId, u32, u64), next: impl FnOnce(u64) -> u64) -> u64 {
        let before = self.known.get(&key).map_or(0, |stage| *stage);
        let after = next(before);
        if after != before {
            self.known.insert(key, after);
        }
        before
    }
}

/// Where the TCP connection at hand stands before the message of `proto` that is being parsed, 0 at its beginning; `next`
/// says where it stands behind it.
pub(crate) fn step(d: &mut Dissector<'_>, proto: ProtoId, next: impl FnOnce(u64) -> u64) -> u64 {
    step_of(d, proto, CONVERSATION, next)
}

/// As [`step`], for one of the things within the connection that carry an identification: what a request said that its
/// response does not repeat. A message asks once.
pub(crate) fn step_of(d: &mut Dissector<'_>, proto: ProtoId, id: u64, next: impl FnOnce(u64) -> u64) -> u64 {
    let layer = d.occurrence(proto);
    if d.is_first_pass() && d.endpoints.transport == Transport::Tcp {
        let key = (proto, tcp::stream_index(d), id);
        let value = d.flows().map_or(0, |flows| flows.stages.step(key, next));
        if value != 0 {
            d.record(Fact::Stage { proto, layer, value });
        }
        return value;
    }
    let known = d.peek_fact(|fact| match *fact {
        Fact::Stage { proto: of, layer: at, value } if (of, at) == (proto, layer) => Some(value),
        _ => None,
    });
    known.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_at_the_limit() {
        let mut stages = Stages::default();
        for number in 0..2 * MAX_STAGES as u32 {
            assert_eq!(stages.step((ProtoId::Tcp, number, CONVERSATION), |before| before + 1), 0);
        }
        assert!(stages.known.len() <= MAX_STAGES);
        assert_eq!(stages.step((ProtoId::Tcp, 2 * MAX_STAGES as u32 - 1, CONVERSATION), |before| before), 1);
    }
}
