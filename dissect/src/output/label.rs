//! The line of a field in the tree.

use crate::field::{Base, FieldType, Names};
use crate::output::value;
use crate::registry;
use crate::tree::Node;
use crate::value::Value;

/// As many digits of a run of octets as a line shows.
const MAX_HEX_DIGITS: usize = 72;

/// The line of a node: its own text, or label, value and name. `source` are the octets that its range counts in.
pub fn of(node: &Node, source: &[u8]) -> String {
    if let Some(text) = &node.text {
        return match node.generated && !text.starts_with('[') {
            true => format!("[{text}]"),
            false => text.to_string(),
        };
    }
    let field = registry::field(node.field);
    let start = (node.start as usize).min(source.len());
    let octets = &source[start..(start + node.len as usize).min(source.len())];
    let shown = match &node.value {
        // In the tree a run of bits has as many digits as it needs.
        Value::Uint(n) if field.mask != 0 && matches!(field.base, Base::Hex | Base::HexDec) => {
            let digits = field.mask.count_ones().div_ceil(4) as usize;
            format!("0x{n:0digits$x}")
        }
        Value::Uint(n) if matches!(field.base, Base::Hex | Base::HexDec) => value::hexadecimal(field, *n),
        Value::Text => value::printable(octets),
        Value::String(text) => value::printable(text.as_bytes()),
        value => value::text(field, value, octets),
    };
    let line = match (&node.value, &field.names) {
        (Value::None, _) => field.label.to_owned(),
        (_, _) if field.ftype == FieldType::Protocol => field.label.to_owned(),
        (Value::Uint(n), Names::Unit(unit)) => format!("{}: {n}{unit}", field.label),
        (Value::Uint(n), Names::None) if field.ftype == FieldType::Boolean => {
            format!("{}: {}", field.label, if *n != 0 { "True" } else { "False" })
        }
        (Value::Uint(n), names) => match names.of(*n) {
            Some(name) if field.ftype == FieldType::Boolean || field.base == Base::None => {
                format!("{}: {name}", field.label)
            }
            Some(name) => format!("{}: {name} ({shown})", field.label),
            None if matches!(names, Names::Values(_) | Names::Ranges(_) | Names::Computed(_)) => match field.base {
                Base::None => format!("{}: Unknown", field.label),
                _ => format!("{}: Unknown ({shown})", field.label),
            },
            None if field.base == Base::HexDec => format!("{}: {shown} ({n})", field.label),
            None if field.base == Base::DecHex => {
                let digits = match field.mask {
                    0 => usize::from(field.ftype.width()) * 2,
                    mask => mask.count_ones().div_ceil(4) as usize,
                };
                format!("{}: {n} (0x{n:0digits$x})", field.label)
            }
            None => format!("{}: {shown}", field.label),
        },
        (Value::Int(n), names) => match u64::try_from(*n).ok().and_then(|n| names.of(n)) {
            Some(name) => format!("{}: {name} ({shown})", field.label),
            None => format!("{}: {shown}", field.label),
        },
        (Value::Time(_), _) if field.ftype == FieldType::RelativeTime => {
            format!("{}: {shown} seconds", field.label)
        }
        (Value::Bytes | Value::Octets(_), _) => match shown.get(..MAX_HEX_DIGITS) {
            Some(start) if start.len() < shown.len() => format!("{}: {start}…", field.label),
            _ => format!("{}: {shown}", field.label),
        },
        (_, _) => format!("{}: {shown}", field.label),
    };
    let line = match bits(field.mask, &node.value, node.len) {
        Some(bits) => format!("{bits} = {line}"),
        None => line,
    };
    if node.generated { format!("[{line}]") } else { line }
}

/// The bits of `octets` octets that a field takes, as in `.... ..1.`, if it does not take them all.
fn bits(mask: u64, value: &Value, octets: u32) -> Option<String> {
    let Value::Uint(value) = value else {
        return None;
    };
    if mask == 0 || octets == 0 || octets > 8 {
        return None;
    }
    let placed = value.checked_shl(mask.trailing_zeros()).unwrap_or(0);
    let mut text = String::with_capacity(octets as usize * 10);
    for bit in (0..octets * 8).rev() {
        text.push(match (mask >> bit & 1, placed >> bit & 1) {
            (0, _) => '.',
            (_, 0) => '0',
            _ => '1',
        });
        if bit % 4 == 0 && bit > 0 {
            text.push(' ');
        }
    }
    Some(text)
}
