//! Label Distribution Protocol (RFC 5036): how routers find each other and tell the labels of their paths.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ldp, "ldp", "Label Distribution Protocol";
    VERSION = field("ldp.hdr.version", "Version", Uint16, Dec);
    PDU_LEN = field("ldp.hdr.pdu_len", "PDU Length", Uint16, Dec);
    LSR = field("ldp.hdr.ldpid.lsr", "LSR ID", Ipv4, None);
    LSID = field("ldp.hdr.ldpid.lsid", "Label Space ID", Uint16, Dec);
    MSG_UBIT = field("ldp.msg.ubit", "U bit", Boolean, None).names(Names::Flag("Unknown bit set", "Unknown bit not set")).mask(0x80);
    MSG_TYPE = field("ldp.msg.type", "Message Type", Uint16, Hex).names(Names::Values(MESSAGES)).mask(0x7fff);
    MSG_LEN = field("ldp.msg.len", "Message Length", Uint16, Dec);
    MSG_ID = field("ldp.msg.id", "Message ID", Uint32, Hex);
    TLV_UNKNOWN = field("ldp.msg.tlv.unknown", "TLV Unknown bits", Uint8, Hex).names(Names::Values(UNKNOWN)).mask(0xc0);
    TLV_TYPE = field("ldp.msg.tlv.type", "TLV Type", Uint16, Hex).names(Names::Values(TLVS)).mask(0x3fff);
    TLV_LEN = field("ldp.msg.tlv.len", "TLV Length", Uint16, Dec);
    TLV_VALUE = field("ldp.msg.tlv.value", "TLV Value", Bytes, None);
    HELLO_HOLD = field("ldp.msg.tlv.hello.hold", "Hold Time", Uint16, Dec);
    HELLO_TARGETED = field("ldp.msg.tlv.hello.targeted", "Targeted Hello", Boolean, None).names(Names::Flag("Targeted Hello", "Link Hello")).mask(0x8000);
    HELLO_REQUESTED = field("ldp.msg.tlv.hello.requested", "Hello Requested", Boolean, None).names(Names::Flag("Source requests periodic hellos", "Source does not request periodic hellos")).mask(0x4000);
    HELLO_GTSM = field("ldp.msg.tlv.hello.gtsm", "GTSM Flag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2000);
    HELLO_RES = field("ldp.msg.tlv.hello.res", "Reserved", Uint16, Hex).mask(0x1fff);
    IPV4_TADDR = field("ldp.msg.tlv.ipv4.taddr", "IPv4 Transport Address", Ipv4, None);
    HELLO_CNF_SEQNO = field("ldp.msg.tlv.hello.cnf_seqno", "Configuration Sequence Number", Uint32, Dec);
    IPV6_TADDR = field("ldp.msg.tlv.ipv6.taddr", "IPv6 Transport Address", Ipv6, None);
    GENERIC_LABEL = field("ldp.msg.tlv.generic.label", "Generic Label", Uint32, DecHex).mask(0xf_ffff);
    NO_GTSM = expert("ldp.gtsm_not_supported", "GTSM is not supported by the source", Chat, Protocol);
}

/// Messages (RFC 5036, 3.7, and IANA).
const MESSAGES: &[(u64, &str)] = &[
    (0x0001, "Notification Message"),
    (0x0100, "Hello Message"),
    (0x0200, "Initialization Message"),
    (0x0201, "Keep Alive Message"),
    (0x0202, "Capability Message"),
    (0x0300, "Address Message"),
    (0x0301, "Address Withdrawal Message"),
    (0x0400, "Label Mapping Message"),
    (0x0401, "Label Request Message"),
    (0x0402, "Label Withdrawal Message"),
    (0x0403, "Label Release Message"),
    (0x0404, "Label Abort Request Message"),
    (0x0500, "Call Setup Message"),
    (0x0501, "Call Release Message"),
    (0x0700, "RG Connect Message"),
    (0x0701, "RG Disconnect Message"),
    (0x0702, "RG Notification Message"),
    (0x0703, "RG Application Data Message"),
];
/// What one who does not know a part does with it (3.3).
const UNKNOWN: &[(u64, &str)] = &[
    (0, "Known TLV, do not Forward"),
    (1, "Known TLV, do Forward"),
    (2, "Unknown TLV, do not Forward"),
    (3, "Unknown TLV, do Forward"),
];
/// Parts of messages (3.4, and IANA).
const TLVS: &[(u64, &str)] = &[
    (0x0100, "FEC"),
    (0x0101, "Address List"),
    (0x0103, "Hop Count"),
    (0x0104, "Path Vector"),
    (0x0200, "Generic Label"),
    (0x0201, "ATM Label"),
    (0x0202, "Frame Relay Label"),
    (0x0203, "FT Protection TLV"),
    (0x0300, "Status"),
    (0x0301, "Extended Status"),
    (0x0302, "Returned PDU"),
    (0x0303, "Returned Message"),
    (0x0304, "Returned TLVs"),
    (0x0400, "Common Hello Parameters"),
    (0x0401, "IPv4 Transport Address"),
    (0x0402, "Configuration Sequence Number"),
    (0x0403, "IPv6 Transport Address"),
    (0x0404, "MAC TLV"),
    (0x0405, "Cryptographic Authentication TLV"),
    (0x0500, "Common Session Parameters"),
    (0x0501, "ATM Session Parameters"),
    (0x0502, "Frame Relay Session Parameters"),
    (0x0503, "FT Session TLV"),
    (0x0506, "Dynamic Capability Announcement"),
    (0x0508, "P2MP Capability Parameter"),
    (0x0509, "MP2MP Capability Parameter"),
    (0x050b, "Typed Wildcard FEC Capability"),
    (0x050d, "State Advertisement Control Capability"),
    (0x0600, "Label Request Message ID"),
    (0x0601, "MTU TLV"),
    (0x0603, "Unrecognized Notification Capability"),
    (0x0701, "Dual-Stack capability"),
];
const PORT: u16 = 646;
const HEADER_LEN: usize = 10;
/// What the length of a PDU does not count: its version and itself.
const UNCOUNTED: usize = 4;
/// How many messages of a PDU, and parts of a message, are read.
const MAX_MESSAGES: usize = 512;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(|_, tvb| matches!(framing(tvb.bytes()), Framing::Message(_))),
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500005a 00000000 01110000 0a000001 e0000002  02860286 00460000  0001 003a 0a010002 0000  0100 0030 00011970
             0400 0004 000f 0000  0401 0004 0a010002  0402 0004 00000001  0403 0010 fe800000000000000000000000000001",
            "4500004e 00010000 40060000 0a000001 0a000002  c0000286 00000001 00000001 50180100 00000000
             0001 0022 0a010002 0000  0400 0018 0000001a  0100 0008 02000120 0a000000  0200 0004 00000012",
        ],
    }],
    ..Protocol::new(ProtoId::Ldp, "LDP", &[Binding::UdpPort(PORT), Binding::TcpPort(PORT)], dissect)
};

/// RFC 5036, 3.1: the version is 1.
fn framing(octets: &[u8]) -> Framing {
    match octets {
        [0, 1, a, b, ..] => match usize::from(u16::from_be_bytes([*a, *b])) + UNCOUNTED {
            len @ HEADER_LEN.. => Framing::Message(len),
            _ => Framing::Foreign,
        },
        [0, 1, _] | [0, 1] | [0] | [] => Framing::More(UNCOUNTED),
        _ => Framing::Foreign,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("LDP");
    if !d.is_inside(ProtoId::Tcp) {
        d.set_info(String::new);
    }
    d.begin(PROTO, tvb);
    d.uint(VERSION, tvb, 0, 2)?;
    let len = d.uint(PDU_LEN, tvb, 2, 2)? as usize;
    d.add(LSR, tvb, 4, 4, Value::Ipv4(tvb.array(4)?));
    d.uint(LSID, tvb, 8, 2)?;
    let end = UNCOUNTED + len;
    let mut at = HEADER_LEN;
    for _ in 0..MAX_MESSAGES {
        if at >= end {
            break;
        }
        at = message(d, tvb, at, end)?;
    }
    d.close();
    Ok(())
}

/// RFC 5036, 3.5. Answers where the next one begins.
fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, end: usize) -> Result<usize, Stop> {
    let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
    let name = Names::Values(MESSAGES).of((kind & 0x7fff).into());
    let name = || name.map_or_else(|| format!("Unknown Message (0x{:04x})", kind & 0x7fff), |name| name.into_owned());
    if len < 4 || at + 4 + len > end {
        d.append_info(|| "Bad Message Length ".to_owned());
        return Ok(end);
    }
    let name = name();
    d.append_info(|| format!("{name} "));
    d.open_text(tvb, at, len + 4, || name.clone());
    d.flag(MSG_UBIT, tvb, at, 1, (kind >> 8).into());
    d.bits(MSG_TYPE, tvb, at, 2, kind.into());
    d.uint(MSG_LEN, tvb, at + 2, 2)?;
    d.uint(MSG_ID, tvb, at + 4, 4)?;
    let body = tvb.exact(at + 8, len - 4)?;
    let mut inner = 0;
    for _ in 0..MAX_MESSAGES {
        if inner >= body.reported() {
            break;
        }
        inner = part(d, body, inner)?;
    }
    d.close();
    Ok(at + 4 + len)
}

/// RFC 5036, 3.3. Answers where the next one begins.
fn part<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
    let value = tvb.exact(at + 4, len)?;
    d.open_text(tvb, at, len + 4, || {
        let name = Names::Values(TLVS).of((kind & 0x3fff).into());
        name.map_or_else(|| format!("Unknown TLV type (0x{:04x})", kind & 0x3fff), |name| name.into_owned())
    });
    d.bits(TLV_UNKNOWN, tvb, at, 1, (kind >> 8).into());
    d.bits(TLV_TYPE, tvb, at, 2, kind.into());
    d.uint(TLV_LEN, tvb, at + 2, 2)?;
    match (kind & 0x3fff, len) {
        (0x0200, 4) => {
            d.bits(GENERIC_LABEL, value, 0, 4, value.u32(0)?.into());
        }
        (0x0400, 4) => {
            d.uint(HELLO_HOLD, value, 0, 2)?;
            let flags = value.u16(2)?;
            d.flag(HELLO_TARGETED, value, 2, 2, flags.into());
            d.flag(HELLO_REQUESTED, value, 2, 2, flags.into());
            d.flag(HELLO_GTSM, value, 2, 2, flags.into());
            if flags & 0x2000 == 0 {
                d.expert(NO_GTSM, value, 2, 2);
            }
            d.bits(HELLO_RES, value, 2, 2, flags.into());
        }
        (0x0401, 4) => {
            d.add(IPV4_TADDR, value, 0, 4, Value::Ipv4(value.array(0)?));
        }
        (0x0402, 4) => {
            d.uint(HELLO_CNF_SEQNO, value, 0, 4)?;
        }
        (0x0403, 16) => {
            d.add(IPV6_TADDR, value, 0, 16, Value::Ipv6(value.array(0)?));
        }
        _ if len > 0 => {
            d.bytes(TLV_VALUE, value, 0, len);
        }
        _ => {}
    }
    d.close();
    Ok(at + 4 + len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_hello_and_a_mapping() {
        let shown = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "ldp.msg.tlv.hello.hold"), "15");
        assert_eq!(values(&shown[0], "ldp.msg.tlv.ipv6.taddr"), "fe80::1");
        assert_eq!(values(&shown[1], "ldp.msg.tlv.generic.label"), "18");
    }

    #[test]
    fn what_has_another_version_is_not_it() {
        assert_eq!(framing(&[0, 2, 0, 30]), Framing::Foreign);
        assert_eq!(framing(&[0, 1, 0, 2]), Framing::Foreign);
        assert_eq!(framing(&[0, 1, 0, 30]), Framing::Message(34));
        assert_eq!(framing(&[0, 1]), Framing::More(4));
    }
}
