//! Border Gateway Protocol (RFC 4271), with the attributes of RFCs 1997, 4360, 4456, 4760, 6793 and 8092 and the
//! capabilities of RFC 5492.

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Bgp, "bgp", "Border Gateway Protocol";
    MARKER = field("bgp.marker", "Marker", Bytes, None);
    LENGTH = field("bgp.length", "Length", Uint16, Dec);
    TYPE = field("bgp.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    OPEN_VERSION = field("bgp.open.version", "Version", Uint8, Dec);
    OPEN_MYAS = field("bgp.open.myas", "My AS", Uint16, Dec);
    OPEN_HOLDTIME = field("bgp.open.holdtime", "Hold Time", Uint16, Dec);
    OPEN_IDENTIFIER = field("bgp.open.identifier", "BGP Identifier", Ipv4, None);
    OPEN_OPT_LEN = field("bgp.open.opt.len", "Optional Parameters Length", Uint8, Dec);
    OPEN_OPT = field("bgp.open.opt", "Optional Parameters", None, None);
    OPEN_OPT_PARAM = field("bgp.open.opt.param", "Optional Parameter", None, None);
    OPEN_OPT_PARAM_TYPE = field("bgp.open.opt.param.type", "Parameter Type", Uint8, Dec).names(Names::Values(PARAMETERS));
    OPEN_OPT_PARAM_LEN = field("bgp.open.opt.param.len", "Parameter Length", Uint8, Dec);
    OPEN_OPT_PARAM_UNKNOWN = field("bgp.open.opt.param.unknown", "Unknown", Bytes, None);
    CAP = field("bgp.cap", "Capability", None, None);
    CAP_TYPE = field("bgp.cap.type", "Type", Uint8, Dec).names(Names::Values(CAPABILITIES));
    CAP_LENGTH = field("bgp.cap.length", "Length", Uint8, Dec);
    CAP_UNKNOWN = field("bgp.cap.unknown", "Unknown", Bytes, None);
    CAP_RESERVED = field("bgp.cap.reserved", "Reserved", Bytes, None);
    CAP_MP_AFI = field("bgp.cap.mp.afi", "AFI", Uint16, Dec);
    CAP_MP_SAFI = field("bgp.cap.mp.safi", "SAFI", Uint8, Dec);
    CAP_ENH_AFI = field("bgp.cap.enh.afi", "AFI", Uint16, Dec);
    CAP_ENH_SAFI = field("bgp.cap.enh.safi", "SAFI", Uint16, Dec);
    CAP_ENH_NHAFI = field("bgp.cap.enh.nhafi", "Next hop AFI", Uint16, Dec);
    CAP_GR_TIMERS = field("bgp.cap.gr.timers", "Restart Timers", Uint16, Hex);
    CAP_GR_TIMERS_RESTART_FLAG = field("bgp.cap.gr.timers.restart_flag", "Restart state", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x8000);
    CAP_GR_TIMERS_NOTIFICATION_FLAG = field("bgp.cap.gr.timers.notification_flag", "Graceful notification", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x4000);
    CAP_GR_TIMERS_RESTART_TIME = field("bgp.cap.gr.timers.restart_time", "Time", Uint16, Dec).mask(0xfff);
    CAP_GR_HELPER_MODE_ONLY = expert("bgp.cap.gr.helper_mode_only", "Graceful Restart Capability supported in Helper mode only", Chat, Request);
    CAP_GR_AFI = field("bgp.cap.gr.afi", "AFI", Uint16, Dec);
    CAP_GR_SAFI = field("bgp.cap.gr.safi", "SAFI", Uint8, Dec);
    CAP_GR_FLAG = field("bgp.cap.gr.flag", "Flag", Uint8, Hex);
    CAP_GR_FLAG_PFS = field("bgp.cap.gr.flag.pfs", "Preserve forwarding state", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x80);
    CAP_4AS = field("bgp.cap.4as", "AS Number", Uint32, Dec);
    CAP_AP_AFI = field("bgp.cap.ap.afi", "AFI", Uint16, Dec);
    CAP_AP_SAFI = field("bgp.cap.ap.safi", "SAFI", Uint8, Dec);
    CAP_AP_SENDRECEIVE = field("bgp.cap.ap.sendreceive", "Send/Receive", Uint8, Dec);
    CAP_ORF_FQDN_HOSTNAME_LEN = field("bgp.cap.orf.fqdn.hostname.len", "Hostname Length", Uint8, Dec);
    CAP_ORF_FQDN_HOSTNAME = field("bgp.cap.orf.fqdn.hostname", "Hostname", String, None);
    CAP_ORF_FQDN_DOMAIN_NAME_LEN = field("bgp.cap.orf.fqdn.domain_name.len", "Domain Name Length", Uint8, Dec);
    CAP_ORF_FQDN_DOMAIN_NAME = field("bgp.cap.orf.fqdn.domain_name", "Domain Name", String, None);
    NOTIFY_MAJOR_ERROR = field("bgp.notify.major_error", "Major error Code", Uint8, Dec).names(Names::Values(ERRORS));
    NOTIFY_MINOR_ERROR = field("bgp.notify.minor_error", "Minor error Code (Message Header)", Uint8, Dec);
    NOTIFY_MINOR_ERROR_OPEN = field("bgp.notify.minor_error_open", "Minor error Code (Open Message)", Uint8, Dec).names(Names::Values(OPEN_ERRORS));
    NOTIFY_MINOR_ERROR_UPDATE = field("bgp.notify.minor_error_update", "Minor error Code (Update Message)", Uint8, Dec).names(Names::Values(UPDATE_ERRORS));
    NOTIFY_MINOR_ERROR_EXPIRED = field("bgp.notify.minor_error_expired", "Minor error Code (Hold Timer Expired)", Uint8, Dec);
    NOTIFY_MINOR_ERROR_STATE = field("bgp.notify.minor_error_state", "Minor error Code (State Machine)", Uint8, Dec);
    NOTIFY_MINOR_ERROR_CEASE = field("bgp.notify.minor_error_cease", "Minor error Code (Cease)", Uint8, Dec).names(Names::Values(CEASES));
    NOTIFY_MINOR_DATA = field("bgp.notify.minor_data", "Data", Bytes, None);
    NOTIFY_ERROR_OPEN_BAD_PEER_AS = field("bgp.notify.error_open.bad_peer_as", "Bad Peer AS", Uint32, Dec);
    NOTIFY_COMMUNICATION_LENGTH = field("bgp.notify.communication_length", "BGP Shutdown Communication Length", Uint8, Dec);
    NOTIFY_COMMUNICATION = field("bgp.notify.communication", "Shutdown Communication", String, None);
    ROUTE_REFRESH_AFI = field("bgp.route_refresh.afi", "Address family identifier (AFI)", Uint16, Dec);
    ROUTE_REFRESH_SUBTYPE = field("bgp.route_refresh.subtype", "Subtype", Uint8, Dec);
    ROUTE_REFRESH_SAFI = field("bgp.route_refresh.safi", "Subsequent address family identifier (SAFI)", Uint8, Dec);
    UPDATE_WITHDRAWN_ROUTES_LENGTH = field("bgp.update.withdrawn_routes.length", "Withdrawn Routes Length", Uint16, Dec);
    UPDATE_WITHDRAWN_ROUTES = field("bgp.update.withdrawn_routes", "Withdrawn Routes", None, None);
    PATH_ATTRIBUTES_LENGTH = field("bgp.update.path_attributes.length", "Total Path Attribute Length", Uint16, Dec);
    PATH_ATTRIBUTES = field("bgp.update.path_attributes", "Path attributes", None, None);
    ATTRIBUTE = field("bgp.update.path_attribute", "Path Attribute", None, None);
    ATTRIBUTE_FLAGS = field("bgp.update.path_attribute.flags", "Flags", Uint8, Hex);
    ATTRIBUTE_FLAGS_OPTIONAL = field("bgp.update.path_attribute.flags.optional", "Optional", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    ATTRIBUTE_FLAGS_TRANSITIVE = field("bgp.update.path_attribute.flags.transitive", "Transitive", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    ATTRIBUTE_FLAGS_PARTIAL = field("bgp.update.path_attribute.flags.partial", "Partial", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    ATTRIBUTE_FLAGS_EXTENDED_LENGTH = field("bgp.update.path_attribute.flags.extended_length", "Extended-Length", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    ATTRIBUTE_FLAGS_UNUSED = field("bgp.update.path_attribute.flags.unused", "Unused", Uint8, Hex).mask(0xf);
    ATTRIBUTE_TYPE_CODE = field("bgp.update.path_attribute.type_code", "Type Code", Uint8, Dec).names(Names::Values(ATTRIBUTES));
    ATTRIBUTE_LENGTH = field("bgp.update.path_attribute.length", "Length", Uint16, Dec);
    ATTRIBUTE_ORIGIN = field("bgp.update.path_attribute.origin", "Origin", Uint8, Dec).names(Names::Values(ORIGINS));
    ATTRIBUTE_AS_PATH_SEGMENT = field("bgp.update.path_attribute.as_path_segment", "AS Path segment", None, None);
    ATTRIBUTE_AS_PATH_SEGMENT_TYPE = field("bgp.update.path_attribute.as_path_segment.type", "Segment type", Uint8, Dec).names(Names::Values(SEGMENTS));
    ATTRIBUTE_AS_PATH_SEGMENT_LENGTH = field("bgp.update.path_attribute.as_path_segment.length", "Segment length (number of ASN)", Uint8, Dec);
    ATTRIBUTE_AS_PATH_SEGMENT_AS2 = field("bgp.update.path_attribute.as_path_segment.as2", "AS2", Uint16, Dec);
    ATTRIBUTE_AS_PATH_SEGMENT_AS4 = field("bgp.update.path_attribute.as_path_segment.as4", "AS4", Uint32, Dec);
    ATTRIBUTE_NEXT_HOP = field("bgp.update.path_attribute.next_hop", "Next hop", Ipv4, None);
    ATTRIBUTE_MULTI_EXIT_DISC = field("bgp.update.path_attribute.multi_exit_disc", "Multiple exit discriminator", Uint32, Dec);
    ATTRIBUTE_LOCAL_PREF = field("bgp.update.path_attribute.local_pref", "Local preference", Uint32, Dec);
    ATTRIBUTE_AGGREGATOR_AS = field("bgp.update.path_attribute.aggregator_as", "Aggregator AS", Uint32, Dec);
    ATTRIBUTE_AGGREGATOR_ORIGIN = field("bgp.update.path_attribute.aggregator_origin", "Aggregator origin", Ipv4, None);
    ATTRIBUTE_COMMUNITIES = field("bgp.update.path_attribute.communities", "Communities", None, None);
    ATTRIBUTE_COMMUNITY = field("bgp.update.path_attribute.community", "Community", None, None);
    ATTRIBUTE_COMMUNITY_WELLKNOWN = field("bgp.update.path_attribute.community_wellknown", "Community Well-known", Uint32, Hex);
    ATTRIBUTE_COMMUNITY_AS = field("bgp.update.path_attribute.community_as", "Community AS", Uint16, Dec);
    ATTRIBUTE_COMMUNITY_VALUE = field("bgp.update.path_attribute.community_value", "Community value", Uint16, Dec);
    ATTRIBUTE_ORIGINATOR_ID = field("bgp.update.path_attribute.originator_id", "Originator identifier", Ipv4, None);
    PATH_ATTRIBUTE_CLUSTER_LIST = field("bgp.path_attribute.cluster_list", "Cluster List", None, None);
    PATH_ATTRIBUTE_CLUSTER_ID = field("bgp.path_attribute.cluster_id", "Cluster ID", Ipv4, None);
    LARGE_COMMUNITIES_GA = field("bgp.large_communities.ga", "Global Administrator", Uint32, Dec);
    LARGE_COMMUNITIES_LDP1 = field("bgp.large_communities.ldp1", "Local Data Part 1", Uint32, Dec);
    LARGE_COMMUNITIES_LDP2 = field("bgp.large_communities.ldp2", "Local Data Part 2", Uint32, Dec);
    EXT_COMMUNITIES = field("bgp.ext_communities", "Carried extended communities", None, None);
    EXT_COMMUNITY = field("bgp.ext_community", "Community", None, None);
    EXT_COM_TYPE = field("bgp.ext_com.type", "Type", Uint8, Hex);
    EXT_COM_TYPE_AUTH = field("bgp.ext_com.type.auth", "IANA Authority", Boolean, None).names(Names::Flag("Allocated on Standard Action, Early Allocation or Experimental Basis", "Allocated on First Come First Serve Basis")).mask(0x80);
    EXT_COM_TYPE_TRAN = field("bgp.ext_com.type.tran", "Transitive across ASes", Boolean, None).names(Names::Flag("Non-transitive", "Transitive")).mask(0x40);
    EXT_COM_STYPE_TR_AS2 = field("bgp.ext_com.stype_tr_as2", "Subtype (AS2)", Uint8, Hex);
    EXT_COM_STYPE_TR_IP4 = field("bgp.ext_com.stype_tr_IP4", "Subtype (IPv4)", Uint8, Hex);
    EXT_COM_STYPE_TR_AS4 = field("bgp.ext_com.stype_tr_as4", "Subtype (AS4)", Uint8, Hex);
    EXT_COM_VALUE_AS2 = field("bgp.ext_com.value_as2", "2-Octet AS", Uint16, Dec);
    EXT_COM_VALUE_AS4 = field("bgp.ext_com.value_as4", "4-Octet AS", Uint32, Dec);
    EXT_COM_VALUE_IP4 = field("bgp.ext_com.value_IP4", "IPv4 address", Ipv4, None);
    EXT_COM_VALUE_AN2 = field("bgp.ext_com.value_an2", "2-Octet AN", Uint16, Dec);
    EXT_COM_VALUE_AN4 = field("bgp.ext_com.value_an4", "4-Octet AN", Uint32, Dec);
    ATTRIBUTE_MP_REACH_NLRI_AFI = field("bgp.update.path_attribute.mp_reach_nlri.afi", "Address family identifier (AFI)", Uint16, Dec);
    ATTRIBUTE_MP_REACH_NLRI_SAFI = field("bgp.update.path_attribute.mp_reach_nlri.safi", "Subsequent address family identifier (SAFI)", Uint8, Dec);
    ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP = field("bgp.update.path_attribute.mp_reach_nlri.next_hop", "Next hop", Bytes, None);
    ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_IPV4 = field("bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv4", "IPv4 Address", Ipv4, None);
    ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_IPV6 = field("bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6", "IPv6 Address", Ipv6, None);
    ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_IPV6_LINK_LOCAL = field("bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6.link_local", "Link-local Address", Ipv6, None);
    ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_RD = field("bgp.update.path_attribute.mp_reach_nlri.next_hop.rd", "Route Distinguisher", String, None);
    ATTRIBUTE_MP_REACH_NLRI_NBR_SNPA = field("bgp.update.path_attribute.mp_reach_nlri.nbr_snpa", "Number of Subnetwork points of attachment (SNPA)", Uint8, Dec);
    ATTRIBUTE_MP_REACH_NLRI = field("bgp.update.path_attribute.mp_reach_nlri", "Network Layer Reachability Information (NLRI)", None, None);
    ATTRIBUTE_MP_UNREACH_NLRI_AFI = field("bgp.update.path_attribute.mp_unreach_nlri.afi", "Address family identifier (AFI)", Uint16, Dec);
    ATTRIBUTE_MP_UNREACH_NLRI_SAFI = field("bgp.update.path_attribute.mp_unreach_nlri.safi", "Subsequent address family identifier (SAFI)", Uint8, Dec);
    ATTRIBUTE_MP_UNREACH_NLRI = field("bgp.update.path_attribute.mp_unreach_nlri", "Withdrawn Routes", None, None);
    UPDATE_NLRI = field("bgp.update.nlri", "Network Layer Reachability Information (NLRI)", None, None);
    PREFIX_LENGTH = field("bgp.prefix_length", "Prefix Length", Uint8, Dec);
    NLRI_PREFIX = field("bgp.nlri_prefix", "NLRI prefix", Ipv4, None);
    WITHDRAWN_PREFIX = field("bgp.withdrawn_prefix", "Withdrawn prefix", Ipv4, None);
    MP_REACH_NLRI_IPV4_PREFIX = field("bgp.mp_reach_nlri_ipv4_prefix", "MP Reach NLRI IPv4 prefix", Ipv4, None);
    MP_UNREACH_NLRI_IPV4_PREFIX = field("bgp.mp_unreach_nlri_ipv4_prefix", "MP Unreach NLRI IPv4 prefix", Ipv4, None);
    MP_REACH_NLRI_IPV6_PREFIX = field("bgp.mp_reach_nlri_ipv6_prefix", "MP Reach NLRI IPv6 prefix", Ipv6, None);
    MP_UNREACH_NLRI_IPV6_PREFIX = field("bgp.mp_unreach_nlri_ipv6_prefix", "MP Unreach NLRI IPv6 prefix", Ipv6, None);
    LABEL_STACK = field("bgp.label_stack", "Label Stack", String, None);
    RD = field("bgp.rd", "Route Distinguisher", String, None);
}

const TYPES: &[(u64, &str)] = &[
    (1, "OPEN Message"),
    (2, "UPDATE Message"),
    (3, "NOTIFICATION Message"),
    (4, "KEEPALIVE Message"),
    (5, "ROUTE-REFRESH Message"),
    (6, "CAPABILITY Message"),
    (128, "Cisco ROUTE-REFRESH Message"),
];
const ATTRIBUTES: &[(u64, &str)] = &[
    (1, "ORIGIN"),
    (2, "AS_PATH"),
    (3, "NEXT_HOP"),
    (4, "MULTI_EXIT_DISC"),
    (5, "LOCAL_PREF"),
    (6, "ATOMIC_AGGREGATE"),
    (7, "AGGREGATOR"),
    (8, "COMMUNITIES"),
    (9, "ORIGINATOR_ID"),
    (10, "CLUSTER_LIST"),
    (11, "DPA"),
    (12, "ADVERTISER"),
    (13, "RCID_PATH / CLUSTER_ID"),
    (14, "MP_REACH_NLRI"),
    (15, "MP_UNREACH_NLRI"),
    (16, "EXTENDED_COMMUNITIES"),
    (17, "AS4_PATH"),
    (18, "AS4_AGGREGATOR"),
    (19, "SAFI_SPECIFIC_ATTRIBUTE"),
    (20, "Connector Attribute"),
    (21, "AS_PATHLIMIT "),
    (23, "TUNNEL_ENCAPSULATION_ATTRIBUTE"),
    (22, "PMSI_TUNNEL_ATTRIBUTE"),
    (24, "Traffic Engineering"),
    (25, "IPv6 Address Specific Extended Community"),
    (26, "AIGP"),
    (27, "PE Distinguisher Labels"),
    (28, "BGP Entropy Label Capability Attribute"),
    (29, "BGP-LS Attribute"),
    (30, "Deprecated"),
    (31, "Deprecated"),
    (32, "LARGE_COMMUNITY"),
    (33, "BGPsec_PATH"),
    (36, "D_PATH"),
    (40, "BGP Prefix-SID"),
    (99, "LINK_STATE (unofficial code point)"),
    (128, "ATTR_SET"),
    (129, "Deprecated"),
    (241, "Deprecated"),
    (242, "Deprecated"),
    (243, "Deprecated"),
];
const CAPABILITIES: &[(u64, &str)] = &[
    (0, "Reserved capability"),
    (1, "Multiprotocol extensions capability"),
    (2, "Route refresh capability"),
    (3, "Cooperative route filtering capability"),
    (4, "Multiple routes to a destination capability"),
    (5, "Extended Next Hop Encoding"),
    (6, "BGP-Extended Message"),
    (7, "BGPsec capability"),
    (8, "Multiple Labels capability"),
    (9, "BGP Role"),
    (64, "Graceful Restart capability"),
    (65, "Support for 4-octet AS number capability"),
    (66, "Deprecated Dynamic Capability (Cisco)"),
    (67, "Support for Dynamic capability"),
    (68, "Multisession BGP Capability"),
    (69, "Support for Additional Paths"),
    (70, "Enhanced route refresh capability"),
    (71, "Long-Lived Graceful Restart (LLGR) Capability"),
    (72, "CP-ORF Capability"),
    (73, "FQDN Capability"),
    (128, "Route refresh capability (Cisco)"),
    (130, "Cooperative route filtering capability (Cisco)"),
    (131, "Multisession BGP Capability (Cisco)"),
];
const ORIGINS: &[(u64, &str)] = &[(0, "IGP"), (1, "EGP"), (2, "INCOMPLETE")];
const ERRORS: &[(u64, &str)] = &[
    (1, "Message Header Error"),
    (2, "OPEN Message Error"),
    (3, "UPDATE Message Error"),
    (4, "Hold Timer Expired"),
    (5, "Finite State Machine Error"),
    (6, "Cease"),
    (7, "CAPABILITY Message Error"),
];
const CEASES: &[(u64, &str)] = &[
    (1, "Maximum Number of Prefixes Reached"),
    (2, "Administratively Shutdown"),
    (3, "Peer De-configured"),
    (4, "Administratively Reset"),
    (5, "Connection Rejected"),
    (6, "Other Configuration Change"),
    (7, "Connection Collision Resolution"),
    (8, "Out of Resources"),
    (9, "Hard Reset"),
];
const OPEN_ERRORS: &[(u64, &str)] = &[
    (1, "Unsupported Version Number"),
    (2, "Bad Peer AS"),
    (3, "Bad BGP Identifier"),
    (4, "Unsupported Optional Parameter"),
    (5, "Authentication Failure [Deprecated]"),
    (6, "Unacceptable Hold Time"),
    (7, "Unsupported Capability"),
    (8, "No supported AFI/SAFI (Cisco)"),
];
const UPDATE_ERRORS: &[(u64, &str)] = &[
    (1, "Malformed Attribute List"),
    (2, "Unrecognized Well-known Attribute"),
    (3, "Missing Well-known Attribute"),
    (4, "Attribute Flags Error"),
    (5, "Attribute Length Error"),
    (6, "Invalid ORIGIN Attribute"),
    (7, "AS Routing Loop [Deprecated]"),
    (8, "Invalid NEXT_HOP Attribute"),
    (9, "Optional Attribute Error"),
    (10, "Invalid Network Field"),
    (11, "Malformed AS_PATH"),
];
const SEGMENTS: &[(u64, &str)] = &[(1, "AS_SET"), (2, "AS_SEQUENCE"), (4, "AS_CONFED_SET"), (3, "AS_CONFED_SEQUENCE")];
const PARAMETERS: &[(u64, &str)] = &[(1, "Authentication"), (2, "Capability")];

const MARKER_LEN: usize = 16;
const HEADER_LEN: usize = 19;
/// How many attributes, routes, numbers or parameters of one list are shown.
pub const MAX_ITEMS: usize = 2048;
const EXTENDED_LENGTH: u8 = 0x10;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(accepts),
    framing: Some(framing),
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Bgp, "BGP", &[Binding::TcpPort(179)], dissect)
};

fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.array::<MARKER_LEN>(0).is_ok_and(|marker| marker == [0xff; MARKER_LEN])
}

fn framing(stream: &[u8]) -> Framing {
    if stream.iter().take(MARKER_LEN).any(|octet| *octet != 0xff) {
        return Framing::Foreign;
    }
    match stream.get(MARKER_LEN..HEADER_LEN) {
        Some([high, low, _]) => {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            if len < HEADER_LEN { Framing::Foreign } else { Framing::Message(len) }
        }
        _ => Framing::More(HEADER_LEN - stream.len().min(HEADER_LEN - 1)),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("BGP");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    d.bytes(MARKER, tvb, 0, MARKER_LEN);
    d.uint(LENGTH, tvb, MARKER_LEN, 2)?;
    let kind = d.uint(TYPE, tvb, MARKER_LEN + 2, 1)?;
    let name = || Names::Values(TYPES).of(kind).unwrap_or("Unknown Message".into()).into_owned();
    match is_next {
        true => d.append_info(|| format!(", {}", name())),
        false => d.set_info(name),
    }
    let body = tvb.from(HEADER_LEN);
    if d.wants_own() {
        match kind {
            1 => open(d, body)?,
            2 => update(d, body)?,
            3 => notification(d, body)?,
            5 => {
                d.uint(ROUTE_REFRESH_AFI, body, 0, 2)?;
                d.uint(ROUTE_REFRESH_SUBTYPE, body, 2, 1)?;
                d.uint(ROUTE_REFRESH_SAFI, body, 3, 1)?;
            }
            _ => {}
        }
    }
    d.close();
    Ok(())
}

/// RFC 4271, 4.2.
fn open<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(OPEN_VERSION, tvb, 0, 1)?;
    d.uint(OPEN_MYAS, tvb, 1, 2)?;
    d.uint(OPEN_HOLDTIME, tvb, 3, 2)?;
    d.add(OPEN_IDENTIFIER, tvb, 5, 4, Value::Ipv4(tvb.array(5)?));
    let len = d.uint(OPEN_OPT_LEN, tvb, 9, 1)? as usize;
    if len == 0 {
        return Ok(());
    }
    let list = tvb.exact(10, len)?;
    d.open(OPEN_OPT, list, 0, len, Value::None);
    let mut at = 0;
    while at < len {
        let parameter_len = usize::from(list.u8(at + 1)?);
        d.open(OPEN_OPT_PARAM, list, at, 2 + parameter_len, Value::None);
        let kind = d.uint(OPEN_OPT_PARAM_TYPE, list, at, 1)?;
        d.uint(OPEN_OPT_PARAM_LEN, list, at + 1, 1)?;
        let value = list.exact(at + 2, parameter_len)?;
        if kind == 2 {
            capabilities(d, value)?;
        } else {
            d.bytes(OPEN_OPT_PARAM_UNKNOWN, value, 0, parameter_len);
        }
        d.close();
        at += 2 + parameter_len;
    }
    d.close();
    Ok(())
}

/// RFC 5492.
fn capabilities<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        let len = usize::from(tvb.u8(at + 1)?);
        let value = tvb.exact(at + 2, len)?;
        d.open(CAP, tvb, at, 2 + len, Value::None);
        let kind = d.uint(CAP_TYPE, tvb, at, 1)?;
        d.uint(CAP_LENGTH, tvb, at + 1, 1)?;
        capability(d, value, kind)?;
        d.close();
        at += 2 + len;
    }
    Ok(())
}

fn capability<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, kind: u64) -> Parsed {
    let len = value.reported();
    match (kind, len) {
        (1, 4) => {
            d.uint(CAP_MP_AFI, value, 0, 2)?;
            d.bytes(CAP_RESERVED, value, 2, 1);
            d.uint(CAP_MP_SAFI, value, 3, 1)?;
        }
        (5, _) if len.is_multiple_of(6) => {
            for at in (0..len).step_by(6) {
                d.uint(CAP_ENH_AFI, value, at, 2)?;
                d.uint(CAP_ENH_SAFI, value, at + 2, 2)?;
                d.uint(CAP_ENH_NHAFI, value, at + 4, 2)?;
            }
        }
        (64, 2..) => {
            let timers = value.u16(0)?.into();
            d.open(CAP_GR_TIMERS, value, 0, 2, Value::Uint(timers));
            d.flag(CAP_GR_TIMERS_RESTART_FLAG, value, 0, 2, timers);
            d.flag(CAP_GR_TIMERS_NOTIFICATION_FLAG, value, 0, 2, timers);
            d.bits(CAP_GR_TIMERS_RESTART_TIME, value, 0, 2, timers);
            d.close();
            // RFC 4724, 3: without a family it restarts nothing of its own.
            if len == 2 {
                d.expert(CAP_GR_HELPER_MODE_ONLY, value, 0, 2);
            }
            for at in (2..len).step_by(4) {
                d.uint(CAP_GR_AFI, value, at, 2)?;
                d.uint(CAP_GR_SAFI, value, at + 2, 1)?;
                let flags = value.u8(at + 3)?.into();
                d.open(CAP_GR_FLAG, value, at + 3, 1, Value::Uint(flags));
                d.flag(CAP_GR_FLAG_PFS, value, at + 3, 1, flags);
                d.close();
            }
        }
        (65, 4) => {
            d.uint(CAP_4AS, value, 0, 4)?;
        }
        (69, _) if len.is_multiple_of(4) => {
            for at in (0..len).step_by(4) {
                d.uint(CAP_AP_AFI, value, at, 2)?;
                d.uint(CAP_AP_SAFI, value, at + 2, 1)?;
                d.uint(CAP_AP_SENDRECEIVE, value, at + 3, 1)?;
            }
        }
        (73, 2..) => {
            let host = d.uint(CAP_ORF_FQDN_HOSTNAME_LEN, value, 0, 1)? as usize;
            value.slice(1, host)?;
            d.add(CAP_ORF_FQDN_HOSTNAME, value, 1, host, Value::Text);
            let domain = d.uint(CAP_ORF_FQDN_DOMAIN_NAME_LEN, value, 1 + host, 1)? as usize;
            value.slice(2 + host, domain)?;
            d.add(CAP_ORF_FQDN_DOMAIN_NAME, value, 2 + host, domain, Value::Text);
        }
        (_, 1..) => {
            d.bytes(CAP_UNKNOWN, value, 0, len);
        }
        _ => {}
    }
    Ok(())
}

/// RFC 4271, 4.5; RFC 9003 for what is said in words.
fn notification<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let major = d.uint(NOTIFY_MAJOR_ERROR, tvb, 0, 1)?;
    let field = match major {
        2 => NOTIFY_MINOR_ERROR_OPEN,
        3 => NOTIFY_MINOR_ERROR_UPDATE,
        4 => NOTIFY_MINOR_ERROR_EXPIRED,
        5 => NOTIFY_MINOR_ERROR_STATE,
        6 => NOTIFY_MINOR_ERROR_CEASE,
        _ => NOTIFY_MINOR_ERROR,
    };
    let minor = d.uint(field, tvb, 1, 1)?;
    let rest = tvb.reported().saturating_sub(2);
    match (major, minor) {
        _ if rest == 0 => {}
        (2, 2) if rest == 2 => {
            d.uint(NOTIFY_ERROR_OPEN_BAD_PEER_AS, tvb, 2, 2)?;
        }
        (6, 2 | 4) => {
            let len = d.uint(NOTIFY_COMMUNICATION_LENGTH, tvb, 2, 1)? as usize;
            tvb.slice(3, len)?;
            d.add(NOTIFY_COMMUNICATION, tvb, 3, len, Value::Text);
        }
        _ => {
            d.bytes(NOTIFY_MINOR_DATA, tvb, 2, rest);
        }
    }
    Ok(())
}

/// Which routes a prefix is among.
#[derive(Clone, Copy)]
struct Routes {
    v4: FieldId,
    v6: FieldId,
    is_v6: bool,
    /// RFC 8277 and RFC 4364: labels and a distinguisher stand before the address.
    is_labelled: bool,
    is_vpn: bool,
}

const ANNOUNCED: Routes =
    Routes { v4: NLRI_PREFIX, v6: MP_REACH_NLRI_IPV6_PREFIX, is_v6: false, is_labelled: false, is_vpn: false };

/// RFC 4271, 4.3.
fn update<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let withdrawn = d.uint(UPDATE_WITHDRAWN_ROUTES_LENGTH, tvb, 0, 2)? as usize;
    if withdrawn > 0 {
        let list = tvb.exact(2, withdrawn)?;
        d.open(UPDATE_WITHDRAWN_ROUTES, list, 0, withdrawn, Value::None);
        prefixes(d, list, Routes { v4: WITHDRAWN_PREFIX, ..ANNOUNCED })?;
        d.close();
    }
    let at = 2 + withdrawn;
    let len = d.uint(PATH_ATTRIBUTES_LENGTH, tvb, at, 2)? as usize;
    let list = tvb.exact(at + 2, len)?;
    if len > 0 {
        d.open(PATH_ATTRIBUTES, list, 0, len, Value::None);
        attributes(d, list)?;
        d.close();
    }
    let rest = tvb.from(at + 2 + len);
    if rest.reported() > 0 {
        d.open(UPDATE_NLRI, rest, 0, rest.reported(), Value::None);
        prefixes(d, rest, ANNOUNCED)?;
        d.close();
    }
    Ok(())
}

fn prefixes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, routes: Routes) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_ITEMS {
        if at >= tvb.reported() {
            break;
        }
        at += prefix(d, tvb.from(at), routes)?;
    }
    Ok(())
}

/// One prefix; answers how many octets it takes.
fn prefix<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, routes: Routes) -> Result<usize, Stop> {
    let bits = usize::from(tvb.u8(0)?);
    let len = bits.div_ceil(8);
    let octets = tvb.slice(1, len)?;
    let mut skipped = 0;
    if routes.is_labelled {
        loop {
            let label = tvb.u24(1 + skipped)?;
            skipped += 3;
            // The bottom of the stack, or the label of what is withdrawn.
            if label & 1 != 0 || label == 0x80_0000 || skipped + 3 > len {
                break;
            }
        }
    }
    let labels = skipped;
    if routes.is_vpn {
        skipped += 8;
    }
    let address = octets.get(skipped..).ok_or(Stop::Malformed)?;
    let width = if routes.is_v6 { 16 } else { 4 };
    if address.len() > width {
        return Err(Stop::Malformed);
    }
    let mut whole = [0; 16];
    for (place, octet) in whole.iter_mut().zip(address) {
        *place = *octet;
    }
    let left = bits.saturating_sub(skipped * 8);
    let [a, b, c, e, ..] = whole;
    d.open_text(tvb, 0, 1 + len, || {
        let address = if routes.is_v6 { Address::Ipv6(whole) } else { Address::Ipv4([a, b, c, e]) };
        format!("{address}/{left}")
    });
    d.add(PREFIX_LENGTH, tvb, 0, 1, Value::Uint(bits as u64));
    if labels > 0 && d.wants(LABEL_STACK) {
        let text = label_stack(tvb.slice(1, labels)?);
        d.add(LABEL_STACK, tvb, 1, labels, Value::String(text.into()));
    }
    if routes.is_vpn && d.wants(RD) {
        let text = distinguisher(tvb.array(1 + labels)?);
        d.add(RD, tvb, 1 + labels, 8, Value::String(text.into()));
    }
    match routes.is_v6 {
        true => d.add(routes.v6, tvb, 1 + skipped, len - skipped, Value::Ipv6(whole)),
        false => d.add(routes.v4, tvb, 1 + skipped, len - skipped, Value::Ipv4([a, b, c, e])),
    };
    d.close();
    Ok(1 + len)
}

fn label_stack(octets: &[u8]) -> String {
    let labels = octets.chunks_exact(3).map(|label| label.iter().fold(0u32, |n, octet| n << 8 | u32::from(*octet)));
    let mut text = String::new();
    for label in labels {
        if !text.is_empty() {
            text.push(',');
        }
        match label {
            0x80_0000 => text.push_str("0x800000 (withdrawn)"),
            _ => text.push_str(&(label >> 4).to_string()),
        }
        if label & 1 != 0 {
            text.push_str(" (bottom)");
        }
    }
    text
}

/// RFC 4364, 4.2.
fn distinguisher(octets: [u8; 8]) -> String {
    let [kind, kind_low, a, b, c, e, f, g] = octets;
    match u16::from_be_bytes([kind, kind_low]) {
        0 => format!("{}:{}", u16::from_be_bytes([a, b]), u32::from_be_bytes([c, e, f, g])),
        1 => format!("{}:{}", Address::Ipv4([a, b, c, e]), u16::from_be_bytes([f, g])),
        2 => format!("{}:{}", u32::from_be_bytes([a, b, c, e]), u16::from_be_bytes([f, g])),
        _ => "Unknown (0x) RD type".to_owned(),
    }
}

fn attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_ITEMS {
        if at >= tvb.reported() {
            break;
        }
        let flags = tvb.u8(at)?;
        let kind = tvb.u8(at + 1)?;
        let width = if flags & EXTENDED_LENGTH != 0 { 2 } else { 1 };
        let len = tvb.uint(at + 2, width)? as usize;
        let value = tvb.exact(at + 2 + width, len)?;
        let line = d.open(ATTRIBUTE, tvb, at, 2 + width + len, Value::None);
        d.text(line, || {
            let name = Names::Values(ATTRIBUTES).of(kind.into()).unwrap_or("Unknown".into());
            format!("Path Attribute - {name}")
        });
        d.open(ATTRIBUTE_FLAGS, tvb, at, 1, Value::Uint(flags.into()));
        for flag in [
            ATTRIBUTE_FLAGS_OPTIONAL,
            ATTRIBUTE_FLAGS_TRANSITIVE,
            ATTRIBUTE_FLAGS_PARTIAL,
            ATTRIBUTE_FLAGS_EXTENDED_LENGTH,
        ] {
            d.flag(flag, tvb, at, 1, flags.into());
        }
        d.bits(ATTRIBUTE_FLAGS_UNUSED, tvb, at, 1, flags.into());
        d.close();
        d.uint(ATTRIBUTE_TYPE_CODE, tvb, at + 1, 1)?;
        d.uint(ATTRIBUTE_LENGTH, tvb, at + 2, width)?;
        attribute(d, value, kind)?;
        d.close();
        at += 2 + width + len;
    }
    Ok(())
}

fn attribute<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, kind: u8) -> Parsed {
    let len = value.reported();
    match (kind, len) {
        (1, 1) => drop(d.uint(ATTRIBUTE_ORIGIN, value, 0, 1)?),
        (2, _) => path(d, value, if is_path(value, 4) { 4 } else { 2 })?,
        (17, _) => path(d, value, 4)?,
        (3, 4) => drop(d.add(ATTRIBUTE_NEXT_HOP, value, 0, 4, Value::Ipv4(value.array(0)?))),
        (4, 4) => drop(d.uint(ATTRIBUTE_MULTI_EXIT_DISC, value, 0, 4)?),
        (5, 4) => drop(d.uint(ATTRIBUTE_LOCAL_PREF, value, 0, 4)?),
        (7 | 18, 6 | 8) => {
            d.uint(ATTRIBUTE_AGGREGATOR_AS, value, 0, len - 4)?;
            d.add(ATTRIBUTE_AGGREGATOR_ORIGIN, value, len - 4, 4, Value::Ipv4(value.array(len - 4)?));
        }
        (8, _) if len.is_multiple_of(4) => {
            d.open(ATTRIBUTE_COMMUNITIES, value, 0, len, Value::None);
            for at in (0..len).step_by(4).take(MAX_ITEMS) {
                // RFC 1997: those of no system and of the last one are well known.
                if matches!(value.u16(at)?, 0 | 0xffff) {
                    d.uint(ATTRIBUTE_COMMUNITY_WELLKNOWN, value, at, 4)?;
                } else {
                    d.open(ATTRIBUTE_COMMUNITY, value, at, 4, Value::None);
                    d.uint(ATTRIBUTE_COMMUNITY_AS, value, at, 2)?;
                    d.uint(ATTRIBUTE_COMMUNITY_VALUE, value, at + 2, 2)?;
                    d.close();
                }
            }
            d.close();
        }
        (9, 4) => drop(d.add(ATTRIBUTE_ORIGINATOR_ID, value, 0, 4, Value::Ipv4(value.array(0)?))),
        (10, _) if len.is_multiple_of(4) => {
            d.open(PATH_ATTRIBUTE_CLUSTER_LIST, value, 0, len, Value::None);
            for at in (0..len).step_by(4).take(MAX_ITEMS) {
                d.add(PATH_ATTRIBUTE_CLUSTER_ID, value, at, 4, Value::Ipv4(value.array(at)?));
            }
            d.close();
        }
        (14, 5..) => reached(d, value)?,
        (15, 3..) => unreached(d, value)?,
        (16, _) if len.is_multiple_of(8) => {
            d.open(EXT_COMMUNITIES, value, 0, len, Value::None);
            for at in (0..len).step_by(8).take(MAX_ITEMS) {
                extended_community(d, value, at)?;
            }
            d.close();
        }
        (32, _) if len.is_multiple_of(12) => {
            for at in (0..len).step_by(12).take(MAX_ITEMS) {
                d.uint(LARGE_COMMUNITIES_GA, value, at, 4)?;
                d.uint(LARGE_COMMUNITIES_LDP1, value, at + 4, 4)?;
                d.uint(LARGE_COMMUNITIES_LDP2, value, at + 8, 4)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether a path is one of numbers of that width: nothing says which speakers agreed on (RFC 6793).
fn is_path(tvb: Tvb<'_>, width: usize) -> bool {
    let mut at = 0;
    while at < tvb.reported() {
        match (tvb.u8(at), tvb.u8(at + 1)) {
            (Ok(1..=4), Ok(count)) => at += 2 + width * usize::from(count),
            _ => return false,
        }
    }
    at == tvb.reported()
}

fn path<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, width: usize) -> Parsed {
    let field = if width == 4 { ATTRIBUTE_AS_PATH_SEGMENT_AS4 } else { ATTRIBUTE_AS_PATH_SEGMENT_AS2 };
    let mut at = 0;
    while at < tvb.reported() {
        let count = usize::from(tvb.u8(at + 1)?);
        d.open(ATTRIBUTE_AS_PATH_SEGMENT, tvb, at, 2 + width * count, Value::None);
        d.uint(ATTRIBUTE_AS_PATH_SEGMENT_TYPE, tvb, at, 1)?;
        d.uint(ATTRIBUTE_AS_PATH_SEGMENT_LENGTH, tvb, at + 1, 1)?;
        for number in 0..count {
            d.uint(field, tvb, at + 2 + width * number, width)?;
        }
        d.close();
        at += 2 + width * count;
    }
    Ok(())
}

/// RFC 4360 and RFC 5668.
fn extended_community<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, at: usize) -> Parsed {
    d.open(EXT_COMMUNITY, value, at, 8, Value::None);
    let kind = value.u8(at)?;
    d.open(EXT_COM_TYPE, value, at, 1, Value::Uint(kind.into()));
    d.flag(EXT_COM_TYPE_AUTH, value, at, 1, kind.into());
    d.flag(EXT_COM_TYPE_TRAN, value, at, 1, kind.into());
    d.close();
    match kind {
        0 => {
            d.uint(EXT_COM_STYPE_TR_AS2, value, at + 1, 1)?;
            d.uint(EXT_COM_VALUE_AS2, value, at + 2, 2)?;
            d.uint(EXT_COM_VALUE_AN4, value, at + 4, 4)?;
        }
        1 => {
            d.uint(EXT_COM_STYPE_TR_IP4, value, at + 1, 1)?;
            d.add(EXT_COM_VALUE_IP4, value, at + 2, 4, Value::Ipv4(value.array(at + 2)?));
            d.uint(EXT_COM_VALUE_AN2, value, at + 6, 2)?;
        }
        2 => {
            d.uint(EXT_COM_STYPE_TR_AS4, value, at + 1, 1)?;
            d.uint(EXT_COM_VALUE_AS4, value, at + 2, 4)?;
            d.uint(EXT_COM_VALUE_AN2, value, at + 6, 2)?;
        }
        _ => {}
    }
    d.close();
    Ok(())
}

/// What prefixes of a family look like, where we can tell.
fn routes_of(afi: u64, safi: u64, v4: FieldId, v6: FieldId) -> Option<Routes> {
    if !matches!(afi, 1 | 2) || !matches!(safi, 1 | 2 | 4 | 128) {
        return None;
    }
    Some(Routes { v4, v6, is_v6: afi == 2, is_labelled: matches!(safi, 4 | 128), is_vpn: safi == 128 })
}

/// RFC 4760, 3.
fn reached<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    let afi = d.uint(ATTRIBUTE_MP_REACH_NLRI_AFI, value, 0, 2)?;
    let safi = d.uint(ATTRIBUTE_MP_REACH_NLRI_SAFI, value, 2, 1)?;
    let len = usize::from(value.u8(3)?);
    let hop = value.exact(4, len)?;
    d.open(ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP, value, 3, 1 + len, Value::Bytes);
    let mut at = 0;
    while at < len {
        if safi == 128 {
            if d.wants(ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_RD) {
                let text = distinguisher(hop.array(at)?);
                d.add(ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_RD, hop, at, 8, Value::String(text.into()));
            }
            at += 8;
        }
        if afi == 1 && len - at.min(len) < 16 {
            d.add(ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_IPV4, hop, at, 4, Value::Ipv4(hop.array(at)?));
            at += 4;
        } else {
            let octets: [u8; 16] = hop.array(at)?;
            let field = match octets {
                [0xfe, 0x80..=0xbf, ..] => ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_IPV6_LINK_LOCAL,
                _ => ATTRIBUTE_MP_REACH_NLRI_NEXT_HOP_IPV6,
            };
            d.add(field, hop, at, 16, Value::Ipv6(octets));
            at += 16;
        }
    }
    d.close();
    d.uint(ATTRIBUTE_MP_REACH_NLRI_NBR_SNPA, value, 4 + len, 1)?;
    let rest = value.from(5 + len);
    d.open(ATTRIBUTE_MP_REACH_NLRI, rest, 0, rest.reported(), Value::None);
    if let Some(routes) = routes_of(afi, safi, MP_REACH_NLRI_IPV4_PREFIX, MP_REACH_NLRI_IPV6_PREFIX) {
        prefixes(d, rest, routes)?;
    }
    d.close();
    Ok(())
}

fn unreached<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    let afi = d.uint(ATTRIBUTE_MP_UNREACH_NLRI_AFI, value, 0, 2)?;
    let safi = d.uint(ATTRIBUTE_MP_UNREACH_NLRI_SAFI, value, 2, 1)?;
    let rest = value.from(3);
    d.open(ATTRIBUTE_MP_UNREACH_NLRI, rest, 0, rest.reported(), Value::None);
    if let Some(routes) = routes_of(afi, safi, MP_UNREACH_NLRI_IPV4_PREFIX, MP_UNREACH_NLRI_IPV6_PREFIX) {
        prefixes(d, rest, routes)?;
    }
    d.close();
    Ok(())
}

const SAMPLES: &[&str] = &[
    "450000a300010000400600000a0000010a0000029c5400b300000001000000015018ffff00000000ffffffffffffffffffffffffffff \
     ffff007b0104fde900b40a0000015e02060104000100010202020002028000020641040000fde9020840068078000101800206450400 \
     01010302080506000100010002020246000204630201020206010400020001020947070001018000003c020749050361626300010200 \
     09",
    "450000b600010000400600000a0000020a00000100b39c54000000010000007c5018ffff00000000ffffffffffffffffffffffffffff \
     ffff007b0104fde900b40a0000015e02060104000100010202020002028000020641040000fde9020840068078000101800206450400 \
     01010302080506000100010002020246000204630201020206010400020001020947070001018000003c020749050361626300010200 \
     09ffffffffffffffffffffffffffffffff001304",
    "4500003b00010000400600000a0000010a0000029c5400b30000007c0000008f5018ffff00000000ffffffffffffffffffffffffffff \
     ffff001304",
    "450000e200010000400600000a0000010a0000029c5400b30000008f0000008f5018ffff00000000ffffffffffffffffffffffffffff \
     ffff009f0200000082400101005002001002020000fde90000fdea01010000fdeb4003040a0000018004040000000a40050400000064 \
     400600c007080000fde90a000009c00808fde90064ffffff0180090401010101800a080202020203030303c0200c0000fde900000001 \
     00000002c010180002fde90000000501020a000001000702020000fde9000718c0a801080affffffffffffffffffffffffffffffff00 \
     1b02000418c0a8020000",
    "4500007100010000400600000a0000010a0000029c5400b3000001490000008f5018ffff00000000ffffffffffffffffffffffffffff \
     ffff00490200000032900e002e0002012020010db8000000000000000000000001fe800000000000000000000000000001004020010d \
     b800000000",
    "4500007300010000400600000a0000010a0000029c5400b3000001920000008f5018ffff00000000ffffffffffffffffffffffffffff \
     ffff0024020000000d800f0a0002013020010db80000ffffffffffffffffffffffffffffffff00270200000010900e000c000101040a \
     00000700100a01",
    "4500006300010000400600000a0000010a0000029c5400b3000001dd0000008f5018ffff00000000ffffffffffffffffffffffffffff \
     ffff003b0200000024900e00200001800c00000000000000000a00000800700001010000fde9000000050a0200",
    "4500004800010000400600000a0000010a0000029c5400b3000002180000008f5018ffff00000000ffffffffffffffffffffffffffff \
     ffff00200200000009800f06000101100a09",
    "4500003f00010000400600000a0000020a00000100b39c540000008f000002385018ffff00000000ffffffffffffffffffffffffffff \
     ffff00170500010001",
    "4500003f00010000400600000a0000010a0000029c5400b300000238000000a65018ffff00000000ffffffffffffffffffffffffffff \
     ffff00170200000000",
    "4500004300010000400600000a0000020a00000100b39c54000000a60000024f5018ffff00000000ffffffffffffffffffffffffffff \
     ffff001b0306020568656c6c6f",
    "4500003f00010000400600000a0000010a0000029c5400b30000024f000000c15018ffff00000000ffffffffffffffffffffffffffff \
     ffff0017030202fdf1",
    "4500003f00010000400600000a0000010a0000029c5400b300000266000000c15018ffff00000000ffffffffffffffffffffffffffff \
     ffff00170303010102",
    "4500003f00010000400600000a0000010a0000029c5400b30000027d000000c15018ffff00000000ffffffffffffffffffffffffffff \
     ffff00170301020009",
    "4500003d00010000400600000a0000010a0000029c5400b300000294000000c15018ffff00000000ffffffffffffffffffffffffffff \
     ffff0015030400",
    "4500003d00010000400600000a0000010a0000029c5400b3000002a9000000c15018ffff00000000ffffffffffffffffffffffffffff \
     ffff0015030501",
    "4500006e00010000400600000a0000010a0000029c5500b300000001000000015018ffff00000000ffffffffffffffffffffffffffff \
     ffff0046020000002f400101024002060202fde95ba0c01106020100011170c01208000111700a000009c00706fde90a000009c06302 \
     0102",
    "4500003f00010000400600000a0000010a0000029c5500b300000047000000015018ffff00000000ffffffffffffffffffffffffffff \
     ffff00170500010101",
    // An open message of one who helps others to restart alone.
    "4500004b 00010000 40060000 0a000001 0a000002  c00100b3 00000001 00000001 50180100 00000000  ffffffffffffffffffffffffffffffff00230104fde900b40a00000106020440020078",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn routes_and_paths() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[3], "bgp.nlri_prefix"), "192.168.1.0,10.0.0.0");
        assert_eq!(values(&shown[3], "bgp.update.path_attribute.as_path_segment.as4"), "65001,65002,65003");
        assert_eq!(values(&shown[6], "bgp.rd"), "65001:5");
        assert_eq!(distinguisher([0, 1, 10, 0, 0, 1, 0, 7]), "10.0.0.1:7");
        assert_eq!(distinguisher([0, 2, 0, 1, 0, 0, 0, 7]), "65536:7");
        assert_eq!(label_stack(&[0x80, 0, 0]), "0x800000 (withdrawn)");
    }

    #[test]
    fn routes_end_at_the_limit() {
        let mut octets = vec![0xff; 16];
        let len = 23 + 2 * MAX_ITEMS;
        octets.extend((len as u16).to_be_bytes());
        octets.extend([2, 0, 0, 0, 0]);
        octets.extend([0].repeat(2 * MAX_ITEMS));
        let shown = crate::tests::shown_by(ProtoId::Bgp, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "bgp.nlri_prefix").count(), MAX_ITEMS);
    }

    #[test]
    fn survives_anything() {
        let seeds: &[&'static [u8]] = &[
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x40\x02\0\0\0\x20\x90\x0e\0\x1c\0\x01\x80\x0cabcdefgh\x0a\0\0\x08\0\x70\0\x01\x01\0\0\xfd\xe9\0\0\0\x05\x0a\x02\0\x40\x02\x06\x02\x02\xfd\xe9",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x30\x01\x04\xfd\xe9\0\xb4\x0a\0\0\x01\x10\x02\x08\x40\x06\x80\x78\0\x01\x01\x80\x02\x04\x49\x02ab\0",
        ];
        for seed in seeds {
            crate::tests::survives_anything(ProtoId::Bgp, seed);
        }
    }
}
