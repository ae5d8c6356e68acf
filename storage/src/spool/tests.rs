use packetstream_tests::process::Disk;
use tempfile::TempDir;

use super::*;
use crate::conformance::{START, chunk, stream};

const ROOMY: SpoolOptions =
    SpoolOptions { segment_bytes: 1000, bytes_max: 1 << 20, when_full: WhenFull::Block, fsync: Fsync::Called };

fn open(dir: &TempDir, options: SpoolOptions) -> Spool {
    let (spool, cuts) = Spool::open(dir.path(), options).expect("a spool");
    assert_eq!(cuts, []);
    spool
}

fn numbers(spool: &Spool) -> Vec<u64> {
    let (mut cursor, mut found) = (SpoolCursor::default(), Vec::new());
    while let Some((chunk, next)) = spool.read(cursor).expect("a chunk") {
        found.push(chunk.id().no.0);
        cursor = next;
    }
    found
}

fn some(no: u64) -> Chunk {
    chunk(stream(1, 1), no, &[START + no, START + no + 1])
}

fn files(dir: &TempDir) -> usize {
    segment::numbers(dir.path()).expect("a folder").len()
}

#[test]
fn chunks_come_back_in_order_also_after_a_restart() {
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, ROOMY);
    for no in 0..20 {
        assert_eq!(spool.push(&some(no)).expect("room"), []);
    }
    assert_eq!(numbers(&spool), (0..20).collect::<Vec<_>>());
    let bytes = spool.bytes();
    assert!(matches!(Spool::open(dir.path(), ROOMY), Err(SpoolError::Locked(_))));
    drop(spool);
    let mut spool = open(&dir, ROOMY);
    assert_eq!((numbers(&spool), spool.bytes(), spool.len()), ((0..20).collect(), bytes, 20));
    spool.push(&some(20)).expect("room");
    assert_eq!(numbers(&spool), (0..21).collect::<Vec<_>>());
    assert_eq!(spool.unreleased()[&stream(1, 1)].ranges(), [(0, 20)]);
    let on_disk: u64 = segment::numbers(dir.path())
        .expect("a folder")
        .iter()
        .map(|&number| segment::path(dir.path(), number).metadata().expect("a file").len())
        .sum();
    assert_eq!(spool.bytes(), on_disk);
}

#[test]
fn what_is_released_is_not_read_again_and_its_files_go() {
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, ROOMY);
    (0..20).for_each(|no| assert!(spool.push(&some(no)).is_ok()));
    let before = files(&dir);
    spool.release(stream(1, 1), &[0, 2, 3].into_iter().collect()).expect("released");
    spool.release(stream(1, 2), &(0..20).collect()).expect("another stream's are not there");
    assert_eq!(numbers(&spool), [1].into_iter().chain(4..20).collect::<Vec<_>>());
    spool.release(stream(1, 1), &(0..18).collect()).expect("released");
    assert!(files(&dir) < before / 2);
    assert_eq!(numbers(&spool), [18, 19]);
    spool.release(stream(1, 1), &(0..20).collect()).expect("released");
    assert!(spool.is_empty() && numbers(&spool).is_empty());
    spool.push(&some(20)).expect("room");
    assert_eq!(numbers(&spool), [20]);
}

#[test]
fn a_torn_tail_is_cut_wherever_it_is_torn() {
    let one_segment = SpoolOptions { segment_bytes: 1 << 20, ..ROOMY };
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, one_segment);
    (0..3).for_each(|no| assert!(spool.push(&some(no)).is_ok()));
    drop(spool);
    let path = segment::path(dir.path(), 1);
    let whole = fs::read(&path).expect("a file");
    let frame = FRAME_HEAD + some(0).bytes().len();
    // Every length near where something begins, and some between.
    let near = |len: &usize| len.is_multiple_of(61) || (len + frame + 10 - segment::HEAD) % frame < 20 || *len < 25;
    for len in (0..=whole.len()).filter(near) {
        fs::write(&path, &whole[..len]).expect("written");
        let (mut spool, cuts) = Spool::open(dir.path(), one_segment).expect("a spool");
        let kept = len.saturating_sub(segment::HEAD) / frame;
        assert_eq!(numbers(&spool), (0..kept as u64).collect::<Vec<_>>(), "cut at {len}");
        let good = if len < segment::HEAD { 0 } else { segment::HEAD + kept * frame };
        assert_eq!(cuts.iter().map(|cut| cut.bytes).sum::<u64>(), (len - good) as u64);
        spool.push(&some(9)).expect("room");
        assert_eq!(numbers(&spool).last(), Some(&9));
        drop(spool);
        segment::numbers(dir.path())
            .expect("a folder")
            .iter()
            .for_each(|&n| fs::remove_file(segment::path(dir.path(), n)).expect("gone"));
    }
}

#[test]
fn a_damaged_frame_ends_its_segment_and_no_other() {
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, SpoolOptions { segment_bytes: 600, ..ROOMY });
    (0..9).for_each(|no| assert!(spool.push(&some(no)).is_ok()));
    let all = spool.len();
    drop(spool);
    let path = segment::path(dir.path(), 1);
    let mut bytes = fs::read(&path).expect("a file");
    bytes[segment::HEAD + FRAME_HEAD + 50] ^= 1;
    fs::write(&path, &bytes).expect("written");
    let (spool, cuts) = Spool::open(dir.path(), ROOMY).expect("a spool");
    assert_eq!((cuts.len(), cuts[0].at), (1, segment::HEAD as u64));
    assert!(spool.len() < all && numbers(&spool).last() == Some(&8));
}

#[test]
fn a_newer_format_is_left_alone() {
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, ROOMY);
    spool.push(&some(0)).expect("room");
    drop(spool);
    let path = segment::path(dir.path(), 1);
    let mut bytes = fs::read(&path).expect("a file");
    bytes[4] = 2;
    fs::write(&path, &bytes).expect("written");
    assert!(matches!(Spool::open(dir.path(), ROOMY), Err(SpoolError::Version { found: 2, .. })));
    assert_eq!(fs::read(&path).expect("a file"), bytes);
}

#[test]
fn a_full_spool_blocks_or_drops_its_oldest_and_says_what() {
    let frame = (FRAME_HEAD + some(0).bytes().len()) as u64;
    let small = SpoolOptions { segment_bytes: 2 * frame, bytes_max: 6 * frame + 60, ..ROOMY };
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, small);
    (0..6).for_each(|no| assert!(spool.push(&some(no)).is_ok()));
    assert!(matches!(spool.push(&some(6)), Err(SpoolError::Full { .. })));
    assert_eq!(numbers(&spool), (0..6).collect::<Vec<_>>());
    spool.release(stream(1, 1), &(0..2).collect()).expect("released");
    assert_eq!(spool.push(&some(6)).expect("there is room again"), []);
    drop(spool);

    let mut spool = open(&dir, SpoolOptions { when_full: WhenFull::DropOldest, ..small });
    let mut lost = Vec::new();
    (7..9).for_each(|no| lost.extend(spool.push(&some(no)).expect("it makes room")));
    let gap = |from: u64, chunks: std::ops::RangeInclusive<u64>| Overflow {
        stream: stream(1, 1),
        gap: Gap {
            from: Timestamp(START + from),
            until: Timestamp(START + chunks.end() + 1),
            packets: 2 * chunks.clone().count() as u64,
            reason: GapReason::Spool,
            interface: None,
        },
        chunks: chunks.collect(),
    };
    assert_eq!(lost, [gap(2, 2..=3)]);
    assert_eq!(numbers(&spool), (4..9).collect::<Vec<_>>());
    assert!(spool.bytes() <= small.bytes_max);
    let huge = SpoolOptions { bytes_max: frame, when_full: WhenFull::DropOldest, ..small };
    let dir = TempDir::new().expect("a folder");
    assert!(matches!(open(&dir, huge).push(&some(0)), Err(SpoolError::Full { .. })), "larger than all of it");
}

#[test]
fn every_chunk_is_forced_out_when_that_is_asked_for() {
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, SpoolOptions { fsync: Fsync::Each, ..ROOMY });
    spool.push(&some(0)).expect("room");
    assert!(!spool.unsynced);
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, ROOMY);
    spool.push(&some(0)).expect("room");
    assert!(spool.unsynced);
    spool.sync().expect("synced");
    assert!(!spool.unsynced);
}

#[test]
fn a_read_that_fails_can_be_skipped() {
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, ROOMY);
    (0..2).for_each(|no| assert!(spool.push(&some(no)).is_ok()));
    let path = segment::path(dir.path(), 1);
    let mut bytes = fs::read(&path).expect("a file");
    bytes[segment::HEAD + FRAME_HEAD + 130] ^= 1;
    fs::write(&path, &bytes).expect("written");
    let cursor = SpoolCursor::default();
    assert!(matches!(spool.read(cursor), Err(SpoolError::Damaged { .. })));
    let (next, _) = spool.read(spool.skip(cursor)).expect("read").expect("a chunk");
    assert_eq!(next.id().no.0, 1);
}

#[test]
fn as_many_segments_as_a_spool_may_have() {
    let dir = TempDir::new().expect("a folder");
    let mut spool = open(&dir, ROOMY);
    spool.push(&some(0)).expect("room");
    drop(spool);
    let first = fs::read(segment::path(dir.path(), 1)).expect("a file");
    for number in 2..=MAX_SEGMENTS as u64 {
        fs::write(segment::path(dir.path(), number), &first).expect("written");
    }
    let roomy = SpoolOptions { bytes_max: 1 << 30, when_full: WhenFull::DropOldest, ..ROOMY };
    let mut spool = open(&dir, roomy);
    spool.push(&some(1)).expect("it makes room");
    assert_eq!(files(&dir), MAX_SEGMENTS);
}

#[test]
fn a_disk_that_really_fills_up() {
    let Some(disk) = Disk::mount(8) else { return };
    let dir = TempDir::new_in(disk.path()).expect("a folder");
    let roomy = SpoolOptions { segment_bytes: 1 << 20, bytes_max: 1 << 40, ..ROOMY };
    let mut spool = open(&dir, roomy);
    let mut pushed = 0;
    let large = |no| {
        crate::conformance::chunk_of(stream(1, 1), no, &(0..4000).map(|at| START + at * at).collect::<Vec<_>>(), b"x")
    };
    let error = loop {
        match spool.push(&large(pushed)) {
            Ok(_) => pushed += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SpoolError::DiskFull(_)), "{error}");
    assert_eq!(numbers(&spool), (0..pushed).collect::<Vec<_>>());
    spool.release(stream(1, 1), &(0..pushed / 2).collect()).expect("released");
    spool.push(&large(pushed)).expect("there is room again");
    drop(spool);
    assert_eq!(numbers(&open(&dir, roomy)).last(), Some(&pushed));
}
