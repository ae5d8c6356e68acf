//! Ethernet II and IEEE 802.3 frames (IEEE 802.3-2018, 3.2).

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Eth, "eth", "Ethernet";
    DST = field("eth.dst", "Destination", Ether, None);
    SRC = field("eth.src", "Source", Ether, None);
    ADDR = field("eth.addr", "Address", Ether, None);
    TYPE = field("eth.type", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &["ffffffffffff 000102030405 88b6 00"],
    }],
    ..Protocol::new(ProtoId::Eth, "Ethernet", &[Binding::LinkType(1)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (dst, src) = (tvb.array::<6>(0)?, tvb.array::<6>(6)?);
    d.set_addresses(Address::Ether(src), Address::Ether(dst));
    let item = d.begin(PROTO, tvb);
    d.set_len(item, 14);
    d.text(item, || {
        let (src, dst) = (Address::Ether(src), Address::Ether(dst));
        format!("Ethernet II, Src: {src}, Dst: {dst}")
    });
    d.add(DST, tvb, 0, 6, Value::Ether(dst));
    d.hidden(ADDR, tvb, 0, 6, Value::Ether(dst));
    d.add(SRC, tvb, 6, 6, Value::Ether(src));
    d.hidden(ADDR, tvb, 6, 6, Value::Ether(src));
    let ethertype = d.uint(TYPE, tvb, 12, 2)? as u16;
    d.layer("ethertype");
    d.close();
    if !d.call_by_number(Table::EtherType, ethertype, tvb.from(14)) {
        d.call(ProtoId::Data, tvb.from(14));
    }
    Ok(())
}
