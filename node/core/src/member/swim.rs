//! Which members live: each pings one other a second, asks three more to ping who does not answer, suspects who does not answer
//! them either, and takes for dead who does not deny it in time (SWIM: Das, Gupta and Motivala, 2002).
//!
//! It decides where things are sent, never what is kept. A member is known from the member set; here is only how it is. Of two words about
//! one member the one with the higher incarnation holds, of one incarnation the worse; only the member itself raises its
//! incarnation, which is how it denies.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use packetstream_protocol::cluster::{Body, Fact, Health};
use packetstream_protocol::ids::NodeId;

use crate::io::Event;
use crate::moment::Moment;
use crate::rng::Rng;

/// One member is pinged so often.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(1000);
/// An answer takes no longer than this, or others are asked to ping.
pub const ACK_TIMEOUT: Duration = Duration::from_millis(400);
/// A suspect has so long to deny it.
pub const SUSPICION: Duration = Duration::from_millis(3000);
/// The dead are pinged so often, one of them: a cut network heals without anybody's word.
pub const DEAD_PROBE_INTERVAL: Duration = Duration::from_millis(2000);
/// Members that are asked to ping another.
pub const HELPERS: usize = 3;
/// Pings under way: the regular one, and one for each connection that just broke.
pub const MAX_PROBES: usize = 32;
/// Pings that others asked for and that are under way.
pub const MAX_RELAYS: usize = 256;
/// A machine that was not driven for so long blames nobody for what it missed.
const PAUSE: Duration = Duration::from_millis(1500);

#[derive(Clone, Debug)]
struct Peer {
    incarnation: u64,
    health: Health,
    /// When its health became what it is.
    since: Moment,
    /// Its connection broke and nothing was heard since.
    shaky: bool,
    /// When a ping was sent that it answered itself, the last one: at least until then it heard this node.
    met: Option<Moment>,
}

#[derive(Clone, Debug)]
struct Probe {
    target: NodeId,
    seq: u64,
    sent: Moment,
    helped: bool,
}

/// The failure detector of one node.
#[derive(Clone, Debug)]
pub(crate) struct Swim {
    me: NodeId,
    incarnation: u64,
    peers: BTreeMap<NodeId, Peer>,
    suspects: BTreeSet<NodeId>,
    dead: BTreeSet<NodeId>,
    /// Whom to probe next, in a random order that is drawn anew when it is used up: nobody waits longer than twice the others.
    order: Vec<NodeId>,
    probes: Vec<Probe>,
    urgent: BTreeSet<NodeId>,
    /// Pings for others: the sequence of ours to who asked and the sequence of theirs.
    relays: BTreeMap<u64, (NodeId, u64, Moment)>,
    seq: u64,
    next_probe: Moment,
    next_dead_probe: Moment,
    last: Moment,
}

/// What the detector wants done.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) sends: Vec<(NodeId, Body)>,
    pub(crate) tell: Vec<Fact>,
    pub(crate) events: Vec<Event>,
    /// The own incarnation rose and is to be persisted.
    pub(crate) risen: bool,
}

impl Swim {
    pub(crate) fn new(me: NodeId, incarnation: u64, now: Moment) -> Self {
        Self {
            me,
            incarnation,
            peers: BTreeMap::new(),
            suspects: BTreeSet::new(),
            dead: BTreeSet::new(),
            order: Vec::new(),
            probes: Vec::new(),
            urgent: BTreeSet::new(),
            relays: BTreeMap::new(),
            seq: 0,
            next_probe: now,
            next_dead_probe: now,
            last: now,
        }
    }

    pub(crate) const fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Whether something sent to it will probably arrive.
    pub(crate) fn is_alive(&self, node: NodeId) -> bool {
        node == self.me || self.peers.get(&node).is_some_and(|peer| peer.health == Health::Alive && !peer.shaky)
    }

    pub(crate) fn health(&self, node: NodeId) -> Health {
        if node == self.me { Health::Alive } else { self.peers.get(&node).map_or(Health::Alive, |peer| peer.health) }
    }

    /// What is known of a member, to be told to it or others.
    pub(crate) fn fact(&self, node: NodeId) -> Option<Fact> {
        let peer = self.peers.get(&node)?;
        Some(Fact::Health { node, incarnation: peer.incarnation, health: peer.health })
    }

    /// What to tell those who were away: who does not live.
    pub(crate) fn ill(&self) -> impl Iterator<Item = Fact> + '_ {
        self.suspects.iter().chain(&self.dead).filter_map(|&node| self.fact(node))
    }

    /// The dead, with how long they have been.
    pub(crate) fn dead(&self, now: Moment) -> impl Iterator<Item = (NodeId, Duration)> + '_ {
        self.dead.iter().filter_map(move |&node| Some((node, now.since(self.peers.get(&node)?.since))))
    }

    /// Members that are not known to be ill, without the own node.
    pub(crate) fn alive(&self) -> Vec<NodeId> {
        self.peers
            .iter()
            .filter(|(_, peer)| peer.health == Health::Alive && !peer.shaky)
            .map(|(&node, _)| node)
            .collect()
    }

    /// Some members at random that live, for gossip.
    pub(crate) fn pick_alive(&self, rng: &mut Rng, count: usize) -> Vec<NodeId> {
        // Drawing keys from a large map: a random start and a few steps each would favour some, so the keys are listed.
        let alive = self.alive();
        rng.sample(&alive, count)
    }

    /// When time passed last.
    pub(crate) const fn last(&self) -> Moment {
        self.last
    }

    pub(crate) fn add(&mut self, node: NodeId, now: Moment) {
        if node != self.me && !self.peers.contains_key(&node) {
            self.peers
                .insert(node, Peer { incarnation: 0, health: Health::Alive, since: now, shaky: false, met: None });
            let at = self.order.len() / 2;
            self.order.insert(at, node);
        }
    }

    pub(crate) fn remove(&mut self, node: NodeId) {
        self.peers.remove(&node);
        self.suspects.remove(&node);
        self.dead.remove(&node);
        self.urgent.remove(&node);
        self.probes.retain(|probe| probe.target != node);
    }

    /// Denies whatever was said of the own node up to this incarnation.
    fn deny(&mut self, incarnation: u64, effects: &mut Effects) {
        self.incarnation = self.incarnation.max(incarnation).saturating_add(1);
        effects.risen = true;
        effects.tell.push(Fact::Health { node: self.me, incarnation: self.incarnation, health: Health::Alive });
    }

    /// Somebody's word about a member.
    pub(crate) fn handle_health(
        &mut self,
        now: Moment,
        node: NodeId,
        incarnation: u64,
        health: Health,
        effects: &mut Effects,
    ) {
        if node == self.me {
            let wrong = incarnation > self.incarnation || (incarnation == self.incarnation && health != Health::Alive);
            if wrong {
                self.deny(incarnation, effects);
            }
            return;
        }
        let Some(peer) = self.peers.get(&node) else { return };
        if (incarnation, health) > (peer.incarnation, peer.health) {
            self.set(now, node, incarnation, health, effects);
        }
    }

    fn set(&mut self, now: Moment, node: NodeId, incarnation: u64, health: Health, effects: &mut Effects) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        let before = peer.health;
        if before != health {
            peer.since = now;
        }
        peer.incarnation = incarnation;
        peer.health = health;
        if health == Health::Alive && before != Health::Alive {
            peer.shaky = false;
        }
        self.suspects.remove(&node);
        self.dead.remove(&node);
        match health {
            Health::Alive => {}
            Health::Suspect => drop(self.suspects.insert(node)),
            Health::Dead => drop(self.dead.insert(node)),
        }
        if before != health {
            effects.events.push(match health {
                Health::Alive => Event::Lives(node),
                Health::Suspect => Event::Suspected(node),
                Health::Dead => Event::Died(node),
            });
        }
        effects.tell.push(Fact::Health { node, incarnation, health });
    }

    /// Something came from a member itself, in this incarnation.
    pub(crate) fn handle_heard(&mut self, now: Moment, from: NodeId, incarnation: u64, effects: &mut Effects) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        peer.shaky = false;
        let (known, health) = (peer.incarnation, peer.health);
        if incarnation > known {
            if known == 0 && health == Health::Alive {
                // Nobody has to be told that somebody lives whom nobody doubts.
                peer.incarnation = incarnation;
            } else {
                self.set(now, from, incarnation, Health::Alive, effects);
            }
        }
    }

    pub(crate) fn handle_connected(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.shaky = false;
            if peer.health != Health::Alive {
                self.urgent.insert(node);
            }
        }
    }

    pub(crate) fn handle_disconnected(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.shaky = true;
            if peer.health == Health::Alive && self.urgent.len() < MAX_PROBES {
                self.urgent.insert(node);
            }
        }
    }

    pub(crate) fn handle_ping_for(
        &mut self,
        now: Moment,
        from: NodeId,
        seq: u64,
        target: NodeId,
        effects: &mut Effects,
    ) {
        if target == self.me {
            effects.sends.push((from, Body::Ack { seq, of: self.me }));
        } else if self.peers.contains_key(&target) && self.relays.len() < MAX_RELAYS {
            let own = self.next_seq();
            self.relays.insert(own, (from, seq, now));
            effects.sends.push((target, Body::Ping { seq: own }));
        }
    }

    /// When a member certainly heard this node the last time; never in this life: none.
    pub(crate) fn met(&self, node: NodeId) -> Option<Moment> {
        self.peers.get(&node).and_then(|peer| peer.met)
    }

    pub(crate) fn handle_ack(&mut self, from: NodeId, seq: u64, of: NodeId, effects: &mut Effects) {
        if let Some(probe) = self.probes.iter().find(|probe| probe.seq == seq && probe.target == of && of == from)
            && let Some(peer) = self.peers.get_mut(&of)
        {
            peer.met = peer.met.max(Some(probe.sent));
        }
        if let Some((asker, asked, _)) = self.relays.remove(&seq) {
            effects.sends.push((asker, Body::Ack { seq: asked, of }));
        }
        self.probes.retain(|probe| !(probe.seq == seq && probe.target == of));
    }

    const fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// Time has passed.
    pub(crate) fn handle_wake(&mut self, now: Moment, rng: &mut Rng, effects: &mut Effects) {
        if now.since(self.last) > PAUSE {
            self.probes.clear();
            for node in &self.suspects {
                if let Some(peer) = self.peers.get_mut(node) {
                    peer.since = now;
                }
            }
        }
        self.last = now;
        self.relays.retain(|_, (_, _, at)| now.since(*at) < PROBE_INTERVAL * 2);
        self.judge(now, rng, effects);
        while let Some(node) = self.urgent.pop_first() {
            self.probe(now, node, effects);
        }
        if now >= self.next_probe {
            self.next_probe = now + PROBE_INTERVAL;
            if let Some(node) = self.next_target(rng) {
                self.probe(now, node, effects);
            }
        }
        if now >= self.next_dead_probe {
            self.next_dead_probe = now + DEAD_PROBE_INTERVAL;
            let dead: Vec<NodeId> = self.dead.iter().copied().collect();
            for node in rng.sample(&dead, 1) {
                let seq = self.next_seq();
                effects.sends.push((node, Body::Ping { seq }));
            }
        }
    }

    /// Pings that were not answered, and suspicions that were not denied.
    fn judge(&mut self, now: Moment, rng: &mut Rng, effects: &mut Effects) {
        let mut failed = Vec::new();
        let mut ask = Vec::new();
        self.probes.retain_mut(|probe| {
            if now.since(probe.sent) >= PROBE_INTERVAL {
                failed.push(probe.target);
                return false;
            }
            if now.since(probe.sent) >= ACK_TIMEOUT && !probe.helped {
                probe.helped = true;
                ask.push((probe.target, probe.seq));
            }
            true
        });
        for (target, seq) in ask {
            for helper in self.pick_alive(rng, HELPERS + 1).into_iter().filter(|&node| node != target).take(HELPERS) {
                effects.sends.push((helper, Body::PingFor { seq, target }));
            }
        }
        for node in failed {
            if let Some(Peer { incarnation, health: Health::Alive, .. }) = self.peers.get(&node) {
                self.set(now, node, *incarnation, Health::Suspect, effects);
            }
        }
        let ended = |node: &&NodeId| self.peers.get(node).is_some_and(|peer| now.since(peer.since) >= SUSPICION);
        let ended: Vec<NodeId> = self.suspects.iter().filter(ended).copied().collect();
        for node in ended {
            let incarnation = self.peers.get(&node).map_or(0, |peer| peer.incarnation);
            self.set(now, node, incarnation, Health::Dead, effects);
        }
    }

    fn probe(&mut self, now: Moment, target: NodeId, effects: &mut Effects) {
        if self.probes.len() >= MAX_PROBES || self.probes.iter().any(|probe| probe.target == target) {
            return;
        }
        let seq = self.next_seq();
        self.probes.push(Probe { target, seq, sent: now, helped: false });
        effects.sends.push((target, Body::Ping { seq }));
    }

    fn next_target(&mut self, rng: &mut Rng) -> Option<NodeId> {
        for _ in 0..2 {
            while let Some(node) = self.order.pop() {
                if self.peers.get(&node).is_some_and(|peer| peer.health != Health::Dead) {
                    return Some(node);
                }
            }
            self.order = self.peers.keys().copied().collect();
            rng.shuffle(&mut self.order);
        }
        None
    }
}
