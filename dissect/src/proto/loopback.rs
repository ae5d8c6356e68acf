//! The Ethernet Configuration Testing Protocol (the loopback of Ethernet 2.0, chapter 8): a frame says whom it is to be
//! forwarded to, or that it came back.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Loop, "loop", "Configuration Test Protocol (loopback)";
    SKIPCOUNT = field("loop.skipcount", "skipCount", Uint16, Dec);
    RELEVANT_FUNCTION = field("loop.relevant_function", "Relevant function", Uint16, Dec).names(Names::Values(FUNCTIONS));
    FUNCTION = field("loop.function", "Function", Uint16, Dec).names(Names::Values(FUNCTIONS));
    RECEIPT_NUMBER = field("loop.receipt_number", "Receipt number", Uint16, Dec);
    FORWARDING_ADDRESS = field("loop.forwarding_address", "Forwarding address", Ether, None);
}

const FUNCTIONS: &[(u64, &str)] = &[(1, "Reply"), (2, "Forward Data")];
const REPLY: u16 = 1;
const FORWARD: u16 = 2;
/// How many stations of a frame's way are read.
const MAX_STATIONS: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 1, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Loop, "LOOP", &[Binding::EtherType(0x9000)], dissect)
};

/// All numbers are little-endian.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("LOOP");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let skip = usize::from(tvb.u16_le(0)?);
    d.add(SKIPCOUNT, tvb, 0, 2, Value::Uint(skip as u64));
    let mut at = 2;
    for _ in 0..MAX_STATIONS {
        let function = tvb.u16_le(at)?;
        if at == skip + 2 {
            d.set_info(|| {
                Names::Values(FUNCTIONS).of(function.into()).unwrap_or("Unknown function".into()).into_owned()
            });
            d.add(RELEVANT_FUNCTION, tvb, at, 2, Value::Uint(function.into()));
        }
        d.add(FUNCTION, tvb, at, 2, Value::Uint(function.into()));
        at += 2;
        match function {
            REPLY => {
                d.add(RECEIPT_NUMBER, tvb, at, 2, Value::Uint(tvb.u16_le(at)?.into()));
                at += 2;
                break;
            }
            FORWARD => {
                d.add(FORWARDING_ADDRESS, tvb, at, 6, Value::Ether(tvb.array(at)?));
                at += 6;
            }
            _ => break,
        }
    }
    d.set_len(item, at);
    d.close();
    if at < tvb.reported() {
        d.call(ProtoId::Data, tvb.from(at));
    }
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "001122334455665544332211900000000100000000000000000000000000000000000000000000000000000000000000 \
     000000000000000000000000",
    "001122334455665544332211900000000200010203040506010009000000000000000000000000000000000000000000 \
     00000000000000000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_frame_names_its_stations() {
        let shown = frames(1, SAMPLE);
        assert_eq!(values(&shown[0], "loop.receipt_number"), "0");
        assert_eq!(values(&shown[1], "loop.function"), "2,1");
        assert_eq!(values(&shown[1], "loop.forwarding_address"), "01:02:03:04:05:06");
    }

    #[test]
    fn stations_end_at_their_limit() {
        let frame = [&[0, 0][..], &[2, 0, 1, 2, 3, 4, 5, 6].repeat(2 * MAX_STATIONS)].concat();
        let shown = crate::tests::shown_by(ProtoId::Loop, &frame);
        assert_eq!(shown.iter().filter(|row| row.0 == "loop.function").count(), MAX_STATIONS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Loop, b"\0\0\x02\0\x01\x02\x03\x04\x05\x06\x01\0\x09\0");
    }
}
