//! Zone maps: what a query can know not to be in a chunk, from one cheap look at each packet.
//!
//! Every answer is a superset: `may_have_*` is false only when no packet of the chunk can match. Where a packet holds what one
//! look cannot see (tunnels, errors that quote other packets, link types that are not sliced here), the chunk is marked and every
//! question about addresses, protocols and ports is answered "perhaps"; for a fragment or a cut packet that holds for protocols'
//! contents and ports alone, as its addresses are there. Whoever teaches `dissect` a tunnel on a port of its own adds the port to
//! [`TUNNEL_PORTS`].

use std::net::Ipv4Addr;

use etherparse::{EtherType, IpNumber, LaxNetSlice, LaxSlicedPacket, LinkSlice, TransportSlice};
use packetstream_protocol::chunk::Packets;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneMap {
    pub(crate) flags: u32,
    /// Bit `n % 64` of word `n / 64`: IP protocol number `n` is in some outermost IP header.
    pub(crate) protocols: [u64; 4],
    /// Of sources and destinations; the range is empty when there are none.
    pub(crate) ipv4_min: u32,
    pub(crate) ipv4_max: u32,
    /// Of TCP and UDP, sources and destinations; the range is empty when there are none.
    pub(crate) port_min: u16,
    pub(crate) port_max: u16,
}

const IPV4: u32 = 1;
const IPV6: u32 = 1 << 1;
const ARP: u32 = 1 << 2;
/// Some payload may be text, or go on with text that began in another packet.
const TEXT: u32 = 1 << 3;
/// Some packet may hold another one.
const HIDDEN: u32 = 1 << 4;
/// Some packet is a fragment or cut before its ports.
const PARTIAL: u32 = 1 << 5;

/// UDP ports behind which whole packets may lie: L2TP, GTP-U, Teredo, GRE (RFC 8086), VXLAN, Geneve, MPLS (RFC 7510), VXLAN as
/// Linux first had it, and TZSP and CAPWAP data, which carry captured frames.
pub const TUNNEL_PORTS: [u16; 11] = [1701, 2152, 3544, 4754, 4755, 4789, 5247, 6081, 6635, 8472, 37008];

/// Link types that can be sliced, by their `LINKTYPE_` numbers.
const LINK_NULL: u16 = 0;
const LINK_ETHERNET: u16 = 1;
const LINK_RAW: u16 = 101;
const LINK_LOOP: u16 = 108;
const LINK_SLL: u16 = 113;
const LINK_IPV4: u16 = 228;
const LINK_IPV6: u16 = 229;
const LINK_SLL2: u16 = 276;

impl Default for ZoneMap {
    /// Of no packet at all: nothing is in it.
    fn default() -> Self {
        Self { flags: 0, protocols: [0; 4], ipv4_min: u32::MAX, ipv4_max: 0, port_min: u16::MAX, port_max: 0 }
    }
}

impl ZoneMap {
    /// Looks at every packet once.
    #[must_use]
    pub fn of(packets: &Packets) -> Self {
        let mut zone = Self::default();
        let mut last = None;
        for packet in packets {
            let link_type = match last {
                Some((number, link_type)) if number == packet.interface => link_type,
                _ => packets.interface(packet.interface).map_or(u16::MAX, |interface| interface.link_type),
            };
            last = Some((packet.interface, link_type));
            zone.add(link_type, packet.bytes);
        }
        zone
    }

    /// Whether some packet may have an IPv4 header.
    #[must_use]
    pub const fn may_have_ipv4(&self) -> bool {
        self.flags & (IPV4 | HIDDEN) != 0
    }

    /// Whether some packet may have an IPv6 header.
    #[must_use]
    pub const fn may_have_ipv6(&self) -> bool {
        self.flags & (IPV6 | HIDDEN) != 0
    }

    /// Whether some packet may be ARP.
    #[must_use]
    pub const fn may_have_arp(&self) -> bool {
        self.flags & (ARP | HIDDEN) != 0
    }

    /// Whether some packet may have this IP protocol.
    #[must_use]
    pub const fn may_have_protocol(&self, number: u8) -> bool {
        self.flags & HIDDEN != 0 || self.protocols[number as usize / 64] >> (number % 64) & 1 != 0
    }

    /// Whether some packet may have an IPv4 source or destination in `first..=last`.
    #[must_use]
    pub fn may_have_ipv4_in(&self, first: Ipv4Addr, last: Ipv4Addr) -> bool {
        self.flags & HIDDEN != 0 || u32::from(first) <= self.ipv4_max && self.ipv4_min <= u32::from(last)
    }

    /// Whether some packet may have a TCP or UDP port in `first..=last`.
    #[must_use]
    pub const fn may_have_port_in(&self, first: u16, last: u16) -> bool {
        self.flags & (HIDDEN | PARTIAL) != 0 || first <= self.port_max && self.port_min <= last
    }

    /// Whether some packet may hold, or end, a message of a text protocol such as SIP.
    #[must_use]
    pub const fn may_have_text(&self) -> bool {
        self.flags & (TEXT | HIDDEN | PARTIAL) != 0
    }

    fn add(&mut self, link_type: u16, bytes: &[u8]) {
        if link_type == LINK_ETHERNET && self.add_plain(bytes).is_some() {
            return;
        }
        self.add_any(link_type, bytes);
    }

    /// What most packets are: whole UDP datagrams and TCP segments in IPv4 without options in Ethernet. Slicing takes three times as
    /// long. `None`, and nothing was added, for all others.
    fn add_plain(&mut self, bytes: &[u8]) -> Option<()> {
        let head = bytes.first_chunk::<34>()?;
        let pair = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let is_whole = pair(20) & 0x3fff == 0;
        if pair(12) != 0x0800 || head[14] != 0x45 || !is_whole {
            return None;
        }
        let transport = bytes.get(34..14 + usize::from(pair(16)))?;
        let ports = transport.first_chunk::<4>()?;
        let [source, destination] = [0, 2].map(|at| u16::from_be_bytes([ports[at], ports[at + 1]]));
        match head[23] {
            17 => {
                let length = usize::from(u16::from_be_bytes([*transport.get(4)?, *transport.get(5)?]));
                let payload = transport.get(8..length)?;
                self.add_datagram(source, destination, payload);
            }
            6 => {
                let header = 4 * usize::from(transport.get(12)? >> 4);
                let payload = transport.get(header.max(20)..)?;
                if header < 20 {
                    return None;
                }
                self.add_segment(source, destination, payload);
            }
            _ => return None,
        }
        self.flags |= IPV4;
        self.add_ipv4([head[26], head[27], head[28], head[29]], [head[30], head[31], head[32], head[33]]);
        self.add_protocol(IpNumber(head[23]));
        Some(())
    }

    fn add_any(&mut self, link_type: u16, bytes: &[u8]) {
        let sliced = match link_type {
            LINK_ETHERNET => LaxSlicedPacket::from_ethernet(bytes).ok(),
            LINK_RAW | LINK_IPV4 | LINK_IPV6 => LaxSlicedPacket::from_ip(bytes).ok(),
            LINK_NULL | LINK_LOOP => bytes.get(4..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()),
            LINK_SLL => cooked(bytes, 14, 16),
            LINK_SLL2 => cooked(bytes, 0, 20),
            _ => None,
        };
        match sliced {
            Some(sliced) => self.add_sliced(&sliced),
            None => self.flags |= HIDDEN,
        }
    }

    fn add_sliced(&mut self, packet: &LaxSlicedPacket<'_>) {
        let payload = match &packet.net {
            Some(LaxNetSlice::Ipv4(ip)) => {
                self.flags |= IPV4;
                let header = ip.header();
                self.add_ipv4(header.source(), header.destination());
                self.add_protocol(header.protocol());
                ip.payload()
            }
            Some(LaxNetSlice::Ipv6(ip)) => {
                self.flags |= IPV6;
                self.add_protocol(ip.header().next_header());
                ip.payload()
            }
            Some(LaxNetSlice::Arp(_)) => {
                self.flags |= ARP;
                return;
            }
            None => {
                if !is_plain_link(packet) {
                    self.flags |= HIDDEN;
                }
                return;
            }
        };
        self.add_protocol(payload.ip_number);
        if payload.fragmented {
            self.flags |= PARTIAL;
            return;
        }
        match &packet.transport {
            Some(TransportSlice::Udp(udp)) => {
                self.add_datagram(udp.source_port(), udp.destination_port(), udp.payload());
            }
            Some(TransportSlice::Tcp(tcp)) => {
                self.add_segment(tcp.source_port(), tcp.destination_port(), tcp.payload());
            }
            Some(TransportSlice::Icmpv4(icmp)) if icmp.type_u8() < 40 && !matches!(icmp.type_u8(), 3..=5 | 11 | 12) => {
            }
            Some(TransportSlice::Icmpv6(icmp)) if icmp.type_u8() >= 128 && icmp.type_u8() != 137 => {}
            Some(TransportSlice::Igmp(_)) => {}
            // Errors quote the packet that they are about.
            Some(TransportSlice::Icmpv4(_) | TransportSlice::Icmpv6(_)) => self.flags |= HIDDEN,
            None if matches!(payload.ip_number, IpNumber::TCP | IpNumber::UDP) => self.flags |= PARTIAL,
            None => self.flags |= HIDDEN,
        }
    }

    fn add_datagram(&mut self, source: u16, destination: u16, payload: &[u8]) {
        self.add_ports(source, destination);
        if TUNNEL_PORTS.contains(&source) || TUNNEL_PORTS.contains(&destination) {
            self.flags |= HIDDEN;
        }
        if may_be_text(payload) {
            self.flags |= TEXT;
        }
    }

    fn add_segment(&mut self, source: u16, destination: u16, payload: &[u8]) {
        self.add_ports(source, destination);
        // A segment may be the end of a message that began anywhere.
        if !payload.is_empty() {
            self.flags |= TEXT;
        }
    }

    fn add_ipv4(&mut self, source: [u8; 4], destination: [u8; 4]) {
        for address in [source, destination].map(u32::from_be_bytes) {
            self.ipv4_min = self.ipv4_min.min(address);
            self.ipv4_max = self.ipv4_max.max(address);
        }
    }

    fn add_protocol(&mut self, number: IpNumber) {
        self.protocols[usize::from(number.0 / 64)] |= 1 << (number.0 % 64);
    }

    fn add_ports(&mut self, source: u16, destination: u16) {
        self.port_min = self.port_min.min(source).min(destination);
        self.port_max = self.port_max.max(source).max(destination);
    }
}

/// A packet of Linux's cooked captures: an EtherType at one offset, what it announces at another.
fn cooked(bytes: &[u8], ether_type: usize, payload: usize) -> Option<LaxSlicedPacket<'_>> {
    let ether_type = bytes.get(ether_type..)?.first_chunk::<2>()?;
    Some(LaxSlicedPacket::from_ether_type(EtherType(u16::from_be_bytes(*ether_type)), bytes.get(payload..)?))
}

/// Whether an Ethernet frame without IP and ARP is one that holds no other: LLDP, the loop test, 802.1X, spanning tree.
fn is_plain_link(packet: &LaxSlicedPacket<'_>) -> bool {
    let Some(LinkSlice::Ethernet2(ethernet)) = &packet.link else { return false };
    match ethernet.ether_type().0 {
        0x88cc | 0x9000 | 0x888e => true,
        length if length < 1536 => ethernet.payload_slice().starts_with(&[0x42, 0x42]),
        _ => false,
    }
}

/// Whether a datagram may begin with text: its first four bytes are printable or white space. RTP (first byte 0x80 and up), DNS,
/// RTCP and T.38 are not.
fn may_be_text(payload: &[u8]) -> bool {
    payload.len() >= 4 && payload.iter().take(4).all(|&byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    fn zone(link_type: u16, packets: &[&[u8]]) -> ZoneMap {
        let mut zone = ZoneMap::default();
        packets.iter().for_each(|packet| zone.add(link_type, packet));
        zone
    }

    fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
        let builder =
            PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 9], 64).udp(source, destination);
        let mut packet = Vec::new();
        builder.write(&mut packet, payload).expect("it fits");
        packet
    }

    fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, last)
    }

    #[test]
    fn a_media_packet_excludes_all_else() {
        let zone = zone(LINK_ETHERNET, &[&udp(20_000, 30_000, &[0x80, 0, 1, 2, 3, 4])]);
        assert!(zone.may_have_ipv4() && zone.may_have_protocol(17) && zone.may_have_port_in(1, 20_000));
        assert!(zone.may_have_ipv4_in(ip(1), ip(1)) && zone.may_have_ipv4_in(ip(9), ip(255)));
        assert!(!zone.may_have_ipv4_in(ip(10), ip(255)) && !zone.may_have_ipv4_in(ip(0), ip(0)));
        assert!(!zone.may_have_ipv6() && !zone.may_have_arp() && !zone.may_have_protocol(6));
        assert!(!zone.may_have_port_in(0, 19_999) && !zone.may_have_port_in(30_001, 65_535) && !zone.may_have_text());
    }

    #[test]
    fn text_is_seen_in_datagrams_and_may_be_in_any_segment() {
        assert!(zone(LINK_ETHERNET, &[&udp(5060, 5060, b"INVITE sip:a SIP/2.0")]).may_have_text());
        assert!(!zone(LINK_ETHERNET, &[&udp(5060, 5060, b"\0\0\0\0")]).may_have_text());
        let builder = || PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6([1; 16], [2; 16], 64).tcp(5060, 4000, 1, 1);
        let (mut empty, mut full) = (Vec::new(), Vec::new());
        builder().write(&mut empty, &[]).expect("it fits");
        builder().write(&mut full, &[0]).expect("it fits");
        assert!(!zone(LINK_ETHERNET, &[&empty]).may_have_text());
        let zone = zone(LINK_ETHERNET, &[&full]);
        assert!(
            zone.may_have_text() && zone.may_have_ipv6() && !zone.may_have_ipv4() && zone.may_have_port_in(4000, 4000)
        );
    }

    #[test]
    fn what_may_hold_other_packets_may_hold_anything() {
        let everything = |zone: &ZoneMap| {
            zone.may_have_arp()
                && zone.may_have_ipv6()
                && zone.may_have_protocol(99)
                && zone.may_have_port_in(1, 1)
                && zone.may_have_text()
                && zone.may_have_ipv4_in(ip(77), ip(77))
        };
        for port in TUNNEL_PORTS {
            assert!(everything(&zone(LINK_ETHERNET, &[&udp(port, 9, &[0; 8])])));
            assert!(everything(&zone(LINK_ETHERNET, &[&udp(9, port, &[0; 8])])));
        }
        let mut unreachable = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([1; 4], [2; 4], 9)
            .icmpv4_raw(3, 1, [0; 4])
            .write(&mut unreachable, &[0; 28])
            .expect("it fits");
        assert!(everything(&zone(LINK_ETHERNET, &[&unreachable])));
        let mut tunnel = udp(9, 9, &[0; 30]);
        tunnel[23] = 4;
        assert!(everything(&zone(LINK_ETHERNET, &[&tunnel])), "IP in IP");
        assert!(everything(&zone(127, &[&udp(9, 9, &[])])), "a link type that is not sliced");
        assert!(everything(&zone(LINK_ETHERNET, &[&[0; 10]])), "cut within the link header");
        assert!(everything(&zone(LINK_ETHERNET, &[&[0x88; 40]])), "an unknown EtherType");
    }

    #[test]
    fn a_fragment_or_cut_packet_hides_its_ports_but_not_its_addresses() {
        let mut fragment = udp(5060, 5060, &[0; 30]);
        fragment[20] = 0x20;
        for packet in [&fragment[..], &udp(5060, 5060, &[0; 30])[..36]] {
            let zone = zone(LINK_ETHERNET, &[packet]);
            assert!(zone.may_have_port_in(1, 1) && zone.may_have_text() && !zone.may_have_ipv4_in(ip(10), ip(20)));
            assert!(!zone.may_have_protocol(6) && zone.may_have_protocol(17));
        }
    }

    #[test]
    fn frames_of_the_link_alone_and_other_link_types() {
        let mut lldp = vec![0; 60];
        lldp[12..14].copy_from_slice(&[0x88, 0xcc]);
        let mut tree = vec![0; 60];
        tree[12..17].copy_from_slice(&[0, 38, 0x42, 0x42, 3]);
        let quiet = zone(LINK_ETHERNET, &[&lldp, &tree]);
        assert_eq!(quiet, ZoneMap::default());
        let ethernet = udp(5060, 5060, b"ACK sip:a SIP/2.0");
        let expected = zone(LINK_ETHERNET, &[&ethernet]);
        let behind = |head: &[u8]| [head, &ethernet[14..]].concat();
        let mut sll = [0; 16];
        sll[14] = 8;
        let mut sll2 = [0; 20];
        sll2[0] = 8;
        assert_eq!(zone(LINK_SLL, &[&behind(&sll)]), expected);
        assert_eq!(zone(LINK_SLL2, &[&behind(&sll2)]), expected);
        assert_eq!(zone(LINK_RAW, &[&behind(&[])]), expected);
        assert_eq!(zone(LINK_NULL, &[&behind(&[2, 0, 0, 0])]), expected);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120), link in 0u16..300) {
            let _ = zone(link, &[&bytes]);
            let _ = zone(LINK_ETHERNET, &[&bytes]);
        }

        #[test]
        fn the_short_way_gives_what_the_long_one_gives(
            tcp in proptest::prelude::any::<bool>(),
            ports in proptest::prelude::any::<(u16, u16)>(),
            payload in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
            changes in proptest::collection::vec((0usize..70, proptest::prelude::any::<u8>()), 0..4),
            len in 0usize..90,
        ) {
            let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 9], 64);
            let mut packet = Vec::new();
            let written = match tcp {
                true => builder.tcp(ports.0, ports.1, 1, 1).write(&mut packet, &payload),
                false => builder.udp(ports.0, ports.1).write(&mut packet, &payload),
            };
            written.expect("it fits");
            // With no, one or a few octets changed, and cut or padded.
            for (at, octet) in changes {
                if let Some(place) = packet.get_mut(at) {
                    *place = octet;
                }
            }
            if len >= 34 {
                packet.resize(len, 0);
            }
            let (mut short, mut long) = (ZoneMap::default(), ZoneMap::default());
            let is_plain = short.add_plain(&packet).is_some();
            long.add_any(LINK_ETHERNET, &packet);
            proptest::prop_assert_eq!(short, if is_plain { long } else { ZoneMap::default() });
        }
    }
}
