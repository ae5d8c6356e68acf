//! What a packet may make a protocol repeat is bounded.

use crate::dissector::{MAX_LAYERS, MAX_NODES};
use crate::proto::{erf, gtp, ipv6, lldp, mpls, nbns, radiotap, skinny, smb, vlan};
use crate::registry::ProtoId;
use crate::tests::shown_by;

/// Holds how often a protocol that stands alone shows a field.
fn check(id: ProtoId, octets: &[u8], field: &str, count: usize) {
    let shown = shown_by(id, octets);
    assert_eq!(shown.iter().filter(|row| row.0 == field).count(), count, "{field}");
}

#[test]
fn layers() {
    // IPv4 in IPv4.
    let count = 2 * MAX_LAYERS;
    let header = |left: usize| {
        let [high, low] = u16::try_from(left * 20).unwrap().to_be_bytes();
        [0x45, 0, high, low, 0, 0, 0, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
    };
    let octets: Vec<u8> = (1..=count).rev().flat_map(header).collect();
    check(ProtoId::Ip, &octets, "ip.version", MAX_LAYERS);
}

#[test]
fn nodes() {
    let lines = b"\n".repeat(2 * MAX_NODES);
    assert_eq!(shown_by(ProtoId::Lines, &lines).len(), MAX_NODES);
}

#[test]
fn tags_of_vlans() {
    let tags = [0, 1, 0x81, 0].repeat(2 * usize::from(vlan::MAX_TAGS));
    check(ProtoId::Vlan, &tags, "vlan.id", vlan::MAX_TAGS.into());
    check(ProtoId::Vlan, &tags, "vlan.too_many_tags", 1);
}

#[test]
fn labels_of_mpls() {
    check(ProtoId::Mpls, &[0, 1, 0, 64].repeat(2 * mpls::MAX_LABELS), "mpls.label", mpls::MAX_LABELS);
}

#[test]
fn extension_headers_of_ipv6() {
    let count = 2 * ipv6::MAX_EXTENSION_HEADERS;
    let [high, low] = u16::try_from(count * 8).unwrap().to_be_bytes();
    let mut octets = vec![0x60, 0, 0, 0, high, low, 60, 64];
    octets.resize(40, 1);
    octets.extend([60, 0, 1, 4, 0, 0, 0, 0].repeat(count));
    check(ProtoId::Ipv6, &octets, "ipv6.dstopts.nxt", ipv6::MAX_EXTENSION_HEADERS);
    check(ProtoId::Ipv6, &octets, "_ws.malformed.expert", 1);
}

#[test]
fn extension_headers_of_gtp() {
    let mut octets = vec![0x34, 0xff, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0x85];
    octets.extend([1, 0, 0, 0x85].repeat(64));
    check(ProtoId::Gtp, &octets, "gtp.ext_hdr.next", gtp::MAX_EXTENSION_HEADERS + 1);
    check(ProtoId::Gtp, &octets, "_ws.malformed.expert", 1);
}

#[test]
fn extension_headers_of_erf() {
    let mut octets = vec![0; 16];
    octets[8] = 0x80 | 0x7f;
    octets.extend([0x80, 0, 0, 0, 0, 0, 0, 0].repeat(2 * erf::MAX_EXTENSION_HEADERS));
    assert_eq!(erf::header_of(&octets).0, 16 + 8 * erf::MAX_EXTENSION_HEADERS);
}

#[test]
fn elements_of_lldp() {
    // Chassis, port, time to live, and then descriptions without text.
    let mut octets = vec![2, 2, 7, b'a', 4, 2, 7, b'b', 6, 2, 0, 60];
    octets.extend([8, 0].repeat(2 * lldp::MAX_ELEMENTS));
    check(ProtoId::Lldp, &octets, "lldp.tlv.type", lldp::MAX_ELEMENTS);
}

#[test]
fn records_of_netbios_names() {
    let count = u16::try_from(2 * nbns::MAX_RECORDS).unwrap().to_be_bytes();
    let mut octets = vec![0, 1, 0, 0, count[0], count[1], 0, 0, 0, 0, 0, 0, 32];
    octets.extend(b"CACACACACACACACACACACACACACACACA\0\0\x20\0\x01");
    octets.extend([0xc0, 12, 0, 0x20, 0, 1].repeat(2 * nbns::MAX_RECORDS));
    check(ProtoId::Nbns, &octets, "nbns.type", nbns::MAX_RECORDS);
}

#[test]
fn words_of_radiotap() {
    let mut octets = vec![0, 0, 0, 2];
    octets.extend([0, 0, 0, 0x80].repeat(127));
    check(ProtoId::Radiotap, &octets, "radiotap.present.word", radiotap::MAX_WORDS);
}

#[test]
fn dialects_of_smb() {
    let count = 2 * smb::MAX_DIALECTS;
    let mut octets = b"\xffSMBr".to_vec();
    octets.resize(33, 0);
    octets.extend(u16::try_from(count * 3).unwrap().to_le_bytes());
    octets.extend(b"\x02a\0".repeat(count));
    check(ProtoId::Smb, &octets, "smb.dialect.name", smb::MAX_DIALECTS);
}

#[test]
fn capabilities_of_skinny() {
    let mut octets = vec![0; 16 + 16 * 64];
    octets[8] = 16;
    octets[12..16].fill(0xff);
    check(ProtoId::Skinny, &octets, "skinny.payloadCapability", skinny::MAX_CAPABILITIES as usize);
}
