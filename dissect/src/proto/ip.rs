//! Internet Protocol version 4 (RFC 791), with its options, the Differentiated Services field (RFC 2474, RFC 3168) and
//! reassembly.

mod samples;

use std::borrow::Cow;
use std::sync::Arc;

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector, Item};
use crate::facts::Fact;
use crate::field::{FieldId, FieldType, Names, fields};
use crate::host_names;
use crate::numbers::{IP_PROTOCOLS, ip_protocol_name};
use crate::reassembly::{Arrival, Datagram, Key};
use crate::registry::{self, ProtoId, Protocol};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ip, "ip", "Internet Protocol Version 4";
    VERSION = field("ip.version", "Version", Uint8, Dec).mask(0xf0).fed_by(&[ProtoId::Ipv6]);
    HDR_LEN = field("ip.hdr_len", "Header Length", Uint8, Dec);
    DSFIELD = field("ip.dsfield", "Differentiated Services Field", Uint8, Hex);
    DSCP = field("ip.dsfield.dscp", "Differentiated Services Codepoint", Uint8, Dec).names(Names::Values(DSCP_NAMES)).mask(0xfc);
    ECN = field("ip.dsfield.ecn", "Explicit Congestion Notification", Uint8, Dec).names(Names::Values(ECN_NAMES)).mask(0x03);
    LEN = field("ip.len", "Total Length", Uint16, Dec);
    ID = field("ip.id", "Identification", Uint16, HexDec);
    FLAGS = field("ip.flags", "Flags", Uint8, Hex).mask(0xe0);
    FLAGS_RB = field("ip.flags.rb", "Reserved bit", Boolean, None).names(SET).mask(0x80);
    FLAGS_DF = field("ip.flags.df", "Don't fragment", Boolean, None).names(SET).mask(0x40);
    FLAGS_MF = field("ip.flags.mf", "More fragments", Boolean, None).names(SET).mask(0x20);
    FRAG_OFFSET = field("ip.frag_offset", "Fragment Offset", Uint16, Dec).mask(0x1fff);
    TTL = field("ip.ttl", "Time to Live", Uint8, Dec);
    PROTOCOL_NUMBER = field("ip.proto", "Protocol", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    CHECKSUM = field("ip.checksum", "Header Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("ip.checksum.status", "Header checksum status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    SRC = field("ip.src", "Source Address", Ipv4, None);
    DST = field("ip.dst", "Destination Address", Ipv4, None);
    ADDR = field("ip.addr", "Source or Destination Address", Ipv4, None);
    SRC_HOST = field("ip.src_host", "Source Host", String, None);
    DST_HOST = field("ip.dst_host", "Destination Host", String, None);
    HOST = field("ip.host", "Source or Destination Host", String, None);
    CUR_RT = field("ip.cur_rt", "Current Route", Ipv4, None);
    CUR_RT_HOST = field("ip.cur_rt_host", "Current Route Host", String, None);
    SRC_RT = field("ip.src_rt", "Source Route", Ipv4, None);
    SRC_RT_HOST = field("ip.src_rt_host", "Source Route Host", String, None);
    REC_RT = field("ip.rec_rt", "Recorded Route", Ipv4, None);
    REC_RT_HOST = field("ip.rec_rt_host", "Recorded Route Host", String, None);
    EMPTY_RT = field("ip.empty_rt", "Empty Route", Ipv4, None);
    EMPTY_RT_HOST = field("ip.empty_rt_host", "Empty Route Host", String, None);
    OPT_TYPE = field("ip.opt.type", "Type", Uint8, Dec);
    OPT_TYPE_COPY = field("ip.opt.type.copy", "Copy on fragmentation", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x80);
    OPT_TYPE_CLASS = field("ip.opt.type.class", "Class", Uint8, Dec).names(Names::Values(OPTION_CLASSES)).mask(0x60);
    OPT_TYPE_NUMBER = field("ip.opt.type.number", "Number", Uint8, Dec).names(Names::Values(OPTION_NUMBERS)).mask(0x1f);
    OPT_LEN = field("ip.opt.len", "Length", Uint8, Dec);
    OPT_PTR = field("ip.opt.ptr", "Pointer", Uint8, Dec);
    OPT_SID = field("ip.opt.sid", "Stream Identifier", Uint16, Dec);
    OPT_MTU = field("ip.opt.mtu", "MTU", Uint16, Dec);
    OPT_ID_NUMBER = field("ip.opt.id_number", "ID Number", Uint16, Dec);
    OPT_OHC = field("ip.opt.ohc", "Outbound Hop Count", Uint16, Dec);
    OPT_RHC = field("ip.opt.rhc", "Return Hop Count", Uint16, Dec);
    OPT_ORIGINATOR = field("ip.opt.originator", "Originator IP Address", Ipv4, None);
    OPT_RA = field("ip.opt.ra", "Router Alert", Uint16, Dec).names(Names::Ranges(ROUTER_ALERTS));
    OPT_ADDR = field("ip.opt.addr", "IP Address", Ipv4, None);
    OPT_OVERFLOW = field("ip.opt.overflow", "Overflow", Uint8, Dec).mask(0xf0);
    OPT_FLAG = field("ip.opt.flag", "Flag", Uint8, Hex).names(Names::Values(TIMESTAMP_FLAGS)).mask(0x0f);
    OPT_TIME_STAMP = field("ip.opt.time_stamp", "Time stamp", Uint32, Dec);
    OPT_TIME_STAMP_ADDR = field("ip.opt.time_stamp_addr", "Address", Ipv4, None);
    OPT_EOL = field("ip.options.eol", "IP Option - End of Options List (EOL)", Bytes, None);
    OPT_NOP = field("ip.options.nop", "IP Option - No-Operation (NOP)", Bytes, None);
    OPT_SECURITY = field("ip.options.security", "IP Option - Security", Bytes, None);
    OPT_ROUTE = field("ip.options.route", "IP Option - Loose Source Route", Bytes, None);
    OPT_TIMESTAMP = field("ip.options.timestamp", "IP Option - Time Stamp", Bytes, None);
    OPT_EXT_SECURITY = field("ip.options.ext_security", "IP Option - Extended Security", Bytes, None);
    OPT_CIPSO = field("ip.options.cipso", "IP Option - Commercial Security", Bytes, None);
    OPT_RECORD_ROUTE = field("ip.options.record_route", "IP Option - Record Route", Bytes, None);
    OPT_STREAM_ID = field("ip.options.sid", "IP Option - Stream ID", Bytes, None);
    OPT_SOURCE_ROUTE = field("ip.options.source_route", "IP Option - Strict Source Route", Bytes, None);
    OPT_MTU_PROBE = field("ip.options.mtu_probe", "IP Option - MTU Probe", Bytes, None);
    OPT_MTU_REPLY = field("ip.options.mtu_reply", "IP Option - MTU Reply", Bytes, None);
    OPT_TRACEROUTE = field("ip.options.traceroute", "IP Option - Traceroute", Bytes, None);
    OPT_ROUTERALERT = field("ip.options.routeralert", "IP Option - Router Alert", Bytes, None);
    OPT_SDB = field("ip.options.sdb", "IP Option - Selective Directed Broadcast", Bytes, None);
    OPT_QS = field("ip.options.qs", "IP Option - Quick-Start", Bytes, None);
    FRAGMENTS = field("ip.fragments", "IPv4 Fragments", Bytes, None);
    FRAGMENT = field("ip.fragment", "IPv4 Fragment", FrameNum, None);
    FRAGMENT_OVERLAP = field("ip.fragment.overlap", "Fragment overlap", Boolean, None);
    FRAGMENT_OVERLAP_CONFLICT = field("ip.fragment.overlap.conflict", "Conflicting data in fragment overlap", Boolean, None);
    FRAGMENT_MULTIPLETAILS = field("ip.fragment.multipletails", "Multiple tail fragments found", Boolean, None);
    FRAGMENT_TOOLONGFRAGMENT = field("ip.fragment.toolongfragment", "Fragment too long", Boolean, None);
    FRAGMENT_ERROR = field("ip.fragment.error", "Defragmentation error", FrameNum, None);
    FRAGMENT_COUNT = field("ip.fragment.count", "Fragment count", Uint32, Dec);
    REASSEMBLED_IN = field("ip.reassembled_in", "Reassembled IPv4 in frame", FrameNum, None).told_later();
    REASSEMBLED_LENGTH = field("ip.reassembled.length", "Reassembled IPv4 length", Uint32, Dec);
    REASSEMBLED_DATA = field("ip.reassembled.data", "Reassembled IPv4 data", Bytes, None);
    OPT_LEN_INVALID = expert("ip.opt.len.invalid", "Invalid length for option", Warning, Protocol);
    OPT_PTR_BEFORE_ADDRESS = expert("ip.opt.ptr.before_address", "Pointer points before first address", Warning, Protocol);
    OPT_PTR_MIDDLE_ADDRESS = expert("ip.opt.ptr.middle_address", "Pointer points to middle of address", Warning, Protocol);
    NOP_RUN = expert("ip.nop", "4 NOP in a row - a router may have removed some options", Warning, Protocol);
    BOGUS_IP_LENGTH = expert("ip.bogus_ip_length", "Bogus IP length", Error, Protocol);
    TTL_LNCB = expert("ip.ttl.lncb", "Time To Live", Note, Sequence);
    TTL_TOO_SMALL = expert("ip.ttl.too_small", "Time To Live", Note, Sequence);
    BOGUS_IP_VERSION = expert("ip.bogus_ip_version", "Bogus IPv4 version", Error, Protocol);
    BOGUS_HEADER_LENGTH = expert("ip.bogus_header_length", "Bogus IP header length", Error, Protocol);
}

const SET: Names = Names::Flag("Set", "Not set");

/// Differentiated services codepoints (IANA).
pub(crate) const DSCP_NAMES: &[(u64, &str)] = &[
    (0, "Default"),
    (1, "Lower Effort"),
    (8, "Class Selector 1"),
    (10, "Assured Forwarding 11"),
    (12, "Assured Forwarding 12"),
    (14, "Assured Forwarding 13"),
    (16, "Class Selector 2"),
    (18, "Assured Forwarding 21"),
    (20, "Assured Forwarding 22"),
    (22, "Assured Forwarding 23"),
    (24, "Class Selector 3"),
    (26, "Assured Forwarding 31"),
    (28, "Assured Forwarding 32"),
    (30, "Assured Forwarding 33"),
    (32, "Class Selector 4"),
    (34, "Assured Forwarding 41"),
    (36, "Assured Forwarding 42"),
    (38, "Assured Forwarding 43"),
    (40, "Class Selector 5"),
    (44, "Voice Admit"),
    (46, "Expedited Forwarding"),
    (48, "Class Selector 6"),
    (56, "Class Selector 7"),
];

/// Short names of the same.
const DSCP_SHORT: &[(u64, &str)] = &[
    (0, "CS0"),
    (1, "LE"),
    (8, "CS1"),
    (10, "AF11"),
    (12, "AF12"),
    (14, "AF13"),
    (16, "CS2"),
    (18, "AF21"),
    (20, "AF22"),
    (22, "AF23"),
    (24, "CS3"),
    (26, "AF31"),
    (28, "AF32"),
    (30, "AF33"),
    (32, "CS4"),
    (34, "AF41"),
    (36, "AF42"),
    (38, "AF43"),
    (40, "CS5"),
    (44, "VOICE-ADMIT"),
    (46, "EF PHB"),
    (48, "CS6"),
    (56, "CS7"),
];

/// Explicit congestion notification (RFC 3168, 5).
pub(crate) const ECN_NAMES: &[(u64, &str)] = &[
    (0, "Not ECN-Capable Transport"),
    (1, "ECN-Capable Transport codepoint '01'"),
    (2, "ECN-Capable Transport codepoint '10'"),
    (3, "Congestion Experienced"),
];

/// What may be said of a checksum; the same of all protocols.
pub(crate) const CHECKSUM_STATUSES: &[(u64, &str)] =
    &[(0, "Bad"), (1, "Good"), (2, "Unverified"), (3, "Not present"), (4, "Illegal")];

const OPTION_CLASSES: &[(u64, &str)] =
    &[(0, "Control"), (1, "Reserved for future use"), (2, "Debugging and measurement"), (3, "Reserved for future use")];

const OPTION_NUMBERS: &[(u64, &str)] = &[
    (0, "End of Option List (EOL)"),
    (1, "No-Operation (NOP)"),
    (2, "Security"),
    (3, "Loose source route"),
    (4, "Time stamp"),
    (5, "Extended security"),
    (6, "Commercial IP security option"),
    (7, "Record route"),
    (8, "Stream identifier"),
    (9, "Strict source route"),
    (10, "Experimental Measurement"),
    (11, "MTU probe"),
    (12, "MTU Reply"),
    (13, "Experimental Flow Control"),
    (14, "Experimental Access Control"),
    (15, "Ask Estrin"),
    (16, "IMI Traffic Descriptor"),
    (17, "Extended Internet Protocol"),
    (18, "Traceroute"),
    (19, "Address Extension"),
    (20, "Router Alert"),
    (21, "Selective Directed Broadcast"),
    (22, "Unassigned"),
    (23, "Dynamic Packet State"),
    (24, "Upstream Multicast Packet"),
    (25, "Quick-Start"),
    (30, "RFC 3692-style experiment"),
];

const ROUTER_ALERTS: &[(u64, u64, &str)] = &[(0, 0, "Router shall examine packet"), (1, 65_535, "Reserved")];

const TIMESTAMP_FLAGS: &[(u64, &str)] =
    &[(0, "Time stamps only"), (1, "Time stamp and address"), (3, "Time stamps for prespecified addresses")];

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::IpProto],
    calls: &[ProtoId::Ipv6, ProtoId::Data],
    samples: samples::SAMPLES,
    ..Protocol::new(
        ProtoId::Ip,
        "IPv4",
        &[
            Binding::LinkType(228),
            Binding::EtherType(0x0800),
            Binding::PppProtocol(0x0021),
            Binding::IpProto(4),
            Binding::LlcSap(0x06),
        ],
        dissect,
    )
};

/// The shortest header: no options.
const HEADER_LEN: usize = 20;
const FLAG_MORE_FRAGMENTS: u16 = 0x2000;
const IGMP: u8 = 2;

/// What the payload needs to know of its header.
struct Header {
    src: [u8; 4],
    dst: [u8; 4],
    header_len: usize,
    /// The whole datagram's length; what follows is padding.
    len: usize,
    identification: u16,
    /// Flags and offset.
    fragmentation: u16,
    ttl: u8,
    protocol: u8,
}

impl Header {
    /// The header when nobody looks at it, if there is nothing wrong with it and nothing special about it.
    fn plain(tvb: Tvb<'_>) -> Option<Self> {
        let octets = tvb.array::<HEADER_LEN>(0).ok()?;
        let word = |at: usize| u16::from_be_bytes([octets[at], octets[at + 1]]);
        let len = usize::from(word(2));
        (octets[0] == 0x45 && len >= HEADER_LEN).then(|| Self {
            src: [octets[12], octets[13], octets[14], octets[15]],
            dst: [octets[16], octets[17], octets[18], octets[19]],
            header_len: HEADER_LEN,
            len,
            identification: word(4),
            fragmentation: word(6),
            ttl: octets[8],
            protocol: octets[9],
        })
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IPv4");
    d.set_info(String::new);
    let first = tvb.u8(0)?;
    if first >> 4 != 4 && matches!(d.parent(), Some(ProtoId::Frame | ProtoId::Ip | ProtoId::Ipv6 | ProtoId::Icmp)) {
        return other_version(d, tvb, first >> 4);
    }
    let item = d.begin(PROTO, tvb);
    let plain = match d.wants_own() {
        true => None,
        false => Header::plain(tvb),
    };
    let header = match plain {
        Some(header) => header,
        None => match show_header(d, tvb, item, first)? {
            Some(header) => header,
            None => return Ok(()),
        },
    };
    d.hop_limit = header.ttl;
    d.set_addresses(Address::Ipv4(header.src), Address::Ipv4(header.dst));
    d.end_payload(tvb, header.len.min(tvb.reported()));
    payload(d, tvb, &header);
    Ok(())
}

/// Adds the header's fields; answers nothing where it makes no sense to go on.
fn show_header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, item: Item, first: u8) -> Result<Option<Header>, Stop> {
    let header_len = usize::from(first & 0x0f) * 4;
    d.set_len(item, header_len);
    d.bits(VERSION, tvb, 0, 1, first.into());
    if first >> 4 != 4 {
        bogus_version(d, tvb, first >> 4);
        return Ok(None);
    }
    let line = d.open(HDR_LEN, tvb, 0, 1, Value::Uint(header_len as u64));
    d.text(line, || {
        format!(".... {:02b}{:02b} = Header Length: {header_len} bytes ({})", first >> 2 & 3, first & 3, first & 15)
    });
    if header_len < HEADER_LEN {
        let message = || format!("Bogus IP header length ({header_len}, must be at least 20)");
        d.expert_with(BOGUS_HEADER_LENGTH, tvb, 0, 1, message);
        d.set_info(message);
        d.close();
        return Ok(None);
    }
    d.close();
    dsfield(d, tvb)?;
    let Some(len) = total_length(d, tvb, header_len)? else {
        return Ok(None);
    };
    let identification = d.uint(ID, tvb, 4, 2)? as u16;
    let fragmentation = tvb.u16(6)?;
    let line = d.bits(FLAGS, tvb, 6, 1, (fragmentation >> 8).into());
    flags_text(d, line, (fragmentation >> 8) as u8);
    d.within(|d| {
        for flag in [FLAGS_RB, FLAGS_DF, FLAGS_MF] {
            d.flag(flag, tvb, 6, 1, (fragmentation >> 8).into());
        }
    });
    let line = d.bits(FRAG_OFFSET, tvb, 6, 2, fragmentation.into());
    d.text(line, || {
        let digits = format!("{:013b}", fragmentation & 0x1fff);
        let (a, b, c, e) = (&digits[..1], &digits[1..5], &digits[5..9], &digits[9..]);
        format!("...{a} {b} {c} {e} = Fragment Offset: {}", (fragmentation & 0x1fff) * 8)
    });
    let ttl = tvb.u8(8)?;
    d.add(TTL, tvb, 8, 1, Value::Uint(ttl.into()));
    if d.wants_expert(TTL_LNCB) || d.wants_expert(TTL_TOO_SMALL) {
        let dst = tvb.array::<4>(16);
        let is_igmp = tvb.u8(9) == Ok(IGMP);
        d.within(|d| time_to_live(d, tvb, ttl, dst, is_igmp));
    }
    let protocol = d.uint(PROTOCOL_NUMBER, tvb, 9, 1)? as u8;
    let checksum = tvb.u16(10)?;
    let line = d.add(CHECKSUM, tvb, 10, 2, Value::Uint(checksum.into()));
    d.text(line, || format!("Header Checksum: 0x{checksum:04x} [validation disabled]"));
    // Network cards fill in the checksum behind the capture: it says nothing, so it is not checked.
    d.generated(CHECKSUM_STATUS, tvb, 10, 0, Value::Uint(2));

    let src = tvb.array::<4>(12)?;
    let names = d.packet.names;
    address(d, tvb, 12, src, &[(SRC, SRC_HOST), (ADDR, HOST)]);
    d.append_text(item, || format!(", Src: {}", host_names::label(names, Address::Ipv4(src))));
    let Ok(mut dst) = tvb.array::<4>(16) else {
        d.set_addresses(Address::Ipv4(src), d.endpoints.dst);
        return tvb.array::<4>(16).map(|_| None);
    };
    let options_len = header_len - HEADER_LEN;
    let routed = match options_len {
        0 => None,
        _ => tvb.slice(HEADER_LEN, options_len).ok().and_then(last_hop),
    };
    let mut via = None;
    match routed {
        None => address(d, tvb, 16, dst, &[(DST, DST_HOST), (ADDR, HOST)]),
        Some((_, last)) => {
            address(d, tvb, 16, dst, &[(CUR_RT, CUR_RT_HOST)]);
            via = Some(std::mem::replace(&mut dst, last));
        }
    }
    d.append_text(item, || format!(", Dst: {}", host_names::label(names, Address::Ipv4(dst))));
    if let Some(via) = via {
        d.append_text(item, || format!(", Via: {}", host_names::label(names, Address::Ipv4(via))));
    }
    d.set_addresses(Address::Ipv4(src), Address::Ipv4(dst));
    if options_len > 0 {
        options(d, tvb, options_len, routed.map(|row| row.0))?;
    }
    Ok(Some(Header { src, dst, header_len, len, identification, fragmentation, ttl, protocol }))
}

/// Adds the total length; answers the length that the datagram has, unless it cannot have one.
fn total_length<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header_len: usize) -> Result<Option<usize>, Stop> {
    let available = tvb.reported();
    let said = usize::from(tvb.u16(2)?);
    let line = d.open(LEN, tvb, 2, 2, Value::Uint(said as u64));
    let mut len = Some(said);
    if said == 0 {
        // The network card was to cut the segment into packets and to write their lengths.
        len = Some(available);
        d.refill(line, Value::Uint(available as u64));
        d.text(line, || {
            format!(
                "Total Length: {available} bytes (reported as 0, presumed to be because of \"TCP segmentation offload\" (TSO))"
            )
        });
    } else if said < header_len {
        len = None;
        d.text(line, || format!("Total Length: {said} bytes (bogus, less than header length {header_len})"));
        d.expert(BOGUS_IP_LENGTH, tvb, 2, 2);
        d.set_info(|| format!("Bogus IP length ({said}, less than header length {header_len})"));
    } else if said > available && !d.is_quoted {
        d.expert_with(BOGUS_IP_LENGTH, tvb, 2, 2, || {
            format!("IPv4 total length exceeds packet length ({available} bytes)")
        });
    }
    d.close();
    Ok(len)
}

/// Hands on what the datagram carries, put together if it is the last piece.
fn payload<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header) {
    let Header { identification, fragmentation, protocol, .. } = *header;
    let payload_len = header.len.saturating_sub(header.header_len);
    let payload = tvb.sub(header.header_len, payload_len);
    let start = u32::from(fragmentation & 0x1fff) * 8;
    let has_more = fragmentation & FLAG_MORE_FRAGMENTS != 0;
    if start == 0 && !has_more {
        d.close();
        return dispatch(d, protocol, payload);
    }
    let is_all_there = payload.len() == payload_len;
    let mut reassembled_in = None;
    if is_all_there {
        let (src, dst) = (Address::Ipv4(header.src), Address::Ipv4(header.dst));
        learn(d, Key { src, dst, identification: identification.into(), protocol }, start, has_more, 0, payload);
        let whole = d.fact(|fact| match fact {
            Fact::Datagram(datagram) => Some(datagram.clone()),
            _ => None,
        });
        if let Some(datagram) = whole {
            let source = d.add_source(&datagram.bytes, "Reassembled IPv4");
            fragments(d, source, &datagram, &FRAGMENT_FIELDS);
            d.close();
            return dispatch(d, protocol, source);
        }
        reassembled_in = d.fact(|fact| match fact {
            Fact::DatagramIn(frame) => Some(*frame),
            _ => None,
        });
    }
    if let Some(frame) = reassembled_in {
        d.generated(REASSEMBLED_IN, tvb, 0, 0, Value::Uint(frame));
    }
    d.close();
    if start == 0 && !is_all_there {
        // The rest will not help: what there is of the beginning is shown.
        let outer = std::mem::replace(&mut d.is_fragment, true);
        dispatch(d, protocol, payload);
        d.is_fragment = outer;
        return;
    }
    d.set_info(|| {
        let name = ip_protocol_name(protocol);
        let mut text =
            format!("Fragmented IP protocol (proto={name} {protocol}, off={start}, ID={identification:04x})");
        if let Some(frame) = reassembled_in {
            text += &format!(" [Reassembled in #{frame}]");
        }
        text
    });
    d.call(ProtoId::Data, payload);
}

/// Where nothing has said which version it is, the datagram says it.
fn other_version<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, version: u8) -> Parsed {
    d.layer("ip");
    if version == 6 {
        d.call(ProtoId::Ipv6, tvb);
        return Ok(());
    }
    d.set_protocol("IP");
    let item = d.open(PROTO, tvb, 0, 1, Value::Bytes);
    d.text(item, || format!("Internet Protocol, bogus version ({version})"));
    d.add(VERSION, tvb, 0, 1, Value::Uint(version.into()));
    d.within(|d| {
        d.expert_with(BOGUS_IP_VERSION, tvb, 0, 1, || "Bogus IP version".to_owned());
    });
    d.set_info(|| format!("Bogus IP version ({version})"));
    Ok(())
}

fn bogus_version<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, version: u8) {
    d.within(|d| d.expert(BOGUS_IP_VERSION, tvb, 0, 1));
    d.set_info(|| format!("Bogus IPv4 version ({version}, must be 4)"));
    if version == 6 {
        d.close();
        d.call(ProtoId::Ipv6, tvb);
    }
}

fn dsfield<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let field = tvb.u8(1)?;
    let line = d.open(DSFIELD, tvb, 1, 1, Value::Uint(field.into()));
    d.append_text(line, || dsfield_text(field));
    d.bits(DSCP, tvb, 1, 1, field.into());
    d.bits(ECN, tvb, 1, 1, field.into());
    d.close();
    Ok(())
}

/// What stands behind the value of a traffic class.
pub(crate) fn dsfield_text(field: u8) -> String {
    let dscp = Names::Values(DSCP_SHORT).of((field >> 2).into());
    let ecn = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"][usize::from(field & 3)];
    format!(" (DSCP: {}, ECN: {ecn})", dscp.as_deref().unwrap_or("Unknown"))
}

fn flags_text(d: &mut Dissector<'_>, line: Item, flags: u8) {
    d.text(line, || {
        let mut text = format!("{}{}{}. .... = Flags: 0x{:x}", flags >> 7, flags >> 6 & 1, flags >> 5 & 1, flags >> 5);
        for (bit, name) in [(0x80, "Reserved bit"), (0x40, "Don't fragment"), (0x20, "More fragments")] {
            if flags & bit != 0 {
                text = text + ", " + name;
            }
        }
        text
    });
}

/// Adds an address, and the hidden fields that stand for it in filters: a host's name is its address.
fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, octets: [u8; 4], fields: &[(FieldId, FieldId)]) {
    let names = d.packet.names;
    for (place, (field, _)) in fields.iter().enumerate() {
        let item = d.add(*field, tvb, at, 4, Value::Ipv4(octets));
        if names.is_some() {
            let title = registry::field(*field).label;
            d.text(item, || format!("{title}: {}", host_names::label(names, Address::Ipv4(octets))));
        }
        if place > 0 {
            d.hide(item);
        }
    }
    for (_, host) in fields {
        if d.wants(*host) {
            let name = host_names::name(names, Address::Ipv4(octets));
            d.hidden(*host, tvb, at, 4, Value::String(name.into()));
        }
    }
}

/// Notes hop counts that look like a loop or a misconfiguration.
fn time_to_live<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, ttl: u8, dst: Result<[u8; 4], Stop>, is_igmp: bool) {
    let Ok([a, b, c, last]) = dst else {
        return;
    };
    if (a, b, c) == (224, 0, 0) {
        // RFC 5771, 4: what is sent here is not forwarded, whatever its TTL. VRRP, GLBP and mDNS ask for 255, and of
        // 224.0.0.252 (LLMNR, RFC 4795, 2.5) both are seen.
        let expected = match last {
            _ if is_igmp => 1,
            18 | 102 | 251 => 255,
            252 => return,
            _ => 1,
        };
        if ttl != expected {
            d.expert_with(TTL_LNCB, tvb, 8, 1, || {
                format!(
                    "\"Time To Live\" != {expected} for a packet sent to the Local Network Control Block (see RFC 3171)"
                )
            });
        }
    } else if ttl < 5 && !(224..240).contains(&a) {
        d.expert_with(TTL_TOO_SMALL, tvb, 8, 1, || format!("\"Time To Live\" only {ttl}"));
    }
}

/// Hands the payload to the protocol of its number.
pub(crate) fn dispatch<'a>(d: &mut Dissector<'a>, protocol: u8, payload: Tvb<'a>) {
    if payload.is_empty() {
        return;
    }
    if !d.call_by_number(Table::IpProto, protocol.into(), payload) {
        d.set_info(|| format!("{} ({protocol})", ip_protocol_name(protocol)));
        d.call(ProtoId::Data, payload);
    }
}

/// In the first pass: adds a fragment, and tells its siblings when the datagram is complete.
pub(crate) fn learn<'a>(
    d: &mut Dissector<'a>,
    key: Key,
    start: u32,
    has_more: bool,
    next_header: u8,
    payload: Tvb<'a>,
) {
    let (frame, time) = (d.packet.number, d.packet.time);
    let Some(flows) = d.flows() else {
        return;
    };
    let arrival = Arrival { frame, time, start, has_more, next_header, bytes: payload.bytes() };
    let Some(datagram) = flows.fragments.add(key, &arrival) else {
        return;
    };
    for piece in &datagram.pieces {
        if piece.frame != frame {
            d.amend(piece.frame, Fact::DatagramIn(frame));
        }
    }
    d.record(Fact::Datagram(datagram));
}

/// The fields that a version of IP shows of a reassembled datagram.
pub(crate) struct FragmentFields {
    /// `IPv4` or `IPv6`.
    pub(crate) title: &'static str,
    pub(crate) fragments: FieldId,
    pub(crate) fragment: FieldId,
    pub(crate) overlap: FieldId,
    pub(crate) conflict: FieldId,
    pub(crate) multiple_tails: FieldId,
    pub(crate) too_long: FieldId,
    pub(crate) error: FieldId,
    pub(crate) count: FieldId,
    pub(crate) length: FieldId,
    pub(crate) data: FieldId,
}

const FRAGMENT_FIELDS: FragmentFields = FragmentFields {
    title: "IPv4",
    fragments: FRAGMENTS,
    fragment: FRAGMENT,
    overlap: FRAGMENT_OVERLAP,
    conflict: FRAGMENT_OVERLAP_CONFLICT,
    multiple_tails: FRAGMENT_MULTIPLETAILS,
    too_long: FRAGMENT_TOOLONGFRAGMENT,
    error: FRAGMENT_ERROR,
    count: FRAGMENT_COUNT,
    length: REASSEMBLED_LENGTH,
    data: REASSEMBLED_DATA,
};

/// Shows from which frames a datagram was put together.
pub(crate) fn fragments<'a>(d: &mut Dissector<'a>, source: Tvb<'a>, datagram: &Arc<Datagram>, fields: &FragmentFields) {
    let count = datagram.pieces.len();
    let len = datagram.bytes.len();
    let value = match registry::field(fields.fragments).ftype {
        FieldType::Bytes => Value::Bytes,
        _ => Value::None,
    };
    let top = d.open(fields.fragments, source, 0, len, value);
    d.mark_generated(top);
    d.text(top, || {
        let mut text = format!(
            "{count} {} Fragment{} ({len} byte{}): ",
            fields.title,
            if count == 1 { "" } else { "s" },
            if len == 1 { "" } else { "s" }
        );
        for (at, piece) in datagram.pieces.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            text += &format!("{separator}#{}({})", piece.frame, piece.len);
        }
        format!("[{text}]")
    });
    for piece in &datagram.pieces {
        let (at, piece_len) = (piece.start as usize, piece.len as usize);
        let field = if piece.is_bad() { fields.error } else { fields.fragment };
        let line = d.generated(field, source, at, piece_len, Value::Uint(piece.frame));
        d.text(line, || {
            format!(
                "[Frame: {}, payload: {at}-{} ({piece_len} byte{})]",
                piece.frame,
                (at + piece_len).saturating_sub(1),
                if piece_len == 1 { "" } else { "s" }
            )
        });
        d.within(|d| {
            for (is_set, field) in [
                (piece.overlaps, fields.overlap),
                (piece.conflicts, fields.conflict),
                (piece.is_other_tail, fields.multiple_tails),
                (piece.is_too_long, fields.too_long),
            ] {
                if is_set {
                    d.generated(field, source, at, 0, Value::Uint(1));
                }
            }
        });
    }
    d.generated(fields.count, source, 0, 0, Value::Uint(count as u64));
    d.generated(fields.length, source, 0, 0, Value::Uint(len as u64));
    let line = d.add(fields.data, source, 0, len, Value::Bytes);
    d.mark_generated(line);
    d.close();
}

/// One kind of option: its type octet, name, item, least length and whether that is the only one.
struct OptionKind {
    octet: u8,
    name: &'static str,
    field: FieldId,
    min: usize,
    is_fixed: bool,
}

const fn kind(octet: u8, name: &'static str, field: FieldId, min: usize, is_fixed: bool) -> OptionKind {
    OptionKind { octet, name, field, min, is_fixed }
}

const END_OF_LIST: u8 = 0;
const NO_OPERATION: u8 = 1;
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;

/// The options (IANA "Internet Protocol Version 4 (IPv4) Parameters").
const OPTION_KINDS: &[OptionKind] = &[
    kind(7, "Record Route", OPT_RECORD_ROUTE, 3, false),
    kind(11, "MTU Probe", OPT_MTU_PROBE, 4, true),
    kind(12, "MTU Reply", OPT_MTU_REPLY, 4, true),
    kind(25, "Quick-Start", OPT_QS, 8, true),
    kind(68, "Time Stamp", OPT_TIMESTAMP, 4, false),
    kind(82, "Traceroute", OPT_TRACEROUTE, 12, true),
    kind(130, "Security", OPT_SECURITY, 3, false),
    kind(LOOSE_SOURCE_ROUTE, "Loose Source Route", OPT_ROUTE, 3, false),
    kind(133, "Extended Security", OPT_EXT_SECURITY, 3, false),
    kind(134, "Commercial Security", OPT_CIPSO, 10, false),
    kind(136, "Stream ID", OPT_STREAM_ID, 4, true),
    kind(STRICT_SOURCE_ROUTE, "Strict Source Route", OPT_SOURCE_ROUTE, 3, false),
    kind(148, "Router Alert", OPT_ROUTERALERT, 4, true),
    kind(149, "Selective Directed Broadcast", OPT_SDB, 6, false),
];

/// Where a source route that is still under way ends: the place of its last address among the options, and the address.
fn last_hop(options: &[u8]) -> Option<(usize, [u8; 4])> {
    let mut at = 0;
    while let Some(octet) = options.get(at).copied() {
        if octet == END_OF_LIST {
            return None;
        }
        if octet == NO_OPERATION {
            at += 1;
            continue;
        }
        let len = usize::from(*options.get(at + 1)?);
        if len < 2 {
            return None;
        }
        if octet == LOOSE_SOURCE_ROUTE || octet == STRICT_SOURCE_ROUTE {
            let pointer = usize::from(*options.get(at + 2)?);
            if len < 7 || pointer > len {
                return None;
            }
            let last = 3 + (len - 7) / 4 * 4;
            let address = options.get(at + last..at + last + 4)?;
            return Some((at + last, address.try_into().ok()?));
        }
        at += len;
    }
    None
}

fn options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, len: usize, last_hop: Option<usize>) -> Parsed {
    let top = d.open_text(tvb, HEADER_LEN, len, || format!("Options: ({len} bytes)"));
    let end = HEADER_LEN + len;
    let mut at = HEADER_LEN;
    let mut no_operations = 0;
    while at < end {
        let octet = tvb.u8(at)?;
        if octet == END_OF_LIST || octet == NO_OPERATION {
            let field = if octet == END_OF_LIST { OPT_EOL } else { OPT_NOP };
            let line = d.open(field, tvb, at, 1, Value::Bytes);
            d.text(line, || registry::field(field).label.to_owned());
            option_type(d, tvb, at, octet);
            d.close();
            if octet == END_OF_LIST {
                break;
            }
            no_operations += 1;
            if no_operations == 4 {
                d.expert(NOP_RUN, tvb, at.saturating_sub(3), 4);
            }
            at += 1;
            continue;
        }
        no_operations = 0;
        let Some(kind) = OPTION_KINDS.iter().find(|kind| kind.octet == octet) else {
            at += unknown_option(d, tvb, at, end, octet)?;
            continue;
        };
        let invalid = if at + 1 >= end {
            Some(format!("{} (length byte past end of options)", kind.name))
        } else {
            let len = usize::from(tvb.u8(at + 1)?);
            let plural = if len == 1 { "byte" } else { "bytes" };
            if len < 2 {
                Some(format!("{} (with too-short option length = {len} {plural})", kind.name))
            } else if at + len > end {
                Some(format!("{} (option length = {len} {plural} says option goes past end of options)", kind.name))
            } else {
                None
            }
        };
        if let Some(message) = invalid {
            d.open_text(tvb, at, end - at, || message.clone());
            d.expert_with(OPT_LEN_INVALID, tvb, at, 1, || message);
            d.close();
            break;
        }
        let len = usize::from(tvb.u8(at + 1)?);
        d.append_text(top, || format!(", {}", kind.name));
        let line = d.open(kind.field, tvb, at, len, Value::Bytes);
        let shown = if kind.is_fixed { kind.min } else { len };
        d.text(line, || format!("IP Option - {} ({shown} bytes)", kind.name));
        option_type(d, tvb, at, octet);
        d.open(OPT_LEN, tvb, at + 1, 1, Value::Uint(len as u64));
        if len < kind.min || kind.is_fixed && len != kind.min {
            d.expert_with(OPT_LEN_INVALID, tvb, at + 1, 1, || {
                let should = if kind.is_fixed { "" } else { ">= " };
                format!("{} (with option length = {len} bytes; should be {should}{})", kind.name, kind.min)
            });
        }
        d.close();
        option_body(
            d,
            tvb.exact(at, len)?,
            octet,
            line,
            last_hop.map(|hop| hop + HEADER_LEN - at.min(hop + HEADER_LEN)),
        )?;
        d.close();
        at += len;
    }
    d.close();
    Ok(())
}

fn option_type<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, octet: u8) {
    d.open(OPT_TYPE, tvb, at, 1, Value::Uint(octet.into()));
    d.flag(OPT_TYPE_COPY, tvb, at, 1, octet.into());
    d.bits(OPT_TYPE_CLASS, tvb, at, 1, octet.into());
    d.bits(OPT_TYPE_NUMBER, tvb, at, 1, octet.into());
    d.close();
}

/// An option that has no name; answers how long it is.
fn unknown_option<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, end: usize, octet: u8) -> Result<usize, Stop> {
    let name = format!("Unknown (0x{octet:02x})");
    let len = if at + 1 < end { usize::from(tvb.u8(at + 1)?) } else { 0 };
    let plural = if len == 1 { "byte" } else { "bytes" };
    let message = if at + 1 >= end {
        format!("{name} (length byte past end of options)")
    } else if len < 2 {
        format!("{name} (with too-short option length = {len} {plural})")
    } else if at + len > end {
        format!("{name} (option length = {len} {plural} says option goes past end of options)")
    } else {
        d.open_text(tvb, at, len, || format!("{name} ({len} bytes)"));
        d.close();
        return Ok(len);
    };
    d.open_text(tvb, at, end - at, || message.clone());
    d.expert_with(OPT_LEN_INVALID, tvb, at, 1, || message);
    d.close();
    Ok(end - at)
}

/// What stands behind an option's length. `tvb` is the option alone; `last_hop` where its last address is, if it routes.
fn option_body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, octet: u8, line: Item, last_hop: Option<usize>) -> Parsed {
    let len = tvb.reported();
    match octet {
        7 | LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE => route(d, tvb, octet, last_hop)?,
        11 | 12 => {
            d.uint(OPT_MTU, tvb, 2, 2)?;
        }
        68 => timestamps(d, tvb)?,
        82 => {
            d.uint(OPT_ID_NUMBER, tvb, 2, 2)?;
            d.uint(OPT_OHC, tvb, 4, 2)?;
            d.uint(OPT_RHC, tvb, 6, 2)?;
            d.add(OPT_ORIGINATOR, tvb, 8, 4, Value::Ipv4(tvb.array(8)?));
        }
        136 => {
            d.uint(OPT_SID, tvb, 2, 2)?;
        }
        148 => {
            let value = d.uint(OPT_RA, tvb, 2, 2)?;
            d.append_text(line, || {
                let name = Names::Ranges(ROUTER_ALERTS).of(value);
                format!(": {} ({value})", name.unwrap_or(Cow::Borrowed("Reserved")))
            });
        }
        149 => {
            for at in (2..len.saturating_sub(3)).step_by(4) {
                d.add(OPT_ADDR, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Record route and the source routes (RFC 791, 3.1): what is before the pointer was recorded, the rest is empty or to come.
fn route<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, octet: u8, last_hop: Option<usize>) -> Parsed {
    let pointer = usize::from(tvb.u8(2)?);
    d.open(OPT_PTR, tvb, 2, 1, Value::Uint(pointer as u64));
    if pointer < 4 {
        d.expert(OPT_PTR_BEFORE_ADDRESS, tvb, 2, 1);
    } else if pointer & 3 != 0 {
        d.expert(OPT_PTR_MIDDLE_ADDRESS, tvb, 2, 1);
    }
    d.close();
    let ahead = if octet == 7 { (EMPTY_RT, EMPTY_RT_HOST) } else { (SRC_RT, SRC_RT_HOST) };
    for at in (3..tvb.reported().saturating_sub(3)).step_by(4) {
        let octets = tvb.array::<4>(at)?;
        let fields: &[(FieldId, FieldId)] = if octet != 7 && last_hop == Some(at) {
            &[(DST, DST_HOST), (ADDR, HOST)]
        } else if at + 1 < pointer {
            &[(REC_RT, REC_RT_HOST)]
        } else {
            &[ahead]
        };
        if at + 1 == pointer && last_hop != Some(at) && d.wants_tree() {
            let item = d.add(ahead.0, tvb, at, 4, Value::Ipv4(octets));
            d.append_text(item, || " <- (next)".to_owned());
            d.hidden(ahead.1, tvb, at, 4, Value::String(Address::Ipv4(octets).to_string().into()));
        } else {
            address(d, tvb, at, octets, fields);
        }
    }
    Ok(())
}

fn timestamps<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(OPT_PTR, tvb, 2, 1)?;
    let octet = tvb.u8(3)?;
    d.bits(OPT_OVERFLOW, tvb, 3, 1, octet.into());
    d.bits(OPT_FLAG, tvb, 3, 1, octet.into());
    let with_addresses = matches!(octet & 0x0f, 1 | 3);
    let mut at = 4;
    while at + if with_addresses { 8 } else { 4 } <= tvb.reported() {
        if with_addresses {
            d.add(OPT_TIME_STAMP_ADDR, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
            at += 4;
        }
        d.uint(OPT_TIME_STAMP, tvb, at, 4)?;
        at += 4;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn fragments_are_one_datagram_in_the_frame_of_the_last() {
        let shown = frames(
            228,
            &[
                "4500001c 0001 2000 40fd0000 0a000001 0a000002 6162636465666768",
                "45000016 0001 0001 40fd0000 0a000001 0a000002 696a",
                "45000016 0001 0001 40fd0000 0a000001 0a000002 696a",
            ],
        );
        assert_eq!(values(&shown[0], "ip.reassembled_in"), "2");
        assert_eq!(values(&shown[1], "ip.fragment"), "1,2");
        assert_eq!(values(&shown[1], "ip.reassembled.data"), "6162636465666768696a");
        assert_eq!(values(&shown[1], "data.len"), "10");
        assert_eq!(values(&shown[2], "ip.reassembled_in"), "", "it came too late");
    }

    #[test]
    fn lengths_that_cannot_be_are_noted() {
        let shown = frames(
            228,
            &[
                "4500000a 00000000 40fd0000 0a000001 0a000002",
                "43000014 00000000 40fd0000 0a000001 0a000002",
                "450000ff 00000000 40fd0000 0a000001 0a000002 00",
                "45000000 00000000 40fd0000 0a000001 0a000002 00",
                "45000014 0000",
            ],
        );
        assert_eq!(values(&shown[0], "_ws.expert.message"), "Bogus IP length");
        assert_eq!(values(&shown[1], "_ws.expert.message"), "Bogus IP header length (12, must be at least 20)");
        assert_eq!(values(&shown[2], "_ws.expert.message"), "IPv4 total length exceeds packet length (21 bytes)");
        assert_eq!(values(&shown[3], "ip.len"), "21", "left to the network card");
        assert!(values(&shown[4], "_ws.expert.message").ends_with("Malformed Packet (Exception occurred)"));
    }

    #[test]
    fn a_source_route_ends_at_its_last_address() {
        let shown = frames(228, &["48000020 00000000 40fd0000 0a000001 0a000002 830b04 0a000003 0a000004 00"]);
        assert_eq!(values(&shown[0], "ip.dst"), "10.0.0.4");
        assert_eq!(values(&shown[0], "ip.cur_rt"), "10.0.0.2");
        assert_eq!(values(&shown[0], "ip.src_rt"), "10.0.0.3");
    }

    #[test]
    fn hop_counts_are_judged_by_where_the_packet_goes() {
        let to = |address: &str, ttl: &str| {
            let frame = format!("45000014 00000000 {ttl}fd0000 0a000001 {address}");
            values(&frames(228, &[&frame])[0], "_ws.expert.message")
        };
        assert_eq!(to("0a000002", "04"), "\"Time To Live\" only 4");
        assert_eq!(to("0a000002", "05"), "");
        assert_eq!(to("ef010101", "01"), "");
        assert_eq!(to("e0000005", "01"), "");
        assert!(to("e0000005", "40").contains("!= 1 for a packet"));
        assert!(to("e0000012", "01").contains("!= 255 for a packet"));
    }
}
