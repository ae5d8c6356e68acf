//! Protocol Independent Multicast, version 2 (RFC 7761): hellos with their options, registers with what they carry, joins,
//! prunes, grafts, asserts. Of the other messages the header is shown.

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Pim, "pim", "Protocol Independent Multicast";
    VERSION = field("pim.version", "Version", Uint8, Dec).mask(0xf0);
    TYPE = field("pim.type", "Type", Uint8, Dec).names(Names::Values(TYPES)).mask(0xf);
    RES_BYTES = field("pim.res_bytes", "Reserved byte(s)", Bytes, None);
    CKSUM = field("pim.cksum", "Checksum", Uint16, Hex);
    CKSUM_STATUS = field("pim.cksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    OPTION = field("pim.option", "PIM Options", None, None);
    OPTIONTYPE = field("pim.optiontype", "Type", Uint16, Dec);
    OPTIONLENGTH = field("pim.optionlength", "Length", Uint16, Dec);
    OPTIONVALUE = field("pim.optionvalue", "Unknown", Bytes, None);
    HOLDTIME = field("pim.holdtime", "Holdtime", Uint16, Dec);
    T = field("pim.t", "T", Boolean, None).mask(0x80);
    PROPAGATION_DELAY = field("pim.propagation_delay", "Propagation Delay", Uint16, Dec).mask(0x7fff);
    OVERRIDE_INTERVAL = field("pim.override_interval", "Override Interval", Uint16, Dec);
    DR_PRIORITY = field("pim.dr_priority", "DR Priority", Uint32, Dec);
    GENERATION_ID = field("pim.generation_id", "Generation ID", Uint32, Dec);
    STATE_REFRESH_VERSION = field("pim.state_refresh_version", "Version", Uint8, Dec);
    STATE_REFRESH_INTERVAL = field("pim.state_refresh_interval", "Interval", Uint8, Dec);
    STATE_REFRESH_RESERVED = field("pim.state_refresh_reserved", "Reserved", Uint16, Dec);
    REGISTER_FLAG = field("pim.register_flag", "Flags", Uint32, Hex);
    BORDER = field("pim.register_flag.border", "Border", Boolean, None).names(YES).mask(0x8000_0000);
    NULL_REGISTER = field("pim.register_flag.null_register", "Null-Register", Boolean, None).names(YES).mask(0x4000_0000);
    IP_VERSION = field("pim.ip_version", "IP Version", Uint8, Dec).names(Names::Values(IP_VERSIONS)).mask(0xf0);
    NUMGROUPS = field("pim.numgroups", "Num Groups", Uint16, Dec);
    NUMJOINS = field("pim.numjoins", "Num Joins", Uint16, Dec);
    NUMPRUNES = field("pim.numprunes", "Num Prunes", Uint16, Dec);
    RPT = field("pim.rpt", "RP Tree", Boolean, None).mask(0x80);
    METRIC_PREF = field("pim.metric_pref", "Metric Preference", Uint32, Dec).mask(0x7fff_ffff);
    METRIC = field("pim.metric", "Metric", Uint32, Dec);
    ADDRESS_FAMILY = field("pim.addr_address_family", "Address Family", Uint8, Dec).names(Names::Values(FAMILIES));
    ENCODING_TYPE = field("pim.addr_encoding_type", "Encoding Type", Uint8, Dec).names(Names::Values(ENCODINGS));
    UPSTREAM_NEIGHBOR = field("pim.upstream_neighbor", "Upstream-neighbor", Ipv4, None);
    UPSTREAM_NEIGHBOR_IP6 = field("pim.upstream_neighbor_ip6", "Upstream-neighbor", Ipv6, None);
    JOIN_IP = field("pim.join_ip", "IP address", Ipv4, None);
    JOIN_IP6 = field("pim.join_ip6", "IP address", Ipv6, None);
    PRUNE_IP = field("pim.prune_ip", "IP address", Ipv4, None);
    PRUNE_IP6 = field("pim.prune_ip6", "IP address", Ipv6, None);
    ADDRESS_LIST = field("pim.address_list", "Address", Ipv4, None);
    ADDRESS_LIST_IP6 = field("pim.address_list_ip6", "Address", Ipv6, None);
    MASK_LEN = field("pim.mask_len", "Masklen", Uint8, Dec);
    UNICAST = field("pim.unicast", "Unicast", Ipv4, None);
    UNICAST_IPV6 = field("pim.unicast_ipv6", "Unicast", Ipv6, None);
    GROUP = field("pim.group", "Group", Ipv4, None);
    GROUP_IP6 = field("pim.group_ip6", "Group", Ipv6, None);
    SOURCE = field("pim.source", "Source", Ipv4, None);
    SOURCE_IP6 = field("pim.source_ip6", "Source", Ipv6, None);
    GROUP_FLAGS = field("pim.group_addr.flags", "Flags", Uint8, Hex);
    GROUP_B = field("pim.group_addr.flags.b", "Bidirectional PIM", Boolean, None).names(SET).mask(0x80);
    GROUP_RESERVED = field("pim.group_addr.flags.reserved", "Reserved", Uint8, Hex).mask(0x7e);
    GROUP_Z = field("pim.group_addr.flags.z", "Admin Scope Zone", Boolean, None).names(SET).mask(0x1);
    SOURCE_FLAGS = field("pim.source_addr.flags", "Flags", Uint8, Hex);
    SOURCE_RESERVED = field("pim.source_addr.flags.reserved", "Reserved", Uint8, Hex).mask(0xf8);
    SOURCE_S = field("pim.source_addr.flags.s", "Sparse", Boolean, None).names(SET).mask(0x4);
    SOURCE_W = field("pim.source_addr.flags.w", "WildCard", Boolean, None).names(SET).mask(0x2);
    SOURCE_R = field("pim.source_addr.flags.r", "Rendezvous Point Tree", Boolean, None).names(SET).mask(0x1);
    BAD_CHECKSUM = expert("pim.bad_checksum", "Bad checksum", Error, Checksum);
}

const SET: Names = Names::Flag("Set", "Not set");
const YES: Names = Names::Flag("Yes", "No");
const TYPES: &[(u64, &str)] = &[
    (0, "Hello"),
    (1, "Register"),
    (2, "Register-stop"),
    (3, "Join/Prune"),
    (4, "Bootstrap"),
    (5, "Assert"),
    (6, "Graft"),
    (7, "Graft-Ack"),
    (8, "Candidate-RP-Advertisement"),
    (9, "State-Refresh"),
    (10, "DF election"),
    (11, "ECMP redirect"),
    (12, "PFM source discovery"),
];
const FAMILIES: &[(u64, &str)] = &[(0, "Reserved"), (1, "IPv4"), (2, "IPv6")];
const ENCODINGS: &[(u64, &str)] = &[(0, "Native")];
const IP_VERSIONS: &[(u64, &str)] = &[(0, "Dummy Header"), (4, "IPv4"), (6, "IPv6")];
/// The options of hellos (RFC 7761, 4.9.2).
const OPTIONS: &[(u64, &str)] = &[
    (1, "Hold Time"),
    (2, "LAN Prune Delay"),
    (19, "DR Priority"),
    (20, "Generation ID"),
    (21, "State-Refresh"),
    (22, "Bidirectional Capable"),
    (24, "Address List"),
    (65_001, "Address List"),
    (65_004, "RPF Proxy Vector (Cisco proprietary)"),
];

const PROTOCOL_NUMBER: u8 = 103;
const HEADER_LEN: usize = 4;
/// A register's checksum leaves out what it carries (RFC 7761, 4.9).
const REGISTER_LEN: usize = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Pim, "PIM", &[Binding::IpProto(PROTOCOL_NUMBER)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let head = tvb.u8(0)?;
    let (version, kind) = (head >> 4, head & 0xf);
    d.set_protocol(&format!("PIMv{version}"));
    d.set_info(|| Names::Values(TYPES).of(kind.into()).map_or_else(|| format!("Unknown ({kind})"), Into::into));
    d.begin(PROTO, tvb);
    d.bits(VERSION, tvb, 0, 1, head.into());
    d.bits(TYPE, tvb, 0, 1, head.into());
    d.bytes(RES_BYTES, tvb, 1, 1);
    show_checksum(d, tvb, kind)?;
    if version != 2 {
        d.close();
        return Ok(());
    }
    let outer = (d.endpoints.src, d.endpoints.dst);
    // Types beyond those of RFC 3973 and RFC 5015 have no options that are shown.
    if kind > 10 {
        d.close();
        return Ok(());
    }
    d.open(OPTION, tvb, HEADER_LEN, tvb.reported().saturating_sub(HEADER_LEN), Value::None);
    let mut carried = None;
    match kind {
        0 => hello(d, tvb)?,
        1 => carried = register(d, tvb)?,
        2 => {
            let at = group(d, tvb, HEADER_LEN)?;
            unicast(d, tvb, at, [SOURCE, SOURCE_IP6])?;
        }
        3 | 6 | 7 => join_prune(d, tvb)?,
        5 => {
            let at = group(d, tvb, HEADER_LEN)?;
            let at = unicast(d, tvb, at, [SOURCE, SOURCE_IP6])?;
            d.flag(RPT, tvb, at, 1, tvb.u8(at)?.into());
            d.bits(METRIC_PREF, tvb, at, 4, tvb.u32(at)?.into());
            d.uint(METRIC, tvb, at + 4, 4)?;
        }
        _ => {}
    }
    d.close();
    d.close();
    if let Some((id, inner)) = carried {
        d.call(id, inner);
        d.set_protocol("PIMv2");
        d.set_info(|| "Register".to_owned());
        (d.endpoints.src, d.endpoints.dst) = outer;
    }
    Ok(())
}

fn show_checksum<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    let found = tvb.u16(2)?;
    let line = d.open(CKSUM, tvb, 2, 2, Value::Uint(found.into()));
    if !tvb.is_whole() {
        d.text(line, || format!("Checksum: 0x{found:04x} [unverified]"));
        d.close();
        d.generated(CKSUM_STATUS, tvb, 2, 0, Value::Uint(2));
        return Ok(());
    }
    let octets = tvb.bytes();
    let own = octets.get(..REGISTER_LEN).filter(|_| kind == 1).unwrap_or(octets);
    let of = |octets: &[u8]| match (d.endpoints.src, d.endpoints.dst) {
        (src @ Address::Ipv6(_), dst) => checksum::expected_ipv6(src, dst, PROTOCOL_NUMBER, octets, found),
        _ => checksum::expected(octets, found),
    };
    // Some registers count what they carry, and receivers take them.
    let wanted = [own, octets].map(of);
    let is_good = wanted.contains(&found);
    let [wanted, _] = wanted;
    d.text(line, || match is_good {
        true => format!("Checksum: 0x{found:04x} [correct]"),
        false => format!("Checksum: 0x{found:04x} incorrect, should be 0x{wanted:04x}"),
    });
    if !is_good {
        d.expert_with(BAD_CHECKSUM, tvb, 2, 2, || format!("Bad checksum [should be 0x{wanted:04x}]"));
    }
    d.close();
    d.generated(CKSUM_STATUS, tvb, 2, 0, Value::Uint(is_good.into()));
    Ok(())
}

fn hello<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = HEADER_LEN;
    while at + 4 <= tvb.reported() {
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        d.open_text(tvb, at, len + 4, || match Names::Values(OPTIONS).of(kind.into()) {
            Some(name) => format!("Option {kind}: {name}"),
            None => format!("Option {kind}: Unknown: {kind}"),
        });
        d.uint(OPTIONTYPE, tvb, at, 2)?;
        d.uint(OPTIONLENGTH, tvb, at + 2, 2)?;
        let value = at + 4;
        match (kind, len) {
            (1, 2) => {
                d.uint(HOLDTIME, tvb, value, 2)?;
            }
            (2, 4) => {
                d.flag(T, tvb, value, 1, tvb.u8(value)?.into());
                d.bits(PROPAGATION_DELAY, tvb, value, 2, tvb.u16(value)?.into());
                d.uint(OVERRIDE_INTERVAL, tvb, value + 2, 2)?;
            }
            (19, 4) => {
                d.uint(DR_PRIORITY, tvb, value, 4)?;
            }
            (20, 4) => {
                d.uint(GENERATION_ID, tvb, value, 4)?;
            }
            (21, 4) => {
                d.uint(STATE_REFRESH_VERSION, tvb, value, 1)?;
                d.uint(STATE_REFRESH_INTERVAL, tvb, value + 1, 1)?;
                d.uint(STATE_REFRESH_RESERVED, tvb, value + 2, 2)?;
            }
            (24 | 65_001, _) => {
                let mut address = value;
                while address < value + len {
                    address = unicast(d, tvb, address, [ADDRESS_LIST, ADDRESS_LIST_IP6])?;
                }
            }
            _ if len > 0 => {
                tvb.slice(value, len)?;
                d.bytes(OPTIONVALUE, tvb, value, len);
            }
            _ => {}
        }
        d.close();
        at = value + len;
    }
    Ok(())
}

/// The header of a register, and the datagram behind it.
fn register<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Option<(ProtoId, Tvb<'a>)>, Stop> {
    let flags = u64::from(tvb.u32(HEADER_LEN)?);
    d.open(REGISTER_FLAG, tvb, HEADER_LEN, 4, Value::Uint(flags));
    d.flag(BORDER, tvb, HEADER_LEN, 4, flags);
    d.flag(NULL_REGISTER, tvb, HEADER_LEN, 4, flags);
    d.close();
    let inner = tvb.from(REGISTER_LEN);
    if inner.is_empty() {
        return Ok(None);
    }
    let first = inner.u8(0)?;
    d.bits(IP_VERSION, inner, 0, 1, first.into());
    Ok(match first >> 4 {
        4 => Some((ProtoId::Ip, inner)),
        6 => Some((ProtoId::Ipv6, inner)),
        _ => None,
    })
}

/// The family and the encoding of an address (RFC 7761, 4.9.1); answers how many octets it has.
fn family<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let family = d.uint(ADDRESS_FAMILY, tvb, at, 1)?;
    d.uint(ENCODING_TYPE, tvb, at + 1, 1)?;
    match family {
        1 => Ok(4),
        2 => Ok(16),
        _ => Err(Stop::Malformed),
    }
}

fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize, fields: [FieldId; 2]) -> Parsed {
    let [ipv4, ipv6] = fields;
    if len == 4 {
        d.add(ipv4, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
    } else {
        d.add(ipv6, tvb, at, 16, Value::Ipv6(tvb.array(at)?));
    }
    Ok(())
}

/// What stands for an encoded address in the tree, over `head` octets and the address itself.
fn parent<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, head: usize, fields: [FieldId; 2]) -> Parsed {
    let [ipv4, ipv6] = fields;
    match tvb.u8(at)? {
        1 => d.open(ipv4, tvb, at, head + 4, Value::Ipv4(tvb.array(at + head)?)),
        2 => d.open(ipv6, tvb, at, head + 16, Value::Ipv6(tvb.array(at + head)?)),
        _ => return Err(Stop::Malformed),
    };
    Ok(())
}

fn unicast<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, fields: [FieldId; 2]) -> Result<usize, Stop> {
    parent(d, tvb, at, 2, fields)?;
    let len = family(d, tvb, at)?;
    address(d, tvb, at + 2, len, [UNICAST, UNICAST_IPV6])?;
    d.close();
    Ok(at + 2 + len)
}

fn group<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    parent(d, tvb, at, 4, [GROUP, GROUP_IP6])?;
    let len = family(d, tvb, at)?;
    let flags = u64::from(tvb.u8(at + 2)?);
    d.open(GROUP_FLAGS, tvb, at + 2, 1, Value::Uint(flags));
    d.flag(GROUP_B, tvb, at + 2, 1, flags);
    d.bits(GROUP_RESERVED, tvb, at + 2, 1, flags);
    d.flag(GROUP_Z, tvb, at + 2, 1, flags);
    d.close();
    d.uint(MASK_LEN, tvb, at + 3, 1)?;
    address(d, tvb, at + 4, len, [GROUP, GROUP_IP6])?;
    d.close();
    Ok(at + 4 + len)
}

fn source<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, fields: [FieldId; 2]) -> Result<usize, Stop> {
    parent(d, tvb, at, 4, fields)?;
    let len = family(d, tvb, at)?;
    let flags = u64::from(tvb.u8(at + 2)?);
    d.open(SOURCE_FLAGS, tvb, at + 2, 1, Value::Uint(flags));
    d.bits(SOURCE_RESERVED, tvb, at + 2, 1, flags);
    for flag in [SOURCE_S, SOURCE_W, SOURCE_R] {
        d.flag(flag, tvb, at + 2, 1, flags);
    }
    d.close();
    d.uint(MASK_LEN, tvb, at + 3, 1)?;
    address(d, tvb, at + 4, len, [SOURCE, SOURCE_IP6])?;
    d.close();
    Ok(at + 4 + len)
}

/// RFC 7761, 4.9.5; grafts are of the same form (RFC 3973, 4.7.6).
fn join_prune<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = unicast(d, tvb, HEADER_LEN, [UPSTREAM_NEIGHBOR, UPSTREAM_NEIGHBOR_IP6])?;
    d.bytes(RES_BYTES, tvb, at, 1);
    let groups = d.uint(NUMGROUPS, tvb, at + 1, 1)?;
    d.uint(HOLDTIME, tvb, at + 2, 2)?;
    at += 4;
    for number in 0..groups {
        d.open_text(tvb, at, 0, || format!("Group {number}"));
        at = group(d, tvb, at)?;
        let (joins, prunes) = (tvb.u16(at)?, tvb.u16(at + 2)?);
        let counts = at;
        at += 4;
        let joins = (counts, joins, NUMJOINS, [JOIN_IP, JOIN_IP6]);
        let prunes = (counts + 2, prunes, NUMPRUNES, [PRUNE_IP, PRUNE_IP6]);
        for (place, count, field, addresses) in [joins, prunes] {
            d.open(field, tvb, place, 2, Value::Uint(count.into()));
            for _ in 0..count {
                at = source(d, tvb, at, addresses)?;
            }
            d.close();
        }
        d.close();
    }
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500006400010000016700000a000001e000000d2000df750001000200690002000481f409c400130004000000010014 \
     00040102030400150004010000000018001801000a000002020000000000000000000000000000000001006300026162 \
     00160000",
    "4500003a00010000016700000a000001e000000d21009eff400000004500001e00010000401100000a000001e0010101 \
     13881770000a00006869",
    "4500002600010000016700000a000001e000000d2200f0da01000020e001010101000a000002",
    "4500003e00010000016700000a000001e000000d2300cdb301000a000002000100d201000020e0010101000100010100 \
     07200a000009010004200a000009",
    "4500006e00010000016700000a000001e000000d230071ac0200fe800000000000000000000000000002000100d20200 \
     0080ff050000000000000000000000000001000100010200048020010db8000000000000000000000001020004802001 \
     0db8000000000000000000000001",
    "4500002e00010000016700000a000001e000000d25006d7401000020e001010101000a0000028000006500000001",
    "4500001e00010000406700000a0000010a00000220000000000100020069",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn options_addresses_and_what_a_register_carries() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "pim.holdtime"), "105");
        assert_eq!(values(&shown[0], "pim.cksum.status"), "1");
        assert_eq!(values(&shown[1], "pim.cksum.status"), "1");
        assert_eq!(values(&shown[1], "udp.dstport"), "6000");
        assert_eq!(values(&shown[3], "pim.source"), "10.0.0.9,10.0.0.9");
        assert_eq!(values(&shown[6], "pim.cksum.status"), "0");
    }

    #[test]
    fn survives_anything() {
        let seed =
            b"\x23\0\0\0\x01\0\x0a\0\0\x02\0\x01\0\xd2\x01\0\0\x20\xe0\x01\x01\x01\0\x01\0\0\x01\0\x07\x20\x0a\0\0\x09";
        crate::tests::survives_anything(ProtoId::Pim, seed);
    }
}
