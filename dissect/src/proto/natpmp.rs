//! NAT Port Mapping Protocol (RFC 6886).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { NatPmp, "nat-pmp", "NAT Port Mapping Protocol";
    VERSION = field("nat-pmp.version", "Version", Uint8, Dec);
    OPCODE = field("nat-pmp.opcode", "Opcode", Uint8, Dec).names(Names::Values(OPCODES));
    RESERVED = field("nat-pmp.reserved", "Reserved", Uint16, Dec);
    RESULT_CODE = field("nat-pmp.result_code", "Result Code", Uint16, Dec).names(Names::Values(RESULTS));
    SSSOE = field("nat-pmp.sssoe", "Seconds Since Start of Epoch", Uint32, Dec);
    EXTERNAL_IP = field("nat-pmp.external_ip", "External IP Address", Ipv4, None);
    INTERNAL_PORT = field("nat-pmp.internal_port", "Internal Port", Uint16, Dec);
    REQ_EXTERNAL_PORT = field("nat-pmp.external_port", "Requested External Port", Uint16, Dec);
    PML = field("nat-pmp.pml", "Requested Port Mapping Lifetime", Uint32, Dec);
}

const OPCODES: &[(u64, &str)] = &[
    (0, "External Address Request"),
    (1, "Map UDP Request"),
    (2, "Map TCP Request"),
    (128, "External Address Response"),
    (129, "Map UDP Response"),
    (130, "Map TCP Response"),
];
/// RFC 6886, 3.5.
const RESULTS: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "Unsupported Version"),
    (2, "Not Authorized/Refused"),
    (3, "Network Failure"),
    (4, "Out of resources"),
    (5, "Unsupported opcode"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(|_, tvb| matches!(tvb.bytes(), [0, 0..=2 | 128..=130, ..] | [1..=2, _, ..])),
    calls: &[ProtoId::PortControl],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000028 00010000 40110000 0a000001 0a000002 1388 14e7 00140000 0001 0000 32dd 32dd 00000e10",
            "45000028 00010000 40110000 0a000002 0a000001 14e7 1388 00140000 0080 0000 00000021 c0a8010b",
            "4500002c 00010000 40110000 0a000002 0a000001 14e7 1388 00180000 0081 0000 00000021 32dd 32dd 00000e10",
        ],
    }],
    ..Protocol::new(ProtoId::NatPmp, "NAT-PMP", &[Binding::UdpPort(5351), Binding::UdpPort(5350)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    // RFC 6887, 9: its successor has the same ports.
    if tvb.u8(0)? != 0 {
        d.call(ProtoId::PortControl, tvb);
        return Ok(());
    }
    let item = d.begin(PROTO, tvb);
    d.set_protocol("NAT-PMP");
    let code = tvb.u8(1)?;
    let name = Names::Values(OPCODES).of(code.into()).unwrap_or("Unknown opcode".into());
    d.text(item, || format!("NAT Port Mapping Protocol, {name}"));
    d.set_info(|| name.clone().into_owned());
    d.uint(VERSION, tvb, 0, 1)?;
    d.uint(OPCODE, tvb, 1, 1)?;
    match code {
        1 | 2 => {
            d.uint(RESERVED, tvb, 2, 2)?;
            mapping(d, tvb, 4)?;
        }
        128 => {
            result(d, tvb)?;
            d.add(EXTERNAL_IP, tvb, 8, 4, Value::Ipv4(tvb.array(8)?));
        }
        129 | 130 => {
            result(d, tvb)?;
            mapping(d, tvb, 8)?;
        }
        _ => {}
    }
    d.close();
    Ok(())
}

fn result<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(RESULT_CODE, tvb, 2, 2)?;
    d.uint(SSSOE, tvb, 4, 4)?;
    Ok(())
}

/// The ports and for how long (RFC 6886, 3.3).
fn mapping<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    d.uint(INTERNAL_PORT, tvb, at, 2)?;
    d.uint(REQ_EXTERNAL_PORT, tvb, at + 2, 2)?;
    d.uint(PML, tvb, at + 4, 4)?;
    Ok(())
}
