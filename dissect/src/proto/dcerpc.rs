//! The headers of DCE/RPC (The Open Group C706, 12.5 and 12.6): connection-oriented ones over TCP, others over UDP.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Dcerpc, "dcerpc", "Distributed Computing Environment / Remote Procedure Call (DCE/RPC)";
    VER = field("dcerpc.ver", "Version", Uint8, Dec);
    VER_MINOR = field("dcerpc.ver_minor", "Version (minor)", Uint8, Dec);
    PKT_TYPE = field("dcerpc.pkt_type", "Packet type", Uint8, Dec).names(Names::Values(TYPES));
    CN_FRAG_LEN = field("dcerpc.cn_frag_len", "Frag Length", Uint16, Dec);
    CN_CALL_ID = field("dcerpc.cn_call_id", "Call ID", Uint32, Dec);
    DG_SEQNUM = field("dcerpc.dg_seqnum", "Sequence num", Uint32, Dec);
}

const TYPES: &[(u64, &str)] = &[
    (0, "Request"),
    (1, "Ping"),
    (2, "Response"),
    (3, "Fault"),
    (4, "Working"),
    (5, "Nocall"),
    (6, "Reject"),
    (7, "Ack"),
    (8, "Cl_cancel"),
    (9, "Fack"),
    (10, "Cancel_ack"),
    (11, "Bind"),
    (12, "Bind_ack"),
    (13, "Bind_nak"),
    (14, "Alter_context"),
    (15, "Alter_context_resp"),
    (16, "AUTH3"),
    (17, "Shutdown"),
    (18, "Co_cancel"),
    (19, "Orphaned"),
];

const CN_HEADER_LEN: usize = 16;
const DG_HEADER_LEN: usize = 80;
/// The data representation says that integers are little-endian.
const LITTLE: u8 = 0x10;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    samples: &[
        Sample {
            link_type: 101,
            frames: &["4500003800010000 4006 0000 0a000001 0a000002 1388 0087 00000001 00000001 50180000 00000000 \
                       05 00 0b 03 10000000 1000 0000 01000000"],
        },
        Sample {
            link_type: 101,
            frames: &["4500006c00010000 4011 0000 0a000001 0a000002 1388 0402 00580000 04 00 08 00 100000 00 \
                       00000000000000000000000000000000 00000000000000000000000000000000 \
                       00000000000000000000000000000000 00000000 01000000 07000000 0000 ffff ffff 0000 0000 00 00"],
        },
    ],
    ..Protocol::new(
        ProtoId::Dcerpc,
        "DCERPC",
        &[Binding::TcpHeuristic(is_connection), Binding::UdpHeuristic(is_datagram)],
        dissect,
    )
};

/// Integers of ASCII or EBCDIC senders, floating point of one of four kinds.
fn is_representation(tvb: Tvb<'_>, at: usize) -> bool {
    let (Ok(first), Ok(second)) = (tvb.u8(at), tvb.u8(at + 1)) else {
        return false;
    };
    first & 0xee == 0 && second <= 3
}

fn is_connection<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.len() >= CN_HEADER_LEN
        && tvb.u8(0) == Ok(5)
        && matches!(tvb.u8(1), Ok(0 | 1))
        && tvb.u8(2).is_ok_and(|kind| kind <= 19)
        && is_representation(tvb, 4)
        && fragment_len(tvb.bytes()).is_some_and(|len| len >= CN_HEADER_LEN)
}

fn is_datagram<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.len() >= DG_HEADER_LEN
        && tvb.u8(0) == Ok(4)
        && tvb.u8(1).is_ok_and(|kind| kind <= 19)
        && tvb.u8(3).is_ok_and(|flags| flags & 0xfc == 0)
        && is_representation(tvb, 4)
}

fn fragment_len(octets: &[u8]) -> Option<usize> {
    let (representation, len) = (octets.get(4)?, [*octets.get(8)?, *octets.get(9)?]);
    let len = if representation & LITTLE != 0 { u16::from_le_bytes(len) } else { u16::from_be_bytes(len) };
    Some(len.into())
}

fn framing(stream: &[u8]) -> Framing {
    match fragment_len(stream) {
        None => Framing::More(CN_HEADER_LEN - stream.len().min(CN_HEADER_LEN - 1)),
        Some(len) if len >= CN_HEADER_LEN && stream.first() == Some(&5) => Framing::Message(len),
        Some(_) => Framing::Foreign,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("DCERPC");
    d.begin_next(PROTO, tvb);
    let version = d.uint(VER, tvb, 0, 1)?;
    let kind = match version {
        5 => {
            d.uint(VER_MINOR, tvb, 1, 1)?;
            let kind = d.uint(PKT_TYPE, tvb, 2, 1)?;
            let is_little = tvb.u8(4)? & LITTLE != 0;
            let len = fragment_len(tvb.bytes()).unwrap_or_default();
            d.add(CN_FRAG_LEN, tvb, 8, 2, Value::Uint(len as u64));
            let call: [u8; 4] = tvb.array(12)?;
            let call = if is_little { u32::from_le_bytes(call) } else { u32::from_be_bytes(call) };
            d.add(CN_CALL_ID, tvb, 12, 4, Value::Uint(call.into()));
            kind
        }
        _ => {
            let kind = d.uint(PKT_TYPE, tvb, 1, 1)?;
            let number: [u8; 4] = tvb.array(64)?;
            let is_little = tvb.u8(4)? & LITTLE != 0;
            let number = if is_little { u32::from_le_bytes(number) } else { u32::from_be_bytes(number) };
            d.add(DG_SEQNUM, tvb, 64, 4, Value::Uint(number.into()));
            kind
        }
    };
    d.set_info(|| Names::Values(TYPES).of(kind).unwrap_or("Unknown".into()).into_owned());
    d.close();
    Ok(())
}
