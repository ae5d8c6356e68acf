//! JSON bodies (RFC 8259), by name alone: what they hold is text that `http.file_data` has.

use crate::bindings::{self, Binding};
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::lines;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Json, "json", "JavaScript Object Notation"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
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
    )
};

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500007000010000400600000a0000020a0000010050c000000003e9000000655018fff000000000485454502f312e31 \
     20323030204f4b0d0a436f6e74656e742d547970653a206170706c69636174696f6e2f6a736f6e0d0a436f6e74656e74 \
     2d4c656e6774683a20320d0a0d0a7b7d",
];

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let media_type = d.media_type;
    d.append_protocol("/JSON");
    d.append_info(|| match bindings::media_type_name(media_type) {
        name if name.is_empty() => ", JavaScript Object Notation".to_owned(),
        name => format!(", JavaScript Object Notation ({name})"),
    });
    let item = d.begin(PROTO, tvb);
    if !media_type.is_empty() {
        d.text(item, || format!("JavaScript Object Notation: {}", bindings::media_type_name(media_type)));
    }
    if d.wants_tree() {
        lines::each(d, tvb);
    }
    d.close();
    Ok(())
}
