//! Generic Routing Encapsulation (RFC 1701, RFC 2784, RFC 2890), with the enhanced version of PPTP (RFC 2637, 4.1).

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::erspan;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Gre, "gre", "Generic Routing Encapsulation";
    FLAGS_AND_VERSION = field("gre.flags_and_version", "Flags and Version", Uint16, Hex);
    FLAGS_CHECKSUM = field("gre.flags.checksum", "Checksum Bit", Boolean, None).names(YES).mask(0x8000);
    FLAGS_ROUTING = field("gre.flags.routing", "Routing Bit", Boolean, None).names(YES).mask(0x4000);
    FLAGS_KEY = field("gre.flags.key", "Key Bit", Boolean, None).names(YES).mask(0x2000);
    FLAGS_SEQUENCE_NUMBER = field("gre.flags.sequence_number", "Sequence Number Bit", Boolean, None).names(YES).mask(0x1000);
    FLAGS_STRICT_SOURCE_ROUTE = field("gre.flags.strict_source_route", "Strict Source Route Bit", Boolean, None).names(YES).mask(0x0800);
    FLAGS_RECURSION_CONTROL = field("gre.flags.recursion_control", "Recursion control", Uint16, Dec).mask(0x0700);
    FLAGS_ACK = field("gre.flags.ack", "Acknowledgment", Boolean, None).names(YES).mask(0x0080);
    FLAGS_RESERVED = field("gre.flags.reserved", "Flags (Reserved)", Uint16, Dec).mask(0x00f8);
    FLAGS_VERSION = field("gre.flags.version", "Version", Uint16, Dec).names(Names::Values(&[(0, "GRE"), (1, "Enhanced GRE")])).mask(0x0007);
    PROTO_TYPE = field("gre.proto", "Protocol Type", Uint16, Hex).names(Names::Values(PROTOCOLS));
    CHECKSUM = field("gre.checksum", "Checksum", Uint16, Hex);
    OFFSET = field("gre.offset", "Offset", Uint16, Dec);
    KEY = field("gre.key", "Key", Uint32, Hex);
    KEY_PAYLOAD_LENGTH = field("gre.key.payload_length", "Payload Length", Uint16, Dec);
    KEY_CALL_ID = field("gre.key.call_id", "Call ID", Uint16, Dec);
    SEQUENCE_NUMBER = field("gre.sequence_number", "Sequence Number", Uint32, Dec);
    ACK_NUMBER = field("gre.ack_number", "Acknowledgment Number", Uint32, Dec);
    ROUTING = field("gre.routing", "Routing", None, None);
    ROUTING_ADDRESS_FAMILY = field("gre.routing.address_family", "Address Family", Uint16, Dec);
    ROUTING_SRE_OFFSET = field("gre.routing.sre_offset", "SRE Offset", Uint8, Dec);
    ROUTING_SRE_LENGTH = field("gre.routing.src_length", "SRE Length", Uint8, Dec);
    ROUTING_INFORMATION = field("gre.routing.information", "Routing Information", Bytes, None);
}

const YES: Names = Names::Flag("Yes", "No");

/// What GRE carries: EtherTypes (RFC 2784, 2.4) and some of its own, with the names that Wireshark shows.
pub(crate) const PROTOCOLS: &[(u64, &str)] = &[
    (0x0000, "Possible GRE keepalive packet"),
    (0x00fe, "OSI"),
    (0x0800, "IP"),
    (0x0806, "ARP"),
    (0x2000, "CDP (Cisco)"),
    (0x2001, "NHRP"),
    (0x22eb, "ERSPAN III"),
    (0x6400, "MIKROTIK EoIP"),
    (0x6558, "Transparent Ethernet bridging"),
    (0x6559, "Frame Relay"),
    (0x8137, "IPX"),
    (0x8200, "ARUBA WLAN"),
    (0x8210, "ARUBA WLAN"),
    (0x8220, "ARUBA WLAN"),
    (0x8230, "ARUBA WLAN"),
    (0x8240, "ARUBA WLAN"),
    (0x8250, "ARUBA WLAN"),
    (0x8260, "ARUBA WLAN"),
    (0x8270, "ARUBA WLAN"),
    (0x8280, "ARUBA WLAN"),
    (0x8290, "ARUBA WLAN"),
    (0x82a0, "ARUBA WLAN"),
    (0x82b0, "ARUBA WLAN"),
    (0x82c0, "ARUBA WLAN"),
    (0x82d0, "ARUBA WLAN"),
    (0x82e0, "ARUBA WLAN"),
    (0x82f0, "ARUBA WLAN"),
    (0x8300, "ARUBA WLAN"),
    (0x8310, "ARUBA WLAN"),
    (0x8320, "ARUBA WLAN"),
    (0x8330, "ARUBA WLAN"),
    (0x8340, "ARUBA WLAN"),
    (0x8350, "ARUBA WLAN"),
    (0x8360, "ARUBA WLAN"),
    (0x8370, "ARUBA WLAN"),
    (0x86dd, "IPv6"),
    (0x880b, "PPP"),
    (0x883e, "WCCP"),
    (0x8847, "MPLS label switched packet"),
    (0x8881, "CDMA2000 A10 Unstructured byte stream"),
    (0x88be, "ERSPAN"),
    (0x88d2, "CDMA2000 A10 3GPP2 Packet"),
    (0x8909, "CiscoMetaData"),
    (0x894f, "Network Service Header"),
    (0x9000, "ARUBA WLAN"),
    (0xb7ea, "Huawei GRE bonding"),
    (0xfeae, "AIROHIVE AP AP"),
];

const HAS_CHECKSUM: u16 = 0x8000;
const HAS_ROUTING: u16 = 0x4000;
const HAS_KEY: u16 = 0x2000;
const HAS_SEQUENCE: u16 = 0x1000;
const HAS_ACK: u16 = 0x0080;
const VERSION: u16 = 0x0007;
const PROTOCOL_PPP: u16 = 0x880b;
const PROTOCOL_ERSPAN: u16 = 0x88be;
const PROTOCOL_ERSPAN_III: u16 = 0x22eb;
/// RFC 2637, 4.1.
const ACKNOWLEDGES: u16 = 0x0080;
const PROTOCOL_ETHERNET: u16 = 0x6558;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::EtherType],
    calls: &[ProtoId::Erspan, ProtoId::Eth, ProtoId::Ppp, ProtoId::Data],
    samples: &[Sample {
        link_type: 228,
        frames: &[
            "4500003c 00000000 402f0000 0a000001 0a000002 f000 88b6 0000 0000 00000001 00000002 0002 00 04 0a000003 0000 00 00 00",
            "45000028 00000000 402f0000 0a000001 0a000002 3081 880b 0001 0002 00000001 00000002 ff03 0021",
        ],
    }],
    ..Protocol::new(ProtoId::Gre, "GRE", &[Binding::IpProto(47)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("GRE");
    let flags = tvb.u16(0)?;
    let number = tvb.u16(2)?;
    d.set_info(|| {
        let name = Names::Values(PROTOCOLS).of(number.into());
        match name {
            Some(name) => format!("Encapsulated {name}"),
            None => format!("Encapsulated 0x{number:04x} (unknown)"),
        }
    });
    let item = d.begin(PROTO, tvb);
    d.text(item, || match Names::Values(PROTOCOLS).of(number.into()) {
        Some(name) => format!("Generic Routing Encapsulation ({name})"),
        None => format!("Generic Routing Encapsulation (0x{number:04x} - unknown)"),
    });
    let is_enhanced = flags & VERSION == 1;
    d.open(FLAGS_AND_VERSION, tvb, 0, 2, Value::Uint(flags.into()));
    for flag in [FLAGS_CHECKSUM, FLAGS_ROUTING, FLAGS_KEY, FLAGS_SEQUENCE_NUMBER, FLAGS_STRICT_SOURCE_ROUTE] {
        d.flag(flag, tvb, 0, 2, flags.into());
    }
    d.bits(FLAGS_RECURSION_CONTROL, tvb, 0, 2, flags.into());
    if is_enhanced {
        d.flag(FLAGS_ACK, tvb, 0, 2, flags.into());
    }
    // What acknowledges is none of the reserved flags there.
    let acknowledges = if is_enhanced { ACKNOWLEDGES } else { 0 };
    d.bits(FLAGS_RESERVED, tvb, 0, 2, (flags & !acknowledges).into());
    d.bits(FLAGS_VERSION, tvb, 0, 2, flags.into());
    d.close();
    d.add(PROTO_TYPE, tvb, 2, 2, Value::Uint(number.into()));
    let mut at = 4;
    if flags & (HAS_CHECKSUM | HAS_ROUTING) != 0 {
        d.uint(CHECKSUM, tvb, at, 2)?;
        d.uint(OFFSET, tvb, at + 2, 2)?;
        at += 4;
    }
    if flags & HAS_KEY != 0 {
        if is_enhanced {
            // RFC 2637, 4.1: the key is two numbers.
            d.uint(KEY_PAYLOAD_LENGTH, tvb, at, 2)?;
            d.uint(KEY_CALL_ID, tvb, at + 2, 2)?;
        } else {
            d.uint(KEY, tvb, at, 4)?;
        }
        at += 4;
    }
    if flags & HAS_SEQUENCE != 0 {
        d.uint(SEQUENCE_NUMBER, tvb, at, 4)?;
        at += 4;
    }
    if is_enhanced && flags & HAS_ACK != 0 {
        d.uint(ACK_NUMBER, tvb, at, 4)?;
        at += 4;
    }
    if flags & HAS_ROUTING != 0 {
        at = routing(d, tvb, at)?;
    }
    d.set_len(item, at);
    d.close();
    let rest = tvb.from(at);
    if number == PROTOCOL_ERSPAN {
        // Only the types with a header count their frames.
        match flags & HAS_SEQUENCE {
            0 => erspan::dissect_type_1(d, rest),
            _ => d.call(ProtoId::Erspan, rest),
        }
    } else if number == PROTOCOL_ERSPAN_III {
        d.call(ProtoId::Erspan, rest);
    } else if !rest.is_empty() {
        payload(d, number, rest);
    }
    Ok(())
}

/// Source route entries up to the empty one (RFC 1701).
fn routing<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize) -> Result<usize, crate::stop::Stop> {
    d.open(ROUTING, tvb, at, 0, Value::None);
    loop {
        let family = d.uint(ROUTING_ADDRESS_FAMILY, tvb, at, 2)?;
        d.uint(ROUTING_SRE_OFFSET, tvb, at + 2, 1)?;
        let len = d.uint(ROUTING_SRE_LENGTH, tvb, at + 3, 1)? as usize;
        tvb.slice(at + 4, len)?;
        d.bytes(ROUTING_INFORMATION, tvb, at + 4, len);
        at += 4 + len;
        if family == 0 && len == 0 {
            d.close();
            return Ok(at);
        }
    }
}

/// Hands on what a GRE protocol number says.
pub(crate) fn payload<'a>(d: &mut Dissector<'a>, number: u16, payload: Tvb<'a>) {
    match number {
        PROTOCOL_PPP => d.call(ProtoId::Ppp, payload),
        PROTOCOL_ETHERNET => d.call(ProtoId::Eth, payload),
        _ => {
            if !d.call_by_number(Table::EtherType, number, payload) {
                d.call(ProtoId::Data, payload);
            }
        }
    }
}
