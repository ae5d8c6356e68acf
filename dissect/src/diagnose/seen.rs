//! A packet as rules see it: the fields that they asked for, and who speaks to whom.

use std::borrow::Cow;

use super::evidence::Mark;
use crate::dissector::Endpoints;
use crate::field::FieldId;
use crate::packet::Packet;
use crate::registry::ProtoId;
use crate::tree::{Dissection, Node};
use crate::value::Value;

/// One packet. Looking a field up walks the few nodes that there are.
pub struct Seen<'p> {
    pub mark: Mark,
    pub packet: &'p Packet<'p>,
    pub dissection: &'p Dissection<'p>,
}

impl<'p> Seen<'p> {
    /// When it came.
    pub fn time(&self) -> i64 {
        self.mark.time
    }

    /// Whether the capture holds only its beginning.
    pub fn is_cut(&self) -> bool {
        self.packet.bytes.len() < self.packet.orig_len as usize
    }

    /// Who speaks to whom, as the innermost layers say.
    pub fn endpoints(&self) -> Endpoints {
        self.dissection.endpoints
    }

    /// The same of the packet that an ICMP error quotes.
    pub fn quoted(&self) -> Option<Endpoints> {
        self.dissection.quoted
    }

    /// Whether a protocol was entered, outside of a quoted packet.
    pub fn has_proto(&self, id: ProtoId) -> bool {
        self.dissection.protos.has(id)
    }

    /// Whether a field is there.
    pub fn has(&self, field: FieldId) -> bool {
        self.dissection.has(field)
    }

    /// The first occurrence of a field.
    pub fn first(&self, field: FieldId) -> Option<&'p Node> {
        self.dissection.nodes.iter().find(|node| node.field == field)
    }

    /// All occurrences of a field, in order.
    pub fn all(&self, field: FieldId) -> impl Iterator<Item = &'p Node> + use<'p> {
        self.dissection.nodes.iter().filter(move |node| node.field == field)
    }

    /// The number of a node; nothing where its value is none.
    pub fn number(node: &Node) -> Option<u64> {
        match node.value {
            Value::Uint(number) => Some(number),
            Value::Int(number) => Some(number as u64),
            _ => None,
        }
    }

    /// The first occurrence of an unsigned field (flags are 0 or 1).
    pub fn uint(&self, field: FieldId) -> Option<u64> {
        self.first(field).and_then(Self::number)
    }

    /// The octets of a node, or of its text.
    pub fn octets(&self, node: &'p Node) -> &'p [u8] {
        match &node.value {
            Value::String(text) => text.as_bytes(),
            Value::Octets(octets) => octets,
            _ => self.dissection.bytes(node),
        }
    }

    /// The first occurrence of a field of text or octets.
    pub fn bytes(&self, field: FieldId) -> Option<&'p [u8]> {
        self.first(field).map(|node| self.octets(node))
    }

    /// The same as text; what is no UTF-8 is replaced.
    pub fn text(&self, field: FieldId) -> Option<Cow<'p, str>> {
        self.bytes(field).map(String::from_utf8_lossy)
    }

    /// The messages of a protocol in the packet, each as the nodes from its own up to those of the next one; of a
    /// segment that ends several messages there are several. The protocol itself must be among the fields asked for.
    pub fn messages(&self, proto: FieldId) -> impl Iterator<Item = &'p [Node]> + use<'p> {
        let nodes = self.dissection.nodes.as_slice();
        let starts = nodes.iter().enumerate().filter(move |(_, node)| node.field == proto && node.depth == 0);
        starts.map(move |(at, _)| {
            let rest = nodes.get(at + 1..).unwrap_or_default();
            let end = rest.iter().position(|node| node.field == proto && node.depth == 0);
            nodes.get(at..end.map_or(nodes.len(), |end| at + 1 + end)).unwrap_or_default()
        })
    }
}
