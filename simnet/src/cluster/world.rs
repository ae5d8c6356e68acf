//! One life: the machines, the events and the clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use packetstream_core::placement::MapCache;
use packetstream_core::{Config, Input, Planted};
use packetstream_protocol::ids::{HostId, NodeId};

use super::edge::Edge;
use super::fault::{Fault, Kind};
use super::flow::{Flow, PATIENCE_US};
use super::net::{Network, Weather};
use super::oracle::Oracle;
use super::query::Query;
use super::queue::Queue;
use super::rest::{ANSWERED_WITHIN, REST_AT_MOST};
use super::store::{Store, Wire};
use super::{PRODUCERS, Place, Plant, Report};
use crate::traffic::rng::Rng;

pub(super) const SECOND: u64 = 1_000_000;
pub(super) const MS: u64 = 1000;

/// Something that happens.
#[derive(Debug)]
pub(super) enum Event {
    Boot { store: usize },
    Wake { store: usize, life: u32 },
    Dial { store: usize, life: u32 },
    Sync { store: usize, life: u32 },
    Analyse { store: usize, life: u32 },
    WriteLate { store: usize, life: u32, chunk: packetstream_protocol::ids::ChunkId, to: usize },
    PushLate { store: usize, life: u32, push: u64 },
    LegLate { store: usize, life: u32, query: u64, leg: u64 },
    Arrive { from: Place, to: Place, wire: Wire },
    Broken { store: usize, life: u32, peer: usize },
    LinkGone { edge: usize, life: u32, router: usize },
    EdgeBoot { edge: usize },
    EdgeWake { edge: usize, life: u32 },
    Seal { edge: usize, life: u32 },
    Fault,
    Undo(Fault),
    BreakCut,
    Flow,
    Step(Step),
    Query,
    Rest,
    Look,
}

/// What a script lets happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Boot(usize),
    /// `kill -9`: the others' connections are reset at once.
    Kill(usize),
}

/// See the module.
pub struct World {
    pub(super) seed: u64,
    pub(super) now_us: u64,
    pub(super) queue: Queue<Event>,
    pub(super) rng: Rng,
    pub(super) net: Network,
    pub(super) oracle: Oracle,
    pub(super) stores: Vec<Store>,
    pub(super) edges: Vec<Edge>,
    pub(super) queries: BTreeMap<u64, Query>,
    pub(super) next_query: u64,
    /// What machines are to be told, one after the other.
    pub(super) inbox: VecDeque<(usize, Input)>,
    pub(super) by_id: BTreeMap<NodeId, usize>,
    pub(super) plant: Plant,
    pub(super) kinds: Vec<Kind>,
    pub(super) fault_gap_us: u64,
    /// Faults have stopped; everything is to come to rest.
    pub(super) resting: bool,
    /// Everything has come to rest, and every store was asked for everything.
    pub(super) asked_at_rest: bool,
    pub(super) rest_until_us: u64,
    pub(super) grace_s: u64,
    pub(super) zones: u64,
    /// Stores that were there at the beginning: whom everybody is told to begin with.
    pub(super) seeds: usize,
    /// The first one begins alone and the others are told of it; otherwise all are told of all.
    pub(super) founded: bool,
    /// Nothing fails: no query may call itself incomplete.
    pub(super) calm: bool,
    /// Whether to tell what happens, on standard error.
    pub(super) loud: bool,
    pub(super) maps: Arc<MapCache>,
    pub(super) flow: Flow,
    /// Every chunk that an analysis has seen.
    pub(super) analysed: BTreeSet<packetstream_protocol::ids::ChunkId>,
    trace: u64,
    events: u64,
}

/// The number of a store as the name of a node.
fn node_id(seed: u64, store: usize) -> NodeId {
    let mut rng = Rng::of(seed, "node", store as u64);
    let mut id = [0; 32];
    for part in id.chunks_mut(8) {
        part.copy_from_slice(&rng.u64().to_le_bytes());
    }
    NodeId(id)
}

impl World {
    /// The beginning of the life of a seed.
    #[must_use]
    pub fn new(seed: u64, plant: Plant) -> Self {
        let mut rng = Rng::of(seed, "world", 0);
        let stores = *rng.pick(&[1, 2, 2, 3, 3, 3, 3, 4, 4, 5]);
        let edges = rng.range(1, 4) as usize;
        let mut kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|_| rng.range(0, 3) == 0).collect();
        if kinds.is_empty() {
            kinds.push(Kind::Crash);
        }
        let chaos = rng.range(15, 40) * SECOND;
        let mut world = Self {
            seed,
            now_us: 0,
            queue: Queue::default(),
            net: Network::new(Rng::of(seed, "network", 0)),
            oracle: Oracle::default(),
            stores: Vec::new(),
            edges: Vec::new(),
            queries: BTreeMap::new(),
            next_query: 1,
            inbox: VecDeque::new(),
            by_id: BTreeMap::new(),
            plant,
            kinds,
            fault_gap_us: rng.range(500, 5000) * MS,
            resting: false,
            asked_at_rest: false,
            rest_until_us: chaos + REST_AT_MOST,
            grace_s: *rng.pick(&[8, 15, 60, 300]),
            zones: rng.range(0, 4),
            seeds: stores,
            founded: rng.range(0, 2) == 0,
            calm: false,
            loud: false,
            maps: Arc::default(),
            flow: Flow::within(PATIENCE_US),
            analysed: BTreeSet::new(),
            trace: 0xcbf2_9ce4_8422_2325,
            events: 0,
            rng,
        };
        world.draw_weather();
        for store in 0..stores {
            world.add_store();
            let at = if store == 0 { 0 } else { world.rng.range(0, 3 * SECOND) };
            world.queue.push(at, Event::Boot { store });
        }
        for edge in 0..edges {
            let host = HostId::from_bytes(Rng::of(seed, "host", edge as u64).u64_pair());
            world.add_edge(host, 0);
            let at = world.rng.range(0, 2 * SECOND);
            world.queue.push(at, Event::EdgeBoot { edge });
        }
        world.queue.push(3 * SECOND, Event::Fault);
        world.queue.push(2 * SECOND, Event::Query);
        world.queue.push(SECOND, Event::Flow);
        world.queue.push(chaos, Event::Rest);
        world
    }

    /// A life in which nothing fails: stores join and leave as it is planned, while producers send and disks and answers may be
    /// slow. No query may call itself incomplete.
    #[must_use]
    pub fn calm(seed: u64) -> Self {
        let mut world = Self::new(seed, Plant::None);
        world.calm = true;
        world.grace_s = 300;
        world.kinds = vec![Kind::Join, Kind::Drain];
        if world.rng.range(0, 2) == 0 {
            world.kinds.push(Kind::SlowDisk);
        }
        world.fault_gap_us = world.rng.range(1000, 8000) * MS;
        world.net.weather = Weather {
            latency_us: *world.rng.pick(&[300, 2000, 20_000]),
            jitter_us: *world.rng.pick(&[200, 5000, 50_000, 200_000]),
            lost: *world.rng.pick(&[0, 0, 10, 100]),
            doubled: *world.rng.pick(&[0, 0, 10, 100]),
            bytes_s: *world.rng.pick(&[100 << 20, 10 << 20]),
        };
        world
    }

    /// A life in which only this happens, on a quiet network, to stores of which the first begins alone and the others are told of
    /// it; one producer sends all the time and is never to wait longer than this.
    #[must_use]
    pub fn scripted(seed: u64, stores: usize, patience_ms: u64, steps: &[(u64, Step)]) -> Self {
        let mut world = Self::new(seed, Plant::None);
        world.queue = Queue::default();
        world.net = Network::new(Rng::of(seed, "network", 0));
        world.oracle = Oracle::default();
        (world.stores, world.edges, world.by_id) = (Vec::new(), Vec::new(), BTreeMap::new());
        (world.founded, world.zones, world.seeds, world.grace_s) = (true, 0, stores, 300);
        world.flow = Flow::within(patience_ms * MS);
        for store in 0..stores {
            world.add_store();
            (world.stores[store].weight, world.stores[store].drift_ppm) = (1, 0);
        }
        world.add_edge(HostId::from_bytes(Rng::of(seed, "host", 0).u64_pair()), 0);
        world.queue.push(0, Event::EdgeBoot { edge: 0 });
        world.queue.push(0, Event::Flow);
        let mut end = 0;
        for &(at_ms, step) in steps {
            world.queue.push(at_ms * MS, Event::Step(step));
            end = end.max(at_ms * MS);
        }
        world.queue.push(end + 20 * SECOND, Event::Rest);
        world.rest_until_us = end + 20 * SECOND + REST_AT_MOST;
        world
    }

    /// Tells what happens, on standard error.
    #[must_use]
    pub fn aloud(mut self) -> Self {
        self.loud = true;
        self
    }

    /// Whom a store is told of at its first start.
    pub(super) fn told_of(&self, store: usize) -> Vec<usize> {
        let all = match store {
            // Whoever comes later is told of all that are there, and so is who begins again.
            _ if store >= self.seeds || self.stores[0].retired || self.stores[store].life > 0 => 0..self.stores.len(),
            _ if self.founded => 0..1,
            _ => 0..self.seeds,
        };
        all.filter(|&other| other != store && !self.stores[other].retired).collect()
    }

    fn draw_weather(&mut self) {
        let rng = &mut self.rng;
        if rng.range(0, 2) == 0 {
            return;
        }
        self.net.weather = Weather {
            latency_us: *rng.pick(&[100, 300, 2000, 20_000]),
            jitter_us: *rng.pick(&[100, 1000, 5000, 50_000]),
            lost: *rng.pick(&[0, 10, 100, 500]),
            doubled: *rng.pick(&[0, 10, 100, 500]),
            bytes_s: *rng.pick(&[100 << 20, 10 << 20, 2 << 20]),
        };
        if self.net.weather.bytes_s < 10 << 20 {
            self.oracle.count("fault: narrow bandwidth");
        }
    }

    /// A store that is not switched on yet.
    pub(super) fn add_store(&mut self) -> usize {
        let number = self.stores.len();
        let node = node_id(self.seed, number);
        self.by_id.insert(node, number);
        let mut store = Store::new(node);
        if self.rng.range(0, 3) == 0 {
            store.drift_ppm = self.rng.range(0, 100_000) as i64 - 50_000;
            self.oracle.count("fault: clock drift");
        }
        store.zone = if self.zones == 0 { String::new() } else { format!("z{}", self.rng.range(0, self.zones)) };
        store.weight = *self.rng.pick(&[1, 1, 1, 2, 4]);
        self.stores.push(store);
        let routers = self.stores.len();
        for edge in 0..self.edges.len() {
            self.edge_routers(edge, routers);
        }
        number
    }

    pub(super) fn config(&self, store: usize) -> Config {
        let of = &self.stores[store];
        Config {
            name: format!("n{store}"),
            zone: of.zone.clone(),
            weight: of.weight,
            addresses: vec![format!("10.0.0.{store}:7000")],
            seeds: if store == 0 && self.founded && of.life == 0 { 0 } else { self.told_of(store).len() },
            seed: self.seed.wrapping_mul(31).wrapping_add(store as u64),
            grace: std::time::Duration::from_secs(self.grace_s),
            move_rate_bytes_s: 8 << 20,
            analyses: vec![1],
            maps: Some(self.maps.clone()),
            planted: Planted {
                delete_before_proof: self.plant == Plant::DeleteBeforeProof,
                map_by_arrival: self.plant == Plant::MapByArrival,
            },
            ..Config::new(of.node)
        }
    }

    /// Whether everybody has answered at rest. The last answer may be one to what was asked before, or end with its coordinator.
    fn is_over(&self) -> bool {
        self.asked_at_rest && self.queries.is_empty()
    }

    /// Lives to the end.
    #[must_use]
    pub fn run(mut self) -> Report {
        while !self.is_over() && self.oracle.violation.is_none() {
            let Some((at_us, event)) = self.queue.pop() else { break };
            self.now_us = at_us;
            if at_us > self.rest_until_us + ANSWERED_WITHIN {
                let open: Vec<u64> = self.queries.keys().copied().collect();
                self.oracle.violate(format!("no end: queries {open:?} are under way"));
            }
            self.events += 1;
            self.note(&event);
            if self.loud
                && !matches!(
                    event,
                    Event::Wake { .. } | Event::EdgeWake { .. } | Event::Sync { .. } | Event::Dial { .. } | Event::Flow
                )
            {
                eprintln!("{:>9.3} {event:?}", self.now_us as f64 / 1e6);
            }
            self.happen(event);
            self.deliver_inbox();
        }
        if self.loud && self.oracle.violation.is_some() {
            self.describe();
        }
        for (what, count) in [
            ("fault: message lost", self.net.lost),
            ("fault: message doubled", self.net.doubled),
            ("fault: message overtaken", self.net.overtaken),
        ] {
            if count > 0 {
                *self.oracle.counts.entry(what).or_default() += count;
            }
        }
        Report {
            seed: self.seed,
            trace: self.trace,
            events: self.events,
            seconds: self.now_us / SECOND,
            violation: self.oracle.violation.take(),
            counts: self.oracle.counts,
        }
    }

    /// How every store sees the cluster, on standard error.
    fn describe(&self) {
        for (number, store) in self.stores.iter().enumerate() {
            let Some(cluster) = &store.cluster else {
                eprintln!("store {number} {}: down, retired {}", store.node.short(), store.retired);
                continue;
            };
            eprintln!("store {number} {}: caught up {}", store.node.short(), cluster.is_caught_up());
            for row in cluster.status().members {
                let (of, tracker) = (&row.member, cluster.history().tracker(row.member.node));
                eprintln!(
                    "  {} {} version {} {:?} {:?} reachable {} ack {:?} sync {:?}",
                    of.name,
                    of.node.short(),
                    of.version,
                    of.state,
                    row.health,
                    row.reachable,
                    tracker.map(|tracker| tracker.ack.sum),
                    tracker.map(|tracker| tracker.sync.sum),
                );
            }
            for map in cluster.history().live() {
                let slots: Vec<String> = map.slots().iter().map(|slot| slot.node.short()).collect();
                eprintln!("  map {} {:016x}: {}", map.id().sum, map.id().hash, slots.join(" "));
            }
            eprintln!("  holds {:?}", cluster.holdings());
            eprintln!("  routed {:?}, transfers {:?}", cluster.status().routed, cluster.status().transfers);
        }
    }

    fn note(&mut self, event: &Event) {
        let (kind, a, b) = match event {
            Event::Boot { store } => (1, *store, 0),
            Event::Wake { store, .. } => (2, *store, 0),
            Event::Dial { store, .. } => (3, *store, 0),
            Event::Sync { store, .. } => (4, *store, 0),
            Event::Analyse { store, .. } => (5, *store, 0),
            Event::WriteLate { store, to, .. } => (6, *store, *to),
            Event::PushLate { store, .. } => (7, *store, 0),
            Event::LegLate { store, .. } => (8, *store, 0),
            Event::Arrive { from, to, wire } => (9 + wire.kind(), *from, *to),
            Event::Broken { store, peer, .. } => (50, *store, *peer),
            Event::LinkGone { edge, router, .. } => (51, *edge, *router),
            Event::EdgeBoot { edge } => (52, *edge, 0),
            Event::EdgeWake { edge, .. } => (53, *edge, 0),
            Event::Seal { edge, .. } => (54, *edge, 0),
            Event::Fault => (55, 0, 0),
            Event::Undo(_) => (56, 0, 0),
            Event::BreakCut => (57, 0, 0),
            Event::Query => (58, 0, 0),
            Event::Rest => (59, 0, 0),
            Event::Look => (60, 0, 0),
            Event::Flow => (61, 0, 0),
            Event::Step(Step::Boot(store)) => (62, *store, 0),
            Event::Step(Step::Kill(store)) => (63, *store, 0),
        };
        for part in [self.now_us, kind, a as u64, b as u64] {
            self.trace = (self.trace ^ part).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Boot { store } => self.boot(store),
            Event::Wake { store, life } => self.wake(store, life),
            Event::Dial { store, life } => self.dial(store, life),
            Event::Sync { store, life } => self.sync(store, life),
            Event::Analyse { store, life } => self.analyse(store, life),
            Event::WriteLate { store, life, chunk, to } => self.write_late(store, life, chunk, to),
            Event::PushLate { store, life, push } => self.push_late(store, life, push),
            Event::LegLate { store, life, query, leg } => self.leg_late(store, life, query, leg),
            Event::Arrive { from, to, wire } => self.arrive(from, to, wire),
            Event::Broken { store, life, peer } => self.broken(store, life, peer),
            Event::LinkGone { edge, life, router } => self.link_gone(edge, life, router),
            Event::EdgeBoot { edge } => self.edge_boot(edge),
            Event::EdgeWake { edge, life } => self.edge_wake(edge, life),
            Event::Seal { edge, life } => self.seal(edge, life),
            Event::Fault => self.fault(),
            Event::Undo(fault) => self.undo(fault),
            Event::BreakCut => self.break_cut(),
            Event::Flow => self.watch_flow(),
            Event::Step(Step::Boot(store)) => self.boot(store),
            Event::Step(Step::Kill(store)) => self.crash(store, false),
            Event::Query => self.ask_something(),
            Event::Rest => self.rest(),
            Event::Look => self.look(),
        }
    }

    /// Sends something over the network.
    pub(super) fn send(&mut self, from: Place, to: Place, wire: Wire) {
        let bytes = wire.bytes();
        let sure = from >= PRODUCERS || to >= PRODUCERS || !matches!(wire, Wire::Cluster(_));
        let [first, second] = self.net.send(self.now_us, from, to, bytes, sure);
        if let Some(at) = second {
            self.queue.push(at, Event::Arrive { from, to, wire: wire.clone() });
        }
        if let Some(at) = first {
            self.queue.push(at, Event::Arrive { from, to, wire });
        }
    }

    /// Tells the machines what they are to be told; that may lead to more.
    fn deliver_inbox(&mut self) {
        while let Some((store, input)) = self.inbox.pop_front() {
            self.input(store, input);
        }
    }
}
