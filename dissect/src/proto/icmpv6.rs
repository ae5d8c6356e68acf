//! ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861 and the options of RFC 4191, 8106 and others) and multicast
//! listener discovery (RFC 2710, RFC 3810).

mod samples;

use std::borrow::Cow;

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::{Address, Dissector, Item};
use crate::field::{FieldId, Names, fields};
use crate::output::value::colons;
use crate::proto::icmp::{self, ChecksumFields, EchoFields};
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::registry::{ProtoId, Protocol};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Icmpv6, "icmpv6", "Internet Control Message Protocol v6";
    TYPE = field("icmpv6.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    CODE = field("icmpv6.code", "Code", Uint8, Dec);
    CHECKSUM = field("icmpv6.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("icmpv6.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    RESERVED = field("icmpv6.reserved", "Reserved", Bytes, None);
    DATA = field("icmpv6.data", "Data", Bytes, None);
    LENGTH = field("icmpv6.length", "Length of original datagram", Uint8, Dec);
    MTU = field("icmpv6.mtu", "MTU", Uint32, Dec);
    POINTER = field("icmpv6.pointer", "Pointer", Uint32, Dec);
    ECHO_IDENTIFIER = field("icmpv6.echo.identifier", "Identifier", Uint16, Hex);
    NONCE = field("icmpv6.nonce", "Nonce", Bytes, None);
    ECHO_SEQUENCE_NUMBER = field("icmpv6.echo.sequence_number", "Sequence", Uint16, Dec);
    RESP_IN = field("icmpv6.resp_in", "Response In", FrameNum, None).told_later();
    RESP_TO = field("icmpv6.resp_to", "Response To", FrameNum, None);
    RESPTIME = field("icmpv6.resptime", "Response Time", Double, None);
    NO_RESP = field("icmpv6.no_resp", "No response seen", None, None).told_later();
    ND_RA_CUR_HOP_LIMIT = field("icmpv6.nd.ra.cur_hop_limit", "Cur hop limit", Uint8, Dec);
    ND_RA_FLAG = field("icmpv6.nd.ra.flag", "Flags", Uint8, Hex);
    ND_RA_FLAG_M = field("icmpv6.nd.ra.flag.m", "Managed address configuration", Boolean, None).names(SET).mask(0x80);
    ND_RA_FLAG_O = field("icmpv6.nd.ra.flag.o", "Other configuration", Boolean, None).names(SET).mask(0x40);
    ND_RA_FLAG_H = field("icmpv6.nd.ra.flag.h", "Home Agent", Boolean, None).names(SET).mask(0x20);
    ND_RA_FLAG_PRF = field("icmpv6.nd.ra.flag.prf", "Prf (Default Router Preference)", Uint8, Dec).names(Names::Values(PREFERENCES)).mask(0x18);
    ND_RA_FLAG_P = field("icmpv6.nd.ra.flag.p", "Proxy", Boolean, None).names(SET).mask(0x04);
    ND_RA_FLAG_RSV = field("icmpv6.nd.ra.flag.rsv", "Reserved", Uint8, Dec).mask(0x03);
    ND_RA_ROUTER_LIFETIME = field("icmpv6.nd.ra.router_lifetime", "Router lifetime (s)", Uint16, Dec);
    ND_RA_REACHABLE_TIME = field("icmpv6.nd.ra.reachable_time", "Reachable time (ms)", Uint32, Dec);
    ND_RA_RETRANS_TIMER = field("icmpv6.nd.ra.retrans_timer", "Retrans timer (ms)", Uint32, Dec);
    ND_NS_TARGET_ADDRESS = field("icmpv6.nd.ns.target_address", "Target Address", Ipv6, None);
    ND_NA_FLAG = field("icmpv6.nd.na.flag", "Flags", Uint32, Hex);
    ND_NA_FLAG_R = field("icmpv6.nd.na.flag.r", "Router", Boolean, None).names(SET).mask(0x8000_0000);
    ND_NA_FLAG_S = field("icmpv6.nd.na.flag.s", "Solicited", Boolean, None).names(SET).mask(0x4000_0000);
    ND_NA_FLAG_O = field("icmpv6.nd.na.flag.o", "Override", Boolean, None).names(SET).mask(0x2000_0000);
    ND_NA_FLAG_RSV = field("icmpv6.nd.na.flag.rsv", "Reserved", Uint32, Dec).mask(0x1fff_ffff);
    ND_NA_TARGET_ADDRESS = field("icmpv6.nd.na.target_address", "Target Address", Ipv6, None);
    ND_RD_TARGET_ADDRESS = field("icmpv6.nd.rd.target_address", "Target Address", Ipv6, None);
    RD_NA_DESTINATION_ADDRESS = field("icmpv6.rd.na.destination_address", "Destination Address", Ipv6, None);
    OPT = field("icmpv6.opt", "ICMPv6 Option", None, None);
    OPT_TYPE = field("icmpv6.opt.type", "Type", Uint8, Dec).names(Names::Values(OPTION_TYPES));
    OPT_LENGTH = field("icmpv6.opt.length", "Length", Uint8, Dec);
    OPT_RESERVED = field("icmpv6.opt.reserved", "Reserved", None, None);
    OPT_LINKADDR = field("icmpv6.opt.linkaddr", "Link-layer address", Bytes, Colons);
    OPT_SRC_LINKADDR = field("icmpv6.opt.src_linkaddr", "Source Link-layer address", Bytes, Colons);
    OPT_TARGET_LINKADDR = field("icmpv6.opt.target_linkaddr", "Target Link-layer address", Bytes, Colons);
    OPT_PREFIX = field("icmpv6.opt.prefix", "Prefix", Ipv6, None);
    OPT_PREFIX_LENGTH = field("icmpv6.opt.prefix.length", "Prefix Length", Uint8, Dec);
    OPT_PREFIX_FLAG = field("icmpv6.opt.prefix.flag", "Flag", Uint8, Hex);
    OPT_PREFIX_FLAG_L = field("icmpv6.opt.prefix.flag.l", "On-link flag(L)", Boolean, None).names(SET).mask(0x80);
    OPT_PREFIX_FLAG_A = field("icmpv6.opt.prefix.flag.a", "Autonomous address-configuration flag(A)", Boolean, None).names(SET).mask(0x40);
    OPT_PREFIX_FLAG_R = field("icmpv6.opt.prefix.flag.r", "Router address flag(R)", Boolean, None).names(SET).mask(0x20);
    OPT_PREFIX_FLAG_RESERVED = field("icmpv6.opt.prefix.flag.reserved", "Reserved", Uint8, Dec).mask(0x1f);
    OPT_PREFIX_VALID_LIFETIME = field("icmpv6.opt.prefix.valid_lifetime", "Valid Lifetime", Uint32, Dec);
    OPT_PREFIX_PREFERRED_LIFETIME = field("icmpv6.opt.prefix.preferred_lifetime", "Preferred Lifetime", Uint32, Dec);
    OPT_REDIRECTED_PACKET = field("icmpv6.opt.redirected_packet", "Redirected Packet", None, None);
    OPT_MTU = field("icmpv6.opt.mtu", "MTU", Uint32, Dec);
    OPT_ADVERTISEMENT_INTERVAL = field("icmpv6.opt.advertisement_interval", "Advertisement Interval", Uint32, Dec);
    OPT_HOME_AGENT_PREFERENCE = field("icmpv6.opt.home_agent_preference", "Home Agent Preference", Uint16, Dec);
    OPT_HOME_AGENT_LIFETIME = field("icmpv6.opt.home_agent_lifetime", "Home Agent Preference", Uint16, Dec);
    OPT_NONCE = field("icmpv6.opt.nonce", "Nonce", Bytes, None);
    OPT_ROUTE_INFO_FLAG = field("icmpv6.opt.route_info.flag", "Flag", Uint8, Hex);
    OPT_ROUTE_INFO_FLAG_ROUTE_PREFERENCE = field("icmpv6.opt.route_info.flag.route_preference", "Route Preference", Uint8, Dec).names(Names::Values(PREFERENCES)).mask(0x18);
    OPT_ROUTE_INFO_FLAG_RESERVED = field("icmpv6.opt.route_info.flag.reserved", "Reserved", Uint8, Dec).mask(0xe7);
    OPT_ROUTE_LIFETIME = field("icmpv6.opt.route_lifetime", "Route Lifetime", Uint32, Dec);
    OPT_RDNSS_LIFETIME = field("icmpv6.opt.rdnss.lifetime", "Lifetime", Uint32, Dec);
    OPT_RDNSS = field("icmpv6.opt.rdnss", "Recursive DNS Servers", Ipv6, None);
    OPT_DNSSL_LIFETIME = field("icmpv6.opt.dnssl.lifetime", "Lifetime", Uint32, Dec);
    OPT_DNSSL = field("icmpv6.opt.dnssl", "Domain Names", String, None);
    OPT_PREF64_LIFETIME = field("icmpv6.opt.pref64.scaled_lifetime", "Scaled Lifetime", Uint16, Dec).mask(0xfff8);
    OPT_PREF64_PLC = field("icmpv6.opt.pref64.plc", "PLC (Prefix Length Code)", Uint16, Hex).names(Names::Values(PREFIX_LENGTHS)).mask(0x0007);
    OPT_PREF64_PREFIX = field("icmpv6.opt.pref64.prefix", "Prefix", Ipv6, None);
    OPT_CAPTIVE_PORTAL = field("icmpv6.opt.captive_portal", "Captive Portal", String, None);
    MIP6_IDENTIFIER = field("icmpv6.mip6.identifier", "Identifier", Uint16, DecHex);
    MIP6_HOME_AGENT_ADDRESS = field("icmpv6.mip6.home_agent_address", "Home Agent Address", Ipv6, None);
    MLD_MAXIMUM_RESPONSE_DELAY = field("icmpv6.mld.maximum_response_delay", "Maximum Response Delay [ms]", Uint16, Dec);
    MLD_MAXIMUM_RESPONSE_CODE = field("icmpv6.mld.maximum_response_code", "Maximum Response Code", Uint16, Dec);
    MLD_MULTICAST_ADDRESS = field("icmpv6.mld.multicast_address", "Multicast Address", Ipv6, None);
    MLD_FLAG = field("icmpv6.mld.flag", "Flags", Uint8, Hex);
    MLD_FLAG_S = field("icmpv6.mld.flag.s", "Suppress Router-Side Processing", Boolean, None).mask(0x08);
    MLD_FLAG_QRV = field("icmpv6.mld.flag.qrv", "QRV (Querier's Robustness Variable)", Uint8, Dec).mask(0x07);
    MLD_FLAG_RESERVED = field("icmpv6.mld.flag.reserved", "Reserved", Uint8, Dec).mask(0xf0);
    MLD_QQI = field("icmpv6.mld.qqi", "QQIC (Querier's Query Interval Code)", Uint8, Dec);
    MLD_NB_SOURCES = field("icmpv6.mld.nb_sources", "Number of Sources", Uint16, Dec);
    MLD_SOURCE_ADDRESS = field("icmpv6.mld.source_address", "Source Address", Ipv6, None);
    MLDR_NB_MCAST_RECORDS = field("icmpv6.mldr.nb_mcast_records", "Number of Multicast Address Records", Uint16, Dec);
    MLDR_MAR = field("icmpv6.mldr.mar", "Multicast Address Record", None, None);
    MLDR_MAR_RECORD_TYPE = field("icmpv6.mldr.mar.record_type", "Record Type", Uint8, Dec).names(Names::Values(RECORD_TYPES));
    MLDR_MAR_AUX_DATA_LEN = field("icmpv6.mldr.mar.aux_data_len", "Aux Data Len", Uint8, Dec);
    MLDR_MAR_NB_SOURCES = field("icmpv6.mldr.mar.nb_sources", "Number of Sources", Uint16, Dec);
    MLDR_MAR_MULTICAST_ADDRESS = field("icmpv6.mldr.mar.multicast_address", "Multicast Address", Ipv6, None);
    MLDR_MAR_SOURCE_ADDRESS = field("icmpv6.mldr.mar.source_address", "Source Address", Ipv6, None);
    MLDR_MAR_AUXILIARY_DATA = field("icmpv6.mldr.mar.auxiliary_data", "Auxiliary Data", Bytes, None);
    RESP_NOT_FOUND = expert("icmpv6.resp_not_found", "Response not found", Warning, Sequence).told_later();
    CHECKSUM_BAD = expert("icmpv6.checksum_bad.expert", "Bad checksum", Warning, Checksum);
    INVALID_OPTION_LENGTH = expert("icmpv6.invalid_option_length", "Invalid Option Length", Error, Malformed);
    UNDECODED_OPTION = expert("icmpv6.undecoded.option", "Undecoded option", Note, Undecoded);
    UNDECODED_TYPE = expert("icmpv6.undecoded.type", "Undecoded type", Note, Undecoded);
}

const SET: Names = Names::Flag("Set", "Not set");

/// Types (IANA), with the names that Wireshark shows.
const TYPES: &[(u64, &str)] = &[
    (1, "Destination Unreachable"),
    (2, "Packet Too Big"),
    (3, "Time Exceeded"),
    (4, "Parameter Problem"),
    (100, "Private experimentation"),
    (101, "Private experimentation"),
    (127, "Reserved for expansion of ICMPv6 error messages"),
    (128, "Echo (ping) request"),
    (129, "Echo (ping) reply"),
    (130, "Multicast Listener Query"),
    (131, "Multicast Listener Report"),
    (132, "Multicast Listener Done"),
    (133, "Router Solicitation"),
    (134, "Router Advertisement"),
    (135, "Neighbor Solicitation"),
    (136, "Neighbor Advertisement"),
    (137, "Redirect"),
    (138, "Router Renumbering"),
    (139, "Node Information Query"),
    (140, "Node Information Reply"),
    (141, "Inverse Neighbor Discovery Solicitation"),
    (142, "Inverse Neighbor Discovery Advertisement"),
    (143, "Multicast Listener Report Message v2"),
    (144, "Home Agent Address Discovery Request"),
    (145, "Home Agent Address Discovery Reply"),
    (146, "Mobile Prefix Solicitation"),
    (147, "Mobile Prefix Advertisement"),
    (148, "Certification Path Solicitation"),
    (149, "Certification Path Advertisement"),
    (150, "Experimental Mobility"),
    (151, "Multicast Router Advertisement"),
    (152, "Multicast Router Solicitation"),
    (153, "Multicast Router Termination"),
    (154, "FMIPv6"),
    (155, "RPL Control"),
    (156, "Locator Update"),
    (157, "Duplicate Address Request"),
    (158, "Duplicate Address Confirmation"),
    (159, "MPL Control Message"),
    (160, "Extended Echo request"),
    (161, "Extended Echo reply"),
    (200, "Private experimentation"),
    (201, "Private experimentation"),
    (255, "Reserved for expansion of ICMPv6 informational messages"),
];
/// Options of neighbour discovery (IANA).
const OPTION_TYPES: &[(u64, &str)] = &[
    (1, "Source link-layer address"),
    (2, "Target link-layer address"),
    (3, "Prefix information"),
    (4, "Redirected header"),
    (5, "MTU"),
    (6, "NBMA Shortcut Limit Option"),
    (7, "Advertisement Interval"),
    (8, "Home Agent Information"),
    (9, "Source Address List"),
    (10, "Target Address List"),
    (11, "CGA"),
    (12, "RSA Signature"),
    (13, "Timestamp"),
    (14, "Nonce"),
    (15, "Trust Anchor"),
    (16, "Certificate"),
    (17, "IP Address/Prefix Option"),
    (18, "New Router Prefix Information"),
    (19, "Link-layer Address"),
    (20, "Neighbor Advertisement Acknowledgment"),
    (23, "MAP"),
    (24, "Route Information"),
    (25, "Recursive DNS Server"),
    (26, "RA Flags Extension"),
    (27, "Handover Key Request"),
    (28, "Handover Key Reply"),
    (29, "Handover Assist Information"),
    (30, "Mobile Node Identifier Option"),
    (31, "DNS Search List Option"),
    (32, "Proxy Signature (PS)"),
    (33, "Address Registration Option"),
    (34, "6LoWPAN Context Option"),
    (35, "Authoritative Border Router"),
    (36, "6LoWPAN Capability Indication Option"),
    (37, "DHCP Captive-Portal"),
    (38, "PREF64 Option"),
    (138, "CARD Request"),
    (139, "CARD Reply"),
    (253, "RFC3692-style Experiment 1"),
    (254, "RFC3692-style Experiment 2"),
];
/// RFC 8781, 4.
const PREFIX_LENGTHS: &[(u64, &str)] = &[
    (0, "96 bits prefix length"),
    (1, "64 bits prefix length"),
    (2, "56 bits prefix length"),
    (3, "48 bits prefix length"),
    (4, "40 bits prefix length"),
    (5, "32 bits prefix length"),
];
/// What a multicast address record says (RFC 3810, 5.2.12).
const RECORD_TYPES: &[(u64, &str)] = &[
    (1, "Include"),
    (2, "Exclude"),
    (3, "Changed to include"),
    (4, "Changed to exclude"),
    (5, "Allow new sources"),
    (6, "Block old sources"),
];
/// Preferences of routers and routes (RFC 4191, 2.1).
const PREFERENCES: &[(u64, &str)] = &[(0, "Medium"), (1, "High"), (2, "Reserved"), (3, "Low")];

/// Codes of the types that have some.
const CODES: &[(u8, &[(u64, &str)])] = &[
    (
        1,
        &[
            (0, "no route to destination"),
            (1, "Administratively prohibited"),
            (2, "Beyond scope of source address"),
            (3, "Address unreachable"),
            (4, "Port unreachable"),
            (5, "Source address failed ingress/egress policy"),
            (6, "Reject route to destination"),
            (7, "Error in Source Routing Header"),
        ],
    ),
    (3, &[(0, "hop limit exceeded in transit"), (1, "fragment reassembly time exceeded")]),
    (
        4,
        &[
            (0, "erroneous header field encountered"),
            (1, "unrecognized Next Header type encountered"),
            (2, "unrecognized IPv6 option encountered"),
            (3, "IPv6 First Fragment has incomplete IPv6 Header Chain"),
        ],
    ),
    (138, &[(0, "Command"), (1, "Result"), (255, "Sequence number reset")]),
    // RFC 4620, 4.
    (
        139,
        &[
            (0, "Query subject = IPv6 addresses"),
            (1, "Query subject = DNS name or empty"),
            (2, "Query subject = IPv4 addresses"),
        ],
    ),
    (140, &[(0, "Successful"), (1, "Refused"), (2, "Unknown query type")]),
    // RFC 6550, 6, and RFC 6554.
    (
        155,
        &[
            (0x00, "DODAG Information Solicitation"),
            (0x01, "DODAG Information Object"),
            (0x02, "Destination Advertisement Object"),
            (0x03, "Destination Advertisement Object Acknowledgment"),
            (0x80, "Secure DODAG Information Solicitation"),
            (0x81, "Secure DODAG Information Object"),
            (0x82, "Secure Destination Advertisement Object"),
            (0x83, "Secure Destination Advertisement Object Acknowledgment"),
            (0x8a, "Consistency Check"),
        ],
    ),
    (160, &[(0, "No error")]),
    // RFC 8335, 3.
    (161, REPLIES),
];
const REPLIES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "Malformed Query"),
    (2, "No Such Interface"),
    (3, "No Such Table Entry"),
    (4, "Multiple Interfaces Satisfy Query"),
];

const UNREACHABLE: u8 = 1;
const TOO_BIG: u8 = 2;
const TIME_EXCEEDED: u8 = 3;
const PARAMETER_PROBLEM: u8 = 4;
const ECHO_REQUEST: u8 = 128;
const ECHO_REPLY: u8 = 129;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ipv6, ProtoId::Data],
    samples: samples::SAMPLES,
    ..Protocol::new(ProtoId::Icmpv6, "ICMPv6", &[Binding::IpProto(58)], dissect)
};

const CHECKSUM_FIELDS: ChecksumFields = ChecksumFields { value: CHECKSUM, status: CHECKSUM_STATUS, bad: CHECKSUM_BAD };

const ECHO_FIELDS: EchoFields = EchoFields {
    resp_in: RESP_IN,
    resp_to: RESP_TO,
    resptime: RESPTIME,
    no_resp: NO_RESP,
    not_found: RESP_NOT_FOUND,
    message: |frame| format!("No response seen to ICMPv6 request in frame {frame}"),
};

fn type_name(kind: u8) -> Cow<'static, str> {
    Names::Values(TYPES).of(kind.into()).unwrap_or_else(|| format!("Unknown ({kind})").into())
}

fn code_name(kind: u8, code: u8) -> Option<Cow<'static, str>> {
    let row = CODES.iter().find(|row| row.0 == kind)?;
    let name = Names::Values(row.1).of(code.into());
    Some(name.unwrap_or_else(|| match kind {
        UNREACHABLE => "Unknown".into(),
        _ => format!("Unknown ({code})").into(),
    }))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ICMPv6");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let (kind, code) = (tvb.u8(0)?, tvb.u8(1)?);
    d.set_info(|| match code_name(kind, code) {
        Some(name) => format!("{} ({name})", type_name(kind)),
        None => type_name(kind).into_owned(),
    });
    d.add(TYPE, tvb, 0, 1, Value::Uint(kind.into()));
    let line = d.add(CODE, tvb, 1, 1, Value::Uint(code.into()));
    if let Some(name) = code_name(kind, code) {
        d.text(line, || format!("Code: {code} ({name})"));
    }
    let ends = d.endpoints;
    icmp::add_checksum(d, tvb, &CHECKSUM_FIELDS, |octets, found| {
        checksum::expected_ipv6(ends.src, ends.dst, 58, octets, found)
    })?;
    match kind {
        UNREACHABLE | TOO_BIG | TIME_EXCEEDED | PARAMETER_PROBLEM => error(d, tvb, kind)?,
        ECHO_REQUEST | ECHO_REPLY => echo(d, tvb, kind)?,
        130..=132 => listener(d, tvb, kind)?,
        143 => listener_report(d, tvb)?,
        133..=137 | 141 | 142 => neighbour(d, tvb, kind)?,
        144..=147 => home_agent(d, tvb, kind)?,
        138..=140 | 148..=161 => {}
        _ => {
            d.expert_with(UNDECODED_TYPE, tvb, 0, 0, || {
                format!("Dissector for ICMPv6 Type ({kind}) code not implemented, Contact Wireshark developers if you want this supported")
            });
            if tvb.len() > 4 {
                d.bytes(DATA, tvb, 4, tvb.len() - 4);
            }
        }
    }
    d.close();
    Ok(())
}

fn error<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    let mut quoted = tvb.from(8);
    match kind {
        TOO_BIG => {
            d.uint(MTU, tvb, 4, 4)?;
        }
        PARAMETER_PROBLEM => {
            d.uint(POINTER, tvb, 4, 4)?;
        }
        _ => {
            // RFC 4884, 4.2: the original datagram's length in units of eight octets.
            let length = tvb.u8(4)?;
            if length > 0 {
                d.add(LENGTH, tvb, 4, 1, Value::Uint(length.into()));
                d.bytes(RESERVED, tvb, 5, 3);
                quoted = quoted.sub(0, usize::from(length) * 8);
            } else {
                tvb.slice(4, 4)?;
                d.bytes(RESERVED, tvb, 4, 4);
            }
        }
    }
    if quoted.is_empty() {
        return Err(Stop::Malformed);
    }
    d.quote(ProtoId::Ipv6, quoted);
    Ok(())
}

const TEREDO_NONCE_LEN: usize = 4;

fn echo<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    let ident = d.uint(ECHO_IDENTIFIER, tvb, 4, 2)? as u16;
    let seq = d.uint(ECHO_SEQUENCE_NUMBER, tvb, 6, 2)? as u16;
    let hops = d.hop_limit;
    let is_request = kind == ECHO_REQUEST;
    // RFC 4380, 5.2.9: clients of Teredo see by it whether they reach a node, and let nobody guess what they sent.
    if is_request && tvb.reported() >= 8 + TEREDO_NONCE_LEN && d.is_inside(ProtoId::Teredo) {
        d.set_protocol("Teredo");
        d.set_info(|| format!("Direct IPv6 Connectivity Test id=0x{ident:04x}, seq={seq}, hop limit={hops}"));
        d.bytes(NONCE, tvb, 8, TEREDO_NONCE_LEN);
        return Ok(());
    }
    d.append_info(|| format!(" id=0x{ident:04x}, seq={seq}, hop limit={hops}"));
    // A reply's type is one more, which in one's complement is less by the complement of one.
    let sum = checksum::of_request(tvb.u16(2)?, if is_request { 0 } else { !0x0100 });
    icmp::match_echo(d, tvb, is_request, (ident, seq, sum), &ECHO_FIELDS);
    d.call_within(ProtoId::Data, tvb.from(8));
    Ok(())
}

/// Multicast listener queries, reports and dones of both versions; a longer query is one of version 2 (RFC 3810, 8.1).
fn listener<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    let is_v2 = kind == 130 && tvb.reported() >= 28;
    let field = if is_v2 { MLD_MAXIMUM_RESPONSE_CODE } else { MLD_MAXIMUM_RESPONSE_DELAY };
    let code = u64::from(tvb.u16(4)?);
    // RFC 3810, 5.1.3: a great delay is told as a floating-point number.
    let is_float = is_v2 && code & 0x8000 != 0;
    let delay = if is_float { (code & 0xfff | 0x1000) << ((code >> 12 & 7) + 3) } else { code };
    d.add(field, tvb, 4, 2, Value::Uint(delay));
    tvb.slice(6, 2)?;
    d.bytes(RESERVED, tvb, 6, 2);
    address(d, tvb, MLD_MULTICAST_ADDRESS, 8)?;
    if !is_v2 {
        return Ok(());
    }
    let flags = tvb.u8(24)?;
    let line = d.open(MLD_FLAG, tvb, 24, 1, Value::Uint(flags.into()));
    if flags & 0x08 != 0 {
        d.append_text(line, || ", Suppress Router-Side Processing".to_owned());
    }
    d.flag(MLD_FLAG_S, tvb, 24, 1, flags.into());
    d.bits(MLD_FLAG_QRV, tvb, 24, 1, flags.into());
    d.bits(MLD_FLAG_RESERVED, tvb, 24, 1, flags.into());
    d.close();
    d.uint(MLD_QQI, tvb, 25, 1)?;
    let count = d.uint(MLD_NB_SOURCES, tvb, 26, 2)? as usize;
    for n in 0..count {
        address(d, tvb, MLD_SOURCE_ADDRESS, 28 + n * 16)?;
    }
    Ok(())
}

fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Result<Address, Stop> {
    let octets = tvb.array(at)?;
    d.add(field, tvb, at, 16, Value::Ipv6(octets));
    Ok(Address::Ipv6(octets))
}

/// Multicast listener reports of version 2 (RFC 3810, 5.2).
fn listener_report<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    tvb.slice(4, 2)?;
    d.bytes(RESERVED, tvb, 4, 2);
    let count = d.uint(MLDR_NB_MCAST_RECORDS, tvb, 6, 2)?;
    let mut at = 8;
    for _ in 0..count {
        let (kind, words, sources) = (tvb.u8(at)?, usize::from(tvb.u8(at + 1)?), usize::from(tvb.u16(at + 2)?));
        let group = Address::Ipv6(tvb.array(at + 4)?);
        let len = 20 + sources * 16 + words * 4;
        let item = d.open(MLDR_MAR, tvb, at, len, Value::None);
        d.text(item, || {
            let name = Names::Values(RECORD_TYPES).of(kind.into());
            format!("Multicast Address Record {}: {group}", name.as_deref().unwrap_or("Unknown"))
        });
        d.uint(MLDR_MAR_RECORD_TYPE, tvb, at, 1)?;
        d.uint(MLDR_MAR_AUX_DATA_LEN, tvb, at + 1, 1)?;
        d.uint(MLDR_MAR_NB_SOURCES, tvb, at + 2, 2)?;
        address(d, tvb, MLDR_MAR_MULTICAST_ADDRESS, at + 4)?;
        for n in 0..sources {
            address(d, tvb, MLDR_MAR_SOURCE_ADDRESS, at + 20 + n * 16)?;
        }
        tvb.slice(at, len)?;
        if words > 0 {
            d.bytes(MLDR_MAR_AUXILIARY_DATA, tvb, at + 20 + sources * 16, words * 4);
        }
        d.close();
        at += len;
    }
    Ok(())
}

/// The messages of neighbour discovery, each a fixed part and options.
fn neighbour<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    let options_at = match kind {
        134 => {
            router_advertisement(d, tvb)?;
            16
        }
        136 => {
            neighbour_advertisement(d, tvb)?;
            24
        }
        _ => {
            tvb.slice(4, 4)?;
            d.bytes(RESERVED, tvb, 4, 4);
            match kind {
                135 => {
                    let target = address(d, tvb, ND_NS_TARGET_ADDRESS, 8)?;
                    d.append_info(|| format!(" for {target}"));
                    24
                }
                137 => {
                    address(d, tvb, ND_RD_TARGET_ADDRESS, 8)?;
                    address(d, tvb, RD_NA_DESTINATION_ADDRESS, 24)?;
                    40
                }
                _ => 8,
            }
        }
    };
    options(d, tvb, options_at)
}

fn router_advertisement<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(ND_RA_CUR_HOP_LIMIT, tvb, 4, 1)?;
    let flags = tvb.u8(5)?;
    let line = d.open(ND_RA_FLAG, tvb, 5, 1, Value::Uint(flags.into()));
    d.append_text(line, || {
        let mut text = String::new();
        for (bit, name) in
            [(0x80, "Managed address configuration"), (0x40, "Other configuration"), (0x20, "Home Agent")]
        {
            if flags & bit != 0 {
                text = text + ", " + name;
            }
        }
        let preference = Names::Values(PREFERENCES).of((flags >> 3 & 3).into());
        text + ", Prf (Default Router Preference): " + &preference.unwrap_or_default()
    });
    for flag in [ND_RA_FLAG_M, ND_RA_FLAG_O, ND_RA_FLAG_H] {
        d.flag(flag, tvb, 5, 1, flags.into());
    }
    d.bits(ND_RA_FLAG_PRF, tvb, 5, 1, flags.into());
    d.flag(ND_RA_FLAG_P, tvb, 5, 1, flags.into());
    d.bits(ND_RA_FLAG_RSV, tvb, 5, 1, flags.into());
    d.close();
    d.uint(ND_RA_ROUTER_LIFETIME, tvb, 6, 2)?;
    d.uint(ND_RA_REACHABLE_TIME, tvb, 8, 4)?;
    d.uint(ND_RA_RETRANS_TIMER, tvb, 12, 4)?;
    Ok(())
}

fn neighbour_advertisement<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const FLAGS: [(u32, &str, &str); 3] =
        [(0x8000_0000, "Router", "rtr"), (0x4000_0000, "Solicited", "sol"), (0x2000_0000, "Override", "ovr")];
    let flags = tvb.u32(4)?;
    let set = || FLAGS.into_iter().filter(|row| flags & row.0 != 0);
    let line = d.open(ND_NA_FLAG, tvb, 4, 4, Value::Uint(flags.into()));
    d.append_text(line, || set().map(|row| format!(", {}", row.1)).collect());
    for flag in [ND_NA_FLAG_R, ND_NA_FLAG_S, ND_NA_FLAG_O] {
        d.flag(flag, tvb, 4, 4, flags.into());
    }
    d.bits(ND_NA_FLAG_RSV, tvb, 4, 4, flags.into());
    d.close();
    let target = address(d, tvb, ND_NA_TARGET_ADDRESS, 8)?;
    d.append_info(|| {
        let names: Vec<_> = set().map(|row| row.2).collect();
        match names.is_empty() {
            true => format!(" {target}"),
            false => format!(" {target} ({})", names.join(", ")),
        }
    });
    Ok(())
}

/// Home agent discovery (RFC 6275, 6.5 to 6.8).
fn home_agent<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    d.uint(MIP6_IDENTIFIER, tvb, 4, 2)?;
    tvb.slice(6, 2)?;
    if kind != 147 {
        d.bytes(RESERVED, tvb, 6, 2);
    }
    match kind {
        145 => {
            for at in (8..tvb.reported()).step_by(16) {
                address(d, tvb, MIP6_HOME_AGENT_ADDRESS, at)?;
            }
        }
        147 => options(d, tvb, 8)?,
        _ => {}
    }
    Ok(())
}

/// Options of neighbour discovery (RFC 4861, 4.6), whose lengths are in units of eight octets.
fn options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize) -> Parsed {
    while at < tvb.reported() {
        let kind = tvb.u8(at)?;
        let units = usize::from(tvb.u8(at + 1)?);
        let len = units * 8;
        let item = d.open(OPT, tvb, at, len, Value::None);
        let name = || match Names::Values(OPTION_TYPES).of(kind.into()) {
            Some(name) => name,
            None => format!("Unknown {kind}").into(),
        };
        d.text(item, || format!("ICMPv6 Option ({}", name()));
        d.add(OPT_TYPE, tvb, at, 1, Value::Uint(kind.into()));
        let line = d.open(OPT_LENGTH, tvb, at + 1, 1, Value::Uint(units as u64));
        d.append_text(line, || format!(" ({len} bytes)"));
        if units == 0 {
            d.expert_with(INVALID_OPTION_LENGTH, tvb, at + 1, 1, || "Invalid option length (Zero)".to_owned());
            d.close();
            d.close();
            return Ok(());
        }
        d.close();
        if !matches!(kind, 1..=5 | 7..=10 | 14 | 24..=26 | 31 | 37 | 38) {
            d.expert_with(UNDECODED_OPTION, tvb, at, len, || {
                format!("Dissector for ICMPv6 Option ({kind}) code not implemented, Contact Wireshark developers if you want this supported")
            });
        }
        tvb.slice(at, len)?;
        option(d, tvb.exact(at, len)?, kind, item)?;
        d.append_text(item, || ")".to_owned());
        d.close();
        at += len;
    }
    Ok(())
}

fn option<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8, item: Item) -> Parsed {
    let len = tvb.reported();
    match kind {
        1 | 2 => {
            // An EUI-64 has eight octets; the rest of a second unit is padding.
            let address_len = if len == 16 { 8 } else { len - 2 };
            let octets = tvb.slice(2, address_len)?;
            let own = if kind == 1 { OPT_SRC_LINKADDR } else { OPT_TARGET_LINKADDR };
            d.bytes(OPT_LINKADDR, tvb, 2, address_len);
            let hidden = d.bytes(own, tvb, 2, address_len);
            d.hide(hidden);
            d.append_text(item, || format!(" : {}", colons(octets)));
            d.append_info(|| {
                let word = if kind == 1 || address_len == 8 { "from" } else { "is at" };
                format!(" {word} {}", colons(octets))
            });
        }
        3 => {
            let bits = d.uint(OPT_PREFIX_LENGTH, tvb, 2, 1)?;
            let flags = tvb.u8(3)?;
            d.open(OPT_PREFIX_FLAG, tvb, 3, 1, Value::Uint(flags.into()));
            for flag in [OPT_PREFIX_FLAG_L, OPT_PREFIX_FLAG_A, OPT_PREFIX_FLAG_R] {
                d.flag(flag, tvb, 3, 1, flags.into());
            }
            d.bits(OPT_PREFIX_FLAG_RESERVED, tvb, 3, 1, flags.into());
            d.close();
            d.uint(OPT_PREFIX_VALID_LIFETIME, tvb, 4, 4)?;
            d.uint(OPT_PREFIX_PREFERRED_LIFETIME, tvb, 8, 4)?;
            d.add(OPT_RESERVED, tvb, 12, 4, Value::None);
            let prefix = address(d, tvb, OPT_PREFIX, 16)?;
            d.append_text(item, || format!(" : {prefix}/{bits}"));
        }
        4 => {
            d.add(OPT_RESERVED, tvb, 2, 6, Value::None);
            d.add(OPT_REDIRECTED_PACKET, tvb, 8, len - 8, Value::None);
            d.quote(ProtoId::Ipv6, tvb.from(8));
        }
        5 => {
            d.add(OPT_RESERVED, tvb, 2, 2, Value::None);
            let mtu = d.uint(OPT_MTU, tvb, 4, 4)?;
            d.append_text(item, || format!(" : {mtu}"));
        }
        7 => {
            d.add(OPT_RESERVED, tvb, 2, 2, Value::None);
            let interval = d.uint(OPT_ADVERTISEMENT_INTERVAL, tvb, 4, 4)?;
            d.append_text(item, || format!(" : {interval}"));
        }
        8 => {
            d.add(OPT_RESERVED, tvb, 2, 2, Value::None);
            d.uint(OPT_HOME_AGENT_PREFERENCE, tvb, 4, 2)?;
            d.uint(OPT_HOME_AGENT_LIFETIME, tvb, 6, 2)?;
        }
        14 => {
            d.bytes(OPT_NONCE, tvb, 2, len - 2);
        }
        24 => route_information(d, tvb, item)?,
        25 => {
            d.add(OPT_RESERVED, tvb, 2, 2, Value::None);
            d.uint(OPT_RDNSS_LIFETIME, tvb, 4, 4)?;
            for at in (8..len.saturating_sub(15)).step_by(16) {
                let server = address(d, tvb, OPT_RDNSS, at)?;
                d.append_text(item, || format!(" {server}"));
            }
        }
        31 => {
            d.add(OPT_RESERVED, tvb, 2, 2, Value::None);
            d.uint(OPT_DNSSL_LIFETIME, tvb, 4, 4)?;
            search_list(d, tvb, item)?;
        }
        37 => {
            let octets = tvb.slice(2, len - 2)?;
            let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
            d.string(OPT_CAPTIVE_PORTAL, tvb, 2, end);
        }
        // RFC 8781: of the prefix as many octets as its length code says.
        38 => {
            let word = u64::from(tvb.u16(2)?);
            d.bits(OPT_PREF64_LIFETIME, tvb, 2, 2, word);
            d.bits(OPT_PREF64_PLC, tvb, 2, 2, word);
            let mut prefix = [0; 16];
            for (to, from) in prefix.iter_mut().zip(tvb.slice(4, 12)?) {
                *to = *from;
            }
            d.add(OPT_PREF64_PREFIX, tvb, 4, 12, Value::Ipv6(prefix));
        }
        9 | 10 | 26 => {
            d.add(OPT_RESERVED, tvb, 2, 6, Value::None);
        }
        _ => {
            d.bytes(DATA, tvb, 2, len - 2);
        }
    }
    Ok(())
}

/// RFC 4191, 2.3: of the prefix no more than it needs is there.
fn route_information<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, item: Item) -> Parsed {
    let bits = d.uint(OPT_PREFIX_LENGTH, tvb, 2, 1)?;
    let flags = tvb.u8(3)?;
    d.open(OPT_ROUTE_INFO_FLAG, tvb, 3, 1, Value::Uint(flags.into()));
    d.bits(OPT_ROUTE_INFO_FLAG_ROUTE_PREFERENCE, tvb, 3, 1, flags.into());
    let others = (flags >> 5 << 3) | (flags & 7);
    let reserved = d.add(OPT_ROUTE_INFO_FLAG_RESERVED, tvb, 3, 1, Value::Uint(others.into()));
    d.text(reserved, || format!("{:03b}. .{:03b} = Reserved: {others}", flags >> 5, flags & 7));
    d.close();
    d.uint(OPT_ROUTE_LIFETIME, tvb, 4, 4)?;
    let octets = tvb.slice(8, (tvb.reported() - 8).min(16))?;
    let mut prefix = [0; 16];
    prefix[..octets.len()].copy_from_slice(octets);
    d.add(OPT_PREFIX, tvb, 8, octets.len(), Value::Ipv6(prefix));
    d.append_text(item, || {
        let preference = Names::Values(PREFERENCES).of((flags >> 3 & 3).into());
        format!(" : {} {}/{bits}", preference.unwrap_or_default(), Address::Ipv6(prefix))
    });
    Ok(())
}

/// Names of the DNS search list (RFC 8106, 5.2), which are never compressed.
fn search_list<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, item: Item) -> Parsed {
    let mut at = 8;
    while at < tvb.reported() && tvb.u8(at)? != 0 {
        let start = at;
        let mut name = String::new();
        loop {
            let len = usize::from(tvb.u8(at)?);
            at += 1;
            if len == 0 {
                break;
            }
            if !name.is_empty() {
                name.push('.');
            }
            name += &String::from_utf8_lossy(tvb.slice(at, len)?);
            at += len;
        }
        d.append_text(item, || format!(" {name}"));
        d.add(OPT_DNSSL, tvb, start, at - start, Value::String(name.into()));
    }
    Ok(())
}

#[cfg(test)]
mod code_tests {
    #[test]
    fn codes_have_names() {
        for (kind, code, name) in
            [(139, 0, "Query subject = IPv6 addresses"), (155, 2, "Destination Advertisement Object")]
        {
            assert_eq!(super::code_name(kind, code).as_deref(), Some(name));
        }
        assert_eq!(super::code_name(155, 9).as_deref(), Some("Unknown (9)"));
    }
}
