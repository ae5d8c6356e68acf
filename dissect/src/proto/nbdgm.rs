//! NetBIOS datagram service (RFC 1002, 4.4).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::nbns::Name;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Nbdgm, "nbdgm", "NetBIOS Datagram Service";
    TYPE = field("nbdgm.type", "Message Type", Uint8, Dec).names(Names::Values(TYPES));
    FLAGS = field("nbdgm.flags", "Flags", Uint8, Hex);
    NEXT = field("nbdgm.next", "More fragments follow", Boolean, None).names(YES).mask(0x1);
    FIRST = field("nbdgm.first", "This is first fragment", Boolean, None).names(YES).mask(0x2);
    NODE_TYPE = field("nbdgm.node_type", "Node Type", Uint8, Dec).names(Names::Values(NODES)).mask(0xc);
    DGRAM_ID = field("nbdgm.dgram_id", "Datagram ID", Uint16, Hex);
    SRC_IP = field("nbdgm.src.ip", "Source IP", Ipv4, None);
    SRC_PORT = field("nbdgm.src.port", "Source Port", Uint16, Dec);
    DGRAM_LEN = field("nbdgm.dgram_len", "Datagram length", Uint16, Dec).names(Names::Unit(" bytes"));
    PKT_OFFSET = field("nbdgm.pkt_offset", "Packet offset", Uint16, Dec).names(Names::Unit(" bytes"));
    ERROR_CODE = field("nbdgm.error_code", "Error code", Uint8, Hex).names(Names::Values(ERRORS));
    SOURCE_NAME = field("nbdgm.source_name", "Source name", String, None);
    DESTINATION_NAME = field("nbdgm.destination_name", "Destination name", String, None);
}

const YES: Names = Names::Flag("Yes", "No");
const TYPES: &[(u64, &str)] = &[
    (0x10, "Direct_unique datagram"),
    (0x11, "Direct_group datagram"),
    (0x12, "Broadcast datagram"),
    (0x13, "Datagram error"),
    (0x14, "Datagram query request"),
    (0x15, "Datagram positive query response"),
    (0x16, "Datagram negative query response"),
];
const NODES: &[(u64, &str)] = &[(0, "B node"), (1, "P node"), (2, "M node"), (3, "NBDD")];
const ERRORS: &[(u64, &str)] = &[
    (0x82, "Destination name not present"),
    (0x83, "Invalid source name format"),
    (0x84, "Invalid destination name format"),
];

const HEADER_LEN: usize = 10;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Smb, ProtoId::Smb2, ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Nbdgm, "NBDGM", &[Binding::UdpPort(138)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_protocol("NBDS");
    d.set_info(String::new);
    let (kind, flags) = (tvb.u8(0)?, tvb.u8(1)?);
    d.set_info(|| match Names::Values(TYPES).of(kind.into()) {
        Some(name) => name.into_owned(),
        None => format!("Unknown message type (0x{kind:02X})"),
    });
    d.add(TYPE, tvb, 0, 1, Value::Uint(kind.into()));
    let line = d.open(FLAGS, tvb, 1, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let next = if flags & 1 != 0 { ", More fragments follow" } else { "" };
        let first = if flags & 2 != 0 { ", This is first fragment" } else { "" };
        let node = Names::Values(NODES).of((flags >> 2 & 3).into()).unwrap_or_default();
        format!("Flags: 0x{flags:02x}{next}{first}, Node Type: {node}")
    });
    d.flag(NEXT, tvb, 1, 1, flags.into());
    d.flag(FIRST, tvb, 1, 1, flags.into());
    d.bits(NODE_TYPE, tvb, 1, 1, flags.into());
    d.close();
    d.uint(DGRAM_ID, tvb, 2, 2)?;
    d.add(SRC_IP, tvb, 4, 4, Value::Ipv4(tvb.array(4)?));
    d.uint(SRC_PORT, tvb, 8, 2)?;
    let mut at = HEADER_LEN;
    match kind {
        0x10..=0x12 => {
            d.uint(DGRAM_LEN, tvb, at, 2)?;
            d.uint(PKT_OFFSET, tvb, at + 2, 2)?;
            at += 4;
            at += name(d, tvb, at, SOURCE_NAME)?;
            at += name(d, tvb, at, DESTINATION_NAME)?;
            d.set_len(item, at);
            d.close();
            if at < tvb.reported() && !super::smb::call(d, tvb.from(at)) {
                d.call(ProtoId::Data, tvb.from(at));
            }
            return Ok(());
        }
        0x13 => drop(d.uint(ERROR_CODE, tvb, at, 1)?),
        0x14..=0x16 => drop(name(d, tvb, at, DESTINATION_NAME)?),
        _ => {}
    }
    d.close();
    Ok(())
}

fn name<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, field: FieldId) -> Result<usize, crate::stop::Stop> {
    let (name, len) = Name::read(tvb, at)?;
    let line = d.add(field, tvb, at, len, Value::String(name.text.as_str().into()));
    d.text(line, || format!("{}: {}", crate::registry::field(field).label, name.with_owner()));
    Ok(len)
}

const SAMPLES: &[&str] = &[
    "4500007600010000401100000a0000010a000002 008a008a00620000 100200070a000001008a004c00002046444643454443414341434143414341434143414341434143414341434141410020454546444645434143414341434143414341434143414341434143414341434100ff534d4264617461",
    "4500002700010000401100000a0000010a000002 008a008a00130000 130200070a000001008a82",
    "4500004800010000401100000a0000010a000002 008a008a00340000 140200070a000001008a20454546444645434143414341434143414341434143414341434143414341434100",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_datagram_names_both_ends() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "nbdgm.source_name"), "SRC<00>");
        assert_eq!(values(&shown[0], "nbdgm.destination_name"), "DST<20>");
        assert_eq!(values(&shown[1], "nbdgm.error_code"), "0x82");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Nbdgm,
            b"\x14\x02\0\x07\x0a\0\0\x01\0\x8a\x20EBEBEBEBEBEBEBEBEBEBEBEBEBEBEBEB\0",
        );
    }
}
