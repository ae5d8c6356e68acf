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
use xxhash_rust::xxh3::xxh3_64;

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
    /// Its connection broke and no other was made: what still comes was under way.
    broken: bool,
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

    /// Whether it is on this side of whatever may have been cut, as far as is known. A message that was under way when its connection
    /// broke does not say so.
    pub(crate) fn is_reached(&self, node: NodeId) -> bool {
        self.is_alive(node) && self.peers.get(&node).is_none_or(|peer| !peer.broken)
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
            self.peers.insert(
                node,
                Peer { incarnation: 0, health: Health::Alive, since: now, shaky: false, broken: false, met: None },
            );
            // Those that were told of the same members at the same time must not all ping the same one.
            let drawn = xxh3_64(&[self.me.0, node.0].concat()) % (self.order.len() as u64 + 1);
            self.order.insert(drawn as usize, node);
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
        // Who never heard of any incarnation of it means the one that is known, which has to deny it.
        let (incarnation, health) = match (incarnation, health) {
            (0, Health::Suspect | Health::Dead) if peer.incarnation > 0 => (peer.incarnation, Health::Suspect),
            other => other,
        };
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
            (peer.shaky, peer.broken) = (false, false);
            if peer.health != Health::Alive {
                self.urgent.insert(node);
            }
        }
    }

    pub(crate) fn handle_disconnected(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.get_mut(&node) {
            (peer.shaky, peer.broken) = (true, true);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> NodeId {
        NodeId([number; 32])
    }

    /// A detector of node 0 that knows so many others.
    fn swim(others: u8) -> Swim {
        let mut swim = Swim::new(node(0), 1, Moment(0));
        (1..=others).for_each(|number| swim.add(node(number), Moment(0)));
        swim
    }

    /// Lets time pass in steps of a tick; everything that it wants done.
    fn pass(swim: &mut Swim, from: u64, to: u64) -> Effects {
        let (mut effects, mut rng) = (Effects::default(), Rng::new(1));
        (from..to).step_by(200).for_each(|at| swim.handle_wake(Moment(at), &mut rng, &mut effects));
        effects
    }

    fn health(swim: &mut Swim, at: u64, of: u8, incarnation: u64, health: Health) -> Effects {
        let mut effects = Effects::default();
        swim.handle_health(Moment(at), node(of), incarnation, health, &mut effects);
        effects
    }

    fn word(number: u8, incarnation: u64, health: Health) -> Fact {
        Fact::Health { node: node(number), incarnation, health }
    }

    #[test]
    fn who_does_not_answer_is_suspected_and_then_dead() {
        let mut swim = swim(1);
        let effects = pass(&mut swim, 0, 1800);
        assert!(matches!(effects.sends[0], (to, Body::Ping { .. }) if to == node(1)));
        assert_eq!(effects.events, [Event::Suspected(node(1))]);
        assert!(!swim.is_alive(node(1)));
        let effects = pass(&mut swim, 1800, 5000);
        assert_eq!(effects.events, [Event::Died(node(1))]);
        assert_eq!(effects.tell, [word(1, 0, Health::Dead)]);
        assert!(swim.dead(Moment(5000)).any(|(dead, since)| dead == node(1) && since < SUSPICION));
    }

    #[test]
    fn others_are_asked_before_anybody_is_suspected_and_their_answer_counts() {
        let mut swim = swim(5);
        let effects = pass(&mut swim, 0, 800);
        let Some(&(target, Body::Ping { seq })) = effects.sends.first() else { panic!("it pings at once") };
        let asked: BTreeSet<NodeId> = effects
            .sends
            .iter()
            .filter(
                |(_, body)| matches!(body, Body::PingFor { seq: of, target: whom } if *of == seq && *whom == target),
            )
            .map(|&(helper, _)| helper)
            .collect();
        assert!((2..=HELPERS).contains(&asked.len()) && !asked.contains(&target), "{asked:?}");
        let mut effects = Effects::default();
        let helper = asked.first().copied().expect("there is one");
        swim.handle_ack(helper, seq, target, &mut effects);
        assert_eq!(swim.met(target), None, "the helper was heard, not this node");
        assert!(!pass(&mut swim, 800, 1400).events.contains(&Event::Suspected(target)));
    }

    #[test]
    fn an_answer_says_until_when_this_node_was_heard() {
        let mut swim = swim(1);
        let effects = pass(&mut swim, 0, 200);
        let Some(&(_, Body::Ping { seq })) = effects.sends.first() else { panic!("it pings at once") };
        swim.handle_ack(node(1), seq, node(1), &mut Effects::default());
        assert_eq!(swim.met(node(1)), Some(Moment(0)));
        assert_eq!(pass(&mut swim, 200, 1000).events, []);
    }

    #[test]
    fn a_ping_for_another_is_passed_on_and_its_answer_back() {
        let mut swim = swim(3);
        let mut effects = Effects::default();
        swim.handle_ping_for(Moment(0), node(1), 77, node(2), &mut effects);
        let [(to, Body::Ping { seq })] = effects.sends[..] else { panic!("one ping") };
        assert_eq!(to, node(2));
        let mut effects = Effects::default();
        swim.handle_ack(node(2), seq, node(2), &mut effects);
        assert_eq!(effects.sends, [(node(1), Body::Ack { seq: 77, of: node(2) })]);
        for more in 0..2 * MAX_RELAYS as u64 {
            swim.handle_ping_for(Moment(0), node(1), more, node(2), &mut effects);
        }
        assert_eq!(swim.relays.len(), MAX_RELAYS);
    }

    #[test]
    fn of_two_words_the_later_life_holds_and_in_one_life_the_worse() {
        use Health::{Alive, Dead, Suspect};
        let mut swim = swim(2);
        assert_eq!(health(&mut swim, 0, 1, 3, Suspect).events, [Event::Suspected(node(1))]);
        assert_eq!(health(&mut swim, 0, 1, 3, Alive).events, [], "only a later life denies it");
        assert_eq!(health(&mut swim, 0, 1, 2, Dead).events, []);
        assert_eq!(health(&mut swim, 0, 1, 3, Dead).events, [Event::Died(node(1))]);
        assert_eq!(health(&mut swim, 0, 1, 4, Alive).events, [Event::Lives(node(1))]);
        assert!(swim.is_alive(node(1)));
    }

    /// Otherwise it would tell nothing to those who have.
    #[test]
    fn who_never_heard_of_it_may_still_suspect_it() {
        use Health::{Dead, Suspect};
        let mut swim = swim(2);
        swim.handle_heard(Moment(0), node(1), 5, &mut Effects::default());
        let effects = health(&mut swim, 0, 1, 0, Dead);
        assert_eq!((effects.events, effects.tell), (vec![Event::Suspected(node(1))], vec![word(1, 5, Suspect)]));
        assert_eq!(health(&mut swim, 0, 1, 0, Dead).events, [], "that it is dead has to be found out");
    }

    #[test]
    fn a_word_against_this_node_is_denied_with_a_higher_incarnation() {
        let mut swim = swim(1);
        let effects = health(&mut swim, 0, 0, 1, Health::Suspect);
        assert!(effects.risen && effects.tell == [word(0, 2, Health::Alive)]);
        assert_eq!(health(&mut swim, 0, 0, 1, Health::Dead).tell, [], "that was denied already");
        assert_eq!(health(&mut swim, 0, 0, 9, Health::Alive).tell, [word(0, 10, Health::Alive)]);
        assert_eq!(swim.incarnation(), 10);
    }

    #[test]
    fn a_broken_connection_sends_nothing_there_until_something_is_heard() {
        let mut swim = swim(1);
        swim.handle_disconnected(node(1));
        assert!(!swim.is_alive(node(1)) && swim.health(node(1)) == Health::Alive);
        swim.handle_heard(Moment(0), node(1), 1, &mut Effects::default());
        assert!(swim.is_alive(node(1)) && !swim.is_reached(node(1)), "it may have been under way");
        swim.handle_disconnected(node(1));
        swim.handle_connected(node(1));
        assert!(swim.is_alive(node(1)) && swim.is_reached(node(1)) && swim.is_reached(node(0)));
    }

    #[test]
    fn a_machine_that_stood_still_blames_nobody() {
        let mut swim = swim(3);
        pass(&mut swim, 0, 200);
        health(&mut swim, 200, 2, 1, Health::Suspect);
        let effects = pass(&mut swim, 60_000, 60_200);
        assert_eq!(effects.events, [], "neither the ping nor the suspicion of before");
    }

    #[test]
    fn broken_connections_lead_to_no_more_pings_than_the_limit() {
        let mut swim = swim(100);
        (1..=100).for_each(|number| swim.handle_disconnected(node(number)));
        let effects = pass(&mut swim, 0, 200);
        assert_eq!(effects.sends.len(), MAX_PROBES);
    }

    /// Otherwise a death is found out when all come to it, at last, at the same time.
    #[test]
    fn those_that_start_together_do_not_all_ping_the_same() {
        let first: BTreeSet<NodeId> = (101..=200)
            .map(|me| {
                let mut swim = Swim::new(node(me), 1, Moment(0));
                (1..=100).for_each(|number| swim.add(node(number), Moment(0)));
                pass(&mut swim, 0, 200).sends[0].0
            })
            .collect();
        assert!(first.len() > 50, "{} of 100", first.len());
    }

    #[test]
    fn nobody_waits_longer_for_a_ping_than_twice_the_others() {
        let mut swim = swim(20);
        let mut last: BTreeMap<NodeId, u64> = (1..=20).map(|number| (node(number), 0)).collect();
        let mut rng = Rng::new(7);
        for at in (0..200_000u64).step_by(200) {
            let mut effects = Effects::default();
            swim.handle_wake(Moment(at), &mut rng, &mut effects);
            for (to, body) in effects.sends {
                if let Body::Ping { seq } = body {
                    let before = last.insert(to, at).unwrap_or(0);
                    assert!(at - before <= 2 * 20 * 1000, "{to:?} waited {} ms", at - before);
                    swim.handle_ack(to, seq, to, &mut Effects::default());
                }
            }
        }
    }
}
