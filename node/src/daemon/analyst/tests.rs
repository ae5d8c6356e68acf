//! Hosts over the in-memory store: whatever the order of arrival, what is found is what one machine finds in order.

use std::time::{Duration, Instant};

use packetstream_dissect::diagnose::Diagnosis;
use packetstream_protocol::chunk::{
    Chunk, ChunkKind, Compression, Interface, Manifest, Note, Sealer, Unsealed, notes_chunk,
};
use packetstream_protocol::ids::{ChunkNo, Epoch, HostId, StreamId};
use packetstream_protocol::{RangeSet, Timestamp};
use packetstream_storage::{ChunkStore, MemoryStore};

use super::feed::{Feed, Head};
use super::host::{HostRun, Past, Scene};
use super::record::{MAX_KNOWN, Records};
use crate::capture::{Captured, Pipeline};
use crate::daemon::answer::Source;
use crate::daemon::standing::Active;
use crate::rules::{self, RuleSet};

const SECOND: u64 = 1_000_000_000;
const BEGIN: u64 = 1_700_000_000 * SECOND;

fn host() -> HostId {
    HostId::from_bytes([7; 16])
}

fn stream(epoch: u32) -> StreamId {
    StreamId { host: host(), epoch: Epoch(epoch) }
}

/// Who has an address, and nobody answers; 10.0.0.1 asks, for itself, too, which is no question.
fn arp(address: u8) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1]);
    frame.extend([0, 0, 0, 0, 0, 0, 10, 0, 0, address]);
    frame
}

/// UDP between ports that mean nothing, so media.
fn media() -> Vec<u8> {
    let mut frame =
        vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 200, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1];
    frame.extend([10, 0, 0, 2, 0x9c, 0x40, 0x9c, 0x42, 0, 180, 0, 0]);
    frame.resize(214, 0x80);
    frame
}

/// Questions for addresses, each asked so often, a second apart, among media; from a time on.
fn packets(addresses: std::ops::Range<u8>, times: u64, from: u64) -> Vec<(u64, Vec<u8>)> {
    let mut all = Vec::new();
    for time in 0..times {
        for address in addresses.clone() {
            let at = from + time * SECOND + u64::from(address) * 1_000_000;
            all.push((at, arp(address)));
            all.extend((1..20).map(|offset| (at + offset * 1000, media())));
        }
    }
    all
}

/// The chunks of an import of these packets; many of them.
fn chunks(epoch: u32, packets: &[(u64, Vec<u8>)]) -> Vec<Chunk> {
    let mut pipeline = Pipeline::new(stream(epoch), Compression::Off);
    let interface = Interface { link_type: 1, snaplen: 0, resolution: 9, name: "x".into(), description: String::new() };
    pipeline.declare(0, &interface);
    let mut made: Vec<Chunk> = Vec::new();
    let mut sink = |chunk: Unsealed| {
        made.push(Sealer::new(Compression::Off).seal(chunk));
        true
    };
    for (number, (time, bytes)) in packets.iter().enumerate() {
        let captured = Captured {
            time: Timestamp(*time),
            interface: 0,
            link_type: 1,
            orig_len: bytes.len() as u32,
            flags: 0,
            bytes,
            comment: None,
        };
        pipeline.push(Timestamp::MIN, &captured, &mut sink).expect("it fits");
        if number % 150 == 149 {
            pipeline.flush_due(Timestamp::MAX, 0, &mut sink);
        }
    }
    pipeline.flush_due(Timestamp::MAX, 0, &mut sink);
    let manifest = Manifest {
        file_name: String::new(),
        file_hash: [0; 32],
        packets: packets.len() as u64,
        chunks: pipeline.chunks() + 1,
    };
    pipeline.notes(Timestamp(BEGIN), &[Note::Manifest(manifest)], &mut sink).expect("one note");
    made
}

/// The ids of what one machine finds in packets, in their order.
fn expected(packets: &[(u64, Vec<u8>)]) -> Vec<u64> {
    let store = MemoryStore::default();
    store.append(chunks(99, packets)).expect("memory takes them");
    let source = Source::of(&store);
    let mut feed = Feed::new(stream(99), RangeSet::new());
    feed.refresh(store.stream(stream(99)).expect("just stored"));
    let (mut machine, mut found) = (Diagnosis::new(), Vec::new());
    while let Head::Ready(id) = feed.head(&source, base()) {
        let (stored, _) = feed.next(&source, id).expect("it was shown");
        machine.observe(&stored.packet, 1, &mut found);
    }
    machine.finish(&mut found);
    let mut ids: Vec<u64> = found.iter().map(|finding| finding.id()).collect();
    ids.sort_unstable();
    ids
}

#[allow(clippy::disallowed_methods)]
fn base() -> Instant {
    Instant::now()
}

fn no_rules() -> Active {
    Active { version: 0, set: RuleSet::of(&[]) }
}

/// Lets a host go on at a time.
fn step(run: &mut HostRun, store: &dyn ChunkStore, rules: &Active, now: Instant) {
    let until = now + Duration::from_secs(3600);
    run.is_dirty = true;
    while run.step(&Scene { store, rules, now, until }).expect("memory is read") {}
}

/// Until nothing more happens however long it waits.
fn settle(run: &mut HostRun, store: &dyn ChunkStore, rules: &Active, begin: Instant) {
    for seconds in 0..120 {
        step(run, store, rules, begin + Duration::from_secs(seconds));
    }
}

#[test]
fn packets_come_in_order_however_their_chunks_come() {
    let packets = packets(1..40, 2, BEGIN);
    let mut chunks = chunks(1, &packets);
    assert!(chunks.len() > 10);
    let kinds = |class| chunks.iter().filter(|chunk| chunk.header().kind == ChunkKind::Packets(class)).count();
    assert!(kinds(packetstream_protocol::Class::Media) > 1 && kinds(packetstream_protocol::Class::Signalling) > 1);
    chunks.reverse();
    for turn in 0..chunks.len() {
        chunks.rotate_left(turn);
        let store = MemoryStore::default();
        let source = Source::of(&store);
        let mut feed = Feed::new(stream(1), RangeSet::new());
        let (mut came, now) = (Vec::new(), base());
        for chunk in &chunks {
            store.append(vec![chunk.clone()]).expect("memory takes it");
            feed.refresh(store.stream(stream(1)).expect("just stored"));
            while let Head::Ready(id) = feed.head(&source, now) {
                came.push(id.seq.counter());
                assert!(feed.next(&source, id).is_some());
            }
        }
        assert_eq!(came, (0..packets.len() as u64).collect::<Vec<_>>());
        assert!(feed.is_whole() && !feed.is_late && feed.behind() == 0);
    }
}

#[test]
fn what_is_missing_is_waited_for_and_then_given_up() {
    let packets = packets(1..20, 2, BEGIN);
    let chunks = chunks(1, &packets);
    let store = MemoryStore::default();
    let source = Source::of(&store);
    let (missing, now) = (2, base());
    let rest = chunks.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, chunk)| chunk.clone());
    store.append(rest.collect()).expect("memory takes them");
    let mut feed = Feed::new(stream(1), RangeSet::new());
    feed.refresh(store.stream(stream(1)).expect("just stored"));
    let drain = |feed: &mut Feed, now| {
        let mut count = 0;
        while let Head::Ready(id) = feed.head(&source, now) {
            assert!(feed.next(&source, id).is_some());
            count += 1;
        }
        count
    };
    let first = drain(&mut feed, now);
    assert!(first > 0 && first < packets.len() / 2, "{first}");
    assert_eq!(drain(&mut feed, now + Duration::from_secs(29)), 0);
    let lost = chunks[missing].header().records as usize;
    assert_eq!(first + drain(&mut feed, now + Duration::from_secs(31)), packets.len() - lost);
    assert_eq!(feed.take_gaps().len(), 1);
    assert!(!feed.is_late);
    store.append(vec![chunks[missing].clone()]).expect("memory takes it");
    feed.refresh(store.stream(stream(1)).expect("just stored"));
    assert!(feed.is_late);
}

#[test]
fn what_is_found_depends_on_the_packets_alone() {
    let packets = packets(1..20, 3, BEGIN);
    let expected = expected(&packets);
    assert_eq!(expected.len(), 18);
    let (begin, rules) = (base(), no_rules());
    let mut orders = vec![chunks(1, &packets)];
    orders.push(orders[0].iter().rev().cloned().collect());
    for chunks in orders {
        let store = MemoryStore::default();
        let mut run = HostRun::new(&store, host(), Past::default(), begin).expect("memory is read");
        for chunk in chunks {
            store.append(vec![chunk]).expect("memory takes it");
            step(&mut run, &store, &rules, begin);
        }
        settle(&mut run, &store, &rules, begin);
        assert_eq!(run.records.standing(), expected);
        assert!(run.past().is_finished);
    }
    // Two imports, the earlier one last: the host is read again. A chunk that comes after it was given up, too.
    let (early, late) = packets.split_at(packets.len() / 2);
    let store = MemoryStore::default();
    let mut run = HostRun::new(&store, host(), Past::default(), begin).expect("memory is read");
    store.append(chunks(2, late)).expect("memory takes them");
    settle(&mut run, &store, &rules, begin);
    assert!(run.records.standing() != expected);
    let mut early = chunks(1, early);
    let straggler = early.remove(1);
    store.append(early).expect("memory takes them");
    settle(&mut run, &store, &rules, begin + Duration::from_secs(200));
    store.append(vec![straggler]).expect("memory takes it");
    settle(&mut run, &store, &rules, begin + Duration::from_secs(400));
    assert_eq!(run.records.standing(), expected);
}

#[test]
fn who_takes_over_says_nothing_twice() {
    // The first eight are told when the others are asked for.
    let packets = [packets(1..10, 3, BEGIN), packets(20..30, 3, BEGIN + 600 * SECOND)].concat();
    let (begin, rules) = (base(), no_rules());
    let chunks = chunks(1, &packets);
    let store = MemoryStore::default();
    let mut first = HostRun::new(&store, host(), Past::default(), begin).expect("memory is read");
    let (half, rest) = chunks.split_at(chunks.len() * 3 / 4);
    store.append(half.to_vec()).expect("memory takes them");
    step(&mut first, &store, &rules, begin);
    let said = first.records.waiting();
    assert!(!said.is_empty() && said.len() < 18, "{} said", said.len());
    // One of them was not durable when its runner died.
    let kept: Vec<Note> = said[1..].iter().cloned().map(Note::Finding).collect();
    let kept = notes_chunk(stream(1 << 31), ChunkNo(0), Timestamp(BEGIN), &kept).expect("they fit");
    store.append(vec![kept]).expect("memory takes it");
    let mut second = HostRun::new(&store, host(), first.past(), begin).expect("memory is read");
    store.append(rest.to_vec()).expect("memory takes them");
    settle(&mut second, &store, &rules, begin);
    assert_eq!(second.records.standing(), expected(&packets));
    let again: Vec<u64> = second.records.waiting().iter().map(|note| note.id).collect();
    assert!(again.contains(&said[0].id), "what was not kept is said again");
    assert!(said[1..].iter().all(|note| !again.contains(&note.id)), "what was kept is not");
    // Who takes over when the end was judged reads nothing.
    let past = second.past();
    assert!(past.is_finished);
    let mut third = HostRun::new(&store, host(), past, begin).expect("memory is read");
    settle(&mut third, &store, &rules, begin);
    assert!(third.records.waiting().is_empty() && third.is_idle() && !third.is_reading());
    // Nor does a new owner, to whom it comes only now, the last of it first.
    let store = MemoryStore::default();
    let mut fourth = HostRun::new(&store, host(), second.past(), begin).expect("memory is read");
    for chunk in chunks.into_iter().rev() {
        store.append(vec![chunk]).expect("memory takes it");
        settle(&mut fourth, &store, &rules, begin);
    }
    assert!(fourth.records.waiting().is_empty() && fourth.is_idle() && !fourth.is_reading());
    assert_eq!((fourth.packets(), fourth.past().is_finished), (0, true));
    // What it had not seen makes it read all.
    store.append(self::chunks(2, &packets[..4])).expect("memory takes them");
    settle(&mut fourth, &store, &rules, begin + Duration::from_secs(200));
    assert_eq!(fourth.records.standing(), expected(&packets));
}

#[test]
fn a_host_with_very_much_is_read_from_where_something_was_open() {
    let early = packets(1..10, 3, BEGIN);
    let late = packets(20..25, 2, BEGIN + 600 * SECOND);
    let last = packets(20..25, 2, BEGIN + 602 * SECOND);
    let all = [early.clone(), late.clone(), last.clone()].concat();
    let chunks = chunks(1, &all);
    let (begin, rules) = (base(), no_rules());
    let store = MemoryStore::default();
    let until = |chunk: &&Chunk| chunk.header().time_max < Timestamp(BEGIN + 602 * SECOND);
    let half: Vec<Chunk> = chunks.iter().take_while(until).cloned().collect();
    let rest = chunks[half.len()..].to_vec();
    store.append(half).expect("memory takes them");
    let mut first = HostRun::new(&store, host(), Past::default(), begin).expect("memory is read");
    step(&mut first, &store, &rules, begin);
    let kept: Vec<Note> = first.records.waiting().into_iter().map(Note::Finding).collect();
    assert_eq!(kept.len(), 8);
    store
        .append(vec![notes_chunk(stream(1 << 31), ChunkNo(0), Timestamp(BEGIN), &kept).expect("they fit")])
        .expect("memory takes it");
    let mut second = HostRun::with_most(&store, host(), first.past(), begin, 1).expect("memory is read");
    store.append(rest).expect("memory takes them");
    for seconds in 0..10 {
        step(&mut second, &store, &rules, begin + Duration::from_secs(seconds));
    }
    assert!(second.past().is_finished);
    let read = second.packets() as usize;
    assert!(read >= late.len() + last.len() && read < all.len(), "{read} packets of {}", all.len());
    assert_eq!(second.records.standing(), expected(&all));
}

#[test]
fn rules_match_what_was_not_looked_at_before() {
    let text = "[[rule]]\nname = 'asks'\nfilter = 'arp.opcode == 1'\ngroup = 'arp.dst.proto_ipv4'\n";
    let files: Vec<_> = rules::compile(&[("a.toml".into(), text.to_owned())]).into_iter().map(Result::unwrap).collect();
    let set = || RuleSet::of(&files);
    assert!(set().disabled.is_empty(), "{:?}", set().disabled);
    let rules = Active { version: 1, set: set() };
    let (early, late) = (packets(1..5, 1, BEGIN), packets(10..13, 1, BEGIN + 10 * SECOND));
    let (store, begin) = (MemoryStore::default(), base());
    let mut run = HostRun::new(&store, host(), Past::default(), begin).expect("memory is read");
    store.append(chunks(1, &early)).expect("memory takes them");
    settle(&mut run, &store, &no_rules(), begin);
    assert_eq!(run.records.standing().len(), 0, "no rules yet");
    // The second import makes the host be read again, now with rules.
    store.append(chunks(2, &late)).expect("memory takes them");
    settle(&mut run, &store, &rules, begin + Duration::from_secs(200));
    assert_eq!(run.records.standing().len(), 3);
    settle(&mut run, &store, &Active { version: 2, set: set() }, begin + Duration::from_secs(400));
    assert_eq!(run.records.standing().len(), 3);
}

#[test]
fn so_many_findings_are_known_and_no_more() {
    let mut records = Records::load(&MemoryStore::default(), host()).expect("memory is read");
    for id in 0..=MAX_KNOWN as u64 {
        records.say(id, (0, 0), "{}".to_owned(), None);
    }
    assert!(records.knows(MAX_KNOWN as u64 - 1) && !records.knows(MAX_KNOWN as u64));
    records.say(0, (0, 0), "{}".to_owned(), None);
    assert_eq!(records.waiting().len(), MAX_KNOWN + 1, "what is known is not said again, what is not is");
}
