use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::packet::{u16_at, u32_at};
use super::*;

/// A packet as a test keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    time: u64,
    stamp: Stamp,
    interface: u32,
    orig_len: u32,
    bytes: Vec<u8>,
    flags: u32,
    comments: Vec<String>,
}

impl From<RawPacket<'_>> for Kept {
    fn from(packet: RawPacket<'_>) -> Self {
        Self {
            time: packet.time,
            stamp: packet.stamp,
            interface: packet.interface,
            orig_len: packet.orig_len,
            bytes: packet.bytes.to_vec(),
            flags: packet.flags,
            comments: packet.comments().map(|comment| comment.into_owned()).collect(),
        }
    }
}

fn reader(bytes: &[u8]) -> Reader {
    Reader::new(io::Cursor::new(bytes.to_vec()), Path::new("test")).unwrap()
}

fn drain(reader: &mut Reader) -> Vec<Kept> {
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        packets.push(packet.into());
    }
    packets
}

/// The packets of `bytes` and the damage in words.
fn read(bytes: &[u8]) -> (Vec<Kept>, String) {
    let mut reader = reader(bytes);
    let packets = drain(&mut reader);
    (packets, reader.damage().map_or_else(String::new, ToString::to_string))
}

/// `(time, orig_len, captured)` of each packet, and the damage.
fn outline(bytes: &[u8]) -> (Vec<(u64, u32, usize)>, String) {
    let (packets, damage) = read(bytes);
    (packets.iter().map(|packet| (packet.time, packet.orig_len, packet.bytes.len())).collect(), damage)
}

/// Writes numbers in one byte order.
#[derive(Clone, Copy)]
struct Order {
    big: bool,
}

const LITTLE: Order = Order { big: false };
const BIG: Order = Order { big: true };

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn words(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| self.u32(*value)).collect()
    }

    fn pcap(self, magic: u32, minor: u16, snaplen: u32, link: u32) -> Vec<u8> {
        let version = [self.u16(2), self.u16(minor)].concat();
        [&self.u32(magic)[..], &version, &self.words(&[0, 0, snaplen, link])].concat()
    }

    fn record(self, seconds: u32, fraction: u32, orig_len: u32, bytes: &[u8]) -> Vec<u8> {
        [&self.words(&[seconds, fraction, bytes.len() as u32, orig_len]), bytes].concat()
    }

    fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let mut padded = body.to_vec();
        padded.resize(body.len().next_multiple_of(4), 0);
        let total = padded.len() as u32 + 12;
        [&self.u32(kind)[..], &self.u32(total), &padded, &self.u32(total)].concat()
    }

    fn section(self, options: &[u8]) -> Vec<u8> {
        let head = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &[&head, options].concat())
    }

    fn interface(self, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
        self.block(1, &[&self.u16(link)[..], &self.u16(0), &self.u32(snaplen), options].concat())
    }

    fn enhanced(self, interface: u32, ticks: u64, orig_len: u32, bytes: &[u8], options: &[u8]) -> Vec<u8> {
        let mut body = self.words(&[interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, orig_len]);
        body.extend_from_slice(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend_from_slice(options);
        self.block(6, &body)
    }

    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut option = [&self.u16(code)[..], &self.u16(value.len() as u16), value].concat();
        option.resize(option.len().next_multiple_of(4), 0);
        option
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn pcap_in_both_byte_orders_and_all_magics() {
    for order in [LITTLE, BIG] {
        for (magic, time) in [(0xa1b2_c3d4, 1_700_000_000_000_005_000), (0xa1b2_3c4d, 1_700_000_000_000_000_005)] {
            let file = [order.pcap(magic, 4, 65_535, 113), order.record(1_700_000_000, 5, 60, b"abcd")].concat();
            let mut reader = reader(&file);
            let packets = drain(&mut reader);
            assert_eq!(reader.format(), Format::Pcap);
            assert_eq!((packets.len(), packets[0].time, packets[0].orig_len), (1, time, 60));
            assert_eq!(packets[0].bytes, b"abcd");
            assert_eq!((reader.interfaces()[0].link_type, reader.interfaces()[0].snaplen), (113, 65_535));
            assert_eq!((reader.damage(), reader.offset()), (None, file.len() as u64));
        }
    }
}

#[test]
fn modified_pcap_has_longer_record_headers() {
    for order in [LITTLE, BIG] {
        let record = |direction: u8| {
            let head = [order.words(&[7, 5, 2, 2, 3]), order.u16(0x0800).to_vec(), vec![direction, 0]].concat();
            [head, b"hi".to_vec()].concat()
        };
        let (packets, damage) = read(&[order.pcap(0xa1b2_cd34, 4, 0, 1), record(0), record(4)].concat());
        assert_eq!(damage, "");
        assert_eq!(packets.iter().map(|p| (&p.bytes[..], p.flags)).collect::<Vec<_>>(), [(&b"hi"[..], 1), (b"hi", 2)]);
    }
}

#[test]
fn pcap_link_type_is_masked_and_its_fcs_kept() {
    for (link, link_type, fcs_len) in [(0x2400_0001, 1, Some(4)), (0x1000_0001, 1, None), (0x3000_0084, 132, None)] {
        let mut reader = reader(&LITTLE.pcap(0xa1b2_c3d4, 4, 0, link));
        assert!(reader.next_packet().is_none());
        assert_eq!((reader.interfaces()[0].link_type, reader.interfaces()[0].fcs_len), (link_type, fcs_len));
    }
}

#[test]
fn pcap_says_what_it_likes_about_lengths_and_times() {
    let head = |minor, snaplen| LITTLE.pcap(0xa1b2_c3d4, minor, snaplen, 1);
    // A snap length that is a lie, an original length below the captured one, a fraction over a second.
    let file = [head(4, 2), LITTLE.record(1, 1_999_999, 3, b"abcdef")].concat();
    assert_eq!(outline(&file), (vec![(2_999_999_000, 3, 6)], String::new()));
    let last = [head(4, 0), LITTLE.record(u32::MAX, u32::MAX, 1, b"a")].concat();
    assert_eq!(outline(&last).0[0].0, 4_294_967_295_000_000_000 + 4_294_967_295_000);
    // Before 2.3 the original length came first; in 2.3 it shows by being the longer one.
    let swapped = [head(2, 0), LITTLE.words(&[1, 0, 9, 2]), b"ab".to_vec()].concat();
    assert_eq!(outline(&swapped), (vec![(1_000_000_000, 9, 2)], String::new()));
    let either = [head(3, 0), LITTLE.words(&[1, 0, 9, 2]), b"ab".to_vec(), LITTLE.record(1, 0, 9, b"ab")].concat();
    assert_eq!(outline(&either), (vec![(1_000_000_000, 9, 2); 2], String::new()));
}

#[test]
fn pcap_packets_over_the_limit_are_damage() {
    let long = vec![7; 262_145];
    let record = |bytes: &[u8]| LITTLE.record(1, 0, bytes.len() as u32, bytes);
    let file = |snaplen, link| [LITTLE.pcap(0xa1b2_c3d4, 4, snaplen, link), record(&long)].concat();
    assert_eq!(outline(&file(65_535, 1)).1, "packet 1 claims 262145 bytes, more than the limit of 262144 at byte 24");
    assert_eq!(outline(&file(300_000, 1)).0.len(), 1);
    assert_eq!(outline(&file(65_535, 249)).0.len(), 1);
    let claim = [LITTLE.pcap(0xa1b2_c3d4, 4, u32::MAX, 1), LITTLE.words(&[0, 0, MAX_PACKET as u32 + 1, 0])].concat();
    assert_eq!(outline(&claim).1, "packet 1 claims 16777217 bytes, more than the limit of 16777216 at byte 24");
    let whole = [LITTLE.pcap(0xa1b2_c3d4, 4, u32::MAX, 1), record(&vec![7; MAX_PACKET])].concat();
    assert_eq!(outline(&whole), (vec![(1_000_000_000, MAX_PACKET as u32, MAX_PACKET)], String::new()));
}

#[test]
fn a_claimed_length_allocates_nothing() {
    let claim =
        [LITTLE.pcap(0xa1b2_c3d4, 4, u32::MAX, 1), LITTLE.words(&[0, 0, MAX_PACKET as u32, 0]), vec![1]].concat();
    let mut reader = reader(&claim);
    assert!(reader.next_packet().is_none());
    assert_eq!(reader.damage().unwrap().what, What::CutInPacket { packet: 1 });
    assert_eq!(reader.buffer_bytes(), 256 << 10);
}

/// Two sections of different byte order, three interfaces, every kind of block.
fn rich() -> Vec<u8> {
    let mut file = Vec::new();
    for order in [LITTLE, BIG] {
        let o = |code, value: &[u8]| order.option(code, value);
        let comments = [o(1, b"one"), o(1, "zwö\u{e9}".as_bytes()), o(0, b"")].concat();
        file.extend(order.section(&[o(2, b"box"), o(3, b"Linux"), o(4, b"writer 1"), o(1, b"about")].concat()));
        let texts = [o(2, b"eth0"), o(3, b"up"), o(11, b"\0udp"), o(12, b"L"), o(15, b"nic"), o(8, &order.u64(10))];
        file.extend(order.interface(1, 96, &texts.concat()));
        file.extend(order.interface(113, 0, &[o(9, &[9]), o(14, &order.u64(100)), o(13, &[4])].concat()));
        file.extend(order.block(4, &name_block(order)));
        file.extend(order.block(10, &[order.words(&[0x544c_534b, 5]), b"k e y".to_vec()].concat()));
        file.extend(order.enhanced(0, 1_700_000_000_123_456, 60, b"first", &comments));
        let flagged = [o(2, &order.u32(2)), o(4, &order.u64(12))].concat();
        file.extend(order.enhanced(1, 1_700_000_000_123_456_789, 5, b"secon", &flagged));
        file.extend(order.block(0xbad, &[order.u32(1).to_vec(), b"custom".to_vec()].concat()));
        file.extend(order.block(0x8000_0123, b"unknown"));
        file.extend(order.block(3, &[order.u32(120).to_vec(), vec![8; 96]].concat()));
        let old = [order.u16(1), order.u16(3)].concat();
        file.extend(order.block(2, &[old, order.words(&[0, 77, 3, 4]), b"old".to_vec()].concat()));
        let counts = [o(4, &order.u64(9)), o(5, &order.u64(2)), o(7, &order.u64(1)), o(2, &order.words(&[0, 5]))];
        file.extend(order.block(5, &[order.words(&[1, 0, 88]), counts.concat()].concat()));
    }
    file
}

fn name_block(order: Order) -> Vec<u8> {
    let v6 = [&[0x20, 0x01][..], &[0; 13], &[1], b"six\0"].concat();
    [order.option(1, b"\xc0\x00\x02\x01a.example\0b.example\0"), order.option(2, &v6), order.option(0, b"")].concat()
}

#[test]
fn pcapng_with_everything() {
    let mut reader = reader(&rich());
    let packets = drain(&mut reader);
    assert_eq!(reader.damage(), None);
    assert_eq!(reader.format(), Format::Pcapng);
    let kept = |time, stamp, interface, orig_len, bytes: &[u8], flags, comments: &[&str]| Kept {
        time,
        stamp,
        interface,
        orig_len,
        bytes: bytes.to_vec(),
        flags,
        comments: comments.iter().map(|comment| (*comment).to_owned()).collect(),
    };
    let section = |base| {
        [
            kept(1_700_000_000_123_456_000, Stamp::Exact, base, 60, b"first", 0, &["one", "zwöé"]),
            kept(1_700_000_100_123_456_789, Stamp::Exact, base + 1, 5, b"secon", 2, &[]),
            kept(0, Stamp::Missing, base, 120, &[8; 96], 0, &[]),
            kept(100_000_000_077, Stamp::Exact, base + 1, 4, b"old", 0, &[]),
        ]
    };
    assert_eq!(packets, [section(0), section(2)].concat());
    let interfaces = reader.interfaces();
    assert_eq!(interfaces.len(), 4);
    assert_eq!(interfaces[2].section, 1);
    let eth = Interface {
        link_type: 1,
        snaplen: 96,
        name: Some("eth0".to_owned()),
        description: Some("up".to_owned()),
        filter: Some("udp".to_owned()),
        os: Some("L".to_owned()),
        hardware: Some("nic".to_owned()),
        speed: Some(10),
        ..Interface::default()
    };
    assert_eq!(interfaces[0], eth);
    assert_eq!(
        (interfaces[3].link_type, interfaces[3].resolution, interfaces[3].fcs_len),
        (113, Resolution::NANO, Some(4))
    );
    let notes = reader.notes();
    assert_eq!((notes.skipped_blocks, notes.inexact_times, notes.left_out, notes.list().len()), (4, 2, 0, 8));
    let [Note::Section(section), Note::Names { records, .. }, Note::Secrets { bytes, .. }, Note::Statistics(stats)] =
        &notes.list()[..4]
    else {
        panic!("other notes: {:?}", notes.list())
    };
    assert_eq!((section.application.as_deref(), &section.comments[..]), (Some("writer 1"), &["about".to_owned()][..]));
    assert_eq!(records[0].names, ["a.example", "b.example"]);
    assert_eq!(records[1].address.to_string(), "2001::1");
    assert_eq!(bytes, b"k e y");
    assert_eq!((stats.received, stats.dropped, stats.os_dropped, stats.accepted), (Some(9), Some(2), Some(1), None));
    assert_eq!((stats.interface, stats.time, stats.start), (1, 100_000_000_088, Some(100_000_000_005)));
}

#[test]
fn drop_counts_and_joined_comments_of_a_packet() {
    let mut reader = reader(&rich());
    assert_eq!(reader.next_packet().unwrap().comment().as_deref(), Some("one\nzwöé"));
    assert_eq!(reader.next_packet().unwrap().drops(), Some(12));
    assert_eq!(reader.next_packet().unwrap().comment(), None);
}

#[test]
fn time_resolutions_and_offsets() {
    // What tshark prints as frame.time_epoch for the same ticks, as long as it fits.
    let ticks = 1_700_000_000_123_456_789;
    for (resolution, offset_s, time, stamp) in [
        (6, 0, MAX, Stamp::Clamped),
        (9, 0, ticks, Stamp::Exact),
        (9, 100, ticks + 100_000_000_000, Stamp::Exact),
        (9, -1_700_000_001, 0, Stamp::Clamped),
        (9, i64::MAX, MAX, Stamp::Clamped),
        (9, i64::MIN, 0, Stamp::Clamped),
        (12, 0, 1_700_000_000_123_456, Stamp::Exact),
        (15, 0, 1_700_000_000_123, Stamp::Exact),
        (38, 0, 0, Stamp::Exact),
        (127, 0, 0, Stamp::Exact),
        (0, 0, MAX, Stamp::Clamped),
        (0x80 | 30, 0, 1_583_248_376_961_291_571, Stamp::Exact),
        (0x80 | 63, 0, 184_314_369, Stamp::Exact),
        (0xff, 0, 0, Stamp::Exact),
    ] {
        assert_eq!(Resolution(resolution).time(ticks, offset_s), (time, stamp), "{resolution:#x} {offset_s}");
    }
    assert_eq!(Resolution(6).time(u64::MAX, 0), (MAX, Stamp::Clamped));
    assert_eq!([Resolution(6), Resolution(9), Resolution(12), Resolution(0x83)].map(Resolution::digits), [6, 9, 9, 3]);
}

const MAX: u64 = super::packet::MAX_TIME;

#[test]
fn pcapng_damage_is_named_and_placed() {
    let good = [LITTLE.section(&[]), LITTLE.interface(1, 0, &[]), LITTLE.enhanced(0, 5, 2, b"ab", &[])].concat();
    let at = good.len();
    let broken = |tail: &[u8]| {
        let (packets, damage) = outline(&[&good, tail].concat());
        assert_eq!(packets, [(5000, 2, 2)], "{damage}");
        damage
    };
    let mut differ = LITTLE.enhanced(0, 5, 2, b"ab", &[]);
    *differ.last_mut().unwrap() = 1;
    let mut version = LITTLE.section(&[]);
    version[12] = 2;
    let mut order = LITTLE.section(&[]);
    order[8] = 0;
    let big_claim = LITTLE.words(&[6, MAX_BLOCK as u32 + 1]);
    for (tail, expected) in [
        (LITTLE.enhanced(1, 5, 2, b"ab", &[]), "packet 2 is of interface 1, its section has 1"),
        (differ, "an enhanced packet block begins with the length 36 and ends with 16777252"),
        (LITTLE.words(&[0, 0]), "a block claims 0 bytes, outside 12 to 17825792"),
        (LITTLE.words(&[6, 28]), "an enhanced packet block claims 28 bytes, outside 32 to 17825792"),
        (big_claim, "an enhanced packet block claims 17825793 bytes, outside 32 to 17825792"),
        (LITTLE.block(6, &LITTLE.words(&[0, 0, 0, 5, 5, 1])), "packet 2 claims 5 bytes, its block has room for 4"),
        (
            LITTLE.block(6, &LITTLE.words(&[0, 0, 0, u32::MAX, 5, 1])),
            "packet 2 claims 4294967295 bytes, more than the limit of 16777216",
        ),
        (LITTLE.block(3, &LITTLE.words(&[9, 0])), "packet 2 claims 9 bytes, its block has room for 4"),
        (version, "section of version 2.0, which is not 1.0 to 1.2"),
        (order, "section with byte order magic 0x1a2b3c00"),
    ] {
        assert_eq!(broken(&tail), format!("{expected} at byte {at}"));
    }
    for (tail, expected) in [
        (&LITTLE.enhanced(0, 5, 2, b"ab", &[])[..20], "cut short in the middle of packet 2"),
        (&LITTLE.section(&[])[..10], "cut short in the middle of a section header"),
        (&LITTLE.interface(1, 0, &[])[..19], "cut short in the middle of an interface description"),
        (&[6, 0, 0], "cut short in the middle of a block"),
    ] {
        assert_eq!(broken(tail), format!("{expected} at byte {}", at + tail.len()));
    }
}

#[test]
fn pcapng_lengths_are_rounded_up_and_options_may_overrun() {
    let mut unaligned = LITTLE.enhanced(0, 5, 2, b"ab", &[]);
    let last = unaligned.len() - 4;
    (unaligned[4], unaligned[last]) = (34, 33);
    let overrun = LITTLE.enhanced(0, 5, 2, b"ab", &[1, 0, 200, 0, b'x', b'x', 0, 0]);
    let file = [LITTLE.section(&[]), LITTLE.interface(1, 0, &[]), unaligned, overrun].concat();
    assert_eq!(outline(&file), (vec![(5000, 2, 2); 2], String::new()));
}

#[test]
fn interfaces_are_limited() {
    let mut file = LITTLE.section(&[]);
    for _ in 0..=MAX_INTERFACES {
        file.extend(LITTLE.interface(1, 0, &[]));
    }
    let mut reader = reader(&file);
    assert!(reader.next_packet().is_none());
    assert_eq!(reader.damage().unwrap().what, What::TooManyInterfaces(MAX_INTERFACES));
    assert_eq!(reader.interfaces().len(), MAX_INTERFACES);
}

#[test]
fn notes_texts_comments_and_names_are_limited() {
    let key_log = LITTLE.block(10, &[LITTLE.words(&[1, 8 << 20]), vec![b'k'; 8 << 20]].concat());
    let long = LITTLE.option(2, &[b'n'; 5000]);
    let comments = LITTLE.option(1, b"c").repeat(MAX_COMMENTS + 1);
    let names = LITTLE.option(1, &[&[1, 2, 3, 4][..], &b"n\0".repeat(30_000)].concat()).repeat(3);
    let file = [
        LITTLE.section(&comments),
        LITTLE.block(4, &names),
        LITTLE.interface(1, 0, &long),
        key_log.repeat(5),
        LITTLE.interface(1, 0, &long.repeat(1)),
        LITTLE.enhanced(1, 5, 2, b"ab", &[]),
    ]
    .concat();
    let mut reader = reader(&file);
    assert_eq!(drain(&mut reader).len(), 1);
    assert_eq!(reader.damage(), None);
    assert_eq!(reader.interfaces()[0].name.as_ref().unwrap().len(), MAX_TEXT);
    assert!(reader.notes().left_out >= 1);
    let sum: usize = reader
        .notes()
        .list()
        .iter()
        .map(|note| if let Note::Secrets { bytes, .. } = note { bytes.len() } else { 0 })
        .sum();
    assert!(sum <= MAX_NOTES_BYTES, "{sum}");
    let [Note::Section(section), Note::Names { records, .. }, ..] = reader.notes().list() else { panic!("no names") };
    assert_eq!(section.comments.len(), MAX_COMMENTS);
    assert_eq!(records.iter().map(|record| record.names.len()).sum::<usize>(), MAX_NAMES);
}

#[test]
fn no_capture_says_what_it_looks_like() {
    for (bytes, looks_like) in [
        (&b"hello there, this is no capture"[..], "text"),
        (b"  {\"a\": 1}", "JSON"),
        (b"<pdml/>", "XML or HTML"),
        (&[0; 40], "nothing but zeros"),
        (b"\x28\xb5\x2f\xfd\x00\x00", "zstd-compressed data (unpack it first)"),
        (b"\x01\x02\x03\x04\x05", "data of an unknown kind"),
        (&[0xd4, 0xc3], "text"),
        (b"\x1f\x8b\x08", "broken gzip-compressed data"),
    ] {
        let Err(error) = Reader::new(bytes, Path::new("x.bin")) else { panic!("{looks_like} was opened") };
        let expected = format!(
            "x.bin: not a capture file, it looks like {looks_like}; pcap and pcapng are read, plain or gzip-compressed"
        );
        assert_eq!(error.to_string(), expected);
    }
    assert!(matches!(open(Path::new("does/not/exist.pcap")), Err(OpenError::Io { .. })));
    assert!(matches!(open(Path::new(".")), Err(OpenError::Io { .. })));
}

#[test]
fn an_empty_file_is_a_capture_of_nothing() {
    for bytes in [vec![], gzip(&[])] {
        let mut reader = reader(&bytes);
        assert_eq!((reader.format(), reader.next_packet().is_none(), reader.damage()), (Format::Empty, true, None));
    }
}

#[test]
fn gzip_members_padding_and_damage() {
    let head = LITTLE.pcap(0xa1b2_c3d4, 4, 0, 1);
    let records: Vec<u8> = (0..400u32)
        .flat_map(|n| LITTLE.record(n, n * n % 999_983, 60, &(0..60u32).map(|i| (n * i * i) as u8).collect::<Vec<_>>()))
        .collect();
    let plain = [head.clone(), records.clone()].concat();
    let all = read(&plain).0;
    let packed = gzip(&plain);
    assert_eq!(read(&packed), (all.clone(), String::new()));
    assert_eq!(
        read(&[gzip(&head), gzip(&records[..1000]), gzip(&records[1000..])].concat()),
        (all.clone(), String::new())
    );
    assert_eq!(read(&[&packed[..], &[0; 100]].concat()), (all.clone(), String::new()));
    let end = plain.len();
    for (tail, expected) in [
        (&b"xyz"[..], "gzip data is corrupt (something else follows the compressed data)"),
        (b"\x1f\x8b\x09\0\0\0\0\0\0\0", "gzip data is corrupt (unknown method or flags)"),
        (b"\x1f\x8b\x08", "gzip data is cut short"),
    ] {
        let (packets, damage) = read(&[&packed[..], tail].concat());
        assert_eq!((packets == all, damage), (true, format!("{expected} at byte {end} of the unpacked data")));
    }
    let mut checksum = packed.clone();
    let crc_at = checksum.len() - 8;
    checksum[crc_at] ^= 1;
    assert_eq!(
        read(&checksum).1,
        format!("gzip data is corrupt (checksum differs) at byte {end} of the unpacked data")
    );
    for cut in (1000..packed.len()).step_by(37) {
        let (packets, damage) = read(&packed[..cut]);
        assert!(!damage.is_empty() && packets == all[..packets.len()], "{cut}");
    }
    let (packets, damage) = read(&packed[..packed.len() / 2]);
    assert!(packets.len() > 50 && damage.starts_with("cut short in the middle of packet "), "{damage}");
    // Header fields that are skipped: extra, name, comment, header checksum.
    let fields =
        [&[0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 7, 7][..], b"name\0why\0", &[1, 2], &packed[10..]].concat();
    assert_eq!(read(&fields), (all, String::new()));
}

/// Gives a byte at a time, with an interruption before each.
struct Trickle(Vec<u8>, usize, bool);

impl Read for Trickle {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.2 = !self.2;
        if self.2 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let (Some(byte), Some(to)) = (self.0.get(self.1), out.first_mut()) else {
            return Ok(0);
        };
        *to = *byte;
        self.1 += 1;
        Ok(1)
    }
}

#[test]
fn how_the_bytes_arrive_makes_no_difference() {
    for file in [rich(), gzip(&rich())] {
        let mut slow = Reader::new(Trickle(file.clone(), 0, false), Path::new("slow")).unwrap();
        assert_eq!(drain(&mut slow), read(&file).0);
        assert_eq!(slow.bytes_taken().load(std::sync::atomic::Ordering::Relaxed), file.len() as u64);
    }
}

#[test]
fn a_read_error_ends_the_file_and_is_told() {
    struct Failing(Vec<u8>);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(out.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            if count == 0 { Err(io::Error::other("disk is gone")) } else { Ok(count) }
        }
    }
    let file = [LITTLE.pcap(0xa1b2_c3d4, 4, 0, 1), LITTLE.record(1, 0, 2, b"ab")].concat();
    let mut reader = Reader::new(Failing(file), Path::new("x")).unwrap();
    assert_eq!(drain(&mut reader).len(), 1);
    assert_eq!(reader.damage().unwrap().to_string(), "cannot be read on (disk is gone) at byte 42");
}

#[test]
fn cut_at_every_byte_keeps_the_packets_before() {
    let pcap =
        [LITTLE.pcap(0xa1b2_c3d4, 4, 0, 1), LITTLE.record(1, 0, 9, b"abc"), LITTLE.record(2, 0, 9, b"")].concat();
    for file in [rich(), pcap] {
        let all = read(&file).0;
        // Where each packet ends, told by the reader itself on the whole file.
        let mut whole = reader(&file);
        let mut ends = Vec::new();
        while whole.next_packet().is_some() {
            ends.push(whole.offset() as usize);
        }
        for cut in 4..file.len() {
            let (packets, damage) = read(&file[..cut]);
            let expected = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(packets, all[..expected], "cut at {cut}");
            assert!(damage.is_empty() || damage.ends_with(&format!("at byte {cut}")), "{damage}");
        }
    }
}

/// Copies a capture to pcapng through the writer.
fn rewritten(reader: &mut Reader) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &Section::default()).unwrap();
    let (mut interfaces, mut notes) = (0, 0);
    loop {
        let more = reader.next_packet().map(|packet| (Kept::from(packet.clone()), packet.drops()));
        for interface in &reader.interfaces()[interfaces..] {
            writer.interface(interface).unwrap();
            interfaces += 1;
        }
        for note in &reader.notes().list()[notes..] {
            writer.note(note).unwrap();
            notes += 1;
        }
        let Some((kept, drops)) = more else {
            return writer.finish().unwrap();
        };
        let drops = drops.map(|drops| LITTLE.option(4, &drops.to_le_bytes())).unwrap_or_default();
        let comments: Vec<&str> = kept.comments.iter().map(String::as_str).collect();
        let packet = RawPacket {
            time: kept.time,
            stamp: kept.stamp,
            interface: kept.interface,
            orig_len: kept.orig_len,
            bytes: &kept.bytes,
            flags: kept.flags,
            options: Options::new(&drops, false),
        };
        writer.packet(&packet, &comments).unwrap();
    }
}

#[test]
fn what_is_written_reads_the_same() {
    let mut first = reader(&rich());
    let packets = drain(&mut first);
    let mut second = reader(&rewritten(&mut reader(&rich())));
    let mut again = drain(&mut second);
    assert_eq!(second.damage(), None);
    // A packet without a time keeps that only on the first interface.
    assert_eq!(again[2].stamp, Stamp::Missing);
    again[6].stamp = Stamp::Missing;
    assert_eq!(again, packets);
    let plain = |interface: &Interface| Interface { section: 0, time_offset_s: 0, ..interface.clone() };
    assert_eq!(second.interfaces(), first.interfaces().iter().map(plain).collect::<Vec<_>>());
    let one_section = |note: &Note| match note.clone() {
        Note::Section(_) => None,
        Note::Names { records, .. } => Some(Note::Names { section: 0, records }),
        Note::Secrets { kind, bytes, .. } => Some(Note::Secrets { section: 0, kind, bytes }),
        statistics @ Note::Statistics(_) => Some(statistics),
    };
    let notes = |reader: &Reader| reader.notes().list().iter().filter_map(one_section).collect::<Vec<_>>();
    assert_eq!(notes(&second), notes(&first));
}

#[test]
fn the_writer_refuses_what_cannot_be_said() {
    let mut writer = Writer::new(Vec::new(), &Section::default()).unwrap();
    let packet = RawPacket {
        time: 1_000_000_001,
        stamp: Stamp::Exact,
        interface: 0,
        orig_len: 1,
        bytes: b"x",
        flags: 0,
        options: Options::default(),
    };
    assert!(matches!(writer.packet(&packet, &[]), Err(WriteError::NoSuchInterface { interface: 0, known: 0 })));
    assert!(matches!(writer.statistics(&Statistics::default()), Err(WriteError::NoSuchInterface { .. })));
    writer.interface(&Interface::default()).unwrap();
    assert!(matches!(writer.packet(&packet, &[]), Err(WriteError::TimeTooFine { interface: 0, time: 1_000_000_001 })));
    let long = vec![0; MAX_PACKET + 1];
    assert!(matches!(writer.secrets(1, &long), Err(WriteError::TooLong(16_777_217))));
    assert!(matches!(writer.packet(&RawPacket { bytes: &long, ..packet.clone() }, &[]), Err(WriteError::TooLong(_))));
    let comment = "ü".repeat(40_000);
    writer.packet(&RawPacket { time: 5000, ..packet }, &[&comment]).unwrap();
    let (packets, damage) = read(&writer.finish().unwrap());
    assert_eq!((packets.len(), packets[0].comments[0].len(), &damage[..]), (1, 65_534, ""));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(start in 0usize..6, bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let starts = [
            vec![],
            LITTLE.pcap(0xa1b2_c3d4, 4, 0, 1),
            BIG.pcap(0xa1b2_cd34, 3, 0, 1),
            LITTLE.section(&[]),
            [BIG.section(&[]), BIG.interface(1, 0, &[])].concat(),
            vec![0x1f, 0x8b, 8],
        ];
        if let Ok(mut reader) = Reader::new(io::Cursor::new([&starts[start][..], &bytes].concat()), Path::new("x")) {
            drain(&mut reader);
        }
    }

    #[test]
    fn no_changed_byte_panics_and_what_is_before_stays(at in 4usize..2000, to in any::<u8>(), packed in any::<bool>()) {
        let plain = rich();
        let mut file = if packed { gzip(&plain) } else { plain.clone() };
        let at = at % file.len();
        file[at] = to;
        let mut whole = reader(&plain);
        let mut before = Vec::new();
        while let Some(packet) = whole.next_packet().map(Kept::from) {
            if !packed && whole.offset() as usize <= at {
                before.push(packet);
            }
        }
        if let Ok(mut reader) = Reader::new(io::Cursor::new(file), Path::new("x")) {
            let packets = drain(&mut reader);
            prop_assert!(packets.len() >= before.len());
            prop_assert_eq!(&packets[..before.len()], &before[..]);
        }
    }

    #[test]
    fn every_packet_comes_back(
        micro in any::<bool>(),
        packets in proptest::collection::vec(
            (any::<u64>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..80), any::<u32>(), "\\PC{0,9}"),
            0..20,
        ),
    ) {
        let unit = if micro { 1000 } else { 1 };
        let resolution = if micro { Resolution::MICRO } else { Resolution::NANO };
        let mut writer = Writer::new(Vec::new(), &Section::default()).unwrap();
        writer.interface(&Interface { resolution, link_type: 276, ..Interface::default() }).unwrap();
        let mut expected = Vec::new();
        for (time, orig_len, bytes, flags, comment) in packets {
            let time = time / unit * unit;
            let packet = RawPacket {
                time, stamp: Stamp::Exact, interface: 0, orig_len, bytes: &bytes, flags, options: Options::default(),
            };
            writer.packet(&packet, &[&comment]).unwrap();
            expected.push(Kept { comments: vec![comment], ..Kept::from(packet) });
        }
        let (packets, damage) = read(&writer.finish().unwrap());
        prop_assert_eq!(damage, "");
        prop_assert_eq!(packets, expected);
    }

    #[test]
    fn numbers_are_read_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..8), at in 0usize..12) {
        prop_assert_eq!(u16_at(&bytes, at, true).is_some(), at + 2 <= bytes.len());
        prop_assert_eq!(u32_at(&bytes, at, false).is_some(), at + 4 <= bytes.len());
    }
}

/// The captures that the project is measured on, where they are beside the checkout.
fn shared_captures() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures"));
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end != "tsv") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Standard output of a program, or `None` where it is not installed; its failures are the test's to judge.
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What capinfos says of each file that it can read to the end: packets, bytes on the wire, first and last time.
fn capinfos(files: &[PathBuf]) -> BTreeMap<PathBuf, String> {
    let paths: Vec<&str> = files.iter().filter_map(|path| path.to_str()).collect();
    let arguments = ["-T", "-r", "-M", "-S", "-c", "-d", "-a", "-e"];
    let table = output_of("capinfos", &[&arguments[..], &paths].concat()).unwrap_or_default();
    let row = |line: &str| line.split_once('\t').map(|(path, rest)| (PathBuf::from(path), rest.to_owned()));
    table.lines().filter_map(row).collect()
}

#[test]
fn shared_captures_round_trip_as_wireshark_sees_them() {
    let files = shared_captures();
    if files.is_empty() || output_of("capinfos", &["-v"]).is_none() {
        packetstream_tests::skipped("needs ../shared/captures and capinfos");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut copies = Vec::new();
    for (index, path) in files.iter().enumerate() {
        let bytes = rewritten(&mut open(path).unwrap());
        let (mut again, damage) = read(&bytes);
        let mut packets = drain(&mut open(path).unwrap());
        for packet in again.iter_mut().chain(&mut packets).filter(|packet| packet.time == 0) {
            // Only the first interface of a section can have packets without a time.
            packet.stamp = Stamp::Missing;
        }
        let same = again == packets;
        assert_eq!((damage.as_str(), same), ("", true), "{}", path.display());
        copies.push(folder.path().join(format!("{index}.pcapng")));
        std::fs::write(&copies[index], bytes).unwrap();
    }
    let (theirs, ours) = (capinfos(&files), capinfos(&copies));
    assert_eq!(ours.len(), copies.len(), "Wireshark reads all that is written");
    let mut read_to_the_end = 0;
    for (path, copy) in files.iter().zip(&copies) {
        if let Some(row) = theirs.get(path).filter(|_| std::fs::metadata(path).unwrap().len() > 0) {
            // A packet without a time makes all times "n/a", if it could be written as one.
            let columns = if row.contains("n/a") { 2 } else { 4 };
            let cut = |row: &str| row.split('\t').take(columns).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(cut(&ours[copy]), cut(row), "{}", path.display());
            read_to_the_end += 1;
        }
    }
    assert!(read_to_the_end * 10 > files.len() * 9, "{read_to_the_end} of {}", files.len());
}
