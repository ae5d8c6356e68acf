//! The loopback header of BSD systems: an address family (LINKTYPE_NULL in the capturing host's byte order, LINKTYPE_LOOP in
//! network byte order).

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Null, "null", "Null/Loopback";
    TYPE = field("null.type", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    FAMILY = field("null.family", "Family", Uint32, Dec).names(Names::Values(FAMILIES));
}

/// Address families; IPv6 has another number on each BSD.
const FAMILIES: &[(u64, &str)] =
    &[(2, "IP"), (7, "OSI"), (16, "Appletalk"), (23, "Netware IPX/SPX"), (24, "IPv6"), (28, "IPv6"), (30, "IPv6")];

const LINKTYPE_LOOP: u16 = 108;
const HEADER_LEN: usize = 4;
const MAX_FAMILY: u32 = 1500;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Ppp, ProtoId::Data],
    samples: &[Sample { link_type: 0, frames: &["02000000 45", "000088b6 00"] }],
    ..Protocol::new(ProtoId::Null, "Null", &[Binding::LinkType(0), Binding::LinkType(LINKTYPE_LOOP)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.no_addresses();
    d.set_protocol("N/A");
    d.set_info(|| "Null/Loopback".to_owned());
    let is_loop = d.packet.link_type == LINKTYPE_LOOP;
    if tvb.reported() < HEADER_LEN {
        d.layer("null");
        return tvb.slice(0, HEADER_LEN).map(drop);
    }
    if !is_loop && tvb.u16(0)? == 0xff03 {
        d.layer("null");
        d.call(ProtoId::Ppp, tvb);
        return Ok(());
    }
    let mut family = tvb.u32(0)?;
    if !is_loop && family & 0xffff_0000 != 0 {
        // No family or EtherType is that big: the capturing host has the other byte order.
        family = family.swap_bytes();
        if family & 0xffff_0000 != 0 {
            family >>= 16;
        }
    }
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    let payload = tvb.from(HEADER_LEN);
    if !is_loop && family > MAX_FAMILY {
        d.add(TYPE, tvb, 0, HEADER_LEN, Value::Uint(family.into()));
        d.close();
        if !d.call_by_number(Table::EtherType, family as u16, payload) {
            d.call(ProtoId::Data, payload);
        }
    } else {
        d.add(FAMILY, tvb, 0, HEADER_LEN, Value::Uint(family.into()));
        d.close();
        match family {
            2 => d.call(ProtoId::Ip, payload),
            24 | 28 | 30 => d.call(ProtoId::Ipv6, payload),
            _ => d.call(ProtoId::Data, payload),
        }
    }
    d.take_payload_end();
    Ok(())
}
