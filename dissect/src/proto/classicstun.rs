//! Simple Traversal of UDP through NAT (RFC 3489) and the drafts of TURN that built on it: STUN without the cookie.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { ClassicStun, "classicstun", "Simple Traversal of UDP Through NAT";
    TYPE = field("classicstun.type", "Message Type", Uint16, Hex).names(Names::Values(TYPES));
    LENGTH = field("classicstun.length", "Message Length", Uint16, Hex);
    ID = field("classicstun.id", "Message Transaction ID", Bytes, None);
    ATTRIBUTES = field("classicstun.att", "Attributes", None, None);
    RESPONSE_IN = field("classicstun.response_in", "Response In", FrameNum, None).fed_by(&[ProtoId::Sdp]).told_later();
    RESPONSE_TO = field("classicstun.response_to", "Request In", FrameNum, None).fed_by(&[ProtoId::Sdp]);
    TIME = field("classicstun.time", "Time", RelativeTime, None).fed_by(&[ProtoId::Sdp]);
    ATT_TYPE = field("classicstun.att.type", "Attribute Type", Uint16, Hex).names(Names::Values(ATTRIBUTE_NAMES));
    ATT_LENGTH = field("classicstun.att.length", "Attribute Length", Uint16, Dec);
    ATT_VALUE = field("classicstun.att.value", "Value", Bytes, None);
    ATT_FAMILY = field("classicstun.att.family", "Protocol Family", Uint16, Hex).names(Names::Values(FAMILIES));
    ATT_IPV4 = field("classicstun.att.ipv4", "IP", Ipv4, None);
    ATT_IPV6 = field("classicstun.att.ipv6", "IP", Ipv6, None);
    ATT_PORT = field("classicstun.att.port", "Port", Uint16, Dec);
    ATT_CHANGE_IP = field("classicstun.att.change.ip", "Change IP", Boolean, None).names(SET).mask(0x4);
    ATT_CHANGE_PORT = field("classicstun.att.change.port", "Change Port", Boolean, None).names(SET).mask(0x2);
    ATT_UNKNOWN = field("classicstun.att.unknown", "Unknown Attribute", Uint16, Hex);
    ATT_ERROR_CLASS = field("classicstun.att.error.class", "Error Class", Uint8, Dec).mask(0x7);
    ATT_ERROR = field("classicstun.att.error", "Error Code", Uint8, Dec);
    ATT_ERROR_REASON = field("classicstun.att.error.reason", "Error Reason Phase", String, None);
    ATT_IPV4_XORD = field("classicstun.att.ipv4-xord", "IP (XOR-d)", Ipv4, None);
    ATT_IPV6_XORD = field("classicstun.att.ipv6-xord", "IP (XOR-d)", Ipv6, None);
    ATT_PORT_XORD = field("classicstun.att.port-xord", "Port (XOR-d)", Uint16, Dec);
    ATT_SERVER = field("classicstun.att.server", "Server version", String, None);
    ATT_LIFETIME = field("classicstun.att.lifetime", "Lifetime", Uint32, Dec);
    ATT_MAGIC_COOKIE = field("classicstun.att.magic.cookie", "Magic Cookie", Uint32, Hex);
    ATT_BANDWIDTH = field("classicstun.att.bandwidth", "Bandwidth", Uint32, Dec);
    ATT_DATA = field("classicstun.att.data", "Data", Bytes, None);
}

const SET: Names = Names::Flag("Set", "Not set");
const FAMILIES: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6")];

/// RFC 3489, 11.1, and draft-rosenberg-midcom-turn.
const TYPES: &[(u64, &str)] = &[
    (0x0001, "Binding Request"),
    (0x0101, "Binding Response"),
    (0x0111, "Binding Error Response"),
    (0x0002, "Shared Secret Request"),
    (0x0102, "Shared Secret Response"),
    (0x1112, "Shared Secret Error Response"),
    (0x0003, "Allocate Request"),
    (0x0103, "Allocate Response"),
    (0x0113, "Allocate Error Response"),
    (0x0004, "Send Request"),
    (0x0104, "Send Response"),
    (0x0114, "Send Error Response"),
    (0x0115, "Data Indication"),
    (0x0006, "Set Active Destination Request"),
    (0x0106, "Set Active Destination Response"),
    (0x0116, "Set Active Destination Error Response"),
];

const ATTRIBUTE_NAMES: &[(u64, &str)] = &[
    (0x0001, "MAPPED-ADDRESS"),
    (0x0002, "RESPONSE-ADDRESS"),
    (0x0003, "CHANGE-REQUEST"),
    (0x0004, "SOURCE-ADDRESS"),
    (0x0005, "CHANGED-ADDRESS"),
    (0x0006, "USERNAME"),
    (0x0007, "PASSWORD"),
    (0x0008, "MESSAGE-INTEGRITY"),
    (0x0009, "ERROR-CODE"),
    (0x000b, "REFLECTED-FROM"),
    (0x000d, "LIFETIME"),
    (0x000e, "ALTERNATE_SERVER"),
    (0x000f, "MAGIC_COOKIE"),
    (0x0010, "BANDWIDTH"),
    (0x0011, "DESTINATION_ADDRESS"),
    (0x0012, "REMOTE_ADDRESS"),
    (0x0013, "DATA"),
    (0x0014, "NONCE"),
    (0x0015, "REALM"),
    (0x0016, "REQUESTED_ADDRESS_TYPE"),
    (0x0021, "XOR_ONLY"),
    (0x8020, "XOR_MAPPED_ADDRESS"),
    (0x8022, "SERVER"),
];

const HEADER_LEN: usize = 20;
/// The bit that requests lack.
const RESPONSE: u16 = 0x0100;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    may_begin: Some(|octets| begins(Tvb::new(octets, octets.len(), 0))),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500 0080 0001 0000 4011 0000 0a000001 0a000002 138d 138e 006c 0000 0001 0050 01020304 05060708 090a0b0c 0d0e0f10 0003 0004 00000006 0006 0004 75736572 0013 0004 64617461 000d 0004 00000001 000f 0004 72c64bc6 0010 0004 00000001 0022 0000 000a 0004 00010002 0016 0004 00000001 0009 0008 00000401 4e6f0000",
            "4500 0080 0001 0000 4011 0000 0a000002 0a000001 138e 138d 006c 0000 0101 0050 01020304 05060708 090a0b0c 0d0e0f10 0001 0008 0001 138d 0a000001 0004 0014 0002 138d 00000000000000000000000000000001 8020 0008 0001 1289 0a000001 8020 0014 0002 1289 00000000000000000000000000000001 8022 0004 73727600",
        ],
    }],
    ..Protocol::new(ProtoId::ClassicStun, "CLASSICSTUN", &[Binding::UdpHeuristic(is_message)], dissect)
};

const RULES: Rules = Rules {
    proto: ProtoId::ClassicStun,
    renews: false,
    again: Again::Answers,
    keeps_orphans: false,
    answers_latest: true,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, TIME],
};

/// There is no cookie: a known type and the right length must do.
fn is_message(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    begins(tvb)
}

fn begins(tvb: Tvb<'_>) -> bool {
    let (Ok(kind), Ok(len)) = (tvb.u16(0), tvb.u16(2)) else {
        return false;
    };
    tvb.len() >= HEADER_LEN
        && tvb.reported() == HEADER_LEN + usize::from(len)
        && TYPES.iter().any(|row| row.0 == u64::from(kind))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("CLASSIC-STUN");
    let kind = tvb.u16(0)?;
    d.set_info(|| format!("Message: {}", Names::Values(TYPES).of(kind.into()).unwrap_or_default()));
    let id: [u8; 16] = tvb.array(4)?;
    let number = u128::from_be_bytes(id);
    if kind & RESPONSE == 0 {
        transaction::request(d, &RULES, number);
    } else {
        transaction::response(d, &RULES, number, true);
    }
    let known = transaction::known(d, ProtoId::ClassicStun);
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(RESPONSE_TO, tvb, 0, 0, Value::Uint(frame));
        d.generated(TIME, tvb, 0, 0, Value::Time(after));
    }
    d.add(TYPE, tvb, 0, 2, Value::Uint(kind.into()));
    let len = d.uint(LENGTH, tvb, 2, 2)? as usize;
    d.bytes(ID, tvb, 4, 16);
    if len > 0 {
        d.open(ATTRIBUTES, tvb, HEADER_LEN, len, Value::None);
        attributes(d, tvb.sub(HEADER_LEN, len), id)?;
        d.close();
    }
    d.close();
    Ok(())
}

/// RFC 3489, 11.2.
fn attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, id: [u8; 16]) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        d.open_text(tvb, at, 4 + len, || {
            let name = Names::Values(ATTRIBUTE_NAMES).of(kind.into());
            match name {
                Some(name) => format!("Attribute: {name}"),
                None => format!("Attribute: Unknown (0x{kind:04x})"),
            }
        });
        d.add(ATT_TYPE, tvb, at, 2, Value::Uint(kind.into()));
        let line = d.add(ATT_LENGTH, tvb, at + 2, 2, Value::Uint(len as u64));
        if at + 4 + len > tvb.reported() {
            d.append_text(line, || " (bogus, goes past the end of the message)".to_owned());
            d.close();
            return Err(crate::stop::Stop::Malformed);
        }
        value(d, kind, tvb.sub(at + 4, len), id)?;
        d.close();
        at += 4 + len;
    }
    Ok(())
}

fn value<'a>(d: &mut Dissector<'a>, kind: u16, value: Tvb<'a>, id: [u8; 16]) -> Parsed {
    let len = value.reported();
    match kind {
        0x0001 | 0x0002 | 0x0004 | 0x0005 | 0x000b | 0x000e | 0x0011 | 0x0012 if len >= 2 => {
            address(d, value, [ATT_PORT, ATT_IPV4, ATT_IPV6])?;
        }
        0x8020 if len >= 2 => xored(d, value, id)?,
        0x0003 if len >= 4 => {
            let flags = u64::from(value.u16(2)?);
            d.flag(ATT_CHANGE_IP, value, 2, 2, flags);
            d.flag(ATT_CHANGE_PORT, value, 2, 2, flags);
        }
        0x0006..=0x0008 | 0x0014 | 0x0015 if len > 0 => {
            d.bytes(ATT_VALUE, value, 0, len);
        }
        0x0009 if len >= 4 => {
            d.bits(ATT_ERROR_CLASS, value, 2, 1, u64::from(value.u8(2)?));
            d.uint(ATT_ERROR, value, 3, 1)?;
            if len > 4 {
                d.string(ATT_ERROR_REASON, value, 4, len - 4);
            }
        }
        0x000a => {
            for at in (0..len / 2).map(|n| n * 2) {
                d.uint(ATT_UNKNOWN, value, at, 2)?;
            }
        }
        0x000d if len >= 4 => drop(d.uint(ATT_LIFETIME, value, 0, 4)?),
        0x000f if len >= 4 => drop(d.uint(ATT_MAGIC_COOKIE, value, 0, 4)?),
        0x0010 if len >= 4 => drop(d.uint(ATT_BANDWIDTH, value, 0, 4)?),
        0x0013 if len > 0 => {
            d.bytes(ATT_DATA, value, 0, len);
            d.call_within(ProtoId::Data, value);
        }
        0x0016 if len >= 2 => {
            d.add(ATT_FAMILY, value, 1, 1, Value::Uint(value.u8(1)?.into()));
        }
        0x8022 => {
            d.string(ATT_SERVER, value, 0, len);
        }
        _ => {}
    }
    Ok(())
}

/// RFC 3489, 11.2.1.
fn address<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, [port, ipv4, ipv6]: [FieldId; 3]) -> Parsed {
    let family = value.u8(1)?;
    d.add(ATT_FAMILY, value, 1, 1, Value::Uint(family.into()));
    d.uint(port, value, 2, 2)?;
    match family {
        1 => drop(d.add(ipv4, value, 4, 4, Value::Ipv4(value.array(4)?))),
        2 => drop(d.add(ipv6, value, 4, 16, Value::Ipv6(value.array(4)?))),
        _ => {}
    }
    Ok(())
}

/// The address combined with the transaction's identification.
fn xored<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, id: [u8; 16]) -> Parsed {
    let family = value.u8(1)?;
    d.add(ATT_FAMILY, value, 1, 1, Value::Uint(family.into()));
    let port = value.u16(2)?;
    d.add(ATT_PORT_XORD, value, 2, 2, Value::Uint(port.into()));
    let [a, b, ..] = id;
    let port = port ^ u16::from_be_bytes([a, b]);
    d.generated(ATT_PORT, value, 2, 2, Value::Uint(port.into()));
    match family {
        1 => {
            let mut address: [u8; 4] = value.array(4)?;
            d.add(ATT_IPV4_XORD, value, 4, 4, Value::Ipv4(address));
            address.iter_mut().zip(id).for_each(|(octet, key)| *octet ^= key);
            d.generated(ATT_IPV4, value, 4, 4, Value::Ipv4(address));
        }
        2 => {
            let mut address: [u8; 16] = value.array(4)?;
            d.add(ATT_IPV6_XORD, value, 4, 16, Value::Ipv6(address));
            address.iter_mut().zip(id).for_each(|(octet, key)| *octet ^= key);
            d.generated(ATT_IPV6, value, 4, 16, Value::Ipv6(address));
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_response_answers_the_latest_request() {
        let sample = PROTOCOL.samples[0].frames;
        let shown = frames(101, &[sample[0], sample[0], sample[1]]);
        assert_eq!(values(&shown[0], "classicstun.response_in"), "3");
        assert_eq!(values(&shown[2], "classicstun.response_to"), "2");
        assert_eq!(values(&shown[2], "classicstun.att.port"), "5005,5005,5003,5003");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::ClassicStun,
            b"\x01\x01\x00\x0cabcdefghijklmnop\x80\x20\x00\x08\x00\x01\x33\x26\xe1\xba\xa5\x40",
        );
    }
}
