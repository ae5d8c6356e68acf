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
