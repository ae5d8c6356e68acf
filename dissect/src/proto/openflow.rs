//! OpenFlow 1.0 and 1.3 (Open Networking Foundation): the heads of what controllers and switches say to each other.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Openflow, "openflow", "OpenFlow";
    VERSION = field("openflow.version", "Version", Uint8, Hex).names(Names::Values(VERSIONS));
    V1_TYPE = field("openflow_1_0.type", "Type", Uint8, Dec).names(Names::Values(V1_TYPES));
    LENGTH = field("openflow.length", "Length", Uint16, Dec);
    XID = field("openflow.xid", "Transaction ID", Uint32, Dec);
    V4_VERSION = field("openflow_v4.version", "Version", Uint8, Hex).names(Names::Values(VERSIONS));
    V4_TYPE = field("openflow_v4.type", "Type", Uint8, Dec).names(Names::Values(V4_TYPES));
    V4_LENGTH = field("openflow_v4.length", "Length", Uint16, Dec);
    V4_XID = field("openflow_v4.xid", "Transaction ID", Uint32, Dec);
    V4_REQUEST = field("openflow_v4.multipart_request.type", "Type", Uint16, Dec).names(Names::Values(MULTIPARTS));
    V4_REPLY = field("openflow_v4.multipart_reply.type", "Type", Uint16, Dec).names(Names::Values(MULTIPARTS));
}

const VERSIONS: &[(u64, &str)] = &[(1, "1.0"), (2, "1.1"), (3, "1.2"), (4, "1.3"), (5, "1.4"), (6, "1.5")];
const V1_TYPES: &[(u64, &str)] = &[
    (0, "OFPT_HELLO"),
    (1, "OFPT_ERROR"),
    (2, "OFPT_ECHO_REQUEST"),
    (3, "OFPT_ECHO_REPLY"),
    (4, "OFPT_VENDOR"),
    (5, "OFPT_FEATURES_REQUEST"),
    (6, "OFPT_FEATURES_REPLY"),
    (7, "OFPT_GET_CONFIG_REQUEST"),
    (8, "OFPT_GET_CONFIG_REPLY"),
    (9, "OFPT_SET_CONFIG"),
    (10, "OFPT_PACKET_IN"),
    (11, "OFPT_FLOW_REMOVED"),
    (12, "OFPT_PORT_STATUS"),
    (13, "OFPT_PACKET_OUT"),
    (14, "OFPT_FLOW_MOD"),
    (15, "OFPT_PORT_MOD"),
    (16, "OFPT_STATS_REQUEST"),
    (17, "OFPT_STATS_REPLY"),
    (18, "OFPT_BARRIER_REQUEST"),
    (19, "OFPT_BARRIER_REPLY"),
    (20, "OFPT_QUEUE_GET_CONFIG_REQUEST"),
    (21, "OFPT_QUEUE_GET_CONFIG_REPLY"),
];
const V4_TYPES: &[(u64, &str)] = &[
    (0, "OFPT_HELLO"),
    (1, "OFPT_ERROR"),
    (2, "OFPT_ECHO_REQUEST"),
    (3, "OFPT_ECHO_REPLY"),
    (4, "OFPT_EXPERIMENTER"),
    (5, "OFPT_FEATURES_REQUEST"),
    (6, "OFPT_FEATURES_REPLY"),
    (7, "OFPT_GET_CONFIG_REQUEST"),
    (8, "OFPT_GET_CONFIG_REPLY"),
    (9, "OFPT_SET_CONFIG"),
    (10, "OFPT_PACKET_IN"),
    (11, "OFPT_FLOW_REMOVED"),
    (12, "OFPT_PORT_STATUS"),
    (13, "OFPT_PACKET_OUT"),
    (14, "OFPT_FLOW_MOD"),
    (15, "OFPT_GROUP_MOD"),
    (16, "OFPT_PORT_MOD"),
    (17, "OFPT_TABLE_MOD"),
    (18, "OFPT_MULTIPART_REQUEST"),
    (19, "OFPT_MULTIPART_REPLY"),
    (20, "OFPT_BARRIER_REQUEST"),
    (21, "OFPT_BARRIER_REPLY"),
    (22, "OFPT_QUEUE_GET_CONFIG_REQUEST"),
    (23, "OFPT_QUEUE_GET_CONFIG_REPLY"),
    (24, "OFPT_ROLE_REQUEST"),
    (25, "OFPT_ROLE_REPLY"),
    (26, "OFPT_GET_ASYNC_REQUEST"),
    (27, "OFPT_GET_ASYNC_REPLY"),
    (28, "OFPT_SET_ASYNC"),
    (29, "OFPT_METER_MOD"),
];
const MULTIPARTS: &[(u64, &str)] = &[
    (0, "OFPMP_DESC"),
    (1, "OFPMP_FLOW"),
    (2, "OFPMP_AGGREGATE"),
    (3, "OFPMP_TABLE"),
    (4, "OFPMP_PORT_STATS"),
    (5, "OFPMP_QUEUE"),
    (6, "OFPMP_GROUP"),
    (7, "OFPMP_GROUP_DESC"),
    (8, "OFPMP_GROUP_FEATURES"),
    (9, "OFPMP_METER"),
    (10, "OFPMP_METER_CONFIG"),
    (11, "OFPMP_METER_FEATURES"),
    (12, "OFPMP_TABLE_FEATURES"),
    (13, "OFPMP_PORT_DESC"),
    (0xffff, "OFPMP_EXPERIMENTER"),
];
const V1: u8 = 1;
const V4: u8 = 4;
const HEADER_LEN: usize = 8;
/// The highest type that any version has.
const MAX_TYPE: u8 = 35;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(|_, tvb| matches!(framing(tvb.bytes()), Framing::Message(_))),
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003c 00010000 40060000 0a000001 0a000002  c00019e9 00000001 00000001 50180100 00000000  01000008 0000004c 0412000c 00000001 000c 0000",
            "45000034 00010000 40060000 0a000002 0a000001  19e9c000 00000001 00000019 50180100 00000000  0413000c 00000001 000c 0000",
        ],
    }],
    ..Protocol::new(ProtoId::Openflow, "OpenFlow", &[Binding::TcpPort(6633), Binding::TcpPort(6653)], dissect)
};

/// Version, type, and the length of the whole message.
fn framing(octets: &[u8]) -> Framing {
    match octets {
        [version, kind, ..] if !matches!(version, 1..=6) || *kind > MAX_TYPE => Framing::Foreign,
        [_, _, a, b, ..] => match usize::from(u16::from_be_bytes([*a, *b])) {
            len @ HEADER_LEN.. => Framing::Message(len),
            _ => Framing::Foreign,
        },
        _ => Framing::More(4),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("OpenFlow");
    let (version, kind) = (tvb.u8(0)?, tvb.u8(1)?);
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    let (layer, fields, names) = match version {
        V1 => ("openflow_v1", [VERSION, V1_TYPE, LENGTH, XID], V1_TYPES),
        V4 => ("openflow_v4", [V4_VERSION, V4_TYPE, V4_LENGTH, V4_XID], V4_TYPES),
        _ => {
            d.uint(VERSION, tvb, 0, 1)?;
            d.close();
            return Ok(());
        }
    };
    d.layer(layer);
    d.append_info(|| {
        let name = Names::Values(names).of(kind.into());
        format!("Type: {}", name.as_deref().unwrap_or("Unknown type"))
    });
    let [version_field, type_field, length, xid] = fields;
    d.uint(version_field, tvb, 0, 1)?;
    d.uint(type_field, tvb, 1, 1)?;
    d.uint(length, tvb, 2, 2)?;
    d.uint(xid, tvb, 4, 4)?;
    let part = match (version, kind) {
        (V4, 18) => Some(V4_REQUEST),
        (V4, 19) => Some(V4_REPLY),
        _ => None,
    };
    if let Some(field) = part {
        let number = d.uint(field, tvb, HEADER_LEN, 2)?;
        d.append_info(|| {
            let name = Names::Values(MULTIPARTS).of(number);
            format!(", {}", name.as_deref().unwrap_or("Unknown"))
        });
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn messages_of_both_versions_in_a_segment() {
        let shown = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "openflow.xid"), "76");
        assert_eq!(values(&shown[0], "openflow_v4.multipart_request.type"), "12");
        assert_eq!(values(&shown[1], "openflow_v4.multipart_reply.type"), "12");
    }

    #[test]
    fn what_has_another_version_or_length_is_not_it() {
        for octets in [&[9, 0, 0, 8][..], &[1, 99, 0, 8], &[1, 0, 0, 7]] {
            assert_eq!(framing(octets), Framing::Foreign);
        }
        assert_eq!(framing(&[1, 0, 0]), Framing::More(4));
    }
}
