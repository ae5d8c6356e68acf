//! Generic Network Virtualization Encapsulation (RFC 8926), its options unread.

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::gre;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Geneve, "geneve", "Generic Network Virtualization Encapsulation";
    VERSION = field("geneve.version", "Version", Uint8, Dec);
    FLAGS = field("geneve.flags", "Flags", Uint8, Hex);
    FLAGS_OAM = field("geneve.flags.oam", "Operations, Administration and Management Frame", Boolean, None).mask(0x80);
    FLAGS_CRITICAL = field("geneve.flags.critical", "Critical Options Present", Boolean, None).mask(0x40);
    FLAGS_RESERVED = field("geneve.flags.reserved", "Reserved", Boolean, None).mask(0x3f);
    PROTO_TYPE = field("geneve.proto_type", "Protocol Type", Uint16, Hex).names(Names::Values(crate::numbers::ETHERTYPES));
    VNI = field("geneve.vni", "Virtual Network Identifier (VNI)", Uint24, HexDec);
}

const HEADER_LEN: usize = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::EtherType],
    calls: &[ProtoId::Eth, ProtoId::Ppp, ProtoId::Data],
    samples: &[Sample {
        link_type: 228,
        frames: &["45000024 00000000 40110000 0a000001 0a000002 17c117c1 00100000 00006558 00000100"],
    }],
    ..Protocol::new(ProtoId::Geneve, "Geneve", &[Binding::UdpPort(6081)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Geneve");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let first = tvb.u8(0)?;
    let options_len = usize::from(first & 0x3f) * 4;
    d.set_len(item, HEADER_LEN + options_len);
    d.add(VERSION, tvb, 0, 1, Value::Uint((first >> 6).into()));
    let flags = tvb.u8(1)?;
    d.open(FLAGS, tvb, 1, 1, Value::Uint(flags.into()));
    for flag in [FLAGS_OAM, FLAGS_CRITICAL, FLAGS_RESERVED] {
        d.flag(flag, tvb, 1, 1, flags.into());
    }
    d.close();
    let number = d.uint(PROTO_TYPE, tvb, 2, 2)? as u16;
    let network = d.uint(VNI, tvb, 4, 3)?;
    d.text(item, || format!("Generic Network Virtualization Encapsulation, VNI: 0x{network:06x}"));
    d.set_info(|| format!("Encapsulated {}", Names::Values(gre::PROTOCOLS).of(number.into()).unwrap_or_default()));
    d.close();
    gre::payload(d, number, tvb.from(HEADER_LEN + options_len));
    Ok(())
}
