//! What was told already: a cause that goes on is told once, and again only after it was gone for an hour.

use std::hash::Hash;

use crate::recent::Recent;

/// A capture may run for months; what comes again after that long is news.
const AGAIN_NS: i64 = 3_600_000_000_000;

pub(super) struct Told<K> {
    recent: Recent<K, i64>,
}

impl<K: Eq + Hash> Told<K> {
    /// Remembers at most `limit` causes.
    pub(super) fn new(limit: usize) -> Self {
        Self { recent: Recent::new(limit) }
    }

    /// Whether the cause, which was there at `time`, was told and has not been gone since.
    pub(super) fn is_old(&mut self, key: &K, time: i64) -> bool {
        match self.recent.get(key) {
            Some(last) if time.saturating_sub(*last) <= AGAIN_NS => {
                *last = time.max(*last);
                true
            }
            _ => false,
        }
    }

    /// Takes note that the cause, which was there at `time`, is told.
    pub(super) fn insert(&mut self, key: K, time: i64) {
        self.recent.insert(key, time);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.recent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_old_and_what_comes_again_is_not() {
        let mut told = Told::new(4);
        assert!(!told.is_old(&1, 0));
        told.insert(1, 0);
        assert!(told.is_old(&1, AGAIN_NS));
        assert!(told.is_old(&1, 2 * AGAIN_NS));
        assert!(!told.is_old(&1, 3 * AGAIN_NS + 1));
        for key in 0..100 {
            told.insert(key, 0);
        }
        assert!(told.len() <= 4);
    }
}
