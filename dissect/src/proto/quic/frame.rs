//! The frames of a packet (RFC 9000, 19), as they stand behind its number when it is no longer protected.

use std::fmt::Write as _;
use std::sync::Arc;

use super::crypto::{Fate, Run};
use super::*;
use crate::dissector::Item;
use crate::field::FieldId;
use crate::pieces;
use crate::proto::{gquic, tls};

/// How many CRYPTO frames of one packet go on with their stream. A hello in as many pieces as a client of today makes of
/// it has twenty.
const MAX_CRYPTO_FRAMES: usize = 256;

/// A part of a frame.
enum Part {
    Integer(FieldId),
    /// An integer by which the Info column tells the frame from others.
    Stream(FieldId),
    /// What an error was, which the tree tells in the line of the frame.
    Code(FieldId),
    /// So many octets.
    Octets(FieldId, usize),
    /// Octets of which the length stands before them, as an integer or as one octet.
    Counted(FieldId, FieldId),
    CountedByOctet(FieldId, FieldId),
    CountedText(FieldId, FieldId),
    /// All that is left.
    Rest(FieldId),
}

/// A frame that consists of its parts and nothing else: its type, what the Info column and what the tree calls it.
struct Form(u64, &'static str, &'static str, &'static [Part]);

const FORMS: &[Form] = &[
    Form(PING, "PING", "PING", &[]),
    Form(
        0x04,
        "RS",
        "RESET_STREAM",
        &[Part::Stream(RSTS_STREAM_ID), Part::Code(RSTS_APPLICATION_ERROR_CODE), Part::Integer(RSTS_FINAL_SIZE)],
    ),
    Form(0x05, "SS", "STOP_SENDING", &[Part::Stream(SS_STREAM_ID), Part::Code(SS_APPLICATION_ERROR_CODE)]),
    Form(0x07, "NT", "NEW_TOKEN", &[Part::Counted(NT_LENGTH, NT_TOKEN)]),
    Form(0x10, "MD", "MAX_DATA", &[Part::Integer(MD_MAXIMUM_DATA)]),
    Form(0x11, "MSD", "MAX_STREAM_DATA", &[Part::Stream(MSD_STREAM_ID), Part::Integer(MSD_MAXIMUM_STREAM_DATA)]),
    Form(0x12, "MS", "MAX_STREAMS (BIDI)", &[Part::Integer(MS_MAX_STREAMS)]),
    Form(0x13, "MS", "MAX_STREAMS (UNI)", &[Part::Integer(MS_MAX_STREAMS)]),
    Form(0x14, "DB", "DATA_BLOCKED", &[Part::Integer(SB_STREAM_DATA_LIMIT)]),
    Form(0x15, "SDB", "STREAM_DATA_BLOCKED", &[Part::Stream(SDB_STREAM_ID), Part::Integer(SB_STREAM_DATA_LIMIT)]),
    Form(0x16, "SB", "STREAMS_BLOCKED (BIDI)", &[Part::Integer(SIB_STREAM_LIMIT)]),
    Form(0x17, "SB", "STREAMS_BLOCKED (UNI)", &[Part::Integer(SIB_STREAM_LIMIT)]),
    Form(
        0x18,
        "NCI",
        "NEW_CONNECTION_ID",
        &[
            Part::Integer(NCI_SEQUENCE),
            Part::Integer(NCI_RETIRE_PRIOR_TO),
            Part::CountedByOctet(NCI_CONNECTION_ID_LENGTH, NCI_CONNECTION_ID),
            Part::Octets(NCI_STATELESS_RESET_TOKEN, 16),
        ],
    ),
    Form(0x19, "RC", "RETIRE_CONNECTION_ID", &[Part::Integer(RCI_SEQUENCE)]),
    Form(0x1a, "PC", "PATH_CHALLENGE", &[Part::Octets(PATH_CHALLENGE_DATA, 8)]),
    Form(0x1b, "PR", "PATH_RESPONSE", &[Part::Octets(PATH_RESPONSE_DATA, 8)]),
    Form(
        0x1d,
        "CC",
        "CONNECTION_CLOSE (Application)",
        &[Part::Code(CC_ERROR_CODE_APP), Part::CountedText(CC_REASON_PHRASE_LENGTH, CC_REASON_PHRASE)],
    ),
    Form(0x1e, "DONE", "HANDSHAKE_DONE", &[]),
    // RFC 9221, 4.
    Form(0x30, "DG", "DATAGRAM", &[Part::Rest(DG)]),
    Form(0x31, "DG", "DATAGRAM", &[Part::Counted(DG_LENGTH, DG)]),
    // draft-ietf-quic-ack-frequency and draft-huitema-quic-ts.
    Form(0xac, "IA", "IMMEDIATE_ACK", &[]),
    Form(0x2f5, "TS", "TIME_STAMP", &[Part::Integer(TS)]),
];

const PADDING: u64 = 0;
const PING: u64 = 1;
const ACK: u64 = 2;
const ACK_ECN: u64 = 3;
const CRYPTO: u64 = 6;
const CLOSE: u64 = 0x1c;
const ACK_FREQUENCY: u64 = 0xaf;

/// A packet's side, connection and frames so far.
struct Frames {
    side: usize,
    connection: Option<u32>,
    cryptos: usize,
}

/// Shows the frames of a packet that a side of a connection sent.
pub(super) fn all<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, side: usize, connection: Option<u32>) -> Parsed {
    let mut frames = Frames { side, connection, cryptos: 0 };
    let mut at = 0;
    while at < tvb.reported() {
        let item = d.open(FRAME, tvb, at, 1, Value::None);
        let len = one(d, tvb.from(at), item, &mut frames)?;
        d.set_len(item, len);
        d.close();
        at += len.max(1);
    }
    Ok(())
}

/// Shows the frames of one of Google's versions.
pub(super) fn google<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    (side, connection): (usize, Option<u32>),
    version: u32,
) -> Parsed {
    const GOOGLE_CRYPTO: u8 = 8;
    let mut frames = Frames { side, connection, cryptos: 0 };
    let mut at = 0;
    while at < tvb.reported() {
        let kind = tvb.u8(at)?;
        let item = d.open(FRAME, tvb, at, 1, Value::None);
        let len = if kind == GOOGLE_CRYPTO {
            d.add(FRAME_TYPE, tvb, at, 1, Value::Uint(kind.into()));
            d.text(item, || "CRYPTO".to_owned());
            let start = at + 1;
            if version == Q050 {
                hello(d, tvb, start)? - at
            } else {
                say(d, || "CRYPTO".to_owned());
                crypto(d, tvb, start, &mut frames)? - at
            }
        } else {
            let (name, len) = gquic::skip(tvb, at)?;
            d.text(item, || name.to_owned());
            len
        };
        d.set_len(item, len);
        d.close();
        at += len.max(1);
    }
    Ok(())
}

/// A message of tags, as Google's handshake has them; answers where it ends.
fn hello<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let at = number(d, CRYPTO_OFFSET, tvb, at)?.1;
    let (len, at) = number(d, CRYPTO_LENGTH, tvb, at)?;
    let data = tvb.sub(at, usize::try_from(len).unwrap_or(usize::MAX));
    d.add(CRYPTO_CRYPTO_DATA, data, 0, data.reported(), Value::None);
    d.set_info(|| gquic::name(data).unwrap_or("Unknown").to_owned());
    gquic::message(d, data, 0, false)?;
    Ok(at + data.reported())
}

/// Reads an integer and adds it; answers its value and where it ends.
fn number<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<(u64, usize), Stop> {
    let (value, width) = integer(tvb, at)?;
    d.add(field, tvb, at, width, Value::Uint(value));
    Ok((value, at + width))
}

/// A length that fits what is left from `at`.
fn length(tvb: Tvb<'_>, at: usize, len: u64) -> Result<usize, Stop> {
    let len = usize::try_from(len).map_err(|_| Stop::Malformed)?;
    tvb.slice(at, len)?;
    Ok(len)
}

/// Shows one frame; answers how many octets it has.
fn one<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, item: Item, frames: &mut Frames) -> Result<usize, Stop> {
    let (kind, width) = integer(tvb, 0)?;
    d.add(FRAME_TYPE, tvb, 0, width, Value::Uint(kind));
    let mut at = width;
    match kind {
        PADDING => {
            at = tvb.bytes().iter().position(|octet| *octet != 0).unwrap_or(tvb.len()).max(1);
            d.generated(PADDING_LENGTH, tvb, 0, at, Value::Uint(at as u64));
            say(d, || "PADDING".to_owned());
            d.text(item, || format!("PADDING Length: {at}"));
        }
        ACK | ACK_ECN => {
            say(d, || if kind == ACK { "ACK" } else { "ACK_ECN" }.to_owned());
            d.text(item, || "ACK".to_owned());
            at = ack(d, tvb, at, kind == ACK_ECN)?;
        }
        CRYPTO => {
            say(d, || "CRYPTO".to_owned());
            d.text(item, || "CRYPTO".to_owned());
            at = crypto(d, tvb, at, frames)?;
        }
        0x08..=0x0f => at = stream(d, tvb, at, kind, item)?,
        CLOSE => at = close(d, tvb, at, item)?,
        ACK_FREQUENCY => at = ack_frequency(d, tvb, at, item)?,
        _ => match FORMS.iter().find(|form| form.0 == kind) {
            Some(form) => at = parts(d, tvb, at, form, item)?,
            None => {
                d.text(item, || "Unknown".to_owned());
                d.expert_with(FT_UNKNOWN, tvb, 0, width, || format!("Unknown Frame Type {kind:#x}"));
            }
        },
    }
    Ok(at)
}

fn parts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize, form: &Form, item: Item) -> Result<usize, Stop> {
    let Form(_, short, name, parts) = form;
    say(d, || (*short).to_owned());
    d.text(item, || (*name).to_owned());
    let mut at = start;
    for part in *parts {
        match *part {
            Part::Integer(field) => at = number(d, field, tvb, at)?.1,
            Part::Stream(field) => {
                let (id, next) = number(d, field, tvb, at)?;
                d.append_info(|| format!("({id})"));
                d.append_text(item, || format!(" id={id}"));
                at = next;
            }
            Part::Code(field) => {
                let (code, next) = number(d, field, tvb, at)?;
                d.append_text(item, || format!(" Error code: {code:#x}"));
                at = next;
            }
            Part::Octets(field, len) => {
                tvb.slice(at, len)?;
                d.bytes(field, tvb, at, len);
                at += len;
            }
            Part::Counted(count, field) => {
                let (len, next) = number(d, count, tvb, at)?;
                let len = length(tvb, next, len)?;
                d.bytes(field, tvb, next, len);
                at = next + len;
            }
            Part::CountedByOctet(count, field) => {
                let len = length(tvb, at + 1, d.uint(count, tvb, at, 1)?)?;
                d.bytes(field, tvb, at + 1, len);
                at += 1 + len;
            }
            Part::CountedText(count, field) => {
                let (len, next) = number(d, count, tvb, at)?;
                let len = length(tvb, next, len)?;
                d.string(field, tvb, next, len);
                at = next + len;
            }
            Part::Rest(field) => {
                d.bytes(field, tvb, at, tvb.reported() - at);
                at = tvb.reported();
            }
        }
    }
    Ok(at)
}

/// RFC 9000, 19.3.
fn ack<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, counts: bool) -> Result<usize, Stop> {
    let at = number(d, ACK_LARGEST_ACKNOWLEDGED, tvb, at)?.1;
    let at = number(d, ACK_ACK_DELAY, tvb, at)?.1;
    let (ranges, at) = number(d, ACK_ACK_RANGE_COUNT, tvb, at)?;
    let mut at = number(d, ACK_FIRST_ACK_RANGE, tvb, at)?.1;
    // Each takes two octets at least: the packet bounds them.
    for _ in 0..ranges {
        at = number(d, ACK_GAP, tvb, at)?.1;
        at = number(d, ACK_ACK_RANGE, tvb, at)?.1;
    }
    if counts {
        for field in [ACK_ECT0_COUNT, ACK_ECT1_COUNT, ACK_ECN_CE_COUNT] {
            at = number(d, field, tvb, at)?.1;
        }
    }
    Ok(at)
}

/// RFC 9000, 19.8.
fn stream<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, kind: u64, item: Item) -> Result<usize, Stop> {
    d.within(|d| {
        for field in [STREAM_FIN, STREAM_LEN, STREAM_OFF] {
            d.flag(field, tvb, 0, 1, kind);
        }
    });
    let (id, width) = integer(tvb, at)?;
    d.add(STREAM_STREAM_ID, tvb, at, width, Value::Uint(id));
    d.within(|d| {
        d.bits(STREAM_INITIATOR, tvb, at, width, id);
        d.bits(STREAM_DIRECTION, tvb, at, width, id);
    });
    say(d, || format!("STREAM({id})"));
    let mut at = at + width;
    let mut offset = 0;
    if kind & 4 != 0 {
        (offset, at) = number(d, STREAM_OFFSET, tvb, at)?;
    }
    let mut len = tvb.reported().saturating_sub(at) as u64;
    if kind & 2 != 0 {
        (len, at) = number(d, STREAM_LENGTH, tvb, at)?;
    }
    d.text(item, || {
        let (direction, origin) = (["Bi", "Uni"][(id >> 1 & 1) as usize], ["Client", "Server"][(id & 1) as usize]);
        let fin = kind & 1;
        format!("STREAM id={id} fin={fin} off={offset} len={len} dir={direction}directional origin={origin}-initiated")
    });
    let len = length(tvb, at, len)?;
    d.bytes(STREAM_DATA, tvb, at, len);
    Ok(at + len)
}

/// RFC 9000, 19.19: a connection that the transport ends.
fn close<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, item: Item) -> Result<usize, Stop> {
    /// RFC 9000, 20.1: the errors that an alert of TLS stands for.
    const ALERTS: std::ops::RangeInclusive<u64> = 0x100..=0x1ff;
    let (code, width) = integer(tvb, at)?;
    d.add(CC_ERROR_CODE, tvb, at, width, Value::Uint(code));
    say(d, || "CC".to_owned());
    d.text(item, || {
        let name = Names::Ranges(ERRORS).of(code).unwrap_or("Unknown".into());
        let mut text = format!("CONNECTION_CLOSE (Transport) Error code: {name}");
        if ALERTS.contains(&code) {
            let alert = Names::Values(tls::names::ALERTS).of(code & 0xff).unwrap_or("Unknown".into());
            let _ = write!(text, " ({alert})");
        }
        text
    });
    let mut at = at + width;
    if ALERTS.contains(&code) {
        d.add(CC_ERROR_CODE_TLS_ALERT, tvb, at - 1, 1, Value::Uint(code & 0xff));
    }
    at = number(d, CC_FRAME_TYPE, tvb, at)?.1;
    let (len, at) = number(d, CC_REASON_PHRASE_LENGTH, tvb, at)?;
    let len = length(tvb, at, len)?;
    d.string(CC_REASON_PHRASE, tvb, at, len);
    Ok(at + len)
}

fn ack_frequency<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, item: Item) -> Result<usize, Stop> {
    say(d, || "AF".to_owned());
    d.text(item, || "ACK_FREQUENCY".to_owned());
    let at = number(d, AF_SEQUENCE_NUMBER, tvb, at)?.1;
    let at = number(d, AF_ACK_ELICITING_THRESHOLD, tvb, at)?.1;
    let at = number(d, AF_REQUEST_MAX_ACK_DELAY, tvb, at)?.1;
    let last = u64::from(tvb.u8(at)?);
    d.open(AF_LAST_BYTE, tvb, at, 1, Value::Uint(last));
    d.bits(AF_RESERVED, tvb, at, 1, last);
    d.flag(AF_IGNORE_CE, tvb, at, 1, last);
    d.flag(AF_IGNORE_ORDER, tvb, at, 1, last);
    d.close();
    Ok(at + 1)
}

/// RFC 9000, 19.6.
fn crypto<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, frames: &mut Frames) -> Result<usize, Stop> {
    let (offset, at) = number(d, CRYPTO_OFFSET, tvb, at)?;
    let (len, at) = number(d, CRYPTO_LENGTH, tvb, at)?;
    let data = tvb.sub(at, usize::try_from(len).unwrap_or(usize::MAX));
    d.add(CRYPTO_CRYPTO_DATA, data, 0, data.reported(), Value::None);
    let end = at + data.reported();
    frames.cryptos += 1;
    if frames.cryptos > MAX_CRYPTO_FRAMES {
        return Ok(end);
    }
    let place = data.place();
    if let Some(number) = frames.connection {
        let (frame, side) = (d.packet.number, frames.side);
        let fate = d.flows().and_then(|flows| {
            let (connection, room) = flows.quic.get(number)?;
            connection.streams.get_mut(side)?.take(room, (number, side), (frame, place), offset, data.bytes())
        });
        if let Some(fate) = fate {
            d.record(Fact::QuicCrypto { at: place, fate });
        }
    }
    let fate = d.peek_fact(|fact| match fact {
        Fact::QuicCrypto { at, fate } if *at == place => Some(fate.clone()),
        _ => None,
    });
    match fate {
        None => hand_on(d, data),
        Some(Fate::Repeated) => noted(d, data, RETRANSMISSION),
        Some(Fate::Overlaps(old)) => {
            noted(d, data, OVERLAP);
            hand_on(d, data.from(old as usize));
        }
        Some(Fate::Piece(run)) => piece(d, data, place, &run),
        Some(Fate::Lost) => {}
    }
    Ok(end)
}

fn noted<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId) {
    d.open_text(tvb, 0, tvb.reported(), || crate::registry::field(field).label.to_owned());
    d.expert(field, tvb, 0, tvb.reported());
    d.close();
}

/// Hands what a stream says to TLS, which leaves the Info column alone.
fn hand_on<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    if tvb.reported() > 0 {
        d.with_info_kept(|d| {
            d.call_within(ProtoId::Tls, tvb);
        });
    }
}

fn piece<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: u32, run: &Arc<Run>) {
    let frame = d.packet.number;
    let Some(done) = run.done() else {
        return;
    };
    if (done.frame, done.place) != (frame, place) {
        if done.frame != frame {
            d.generated(REASSEMBLED_IN, tvb, 0, 0, Value::Uint(done.frame));
        }
        return;
    }
    let whole = d.add_source(&done.whole.octets, "Reassembled QUIC CRYPTO");
    FRAGMENT_FIELDS.show(d, whole, &done.whole.pieces);
    hand_on(d, whole);
}

const FRAGMENT_FIELDS: pieces::Fields = pieces::Fields {
    title: "Reassembled QUIC CRYPTO Data Fragments",
    list: CRYPTO_FRAGMENTS,
    piece: CRYPTO_FRAGMENT,
    count: CRYPTO_FRAGMENT_COUNT,
    length: None,
};
