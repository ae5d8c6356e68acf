//! RX, the remote procedure calls of the Andrew File System: headers and acknowledgements. What calls hold is AFS's.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rx, "rx", "RX Protocol";
    EPOCH = field("rx.epoch", "Epoch", AbsoluteTime, None);
    CID = field("rx.cid", "CID", Uint32, Dec);
    CALLNUMBER = field("rx.callnumber", "Call Number", Uint32, Dec);
    SEQ = field("rx.seq", "Sequence Number", Uint32, Dec);
    SERIAL = field("rx.serial", "Serial", Uint32, Dec);
    TYPE = field("rx.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    FLAGS = field("rx.flags", "Flags", Uint8, Hex);
    FLAGS_FREE_PACKET = field("rx.flags.free_packet", "Free Packet", Boolean, None).mask(0x10);
    FLAGS_MORE_PACKETS = field("rx.flags.more_packets", "More Packets", Boolean, None).mask(0x08);
    FLAGS_LAST_PACKET = field("rx.flags.last_packet", "Last Packet", Boolean, None).mask(0x04);
    FLAGS_REQUEST_ACK = field("rx.flags.request_ack", "Request Ack", Boolean, None).mask(0x02);
    FLAGS_CLIENT_INIT = field("rx.flags.client_init", "Client Initiated", Boolean, None).mask(0x01);
    USERSTATUS = field("rx.userstatus", "User Status", Uint32, Dec);
    SECURITYINDEX = field("rx.securityindex", "Security Index", Uint32, Dec);
    SPARE = field("rx.spare", "Spare/Checksum", Uint16, Dec);
    SERVICEID = field("rx.serviceid", "Service ID", Uint16, Dec);
    BUFFERSPACE = field("rx.bufferspace", "Bufferspace", Uint16, Dec);
    MAXSKEW = field("rx.maxskew", "Max Skew", Uint16, Dec);
    FIRST = field("rx.first", "First Packet", Uint32, Dec);
    PREV = field("rx.prev", "Prev Packet", Uint32, Dec);
    REASON = field("rx.reason", "Reason", Uint8, Dec).names(Names::Values(REASONS));
    NUM_ACKS = field("rx.num_acks", "Num ACKs", Uint8, Dec);
}

const TYPES: &[(u64, &str)] = &[
    (1, "data"),
    (2, "ack"),
    (3, "busy"),
    (4, "abort"),
    (5, "ackall"),
    (6, "challenge"),
    (7, "response"),
    (8, "debug"),
    (9, "params"),
    (13, "version"),
];
const REASONS: &[(u64, &str)] = &[
    (1, "Ack Requested"),
    (2, "Duplicate Packet"),
    (3, "Out Of Sequence"),
    (4, "Exceeds Window"),
    (5, "No Space"),
    (6, "Ping"),
    (7, "Ping Response"),
    (8, "Delay"),
    (9, "Idle"),
];
const DATA: u8 = 1;
const ACK: u8 = 2;
const VERSION: u8 = 13;
const HEADER_LEN: usize = 28;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(|_, tvb| tvb.len() >= HEADER_LEN && tvb.u8(20).is_ok_and(is_kind)),
    calls: &[ProtoId::Afs, ProtoId::Data],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004e 00010000 40110000 0a000001 0a000002 a2571b5a 003a0000 570fb560 5c3fc988 00000001 00000000 00000002 \
             02 21 00 00 0000 0049 0000 0000 00000002 00000001 00000000 08 00 0000 00000000 000000",
        ],
    }],
    ..Protocol::new(
        ProtoId::Rx,
        "RX",
        &[
            Binding::UdpPort(7000),
            Binding::UdpPort(7001),
            Binding::UdpPort(7002),
            Binding::UdpPort(7003),
            Binding::UdpPort(7004),
            Binding::UdpPort(7005),
            Binding::UdpPort(7006),
            Binding::UdpPort(7007),
            Binding::UdpPort(7008),
            Binding::UdpPort(7009),
            Binding::UdpPort(7021),
        ],
        dissect,
    )
};

fn is_kind(kind: u8) -> bool {
    matches!(kind, 1..=9 | VERSION)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("RX");
    d.set_info(String::new);
    d.add(EPOCH, tvb, 0, 4, Value::Time(i64::from(tvb.u32(0)?) * 1_000_000_000));
    for (field, at) in [(CID, 4), (CALLNUMBER, 8), (SEQ, 12), (SERIAL, 16)] {
        d.uint(field, tvb, at, 4)?;
    }
    let (kind, flags) = (tvb.u8(20)?, tvb.u8(21)?);
    d.uint(TYPE, tvb, 20, 1)?;
    d.open(FLAGS, tvb, 21, 1, Value::Uint(flags.into()));
    for field in [FLAGS_FREE_PACKET, FLAGS_MORE_PACKETS, FLAGS_LAST_PACKET, FLAGS_REQUEST_ACK, FLAGS_CLIENT_INIT] {
        d.flag(field, tvb, 21, 1, flags.into());
    }
    d.close();
    for (field, at, width) in [(USERSTATUS, 22, 1), (SECURITYINDEX, 23, 1), (SPARE, 24, 2), (SERVICEID, 26, 2)] {
        d.uint(field, tvb, at, width)?;
    }
    let body = tvb.from(HEADER_LEN);
    if kind == DATA {
        d.close();
        d.call(ProtoId::Afs, tvb);
        return Ok(());
    }
    let (seq, call) = (tvb.u32(12)?, tvb.u32(8)?);
    let (from, to) = (d.endpoints.src_port, d.endpoints.dst_port);
    d.set_info(|| match name(kind, body) {
        Some(name) => format!("{name}  Seq: {seq}  Call: {call}  Source Port: {from}  Destination Port: {to}  "),
        None => String::new(),
    });
    if kind == ACK {
        let fields = [
            (BUFFERSPACE, 0, 2),
            (MAXSKEW, 2, 2),
            (FIRST, 4, 4),
            (PREV, 8, 4),
            (SERIAL, 12, 4),
            (REASON, 16, 1),
            (NUM_ACKS, 17, 1),
        ];
        for (field, at, width) in fields {
            d.uint(field, body, at, width)?;
        }
    }
    d.close();
    Ok(())
}

/// What the Info column calls a packet.
fn name(kind: u8, body: Tvb<'_>) -> Option<String> {
    Some(match kind {
        ACK => {
            let reason = u64::from(body.u8(16).unwrap_or(0));
            match Names::Values(REASONS).of(reason) {
                Some(reason) => format!("ACK {reason}"),
                None => format!("ACK {reason}"),
            }
        }
        4 => "ABORT".to_owned(),
        5 => "ACKALL".to_owned(),
        6 => "CHALLENGE".to_owned(),
        7 => "RESPONSE".to_owned(),
        VERSION => match body.bytes() {
            [] | [0] => "VERSION NAT ping".to_owned(),
            _ => "VERSION request".to_owned(),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn an_acknowledgement_says_why() {
        let all = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&all[0], "rx.reason"), "8");
        assert_eq!(values(&all[0], "rx.serial"), "2,0");
    }

    #[test]
    fn nothing_breaks_it() {
        let seed = b"\x57\x0f\xb5\x60\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\x02\x02\x21\0\0\0\0\0\x49\0\0\0\0\0\0\0\x02\0\0\0\x01\0\0\0\0\x08\0";
        survives_anything(ProtoId::Rx, seed);
    }
}
