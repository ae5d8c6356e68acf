//! Google's QUIC before the IETF's (versions Q020 to Q049): headers, the handshake messages of which the packets are in the
//! clear, and closes. All else is encrypted.
//!
//! A packet of which the sender leaves the version out is known by the conversation that it belongs to.

use crate::bindings::Binding;
use crate::conversation;
use crate::dissector::{Address, Dissector};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::proto::udp;
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Gquic, "gquic", "GQUIC (Google Quick UDP Internet Connections)";
    PUFLAGS = field("gquic.puflags", "Public Flags", Uint8, Hex);
    PUFLAGS_VERSION = field("gquic.puflags.version", "Version", Boolean, None).mask(0x01).names(Names::Flag("Yes", "No"));
    PUFLAGS_RESET = field("gquic.puflags.reset", "Reset", Boolean, None).mask(0x02).names(Names::Flag("Yes", "No"));
    PUFLAGS_NONCE = field("gquic.puflags.nonce", "Diversification nonce", Boolean, None).mask(0x04).names(Names::Flag("Yes", "No"));
    PUFLAGS_CID = field("gquic.puflags.cid", "CID Length", Boolean, None).mask(0x08).names(Names::Flag("8 Bytes", "0 Byte"));
    PUFLAGS_CID_OLD = field("gquic.puflags.cid.old", "CID Length", Uint8, Hex).mask(0x0c).names(Names::Values(&[(0, "0 Byte"), (1, "1 Bytes"), (2, "4 Bytes"), (3, "8 Bytes")]));
    PUFLAGS_PKN = field("gquic.puflags.pkn", "Packet Number Length", Uint8, Hex).mask(0x30).names(Names::Values(&[(0, "1 Byte"), (1, "2 Bytes"), (2, "4 Bytes"), (3, "6 Bytes")]));
    PUFLAGS_MPTH = field("gquic.puflags.mpth", "Multipath", Boolean, None).mask(0x40).names(Names::Flag("Yes", "No"));
    PUFLAGS_RSV = field("gquic.puflags.rsv", "Reserved", Uint8, Hex).mask(0x80);
    HEADER_FORM = field("gquic.header_form", "Header Form", Uint8, Dec).mask(0x80).names(Names::Values(&[(0, "Short Header"), (1, "Long Header")]));
    FIXED_BIT = field("gquic.fixed_bit", "Fixed Bit", Boolean, None).mask(0x40);
    LONG_PACKET_TYPE = field("gquic.long.packet_type", "Packet Type", Uint8, Dec).mask(0x30).names(Names::Values(&[(0, "Initial"), (1, "0-RTT"), (2, "Handshake")]));
    LONG_RESERVED = field("gquic.long.reserved", "Reserved", Uint8, Dec).mask(0x0c);
    PACKET_NUMBER_LENGTH = field("gquic.packet_number_length", "Packet Number Length", Uint8, Dec).mask(0x03).names(Names::Values(&[(0, "1 bytes"), (1, "2 bytes"), (2, "3 bytes"), (3, "4 bytes")]));
    DCIL = field("gquic.dcil", "Destination Connection ID Length", Uint8, Dec).mask(0xf0).names(Names::Values(ID_LENGTHS));
    SCIL = field("gquic.scil", "Source Connection ID Length", Uint8, Dec).mask(0x0f).names(Names::Values(ID_LENGTHS));
    CID = field("gquic.cid", "CID", Uint64, Dec);
    VERSION = field("gquic.version", "Version", String, None);
    DIVERSIFICATION_NONCE = field("gquic.diversification_nonce", "Diversification nonce", Bytes, None);
    PACKET_NUMBER = field("gquic.packet_number", "Packet Number", Uint64, Dec);
    MESSAGE_AUTHENTICATION_HASH = field("gquic.message_authentication_hash", "Message Authentication Hash", Bytes, None);
    PRFLAGS = field("gquic.prflags", "Private Flags", Uint8, Hex);
    FRAME = field("gquic.frame", "Frame", None, None);
    FRAME_TYPE = field("gquic.frame_type", "Frame Type", Uint8, Hex);
    PADDING_LENGTH = field("gquic.frame_type.padding.length", "Padding Length", Uint32, Dec);
    CC_ERROR_CODE = field("gquic.frame_type.cc.error_code", "Error code", Uint32, Dec);
    CC_REASON_PHRASE_LENGTH = field("gquic.frame_type.cc.reason_phrase.length", "Reason phrase Length", Uint16, Dec);
    CC_REASON_PHRASE = field("gquic.frame_type.cc.reason_phrase", "Reason phrase", String, None);
    STREAM_FIN = field("gquic.frame_type.stream.f", "FIN", Boolean, None).mask(0x40);
    STREAM_ID = field("gquic.stream_id", "Stream ID", Uint32, Dec);
    OFFSET = field("gquic.offset", "Offset", Uint64, Dec);
    DATA_LEN = field("gquic.data_len", "Data Length", Uint16, Dec);
    TAG = field("gquic.tag", "Tag", String, None);
    TAG_NUMBER = field("gquic.tag_number", "Tag Number", Uint16, Dec);
    TAG_PADDING = field("gquic.padding", "Padding", Bytes, None);
    TAGS = field("gquic.tags", "Tag/value", None, None);
    TAG_TYPE = field("gquic.tag_type", "Tag Type", String, None);
    TAG_OFFSET_END = field("gquic.tag_offset_end", "Tag offset end", Uint32, Dec);
    TAG_OFFSET_LENGTH = field("gquic.tag_offset_length", "Tag length", Uint32, Dec);
    TAG_VALUE = field("gquic.tag_value", "Tag/value", Bytes, None);
    TAG_SNI = field("gquic.tag.sni", "Server Name Indication", String, None);
    TAG_VERSION = field("gquic.tag.version", "Version", String, None);
    TAG_UAID = field("gquic.tag.uaid", "Client's User Agent ID", String, None);
    TAG_PDMD = field("gquic.tag.pdmd", "Proof demand", String, None);
    TAG_PAD = field("gquic.tag.pad", "Padding", Bytes, None);
    TAG_STK = field("gquic.tag.stk", "Source-address token", Bytes, None);
    TAG_SNO = field("gquic.tag.sno", "Server nonce", Bytes, None);
    TAG_PROF = field("gquic.tag.prof", "Proof (Signature)", Bytes, None);
    TAG_CRT = field("gquic.tag.crt", "Certificate chain", Bytes, None);
    TAG_SCID = field("gquic.tag.scid", "Server Config ID", Bytes, None);
    TAG_NONC = field("gquic.tag.nonc", "Client nonce", Bytes, None);
    TAG_NONP = field("gquic.tag.nonp", "Client Proof nonce", Bytes, None);
    TAG_CCRT = field("gquic.tag.ccrt", "Cached certificates", Bytes, None);
    TAG_CETV = field("gquic.tag.cetv", "Client encrypted tag-value", Bytes, None);
    TAG_XLCT = field("gquic.tag.xlct", "Expected leaf certificate", Bytes, None);
    TAG_MSPC = field("gquic.tag.mspc", "Max streams per connection", Uint32, Dec);
    TAG_MIDS = field("gquic.tag.mids", "Max incoming dynamic streams", Uint32, Dec);
    TAG_TCID = field("gquic.tag.tcid", "Connection ID truncation", Uint32, DecHex);
    TAG_SRBF = field("gquic.tag.srbf", "Socket receive buffer", Uint32, DecHex);
    TAG_ICSL = field("gquic.tag.icsl", "Idle connection state", Uint32, DecHex);
    TAG_SCLS = field("gquic.tag.scls", "Silently close on timeout", Uint32, DecHex);
    TAG_IRTT = field("gquic.tag.irtt", "Estimated initial RTT", Uint32, Dec);
    TAG_CFCW = field("gquic.tag.cfcw", "Initial session/connection", Uint32, Dec);
    TAG_SFCW = field("gquic.tag.sfcw", "Initial stream flow control", Uint32, Dec);
    TAG_RREJ = field("gquic.tag.rrej", "Reasons for server sending", Uint32, Dec);
    PAYLOAD = field("gquic.payload", "Payload", Bytes, None);
}

const ID_LENGTHS: &[(u64, &str)] = &[(0, "0 bytes"), (5, "8 bytes")];

/// The tags of handshake messages: how they are called, and the field of those that have one.
const TAGS_KNOWN: &[(&[u8; 4], &str, Option<FieldId>)] = &[
    (b"PAD\0", "Padding", Some(TAG_PAD)),
    (b"SNI\0", "Server Name Indication", Some(TAG_SNI)),
    (b"VER\0", "Version", Some(TAG_VERSION)),
    (b"CCS\0", "Common Certificate Sets", None),
    (b"UAID", "Client's User Agent ID", Some(TAG_UAID)),
    (b"PDMD", "Proof Demand", Some(TAG_PDMD)),
    (b"STK\0", "Source Address Token", Some(TAG_STK)),
    (b"SNO\0", "Server nonce", Some(TAG_SNO)),
    (b"PROF", "Proof (Signature)", Some(TAG_PROF)),
    (b"SCFG", "Server Config", None),
    (b"RREJ", "Reasons for server sending", Some(TAG_RREJ)),
    (b"CRT\xff", "Certificate chain", Some(TAG_CRT)),
    (b"AEAD", "Authenticated encryption algorithms", None),
    (b"SCID", "Server config ID", Some(TAG_SCID)),
    (b"PUBS", "Public value", None),
    (b"KEXS", "Key exchange algorithms", None),
    (b"OBIT", "Server Orbit", None),
    (b"EXPY", "Expiry", None),
    (b"NONC", "Client Nonce", Some(TAG_NONC)),
    (b"MSPC", "Max streams per connection", Some(TAG_MSPC)),
    (b"TCID", "Connection ID truncation", Some(TAG_TCID)),
    (b"SRBF", "Socket receive buffer", Some(TAG_SRBF)),
    (b"ICSL", "Idle connection state", Some(TAG_ICSL)),
    (b"SCLS", "Silently close on timeout", Some(TAG_SCLS)),
    (b"COPT", "Connection options", None),
    (b"CCRT", "Cached certificates", Some(TAG_CCRT)),
    (b"IRTT", "Estimated initial RTT", Some(TAG_IRTT)),
    (b"CFCW", "Initial session/connection", Some(TAG_CFCW)),
    (b"SFCW", "Initial stream flow control", Some(TAG_SFCW)),
    (b"CETV", "Client encrypted tag-value", Some(TAG_CETV)),
    (b"XLCT", "Expected leaf certificate", Some(TAG_XLCT)),
    (b"NONP", "Client Proof Nonce", Some(TAG_NONP)),
    (b"CSCT", "Signed cert timestamp (RFC6962) of leaf cert", None),
    (b"CTIM", "Client Timestamp", None),
    (b"MIDS", "Max incoming dynamic streams", Some(TAG_MIDS)),
    (b"SMHL", "Support Max Header List (size)", None),
    (b"STTL", "Server Config TTL", None),
    (b"TBKP", "Token Binding Key Params", None),
    (b"CGST", "Congestion Control Feedback Type", None),
];

/// Handshake messages and the reset, by tag.
const MESSAGES: &[(&[u8; 4], &str)] = &[
    (b"CHLO", "Client Hello"),
    (b"SHLO", "Server Hello"),
    (b"REJ\0", "Rejection"),
    (b"SREJ", "Stateless Rejection"),
    (b"PRST", "Public Reset"),
];

const CONFIG: &[u8; 4] = b"SCFG";

/// How many conversations are remembered. They take about 100 octets each.
const MAX_CONNECTIONS: usize = 65_536;
/// How many frames of a packet, tags of a message and versions of a list are looked at.
const MAX_PARTS: usize = 256;

/// From this version on numbers have their highest octet first and the private flags are gone.
const BIG_ENDIAN: u16 = 39;
const NO_PRIVATE_FLAGS: u16 = 34;
/// Until then two bits say how long the connection's number is.
const ONE_BIT_CID: u16 = 33;
/// The one that has the headers of the IETF's.
const IETF_HEADERS: u16 = 46;

const VERSION_FLAG: u8 = 0x01;
const RESET_FLAG: u8 = 0x02;
const NONCE_FLAG: u8 = 0x04;
const CID_FLAG: u8 = 0x08;
const LONG: u8 = 0x80;
const FIXED: u8 = 0x40;
const NONCE_LEN: usize = 32;
const HASH_LEN: usize = 12;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(|d, tvb| is_one(d, tvb) || known(d).is_some() || d.is_first_pass()),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Gquic, "GQUIC", &[Binding::UdpHeuristic(is_one)], dissect)
};

/// What a packet learns of its connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    version: u16,
    is_to_server: bool,
    has_ietf_headers: bool,
}

struct Connection {
    version: u16,
    server: (Address, u16),
    has_ietf_headers: bool,
}

/// The connections of the first pass.
pub(crate) struct Connections(Recent<conversation::Key, Connection>);

impl Default for Connections {
    fn default() -> Self {
        Self(Recent::new(MAX_CONNECTIONS))
    }
}

/// The number of a version that is one of these.
fn version(octets: [u8; 4]) -> Option<u16> {
    let [b'Q', digits @ ..] = octets else { return None };
    let mut number = 0;
    for digit in digits {
        number = number * 10 + u16::from(char::from(digit).to_digit(10)? as u8);
    }
    (20..50).contains(&number).then_some(number)
}

/// The version in a header that has one, and whether the header is the IETF's.
fn version_of(tvb: Tvb<'_>) -> Option<(u16, bool)> {
    let first = tvb.u8(0).ok()?;
    if first & (LONG | FIXED) == LONG | FIXED {
        let version = version(tvb.array(1).ok()?)?;
        return (version == IETF_HEADERS).then_some((version, true));
    }
    let has_both = first & (VERSION_FLAG | CID_FLAG | LONG) == VERSION_FLAG | CID_FLAG;
    if has_both { Some((version(tvb.array(9).ok()?)?, false)) } else { None }
}

fn is_one(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    version_of(tvb).is_some()
}

fn known(d: &Dissector<'_>) -> Option<Known> {
    d.peek_fact(|fact| match fact {
        Fact::GoogleQuic(known) => Some(*known),
        _ => None,
    })
}

/// In the first pass: whose packet it is.
fn learn(d: &mut Dissector<'_>, tvb: Tvb<'_>) {
    let ends = d.endpoints;
    let key = conversation::Key(ends.conversation().0);
    let Some(flows) = d.flows() else { return };
    if let Some((version, has_ietf_headers)) = version_of(tvb)
        && flows.gquic.0.get(&key).is_none()
    {
        let server = (ends.dst, ends.dst_port);
        flows.gquic.0.insert(key, Connection { version, server, has_ietf_headers });
    }
    if let Some(connection) = flows.gquic.0.get(&key) {
        let is_to_server = connection.server == (ends.dst, ends.dst_port);
        let known = Known { version: connection.version, is_to_server, has_ietf_headers: connection.has_ietf_headers };
        d.record(Fact::GoogleQuic(known));
        udp::claim(d, ProtoId::Gquic);
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    learn(d, tvb);
    d.set_protocol("GQUIC");
    d.set_info(String::new);
    let own = version_of(tvb);
    let fallback = own.map(|(version, has_ietf_headers)| Known { version, is_to_server: true, has_ietf_headers });
    let mut known = known(d).or(fallback).ok_or(Stop::Malformed)?;
    if let Some((version, has_ietf_headers)) = own {
        known = Known { version, has_ietf_headers, ..known };
    }
    d.begin(PROTO, tvb);
    if known.has_ietf_headers {
        ietf(d, tvb, known)?
    } else {
        public(d, tvb, known)?
    }
    d.close();
    Ok(())
}

/// An integer of a connection: the order of its octets changed.
fn number(tvb: Tvb<'_>, at: usize, width: usize, version: u16) -> Result<u64, Stop> {
    let mut octets = [0u8; 8];
    let there = tvb.slice(at, width)?;
    let place = octets.get_mut(..width).ok_or(Stop::Malformed)?;
    place.copy_from_slice(there);
    if version >= BIG_ENDIAN {
        place.reverse();
    }
    Ok(u64::from_le_bytes(octets))
}

/// A header of the first versions.
fn public<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: Known) -> Parsed {
    let version = known.version;
    let first = tvb.u8(0)?;
    let flags = u64::from(first);
    d.open(PUFLAGS, tvb, 0, 1, Value::Uint(flags));
    d.flag(PUFLAGS_VERSION, tvb, 0, 1, flags);
    d.flag(PUFLAGS_RESET, tvb, 0, 1, flags);
    let id_len = if version < ONE_BIT_CID {
        d.bits(PUFLAGS_CID_OLD, tvb, 0, 1, flags);
        [0, 1, 4, 8].get(usize::from(first >> 2 & 3)).copied().unwrap_or(0)
    } else {
        d.flag(PUFLAGS_NONCE, tvb, 0, 1, flags);
        d.flag(PUFLAGS_CID, tvb, 0, 1, flags);
        usize::from(first & CID_FLAG)
    };
    d.bits(PUFLAGS_PKN, tvb, 0, 1, flags);
    d.flag(PUFLAGS_MPTH, tvb, 0, 1, flags);
    d.bits(PUFLAGS_RSV, tvb, 0, 1, flags);
    d.close();
    let mut at = 1;
    let mut id = None;
    if id_len > 0 {
        let value = number(tvb, at, id_len, version)?;
        d.add(CID, tvb, at, id_len, Value::Uint(value));
        id = Some(value);
        at += id_len;
    }
    if first & RESET_FLAG != 0 {
        d.append_info(|| format!("Public Reset{}", id_text(id)));
        message(d, tvb, at, false)?;
        return Ok(());
    }
    if first & VERSION_FLAG != 0 {
        if !known.is_to_server {
            d.append_info(|| format!("Version Negotiation{}", id_text(id)));
            for _ in 0..MAX_PARTS {
                if at + 4 > tvb.reported() {
                    break;
                }
                d.string(VERSION, tvb, at, 4);
                at += 4;
            }
            return Ok(());
        }
        tvb.slice(at, 4)?;
        d.string(VERSION, tvb, at, 4);
        at += 4;
    }
    if first & NONCE_FLAG != 0 && version >= ONE_BIT_CID && !known.is_to_server {
        tvb.slice(at, NONCE_LEN)?;
        d.bytes(DIVERSIFICATION_NONCE, tvb, at, NONCE_LEN);
        at += NONCE_LEN;
    }
    let width = [1, 2, 4, 6].get(usize::from(first >> 4 & 3)).copied().unwrap_or(1);
    let packet = number(tvb, at, width, version)?;
    d.add(PACKET_NUMBER, tvb, at, width, Value::Uint(packet));
    payload(d, tvb, at + width, (packet, width), id, version)
}

/// A header of Q046.
fn ietf<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: Known) -> Parsed {
    let first = tvb.u8(0)?;
    let flags = u64::from(first);
    let is_long = first & (LONG | FIXED) == LONG | FIXED;
    d.open(PUFLAGS, tvb, 0, 1, Value::Uint(flags));
    d.bits(HEADER_FORM, tvb, 0, 1, flags);
    d.flag(FIXED_BIT, tvb, 0, 1, flags);
    if is_long {
        d.bits(LONG_PACKET_TYPE, tvb, 0, 1, flags);
        d.bits(LONG_RESERVED, tvb, 0, 1, flags);
    }
    d.bits(PACKET_NUMBER_LENGTH, tvb, 0, 1, flags);
    d.close();
    let mut at = 1;
    let mut id_lens = [if known.is_to_server { 8 } else { 0 }, 0];
    if is_long {
        tvb.slice(1, 4)?;
        d.string(VERSION, tvb, 1, 4);
        let lens = tvb.u8(5)?;
        d.bits(DCIL, tvb, 5, 1, lens.into());
        d.bits(SCIL, tvb, 5, 1, lens.into());
        id_lens = [lens >> 4, lens & 15].map(|len| if len == 0 { 0 } else { usize::from(len) + 3 });
        at = 6;
    }
    let mut id = None;
    for len in id_lens.into_iter().filter(|len| *len > 0) {
        let value = number(tvb, at, len.min(8), known.version)?;
        d.add(CID, tvb, at, len, Value::Uint(value));
        id = Some(value);
        at += len;
    }
    let width = usize::from(first & 3) + 1;
    let packet = number(tvb, at, width, known.version)?;
    d.add(PACKET_NUMBER, tvb, at, width, Value::Uint(packet));
    payload(d, tvb, at + width, (packet, width), id, known.version)
}

fn id_text(id: Option<u64>) -> String {
    id.map(|id| format!(", CID: {id}")).unwrap_or_default()
}

/// What stands behind the header.
fn payload<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    (packet, width): (u64, usize),
    id: Option<u64>,
    version: u16,
) -> Parsed {
    let behind = at + HASH_LEN + usize::from(version < NO_PRIVATE_FLAGS);
    if !is_clear(tvb, behind, width, version) {
        d.append_info(|| format!("Payload (Encrypted), PKN: {packet}{}", id_text(id)));
        let rest = tvb.reported().saturating_sub(at);
        if rest > 0 {
            d.bytes(PAYLOAD, tvb, at, rest);
        }
        return Ok(());
    }
    d.bytes(MESSAGE_AUTHENTICATION_HASH, tvb, at, HASH_LEN);
    if version < NO_PRIVATE_FLAGS {
        d.uint(PRFLAGS, tvb, at + HASH_LEN, 1)?;
    }
    let mut name = String::new();
    let result = frames(d, tvb, behind, width, version, &mut name);
    d.append_info(|| {
        let separator = if name.is_empty() { "" } else { ", " };
        format!("{name}{separator}PKN: {packet}{}", id_text(id))
    });
    result
}

const STREAM: u8 = 0x80;
const ACK: u8 = 0x40;
const CLOSE: u8 = 0x02;

/// The octets of a STREAM frame's header.
struct StreamHeader {
    id_len: usize,
    offset_len: usize,
    has_len: bool,
}

fn stream_header(kind: u8) -> StreamHeader {
    let offset = usize::from(kind >> 2 & 7);
    StreamHeader {
        id_len: usize::from(kind & 3) + 1,
        offset_len: if offset == 0 { 0 } else { offset + 1 },
        has_len: kind & 0x20 != 0,
    }
}

/// How many octets a frame takes that is neither padding, a close nor a stream's.
fn frame_len(tvb: Tvb<'_>, at: usize, width: usize, version: u16) -> Result<usize, Stop> {
    let kind = tvb.u8(at)?;
    let has_entropy = usize::from(version < NO_PRIVATE_FLAGS);
    Ok(match kind {
        1 => 17,
        3 => 11 + usize::try_from(number(tvb, at + 9, 2, version)?).unwrap_or(usize::MAX),
        4 => 13,
        5 => 5,
        6 => 1 + has_entropy + width,
        7 => 1,
        _ if kind & (STREAM | ACK) == ACK => ack_len(tvb, at, version)?,
        _ => return Err(Stop::Malformed),
    })
}

fn ack_len(tvb: Tvb<'_>, at: usize, version: u16) -> Result<usize, Stop> {
    const LENS: [usize; 4] = [1, 2, 4, 6];
    let kind = tvb.u8(at)?;
    let of = |bits: u8| LENS.get(usize::from(bits & 3)).copied().unwrap_or(1);
    let (largest, missing, has_more) = (of(kind >> 2), of(kind), kind & 0x20 != 0);
    if version < NO_PRIVATE_FLAGS {
        let mut len = 1 + 1 + largest + 2;
        let stamps = usize::from(tvb.u8(at + len)?);
        len += 1 + if stamps > 0 { 5 + (stamps - 1) * 3 } else { 0 };
        if has_more {
            let ranges = usize::from(tvb.u8(at + len)?);
            len += 1 + ranges * (missing + 1);
            let revived = usize::from(tvb.u8(at + len)?);
            len += 1 + revived * largest;
        }
        return Ok(len);
    }
    let mut len = 1 + largest + 2;
    let blocks = if has_more { usize::from(tvb.u8(at + len)?) } else { 0 };
    len += usize::from(has_more) + missing + blocks * (1 + missing);
    let stamps = usize::from(tvb.u8(at + len)?);
    Ok(len + 1 + if stamps > 0 { 5 + (stamps - 1) * 3 } else { 0 })
}

/// Whether frames can be read: one has a handshake message, or a close that goes on to the end.
fn is_clear(tvb: Tvb<'_>, mut at: usize, width: usize, version: u16) -> bool {
    for _ in 0..MAX_PARTS {
        let Ok(kind) = tvb.u8(at) else { return false };
        if kind & STREAM != 0 {
            let StreamHeader { id_len, offset_len, has_len } = stream_header(kind);
            let place = at + 1 + id_len + offset_len + if has_len { 2 } else { 0 };
            return tvb.array::<4>(place).is_ok_and(|tag| MESSAGES.iter().any(|message| *message.0 == tag));
        }
        if kind == CLOSE {
            let len = number(tvb, at + 5, 2, version);
            return len.is_ok_and(|len| usize::try_from(len).is_ok_and(|len| at + 7 + len == tvb.reported()));
        }
        match frame_len(tvb, at, width, version) {
            Ok(len) => at += len,
            Err(_) => return false,
        }
    }
    false
}

fn frames<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    mut at: usize,
    width: usize,
    version: u16,
    name: &mut String,
) -> Parsed {
    for _ in 0..MAX_PARTS {
        if at >= tvb.reported() {
            break;
        }
        let kind = tvb.u8(at)?;
        let item = d.open(FRAME, tvb, at, tvb.reported() - at, Value::None);
        d.add(FRAME_TYPE, tvb, at, 1, Value::Uint(kind.into()));
        let len = if kind & STREAM != 0 {
            stream(d, tvb, at, version, name)?
        } else if kind == 0 {
            let len = tvb.reported() - at;
            d.text(item, || format!("PADDING Length: {len}"));
            d.generated(PADDING_LENGTH, tvb, at + 1, 0, Value::Uint(len as u64 - 1));
            len
        } else if kind == CLOSE {
            d.text(item, || "CONNECTION_CLOSE".to_owned());
            d.add(CC_ERROR_CODE, tvb, at + 1, 4, Value::Uint(number(tvb, at + 1, 4, version)?));
            let len = number(tvb, at + 5, 2, version)?;
            d.add(CC_REASON_PHRASE_LENGTH, tvb, at + 5, 2, Value::Uint(len));
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            tvb.slice(at + 7, len)?;
            d.string(CC_REASON_PHRASE, tvb, at + 7, len);
            "Connection Close".clone_into(name);
            7 + len
        } else {
            frame_len(tvb, at, width, version)?
        };
        d.set_len(item, len);
        d.close();
        at += len.max(1);
    }
    Ok(())
}

fn stream<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    start: usize,
    version: u16,
    name: &mut String,
) -> Result<usize, Stop> {
    let kind = tvb.u8(start)?;
    let StreamHeader { id_len, offset_len, has_len } = stream_header(kind);
    d.flag(STREAM_FIN, tvb, start, 1, kind.into());
    let mut at = start + 1;
    d.add(STREAM_ID, tvb, at, id_len, Value::Uint(number(tvb, at, id_len, version)?));
    at += id_len;
    if offset_len > 0 {
        d.add(OFFSET, tvb, at, offset_len, Value::Uint(number(tvb, at, offset_len, version)?));
        at += offset_len;
    }
    let mut end = tvb.reported();
    if has_len {
        let len = number(tvb, at, 2, version)?;
        d.add(DATA_LEN, tvb, at, 2, Value::Uint(len));
        at += 2;
        end = end.min(at + usize::try_from(len).unwrap_or(usize::MAX));
    }
    if let Some(found) = message(d, tvb.sub(0, end), at, true)? {
        found.clone_into(name);
    }
    Ok(end - start)
}

/// How a frame is called that a version with the IETF's headers has, and how many octets it takes.
pub(super) fn skip(tvb: Tvb<'_>, at: usize) -> Result<(&'static str, usize), Stop> {
    const LATEST: u16 = 50;
    match tvb.u8(at)? {
        0 => Ok(("PADDING", tvb.reported() - at)),
        CLOSE => Ok(("CONNECTION_CLOSE", 7 + usize::from(tvb.u16(at + 5)?))),
        kind if kind & STREAM != 0 => Ok(("STREAM", tvb.reported() - at)),
        kind => {
            Ok((if kind & ACK != 0 { "ACK (Special Frame Type)" } else { "Frame" }, frame_len(tvb, at, 1, LATEST)?))
        }
    }
}

/// What the message of a handshake is called.
pub(super) fn name(tvb: Tvb<'_>) -> Option<&'static str> {
    let tag: [u8; 4] = tvb.array(0).ok()?;
    MESSAGES.iter().find(|message| *message.0 == tag).map(|message| message.1)
}

/// A message of tags and values; answers its name.
pub(super) fn message<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    says: bool,
) -> Result<Option<&'static str>, Stop> {
    let tag: [u8; 4] = tvb.array(at)?;
    let name = MESSAGES.iter().find(|message| *message.0 == tag).map(|message| message.1);
    if says && name.is_none() {
        return Ok(None);
    }
    let line = d.string(TAG, tvb, at, 4);
    d.append_text(line, || format!(" ({})", name.unwrap_or("Unknown")));
    let count = usize::from(tvb.u16_le(at + 4)?);
    d.add(TAG_NUMBER, tvb, at + 4, 2, Value::Uint(count as u64));
    d.bytes(TAG_PADDING, tvb, at + 6, 2);
    tags(d, tvb, at + 8, count)?;
    Ok(name)
}

/// So many tags with where their values end, and behind them the values.
fn tags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, count: usize) -> Parsed {
    let values = at + count * 8;
    let mut from = 0;
    for index in 0..count.min(MAX_PARTS) {
        let place = at + index * 8;
        let (tag, to) = (tvb.array::<4>(place)?, tvb.u32_le(place + 4)? as usize);
        let len = to.checked_sub(from).ok_or(Stop::Malformed)?;
        one_tag(d, tvb, (place, tag), (values + from, len), to)?;
        from = to;
    }
    Ok(())
}

/// One tag and its value, which may lie in the next packet.
fn one_tag<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    (place, tag): (usize, [u8; 4]),
    (at, len): (usize, usize),
    to: usize,
) -> Parsed {
    let row = TAGS_KNOWN.iter().find(|row| *row.0 == tag);
    let name = row.map_or("Unknown", |row| row.1);
    let text = || printable(tag.split(|octet| *octet == 0).next().unwrap_or_default());
    let line = d.open(TAGS, tvb, place, 8, Value::None);
    d.text(line, || format!("Tag/value: {} ({name}) (l={len})", text()));
    let kind = d.string(TAG_TYPE, tvb, place, 4);
    d.append_text(kind, || format!(" ({name})"));
    d.add(TAG_OFFSET_END, tvb, place + 4, 4, Value::Uint(to as u64));
    d.generated(TAG_OFFSET_LENGTH, tvb, place, 8, Value::Uint(len as u64));
    let value = tvb.sub(at, len);
    d.bytes(TAG_VALUE, value, 0, value.len());
    match row.and_then(|row| row.2) {
        Some(field) if [TAG_SNI, TAG_VERSION, TAG_UAID].contains(&field) => {
            d.string(field, value, 0, value.len());
            d.append_text(line, || format!(": {}", printable(value.bytes())));
        }
        Some(TAG_PDMD) => {
            for at in (0..value.len() / 4).map(|index| index * 4) {
                d.string(TAG_PDMD, value, at, 4);
            }
        }
        Some(field) if field >= TAG_MSPC && field <= TAG_RREJ => {
            if let Ok(number) = value.u32_le(0) {
                d.add(field, value, 0, 4, Value::Uint(number.into()));
            }
        }
        Some(field) => {
            d.bytes(field, value, 0, value.len());
        }
        // A server's configuration is a message of its own; none lies in another.
        None if tag == *CONFIG && value.array::<4>(0).is_ok_and(|inner| inner == *CONFIG) => {
            let count = usize::from(value.u16_le(4)?);
            if (0..count.min(MAX_PARTS)).all(|index| value.array::<4>(8 + index * 8).is_ok_and(|tag| tag != *CONFIG)) {
                tags(d, value, 8, count)?;
            }
        }
        None => {}
    }
    d.close();
    Ok(())
}

/// A hello of Q043 and what a server says to it, a close of Q025, and a hello of Q046 with what follows it.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500013c00010000401100000a0000010a000002138801bb012800000901020304050607085130343301686868686868 \
     686868686868a401000000fd43484c4f170000005041440002000000534e49000500000053544b000600000056455200 \
     0a000000434353000b0000004e4f4e430c0000004d535043100000005541494412000000534349441400000054434944 \
     1800000050444d441c00000053524246200000004943534c240000004e4f4e502500000053434c532900000043435254 \
     2a000000495254542e000000434554562f00000043464357330000005346435737000000584c4354380000004d494453 \
     3c00000058595a573d0000002d2d612e627351303433636e64000000756169640000000058353039090000001e000000 \
     7001000000720700000076010000000200000078030000003f000000",
    "4500006300010000401100000a0000020a00000101bb1388004f00000801020304050607080168686868686868686868 \
     6868800152454a0004000000534e4f000100000050524f46020000005252454a06000000435254ff070000006f660d00 \
     000074",
    "4500004f00010000401100000a0000020a00000101bb1388003b00000c01020304050607084e4e4e4e4e4e4e4e4e4e4e \
     4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e02656e63727970746564",
    "4500002d00010000401100000a0000020a00000101bb1388001900000901020304050607085130343351303434",
    "4500003d00010000401100000a0000020a00000101bb1388002900000a01020304050607085052535401000000524e4f \
     4e080000003132333435363738",
    "4500004a00010000401100000a0000010a000002138901bb003600000d01020304050607085130323506686868686868 \
     68686868686801400000ffff0006000502190000000300627965",
    "4500013b00010000401100000a0000010a000002138a01bb01270000c351303436500102030405060708000000016868 \
     68686868686868686868a00100fd43484c4f170000005041440002000000534e49000500000053544b00060000005645 \
     52000a000000434353000b0000004e4f4e430c0000004d53504310000000554149441200000053434944140000005443 \
     49441800000050444d441c00000053524246200000004943534c240000004e4f4e502500000053434c53290000004343 \
     52542a000000495254542e000000434554562f00000043464357330000005346435737000000584c4354380000004d49 \
     44533c00000058595a573d0000002d2d612e627351303433636e64000000756169640000000058353039090000001e00 \
     00007001000000720700000076010000000200000078030000003f",
    "4500002700010000401100000a0000020a00000101bb138a001300004005656e63727970746564",
    "4500003000010000401100000a0000010a000002138a01bb001c00004101020304050607080005656e63727970746564",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn packets_without_a_version_are_their_connections() {
        let all = frames(101, SAMPLE);
        let of = |name: &str| all.iter().map(|frame| values(frame, name)).collect::<Vec<_>>();
        assert_eq!(
            of("gquic.tag").iter().map(String::as_str).collect::<Vec<_>>(),
            ["CHLO", "REJ", "", "", "PRST", "", "CHLO", "", ""]
        );
        assert_eq!(values(&all[0], "gquic.tag.sni"), "a.b");
        assert_eq!(values(&all[1], "gquic.cid"), "72623859790382856");
        assert_eq!(values(&all[3], "gquic.version"), "Q043,Q044");
        assert_eq!(values(&all[5], "gquic.cid"), "578437695752307201");
        assert_eq!(values(&all[5], "gquic.frame_type.cc.reason_phrase"), "bye");
        assert_eq!(of("gquic.packet_number"), ["1", "1", "2", "", "", "6", "1", "5", "5"]);
    }

    #[test]
    fn connections_are_forgotten_when_there_are_too_many() {
        let mut connections = Connections::default();
        for port in 0..MAX_CONNECTIONS as u32 + 9 {
            let mut ends = crate::dissector::Endpoints::default();
            (ends.src_port, ends.dst_port) = (port as u16, (port >> 16) as u16);
            let server = (ends.dst, ends.dst_port);
            let connection = Connection { version: 43, server, has_ietf_headers: false };
            connections.0.insert(conversation::Key(ends), connection);
        }
        assert!(connections.0.len() <= MAX_CONNECTIONS);
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(
            ProtoId::Gquic,
            b"\x09abcdefghQ025\x01hhhhhhhhhhhh\x00\xa0\x01\x14\x00CHLO\x01\x00\x00\x00SNI\x00\x03\x00\x00\x00a.b",
        );
        survives_anything(ProtoId::Gquic, b"\xc3Q046\x50abcdefgh\0\0\0\x01hhhhhhhhhhhh\x60\x01\0\0\x01\x02\x03\0\x02");
    }
}
