//! PPP over Ethernet sessions (RFC 2516), and the header that they share with its discovery.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Pppoes, "pppoes", "PPP-over-Ethernet Session";
    VERSION = field("pppoe.version", "Version", Uint8, Dec).mask(0xf0).fed_by(&[ProtoId::Pppoed]);
    TYPE = field("pppoe.type", "Type", Uint8, Dec).mask(0x0f).fed_by(&[ProtoId::Pppoed]);
    CODE = field("pppoe.code", "Code", Uint8, Hex).names(Names::Values(CODES)).fed_by(&[ProtoId::Pppoed]);
    SESSION_ID = field("pppoe.session_id", "Session ID", Uint16, Hex).fed_by(&[ProtoId::Pppoed]);
    PAYLOAD_LENGTH = field("pppoe.payload_length", "Payload Length", Uint16, Dec).fed_by(&[ProtoId::Pppoed]);
    PAYLOAD_LENGTH_BAD = expert("pppoe.payload_length.bad", "Possible bad payload length", Warning, Protocol);
}

pub(crate) const CODES: &[(u64, &str)] = &[
    (0x00, "Session Data"),
    (0x07, "Active Discovery Offer (PADO)"),
    (0x09, "Active Discovery Initiation (PADI)"),
    (0x0a, "Active Discovery Session-Grant (PADG)"),
    (0x0b, "Active Discovery Session-Credit Resp.(PADC)"),
    (0x0c, "Active Discovery Quality (PADQ)"),
    (0x19, "Active Discovery Request (PADR)"),
    (0x65, "Active Discovery Session-confirmation (PADS)"),
    (0xa7, "Active Discovery Terminate (PADT)"),
    (0xd3, "Active Discovery Message (PADM)"),
    (0xd4, "Active Discovery Network (PADN)"),
];

pub(crate) const HEADER_LEN: usize = 6;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ppp],
    samples: &[Sample { link_type: 1, frames: &["ffffffffffff 020000000001 8864 1100 0001 0003 0021 45"] }],
    ..Protocol::new(ProtoId::Pppoes, "PPPoES", &[Binding::EtherType(0x8864)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PPPoES");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    let code = tvb.u8(1)?;
    d.set_info(|| code_name(code));
    let len = header(d, tvb)?;
    d.close();
    d.end_payload(tvb, HEADER_LEN + len);
    d.call(ProtoId::Ppp, tvb.sub(HEADER_LEN, len));
    Ok(())
}

pub(crate) fn code_name(code: u8) -> String {
    match Names::Values(CODES).of(code.into()) {
        Some(name) => name.into_owned(),
        None => format!("Unknown code: 0x{code:02x}"),
    }
}

/// Adds the header; answers the payload's length.
pub(crate) fn header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<usize, Stop> {
    let first = tvb.u8(0)?;
    d.bits(VERSION, tvb, 0, 1, first.into());
    d.bits(TYPE, tvb, 0, 1, first.into());
    d.uint(CODE, tvb, 1, 1)?;
    d.uint(SESSION_ID, tvb, 2, 2)?;
    let len = usize::from(tvb.u16(4)?);
    d.add(PAYLOAD_LENGTH, tvb, 4, 2, Value::Uint(len as u64));
    Ok(len)
}
