//! Brings chunks of producers onto the disks of enough nodes and says when they are there.
//!
//! A chunk is released when, in every live map that is not superseded, W nodes have it on disk: owners, or others in the place of owners that are
//! not there ("sloppy"; the reconciler brings these home). Distinct nodes are counted, so a message more or less does not matter.
//!
//! Substitutes count only for a writer that reaches more than half of a map's nodes. Whoever asks and reaches as many knows then that
//! nobody else released anything past the owners; whoever does not reach them says so in the answer.
//!
//! Nothing is kept here that is not also with the producer: when this node dies, the producer sends it to another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use packetstream_protocol::Partition;
use packetstream_protocol::ids::{ChunkId, NodeId};

use crate::io::{Output, WriteResult};
use crate::moment::Moment;
use crate::placement::PartitionMap;

/// Chunks under way at once.
pub const MAX_ROUTED: usize = 4096;
/// Bytes of them: what a router's memory may hold for producers.
pub const MAX_ROUTED_BYTES: u64 = 256 << 20;
/// A write that was not answered is given again.
pub const WRITE_RETRY: Duration = Duration::from_secs(3);
/// A node that could not take a write is asked again after this.
pub const FAILED_FOR: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
struct Route {
    bytes: u32,
    durable: BTreeSet<NodeId>,
    /// When it was last given to whom.
    given: BTreeMap<NodeId, Moment>,
    failed: BTreeMap<NodeId, Moment>,
}

/// What the router knows of the cluster while it decides.
pub(crate) struct View<'a> {
    pub(crate) now: Moment,
    pub(crate) maps: &'a [Arc<PartitionMap>],
    pub(crate) alive: &'a dyn Fn(NodeId) -> bool,
    /// Of those that live, who is certainly on this side of a cut.
    pub(crate) reached: &'a dyn Fn(NodeId) -> bool,
}

/// The chunks that are under way.
#[derive(Clone, Debug, Default)]
pub struct Replicator {
    routes: BTreeMap<ChunkId, Route>,
    bytes: u64,
}

impl Replicator {
    /// Chunks and bytes under way.
    #[must_use]
    pub fn load(&self) -> (usize, u64) {
        (self.routes.len(), self.bytes)
    }

    /// Bytes that may still be routed.
    #[must_use]
    pub fn credit_bytes(&self) -> u64 {
        if self.routes.len() >= MAX_ROUTED { 0 } else { MAX_ROUTED_BYTES.saturating_sub(self.bytes) }
    }

    pub(crate) fn route(&mut self, view: &View<'_>, chunk: ChunkId, bytes: u32, out: &mut Vec<Output>) {
        if !self.routes.contains_key(&chunk) {
            if view.maps.is_empty()
                || self.routes.len() >= MAX_ROUTED
                || self.bytes + u64::from(bytes) > MAX_ROUTED_BYTES
            {
                out.push(Output::Refused(chunk));
                return;
            }
            self.bytes += u64::from(bytes);
            let route = Route { bytes, durable: BTreeSet::new(), given: BTreeMap::new(), failed: BTreeMap::new() };
            self.routes.insert(chunk, route);
        }
        self.advance(view, chunk, out);
    }

    pub(crate) fn written(
        &mut self,
        view: &View<'_>,
        chunk: ChunkId,
        by: NodeId,
        result: WriteResult,
        out: &mut Vec<Output>,
    ) {
        let Some(route) = self.routes.get_mut(&chunk) else { return };
        match result {
            WriteResult::Durable => {
                route.durable.insert(by);
                route.failed.remove(&by);
            }
            WriteResult::Failed => {
                route.given.remove(&by);
                route.failed.insert(by, view.now);
            }
            WriteResult::Conflict => {
                self.forget(chunk);
                out.push(Output::Conflict(chunk));
                return;
            }
        }
        self.advance(view, chunk, out);
    }

    /// There is a connection to a node again: what it was given before may have got lost, what it refused it may take now.
    pub(crate) fn connected(&mut self, node: NodeId) {
        for route in self.routes.values_mut() {
            route.given.remove(&node);
            route.failed.remove(&node);
        }
    }

    pub(crate) fn forget(&mut self, chunk: ChunkId) {
        if let Some(route) = self.routes.remove(&chunk) {
            self.bytes -= u64::from(route.bytes);
        }
    }

    /// Members, maps or the time are others now.
    pub(crate) fn advance_all(&mut self, view: &View<'_>, out: &mut Vec<Output>) {
        let chunks: Vec<ChunkId> = self.routes.keys().copied().collect();
        for chunk in chunks {
            self.advance(view, chunk, out);
        }
    }

    fn advance(&mut self, view: &View<'_>, chunk: ChunkId, out: &mut Vec<Output>) {
        let Some(route) = self.routes.get_mut(&chunk) else { return };
        route.failed.retain(|_, at| view.now.since(*at) < FAILED_FOR);
        let partition = chunk.stream.host.partition();
        let usable = |node: NodeId| (view.alive)(node) && !route.failed.contains_key(&node);
        if view.maps.iter().all(|map| enough(map, partition, &route.durable, &usable, view.reached)) {
            self.forget(chunk);
            out.push(Output::Released(chunk));
            return;
        }
        let mut wanted = BTreeSet::new();
        for map in view.maps {
            targets(map, partition, &route.durable, &usable, &mut wanted);
        }
        for to in wanted {
            let due = route.given.get(&to).is_none_or(|&at| view.now.since(at) >= WRITE_RETRY);
            if due && !route.durable.contains(&to) {
                route.given.insert(to, view.now);
                out.push(Output::Write { to, chunk });
            }
        }
    }
}

/// Whether W nodes have it, of a map's owners and those in their place.
fn enough(
    map: &PartitionMap,
    partition: Partition,
    durable: &BTreeSet<NodeId>,
    usable: &dyn Fn(NodeId) -> bool,
    reached: &dyn Fn(NodeId) -> bool,
) -> bool {
    let owners = map.owners(partition).filter(|owner| durable.contains(owner)).count();
    if map.replicas() == 0 || owners >= map.quorum() {
        return map.replicas() > 0;
    }
    let absent = map.owners(partition).filter(|owner| !durable.contains(owner) && !usable(*owner)).count();
    let others = durable.len() - owners;
    owners + others.min(absent) >= map.quorum() && map.most(reached)
}

/// Whom to give it: the owners that are there, and for each that is not the next in line.
fn targets(
    map: &PartitionMap,
    partition: Partition,
    durable: &BTreeSet<NodeId>,
    usable: &dyn Fn(NodeId) -> bool,
    wanted: &mut BTreeSet<NodeId>,
) {
    let there = |node: &NodeId| durable.contains(node) || usable(*node);
    let owners: Vec<NodeId> = map.owners(partition).filter(there).collect();
    let absent = map.replicas() - owners.len();
    wanted.extend(owners);
    if absent > 0 {
        wanted.extend(map.candidates(partition).into_iter().skip(map.replicas()).filter(there).take(absent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::place_of;
    use packetstream_protocol::cluster::{MapId, MapRecord, MapSlot};
    use packetstream_protocol::ids::{ChunkNo, Epoch, HostId, StreamId};

    fn node(number: u8) -> NodeId {
        NodeId([number; 32])
    }

    fn maps(nodes: std::ops::RangeInclusive<u8>) -> Vec<Arc<PartitionMap>> {
        let slot =
            |number| MapSlot { node: node(number), place: place_of(node(number)), weight: 1, zone: String::new() };
        vec![Arc::new(PartitionMap::new(MapRecord { id: MapId::default(), slots: nodes.map(slot).collect() }))]
    }

    fn chunk(no: u64) -> ChunkId {
        ChunkId { stream: StreamId { host: HostId::from_bytes([1; 16]), epoch: Epoch(1) }, no: ChunkNo(no) }
    }

    fn writes(out: &[Output]) -> Vec<NodeId> {
        out.iter().filter_map(|output| if let Output::Write { to, .. } = output { Some(*to) } else { None }).collect()
    }

    fn released(out: &[Output]) -> bool {
        out.iter().any(|output| matches!(output, Output::Released(_)))
    }

    /// Routes one chunk among so many nodes of which these live; who is written to, and after how many copies it is released.
    fn route(count: u8, alive: &dyn Fn(NodeId) -> bool) -> (Vec<NodeId>, Option<usize>) {
        let maps = maps(1..=count);
        let view = View { now: Moment(0), maps: &maps, alive, reached: alive };
        let (mut replicator, mut out) = (Replicator::default(), Vec::new());
        replicator.route(&view, chunk(0), 10, &mut out);
        let to = writes(&out);
        for (at, &by) in to.iter().enumerate() {
            replicator.written(&view, chunk(0), by, WriteResult::Durable, &mut out);
            if released(&out) {
                assert_eq!(replicator.load(), (0, 0));
                return (to, Some(at + 1));
            }
        }
        (to, None)
    }

    #[test]
    fn a_chunk_is_released_by_a_majority_of_its_owners() {
        for (count, copies) in [(1, 1), (2, 2), (3, 2), (7, 2)] {
            let (to, after) = route(count, &|_| true);
            assert_eq!((to.len(), after), (usize::from(count.min(3)), Some(copies)));
        }
    }

    #[test]
    fn substitutes_count_only_for_who_reaches_more_than_half() {
        let owners: Vec<NodeId> = maps(1..=7)[0].owners(chunk(0).stream.host.partition()).collect();
        let two_gone = |node: NodeId| !owners[1..].contains(&node);
        let (to, after) = route(7, &two_gone);
        assert!(to.len() == 3 && to.contains(&owners[0]) && !to.contains(&owners[1]));
        assert_eq!(after, Some(2));
        // The owner and two others are on this side of a cut, four are on the other.
        let others: Vec<NodeId> = (1..=7).map(node).filter(|node| !owners.contains(node)).take(2).collect();
        let few = |node: NodeId| node == owners[0] || others.contains(&node);
        assert_eq!(route(7, &few).1, None);
    }

    #[test]
    fn what_failed_goes_to_the_next_and_again_later() {
        let maps = maps(1..=5);
        let view = |now| View { now, maps: &maps, alive: &|_| true, reached: &|_| true };
        let (mut replicator, mut out) = (Replicator::default(), Vec::new());
        replicator.route(&view(Moment(0)), chunk(0), 10, &mut out);
        let owners = writes(&out);
        out.clear();
        replicator.written(&view(Moment(1)), chunk(0), owners[0], WriteResult::Failed, &mut out);
        let next = writes(&out);
        assert!(next.len() == 1 && !owners.contains(&next[0]), "{next:?}");
        out.clear();
        replicator.advance_all(&view(Moment(0) + FAILED_FOR + FAILED_FOR), &mut out);
        assert!(writes(&out).contains(&owners[0]));
        out.clear();
        replicator.written(&view(Moment(9)), chunk(0), owners[1], WriteResult::Conflict, &mut out);
        assert!(matches!(out[..], [Output::Conflict(_)]) && replicator.load() == (0, 0));
    }

    #[test]
    fn no_more_is_taken_than_the_limits() {
        let maps = maps(1..=3);
        let view = View { now: Moment(0), maps: &maps, alive: &|_| true, reached: &|_| true };
        let (mut replicator, mut out) = (Replicator::default(), Vec::new());
        for no in 0..MAX_ROUTED as u64 {
            replicator.route(&view, chunk(no), 1, &mut out);
        }
        assert_eq!(replicator.credit_bytes(), 0);
        out.clear();
        replicator.route(&view, chunk(u64::MAX), 1, &mut out);
        assert!(matches!(out[..], [Output::Refused(_)]));
        let mut replicator = Replicator::default();
        out.clear();
        replicator.route(&view, chunk(0), u32::MAX, &mut out);
        assert!(matches!(out[..], [Output::Refused(_)]), "{MAX_ROUTED_BYTES} bytes are the limit");
    }
}
