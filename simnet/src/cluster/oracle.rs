//! What really is, and whether the machines keep to it: the invariants.

use std::collections::{BTreeMap, BTreeSet};

use packetstream_protocol::cluster::MapId;
use packetstream_protocol::ids::{ChunkId, NodeId};

/// What is known of one chunk.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    /// Of its content; more than one when a capture was cloned while it ran.
    pub(super) hashes: BTreeSet<u64>,
    pub(super) hour: u32,
    /// When it was released, and by how many nodes it was to be held then.
    pub(super) released: Option<(u64, usize)>,
    /// Whole copies on disks, by the number of the store.
    pub(super) copies: BTreeSet<usize>,
    /// Copies that a fault destroyed and that were not brought again.
    pub(super) destroyed: BTreeSet<usize>,
    /// Whether any copy ever was: a query that began before it was brought again may not see it.
    pub(super) harmed: bool,
    /// Stores that deleted their copy because the owners had proved theirs.
    pub(super) deleted: BTreeSet<usize>,
}

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    pub(super) chunks: BTreeMap<ChunkId, Truth>,
    /// Owners of each map that was ever computed, as a hash, with who computed it first.
    maps: BTreeMap<MapId, (u64, NodeId)>,
    /// The first thing that went wrong.
    pub(super) violation: Option<String>,
    /// How often each fault struck and each path was gone.
    pub(super) counts: BTreeMap<&'static str, u64>,
    /// Nothing of earlier hours is asked for.
    pub(super) expired_before: u32,
}

impl Oracle {
    pub(super) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn violate(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }

    pub(super) fn produced(&mut self, chunk: ChunkId, hash: u64, hour: u32) {
        let truth = self.chunks.entry(chunk).or_insert_with(|| Truth {
            hashes: BTreeSet::new(),
            hour,
            released: None,
            copies: BTreeSet::new(),
            destroyed: BTreeSet::new(),
            harmed: false,
            deleted: BTreeSet::new(),
        });
        truth.hashes.insert(hash);
    }

    /// Whether a chunk may be gone for its age.
    pub(super) fn expired(&self, truth: &Truth) -> bool {
        truth.hour < self.expired_before
    }

    pub(super) fn stored(&mut self, store: usize, chunk: ChunkId, hash: u64) {
        match self.chunks.get_mut(&chunk) {
            Some(truth) if truth.hashes.contains(&hash) => {
                truth.copies.insert(store);
                truth.destroyed.remove(&store);
                truth.deleted.remove(&store);
            }
            _ => self.violate(format!("{chunk} was stored with a content that nobody produced")),
        }
    }

    /// A fault took a copy.
    pub(super) fn destroyed(&mut self, store: usize, chunk: ChunkId) {
        if let Some(truth) = self.chunks.get_mut(&chunk)
            && truth.copies.remove(&store)
        {
            truth.destroyed.insert(store);
            truth.harmed = true;
        }
    }

    /// Retention took a copy.
    pub(super) fn aged(&mut self, store: usize, chunk: ChunkId) {
        if let Some(truth) = self.chunks.get_mut(&chunk) {
            truth.copies.remove(&store);
            if truth.hour >= self.expired_before {
                self.violate(format!("{chunk} was dropped before its time"));
            }
        }
    }

    /// A store is about to delete its copy, for these owners have proved theirs. Invariant 5.
    pub(super) fn deleting(&mut self, store: usize, chunk: ChunkId, owners: &[usize]) {
        let floor = self.expired_before;
        let Some(truth) = self.chunks.get_mut(&chunk) else { return };
        let held = |owner: &usize| {
            truth.copies.contains(owner) || truth.destroyed.contains(owner) || truth.deleted.contains(owner)
        };
        let without: Vec<usize> = owners.iter().copied().filter(|owner| !held(owner)).collect();
        truth.deleted.insert(store);
        // A cluster that was made smaller than it was keeps fewer copies.
        if let Some((_, quorum)) = &mut truth.released {
            *quorum = (*quorum).min(owners.len());
        }
        if truth.hour >= floor && !without.is_empty() {
            self.violate(format!("store {store} deletes {chunk}, but its owners {without:?} do not have it"));
        }
    }

    /// A copy was deleted. Invariant 1.
    pub(super) fn deleted(&mut self, store: usize, chunk: ChunkId) {
        if let Some(truth) = self.chunks.get_mut(&chunk) {
            truth.copies.remove(&store);
        }
        self.check_copies(chunk, "after a deletion");
    }

    /// A router says that a chunk is where it belongs.
    pub(super) fn released(&mut self, now_us: u64, chunk: ChunkId, quorum: usize) {
        if let Some(truth) = self.chunks.get_mut(&chunk)
            && truth.released.is_none()
        {
            truth.released = Some((now_us, quorum));
        }
        self.check_copies(chunk, "when it was released");
    }

    /// Every released chunk is on W disks, less what faults destroyed.
    fn check_copies(&mut self, chunk: ChunkId, when: &str) {
        let Some(truth) = self.chunks.get(&chunk) else { return };
        let Some((_, quorum)) = truth.released else { return };
        let found = truth.copies.len() + truth.destroyed.len();
        if truth.hour >= self.expired_before && found < quorum {
            self.violate(format!("{chunk} is on {found} disks {when}, {quorum} are promised"));
        }
    }

    /// A store computed a map: whoever computes it, it is the same.
    pub(super) fn map(&mut self, id: MapId, owners: u64, by: NodeId) {
        let (known, first) = *self.maps.entry(id).or_insert((owners, by));
        if known != owners {
            self.violate(format!("map {id:?} is another on {} than on {}", by.short(), first.short()));
        }
    }
}
