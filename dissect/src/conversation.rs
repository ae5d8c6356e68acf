//! What the first pass keeps of each conversation: who spoke to whom, found by both directions alike.
//!
//! A table holds at most so many conversations as its owner says; the one that was idle longest makes room.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use crate::dissector::{Address, Endpoints};

/// Stands for no slot.
const NOWHERE: u32 = u32::MAX;

/// Endpoints as the key of a table: hashed as a few words, not octet by octet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Endpoints);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for address in [self.0.src, self.0.dst] {
            match address {
                Address::None => state.write_u64(0),
                Address::Ipv4(octets) => state.write_u64(u64::from(u32::from_be_bytes(octets))),
                Address::Ether([a, b, c, d, e, f]) => {
                    state.write_u64(u64::from_be_bytes([1, 0, a, b, c, d, e, f]));
                }
                Address::Ipv6(octets) => {
                    let whole = u128::from_be_bytes(octets);
                    state.write_u64((whole >> 64) as u64);
                    state.write_u64(whole as u64);
                }
            }
        }
        let ports = u64::from(self.0.src_port) << 16 | u64::from(self.0.dst_port);
        state.write_u64(ports | (self.0.transport as u64) << 32);
    }
}

/// Hashes words by folded multiplication from a start that is another in each table: whoever sends packets cannot know
/// which of them meet in one bucket. No order ever comes from it.
#[derive(Clone)]
pub(crate) struct Folding {
    seed: u64,
}

impl Default for Folding {
    fn default() -> Self {
        Self { seed: RandomState::new().build_hasher().finish() }
    }
}

impl BuildHasher for Folding {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.seed)
    }
}

pub(crate) struct Folded(u64);

impl Hasher for Folded {
    fn write_u64(&mut self, word: u64) {
        // An odd constant without structure: the fraction of the golden ratio.
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product as u64 ^ (product >> 64) as u64).wrapping_add(word.rotate_left(32));
    }

    fn write(&mut self, octets: &[u8]) {
        for chunk in octets.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.write_u64(u64::from_le_bytes(word));
        }
        // So that what is cut off at a zero octet is not the same.
        self.write_u64(octets.len() as u64);
    }

    fn finish(&self) -> u64 {
        let product = u128::from(self.0) * 0xa076_1d64_78bd_642f;
        product as u64 ^ (product >> 64) as u64
    }
}

struct Slot<T> {
    key: Key,
    /// Towards those idle for longer.
    older: u32,
    newer: u32,
    value: T,
}

/// Conversations of one transport protocol.
pub(crate) struct Conversations<T> {
    slots: Vec<Slot<T>>,
    places: HashMap<Key, u32, Folding>,
    oldest: u32,
    newest: u32,
    capacity: usize,
}

impl<T> Conversations<T> {
    /// A table of at most `capacity` conversations.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            slots: Vec::new(),
            places: HashMap::default(),
            oldest: NOWHERE,
            newest: NOWHERE,
            capacity: capacity.clamp(1, NOWHERE as usize),
        }
    }

    /// How many conversations there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    fn unlink(&mut self, at: u32) {
        let Some(slot) = self.slots.get(at as usize) else {
            return;
        };
        let (older, newer) = (slot.older, slot.newer);
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, at: u32) {
        let before = self.newest;
        if let Some(slot) = self.slots.get_mut(at as usize) {
            (slot.older, slot.newer) = (before, NOWHERE);
        }
        match self.slots.get_mut(before as usize) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }

    fn touch(&mut self, at: u32) {
        if self.newest != at {
            self.unlink(at);
            self.link_newest(at);
        }
    }

    fn find(&self, key: Key) -> Option<u32> {
        match self.slots.get(self.newest as usize) {
            // One packet is often of the same conversation as the one before.
            Some(slot) if slot.key == key => Some(self.newest),
            _ => self.places.get(&key).copied(),
        }
    }

    /// The conversation of `endpoints` (as [`Endpoints::conversation`] gives them), now the one in use last.
    pub(crate) fn get_mut(&mut self, endpoints: Endpoints) -> Option<&mut T> {
        let at = self.find(Key(endpoints))?;
        self.touch(at);
        self.slots.get_mut(at as usize).map(|slot| &mut slot.value)
    }

    /// The conversation of `endpoints`, made if there is none.
    pub(crate) fn get_or_insert_with(&mut self, endpoints: Endpoints, make: impl FnOnce() -> T) -> &mut T {
        self.get_or_insert_evicting(endpoints, make).0
    }

    /// As [`Conversations::get_or_insert_with`]; also answers the conversation that had to make room.
    pub(crate) fn get_or_insert_evicting(
        &mut self,
        endpoints: Endpoints,
        make: impl FnOnce() -> T,
    ) -> (&mut T, Option<T>) {
        let key = Key(endpoints);
        let mut evicted = None;
        let at = match self.find(key) {
            Some(at) => at,
            None if self.slots.len() < self.capacity => {
                self.slots.push(Slot { key, older: NOWHERE, newer: NOWHERE, value: make() });
                let at = self.slots.len() as u32 - 1;
                self.places.insert(key, at);
                self.link_newest(at);
                at
            }
            None => {
                let at = self.oldest;
                let slot = &mut self.slots[at as usize];
                self.places.remove(&slot.key);
                slot.key = key;
                evicted = Some(std::mem::replace(&mut slot.value, make()));
                self.places.insert(key, at);
                at
            }
        };
        self.touch(at);
        (&mut self.slots[at as usize].value, evicted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissector::Transport;

    fn endpoints(port: u16) -> Endpoints {
        Endpoints {
            src: Address::Ipv4([10, 0, 0, 1]),
            dst: Address::Ipv4([10, 0, 0, 2]),
            transport: Transport::Udp,
            src_port: port,
            dst_port: 53,
        }
    }

    #[test]
    fn a_full_table_gives_up_the_conversation_that_was_idle_longest() {
        let mut table = Conversations::new(3);
        for port in 1..=3 {
            table.get_or_insert_with(endpoints(port), || port);
        }
        assert_eq!(table.get_mut(endpoints(1)), Some(&mut 1));
        table.get_or_insert_with(endpoints(4), || 4);
        assert_eq!(table.len(), 3);
        assert_eq!(table.get_mut(endpoints(2)), None);
        table.get_or_insert_with(endpoints(5), || 5);
        assert_eq!(table.get_mut(endpoints(3)), None);
        for port in [1, 4, 5] {
            assert_eq!(table.get_mut(endpoints(port)), Some(&mut port.clone()));
        }
    }
}
