//! Multicast DNS (RFC 6762): DNS messages on port 5353, whose classes carry a flag.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::dns::{self, Flavour};
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Mdns, "mdns", "Multicast Domain Name System"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    // Its fields are those of DNS.
    calls: &[ProtoId::Dns],
    ..Protocol::new(ProtoId::Mdns, "MDNS", &[Binding::UdpPort(5353)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let flags = tvb.u16(2)?;
    let item = d.begin(PROTO, tvb);
    d.set_protocol("MDNS");
    d.text(item, || dns::title("Multicast Domain Name System", flags));
    dns::message(d, tvb, Flavour::Mdns)
}
