//! The Extensible Authentication Protocol (RFC 3748).

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Eap, "eap", "Extensible Authentication Protocol";
    CODE = field("eap.code", "Code", Uint8, Dec).names(Names::Values(CODES));
    ID = field("eap.id", "Id", Uint8, Dec);
    LEN = field("eap.len", "Length", Uint16, Dec);
    TYPE = field("eap.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    DESIRED_TYPE = field("eap.desired_type", "Desired Auth Type", Uint8, Dec).names(Names::Values(TYPES));
    IDENTITY = field("eap.identity", "Identity", String, None);
    NOTIFICATION = field("eap.notification", "Notification", String, None);
    MD5_VALUE_SIZE = field("eap.md5.value_size", "EAP-MD5 Value-Size", Uint8, Dec);
    MD5_VALUE = field("eap.md5.value", "EAP-MD5 Value", Bytes, None);
    MD5_EXTRA = field("eap.md5.extra_data", "EAP-MD5 Extra Data", Bytes, None);
    TLS_FLAGS = field("eap.tls.flags", "EAP-TLS Flags", Uint8, Hex);
    TLS_FLAGS_LEN = field("eap.tls.flags.len_included", "Length Included", Boolean, None).mask(0x80);
    TLS_FLAGS_MORE = field("eap.tls.flags.more_fragments", "More Fragments", Boolean, None).mask(0x40);
    TLS_FLAGS_START = field("eap.tls.flags.start", "Start", Boolean, None).mask(0x20);
    TLS_FLAGS_VERSION = field("eap.tls.flags.version", "Version", Uint8, Dec).mask(0x7);
    TLS_LEN = field("eap.tls.len", "EAP-TLS Length", Uint32, Dec);
    SIM_SUBTYPE = field("eap.sim.subtype", "EAP-SIM Subtype", Uint8, Dec).names(Names::Values(SIM_SUBTYPES));
    SIM_RESERVED = field("eap.sim.reserved", "EAP-SIM Reserved", Uint16, Hex);
    MITM = expert("eap.mitm_attacks", "Vulnerable to MITM attacks. If possible, change EAP type.", Warning, Security);
}

const CODES: &[(u64, &str)] =
    &[(1, "Request"), (2, "Response"), (3, "Success"), (4, "Failure"), (5, "Initiate"), (6, "Finish")];
/// IANA's method types.
const TYPES: &[(u64, &str)] = &[
    (IDENTITY_TYPE, "Identity"),
    (NOTIFICATION_TYPE, "Notification"),
    (NAK, "Legacy Nak (Response Only)"),
    (MD5, "MD5-Challenge EAP (EAP-MD5-CHALLENGE)"),
    (5, "One-Time Password EAP (EAP-OTP)"),
    (6, "Generic Token Card EAP (EAP-GTC)"),
    (TLS, "TLS EAP (EAP-TLS)"),
    (17, "Cisco Wireless EAP / Lightweight EAP (EAP-LEAP)"),
    (SIM, "GSM Subscriber Identity Modules EAP (EAP-SIM)"),
    (TTLS, "Tunneled TLS EAP (EAP-TTLS)"),
    (23, "UMTS Authentication and Key Agreement EAP (EAP-AKA)"),
    (PEAP, "Protected EAP (EAP-PEAP)"),
    (26, "MS-Authentication EAP (EAP-MS-AUTH)"),
    (29, "MS-CHAP-v2 EAP (EAP-MS-CHAP-V2)"),
    (33, "MS-Authentication TLV EAP (EAP-MS-AUTH-TLV)"),
    (FAST, "Flexible Authentication via Secure Tunneling EAP (EAP-FAST)"),
    (47, "Pre-Shared Key EAP (EAP-PSK)"),
    (49, "Internet Key Exchange v2 EAP (EAP-IKEv2)"),
    (50, "UMTS Authentication and Key Agreement' EAP (EAP-AKA')"),
    (51, "Generalized Pre-Shared Key EAP (EAP-GPSK)"),
    (52, "Password EAP (EAP-pwd)"),
    (55, "Tunneled EAP protocol"),
    (254, "Expanded Type"),
    (255, "Experimental"),
];
const IDENTITY_TYPE: u64 = 1;
const NOTIFICATION_TYPE: u64 = 2;
const NAK: u64 = 3;
const MD5: u64 = 4;
const TLS: u64 = 13;
const SIM: u64 = 18;
const TTLS: u64 = 21;
const PEAP: u64 = 25;
const FAST: u64 = 43;
/// RFC 4186, 11.
const SIM_SUBTYPES: &[(u64, &str)] =
    &[(10, "Start"), (11, "Challenge"), (12, "Notification"), (13, "Re-authentication"), (14, "Client-Error")];
/// RFC 5216, 3.1: the flag that says that the length of the whole message follows.
const LENGTH_INCLUDED: u64 = 0x80;
/// How many methods a refusal may propose for us to show.
const MAX_DESIRED: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "0180c2000003001122334455888e0100000a0201000a01616c696365",
            "0180c2000003001122334455888e0100001701020017041000112233445566778899aabbccddeeff61",
            "0180c2000003001122334455888e01000006020200060315",
            "0180c2000003001122334455888e0100000a0103000a198000000000",
            "0180c2000003001122334455888e0100000403040004",
            "0180c2000003001122334455888e0100000801050008120a0000",
            "0180c2000003001122334455888e010000080205000802616263",
        ],
    }],
    ..Protocol::new(ProtoId::Eap, "EAP", &[], dissect)
};

/// It is no layer of `frame.protocols`, as Wireshark has it.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("EAP");
    d.set_info(String::new);
    let len = usize::from(tvb.u16(2)?);
    let end = tvb.base.saturating_add(tvb.len() as u32);
    d.open(PROTO, tvb, 0, len, Value::Protocol { end });
    let code = d.uint(CODE, tvb, 0, 1)?;
    d.set_info(|| Names::Values(CODES).of(code).map_or_else(|| format!("Unknown code (0x{code:02x})"), Into::into));
    d.uint(ID, tvb, 1, 1)?;
    d.uint(LEN, tvb, 2, 2)?;
    if matches!(code, 1 | 2) && len > 4 {
        let kind = d.uint(TYPE, tvb, 4, 1)?;
        d.append_info(|| {
            let name = Names::Values(TYPES).of(kind);
            name.map_or_else(|| format!(", Unknown type (0x{kind:02x})"), |name| format!(", {name}"))
        });
        method(d, tvb.sub(5, len - 5), kind)?;
    }
    d.close();
    Ok(())
}

fn method<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u64) -> Parsed {
    let len = tvb.reported();
    match kind {
        IDENTITY_TYPE if len > 0 => {
            d.string(IDENTITY, tvb, 0, len);
        }
        NOTIFICATION_TYPE if len > 0 => {
            d.string(NOTIFICATION, tvb, 0, len);
        }
        NAK => {
            for at in 0..len.min(MAX_DESIRED) {
                d.uint(DESIRED_TYPE, tvb, at, 1)?;
            }
        }
        MD5 => {
            d.within(|d| d.expert(MITM, tvb, 0, 0));
            let size = d.uint(MD5_VALUE_SIZE, tvb, 0, 1)? as usize;
            d.bytes(MD5_VALUE, tvb, 1, size);
            if len > size + 1 {
                d.bytes(MD5_EXTRA, tvb, size + 1, len - size - 1);
            }
        }
        TLS | TTLS | PEAP | FAST => {
            let flags = d.uint(TLS_FLAGS, tvb, 0, 1)?;
            d.within(|d| {
                for flag in [TLS_FLAGS_LEN, TLS_FLAGS_MORE, TLS_FLAGS_START] {
                    d.flag(flag, tvb, 0, 1, flags);
                }
                if kind != TLS {
                    d.bits(TLS_FLAGS_VERSION, tvb, 0, 1, flags);
                }
            });
            if flags & LENGTH_INCLUDED != 0 {
                d.uint(TLS_LEN, tvb, 1, 4)?;
            }
        }
        SIM if len >= 3 => {
            d.uint(SIM_SUBTYPE, tvb, 0, 1)?;
            d.uint(SIM_RESERVED, tvb, 1, 2)?;
        }
        _ => {}
    }
    Ok(())
}
