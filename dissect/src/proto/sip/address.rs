//! Addresses in headers (RFC 3261, 20.10 and 25.1): a display name, a URI and its parts, as ranges of the message.

use std::ops::Range;

/// A range of octets of the message.
pub(super) type Span = Range<usize>;

/// An address of a header: `"Bob" <sip:bob@example.com>` or `sip:bob@example.com`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Address {
    /// With its quotes; what stands unquoted keeps the blank before the bracket.
    pub(super) display: Option<Span>,
    pub(super) uri: Span,
    /// Only between brackets do parameters belong to the URI.
    pub(super) has_brackets: bool,
    /// Where the header goes on.
    pub(super) end: usize,
}

/// The parts of a `sip:` or `sips:` URI (RFC 3261, 19.1.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Parts {
    pub(super) user: Option<Span>,
    pub(super) host: Option<Span>,
    pub(super) port: Option<Span>,
    /// Where the parameters begin, behind their first semicolon.
    pub(super) parameters: Option<Span>,
}

fn at(octets: &[u8], place: usize) -> u8 {
    octets.get(place).copied().unwrap_or(0)
}

/// The first place in a span that holds one of `any`, or its end.
pub(super) fn find(octets: &[u8], span: Span, any: &[u8]) -> usize {
    let within = octets.get(span.clone()).unwrap_or_default();
    within.iter().position(|octet| any.contains(octet)).map_or(span.end, |place| span.start + place)
}

/// Behind the blanks and line ends at the start of a span.
pub(super) fn skip_blanks(octets: &[u8], span: Span) -> usize {
    let within = octets.get(span.clone()).unwrap_or_default();
    within.iter().position(|octet| !matches!(octet, b' ' | b'\t' | b'\r' | b'\n')).map_or(span.end, |n| span.start + n)
}

/// Behind the quoted string that begins at `start`, or nothing where its closing quote is missing.
pub(super) fn quoted_end(octets: &[u8], start: usize, end: usize) -> Option<usize> {
    let mut place = start + 1;
    while place < end {
        match at(octets, place) {
            // RFC 3261, 25.1: a backslash takes the next octet with it.
            b'\\' => place += 2,
            b'"' => return Some(place + 1),
            _ => place += 1,
        }
    }
    None
}

/// Whether a URI has parts that are taken from it.
fn scheme_len(octets: &[u8], span: &Span) -> Option<usize> {
    let uri = octets.get(span.clone())?;
    if uri.starts_with(b"sip:") {
        Some(4)
    } else if uri.starts_with(b"sips:") {
        Some(5)
    } else {
        None
    }
}

/// The address at the start of a span, or nothing where there is none.
pub(super) fn address(octets: &[u8], span: Span) -> Option<Address> {
    let start = skip_blanks(octets, span.clone());
    let end = span.end;
    let (display, bracket) = if at(octets, start) == b'"' && start < end {
        let quoted = quoted_end(octets, start, end)?;
        (Some(start..quoted), find(octets, quoted..end, b"<"))
    } else {
        if scheme_len(octets, &(start..end)).is_some() {
            let stop = find(octets, start..end, b";,");
            return Some(Address { display: None, uri: start..stop, has_brackets: false, end: stop });
        }
        let bracket = find(octets, start..end, b"<");
        ((bracket > start + 1).then_some(start..bracket), bracket)
    };
    if bracket >= end {
        return None;
    }
    let inside = skip_blanks(octets, bracket + 1..end);
    let close = find(octets, inside..end, b">");
    (close < end).then_some(Address { display, uri: inside..close, has_brackets: true, end: close + 1 })
}

/// The parts of a URI.
///
/// A display name, a user or a port of one octet is not shown, as Wireshark does not.
pub(super) fn parts(octets: &[u8], uri: Span) -> Parts {
    let mut parts = Parts::default();
    let Some(scheme) = scheme_len(octets, &uri) else {
        return parts;
    };
    let mut start = uri.start + scheme;
    let sign = find(octets, start..uri.end, b"@");
    if sign < uri.end {
        parts.user = Some(start..sign).filter(|user| user.len() > 1);
        start = sign + 1;
    }
    let host_end = if at(octets, start) == b'[' && start < uri.end {
        let bracket = find(octets, start..uri.end, b"]");
        (bracket + 1).min(uri.end)
    } else {
        find(octets, start..uri.end, b":;?> ")
    };
    parts.host = Some(start..host_end).filter(|host| !host.is_empty());
    let mut here = host_end;
    if here < uri.end && at(octets, here) == b':' {
        let port = here + 1..find(octets, here + 1..uri.end, b";?> ");
        here = find(octets, port.end..uri.end, b";");
        parts.port = Some(port).filter(|port| port.len() > 1);
    }
    if here < uri.end && at(octets, here) == b';' {
        parts.parameters = Some(here + 1..uri.end);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(octets: &[u8], span: Option<Span>) -> &str {
        span.map_or("-", |span| std::str::from_utf8(&octets[span]).unwrap())
    }

    fn check(header: &str, expected: [&str; 6]) {
        let octets = header.as_bytes();
        let Some(found) = address(octets, 0..octets.len()) else {
            assert_eq!(expected, ["-"; 6], "{header}");
            return;
        };
        let parts = parts(octets, found.uri.clone());
        let shown = [
            text(octets, found.display),
            text(octets, Some(found.uri)),
            text(octets, parts.user),
            text(octets, parts.host),
            text(octets, parts.port),
            text(octets, parts.parameters),
        ];
        assert_eq!(shown, expected, "{header}");
    }

    #[test]
    fn addresses_are_taken_apart() {
        check(r#""Bob" <sip:bob@a.b>;tag=1"#, [r#""Bob""#, "sip:bob@a.b", "bob", "a.b", "-", "-"]);
        check("Bob S <sip:bob:pw@a.b:5061;lr>", ["Bob S ", "sip:bob:pw@a.b:5061;lr", "bob:pw", "a.b", "5061", "lr"]);
        check("sip:bob@a.b:5070;tag=3", ["-", "sip:bob@a.b:5070", "bob", "a.b", "5070", "-"]);
        check("<sips:[2001:db8::1]:5060>", ["-", "sips:[2001:db8::1]:5060", "-", "[2001:db8::1]", "5060", "-"]);
        check(r#""B \" <x" <sip:h>"#, [r#""B \" <x""#, "sip:h", "-", "h", "-", "-"]);
        check("<tel:+1;ext=2>", ["-", "tel:+1;ext=2", "-", "-", "-", "-"]);
        check("<sip:a@b:5>", ["-", "sip:a@b:5", "-", "b", "-", "-"]);
        check("<>", ["-", "", "-", "-", "-", "-"]);
    }

    #[test]
    fn what_is_no_address_is_none() {
        for header in ["", "*", "<sip:bob@h", r#""open <sip:bob@h>"#, "tel:+1", "bob@h", r#""D" sip:bob@h"#] {
            check(header, ["-"; 6]);
        }
    }
}
