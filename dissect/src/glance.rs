//! What the headers of an ordinary packet tell without its dissection: enough to leave out most of those that a filter
//! cannot take.
//!
//! Ordinary is Ethernet with IPv4 or IPv6, whole and without options, and a payload that nobody wants to look into. Of
//! all others nothing is told, and they are dissected.

use crate::bindings::{self, Binding, Table};
use crate::field::FieldId;
use crate::filter::require::{Prefix, Requirement, Zone};
use crate::packet::Packet;
use crate::proto::udp;
use crate::registry::{self, ProtoId, ProtoSet};
use crate::wanted::Wanted;

/// Says of octets of a datagram whether a protocol may take them: see [`Protocol::may_begin`](registry::Protocol).
type MayBegin = fn(&[u8]) -> bool;

const LINK_TYPE: u16 = 1;
const ETHER_HEADER_LEN: usize = 14;
const IPV4_HEADER_LEN: usize = 20;
const IPV6_HEADER_LEN: usize = 40;
const UDP_HEADER_LEN: usize = 8;
/// More fragments, and the offset (RFC 791, 3.1).
const FRAGMENT: u16 = 0x3fff;
/// The Next Header numbers of what is no payload: the extension headers, and none at all (RFC 8200, 4).
const EXTENSIONS: [u8; 5] = [0, 43, 44, 59, 60];

/// Tells for one filter which packets it cannot take.
pub(crate) struct Glancer {
    required: Requirement,
    /// The protocols without a port that may take a datagram's octets; nothing where they do not tell it alone.
    datagrams: Option<Vec<MayBegin>>,
}

impl Glancer {
    /// Of what `required` says while `wanted` is looked for in all packets; nothing where every packet may pass.
    pub(crate) fn new(required: &Requirement, wanted: &Wanted) -> Option<Self> {
        let is_any_data = wanted.columns || wanted.proto(ProtoId::Data);
        if *required == Requirement::True || is_any_data {
            return None;
        }
        Some(Self { required: required.clone(), datagrams: datagrams(wanted) })
    }

    /// Whether it is certain that the packet does not pass, and that no other packet is another one for it.
    pub(crate) fn leaves_out(&self, packet: &Packet<'_>, wanted: &Wanted) -> bool {
        self.seen(packet, wanted).is_some_and(|seen| !self.required.may_hold(&seen))
    }

    fn seen(&self, packet: &Packet<'_>, wanted: &Wanted) -> Option<Seen> {
        if packet.link_type != LINK_TYPE
            || bindings::by_number(Table::LinkType, LINK_TYPE) != Some(ProtoId::Eth)
            || packet.bytes.len() != packet.orig_len as usize
        {
            return None;
        }
        let (header, rest) = packet.bytes.split_first_chunk::<ETHER_HEADER_LEN>()?;
        let ethertype = u16::from_be_bytes([header[12], header[13]]);
        let mut seen = Seen { protos: ProtoSet::of(&[ProtoId::Frame, ProtoId::Eth]), ends: Ends::None, ports: None };
        if ethertype < 1536 {
            return None;
        }
        let (number, payload) = match bindings::by_number(Table::EtherType, ethertype) {
            Some(id) if !wanted.proto(id) => return Some(seen),
            None => return Some(seen),
            Some(id @ ProtoId::Ip) => {
                seen.protos.insert(id);
                seen.ipv4(rest)?
            }
            Some(id @ ProtoId::Ipv6) => {
                seen.protos.insert(id);
                seen.ipv6(rest)?
            }
            Some(_) => return None,
        };
        match bindings::by_number(Table::IpProto, number.into()) {
            Some(id @ ProtoId::Udp) if wanted.proto(id) => {
                seen.protos.insert(id);
                self.udp(&mut seen, payload, wanted)?;
            }
            Some(id) if wanted.proto(id) => return None,
            _ => {}
        }
        Some(seen)
    }

    /// Takes a datagram in which nothing is that anybody wants to see.
    fn udp(&self, seen: &mut Seen, octets: &[u8], wanted: &Wanted) -> Option<()> {
        let begins = self.datagrams.as_ref()?;
        let (header, rest) = octets.split_first_chunk::<UDP_HEADER_LEN>()?;
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let (src, dst, len) = (word(0), word(2), usize::from(word(4)));
        for port in [src, dst] {
            if bindings::by_number(Table::UdpPort, port).is_some_and(|id| wanted.proto(id)) {
                return None;
            }
        }
        let payload = rest.get(..len.checked_sub(UDP_HEADER_LEN)?)?;
        if begins.iter().any(|may_begin| may_begin(payload)) {
            return None;
        }
        seen.ports = Some((src, dst));
        Some(())
    }
}

/// Whose octets a datagram's may be where no port tells; nothing where that, or what is wanted of the datagram itself,
/// depends on datagrams before it.
fn datagrams(wanted: &Wanted) -> Option<Vec<MayBegin>> {
    let is_counted = |field: &FieldId| wanted.field(*field) || wanted.fact_field(*field);
    if udp::OF_CONVERSATIONS.iter().any(is_counted) || udp::ANNOUNCERS.iter().any(|id| wanted.proto(*id)) {
        return None;
    }
    registry::protocols()
        .filter(|protocol| wanted.proto(protocol.id))
        .filter(|protocol| protocol.bindings.iter().any(|b| matches!(b, Binding::UdpHeuristic(_) | Binding::Media)))
        .map(|protocol| protocol.may_begin)
        .collect()
}

/// Source and destination.
enum Ends {
    None,
    V4([u32; 2]),
    V6([u128; 2]),
}

/// What the headers say.
struct Seen {
    protos: ProtoSet,
    ends: Ends,
    ports: Option<(u16, u16)>,
}

impl Seen {
    /// Takes the header of a datagram that is no fragment; answers what it carries.
    fn ipv4<'a>(&mut self, octets: &'a [u8]) -> Option<(u8, &'a [u8])> {
        let header = octets.first_chunk::<IPV4_HEADER_LEN>()?;
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let address = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if header[0] != 0x45 || word(6) & FRAGMENT != 0 {
            return None;
        }
        self.ends = Ends::V4([address(12), address(16)]);
        Some((header[9], octets.get(IPV4_HEADER_LEN..word(2).into())?))
    }

    fn ipv6<'a>(&mut self, octets: &'a [u8]) -> Option<(u8, &'a [u8])> {
        let (header, rest) = octets.split_first_chunk::<IPV6_HEADER_LEN>()?;
        let len = u16::from_be_bytes([header[4], header[5]]);
        if header[0] >> 4 != 6 || len == 0 || EXTENSIONS.contains(&header[6]) {
            return None;
        }
        let address = |at: usize| header.get(at..)?.first_chunk().copied().map(u128::from_be_bytes);
        self.ends = Ends::V6([address(8)?, address(24)?]);
        Some((header[6], rest.get(..len.into())?))
    }
}

impl Zone for Seen {
    fn may_have_protocol(&self, protocol: ProtoId) -> bool {
        self.protos.has(protocol)
    }

    fn may_have_address(&self, prefix: &Prefix) -> bool {
        match (prefix, &self.ends) {
            (Prefix::V4 { address, mask }, Ends::V4(ends)) => ends.iter().any(|end| end & mask == address & mask),
            (Prefix::V6 { address, mask }, Ends::V6(ends)) => ends.iter().any(|end| end & mask == address & mask),
            _ => false,
        }
    }

    fn may_have_port(&self, from: u16, to: u16) -> bool {
        self.ports.is_some_and(|(src, dst)| [src, dst].into_iter().any(|port| (from..=to).contains(&port)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InOrder;
    use crate::filter::{Filter, Options};
    use crate::tests::octets;

    /// Which of the frames, which follow each other, a filter takes; `is_glancing` leaves out those that it cannot take.
    /// Answers how many were left out, too.
    fn taken(text: &str, frames: &[Vec<u8>], is_glancing: bool) -> (Vec<bool>, usize) {
        let filter = Filter::compile(text, &Options::default()).unwrap();
        let mut wanted = Wanted::nothing();
        filter.fields().for_each(|field| wanted.add(field));
        let mut in_order = InOrder::new(&wanted, &wanted);
        if is_glancing {
            in_order = in_order.requiring(filter.required());
        }
        let mut left_out = 0;
        let mut number = 0;
        let taken = frames.iter().map(|frame| {
            number += 1;
            let packet = Packet { number, time: number as i64, ..Packet::alone(1, frame) };
            let is_left_out = in_order.leaves_out(&packet);
            left_out += usize::from(is_left_out);
            !is_left_out && in_order.dissect(&packet, |shown, _| filter.matches(shown))
        });
        (taken.collect(), left_out)
    }

    /// Datagrams of the samples with an Ethernet header in front, and the samples that have one.
    fn samples() -> Vec<Vec<u8>> {
        let samples = registry::protocols().flat_map(|protocol| protocol.samples);
        let frames = samples.flat_map(|sample| sample.frames.iter().map(|hex| (sample.link_type, octets(hex))));
        let framed = frames.filter_map(|(link_type, frame)| match (link_type, frame.first().map(|first| first >> 4)) {
            (1, _) => Some(frame),
            (101, Some(version @ (4 | 6))) => {
                let ethertype = if version == 4 { [8, 0] } else { [0x86, 0xdd] };
                Some([&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1][..], &ethertype, &frame].concat())
            }
            _ => None,
        });
        framed.collect()
    }

    #[test]
    fn what_is_left_out_would_not_have_passed() {
        let frames = samples();
        let of_protocols = registry::protocols().map(|protocol| protocol.name().to_owned());
        let of_headers = [
            "ip.addr == 10.0.0.1",
            "ip.src == 10.0.0.2",
            "ip.addr == 10.0.0.0/8 and udp",
            "ip.addr == 192.168.1.5",
            "ipv6.addr == 2001:db8::1",
            "ip.addr == 10.0.0.1 or ipv6.addr == fe80::1",
            "udp.port == 5060",
            "udp.port in {53, 5060..5070}",
            "tcp.port == 80",
            "sip.Status-Code == 200",
            "sip or tcp.port == 80",
            "not ip.addr == 10.0.0.1",
            "udp.port == 53 and udp.stream == 0",
            "eth.addr == 02:00:00:00:00:01",
        ];
        for text in of_protocols.chain(of_headers.map(str::to_owned)) {
            let (all, none) = taken(&text, &frames, false);
            assert_eq!((all, none), (taken(&text, &frames, true).0, 0), "{text}");
        }
    }

    #[test]
    fn what_shows_a_field_is_not_left_out() {
        let frames = samples();
        let packets: Vec<_> = frames.iter().map(|frame| Packet::alone(1, frame)).collect();
        let everything = Wanted::everything();
        let mut in_order = InOrder::new(&everything, &everything);
        let mut shown = Vec::new();
        for (at, packet) in packets.iter().enumerate() {
            let packet = Packet { number: at as u64 + 1, time: at as i64, ..*packet };
            let fields = in_order.dissect(&packet, |shown, _| shown.nodes.iter().map(|node| node.field.0).collect());
            let fields: std::collections::BTreeSet<u16> = fields;
            shown.push(fields);
        }
        let mut missed = Vec::new();
        for (id, field) in registry::fields() {
            let filter = Filter::compile(field.name, &Options::default()).unwrap();
            let mut wanted = Wanted::nothing();
            wanted.add(id);
            let Some(glancer) = Glancer::new(filter.required(), &wanted) else { continue };
            let mut showing = packets.iter().zip(&shown).filter(|(_, fields)| fields.contains(&id.0));
            if showing.any(|(packet, _)| glancer.leaves_out(packet, &wanted)) {
                missed.push(field.name);
            }
        }
        assert!(missed.is_empty(), "who shows them is not asked for: {missed:?}");
    }

    #[test]
    fn ordinary_packets_are_left_out_and_others_are_not() {
        let ether = "020000000002 020000000001 0800";
        let ip = |protocol: &str, fragment: &str, to: &str| {
            format!("{ether} 45000020 0001{fragment} 40{protocol}0000 0a000001 {to}")
        };
        let datagram = |head: &str| octets(&format!("{head} c000c001 000c0000 61626364"));
        let frames = [
            datagram(&ip("11", "4000", "0a000002")),
            datagram(&ip("11", "0000", "c0a80105")),
            // A fragment, and what may quote an address.
            datagram(&ip("11", "2000", "0a000002")),
            datagram(&ip("01", "0000", "0a000002")),
            // A tunnel: Teredo.
            octets(&format!("{} c0000dd8 000c0000 61626364", ip("11", "0000", "0a000002"))),
            octets("020000000002 020000000001 0806 0001"),
        ];
        let (passed, left_out) = taken("ip.addr == 192.168.1.5", &frames, true);
        assert_eq!((passed, left_out), (vec![false, true, false, false, false, false], 2));
        // Who looks at conversations has to see all datagrams; who asks for nothing that an index knows, too.
        for text in ["udp.port == 53 and udp.stream == 0", "frame.number == 3", "not ip"] {
            assert_eq!(taken(text, &frames[..2], true).1, 0, "{text}");
        }
    }

    #[test]
    fn what_begins_like_the_protocol_is_looked_into() {
        let head = "020000000002 020000000001 0800 4500002c 00010000 40110000 0a000001 0a000002 c000c001 00180000";
        let frames = [
            octets(&format!("{head} 5349502f322e302034303720 78 0d0a 0d0a")),
            octets(&format!("{head} {}", "80".repeat(16))),
        ];
        assert_eq!(taken("sip.Status-Code == 407", &frames, true), (vec![true, false], 1));
    }
}
