//! What a dissection yields: fields in the order and depth of Wireshark's tree, and the columns.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::dissector::Endpoints;
use crate::field::FieldId;
use crate::registry::ProtoSet;
use crate::setup::Setup;
use crate::tvb::Tvb;
use crate::value::Value;

/// One occurrence of a field.
#[derive(Clone, Debug)]
pub struct Node {
    pub field: FieldId,
    pub value: Value,
    /// Where its octets begin in `source`, and how many they are.
    pub start: u32,
    pub len: u32,
    /// Of which [`Dissection::source`] the octets are.
    pub source: u8,
    /// How deep it hangs in the tree: 0 for a protocol of the frame.
    pub depth: u8,
    /// Which occurrence of its protocol in the frame it belongs to, from 1 (the `#` operator).
    pub layer: u8,
    /// Not shown in the tree (`ip.addr` beside `ip.src`).
    pub hidden: bool,
    /// Worked out, not read from the packet; shown in brackets.
    pub generated: bool,
    /// The text that stands in the tree in place of label and value.
    pub text: Option<Box<str>>,
}

/// The columns that protocols write.
#[derive(Clone, Default, Debug)]
pub struct Columns {
    pub source: String,
    pub destination: String,
    pub protocol: String,
    pub info: String,
}

/// The payload of a datagram at an address and port that signalling set up.
#[derive(Clone, Debug)]
pub struct Heard {
    pub setup: Arc<Setup>,
    pub endpoints: Endpoints,
    /// Octets of the payload on the wire.
    pub len: u32,
    start: u32,
    source: u8,
}

impl Heard {
    pub(crate) fn new(setup: Arc<Setup>, endpoints: Endpoints, payload: Tvb<'_>) -> Self {
        Self { setup, endpoints, len: payload.reported() as u32, start: payload.base, source: payload.source }
    }
}

/// All that one packet shows.
#[derive(Default, Debug)]
pub struct Dissection<'a> {
    /// The frame's octets.
    pub frame: &'a [u8],
    /// Those of reassembled datagrams and streams, each with the name of its tab in `-x`.
    pub reassembled: Vec<(&'a [u8], &'static str)>,
    pub nodes: Vec<Node>,
    pub columns: Columns,
    /// The names of the layers in the order in which they were met (`frame.protocols`).
    pub layers: SmallVec<[&'static str; 8]>,
    /// The protocols that were entered, those within a quoted packet left out.
    pub protos: ProtoSet,
    /// Who speaks to whom, as the innermost layers say.
    pub endpoints: Endpoints,
    /// The same of the packet that an ICMP error quotes.
    pub quoted: Option<Endpoints>,
    /// The innermost datagram for which something was set up.
    pub heard: Option<Heard>,
}

impl<'a> Dissection<'a> {
    /// Octets that nodes are runs of: of number 0 the frame's, of the others what was reassembled.
    pub fn source(&self, number: u8) -> &'a [u8] {
        match number.checked_sub(1) {
            None => self.frame,
            Some(at) => self.reassembled.get(usize::from(at)).map_or(&[], |source| source.0),
        }
    }

    /// The octets of a node; fewer than its length where the capture was cut.
    pub fn bytes(&self, node: &Node) -> &'a [u8] {
        let source = self.source(node.source);
        let start = (node.start as usize).min(source.len());
        let end = (start + node.len as usize).min(source.len());
        &source[start..end]
    }

    /// The captured octets of what was heard.
    pub fn heard_octets(&self) -> Option<&'a [u8]> {
        let heard = self.heard.as_ref()?;
        let rest = self.source(heard.source).get(heard.start as usize..)?;
        Some(rest.get(..heard.len as usize).unwrap_or(rest))
    }

    /// The occurrences of a field, in order.
    pub fn all(&self, field: FieldId) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.field == field)
    }

    /// Whether a field occurs.
    pub fn has(&self, field: FieldId) -> bool {
        self.nodes.iter().any(|node| node.field == field)
    }
}
