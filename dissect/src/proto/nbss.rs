//! NetBIOS session service (RFC 1002, 4.3), and what of it is left around SMB on port 445.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Nbss, "nbss", "NetBIOS Session Service";
    TYPE = field("nbss.type", "Message Type", Uint8, Hex).names(Names::Values(TYPES));
    LENGTH = field("nbss.length", "Length", Uint24, Dec);
}

const TYPES: &[(u64, &str)] = &[
    (0x00, "Session message"),
    (0x81, "Session request"),
    (0x82, "Positive session response"),
    (0x83, "Negative session response"),
    (0x84, "Retarget session response"),
    (0x85, "Session keep-alive"),
];

const HEADER_LEN: usize = 4;
const MESSAGE: u64 = 0;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Smb, ProtoId::Smb2],
    accepts: Some(accepts),
    framing: Some(framing),
    samples: &[Sample {
        link_type: 101,
        frames: &["4500004c00010000 4006 0000 0a000001 0a000002 1388 008b 00000001 00000001 50180000 00000000 \
                   00000020 ff534d42 72 00000000 18 0128 0000 0000000000000000 0000 0000 0001 0000 0002"],
    }],
    ..Protocol::new(ProtoId::Nbss, "NBSS", &[Binding::TcpPort(139), Binding::TcpPort(445)], dissect)
};

fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    matches!(tvb.u8(0), Ok(0 | 0x81..=0x85))
}

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [0 | 0x81..=0x85, high, middle, low, ..] => {
            Framing::Message(HEADER_LEN + u32::from_be_bytes([0, high, middle, low]) as usize)
        }
        [0 | 0x81..=0x85, ..] | [] => Framing::More(HEADER_LEN - stream.len().min(HEADER_LEN - 1)),
        _ => Framing::Foreign,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("NBSS");
    let (item, _) = d.begin_next(PROTO, tvb);
    let kind = d.uint(TYPE, tvb, 0, 1)?;
    d.uint(LENGTH, tvb, 1, 3)?;
    d.set_info(|| Names::Values(TYPES).of(kind).unwrap_or("Unknown".into()).into_owned());
    d.close();
    let payload = tvb.from(HEADER_LEN);
    if kind == MESSAGE {
        d.set_len(item, HEADER_LEN);
        super::smb::call(d, payload);
    }
    Ok(())
}
