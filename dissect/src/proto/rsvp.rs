//! The Resource Reservation Protocol (RFC 2205) and its extensions for label switched paths (RFC 3209).

use std::net::Ipv4Addr;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rsvp, "rsvp", "Resource ReserVation Protocol (RSVP)";
    VERSION = field("rsvp.version", "RSVP Version", Uint8, Dec).mask(0xf0);
    FLAGS = field("rsvp.flags", "Flags", Uint8, Hex).mask(0x0f);
    MSG = field("rsvp.msg", "Message Type", Uint8, Dec).names(Names::Values(MESSAGES));
    PATH = field("rsvp.path", "Path Message", Boolean, None);
    RESV = field("rsvp.resv", "Resv Message", Boolean, None);
    PERR = field("rsvp.perr", "Path Error Message", Boolean, None);
    RERR = field("rsvp.rerr", "Resv Error Message", Boolean, None);
    PTEAR = field("rsvp.ptear", "Path Tear Message", Boolean, None);
    RTEAR = field("rsvp.rtear", "Resv Tear Message", Boolean, None);
    RESVCONF = field("rsvp.resvconf", "Resv Confirm Message", Boolean, None);
    HELLO = field("rsvp.hello", "HELLO Message", Boolean, None);
    MESSAGE_CHECKSUM = field("rsvp.message_checksum", "Message Checksum", Uint16, Hex);
    SENDING_TTL = field("rsvp.sending_ttl", "Sending TTL", Uint8, Dec);
    MESSAGE_LENGTH = field("rsvp.message_length", "Message length", Uint16, Dec);
    LENGTH = field("rsvp.length", "Length", Uint16, Dec);
    OBJECT = field("rsvp.object", "Object class", Uint8, Dec).names(Names::Values(OBJECTS));
    CTYPE = field("rsvp.ctype", "C-type", Uint32, Dec);
    SESSION_IP = field("rsvp.session.ip", "Destination address", Ipv4, None);
    SESSION_PROTO = field("rsvp.session.proto", "Protocol", Uint8, Dec);
    SESSION_PORT = field("rsvp.session.port", "Port number", Uint16, Dec);
    SESSION_SHORT_CALL_ID = field("rsvp.session.short_call_id", "Short Call ID", Uint16, Dec);
    SESSION_TUNNEL_ID = field("rsvp.session.tunnel_id", "Tunnel ID", Uint16, Dec);
    SESSION_EXT_TUNNEL_ID = field("rsvp.session.ext_tunnel_id", "Extended tunnel ID", Uint32, Dec);
    HOP_NEIGHBOR = field("rsvp.hop.neighbor_address_ipv4", "Neighbor address", Ipv4, None);
    HOP_INTERFACE = field("rsvp.hop.logical_interface", "Logical interface", Uint32, Dec);
    REFRESH_INTERVAL = field("rsvp.refresh_interval", "Refresh interval", Uint32, Dec);
    SENDER_IP = field("rsvp.sender.ip", "Sender IPv4 address", Ipv4, None);
    SENDER_PORT = field("rsvp.sender.port", "Sender port number", Uint16, Dec);
    SENDER_SHORT_CALL_ID = field("rsvp.sender.short_call_id", "Short Call ID", Uint16, Dec);
    SENDER_LSP_ID = field("rsvp.sender.lsp_id", "LSP ID", Uint16, Dec);
    LABEL = field("rsvp.label.label", "Label", Uint32, Dec);
}

/// Messages (IANA, RSVP message types), with the names that Wireshark shows.
const MESSAGES: &[(u64, &str)] = &[
    (1, "PATH Message. "),
    (2, "RESV Message. "),
    (3, "PATH ERROR Message. "),
    (4, "RESV ERROR Message. "),
    (5, "PATH TEAR Message. "),
    (6, "RESV TEAR Message. "),
    (7, "CONFIRM Message. "),
    (10, "RESV TEAR CONFIRM Message. "),
    (12, "BUNDLE Message. "),
    (13, "ACK Message. "),
    (15, "SREFRESH Message. "),
    (20, "HELLO Message. "),
    (21, "NOTIFY Message. "),
];
const BUNDLE: u64 = 12;
/// The message types that have a field of their own.
const MARKS: &[(u64, FieldId)] =
    &[(1, PATH), (2, RESV), (3, PERR), (4, RERR), (5, PTEAR), (6, RTEAR), (7, RESVCONF), (20, HELLO)];
/// Classes of objects (IANA, RSVP class names).
const OBJECTS: &[(u64, &str)] = &[
    (0, "NULL object"),
    (1, "SESSION object"),
    (3, "HOP object"),
    (4, "INTEGRITY object"),
    (5, "TIME VALUES object"),
    (6, "ERROR object"),
    (7, "SCOPE object"),
    (8, "STYLE object"),
    (9, "FLOWSPEC object"),
    (10, "FILTER SPEC object"),
    (11, "SENDER TEMPLATE object"),
    (12, "SENDER TSPEC object"),
    (13, "ADSPEC object"),
    (14, "POLICY object"),
    (15, "CONFIRM object"),
    (16, "LABEL object"),
    (19, "LABEL REQUEST object"),
    (20, "EXPLICIT ROUTE object"),
    (21, "RECORD ROUTE object"),
    (22, "HELLO object"),
    (23, "MESSAGE-ID object"),
    (24, "MESSAGE-ID ACK/NACK object"),
    (25, "MESSAGE-ID LIST object"),
    (63, "DETOUR object"),
    (131, "RESTART-CAPABILITY object"),
    (195, "NOTIFY-REQUEST object"),
    (196, "ADMIN-STATUS object"),
    (197, "LSP ATTRIBUTES object"),
    (199, "ASSOCIATION object"),
    (205, "FAST-REROUTE object"),
    (207, "SESSION ATTRIBUTE object"),
];
const SESSION: u8 = 1;
const FILTER: u8 = 10;
const TEMPLATE: u8 = 11;
const IPV4: u8 = 1;
const LSP: u8 = 7;
const HEADER_LEN: usize = 8;
const OBJECT_HEADER_LEN: usize = 4;
/// How many objects of a message are read.
const MAX_OBJECTS: usize = 1024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Rsvp, "RSVP", &[Binding::IpProto(46)], dissect)
};

/// RFC 2205, 3.1.1.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("RSVP");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let first = tvb.u8(0)?;
    let kind = u64::from(tvb.u8(1)?);
    let title = Names::Values(MESSAGES).of(kind);
    let title = title.map_or_else(|| format!("Unknown ({kind}). "), |title| title.into_owned());
    d.set_info(|| if kind == BUNDLE { "Component Messages Dissected".to_owned() } else { title.clone() });
    d.text(item, || format!("Resource ReserVation Protocol (RSVP): {title}"));
    d.open_text(tvb, 0, HEADER_LEN, || format!("RSVP Header. {title}"));
    d.bits(VERSION, tvb, 0, 1, first.into());
    d.bits(FLAGS, tvb, 0, 1, first.into());
    d.uint(MSG, tvb, 1, 1)?;
    if let Some((_, field)) = MARKS.iter().find(|row| row.0 == kind) {
        d.hidden(*field, tvb, 1, 1, Value::Uint(1));
    }
    d.uint(MESSAGE_CHECKSUM, tvb, 2, 2)?;
    d.uint(SENDING_TTL, tvb, 4, 1)?;
    let len = d.uint(MESSAGE_LENGTH, tvb, 6, 2)? as usize;
    d.close();
    if kind != BUNDLE {
        let mut at = HEADER_LEN;
        for _ in 0..MAX_OBJECTS {
            if at >= len {
                break;
            }
            at += object(d, tvb, at)?;
        }
    }
    d.close();
    Ok(())
}

/// RFC 2205, 3.1.2. Answers how long the object is.
fn object<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = usize::from(tvb.u16(at)?);
    let (class, kind) = (tvb.u8(at + 2)?, tvb.u8(at + 3)?);
    let Some(inner) = len.checked_sub(OBJECT_HEADER_LEN) else { return Err(Stop::Malformed) };
    let body = tvb.exact(at + OBJECT_HEADER_LEN, inner)?;
    let summary = summary(body, class, kind)?;
    d.open_text(tvb, at, len, || {
        let name = Names::Values(OBJECTS).of(class.into());
        summary.clone().or_else(|| name.map(|name| name.into_owned())).unwrap_or_else(|| format!("Unknown ({class})"))
    });
    // The Info column tells what is reserved, and for whom.
    if let Some(summary) = &summary {
        d.append_info(|| summary.clone());
    }
    d.uint(LENGTH, tvb, at, 2)?;
    d.uint(OBJECT, tvb, at + 2, 1)?;
    d.uint(CTYPE, tvb, at + 3, 1)?;
    let layout: &[(FieldId, usize, usize)] = match (class, kind) {
        (SESSION, IPV4) => &[(SESSION_IP, 0, 4), (SESSION_PROTO, 4, 1), (SESSION_PORT, 6, 2)],
        (SESSION, LSP) => &[
            (SESSION_IP, 0, 4),
            (SESSION_SHORT_CALL_ID, 4, 2),
            (SESSION_TUNNEL_ID, 6, 2),
            (SESSION_EXT_TUNNEL_ID, 8, 4),
        ],
        (3, IPV4) => &[(HOP_NEIGHBOR, 0, 4), (HOP_INTERFACE, 4, 4)],
        (5, 1) => &[(REFRESH_INTERVAL, 0, 4)],
        (FILTER | TEMPLATE, IPV4) => &[(SENDER_IP, 0, 4), (SENDER_PORT, 6, 2)],
        (FILTER | TEMPLATE, LSP) => &[(SENDER_IP, 0, 4), (SENDER_SHORT_CALL_ID, 4, 2), (SENDER_LSP_ID, 6, 2)],
        (16, 1) => &[(LABEL, 0, 4)],
        _ => &[],
    };
    for (field, from, width) in layout {
        match *field {
            SESSION_IP | HOP_NEIGHBOR | SENDER_IP => {
                d.add(*field, body, *from, 4, Value::Ipv4(body.array(*from)?));
            }
            field => {
                d.uint(field, body, *from, *width)?;
            }
        }
    }
    d.close();
    Ok(len)
}

/// What of sessions and senders stands in the Info column.
fn summary(body: Tvb<'_>, class: u8, kind: u8) -> Result<Option<String>, Stop> {
    let name = match class {
        SESSION => "SESSION",
        FILTER => "FILTERSPEC",
        TEMPLATE => "SENDER TEMPLATE",
        _ => return Ok(None),
    };
    let address = |at: usize| body.array::<4>(at).map(Ipv4Addr::from);
    Ok(match (class, kind) {
        (SESSION, IPV4) => Some(format!(
            "{name}: IPv4, Destination {}, Protocol {}, Port {}. ",
            address(0)?,
            body.u8(4)?,
            body.u16(6)?
        )),
        (SESSION, LSP) => Some(format!(
            "{name}: IPv4-LSP, Destination {}, Short Call ID {}, Tunnel ID {}, Ext ID {:x}. ",
            address(0)?,
            body.u16(4)?,
            body.u16(6)?,
            body.u32(8)?
        )),
        (_, IPV4) => Some(format!("{name}: IPv4, Sender {}, Port {}. ", address(0)?, body.u16(6)?)),
        (_, LSP) => Some(format!(
            "{name}: IPv4-LSP, Tunnel Source: {}, Short Call ID: {}, LSP ID: {}. ",
            address(0)?,
            body.u16(4)?,
            body.u16(6)?
        )),
        _ => None,
    })
}

/// Messages of all marked types, for paths and for flows.
const SAMPLES: &[&str] = &[
    "45000054 00010000 402e0000 0a000001 0a000002  1001000040000040001001070a010101000000010a000001000c03010a0000020000000100080501000075300008130100000800000c0b070a00000100000002",
    "4500005c 00010000 402e0000 0a000001 0a000002  1002000040000048001001070a010101000000010a000001000c03010a0000020000000100080501000075300008080100000012000c0a070a000001000000020008100100000010",
    "45000044 00010000 402e0000 0a000001 0a000002  1003000040000030001001070a010101000000010a000001000c06010a00000300180005000c0b070a00000100000002",
    "45000058 00010000 402e0000 0a000001 0a000002  1004000040000044001001070a010101000000010a000001000c03010a00000200000001000c06010a000003001800050008080100000012000c0a070a00000100000002",
    "45000044 00010000 402e0000 0a000001 0a000002  1005000040000030001001070a010101000000010a000001000c03010a00000200000001000c0b070a00000100000002",
    "4500004c 00010000 402e0000 0a000001 0a000002  1006000040000038001001070a010101000000010a000001000c03010a000002000000010008080100000012000c0a070a00000100000002",
    "45000054 00010000 402e0000 0a000001 0a000002  1007000040000040001001070a010101000000010a000001000c06010a0000030018000500080f010a0000010008080100000012000c0a070a00000100000002",
    "45000028 00010000 402e0000 0a000001 0a000002  1014000040000014000c16010102030400000000",
    "45000048 00010000 402e0000 0a000001 0a000002  1001000040000034000c01010a01010111001388000c03010a000002000000010008050100007530000c0b010a00000100001389",
];

#[cfg(test)]
mod tests {
    use super::SAMPLES;
    use crate::tests::{frames, values};

    #[test]
    fn sessions_and_senders_are_told() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "rsvp.session.tunnel_id"), "1");
        assert_eq!(values(&shown[0], "rsvp.sender.lsp_id"), "2");
        assert_eq!(values(&shown[1], "rsvp.label.label"), "16");
        assert_eq!(values(&shown[8], "rsvp.session.port"), "5000");
    }

    #[test]
    fn an_object_without_length_ends_it() {
        let bad = "4500002400010000402e00000a0000010a000002 1001000040000010 0003010100000000";
        let shown = frames(101, &[bad]);
        assert!(values(&shown[0], "_ws.expert.message").contains("Malformed"));
    }
}
