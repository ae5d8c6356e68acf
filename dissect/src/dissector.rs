//! What a parse function works with: the packet's state, the tree it adds to, facts, and the way to the next protocol.

use std::fmt;
use std::sync::Arc;

use bumpalo::Bump;
use smallvec::SmallVec;

use crate::bindings::{self, Table};
use crate::facts::Fact;
use crate::field::FieldId;
use crate::host_names;
use crate::packet::Packet;
use crate::proto::sdp::exchange;
use crate::proto::{
    afs, arp, cflow, coap, cotp, dcerpc, dns, dtls, frame, ftp, gquic, h245, http, iax2, icmp, imap, ldap, mysql, quic,
    rpc, sctp, sip, smb2, smtp, ssh, t38, tcp, tftp, tls, udp, websocket, wireguard, ws,
};
use crate::reassembly::Reassembly;
use crate::registry::{self, PROTO_COUNT, ProtoId};
use crate::setup::Setup;
use crate::stage::Stages;
use crate::stop::Stop;
use crate::transaction::Transactions;
use crate::tree::{Dissection, Heard, Node};
use crate::tvb::Tvb;
use crate::value::Value;
use crate::wanted::Wanted;

/// How many protocols may lie in each other. A frame of 64 KiB could hold thousands of tunnels.
pub const MAX_LAYERS: usize = 64;
/// How many fields one packet may show; what comes after is left out.
pub const MAX_NODES: usize = 100_000;

/// A network or link address as flows are keyed by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Address {
    #[default]
    None,
    Ether([u8; 6]),
    Ipv4([u8; 4]),
    Ipv6([u8; 16]),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Ether([a, b, c, d, e, g]) => {
                write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
            }
            Self::Ipv4(octets) => std::net::Ipv4Addr::from(*octets).fmt(f),
            Self::Ipv6(octets) => match octets {
                // inet_ntop shows an IPv4-compatible address (RFC 4291, 2.5.5.1) as one.
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] if (*a, *b) != (0, 0) => {
                    write!(f, "::{a}.{b}.{c}.{d}")
                }
                _ => std::net::Ipv6Addr::from(*octets).fmt(f),
            },
        }
    }
}

/// What carries the ports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Transport {
    #[default]
    None,
    Udp,
    Tcp,
    Sctp,
}

/// Who speaks to whom, as the innermost layers so far say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Endpoints {
    pub src: Address,
    pub dst: Address,
    pub transport: Transport,
    pub src_port: u16,
    pub dst_port: u16,
}

impl Endpoints {
    /// The same for the other direction.
    pub fn reversed(self) -> Self {
        Self { src: self.dst, dst: self.src, src_port: self.dst_port, dst_port: self.src_port, ..self }
    }

    /// The same key for both directions, and whether this one is the reversed of it.
    pub fn conversation(self) -> (Self, bool) {
        let reversed = self.reversed();
        if (self.src, self.src_port) <= (self.dst, self.dst_port) { (self, false) } else { (reversed, true) }
    }
}

/// What the first pass remembers of earlier packets: one member a protocol that needs it, each with its own limits.
#[derive(Default)]
pub struct Flows {
    /// IPv4 and IPv6 fragments.
    pub(crate) fragments: Reassembly,
    pub(crate) udp: udp::Flows,
    pub(crate) tcp: tcp::Flows,
    pub(crate) dns: dns::Transactions,
    pub(crate) sip: sip::Dialogs,
    pub(crate) http: http::Exchanges,
    pub(crate) tls: tls::Sessions,
    pub(crate) dtls: dtls::Messages,
    pub(crate) gquic: gquic::Connections,
    pub(crate) coap: coap::Requests,
    pub(crate) afs: afs::Calls,
    pub(crate) cflow: cflow::Templates,
    pub(crate) wireguard: wireguard::Sessions,
    pub(crate) websocket: websocket::Messages,
    /// Offers and answers of calls.
    pub(crate) exchanges: exchange::Exchanges,
    /// The faxes under way.
    pub(crate) faxes: t38::Faxes,
    /// The SIP message whose body is being read.
    pub(crate) message: Option<exchange::Message>,
    pub(crate) ssh: ssh::Connections,
    pub(crate) quic: quic::Connections,
    pub(crate) imap: imap::Commands,
    pub(crate) ldap: ldap::Searches,
    pub(crate) mysql: mysql::Connections,
    pub(crate) dcerpc: dcerpc::Bindings,
    pub(crate) smb2: smb2::Known,
    pub(crate) rpc: rpc::Calls,
    pub(crate) smtp: smtp::Mails,
    pub(crate) ftp: ftp::Controls,
    pub(crate) iax2: iax2::Calls,
    pub(crate) h245: h245::Flows,
    /// Who was seen with which IP address.
    pub(crate) addresses: arp::Addresses,
    pub(crate) sctp: sctp::Directions,
    pub(crate) tftp: tftp::Transfers,
    /// Requests and responses of protocols that number them.
    pub(crate) transactions: Transactions,
    /// Where conversations stand whose messages do not say what they are.
    pub(crate) stages: Stages,
    /// The parts of messages that came in several units of X.224.
    pub(crate) cotp: cotp::Parts,
    /// ICMP echo requests without a reply.
    pub(crate) echoes: icmp::Echoes,
}

/// A place in the tree that was added, or nothing where nobody wants it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item(u32);

impl Item {
    /// What nobody wanted.
    pub const NONE: Self = Self(u32::MAX);
}

/// The state of one dissection of one packet.
pub struct Dissector<'a> {
    pub packet: &'a Packet<'a>,
    /// Who speaks to whom; network and transport layers set it.
    pub endpoints: Endpoints,
    /// Inside the packet that an ICMP error quotes: flows must not learn from it.
    pub is_quoted: bool,
    /// In the first fragment of a datagram whose other fragments are not at hand: it may end anywhere.
    pub is_fragment: bool,
    /// The Time to Live or Hop Limit of the innermost datagram.
    pub hop_limit: u8,
    /// How many layers there were before the messages that lie in the run of a stream at hand.
    run_at: usize,
    /// Where in the frame what the link layer carries ends, as the network layer says.
    payload_end: Option<usize>,
    link_start: usize,
    /// The Content-Type header of the body that is being handed on, parameters included.
    pub media_type: &'a [u8],
    /// What the protocol around tells requests and responses apart by, for what it carries.
    pub(crate) message_id: u64,
    wanted: &'a Wanted,
    arena: &'a Bump,
    flows: Option<&'a mut Flows>,
    facts: Vec<Fact>,
    facts_used: u64,
    amendments: Vec<(u64, Fact)>,
    out: Dissection<'a>,
    depth: u8,
    /// How deep protocols hang: 0 but within what an ICMP error quotes.
    base_depth: u8,
    /// How often each protocol was entered.
    layers: [u8; PROTO_COUNT],
    /// The protocols that are being parsed, innermost last.
    stack: SmallVec<[ProtoId; 16]>,
    /// How much of the Info column stays whatever is written to it.
    info_kept: usize,
}

impl<'a> Dissector<'a> {
    pub(crate) fn new(
        packet: &'a Packet<'a>,
        wanted: &'a Wanted,
        arena: &'a Bump,
        nodes: Vec<Node>,
        facts: Vec<Fact>,
        flows: Option<&'a mut Flows>,
    ) -> Self {
        Self {
            packet,
            endpoints: Endpoints::default(),
            is_quoted: false,
            media_type: &[],
            message_id: 0,
            is_fragment: false,
            hop_limit: 0,
            payload_end: None,
            run_at: 0,
            link_start: 0,
            wanted,
            arena,
            flows,
            facts,
            facts_used: 0,
            amendments: Vec::new(),
            out: Dissection { frame: packet.bytes, nodes, ..Dissection::default() },
            depth: 0,
            base_depth: 0,
            layers: [0; PROTO_COUNT],
            stack: SmallVec::new(),
            info_kept: 0,
        }
    }

    pub(crate) fn run(&mut self) {
        let tvb = Tvb::new(self.packet.bytes, self.packet.orig_len as usize, 0);
        self.call(ProtoId::Frame, tvb);
        frame::close(self);
    }

    /// What came of it. It is large: it stays where it is.
    pub(crate) fn parts(&mut self) -> (&mut Dissection<'a>, &mut Vec<Fact>, &mut Vec<(u64, Fact)>) {
        self.out.endpoints = self.endpoints;
        (&mut self.out, &mut self.facts, &mut self.amendments)
    }

    // Protocols.

    /// Hands octets to a protocol, as a layer of the frame, unless nobody wants to see it or what may lie in it.
    pub fn call(&mut self, id: ProtoId, tvb: Tvb<'a>) {
        let depth = std::mem::replace(&mut self.depth, self.base_depth);
        self.call_within(id, tvb);
        self.depth = depth;
    }

    /// As [`Dissector::call`], but what it adds hangs below the item that is open now. Says whether the protocol came
    /// to its end.
    pub fn call_within(&mut self, id: ProtoId, tvb: Tvb<'a>) -> bool {
        if !self.wanted.proto(id) || self.stack.len() >= MAX_LAYERS {
            return true;
        }
        let depth = self.depth;
        let layer = &mut self.layers[id as usize];
        *layer = layer.saturating_add(1);
        if !self.is_quoted {
            self.out.protos.insert(id);
        }
        self.stack.push(id);
        let result = (registry::protocol(id).dissect)(self, tvb);
        self.depth = depth;
        if let Err(stop) = result {
            ws::note(self, stop, tvb, id);
        }
        self.stack.pop();
        result.is_ok()
    }

    /// As [`Dissector::call_within`], and what lies in the protocol hangs there, too: the packet that an error quotes.
    pub fn quote(&mut self, id: ProtoId, tvb: Tvb<'a>) {
        let outer = (self.endpoints, self.is_quoted, self.is_fragment, self.hop_limit, self.base_depth);
        self.is_quoted = true;
        self.base_depth = self.depth;
        self.call_within(id, tvb);
        self.out.quoted = Some(self.endpoints);
        (self.endpoints, self.is_quoted, self.is_fragment, self.hop_limit, self.base_depth) = outer;
    }

    /// Hands octets to the protocol that announced itself for `number`; says whether there is one.
    pub fn call_by_number(&mut self, table: Table, number: u16, tvb: Tvb<'a>) -> bool {
        let Some(id) = bindings::by_number(table, number) else {
            return false;
        };
        self.offer(id, tvb)
    }

    /// Hands octets to a protocol unless it refuses them; says whether it took them.
    pub fn offer(&mut self, id: ProtoId, tvb: Tvb<'a>) -> bool {
        if let Some(accepts) = registry::protocol(id).accepts
            && !accepts(self, tvb)
        {
            return false;
        }
        self.call(id, tvb);
        true
    }

    /// Says that of `tvb` only `len` octets are the network layer's: what follows is the link layer's padding.
    pub fn end_payload(&mut self, tvb: Tvb<'a>, len: usize) {
        let place = |node: &&mut Node| matches!(node.value, Value::Protocol { .. });
        if let Some(node) = self.out.nodes.iter_mut().rev().find(place)
            && (node.source, node.start) == (tvb.source, tvb.base)
            && let Value::Protocol { end } = &mut node.value
        {
            *end = (*end).min(tvb.base.saturating_add(len as u32));
        }
        if tvb.source == 0 && self.payload_end.is_none() {
            self.payload_end = Some((tvb.base as usize).saturating_add(len));
        }
    }

    /// Puts back what a link layer within a tunnel took.
    pub(crate) fn set_payload_end(&mut self, end: Option<usize>) {
        self.payload_end = end;
    }

    /// Says where a link layer begins; answers where the one around it does.
    pub(crate) fn begin_link(&mut self, tvb: Tvb<'a>) -> usize {
        std::mem::replace(&mut self.link_start, tvb.base as usize)
    }

    /// Goes back to the link layer around.
    pub(crate) fn end_link(&mut self, start: usize) {
        self.link_start = start;
    }

    /// Where in the frame the innermost link layer begins.
    pub(crate) fn link_start(&self) -> usize {
        self.link_start
    }

    /// Where in the frame the network layer said it ends, if it did since the last call.
    pub(crate) fn take_payload_end(&mut self) -> Option<usize> {
        self.payload_end.take()
    }

    /// Puts a name into `frame.protocols` (every protocol does so as it begins).
    pub fn layer(&mut self, name: &'static str) {
        if self.out.layers.len() < MAX_LAYERS {
            self.out.layers.push(name);
        }
    }

    /// The names of the layers so far.
    pub fn layer_names(&self) -> &[&'static str] {
        &self.out.layers
    }

    /// The protocol that holds the one being parsed.
    pub fn parent(&self) -> Option<ProtoId> {
        self.stack.iter().rev().nth(1).copied()
    }

    /// Whether a protocol is being parsed around this one.
    pub fn is_inside(&self, id: ProtoId) -> bool {
        self.stack.contains(&id)
    }

    /// Which occurrence of the protocol this is, from 1.
    pub fn occurrence(&self, id: ProtoId) -> u8 {
        self.layers[id as usize]
    }

    // What is wanted.

    /// Whether the field will be looked at; not asking costs no more than making it in vain.
    pub fn wants(&self, field: FieldId) -> bool {
        self.wanted.field(field)
    }

    /// Whether one of the fields will be looked at.
    pub fn wants_any(&self, fields: &[FieldId]) -> bool {
        fields.iter().any(|field| self.wanted.field(*field))
    }

    /// Whether the protocol, or one that may lie in it, will be looked at.
    pub fn wants_proto(&self, id: ProtoId) -> bool {
        self.wanted.proto(id)
    }

    /// Whether a protocol that may lie in this one will be looked at.
    pub(crate) fn wants_child_of(&self, id: ProtoId) -> bool {
        self.wanted.child_of(id)
    }

    /// Whether the first pass should find out what the field will show in the second one; for an expert info also
    /// whether anything will look at expert infos.
    pub fn wants_fact(&self, field: FieldId) -> bool {
        self.wanted.fact_field(field) || registry::field(field).expert.is_some() && ws::wants_expert_fact(self.wanted)
    }

    /// Whether anything that an expert info shows will be looked at.
    pub fn wants_expert(&self, field: FieldId) -> bool {
        ws::wants_expert(self, field)
    }

    /// Whether any field of the protocol being parsed will be looked at.
    pub fn wants_own(&self) -> bool {
        self.stack.last().is_some_and(|id| self.wanted.own_fields(*id))
    }

    /// Whether the second pass will look at any field of the protocol, at an expert info or at a column.
    pub fn wants_facts_of(&self, id: ProtoId) -> bool {
        self.wanted.facts_of(id)
    }

    /// Whether any field between two of one protocol's, these included, will be looked at.
    pub fn wants_between(&self, first: FieldId, last: FieldId) -> bool {
        self.wanted.any_field(first, last)
    }

    /// Whether any field of the protocol, or a column, will be looked at.
    pub fn wants_fields_of(&self, id: ProtoId) -> bool {
        self.wanted.columns || self.wanted.own_fields(id)
    }

    /// Whether texts of the tree will be looked at.
    pub fn wants_tree(&self) -> bool {
        self.wanted.tree
    }

    /// Whether the Protocol and Info columns will be looked at.
    pub fn wants_columns(&self) -> bool {
        self.wanted.columns
    }

    // The tree.

    fn push(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize, value: Value) -> Item {
        if self.out.nodes.len() >= MAX_NODES {
            return Item::NONE;
        }
        // Nearly always the field is of the protocol being parsed; to search for another costs more than to add it.
        let owner = match self.stack.last() {
            Some(id) if registry::is_owner(*id, field) => *id,
            _ => registry::owner(field),
        };
        let start = tvb.base as usize + at.min(tvb.reported());
        let mut len = len.min(tvb.reported().saturating_sub(at));
        if matches!(value, Value::Text) {
            // Text ends at its first zero octet, as in C.
            let text = tvb.bytes().get(at..).unwrap_or_default();
            len = memchr::memchr(0, text.get(..len).unwrap_or(text)).unwrap_or(len);
        }
        self.out.nodes.push(Node {
            field,
            value,
            start: start as u32,
            len: len as u32,
            source: tvb.source,
            depth: self.depth,
            layer: self.layers[owner as usize].max(1),
            hidden: false,
            generated: false,
            text: None,
        });
        Item(self.out.nodes.len() as u32 - 1)
    }

    /// Adds a field over `len` octets at `at`.
    pub fn add(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize, value: Value) -> Item {
        if !self.wanted.field(field) {
            return Item::NONE;
        }
        self.push(field, tvb, at, len, value)
    }

    /// Adds an item and lets what follows hang below it until [`Dissector::close`].
    pub fn open(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize, value: Value) -> Item {
        let item = self.add(field, tvb, at, len, value);
        self.depth = self.depth.saturating_add(1);
        item
    }

    /// Adds a line of text that is no field, and lets what follows hang below it.
    pub fn open_text(&mut self, tvb: Tvb<'a>, at: usize, len: usize, text: impl FnOnce() -> String) -> Item {
        let item = if self.wanted.tree {
            let item = self.push(ws::TEXT, tvb, at, len, Value::None);
            self.text(item, text);
            item
        } else {
            Item::NONE
        };
        self.depth = self.depth.saturating_add(1);
        item
    }

    /// The place behind all items so far.
    pub(crate) fn end_of_tree(&self) -> usize {
        self.out.nodes.len()
    }

    /// Moves the items from the place `from` on to the place `to` before it: a trailer is known only when the layers
    /// between have been seen. Items between the two must not be changed any more.
    pub(crate) fn move_to(&mut self, to: usize, from: usize) {
        let added = self.out.nodes.len().saturating_sub(from);
        if let Some(nodes) = self.out.nodes.get_mut(to..) {
            nodes.rotate_right(added.min(nodes.len()));
        }
    }

    /// Lets what `body` adds hang below the last item.
    pub fn within<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let depth = self.depth;
        self.depth = depth.saturating_add(1);
        let answer = body(self);
        self.depth = depth;
        answer
    }

    /// Ends the innermost open item.
    pub fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Begins a protocol: its item over all octets, its name in `frame.protocols`.
    pub fn begin(&mut self, proto: FieldId, tvb: Tvb<'a>) -> Item {
        debug_assert_eq!(self.stack.last().copied(), Some(registry::owner(proto)));
        self.layer(self.stack.last().map_or("", |id| registry::protocol(*id).name()));
        let end = tvb.base.saturating_add(tvb.len() as u32);
        self.open(proto, tvb, 0, tvb.reported(), Value::Protocol { end })
    }

    /// Says that messages which lie side by side in one run of a stream follow.
    pub(crate) fn begin_run(&mut self) {
        self.run_at = self.out.layers.len();
    }

    /// As [`Dissector::begin`], for a protocol of which a segment may hold several messages: its name is put into
    /// `frame.protocols` for the first of them alone. Says whether this is a later one.
    pub fn begin_next(&mut self, proto: FieldId, tvb: Tvb<'a>) -> (Item, bool) {
        let name = registry::protocol(registry::owner(proto)).name();
        let is_next = self.endpoints.transport == Transport::Tcp && self.out.layers.contains(&name);
        let layers = self.out.layers.len();
        let is_in_run = self.out.layers.get(self.run_at..).is_some_and(|run| run.contains(&name));
        let item = self.begin(proto, tvb);
        if is_next && is_in_run {
            self.out.layers.truncate(layers);
        }
        (item, is_next)
    }

    /// Reads a big-endian integer of `width` octets and adds it.
    pub fn uint(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, width: usize) -> Result<u64, Stop> {
        let value = tvb.uint(at, width)?;
        self.add(field, tvb, at, width, Value::Uint(value));
        Ok(value)
    }

    /// As [`Dissector::uint`], lowest octet first.
    pub fn uint_le(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, width: usize) -> Result<u64, Stop> {
        let octets = tvb.slice(at, width.min(8))?;
        let value = octets.iter().rev().fold(0, |n, octet| n << 8 | u64::from(*octet));
        self.add(field, tvb, at, width, Value::Uint(value));
        Ok(value)
    }

    /// Adds the bits of `octets` (the integer of `width` octets at `at`) that the field's mask takes.
    pub fn bits(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, width: usize, octets: u64) -> Item {
        if !self.wanted.field(field) {
            return Item::NONE;
        }
        let mask = registry::field(field).mask;
        let value = (octets & mask) >> mask.trailing_zeros().min(63);
        self.push(field, tvb, at, width, Value::Uint(value))
    }

    /// Adds a flag; its value is 1 when any bit of the field's mask is set.
    pub fn flag(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, width: usize, octets: u64) -> Item {
        if !self.wanted.field(field) {
            return Item::NONE;
        }
        let set = octets & registry::field(field).mask != 0;
        self.push(field, tvb, at, width, Value::Uint(set.into()))
    }

    /// Adds octets as they stand.
    pub fn bytes(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize) -> Item {
        self.add(field, tvb, at, len, Value::Bytes)
    }

    /// Adds text as it stands, up to its first zero octet; what stands behind that one is noted.
    pub fn string(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize) -> Item {
        let item = self.add(field, tvb, at, len, Value::Text);
        // Wireshark looks at the end of a text only where it shows it.
        if item != Item::NONE {
            self.within(|d| d.note_strays(tvb, at, len));
        }
        item
    }

    /// Notes octets that stand behind the end of a text, below the item that is open.
    pub(crate) fn note_strays(&mut self, tvb: Tvb<'a>, at: usize, len: usize) {
        if !ws::wants_expert(self, ws::TRAILING_STRAY_CHARACTERS) {
            return;
        }
        let text = tvb.bytes().get(at..).unwrap_or_default();
        let text = text.get(..len).unwrap_or(text);
        if let Some(end) = memchr::memchr(0, text)
            && text.iter().skip(end).any(|octet| *octet != 0)
        {
            self.expert(ws::TRAILING_STRAY_CHARACTERS, tvb, at, len);
        }
    }

    /// Adds what was worked out rather than read, at the place it was worked out from.
    pub fn generated(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize, value: Value) -> Item {
        let item = self.add(field, tvb, at, len, value);
        if let Some(node) = self.node(item) {
            node.generated = true;
        }
        item
    }

    /// Adds a field that filters find and the tree does not show.
    pub fn hidden(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize, value: Value) -> Item {
        let item = self.add(field, tvb, at, len, value);
        if let Some(node) = self.node(item) {
            node.hidden = true;
        }
        item
    }

    /// How many items there are so far.
    pub(crate) fn count(&self) -> usize {
        self.out.nodes.len()
    }

    /// Takes items back: those that were added when there were as many as `places` says.
    pub(crate) fn take_back(&mut self, places: std::ops::Range<usize>) {
        if places.end <= self.out.nodes.len() && places.start <= places.end {
            self.out.nodes.drain(places);
        }
    }

    /// Hides an item from the tree.
    pub fn hide(&mut self, item: Item) {
        if let Some(node) = self.node(item) {
            node.hidden = true;
        }
    }

    /// Marks an item as worked out.
    pub fn mark_generated(&mut self, item: Item) {
        if let Some(node) = self.node(item) {
            node.generated = true;
        }
    }

    /// Gives an item another value.
    pub fn refill(&mut self, item: Item, value: Value) {
        if let Some(node) = self.node(item) {
            node.value = value;
        }
    }

    /// Gives the first occurrence of a field, added before its value was known, that value.
    pub fn fill(&mut self, field: FieldId, value: Value) {
        if let Some(node) = self.out.nodes.iter_mut().find(|node| node.field == field) {
            node.value = value;
        }
    }

    fn node(&mut self, item: Item) -> Option<&mut Node> {
        self.out.nodes.get_mut(item.0 as usize)
    }

    /// Sets the length of an item that was added before its end was known.
    pub fn set_len(&mut self, item: Item, len: usize) {
        let wire = self.packet.orig_len as usize;
        let Some(source) = self.node(item).map(|node| node.source) else { return };
        let source = self.out.source(source).len();
        if let Some(node) = self.out.nodes.get_mut(item.0 as usize) {
            // What a header says of its length is no reason to point behind the end.
            let end = if node.source == 0 { source.max(wire) } else { source };
            node.len = len.min(end.saturating_sub(node.start as usize)) as u32;
        }
    }

    /// Sets the whole text of an item in the tree.
    pub fn text(&mut self, item: Item, text: impl FnOnce() -> String) {
        if self.wanted.tree
            && let Some(node) = self.node(item)
        {
            node.text = Some(text().into());
        }
    }

    /// Puts text behind what stands for an item in the tree.
    pub fn append_text(&mut self, item: Item, text: impl FnOnce() -> String) {
        if self.wanted.tree
            && let Some(node) = self.out.nodes.get(item.0 as usize)
        {
            let before = match &node.text {
                Some(text) => text.to_string(),
                None => crate::output::label::of(node, self.out.source(node.source)),
            };
            let text = before + &text();
            self.text(item, || text);
        }
    }

    /// Adds an expert info with the message of its table row.
    pub fn expert(&mut self, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize) {
        ws::expert(self, field, tvb, at, len, None);
    }

    /// Adds an expert info with a message of its own.
    pub fn expert_with(
        &mut self,
        field: FieldId,
        tvb: Tvb<'a>,
        at: usize,
        len: usize,
        message: impl FnOnce() -> String,
    ) {
        if ws::wants_expert(self, field) {
            let message = message();
            ws::expert(self, field, tvb, at, len, Some(message));
        }
    }

    // Octets from elsewhere.

    /// Takes octets that are not a run of the frame (reassembled, decoded) as a source of their own.
    pub fn add_source(&mut self, octets: &[u8], name: &'static str) -> Tvb<'a> {
        let octets: &'a [u8] = self.arena.alloc_slice_copy(octets);
        self.out.reassembled.push((octets, name));
        let source = u8::try_from(self.out.reassembled.len()).unwrap_or(u8::MAX);
        Tvb::new(octets, octets.len(), source)
    }

    // Facts.

    /// What earlier packets left behind; only in the first pass, and never inside a quoted packet.
    pub fn flows(&mut self) -> Option<&mut Flows> {
        if self.is_quoted {
            return None;
        }
        self.flows.as_deref_mut()
    }

    /// As [`Dissector::flows`], to look at.
    pub(crate) fn peek_flows(&self) -> Option<&Flows> {
        self.flows.as_deref().filter(|_| !self.is_quoted)
    }

    /// As [`Dissector::flows`], but inside a quoted packet too: it opens a conversation and so takes its number.
    pub(crate) fn flows_even_quoted(&mut self) -> Option<&mut Flows> {
        self.flows.as_deref_mut()
    }

    /// Whether facts are being found; never inside a quoted packet.
    pub(crate) fn is_first_pass(&self) -> bool {
        self.flows.is_some() && !self.is_quoted
    }

    /// Says what the payload of the datagram at hand was set up for.
    pub(crate) fn hear(&mut self, setup: Arc<Setup>, payload: Tvb<'a>) {
        self.out.heard = Some(Heard::new(setup, self.endpoints, payload));
    }

    /// Keeps a fact of this frame for the second pass.
    pub fn record(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// Adds a fact to an earlier frame.
    pub fn amend(&mut self, number: u64, fact: Fact) {
        self.amendments.push((number, fact));
    }

    /// The next fact of this frame that `pick` takes: layers ask in the order in which they recorded.
    ///
    /// Works the same in the first pass, where it finds what was recorded a moment ago.
    pub fn fact<T>(&mut self, pick: impl Fn(&Fact) -> Option<T>) -> Option<T> {
        for (at, fact) in self.facts.iter().enumerate().take(64) {
            if self.facts_used >> at & 1 == 0
                && let Some(found) = pick(fact)
            {
                self.facts_used |= 1 << at;
                return Some(found);
            }
        }
        None
    }

    /// As [`Dissector::fact`], but the fact may be asked for again.
    pub(crate) fn peek_fact<T>(&self, pick: impl Fn(&Fact) -> Option<T>) -> Option<T> {
        self.facts.iter().find_map(pick)
    }

    /// The last fact of this frame that `pick` takes.
    pub(crate) fn last_fact<T>(&self, pick: impl Fn(&Fact) -> Option<T>) -> Option<T> {
        self.facts.iter().rev().find_map(pick)
    }

    // Columns.

    /// The Source and Destination columns.
    pub fn set_addresses(&mut self, src: Address, dst: Address) {
        self.endpoints.src = src;
        self.endpoints.dst = dst;
        if self.wanted.columns && !self.is_quoted {
            self.out.columns.source = host_names::name(self.packet.names, src);
            self.out.columns.destination = host_names::name(self.packet.names, dst);
        }
    }

    /// The Source and Destination columns of a link layer without addresses.
    pub fn no_addresses(&mut self) {
        if self.wanted.columns && !self.is_quoted {
            self.out.columns.source = "N/A".to_owned();
            self.out.columns.destination = "N/A".to_owned();
        }
    }

    /// The Source and Destination columns of a link layer that says what part an address has.
    pub fn set_names(&mut self, source: String, destination: String) {
        if self.wanted.columns && !self.is_quoted {
            self.out.columns.source = source;
            self.out.columns.destination = destination;
        }
    }

    /// The Protocol column.
    pub fn set_protocol(&mut self, name: &str) {
        if self.wanted.columns && !self.is_quoted {
            self.out.columns.protocol.clear();
            self.out.columns.protocol.push_str(name);
        }
    }

    /// Text behind the Protocol column.
    pub fn append_protocol(&mut self, name: &str) {
        if self.wanted.columns && !self.is_quoted {
            self.out.columns.protocol.push_str(name);
        }
    }

    /// The Protocol column of what a tunnel carries, as in `GTP <SIP>`.
    pub fn wrap_protocol(&mut self, name: &str) {
        if self.wanted.columns && !self.is_quoted && self.out.columns.protocol != name {
            self.out.columns.protocol = format!("{name} <{}>", self.out.columns.protocol);
        }
    }

    /// The Info column, anew.
    pub fn set_info(&mut self, text: impl FnOnce() -> String) {
        if self.wanted.columns && !self.is_quoted {
            self.out.columns.info.truncate(self.info_kept);
            self.out.columns.info += &text();
        }
    }

    /// Keeps the first octets of the Info column: what TCP says of a segment stays before what its payload says.
    pub(crate) fn keep_info(&mut self, octets: usize) {
        if self.wanted.columns && !self.is_quoted && self.out.columns.info.is_char_boundary(octets) {
            self.info_kept = octets;
        }
    }

    /// Keeps what stands in the Info column: what follows in the same frame is put behind it.
    pub(crate) fn fence_info(&mut self) {
        if self.wanted.columns && !self.is_quoted {
            self.info_kept = self.out.columns.info.len();
        }
    }

    /// Lets `body` add what it wants but leaves the Info column as it is.
    pub(crate) fn with_info_kept<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let len = self.out.columns.info.len();
        let answer = body(self);
        self.out.columns.info.truncate(len);
        answer
    }

    /// Text behind the Info column, and `separator` between them where there is anything before it.
    pub fn append_info_with(&mut self, separator: &str, text: impl FnOnce() -> String) {
        if self.wanted.columns && !self.is_quoted {
            if !self.out.columns.info.is_empty() {
                self.out.columns.info += separator;
            }
            self.out.columns.info += &text();
        }
    }

    /// Text behind the Info column.
    pub fn append_info(&mut self, text: impl FnOnce() -> String) {
        if self.wanted.columns && !self.is_quoted {
            self.out.columns.info += &text();
        }
    }
}
