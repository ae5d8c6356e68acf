//! What a segment carries: messages that lie in it, begin in it or end in it, and who takes them.

use std::sync::Arc;

use smallvec::SmallVec;

use super::analysis::{FIN, finding};
use super::fields::*;
use super::reassembly::{Extent, Lead, Seen, Start, Whole};
use super::{BODILESS, Header, Known};
use crate::bindings::{self, Table};
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::FieldId;
use crate::proto::udp::octets;
use crate::proto::ws;
use crate::registry::{self, Framing, ProtoId};
use crate::tvb::Tvb;
use crate::value::Value;

/// Messages that lie side by side in a run of octets, and what is left behind them.
struct Split {
    /// Where each begins and how many octets it has.
    messages: SmallVec<[(usize, usize); 4]>,
    /// Where one begins that ends elsewhere.
    tail: Option<(usize, Extent)>,
    /// Where octets begin that are not the protocol's.
    foreign: Option<usize>,
}

/// Finds the messages of `child` in `tvb`.
fn split(child: ProtoId, tvb: Tvb<'_>, is_bodiless: bool) -> Split {
    let mut split = Split { messages: SmallVec::new(), tail: None, foreign: None };
    if registry::protocol(child).framing.is_none() {
        split.messages.push((0, tvb.reported()));
        return split;
    }
    let mut at = 0;
    while at < tvb.reported() {
        let rest = tvb.from(at);
        if rest.bytes().is_empty() && at > 0 {
            return split;
        }
        match registry::frame(child, rest.bytes(), is_bodiless) {
            // What takes all that was captured goes on to the end of what was not.
            Framing::Message(len) if len == rest.len() && !rest.is_whole() => {
                split.messages.push((at, rest.reported()));
                return split;
            }
            Framing::Message(len) if len <= rest.reported() => {
                split.messages.push((at, len.max(1)));
                at += len.max(1);
            }
            // Cut by the snap length: there is no putting together, only what is there.
            _ if !rest.is_whole() => {
                split.messages.push((at, rest.reported()));
                return split;
            }
            Framing::Message(len) => {
                split.tail = Some((at, Extent::Known(u32::try_from(len).unwrap_or(u32::MAX))));
                return split;
            }
            Framing::More(_) => {
                split.tail = Some((at, Extent::NextSegment));
                return split;
            }
            Framing::UntilEnd => {
                split.tail = Some((at, Extent::UntilEnd));
                return split;
            }
            Framing::Foreign => {
                split.foreign = Some(at);
                return split;
            }
        }
    }
    split
}

/// The protocols that the ports belong to, the lower port's first.
fn bound(d: &Dissector<'_>) -> impl Iterator<Item = ProtoId> + use<> {
    let (src, dst) = (d.endpoints.src_port, d.endpoints.dst_port);
    let ports = bindings::in_order(Table::TcpPort, src, dst).into_iter().filter(|port| *port != 0);
    ports.filter_map(|port| bindings::by_number(Table::TcpPort, port))
}

/// Whether a later segment may tell whose the octets of this one are.
pub(super) fn may_be_recognised_later(d: &Dissector<'_>) -> bool {
    let mut bound = bound(d).peekable();
    match bound.peek() {
        Some(_) => bound.any(|id| registry::protocol(id).keeps_streams && d.wants_proto(id)),
        None => d.wants_proto(ProtoId::Tls),
    }
}

/// The fields that putting messages together shows.
const OF_MESSAGES: [FieldId; 10] = [
    SEGMENTS,
    SEGMENT,
    SEGMENT_OVERLAP,
    SEGMENT_OVERLAP_CONFLICT,
    SEGMENT_COUNT,
    SEGMENT_DATA,
    REASSEMBLED_IN,
    REASSEMBLED_LENGTH,
    REASSEMBLED_DATA,
    PDU_SIZE,
];

/// Whether anybody will look at messages: a protocol that TCP may carry, or the segments that they come in.
fn wants_messages(d: &Dissector<'_>) -> bool {
    d.wants_child_of(ProtoId::Tcp) || OF_MESSAGES.into_iter().any(|field| d.wants(field) || d.wants_fact(field))
}

/// Who takes a stream's octets: whom it belongs to, else to whom a port belongs, the lower one first, else who knows them
/// by their looks.
fn taker(d: &Dissector<'_>, tvb: Tvb<'_>, known: Option<&Known>) -> Option<ProtoId> {
    let claimed = known.and_then(|known| known.child);
    let accepts = |id: &ProtoId| {
        let keeps = || claimed == Some(*id) || known.is_some_and(|known| known.stream.speaks(*id, d.packet.number));
        registry::protocol(*id).accepts.is_none_or(|accepts| accepts(d, tvb))
            || registry::protocol(*id).keeps_streams && keeps()
    };
    claimed
        .into_iter()
        .chain(bound(d))
        .find(accepts)
        .or_else(|| Some(ProtoId::Tls).filter(|_| becomes_tls(d, known)).filter(accepts))
        .or_else(|| bindings::TCP_HEURISTICS.iter().find(|(_, looks_like)| looks_like(d, tvb)).map(|(id, _)| *id))
}

/// Whether the second pass knows that the connection goes on with TLS: then it is its from the beginning.
fn becomes_tls(d: &Dissector<'_>, known: Option<&Known>) -> bool {
    d.peek_flows().is_none() && known.is_some_and(|known| known.stream.is_of(ProtoId::Tls))
}

/// Hands octets that are no part of a known stream to who takes them.
pub(super) fn hand_on<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let child = taker(d, tvb, None).unwrap_or(ProtoId::Data);
    d.call(child, tvb);
}

fn found(known: Option<&Known>, findings: u32) -> bool {
    known.is_some_and(|known| known.found(findings))
}

/// Finds out in the first pass whether the payload goes on with a message, and keeps that.
fn lead<'a>(d: &mut Dissector<'a>, payload: Tvb<'a>, header: &Header, known: Option<&Known>) {
    let Header { endpoints, layer, .. } = *header;
    let frame = d.packet.number;
    let Some(flows) = d.flows().filter(|_| payload.is_whole()) else {
        return;
    };
    let seen = if found(known, finding::RETRANSMISSION) {
        Seen::Repeated
    } else if found(known, finding::SPURIOUS_RETRANSMISSION) {
        Seen::Acknowledged
    } else if found(known, finding::REPEATED) {
        Seen::Late
    } else {
        Seen::New
    };
    match flows.tcp.lead(endpoints, frame, header.seq, payload.bytes(), seen) {
        Lead::Nothing => {}
        Lead::Repeated => d.record(Fact::TcpRepeated { layer, overlaps: false }),
        Lead::Overlaps => d.record(Fact::TcpRepeated { layer, overlaps: true }),
        Lead::Goes { len, child, whole, begun } => {
            complete(d, layer, whole.as_deref());
            if let Some(begun) = begun {
                d.amend(begun, Fact::TcpIn { layer, frame, is_tail: true });
            }
            d.record(Fact::TcpLead { layer, child, len, whole });
        }
    }
}

/// Tells the frames that a message's octets came in where it is complete.
fn complete(d: &mut Dissector<'_>, layer: u8, whole: Option<&Whole>) {
    let here = d.packet.number;
    for piece in whole.into_iter().flat_map(|whole| &whole.pieces).filter(|piece| piece.frame != here) {
        d.amend(piece.frame, Fact::TcpIn { layer, frame: here, is_tail: piece.start == 0 });
    }
}

fn led(d: &mut Dissector<'_>, here: u8) -> Option<(ProtoId, usize, Option<Arc<Whole>>)> {
    d.fact(|fact| match fact {
        Fact::TcpLead { layer, child, len, whole } if *layer == here => Some((*child, *len as usize, whole.clone())),
        _ => None,
    })
}

/// Shows what a segment of a known connection carries and hands it on. Closes TCP's item.
pub(super) fn show<'a>(d: &mut Dissector<'a>, payload: Tvb<'a>, header: &Header, known: Option<&Known>) {
    if !wants_messages(d) {
        d.close();
        return;
    }
    lead(d, payload, header, known);
    let here = header.layer;
    let is_seen = d.fact(|fact| match *fact {
        Fact::TcpRepeated { layer, overlaps } if layer == here => Some(overlaps),
        _ => None,
    });
    match is_seen {
        Some(true) => {
            d.close();
            ws::note_reassembly(d, payload, "TCP", "New fragment overlaps old data (retransmission?)");
            return;
        }
        Some(false) => {
            segment_data(d, payload, "Retransmitted TCP segment data");
            d.close();
            return;
        }
        None => {}
    }
    let lead = led(d, header.layer);
    if lead.is_none() && payload.reported() == 1 && found(known, finding::KEEP_ALIVE) {
        // Its one octet means nothing (RFC 9293, 3.8.4).
        d.close();
        d.call(ProtoId::Data, payload);
        return;
    }
    let at = lead.as_ref().map_or(0, |lead| lead.1);
    // What repeats or overtakes would only confuse who reads the stream.
    let is_mute = found(known, finding::REPEATED);
    let rest = payload.from(at);
    let child = if rest.is_empty() || is_mute { None } else { Some(taker(d, rest, known).unwrap_or(ProtoId::Data)) };
    let is_bodiless = found(known, BODILESS);
    let rest_split = child.map(|child| split(child, rest, is_bodiless));

    let whole = lead.as_ref().and_then(|(child, _, whole)| Some((*child, whole.clone()?)));
    let whole = whole.map(|(child, whole)| {
        let source = d.add_source(&whole.bytes, "Reassembled TCP");
        (child, source, split(child, source, is_bodiless), whole)
    });
    if !is_mute {
        for (child, split) in whole.iter().map(|w| (w.0, &w.2)).chain(child.zip(rest_split.as_ref())) {
            sizes(d, payload, child, split);
        }
    }
    if let Some((_, len, whole)) = &lead {
        if whole.is_none() {
            shown_in(d, payload, here, false);
        }
        segment_data(d, payload.sub(0, *len), "TCP segment data");
    }
    if let Some((tail, _)) = rest_split.as_ref().and_then(|split| split.tail) {
        shown_in(d, rest, here, true);
        segment_data(d, rest.from(tail), "TCP segment data");
    }
    let is_silent = rest_split.as_ref().is_none_or(|split| split.messages.is_empty() && split.foreign.is_none());
    if is_silent && whole.is_none() && !is_mute {
        d.append_info(|| " [TCP segment of a reassembled PDU]".to_owned());
    }
    d.close();

    if let Some((child, source, split, whole)) = whole {
        segments(d, source, &whole);
        if !is_mute {
            messages(d, source, receiver(child, known), &split);
        }
    }
    if let Some((child, split)) = child.zip(rest_split) {
        messages(d, rest, receiver(child, known), &split);
        if let Some((tail, extent)) = split.tail {
            let (endpoints, frame) = (header.endpoints, d.packet.number);
            let seq = header.seq.wrapping_add((at + tail) as u32);
            if let Some(flows) = d.flows() {
                flows.tcp.begin(endpoints, frame, seq, rest.from(tail).bytes(), Start { child, extent, is_bodiless });
            }
        }
    }
}

/// Who gets the messages of a protocol.
fn receiver(child: ProtoId, known: Option<&Known>) -> ProtoId {
    known.filter(|known| known.child == Some(child)).and_then(|known| known.via).unwrap_or(child)
}

/// Ends what lasts until the connection does.
pub(super) fn close<'a>(d: &mut Dissector<'a>, header: &Header) {
    if !header.has(FIN) {
        return;
    }
    let Header { endpoints, layer, .. } = *header;
    if let Some((child, whole)) = d.flows().and_then(|flows| flows.tcp.end(endpoints)) {
        complete(d, layer, Some(&whole));
        d.record(Fact::TcpLead { layer, child, len: 0, whole: Some(whole) });
    }
    if let Some((child, _, Some(whole))) = led(d, header.layer) {
        let source = d.add_source(&whole.bytes, "Reassembled TCP");
        segments(d, source, &whole);
        d.call(child, source);
    }
}

/// Shows in which frame the message is complete that goes on in the segment or ends with it as its tail.
fn shown_in<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, here: u8, tail: bool) {
    let frame = d.fact(|fact| match *fact {
        Fact::TcpIn { layer, frame, is_tail } if layer == here && is_tail == tail => Some(frame),
        _ => None,
    });
    if let Some(frame) = frame {
        d.generated(REASSEMBLED_IN, tvb, 0, 0, Value::Uint(frame));
    }
}

fn segment_data<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, name: &'static str) {
    let item = d.bytes(SEGMENT_DATA, tvb, 0, tvb.len());
    d.text(item, || format!("{name} ({})", octets(tvb.len())));
}

fn sizes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, child: ProtoId, split: &Split) {
    if registry::protocol(child).is_counted && d.wants(PDU_SIZE) {
        for (_, len) in &split.messages {
            d.generated(PDU_SIZE, tvb, 0, 0, Value::Uint(*len as u64));
        }
    }
}

fn messages<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, child: ProtoId, split: &Split) {
    d.begin_run();
    for (at, len) in &split.messages {
        d.call(child, tvb.sub(*at, *len));
    }
    if let Some(at) = split.foreign {
        d.call(ProtoId::Data, tvb.from(at));
    }
}

/// Shows which segments a message was put together from.
fn segments<'a>(d: &mut Dissector<'a>, source: Tvb<'a>, whole: &Whole) {
    if !d.wants_own() {
        return;
    }
    let (count, len) = (whole.pieces.len(), source.reported());
    let item = d.open(SEGMENTS, source, 0, len, Value::None);
    d.mark_generated(item);
    d.text(item, || {
        let frames: Vec<String> = whole.pieces.iter().map(|piece| format!("#{}({})", piece.frame, piece.len)).collect();
        let s = if count == 1 { "" } else { "s" };
        format!("[{count} Reassembled TCP Segment{s} ({}): {}]", octets(len), frames.join(", "))
    });
    for piece in &whole.pieces {
        let (start, len) = (piece.start as usize, piece.len as usize);
        let item = d.generated(SEGMENT, source, start, len, Value::Uint(piece.frame));
        d.text(item, || {
            let end = (start + len).saturating_sub(1);
            format!("[Frame: {}, payload: {start}-{end} ({})]", piece.frame, octets(len))
        });
        d.within(|d| {
            for (is_so, field) in [(piece.overlaps, SEGMENT_OVERLAP), (piece.conflicts, SEGMENT_OVERLAP_CONFLICT)] {
                if is_so {
                    d.generated(field, source, start, len, Value::Uint(1));
                }
            }
        });
    }
    d.generated(SEGMENT_COUNT, source, 0, 0, Value::Uint(count as u64));
    d.generated(REASSEMBLED_LENGTH, source, 0, 0, Value::Uint(len as u64));
    let item = d.bytes(REASSEMBLED_DATA, source, 0, len);
    d.mark_generated(item);
    d.close();
}
