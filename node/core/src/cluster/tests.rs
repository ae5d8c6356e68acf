use packetstream_protocol::cluster::MapId;

use super::*;

pub(super) fn node(number: u8) -> NodeId {
    NodeId([number; 32])
}

pub(super) fn at(ms: u64) -> Moment {
    Moment(0) + Duration::from_millis(ms)
}

pub(super) fn start(config: Config, kept: &BTreeMap<String, Vec<u8>>) -> Cluster {
    Cluster::start(config, kept, Vec::new(), Moment(0)).expect("what was kept can be read")
}

pub(super) fn member(number: u8, state: MemberState) -> Member {
    Member {
        version: 1,
        by: node(number),
        node: node(number),
        state,
        weight: 1,
        zone: String::new(),
        name: format!("n{number}"),
        addresses: Vec::new(),
        serial: [0; 16],
        place: place_of(node(number)),
    }
}

fn hear(cluster: &mut Cluster, ms: u64, from: u8, facts: Vec<Fact>) {
    let message = ClusterMessage { incarnation: 1, facts, body: Body::Gossip };
    cluster.handle(at(ms), Input::Message { from: node(from), message });
}

/// Everything that is to be done, with who is told what this node is.
fn outputs(cluster: &mut Cluster) -> (Vec<NodeId>, BTreeMap<String, Vec<u8>>) {
    let (mut told, mut kept) = (Vec::new(), BTreeMap::new());
    while let Some(output) = cluster.poll_output() {
        match output {
            Output::Send { to, message } => {
                let own = |fact: &Fact| matches!(fact, Fact::Member(member) if member.node == cluster.me);
                if message.facts.iter().any(own) {
                    told.push(to);
                }
            }
            Output::Persist { key, value: Some(value) } => drop(kept.insert(key, value)),
            _ => {}
        }
    }
    (told, kept)
}

#[test]
fn who_is_connected_and_no_member_is_told_again_and_there_are_not_too_many() {
    let mut cluster = start(Config::new(node(1)), &BTreeMap::new());
    for number in 2..=101 {
        cluster.handle(at(1), Input::Connected(node(number)));
    }
    assert_eq!(outputs(&mut cluster).0.len(), 100);
    assert_eq!(cluster.strangers.len(), MAX_STRANGERS);
    (3..=101).for_each(|number| cluster.handle(at(2), Input::Disconnected(node(number))));
    assert_eq!(cluster.strangers.len(), 1);
    (1..=60).for_each(|tick| cluster.handle(at(tick * 200), Input::Wake));
    let told = outputs(&mut cluster).0;
    assert!((3..=8).contains(&told.len()) && told.iter().all(|&to| to == node(2)), "{told:?}");

    hear(&mut cluster, 13_000, 2, vec![Fact::Member(member(2, MemberState::Active))]);
    cluster.handle(at(20_000), Input::Wake);
    assert!(cluster.strangers.is_empty());
}

/// When the first of these begins a cluster, that was told of `told` others and meets 2 and 3; the second is `ready`.
fn founds(told: usize, seeds: &[u8], ready: bool) -> bool {
    let mut cluster = start(Config { seeds: told, ..Config::new(node(1)) }, &BTreeMap::new());
    for number in [2, 3] {
        cluster.handle(at(1), Input::Connected(node(number)));
        if seeds.contains(&number) {
            cluster.handle(at(1), Input::Seed(node(number)));
        }
    }
    for ms in (200..8000).step_by(200) {
        for number in [2, 3] {
            let tracker =
                |ack| Tracker { seq: 1, node: node(number), ack, sync: MapId::default(), misplaced: Vec::new() };
            let ack = if ready { MapId::READY } else { MapId::default() };
            let facts = vec![Fact::Member(member(number, MemberState::Joining)), Fact::Tracker(tracker(ack))];
            // It does not answer, so it says that it lives.
            let message = ClusterMessage { incarnation: ms, facts, body: Body::Gossip };
            cluster.handle(at(ms), Input::Message { from: node(number), message });
        }
        cluster.handle(at(ms), Input::Wake);
    }
    cluster.members.get(node(1)).is_some_and(|member| member.state == MemberState::Active)
}

#[test]
fn a_cluster_is_begun_by_more_than_half_of_those_that_were_told_of_and_are_ready() {
    assert!(founds(2, &[2], true) && founds(2, &[2, 3], true) && founds(3, &[2, 3], true));
    assert!(!founds(2, &[], true), "newcomers are none of them");
    assert!(!founds(3, &[2], true) && !founds(5, &[2, 3], true));
    assert!(!founds(1, &[2], false) && !founds(2, &[2, 3], false), "the others wait for theirs");
}

#[test]
fn who_has_met_more_than_half_of_those_it_was_told_of_says_so_and_no_more_are_taken_than_that() {
    let mut cluster = start(Config { seeds: 3, ..Config::new(node(1)) }, &BTreeMap::new());
    for number in 2..=9 {
        assert_eq!(
            cluster.history.tracker(node(1)).map(|tracker| tracker.ack),
            Some(MapId::default()).filter(|_| number > 2)
        );
        cluster.handle(at(1), Input::Seed(node(number)));
        cluster.handle(at(200), Input::Wake);
    }
    assert_eq!(cluster.seeds.len(), 3);
    let facts = [2, 3].map(|number| Fact::Member(member(number, MemberState::Joining)));
    hear(&mut cluster, 300, 2, facts.to_vec());
    cluster.handle(at(600), Input::Wake);
    assert_eq!(cluster.history.tracker(node(1)).map(|tracker| tracker.ack), Some(MapId::READY));
}

#[test]
fn who_computed_a_map_and_has_not_heard_of_those_before_it_has_not_after_a_restart_either() {
    let config = Config { seeds: 1, ..Config::new(node(1)) };
    let mut cluster = start(config.clone(), &BTreeMap::new());
    hear(&mut cluster, 1, 2, vec![Fact::Member(member(2, MemberState::Active))]);
    (1..=5).for_each(|tick| cluster.handle(at(tick * 200), Input::Wake));
    let mut kept = outputs(&mut cluster).1;
    assert!(cluster.history.newest().is_some() && !cluster.caught_up);
    let mut cluster = start(config.clone(), &kept);
    assert!(cluster.history.newest().is_some() && !cluster.caught_up);

    let body = Body::Digest(Digest { maps: vec![cluster.history.id()], ..cluster.digest() });
    cluster.handle(
        at(2000),
        Input::Message { from: node(2), message: ClusterMessage { incarnation: 1, facts: Vec::new(), body } },
    );
    assert!(cluster.caught_up);
    cluster.handle(at(2300), Input::Wake);
    while let Some(output) = cluster.poll_output() {
        if let Output::Persist { key, value } = output {
            match value {
                Some(value) => drop(kept.insert(key, value)),
                None => drop(kept.remove(&key)),
            }
        }
    }
    assert!(start(config, &kept).caught_up);
}

#[test]
fn what_writes_need_is_the_same_after_a_restart() {
    let mut cluster = start(Config::new(node(1)), &BTreeMap::new());
    let mut kept = outputs(&mut cluster).1;
    hear(&mut cluster, 1, 2, vec![Fact::Member(member(2, MemberState::Active))]);
    (1..=10).for_each(|tick| cluster.handle(at(tick * 200), Input::Wake));
    let newest = cluster.history.id();
    assert_eq!((cluster.history.live().len(), cluster.history.written().len()), (2, 2));
    kept.extend(outputs(&mut cluster).1);
    let again = start(Config::new(node(1)), &kept);
    assert_eq!((again.history.live().len(), again.history.written().len()), (2, 2));

    // The second one routes by the newest map, and has not brought everything where it belongs.
    let sync = MapId::default();
    let tracker = Tracker { seq: 1, node: node(2), ack: newest, sync, misplaced: Vec::new() };
    hear(&mut cluster, 2001, 2, vec![Fact::Tracker(tracker)]);
    assert_eq!((cluster.history.live().len(), cluster.history.written().len()), (2, 1));
    cluster.handle(at(2400), Input::Wake);
    kept.extend(outputs(&mut cluster).1);
    let again = start(Config::new(node(1)), &kept);
    assert_eq!((again.history.live().len(), again.history.written().len()), (2, 1));
}
