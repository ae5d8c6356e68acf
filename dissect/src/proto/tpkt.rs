//! TPKT (RFC 1006, 6): messages of ISO's protocols over TCP, each with its length before it. Those who speak over it show
//! its header as their first. On the ports of Siemens' controllers and of Remote Desktop it is a protocol of its own, and what does
//! not look like it goes on with something that it does not know: Remote Desktop's TLS.

use crate::bindings::Binding;
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

/// ISO transport over TCP, and Remote Desktop.
const PORTS: &[Binding] = &[Binding::TcpPort(102), Binding::TcpPort(3389)];

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Cotp, ProtoId::Data],
    framing: Some(framing_on_port),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000032 00010000 40060000 0a0000010a000002 c00006b8 0000000100000001 5018ffff00000000 0300000a 080212345a00",
        ],
    }],
    ..Protocol::new(ProtoId::Tpkt, "TPKT", PORTS, dissect)
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

/// As [`framing`], where what looks like something else is taken as it comes.
fn framing_on_port(stream: &[u8]) -> Framing {
    match framing(stream) {
        Framing::Foreign => Framing::Message(stream.len()),
        framing => framing,
    }
}

/// Shows the header; answers what follows it.
pub(crate) fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Tvb<'a>, Stop> {
    let len = usize::from(tvb.u16(2)?);
    d.call(ProtoId::Tpkt, tvb.sub(0, HEADER_LEN));
    Ok(tvb.sub(HEADER_LEN, len.saturating_sub(HEADER_LEN)))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    // Where others show it, it is no layer of `frame.protocols`, as Wireshark has it.
    let is_own = d.parent() == Some(ProtoId::Tcp);
    if is_own {
        d.set_protocol("TPKT");
        d.layer("tpkt");
    }
    if is_own && matches!(framing(tvb.bytes()), Framing::Foreign | Framing::More(_)) {
        d.set_info(|| "Continuation".to_owned());
        let end = tvb.base.saturating_add(tvb.len() as u32);
        d.open(PROTO, tvb, 0, tvb.reported(), Value::Protocol { end });
        d.open_text(tvb, 0, tvb.reported(), || "Continuation data".to_owned());
        d.close();
        d.close();
        return Ok(());
    }
    let (version, len) = (tvb.u8(0)?, tvb.u16(2)?);
    let end = tvb.base.saturating_add(tvb.len() as u32);
    let item = d.open(PROTO, tvb, 0, HEADER_LEN, Value::Protocol { end });
    d.text(item, || format!("TPKT, Version: {version}, Length: {len}"));
    d.uint(VERSION, tvb, 0, 1)?;
    d.uint(RESERVED, tvb, 1, 1)?;
    d.uint(LENGTH, tvb, 2, 2)?;
    d.close();
    if is_own {
        d.call(ProtoId::Cotp, tvb.from(HEADER_LEN));
    }
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
        assert_eq!(framing_on_port(&[22, 3, 1]), Framing::Message(3));
    }
}
