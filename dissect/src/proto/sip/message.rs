//! One message: its first line, its headers and its body.

use super::address::Span;
use super::outline::{self, End, First, Header, Outline};
use super::values::{self, Seen};
use super::*;
use crate::bindings;
use crate::output::value::printable;
use crate::proto::sdp::description::Description;
use crate::proto::sdp::exchange;
use crate::proto::{lines, sdp};
use crate::stop::Stop;

/// Whether octets begin with the first line of a message.
pub(super) fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    outline::first_line(tvb.bytes()).is_some()
}

/// Whether port 5060 is right about octets. A TCP connection is SIP's even where a segment begins within a message.
pub(super) fn accepts<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    d.endpoints.transport == Transport::Tcp || is_one(d, tvb)
}

/// How many octets of line ends begin a stream: RFC 5626, 3.5.1 and 4.4.1 keep connections open with them.
fn blank(octets: &[u8]) -> usize {
    octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count()
}

/// RFC 3261, 18.3: over a stream the Content-Length header tells where a message ends.
pub(super) fn framing(stream: &[u8]) -> Framing {
    let blank = blank(stream);
    if blank > 0 {
        return Framing::Message(blank);
    }
    let first = outline::first_line(stream);
    let outline = Outline::read(stream, first.as_ref().map_or(0, |first| first.2));
    if outline.end != End::Blank {
        // What is no message is not told before its headers would end, as in Wireshark.
        return Framing::More(1);
    }
    if outline.body == stream.len() && stream.last() == Some(&b'\r') {
        // The line feed of the blank line is still to come.
        return Framing::More(1);
    }
    let length = outline.value_of(CONTENT_LENGTH).and_then(|value| stream.get(value));
    match (first, length) {
        (Some(_), Some(length)) => Framing::Message(outline.body.saturating_add(values::length(length))),
        _ => Framing::Message(stream.len().max(1)),
    }
}

/// The methods that the Info column knows (IANA "Methods and Response Codes"; the lesser ones from drafts).
const METHODS: &[&[u8]] = &[
    b"ACK",
    b"BYE",
    b"CANCEL",
    b"DO",
    b"INFO",
    b"INVITE",
    b"MESSAGE",
    b"NOTIFY",
    b"OPTIONS",
    b"PRACK",
    b"QAUTH",
    b"REFER",
    b"REGISTER",
    b"SPRACK",
    b"SUBSCRIBE",
    b"UPDATE",
    b"PUBLISH",
];

/// What only other frames can tell.
const FROM_FACTS: [crate::field::FieldId; 4] = [RESEND_ORIGINAL, RESPONSE_REQUEST, RESPONSE_TIME, RELEASE_TIME];

/// Whether anything behind the first line will be looked at.
fn wants_rest(d: &Dissector<'_>) -> bool {
    wants_headers(d) || wants_body(d)
}

fn wants_headers(d: &Dissector<'_>) -> bool {
    d.wants_fields_of(ProtoId::Ws) || d.wants_between(MSG_HDR, SESSION_ID_SESS_ID_INVALID)
}

/// Whether anything that a body holds will be looked at.
fn wants_body(d: &Dissector<'_>) -> bool {
    d.wants_fields_of(ProtoId::Ws)
        || d.wants(MSG_BODY)
        || d.wants(CALL_ID_GENERATED)
        || [ProtoId::Sdp, ProtoId::MimeMultipart, ProtoId::Sipfrag, ProtoId::Lines, ProtoId::Xml]
            .into_iter()
            .any(|child| d.wants_proto(child))
}

pub(super) fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let follows_media = d.wants_proto(ProtoId::Sdp) && sdp::is_followed(d);
    let learns = d.flows().is_some()
        && (d.wants_fact(RESEND) || follows_media || FROM_FACTS.into_iter().any(|field| d.wants_fact(field)));
    let shows_rest = wants_rest(d);
    let octets = tvb.bytes();
    if !octets.is_empty() && blank(octets) == octets.len() {
        return Ok(());
    }
    let (item, is_next) = d.begin_next(PROTO, tvb);
    d.set_protocol("SIP");
    if !learns && !shows_rest && !d.wants_between(REQUEST_LINE, CONTINUATION) {
        d.close();
        return Ok(());
    }
    let Some((first, line_end, next)) = outline::first_line(octets) else {
        d.set_info(|| "Continuation".to_owned());
        d.bytes(CONTINUATION, tvb, 0, tvb.reported());
        d.close();
        return Ok(());
    };
    if !learns && !shows_rest {
        self::first(d, tvb, &first, line_end, is_next);
        d.close();
        d.close();
        return Ok(());
    }
    let outline = Outline::read(octets, next);
    let sequence = outline.value_of(CSEQ).map(|value| outline::sequence(octets, &value));
    let is_cut = matches!(&sequence, Some(sequence) if !sequence.as_ref().is_some_and(outline::Sequence::has_method));
    let sequence = sequence.flatten();
    if learns {
        let sequence = sequence.as_ref().filter(|_| !is_cut);
        let known = learn(d, octets, &first, &outline, sequence).unwrap_or_default();
        if follows_media {
            announce(d, octets, &first, &outline, sequence, known);
        }
    }
    if !shows_rest {
        d.close();
        return Ok(());
    }
    self::first(d, tvb, &first, line_end, is_next);
    // A message that ends within a header, or in whose CSeq the method is missing, is not followed.
    let is_whole = outline.end != End::WithinLine && !is_cut;
    let before = d.count();
    if is_whole {
        from_facts(d, tvb);
    }
    let facts = before..d.count();
    d.close();
    let mut seen = Seen::default();
    // Its value goes on to the end of the message, as in Wireshark.
    let headers = d.open(MSG_HDR, tvb, next, tvb.reported().saturating_sub(next), Value::Text);
    d.text(headers, || "Message Header".to_owned());
    d.note_strays(tvb, next, tvb.reported().saturating_sub(next));
    // What the snap length cut in two may mean something else than it says.
    let is_shown = |header: &&Header| tvb.is_whole() || outline.end != End::WithinLine || header.next < octets.len();
    for header in outline.headers.iter().filter(is_shown) {
        self::header(d, tvb, header, &mut seen)?;
        if header.field == Some(CSEQ) && is_cut {
            return Ok(());
        }
    }
    match outline.end {
        End::WithinLine => {
            tvb.slice(octets.len(), 1)?;
        }
        End::Missing if !outline.headers.is_empty() => not_terminated(d, tvb)?,
        End::Missing | End::Blank => {}
    }
    d.close();
    finish_info(d, octets, &first, &seen, sequence.map(|sequence| sequence.method));
    if !body(d, tvb, outline.body, &seen) {
        // Where the body is malformed Wireshark says nothing of other frames.
        d.take_back(facts);
        return Ok(());
    }
    d.text(item, || match &first {
        First::Request { method, .. } => format!("Session Initiation Protocol ({})", text(octets, method)),
        First::Status { code, .. } => format!("Session Initiation Protocol ({code})"),
    });
    d.close();
    Ok(())
}

fn text(octets: &[u8], span: &Span) -> String {
    printable(octets.get(span.clone()).unwrap_or_default())
}

/// In the first pass: tells the message's transaction; answers what it is to others. Only over UDP are messages sent
/// again, and followed.
fn learn(
    d: &mut Dissector<'_>,
    octets: &[u8],
    first: &First,
    outline: &Outline,
    sequence: Option<&outline::Sequence>,
) -> Option<transaction::Known> {
    if outline.end == End::WithinLine || d.endpoints.transport != Transport::Udp {
        return None;
    }
    let sequence = sequence?;
    let call_id = outline.value_of(CALL_ID).and_then(|value| octets.get(value));
    let message = transaction::Message {
        call_id: call_id.unwrap_or_default(),
        sequence: sequence.number,
        method: octets.get(sequence.method.clone()).unwrap_or_default(),
        status: match first {
            First::Request { .. } => None,
            First::Status { code, .. } => Some(*code),
        },
    };
    transaction::learn(d, &message)
}

/// In the first pass: says which message a description in its body belongs to.
fn announce(
    d: &mut Dissector<'_>,
    octets: &[u8],
    first: &First,
    outline: &Outline,
    sequence: Option<&outline::Sequence>,
    known: transaction::Known,
) {
    let (from, to) = (d.endpoints.src, d.endpoints.dst);
    let Some(flows) = d.flows() else { return };
    let call_id = outline.value_of(CALL_ID).and_then(|value| octets.get(value));
    let has_body = outline.body < octets.len();
    let is_refusal = matches!(first, First::Status { code: 300.., .. });
    flows.message = match (call_id, sequence) {
        (Some(call_id), Some(sequence)) if has_body || is_refusal => Some(exchange::Message {
            call_id: call_id.into(),
            sequence: sequence.number,
            method: exchange::Method::read(octets.get(sequence.method.clone()).unwrap_or_default()),
            status: match first {
                First::Request { .. } => None,
                First::Status { code, .. } => Some(*code),
            },
            request: known.request.map(|(frame, _)| frame),
            repeats: known.repeats,
            from,
            to,
        }),
        _ => None,
    };
    if let Some(message) = flows.message.as_ref().filter(|_| is_refusal) {
        for (address, port) in flows.exchanges.refuse(message) {
            flows.udp.withdraw(address, port);
        }
    }
}

/// The first line; leaves its item open.
fn first<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: &First, end: usize, is_next: bool) {
    let octets = tvb.bytes();
    match first {
        First::Request { method, uri } => {
            d.open(REQUEST_LINE, tvb, 0, end, Value::Text);
            d.string(METHOD, tvb, 0, method.len());
            d.open(R_URI, tvb, uri.start, uri.len(), Value::Text);
            values::uri_parts(d, tvb, uri, &values::REQUEST_URI);
            d.close();
            info(d, is_next, || {
                let method = octets.get(method.clone()).unwrap_or_default();
                let kind = if METHODS.contains(&method) { "Request" } else { "Unknown request" };
                format!("{kind}: {} {}", printable(method), text(octets, uri))
            });
        }
        First::Status { code, phrase } => {
            d.open(STATUS_LINE, tvb, 0, end, Value::Text);
            d.add(STATUS_CODE, tvb, 8, 3, Value::Uint((*code).into()));
            info(d, is_next, || format!("Status: {code} {}", text(octets, phrase)));
        }
    }
}

/// Begins the Info column, or goes on with it where a segment holds several messages.
fn info(d: &mut Dissector<'_>, is_next: bool, text: impl FnOnce() -> String) {
    if is_next {
        d.append_info(text);
    } else {
        d.set_info(text);
    }
}

/// What other frames say of the message.
fn from_facts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let known = transaction::known(d);
    d.generated(RESEND, tvb, 0, 0, Value::Uint(known.repeats.is_some().into()));
    if let Some(frame) = known.repeats {
        d.generated(RESEND_ORIGINAL, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.request {
        let milliseconds = Value::Uint(milliseconds(d.packet.time.saturating_sub(after), d.packet.time).into());
        d.generated(RESPONSE_REQUEST, tvb, 0, 0, Value::Uint(frame));
        d.generated(RESPONSE_TIME, tvb, 0, 0, milliseconds.clone());
        if known.is_release {
            d.generated(RELEASE_TIME, tvb, 0, 0, milliseconds);
        }
    }
}

/// The milliseconds between two times. As in Wireshark, seconds and their fractions are taken apart and what is below
/// a millisecond is cut off on its own; a clock that was set back makes the number wrap.
fn milliseconds(from: i64, to: i64) -> u32 {
    let second = 1_000_000_000;
    let seconds = to.div_euclid(second) - from.div_euclid(second);
    let fraction = to.rem_euclid(second) - from.rem_euclid(second);
    (seconds.wrapping_mul(1000) + fraction / 1_000_000) as u32
}

fn header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, seen: &mut Seen) -> Parsed {
    let octets = tvb.bytes();
    let line = header.start..header.value.end;
    let len = header.next - header.start;
    let Some(colon) = header.colon else {
        d.expert(HEADER_NO_COLON, tvb, header.start, len);
        return Ok(());
    };
    let Some(field) = header.field else {
        d.open_text(tvb, header.start, len, || text(octets, &line));
        d.expert_with(UNRECOGNIZED_HEADER, tvb, header.start, len, || {
            let name = octets.get(header.start..colon).unwrap_or_default();
            let name = name.split(|octet| *octet == 0).next().unwrap_or_default();
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            format!("Unrecognised SIP header ({name})")
        });
        d.close();
        return Ok(());
    };
    values::header(d, tvb, header, field, seen)
}

/// Says that the empty line behind the headers is missing.
fn not_terminated<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<(), Stop> {
    let at = tvb.len().saturating_sub(2);
    if !tvb.is_whole() {
        tvb.slice(tvb.len(), 1)?;
    }
    d.open_text(tvb, at, 2, || "Header not terminated by empty line (CRLF)".to_owned());
    d.expert(HEADER_NOT_TERMINATED, tvb, at, 2);
    d.close();
    Ok(())
}

/// Adds to the Info column what the headers tell.
fn finish_info(d: &mut Dissector<'_>, octets: &[u8], first: &First, seen: &Seen, method: Option<Span>) {
    if !d.wants_columns() {
        return;
    }
    let is_register = |method: &[u8]| method == b"REGISTER";
    match first {
        First::Request { method, .. } => {
            let method = octets.get(method.clone()).unwrap_or_default();
            if matches!(method, b"INVITE" | b"SUBSCRIBE" | b"REFER") && seen.has_to_tag {
                d.append_info(|| ", in-dialog".to_owned());
            }
            if is_register(method) {
                d.append_info(|| seen.bindings_asked());
            }
        }
        First::Status { code, .. } => {
            let method = method.and_then(|method| octets.get(method)).unwrap_or_default();
            if *code == 200 {
                d.append_info(|| format!(" ({})", printable(method)));
            }
            if (200..300).contains(code) && is_register(method) {
                d.append_info(|| seen.bindings_made());
            }
        }
    }
    d.append_info(|| " | ".to_owned());
}

/// Hands the body to the protocol of its media type, or shows its lines; says whether it is sound.
fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, seen: &Seen) -> bool {
    let there = tvb.reported().saturating_sub(at);
    let len = seen.content_length.map_or(there, |length| length.min(there));
    if len == 0 || !wants_body(d) {
        return true;
    }
    let octets = tvb.bytes();
    d.open(MSG_BODY, tvb, at, len, Value::None);
    let body = tvb.sub(at, len);
    let media_type = seen.content_type.clone().and_then(|value| octets.get(value));
    let child = media_type.and_then(|media_type| bindings::by_media_type(&bindings::media_type_name(media_type)));
    let mut is_sound = true;
    match child {
        Some(child) => {
            d.media_type = media_type.unwrap_or_default();
            is_sound = d.call_within(child, body);
            if child == ProtoId::Sdp && is_sound && d.wants(CALL_ID_GENERATED) {
                announced(d, tvb, body, seen);
            }
        }
        None if d.wants_tree() => {
            lines::each(d, body);
        }
        None => {}
    }
    d.close();
    is_sound
}

/// Says once more to which call a description belongs that announces where media go.
fn announced<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, body: Tvb<'a>, seen: &Seen) {
    if let Some(call_id) = &seen.call_id
        && Description::read(body.bytes()).is_complete()
    {
        d.within(|d| d.generated(CALL_ID_GENERATED, tvb, call_id.start, call_id.len(), Value::Text));
    }
}
