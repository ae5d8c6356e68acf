//! Link-Local Multicast Name Resolution (RFC 4795): DNS messages on port 5355.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::dns::{self, Flavour};
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Llmnr, "llmnr", "Link-local Multicast Name Resolution"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    // Its fields are those of DNS.
    calls: &[ProtoId::Dns],
    ..Protocol::new(ProtoId::Llmnr, "LLMNR", &[Binding::UdpPort(5355)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let flags = tvb.u16(2)?;
    let item = d.begin(PROTO, tvb);
    d.set_protocol("LLMNR");
    d.text(item, || dns::title("Link-local Multicast Name Resolution", flags));
    dns::message(d, tvb, Flavour::Llmnr)
}
