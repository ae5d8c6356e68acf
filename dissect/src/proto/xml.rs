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
        Binding::MediaType("application/atom+xml"),
        Binding::MediaType("application/auth-policy+xml"),
        Binding::MediaType("application/load-control+xml"),
        Binding::MediaType("application/mathml+xml"),
        Binding::MediaType("application/rdf+xml"),
        Binding::MediaType("application/rss+xml"),
        Binding::MediaType("application/simservs+xml"),
        Binding::MediaType("application/smil"),
        Binding::MediaType("application/vnd.3gpp.mcptt-info+xml"),
        Binding::MediaType("application/vnd.omads-email+xml"),
        Binding::MediaType("application/vnd.wv.csp+xml"),
        Binding::MediaType("application/x-wms-logconnectstats"),
        Binding::MediaType("application/x-wms-logplaystats"),
        Binding::MediaType("application/xcap-el+xml"),
        Binding::MediaType("application/xslt+xml"),
        Binding::MediaType("image/svg+xml"),
        Binding::MediaType("text/vnd.wap.co"),
        Binding::MediaType("text/vnd.wap.emn"),
        Binding::MediaType("text/vnd.wap.si"),
        Binding::MediaType("text/vnd.wap.sl"),
        Binding::MediaType("text/vnd.wap.wml"),
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
