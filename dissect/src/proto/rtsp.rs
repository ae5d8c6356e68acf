//! The Real Time Streaming Protocol (RFC 2326): requests, responses, descriptions in them, and media between them.

use crate::bindings::{self, Binding, Table};
use crate::dialogue::{self, Line};
use crate::dissector::Dissector;
use crate::field::{FieldId, fields};
use crate::output::value::printable;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rtsp, "rtsp", "Real Time Streaming Protocol";
    REQUEST = field("rtsp.request", "Request", String, None);
    RESPONSE = field("rtsp.response", "Response", String, None);
    METHOD = field("rtsp.method", "Method", String, None);
    CONTENT_TYPE = field("rtsp.content-type", "Content-type", String, None);
    CONTENT_LENGTH = field("rtsp.content-length", "Content-length", Uint32, Dec);
    URL = field("rtsp.url", "URL", String, None);
    STATUS = field("rtsp.status", "Status", Uint32, Dec);
    SESSION = field("rtsp.session", "Session", String, None);
    TRANSPORT = field("rtsp.transport", "Transport", String, None);
    MAGIC = field("rtsp.magic", "Magic", Uint8, Hex);
    CHANNEL = field("rtsp.channel", "Channel", Uint8, Hex);
    LENGTH = field("rtsp.length", "Length", Uint16, Dec);
    DATA = field("rtsp.data", "Data", Bytes, None);
}

/// RFC 2326, 10.
const METHODS: &[&[u8]] = &[
    b"DESCRIBE",
    b"ANNOUNCE",
    b"GET_PARAMETER",
    b"OPTIONS",
    b"PAUSE",
    b"PLAY",
    b"RECORD",
    b"REDIRECT",
    b"SETUP",
    b"SET_PARAMETER",
    b"TEARDOWN",
];

/// The octet that begins a block of media (RFC 2326, 10.12).
const MAGIC_OCTET: u8 = b'$';

/// Headers with fields of their own, in lower case.
const HEADERS: &[(&[u8], FieldId)] = &[
    (b"content-type", CONTENT_TYPE),
    (b"content-length", CONTENT_LENGTH),
    (b"session", SESSION),
    (b"transport", TRANSPORT),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::MediaType],
    calls: &[ProtoId::Data],
    framing: Some(framing),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Rtsp,
        "RTSP",
        &[Binding::TcpPort(554), Binding::TcpPort(7236), Binding::TcpPort(8554), Binding::TcpHeuristic(is_one)],
        dissect,
    )
};

/// A request, its response with a body, and a block of media.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000022a00000064000000005002fff000000000",
    "4500002800010000400600000a0000020a000001022ac000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000022a00000065000003e95010fff000000000",
    "4500006200010000400600000a0000010a000002c000022a00000065000003e95018fff0000000004445534352494245 \
     20727473703a2f2f682f7820525453502f312e300d0a5472616e73706f72743a20740d0a53657373696f6e3a20730d0a \
     0d0a",
    "4500007200010000400600000a0000020a000001022ac000000003e90000009f5018fff000000000525453502f312e30 \
     20323030204f4b0d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e742d \
     4c656e6774683a20350d0a0d0a763d300d0a",
    "4500002e00010000400600000a0000020a000001022ac000000004330000009f5018fff000000000240000026162",
];

/// Whether octets on any port begin with a first line.
fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let octets = tvb.bytes();
    let line = dialogue::line(octets, 0);
    line.next > line.end && is_first(octets, line)
}

fn is_first(octets: &[u8], line: Line) -> bool {
    let text = octets.get(..line.end).unwrap_or_default();
    let method = octets.get(dialogue::word(octets, line).0).unwrap_or_default();
    text.starts_with(b"RTSP/") || METHODS.contains(&method) && text.windows(6).any(|word| word == b" RTSP/")
}

/// A header's name, in lower case, and where its value stands.
fn header(octets: &[u8], line: Line) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
    let text = octets.get(line.start..line.end)?;
    let colon = memchr::memchr(b':', text)?;
    let value = text.get(colon + 1..)?;
    let start = line.start + colon + 1 + (value.len() - value.trim_ascii_start().len());
    Some((text.get(..colon)?.trim_ascii_end().to_ascii_lowercase(), start..start + value.trim_ascii().len()))
}

fn number(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// The headers' end and the length of the body behind them, where the empty line is there.
fn extent(octets: &[u8]) -> Option<(usize, usize)> {
    let mut len = 0;
    for line in dialogue::lines(octets) {
        if line.next == line.end {
            return None;
        }
        if line.start == line.end {
            return Some((line.next, len));
        }
        if let Some((name, value)) = header(octets, line)
            && name == b"content-length"
        {
            len = octets.get(value).and_then(number).unwrap_or(0);
        }
    }
    None
}

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [MAGIC_OCTET, _, high, low, ..] => return Framing::Message(4 + usize::from(high) * 256 + usize::from(low)),
        [MAGIC_OCTET, ..] => return Framing::More(1),
        _ => {}
    }
    let line = dialogue::line(stream, 0);
    if line.next > line.end && !is_first(stream, line) {
        return Framing::Message(stream.len());
    }
    match extent(stream) {
        Some((headers, body)) => Framing::Message(headers.saturating_add(body)),
        None => Framing::More(1),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (_, is_next) = d.begin_next(PROTO, tvb);
    d.set_protocol("RTSP");
    let octets = tvb.bytes();
    if octets.first() == Some(&MAGIC_OCTET) {
        d.set_info(|| "Interleaved channel".to_owned());
        d.uint(MAGIC, tvb, 0, 1)?;
        let channel = d.uint(CHANNEL, tvb, 1, 1)?;
        let len = d.uint(LENGTH, tvb, 2, 2)?;
        d.set_info(|| format!("Interleaved channel 0x{channel:02x}, {len} bytes"));
        d.bytes(DATA, tvb, 4, tvb.reported().saturating_sub(4));
        d.close();
        return Ok(());
    }
    let line = dialogue::line(octets, 0);
    if !is_first(octets, line) {
        d.set_info(|| "Continuation".to_owned());
        d.bytes(DATA, tvb, 0, tvb.reported());
        d.close();
        return Ok(());
    }
    let is_reply = octets.starts_with(b"RTSP/");
    let info = || {
        let text = printable(octets.get(..line.end).unwrap_or_default());
        if is_reply { format!("Reply: {text}") } else { text }
    };
    if is_next {
        d.append_info(|| format!(", {}", info()));
    } else {
        d.set_info(info);
    }
    let (word, rest) = dialogue::word(octets, line);
    let (second, _) = dialogue::word(octets, Line { start: rest, ..line });
    if is_reply {
        d.open(RESPONSE, tvb, 0, line.next, Value::Text);
        if let Some(status) = octets.get(second.clone()).and_then(number) {
            d.add(STATUS, tvb, second.start, second.len(), Value::Uint(status as u64));
        }
    } else {
        d.open(REQUEST, tvb, 0, line.next, Value::Text);
        d.string(METHOD, tvb, word.start, word.len());
        d.string(URL, tvb, second.start, second.len());
    }
    d.close();
    let (mut at, mut len, mut media_type) = (line.next, 0, None);
    for line in dialogue::lines(octets.get(at..).unwrap_or_default()) {
        let line = Line { start: at + line.start, end: at + line.end, next: at + line.next };
        d.open_text(tvb, line.start, line.next - line.start, || {
            printable(octets.get(line.start..line.next).unwrap_or_default())
        });
        let known = header(octets, line);
        let field = known.as_ref().and_then(|(name, _)| HEADERS.iter().find(|row| row.0 == name.as_slice()));
        if let (Some((_, value)), Some((_, field))) = (&known, field) {
            let text = octets.get(value.clone()).unwrap_or_default();
            match *field {
                CONTENT_LENGTH => {
                    len = number(text).unwrap_or(0);
                    d.add(CONTENT_LENGTH, tvb, value.start, value.len(), Value::Uint(len as u64));
                }
                field => {
                    if field == CONTENT_TYPE {
                        media_type = Some(text);
                    }
                    d.string(field, tvb, value.start, value.len());
                }
            }
        }
        d.close();
        if line.start == line.end {
            at = line.next;
            break;
        }
    }
    d.close();
    let len = len.min(tvb.reported().saturating_sub(at));
    if len > 0 {
        let media_type = media_type.unwrap_or_default();
        let child = bindings::by_media_type(&bindings::media_type_name(media_type)).unwrap_or(ProtoId::Data);
        let before = std::mem::replace(&mut d.media_type, media_type);
        d.call(child, tvb.sub(at, len));
        d.media_type = before;
    }
    Ok(())
}
