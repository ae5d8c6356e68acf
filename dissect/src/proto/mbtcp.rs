//! Modbus over TCP (Modbus Messaging on TCP/IP Implementation Guide): the header before each message.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::modbus;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Mbtcp, "mbtcp", "Modbus/TCP";
    TRANS_ID = field("mbtcp.trans_id", "Transaction Identifier", Uint16, Dec);
    PROT_ID = field("mbtcp.prot_id", "Protocol Identifier", Uint16, Dec);
    LEN = field("mbtcp.len", "Length", Uint16, Dec);
    UNIT_ID = field("mbtcp.unit_id", "Unit Identifier", Uint8, Dec);
}

const PORT: u16 = 502;
pub(crate) const HEADER_LEN: usize = 7;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Modbus],
    framing: Some(framing),
    accepts: Some(accepts),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003400000000400600000a0000010a000002c35301f600000001000000015018ffff00000000000100000006010300000002",
        ],
    }],
    ..Protocol::new(ProtoId::Mbtcp, "Modbus/TCP", &[Binding::TcpPort(PORT)], dissect)
};

fn accepts(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    // The protocol's number is zero; a message has at least a unit and a function.
    tvb.len() < 8 || tvb.u16(2) == Ok(0) && tvb.u16(4).is_ok_and(|len| len >= 2)
}

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [_, _, 0, 0, a, b, ..] => Framing::Message(6 + usize::from(u16::from_be_bytes([a, b])).max(1)),
        [_, _, _, _, _, _, ..] => Framing::Foreign,
        _ => Framing::More(6 - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Modbus/TCP");
    let (id, unit) = (tvb.u16(0)?, tvb.u8(6)?);
    let is_request = d.endpoints.dst_port == PORT;
    let function = tvb.u8(HEADER_LEN).unwrap_or(0);
    d.set_info(|| {
        let direction = if is_request { "   Query" } else { "Response" };
        let what = modbus::summary(tvb.from(HEADER_LEN));
        let failed = if function & 0x80 != 0 { ". Exception returned " } else { "" };
        format!("{direction}: Trans: {id:>5}; Unit: {unit:>3}, Func: {what}{failed}")
    });
    d.begin_next(PROTO, tvb.sub(0, HEADER_LEN));
    d.uint(TRANS_ID, tvb, 0, 2)?;
    d.uint(PROT_ID, tvb, 2, 2)?;
    d.uint(LEN, tvb, 4, 2)?;
    d.uint(UNIT_ID, tvb, 6, 1)?;
    d.close();
    d.call(ProtoId::Modbus, tvb);
    Ok(())
}
