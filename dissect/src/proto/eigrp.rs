//! Cisco's Enhanced Interior Gateway Routing Protocol (RFC 7868): headers, parameters, and the types of all else.

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Eigrp, "eigrp", "Enhanced Interior Gateway Routing Protocol";
    VERSION = field("eigrp.version", "Version", Uint8, Dec);
    OPCODE = field("eigrp.opcode", "Opcode", Uint8, Dec).names(Names::Values(OPCODES));
    CHECKSUM = field("eigrp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("eigrp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    FLAGS = field("eigrp.flags", "Flags", Uint32, Hex);
    FLAGS_INIT = field("eigrp.flags.init", "Init", Boolean, None).names(SET).mask(0x1);
    FLAGS_CONDRECV = field("eigrp.flags.condrecv", "Conditional Receive", Boolean, None).names(SET).mask(0x2);
    FLAGS_RESTART = field("eigrp.flags.restart", "Restart", Boolean, None).names(SET).mask(0x4);
    FLAGS_EOT = field("eigrp.flags.eot", "End Of Table", Boolean, None).names(SET).mask(0x8);
    SEQ = field("eigrp.seq", "Sequence", Uint32, Dec);
    ACK = field("eigrp.ack", "Acknowledge", Uint32, Dec);
    VRID = field("eigrp.vrid", "Virtual Router ID", Uint16, Dec);
    AS = field("eigrp.as", "Autonomous System", Uint16, Dec);
    TLV_TYPE = field("eigrp.tlv_type", "Type", Uint16, Hex).names(Names::Values(TYPES));
    TLV_LEN = field("eigrp.tlv.len", "Length", Uint16, Dec);
    K1 = field("eigrp.par.k1", "K1", Uint8, Dec);
    K2 = field("eigrp.par.k2", "K2", Uint8, Dec);
    K3 = field("eigrp.par.k3", "K3", Uint8, Dec);
    K4 = field("eigrp.par.k4", "K4", Uint8, Dec);
    K5 = field("eigrp.par.k5", "K5", Uint8, Dec);
    K6 = field("eigrp.par.k6", "K6", Uint8, Dec);
    PAR_HOLDTIME = field("eigrp.par.holdtime", "Hold Time", Uint16, Dec);
    CHECKSUM_BAD = expert("eigrp.checksum.bad", "Bad checksum", Error, Checksum);
}

const SET: Names = Names::Flag("Set", "Not set");
/// RFC 7868, 6.5.
const OPCODES: &[(u64, &str)] = &[
    (1, "Update"),
    (2, "Request"),
    (3, "Query"),
    (4, "Reply"),
    (5, "Hello"),
    (6, "IPX SAP"),
    (7, "Route Probe"),
    (8, "Hello (Ack)"),
    (9, "Stub-Info"),
    (10, "SIA-Query"),
    (11, "SIA-Reply"),
];
const HELLO: u8 = 5;
/// RFC 7868, 6.6 to 6.9.
const TYPES: &[(u64, &str)] = &[
    (0x0001, "Parameters"),
    (0x0002, "Authentication"),
    (0x0003, "Sequence"),
    (0x0004, "Software Version"),
    (0x0005, "Next multicast sequence"),
    (0x0006, "Peer Stub Information"),
    (0x0007, "Peer Termination"),
    (0x0008, "Peer Topology ID List"),
    (0x0102, "Internal Route(IPv4)"),
    (0x0103, "External Route(IPv4)"),
    (0x0402, "Internal Route(IPv6)"),
    (0x0403, "External Route(IPv6)"),
    (0x0602, "Internal Route(MTR)"),
    (0x0603, "External Route(MTR)"),
];
const PARAMETERS: u16 = 1;
const HEADER_LEN: usize = 20;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Eigrp, "EIGRP", &[Binding::IpProto(88)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("EIGRP");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let (opcode, acknowledged) = (tvb.u8(1)?, tvb.u32(12)?);
    // A hello that acknowledges is nothing but that.
    let shown = if opcode == HELLO && acknowledged != 0 { 8 } else { opcode };
    d.set_info(|| Names::Values(OPCODES).of(shown.into()).unwrap_or("Unknown".into()).into_owned());
    d.uint(VERSION, tvb, 0, 1)?;
    d.uint(OPCODE, tvb, 1, 1)?;
    let found = tvb.u16(2)?;
    let wanted = if tvb.is_whole() { checksum::expected(tvb.bytes(), found) } else { found };
    let line = d.open(CHECKSUM, tvb, 2, 2, Value::Uint(found.into()));
    d.text(line, || match wanted == found {
        true => format!("Checksum: 0x{found:04x} [correct]"),
        false => format!("Checksum: 0x{found:04x} incorrect, should be 0x{wanted:04x}"),
    });
    if wanted != found {
        d.expert_with(CHECKSUM_BAD, tvb, 2, 2, || format!("Bad checksum [should be 0x{wanted:04x}]"));
    }
    d.close();
    d.generated(CHECKSUM_STATUS, tvb, 2, 0, Value::Uint((wanted == found).into()));
    let flags = u64::from(tvb.u32(4)?);
    d.open(FLAGS, tvb, 4, 4, Value::Uint(flags));
    for field in [FLAGS_INIT, FLAGS_CONDRECV, FLAGS_RESTART, FLAGS_EOT] {
        d.flag(field, tvb, 4, 4, flags);
    }
    d.close();
    d.uint(SEQ, tvb, 8, 4)?;
    d.uint(ACK, tvb, 12, 4)?;
    d.uint(VRID, tvb, 16, 2)?;
    d.uint(AS, tvb, 18, 2)?;
    let mut at = HEADER_LEN;
    while at + 4 <= tvb.reported() {
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let body = tvb.exact(at, len.max(4))?;
        d.open_text(tvb, at, len, || Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown".into()).into_owned());
        d.uint(TLV_TYPE, tvb, at, 2)?;
        d.uint(TLV_LEN, tvb, at + 2, 2)?;
        if kind == PARAMETERS {
            for (place, field) in [K1, K2, K3, K4, K5, K6].into_iter().enumerate() {
                d.uint(field, body, 4 + place, 1)?;
            }
            d.uint(PAR_HOLDTIME, body, 10, 2)?;
        }
        d.close();
        at += len.max(4);
    }
    d.close();
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500003c00010000025800000a000001e000000a0205ee65000000000000000100000002000000640001000c01000100 \
     0000000f000400080c040102",
    "4500004400010000025800000a000001e000000a0201b257000000010000000100000002000000640102001c0a000009 \
     000064000003e8000005dc01ff010000180a0101",
    "4500003c00010000025800000a000001e000000a0205ee64000000000000000100000002000000640001000c01000100 \
     0000000f000400080c040102",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn parameters_and_checksums() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "eigrp.par.holdtime"), "15");
        assert_eq!(values(&shown[0], "eigrp.checksum.status"), "1");
        assert_eq!(values(&shown[1], "eigrp.flags.init"), "1");
        assert_eq!(values(&shown[2], "eigrp.checksum.status"), "0");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Eigrp,
            b"\x02\x05\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x64\0\x01\0\x0c\x01\0\x01\0\0\0\0\x0f",
        );
    }
}
