//! What goes wrong, and when: a seed draws a few kinds, then one of them strikes every now and then.

use packetstream_core::{Command, Input};

use super::edge::hour;
use super::net::Weather;
use super::world::{Event, MS, SECOND, World};
use super::{PRODUCERS, Place};

/// A kind of fault or of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Crash,
    Pause,
    Wipe,
    Partition,
    OneWay,
    Reset,
    Storm,
    SlowDisk,
    FullDisk,
    BitFlip,
    ProducerCrash,
    Clone,
    LiveClone,
    Join,
    Drain,
    Remove,
    Replace,
    Expire,
    Blackout,
    Revoke,
}

impl Kind {
    pub(super) const ALL: [Self; 20] = [
        Self::Crash,
        Self::Pause,
        Self::Wipe,
        Self::Partition,
        Self::OneWay,
        Self::Reset,
        Self::Storm,
        Self::SlowDisk,
        Self::FullDisk,
        Self::BitFlip,
        Self::ProducerCrash,
        Self::Clone,
        Self::LiveClone,
        Self::Join,
        Self::Drain,
        Self::Remove,
        Self::Replace,
        Self::Expire,
        Self::Blackout,
        Self::Revoke,
    ];
}

/// What ends a fault.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    Paused(usize),
    Cut,
    Storm(Weather),
    Slow(usize),
    Full(usize),
    /// A machine whose certificate was revoked is found and switched off.
    Revoked(usize),
    /// A new store is to take the place of one that is gone.
    Replacement {
        old: usize,
        new: usize,
    },
}

/// Stores that a life may have.
const MAX_STORES: usize = 8;
const MAX_EDGES: usize = 6;

impl World {
    fn up(&self) -> Vec<usize> {
        (0..self.stores.len()).filter(|&store| self.stores[store].is_up() && !self.stores[store].paused).collect()
    }

    /// Something goes wrong.
    pub(super) fn fault(&mut self) {
        if self.resting {
            return;
        }
        let gap = self.rng.range(1, self.fault_gap_us);
        self.queue.push(self.now_us + gap, Event::Fault);
        let kind = *self.rng.pick(&self.kinds.clone());
        let up = self.up();
        if up.is_empty() {
            return;
        }
        let victim = *self.rng.pick(&up);
        match kind {
            Kind::Crash => {
                self.oracle.count("fault: crash");
                self.crash_somehow(victim);
                self.boot_later(victim);
            }
            Kind::Blackout => {
                for store in up {
                    if self.rng.range(0, 3) > 0 {
                        self.oracle.count("fault: crash");
                        self.crash_somehow(store);
                        self.boot_later(store);
                    }
                }
            }
            Kind::Pause => {
                self.oracle.count("fault: pause");
                self.pause(victim);
                let until = self.now_us + self.rng.range(200, 15_000) * MS;
                self.queue.push(until, Event::Undo(Fault::Paused(victim)));
            }
            Kind::Wipe => self.wipe(victim),
            Kind::Partition | Kind::OneWay => self.cut_some(kind == Kind::OneWay),
            Kind::Reset => {
                let peers: Vec<usize> = self.stores[victim].connections.iter().copied().collect();
                if !peers.is_empty() {
                    let peer = *self.rng.pick(&peers);
                    self.oracle.count("fault: connection reset");
                    self.reset(victim, peer);
                }
            }
            Kind::Storm => {
                let before = self.net.weather;
                self.net.weather = Weather {
                    latency_us: self.rng.range(100, 200_000),
                    jitter_us: self.rng.range(100, 300_000),
                    lost: self.rng.range(0, 4000),
                    doubled: self.rng.range(0, 2000),
                    bytes_s: before.bytes_s,
                };
                let until = self.now_us + self.rng.range(500, 8000) * MS;
                self.queue.push(until, Event::Undo(Fault::Storm(before)));
            }
            Kind::SlowDisk => {
                self.oracle.count("fault: slow disk");
                self.stores[victim].slow = true;
                let until = self.now_us + self.rng.range(1, 12) * SECOND;
                self.queue.push(until, Event::Undo(Fault::Slow(victim)));
            }
            Kind::FullDisk => {
                self.oracle.count("fault: full disk");
                self.stores[victim].disk.full = true;
                let until = self.now_us + self.rng.range(1, 12) * SECOND;
                self.queue.push(until, Event::Undo(Fault::Full(victim)));
            }
            Kind::BitFlip => {
                let count = self.stores[victim].disk.count();
                if count > 0
                    && let Some(chunk) = self.stores[victim].disk.nth(self.rng.range(0, count as u64) as usize)
                {
                    self.oracle.count("fault: bit flip");
                    self.stores[victim].disk.flip(chunk);
                    self.oracle.destroyed(victim, chunk);
                }
            }
            Kind::ProducerCrash => {
                let edge = self.rng.range(0, self.edges.len() as u64) as usize;
                if self.edges[edge].machine.is_some() {
                    self.oracle.count("fault: producer crash");
                    self.edge_crash(edge);
                    let at = self.now_us + self.rng.range(100, 5000) * MS;
                    self.queue.push(at, Event::EdgeBoot { edge });
                }
            }
            Kind::Clone | Kind::LiveClone => self.clone_edge(kind == Kind::LiveClone),
            Kind::Join => {
                if self.stores.len() < MAX_STORES {
                    self.oracle.count("topology: join");
                    let store = self.add_store();
                    self.queue.push(self.now_us, Event::Boot { store });
                }
            }
            Kind::Drain => {
                // Somebody has to stay.
                let staying = self.staying();
                if staying.len() > 2 {
                    let leaving = *self.rng.pick(&staying);
                    self.oracle.count("topology: drain");
                    self.order(victim, Command::Drain(self.stores[leaving].node));
                }
            }
            Kind::Remove => self.remove(victim),
            Kind::Replace => self.replace(victim),
            Kind::Revoke => self.revoke(victim),
            Kind::Expire => {
                if hour(self.now_us) > 4 {
                    self.expire_some(victim);
                }
            }
        }
    }

    fn crash_somehow(&mut self, store: usize) {
        let silent = self.rng.range(0, 4) == 0;
        self.crash(store, silent);
    }

    fn boot_later(&mut self, store: usize) {
        let at = self.now_us + self.rng.range(50, 20_000) * MS;
        self.queue.push(at, Event::Boot { store });
    }

    fn order(&mut self, store: usize, command: Command) {
        self.inbox.push_back((store, Input::Command(command)));
    }

    /// Stores that are active members, as one of them sees it.
    fn staying(&self) -> Vec<usize> {
        use packetstream_protocol::cluster::MemberState;
        let all = 0..self.stores.len();
        all.filter(|&store| {
            !self.stores[store].retired
                && self.stores[store].cluster.as_ref().is_some_and(|cluster| {
                    cluster.members().get(self.stores[store].node).is_some_and(|m| m.state == MemberState::Active)
                })
        })
        .collect()
    }

    /// A disk is lost; the machine comes back with an empty one. Only one at a time: more may take the last copy, or the memory of
    /// most founders, who would found the cluster once more.
    fn wipe(&mut self, victim: usize) {
        let staying = self.staying();
        let forgetful = |store: &usize| {
            let of = &self.stores[*store];
            of.wiped && !of.retired && !staying.contains(store)
        };
        if !self.is_whole() || (0..self.stores.len()).any(|store| store != victim && forgetful(&store)) {
            return;
        }
        self.stores[victim].wiped = true;
        self.oracle.count("fault: wipe");
        self.crash_somehow(victim);
        self.empty(victim);
        self.boot_later(victim);
    }

    fn empty(&mut self, victim: usize) {
        let gone: Vec<_> = self.stores[victim].disk.chunks().map(|(chunk, _)| chunk).collect();
        for chunk in gone {
            self.oracle.destroyed(victim, chunk);
        }
        let full = self.stores[victim].disk.full;
        self.stores[victim].disk = Default::default();
        self.stores[victim].disk.full = full;
    }

    /// Whether every released chunk could lose one more copy.
    fn is_whole(&self) -> bool {
        let floor = self.oracle.expired_before;
        self.oracle
            .chunks
            .values()
            .all(|truth| truth.released.is_none() || truth.hour < floor || truth.copies.len() >= 2)
    }

    fn cut_some(&mut self, one_way: bool) {
        self.oracle.count(if one_way { "fault: one-way cut" } else { "fault: partition" });
        let places: Vec<Place> =
            (0..self.stores.len()).chain((0..self.edges.len()).map(|edge| PRODUCERS + edge)).collect();
        let side: Vec<bool> = places.iter().map(|_| self.rng.range(0, 2) == 0).collect();
        for (i, &from) in places.iter().enumerate() {
            for (j, &to) in places.iter().enumerate() {
                if side[i] != side[j] && (!one_way || side[i]) {
                    self.net.cut(from, to);
                }
            }
        }
        self.queue.push(self.now_us + 8 * SECOND, Event::BreakCut);
        let until = self.now_us + self.rng.range(500, 25_000) * MS;
        self.queue.push(until, Event::Undo(Fault::Cut));
    }

    /// Connections over links that are cut are given up at last.
    pub(super) fn break_cut(&mut self) {
        for a in 0..self.stores.len() {
            let peers: Vec<usize> = self.stores[a].connections.iter().copied().collect();
            for b in peers {
                if !self.net.open(a, b) || !self.net.open(b, a) {
                    self.reset(a, b);
                }
            }
        }
    }

    fn clone_edge(&mut self, live: bool) {
        if self.edges.len() >= MAX_EDGES {
            return;
        }
        let of = self.rng.range(0, self.edges.len() as u64) as usize;
        let (host, epoch, next_no) = (self.edges[of].host, self.edges[of].epoch, self.edges[of].next_no);
        let edge = if live {
            self.oracle.count("fault: cloned host, same epoch");
            let edge = self.add_edge(host, epoch);
            self.edges[edge].next_no = next_no;
            self.edges[edge].copied = true;
            edge
        } else {
            self.oracle.count("fault: cloned host");
            // Its counter is the same, but what is drawn at random at each start is not.
            self.add_edge(host, epoch + 10_000 * self.edges.len() as u32)
        };
        self.queue.push(self.now_us, Event::EdgeBoot { edge });
    }

    /// A machine is lost for good, and an operator says so.
    fn remove(&mut self, victim: usize) {
        let staying = self.staying();
        if staying.len() < 3 || !self.is_whole() || !staying.contains(&victim) {
            return;
        }
        let Some(&other) = staying.iter().find(|&&store| store != victim && !self.stores[store].paused) else { return };
        self.oracle.count("topology: remove");
        self.crash_somehow(victim);
        self.empty(victim);
        self.stores[victim].retired = true;
        self.order(other, Command::Remove(self.stores[victim].node));
    }

    /// A key was stolen: its machine goes on for a while, and nobody is to hear it.
    fn revoke(&mut self, victim: usize) {
        let staying = self.staying();
        if staying.len() < 3 || !self.is_whole() || !staying.contains(&victim) {
            return;
        }
        let Some(&other) = staying.iter().find(|&&store| store != victim && !self.stores[store].paused) else { return };
        self.oracle.count("topology: revoke");
        self.stores[victim].retired = true;
        self.order(other, Command::Revoke(self.stores[victim].node));
        let until = self.now_us + self.rng.range(1, 8) * SECOND;
        self.queue.push(until, Event::Undo(Fault::Revoked(victim)));
    }

    /// A machine is lost for good, another is to take its place.
    fn replace(&mut self, victim: usize) {
        let staying = self.staying();
        if staying.len() < 2 || self.stores.len() >= MAX_STORES || !self.is_whole() || !staying.contains(&victim) {
            return;
        }
        self.oracle.count("topology: replace");
        self.crash_somehow(victim);
        self.empty(victim);
        self.stores[victim].retired = true;
        let new = self.add_store();
        self.queue.push(self.now_us, Event::Boot { store: new });
        self.queue.push(self.now_us + 3 * SECOND, Event::Undo(Fault::Replacement { old: victim, new }));
    }

    pub(super) fn undo(&mut self, fault: Fault) {
        match fault {
            Fault::Paused(store) => self.resume(store),
            Fault::Cut => self.net.mend_all(),
            Fault::Storm(weather) => {
                if !self.resting {
                    self.net.weather = weather;
                }
            }
            Fault::Slow(store) => self.stores[store].slow = false,
            Fault::Full(store) => self.stores[store].disk.full = false,
            Fault::Revoked(store) => {
                self.crash_somehow(store);
                self.empty(store);
            }
            Fault::Replacement { old, new } => {
                let (old_id, new_id) = (self.stores[old].node, self.stores[new].node);
                let knows = |store: &usize| {
                    !self.stores[*store].paused
                        && self.stores[*store].cluster.as_ref().is_some_and(|cluster| {
                            cluster.members().is_present(new_id) && cluster.members().get(old_id).is_some()
                        })
                };
                match (0..self.stores.len()).filter(|&store| store != new).find(knows) {
                    Some(store) => self.order(store, Command::Replace { old: old_id, new: new_id }),
                    None => self.queue.push(self.now_us + 2 * SECOND, Event::Undo(Fault::Replacement { old, new })),
                }
            }
        }
    }
}
