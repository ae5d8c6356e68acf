//! Linux cooked captures, version 1 (LINKTYPE_LINUX_SLL) and 2 (LINKTYPE_LINUX_SLL2), as the tcpdump group describes them.

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::numbers::{ARP_HARDWARE, ETHERTYPES};
use crate::proto::{eth, gre};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Sll, "sll", "Linux cooked-mode capture";
    PKTTYPE = field("sll.pkttype", "Packet type", Uint16, Dec).names(Names::Values(PACKET_TYPES));
    HATYPE = field("sll.hatype", "Link-layer address type", Uint16, Dec).names(Names::Values(ARP_HARDWARE));
    HALEN = field("sll.halen", "Link-layer address length", Uint16, Dec);
    SRC_ETH = field("sll.src.eth", "Source", Ether, None);
    SRC_IPV4 = field("sll.src.ipv4", "Source", Ipv4, None);
    SRC_OTHER = field("sll.src.other", "Source", Bytes, None);
    UNUSED = field("sll.unused", "Unused", Bytes, None);
    LTYPE = field("sll.ltype", "Protocol", Uint16, Hex).names(Names::Values(LINUX_TYPES));
    GRETYPE = field("sll.gretype", "Protocol", Uint16, Hex).names(Names::Values(gre::PROTOCOLS));
    ETYPE = field("sll.etype", "Protocol", Uint16, Hex).names(Names::Values(ETHERTYPES));
    TRAILER = field("sll.trailer", "Trailer", Bytes, None);
    IFINDEX = field("sll.ifindex", "Interface index", Uint32, Dec);
}

const PACKET_TYPES: &[(u64, &str)] =
    &[(0, "Unicast to us"), (1, "Broadcast"), (2, "Multicast"), (3, "Unicast to another host"), (4, "Sent by us")];

/// Protocol numbers that Linux uses where there is no EtherType.
const LINUX_TYPES: &[(u64, &str)] = &[
    (0x0001, "Raw 802.3"),
    (0x0003, "Ethernet"),
    (0x0004, "802.2 LLC"),
    (0x0007, "PPP (HDLC)"),
    (0x000c, "CAN"),
    (0x000d, "CAN FD"),
    (0x0017, "IrDA LAP"),
    (0x00f5, "ISI"),
    (0x00f6, "IEEE 802.15.4"),
];

const LINKTYPE_LINUX_SLL2: u16 = 276;
const ARPHRD_IPGRE: u16 = 778;
const MIN_ETHERTYPE: u16 = 1536;
const ADDRESS_LEN: usize = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Eth, ProtoId::Llc, ProtoId::Ppp, ProtoId::Data],
    samples: &[
        Sample {
            link_type: 113,
            frames: &[
                "0000 0001 0006 0200000000010000 88b6 00",
                "0004 0001 0004 0200000000010000 0030 00",
                "0004 030a 0005 0200000000010000 0800 00",
                "0000 0001 0006 0200000000010000 0800 45000015 00000000 40fd0000 0a000001 0a000002 00 0000",
            ],
        },
        Sample { link_type: 276, frames: &["88b6 0000 00000003 0001 00 06 0200000000010000 00"] },
    ],
    ..Protocol::new(ProtoId::Sll, "SLL", &[Binding::LinkType(113), Binding::LinkType(LINKTYPE_LINUX_SLL2)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SLL");
    let item = d.begin(PROTO, tvb);
    let is_v2 = d.packet.link_type == LINKTYPE_LINUX_SLL2;
    d.text(item, || format!("Linux cooked capture v{}", if is_v2 { 2 } else { 1 }));
    let (header_len, hardware, protocol);
    if is_v2 {
        header_len = 20;
        d.set_len(item, header_len);
        let packet_type = tvb.u8(10)?;
        name_packet(d, packet_type.into());
        hardware = tvb.u16(8)?;
        protocol = tvb.u16(0)?;
        add_protocol(d, tvb, 0, hardware, protocol);
        d.uint(IFINDEX, tvb, 4, 4)?;
        d.uint(HATYPE, tvb, 8, 2)?;
        d.uint(PKTTYPE, tvb, 10, 1)?;
        let len = d.uint(HALEN, tvb, 11, 1)?;
        source(d, tvb, 12, len as usize)?;
    } else {
        header_len = 16;
        d.set_len(item, header_len);
        let packet_type = d.uint(PKTTYPE, tvb, 0, 2)?;
        name_packet(d, packet_type);
        hardware = d.uint(HATYPE, tvb, 2, 2)? as u16;
        let len = d.uint(HALEN, tvb, 4, 2)?;
        source(d, tvb, 6, len as usize)?;
        protocol = tvb.u16(14)?;
        add_protocol(d, tvb, 14, hardware, protocol);
    }
    let place = d.end_of_tree();
    d.close();
    let payload = tvb.from(header_len);
    match (protocol, hardware) {
        (_, ARPHRD_IPGRE) => gre::payload(d, protocol, payload),
        (0x0003, _) => d.call(ProtoId::Eth, payload),
        (0x0004, _) => d.call(ProtoId::Llc, payload),
        (0x0007, _) => d.call(ProtoId::Ppp, payload),
        (0..MIN_ETHERTYPE, _) => d.call(ProtoId::Data, payload),
        _ => {
            d.layer("ethertype");
            eth::type_payload(d, protocol, payload);
            eth::trailer(d, tvb, place, TRAILER, false);
        }
    }
    Ok(())
}

fn name_packet(d: &mut Dissector<'_>, packet_type: u64) {
    d.set_info(|| match Names::Values(PACKET_TYPES).of(packet_type) {
        Some(name) => name.into_owned(),
        None => format!("Unknown ({packet_type})"),
    });
}

fn add_protocol<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, hardware: u16, protocol: u16) {
    let field: FieldId = if hardware == ARPHRD_IPGRE {
        GRETYPE
    } else if protocol < MIN_ETHERTYPE {
        LTYPE
    } else {
        ETYPE
    };
    d.add(field, tvb, at, 2, Value::Uint(protocol.into()));
}

/// The sender's address, of which the header has room for eight octets.
fn source<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize) -> Result<(), Stop> {
    match len {
        4 => {
            let address = tvb.array(at)?;
            d.set_addresses(Address::Ipv4(address), d.endpoints.dst);
            d.add(SRC_IPV4, tvb, at, 4, Value::Ipv4(address));
        }
        6 => {
            let address = tvb.array(at)?;
            d.set_addresses(Address::Ether(address), d.endpoints.dst);
            d.add(SRC_ETH, tvb, at, 6, Value::Ether(address));
        }
        0 => {}
        _ => {
            let len = len.min(ADDRESS_LEN);
            tvb.slice(at, len)?;
            d.bytes(SRC_OTHER, tvb, at, len);
        }
    }
    if len < ADDRESS_LEN {
        tvb.slice(at + len, ADDRESS_LEN - len)?;
        d.bytes(UNUSED, tvb, at + len, ADDRESS_LEN - len);
    }
    Ok(())
}
