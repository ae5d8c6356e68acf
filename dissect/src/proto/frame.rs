//! The frame: what the capture itself says of a packet, and the way into its link layer.

use crate::bindings::Table;
use crate::dissector::{Dissector, Item};
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Frame, "frame", "Frame";
    SECTION_NUMBER = field("frame.section_number", "Section number", Uint32, Dec);
    INTERFACE_ID = field("frame.interface_id", "Interface id", Uint32, Dec);
    INTERFACE_NAME = field("frame.interface_name", "Interface name", String, None);
    INTERFACE_DESCRIPTION = field("frame.interface_description", "Interface description", String, None);
    ENCAP_TYPE = field("frame.encap_type", "Encapsulation type", Int16, Dec).names(Names::Values(ENCAPSULATIONS));
    TIME = field("frame.time", "Arrival Time", AbsoluteTime, None);
    OFFSET_SHIFT = field("frame.offset_shift", "Time shift for this packet", RelativeTime, None);
    TIME_EPOCH = field("frame.time_epoch", "Epoch Time", RelativeTime, None);
    TIME_DELTA = field("frame.time_delta", "Time delta from previous captured frame", RelativeTime, None);
    TIME_DELTA_DISPLAYED = field("frame.time_delta_displayed", "Time delta from previous displayed frame", RelativeTime, None);
    TIME_RELATIVE = field("frame.time_relative", "Time since reference or first frame", RelativeTime, None);
    NUMBER = field("frame.number", "Frame Number", Uint32, Dec);
    LEN = field("frame.len", "Frame Length", Uint32, Dec);
    CAP_LEN = field("frame.cap_len", "Capture Length", Uint32, Dec);
    MARKED = field("frame.marked", "Frame is marked", Boolean, None);
    IGNORED = field("frame.ignored", "Frame is ignored", Boolean, None);
    PROTOCOLS = field("frame.protocols", "Protocols in frame", String, None).told_later();
    COMMENT = field("frame.comment", "Comment", String, None);
    LEN_LT_CAPLEN = expert("frame.len_lt_caplen", "Frame length is less than captured length", Error, Malformed);
}

/// Wireshark's encapsulation numbers (`frame.encap_type`) of the link types that are taken apart.
const ENCAPSULATIONS: &[(u64, &str)] = &[
    (1, "Ethernet"),
    (4, "PPP"),
    (7, "Raw IP"),
    (15, "NULL/Loopback"),
    (20, "IEEE 802.11 Wireless LAN"),
    (23, "IEEE 802.11 plus radiotap radio header"),
    (25, "Linux cooked-mode capture v1"),
    (98, "Extensible Record Format"),
    (104, "IEEE 802.15.4 Wireless PAN"),
    (129, "Raw IPv4"),
    (130, "Raw IPv6"),
    (174, "OpenBSD loopback"),
    (210, "Linux cooked-mode capture v2"),
];

/// From LINKTYPE_ values to those numbers.
const ENCAPSULATION_OF: &[(u16, i64)] = &[
    (0, 15),
    (1, 1),
    (9, 4),
    (12, 7),
    (14, 7),
    (50, 4),
    (101, 7),
    (105, 20),
    (108, 174),
    (113, 25),
    (127, 23),
    (195, 104),
    (197, 98),
    (228, 129),
    (229, 130),
    (276, 210),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::LinkType],
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 1, frames: &["ffffffffffff 000102030405 88b6 00"] }],
    ..Protocol::new(ProtoId::Frame, "Frame", &[], dissect)
};

/// Whether a field of the frame can be told only when all layers have been seen.
pub(crate) fn needs_all_layers(field: FieldId) -> bool {
    field == PROTOCOLS
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if d.wants_own() {
        show(d, tvb);
    }
    if !d.call_by_number(Table::LinkType, d.packet.link_type, tvb) {
        d.call(ProtoId::Data, tvb);
    }
    Ok(())
}

fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let packet = d.packet;
    let cap_len = packet.bytes.len() as u64;
    let bits = |octets: u64| format!("{octets} bytes ({} bits)", octets * 8);
    let item = d.open(PROTO, tvb, 0, tvb.len(), Value::Bytes);
    d.text(item, || {
        let on = match packet.interface_name {
            Some(name) => format!(" on interface {name}, id {}", packet.interface),
            None => String::new(),
        };
        format!(
            "Frame {}: {} bytes on wire ({} bits), {cap_len} bytes captured ({} bits){on}",
            packet.number,
            packet.orig_len,
            u64::from(packet.orig_len) * 8,
            cap_len * 8
        )
    });
    if let Some(name) = packet.interface_name {
        d.add(SECTION_NUMBER, tvb, 0, 0, Value::Uint(1));
        let line = d.open(INTERFACE_ID, tvb, 0, 0, Value::Uint(packet.interface.into()));
        d.append_text(line, || format!(" ({name})"));
        if d.wants(INTERFACE_NAME) {
            d.add(INTERFACE_NAME, tvb, 0, 0, Value::String(name.into()));
        }
        if let Some(description) = packet.interface_description
            && d.wants(INTERFACE_DESCRIPTION)
        {
            d.add(INTERFACE_DESCRIPTION, tvb, 0, 0, Value::String(description.into()));
        }
        d.close();
    }
    if d.wants(ENCAP_TYPE) {
        let known = ENCAPSULATION_OF.iter().find(|row| row.0 == packet.link_type);
        d.add(ENCAP_TYPE, tvb, 0, 0, Value::Int(known.map_or(0, |row| row.1)));
    }
    if packet.has_time {
        times(d, tvb);
    }
    d.add(NUMBER, tvb, 0, 0, Value::Uint(packet.number));
    let line = d.open(LEN, tvb, 0, 0, Value::Uint(packet.orig_len.into()));
    d.text(line, || format!("Frame Length: {}", bits(packet.orig_len.into())));
    if u64::from(packet.orig_len) < cap_len && line != Item::NONE {
        d.expert(LEN_LT_CAPLEN, tvb, 0, 0);
    }
    d.close();
    let line = d.add(CAP_LEN, tvb, 0, 0, Value::Uint(cap_len));
    d.text(line, || format!("Capture Length: {}", bits(cap_len)));
    d.generated(MARKED, tvb, 0, 0, Value::Uint(0));
    d.generated(IGNORED, tvb, 0, 0, Value::Uint(0));
    // Its place in the tree is here; its value is known when all layers have been seen.
    d.generated(PROTOCOLS, tvb, 0, 0, Value::None);
    if let Some(comment) = packet.comment
        && d.wants(COMMENT)
    {
        d.add(COMMENT, tvb, 0, 0, Value::String(comment.into()));
    }
    d.close();
}

fn times<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let packet = d.packet;
    d.add(TIME, tvb, 0, 0, Value::Time(packet.time));
    d.generated(OFFSET_SHIFT, tvb, 0, 0, Value::Time(0));
    d.add(TIME_EPOCH, tvb, 0, 0, Value::Time(packet.time));
    let displayed = packet.time_displayed.unwrap_or(packet.time);
    for (field, since) in
        [(TIME_DELTA, packet.time_previous), (TIME_DELTA_DISPLAYED, displayed), (TIME_RELATIVE, packet.time_first)]
    {
        d.generated(field, tvb, 0, 0, Value::Time(packet.time.saturating_sub(since)));
    }
}

/// Fills in what only the whole frame tells.
pub(crate) fn close(d: &mut Dissector<'_>) {
    if d.wants(PROTOCOLS) {
        let names = d.layer_names().join(":");
        d.fill(PROTOCOLS, Value::String(names.into()));
    }
}
