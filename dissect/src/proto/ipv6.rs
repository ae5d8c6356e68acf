//! Internet Protocol version 6 (RFC 8200) with its extension headers, reassembly, and the IPv4 and MAC addresses that its
//! addresses may hold.

mod samples;

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::host_names;
use crate::numbers::{IP_PROTOCOLS, ip_protocol_name};
use crate::proto::ip::{self, DSCP_NAMES, ECN_NAMES, FragmentFields, dsfield_text};
use crate::proto::ws;
use crate::reassembly::Key;
use crate::registry::{self, ProtoId, Protocol};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ipv6, "ipv6", "Internet Protocol Version 6";
    VERSION = field("ipv6.version", "Version", Uint8, Dec).mask(0xf0);
    TCLASS = field("ipv6.tclass", "Traffic Class", Uint32, Hex).mask(0x0ff0_0000);
    TCLASS_DSCP = field("ipv6.tclass.dscp", "Differentiated Services Codepoint", Uint32, Dec).names(Names::Values(DSCP_NAMES)).mask(0x0fc0_0000);
    TCLASS_ECN = field("ipv6.tclass.ecn", "Explicit Congestion Notification", Uint32, Dec).names(Names::Values(ECN_NAMES)).mask(0x0030_0000);
    FLOW = field("ipv6.flow", "Flow Label", Uint24, Hex).mask(0x0f_ffff);
    PLEN = field("ipv6.plen", "Payload Length", Uint16, Dec);
    NXT = field("ipv6.nxt", "Next Header", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    HLIM = field("ipv6.hlim", "Hop Limit", Uint8, Dec);
    SRC = field("ipv6.src", "Source Address", Ipv6, None);
    SRC_HOST = field("ipv6.src_host", "Source Host", String, None);
    DST = field("ipv6.dst", "Destination Address", Ipv6, None);
    DST_HOST = field("ipv6.dst_host", "Destination Host", String, None);
    ADDR = field("ipv6.addr", "Source or Destination Address", Ipv6, None);
    HOST = field("ipv6.host", "Source or Destination Host", String, None);
    SRC_SLAAC_MAC = field("ipv6.src_slaac_mac", "Source SLAAC MAC", Ether, None);
    DST_SLAAC_MAC = field("ipv6.dst_slaac_mac", "Destination SLAAC MAC", Ether, None);
    SLAAC_MAC = field("ipv6.slaac_mac", "SLAAC MAC", Ether, None);
    SRC_ISATAP_IPV4 = field("ipv6.src_isatap_ipv4", "Source ISATAP IPv4", Ipv4, None);
    DST_ISATAP_IPV4 = field("ipv6.dst_isatap_ipv4", "Destination ISATAP IPv4", Ipv4, None);
    ISATAP_IPV4 = field("ipv6.isatap_ipv4", "ISATAP IPv4", Ipv4, None);
    SRC_6TO4_GW_IPV4 = field("ipv6.src_6to4_gw_ipv4", "Source 6to4 Gateway IPv4", Ipv4, None);
    DST_6TO4_GW_IPV4 = field("ipv6.dst_6to4_gw_ipv4", "Destination 6to4 Gateway IPv4", Ipv4, None);
    ANY_6TO4_GW_IPV4 = field("ipv6.6to4_gw_ipv4", "6to4 Gateway IPv4", Ipv4, None);
    SRC_6TO4_SLA_ID = field("ipv6.src_6to4_sla_id", "Source 6to4 SLA ID", Uint16, Dec);
    DST_6TO4_SLA_ID = field("ipv6.dst_6to4_sla_id", "Destination 6to4 SLA ID", Uint16, Dec);
    ANY_6TO4_SLA_ID = field("ipv6.6to4_sla_id", "6to4 SLA ID", Uint16, Dec);
    SRC_TS_IPV4 = field("ipv6.src_ts_ipv4", "Source Teredo Server IPv4", Ipv4, None);
    DST_TS_IPV4 = field("ipv6.dst_ts_ipv4", "Destination Teredo Server IPv4", Ipv4, None);
    TS_IPV4 = field("ipv6.ts_ipv4", "Teredo Server IPv4", Ipv4, None);
    SRC_TC_PORT = field("ipv6.src_tc_port", "Source Teredo Port", Uint16, Dec);
    DST_TC_PORT = field("ipv6.dst_tc_port", "Destination Teredo Port", Uint16, Dec);
    TC_PORT = field("ipv6.tc_port", "Teredo Port", Uint16, Dec);
    SRC_TC_IPV4 = field("ipv6.src_tc_ipv4", "Source Teredo Client IPv4", Ipv4, None);
    DST_TC_IPV4 = field("ipv6.dst_tc_ipv4", "Destination Teredo Client IPv4", Ipv4, None);
    TC_IPV4 = field("ipv6.tc_ipv4", "Teredo Client IPv4", Ipv4, None);
    EMBED_IPV4_PREFIX = field("ipv6.embed_ipv4_prefix", "Embedded IPv4 Prefix", Bytes, None);
    SRC_EMBED_IPV4 = field("ipv6.src_embed_ipv4", "Source Embedded IPv4", Ipv4, None);
    DST_EMBED_IPV4 = field("ipv6.dst_embed_ipv4", "Destination Embedded IPv4", Ipv4, None);
    EMBED_IPV4 = field("ipv6.embed_ipv4", "Embedded IPv4", Ipv4, None);
    HOPOPTS = field("ipv6.hopopts", "IPv6 Hop-by-Hop Option", Protocol, None);
    HOPOPTS_NXT = field("ipv6.hopopts.nxt", "Next Header", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    HOPOPTS_LEN = field("ipv6.hopopts.len", "Length", Uint8, Dec);
    HOPOPTS_LEN_OCT = field("ipv6.hopopts.len_oct", "Length", Uint16, Dec).names(Names::Unit(" bytes"));
    DSTOPTS = field("ipv6.dstopts", "Destination Options for IPv6", Protocol, None);
    DSTOPTS_NXT = field("ipv6.dstopts.nxt", "Next Header", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    DSTOPTS_LEN = field("ipv6.dstopts.len", "Length", Uint8, Dec);
    DSTOPTS_LEN_OCT = field("ipv6.dstopts.len_oct", "Length", Uint16, Dec).names(Names::Unit(" bytes"));
    OPT = field("ipv6.opt", "IPv6 Option", None, None);
    OPT_TYPE = field("ipv6.opt.type", "Type", Uint8, Hex).names(Names::Values(OPTION_TYPES));
    OPT_TYPE_ACTION = field("ipv6.opt.type.action", "Action", Uint8, Dec).names(Names::Values(OPTION_ACTIONS)).mask(0xc0);
    OPT_TYPE_CHANGE = field("ipv6.opt.type.change", "May Change", Boolean, None).names(YES).mask(0x20);
    OPT_TYPE_REST = field("ipv6.opt.type.rest", "Low-Order Bits", Uint8, Hex).mask(0x1f);
    OPT_LENGTH = field("ipv6.opt.length", "Length", Uint8, Dec);
    OPT_PAD1 = field("ipv6.opt.pad1", "Pad1", None, None);
    OPT_PADN = field("ipv6.opt.padn", "PadN", Bytes, None);
    OPT_ROUTER_ALERT = field("ipv6.opt.router_alert", "Router Alert", Uint16, Dec).names(Names::Values(ROUTER_ALERTS));
    OPT_JUMBO = field("ipv6.opt.jumbo", "Payload Length", Uint32, Dec);
    OPT_TEL = field("ipv6.opt.tel", "Tunnel Encapsulation Limit", Uint8, Dec);
    OPT_PMTU_MIN = field("ipv6.opt.pmtu.min", "Minimum Reported PMTU", Uint16, Dec);
    OPT_PMTU_RTN = field("ipv6.opt.pmtu.rtn", "Return Minimum PMTU", Uint16, Dec);
    OPT_PMTU_R_FLAG = field("ipv6.opt.pmtu.r_flag", "Return Flag", Boolean, None);
    OPT_HOME_ADDRESS = field("ipv6.opt.mipv6.home_address", "MIPv6 Home Address", Ipv6, None);
    OPT_EXPERIMENTAL = field("ipv6.opt.experimental", "Experimental Option", Bytes, None);
    OPT_UNKNOWN = field("ipv6.opt.unknown", "Unknown Option Payload", Bytes, None);
    ROUTING = field("ipv6.routing", "Routing Header for IPv6", Protocol, None);
    ROUTING_NXT = field("ipv6.routing.nxt", "Next Header", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    ROUTING_LEN = field("ipv6.routing.len", "Length", Uint8, Dec);
    ROUTING_LEN_OCT = field("ipv6.routing.len_oct", "Length", Uint16, Dec).names(Names::Unit(" bytes"));
    ROUTING_TYPE = field("ipv6.routing.type", "Type", Uint8, Dec).names(Names::Values(ROUTING_TYPES));
    ROUTING_SEGLEFT = field("ipv6.routing.segleft", "Segments Left", Uint8, Dec);
    ROUTING_UNKNOWN_DATA = field("ipv6.routing.unknown_data", "Type-Specific Data", Bytes, None);
    ROUTING_SRC_RESERVED = field("ipv6.routing.src.reserved", "Reserved", Bytes, None);
    ROUTING_SRC_ADDR = field("ipv6.routing.src.addr", "Address", Ipv6, None);
    ROUTING_MIPV6_RESERVED = field("ipv6.routing.mipv6.reserved", "Reserved", Bytes, None);
    ROUTING_MIPV6_HOME_ADDRESS = field("ipv6.routing.mipv6.home_address", "Home Address", Ipv6, None);
    ROUTING_SRH_LAST_ENTRY = field("ipv6.routing.srh.last_entry", "Last Entry", Uint8, Dec);
    ROUTING_SRH_FLAGS = field("ipv6.routing.srh.flags", "Flags", Uint8, Hex);
    ROUTING_SRH_TAG = field("ipv6.routing.srh.tag", "Tag", Bytes, None);
    ROUTING_SRH_ADDR = field("ipv6.routing.srh.addr", "Address", Ipv6, None);
    FRAGHDR = field("ipv6.fraghdr", "Fragment Header for IPv6", Protocol, None);
    FRAGHDR_NXT = field("ipv6.fraghdr.nxt", "Next header", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    FRAGHDR_RESERVED_OCTET = field("ipv6.fraghdr.reserved_octet", "Reserved octet", Uint8, Hex);
    FRAGHDR_OFFSET = field("ipv6.fraghdr.offset", "Offset", Uint16, Dec).mask(0xfff8);
    FRAGHDR_RESERVED_BITS = field("ipv6.fraghdr.reserved_bits", "Reserved bits", Uint16, Dec).mask(0x0006);
    FRAGHDR_MORE = field("ipv6.fraghdr.more", "More Fragments", Boolean, None).names(YES).mask(0x0001);
    FRAGHDR_IDENT = field("ipv6.fraghdr.ident", "Identification", Uint32, Hex);
    FRAGMENTS = field("ipv6.fragments", "IPv6 Fragments", None, None);
    FRAGMENT = field("ipv6.fragment", "IPv6 Fragment", FrameNum, None);
    FRAGMENT_OVERLAP = field("ipv6.fragment.overlap", "Fragment overlap", Boolean, None);
    FRAGMENT_OVERLAP_CONFLICT = field("ipv6.fragment.overlap.conflict", "Conflicting data in fragment overlap", Boolean, None);
    FRAGMENT_MULTIPLETAILS = field("ipv6.fragment.multipletails", "Multiple tail fragments found", Boolean, None);
    FRAGMENT_TOOLONGFRAGMENT = field("ipv6.fragment.toolongfragment", "Fragment too long", Boolean, None);
    FRAGMENT_ERROR = field("ipv6.fragment.error", "Defragmentation error", FrameNum, None);
    FRAGMENT_COUNT = field("ipv6.fragment.count", "Fragment count", Uint32, Dec);
    REASSEMBLED_IN = field("ipv6.reassembled.in", "Reassembled IPv6 in frame", FrameNum, None).told_later();
    REASSEMBLED_LENGTH = field("ipv6.reassembled.length", "Reassembled IPv6 length", Uint32, Dec);
    REASSEMBLED_DATA = field("ipv6.reassembled.data", "Reassembled IPv6 data", Bytes, None);
    BOGUS_IPV6_VERSION = expert("ipv6.bogus_ipv6_version", "Bogus IPv6 version", Error, Malformed);
    INVALID_HEADER = expert("ipv6.invalid_header", "IPv6 header must be exactly 40 bytes", Error, Malformed);
    PLEN_EXCEEDS_FRAMING = expert("ipv6.plen_exceeds_framing", "IPv6 payload length does not match expected framing length", Warning, Protocol);
    PLEN_ZERO = expert("ipv6.plen_zero", "IPv6 payload length equals 0 (maybe because of \"TCP segmentation offload\" (TSO))", Chat, Protocol);
    HOPOPTS_NOT_FIRST = expert("ipv6.hopopts.not_first", "IPv6 Hop-by-Hop extension header must appear immediately after IPv6 header", Error, Protocol);
    OPT_JUMBO_PROHIBITED = expert("ipv6.opt.jumbo.prohibited", "When IPv6 payload length does not equal 0 a Jumbo Payload option must not be present", Warning, Protocol);
    OPT_DEPRECATED = expert("ipv6.opt.deprecated", "Option type is deprecated", Note, Deprecated);
    OPT_UNKNOWN_DATA_EXPERT = expert("ipv6.opt.unknown_data.expert", "Unknown Data (not interpreted)", Note, Undecoded);
    ROUTING_DEPRECATED = expert("ipv6.routing.deprecated", "Routing header type is deprecated", Note, Deprecated);
    ROUTING_INVALID_LENGTH = expert("ipv6.routing.invalid_length", "Invalid IPv6 Routing header length", Error, Malformed);
    ROUTING_INVALID_SEGLEFT = expert("ipv6.routing.invalid_segleft", "IPv6 Routing Header segments left field must not exceed address count", Warning, Protocol);
    ROUTING_UNDECODED = expert("ipv6.routing.undecoded", "Undecoded IPv6 routing header field", Note, Undecoded);
}

const YES: Names = Names::Flag("Yes", "No");

/// Options of hop-by-hop and destination options headers (IANA).
const OPTION_TYPES: &[(u64, &str)] = &[
    (0x00, "Pad1"),
    (0x01, "PadN"),
    (0x04, "Tunnel Encapsulation Limit"),
    (0x05, "Router Alert"),
    (0x07, "CALIPSO"),
    (0x08, "SMF_DPD"),
    (0x0f, "Performance and Diagnostic Metrics"),
    (0x1e, "Experimental (0x1E)"),
    (0x26, "Quick-Start"),
    (0x30, "Path MTU Option"),
    (0x31, "IOAM Option"),
    (0x3e, "Experimental (0x3E)"),
    (0x41, "Tunnel Payload Forwarding (TPF) Information"),
    (0x5e, "Experimental (0x5E)"),
    (0x63, "RPL Option"),
    (0x6d, "MPL Option"),
    (0x7e, "Experimental (0x7E)"),
    (0x8a, "Endpoint Identification"),
    (0x8b, "ILNP Nonce"),
    (0x8c, "Line-Identification Option"),
    (0x9e, "Experimental (0x9E)"),
    (0xbe, "Experimental (0xBE)"),
    (0xc2, "Jumbo Payload"),
    (0xc9, "Home Address"),
    (0xde, "Experimental (0xDE)"),
    (0xee, "IP_DFF"),
    (0xfe, "Experimental (0xFE)"),
];

const OPTION_ACTIONS: &[(u64, &str)] = &[
    (0, "Skip and continue"),
    (1, "Discard"),
    (2, "Discard and send ICMP Parameter Problem"),
    (3, "Discard and send ICMP if not multicast"),
];

const ROUTER_ALERTS: &[(u64, &str)] = &[(0, "MLD"), (1, "RSVP"), (2, "Active Network")];

const ROUTING_TYPES: &[(u64, &str)] = &[
    (0, "Source Route"),
    (1, "Nimrod"),
    (2, "Type 2 Routing"),
    (3, "RPL Source Route"),
    (4, "Segment Routing"),
    (5, "Compact Routing Header 16"),
    (6, "Compact Routing Header 32"),
    (253, "Experiment 1"),
    (254, "Experiment 2"),
];

const HEADER_LEN: usize = 40;
const HOP_BY_HOP: u8 = 0;
const ROUTING_HEADER: u8 = 43;
const FRAGMENT_HEADER: u8 = 44;
const NO_NEXT_HEADER: u8 = 59;
const DESTINATION_OPTIONS: u8 = 60;
/// How many extension headers one datagram may have.
pub const MAX_EXTENSION_HEADERS: usize = 1024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::IpProto],
    calls: &[ProtoId::Data],
    samples: samples::SAMPLES,
    ..Protocol::new(
        ProtoId::Ipv6,
        "IPv6",
        &[Binding::LinkType(229), Binding::EtherType(0x86dd), Binding::PppProtocol(0x0057), Binding::IpProto(41)],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IPv6");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    if tvb.reported() < HEADER_LEN {
        d.expert(INVALID_HEADER, tvb, 0, 0);
        let len = tvb.reported();
        d.set_info(|| format!("Invalid IPv6 header ({len} bytes, need exactly 40)"));
    }
    let version = tvb.u8(0)? >> 4;
    d.add(VERSION, tvb, 0, 1, Value::Uint(version.into()));
    if version != 6 {
        d.within(|d| d.expert(BOGUS_IPV6_VERSION, tvb, 0, 1));
        d.set_info(|| format!("Bogus IPv6 version ({version}, must be 6)"));
        return Ok(());
    }
    let both = d.add(ip::VERSION, tvb, 0, 1, Value::Uint(version.into()));
    d.hide(both);
    let first = tvb.u32(0)?;
    let class = (first >> 20) as u8;
    let line = d.bits(TCLASS, tvb, 0, 4, first.into());
    d.append_text(line, || dsfield_text(class));
    d.within(|d| {
        d.bits(TCLASS_DSCP, tvb, 0, 4, first.into());
        d.bits(TCLASS_ECN, tvb, 0, 4, first.into());
    });
    d.bits(FLOW, tvb, 1, 3, first.into());
    let said = usize::from(tvb.u16(4)?);
    let available = tvb.reported().saturating_sub(HEADER_LEN);
    d.open(PLEN, tvb, 4, 2, Value::Uint(said as u64));
    if said == 0 && tvb.u8(6) != Ok(NO_NEXT_HEADER) && tvb.u8(6) != Ok(HOP_BY_HOP) {
        d.expert(PLEN_ZERO, tvb, 4, 2);
    } else if said > available && tvb.reported() >= HEADER_LEN && !d.is_quoted {
        d.expert_with(PLEN_EXCEEDS_FRAMING, tvb, 4, 2, || {
            format!("IPv6 payload length exceeds framing length ({available} bytes)")
        });
    }
    d.close();
    // A jumbogram says 0 here and its length in an option (RFC 2675, 2).
    let len = match tvb.u8(6) {
        Ok(HOP_BY_HOP) if said == 0 => available,
        _ => said.min(available),
    };
    d.end_payload(tvb, HEADER_LEN + len);
    let next = d.uint(NXT, tvb, 6, 1)? as u8;
    d.hop_limit = d.uint(HLIM, tvb, 7, 1)? as u8;

    let names = d.packet.names;
    let src = tvb.array::<16>(8)?;
    address(d, tvb, 8, src, [SRC, SRC_HOST]);
    d.set_addresses(Address::Ipv6(src), d.endpoints.dst);
    d.text(item, || format!("Internet Protocol Version 6, Src: {}", host_names::label(names, Address::Ipv6(src))));
    let dst = tvb.array::<16>(24)?;
    address(d, tvb, 24, dst, [DST, DST_HOST]);
    d.set_addresses(Address::Ipv6(src), Address::Ipv6(dst));
    d.append_text(item, || format!(", Dst: {}", host_names::label(names, Address::Ipv6(dst))));
    if d.wants_own() {
        embedded(d, tvb, 8, src, &SRC_FIELDS);
        embedded(d, tvb, 24, dst, &DST_FIELDS);
    }
    let mut walk = Walk {
        key: Key { src: Address::Ipv6(src), dst: Address::Ipv6(dst), identification: 0, protocol: 0 },
        item,
        plen: said,
        len: HEADER_LEN,
    };
    walk.headers(d, tvb.sub(HEADER_LEN, len), next)
}

fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, octets: [u8; 16], own: [FieldId; 2]) {
    let names = d.packet.names;
    let item = d.add(own[0], tvb, at, 16, Value::Ipv6(octets));
    if names.is_some() {
        let title = registry::field(own[0]).label;
        d.text(item, || format!("{title}: {}", host_names::label(names, Address::Ipv6(octets))));
    }
    d.hidden(ADDR, tvb, at, 16, Value::Ipv6(octets));
    for host in [own[1], HOST] {
        if d.wants(host) {
            let name = host_names::name(names, Address::Ipv6(octets));
            d.hidden(host, tvb, at, 16, Value::String(name.into()));
        }
    }
}

/// The fields of addresses within an address, of one side.
struct EmbeddedFields {
    slaac: FieldId,
    isatap: FieldId,
    gateway: FieldId,
    sla: FieldId,
    server: FieldId,
    port: FieldId,
    client: FieldId,
    embedded: FieldId,
}

const SRC_FIELDS: EmbeddedFields = EmbeddedFields {
    slaac: SRC_SLAAC_MAC,
    isatap: SRC_ISATAP_IPV4,
    gateway: SRC_6TO4_GW_IPV4,
    sla: SRC_6TO4_SLA_ID,
    server: SRC_TS_IPV4,
    port: SRC_TC_PORT,
    client: SRC_TC_IPV4,
    embedded: SRC_EMBED_IPV4,
};

const DST_FIELDS: EmbeddedFields = EmbeddedFields {
    slaac: DST_SLAAC_MAC,
    isatap: DST_ISATAP_IPV4,
    gateway: DST_6TO4_GW_IPV4,
    sla: DST_6TO4_SLA_ID,
    server: DST_TS_IPV4,
    port: DST_TC_PORT,
    client: DST_TC_IPV4,
    embedded: DST_EMBED_IPV4,
};

/// Shows the MAC and IPv4 addresses that an address was made from.
fn embedded<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, octets: [u8; 16], fields: &EmbeddedFields) {
    let pair = |n: usize| u16::from_be_bytes([octets[n], octets[n + 1]]);
    let quad = |n: usize| Value::Ipv4([octets[n], octets[n + 1], octets[n + 2], octets[n + 3]]);
    let add = |d: &mut Dissector<'a>, rows: &[(FieldId, FieldId, usize, Value)]| {
        for (own, _, offset, value) in rows {
            d.generated(*own, tvb, at + offset, 0, value.clone());
        }
        for (_, any, offset, value) in rows {
            let item = d.generated(*any, tvb, at + offset, 0, value.clone());
            d.hide(item);
        }
    };
    if pair(0) == 0x2002 {
        // RFC 3056, 2: the gateway's IPv4 address and the number of the network behind it.
        let rows = [
            (fields.gateway, ANY_6TO4_GW_IPV4, 2, quad(2)),
            (fields.sla, ANY_6TO4_SLA_ID, 6, Value::Uint(pair(6).into())),
        ];
        add(d, &rows);
    } else if pair(0) == 0x2001 && pair(2) == 0 {
        // RFC 4380, 4: port and client are inverted, so that no translator on the way changes them.
        let client = [octets[12] ^ 0xff, octets[13] ^ 0xff, octets[14] ^ 0xff, octets[15] ^ 0xff];
        let rows = [
            (fields.server, TS_IPV4, 4, quad(4)),
            (fields.port, TC_PORT, 10, Value::Uint((pair(10) ^ 0xffff).into())),
            (fields.client, TC_IPV4, 12, Value::Ipv4(client)),
        ];
        add(d, &rows);
    } else if octets[..12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] {
        // RFC 6052, 2.1: the well-known prefix of translators.
        let prefix = d.bytes(EMBED_IPV4_PREFIX, tvb, at, 12);
        d.mark_generated(prefix);
        d.generated(fields.embedded, tvb, at + 12, 4, quad(12));
        d.generated(EMBED_IPV4, tvb, at + 12, 4, quad(12));
    }
    if octets[0] == 0xff {
        return;
    }
    if pair(8) & 0xfdff == 0 && pair(10) == 0x5efe {
        // RFC 5214, 6.1.
        add(d, &[(fields.isatap, ISATAP_IPV4, 12, quad(12))]);
    } else if octets[8] & 0x02 != 0 && octets[11] == 0xff && octets[12] == 0xfe {
        // RFC 4291, appendix A: the bit says that the address is a universal one.
        let mac = [octets[8] ^ 0x02, octets[9], octets[10], octets[13], octets[14], octets[15]];
        add(d, &[(fields.slaac, SLAAC_MAC, 8, Value::Ether(mac))]);
    }
}

/// The way along the extension headers.
struct Walk {
    key: Key,
    item: crate::dissector::Item,
    /// The payload length that the header says.
    plen: usize,
    /// Octets of the datagram's own headers so far.
    len: usize,
}

impl Walk {
    /// Takes extension headers apart until one says what they carry.
    fn headers<'a>(&mut self, d: &mut Dissector<'a>, mut tvb: Tvb<'a>, first: u8) -> Parsed {
        let mut next = first;
        for count in 0..MAX_EXTENSION_HEADERS {
            let (name, result) = match next {
                HOP_BY_HOP => ("IPv6 Hop-by-Hop", self.options(d, tvb, true, count == 0)),
                DESTINATION_OPTIONS => ("IPv6 Destination", self.options(d, tvb, false, true)),
                ROUTING_HEADER => ("IPv6 Routing", self.routing(d, tvb)),
                FRAGMENT_HEADER => ("IPv6 Fragment", self.fragment(d, tvb)),
                NO_NEXT_HEADER => {
                    d.set_info(|| "IPv6 no next header".to_owned());
                    d.close();
                    if !tvb.is_empty() {
                        d.call(ProtoId::Data, tvb);
                    }
                    return Ok(());
                }
                _ => {
                    d.close();
                    upper(d, next, tvb);
                    return Ok(());
                }
            };
            match result {
                Ok(Some((following, rest))) => (next, tvb) = (following, rest),
                Ok(None) => return Ok(()),
                Err(stop) => {
                    d.close();
                    ws::note_named(d, stop, tvb, name);
                    return Ok(());
                }
            }
            d.set_len(self.item, self.len);
        }
        Err(Stop::Malformed)
    }

    /// The length of an extension header with its length octet behind its next header octet.
    fn octets<'a>(&mut self, tvb: Tvb<'a>) -> Result<usize, Stop> {
        let len = (usize::from(tvb.u8(1)?) + 1) * 8;
        self.len += len;
        Ok(len)
    }

    fn options<'a>(
        &mut self,
        d: &mut Dissector<'a>,
        tvb: Tvb<'a>,
        is_hop_by_hop: bool,
        is_first: bool,
    ) -> Result<Option<(u8, Tvb<'a>)>, Stop> {
        let (proto, [nxt, len_field, len_oct], name) = if is_hop_by_hop {
            (HOPOPTS, [HOPOPTS_NXT, HOPOPTS_LEN, HOPOPTS_LEN_OCT], "ipv6.hopopts")
        } else {
            (DSTOPTS, [DSTOPTS_NXT, DSTOPTS_LEN, DSTOPTS_LEN_OCT], "ipv6.dstopts")
        };
        d.layer(name);
        d.set_info(|| match is_hop_by_hop {
            true => "IPv6 hop-by-hop options".to_owned(),
            false => "IPv6 destination options".to_owned(),
        });
        let len = (usize::from(tvb.u8(1)?) + 1) * 8;
        d.open(proto, tvb, 0, len, Value::Bytes);
        if is_hop_by_hop && !is_first {
            d.expert(HOPOPTS_NOT_FIRST, tvb, 0, 0);
        }
        let next = d.uint(nxt, tvb, 0, 1)? as u8;
        d.uint(len_field, tvb, 1, 1)?;
        let len = self.octets(tvb)?;
        d.generated(len_oct, tvb, 1, 1, Value::Uint(len as u64));
        let mut at = 2;
        if d.wants_own() || d.wants_columns() {
            while at < len {
                at += self.option(d, tvb, at)?;
            }
        }
        tvb.slice(0, len)?;
        d.close();
        Ok(Some((next, tvb.from(len))))
    }

    /// One option (RFC 8200, 4.2); answers its length.
    fn option<'a>(&self, d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
        let kind = tvb.u8(at)?;
        let len = if kind == 0 { 0 } else { usize::from(tvb.u8(at + 1)?) };
        let whole = if kind == 0 { 1 } else { 2 + len };
        let item = d.open(OPT, tvb, at, whole, Value::None);
        d.text(item, || match Names::Values(OPTION_TYPES).of(kind.into()) {
            Some(name) => name.into_owned(),
            None => format!("Unknown IPv6 Option ({kind})"),
        });
        d.open(OPT_TYPE, tvb, at, 1, Value::Uint(kind.into()));
        d.bits(OPT_TYPE_ACTION, tvb, at, 1, kind.into());
        d.flag(OPT_TYPE_CHANGE, tvb, at, 1, kind.into());
        d.bits(OPT_TYPE_REST, tvb, at, 1, kind.into());
        if kind == 0x8a {
            d.expert(OPT_DEPRECATED, tvb, at, 1);
        }
        d.close();
        if kind == 0 {
            d.add(OPT_PAD1, tvb, at, 1, Value::None);
            d.close();
            return Ok(1);
        }
        d.uint(OPT_LENGTH, tvb, at + 1, 1)?;
        let data = at + 2;
        tvb.slice(data, len)?;
        match (kind, len) {
            (0x01, _) => {
                let value = match len {
                    0 => Value::String("<none>".into()),
                    _ => Value::Bytes,
                };
                d.add(OPT_PADN, tvb, data, len, value);
            }
            (0x04, 1) => {
                d.uint(OPT_TEL, tvb, data, 1)?;
            }
            (0x05, 2) => {
                d.uint(OPT_ROUTER_ALERT, tvb, data, 2)?;
            }
            (0x30, 4) => {
                d.uint(OPT_PMTU_MIN, tvb, data, 2)?;
                let back = tvb.u16(data + 2)?;
                d.add(OPT_PMTU_RTN, tvb, data + 2, 2, Value::Uint((back & 0xfffe).into()));
                d.add(OPT_PMTU_R_FLAG, tvb, data + 3, 1, Value::Uint((back & 1).into()));
            }
            (0xc2, 4) => {
                d.uint(OPT_JUMBO, tvb, data, 4)?;
                if self.plen != 0 {
                    d.expert(OPT_JUMBO_PROHIBITED, tvb, data, 4);
                }
            }
            (0xc9, 16) => {
                let home = tvb.array(data)?;
                d.add(OPT_HOME_ADDRESS, tvb, data, 16, Value::Ipv6(home));
                // RFC 6275, 6.3: the packet is to be taken as if it came from there.
                d.set_addresses(Address::Ipv6(home), d.endpoints.dst);
            }
            (0x1e | 0x3e | 0x5e | 0x7e | 0x9e | 0xbe | 0xde | 0xfe, _) => {
                d.bytes(OPT_EXPERIMENTAL, tvb, data, len);
            }
            _ => {
                d.bytes(OPT_UNKNOWN, tvb, data, len);
                d.within(|d| d.expert(OPT_UNKNOWN_DATA_EXPERT, tvb, data, len));
            }
        }
        d.close();
        Ok(whole)
    }

    fn routing<'a>(&mut self, d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Option<(u8, Tvb<'a>)>, Stop> {
        d.layer("ipv6.routing");
        d.set_info(|| "IPv6 routing".to_owned());
        let len = (usize::from(tvb.u8(1).unwrap_or_default()) + 1) * 8;
        let item = d.open(ROUTING, tvb, 0, len, Value::Bytes);
        let next = d.uint(ROUTING_NXT, tvb, 0, 1)? as u8;
        let kind = tvb.u8(2);
        d.text(item, || match kind {
            Ok(kind) => match Names::Values(ROUTING_TYPES).of(kind.into()) {
                Some(name) => format!("Routing Header for IPv6 ({name})"),
                None => format!("Routing Header for IPv6 (Unknown type {kind})"),
            },
            Err(_) => "Routing Header for IPv6".to_owned(),
        });
        let units = d.uint(ROUTING_LEN, tvb, 1, 1)?;
        let len = self.octets(tvb)?;
        let kind = kind?;
        if matches!(kind, 0 | 2) && units & 1 != 0 {
            d.within(|d| {
                d.expert_with(ROUTING_INVALID_LENGTH, tvb, 1, 1, || {
                    "IPv6 Routing Header extension header length must not be odd".to_owned()
                });
            });
        }
        d.generated(ROUTING_LEN_OCT, tvb, 1, 1, Value::Uint(len as u64));
        d.open(ROUTING_TYPE, tvb, 2, 1, Value::Uint(kind.into()));
        if kind == 0 {
            // RFC 5095.
            d.expert(ROUTING_DEPRECATED, tvb, 2, 1);
        }
        d.close();
        let left = usize::from(tvb.u8(3)?);
        d.add(ROUTING_SEGLEFT, tvb, 3, 1, Value::Uint(left as u64));
        let count = (len - 8) / 16;
        let whole = tvb.exact(0, len)?;
        match kind {
            0 | 2 => {
                if kind == 0 && left > count {
                    d.within(|d| {
                        d.expert_with(ROUTING_INVALID_SEGLEFT, tvb, 3, 1, || {
                            format!(
                                "IPv6 Type 0 Routing Header segments left field must not exceed address count ({count})"
                            )
                        });
                    });
                }
                let (reserved, field) = match kind {
                    0 => (ROUTING_SRC_RESERVED, ROUTING_SRC_ADDR),
                    _ => (ROUTING_MIPV6_RESERVED, ROUTING_MIPV6_HOME_ADDRESS),
                };
                d.bytes(reserved, whole, 4, 4);
                addresses(d, whole, field, count, 1)?;
                if left > 0 && count > 0 {
                    let last = whole.array(8 + (count - 1) * 16)?;
                    d.set_addresses(d.endpoints.src, Address::Ipv6(last));
                }
            }
            4 => {
                // RFC 8754, 2: the segments stand in reverse order.
                d.uint(ROUTING_SRH_LAST_ENTRY, whole, 4, 1)?;
                d.uint(ROUTING_SRH_FLAGS, whole, 5, 1)?;
                d.bytes(ROUTING_SRH_TAG, whole, 6, 2);
                let entries = usize::from(whole.u8(4)?) + 1;
                addresses(d, whole, ROUTING_SRH_ADDR, entries.min(count), 0)?;
                if left > 0 && count > 0 {
                    d.set_addresses(d.endpoints.src, Address::Ipv6(whole.array(8)?));
                }
            }
            _ => {
                d.bytes(ROUTING_UNKNOWN_DATA, whole, 4, len - 4);
                d.within(|d| d.expert(ROUTING_UNDECODED, whole, 4, len - 4));
            }
        }
        d.close();
        Ok(Some((next, tvb.from(len))))
    }

    fn fragment<'a>(&mut self, d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Option<(u8, Tvb<'a>)>, Stop> {
        d.layer("ipv6.fraghdr");
        tvb.slice(0, 8)?;
        let bits = tvb.u16(2)?;
        let next = tvb.u8(0)?;
        let identification = tvb.u32(4)?;
        let (start, has_more) = (u32::from(bits & 0xfff8), bits & 1 != 0);
        self.len += 8;
        d.set_len(self.item, self.len);
        d.open(FRAGHDR, tvb, 0, 8, Value::Bytes);
        d.uint(FRAGHDR_NXT, tvb, 0, 1)?;
        d.uint(FRAGHDR_RESERVED_OCTET, tvb, 1, 1)?;
        let line = d.bits(FRAGHDR_OFFSET, tvb, 2, 2, bits.into());
        d.append_text(line, || format!(" ({start} bytes)"));
        d.bits(FRAGHDR_RESERVED_BITS, tvb, 2, 2, bits.into());
        d.flag(FRAGHDR_MORE, tvb, 2, 2, bits.into());
        d.add(FRAGHDR_IDENT, tvb, 4, 4, Value::Uint(identification.into()));
        d.close();
        let payload = tvb.from(8);
        if start == 0 && !has_more {
            // RFC 6946: an atomic fragment is whole by itself.
            return Ok(Some((next, payload)));
        }
        d.set_info(|| {
            let more = if has_more { 'y' } else { 'n' };
            format!("IPv6 fragment (off={start} more={more} ident=0x{identification:08x} nxt={next})")
        });
        if payload.is_whole() {
            let key = Key { identification, ..self.key };
            ip::learn(d, key, start, has_more, next, payload);
            let whole = d.fact(|fact| match fact {
                Fact::Datagram(datagram) => Some(datagram.clone()),
                _ => None,
            });
            if let Some(datagram) = whole {
                let source = d.add_source(&datagram.bytes, "Reassembled IPv6");
                ip::fragments(d, source, &datagram, &FRAGMENT_FIELDS);
                return Ok(Some((datagram.next_header, source)));
            }
            let reassembled_in = d.fact(|fact| match fact {
                Fact::DatagramIn(frame) => Some(*frame),
                _ => None,
            });
            if let Some(frame) = reassembled_in {
                d.generated(REASSEMBLED_IN, tvb, 0, 0, Value::Uint(frame));
            }
        }
        d.close();
        d.call(ProtoId::Data, payload);
        Ok(None)
    }
}

const FRAGMENT_FIELDS: FragmentFields = FragmentFields {
    title: "IPv6",
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

fn addresses<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, count: usize, first: usize) -> Parsed {
    if !d.wants(field) {
        return Ok(());
    }
    for n in 0..count {
        let address = tvb.array(8 + n * 16)?;
        let item = d.add(field, tvb, 8 + n * 16, 16, Value::Ipv6(address));
        d.text(item, || format!("Address[{}]: {}", n + first, Address::Ipv6(address)));
    }
    Ok(())
}

/// Hands on what the last header says; an empty payload is the next protocol's to complain of.
fn upper<'a>(d: &mut Dissector<'a>, next: u8, payload: Tvb<'a>) {
    if !d.call_by_number(Table::IpProto, next.into(), payload) {
        d.set_info(|| format!("Unknown IP Protocol: {} ({next})", ip_protocol_name(next)));
        d.call(ProtoId::Data, payload);
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    const ADDRESSES: &str = "fe800000000000000213 72fffec00001 20020a00000100070000000000000001";

    #[test]
    fn extension_headers_follow_each_other() {
        let frame = format!("60000000 0013 00 40 {ADDRESSES} 3c00050200000100 fd00010400000000 616263");
        let shown = frames(229, &[&frame]);
        assert_eq!(values(&shown[0], "frame.protocols"), "ipv6:ipv6.hopopts:ipv6.dstopts:data");
        assert_eq!(values(&shown[0], "ipv6.opt.type"), "0x05,0x01,0x01");
        assert_eq!(values(&shown[0], "ipv6.slaac_mac"), "00:13:72:c0:00:01");
        assert_eq!(values(&shown[0], "ipv6.6to4_gw_ipv4"), "10.0.0.1");
    }

    #[test]
    fn fragments_are_one_datagram_and_an_atomic_one_is_whole() {
        let fragment =
            |bits: &str, data: &str, len: &str| format!("60000000 {len} 2c 40 {ADDRESSES} fd00{bits}00000007 {data}");
        let rows = [
            fragment("0001", "6162636465666768", "0010"),
            fragment("0008", "69", "0009"),
            fragment("0000", "69", "0009"),
        ];
        let shown = frames(229, &[&rows[0], &rows[1], &rows[2]]);
        assert_eq!(values(&shown[0], "ipv6.reassembled.in"), "2");
        assert_eq!(values(&shown[1], "ipv6.reassembled.data"), "616263646566676869");
        assert_eq!(values(&shown[2], "data.data"), "69");
        assert_eq!(values(&shown[2], "ipv6.fragment"), "");
    }

    #[test]
    fn a_cut_header_is_malformed() {
        let shown = frames(229, &["60000000 0010", "60000000 0010 3a 40", "60000000 0008 00 40"]);
        for frame in &shown {
            assert!(values(frame, "_ws.malformed").contains("IPv6") || !values(frame, "_ws.expert").is_empty());
        }
    }
}
