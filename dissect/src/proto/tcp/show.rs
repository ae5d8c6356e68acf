//! How a segment's header, options and analysis are shown.

use std::fmt::Write;

use super::analysis::{ACK as FLAG_ACK, FIN, PSH, RST, SYN, URG, finding};
use super::fields::*;
use super::{ANALYZED, CLOSES, HEADER_LEN, Header, Known, Scale, options, payload};
use crate::dissector::{Dissector, Item};
use crate::facts::Fact;
use crate::field::FieldId;
use crate::proto::frame;
use crate::proto::udp::UNVERIFIED;
use crate::registry::{self, ProtoId};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

/// Sequence and acknowledgment numbers as they are shown: counted from where their direction began.
struct Relative {
    seq: u32,
    ack: u32,
    /// The first sequence number of the other direction.
    other_base: u32,
}

fn relative(d: &Dissector<'_>, header: &Header, known: Option<&Known>) -> Relative {
    let Some(known) = known.filter(|_| header.payload.is_some() && !d.is_quoted) else {
        return Relative { seq: header.seq, ack: header.ack, other_base: 0 };
    };
    let base = |side| known.stream.base(side, d.packet.number);
    let (base, other_base) = (base(known.side()), base(1 - known.side()));
    Relative { seq: header.seq.wrapping_sub(base), ack: header.ack.wrapping_sub(other_base), other_base }
}

/// Shows a segment and hands on what it carries. `item` is TCP's, which is open.
pub(super) fn segment<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    item: Item,
    header: &Header,
    known: Option<&Known>,
) -> Parsed {
    let Relative { seq, ack, other_base } = relative(d, header, known);
    if d.wants_tree() {
        d.append_text(item, || format!(", Seq: {seq}"));
    }
    if let Some(known) = known {
        d.generated(STREAM, tvb, 0, 0, Value::Uint(known.stream.index().into()));
        d.generated(COMPLETENESS, tvb, 0, 0, Value::Uint(known.stream.completeness(d.packet.number).into()));
    }
    match header.payload {
        Some(len) => {
            d.generated(LEN, tvb, 0, 0, Value::Uint(len as u64));
        }
        None if !d.is_quoted => short_segment(d, tvb),
        None => {}
    }
    if !d.is_quoted {
        let item = d.add(SEQ, tvb, 4, 4, Value::Uint(seq.into()));
        d.text(item, || format!("Sequence Number: {seq}    (relative sequence number)"));
        d.add(SEQ_RAW, tvb, 4, 4, Value::Uint(header.seq.into()));
    }
    if header.len < HEADER_LEN && header.payload.is_some() {
        bogus_length(d, tvb, header, seq, ack);
        d.close();
        return Ok(());
    }
    if let Some(len) = header.payload {
        let next = seq.wrapping_add(len as u32).wrapping_add(u32::from(header.has(SYN | FIN)));
        let item = d.generated(NXTSEQ, tvb, 0, 0, Value::Uint(next.into()));
        d.text(item, || format!("[Next Sequence Number: {next}    (relative sequence number)]"));
    }
    acknowledgment(d, tvb, header, known, ack);
    if header.has(FLAG_ACK) {
        d.append_text(item, || format!(", Ack: {ack}"));
    }
    if let Some(len) = header.payload {
        d.append_text(item, || format!(", Len: {len}"));
    }
    let words = header.len / 4;
    let length = d.add(HDR_LEN, tvb, 12, 1, Value::Uint(header.len as u64));
    d.text(length, || format!("{words:04b} .... = Header Length: {} bytes ({words})", header.len));
    flags(d, tvb, header, known);
    let window = window(d, tvb, header, known);
    let mut info = String::new();
    if d.wants_columns() {
        let urgent = tvb.u16(18).unwrap_or(0);
        let notes = notes(d, known);
        let len = notes.len();
        d.set_info(|| notes);
        d.keep_info(len);
        info = summary(header, seq, ack, window, urgent);
        d.set_info(|| info.clone());
    }
    let checksum = tvb.u16(16)?;
    let sum = d.add(CHECKSUM, tvb, 16, 2, Value::Uint(checksum.into()));
    d.text(sum, || format!("Checksum: 0x{checksum:04x} [unverified]"));
    d.generated(CHECKSUM_STATUS, tvb, 16, 0, Value::Uint(UNVERIFIED));
    let urgent = d.uint(URGENT_POINTER, tvb, 18, 2)?;
    if urgent != 0 && !header.has(URG) {
        d.within(|d| d.expert(URGENT_POINTER_NON_ZERO, tvb, 18, 2));
    }
    let is_shown = d.wants_fields_of(ProtoId::Tcp);
    let has_layers = || d.wants(frame::PROTOCOLS);
    if header.len > HEADER_LEN && (is_shown || has_layers()) && tvb.reported() >= header.len {
        let context = options::Context { flags: header.flags, ack: header.ack, base: other_base };
        let done = options::dissect(d, tvb, HEADER_LEN, header.len, &context, &mut info);
        d.set_info(|| info);
        if let (Err(_), Some(known)) = (done, known) {
            times(d, tvb, known);
        }
        done?;
    } else if header.len > tvb.reported() && !d.is_quoted {
        let len = header.len - HEADER_LEN;
        let item = d.bytes(OPTIONS, tvb, HEADER_LEN, len);
        d.text(item, || format!("Options: ({len} bytes)"));
    }
    if let Some(known) = known {
        times(d, tvb, known);
        if is_shown {
            analyzed(d, tvb, known);
        }
    }
    if header.payload.is_none() && !d.is_quoted {
        return Err(Stop::Malformed);
    }
    payload(d, tvb, header, known);
    Ok(())
}

fn short_segment<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    const WHY: &str = "Short segment. Segment/fragment does not contain a full TCP header (might be NMAP or someone else deliberately sending unusual packets)";
    d.open_text(tvb, 12, 1, || WHY.to_owned());
    d.expert_with(SHORT_SEGMENT, tvb, 12, 1, || WHY.to_owned());
    d.close();
}

fn bogus_length<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, seq: u32, ack: u32) {
    d.within(|d| {
        d.expert_with(BOGUS_HEADER_LENGTH, tvb, 12, 1, || {
            format!("Bogus TCP header length ({}, must be at least {HEADER_LEN})", header.len)
        });
    });
    d.set_info(|| {
        let Header { src, dst, window, len, .. } = header;
        let ack = if header.has(FLAG_ACK) { format!(" Ack={ack}") } else { String::new() };
        let flags = flag_names(header.flags);
        format!(
            "{src} → {dst} [{flags}] Seq={seq}{ack} Win={window}, bogus TCP header length ({len}, must be at least {HEADER_LEN})"
        )
    });
}

fn acknowledgment<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, known: Option<&Known>, ack: u32) {
    if header.has(FLAG_ACK) {
        let item = d.add(ACK, tvb, 8, 4, Value::Uint(ack.into()));
        d.text(item, || format!("Acknowledgment Number: {ack}    (relative ack number)"));
        // RFC 7413, 4.1.2: the answer to a Fast Open says whether the data came through.
        let is_answer = header.has(SYN) && header.payload.is_some();
        if is_answer && ack > 1 {
            d.within(|d| d.expert(TFO_ACK, tvb, 8, 4));
        } else if is_answer && ack == 1 && known.is_some_and(|known| known.stream.is_fast_open()) {
            d.within(|d| d.expert(TFO_IGNORED, tvb, 8, 4));
        }
    } else {
        let item = d.add(ACK, tvb, 8, 4, Value::Uint(header.ack.into()));
        d.text(item, || format!("Acknowledgment Number: {}", header.ack));
        if header.ack != 0 {
            d.within(|d| d.expert(ACK_NONZERO, tvb, 8, 4));
        }
    }
    d.add(ACK_RAW, tvb, 8, 4, Value::Uint(header.ack.into()));
}

/// The flags from the least significant bit on.
const FLAG_NAMES: [(u16, &str); 10] = [
    (FIN, "FIN"),
    (SYN, "SYN"),
    (RST, "RST"),
    (PSH, "PSH"),
    (FLAG_ACK, "ACK"),
    (URG, "URG"),
    (0x040, "ECE"),
    (0x080, "CWR"),
    (0x100, "AE"),
    (0xe00, "Reserved"),
];

fn flag_names(flags: u16) -> String {
    let set: Vec<&str> = FLAG_NAMES.iter().filter(|row| flags & row.0 != 0).map(|row| row.1).collect();
    if set.is_empty() { "<None>".to_owned() } else { set.join(", ") }
}

/// The flags as letters, most significant bit first, a dot for what is not set.
fn flag_letters(flags: u16) -> String {
    let letters = ["R", "R", "R", "A", "C", "E", "U", "A", "P", "R", "S", "F"];
    let bits = (0..12).rev();
    bits.zip(letters).map(|(bit, letter)| if flags >> bit & 1 != 0 { letter } else { "·" }).collect()
}

/// The flags in the order of their bits, and the octet in which each stands.
const FLAGS_AT: [(FieldId, usize); 10] = [
    (FLAGS_RES, 12),
    (FLAGS_AE, 12),
    (FLAGS_CWR, 13),
    (FLAGS_ECE, 13),
    (FLAGS_URG, 13),
    (FLAGS_ACK, 13),
    (FLAGS_PUSH, 13),
    (FLAGS_RESET, 13),
    (FLAGS_SYN, 13),
    (FLAGS_FIN, 13),
];

fn flags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, known: Option<&Known>) {
    let flags = header.flags;
    let item = d.open(FLAGS, tvb, 12, 2, Value::Uint(flags.into()));
    d.text(item, || format!("Flags: 0x{flags:03x} ({})", flag_names(flags)));
    for (field, at) in FLAGS_AT {
        let item = d.flag(field, tvb, at, 1, flags.into());
        d.text(item, || flag_line(field, flags));
        let expert = match field {
            FLAGS_RESET if header.has(RST) => Some((CONNECTION_RST, None)),
            FLAGS_SYN if header.flags & (SYN | FLAG_ACK) == SYN | FLAG_ACK => {
                Some((CONNECTION_SYNACK, Some(header.src)))
            }
            FLAGS_SYN if header.has(SYN) => Some((CONNECTION_SYN, Some(header.dst))),
            FLAGS_FIN if header.has(FIN) => Some((CONNECTION_FIN, None)),
            _ => None,
        };
        if let Some((expert, server)) = expert {
            let message = || {
                let server = server.map_or(String::new(), |port| format!(": server port {port}"));
                format!("{}{server}", registry::field(expert).label)
            };
            d.within(|d| d.expert_with(expert, tvb, at, 1, message));
        }
    }
    if d.wants(FLAGS_STR) {
        d.generated(FLAGS_STR, tvb, 12, 2, Value::String(flag_letters(flags).into()));
    }
    if header.has(FIN)
        && !d.is_quoted
        && let Some(known) = known
    {
        let expert = if known.found(CLOSES) { CONNECTION_FIN_ACTIVE } else { CONNECTION_FIN_PASSIVE };
        d.within(|d| d.expert(expert, tvb, 12, 2));
    }
    d.close();
}

/// The line of one flag among the twelve bits.
fn flag_line(field: FieldId, flags: u16) -> String {
    let row = registry::field(field);
    let mut bits = String::new();
    for bit in (0..12).rev() {
        let digit = if flags >> bit & 1 != 0 { '1' } else { '0' };
        bits.push(if row.mask >> bit & 1 != 0 { digit } else { '.' });
        if bit % 4 == 0 && bit > 0 {
            bits.push(' ');
        }
    }
    let set = if u64::from(flags) & row.mask != 0 { "Set" } else { "Not set" };
    format!("{bits} = {}: {set}", row.label)
}

/// RFC 7323, 2.3: the window of a SYN is never scaled. Answers the window as it counts.
fn window<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, known: Option<&Known>) -> u32 {
    let raw = u32::from(header.window);
    d.add(WINDOW_SIZE_VALUE, tvb, 14, 2, Value::Uint(raw.into()));
    let scale = known.map(|known| known.stream.scale(known.side()));
    let window = match scale {
        Some(Scale::By(shift)) if !header.has(SYN) => raw.checked_shl(shift.into()).unwrap_or(raw),
        _ => raw,
    };
    d.generated(WINDOW_SIZE, tvb, 14, 2, Value::Uint(window.into()));
    if !header.has(SYN)
        && let Some(scale) = scale
    {
        let (value, suffix) = match scale {
            Scale::Unknown => (-1, " (unknown)"),
            Scale::Unused => (-2, " (no window scaling used)"),
            Scale::By(shift) => (1 << shift.min(14), ""),
        };
        let item = d.generated(WINDOW_SIZE_SCALEFACTOR, tvb, 14, 2, Value::Int(value));
        d.text(item, || format!("[Window size scaling factor: {value}{suffix}]"));
    }
    window
}

/// What the Info column says of findings, in its order.
const NOTES: &[(u32, &str)] = &[
    (finding::ZERO_WINDOW_PROBE_ACK, "[TCP ZeroWindowProbeAck] "),
    (finding::ZERO_WINDOW, "[TCP ZeroWindow] "),
    (finding::ZERO_WINDOW_PROBE, "[TCP ZeroWindowProbe] "),
    (finding::KEEP_ALIVE_ACK, "[TCP Keep-Alive ACK] "),
    (finding::KEEP_ALIVE, "[TCP Keep-Alive] "),
    (finding::WINDOW_FULL, "[TCP Window Full] "),
    (finding::WINDOW_UPDATE, "[TCP Window Update] "),
    (finding::ACK_LOST_SEGMENT, "[TCP ACKed unseen segment] "),
    (finding::LOST_SEGMENT, "[TCP Previous segment not captured] "),
    (finding::SPURIOUS_RETRANSMISSION, "[TCP Spurious Retransmission] "),
    (finding::FAST_RETRANSMISSION, "[TCP Fast Retransmission] "),
    (finding::OUT_OF_ORDER, "[TCP Out-Of-Order] "),
    (finding::RETRANSMISSION, "[TCP Retransmission] "),
    (finding::REUSED_PORTS, "[TCP Port numbers reused] "),
];

/// What the analysis found, as the Info column has it.
fn notes(d: &mut Dissector<'_>, known: Option<&Known>) -> String {
    let mut info = String::new();
    if let Some(known) = known.filter(|known| known.found(finding::ANY)) {
        if known.found(finding::DUPLICATE_ACK)
            && let Some((number, frame)) = duplicate(d)
        {
            let _ = write!(info, "[TCP Dup ACK {frame}#{number}] ");
        }
        for (bit, name) in NOTES {
            if known.found(*bit) {
                info.push_str(name);
            }
        }
    }
    info
}

/// The Info column up to the options.
fn summary(header: &Header, seq: u32, ack: u32, window: u32, urgent: u16) -> String {
    let mut info = String::new();
    let _ = write!(info, "{} → {} [{}] Seq={seq}", header.src, header.dst, flag_names(header.flags));
    if header.has(FLAG_ACK) {
        let _ = write!(info, " Ack={ack}");
    }
    let _ = write!(info, " Win={window}");
    if header.has(URG) {
        let _ = write!(info, " Urg={urgent}");
    }
    if let Some(len) = header.payload {
        let _ = write!(info, " Len={len}");
    }
    info
}

fn times<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: &Known) {
    d.open_text(tvb, 0, 0, || "[Timestamps]".to_owned());
    let since_first = d.packet.time.saturating_sub(known.stream.first_time());
    d.generated(TIME_RELATIVE, tvb, 0, 0, Value::Time(since_first));
    d.generated(TIME_DELTA, tvb, 0, 0, Value::Time(known.since_previous));
    d.close();
}

/// The numbers of the analysis: [`Fact::TcpNumbers`].
#[derive(Clone, Copy)]
struct Numbers {
    acks: u32,
    in_flight: u32,
    push_sent: u32,
    rtt: i64,
}

fn analyzed<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: &Known) {
    if !known.found(ANALYZED) {
        return;
    }
    let here = d.occurrence(ProtoId::Tcp);
    let numbers = d.fact(|fact| match *fact {
        Fact::TcpNumbers { layer, acks, in_flight, push_sent, rtt } if layer == here => {
            Some(Numbers { acks, in_flight, push_sent, rtt })
        }
        _ => None,
    });
    let item = d.open(ANALYSIS, tvb, 0, 0, Value::None);
    d.mark_generated(item);
    if let Some(numbers) = numbers.filter(|numbers| numbers.acks != 0) {
        let frame = d.packet.number.saturating_sub(numbers.acks.into());
        d.generated(ACKS_FRAME, tvb, 0, 0, Value::Uint(frame));
        if numbers.rtt != 0 {
            d.generated(ACK_RTT, tvb, 0, 0, Value::Time(numbers.rtt));
        }
    }
    if let Some(rtt) = known.stream.first_rtt() {
        d.generated(INITIAL_RTT, tvb, 0, 0, Value::Time(rtt));
    }
    if let Some(numbers) = numbers.filter(|numbers| numbers.in_flight != 0) {
        d.generated(BYTES_IN_FLIGHT, tvb, 0, 0, Value::Uint(numbers.in_flight.into()));
        d.generated(PUSH_BYTES_SENT, tvb, 0, 0, Value::Uint(numbers.push_sent.into()));
    }
    if known.found(finding::ANY) {
        findings(d, tvb, known);
    }
    d.close();
}

/// The expert infos of findings, in the order of the tree.
const EXPERTS: &[(u32, FieldId)] = &[
    (finding::OUT_OF_ORDER, OUT_OF_ORDER),
    (finding::REUSED_PORTS, REUSED_PORTS),
    (finding::LOST_SEGMENT, LOST_SEGMENT),
    (finding::ACK_LOST_SEGMENT, ACK_LOST_SEGMENT),
    (finding::WINDOW_UPDATE, WINDOW_UPDATE),
    (finding::WINDOW_FULL, WINDOW_FULL),
    (finding::KEEP_ALIVE, KEEP_ALIVE),
    (finding::KEEP_ALIVE_ACK, KEEP_ALIVE_ACK),
    (finding::ZERO_WINDOW_PROBE, ZERO_WINDOW_PROBE),
    (finding::ZERO_WINDOW, ZERO_WINDOW),
    (finding::ZERO_WINDOW_PROBE_ACK, ZERO_WINDOW_PROBE_ACK),
];

fn findings<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: &Known) {
    let here = d.occurrence(ProtoId::Tcp);
    let item = d.open(ANALYSIS_FLAGS, tvb, 0, 0, Value::None);
    d.mark_generated(item);
    if known.found(finding::FAST_RETRANSMISSION) {
        d.expert(FAST_RETRANSMISSION, tvb, 0, 0);
    }
    if known.found(finding::SPURIOUS_RETRANSMISSION) {
        d.expert(SPURIOUS_RETRANSMISSION, tvb, 0, 0);
    }
    if known.found(finding::RETRANSMISSION | finding::FAST_RETRANSMISSION | finding::SPURIOUS_RETRANSMISSION) {
        d.expert(RETRANSMISSION, tvb, 0, 0);
    }
    if known.found(finding::RETRANSMISSION) {
        let timeout = d.fact(|fact| match *fact {
            Fact::TcpTimeout { layer, frame, ns } if layer == here => Some((frame, ns)),
            _ => None,
        });
        // What came at the same time says nothing of a timeout.
        if let Some((frame, ns)) = timeout.filter(|timeout| timeout.1 != 0) {
            d.generated(RTO, tvb, 0, 0, Value::Time(ns));
            d.generated(RTO_FRAME, tvb, 0, 0, Value::Uint(frame));
        }
    }
    for (bit, field) in EXPERTS {
        if known.found(*bit) {
            d.expert(*field, tvb, 0, 0);
        }
    }
    let duplicate = if known.found(finding::DUPLICATE_ACK) { duplicate(d) } else { None };
    if duplicate.is_some() {
        let item = d.generated(DUPLICATE_ACK, tvb, 0, 0, Value::None);
        d.text(item, || "[This is a TCP duplicate ack]".to_owned());
    }
    d.close();
    if let Some((number, frame)) = duplicate {
        d.generated(DUPLICATE_ACK_NUM, tvb, 0, 0, Value::Uint(number.into()));
        d.generated(DUPLICATE_ACK_FRAME, tvb, 0, 0, Value::Uint(frame));
        d.within(|d| d.expert_with(DUPLICATE_ACK, tvb, 0, 0, || format!("Duplicate ACK (#{number})")));
    }
}

/// Which repetition the acknowledgment is, and of which frame's.
fn duplicate(d: &mut Dissector<'_>) -> Option<(u32, u64)> {
    let here = d.occurrence(ProtoId::Tcp);
    d.peek_fact(|fact| match *fact {
        Fact::TcpDuplicate { layer, number, frame } if layer == here => Some((number, frame)),
        _ => None,
    })
}
