//! Bodies: chunks put together, content codings undone (RFC 9112, 7; RFC 9110, 8.4), and who gets what is left.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::headers::{self, Seen};
use super::*;
use crate::bindings;
use crate::dissector::{Dissector, Item};
use crate::output::value::printable;
use crate::proto::sip::line_end;
use crate::proto::udp::octets as octets_text;
use crate::registry;
use crate::tvb::Tvb;
use crate::value::Value;

/// How many chunks of one message are looked at; what follows them is left out.
pub(super) const MAX_CHUNKS: usize = 65_536;
/// How long a body may get when its coding is undone: a few octets can stand for gigabytes.
pub(super) const MAX_DECODED_BYTES: u64 = 16 << 20;

/// Whether anybody will look at what a body holds.
pub(super) fn is_wanted(d: &Dissector<'_>) -> bool {
    d.wants(FILE_DATA) || d.wants_child_of(ProtoId::Http)
}

/// One chunk: its size, and where its data and what follows them begin.
struct Chunk {
    size: usize,
    data: usize,
}

/// The chunk at `from`, if its first line is whole and tells a size.
fn chunk(octets: &[u8], from: usize) -> Option<Chunk> {
    let (end, next) = line_end(octets, from);
    let line = octets.get(from..end).filter(|_| next > end)?;
    let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let digits = std::str::from_utf8(line.get(..digits)?).ok()?;
    Some(Chunk { size: usize::from_str_radix(digits, 16).ok()?, data: next })
}

/// How many octets a chunked body has, if its end is there. What is no chunk takes all.
pub(super) fn chunked_len(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..MAX_CHUNKS {
        let (end, next) = line_end(octets, at);
        if next == end {
            return None;
        }
        let Some(Chunk { size, data }) = chunk(octets, at) else {
            return Some(octets.len());
        };
        if size == 0 {
            return trailer_end(octets, data);
        }
        at = data.saturating_add(size);
        let (end, next) = line_end(octets, at);
        if next == end || next - at == 1 && next == octets.len() && octets.ends_with(b"\r") {
            return None;
        }
        at = if end == at { next } else { at };
    }
    Some(octets.len())
}

/// Where the empty line behind the last chunk and its trailer ends.
fn trailer_end(octets: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let (end, next) = line_end(octets, at);
        if next == end || next == octets.len() && octets.ends_with(b"\r") {
            return None;
        }
        if end == at {
            return Some(next);
        }
        at = next;
    }
}

/// Shows the chunks of a body; answers the data in them.
fn chunks<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Vec<u8> {
    let octets = tvb.bytes();
    let mut whole = Vec::new();
    d.open_text(tvb, 0, tvb.reported(), || "HTTP chunked response".to_owned());
    let mut at = 0;
    for _ in 0..MAX_CHUNKS {
        let Some(Chunk { size, data }) = chunk(octets, at) else {
            break;
        };
        let there = octets.get(data..).unwrap_or_default();
        let there = there.get(..size).unwrap_or(there);
        whole.extend_from_slice(there);
        let behind = data + there.len();
        let (end, next) = line_end(octets, behind);
        let next = if end == behind && size > 0 { next } else { behind };
        d.open_text(tvb, at, next - at, || match size {
            0 => "End of chunked encoding".to_owned(),
            _ => format!("Data chunk ({size} octets)"),
        });
        d.add(CHUNK_SIZE, tvb, at, data - at, Value::Uint(size as u64));
        if size > 0 {
            d.bytes(CHUNK_DATA, tvb, data, there.len());
            if next > behind {
                d.bytes(CHUNK_BOUNDARY, tvb, behind, next - behind);
            }
        }
        d.close();
        at = next;
        if size == 0 || there.len() < size {
            break;
        }
    }
    trailer(d, tvb, at);
    d.close();
    whole
}

/// What stands behind the last chunk.
fn trailer<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, from: usize) {
    let octets = tvb.bytes();
    let end = trailer_end(octets, from).unwrap_or(octets.len());
    let (last, _) = octets.get(..end).map_or((end, end), |octets| {
        let text = octets.strip_suffix(b"\n").unwrap_or(octets);
        (text.strip_suffix(b"\r").unwrap_or(text).len().max(from), end)
    });
    if last > from {
        headers::text(d, CHUNKED_TRAILER_PART, tvb, &(from..last));
    }
    if end > last {
        d.open_text(tvb, last, end - last, || printable(octets.get(last..end).unwrap_or_default()));
        d.close();
    }
}

/// Undoes a content coding, as far as the octets allow it.
fn decoded(coding: &[u8], octets: &[u8]) -> Option<Vec<u8>> {
    let read = |source: &mut dyn Read| {
        let mut whole = Vec::new();
        // What was read before an error is the beginning of the body.
        let _ = source.take(MAX_DECODED_BYTES).read_to_end(&mut whole);
        (!whole.is_empty()).then_some(whole)
    };
    if ![&b"gzip"[..], b"x-gzip", b"deflate", b"x-deflate"].iter().any(|name| name.eq_ignore_ascii_case(coding)) {
        return None;
    }
    match octets {
        [0x1f, 0x8b, ..] => read(&mut GzDecoder::new(octets)),
        // RFC 9110, 8.4.1.2 means the zlib format; some send bare DEFLATE.
        _ => read(&mut ZlibDecoder::new(octets)).or_else(|| read(&mut DeflateDecoder::new(octets))),
    }
}

/// The octets of a body as text.
pub(super) fn file_data<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let item = headers::text(d, FILE_DATA, tvb, &(0..tvb.len()));
    d.text(item, || format!("File Data: {}", octets_text(tvb.reported())));
}

/// Shows a message's body and closes `item`, the message's, which `headers_len` octets of headers belong to.
pub(super) fn show<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    item: Item,
    headers_len: usize,
    seen: &Seen,
    octets: &'a [u8],
) {
    let text = |range: &std::ops::Range<usize>| octets.get(range.clone()).unwrap_or_default();
    if tvb.is_empty() || !is_wanted(d) && !d.wants_between(CHUNKED_TRAILER_PART, DECOMPRESSION_FAILED) {
        d.set_len(item, headers_len);
        d.close();
        return;
    }
    let media_type = seen.content_type.as_ref().map(text);
    let child = media_type.map_or(ProtoId::Data, |media_type| {
        let name = bindings::media_type_name(media_type);
        match bindings::by_media_type(&name) {
            Some(child) => child,
            None if name == "application/octet-stream" => ProtoId::Data,
            None => ProtoId::Media,
        }
    });
    // To undo a coding costs more than all else. Who refuses a body leaves it to the others.
    if !d.wants_own() && ![child, ProtoId::Media, ProtoId::Data].into_iter().any(|id| d.wants_proto(id)) {
        d.close();
        return;
    }
    let mut body = tvb;
    if seen.has_chunks {
        let whole = chunks(d, tvb);
        body = d.add_source(&whole, "De-chunked entity body");
    }
    let coding = seen.content_encoding.as_ref().map(text).filter(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    if let Some(coding) = coding.filter(|coding| !coding.is_empty() && !body.is_empty()) {
        let whole = decoded(coding, body.bytes());
        let (name, len) = (printable(coding), body.reported());
        let title = format!("Content-encoded entity body ({name}): {}", octets_text(len));
        let Some(whole) = whole else {
            d.open_text(body, 0, len, || title);
            d.expert(DECOMPRESSION_FAILED, body, 0, len);
            d.call_within(ProtoId::Data, body);
            d.close();
            d.close();
            return;
        };
        d.open_text(body, 0, len, || format!("{title} -> {}", octets_text(whole.len())));
        d.close();
        body = d.add_source(&whole, "Uncompressed entity body");
    }
    if body.is_empty() {
        d.close();
        return;
    }
    file_data(d, body);
    let Some(media_type) = media_type else {
        d.call_within(ProtoId::Data, body);
        d.close();
        return;
    };
    let mut child = child;
    if registry::protocol(child).accepts.is_some_and(|accepts| !accepts(d, body)) {
        d.expert(SUBDISSECTOR_FAILED, body, 0, body.reported());
        child = ProtoId::Media;
    }
    d.set_len(item, headers_len + if seen.has_chunks { tvb.reported() } else { 0 });
    d.close();
    let before = std::mem::replace(&mut d.media_type, media_type);
    d.call(child, body);
    d.media_type = before;
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn chunks_end_with_their_trailer() {
        assert_eq!(chunked_len(b"3\r\nabc\r\n0\r\n\r\nHTTP"), Some(13));
        assert_eq!(chunked_len(b"3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"), Some(23));
        assert_eq!(chunked_len(b"3\r\nabc\r\n0\r\n\r"), None);
        assert_eq!(chunked_len(b"3\r\nabc\r"), None);
        assert_eq!(chunked_len(b"ffffffffffffffff\r\nabc\r\n"), None);
        assert_eq!(chunked_len(b"zz\r\nabc"), Some(7));
    }

    #[test]
    fn no_more_chunks_than_the_limit_are_looked_at() {
        let octets = b"1\na\n".repeat(MAX_CHUNKS + 10);
        assert_eq!(chunked_len(&octets), Some(octets.len()));
    }

    #[test]
    fn what_is_decoded_has_a_limit() {
        let mut source =
            flate2::read::GzEncoder::new(std::io::repeat(0).take(MAX_DECODED_BYTES + 1), Default::default());
        let mut octets = Vec::new();
        source.read_to_end(&mut octets).unwrap();
        assert_eq!(decoded(b"gzip", &octets).map(|whole| whole.len() as u64), Some(MAX_DECODED_BYTES));
        assert_eq!(decoded(b"br", &octets), None);
    }
}
