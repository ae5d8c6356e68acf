//! The Simple and Protected Negotiation mechanism (RFC 4178), with the hints of [MS-SPNG].

use super::gss;
use crate::ber::{self, Element};
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Spnego, "spnego", "Simple Protected Negotiation";
    NEG_TOKEN_INIT = field("spnego.negTokenInit_element", "negTokenInit", None, None);
    NEG_TOKEN_TARG = field("spnego.negTokenTarg_element", "negTokenTarg", None, None);
    MECH_TYPES = field("spnego.mechTypes", "mechTypes", Uint32, Dec);
    MECH_TYPE = field("spnego.MechType", "MechType", Oid, None);
    REQ_FLAGS = field("spnego.reqFlags", "reqFlags", Bytes, None);
    MECH_TOKEN = field("spnego.mechToken", "mechToken", Bytes, None);
    MECH_LIST_MIC = field("spnego.mechListMIC", "mechListMIC", Bytes, None);
    NEG_HINTS = field("spnego.negHints_element", "negHints", None, None);
    HINT_NAME = field("spnego.hintName", "hintName", String, None);
    HINT_ADDRESS = field("spnego.hintAddress", "hintAddress", Bytes, None);
    NEG_RESULT = field("spnego.negResult", "negResult", Uint32, Dec).names(Names::Values(RESULTS));
    SUPPORTED_MECH = field("spnego.supportedMech", "supportedMech", Oid, None);
    RESPONSE_TOKEN = field("spnego.responseToken", "responseToken", Bytes, None);
    KRB5_BLOB = field("spnego.krb5.blob", "krb5_blob", Bytes, None);
    KRB5_OID = field("spnego.krb5_oid", "KRB5 OID", String, None);
    KRB5_TOK_ID = field("spnego.krb5.tok_id", "krb5_tok_id", Uint16, Hex).names(Names::Values(TOKENS));
    KRB5_CFX_FLAGS = field("spnego.krb5.cfx_flags", "krb5_cfx_flags", Uint8, Hex);
    KRB5_SEND_BY_ACCEPTOR = field("spnego.krb5.send_by_acceptor", "SendByAcceptor", Boolean, None).mask(0x01);
    KRB5_SEALED = field("spnego.krb5.sealed", "Sealed", Boolean, None).mask(0x02);
    KRB5_ACCEPTOR_SUBKEY = field("spnego.krb5.acceptor_subkey", "AcceptorSubkey", Boolean, None).mask(0x04);
    KRB5_FILLER = field("spnego.krb5.filler", "krb5_filler", Bytes, None);
    KRB5_CFX_EC = field("spnego.krb5.cfx_ec", "krb5_cfx_ec", Uint16, Dec);
    KRB5_CFX_RRC = field("spnego.krb5.cfx_rrc", "krb5_cfx_rrc", Uint16, Dec);
    KRB5_CFX_SEQ = field("spnego.krb5.cfx_seq", "krb5_cfx_seq", Uint64, Dec);
    KRB5_SGN_CKSUM = field("spnego.krb5.sgn_cksum", "krb5_sgn_cksum", Bytes, None);
}

/// How many mechanisms of one offer are shown.
pub const MAX_MECHANISMS: usize = 64;
const RESULTS: &[(u64, &str)] = &[(0, "accept-completed"), (1, "accept-incomplete"), (2, "reject"), (3, "request-mic")];
/// As the two octets stand when the second is read first.
const TOKENS: &[(u64, &str)] = &[
    (0x0001, "KRB5_AP_REQ"),
    (0x0002, "KRB5_AP_REP"),
    (0x0003, "KRB5_ERROR"),
    (0x0101, "KRB5_GSS_GetMIC"),
    (0x0102, "KRB5_GSS_Delete_sec_context"),
    (0x0201, "KRB5_GSS_Wrap"),
    (0x0404, "KRB_TOKEN_CFX_GetMIC"),
    (0x0405, "KRB_TOKEN_CFX_WRAP"),
];
const OFFER: u8 = 0xa0;
const ANSWER: u8 = 0xa1;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::SpnegoKrb5],
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Spnego, "SPNEGO", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    let whole = Element::read(tvb, 0)?;
    let body = Element::expect(whole.body, 0, ber::SEQUENCE)?.body;
    match whole.tag {
        OFFER => {
            d.open(NEG_TOKEN_INIT, body, 0, body.reported(), Value::None);
            offer(d, body)?;
            d.close();
        }
        ANSWER => {
            d.open(NEG_TOKEN_TARG, body, 0, body.reported(), Value::None);
            answer(d, body)?;
            d.close();
        }
        _ => {}
    }
    d.close();
    Ok(())
}

fn octets<'a>(d: &mut Dissector<'a>, field: FieldId, element: Element<'a>) {
    d.bytes(field, element.body, 0, element.body.reported());
}

/// RFC 4178, 4.2.1, and [MS-SPNG] 2.2.1.
fn offer<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let mut at = 0;
    let mut is_kerberos = false;
    while at < body.reported() {
        let outer = Element::read(body, at)?;
        at = outer.end;
        let inner = Element::read(outer.body, 0)?;
        match outer.tag {
            0xa0 => is_kerberos = mechanisms(d, inner.body)?,
            0xa1 => octets(d, REQ_FLAGS, Element { body: inner.body.from(1), ..inner }),
            0xa2 => {
                octets(d, MECH_TOKEN, inner);
                if is_kerberos {
                    d.call_within(ProtoId::SpnegoKrb5, inner.body);
                }
            }
            0xa3 if inner.tag == ber::SEQUENCE => hints(d, inner.body)?,
            0xa3 | 0xa4 => octets(d, MECH_LIST_MIC, inner),
            _ => {}
        }
    }
    Ok(())
}

/// Shows what is offered; says whether the first is Kerberos.
fn mechanisms<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Result<bool, crate::stop::Stop> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < body.reported() && found.len() < MAX_MECHANISMS {
        let mechanism = Element::expect(body, at, ber::OBJECT_IDENTIFIER)?;
        at = mechanism.end;
        found.push(mechanism);
    }
    d.open(MECH_TYPES, body, 0, body.reported(), Value::Uint(found.len() as u64));
    for mechanism in &found {
        octets(d, MECH_TYPE, *mechanism);
    }
    d.close();
    Ok(found.first().is_some_and(|first| is_kerberos(first.body.bytes())))
}

/// Kerberos by its own identifier, or by the one that Windows 2000 had by mistake (1.2.840.48018.1.2.2).
fn is_kerberos(oid: &[u8]) -> bool {
    oid == gss::KRB5 || oid == [0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2]
}

fn hints<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    d.open(NEG_HINTS, body, 0, body.reported(), Value::None);
    let mut at = 0;
    while at < body.reported() {
        let outer = Element::read(body, at)?;
        at = outer.end;
        let inner = Element::read(outer.body, 0)?;
        match outer.tag {
            0xa0 => {
                d.add(HINT_NAME, inner.body, 0, inner.body.reported(), Value::Text);
            }
            0xa1 => octets(d, HINT_ADDRESS, inner),
            _ => {}
        }
    }
    d.close();
    Ok(())
}

/// RFC 4178, 4.2.2.
fn answer<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at < body.reported() {
        let outer = Element::read(body, at)?;
        at = outer.end;
        let inner = Element::read(outer.body, 0)?;
        match outer.tag {
            0xa0 => {
                d.add(NEG_RESULT, inner.body, 0, inner.body.reported(), Value::Uint(inner.uint()?));
            }
            0xa1 => octets(d, SUPPORTED_MECH, inner),
            0xa2 => {
                octets(d, RESPONSE_TOKEN, inner);
                // An answer to Kerberos says so itself.
                if inner.body.u8(0) == Ok(gss::INITIAL) {
                    d.call_within(ProtoId::SpnegoKrb5, inner.body);
                }
            }
            0xa3 => octets(d, MECH_LIST_MIC, inner),
            _ => {}
        }
    }
    Ok(())
}

pub(super) const SAMPLES: &[&str] = &[
    "450000ff00010000400600000a0000010a0000021388018500000001000000015018ffff000000003081d40201016081ce0201030400 \
     a381c6040a4753532d53504e45474f0481b76081b406062b0601050502a081a93081a6a018301606092a864882f71201020206092a86 \
     4886f712010202a10403020140a27d047b607906092a864886f71201020201006e6a3068a003020105a10302010ea207030500200000 \
     00a34461423040a003020105a1081b0645582e434f4da21b3019a003020102a11230101b066b72627467741b0645582e434f4da31230 \
     10a003020112a103020103a2040402aabba40d300ba003020112a2040402aabba30504036d6963",
    "4500008500010000400600000a0000020a0000010185138800000001000000d85018ffff00000000305b02010161560a010004000400 \
     874da14b3049a0030a0100a10b06092a864882f712010202a22e042c602a06092a864886f71201020202006f1b3019a003020105a103 \
     02010fa20d300ba003020112a2040402aabba30504036d6963",
    "4500009300010000400600000a0000010a00000213880185000000d80000005e5018ffff00000000306902010260640201030400a35d \
     040a4753532d53504e45474f044f604d06062b0601050502a0433041a00d300b06092a864886f712010202a330302ea0261b246e6f74 \
     5f646566696e65645f696e5f5246433431373840706c656173655f69676e6f7265a10404026164",
    "4500004f00010000400600000a0000010a00000213880185000001430000005e5018ffff0000000000000023050404ff000c000c0000 \
     00000000000100000000000000000000000030050201034200",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn kerberos_within_a_negotiation() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "kerberos.msg_type"), "14");
        assert_eq!(values(&shown[1], "kerberos.msg_type"), "15");
        assert_eq!(values(&shown[1], "spnego.supportedMech"), "1.2.840.48018.1.2.2");
    }

    #[test]
    fn offers_end_at_the_limit() {
        let mut octets = vec![0xa0, 0x82, 2, 4, 0x30, 0x82, 2, 0, 0xa0, 0x82, 1, 0xfc, 0x30, 0x82, 1, 0xf8];
        octets.extend([6, 1, 0x2a].repeat(168));
        let shown = crate::tests::shown_by(ProtoId::Spnego, &octets);
        assert_eq!(values(&shown, "spnego.mechTypes"), MAX_MECHANISMS.to_string());
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Spnego,
            b"\xa1\x14\x30\x12\xa0\x03\x0a\x01\0\xa1\x0b\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02",
        );
        crate::tests::survives_anything(ProtoId::Gss, b"\x60\x06\x06\x02\x2b\x06\xa0\0");
        crate::tests::survives_anything(
            ProtoId::SpnegoKrb5,
            b"\x05\x04\x04\xff\0\x0c\0\x0c\0\0\0\0\0\0\0\x01abcdefghijkl",
        );
    }
}
