//! Which chunk a packet goes into: with the signalling, or with the media and all other bulk.
//!
//! A look at headers and the first bytes, with no memory of other packets, so that the same packet always goes the same
//! way. Nothing that is shown depends on it: it decides only what a query for calls need not read. The rules, the first
//! that applies:
//!
//! 1. What is not IP, and link types that are not looked into: signalling (ARP, LLDP, spanning tree, ...).
//! 2. Fragments: signalling, all of them, to be with the long SIP message that they are most often pieces of.
//! 3. ESP: bulk. Other protocols over IP than UDP and TCP: signalling (ICMP, IGMP, SCTP, OSPF, ...).
//! 4. UDP and TCP of a port in [`SIGNALLING_PORTS`]: signalling.
//! 5. TCP segments that open or end a connection (SYN, FIN, RST): signalling.
//! 6. A payload that begins as a message of SIP, RTSP or HTTP does: signalling.
//! 7. UDP: up to 4 bytes (keep-alives), RTCP, STUN, DTLS handshakes: signalling. TCP: TLS handshakes and alerts: signalling.
//! 8. All else: bulk (RTP, T.38, TLS data, QUIC, tunnels, file transfers, ...).

use etherparse::{EtherType, IpNumber, LaxSlicedPacket, TransportSlice};
use packetstream_protocol::chunk::Class;

/// Ports of protocols that set something up or look something up, at either end (IANA service names).
const SIGNALLING_PORTS: [u16; 41] = [
    22, 53, 67, 68, 69, 88, 123, 137, 138, 161, 162, 179, 389, 427, 500, 514, 546, 547, 1645, 1646, 1719, 1720, 1812,
    1813, 1900, 2123, 2427, 2727, 2944, 2945, 3478, 3868, 4569, 5038, 5060, 5061, 5080, 5351, 5353, 5355, 8805,
];

/// First words of requests and responses of the protocols that look like RFC 822.
const FIRST_WORDS: [&[u8]; 32] = [
    b"SIP/2.0",
    b"HTTP/1.0",
    b"HTTP/1.1",
    b"RTSP/1.0",
    b"INVITE",
    b"ACK",
    b"BYE",
    b"CANCEL",
    b"REGISTER",
    b"OPTIONS",
    b"PRACK",
    b"SUBSCRIBE",
    b"NOTIFY",
    b"PUBLISH",
    b"INFO",
    b"REFER",
    b"MESSAGE",
    b"UPDATE",
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"TRACE",
    b"PATCH",
    b"DESCRIBE",
    b"SETUP",
    b"PLAY",
    b"PAUSE",
    b"TEARDOWN",
    b"ANNOUNCE",
];

/// Longest of [`FIRST_WORDS`].
const FIRST_WORD_BYTES: usize = 9;

/// The class of a packet of this LINKTYPE.
#[must_use]
pub fn classify(link_type: u16, bytes: &[u8]) -> Class {
    match slice(link_type, bytes) {
        Some(packet) if is_bulk(&packet) => Class::Media,
        _ => Class::Signalling,
    }
}

fn slice(link_type: u16, bytes: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    match link_type {
        // LINKTYPE_ETHERNET
        1 => unwrapped(LaxSlicedPacket::from_ethernet(bytes).ok()?),
        // LINKTYPE_LINUX_SLL: the protocol is the last field of 16 bytes.
        113 => of_ether_type(bytes.get(14..16)?, bytes.get(16..)?),
        // LINKTYPE_LINUX_SLL2: the protocol is the first field of 20 bytes.
        276 => of_ether_type(bytes.get(..2)?, bytes.get(20..)?),
        // LINKTYPE_RAW and what it was before, LINKTYPE_IPV4, LINKTYPE_IPV6
        12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(bytes).ok(),
        // LINKTYPE_NULL, LINKTYPE_LOOP: an address family, which the IP version says too.
        0 | 108 => LaxSlicedPacket::from_ip(bytes.get(4..)?).ok(),
        // LINKTYPE_PPP, LINKTYPE_PPP_HDLC, LINKTYPE_PPP_WITH_DIR
        9 | 50 => of_ppp(bytes),
        204 => of_ppp(bytes.get(1..)?),
        _ => None,
    }
}

fn of_ether_type<'a>(field: &[u8], payload: &'a [u8]) -> Option<LaxSlicedPacket<'a>> {
    let ether_type = EtherType(u16::from_be_bytes(*field.first_chunk()?));
    unwrapped(LaxSlicedPacket::from_ether_type(ether_type, payload))
}

/// RFC 1661 and 1662: address and control may be left out; so may the protocol's leading zero.
fn of_ppp(bytes: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    match bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes) {
        [0x00, 0x21 | 0x57, ip @ ..] | [0x21 | 0x57, ip @ ..] => LaxSlicedPacket::from_ip(ip).ok(),
        _ => None,
    }
}

/// What is in MPLS and PPPoE, which etherparse leaves closed.
fn unwrapped(packet: LaxSlicedPacket<'_>) -> Option<LaxSlicedPacket<'_>> {
    if packet.net.is_some() {
        return Some(packet);
    }
    let payload = packet.ether_payload()?;
    match payload.ether_type.0 {
        // RFC 2516: version, code, session, length; then PPP.
        0x8864 => of_ppp(payload.payload.get(6..)?),
        // RFC 3032: the lowest bit of the third byte marks the last label.
        0x8847 | 0x8848 => {
            let (labels, _) = payload.payload.as_chunks::<4>();
            let last = labels.iter().position(|label| label[2] & 1 == 1)?;
            LaxSlicedPacket::from_ip(payload.payload.get((last + 1) * 4..)?).ok()
        }
        _ => None,
    }
}

fn is_bulk(packet: &LaxSlicedPacket<'_>) -> bool {
    match &packet.transport {
        Some(TransportSlice::Udp(udp)) => {
            let ports = [udp.source_port(), udp.destination_port()];
            !is_signalling_port(ports) && !begins_message(udp.payload()) && is_udp_bulk(udp.payload())
        }
        Some(TransportSlice::Tcp(tcp)) => {
            let ports = [tcp.source_port(), tcp.destination_port()];
            let turns = tcp.syn() || tcp.fin() || tcp.rst();
            !turns && !is_signalling_port(ports) && !begins_message(tcp.payload()) && is_tcp_bulk(tcp.payload())
        }
        Some(_) => false,
        None => packet
            .ip_payload()
            .is_some_and(|ip| !ip.fragmented && ip.ip_number == IpNumber::ENCAPSULATING_SECURITY_PAYLOAD),
    }
}

fn is_signalling_port(ports: [u16; 2]) -> bool {
    ports.iter().any(|port| SIGNALLING_PORTS.binary_search(port).is_ok())
}

fn begins_message(payload: &[u8]) -> bool {
    let Some(space) = payload.iter().take(FIRST_WORD_BYTES + 1).position(|byte| *byte == b' ') else {
        return false;
    };
    FIRST_WORDS.contains(&&payload[..space])
}

fn is_udp_bulk(payload: &[u8]) -> bool {
    match payload {
        // RFC 8489, 5: two zero bits and the magic cookie.
        [0..=0x3f, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..] => false,
        // RFC 5761, 4: version 2, and a type that RTP does not use with the marker bit.
        [0x80..=0xbf, 192..=223, _, _, _, ..] => false,
        // RFC 9147, 4.1: change cipher spec, alert and handshake of DTLS.
        [20..=22, 0xfe, _, _, _, ..] => false,
        [_, _, _, _, _, ..] => true,
        _ => false,
    }
}

fn is_tcp_bulk(payload: &[u8]) -> bool {
    // RFC 8446, 5.1: change cipher spec, alert and handshake of TLS.
    !matches!(payload, [20..=22, 3, 0..=4, ..])
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

    fn udp(ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
        let mut packet = Vec::new();
        PacketBuilder::ethernet2([1; 6], [2; 6])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .udp(ports[0], ports[1])
            .write(&mut packet, payload)
            .unwrap();
        packet
    }

    fn tcp(ports: [u16; 2], syn: bool, payload: &[u8]) -> Vec<u8> {
        let builder = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv6([1; 16], [2; 16], 64);
        let builder = builder.tcp(ports[0], ports[1], 1, 1024);
        let builder = if syn { builder.syn() } else { builder.ack(1) };
        let mut packet = Vec::new();
        builder.write(&mut packet, payload).unwrap();
        packet
    }

    const RTP: [u8; 172] = {
        let mut rtp = [0x55; 172];
        rtp[0] = 0x80;
        rtp[1] = 0x08;
        rtp
    };

    #[test]
    fn udp_by_port_and_first_bytes() {
        for (ports, payload, class) in [
            ([5060, 5060], &b"\0\0\0\0\0\0"[..], Class::Signalling),
            ([40_000, 53], &[0x12; 40], Class::Signalling),
            ([40_000, 40_002], b"SIP/2.0 200 OK\r\n", Class::Signalling),
            ([40_000, 40_002], b"SUBSCRIBE sip:a SIP/2.0\r\n", Class::Signalling),
            ([40_000, 40_002], b"\r\n\r\n", Class::Signalling),
            ([40_000, 40_002], b"\0\x01\0\0\x21\x12\xa4\x42", Class::Signalling),
            ([40_001, 40_003], &[0x80, 200, 0, 6, 1, 2, 3, 4], Class::Signalling),
            ([40_001, 40_003], &[22, 0xfe, 0xfd, 0, 0, 0], Class::Signalling),
            ([40_001, 40_003], &[23, 0xfe, 0xfd, 0, 0, 0], Class::Media),
            ([40_000, 40_002], &RTP, Class::Media),
            ([40_000, 40_002], b"\x0a\x25\x06\xc0\x01\x80\0\0\xff", Class::Media),
            ([40_000, 443], &[0x40; 1200], Class::Media),
            ([40_000, 40_002], b"SUBSCRIBER is no word", Class::Media),
        ] {
            assert_eq!(classify(1, &udp(ports, payload)), class, "{ports:?} {payload:02x?}");
        }
    }

    #[test]
    fn tcp_by_flags_port_and_first_bytes() {
        for (ports, syn, payload, class) in [
            ([40_000, 443], true, &b""[..], Class::Signalling),
            ([40_000, 443], false, b"", Class::Media),
            ([40_000, 443], false, &[22, 3, 1, 2, 0, 1], Class::Signalling),
            ([40_000, 443], false, &[23, 3, 3, 2, 0, 1], Class::Media),
            ([40_000, 8080], false, b"GET / HTTP/1.1\r\n", Class::Signalling),
            ([40_000, 8080], false, b"<html>", Class::Media),
            ([40_000, 5061], false, &[23, 3, 3, 2, 0, 1], Class::Signalling),
        ] {
            assert_eq!(classify(1, &tcp(ports, syn, payload)), class, "{ports:?} {payload:02x?}");
        }
    }

    #[test]
    fn every_link_that_is_dissected_is_looked_into() {
        let ethernet = udp([40_000, 40_002], &RTP);
        let ip = &ethernet[14..];
        let wrapped = |head: &[u8]| [head, ip].concat();
        for (link_type, bytes) in [
            (1, ethernet.clone()),
            (1, [&ethernet[..12], &[0x81, 0, 0, 5], &ethernet[12..]].concat()),
            (1, [&ethernet[..12], &[0x88, 0x64, 0x11, 0, 0, 1, 0, 0, 0, 0x21], ip].concat()),
            (1, [&ethernet[..12], &[0x88, 0x47, 0, 0, 0x10, 64, 0, 0, 0x21, 64], ip].concat()),
            (113, wrapped(&[0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0])),
            (276, wrapped(&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0])),
            (101, ip.to_vec()),
            (228, ip.to_vec()),
            (0, wrapped(&[2, 0, 0, 0])),
            (108, wrapped(&[0, 0, 0, 2])),
            (9, wrapped(&[0xff, 3, 0, 0x21])),
            (9, wrapped(&[0x21])),
            (204, wrapped(&[1, 0xff, 3, 0, 0x21])),
        ] {
            assert_eq!(classify(link_type, &bytes), Class::Media, "{link_type}");
            for cut in 0..bytes.len().min(60) {
                let _ = classify(link_type, &bytes[..cut]);
            }
        }
        assert_eq!(classify(195, &ethernet), Class::Signalling);
    }

    #[test]
    fn fragments_arp_and_esp() {
        let mut fragment = udp([40_000, 40_002], &RTP);
        fragment[20] = 0x20;
        assert_eq!(classify(1, &fragment), Class::Signalling);
        let mut esp = udp([40_000, 40_002], &RTP);
        esp[23] = 50;
        assert_eq!(classify(1, &esp), Class::Media);
        let mut sctp = udp([40_000, 40_002], &RTP);
        sctp[23] = 132;
        assert_eq!(classify(1, &sctp), Class::Signalling);
        assert_eq!(classify(1, &[&[0xff; 12][..], &[8, 6, 0, 1], &[0; 30]].concat()), Class::Signalling);
    }

    #[test]
    fn tables_are_sorted_and_measured() {
        assert!(SIGNALLING_PORTS.is_sorted());
        assert_eq!(FIRST_WORDS.iter().map(|word| word.len()).max(), Some(FIRST_WORD_BYTES));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_panic(link in 0usize..12, start in 0usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let link_type = [0, 1, 9, 12, 50, 101, 108, 113, 204, 228, 276, 147][link];
            let starts = [&[][..], &[0x45, 0, 0, 90], &[0x60, 0, 0, 0], &[0; 12]];
            let bytes = [starts[start], &bytes].concat();
            prop_assert_eq!(classify(link_type, &bytes), classify(link_type, &bytes));
        }
    }
}
