//! Brings chunks of producers onto the disks of enough nodes and says when they are there.
//!
//! A chunk is released when, in every live map, W nodes have it on disk: owners, or others in the place of owners that are
//! not there ("sloppy"; the reconciler brings these home). Distinct nodes are counted, so a message more or less does not matter.
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
        if view.maps.iter().all(|map| enough(map, partition, &route.durable, &usable)) {
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
) -> bool {
    let owners = map.owners(partition).filter(|owner| durable.contains(owner)).count();
    let absent = map.owners(partition).filter(|owner| !durable.contains(owner) && !usable(*owner)).count();
    let others = durable.len() - owners;
    map.replicas() > 0 && owners + others.min(absent) >= map.quorum()
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
