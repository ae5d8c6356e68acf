//! Internet Group Management Protocol, versions 1 (RFC 1112), 2 (RFC 2236) and 3 (RFC 3376).

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::proto::icmp::{self, ChecksumFields};
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Igmp, "igmp", "Internet Group Management Protocol";
    VERSION = field("igmp.version", "IGMP Version", Uint8, Dec);
    TYPE = field("igmp.type", "Type", Uint8, Hex).names(Names::Values(TYPES));
    RESERVED = field("igmp.reserved", "Reserved", Bytes, None);
    MAX_RESP = field("igmp.max_resp", "Max Resp Time", Uint8, Dec);
    MAX_RESP_EXP = field("igmp.max_resp.exp", "Exponent", Uint8, Hex).mask(0x70);
    MAX_RESP_MANT = field("igmp.max_resp.mant", "Mantissa", Uint8, Hex).mask(0x0f);
    CHECKSUM = field("igmp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("igmp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    MADDR = field("igmp.maddr", "Multicast Address", Ipv4, None);
    S = field("igmp.s", "S", Boolean, None).names(Names::Flag("SUPPRESS router side processing", "Do not suppress router side processing")).mask(0x08);
    QRV = field("igmp.qrv", "QRV", Uint8, Dec).mask(0x07);
    QQIC = field("igmp.qqic", "QQIC", Uint8, Dec);
    NUM_SRC = field("igmp.num_src", "Num Src", Uint16, Dec);
    SADDR = field("igmp.saddr", "Source Address", Ipv4, None);
    NUM_GRP_RECS = field("igmp.num_grp_recs", "Num Group Records", Uint16, Dec);
    RECORD_TYPE = field("igmp.record_type", "Record Type", Uint8, Dec).names(Names::Values(RECORD_TYPES));
    AUX_DATA_LEN = field("igmp.aux_data_len", "Aux Data Len", Uint8, Dec);
    AUX_DATA = field("igmp.aux_data", "Aux Data", Bytes, None);
    DATA = field("igmp.data", "Data", Bytes, None);
    BAD_CHECKSUM = expert("igmp.bad_checksum", "Bad checksum", Error, Checksum);
}

const QUERY: u8 = 0x11;
const REPORT_V1: u8 = 0x12;
const REPORT_V2: u8 = 0x16;
const LEAVE: u8 = 0x17;
const REPORT_V3: u8 = 0x22;

const TYPES: &[(u64, &str)] = &[
    (0x01, "Create Group Request"),
    (0x02, "Create Group Reply"),
    (0x03, "Join Group Request"),
    (0x04, "Join Group Reply"),
    (0x05, "Leave Group Request"),
    (0x06, "Leave Group Reply"),
    (0x07, "Confirm Group Request"),
    (0x08, "Confirm Group Reply"),
    (0x11, "Membership Query"),
    (0x12, "Membership Report"),
    (0x13, "DVMRP Protocol"),
    (0x14, "PIM Routing Message"),
    (0x16, "Membership Report"),
    (0x17, "Leave Group"),
    (0x1e, "Traceroute Response"),
    (0x1f, "Traceroute Query or Request"),
    (0x22, "Membership Report"),
];

/// What a group record says (RFC 3376, 4.2.12).
const RECORD_TYPES: &[(u64, &str)] = &[
    (1, "Mode Is Include"),
    (2, "Mode Is Exclude"),
    (3, "Change To Include Mode"),
    (4, "Change To Exclude Mode"),
    (5, "Allow New Sources"),
    (6, "Block Old Sources"),
];

const CHECKSUM_FIELDS: ChecksumFields = ChecksumFields { value: CHECKSUM, status: CHECKSUM_STATUS, bad: BAD_CHECKSUM };
const QUERY_V3_LEN: usize = 12;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 228,
        frames: &[
            "45000020 00000000 01020000 0a000001 e0000001 11fa0000 00000000 0a7d0000",
            "4500002c 00000000 01020000 0a000001 e0000016 22000000 00000001 04010001 ef010101 0a000009 01020304",
            "4500001c 00000000 01020000 0a000001 e0000001 99000000 00000000",
        ],
    }],
    ..Protocol::new(ProtoId::Igmp, "IGMP", &[Binding::IpProto(2)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IGMP");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let kind = tvb.u8(0)?;
    let name = Names::Values(TYPES).of(kind.into());
    d.set_info(|| match &name {
        Some(name) => name.to_string(),
        None => format!("Unknown Type:0x{kind:02x}"),
    });
    let version = match kind {
        // RFC 3376, 7.1: the length tells version 3, an empty code version 1.
        QUERY if tvb.reported() >= QUERY_V3_LEN => 3,
        QUERY if tvb.u8(1)? == 0 => 1,
        QUERY | REPORT_V2 | LEAVE => 2,
        REPORT_V1 => 1,
        REPORT_V3 => 3,
        _ => {
            d.uint(TYPE, tvb, 0, 1)?;
            if tvb.len() > 1 {
                d.bytes(DATA, tvb, 1, tvb.len() - 1);
            }
            d.close();
            return Ok(());
        }
    };
    // Each version counts as a layer of its own.
    d.layer("igmp");
    d.set_protocol(&format!("IGMPv{version}"));
    d.generated(VERSION, tvb, 0, 0, Value::Uint(version));
    d.uint(TYPE, tvb, 0, 1)?;
    if version == 1 || kind == REPORT_V3 {
        d.bytes(RESERVED, tvb, 1, 1);
    } else {
        max_resp(d, tvb, version == 3)?;
    }
    icmp::add_checksum(d, tvb, &CHECKSUM_FIELDS, checksum::expected)?;
    if kind == REPORT_V3 {
        report(d, tvb)?;
        d.close();
        return Ok(());
    }
    let group = tvb.array::<4>(4)?;
    d.add(MADDR, tvb, 4, 4, Value::Ipv4(group));
    let shown = Address::Ipv4(group);
    match kind {
        QUERY if version == 1 => {}
        QUERY if group == [0; 4] => d.append_info(|| ", general".to_owned()),
        QUERY => d.append_info(|| format!(", specific for group {shown}")),
        REPORT_V2 => d.append_info(|| format!(" group {shown}")),
        LEAVE => d.append_info(|| format!(" {shown}")),
        _ => {}
    }
    if version == 3 {
        let flags = tvb.u8(8)?;
        d.flag(S, tvb, 8, 1, flags.into());
        d.bits(QRV, tvb, 8, 1, flags.into());
        d.uint(QQIC, tvb, 9, 1)?;
        let count = d.uint(NUM_SRC, tvb, 10, 2)? as usize;
        let names = sources(d, tvb, QUERY_V3_LEN, count)?;
        if count > 0 {
            d.append_info(|| format!(", source {{{names}}}"));
        }
    }
    d.close();
    Ok(())
}

/// The time to answer in, in tenths of a second: in version 3 a floating-point number from 128 on (RFC 3376, 4.1.1).
fn max_resp<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool) -> Parsed {
    let code = tvb.u8(1)?;
    let is_float = is_v3 && code >= 0x80;
    let tenths = match is_float {
        true => u64::from(code & 0x0f | 0x10) << ((code >> 4 & 7) + 3),
        false => code.into(),
    };
    let line = d.open(MAX_RESP, tvb, 1, 1, Value::Uint(tenths));
    d.text(line, || format!("Max Resp Time: {}.{} sec (0x{code:02x})", tenths / 10, tenths % 10));
    if is_float {
        d.bits(MAX_RESP_EXP, tvb, 1, 1, code.into());
        d.bits(MAX_RESP_MANT, tvb, 1, 1, code.into());
    }
    d.close();
    Ok(())
}

/// Adds source addresses; answers them as the Info column shows them.
fn sources<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, count: usize) -> Result<String, Stop> {
    let mut names = String::new();
    for n in 0..count {
        let octets = tvb.array(at + n * 4)?;
        d.add(SADDR, tvb, at + n * 4, 4, Value::Ipv4(octets));
        if d.wants_columns() {
            if n > 0 {
                names += ", ";
            }
            names += &Address::Ipv4(octets).to_string();
        }
    }
    Ok(names)
}

fn report<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    tvb.slice(4, 2)?;
    d.bytes(RESERVED, tvb, 4, 2);
    let count = d.uint(NUM_GRP_RECS, tvb, 6, 2)?;
    if count == 0 {
        d.append_info(|| " - General query".to_owned());
    }
    let mut at = 8;
    for _ in 0..count {
        let (kind, words, number) = (tvb.u8(at)?, usize::from(tvb.u8(at + 1)?), usize::from(tvb.u16(at + 2)?));
        let group = tvb.array(at + 4)?;
        let len = 8 + number * 4 + words * 4;
        let shown = Address::Ipv4(group);
        d.open_text(tvb, at, len, || {
            let name = Names::Values(RECORD_TYPES).of(kind.into());
            format!("Group Record : {shown}  {}", name.as_deref().unwrap_or("Unknown"))
        });
        d.uint(RECORD_TYPE, tvb, at, 1)?;
        d.uint(AUX_DATA_LEN, tvb, at + 1, 1)?;
        d.uint(NUM_SRC, tvb, at + 2, 2)?;
        d.add(MADDR, tvb, at + 4, 4, Value::Ipv4(group));
        let names = sources(d, tvb, at + 8, number)?;
        d.append_info(|| format!(" / {}", record_info(kind, shown, number, &names)));
        tvb.slice(at, len)?;
        if words > 0 {
            d.bytes(AUX_DATA, tvb, at + 8 + number * 4, words * 4);
        }
        d.close();
        at += len;
    }
    Ok(())
}

/// What a group record says, for the Info column.
fn record_info(kind: u8, group: Address, count: usize, sources: &str) -> String {
    let plural = if count > 1 { "s" } else { "" };
    match (kind, count) {
        (1 | 3, 0) => format!("Leave group {group}"),
        (1 | 3, _) => format!("Join group {group} for source{plural} {{{sources}}}"),
        (2 | 4, 0) => format!("Join group {group} for any sources"),
        (2 | 4, _) => format!("Join group {group}, for source{plural} not {{{sources}}}"),
        (5, 0) => format!("Group {group}, ALLOW_NEW_SOURCES but no source specified (?)"),
        (6, 0) => format!("Group {group}, BLOCK_OLD_SOURCES but no source specified (?)"),
        (5, _) => format!("Group {group}, new source{plural} {{{sources}}}"),
        (6, _) => format!("Group {group}, block source{plural} {{{sources}}}"),
        _ => format!("Group {group}, unknown record type (?), sources {{{sources}}}"),
    }
}
