//! Fuzz targets: what peers and disks hand in. Everything that is read well is written the same again.

mod messages;

use std::fmt::Debug;

use bytes::BytesMut;
use messages::{cluster_messages, requests, responses, stream};
use packetstream_fuzz::Random;
use packetstream_protocol::chunk::{Compression, HEADER_BYTES, gaps_chunk, notes_chunk};
use packetstream_protocol::cluster::{ClusterMessage, KeptFacts, KeptMaps, KeptSelf, Member};
use packetstream_protocol::codec::{self, Message};
use packetstream_protocol::wire::{Extract, Request, Response};
use packetstream_protocol::{
    Chunk, ChunkBuilder, ChunkNo, Class, Gap, GapReason, HostId, Interface, NodeId, Note, PacketId, PacketRef, Seq,
    Timestamp,
};

fn encoded<M: Message>(messages: &[M]) -> Vec<Vec<u8>> {
    messages.iter().map(|message| codec::encode(message).expect("a message of the tests")).collect()
}

/// What reads well can be written, and reads the same again.
fn decode<M: Message + PartialEq + Debug>(octets: &[u8]) {
    if let Ok(message) = codec::decode::<M>(octets) {
        let again = codec::encode(&message).expect("what was read can be written");
        assert_eq!(codec::decode::<M>(&again).expect("and read"), message);
    }
}

#[test]
fn messages() {
    let (requests, responses) = (encoded(&requests()), encoded(&responses()));
    let cluster = encoded(&cluster_messages());
    packetstream_fuzz::run("messages", 4000, |random| {
        let seeds = *random.pick(&[&requests, &responses, &cluster]);
        let mut octets = random.pick(seeds).clone();
        random.mutate(&mut octets);
        decode::<Request>(&octets);
        decode::<Response>(&octets);
        decode::<ClusterMessage>(&octets);
        decode::<Member>(&octets);
        decode::<Extract>(&octets);
        decode::<KeptSelf>(&octets);
        decode::<KeptFacts>(&octets);
        decode::<KeptMaps>(&octets);
        if let Ok(message) = codec::decode::<ClusterMessage>(&octets) {
            let _ = message.check();
        }
    });
}

#[test]
fn frames() {
    let frames: Vec<Vec<u8>> =
        requests().iter().map(|request| codec::frame(request).expect("a message of the tests").to_vec()).collect();
    packetstream_fuzz::run("frames", 4000, |random| {
        let mut octets: Vec<u8> = (0..3).flat_map(|_| random.pick(&frames).clone()).collect();
        random.mutate(&mut octets);
        let (len, mut taken) = (octets.len(), 0);
        let mut buffer = BytesMut::from(&octets[..]);
        while let Ok(Some(frame)) = codec::take_frame(&mut buffer) {
            taken += codec::FRAME_HEADER_BYTES + frame.body.len();
            let _ = frame.message::<Request>();
        }
        assert!(taken <= len);
    });
}

/// Chunks of each kind and codec.
fn chunks() -> Vec<Chunk> {
    let mut chunks = Vec::new();
    for compression in [Compression::Off, Compression::Fast, Compression::Small] {
        let mut builder = ChunkBuilder::new(stream(), Class::Signalling, compression);
        builder.declare(0, &messages::interface());
        for no in 0..20_u64 {
            let bytes = b"INVITE sip:bob@example.org SIP/2.0\r\n".repeat(no as usize);
            let packet = PacketRef {
                id: PacketId { time: Timestamp(no * 1000), seq: Seq::new(stream().epoch, no) },
                interface: 0,
                orig_len: bytes.len() as u32 + 4,
                flags: 0,
                bytes: &bytes,
                comment: (no % 3 == 0).then_some("said of it"),
            };
            builder.push(&packet).expect("there is room");
        }
        chunks.extend(builder.seal(ChunkNo(0)));
    }
    let gap = Gap { from: Timestamp(1), until: Timestamp(9), packets: 3, reason: GapReason::Kernel, interface: None };
    chunks.extend(gaps_chunk(stream(), ChunkNo(1), &[gap.clone(), gap]).0);
    let note = Note::Interface { number: 3, interface: Interface { link_type: 113, ..messages::interface() } };
    chunks.extend(notes_chunk(stream(), ChunkNo(2), Timestamp(5), &[note.clone(), note]));
    chunks
}

/// Where a chunk's header has its codec, the hash of its content, the checksum of its body and its own.
const CODEC: usize = 104;
const HASH: std::ops::Range<usize> = 88..104;
const BODY_CRC: std::ops::Range<usize> = 112..116;
const CRC: std::ops::Range<usize> = 124..128;

/// Makes the checksums right again, so that what they guard is read.
fn sign(octets: &mut [u8], random: &mut Random) {
    if octets.len() < HEADER_BYTES || random.is_one_in(8) {
        return;
    }
    let body = crc32fast::hash(&octets[HEADER_BYTES..]);
    octets[BODY_CRC].copy_from_slice(&body.to_le_bytes());
    if octets[CODEC] == 0 {
        let mut content = blake3::Hasher::new();
        content.update(&octets[..HASH.start]).update(&octets[HEADER_BYTES..]);
        octets[HASH].copy_from_slice(&content.finalize().as_bytes()[..16]);
    }
    let header = crc32fast::hash(&octets[..CRC.start]);
    octets[CRC].copy_from_slice(&header.to_le_bytes());
}

#[test]
fn chunks_of_any_kind() {
    let seeds = chunks();
    packetstream_fuzz::run("chunks", 4000, |random| {
        let mut octets = random.pick(&seeds).bytes().to_vec();
        let from = *random.pick(&[0, 64, HEADER_BYTES, HEADER_BYTES, HEADER_BYTES + 40]);
        random.mutate_behind(from, &mut octets);
        sign(&mut octets, random);
        let Ok(chunk) = Chunk::parse(octets.into()) else { return };
        let _ = chunk.verify();
        if let Ok(packets) = chunk.packets() {
            assert!(packets.iter().count() <= packets.len());
            let octets: usize = packets.iter().map(|packet| packet.bytes.len()).sum();
            assert!(octets <= packetstream_protocol::limits::MAX_CHUNK_BYTES);
        }
        let _ = (chunk.gaps(), chunk.notes());
    });
}

#[test]
fn ids() {
    let words = ["0", "-", "{", "}", "1700000000.000000001", "ffff", "n1", "/", "é"];
    let seeds = [stream().host.to_string(), NodeId([7; 32]).to_string(), format!("{:032x}", 1_u128 << 100)];
    packetstream_fuzz::run("ids", 4000, |random| {
        let seed = random.pick(&seeds).clone();
        let text = random.text(&seed, &words);
        if let Ok(host) = text.parse::<HostId>() {
            assert_eq!(host.to_string().parse(), Ok(host));
        }
        if let Ok(node) = text.parse::<NodeId>() {
            assert_eq!(node.to_string().parse(), Ok(node));
        }
        if let Ok(packet) = text.parse::<PacketId>() {
            assert_eq!(packet.to_string().parse(), Ok(packet));
        }
    });
}
