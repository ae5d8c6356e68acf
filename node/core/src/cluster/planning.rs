//! Asks around what is held, for a query.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{Body, Health, Held, MAX_PLAN_HOSTS, MapId};
use packetstream_protocol::ids::{HostId, NodeId, StreamId};

use super::{Cluster, TICK};
use crate::io::Output;
use crate::moment::Moment;
use crate::placement::{PartitionMap, REPLICAS};
use crate::plan::Plan;

/// Plans under way at once; more get an empty one that knows nothing.
const MAX_PLANS: usize = 256;
/// Who does not answer within this is silent, or is asked again where the answer would be incomplete without it.
const PLAN_TIMEOUT: Duration = Duration::from_millis(1000);
/// A plan takes no longer, however many pages come.
const PLAN_TIMEOUT_IN_ALL: Duration = Duration::from_millis(12_000);
/// All answers to one round of questions are of so long a time at most, but for those of many pages. What is given away is kept for
/// longer, so that no chunk is with nobody who was asked: see [`crate::reconcile::DELETE_AFTER`].
pub(crate) const PLAN_ROUND: Duration = Duration::from_millis(4000);
/// While maps change a plan begins anew, and where the answer would be incomplete those that live are waited for, but not after so
/// long. Members join and leave within less, also on machines that are busy.
const PLAN_PATIENCE: Duration = Duration::from_millis(8000);
/// What is missing though all have answered may be about to be written: for so long they are asked again. It is not longer, for what
/// is lost for good is missing each time.
const PLAN_PATIENCE_WITH_HOLES: Duration = Duration::from_millis(2000);
/// How many nodes behind the owners are asked: to them copies go while owners are dead.
const SUBSTITUTES: usize = 3;

#[derive(Clone, Debug)]
struct Planning {
    wanted: Wanted,
    progress: Moment,
    /// When the first of this round was asked.
    asked_at: Moment,
    /// What others know these questions by. An answer to those before says what was held then.
    round: u64,
    /// The live maps: when some are settled it begins anew, for who was asked before may have been given something since. When others
    /// come, those are asked as well who may hold something under these.
    maps: Vec<MapId>,
    /// Likewise the members: one that comes (back) may hold what nobody else does; what one that leaves held is elsewhere.
    present: Vec<NodeId>,
    /// Who was asked in this round.
    asked: BTreeSet<NodeId>,
    /// Who has yet to answer, and behind what.
    open: BTreeMap<NodeId, Option<StreamId>>,
    /// Maps that are not known here, under which somebody answered.
    strange: BTreeSet<MapId>,
    plan: Plan,
}

/// What is asked for, and what is kept of it when the questions begin anew.
#[derive(Clone, Debug)]
struct Wanted {
    hosts: BTreeSet<HostId>,
    hurry: bool,
    began: Moment,
    ends: Option<Ends>,
}

/// Where each stream ended when all had answered and something was missing: what is behind was written since.
#[derive(Clone, Debug)]
struct Ends {
    /// For the first time.
    at: Moment,
    of: BTreeMap<StreamId, u64>,
    /// Who told. Another may know of what was written long before.
    told_by: BTreeSet<NodeId>,
}

/// What becomes of a plan that has all answers, or has waited for them.
enum Next {
    Wait,
    /// So are these.
    More(BTreeSet<NodeId>),
    /// Those who have yet to answer are asked again.
    Ask,
    Anew,
    /// All have answered, and something is missing: perhaps it is about to be written.
    Fill,
    Done {
        blind: bool,
    },
}

/// The plans of a coordinator.
#[derive(Clone, Debug)]
pub(super) struct Plans {
    under_way: BTreeMap<u64, Planning>,
    round: u64,
}

impl Planning {
    /// Whether nothing is missing of what was there when all had answered for the first time.
    fn is_whole(&self) -> bool {
        if self.plan.complete() {
            return true;
        }
        let Some(ends) = self.ends() else { return false };
        let mut plan = self.plan.clone();
        plan.cut(&ends.of);
        plan.complete()
    }

    /// Where the streams ended, as far as that is known from those who have answered now.
    fn ends(&self) -> Option<&Ends> {
        let silent = |node: &NodeId| self.open.contains_key(node);
        self.wanted
            .ends
            .as_ref()
            .filter(|ends| self.asked.iter().all(|node| silent(node) || ends.told_by.contains(node)))
    }
}

impl Plans {
    /// The plans of a new life: nothing that is answered to an earlier one is meant for it.
    pub(super) const fn of(incarnation: u64) -> Self {
        Self { under_way: BTreeMap::new(), round: incarnation << 32 }
    }
}

impl Cluster {
    pub(super) fn plan(&mut self, now: Moment, query: u64, hosts: Vec<HostId>, hurry: bool) {
        let hosts: BTreeSet<HostId> = hosts.into_iter().collect();
        let plans = &self.plans.under_way;
        if plans.len() >= MAX_PLANS || hosts.len() > MAX_PLAN_HOSTS || plans.contains_key(&query) {
            let mut plan = Plan::default();
            plan.blind = true;
            self.outputs.push_back(Output::Planned { query, plan });
            return;
        }
        self.begin_plan(now, query, Wanted { hosts, hurry, began: now, ends: None });
        self.poll_plans(now);
    }

    fn begin_plan(&mut self, now: Moment, query: u64, wanted: Wanted) {
        let mut plan = Plan::preferring(self.me);
        let mut after = None;
        loop {
            let (page, next) = self.holdings.page_of(&wanted.hosts, after);
            page.into_iter().for_each(|held| plan.handle_held(self.me, held));
            after = next;
            if after.is_none() {
                break;
            }
        }
        let asked = self.targets(&wanted.hosts);
        self.plans.round += 1;
        let planning = Planning {
            wanted,
            progress: now,
            asked_at: now,
            round: self.plans.round,
            maps: self.live_ids(),
            present: self.members.present().collect(),
            open: asked.iter().map(|&node| (node, None)).collect(),
            asked,
            strange: BTreeSet::new(),
            plan,
        };
        self.ask_open(&planning);
        self.plans.under_way.insert(query, planning);
    }

    /// Whom to ask for what they hold of these hosts.
    fn targets(&self, hosts: &BTreeSet<HostId>) -> BTreeSet<NodeId> {
        let mut targets: BTreeSet<NodeId> = self.members.present().filter(|&node| node != self.me).collect();
        if !hosts.is_empty() {
            let mut wanted = BTreeSet::new();
            for partition in partitions(hosts) {
                wanted.extend(self.askees(partition));
            }
            targets.retain(|node| wanted.contains(node));
        }
        targets
    }

    /// Asks everybody who has yet to answer.
    fn ask_open(&mut self, planning: &Planning) {
        for (&node, &after) in &planning.open {
            let hosts = planning.wanted.hosts.iter().copied().collect();
            self.sends.push((node, Body::PlanAsk { query: planning.round, hosts, after }));
        }
    }

    /// Whether a map is not known here in which there may be what no known one leads to.
    fn is_strange(&self, map: MapId) -> bool {
        if map >= self.history.id() {
            return !self.history.knows(map);
        }
        let present: Vec<NodeId> = self.members.present().collect();
        // Everything was brought to the owners of the newest meanwhile, or the map had to give way to others.
        !self.history.has_heard_of(map) && !self.history.settled(&present)
    }

    pub(super) fn live_ids(&self) -> Vec<MapId> {
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
        round: u64,
        maps: &[MapId],
        streams: Vec<Held>,
        next: Option<StreamId>,
    ) {
        let Some(planning) = self.plans.under_way.values_mut().find(|planning| planning.round == round) else { return };
        let Some(after) = planning.open.get(&from).copied() else { return };
        // Who routes by a map that is not known here may have given its data to somebody who was not asked, and by an older one some
        // may have written alone.
        let strange: Vec<MapId> = maps.iter().copied().filter(|&map| self.is_strange(map)).collect();
        if strange.contains(maps.last().unwrap_or(&MapId::default())) {
            let digest = self.digest();
            self.sends.push((from, Body::Digest(digest)));
        } else if !strange.is_empty() {
            self.sends.push((from, Body::MapsAsk(strange.clone())));
        }
        let Some(planning) = self.plans.under_way.values_mut().find(|planning| planning.round == round) else { return };
        planning.strange.extend(strange);
        for held in streams {
            if planning.wanted.hosts.is_empty() || planning.wanted.hosts.contains(&held.stream.host) {
                planning.plan.handle_held(from, held);
            }
        }
        match next {
            None => drop(planning.open.remove(&from)),
            Some(next) if after.is_none_or(|after| order(next) > order(after)) => {
                planning.open.insert(from, Some(next));
                let hosts = planning.wanted.hosts.iter().copied().collect();
                self.sends.push((from, Body::PlanAsk { query: round, hosts, after: Some(next) }));
            }
            // A page that came twice: the one behind it has yet to come.
            Some(_) => return,
        }
        planning.progress = now;
        self.poll_plans(now);
    }

    /// Ends the plans that have all answers, or have waited long enough.
    pub(super) fn poll_plans(&mut self, now: Moment) {
        let swim = &self.swim;
        let due = self.plans.under_way.iter().filter(|(_, planning)| {
            let waited = now.since(planning.progress);
            planning.open.is_empty()
                || waited >= PLAN_TIMEOUT
                || now.since(planning.asked_at) >= PLAN_ROUND
                || now.since(planning.wanted.began) >= PLAN_TIMEOUT_IN_ALL
                || (waited >= PLAN_TIMEOUT / 2 && planning.open.keys().all(|&node| !swim.is_alive(node)))
        });
        let due: Vec<u64> = due.map(|(&query, _)| query).collect();
        for query in due {
            let Some(mut planning) = self.plans.under_way.remove(&query) else { continue };
            match self.next_of(now, &mut planning) {
                Next::Wait => drop(self.plans.under_way.insert(query, planning)),
                Next::More(nodes) => {
                    planning.progress = now;
                    planning.asked.extend(&nodes);
                    for node in nodes {
                        planning.open.insert(node, None);
                        let hosts = planning.wanted.hosts.iter().copied().collect();
                        self.sends.push((node, Body::PlanAsk { query: planning.round, hosts, after: None }));
                    }
                    self.plans.under_way.insert(query, planning);
                }
                Next::Ask => {
                    planning.progress = now;
                    self.ask_open(&planning);
                    self.plans.under_way.insert(query, planning);
                }
                Next::Anew => self.begin_plan(now, query, planning.wanted),
                Next::Fill => {
                    if planning.ends().is_none() {
                        let at = planning.wanted.ends.map_or(now, |ends| ends.at);
                        let open = planning.open;
                        let told_by = planning.asked.into_iter().filter(|node| !open.contains_key(node)).collect();
                        planning.wanted.ends = Some(Ends { at, of: planning.plan.ends(), told_by });
                    }
                    self.begin_plan(now, query, planning.wanted);
                }
                Next::Done { blind } => self.end_plan(query, planning, blind),
            }
        }
    }

    fn next_of(&self, now: Moment, planning: &mut Planning) -> Next {
        let took = now.since(planning.wanted.began);
        let round = now.since(planning.asked_at);
        let settled = !planning.maps.iter().all(|&map| self.history.has_heard_of(map));
        let gone = !planning.present.iter().all(|&node| self.members.is_present(node));
        planning.strange.retain(|&map| self.is_strange(map));
        if settled || gone || !planning.strange.is_empty() {
            return match took < PLAN_PATIENCE {
                // Until the map that another knows is known here, or that other knows a newer one, the answers would be the same.
                true if settled || gone || now.since(planning.progress) >= TICK => Next::Anew,
                true => Next::Wait,
                false => Next::Done { blind: true },
            };
        }
        let maps = self.live_ids();
        if planning.maps != maps || !self.members.present().eq(planning.present.iter().copied()) {
            planning.maps = maps;
            planning.present = self.members.present().collect();
            let more: BTreeSet<NodeId> =
                self.targets(&planning.wanted.hosts).difference(&planning.asked).copied().collect();
            if !more.is_empty() {
                return match took < PLAN_PATIENCE {
                    true if round < PLAN_ROUND / 2 => Next::More(more),
                    true => Next::Anew,
                    false => Next::Done { blind: true },
                };
            }
        }
        let hurry = planning.wanted.hurry;
        if !self.caught_up {
            // Who has yet to hear which maps are in use does not know whom to ask.
            let is_new = now.since(self.started) < PLAN_PATIENCE;
            let will = !hurry && !self.excluded && (is_new || !self.swim.alive().is_empty());
            return if will && took < PLAN_PATIENCE { Next::Wait } else { Next::Done { blind: true } };
        }
        let silent = planning.open.keys().copied().collect();
        let blind = self.is_blind(now, &planning.wanted.hosts, &silent);
        if hurry {
            return Next::Done { blind };
        }
        if took < PLAN_PATIENCE && (blind || !planning.is_whole()) {
            let doubtful = |node: NodeId| self.swim.health(node) != Health::Dead;
            if silent.iter().any(|&node| doubtful(node)) {
                let paged = planning.open.values().any(Option::is_some);
                return match round + PLAN_TIMEOUT <= PLAN_ROUND {
                    true => Next::Ask,
                    false if paged && now.since(planning.progress) < PLAN_TIMEOUT => Next::Wait,
                    false => Next::Anew,
                };
            }
            let slots = self.history.live().iter().flat_map(|map| map.slots());
            if blind && slots.map(|slot| slot.node).any(|node| doubtful(node) && !self.swim.is_alive(node)) {
                return Next::Wait;
            }
        }
        let holes = !blind && !planning.is_whole() && self.members.abandoned().next().is_none();
        let early = planning.wanted.ends.as_ref().is_none_or(|ends| now.since(ends.at) < PLAN_PATIENCE_WITH_HOLES);
        match holes && early {
            true if now.since(planning.progress) >= TICK => Next::Fill,
            true => Next::Wait,
            false => Next::Done { blind },
        }
    }

    fn end_plan(&mut self, query: u64, planning: Planning, blind: bool) {
        let ends = planning.ends().cloned();
        let mut plan = planning.plan;
        if let Some(ends) = ends.filter(|_| !blind && !plan.complete()) {
            plan.cut(&ends.of);
        }
        plan.silent = planning.open.into_keys().collect();
        plan.blind = blind;
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
    use packetstream_protocol::cluster::{ClusterMessage, Fact, Member, MemberState, Removal, Tracker};
    use packetstream_protocol::ids::Epoch;
    use packetstream_protocol::interval::RangeSet;

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

    /// The first of so many members, which are all active and connected.
    fn first_of(count: u8) -> Cluster {
        let mut cluster = start(Config::new(node(1)), &BTreeMap::new());
        for number in 2..=count {
            cluster.handle(at(1), Input::Connected(node(number)));
            let facts = vec![Fact::Member(member(number, MemberState::Active))];
            said(&mut cluster, at(1), node(number), facts, Body::Gossip);
        }
        for ms in [300, 600, 900] {
            cluster.handle(at(ms), Input::Wake);
        }
        let id = cluster.history.id();
        for number in 2..=count {
            let tracker = Tracker { seq: 9, node: node(number), ack: id, sync: id, misplaced: Vec::new() };
            said(&mut cluster, at(901), node(number), vec![Fact::Tracker(tracker)], Body::Gossip);
        }
        cluster.handle(at(1100), Input::Wake);
        assert_eq!(cluster.history.live().len(), 1);
        outcome(&mut cluster);
        cluster
    }

    fn stream() -> StreamId {
        StreamId { host: HostId::from_bytes([9; 16]), epoch: Epoch(1) }
    }

    /// An answer to the newest questions, or to those so many rounds before.
    fn answer(cluster: &Cluster, before: u64, map: MapId, ranges: &[(u64, u64)], next: Option<StreamId>) -> Body {
        let have = RangeSet::from_ranges(ranges.to_vec()).expect("in order");
        let held = Held { have, ..Held::nothing(stream()) };
        let streams = if ranges.is_empty() { Vec::new() } else { vec![held] };
        Body::PlanSay { query: cluster.plans.round - before, maps: vec![map], streams, next }
    }

    #[test]
    fn an_answer_under_a_map_that_is_not_known_here_is_asked_for_again_until_it_is() {
        let (mut cluster, other) = (first_of(2), node(2));
        let strange = MapId { sum: 77, hash: 77 };
        // Plan and answer may fall into one moment: a machine is woken for many inputs at once.
        cluster.handle(at(1100), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        assert_eq!(outcome(&mut cluster), (vec![other], None));
        let say = answer(&cluster, 0, strange, &[], None);
        said(&mut cluster, at(1100), other, Vec::new(), say);
        assert_eq!(outcome(&mut cluster), (vec![], None), "nothing new can be learned yet");
        cluster.handle(at(1400), Input::Wake);
        assert_eq!(outcome(&mut cluster), (vec![other], None));
        let known = cluster.history.id();
        let late = answer(&cluster, 1, known, &[], None);
        said(&mut cluster, at(1401), other, Vec::new(), late);
        assert_eq!(outcome(&mut cluster), (vec![], None), "what was held when it was asked before is of no use");
        let say = answer(&cluster, 0, known, &[], None);
        said(&mut cluster, at(1401), other, Vec::new(), say);
        let (_, planned) = outcome(&mut cluster);
        assert!(planned.is_some_and(|plan| plan.complete() && plan.silent.is_empty()));

        // It has an end.
        cluster.handle(at(1500), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        let blind = (1500..12_000).step_by(100).find_map(|ms| {
            let say = answer(&cluster, 0, strange, &[], None);
            said(&mut cluster, at(ms), other, Vec::new(), say);
            outcome(&mut cluster).1.map(|plan| (ms, plan.blind))
        });
        assert!(matches!(blind, Some((9500..10_000, true))), "{blind:?}");
    }

    #[test]
    fn a_member_that_comes_is_asked_as_well_and_when_one_leaves_the_plan_begins_anew() {
        let mut cluster = first_of(2);
        cluster.handle(at(1100), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        outcome(&mut cluster);
        let facts = vec![Fact::Member(member(3, MemberState::Joining))];
        said(&mut cluster, at(1101), node(2), facts, Body::Gossip);
        let say = answer(&cluster, 0, cluster.history.id(), &[], None);
        said(&mut cluster, at(1102), node(2), Vec::new(), say);
        assert_eq!(outcome(&mut cluster), (vec![node(3)], None));
        let gone = Member { version: 2, ..member(3, MemberState::Removed(Removal::Drained)) };
        said(&mut cluster, at(1103), node(2), vec![Fact::Member(gone)], Body::Gossip);
        let say = answer(&cluster, 0, cluster.history.id(), &[], None);
        said(&mut cluster, at(1104), node(3), Vec::new(), say);
        assert_eq!(outcome(&mut cluster), (vec![node(2)], None));
    }

    #[test]
    fn who_lives_is_asked_again_where_the_answer_would_be_incomplete_without_it() {
        let mut cluster = first_of(4);
        let map = cluster.history.id();
        let lives = |cluster: &mut Cluster, ms: u64, who: &[u8]| {
            for &number in who {
                // They do not answer to pings, so they say that they live.
                let message = ClusterMessage { incarnation: ms, facts: Vec::new(), body: Body::Gossip };
                cluster.handle(at(ms), Input::Message { from: node(number), message });
            }
        };
        cluster.handle(at(1100), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        assert_eq!(outcome(&mut cluster).0.len(), 3);
        let say = answer(&cluster, 0, map, &[], None);
        said(&mut cluster, at(1101), node(2), Vec::new(), say);
        // Two that have W copies between them do not answer.
        lives(&mut cluster, 2050, &[2, 3, 4]);
        cluster.handle(at(2260), Input::Wake);
        assert_eq!(outcome(&mut cluster), (vec![node(3), node(4)], None));
        let say = answer(&cluster, 0, map, &[(0, 4)], None);
        said(&mut cluster, at(2900), node(3), Vec::new(), say.clone());
        said(&mut cluster, at(2901), node(3), Vec::new(), say);
        assert_eq!(outcome(&mut cluster), (vec![], None));
        // With one that is silent everything is found.
        lives(&mut cluster, 3850, &[2, 3, 4]);
        cluster.handle(at(4060), Input::Wake);
        let plan = outcome(&mut cluster).1.expect("it waits no longer");
        assert!(plan.complete() && plan.silent == [node(4)].into() && plan.readable(stream()).count() == 5);
    }

    #[test]
    fn who_is_in_a_hurry_waits_for_nothing_that_may_yet_come() {
        let mut cluster = first_of(4);
        let map = cluster.history.id();
        cluster.handle(at(1100), Input::Plan { query: 7, hosts: Vec::new(), hurry: true });
        for number in [2, 3, 4] {
            let say = answer(&cluster, 0, map, &[(0, 3), (5, 5)], None);
            said(&mut cluster, at(1101), node(number), Vec::new(), say);
        }
        assert!(outcome(&mut cluster).1.is_some_and(|plan| !plan.complete() && !plan.blind));
        cluster.handle(at(1200), Input::Plan { query: 7, hosts: Vec::new(), hurry: true });
        outcome(&mut cluster);
        cluster.handle(at(2300), Input::Wake);
        assert!(outcome(&mut cluster).1.is_some_and(|plan| plan.blind && plan.silent.len() == 3));
    }

    #[test]
    fn what_is_about_to_be_written_is_waited_for_and_what_comes_behind_it_is_left_out() {
        let (mut cluster, other) = (first_of(2), node(2));
        let map = cluster.history.id();
        let tell = |cluster: &mut Cluster, ms, ranges: &[(u64, u64)]| {
            let say = answer(cluster, 0, map, ranges, None);
            said(cluster, at(ms), other, Vec::new(), say);
            cluster.handle(at(ms + 200), Input::Wake);
            outcome(cluster)
        };
        cluster.handle(at(1100), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        outcome(&mut cluster);
        assert_eq!(tell(&mut cluster, 1101, &[(0, 3), (5, 5)]), (vec![other], None));
        let plan = tell(&mut cluster, 1500, &[(0, 5), (7, 7)]).1.expect("all is there that was there");
        assert!(plan.complete() && plan.readable(stream()).ranges() == [(0, 5)]);

        // What is lost is not waited for.
        cluster.handle(at(2000), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        let lost =
            (2000..9000).step_by(300).find_map(|ms| tell(&mut cluster, ms, &[(0, 3), (5, 5)]).1.map(|plan| (ms, plan)));
        let (ms, plan) = lost.expect("it has an end");
        assert!((3800..4300).contains(&ms) && !plan.blind && plan.missing(stream()).ranges() == [(4, 4)]);
    }

    #[test]
    fn a_page_that_comes_twice_does_not_end_the_answer() {
        let (mut cluster, other) = (first_of(2), node(2));
        let map = cluster.history.id();
        cluster.handle(at(1100), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        outcome(&mut cluster);
        let page = answer(&cluster, 0, map, &[(0, 3)], Some(stream()));
        said(&mut cluster, at(1101), other, Vec::new(), page.clone());
        said(&mut cluster, at(1102), other, Vec::new(), page);
        assert_eq!(outcome(&mut cluster), (vec![other], None));
        let last = answer(&cluster, 0, map, &[], None);
        said(&mut cluster, at(1103), other, Vec::new(), last);
        assert!(outcome(&mut cluster).1.is_some_and(|plan| plan.complete()));
    }

    #[test]
    fn who_joins_waits_until_it_knows_the_maps() {
        let mut cluster = start(Config { seeds: 1, ..Config::new(node(1)) }, &BTreeMap::new());
        cluster.handle(at(1), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        assert_eq!(outcome(&mut cluster).1, None);
        cluster.handle(at(8001), Input::Wake);
        assert!(outcome(&mut cluster).1.is_some_and(|plan| plan.blind), "nobody is there to tell them");
        cluster.handle(at(8001), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        assert!(outcome(&mut cluster).1.is_some_and(|plan| plan.blind), "nor will be");
        cluster.handle(at(8002), Input::Connected(node(2)));
        said(&mut cluster, at(8003), node(2), vec![Fact::Member(member(2, MemberState::Active))], Body::Gossip);
        cluster.handle(at(8004), Input::Plan { query: 7, hosts: Vec::new(), hurry: false });
        let say = answer(&cluster, 0, cluster.history.id(), &[], None);
        said(&mut cluster, at(8005), node(2), Vec::new(), say);
        cluster.handle(at(8600), Input::Wake);
        assert_eq!(outcome(&mut cluster).1, None);
    }
}
