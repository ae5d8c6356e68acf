//! The WebSocket protocol (RFC 6455, 5): frames, unmasked, and SIP (RFC 7118), text or data in them.
//!
//! A message in several frames is shown where the last of them comes, a compressed one (RFC 7692) as what it was.

mod message;

use std::sync::Arc;

use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::pieces;
use crate::proto::{sip, tcp};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { WebSocket, "websocket", "WebSocket";
    FIN = field("websocket.fin", "Fin", Boolean, None).mask(0x80);
    RSV = field("websocket.rsv", "Reserved", Uint8, Hex).mask(0x70);
    PMC = field("websocket.pmc", "Per-Message Compressed", Boolean, None).mask(0x40);
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
    UNKNOWN_OPCODE = expert("websocket.payload.unknown.expert", "Dissector for Websocket Opcode", Note, Undecoded);
    FRAGMENTS = field("websocket.fragments", "Reassembled websocket Fragments", None, None);
    FRAGMENT = field("websocket.fragment", "Websocket Fragment", FrameNum, None);
    FRAGMENT_COUNT = field("websocket.fragment.count", "Fragment count", Uint32, Dec);
    REASSEMBLED_LENGTH = field("websocket.reassembled.length", "Reassembled websocket Payload length", Uint32, Dec);
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

pub use message::Message;
pub(crate) use message::Messages;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Sip, ProtoId::Lines, ProtoId::Data],
    framing: Some(framing),
    is_counted: true,
    // A message may be complete only in a later frame.
    is_told_later: true,
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
    "4500002800010000400600000a0000010a000002c021005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c021000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c021005000000065000003e95010fff000000000",
    "4500004e00010000400600000a0000010a000002c021005000000065000003e95018fff000000000474554202f204854 \
     54502f312e310d0a557067726164653a20776562736f636b65740d0a0d0a",
    "4500004e00010000400600000a0000020a0000010050c021000003e90000008b5018fff000000000485454502f312e31 \
     2031303120530d0a557067726164653a20776562736f636b65740d0a0d0a",
    "4500002c00010000400600000a0000020a0000010050c0210000040f0000008b5018fff00000000001026162",
    "4500003500010000400600000a0000020a0000010050c021000004130000008b5018fff00000000080026364c107f248 \
     cdc9c90700",
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
        let name = Names::Values(OPCODES).of(opcode.into()).unwrap_or("Unknown Opcode".into());
        let fin = if first & 0x80 != 0 { " [FIN]" } else { "[FRAGMENT] " };
        let mask = if second & 0x80 != 0 { "[MASKED]" } else { "" };
        format!("WebSocket {name}{fin} {mask}")
    });
    d.flag(FIN, tvb, 0, 1, first.into());
    d.bits(RSV, tvb, 0, 1, first.into());
    let is_compressed = first & 0x40 != 0 && matches!(opcode, 1 | 2);
    if is_compressed {
        d.flag(PMC, tvb, 0, 1, first.into());
    }
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
    let is_last = first & 0x80 != 0;
    let whole = match opcode {
        0..=2 if !(is_last && opcode != 0 && !is_compressed) => {
            whole(d, tvb.place(), payload, &message::Frame { opcode, is_last, is_compressed })
        }
        _ => None,
    };
    match whole {
        Some(message) => {
            let name = if message.is_compressed { "Decompressed payload" } else { "Reassembled websocket Fragments" };
            let octets = d.add_source(&message.octets, name);
            self::payload(d, octets, message.opcode);
            if message.pieces.len() > 1 {
                FRAGMENT_FIELDS.show(d, octets, &message.pieces);
            }
            hand_on(d, octets, message.opcode);
        }
        None if len > 0 => {
            let is_shown = opcode == 0 || is_last && !is_compressed;
            let opcode = if is_shown || opcode > 2 { opcode } else { SILENT };
            self::payload(d, payload, opcode);
            hand_on(d, payload, opcode);
        }
        None => {}
    }
    d.close();
    Ok(())
}

/// Stands for the opcode of a frame that shows nothing of its payload: the message is not whole.
const SILENT: u8 = 0xff;

/// The message that a frame at a place completes, or that its part in the packet at hand does. The first pass puts it
/// together.
fn whole<'a>(d: &mut Dissector<'a>, place: u32, payload: Tvb<'a>, frame: &message::Frame) -> Option<Arc<Message>> {
    let number = d.packet.number;
    let (_, is_second) = d.endpoints.conversation();
    if d.is_first_pass() {
        let key = (tcp::stream_index(d), is_second);
        let done = d.flows().and_then(|flows| flows.websocket.take(key, (number, place), frame, payload.bytes()));
        if let Some((at, message)) = done {
            d.record(Fact::WebSocket { at, message: Arc::new(message) });
        }
    }
    d.peek_fact(|fact| match fact {
        Fact::WebSocket { at, message } if *at == place => Some(message.clone()),
        _ => None,
    })
}

const FRAGMENT_FIELDS: pieces::Fields = pieces::Fields {
    title: "Reassembled websocket Fragments",
    list: FRAGMENTS,
    piece: FRAGMENT,
    count: FRAGMENT_COUNT,
    length: Some(REASSEMBLED_LENGTH),
};

/// Shows the payload of a frame, or of a message in several of them.
fn payload<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, opcode: u8) {
    let len = tvb.reported();
    d.open(PAYLOAD, tvb, 0, len, Value::None);
    match opcode {
        1 if !sip::is_message(tvb.bytes()) => {
            d.string(TEXT, tvb, 0, len);
        }
        8 => {
            d.open(CLOSE, tvb, 0, len, Value::None);
            if d.uint(CLOSE_STATUS_CODE, tvb, 0, 2).is_ok() && len > 2 {
                d.string(CLOSE_REASON, tvb, 2, len - 2);
            }
            d.close();
        }
        9 => {
            d.bytes(PING, tvb, 0, len);
        }
        10 => {
            d.bytes(PONG, tvb, 0, len);
        }
        0..=2 | SILENT => {}
        _ => {
            d.bytes(UNKNOWN, tvb, 0, len);
            d.expert_with(UNKNOWN_OPCODE, tvb, 0, len, || {
                format!(
                    "Dissector for Websocket Opcode ({opcode}) code not implemented, Contact Wireshark developers if you want \
                     this supported"
                )
            });
        }
    }
    d.close();
    if opcode == 0 {
        d.bytes(CONTINUE, tvb, 0, len);
    }
}

/// Hands what a message says on.
fn hand_on<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, opcode: u8) {
    let child = match opcode {
        1 | 2 if sip::is_message(tvb.bytes()) => ProtoId::Sip,
        1 => ProtoId::Lines,
        2 => ProtoId::Data,
        _ => return,
    };
    let before = std::mem::take(&mut d.media_type);
    d.call(child, tvb);
    d.media_type = before;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn a_message_in_frames_and_a_compressed_one_are_shown_whole() {
        let all = frames(101, SAMPLE);
        let [.., begun, done] = &all[..] else { unreachable!("the sample has frames") };
        assert_eq!(values(begun, "websocket.payload.text"), "");
        assert_eq!(values(done, "websocket.payload.text"), "abcd,Hello");
        assert_eq!(values(done, "websocket.fragment.count"), "2");
        assert_eq!(values(done, "websocket.pmc"), "1");
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(
            ProtoId::WebSocket,
            b"\x01\x83\x01\x02\x03\x04abc\x80\x02cd\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
        );
    }
}
