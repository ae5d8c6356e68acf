//! JSON bodies (RFC 8259), by name alone: what they hold is text that `http.file_data` has.

use crate::bindings::{self, Binding};
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::lines;
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Json, "json", "JavaScript Object Notation"; }

pub(crate) static PROTOCOL: Protocol = Protocol::new(
    ProtoId::Json,
    "JSON",
    &[
        Binding::MediaType("application/json"),
        Binding::MediaType("application/json-rpc"),
        Binding::MediaType("application/jsonrequest"),
        Binding::MediaType("application/json-patch+json"),
        Binding::MediaType("application/merge-patch+json"),
        Binding::MediaType("application/problem+json"),
        Binding::MediaType("application/senml+json"),
        Binding::MediaType("application/x-ndjson"),
    ],
    dissect,
);

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let media_type = d.media_type;
    d.append_protocol("/JSON");
    d.append_info(|| format!(", JavaScript Object Notation ({})", bindings::media_type_name(media_type)));
    let item = d.begin(PROTO, tvb);
    d.text(item, || format!("JavaScript Object Notation: {}", bindings::media_type_name(media_type)));
    if d.wants_tree() {
        lines::each(d, tvb);
    }
    d.close();
    Ok(())
}
