//! Cisco MetaData: a security group tag in front of a packet.

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Cmd, "cmd", "Cisco MetaData";
    VERSION = field("cmd.version", "Version", Uint8, Dec);
    LENGTH = field("cmd.length", "Length", Uint8, Dec);
    OPTIONS = field("cmd.options", "Options", Uint16, Hex);
    SGT = field("cmd.sgt", "SGT", Uint16, Dec);
    TYPE = field("cmd.type", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
}

const HEADER_LEN: usize = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 1, frames: &["ffffffffffff 020000000001 8909 01010001 0005 88b6 00"] }],
    ..Protocol::new(ProtoId::Cmd, "CMD", &[Binding::EtherType(0x8909)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("CMD");
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    // In GRE the type of what follows comes first.
    let (type_at, at) = if d.parent() == Some(ProtoId::Gre) { (0, 2) } else { (6, 0) };
    d.uint(VERSION, tvb, at, 1)?;
    d.uint(LENGTH, tvb, at + 1, 1)?;
    d.uint(OPTIONS, tvb, at + 2, 2)?;
    d.uint(SGT, tvb, at + 4, 2)?;
    let ethertype = d.uint(TYPE, tvb, type_at, 2)? as u16;
    d.close();
    let payload = tvb.from(HEADER_LEN);
    if !d.call_by_number(Table::EtherType, ethertype, payload) {
        d.call(ProtoId::Data, payload);
    }
    Ok(())
}
