//! Frames as bytes: Ethernet, VLAN tags, ARP, IPv4, IPv6, UDP, TCP, ICMP and ICMPv6, with right checksums.
//!
//! Everything here is a pure function of its arguments. A checksum can be broken on purpose ([`Checksum`]); lengths are
//! always right. [`Host`] puts the layers together and splits datagrams that are larger than the link's MTU.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ethernet's smallest frame without its checksum; shorter ones are padded with zeros (IEEE 802.3, 4A.2.3.2.4).
pub const FRAME_BYTES_MIN: usize = 60;
/// The MTU of every link that is simulated.
pub const MTU: usize = 1500;

pub const ETHERTYPE_IPV4: u16 = 0x0800;
pub const ETHERTYPE_ARP: u16 = 0x0806;
pub const ETHERTYPE_VLAN: u16 = 0x8100;
pub const ETHERTYPE_QINQ: u16 = 0x88a8;
pub const ETHERTYPE_IPV6: u16 = 0x86dd;

pub const PROTOCOL_ICMP: u8 = 1;
pub const PROTOCOL_TCP: u8 = 6;
pub const PROTOCOL_UDP: u8 = 17;
pub const PROTOCOL_ICMPV6: u8 = 58;

/// IPv6's fragment header (RFC 8200, 4.5).
pub const NEXT_HEADER_FRAGMENT: u8 = 44;

/// DSCP of voice (EF, RFC 3246), as the byte of the header.
pub const TOS_VOICE: u8 = 0xb8;
/// DSCP of signalling (CS3, RFC 4594, 4.2), as the byte of the header.
pub const TOS_SIGNALLING: u8 = 0x60;

/// An Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    pub const BROADCAST: Self = Self([0xff; 6]);
    pub const ZERO: Self = Self([0; 6]);
}

impl std::fmt::Display for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// What to write where a checksum belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checksum {
    #[default]
    Right,
    /// The right one with its lowest bit turned over.
    Wrong,
    /// Zero: "not computed" in UDP over IPv4 (RFC 768), and what checksum offloading leaves in a sender's own capture.
    Zero,
}

impl Checksum {
    fn of(self, right: u16) -> u16 {
        match self {
            Self::Right => right,
            // Turning bit 8 rather than bit 0 over keeps 0xffff away from 0x0000, which some receivers take for it.
            Self::Wrong => right ^ 0x0100,
            Self::Zero => 0,
        }
    }
}

/// A VLAN tag (IEEE 802.1Q).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vlan {
    /// `ETHERTYPE_VLAN`, or `ETHERTYPE_QINQ` for a service provider's tag.
    pub tpid: u16,
    /// Priority code point, 0 to 7.
    pub priority: u8,
    /// VLAN identifier, 0 to 4095.
    pub id: u16,
}

/// The Internet checksum (RFC 1071) over the parts, each of which but the last has an even length.
pub fn internet_checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for part in parts {
        let mut words = part.chunks_exact(2);
        for word in &mut words {
            sum += u64::from(u16::from_be_bytes([word[0], word[1]]));
        }
        if let [last] = words.remainder() {
            sum += u64::from(*last) << 8;
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The pseudo header that UDP, TCP and ICMPv6 add to their checksum (RFC 793, 3.1; RFC 8200, 8.1).
fn pseudo_header(src: IpAddr, dst: IpAddr, protocol: u8, length: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(40);
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            header.extend(src.octets());
            header.extend(dst.octets());
            header.extend([0, protocol]);
            header.extend((length as u16).to_be_bytes());
        }
        (src, dst) => {
            header.extend(v6(src).octets());
            header.extend(v6(dst).octets());
            header.extend((length as u32).to_be_bytes());
            header.extend([0, 0, 0, protocol]);
        }
    }
    header
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(a) => a.to_ipv6_mapped(),
        IpAddr::V6(a) => a,
    }
}

/// An Ethernet frame without its frame check sequence, padded to the smallest size.
pub fn ethernet(dst: Mac, src: Mac, vlans: &[Vlan], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity((14 + 4 * vlans.len() + payload.len()).max(FRAME_BYTES_MIN));
    frame.extend(dst.0);
    frame.extend(src.0);
    for vlan in vlans {
        frame.extend(vlan.tpid.to_be_bytes());
        frame.extend((u16::from(vlan.priority) << 13 | (vlan.id & 0x0fff)).to_be_bytes());
    }
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    if frame.len() < FRAME_BYTES_MIN {
        frame.resize(FRAME_BYTES_MIN, 0);
    }
    frame
}

/// An ARP packet for IPv4 over Ethernet (RFC 826).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// 1 for a request, 2 for a reply.
    pub operation: u16,
    pub sender_mac: Mac,
    pub sender: Ipv4Addr,
    pub target_mac: Mac,
    pub target: Ipv4Addr,
}

impl Arp {
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![0, 1, 8, 0, 6, 4];
        bytes.extend(self.operation.to_be_bytes());
        bytes.extend(self.sender_mac.0);
        bytes.extend(self.sender.octets());
        bytes.extend(self.target_mac.0);
        bytes.extend(self.target.octets());
        bytes
    }
}

/// The fields of an IPv4 header without options (RFC 791, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4 {
    pub src: Ipv4Addr,
    pub dst: Ipv4Addr,
    pub protocol: u8,
    pub ttl: u8,
    pub tos: u8,
    pub id: u16,
    pub dont_fragment: bool,
    pub more_fragments: bool,
    /// In units of 8 bytes.
    pub fragment_offset: u16,
    pub checksum: Checksum,
}

impl Ipv4 {
    pub fn packet(&self, payload: &[u8]) -> Vec<u8> {
        let mut packet = Vec::with_capacity(20 + payload.len());
        packet.extend([0x45, self.tos]);
        packet.extend(((20 + payload.len()) as u16).to_be_bytes());
        packet.extend(self.id.to_be_bytes());
        let flags = u16::from(self.dont_fragment) << 14 | u16::from(self.more_fragments) << 13;
        packet.extend((flags | (self.fragment_offset & 0x1fff)).to_be_bytes());
        packet.extend([self.ttl, self.protocol, 0, 0]);
        packet.extend(self.src.octets());
        packet.extend(self.dst.octets());
        let sum = self.checksum.of(internet_checksum(&[&packet]));
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        packet.extend(payload);
        packet
    }
}

/// The fields of an IPv6 header (RFC 8200, 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6 {
    pub src: Ipv6Addr,
    pub dst: Ipv6Addr,
    pub next_header: u8,
    pub hop_limit: u8,
    pub traffic_class: u8,
    pub flow_label: u32,
}

impl Ipv6 {
    pub fn packet(&self, payload: &[u8]) -> Vec<u8> {
        let mut packet = Vec::with_capacity(40 + payload.len());
        let first = 6_u32 << 28 | u32::from(self.traffic_class) << 20 | (self.flow_label & 0xf_ffff);
        packet.extend(first.to_be_bytes());
        packet.extend((payload.len() as u16).to_be_bytes());
        packet.extend([self.next_header, self.hop_limit]);
        packet.extend(self.src.octets());
        packet.extend(self.dst.octets());
        packet.extend(payload);
        packet
    }
}

/// A UDP datagram (RFC 768).
pub fn udp(src: IpAddr, dst: IpAddr, src_port: u16, dst_port: u16, payload: &[u8], checksum: Checksum) -> Vec<u8> {
    let length = 8 + payload.len();
    let mut datagram = Vec::with_capacity(length);
    datagram.extend(src_port.to_be_bytes());
    datagram.extend(dst_port.to_be_bytes());
    datagram.extend((length as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    let sum = internet_checksum(&[&pseudo_header(src, dst, PROTOCOL_UDP, length), &datagram]);
    // RFC 768: a computed zero is sent as all ones.
    let sum = checksum.of(if sum == 0 { 0xffff } else { sum });
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    datagram
}

/// TCP's control bits (RFC 9293, 3.1).
pub mod tcp_flags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;
}

/// The fields of a TCP header (RFC 9293, 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tcp {
    pub src_port: u16,
    pub dst_port: u16,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    /// As in the header: not yet scaled.
    pub window: u16,
    /// A whole number of 32-bit words, 40 bytes at most.
    pub options: Vec<u8>,
    pub checksum: Checksum,
}

impl Tcp {
    pub fn segment(&self, src: IpAddr, dst: IpAddr, payload: &[u8]) -> Vec<u8> {
        let header_bytes = 20 + self.options.len();
        let mut segment = Vec::with_capacity(header_bytes + payload.len());
        segment.extend(self.src_port.to_be_bytes());
        segment.extend(self.dst_port.to_be_bytes());
        segment.extend(self.seq.to_be_bytes());
        segment.extend(self.ack.to_be_bytes());
        segment.extend([((header_bytes / 4) as u8) << 4, self.flags]);
        segment.extend(self.window.to_be_bytes());
        segment.extend([0, 0, 0, 0]);
        segment.extend(&self.options);
        segment.extend(payload);
        let pseudo = pseudo_header(src, dst, PROTOCOL_TCP, segment.len());
        let sum = self.checksum.of(internet_checksum(&[&pseudo, &segment]));
        segment[16..18].copy_from_slice(&sum.to_be_bytes());
        segment
    }
}

/// An ICMP message (RFC 792): `rest` is the second word of the header.
pub fn icmp(kind: u8, code: u8, rest: [u8; 4], payload: &[u8], checksum: Checksum) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    message.extend(payload);
    let sum = checksum.of(internet_checksum(&[&message]));
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    message
}

/// An ICMPv6 message (RFC 4443, 2.1), which is summed with the pseudo header.
pub fn icmpv6(src: Ipv6Addr, dst: Ipv6Addr, kind: u8, code: u8, rest: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    message.extend(payload);
    let pseudo = pseudo_header(src.into(), dst.into(), PROTOCOL_ICMPV6, message.len());
    let sum = internet_checksum(&[&pseudo, &message]);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    message
}

/// A station as the capture point sees it.
///
/// A host behind a router has that router's `mac` and a `ttl` that is already lowered by its hops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    pub mac: Mac,
    pub ip: IpAddr,
    pub ttl: u8,
    pub dont_fragment: bool,
    /// Tags of every frame that the host sends.
    pub vlans: Vec<Vlan>,
    /// What its IPv4 and UDP, TCP or ICMP checksums are.
    pub checksum: Checksum,
    next_id: u32,
}

impl Host {
    /// `first_id` is where the IPv4 identification starts.
    pub fn new(mac: Mac, ip: IpAddr, ttl: u8, dont_fragment: bool, first_id: u16) -> Self {
        let checksum = Checksum::Right;
        Self { mac, ip, ttl, dont_fragment, vlans: Vec::new(), checksum, next_id: first_id.into() }
    }

    /// The same host with its IPv4 identification at `first_id`.
    #[must_use]
    pub fn renumbered(&self, first_id: u16) -> Self {
        Self { next_id: first_id.into(), ..self.clone() }
    }

    /// The address as SIP and SDP write it: IPv6 in brackets where a port may follow (RFC 3261, 25.1).
    pub fn bracketed(&self) -> String {
        match self.ip {
            IpAddr::V4(a) => a.to_string(),
            IpAddr::V6(a) => format!("[{a}]"),
        }
    }

    /// The IPv4 address; the unspecified one of a host that speaks IPv6.
    pub fn ipv4(&self) -> Ipv4Addr {
        match self.ip {
            IpAddr::V4(a) => a,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        }
    }

    /// An ARP packet of this host.
    pub fn arp(&self, frame_dst: Mac, arp: Arp) -> Vec<u8> {
        ethernet(frame_dst, self.mac, &self.vlans, ETHERTYPE_ARP, &arp.to_bytes())
    }

    /// The frames that carry one UDP datagram: more than one when it does not fit the MTU.
    pub fn udp(&mut self, to: &Host, src_port: u16, dst_port: u16, tos: u8, payload: &[u8]) -> Vec<Vec<u8>> {
        let datagram = udp(self.ip, to.ip, src_port, dst_port, payload, self.checksum);
        self.send(to, PROTOCOL_UDP, tos, &datagram)
    }

    /// The frame that carries one TCP segment.
    pub fn tcp(&mut self, to: &Host, tos: u8, header: &Tcp, payload: &[u8]) -> Vec<Vec<u8>> {
        let segment = header.segment(self.ip, to.ip, payload);
        self.send(to, PROTOCOL_TCP, tos, &segment)
    }

    /// The frames that carry one ICMP message, which the caller has built for the right version of IP.
    pub fn icmp(&mut self, to: &Host, tos: u8, message: &[u8]) -> Vec<Vec<u8>> {
        let protocol = if self.ip.is_ipv4() { PROTOCOL_ICMP } else { PROTOCOL_ICMPV6 };
        self.send(to, protocol, tos, message)
    }

    fn send(&mut self, to: &Host, protocol: u8, tos: u8, payload: &[u8]) -> Vec<Vec<u8>> {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        match (self.ip, to.ip) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => self.send_v4(to.mac, src, dst, protocol, tos, id as u16, payload),
            (src, dst) => self.send_v6(to.mac, v6(src), v6(dst), protocol, tos, id, payload),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the header's fields, one by one")]
    fn send_v4(
        &self,
        dst_mac: Mac,
        src: Ipv4Addr,
        dst: Ipv4Addr,
        protocol: u8,
        tos: u8,
        id: u16,
        payload: &[u8],
    ) -> Vec<Vec<u8>> {
        // RFC 791, 3.2: the data of every fragment but the last is a multiple of 8 bytes.
        let room = (MTU - 20) & !7;
        let split = payload.len() + 20 > MTU;
        let pieces: Vec<&[u8]> = if split { payload.chunks(room).collect() } else { vec![payload] };
        let last = pieces.len() - 1;
        let mut offset = 0;
        let mut frames = Vec::with_capacity(pieces.len());
        for (i, piece) in pieces.into_iter().enumerate() {
            let header = Ipv4 {
                src,
                dst,
                protocol,
                ttl: self.ttl,
                tos,
                id,
                dont_fragment: self.dont_fragment && !split,
                more_fragments: i < last,
                fragment_offset: (offset / 8) as u16,
                checksum: self.checksum,
            };
            offset += piece.len();
            frames.push(ethernet(dst_mac, self.mac, &self.vlans, ETHERTYPE_IPV4, &header.packet(piece)));
        }
        frames
    }

    #[expect(clippy::too_many_arguments, reason = "the header's fields, one by one")]
    fn send_v6(
        &self,
        dst_mac: Mac,
        src: Ipv6Addr,
        dst: Ipv6Addr,
        protocol: u8,
        tos: u8,
        id: u32,
        payload: &[u8],
    ) -> Vec<Vec<u8>> {
        let mut header = Ipv6 {
            src,
            dst,
            next_header: protocol,
            hop_limit: self.ttl,
            traffic_class: tos,
            // RFC 6437: one label a flow, here one a pair of hosts and a protocol.
            flow_label: u32::from(internet_checksum(&[&src.octets(), &dst.octets(), &[0, protocol]])),
        };
        if payload.len() + 40 <= MTU {
            return vec![ethernet(dst_mac, self.mac, &self.vlans, ETHERTYPE_IPV6, &header.packet(payload))];
        }
        header.next_header = NEXT_HEADER_FRAGMENT;
        let room = (MTU - 48) & !7;
        let pieces = payload.chunks(room);
        let last = pieces.len() - 1;
        let mut frames = Vec::with_capacity(last + 1);
        for (i, piece) in pieces.enumerate() {
            // RFC 8200, 4.5: next header, reserved, offset in units of 8 bytes with the M bit below it, identification.
            let mut body = vec![protocol, 0];
            body.extend((((i * room) as u16) | u16::from(i < last)).to_be_bytes());
            body.extend(id.to_be_bytes());
            body.extend(piece);
            frames.push(ethernet(dst_mac, self.mac, &self.vlans, ETHERTYPE_IPV6, &header.packet(&body)));
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(n: u8) -> Host {
        Host::new(Mac([0, 0x15, 0x65, 0, 0, n]), IpAddr::from([10, 0, 0, n]), 64, true, 100)
    }

    #[test]
    fn checksum_of_the_rfc_1071_example() {
        assert_eq!(!internet_checksum(&[&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]]), 0xddf2);
    }

    #[test]
    fn a_right_header_sums_to_zero_and_a_wrong_one_does_not() {
        let (mut a, b) = (host(1), host(2));
        let frame = a.udp(&b, 5060, 5060, 0, b"hello").remove(0);
        assert_eq!(internet_checksum(&[&frame[14..34]]), 0);
        let pseudo = pseudo_header(a.ip, b.ip, PROTOCOL_UDP, 13);
        assert_eq!(internet_checksum(&[&pseudo, &frame[34..47]]), 0);
        a.checksum = Checksum::Wrong;
        let frame = a.udp(&b, 5060, 5060, 0, b"hello").remove(0);
        assert_ne!(internet_checksum(&[&frame[14..34]]), 0);
        a.checksum = Checksum::Zero;
        let frame = a.udp(&b, 5060, 5060, 0, b"hello").remove(0);
        assert_eq!(frame[40..42], [0, 0]);
        assert_eq!(frame.len(), FRAME_BYTES_MIN);
    }

    #[test]
    fn a_large_datagram_is_split_on_eight_byte_borders() {
        let (mut a, b) = (host(1), host(2));
        let frames = a.udp(&b, 1, 2, 0, &[7; 4000]);
        assert_eq!(frames.len(), 3);
        let data: usize = frames.iter().map(|f| f.len() - 34).sum();
        assert_eq!(data, 4008);
        assert!(frames.iter().all(|f| f.len() <= MTU + 14));
        // More fragments, offset 185 * 8, and no "don't fragment".
        assert_eq!(u16::from_be_bytes([frames[1][20], frames[1][21]]), 0x2000 | 185);
    }

    #[test]
    fn ipv6_is_split_with_fragment_headers() {
        let mut a = host(1);
        let mut b = host(2);
        a.ip = "2001:db8::1".parse().unwrap();
        b.ip = "2001:db8::2".parse().unwrap();
        let frames = a.udp(&b, 1, 2, 0, &[7; 2000]);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0][20], NEXT_HEADER_FRAGMENT);
        assert_eq!(frames[0][56] & 1, 0);
        assert_eq!(frames[0][57] & 1, 1);
    }

    #[test]
    fn vlan_tags_come_before_the_type() {
        let tag = Vlan { tpid: ETHERTYPE_VLAN, priority: 5, id: 100 };
        let frame = ethernet(Mac::BROADCAST, Mac::ZERO, &[tag], ETHERTYPE_ARP, &[]);
        assert_eq!(frame[12..18], [0x81, 0x00, 0xa0, 0x64, 0x08, 0x06]);
    }
}
