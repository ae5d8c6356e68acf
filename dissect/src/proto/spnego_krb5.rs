//! Tokens of Kerberos' GSS-API mechanism (RFC 4121): messages that begin a context, and headers of what it protects.

use super::gss;
use super::spnego::{
    KRB5_ACCEPTOR_SUBKEY, KRB5_BLOB, KRB5_CFX_EC, KRB5_CFX_FLAGS, KRB5_CFX_RRC, KRB5_CFX_SEQ, KRB5_FILLER, KRB5_OID,
    KRB5_SEALED, KRB5_SEND_BY_ACCEPTOR, KRB5_SGN_CKSUM, KRB5_TOK_ID, SAMPLES,
};
use crate::ber::{self, Element};
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { SpnegoKrb5, "spnego-krb5", "SPNEGO-KRB5"; }

pub(crate) const HEADER_LEN: usize = 16;
const MIC: u16 = 0x0404;
const WRAP: u16 = 0x0504;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Kerberos, ProtoId::Spnego],
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::SpnegoKrb5, "SPNEGO-KRB5", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    // It is a layer, and has no line of its own.
    d.layer("spnego-krb5");
    d.open(KRB5_BLOB, tvb, 0, tvb.reported(), Value::Bytes);
    if tvb.u8(0)? == gss::INITIAL {
        let whole = Element::read(tvb, 0)?;
        let oid = Element::expect(whole.body, 0, ber::OBJECT_IDENTIFIER)?;
        let len = oid.body.reported();
        let octets = oid.body.slice(0, len)?;
        d.add(KRB5_OID, oid.body, 0, len, Value::String(ber::oid(octets).into()));
        let at = oid.end;
        let kind = whole.body.u16_le(at)?;
        d.add(KRB5_TOK_ID, whole.body, at, 2, Value::Uint(kind.into()));
        if matches!(kind, 1..=3) {
            d.call_within(ProtoId::Kerberos, whole.body.from(at + 2));
        }
    } else if matches!(tvb.u16(0)?, MIC | WRAP) {
        protected(d, tvb)?;
    }
    d.close();
    Ok(())
}

/// RFC 4121, 4.2.6.
fn protected<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let flags = tvb.u8(2)?;
    let is_wrap = tvb.u16(0)? == WRAP;
    d.add(KRB5_TOK_ID, tvb, 0, 2, Value::Uint(tvb.u16_le(0)?.into()));
    d.open(KRB5_CFX_FLAGS, tvb, 2, 1, Value::Uint(flags.into()));
    for flag in [KRB5_SEND_BY_ACCEPTOR, KRB5_SEALED, KRB5_ACCEPTOR_SUBKEY] {
        d.flag(flag, tvb, 2, 1, flags.into());
    }
    d.close();
    let filler = if is_wrap { 1 } else { 5 };
    d.bytes(KRB5_FILLER, tvb, 3, filler);
    if is_wrap {
        d.uint(KRB5_CFX_EC, tvb, 4, 2)?;
        d.uint(KRB5_CFX_RRC, tvb, 6, 2)?;
    }
    d.uint(KRB5_CFX_SEQ, tvb, 8, 8)?;
    let rest = tvb.reported().saturating_sub(HEADER_LEN);
    if rest > 0 && flags & 2 == 0 {
        d.bytes(KRB5_SGN_CKSUM, tvb, HEADER_LEN, rest);
    }
    Ok(())
}
