//! Who spoke to whom in a packet, at one layer: what conversations and endpoints are counted by.

use crate::dissector::Address;
use crate::field::FieldId;
use crate::proto::{eth, ip, ipv6, sctp, tcp, udp};
use crate::tree::{Dissection, Node};
use crate::value::Value;
use crate::wanted::Wanted;

/// What [`Kind::of`] knows.
pub(super) const KINDS: &str = "type; there are eth, ip, ipv6, sctp, tcp and udp";

/// At which layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Eth,
    Ip,
    Ipv6,
    Sctp,
    Tcp,
    Udp,
}

/// The fields that tell the two sides of a layer, and how it is called.
struct Row {
    kind: Kind,
    name: &'static str,
    title: &'static str,
    source: FieldId,
    destination: FieldId,
    stream: Option<FieldId>,
}

const ROWS: [Row; 6] = [
    Row { kind: Kind::Eth, name: "eth", title: "Ethernet", source: eth::SRC, destination: eth::DST, stream: None },
    Row { kind: Kind::Ip, name: "ip", title: "IPv4", source: ip::SRC, destination: ip::DST, stream: None },
    Row { kind: Kind::Ipv6, name: "ipv6", title: "IPv6", source: ipv6::SRC, destination: ipv6::DST, stream: None },
    Row {
        kind: Kind::Sctp,
        name: "sctp",
        title: "SCTP",
        source: sctp::SRCPORT,
        destination: sctp::DSTPORT,
        stream: None,
    },
    Row {
        kind: Kind::Tcp,
        name: "tcp",
        title: "TCP",
        source: tcp::SRCPORT,
        destination: tcp::DSTPORT,
        stream: Some(tcp::STREAM),
    },
    Row {
        kind: Kind::Udp,
        name: "udp",
        title: "UDP",
        source: udp::SRCPORT,
        destination: udp::DSTPORT,
        stream: Some(udp::STREAM),
    },
];

impl Kind {
    pub(super) fn of(name: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.name == name).map(|row| row.kind)
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    pub(super) fn title(self) -> &'static str {
        self.row().title
    }

    pub(super) fn has_ports(self) -> bool {
        matches!(self, Self::Sctp | Self::Tcp | Self::Udp)
    }

    pub(super) fn want(self, wanted: &mut Wanted) {
        let row = self.row();
        [row.source, row.destination].into_iter().chain(row.stream).for_each(|field| wanted.add(field));
        if self.has_ports() {
            [ip::SRC, ip::DST, ipv6::SRC, ipv6::DST].into_iter().for_each(|field| wanted.add(field));
        }
    }
}

/// One side of a pair.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(super) struct End {
    pub(super) address: Address,
    pub(super) port: u16,
}

/// Sender and receiver at one layer of one packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Pair {
    pub(super) from: End,
    pub(super) to: End,
    /// The number of the stream, where the layer has streams.
    pub(super) stream: u64,
}

fn address(node: &Node) -> Address {
    match node.value {
        Value::Ether(mac) => Address::Ether(mac),
        Value::Ipv4(octets) => Address::Ipv4(octets),
        Value::Ipv6(octets) => Address::Ipv6(octets),
        _ => Address::None,
    }
}

fn number(node: &Node) -> u64 {
    match node.value {
        Value::Uint(number) => number,
        _ => 0,
    }
}

/// The pairs of a packet at a layer, one each time that the layer occurs. What an ICMP error quotes does not count: it
/// hangs deeper in the tree.
pub(super) fn each(kind: Kind, dissection: &Dissection<'_>, mut visit: impl FnMut(Pair)) {
    let row = kind.row();
    let (mut pair, mut network) = (Pair::default(), Pair::default());
    let (mut has_source, mut has_destination) = (false, false);
    for node in dissection.nodes.iter().filter(|node| node.depth == 1) {
        let field = node.field;
        if field == ip::SRC || field == ipv6::SRC {
            network.from.address = address(node);
        } else if field == ip::DST || field == ipv6::DST {
            network.to.address = address(node);
        }
        if field == row.source {
            has_source = true;
            pair.from = End { address: address(node), port: number(node) as u16 };
        } else if field == row.destination {
            has_destination = true;
            pair.to = End { address: address(node), port: number(node) as u16 };
        } else if row.stream == Some(field) {
            pair.stream = number(node);
        } else {
            continue;
        }
        let is_whole = has_source && has_destination && row.stream.is_none_or(|stream| stream == field);
        if is_whole {
            (has_source, has_destination) = (false, false);
            if kind.has_ports() {
                pair.from.address = network.from.address;
                pair.to.address = network.to.address;
            }
            visit(std::mem::take(&mut pair));
        }
    }
}
