//! QUIC (RFC 9000, RFC 9369): what packets show in the clear. Their headers are partly, their contents wholly encrypted
//! and left so.

use smallvec::SmallVec;

use crate::bindings::Binding;
use crate::conversation;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::output::value::hex;
use crate::proto::tls::transport::integer;
use crate::proto::udp;
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Quic, "quic", "QUIC IETF";
    CONNECTION_NUMBER = field("quic.connection.number", "Connection Number", Uint32, Dec);
    PACKET_LENGTH = field("quic.packet_length", "Packet Length", Uint32, Dec);
    HEADER_FORM = field("quic.header_form", "Header Form", Uint8, Dec).mask(0x80).names(Names::Values(&[(0, "Short Header"), (1, "Long Header")]));
    FIXED_BIT = field("quic.fixed_bit", "Fixed Bit", Boolean, None).mask(0x40);
    LONG_PACKET_TYPE = field("quic.long.packet_type", "Packet Type", Uint8, Dec).mask(0x30).names(Names::Values(TYPES));
    LONG_PACKET_TYPE_V2 = field("quic.long.packet_type_v2", "Packet Type", Uint8, Dec).mask(0x30).names(Names::Values(TYPES_V2));
    VERSION = field("quic.version", "Version", Uint32, Hex).names(Names::Values(VERSIONS));
    DCIL = field("quic.dcil", "Destination Connection ID Length", Uint8, Dec);
    DCID = field("quic.dcid", "Destination Connection ID", Bytes, None);
    SCIL = field("quic.scil", "Source Connection ID Length", Uint8, Dec);
    SCID = field("quic.scid", "Source Connection ID", Bytes, None);
    TOKEN_LENGTH = field("quic.token_length", "Token Length", Uint64, Dec);
    TOKEN = field("quic.token", "Token", Bytes, None);
    LENGTH = field("quic.length", "Length", Uint64, Dec);
    VN_UNUSED = field("quic.vn.unused", "Unused", Uint8, Hex).mask(0x7f);
    SUPPORTED_VERSION = field("quic.supported_version", "Supported Version", Uint32, Hex).names(Names::Values(VERSIONS));
    SHORT = field("quic.short", "QUIC Short Header", None, None);
    SPIN_BIT = field("quic.spin_bit", "Spin Bit", Boolean, None).mask(0x20);
    REMAINING_PAYLOAD = field("quic.remaining_payload", "Remaining Payload", Bytes, None);
    RETRY_TOKEN = field("quic.retry_token", "Retry Token", Bytes, None);
    RETRY_INTEGRITY_TAG = field("quic.retry_integrity_tag", "Retry Integrity Tag", Bytes, None);
    CONNECTION_UNKNOWN = expert("quic.connection.unknown", "Unknown QUIC connection. Missing Initial Packet or migrated connection?", Note, Protocol);
    DECRYPTION_FAILED = expert("quic.decryption_failed", "Failed to create decryption context: Secrets are not available", Warning, Decryption);
}

const TYPES: &[(u64, &str)] = &[(0, "Initial"), (1, "0-RTT"), (2, "Handshake"), (3, "Retry")];
/// RFC 9369, 3.2.
const TYPES_V2: &[(u64, &str)] = &[(0, "Retry"), (1, "Initial"), (2, "0-RTT"), (3, "Handshake")];

const VERSION_2: u32 = 0x6b33_43cf;
const VERSIONS: &[(u64, &str)] = &[
    (0, "Version Negotiation"),
    (1, "1"),
    (0x6b33_43cf, "2"),
    (0x709a_50c4, "2 (draft-00)"),
    (0xff00_001b, "draft-27"),
    (0xff00_001c, "draft-28"),
    (0xff00_001d, "draft-29"),
    (0xff00_001e, "draft-30"),
    (0xff00_001f, "draft-31"),
    (0xff00_0020, "draft-32"),
    (0xff00_0021, "draft-33"),
    (0xff00_0022, "draft-34"),
];

/// The longest connection ID of these versions (RFC 9000, 17.2).
const MAX_ID: usize = 20;
/// How many connections are remembered, and how many IDs of each of their sides.
const MAX_CONNECTIONS: usize = 65_536;
const MAX_IDS: usize = 8;
/// How many packets of one datagram are looked at.
const MAX_PACKETS: usize = 64;

type Id = SmallVec<[u8; 20]>;

struct Connection {
    number: u32,
    /// The IDs by which each side is addressed.
    ids: [SmallVec<[Id; 2]>; 2],
}

/// The connections of the first pass.
pub(crate) struct Connections {
    all: Recent<conversation::Key, Connection>,
    opened: u32,
}

impl Default for Connections {
    fn default() -> Self {
        Self { all: Recent::new(MAX_CONNECTIONS), opened: 0 }
    }
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Quic, "QUIC", &[Binding::UdpHeuristic(is_one)], dissect)
};

/// A connection's first packets, a retry, a negotiation of versions, and short headers.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500003e00010000401100000a0000010a000002138801bb002a0000c000000001084444444444444444045353535303 \
     746f6b0a78787878787878787878",
    "4500005300010000401100000a0000020a00000101bb1388003f0000e00000000104535353530854545454545454540a \
     7878787878787878787840535353537979797979797979797979797979797979797979",
    "4500003900010000401100000a0000010a000002138801bb002500006054545454545454547979797979797979797979 \
     797979797979797979",
    "4500003900010000401100000a0000010a000002138801bb002500006055555555555555557979797979797979797979 \
     797979797979797979",
    "4500004400010000401100000a0000020a00000101bb138800300000f000000001045353535308444444444444444474 \
     6f6b656e49494949494949494949494949494949",
    "4500003300010000401100000a0000020a00000101bb1388001f0000c000000000045353535308444444444444444400 \
     000001",
    "4500003b00010000401100000a0000010a000002138801bb00270000d06b3343cf084444444444444444045353535300 \
     0a78787878787878787878",
];

/// Whether a version is one that is read, or one that asks for the others (RFC 9000, 15).
fn is_version(version: u32) -> bool {
    matches!(version, 0 | 1 | VERSION_2 | 0x709a_50c4 | 0xff00_001b..=0xff00_0022)
        || version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// Whether octets begin with a long header.
fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let [first @ 0x80..=0xff, a, b, c, e, dcil, ..] = *tvb.bytes() else {
        return false;
    };
    let version = u32::from_be_bytes([a, b, c, e]);
    let scil = tvb.bytes().get(6 + usize::from(dcil)).copied();
    let fits = usize::from(dcil) <= MAX_ID && scil.is_some_and(|scil| usize::from(scil) <= MAX_ID);
    fits && is_version(version) && (version == 0 || first & 0x40 != 0)
}

/// A long header's place of its parts.
struct Long {
    version: u32,
    dcid: (usize, usize),
    scid: (usize, usize),
    next: usize,
}

fn long(tvb: Tvb<'_>) -> Result<Long, Stop> {
    let version = tvb.u32(1)?;
    let dcil = usize::from(tvb.u8(5)?);
    let scil = usize::from(tvb.u8(6 + dcil)?);
    let next = 7 + dcil + scil;
    tvb.slice(0, next)?;
    Ok(Long { version, dcid: (6, dcil), scid: (7 + dcil, scil), next })
}

/// What the second pass is told of a datagram: [`Fact::Quic`].
struct Known {
    number: Option<u32>,
    /// How many octets the receiver's ID has in short headers.
    dcil: u8,
}

/// In the first pass: follows the connection and keeps what it tells.
fn learn<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let (endpoints, is_second) = d.endpoints.conversation();
    let (key, side) = (conversation::Key(endpoints), usize::from(is_second));
    let octets = tvb.bytes();
    let header = if octets.first().is_some_and(|first| first & 0x80 != 0) { long(tvb).ok() } else { None };
    let Some(flows) = d.flows() else {
        return;
    };
    let connections = &mut flows.quic;
    let is_new = header.is_some() && connections.all.get(&key).is_none();
    if is_new {
        let number = connections.opened;
        connections.opened = number.saturating_add(1);
        connections.all.insert(key, Connection { number, ids: Default::default() });
    }
    let mut fact = Fact::Quic { number: u32::MAX, dcil: 0 };
    if let Some(connection) = connections.all.get(&key) {
        if let Some(header) = &header {
            let (at, len) = header.scid;
            let id = Id::from_slice(octets.get(at..at + len).unwrap_or_default());
            let ids = &mut connection.ids[side];
            if ids.len() < MAX_IDS && id.len() <= MAX_ID && !ids.contains(&id) {
                ids.push(id);
            }
        }
        // The receiver is addressed by an ID that it gave, which may be empty.
        let ids = &connection.ids[1 - side];
        let short = octets.get(header.as_ref().map_or(1, |_| 0)..).unwrap_or_default();
        let id = ids.iter().find(|id| short.starts_with(id)).or_else(|| ids.first().filter(|_| header.is_some()));
        if id.is_some() || header.is_some() {
            fact = Fact::Quic { number: connection.number, dcil: id.map_or(0, |id| id.len() as u8) };
        }
    }
    d.record(fact);
    if is_new {
        udp::claim(d, ProtoId::Quic);
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("QUIC");
    d.set_info(String::new);
    learn(d, tvb);
    let known = d.fact(|fact| match *fact {
        Fact::Quic { number, dcil } => Some(Known { number: (number != u32::MAX).then_some(number), dcil }),
        _ => None,
    });
    let known = known.unwrap_or(Known { number: None, dcil: 0 });
    let mut at = 0;
    for count in 0..MAX_PACKETS {
        if at >= tvb.reported() {
            break;
        }
        at += packet(d, tvb.from(at), &known, count == 0)?;
    }
    Ok(())
}

/// Shows one packet; answers how many octets it has.
fn packet<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: &Known, is_first: bool) -> Result<usize, Stop> {
    let first = tvb.u8(0)?;
    let len = packet_len(tvb, first)?;
    let tvb = tvb.sub(0, len);
    if is_first {
        d.begin(PROTO, tvb);
        d.open_text(tvb, 0, 0, || "QUIC Connection information".to_owned());
        match known.number {
            Some(number) => {
                d.generated(CONNECTION_NUMBER, tvb, 0, 0, Value::Uint(number.into()));
            }
            None => d.expert(CONNECTION_UNKNOWN, tvb, 0, 0),
        }
        d.close();
    } else {
        d.open(PROTO, tvb, 0, len, Value::Protocol { end: tvb.base.saturating_add(tvb.len() as u32) });
    }
    d.generated(PACKET_LENGTH, tvb, 0, 0, Value::Uint(len as u64));
    if first & 0x80 == 0 {
        short(d, tvb, first, known)?;
    } else {
        long_packet(d, tvb, first)?;
    }
    d.close();
    Ok(len)
}

/// Whether a long header's packet is of a type (0 Initial, 3 Retry) in its version.
fn kind(version: u32, first: u8) -> u8 {
    let kind = first >> 4 & 3;
    if version == VERSION_2 { kind.wrapping_add(3) & 3 } else { kind }
}

const INITIAL: u8 = 0;
const RETRY: u8 = 3;

/// How many octets of a datagram are a packet's (RFC 9000, 12.2).
fn packet_len(tvb: Tvb<'_>, first: u8) -> Result<usize, Stop> {
    if first & 0x80 == 0 {
        return Ok(tvb.reported());
    }
    let header = long(tvb)?;
    if header.version == 0 || kind(header.version, first) == RETRY {
        return Ok(tvb.reported());
    }
    let mut at = header.next;
    if kind(header.version, first) == INITIAL {
        let (len, width) = integer(tvb, at)?;
        at = at.saturating_add(width).saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    }
    let (len, width) = integer(tvb, at)?;
    let end = (at + width).saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    Ok(end.min(tvb.reported()).max(1))
}

fn say(d: &mut Dissector<'_>, text: impl FnOnce() -> String) {
    d.append_info_with(", ", text);
}

fn ids<'a>(tvb: Tvb<'a>, (dcid, dcil): (usize, usize), scid: Option<(usize, usize)>) -> String {
    let mut text = String::new();
    let all = [("DCID", Some((dcid, dcil))), ("SCID", scid)];
    for (name, place) in all {
        if let Some((at, len)) = place.filter(|place| place.1 > 0) {
            text += &format!(", {name}={}", hex(tvb.bytes().get(at..at + len).unwrap_or_default()));
        }
    }
    text
}

fn short<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: u8, known: &Known) -> Parsed {
    let dcil = usize::from(known.dcil);
    tvb.slice(1, dcil)?;
    say(d, || format!("Protected Payload (KP0){}", ids(tvb, (1, dcil), None)));
    let item = d.open(SHORT, tvb, 0, tvb.reported(), Value::None);
    if dcil > 0 {
        d.text(item, || format!("QUIC Short Header DCID={}", hex(tvb.bytes().get(1..1 + dcil).unwrap_or_default())));
    }
    d.bits(HEADER_FORM, tvb, 0, 1, first.into());
    d.flag(FIXED_BIT, tvb, 0, 1, first.into());
    d.flag(SPIN_BIT, tvb, 0, 1, first.into());
    if dcil > 0 {
        d.bytes(DCID, tvb, 1, dcil);
    }
    d.close();
    if known.number.is_some() {
        d.expert(DECRYPTION_FAILED, tvb, 0, 0);
    }
    d.bytes(REMAINING_PAYLOAD, tvb, 1 + dcil, tvb.reported().saturating_sub(1 + dcil));
    Ok(())
}

fn long_packet<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: u8) -> Parsed {
    let header = long(tvb)?;
    let (field, names) =
        if header.version == VERSION_2 { (LONG_PACKET_TYPE_V2, TYPES_V2) } else { (LONG_PACKET_TYPE, TYPES) };
    let name = match header.version {
        0 => "Version Negotiation".into(),
        _ => Names::Values(names).of((first >> 4 & 3).into()).unwrap_or_default(),
    };
    say(d, || format!("{name}{}", ids(tvb, header.dcid, Some(header.scid))));
    let kind = kind(header.version, first);
    d.bits(HEADER_FORM, tvb, 0, 1, first.into());
    if header.version == 0 {
        d.bits(VN_UNUSED, tvb, 0, 1, first.into());
    } else {
        if kind != RETRY {
            d.flag(FIXED_BIT, tvb, 0, 1, first.into());
        }
        d.bits(field, tvb, 0, 1, first.into());
    }
    d.uint(VERSION, tvb, 1, 4)?;
    for ((at, len), length, field) in [(header.dcid, DCIL, DCID), (header.scid, SCIL, SCID)] {
        d.uint(length, tvb, at - 1, 1)?;
        if len > 0 {
            d.bytes(field, tvb, at, len);
        }
    }
    let mut at = header.next;
    let rest = tvb.reported().saturating_sub(at);
    if header.version == 0 {
        for at in (at..at + rest).step_by(4).filter(|at| at + 4 <= tvb.reported()) {
            d.uint(SUPPORTED_VERSION, tvb, at, 4)?;
        }
        return Ok(());
    }
    if kind == RETRY {
        let token = rest.saturating_sub(16);
        d.bytes(RETRY_TOKEN, tvb, at, token);
        d.bytes(RETRY_INTEGRITY_TAG, tvb, at + token, rest - token);
        return Ok(());
    }
    if kind == INITIAL {
        let (len, width) = integer(tvb, at)?;
        d.add(TOKEN_LENGTH, tvb, at, width, Value::Uint(len));
        let len = usize::try_from(len).map_err(|_| Stop::Malformed)?;
        tvb.slice(at + width, len)?;
        if len > 0 {
            d.bytes(TOKEN, tvb, at + width, len);
        }
        at += width + len;
    }
    let (len, width) = integer(tvb, at)?;
    d.add(LENGTH, tvb, at, width, Value::Uint(len));
    at += width;
    if kind != INITIAL {
        d.expert(DECRYPTION_FAILED, tvb, 0, 0);
    }
    d.bytes(REMAINING_PAYLOAD, tvb, at, tvb.reported().saturating_sub(at));
    Ok(())
}
