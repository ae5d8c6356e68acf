use super::*;
use crate::tests::{shown_by, survives_anything};

/// A response for a.b with an address, a service, a text, a map of types and an OPT record.
const RESPONSE: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x04\0\0\0\x01\
    \x01a\x01b\0\0\x01\0\x01\
    \xc0\x0c\0\x01\0\x01\0\0\x0e\x10\0\x04\x01\x02\x03\x04\
    \x04_sip\x04_udp\xc0\x0c\0\x21\0\x01\0\0\0\x3c\0\x0c\0\x01\0\x02\x13\xc4\x02sv\x01x\0\
    \xc0\x0c\0\x10\0\x01\0\0\0\x3c\0\x06\x05v=one\
    \xc0\x0c\0\x2f\0\x01\0\0\0\x3c\0\x0a\x01n\x01x\0\0\x03\x40\0\x08\
    \0\0\x29\x10\0\0\0\x80\0\0\x07\0\x0f\0\x03\0\x12x";

fn values<'a>(shown: &'a [(&'static str, String)], name: &str) -> Vec<&'a str> {
    let matching = shown.iter().filter(|row| row.0 == name);
    matching.map(|row| row.1.as_str()).collect()
}

#[test]
fn a_response_is_taken_apart() {
    let shown = shown_by(ProtoId::Dns, RESPONSE);
    let check = |name, expected: &[&str]| assert_eq!(values(&shown, name), expected, "{name}");
    check("dns.id", &["0x1234"]);
    check("dns.flags.rcode", &["0"]);
    check("dns.qry.name", &["a.b"]);
    check("dns.qry.name.len", &["3"]);
    check("dns.count.labels", &["2"]);
    check("dns.resp.name", &["a.b", "a.b", "a.b", "<Root>"]);
    check("dns.a", &["1.2.3.4"]);
    check("dns.srv.service", &["_sip"]);
    check("dns.srv.name", &["a.b"]);
    check("dns.srv.target", &["sv.x"]);
    check("dns.txt", &["v=one"]);
    check("dns.nsec.next_domain_name", &["n.x"]);
    check("dns.resp.type", &["1", "33", "16", "47", "1", "20", "41"]);
    check("dns.resp.z.do", &["1"]);
    check("dns.opt.ext_error.extra_text", &["x"]);
    check("_ws.malformed", &[]);
}

#[test]
fn a_text_ends_at_its_first_zero_octet() {
    let octets = RESPONSE.to_vec();
    let place = octets.windows(6).position(|octets| octets == b"\x05v=one").unwrap();
    for text in [b"v=\0ne", b"v=\0n\xff"] {
        let mut octets = octets.clone();
        octets[place + 1..place + 6].copy_from_slice(text);
        assert_eq!(values(&shown_by(ProtoId::Dns, &octets), "dns.txt"), ["v="]);
    }
}

#[test]
fn a_message_cut_anywhere_is_malformed() {
    for len in 1..RESPONSE.len() {
        let shown = shown_by(ProtoId::Dns, &RESPONSE[..len]);
        assert!(!values(&shown, "_ws.malformed").is_empty(), "at {len}");
    }
}

#[test]
fn more_records_than_there_is_room_for_are_malformed() {
    let mut octets = RESPONSE.to_vec();
    octets[6] = 0xff;
    assert!(!values(&shown_by(ProtoId::Dns, &octets), "_ws.malformed").is_empty());
}

#[test]
fn pointers_in_a_circle_end() {
    let octets = b"\0\x01\0\0\0\x01\0\0\0\0\0\0\xc0\x0c\0\x01\0\x01";
    let shown = shown_by(ProtoId::Dns, octets);
    let expected = ["<Name contains a pointer that loops>"];
    assert_eq!(values(&shown, "dns.qry.name"), expected);
    assert_eq!(values(&shown, "dns.qry.type"), ["1"]);
}

#[test]
fn a_name_longer_than_any_is_not_shown() {
    let mut octets = b"\0\x01\0\0\0\x01\0\0\0\0\0\0".to_vec();
    for _ in 0..128 {
        octets.extend(b"\x01a");
    }
    octets.extend(b"\0\0\x01\0\x01");
    let shown = shown_by(ProtoId::Dns, &octets);
    assert_eq!(values(&shown, "dns.qry.name"), ["<Name too long>"]);
}

#[test]
fn the_top_bit_of_a_class_is_a_flag_of_mdns() {
    let octets = b"\0\0\0\0\0\x01\0\0\0\0\0\0\x01a\0\0\x0c\x80\x01";
    let shown = shown_by(ProtoId::Mdns, octets);
    assert_eq!(values(&shown, "dns.qry.class"), ["0x0001"]);
    assert_eq!(values(&shown, "dns.qry.qu"), ["1"]);
    assert!(values(&shown, "dns").is_empty());
}

#[test]
fn frames_over_tcp_are_found_by_their_length() {
    assert_eq!(framing(b"\0"), Framing::More(1));
    assert_eq!(framing(b"\0\x05abc"), Framing::Message(7));
}

#[test]
fn no_octets_panic() {
    survives_anything(ProtoId::Dns, RESPONSE);
    survives_anything(ProtoId::Mdns, RESPONSE);
    survives_anything(ProtoId::Llmnr, RESPONSE);
}
