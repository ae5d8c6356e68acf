//! The line of a field in the tree.

use crate::field::{Base, FieldType, Names};
use crate::output::value;
use crate::registry;
use crate::tree::Node;
use crate::value::Value;

/// The line of a node: its own text, or label, value and name. `source` are the octets that its range counts in.
pub fn of(node: &Node, source: &[u8]) -> String {
    if let Some(text) = &node.text {
        return text.to_string();
    }
    let field = registry::field(node.field);
    let start = (node.start as usize).min(source.len());
    let octets = &source[start..(start + node.len as usize).min(source.len())];
    let shown = value::text(field, &node.value, octets);
    let line = match (&node.value, &field.names) {
        (Value::None, _) => field.label.to_owned(),
        (_, _) if field.ftype == FieldType::Protocol => field.label.to_owned(),
        (Value::Uint(n), Names::Unit(unit)) => format!("{}: {n}{unit}", field.label),
        (Value::Uint(n), Names::None) if field.ftype == FieldType::Boolean => {
            format!(
                "{}: {}",
                field.label,
                if *n != 0 { "True" } else { "False" }
            )
        }
        (Value::Uint(n), names) => match names.of(*n) {
            Some(name) if field.ftype == FieldType::Boolean => format!("{}: {name}", field.label),
            Some(name) => format!("{}: {name} ({shown})", field.label),
            None if field.base == Base::HexDec => format!("{}: {shown} ({n})", field.label),
            None if field.base == Base::DecHex => format!("{}: {n} (0x{n:x})", field.label),
            None => format!("{}: {shown}", field.label),
        },
        (_, _) => format!("{}: {shown}", field.label),
    };
    if node.generated {
        format!("[{line}]")
    } else {
        line
    }
}
