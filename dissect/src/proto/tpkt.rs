//! TPKT (RFC 1006, 6): messages of ISO's protocols over TCP, each with its length before it. Those who speak over it show
//! its header as their first.

use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Tpkt, "tpkt", "TPKT - ISO on TCP - RFC1006";
    VERSION = field("tpkt.version", "Version", Uint8, Dec);
    RESERVED = field("tpkt.reserved", "Reserved", Uint8, Dec);
    LENGTH = field("tpkt.length", "Length", Uint16, Dec);
}

pub(crate) const HEADER_LEN: usize = 4;
const VERSION_3: u8 = 3;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000032 00010000 40060000 0a0000010a000002 c00006b8 0000000100000001 5018ffff00000000 0300000a 080212345a00",
        ],
    }],
    ..Protocol::new(ProtoId::Tpkt, "TPKT", &[], dissect)
};

/// How long the message is that begins with a header.
pub(crate) fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [VERSION_3, _, a, b, ..] => match usize::from(u16::from_be_bytes([a, b])) {
            len if len > HEADER_LEN => Framing::Message(len),
            _ => Framing::Foreign,
        },
        [VERSION_3, ..] => Framing::More(HEADER_LEN - stream.len()),
        [] => Framing::More(HEADER_LEN),
        _ => Framing::Foreign,
    }
}

/// Shows the header; answers what follows it.
pub(crate) fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Tvb<'a>, Stop> {
    let len = usize::from(tvb.u16(2)?);
    d.call(ProtoId::Tpkt, tvb.sub(0, HEADER_LEN));
    Ok(tvb.sub(HEADER_LEN, len.saturating_sub(HEADER_LEN)))
}

/// It is no layer of `frame.protocols`, as Wireshark has it.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (version, len) = (tvb.u8(0)?, tvb.u16(2)?);
    let end = tvb.base.saturating_add(tvb.len() as u32);
    let item = d.open(PROTO, tvb, 0, HEADER_LEN, Value::Protocol { end });
    d.text(item, || format!("TPKT, Version: {version}, Length: {len}"));
    d.uint(VERSION, tvb, 0, 1)?;
    d.uint(RESERVED, tvb, 1, 1)?;
    d.uint(LENGTH, tvb, 2, 2)?;
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_long_as_their_headers_say() {
        assert_eq!(framing(&[3, 0, 0, 9, 1]), Framing::Message(9));
        assert_eq!(framing(&[3, 0]), Framing::More(2));
        assert_eq!(framing(&[3, 0, 0, 4]), Framing::Foreign);
        assert_eq!(framing(b"GET "), Framing::Foreign);
    }
}
