use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::ids::{ChunkNo, Epoch, HostId, PacketId, Seq, StreamId};
use crate::limits::{CHUNK_BODY_TARGET, MAX_CHUNK_BODY, MAX_CHUNK_RECORDS, MAX_COMMENT_BYTES, MAX_PACKET_BYTES};
use crate::time::Timestamp;

fn stream() -> StreamId {
    StreamId { host: HostId::from_bytes(*b"0123456789abcdef"), epoch: Epoch(7) }
}

fn eth0() -> Interface {
    Interface { link_type: 1, snaplen: 262_144, resolution: 9, name: "eth0".into(), description: String::new() }
}

fn builder(compression: Compression) -> ChunkBuilder {
    let mut builder = ChunkBuilder::new(stream(), Class::Signalling, compression);
    builder.declare(0, &eth0());
    builder.declare(300, &Interface { link_type: 113, name: "any".into(), description: "all".into(), ..eth0() });
    builder
}

#[derive(Clone, Debug, PartialEq)]
struct Packet {
    time: u64,
    skipped: u64,
    interface: u16,
    longer: u32,
    flags: u32,
    bytes: Vec<u8>,
    comment: Option<String>,
}

/// Pushes packets, sealing whenever a chunk is full.
fn build(builder: &mut ChunkBuilder, packets: &[Packet]) -> Vec<Chunk> {
    let (mut chunks, mut next) = (Vec::new(), 0);
    for packet in packets {
        let seq = Seq::new(stream().epoch, next + packet.skipped);
        let packet = PacketRef {
            id: PacketId { time: Timestamp(packet.time), seq },
            interface: packet.interface,
            orig_len: packet.bytes.len() as u32 + packet.longer,
            flags: packet.flags,
            bytes: &packet.bytes,
            comment: packet.comment.as_deref(),
        };
        next = seq.counter() + 1;
        if builder.push(&packet) == Err(PushError::Full) {
            chunks.extend(builder.seal(ChunkNo(chunks.len() as u64)));
            builder.push(&packet).expect("an empty builder takes it");
        }
    }
    chunks.extend(builder.seal(ChunkNo(chunks.len() as u64)));
    chunks
}

fn unbuild(chunks: &[Chunk]) -> Vec<Packet> {
    let (mut packets, mut next) = (Vec::new(), 0);
    for chunk in chunks {
        let chunk = Chunk::parse(chunk.bytes().clone()).expect("a chunk");
        let opened = chunk.packets().expect("packets");
        assert_eq!(opened.len(), chunk.header().records as usize);
        assert_eq!(opened.iter().len(), opened.len());
        for packet in &opened {
            assert!(opened.interface(packet.interface).is_some());
            packets.push(Packet {
                time: packet.id.time.0,
                skipped: packet.id.seq.counter() - next,
                interface: packet.interface,
                longer: packet.orig_len - packet.bytes.len() as u32,
                flags: packet.flags,
                bytes: packet.bytes.to_vec(),
                comment: packet.comment.map(str::to_owned),
            });
            next = packet.id.seq.counter() + 1;
        }
    }
    packets
}

fn plain(bytes: Vec<u8>) -> Packet {
    Packet { time: 1_760_000_000_000_000_000, skipped: 0, interface: 0, longer: 0, flags: 0, bytes, comment: None }
}

fn any_packet() -> impl Strategy<Value = Packet> {
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..80),
        (any::<u8>(), 0usize..2000).prop_map(|(byte, len)| vec![byte; len]),
    ];
    let comment = proptest::option::weighted(0.2, "\\PC{0,12}");
    let time = prop_oneof![any::<u64>(), 1_760_000_000_000_000_000u64..1_760_000_001_000_000_000];
    let small = prop_oneof![4 => Just(0u32), 1 => any::<u32>()];
    (
        time,
        prop_oneof![5 => Just(0u64), 1 => 0u64..1000],
        prop_oneof![Just(0u16), Just(300)],
        small,
        any::<bool>(),
        bytes,
        comment,
    )
        .prop_map(|(time, skipped, interface, flags, longer, bytes, comment)| Packet {
            time,
            skipped,
            interface,
            longer: u32::from(longer) * 1400,
            flags,
            bytes,
            comment,
        })
}

/// A small chunk of each kind.
fn samples() -> Vec<Chunk> {
    let mut packets = vec![plain(b"INVITE sip:bob@example.org SIP/2.0\r\n".repeat(20)), plain(vec![])];
    packets.push(Packet {
        comment: Some("the rejected offer".into()),
        interface: 300,
        flags: 1,
        longer: 9,
        ..plain(vec![1; 60])
    });
    let mut chunks: Vec<Chunk> = [Compression::Off, Compression::Fast, Compression::Small]
        .into_iter()
        .flat_map(|compression| build(&mut builder(compression), &packets))
        .collect();
    chunks.push(gaps_chunk(stream(), ChunkNo(3), &some_gaps()).0.expect("gaps"));
    chunks.push(notes_chunk(stream(), ChunkNo(4), Timestamp(5), &some_notes()).expect("notes"));
    chunks
}

fn some_gaps() -> Vec<Gap> {
    let gap =
        Gap { from: Timestamp(500), until: Timestamp(900), packets: 17, reason: GapReason::Kernel, interface: Some(0) };
    vec![
        gap.clone(),
        Gap { from: Timestamp(100), until: Timestamp(100), packets: 0, reason: GapReason::File, interface: None },
        Gap { reason: GapReason::Other(77), interface: Some(u16::MAX), packets: u64::MAX, ..gap },
    ]
}

fn some_notes() -> Vec<Note> {
    vec![
        Note::Section { comment: Some(String::new()), hardware: None, os: Some("Linux".into()), application: None },
        Note::Name { address: IpAddr::V4(Ipv4Addr::LOCALHOST), names: vec!["localhost".into(), "me".into()] },
        Note::Name { address: IpAddr::V6(Ipv6Addr::LOCALHOST), names: vec![] },
        Note::Secrets { kind: 0x544c_534b, data: b"CLIENT_RANDOM 00 11".to_vec() },
        Note::Interface { number: 3, interface: eth0() },
        Note::Manifest(Manifest { file_name: "call.pcap".into(), file_hash: [9; 32], packets: 3, chunks: 5 }),
        Note::Unknown { tag: 200, data: vec![1, 2, 3] },
        Note::Finding(FindingNote {
            id: u64::MAX,
            stamp: 7,
            first: Timestamp(1),
            last: Timestamp(u64::MAX),
            text: b"{\"code\":\"sip.auth-loop\"}".to_vec(),
        }),
    ]
}

/// A chunk with some bytes of its header or its body changed and its checksums put right again.
fn forge(chunk: &Chunk, change: impl FnOnce(&mut Vec<u8>)) -> Result<Chunk, ChunkError> {
    let mut bytes = chunk.bytes().to_vec();
    change(&mut bytes);
    let body_crc = crc32fast::hash(&bytes[HEADER_BYTES..]);
    bytes[112..116].copy_from_slice(&body_crc.to_le_bytes());
    if bytes[104] == 0 {
        let hash = header::content_hash(&bytes[..header::HASHED_BYTES], &bytes[HEADER_BYTES..]);
        bytes[88..104].copy_from_slice(&hash.0);
    }
    let crc = crc32fast::hash(&bytes[..124]);
    bytes[124..128].copy_from_slice(&crc.to_le_bytes());
    let chunk = Chunk::parse(bytes.into())?;
    chunk.verify()?;
    Ok(chunk)
}

#[test]
fn gaps_and_notes_come_back() {
    let samples = samples();
    assert_eq!(samples[3].gaps(), Ok(some_gaps()));
    assert_eq!(samples[4].notes(), Ok(some_notes()));
    let header = samples[3].header();
    assert_eq!((header.time_min, header.time_max, header.records), (Timestamp(100), Timestamp(900), 3));
    assert!(matches!(samples[3].packets(), Err(ChunkError::Kind { .. })));
    assert!(matches!(samples[0].gaps(), Err(ChunkError::Kind { .. })));
    assert!(matches!(samples[0].notes(), Err(ChunkError::Kind { .. })));
}

#[test]
fn codec_does_not_change_what_a_chunk_is() {
    let samples = samples();
    let codecs: Vec<Codec> = samples[..3].iter().map(|chunk| chunk.header().codec).collect();
    assert_eq!(codecs, [Codec::Raw, Codec::Lz4, Codec::Zstd]);
    assert!(samples[..3].iter().all(|chunk| chunk.header().hash == samples[0].header().hash));
    assert!(samples[1].bytes().len() < samples[0].bytes().len() / 2);
}

#[test]
fn the_same_packets_make_the_same_bytes() {
    let packets: Vec<Packet> = (0..9000u32).map(|n| plain(n.to_le_bytes().repeat(n as usize % 90))).collect();
    let mut used = builder(Compression::Fast);
    let first = build(&mut used, &packets);
    assert!(first.len() > 3);
    assert_eq!(build(&mut used, &packets), first, "a builder keeps nothing of the chunks before");
    assert_eq!(build(&mut builder(Compression::Fast), &packets), first);
    assert_eq!(unbuild(&first), packets);
}

#[test]
fn what_does_not_shrink_is_stored_as_it_is() {
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let media: Vec<Packet> = (0..900).map(|_| plain((0..200).map(|_| noise()).collect())).collect();
    for compression in [Compression::Fast, Compression::Small] {
        let chunks = build(&mut builder(compression), &media);
        assert!(chunks.iter().all(|chunk| chunk.header().codec == Codec::Raw));
    }
}

#[test]
fn a_chunk_is_full_by_bytes_and_by_packets() {
    let many = vec![plain(vec![]); MAX_CHUNK_RECORDS + 1];
    let sizes = |packets: &[Packet]| -> Vec<u32> {
        build(&mut builder(Compression::Off), packets).iter().map(|chunk| chunk.header().records).collect()
    };
    assert_eq!(sizes(&many), [MAX_CHUNK_RECORDS as u32, 1]);
    let large = vec![plain(vec![0; CHUNK_BODY_TARGET / 4]); 9];
    assert_eq!(sizes(&large), [3, 3, 3]);
    for chunk in build(&mut builder(Compression::Off), &large) {
        assert!(chunk.header().body_len as usize <= CHUNK_BODY_TARGET);
    }
    let huge = vec![plain(vec![1]), plain(vec![0; CHUNK_BODY_TARGET + 1]), plain(vec![2])];
    assert_eq!(sizes(&huge), [1, 1, 1]);
}

#[test]
fn the_largest_packet_has_a_chunk_of_its_own_and_a_larger_one_none() {
    let comment = "x".repeat(MAX_COMMENT_BYTES);
    let mut builder = builder(Compression::Off);
    let text = "y".repeat(100_000);
    builder.declare(9, &Interface { name: text.clone(), description: text, ..eth0() });
    let bytes = vec![0; MAX_PACKET_BYTES + 1];
    let id = PacketId { time: Timestamp(1), seq: Seq::default() };
    let packet =
        PacketRef { id, interface: 9, orig_len: u32::MAX, flags: u32::MAX, bytes: &bytes, comment: Some(&comment) };
    assert_eq!(builder.push(&packet), Err(PushError::TooLong { found: MAX_PACKET_BYTES + 1 }));
    let packet = PacketRef { bytes: &bytes[1..], ..packet };
    assert_eq!(builder.push(&packet), Ok(()));
    let chunk = builder.seal(ChunkNo(0)).expect("a chunk");
    let chunk = Chunk::parse(chunk.bytes().clone()).expect("within the limits");
    assert_eq!(chunk.packets().expect("packets").iter().next(), Some(packet));
}

#[test]
fn what_no_chunk_can_hold_is_refused_and_changes_nothing() {
    let mut builder = builder(Compression::Off);
    let id = |seq| PacketId { time: Timestamp(1), seq: Seq::new(Epoch(0), seq) };
    let packet = PacketRef { id: id(5), interface: 0, orig_len: 0, flags: 0, bytes: &[], comment: None };
    assert_eq!(builder.seal(ChunkNo(0)), None);
    assert_eq!(builder.push(&PacketRef { interface: 1, ..packet }), Err(PushError::Interface(1)));
    let long = "x".repeat(MAX_COMMENT_BYTES + 1);
    let long = PacketRef { comment: Some(&long), ..packet };
    assert_eq!(builder.push(&long), Err(PushError::Comment { found: MAX_COMMENT_BYTES + 1 }));
    assert!(builder.is_empty());
    assert_eq!(builder.push(&packet), Ok(()));
    for seq in [5, 4] {
        assert_eq!(builder.push(&PacketRef { id: id(seq), ..packet }), Err(PushError::Order { last: 5, found: seq }));
    }
    assert_eq!((builder.len(), builder.first_time()), (1, Some(Timestamp(1))));
}

#[test]
fn notes_have_limits() {
    let note = |count| Note::Name { address: IpAddr::V4(Ipv4Addr::LOCALHOST), names: vec![String::new(); count] };
    let chunk = |notes: &[Note]| notes_chunk(stream(), ChunkNo(0), Timestamp(0), notes);
    assert!(chunk(&[note(notes::MAX_NAMES)]).is_ok_and(|chunk| chunk.verify().is_ok()));
    assert_eq!(chunk(&[note(notes::MAX_NAMES + 1)]), Err(NoteError::Names { found: notes::MAX_NAMES + 1 }));
    assert!(matches!(chunk(&[]), Err(NoteError::Count { found: 0, .. })));
    assert!(matches!(chunk(&vec![note(0); MAX_CHUNK_RECORDS + 1]), Err(NoteError::Count { .. })));
    let secret = Note::Secrets { kind: 1, data: vec![0; MAX_CHUNK_BODY] };
    assert!(matches!(chunk(&[secret]), Err(NoteError::TooLarge { .. })));
}

#[test]
fn more_gaps_than_a_chunk_holds_take_two() {
    let gaps = vec![some_gaps()[0].clone(); MAX_CHUNK_RECORDS + 1];
    let (chunk, rest) = gaps_chunk(stream(), ChunkNo(0), &gaps);
    assert_eq!(chunk.expect("a chunk").gaps().expect("gaps").len(), MAX_CHUNK_RECORDS);
    assert_eq!(rest.len(), 1);
    assert_eq!(gaps_chunk(stream(), ChunkNo(0), &[]), (None, &[][..]));
}

#[test]
fn headers_that_claim_too_much_or_contradict_themselves() {
    let raw = &samples()[0];
    let u32_at =
        |at: usize, value: u32| move |bytes: &mut Vec<u8>| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    let u64_at =
        |at: usize, value: u64| move |bytes: &mut Vec<u8>| bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    let check = |result: Result<Chunk, ChunkError>, expected: ChunkError| assert_eq!(result, Err(expected));
    assert!(forge(raw, |_| ()).is_ok());
    check(forge(raw, |bytes| bytes[0] = 0), ChunkError::Magic);
    check(forge(raw, |bytes| bytes[4] = 2), ChunkError::Version { found: 2 });
    check(forge(raw, |bytes| bytes[4] = 0), ChunkError::Invalid("version"));
    check(forge(raw, |bytes| bytes[6] = 4), ChunkError::Invalid("kind"));
    for at in [7, 84, 105, 116] {
        check(forge(raw, |bytes| bytes[at] = 1), ChunkError::Invalid("reserved field"));
    }
    let records = ChunkError::Limit { what: "records", limit: MAX_CHUNK_RECORDS, found: 4097 };
    check(forge(raw, u32_at(28, 4097)), records);
    check(forge(raw, u32_at(28, 0)), ChunkError::Invalid("number of records"));
    check(forge(raw, u32_at(28, 4)), ChunkError::Invalid("sequence range"));
    check(forge(raw, u32_at(28, 2)), ChunkError::Invalid("sequence range"));
    check(forge(raw, u64_at(40, u64::MAX)), ChunkError::Invalid("time range"));
    check(forge(raw, u64_at(40, 0)), ChunkError::Invalid("time range"));
    check(forge(raw, u64_at(56, u64::MAX)), ChunkError::Invalid("first sequence"));
    check(forge(raw, u64_at(64, u64::MAX)), ChunkError::Invalid("last sequence"));
    check(forge(raw, u64_at(56, Seq::MAX.value())), ChunkError::Invalid("sequence range"));
    let body = ChunkError::Limit { what: "bytes of body", limit: MAX_CHUNK_BODY, found: MAX_CHUNK_BODY as u64 + 1 };
    check(forge(raw, u32_at(72, MAX_CHUNK_BODY as u32 + 1)), body);
    check(forge(raw, u32_at(76, u32::MAX)), ChunkError::Invalid("length of a table"));
    check(forge(raw, u32_at(80, u32::MAX)), ChunkError::Invalid("length of a table"));
    check(forge(raw, |bytes| bytes[104] = 3), ChunkError::Invalid("codec"));
    check(forge(raw, u32_at(108, 1)), ChunkError::Invalid("stored length"));
    check(forge(raw, |bytes| bytes[104] = 1), ChunkError::Invalid("stored length"));
    let found = raw.bytes().len() + 1;
    check(forge(raw, |bytes| bytes.push(0)), ChunkError::Length { expected: found - 1, found });
    assert_eq!(Chunk::parse(Bytes::new()), Err(ChunkError::Short { expected: HEADER_BYTES, found: 0 }));
}

#[test]
fn bodies_that_contradict_their_header() {
    let raw = &samples()[0];
    let interfaces = usize::from(raw.bytes()[76]);
    let table = HEADER_BYTES;
    let columns = table + interfaces;
    let times = columns + packets::COLUMNS_HEAD;
    let invalid = |change: &dyn Fn(&mut Vec<u8>)| forge(raw, change).map(drop);
    assert_eq!(invalid(&|bytes| bytes[table] = 1), Err(ChunkError::Invalid("interface table")));
    let claim = |bytes: &mut Vec<u8>| bytes[table..table + 2].copy_from_slice(&[0xff, 0x7f]);
    let limit = ChunkError::Limit { what: "interfaces", limit: MAX_CHUNK_RECORDS, found: 0x3fff };
    assert_eq!(invalid(&claim), Err(limit));
    assert_eq!(invalid(&|bytes| bytes[columns] += 1), Err(ChunkError::Invalid("column")));
    assert_eq!(invalid(&|bytes| bytes[columns + 3] = 0xff), Err(ChunkError::Invalid("column")));
    assert_eq!(invalid(&|bytes| bytes[times] = 2), Err(ChunkError::Invalid("time range")));
    // Whatever one byte of the body becomes, the answer is an error or other packets, and never a panic.
    for at in HEADER_BYTES..raw.bytes().len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let _ = forge(raw, |bytes| bytes[at] = value);
        }
    }
    for chunk in &samples()[3..] {
        for at in HEADER_BYTES..chunk.bytes().len() {
            for value in [0, 1, 2, 5, 0x7f, 0x80, 0xff] {
                let _ = forge(chunk, |bytes| bytes[at] = value);
            }
        }
    }
}

#[test]
fn a_compressed_body_that_lies_about_its_length() {
    for chunk in &samples()[1..3] {
        for len in [1u32, 40, MAX_CHUNK_BODY as u32] {
            let len = (chunk.header().body_len.saturating_add(len)).min(MAX_CHUNK_BODY as u32);
            let forged = forge(chunk, |bytes| bytes[72..76].copy_from_slice(&len.to_le_bytes()));
            assert_eq!(forged, Err(ChunkError::Invalid("compressed body")));
        }
        let other = forge(chunk, |bytes| bytes[88] ^= 1);
        assert_eq!(other, Err(ChunkError::Hash));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn packets_come_back(packets in proptest::collection::vec(any_packet(), 1..300), codec in 0..3usize) {
        let compression = [Compression::Off, Compression::Fast, Compression::Small][codec];
        let chunks = build(&mut builder(compression), &packets);
        prop_assert_eq!(unbuild(&chunks), packets);
    }

    #[test]
    fn every_flipped_bit_is_noticed(at in any::<proptest::sample::Index>(), bit in 0u32..8, which in 0..5usize) {
        let chunk = &samples()[which];
        let mut bytes = chunk.bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert!(Chunk::parse(bytes.into()).is_err());
    }

    #[test]
    fn every_cut_is_noticed(at in any::<proptest::sample::Index>(), which in 0..5usize) {
        let bytes = samples()[which].bytes().clone();
        prop_assert!(Chunk::parse(bytes.slice(..at.index(bytes.len()))).is_err());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Chunk::parse(bytes.into());
    }

    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200), which in 0..5usize) {
        let _ = forge(&samples()[which], |bytes| {
            bytes.truncate(HEADER_BYTES);
            bytes.extend_from_slice(&body);
            bytes[108..112].copy_from_slice(&(body.len() as u32).to_le_bytes());
            if bytes[104] == 0 {
                bytes[72..76].copy_from_slice(&(body.len() as u32).to_le_bytes());
            }
        });
    }
}
