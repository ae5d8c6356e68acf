//! Tokens of the Generic Security Service API (RFC 2743, 3.1): the mechanism's identifier and what the mechanism says.

use crate::ber::{self, Element};
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Gss, "gss-api", "GSS-API Generic Security Service Application Program Interface";
    OID = field("gss-api.OID", "OID", String, None);
}

/// RFC 2743, 3.1: an initial token is an application's.
pub(crate) const INITIAL: u8 = 0x60;
/// RFC 4178: a later token is of the choice of negotiation.
const NEGOTIATION: std::ops::RangeInclusive<u8> = 0xa0..=0xa1;
/// RFC 4121, 4.2.6: tokens that protect messages of Kerberos contexts.
const KERBEROS: std::ops::RangeInclusive<u8> = 0x04..=0x05;
/// 1.3.6.1.5.5.2
const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];
/// 1.2.840.113554.1.2.2
pub(crate) const KRB5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Spnego, ProtoId::SpnegoKrb5],
    samples: &[Sample { link_type: 101, frames: super::spnego::SAMPLES }],
    ..Protocol::new(ProtoId::Gss, "GSS-API", &[], dissect)
};

/// Hands a token to whom it belongs: what begins no context goes straight to the negotiation.
pub(crate) fn call<'a>(d: &mut Dissector<'a>, token: Tvb<'a>) {
    match token.u8(0) {
        Ok(tag) if NEGOTIATION.contains(&tag) => d.call_within(ProtoId::Spnego, token),
        Ok(_) => d.call_within(ProtoId::Gss, token),
        Err(_) => true,
    };
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    let first = tvb.u8(0)?;
    if first == INITIAL {
        let whole = Element::read(tvb, 0)?;
        let oid = Element::expect(whole.body, 0, ber::OBJECT_IDENTIFIER)?;
        let len = oid.body.reported();
        let octets = oid.body.slice(0, len)?;
        d.add(OID, oid.body, 0, len, Value::String(ber::oid(octets).into()));
        let token = whole.body.from(oid.end);
        match octets {
            SPNEGO => d.call_within(ProtoId::Spnego, token),
            KRB5 => d.call_within(ProtoId::SpnegoKrb5, tvb),
            _ => true,
        };
    } else if KERBEROS.contains(&first) {
        d.call_within(ProtoId::SpnegoKrb5, tvb);
    }
    d.close();
    Ok(())
}
