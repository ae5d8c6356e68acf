//! Aggregate Server Access Protocol (RFC 5352) with the parameters that it shares with ENRP (RFC 5354).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Asap, "asap", "Aggregate Server Access Protocol";
    MESSAGE_TYPE = field("asap.message_type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    MESSAGE_FLAGS = field("asap.message_flags", "Flags", Uint8, Hex);
    H_BIT = field("asap.h_bit", "H Bit", Boolean, None).names(HOME).mask(0x1);
    R_BIT = field("asap.r_bit", "R Bit", Boolean, None).names(REJECTED).mask(0x1);
    MESSAGE_LENGTH = field("asap.message_length", "Length", Uint16, Dec);
    SERVER_IDENTIFIER = field("asap.server_identifier", "Server Identifier", Uint32, Hex);
    PARAMETER_TYPE = field("asap.parameter_type", "Parameter Type", Uint16, Hex).names(Names::Values(PARAMETERS));
    PARAMETER_LENGTH = field("asap.parameter_length", "Parameter Length", Uint16, Dec);
    PARAMETER_VALUE = field("asap.parameter_value", "Parameter Value", Bytes, None);
    PARAMETER_PADDING = field("asap.parameter_padding", "Padding", Bytes, None);
    IPV4_ADDRESS = field("asap.ipv4_address", "IP Version 4 Address", Ipv4, None);
    IPV6_ADDRESS = field("asap.ipv6_address", "IP Version 6 Address", Ipv6, None);
    SCTP_PORT = field("asap.sctp_transport_port", "Port", Uint16, Dec);
    TCP_PORT = field("asap.tcp_transport_port", "Port", Uint16, Dec);
    TRANSPORT_USE = field("asap.transport_use", "Transport Use", Uint16, Dec).names(Names::Values(USES));
    UDP_PORT = field("asap.udp_transport_port", "Port", Uint16, Dec);
    UDP_RESERVED = field("asap.udp_transport_reserved", "Reserved", Uint16, Dec);
    POLICY_TYPE = field("asap.pool_member_selection_policy_type", "Policy Type", Uint32, Hex).names(Names::Values(POLICIES));
    POLICY_VALUE = field("asap.pool_member_selection_policy_value", "Policy Value", Bytes, None);
    POOL_HANDLE = field("asap.pool_handle_pool_handle", "Pool Handle", Bytes, None);
    PE_IDENTIFIER_OF_ELEMENT = field("asap.pool_element_pe_identifier", "PE Identifier", Uint32, Hex);
    HOME_SERVER = field("asap.pool_element_home_enrp_server_identifier", "Home ENRP Server Identifier", Uint32, Hex);
    REGISTRATION_LIFE = field("asap.pool_element_registration_life", "Registration Life", Int32, Dec);
    CAUSE_CODE = field("asap.cause_code", "Cause Code", Uint16, Hex).names(Names::Values(CAUSES));
    CAUSE_LENGTH = field("asap.cause_length", "Cause Length", Uint16, Dec);
    CAUSE_INFO = field("asap.cause_info", "Cause Info", Bytes, None);
    COOKIE = field("asap.cookie", "Cookie", Bytes, None);
    PE_IDENTIFIER = field("asap.pe_identifier", "PE Identifier", Uint32, Hex);
    PE_CHECKSUM = field("asap.pe_checksum", "PE Checksum", Uint16, Hex);
}

const HOME: Names = Names::Flag("Want to be new ENRP server", "Do not want to be new ENRP server");
const REJECTED: Names = Names::Flag("Rejected", "Accepted");

/// RFC 5352, 2.2.
const TYPES: &[(u64, &str)] = &[
    (1, "ASAP Registration"),
    (2, "ASAP Deregistration"),
    (3, "ASAP Registration Response"),
    (4, "ASAP Deregistration Response"),
    (5, "ASAP Handle Resolution"),
    (6, "ASAP Handle Resolution Response"),
    (7, "ASAP Endpoint Keep-Alive"),
    (8, "ASAP Endpoint Keep-Alive Acknowledgement"),
    (9, "ASAP Endpoint Unreachable"),
    (10, "ASAP Server Announce"),
    (11, "ASAP Cookie"),
    (12, "ASAP Cookie Echo"),
    (13, "ASAP Business Card"),
    (14, "ASAP Error"),
];
const REGISTRATION_RESPONSE: u8 = 3;
const KEEP_ALIVE: u8 = 7;
const SERVER_ANNOUNCE: u8 = 10;

/// RFC 5354, 3.
const PARAMETERS: &[(u64, &str)] = &[
    (0x1, "IPv4 Address Parameter"),
    (0x2, "IPv6 Address Parameter"),
    (0x3, "DCCP Transport Address Parameter"),
    (0x4, "SCTP Transport Address Parameter"),
    (0x5, "TCP Transport Address Parameter"),
    (0x6, "UDP Transport Address Parameter"),
    (0x7, "UDP-Lite Transport Address Parameter"),
    (0x8, "Pool Member Selection Policy Parameter"),
    (0x9, "Pool Handle Parameter"),
    (0xa, "Pool Element Parameter"),
    (0xb, "Server Information Parameter"),
    (0xc, "Operation Error Parameter"),
    (0xd, "Cookie Parameter"),
    (0xe, "Pool Element Identifier Parameter"),
    (0xf, "PE Checksum Parameter"),
    (0x803f, "Handle Resolution Option Parameter"),
];
const USES: &[(u64, &str)] = &[(0, "Data only"), (1, "Data plus control")];
const POLICIES: &[(u64, &str)] = &[
    (0x1, "Round Robin"),
    (0x2, "Weighted Round Robin"),
    (0x3, "Random"),
    (0x4, "Weighted Random"),
    (0x5, "Priority"),
    (0x4000_0001, "Least Used"),
    (0x4000_0002, "Least Used with Degradation"),
    (0x4000_0003, "Priority Least Used"),
    (0x4000_0004, "Randomized Least Used"),
];
const CAUSES: &[(u64, &str)] = &[
    (1, "Unrecognized parameter"),
    (2, "Unrecognized message"),
    (3, "Invalid values"),
    (4, "Non-unique PE identifier"),
    (5, "Pooling policy inconsistent"),
    (6, "Lack of resources"),
    (7, "Inconsistent transport type"),
    (8, "Inconsistent data/control type"),
    (9, "Unknown pool handle"),
    (10, "Rejected due to security considerations"),
];

const HEADER_LEN: usize = 4;
/// How deep parameters may lie in each other: an address in a transport in a pool element.
const MAX_DEPTH: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Asap,
        "ASAP",
        &[Binding::UdpPort(3863), Binding::TcpPort(3863), Binding::SctpPort(3863)],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ASAP");
    d.begin(PROTO, tvb);
    let (kind, flags) = (tvb.u8(0)?, tvb.u8(1)?);
    d.set_info(|| format!("{} ", Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown ASAP type".into())));
    d.uint(MESSAGE_TYPE, tvb, 0, 1)?;
    d.open(MESSAGE_FLAGS, tvb, 1, 1, Value::Uint(flags.into()));
    match kind {
        REGISTRATION_RESPONSE => {
            d.flag(R_BIT, tvb, 1, 1, flags.into());
        }
        KEEP_ALIVE => {
            d.flag(H_BIT, tvb, 1, 1, flags.into());
        }
        _ => {}
    }
    d.close();
    d.uint(MESSAGE_LENGTH, tvb, 2, 2)?;
    let mut at = HEADER_LEN;
    if matches!(kind, KEEP_ALIVE | SERVER_ANNOUNCE) {
        d.uint(SERVER_IDENTIFIER, tvb, at, 4)?;
        at += 4;
    }
    parameters(d, tvb.from(at), 0)?;
    d.close();
    Ok(())
}

fn parameters<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, depth: usize) -> Parsed {
    let mut at = 0;
    while at + 4 <= tvb.reported() {
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let name = || Names::Values(PARAMETERS).of(kind.into()).unwrap_or("Unknown Parameter".into());
        d.open_text(tvb, at, len, || name().trim_end_matches(" Parameter").to_owned());
        d.uint(PARAMETER_TYPE, tvb, at, 2)?;
        d.uint(PARAMETER_LENGTH, tvb, at + 2, 2)?;
        if len < 4 || at + len > tvb.reported() {
            return Err(Stop::Overrun);
        }
        parameter(d, tvb.sub(at + 4, len - 4), kind, depth)?;
        let padding = (len.wrapping_neg() % 4).min(tvb.reported() - at - len);
        if padding > 0 {
            d.bytes(PARAMETER_PADDING, tvb, at + len, padding);
        }
        d.close();
        at += len + padding;
    }
    Ok(())
}

fn parameter<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u16, depth: usize) -> Parsed {
    let len = tvb.reported();
    if depth >= MAX_DEPTH {
        return Ok(());
    }
    match kind {
        1 => {
            d.add(IPV4_ADDRESS, tvb, 0, 4, Value::Ipv4(tvb.array(0)?));
        }
        2 => {
            d.add(IPV6_ADDRESS, tvb, 0, 16, Value::Ipv6(tvb.array(0)?));
        }
        4..=6 => {
            let [port, second] = match kind {
                4 => [SCTP_PORT, TRANSPORT_USE],
                5 => [TCP_PORT, TRANSPORT_USE],
                _ => [UDP_PORT, UDP_RESERVED],
            };
            d.uint(port, tvb, 0, 2)?;
            d.uint(second, tvb, 2, 2)?;
            parameters(d, tvb.from(4), depth + 1)?;
        }
        8 => {
            d.uint(POLICY_TYPE, tvb, 0, 4)?;
            if len > 4 {
                d.bytes(POLICY_VALUE, tvb, 4, len - 4);
            }
        }
        9 => {
            d.bytes(POOL_HANDLE, tvb, 0, len);
        }
        10 => {
            d.uint(PE_IDENTIFIER_OF_ELEMENT, tvb, 0, 4)?;
            d.uint(HOME_SERVER, tvb, 4, 4)?;
            d.add(REGISTRATION_LIFE, tvb, 8, 4, Value::Int((tvb.u32(8)? as i32).into()));
            parameters(d, tvb.from(12), depth + 1)?;
        }
        12 => {
            let mut at = 0;
            while at + 4 <= len {
                let cause = usize::from(tvb.u16(at + 2)?);
                d.uint(CAUSE_CODE, tvb, at, 2)?;
                d.uint(CAUSE_LENGTH, tvb, at + 2, 2)?;
                if cause < 4 || at + cause > len {
                    return Err(Stop::Overrun);
                }
                if cause > 4 {
                    d.bytes(CAUSE_INFO, tvb, at + 4, cause - 4);
                }
                at += cause.next_multiple_of(4);
            }
        }
        13 => {
            d.bytes(COOKIE, tvb, 0, len);
        }
        14 => {
            d.uint(PE_IDENTIFIER, tvb, 0, 4)?;
        }
        15 => {
            d.uint(PE_CHECKSUM, tvb, 0, 2)?;
        }
        _ if len > 0 => {
            d.bytes(PARAMETER_VALUE, tvb, 0, len);
        }
        _ => {}
    }
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500005800010000401100000a0000010a000002c0000f17004400000100003c00090009706f6f6c21000000000a002c \
     00000001000000020000001e0006001013880000000100080a0000010008000c0000000100000005",
    "4500003c00010000401100000a0000010a0000020f17c000002800000301002000090008706f6f6c000e000800000007 \
     000c000c0003000761626300",
    "4500008800010000401100000a0000010a000002c0000f17007400000701006c000000090009000570000000000f0006 \
     01020000000d0008636f6f6b0005001c0050000000020014000000000000000000000000000000010004001c00500000 \
     0002001400000000000000000000000000000001006300067a7a00000008000c0000006378787878",
    "4500002700010000401100000a0000010a000002c0000f1700130000aa79be728ec17711000102",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn parameters_lie_in_each_other_and_end_within() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "asap.udp_transport_port"), "5000");
        assert_eq!(values(&shown[0], "asap.ipv4_address"), "10.0.0.1");
        assert_eq!(values(&shown[3], "asap.parameter_length"), "30481");
        assert!(shown[3].iter().any(|field| field.0 == "_ws.malformed"));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Asap, b"\x01\0\0\x10\0\x06\0\x10\0\x05\0\0\0\x01\0\x08\x0a\0\0\x01");
    }
}
