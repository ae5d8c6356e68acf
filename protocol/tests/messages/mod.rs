//! A message of each kind, for the tests of the codec.

// Each test binary uses some of them.
#![allow(dead_code)]

use packetstream_protocol::chunk::{FindingNote, Gap, GapReason, Interface};
use packetstream_protocol::cluster::*;
use packetstream_protocol::ids::{ChunkNo, Epoch, HostId, NodeId, PacketId, Partition, Seq, StreamId};
use packetstream_protocol::wire::*;
use packetstream_protocol::{RangeSet, Timestamp};

pub(crate) fn host() -> HostId {
    HostId::from_bytes(*b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef")
}

pub(crate) fn stream() -> StreamId {
    StreamId { host: host(), epoch: Epoch(300) }
}

pub(crate) fn packet() -> PacketId {
    PacketId { time: Timestamp(1_760_000_000_123_456_789), seq: Seq::new(Epoch(1), 2) }
}

pub(crate) fn output() -> OutputSpec {
    OutputSpec {
        verbose: true,
        fields: vec!["sip.Call-ID".into()],
        options: vec![("E.separator".into(), ",".into())],
        ..OutputSpec::new(OutputFormat::Fields)
    }
}

pub(crate) fn interface() -> Interface {
    Interface { link_type: 1, snaplen: 262_144, resolution: 9, name: "eth0".into(), description: String::new() }
}

pub(crate) fn acks(ranges: &[(u64, u64)]) -> StreamAck {
    StreamAck { stream: stream(), chunks: RangeSet::from_ranges(ranges.to_vec()).expect("in order") }
}

pub(crate) fn requests() -> Vec<Request> {
    vec![
        Request::Status,
        Request::Hosts,
        Request::NameHost(NameHost { host: host(), name: "pbx".into() }),
        Request::Have(stream()),
        Request::Put(PutOpen { host: host() }),
        Request::Query(Query {
            hosts: vec![HostRef::Id(host()), HostRef::Name("pbx".into())],
            since: Some(Timestamp(1)),
            until: None,
            filter: "sip".into(),
            references: vec![("a".into(), "b".into())],
            limit: Some(100),
            output: output(),
            follow: false,
        }),
        Request::Get(Get {
            host: HostRef::Name("pbx".into()),
            packet: packet(),
            output: OutputSpec::new(OutputFormat::Json),
        }),
        Request::Cluster,
        Request::Admin(Admin::Replace { old: "n1".into(), new: "n2".into() }),
        Request::Peer(PeerRequest::Fetch(acks(&[(3, 4)]))),
        Request::Analyses,
        Request::Rules,
    ]
}

/// What members ask each other, one of each.
pub(crate) fn peer_requests() -> Vec<Request> {
    let query = Query {
        hosts: vec![HostRef::Id(host())],
        since: None,
        until: Some(Timestamp(1)),
        filter: "sip".into(),
        references: Vec::new(),
        limit: None,
        output: output(),
        follow: true,
    };
    let leg = LegStream {
        stream: stream(),
        chunks: acks(&[(3, 4)]).chunks,
        elsewhere: vec![(NodeId([7; 32]), acks(&[(4, 4)]).chunks)],
        after: Some(packet().seq),
    };
    let stamp = RuleStamp { name: "a.toml".into(), version: 1, by: NodeId([7; 32]) };
    let all = [
        PeerRequest::Converse,
        PeerRequest::Replicate,
        PeerRequest::Hosts,
        PeerRequest::NameHost(NameHost { host: host(), name: "pbx".into() }),
        PeerRequest::Leg(Leg { query, only: Some(packet()), streams: vec![leg] }),
        PeerRequest::Fetch(acks(&[(3, 4)])),
        PeerRequest::Watch(Watch { hosts: vec![host()], since: Timestamp(1) }),
        PeerRequest::Analyses,
        PeerRequest::Rules(vec![stamp.clone()]),
        PeerRequest::TakeRules(vec![RuleFile { stamp, text: Some("x".into()) }]),
        PeerRequest::Move,
    ];
    all.into_iter().map(Request::Peer).collect()
}

pub(crate) fn responses() -> Vec<Response> {
    let row = |payload| Row { time: packet().time, host: host(), seq: packet().seq, payload };
    vec![
        Response::Refused(RefusalCode::Unauthorised.because("a reader may not put")),
        Response::Done,
        Response::Status(StatusReport {
            version: "0.1.0".into(),
            node: NodeId([7; 32]),
            name: "n1".into(),
            roles: vec!["store".into()],
            uptime_ms: 1000,
            hosts: 1,
            streams: 2,
            chunks: 3,
            packets: 4,
            bytes: 5,
            oldest: Some(Timestamp(6)),
            newest: None,
            spool_bytes: 7,
            actors: vec![ActorRow { name: "ingest".into(), restarts: 1, state: "running".into() }],
            captures: vec![CaptureRow { interface: "eth0".into(), packets: 9, dropped: 1, gaps: 1 }],
        }),
        Response::Hosts(vec![HostRow {
            host: host(),
            name: String::new(),
            streams: 1,
            packets: 2,
            bytes: 3,
            first: Some(Timestamp(4)),
            last: Some(Timestamp(5)),
            gaps: 0,
        }]),
        Response::Have(Have {
            chunks: RangeSet::from_ranges(vec![(0, 41), (50, 50)]).expect("in order"),
            manifest: Some(ChunkNo(50)),
        }),
        Response::Ready(Ready { credit: 16 << 20 }),
        Response::Acks(Acks { durable: vec![acks(&[(0, 9)])], conflicts: vec![acks(&[(10, 10)])], credit: 1 << 30 }),
        Response::Rows(Rows {
            interfaces: vec![InterfaceRow { host: host(), epoch: Epoch(300), number: 0, interface: interface() }],
            rows: vec![
                row(Payload::Rendered(b"line\n".to_vec())),
                row(Payload::Packet(PacketRow {
                    interface: 0,
                    orig_len: 60,
                    flags: 1,
                    comment: Some("x".into()),
                    bytes: vec![1, 2],
                })),
            ],
        }),
        Response::Closing(Closing {
            complete: false,
            missing: vec![acks(&[(3, 4)])],
            silent: vec!["n2".into()],
            dropped: 1,
            gaps: 2,
            matched: 3,
            scanned: 4,
            limited: true,
        }),
        Response::Cluster(ClusterReport {
            members: vec![MemberRow {
                node: NodeId([7; 32]),
                name: "n1".into(),
                zone: "z".into(),
                weight: 1,
                state: "active".into(),
                health: "alive".into(),
                partitions: 4096,
                in_sync: true,
                misplaced: false,
                addresses: vec!["127.0.0.1:4720".into()],
            }],
            maps: 1,
            replicas: 3,
            quorum: 2,
            held_partitions: 5,
            misplaced_partitions: 6,
            routed_chunks: 7,
            routed_bytes: 8,
            transfers: vec![TransferRow {
                peer: NodeId([8; 32]),
                incoming: true,
                chunks: 1,
                bytes: 2,
                remaining_ms: Some(3),
            }],
            moved_chunks: 4,
            moved_bytes: 5,
        }),
        Response::Writes(Writes {
            durable: vec![acks(&[(0, 9)])],
            conflicts: Vec::new(),
            failed: vec![acks(&[(10, 10)])],
            credit: 5,
        }),
        Response::LegRows(LegRows { rows: Rows::default(), streams: vec![1], scanned: 2 }),
        Response::LegEnd(LegEnd { missing: vec![acks(&[(3, 4)])], dropped: 1, gaps: 2, scanned: 3 }),
        Response::Stored(vec![acks(&[(0, 9)])]),
        Response::Rows(Rows {
            interfaces: Vec::new(),
            rows: vec![row(Payload::Gap(Gap {
                from: Timestamp(1),
                until: Timestamp(2),
                packets: 3,
                reason: GapReason::Kernel,
                interface: None,
            }))],
        }),
        Response::Analyses(vec![AnalysisRow {
            node: NodeId([7; 32]),
            name: "n1".into(),
            host: host(),
            state: "following".into(),
            chunks: 1,
            behind_chunks: 2,
            behind_ms: 3,
            findings: 4,
            since_ms: 5,
        }]),
        Response::Rules(vec![RuleFile {
            stamp: RuleStamp { name: "a.toml".into(), version: 1, by: NodeId([7; 32]) },
            text: Some("x".into()),
        }]),
        Response::Rows(Rows {
            interfaces: Vec::new(),
            rows: vec![row(Payload::Finding(FindingNote {
                id: 1,
                stamp: 2,
                first: Timestamp(3),
                last: Timestamp(4),
                text: b"{}".to_vec(),
            }))],
        }),
    ]
}

pub(crate) fn cluster_messages() -> Vec<ClusterMessage> {
    let node = |number| NodeId([number; 32]);
    let id = MapId { sum: 7, hash: 8 };
    let partition = Partition::new(300).expect("a partition");
    let chunks = || acks(&[(0, 3)]).chunks;
    let share = Share { partition, hash: 9 };
    let member = Member {
        version: 1,
        by: node(1),
        node: node(2),
        state: MemberState::Removed(Removal::Replaced),
        weight: 3,
        zone: "z".into(),
        name: "n".into(),
        addresses: vec!["a:1".into()],
        serial: [4; 16],
        place: 5,
    };
    let held = Held { have: chunks(), ..Held::nothing(stream()) };
    let facts = vec![
        Fact::Health { node: node(1), incarnation: 2, health: Health::Dead },
        Fact::Member(member),
        Fact::Tracker(Tracker { seq: 1, node: node(1), ack: id, sync: id, misplaced: Vec::new() }),
        Fact::Revoked(node(3)),
        Fact::ExpiredBefore(4),
    ];
    let checkpoint = Checkpoint {
        analysis: 1,
        partition,
        cut: vec![StreamCut { stream: stream(), chunks: chunks() }],
        runner: node(1),
        map: id,
        incarnation: 2,
        seq: 3,
        state: vec![4],
    };
    let slot = MapSlot { node: node(1), place: 2, weight: 3, zone: "z".into() };
    let bodies = vec![
        Body::Gossip,
        Body::Ping { seq: 1 },
        Body::Ack { seq: 1, of: node(1) },
        Body::PingFor { seq: 1, target: node(1) },
        Body::Digest(Digest { members: 1, trackers: 2, revoked: 3, expired_before: 4, maps: vec![id] }),
        Body::Summary(Summary {
            answer: true,
            members: vec![(node(1), 2, 3)],
            trackers: vec![(node(1), 4)],
            revoked: vec![node(3)],
        }),
        Body::Maps(vec![MapRecord { id, slots: vec![slot] }]),
        Body::MapsAsk(vec![id]),
        Body::Root { map: id, root: 1 },
        Body::RootSame { map: id, root: 1 },
        Body::RootDiffers { map: id },
        Body::Shares { map: id, shares: vec![share] },
        Body::SharesSame { map: id, first: partition, last: partition, shares: vec![share] },
        Body::HaveAsk { nonce: 1, partition, after: Some(stream()) },
        Body::Have(HavePage { nonce: 1, map: id, partition, streams: vec![held.clone()], next: None }),
        Body::Want { stream: stream(), chunks: chunks() },
        Body::Lack { stream: stream(), chunks: chunks() },
        Body::Checkpoint(checkpoint),
        Body::PlanAsk { query: 1, hosts: vec![host()], after: None },
        Body::PlanSay { query: 1, maps: vec![id], streams: vec![held], next: Some(stream()) },
    ];
    let message = |body| ClusterMessage { incarnation: 1, facts: Vec::new(), body };
    let mut messages: Vec<ClusterMessage> = bodies.into_iter().map(message).collect();
    messages[0].facts = facts;
    messages
}
