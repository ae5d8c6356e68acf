//! JPEG bodies (ITU-T T.81, T.871), by name alone.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { ImageJfif, "image-jfif", "JPEG File Interchange Format"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(is_one),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::ImageJfif,
        "JFIF (JPEG) image",
        &[Binding::MediaType("image/jpg"), Binding::MediaType("image/jpeg")],
        dissect,
    )
};

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500006c00010000400600000a0000020a0000010050c000000003e9000000655018fff000000000485454502f312e31 \
     20323030204f4b0d0a436f6e74656e742d547970653a20696d6167652f6a7065670d0a436f6e74656e742d4c656e6774 \
     683a20340d0a0d0affd8ffe0",
];

fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.bytes().starts_with(b"\xff\xd8")
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_info(|| " (JPEG JFIF image)".to_owned());
    d.begin(PROTO, tvb);
    d.close();
    Ok(())
}
