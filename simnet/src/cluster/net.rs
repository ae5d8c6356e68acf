//! The network between the machines: latency, loss, doubles, reordering, cut links, bandwidth.

use std::collections::{BTreeMap, BTreeSet};

use super::Place;
use crate::traffic::rng::Rng;

/// How the network behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    pub(super) latency_us: u64,
    /// Up to so much is added: messages overtake each other.
    pub(super) jitter_us: u64,
    /// Of 10,000 messages.
    pub(super) lost: u64,
    pub(super) doubled: u64,
    /// Of each machine.
    pub(super) bytes_s: u64,
}

impl Weather {
    /// A quiet local network.
    pub(super) const CALM: Self = Self { latency_us: 300, jitter_us: 200, lost: 0, doubled: 0, bytes_s: 100 << 20 };
}

/// The state of the network.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) weather: Weather,
    /// Links that let nothing through, each in one direction.
    cut: BTreeSet<(Place, Place)>,
    /// Until when each machine is busy sending.
    busy_us: BTreeMap<Place, u64>,
    rng: Rng,
    /// Bytes that each machine sent.
    pub(super) sent: BTreeMap<Place, u64>,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) overtaken: u64,
    pub(super) refused_by_cut: u64,
    last_arrival: BTreeMap<(Place, Place), u64>,
}

impl Network {
    pub(super) fn new(rng: Rng) -> Self {
        Self {
            weather: Weather::CALM,
            cut: BTreeSet::new(),
            busy_us: BTreeMap::new(),
            rng,
            sent: BTreeMap::new(),
            lost: 0,
            doubled: 0,
            overtaken: 0,
            refused_by_cut: 0,
            last_arrival: BTreeMap::new(),
        }
    }

    /// Whether something sent one way now may arrive.
    pub(super) fn open(&self, from: Place, to: Place) -> bool {
        !self.cut.contains(&(from, to))
    }

    pub(super) fn cut(&mut self, from: Place, to: Place) {
        self.cut.insert((from, to));
    }

    pub(super) fn is_cut(&self) -> bool {
        !self.cut.is_empty()
    }

    pub(super) fn mend_all(&mut self) {
        self.cut.clear();
    }

    /// When a message arrives: not at all, once or twice. What must not get lost alone (it travels over TCP) is `sure`.
    pub(super) fn send(&mut self, now_us: u64, from: Place, to: Place, bytes: u64, sure: bool) -> [Option<u64>; 2] {
        *self.sent.entry(from).or_default() += bytes;
        if !self.open(from, to) {
            self.refused_by_cut += 1;
            return [None, None];
        }
        let Weather { latency_us, jitter_us, lost, doubled, bytes_s } = self.weather;
        let busy = self.busy_us.entry(from).or_default();
        let sent_us = now_us.max(*busy) + bytes * 1_000_000 / bytes_s.max(1);
        *busy = sent_us;
        if !sure && self.rng.range(0, 10_000) < lost {
            self.lost += 1;
            return [None, None];
        }
        let mut arrival = || sent_us + latency_us + self.rng.range(0, jitter_us + 1);
        let first = arrival();
        let last = self.last_arrival.entry((from, to)).or_default();
        if first < *last {
            self.overtaken += 1;
        }
        *last = first.max(*last);
        let mut second = None;
        if !sure && self.rng.range(0, 10_000) < doubled {
            self.doubled += 1;
            second = Some(sent_us + latency_us * 3 + self.rng.range(0, jitter_us * 4 + 1));
        }
        [Some(first), second]
    }
}
