//! Encapsulated Remote Switch Port Analyzer: mirrored frames in GRE, type I without a header, types II and III with one
//! (draft-foschiano-erspan).

use crate::dissector::{Dissector, Item};
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Erspan, "erspan", "Encapsulated Remote Switch Packet ANalysis";
    VERSION = field("erspan.version", "Version", Uint16, Dec).names(Names::Values(&[(1, "Type II"), (2, "Type III")])).mask(0xf000);
    VLAN = field("erspan.vlan", "Vlan", Uint16, Dec).mask(0x0fff);
    COS = field("erspan.cos", "COS", Uint16, Dec).mask(0xe000);
    ENCAP = field("erspan.encap", "Encap", Uint16, Dec).names(Names::Values(ENCAPS)).mask(0x1800);
    TRUNCATED = field("erspan.truncated", "Truncated", Uint16, Dec).names(Names::Values(&[(0, "Not truncated"), (1, "Truncated")])).mask(0x0400);
    SPANID = field("erspan.spanid", "SpanID", Uint16, Dec).mask(0x03ff);
    RESERVED = field("erspan.reserved", "Reserved", Uint32, Dec).mask(0xfff0_0000);
    BSO = field("erspan.bso", "Bad/Short/Oversized", Uint16, Dec).names(Names::Values(STATES)).mask(0x1800);
    TIMESTAMP = field("erspan.timestamp", "Timestamp", Uint32, Dec).mask(0xffff_ffff);
    SGT = field("erspan.sgt", "Security Group Tag", Uint16, Dec).mask(0xffff);
    P = field("erspan.p", "Has Ethernet PDU", Uint16, Dec).mask(0x8000);
    FT = field("erspan.ft", "Frame Type", Uint16, Dec).names(Names::Values(&[(0, "Ethernet"), (2, "IP")])).mask(0x7c00);
    HW = field("erspan.hw", "Hardware ID", Uint16, Dec).mask(0x03f0);
    DIRECTION = field("erspan.direction", "Direction", Boolean, None).names(Names::Flag("Egress", "Ingress")).mask(0x0008);
    GRA = field("erspan.gra", "Timestamp granularity", Uint16, Dec).names(Names::Values(GRANULARITIES)).mask(0x0006);
    O = field("erspan.o", "Optional Sub headers", Uint16, Dec).mask(0x0001);
    INDEX = field("erspan.index", "Index", Uint32, Dec).mask(0x000f_ffff);
}

const ENCAPS: &[(u64, &str)] = &[
    (0, "Originally without VLAN tag"),
    (1, "Originally ISL encapsulated"),
    (2, "Originally 802.1Q encapsulated"),
    (3, "VLAN tag preserved in frame"),
];

const STATES: &[(u64, &str)] =
    &[(0, "Good or unknown integrity"), (1, "Short frame"), (2, "Oversized frame"), (3, "Bad frame")];
const GRANULARITIES: &[(u64, &str)] =
    &[(0, "100 microseconds"), (1, "100 nanoseconds"), (2, "IEEE 1588"), (3, "User configurable")];

const HEADER_LEN: usize = 8;
const TYPE_3_LEN: usize = 12;
/// What may follow the header of type III.
const SUBHEADER_LEN: usize = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Eth, ProtoId::Data],
    samples: &[Sample {
        link_type: 228,
        frames: &[
            "4500003c 00000000 402f0000 0a000001 0a000002 100088be 00000001 10000064 00000001 ffffffffffff 020000000001 88b6 00",
            "45000040 00000000 402f0000 0a000001 0a000002 100022eb 00000001 20000064 00000001 00000000 ffffffffffff 020000000001 88b6 00",
        ],
    }],
    ..Protocol::new(ProtoId::Erspan, "ERSPAN", &[], dissect)
};

/// A mirrored frame right behind the GRE header.
pub(crate) fn dissect_type_1<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    d.layer("erspan");
    d.set_protocol("ERSPAN");
    let item = d.open(PROTO, tvb, 0, 0, Value::Bytes);
    d.text(item, || "Encapsulated Remote Switch Packet ANalysis Type I".to_owned());
    d.close();
    d.call(ProtoId::Eth, tvb);
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ERSPAN");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    let first = tvb.u16(0)?;
    if first >> 12 == 2 {
        return type_3(d, tvb, item);
    }
    if first >> 12 != 1 {
        d.bits(VERSION, tvb, 0, 2, first.into());
        d.close();
        d.call(ProtoId::Data, tvb.from(2));
        return Ok(());
    }
    d.text(item, || "Encapsulated Remote Switch Packet ANalysis Type II".to_owned());
    let second = tvb.u16(2)?;
    let third = tvb.u32(4)?;
    for field in [VERSION, VLAN] {
        d.bits(field, tvb, 0, 2, first.into());
    }
    for field in [COS, ENCAP, TRUNCATED, SPANID] {
        d.bits(field, tvb, 2, 2, second.into());
    }
    for field in [RESERVED, INDEX] {
        d.bits(field, tvb, 4, 4, third.into());
    }
    d.close();
    d.call(ProtoId::Eth, tvb.from(HEADER_LEN));
    Ok(())
}

fn type_3<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, item: Item) -> Parsed {
    d.text(item, || "Encapsulated Remote Switch Packet ANalysis Type III".to_owned());
    for field in [VERSION, VLAN] {
        d.bits(field, tvb, 0, 2, tvb.u16(0)?.into());
    }
    for field in [COS, BSO, TRUNCATED, SPANID] {
        d.bits(field, tvb, 2, 2, tvb.u16(2)?.into());
    }
    d.uint(TIMESTAMP, tvb, 4, 4)?;
    d.uint(SGT, tvb, 8, 2)?;
    let last = tvb.u16(10)?;
    for field in [P, FT, HW] {
        d.bits(field, tvb, 10, 2, last.into());
    }
    d.flag(DIRECTION, tvb, 10, 2, last.into());
    for field in [GRA, O] {
        d.bits(field, tvb, 10, 2, last.into());
    }
    let len = if last & 1 == 0 { TYPE_3_LEN } else { TYPE_3_LEN + SUBHEADER_LEN };
    d.set_len(item, len);
    d.close();
    d.call(ProtoId::Eth, tvb.from(len));
    Ok(())
}
