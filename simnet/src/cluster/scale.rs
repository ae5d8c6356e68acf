//! Measures what a cluster costs and how fast it is, at sizes that no test bed has: members that only talk, data that only counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use packetstream_core::placement::{MapCache, place_of};
use packetstream_core::{Cluster, Config, HeldStream, Input, Moment, Output};
use packetstream_protocol::cluster::{Body, ClusterMessage, Fact, Health, KeptFacts, Member, MemberState};
use packetstream_protocol::codec;
use packetstream_protocol::ids::{ChunkId, ChunkNo, Epoch, HostId, NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;

use super::queue::Queue;
use crate::traffic::rng::Rng;

const MS: u64 = 1000;
const SECOND: u64 = 1_000_000;
/// What each edge node has stored.
const CHUNKS: u64 = 20;
const CHUNK_BYTES: u64 = 200 << 10;
/// Edge nodes for each store node.
pub const EDGES: usize = 100;
/// Bytes a second that a store sends and takes.
const LINK_BYTES_S: u64 = 100 << 20;

/// What was measured at one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub stores: usize,
    pub edges: usize,
    /// Bytes a second that one store sends when nothing happens: to find the dead, to compare what is gossiped, to compare data.
    pub probe_bytes_s: u64,
    pub gossip_bytes_s: u64,
    pub compare_bytes_s: u64,
    /// Until all know.
    pub death_ms: u64,
    pub join_ms: u64,
    /// Of the data that a new store gets.
    pub moved_bytes: u64,
    pub least_bytes: u64,
    pub rebalance_ms: u64,
}

impl Row {
    /// All that a store sends when nothing happens.
    #[must_use]
    pub const fn background_bytes_s(&self) -> u64 {
        self.probe_bytes_s + self.gossip_bytes_s + self.compare_bytes_s
    }
}

enum Event {
    Wake(usize),
    Arrive(usize, usize, Box<ClusterMessage>),
    Pushed { from: usize, to: usize, push: u64, stream: StreamId, chunks: RangeSet },
    Deleted(usize, StreamId, RangeSet),
}

struct Field {
    now_us: u64,
    queue: Queue<Event>,
    rng: Rng,
    nodes: Vec<Option<Cluster>>,
    ids: Vec<NodeId>,
    by_id: BTreeMap<NodeId, usize>,
    maps: Arc<MapCache>,
    busy_us: Vec<u64>,
    probe: u64,
    gossip: u64,
    compare: u64,
    moved: u64,
}

fn id(number: usize) -> NodeId {
    let mut rng = Rng::of(7, "scale", number as u64);
    let mut id = [0; 32];
    for part in id.chunks_mut(8) {
        part.copy_from_slice(&rng.u64().to_le_bytes());
    }
    NodeId(id)
}

fn host(number: usize) -> HostId {
    HostId::from_bytes(Rng::of(7, "edge", number as u64).u64_pair())
}

impl Field {
    fn config(&self, number: usize, seeds: usize) -> Config {
        Config {
            name: format!("n{number}"),
            addresses: vec![format!("10.{}.{}.{}:7000", number >> 16, number >> 8 & 255, number & 255)],
            seeds,
            seed: number as u64,
            move_rate_bytes_s: LINK_BYTES_S,
            analyses: vec![1],
            maps: Some(self.maps.clone()),
            ..Config::new(self.ids[number])
        }
    }

    /// A cluster of so many stores that have known each other for long.
    fn new(stores: usize) -> Self {
        let ids: Vec<NodeId> = (0..=stores).map(id).collect();
        let mut field = Self {
            now_us: 0,
            queue: Queue::default(),
            rng: Rng::of(7, "field", stores as u64),
            nodes: Vec::new(),
            by_id: ids.iter().enumerate().map(|(at, &id)| (id, at)).collect(),
            ids,
            maps: Arc::default(),
            busy_us: vec![0; stores + 1],
            probe: 0,
            gossip: 0,
            compare: 0,
            moved: 0,
        };
        let member = |number: usize| Member {
            version: 2,
            by: field.ids[number],
            node: field.ids[number],
            state: MemberState::Active,
            weight: 1,
            zone: String::new(),
            name: format!("n{number}"),
            addresses: field.config(number, 0).addresses,
            serial: [0; 16],
            place: place_of(field.ids[number]),
        };
        let facts = KeptFacts((0..stores).map(member).map(Fact::Member).collect());
        let kept = BTreeMap::from([("cluster/members".to_owned(), codec::encode(&facts).unwrap_or_default())]);
        let start = |field: &Self, number, held| Cluster::start(field.config(number, 0), &kept, held, Moment(0)).ok();
        let Some(first) = start(&field, 0, Vec::new()) else { return field };
        let mut held: BTreeMap<NodeId, Vec<HeldStream>> = BTreeMap::new();
        for number in 0..stores * EDGES {
            let stream = StreamId { host: host(number), epoch: Epoch(1) };
            let have = RangeSet::from_ranges(vec![(0, CHUNKS - 1)]).unwrap_or_default();
            for owner in first.owners(stream.host) {
                let bytes = CHUNKS * CHUNK_BYTES;
                held.entry(owner).or_default().push(HeldStream { stream, have: have.clone(), bytes });
            }
        }
        for number in 0..stores {
            let held = held.remove(&field.ids[number]).unwrap_or_default();
            let cluster = start(&field, number, held);
            field.nodes.push(cluster);
            field.drain(number);
            let at = field.rng.range(0, 200) * MS;
            field.queue.push(at, Event::Wake(number));
        }
        field
    }

    fn moment(&self) -> Moment {
        Moment(self.now_us / MS)
    }

    fn tell(&mut self, number: usize, input: Input) {
        let now = self.moment();
        if let Some(cluster) = &mut self.nodes[number] {
            cluster.handle(now, input);
            self.drain(number);
        }
    }

    fn drain(&mut self, number: usize) {
        while let Some(output) = self.nodes[number].as_mut().and_then(Cluster::poll_output) {
            match output {
                Output::Send { to, message } => {
                    let bytes = codec::frame(&message).map_or(0, |frame| frame.len() as u64);
                    match message.body {
                        Body::Ping { .. } | Body::Ack { .. } | Body::PingFor { .. } => self.probe += bytes,
                        Body::Gossip | Body::Digest(_) | Body::Summary(_) | Body::Maps(_) | Body::MapsAsk(_) => {
                            self.gossip += bytes;
                        }
                        _ => self.compare += bytes,
                    }
                    let at = self.now_us + self.rng.range(200, 1000);
                    if let Some(&peer) = self.by_id.get(&to) {
                        self.queue.push(at, Event::Arrive(number, peer, Box::new(message)));
                    }
                }
                Output::Push { push, to, stream, chunks } => {
                    let Some(&peer) = self.by_id.get(&to) else { continue };
                    let bytes = chunks.count() * CHUNK_BYTES;
                    self.moved += bytes;
                    let begin = self.now_us.max(self.busy_us[number]).max(self.busy_us[peer]);
                    let end = begin + bytes * SECOND / LINK_BYTES_S;
                    (self.busy_us[number], self.busy_us[peer]) = (end, end);
                    self.queue.push(end + MS, Event::Pushed { from: number, to: peer, push, stream, chunks });
                }
                Output::Delete { stream, chunks } => {
                    self.queue.push(self.now_us + 5 * MS, Event::Deleted(number, stream, chunks));
                }
                _ => {}
            }
        }
    }

    /// Lets time pass until something is so, or too much has passed; how long it took.
    fn until(&mut self, limit_us: u64, done: impl Fn(&Self) -> bool) -> u64 {
        let begin = self.now_us;
        let mut look = begin;
        while self.now_us - begin < limit_us {
            if self.now_us >= look {
                if done(self) {
                    break;
                }
                look = self.now_us + 100 * MS;
            }
            let Some((at, event)) = self.queue.pop() else { break };
            self.now_us = at;
            match event {
                Event::Wake(number) => {
                    if self.nodes[number].is_some() {
                        self.tell(number, Input::Wake);
                        self.queue.push(self.now_us + 200 * MS, Event::Wake(number));
                    }
                }
                Event::Arrive(from, to, message) => {
                    if self.nodes[to].is_some() {
                        let from = self.ids[from];
                        self.tell(to, Input::Message { from, message: *message });
                    }
                }
                Event::Pushed { from, to, push, stream, chunks } => {
                    for no in chunks.iter() {
                        let chunk = ChunkId { stream, no: ChunkNo(no) };
                        self.tell(to, Input::Stored { chunk, bytes: CHUNK_BYTES as u32 });
                    }
                    self.tell(from, Input::PushEnded { push });
                }
                Event::Deleted(number, stream, chunks) => self.tell(number, Input::Deleted { stream, chunks }),
            }
        }
        self.now_us - begin
    }

    fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.nodes.iter().flatten()
    }
}

/// Measures one size.
#[must_use]
pub fn measure(stores: usize) -> Row {
    let mut field = Field::new(stores);
    // That they all began at once is news that takes its time.
    field.until(30 * SECOND, |_| false);
    field.until(600 * SECOND, |field| field.clusters().all(Cluster::is_quiet));
    (field.probe, field.gossip, field.compare) = (0, 0, 0);
    let quiet_s = 30;
    field.until(quiet_s * SECOND, |_| false);
    let per = |bytes: u64| bytes / quiet_s / stores as u64;
    let (probe, gossip, compare) = (per(field.probe), per(field.gossip), per(field.compare));

    // Somebody joins.
    let before: Vec<Vec<NodeId>> = match field.clusters().next() {
        Some(cluster) => (0..stores * EDGES).map(|edge| cluster.owners(host(edge))).collect(),
        None => Vec::new(),
    };
    let config = field.config(stores, 1);
    field.nodes.push(Cluster::start(config, &BTreeMap::new(), Vec::new(), field.moment()).ok());
    field.drain(stores);
    field.queue.push(field.now_us, Event::Wake(stores));
    let (new, old) = (field.ids[stores], field.ids[0]);
    field.tell(stores, Input::Connected(old));
    field.tell(0, Input::Connected(new));
    field.moved = 0;
    let active = move |cluster: &Cluster| {
        cluster.members().get(new).is_some_and(|member| member.state == MemberState::Active)
            && cluster.map().is_some_and(|map| map.slots().iter().any(|slot| slot.node == new))
    };
    let join = field.until(120 * SECOND, |field| field.clusters().all(active));
    let after: Vec<Vec<NodeId>> = match field.clusters().next() {
        Some(cluster) => (0..stores * EDGES).map(|edge| cluster.owners(host(edge))).collect(),
        None => Vec::new(),
    };
    let gained =
        |(old, new): (&Vec<NodeId>, &Vec<NodeId>)| new.iter().filter(|node| !old.contains(node)).count() as u64;
    let least: u64 = before.iter().zip(&after).map(gained).sum::<u64>() * CHUNKS * CHUNK_BYTES;
    let settled = |cluster: &Cluster| {
        let placed = cluster.history().tracker(cluster.node()).is_none_or(|own| own.misplaced.is_empty());
        cluster.history().live().len() == 1 && placed
    };
    let rebalance = field.until(600 * SECOND, |field| field.clusters().all(settled));
    let moved = field.moved;

    // Somebody dies.
    field.nodes[1] = None;
    let dead = field.ids[1];
    let death = field.until(120 * SECOND, |field| field.clusters().all(|c| c.health(dead) == Health::Dead));
    Row {
        stores,
        edges: stores * EDGES,
        probe_bytes_s: probe,
        gossip_bytes_s: gossip,
        compare_bytes_s: compare,
        death_ms: death / MS,
        join_ms: join / MS,
        moved_bytes: moved,
        least_bytes: least,
        rebalance_ms: (join + rebalance) / MS,
    }
}

/// The rows as a table.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "stores   edges  probe B/s  gossip B/s  compare B/s  background B/s  death s  join s  rebalance s  moved MiB  least MiB\n",
    );
    for row in rows {
        let seconds = |ms: u64| ms as f64 / 1000.0;
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{:>6} {:>7} {:>10} {:>11} {:>12} {:>15} {:>8.1} {:>7.1} {:>12.1} {:>10} {:>10}",
            row.stores,
            row.edges,
            row.probe_bytes_s,
            row.gossip_bytes_s,
            row.compare_bytes_s,
            row.background_bytes_s(),
            seconds(row.death_ms),
            seconds(row.join_ms),
            seconds(row.rebalance_ms),
            row.moved_bytes >> 20,
            row.least_bytes >> 20,
        );
    }
    text
}

/// The rows as a picture: bars for each size, in three panels.
#[must_use]
pub fn plot(rows: &[Row]) -> String {
    type Panel = (&'static str, fn(&Row) -> f64);
    let panels: [Panel; 3] = [
        ("background, bytes a second and store", |row| row.background_bytes_s() as f64),
        ("until all know of a death, s", |row| row.death_ms as f64 / 1000.0),
        ("until all know of a join, s", |row| row.join_ms as f64 / 1000.0),
    ];
    let (width, height) = (280, 240);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n",
        width * panels.len()
    );
    for (at, (title, value)) in panels.iter().enumerate() {
        let left = at * width;
        let most = rows.iter().map(value).fold(1e-9, f64::max);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"20\">{title}</text>", left + 20);
        for (index, row) in rows.iter().enumerate() {
            let tall = value(row) / most * 150.0;
            let x = left + 30 + index * 80;
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{:.1}\" width=\"50\" height=\"{tall:.1}\" fill=\"#4a7\"/>\
                 <text x=\"{x}\" y=\"{:.1}\">{:.1}</text><text x=\"{x}\" y=\"225\">{}</text>",
                205.0 - tall,
                200.0 - tall,
                value(row),
                row.stores
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
