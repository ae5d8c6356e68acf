//! The PPP Challenge Handshake Authentication Protocol (RFC 1994).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::output::value::{hex, printable};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Chap, "chap", "PPP Challenge Handshake Authentication Protocol";
    CODE = field("chap.code", "Code", Uint8, Dec).names(Names::Values(CODES));
    IDENTIFIER = field("chap.identifier", "Identifier", Uint8, Dec);
    LENGTH = field("chap.length", "Length", Uint16, Dec);
    DATA = field("chap.data", "Data", None, None);
    VALUE_SIZE = field("chap.value_size", "Value Size", Uint8, Dec);
    VALUE = field("chap.value", "Value", Bytes, None);
    NAME = field("chap.name", "Name", String, None);
    MESSAGE = field("chap.message", "Message", String, None);
}

const CODES: &[(u64, &str)] = &[(1, "Challenge"), (2, "Response"), (3, "Success"), (4, "Failure")];
const HEADER_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 9,
        frames: &["ff03 c223 0101 000c 04 01020304 737276", "ff03 c223 0301 0006 6f6b"],
    }],
    ..Protocol::new(ProtoId::Chap, "PPP CHAP", &[Binding::PppProtocol(0xc223)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PPP CHAP");
    d.begin(PROTO, tvb);
    let code = d.uint(CODE, tvb, 0, 1)?;
    d.set_info(|| Names::Values(CODES).of(code).unwrap_or("Unknown".into()).into_owned());
    d.uint(IDENTIFIER, tvb, 1, 1)?;
    let len = d.uint(LENGTH, tvb, 2, 2)? as usize;
    let data = tvb.sub(HEADER_LEN, len.saturating_sub(HEADER_LEN));
    let left = data.reported();
    match code {
        1 | 2 => {
            d.open(DATA, data, 0, left, Value::None);
            let size = d.uint(VALUE_SIZE, data, 0, 1)? as usize;
            let value = data.slice(1, size)?;
            d.bytes(VALUE, data, 1, size);
            let name = data.slice(1 + size, left.saturating_sub(1 + size))?;
            if !name.is_empty() {
                d.string(NAME, data, 1 + size, name.len());
            }
            d.append_info(|| format!(" (NAME='{}', VALUE=0x{})", printable(name), hex(value)));
            d.close();
        }
        3 | 4 if left > 0 => {
            let message = data.slice(0, left)?;
            d.string(MESSAGE, data, 0, left);
            d.append_info(|| format!(" (MESSAGE='{}')", printable(message)));
        }
        _ => {}
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    const CHALLENGE: &[u8] = b"\x01\x01\0\x0c\x04\x01\x02\x03\x04srv";

    #[test]
    fn challenges_and_messages() {
        let shown = shown_by(ProtoId::Chap, CHALLENGE);
        assert!(shown.contains(&("chap.name", "srv".to_owned())), "{shown:?}");
        assert!(shown_by(ProtoId::Chap, &CHALLENGE[..7]).iter().any(|row| row.0 == "_ws.malformed"));
        survives_anything(ProtoId::Chap, CHALLENGE);
    }
}
