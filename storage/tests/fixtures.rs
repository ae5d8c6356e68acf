//! What version 1 wrote must open for ever: the files in `fixtures/` are never written again, only added to.
//!
//! They were made by this test with `PACKETSTREAM_WRITE_FIXTURES` set. Of the store, only what opening needs is kept: `CURRENT`, the
//! manifest and the log; tables would carry the name of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use packetstream_protocol::chunk::{
    Class, Compression, Gap, GapReason, Interface, Manifest, Note, gaps_chunk, notes_chunk,
};
use packetstream_protocol::ids::{ChunkNo, Epoch, HostId, PacketId, Seq, StreamId};
use packetstream_protocol::{Chunk, ChunkBuilder, PacketRef, Timestamp};
use packetstream_storage::spool::SpoolCursor;
use packetstream_storage::{Spool, SpoolOptions};
use tempfile::TempDir;

const TIME: u64 = 1_760_000_000_123_456_789;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn writing() -> bool {
    std::env::var_os("PACKETSTREAM_WRITE_FIXTURES").is_some()
}

fn stream() -> StreamId {
    StreamId { host: HostId::from_bytes(*b"fixture-of-v1-00"), epoch: Epoch(7) }
}

fn message(at: u64) -> Vec<u8> {
    format!("OPTIONS sip:{at}@example.org SIP/2.0\r\nCall-ID: {at}\r\n\r\n").repeat(4).into_bytes()
}

/// A chunk of every kind and codec.
fn chunks() -> Vec<Chunk> {
    let mut chunks = Vec::new();
    for (class, compression) in [
        (Class::Signalling, Compression::Fast),
        (Class::Signalling, Compression::Small),
        (Class::Media, Compression::Off),
    ] {
        let mut builder = ChunkBuilder::new(stream(), class, compression);
        let interface =
            Interface { link_type: 101, snaplen: 65_535, resolution: 9, name: "eth0".into(), description: "up".into() };
        builder.declare(2, &interface);
        let no = chunks.len() as u64;
        for at in 0..5 {
            let bytes = message(at);
            let packet = PacketRef {
                id: PacketId {
                    time: Timestamp(TIME + 1000 * no + 10 * (4 - at)),
                    seq: Seq::new(stream().epoch, 100 * no + 2 * at),
                },
                interface: 2,
                orig_len: bytes.len() as u32 + 4,
                flags: at as u32,
                bytes: &bytes,
                comment: (at == 3).then_some("the fourth"),
            };
            builder.push(&packet).expect("there is room");
        }
        chunks.extend(builder.seal(ChunkNo(no)));
    }
    let gap = Gap {
        from: Timestamp(TIME),
        until: Timestamp(TIME + 9),
        packets: 5,
        reason: GapReason::Kernel,
        interface: Some(2),
    };
    chunks.extend(gaps_chunk(stream(), ChunkNo(3), &[gap]).0);
    let notes = [
        Note::Section { comment: Some("made by hand".into()), hardware: None, os: None, application: None },
        Note::Manifest(Manifest { file_name: "fixture.pcap".into(), file_hash: [7; 32], packets: 15, chunks: 5 }),
    ];
    chunks.push(notes_chunk(stream(), ChunkNo(4), Timestamp(TIME), &notes).expect("they fit"));
    chunks
}

/// The same content, whatever a later compressor makes of it.
fn check(chunk: &Chunk, expected: &Chunk) {
    assert_eq!(
        (chunk.id(), chunk.header().hash, chunk.header().kind),
        (expected.id(), expected.header().hash, expected.header().kind)
    );
    chunk.verify().expect("all of it is right");
    if let (Ok(packets), Ok(expected)) = (chunk.packets(), expected.packets()) {
        assert!(packets.iter().eq(expected.iter()));
        assert!(packets.interfaces().eq(expected.interfaces()));
    }
    assert_eq!((chunk.gaps(), chunk.notes()), (expected.gaps(), expected.notes()));
}

#[test]
fn chunks_of_version_1_open() {
    for (at, expected) in chunks().iter().enumerate() {
        let path = fixtures().join(format!("v1-{at}.chunk"));
        if writing() {
            fs::write(&path, expected.bytes()).expect("written");
        }
        let chunk = Chunk::parse(fs::read(&path).expect("a fixture").into()).expect("a chunk of version 1");
        check(&chunk, expected);
    }
}

#[test]
fn a_spool_of_version_1_opens() {
    let kept = fixtures().join("v1.spool");
    let dir = TempDir::new().expect("a folder");
    let segment = dir.path().join("0000000001.spool");
    if writing() {
        let (mut spool, _) = Spool::open(dir.path(), SpoolOptions::default()).expect("a spool");
        chunks().iter().for_each(|chunk| assert!(spool.push(chunk).is_ok()));
        drop(spool);
        fs::copy(&segment, &kept).expect("kept");
    }
    fs::copy(&kept, &segment).expect("a fixture");
    let (spool, cuts) = Spool::open(dir.path(), SpoolOptions::default()).expect("a spool of version 1");
    assert_eq!((spool.len(), cuts), (5, vec![]));
    let mut cursor = SpoolCursor::default();
    for expected in chunks() {
        let (chunk, next) = spool.read(cursor).expect("it is read").expect("it is there");
        check(&chunk, &expected);
        cursor = next;
    }
}

#[cfg(feature = "rocksdb")]
#[test]
fn a_store_of_version_1_opens() {
    use packetstream_storage::{ChunkStore, Outcome, RocksOptions, RocksStore};
    let options = RocksOptions { reserve_bytes: 0 };
    let kept = fixtures().join("v1.store");
    let copy = |from: &Path, to: &Path| {
        fs::create_dir_all(to).expect("a folder");
        for file in fs::read_dir(from).expect("a folder") {
            let file = file.expect("a file");
            let name = file.file_name().into_string().expect("UTF-8");
            if name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".log") {
                fs::copy(file.path(), to.join(name)).expect("copied");
            }
        }
    };
    if writing() {
        let dir = TempDir::new().expect("a folder");
        let store = RocksStore::open(dir.path(), options).expect("a store");
        assert_eq!(store.append(chunks()), Ok(vec![Outcome::Stored; 5]));
        store.name_host(stream().host, "fixture").expect("named");
        store.put_meta("epoch", Some(b"7")).expect("kept");
        drop(store);
        copy(dir.path(), &kept);
    }
    let dir = TempDir::new().expect("a folder");
    copy(&kept, dir.path());
    let store = RocksStore::open(dir.path(), options).expect("a store of version 1");
    for expected in chunks() {
        check(&store.get(expected.id()).expect("it is read").expect("it is there"), &expected);
    }
    let host = &store.hosts()[0];
    assert_eq!((host.name.as_str(), host.packets, host.lost, host.chunks), ("fixture", 15, 5, 5));
    let stream = store.stream(stream()).expect("a stream");
    assert_eq!((stream.have.ranges(), stream.manifest), (&[(0, 4)][..], Some(ChunkNo(4))));
    assert_eq!(store.meta("epoch"), Ok(Some(b"7".to_vec())));
    assert_eq!(store.append(chunks()), Ok(vec![Outcome::Duplicate; 5]));
}
