//! Sets of numbers kept as the ranges they form: what a node says it holds of a stream.
//!
//! Invariant: ranges are sorted, none is empty, and between two of them at least one number is missing. A steady stream is one
//! range, whatever its length.

use std::fmt;
use std::ops::RangeInclusive;

/// A set of `u64`, as inclusive ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RangeSet {
    /// First and last number of each range.
    ranges: Vec<(u64, u64)>,
}

/// Ranges that a decoder takes in one set: a peer that holds every second chunk of a stream is broken, not busy.
pub const MAX_RANGES: usize = 65_536;

impl RangeSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// The set of the numbers in these ranges if they keep the invariant and are not more than [`MAX_RANGES`].
    #[must_use]
    pub fn from_ranges(ranges: Vec<(u64, u64)>) -> Option<Self> {
        let apart = ranges.windows(2).all(|pair| matches!(pair[0].1.checked_add(1), Some(next) if next < pair[1].0));
        let filled = ranges.iter().all(|&(first, last)| first <= last);
        (apart && filled && ranges.len() <= MAX_RANGES).then_some(Self { ranges })
    }

    /// Adds a number; true when it was not there.
    pub fn insert(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        self.insert_range(number..=number);
        true
    }

    /// Adds all numbers of a range. An empty range adds nothing.
    pub fn insert_range(&mut self, range: RangeInclusive<u64>) {
        let (mut first, mut last) = range.into_inner();
        if first > last {
            return;
        }
        // Everything that overlaps or touches the new range becomes part of it.
        let from = self.ranges.partition_point(|&(_, end)| end.saturating_add(1) < first);
        let until = self.ranges.partition_point(|&(start, _)| start <= last.saturating_add(1));
        if let Some(&[(start, _), ..]) = self.ranges.get(from..until) {
            first = first.min(start);
        }
        if let Some(&[.., (_, end)]) = self.ranges.get(from..until) {
            last = last.max(end);
        }
        self.ranges.splice(from..until, [(first, last)]);
    }

    /// Takes all numbers of a range out.
    pub fn remove_range(&mut self, range: RangeInclusive<u64>) {
        let (first, last) = range.into_inner();
        if first > last {
            return;
        }
        let from = self.ranges.partition_point(|&(_, end)| end < first);
        let until = self.ranges.partition_point(|&(start, _)| start <= last);
        let touched = &self.ranges[from..until];
        let head = touched.first().filter(|&&(start, _)| start < first).map(|&(start, _)| (start, first - 1));
        let tail = touched.last().filter(|&&(_, end)| end > last).map(|&(_, end)| (last + 1, end));
        self.ranges.splice(from..until, head.into_iter().chain(tail));
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        let at = self.ranges.partition_point(|&(_, end)| end < number);
        self.ranges.get(at).is_some_and(|&(start, _)| start <= number)
    }

    /// The least and the greatest number of those around this one that are not in the set either; `None` when it is in the set.
    #[must_use]
    pub fn free_around(&self, number: u64) -> Option<(u64, u64)> {
        let at = self.ranges.partition_point(|&(_, end)| end < number);
        let free_from = at.checked_sub(1).and_then(|before| self.ranges.get(before)).map_or(0, |&(_, end)| end + 1);
        match self.ranges.get(at) {
            Some(&(start, _)) if start <= number => None,
            Some(&(start, _)) => Some((free_from, start - 1)),
            None => Some((free_from, u64::MAX)),
        }
    }

    /// Adds every number of another set.
    pub fn union(&mut self, other: &Self) {
        for &(first, last) in &other.ranges {
            self.insert_range(first..=last);
        }
    }

    /// The numbers of this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut left = self.clone();
        for &(first, last) in &other.ranges {
            left.remove_range(first..=last);
        }
        left
    }

    /// Whether every number of the other set is in this one.
    #[must_use]
    pub fn is_superset(&self, other: &Self) -> bool {
        other.ranges.iter().all(|&(first, last)| {
            let at = self.ranges.partition_point(|&(_, end)| end < first);
            self.ranges.get(at).is_some_and(|&(start, end)| start <= first && last <= end)
        })
    }

    /// The numbers below `end` that are not in the set.
    #[must_use]
    pub fn missing_below(&self, end: u64) -> Self {
        let Some(last) = end.checked_sub(1) else {
            return Self::new();
        };
        Self { ranges: vec![(0, last)] }.difference(self)
    }

    /// How many numbers there are, at most `u64::MAX`.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ranges.iter().fold(0u64, |sum, &(first, last)| sum.saturating_add((last - first).saturating_add(1)))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The least number.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.ranges.first().map(|&(first, _)| first)
    }

    /// The greatest number.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.ranges.last().map(|&(_, last)| last)
    }

    /// First and last number of each range, in order.
    #[must_use]
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    /// All numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.ranges.iter().flat_map(|&(first, last)| first..=last)
    }
}

impl FromIterator<u64> for RangeSet {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut set = Self::new();
        for number in numbers {
            set.insert(number);
        }
        set
    }
}

/// `0-41, 43, 50-99`; `none` when empty.
impl fmt::Display for RangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ranges.is_empty() {
            return f.write_str("none");
        }
        for (at, &(first, last)) in self.ranges.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn ends_of_the_numbers() {
        let mut set = RangeSet::new();
        set.insert(u64::MAX);
        set.insert(u64::MAX - 1);
        set.insert(0);
        assert_eq!(set.ranges(), [(0, 0), (u64::MAX - 1, u64::MAX)]);
        set.insert_range(1..=u64::MAX);
        assert_eq!((set.ranges(), set.count()), (&[(0, u64::MAX)][..], u64::MAX));
        set.remove_range(0..=u64::MAX);
        assert!(set.is_empty());
        assert_eq!(set.missing_below(3).to_string(), "0-2");
        assert_eq!(set.missing_below(0).to_string(), "none");
    }

    #[test]
    fn ranges_that_break_the_invariant_are_refused() {
        for bad in [vec![(1, 0)], vec![(0, 1), (2, 3)], vec![(5, 6), (1, 2)], vec![(0, u64::MAX), (0, 1)]] {
            assert_eq!(RangeSet::from_ranges(bad), None);
        }
        let many = |n: u64| (0..n).map(|i| (2 * i, 2 * i)).collect::<Vec<_>>();
        assert!(RangeSet::from_ranges(many(MAX_RANGES as u64)).is_some());
        assert_eq!(RangeSet::from_ranges(many(MAX_RANGES as u64 + 1)), None);
    }

    proptest! {
        #[test]
        fn behaves_as_a_set(steps in proptest::collection::vec((any::<bool>(), 0u64..60, 0u64..9), 0..40)) {
            let (mut set, mut model) = (RangeSet::new(), BTreeSet::new());
            for (add, first, len) in steps {
                let range = first..=first + len;
                if add {
                    set.insert_range(range.clone());
                    model.extend(range);
                } else {
                    set.remove_range(range.clone());
                    model.retain(|n| !range.contains(n));
                }
                prop_assert!(RangeSet::from_ranges(set.ranges.clone()).is_some());
                prop_assert!(set.iter().eq(model.iter().copied()));
                prop_assert_eq!(set.count(), model.len() as u64);
                prop_assert!((0..80).all(|n| set.contains(n) == model.contains(&n)));
                for n in 0..80 {
                    let before = model.range(..n).next_back().map_or(0, |&n| n + 1);
                    let behind = model.range(n..).next().map_or(u64::MAX, |&n| n.saturating_sub(1));
                    prop_assert_eq!(set.free_around(n), (!model.contains(&n)).then_some((before, behind)));
                }
            }
        }

        #[test]
        fn algebra(a in proptest::collection::btree_set(0u64..50, 0..30), b in proptest::collection::btree_set(0u64..50, 0..30)) {
            let (x, y): (RangeSet, RangeSet) = (a.iter().copied().collect(), b.iter().copied().collect());
            prop_assert!(x.difference(&y).iter().eq(a.difference(&b).copied()));
            prop_assert_eq!(x.is_superset(&y), a.is_superset(&b));
            let mut both = x.clone();
            both.union(&y);
            prop_assert!(both.iter().eq(a.union(&b).copied()));
            prop_assert!(x.missing_below(50).iter().eq((0..50).filter(|n| !a.contains(n))));
        }
    }
}
