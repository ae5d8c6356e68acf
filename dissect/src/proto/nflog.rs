//! The log of Linux's packet filter (LINKTYPE_NFLOG; netlink's `nfnetlink_log.h`): attributes, one of which is a packet.

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Nflog, "nflog", "Linux Netfilter NFLOG";
    FAMILY = field("nflog.family", "Family", Uint8, Dec).names(Names::Values(FAMILIES));
    VERSION = field("nflog.version", "Version", Uint8, Dec);
    RES_ID = field("nflog.res_id", "Resource id", Uint16, Dec);
    TLV = field("nflog.tlv", "TLV", Bytes, None);
    TLV_LENGTH = field("nflog.tlv_length", "Length", Uint16, Dec);
    TLV_TYPE = field("nflog.tlv_type", "Type", Uint16, Dec).names(Names::Values(TYPES)).mask(0x7fff);
    PROTOCOL_NUMBER = field("nflog.protocol", "HW protocol", Uint16, Hex).names(Names::Values(crate::numbers::ETHERTYPES));
    HOOK = field("nflog.hook", "Netfilter hook", Uint8, Dec).names(Names::Values(HOOKS));
    TIMESTAMP = field("nflog.timestamp", "Timestamp", AbsoluteTime, None);
    IFINDEX_INDEV = field("nflog.ifindex_indev", "IFINDEX_INDEV", Uint32, Dec);
    IFINDEX_OUTDEV = field("nflog.ifindex_outdev", "IFINDEX_OUTDEV", Uint32, Dec);
    IFINDEX_PHYSINDEV = field("nflog.ifindex_physindev", "IFINDEX_PHYSINDEV", Uint32, Dec);
    IFINDEX_PHYSOUTDEV = field("nflog.ifindex_physoutdev", "IFINDEX_PHYSOUTDEV", Uint32, Dec);
    PREFIX = field("nflog.prefix", "Prefix", String, None);
    UID = field("nflog.uid", "UID", Int32, Dec);
    GID = field("nflog.gid", "GID", Int32, Dec);
    TLV_VALUE = field("nflog.tlv_value", "Value", Bytes, None);
}

/// Linux's address families.
const FAMILIES: &[(u64, &str)] = &[
    (0, "Unspecified"),
    (1, "IPv4/IPv6"),
    (2, "IPv4"),
    (3, "ARP"),
    (5, "Netdev"),
    (7, "Bridge"),
    (10, "IPv6"),
    (12, "DECNET"),
];
const IPV4: u8 = 2;
const IPV6: u8 = 10;
const TYPES: &[(u64, &str)] = &[
    (0, "NFULA_UNSPEC"),
    (1, "NFULA_PACKET_HDR"),
    (2, "NFULA_MARK"),
    (3, "NFULA_TIMESTAMP"),
    (4, "NFULA_IFINDEX_INDEV"),
    (5, "NFULA_IFINDEX_OUTDEV"),
    (6, "NFULA_IFINDEX_PHYSINDEV"),
    (7, "NFULA_IFINDEX_PHYSOUTDEV"),
    (8, "NFULA_HWADDR"),
    (9, "NFULA_PAYLOAD"),
    (10, "NFULA_PREFIX"),
    (11, "NFULA_UID"),
    (12, "NFULA_SEQ"),
    (13, "NFULA_SEQ_GLOBAL"),
    (14, "NFULA_GID"),
    (15, "NFULA_HWTYPE"),
    (16, "NFULA_HWHEADER"),
    (17, "NFULA_HWLEN"),
];
const HOOKS: &[(u64, &str)] =
    &[(0, "Pre-routing"), (1, "Local in"), (2, "Forward"), (3, "Local out"), (4, "Post-routing")];
const HEADER_LEN: usize = 4;
/// How many attributes are read.
const MAX_ATTRIBUTES: usize = 128;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Data],
    samples: &[Sample {
        link_type: 239,
        frames: &[
            "02 00 0014 0800 0100 0800 01 00  0600 0a00 6100 0000  0800 0400 00000002 0800 0500 00000003 0800 0600 00000004 0800 0700 00000005
             0800 0b00 000003e8 0800 0e00 00000064 0600 0f00 0001 0000 1400 0300 00000000522a1fce 00000000000960fc
             1800 0900 45000014 00010000 40fd0000 0a000001 0a000002",
        ],
    }],
    ..Protocol::new(ProtoId::Nflog, "NFLOG", &[Binding::LinkType(239)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("NFLOG");
    if d.endpoints.src == Address::None {
        d.no_addresses();
    }
    d.begin(PROTO, tvb);
    let family = d.uint(FAMILY, tvb, 0, 1)? as u8;
    d.uint(VERSION, tvb, 1, 1)?;
    d.uint(RES_ID, tvb, 2, 2)?;
    let mut at = HEADER_LEN;
    let mut payload = None;
    for _ in 0..MAX_ATTRIBUTES {
        if at >= tvb.reported() {
            break;
        }
        // Lengths and types are in the byte order of the host, which mostly is little-endian; values are in the network's.
        let (len, kind) = (usize::from(tvb.u16_le(at)?), tvb.u16_le(at + 2)? & 0x7fff);
        let Some(inner) = len.checked_sub(HEADER_LEN) else { return Err(Stop::Malformed) };
        let value = tvb.exact(at + HEADER_LEN, inner)?;
        let line = d.open(TLV, tvb, at, len, Value::Bytes);
        d.text(line, || {
            let name = Names::Values(TYPES).of(kind.into());
            format!("TLV Type: {} ({kind}), Length: {len}", name.as_deref().unwrap_or("Unknown"))
        });
        d.add(TLV_LENGTH, tvb, at, 2, Value::Uint(len as u64));
        d.bits(TLV_TYPE, tvb, at + 2, 2, kind.into());
        if kind == 9 {
            payload = Some(value);
        } else {
            attribute(d, value, kind)?;
        }
        d.close();
        // Attributes begin at multiples of four octets.
        at += len.next_multiple_of(4);
    }
    d.close();
    match (payload, family) {
        (Some(payload), IPV4) => d.call(ProtoId::Ip, payload),
        (Some(payload), IPV6) => d.call(ProtoId::Ipv6, payload),
        (Some(payload), _) => d.call(ProtoId::Data, payload),
        (None, _) => {}
    }
    Ok(())
}

fn attribute<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u16) -> Parsed {
    let len = tvb.reported();
    let number: Option<FieldId> = match kind {
        4 => Some(IFINDEX_INDEV),
        5 => Some(IFINDEX_OUTDEV),
        6 => Some(IFINDEX_PHYSINDEV),
        7 => Some(IFINDEX_PHYSOUTDEV),
        _ => None,
    };
    match (kind, number, len) {
        (1, _, 4) => {
            d.uint(PROTOCOL_NUMBER, tvb, 0, 2)?;
            d.uint(HOOK, tvb, 2, 1)?;
        }
        (3, _, 16) => {
            let (seconds, micros) = (tvb.uint(0, 8)? as i64, tvb.uint(8, 8)? as i64);
            let time = seconds.saturating_mul(1_000_000_000).saturating_add(micros.saturating_mul(1000));
            d.add(TIMESTAMP, tvb, 0, 16, Value::Time(time));
        }
        (_, Some(field), 4) => {
            d.uint(field, tvb, 0, 4)?;
        }
        (10, _, 1..) => {
            let end = tvb.bytes().iter().position(|octet| *octet == 0).unwrap_or(len);
            d.string(PREFIX, tvb, 0, end);
        }
        (11 | 14, _, 4) => {
            let id = tvb.u32(0)? as i32;
            d.add(if kind == 11 { UID } else { GID }, tvb, 0, 4, Value::Int(id.into()));
        }
        (_, _, 1..) => {
            d.bytes(TLV_VALUE, tvb, 0, len);
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn attributes_and_the_packet_are_read() {
        let shown = frames(239, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "nflog.prefix"), "a");
        assert_eq!(values(&shown[0], "nflog.uid"), "1000");
        assert_eq!(values(&shown[0], "ip.src"), "10.0.0.1");
        let bad = frames(239, &["02 00 0014 0200 0100"]);
        assert!(values(&bad[0], "_ws.expert.message").contains("Malformed"));
    }
}
