//! A packet as JSON, in the shape of `tshark -T json` and `-T ek`.
//!
//! Names that occur several times stand there several times, as tshark has it, unless
//! [`Names::Gathered`] is asked for.

use std::collections::HashMap;
use std::fmt::Write;

use crate::field::{FieldDef, FieldType};
use crate::output::{label, value};
use crate::proto::ws;
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::value::Value;

/// What becomes of a name that occurs several times in one object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Names {
    /// Each time it stands there again.
    Repeated,
    /// It stands there once, with a list.
    Gathered,
}

/// Where JSON is written, indented, or on one line where `depth` is none.
pub struct Writer<'o> {
    out: &'o mut String,
    depth: Option<usize>,
    /// Nothing stands in the innermost object or list yet.
    is_empty: bool,
}

impl<'o> Writer<'o> {
    /// Writes at the end of `out`; `depth` is that of what is around.
    pub fn new(out: &'o mut String, depth: Option<usize>) -> Self {
        Self { out, depth, is_empty: true }
    }

    fn next(&mut self) {
        if !self.is_empty {
            self.out.push(',');
        }
        self.line();
        self.is_empty = false;
    }

    fn line(&mut self) {
        if let Some(depth) = self.depth {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    /// An element or a name with what `body` writes as its value.
    pub fn name(&mut self, name: &str) {
        self.next();
        string(name, self.out);
        self.out.push_str(if self.depth.is_some() { ": " } else { ":" });
    }

    /// An object or a list.
    pub fn nest(&mut self, brackets: (char, char), body: impl FnOnce(&mut Self)) {
        self.out.push(brackets.0);
        self.depth = self.depth.map(|depth| depth + 1);
        self.is_empty = true;
        body(self);
        let was_empty = self.is_empty;
        self.depth = self.depth.map(|depth| depth.saturating_sub(1));
        if !was_empty {
            self.line();
        }
        self.out.push(brackets.1);
        self.is_empty = false;
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        string(text, self.out);
    }

    /// What stands for itself: a number, `null`, `true`.
    pub fn bare(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// An element of a list.
    pub fn element(&mut self, text: &str) {
        self.next();
        string(text, self.out);
    }
}

/// RFC 8259, 7. What ends a script in a web page is written so that it does not.
fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '/' if before == '<' => out.push_str("\\/"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
        before = c;
    }
    out.push('"');
}

/// A node with what hangs below it.
struct Item<'d> {
    node: &'d Node,
    field: &'static FieldDef,
    below: std::ops::Range<usize>,
}

/// The nodes that hang at `depth` in a run of the tree.
fn items<'d>(dissection: &'d Dissection<'_>, run: std::ops::Range<usize>) -> Vec<Item<'d>> {
    let nodes = dissection.nodes.get(run.clone()).unwrap_or_default();
    let Some(depth) = nodes.iter().map(|node| node.depth).min() else {
        return Vec::new();
    };
    let mut items: Vec<Item<'d>> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let place = run.start + at + 1;
        match items.last_mut() {
            Some(item) if node.depth > depth => item.below.end = place,
            _ => items.push(Item { node, field: registry::field(node.field), below: place..place }),
        }
    }
    items
}

/// The value of a field, as JSON and PDML show it: octets with colons.
pub(super) fn shown(dissection: &Dissection<'_>, node: &Node) -> String {
    let field = registry::field(node.field);
    match &node.value {
        Value::None => String::new(),
        Value::Bytes | Value::Protocol { .. } => value::colons(dissection.bytes(node)),
        Value::Octets(octets) => value::colons(octets),
        _ => value::of(field, node, dissection.bytes(node)),
    }
}

/// The line of a node without the brackets of what was worked out.
pub(super) fn line(dissection: &Dissection<'_>, node: &Node) -> String {
    let source = dissection.source(node.source);
    let line = label::of(node, source);
    match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        Some(inner) if node.generated || node.field == ws::TEXT => inner.to_owned(),
        _ => line,
    }
}

/// Whether a node has no value of its own beside what hangs below it.
fn is_holder(field: &FieldDef) -> bool {
    matches!(field.ftype, FieldType::None | FieldType::Protocol)
}

/// Writes the layers of a packet, each an object of its fields.
pub fn layers(dissection: &Dissection<'_>, names: Names, out: &mut Writer<'_>) {
    object(dissection, 0..dissection.nodes.len(), names, out);
}

fn object(dissection: &Dissection<'_>, run: std::ops::Range<usize>, names: Names, out: &mut Writer<'_>) {
    out.nest(('{', '}'), |out| {
        let items = items(dissection, run);
        if names == Names::Repeated {
            for item in &items {
                entry(dissection, &name_of(dissection, item), &[item], names, out);
            }
            return;
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut gathered: Vec<(String, Vec<&Item<'_>>)> = Vec::new();
        for item in &items {
            let name = name_of(dissection, item);
            match places.get(&name).and_then(|at| gathered.get_mut(*at)) {
                Some((_, group)) => group.push(item),
                None => {
                    places.insert(name.clone(), gathered.len());
                    gathered.push((name, vec![item]));
                }
            }
        }
        for (name, group) in &gathered {
            entry(dissection, name, group, names, out);
        }
    });
}

fn name_of(dissection: &Dissection<'_>, item: &Item<'_>) -> String {
    if item.node.field == ws::TEXT { line(dissection, item.node) } else { item.field.name.to_owned() }
}

/// The entry of the items of one name: nearly always one.
fn entry(dissection: &Dissection<'_>, name: &str, group: &[&Item<'_>], names: Names, out: &mut Writer<'_>) {
    let holds = |item: &&Item<'_>| is_holder(item.field) && (!item.below.is_empty() || item.node.depth == 0);
    let [first, ..] = group else { return };
    if group.len() == 1 && holds(first) {
        out.name(name);
        object(dissection, first.below.clone(), names, out);
        return;
    }
    let text = |item: &Item<'_>| match &item.node.value {
        _ if item.node.field == ws::TEXT => String::new(),
        Value::Protocol { .. } | Value::Bytes if item.field.ftype == FieldType::Protocol => String::new(),
        _ => shown(dissection, item.node),
    };
    out.name(name);
    if let [only] = group {
        out.text(&text(only));
    } else if group.iter().all(holds) {
        out.nest(('[', ']'), |out| {
            for item in group {
                out.next();
                object(dissection, item.below.clone(), names, out);
            }
        });
        return;
    } else {
        out.nest(('[', ']'), |out| group.iter().for_each(|item| out.element(&text(item))));
    }
    let trees: Vec<_> = group.iter().filter(|item| !item.below.is_empty()).collect();
    if let [only] = trees.as_slice() {
        out.name(&format!("{name}_tree"));
        object(dissection, only.below.clone(), names, out);
    } else if !trees.is_empty() {
        out.name(&format!("{name}_tree"));
        out.nest(('[', ']'), |out| {
            for item in trees {
                out.next();
                object(dissection, item.below.clone(), names, out);
            }
        });
    }
}

/// Writes the layers of a packet as Elasticsearch takes them: in each layer all fields side by side, under names without
/// dots that begin with that of their protocol.
pub fn flat_layers(dissection: &Dissection<'_>, out: &mut Writer<'_>) {
    out.nest(('{', '}'), |out| {
        let items = items(dissection, 0..dissection.nodes.len());
        for group in groups(&items) {
            let Some(first) = group.first() else { continue };
            let name = if first.node.field == ws::TEXT { "text" } else { first.field.name };
            out.name(&name.replace('.', "_"));
            let each = |out: &mut Writer<'_>, item: &Item<'_>| {
                out.nest(('{', '}'), |out| flat(dissection, vec![item.below.clone()], out));
            };
            one_or_list(&group, out, each);
        }
    });
}

/// What comes once as itself, what comes several times as a list.
fn one_or_list<'d>(group: &[&Item<'d>], out: &mut Writer<'_>, each: impl Fn(&mut Writer<'_>, &Item<'d>)) {
    match group {
        [only] => each(out, only),
        several => out.nest(('[', ']'), |out| {
            for item in several {
                out.next();
                each(out, item);
            }
        }),
    }
}

/// The items of each field, in the order of the first of them.
fn groups<'i, 'd>(items: &'i [Item<'d>]) -> Vec<Vec<&'i Item<'d>>> {
    let mut groups: Vec<Vec<&Item<'d>>> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.node.field == item.node.field)) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

fn flat(dissection: &Dissection<'_>, runs: Vec<std::ops::Range<usize>>, out: &mut Writer<'_>) {
    let items: Vec<Item<'_>> = runs.into_iter().flat_map(|run| items(dissection, run)).collect();
    for group in groups(&items) {
        let Some(first) = group.first() else { continue };
        out.name(&flat_name(first.node));
        let each = |out: &mut Writer<'_>, item: &Item<'_>| {
            let text = match &item.node.value {
                _ if item.node.field == ws::TEXT => line(dissection, item.node),
                Value::Uint(n) if item.field.ftype == FieldType::Boolean => {
                    return out.bare(if *n != 0 { "true" } else { "false" });
                }
                Value::Time(ns) if item.field.ftype == FieldType::AbsoluteTime => instant(*ns),
                Value::None => return out.bare("null"),
                _ => shown(dissection, item.node),
            };
            out.text(&text);
        };
        // A protocol within a layer is an object of its own.
        if first.field.ftype == FieldType::Protocol {
            let inner = |out: &mut Writer<'_>, item: &Item<'_>| {
                out.nest(('{', '}'), |out| flat(dissection, vec![item.below.clone()], out));
            };
            one_or_list(&group, out, inner);
            continue;
        }
        one_or_list(&group, out, each);
        let below: Vec<_> = group.iter().map(|item| item.below.clone()).filter(|run| !run.is_empty()).collect();
        if !below.is_empty() {
            flat(dissection, below, out);
        }
    }
}

fn flat_name(node: &Node) -> String {
    let field = registry::field(node.field);
    if node.field == ws::TEXT {
        return "text".to_owned();
    }
    let owner = match registry::owner(node.field) {
        _ if field.name.starts_with("_ws.expert") => registry::field(ws::EXPERT).name,
        owner => registry::protocol(owner).name(),
    };
    // To Wireshark each kind of option is a protocol.
    let is_option = field.ftype == FieldType::Bytes && field.name.contains(".options.");
    let name = match field.ftype {
        FieldType::Protocol => field.name.to_owned(),
        _ if is_option => field.name.to_owned(),
        _ => format!("{owner}_{}", field.name),
    };
    name.replace('.', "_")
}

/// RFC 3339, with nanoseconds.
fn instant(ns: i64) -> String {
    let (year, month, day) = value::date(ns.div_euclid(86_400_000_000_000));
    format!("{year}-{month:02}-{day:02}T{}Z", value::time_of_day(ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let mut out = String::new();
        string("a\"\\\n\u{1}</b>/", &mut out);
        assert_eq!(out, r#""a\"\\\n\u0001<\/b>/""#);
    }

    #[test]
    fn objects_are_indented_or_not() {
        let write = |depth| {
            let mut out = String::new();
            Writer::new(&mut out, depth).nest(('{', '}'), |out| {
                out.name("a");
                out.text("1");
                out.name("b");
                out.nest(('[', ']'), |out| out.element("2"));
                out.name("c");
                out.nest(('{', '}'), |_| ());
            });
            out
        };
        assert_eq!(write(None), r#"{"a":"1","b":["2"],"c":{}}"#);
        assert_eq!(write(Some(0)), "{\n  \"a\": \"1\",\n  \"b\": [\n    \"2\"\n  ],\n  \"c\": {}\n}");
    }
}
