//! A piece of a SIP message in the body of another (RFC 3420), as a NOTIFY of a transfer carries it.

use memchr::memchr;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Sipfrag, "sipfrag", "Sipfrag";
    LINE = field("sipfrag.line", "Line", String, None);
}

pub(crate) static PROTOCOL: Protocol =
    Protocol::new(ProtoId::Sipfrag, "SIPFRAG", &[Binding::MediaType("message/sipfrag")], dissect);

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_protocol("/sipfrag");
    d.begin(PROTO, tvb);
    let octets = tvb.bytes();
    let (mut here, mut count) = (0, 0);
    while let Some(rest) = octets.get(here..).filter(|rest| !rest.is_empty()) {
        let len = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(..len).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // An empty line is not shown.
        if !line.is_empty() {
            let item = d.string(LINE, tvb, here, line.len());
            d.text(item, || printable(line));
            if count == 0 {
                d.append_info(|| format!(", with Sipfrag({}", printable(line)));
            }
            count += 1;
        }
        here += len;
    }
    if count > 0 {
        d.append_info(|| if count > 1 { "...)" } else { ")" }.to_owned());
    }
    d.close();
    Ok(())
}
