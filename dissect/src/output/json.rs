//! A packet as JSON, in the shape of `tshark -T json` with repeated names gathered in lists.

use serde_json::{Map, Value as Json, json};

use crate::output::{label, value};
use crate::proto::ws;
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::value::Value;

/// Adds under a name; a name that is there already becomes a list.
fn add(map: &mut Map<String, Json>, name: &str, value: Json) {
    match map.get_mut(name) {
        None => {
            map.insert(name.to_owned(), value);
        }
        Some(Json::Array(list)) => list.push(value),
        Some(there) => *there = json!([there.take(), value]),
    }
}

/// The nodes of the tree from `at` on that hang at `depth` or deeper; where the next shallower one stands.
fn tree(dissection: &Dissection<'_>, mut at: usize, depth: u8, into: &mut Map<String, Json>) -> usize {
    while let Some(node) = dissection.nodes.get(at).filter(|node| node.depth >= depth) {
        let mut below = Map::new();
        let next = tree(dissection, at + 1, node.depth.saturating_add(1), &mut below);
        let field = registry::field(node.field);
        let source = dissection.sources.get(usize::from(node.source)).map_or(&[][..], |s| s.0);
        if node.field == ws::TEXT {
            add(into, &label::of(node, source), below.into());
        } else if node.depth == 0 {
            add(into, field.name, below.into());
        } else {
            add(into, field.name, text(dissection, node).into());
            if !below.is_empty() {
                add(into, &format!("{}_tree", field.name), below.into());
            }
        }
        at = next;
    }
    at
}

fn text(dissection: &Dissection<'_>, node: &Node) -> String {
    match &node.value {
        Value::None => String::new(),
        _ => value::of(registry::field(node.field), node, dissection.bytes(node)),
    }
}

/// The layers of a packet, each an object of its fields.
pub fn layers(dissection: &Dissection<'_>) -> Json {
    let mut layers = Map::new();
    tree(dissection, 0, 0, &mut layers);
    layers.into()
}
