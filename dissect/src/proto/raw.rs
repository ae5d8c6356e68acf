//! IP datagrams without a link layer (LINKTYPE_RAW and the DLT_RAW numbers of old files).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Raw, "raw", "Raw packet data"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Ppp, ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: &["45"] }],
    ..Protocol::new(
        ProtoId::Raw,
        "Raw",
        &[Binding::LinkType(101), Binding::LinkType(12), Binding::LinkType(14)],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.no_addresses();
    d.set_protocol("N/A");
    d.set_info(|| "Raw packet data".to_owned());
    d.begin(PROTO, tvb);
    d.close();
    match tvb.u8(0)? {
        // Some PPP drivers hand out their header with the datagram.
        0xff if tvb.u8(1) == Ok(0x03) => d.call(ProtoId::Ppp, tvb),
        first if first >> 4 == 4 => d.call(ProtoId::Ip, tvb),
        first if first >> 4 == 6 => d.call(ProtoId::Ipv6, tvb),
        _ => d.call(ProtoId::Data, tvb),
    }
    d.take_payload_end();
    Ok(())
}
