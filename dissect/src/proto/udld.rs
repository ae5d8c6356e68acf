//! Unidirectional Link Detection of Cisco's switches (RFC 5171).

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Udld, "udld", "Unidirectional Link Detection";
    VERSION = field("udld.version", "Version", Uint8, Dec).mask(0xe0);
    OPCODE = field("udld.opcode", "Opcode", Uint8, Dec).names(Names::Values(OPCODES)).mask(0x1f);
    FLAGS = field("udld.flags", "Flags", Uint8, Dec);
    FLAGS_RT = field("udld.flags.rt", "Recommended timeout", Uint8, Hex).mask(0x01);
    FLAGS_RSY = field("udld.flags.rsy", "ReSynch", Uint8, Hex).mask(0x02);
    CHECKSUM = field("udld.checksum", "Checksum", Uint16, Hex);
    TLV_TYPE = field("udld.tlv.type", "Type", Uint16, Hex).names(Names::Values(TYPES));
    TLV_LEN = field("udld.tlv.len", "Length", Uint16, Dec);
    DEVICE_ID = field("udld.device_id", "Device ID", String, None);
    SENT_THROUGH_INTERFACE = field("udld.sent_through_interface", "Sent through Interface", String, None);
    DATA = field("udld.data", "Data", Bytes, None);
    TLV_LEN_INVALID = expert("udld.tlv.len.invalid", "TLV with invalid length (< 4)", Warning, Malformed);
}

const OPCODES: &[(u64, &str)] = &[(0, "Reserved"), (1, "Probe"), (2, "Echo"), (3, "Flush")];
const TYPES: &[(u64, &str)] = &[
    (1, "Device ID"),
    (2, "Port ID"),
    (3, "Echo"),
    (4, "Message interval"),
    (5, "Timeout interval"),
    (6, "Device name"),
    (7, "Sequence number"),
];
const DEVICE: u16 = 1;
const PORT: u16 = 2;
const HEADER_LEN: usize = 4;
/// How many parts of a message are read.
const MAX_PARTS: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "01000ccccccc 020000000001 0024 aaaa0300000c0111 21 03 6d85 0001 0006 4142 0002 0009 4769302f31 0004 0005 07 0003 0003",
        ],
    }],
    ..Protocol::new(ProtoId::Udld, "UDLD", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("UDLD");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let first = tvb.u8(0)?;
    d.bits(VERSION, tvb, 0, 1, first.into());
    d.bits(OPCODE, tvb, 0, 1, first.into());
    let flags = tvb.u8(1)?;
    d.open(FLAGS, tvb, 1, 1, Value::Uint(flags.into()));
    d.bits(FLAGS_RT, tvb, 1, 1, flags.into());
    d.bits(FLAGS_RSY, tvb, 1, 1, flags.into());
    d.close();
    d.uint(CHECKSUM, tvb, 2, 2)?;
    let mut at = HEADER_LEN;
    for _ in 0..MAX_PARTS {
        if at >= tvb.reported() {
            break;
        }
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let ends = part(d, tvb, at, kind, len);
        d.close();
        if !ends? {
            break;
        }
        at += len;
    }
    d.close();
    Ok(())
}

/// A part of the message; its length includes the four octets that say so. Answers whether another may follow.
fn part<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, kind: u16, len: usize) -> Result<bool, Stop> {
    let name = Names::Values(TYPES).of(kind.into());
    let line =
        d.open_text(tvb, at, len, || format!("Type: {}, length: {len}", name.as_deref().unwrap_or("Unknown type")));
    d.uint(TLV_TYPE, tvb, at, 2)?;
    d.uint(TLV_LEN, tvb, at + 2, 2)?;
    let Some(len) = len.checked_sub(4) else {
        d.expert(TLV_LEN_INVALID, tvb, at + 2, 2);
        return Ok(false);
    };
    let value = tvb.exact(at + 4, len)?;
    let words = || String::from_utf8_lossy(value.bytes()).trim_end_matches('\0').to_owned();
    match kind {
        DEVICE => {
            d.append_info(|| format!("Device ID: {}  ", words()));
            d.text(line, || format!("Device ID: {}", words()));
            d.string(DEVICE_ID, value, 0, len);
        }
        PORT => {
            d.append_info(|| format!("Port ID: {}  ", words()));
            d.text(line, || format!("Port ID: {}", words()));
            d.string(SENT_THROUGH_INTERFACE, value, 0, len);
        }
        _ if len > 0 => {
            d.bytes(DATA, value, 0, len);
        }
        _ => {}
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn device_and_port_are_told_and_a_length_below_four_ends_it() {
        let shown = frames(1, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "udld.device_id"), "AB");
        assert_eq!(values(&shown[0], "udld.sent_through_interface"), "Gi0/1");
        assert_eq!(values(&shown[0], "frame.protocols"), "eth:llc:udld");
        assert_eq!(values(&shown[0], "_ws.expert.message"), "TLV with invalid length (< 4)");
    }
}
