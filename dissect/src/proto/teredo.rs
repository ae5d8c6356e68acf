//! Teredo (RFC 4380): IPv6 in UDP, behind indications of its own.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Teredo, "teredo", "Teredo IPv6 over UDP tunneling";
    AUTH = field("teredo.auth", "Teredo Authentication header", None, None);
    AUTH_ID = field("teredo.auth.id", "Client identifier", Bytes, None);
    AUTH_VALUE = field("teredo.auth.value", "Authentication value", Bytes, None);
    AUTH_NONCE = field("teredo.auth.nonce", "Nonce value", Bytes, None);
    ORIG = field("teredo.orig", "Teredo Origin Indication header", None, None);
    ORIG_PORT = field("teredo.orig.port", "Origin UDP port", Uint16, Dec);
    ORIG_ADDR = field("teredo.orig.addr", "Origin IPv4 address", Ipv4, None);
}

const ORIGIN: u16 = 0x0000;
const AUTHENTICATION: u16 = 0x0001;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ipv6],
    samples: &[Sample {
        link_type: 228,
        frames: &[
            "45000041 00000000 40110000 0a000001 0a000002 0dd80dd8 002d0000 0001010101020000000000000001 00 0000f227f5fffffe 60",
        ],
    }],
    ..Protocol::new(ProtoId::Teredo, "TEREDO", &[Binding::UdpPort(3544)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("TEREDO");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let mut at = 0;
    if tvb.u16(at)? == AUTHENTICATION {
        let (id, value) = (usize::from(tvb.u8(at + 2)?), usize::from(tvb.u8(at + 3)?));
        let len = 13 + id + value;
        tvb.slice(at, len)?;
        d.open(AUTH, tvb, at, len, Value::None);
        if id > 0 {
            d.bytes(AUTH_ID, tvb, at + 4, id);
        }
        if value > 0 {
            d.bytes(AUTH_VALUE, tvb, at + 4 + id, value);
        }
        d.bytes(AUTH_NONCE, tvb, at + 4 + id + value, 8);
        d.close();
        at += len;
    }
    if tvb.u16(at)? == ORIGIN {
        // RFC 4380, 5.1.1: inverted, so that translators leave them alone.
        let port = !tvb.u16(at + 2)?;
        let address = tvb.array::<4>(at + 4)?.map(|octet| !octet);
        d.open(ORIG, tvb, at, 8, Value::None);
        d.add(ORIG_PORT, tvb, at + 2, 2, Value::Uint(port.into()));
        d.add(ORIG_ADDR, tvb, at + 4, 4, Value::Ipv4(address));
        d.close();
        at += 8;
    }
    d.set_len(item, at);
    d.close();
    d.call(ProtoId::Ipv6, tvb.from(at));
    Ok(())
}
