//! Internet Key Exchange, versions 1 (RFC 2408, RFC 2409) and 2 (RFC 7296): headers of messages and of their payloads.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Isakmp, "isakmp", "Internet Security Association and Key Management Protocol";
    ISPI = field("isakmp.ispi", "Initiator SPI", Bytes, None);
    RSPI = field("isakmp.rspi", "Responder SPI", Bytes, None);
    NEXTPAYLOAD = field("isakmp.nextpayload", "Next payload", Uint8, Dec).names(Names::Ranges(PAYLOADS));
    VERSION = field("isakmp.version", "Version", Uint8, Hex);
    MJVER = field("isakmp.mjver", "MjVer", Uint8, Hex).mask(0xf0);
    MNVER = field("isakmp.mnver", "MnVer", Uint8, Hex).mask(0x0f);
    EXCHANGETYPE = field("isakmp.exchangetype", "Exchange type", Uint8, Dec).names(Names::Values(EXCHANGES));
    FLAGS = field("isakmp.flags", "Flags", Uint8, Hex);
    FLAG_E = field("isakmp.flag_e", "Encryption", Boolean, None).names(Names::Flag("Encrypted", "Not encrypted")).mask(0x1);
    FLAG_C = field("isakmp.flag_c", "Commit", Boolean, None).names(Names::Flag("Commit", "No commit")).mask(0x2);
    FLAG_A = field("isakmp.flag_a", "Authentication", Boolean, None).names(Names::Flag("Authentication", "No authentication")).mask(0x4);
    FLAG_I = field("isakmp.flag_i", "Initiator", Boolean, None).names(Names::Flag("Initiator", "Responder")).mask(0x8);
    FLAG_V = field("isakmp.flag_v", "Version", Boolean, None).names(Names::Flag("A higher version enabled", "No higher version")).mask(0x10);
    FLAG_R = field("isakmp.flag_r", "Response", Boolean, None).names(Names::Flag("Response", "Request")).mask(0x20);
    MESSAGEID = field("isakmp.messageid", "Message ID", Uint32, Hex);
    LENGTH = field("isakmp.length", "Length", Uint32, Dec);
    TYPEPAYLOAD = field("isakmp.typepayload", "Payload", Uint8, Dec).names(Names::Ranges(PAYLOADS));
    CRITICALPAYLOAD = field("isakmp.criticalpayload", "Critical Bit", Boolean, None).names(Names::Flag("Critical", "Not critical")).mask(0x80);
    PAYLOADLENGTH = field("isakmp.payloadlength", "Payload length", Uint16, Dec);
}

/// The registries of IKE exchange types.
const EXCHANGES: &[(u64, &str)] = &[
    (0, "NONE"),
    (1, "Base"),
    (2, "Identity Protection (Main Mode)"),
    (3, "Authentication Only"),
    (4, "Aggressive"),
    (5, "Informational"),
    (6, "Transaction (Config Mode)"),
    (32, "Quick Mode"),
    (33, "New Group Mode"),
    (34, "IKE_SA_INIT"),
    (35, "IKE_AUTH"),
    (36, "CREATE_CHILD_SA"),
    (37, "INFORMATIONAL"),
    (38, "IKE_SESSION_RESUME"),
    (43, "IKE_INTERMEDIATE"),
];
/// The registries of IKE payload types.
const PAYLOADS: &[(u64, u64, &str)] = &[
    (0, 0, "NONE / No Next Payload "),
    (1, 1, "Security Association"),
    (2, 2, "Proposal"),
    (3, 3, "Transform"),
    (4, 4, "Key Exchange"),
    (5, 5, "Identification"),
    (6, 6, "Certificate"),
    (7, 7, "Certificate Request"),
    (8, 8, "Hash"),
    (9, 9, "Signature"),
    (10, 10, "Nonce"),
    (11, 11, "Notification"),
    (12, 12, "Delete"),
    (13, 13, "Vendor ID"),
    (33, 33, "Security Association"),
    (34, 34, "Key Exchange"),
    (35, 35, "Identification - Initiator"),
    (36, 36, "Identification - Responder"),
    (37, 37, "Certificate"),
    (38, 38, "Certificate Request"),
    (39, 39, "Authentication"),
    (40, 40, "Nonce"),
    (41, 41, "Notify"),
    (42, 42, "Delete"),
    (43, 43, "Vendor ID"),
    (44, 44, "Traffic Selector - Initiator"),
    (45, 45, "Traffic Selector - Responder"),
    (46, 46, "Encrypted and Authenticated"),
    (47, 47, "Configuration"),
    (48, 48, "Extensible Authentication"),
];
const ENCRYPTED_PAYLOAD: u8 = 46;
const ENCRYPTED: u8 = 0x1;
const INITIATOR: u8 = 0x8;
const RESPONSE: u8 = 0x20;
const HEADER_LEN: usize = 28;
/// How many payloads of one message are read.
const MAX_PAYLOADS: usize = 256;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Isakmp, "ISAKMP", &[Binding::UdpPort(500)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ISAKMP");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let (version, exchange, flags) = (tvb.u8(17)?, tvb.u8(18)?, tvb.u8(19)?);
    let is_second = version >> 4 == 2;
    let id = tvb.u32(20)?;
    d.set_info(|| {
        let name =
            Names::Values(EXCHANGES).of(exchange.into()).map_or_else(|| format!("Unknown {exchange}"), Into::into);
        if !is_second {
            return name;
        }
        let sender = if flags & INITIATOR != 0 { "Initiator" } else { "Responder" };
        let kind = if flags & RESPONSE != 0 { "Response" } else { "Request" };
        format!("{name} MID={id:02} {sender} {kind}")
    });
    d.bytes(ISPI, tvb, 0, 8);
    d.bytes(RSPI, tvb, 8, 8);
    let mut kind = d.uint(NEXTPAYLOAD, tvb, 16, 1)? as u8;
    let line = d.open(VERSION, tvb, 17, 1, Value::Uint(version.into()));
    d.text(line, || format!("Version: {}.{}", version >> 4, version & 0xf));
    d.bits(MJVER, tvb, 17, 1, version.into());
    d.bits(MNVER, tvb, 17, 1, version.into());
    d.close();
    d.uint(EXCHANGETYPE, tvb, 18, 1)?;
    d.open(FLAGS, tvb, 19, 1, Value::Uint(flags.into()));
    for field in if is_second { [FLAG_I, FLAG_V, FLAG_R] } else { [FLAG_E, FLAG_C, FLAG_A] } {
        d.flag(field, tvb, 19, 1, flags.into());
    }
    d.close();
    d.add(MESSAGEID, tvb, 20, 4, Value::Uint(id.into()));
    let len = d.uint(LENGTH, tvb, 24, 4)? as usize;
    let mut at = HEADER_LEN;
    let end = len.min(tvb.reported());
    if is_second || flags & ENCRYPTED == 0 {
        for _ in 0..MAX_PAYLOADS {
            if kind == 0 || at + 4 > end {
                break;
            }
            let (next, octet, len) = (tvb.u8(at)?, tvb.u8(at + 1)?, usize::from(tvb.u16(at + 2)?));
            d.open(TYPEPAYLOAD, tvb, at, len, Value::Uint(kind.into()));
            d.uint(NEXTPAYLOAD, tvb, at, 1)?;
            if is_second {
                d.flag(CRITICALPAYLOAD, tvb, at + 1, 1, octet.into());
            }
            d.uint(PAYLOADLENGTH, tvb, at + 2, 2)?;
            d.close();
            // What is in an encrypted payload is named by it and cannot be seen.
            if len < 4 || kind == ENCRYPTED_PAYLOAD {
                break;
            }
            (kind, at) = (next, at + len);
        }
    }
    d.close();
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500004400010000401100000a0000010a00000201f401f4003000003132333435363738000000000000000001100200 \
     00000000000000280000000c0000000100000001",
    "4500004600010000401100000a0000010a00000201f401f4003200003132333435363738000000000000000021202208 \
     000000000000002a2800000861626364008000066b6b",
    "4500004000010000401100000a0000010a00000201f401f4002c0000313233343536373872727272727272722e202320 \
     00000001000000240000000865656565",
    "4500004800010000401100000a0000010a00000201f401f4003400003132333435363738727272727272727208102001 \
     000012340000002c78787878787878787878787878787878",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn headers_of_both_versions() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "isakmp.exchangetype"), "2");
        assert_eq!(values(&shown[1], "isakmp.typepayload"), "33,40");
        assert_eq!(values(&shown[2], "isakmp.flag_r"), "1");
        assert_eq!(values(&shown[3], "isakmp.flag_e"), "1");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Isakmp,
            b"12345678aaaaaaaa\x21\x20\x22\x08\0\0\0\0\0\0\0\x28\x28\0\0\x08abcd\0\x80\0\x06kk",
        );
    }
}
