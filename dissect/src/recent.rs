//! A map that forgets what was not touched for the longest time, so that traffic cannot make it grow.

use std::collections::HashMap;
use std::hash::Hash;

use crate::conversation::Folding;

/// At most `limit` entries in two generations: when the younger one is full the older one is dropped whole.
///
/// A look-up that finds an entry in the older generation moves it to the younger one. So an entry outlives at least
/// `limit / 2` others that came after it was last touched, and forgetting costs nothing per packet.
pub(crate) struct Recent<K, V> {
    young: HashMap<K, V, Folding>,
    old: HashMap<K, V, Folding>,
    limit: usize,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// An empty map that holds at most `limit` entries.
    pub(crate) fn new(limit: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), limit: limit.max(2) }
    }

    /// The entry of `key`, if it is not forgotten.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        if !self.old.is_empty() && !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    /// The entry of `key`, without counting as a touch.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Sets the entry of `key`.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.limit / 2 && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        if !self.old.is_empty() {
            self.old.remove(&key);
        }
        self.young.insert(key, value);
    }

    /// Takes the entry of `key` out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let older = self.old.remove(key);
        self.young.remove(key).or(older)
    }

    /// How many entries there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_no_more_than_its_limit() {
        let mut map = Recent::new(100);
        for n in 0..10_000 {
            map.insert(n, n);
            assert!(map.len() <= 100);
        }
        assert!(map.get(&9_999).is_some());
        assert!(map.get(&0).is_none());
        assert_eq!((map.remove(&9_999), map.remove(&9_999)), (Some(9_999), None));
    }

    #[test]
    fn what_is_touched_is_not_forgotten() {
        let mut map = Recent::new(10);
        map.insert("call", 1);
        for n in 0..1_000 {
            let other: &'static str = ["a", "b", "c", "d", "e", "f", "g"][n % 7];
            map.insert(other, n);
            assert_eq!(map.get(&"call"), Some(&mut 1));
        }
    }
}
