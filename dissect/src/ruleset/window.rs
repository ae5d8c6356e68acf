//! What a rule has counted of one group: the packets of its time, and what they measure.

use std::collections::{HashMap, VecDeque};

use super::MAX_COUNT;
use super::rule::Measure;

/// One packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) time: i64,
    pub(super) frame: u64,
    /// The field's value; nothing for a count.
    pub(super) number: f64,
    /// The field's value, hashed, where different ones are counted.
    pub(super) hash: u64,
}

/// A sliding window. Invariant: `sum` and `values` are those of `samples`.
#[derive(Default, Debug)]
pub(super) struct Window {
    samples: VecDeque<Sample>,
    newest: i64,
    sum: f64,
    values: HashMap<u64, u32>,
    /// The rule has found something and the window has not been empty since.
    pub(super) is_raised: bool,
}

impl Window {
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    pub(super) fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.samples.iter()
    }

    /// Leaves out what is older than `within` before `now`. A window that becomes empty may be raised again.
    pub(super) fn expire(&mut self, now: i64, within: Option<i64>) {
        self.newest = self.newest.max(now);
        let Some(within) = within else {
            return;
        };
        let oldest = self.newest.saturating_sub(within);
        while self.samples.front().is_some_and(|sample| sample.time < oldest) {
            self.pop();
        }
        if self.samples.is_empty() {
            self.is_raised = false;
        }
    }

    /// Adds a packet; at most `most` stay.
    pub(super) fn push(&mut self, sample: Sample, measure: &Measure<impl Sized>, most: u64) {
        self.sum += sample.number;
        if matches!(measure, Measure::Distinct(_)) {
            *self.values.entry(sample.hash).or_default() += 1;
        }
        self.samples.push_back(sample);
        while self.samples.len() as u64 > most.clamp(1, MAX_COUNT) {
            self.pop();
        }
    }

    /// Takes the oldest packet out.
    pub(super) fn pop(&mut self) {
        let Some(sample) = self.samples.pop_front() else {
            return;
        };
        self.sum = if self.samples.is_empty() { 0.0 } else { self.sum - sample.number };
        if let Some(times) = self.values.get_mut(&sample.hash) {
            *times -= 1;
            if *times == 0 {
                self.values.remove(&sample.hash);
            }
        }
    }

    pub(super) fn measure(&self, measure: &Measure<impl Sized>) -> f64 {
        match measure {
            Measure::Count => self.samples.len() as f64,
            Measure::Sum(_) => self.sum,
            Measure::Mean(_) if self.samples.is_empty() => 0.0,
            Measure::Mean(_) => self.sum / self.samples.len() as f64,
            Measure::Distinct(_) => self.values.len() as f64,
        }
    }
}
