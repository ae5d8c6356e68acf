//! The maps that live side by side while data moves, and how far every member is with them.
//!
//! A map lives until every member that was not removed has said that all it holds is with the owners of the newest (`sync`).
//! Until then reads ask the owners of all of them, and a write needs W copies in each. One that lives too long only makes both
//! wider; one that is dropped too early could hide data, so what is not known to be settled is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{MAX_LIVE_MAPS, MAX_MEMBERS, MISPLACED_BYTES, MapId, MapRecord, Tracker};
use packetstream_protocol::ids::NodeId;
use xxhash_rust::xxh3::xxh3_64;

use crate::placement::{MapCache, PartitionMap};

/// The live maps, the newest last, and everybody's tracker.
#[derive(Clone, Debug, Default)]
pub struct History {
    maps: Vec<Arc<PartitionMap>>,
    trackers: BTreeMap<NodeId, Tracker>,
    trackers_hash: u64,
    cache: Option<Arc<MapCache>>,
}

fn hash_of(tracker: &Tracker) -> u64 {
    let mut bytes = Vec::with_capacity(80 + MISPLACED_BYTES);
    bytes.extend_from_slice(&tracker.node.0);
    for number in [tracker.seq, tracker.ack.sum, tracker.ack.hash, tracker.sync.sum, tracker.sync.hash] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&tracker.misplaced);
    xxh3_64(&bytes)
}

impl History {
    pub(crate) fn new(cache: Option<Arc<MapCache>>) -> Self {
        Self { cache, ..Self::default() }
    }

    fn compute(&self, record: MapRecord) -> Arc<PartitionMap> {
        match &self.cache {
            Some(cache) => cache.get(record),
            None => Arc::new(PartitionMap::new(record)),
        }
    }

    /// The newest map.
    #[must_use]
    pub fn newest(&self) -> Option<&Arc<PartitionMap>> {
        self.maps.last()
    }

    /// The name of the newest map.
    #[must_use]
    pub fn id(&self) -> MapId {
        self.newest().map(|map| map.id()).unwrap_or_default()
    }

    /// All live maps, the newest last.
    #[must_use]
    pub fn live(&self) -> &[Arc<PartitionMap>] {
        &self.maps
    }

    /// Whether a map of this name is among the live ones.
    #[must_use]
    pub fn knows(&self, id: MapId) -> bool {
        self.maps.iter().any(|map| map.id() == id)
    }

    /// The own member set has another map now.
    pub fn adopt(&mut self, record: MapRecord) {
        let map = match self.maps.iter().position(|map| map.id() == record.id) {
            Some(at) => self.maps.remove(at),
            None => self.compute(record),
        };
        self.maps.push(map);
        self.bound();
    }

    /// Another member still knows this map; the newest stays the newest. False when there was nothing new in it.
    pub fn learn(&mut self, record: MapRecord, present: &[NodeId]) -> bool {
        if self.knows(record.id) || self.maps.is_empty() || self.settled(present) {
            return false;
        }
        let at = self.maps.partition_point(|map| map.id() < record.id).min(self.maps.len() - 1);
        let map = self.compute(record);
        self.maps.insert(at, map);
        self.bound();
        true
    }

    /// The oldest and the newest say most: what is between them goes first.
    fn bound(&mut self) {
        while self.maps.len() > MAX_LIVE_MAPS {
            self.maps.remove(1);
        }
    }

    /// Whether all of these members have brought what they hold to the owners of the newest map.
    #[must_use]
    pub fn settled(&self, present: &[NodeId]) -> bool {
        let newest = self.id();
        present.iter().all(|node| self.trackers.get(node).is_some_and(|tracker| tracker.sync == newest))
    }

    /// Drops the older maps once nobody needs them; true when some were dropped.
    pub fn retire(&mut self, present: &[NodeId]) -> bool {
        if self.maps.len() < 2 || !self.settled(present) {
            return false;
        }
        self.maps.drain(..self.maps.len() - 1);
        true
    }

    /// A member's tracker.
    #[must_use]
    pub fn tracker(&self, node: NodeId) -> Option<&Tracker> {
        self.trackers.get(&node)
    }

    /// Everybody's.
    pub fn trackers(&self) -> impl Iterator<Item = &Tracker> {
        self.trackers.values()
    }

    /// Over all of them.
    #[must_use]
    pub const fn trackers_hash(&self) -> u64 {
        self.trackers_hash
    }

    /// Takes a tracker if it is greater than the one that is known; true when it is news.
    pub fn merge(&mut self, tracker: Tracker) -> bool {
        let before = match self.trackers.get(&tracker.node) {
            Some(known) if *known >= tracker => return false,
            None if self.trackers.len() >= MAX_MEMBERS => return false,
            Some(known) => hash_of(known),
            None => 0,
        };
        self.trackers_hash = self.trackers_hash.wrapping_sub(before).wrapping_add(hash_of(&tracker));
        self.trackers.insert(tracker.node, tracker);
        true
    }

    /// Members that say that they may hold something of a partition that they do not own.
    pub fn misplaced(&self, partition: Partition) -> impl Iterator<Item = NodeId> + '_ {
        let (byte, bit) = misplaced_bit(partition);
        self.trackers
            .values()
            .filter(move |tracker| tracker.misplaced.get(byte).is_some_and(|bits| bits & bit != 0))
            .map(|tracker| tracker.node)
    }
}

/// Where a partition is in a tracker's map of what is misplaced.
#[must_use]
pub fn misplaced_bit(partition: Partition) -> (usize, u8) {
    let bit = usize::from(partition.number()) / 4;
    (bit / 8, 1 << (bit % 8))
}
