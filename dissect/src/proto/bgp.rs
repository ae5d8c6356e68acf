//! The header of Border Gateway Protocol messages (RFC 4271, 4.1).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Bgp, "bgp", "Border Gateway Protocol";
    MARKER = field("bgp.marker", "Marker", Bytes, None);
    LENGTH = field("bgp.length", "Length", Uint16, Dec);
    TYPE = field("bgp.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
}

const TYPES: &[(u64, &str)] = &[
    (1, "OPEN Message"),
    (2, "UPDATE Message"),
    (3, "NOTIFICATION Message"),
    (4, "KEEPALIVE Message"),
    (5, "ROUTE-REFRESH Message"),
];

const MARKER_LEN: usize = 16;
const HEADER_LEN: usize = 19;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(accepts),
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &["4500003b00010000 4006 0000 0a000001 0a000002 1388 00b3 00000001 00000001 50180000 00000000 \
                   ffffffffffffffffffffffffffffffff 0013 04"],
    }],
    ..Protocol::new(ProtoId::Bgp, "BGP", &[Binding::TcpPort(179)], dissect)
};

fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.array::<MARKER_LEN>(0).is_ok_and(|marker| marker == [0xff; MARKER_LEN])
}

fn framing(stream: &[u8]) -> Framing {
    if stream.iter().take(MARKER_LEN).any(|octet| *octet != 0xff) {
        return Framing::Foreign;
    }
    match stream.get(MARKER_LEN..HEADER_LEN) {
        Some([high, low, _]) => {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            if len < HEADER_LEN { Framing::Foreign } else { Framing::Message(len) }
        }
        _ => Framing::More(HEADER_LEN - stream.len().min(HEADER_LEN - 1)),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("BGP");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    d.bytes(MARKER, tvb, 0, MARKER_LEN);
    d.uint(LENGTH, tvb, MARKER_LEN, 2)?;
    let kind = d.uint(TYPE, tvb, MARKER_LEN + 2, 1)?;
    let name = || Names::Values(TYPES).of(kind).unwrap_or("Unknown Message".into()).into_owned();
    match is_next {
        true => d.append_info(|| format!(", {}", name())),
        false => d.set_info(name),
    }
    d.close();
    Ok(())
}
