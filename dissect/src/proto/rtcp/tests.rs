use super::*;
use crate::tests::{check_shown, frames, shown_by, survives_anything};

/// A sender report with one block, and a description.
const COMPOUND: &[u8] = &[
    0x81, 200, 0, 12, 0, 0, 0x12, 0x34, 0xc5, 0x92, 0x86, 0xd4, 0xe6, 0xe9, 0x78, 0xd5, 0, 0, 1, 0x40, 0, 0, 0, 2, 0,
    0, 1, 0x40, 0, 0, 0xaa, 0xaa, 0x40, 0xff, 0xff, 0xff, 0, 2, 0, 2, 0, 0, 0, 7, 0x86, 0xd4, 0xe6, 0xe9, 0, 1, 0, 0,
    0x81, 202, 0, 3, 0, 0, 0x12, 0x34, 1, 5, b'a', b'@', b'b', b'.', b'c', 0,
];

fn check(octets: &[u8], expected: &[(&str, &str)]) {
    check_shown(ProtoId::Rtcp, octets, expected);
}

#[test]
fn a_compound_is_taken_apart() {
    check(COMPOUND, &[("rtcp.pt", "200"), ("rtcp.pt", "202"), ("rtcp.ssrc.cum_nr", "-1"), ("rtcp.sdes.text", "a@b.c")]);
    check(COMPOUND, &[("rtcp.ssrc.high_seq", "2"), ("rtcp.ssrc.jitter", "7"), ("rtcp.length_check", "1")]);
}

#[test]
fn impossible_lengths_are_noted() {
    let mut octets = COMPOUND.to_vec();
    octets[3] = 40;
    assert!(shown_by(ProtoId::Rtcp, &octets).iter().any(|row| row.0 == "_ws.malformed"));
    for len in [1, 3, 10, 27, 40] {
        let shown = shown_by(ProtoId::Rtcp, &COMPOUND[..len]);
        assert!(shown.iter().any(|row| row.0.starts_with("_ws.malformed")) || len < 4, "{len}: {shown:?}");
    }
    // The description ends behind its packet.
    octets[3] = 12;
    octets[55] = 1;
    check(&octets, &[("rtcp.length_check", "0")]);
}

#[test]
fn reports_are_known_by_their_looks() {
    let looks = |octets: &[u8]| {
        let packet = crate::packet::Packet::alone(1, octets);
        let (wanted, arena) = (crate::Wanted::nothing(), bumpalo::Bump::new());
        let d = Dissector::new(&packet, &wanted, &arena, Vec::new(), Vec::new(), None);
        looks_like(&d, Tvb::new(octets, octets.len(), 0))
    };
    assert!(looks(COMPOUND));
    assert!(!looks(&COMPOUND[..COMPOUND.len() - 1]));
    assert!(!looks(&COMPOUND[52..]));
    assert!(!looks(&COMPOUND[..4]));
    assert!(!looks(&[]));
}

#[test]
fn ntp_times_go_on_behind_2036() {
    assert_eq!(ntp_time(2_208_988_800, 0x8000_0000), 500_000_000);
    assert_eq!(ntp_time(0, 0), 2_085_978_496 * 1_000_000_000);
}

#[test]
fn the_sample_shows_every_field() {
    let shown: Vec<_> = frames(101, SAMPLE).into_iter().flatten().collect();
    for field in FIELDS {
        assert!(shown.iter().any(|row| row.0 == field.name), "{} is not shown", field.name);
    }
}

#[test]
fn what_follows_a_packet_and_is_of_no_known_kind_is_the_tag_of_srtcp() {
    let octets = b"\x80\xc9\0\x01\0\0\x07\xd3\x9c\xad\xb8\x10\xbb\x77\x1f\x2b";
    let shown = shown_by(ProtoId::Rtcp, octets);
    let of = |name| shown.iter().filter(|row| row.0 == name).map(|row| row.1.as_str()).collect::<Vec<_>>();
    assert_eq!(of("rtcp.pt"), ["201"]);
    assert_eq!(of("rtcp.length_check"), ["1"]);
    assert_eq!(of("rtcp.version").len(), 1);
}

#[test]
fn no_more_packets_than_the_limit_are_shown() {
    let octets = [0x80, 192, 0, 1, 0, 0, 0, 1].repeat(MAX_PACKETS + 10);
    let shown = shown_by(ProtoId::Rtcp, &octets).iter().filter(|row| row.0 == "rtcp.pt").count();
    assert_eq!(shown, MAX_PACKETS);
}

#[test]
fn no_octets_make_it_panic() {
    survives_anything(ProtoId::Rtcp, COMPOUND);
}
