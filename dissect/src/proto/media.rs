//! Bodies of media types that no protocol explains.

use crate::bindings;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::udp;
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Media, "media", "Media Type";
    TYPE = field("media.type", "Media type", Bytes, None);
}

pub(crate) static PROTOCOL: Protocol = Protocol::new(ProtoId::Media, "Media", &[], dissect);

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let media_type = d.media_type;
    d.append_info(|| format!(" ({})", bindings::media_type_name(media_type)));
    if tvb.is_empty() {
        return Ok(());
    }
    d.begin(PROTO, tvb);
    let item = d.bytes(TYPE, tvb, 0, tvb.reported());
    d.text(item, || {
        let name = bindings::media_type_name(media_type);
        format!("Media type: {name} ({})", udp::octets(tvb.reported()))
    });
    d.close();
    Ok(())
}
