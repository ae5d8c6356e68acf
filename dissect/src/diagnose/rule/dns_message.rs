//! What the DNS rules see of a message (RFC 1035, 4.1).

use crate::diagnose::Seen;
use crate::dissector::Address;
use crate::field::FieldId;
use crate::proto::dns;
use crate::tree::Node;

/// The fields that [`messages`] needs.
pub(super) const FIELDS: [FieldId; 9] = [
    dns::PROTO,
    dns::ID,
    dns::FLAGS_RESPONSE,
    dns::FLAGS_OPCODE,
    dns::FLAGS_RCODE,
    dns::COUNT_ANSWERS,
    dns::QRY_NAME,
    dns::QRY_TYPE,
    dns::FLAGS_TRUNCATED,
];

/// Longer names are none (RFC 1035, 2.3.4); escaped octets take four characters.
const MAX_NAME: usize = 1024;

pub(super) struct Message {
    pub(super) client: Address,
    pub(super) server: Address,
    pub(super) id: u64,
    pub(super) is_response: bool,
    pub(super) opcode: u64,
    pub(super) rcode: u64,
    pub(super) answers: u64,
    /// Of the first question, in lower case; nothing when there is none.
    pub(super) name: Option<String>,
    pub(super) qtype: u64,
}

impl Message {
    fn of(nodes: &[Node], seen: &Seen<'_>) -> Option<Self> {
        let number = |field| nodes.iter().find(|node| node.field == field).and_then(Seen::number);
        let is_response = number(dns::FLAGS_RESPONSE)? != 0;
        let endpoints = seen.endpoints();
        let (client, server) = match is_response {
            true => (endpoints.dst, endpoints.src),
            false => (endpoints.src, endpoints.dst),
        };
        let name = nodes.iter().find(|node| node.field == dns::QRY_NAME).map(|node| match &node.value {
            crate::value::Value::String(text) => text.to_lowercase(),
            _ => String::from_utf8_lossy(seen.dissection.bytes(node)).to_lowercase(),
        });
        Some(Self {
            client,
            server,
            id: number(dns::ID)?,
            is_response,
            opcode: number(dns::FLAGS_OPCODE)?,
            rcode: number(dns::FLAGS_RCODE).unwrap_or_default(),
            answers: number(dns::COUNT_ANSWERS).unwrap_or_default(),
            name: name.filter(|name| name.len() <= MAX_NAME),
            qtype: number(dns::QRY_TYPE).unwrap_or_default(),
        })
    }
}

/// The messages in a packet.
pub(super) fn messages(seen: &Seen<'_>) -> Vec<Message> {
    seen.messages(dns::PROTO).filter_map(|nodes| Message::of(nodes, seen)).collect()
}

/// What a type is called, for people.
pub(super) fn type_name(qtype: u64) -> String {
    match dns::type_name(qtype) {
        Some(name) => name.split(' ').next().unwrap_or(name).to_owned(),
        None => format!("TYPE{qtype}"),
    }
}
