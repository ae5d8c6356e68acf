//! Text bodies, line by line (RFC 2046, 4.1).

use memchr::memchr;

use crate::bindings::{self, Binding};
use crate::dissector::Dissector;
use crate::field::fields;
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Lines, "data-text-lines", "Line-based text data"; }

pub(crate) static PROTOCOL: Protocol = Protocol::new(
    ProtoId::Lines,
    "data-text-lines",
    &[
        Binding::MediaType("text/plain"),
        Binding::MediaType("text/html"),
        Binding::MediaType("text/css"),
        Binding::MediaType("text/javascript"),
        Binding::MediaType("text/enriched"),
        Binding::MediaType("text/parameters"),
        Binding::MediaType("text/richtext"),
        Binding::MediaType("application/x-javascript"),
        Binding::MediaType("application/x-ns-proxy-autoconfig"),
        Binding::MediaType("application/x-rtsp-udp-packetpair"),
    ],
    dissect,
);

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    let media_type = d.media_type;
    if !media_type.is_empty() {
        d.append_info(|| format!(" ({})", bindings::media_type_name(media_type)));
    }
    if d.wants_tree() {
        let count = each(d, tvb);
        d.text(item, || {
            let name = bindings::media_type_name(media_type);
            let name = if name.is_empty() { String::new() } else { format!(": {name}") };
            format!("Line-based text data{name} ({count} lines)")
        });
    }
    d.close();
    Ok(())
}

/// Shows each line as text; answers how many there are.
pub(crate) fn each<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> usize {
    let octets = tvb.bytes();
    let (mut here, mut count) = (0, 0);
    while let Some(rest) = octets.get(here..).filter(|rest| !rest.is_empty()) {
        let len = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        d.open_text(tvb, here, len, || printable(rest.get(..len).unwrap_or_default()));
        d.close();
        here += len;
        count += 1;
    }
    count
}
