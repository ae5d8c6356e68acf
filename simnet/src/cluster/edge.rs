//! Producers: captures with a spool that send to any store.

use std::collections::BTreeMap;

use packetstream_core::Moment;
use packetstream_core::producer::{Producer, ProducerOutput};
use packetstream_protocol::ids::{ChunkId, ChunkNo, Epoch, HostId, StreamId};

use super::PRODUCERS;
use super::disk::Copy;
use super::store::Wire;
use super::world::{Event, MS, SECOND, World};

/// A capture and its spool.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) host: HostId,
    pub(super) epoch: u32,
    pub(super) next_no: u64,
    pub(super) machine: Option<Producer>,
    /// On its disk.
    pub(super) spool: BTreeMap<ChunkId, Copy>,
    pub(super) life: u32,
    pub(super) booted_us: u64,
    wake_us: u64,
    /// Told apart from other captures of the same host.
    salt: u64,
    /// Runs on with this epoch instead of a new one: it is a copy of a running machine.
    pub(super) copied: bool,
    pub(super) link: Option<usize>,
}

/// Virtual time as the hours that retention counts in.
pub(super) fn hour(now_us: u64) -> u32 {
    (now_us / (5 * SECOND)) as u32 + 1
}

impl World {
    pub(super) fn add_edge(&mut self, host: HostId, epoch: u32) -> usize {
        let salt = self.edges.len() as u64;
        self.edges.push(Edge {
            host,
            epoch,
            next_no: 0,
            machine: None,
            spool: BTreeMap::new(),
            life: 0,
            booted_us: 0,
            wake_us: u64::MAX,
            salt,
            copied: false,
            link: None,
        });
        self.edges.len() - 1
    }

    fn edge_moment(&self, edge: usize) -> Moment {
        Moment((self.now_us - self.edges[edge].booted_us) / MS)
    }

    pub(super) fn edge_boot(&mut self, number: usize) {
        let seed = self.seed ^ (number as u64) << 40 ^ u64::from(self.edges[number].life);
        let routers = self.stores.len();
        let edge = &mut self.edges[number];
        if edge.machine.is_some() {
            return;
        }
        edge.life += 1;
        edge.booted_us = self.now_us;
        edge.wake_us = u64::MAX;
        edge.link = None;
        if !std::mem::take(&mut edge.copied) {
            edge.epoch += 1;
            edge.next_no = 0;
        }
        let mut machine = Producer::new(routers, seed, Moment(0));
        for (&chunk, copy) in &edge.spool {
            machine.handle_sealed(Moment(0), chunk, copy.bytes);
        }
        machine.handle_wake(Moment(0));
        edge.machine = Some(machine);
        let life = edge.life;
        self.drain_edge(number);
        if !self.resting {
            self.queue.push(self.now_us + 50 * MS, Event::Seal { edge: number, life });
        }
    }

    pub(super) fn edge_crash(&mut self, number: usize) {
        let edge = &mut self.edges[number];
        edge.machine = None;
        edge.life += 1;
        edge.link = None;
    }

    pub(super) fn edge_wake(&mut self, number: usize, life: u32) {
        let now = self.edge_moment(number);
        let edge = &mut self.edges[number];
        if edge.life == life {
            edge.wake_us = u64::MAX;
            self.tell_edge(number, |machine| machine.handle_wake(now));
        }
    }

    pub(super) fn edge_routers(&mut self, number: usize, routers: usize) {
        let now = self.edge_moment(number);
        self.tell_edge(number, |machine| machine.handle_routers(now, routers));
    }

    fn tell_edge(&mut self, number: usize, tell: impl FnOnce(&mut Producer)) {
        if let Some(machine) = self.edges[number].machine.as_mut() {
            tell(machine);
            self.drain_edge(number);
        }
    }

    fn drain_edge(&mut self, number: usize) {
        while let Some(output) = self.edges[number].machine.as_mut().and_then(Producer::poll_output) {
            match output {
                ProducerOutput::Connect { router } => {
                    let life = self.edges[number].life;
                    self.send(PRODUCERS + number, router, Wire::Dial { life });
                }
                ProducerOutput::Disconnect { router } => {
                    self.edges[number].link = None;
                    let _ = router;
                }
                ProducerOutput::Send(chunk) => {
                    if let (Some(router), Some(&copy)) = (self.edges[number].link, self.edges[number].spool.get(&chunk))
                    {
                        self.send(PRODUCERS + number, router, Wire::Put { chunk, copy });
                    }
                }
                ProducerOutput::Release(chunk) => drop(self.edges[number].spool.remove(&chunk)),
            }
        }
        let booted = self.edges[number].booted_us;
        if let Some(machine) = &self.edges[number].machine {
            let at_us = (booted + machine.poll_timeout().0 * MS).max(self.now_us + MS);
            if at_us < self.edges[number].wake_us {
                let life = self.edges[number].life;
                self.edges[number].wake_us = at_us;
                self.queue.push(at_us, Event::EdgeWake { edge: number, life });
            }
        }
    }

    /// Something was captured.
    pub(super) fn seal(&mut self, number: usize, life: u32) {
        if self.edges[number].life != life || self.resting {
            return;
        }
        for _ in 0..self.rng.range(1, 4) {
            let bytes = self.rng.range(500, 60_000) as u32;
            self.produce(number, bytes);
        }
        let gap = self.rng.range(100, 1200) * MS;
        self.queue.push(self.now_us + gap, Event::Seal { edge: number, life });
    }

    fn produce(&mut self, number: usize, bytes: u32) {
        let hour = hour(self.now_us);
        let now = self.edge_moment(number);
        let edge = &mut self.edges[number];
        let chunk =
            ChunkId { stream: StreamId { host: edge.host, epoch: Epoch(edge.epoch) }, no: ChunkNo(edge.next_no) };
        edge.next_no += 1;
        let hash = content(chunk, edge.salt);
        edge.spool.insert(chunk, Copy { hash, bytes, hour });
        self.oracle.produced(chunk, hash, hour);
        self.tell_edge(number, |machine| {
            machine.handle_sealed(now, chunk, bytes);
        });
    }

    pub(super) fn arrive_at_edge(&mut self, number: usize, from: usize, wire: Wire) {
        let now = self.edge_moment(number);
        match wire {
            Wire::Dialled { life } if self.edges[number].life == life => {
                self.edges[number].link = Some(from);
                self.tell_edge(number, |machine| machine.handle_connected(now, from));
            }
            Wire::Released { chunk } => {
                self.flows(number);
                self.tell_edge(number, |machine| machine.handle_released(now, chunk));
            }
            Wire::Refused { chunk } => self.tell_edge(number, |machine| machine.handle_refused(now, chunk)),
            Wire::Taken { chunk } => self.name_taken(number, chunk),
            _ => {}
        }
    }

    /// The name of a chunk is taken: this capture is one of two. What is left is told again under another epoch.
    fn name_taken(&mut self, number: usize, chunk: ChunkId) {
        self.oracle.count("write: conflict");
        let edge = &mut self.edges[number];
        if !edge.spool.contains_key(&chunk) {
            return;
        }
        if edge.epoch == chunk.stream.epoch.0 {
            edge.epoch += 100 + edge.salt as u32;
            edge.next_no = 0;
        }
        let Some(copy) = edge.spool.remove(&chunk) else { return };
        self.tell_edge(number, |machine| machine.handle_dropped(chunk));
        self.produce(number, copy.bytes);
    }

    pub(super) fn link_gone(&mut self, number: usize, life: u32, router: usize) {
        let now = self.edge_moment(number);
        if self.edges[number].life != life {
            return;
        }
        // A connection that ended, or one that was refused.
        if self.edges[number].link == Some(router) {
            self.edges[number].link = None;
        }
        self.tell_edge(number, |machine| machine.handle_disconnected(now, router));
    }
}

/// What stands for the bytes of a chunk.
fn content(chunk: ChunkId, salt: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64 ^ salt;
    for &byte in chunk.stream.host.as_bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    for part in [u64::from(chunk.stream.epoch.0), chunk.no.0] {
        hash = (hash ^ part).wrapping_mul(0x0100_0000_01b3);
        hash ^= hash >> 29;
    }
    hash
}
