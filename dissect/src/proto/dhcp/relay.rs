//! What a relay agent adds (RFC 3046 and those that define sub-options).

use super::names::AGENT_SUBOPTION_NAMES;
use super::option::Message;
use super::*;
use crate::field::FieldId;

/// What a sub-option holds.
pub(super) enum Kind {
    Octets(FieldId),
    Text(FieldId),
    Ipv4(FieldId),
    U8(FieldId),
    /// With the low octet first.
    U16Le(FieldId),
    Enterprises,
}

use Kind::*;

const ROWS: &[(u8, Kind)] = &[
    (1, Octets(AGENT_CIRCUIT_ID)),
    (2, Octets(AGENT_REMOTE_ID)),
    (3, Octets(AGENT_RESERVED)),
    (5, Ipv4(AGENT_LINK_SELECTION)),
    (6, Text(AGENT_SUBSCRIBER_ID)),
    (7, Octets(AGENT_RADIUS_ATTRIBUTES)),
    (8, Octets(AGENT_AUTHENTICATION)),
    (9, Enterprises),
    (10, U8(AGENT_FLAGS)),
    (11, Ipv4(AGENT_SERVER_ID_OVERRIDE)),
    (12, Octets(AGENT_RELAY_AGENT_ID)),
    (150, Ipv4(AGENT_LINK_SELECTION_CISCO)),
    (151, Text(AGENT_VRF_NAME)),
    (152, Ipv4(AGENT_SERVER_ID_OVERRIDE_CISCO)),
];

pub(super) fn agent<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at < body.reported() {
        let code = body.u8(at)?;
        let Some(len) = length(d, body, at) else {
            return Ok(());
        };
        let line = d.open(AGENT_SUBOPTION, body, at, len + 2, Value::Uint(code.into()));
        let kind = ROWS.iter().find(|row| row.0 == code).map(|row| &row.1);
        d.text(line, || {
            let name = Names::Values(AGENT_SUBOPTION_NAMES).of(code.into());
            let address = match (kind, body.sub(at + 2, len).bytes()) {
                (Some(Ipv4(_)), [a, b, c, d]) => format!(" ({a}.{b}.{c}.{d})"),
                _ => String::new(),
            };
            format!("Option 82 Suboption: ({code}) {}{address}", name.as_deref().unwrap_or("Unknown"))
        });
        d.add(SUBOPTION_LENGTH, body, at + 1, 1, Value::Uint(len as u64));
        if !fits(d, body, at, code, len) {
            d.close();
            return Ok(());
        }
        let value = body.sub(at + 2, len);
        let octets = d.bytes(AGENT_VALUE, value, 0, len);
        d.hide(octets);
        match kind {
            Some(Enterprises) => enterprises(d, value)?,
            Some(kind) => show(d, kind, value)?,
            None => unknown(d, value, code),
        }
        d.close();
        at += 2 + len;
    }
    Ok(())
}

/// The length of the sub-option at `at`, unless its octet is missing, which is noted.
pub(super) fn length<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, at: usize) -> Option<usize> {
    let code = body.u8(at).ok()?;
    let len = body.u8(at + 1).ok();
    if len.is_none() {
        d.expert_with(MISSING_SUBOPT_LENGTH, body, at, 1, || {
            format!("Suboption {code}: no room left in option for suboption length")
        });
    }
    len.map(usize::from)
}

/// Whether the value of the sub-option at `at` is there; notes if it is not.
pub(super) fn fits<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, at: usize, code: u8, len: usize) -> bool {
    let fits = at + 2 + len <= body.reported();
    if !fits {
        d.expert_with(MISSING_SUBOPT_VALUE, body, at, 2, || {
            format!("Suboption {code}: no room left in option for suboption value")
        });
    }
    fits
}

pub(super) fn unknown<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, code: u8) {
    d.expert_with(UNKNOWN_SUBOPT, value, 0, value.reported(), || {
        format!("ERROR, please report: Unknown subopt type handler {code}")
    });
}

/// Shows the value of a sub-option; one of another length than its kind has is shown as it is.
pub(super) fn show<'a>(d: &mut Dissector<'a>, kind: &Kind, value: Tvb<'a>) -> Parsed {
    let len = value.reported();
    match *kind {
        Octets(field) => {
            d.bytes(field, value, 0, len);
        }
        Text(field) => {
            d.string(field, value, 0, len);
        }
        Ipv4(field) if len == 4 => {
            d.add(field, value, 0, 4, Value::Ipv4(value.array(0)?));
        }
        U8(field) if len == 1 => {
            d.uint(field, value, 0, 1)?;
        }
        U16Le(field) if len == 2 => {
            d.add(field, value, 0, 2, Value::Uint(value.u16_le(0)?.into()));
        }
        Ipv4(_) => super::option::bad_length(d, value, "length isn't 4"),
        U8(_) => super::option::bad_length(d, value, "length isn't 1"),
        U16Le(_) => super::option::bad_length(d, value, "length isn't 2"),
        Enterprises => {}
    }
    Ok(())
}

/// RFC 4243.
fn enterprises<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at + 5 <= value.reported() {
        let enterprise = value.u32(at)?;
        d.open(AGENT_VI_ENTERPRISE, value, at, 4, Value::Uint(enterprise.into()));
        let len = d.uint(AGENT_VI_DATA_LENGTH, value, at + 4, 1)? as usize;
        d.close();
        if at + 5 + len > value.reported() {
            d.expert(ENTERPRISE_MALFORMED, value, at, 5);
            break;
        }
        d.bytes(AGENT_VALUE, value, at + 5, len);
        at += 5 + len;
    }
    Ok(())
}
