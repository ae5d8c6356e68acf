//! Port Control Protocol (RFC 6887): the header of requests and responses, and mappings. It shares its ports with
//! NAT-PMP, which hands it what has another version.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { PortControl, "portcontrol", "Port Control Protocol";
    VERSION = field("portcontrol.version", "Version", Uint8, Dec);
    R = field("portcontrol.r", "R", Boolean, None).mask(0x80).names(Names::Flag("Response", "Request"));
    OPCODE = field("portcontrol.opcode", "Opcode", Uint8, Dec).mask(0x7f).names(Names::Values(OPCODES));
    RESERVED = field("portcontrol.reserved", "Reserved", Uint8, Dec);
    RESULT_CODE = field("portcontrol.result_code", "Result Code", Uint16, Dec).names(Names::Values(RESULTS));
    LIFETIME_REQ = field("portcontrol.lifetime_req", "Requested Lifetime", Uint32, Dec);
    CLIENT_IP = field("portcontrol.client_ip", "Client IP Address", Ipv6, None);
    LIFETIME_RSP = field("portcontrol.lifetime_rsp", "Lifetime", Uint32, Dec);
    EPOCH_TIME = field("portcontrol.epoch_time", "Epoch Time", Uint32, Dec);
    RSP_RESERVED = field("portcontrol.rsp_reserved", "Reserved", Bytes, None);
    MAP_NONCE = field("portcontrol.map.nonce", "Mapping Nonce", Bytes, None);
    MAP_PROTOCOL = field("portcontrol.map.protocol", "Protocol", Uint8, Dec);
    MAP_RESERVED = field("portcontrol.map.reserved", "Reserved", Uint24, Dec);
    MAP_INTERNAL_PORT = field("portcontrol.map.internal_port", "Internal Port", Uint16, Dec);
    MAP_SUGGESTED_PORT = field("portcontrol.map.req_sug_external_port", "Suggested External Port", Uint16, Dec);
    MAP_SUGGESTED_IP = field("portcontrol.map.req_sug_external_ip", "Suggested External IP Address", Ipv6, None);
    MAP_ASSIGNED_PORT = field("portcontrol.map.rsp_assigned_external_port", "Assigned External Port", Uint16, Dec);
    MAP_ASSIGNED_IP = field("portcontrol.map.rsp_assigned_ext_ip", "Assigned External IP Address", Ipv6, None);
}

const OPCODES: &[(u64, &str)] = &[(0, "Announce"), (1, "Map"), (2, "Peer")];
const MAP: u64 = 1;
/// RFC 6887, 7.4.
const RESULTS: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "Unsupported Version"),
    (2, "Not Authorized"),
    (3, "Malformed Request"),
    (4, "Unsupported Opcode"),
    (5, "Unsupported Option"),
    (6, "Malformed Option"),
    (7, "Network Failure"),
    (8, "No Resources"),
    (9, "Unsupported Protocol"),
    (10, "User Exceeded Quota"),
    (11, "Cannot Provide External"),
    (12, "Address Mismatch"),
    (13, "Excessive Remote Peers"),
];
const HEADER_LEN: usize = 24;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000058 00010000 40110000 0a000001 0a000002 1388 14e7 00440000 0201 0000 00000e10 00000000000000000000ffff0a000001 \
             010203040506070809101112 06 000000 0050 1f90 00000000000000000000ffff0a000002",
            "45000058 00010000 40110000 0a000002 0a000001 14e7 1388 00440000 0281 00 00 00000e10 00000021 000000000000000000000000 \
             010203040506070809101112 06 000000 0050 1f90 00000000000000000000ffff0a000002",
        ],
    }],
    ..Protocol::new(ProtoId::PortControl, "Port Control", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (version, code) = (tvb.u8(0)?, u64::from(tvb.u8(1)?));
    let (is_response, opcode) = (code & 0x80 != 0, code & 0x7f);
    let item = d.begin(PROTO, tvb);
    d.set_protocol(if version == 1 { "PCP v1" } else { "PCP v2" });
    let name = Names::Values(OPCODES).of(opcode).unwrap_or("Unknown".into());
    let direction = if is_response { "Response" } else { "Request" };
    d.set_info(|| format!("{name} {direction}"));
    d.text(item, || format!("Port Control Protocol, {name} {direction}"));
    d.uint(VERSION, tvb, 0, 1)?;
    d.flag(R, tvb, 1, 1, code);
    d.bits(OPCODE, tvb, 1, 1, code);
    if is_response {
        d.uint(RESERVED, tvb, 2, 1)?;
        d.uint(RESULT_CODE, tvb, 3, 1)?;
        d.uint(LIFETIME_RSP, tvb, 4, 4)?;
        d.uint(EPOCH_TIME, tvb, 8, 4)?;
        tvb.slice(12, 12)?;
        d.bytes(RSP_RESERVED, tvb, 12, 12);
    } else {
        d.uint(LIFETIME_REQ, tvb, 4, 4)?;
        d.add(CLIENT_IP, tvb, 8, 16, Value::Ipv6(tvb.array(8)?));
    }
    if opcode == MAP {
        let body = tvb.exact(HEADER_LEN, 36)?;
        body.slice(0, 36)?;
        d.bytes(MAP_NONCE, body, 0, 12);
        d.uint(MAP_PROTOCOL, body, 12, 1)?;
        d.uint(MAP_RESERVED, body, 13, 3)?;
        d.uint(MAP_INTERNAL_PORT, body, 16, 2)?;
        let [port, address] =
            if is_response { [MAP_ASSIGNED_PORT, MAP_ASSIGNED_IP] } else { [MAP_SUGGESTED_PORT, MAP_SUGGESTED_IP] };
        d.uint(port, body, 18, 2)?;
        d.add(address, body, 20, 16, Value::Ipv6(body.array(20)?));
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn a_mapping_is_asked_for_and_given() {
        let all = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&all[0], "portcontrol.lifetime_req"), "3600");
        assert_eq!(values(&all[1], "portcontrol.epoch_time"), "33");
        assert_eq!(values(&all[1], "portcontrol.map.rsp_assigned_external_port"), "8080");
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(ProtoId::PortControl, [&b"\x02\x01\0\0\0\0\x0e\x10"[..], &[7; 52]].concat().leak());
    }
}
