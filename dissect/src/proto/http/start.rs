//! The first line of a message (RFC 9112, 3 and 4).

use std::ops::Range;

use memchr::memchr;

use super::names;
use crate::proto::sip::line_end;

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Request,
    Response,
    /// A request that asks for nothing (UPnP's NOTIFY).
    Notification,
    /// Header lines without a first line.
    Other,
}

/// A first line and where its parts stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Start {
    pub(super) kind: Kind,
    /// Method, URI and version, or version, status code and phrase.
    pub(super) parts: [Range<usize>; 3],
    /// Without the line end.
    pub(super) end: usize,
    /// Behind the line end.
    pub(super) next: usize,
}

impl Start {
    /// The first line at the start of octets, if it is one and complete.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        Self::read_open(octets).filter(|start| start.next > start.end)
    }

    /// As [`Start::read`], but the octets may end within the line.
    pub(super) fn read_open(octets: &[u8]) -> Option<Self> {
        let kind = kind(octets)?;
        let (end, next) = line_end(octets, 0);
        let line = octets.get(..end)?;
        let parts = if kind == Kind::Response { response_parts(line) } else { request_parts(line) };
        Some(Self { kind, parts, end, next })
    }

    /// The status code of a response: the digits that its first three octets begin with.
    pub(super) fn status(&self, octets: &[u8]) -> Option<u16> {
        let [a, b, c, ..] = *octets.get(self.parts[1].clone()).filter(|_| self.kind == Kind::Response)? else {
            return None;
        };
        let digits = [a, b, c].into_iter().take_while(u8::is_ascii_digit);
        Some(digits.fold(0, |code, digit| code * 10 + u16::from(digit - b'0')))
    }

    /// Whether it opens a channel of RPC over HTTP, the body of which says a length that nobody waits for (MS-RPCH, 2.1.2).
    pub(super) fn is_endless(&self, octets: &[u8]) -> bool {
        self.kind == Kind::Request
            && matches!(octets.get(self.parts[0].clone()), Some(b"RPC_IN_DATA" | b"RPC_OUT_DATA"))
    }

    /// Whether it is a response that never has a body (RFC 9112, 6.3).
    pub(super) fn is_bodiless(&self, octets: &[u8]) -> bool {
        matches!(self.status(octets), Some(100..=199 | 204 | 304))
    }
}

/// What begins with octets, as their first word tells.
pub(super) fn kind(octets: &[u8]) -> Option<Kind> {
    if octets.starts_with(b"HTTP/") || octets.starts_with(b"ICY") {
        return Some(Kind::Response);
    }
    let is_end = |octet: &u8| matches!(octet, b' ' | b'\r' | b'\n');
    let method = octets.iter().take(24).position(is_end).and_then(|end| octets.get(..end)).unwrap_or(octets);
    if names::METHODS.contains(&method) {
        return Some(Kind::Request);
    }
    names::NOTIFICATIONS.contains(&method).then_some(Kind::Notification)
}

/// A blank parts method and URI; the version is all that follows the blanks behind that.
fn request_parts(line: &[u8]) -> [Range<usize>; 3] {
    let word = |from: usize| {
        let rest = line.get(from..).unwrap_or_default();
        memchr(b' ', rest).map_or(line.len(), |at| from + at)
    };
    let method = word(0);
    let uri = (method + 1).min(line.len());
    let uri_end = word(uri);
    let version = uri_end + line.iter().skip(uri_end).take_while(|octet| **octet == b' ').count();
    [0..method, uri..uri_end, version..line.len()]
}

/// Any number of blanks parts a status line.
fn response_parts(line: &[u8]) -> [Range<usize>; 3] {
    let skip = |from: usize| from + line.iter().skip(from).take_while(|octet| **octet == b' ').count();
    let word = |from: usize| from + line.iter().skip(from).take_while(|octet| **octet != b' ').count();
    let version = word(0);
    let code = skip(version);
    let code_end = word(code);
    let phrase = skip(code_end);
    [0..version, code..code_end, phrase..line.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(Kind, [&str; 3])> {
        let start = Start::read(line.as_bytes())?;
        Some((start.kind, start.parts.map(|part| &line[part])))
    }

    #[test]
    fn first_lines_are_told_from_others() {
        assert_eq!(parts("GET /a HTTP/1.1\r\n"), Some((Kind::Request, ["GET", "/a", "HTTP/1.1"])));
        assert_eq!(parts("GET\n"), Some((Kind::Request, ["GET", "", ""])));
        assert_eq!(parts("GET  / HTTP/1.1\r\n"), Some((Kind::Request, ["GET", "", "/ HTTP/1.1"])));
        assert_eq!(parts("GET    / HTTP/1.1\r\n"), Some((Kind::Request, ["GET", "", "/ HTTP/1.1"])));
        assert_eq!(parts("NOTIFY * HTTP/1.1\r\n"), Some((Kind::Notification, ["NOTIFY", "*", "HTTP/1.1"])));
        assert_eq!(parts("HTTP/1.1  200  Not so OK\r\n"), Some((Kind::Response, ["HTTP/1.1", "200", "Not so OK"])));
        assert_eq!(parts("HTTP/1.1\r\n"), Some((Kind::Response, ["HTTP/1.1", "", ""])));
        for line in ["", "GET", "GET /", "FOO / HTTP/1.1\r\n", "get / HTTP/1.1\r\n", "HTTPS/1.1 200 OK\r\n"] {
            assert_eq!(parts(line), None, "{line}");
        }
    }

    #[test]
    fn a_status_is_three_octets() {
        let status = |line: &str| Start::read(line.as_bytes()).and_then(|start| start.status(line.as_bytes()));
        assert_eq!(status("HTTP/1.1 2000 OK\r\n"), Some(200));
        assert_eq!(status("HTTP/1.1 2xx OK\r\n"), Some(2));
        assert_eq!(status("HTTP/1.1 20 OK\r\n"), None);
        assert_eq!(status("GET 200 HTTP/1.1\r\n"), None);
    }
}
