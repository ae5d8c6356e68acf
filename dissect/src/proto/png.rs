//! Portable Network Graphics bodies (RFC 2083), by name alone.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Png, "png", "Portable Network Graphics"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(is_one),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Png, "PNG", &[Binding::MediaType("image/png")], dissect)
};

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500006f00010000400600000a0000020a0000010050c000000003e9000000655018fff000000000485454502f312e31 \
     20323030204f4b0d0a436f6e74656e742d547970653a20696d6167652f706e670d0a436f6e74656e742d4c656e677468 \
     3a20380d0a0d0a89504e470d0a1a0a",
];

fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.bytes().starts_with(b"\x89PNG\r\n\x1a\n")
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_info(|| " (PNG)".to_owned());
    d.begin(PROTO, tvb);
    d.close();
    Ok(())
}
