//! What protocols of lines have in common: a client that asks in lines of text and a server that answers so (RFC 959,
//! RFC 5321, RFC 9051).

use memchr::memchr;

use crate::dissector::Dissector;
use crate::registry::Framing;

/// How many lines of one segment or message are looked at; what follows them is left out.
pub(crate) const MAX_LINES: usize = 4096;

/// Where a line stands: its first octet, its end without the line end, and where the next one begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) next: usize,
}

/// Whether the packet at hand is the client's, as the server's ports tell.
pub(crate) fn is_request(d: &Dissector<'_>, ports: &[u16]) -> bool {
    ports.contains(&d.endpoints.dst_port)
}

/// The line at `start`; the last one may have no line end.
pub(crate) fn line(octets: &[u8], start: usize) -> Line {
    let rest = octets.get(start..).unwrap_or_default();
    let len = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    let text = rest.get(..len).unwrap_or_default();
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    Line { start, end: start + text.len(), next: start + len }
}

/// The lines of some octets.
pub(crate) fn lines(octets: &[u8]) -> impl Iterator<Item = Line> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let line = (at < octets.len()).then(|| line(octets, at))?;
        at = line.next;
        Some(line)
    })
    .take(MAX_LINES)
}

/// Takes whole lines together and waits for the end of one that is not whole.
pub(crate) fn framing(stream: &[u8]) -> Framing {
    match memchr::memrchr(b'\n', stream) {
        Some(end) => Framing::Message(end + 1),
        None => Framing::More(1),
    }
}

/// The first word of a line and where the rest begins, without the blanks between.
pub(crate) fn word(octets: &[u8], line: Line) -> (std::ops::Range<usize>, usize) {
    let text = octets.get(line.start..line.end).unwrap_or_default();
    let len = memchr(b' ', text).unwrap_or(text.len());
    let blanks = text.iter().skip(len).take_while(|octet| **octet == b' ').count();
    (line.start..line.start + len, line.start + len + blanks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_or_without_a_carriage_return() {
        let all: Vec<Line> = lines(b"a\r\nb\nc").collect();
        let line = |start, end, next| Line { start, end, next };
        assert_eq!(all, [line(0, 1, 3), line(3, 4, 5), line(5, 6, 6)]);
        assert_eq!(word(b"USER  me\r\n", line(0, 8, 10)), (0..4, 6));
    }

    #[test]
    fn no_more_lines_than_the_limit_are_looked_at() {
        assert_eq!(lines(&b"\n".repeat(MAX_LINES + 1)).count(), MAX_LINES);
    }
}
