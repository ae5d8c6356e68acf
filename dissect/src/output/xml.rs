//! Packets as XML: PDML, the whole tree, and PSML, the columns.

use std::fmt::Write;

use crate::field::FieldType;
use crate::output::{json, value};
use crate::packet::Packet;
use crate::proto::{frame, ws};
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::value::Value;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const CREATOR: &str = concat!("packetstream/", env!("CARGO_PKG_VERSION"));

/// Text within an attribute or an element. XML 1.0, 2.2 has no place for most control characters.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("&#x0D;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
}

fn attribute(name: &str, text: &str, out: &mut String) {
    let _ = write!(out, " {name}=\"");
    escape(text, out);
    out.push('"');
}

/// What stands before the first packet of PDML.
pub fn begin_details(out: &mut String) {
    let _ = writeln!(out, "{DECLARATION}<pdml version=\"0\" creator=\"{CREATOR}\">");
}

/// What stands behind the last one.
pub fn end_details(out: &mut String) {
    out.push_str("\n</pdml>\n");
}

/// What stands before the first packet of PSML.
pub fn begin_summary(titles: &[&str], out: &mut String) {
    let _ = write!(out, "{DECLARATION}<psml version=\"0\" creator=\"{CREATOR}\">\n<structure>\n");
    sections(titles.iter().copied(), out);
    out.push_str("</structure>\n\n");
}

/// The columns of a packet.
pub fn summary(columns: &[String], out: &mut String) {
    out.push_str("<packet>\n");
    sections(columns.iter().map(String::as_str), out);
    out.push_str("</packet>\n\n");
}

/// What stands behind the last one.
pub fn end_summary(out: &mut String) {
    out.push_str("</psml>\n");
}

fn sections<'t>(texts: impl Iterator<Item = &'t str>, out: &mut String) {
    for text in texts {
        out.push_str("<section>");
        escape(text, out);
        out.push_str("</section>\n");
    }
}

/// The tree of a packet.
pub fn details(packet: &Packet<'_>, dissection: &Dissection<'_>, out: &mut String) {
    out.push_str("<packet>\n");
    general(packet, out);
    let mut open: Vec<(u8, &str)> = Vec::new();
    for (at, node) in dissection.nodes.iter().enumerate() {
        while let Some((depth, tag)) = open.last().copied().filter(|(depth, _)| *depth >= node.depth) {
            indent(depth, out);
            let _ = writeln!(out, "</{tag}>");
            open.pop();
        }
        let has_more = dissection.nodes.get(at + 1).is_some_and(|next| next.depth > node.depth);
        if let Some(tag) = item(dissection, node, has_more, out) {
            open.push((node.depth, tag));
        }
    }
    while let Some((depth, tag)) = open.pop() {
        indent(depth, out);
        let _ = writeln!(out, "</{tag}>");
    }
    out.push_str("</packet>\n\n");
}

fn indent(depth: u8, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", usize::from(depth) + 1));
}

/// What the capture says of a packet.
fn general(packet: &Packet<'_>, out: &mut String) {
    let size = packet.bytes.len();
    let _ = writeln!(out, "  <proto name=\"geninfo\" pos=\"0\" showname=\"General information\" size=\"{size}\">");
    let time = value::absolute(packet.time);
    let rows = [
        ("num", "Number", packet.number.to_string(), format!("{:x}", packet.number)),
        ("len", "Frame Length", packet.orig_len.to_string(), format!("{:x}", packet.orig_len)),
        ("caplen", "Captured Length", size.to_string(), format!("{size:x}")),
        ("timestamp", "Captured Time", time, value::seconds(packet.time)),
    ];
    for (name, title, show, value) in rows {
        let _ = writeln!(
            out,
            "    <field name=\"{name}\" pos=\"0\" show=\"{show}\" showname=\"{title}\" value=\"{value}\" size=\"{size}\"/>"
        );
    }
    out.push_str("  </proto>\n");
}

/// Writes the tag of a node; answers its name if it stays open.
fn item(dissection: &Dissection<'_>, node: &Node, has_more: bool, out: &mut String) -> Option<&'static str> {
    let field = registry::field(node.field);
    let is_protocol = field.ftype == FieldType::Protocol && node.field != ws::EXPERT;
    let tag = if is_protocol { "proto" } else { "field" };
    indent(node.depth, out);
    let _ = write!(out, "<{tag}");
    let line = json::line(dissection, node);
    // An expert info is of no octets; what hangs below it stands nowhere.
    let of_expert = field.expert.is_some() || field.name.starts_with("_ws.expert.");
    let (len, start) = match node.field == ws::EXPERT || of_expert {
        true if of_expert => (0, 0),
        true => (0, node.start),
        false => (node.len, node.start),
    };
    if node.field == ws::TEXT {
        attribute("name", "", out);
        attribute("show", &line, out);
        let _ = write!(out, " size=\"{len}\" pos=\"{start}\"");
        if len > 0 {
            attribute("value", &value::hex(dissection.bytes(node)), out);
        }
    } else {
        attribute("name", field.name, out);
        attribute("showname", &line, out);
        if node.hidden {
            attribute("hide", "yes", out);
        }
        let _ = write!(out, " size=\"{len}\" pos=\"{start}\"");
        if field.ftype != FieldType::Protocol {
            attribute("show", &json::shown(dissection, node), out);
            match of_expert {
                true if field.expert.is_some() => attribute("value", "", out),
                true => {}
                false => octets(dissection, node, out),
            }
        }
    }
    if has_more || (is_protocol && node.depth == 0) {
        out.push_str(">\n");
        return Some(tag);
    }
    out.push_str("/>\n");
    None
}

/// The octets of a field; of one that takes some bits of them also what these say.
fn octets(dissection: &Dissection<'_>, node: &Node, out: &mut String) {
    let field = registry::field(node.field);
    let is_frame = registry::owner(node.field) == registry::owner(frame::PROTO);
    if field.ftype == FieldType::None && !is_frame {
        return attribute("value", &value::hex(dissection.bytes(node)), out);
    }
    if node.len == 0 || is_frame {
        return;
    }
    let octets = value::hex(dissection.bytes(node));
    match &node.value {
        Value::Uint(number) if field.mask != 0 => {
            let _ = write!(out, " value=\"{number:x}\"");
            attribute("unmaskedvalue", &octets, out);
        }
        _ => attribute("value", &octets, out),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        let mut out = String::new();
        super::escape("<a b=\"c\" d='e'>&\u{1}\r\n", &mut out);
        assert_eq!(out, "&lt;a b=&quot;c&quot; d=&#x27;e&#x27;&gt;&amp;\\x01&#x0D;\n");
    }
}
