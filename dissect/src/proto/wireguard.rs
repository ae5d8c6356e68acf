//! WireGuard (J. Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel", 5.4): handshakes, cookies and encrypted
//! packets. The indices that both sides choose in a handshake tell whose packets later ones are.

use crate::base64;
use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Wireguard, "wg", "WireGuard Protocol";
    TYPE = field("wg.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    RESERVED = field("wg.reserved", "Reserved", Bytes, None);
    SENDER = field("wg.sender", "Sender", Uint32, Hex);
    RECEIVER = field("wg.receiver", "Receiver", Uint32, Hex);
    EPHEMERAL = field("wg.ephemeral", "Ephemeral", String, None);
    EPHEMERAL_KNOWN_PRIVKEY = field("wg.ephemeral.known_privkey", "Has Private Key", Boolean, None);
    ENCRYPTED_STATIC = field("wg.encrypted_static", "Encrypted Static", None, None);
    ENCRYPTED_TIMESTAMP = field("wg.encrypted_timestamp", "Encrypted Timestamp", None, None);
    ENCRYPTED_EMPTY = field("wg.encrypted_empty", "Encrypted Empty", None, None);
    MAC1 = field("wg.mac1", "mac1", Bytes, None);
    MAC2 = field("wg.mac2", "mac2", Bytes, None);
    NONCE = field("wg.nonce", "Nonce", Bytes, None);
    ENCRYPTED_COOKIE = field("wg.encrypted_cookie", "Encrypted Cookie", Bytes, None);
    COUNTER = field("wg.counter", "Counter", Uint64, Dec);
    ENCRYPTED_PACKET = field("wg.encrypted_packet", "Encrypted Packet", None, None);
    STREAM = field("wg.stream", "Stream index", Uint32, Dec);
    RESPONSE_IN = field("wg.response_in", "Response in Frame", FrameNum, None).told_later();
    RESPONSE_TO = field("wg.response_to", "Response to Frame", FrameNum, None);
    KEEPALIVE = expert("wg.keepalive", "This is a Keepalive message", Chat, Sequence);
}

const TYPES: &[(u64, &str)] =
    &[(1, "Handshake Initiation"), (2, "Handshake Response"), (3, "Cookie Reply"), (4, "Transport Data")];
const INITIATION: u8 = 1;
const RESPONSE: u8 = 2;
const COOKIE: u8 = 3;
const TRANSPORT: u8 = 4;
const INITIATION_LEN: usize = 148;
const RESPONSE_LEN: usize = 92;
const COOKIE_LEN: usize = 64;
/// A transport message's header and the tag of what is encrypted.
const TRANSPORT_HEADER: usize = 16;
const TAG_LEN: usize = 16;

/// How many indices are remembered. They take about 60 octets each.
const MAX_INDICES: usize = 65_536;

pub(crate) static PROTOCOL: Protocol = Protocol {
    may_begin: Some(|octets| begins(octets, octets.len())),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Wireguard, "WireGuard", &[Binding::UdpHeuristic(is_one)], dissect)
};

fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    begins(tvb.bytes(), tvb.reported())
}

fn begins(octets: &[u8], len: usize) -> bool {
    match octets {
        [INITIATION, 0, 0, 0, ..] => len == INITIATION_LEN,
        [RESPONSE, 0, 0, 0, ..] => len == RESPONSE_LEN,
        [COOKIE, 0, 0, 0, ..] => len == COOKIE_LEN,
        [TRANSPORT, 0, 0, 0, ..] => len >= TRANSPORT_HEADER + TAG_LEN,
        _ => false,
    }
}

/// A handshake of which an index is known.
#[derive(Clone, Copy)]
struct Session {
    stream: u32,
    initiation: u64,
    is_answered: bool,
}

/// The handshakes of the first pass, by who chose an index and where.
pub(crate) struct Sessions {
    known: Recent<(Address, u16, u32), Session>,
    begun: u32,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { known: Recent::new(MAX_INDICES), begun: 0 }
    }
}

/// What a message learned of its session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// Which session it is of.
    Session(u32),
    /// The frame of the response to it.
    ResponseIn(u64),
    /// The frame of the initiation that it answers.
    ResponseTo(u64),
}

impl Sessions {
    /// Answers what is to be said of the message and of an earlier frame.
    fn see(
        &mut self,
        frame: u64,
        kind: u8,
        sender: (Address, u16, u32),
        receiver: (Address, u16, u32),
    ) -> (Vec<Known>, Option<(u64, Known)>) {
        if kind == INITIATION {
            let session = Session { stream: self.begun, initiation: frame, is_answered: false };
            self.begun = self.begun.wrapping_add(1);
            self.known.insert(sender, session);
            return (vec![Known::Session(session.stream)], None);
        }
        let Some(session) = self.known.get(&receiver) else {
            return (Vec::new(), None);
        };
        let mut said = vec![Known::Session(session.stream)];
        let mut earlier = None;
        if kind == RESPONSE && !session.is_answered {
            session.is_answered = true;
            said.push(Known::ResponseTo(session.initiation));
            earlier = Some((session.initiation, Known::ResponseIn(frame)));
            let session = *session;
            self.known.insert(sender, session);
        }
        (said, earlier)
    }
}

fn learn(d: &mut Dissector<'_>, tvb: Tvb<'_>) -> Parsed {
    let ends = d.endpoints;
    let (frame, kind) = (d.packet.number, tvb.u8(0)?);
    let (first, second) = (tvb.u32_le(4)?, tvb.u32_le(8).unwrap_or(0));
    let receiver = if kind == RESPONSE { second } else { first };
    let Some(flows) = d.flows() else { return Ok(()) };
    let (own, earlier) =
        flows.wireguard.see(frame, kind, (ends.src, ends.src_port, first), (ends.dst, ends.dst_port, receiver));
    for known in own {
        d.record(Fact::Wireguard(known));
    }
    if let Some((frame, known)) = earlier {
        d.amend(frame, Fact::Wireguard(known));
    }
    Ok(())
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("WireGuard");
    learn(d, tvb)?;
    let kind = tvb.u8(0)?;
    d.uint(TYPE, tvb, 0, 1)?;
    d.bytes(RESERVED, tvb, 1, 3);
    let name = Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown".into());
    d.set_info(|| name.into_owned());
    match kind {
        INITIATION => {
            index(d, tvb, SENDER)?;
            ephemeral(d, tvb, 8)?;
            d.add(ENCRYPTED_STATIC, tvb, 40, 48, Value::None);
            d.add(ENCRYPTED_TIMESTAMP, tvb, 88, 28, Value::None);
            macs(d, tvb, 116);
        }
        RESPONSE => {
            index(d, tvb, SENDER)?;
            let receiver = tvb.u32_le(8)?;
            d.add(RECEIVER, tvb, 8, 4, Value::Uint(receiver.into()));
            d.append_info(|| format!(", receiver=0x{receiver:08X}"));
            ephemeral(d, tvb, 12)?;
            d.add(ENCRYPTED_EMPTY, tvb, 44, 16, Value::None);
            macs(d, tvb, 60);
        }
        COOKIE => {
            index(d, tvb, RECEIVER)?;
            d.bytes(NONCE, tvb, 8, 24);
            d.bytes(ENCRYPTED_COOKIE, tvb, 32, 32);
        }
        _ => transport(d, tvb)?,
    }
    show_session(d, tvb);
    d.close();
    Ok(())
}

/// The index that stands first.
fn index<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: crate::field::FieldId) -> Parsed {
    let index = tvb.u32_le(4)?;
    d.add(field, tvb, 4, 4, Value::Uint(index.into()));
    let name = if field == SENDER { "sender" } else { "receiver" };
    d.append_info(|| format!(", {name}=0x{index:08X}"));
    Ok(())
}

fn ephemeral<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let key = tvb.slice(at, 32)?;
    let text = if d.wants(EPHEMERAL) { base64::encode(key) } else { String::new() };
    d.open(EPHEMERAL, tvb, at, 32, Value::String(text.into()));
    d.generated(EPHEMERAL_KNOWN_PRIVKEY, tvb, 0, 0, Value::Uint(0));
    d.close();
    Ok(())
}

fn macs<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) {
    d.bytes(MAC1, tvb, at, 16);
    d.bytes(MAC2, tvb, at + 16, 16);
}

fn transport<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<(), Stop> {
    let (receiver, counter) = (tvb.u32_le(4)?, tvb.u64_le(8)?);
    d.add(RECEIVER, tvb, 4, 4, Value::Uint(receiver.into()));
    d.add(COUNTER, tvb, 8, 8, Value::Uint(counter));
    let len = tvb.reported().saturating_sub(TRANSPORT_HEADER);
    let data = len.saturating_sub(TAG_LEN);
    let is_keepalive = data == 0;
    d.set_info(|| {
        if is_keepalive {
            format!("Keepalive, receiver=0x{receiver:08X}, counter={counter}")
        } else {
            format!("Transport Data, receiver=0x{receiver:08X}, counter={counter}, datalen={data}")
        }
    });
    d.open(ENCRYPTED_PACKET, tvb, TRANSPORT_HEADER, len, Value::None);
    if is_keepalive {
        d.expert(KEEPALIVE, tvb, TRANSPORT_HEADER, len);
    }
    d.close();
    Ok(())
}

fn show_session<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let pick = |wanted: fn(Known) -> Option<u64>| {
        move |fact: &Fact| match fact {
            Fact::Wireguard(known) => wanted(*known),
            _ => None,
        }
    };
    let of_session = |known| if let Known::Session(stream) = known { Some(stream.into()) } else { None };
    let of_response = |known| if let Known::ResponseIn(frame) = known { Some(frame) } else { None };
    let of_request = |known| if let Known::ResponseTo(frame) = known { Some(frame) } else { None };
    let found = [
        (STREAM, d.peek_fact(pick(of_session))),
        (RESPONSE_IN, d.peek_fact(pick(of_response))),
        (RESPONSE_TO, d.peek_fact(pick(of_request))),
    ];
    for (field, value) in found {
        if let Some(value) = value {
            d.generated(field, tvb, 0, 0, Value::Uint(value));
        }
    }
}

/// A handshake, a keepalive of who began it, data of the other and a cookie.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "450000b000010000401100000a0000010a0000021388ca6c009c00000100000011000000656565656565656565656565 \
     656565656565656565656565656565656565656573737373737373737373737373737373737373737373737373737373 \
     737373737373737373737373737373737373737374747474747474747474747474747474747474747474747474747474 \
     6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d",
    "4500007800010000401100000a0000020a000001ca6c1388006400000200000022000000110000006565656565656565 \
     6565656565656565656565656565656565656565656565656e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6d6d6d6d6d6d6d6d \
     6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d",
    "4500003c00010000401100000a0000010a0000021388ca6c002800000400000022000000000000000000000074747474 \
     747474747474747474747474",
    "4500004c00010000401100000a0000020a000001ca6c1388003800000400000011000000050000000000000064646464 \
     64646464646464646464646474747474747474747474747474747474",
    "4500005c00010000401100000a0000020a000001ca6c13880048000003000000110000006e6e6e6e6e6e6e6e6e6e6e6e \
     6e6e6e6e6e6e6e6e6e6e6e6e6363636363636363636363636363636363636363636363636363636363636363",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn messages_are_of_the_session_whose_index_they_have() {
        let all = frames(101, SAMPLE);
        let of = |name: &str| all.iter().map(|frame| values(frame, name)).collect::<Vec<_>>();
        assert_eq!(of("wg.stream"), ["0", "0", "0", "0", "0"]);
        assert_eq!(of("wg.response_in"), ["2", "", "", "", ""]);
        assert_eq!(of("wg.response_to"), ["", "1", "", "", ""]);
        assert_eq!(of("wg.counter"), ["", "", "0", "5", ""]);
        assert!(all[2].iter().any(|row| row.0 == "wg.keepalive"));
    }

    #[test]
    fn indices_are_forgotten_when_there_are_too_many() {
        let mut sessions = Sessions::default();
        let nobody = (Address::None, 0, 0);
        for index in 0..MAX_INDICES as u32 + 9 {
            sessions.see(1, INITIATION, (Address::None, 1, index), nobody);
        }
        assert!(sessions.known.len() <= MAX_INDICES);
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(ProtoId::Wireguard, [&b"\x02\0\0\0"[..], &[7; 88]].concat().leak());
    }
}
