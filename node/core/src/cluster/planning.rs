//! Asks around what is held, for a query.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{Body, Held, MAX_PLAN_HOSTS, MapId};
use packetstream_protocol::ids::{HostId, NodeId, StreamId};

use super::{Cluster, TICK};
use crate::io::Output;
use crate::moment::Moment;
use crate::placement::{PartitionMap, REPLICAS};
use crate::plan::Plan;

/// Plans under way at once; more get an empty one that knows nothing.
const MAX_PLANS: usize = 256;
/// Who does not answer within this is silent.
const PLAN_TIMEOUT: Duration = Duration::from_millis(1000);
/// A plan takes no longer, however many pages come.
const PLAN_TIMEOUT_IN_ALL: Duration = Duration::from_millis(8000);
/// While maps change a plan begins anew, but not after so long.
const PLAN_TIMEOUT_OF_MAPS: Duration = Duration::from_millis(5000);
/// How many nodes behind the owners are asked: to them copies go while owners are dead.
const SUBSTITUTES: usize = 3;

#[derive(Clone, Debug)]
struct Planning {
    hosts: BTreeSet<HostId>,
    began: Moment,
    progress: Moment,
    /// The live maps when it began: when others come, or some are settled, it begins anew. What this node held itself was looked
    /// at under these.
    maps: Vec<MapId>,
    /// Likewise the members: one that comes (back) since may hold what nobody else does.
    present: Vec<NodeId>,
    /// Who has yet to answer, and behind what.
    open: BTreeMap<NodeId, Option<StreamId>>,
    /// Whether somebody answered under a map that is not known here.
    strange: bool,
    plan: Plan,
}

/// The plans of a coordinator.
#[derive(Clone, Debug, Default)]
pub(super) struct Plans(BTreeMap<u64, Planning>);

impl Cluster {
    pub(super) fn plan(&mut self, now: Moment, query: u64, hosts: Vec<HostId>) {
        let hosts: BTreeSet<HostId> = hosts.into_iter().collect();
        if self.plans.0.len() >= MAX_PLANS || hosts.len() > MAX_PLAN_HOSTS || self.plans.0.contains_key(&query) {
            let mut plan = Plan::default();
            plan.blind = true;
            self.outputs.push_back(Output::Planned { query, plan });
            return;
        }
        self.begin_plan(now, now, query, hosts);
        self.poll_plans(now);
    }

    fn begin_plan(&mut self, began: Moment, now: Moment, query: u64, hosts: BTreeSet<HostId>) {
        let mut targets: BTreeSet<NodeId> = self.members.present().collect();
        if !hosts.is_empty() {
            let mut wanted = BTreeSet::new();
            for partition in partitions(&hosts) {
                wanted.extend(self.askees(partition));
            }
            targets.retain(|node| wanted.contains(node));
        }
        let mut plan = Plan::preferring(self.me);
        let mut after = None;
        loop {
            let (page, next) = self.holdings.page_of(&hosts, after);
            page.into_iter().for_each(|held| plan.handle_held(self.me, held));
            after = next;
            if after.is_none() {
                break;
            }
        }
        targets.remove(&self.me);
        for &node in &targets {
            let hosts = hosts.iter().copied().collect();
            self.sends.push((node, Body::PlanAsk { query, hosts, after: None }));
        }
        let open = targets.into_iter().map(|node| (node, None)).collect();
        let maps = self.live_ids();
        let present = self.members.present().collect();
        let planning = Planning { hosts, began, progress: now, maps, present, open, strange: false, plan };
        self.plans.0.insert(query, planning);
    }

    fn live_ids(&self) -> Vec<MapId> {
        self.history.live().iter().map(|map| map.id()).collect()
    }

    /// Who may hold something of a partition.
    fn askees(&self, partition: Partition) -> BTreeSet<NodeId> {
        let mut nodes: BTreeSet<NodeId> = self.history.misplaced(partition).collect();
        for map in self.history.live() {
            nodes.extend(map.candidates(partition).into_iter().take(REPLICAS + SUBSTITUTES));
        }
        // Who comes or goes is in others' maps.
        let newest = self.history.newest();
        let elsewhere = |node: &NodeId| newest.is_none_or(|map| map.slots().iter().all(|slot| slot.node != *node));
        nodes.extend(self.members.present().filter(elsewhere));
        nodes
    }

    pub(super) fn plan_said(
        &mut self,
        now: Moment,
        from: NodeId,
        query: u64,
        map: MapId,
        streams: Vec<Held>,
        next: Option<StreamId>,
    ) {
        let Some(planning) = self.plans.0.get_mut(&query) else { return };
        let Some(after) = planning.open.get(&from).copied() else { return };
        planning.progress = now;
        // Who routes by a map that is not known here may have given its data to somebody who was not asked.
        if !self.history.knows(map) {
            planning.strange = true;
            let digest = self.digest();
            self.sends.push((from, Body::Digest(digest)));
        }
        let Some(planning) = self.plans.0.get_mut(&query) else { return };
        for held in streams {
            if planning.hosts.is_empty() || planning.hosts.contains(&held.stream.host) {
                planning.plan.handle_held(from, held);
            }
        }
        match next {
            Some(next) if after.is_none_or(|after| order(next) > order(after)) => {
                planning.open.insert(from, Some(next));
                let hosts = planning.hosts.iter().copied().collect();
                self.sends.push((from, Body::PlanAsk { query, hosts, after: Some(next) }));
            }
            _ => drop(planning.open.remove(&from)),
        }
        self.poll_plans(now);
    }

    /// Ends the plans that have all answers, or have waited long enough.
    pub(super) fn poll_plans(&mut self, now: Moment) {
        if self.plans.0.is_empty() {
            return;
        }
        let maps = self.live_ids();
        let present: Vec<NodeId> = self.members.present().collect();
        let swim = &self.swim;
        let done = self.plans.0.iter().filter(|(_, planning)| {
            planning.open.is_empty()
                || now.since(planning.progress) >= PLAN_TIMEOUT
                || now.since(planning.began) >= PLAN_TIMEOUT_IN_ALL
                || (planning.open.keys().all(|&node| !swim.is_alive(node))
                    && now.since(planning.progress) >= PLAN_TIMEOUT / 2)
        });
        let done: Vec<u64> = done.map(|(&query, _)| query).collect();
        for query in done {
            let Some(planning) = self.plans.0.remove(&query) else { continue };
            let stale = planning.strange || planning.maps != maps || planning.present != present;
            if stale && now.since(planning.began) < PLAN_TIMEOUT_OF_MAPS {
                // Until the map that another knows is known here, the answers would be the same.
                if planning.maps != maps || now.since(planning.progress) >= TICK {
                    self.begin_plan(planning.began, now, query, planning.hosts);
                } else {
                    self.plans.0.insert(query, planning);
                }
                continue;
            }
            let mut plan = planning.plan;
            plan.silent = planning.open.into_keys().collect();
            // Who has yet to hear which maps are in use does not know whom to ask.
            plan.blind = stale || !self.caught_up || self.is_blind(now, &planning.hosts, &plan.silent);
            if plan.blind {
                let maps = self.history.live().iter();
                let absent =
                    maps.flat_map(|map| map.slots()).map(|slot| slot.node).filter(|&node| !self.swim.is_alive(node));
                plan.silent.extend(absent);
            }
            for node in self.members.abandoned() {
                plan.silent.insert(node);
                plan.blind = true;
            }
            self.outputs.push_back(Output::Planned { query, plan });
        }
    }

    /// Whether everybody who has a chunk on disk can be among the silent.
    fn is_blind(&self, now: Moment, hosts: &BTreeSet<HostId>, silent: &BTreeSet<NodeId>) -> bool {
        // A chunk that was released under the smallest map is on so many nodes at least.
        let Some(quorum) = self.history.live().iter().map(|map| map.quorum()).min() else { return true };
        // The others may be enough to take substitutes for owners, whom nobody here knows.
        let away = |node: NodeId| silent.contains(&node) || !self.swim.is_alive(node);
        if self.history.live().iter().any(|map| map.most(&away)) {
            return true;
        }
        // Of two each goes on alone when it has taken the other for dead for long enough. Clocks may differ a little.
        let alone = |node: &NodeId| self.swim.met(*node).is_none_or(|at| now.since(at) >= self.config.grace * 3 / 4);
        let of_two = |map: &PartitionMap| {
            map.slots().len() == 2 && map.slots().iter().any(|slot| silent.contains(&slot.node) && alone(&slot.node))
        };
        if self.history.live().iter().any(|map| of_two(map)) {
            return true;
        }
        if silent.len() < quorum {
            return false;
        }
        let all = (0..Partition::COUNT).filter_map(Partition::new);
        let partitions = if hosts.is_empty() { all.collect() } else { partitions(hosts) };
        partitions.into_iter().any(|partition| {
            let askees = self.askees(partition);
            silent.iter().filter(|node| askees.contains(node)).count() >= quorum
        })
    }
}

/// The order in which pages go on.
fn order(stream: StreamId) -> (Partition, StreamId) {
    (stream.host.partition(), stream)
}

fn partitions(hosts: &BTreeSet<HostId>) -> BTreeSet<Partition> {
    hosts.iter().map(HostId::partition).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::{at, member, node, start};
    use crate::io::{Config, Input};
    use packetstream_protocol::cluster::{ClusterMessage, Fact, MemberState};

    fn said(cluster: &mut Cluster, now: Moment, from: NodeId, facts: Vec<Fact>, body: Body) {
        let message = ClusterMessage { incarnation: 1, facts, body };
        cluster.handle(now, Input::Message { from, message });
    }

    /// Who was asked, and the plan if there is one by now.
    fn outcome(cluster: &mut Cluster) -> (Vec<NodeId>, Option<Plan>) {
        let (mut asked, mut planned) = (Vec::new(), None);
        while let Some(output) = cluster.poll_output() {
            match output {
                Output::Send { to, message } if matches!(message.body, Body::PlanAsk { .. }) => asked.push(to),
                Output::Planned { plan, .. } => planned = Some(plan),
                _ => {}
            }
        }
        (asked, planned)
    }

    #[test]
    fn an_answer_under_a_map_that_is_not_known_here_is_asked_for_again_until_it_is() {
        let (me, other) = (node(1), node(2));
        let mut cluster = start(Config::new(me), &BTreeMap::new());
        cluster.handle(at(1), Input::Connected(other));
        said(&mut cluster, at(1), other, vec![Fact::Member(member(2, MemberState::Active))], Body::Gossip);
        for ms in [500, 1000] {
            cluster.handle(at(ms), Input::Wake);
        }
        outcome(&mut cluster);

        let say = |map| Body::PlanSay { query: 7, map, streams: Vec::new(), next: None };
        let strange = MapId { sum: 77, hash: 77 };
        // Plan and answer may fall into one moment: a machine is woken for many inputs at once.
        cluster.handle(at(1100), Input::Plan { query: 7, hosts: Vec::new() });
        assert_eq!(outcome(&mut cluster), (vec![other], None));
        said(&mut cluster, at(1100), other, Vec::new(), say(strange));
        assert_eq!(outcome(&mut cluster), (vec![], None), "nothing new can be learned yet");
        cluster.handle(at(1400), Input::Wake);
        assert_eq!(outcome(&mut cluster), (vec![other], None));
        let known = cluster.history.id();
        said(&mut cluster, at(1401), other, Vec::new(), say(known));
        let (_, planned) = outcome(&mut cluster);
        assert!(planned.is_some_and(|plan| plan.complete() && plan.silent.is_empty()));

        // It has an end.
        cluster.handle(at(1500), Input::Plan { query: 7, hosts: Vec::new() });
        let blind = (1500..9000).step_by(100).find_map(|ms| {
            said(&mut cluster, at(ms), other, Vec::new(), say(strange));
            outcome(&mut cluster).1.map(|plan| (ms, plan.blind))
        });
        assert!(matches!(blind, Some((6500..7000, true))), "{blind:?}");
    }
}
