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
    FLAGS_VLEN = field("erf.flags.vlen", "Varying record length", Uint8, Dec).mask(0x04);
    FLAGS_TRUNC = field("erf.flags.trunc", "Truncated", Uint8, Dec).mask(0x08);
    FLAGS_RXE = field("erf.flags.rxe", "RX error", Uint8, Dec).mask(0x10);
    FLAGS_DSE = field("erf.flags.dse", "DS error", Uint8, Dec).mask(0x20);
    FLAGS_RES = field("erf.flags.res", "Reserved", Uint8, Hex).mask(0xc0);
    RLEN = field("erf.rlen", "Record length", Uint16, Dec);
    LCTR = field("erf.lctr", "Loss counter", Uint16, Dec);
    COLOR = field("erf.color", "Color", Uint16, Hex);
    WLEN = field("erf.wlen", "Wire length", Uint16, Dec);
    EHDR_TYPES = field("erf.ehdr.types", "Extension Header", Uint8, Dec).names(Names::Values(EXTENSION_HEADERS));
    ETH = field("erf.eth", "Ethernet pad", None, None);
    ETH_OFF = field("erf.eth.off", "Offset", Uint8, Dec);
    ETH_PAD = field("erf.eth.pad", "Padding", Uint8, Hex);
}

const RECORD_TYPES: &[(u64, &str)] = &[
    (1, "HDLC_POS"),
    (2, "ETH"),
    (3, "ATM"),
    (4, "AAL5"),
    (10, "COLOR_HDLC_POS"),
    (11, "COLOR_ETH"),
    (16, "DSM_COLOR_ETH"),
    (19, "COLOR_HASH_POS"),
    (20, "COLOR_HASH_ETH"),
    (22, "IPV4"),
    (23, "IPV6"),
    (24, "RAW_LINK"),
    (27, "META"),
    (48, "PAD"),
];
const EXTENSION_HEADERS: &[(u64, &str)] = &[
    (3, "Classification"),
    (4, "InterceptID"),
    (5, "RawLink"),
    (6, "BFS Filter/Hash"),
    (16, "Flow ID"),
    (17, "Host ID"),
];

pub(crate) const LINK_TYPE: u16 = 197;
const HEADER_LEN: usize = 16;
const TYPE_AT: usize = 8;
const HAS_EXTENSION: u8 = 0x80;
const EXTENSION_HEADER_LEN: usize = 8;
/// In front of an Ethernet frame: offset and padding.
const ETH_PAD_LEN: usize = 2;
/// How many extension headers a record may have.
pub const MAX_EXTENSION_HEADERS: usize = 16;

/// The types that carry Ethernet frames, and those of which the loss counter is a color.
const ETHERNET: &[u8] = &[2, 11, 16, 20];
const COLORED: &[u8] = &[10, 11, 15, 16, 17, 19, 20];

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Eth, ProtoId::Ip, ProtoId::Ipv6, ProtoId::Data],
    samples: &[
        Sample {
            link_type: LINK_TYPE,
            frames: &[
                "0000000000000000 82 04 0028 0000 000f 0300000000000000 0000 ffffffffffff 020000000001 88b6 00",
                "0000000000000000 0b 04 0020 0000 000f 0000 ffffffffffff 020000000001 88b6 00",
            ],
        },
        Sample {
            link_type: LINK_TYPE,
            frames: &["0000000000000000 16 04 0024 0000 0014 4500001400000000 40fd0000 0a0000010a000002"],
        },
    ],
    ..Protocol::new(ProtoId::Erf, "ERF", &[Binding::LinkType(LINK_TYPE)], dissect)
};

/// How long the header in front of a frame is, and how long the frame was on the wire. A record that ends in its header
/// has no frame.
pub(crate) fn header_of(record: &[u8]) -> (usize, u32) {
    let Some((&[.., kind, _, _, _, _, _, wire_high, wire_low], _)) = record.split_first_chunk::<HEADER_LEN>() else {
        return (record.len(), 0);
    };
    let extensions = extension_headers(record).count() * EXTENSION_HEADER_LEN;
    let pad = if ETHERNET.contains(&(kind & 0x7f)) { ETH_PAD_LEN } else { 0 };
    (HEADER_LEN + extensions + pad, u16::from_be_bytes([wire_high, wire_low]).into())
}

/// The types of the extension headers: each says in its first bit whether another one follows.
fn extension_headers(record: &[u8]) -> impl Iterator<Item = u8> {
    let first = record.get(TYPE_AT).copied().unwrap_or_default();
    let rest = record.get(HEADER_LEN..).unwrap_or_default();
    let headers = rest.chunks_exact(EXTENSION_HEADER_LEN).map_while(|header| header.first().copied());
    let mut has_more = first & HAS_EXTENSION != 0;
    headers.take(MAX_EXTENSION_HEADERS).map_while(move |kind| {
        let is_there = has_more;
        has_more = kind & HAS_EXTENSION != 0;
        is_there.then_some(kind & !HAS_EXTENSION)
    })
}

/// What the header says is no part of the frame, so its fields have no octets.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ERF");
    d.begin(PROTO, tvb);
    let record = d.packet.pseudo_header;
    let header = Tvb::new(record, record.len(), 0);
    d.add(TS, tvb, 0, 0, Value::Uint(header.u64_le(0)?));
    let kind = header.u8(TYPE_AT)?;
    d.open(TYPES, tvb, 0, 0, Value::Uint(kind.into()));
    d.bits(TYPES_TYPE, tvb, 0, 0, kind.into());
    d.bits(TYPES_EXT_HEADER, tvb, 0, 0, kind.into());
    d.close();
    let flags = header.u8(9)?;
    d.open(FLAGS, tvb, 0, 0, Value::Uint(flags.into()));
    for flag in [FLAGS_CAP, FLAGS_VLEN, FLAGS_TRUNC, FLAGS_RXE, FLAGS_DSE, FLAGS_RES] {
        d.bits(flag, tvb, 0, 0, flags.into());
    }
    d.close();
    let kind = kind & !HAS_EXTENSION;
    let counter = if COLORED.contains(&kind) { COLOR } else { LCTR };
    for (field, at) in [(RLEN, 10), (counter, 12), (WLEN, 14)] {
        d.add(field, tvb, 0, 0, Value::Uint(header.uint(at, 2)?));
    }
    for extension in extension_headers(record) {
        d.add(EHDR_TYPES, tvb, 0, 0, Value::Uint(extension.into()));
    }
    if ETHERNET.contains(&kind) {
        let at = record.len().saturating_sub(ETH_PAD_LEN);
        d.open(ETH, tvb, 0, 0, Value::None);
        d.add(ETH_OFF, tvb, 0, 0, Value::Uint(header.uint(at, 1)?));
        d.add(ETH_PAD, tvb, 0, 0, Value::Uint(header.uint(at + 1, 1)?));
        d.close();
    }
    d.close();
    let payload = match kind {
        kind if ETHERNET.contains(&kind) => ProtoId::Eth,
        22 => ProtoId::Ip,
        23 => ProtoId::Ipv6,
        _ => ProtoId::Data,
    };
    d.call(payload, tvb);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Packet;
    use crate::tests::{frames, values};

    #[test]
    fn the_header_is_no_part_of_the_frame() {
        let record = "0102030405060708 82 04 0028 0000 000f 8300000000000000 0400000000000000 0000 ffffffffffff 020000000001 88b6 00 00";
        let shown = &frames(LINK_TYPE, &[record])[0];
        for (field, value) in [
            ("frame.len", "15"),
            ("frame.cap_len", "15"),
            ("frame.protocols", "erf:eth:ethertype:data"),
            ("erf.ts", "0x0807060504030201"),
            ("erf.ehdr.types", "3,4"),
            ("data.len", "1"),
        ] {
            assert_eq!(values(shown, field), value, "{field}");
        }
    }

    #[test]
    fn a_record_that_was_cut_says_how_long_its_frame_was() {
        let octets = [&[0; 8][..], &[22, 0, 0, 64, 0, 0, 0, 48], &[0x45; 20]].concat();
        let packet = Packet::alone(LINK_TYPE, &octets);
        assert_eq!((packet.orig_len, packet.bytes.len(), packet.pseudo_header.len()), (48, 20, HEADER_LEN));
        let packet = Packet::alone(LINK_TYPE, &octets[..15]);
        assert_eq!((packet.orig_len, packet.bytes.len(), packet.pseudo_header.len()), (0, 0, 15));
        let packet = Packet::alone(LINK_TYPE, &octets[..17]);
        assert_eq!((packet.orig_len, packet.bytes.len()), (48, 1));
    }

    #[test]
    fn there_are_only_so_many_extension_headers() {
        let record = [&[0x83; 16][..], &[0x83; 8 * (MAX_EXTENSION_HEADERS + 3)]].concat();
        assert_eq!(header_of(&record).0, HEADER_LEN + EXTENSION_HEADER_LEN * MAX_EXTENSION_HEADERS);
    }
}
