//! Queries: planned by a store, read from whom the plan says, and held against what was released before.

use std::collections::BTreeMap;

use packetstream_core::{Input, Leg, Plan};
use packetstream_protocol::ids::{ChunkId, ChunkNo, HostId, NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;

use super::store::Wire;
use super::world::{Event, MS, World};

/// A query under way.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) coordinator: usize,
    hosts: Vec<HostId>,
    /// What was released before it was asked.
    expected: Vec<ChunkId>,
    plan: Option<Plan>,
    open: BTreeMap<u64, (usize, StreamId, RangeSet)>,
    next_leg: u64,
    read: BTreeMap<StreamId, RangeSet>,
    tries: u32,
    /// Everything is at rest: the answer has to be complete.
    at_rest: bool,
    /// Nothing fails: whoever is to be asked is there, and so the plan has to be complete.
    calm: bool,
}

impl World {
    /// Somebody asks something.
    pub(super) fn ask_something(&mut self) {
        if self.resting {
            return;
        }
        let gap = self.rng.range(300, 4000) * MS;
        self.queue.push(self.now_us + gap, Event::Query);
        let able = |store: &super::store::Store| {
            !store.paused && store.cluster.as_ref().is_some_and(|cluster| !cluster.is_excluded())
        };
        let able: Vec<usize> = (0..self.stores.len()).filter(|&store| able(&self.stores[store])).collect();
        if able.is_empty() {
            return;
        }
        let coordinator = *self.rng.pick(&able);
        let hosts = if self.rng.range(0, 2) == 0 {
            Vec::new()
        } else {
            let edge = self.rng.range(0, self.edges.len() as u64) as usize;
            vec![self.edges[edge].host]
        };
        self.ask(coordinator, hosts, false);
    }

    pub(super) fn ask(&mut self, coordinator: usize, hosts: Vec<HostId>, at_rest: bool) {
        let expected = self.oracle.chunks.iter().filter(|(chunk, truth)| {
            truth.released.is_some()
                && !self.oracle.expired(truth)
                && (hosts.is_empty() || hosts.contains(&chunk.stream.host))
        });
        let expected = expected.map(|(&chunk, _)| chunk).collect();
        let query = self.next_query;
        self.next_query += 1;
        let calm = self.calm && self.is_founded();
        self.queries.insert(
            query,
            Query {
                coordinator,
                hosts: hosts.clone(),
                expected,
                plan: None,
                open: BTreeMap::new(),
                next_leg: 0,
                read: BTreeMap::new(),
                tries: 0,
                at_rest,
                calm,
            },
        );
        self.inbox.push_back((coordinator, Input::Plan { query, hosts, hurry: false }));
    }

    /// Whether those that begin the cluster have begun it.
    fn is_founded(&self) -> bool {
        use packetstream_protocol::cluster::MemberState;
        self.stores.iter().take(self.seeds).all(|store| {
            let cluster = store.cluster.as_ref();
            let own = cluster.and_then(|cluster| cluster.members().get(store.node));
            own.is_some_and(|member| member.state != MemberState::Joining)
        })
    }

    pub(super) fn planned(&mut self, number: usize, id: u64, plan: Plan) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        if query.coordinator != number {
            return;
        }
        if query.calm {
            // What is on its way to the first disk is missing, and nobody has promised anything of it.
            let mut unwritten = false;
            for stream in plan.streams() {
                for no in plan.missing(stream).iter() {
                    let chunk = ChunkId { stream, no: ChunkNo(no) };
                    if query.expected.contains(&chunk) {
                        self.oracle
                            .violate(format!("query {id} of store {number} misses {chunk} although nothing fails"));
                    }
                    unwritten = true;
                }
            }
            if plan.blind {
                let silent: Vec<_> = plan.silent.iter().map(|node| self.by_id.get(node)).collect();
                let text = format!("query {id} of store {number} is blind although nothing fails, silent {silent:?}");
                self.oracle.violate(text);
            }
            self.oracle.count(if unwritten { "query: not yet written" } else { "query: complete in a calm" });
        }
        let legs: Vec<Leg> = plan
            .streams()
            .flat_map(|stream| {
                let mut wanted = plan.readable(stream);
                if let Some(read) = query.read.get(&stream) {
                    wanted = wanted.difference(read);
                }
                plan.legs_of(stream, &wanted)
            })
            .collect();
        query.plan = Some(plan);
        legs.into_iter().for_each(|leg| self.leg(id, leg));
        self.finish(id);
    }

    fn leg(&mut self, id: u64, leg: Leg) {
        let Some(&peer) = self.by_id.get(&leg.node) else { return };
        let Some(query) = self.queries.get_mut(&id) else { return };
        let coordinator = query.coordinator;
        query.next_leg += 1;
        let number = query.next_leg;
        query.open.insert(number, (peer, leg.stream, leg.chunks.clone()));
        let wire = Wire::Read { query: id, leg: number, stream: leg.stream, chunks: leg.chunks };
        if peer == coordinator {
            self.queue.push(self.now_us, Event::Arrive { from: coordinator, to: coordinator, wire });
        } else {
            self.send(coordinator, peer, wire);
        }
        let life = self.stores[coordinator].life;
        self.queue.push(self.now_us + 1500 * MS, Event::LegLate { store: coordinator, life, query: id, leg: number });
    }

    pub(super) fn leg_late(&mut self, store: usize, life: u32, id: u64, leg: u64) {
        if self.stores[store].life == life {
            self.leg_failed(id, leg, &RangeSet::new());
        }
    }

    /// A peer of a coordinator is gone: its legs have failed.
    pub(super) fn peer_gone(&mut self, coordinator: usize, peer: usize) {
        let legs: Vec<(u64, u64)> = self
            .queries
            .iter()
            .filter(|(_, query)| query.coordinator == coordinator)
            .flat_map(|(&id, query)| query.open.iter().filter(|(_, leg)| leg.0 == peer).map(move |(&leg, _)| (id, leg)))
            .collect();
        for (id, leg) in legs {
            self.leg_failed(id, leg, &RangeSet::new());
        }
    }

    pub(super) fn rows(&mut self, id: u64, leg: u64, rows: Vec<(ChunkId, u64)>) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        if !query.open.contains_key(&leg) {
            return;
        }
        let mut got = RangeSet::new();
        let mut wrong = None;
        for (chunk, hash) in rows {
            if self.oracle.chunks.get(&chunk).is_none_or(|truth| !truth.hashes.contains(&hash)) {
                wrong = Some(chunk);
            }
            if !query.read.entry(chunk.stream).or_default().insert(chunk.no.0) {
                wrong = Some(chunk);
            }
            got.insert(chunk.no.0);
        }
        if let Some(chunk) = wrong {
            self.oracle.violate(format!("query {id} got a wrong {chunk}, or got it twice"));
        }
        self.leg_failed(id, leg, &got);
    }

    /// A leg has ended; what it did not give is read elsewhere.
    fn leg_failed(&mut self, id: u64, leg: u64, got: &RangeSet) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        let Some((peer, stream, chunks)) = query.open.remove(&leg) else { return };
        let rest = chunks.difference(got);
        if !rest.is_empty() {
            self.oracle.count("query: leg failed");
            let node: NodeId = self.stores[peer].node;
            let legs = query.plan.as_mut().map(|plan| plan.replan(node, stream, &rest)).unwrap_or_default();
            legs.into_iter().for_each(|leg| self.leg(id, leg));
        }
        self.finish(id);
    }

    /// Ends a query that has nothing open. Invariant 4.
    fn finish(&mut self, id: u64) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        let Some(plan) = &query.plan else { return };
        if !query.open.is_empty() {
            return;
        }
        let nothing = RangeSet::new();
        let missing: BTreeMap<StreamId, RangeSet> = plan
            .streams()
            .map(|stream| (stream, plan.missing(stream).difference(query.read.get(&stream).unwrap_or(&nothing))))
            .filter(|(_, missing)| !missing.is_empty())
            .collect();
        let blind = plan.blind;
        let complete = !blind && missing.is_empty();
        if !complete && query.tries < 2 && !(blind && query.tries > 0) {
            // Data moved while it was read, or somebody was slow: once more.
            query.tries += 1;
            query.plan = None;
            let (coordinator, hosts) = (query.coordinator, query.hosts.clone());
            self.inbox.push_back((coordinator, Input::Plan { query: id, hosts, hurry: false }));
            return;
        }
        let Some(query) = self.queries.remove(&id) else { return };
        self.oracle.count(if complete { "query: complete" } else { "query: incomplete" });
        if blind {
            self.oracle.count("query: blind");
        }
        // A machine whose key was stolen is heard by nobody, and cannot know it.
        let is_unheard = self.stores[query.coordinator].retired;
        for chunk in &query.expected {
            let Some(truth) = self.oracle.chunks.get(chunk) else { continue };
            let read = query.read.get(&chunk.stream).is_some_and(|read| read.contains(chunk.no.0));
            let told = blind || missing.get(&chunk.stream).is_some_and(|missing| missing.contains(chunk.no.0));
            // A machine that an operator took out, with what it holds, is as good as destroyed.
            let harmed = truth.harmed || truth.copies.iter().any(|&store| self.stores[store].retired);
            if !is_unheard && !read && !told && !self.oracle.expired(truth) && !harmed {
                let text = format!(
                    "query {id} of store {} misses {chunk} and does not say so: copies on {:?}, complete {complete}",
                    query.coordinator, truth.copies
                );
                return self.oracle.violate(text);
            }
        }
        // Who drains takes along that it dropped something for its age a moment before the others do by their clocks.
        let lost = ["fault: wipe", "topology: remove", "topology: replace", "topology: revoke", "topology: drained"];
        let disks_lost = lost.iter().any(|what| self.oracle.counts.contains_key(what));
        // Two captures of one name drop what the other has named already: that leaves holes for good.
        let contested = |stream: StreamId, no: u64| {
            let chunk = ChunkId { stream, no: ChunkNo(no) };
            // Nor does anybody know what was dropped for its age whose disk was lost.
            self.oracle.chunks.get(&chunk).is_none_or(|truth| {
                truth.hashes.len() > 1 || truth.harmed || (disks_lost && self.oracle.expired(truth))
            })
        };
        let mut open = missing.iter().flat_map(|(&stream, chunks)| chunks.iter().map(move |no| (stream, no)));
        if query.at_rest && (blind || open.any(|(stream, no)| !contested(stream, no))) {
            self.oracle.violate(format!(
                "query {id} of store {} is incomplete at rest: blind {blind}, missing {missing:?}",
                query.coordinator
            ));
        }
    }
}
