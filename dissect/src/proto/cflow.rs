//! NetFlow, versions 1, 5, 7 and 9 (RFC 3954), and IPFIX (RFC 7011). What a record of the last two holds says a template that
//! the same exporter sent before.

use std::sync::Arc;

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Cflow, "cflow", "Cisco NetFlow/IPFIX";
    VERSION = field("cflow.version", "Version", Uint16, Dec);
    LEN = field("cflow.len", "Length", Uint16, Dec);
    COUNT = field("cflow.count", "Count", Uint16, Dec);
    SYSUPTIME = field("cflow.sysuptime", "SysUptime", RelativeTime, None);
    TIMESTAMP = field("cflow.timestamp", "Timestamp", AbsoluteTime, None);
    EXPORTTIME = field("cflow.exporttime", "ExportTime", Uint32, Dec);
    UNIX_SECS = field("cflow.unix_secs", "CurrentSecs", Uint32, Dec);
    UNIX_NSECS = field("cflow.unix_nsecs", "CurrentNSecs", Uint32, Dec);
    SEQUENCE = field("cflow.sequence", "FlowSequence", Uint32, Dec);
    ENGINE_TYPE = field("cflow.engine_type", "EngineType", Uint8, Dec);
    ENGINE_ID = field("cflow.engine_id", "EngineId", Uint8, Dec);
    SAMPLINGMODE = field("cflow.samplingmode", "SamplingMode", Uint16, Dec).mask(0xc000);
    SAMPLERATE = field("cflow.samplerate", "SampleRate", Uint16, Dec).mask(0x3fff);
    SOURCE_ID = field("cflow.source_id", "SourceId", Uint32, Dec);
    OD_ID = field("cflow.od_id", "Observation Domain Id", Uint32, Dec);
    FLOWSET_ID = field("cflow.flowset_id", "FlowSet Id", Uint16, Dec).names(Names::Values(SETS));
    FLOWSET_LENGTH = field("cflow.flowset_length", "FlowSet Length", Uint16, Dec);
    TEMPLATE_ID = field("cflow.template_id", "Template Id", Uint16, Dec);
    TEMPLATE_FIELD_COUNT = field("cflow.template_field_count", "Field Count", Uint16, Dec);
    TEMPLATE_FIELD_TYPE = field("cflow.template_field_type", "Type", Uint16, Dec).names(Names::Values(ELEMENTS));
    TEMPLATE_IPFIX_PEN_PROVIDED = field("cflow.template_ipfix_pen_provided", "Pen provided", Boolean, None).mask(0x8000).names(Names::Flag("Yes", "No"));
    TEMPLATE_IPFIX_FIELD_TYPE = field("cflow.template_ipfix_field_type", "Type", Uint16, Dec).mask(0x7fff).names(Names::Values(ELEMENTS));
    TEMPLATE_IPFIX_FIELD_TYPE_ENTERPRISE = field("cflow.template_ipfix_field_type_enterprise", "Type", Uint16, Dec).mask(0x7fff);
    TEMPLATE_IPFIX_FIELD_PEN = field("cflow.template_ipfix_field_pen", "PEN", Uint32, Dec);
    TEMPLATE_FIELD_LENGTH = field("cflow.template_field_length", "Length", Uint16, Dec);
    SRCADDR = field("cflow.srcaddr", "SrcAddr", Ipv4, None);
    DSTADDR = field("cflow.dstaddr", "DstAddr", Ipv4, None);
    NEXTHOP = field("cflow.nexthop", "NextHop", Ipv4, None);
    SRCADDRV6 = field("cflow.srcaddrv6", "SrcAddr", Ipv6, None);
    DSTADDRV6 = field("cflow.dstaddrv6", "DstAddr", Ipv6, None);
    NEXTHOPV6 = field("cflow.nexthopv6", "NextHop", Ipv6, None);
    INPUTINT = field("cflow.inputint", "InputInt", Uint32, Dec);
    OUTPUTINT = field("cflow.outputint", "OutputInt", Uint32, Dec);
    PACKETS = field("cflow.packets", "Packets", Uint64, Dec);
    OCTETS = field("cflow.octets", "Octets", Uint64, Dec);
    TIMEDELTA = field("cflow.timedelta", "Duration", RelativeTime, None);
    TIMESTART = field("cflow.timestart", "StartTime", RelativeTime, None);
    TIMEEND = field("cflow.timeend", "EndTime", RelativeTime, None);
    SRCPORT = field("cflow.srcport", "SrcPort", Uint16, Dec);
    DSTPORT = field("cflow.dstport", "DstPort", Uint16, Dec);
    PROTOCOL_NUMBER = field("cflow.protocol", "Protocol", Uint8, Dec);
    TOS = field("cflow.tos", "IP ToS", Uint8, Hex);
    TCPFLAGS = field("cflow.tcpflags", "TCP Flags", Uint8, Hex);
    SRCAS = field("cflow.srcas", "SrcAS", Uint32, Dec);
    DSTAS = field("cflow.dstas", "DstAS", Uint32, Dec);
    SRCMASK = field("cflow.srcmask", "SrcMask", Uint8, Dec);
    DSTMASK = field("cflow.dstmask", "DstMask", Uint8, Dec);
}

const SETS: &[(u64, &str)] = &[
    (0, "Data Template (V9)"),
    (1, "Options Template (V9)"),
    (2, "Data Template (V10 [IPFIX])"),
    (3, "Options Template (V10 [IPFIX])"),
];
/// Information elements (RFC 3954, 8, and the registry of RFC 7012).
const ELEMENTS: &[(u64, &str)] = &[
    (1, "BYTES"),
    (2, "PKTS"),
    (3, "FLOWS"),
    (4, "PROTOCOL"),
    (5, "IP_TOS"),
    (6, "TCP_FLAGS"),
    (7, "L4_SRC_PORT"),
    (8, "IP_SRC_ADDR"),
    (9, "SRC_MASK"),
    (10, "INPUT_SNMP"),
    (11, "L4_DST_PORT"),
    (12, "IP_DST_ADDR"),
    (13, "DST_MASK"),
    (14, "OUTPUT_SNMP"),
    (15, "IP_NEXT_HOP"),
    (16, "SRC_AS"),
    (17, "DST_AS"),
    (18, "BGP_NEXT_HOP"),
    (21, "LAST_SWITCHED"),
    (22, "FIRST_SWITCHED"),
    (27, "IPV6_SRC_ADDR"),
    (28, "IPV6_DST_ADDR"),
    (62, "IPV6_NEXT_HOP"),
];
/// The elements that have a field of their own.
const SHOWN: &[(u16, FieldId)] = &[
    (1, OCTETS),
    (2, PACKETS),
    (4, PROTOCOL_NUMBER),
    (5, TOS),
    (6, TCPFLAGS),
    (7, SRCPORT),
    (8, SRCADDR),
    (9, SRCMASK),
    (10, INPUTINT),
    (11, DSTPORT),
    (12, DSTADDR),
    (13, DSTMASK),
    (14, OUTPUTINT),
    (15, NEXTHOP),
    (16, SRCAS),
    (17, DSTAS),
    (21, TIMEEND),
    (22, TIMESTART),
    (27, SRCADDRV6),
    (28, DSTADDRV6),
    (62, NEXTHOPV6),
];

/// How many templates are remembered, of how many fields, and how many fields of one message are shown.
const MAX_TEMPLATES: usize = 8192;
const MAX_FIELDS: usize = 256;
const MAX_SHOWN: usize = 16_384;
/// What a length says that stands before the value itself (RFC 7011, 7).
const VARIABLE: u16 = 0xffff;
const ENTERPRISE: u16 = 0x8000;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(is_one),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Cflow,
        "CFLOW",
        &[Binding::UdpPort(2055), Binding::UdpPort(4739), Binding::UdpPort(9996)],
        dissect,
    )
};

/// The elements of a record: number, length.
pub(crate) type Template = Arc<[(u16, u16)]>;

/// The templates of the first pass, by exporter, domain and number.
pub(crate) struct Templates(Recent<(Address, u32, u16), Template>);

impl Default for Templates {
    fn default() -> Self {
        Self(Recent::new(MAX_TEMPLATES))
    }
}

fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    matches!(tvb.bytes(), [0, 1 | 5 | 7 | 9 | 10, ..])
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("CFLOW");
    let (version, count) = (d.uint(VERSION, tvb, 0, 2)?, u64::from(tvb.u16(2)?));
    if version == 10 {
        ipfix(d, tvb)?;
    } else {
        let noun = if version == 9 { "record" } else { "flow" };
        let plural = if count == 1 { "" } else { "s" };
        d.set_info(|| format!("total: {count} (v{version}) {noun}{plural}"));
        d.add(COUNT, tvb, 2, 2, Value::Uint(count));
        let uptime = i64::from(tvb.u32(4)?);
        d.add(SYSUPTIME, tvb, 4, 4, Value::Time(uptime * 1_000_000));
        let seconds = i64::from(tvb.u32(8)?);
        let nanoseconds = if version == 9 { 0 } else { i64::from(tvb.u32(12)?) };
        d.open(TIMESTAMP, tvb, 8, 4, Value::Time(seconds * 1_000_000_000 + nanoseconds));
        d.uint(UNIX_SECS, tvb, 8, 4)?;
        if version != 9 {
            d.uint(UNIX_NSECS, tvb, 12, 4)?;
        }
        d.close();
        if version == 9 {
            d.uint(SEQUENCE, tvb, 12, 4)?;
            let source = d.uint(SOURCE_ID, tvb, 16, 4)?;
            d.append_info(|| format!(" Obs-Domain-ID={source:5}"));
            sets(d, tvb, 20, source as u32, 9)?;
        } else {
            fixed(d, tvb, version, count)?;
        }
    }
    d.close();
    Ok(())
}

fn ipfix<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let len = d.uint(LEN, tvb, 2, 2)?;
    let seconds = i64::from(tvb.u32(4)?);
    d.open(TIMESTAMP, tvb, 4, 4, Value::Time(seconds * 1_000_000_000));
    d.uint(EXPORTTIME, tvb, 4, 4)?;
    d.close();
    d.uint(SEQUENCE, tvb, 8, 4)?;
    let domain = d.uint(OD_ID, tvb, 12, 4)?;
    d.set_info(|| format!("IPFIX flow ({len:4} bytes) Obs-Domain-ID={domain:5}"));
    sets(d, tvb.sub(0, (len as usize).max(16)), 16, domain as u32, 10)
}

/// The records of versions without templates.
fn fixed<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, version: u64, count: u64) -> Parsed {
    let (mut at, len) = match version {
        1 => (16, 52),
        5 => (24, 48),
        _ => (24, 52),
    };
    if version != 1 {
        d.uint(SEQUENCE, tvb, 16, 4)?;
    }
    if version == 5 {
        d.uint(ENGINE_TYPE, tvb, 20, 1)?;
        d.uint(ENGINE_ID, tvb, 21, 1)?;
        let sampling = u64::from(tvb.u16(22)?);
        d.bits(SAMPLINGMODE, tvb, 22, 2, sampling);
        d.bits(SAMPLERATE, tvb, 22, 2, sampling);
    }
    for number in 1..=count {
        if at >= tvb.reported() {
            break;
        }
        let record = tvb.exact(at, len)?;
        record.slice(0, len)?;
        d.open_text(record, 0, len, || format!("pdu {number}/{count}"));
        for (field, at) in [(SRCADDR, 0), (DSTADDR, 4), (NEXTHOP, 8)] {
            d.add(field, record, at, 4, Value::Ipv4(record.array(at)?));
        }
        for (field, at, width) in [(INPUTINT, 12, 2), (OUTPUTINT, 14, 2), (PACKETS, 16, 4), (OCTETS, 20, 4)] {
            d.uint(field, record, at, width)?;
        }
        let times = [i64::from(record.u32(24)?), i64::from(record.u32(28)?)].map(|time| time * 1_000_000);
        d.within(|d| {
            d.generated(TIMEDELTA, record, 24, 8, Value::Time(times[1] - times[0]));
            d.within(|d| {
                d.add(TIMESTART, record, 24, 4, Value::Time(times[0]));
                d.add(TIMEEND, record, 28, 4, Value::Time(times[1]));
            });
        });
        d.uint(SRCPORT, record, 32, 2)?;
        d.uint(DSTPORT, record, 34, 2)?;
        let rest: &[(FieldId, usize, usize)] = match version {
            1 => &[(PROTOCOL_NUMBER, 38, 1), (TOS, 39, 1), (TCPFLAGS, 40, 1)],
            _ => &[
                (TCPFLAGS, 37, 1),
                (PROTOCOL_NUMBER, 38, 1),
                (TOS, 39, 1),
                (SRCAS, 40, 2),
                (DSTAS, 42, 2),
                (SRCMASK, 44, 1),
                (DSTMASK, 45, 1),
            ],
        };
        for (field, at, width) in rest {
            d.uint(*field, record, *at, *width)?;
        }
        d.close();
        at += len;
    }
    Ok(())
}

/// The sets of a message (RFC 3954, 5.2; RFC 7011, 3.3).
fn sets<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize, domain: u32, version: u64) -> Parsed {
    let mut shown = 0;
    while at + 4 <= tvb.reported() {
        let (id, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        if len < 4 {
            return Err(Stop::Malformed);
        }
        let set = tvb.sub(at, len);
        d.open_text(set, 0, len, || match id {
            0 | 2 => format!("FlowSet [id={id}] (Data Template)"),
            1 | 3 => format!("FlowSet [id={id}] (Options Template)"),
            _ => format!("FlowSet [id={id}]"),
        });
        d.uint(FLOWSET_ID, set, 0, 2)?;
        d.uint(FLOWSET_LENGTH, set, 2, 2)?;
        match id {
            0 | 2 => templates(d, set, domain, version)?,
            1 | 3 => options(d, set, id)?,
            256.. => {
                d.append_info(|| format!(" [Data:{id}]"));
                records(d, set, (domain, id), &mut shown)?;
            }
            _ => {}
        }
        d.close();
        at += len;
    }
    Ok(())
}

/// One field of a template; answers it and where it ends.
fn specifier<'a>(d: &mut Dissector<'a>, set: Tvb<'a>, at: usize, version: u64) -> Result<((u16, u16), usize), Stop> {
    let (kind, len) = (set.u16(at)?, set.u16(at + 2)?);
    let is_own = version == 10 && kind & ENTERPRISE != 0;
    if version == 10 {
        d.flag(TEMPLATE_IPFIX_PEN_PROVIDED, set, at, 2, kind.into());
        let field = if is_own { TEMPLATE_IPFIX_FIELD_TYPE_ENTERPRISE } else { TEMPLATE_IPFIX_FIELD_TYPE };
        d.bits(field, set, at, 2, kind.into());
    } else {
        d.uint(TEMPLATE_FIELD_TYPE, set, at, 2)?;
    }
    d.uint(TEMPLATE_FIELD_LENGTH, set, at + 2, 2)?;
    if is_own {
        d.uint(TEMPLATE_IPFIX_FIELD_PEN, set, at + 4, 4)?;
    }
    Ok(((kind, len), at + if is_own { 8 } else { 4 }))
}

fn templates<'a>(d: &mut Dissector<'a>, set: Tvb<'a>, domain: u32, version: u64) -> Parsed {
    let mut at = 4;
    let mut names = Vec::new();
    while at + 4 <= set.reported() {
        let (id, count) = (set.u16(at)?, set.u16(at + 2)?);
        if id < 256 {
            break;
        }
        names.push(id.to_string());
        d.open_text(set, at, 4, || format!("Template (Id = {id}, Count = {count})"));
        d.uint(TEMPLATE_ID, set, at, 2)?;
        d.uint(TEMPLATE_FIELD_COUNT, set, at + 2, 2)?;
        at += 4;
        let mut template = Vec::new();
        for _ in 0..count {
            let (found, next) = specifier(d, set, at, version)?;
            if template.len() < MAX_FIELDS {
                template.push(found);
            }
            at = next;
        }
        d.close();
        let exporter = d.endpoints.src;
        if let Some(flows) = d.flows() {
            flows.cflow.0.insert((exporter, domain, id), template.into());
        }
    }
    d.append_info(|| format!(" [Data-Template:{}]", names.join(",")));
    Ok(())
}

/// Templates of options: their scopes stand first (RFC 3954, 6.1; RFC 7011, 3.4.2.2).
fn options<'a>(d: &mut Dissector<'a>, set: Tvb<'a>, kind: u16) -> Parsed {
    let mut at = 4;
    let mut names = Vec::new();
    while at + 6 <= set.reported() {
        let (id, first, second) = (set.u16(at)?, usize::from(set.u16(at + 2)?), usize::from(set.u16(at + 4)?));
        if id < 256 {
            break;
        }
        names.push(id.to_string());
        d.uint(TEMPLATE_ID, set, at, 2)?;
        at += 6;
        if kind == 1 {
            at += first + second;
        } else {
            for _ in 0..first {
                at = specifier(d, set, at, 10)?.1;
            }
        }
    }
    d.append_info(|| format!(" [Options-Template:{}]", names.join(",")));
    Ok(())
}

/// The records of a set, as the template says that was seen before.
fn records<'a>(d: &mut Dissector<'a>, set: Tvb<'a>, (domain, id): (u32, u16), shown: &mut usize) -> Parsed {
    let exporter = d.endpoints.src;
    if let Some(flows) = d.flows()
        && let Some(template) = flows.cflow.0.get(&(exporter, domain, id)).cloned()
    {
        d.record(Fact::FlowTemplate { id, template });
    }
    let template = d.last_fact(|fact| match fact {
        Fact::FlowTemplate { id: known, template } if *known == id => Some(template.clone()),
        _ => None,
    });
    let Some(template) = template else { return Ok(()) };
    let least: usize = template.iter().map(|(_, len)| if *len == VARIABLE { 1 } else { usize::from(*len) }).sum();
    let mut at = 4;
    let mut number = 1;
    while least > 0 && at + least <= set.reported() && *shown < MAX_SHOWN {
        d.open_text(set, at, least, || format!("Flow {number}"));
        number += 1;
        for (kind, len) in template.iter() {
            let mut len = usize::from(*len);
            if len == usize::from(VARIABLE) {
                len = set.u8(at)?.into();
                at += 1;
                if len == 255 {
                    len = set.u16(at)?.into();
                    at += 2;
                }
            }
            element(d, set.exact(at, len)?, *kind)?;
            at += len;
            *shown += 1;
        }
        d.close();
    }
    Ok(())
}

fn element<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, kind: u16) -> Parsed {
    let Some((_, field)) = SHOWN.iter().find(|row| row.0 == kind) else { return Ok(()) };
    let len = value.reported();
    match *field {
        SRCADDR | DSTADDR | NEXTHOP if len == 4 => {
            d.add(*field, value, 0, 4, Value::Ipv4(value.array(0)?));
        }
        SRCADDRV6 | DSTADDRV6 | NEXTHOPV6 if len == 16 => {
            d.add(*field, value, 0, 16, Value::Ipv6(value.array(0)?));
        }
        TIMESTART | TIMEEND if len == 4 => {
            d.add(*field, value, 0, 4, Value::Time(i64::from(value.u32(0)?) * 1_000_000));
        }
        SRCADDR | DSTADDR | NEXTHOP | SRCADDRV6 | DSTADDRV6 | NEXTHOPV6 | TIMESTART | TIMEEND => {}
        _ if (1..=8).contains(&len) => {
            d.uint(*field, value, 0, len)?;
        }
        _ => {}
    }
    Ok(())
}

/// Version 5, version 9 with a template and with its records alone, and IPFIX with options.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500006400010000401100000a0000010a000002138808070050000000050001000003e85f5e10000000000500000007 \
     010240640a0000010a0000020a0000030001000200000003000000040000138800001770005004000012060000010002 \
     18180000",
    "4500009800010000401100000a0000010a000002138808070084000000090002000003e85f5e10000000000700000005 \
     00000024012c0007001b0010001c0010003e001000150004001600040008000400010004012c00442001000000000000 \
     000000000000000020010000000000000000000000000000200100000000000000000000000000000000177000001388 \
     0a0000090000004d",
    "4500007400010000401100000a0000010a000002138808070060000000090001000003e85f5e10000000000800000005 \
     012c00442001000000000000000000000000000020010000000000000000000000000000200100000000000000000000 \
     0000000000001770000013880a0000090000004d",
    "4500004a00010000401100000a0000010a0000021388080700360000000a002e5f5e1000000000090000000600030016 \
     0190000200010001000480020004000000090191000800000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn records_are_read_by_the_template_that_came_before() {
        let all = frames(101, SAMPLE);
        assert_eq!(values(&all[0], "cflow.srcaddr"), "10.0.0.1");
        assert_eq!(values(&all[0], "cflow.timedelta"), "1.000000000");
        assert_eq!(values(&all[1], "cflow.template_id"), "300");
        assert_eq!(values(&all[2], "cflow.srcaddr"), "10.0.0.9");
        assert_eq!(values(&all[2], "cflow.octets"), "77");
        assert_eq!(values(&all[3], "cflow.template_id"), "400");
    }

    #[test]
    fn templates_are_forgotten_when_there_are_too_many() {
        let mut templates = Templates::default();
        for domain in 0..MAX_TEMPLATES as u32 + 9 {
            templates.0.insert((Address::None, domain, 256), [(1, 4)].into());
        }
        assert!(templates.0.len() <= MAX_TEMPLATES);
    }

    #[test]
    fn no_more_fields_are_shown_than_may_be() {
        let set = |id: u16, body: &[u8]| [&id.to_be_bytes()[..], &(body.len() as u16 + 4).to_be_bytes(), body].concat();
        let header = [0, 9, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let octets = [&header[..], &set(0, &[1, 0, 0, 1, 0, 5, 0, 1]), &set(256, &[7; MAX_SHOWN + 99])].concat();
        let shown = crate::tests::shown_by(ProtoId::Cflow, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "cflow.tos").count(), MAX_SHOWN);
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(
            ProtoId::Cflow,
            b"\0\x09\0\x02\0\0\x03\xe8\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x0c\x01\0\0\x01\0\x08\0\x04\x01\0\0\x08abcd",
        );
    }
}
