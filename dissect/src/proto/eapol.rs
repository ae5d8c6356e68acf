//! EAP over LANs (IEEE 802.1X), and the keys that it agrees on (IEEE 802.11, 12.7).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Eapol, "eapol", "802.1X Authentication";
    VERSION = field("eapol.version", "Version", Uint8, Dec).names(Names::Values(VERSIONS));
    TYPE = field("eapol.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    LEN = field("eapol.len", "Length", Uint16, Dec);
    KEYDES_TYPE = field("eapol.keydes.type", "Key Descriptor Type", Uint8, Dec).names(Names::Values(DESCRIPTORS));
    KEYDES_BODY = field("eapol.keydes.body", "Key Descriptor Body", Bytes, None);
    KEY_LEN = field("eapol.keydes.key_len", "Key Length", Uint16, Dec);
    REPLAY_COUNTER = field("eapol.keydes.replay_counter", "Replay Counter", Uint64, Dec);
    KEY_IV = field("eapol.keydes.key_iv", "Key IV", Bytes, None);
    KEY_INDEX = field("eapol.keydes.key_index", "Key Index", Uint8, Hex);
    KEY_INDEX_TYPE = field("eapol.keydes.key_index.type", "Type", Boolean, None).names(Names::Flag("Unicast", "Broadcast")).mask(0x80);
    KEY_INDEX_NUMBER = field("eapol.keydes.key_index.number", "Number", Uint8, Dec).mask(0x7f);
    KEY_SIGNATURE = field("eapol.keydes.key_signature", "Key Signature", Bytes, None);
    KEY = field("eapol.keydes.key", "Key", Bytes, None);
    KEY_GENERATED = field("eapol.keydes.key.generated_locally", "Key Generated Locally", Boolean, None);
    MSGNR = field("wlan_rsna_eapol.keydes.msgnr", "Message number", Uint8, Dec);
    KEY_INFO = field("wlan_rsna_eapol.keydes.key_info", "Key Information", Uint16, Hex);
    KEYDES_VERSION = field("wlan_rsna_eapol.keydes.key_info.keydes_version", "Key Descriptor Version", Uint16, Dec).names(Names::Values(CIPHERS)).mask(0x7);
    KEY_TYPE = field("wlan_rsna_eapol.keydes.key_info.key_type", "Key Type", Boolean, None).names(Names::Flag("Pairwise Key", "Group Key")).mask(0x8);
    INFO_KEY_INDEX = field("wlan_rsna_eapol.keydes.key_info.key_index", "Key Index", Uint16, Dec).mask(0x30);
    INSTALL = field("wlan_rsna_eapol.keydes.key_info.install", "Install", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    KEY_ACK = field("wlan_rsna_eapol.keydes.key_info.key_ack", "Key ACK", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    KEY_MIC = field("wlan_rsna_eapol.keydes.key_info.key_mic", "Key MIC", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x100);
    SECURE = field("wlan_rsna_eapol.keydes.key_info.secure", "Secure", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x200);
    ERROR = field("wlan_rsna_eapol.keydes.key_info.error", "Error", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x400);
    REQUEST = field("wlan_rsna_eapol.keydes.key_info.request", "Request", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x800);
    ENCRYPTED = field("wlan_rsna_eapol.keydes.key_info.encrypted_key_data", "Encrypted Key Data", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1000);
    SMK = field("wlan_rsna_eapol.keydes.key_info.smk_message", "SMK Message", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2000);
    NONCE = field("wlan_rsna_eapol.keydes.nonce", "WPA Key Nonce", Bytes, None);
    RSC = field("wlan_rsna_eapol.keydes.rsc", "WPA Key RSC", Bytes, None);
    ID = field("wlan_rsna_eapol.keydes.id", "WPA Key ID", Bytes, None);
    MIC = field("wlan_rsna_eapol.keydes.mic", "WPA Key MIC", Bytes, None);
    DATA_LEN = field("wlan_rsna_eapol.keydes.data_len", "WPA Key Data Length", Uint16, Dec);
    DATA = field("wlan_rsna_eapol.keydes.data", "WPA Key Data", Bytes, None);
}

const VERSIONS: &[(u64, &str)] = &[(1, "802.1X-2001"), (2, "802.1X-2004"), (3, "802.1X-2010")];
/// IEEE 802.1X, 11.3.2.
const TYPES: &[(u64, &str)] = &[
    (EAP_PACKET, "EAP Packet"),
    (1, "Start"),
    (2, "Logoff"),
    (KEY_MESSAGE, "Key"),
    (4, "Encapsulated ASF Alert"),
    (5, "MKA"),
    (6, "Announcement (Generic)"),
    (7, "Announcement (Specific)"),
    (8, "Announcement Request"),
];
const EAP_PACKET: u64 = 0;
const KEY_MESSAGE: u64 = 3;
const DESCRIPTORS: &[(u64, &str)] = &[(RC4, "RC4 Descriptor"), (RSN, "EAPOL RSN Key"), (WPA, "EAPOL WPA Key")];
const RC4: u64 = 1;
const RSN: u64 = 2;
const WPA: u64 = 254;
const CIPHERS: &[(u64, &str)] =
    &[(1, "RC4 Cipher, HMAC-MD5 MIC"), (2, "AES Cipher, HMAC-SHA1 MIC"), (3, "AES Cipher, AES-128-CMAC MIC")];
/// Bits of the key information (IEEE 802.11, 12.7.2).
const PAIRWISE: u16 = 0x0008;
const ACK_BIT: u16 = 0x0080;
const MIC_BIT: u16 = 0x0100;
const SECURE_BIT: u16 = 0x0200;
const HEADER_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Eap],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "0180c2000003001122334455888e01010000",
            "00112233445500aabbccddee888e0203005f02008a0010000000000000000100112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
            "00112233445500aabbccddee888e0203006302010a0000000000000000000100112233445566778899aabbccddeeff00112233445566778899aabbccddeeff000000000000000000000000000000000000000000000000000000000000000000112233445566778899aabbccddeeff0004dd02abcd",
            "00112233445500aabbccddee888e0203006f0213ca0010000000000000000200112233445566778899aabbccddeeff00112233445566778899aabbccddeeff000000000000000000000000000000000000000000000000000000000000000000112233445566778899aabbccddeeff001000112233445566778899aabbccddeeff",
            "00112233445500aabbccddee888e0203005f021382000000000000000000020000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000112233445566778899aabbccddeeff0000",
            "00112233445500aabbccddee888e01030031010005000000000000000200112233445566778899aabbccddeeff8000112233445566778899aabbccddeeff0102030405",
            "00112233445500aabbccddee888e01030003090005",
        ],
    }],
    ..Protocol::new(ProtoId::Eapol, "EAPOL", &[Binding::EtherType(0x888e), Binding::EtherType(0x88c7)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("EAPOL");
    d.set_info(String::new);
    let len = usize::from(tvb.u16(2)?);
    d.end_payload(tvb, HEADER_LEN + len);
    let tvb = tvb.sub(0, HEADER_LEN + len);
    d.begin(PROTO, tvb);
    d.uint(VERSION, tvb, 0, 1)?;
    let kind = d.uint(TYPE, tvb, 1, 1)?;
    d.uint(LEN, tvb, 2, 2)?;
    let name = Names::Values(TYPES).of(kind);
    d.set_info(|| name.map_or_else(|| format!("Unknown Type (0x{kind:02x})"), Into::into));
    let body = tvb.from(HEADER_LEN);
    match kind {
        KEY_MESSAGE => key(d, body)?,
        EAP_PACKET => {
            d.close();
            d.call(ProtoId::Eap, body);
            return Ok(());
        }
        _ => {}
    }
    d.close();
    Ok(())
}

fn key<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    match d.uint(KEYDES_TYPE, tvb, 0, 1)? {
        RC4 => {
            let len = d.uint(KEY_LEN, tvb, 1, 2)? as usize;
            d.uint(REPLAY_COUNTER, tvb, 3, 8)?;
            d.bytes(KEY_IV, tvb, 11, 16);
            let index = d.uint(KEY_INDEX, tvb, 27, 1)?;
            d.within(|d| {
                d.flag(KEY_INDEX_TYPE, tvb, 27, 1, index);
                d.bits(KEY_INDEX_NUMBER, tvb, 27, 1, index);
            });
            d.bytes(KEY_SIGNATURE, tvb, 28, 16);
            let key = tvb.from(44);
            if key.reported() > 0 {
                d.bytes(KEY, key, 0, len);
                d.add(KEY_GENERATED, key, 0, 0, Value::Uint(0));
            } else {
                d.add(KEY_GENERATED, key, 0, 0, Value::Uint(1));
            }
        }
        RSN | WPA => negotiated(d, tvb)?,
        _ => {
            d.bytes(KEYDES_BODY, tvb, 1, tvb.reported().saturating_sub(1));
        }
    }
    Ok(())
}

/// Which message of which handshake one is (IEEE 802.11, 12.7.6 and 12.7.7).
fn number(info: u16, data_len: u16) -> (u64, &'static str) {
    let has = |bit| info & bit != 0;
    match (has(PAIRWISE), has(ACK_BIT)) {
        (true, true) if has(MIC_BIT) => (3, " (Message 3 of 4)"),
        (true, true) => (1, " (Message 1 of 4)"),
        // The last message has no data; some set no secure bit in it.
        (true, false) if has(SECURE_BIT) || data_len == 0 => (4, " (Message 4 of 4)"),
        (true, false) => (2, " (Message 2 of 4)"),
        (false, true) => (1, " (Group Message 1 of 2)"),
        (false, false) => (2, " (Group Message 2 of 2)"),
    }
}

fn negotiated<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (info, data_len) = (tvb.u16(1)?, tvb.u16(93)?);
    let (number, name) = number(info, data_len);
    d.append_info(|| name.to_owned());
    d.generated(MSGNR, tvb, 1, 2, Value::Uint(number));
    d.uint(KEY_INFO, tvb, 1, 2)?;
    let info = info.into();
    d.within(|d| {
        d.bits(KEYDES_VERSION, tvb, 1, 2, info);
        d.flag(KEY_TYPE, tvb, 1, 2, info);
        d.bits(INFO_KEY_INDEX, tvb, 1, 2, info);
        for flag in [INSTALL, KEY_ACK, KEY_MIC, SECURE, ERROR, REQUEST, ENCRYPTED, SMK] {
            d.flag(flag, tvb, 1, 2, info);
        }
    });
    d.uint(KEY_LEN, tvb, 3, 2)?;
    d.uint(REPLAY_COUNTER, tvb, 5, 8)?;
    for (field, at, len) in [(NONCE, 13, 32), (KEY_IV, 45, 16), (RSC, 61, 8), (ID, 69, 8), (MIC, 77, 16)] {
        tvb.slice(at, len)?;
        d.bytes(field, tvb, at, len);
    }
    d.uint(DATA_LEN, tvb, 93, 2)?;
    if data_len > 0 {
        d.bytes(DATA, tvb, 95, data_len.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_handshakes_are_numbered() {
        let all = [(0x008a, 0, 1), (0x010a, 22, 2), (0x13ca, 56, 3), (0x030a, 0, 4), (0x010a, 0, 4), (0x1382, 40, 1)];
        for (info, len, wanted) in all {
            assert_eq!(number(info, len).0, wanted);
        }
    }
}
