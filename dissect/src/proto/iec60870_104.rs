//! IEC 60870-5-104: telecontrol over TCP; the header of each unit.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Iec104, "iec60870_104", "IEC 60870-5-104";
    APDULEN = field("iec60870_104.apdulen", "ApduLen", Uint8, Dec);
    TYPE = field("iec60870_104.type", "Type", Uint32, Hex).names(Names::Values(TYPES)).mask(0x1);
    UTYPE = field("iec60870_104.utype", "UType", Uint32, Hex).names(Names::Values(UTYPES)).mask(0xfc);
    TX = field("iec60870_104.tx", "Tx", Uint32, Dec).mask(0xfffe);
    RX = field("iec60870_104.rx", "Rx", Uint32, Dec).mask(0xfffe0000);
    DATA = field("iec60870_104.data", "Data", Bytes, None);
}

const TYPES: &[(u64, &str)] = &[(0, "I"), (1, "S"), (3, "U")];
const UTYPES: &[(u64, &str)] = &[
    (0x01, "STARTDT act"),
    (0x02, "STARTDT con"),
    (0x04, "STOPDT act"),
    (0x08, "STOPDT con"),
    (0x10, "TESTFR act"),
    (0x20, "TESTFR con"),
];
const PORT: u16 = 2404;
const START: u8 = 0x68;
/// The octets of a unit without data.
const HEADER_LEN: usize = 6;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Iec60870Asdu],
    framing: Some(framing),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500002e00000000400600000a0000010a000002c350096400000001000000015018ffff00000000680407000000",
            "4500002e00000000400600000a0000010a000002c350096400000007000000015018ffff00000000680401000200",
            "4500003a00000000400600000a0000010a000002c35009640000000d000000015018ffff000000000001680e0000000064010600010000000014",
        ],
    }],
    ..Protocol::new(ProtoId::Iec104, "IEC 60870-5-104", &[Binding::TcpPort(PORT)], dissect)
};

/// What stands before the octet that begins a unit is taken with it.
fn framing(stream: &[u8]) -> Framing {
    if stream.len() < HEADER_LEN {
        return Framing::More(HEADER_LEN - stream.len());
    }
    match memchr::memchr(START, stream) {
        Some(at) => match stream.get(at + 1) {
            Some(len) => Framing::Message(at + 2 + usize::from(*len)),
            None => Framing::Message(stream.len()),
        },
        None => Framing::Message(stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IEC 60870-5-104");
    let (item, is_next) = d.begin_next(PROTO, tvb);
    let skipped = memchr::memchr(START, tvb.bytes()).unwrap_or(tvb.len());
    if skipped > 0 {
        d.bytes(DATA, tvb, 0, skipped);
    }
    let unit = tvb.from(skipped);
    if unit.reported() < HEADER_LEN {
        d.close();
        return Ok(());
    }
    if !is_next {
        d.set_info(String::new);
    }
    let arrow = if d.endpoints.src_port == PORT { "->" } else { "<-" };
    let header = unit.u32_le(2)?;
    let kind = if header & 1 == 0 { 0 } else { u64::from(header & 3) };
    let (sent, received) = (header as u16 >> 1, (header >> 16) as u16 >> 1);
    let prefix = if skipped > 0 { format!("<ERR prefix {skipped} bytes> ") } else { String::new() };
    let what = match kind {
        0 => format!("I ({sent},{received})"),
        1 => format!("S ({received})"),
        _ => {
            let name = Names::Values(UTYPES).of(u64::from(header as u8 >> 2)).unwrap_or("<ERR>".into());
            format!("U ({name})")
        }
    };
    let text = format!("{prefix}{arrow} {what} ");
    d.text(item, || format!("IEC 60870-5-104: {text}"));
    d.append_info_with(" | ", || text);
    d.open_text(unit, 0, 1, || "START".to_owned());
    d.close();
    d.uint(APDULEN, unit, 1, 1)?;
    d.add(TYPE, unit, 2, 4, Value::Uint(kind));
    match kind {
        0 => {
            d.add(TX, unit, 2, 2, Value::Uint(sent.into()));
            d.add(RX, unit, 4, 2, Value::Uint(received.into()));
        }
        1 => {
            d.add(RX, unit, 4, 2, Value::Uint(received.into()));
        }
        _ => {
            d.add(UTYPE, unit, 2, 1, Value::Uint(u64::from(header as u8 >> 2)));
        }
    }
    d.close();
    if kind == 0 && unit.reported() > HEADER_LEN {
        d.call(ProtoId::Iec60870Asdu, unit.from(HEADER_LEN));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_begins_with_its_octet() {
        assert_eq!(framing(&[0x68, 4, 7, 0, 0, 0]), Framing::Message(6));
        assert_eq!(framing(&[0, 0, 0x68, 4, 7, 0, 0, 0]), Framing::Message(8));
        assert_eq!(framing(&[0; 7]), Framing::Message(7));
        assert_eq!(framing(&[0x68]), Framing::More(5));
    }
}
