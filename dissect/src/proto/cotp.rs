//! X.224, ISO's connection-oriented transport protocol (ISO/IEC 8073), as it runs over TCP (RFC 1006; class 0).

use std::sync::Arc;

use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::proto::{rdp, s7comm, tcp};
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Cotp, "cotp", "ISO 8073/X.224 COTP Connection-Oriented Transport Protocol";
    LI = field("cotp.li", "Length", Uint8, Dec);
    TYPE = field("cotp.type", "PDU Type", Uint8, Hex).names(Names::Values(TYPES));
    DESTREF = field("cotp.destref", "Destination reference", Uint16, Hex);
    SRCREF = field("cotp.srcref", "Source reference", Uint16, Hex);
    CLASS = field("cotp.class", "Class", Uint8, Dec).mask(0xf0);
    EXTENDED_FORMATS = field("cotp.opts.extended_formats", "Extended formats", Boolean, None).mask(0x2);
    NO_FLOW_CONTROL = field("cotp.opts.no_explicit_flow_control", "No explicit flow control", Boolean, None).mask(0x1);
    TPDU_NUMBER = field("cotp.tpdu-number", "TPDU number", Uint8, Hex).mask(0x7f);
    EOT = field("cotp.eot", "Last data unit", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x80);
    PARAMETER_CODE = field("cotp.parameter_code", "Parameter code", Uint8, Hex).names(Names::Values(PARAMETERS));
    PARAMETER_LENGTH = field("cotp.parameter_length", "Parameter length", Uint8, Dec);
    PARAMETER_VALUE = field("cotp.parameter_value", "Parameter value", Bytes, None);
    SRC_TSAP = field("cotp.src-tsap", "Source TSAP", String, None);
    SRC_TSAP_BYTES = field("cotp.src-tsap-bytes", "Source TSAP", Bytes, None);
    DST_TSAP = field("cotp.dst-tsap", "Destination TSAP", String, None);
    DST_TSAP_BYTES = field("cotp.dst-tsap-bytes", "Destination TSAP", Bytes, None);
    TPDU_SIZE = field("cotp.tpdu_size", "TPDU size", Uint8, Dec);
    CAUSE = field("cotp.cause", "Cause", Uint8, Dec).names(Names::Values(CAUSES));
    REJECT_CAUSE = field("cotp.reject_cause", "Reject cause", Uint8, Dec).names(Names::Values(REJECT_CAUSES));
    SEGMENT_DATA = field("cotp.segment_data", "COTP segment data", Bytes, None);
}

/// ISO/IEC 8073, 13.1.
const TYPES: &[(u64, &str)] = &[
    (ED, "ED Expedited Data"),
    (0x2, "EA Expedited Data Acknowledgement"),
    (0x5, "RJ Reject"),
    (0x6, "AK Data Acknowledgement"),
    (ER, "ER TPDU Error"),
    (DR, "DR Disconnect Request"),
    (DC, "DC Disconnect Confirm"),
    (CC, "CC Connect Confirm"),
    (CR, "CR Connect Request"),
    (DT, "DT Data"),
];
const ED: u64 = 0x1;
const ER: u64 = 0x7;
const DR: u64 = 0x8;
const DC: u64 = 0xc;
const CC: u64 = 0xd;
const CR: u64 = 0xe;
const DT: u64 = 0xf;
/// ISO/IEC 8073, 13.3.4.
const PARAMETERS: &[(u64, &str)] = &[
    (TPDU_SIZE_CODE, "tpdu-size"),
    (SRC_TSAP_CODE, "src-tsap"),
    (DST_TSAP_CODE, "dst-tsap"),
    (0xc3, "checksum"),
    (0xc4, "version"),
    (0xc5, "protection"),
    (0xc6, "options"),
    (0xc7, "proto class"),
    (0x85, "ack time"),
    (0x87, "priority"),
    (0x88, "transit delay"),
    (0x89, "throughput"),
    (0xe0, "additional connection clearing info"),
    (0xf0, "preferred max TPDU size"),
    (0xf2, "inactivity timer"),
];
const TPDU_SIZE_CODE: u64 = 0xc0;
const SRC_TSAP_CODE: u64 = 0xc1;
const DST_TSAP_CODE: u64 = 0xc2;
/// ISO/IEC 8073, 13.5.3.
const CAUSES: &[(u64, &str)] = &[
    (0, "Reason not specified"),
    (1, "Congestion at TSAP"),
    (2, "Session entity not attached to TSAP"),
    (3, "Address unknown"),
    (128, "Normal Disconnect"),
    (129, "Remote transport entity congestion"),
    (130, "Connection negotiation failed"),
    (131, "Duplicate source reference"),
    (132, "Mismatched references"),
    (133, "Protocol error"),
    (135, "Reference overflow"),
    (136, "Connection request refused"),
    (138, "Header or parameter length invalid"),
];
/// ISO/IEC 8073, 13.12.3.
const REJECT_CAUSES: &[(u64, &str)] = &[
    (0, "Reason not specified"),
    (1, "Invalid parameter code"),
    (2, "Invalid TPDU type"),
    (3, "Invalid parameter value"),
];
/// The type that a unit without a credit begins with, and the flag of the last one of a message.
const LAST: u8 = 0x80;
/// How many parameters of one unit are shown.
const MAX_PARAMETERS: usize = 32;
/// Of how many directions parts of a message are kept, and how many octets of each.
pub(crate) const MAX_DIRECTIONS: usize = 1024;
pub(crate) const MAX_MESSAGE: usize = 64 * 1024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Rdp, ProtoId::S7comm, ProtoId::Data],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004900000000400600000a0000010a000002c350006600000001000000015018ffff00000000030000211ce00000000700c1020100c2020102c0010ac1024131c2024231c50100",
            "4500003e00000000400600000a0000020a0000010066c35000000001000000225018ffff000000000300001611d00007000300c0010ac1020100c2020102",
            "4500003100000000400600000a0000010a000002c350006600000022000000175018ffff000000000300000902f0003201",
            "4500003300000000400600000a0000010a000002c35000660000002b000000175018ffff000000000300000b02f08000000000",
            "4500003300000000400600000a0000010a000002c350006600000036000000175018ffff000000000300000b06800003000780",
            "4500003400000000400600000a0000010a000002c350006600000041000000175018ffff000000000300000c0770000302c10100",
        ],
    }],
    ..Protocol::new(ProtoId::Cotp, "COTP", &[], dissect)
};

/// The parts of messages that are not complete, by connection and direction.
pub(crate) struct Parts {
    open: Recent<(u32, bool), Vec<u8>>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { open: Recent::new(MAX_DIRECTIONS) }
    }
}

impl Parts {
    fn keep(&mut self, key: (u32, bool), part: &[u8]) {
        let mut parts = self.open.remove(&key).unwrap_or_default();
        let room = MAX_MESSAGE.saturating_sub(parts.len());
        parts.extend(part.iter().take(room));
        self.open.insert(key, parts);
    }

    /// The whole message that a part ends, if there were others.
    fn end(&mut self, key: (u32, bool), part: &[u8]) -> Option<Arc<[u8]>> {
        let mut parts = self.open.remove(&key)?;
        let room = MAX_MESSAGE.saturating_sub(parts.len());
        parts.extend(part.iter().take(room));
        Some(parts.into())
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("COTP");
    // Several units lie side by side in a segment.
    if d.occurrence(ProtoId::Cotp) > 1 {
        d.fence_info();
    }
    let len = usize::from(tvb.u8(0)?);
    let kind = u64::from(tvb.u8(1)? >> 4);
    let header = tvb.exact(0, len + 1)?;
    let payload = tvb.from(len + 1);
    d.layer("cotp");
    let end = tvb.base.saturating_add(tvb.len() as u32);
    d.open(PROTO, tvb, 0, len + 1, Value::Protocol { end });
    d.uint(LI, tvb, 0, 1)?;
    d.add(TYPE, tvb, 1, 1, Value::Uint(kind));
    match kind {
        CR | CC => connect(d, header, kind)?,
        DR => {
            let (to, from) = (header.u16(2)?, header.u16(4)?);
            d.uint(DESTREF, tvb, 2, 2)?;
            d.uint(SRCREF, tvb, 4, 2)?;
            d.uint(CAUSE, tvb, 6, 1)?;
            d.set_info(|| format!("DR TPDU src-ref: 0x{from:04x} dst-ref: 0x{to:04x}"));
            parameters(d, header.from(7))?;
        }
        DC => {
            let (to, from) = (header.u16(2)?, header.u16(4)?);
            d.uint(DESTREF, tvb, 2, 2)?;
            d.uint(SRCREF, tvb, 4, 2)?;
            d.set_info(|| format!("DC TPDU src-ref: 0x{from:04x} dst-ref: 0x{to:04x}"));
            parameters(d, header.from(6))?;
        }
        ER => {
            let to = header.u16(2)?;
            d.uint(DESTREF, tvb, 2, 2)?;
            d.uint(REJECT_CAUSE, tvb, 4, 1)?;
            d.set_info(|| format!("ER TPDU dst-ref: 0x{to:04x}"));
            parameters(d, header.from(5))?;
        }
        DT => return data(d, header, payload),
        _ => {}
    }
    d.close();
    Ok(())
}

fn connect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u64) -> Parsed {
    let (to, from) = (tvb.u16(2)?, tvb.u16(4)?);
    let name = if kind == CR { "CR" } else { "CC" };
    d.set_info(|| format!("{name} TPDU src-ref: 0x{from:04x} dst-ref: 0x{to:04x}"));
    d.uint(DESTREF, tvb, 2, 2)?;
    d.uint(SRCREF, tvb, 4, 2)?;
    let options = tvb.u8(6)?.into();
    d.bits(CLASS, tvb, 6, 1, options);
    d.flag(EXTENDED_FORMATS, tvb, 6, 1, options);
    d.flag(NO_FLOW_CONTROL, tvb, 6, 1, options);
    let variable = tvb.from(7);
    // MS-RDPBCGR puts its own where parameters would stand.
    if rdp::begins(variable) {
        d.call(ProtoId::Rdp, variable);
        return Ok(());
    }
    parameters(d, variable)
}

fn parameters<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_PARAMETERS {
        if at >= tvb.reported() {
            break;
        }
        let code = d.uint(PARAMETER_CODE, tvb, at, 1)?;
        let len = d.uint(PARAMETER_LENGTH, tvb, at + 1, 1)? as usize;
        let value = tvb.exact(at + 2, len)?;
        match code {
            TPDU_SIZE_CODE => {
                let shift = value.u8(0)?;
                let size = 1u64.checked_shl(shift.into()).unwrap_or(0);
                d.add(TPDU_SIZE, value, 0, 1, Value::Uint(size));
            }
            SRC_TSAP_CODE => tsap(d, value, [SRC_TSAP, SRC_TSAP_BYTES]),
            DST_TSAP_CODE => tsap(d, value, [DST_TSAP, DST_TSAP_BYTES]),
            _ => {
                d.bytes(PARAMETER_VALUE, value, 0, len);
            }
        }
        at += 2 + len;
    }
    Ok(())
}

/// A transport selector, as text where it is one.
fn tsap<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, fields: [FieldId; 2]) {
    let is_text = value.bytes().iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
    let field = if is_text { fields[0] } else { fields[1] };
    let shown = if is_text { Value::Text } else { Value::Bytes };
    d.add(field, value, 0, value.len(), shown);
}

fn data<'a>(d: &mut Dissector<'a>, header: Tvb<'a>, payload: Tvb<'a>) -> Parsed {
    // Classes above 1 have a reference before the number.
    let at = if header.reported() >= 5 { 4 } else { 2 };
    let reference = if at == 4 { u64::from(header.u16(2)?) } else { 0 };
    let item = d.add(DESTREF, header, 2, at - 2, Value::Uint(reference));
    if at == 2 {
        d.mark_generated(item);
    }
    let number = header.u8(at)?;
    d.bits(TPDU_NUMBER, header, at, 1, number.into());
    d.flag(EOT, header, at, 1, number.into());
    let is_last = number & LAST != 0;
    let len = payload.reported();
    let number = number & !LAST;
    d.set_info(|| {
        let end = if is_last { "EOT".to_owned() } else { format!("[COTP fragment, {len} bytes]") };
        format!("DT TPDU ({number}) {end}")
    });
    let layer = d.occurrence(ProtoId::Cotp);
    if d.is_first_pass() && payload.is_whole() {
        let key = (tcp::stream_index(d), d.endpoints.conversation().1);
        if !is_last {
            if let Some(flows) = d.flows() {
                flows.cotp.keep(key, payload.bytes());
            }
        } else if let Some(whole) = d.flows().and_then(|flows| flows.cotp.end(key, payload.bytes())) {
            d.record(Fact::Cotp { layer, whole });
        }
    }
    let whole = d.peek_fact(|fact| match fact {
        Fact::Cotp { layer: at, whole } if *at == layer => Some(whole.clone()),
        _ => None,
    });
    if !is_last || whole.is_some() {
        let s = if len == 1 { "" } else { "s" };
        let item = d.bytes(SEGMENT_DATA, payload, 0, len);
        d.text(item, || format!("COTP segment data ({len} byte{s})"));
    }
    d.close();
    let message = match whole {
        Some(whole) => d.add_source(&whole, "Reassembled COTP"),
        None => payload,
    };
    if is_last && message.reported() > 0 {
        let child = if s7comm::begins(message) { ProtoId::S7comm } else { ProtoId::Data };
        d.call(child, message);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_at_the_limit() {
        let mut parts = Parts::default();
        for stream in 0..2 * MAX_DIRECTIONS as u32 {
            parts.keep((stream, false), &[1, 2]);
        }
        assert!(parts.open.len() <= MAX_DIRECTIONS);
        let last = (2 * MAX_DIRECTIONS as u32 - 1, false);
        parts.keep(last, &vec![0; 2 * MAX_MESSAGE]);
        assert_eq!(parts.end(last, &[9]).map(|whole| whole.len()), Some(MAX_MESSAGE));
        assert_eq!(parts.end(last, &[9]), None);
    }
}
