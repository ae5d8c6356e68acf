//! Records (RFC 8446, 5) and what is in them: handshake messages, alerts, changes of ciphers, heartbeats and what is
//! encrypted. SSL 2.0's hello, which has a record of its own kind, is shown too.

use std::sync::Arc;

use super::handshake::{self, Context};
use super::session::{self, Assembly, Session, TLS_1_3};
use super::vector::Show;
use super::*;
use crate::dissector::{Dissector, Transport};
use crate::facts::Fact;
use crate::pieces;
use crate::proto::tcp;
use crate::proto::udp::octets as octets_text;
use crate::registry::Framing;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

const CHANGE_CIPHER_SPEC_RECORD: u8 = 20;
const ALERT_RECORD: u8 = 21;
const HANDSHAKE_RECORD: u8 = 22;
const DATA_RECORD: u8 = 23;
const HEARTBEAT_RECORD: u8 = 24;

const HEADER_LEN: usize = 5;
/// The first octet of the longest record's length (RFC 5246, 6.2.3).
const MAX_RECORD_HIGH: u8 = 0x48;

fn is_type(octet: u8) -> bool {
    (CHANGE_CIPHER_SPEC_RECORD..=HEARTBEAT_RECORD).contains(&octet)
}

/// Versions that a record may have: SSL 3.0 to TLS 1.2, which 1.3 keeps, and the Chinese standard's.
fn is_version(version: u16) -> bool {
    matches!(version, 0x0300..=0x0303 | 0x0101)
}

/// Whether octets on any port are TLS's: a handshake, or what is encrypted.
pub(super) fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    match *tvb.bytes() {
        [HANDSHAKE_RECORD | DATA_RECORD, 3, 0..=3, high, low, ..]
        | [HANDSHAKE_RECORD | DATA_RECORD, 1, 1, high, low, ..] => (high, low) > (0, 0) && high < MAX_RECORD_HIGH,
        _ => false,
    }
}

/// Whether a protocol that TLS may follow on the same connection (RFC 2595, RFC 3207, RFC 4217) still speaks: none of its
/// messages begins like a record.
pub(crate) fn has_not_begun<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    !matches!(*tvb.bytes(), [kind, 3, 0..=4, high, _, ..] if is_type(kind) && high < MAX_RECORD_HIGH)
}

/// Whether a port is right about octets: text is somebody else's, once there is enough of it to tell.
pub(super) fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let Some(start) = tvb.bytes().get(..4).filter(|_| tvb.reported() >= HEADER_LEN) else {
        return true;
    };
    start.iter().any(|octet| !matches!(octet, b' '..=b'~'))
}

/// How many octets a message of SSL 2.0 has that begins octets.
fn v2_len(octets: &[u8]) -> Option<usize> {
    match *octets {
        [high @ 0x80..=0xff, low, 0..=8, ..] => Some(2 + usize::from(high & 0x7f) * 256 + usize::from(low)),
        _ => None,
    }
}

/// As [`framing_known`], where nothing is known of the connection: it may be SSL 2.0's.
pub(super) fn framing(stream: &[u8]) -> Framing {
    match v2_len(stream).filter(|_| stream.len() >= HEADER_LEN) {
        Some(len) => Framing::Message(len),
        None => framing_known(stream),
    }
}

/// Whole records are taken together; one that is not whole waits for the rest of it, and what is shorter than a record's
/// header for the next segment.
pub(super) fn framing_known(stream: &[u8]) -> Framing {
    let mut at = 0;
    loop {
        let rest = stream.get(at..).unwrap_or_default();
        let [kind, major, _, high, low, ..] = *rest else {
            return match at {
                0 => Framing::More(HEADER_LEN - rest.len()),
                _ => Framing::Message(at),
            };
        };
        if !is_type(kind) || !matches!(major, 1 | 3 | 0x7f) {
            return Framing::Message(stream.len());
        }
        let len = HEADER_LEN + usize::from(high) * 256 + usize::from(low);
        if len > rest.len() {
            return Framing::Message(if at > 0 { at } else { len });
        }
        at += len;
        if at == stream.len() {
            return Framing::Message(at);
        }
    }
}

/// The name of a version in the Protocol column.
pub(crate) fn version_name(version: u16) -> &'static str {
    match version {
        0x0002 => "SSLv2",
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLSv1.1",
        0x0303 => "TLSv1.2",
        TLS_1_3 | 0x7f00..=0x7fff | 0xfb00..=0xfbff => "TLSv1.3",
        0x0101 => "GMTLSv1",
        _ => "SSL",
    }
}

/// What is known of the connection while its records are shown.
struct State {
    session: Option<Arc<Session>>,
    side: usize,
    /// Ciphers were changed in a record before.
    is_changed: bool,
}

impl State {
    /// The connection's version, or the record's while there is none.
    fn version(&self, record: u16) -> u16 {
        self.session.as_ref().and_then(|session| session.version()).unwrap_or(record)
    }

    /// Whether handshake messages of this side in a frame are encrypted. TLS 1.3 has none of these, and its changes of
    /// ciphers mean nothing (RFC 8446, 5 and D.4).
    fn is_encrypted(&self, frame: u64) -> bool {
        let session = self.session.as_ref();
        if session
            .and_then(|session| session.version())
            .is_some_and(|version| matches!(version, TLS_1_3 | 0x7f00..=0x7fff))
        {
            return false;
        }
        self.is_changed || session.is_some_and(|session| session.is_changed_before(self.side, frame))
    }
}

pub(super) fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if d.parent() == Some(ProtoId::Quic) {
        return without_records(d, tvb);
    }
    let learns = d.flows().is_some() && d.wants_facts_of(ProtoId::Tls);
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_protocol("SSL");
        d.set_info(String::new);
    }
    if !learns && !d.wants_fields_of(ProtoId::Tls) {
        d.close();
        return Ok(());
    }
    let (session, side) = session::of(d);
    let mut state = State { session, side, is_changed: false };
    let mut at = 0;
    while at < tvb.reported() {
        at += record(d, tvb.from(at), &mut state)?;
    }
    d.close();
    Ok(())
}

/// Shows handshake messages that QUIC carries without records (RFC 9001, 4.1.3).
fn without_records<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    let connection = d.peek_fact(|fact| match fact {
        Fact::Quic { number, .. } => Some(*number),
        _ => None,
    });
    let (session, side) = session::of_stream(d, connection.unwrap_or(0));
    let state = State { session, side, is_changed: false };
    let title = messages(d, tvb, &state, TLS_1_3)?;
    d.text(item, || format!("TLSv1.3 Record Layer: {title}"));
    d.close();
    Ok(())
}

/// Puts text behind the Info column, with a comma between.
pub(crate) fn append(d: &mut Dissector<'_>, text: impl FnOnce() -> String) {
    d.append_info_with(", ", text);
}

/// Shows one record; answers how many octets it has.
fn record<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, state: &mut State) -> Result<usize, Stop> {
    let octets = tvb.bytes();
    let is_known = state.session.as_ref().is_some_and(|session| session.version().is_some());
    if let (Some(len), [_, _, 1, 0, 2, ..] | [_, _, 1, 3, 0..=3, ..]) = (v2_len(octets), octets) {
        v2_hello(d, tvb.sub(0, len))?;
        return Ok(len);
    }
    let kind = tvb.u8(0)?;
    let version = if tvb.reported() > 2 { tvb.u16(1)? } else { 0 };
    if !is_type(kind) || !is_known && !is_version(version) {
        let version = state.version(0);
        if is_known && version == TLS_1_3 {
            d.set_protocol(version_name(version));
            append(d, || "Continuation Data".to_owned());
        } else if is_known {
            d.set_protocol(version_name(version));
            append(d, || "Ignored Unknown Record".to_owned());
            d.open_text(tvb, 0, tvb.reported(), || "Ignored Unknown Record".to_owned());
            d.expert(IGNORED_UNKNOWN_RECORD, tvb, 0, tvb.reported());
            d.close();
        } else {
            append(d, || "Continuation Data".to_owned());
        }
        return Ok(tvb.reported());
    }
    let len = usize::from(tvb.u16(3)?);
    let content = tvb.from(HEADER_LEN).sub(0, len);
    if d.flows().is_some() {
        if d.endpoints.transport == Transport::Tcp && is_one(d, tvb) {
            tcp::claim(d, ProtoId::Tls);
        }
        learn(d, kind, version, content, state);
    }
    let shown = state.version(version);
    let name = version_name(shown);
    if len > 0 {
        d.set_protocol(name);
    }
    let item = d.open(RECORD, tvb, 0, HEADER_LEN + len, Value::None);
    let is_opaque = shown == TLS_1_3 && kind == DATA_RECORD;
    d.uint(if is_opaque { RECORD_OPAQUE_TYPE } else { RECORD_CONTENT_TYPE }, tvb, 0, 1)?;
    d.uint(RECORD_VERSION, tvb, 1, 2)?;
    d.uint(RECORD_LENGTH, tvb, 3, 2)?;
    if len == 0 {
        return Err(Stop::Malformed);
    }
    let title = match kind {
        CHANGE_CIPHER_SPEC_RECORD => change(d, content, state),
        ALERT_RECORD => alert(d, content)?,
        HANDSHAKE_RECORD => messages(d, content, state, shown)?,
        DATA_RECORD => data(d, content, state),
        HEARTBEAT_RECORD => heartbeat(&mut Show::new(d, content, PROTO))?,
        _ => String::new(),
    };
    d.text(item, || format!("{name} Record Layer: {title}"));
    d.close();
    let version = state.session.as_ref().and_then(|session| session.version());
    if d.endpoints.transport == Transport::Tcp
        && let Some(version) = version
    {
        // Of TLS 1.3 Wireshark takes what looks like SSL 2.0 for that all the same.
        tcp::frame_as_known(d, version != TLS_1_3);
    }
    Ok(HEADER_LEN + len)
}

/// In the first pass: takes what a record tells of its connection.
fn learn<'a>(d: &mut Dissector<'a>, kind: u8, version: u16, content: Tvb<'a>, state: &State) {
    let Some(session) = &state.session else {
        return;
    };
    let octets = content.bytes();
    let frame = d.packet.number;
    match kind {
        CHANGE_CIPHER_SPEC_RECORD => session.change(state.side, frame),
        HANDSHAKE_RECORD if octets.first() == Some(&handshake::CLIENT_HELLO) => {}
        _ if is_version(version) => session.guess(version),
        _ => {}
    }
}

fn change<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, state: &mut State) -> String {
    let frame = d.packet.number;
    d.open(CHANGE_CIPHER_SPEC, tvb, 0, tvb.reported(), Value::None);
    let session = state.session.as_ref();
    if !state.is_changed && session.is_some_and(|session| session.is_resumed_in(frame)) {
        d.expert(RESUMED, tvb, 0, tvb.reported());
    }
    d.close();
    state.is_changed |= session.is_some_and(|session| session.changes_in(state.side, frame));
    append(d, || "Change Cipher Spec".to_owned());
    "Change Cipher Spec Protocol: Change Cipher Spec".to_owned()
}

/// RFC 8446, 6. What is not two octets is encrypted.
fn alert<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<String, Stop> {
    let item = d.open(ALERT, tvb, 0, tvb.reported(), Value::None);
    let title = if tvb.reported() == 2 {
        let level = d.uint(ALERT_LEVEL, tvb, 0, 1)?;
        let what = d.uint(ALERT_DESC, tvb, 1, 1)?;
        let name = |names, value| Names::Values(names).of(value).unwrap_or("Unknown".into());
        let (level, what) = (name(names::ALERT_LEVELS, level), name(names::ALERTS, what));
        format!("Alert (Level: {level}, Description: {what})")
    } else {
        d.text(item, || "Alert Message: Encrypted Alert".to_owned());
        "Encrypted Alert".to_owned()
    };
    d.close();
    append(d, || title.clone());
    Ok(title)
}

/// Application protocols by the names that are negotiated (IANA, "TLS ALPN Protocol IDs").
const APPLICATIONS: &[(&str, &str)] = &[
    ("http/1.1", "Hypertext Transfer Protocol"),
    ("h2", "HyperText Transfer Protocol 2"),
    ("spdy/1", "SPDY"),
    ("spdy/2", "SPDY"),
    ("spdy/3", "SPDY"),
    ("spdy/3.1", "SPDY"),
    ("stun.turn", "TURN Channel"),
    ("stun.nat-discovery", "Session Traversal Utilities for NAT"),
    ("coap", "Constrained Application Protocol"),
    ("dot", "Domain Name System"),
];

/// Application protocols by their ports: over TLS, and of those that begin it (RFC 2595, RFC 3207, RFC 4217).
const APPLICATION_PORTS: &[(u16, &str)] = &[
    (21, "File Transfer Protocol (FTP)"),
    (25, "Simple Mail Transfer Protocol"),
    (110, "Post Office Protocol"),
    (143, "Internet Message Access Protocol"),
    (443, "Hypertext Transfer Protocol"),
    (465, "Simple Mail Transfer Protocol"),
    (587, "Simple Mail Transfer Protocol"),
    (636, "Lightweight Directory Access Protocol"),
    (802, "Modbus/TCP"),
    (853, "Domain Name System"),
    (993, "Internet Message Access Protocol"),
    (995, "Post Office Protocol"),
    (5061, "Session Initiation Protocol"),
    (5671, "Advanced Message Queuing Protocol"),
    (5684, "Constrained Application Protocol"),
    (5868, "Diameter Protocol"),
    (8883, "MQ Telemetry Transport Protocol"),
    (11207, "Couchbase Protocol"),
    (27017, "Mongo Wire Protocol"),
];

/// The name of what is encrypted, as the negotiation or the port tells.
fn application(d: &Dissector<'_>, session: Option<&Session>) -> Option<&'static str> {
    let negotiated = session.and_then(Session::application);
    let by_name = negotiated.and_then(|name| APPLICATIONS.iter().find(|row| row.0 == name)).map(|row| row.1);
    let (a, b) = (d.endpoints.src_port, d.endpoints.dst_port);
    let by_port = |port| APPLICATION_PORTS.iter().find(|row| row.0 == port).map(|row| row.1);
    by_name.or_else(|| by_port(a.min(b))).or_else(|| by_port(a.max(b)))
}

fn data<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, state: &State) -> String {
    let item = d.bytes(APP_DATA, tvb, 0, tvb.reported());
    d.text(item, || {
        let octets = tvb.bytes();
        let hex = crate::output::value::hex(octets.get(..36).unwrap_or(octets));
        let dots = if octets.len() > 36 { "…" } else { "" };
        format!("Encrypted Application Data: {hex}{dots}")
    });
    let name = application(d, state.session.as_deref());
    if let Some(name) = name {
        d.generated(APP_DATA_PROTO, tvb, 0, 0, Value::String(name.into()));
    }
    append(d, || "Application Data".to_owned());
    format!("Application Data Protocol: {}", name.unwrap_or("Application Data"))
}

/// RFC 6520, 4. Answers the title.
pub(crate) fn heartbeat(show: &mut Show<'_, '_>) -> Result<String, Stop> {
    let len = show.tvb.reported();
    let item = show.open(HEARTBEAT, 0, len);
    let kind = Names::Values(&[(1, "Heartbeat Request"), (2, "Heartbeat Response")]).of(show.tvb.u8(0)?.into());
    let title = match kind {
        Some(title) if len >= 3 => {
            show.uint(HEARTBEAT_TYPE, 0, 1)?;
            let there = len - 3;
            let said = show.uint(HEARTBEAT_PAYLOAD_LENGTH, 1, 2)? as usize;
            if said > there {
                let (field, tvb) = (show.own(HEARTBEAT_PAYLOAD_LENGTH_INVALID), show.tvb);
                show.d.within(|d| {
                    d.expert_with(field, tvb, 1, 2, || format!("Invalid heartbeat payload length ({said})"));
                });
            }
            let said = said.min(there);
            let payload = show.bytes(HEARTBEAT_PAYLOAD, 3, said)?;
            show.d.text(payload, || format!("Payload ({})", octets_text(said)));
            if there > said {
                let padding = show.bytes(HEARTBEAT_PADDING, 3 + said, there - said)?;
                show.d.text(padding, || format!("Padding and HMAC ({})", octets_text(there - said)));
            }
            title.into_owned()
        }
        _ => {
            show.d.text(item, || "Encrypted Heartbeat Message".to_owned());
            "Encrypted Heartbeat".to_owned()
        }
    };
    show.close();
    append(show.d, || title.clone());
    Ok(title)
}

fn place(tvb: Tvb<'_>, at: usize) -> u32 {
    tvb.from(at).place()
}

/// How long the handshake message is that begins octets, if it can be one; nothing is known of it by fewer octets than
/// its header has but that it is longer.
fn plausible(octets: &[u8]) -> Option<usize> {
    handshake::name(octets)?;
    let len = session::total(octets).unwrap_or(octets.len() + 1);
    (len <= session::MAX_HANDSHAKE_BYTES).then_some(len)
}

/// Shows the handshake messages of a record; answers its title.
fn messages<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, state: &State, version: u16) -> Result<String, Stop> {
    let frame = d.packet.number;
    let is_encrypted = state.is_encrypted(frame);
    let suite = state.session.as_ref().and_then(|session| session.suite());
    let context = Context { version, suite, cookie: None };
    let mut names = Vec::new();
    let mut at = 0;
    let mut waits = None;
    if !is_encrypted && d.flows().is_some() {
        session::go_on(d, state.side, place(tvb, 0), tvb.bytes());
    }
    while at < tvb.reported() {
        let rest = tvb.from(at);
        if let Some((index, assembly)) = session::piece(d, place(tvb, at)).filter(|_| at == 0) {
            let len = assembly.pieces().get(index).map_or(rest.reported(), |piece| piece.1 as usize);
            if index > 0 {
                if last_piece(d, tvb.sub(at, len), index, &assembly, state, &context)? {
                    names.push(kind_name(assembly.message));
                } else {
                    waits = Some(assembly);
                }
                at += len.max(1);
                continue;
            }
        }
        let len = plausible(rest.bytes()).filter(|_| !is_encrypted);
        let Some(len) = len else {
            let item = d.add(HANDSHAKE, tvb, at, rest.reported(), Value::None);
            d.text(item, || "Handshake Protocol: Encrypted Handshake Message".to_owned());
            names.push("Encrypted Handshake Message");
            append(d, || "Encrypted Handshake Message".to_owned());
            break;
        };
        let kind = rest.u8(0)?;
        if len > rest.reported() {
            if d.flows().is_some() {
                session::begin(d, state.side, place(tvb, at), kind, rest.bytes());
            }
            let item = d.add(HANDSHAKE, tvb, at, rest.reported(), Value::None);
            d.text(item, || format!("Handshake Protocol: {} (fragment)", kind_name(kind)));
            if at == 0 {
                append(d, || format!("[{} Fragment]", kind_name(kind)));
            }
            names.push(kind_name(kind));
            waits = session::piece(d, place(tvb, at)).map(|piece| piece.1);
            break;
        }
        names.push(message(d, rest.sub(0, len), state, &context)?);
        at += len;
    }
    if let Some(frame) = waits.and_then(|assembly| assembly.done_in()) {
        d.generated(REASSEMBLED_IN, tvb, 0, 0, Value::Uint(frame));
    }
    Ok(match *names {
        [name] => format!("Handshake Protocol: {name}"),
        _ => "Handshake Protocol: Multiple Handshake Messages".to_owned(),
    })
}

fn kind_name(kind: u8) -> &'static str {
    handshake::name(&[kind]).unwrap_or("Unknown")
}

/// Shows one whole message; answers its name.
fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, state: &State, context: &Context) -> Result<&'static str, Stop> {
    let octets = tvb.bytes();
    let name = handshake::name(octets).unwrap_or("Unknown");
    append(d, || name.to_owned());
    if d.flows().is_some()
        && let Some(session) = &state.session
    {
        let kind = octets.first().copied().unwrap_or(0);
        session.saw(kind);
        if kind == handshake::SERVER_HELLO
            && let Some((version, suite, application)) = handshake::choice(octets)
        {
            session.chose(version, suite, application);
        }
    }
    let item = d.open(HANDSHAKE, tvb, 0, tvb.reported(), Value::None);
    d.text(item, || format!("Handshake Protocol: {name}"));
    handshake::message(&mut Show::new(d, tvb, PROTO), context)?;
    d.close();
    Ok(name)
}

/// Shows a piece of a message that began in an earlier record, and the message if it ends with the piece; says whether.
fn last_piece<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    index: usize,
    assembly: &Assembly,
    state: &State,
    context: &Context,
) -> Result<bool, Stop> {
    let pieces = assembly.pieces();
    let bytes = assembly.bytes().filter(|_| index + 1 == pieces.len());
    let item = d.add(HANDSHAKE, tvb, 0, tvb.reported(), Value::None);
    let which = if bytes.is_some() { "last fragment" } else { "fragment" };
    d.text(item, || format!("Handshake Protocol: {} ({which})", kind_name(assembly.message)));
    let Some(bytes) = bytes else {
        return Ok(false);
    };
    let whole = d.add_source(bytes, "Reassembled TLS Handshake");
    FRAGMENT_FIELDS.show(d, whole, &pieces);
    message(d, whole, state, context)?;
    Ok(true)
}

const FRAGMENT_FIELDS: pieces::Fields = pieces::Fields {
    title: "Reassembled Handshake Fragments",
    list: FRAGMENTS,
    piece: FRAGMENT,
    count: FRAGMENT_COUNT,
    length: None,
};

/// SSL 2.0's hello (RFC 5246, E.2), with which later versions could be asked for.
fn v2_hello<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SSLv2");
    append(d, || "Client Hello".to_owned());
    let item = d.open(RECORD, tvb, 0, tvb.reported(), Value::None);
    d.text(item, || "SSLv2 Record Layer: Client Hello".to_owned());
    d.generated(RECORD_VERSION, tvb, 0, 0, Value::Uint(2));
    d.add(RECORD_LENGTH, tvb, 0, 2, Value::Uint((tvb.reported() - 2) as u64));
    d.uint(HANDSHAKE_TYPE, tvb, 2, 1)?;
    d.uint(VERSION, tvb, 3, 2)?;
    let suites = d.uint(CIPHER_SPEC_LEN, tvb, 5, 2)? as usize;
    let session = d.uint(SESSION_ID_LENGTH, tvb, 7, 2)? as usize;
    let challenge = d.uint(CHALLENGE_LENGTH, tvb, 9, 2)? as usize;
    tvb.slice(11, suites)?;
    let item = d.open(CIPHERSUITES, tvb, 11, suites, Value::None);
    d.text(item, || format!("Cipher Specs ({} specs)", suites / 3));
    for at in (11..11 + suites).step_by(3).filter(|at| at + 3 <= 11 + suites) {
        d.uint(CIPHERSPEC, tvb, at, 3)?;
    }
    d.close();
    if session > 0 {
        d.bytes(SESSION_ID, tvb, 11 + suites, session);
    }
    if challenge > 0 {
        d.add(CHALLENGE, tvb, 11 + suites + session, challenge, Value::None);
    }
    d.close();
    Ok(())
}
