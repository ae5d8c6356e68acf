//! XML bodies, line by line.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::lines;
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Xml, "xml", "eXtensible Markup Language"; }

pub(crate) static PROTOCOL: Protocol = Protocol::new(
    ProtoId::Xml,
    "XML",
    &[
        Binding::MediaType("text/xml"),
        Binding::MediaType("application/xml"),
        Binding::MediaType("application/soap+xml"),
        Binding::MediaType("application/pidf+xml"),
        Binding::MediaType("application/cpim-pidf+xml"),
        Binding::MediaType("application/dialog-info+xml"),
        Binding::MediaType("application/conference-info+xml"),
        Binding::MediaType("application/media_control+xml"),
        Binding::MediaType("application/im-iscomposing+xml"),
        Binding::MediaType("application/reginfo+xml"),
        Binding::MediaType("application/resource-lists+xml"),
        Binding::MediaType("application/rls-services+xml"),
        Binding::MediaType("application/watcherinfo+xml"),
        Binding::MediaType("application/xcap-diff+xml"),
    ],
    dissect,
);

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_protocol("/XML");
    d.begin(PROTO, tvb);
    if d.wants_tree() {
        lines::each(d, tvb);
    }
    d.close();
    Ok(())
}
