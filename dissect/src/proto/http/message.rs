//! One message: its first line, its headers, and what other frames say of it.

use std::ops::Range;

use super::exchange::{self, Known, Message};
use super::headers::{self, End, Line, Seen};
use super::start::{self, Kind, Start};
use super::{body, *};
use crate::dissector::{Dissector, Transport};
use crate::field::Names;
use crate::output::value::printable;
use crate::proto::sip::line_end;
use crate::proto::tcp;
use crate::registry::Framing;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

/// Whether octets begin with a whole first line of a message.
pub(super) fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    // On any port, the version has to be there too.
    Start::read(tvb.bytes()).is_some_and(|start| {
        let version = start.parts[if start.kind == Kind::Response { 0 } else { 2 }].clone();
        tvb.bytes().get(version).is_some_and(|version| version.starts_with(b"HTTP/"))
    })
}

/// Whether a first line can still become one.
fn is_line_open(octets: &[u8]) -> bool {
    let (end, next) = line_end(octets, 0);
    octets.first().is_some_and(|octet| matches!(octet, b' '..=b'~')) && (end == next || next_is_missing(octets, end))
}

/// Whether octets end with a carriage return, behind which a line feed may come.
fn next_is_missing(octets: &[u8], end: usize) -> bool {
    end + 1 == octets.len() && octets.get(end) == Some(&b'\r')
}

/// Without the line ends that begin octets (RFC 9112, 2.2).
fn skip_blank(octets: &[u8]) -> &[u8] {
    let blank = octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    octets.get(blank..).unwrap_or_default()
}

pub(super) fn framing(stream: &[u8]) -> Framing {
    extent(stream, false)
}

pub(super) fn framing_bodiless(stream: &[u8]) -> Framing {
    extent(stream, true)
}

/// RFC 9112, 6.3: how long the message is that begins a stream.
fn extent(stream: &[u8], is_bodiless: bool) -> Framing {
    let octets = skip_blank(stream);
    let blank = stream.len() - octets.len();
    if blank > 0 && !octets.is_empty() && start::kind(octets).is_none() {
        return Framing::Message(stream.len());
    }
    if octets.is_empty() || is_line_open(octets) {
        return if octets.is_empty() { Framing::Message(stream.len()) } else { Framing::More(1) };
    }
    let Some(start) = Start::read(octets) else {
        return Framing::Message(stream.len());
    };
    let (seen, at, end) = headers::scan(octets, start.next);
    if end != End::Blank || at == octets.len() && octets.ends_with(b"\r") {
        return Framing::More(1);
    }
    let len = if is_bodiless || start.is_bodiless(octets) || start.is_endless(octets) {
        0
    } else if seen.is_chunked {
        match body::chunked_len(octets.get(at..).unwrap_or_default()) {
            Some(len) => len,
            None => return Framing::More(1),
        }
    } else if let Some(length) = seen.content_length {
        usize::try_from(length).unwrap_or(usize::MAX)
    } else if start.kind == Kind::Response {
        // RFC 9112, 6.3: nothing but the connection's end tells where it ends.
        return Framing::UntilEnd;
    } else {
        0
    };
    Framing::Message((blank + at).saturating_add(len))
}

pub(super) fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    messages(d, tvb, PROTO, "HTTP")
}

/// Messages side by side, shown as those of a protocol (SSDP speaks HTTP, too).
pub(crate) fn messages<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, proto: FieldId, name: &'static str) -> Parsed {
    if let Some(proxy) = exchange::tunnel(d) {
        let child = crate::bindings::by_number(Table::TcpPort, proxy.port).unwrap_or(ProtoId::Data);
        d.begin(proto, tvb);
        d.generated(PROXY_CONNECT_HOST, tvb, 0, 0, Value::String(proxy.host.as_str().into()));
        d.generated(PROXY_CONNECT_PORT, tvb, 0, 0, Value::Uint(proxy.port.into()));
        d.close();
        d.call(child, tvb);
        return Ok(());
    }
    let mut at = 0;
    while at < tvb.reported() {
        let rest = tvb.from(at);
        // What stands behind a message in a datagram is another one or nothing.
        if at > 0 && d.endpoints.transport == Transport::Udp && start::kind(rest.bytes()).is_none() {
            break;
        }
        at += message(d, rest, proto, name)?.max(1);
    }
    Ok(())
}

/// Whether anything behind the first line will be looked at.
fn wants_rest(d: &Dissector<'_>) -> bool {
    d.wants_fields_of(ProtoId::Ws) || d.wants_between(CHAT, DECOMPRESSION_FAILED) || body::is_wanted(d)
}

/// Shows a message; answers how many octets are its.
fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, proto: FieldId, name: &'static str) -> Result<usize, Stop> {
    let octets = tvb.bytes();
    let rest = skip_blank(octets);
    let blank = octets.len() - rest.len();
    let learns = d.flows().is_some();
    let shows_rest = wants_rest(d);
    if start::kind(rest).is_none() && d.endpoints.transport == Transport::Tcp && !tcp::speaks(d, ProtoId::Http) {
        // The port is HTTP's, the connection is nobody's.
        return lone_headers(d, tvb, proto);
    }
    let (item, is_next) = d.begin_next(proto, tvb);
    if !is_next {
        d.set_protocol(name);
    }
    let start = Start::read_open(rest);
    let Some(start) = start.filter(|_| learns || shows_rest || d.wants_between(REQUEST_METHOD, RESPONSE_PHRASE)) else {
        info(d, is_next, || "Continuation".to_owned());
        if shows_rest {
            headless(d, tvb)?;
        }
        d.close();
        return Ok(tvb.reported());
    };
    let message = tvb.from(blank);
    if learns {
        learn(d, message, &start);
    }
    if blank > 0 {
        d.open_text(tvb, 0, blank, || "Leading CRLF previous message in the stream may have extra CRLF".to_owned());
        d.expert(LEADING_CRLF, tvb, 0, blank);
        d.close();
    }
    info(d, is_next, || format!("{} ", printable(rest.get(..start.end).unwrap_or_default())));
    first(d, message, &start);
    if !shows_rest {
        let (seen, at, _) = headers::scan(rest, start.next);
        d.close();
        return Ok(blank + at + body_len(&start, rest, &seen, at, message.reported().saturating_sub(at)));
    }
    let (seen, at) = show_headers(d, message, &start)?;
    facts(d, message, &start, &seen);
    let len = body_len(&start, rest, &seen, at, message.reported().saturating_sub(at));
    body::show(d, message.sub(at, len), item, blank + at, &seen, rest);
    Ok(blank + at + len)
}

/// What precedes header lines that are neither a request's nor a response's.
const NO_START: Start = Start { kind: Kind::Other, parts: [0..0, 0..0, 0..0], end: 0, next: 0 };

/// Whether octets without a first line may begin with a header line.
fn is_text(octets: &[u8]) -> bool {
    octets.first().is_some_and(|octet| matches!(octet, b' '..=b'~'))
}

/// Shows octets without a first line: the header lines that text may begin with, and what follows as a body.
fn headless<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let octets = tvb.bytes();
    if !is_text(octets) {
        d.call_within(ProtoId::Data, tvb);
        return Ok(());
    }
    let (seen, mut at) = show_headers(d, tvb, &NO_START)?;
    // Behind a blank line stands a body, whatever it looks like.
    let is_body = octets.get(..at).is_some_and(|before| before.ends_with(b"\n\r\n") || before.ends_with(b"\n\n"));
    if at > 0 && !is_body && matches!(headers::line(octets, at), Line::Unfinished) && at < octets.len() {
        let header = headers::open_line(octets, at).ok_or(Stop::Malformed)?;
        headers::show(d, tvb, Kind::Other, &header, &seen);
        at = octets.len();
    }
    if at < octets.len() {
        body::file_data(d, tvb.from(at));
        d.call_within(ProtoId::Data, tvb.from(at));
    }
    Ok(())
}

/// Shows header lines that no first line precedes; they do not make the connection HTTP's. Answers as [`message`].
fn lone_headers<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, proto: FieldId) -> Result<usize, Stop> {
    let octets = tvb.bytes();
    if is_text(octets) && matches!(headers::line(octets, 0), Line::Header(_)) {
        d.begin(proto, tvb);
        headless(d, tvb)?;
        d.close();
    }
    Ok(tvb.reported())
}

/// How many of the octets behind the headers are the message's body.
fn body_len(start: &Start, octets: &[u8], seen: &Seen, at: usize, there: usize) -> usize {
    if start.is_bodiless(octets) || start.is_endless(octets) {
        0
    } else if seen.has_chunks {
        let len = octets.get(at..).and_then(body::chunked_len);
        len.map_or(there, |len| len.min(there))
    } else if let Some(length) = seen.content_length {
        usize::try_from(length).map_or(there, |length| length.min(there))
    } else if start.kind == Kind::Response {
        there
    } else {
        0
    }
}

/// Begins the Info column, or goes on with it where a frame holds several messages.
fn info(d: &mut Dissector<'_>, is_next: bool, text: impl FnOnce() -> String) {
    if is_next {
        d.append_info(text);
    } else {
        d.set_info(text);
    }
}

fn learn<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: &Start) {
    let octets = tvb.bytes();
    let text = |range: &Range<usize>| octets.get(range.clone()).unwrap_or_default();
    let needs_headers = match start.kind {
        Kind::Request => d.wants_fact(RESPONSE_FOR_URI),
        Kind::Response => start.status(octets) == Some(101),
        Kind::Notification | Kind::Other => false,
    };
    let seen = if needs_headers { headers::scan(octets, start.next).0 } else { Seen::default() };
    let learned = match start.kind {
        Kind::Request => Message::Request {
            method: text(&start.parts[0]),
            target: text(&start.parts[1]),
            host: seen.host.as_ref().map(text),
        },
        Kind::Response => {
            Message::Response { status: start.status(octets).unwrap_or(0), upgrade: seen.upgrade.as_ref().map(text) }
        }
        Kind::Notification | Kind::Other => Message::Notification,
    };
    exchange::learn(d, &learned);
}

/// Shows the first line.
fn first<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: &Start) {
    let octets = tvb.bytes();
    let line = || printable(octets.get(..start.next).unwrap_or_default());
    d.open_text(tvb, 0, start.next, line);
    d.expert_with(CHAT, tvb, 0, start.next, line);
    let [a, b, c] = &start.parts;
    if start.kind == Kind::Response {
        headers::text(d, RESPONSE_VERSION, tvb, a);
        if let Some(status) = start.status(octets) {
            d.add(RESPONSE_CODE, tvb, b.start, 3, Value::Uint(status.into()));
            if d.wants(RESPONSE_CODE_DESC) {
                let name = Names::Values(names::STATUS_CODES).of(status.into());
                let name = name.unwrap_or_else(|| format!("Unknown ({status})").into());
                d.generated(RESPONSE_CODE_DESC, tvb, b.start, 3, Value::String(name.into()));
            }
            if !c.is_empty() {
                headers::text(d, RESPONSE_PHRASE, tvb, c);
            }
        }
    } else {
        headers::text(d, REQUEST_METHOD, tvb, a);
        headers::text(d, REQUEST_URI, tvb, b);
        d.within(|d| uri_parts(d, tvb, b));
        headers::text(d, REQUEST_VERSION, tvb, c);
    }
    d.close();
}

/// Path, query and parameters of a URI that has a query (RFC 3986, 3.4).
fn uri_parts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, uri: &Range<usize>) {
    let octets = tvb.bytes();
    let text = octets.get(uri.clone()).unwrap_or_default();
    let Some(mark) = memchr::memchr(b'?', text).filter(|mark| mark + 1 < text.len()) else {
        return;
    };
    headers::text(d, REQUEST_URI_PATH, tvb, &(uri.start..uri.start + mark));
    let query = uri.start + mark + 1;
    headers::text(d, REQUEST_URI_QUERY, tvb, &(query..uri.end));
    if !d.wants(REQUEST_URI_QUERY_PARAMETER) {
        return;
    }
    let mut at = query;
    d.within(|d| {
        for parameter in octets.get(query..uri.end).unwrap_or_default().split(|octet| *octet == b'&') {
            if !parameter.is_empty() {
                headers::text(d, REQUEST_URI_QUERY_PARAMETER, tvb, &(at..at + parameter.len()));
            }
            at += parameter.len() + 1;
        }
    });
}

/// Shows the headers; answers what they say and where the body begins.
fn show_headers<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: &Start) -> Result<(Seen, usize), Stop> {
    let octets = tvb.bytes();
    let mut seen = Seen::default();
    let mut at = start.next;
    for _ in 0..headers::MAX_HEADERS {
        match headers::line(octets, at) {
            Line::Header(header) => {
                seen.take(octets, &header);
                headers::show(d, tvb, start.kind, &header, &seen);
                at = header.next;
            }
            Line::Blank(next) => {
                d.open_text(tvb, at, next - at, || printable(octets.get(at..next).unwrap_or_default()));
                d.close();
                at = next;
                break;
            }
            Line::Unfinished => {
                if !tvb.is_whole() {
                    return Err(Stop::Short);
                }
                break;
            }
            Line::Foreign => break,
        }
    }
    Ok((seen, at))
}

/// What the message is, and what other frames say of it.
fn facts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: &Start, seen: &Seen) {
    let known = match start.kind {
        Kind::Other => return,
        Kind::Notification => {
            d.hidden(NOTIFICATION, tvb, 0, 0, Value::Uint(1));
            full_uri(d, tvb, start, seen);
            return;
        }
        Kind::Request => {
            full_uri(d, tvb, start, seen);
            d.hidden(REQUEST, tvb, 0, 0, Value::Uint(1));
            exchange::known(d)
        }
        Kind::Response => {
            d.hidden(RESPONSE, tvb, 0, 0, Value::Uint(1));
            exchange::known(d)
        }
    };
    let Some(known) = known else {
        return;
    };
    let is_request = start.kind == Kind::Request;
    let Known { number, total, .. } = known;
    let (field, what) = if is_request { (REQUEST_NUMBER, "request") } else { (RESPONSE_NUMBER, "response") };
    let item = d.generated(field, tvb, 0, 0, Value::Uint(number));
    d.text(item, || format!("HTTP {what} {number}/{total}"));
    let others: &[_] = if is_request {
        &[(PREV_REQUEST_IN, known.previous.0), (RESPONSE_IN, known.response), (NEXT_REQUEST_IN, known.next.0)]
    } else {
        &[
            (PREV_REQUEST_IN, known.previous.0),
            (PREV_RESPONSE_IN, known.previous.1),
            (REQUEST_IN, known.request),
            (NEXT_REQUEST_IN, known.next.0),
            (NEXT_RESPONSE_IN, known.next.1),
        ]
    };
    if !is_request && known.request != 0 {
        d.generated(TIME, tvb, 0, 0, Value::Time(d.packet.time.saturating_sub(known.time)));
    }
    for (field, frame) in others.iter().copied() {
        if frame != 0 {
            d.generated(field, tvb, 0, 0, Value::Uint(frame));
        }
    }
    if let Some(uri) = known.uri.filter(|_| !is_request) {
        d.generated(RESPONSE_FOR_URI, tvb, 0, 0, Value::String((*uri).into()));
    }
}

fn full_uri<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: &Start, seen: &Seen) {
    if !d.wants(REQUEST_FULL_URI) {
        return;
    }
    let text = |range: &Range<usize>| tvb.bytes().get(range.clone()).unwrap_or_default();
    let uri = exchange::full_uri(text(&start.parts[0]), text(&start.parts[1]), seen.host.as_ref().map(text));
    if let Some(uri) = uri {
        d.generated(REQUEST_FULL_URI, tvb, 0, 0, Value::String(uri.into()));
    }
}
