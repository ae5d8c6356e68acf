//! Extensible Record Format of Endace cards: a header in front of each captured frame (LINKTYPE_ERF). Ethernet and IP
//! records are taken apart.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Erf, "erf", "Extensible Record Format";
    TS = field("erf.ts", "Timestamp", Uint64, Hex);
    TYPES = field("erf.types", "Record type", Uint8, Hex);
    TYPES_TYPE = field("erf.types.type", "Type", Uint8, Dec).names(Names::Values(RECORD_TYPES)).mask(0x7f);
    TYPES_EXT_HEADER = field("erf.types.ext_header", "Extension header present", Uint8, Dec).mask(0x80);
    FLAGS = field("erf.flags", "Flags", Uint8, Hex);
    FLAGS_CAP = field("erf.flags.cap", "Capture interface", Uint8, Dec).mask(0x03);
    RLEN = field("erf.rlen", "Record length", Uint16, Dec);
    LCTR = field("erf.lctr", "Loss counter", Uint16, Dec);
    WLEN = field("erf.wlen", "Wire length", Uint16, Dec);
}

const RECORD_TYPES: &[(u64, &str)] = &[
    (1, "HDLC_POS"),
    (2, "ETH"),
    (3, "ATM"),
    (11, "COLOR_ETH"),
    (16, "DSM_COLOR_ETH"),
    (20, "COLOR_HASH_ETH"),
    (22, "IPV4"),
    (23, "IPV6"),
];

const HEADER_LEN: usize = 16;
/// In front of an Ethernet frame: offset and padding.
const ETH_PAD_LEN: usize = 2;
/// How many extension headers a record may have.
pub const MAX_EXTENSION_HEADERS: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Eth, ProtoId::Ip, ProtoId::Ipv6, ProtoId::Data],
    samples: &[Sample {
        link_type: 197,
        frames: &["0000000000000000 82 04 0020 0000 000f 0000000000000000 0000 ffffffffffff 020000000001 88b6 00"],
    }],
    ..Protocol::new(ProtoId::Erf, "ERF", &[Binding::LinkType(197)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ERF");
    let item = d.begin(PROTO, tvb);
    let time = tvb.slice(0, 8)?.iter().rev().fold(0, |n, octet| n << 8 | u64::from(*octet));
    d.add(TS, tvb, 0, 8, Value::Uint(time));
    let kind = tvb.u8(8)?;
    d.open(TYPES, tvb, 8, 1, Value::Uint(kind.into()));
    d.bits(TYPES_TYPE, tvb, 8, 1, kind.into());
    d.bits(TYPES_EXT_HEADER, tvb, 8, 1, kind.into());
    d.close();
    let flags = tvb.u8(9)?;
    d.open(FLAGS, tvb, 9, 1, Value::Uint(flags.into()));
    d.bits(FLAGS_CAP, tvb, 9, 1, flags.into());
    d.close();
    d.uint(RLEN, tvb, 10, 2)?;
    d.uint(LCTR, tvb, 12, 2)?;
    let wire_len = d.uint(WLEN, tvb, 14, 2)? as usize;
    let mut at = HEADER_LEN;
    let mut has_more = kind & 0x80 != 0;
    for _ in 0..MAX_EXTENSION_HEADERS {
        if !has_more {
            break;
        }
        has_more = tvb.u8(at)? & 0x80 != 0;
        at += 8;
    }
    d.set_len(item, at);
    d.close();
    match kind & 0x7f {
        2 | 11 | 16 | 20 => d.call(ProtoId::Eth, tvb.sub(at + ETH_PAD_LEN, wire_len)),
        22 => d.call(ProtoId::Ip, tvb.sub(at, wire_len)),
        23 => d.call(ProtoId::Ipv6, tvb.sub(at, wire_len)),
        _ => d.call(ProtoId::Data, tvb.from(at)),
    }
    Ok(())
}
