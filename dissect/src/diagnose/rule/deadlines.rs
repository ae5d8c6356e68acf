//! A map of what waits: each entry has a time at which it has waited long enough.

use std::collections::{BTreeMap, BTreeSet};

/// At most `limit` entries; the one that would be due first makes room.
pub(super) struct Deadlines<K, V> {
    entries: BTreeMap<K, (i64, V)>,
    /// Invariant: one row an entry, with the same deadline.
    order: BTreeSet<(i64, K)>,
    limit: usize,
}

impl<K: Ord + Clone, V> Deadlines<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: BTreeMap::new(), order: BTreeSet::new(), limit: limit.max(1) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Adds or replaces an entry; answers the one that had to make room.
    pub(super) fn insert(&mut self, key: K, deadline: i64, value: V) -> Option<(K, V)> {
        self.remove(&key);
        let evicted = if self.entries.len() >= self.limit { self.pop_first() } else { None };
        self.order.insert((deadline, key.clone()));
        self.entries.insert(key, (deadline, value));
        evicted
    }

    /// Gives an entry another deadline.
    pub(super) fn postpone(&mut self, key: &K, deadline: i64) {
        if let Some((old, _)) = self.entries.get_mut(key) {
            self.order.remove(&(*old, key.clone()));
            *old = deadline;
            self.order.insert((deadline, key.clone()));
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (deadline, value) = self.entries.remove(key)?;
        self.order.remove(&(deadline, key.clone()));
        Some(value)
    }

    /// Takes out the next entry that is due at `now`.
    pub(super) fn pop_due(&mut self, now: i64) -> Option<(K, V)> {
        let is_due = self.order.first().is_some_and(|(deadline, _)| *deadline <= now);
        if is_due { self.pop_first() } else { None }
    }

    /// Takes out the entry that is due first.
    pub(super) fn pop_first(&mut self) -> Option<(K, V)> {
        let (_, key) = self.order.pop_first()?;
        let (_, value) = self.entries.remove(&key)?;
        Some((key, value))
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, (_, value))| (key, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_out_by_their_deadlines() {
        let mut waiting = Deadlines::new(8);
        for (key, deadline) in [("a", 3), ("b", 1), ("c", 2)] {
            waiting.insert(key, deadline, deadline);
        }
        waiting.postpone(&"b", 5);
        assert_eq!(waiting.pop_due(1), None);
        assert_eq!(waiting.pop_due(9), Some(("c", 2)));
        assert_eq!(waiting.remove(&"a"), Some(3));
        assert_eq!(waiting.pop_due(9), Some(("b", 1)));
        assert!(waiting.is_empty() && waiting.order.is_empty());
    }

    #[test]
    fn the_one_that_is_due_first_makes_room() {
        let mut waiting = Deadlines::new(2);
        assert_eq!(waiting.insert(1, 10, ()), None);
        assert_eq!(waiting.insert(2, 5, ()), None);
        assert_eq!(waiting.insert(2, 20, ()), None);
        assert_eq!(waiting.insert(3, 30, ()), Some((1, ())));
        assert_eq!((waiting.len(), waiting.order.len()), (2, 2));
    }
}
