//! Real-time facsimile over UDPTL (ITU-T T.38), where both sides agreed on it, and the frames of T.30 that it carries.
//!
//! Where it differs from Wireshark on purpose stands in `dissect/DIFFERENCES.md`.

pub(crate) mod packet;
pub(crate) mod pages;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::bindings::Binding;
use crate::conversation::Key;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::proto::{rtp, udp};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::udptl_stream;
use crate::value::Value;
use packet::{Ifp, Item, Kind, Packet, Recovery};
pub(crate) use pages::Faxes;
use pages::{Whole, field};

fields! { T38, "t38", "ITU-T Recommendation T.38";
    SETUP = field("t38.setup", "Stream setup", String, None);
    SETUP_FRAME = field("t38.setup-frame", "Stream frame", FrameNum, None);
    SETUP_METHOD = field("t38.setup-method", "Stream Method", String, None);
    UDPTL = field("t38.UDPTLPacket_element", "UDPTLPacket", None, None);
    SEQ_NUMBER = field("t38.seq_number", "seq-number", Uint32, Dec);
    PRIMARY = field("t38.primary_ifp_packet_element", "primary-ifp-packet", None, None);
    TYPE_OF_MSG = field("t38.type_of_msg", "type-of-msg", Uint32, Dec).names(Names::Values(TYPES));
    T30_INDICATOR = field("t38.t30_indicator", "t30-indicator", Uint32, Dec).names(Names::Values(INDICATORS));
    T30_DATA = field("t38.t30_data", "t30-data", Uint32, Dec).names(Names::Values(MODULATIONS));
    DATA_FIELD = field("t38.data_field", "data-field", Uint32, Dec);
    DATA_FIELD_ITEM = field("t38.Data_Field_item_element", "Data-Field item", None, None);
    FIELD_TYPE = field("t38.field_type", "field-type", Uint32, Dec).names(Names::Values(FIELD_TYPES));
    FIELD_DATA = field("t38.field_data", "field-data", Bytes, None);
    ERROR_RECOVERY = field("t38.error_recovery", "error-recovery", Uint32, Dec).names(Names::Values(RECOVERIES));
    SECONDARY = field("t38.secondary_ifp_packets", "secondary-ifp-packets", Uint32, Dec);
    SECONDARY_ITEM = field("t38.secondary_ifp_packets_item_element", "secondary-ifp-packets item", None, None);
    FEC_INFO = field("t38.fec_info_element", "fec-info", None, None);
    FEC_NPACKETS = field("t38.fec_npackets", "fec-npackets", Int32, Dec);
    FEC_DATA = field("t38.fec_data", "fec-data", Uint32, Dec);
    FEC_DATA_ITEM = field("t38.fec_data_item", "fec-data item", Bytes, None);
    FRAGMENTS = field("t38.fragments", "Message fragments", None, None);
    FRAGMENT = field("t38.fragment", "Message fragment", FrameNum, None);
    FRAGMENT_COUNT = field("t38.fragment.count", "Message fragment count", Uint32, Dec);
    REASSEMBLED_IN = field("t38.reassembled.in", "Reassembled in", FrameNum, None);
    REASSEMBLED_LENGTH = field("t38.reassembled.length", "Reassembled T38 length", Uint32, Dec);
    MALFORMED = expert("t38.malformed", "[MALFORMED PACKET or wrong preference settings]", Error, Malformed);
}

const TYPES: &[(u64, &str)] = &[(0, "t30-indicator"), (1, "t30-data")];

/// T.38, table 3.
pub const INDICATORS: &[(u64, &str)] = &[
    (0, "no-signal"),
    (1, "cng"),
    (2, "ced"),
    (3, "v21-preamble"),
    (4, "v27-2400-training"),
    (5, "v27-4800-training"),
    (6, "v29-7200-training"),
    (7, "v29-9600-training"),
    (8, "v17-7200-short-training"),
    (9, "v17-7200-long-training"),
    (10, "v17-9600-short-training"),
    (11, "v17-9600-long-training"),
    (12, "v17-12000-short-training"),
    (13, "v17-12000-long-training"),
    (14, "v17-14400-short-training"),
    (15, "v17-14400-long-training"),
    (16, "v8-ansam"),
    (17, "v8-signal"),
    (18, "v34-cntl-channel-1200"),
    (19, "v34-pri-channel"),
    (20, "v34-CC-retrain"),
    (21, "v33-12000-training"),
    (22, "v33-14400-training"),
];

/// T.38, table 4.
pub const MODULATIONS: &[(u64, &str)] = &[
    (0, "v21"),
    (1, "v27-2400"),
    (2, "v27-4800"),
    (3, "v29-7200"),
    (4, "v29-9600"),
    (5, "v17-7200"),
    (6, "v17-9600"),
    (7, "v17-12000"),
    (8, "v17-14400"),
    (9, "v8"),
    (10, "v34-pri-rate"),
    (11, "v34-CC-1200"),
    (12, "v34-pri-ch"),
    (13, "v33-12000"),
    (14, "v33-14400"),
];

/// T.38, table 5.
const FIELD_TYPES: &[(u64, &str)] = &[
    (0, "hdlc-data"),
    (1, "hdlc-sig-end"),
    (2, "hdlc-fcs-OK"),
    (3, "hdlc-fcs-BAD"),
    (4, "hdlc-fcs-OK-sig-end"),
    (5, "hdlc-fcs-BAD-sig-end"),
    (6, "t4-non-ecm-data"),
    (7, "t4-non-ecm-sig-end"),
    (8, "cm-message"),
    (9, "jm-message"),
    (10, "ci-message"),
    (11, "v34rate"),
];

const RECOVERIES: &[(u64, &str)] = &[(0, "secondary-ifp-packets"), (1, "fec-info")];

/// How many octets of a data field stand in the Info column.
const SHOWN_OCTETS: usize = 7;

/// INVITE and 200 OK with T.38 at 10.0.0.1:4000 and 10.0.0.2:5000.
pub(crate) const CALL: [&str; 2] = [
    "4500012c00010000401100000a0000010a00000213c413c401180000494e56495445207369703a624062205349502f322e30 \
     0d0a5669613a205349502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f6d3a \
     203c7369703a6140613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a43616c6c2d49443a2063310d0a43536571 \
     3a203120494e564954450d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e74 \
     2d4c656e6774683a2038350d0a0d0a763d300d0a6f3d2d2031203120494e204950342031302e302e302e310d0a733d2d0d0a \
     633d494e204950342031302e302e302e310d0a743d3020300d0a6d3d696d616765203430303020756470746c207433380d0a",
    "4500012400010000401100000a0000020a00000113c413c4011000005349502f322e3020323030204f4b0d0a5669613a2053 \
     49502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f6d3a203c7369703a6140 \
     613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a43616c6c2d49443a2063310d0a435365713a203120494e5649 \
     54450d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e742d4c656e6774683a \
     2038350d0a0d0a763d300d0a6f3d2d2031203120494e204950342031302e302e302e320d0a733d2d0d0a633d494e20495034 \
     2031302e302e302e320d0a743d3020300d0a6d3d696d616765203530303020756470746c207433380d0a",
];

/// The call, then packets with secondary packets, with parities, with a frame in two pieces, and with octets too many.
const SAMPLE: &[&str] = &[
    CALL[0],
    CALL[1],
    "4500002200010000401100000a0000020a00000113880fa0000e0000000001040000",
    "4500002400010000401100000a0000020a00000113880fa0001000000001010000010104",
    "4500002900010000401100000a0000020a00000113880fa000150000000201008001030202010201aa",
    "4500002800010000401100000a0000020a00000113880fa000140000000307c001800001ffc80000",
    "4500002800010000401100000a0000020a00000113880fa000140000000407c00280000021400000",
    "4500002300010000401100000a0000020a00000113880fa0000f000000050100000061",
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    calls: &[ProtoId::T30],
    fed_by: &[ProtoId::Sdp],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::T38, "T.38", &[Binding::Media], dissect)
};

fn name(rows: &[(u64, &'static str)], value: u32) -> &'static str {
    rows.iter().find(|row| row.0 == u64::from(value)).map_or("<unknown>", |row| row.1)
}

/// How a UDPTL packet helps against loss, for [`udptl_stream`]; nothing for what is no UDPTL packet.
pub fn stream_packet(octets: &[u8], frame: u64, time: i64) -> Option<udptl_stream::Packet> {
    let (packet, _) = packet::read(Tvb::new(octets, octets.len(), 0));
    let sequence = packet.sequence.filter(|_| packet.primary.is_some())?;
    let recovery = match packet.recovery {
        Some(Recovery::Secondary { packets, .. }) if !packets.is_empty() => {
            udptl_stream::Recovery::Redundancy { packets: packets.len() as u16 }
        }
        Some(Recovery::Parity { packets: Some((span, _)), parities, .. }) => {
            udptl_stream::Recovery::Fec { packets: u16::try_from(span).unwrap_or(0), entries: parities.len() as u16 }
        }
        _ => udptl_stream::Recovery::None,
    };
    Some(udptl_stream::Packet { frame, time, sequence, recovery, octets: octets.len() as u32 })
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (packet, _) = packet::read(tvb);
    learn(d, tvb, &packet);
    if !d.wants_fields_of(ProtoId::T38) && !d.wants_fields_of(ProtoId::T30) && !d.wants_tree() {
        d.layer("t38");
        return Ok(());
    }
    d.set_protocol("T.38");
    d.set_info(|| "UDP: UDPTLPacket ".to_owned());
    d.begin(PROTO, tvb);
    if let Some((setup, _)) = udp::media(d) {
        rtp::show_setup(d, tvb, &setup, [SETUP, SETUP_FRAME, SETUP_METHOD]);
    }
    d.open(UDPTL, tvb, 0, packet.end, Value::None);
    if let Some(sequence) = packet.sequence {
        d.add(SEQ_NUMBER, tvb, 0, 2, Value::Uint(sequence.into()));
        d.append_info(|| format!("Seq={sequence:05} "));
    }
    if let Some(primary) = &packet.primary {
        d.open(PRIMARY, tvb, primary.span.start, primary.span.len(), Value::None);
        ifp(d, tvb, primary, true);
        d.close();
    }
    recovery(d, tvb, &packet);
    d.close();
    if let Some(stop) = packet.stop {
        return Err(stop);
    }
    if packet.end < tvb.reported() {
        d.expert(MALFORMED, tvb, packet.end, tvb.reported() - packet.end);
        d.append_info(|| " [Malformed?]".to_owned());
    }
    d.close();
    Ok(())
}

/// In the first pass: puts the pieces together that the packet, and packets that it repeats after a loss, bring.
fn learn<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, packet: &Packet) {
    let (key, frame, layer) = (Key(d.endpoints), d.packet.number, d.occurrence(ProtoId::Udp));
    let (Some(sequence), Some(primary)) = (packet.sequence, &packet.primary) else { return };
    let Some(faxes) = d.flows().map(|flows| &mut flows.faxes) else { return };
    let Some(missing) = faxes.next(key, sequence) else { return };
    let mut found: Vec<(u8, Arc<Whole>)> = Vec::new();
    let octets = tvb.bytes();
    let mut take = |ifp: &Ifp, sequence: u16, is_primary: bool| {
        for (place, item) in ifp.items.iter().enumerate() {
            let data = item.data.clone().and_then(|data| octets.get(data)).unwrap_or_default();
            if let Some(whole) = faxes.take(key, sequence, frame, item.kind, data) {
                // What a repeated packet completes is shown at no item of this one.
                found.push((if is_primary { place.min(254) as u8 } else { u8::MAX }, whole));
            }
        }
    };
    if missing > 0
        && let Some(Recovery::Secondary { packets, .. }) = &packet.recovery
    {
        for back in (1..=packets.len().min(missing.into())).rev() {
            if let Some(ifp) = packets.get(back - 1) {
                take(ifp, sequence.wrapping_sub(back as u16), false);
            }
        }
    }
    take(primary, sequence, true);
    for (item, whole) in found {
        let mut last = 0;
        for (piece, _) in &whole.pieces {
            if *piece != frame && *piece != last {
                d.amend(*piece, Fact::FaxIn { layer, frame });
            }
            last = *piece;
        }
        d.record(Fact::FaxWhole { layer, item, whole });
    }
}

/// What the item at `place` of the primary packet completes.
fn completed(d: &Dissector<'_>, place: usize) -> Option<Arc<Whole>> {
    let here = d.occurrence(ProtoId::Udp);
    d.peek_fact(|fact| match fact {
        Fact::FaxWhole { layer, item, whole } if *layer == here && usize::from(*item) == place => Some(whole.clone()),
        _ => None,
    })
}

fn completed_in(d: &Dissector<'_>) -> Option<u64> {
    let here = d.occurrence(ProtoId::Udp);
    d.peek_fact(|fact| match fact {
        Fact::FaxIn { layer, frame } if *layer == here => Some(*frame),
        _ => None,
    })
}

fn ifp<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, ifp: &Ifp, is_primary: bool) {
    let (start, len) = (ifp.span.start, ifp.span.len());
    let Some(kind) = ifp.kind else { return };
    let (choice, field, rows, value) = match kind {
        Kind::Indicator(value) => (0, T30_INDICATOR, INDICATORS, value),
        Kind::Data(value) => (1, T30_DATA, MODULATIONS, value),
    };
    d.open(TYPE_OF_MSG, tvb, start, len, Value::Uint(choice));
    d.add(field, tvb, start, 1, Value::Uint(value.into()));
    d.close();
    if is_primary {
        d.append_info(|| match kind {
            Kind::Indicator(_) => format!(" t30ind: {}", name(rows, value)),
            Kind::Data(_) => format!(" data:{}:", name(rows, value)),
        });
    }
    let Some(count) = ifp.count else { return };
    let item =
        d.open(DATA_FIELD, tvb, ifp.count_at, ifp.span.end.saturating_sub(ifp.count_at), Value::Uint(count as u64));
    d.text(item, || format!("data-field: {}", items(count)));
    for (place, item) in ifp.items.iter().enumerate() {
        let end = item.data.as_ref().map_or(item.at + 1, |data| data.end);
        d.open_text(tvb, item.at, end - item.at, || format!("Item {place}"));
        d.open(DATA_FIELD_ITEM, tvb, item.at, end - item.at, Value::None);
        data_field(d, tvb, item, place, ifp, is_primary);
        d.close();
        d.close();
    }
    d.close();
}

fn items(count: usize) -> String {
    format!("{count} item{}", if count == 1 { "" } else { "s" })
}

/// One data field, and what it completes.
fn data_field<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, item: &Item, place: usize, ifp: &Ifp, is_primary: bool) {
    d.add(FIELD_TYPE, tvb, item.at, 1, Value::Uint(item.kind.into()));
    if !is_primary {
        if let Some(data) = &item.data {
            d.bytes(FIELD_DATA, tvb, data.start, data.len());
        }
        return;
    }
    d.append_info(|| format!(" {}", name(FIELD_TYPES, item.kind)));
    let is_piece = matches!(item.kind, field::HDLC_DATA | field::T4_DATA);
    if !is_piece && let Some(whole) = completed(d, place) {
        fragments(d, tvb, &whole);
        if whole.is_page {
            d.append_info(|| match whole.lost {
                0 => " (t4-data Reassembled: No packet lost)".to_owned(),
                lost => format!(" (t4-data Reassembled: Pack lost: {lost}, Pack burst lost: {})", whole.lost_in_row),
            });
        } else {
            d.append_info(|| " (HDLC Reassembled:".to_owned());
            let octets = d.add_source(&whole.octets, "Reassembled T38");
            d.call_within(ProtoId::T30, octets);
            d.append_info(|| ")".to_owned());
        }
    }
    if let Some(data) = &item.data {
        d.bytes(FIELD_DATA, tvb, data.start, data.len());
        d.append_info(|| {
            let octets = tvb.bytes().get(data.clone()).unwrap_or_default();
            let hex: String = octets.iter().take(SHOWN_OCTETS).map(|octet| format!("{octet:02x}")).collect();
            let more = if octets.len() > SHOWN_OCTETS { "..." } else { "" };
            format!("[{hex}{more}]")
        });
    }
    if is_piece {
        if let Some(frame) = completed_in(d) {
            d.generated(REASSEMBLED_IN, tvb, item.at, 0, Value::Uint(frame));
        } else if let Some(whole) = (place + 1..ifp.items.len()).find_map(|later| completed(d, later)) {
            // The rest of it stands in the same packet.
            fragments(d, tvb, &whole);
        } else if item.kind == field::HDLC_DATA {
            let before = ifp.items.iter().take(place).filter(|item| item.kind == field::HDLC_DATA).count();
            d.append_info(|| format!(" (HDLC fragment {})", before + 1));
        }
    }
}

/// The pieces of a frame of HDLC or of a page.
fn fragments<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, whole: &Whole) {
    let total = whole.len();
    let item = d.open(FRAGMENTS, tvb, 0, 0, Value::None);
    d.mark_generated(item);
    d.text(item, || {
        let list: Vec<_> = whole.pieces.iter().map(|(frame, len)| format!("#{frame}({len})")).collect();
        format!("[{} Message fragments ({}): {}]", whole.pieces.len(), udp::octets(total as usize), list.join(", "))
    });
    let mut at = 0;
    for (frame, len) in &whole.pieces {
        let item = d.generated(FRAGMENT, tvb, 0, 0, Value::Uint(*frame));
        d.text(item, || match len {
            0 => format!("[Frame: {frame} (no data)]"),
            _ => format!("[Frame: {frame}, payload: {at}-{} ({})]", at + len - 1, udp::octets(*len as usize)),
        });
        at += len;
    }
    d.generated(FRAGMENT_COUNT, tvb, 0, 0, Value::Uint(whole.pieces.len() as u64));
    d.generated(REASSEMBLED_LENGTH, tvb, 0, 0, Value::Uint(total.into()));
    d.close();
}

fn recovery<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, packet: &Packet) {
    match &packet.recovery {
        None => {}
        Some(Recovery::Secondary { count, at, packets }) => {
            let len = packet.end.saturating_sub(*at);
            d.open(ERROR_RECOVERY, tvb, *at, len, Value::Uint(0));
            let item = d.open(SECONDARY, tvb, *at, len, Value::Uint(*count as u64));
            d.text(item, || format!("secondary-ifp-packets: {}", items(*count)));
            for (place, secondary) in packets.iter().enumerate() {
                let (start, len) = (secondary.span.start, secondary.span.len());
                d.open_text(tvb, start, len, || format!("Item {place}"));
                d.open(SECONDARY_ITEM, tvb, start, len, Value::None);
                ifp(d, tvb, secondary, false);
                d.close();
                d.close();
            }
            d.close();
            d.close();
        }
        Some(Recovery::Parity { at, packets, count, parities }) => {
            let len = packet.end.saturating_sub(*at);
            d.open(ERROR_RECOVERY, tvb, *at, len, Value::Uint(1));
            d.open(FEC_INFO, tvb, *at, len, Value::None);
            if let Some((packets, span)) = packets {
                d.add(FEC_NPACKETS, tvb, span.start, span.len(), Value::Int((*packets).into()));
            }
            if let Some((count, at)) = count {
                let item = d.open(FEC_DATA, tvb, *at, packet.end.saturating_sub(*at), Value::Uint(*count as u64));
                d.text(item, || format!("fec-data: {}", items(*count)));
                for (place, parity) in parities.iter().enumerate() {
                    d.open_text(tvb, parity.start, parity.len(), || format!("Item {place}"));
                    d.bytes(FEC_DATA_ITEM, tvb, parity.start, parity.len());
                    d.close();
                }
                d.close();
            }
            d.close();
            d.close();
        }
    }
}
