//! What the store and the chunk format cost: `cargo test --release -p packetstream-storage --features rocksdb --bench store -- [FILE.pcap]`.
//!
//! Without a file (classic pcap, little-endian), the packets are made up: SIP requests and RTP in equal parts.

use packetstream_protocol::chunk::{Class, Compression, Interface};
use packetstream_protocol::ids::{ChunkNo, Epoch, HostId, PacketId, Seq, StreamId};
use packetstream_protocol::{Chunk, ChunkBuilder, PacketRef, Timestamp};
use packetstream_storage::{Entry, ZoneMap};

struct Packet {
    time: u64,
    orig_len: u32,
    bytes: Vec<u8>,
}

fn main() {
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let packets = match &file {
        Some(path) => read(&std::fs::read(path).expect("the file can be read")),
        None => made_up(200_000),
    };
    let bytes: usize = packets.iter().map(|packet| packet.bytes.len()).sum();
    println!("{} packets, {:.1} MB", packets.len(), bytes as f64 / 1e6);
    for compression in [Compression::Off, Compression::Fast, Compression::Small] {
        let (chunks, build) = busy(|| build(&packets, compression));
        let stored: usize = chunks.iter().map(|chunk| chunk.bytes().len()).sum();
        let (sum, open) = busy(|| {
            let mut sum = 0;
            for chunk in &chunks {
                sum += chunk.packets().expect("packets").iter().map(|packet| packet.bytes.len()).sum::<usize>();
            }
            sum
        });
        assert_eq!(sum, bytes);
        let opened: Vec<_> = chunks.iter().map(|chunk| chunk.packets().expect("packets")).collect();
        let (_, zone) = busy(|| opened.iter().map(ZoneMap::of).filter(ZoneMap::may_have_ipv6).count());
        let (_, entry) = busy(|| chunks.iter().filter(|chunk| Entry::of(chunk).is_ok()).count());
        let each = |seconds: f64| seconds * 1e9 / packets.len() as f64;
        println!(
            "{compression:?}: {} chunks, {:.2} times smaller; build {:.0} ns, open and read {:.0} ns, zone {:.0} ns, entry {:.0} ns CPU a packet",
            chunks.len(),
            bytes as f64 / stored as f64,
            each(build),
            each(open),
            each(zone),
            each(entry)
        );
        #[cfg(feature = "rocksdb")]
        store(&chunks, packets.len());
    }
}

#[cfg(feature = "rocksdb")]
fn store(chunks: &[Chunk], packets: usize) {
    use packetstream_storage::{Checked, ChunkStore, Outcome, Pace, RocksOptions, RocksStore};
    let dir = tempfile::TempDir::new_in(".").expect("a folder on a disk");
    let store = RocksStore::open(dir.path(), RocksOptions::default()).expect("a store");
    let before = cpu_all();
    let ((), seconds) = timed(|| {
        let (tell, told) = std::sync::mpsc::channel();
        let batches = chunks.chunks(4);
        let count = batches.len();
        for batch in batches {
            let tell = tell.clone();
            store.submit(
                batch.iter().cloned().map(Checked::of).collect(),
                Pace::Now,
                Box::new(move |result| tell.send(result).expect("it is waited for")),
            );
        }
        let stored =
            told.iter().take(count).flat_map(|result| result.expect("it is stored")).filter(|o| *o == Outcome::Stored);
        assert_eq!(stored.count(), chunks.len());
    });
    let spent = cpu_all() - before;
    let bytes: usize = chunks.iter().map(|chunk| chunk.bytes().len()).sum();
    let ids: Vec<_> = chunks.iter().map(Chunk::id).collect();
    let ((), get) = timed(|| ids.iter().for_each(|&id| assert!(store.get(id).is_ok_and(|chunk| chunk.is_some()))));
    let (one, alone) = timed(|| {
        let some = &chunks[..chunks.len().min(64)];
        for chunk in some {
            store.append(vec![chunk.clone()]).expect("duplicates are taken");
        }
        some.len()
    });
    drop(store);
    let (store, reopen) = timed(|| RocksStore::open(dir.path(), RocksOptions::default()).expect("a store"));
    let (_, dropped) = timed(|| store.drop_before(Timestamp::MAX).expect("dropped"));
    println!(
        "  durable: {:.0} MB/s stored, {:.2}M packets/s, {:.0} ns CPU a packet; get {:.0} us, duplicate {:.0} us, open {:.0} ms, drop all {:.0} ms",
        bytes as f64 / 1e6 / seconds,
        packets as f64 / 1e6 / seconds,
        spent * 1e9 / packets as f64,
        get * 1e6 / ids.len() as f64,
        alone * 1e6 / one as f64,
        reopen * 1e3,
        dropped * 1e3
    );
}

/// CPU seconds of this thread: what a busy machine does not change much.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

/// CPU seconds of the whole process.
#[cfg(feature = "rocksdb")]
fn cpu_all() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = text.rsplit(')').next().unwrap_or_default().split(' ').skip(12).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn busy<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = cpu();
    let value = work();
    (value, cpu() - start)
}

#[cfg(feature = "rocksdb")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = std::time::Instant::now();
    let value = work();
    (value, start.elapsed().as_secs_f64())
}

fn build(packets: &[Packet], compression: Compression) -> Vec<Chunk> {
    let stream = StreamId { host: HostId::from_bytes([1; 16]), epoch: Epoch(1) };
    let mut builder = ChunkBuilder::new(stream, Class::Signalling, compression);
    builder.declare(
        0,
        &Interface { link_type: 1, snaplen: 0, resolution: 9, name: "eth0".into(), description: String::new() },
    );
    let mut chunks = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        let id = PacketId { time: Timestamp(packet.time), seq: Seq::new(stream.epoch, at as u64) };
        let packet =
            PacketRef { id, interface: 0, orig_len: packet.orig_len, flags: 0, bytes: &packet.bytes, comment: None };
        if builder.push(&packet).is_err() {
            chunks.extend(builder.seal(ChunkNo(chunks.len() as u64)));
            builder.push(&packet).expect("an empty builder takes it");
        }
    }
    chunks.extend(builder.seal(ChunkNo(chunks.len() as u64)));
    chunks
}

fn read(file: &[u8]) -> Vec<Packet> {
    assert!(file.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]), "a classic pcap file in microseconds, little-endian");
    let (mut rest, mut packets) = (&file[24..], Vec::new());
    while let Some((head, tail)) = rest.split_at_checked(16) {
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let Some((bytes, next)) = tail.split_at_checked(word(8) as usize) else { break };
        let time = u64::from(word(0)) * 1_000_000_000 + u64::from(word(4)) * 1000;
        packets.push(Packet { time, orig_len: word(12), bytes: bytes.to_vec() });
        rest = next;
    }
    packets
}

fn made_up(count: u64) -> Vec<Packet> {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut packet = |at: u64| {
        let payload = if at.is_multiple_of(2) {
            let (user, tag, call) = (random() % 10_000, random(), random());
            format!(
                "INVITE sip:{user}@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.{};branch=z9hG4bK{tag:x}\r\nMax-Forwards: 70\r\n\
                 From: <sip:alice@example.org>;tag={tag:x}\r\nTo: <sip:{user}@example.org>\r\nCall-ID: {call:x}@192.0.2.1\r\n\
                 CSeq: {} INVITE\r\nContact: <sip:alice@192.0.2.1:5060>\r\nUser-Agent: example/1.0\r\nContent-Length: 0\r\n\r\n",
                user % 250, call % 1000
            )
            .into_bytes()
        } else {
            let mut rtp = vec![0x80, 8];
            rtp.extend((0..170).map(|_| random() as u8));
            rtp
        };
        let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
        bytes.extend_from_slice(&(28 + payload.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&[
            0,
            0,
            0,
            0,
            64,
            17,
            0,
            0,
            192,
            0,
            2,
            (at % 250) as u8,
            192,
            0,
            2,
            1,
            0x13,
            0xc4,
            0x13,
            0xc4,
        ]);
        bytes.extend_from_slice(&(8 + payload.len() as u16).to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&payload);
        Packet { time: 1_760_000_000_000_000_000 + at * 20_000, orig_len: bytes.len() as u32, bytes }
    };
    (0..count).map(&mut packet).collect()
}
