//! The bytes of every message, byte for byte: whoever changes one of these changes the protocol.

mod messages;

use std::net::{IpAddr, Ipv4Addr};

use bytes::{Bytes, BytesMut};
use packetstream_protocol::chunk::{ContentHash, Gap, GapReason, Manifest, Note};
use packetstream_protocol::cluster::*;
use packetstream_protocol::codec::{
    self, CodecError, FIRST_VERSION, FRAME_HEADER_BYTES, FRAME_VERSION, FrameHeader, Message, PROTOCOL_VERSION, Size,
    frame, frame_for, frame_header, take_frame,
};
use packetstream_protocol::credentials::Role;
use packetstream_protocol::ids::{ChunkId, ChunkNo, HostId, NodeId, Partition, Seq};
use packetstream_protocol::interval::MAX_RANGES;
use packetstream_protocol::limits::*;
use packetstream_protocol::wire::*;
use packetstream_protocol::{RangeSet, Timestamp};
use proptest::prelude::*;

use messages::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Encodes, compares, decodes.
fn check<M: Message + PartialEq + std::fmt::Debug>(messages: &[M], golden: &[&str]) {
    let encoded: Vec<Vec<u8>> = messages.iter().map(|message| codec::encode(message).expect("it fits")).collect();
    let found: Vec<String> = encoded.iter().map(|bytes| hex(bytes)).collect();
    assert_eq!(found, golden);
    for (bytes, message) in encoded.iter().zip(messages) {
        assert!((FIRST_VERSION..=PROTOCOL_VERSION).contains(&message.since()));
        assert_eq!(codec::decode::<M>(bytes).as_ref(), Ok(message));
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(codec::decode::<M>(&longer), Err(CodecError::Trailing { kind: M::TYPE, left: 1 }));
        for len in 0..bytes.len() {
            assert!(codec::decode::<M>(&bytes[..len]).is_err(), "cut at {len}");
        }
        let mut buffer = BytesMut::from(&frame(message).expect("it fits")[..]);
        let taken = take_frame(&mut buffer).expect("a frame").expect("all of it");
        assert_eq!(taken.message::<M>().as_ref(), Ok(message));
        assert!(buffer.is_empty());
    }
}

#[test]
fn golden_requests() {
    check(
        &requests(),
        &[
            "00",
            "01",
            "020123456789abcdef0123456789abcdef03706278",
            "030123456789abcdef0123456789abcdeffb2c01",
            "040123456789abcdef0123456789abcdef",
            "0502000123456789abcdef0123456789abcdef01037062780101000373697001016101620164010100010b7369702e43616c6c2d4944010b452e736570617261746f72012c00",
            "060103706278fd15cd0bdcacc66c18fd02000000100000000200000000",
            "07",
            "0803026e31026e32",
            "09050123456789abcdef0123456789abcdeffb2c01010301",
            "0a",
            "0b",
        ],
    );
    let kinds: Vec<RequestKind> = requests().iter().map(Request::kind).collect();
    assert_eq!(kinds, RequestKind::ALL);
}

#[test]
fn golden_peer_requests() {
    check(
        &peer_requests(),
        &[
            "0900",
            "0901",
            "0902",
            "09030123456789abcdef0123456789abcdef03706278",
            "090401000123456789abcdef0123456789abcdef000101037369700000010100010b7369702e43616c6c2d4944010b452e736570617261746f72012c0101fd15cd0bdcacc66c18fd0200000010000000010123456789abcdef0123456789abcdeffb2c0101030101070707070707070707070707070707070707070707070707070707070707070701040001fd0200000010000000",
            "09050123456789abcdef0123456789abcdeffb2c01010301",
            "0906010123456789abcdef0123456789abcdef01",
            "0907",
            "09080106612e746f6d6c010707070707070707070707070707070707070707070707070707070707070707",
            "09090106612e746f6d6c010707070707070707070707070707070707070707070707070707070707070707010178",
            "090a",
        ],
    );
}

#[test]
fn golden_extract() {
    let extract = Extract {
        lost: 7,
        manifest: true,
        zone_flags: 3,
        protocols: [1, 0, 0, 2],
        ipv4: (0x0a00_0001, 0x0a00_0009),
        ports: (53, 5060),
    };
    check(&[extract], &["07010301000002fc0100000afc0900000a35fbc413"]);
}

#[test]
fn golden_responses() {
    check(
        &responses(),
        &[
            "0001146120726561646572206d6179206e6f7420707574",
            "01",
            "0205302e312e300707070707070707070707070707070707070707070707070707070707070707026e31010573746f7265fbe8030102030405010600070106696e67657374010772756e6e696e67010465746830090101",
            "03010123456789abcdef0123456789abcdef000102030104010500",
            "0402002909000132",
            "05fc00000001",
            "06010123456789abcdef0123456789abcdeffb2c01010009010123456789abcdef0123456789abcdeffb2c01010a00fc00000040",
            "07010123456789abcdef0123456789abcdeffb2c010001fc000004000904657468300002fd15cd0bdcacc66c180123456789abcdef0123456789abcdeffd020000001000000000056c696e650afd15cd0bdcacc66c180123456789abcdef0123456789abcdeffd020000001000000001003c01010178020102",
            "0800010123456789abcdef0123456789abcdeffb2c0101030101026e320102030401",
            "09010707070707070707070707070707070707070707070707070707070707070707026e31017a010661637469766505616c697665fb00100100010e3132372e302e302e313a343732300103020506070801080808080808080808080808080808080808080808080808080808080808080801010201030405",
            "0a010123456789abcdef0123456789abcdeffb2c0101000900010123456789abcdef0123456789abcdeffb2c01010a0005",
            "0b0000010102",
            "0c010123456789abcdef0123456789abcdeffb2c01010301010203",
            "0d010123456789abcdef0123456789abcdeffb2c01010009",
            "070001fd15cd0bdcacc66c180123456789abcdef0123456789abcdeffd0200000010000000020102030000",
            "0e010707070707070707070707070707070707070707070707070707070707070707026e310123456789abcdef0123456789abcdef09666f6c6c6f77696e670102030405",
            "0f0106612e746f6d6c010707070707070707070707070707070707070707070707070707070707070707010178",
            "070001fd15cd0bdcacc66c180123456789abcdef0123456789abcdeffd02000000100000000301020304027b7d",
        ],
    );
}

/// One hash over all of them: what changes a byte changes it.
#[test]
fn golden_cluster_messages() {
    let mut all = Vec::new();
    for message in cluster_messages() {
        assert_eq!(message.check(), Ok(()));
        let bytes = codec::encode(&message).expect("it fits");
        assert_eq!(codec::decode::<ClusterMessage>(&bytes).as_ref(), Ok(&message));
        for len in 0..bytes.len() {
            assert!(codec::decode::<ClusterMessage>(&bytes[..len]).is_err(), "cut at {len}");
        }
        all.extend_from_slice(&bytes);
    }
    let kept = KeptSelf { incarnation: 1, tracker_seq: 2 };
    assert_eq!(hex(&codec::encode(&kept).expect("it fits")), "0102");
    assert_eq!(xxhash_rust::xxh3::xxh3_64(&all), GOLDEN_CLUSTER, "{}", hex(&all));
}

const GOLDEN_CLUSTER: u64 = 6_547_469_867_777_859_238;

#[test]
fn cluster_messages_are_held_to_their_limits() {
    let messages = cluster_messages();
    let refused = |body: Body| ClusterMessage { incarnation: 0, facts: Vec::new(), body }.check().is_err();
    let mut many = messages[0].clone();
    many.facts = vec![Fact::ExpiredBefore(1); MAX_FACTS + 1];
    assert!(many.check().is_err());
    let id = MapId::default();
    let share = Share { partition: Partition::new(0).expect("the first"), hash: 0 };
    assert!(refused(Body::Shares { map: id, shares: vec![share; MAX_SHARES + 1] }));
    assert!(refused(Body::MapsAsk(vec![id; MAX_LIVE_MAPS + 1])));
    assert!(refused(Body::PlanAsk { query: 1, hosts: vec![host(); MAX_PLAN_HOSTS + 1], after: None }));
    let streams = vec![Held::nothing(stream()); MAX_HELD_STREAMS + 1];
    assert!(refused(Body::PlanSay { query: 1, maps: vec![id], streams, next: None }));
    let maps = vec![id; MAX_LIVE_MAPS + 1];
    assert!(refused(Body::PlanSay { query: 1, maps, streams: Vec::new(), next: None }));
    let mut tracker = messages[0].clone();
    let bits = vec![0; MISPLACED_BYTES + 1];
    tracker.facts = vec![Fact::Tracker(Tracker { seq: 1, node: NodeId([0; 32]), ack: id, sync: id, misplaced: bits })];
    assert!(tracker.check().is_err());
}

/// What other formats are built of, in their one encoding.
#[derive(Debug, PartialEq, codec::Encode, codec::Decode)]
struct Parts {
    role: Role,
    chunk: ChunkId,
    hash: ContentHash,
    gap: Gap,
    notes: Vec<Note>,
}

impl Message for Parts {
    const TYPE: u16 = 9000;
    const SIZE: Size = Size::Small;
}

#[test]
fn golden_parts() {
    let parts = Parts {
        role: Role::Operator,
        chunk: ChunkId { stream: stream(), no: ChunkNo(5) },
        hash: ContentHash([3; 16]),
        gap: Gap {
            from: Timestamp(1),
            until: Timestamp(2),
            packets: 3,
            reason: GapReason::Other(9),
            interface: Some(4),
        },
        notes: vec![
            Note::Section { comment: Some("c".into()), hardware: None, os: None, application: None },
            Note::Name { address: IpAddr::V4(Ipv4Addr::LOCALHOST), names: vec!["me".into()] },
            Note::Secrets { kind: 1, data: vec![2] },
            Note::Interface { number: 1, interface: interface() },
            Note::Manifest(Manifest { file_name: "f".into(), file_hash: [1; 32], packets: 1, chunks: 2 }),
            Note::Unknown { tag: 99, data: vec![1] },
        ],
    };
    check(
        &[parts],
        &[
            "020123456789abcdef0123456789abcdeffb2c01050303030303030303030303030303030301020306090104060001016300000001007f00000101026d6502010102030101fc00000400090465746830000401660101010101010101010101010101010101010101010101010101010101010101010205630101",
        ],
    );
}

#[test]
fn golden_frame() {
    let bytes = frame(&Request::Status).expect("it fits");
    assert_eq!(hex(&bytes), "010000000100020033fd96cf00");
    let chunk = [0xab; 3];
    assert_eq!(hex(&frame_header(CHUNK_FRAME, &chunk).expect("it fits")), "03000000010001002a58a8b0");
}

/// What only older programs than there are would not know: everything, to one that speaks version 0.
#[test]
fn nothing_is_sent_to_whom_it_is_too_new_for() {
    for message in requests().iter().chain(&peer_requests()) {
        let newer = CodecError::Newer { kind: Request::TYPE, since: message.since(), spoken: FIRST_VERSION - 1 };
        assert_eq!(frame_for(message, FIRST_VERSION - 1), Err(newer));
        assert_eq!(frame_for(message, message.since()), frame(message));
    }
    for response in responses() {
        assert!(matches!(frame_for(&response, FIRST_VERSION - 1), Err(CodecError::Newer { .. })));
    }
    for mut message in cluster_messages() {
        assert!(matches!(frame_for(&message, FIRST_VERSION - 1), Err(CodecError::Newer { .. })));
        let before = message.clone();
        message.leave_out_newer(PROTOCOL_VERSION);
        assert_eq!(message, before);
        message.leave_out_newer(FIRST_VERSION - 1);
        assert!(message.facts.is_empty() && message.body == before.body);
    }
}

#[test]
fn what_only_a_newer_program_knows_is_called_so() {
    for (body, of) in [(&[99][..], "Request"), (&[8, 98], "Admin"), (&[9, 97], "PeerRequest")] {
        let variant = u32::from(*body.last().expect("a number"));
        assert_eq!(codec::decode::<Request>(body), Err(CodecError::Unknown { kind: Request::TYPE, of, variant }));
    }
    // What follows in the same stream is still found.
    let mut buffer = BytesMut::new();
    buffer.extend_from_slice(&frame_header(Request::TYPE, &[99]).expect("it fits"));
    buffer.extend_from_slice(&[99]);
    buffer.extend_from_slice(&frame(&Request::Status).expect("it fits"));
    let unknown = take_frame(&mut buffer).expect("a frame").expect("all of it");
    let message = unknown.message::<Request>().expect_err("nobody knows it").to_string();
    let expected = "message of type 2 holds number 99 of Request, which this program does not know: it speaks version 1 of the \
                    protocol, and who sent this probably a newer one";
    assert_eq!(message, expected);
    let next = take_frame(&mut buffer).expect("a frame").expect("all of it");
    assert_eq!(next.message::<Request>(), Ok(Request::Status));
}

#[test]
fn frames_are_taken_only_when_they_are_whole() {
    let bytes = frame(&requests()[5]).expect("it fits");
    let mut buffer = BytesMut::new();
    for byte in &bytes[..bytes.len() - 1] {
        buffer.extend_from_slice(&[*byte]);
        assert_eq!(take_frame(&mut buffer), Ok(None));
    }
    buffer.extend_from_slice(&bytes[bytes.len() - 1..]);
    buffer.extend_from_slice(b"next");
    assert!(take_frame(&mut buffer).is_ok_and(|frame| frame.is_some()));
    assert_eq!(&buffer[..], b"next");
}

#[test]
fn frames_that_are_wrong() {
    let good = frame(&Request::Hosts).expect("it fits");
    let take = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.to_vec();
        change(&mut bytes);
        take_frame(&mut BytesMut::from(&bytes[..]))
    };
    assert_eq!(take(&|bytes| bytes[4] = 2), Err(CodecError::Version { found: FRAME_VERSION + 1 }));
    assert!(matches!(take(&|bytes| bytes[6] ^= 1), Err(CodecError::Checksum { .. })));
    assert!(matches!(take(&|bytes| *bytes.last_mut().expect("a body") ^= 1), Err(CodecError::Checksum { .. })));
    let limit = MAX_FRAME_BYTES;
    let claim = |bytes: &mut Vec<u8>| bytes[..4].copy_from_slice(&(limit as u32 + 1).to_le_bytes());
    assert_eq!(take(&claim), Err(CodecError::TooLarge { kind: Request::TYPE, found: limit + 1, limit }));
    let largest = |bytes: &mut Vec<u8>| bytes[..4].copy_from_slice(&(limit as u32).to_le_bytes());
    assert_eq!(take(&largest), Ok(None), "the rest may still come");
    let body = vec![0; limit + 1];
    assert!(frame_header(CHUNK_FRAME, &body[1..]).is_ok());
    assert_eq!(
        frame_header(CHUNK_FRAME, &body),
        Err(CodecError::TooLarge { kind: CHUNK_FRAME, found: limit + 1, limit })
    );
    let header = *good.first_chunk::<FRAME_HEADER_BYTES>().expect("a header");
    let whole =
        FrameHeader::parse(header).and_then(|header| header.finish(good.slice(FRAME_HEADER_BYTES..))).expect("a frame");
    let expected = CodecError::Type { expected: Response::TYPE, found: Request::TYPE };
    assert_eq!(whole.message::<Response>(), Err(expected));
}

#[test]
fn claims_are_held_to_their_limit_before_anything_is_allocated() {
    // A list of hosts that says it has 2^62 of them.
    let claim = [3, 253, 0, 0, 0, 0, 0, 0, 0, 0x40];
    assert!(matches!(codec::decode::<Response>(&claim), Err(CodecError::Malformed(3, _))));
    let name = NameHost { host: host(), name: "x".repeat(Size::Medium.bytes()) };
    assert!(matches!(codec::encode(&Request::NameHost(name)), Err(CodecError::TooLarge { .. })));
    let large = vec![0; Size::Medium.bytes() + 1];
    assert!(matches!(codec::decode::<Request>(&large), Err(CodecError::TooLarge { .. })));
    assert!(matches!(codec::decode::<Parts>(&large), Err(CodecError::TooLarge { limit: 65_536, .. })));
    let rows = Rows {
        interfaces: vec![],
        rows: vec![Row {
            time: Timestamp(1),
            host: host(),
            seq: Seq::default(),
            payload: Payload::Rendered(vec![0; MAX_FRAME_BYTES]),
        }],
    };
    assert!(
        matches!(codec::encode(&Response::Rows(rows)), Err(CodecError::TooLarge { .. })),
        "no frame would carry it"
    );
}

#[test]
fn sets_of_ranges_are_checked() {
    let decode = |bytes: &[u8]| codec::decode::<Response>(bytes);
    // Have: one range of 5, from 3; no manifest.
    let have =
        |ranges| Ok(Response::Have(Have { chunks: RangeSet::from_ranges(ranges).expect("in order"), manifest: None }));
    assert_eq!(decode(&[4, 1, 3, 4, 0]), have(vec![(3, 7)]));
    assert_eq!(decode(&[4, 2, 3, 4, 2, 0, 0]), have(vec![(3, 7), (9, 9)]));
    for bad in [&[4, 2, 3, 4, 1, 0, 0][..], &[4, 2, 3, 4, 0, 0, 0]] {
        assert!(decode(bad).is_err(), "ranges that touch or overlap");
    }
    let max = [253, 255, 255, 255, 255, 255, 255, 255, 255];
    assert!(decode(&[&[4, 1, 1][..], &max, &[0]].concat()).is_err(), "past the greatest number");
    let mut many = vec![4, 252];
    many.extend_from_slice(&(MAX_RANGES as u32 + 1).to_le_bytes());
    many.resize(many.len() + 2 * (MAX_RANGES + 1) + 1, 2);
    assert!(decode(&many).is_err(), "too many");
}

#[test]
fn requests_are_held_to_their_limits() {
    let refused = |request: Request| match request.check() {
        Ok(()) => false,
        Err(refusal) => {
            assert_eq!(refusal.code, RefusalCode::BadRequest);
            assert!(refusal.message.contains("the limit is"), "{refusal}");
            true
        }
    };
    assert!(requests().into_iter().all(|request| !refused(request)));
    let Some(Request::Query(query)) = requests().into_iter().nth(5) else { panic!("the sixth is a query") };
    let with = |change: &dyn Fn(&mut Query, usize), limit: usize| {
        let ask = |count| {
            let mut query = query.clone();
            change(&mut query, count);
            refused(Request::Query(query))
        };
        assert_eq!((ask(limit), ask(limit + 1)), (false, true));
    };
    with(&|query, count| query.filter = "x".repeat(count), MAX_FILTER_BYTES);
    with(&|query, count| query.hosts = vec![HostRef::Id(host()); count], MAX_QUERY_HOSTS);
    with(&|query, count| query.hosts = vec![HostRef::Name("x".repeat(count))], MAX_HOST_NAME_BYTES);
    with(&|query, count| query.references = vec![Default::default(); count], MAX_QUERY_REFERENCES);
    with(&|query, count| query.output.fields = vec![String::new(); count], MAX_OUTPUT_FIELDS);
    with(&|query, count| query.output.options = vec![Default::default(); count], MAX_OUTPUT_FIELDS);
    let long = "x".repeat(MAX_HOST_NAME_BYTES + 1);
    assert!(refused(Request::NameHost(NameHost { host: host(), name: long.clone() })));
    assert!(refused(Request::Get(Get { host: HostRef::Name(long), packet: packet(), output: output() })));
    let of: Vec<Option<HostId>> = requests().iter().map(Request::host).collect();
    assert_eq!(of, [None, None, Some(host()), Some(host()), Some(host()), None, None, None, None, None, None, None]);
    let text = "x".repeat(MAX_RULE_FILE_BYTES + 1);
    assert!(refused(Request::Admin(Admin::AddRules { name: "a".into(), text: text.clone() })));
    let stamp = RuleStamp { name: "a".into(), version: 1, by: NodeId([7; 32]) };
    let file = RuleFile { stamp: stamp.clone(), text: Some(text) };
    assert!(refused(Request::Peer(PeerRequest::TakeRules(vec![file]))));
    assert!(refused(Request::Peer(PeerRequest::Rules(vec![stamp; MAX_RULE_FILES + 1]))));
    assert!(refused(Request::Admin(Admin::Drain { member: "x".repeat(MAX_HOST_NAME_BYTES + 1) })));
    let stream = LegStream { stream: stream(), chunks: RangeSet::new(), elsewhere: Vec::new(), after: None };
    let leg = |count| {
        let leg = Leg { query: query.clone(), only: None, streams: vec![stream.clone(); count] };
        refused(Request::Peer(PeerRequest::Leg(leg)))
    };
    assert_eq!((leg(MAX_LEG_STREAMS), leg(MAX_LEG_STREAMS + 1)), (false, true));
}

#[derive(Debug, PartialEq, codec::Encode, codec::Decode)]
struct Numbers(Seq, Partition);

impl Message for Numbers {
    const TYPE: u16 = 9001;
    const SIZE: Size = Size::Small;
}

#[test]
fn numbers_past_their_last_are_refused() {
    let last = Numbers(Seq::MAX, Partition::new(4095).expect("the last"));
    let mut bytes = codec::encode(&last).expect("it fits");
    assert_eq!(codec::decode(&bytes), Ok(last));
    let partition_at = bytes.len() - 1;
    bytes[partition_at] += 1;
    assert!(codec::decode::<Numbers>(&bytes).is_err());
    let mut bytes = codec::encode(&Numbers(Seq::MAX, Partition::new(0).expect("the first"))).expect("it fits");
    bytes[7] = 0x40;
    assert!(codec::decode::<Numbers>(&bytes).is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = codec::decode::<Request>(&bytes);
        let _ = codec::decode::<Response>(&bytes);
        let _ = codec::decode::<ClusterMessage>(&bytes);
        let _ = codec::decode::<Parts>(&bytes);
        let _ = take_frame(&mut BytesMut::from(&bytes[..]));
    }

    #[test]
    fn what_decodes_encodes_to_what_decodes_to_it(which in 0usize..16, at in any::<proptest::sample::Index>(), value: u8) {
        let frame = if which < 7 { frame(&requests()[which]) } else { frame(&responses()[which - 7]) }.expect("it fits");
        let mut body = frame[FRAME_HEADER_BYTES..].to_vec();
        let at = at.index(body.len());
        body[at] = value;
        if which < 7 {
            if let Ok(message) = codec::decode::<Request>(&body) {
                let again = codec::encode(&message).expect("it came from as many bytes");
                prop_assert_eq!(codec::decode::<Request>(&again), Ok(message));
            }
        } else if let Ok(message) = codec::decode::<Response>(&body) {
            let again = codec::encode(&message).expect("it came from as many bytes");
            prop_assert_eq!(codec::decode::<Response>(&again), Ok(message));
        }
    }

    #[test]
    fn range_sets_come_back(numbers in proptest::collection::btree_set(any::<u64>(), 0..50)) {
        let chunks: RangeSet = numbers.into_iter().collect();
        let message = Response::Have(Have { chunks, manifest: None });
        let bytes = Bytes::from(codec::encode(&message).expect("it fits"));
        prop_assert_eq!(codec::decode::<Response>(&bytes), Ok(message));
    }
}
