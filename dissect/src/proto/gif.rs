//! Bodies in the Graphics Interchange Format, by name alone.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { ImageGif, "image-gif", "Compuserve GIF"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(is_one),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::ImageGif, "GIF image", &[Binding::MediaType("image/gif")], dissect)
};

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500006d00010000400600000a0000020a0000010050c000000003e9000000655018fff000000000485454502f312e31 \
     20323030204f4b0d0a436f6e74656e742d547970653a20696d6167652f6769660d0a436f6e74656e742d4c656e677468 \
     3a20360d0a0d0a474946383961",
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500006900010000400600000a0000020a0000010050c000000003e9000000655018fff000000000485454502f312e31 \
     20323030204f4b0d0a436f6e74656e742d547970653a20696d6167652f6769660d0a436f6e74656e742d4c656e677468 \
     3a20320d0a0d0a6e6f",
];

fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.bytes().starts_with(b"GIF87a") || tvb.bytes().starts_with(b"GIF89a")
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let is_old = tvb.bytes().starts_with(b"GIF87a");
    d.append_info(|| format!(" (GIF8{}a)", if is_old { 7 } else { 9 }));
    d.begin(PROTO, tvb);
    d.close();
    Ok(())
}
