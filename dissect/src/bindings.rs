//! The tables by which a protocol finds what lies in it, filled from what the protocols announce of themselves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::decode_as;
use crate::dissector::Dissector;
use crate::registry::{self, ProtoId};
use crate::tvb::Tvb;

/// The kinds of tables.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// LINKTYPE_ values.
    LinkType,
    EtherType,
    /// IEEE 802.2 service access points.
    LlcSap,
    /// IP protocol numbers.
    IpProto,
    UdpPort,
    TcpPort,
    SctpPort,
    /// PPP protocol numbers (RFC 1661).
    PppProtocol,
    /// Media types of SIP and HTTP bodies.
    MediaType,
    /// Tried on UDP payloads that no port explains.
    UdpHeuristic,
    /// Tried on TCP payloads that no port explains.
    TcpHeuristic,
    /// What signalling announced for an address and port.
    Media,
}

/// One announcement of a protocol.
#[derive(Clone, Copy)]
pub enum Binding {
    LinkType(u16),
    EtherType(u16),
    LlcSap(u8),
    IpProto(u8),
    UdpPort(u16),
    TcpPort(u16),
    SctpPort(u16),
    PppProtocol(u16),
    /// In lower case, without parameters.
    MediaType(&'static str),
    /// Says whether the octets look like the protocol. The first that does takes them, in the order of the registry.
    UdpHeuristic(for<'a> fn(&Dissector<'a>, Tvb<'a>) -> bool),
    TcpHeuristic(for<'a> fn(&Dissector<'a>, Tvb<'a>) -> bool),
    /// Bound by what signalling announced.
    Media,
}

impl Binding {
    /// The table that the announcement stands in.
    pub fn table(&self) -> Table {
        match self {
            Self::LinkType(_) => Table::LinkType,
            Self::EtherType(_) => Table::EtherType,
            Self::LlcSap(_) => Table::LlcSap,
            Self::IpProto(_) => Table::IpProto,
            Self::UdpPort(_) => Table::UdpPort,
            Self::TcpPort(_) => Table::TcpPort,
            Self::SctpPort(_) => Table::SctpPort,
            Self::PppProtocol(_) => Table::PppProtocol,
            Self::MediaType(_) => Table::MediaType,
            Self::UdpHeuristic(_) => Table::UdpHeuristic,
            Self::TcpHeuristic(_) => Table::TcpHeuristic,
            Self::Media => Table::Media,
        }
    }

    fn number(&self) -> Option<u16> {
        match *self {
            Self::LinkType(n)
            | Self::EtherType(n)
            | Self::UdpPort(n)
            | Self::TcpPort(n)
            | Self::SctpPort(n)
            | Self::PppProtocol(n) => Some(n),
            Self::LlcSap(n) | Self::IpProto(n) => Some(n.into()),
            _ => None,
        }
    }
}

/// The numbered tables, by the place of their kind; a look-up costs two loads. 0 stands for nobody.
static NUMBERS: LazyLock<Vec<Box<[u8]>>> = LazyLock::new(|| {
    let mut tables: Vec<Box<[u8]>> = vec![Box::default(); Table::Media as usize + 1];
    for protocol in registry::protocols() {
        for binding in protocol.bindings {
            if let Some(number) = binding.number() {
                let rows = &mut tables[binding.table() as usize];
                if rows.is_empty() {
                    *rows = vec![0; 65_536].into();
                }
                rows[usize::from(number)] = protocol.id as u8 + 1;
            }
        }
    }
    for assigned in decode_as::assigned() {
        let rows = &mut tables[assigned.table as usize];
        if rows.is_empty() {
            *rows = vec![0; 65_536].into();
        }
        for number in assigned.numbers.clone() {
            rows[usize::from(number)] = assigned.proto as u8 + 1;
        }
    }
    tables
});

/// Two ports in the order in which they are asked whose the octets are: an assigned one before others, the lower first.
pub(crate) fn in_order(table: Table, a: u16, b: u16) -> [u16; 2] {
    let (low, high) = (a.min(b), a.max(b));
    match !decode_as::assigned().is_empty()
        && decode_as::is_assigned(table, high)
        && !decode_as::is_assigned(table, low)
    {
        true => [high, low],
        false => [low, high],
    }
}

/// The protocol that announced itself for `number` in `table`.
pub(crate) fn by_number(table: Table, number: u16) -> Option<ProtoId> {
    let entry = NUMBERS[table as usize].get(usize::from(number))?;
    registry::by_place(entry.checked_sub(1)?)
}

static MEDIA_TYPES: LazyLock<BTreeMap<&'static str, ProtoId>> = LazyLock::new(|| {
    let all = registry::protocols().flat_map(|p| p.bindings.iter().map(move |b| (b, p.id)));
    all.filter_map(|(binding, id)| match binding {
        Binding::MediaType(name) => Some((*name, id)),
        _ => None,
    })
    .collect()
});

/// The protocol that announced itself for a media type, given in lower case without parameters.
pub(crate) fn by_media_type(name: &str) -> Option<ProtoId> {
    MEDIA_TYPES.get(name).copied()
}

/// The name of a media type in lower case, without its parameters (RFC 2045, 5.1).
pub(crate) fn media_type_name(value: &[u8]) -> String {
    let end = value.iter().position(|octet| matches!(octet, b';' | b' ' | b'\t' | b'\r' | b'\n' | b','));
    let name = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
    String::from_utf8_lossy(name).to_ascii_lowercase()
}

/// A parameter of a media type, without its quotes.
pub(crate) fn media_type_parameter<'a>(value: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    value.split(|octet| *octet == b';').skip(1).find_map(|parameter| {
        let at = memchr::memchr(b'=', parameter)?;
        let is_it = parameter.get(..at)?.trim_ascii().eq_ignore_ascii_case(name);
        let text = parameter.get(at + 1..)?.trim_ascii();
        let text = text.strip_prefix(b"\"").map_or(text, |text| text.strip_suffix(b"\"").unwrap_or(text));
        (is_it && !text.is_empty()).then_some(text)
    })
}

/// A heuristic and whose it is.
pub(crate) type Heuristic = (ProtoId, for<'a> fn(&Dissector<'a>, Tvb<'a>) -> bool);

fn heuristics_of(table: Table) -> Vec<Heuristic> {
    let all = registry::protocols().flat_map(|p| p.bindings.iter().map(move |b| (p.id, b)));
    all.filter(|(_, binding)| binding.table() == table)
        .filter_map(|(id, binding)| match binding {
            Binding::UdpHeuristic(test) | Binding::TcpHeuristic(test) => Some((id, *test)),
            _ => None,
        })
        .collect()
}

pub(crate) static UDP_HEURISTICS: LazyLock<Vec<Heuristic>> = LazyLock::new(|| heuristics_of(Table::UdpHeuristic));
pub(crate) static TCP_HEURISTICS: LazyLock<Vec<Heuristic>> = LazyLock::new(|| heuristics_of(Table::TcpHeuristic));
