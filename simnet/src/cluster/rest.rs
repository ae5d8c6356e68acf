//! The end of a life: faults stop, machines are switched on again, and everything has to come to rest.

use std::collections::BTreeSet;

use packetstream_core::{Command, Input};
use packetstream_protocol::cluster::{MemberState, Removal};
use packetstream_protocol::ids::NodeId;

use super::net::Weather;
use super::world::{Event, MS, SECOND, World};

/// After the faults have stopped everything comes to rest within this.
pub(super) const REST_AT_MOST: u64 = 300 * SECOND;
/// What is asked then is answered within this.
pub(super) const ANSWERED_WITHIN: u64 = 60 * SECOND;
/// An operator who still sees a machine that is gone for good waits so long.
const SAID_AGAIN_AFTER: u64 = 30 * SECOND;

impl World {
    /// From now on nothing goes wrong any more.
    pub(super) fn rest(&mut self) {
        self.resting = true;
        self.net.mend_all();
        self.net.weather = Weather::CALM;
        for store in 0..self.stores.len() {
            self.resume(store);
            self.stores[store].slow = false;
            self.stores[store].disk.full = false;
            self.queue.push(self.now_us + self.rng.range(0, 2 * SECOND), Event::Boot { store });
        }
        for edge in 0..self.edges.len() {
            if self.edges[edge].machine.is_none() {
                self.queue.push(self.now_us + 100 * MS, Event::EdgeBoot { edge });
            }
        }
        self.queue.push(self.now_us + 5 * SECOND, Event::Look);
    }

    /// Looks whether everything is at rest. Invariants 1, 2 and 6.
    pub(super) fn look(&mut self) {
        self.keep_somebody();
        match self.unrest() {
            None => {
                let hosts = Vec::new();
                let asking: Vec<usize> = self.participants();
                for store in asking {
                    self.ask(store, hosts.clone(), true);
                }
                self.asked_at_rest = true;
            }
            Some(why) if self.now_us >= self.rest_until_us => self.oracle.violate(format!("no rest: {why}")),
            Some(_) => self.queue.push(self.now_us + 2 * SECOND, Event::Look),
        }
    }

    /// Operators on both sides of a cut may have drained everybody: then nobody is left to give anything to.
    fn keep_somebody(&mut self) {
        let participants = self.participants();
        let Some(cluster) = participants.first().and_then(|&store| self.stores[store].cluster.as_ref()) else { return };
        let draining = |node: &NodeId| cluster.members().get(*node).is_some_and(|m| m.state == MemberState::Draining);
        let present: Vec<NodeId> = cluster.members().present().collect();
        // What an operator said may have died with the store that heard it: then it is said again.
        let late = self.now_us + REST_AT_MOST >= self.rest_until_us + SAID_AGAIN_AFTER;
        let gone = self.stores.iter().filter(|store| store.retired).map(|store| store.node);
        let members = cluster.members();
        let stays =
            |node: &NodeId| members.given_up().any(|other| other == *node) || (late && members.is_present(*node));
        let gone: Vec<NodeId> = gone.filter(stays).collect();
        if present.iter().all(draining) {
            for node in present {
                self.inbox.push_back((participants[0], Input::Command(Command::Activate(node))));
            }
        }
        for node in gone {
            self.inbox.push_back((participants[0], Input::Command(Command::Remove(node))));
        }
    }

    /// Stores that belong to the cluster now.
    fn participants(&self) -> Vec<usize> {
        let belongs = |store: &super::store::Store| {
            store.cluster.as_ref().is_some_and(|cluster| cluster.members().is_present(store.node))
        };
        (0..self.stores.len()).filter(|&store| belongs(&self.stores[store])).collect()
    }

    /// What is not yet as it has to be.
    fn unrest(&self) -> Option<String> {
        for (number, edge) in self.edges.iter().enumerate() {
            if !edge.spool.is_empty() {
                return Some(format!("{} chunks wait in the spool of producer {number}", edge.spool.len()));
            }
        }
        for (number, store) in self.stores.iter().enumerate() {
            if !store.is_up() && !store.retired {
                return Some(format!("store {number} is not up"));
            }
        }
        let participants = self.participants();
        let Some(first) = participants.first().and_then(|&store| self.stores[store].cluster.as_ref()) else {
            return Some("nobody is left".into());
        };
        let members: Vec<_> = first.members().iter().collect();
        let map = first.history().id();
        for &number in &participants {
            let Some(cluster) = &self.stores[number].cluster else { continue };
            if cluster.members().iter().collect::<Vec<_>>() != members {
                return Some(format!("store {number} knows other members"));
            }
            if cluster.history().id() != map {
                return Some(format!("store {number} has another map"));
            }
            if !cluster.is_caught_up() {
                return Some(format!("store {number} has not heard of all maps"));
            }
            let live = cluster.history().live().len();
            if live != 1 {
                return Some(format!("{live} maps live on store {number}"));
            }
            for &other in &participants {
                if !cluster.is_reachable(self.stores[other].node) {
                    return Some(format!("store {number} takes store {other} for dead"));
                }
            }
            let state = cluster.members().get(self.stores[number].node).map(|member| member.state);
            if state != Some(MemberState::Active) {
                return Some(format!("store {number} is {state:?}"));
            }
            let (routed, _) = cluster.status().routed;
            if routed > 0 {
                return Some(format!("{routed} chunks are under way on store {number}"));
            }
        }
        if let Some(node) = first.members().given_up().next() {
            return Some(format!("{} was given up", node.short()));
        }
        let strangers: BTreeSet<NodeId> = first.members().present().collect();
        if let Some(gone) = strangers.iter().find(|node| !participants.iter().any(|&p| self.stores[p].node == **node)) {
            return Some(format!("{} is still a member", gone.short()));
        }
        self.unrest_of_data(&participants)
    }

    fn unrest_of_data(&self, participants: &[usize]) -> Option<String> {
        let first = self.stores[*participants.first()?].cluster.as_ref()?;
        for (chunk, truth) in &self.oracle.chunks {
            if self.oracle.expired(truth) {
                continue;
            }
            let there: Vec<usize> = participants.iter().copied().filter(|store| truth.copies.contains(store)).collect();
            if there.is_empty() {
                match truth.released {
                    Some((_, quorum)) if truth.destroyed.len() < quorum => {
                        return Some(format!("{chunk} was released and is nowhere; once on {:?}", truth.destroyed));
                    }
                    _ => continue,
                }
            }
            for owner in first.owners(chunk.stream.host) {
                let owner = self.by_id.get(&owner).copied()?;
                let store = &self.stores[owner];
                if !store.disk.is_whole(*chunk) {
                    return Some(format!("store {owner} lacks {chunk}; it is on {there:?}"));
                }
                let held = store.cluster.as_ref().and_then(|c| c.holdings().stream(chunk.stream));
                if !held.is_some_and(|held| held.have.contains(chunk.no.0)) {
                    return Some(format!("store {owner} has {chunk} and does not know it"));
                }
            }
            if !self.analysed.contains(chunk) {
                return Some(format!("{chunk} was not analysed"));
            }
        }
        for &number in participants {
            let store = &self.stores[number];
            for (chunk, _) in store.disk.chunks() {
                if !first.owners(chunk.stream.host).contains(&store.node) {
                    return Some(format!("store {number} still holds {chunk}, which is not its own"));
                }
            }
            for &(_, partition) in store.tasks.keys() {
                if first.map()?.owners(partition).next() != Some(store.node) {
                    return Some(format!("store {number} analyses {}, which is another's", partition.number()));
                }
            }
        }
        for (number, store) in self.stores.iter().enumerate() {
            let Some(cluster) = &store.cluster else { continue };
            let drained = MemberState::Removed(Removal::Drained);
            let state = cluster.members().get(store.node).map(|member| member.state);
            if state == Some(drained) && store.disk.count() > 0 {
                return Some(format!("store {number} was drained and is not empty"));
            }
        }
        None
    }
}
