//! The discovery stage of PPP over Ethernet (RFC 2516, 5).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::pppoes;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Pppoed, "pppoed", "PPP-over-Ethernet Discovery"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 1, frames: &["ffffffffffff 020000000001 8863 1109 0000 0004 0101 0000"] }],
    ..Protocol::new(ProtoId::Pppoed, "PPPoED", &[Binding::EtherType(0x8863)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PPPoED");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let code = tvb.u8(1)?;
    d.set_info(|| pppoes::code_name(code));
    pppoes::header(d, tvb)?;
    d.close();
    Ok(())
}
