//! Cisco's HDLC framing: an address, a control octet and an EtherType, and the keepalives (SLARP) that go over it.

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Chdlc, "chdlc", "Cisco HDLC";
    ADDRESS = field("chdlc.address", "Address", Uint8, Hex).names(Names::Values(&[(0x0f, "Unicast"), (0x8f, "Multicast")]));
    CONTROL = field("chdlc.control", "Control", Uint8, Hex);
    PROTOCOL_NUMBER = field("chdlc.protocol", "Protocol", Uint16, Hex).names(Names::Values(PROTOCOLS));
    CLNS_PADDING = field("chdlc.clns_padding", "CLNS Padding", Uint8, Hex);
}

/// What a frame may carry, as Wireshark names it.
const PROTOCOLS: &[(u64, &str)] = &[
    (0x0800, "IP"),
    (0x2000, "CDP"),
    (0x6002, "DEC DNA Remote Console"),
    (0x6003, "DECnet Phase IV"),
    (0x6558, "Transparent Ethernet bridging"),
    (0x8035, "SLARP"),
    (0x809b, "AppleTalk"),
    (0x80f3, "AARP"),
    (0x8137, "Netware IPX/SPX"),
    (0x8847, "MPLS"),
    (0x8848, "MPLS multicast"),
    (0x86dd, "IPv6"),
    (0xfefe, "OSI"),
];
const CDP: u16 = 0x2000;
/// Of Cisco's keepalives; elsewhere the EtherType of reverse ARP.
const SLARP: u16 = 0x8035;
/// An octet of padding lies before what ISO protocols have.
const OSI: u16 = 0xfefe;
const HEADER_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::EtherType],
    calls: &[ProtoId::Slarp, ProtoId::Cdp, ProtoId::Isis, ProtoId::Data],
    samples: &[Sample { link_type: 104, frames: &["0f00 0800 45", "8f00 2000 02b4", "8f00 fefe 00 8314"] }],
    ..Protocol::new(ProtoId::Chdlc, "CHDLC", &[Binding::LinkType(104)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("CHDLC");
    if d.endpoints.src == Address::None {
        d.no_addresses();
    }
    let item = d.begin(PROTO, tvb);
    d.uint(ADDRESS, tvb, 0, 1)?;
    d.uint(CONTROL, tvb, 1, 1)?;
    let number = d.uint(PROTOCOL_NUMBER, tvb, 2, 2)? as u16;
    let mut at = HEADER_LEN;
    if number == OSI {
        d.uint(CLNS_PADDING, tvb, at, 1)?;
        at += 1;
    }
    d.set_len(item, at);
    d.close();
    let payload = tvb.from(at);
    let known = match number {
        SLARP => Some(ProtoId::Slarp),
        CDP => Some(ProtoId::Cdp),
        OSI => Some(ProtoId::Isis),
        _ => None,
    };
    if let Some(id) = known {
        d.call(id, payload);
    } else if !d.call_by_number(Table::EtherType, number, payload) {
        if d.wants_columns() {
            d.set_protocol(&format!("0x{number:04x}"));
            d.set_info(|| format!("0x{number:04x}"));
        }
        d.call(ProtoId::Data, payload);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn what_a_frame_carries_is_found() {
        let shown = frames(
            104,
            &[
                "8f00 8035 00000002 00000005 00000002 ffff 0000",
                "0f00 0800 4500001c 00010000 40010000 0a000001 0a000002 0800 0000 0001 0001",
                "8f00 1234 01",
            ],
        );
        assert_eq!(values(&shown[0], "frame.protocols"), "chdlc:slarp");
        assert_eq!(values(&shown[0], "frame.encap_type"), "28");
        assert_eq!(values(&shown[1], "frame.protocols"), "chdlc:ip:icmp");
        assert_eq!(values(&shown[2], "chdlc.protocol"), "0x1234");
    }
}
