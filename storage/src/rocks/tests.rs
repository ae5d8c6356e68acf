use std::fs;

use packetstream_protocol::ids::ChunkNo;
use packetstream_tests::process::Disk;
use tempfile::TempDir;

use super::*;
use crate::conformance::{HOUR, START, chunk, stream};
use crate::store::{Outcome, Pace, Scope};

const SMALL_RESERVE: RocksOptions = RocksOptions { reserve_bytes: 0 };

fn open(dir: &TempDir) -> RocksStore {
    RocksStore::open(dir.path(), SMALL_RESERVE).expect("a store")
}

/// What no compression makes smaller.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

/// Bytes of files of these kinds in a store's folder.
fn on_disk(dir: &TempDir, kinds: &[&str]) -> u64 {
    let files = fs::read_dir(dir.path()).expect("a folder").map(|file| file.expect("a file"));
    let of_kind =
        |path: &Path| path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| kinds.contains(&kind));
    files.filter(|file| of_kind(&file.path())).map(|file| file.metadata().expect("a file").len()).sum()
}

#[test]
fn conforms() {
    let mut dirs = Vec::new();
    crate::conformance::run(&mut || {
        dirs.push(TempDir::new().expect("a folder"));
        Box::new(open(dirs.last().expect("one was pushed")))
    });
}

#[test]
fn everything_is_there_after_a_restart() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let chunks: Vec<Chunk> = (0..9).map(|no| chunk(stream(1, 1), no, &[START + no * HOUR / 3])).collect();
    store.append(chunks.clone()).expect("stored");
    store.name_host(stream(1, 1).host, "pbx").expect("named");
    store.put_meta("epoch", Some(b"9")).expect("kept");
    store.drop_before(Timestamp(START + HOUR)).expect("dropped");
    let before = (store.usage(), store.hosts(), store.streams(None));
    let query = EntryQuery::all(Scope::Host(stream(1, 1).host));
    let entries = store.entries(&query).expect("entries");
    drop(store);
    let store = open(&dir);
    assert_eq!((store.usage(), store.hosts(), store.streams(None)), before);
    assert_eq!(store.entries(&query), Ok(entries));
    assert_eq!(store.meta("epoch"), Ok(Some(b"9".to_vec())));
    assert_eq!(store.get(chunks[8].id()), Ok(Some(chunks[8].clone())));
    assert_eq!(store.append(chunks[..4].to_vec()).expect("taken")[2..], [Outcome::Expired, Outcome::Duplicate]);
}

#[test]
fn one_process_at_a_time() {
    let dir = TempDir::new().expect("a folder");
    let _first = open(&dir);
    let second = RocksStore::open(dir.path(), SMALL_RESERVE).err().expect("it is in use");
    assert_eq!(second, StoreError::Locked(dir.path().to_owned()));
    assert_eq!(second.to_string(), format!("another packetstream node uses {}", dir.path().display()));
}

#[test]
fn a_newer_store_is_refused_and_left_alone() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let value = [&b"PSST"[..], &3u32.to_le_bytes()].concat();
    store.shared.put_meta(KEY_FORMAT, Some(&value)).expect("kept");
    store.shared.db.create_cf("a later idea", &rocksdb::Options::default()).expect("a family");
    drop(store);
    let expected = StoreError::Version { path: dir.path().to_owned(), found: 3, known: 2 };
    assert_eq!(RocksStore::open(dir.path(), SMALL_RESERVE).err(), Some(expected));
}

#[test]
fn a_folder_of_something_else_is_refused() {
    let dir = TempDir::new().expect("a folder");
    fs::write(dir.path().join("thesis.odt"), "x").expect("written");
    let expected = StoreError::Foreign(dir.path().to_owned());
    assert_eq!(RocksStore::open(dir.path(), SMALL_RESERVE).err(), Some(expected));
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
}

#[test]
fn damage_is_an_error_with_a_name() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let chunk = chunk(stream(1, 1), 0, &[START]);
    store.append(vec![chunk.clone()]).expect("stored");
    let key = chunk_key(Timestamp(START).hour(), chunk.id());
    let family = store.shared.db.cf_handle(CHUNKS).expect("a family");
    store.shared.db.put_cf(&family, key, b"PSCK but nothing more").expect("written");
    assert!(matches!(store.get(chunk.id()), Err(StoreError::Damaged(text)) if text.contains(&chunk.id().to_string())));
    let family = store.shared.db.cf_handle(ENTRIES).expect("a family");
    let key = Entry::of(&chunk).expect("a chunk").key();
    store.shared.db.put_cf(&family, key, [1; 112]).expect("written");
    let query = EntryQuery::all(Scope::Host(stream(1, 1).host));
    assert!(matches!(store.entries(&query), Err(StoreError::Damaged(_))));
    let family = store.shared.db.cf_handle(META).expect("a family");
    store.shared.db.put_cf(&family, "/x", b"1234").expect("written");
    assert!(matches!(store.meta("x"), Err(StoreError::Damaged(_))));
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let dir = TempDir::new().expect("a folder");
    let all = RocksOptions { reserve_bytes: u64::MAX };
    let store = RocksStore::open(dir.path(), all).expect("a store");
    let first = chunk(stream(1, 1), 0, &[START]);
    assert!(matches!(store.append(vec![first.clone()]), Err(StoreError::Full { .. })));
    assert_eq!((store.get(first.id()), store.usage()), (Ok(None), Usage::default()));
    assert!(matches!(store.append(vec![first.clone()]), Err(StoreError::Full { .. })), "it is full, not poisoned");
    drop(store);
    assert_eq!(open(&dir).append(vec![first]), Ok(vec![Outcome::Stored]));
}

#[test]
fn after_a_failed_write_nothing_is_taken() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let chunks = [chunk(stream(1, 1), 0, &[START]), chunk(stream(1, 1), 1, &[START])];
    store.append(vec![chunks[0].clone()]).expect("stored");
    *store.shared.poisoned.write() = Some("disk on fire".into());
    let refused = StoreError::Poisoned("disk on fire".into());
    assert_eq!(store.append(vec![chunks[1].clone()]), Err(refused.clone()));
    assert_eq!(store.put_meta("x", None), Err(refused.clone()));
    assert_eq!(store.drop_before(Timestamp::MAX), Err(refused));
    assert_eq!(store.get(chunks[0].id()), Ok(Some(chunks[0].clone())), "it can still be read");
}

#[test]
fn an_unclean_end_keeps_what_was_acknowledged() {
    let (dir, copy) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let store = open(&dir);
    let chunks: Vec<Chunk> = (0..5).map(|no| chunk(stream(1, 1), no, &[START + no])).collect();
    store.append(chunks).expect("stored");
    // What the disk holds while the process runs is what a crash leaves; the log gets a torn tail on top.
    for file in fs::read_dir(dir.path()).expect("a folder") {
        let file = file.expect("a file");
        fs::copy(file.path(), copy.path().join(file.file_name())).expect("copied");
        if file.path().extension().is_some_and(|extension| extension == "log") {
            let mut log = fs::read(file.path()).expect("a log");
            log.extend_from_slice(b"half a rec");
            fs::write(copy.path().join(file.file_name()), log).expect("written");
        }
    }
    assert_eq!(open(&copy).stream(stream(1, 1)).expect("a stream").have.ranges(), [(0, 4)]);
}

#[test]
fn a_queue_has_an_end_and_a_batch_may_be_larger() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let shared = &store.shared;
    for pace in [Pace::Now, Pace::Bulk] {
        shared.enqueue(QUEUE_BYTES * 2, pace);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| shared.enqueue(1, pace));
            shared.dequeue(QUEUE_BYTES * 2);
            waiting.join().expect("it got in");
        });
        assert_eq!(*shared.queued.lock(), 1);
        shared.dequeue(1);
    }
    shared.enqueue(BULK_QUEUE_BYTES, Pace::Bulk);
    // Where what is in no hurry would wait.
    shared.enqueue(QUEUE_BYTES - BULK_QUEUE_BYTES, Pace::Now);
    shared.dequeue(QUEUE_BYTES);
}

#[test]
fn a_disk_that_really_fills_up() {
    let Some(disk) = Disk::mount(8) else { return };
    let dir = TempDir::new_in(disk.path()).expect("a folder");
    let bytes = noise(200_000);
    let store = open(&dir);
    let mut held = 0;
    let error = loop {
        match store.append(vec![crate::conformance::chunk_of(stream(1, 1), held, &[START], &bytes)]) {
            Ok(outcomes) => assert_eq!(outcomes, [Outcome::Stored]),
            Err(error) => break error,
        }
        held += 1;
    };
    println!("{held} chunks, then: {error}");
    assert!(held > 10 && matches!(error, StoreError::Full { .. } | StoreError::Poisoned(_)));
    drop(store);
    let have = |dir: &std::path::Path| {
        let store = RocksStore::open(dir, SMALL_RESERVE).expect("a store");
        let have = store.stream(stream(1, 1)).expect("a stream").have;
        have.iter().for_each(|no| {
            assert!(store.get(ChunkId { stream: stream(1, 1), no: ChunkNo(no) }).is_ok_and(|c| c.is_some()))
        });
        have
    };
    let elsewhere = TempDir::new().expect("a folder");
    for file in fs::read_dir(dir.path()).expect("a folder") {
        let file = file.expect("a file");
        fs::copy(file.path(), elsewhere.path().join(file.file_name())).expect("copied");
    }
    assert!(have(elsewhere.path()).is_superset(&(0..held).collect()));
}

#[test]
fn what_is_dropped_leaves_the_disk() {
    let bytes = noise(250_000);
    let dir = TempDir::new().expect("a folder");
    let on_disk = || on_disk(&dir, &["blob", "sst"]);
    let store = open(&dir);
    for no in 0..240 {
        let time = START + no / 120 * HOUR + no;
        store.append(vec![crate::conformance::chunk_of(stream(1, 1), no, &[time], &bytes)]).expect("stored");
    }
    store.drop_before(Timestamp(START + HOUR)).expect("dropped");
    assert_eq!(store.usage().chunks, 120);
    drop(store);
    let store = open(&dir);
    let half = on_disk();
    assert!(half < 45_000_000, "{half} bytes for 30 MB");
    store.shrink_to(1_000_000).expect("dropped");
    drop(store);
    let store = open(&dir);
    let few = on_disk();
    assert!(few < 30_000_000, "{few} bytes for 1 MB");
    assert_eq!(store.stream(stream(1, 1)).expect("a stream").have.ranges(), [(237, 239)]);
    assert!(store.get(ChunkId { stream: stream(1, 1), no: ChunkNo(239) }).is_ok_and(|chunk| chunk.is_some()));
}

#[test]
fn many_chunks_at_once_lie_in_tables() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let bytes = noise(250_000);
    let make = |host, no, hour| crate::conformance::chunk_of(stream(host, 1), no, &[START + hour * HOUR + no], &bytes);
    // Two hosts have enough for tables of their own, the first in two hours; a third has not.
    let mut chunks: Vec<Chunk> = Vec::new();
    for no in (0..20).rev() {
        chunks.extend([make(1, no, 0), make(1, 20 + no, 1), make(2, no, 0)]);
    }
    chunks.push(make(3, 0, 0));
    let stored = vec![Outcome::Stored; chunks.len()];
    assert_eq!(store.append(chunks.clone()), Ok(stored));
    assert!((15_000_000..16_000_000).contains(&on_disk(&dir, &["sst"])), "{}", on_disk(&dir, &["sst"]));
    assert!(on_disk(&dir, &["log"]) < 1_000_000, "the log has the third host alone");
    assert_eq!(store.append(chunks[..3].to_vec()), Ok(vec![Outcome::Duplicate; 3]));
    drop(store);

    // What an unclean end leaves before a table is taken over.
    let left = dir.path().join(table::FOLDER).join("0.sst");
    fs::create_dir_all(left.parent().expect("a folder")).expect("made");
    fs::write(&left, "half a table").expect("written");
    let store = open(&dir);
    assert!(!left.exists());
    for chunk in &chunks {
        assert_eq!(store.get(chunk.id()), Ok(Some(chunk.clone())));
    }

    // They are dropped as others are: one by one, by the host, and by the hour.
    let some = RangeSet::from_ranges(vec![(3, 5)]).expect("one range");
    assert_eq!(store.remove(stream(2, 1), &some).expect("dropped").chunks, 3);
    assert_eq!(store.get(make(2, 4, 0).id()), Ok(None));
    assert_eq!(store.append(vec![make(2, 4, 0)]), Ok(vec![Outcome::Stored]), "it may come back");
    assert_eq!(store.get(make(2, 4, 0).id()), Ok(Some(make(2, 4, 0))));
    let before = on_disk(&dir, &["sst"]);
    for half in [(10, 19), (0, 9)] {
        assert!(on_disk(&dir, &["sst"]) >= before, "there is still something in its file");
        let half = RangeSet::from_ranges(vec![half]).expect("one range");
        assert_eq!(store.remove(stream(1, 1), &half).expect("dropped").chunks, 10);
    }
    assert!(on_disk(&dir, &["sst"]) < before - 5_000_000 + 100_000, "its file went with the last of it");
    store.drop_before(Timestamp(START + HOUR)).expect("dropped");
    assert_eq!(store.usage().chunks, 20);
    let rest = on_disk(&dir, &["sst"]);
    assert!((5_000_000..6_000_000).contains(&rest), "{rest} bytes for 5 MB");
    assert_eq!(store.get(make(1, 30, 1).id()), Ok(Some(make(1, 30, 1))));
}

#[test]
fn a_table_that_cannot_be_written_stops_nothing() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let bytes = noise(250_000);
    let make = |no| crate::conformance::chunk_of(stream(1, 1), no, &[START + no], &bytes);
    // A file stands where the folder is to be.
    fs::write(dir.path().join(table::FOLDER), "in the way").expect("written");
    let chunks: Vec<Chunk> = (0..20).map(make).collect();
    assert!(matches!(store.append(chunks.clone()), Err(StoreError::Io(text)) if text.contains(table::FOLDER)));
    assert_eq!((store.usage(), store.get(chunks[0].id())), (Usage::default(), Ok(None)));
    fs::remove_file(dir.path().join(table::FOLDER)).expect("removed");
    assert_eq!(store.append(chunks.clone()), Ok(vec![Outcome::Stored; 20]));
}

#[test]
fn what_is_in_no_hurry_is_gathered() {
    let dir = TempDir::new().expect("a folder");
    let store = open(&dir);
    let bytes = noise(250_000);
    let (tell, told) = channel();
    let submit = |no: u64, pace| {
        let tell = tell.clone();
        let chunk = crate::conformance::chunk_of(stream(1, 1), no, &[START + no], &bytes);
        store.submit(
            vec![Checked::of(chunk)],
            pace,
            Box::new(move |result| tell.send((no, result)).expect("it is heard")),
        );
    };
    // Whenever the writer begins, the others wait for it.
    let commit = store.shared.commit.lock();
    (0..40).for_each(|no| submit(no, Pace::Bulk));
    drop(commit);
    let told_of: Vec<u64> = told.iter().take(40).map(|(no, _)| no).collect();
    assert_eq!(told_of, (0..40).collect::<Vec<_>>());
    assert!(on_disk(&dir, &["sst"]) > 5_000_000, "they came one by one and lie in a table");
    submit(40, Pace::Now);
    assert_eq!(told.recv(), Ok((40, Ok(vec![Outcome::Stored]))));
    submit(41, Pace::Bulk);
    assert_eq!(told.recv(), Ok((41, Ok(vec![Outcome::Stored]))), "alone it is written, too");
}
