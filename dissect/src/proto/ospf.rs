//! Open Shortest Path First, version 2 (RFC 2328) and version 3 (RFC 5340): all messages, the link state advertisements
//! of both but the opaque ones.

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ospf, "ospf", "Open Shortest Path First";
    HEADER = field("ospf.header", "OSPF Header", None, None);
    VERSION = field("ospf.version", "Version", Uint8, Dec);
    MSG = field("ospf.msg", "Message Type", Uint8, Dec).names(Names::Values(MESSAGES));
    MSG_HELLO = field("ospf.msg.hello", "Hello", Boolean, None);
    MSG_DBDESC = field("ospf.msg.dbdesc", "Database Description", Boolean, None);
    MSG_LSREQ = field("ospf.msg.lsreq", "Link State Adv Request", Boolean, None);
    MSG_LSUPDATE = field("ospf.msg.lsupdate", "Link State Adv Update", Boolean, None);
    MSG_LSACK = field("ospf.msg.lsack", "Link State Adv Acknowledgement", Boolean, None);
    PACKET_LENGTH = field("ospf.packet_length", "Packet Length", Uint16, Dec);
    SRCROUTER = field("ospf.srcrouter", "Source OSPF Router", Ipv4, None);
    AREA_ID = field("ospf.area_id", "Area ID", Ipv4, None);
    CHECKSUM = field("ospf.checksum", "Checksum", Uint16, Hex);
    AUTH_TYPE = field("ospf.auth.type", "Auth Type", Uint16, Dec).names(Names::Values(AUTHENTICATIONS));
    AUTH_NONE = field("ospf.auth.none", "Auth Data (none)", Bytes, None);
    AUTH_SIMPLE = field("ospf.auth.simple", "Auth Data (Simple)", String, None);
    AUTH_KEY_ID = field("ospf.auth.crypt.key_id", "Auth Crypt Key id", Uint8, Dec);
    AUTH_LENGTH = field("ospf.auth.crypt.data_length", "Auth Crypt Data Length", Uint8, Dec);
    AUTH_SEQ_NBR = field("ospf.auth.crypt.seq_nbr", "Auth Crypt Sequence Number", Uint32, Dec);
    AUTH_DATA = field("ospf.auth.crypt.data", "Auth Crypt Data", Bytes, None);
    INSTANCE_ID = field("ospf.instance_id", "Instance ID", Uint8, Dec).names(Names::Ranges(INSTANCES));
    RESERVED = field("ospf.reserved", "Reserved", Bytes, None);
    HELLO = field("ospf.hello", "OSPF Hello Packet", None, None);
    NETWORK_MASK = field("ospf.hello.network_mask", "Network Mask", Ipv4, None);
    INTERFACE_ID = field("ospf.hello.interface_id", "Interface ID", Uint32, Dec);
    HELLO_INTERVAL = field("ospf.hello.hello_interval", "Hello Interval [sec]", Uint32, Dec);
    ROUTER_PRIORITY = field("ospf.hello.router_priority", "Router Priority", Uint8, Dec);
    ROUTER_DEAD_INTERVAL = field("ospf.hello.router_dead_interval", "Router Dead Interval [sec]", Uint32, Dec);
    DESIGNATED_ROUTER = field("ospf.hello.designated_router", "Designated Router", Ipv4, None);
    BACKUP_DESIGNATED_ROUTER = field("ospf.hello.backup_designated_router", "Backup Designated Router", Ipv4, None);
    ACTIVE_NEIGHBOR = field("ospf.hello.active_neighbor", "Active Neighbor", Ipv4, None);
    V2_OPTIONS = field("ospf.v2.options", "Options", Uint8, Hex);
    V2_DN = field("ospf.v2.options.dn", "DN", Boolean, None).names(SET).mask(0x80);
    V2_O = field("ospf.v2.options.o", "O", Boolean, None).names(SET).mask(0x40);
    V2_DC = field("ospf.v2.options.dc", "(DC) Demand Circuits", Boolean, None).names(SUPPORTED).mask(0x20);
    V2_L = field("ospf.v2.options.l", "(L) LLS Data block", Boolean, None).names(PRESENT).mask(0x10);
    V2_N = field("ospf.v2.options.n", "(N) NSSA", Boolean, None).names(SUPPORTED).mask(0x08);
    V2_P = field("ospf.v2.options.p", "(P) Propagate", Boolean, None).names(SET).mask(0x08);
    V2_MC = field("ospf.v2.options.mc", "(MC) Multicast", Boolean, None).names(CAPABLE).mask(0x04);
    V2_E = field("ospf.v2.options.e", "(E) External Routing", Boolean, None).names(CAPABLE).mask(0x02);
    V2_MT = field("ospf.v2.options.mt", "(MT) Multi-Topology Routing", Boolean, None).names(YES).mask(0x01);
    V3_OPTIONS = field("ospf.v3.options", "Options", Uint24, Hex);
    V3_AT = field("ospf.v3.options.at", "AT", Boolean, None).names(SET).mask(0x400);
    V3_L = field("ospf.v3.options.l", "L", Boolean, None).names(SET).mask(0x200);
    V3_AF = field("ospf.v3.options.af", "AF", Boolean, None).names(SET).mask(0x100);
    V3_DC = field("ospf.v3.options.dc", "DC", Boolean, None).names(SET).mask(0x20);
    V3_R = field("ospf.v3.options.r", "R", Boolean, None).names(SET).mask(0x10);
    V3_N = field("ospf.v3.options.n", "N", Boolean, None).names(SET).mask(0x08);
    V3_MC = field("ospf.v3.options.mc", "MC", Boolean, None).names(SET).mask(0x04);
    V3_E = field("ospf.v3.options.e", "E", Boolean, None).names(SET).mask(0x02);
    V3_V6 = field("ospf.v3.options.v6", "V6", Boolean, None).names(SET).mask(0x01);
    INTERFACE_MTU = field("ospf.db.interface_mtu", "Interface MTU", Uint16, Dec);
    DBD = field("ospf.dbd", "DB Description", Uint8, Hex);
    DBD_R = field("ospf.dbd.r", "(R) OOBResync", Boolean, None).names(SET).mask(0x8);
    DBD_I = field("ospf.dbd.i", "(I) Init", Boolean, None).names(SET).mask(0x4);
    DBD_M = field("ospf.dbd.m", "(M) More", Boolean, None).names(SET).mask(0x2);
    DBD_MS = field("ospf.dbd.ms", "(MS) Master", Boolean, None).names(YES).mask(0x1);
    DD_SEQUENCE = field("ospf.db.dd_sequence", "DD Sequence", Uint32, Dec);
    NUMBER_OF_LSAS = field("ospf.ls.number_of_lsas", "Number of LSAs", Uint32, Dec);
    LSA_AGE = field("ospf.lsa.age", "LS Age (seconds)", Uint16, Dec).mask(0x7fff);
    LSA_DONOTAGE = field("ospf.lsa.donotage", "Do Not Age Flag", Uint16, Dec).mask(0x8000);
    V3_DO_NOT_AGE = field("ospf.v3.lsa.do_not_age", "Do Not Age", Boolean, None).mask(0x8000);
    LSA = field("ospf.lsa", "LS Type", Uint8, Dec).names(Names::Values(TYPES));
    LSA_ROUTER = field("ospf.lsa.router", "Router LSA", Boolean, None);
    LSA_NETWORK = field("ospf.lsa.network", "Network LSA", Boolean, None);
    LSA_SUMMARY = field("ospf.lsa.summary", "Summary LSA (IP Network)", Boolean, None);
    LSA_ASBR = field("ospf.lsa.asbr", "Summary LSA (ASBR)", Boolean, None);
    LSA_ASEXT = field("ospf.lsa.asext", "AS-External LSA (ASBR)", Boolean, None);
    LSA_NSSA = field("ospf.lsa.nssa", "NSSA AS-External LSA", Boolean, None);
    LSA_OPAQUE = field("ospf.lsa.opaque", "Opaque LSA", Boolean, None);
    V3_LSA = field("ospf.v3.lsa", "LS Type", Uint16, Hex);
    V3_LSA_U = field("ospf.v3.lsa.u", "LSA Handling", Boolean, None).names(HANDLING).mask(0x8000);
    V3_LSA_S12 = field("ospf.v3.lsa.s12", "Flooding Scope", Uint16, Hex).names(Names::Values(SCOPES)).mask(0x6000);
    V3_LSA_FC = field("ospf.v3.lsa.fc", "Function Code", Uint16, Dec).names(Names::Values(V3_TYPES)).mask(0x1fff);
    V3_LSA_ROUTER = field("ospf.v3.lsa.router", "Router-LSA", Boolean, None);
    V3_LSA_NETWORK = field("ospf.v3.lsa.network", "Network-LSA", Boolean, None);
    V3_LSA_INTERPREFIX = field("ospf.v3.lsa.interprefix", "Inter-Area-Prefix-LSA", Boolean, None);
    V3_LSA_INTERROUTER = field("ospf.v3.lsa.interrouter", "Inter-Area-Router-LSA", Boolean, None);
    V3_LSA_ASEXT = field("ospf.v3.lsa.asext", "AS-External-LSA", Boolean, None);
    V3_LSA_LINK = field("ospf.v3.lsa.link", "Link-LSA", Boolean, None);
    V3_LSA_INTRAPREFIX = field("ospf.v3.lsa.intraprefix", "Intra-Area-Prefix-LSA", Boolean, None);
    LSA_ID = field("ospf.lsa.id", "Link State ID", Ipv4, None);
    LSID_OPAQUE_TYPE = field("ospf.lsid_opaque_type", "Link State ID Opaque Type", Uint8, Dec).names(Names::Values(OPAQUE_TYPES));
    LSID_OPAQUE_ID = field("ospf.lsid.opaque_id", "Link State ID Opaque ID", Uint24, Dec);
    LINK_STATE_ID = field("ospf.link_state_id", "Link State ID", Ipv4, None);
    ADVROUTER = field("ospf.advrouter", "Advertising Router", Ipv4, None);
    LSA_SEQNUM = field("ospf.lsa.seqnum", "Sequence Number", Uint32, Hex);
    LSA_CHKSUM = field("ospf.lsa.chksum", "Checksum", Uint16, Hex);
    LSA_LENGTH = field("ospf.lsa.length", "Length", Uint16, Dec);
    V2_FLAGS = field("ospf.v2.router.lsa.flags", "Flags", Uint8, Hex);
    V2_FLAG_H = field("ospf.v2.router.lsa.flags.h", "(H) flag", Boolean, None).names(YES).mask(0x80);
    V2_FLAG_N = field("ospf.v2.router.lsa.flags.n", "(N) flag", Boolean, None).names(YES).mask(0x10);
    V2_FLAG_W = field("ospf.v2.router.lsa.flags.w", "(W) Wild-card multicast receiver", Boolean, None).names(YES).mask(0x8);
    V2_FLAG_V = field("ospf.v2.router.lsa.flags.v", "(V) Virtual link endpoint", Boolean, None).names(YES).mask(0x4);
    V2_FLAG_E = field("ospf.v2.router.lsa.flags.e", "(E) AS boundary router", Boolean, None).names(YES).mask(0x2);
    V2_FLAG_B = field("ospf.v2.router.lsa.flags.b", "(B) Area border router", Boolean, None).names(YES).mask(0x1);
    NUMBER_OF_LINKS = field("ospf.lsa.number_of_links", "Number of Links", Uint16, Dec);
    LINK_ID = field("ospf.lsa.router.linkid", "Link ID", Ipv4, None);
    LINK_DATA = field("ospf.lsa.router.linkdata", "Link Data", Ipv4, None);
    LINK_TYPE = field("ospf.lsa.router.linktype", "Link Type", Uint8, Dec);
    NUM_METRICS = field("ospf.lsa.router.nummetrics", "Number of Metrics", Uint8, Dec);
    METRIC0 = field("ospf.lsa.router.metric0", "0 Metric", Uint16, Dec);
    NETMASK = field("ospf.lsa.network.netmask", "Netmask", Ipv4, None);
    ATTCHRTR = field("ospf.lsa.network.attchrtr", "Attached Router", Ipv4, None);
    ASBR_NETMASK = field("ospf.lsa.asbr.netmask", "Netmask", Ipv4, None);
    TOS = field("ospf.lsa.tos", "TOS", Uint8, Dec).mask(0x7f);
    METRIC = field("ospf.metric", "Metric", Uint32, Dec);
    ASEXT_NETMASK = field("ospf.lsa.asext.netmask", "Netmask", Ipv4, None);
    ASEXT_TYPE = field("ospf.lsa.asext.type", "External Type", Boolean, None).names(EXTERNAL_TYPES).mask(0x80);
    ASEXT_FWDADDR = field("ospf.lsa.asext.fwdaddr", "Forwarding Address", Ipv4, None);
    ASEXT_EXTRTTAG = field("ospf.lsa.asext.extrttag", "External Route Tag", Uint32, Dec);
    V3_FLAGS = field("ospf.v3.router.lsa.flags", "Flags", Uint8, Hex);
    V3_FLAG_W = field("ospf.v3.router.lsa.flags.w", "(W) Wild-card multicast receiver", Boolean, None).names(YES).mask(0x8);
    V3_FLAG_V = field("ospf.v3.router.lsa.flags.v", "(V) Virtual link endpoint", Boolean, None).names(YES).mask(0x4);
    V3_FLAG_E = field("ospf.v3.router.lsa.flags.e", "(E) AS boundary router", Boolean, None).names(YES).mask(0x2);
    V3_FLAG_B = field("ospf.v3.router.lsa.flags.b", "(B) Area border router", Boolean, None).names(YES).mask(0x1);
    V3_TYPE = field("ospf.v3.lsa.type", "Type", Uint8, Dec).names(Names::Values(LINK_TYPES));
    V3_INTERFACE_ID = field("ospf.v3.lsa.interface_id", "Interface ID", Uint32, Dec);
    V3_NEIGHBOR_INTERFACE_ID = field("ospf.v3.lsa.neighbor_interface_id", "Neighbor Interface ID", Uint32, Dec);
    V3_NEIGHBOR_ROUTER_ID = field("ospf.v3.lsa.neighbor_router_id", "Neighbor Router ID", Ipv4, None);
    V3_ATTACHED_ROUTER = field("ospf.v3.lsa.attached_router", "Attached Router", Ipv4, None);
    V3_DESTINATION_ROUTER_ID = field("ospf.v3.lsa.destination_router_id", "Destination Router ID", Ipv4, None);
    V3_ROUTER_PRIORITY = field("ospf.v3.lsa.router_priority", "Router Priority", Uint8, Dec);
    V3_LINK_LOCAL = field("ospf.v3.lsa.link_local_interface_address.ipv6", "Link-local Interface Address", Ipv6, None);
    V3_NUM_PREFIXES = field("ospf.v3.lsa.num_prefixes", "# prefixes", Uint32, Dec);
    V3_REFERENCED_LS_TYPE = field("ospf.v3.lsa.referenced_ls_type", "Referenced LS type", Uint16, Hex).names(Names::Values(V3_TYPES));
    V3_REFERENCED_LINK_STATE_ID = field("ospf.v3.lsa.referenced_link_state_id", "Referenced Link State ID", Ipv4, None);
    V3_REFERENCED_ADVERTISING_ROUTER = field("ospf.v3.lsa.referenced_advertising_router", "Referenced Advertising Router", Ipv4, None);
    V3_ASEXT_FLAGS = field("ospf.v3.as.external.flags", "Flags", Uint8, Hex);
    V3_ASEXT_E = field("ospf.v3.as.external.flags.e", "(E) External Metric", Boolean, None).names(YES).mask(0x4);
    V3_ASEXT_F = field("ospf.v3.as.external.flags.f", "(F) Forwarding Address", Boolean, None).names(YES).mask(0x2);
    V3_ASEXT_T = field("ospf.v3.as.external.flags.t", "(T) External Route Tag", Boolean, None).names(YES).mask(0x1);
    V3_FORWARDING_ADDRESS = field("ospf.v3.lsa.forwarding_address.ipv6", "Forwarding Address", Ipv6, None);
    V3_EXTERNAL_ROUTE_TAG = field("ospf.v3.lsa.external_route_tag", "External Route Tag", Uint32, Dec);
    PREFIX_LENGTH = field("ospf.prefix_length", "PrefixLength", Uint8, Dec);
    PREFIX_OPTIONS = field("ospf.v3.prefix.options", "PrefixOptions", Uint8, Hex);
    PREFIX_P = field("ospf.v3.prefix.options.p", "(P) Propagate", Boolean, None).names(SET).mask(0x8);
    PREFIX_MC = field("ospf.v3.prefix.options.mc", "(MC) Multicast", Boolean, None).names(SET).mask(0x4);
    PREFIX_LA = field("ospf.v3.prefix.options.la", "(LA) Local Address", Boolean, None).names(SET).mask(0x2);
    PREFIX_NU = field("ospf.v3.prefix.options.nu", "(NU) NoUnicast", Boolean, None).names(SET).mask(0x1);
    ADDRESS_PREFIX = field("ospf.v3.address_prefix.ipv6", "Address Prefix", Ipv6, None);
    NOT_ZERO = expert("ospf.reserved.not_zero", "incorrect, should be 0", Warning, Protocol);
}

const SET: Names = Names::Flag("Set", "Not set");
const YES: Names = Names::Flag("Yes", "No");
const SUPPORTED: Names = Names::Flag("Supported", "Not supported");
const PRESENT: Names = Names::Flag("Present", "Not Present");
const CAPABLE: Names = Names::Flag("Capable", "Not capable");
const HANDLING: Names = Names::Flag(
    "Treat the LSA as if it had link-local flooding scope",
    "Store and flood the LSA as if the type is understood",
);
const EXTERNAL_TYPES: Names = Names::Flag(
    "Type 2 (metric is larger than any other link state path)",
    "Type 1 (metric is specified in the same units as interface cost)",
);
const MESSAGES: &[(u64, &str)] =
    &[(1, "Hello Packet"), (2, "DB Description"), (3, "LS Request"), (4, "LS Update"), (5, "LS Acknowledge")];
const AUTHENTICATIONS: &[(u64, &str)] = &[(0, "Null"), (1, "Simple password"), (2, "Cryptographic")];
/// RFC 5838, 2.1.
const INSTANCES: &[(u64, u64, &str)] = &[
    (0, 31, "IPv6 unicast AF"),
    (32, 63, "IPv6 multicast AF"),
    (64, 95, "IPv4 unicast AF"),
    (96, 127, "IPv4 multicast AF"),
    (128, 255, "Reserved"),
];
/// RFC 2328, 12.1.3; RFC 3101; RFC 5250.
const TYPES: &[(u64, &str)] = &[
    (1, "Router-LSA"),
    (2, "Network-LSA"),
    (3, "Summary-LSA (IP network)"),
    (4, "Summary-LSA (ASBR)"),
    (5, "AS-External-LSA (ASBR)"),
    (6, "Group Membership LSA"),
    (7, "NSSA AS-External-LSA"),
    (8, "External Attributes LSA"),
    (9, "Opaque LSA, Link-local scope"),
    (10, "Opaque LSA, Area-local scope"),
    (11, "Opaque LSA, AS-local scope"),
];
const OPAQUE_TYPES: &[(u64, &str)] = &[
    (1, "Traffic Engineering LSA"),
    (2, "Sycamore Optical Topology Descriptions"),
    (3, "grace-LSA"),
    (4, "Optional Router Information LSA"),
    (5, "L1VPN LSA"),
    (6, "Inter-AS-TE-v2 LSA"),
    (7, "OSPFv2 Extended Prefix Opaque LSA"),
    (8, "OSPFv2 Extended Link Opaque LSA"),
];
/// RFC 5340, A.4.2.1.
const V3_TYPES: &[(u64, &str)] = &[
    (1, "Router-LSA"),
    (2, "Network-LSA"),
    (3, "Inter-Area-Prefix-LSA"),
    (4, "Inter-Area-Router-LSA"),
    (5, "AS-External-LSA"),
    (6, "Group-Membership-LSA"),
    (7, "NSSA-LSA"),
    (8, "Link-LSA"),
    (9, "Intra-Area-Prefix-LSA"),
    (12, "Router Information Opaque-LSA"),
];
const SCOPES: &[(u64, &str)] = &[
    (0, "Link-Local Scoping - Flooded only on originating link"),
    (1, "Area Scoping - Flooded only in originating area"),
    (2, "AS Scoping - Flooded throughout AS"),
    (3, "Reserved"),
];
const LINK_TYPES: &[(u64, &str)] = &[
    (1, "Point-to-point connection to another router"),
    (2, "Connection to a transit network"),
    (3, "Connection to a stub network"),
    (4, "Virtual link"),
];

/// The flag that a message of each type has of its own.
const OF_MESSAGES: [FieldId; 5] = [MSG_HELLO, MSG_DBDESC, MSG_LSREQ, MSG_LSUPDATE, MSG_LSACK];
/// The same for link state advertisements.
const OF_TYPES: &[(u16, FieldId)] = &[
    (1, LSA_ROUTER),
    (2, LSA_NETWORK),
    (3, LSA_SUMMARY),
    (4, LSA_ASBR),
    (5, LSA_ASEXT),
    (7, LSA_NSSA),
    (9, LSA_OPAQUE),
    (10, LSA_OPAQUE),
    (11, LSA_OPAQUE),
];
const OF_V3_TYPES: &[(u16, FieldId)] = &[
    (1, V3_LSA_ROUTER),
    (2, V3_LSA_NETWORK),
    (3, V3_LSA_INTERPREFIX),
    (4, V3_LSA_INTERROUTER),
    (5, V3_LSA_ASEXT),
    (8, V3_LSA_LINK),
    (9, V3_LSA_INTRAPREFIX),
];

const PROTOCOL_NUMBER: u8 = 89;
const V2_HEADER_LEN: usize = 24;
const V3_HEADER_LEN: usize = 16;
const LSA_HEADER_LEN: usize = 20;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Ospf, "OSPF", &[Binding::IpProto(PROTOCOL_NUMBER)], dissect)
};

fn ipv4<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Parsed {
    d.add(field, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
    Ok(())
}

fn reserved<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize) -> Parsed {
    let octets = tvb.slice(at, len)?;
    d.open(RESERVED, tvb, at, len, Value::Bytes);
    if octets.iter().any(|octet| *octet != 0) {
        d.expert(NOT_ZERO, tvb, at, len);
    }
    d.close();
    Ok(())
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("OSPF");
    d.begin(PROTO, tvb);
    let (version, kind, len) = (tvb.u8(0)?, tvb.u8(1)?, usize::from(tvb.u16(2)?));
    d.set_info(|| Names::Values(MESSAGES).of(kind.into()).map_or_else(|| format!("Unknown ({kind})"), Into::into));
    let is_v3 = version == 3;
    let header = if is_v3 { V3_HEADER_LEN } else { V2_HEADER_LEN };
    d.open(HEADER, tvb, 0, header, Value::None);
    d.uint(VERSION, tvb, 0, 1)?;
    d.uint(MSG, tvb, 1, 1)?;
    if let Some(field) = OF_MESSAGES.get(usize::from(kind).wrapping_sub(1)) {
        d.hidden(*field, tvb, 1, 1, Value::Uint(1));
    }
    d.uint(PACKET_LENGTH, tvb, 2, 2)?;
    ipv4(d, tvb, SRCROUTER, 4)?;
    let area = tvb.u32(8)?;
    let item = d.add(AREA_ID, tvb, 8, 4, Value::Ipv4(area.to_be_bytes()));
    if area == 0 {
        d.append_text(item, || " (Backbone)".to_owned());
    }
    show_checksum(d, tvb, is_v3, len)?;
    if is_v3 {
        d.uint(INSTANCE_ID, tvb, 14, 1)?;
        reserved(d, tvb, 15, 1)?;
    } else {
        authentication(d, tvb, len)?;
    }
    d.close();
    let body = tvb.sub(0, len.max(header)).from(header);
    match kind {
        1 => hello(d, body, is_v3)?,
        2 => description(d, body, is_v3)?,
        3 => requests(d, body, is_v3)?,
        4 => update(d, body, is_v3)?,
        5 => headers(d, body, is_v3)?,
        _ => {}
    }
    d.close();
    Ok(())
}

fn show_checksum<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool, len: usize) -> Parsed {
    let found = tvb.u16(12)?;
    let item = d.add(CHECKSUM, tvb, 12, 2, Value::Uint(found.into()));
    let own = tvb.bytes().get(..len).filter(|own| own.len() >= V3_HEADER_LEN);
    // RFC 2328, D.4: the authentication data are left out; with cryptographic authentication there is no checksum.
    let wanted = match own {
        Some(_) if !is_v3 && tvb.u16(14)? == 2 => None,
        Some(own) if is_v3 => {
            Some(checksum::expected_ipv6(d.endpoints.src, d.endpoints.dst, PROTOCOL_NUMBER, own, found))
                .filter(|_| matches!(d.endpoints.src, Address::Ipv6(_)))
        }
        Some(own) => {
            let parts = [own.get(..16).unwrap_or_default(), own.get(V2_HEADER_LEN..).unwrap_or_default()];
            Some(checksum::expected(&parts.concat(), found))
        }
        None => None,
    };
    d.append_text(item, || match wanted {
        Some(wanted) if wanted == found => " [correct]".to_owned(),
        Some(wanted) => format!(" [incorrect, should be 0x{wanted:04x}]"),
        None => " (None)".to_owned(),
    });
    Ok(())
}

fn authentication<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, len: usize) -> Parsed {
    match d.uint(AUTH_TYPE, tvb, 14, 2)? {
        0 => {
            tvb.slice(16, 8)?;
            d.bytes(AUTH_NONE, tvb, 16, 8);
        }
        1 => {
            tvb.slice(16, 8)?;
            d.string(AUTH_SIMPLE, tvb, 16, 8);
        }
        2 => {
            d.uint(AUTH_KEY_ID, tvb, 18, 1)?;
            let data = d.uint(AUTH_LENGTH, tvb, 19, 1)? as usize;
            d.uint(AUTH_SEQ_NBR, tvb, 20, 4)?;
            if data > 0 && tvb.slice(len, data).is_ok() {
                d.bytes(AUTH_DATA, tvb, len, data);
            }
        }
        _ => {}
    }
    Ok(())
}

fn v2_options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, is_nssa: bool) -> Parsed {
    let octet = u64::from(tvb.u8(at)?);
    d.open(V2_OPTIONS, tvb, at, 1, Value::Uint(octet));
    for field in [V2_DN, V2_O, V2_DC, V2_L, if is_nssa { V2_P } else { V2_N }, V2_MC, V2_E, V2_MT] {
        d.flag(field, tvb, at, 1, octet);
    }
    d.close();
    Ok(())
}

fn v3_options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let octets = u64::from(tvb.u24(at)?);
    d.open(V3_OPTIONS, tvb, at, 3, Value::Uint(octets));
    for field in [V3_AT, V3_L, V3_AF, V3_DC, V3_R, V3_N, V3_MC, V3_E, V3_V6] {
        d.flag(field, tvb, at, 3, octets);
    }
    d.close();
    Ok(())
}

/// RFC 2328, A.3.2; RFC 5340, A.3.2.
fn hello<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool) -> Parsed {
    d.open(HELLO, tvb, 0, tvb.reported(), Value::None);
    if is_v3 {
        d.uint(INTERFACE_ID, tvb, 0, 4)?;
        d.uint(ROUTER_PRIORITY, tvb, 4, 1)?;
        v3_options(d, tvb, 5)?;
        d.uint(HELLO_INTERVAL, tvb, 8, 2)?;
        d.uint(ROUTER_DEAD_INTERVAL, tvb, 10, 2)?;
    } else {
        ipv4(d, tvb, NETWORK_MASK, 0)?;
        d.uint(HELLO_INTERVAL, tvb, 4, 2)?;
        v2_options(d, tvb, 6, false)?;
        d.uint(ROUTER_PRIORITY, tvb, 7, 1)?;
        d.uint(ROUTER_DEAD_INTERVAL, tvb, 8, 4)?;
    }
    ipv4(d, tvb, DESIGNATED_ROUTER, 12)?;
    ipv4(d, tvb, BACKUP_DESIGNATED_ROUTER, 16)?;
    let mut at = 20;
    while at < tvb.reported() {
        ipv4(d, tvb, ACTIVE_NEIGHBOR, at)?;
        at += 4;
    }
    d.close();
    Ok(())
}

/// RFC 2328, A.3.3; RFC 5340, A.3.3.
fn description<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool) -> Parsed {
    let len = if is_v3 { 12 } else { 8 };
    d.open_text(tvb, 0, len, || "OSPF DB Description".to_owned());
    let at = if is_v3 {
        reserved(d, tvb, 0, 1)?;
        v3_options(d, tvb, 1)?;
        d.uint(INTERFACE_MTU, tvb, 4, 2)?;
        reserved(d, tvb, 6, 1)?;
        7
    } else {
        d.uint(INTERFACE_MTU, tvb, 0, 2)?;
        v2_options(d, tvb, 2, false)?;
        3
    };
    let flags = u64::from(tvb.u8(at)?);
    d.open(DBD, tvb, at, 1, Value::Uint(flags));
    for field in [DBD_R, DBD_I, DBD_M, DBD_MS] {
        d.flag(field, tvb, at, 1, flags);
    }
    d.close();
    d.uint(DD_SEQUENCE, tvb, at + 1, 4)?;
    d.close();
    headers(d, tvb.from(len), is_v3)
}

/// Headers of link state advertisements, without the advertisements.
fn headers<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        advertisement(d, tvb.from(at), is_v3, false)?;
        at += LSA_HEADER_LEN;
    }
    Ok(())
}

/// RFC 2328, A.3.4.
fn requests<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        d.open_text(tvb, at, 12, || "Link State Request".to_owned());
        if is_v3 {
            reserved(d, tvb, at, 2)?;
            v3_type(d, tvb, at + 2)?;
        } else {
            let kind = tvb.u32(at)?;
            d.add(LSA, tvb, at, 4, Value::Uint(kind.into()));
        }
        ipv4(d, tvb, LINK_STATE_ID, at + 4)?;
        ipv4(d, tvb, ADVROUTER, at + 8)?;
        d.close();
        at += 12;
    }
    Ok(())
}

/// RFC 2328, A.3.5.
fn update<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool) -> Parsed {
    d.open_text(tvb, 0, tvb.reported(), || "LS Update Packet".to_owned());
    let count = d.uint(NUMBER_OF_LSAS, tvb, 0, 4)?;
    let mut at = 4;
    for _ in 0..count {
        let len = advertisement(d, tvb.from(at), is_v3, true)?;
        if len < LSA_HEADER_LEN {
            return Err(Stop::Malformed);
        }
        at += len;
    }
    d.close();
    Ok(())
}

/// The type of an advertisement of version 3.
fn v3_type<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let kind = tvb.u16(at)?;
    d.open(V3_LSA, tvb, at, 2, Value::Uint(kind.into()));
    d.flag(V3_LSA_U, tvb, at, 2, kind.into());
    d.bits(V3_LSA_S12, tvb, at, 2, kind.into());
    d.bits(V3_LSA_FC, tvb, at, 2, kind.into());
    d.close();
    Ok(())
}

/// The header of an advertisement (RFC 2328, A.4.1; RFC 5340, A.4.2) and, where it is there, what it says. Answers its
/// length.
fn advertisement<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_v3: bool, is_whole: bool) -> Result<usize, Stop> {
    let len = usize::from(tvb.u16(18)?);
    let kind = if is_v3 { tvb.u16(2)? & 0x1fff } else { tvb.u8(3)?.into() };
    d.open_text(tvb, 0, LSA_HEADER_LEN, || {
        let name = Names::Values(if is_v3 { V3_TYPES } else { TYPES }).of(kind.into()).unwrap_or("Unknown".into());
        format!("LSA-type {kind} ({name}), len {len}")
    });
    let age = u64::from(tvb.u16(0)?);
    d.bits(LSA_AGE, tvb, 0, 2, age);
    if is_v3 {
        d.flag(V3_DO_NOT_AGE, tvb, 0, 2, age);
        v3_type(d, tvb, 2)?;
        if let Some((_, field)) = OF_V3_TYPES.iter().find(|row| row.0 == kind) {
            d.hidden(*field, tvb, 2, 2, Value::Uint(1));
        }
    } else {
        d.bits(LSA_DONOTAGE, tvb, 0, 2, age);
        v2_options(d, tvb, 2, kind == 7)?;
        d.uint(LSA, tvb, 3, 1)?;
        if let Some((_, field)) = OF_TYPES.iter().find(|row| row.0 == kind) {
            d.hidden(*field, tvb, 3, 1, Value::Uint(1));
        }
    }
    if !is_v3 && matches!(kind, 9..=11) {
        d.uint(LSID_OPAQUE_TYPE, tvb, 4, 1)?;
        d.uint(LSID_OPAQUE_ID, tvb, 5, 3)?;
    } else {
        ipv4(d, tvb, if is_v3 { LINK_STATE_ID } else { LSA_ID }, 4)?;
    }
    ipv4(d, tvb, ADVROUTER, 8)?;
    d.uint(LSA_SEQNUM, tvb, 12, 4)?;
    d.uint(LSA_CHKSUM, tvb, 16, 2)?;
    d.uint(LSA_LENGTH, tvb, 18, 2)?;
    if is_whole {
        // One that says that it is shorter than its header has at least what its type says.
        let body = if len < LSA_HEADER_LEN { tvb } else { tvb.exact(0, len)? }.from(LSA_HEADER_LEN);
        match (is_v3, kind) {
            (false, 1) => router(d, body)?,
            (false, 2) => network(d, body)?,
            (false, 3 | 4) => summary(d, body)?,
            (false, 5 | 7) => external(d, body)?,
            (true, 1) => v3_router(d, body)?,
            (true, 2) => v3_network(d, body)?,
            (true, 3) => {
                reserved(d, body, 0, 1)?;
                d.uint(METRIC, body, 1, 3)?;
                prefix(d, body, 4, Behind::Reserved)?;
            }
            (true, 4) => {
                reserved(d, body, 0, 1)?;
                v3_options(d, body, 1)?;
                reserved(d, body, 4, 1)?;
                d.uint(METRIC, body, 5, 3)?;
                ipv4(d, body, V3_DESTINATION_ROUTER_ID, 8)?;
            }
            (true, 5 | 7) => v3_external(d, body)?,
            (true, 8) => v3_link(d, body)?,
            (true, 9) => v3_intra(d, body)?,
            _ => {}
        }
    }
    d.close();
    Ok(len)
}

/// RFC 2328, A.4.2.
fn router<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let flags = u64::from(tvb.u8(0)?);
    d.open(V2_FLAGS, tvb, 0, 1, Value::Uint(flags));
    for field in [V2_FLAG_H, V2_FLAG_N, V2_FLAG_W, V2_FLAG_V, V2_FLAG_E, V2_FLAG_B] {
        d.flag(field, tvb, 0, 1, flags);
    }
    d.close();
    let links = d.uint(NUMBER_OF_LINKS, tvb, 2, 2)?;
    let mut at = 4;
    for _ in 0..links {
        let metrics = usize::from(tvb.u8(at + 9)?);
        d.open_text(tvb, at, 12 + 4 * metrics, || "Link".to_owned());
        ipv4(d, tvb, LINK_ID, at)?;
        ipv4(d, tvb, LINK_DATA, at + 4)?;
        d.uint(LINK_TYPE, tvb, at + 8, 1)?;
        d.uint(NUM_METRICS, tvb, at + 9, 1)?;
        d.uint(METRIC0, tvb, at + 10, 2)?;
        d.close();
        at += 12 + 4 * metrics;
    }
    Ok(())
}

/// RFC 2328, A.4.3.
fn network<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    ipv4(d, tvb, NETMASK, 0)?;
    let mut at = 4;
    while at < tvb.reported() {
        ipv4(d, tvb, ATTCHRTR, at)?;
        at += 4;
    }
    Ok(())
}

/// RFC 2328, A.4.4.
fn summary<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    ipv4(d, tvb, ASBR_NETMASK, 0)?;
    let mut at = 4;
    while at < tvb.reported() {
        d.bits(TOS, tvb, at, 1, tvb.u8(at)?.into());
        d.uint(METRIC, tvb, at + 1, 3)?;
        at += 4;
    }
    Ok(())
}

/// RFC 2328, A.4.5.
fn external<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    ipv4(d, tvb, ASEXT_NETMASK, 0)?;
    let mut at = 4;
    while at < tvb.reported() {
        let octet = u64::from(tvb.u8(at)?);
        d.flag(ASEXT_TYPE, tvb, at, 1, octet);
        d.bits(TOS, tvb, at, 1, octet);
        d.uint(METRIC, tvb, at + 1, 3)?;
        ipv4(d, tvb, ASEXT_FWDADDR, at + 4)?;
        d.uint(ASEXT_EXTRTTAG, tvb, at + 8, 4)?;
        at += 12;
    }
    Ok(())
}

/// RFC 5340, A.4.3.
fn v3_router<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let flags = u64::from(tvb.u8(0)?);
    d.open(V3_FLAGS, tvb, 0, 1, Value::Uint(flags));
    for field in [V3_FLAG_W, V3_FLAG_V, V3_FLAG_E, V3_FLAG_B] {
        d.flag(field, tvb, 0, 1, flags);
    }
    d.close();
    v3_options(d, tvb, 1)?;
    let mut at = 4;
    while at < tvb.reported() {
        d.open_text(tvb, at, 16, || format!("Entry #{}", at / 16 + 1));
        d.uint(V3_TYPE, tvb, at, 1)?;
        reserved(d, tvb, at + 1, 1)?;
        d.uint(METRIC, tvb, at + 2, 2)?;
        d.uint(V3_INTERFACE_ID, tvb, at + 4, 4)?;
        d.uint(V3_NEIGHBOR_INTERFACE_ID, tvb, at + 8, 4)?;
        ipv4(d, tvb, V3_NEIGHBOR_ROUTER_ID, at + 12)?;
        d.close();
        at += 16;
    }
    Ok(())
}

/// RFC 5340, A.4.4.
fn v3_network<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    reserved(d, tvb, 0, 1)?;
    v3_options(d, tvb, 1)?;
    let mut at = 4;
    while at < tvb.reported() {
        ipv4(d, tvb, V3_ATTACHED_ROUTER, at)?;
        at += 4;
    }
    Ok(())
}

/// What stands between the options of a prefix and its address.
#[derive(Clone, Copy)]
enum Behind {
    Reserved,
    Metric,
    ReferencedType,
}

/// RFC 5340, A.4.1; answers where it ends.
fn prefix<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, behind: Behind) -> Result<usize, Stop> {
    let bits = d.uint(PREFIX_LENGTH, tvb, at, 1)? as usize;
    let options = u64::from(tvb.u8(at + 1)?);
    d.open(PREFIX_OPTIONS, tvb, at + 1, 1, Value::Uint(options));
    for field in [PREFIX_P, PREFIX_MC, PREFIX_LA, PREFIX_NU] {
        d.flag(field, tvb, at + 1, 1, options);
    }
    d.close();
    match behind {
        Behind::Reserved => reserved(d, tvb, at + 2, 2)?,
        Behind::Metric => {
            d.uint(METRIC, tvb, at + 2, 2)?;
        }
        Behind::ReferencedType => {
            d.uint(V3_REFERENCED_LS_TYPE, tvb, at + 2, 2)?;
        }
    }
    if bits > 128 {
        return Err(Stop::Malformed);
    }
    // RFC 5340, A.4.1: an even number of 32-bit words.
    let len = bits.div_ceil(32) * 4;
    let octets = tvb.slice(at + 4, len)?;
    let mut address = [0; 16];
    address.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
    d.add(ADDRESS_PREFIX, tvb, at + 4, len, Value::Ipv6(address));
    Ok(at + 4 + len)
}

/// RFC 5340, A.4.7.
fn v3_external<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let flags = u64::from(tvb.u8(0)?);
    d.open(V3_ASEXT_FLAGS, tvb, 0, 1, Value::Uint(flags));
    for field in [V3_ASEXT_E, V3_ASEXT_F, V3_ASEXT_T] {
        d.flag(field, tvb, 0, 1, flags);
    }
    d.close();
    d.uint(METRIC, tvb, 1, 3)?;
    let referenced = tvb.u16(6)?;
    let mut at = prefix(d, tvb, 4, Behind::ReferencedType)?;
    if flags & 0x2 != 0 {
        d.add(V3_FORWARDING_ADDRESS, tvb, at, 16, Value::Ipv6(tvb.array(at)?));
        at += 16;
    }
    if flags & 0x1 != 0 {
        d.uint(V3_EXTERNAL_ROUTE_TAG, tvb, at, 4)?;
        at += 4;
    }
    if referenced != 0 {
        ipv4(d, tvb, V3_REFERENCED_LINK_STATE_ID, at)?;
    }
    Ok(())
}

/// RFC 5340, A.4.9.
fn v3_link<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(V3_ROUTER_PRIORITY, tvb, 0, 1)?;
    v3_options(d, tvb, 1)?;
    d.add(V3_LINK_LOCAL, tvb, 4, 16, Value::Ipv6(tvb.array(4)?));
    let count = d.uint(V3_NUM_PREFIXES, tvb, 20, 4)?;
    let mut at = 24;
    for _ in 0..count {
        at = prefix(d, tvb, at, Behind::Reserved)?;
    }
    Ok(())
}

/// RFC 5340, A.4.10.
fn v3_intra<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let count = d.uint(V3_NUM_PREFIXES, tvb, 0, 2)?;
    d.uint(V3_REFERENCED_LS_TYPE, tvb, 2, 2)?;
    ipv4(d, tvb, V3_REFERENCED_LINK_STATE_ID, 4)?;
    ipv4(d, tvb, V3_REFERENCED_ADVERTISING_ROUTER, 8)?;
    let mut at = 12;
    for _ in 0..count {
        at = prefix(d, tvb, at, Behind::Metric)?;
    }
    Ok(())
}

/// Every message of both versions with every advertisement.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500004400010000015900000a000001e0000005020100300101010100000001dc9200000000000000000000ffffff00 \
     000a1201000000280a0000010000000002020202",
    "4500004400010000015900000a000001e0000005020100300101010100000001dc9100017365637265740000ffffff00 \
     000a1201000000280a0000010000000002020202",
    "4500005400010000015900000a000001e0000005020100300101010100000001000000020000011000000007ffffff00 \
     000a1201000000280a0000010000000002020202000102030405060708090a0b0c0d0e0f",
    "450000c000010000015900000a000001e0000005020200ac0101010100000001f6b20000000000000000000005dc0207 \
     00000001000102010a000001010101018000000112340034000222020a00000101010101800000011234002000030203 \
     0a00000101010101800000011234001c000302040a00000101010101800000011234001c8005ff050a00000101010101 \
     8000000112340024000608070a0000010101010180000001123400240007020a0100000001010101800000011234001c",
    "4500004400010000015900000a000001e0000005020300300101010100000001e3c10000000000000000000000000001 \
     0a00000101010101000000010a00000101010101",
    "4500012000010000015900000a000001e00000050204010c0101010100000001c4ea0000000000000000000000000007 \
     000102010a00000101010101800000011234003403000002020202020a0000020300000a0a000000ffffff0003010001 \
     01000005000222020a000001010101018000000112340020ffffff000101010102020202000302030a00000101010101 \
     800000011234001cffffff000000000a000302040a00000101010101800000011234001cffffff000000000a8005ff05 \
     0a000001010101018000000112340024ffffff00800000140a00000900000064000608070a0000010101010180000001 \
     12340024ffffff00800000140a000009000000640007020a0100000001010101800000011234001c0001000401010101",
    "4500005400010000015900000a000001e00000050205004001010101000000019aec0000000000000000000000010201 \
     0a000001010101018000000112340034000222020a000001010101018000000112340020",
    "6000000000285901fe800000000000000000000000000001ff0200000000000000000000000000050301002801010101 \
     00000001f57800000000000501000013000a0028010101010000000002020202",
    "6000000000305901fe800000000000000000000000000001ff0200000000000000000000000000050302003001010101 \
     000000011b1900000000001305dc000700001d46000120010a000001010101018000000112340028",
    "60000000001c5901fe800000000000000000000000000001ff0200000000000000000000000000050303001c01010101 \
     00000001dadb0000000020010000000001010101",
    "60000000015c5901fe800000000000000000000000000001ff0200000000000000000000000000050304015c01010101 \
     0000000125db000000000008000120010a000001010101018000000112340028010000130200000a0000000500000006 \
     02020202000120020a000001010101018000000112340020000000130101010102020202800120030a00000101010101 \
     80000001123400240000000a4000000020010db800000001000120040a00000101010101800000011234002000000013 \
     0000000a03030303000140050a0000010101010180000001123400380700000a4000000020010db80000000120010db8 \
     00000000000000000000000900000064000100080a00000101010101800000011234003801000013fe80000000000000 \
     0000000000000001000000014008000020010db800000001000120090a00000101010101800000011234003000022001 \
     00000000010101014002000120010db800000001000000000001a00c0a00000101010101800000011234001c00010004 \
     c0000000",
    "6000000000245901fe800000000000000000000000000001ff0200000000000000000000000000050305002401010101 \
     000000013e710000000120020a000001010101018000000112340020",
    "4500004400010000015900000a000001e0000005020100300101010100000001dc9300000000000000000000ffffff00 \
     000a1201000000280a0000010000000002020202",
    "6000000000385901fe800000000000000000000000000001ff0200000000000000000000000000050304003801010101 \
     00000001cf7e000000000001000120030a0000010101010180000001123400240100000a4000000120010db800000001",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn messages_of_both_versions() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "ospf.hello.active_neighbor"), "2.2.2.2");
        assert_eq!(values(&shown[2], "ospf.auth.crypt.seq_nbr"), "7");
        assert_eq!(values(&shown[5], "ospf.lsa.router.metric0"), "10,1");
        assert_eq!(values(&shown[7], "ospf.v3.options"), "0x000013");
        assert_eq!(values(&shown[10], "ospf.ls.number_of_lsas"), "8");
        assert_eq!(values(&shown[10], "ospf.v3.lsa.forwarding_address.ipv6"), "2001:db8::9");
    }

    #[test]
    fn survives_anything() {
        let seed = b"\x03\x04\0\x30\x01\x01\x01\x01\0\0\0\x01\0\0\0\0\0\0\0\x01\0\x01\x20\x09\0\0\0\0\x01\x01\x01\x01\x80\0\0\x01\0\0\0\x20\0\x01\x20\x01\0\0\0\0\x01\x01\x01\x01\x40\x02\0\x01";
        crate::tests::survives_anything(ProtoId::Ospf, seed);
    }
}
