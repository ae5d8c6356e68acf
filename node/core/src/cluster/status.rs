//! What can be asked of the machine without changing it.

use std::sync::Arc;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{Health, Member};
use packetstream_protocol::ids::{HostId, NodeId};

use super::Cluster;
use crate::history::History;
use crate::holdings::Holdings;
use crate::member::Members;
use crate::placement::PartitionMap;
use crate::reconcile::Transfer;
use crate::task::Tasks;

/// A member, for `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    pub member: Member,
    pub health: Health,
    /// Whether something sent to it will probably arrive.
    pub reachable: bool,
    /// Partitions that it owns under the newest map.
    pub partitions: usize,
    /// Whether it has brought what it holds to the owners of the newest map.
    pub in_sync: bool,
    /// Whether it may hold something that it does not own.
    pub misplaced: bool,
}

/// How the cluster is, as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub members: Vec<MemberRow>,
    /// Live maps: one when nothing moves.
    pub maps: usize,
    /// Copies of each chunk, and how many of them an acknowledgement needs.
    pub replicas: usize,
    pub quorum: usize,
    /// Partitions that this node holds something of, and those of them that it does not own.
    pub held_partitions: usize,
    pub misplaced_partitions: usize,
    pub chunks: u64,
    pub bytes: u64,
    /// Chunks and bytes that wait to be released.
    pub routed: (usize, u64),
    pub transfers: Vec<Transfer>,
    /// Analyses that run here.
    pub tasks: usize,
}

impl Cluster {
    /// The own name.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.me
    }

    /// The member set.
    #[must_use]
    pub const fn members(&self) -> &Members {
        &self.members
    }

    /// The maps.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// What this node holds.
    #[must_use]
    pub const fn holdings(&self) -> &Holdings {
        &self.holdings
    }

    /// The tasks.
    #[must_use]
    pub const fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The newest map.
    #[must_use]
    pub fn map(&self) -> Option<&Arc<PartitionMap>> {
        self.history.newest()
    }

    /// The owners of a host under the newest map, the first in line first.
    #[must_use]
    pub fn owners(&self, host: HostId) -> Vec<NodeId> {
        self.history.newest().map(|map| map.owners(host.partition()).collect()).unwrap_or_default()
    }

    /// Whether something sent to a member will probably arrive.
    #[must_use]
    pub fn is_reachable(&self, node: NodeId) -> bool {
        self.swim.is_alive(node)
    }

    /// How a member is taken to be.
    #[must_use]
    pub fn health(&self, node: NodeId) -> Health {
        self.swim.health(node)
    }

    /// Whether nothing is being told that others may not know yet.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.rumours.is_empty()
    }

    /// In which of its lives this node is.
    #[must_use]
    pub const fn incarnation(&self) -> u64 {
        self.swim.incarnation()
    }

    /// Bytes of chunks that producers may send now.
    #[must_use]
    pub fn credit_bytes(&self) -> u64 {
        if self.excluded { 0 } else { self.replicator.credit_bytes() }
    }

    /// Whether this node has heard which maps are in use; until then its answers are not complete.
    #[must_use]
    pub const fn is_caught_up(&self) -> bool {
        self.caught_up
    }

    /// Whether an operator removed this node.
    #[must_use]
    pub const fn is_excluded(&self) -> bool {
        self.excluded
    }

    /// Bytes that were pushed to others, about, since the start.
    #[must_use]
    pub const fn pushed_bytes(&self) -> u64 {
        self.reconciler.pushed_bytes()
    }

    /// How the cluster is, as this node sees it.
    #[must_use]
    pub fn status(&self) -> Status {
        let map = self.history.newest();
        let mut counts = std::collections::BTreeMap::new();
        if let Some(map) = map {
            for partition in (0..Partition::COUNT).filter_map(Partition::new) {
                for owner in map.owners(partition) {
                    *counts.entry(owner).or_insert(0usize) += 1;
                }
            }
        }
        let row = |member: &Member| {
            let tracker = self.history.tracker(member.node);
            MemberRow {
                member: member.clone(),
                health: self.swim.health(member.node),
                reachable: self.swim.is_alive(member.node),
                partitions: counts.get(&member.node).copied().unwrap_or(0),
                in_sync: tracker.is_some_and(|tracker| tracker.sync == self.history.id()),
                misplaced: tracker.is_some_and(|tracker| !tracker.misplaced.is_empty()),
            }
        };
        let (chunks, bytes) = self.holdings.usage();
        let held: Vec<Partition> = self.holdings.partitions().collect();
        let own = |partition: &&Partition| map.is_some_and(|map| map.owns(self.me, **partition));
        Status {
            members: self.members.iter().map(row).collect(),
            maps: self.history.live().len(),
            replicas: map.map_or(0, |map| map.replicas()),
            quorum: map.map_or(0, |map| map.quorum()),
            held_partitions: held.len(),
            misplaced_partitions: held.len() - held.iter().filter(own).count(),
            chunks,
            bytes,
            routed: self.replicator.load(),
            transfers: self.reconciler.transfers(&self.holdings),
            tasks: self.tasks.running().count(),
        }
    }
}
