//! What every store must do, as tests that run on any of them.

use std::time::Duration;

use packetstream_protocol::chunk::{
    Class, Compression, Gap, GapReason, Interface, Manifest, Note, gaps_chunk, notes_chunk,
};
use packetstream_protocol::ids::{ChunkId, ChunkNo, Epoch, HostId, PacketId, Seq, StreamId};
use packetstream_protocol::limits::MAX_HOST_NAME_BYTES;
use packetstream_protocol::time::NANOS_PER_SECOND;
use packetstream_protocol::{Chunk, ChunkBuilder, PacketRef, Timestamp};

use crate::store::*;
use crate::{Entry, EntryCursor, Retention};

pub(crate) const HOUR: u64 = 3600 * NANOS_PER_SECOND;
pub(crate) const START: u64 = 488_888 * HOUR;

pub(crate) fn stream(host: u8, epoch: u32) -> StreamId {
    StreamId { host: HostId::from_bytes([host; 16]), epoch: Epoch(epoch) }
}

/// A chunk with one packet at each of these times.
pub(crate) fn chunk(stream: StreamId, no: u64, times: &[u64]) -> Chunk {
    chunk_of(stream, no, times, b"payload that is the same in all of them")
}

pub(crate) fn chunk_of(stream: StreamId, no: u64, times: &[u64], bytes: &[u8]) -> Chunk {
    let mut builder = ChunkBuilder::new(stream, Class::Signalling, Compression::Fast);
    let interface =
        Interface { link_type: 1, snaplen: 0, resolution: 9, name: "eth0".into(), description: String::new() };
    builder.declare(0, &interface);
    for (at, &time) in times.iter().enumerate() {
        let id = PacketId { time: Timestamp(time), seq: Seq::new(stream.epoch, no * 4096 + at as u64) };
        let packet = PacketRef { id, interface: 0, orig_len: bytes.len() as u32, flags: 0, bytes, comment: None };
        builder.push(&packet).expect("there is room");
    }
    builder.seal(ChunkNo(no)).expect("there are packets")
}

type Make<'a> = &'a mut dyn FnMut() -> Box<dyn ChunkStore>;

pub(crate) fn run(make: Make<'_>) {
    what_was_put_is_got(make);
    same_content_is_a_duplicate_other_content_a_conflict(make);
    entries_come_in_order_of_time_whatever_the_hours(make);
    pages_join(make);
    gaps_notes_and_sums(make);
    names_and_small_values(make);
    small_values_are_kept_all_or_none(make);
    what_is_removed_is_gone_and_can_come_again(make);
    retention_by_age(make);
    retention_by_size(make);
    threads_append_at_once(make);
}

fn what_was_put_is_got(make: Make<'_>) {
    let store = make();
    assert_eq!(store.usage(), Usage::default());
    assert_eq!(store.append(vec![]), Ok(vec![]));
    let chunks: Vec<Chunk> = (0..5).map(|no| chunk(stream(1, 1), no, &[START + no, START + no + 10])).collect();
    assert_eq!(store.append(chunks.clone()), Ok(vec![Outcome::Stored; 5]));
    for chunk in &chunks {
        assert_eq!(store.get(chunk.id()), Ok(Some(chunk.clone())));
        assert_eq!(store.entry(chunk.id()), Ok(Some(Entry::of(chunk).expect("a whole chunk"))));
    }
    for other in [ChunkId { stream: stream(1, 1), no: ChunkNo(5) }, ChunkId { stream: stream(2, 1), no: ChunkNo(0) }] {
        assert_eq!((store.get(other), store.entry(other)), (Ok(None), Ok(None)));
    }
    let usage = store.usage();
    assert_eq!((usage.hosts, usage.streams, usage.chunks, usage.packets), (1, 1, 5, 10));
    assert_eq!(usage.bytes, chunks.iter().map(|chunk| chunk.bytes().len() as u64).sum::<u64>());
    assert_eq!((usage.oldest, usage.newest), (Some(Timestamp(START)), Some(Timestamp(START + 14))));
    let held = store.stream(stream(1, 1)).expect("a stream");
    assert_eq!((held.have.ranges(), held.manifest, held.packets), (&[(0, 4)][..], None, 10));
    assert_eq!(store.stream(stream(1, 2)), None);
}

fn same_content_is_a_duplicate_other_content_a_conflict(make: Make<'_>) {
    let store = make();
    let first = chunk(stream(1, 1), 0, &[START]);
    let other = chunk(stream(1, 1), 0, &[START + 2 * HOUR]);
    let batch = vec![first.clone(), first.clone(), other.clone()];
    assert_eq!(store.append(batch), Ok(vec![Outcome::Stored, Outcome::Duplicate, Outcome::Conflict]));
    assert_eq!(store.append(vec![other.clone(), first.clone()]), Ok(vec![Outcome::Conflict, Outcome::Duplicate]));
    assert_eq!(store.get(first.id()), Ok(Some(first.clone())));
    assert_eq!(store.usage().chunks, 1);
    // Only the stored form differs: it is the same chunk.
    let mut builder = ChunkBuilder::new(stream(1, 1), Class::Signalling, Compression::Off);
    let packets = first.packets().expect("packets");
    packets.interfaces().for_each(|(number, interface)| builder.declare(number, interface));
    packets.iter().for_each(|packet| builder.push(&packet).expect("room"));
    let raw = builder.seal(ChunkNo(0)).expect("packets");
    assert_eq!(store.append(vec![raw]), Ok(vec![Outcome::Duplicate]));
    // Lengths and checksums of this one are right, its content is not: the hash is of other packets.
    let mut bytes = other.bytes().to_vec();
    bytes[88] ^= 1;
    let crc = crc32fast::hash(&bytes[..124]);
    bytes[124..128].copy_from_slice(&crc.to_le_bytes());
    let damaged = Chunk::parse(bytes.into()).expect("checksums are right");
    let outcomes = store.append(vec![damaged]).expect("the store is well");
    assert!(matches!(outcomes[..], [Outcome::Damaged(_)]));
}

fn times(store: &dyn ChunkStore, query: &EntryQuery) -> Vec<u64> {
    store.entries(query).expect("entries").entries.iter().map(|entry| entry.time_min.0 - START).collect()
}

fn entries_come_in_order_of_time_whatever_the_hours(make: Make<'_>) {
    let store = make();
    let (one, two) = (stream(1, 1), stream(1, 2));
    let chunks = vec![
        chunk(one, 0, &[START + 3 * HOUR]),
        chunk(one, 1, &[START + 10, START]),           // times run backwards
        chunk(one, 2, &[START + 5, START + 4 * HOUR]), // reaches over hours
        chunk(two, 0, &[START + HOUR, START + HOUR + 7]),
        chunk(two, 1, &[START + 2, START + 3]),
        chunk(stream(2, 1), 0, &[START + 1]),
        chunk(stream(0, 1), 0, &[START + 1]),
    ];
    assert_eq!(store.append(chunks), Ok(vec![Outcome::Stored; 7]));
    let host = Scope::Host(one.host);
    let all = EntryQuery::all(host);
    assert_eq!(times(&*store, &all), [0, 2, 5, HOUR, 3 * HOUR]);
    assert_eq!(times(&*store, &EntryQuery::all(Scope::Stream(one))), [0, 5, 3 * HOUR]);
    assert_eq!(times(&*store, &EntryQuery::all(Scope::Stream(stream(9, 1)))), [0; 0]);
    let between = |since: u64, until: u64| {
        let (since, until) = (Timestamp(START + since), Timestamp(START + until));
        times(&*store, &EntryQuery { since, until, ..all })
    };
    assert_eq!(between(0, 0), [0]);
    assert_eq!(between(4, 4), [0]);
    assert_eq!(between(11, 12), [5]);
    assert_eq!(between(HOUR + 7, HOUR + 7), [5, HOUR]);
    assert_eq!(between(HOUR + 8, 3 * HOUR - 1), [5]);
    assert_eq!(between(4 * HOUR, 9 * HOUR), [5]);
    assert_eq!(between(4 * HOUR + 1, 9 * HOUR), [0; 0]);
    let entries = store.entries(&all).expect("entries").entries;
    let entry = entries.iter().find(|entry| entry.id.stream == two && entry.id.no == ChunkNo(0)).expect("it is there");
    assert_eq!((entry.records, entry.time_max, entry.packets()), (2, Timestamp(START + HOUR + 7), 2));
    let held = store.get(entry.id).expect("it is read").expect("it is there");
    assert_eq!((entry.hash, entry.bytes as usize), (held.header().hash, held.bytes().len()));
    assert_eq!(Ok(entry.clone()), crate::Entry::of(&held));
}

fn pages_join(make: Make<'_>) {
    let store = make();
    let chunks: Vec<Chunk> =
        (0..40).map(|no| chunk(stream(1, 1), no, &[START + no % 4 * HOUR, START + no * HOUR / 10])).collect();
    store.append(chunks).expect("it is stored");
    let all = EntryQuery::all(Scope::Host(stream(1, 1).host));
    let whole = store.entries(&all).expect("entries");
    assert_eq!((whole.entries.len(), whole.next), (40, None));
    for limit in [1, 7, 39, 40] {
        let (mut joined, mut after): (Vec<_>, Option<EntryCursor>) = (Vec::new(), None);
        loop {
            let page = store.entries(&EntryQuery { after, limit, ..all }).expect("entries");
            assert!(page.entries.len() <= limit);
            joined.extend(page.entries);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(joined, whole.entries);
    }
}

fn gaps_notes_and_sums(make: Make<'_>) {
    let store = make();
    let gap = |packets| Gap {
        from: Timestamp(START),
        until: Timestamp(START + 5),
        packets,
        reason: GapReason::Kernel,
        interface: None,
    };
    let gaps = gaps_chunk(stream(1, 1), ChunkNo(0), &[gap(3), gap(4)]).0.expect("gaps");
    let manifest = Note::Manifest(Manifest { file_name: "a.pcap".into(), file_hash: [1; 32], packets: 1, chunks: 3 });
    let notes = notes_chunk(stream(1, 1), ChunkNo(2), Timestamp(START), &[manifest]).expect("notes");
    store.append(vec![gaps, chunk(stream(1, 1), 1, &[START + 9])]).expect("it is stored");
    assert_eq!(store.stream(stream(1, 1)).expect("a stream").manifest, None);
    store.append(vec![notes]).expect("it is stored");
    let held = store.stream(stream(1, 1)).expect("a stream");
    assert_eq!((held.manifest, held.have.count()), (Some(ChunkNo(2)), 3));
    let host = &store.hosts()[0];
    assert_eq!((host.gaps, host.lost, host.packets, host.chunks, host.streams), (2, 7, 1, 3, 1));
    assert_eq!((host.first, host.last), (Some(Timestamp(START + 9)), Some(Timestamp(START + 9))));
}

fn names_and_small_values(make: Make<'_>) {
    let store = make();
    let host = stream(7, 1).host;
    assert_eq!(store.name_host(host, "pbx-4"), Ok(()));
    assert_eq!(store.hosts().iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["pbx-4"]);
    store.append(vec![chunk(stream(7, 1), 0, &[START]), chunk(stream(8, 1), 0, &[START])]).expect("it is stored");
    assert_eq!(store.hosts().iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["pbx-4", ""]);
    assert!(matches!(store.name_host(host, &"x".repeat(MAX_HOST_NAME_BYTES + 1)), Err(StoreError::TooLarge { .. })));
    assert_eq!(store.name_host(host, ""), Ok(()));
    assert!(store.hosts().iter().all(|host| host.name.is_empty()));
    assert_eq!(store.streams(None).len(), 2);
    assert_eq!(store.streams(Some(host)).len(), 1);

    assert_eq!(store.meta("epoch"), Ok(None));
    assert_eq!(store.put_meta("epoch", Some(b"7")), Ok(()));
    assert_eq!(store.put_meta("empty", Some(b"")), Ok(()));
    assert_eq!((store.meta("epoch"), store.meta("empty")), (Ok(Some(b"7".to_vec())), Ok(Some(vec![]))));
    assert_eq!(store.put_meta("epoch", None), Ok(()));
    assert_eq!(store.meta("epoch"), Ok(None));
    assert_eq!(store.put_meta(&"k".repeat(MAX_META_KEY_BYTES), Some(&vec![1; MAX_META_VALUE_BYTES])), Ok(()));
    assert!(matches!(store.put_meta(&"k".repeat(MAX_META_KEY_BYTES + 1), None), Err(StoreError::TooLarge { .. })));
    assert!(matches!(store.put_meta("k", Some(&vec![1; MAX_META_VALUE_BYTES + 1])), Err(StoreError::TooLarge { .. })));
}

fn small_values_are_kept_all_or_none(make: Make<'_>) {
    let store = make();
    let meta = |key: &str, value: &[u8]| (key.to_owned(), Some(value.to_vec()));
    let read = |store: &dyn ChunkStore| -> Vec<(String, Vec<u8>)> {
        store.metas("m/").expect("it is read").into_iter().collect()
    };
    let kept = [meta("m/1", b"a"), meta("m/2", b"b"), ("m/2".into(), None), meta("m/1", b"c"), meta("m/3", b"d")];
    assert_eq!(store.put_metas(&kept), Ok(()));
    let expected = [("m/1".into(), b"c".to_vec()), ("m/3".into(), b"d".to_vec())];
    assert_eq!(read(&*store), expected, "in their order");
    let refused = store.put_metas(&[meta("m/4", b"e"), meta("m/5", &vec![0; MAX_META_VALUE_BYTES + 1])]);
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    assert_eq!((read(&*store), store.put_metas(&[])), (expected.to_vec(), Ok(())));
}

fn what_is_removed_is_gone_and_can_come_again(make: Make<'_>) {
    let store = make();
    // Over more than one hour.
    let chunks: Vec<Chunk> = (0..6).map(|no| chunk(stream(1, 1), no, &[START + no * HOUR / 2])).collect();
    store.append(chunks.clone()).expect("it is stored");
    let other = chunk(stream(1, 2), 0, &[START]);
    store.append(vec![other.clone()]).expect("it is stored");
    let dropped = store.remove(stream(1, 1), &[1, 3, 4, 99].into_iter().collect()).expect("it is written");
    assert_eq!((dropped.chunks, dropped.packets), (3, 3));
    let held = store.stream(stream(1, 1)).expect("some are left").have;
    assert_eq!(held, [0, 2, 5].into_iter().collect());
    assert_eq!(store.get(chunks[3].id()), Ok(None));
    assert_eq!(store.get(other.id()), Ok(Some(other)));
    assert_eq!(store.append(vec![chunks[3].clone(), chunks[2].clone()]), Ok(vec![Outcome::Stored, Outcome::Duplicate]));
    assert_eq!(store.get(chunks[3].id()), Ok(Some(chunks[3].clone())));
    assert_eq!(store.remove(stream(9, 9), &[0].into_iter().collect()), Ok(Dropped::default()));

    for key in ["a/1", "a/2", "b"] {
        store.put_meta(key, Some(key.as_bytes())).expect("it is written");
    }
    let found: Vec<_> = store.metas("a/").expect("it is read").into_iter().collect();
    assert_eq!(found, [("a/1".into(), b"a/1".to_vec()), ("a/2".into(), b"a/2".to_vec())]);
    assert_eq!(store.metas("c").expect("it is read").len(), 0);
}

fn retention_by_age(make: Make<'_>) {
    let store = make();
    let old = chunk(stream(1, 1), 0, &[START]);
    let over = chunk(stream(1, 1), 1, &[START + 1, START + HOUR]);
    let new = chunk(stream(1, 1), 2, &[START + 2 * HOUR]);
    store.append(vec![old.clone(), over.clone(), new.clone()]).expect("it is stored");
    let keep = |hours: u64| Retention { age: Some(Duration::from_secs(hours * 3600)), bytes_max: None };
    let now = Timestamp(START + 3 * HOUR + HOUR / 2);
    assert_eq!(keep(4).apply(&*store, now), Ok(Dropped::default()));
    let dropped = keep(2).apply(&*store, now).expect("it is dropped");
    assert_eq!((dropped.chunks, dropped.packets), (1, 1));
    assert_eq!(store.get(old.id()), Ok(None));
    assert_eq!(store.get(over.id()), Ok(Some(over.clone())), "its last packet is young enough");
    assert_eq!(store.stream(stream(1, 1)).expect("a stream").have.ranges(), [(1, 2)]);
    assert_eq!(store.append(vec![old, new.clone()]), Ok(vec![Outcome::Expired, Outcome::Duplicate]));
    assert_eq!(times(&*store, &EntryQuery::all(Scope::Host(stream(1, 1).host))), [1, 2 * HOUR]);
    keep(0).apply(&*store, Timestamp(START + 9 * HOUR)).expect("it is dropped");
    assert_eq!(store.usage(), Usage::default());
    assert!(store.hosts().is_empty() && store.stream(stream(1, 1)).is_none());
}

fn retention_by_size(make: Make<'_>) {
    let store = make();
    let chunks: Vec<Chunk> = (0..6).map(|no| chunk(stream(1, 1), no, &[START + no / 3 * HOUR + no])).collect();
    let size = chunks[0].bytes().len() as u64;
    assert!(chunks.iter().all(|chunk| chunk.bytes().len() as u64 == size));
    store.append(chunks).expect("it is stored");
    let shrink = |bytes_max| Retention { age: None, bytes_max: Some(bytes_max) }.apply(&*store, Timestamp::MAX);
    assert_eq!(shrink(6 * size), Ok(Dropped::default()));
    assert_eq!(shrink(6 * size - 1), Ok(Dropped { chunks: 3, packets: 3, bytes: 3 * size }), "the oldest hour");
    assert_eq!(
        shrink(2 * size),
        Ok(Dropped { chunks: 1, packets: 1, bytes: size }),
        "of the last hour only what must go"
    );
    assert_eq!(store.stream(stream(1, 1)).expect("a stream").have.ranges(), [(4, 5)]);
    assert_eq!(shrink(0).map(|dropped| dropped.chunks), Ok(2));
    assert_eq!(store.usage().bytes, 0);
    // What went for want of room may come again.
    assert_eq!(store.append(vec![chunk(stream(1, 1), 0, &[START])]), Ok(vec![Outcome::Stored]));
}

fn threads_append_at_once(make: Make<'_>) {
    let store = make();
    std::thread::scope(|scope| {
        for host in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for no in 0..25 {
                    let chunks =
                        vec![chunk(stream(host, 1), no, &[START + no]), chunk(stream(9, 1), no, &[START + no])];
                    let outcomes = store.append(chunks).expect("it is stored");
                    assert_eq!(outcomes[0], Outcome::Stored);
                    assert!(matches!(outcomes[1], Outcome::Stored | Outcome::Duplicate));
                }
            });
        }
    });
    assert_eq!(store.usage().chunks, 125);
    assert!(store.streams(None).iter().all(|stream| stream.have.ranges() == [(0, 24)]));
}
