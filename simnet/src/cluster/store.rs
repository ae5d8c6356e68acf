//! Stores: the machine of a node with its disk, its connections and the memory of its router, as the daemon has them.

use std::collections::{BTreeMap, BTreeSet};

use packetstream_core::{Cluster, Event as Told, HeldStream, Input, Moment, Output, WriteResult};
use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{Checkpoint, ClusterMessage, StreamCut};
use packetstream_protocol::ids::{ChunkId, ChunkNo, NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;

use super::disk::{Copy, Disk, Operation, Reply, Wrote};
use super::edge::hour;
use super::world::{Event, MS, SECOND, World};
use super::{PRODUCERS, Place, Plant};

/// What travels.
#[derive(Clone, Debug)]
pub(super) enum Wire {
    Cluster(Box<ClusterMessage>),
    /// From a router or a pusher to a store.
    Write {
        chunk: ChunkId,
        copy: Copy,
        push: Option<u64>,
    },
    Written {
        chunk: ChunkId,
        result: WriteResult,
        push: Option<u64>,
    },
    /// From a producer to a router.
    Dial {
        life: u32,
    },
    Dialled {
        life: u32,
    },
    Put {
        chunk: ChunkId,
        copy: Copy,
    },
    Released {
        chunk: ChunkId,
    },
    Refused {
        chunk: ChunkId,
    },
    Taken {
        chunk: ChunkId,
    },
    Read {
        query: u64,
        leg: u64,
        stream: StreamId,
        chunks: RangeSet,
    },
    Rows {
        query: u64,
        leg: u64,
        rows: Vec<(ChunkId, u64)>,
    },
}

impl Wire {
    pub(super) fn kind(&self) -> u64 {
        match self {
            Self::Cluster(_) => 0,
            Self::Write { .. } => 1,
            Self::Written { .. } => 2,
            Self::Dial { .. } => 3,
            Self::Dialled { .. } => 4,
            Self::Put { .. } => 5,
            Self::Released { .. } => 6,
            Self::Refused { .. } => 7,
            Self::Taken { .. } => 8,
            Self::Read { .. } => 9,
            Self::Rows { .. } => 10,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Write { copy, .. } | Self::Put { copy, .. } => u64::from(copy.bytes) + 60,
            Self::Rows { rows, .. } => 60 + rows.len() as u64 * 1000,
            _ => 120,
        }
    }
}

/// An analysis that runs.
#[derive(Debug, Default)]
pub(super) struct Task {
    cut: BTreeMap<StreamId, RangeSet>,
    /// What it has found: a sum over all that it has seen.
    sum: u64,
    rounds: u64,
}

/// A store.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) node: NodeId,
    pub(super) zone: String,
    pub(super) weight: u8,
    pub(super) drift_ppm: i64,
    pub(super) cluster: Option<Cluster>,
    pub(super) disk: Disk,
    pub(super) life: u32,
    pub(super) booted_us: u64,
    pub(super) paused: bool,
    /// What came while it was paused.
    held: Vec<(Place, Wire)>,
    pub(super) connections: BTreeSet<usize>,
    /// Whom it was told of when it began.
    told: Vec<usize>,
    /// Producers that are connected, in which of their lives.
    pub(super) clients: BTreeMap<usize, u32>,
    /// Chunks that its router has in memory, and of whom.
    retained: BTreeMap<ChunkId, (Copy, usize)>,
    writes: BTreeSet<(ChunkId, usize)>,
    pushes: BTreeMap<u64, (usize, BTreeSet<ChunkId>)>,
    pub(super) tasks: BTreeMap<(u16, Partition), Task>,
    wake_us: u64,
    syncing: bool,
    pub(super) slow: bool,
    /// Its disk was lost once, with all that it knew of the others.
    pub(super) wiped: bool,
    /// It will not be switched on again: it was removed or replaced for good.
    pub(super) retired: bool,
}

impl Store {
    pub(super) fn new(node: NodeId) -> Self {
        Self {
            node,
            zone: String::new(),
            weight: 1,
            drift_ppm: 0,
            cluster: None,
            disk: Disk::default(),
            life: 0,
            booted_us: 0,
            paused: false,
            held: Vec::new(),
            connections: BTreeSet::new(),
            told: Vec::new(),
            clients: BTreeMap::new(),
            retained: BTreeMap::new(),
            writes: BTreeSet::new(),
            pushes: BTreeMap::new(),
            tasks: BTreeMap::new(),
            wake_us: u64::MAX,
            syncing: false,
            slow: false,
            wiped: false,
            retired: false,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.cluster.is_some()
    }
}

impl World {
    pub(super) fn moment(&self, store: usize) -> Moment {
        let of = &self.stores[store];
        let passed = (self.now_us - of.booted_us) as i128;
        let drifted = passed * i128::from(1_000_000 + of.drift_ppm) / 1_000_000;
        Moment(drifted as u64 / MS)
    }

    pub(super) fn boot(&mut self, number: usize) {
        if self.stores[number].is_up() || self.stores[number].retired {
            return;
        }
        let config = self.config(number);
        let told = if config.seeds > 0 { self.told_of(number) } else { Vec::new() };
        let store = &mut self.stores[number];
        store.told = told;
        store.life += 1;
        store.booted_us = self.now_us;
        store.wake_us = u64::MAX;
        store.paused = false;
        let mut held: BTreeMap<StreamId, HeldStream> = BTreeMap::new();
        for (chunk, copy) in store.disk.chunks() {
            let stream = held.entry(chunk.stream).or_insert_with(|| HeldStream {
                stream: chunk.stream,
                have: RangeSet::new(),
                bytes: 0,
            });
            stream.have.insert(chunk.no.0);
            stream.bytes += u64::from(copy.bytes);
        }
        match Cluster::start(config, &store.disk.meta, held.into_values().collect(), Moment(0)) {
            Ok(cluster) => store.cluster = Some(cluster),
            Err(error) => return self.oracle.violate(format!("store {number} does not start: {error}")),
        }
        let life = store.life;
        self.queue.push(self.now_us + 20 * MS, Event::Dial { store: number, life });
        self.queue.push(self.now_us + 2 * SECOND, Event::Analyse { store: number, life });
        self.drain(number);
    }

    /// The process ends; what was not synced may be gone.
    pub(super) fn crash(&mut self, number: usize, silent: bool) {
        let store = &mut self.stores[number];
        if !store.is_up() {
            return;
        }
        let queued = store.disk.queued();
        let kept = self.rng.range(0, queued as u64 + 1) as usize;
        let torn = store.disk.tear(kept);
        if kept > 0 {
            self.oracle.count("fault: torn tail");
        }
        if kept < queued {
            self.oracle.count("fault: unsynced write lost");
        }
        for operation in torn {
            self.apply(number, operation, false);
        }
        let store = &mut self.stores[number];
        store.cluster = None;
        store.life += 1;
        store.held.clear();
        store.retained.clear();
        store.writes.clear();
        store.pushes.clear();
        store.tasks.clear();
        store.syncing = false;
        store.paused = false;
        let clients = std::mem::take(&mut store.clients);
        let peers = std::mem::take(&mut store.connections);
        // A killed process resets its connections; a machine without power says nothing.
        let delay = if silent { 12 * SECOND } else { self.net.weather.latency_us };
        for peer in peers {
            let life = self.stores[peer].life;
            self.queue.push(self.now_us + delay, Event::Broken { store: peer, life, peer: number });
        }
        for (edge, life) in clients {
            self.queue.push(self.now_us + delay, Event::LinkGone { edge, life, router: number });
        }
        self.queries.retain(|_, query| query.coordinator != number);
    }

    /// A connection turned out to be broken.
    pub(super) fn broken(&mut self, number: usize, life: u32, peer: usize) {
        if self.stores[number].life == life {
            self.hang_up(number, peer);
        }
    }

    fn hang_up(&mut self, number: usize, peer: usize) {
        if !self.stores[number].connections.remove(&peer) {
            return;
        }
        let node = self.stores[peer].node;
        self.inbox.push_back((number, Input::Disconnected(node)));
        let store = &mut self.stores[number];
        let writes: Vec<(ChunkId, usize)> = store.writes.iter().copied().filter(|&(_, to)| to == peer).collect();
        for write in writes {
            store.writes.remove(&write);
            self.inbox.push_back((number, Input::Written { chunk: write.0, by: node, result: WriteResult::Failed }));
        }
        let pushes: Vec<u64> = store.pushes.iter().filter(|(_, (to, _))| *to == peer).map(|(&push, _)| push).collect();
        for push in pushes {
            store.pushes.remove(&push);
            self.inbox.push_back((number, Input::PushEnded { push }));
        }
        self.peer_gone(number, peer);
    }

    /// Both ends of a connection learn that it is gone.
    pub(super) fn reset(&mut self, a: usize, b: usize) {
        self.hang_up(a, b);
        self.hang_up(b, a);
    }

    /// Looks for whom to connect to, every second.
    pub(super) fn dial(&mut self, number: usize, life: u32) {
        if self.stores[number].life != life {
            return;
        }
        self.queue.push(self.now_us + SECOND, Event::Dial { store: number, life });
        if self.stores[number].paused {
            return;
        }
        let Some(cluster) = &self.stores[number].cluster else { return };
        let mut known: BTreeSet<usize> =
            cluster.members().present().filter_map(|node| self.by_id.get(&node).copied()).collect();
        known.extend(self.told_of(number));
        for peer in known {
            if peer == number || self.stores[number].connections.contains(&peer) {
                continue;
            }
            let reachable = self.stores[peer].is_up()
                && !self.stores[peer].paused
                && !self.is_revoked(number, peer)
                && !self.is_revoked(peer, number);
            if reachable && self.net.open(number, peer) && self.net.open(peer, number) {
                // Of an earlier life of the peer, if anything.
                self.hang_up(peer, number);
                self.stores[number].connections.insert(peer);
                self.stores[peer].connections.insert(number);
                let (one, two) = (self.stores[number].node, self.stores[peer].node);
                for (here, there) in [(number, peer), (peer, number)] {
                    if self.stores[here].told.contains(&there) {
                        self.inbox.push_back((here, Input::Seed(self.stores[there].node)));
                    }
                }
                self.inbox.push_back((number, Input::Connected(two)));
                self.inbox.push_back((peer, Input::Connected(one)));
            }
        }
    }

    /// Whether a store knows that another one's certificate was revoked.
    fn is_revoked(&self, number: usize, peer: usize) -> bool {
        let cluster = self.stores[number].cluster.as_ref();
        cluster.is_some_and(|cluster| cluster.members().revoked().contains(&self.stores[peer].node))
    }

    pub(super) fn wake(&mut self, number: usize, life: u32) {
        if self.stores[number].life == life {
            self.stores[number].wake_us = u64::MAX;
            if !self.stores[number].paused {
                self.input(number, Input::Wake);
            }
        }
    }

    pub(super) fn pause(&mut self, number: usize) {
        self.stores[number].paused = true;
    }

    pub(super) fn resume(&mut self, number: usize) {
        if std::mem::take(&mut self.stores[number].paused) {
            for (from, wire) in std::mem::take(&mut self.stores[number].held) {
                self.arrive(from, number, wire);
            }
            self.input(number, Input::Wake);
            self.begin_sync(number);
        }
    }

    /// Tells a machine something and does what it wants done.
    pub(super) fn input(&mut self, number: usize, input: Input) {
        let now = self.moment(number);
        let Some(cluster) = self.stores[number].cluster.as_mut() else { return };
        cluster.handle(now, input);
        self.drain(number);
    }

    fn drain(&mut self, number: usize) {
        while let Some(output) = self.stores[number].cluster.as_mut().and_then(Cluster::poll_output) {
            self.output(number, output);
        }
        let now = self.moment(number);
        let store = &mut self.stores[number];
        if let Some(cluster) = &store.cluster
            && store.wake_us == u64::MAX
        {
            let wait_ms = cluster.poll_timeout().0.saturating_sub(now.0).max(1);
            let wait_us = (u128::from(wait_ms * MS) * 1_000_000 / (1_000_000 + store.drift_ppm) as u128) as u64;
            store.wake_us = self.now_us + wait_us;
            self.queue.push(store.wake_us, Event::Wake { store: number, life: store.life });
        }
    }

    fn output(&mut self, number: usize, output: Output) {
        if self.loud && !matches!(output, Output::Send { .. } | Output::Persist { .. }) {
            eprintln!("{:>9.3}   store {number}: {output:?}", self.now_us as f64 / 1e6);
        }
        match output {
            Output::Send { to, message } => {
                debug_assert!(message.check().is_ok());
                if let Some(&peer) = self.by_id.get(&to) {
                    self.send(number, peer, Wire::Cluster(Box::new(message)));
                }
            }
            Output::Persist { key, value } => {
                let meta = &mut self.stores[number].disk.meta;
                match value {
                    Some(value) => meta.insert(key, value),
                    None => meta.remove(&key),
                };
            }
            Output::Write { to, chunk } => self.write(number, to, chunk),
            Output::Released(chunk) => {
                // A map may have become the newest since, in the same moment.
                let live = self.stores[number].cluster.as_ref().map(|cluster| cluster.history().live());
                let quorum = live.into_iter().flatten().map(|map| map.quorum()).min();
                self.oracle.released(self.now_us, chunk, quorum.unwrap_or(1));
                self.answer_producer(number, chunk, Wire::Released { chunk });
            }
            Output::Refused(chunk) => {
                self.oracle.count("write: refused");
                self.answer_producer(number, chunk, Wire::Refused { chunk });
            }
            Output::Conflict(chunk) => self.answer_producer(number, chunk, Wire::Taken { chunk }),
            Output::Push { push, to, stream, chunks } => self.push(number, push, to, stream, &chunks),
            Output::Delete { stream, chunks } => self.delete(number, stream, chunks),
            Output::ExpireBefore(hour) => self.expire(number, hour),
            Output::Run { analysis, partition, from } => {
                let mut task = Task::default();
                if let Some(checkpoint) = from {
                    self.oracle.count("task: resumed from a checkpoint");
                    task.cut = checkpoint.cut.into_iter().map(|cut| (cut.stream, cut.chunks)).collect();
                    task.sum = checkpoint.state.try_into().map_or(0, u64::from_le_bytes);
                }
                self.stores[number].tasks.insert((analysis, partition), task);
            }
            Output::Stop { analysis, partition } => drop(self.stores[number].tasks.remove(&(analysis, partition))),
            Output::Planned { query, plan } => self.planned(number, query, plan),
            Output::Event(event) => self.told(number, &event),
        }
    }

    fn told(&mut self, number: usize, event: &Told) {
        match event {
            Told::MapChanged { map, .. } => {
                let Some(cluster) = &self.stores[number].cluster else { return };
                let Some(newest) = cluster.map() else { return };
                let mut hash = 0u64;
                for partition in (0..Partition::COUNT).step_by(61).filter_map(Partition::new) {
                    for owner in newest.owners(partition) {
                        hash = hash.rotate_left(5) ^ u64::from_le_bytes(owner.0[..8].try_into().unwrap_or_default());
                        hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    }
                }
                let two = cluster.history().live().len() > 1;
                self.oracle.map(*map, hash, self.stores[number].node);
                if two {
                    self.oracle.count("maps: two live");
                }
            }
            Told::TookOver { .. } => self.oracle.count("task: taken over"),
            Told::MemberChanged(member) => {
                use packetstream_protocol::cluster::{MemberState, Removal};
                match member.state {
                    MemberState::Removed(Removal::Drained) => self.oracle.count("topology: drained"),
                    MemberState::Removed(Removal::Dead | Removal::Abandoned) => {
                        self.oracle.count("topology: given up");
                    }
                    _ => {}
                }
            }
            Told::Revoked(node) => {
                if let Some(&peer) = self.by_id.get(node) {
                    self.reset(number, peer);
                }
            }
            Told::LimitReached(what) => self.oracle.violate(format!("store {number} reached {what}")),
            _ => {}
        }
    }

    /// Gives a chunk of the router's memory to a store.
    fn write(&mut self, number: usize, to: NodeId, chunk: ChunkId) {
        let Some(&peer) = self.by_id.get(&to) else { return };
        let Some(&(copy, _)) = self.stores[number].retained.get(&chunk) else {
            self.inbox.push_back((number, Input::Written { chunk, by: to, result: WriteResult::Failed }));
            return;
        };
        if self.stores[number].cluster.as_ref().is_some_and(|c| !c.owners(chunk.stream.host).contains(&to)) {
            self.oracle.count("write: sloppy");
        }
        if peer == number {
            return self.take(number, chunk, copy, Reply::Own);
        }
        let life = self.stores[number].life;
        self.stores[number].writes.insert((chunk, peer));
        self.send(number, peer, Wire::Write { chunk, copy, push: None });
        self.queue.push(self.now_us + 5 * SECOND, Event::WriteLate { store: number, life, chunk, to: peer });
    }

    pub(super) fn write_late(&mut self, number: usize, life: u32, chunk: ChunkId, to: usize) {
        if self.stores[number].life == life && self.stores[number].writes.remove(&(chunk, to)) {
            let by = self.stores[to].node;
            self.inbox.push_back((number, Input::Written { chunk, by, result: WriteResult::Failed }));
        }
    }

    /// A chunk is to go to the own disk.
    fn take(&mut self, number: usize, chunk: ChunkId, copy: Copy, reply: Reply) {
        if self.stores[number].disk.full {
            return self.reply(number, chunk, reply, WriteResult::Failed);
        }
        if self.plant == Plant::AckBeforeSync {
            self.reply(number, chunk, reply, WriteResult::Durable);
        }
        self.stores[number].disk.queue(Operation::Write { chunk, copy, reply });
        self.begin_sync(number);
    }

    fn begin_sync(&mut self, number: usize) {
        let store = &mut self.stores[number];
        if store.syncing || store.disk.queued() == 0 || !store.is_up() {
            return;
        }
        store.syncing = true;
        let wait = if store.slow { self.rng.range(300, 3000) } else { self.rng.range(2, 15) };
        let (life, at) = (store.life, self.now_us + wait * MS);
        self.queue.push(at, Event::Sync { store: number, life });
    }

    /// What waited is on the disk.
    pub(super) fn sync(&mut self, number: usize, life: u32) {
        if self.stores[number].life != life {
            return;
        }
        self.stores[number].syncing = false;
        if self.stores[number].paused {
            return;
        }
        for operation in self.stores[number].disk.take_queue() {
            self.apply(number, operation, true);
        }
    }

    fn apply(&mut self, number: usize, operation: Operation, alive: bool) {
        match operation {
            Operation::Write { chunk, copy, reply } => {
                let wrote = self.stores[number].disk.write(chunk, copy);
                if wrote == Wrote::Stored {
                    self.oracle.stored(number, chunk, copy.hash);
                }
                if !alive {
                    return;
                }
                match wrote {
                    Wrote::Stored => self.inbox.push_back((number, Input::Stored { chunk, bytes: copy.bytes })),
                    Wrote::Expired => {
                        let chunks = RangeSet::from_iter([chunk.no.0]);
                        self.inbox.push_back((number, Input::Expired { stream: chunk.stream, chunks }));
                    }
                    Wrote::Duplicate | Wrote::Conflict => {}
                }
                if self.plant != Plant::AckBeforeSync {
                    let conflict = wrote == Wrote::Conflict;
                    let result = if conflict { WriteResult::Conflict } else { WriteResult::Durable };
                    self.reply(number, chunk, reply, result);
                }
            }
            Operation::Delete { stream, chunks } => {
                for chunk in self.stores[number].disk.delete(stream, &chunks) {
                    self.oracle.count("move: delete");
                    self.oracle.deleted(number, chunk);
                }
                if alive {
                    self.inbox.push_back((number, Input::Deleted { stream, chunks }));
                }
            }
        }
    }

    fn reply(&mut self, number: usize, chunk: ChunkId, reply: Reply, result: WriteResult) {
        match reply {
            Reply::Own => {
                let by = self.stores[number].node;
                self.inbox.push_back((number, Input::Written { chunk, by, result }));
            }
            Reply::Peer { to, push } => self.send(number, to, Wire::Written { chunk, result, push }),
        }
    }

    fn answer_producer(&mut self, number: usize, chunk: ChunkId, wire: Wire) {
        if let Some((_, edge)) = self.stores[number].retained.remove(&chunk)
            && self.stores[number].clients.contains_key(&edge)
        {
            self.send(number, PRODUCERS + edge, wire);
        }
    }

    fn push(&mut self, number: usize, push: u64, to: NodeId, stream: StreamId, chunks: &RangeSet) {
        let Some(&peer) = self.by_id.get(&to) else { return };
        let mut sent = BTreeSet::new();
        for no in chunks.iter() {
            let chunk = ChunkId { stream, no: ChunkNo(no) };
            if let Some(copy) = self.read(number, chunk) {
                self.oracle.count("move: push");
                sent.insert(chunk);
                self.send(number, peer, Wire::Write { chunk, copy, push: Some(push) });
            }
        }
        if sent.is_empty() {
            self.inbox.push_back((number, Input::PushEnded { push }));
        } else {
            let life = self.stores[number].life;
            self.stores[number].pushes.insert(push, (peer, sent));
            self.queue.push(self.now_us + 5 * SECOND, Event::PushLate { store: number, life, push });
        }
    }

    pub(super) fn push_late(&mut self, number: usize, life: u32, push: u64) {
        if self.stores[number].life == life && self.stores[number].pushes.remove(&push).is_some() {
            self.inbox.push_back((number, Input::PushEnded { push }));
        }
    }

    /// Reads a copy; a damaged one is dropped and brought again.
    pub(super) fn read(&mut self, number: usize, chunk: ChunkId) -> Option<Copy> {
        match self.stores[number].disk.read(chunk) {
            Ok(copy) => copy,
            Err(()) => {
                self.stores[number].disk.remove(chunk);
                let chunks = RangeSet::from_iter([chunk.no.0]);
                self.inbox.push_back((number, Input::Lost { stream: chunk.stream, chunks }));
                None
            }
        }
    }

    fn delete(&mut self, number: usize, stream: StreamId, chunks: RangeSet) {
        let owners: Vec<usize> = match &self.stores[number].cluster {
            Some(cluster) => {
                cluster.owners(stream.host).iter().filter_map(|node| self.by_id.get(node).copied()).collect()
            }
            None => Vec::new(),
        };
        for no in chunks.iter() {
            self.oracle.deleting(number, ChunkId { stream, no: ChunkNo(no) }, &owners);
        }
        self.stores[number].disk.queue(Operation::Delete { stream, chunks });
        self.begin_sync(number);
    }

    fn expire(&mut self, number: usize, hour: u32) {
        self.oracle.count("retention");
        let mut gone: BTreeMap<StreamId, RangeSet> = BTreeMap::new();
        for chunk in self.stores[number].disk.expire(hour) {
            self.oracle.aged(number, chunk);
            gone.entry(chunk.stream).or_default().insert(chunk.no.0);
        }
        for (stream, chunks) in gone {
            self.inbox.push_back((number, Input::Expired { stream, chunks }));
        }
    }

    pub(super) fn arrive(&mut self, from: Place, to: Place, wire: Wire) {
        if to >= PRODUCERS {
            return self.arrive_at_edge(to - PRODUCERS, from, wire);
        }
        if !self.stores[to].is_up() {
            if let Wire::Dial { life } = wire {
                self.queue.push(self.now_us + MS, Event::LinkGone { edge: from - PRODUCERS, life, router: to });
            }
            return;
        }
        if self.stores[to].paused {
            self.stores[to].held.push((from, wire));
            return;
        }
        if from < PRODUCERS && self.is_revoked(to, from) {
            return self.oracle.count("revoked: not heard");
        }
        match wire {
            Wire::Cluster(message) => {
                let from = self.stores[from].node;
                self.inbox.push_back((to, Input::Message { from, message: *message }));
            }
            Wire::Write { chunk, copy, push } => self.take(to, chunk, copy, Reply::Peer { to: from, push }),
            Wire::Written { chunk, result, push: Some(push) } => {
                let _ = result;
                let ended = self.stores[to].pushes.get_mut(&push).is_some_and(|(_, open)| {
                    open.remove(&chunk);
                    open.is_empty()
                });
                if ended {
                    self.stores[to].pushes.remove(&push);
                    self.inbox.push_back((to, Input::PushEnded { push }));
                }
            }
            Wire::Written { chunk, result, push: None } => {
                if self.stores[to].writes.remove(&(chunk, from)) {
                    let by = self.stores[from].node;
                    self.inbox.push_back((to, Input::Written { chunk, by, result }));
                }
            }
            Wire::Dial { life } => {
                self.stores[to].clients.insert(from - PRODUCERS, life);
                self.send(to, from, Wire::Dialled { life });
            }
            Wire::Put { chunk, copy } => {
                let edge = from - PRODUCERS;
                match self.stores[to].retained.get_mut(&chunk) {
                    Some((other, _)) if other.hash != copy.hash => self.send(to, from, Wire::Taken { chunk }),
                    // The same one twice at once is routed once.
                    Some((_, waiting)) => *waiting = edge,
                    None => {
                        self.stores[to].retained.insert(chunk, (copy, edge));
                        self.inbox.push_back((to, Input::Route { chunk, bytes: copy.bytes }));
                    }
                }
            }
            Wire::Read { query, leg, stream, chunks } => {
                let mut rows = Vec::new();
                for no in chunks.iter() {
                    let chunk = ChunkId { stream, no: ChunkNo(no) };
                    if let Some(copy) = self.read(to, chunk) {
                        rows.push((chunk, copy.hash));
                    }
                }
                self.send(to, from, Wire::Rows { query, leg, rows });
            }
            Wire::Rows { query, leg, rows } => self.rows(query, leg, rows),
            Wire::Dialled { .. } | Wire::Released { .. } | Wire::Refused { .. } | Wire::Taken { .. } => {}
        }
    }

    /// The analyses of a store go on.
    pub(super) fn analyse(&mut self, number: usize, life: u32) {
        if self.stores[number].life != life {
            return;
        }
        self.queue.push(self.now_us + 2 * SECOND, Event::Analyse { store: number, life });
        if self.stores[number].paused {
            return;
        }
        // Whoever reads finds what is damaged.
        if self.rng.range(0, 4) == 0 {
            let flipped: Vec<ChunkId> = self.stores[number].disk.flipped().collect();
            for chunk in flipped {
                self.read(number, chunk);
            }
        }
        let store = &mut self.stores[number];
        let mut checkpoints = Vec::new();
        for (&(analysis, partition), task) in &mut store.tasks {
            for (chunk, copy) in store.disk.chunks().filter(|(chunk, _)| chunk.stream.host.partition() == partition) {
                if task.cut.entry(chunk.stream).or_default().insert(chunk.no.0) {
                    task.sum = task.sum.wrapping_add(copy.hash);
                    self.analysed.insert(chunk);
                }
            }
            task.rounds += 1;
            if task.rounds.is_multiple_of(3) {
                let cut = task.cut.iter().map(|(&stream, chunks)| StreamCut { stream, chunks: chunks.clone() });
                checkpoints.push(Checkpoint {
                    analysis,
                    partition,
                    cut: cut.collect(),
                    runner: store.node,
                    map: Default::default(),
                    incarnation: 0,
                    seq: 0,
                    state: task.sum.to_le_bytes().to_vec(),
                });
            }
        }
        for checkpoint in checkpoints {
            self.inbox.push_back((number, Input::Checkpoint(checkpoint)));
        }
    }

    /// An operator moves the floor of retention, as far as every clock agrees.
    pub(super) fn expire_some(&mut self, number: usize) {
        let floor = hour(self.now_us).saturating_sub(3);
        if floor > self.oracle.expired_before {
            self.oracle.expired_before = floor;
            let command = packetstream_core::Command::ExpireBefore(floor);
            self.inbox.push_back((number, Input::Command(command)));
        }
    }
}
