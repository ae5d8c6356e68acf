//! Which nodes a partition belongs to: weighted rendezvous hashing, with integers alone, different zones first.
//!
//! A map is a function of the set of its slots and of nothing else: not of the order in which members came, not of who computes it.
//!
//! ```text
//! score(partition, slot) = max over i in 0..weight of xxh3_64(partition u16 LE ‖ place u64 LE ‖ i u8)
//! order                  = slots by falling score, then by node
//! owners                 = the first N of the order that stand in different zones, filled up with the first of those left over
//! ```
//!
//! When a node comes or goes, only partitions that it owns change hands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{MapId, MapRecord, MapSlot};
use packetstream_protocol::ids::NodeId;
use xxhash_rust::xxh3::xxh3_64;

/// Owners of a partition, where there are as many nodes.
pub const REPLICAS: usize = 3;

/// The most that a node can weigh.
pub const MAX_WEIGHT: u8 = 64;

/// Which nodes each partition belongs to, under one member set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionMap {
    id: MapId,
    slots: Vec<MapSlot>,
    replicas: usize,
    /// Indices of slots, `replicas` for each partition, the first in rendezvous order first.
    owners: Vec<u16>,
}

/// Maps that were computed already: machines of one process (a simulator's) need not each compute the same.
#[derive(Debug, Default)]
pub struct MapCache(Mutex<BTreeMap<MapId, Arc<PartitionMap>>>);

/// Maps in a cache.
pub const MAX_CACHED_MAPS: usize = 64;

impl MapCache {
    /// The map of this record.
    #[must_use]
    pub fn get(&self, record: MapRecord) -> Arc<PartitionMap> {
        let mut maps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = maps.get(&record.id)
            && map.slots == record.slots
        {
            return map.clone();
        }
        let map = Arc::new(PartitionMap::new(record));
        if maps.len() >= MAX_CACHED_MAPS {
            maps.pop_first();
        }
        maps.insert(map.id, map.clone());
        map
    }
}

/// What placement knows a node by that never took another's place.
#[must_use]
pub fn place_of(node: NodeId) -> u64 {
    xxh3_64(&node.0)
}

fn score(partition: u16, slot: &MapSlot) -> u64 {
    let mut key = [0; 11];
    key[..2].copy_from_slice(&partition.to_le_bytes());
    key[2..10].copy_from_slice(&slot.place.to_le_bytes());
    let mut best = 0;
    for i in 0..slot.weight.clamp(1, MAX_WEIGHT) {
        key[10] = i;
        best = best.max(xxh3_64(&key));
    }
    best
}

impl PartitionMap {
    /// The map of these slots.
    #[must_use]
    pub fn new(record: MapRecord) -> Self {
        let MapRecord { id, mut slots } = record;
        slots.sort();
        slots.dedup_by_key(|slot| slot.node);
        slots.truncate(usize::from(u16::MAX));
        let replicas = REPLICAS.min(slots.len());
        let mut zone_numbers = BTreeMap::new();
        // A node of no zone is a zone of its own: nothing is known that it would share with another.
        let zones: Vec<usize> = slots
            .iter()
            .enumerate()
            .map(|(at, slot)| if slot.zone.is_empty() { at } else { *zone_numbers.entry(&slot.zone).or_insert(at) })
            .collect();
        let mut owners = Vec::with_capacity(usize::from(Partition::COUNT) * replicas);
        let mut order: Vec<(u64, u16)> = Vec::with_capacity(slots.len());
        for partition in 0..Partition::COUNT {
            order.clear();
            order.extend(slots.iter().enumerate().map(|(at, slot)| (!score(partition, slot), at as u16)));
            choose(&mut order, &zones, replicas, &mut owners);
        }
        Self { id, slots, replicas, owners }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> MapId {
        self.id
    }

    /// Owners of every partition: N.
    #[must_use]
    pub const fn replicas(&self) -> usize {
        self.replicas
    }

    /// How many nodes must have a chunk on disk before it is acknowledged: W.
    #[must_use]
    pub const fn quorum(&self) -> usize {
        self.replicas / 2 + 1
    }

    /// The slots, in the order of their nodes.
    #[must_use]
    pub fn slots(&self) -> &[MapSlot] {
        &self.slots
    }

    /// Whether something holds of more than half of the nodes.
    #[must_use]
    pub fn most(&self, holds: &dyn Fn(NodeId) -> bool) -> bool {
        self.slots.iter().filter(|slot| holds(slot.node)).count() * 2 > self.slots.len()
    }

    /// What the map is computed from.
    #[must_use]
    pub fn record(&self) -> MapRecord {
        MapRecord { id: self.id, slots: self.slots.clone() }
    }

    /// The owners of a partition, in rendezvous order.
    pub fn owners(&self, partition: Partition) -> impl Iterator<Item = NodeId> + '_ {
        let at = usize::from(partition.number()) * self.replicas;
        let owners = self.owners.get(at..at + self.replicas).unwrap_or_default();
        owners.iter().filter_map(|&slot| self.slots.get(usize::from(slot))).map(|slot| slot.node)
    }

    /// Whether a node owns a partition.
    #[must_use]
    pub fn owns(&self, node: NodeId, partition: Partition) -> bool {
        self.owners(partition).any(|owner| owner == node)
    }

    /// All nodes in the order in which a partition prefers them, the owners first.
    #[must_use]
    pub fn candidates(&self, partition: Partition) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = self.owners(partition).collect();
        let mut order: Vec<(u64, NodeId)> =
            self.slots.iter().map(|slot| (!score(partition.number(), slot), slot.node)).collect();
        order.sort_unstable();
        all.extend(order.into_iter().map(|(_, node)| node).filter(|&node| !self.owns(node, partition)));
        all
    }
}

/// Puts the owners of one partition, chosen from the order, behind the others.
fn choose(order: &mut [(u64, u16)], zones: &[usize], replicas: usize, owners: &mut Vec<u16>) {
    // Almost always the first few are enough; all are sorted only where zones want it.
    let few = (replicas * 4).min(order.len());
    if few < order.len() {
        order.select_nth_unstable(few);
    }
    order[..few].sort_unstable();
    let begin = owners.len();
    take_apart(&order[..few], zones, replicas, owners);
    if owners.len() - begin < replicas && few < order.len() {
        owners.truncate(begin);
        order.sort_unstable();
        take_apart(order, zones, replicas, owners);
    }
    for &(_, slot) in order.iter() {
        if owners.len() - begin == replicas {
            break;
        }
        if !owners[begin..].contains(&slot) {
            owners.push(slot);
        }
    }
}

/// The first of the order that stand in different zones.
fn take_apart(order: &[(u64, u16)], zones: &[usize], replicas: usize, owners: &mut Vec<u16>) {
    let begin = owners.len();
    for &(_, slot) in order {
        if owners.len() - begin == replicas {
            break;
        }
        let zone = zones[usize::from(slot)];
        if owners[begin..].iter().all(|&other| zones[usize::from(other)] != zone) {
            owners.push(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slot(number: u8, weight: u8, zone: &str) -> MapSlot {
        let node = NodeId([number; 32]);
        MapSlot { node, place: place_of(node), weight, zone: zone.into() }
    }

    fn map(slots: Vec<MapSlot>) -> PartitionMap {
        PartitionMap::new(MapRecord { id: MapId::default(), slots })
    }

    fn plain(count: u8) -> PartitionMap {
        map((1..=count).map(|number| slot(number, 1, "")).collect())
    }

    fn owners(map: &PartitionMap, partition: u16) -> Vec<u8> {
        map.owners(Partition::new(partition).expect("a partition")).map(|node| node.0[0]).collect()
    }

    fn partitions() -> impl Iterator<Item = Partition> {
        (0..Partition::COUNT).filter_map(Partition::new)
    }

    /// Data lies where these say: they may never change.
    #[test]
    fn frozen_vectors() {
        let of = |map: &PartitionMap| [0, 1, 2, 1000, 4095].map(|partition| owners(map, partition));
        let weighed = map((1..=5).map(|number| slot(number, number, ["a", "b"][usize::from(number % 2)])).collect());
        let found = (place_of(NodeId([1; 32])), of(&plain(5)), of(&weighed));
        assert_eq!(format!("{found:?}"), FROZEN);
    }

    const FROZEN: &str = "(17787415499738480249, \
                          [[5, 3, 2], [4, 2, 3], [4, 1, 2], [5, 1, 4], [2, 1, 3]], \
                          [[4, 5, 3], [5, 4, 3], [5, 4, 1], [5, 2, 3], [4, 5, 2]])";

    #[test]
    fn small_clusters() {
        let empty = plain(0);
        assert_eq!((empty.replicas(), owners(&empty, 0)), (0, vec![]));
        assert_eq!((plain(1).replicas(), plain(1).quorum()), (1, 1));
        assert_eq!((plain(2).replicas(), plain(2).quorum()), (2, 2));
        assert_eq!((plain(9).replicas(), plain(9).quorum()), (3, 2));
    }

    #[test]
    fn zones_come_first_and_are_filled_up() {
        let zones = ["a", "a", "a", "a", "b", "c"];
        let map = map((1..=6).map(|number| slot(number, 1, zones[usize::from(number) - 1])).collect());
        for partition in partitions() {
            let owners = owners(&map, partition.number());
            assert!(owners.contains(&5) && owners.contains(&6), "{owners:?}");
        }
        let two = super::PartitionMap::new(MapRecord {
            id: MapId::default(),
            slots: (1..=4).map(|number| slot(number, 1, if number < 4 { "a" } else { "b" })).collect(),
        });
        assert!(partitions().all(|p| two.owners(p).count() == 3 && two.owns(NodeId([4; 32]), p)));
    }

    #[test]
    fn weight_is_share() {
        let map = map(vec![slot(1, 1, ""), slot(2, 1, ""), slot(3, 2, ""), slot(4, 4, ""), slot(5, 1, "")]);
        let first = |node: u8| partitions().filter(|p| owners(&map, p.number())[0] == node).count();
        let (one, four) = (first(1), first(4));
        assert!((3 * one..5 * one).contains(&four), "{one} and {four}");
        assert_eq!(score(0, &slot(1, MAX_WEIGHT, "")), score(0, &slot(1, u8::MAX, "")), "more weighs no more");
    }

    #[test]
    fn only_what_the_newcomer_owns_moves() {
        let (before, after) = (plain(9), plain(10));
        let mut moved = 0;
        for p in partitions() {
            let (old, new) = (owners(&before, p.number()), owners(&after, p.number()));
            let gained: Vec<&u8> = new.iter().filter(|node| !old.contains(node)).collect();
            assert!(gained.is_empty() || gained == [&10]);
            moved += gained.len();
        }
        let fair = usize::from(Partition::COUNT) * 3 / 10;
        assert!((fair * 9 / 10..fair * 11 / 10).contains(&moved), "{moved}, {fair} would be fair");
    }

    #[test]
    fn a_replacement_moves_nothing_else() {
        let before = plain(6);
        let mut slots: Vec<MapSlot> = before.slots().to_vec();
        slots[2].node = NodeId([77; 32]);
        let after = map(slots);
        for p in partitions() {
            let renamed: Vec<u8> = owners(&before, p.number()).iter().map(|&n| if n == 3 { 77 } else { n }).collect();
            assert_eq!(owners(&after, p.number()), renamed);
        }
    }

    #[test]
    fn candidates_begin_with_the_owners_and_are_all() {
        let map = plain(7);
        for p in partitions().step_by(97) {
            let all = map.candidates(p);
            assert!(map.owners(p).eq(all.iter().copied().take(3)));
            assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 7);
        }
    }

    #[test]
    fn the_cache_gives_what_would_be_computed_and_has_a_bound() {
        let cache = MapCache::default();
        for sum in 0..2 * MAX_CACHED_MAPS as u64 {
            let id = MapId { sum, hash: 0 };
            let record = MapRecord { id, slots: vec![slot(1, 1, "")] };
            assert_eq!(*cache.get(record.clone()), PartitionMap::new(record));
        }
        assert_eq!(cache.0.lock().expect("nobody panics").len(), MAX_CACHED_MAPS);
        let other =
            MapRecord { id: MapId { sum: 2 * MAX_CACHED_MAPS as u64 - 1, hash: 0 }, slots: vec![slot(2, 1, "")] };
        assert_eq!(*cache.get(other.clone()), PartitionMap::new(other), "the same name, but another content");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_order_of_arrival_does_not_matter(
            numbers in Just((1u8..12).collect::<Vec<_>>()).prop_shuffle(),
            weights in proptest::collection::vec(1u8..5, 12),
            zones in 1u8..4,
        ) {
            let make = |numbers: &[u8]| {
                map(numbers.iter().map(|&n| slot(n, weights[usize::from(n)], &format!("z{}", n % zones))).collect())
            };
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            prop_assert_eq!(make(&numbers), make(&sorted));
        }
    }
}
