//! The maps that live side by side while data moves, and how far every member is with them.
//!
//! A map lives until every member that was not removed has said that all it holds is with the owners of the newest (`sync`).
//! Until then reads ask the owners of all of them. One that lives too long only makes reads wider; one that is dropped too early
//! could hide data, so what is not known to be settled is kept.
//!
//! A write needs W copies in each map that somebody may read by alone: once every member has said that it knows a newer one
//! (`ack`), a map is superseded and asks nothing of writes any more. Otherwise a member that dies while its data moves could stop
//! all writes: of two owners of the older map both are needed.
//!
//! Two maps of the same slots are one with two names: who joins changes the name twice and the owners once.

use std::collections::BTreeMap;
use std::sync::Arc;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{MAX_LIVE_MAPS, MAX_MEMBERS, MISPLACED_BYTES, MapId, MapRecord, Tracker};
use packetstream_protocol::ids::NodeId;
use xxhash_rust::xxh3::xxh3_64;

use crate::placement::{MapCache, PartitionMap};

/// Names of maps that do not live under them; of more the oldest are forgotten, and may be heard of once more.
const MAX_OTHER_NAMES: usize = 64;

/// The live maps, the newest last, and everybody's tracker.
#[derive(Clone, Debug, Default)]
pub struct History {
    maps: Vec<Arc<PartitionMap>>,
    /// How many of the oldest maps are superseded.
    superseded: usize,
    /// Further names: of a live map, or of one that gave way to others because too many lived.
    names: BTreeMap<MapId, Option<MapId>>,
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

    /// The maps that a write must have its copies in.
    #[must_use]
    pub fn written(&self) -> &[Arc<PartitionMap>] {
        self.maps.get(self.superseded..).unwrap_or(&self.maps)
    }

    /// Notes what is superseded now that these members are the ones that were not removed; true when that is news.
    pub(crate) fn supersede(&mut self, present: &[NodeId]) -> bool {
        let older = self.maps.len().saturating_sub(1);
        let news = self.superseded < older && self.acked(present);
        if news {
            self.superseded = older;
        }
        news
    }

    /// Whether all of these members say that they route by the newest map.
    #[must_use]
    pub fn acked(&self, present: &[NodeId]) -> bool {
        let newest = self.id();
        present.iter().all(|node| self.trackers.get(node).is_some_and(|tracker| tracker.ack == newest))
    }

    /// Whether a map of this name is among the live ones.
    #[must_use]
    pub fn knows(&self, id: MapId) -> bool {
        self.lives(id) || self.names.get(&id).is_some_and(Option::is_some)
    }

    /// Whether it is, or was and had to give way.
    #[must_use]
    pub fn has_heard_of(&self, id: MapId) -> bool {
        self.lives(id) || self.names.contains_key(&id)
    }

    fn lives(&self, id: MapId) -> bool {
        self.maps.iter().any(|map| map.id() == id)
    }

    /// From now on a live map is known by another name, or it is none any more.
    fn rename(&mut self, old: MapId, new: Option<MapId>) {
        for name in self.names.values_mut().filter(|name| **name == Some(old)) {
            *name = new;
        }
        self.name(old, new);
    }

    fn name(&mut self, other: MapId, of: Option<MapId>) {
        self.names.insert(other, of);
        while self.names.len() > MAX_OTHER_NAMES {
            self.names.pop_first();
        }
    }

    /// After a restart: the map of this name was the oldest that writes had to have their copies in.
    pub(crate) fn resume(&mut self, oldest: MapId) {
        self.superseded = self.maps.iter().position(|map| map.id() == oldest).unwrap_or(0);
    }

    /// The own member set has another map now.
    pub fn adopt(&mut self, record: MapRecord) {
        self.names.remove(&record.id);
        let same = |map: &Arc<PartitionMap>| map.id() == record.id || map.slots() == record.slots;
        let map = match self.maps.iter().position(same) {
            Some(at) => {
                self.superseded -= usize::from(at < self.superseded);
                let map = self.maps.remove(at);
                if map.id() == record.id {
                    map
                } else {
                    self.rename(map.id(), Some(record.id));
                    self.compute(record)
                }
            }
            None => self.compute(record),
        };
        self.maps.push(map);
        self.bound();
    }

    /// Another member still knows this map; the newest stays the newest. False when there was nothing new in it.
    pub fn learn(&mut self, record: MapRecord, present: &[NodeId]) -> bool {
        if self.has_heard_of(record.id) || self.maps.is_empty() || self.settled(present) {
            return false;
        }
        if let Some(at) = self.maps.iter().position(|map| map.slots() == record.slots) {
            // Somebody may read by it alone: then writes need their copies in it again.
            let again = at < self.superseded;
            if again {
                let map = self.maps.remove(at);
                self.superseded -= 1;
                self.maps.insert(self.superseded, map);
            }
            let of = self.maps.get(if again { self.superseded } else { at }).map(|map| map.id());
            self.name(record.id, of);
            return again;
        }
        let at = self.maps.partition_point(|map| map.id() < record.id).min(self.maps.len() - 1);
        // Those before it have been superseded by one that is known; it has not.
        let at = at.max(self.superseded);
        let map = self.compute(record);
        self.maps.insert(at, map);
        self.bound();
        true
    }

    /// The oldest and the newest say most: what is between them goes first.
    fn bound(&mut self) {
        while self.maps.len() > MAX_LIVE_MAPS {
            let map = self.maps.remove(1);
            self.superseded -= usize::from(self.superseded > 1);
            self.rename(map.id(), None);
        }
    }

    /// Whether all of these members have brought what they hold to the owners of the newest map.
    #[must_use]
    pub fn settled(&self, present: &[NodeId]) -> bool {
        // Who has no map yet has no name for it either, and nor has a tracker of somebody who never was in sync.
        let Some(newest) = self.newest().map(|map| map.id()) else { return false };
        present.iter().all(|node| self.trackers.get(node).is_some_and(|tracker| tracker.sync == newest))
    }

    /// Drops the older maps once nobody needs them; true when some were dropped.
    pub fn retire(&mut self, present: &[NodeId]) -> bool {
        if self.maps.len() < 2 || !self.settled(present) {
            return false;
        }
        self.maps.drain(..self.maps.len() - 1);
        self.superseded = 0;
        self.names.clear();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::place_of;
    use packetstream_protocol::cluster::MapSlot;

    fn node(number: u8) -> NodeId {
        NodeId([number; 32])
    }

    fn record(sum: u64, nodes: &[u8]) -> MapRecord {
        let slot = |&number: &u8| MapSlot {
            node: node(number),
            place: place_of(node(number)),
            weight: 1,
            zone: String::new(),
        };
        MapRecord { id: MapId { sum, hash: sum }, slots: nodes.iter().map(slot).collect() }
    }

    fn tracker(number: u8, ack: u64, sync: u64) -> Tracker {
        let id = |sum| MapId { sum, hash: sum };
        Tracker { seq: ack + sync, node: node(number), ack: id(ack), sync: id(sync), misplaced: Vec::new() }
    }

    fn sums(maps: &[Arc<PartitionMap>]) -> Vec<u64> {
        maps.iter().map(|map| map.id().sum).collect()
    }

    #[test]
    fn a_map_that_all_know_a_newer_one_of_asks_nothing_of_writes_and_is_read_until_all_is_moved() {
        let mut history = History::default();
        history.adopt(record(1, &[1, 3]));
        history.adopt(record(2, &[1, 2, 3]));
        let present = [node(1), node(2), node(3)];
        history.merge(tracker(1, 2, 1));
        history.merge(tracker(2, 2, 2));
        assert!(!history.supersede(&present));
        assert_eq!(sums(history.written()), [1, 2], "the third may read by the older one alone");
        history.merge(tracker(3, 2, 1));
        assert!(history.supersede(&present) && !history.supersede(&present));
        assert_eq!((sums(history.written()), sums(history.live())), (vec![2], vec![1, 2]));

        // The next map does not bring it back, nor does one that another still knew.
        history.adopt(record(4, &[1, 2, 3, 4]));
        assert_eq!(sums(history.written()), [2, 4]);
        assert!(history.learn(record(3, &[1, 2]), &present));
        assert_eq!(sums(history.written()), [2, 3, 4]);
        assert!(!history.retire(&present));
        assert!((1..=3).all(|number| history.merge(tracker(number, 4, 4))));
        assert!(history.supersede(&present) && history.retire(&present));
        assert_eq!((sums(history.written()), sums(history.live())), (vec![4], vec![4]));
    }

    #[test]
    fn what_was_superseded_is_known_after_a_restart() {
        let mut history = History::default();
        (1..=3).for_each(|sum| history.adopt(record(sum, &[sum as u8])));
        history.resume(MapId { sum: 2, hash: 2 });
        assert_eq!((sums(history.written()), sums(history.live())), (vec![2, 3], vec![1, 2, 3]));
        history.resume(MapId { sum: 7, hash: 7 });
        assert_eq!(sums(history.written()), [1, 2, 3], "what is not known is written to");
    }

    #[test]
    fn maps_of_the_same_slots_are_one_by_its_newest_name() {
        let mut history = History::default();
        history.adopt(record(1, &[1]));
        history.adopt(record(2, &[1]));
        history.adopt(record(4, &[1, 2]));
        let present = [node(1), node(2), node(3)];
        assert_eq!(sums(history.live()), [2, 4]);
        let id = |sum| MapId { sum, hash: sum };
        assert!(history.knows(id(1)) && history.has_heard_of(id(1)) && !history.knows(id(3)));
        assert!(!history.learn(record(1, &[1]), &present) && !history.learn(record(3, &[1, 2]), &present));
        assert!(history.knows(id(3)));
        assert!((1..=3).all(|number| history.merge(tracker(number, 4, 1))));
        assert!(history.supersede(&present));
        // One that comes back read by it under another name, and does not know the newest.
        assert!(history.learn(record(0, &[1]), &present));
        assert_eq!((sums(history.written()), sums(history.live())), (vec![2, 4], vec![2, 4]));
        history.adopt(record(5, &[1]));
        assert_eq!(sums(history.live()), [4, 5]);
        assert!([0, 1, 2, 3].into_iter().all(|sum| history.knows(id(sum))));
        assert!((1..=3).all(|number| history.merge(tracker(number, 5, 5))));
        assert!(history.retire(&present) && !history.has_heard_of(id(1)));
    }

    #[test]
    fn what_gave_way_is_not_heard_of_again_and_names_have_a_limit() {
        let mut history = History::default();
        (1..=100).for_each(|sum| history.adopt(record(sum, &[1, 1 + sum as u8])));
        let id = |sum| MapId { sum, hash: sum };
        assert!(history.has_heard_of(id(90)) && !history.knows(id(90)));
        assert!(!history.learn(record(90, &[1, 91]), &[node(1)]));
        assert!(!history.has_heard_of(id(2)) && history.names.len() == MAX_OTHER_NAMES);
    }

    #[test]
    fn nothing_is_settled_where_there_is_no_map() {
        let mut history = History::default();
        history.merge(tracker(1, 0, 0));
        assert!(!history.settled(&[node(1)]), "a joiner would believe that it knows all maps that are in use");
        history.adopt(record(1, &[1]));
        assert!(!history.settled(&[node(1)]));
        history.merge(tracker(1, 1, 1));
        assert!(history.settled(&[node(1)]));
    }

    #[test]
    fn no_more_maps_live_than_the_limit_and_the_newest_is_always_written() {
        let mut history = History::default();
        for sum in 1..=2 * MAX_LIVE_MAPS as u64 {
            history.adopt(record(sum, &[1, 1 + sum as u8]));
            if sum % 3 == 0 {
                history.merge(tracker(1, sum, 0));
                assert!(history.supersede(&[node(1)]));
            }
            assert!(history.live().len() <= MAX_LIVE_MAPS);
            let written = sums(history.written());
            assert_eq!(written.last(), Some(&sum));
            assert!(written.len() <= 3, "{written:?}");
        }
    }
}
