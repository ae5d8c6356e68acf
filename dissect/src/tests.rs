//! What holds for all protocols: the registry is sound, and each protocol's samples show its fields.

mod cut;
mod differences;
mod limits;
mod media;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::any;

use crate::analysis::{Analysis, InOrder, Scratch, dissect};
use crate::dissector::{Dissector, Flows, Transport};
use crate::output::value;
use crate::packet::Packet;
use crate::registry::{self, Sample};
use crate::tree::Dissection;
use crate::tvb::Tvb;
use crate::wanted::Wanted;

pub(crate) fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |d: u8| (d as char).to_digit(16).expect("filtered above") as u8;
    digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// The frames of a public capture (classic pcap) with their times in nanoseconds. Nothing, and a line that says so, where
/// the captures are not at hand.
pub(crate) fn capture(name: &str) -> Option<Vec<(i64, Vec<u8>)>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures").join(name);
    let Ok(octets) = std::fs::read(&path) else {
        packetstream_tests::skipped(&format!("no ../shared/captures/{name}"));
        return None;
    };
    let u32_at = |at: usize| -> Option<u32> { Some(u32::from_le_bytes(octets.get(at..at + 4)?.try_into().ok()?)) };
    let unit = match u32_at(0)? {
        0xa1b2_c3d4 => 1000,
        0xa1b2_3c4d => 1,
        other => panic!("{name} begins with {other:x}"),
    };
    let mut frames = Vec::new();
    let mut at = 24;
    while let (Some(seconds), Some(fraction), Some(len)) = (u32_at(at), u32_at(at + 4), u32_at(at + 8)) {
        let time = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * unit;
        frames.push((time, octets.get(at + 16..at + 16 + len as usize)?.to_vec()));
        at += 16 + len as usize;
    }
    Some(frames)
}

/// The frames of a sample as a capture, a millisecond apart.
fn packets(link_type: u16, frames: &[Vec<u8>]) -> Vec<Packet<'_>> {
    let packet = |(at, bytes)| Packet {
        number: at as u64 + 1,
        time: at as i64 * 1_000_000,
        interface_name: Some("sample"),
        interface_description: Some("sample"),
        comment: Some("sample"),
        ..Packet::alone(link_type, bytes)
    };
    frames.iter().map(Vec::as_slice).enumerate().map(packet).collect()
}

/// The names of all fields that the packets of a capture show in the second pass.
fn shown(packets: &[Packet<'_>]) -> BTreeSet<&'static str> {
    let wanted = Wanted::everything();
    let mut first = Analysis::new(&wanted);
    for packet in packets {
        first.observe(packet);
    }
    let facts = first.finish();
    let mut scratch = Scratch::default();
    let mut names = BTreeSet::new();
    for packet in packets {
        dissect(packet, facts.of(packet.number), &wanted, &mut scratch, |dissection| {
            for node in &dissection.nodes {
                let source = dissection.source(node.source);
                assert!(node.start as usize <= source.len().max(packet.orig_len as usize));
                names.insert(registry::field(node.field).name);
            }
        });
    }
    names
}

/// As [`shown`], of the frames of a sample.
fn shown_by_sample(sample: &Sample) -> BTreeSet<&'static str> {
    let frames: Vec<Vec<u8>> = sample.frames.iter().map(|frame| octets(frame)).collect();
    shown(&packets(sample.link_type, &frames))
}

#[test]
fn names_are_unique_and_begin_with_their_protocol() {
    let mut seen = BTreeSet::new();
    for (_, field) in registry::fields() {
        assert!(seen.insert(field.name), "{} stands twice in the registry", field.name);
    }
}

#[test]
fn an_entry_stands_at_its_own_place() {
    for (at, protocol) in registry::protocols().enumerate() {
        assert_eq!(protocol.id as usize, at, "{} has another's id", protocol.short);
    }
}

/// Fields that filters may name and that no packet shows, and why.
const UNSHOWN: &[(&str, &[&str])] = &[
    ("It stands for what any layer may have, and is no layer.", &["_ws"]),
    (
        "Wireshark knows it and shows it in no packet that its other fields led to.",
        &[
            "dns.depr.opc",
            "icmp.reserved",
            "pppoe.payload_length.bad",
            "sdp.h223LogicalChannelParameters",
            "sdp.invalid_conversion",
            "sip.Status-Code.invalid",
            "sip.r-uri.display.info",
            "sip.r-uri.param",
            "sip.sec_mechanism.malformed",
            "sip.service_priority",
            "smtp.message",
            "tcp.fin_retransmission",
        ],
    ),
    (
        "Wireshark shows it when it is told secrets, which nobody tells us.",
        &[
            "mime_multipart.decryption_not_possible",
            "mime_multipart.header.sectoken-length",
            "sip.authorization.invalid",
        ],
    ),
    ("Wireshark names it as a layer and shows no line of it.", &["spnego-krb5"]),
    ("Captures of a modem's line with directions (link type 204) are not read.", &["ppp.direction"]),
];

#[test]
fn samples_show_every_field() {
    let samples = registry::protocols().flat_map(|protocol| protocol.samples);
    let mut shown_fields: BTreeSet<_> = samples.flat_map(shown_by_sample).collect();
    // A sample is captured whole. These are cut short, and longer than the wire had them.
    for orig_len in [100, 10] {
        let octets = octets("450000640001000040110000 0a000001 0a000002 00350035");
        shown_fields.extend(shown(&[Packet { orig_len, ..Packet::alone(101, &octets) }]));
    }
    let all = registry::fields().map(|(_, field)| field.name);
    let missing: BTreeSet<_> = all.filter(|name| !shown_fields.contains(name)).collect();
    let known: BTreeSet<_> = UNSHOWN.iter().flat_map(|(_, names)| *names).copied().collect();
    let new: Vec<_> = missing.difference(&known).collect();
    let done: Vec<_> = known.difference(&missing).collect();
    assert!(new.is_empty(), "add samples (in the file of the protocol) that show {new:?}");
    assert!(done.is_empty(), "samples show these now, take them out of UNSHOWN: {done:?}");
}

#[test]
fn each_file_is_a_protocol_of_the_registry() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/proto");
    let registry = include_str!("registry.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        let line = format!("=> {module},");
        assert!(module == "mod" || registry.contains(&line), "proto/{name} has no line in registry.rs");
    }
}

#[test]
fn the_example_of_a_protocol_is_a_real_one() {
    let text = include_str!("../../ARCHITECTURE.md");
    assert!(text.contains(include_str!("proto/echo.rs")), "ARCHITECTURE.md shows proto/echo.rs otherwise than it is");
}

/// All values of a packet, by the name of their field.
type Values = BTreeMap<&'static str, Vec<String>>;

fn by_name(dissection: &Dissection<'_>) -> Values {
    let mut values = Values::new();
    for node in &dissection.nodes {
        let field = registry::field(node.field);
        values.entry(field.name).or_default().push(value::of(field, node, dissection.bytes(node)));
    }
    values
}

#[test]
fn what_later_frames_tell_is_marked() {
    let everything = Wanted::everything();
    for protocol in registry::protocols() {
        for sample in protocol.samples {
            let frames: Vec<Vec<u8>> = sample.frames.iter().map(|frame| octets(frame)).collect();
            let packets = packets(sample.link_type, &frames);
            let mut first = Analysis::new(&everything);
            packets.iter().for_each(|packet| first.observe(packet));
            let facts = first.finish();
            let mut scratch = Scratch::default();
            let mut in_order = InOrder::new(&everything, &everything);
            for packet in &packets {
                let one = in_order.dissect(packet, |dissection, _| by_name(dissection));
                let two = dissect(packet, facts.of(packet.number), &everything, &mut scratch, by_name);
                for name in one.keys().chain(two.keys()) {
                    let is_marked = registry::by_name(name).is_some_and(registry::is_told_later);
                    assert!(
                        is_marked || one.get(name) == two.get(name),
                        "{name} is told by later frames: say so with told_later()"
                    );
                }
            }
        }
    }
}

/// What whole frames of a capture show in the second pass: of each frame names and values, in the order of the tree. The
/// frames are a second apart.
pub(crate) fn frames(link_type: u16, hex: &[&str]) -> Vec<Vec<(&'static str, String)>> {
    let frames: Vec<Vec<u8>> = hex.iter().map(|frame| octets(frame)).collect();
    let packets = (0i64..).zip(&frames).map(|(at, bytes)| Packet {
        number: at as u64 + 1,
        time: at * 1_000_000_000,
        ..Packet::alone(link_type, bytes)
    });
    two_passes(&packets.collect::<Vec<_>>())
}

/// The values of a field of one frame, with commas between them.
pub(crate) fn values(frame: &[(&'static str, String)], name: &str) -> String {
    let of_name = frame.iter().filter(|row| row.0 == name).map(|row| row.1.as_str());
    of_name.collect::<Vec<_>>().join(",")
}

/// Whether a frame shows a field, be it without a value.
pub(crate) fn has(frame: &[(&'static str, String)], name: &str) -> bool {
    frame.iter().any(|row| row.0 == name)
}

fn frames_of(link_type: u16, frames: Vec<Vec<u8>>) -> Vec<Vec<(&'static str, String)>> {
    let packets: Vec<Packet<'_>> = (0i64..)
        .zip(&frames)
        .map(|(at, bytes)| Packet {
            number: at as u64 + 1,
            time: at * 1_000_000_000,
            // What was cut off was there on the wire, in every other frame.
            orig_len: bytes.len() as u32 + at as u32 % 2 * 20,
            ..Packet::alone(link_type, bytes)
        })
        .collect();
    two_passes(&packets)
}

fn two_passes(packets: &[Packet<'_>]) -> Vec<Vec<(&'static str, String)>> {
    // Where nobody looks protocols take shorter ways.
    passes(packets, &Wanted::nothing());
    let mut columns = Wanted::nothing();
    columns.add_columns();
    passes(packets, &columns);
    passes(packets, &Wanted::everything())
}

fn passes(packets: &[Packet<'_>], wanted: &Wanted) -> Vec<Vec<(&'static str, String)>> {
    let mut first = Analysis::new(wanted);
    for packet in packets {
        first.observe(packet);
    }
    let facts = first.finish();
    let mut scratch = Scratch::default();
    let show = |packet: &Packet<'_>| {
        dissect(packet, facts.of(packet.number), wanted, &mut scratch, |dissection| {
            let nodes = dissection.nodes.iter().map(|node| {
                let field = registry::field(node.field);
                let source = dissection.source(node.source);
                // What was on the wire may lie behind what was captured, but never behind the frame.
                let end = (packet.orig_len as usize).max(source.len());
                assert!(node.start as usize + node.len as usize <= end, "{} lies outside of its source", field.name);
                (field.name, value::of(field, node, dissection.bytes(node)))
            });
            nodes.collect()
        })
    };
    packets.iter().map(show).collect()
}

#[test]
fn damaged_frames_stay_within_themselves() {
    let seeds: Vec<(u16, Vec<Vec<u8>>)> = registry::protocols()
        .flat_map(|protocol| protocol.samples)
        .map(|sample| (sample.link_type, sample.frames.iter().map(|frame| octets(frame)).collect()))
        .collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let damage = proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6);
    runner
        .run(&(any::<u16>(), damage, any::<u16>()), |(seed, damage, cut)| {
            let (link_type, mut frames) = seeds[usize::from(seed) % seeds.len()].clone();
            for frame in frames.iter_mut().filter(|frame| !frame.is_empty()) {
                let len = frame.len();
                for (at, octet) in &damage {
                    frame[usize::from(*at) % len] = *octet;
                }
                frame.truncate(usize::from(cut) % (2 * len));
            }
            frames_of(link_type, frames);
            Ok(())
        })
        .unwrap();
}

/// What a protocol shows of octets that it is handed alone, over UDP: names and values, in the order of the tree.
pub(crate) fn shown_by(id: registry::ProtoId, octets: &[u8]) -> Vec<(&'static str, String)> {
    alone(id, octets, &Wanted::everything(), &mut Flows::default())
}

/// Holds that a protocol that stands alone shows these fields with these values.
pub(crate) fn check_shown(id: registry::ProtoId, octets: &[u8], expected: &[(&str, &str)]) {
    let shown = shown_by(id, octets);
    for (name, value) in expected {
        let found: Vec<_> = shown.iter().filter(|row| row.0 == *name).map(|row| row.1.as_str()).collect();
        assert!(found.contains(value), "{name}: {found:?} of {shown:?}");
    }
}

/// As [`shown_by`], with what earlier packets left behind: the first pass, and the tree that it makes on the way.
pub(crate) fn alone(
    id: registry::ProtoId,
    octets: &[u8],
    wanted: &Wanted,
    flows: &mut Flows,
) -> Vec<(&'static str, String)> {
    let packet = Packet::alone(1, octets);
    let arena = bumpalo::Bump::new();
    let mut d = Dissector::new(&packet, wanted, &arena, Vec::new(), Vec::new(), Some(flows));
    d.endpoints.transport = Transport::Udp;
    d.call(id, Tvb::new(octets, octets.len(), 0));
    let (dissection, _, _) = d.parts();
    let nodes = dissection.nodes.iter().map(|node| {
        let field = registry::field(node.field);
        let source = dissection.source(node.source);
        assert!(node.start as usize + node.len as usize <= source.len(), "{} lies outside of its source", field.name);
        (field.name, value::of(field, node, dissection.bytes(node)))
    });
    nodes.collect()
}

/// Hands arbitrary octets, and `seed` with arbitrary octets of it replaced and its end cut off, to a protocol.
pub(crate) fn survives_anything(id: registry::ProtoId, seed: &'static [u8]) {
    let flows = std::cell::RefCell::new(Flows::default());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let damage = proptest::collection::vec((any::<u16>(), any::<u8>()), 0..8);
    let noise = proptest::collection::vec(any::<u8>(), 0..200);
    runner
        .run(&(noise, damage, any::<u16>()), |(noise, damage, cut)| {
            let mut octets = seed.to_vec();
            for (at, octet) in damage {
                let len = octets.len();
                octets[usize::from(at) % len] = octet;
            }
            octets.truncate(usize::from(cut) % seed.len() * 2);
            for octets in [noise, octets] {
                alone(id, &octets, &Wanted::everything(), &mut flows.borrow_mut());
                shown_by(id, &octets);
            }
            Ok(())
        })
        .unwrap();
}
