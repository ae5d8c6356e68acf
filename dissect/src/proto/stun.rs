//! Session Traversal Utilities for NAT (RFC 8489, 5389), with TURN (RFC 8656), ICE (RFC 8445) and what Microsoft and Google
//! add to them. The STUN of RFC 3489 is in `classicstun.rs`.

use crate::bindings::Binding;
use crate::checksum::crc32;
use crate::dissector::{Dissector, Transport};
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::proto::udp;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Stun, "stun", "Session Traversal Utilities for NAT";
    CHANNEL = field("stun.channel", "Channel Number", Uint16, Hex);
    TYPE = field("stun.type", "Message Type", Uint16, Hex);
    TYPE_CLASS = field("stun.type.class", "Message Class", Uint16, Hex).mask(0x110);
    TYPE_METHOD = field("stun.type.method", "Message Method", Uint16, Hex).mask(0x3eef);
    TYPE_METHOD_ASSIGNMENT = field("stun.type.method-assignment", "Message Method Assignment", Uint16, Hex).names(Names::Values(TYPE_METHOD_ASSIGNMENT_NAMES)).mask(0x2000);
    LENGTH = field("stun.length", "Message Length", Uint16, Dec);
    COOKIE = field("stun.cookie", "Message Cookie", Bytes, None);
    ID = field("stun.id", "Message Transaction ID", Bytes, None);
    ATTRIBUTES = field("stun.attributes", "Attributes", None, None);
    ATTRIBUTE = field("stun.attribute", "Attribute Type", Uint16, Hex);
    RESPONSE_IN = field("stun.response-in", "Response In", FrameNum, None).fed_by(&[ProtoId::Sdp]).told_later();
    RESPONSE_TO = field("stun.response-to", "Request In", FrameNum, None).fed_by(&[ProtoId::Sdp]).told_later();
    TIME = field("stun.time", "Time", RelativeTime, None).fed_by(&[ProtoId::Sdp]).told_later();
    REQDUPLICATE = field("stun.reqduplicate", "Duplicated original message in", FrameNum, None).fed_by(&[ProtoId::Sdp]);
    ATT_TYPE = field("stun.att.type", "Attribute Type", Uint16, Hex);
    ATT_TYPE_COMPREHENSION = field("stun.att.type.comprehension", "Attribute Type Comprehension", Uint16, Hex).names(Names::Values(ATT_TYPE_COMPREHENSION_NAMES)).mask(0x8000);
    ATT_TYPE_ASSIGNMENT = field("stun.att.type.assignment", "Attribute Type Assignment", Uint16, Hex).names(Names::Values(TYPE_METHOD_ASSIGNMENT_NAMES)).mask(0x4000);
    ATT_LENGTH = field("stun.att.length", "Attribute Length", Uint16, Dec);
    ATT_FAMILY = field("stun.att.family", "Protocol Family", Uint8, Hex).names(Names::Values(ATT_FAMILY_NAMES));
    ATT_IPV4 = field("stun.att.ipv4", "IP", Ipv4, None);
    ATT_IPV6 = field("stun.att.ipv6", "IP", Ipv6, None);
    ATT_PORT = field("stun.att.port", "Port", Uint16, Dec);
    ATT_USERNAME = field("stun.att.username", "Username", String, None);
    ATT_PASSWORD = field("stun.att.password", "Password", Bytes, None);
    ATT_PADDING = field("stun.att.padding", "Padding", Uint16, Dec);
    ATT_HMAC = field("stun.att.hmac", "HMAC-SHA1", Bytes, None);
    ATT_CRC32 = field("stun.att.crc32", "CRC-32", Uint32, Hex);
    ATT_CRC32_STATUS = field("stun.att.crc32.status", "CRC-32 Status", Uint8, None).names(Names::Values(ATT_CRC32_STATUS_NAMES));
    ATT_ERROR_CLASS = field("stun.att.error.class", "Error Class", Uint8, Dec).mask(0x7);
    ATT_ERROR = field("stun.att.error", "Error Code", Uint8, Dec);
    ATT_ERROR_REASON = field("stun.att.error.reason", "Error Reason Phrase", String, None);
    ATT_REALM = field("stun.att.realm", "Realm", String, None);
    ATT_NONCE = field("stun.att.nonce", "Nonce", String, None);
    ATT_UNKNOWN = field("stun.att.unknown", "Unknown Attribute", Uint16, Hex);
    ATT_IPV4_XORD = field("stun.att.ipv4-xord", "IP (XOR-d)", Bytes, None);
    ATT_IPV6_XORD = field("stun.att.ipv6-xord", "IP (XOR-d)", Bytes, None);
    ATT_PORT_XORD = field("stun.att.port-xord", "Port (XOR-d)", Bytes, None);
    ATT_ICMP_TYPE = field("stun.att.icmp.type", "ICMP type", Uint8, Dec);
    ATT_ICMP_CODE = field("stun.att.icmp.code", "ICMP code", Uint8, Dec);
    ATT_UNKNOWN8006 = field("stun.att.unknown8006", "Unknown8006", Bytes, None);
    ATT_SOFTWARE = field("stun.att.software", "Software", String, None);
    ATT_PRIORITY = field("stun.att.priority", "Priority", Uint32, Dec);
    ATT_TIE_BREAKER = field("stun.att.tie-breaker", "Tie breaker", Bytes, None);
    ATT_LIFETIME = field("stun.att.lifetime", "Lifetime", Uint32, Dec);
    ATT_CHANGE_IP = field("stun.att.change-ip", "Change IP", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    ATT_CHANGE_PORT = field("stun.att.change-port", "Change Port", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    ATT_PW_ALG = field("stun.att.pw_alg", "Password Algorithm", Uint16, Dec).names(Names::Values(ATT_PW_ALG_NAMES));
    ATT_PW_ALG_LEN = field("stun.att.pw_alg_len", "Password Algorithm Length", Uint16, Dec);
    ATT_PW_ALG_DATA = field("stun.att.pw_alg_data", "Password Algorithm Data", Bytes, None);
    ATT_EVEN_PORT_RESERVE_NEXT = field("stun.att.even-port.reserve-next", "Reserve next", Uint8, Dec).names(Names::Values(ATT_EVEN_PORT_RESERVE_NEXT_NAMES)).mask(0x80);
    ATT_CACHE_TIMEOUT = field("stun.att.cache-timeout", "Cache timeout", Uint32, Dec);
    ATT_TOKEN = field("stun.att.token", "Token", Bytes, None);
    VALUE = field("stun.value", "Value", Bytes, None);
    ATT_RESERVED = field("stun.att.reserved", "Reserved", Bytes, None);
    ATT_TRANSP = field("stun.att.transp", "Transport", Uint8, Hex).names(Names::Values(ATT_TRANSP_NAMES));
    ATT_CHANNELNUM = field("stun.att.channelnum", "Channel-Number", Uint16, Hex);
    ATT_MAGIC_COOKIE = field("stun.att.magic_cookie", "Magic Cookie", Uint32, Hex);
    PORT_BANDWIDTH = field("stun.port.bandwidth", "Bandwidth", Uint32, Dec);
    ATT_MS_VERSION = field("stun.att.ms.version", "MS Version", Uint32, Dec).names(Names::Values(ATT_MS_VERSION_NAMES));
    ATT_MS_VERSION_ICE = field("stun.att.ms.version.ice", "MS ICE Version", Uint32, Dec).names(Names::Ranges(ATT_MS_VERSION_ICE_NAMES));
    ATT_MS_CONNECTION_ID = field("stun.att.ms.connection_id", "Connection ID", Bytes, None);
    ATT_MS_SEQUENCE_NUMBER = field("stun.att.ms.sequence_number", "Sequence Number", Uint32, Dec);
    ATT_MS_STREAM_TYPE = field("stun.att.ms.stream_type", "Stream Type", Uint16, Dec).names(Names::Values(ATT_MS_STREAM_TYPE_NAMES));
    ATT_MS_SERVICE_QUALITY = field("stun.att.ms.service_quality", "Service Quality", Uint16, Dec).names(Names::Values(ATT_MS_SERVICE_QUALITY_NAMES));
    ATT_MS_TURN_SESSION_ID = field("stun.att.ms.turn_session_id", "MS TURN Session Id", Uint64, Hex);
    ATT_MS_FOUNDATION = field("stun.att.ms.foundation", "Foundation", String, None);
    ATT_GOOGLE_NETWORK_ID = field("stun.att.google.network_id", "Google Network ID", Uint16, Dec);
    ATT_GOOGLE_NETWORK_COST = field("stun.att.google.network_cost", "Google Network Cost", Uint16, Dec).names(Names::Values(ATT_GOOGLE_NETWORK_COST_NAMES));
    NETWORK_VERSION = field("stun.network_version", "STUN Network Version", Uint8, Dec).names(Names::Values(NETWORK_VERSION_NAMES));
    WRONG_MSGLEN = expert("stun.wrong_msglen", "Packet length is not multiple of 4 bytes", Error, Malformed);
    UNKNOWN_ATTRIBUTE = expert("stun.unknown_attribute", "Attribute unknown", Warning, Undecoded);
    ATT_CRC32_BAD = expert("stun.att.crc32.bad", "Bad Fingerprint", Warning, Checksum);
}

const TYPE_METHOD_ASSIGNMENT_NAMES: &[(u64, &str)] = &[(0, "IETF Review"), (1, "Designated Expert")];
const ATT_TYPE_COMPREHENSION_NAMES: &[(u64, &str)] = &[(0, "Required"), (1, "Optional")];
const ATT_FAMILY_NAMES: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6")];
const ATT_CRC32_STATUS_NAMES: &[(u64, &str)] = crate::proto::ip::CHECKSUM_STATUSES;
const ATT_PW_ALG_NAMES: &[(u64, &str)] = &[(0, "Reserved"), (1, "MD5"), (2, "SHA-256")];
const ATT_EVEN_PORT_RESERVE_NEXT_NAMES: &[(u64, &str)] = &[(0, "No reservation"), (1, "Reserve next port number")];
const ATT_TRANSP_NAMES: &[(u64, &str)] = &[(17, "UDP"), (6, "TCP")];
/// MS-TURN, 2.2.2.
const ATT_MS_VERSION_NAMES: &[(u64, &str)] = &[
    (1, "ICE"),
    (2, "MS-ICE2"),
    (3, "MS-ICE2 with SHA256"),
    (4, "MS-ICE2 with SHA256 and IPv6"),
    (5, "MULTIPLEXED TURN over UDP only"),
    (6, "MULTIPLEXED TURN over UDP and TCP"),
];
const ATT_MS_VERSION_ICE_NAMES: &[(u64, u64, &str)] =
    &[(0, 2, "Supports only RFC3489bis-02 message formats"), (3, u32::MAX as u64, "Supports RFC5389 message formats")];
const ATT_MS_STREAM_TYPE_NAMES: &[(u64, &str)] = &[(1, "Audio"), (2, "Video"), (3, "Supplemental Video"), (4, "Data")];
const ATT_MS_SERVICE_QUALITY_NAMES: &[(u64, &str)] = &[(0, "Best effort delivery"), (1, "Reliable delivery")];
const ATT_GOOGLE_NETWORK_COST_NAMES: &[(u64, &str)] = &[
    (0, "Min"),
    (10, "Low"),
    (50, "Unknown"),
    (250, "Cellular5G"),
    (500, "Cellular4G"),
    (900, "Cellular"),
    (910, "Cellular3G"),
    (980, "Cellular2G"),
    (999, "Max"),
];
const NETWORK_VERSION_NAMES: &[(u64, &str)] = &[(1, "MS-TURN"), (2, "RFC-3489 and earlier"), (3, "RFC-5389/8489")];
const RFC_5389: u64 = 3;

/// IANA "STUN Methods"; the last one is Google's.
const METHODS: &[(u64, &str)] = &[
    (0x001, "Binding"),
    (0x002, "SharedSecret"),
    (0x003, "Allocate"),
    (0x004, "Refresh"),
    (0x006, "Send"),
    (0x007, "Data"),
    (0x008, "CreatePermission"),
    (0x009, "Channel-Bind"),
    (0x00a, "Connect"),
    (0x00b, "ConnectionBind"),
    (0x00c, "ConnectionAttempt"),
    (0x080, "GooglePing"),
];

const CLASSES: [(&str, &str); 4] =
    [("0x00", "Request"), ("0x01", "Indication"), ("0x10", "Success Response"), ("0x11", "Error Response")];
const REQUEST: u16 = 0;
const INDICATION: u16 = 1;

/// IANA "STUN Error Codes", and what earlier drafts had.
const ERRORS: &[(u64, &str)] = &[
    (300, "Try Alternate"),
    (400, "Bad Request"),
    (401, "Unauthenticated"),
    (403, "Forbidden"),
    (405, "Mobility Forbidden"),
    (420, "Unknown Attribute"),
    (430, "Stale Credentials (legacy)"),
    (431, "Integrity Check Failure (legacy)"),
    (432, "Missing Username (legacy)"),
    (433, "Use TLS (legacy)"),
    (434, "Missing Realm (legacy)"),
    (435, "Missing Nonce (legacy)"),
    (436, "Unknown User (legacy)"),
    (437, "Allocation Mismatch"),
    (438, "Stale Nonce"),
    (440, "Address Family not Supported"),
    (441, "Wrong Credentials"),
    (442, "Unsupported Transport Protocol"),
    (443, "Peer Address Family Mismatch"),
    (446, "Connection Already Exists"),
    (447, "Connection Timeout or Failure"),
    (481, "Connection does not exist (legacy)"),
    (486, "Allocation Quota Reached"),
    (487, "Role Conflict"),
    (500, "Server Error"),
    (508, "Insufficient Port Capacity"),
    (600, "Global Failure"),
];

/// What an attribute holds.
#[derive(Clone, Copy)]
enum Kind {
    /// An address as it is; whether the Info column has it.
    Address(bool),
    /// An address combined with the cookie and the transaction.
    Xored,
    /// Text, and what stands before it in the Info column.
    Text(FieldId, Option<&'static str>),
    Octets(FieldId),
    /// An integer of that many octets.
    Number(FieldId, usize),
    Nonce,
    Change,
    Error,
    Unknowns,
    Channel,
    Lifetime,
    Bandwidth,
    Transport,
    Family,
    EvenPort,
    Algorithms,
    Data,
    Padding,
    Fingerprint,
    Icmp,
    Sequence,
    Quality,
    Network,
    Version,
}

use Kind::*;

/// IANA "STUN Attributes", then those of MS-TURN, MS-TURNBWM and Google; sorted.
const ROWS: &[(u16, &str, Kind)] = &[
    (0x0001, "MAPPED-ADDRESS", Address(true)),
    (0x0002, "RESPONSE_ADDRESS", Address(false)),
    (0x0003, "CHANGE_REQUEST", Change),
    (0x0004, "SOURCE_ADDRESS", Address(false)),
    (0x0005, "CHANGED_ADDRESS", Address(false)),
    (0x0006, "USERNAME", Text(ATT_USERNAME, Some(" user: "))),
    (0x0007, "PASSWORD", Octets(ATT_PASSWORD)),
    (0x0008, "MESSAGE-INTEGRITY", Octets(ATT_HMAC)),
    (0x0009, "ERROR-CODE", Error),
    (0x000a, "UNKNOWN-ATTRIBUTES", Unknowns),
    (0x000b, "REFLECTED-FROM", Address(false)),
    (0x000c, "CHANNEL-NUMBER", Channel),
    (0x000d, "LIFETIME", Lifetime),
    (0x000e, "MS-ALTERNATE-SERVER", Address(true)),
    (0x000f, "MAGIC-COOKIE", Number(ATT_MAGIC_COOKIE, 4)),
    (0x0010, "BANDWIDTH", Bandwidth),
    (0x0011, "DESTINATION-ADDRESS", Address(false)),
    (0x0012, "XOR-PEER-ADDRESS", Xored),
    (0x0013, "DATA", Data),
    (0x0014, "REALM", Text(ATT_REALM, Some(" realm: "))),
    (0x0015, "NONCE", Nonce),
    (0x0016, "XOR-RELAYED-ADDRESS", Xored),
    (0x0017, "REQUESTED-ADDRESS-FAMILY", Family),
    (0x0018, "EVEN-PORT", EvenPort),
    (0x0019, "REQUESTED-TRANSPORT", Transport),
    (0x001a, "DONT-FRAGMENT", Octets(VALUE)),
    (0x001b, "ACCESS-TOKEN", Octets(VALUE)),
    (0x001c, "MESSAGE-INTEGRITY-SHA256", Octets(VALUE)),
    (0x001d, "PASSWORD-ALGORITHM", Algorithms),
    (0x001e, "USERHASH", Octets(VALUE)),
    (0x0020, "XOR-MAPPED-ADDRESS", Xored),
    (0x0022, "RESERVATION-TOKEN", Octets(ATT_TOKEN)),
    (0x0024, "PRIORITY", Number(ATT_PRIORITY, 4)),
    (0x0025, "USE-CANDIDATE", Octets(VALUE)),
    (0x0026, "PADDING", Padding),
    (0x0027, "XOR-RESPONSE-TARGET", Xored),
    (0x0028, "XOR-REFELECTED-FROM", Xored),
    (0x002a, "CONNECTION-ID", Octets(VALUE)),
    (0x0030, "LEGACY-ICMP", Icmp),
    (0x8000, "ADDITIONAL-ADDRESS-FAMILY", Octets(VALUE)),
    (0x8001, "ADDRESS-ERROR-CODE", Octets(VALUE)),
    (0x8002, "PASSWORD-ALGORITHMS", Algorithms),
    (0x8003, "ALTERNATE-DOMAIN", Octets(VALUE)),
    (0x8004, "ICMP", Icmp),
    (0x8006, "MS-TURN UNKNOWN 8006", Octets(ATT_UNKNOWN8006)),
    (0x8008, "MS-VERSION", Version),
    (0x8020, "XOR-MAPPED-ADDRESS", Xored),
    (0x8022, "SOFTWARE", Text(ATT_SOFTWARE, None)),
    (0x8023, "ALTERNATE-SERVER", Address(true)),
    (0x8025, "TRANSACTION-TRANSMIT-COUNTER", Octets(VALUE)),
    (0x8027, "CACHE-TIMEOUT", Number(ATT_CACHE_TIMEOUT, 4)),
    (0x8028, "FINGERPRINT", Fingerprint),
    (0x8029, "ICE-CONTROLLED", Octets(ATT_TIE_BREAKER)),
    (0x802a, "ICE-CONTROLLING", Octets(ATT_TIE_BREAKER)),
    (0x802b, "RESPONSE-ORIGIN", Address(true)),
    (0x802c, "OTHER-ADDRESS", Address(true)),
    (0x802d, "ECN-CHECK-STUN", Octets(VALUE)),
    (0x802e, "THIRD-PARTY-AUTHORIZATION", Octets(VALUE)),
    (0x8030, "MOBILITY-TICKET", Octets(VALUE)),
    (0x8032, "MS-ALTERNATE-HOST-NAME", Octets(VALUE)),
    (0x8037, "MS-APP-ID", Octets(VALUE)),
    (0x8039, "MS-SECURE-TAG", Octets(VALUE)),
    (0x8050, "MS-SEQUENCE-NUMBER", Sequence),
    (0x8054, "MS-CANDIDATE-IDENTIFIER", Text(ATT_MS_FOUNDATION, None)),
    (0x8055, "MS-SERVICE-QUALITY", Quality),
    (0x8056, "Bandwidth Admission Control Message", Octets(VALUE)),
    (0x8057, "Bandwidth Reservation Identifier", Octets(VALUE)),
    (0x8058, "Bandwidth Reservation Amount", Octets(VALUE)),
    (0x8059, "Remote Site Address", Xored),
    (0x805a, "Remote Relay Site Address", Xored),
    (0x805b, "Local Site Address", Xored),
    (0x805c, "Local Relay Site Address", Xored),
    (0x805d, "Remote Site Address Response", Octets(VALUE)),
    (0x805e, "Remote Relay Site Address Response", Octets(VALUE)),
    (0x805f, "Local Site Address Response", Octets(VALUE)),
    (0x8060, "Local Relay Site Address Response", Octets(VALUE)),
    (0x8061, "SIP Dialog Identifier", Octets(VALUE)),
    (0x8062, "SIP Call Identifier", Octets(VALUE)),
    (0x8068, "Location Profile", Octets(VALUE)),
    (0x8070, "MS-IMPLEMENTATION-VERSION", Version),
    (0x8090, "MS-ALT-MAPPED-ADDRESS", Address(true)),
    (0x8095, "MS-MULTIPLEXED-TURN-SESSION-ID", Octets(VALUE)),
    (0xc000, "CISCO-STUN-FLOWDATA", Octets(VALUE)),
    (0xc001, "ENF-FLOW-DESCRIPTION", Octets(VALUE)),
    (0xc002, "ENF-NETWORK-STATUS", Octets(VALUE)),
    (0xc057, "GOOG-NETWORK-INFO", Network),
    (0xc058, "GOOG-LAST-ICE-CHECK-RECEIVED", Octets(VALUE)),
    (0xc059, "GOOG-MISC-INFO", Octets(VALUE)),
    (0xc05a, "GOOG-OBSOLETE-1", Octets(VALUE)),
    (0xc05b, "GOOG-CONNECTION-ID", Octets(VALUE)),
    (0xc05c, "GOOG-DELTA", Octets(VALUE)),
    (0xc05d, "GOOG-DELTA-ACK", Octets(VALUE)),
    (0xc060, "GOOG-MESSAGE_INTEGRITY-32", Octets(VALUE)),
    (0xff04, "GOOG-MULTI-MAPPING", Octets(VALUE)),
    (0xff05, "GOOG-LOGGING-ID", Octets(VALUE)),
];

/// Attributes that RFC 5389, 18.2, no longer has; one with an IPv4 address is told to be so.
const DEPRECATED: [u16; 5] = [0x0002, 0x0004, 0x0005, 0x000b, 0x0011];

const HEADER_LEN: usize = 20;
const MAGIC_COOKIE: u32 = 0x2112_a442;
/// RFC 8489, 14.7.
const FINGERPRINT_MASK: u32 = 0x5354_554e;
/// RFC 8656, 12.4.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7fff;
const MS_CHANNEL: u16 = 0xff10;
/// Methods beyond are not assigned: what looks like one is another protocol.
const METHOD_MAX: u16 = 0xff;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    accepts: Some(accepts),
    may_begin: Some(|octets| begins(Tvb::new(octets, octets.len(), 0))),
    framing: Some(framing),
    samples: SAMPLES,
    ..Protocol::new(
        ProtoId::Stun,
        "STUN",
        &[
            Binding::UdpPort(3478),
            Binding::TcpPort(3478),
            Binding::UdpHeuristic(is_message),
            Binding::TcpHeuristic(is_message),
        ],
        dissect,
    )
};

const RULES: Rules = Rules {
    proto: ProtoId::Stun,
    renews: false,
    again: Again::Repeats,
    keeps_orphans: true,
    answers_latest: false,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, TIME, REQDUPLICATE],
};

/// RFC 8489, 5: method and class lie in each other's gaps.
fn method(kind: u16) -> u16 {
    kind & 0xf | kind >> 1 & 0x70 | kind >> 2 & 0xf80
}

fn class(kind: u16) -> u16 {
    kind >> 4 & 1 | kind >> 7 & 2
}

/// Whether the octets are exactly one message (RFC 8489, 6.3).
fn is_message(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    begins(tvb)
}

fn begins(tvb: Tvb<'_>) -> bool {
    let (Ok(kind), Ok(len), Ok(cookie)) = (tvb.u16(0), tvb.u16(2), tvb.u32(4)) else {
        return false;
    };
    kind & 0xc000 == 0
        && cookie == MAGIC_COOKIE
        && method(kind) <= METHOD_MAX
        && tvb.reported() == HEADER_LEN + usize::from(len)
}

fn accepts(d: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    is_message(d, tvb) || is_channel_data(tvb)
}

fn is_channel_data(tvb: Tvb<'_>) -> bool {
    let (Ok(channel), Ok(len)) = (tvb.u16(0), tvb.u16(2)) else {
        return false;
    };
    let padded = usize::from(len).next_multiple_of(4);
    is_channel(channel) && [usize::from(len), padded].iter().any(|len| 4 + len == tvb.reported())
}

/// RFC 8656, 12, and the one channel of MS-TURN, 2.2.3, which carries a session's number before its data.
fn is_channel(number: u16) -> bool {
    CHANNELS.contains(&number) || number == MS_CHANNEL
}

/// RFC 8489, 6.2.2, and RFC 8656, 12.5: over TCP channel data are padded.
fn framing(octets: &[u8]) -> Framing {
    let [a, b, c, d, rest @ ..] = octets else {
        return Framing::More(4);
    };
    let (kind, len) = (u16::from_be_bytes([*a, *b]), usize::from(u16::from_be_bytes([*c, *d])));
    if CHANNELS.contains(&kind) {
        return Framing::Message(4 + len.next_multiple_of(4));
    }
    match rest {
        _ if kind & 0xc000 != 0 || method(kind) > METHOD_MAX => Framing::Foreign,
        [a, b, c, d, ..] if u32::from_be_bytes([*a, *b, *c, *d]) == MAGIC_COOKIE => Framing::Message(HEADER_LEN + len),
        [_, _, _, _, ..] => Framing::Foreign,
        _ => Framing::More(8),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if is_channel(tvb.u16(0)?) {
        return channel_data(d, tvb);
    }
    // What comes by a channel has no cookie to be known by.
    if d.endpoints.transport == Transport::Udp {
        udp::claim(d, ProtoId::Stun);
    }
    let item = d.begin(PROTO, tvb);
    d.set_protocol("STUN");
    d.set_info(String::new);
    let (kind, len) = (tvb.u16(0)?, usize::from(tvb.u16(2)?));
    d.set_len(item, HEADER_LEN + len);
    let (method, class) = (method(kind), class(kind));
    let name = Names::Values(METHODS).of(method.into()).unwrap_or("Unknown".into());
    let (bits, class_name) = CLASSES.get(usize::from(class)).copied().unwrap_or_default();
    d.set_info(|| format!("{name} {class_name}"));

    let id: [u8; 12] = tvb.array(8)?;
    let number = id.iter().fold(0u128, |number, octet| number << 8 | u128::from(*octet));
    if class == REQUEST {
        transaction::request(d, &RULES, number);
    } else {
        transaction::response(d, &RULES, number, class != INDICATION);
    }
    show_transaction(d, tvb);

    let line = d.open(TYPE, tvb, 0, 2, Value::Uint(kind.into()));
    d.text(line, || format!("Message Type: 0x{kind:04x} ({name} {class_name})"));
    let line = d.bits(TYPE_CLASS, tvb, 0, 2, kind.into());
    d.text(line, || {
        let (low, high) = (class & 1, class >> 1);
        format!(".... ...{high} ...{low} .... = Message Class: {bits} {class_name} ({class})")
    });
    let line = d.bits(TYPE_METHOD, tvb, 0, 2, kind.into());
    d.text(line, || method_text(kind, &name));
    d.bits(TYPE_METHOD_ASSIGNMENT, tvb, 0, 2, kind.into());
    d.close();
    d.add(LENGTH, tvb, 2, 2, Value::Uint(len as u64));
    d.bytes(COOKIE, tvb, 4, 4);
    d.bytes(ID, tvb, 8, 12);
    if len > 0 {
        d.generated(NETWORK_VERSION, tvb, 0, 0, Value::Uint(RFC_5389));
        let attributes = tvb.sub(HEADER_LEN, len);
        let is_odd = len % 4 != 0;
        if is_odd {
            d.open_text(tvb, 2, 2, || "Packet length is not multiple of 4 bytes".to_owned());
            d.expert(WRONG_MSGLEN, tvb, 2, 2);
        }
        d.open(ATTRIBUTES, attributes, 0, len, Value::None);
        each(d, tvb, attributes)?;
        d.close();
        if is_odd {
            d.close();
        }
    }
    d.close();
    Ok(())
}

fn method_text(kind: u16, name: &str) -> String {
    let mut text = String::with_capacity(64);
    for bit in (0..16).rev() {
        text.push(match (0x3eef >> bit & 1, kind >> bit & 1) {
            (0, _) => '.',
            (_, 0) => '0',
            _ => '1',
        });
        if bit % 4 == 0 && bit > 0 {
            text.push(' ');
        }
    }
    format!("{text} = Message Method: 0x{:04x} {name} (0x{:03x})", kind & 0x3eef, method(kind))
}

/// Shows the other frames of the transaction.
fn show_transaction<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let known = transaction::known(d, ProtoId::Stun);
    if let Some(frame) = known.repeats {
        d.generated(REQDUPLICATE, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(RESPONSE_TO, tvb, 0, 0, Value::Uint(frame));
        d.generated(TIME, tvb, 0, 0, Value::Time(after));
    }
}

fn channel_data<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_len(item, 4);
    d.set_protocol("STUN");
    d.text(item, || "Session Traversal Utilities for NAT, TURN ChannelData Message".to_owned());
    d.set_info(|| "ChannelData TURN Message".to_owned());
    let channel = d.uint(CHANNEL, tvb, 0, 2)?;
    let len = d.uint(LENGTH, tvb, 2, 2)? as usize;
    let mut data = tvb.sub(4, len);
    if channel == u64::from(MS_CHANNEL) && len >= 8 {
        d.uint(ATT_MS_TURN_SESSION_ID, tvb, 4, 8)?;
        data = tvb.sub(12, len - 8);
    }
    d.close();
    if !data.is_empty() {
        d.call(ProtoId::Data, data);
    }
    Ok(())
}

/// Shows the attributes (RFC 8489, 14).
fn each<'a>(d: &mut Dissector<'a>, message: Tvb<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let row = ROWS.binary_search_by_key(&kind, |row| row.0).ok().and_then(|at| ROWS.get(at));
        let padding = len.next_multiple_of(4) - len;
        let Some((_, name, content)) = row else {
            unknown(d, tvb, at, (kind, len))?;
            at += 4 + len + padding;
            continue;
        };
        let line = d.open(ATTRIBUTE, tvb, at, 4 + len + padding, Value::Uint(kind.into()));
        d.text(line, || (*name).to_owned());
        let kind_line = d.open(ATT_TYPE, tvb, at, 2, Value::Uint(kind.into()));
        d.text(kind_line, || format!("Attribute Type: {name}"));
        d.bits(ATT_TYPE_COMPREHENSION, tvb, at, 2, kind.into());
        d.bits(ATT_TYPE_ASSIGNMENT, tvb, at, 2, kind.into());
        d.close();
        if !length(d, tvb, at, len) {
            d.close();
            break;
        }
        let value = tvb.sub(at + 4, len);
        let shown = show(d, message, value, (kind, name, *content))?;
        if !shown.is_empty() {
            d.append_text(line, || shown);
        }
        pad(d, tvb, at + 4 + len, padding);
        d.close();
        at += 4 + len + padding;
    }
    Ok(())
}

/// An attribute of a kind that nobody knows is none to filter for, and one that is cut off ends the message.
fn unknown<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, (kind, len): (u16, usize)) -> Parsed {
    let padding = len.next_multiple_of(4) - len;
    d.open_text(tvb, at, 4 + len + padding, || format!("Unknown attribute 0x{kind:04x}"));
    d.expert_with(UNKNOWN_ATTRIBUTE, tvb, at, 2, || format!("Unknown attribute 0x{kind:04x}"));
    d.add(ATT_LENGTH, tvb, at + 2, 2, Value::Uint(len as u64));
    if len > 0 {
        tvb.slice(at + 4, len)?;
        d.bytes(VALUE, tvb, at + 4, len);
    }
    pad(d, tvb, at + 4 + len, padding);
    d.close();
    Ok(())
}

/// Shows the length; says whether the value is there.
fn length<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize) -> bool {
    let line = d.add(ATT_LENGTH, tvb, at + 2, 2, Value::Uint(len as u64));
    let fits = at + 4 + len <= tvb.reported();
    if !fits {
        d.append_text(line, || " (bogus, goes past the end of the message)".to_owned());
    }
    fits
}

fn pad<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, padding: usize) {
    if padding > 0 {
        d.add(ATT_PADDING, tvb, at, padding, Value::Uint(padding as u64));
    }
}

/// Shows a value that is long enough for its kind; answers what stands behind the attribute's name.
fn show<'a>(
    d: &mut Dissector<'a>,
    message: Tvb<'a>,
    value: Tvb<'a>,
    (kind, name, content): (u16, &str, Kind),
) -> Result<String, Stop> {
    let len = value.reported();
    match content {
        Address(in_info) if len >= 4 => {
            let address = address(d, value)?;
            if in_info && !address.is_empty() {
                d.append_info(|| format!(" {name}: {address}"));
            }
            let mark = if DEPRECATED.contains(&kind) && value.u8(1)? == 1 { " (Deprecated)" } else { "" };
            return Ok(if address.is_empty() { String::new() } else { format!("{mark}: {address}") });
        }
        Xored if len >= 2 => {
            let address = xored(d, message, value)?;
            if !address.is_empty() {
                d.append_info(|| format!(" {name}: {address}"));
                return Ok(format!(": {address}"));
            }
        }
        Text(ATT_MS_FOUNDATION, _) => {
            d.string(ATT_MS_FOUNDATION, value, 0, len.min(4));
        }
        Text(field, prefix) => {
            let text = || {
                let octets = value.bytes().split(|octet| *octet == 0).next().unwrap_or_default();
                printable(octets)
            };
            d.string(field, value, 0, len);
            if let Some(prefix) = prefix {
                d.append_info(|| format!("{prefix}{}", text()));
                return Ok(if d.wants_tree() { format!(": {}", text()) } else { String::new() });
            }
        }
        Nonce => {
            d.string(ATT_NONCE, value, 0, len);
            d.append_info(|| " with nonce".to_owned());
            if d.wants_tree() {
                let octets = value.bytes().split(|octet| *octet == 0).next().unwrap_or_default();
                return Ok(format!(": {}", printable(octets)));
            }
        }
        Octets(field) if len > 0 => {
            let limit = if field == ATT_HMAC {
                20
            } else if field == ATT_TIE_BREAKER || field == ATT_TOKEN {
                8
            } else {
                0
            };
            if len >= limit {
                d.bytes(field, value, 0, if limit == 0 { len } else { limit });
            }
        }
        Number(field, width) if len >= width => {
            d.uint(field, value, 0, width)?;
        }
        Change if len >= 4 => {
            let flags = u64::from(value.u16(2)?);
            d.flag(ATT_CHANGE_IP, value, 2, 2, flags);
            d.flag(ATT_CHANGE_PORT, value, 2, 2, flags);
        }
        Error => return error(d, value),
        Unknowns => {
            for at in (0..len / 2).map(|n| n * 2) {
                d.uint(ATT_UNKNOWN, value, at, 2)?;
            }
        }
        Channel if len >= 4 => {
            let number = d.uint(ATT_CHANNELNUM, value, 0, 2)?;
            d.bytes(ATT_RESERVED, value, 2, 2);
            d.append_info(|| format!(" ChannelNumber=0x{number:x}"));
            return Ok(format!(": 0x{number:x}"));
        }
        Lifetime if len >= 4 => {
            let seconds = d.uint(ATT_LIFETIME, value, 0, 4)?;
            d.append_info(|| format!(" lifetime: {seconds}"));
            return Ok(format!(" {seconds}"));
        }
        Bandwidth if len >= 4 => {
            let rate = d.uint(PORT_BANDWIDTH, value, 0, 4)?;
            d.append_info(|| format!(" bandwidth: {rate}"));
            return Ok(format!(" {rate}"));
        }
        Transport if len >= 4 => {
            let protocol = d.uint(ATT_TRANSP, value, 0, 1)?;
            d.bytes(ATT_RESERVED, value, 1, 3);
            let name = match Names::Values(ATT_TRANSP_NAMES).of(protocol) {
                Some(name) => name.into_owned(),
                None => format!("Unknown (0x{protocol:8x})"),
            };
            d.append_info(|| format!(" {name}"));
            return Ok(format!(": {name}"));
        }
        Family if len >= 4 => {
            d.uint(ATT_FAMILY, value, 0, 1)?;
            d.bytes(ATT_RESERVED, value, 1, 3);
        }
        EvenPort if len >= 1 => {
            let flags = u64::from(value.u8(0)?);
            d.bits(ATT_EVEN_PORT_RESERVE_NEXT, value, 0, 1, flags);
        }
        Algorithms => {
            let mut at = 0;
            while at + 4 <= len {
                d.uint(ATT_PW_ALG, value, at, 2)?;
                let data = d.uint(ATT_PW_ALG_LEN, value, at + 2, 2)? as usize;
                if data > 0 {
                    value.exact(at + 4, data)?;
                    d.bytes(ATT_PW_ALG_DATA, value, at + 4, data);
                }
                at += 4 + data.next_multiple_of(4);
            }
        }
        Data if len > 0 => {
            d.bytes(VALUE, value, 0, len);
            d.call_within(ProtoId::Data, value);
        }
        Padding => {
            d.add(ATT_PADDING, value, 0, len, Value::Uint(len as u64));
        }
        Fingerprint if len >= 4 => fingerprint(d, message, value)?,
        Icmp if len >= 4 => {
            d.uint(ATT_ICMP_TYPE, value, 0, 1)?;
            d.uint(ATT_ICMP_CODE, value, 1, 1)?;
        }
        Sequence if len >= 24 => {
            d.bytes(ATT_MS_CONNECTION_ID, value, 0, 20);
            d.uint(ATT_MS_SEQUENCE_NUMBER, value, 20, 4)?;
        }
        Quality if len >= 4 => {
            d.uint(ATT_MS_STREAM_TYPE, value, 0, 2)?;
            d.uint(ATT_MS_SERVICE_QUALITY, value, 2, 2)?;
        }
        Network if len >= 4 => {
            d.uint(ATT_GOOGLE_NETWORK_ID, value, 0, 2)?;
            d.uint(ATT_GOOGLE_NETWORK_COST, value, 2, 2)?;
        }
        Version if len >= 4 => {
            let (field, names) = match name {
                "MS-VERSION" => (ATT_MS_VERSION, Names::Values(ATT_MS_VERSION_NAMES)),
                _ => (ATT_MS_VERSION_ICE, Names::Ranges(ATT_MS_VERSION_ICE_NAMES)),
            };
            let version = d.uint(field, value, 0, 4)?;
            return Ok(match names.of(version) {
                Some(name) => format!(": {name}"),
                None => format!(": Unknown (0x{version})"),
            });
        }
        _ => {}
    }
    Ok(String::new())
}

/// RFC 8489, 14.1.
fn address<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Result<String, Stop> {
    d.bytes(ATT_RESERVED, value, 0, 1);
    let family = d.uint(ATT_FAMILY, value, 1, 1)?;
    let port = d.uint(ATT_PORT, value, 2, 2)?;
    match family {
        1 if value.reported() >= 8 => {
            let address = value.array(4)?;
            d.add(ATT_IPV4, value, 4, 4, Value::Ipv4(address));
            Ok(format!("{}:{port}", std::net::Ipv4Addr::from(address)))
        }
        2 if value.reported() >= 20 => {
            d.add(ATT_IPV6, value, 4, 16, Value::Ipv6(value.array(4)?));
            Ok(String::new())
        }
        _ => Ok(String::new()),
    }
}

/// RFC 8489, 14.2.
fn xored<'a>(d: &mut Dissector<'a>, message: Tvb<'a>, value: Tvb<'a>) -> Result<String, Stop> {
    d.bytes(ATT_RESERVED, value, 0, 1);
    let family = d.uint(ATT_FAMILY, value, 1, 1)?;
    if value.reported() < 4 {
        return Ok(String::new());
    }
    d.bytes(ATT_PORT_XORD, value, 2, 2);
    let port = value.u16(2)? ^ (MAGIC_COOKIE >> 16) as u16;
    d.generated(ATT_PORT, value, 2, 2, Value::Uint(port.into()));
    let key: [u8; 16] = message.array(4)?;
    match family {
        1 if value.reported() >= 8 => {
            let mut address: [u8; 4] = value.array(4)?;
            address.iter_mut().zip(key).for_each(|(octet, key)| *octet ^= key);
            d.bytes(ATT_IPV4_XORD, value, 4, 4);
            d.generated(ATT_IPV4, value, 4, 4, Value::Ipv4(address));
            Ok(format!("{}:{port}", std::net::Ipv4Addr::from(address)))
        }
        2 if value.reported() >= 20 => {
            let mut address: [u8; 16] = value.array(4)?;
            address.iter_mut().zip(key).for_each(|(octet, key)| *octet ^= key);
            d.bytes(ATT_IPV6_XORD, value, 4, 16);
            d.generated(ATT_IPV6, value, 4, 16, Value::Ipv6(address));
            Ok(format!("{}:{port}", crate::dissector::Address::Ipv6(address)))
        }
        _ => Ok(String::new()),
    }
}

/// RFC 8489, 14.8.
fn error<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Result<String, Stop> {
    let len = value.reported();
    if len < 2 {
        return Ok(String::new());
    }
    d.bytes(ATT_RESERVED, value, 0, 2);
    if len < 3 {
        return Ok(String::new());
    }
    let class = u64::from(value.u8(2)?);
    d.bits(ATT_ERROR_CLASS, value, 2, 1, class);
    if len < 4 {
        return Ok(String::new());
    }
    let number = d.uint(ATT_ERROR, value, 3, 1)?;
    let code = (class & 7) * 100 + number;
    let name = Names::Values(ERRORS).of(code).unwrap_or("*Unknown error code*".into());
    let mut text = String::new();
    if len > 4 {
        d.string(ATT_ERROR_REASON, value, 4, len - 4);
        let octets = value.bytes().get(4..).unwrap_or_default();
        text = printable(octets.split(|octet| *octet == 0).next().unwrap_or_default());
    }
    d.append_info(|| {
        let space = if text.is_empty() { "" } else { " " };
        format!(" error-code: {code} ({name}){space}{text}")
    });
    let colon = if text.is_empty() { "" } else { ": " };
    Ok(format!(" {code} ({name}){colon}{text}"))
}

/// RFC 8489, 14.7: over the message up to this attribute.
fn fingerprint<'a>(d: &mut Dissector<'a>, message: Tvb<'a>, value: Tvb<'a>) -> Parsed {
    let found = value.u32(0)?;
    let line = d.add(ATT_CRC32, value, 0, 4, Value::Uint(found.into()));
    if !(d.wants(ATT_CRC32_STATUS) || d.wants_expert(ATT_CRC32_BAD) || d.wants_tree()) {
        return Ok(());
    }
    let before = (value.base - message.base) as usize - 4;
    let wanted = crc32(message.slice(0, before)?) ^ FINGERPRINT_MASK;
    let is_good = wanted == found;
    d.append_text(line, || match is_good {
        true => " [correct]".to_owned(),
        false => format!(" incorrect, should be 0x{wanted:08x}"),
    });
    if !is_good {
        d.within(|d| {
            d.expert_with(ATT_CRC32_BAD, value, 0, 4, || format!("Bad Fingerprint [should be 0x{wanted:08x}]"));
        });
    }
    d.generated(ATT_CRC32_STATUS, value, 0, 0, Value::Uint(is_good.into()));
    Ok(())
}

const SAMPLES: &[Sample] = &[Sample {
    link_type: 101,
    frames: &[
        "4500007c00010000401100000a0000010a000002 138d138e00680000 0001004c2112a442000102030405060708090a0b0006000561623a6364000000002400046e0001ff802a0008000000000000000000250000000800140000000000000000000000000000000000000000c05700040001000a80280004517bfb82",
        "4500008800010000401100000a0000020a000001 138e138d00740000 010100582112a442000102030405060708090a0b0020000800013326e1baa5408020001400020000000000000000000000000000000000000001000800010d96010203048023001400020d96000000000000000000000000000000008022000273770000802800049751ec00",
        "4500004400010000401100000a0000010a000002 138d138e00300000 000100142112a442000102030405060708090a0b0006000561623a63640000008028000430e04625",
        "450000a400010000401100000a0000010a000002 13890d9600900000 000300742112a442000102030405060708090a0b0019000411000000000d0004000002580018000180000000001a0000002200080000000000000000001700040100000000030004000000060007000470617373001d00080002000461626364800400040000030180270004000000010010000400000001000f000472c64bc60026000400000000",
        "4500006400010000401100000a0000020a000001 0d96138900500000 011300342112a442000102030405060708090a0b00090006000004014e6f0000001400057265616c6d000000001500056e6f6e6365000000000a0002000100008028000401020304",
        "4500009800010000401100000a0000010a000002 13890d9600840000 000900682112a442000102030405060708090a0b000c0004400000000012000800013326e1baa54080060004616263648008000400000004807000040000000280500018000000000000000000000000000000000000000000000000805500040001000080540001310000007777000461626364001e000461626364",
        "4500004800010000401100000a0000010a000002 13890d9600340000 001600182112a442000102030405060708090a0b0012000800013326e1baa5400013000568656c6c6f000000",
        "4500003600010000401100000a0000010a000002 13930d9600220000 000100062112a442000102030405060708090a0b000600086162",
        "4500002800010000401100000a0000010a000002 13890d9600140000 4000000568656c6c6f000000",
        "4500002f00010000401100000a0000010a000002 13890d96001b0000 ff10000f 0102030405060708 68656c6c6f0000",
        "4500003800010000401100000a0000010a000002 13950d9600240000 000100082112a442000102030405060708090a0b f000000461626364",
        "4500002800010000401100000a0000010a000002 138d138e00140000 4001000568656c6c6f000000",
    ],
}];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn the_rows_are_sorted() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_response_is_matched_by_its_transaction_and_a_request_repeated() {
        let shown = frames(101, SAMPLES[0].frames);
        assert_eq!(values(&shown[0], "stun.response-in"), "2");
        assert_eq!(values(&shown[1], "stun.response-to"), "1");
        assert_eq!(values(&shown[1], "stun.att.ipv4"), "192.168.1.2,1.2.3.4");
        assert_eq!(values(&shown[1], "stun.att.crc32.status"), "1");
        assert_eq!(values(&shown[2], "stun.reqduplicate"), "1");
        assert_eq!(values(&shown[2], "stun.response-in"), "2");
        assert_eq!(values(&shown[4], "stun.att.crc32.status"), "0");
    }

    #[test]
    fn data_of_a_channel_follow_a_message_at_any_port_and_nobody_filters_for_what_is_unknown() {
        let shown = frames(101, SAMPLES[0].frames);
        assert_eq!(values(&shown[9], "stun.att.ms.turn_session_id"), "0x0102030405060708");
        assert_eq!(values(&shown[10], "stun.attribute"), "");
        assert_eq!(values(&shown[10], "stun.value"), "61626364");
        assert_eq!(values(&shown[11], "stun.channel"), "0x4001");
    }

    #[test]
    fn messages_in_a_stream_say_how_long_they_are() {
        assert_eq!(framing(b"\x00\x01\x00\x08\x21\x12\xa4\x42"), Framing::Message(28));
        assert_eq!(framing(b"\x40\x00\x00\x05"), Framing::Message(12));
        assert_eq!(framing(b"\x00\x01\x00\x08\x21\x12"), Framing::More(8));
        assert_eq!(framing(b"\x00\x01\x00\x08abcd"), Framing::Foreign);
        assert_eq!(framing(b"\x80\x01\x00\x08"), Framing::Foreign);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Stun,
            b"\x01\x01\x00\x0c\x21\x12\xa4\x42abcdefghijkl\x00\x20\x00\x08\x00\x01\x33\x26\xe1\xba\xa5\x40",
        );
    }
}
