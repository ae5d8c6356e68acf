//! Bodies of HTML forms (`application/x-www-form-urlencoded`).

use memchr::memchr;

use crate::bindings::{self, Binding};
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { UrlencodedForm, "urlencoded-form", "HTML Form URL Encoded";
    KEY = field("urlencoded-form.key", "Key", String, None);
    VALUE = field("urlencoded-form.value", "Value", String, None);
}

/// How many items of one form are shown.
const MAX_ITEMS: usize = 4096;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &["4500 008a 0001 0000 4006 0000 0a000001 0a000002 c000 0050 00000064 00000065 5018 fff0 0000 0000 \
            504f5354202f20485454502f312e310d0a436f6e74656e742d547970653a206170706c69636174696f6e2f782d7777772d666f726d2d75726c656e636f6465640d0a\
            436f6e74656e742d4c656e6774683a20330d0a0d0a613d62"],
    }],
    ..Protocol::new(
        ProtoId::UrlencodedForm,
        "URL Encoded Form Data",
        &[Binding::MediaType("application/x-www-form-urlencoded")],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let media_type = d.media_type;
    d.append_info(|| format!(" ({})", bindings::media_type_name(media_type)));
    let item = d.begin(PROTO, tvb);
    d.text(item, || format!("HTML Form URL Encoded: {}", bindings::media_type_name(media_type)));
    let octets = tvb.bytes();
    let mut at = 0;
    for _ in 0..MAX_ITEMS {
        let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) else {
            break;
        };
        // As in Wireshark an item without a value takes the one behind it into its key.
        let equals = memchr(b'=', rest).unwrap_or(rest.len());
        let value = rest.get(equals + 1..).unwrap_or_default();
        let value = value.get(..memchr(b'&', value).unwrap_or(value.len())).unwrap_or_default();
        let len = (equals + 1 + value.len()).min(rest.len());
        let key = decoded(rest.get(..equals).unwrap_or_default());
        let value = decoded(value);
        d.open_text(tvb, at, len, || format!("Form item: \"{key}\" = \"{value}\""));
        d.add(KEY, tvb, at, equals, Value::String(key.into()));
        d.add(VALUE, tvb, at + equals + 1, len.saturating_sub(equals + 1), Value::String(value.into()));
        d.close();
        at += len + 1;
    }
    d.close();
    Ok(())
}

/// Text without its escapes; what is no escape stands for itself.
fn decoded(text: &[u8]) -> String {
    let digit = |octet: Option<&u8>| octet.and_then(|octet| (*octet as char).to_digit(16));
    let mut octets = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(octet) = text.get(at) {
        at += 1;
        octets.push(match (octet, digit(text.get(at)), digit(text.get(at + 1))) {
            (b'+', _, _) => b' ',
            (b'%', Some(high), Some(low)) => {
                at += 2;
                (high * 16 + low) as u8
            }
            _ => *octet,
        });
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(decoded(b"a+%41%zz%4"), "a A%zz%4");
    }
}
