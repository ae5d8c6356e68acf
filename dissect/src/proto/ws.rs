//! What any layer may have: expert infos, lines of text, and the notes on packets cut short or malformed.

use crate::dissector::{Dissector, Item};
use crate::field::{FieldId, FieldType, Group, fields};
use crate::registry::{self, ProtoId, Protocol};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;
use crate::wanted::Wanted;

fields! { Ws, "_ws", "Wireshark's own";
    TEXT = field("text", "Text", None, None);
    EXPERT = field("_ws.expert", "Expert Info", Protocol, None).told_later();
    EXPERT_MESSAGE = field("_ws.expert.message", "Message", String, None).told_later();
    EXPERT_SEVERITY = field("_ws.expert.severity", "Severity level", Uint32, Dec).names(crate::field::Names::Values(SEVERITIES)).told_later();
    EXPERT_GROUP = field("_ws.expert.group", "Group", Uint32, Dec).names(crate::field::Names::Values(GROUPS)).told_later();
    MALFORMED = field("_ws.malformed", "Malformed Packet", Protocol, None);
    MALFORMED_EXPERT = expert("_ws.malformed.expert", "Malformed Packet (Exception occurred)", Error, Malformed);
    MALFORMED_REASSEMBLY = expert("_ws.malformed.reassembly", "Reassembly error", Error, Malformed);
    SHORT = field("_ws.short", "Short Frame", Protocol, None);
    UNREASSEMBLED = field("_ws.unreassembled", "Unreassembled Fragmented Packet", Protocol, None);
    TRAILING_STRAY_CHARACTERS = expert("_ws.string.trailing_stray_characters", "Trailing stray characters", Warning, Undecoded);
}

const SEVERITIES: &[(u64, &str)] = &[
    (0x0010_0000, "Comment"),
    (0x0020_0000, "Chat"),
    (0x0040_0000, "Note"),
    (0x0060_0000, "Warning"),
    (0x0080_0000, "Error"),
];

const GROUPS: &[(u64, &str)] = &[
    (0x0100_0000, "Checksum"),
    (0x0200_0000, "Sequence"),
    (0x0300_0000, "Response"),
    (0x0400_0000, "Request"),
    (0x0500_0000, "Undecoded"),
    (0x0600_0000, "Reassemble"),
    (0x0700_0000, "Malformed"),
    (0x0800_0000, "Debug"),
    (0x0900_0000, "Protocol"),
    (0x0a00_0000, "Security"),
    (0x0b00_0000, "Comment"),
    (0x0c00_0000, "Decryption"),
    (0x0d00_0000, "Assumption"),
    (0x0e00_0000, "Deprecated"),
];

pub(crate) static PROTOCOL: Protocol =
    Protocol { is_everywhere: true, ..Protocol::new(ProtoId::Ws, "_ws", &[], nothing) };

fn nothing<'a>(_: &mut Dissector<'a>, _: Tvb<'a>) -> Parsed {
    Ok(())
}

/// Notes why octets of several packets could not be put together.
pub(crate) fn note_reassembly<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, protocol: &str, why: &'static str) {
    let item = d.open(MALFORMED, tvb, 0, 0, Value::Bytes);
    d.text(item, || format!("[Reassembly error, protocol {protocol}: {why}]"));
    d.expert_with(MALFORMED_REASSEMBLY, tvb, 0, 0, || why.to_owned());
    d.close();
    d.append_info(|| format!("[Reassembly error, protocol {protocol}: {why}]"));
}

/// What stands behind the name of what is longer than what holds it.
const OVERRUN: &str = ": length of contained item exceeds length of containing item";

/// Notes why a protocol's parse function ended early, behind what it had added until then.
pub(crate) fn note<'a>(d: &mut Dissector<'a>, stop: Stop, tvb: Tvb<'a>, id: ProtoId) {
    note_named(d, stop, tvb, registry::protocol(id).short);
}

/// As [`note`], for a part of a protocol that has a name of its own.
pub(crate) fn note_named<'a>(d: &mut Dissector<'a>, stop: Stop, tvb: Tvb<'a>, short: &str) {
    // What an error quotes is a beginning: it ends where it ends.
    if d.is_quoted {
        return;
    }
    match stop {
        Stop::Short => {
            note_short(d, tvb, short);
        }
        // RFC 791, 3.2: the rest of the protocol is in the datagram's other fragments.
        Stop::Malformed | Stop::Overrun if d.is_fragment => {
            let item = d.add(UNREASSEMBLED, tvb, 0, 0, Value::Bytes);
            d.text(item, || format!("[Unreassembled Packet: {short}]"));
            d.append_info(|| "[Unreassembled Packet]".to_owned());
        }
        Stop::Malformed | Stop::Overrun => {
            let why = if stop == Stop::Overrun { OVERRUN } else { "" };
            let item = d.open(MALFORMED, tvb, 0, 0, Value::Bytes);
            d.text(item, || format!("[Malformed Packet: {short}{why}]"));
            d.expert(MALFORMED_EXPERT, tvb, 0, 0);
            d.close();
            d.append_info(|| format!("[Malformed Packet{why}]"));
        }
    }
}

/// Notes that the capture has no more of what `name` was to show.
pub(crate) fn note_short<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, name: &str) {
    let item = d.add(SHORT, tvb, 0, 0, Value::Bytes);
    d.text(item, || format!("[Packet size limited during capture: {name} truncated]"));
    d.append_info(|| "[Packet size limited during capture]".to_owned());
}

/// What every expert info shows beside its own field.
const ANY_EXPERT: [FieldId; 4] = [EXPERT, EXPERT_MESSAGE, EXPERT_SEVERITY, EXPERT_GROUP];

/// Whether anything that an expert info adds is wanted.
pub(crate) fn wants_expert(d: &Dissector<'_>, field: FieldId) -> bool {
    d.wants(field) || ANY_EXPERT.into_iter().any(|field| d.wants(field)) || d.wants(MALFORMED) && is_malformed(field)
}

fn is_malformed(field: FieldId) -> bool {
    registry::field(field).expert.is_some_and(|(_, group)| group == Group::Malformed)
}

/// Whether the second pass will look at expert infos of any kind.
pub(crate) fn wants_expert_fact(wanted: &Wanted) -> bool {
    ANY_EXPERT.into_iter().any(|field| wanted.fact_field(field))
}

/// Of how many octets of a message an expert info has, as Wireshark has it.
const MAX_MESSAGE: usize = 239;

/// Adds an expert info: the item with its message, and the severity and group that filters ask for.
pub(crate) fn expert<'a>(
    d: &mut Dissector<'a>,
    field: FieldId,
    tvb: Tvb<'a>,
    at: usize,
    len: usize,
    message: Option<String>,
) -> Item {
    let row = registry::field(field);
    let Some((severity, group)) = row.expert else {
        return Item::NONE;
    };
    if !wants_expert(d, field) {
        return Item::NONE;
    }
    debug_assert_eq!(row.ftype, FieldType::None);
    let mut message = message.unwrap_or_else(|| row.label.to_owned());
    let end = (0..=MAX_MESSAGE).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    message.truncate(end);
    let item = d.open(EXPERT, tvb, at, len, Value::Bytes);
    d.mark_generated(item);
    let severity_name = crate::field::Names::Values(SEVERITIES).of(severity as u64);
    let group_name = crate::field::Names::Values(GROUPS).of(group as u64);
    d.text(item, || {
        format!(
            "Expert Info ({}/{}): {message}",
            severity_name.as_deref().unwrap_or_default(),
            group_name.as_deref().unwrap_or_default()
        )
    });
    let line = d.generated(field, tvb, at, len, Value::None);
    d.text(line, || message.clone());
    d.hidden(EXPERT_MESSAGE, tvb, at, len, Value::String(message.into()));
    let line = d.generated(EXPERT_SEVERITY, tvb, at, len, Value::Uint(severity as u64));
    d.text(line, || format!("Severity level: {}", severity_name.as_deref().unwrap_or_default()));
    let line = d.generated(EXPERT_GROUP, tvb, at, len, Value::Uint(group as u64));
    d.text(line, || format!("Group: {}", group_name.as_deref().unwrap_or_default()));
    d.close();
    if group == Group::Malformed {
        // A filter for malformed packets finds what a protocol complains of, too.
        let mark = d.hidden(MALFORMED, tvb, at, 0, Value::Bytes);
        d.text(mark, || "_ws.malformed".to_owned());
    }
    item
}
