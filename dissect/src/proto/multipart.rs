//! Bodies of several parts (RFC 2046, 5.1), each with headers of its own.

use memchr::memchr;
use memchr::memmem;

use crate::bindings::{self, Binding};
use crate::dissector::Dissector;
use crate::field::{FieldId, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { MimeMultipart, "mime_multipart", "MIME Multipart Media Encapsulation";
    TYPE = field("mime_multipart.type", "Type", String, None);
    PART = field("mime_multipart.part", "Encapsulated multipart part", String, None);
    SECTOKEN_LENGTH = field("mime_multipart.header.sectoken-length", "Length of security token", Uint32, Dec);
    CONTENT_DESCRIPTION = field("mime_multipart.header.content-description", "Content-Description", String, None);
    CONTENT_DISPOSITION = field("mime_multipart.header.content-disposition", "Content-Disposition", String, None);
    CONTENT_ENCODING = field("mime_multipart.header.content-encoding", "Content-Encoding", String, None);
    CONTENT_ID = field("mime_multipart.header.content-id", "Content-Id", String, None);
    CONTENT_LANGUAGE = field("mime_multipart.header.content-language", "Content-Language", String, None);
    CONTENT_LENGTH = field("mime_multipart.header.content-length", "Content-Length", String, None);
    CONTENT_TRANSFER_ENCODING = field("mime_multipart.header.content-transfer-encoding", "Content-Transfer-Encoding", String, None);
    CONTENT_TYPE = field("mime_multipart.header.content-type", "Content-Type", String, None);
    ORIGINALCONTENT = field("mime_multipart.header.originalcontent", "OriginalContent", String, None);
    FIRST_BOUNDARY = field("mime_multipart.first_boundary", "First boundary", String, None);
    PREAMBLE = field("mime_multipart.preamble", "Preamble", Bytes, None);
    LAST_BOUNDARY = field("mime_multipart.last_boundary", "Last boundary", String, None);
    BOUNDARY = field("mime_multipart.boundary", "Boundary", String, None);
    TRAILER = field("mime_multipart.trailer", "Trailer", Bytes, None);
    NO_REQUIRED_PARAMETER = expert("mime_multipart.no_required_parameter", "The multipart dissector could not find a required parameter.", Error, Protocol);
    DECRYPTION_NOT_POSSIBLE = expert("mime_multipart.decryption_not_possible", "The multipart dissector could not decrypt the message.", Warning, Undecoded);
}

/// How many parts of one body are taken apart; what follows them is left out.
pub(super) const MAX_PARTS: usize = 256;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[
        ProtoId::Sdp,
        ProtoId::MimeMultipart,
        ProtoId::Sipfrag,
        ProtoId::Lines,
        ProtoId::Xml,
        ProtoId::Media,
        ProtoId::Data,
    ],
    ..Protocol::new(
        ProtoId::MimeMultipart,
        "MIME multipart",
        &[
            Binding::MediaType("multipart/mixed"),
            Binding::MediaType("multipart/related"),
            Binding::MediaType("multipart/alternative"),
            Binding::MediaType("multipart/form-data"),
            Binding::MediaType("multipart/byteranges"),
            Binding::MediaType("multipart/digest"),
            Binding::MediaType("multipart/report"),
            Binding::MediaType("multipart/voice-message"),
            Binding::MediaType("multipart/x-mixed-replace"),
            Binding::MediaType("multipart/signed"),
        ],
        dissect,
    )
};

/// The headers of parts, in lower case, and the fields that show them.
const HEADERS: &[(&[u8], FieldId)] = &[
    (b"content-description", CONTENT_DESCRIPTION),
    (b"content-disposition", CONTENT_DISPOSITION),
    (b"content-encoding", CONTENT_ENCODING),
    (b"e", CONTENT_ENCODING),
    (b"content-id", CONTENT_ID),
    (b"content-language", CONTENT_LANGUAGE),
    (b"content-length", CONTENT_LENGTH),
    (b"l", CONTENT_LENGTH),
    (b"content-transfer-encoding", CONTENT_TRANSFER_ENCODING),
    (b"content-type", CONTENT_TYPE),
    (b"c", CONTENT_TYPE),
    (b"originalcontent", ORIGINALCONTENT),
];

/// A boundary with the line end before it and the rest of its line.
struct Boundary {
    start: usize,
    /// Where its own line begins.
    line: usize,
    end: usize,
    is_last: bool,
}

/// The next boundary from `from` on.
fn boundary(octets: &[u8], delimiter: &[u8], from: usize) -> Option<Boundary> {
    let mut search = from;
    loop {
        let line = search + memmem::find(octets.get(search..)?, delimiter)?;
        let before = octets.get(from..line)?;
        if line == from || before.ends_with(b"\n") {
            let text = before.strip_suffix(b"\n").unwrap_or(before);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let rest = octets.get(line..)?;
            let len = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let is_last = rest.get(delimiter.len()..)?.starts_with(b"--");
            return Some(Boundary { start: from + text.len(), line, end: line + len, is_last });
        }
        search = line + delimiter.len();
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let media_type = d.media_type;
    let Some(parameter) = bindings::media_type_parameter(media_type, b"boundary") else {
        d.layer("mime_multipart");
        d.open_text(tvb, 0, tvb.reported(), || {
            "The multipart dissector could not find a required parameter.".to_owned()
        });
        d.expert(NO_REQUIRED_PARAMETER, tvb, 0, tvb.reported());
        d.close();
        d.call_within(ProtoId::Data, tvb);
        return Ok(());
    };
    let name = bindings::media_type_name(media_type);
    let item = d.begin(PROTO, tvb);
    d.text(item, || {
        format!("MIME Multipart Media Encapsulation, Type: {name}, Boundary: \"{}\"", printable(parameter))
    });
    d.generated(TYPE, tvb, 0, 0, Value::String(name.into()));
    let octets = tvb.bytes();
    let delimiter = [b"--", parameter].concat();
    let Some(first) = boundary(octets, &delimiter, 0) else {
        d.call_within(ProtoId::Data, tvb);
        d.close();
        return Ok(());
    };
    if first.line > 0 {
        d.bytes(PREAMBLE, tvb, 0, first.line);
    }
    d.string(FIRST_BOUNDARY, tvb, first.line, first.end - first.line);
    let mut here = first.end;
    for _ in 0..MAX_PARTS {
        let Some(next) = boundary(octets, &delimiter, here) else {
            break;
        };
        part(d, tvb.sub(here, next.start - here));
        let field = if next.is_last { LAST_BOUNDARY } else { BOUNDARY };
        d.string(field, tvb, next.start, next.end - next.start);
        here = next.end;
        if next.is_last {
            if here < tvb.reported() {
                d.bytes(TRAILER, tvb, here, tvb.reported() - here);
            }
            break;
        }
    }
    d.media_type = media_type;
    d.close();
    Ok(())
}

/// The value of a header without the blanks that mean nothing, where there are any: one is left between words, none
/// around separators, all in quoted text.
fn compact(value: &[u8]) -> Option<String> {
    let is_blank = |octet: u8| octet.is_ascii_whitespace();
    let is_separator = |octet: u8| matches!(octet, b';' | b',' | b'=');
    if !value.iter().any(|octet| is_blank(*octet)) {
        return None;
    }
    let (mut kept, mut is_quoted) = (Vec::with_capacity(value.len()), false);
    for (at, &octet) in value.iter().enumerate() {
        is_quoted ^= octet == b'"';
        if is_quoted || !is_blank(octet) {
            kept.push(octet);
            continue;
        }
        let next = value.get(at + 1).copied();
        let means_something = next.is_some_and(|next| !is_blank(next) && !is_separator(next));
        if means_something && !kept.last().is_some_and(|last| is_separator(*last)) {
            kept.push(b' ');
        }
    }
    (kept != value).then(|| String::from_utf8_lossy(&kept).into_owned())
}

/// One part: its headers, and its body for the protocol of its media type.
fn part<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let item = d.open(PART, tvb, 0, tvb.reported(), Value::String("".into()));
    let octets = tvb.bytes();
    let mut media_type = None;
    let mut here = 0;
    let mut body = None;
    while let Some(rest) = octets.get(here..).filter(|rest| !rest.is_empty()) {
        let mut len = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        if rest.get(..len).unwrap_or_default().trim_ascii().is_empty() {
            body = (here > 0).then_some(here + len);
            break;
        }
        while matches!(rest.get(len), Some(b' ' | b'\t')) {
            let more = rest.get(len..).unwrap_or_default();
            len += memchr(b'\n', more).map_or(more.len(), |end| end + 1);
        }
        let whole = rest.get(..len).unwrap_or_default();
        let line = whole.trim_ascii_end();
        let Some(colon) = memchr(b':', line) else {
            break;
        };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        let blanks = value.len() - value.trim_ascii_start().len();
        let value = value.trim_ascii_start();
        match HEADERS.iter().find(|row| row.0.eq_ignore_ascii_case(name)) {
            Some((_, field)) => {
                let start = here + colon + 1 + blanks;
                let item = match compact(value) {
                    None => d.string(*field, tvb, start, value.len()),
                    Some(text) if d.wants(*field) => d.add(*field, tvb, start, value.len(), Value::String(text.into())),
                    Some(_) => d.string(*field, tvb, start, value.len()),
                };
                d.text(item, || printable(whole));
                if *field == CONTENT_TYPE {
                    media_type = Some(value);
                }
            }
            None => {
                d.open_text(tvb, here, len, || printable(whole));
                d.close();
            }
        }
        here += len;
    }
    match (body, media_type) {
        (Some(body), Some(media_type)) => {
            d.append_text(item, || format!(" ({})", bindings::media_type_name(media_type)));
            d.media_type = media_type;
            let child = bindings::by_media_type(&bindings::media_type_name(media_type));
            d.call_within(child.unwrap_or(ProtoId::Media), tvb.from(body));
        }
        (body, _) => {
            d.call_within(ProtoId::Data, tvb.from(body.unwrap_or(0)));
        }
    }
    d.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_that_mean_nothing_are_left_out() {
        let header = b"text/plain ; a = b , c (com  ment)\r\n x;q=\"d  ; e\"";
        assert_eq!(compact(header).as_deref(), Some("text/plain;a=b,c (com ment) x;q=\"d  ; e\""));
        assert_eq!(compact(b"7bit"), None);
    }
}
