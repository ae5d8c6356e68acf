//! The machine of one store node: membership, maps, replication, reconciliation, plans and tasks, put together.
//!
//! [`Cluster::handle`] takes what happened, [`Cluster::poll_output`] gives what is to be done until there is nothing more,
//! [`Cluster::poll_timeout`] says when to come back at the latest. After each `handle` all outputs are to be polled.

mod planning;
mod status;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{
    Body, Checkpoint, ClusterMessage, Digest, Fact, HavePage, Health, KeptFacts, KeptGone, KeptMaps, KeptSelf,
    MAX_FACTS, MAX_MEMBER_ADDRESSES, MAX_MEMBER_TEXT_BYTES, MISPLACED_BYTES, MapId, MapRecord, Member, MemberState,
    Removal, Summary, Tracker,
};
use packetstream_protocol::codec::{self, Message};
use packetstream_protocol::ids::{HostId, NodeId};
use thiserror::Error;

use crate::history::{History, misplaced_bit};
use crate::holdings::Holdings;
use crate::io::{Command, Config, Event, HeldStream, Input, Output};
use crate::member::rumour::Rumours;
use crate::member::swim::{Effects, Swim};
use crate::member::{Members, Merged, is_present};
use crate::moment::Moment;
use crate::placement::{MAX_WEIGHT, PartitionMap, place_of};
use crate::reconcile::{Reconciler, Scene};
use crate::replicate::{Replicator, View};
use crate::rng::Rng;
use crate::task::Tasks;

pub(crate) use planning::PLAN_ROUND;
use planning::Plans;
pub use status::{MemberRow, Status};

/// The machine looks at its clocks so often.
pub const TICK: Duration = Duration::from_millis(200);
/// One other member at random is told the digest so often.
const DIGEST_INTERVAL: Duration = Duration::from_millis(2000);
/// Members that news is told in each tick.
const GOSSIP_FANOUT: usize = 3;
/// What is held is young for one to two of these.
const GENERATION: Duration = Duration::from_millis(2000);
/// Tasks are looked after so often.
const TASK_INTERVAL: Duration = Duration::from_millis(1000);
/// Nodes that have only met others that wait, wait so long for one that is active before they begin a cluster.
const ALONE_AFTER: Duration = Duration::from_secs(5);
/// Members change in bursts: a new map is computed this long after the first change of one.
const MAP_DELAY: Duration = Duration::from_millis(200);
/// Nodes that are connected and no members, that are told again who this one is: what was said first may have got lost.
pub const MAX_STRANGERS: usize = 64;
/// Outputs that wait to be polled: more means that nobody polls.
pub const MAX_OUTPUTS: usize = 1 << 20;

/// Names under which the machine keeps what it must know again; [`Output::Persist`] uses these and names of checkpoints.
const KEY_SELF: &str = "cluster/self";
const KEY_MEMBERS: &str = "cluster/members";
const KEY_MAPS: &str = "cluster/maps";
/// The oldest of them that writes must have their copies in.
const KEY_WRITTEN: &str = "cluster/written";
/// Kept as long as there may be maps in use that this node has not heard of.
const KEY_BEHIND: &str = "cluster/behind";
const KEY_GONE: &str = "cluster/gone/";
/// By which map each of the others said that it routes: where it is dead when this node begins anew, nobody else could tell.
const KEY_ACK: &str = "cluster/ack/";

/// Why a machine did not start: what was kept cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key} in the store is damaged: {error}")]
pub struct StateError {
    pub key: String,
    pub error: String,
}

/// See the module.
#[derive(Debug)]
pub struct Cluster {
    config: Config,
    me: NodeId,
    started: Moment,
    rng: Rng,
    members: Members,
    swim: Swim,
    rumours: Rumours,
    history: History,
    holdings: Holdings,
    replicator: Replicator,
    reconciler: Reconciler,
    tasks: Tasks,
    plans: Plans,
    outputs: VecDeque<Output>,
    sends: Vec<(NodeId, Body)>,
    next_tick: Moment,
    next_digest: Moment,
    next_turn: Moment,
    next_task: Moment,
    next_sweep: Moment,
    map_due: Option<Moment>,
    joined_at: Option<Moment>,
    /// Whether all live maps are known that a member knew that has the same member set.
    caught_up: bool,
    /// What is kept of that.
    kept_behind: bool,
    members_changed: bool,
    maps_changed: bool,
    reroute: bool,
    tracker_seq: u64,
    checkpoint_seq: u64,
    excluded: bool,
    strangers: BTreeSet<NodeId>,
    /// Owners to come that have the checkpoints of what runs here.
    handed_over: BTreeSet<NodeId>,
    /// Those that this node was told of, as far as it is known who they are.
    seeds: BTreeSet<NodeId>,
    /// For the planted bug: members in the order in which they were heard of.
    arrival: Vec<NodeId>,
}

impl Cluster {
    /// Names that the store is asked for before a start: all that begin with this.
    pub const KEYS: &str = "cluster/";

    /// The machine of a node that starts (again): with what it kept under names that begin with [`Cluster::KEYS`] and what the store holds.
    ///
    /// # Errors
    /// When something that was kept cannot be read.
    pub fn start(
        config: Config,
        kept: &BTreeMap<String, Vec<u8>>,
        held: Vec<HeldStream>,
        now: Moment,
    ) -> Result<Self, StateError> {
        let me = config.node;
        let own: KeptSelf = read(kept, KEY_SELF)?;
        let facts: KeptFacts = read(kept, KEY_MEMBERS)?;
        let maps: KeptMaps = read(kept, KEY_MAPS)?;
        let written: KeptMaps = read(kept, KEY_WRITTEN)?;
        let incarnation = own.incarnation + 1;
        let mut rng = Rng::new(config.seed ^ incarnation.rotate_left(32));
        let nonce = rng.next();
        // Of two lives, or of two disks, none tells different things under one number: that would never be mended.
        let first_tracker = incarnation << 32 | (rng.next() >> 34) << 1;
        let mut cluster = Self {
            me,
            started: now,
            members: Members::default(),
            swim: Swim::new(me, incarnation, now),
            rumours: Rumours::default(),
            history: History::new(config.maps.clone()),
            holdings: Holdings::default(),
            replicator: Replicator::default(),
            reconciler: Reconciler::new(config.move_rate_bytes_s, nonce, now),
            tasks: Tasks::default(),
            plans: Plans::of(incarnation),
            outputs: VecDeque::new(),
            sends: Vec::new(),
            // Nodes that start together need not all speak together.
            next_tick: now + Duration::from_millis(rng.below(200) as u64),
            next_digest: now + Duration::from_millis(rng.below(2000) as u64),
            next_turn: now + GENERATION,
            next_task: now,
            next_sweep: now + Duration::from_secs(10),
            map_due: None,
            joined_at: None,
            caught_up: false,
            kept_behind: kept.contains_key(KEY_BEHIND),
            members_changed: true,
            maps_changed: true,
            reroute: false,
            tracker_seq: own.tracker_seq.max(first_tracker),
            checkpoint_seq: 0,
            excluded: false,
            strangers: BTreeSet::new(),
            handed_over: BTreeSet::new(),
            seeds: BTreeSet::new(),
            arrival: Vec::new(),
            rng,
            config,
        };
        for fact in facts.0 {
            match fact {
                Fact::Member(member) => {
                    cluster.swim.add(member.node, now);
                    cluster.arrival.push(member.node);
                    cluster.members.merge(member);
                }
                Fact::Revoked(node) => drop(cluster.members.revoke(node)),
                Fact::ExpiredBefore(hour) => drop(cluster.members.expire_before(hour)),
                Fact::Health { .. } | Fact::Tracker(_) => {}
            }
        }
        for record in maps.0 {
            cluster.history.adopt(record);
        }
        if let [oldest, ..] = &written.0[..] {
            cluster.history.resume(oldest.id);
        }
        for stream in held {
            cluster.holdings.load(stream.stream, stream.have, stream.bytes);
        }
        for key in kept.keys().filter(|key| key.starts_with(KEY_ACK)) {
            let KeptFacts(acks) = read(kept, key)?;
            for fact in acks {
                match fact {
                    Fact::Tracker(tracker) if cluster.members.is_present(tracker.node) => {
                        cluster.history.merge(tracker);
                    }
                    _ => cluster.outputs.push_back(Output::Persist { key: key.clone(), value: None }),
                }
            }
        }
        for (key, value) in kept.iter().filter(|(key, _)| key.starts_with(KEY_GONE)) {
            let gone: KeptGone =
                codec::decode(value).map_err(|error| StateError { key: key.clone(), error: error.to_string() })?;
            gone.0.into_iter().for_each(|gone| cluster.holdings.load_gone(gone));
        }
        for (_, value) in kept.iter().filter(|(key, _)| key.starts_with("cluster/checkpoint/")) {
            cluster.tasks.load(value);
        }
        // Who begins anew knows nothing of the maps that are in use, nor does who was given up meanwhile, or who had computed one and
        // not heard of those before it.
        cluster.caught_up = cluster.history.newest().is_some() && !cluster.kept_behind;
        cluster.enter();
        if cluster.members.len() == 1 && cluster.config.seeds == 0 {
            cluster.caught_up = true;
        }
        cluster.persist_self();
        cluster.persist();
        cluster.new_map(now);
        // Nothing is proved that an earlier life had proved: what it held may be gone, and so may its partners' disks.
        cluster.reconcile(now, Reconciler::handle_map);
        let alive = Fact::Health { node: me, incarnation, health: Health::Alive };
        cluster.rumours.tell(alive);
        Ok(cluster)
    }

    /// Makes or mends the own entry.
    fn enter(&mut self) {
        let (me, config) = (self.me, self.config.clone());
        let mut addresses = config.addresses.clone();
        addresses.truncate(MAX_MEMBER_ADDRESSES);
        addresses.retain(|address| address.len() <= MAX_MEMBER_TEXT_BYTES);
        let fresh = Member {
            version: 1,
            by: me,
            node: me,
            state: if config.seeds > 0 { MemberState::Joining } else { MemberState::Active },
            weight: config.weight.clamp(1, MAX_WEIGHT),
            zone: cut(&config.zone),
            name: cut(&config.name),
            addresses,
            serial: config.serial,
            place: place_of(me),
        };
        let Some(known) = self.members.get(me).cloned() else {
            self.arrival.push(me);
            self.members.merge(fresh.clone());
            self.rumours.tell(Fact::Member(fresh));
            return;
        };
        if !is_present(known.state) {
            self.caught_up = false;
        }
        let state = match known.state {
            // It has to hear first what has become of the maps since.
            MemberState::Removed(Removal::Dead | Removal::Abandoned | Removal::Drained) => MemberState::Joining,
            MemberState::Removed(_) if config.rejoin => MemberState::Joining,
            state => state,
        };
        let wanted = Member { version: known.version, by: known.by, state, place: known.place, ..fresh };
        if wanted != known {
            self.change(me, |member| *member = wanted.clone());
        }
        self.note_exclusion();
    }

    fn note_exclusion(&mut self) {
        let state = self.members.get(self.me).map(|member| member.state);
        if matches!(state, Some(MemberState::Removed(_))) {
            self.caught_up = false;
        }
        let out = matches!(
            state,
            Some(MemberState::Removed(Removal::Operator | Removal::Replaced | Removal::Revoked | Removal::Drained))
        );
        if out && !self.excluded {
            self.event(Event::Excluded);
        }
        self.excluded = out;
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Wake`] is wanted at the latest.
    #[must_use]
    pub const fn poll_timeout(&self) -> Moment {
        self.next_tick
    }

    /// Takes something that happened.
    pub fn handle(&mut self, now: Moment, input: Input) {
        match input {
            Input::Wake => {}
            Input::Seed(node) => {
                if node != self.me && self.seeds.len() < self.config.seeds {
                    self.seeds.insert(node);
                }
            }
            Input::Connected(node) => self.connected(node),
            Input::Disconnected(node) => {
                self.handed_over.remove(&node);
                self.swim.handle_disconnected(node);
                self.strangers.remove(&node);
                self.reroute = true;
            }
            Input::Message { from, message } => self.message(now, from, message),
            Input::Stored { chunk, bytes } => {
                self.holdings.stored(chunk, bytes);
                self.reconcile(now, |reconciler, scene| reconciler.handle_stored(scene, chunk));
            }
            Input::Expired { stream, chunks } => self.holdings.expired(stream, &chunks),
            Input::Dropped { stream, chunks } => self.holdings.dropped(stream, &chunks),
            Input::Lost { stream, chunks } => self.holdings.lost(stream, &chunks),
            Input::Deleted { stream, chunks } => self.holdings.deleted(stream, &chunks),
            Input::PushEnded { push } => {
                self.reconcile(now, |reconciler, scene| reconciler.handle_push_ended(scene, push));
            }
            Input::Route { chunk, bytes } => {
                if self.excluded {
                    self.outputs.push_back(Output::Refused(chunk));
                } else {
                    self.replicate(now, |replicator, view, out| replicator.route(view, chunk, bytes, out));
                }
            }
            Input::Written { chunk, by, result } => {
                self.replicate(now, |replicator, view, out| replicator.written(view, chunk, by, result, out));
            }
            Input::Forget { chunk } => self.replicator.forget(chunk),
            Input::Checkpoint(checkpoint) => self.checkpoint(checkpoint),
            Input::Plan { query, hosts, hurry } => self.plan(now, query, hosts, hurry),
            Input::Command(command) => self.command(command),
        }
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.tick(now);
        }
        self.persist_gone();
        if self.reroute {
            self.reroute = false;
            self.replicate(now, |replicator, view, out| replicator.advance_all(view, out));
        }
        if self.maps_changed {
            // Others may be gone after a restart, and with them the proof that a map is superseded.
            self.persist();
        }
        self.flush();
    }

    fn tick(&mut self, now: Moment) {
        let mut effects = Effects::default();
        self.swim.handle_wake(now, &mut self.rng, &mut effects);
        self.apply(effects);
        self.join(now);
        self.bury(now);
        if now >= self.next_turn {
            self.next_turn = now + GENERATION;
            self.holdings.turn();
        }
        if self.map_due.is_some_and(|at| now >= at) {
            self.new_map(now);
        }
        self.reconcile(now, |reconciler, scene| reconciler.handle_wake(scene));
        self.track();
        if now >= self.next_digest {
            // Who is behind is answered by the digest of whoever is not.
            self.next_digest = now + if self.caught_up { DIGEST_INTERVAL } else { DIGEST_INTERVAL / 4 };
            // Two that gave each other up would otherwise never hear of each other again.
            let given_up: Vec<NodeId> = self.members.given_up().filter(|&node| node != self.me).collect();
            let mut told = self.swim.pick_alive(&mut self.rng, 1);
            told.extend(self.rng.sample(&given_up, 1));
            for node in told {
                let digest = self.digest();
                self.sends.push((node, Body::Digest(digest)));
            }
            let (members, strangers) = (&self.members, &mut self.strangers);
            strangers.retain(|&node| !members.is_present(node));
            let strangers: Vec<NodeId> = strangers.iter().copied().collect();
            for node in self.rng.sample(&strangers, 1) {
                self.introduce(node);
            }
        }
        if !self.rumours.is_empty() {
            for node in self.swim.pick_alive(&mut self.rng, GOSSIP_FANOUT) {
                self.sends.push((node, Body::Gossip));
            }
        }
        if now >= self.next_task {
            self.next_task = now + TASK_INTERVAL;
            self.reroute = true;
            self.assign();
            self.hand_over_checkpoints();
        }
        if now >= self.next_sweep {
            self.next_sweep = now + Duration::from_secs(10);
            let (holdings, history, me) = (&self.holdings, &self.history, self.me);
            let keep =
                |partition| holdings.holds(partition) || history.live().iter().any(|map| map.owns(me, partition));
            for key in self.tasks.forget(keep) {
                self.outputs.push_back(Output::Persist { key, value: None });
            }
        }
        self.poll_plans(now);
        self.persist();
    }

    /// Becomes active once it is known whom to join, or that there is nobody.
    fn join(&mut self, now: Moment) {
        let state = self.members.get(self.me).map(|member| member.state);
        match state {
            Some(MemberState::Removed(Removal::Dead | Removal::Abandoned)) => {
                // The others gave this node up and were wrong. It owns something again when it knows what has become of the maps.
                self.caught_up = false;
                self.change(self.me, |member| member.state = MemberState::Joining);
            }
            Some(MemberState::Joining) => {
                let active = self
                    .members
                    .iter()
                    .any(|member| matches!(member.state, MemberState::Active | MemberState::Draining));
                // Where all begin at once somebody has to be the first: the one with the least name, and only where more than half are.
                let first = self.members.present().next() == Some(self.me);
                let reached = self.members.present().filter(|&node| self.swim.is_alive(node)).count();
                let ready = |node| self.history.tracker(node).is_some_and(|tracker| tracker.ack != MapId::default());
                let enough = reached * 2 > self.members.present().count() && self.most_of_told(&ready);
                let alone = !active && first && enough && now.since(self.started) >= ALONE_AFTER;
                if active && self.caught_up || alone {
                    let joined = *self.joined_at.get_or_insert(now);
                    if alone || now.since(joined) >= Duration::from_secs(1) {
                        self.caught_up = true;
                        // By the map of those that were there before, something may be released still: it is to be known here, too.
                        self.new_map(now);
                        self.change(self.me, |member| member.state = MemberState::Active);
                    }
                }
            }
            Some(MemberState::Draining)
                if self.holdings.is_empty()
                    && self.replicator.load().0 == 0
                    && self.history.live().len() == 1
                    && self.history.newest().is_some_and(|map| map.slots().iter().all(|slot| slot.node != self.me)) =>
            {
                self.change(self.me, |member| member.state = MemberState::Removed(Removal::Drained));
            }
            _ => {}
        }
    }

    /// Whether more than half of those that this node was told of, itself included, are there and are such. A newcomer does not count:
    /// who lost its disk while the others are away would otherwise begin a second cluster with it. Nor does one that was told of this
    /// node alone begin one, when this node was told of others that it has not met.
    fn most_of_told(&self, such: &dyn Fn(NodeId) -> bool) -> bool {
        // Of those that it was told of some may be gone since.
        let gone = self.members.len() - self.members.present().count();
        let told = (self.config.seeds + 1).saturating_sub(gone);
        let there = |node: NodeId| self.members.is_present(node) && self.swim.is_alive(node) && such(node);
        (1 + self.seeds.iter().filter(|&&node| there(node)).count()) * 2 > told
    }

    /// Removes members that have been dead for longer than the grace, where enough are there to know.
    fn bury(&mut self, now: Moment) {
        let long: Vec<NodeId> =
            self.swim.dead(now).filter(|&(_, dead)| dead >= self.config.grace).map(|(node, _)| node).collect();
        // Before there is a map nobody may be left out: the one with the least name begins, and there can be only one.
        if long.is_empty() || self.history.newest().is_none() {
            return;
        }
        let present = self.members.present().count();
        let dead = self.swim.dead(now).filter(|&(node, _)| self.members.is_present(node)).count();
        // The others may think the same of us: only more than half may say so. Of two that is as it may be, or the last one could
        // never take anything again. Where all who have a chunk on disk may be among the dead, every answer goes on saying
        // that it does not see them, until they are back or an operator removes them.
        let gone: BTreeSet<NodeId> = self.swim.dead(now).map(|(node, _)| node).collect();
        // Who came while the others could not hear of it does not help to give them up.
        let known = |map: &Arc<PartitionMap>| map.slots().len() <= 2 || map.most(&|node| !gone.contains(&node));
        let majority = (present - dead) * 2 > present && self.history.written().iter().all(known);
        // What makes them two the other one must have heard, or it goes on as one of more.
        let two = present <= 2 && self.history.written().len() == 1;
        if !majority && !two {
            return;
        }
        let quorum = self.history.live().iter().map(|map| map.quorum()).min().unwrap_or(1);
        // Of two owners the other one may go on alone as well, also where a third one has come since.
        let most = self.history.written().iter().all(|map| map.most(&|node| !gone.contains(&node)));
        let removal = if majority && most && dead < quorum { Removal::Dead } else { Removal::Abandoned };
        for node in long {
            if self.members.is_present(node) {
                // Whoever finds out writes the same entry.
                self.change_by(node, node, |member| member.state = MemberState::Removed(removal));
            }
        }
    }

    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Member)) -> bool {
        self.change_by(node, self.me, change)
    }

    fn change_by(&mut self, node: NodeId, by: NodeId, change: impl FnOnce(&mut Member)) -> bool {
        let Some(member) = self.members.change(node, by, change) else { return false };
        if is_present(member.state) {
            self.swim.add(node, self.swim.last());
        } else {
            self.swim.remove(node);
        }
        self.members_changed = true;
        self.member_changed(member);
        true
    }

    fn member_changed(&mut self, member: Member) {
        // The map is due even when the change does not move anything: its name says which members it knows.
        self.map_due.get_or_insert(self.next_tick + MAP_DELAY);
        self.rumours.tell(Fact::Member(member.clone()));
        self.event(Event::MemberChanged(member));
    }

    /// Computes the map of the member set as it is now.
    fn new_map(&mut self, now: Moment) {
        self.map_due = None;
        let mut record = self.members.map();
        if self.config.planted.map_by_arrival {
            let place = |node: NodeId| self.arrival.iter().position(|&other| other == node).unwrap_or(0) as u64;
            for slot in &mut record.slots {
                slot.place = place(slot.node);
            }
        }
        if record.id == self.history.id() || record.slots.is_empty() {
            return;
        }
        let (map, members) = (record.id, record.slots.len());
        self.history.adopt(record);
        self.handed_over.clear();
        self.maps_changed = true;
        self.reroute = true;
        self.event(Event::MapChanged { map, members });
        self.reconcile(now, Reconciler::handle_map);
        self.track();
    }

    /// Keeps the own tracker true, and drops maps that nobody needs.
    fn track(&mut self) {
        if !self.reconciler.is_acked() {
            let present: Vec<NodeId> = self.members.present().collect();
            if self.history.acked(&present) {
                self.reconciler.handle_acked();
            }
        }
        let newest = match self.history.newest() {
            Some(map) => map.id(),
            None if self.most_of_told(&|_| true) => MapId::READY,
            None => MapId::default(),
        };
        let known = self.history.tracker(self.me);
        let sync =
            if self.reconciler.in_sync() { newest } else { known.map(|tracker| tracker.sync).unwrap_or_default() };
        let mut misplaced = vec![0; MISPLACED_BYTES];
        let mut some = false;
        for partition in self.holdings.partitions() {
            if !self.history.live().iter().any(|map| map.owns(self.me, partition)) {
                let (byte, bit) = misplaced_bit(partition);
                if let Some(bits) = misplaced.get_mut(byte) {
                    *bits |= bit;
                    some = true;
                }
            }
        }
        if !some {
            misplaced.clear();
        }
        let same = known
            .is_some_and(|tracker| tracker.ack == newest && tracker.sync == sync && tracker.misplaced == misplaced);
        if !same {
            let seq = self.tracker_seq.max(known.map_or(0, |tracker| tracker.seq));
            self.tracker_seq = (seq & !1).saturating_add(2);
            let tracker = Tracker { seq: self.tracker_seq, node: self.me, ack: newest, sync, misplaced };
            self.history.merge(tracker.clone());
            self.rumours.tell(Fact::Tracker(tracker));
        }
        self.retire();
    }

    fn retire(&mut self) {
        if self.history.live().len() < 2 {
            return;
        }
        let present: Vec<NodeId> = self.members.present().collect();
        if self.history.supersede(&present) {
            self.maps_changed = true;
            self.reroute = true;
        }
        if self.history.retire(&present) {
            self.maps_changed = true;
            self.reroute = true;
            self.event(Event::MapSettled(self.history.id()));
        }
    }

    fn connected(&mut self, node: NodeId) {
        self.swim.handle_connected(node);
        self.replicator.connected(node);
        self.reroute = true;
        if !self.members.is_present(node) {
            if self.strangers.len() < MAX_STRANGERS {
                self.strangers.insert(node);
            }
            return self.introduce(node);
        }
        let digest = self.digest();
        self.sends.push((node, Body::Digest(digest)));
    }

    /// Somebody may never have heard of this node: its entry goes along.
    fn introduce(&mut self, node: NodeId) {
        self.outputs_to(node, self.own_facts(), Body::Gossip);
        let digest = self.digest();
        self.sends.push((node, Body::Digest(digest)));
    }

    fn own_facts(&self) -> Vec<Fact> {
        self.members.get(self.me).cloned().map(Fact::Member).into_iter().collect()
    }

    fn digest(&self) -> Digest {
        Digest {
            trackers: self.history.trackers_hash(),
            maps: self.history.live().iter().map(|map| map.id()).collect(),
            ..self.members.digest()
        }
    }

    fn summary(&self, answer: bool) -> Summary {
        Summary {
            answer,
            members: self.members.versions(),
            trackers: self.history.trackers().map(|tracker| (tracker.node, tracker.seq)).collect(),
            revoked: self.members.revoked().iter().copied().collect(),
        }
    }

    fn message(&mut self, now: Moment, from: NodeId, message: ClusterMessage) {
        if from == self.me || self.members.revoked().contains(&from) {
            return;
        }
        let ClusterMessage { incarnation, facts, body } = message;
        let count = self.members.len();
        for fact in facts {
            self.rumours.heard(&fact, count);
            self.fact(now, fact);
        }
        let mut effects = Effects::default();
        self.swim.handle_heard(now, from, incarnation, &mut effects);
        match body {
            Body::Gossip => {}
            Body::Ping { seq } => effects.sends.push((from, Body::Ack { seq, of: self.me })),
            Body::Ack { seq, of } => self.swim.handle_ack(from, seq, of, &mut effects),
            Body::PingFor { seq, target } => self.swim.handle_ping_for(now, from, seq, target, &mut effects),
            other => self.message_of_member(now, from, other),
        }
        self.apply(effects);
    }

    fn message_of_member(&mut self, now: Moment, from: NodeId, body: Body) {
        match body {
            Body::Digest(digest) => self.handle_digest(from, &digest),
            Body::Summary(summary) => self.handle_summary(from, &summary),
            Body::MapsAsk(ids) => {
                let known = self.history.live().iter().filter(|map| ids.contains(&map.id()));
                let records = known.map(|map| map.record()).collect();
                self.sends.push((from, Body::Maps(records)));
            }
            Body::Maps(records) => self.handle_maps(records),
            _ if self.members.get(from).is_none() => {
                // Who asks for data belongs to us, or has to say so first.
                let digest = self.digest();
                self.sends.push((from, Body::Digest(digest)));
            }
            Body::Root { map, root } => self.reconcile(now, |r, scene| r.handle_root(scene, from, map, root)),
            Body::RootSame { map, root } => self.reconcile(now, |r, scene| r.handle_root_same(scene, from, map, root)),
            Body::RootDiffers { map } => self.reconcile(now, |r, scene| r.handle_root_differs(scene, from, map)),
            Body::Shares { map, shares } => {
                self.reconcile(now, |r, scene| r.handle_shares(scene, from, map, &shares));
            }
            Body::SharesSame { map, first, last, shares } => {
                self.reconcile(now, |r, scene| r.handle_shares_same(scene, from, map, (first, last), &shares));
            }
            Body::HaveAsk { nonce, partition, after } => {
                let (streams, next) = self.holdings.page(partition, after);
                let map = self.history.id();
                self.sends.push((from, Body::Have(HavePage { nonce, map, partition, streams, next })));
            }
            Body::Have(page) => self.reconcile(now, |r, scene| r.handle_have(scene, from, page)),
            Body::Want { stream, chunks } => {
                self.reconcile(now, |r, scene| r.handle_want(scene, from, stream, &chunks));
            }
            Body::Lack { stream, chunks } => {
                self.reconcile(now, |r, scene| r.handle_lack(scene, from, stream, &chunks));
            }
            Body::Checkpoint(checkpoint) => {
                self.handle_checkpoint(checkpoint);
            }
            Body::PlanAsk { query, hosts, after } => {
                let hosts: BTreeSet<HostId> = hosts.into_iter().collect();
                let (streams, next) = self.holdings.page_of(&hosts, after);
                let maps = self.live_ids();
                self.sends.push((from, Body::PlanSay { query, maps, streams, next }));
            }
            Body::PlanSay { query, maps, streams, next } => self.plan_said(now, from, query, &maps, streams, next),
            Body::Gossip | Body::Ping { .. } | Body::Ack { .. } | Body::PingFor { .. } => {}
        }
    }

    fn fact(&mut self, now: Moment, fact: Fact) {
        match fact {
            Fact::Health { node, incarnation, health } => {
                let mut effects = Effects::default();
                self.swim.handle_health(now, node, incarnation, health, &mut effects);
                self.apply(effects);
            }
            Fact::Member(member) => self.merge_member(now, member),
            Fact::Tracker(tracker) => {
                let own = tracker.node == self.me;
                let before = self.history.tracker(tracker.node).map(|known| known.ack);
                if self.history.merge(tracker.clone()) {
                    if !own && before != Some(tracker.ack) && tracker.ack != MapId::READY {
                        self.persist_ack(&tracker);
                    }
                    if own {
                        // Of an earlier life, or of one whose disk was lost: the next one is greater.
                        self.tracker_seq = self.tracker_seq.max(tracker.seq);
                        self.track();
                    } else {
                        self.rumours.tell(Fact::Tracker(tracker));
                        self.retire();
                    }
                }
            }
            Fact::Revoked(node) => {
                let merged = self.members.revoke(node);
                self.revoked(merged, node);
            }
            Fact::ExpiredBefore(hour) => {
                let merged = self.members.expire_before(hour);
                self.expire_before(merged, hour);
            }
        }
    }

    fn merge_member(&mut self, now: Moment, member: Member) {
        match self.members.merge(member.clone()) {
            Merged::Nothing => {}
            Merged::Full => self.event(Event::LimitReached("MAX_MEMBERS")),
            Merged::News => {
                let node = member.node;
                if !self.arrival.contains(&node) {
                    self.arrival.push(node);
                }
                if is_present(member.state) {
                    self.swim.add(node, now);
                } else {
                    self.swim.remove(node);
                }
                self.members_changed = true;
                self.member_changed(member);
                if node == self.me {
                    self.note_exclusion();
                }
            }
        }
    }

    fn revoked(&mut self, merged: Merged, node: NodeId) {
        match merged {
            Merged::Nothing => return,
            Merged::Full => return self.event(Event::LimitReached("MAX_REVOKED")),
            Merged::News => {}
        }
        self.members_changed = true;
        self.rumours.tell(Fact::Revoked(node));
        self.event(Event::Revoked(node));
        if self.members.is_present(node) {
            self.change_by(node, node, |member| member.state = MemberState::Removed(Removal::Revoked));
            self.swim.remove(node);
        }
        if node == self.me {
            self.note_exclusion();
        }
    }

    fn expire_before(&mut self, merged: Merged, hour: u32) {
        if merged == Merged::News {
            self.members_changed = true;
            self.rumours.tell(Fact::ExpiredBefore(hour));
            self.outputs.push_back(Output::ExpireBefore(hour));
        }
    }

    fn handle_digest(&mut self, from: NodeId, theirs: &Digest) {
        let ours = self.digest();
        if theirs.expired_before != ours.expired_before {
            let merged = self.members.expire_before(theirs.expired_before);
            self.expire_before(merged, theirs.expired_before);
        }
        if (theirs.members, theirs.trackers, theirs.revoked) != (ours.members, ours.trackers, ours.revoked) {
            let summary = self.summary(true);
            self.sends.push((from, Body::Summary(summary)));
        }
        let member = self.members.get(from).map(|member| member.state);
        let active = matches!(member, Some(MemberState::Active | MemberState::Draining));
        let present: Vec<NodeId> = self.members.present().collect();
        let settled = self.history.settled(&present);
        let unknown: Vec<_> = theirs.maps.iter().copied().filter(|&id| !self.history.has_heard_of(id)).collect();
        let unknown_none = unknown.is_empty();
        if theirs.members == ours.members && !unknown_none && !settled {
            // With other members they will be learned first, and most maps with them.
            self.sends.push((from, Body::MapsAsk(unknown)));
        }
        if theirs.members == ours.members && active && (unknown_none || settled) {
            self.caught_up = true;
        }
        let own = self.members.get(self.me).map(|member| member.state);
        if member == Some(MemberState::Joining) && own == Some(MemberState::Active) && theirs.members == ours.members {
            // It waits to hear which maps are in use.
            self.sends.push((from, Body::Digest(ours)));
        }
    }

    fn handle_summary(&mut self, from: NodeId, theirs: &Summary) {
        let mut facts = self.members.newer_than(theirs);
        let known: BTreeMap<NodeId, u64> = theirs.trackers.iter().copied().collect();
        facts.extend(
            self.history
                .trackers()
                .filter(|tracker| known.get(&tracker.node).is_none_or(|&seq| seq <= tracker.seq))
                .filter(|tracker| known.get(&tracker.node) != Some(&tracker.seq))
                .cloned()
                .map(Fact::Tracker),
        );
        facts.extend(self.swim.ill());
        for page in facts.chunks(MAX_FACTS) {
            self.outputs_to(from, page.to_vec(), Body::Gossip);
        }
        if theirs.answer {
            let summary = self.summary(false);
            self.sends.push((from, Body::Summary(summary)));
        }
    }

    fn handle_maps(&mut self, records: Vec<MapRecord>) {
        let present: Vec<NodeId> = self.members.present().collect();
        for record in records {
            if self.history.learn(record, &present) {
                self.maps_changed = true;
                self.reroute = true;
            }
        }
    }

    fn command(&mut self, command: Command) {
        let failed = match command {
            Command::Drain(node) if !self.members.is_present(node) => Some("no such member"),
            Command::Drain(node) => {
                self.change(node, |member| member.state = MemberState::Draining);
                None
            }
            Command::Activate(node) => {
                let known = self.change(node, |member| member.state = MemberState::Active);
                (!known).then_some("no such member")
            }
            Command::Remove(node) if self.members.get(node).is_none() => Some("no such member"),
            Command::Remove(node) => {
                self.change(node, |member| member.state = MemberState::Removed(Removal::Operator));
                self.swim.remove(node);
                self.note_exclusion();
                None
            }
            Command::Replace { old, new } => self.replace(old, new),
            Command::Revoke(node) => {
                let merged = self.members.revoke(node);
                let full = merged == Merged::Full;
                self.revoked(merged, node);
                full.then_some("too many keys are revoked")
            }
            Command::Reconfigure { weight, zone, addresses, serial } => {
                self.config = Config { weight, zone, addresses, serial, ..self.config.clone() };
                self.enter();
                None
            }
            Command::ExpireBefore(hour) => {
                let merged = self.members.expire_before(hour);
                self.expire_before(merged, hour);
                None
            }
            Command::Leave => {
                self.leave();
                None
            }
        };
        if let Some(why) = failed {
            self.event(Event::CommandFailed(why.to_owned()));
        }
    }

    fn replace(&mut self, old: NodeId, new: NodeId) -> Option<&'static str> {
        let Some(place) = self.members.get(old).map(|member| member.place) else { return Some("no such old member") };
        if old == new {
            // The same name with an empty disk: what it lacks is brought to it as it is.
            return None;
        }
        if !self.members.is_present(new) {
            return Some("no such new member");
        }
        self.change(new, |member| {
            member.place = place;
            member.state = MemberState::Active;
        });
        self.change(old, |member| member.state = MemberState::Removed(Removal::Replaced));
        self.swim.remove(old);
        self.note_exclusion();
        None
    }

    /// Tells everybody who is near that this process ends.
    fn leave(&mut self) {
        let facts = vec![Fact::Health { node: self.me, incarnation: self.swim.incarnation(), health: Health::Dead }];
        for node in self.swim.pick_alive(&mut self.rng, 16) {
            self.outputs_to(node, facts.clone(), Body::Gossip);
        }
    }

    fn apply(&mut self, effects: Effects) {
        if effects.risen {
            self.persist_self();
        }
        self.sends.extend(effects.sends);
        for fact in effects.tell {
            self.rumours.tell(fact);
        }
        self.reroute |= !effects.events.is_empty();
        for event in effects.events {
            self.event(event);
        }
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Runs something of the reconciler.
    fn reconcile(&mut self, now: Moment, run: impl FnOnce(&mut Reconciler, &mut Scene<'_>)) {
        let mut out = Vec::new();
        let swim = &self.swim;
        let mut scene = Scene {
            now,
            me: self.me,
            history: &self.history,
            holdings: &mut self.holdings,
            alive: &|node| swim.is_alive(node),
            sends: &mut self.sends,
            out: &mut out,
            delete_before_proof: self.config.planted.delete_before_proof,
        };
        run(&mut self.reconciler, &mut scene);
        self.outputs.extend(out);
    }

    /// Runs something of the replicator.
    fn replicate(&mut self, now: Moment, run: impl FnOnce(&mut Replicator, &View<'_>, &mut Vec<Output>)) {
        let mut out = Vec::new();
        let swim = &self.swim;
        let (alive, reached) = (|node| swim.is_alive(node), |node| swim.is_reached(node));
        let view = View { now, maps: self.history.written(), alive: &alive, reached: &reached };
        run(&mut self.replicator, &view, &mut out);
        self.outputs.extend(out);
    }

    fn assign(&mut self) {
        let partitions: Vec<Partition> = self.holdings.partitions().collect();
        let swim = &self.swim;
        let alive = |node| swim.is_alive(node);
        let analyses = if self.excluded { &[][..] } else { &self.config.analyses };
        let changes = self.tasks.assign(self.me, self.history.live(), &partitions, analyses, &alive);
        for (analysis, partition) in changes.stop {
            self.outputs.push_back(Output::Stop { analysis, partition });
        }
        if !changes.run.is_empty() {
            self.handed_over.clear();
        }
        for (analysis, partition) in changes.run {
            let from = self.tasks.best((analysis, partition)).cloned();
            self.outputs.push_back(Output::Run { analysis, partition, from });
        }
        for (analysis, partition) in changes.taken_over {
            self.event(Event::TookOver { analysis, partition });
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.checkpoint_seq += 1;
        let checkpoint = Checkpoint {
            runner: self.me,
            map: self.history.id(),
            incarnation: self.swim.incarnation(),
            seq: self.checkpoint_seq,
            ..checkpoint
        };
        if checkpoint.check().is_err() {
            return self.event(Event::LimitReached("MAX_CHECKPOINT_BYTES"));
        }
        if !self.handle_checkpoint(checkpoint.clone()) {
            return;
        }
        let Some(map) = self.history.newest() else { return };
        for owner in map.owners(checkpoint.partition).filter(|&owner| owner != self.me) {
            self.sends.push((owner, Body::Checkpoint(checkpoint.clone())));
        }
    }

    fn handle_checkpoint(&mut self, checkpoint: Checkpoint) -> bool {
        let wanted = self.history.live().iter().any(|map| map.owns(self.me, checkpoint.partition))
            || self.holdings.holds(checkpoint.partition);
        match wanted.then(|| self.tasks.merge(checkpoint)).flatten() {
            Some((key, value)) => {
                self.outputs.push_back(Output::Persist { key, value: Some(value) });
                true
            }
            None => false,
        }
    }

    /// While data moves, the owners to come get the checkpoints of what runs here that are older than their map: when all is moved
    /// they begin. Each gets them once, when it says that it routes by that map, for before it would not keep them.
    fn hand_over_checkpoints(&mut self) {
        let [oldest, .., newest] = self.history.live() else { return self.handed_over.clear() };
        let ready = |owner| self.history.tracker(owner).is_some_and(|tracker| tracker.ack == newest.id());
        let mut taken = BTreeSet::new();
        for checkpoint in self.tasks.running().filter_map(|task| self.tasks.best(task)) {
            for owner in newest.owners(checkpoint.partition) {
                let is_new = owner != self.me && !oldest.owns(owner, checkpoint.partition);
                if is_new && self.swim.is_alive(owner) && ready(owner) && !self.handed_over.contains(&owner) {
                    self.sends.push((owner, Body::Checkpoint(checkpoint.clone())));
                    taken.insert(owner);
                }
            }
        }
        self.handed_over.extend(taken);
    }

    fn persist_self(&mut self) {
        // The sequence of trackers need not be exact: a summary tells it again.
        let own = KeptSelf { incarnation: self.swim.incarnation(), tracker_seq: self.tracker_seq };
        self.keep(KEY_SELF, codec::encode(&own));
    }

    /// What is kept of a tracker is less than the tracker and has a number of its own: those that are told are even.
    fn persist_ack(&mut self, tracker: &Tracker) {
        let Tracker { seq, node, ack, .. } = *tracker;
        let seq = seq.saturating_sub(1) | 1;
        let ack = Fact::Tracker(Tracker { seq, node, ack, sync: MapId::default(), misplaced: Vec::new() });
        self.keep(&format!("{KEY_ACK}{node}"), codec::encode(&KeptFacts(vec![ack])));
    }

    fn persist(&mut self) {
        if std::mem::take(&mut self.members_changed) {
            self.keep(KEY_MEMBERS, codec::encode(&KeptFacts(self.members.facts())));
        }
        let news = self.kept_behind == self.caught_up;
        // It is to be known whenever there are maps that are not all.
        if news && !self.caught_up {
            self.keep(KEY_BEHIND, codec::encode(&KeptFacts(Vec::new())));
        }
        if std::mem::take(&mut self.maps_changed) {
            let maps = KeptMaps(self.history.live().iter().map(|map| map.record()).collect());
            self.keep(KEY_MAPS, codec::encode(&maps));
            // Its name is enough: it is one of those.
            let oldest = self.history.written().first().map(|map| MapRecord { id: map.id(), slots: Vec::new() });
            let written = KeptMaps(oldest.into_iter().collect());
            self.keep(KEY_WRITTEN, codec::encode(&written));
        }
        if news && self.caught_up {
            self.outputs.push_back(Output::Persist { key: KEY_BEHIND.to_owned(), value: None });
        }
        self.kept_behind = !self.caught_up;
    }

    /// What was dropped is kept before anybody is told that it was.
    fn persist_gone(&mut self) {
        for (partition, gone) in self.holdings.take_gone() {
            let key = format!("{KEY_GONE}{}", partition.number());
            if gone.is_empty() {
                self.outputs.push_back(Output::Persist { key, value: None });
            } else {
                self.keep(&key, codec::encode(&KeptGone(gone)));
            }
        }
    }

    fn keep(&mut self, key: &str, value: Result<Vec<u8>, codec::CodecError>) {
        match value {
            Ok(value) => self.outputs.push_back(Output::Persist { key: key.to_owned(), value: Some(value) }),
            Err(_) => self.event(Event::LimitReached("size of what is kept")),
        }
    }

    /// A message with these facts instead of news.
    fn outputs_to(&mut self, to: NodeId, facts: Vec<Fact>, body: Body) {
        let message = ClusterMessage { incarnation: self.swim.incarnation(), facts, body };
        self.outputs.push_back(Output::Send { to, message });
    }

    /// Makes messages of what is to be said; news goes along with those that are small.
    fn flush(&mut self) {
        if self.sends.is_empty() {
            return;
        }
        // What a change of the own entry leads to is said only when it is kept, and so is by which map this node routes.
        self.persist();
        let count = self.members.len();
        for (to, body) in std::mem::take(&mut self.sends) {
            let carries = matches!(body, Body::Gossip | Body::Ping { .. } | Body::Ack { .. });
            let mut facts = if carries { self.rumours.take(count) } else { Vec::new() };
            if carries && self.swim.health(to) != Health::Alive {
                facts.extend(self.swim.fact(to));
            }
            if facts.is_empty() && body == Body::Gossip {
                continue;
            }
            self.outputs_to(to, facts, body);
        }
        if self.outputs.len() > MAX_OUTPUTS {
            self.outputs.truncate(MAX_OUTPUTS);
        }
    }
}

fn read<M: Message + Default>(kept: &BTreeMap<String, Vec<u8>>, key: &str) -> Result<M, StateError> {
    match kept.get(key) {
        None => Ok(M::default()),
        Some(value) => {
            codec::decode(value).map_err(|error| StateError { key: key.to_owned(), error: error.to_string() })
        }
    }
}

/// A text no longer than a member's may be.
fn cut(text: &str) -> String {
    let mut text = text.to_owned();
    while text.len() > MAX_MEMBER_TEXT_BYTES {
        text.pop();
    }
    text
}
