use super::*;
use crate::setup::Encoding;
use crate::tests::{check_shown, frames, shown_by, survives_anything};

const PACKET: &[u8] = &[0x80, 0x80, 0, 7, 0, 0, 0, 160, 0, 0, 0x12, 0x34, 1, 2, 3];

fn check(octets: &[u8], expected: &[(&str, &str)]) {
    check_shown(ProtoId::Rtp, octets, expected);
}

#[test]
fn a_header_is_taken_apart() {
    check(PACKET, &[("rtp.version", "2"), ("rtp.marker", "1"), ("rtp.p_type", "0"), ("rtp.seq", "7")]);
    check(PACKET, &[("rtp.timestamp", "160"), ("rtp.ssrc", "0x00001234"), ("rtp.payload", "010203")]);
}

#[test]
fn truncated_packets_are_malformed() {
    for len in 1..HEADER_LEN {
        let shown = shown_by(ProtoId::Rtp, &PACKET[..len]);
        assert!(shown.iter().any(|row| row.0 == "_ws.malformed"), "{len}: {shown:?}");
    }
    // Five contributing sources in three octets; padding longer than what is there.
    let mut octets = PACKET.to_vec();
    octets[0] = 0x85;
    assert!(shown_by(ProtoId::Rtp, &octets).iter().any(|row| row.0 == "_ws.malformed"));
    octets[0] = 0xa0;
    check(&octets, &[("rtp.padding.count", "3"), ("rtp.padding.data", "0102")]);
    octets[14] = 0;
    check(&octets, &[("rtp.payload", "010200")]);
}

#[test]
fn other_versions_are_data() {
    check(&[0x40, 1, 2], &[("rtp.version", "1"), ("data.data", "400102")]);
}

#[test]
fn payload_types_have_names() {
    let mut setup = Setup::new(ProtoId::Rtp, 1, "SDP");
    setup.encodings.push(Encoding::read(96, b"opus/48000/2"));
    let name = |payload_type| payload_name(payload_type, Some(&setup));
    assert_eq!((name(96).as_str(), name(97).as_str()), ("opus", "DynamicRTP-Type-97"));
    assert_eq!((name(8).as_str(), name(40).as_str()), ("ITU-T G.711 PCMA", "Unassigned"));
}

#[test]
fn the_sample_shows_every_field() {
    let shown: Vec<_> = frames(101, SAMPLE).into_iter().flatten().collect();
    for field in FIELDS {
        assert!(shown.iter().any(|row| row.0 == field.name), "{} is not shown", field.name);
    }
}

#[test]
fn no_octets_make_it_panic() {
    survives_anything(ProtoId::Rtp, PACKET);
}

/// A block list without end is cut.
#[test]
fn no_more_blocks_than_the_limit_are_read() {
    let mut octets = PACKET[..HEADER_LEN].to_vec();
    octets[1] = USUAL_RED;
    octets.extend([0x80, 0, 0, 0].repeat(MAX_BLOCKS + 20));
    let follows = shown_by(ProtoId::Rtp, &octets).iter().filter(|row| row.0 == "rtp.follow").count();
    assert_eq!(follows, MAX_BLOCKS);
}
