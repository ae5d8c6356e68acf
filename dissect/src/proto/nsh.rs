//! Network Service Header (RFC 8300).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Nsh, "nsh", "Network Service Header";
    VERSION = field("nsh.version", "Version", Uint16, DecHex).mask(0xc000);
    TTL = field("nsh.ttl", "Time to live", Uint16, Hex).mask(0x0fc0);
    LENGTH = field("nsh.length", "Length", Uint16, DecHex).mask(0x003f);
    MDTYPE = field("nsh.mdtype", "MD Type", Uint8, DecHex);
    NEXTPROTO = field("nsh.nextproto", "Next Protocol", Uint8, DecHex).names(Names::Values(NEXT_PROTOCOLS));
    SPI = field("nsh.spi", "SPI", Uint24, DecHex);
    SI = field("nsh.si", "SI", Uint8, DecHex);
    CONTEXTHEADER = field("nsh.contextheader", "Context Header", Bytes, None);
}

const NEXT_PROTOCOLS: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6"), (3, "Ethernet"), (4, "NSH"), (5, "MPLS")];
const HEADER_LEN: usize = 8;
const MD_TYPE_FIXED: u64 = 1;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Eth, ProtoId::Mpls, ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &["ffffffffffff 020000000001 894f 0fc60101 00000101 00000000 00000000 00000000 00000000 45"],
    }],
    ..Protocol::new(ProtoId::Nsh, "NSH", &[Binding::EtherType(0x894f)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("NSH");
    d.set_info(|| "Network Service Header".to_owned());
    let item = d.begin(PROTO, tvb);
    let first = tvb.u16(0)?;
    for field in [VERSION, TTL, LENGTH] {
        d.bits(field, tvb, 0, 2, first.into());
    }
    let kind = d.uint(MDTYPE, tvb, 2, 1)?;
    let next = d.uint(NEXTPROTO, tvb, 3, 1)?;
    d.uint(SPI, tvb, 4, 3)?;
    d.uint(SI, tvb, 7, 1)?;
    let len = (usize::from(first & 0x3f) * 4).max(HEADER_LEN);
    tvb.slice(0, len)?;
    if kind == MD_TYPE_FIXED {
        for at in (HEADER_LEN..len).step_by(4) {
            d.bytes(CONTEXTHEADER, tvb, at, 4);
        }
    }
    d.set_len(item, len);
    d.close();
    call_next(d, next, tvb.from(len));
    Ok(())
}

/// What follows by its number, which NSH (RFC 8300, 2.2) and VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe, 3.2) have in common.
pub(crate) fn call_next<'a>(d: &mut Dissector<'a>, next: u64, payload: Tvb<'a>) {
    let id = match next {
        1 => ProtoId::Ip,
        2 => ProtoId::Ipv6,
        3 => ProtoId::Eth,
        5 => ProtoId::Mpls,
        _ => ProtoId::Data,
    };
    d.call(id, payload);
}
