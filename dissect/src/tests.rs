//! What holds for all protocols: the registry is sound, and each protocol's samples show its fields.

use std::collections::BTreeSet;

use crate::analysis::{Analysis, Scratch, dissect};
use crate::packet::Packet;
use crate::registry::{self, Sample};
use crate::wanted::Wanted;

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |d: u8| (d as char).to_digit(16).expect("filtered above") as u8;
    digits
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

/// The names of all fields that the frames of a sample show in the second pass.
fn shown(sample: &Sample) -> BTreeSet<&'static str> {
    let frames: Vec<Vec<u8>> = sample.frames.iter().map(|frame| octets(frame)).collect();
    let packets: Vec<Packet<'_>> = frames
        .iter()
        .enumerate()
        .map(|(at, bytes)| Packet {
            number: at as u64 + 1,
            time: at as i64 * 1_000_000,
            interface_name: Some("sample"),
            comment: Some("sample"),
            ..Packet::alone(sample.link_type, bytes)
        })
        .collect();
    let wanted = Wanted::everything();
    let mut first = Analysis::new(&wanted);
    for packet in &packets {
        first.observe(packet);
    }
    let facts = first.finish();
    let mut scratch = Scratch::default();
    let mut names = BTreeSet::new();
    for packet in &packets {
        dissect(
            packet,
            facts.of(packet.number),
            &wanted,
            &mut scratch,
            |dissection| {
                for node in &dissection.nodes {
                    let source = dissection.sources[usize::from(node.source)].0;
                    assert!(node.start as usize <= source.len().max(packet.orig_len as usize));
                    names.insert(registry::field(node.field).name);
                }
            },
        );
    }
    names
}

#[test]
fn names_are_unique_and_begin_with_their_protocol() {
    let mut seen = BTreeSet::new();
    for (_, field) in registry::fields() {
        assert!(
            seen.insert(field.name),
            "{} stands twice in the registry",
            field.name
        );
    }
}

#[test]
fn an_entry_stands_at_its_own_place() {
    for (at, protocol) in registry::protocols().enumerate() {
        assert_eq!(
            protocol.id as usize, at,
            "{} has another's id",
            protocol.short
        );
    }
}

#[test]
fn the_data_sample_shows_its_octets() {
    let protocol = registry::protocol(registry::ProtoId::Data);
    assert!(shown(&protocol.samples[0]).contains("data.data"));
}
