//! Internet Control Message Protocol (RFC 792), with multi-part messages (RFC 4884), MPLS labels in them (RFC 4950) and the
//! matching of echo requests and replies.

mod samples;

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::{Address, Dissector, Item};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::registry::{ProtoId, Protocol};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Icmp, "icmp", "Internet Control Message Protocol";
    TYPE = field("icmp.type", "Type", Uint8, Dec);
    CODE = field("icmp.code", "Code", Uint8, Dec);
    CHECKSUM = field("icmp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("icmp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    IDENT = field("icmp.ident", "Identifier (BE)", Uint16, DecHex);
    IDENT_LE = field("icmp.ident_le", "Identifier (LE)", Uint16, DecHex);
    SEQ = field("icmp.seq", "Sequence Number (BE)", Uint16, DecHex);
    SEQ_LE = field("icmp.seq_le", "Sequence Number (LE)", Uint16, DecHex);
    UNUSED = field("icmp.unused", "Unused", Bytes, None);
    RESERVED = field("icmp.reserved", "Reserved", Bytes, None);
    MTU = field("icmp.mtu", "MTU of next hop", Uint16, Dec);
    LENGTH = field("icmp.length", "Length", Uint8, Dec);
    LENGTH_ORIGINAL_DATAGRAM = field("icmp.length.original_datagram", "Length of original datagram", Uint8, Dec);
    POINTER = field("icmp.pointer", "Pointer", Uint32, Dec);
    REDIR_GW = field("icmp.redir_gw", "Gateway Address", Ipv4, None);
    NUM_ADDRS = field("icmp.num_addrs", "Number of addresses", Uint8, Dec);
    ADDR_ENTRY_SIZE = field("icmp.addr_entry_size", "Address entry size", Uint8, Dec);
    LIFETIME = field("icmp.lifetime", "Lifetime", Uint16, Dec);
    ROUTER_ADDRESS = field("icmp.router_address", "Router address", Ipv4, None);
    PREF_LEVEL = field("icmp.pref_level", "Preference level", Int32, Dec);
    ORIGINATE_TIMESTAMP = field("icmp.originate_timestamp", "Originate Timestamp", Uint32, Dec);
    RECEIVE_TIMESTAMP = field("icmp.receive_timestamp", "Receive Timestamp", Uint32, Dec);
    TRANSMIT_TIMESTAMP = field("icmp.transmit_timestamp", "Transmit Timestamp", Uint32, Dec);
    ADDRESS_MASK = field("icmp.address_mask", "Address Mask", Ipv4, None);
    RESP_IN = field("icmp.resp_in", "Response frame", FrameNum, None).told_later();
    RESP_TO = field("icmp.resp_to", "Request frame", FrameNum, None);
    RESPTIME = field("icmp.resptime", "Response time", Double, None);
    NO_RESP = field("icmp.no_resp", "No response seen", None, None).told_later();
    DATA_TIME = field("icmp.data_time", "Timestamp from icmp data", AbsoluteTime, None);
    DATA_TIME_RELATIVE = field("icmp.data_time_relative", "Timestamp from icmp data (relative)", RelativeTime, None);
    EXT = field("icmp.ext", "ICMP Multi-Part Extensions", None, None);
    EXT_VERSION = field("icmp.ext.version", "Version", Uint8, Dec);
    EXT_RES = field("icmp.ext.res", "Reserved", Uint16, Hex).mask(0x0fff);
    EXT_CHECKSUM = field("icmp.ext.checksum", "Checksum", Uint16, Hex);
    EXT_CHECKSUM_STATUS = field("icmp.ext.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    EXT_LENGTH = field("icmp.ext.length", "Length", Uint16, Dec);
    EXT_CLASS = field("icmp.ext.class", "Class", Uint8, Dec).names(Names::Values(CLASSES));
    EXT_CTYPE = field("icmp.ext.ctype", "C-Type", Uint8, Dec);
    EXT_DATA = field("icmp.ext.data", "Data", Bytes, None);
    MPLS_LABEL = field("icmp.mpls.label", "Label", Uint24, Dec).mask(0xff_fff0);
    MPLS_EXP = field("icmp.mpls.exp", "Experimental", Uint24, Dec).mask(0x00_000e);
    MPLS_S = field("icmp.mpls.s", "Stack bit", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x00_0001);
    MPLS_TTL = field("icmp.mpls.ttl", "Time to live", Uint8, Dec);
    RESP_NOT_FOUND = expert("icmp.resp_not_found", "No response seen to ICMP request", Warning, Sequence).told_later();
    CHECKSUM_BAD = expert("icmp.checksum_bad", "Bad checksum", Warning, Checksum);
    EXT_CHECKSUM_BAD = expert("icmp.ext.checksum_bad", "Bad checksum", Warning, Checksum);
}

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ECHO_REQUEST: u8 = 8;
const ROUTER_ADVERTISEMENT: u8 = 9;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;

/// Types (IANA "Internet Control Message Protocol (ICMP) Parameters"), with the names that Wireshark shows.
const TYPES: &[(u64, &str)] = &[
    (0, "Echo (ping) reply"),
    (1, "Reserved"),
    (2, "Reserved"),
    (3, "Destination unreachable"),
    (4, "Source quench (flow control)"),
    (5, "Redirect"),
    (6, "Alternate host address"),
    (8, "Echo (ping) request"),
    (9, "Mobile IP Advertisement"),
    (10, "Router solicitation"),
    (11, "Time-to-live exceeded"),
    (12, "Parameter problem"),
    (13, "Timestamp request"),
    (14, "Timestamp reply"),
    (15, "Information request"),
    (16, "Information reply"),
    (17, "Address mask request"),
    (18, "Address mask reply"),
    (19, "Reserved (for security)"),
    (30, "Traceroute"),
    (31, "Datagram Conversion Error"),
    (32, "Mobile Host Redirect"),
    (33, "IPv6 Where-Are-You"),
    (34, "IPv6 I-Am-Here"),
    (35, "Mobile Registration Request"),
    (36, "Mobile Registration Reply"),
    (37, "Domain Name Request"),
    (38, "Domain Name Reply"),
    (39, "SKIP"),
    (40, "Photuris"),
    (41, "Experimental mobility protocols"),
    (42, "Extended Echo request"),
    (43, "Extended Echo reply"),
];
const UNKNOWN_TYPE: &str = "Unknown ICMP (obsolete or malformed?)";

/// Codes of the types that have some.
const CODES: &[(u8, &[(u64, &str)])] = &[
    (
        UNREACHABLE,
        &[
            (0, "Network unreachable"),
            (1, "Host unreachable"),
            (2, "Protocol unreachable"),
            (3, "Port unreachable"),
            (4, "Fragmentation needed"),
            (5, "Source route failed"),
            (6, "Destination network unknown"),
            (7, "Destination host unknown"),
            (8, "Source host isolated"),
            (9, "Network administratively prohibited"),
            (10, "Host administratively prohibited"),
            (11, "Network unreachable for TOS"),
            (12, "Host unreachable for TOS"),
            (13, "Communication administratively filtered"),
            (14, "Host precedence violation"),
            (15, "Precedence cutoff in effect"),
        ],
    ),
    (
        REDIRECT,
        &[
            (0, "Redirect for network"),
            (1, "Redirect for host"),
            (2, "Redirect for TOS and network"),
            (3, "Redirect for TOS and host"),
        ],
    ),
    (6, &[(0, "Alternate address for host")]),
    (ROUTER_ADVERTISEMENT, &[(0, "Normal router advertisement"), (16, "Does not route common traffic")]),
    (TIME_EXCEEDED, &[(0, "Time to live exceeded in transit"), (1, "Fragment reassembly time exceeded")]),
    (PARAMETER_PROBLEM, &[(0, "Pointer indicates the error"), (1, "Required option missing"), (2, "Bad length")]),
    (
        40,
        &[
            (0, "Bad SPI"),
            (1, "Authentication Failed"),
            (2, "Decompression Failed"),
            (3, "Decryption Failed"),
            (4, "Need Authentication"),
            (5, "Need Authorization"),
        ],
    ),
    (42, &[(0, "No error")]),
    (
        43,
        &[
            (0, "No error"),
            (1, "Malformed Query"),
            (2, "No Such Interface"),
            (3, "No Such Table Entry"),
            (4, "Multiple Interfaces Satisfy Query"),
        ],
    ),
];

/// Classes of extension objects (IANA).
const CLASSES: &[(u64, &str)] =
    &[(1, "MPLS Label Stack Class"), (2, "Interface Information Object"), (3, "Interface Identification Object")];
const CLASS_MPLS: u8 = 1;

const HEADER_LEN: usize = 8;
/// RFC 4884, 5.1 and 5.5: at least so many octets of the datagram stand before extensions, and older senders, who say no
/// length, put exactly so many there.
const OLD_ORIGINAL_LEN: usize = 128;
/// A time in the data that differs from the frame's by more, in seconds, is none.
const MAX_DATA_TIME_SECONDS: i64 = 86_400;

/// How many echo requests wait for their reply; then the oldest is forgotten.
pub const MAX_ECHOES: usize = 16_384;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Data],
    samples: samples::SAMPLES,
    ..Protocol::new(ProtoId::Icmp, "ICMP", &[Binding::IpProto(1)], dissect)
};

/// Who asks whom, with identifier, sequence number, and the request's checksum: requests with the same numbers but other
/// data have their own replies.
type Echo = (Address, Address, u16, u16, u16);

/// The echo requests that wait for their reply.
#[derive(Default)]
pub struct Echoes {
    waiting: HashMap<Echo, (u64, i64)>,
    order: VecDeque<(u64, Echo)>,
}

impl Echoes {
    /// Takes note of a request; a repeated one counts from now on.
    pub(crate) fn request(&mut self, echo: Echo, frame: u64, time: i64) {
        self.waiting.insert(echo, (frame, time));
        self.order.push_back((frame, echo));
        while self.order.len() > MAX_ECHOES {
            if let Some((frame, echo)) = self.order.pop_front()
                && self.waiting.get(&echo).is_some_and(|request| request.0 == frame)
            {
                self.waiting.remove(&echo);
            }
        }
    }

    /// The frame and time of the request that a reply answers, for the first reply.
    pub(crate) fn reply(&mut self, echo: Echo) -> Option<(u64, i64)> {
        self.waiting.remove(&echo)
    }
}

fn type_name(kind: u8) -> Cow<'static, str> {
    Names::Values(TYPES).of(kind.into()).unwrap_or(Cow::Borrowed(UNKNOWN_TYPE))
}

fn code_name(kind: u8, code: u8) -> Option<Cow<'static, str>> {
    let row = CODES.iter().find(|row| row.0 == kind)?;
    let name = Names::Values(row.1).of(code.into());
    Some(name.unwrap_or_else(|| format!("Unknown code: {code}").into()))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ICMP");
    d.set_info(String::new);
    // One that was cut off when it was captured is still shown as far as it goes.
    if tvb.reported() < HEADER_LEN {
        return Err(Stop::Malformed);
    }
    d.begin(PROTO, tvb);
    let (kind, code) = (tvb.u8(0)?, tvb.u8(1)?);
    d.set_info(|| match code_name(kind, code) {
        Some(name) => format!("{:<20} ({name})", type_name(kind)),
        None => format!("{:<20}", type_name(kind)),
    });
    let line = d.add(TYPE, tvb, 0, 1, Value::Uint(kind.into()));
    d.text(line, || format!("Type: {kind} ({})", type_name(kind)));
    let line = d.add(CODE, tvb, 1, 1, Value::Uint(code.into()));
    if let Some(name) = code_name(kind, code) {
        d.text(line, || format!("Code: {code} ({name})"));
    }
    add_checksum(d, tvb, &CHECKSUM_FIELDS, checksum::expected)?;
    match kind {
        ECHO_REQUEST | ECHO_REPLY => echo(d, tvb, kind)?,
        13..=18 => timestamps(d, tvb, kind)?,
        42 | 43 => {
            let ident = d.uint(IDENT, tvb, 4, 2)? as u16;
            d.add(IDENT_LE, tvb, 4, 2, Value::Uint(ident.swap_bytes().into()));
        }
        ROUTER_ADVERTISEMENT => routers(d, tvb)?,
        UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM => error(d, tvb, kind, code)?,
        _ => {}
    }
    d.close();
    Ok(())
}

/// The fields of a checksum at octet 2 of a message, with its status and the expert info of a wrong one.
pub(crate) struct ChecksumFields {
    pub(crate) value: FieldId,
    pub(crate) status: FieldId,
    pub(crate) bad: FieldId,
}

const CHECKSUM_FIELDS: ChecksumFields = ChecksumFields { value: CHECKSUM, status: CHECKSUM_STATUS, bad: CHECKSUM_BAD };

/// Adds the checksum at octet 2 and what is to be said of it. `expected` is given the octets and the checksum in them.
pub(crate) fn add_checksum<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    fields: &ChecksumFields,
    expected: impl FnOnce(&[u8], u16) -> u16,
) -> Parsed {
    let found = tvb.u16(2)?;
    if !d.wants_any(&[fields.value, fields.status]) && !d.wants_expert(fields.bad) {
        return Ok(());
    }
    let line = d.open(fields.value, tvb, 2, 2, Value::Uint(found.into()));
    // Of a part of a message, and of one that an error quotes, there is nothing to sum up.
    let status = if !tvb.is_whole() || d.is_fragment || d.is_quoted {
        let why = if d.is_quoted { "in ICMP error packet" } else { "fragmented datagram" };
        d.text(line, || format!("Checksum: 0x{found:04x} [unverified] [{why}]"));
        2
    } else {
        let should = expected(tvb.bytes(), found);
        let is_good = should == found || (should == 0 && found == 0xffff);
        if is_good {
            d.text(line, || format!("Checksum: 0x{found:04x} [correct]"));
        } else {
            d.text(line, || format!("Checksum: 0x{found:04x} incorrect, should be 0x{should:04x}"));
            d.expert_with(fields.bad, tvb, 2, 2, || format!("Bad checksum [should be 0x{should:04x}]"));
        }
        u64::from(is_good)
    };
    d.close();
    d.generated(fields.status, tvb, 2, 0, Value::Uint(status));
    Ok(())
}

fn identifiers<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<(u16, u16), Stop> {
    let (ident, seq) = (tvb.u16(4)?, tvb.u16(6)?);
    for (field, at, value) in
        [(IDENT, 4, ident), (IDENT_LE, 4, ident.swap_bytes()), (SEQ, 6, seq), (SEQ_LE, 6, seq.swap_bytes())]
    {
        d.add(field, tvb, at, 2, Value::Uint(value.into()));
    }
    let ttl = d.hop_limit;
    d.append_info(|| format!(" id=0x{ident:04x}, seq={seq}/{}, ttl={ttl}", seq.swap_bytes()));
    Ok((ident, seq))
}

fn is_to_many(address: Address) -> Option<&'static str> {
    match address {
        Address::Ipv4([255, 255, 255, 255]) => Some("broadcast"),
        Address::Ipv4([224..240, ..]) | Address::Ipv6([0xff, ..]) => Some("multicast"),
        _ => None,
    }
}

/// The fields by which requests and replies point at each other.
pub(crate) struct EchoFields {
    pub(crate) resp_in: FieldId,
    pub(crate) resp_to: FieldId,
    pub(crate) resptime: FieldId,
    pub(crate) no_resp: FieldId,
    pub(crate) not_found: FieldId,
    /// The message of `not_found`, given the request's frame.
    pub(crate) message: fn(u64) -> String,
}

const ECHO_FIELDS: EchoFields = EchoFields {
    resp_in: RESP_IN,
    resp_to: RESP_TO,
    resptime: RESPTIME,
    no_resp: NO_RESP,
    not_found: RESP_NOT_FOUND,
    message: |_| "No response seen to ICMP request".to_owned(),
};

/// Finds and shows the other side of an echo. `checksum` is that of the request, or what it must have been.
pub(crate) fn match_echo<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    is_request: bool,
    (ident, seq, checksum): (u16, u16, u16),
    fields: &EchoFields,
) {
    if d.is_quoted {
        return;
    }
    let ends = d.endpoints;
    if is_request && let Some(many) = is_to_many(ends.dst) {
        d.append_info(|| format!(" ({many})"));
        return;
    }
    let (frame, time) = (d.packet.number, d.packet.time);
    if let Some(flows) = d.flows() {
        if is_request {
            flows.echoes.request((ends.src, ends.dst, ident, seq, checksum), frame, time);
        } else if let Some((request, asked)) = flows.echoes.reply((ends.dst, ends.src, ident, seq, checksum)) {
            d.record(Fact::Echo { frame: request, after: time.saturating_sub(asked) });
            d.amend(request, Fact::Echo { frame, after: 0 });
        }
    }
    let other = d.fact(|fact| match fact {
        Fact::Echo { frame, after } => Some((*frame, *after)),
        _ => None,
    });
    match (other, is_request) {
        (Some((frame, _)), true) => {
            d.generated(fields.resp_in, tvb, 0, 0, Value::Uint(frame));
            d.append_info(|| format!(" (reply in {frame})"));
        }
        (Some((frame, after)), false) => {
            d.generated(fields.resp_to, tvb, 0, 0, Value::Uint(frame));
            let milliseconds = after as f64 / 1e6;
            let line = d.generated(fields.resptime, tvb, 0, 0, Value::Float(milliseconds));
            d.text(line, || format!("Response time: {milliseconds:.3} ms"));
            d.append_info(|| format!(" (request in {frame})"));
        }
        (None, true) => {
            let line = d.open(fields.no_resp, tvb, 0, 0, Value::None);
            d.mark_generated(line);
            d.expert_with(fields.not_found, tvb, 0, 0, || (fields.message)(frame));
            d.close();
            d.append_info(|| " (no response found!)".to_owned());
        }
        (None, false) => {}
    }
}

fn echo<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    let (ident, seq) = identifiers(d, tvb)?;
    let is_request = kind == ECHO_REQUEST;
    let type_word = u16::from(ECHO_REQUEST) << 8;
    let sum = checksum::of_request(tvb.u16(2)?, if is_request { 0 } else { type_word });
    match_echo(d, tvb, is_request, (ident, seq, sum), &ECHO_FIELDS);
    let mut at = HEADER_LEN;
    if let Some(time) = data_time(tvb, d.packet.time) {
        d.add(DATA_TIME, tvb, at, 8, Value::Time(time));
        let since = d.packet.time.saturating_sub(time);
        d.generated(DATA_TIME_RELATIVE, tvb, at, 8, Value::Time(since));
        at += 8;
    }
    d.call_within(ProtoId::Data, tvb.from(at));
    Ok(())
}

/// The time at which ping says that it sent the request: seconds and microseconds of 32 bits in either byte order.
fn data_time(tvb: Tvb<'_>, now: i64) -> Option<i64> {
    let at = HEADER_LEN;
    let little = (tvb.u32_le(at).ok()?, tvb.u32_le(at + 4).ok()?);
    let big = (tvb.u32(at).ok()?, tvb.u32(at + 4).ok()?);
    [little, big].into_iter().find_map(|(seconds, micros)| {
        let time = i64::from(seconds) * 1_000_000_000 + i64::from(micros) * 1000;
        let is_near = now.saturating_sub(time).unsigned_abs() < MAX_DATA_TIME_SECONDS.unsigned_abs() * 1_000_000_000;
        (micros < 1_000_000 && is_near).then_some(time)
    })
}

fn timestamps<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    identifiers(d, tvb)?;
    match kind {
        13 | 14 => {
            for (field, at) in [(ORIGINATE_TIMESTAMP, 8), (RECEIVE_TIMESTAMP, 12), (TRANSMIT_TIMESTAMP, 16)] {
                d.uint(field, tvb, at, 4)?;
            }
        }
        17 | 18 => {
            d.add(ADDRESS_MASK, tvb, 8, 4, Value::Ipv4(tvb.array(8)?));
        }
        _ => {}
    }
    Ok(())
}

/// Router advertisements (RFC 1256, 3).
fn routers<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let count = d.uint(NUM_ADDRS, tvb, 4, 1)?;
    let size = d.uint(ADDR_ENTRY_SIZE, tvb, 5, 1)?;
    d.uint(LIFETIME, tvb, 6, 2)?;
    if size < 2 {
        return Ok(());
    }
    for n in 0..count as usize {
        let at = HEADER_LEN + n * size as usize * 4;
        d.add(ROUTER_ADDRESS, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
        let level = tvb.u32(at + 4)? as i32;
        d.add(PREF_LEVEL, tvb, at + 4, 4, Value::Int(level.into()));
    }
    Ok(())
}

/// An error: what is wrong, and the beginning of the datagram that was.
fn error<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8, code: u8) -> Parsed {
    let rest = tvb.slice(4, 4)?;
    let length = match kind {
        UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM => rest.get(1).copied().unwrap_or_default(),
        _ => 0,
    };
    if kind == PARAMETER_PROBLEM {
        d.uint(POINTER, tvb, 4, 1)?;
    }
    let add_length = |d: &mut Dissector<'a>| {
        d.add(LENGTH, tvb, 5, 1, Value::Uint(length.into()));
        let octets = usize::from(length) * 4;
        d.generated(LENGTH_ORIGINAL_DATAGRAM, tvb, 5, 1, Value::Uint(octets as u64));
    };
    match (kind, code) {
        (REDIRECT, _) => {
            d.add(REDIR_GW, tvb, 4, 4, Value::Ipv4(tvb.array(4)?));
        }
        (UNREACHABLE, 4) => {
            if length > 0 {
                d.bytes(UNUSED, tvb, 4, 1);
                add_length(d);
            } else {
                d.bytes(UNUSED, tvb, 4, 2);
            }
            d.uint(MTU, tvb, 6, 2)?;
        }
        (UNREACHABLE | TIME_EXCEEDED, _) if length > 0 => {
            d.bytes(UNUSED, tvb, 4, 1);
            add_length(d);
            d.bytes(UNUSED, tvb, 6, 2);
        }
        (UNREACHABLE | TIME_EXCEEDED, _) => {
            d.bytes(UNUSED, tvb, 4, 4);
        }
        (PARAMETER_PROBLEM, _) if length > 0 => {
            add_length(d);
            d.bytes(UNUSED, tvb, 6, 2);
        }
        (PARAMETER_PROBLEM, _) => {
            d.bytes(UNUSED, tvb, 5, 3);
        }
        _ => {}
    }
    let mut quoted = tvb.from(HEADER_LEN);
    if quoted.is_empty() {
        return Ok(());
    }
    let mut extensions = None;
    if length > 0 {
        let octets = usize::from(length) * 4;
        if octets >= OLD_ORIGINAL_LEN && quoted.reported() > octets {
            extensions = Some(quoted.from(octets));
            quoted = quoted.sub(0, octets);
        }
    } else if matches!(kind, UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM) {
        let after = quoted.from(OLD_ORIGINAL_LEN);
        let looks_right = after.u8(0).is_ok_and(|octet| octet >> 4 == 2)
            && after.u16(2).is_ok_and(|found| checksum::expected(after.bytes(), found) == found);
        if looks_right {
            extensions = Some(after);
            quoted = quoted.sub(0, OLD_ORIGINAL_LEN);
        }
    } else if kind == REDIRECT {
        quoted = quoted.sub(0, 28);
    }
    d.quote(ProtoId::Ip, quoted);
    if usize::from(length) * 4 > tvb.reported() - HEADER_LEN {
        // Not even the datagram has the length that the message says.
        return Err(Stop::Malformed);
    }
    if let Some(extensions) = extensions {
        let _ = extension(d, extensions);
    }
    Ok(())
}

/// `icmp.ext.checksum.status` where the sender made none (RFC 4884, 7).
const NO_CHECKSUM: u64 = 3;

/// The extension structure behind the quoted datagram (RFC 4884, 7).
fn extension<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let version = tvb.u8(0)? >> 4;
    let item = d.open(EXT, tvb, 0, tvb.reported(), Value::None);
    if version != 2 {
        d.append_text(item, || " (unsupported version)".to_owned());
    }
    d.add(EXT_VERSION, tvb, 0, 1, Value::Uint(version.into()));
    d.bits(EXT_RES, tvb, 0, 2, tvb.u16(0)?.into());
    let fields = ChecksumFields { value: EXT_CHECKSUM, status: EXT_CHECKSUM_STATUS, bad: EXT_CHECKSUM_BAD };
    if tvb.u16(2)? == 0 {
        let item = d.add(EXT_CHECKSUM, tvb, 2, 2, Value::Uint(0));
        d.append_text(item, || " [zero (none)]".to_owned());
        d.generated(EXT_CHECKSUM_STATUS, tvb, 2, 0, Value::Uint(NO_CHECKSUM));
    } else {
        add_checksum(d, tvb, &fields, checksum::expected)?;
    }
    let mut at = 4;
    while version == 2 && tvb.reported() >= at + 4 {
        let len = usize::from(tvb.u16(at)?);
        let (class, ctype) = (tvb.u8(at + 2)?, tvb.u8(at + 3)?);
        let is_whole = len >= 4 && at + len <= tvb.reported();
        d.open_text(tvb, at, len, || {
            let name = match class {
                1 => "MPLS Stack Entry".to_owned(),
                2 | 3 => Names::Values(CLASSES).of(class.into()).unwrap_or_default().into_owned(),
                _ => format!("Unknown object ({class}/{ctype})"),
            };
            if is_whole { name } else { name + " (truncated)" }
        });
        d.uint(EXT_LENGTH, tvb, at, 2)?;
        d.uint(EXT_CLASS, tvb, at + 2, 1)?;
        d.uint(EXT_CTYPE, tvb, at + 3, 1)?;
        let data = tvb.sub(at + 4, len.saturating_sub(4));
        if class == CLASS_MPLS && is_whole {
            for entry in (0..data.reported().saturating_sub(3)).step_by(4) {
                label(d, data, entry)?;
            }
        } else if !data.is_empty() {
            d.bytes(EXT_DATA, data, 0, data.len());
        }
        d.close();
        if !is_whole {
            break;
        }
        at += len;
    }
    d.close();
    Ok(())
}

fn label<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let bits = tvb.u24(at)?;
    let ttl = tvb.u8(at + 3)?;
    let _: Item = d
        .open_text(tvb, at, 4, || format!("Label: {}, Exp: {}, S: {}, TTL: {ttl}", bits >> 4, bits >> 1 & 7, bits & 1));
    d.bits(MPLS_LABEL, tvb, at, 3, bits.into());
    d.bits(MPLS_EXP, tvb, at, 3, bits.into());
    d.flag(MPLS_S, tvb, at, 3, bits.into());
    d.uint(MPLS_TTL, tvb, at + 3, 1)?;
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn the_oldest_request_is_forgotten_at_the_limit() {
        let ends = |n: u32| (Address::Ipv4(n.to_be_bytes()), Address::Ipv4([10, 0, 0, 1]), 1, 1, 0);
        let mut echoes = Echoes::default();
        for n in 1..=MAX_ECHOES as u32 + 3 {
            echoes.request(ends(n), n.into(), 0);
        }
        assert_eq!((echoes.waiting.len(), echoes.order.len()), (MAX_ECHOES, MAX_ECHOES));
        assert_eq!(echoes.reply(ends(3)), None);
        assert_eq!(echoes.reply(ends(4)), Some((4, 0)));
        assert_eq!(echoes.reply(ends(4)), None);
    }

    const REQUEST: &str = "45000020 00000000 40010000 0a000001 0a000002 0800f3f700010001 01020304";
    const REPLY: &str = "45000020 00000000 40010000 0a000002 0a000001 0000fbf700010001 01020304";

    #[test]
    fn requests_and_replies_name_each_other() {
        let shown = frames(228, &[REQUEST, REPLY, REPLY, REQUEST]);
        assert_eq!(values(&shown[0], "icmp.resp_in"), "2");
        assert_eq!(values(&shown[1], "icmp.resp_to"), "1");
        assert_eq!(values(&shown[1], "icmp.resptime"), "1000");
        assert_eq!(values(&shown[2], "icmp.resp_to"), "");
        assert_eq!(values(&shown[3], "_ws.expert.message"), "No response seen to ICMP request");
    }

    #[test]
    fn a_quoted_request_is_nobodys_request() {
        let quoted = format!("4500003c 00000000 40010000 0a000002 0a000001 0301fcfe 00000000 {REQUEST}");
        let shown = frames(228, &[&quoted, REPLY]);
        assert_eq!(values(&shown[0], "icmp.type"), "3,8");
        assert_eq!(values(&shown[1], "icmp.resp_to"), "");
        // The beginning of a datagram is all that an error has to quote.
        let shown = frames(228, &[&quoted[..quoted.len() - 30]]);
        assert_eq!(values(&shown[0], "_ws.malformed"), "");
    }

    #[test]
    fn labels_stand_behind_the_quoted_datagram() {
        let head = "450000b4 00000000 40010000 0a000002 0a000001 0b00f4ff 00200000";
        let frame = format!("{head} {REQUEST} {} 20000000 0008 0101 00011140", "00".repeat(96));
        let shown = frames(228, &[&frame]);
        assert_eq!(values(&shown[0], "icmp.mpls.label"), "17");
        assert_eq!(values(&shown[0], "icmp.length.original_datagram"), "128");
    }
}
