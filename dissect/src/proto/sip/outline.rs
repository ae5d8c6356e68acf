//! The shape of a message: its first line, where its headers stand and where they end. Nothing is copied.

use memchr::{memchr, memchr2};
use smallvec::SmallVec;

use super::address::{Span, skip_blanks};
use super::headers;
use crate::field::FieldId;

/// How many headers of one message are looked at; what follows them is taken for its body.
pub(super) const MAX_HEADERS: usize = 4096;
/// Methods are tokens (RFC 3261, 25.1); the longest that is believed.
const MAX_METHOD: usize = 64;

/// The first line of a message (RFC 3261, 7.1 and 7.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum First {
    Request { method: Span, uri: Span },
    Status { code: u32, phrase: Span },
}

/// The first line at the start of some octets, without its line end, and where the next line begins.
pub(super) fn first_line(octets: &[u8]) -> Option<(First, usize, usize)> {
    if let Some(rest) = octets.strip_prefix(b"SIP/2.0 ") {
        let [a, b, c, b' ', ..] = *rest else {
            return None;
        };
        if ![a, b, c].iter().all(u8::is_ascii_digit) {
            return None;
        }
        let (end, next) = line_end(octets, 12);
        if memchr(0, octets.get(12..end)?).is_some() {
            return None;
        }
        let code = [a, b, c].iter().fold(0, |code, digit| code * 10 + u32::from(digit - b'0'));
        return Some((First::Status { code, phrase: 12..end }, end, next));
    }
    let method = octets.iter().take(MAX_METHOD).position(|octet| !octet.is_ascii_graphic())?;
    if method == 0 || octets.get(method) != Some(&b' ') {
        return None;
    }
    let (end, next) = line_end(octets, method + 1);
    let target = octets.get(method + 1..end)?;
    let uri = target.strip_suffix(b" SIP/2.0")?;
    let is_uri = memchr(b':', uri).is_some() && memchr2(b' ', 0, uri).is_none();
    let uri = method + 1..method + 1 + uri.len();
    is_uri.then_some((First::Request { method: 0..method, uri }, end, next))
}

/// Whether octets begin with the first line of a message.
pub(crate) fn is_message(octets: &[u8]) -> bool {
    first_line(octets).is_some()
}

/// Where the line that goes on at `from` ends, and where the next one begins: behind CR LF, or either of them alone.
pub(crate) fn line_end(octets: &[u8], from: usize) -> (usize, usize) {
    let rest = octets.get(from..).unwrap_or_default();
    match memchr2(b'\r', b'\n', rest) {
        None => (octets.len(), octets.len()),
        Some(at) => {
            let is_pair = rest.get(at..at + 2) == Some(b"\r\n");
            (from + at, from + at + 1 + usize::from(is_pair))
        }
    }
}

/// One header, with the lines that continue it.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) start: usize,
    /// Where its colon stands, if it has one.
    pub(super) colon: Option<usize>,
    /// Without the blanks before it and the line end behind it.
    pub(super) value: Span,
    /// Behind its line end.
    pub(super) next: usize,
    pub(super) field: Option<FieldId>,
}

/// How a message's headers end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// With an empty line.
    Blank,
    /// With the message, behind a line end.
    Missing,
    /// With the message, within a line.
    WithinLine,
}

/// The headers of a message.
pub(super) struct Outline {
    pub(super) headers: SmallVec<[Header; 24]>,
    pub(super) end: End,
    /// Where the body begins.
    pub(super) body: usize,
}

impl Outline {
    /// The headers that begin at `start`.
    pub(super) fn read(octets: &[u8], start: usize) -> Self {
        let mut outline = Self { headers: SmallVec::new(), end: End::Missing, body: start };
        while outline.headers.len() < MAX_HEADERS {
            let here = outline.body;
            if here >= octets.len() {
                break;
            }
            let (mut end, mut next) = line_end(octets, here);
            if end == here {
                outline.body = next;
                outline.end = End::Blank;
                break;
            }
            // RFC 3261, 7.3.1: a line that begins with a blank continues the one before it.
            while matches!(octets.get(next), Some(b' ' | b'\t')) {
                (end, next) = line_end(octets, next);
            }
            if next == end {
                outline.end = End::WithinLine;
            }
            let line = octets.get(here..end).unwrap_or_default();
            let colon = memchr(b':', line).map(|at| here + at);
            let value = skip_blanks(octets, colon.map_or(end, |colon| colon + 1)..end)..end;
            let field = colon.and_then(|colon| headers::field_of(octets.get(here..colon)?));
            outline.headers.push(Header { start: here, colon, value, next, field });
            outline.body = next;
        }
        outline
    }

    /// The value of the first header that a field shows.
    pub(super) fn value_of(&self, field: FieldId) -> Option<Span> {
        let mut of = self.headers.iter().filter(|header| header.field == Some(field));
        of.next().map(|header| header.value.clone())
    }
}

/// The number at the start of a header's value, as C's `strtoul` reads it into 32 bits, and how many octets it takes.
pub(super) fn number(octets: &[u8]) -> (u32, usize) {
    let is_negative = octets.first() == Some(&b'-');
    let digits = octets.get(usize::from(is_negative)..).unwrap_or_default();
    let len = digits.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let value = digits[..len]
        .iter()
        .fold(0_u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    let value = if is_negative { value.wrapping_neg() } else { value };
    (value as u32, len)
}

/// A CSeq header's number and method (RFC 3261, 20.16). The method may be empty.
pub(super) struct Sequence {
    pub(super) number: u32,
    pub(super) digits: Span,
    pub(super) method: Span,
}

/// The longest method of a CSeq header that is followed, as in Wireshark.
const MAX_SEQUENCE_METHOD: usize = 16;

impl Sequence {
    /// Whether there is a method, and one that can be one.
    pub(super) fn has_method(&self) -> bool {
        (1..=MAX_SEQUENCE_METHOD).contains(&self.method.len())
    }
}

/// What a CSeq header says; nothing where it ends with its number.
pub(super) fn sequence(octets: &[u8], value: &Span) -> Option<Sequence> {
    let text = octets.get(value.clone())?;
    let (number, len) = number(text);
    // The method begins with the first letter, whatever stands between.
    let method = value.start + text.iter().position(u8::is_ascii_alphabetic).unwrap_or(text.len());
    let digits = value.start..value.start + len;
    (digits.end < value.end).then_some(Sequence { number, digits, method: method..value.end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::sip::TO;

    #[test]
    fn first_lines_are_told_from_others() {
        let is_one = |line: &str| first_line(line.as_bytes()).is_some();
        for line in ["INVITE sip:a@b SIP/2.0\r\n", "foo tel:+1 SIP/2.0\n", "SIP/2.0 200 OK\r\n", "SIP/2.0 404 "] {
            assert!(is_one(line), "{line}");
        }
        for line in [
            "",
            "INVITE",
            "INVITE * SIP/2.0\r\n",
            "INVITE sip:a@b SIP/3.0\r\n",
            "INVITE  sip:a@b SIP/2.0\r\n",
            "INVITE sip:a@b  SIP/2.0\r\n",
            "INVITE sip:a@b SIP/2.0 \r\n",
            "INVITE sip:a b SIP/2.0\r\n",
            " INVITE sip:a@b SIP/2.0\r\n",
            "SIP/2.0 200\r\n",
            "SIP/2.0 20x OK\r\n",
            "SIP/2.0 2000 OK\r\n",
            "sip/2.0 200 OK\r\n",
            "GET / HTTP/1.1\r\n",
        ] {
            assert!(!is_one(line), "{line}");
        }
    }

    #[test]
    fn headers_are_found_with_their_continuations() {
        let octets = b"Subject: a\r\n b\r\nNone\r\nt:x\r\n\r\nbody";
        let outline = Outline::read(octets, 0);
        let values: Vec<_> = outline.headers.iter().map(|header| &octets[header.value.clone()]).collect();
        assert_eq!(values, [&b"a\r\n b"[..], b"", b"x"]);
        assert_eq!(outline.headers[1].colon, None);
        assert_eq!(outline.headers[2].field, Some(TO));
        assert_eq!((outline.end, &octets[outline.body..]), (End::Blank, &b"body"[..]));
        assert_eq!(Outline::read(b"To: x\r\n", 0).end, End::Missing);
        assert_eq!(Outline::read(b"To: x", 0).end, End::WithinLine);
    }

    #[test]
    fn no_more_headers_than_the_limit_are_looked_at() {
        let octets = b"A:b\n".repeat(MAX_HEADERS + 10);
        assert_eq!(Outline::read(&octets, 0).headers.len(), MAX_HEADERS);
    }

    #[test]
    fn numbers_wrap_as_in_c() {
        assert_eq!(number(b"4711 BYE"), (4711, 4));
        assert_eq!(number(b"99999999999"), (1_215_752_191, 11));
        assert_eq!(number(b"-1"), (u32::MAX, 1));
        assert_eq!(number(b"x"), (0, 0));
    }
}
