//! Multiprotocol Label Switching (RFC 3032): a stack of labels in front of a packet that does not say what it is, or of
//! a frame of Ethernet behind a control word (RFC 4448).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Mpls, "mpls", "MultiProtocol Label Switching Header";
    LABEL = field("mpls.label", "MPLS Label", Uint32, DecHex).names(Names::Values(LABELS)).mask(0xffff_f000);
    EXP = field("mpls.exp", "MPLS Experimental Bits", Uint32, Dec).mask(0x0000_0e00);
    BOTTOM = field("mpls.bottom", "MPLS Bottom Of Label Stack", Uint32, Dec).mask(0x0000_0100);
    TTL = field("mpls.ttl", "MPLS TTL", Uint32, Dec).mask(0x0000_00ff);
}

const CONTROL_WORD_LEN: usize = 4;
const ETHERNET_LEN: usize = 14;

/// Labels with a meaning of their own (IANA).
const LABELS: &[(u64, &str)] = &[
    (0, "IPv4 Explicit-Null"),
    (1, "Router Alert"),
    (2, "IPv6 Explicit-Null"),
    (3, "Implicit-Null"),
    (7, "Entropy Label Indicator (ELI)"),
    (13, "Generic Associated Channel Label (GAL)"),
    (14, "OAM Alert"),
];

/// How many labels are taken apart.
pub const MAX_LABELS: usize = 32;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Eth, ProtoId::Data],
    samples: &[Sample { link_type: 1, frames: &["ffffffffffff 020000000001 8847 00064040 00065140 45"] }],
    ..Protocol::new(
        ProtoId::Mpls,
        "MPLS",
        &[Binding::EtherType(0x8847), Binding::EtherType(0x8848), Binding::IpProto(137), Binding::PppProtocol(0x0281)],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("MPLS");
    d.set_info(|| "MPLS Label Switched Packet".to_owned());
    d.layer("mpls");
    let mut at = 0;
    for _ in 0..MAX_LABELS {
        let entry = tvb.u32(at)?;
        let item = d.open(PROTO, tvb, at, 4, Value::Bytes);
        d.text(item, || {
            let label = match Names::Values(LABELS).of((entry >> 12).into()) {
                Some(name) => format!("{} ({name})", entry >> 12),
                None => (entry >> 12).to_string(),
            };
            format!(
                "MultiProtocol Label Switching Header, Label: {label}, Exp: {}, S: {}, TTL: {}",
                entry >> 9 & 7,
                entry >> 8 & 1,
                entry & 0xff
            )
        });
        for field in [LABEL, EXP, BOTTOM, TTL] {
            d.bits(field, tvb, at, 4, entry.into());
        }
        d.close();
        at += 4;
        if entry & 0x100 != 0 {
            break;
        }
    }
    let payload = tvb.from(at);
    // RFC 4928, 3: the first digit is what routers look at, too.
    match payload.u8(0).unwrap_or_default() >> 4 {
        4 => d.call(ProtoId::Ip, payload),
        6 => d.call(ProtoId::Ipv6, payload),
        0 if payload.u16(0) == Ok(0) && payload.reported() >= CONTROL_WORD_LEN + ETHERNET_LEN => {
            for layer in ["pwethheuristic", "pwethcw"] {
                d.layer(layer);
            }
            d.open_text(payload, 0, CONTROL_WORD_LEN, || "PW Ethernet Control Word".to_owned());
            d.close();
            d.call(ProtoId::Eth, payload.from(CONTROL_WORD_LEN));
        }
        _ => d.call(ProtoId::Data, payload),
    }
    Ok(())
}
