//! Plans a query: which node reads which chunks, and what nobody can give.
//!
//! Every owner of every live map is asked what it holds, and whoever else may hold something: those next in line, to whom
//! copies go while an owner is dead, and those that say that they hold misplaced data. A chunk that was acknowledged is on at
//! least W of them. The answer is complete when fewer than W of those that were asked for a partition are silent, and no chunk is missing
//! between those that were found.

use std::collections::{BTreeMap, BTreeSet};

use packetstream_protocol::cluster::Held;
use packetstream_protocol::ids::{NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;

/// Chunks of one stream that one node is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    pub node: NodeId,
    pub stream: StreamId,
    pub chunks: RangeSet,
}

/// Who holds what, and who did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Every stream with each node that holds something of it.
    streams: BTreeMap<StreamId, BTreeMap<NodeId, Held>>,
    /// The last of each stream that was dropped for its age. What is before it is older, whoever had it and is gone since.
    aged: BTreeMap<StreamId, u64>,
    /// Nodes that were asked and did not answer.
    pub silent: BTreeSet<NodeId>,
    /// Whether a chunk that was acknowledged can be with the silent ones alone.
    pub blind: bool,
    /// Nodes that failed since.
    failed: BTreeSet<NodeId>,
    /// Whom to ask first among equals: the coordinator itself.
    prefer: Option<NodeId>,
}

impl Plan {
    /// An empty plan that prefers one node among those that hold the same.
    #[must_use]
    pub fn preferring(node: NodeId) -> Self {
        Self { prefer: Some(node), ..Self::default() }
    }

    /// Takes what a node says that it holds.
    pub fn handle_held(&mut self, node: NodeId, held: Held) {
        if let Some(last) = held.expired.last() {
            let aged = self.aged.entry(held.stream).or_default();
            *aged = last.max(*aged);
        }
        let known = self.streams.entry(held.stream).or_default();
        let known = known.entry(node).or_insert_with(|| Held::nothing(held.stream));
        known.have.union(&held.have);
        // Whether for age or for want of room: its retention wanted it so.
        known.expired.union(&held.expired);
        known.expired.union(&held.dropped);
    }

    /// Where each stream ends: behind its last chunk that is known to be or to have been.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<StreamId, u64> {
        let all = |stream, of: fn(&Held) -> &RangeSet| self.all(stream, of, false);
        let end = |stream| end_of(&all(stream, |held| &held.have), &all(stream, |held| &held.expired));
        self.streams().map(|stream| (stream, end(stream))).collect()
    }

    /// Leaves out what is behind these ends, and streams that have none.
    pub fn cut(&mut self, ends: &BTreeMap<StreamId, u64>) {
        self.streams.retain(|stream, _| ends.contains_key(stream));
        for (stream, nodes) in &mut self.streams {
            let mut before = RangeSet::new();
            if let Some(last) = ends.get(stream).and_then(|end| end.checked_sub(1)) {
                before.insert_range(0..=last);
            }
            for set in nodes.values_mut().flat_map(|held| [&mut held.have, &mut held.expired]) {
                *set = set.difference(&set.difference(&before));
            }
        }
    }

    /// The streams, in order.
    pub fn streams(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.streams.keys().copied()
    }

    /// Each node that holds something of a stream, with what that is.
    pub fn holders(&self, stream: StreamId) -> impl Iterator<Item = (NodeId, &RangeSet)> {
        self.streams.get(&stream).into_iter().flatten().map(|(node, held)| (*node, &held.have))
    }

    /// All that can be read of a stream.
    #[must_use]
    pub fn readable(&self, stream: StreamId) -> RangeSet {
        self.all(stream, |held| &held.have, true)
    }

    fn all(&self, stream: StreamId, of: impl Fn(&Held) -> &RangeSet, alive: bool) -> RangeSet {
        let mut all = RangeSet::new();
        for (node, held) in self.streams.get(&stream).into_iter().flatten() {
            if !alive || !self.failed.contains(node) {
                all.union(of(held));
            }
        }
        all
    }

    /// One node for each chunk of a stream: whoever has most of what is left is next.
    #[must_use]
    pub fn legs(&self, stream: StreamId) -> Vec<Leg> {
        self.legs_of(stream, &self.readable(stream))
    }

    /// One node for each of these chunks of a stream, as far as any holds them.
    #[must_use]
    pub fn legs_of(&self, stream: StreamId, chunks: &RangeSet) -> Vec<Leg> {
        let mut left = chunks.clone();
        let mut legs = Vec::new();
        let Some(holders) = self.streams.get(&stream) else { return legs };
        let mut holders: BTreeMap<NodeId, &RangeSet> = holders
            .iter()
            .filter(|(node, _)| !self.failed.contains(node))
            .map(|(node, held)| (*node, &held.have))
            .collect();
        while !left.is_empty() && !holders.is_empty() {
            let best = holders
                .iter()
                .map(|(&node, have)| (left.count() - left.difference(have).count(), self.prefer == Some(node), node))
                .max();
            let Some((1.., _, node)) = best else { break };
            let Some(have) = holders.remove(&node) else { break };
            let rest = left.difference(have);
            legs.push(Leg { node, stream, chunks: left.difference(&rest) });
            left = rest;
        }
        legs
    }

    /// A node failed while it read: who reads instead what it had not given of a stream. What nobody else holds is missing from now on.
    pub fn replan(&mut self, failed: NodeId, stream: StreamId, rest: &RangeSet) -> Vec<Leg> {
        self.handle_failed(failed);
        self.legs_of(stream, rest)
    }

    /// A node failed while it read: none of its chunks count any more.
    pub fn handle_failed(&mut self, node: NodeId) {
        self.failed.insert(node);
    }

    /// The nodes that failed while they read.
    #[must_use]
    pub const fn failed(&self) -> &BTreeSet<NodeId> {
        &self.failed
    }

    /// Chunks of a stream that are known to be and that no node can give: holes below its last, and what only failed nodes hold. What is
    /// older than something that was dropped for its age is not missing.
    #[must_use]
    pub fn missing(&self, stream: StreamId) -> RangeSet {
        let readable = self.readable(stream);
        let known = self.all(stream, |held| &held.have, false);
        let expired = self.all(stream, |held| &held.expired, false);
        let end = end_of(&known, &expired);
        let mut missing = readable.missing_below(end).difference(&expired);
        if let Some(&aged) = self.aged.get(&stream) {
            let mut old = RangeSet::new();
            old.insert_range(0..=aged);
            missing = missing.difference(&old.difference(&known));
        }
        missing
    }

    /// Whether everything that was acknowledged is in the answer.
    #[must_use]
    pub fn complete(&self) -> bool {
        !self.blind && self.streams.keys().all(|&stream| self.missing(stream).is_empty())
    }
}

/// Behind the last of all that is known.
fn end_of(known: &RangeSet, expired: &RangeSet) -> u64 {
    known.last().into_iter().chain(expired.last()).max().map_or(0, |last| last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use packetstream_protocol::ids::{Epoch, HostId};

    fn node(number: u8) -> NodeId {
        NodeId([number; 32])
    }

    fn stream() -> StreamId {
        StreamId { host: HostId::from_bytes([1; 16]), epoch: Epoch(1) }
    }

    fn set(ranges: &[(u64, u64)]) -> RangeSet {
        RangeSet::from_ranges(ranges.to_vec()).expect("in order")
    }

    /// A plan of node 1 in which these nodes hold these chunks.
    fn plan(holders: &[(u8, &[(u64, u64)])]) -> Plan {
        let mut plan = Plan::preferring(node(1));
        for &(number, ranges) in holders {
            plan.handle_held(node(number), Held { have: set(ranges), ..Held::nothing(stream()) });
        }
        plan
    }

    fn legs(legs: Vec<Leg>) -> Vec<(u8, Vec<(u64, u64)>)> {
        legs.into_iter().map(|leg| (leg.node.0[0], leg.chunks.ranges().to_vec())).collect()
    }

    #[test]
    fn each_chunk_is_read_once_from_whoever_has_most_and_from_here_among_equals() {
        assert_eq!(legs(plan(&[(1, &[(0, 9)]), (2, &[(0, 9)])]).legs(stream())), [(1, vec![(0, 9)])]);
        let plan = plan(&[(1, &[(0, 3)]), (2, &[(2, 9)]), (3, &[(8, 12)])]);
        assert_eq!(legs(plan.legs(stream())), [(2, vec![(2, 9)]), (3, vec![(10, 12)]), (1, vec![(0, 1)])]);
        assert_eq!(legs(plan.legs_of(stream(), &set(&[(3, 3), (40, 50)]))), [(1, vec![(3, 3)])]);
    }

    #[test]
    fn what_a_failed_node_had_not_given_is_read_elsewhere_or_missing() {
        let mut plan = plan(&[(1, &[(0, 4)]), (2, &[(0, 9)])]);
        assert!(plan.complete());
        assert_eq!(legs(plan.replan(node(2), stream(), &set(&[(3, 9)]))), [(1, vec![(3, 4)])]);
        assert_eq!(plan.missing(stream()).ranges(), [(5, 9)]);
        assert!(!plan.complete() && plan.failed().contains(&node(2)));
    }

    #[test]
    fn a_hole_below_the_last_is_missing_unless_it_was_dropped_for_good() {
        let mut plan = plan(&[(2, &[(3, 5), (8, 9)])]);
        assert_eq!(plan.missing(stream()).ranges(), [(0, 2), (6, 7)]);
        plan.handle_held(node(3), Held { expired: set(&[(0, 2)]), ..Held::nothing(stream()) });
        plan.handle_held(node(3), Held { dropped: set(&[(6, 7)]), ..Held::nothing(stream()) });
        assert!(plan.complete());
        plan.handle_held(node(3), Held { dropped: set(&[(12, 12)]), ..Held::nothing(stream()) });
        assert_eq!(plan.missing(stream()).ranges(), [(10, 11)], "what is dropped was there once");
    }

    #[test]
    fn what_is_older_than_what_was_dropped_for_its_age_is_missing_only_where_somebody_has_it() {
        let mut plan = plan(&[(1, &[(9, 9), (12, 12)]), (2, &[(3, 4)])]);
        assert_eq!(plan.missing(stream()).ranges(), [(0, 2), (5, 8), (10, 11)]);
        plan.handle_held(node(3), Held { expired: set(&[(7, 7)]), ..Held::nothing(stream()) });
        assert_eq!(plan.missing(stream()).ranges(), [(8, 8), (10, 11)]);
        plan.handle_failed(node(2));
        assert_eq!(plan.missing(stream()).ranges(), [(3, 4), (8, 8), (10, 11)]);
    }

    #[test]
    fn a_blind_plan_is_never_complete_and_an_empty_one_has_nothing_to_read() {
        let mut plan = Plan::default();
        assert!(plan.complete() && plan.legs(stream()).is_empty());
        plan.blind = true;
        assert!(!plan.complete());
    }
}
