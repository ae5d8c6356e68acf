//! Headers: where they stand, and what is shown of them (RFC 9112, 5).

use std::ops::Range;

use memchr::memchr;

use super::start::Kind;
use super::{names, *};
use crate::base64;
use crate::dissector::{Dissector, Item};
use crate::output::value::printable;
use crate::proto::sip::line_end;
use crate::tvb::Tvb;
use crate::value::Value;

/// How many headers of one message are looked at; what follows is a continuation.
pub(super) const MAX_HEADERS: usize = 4096;

/// One header line.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) name: Range<usize>,
    /// Without the blanks around it.
    pub(super) value: Range<usize>,
    /// Behind the line end.
    pub(super) next: usize,
    pub(super) field: Option<FieldId>,
}

/// What the line at `from` is.
pub(super) enum Line {
    Header(Header),
    /// The empty line, and where the body begins.
    Blank(usize),
    /// The octets end before the line does.
    Unfinished,
    /// No header.
    Foreign,
}

/// Reads the line at `from`.
pub(super) fn line(octets: &[u8], from: usize) -> Line {
    let (end, next) = line_end(octets, from);
    if next == end {
        return Line::Unfinished;
    }
    if end == from {
        return Line::Blank(next);
    }
    header(octets, from, end, next).map_or(Line::Foreign, Line::Header)
}

/// The header that octets end within, if its name is whole.
pub(super) fn open_line(octets: &[u8], from: usize) -> Option<Header> {
    header(octets, from, octets.len(), octets.len())
}

/// The header in the line from `from` to `end`, which `next` is behind.
fn header(octets: &[u8], from: usize, end: usize, next: usize) -> Option<Header> {
    let colon = octets.get(from..end).and_then(|line| memchr(b':', line)).map(|at| from + at)?;
    let text = octets.get(colon + 1..end).unwrap_or_default();
    let value = colon + 1 + (text.len() - text.trim_ascii_start().len());
    let value = value..value + text.trim_ascii().len();
    let name = octets.get(from..colon).unwrap_or_default();
    let field = names::HEADERS.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1);
    Some(Header { name: from..colon, value, next, field })
}

/// What headers say of the body behind them, and of the connection.
#[derive(Clone, Default, Debug)]
pub(super) struct Seen {
    pub(super) host: Option<Range<usize>>,
    pub(super) content_type: Option<Range<usize>>,
    pub(super) content_length: Option<u64>,
    pub(super) content_encoding: Option<Range<usize>>,
    /// Chunked is the first coding: only then Wireshark tells from the chunks where the message ends.
    pub(super) is_chunked: bool,
    pub(super) has_chunks: bool,
    pub(super) has_transfer_encoding: bool,
    pub(super) upgrade: Option<Range<usize>>,
    pub(super) subprotocol: Option<Range<usize>>,
}

impl Seen {
    /// Takes note of a header.
    pub(super) fn take(&mut self, octets: &[u8], header: &Header) {
        let value = || octets.get(header.value.clone()).unwrap_or_default();
        match header.field {
            Some(HOST) => self.host = Some(header.value.clone()),
            Some(CONTENT_TYPE) => self.content_type = Some(header.value.clone()),
            Some(CONTENT_LENGTH_HEADER) => self.content_length = number(value()).or(self.content_length),
            Some(CONTENT_ENCODING) => self.content_encoding = Some(header.value.clone()),
            Some(TRANSFER_ENCODING) => {
                self.has_transfer_encoding = true;
                let is_chunked = |word: &[u8]| word.eq_ignore_ascii_case(b"chunked");
                self.is_chunked |= value().get(..7).is_some_and(is_chunked);
                self.has_chunks |= value().windows(7).any(is_chunked);
            }
            Some(UPGRADE) => self.upgrade = Some(header.value.clone()),
            Some(SEC_WEBSOCKET_PROTOCOL) => self.subprotocol = Some(header.value.clone()),
            _ => {}
        }
    }
}

/// The digits that text begins with.
fn number(text: &[u8]) -> Option<u64> {
    let len = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..len)?).ok()?.parse().ok()
}

/// How a message's headers end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// With the empty line.
    Blank,
    /// With a line that is no header, or with the last octet.
    Missing,
    /// Within a line.
    WithinLine,
}

/// Reads all headers from `start` on, without showing them; answers where they end and how.
pub(super) fn scan(octets: &[u8], start: usize) -> (Seen, usize, End) {
    let mut seen = Seen::default();
    let mut at = start;
    for _ in 0..MAX_HEADERS {
        match line(octets, at) {
            Line::Header(header) => {
                seen.take(octets, &header);
                at = header.next;
            }
            Line::Blank(next) => return (seen, next, End::Blank),
            Line::Unfinished => return (seen, at, End::WithinLine),
            // A message is not complete before its empty line, whatever stands above that.
            Line::Foreign => at = line_end(octets, at).1,
        }
    }
    (seen, at, End::Missing)
}

/// The characters of a token (RFC 9110, 5.6.2).
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

/// Text as HTTP has it: US-ASCII, in which U+FFFD stands for every other octet, up to the first zero octet.
pub(super) fn ascii(octets: &[u8]) -> String {
    let octets = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    octets.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// Adds text of a message.
pub(super) fn text<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, range: &Range<usize>) -> Item {
    if !d.wants(field) {
        return Item::NONE;
    }
    let octets = tvb.bytes().get(range.clone()).unwrap_or_default();
    let value = if octets.is_ascii() { Value::Text } else { Value::String(ascii(octets).into()) };
    d.add(field, tvb, range.start, range.len(), value)
}

/// Shows a header.
pub(super) fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: Kind, header: &Header, seen: &Seen) {
    let octets = tvb.bytes();
    let (at, len) = (header.name.start, header.next - header.name.start);
    let of_kind = match kind {
        Kind::Request => Some(REQUEST_LINE),
        Kind::Response => Some(RESPONSE_LINE),
        Kind::Notification | Kind::Other => None,
    };
    let line = || printable(octets.get(at..header.next).unwrap_or_default());
    match header.field {
        Some(field) => {
            known(d, tvb, field, header, seen);
            if let Some(of_kind) = of_kind {
                let item = text(d, of_kind, tvb, &(at..header.next));
                d.hide(item);
            }
        }
        None => {
            let item = text(d, of_kind.unwrap_or(UNKNOWN_HEADER), tvb, &(at..header.next));
            // Every octet that is not ASCII takes three of the value: what was cut is not missed behind many of them.
            let whole = octets.get(at..header.next).unwrap_or_default();
            if memchr(0, whole).is_some() && ascii(whole).len() < len {
                d.within(|d| d.note_strays(tvb, at, len));
            }
            if kind == Kind::Notification {
                // Wireshark's value is the line as it is shown.
                d.refill(item, Value::String(line().into()));
            }
            d.text(item, line);
            let name = octets.get(header.name.clone()).unwrap_or_default();
            if name.is_empty() || !name.iter().copied().all(is_token) {
                d.within(|d| d.expert(BAD_HEADER_NAME, tvb, at, len));
            }
        }
    }
}

/// Shows a header that has a field of its own, with what its value holds.
fn known<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, header: &Header, seen: &Seen) {
    let octets = tvb.bytes();
    let (at, len) = (header.name.start, header.next - header.name.start);
    let value = octets.get(header.value.clone()).unwrap_or_default();
    let item = text(d, field, tvb, &header.value);
    d.text(item, || printable(octets.get(at..header.next).unwrap_or_default()));
    d.within(|d| match field {
        CONTENT_LENGTH_HEADER => {
            if let Some(length) = number(value) {
                d.generated(CONTENT_LENGTH, tvb, at, len, Value::Uint(length));
            }
            if seen.has_transfer_encoding {
                d.expert(TE_AND_LENGTH, tvb, at, len);
            }
        }
        TRANSFER_ENCODING => {
            const CODINGS: [&[u8]; 6] = [b"chunked", b"compress", b"deflate", b"gzip", b"x-compress", b"x-gzip"];
            let is_known = |name: &&[u8]| value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            if !CODINGS.iter().any(is_known) {
                d.expert(TE_UNKNOWN, tvb, at, len);
            }
        }
        COOKIE => pairs(d, tvb, header),
        AUTHORIZATION | PROXY_AUTHORIZATION => {
            if let Some(credentials) = value.strip_prefix(b"Basic ")
                && d.wants(AUTHBASIC)
            {
                let text = String::from_utf8_lossy(&base64::decode(credentials)).into_owned();
                let item = d.add(AUTHBASIC, tvb, header.value.end, 0, Value::String(text.clone().into()));
                d.text(item, || format!("Credentials: {text}"));
            }
        }
        _ => {}
    });
}

/// The pairs of a Cookie header (RFC 6265, 4.2).
fn pairs<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header) {
    if !d.wants(COOKIE_PAIR) {
        return;
    }
    let value = tvb.bytes().get(header.value.clone()).unwrap_or_default();
    let mut at = header.value.start;
    for pair in value.split(|octet| *octet == b';') {
        let text = pair.trim_ascii();
        if !text.is_empty() {
            let blanks = pair.len() - pair.trim_ascii_start().len();
            self::text(d, COOKIE_PAIR, tvb, &(at + blanks..at + blanks + text.len()));
        }
        at += pair.len() + 1;
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn no_more_headers_than_the_limit_are_looked_at() {
        let octets = b"A:b\n".repeat(MAX_HEADERS + 10);
        assert_eq!(scan(&octets, 0).1, MAX_HEADERS * 4);
    }
}
