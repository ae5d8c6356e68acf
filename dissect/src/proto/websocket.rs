//! The WebSocket protocol (RFC 6455, 5): frames, unmasked, and SIP (RFC 7118), text or data in them.
//!
//! A message in several frames is shown frame by frame, a compressed one (RFC 7692) as its octets.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::sip;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { WebSocket, "websocket", "WebSocket";
    FIN = field("websocket.fin", "Fin", Boolean, None).mask(0x80);
    RSV = field("websocket.rsv", "Reserved", Uint8, Hex).mask(0x70);
    OPCODE = field("websocket.opcode", "Opcode", Uint8, Dec).mask(0xf).names(Names::Values(OPCODES));
    MASK = field("websocket.mask", "Mask", Boolean, None).mask(0x80);
    PAYLOAD_LENGTH = field("websocket.payload_length", "Payload length", Uint8, Dec).mask(0x7f);
    PAYLOAD_LENGTH_EXT_16 = field("websocket.payload_length_ext_16", "Extended Payload length (16 bits)", Uint16, Dec);
    PAYLOAD_LENGTH_EXT_64 = field("websocket.payload_length_ext_64", "Extended Payload length (64 bits)", Uint64, Dec);
    MASKING_KEY = field("websocket.masking_key", "Masking-Key", Bytes, None);
    MASKED_PAYLOAD = field("websocket.masked_payload", "Masked payload", None, None);
    PAYLOAD = field("websocket.payload", "Payload", None, None);
    CONTINUE = field("websocket.payload.continue", "Continue", Bytes, None);
    TEXT = field("websocket.payload.text", "Text", String, None);
    CLOSE = field("websocket.payload.close", "Close", None, None);
    CLOSE_STATUS_CODE = field("websocket.payload.close.status_code", "Status code", Uint16, Dec).names(Names::Values(STATUS_CODES));
    CLOSE_REASON = field("websocket.payload.close.reason", "Reason", String, None);
    PING = field("websocket.payload.ping", "Ping", Bytes, None);
    PONG = field("websocket.payload.pong", "Pong", Bytes, None);
    UNKNOWN = field("websocket.payload.unknown", "Unknown", Bytes, None);
}

const OPCODES: &[(u64, &str)] =
    &[(0, "Continuation"), (1, "Text"), (2, "Binary"), (8, "Connection Close"), (9, "Ping"), (10, "Pong")];

/// RFC 6455, 7.4.1, and IANA's registry.
const STATUS_CODES: &[(u64, &str)] = &[
    (1000, "Normal Closure"),
    (1001, "Going Away"),
    (1002, "Protocol error"),
    (1003, "Unsupported Data"),
    (1004, "---Reserved----"),
    (1005, "No Status Rcvd"),
    (1006, "Abnormal Closure"),
    (1007, "Invalid frame payload data"),
    (1008, "Policy Violation"),
    (1009, "Message Too Big"),
    (1010, "Mandatory Ext."),
    (1011, "Internal Server"),
    (1015, "TLS handshake"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Sip, ProtoId::Lines, ProtoId::Data],
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::WebSocket, "WebSocket", &[], dissect)
};

/// An upgrade, and frames of every kind.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500004e00010000400600000a0000010a000002c000005000000065000003e95018fff000000000474554202f204854 \
     54502f312e310d0a557067726164653a20776562736f636b65740d0a0d0a",
    "4500004e00010000400600000a0000020a0000010050c000000003e90000008b5018fff000000000485454502f312e31 \
     2031303120530d0a557067726164653a20776562736f636b65740d0a0d0a",
    "4500004c00010000400600000a0000010a000002c00000500000008b0000040f5018fff0000000008184010203047567 \
     7b7082fe000401020304656377658981010203047100810102030462",
    "4500005100010000400600000a0000020a0000010050c0000000040f000000af5018fff0000000008a0170880503e862 \
     7965837f00000000000000017581125349502f322e3020323030204f4b0d0a0d0a",
];

/// RFC 6455, 5.2: the length of a frame's header and of its payload.
fn lens(octets: &[u8]) -> Option<(usize, u64)> {
    let second = *octets.get(1)?;
    let mask = usize::from(second >> 7) * 4;
    let (extended, len) = match second & 0x7f {
        126 => (2, octets.get(2..4)?.iter().fold(0, |len, octet| len << 8 | u64::from(*octet))),
        127 => (8, octets.get(2..10)?.iter().fold(0, |len, octet| len << 8 | u64::from(*octet))),
        len => (0, u64::from(len)),
    };
    Some((2 + extended + mask, len))
}

fn framing(stream: &[u8]) -> Framing {
    match lens(stream) {
        Some((header, len)) => Framing::Message(usize::try_from(len).unwrap_or(usize::MAX).saturating_add(header)),
        None => Framing::More(1),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if !d.layer_names().contains(&"http") {
        d.layer("http");
    }
    d.set_protocol("WebSocket");
    d.begin_next(PROTO, tvb);
    let (first, second) = (tvb.u8(0)?, tvb.u8(1)?);
    let opcode = first & 0xf;
    d.set_info(|| {
        let name = Names::Values(OPCODES).of(opcode.into()).unwrap_or("Unknown".into());
        let fin = if first & 0x80 != 0 { " [FIN]" } else { "" };
        let mask = if second & 0x80 != 0 { "[MASKED]" } else { "" };
        format!("WebSocket {name}{fin} {mask}")
    });
    d.flag(FIN, tvb, 0, 1, first.into());
    d.bits(RSV, tvb, 0, 1, first.into());
    d.bits(OPCODE, tvb, 0, 1, first.into());
    d.flag(MASK, tvb, 1, 1, second.into());
    let item = d.bits(PAYLOAD_LENGTH, tvb, 1, 1, second.into());
    match second & 0x7f {
        126 => {
            d.append_text(item, || " Extended Payload Length (16 bits)".to_owned());
            d.uint(PAYLOAD_LENGTH_EXT_16, tvb, 2, 2)?;
        }
        127 => {
            d.append_text(item, || " Extended Payload Length (64 bits)".to_owned());
            d.uint(PAYLOAD_LENGTH_EXT_64, tvb, 2, 8)?;
        }
        _ => {}
    }
    let (header, len) = lens(tvb.bytes()).ok_or(crate::stop::Stop::Malformed)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX).min(tvb.reported().saturating_sub(header));
    let mut payload = tvb.sub(header, len);
    if second & 0x80 != 0 {
        let key: [u8; 4] = tvb.array(header - 4)?;
        d.bytes(MASKING_KEY, tvb, header - 4, 4);
        if len > 0 {
            d.add(MASKED_PAYLOAD, tvb, header, len, Value::None);
            let plain: Vec<u8> =
                payload.bytes().iter().zip(key.iter().cycle()).map(|(octet, key)| octet ^ key).collect();
            payload = d.add_source(&plain, "Unmasked data");
        }
    }
    if len > 0 {
        self::payload(d, payload, opcode, first & 0x40 != 0);
    }
    d.close();
    Ok(())
}

/// Shows a frame's payload, and hands it on.
fn payload<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, opcode: u8, is_compressed: bool) {
    let len = tvb.reported();
    d.open(PAYLOAD, tvb, 0, len, Value::None);
    let child = match opcode {
        1 | 2 if is_compressed => Some(ProtoId::Data),
        1 | 2 if sip::is_message(tvb.bytes()) => Some(ProtoId::Sip),
        1 => {
            d.string(TEXT, tvb, 0, len);
            Some(ProtoId::Lines)
        }
        2 => Some(ProtoId::Data),
        8 => {
            d.open(CLOSE, tvb, 0, len, Value::None);
            if d.uint(CLOSE_STATUS_CODE, tvb, 0, 2).is_ok() && len > 2 {
                d.string(CLOSE_REASON, tvb, 2, len - 2);
            }
            d.close();
            None
        }
        9 => {
            d.bytes(PING, tvb, 0, len);
            None
        }
        10 => {
            d.bytes(PONG, tvb, 0, len);
            None
        }
        0 => None,
        _ => {
            d.bytes(UNKNOWN, tvb, 0, len);
            None
        }
    };
    d.close();
    if opcode == 0 {
        d.bytes(CONTINUE, tvb, 0, len);
    }
    if let Some(child) = child {
        let before = std::mem::take(&mut d.media_type);
        d.call(child, tvb);
        d.media_type = before;
    }
}
