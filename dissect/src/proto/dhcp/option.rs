//! DHCP options (RFC 2132 and those that IANA's list of options names): which there are, and what stands in them.

use super::names::NAME_SERVICES;
use super::*;
use super::{client, relay, vendor};
use crate::field::FieldId;
use crate::proto::dns;
use crate::stop::Stop;

pub(super) const PAD: u8 = 0;
pub(super) const OVERLOAD: u8 = 52;
pub(super) const MESSAGE_TYPE: u8 = 53;
pub(super) const VENDOR_CLASS: u8 = 60;
pub(super) const END: u8 = 255;

/// The message that options are of.
pub(super) struct Message<'a> {
    pub(super) op: u8,
    pub(super) whole: Tvb<'a>,
    pub(super) vendor_class: &'a [u8],
}

/// Shows the body of an option.
type Show = for<'a> fn(&mut Dissector<'a>, &Message<'a>, Tvb<'a>) -> Parsed;

/// What an option holds.
enum Kind {
    Opaque,
    /// An address, which stands in the option's line, too.
    Ipv4(FieldId),
    Ipv4List(FieldId),
    Ipv4Pairs(FieldId, FieldId),
    Text(FieldId),
    Flag(FieldId),
    U8(FieldId),
    U16(FieldId),
    U16List(FieldId),
    Seconds(FieldId),
    SignedSeconds(FieldId),
    Special(Show),
}

use Kind::*;

struct Row(u8, &'static str, Kind);

const ROWS: &[Row] = &[
    Row(1, "Subnet Mask", Ipv4(SUBNET_MASK)),
    Row(2, "Time Offset", SignedSeconds(TIME_OFFSET)),
    Row(3, "Router", Ipv4List(ROUTER)),
    Row(4, "Time Server", Ipv4List(TIME_SERVER)),
    Row(5, "Name Server", Ipv4List(NAME_SERVER)),
    Row(6, "Domain Name Server", Ipv4List(DOMAIN_NAME_SERVER)),
    Row(7, "Log Server", Ipv4List(LOG_SERVER)),
    Row(8, "Quotes Server", Ipv4List(QUOTES_SERVER)),
    Row(9, "LPR Server", Ipv4List(LPR_SERVER)),
    Row(10, "Impress Server", Ipv4List(IMPRESS_SERVER)),
    Row(11, "Resource Location Server", Ipv4List(RESOURCE_LOCATION_SERVER)),
    Row(12, "Host Name", Text(HOSTNAME)),
    Row(13, "Boot File Size", U16(BOOT_FILE_SIZE)),
    Row(14, "Merit Dump File", Text(MERIT_DUMP_FILE)),
    Row(15, "Domain Name", Text(DOMAIN_NAME)),
    Row(16, "Swap Server", Ipv4(SWAP_SERVER)),
    Row(17, "Root Path", Text(ROOT_PATH)),
    Row(18, "Extensions Path", Text(EXTENSION_PATH)),
    Row(19, "IP Forwarding", Flag(IP_FORWARDING)),
    Row(20, "Non-Local Source Routing", Flag(NON_LOCAL_SOURCE_ROUTING)),
    Row(21, "Policy Filter", Ipv4Pairs(POLICY_FILTER_IP, POLICY_FILTER_SUBNET_MASK)),
    Row(22, "Maximum Datagram Reassembly Size", U16(MAX_DATAGRAM_REASSEMBLY_SIZE)),
    Row(23, "Default IP Time-to-Live", U8(DEFAULT_IP_TTL)),
    Row(24, "Path MTU Aging Timeout", Seconds(PATH_MTU_AGING_TIMEOUT)),
    Row(25, "Path MTU Plateau Table", U16List(PATH_MTU_PLATEAU_TABLE_ITEM)),
    Row(26, "Interface MTU", U16(INTERFACE_MTU)),
    Row(27, "All Subnets are Local", Flag(ALL_SUBNETS_ARE_LOCAL)),
    Row(28, "Broadcast Address", Ipv4(BROADCAST_ADDRESS)),
    Row(29, "Perform Mask Discovery", Flag(PERFORM_MASK_DISCOVERY)),
    Row(30, "Mask Supplier", Flag(MASK_SUPPLIER)),
    Row(31, "Perform Router Discover", Flag(PERFORM_ROUTER_DISCOVER)),
    Row(32, "Router Solicitation Address", Ipv4(ROUTER_SOLICITATION_ADDRESS)),
    Row(33, "Static Route", Ipv4Pairs(STATIC_ROUTE_IP, STATIC_ROUTE_ROUTER)),
    Row(34, "Trailer Encapsulation", Flag(TRAILER_ENCAPSULATION)),
    Row(35, "ARP Cache Timeout", Seconds(ARP_CACHE_TIMEOUT)),
    Row(36, "Ethernet Encapsulation", Flag(ETHERNET_ENCAPSULATION)),
    Row(37, "TCP Default TTL", U8(TCP_DEFAULT_TTL)),
    Row(38, "TCP Keepalive Interval", Seconds(TCP_KEEPALIVE_INTERVAL)),
    Row(39, "TCP Keepalive Garbage", Flag(TCP_KEEPALIVE_GARBAGE)),
    Row(40, "Network Information Service Domain", Text(NIS_DOMAIN)),
    Row(41, "Network Information Service Servers", Ipv4List(NIS_SERVER)),
    Row(42, "Network Time Protocol Servers", Ipv4List(NTP_SERVER)),
    Row(43, "Vendor-Specific Information", Special(vendor::specific)),
    Row(44, "NetBIOS over TCP/IP Name Server", Ipv4List(NETBIOS_OVER_TCPIP_NAME_SERVER)),
    Row(45, "NetBIOS over TCP/IP Datagram Distribution Name Server", Ipv4List(NETBIOS_OVER_TCPIP_DD_NAME_SERVER)),
    Row(46, "NetBIOS over TCP/IP Node Type", U8(NETBIOS_OVER_TCPIP_NODE_TYPE)),
    Row(47, "NetBIOS over TCP/IP Scope", Text(NETBIOS_OVER_TCPIP_SCOPE)),
    Row(48, "X Window System Font Server", Ipv4List(XWINDOWS_SYSTEM_FONT_SERVER)),
    Row(49, "X Window System Display Manager", Ipv4List(XWINDOWS_SYSTEM_DISPLAY_MANAGER)),
    Row(50, "Requested IP Address", Ipv4(REQUESTED_IP_ADDRESS)),
    Row(51, "IP Address Lease Time", Seconds(IP_ADDRESS_LEASE_TIME)),
    Row(52, "Option Overload", Special(overload)),
    Row(53, "DHCP Message Type", Special(message_type)),
    Row(54, "DHCP Server Identifier", Ipv4(DHCP_SERVER_ID)),
    Row(55, "Parameter Request List", Special(request_list)),
    Row(56, "Message", Text(MESSAGE)),
    Row(57, "Maximum DHCP Message Size", U16(DHCP_MAX_MESSAGE_SIZE)),
    Row(58, "Renewal Time Value", Seconds(RENEWAL_TIME_VALUE)),
    Row(59, "Rebinding Time Value", Seconds(REBINDING_TIME_VALUE)),
    Row(60, "Vendor class identifier", Text(VENDOR_CLASS_ID)),
    Row(61, "Client identifier", Special(client::identifier)),
    Row(62, "Novell/Netware IP domain", Opaque),
    Row(63, "Novell Options", Opaque),
    Row(64, "Network Information Service+ Domain", Text(NIS_PLUS_DOMAIN)),
    Row(65, "Network Information Service+ Servers", Ipv4List(NIS_PLUS_SERVER)),
    Row(66, "TFTP Server Name", Text(TFTP_SERVER_NAME)),
    Row(67, "Bootfile name", Text(BOOTFILE_NAME)),
    Row(68, "Mobile IP Home Agent", Ipv4List(MOBILE_IP_HOME_AGENT)),
    Row(69, "SMTP Server", Ipv4List(SMTP_SERVER)),
    Row(70, "POP3 Server", Ipv4List(POP3_SERVER)),
    Row(71, "NNTP Server", Ipv4List(NNTP_SERVER)),
    Row(72, "Default WWW Server", Ipv4List(DEFAULT_WWW_SERVER)),
    Row(73, "Default Finger Server", Ipv4List(DEFAULT_FINGER_SERVER)),
    Row(74, "Default IRC Server", Ipv4List(DEFAULT_IRC_SERVER)),
    Row(75, "StreetTalk Server", Ipv4List(STREETTALK_SERVER)),
    Row(76, "StreetTalk Directory Assistance Server", Ipv4List(STREETTALK_DA_SERVER)),
    Row(77, "User Class Information", Special(client::user_class)),
    Row(78, "Directory Agent Information", Special(directory_agent)),
    Row(79, "Service Location Agent Scope", Special(service_scope)),
    Row(80, "Rapid commit", Opaque),
    Row(81, "Client Fully Qualified Domain Name", Special(client::fqdn)),
    Row(82, "Agent Information Option", Special(relay::agent)),
    Row(83, "iSNS", Opaque),
    Row(85, "Novell Directory Services Servers", Ipv4List(NOVELL_DSS_IP)),
    Row(86, "Novell Directory Services Tree Name", Text(NOVELL_DS_TREE_NAME)),
    Row(87, "Novell Directory Services Context", Text(NOVELL_DS_CONTEXT)),
    Row(88, "BCMCS Controller Domain Name", Opaque),
    Row(89, "BCMCS Controller IPv4 address", Opaque),
    Row(90, "Authentication", Special(authentication)),
    Row(91, "Client last transaction time", Seconds(CLIENT_LAST_TRANSACTION_TIME)),
    Row(92, "Associated IP option", Ipv4List(ASSOCIATED_IP_OPTION)),
    Row(93, "Client System Architecture", U16List(CLIENT_SYSTEM_ARCHITECTURE)),
    Row(94, "Client Network Device Interface", Special(client::network_interface)),
    Row(95, "LDAP", Opaque),
    Row(97, "UUID/GUID-based Client Identifier", Special(client::uuid)),
    Row(98, "Open Group's User Authentication", Opaque),
    Row(99, "Civic Addresses Configuration", Special(civic)),
    Row(100, "PCode", Text(TZ_PCODE)),
    Row(101, "TCode", Text(TZ_TCODE)),
    Row(108, "IPv6-Only Preferred", Opaque),
    Row(112, "NetInfo Parent Server Address", Ipv4List(NETINFO_PARENT_SERVER_ADDRESS)),
    Row(113, "NetInfo Parent Server Tag", Text(NETINFO_PARENT_SERVER_TAG)),
    Row(114, "DHCP Captive-Portal", Text(CAPTIVE_PORTAL)),
    Row(116, "DHCP Auto-Configuration", U8(DHCP_AUTO_CONFIGURATION)),
    Row(117, "Name Service Search", Special(name_service)),
    Row(118, "Subnet Selection Option", Ipv4(SUBNET_SELECTION_OPTION)),
    Row(119, "Domain Search", Special(domain_search)),
    Row(120, "SIP Servers", Special(sip_servers)),
    Row(121, "Classless Static Route", Special(classless_routes)),
    Row(122, "CableLabs Client Configuration", Opaque),
    Row(123, "Coordinate-based Location Configuration", Opaque),
    Row(124, "V-I Vendor Class", Special(vendor::identifying_class)),
    Row(125, "V-I Vendor-specific Information", Special(vendor::identifying)),
    Row(128, "DOCSIS full security server IP", Opaque),
    Row(129, "PXE - undefined (vendor specific)", Opaque),
    Row(130, "PXE - undefined (vendor specific)", Opaque),
    Row(131, "PXE - undefined (vendor specific)", Opaque),
    Row(132, "PXE - undefined (vendor specific)", Opaque),
    Row(133, "PXE - undefined (vendor specific)", Opaque),
    Row(134, "PXE - undefined (vendor specific)", Opaque),
    Row(135, "PXE - undefined (vendor specific)", Opaque),
    Row(136, "PANA Authentication Agent", Ipv4List(PANA_AGENT)),
    Row(137, "LoST Server Domain Name", Text(LOST_SERVER_DOMAIN_NAME)),
    Row(138, "CAPWAP Access Controllers", Ipv4List(CAPWAP_ACCESS_CONTROLLER)),
    Row(139, "IPv4 Address-MoS", Opaque),
    Row(140, "IPv4 FQDN-MoS", Opaque),
    Row(141, "SIP UA Configuration Domains", Opaque),
    Row(142, "IPv4 Address ANDSF", Ipv4List(ANDSF_SERVER)),
    Row(143, "Zerotouch Redirect", Opaque),
    Row(144, "Geospatial Location", Opaque),
    Row(145, "Forcerenew Nonce Capable", Special(forcerenew)),
    Row(146, "RDNSS Selection", Opaque),
    Row(150, "TFTP Server Address", Ipv4List(TFTP_SERVER_ADDRESS)),
    Row(151, "Leasequery Status code", Opaque),
    Row(152, "Leasequery Base Time", Opaque),
    Row(153, "Leasequery Start Time of State", Opaque),
    Row(154, "Leasequery Query Start Time", Opaque),
    Row(155, "Leasequery Query End Time", Opaque),
    Row(156, "Leasequery Dhcp State", Opaque),
    Row(157, "Leasequery Data Source", Opaque),
    Row(158, "PCP Server", Opaque),
    Row(159, "Portparams", Opaque),
    Row(160, "Unassigned (ex DHCP Captive-Portal)", Text(CAPTIVE_PORTAL)),
    Row(161, "Manufacturer Usage Description", Text(MUDURL)),
    Row(175, "Etherboot", Opaque),
    Row(176, "IP Telephone", Opaque),
    Row(177, "Etherboot", Opaque),
    Row(208, "PXELINUX Magic", Opaque),
    Row(209, "PXE Configuration file", Text(PXE_CONFIG_FILE)),
    Row(210, "PXE Path Prefix", Text(PXE_PATH_PREFIX)),
    Row(211, "Reboot Time", Opaque),
    Row(212, "6RD", Special(six_rd)),
    Row(213, "V4 Access Domain", Opaque),
    Row(220, "Subnet Allocation", Opaque),
    Row(221, "Virtual Subnet Selection", Opaque),
    Row(242, "Private/Avaya IP Telephone", Special(vendor::avaya)),
    Row(249, "Private/Classless Static Route (Microsoft)", Special(classless_routes)),
    Row(252, "Private/Proxy autodiscovery", Text(PRIVATE_PROXY_AUTODISCOVERY)),
];

fn row(code: u8) -> Option<&'static Row> {
    ROWS.binary_search_by_key(&code, |row| row.0).ok().and_then(|at| ROWS.get(at))
}

/// What an option is called.
fn name(code: u8) -> &'static str {
    match row(code) {
        Some(row) => row.1,
        None if code == PAD => "Padding",
        None if code == END => "End",
        None => match code {
            102..=107 => "Removed/unassigned",
            84 | 96 | 110 | 115 | 126 | 127 => "Removed/Unassigned",
            224..=254 => "Private",
            _ => "Unassigned",
        },
    }
}

/// Shows options up to their end; answers where that is, if there is one. Options that take the place of a name
/// (`is_main` is false) must not do so again.
pub(super) fn list<'a>(
    d: &mut Dissector<'a>,
    message: &Message<'a>,
    tvb: Tvb<'a>,
    is_main: bool,
) -> Result<Option<usize>, Stop> {
    let mut at = 0;
    for _ in 0..MAX_OPTIONS {
        if at >= tvb.reported() {
            break;
        }
        match tvb.u8(at)? {
            PAD => {
                let rest = tvb.from(at);
                let run = rest.bytes().iter().take_while(|octet| **octet == PAD).count();
                let line = d.open(OPTION_TYPE, tvb, at, run, Value::Uint(0));
                d.text(line, || "Option: (0) Padding".to_owned());
                d.bytes(OPTION_PADDING, tvb, at, run);
                d.close();
                at += run;
            }
            END => {
                // Wireshark shows the end as option 0; a filter for it finds the same frames here.
                let line = d.open(OPTION_TYPE, tvb, at, 1, Value::Uint(0));
                d.text(line, || "Option: (255) End".to_owned());
                d.add(OPTION_END, tvb, at, 1, Value::Uint(END.into()));
                d.close();
                return Ok(Some(at + 1));
            }
            code => at += one(d, message, tvb.from(at), code, is_main)?,
        }
    }
    Ok(None)
}

fn one<'a>(d: &mut Dissector<'a>, message: &Message<'a>, tvb: Tvb<'a>, code: u8, is_main: bool) -> Result<usize, Stop> {
    let len = usize::from(tvb.u8(1)?);
    let body = tvb.exact(2, len)?;
    tvb.slice(2, len)?;
    let line = d.open(OPTION_TYPE, tvb, 0, len + 2, Value::Uint(code.into()));
    d.text(line, || title(message, code, body.bytes()));
    d.add(OPTION_LENGTH, tvb, 1, 1, Value::Uint(len as u64));
    let value = d.bytes(OPTION_VALUE, tvb, 2, len);
    if len == 0 {
        d.text(value, || "Value: <MISSING>".to_owned());
    }
    let kind = row(code).map_or(&Opaque, |row| &row.2);
    if len > 0 && is_shown(kind, len) {
        d.hide(value);
    }
    match kind {
        Special(show) if is_main || code != OVERLOAD => show(d, message, body)?,
        Special(_) => {}
        kind => plain(d, kind, body)?,
    }
    d.close();
    Ok(len + 2)
}

/// Whether the value appears in another form than its octets.
fn is_shown(kind: &Kind, len: usize) -> bool {
    match kind {
        Opaque => false,
        Text(_) | Special(_) => true,
        Flag(_) | U8(_) => len == 1,
        U16(_) => len == 2,
        Ipv4(_) | Seconds(_) | SignedSeconds(_) => len == 4,
        Ipv4List(_) => len >= 4,
        U16List(_) => len >= 2,
        Ipv4Pairs(..) => len >= 8,
    }
}

fn title(message: &Message<'_>, code: u8, body: &[u8]) -> String {
    let name = name(code);
    let address = || match body {
        [a, b, c, d] => format!(" ({a}.{b}.{c}.{d})"),
        _ => String::new(),
    };
    let behind = match row(code).map(|row| &row.2) {
        Some(Ipv4(_)) => address(),
        _ if code == MESSAGE_TYPE => {
            body.first().map_or_else(String::new, |code| format!(" ({})", message_name(*code)))
        }
        _ if code == 43 && !body.is_empty() && message.vendor_class.starts_with(b"PXEClient") => {
            " (PXEClient)".to_owned()
        }
        _ => String::new(),
    };
    format!("Option: ({code}) {name}{behind}")
}

/// Notes a length that the option cannot have.
pub(super) fn bad_length<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, text: &'static str) {
    d.expert_with(BAD_LENGTH, tvb, 0, tvb.reported(), || text.to_owned());
}

fn ipv4<'a>(d: &mut Dissector<'a>, field: FieldId, body: Tvb<'a>, at: usize) -> Parsed {
    d.add(field, body, at, 4, Value::Ipv4(body.array(at)?));
    Ok(())
}

/// Shows a list from `from` on, each element of `size` octets, and notes what is left over.
fn elements<'a>(
    d: &mut Dissector<'a>,
    body: Tvb<'a>,
    from: usize,
    size: usize,
    mut show: impl FnMut(&mut Dissector<'a>, usize) -> Parsed,
) -> Parsed {
    let len = body.reported().saturating_sub(from);
    for at in (0..len / size).map(|n| from + n * size) {
        show(d, at)?;
    }
    if !len.is_multiple_of(size) {
        d.expert_with(BAD_LENGTH, body, 0, body.reported(), || format!("Option length isn't a multiple of {size}"));
    }
    Ok(())
}

/// The line of a number of seconds.
fn in_words(field: FieldId, seconds: i64, words: &str) -> String {
    format!("{}: ({seconds}s) {words}", crate::registry::field(field).label)
}

/// Shows options whose body is one value or a list of such.
fn plain<'a>(d: &mut Dissector<'a>, kind: &Kind, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    match *kind {
        Opaque | Special(_) => {}
        Text(field) => {
            d.add(field, body, 0, len, Value::Text);
        }
        Ipv4(field) if len == 4 => ipv4(d, field, body, 0)?,
        Ipv4List(field) => elements(d, body, 0, 4, |d, at| ipv4(d, field, body, at))?,
        Ipv4Pairs(first, second) => elements(d, body, 0, 8, |d, at| {
            ipv4(d, first, body, at)?;
            ipv4(d, second, body, at + 4)
        })?,
        Flag(field) if len == 1 => {
            d.add(field, body, 0, 1, Value::Uint((body.u8(0)? != 0).into()));
        }
        U8(field) if len == 1 => {
            d.uint(field, body, 0, 1)?;
        }
        U16(field) if len == 2 => {
            d.uint(field, body, 0, 2)?;
        }
        U16List(field) => elements(d, body, 0, 2, |d, at| d.uint(field, body, at, 2).map(|_| ()))?,
        Seconds(field) if len == 4 => {
            let seconds = body.u32(0)?;
            let line = d.add(field, body, 0, 4, Value::Uint(seconds.into()));
            d.text(line, || match seconds {
                u32::MAX => in_words(field, seconds.into(), "infinity"),
                _ => in_words(field, seconds.into(), &span(seconds.into())),
            });
        }
        SignedSeconds(field) if len == 4 => {
            let seconds = i64::from(body.u32(0)? as i32);
            let line = d.add(field, body, 0, 4, Value::Int(seconds));
            d.text(line, || in_words(field, seconds, &span(seconds)));
        }
        Flag(_) | U8(_) => bad_length(d, body, "length isn't 1"),
        U16(_) => bad_length(d, body, "length isn't 2"),
        Ipv4(_) | Seconds(_) | SignedSeconds(_) => bad_length(d, body, "length isn't 4"),
    }
    Ok(())
}

/// A number of seconds in words.
pub(crate) fn span(seconds: i64) -> String {
    let whole = seconds.unsigned_abs();
    let parts =
        [(whole / 86_400, "day"), (whole / 3600 % 24, "hour"), (whole / 60 % 60, "minute"), (whole % 60, "second")];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let sign = if seconds < 0 { "-" } else { "" };
    if words.is_empty() { "0 seconds".to_owned() } else { format!("{sign}{}", words.join(", ")) }
}

fn message_type<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if !body.is_empty() {
        d.uint(OPTION_DHCP, body, 0, 1)?;
    }
    Ok(())
}

/// RFC 2132, 9.3.
fn overload<'a>(d: &mut Dissector<'a>, message: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.is_empty() {
        bad_length(d, body, "length isn't >= 1");
        return Ok(());
    }
    let what = d.uint(OPTION_OVERLOAD, body, 0, 1)?;
    let areas = [
        (2, SERVER_NAME, "Server host name option overload", SNAME_END_MISSING),
        (1, BOOT_FILE, "Boot file name option overload", FILE_END_MISSING),
    ];
    for (bit, (at, len), label, missing) in areas {
        if what <= 3 && what & bit != 0 {
            let area = message.whole.sub(at, len);
            d.open_text(area, 0, len, || label.to_owned());
            if list(d, message, area, false)?.is_none() {
                d.expert(missing, area, 0, len);
            }
            d.close();
        }
    }
    Ok(())
}

fn request_list<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    for (at, code) in body.bytes().iter().enumerate() {
        let line = d.add(REQUEST_LIST_ITEM, body, at, 1, Value::Uint((*code).into()));
        d.text(line, || format!("Parameter Request List Item: ({code}) {}", name(*code)));
    }
    Ok(())
}

/// RFC 2610, 3.
fn directory_agent<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.is_empty() {
        return Ok(());
    }
    d.uint(SLP_DIRECTORY_AGENT_VALUE, body, 0, 1)?;
    elements(d, body, 1, 4, |d, at| ipv4(d, SLP_DIRECTORY_AGENT_SLPDA_ADDRESS, body, at))
}

/// RFC 2610, 4.
fn service_scope<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if !body.is_empty() {
        d.uint(SLP_SERVICE_SCOPE_VALUE, body, 0, 1)?;
        d.add(SLP_SERVICE_SCOPE_STRING, body, 1, body.reported() - 1, Value::Text);
    }
    Ok(())
}

/// RFC 3118, 2.
fn authentication<'a>(d: &mut Dissector<'a>, message: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.reported() < 11 {
        bad_length(d, body, "length isn't >= 11");
        return Ok(());
    }
    const DELAYED: u64 = 1;
    let protocol = d.uint(DHCP_AUTHENTICATION_PROTOCOL, body, 0, 1)?;
    let algorithm = if protocol == DELAYED { DHCP_AUTHENTICATION_ALG_DELAY } else { DHCP_AUTHENTICATION_ALGORITHM };
    d.uint(algorithm, body, 1, 1)?;
    d.uint(DHCP_AUTHENTICATION_RDM, body, 2, 1)?;
    d.uint(DHCP_AUTHENTICATION_RDM_REPLAY_DETECTION, body, 3, 8)?;
    // A request for authentication holds nothing more; a client's discover is one.
    if protocol == DELAYED && body.reported() >= 31 && message.op != BOOT_REQUEST {
        d.uint(DHCP_AUTHENTICATION_SECRET_ID, body, 11, 4)?;
        d.bytes(DHCP_AUTHENTICATION_HMAC_MD5_HASH, body, 15, 16);
    }
    Ok(())
}

/// RFC 4776, 3.
fn civic<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.reported() < 3 {
        return Ok(());
    }
    d.uint(CIVIC_LOCATION_WHAT, body, 0, 1)?;
    d.add(CIVIC_LOCATION_COUNTRY, body, 1, 2, Value::Text);
    let mut at = 3;
    while at + 2 <= body.reported() {
        d.uint(CIVIC_LOCATION_CA_TYPE, body, at, 1)?;
        let len = d.uint(CIVIC_LOCATION_CA_LENGTH, body, at + 1, 1)? as usize;
        let value = body.exact(at + 2, len)?;
        d.add(CIVIC_LOCATION_CA_VALUE, value, 0, len, Value::Text);
        at += 2 + len;
    }
    Ok(())
}

/// RFC 2937.
fn name_service<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    for at in (0..body.reported() / 2).map(|n| n * 2) {
        let service = body.u16(at)?;
        match Names::Values(NAME_SERVICES).of(service.into()) {
            Some(name) => {
                let text = format!("{name} ({service})");
                d.add(DHCP_NAME_SERVICE_SEARCH_OPTION, body, at, 2, Value::String(text.into()));
            }
            None => {
                let text = format!(
                    "Invalid Name Service ({service}). RFC 2937 defines only 0, 6, 41, 44, and 65 as possible values."
                );
                d.expert_with(NAME_SERVICE_INVALID, body, at, 2, || text);
            }
        }
    }
    Ok(())
}

/// RFC 3397; names may point into the option.
fn domain_search<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    names(d, body, 0, DHCP_DNS_DOMAIN_SEARCH_LIST_FQDN)
}

fn names<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, mut at: usize, field: FieldId) -> Parsed {
    let mut text = Vec::new();
    while at < body.reported() {
        let len = dns::name::read(body, at, Some(&mut text))?;
        d.add(field, body, at, len, Value::String(String::from_utf8_lossy(&text).into()));
        at += len;
    }
    Ok(())
}

/// RFC 3361.
fn sip_servers<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.is_empty() {
        bad_length(d, body, "length isn't >= 1");
        return Ok(());
    }
    let encoding = d.uint(SIP_SERVER_ENCODING, body, 0, 1)?;
    match encoding {
        0 => names(d, body, 1, SIP_SERVER_NAME)?,
        1 => {
            for at in (0..(body.reported() - 1) / 4).map(|n| n * 4 + 1) {
                ipv4(d, SIP_SERVER_ADDRESS, body, at)?;
            }
        }
        other => d.expert_with(SIP_ENCODING, body, 0, 1, || {
            format!("RFC 3361 defines only 0 and 1 for Encoding byte (Encoding = {other})")
        }),
    }
    Ok(())
}

/// RFC 3442.
fn classless_routes<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.reported() < 5 {
        bad_length(d, body, "length isn't >= 5");
        return Ok(());
    }
    let mut at = 0;
    while at < body.reported() {
        let width = body.u8(at)?;
        if width > 32 {
            d.expert_with(MASK_WIDTH, body, at, 1, || format!("Mask width ({width}) > 32"));
            break;
        }
        let significant = usize::from(width).div_ceil(8);
        let mut net = [0; 4];
        for (octet, from) in net.iter_mut().zip(body.slice(at + 1, significant)?) {
            *octet = *from;
        }
        let router: [u8; 4] = body.array(at + 1 + significant)?;
        let len = 5 + significant;
        let line = d.bytes(CLASSLESS_STATIC_ROUTE, body, at, len);
        d.text(line, || {
            let router = std::net::Ipv4Addr::from(router);
            match width {
                0 => format!(" default-{router}"),
                _ => format!(" {}/{width}-{router}", std::net::Ipv4Addr::from(net)),
            }
        });
        at += len;
    }
    Ok(())
}

/// RFC 6704.
fn forcerenew<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    for (at, algorithm) in body.bytes().iter().enumerate() {
        d.add(FORCERENEW_NONCE_ALGORITHM, body, at, 1, Value::Uint((*algorithm).into()));
    }
    Ok(())
}

/// RFC 5969, 7.1.1.
fn six_rd<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    if len < 22 || !(len - 22).is_multiple_of(4) {
        d.expert(SIXRD_MALFORMED, body, 0, len);
        return Ok(());
    }
    d.uint(SIXRD_IPV4_MASK_LEN, body, 0, 1)?;
    d.uint(SIXRD_PREFIX_LEN, body, 1, 1)?;
    d.add(SIXRD_PREFIX, body, 2, 16, Value::Ipv6(body.array(2)?));
    for at in (18..len - 3).step_by(4) {
        ipv4(d, SIXRD_BORDER_RELAY_IP, body, at)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_sorted() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn spans_are_told_in_words() {
        assert_eq!(span(0), "0 seconds");
        assert_eq!(span(3600), "1 hour");
        assert_eq!(span(-3661), "-1 hour, 1 minute, 1 second");
        assert_eq!(span(167_838_211), "1942 days, 13 hours, 43 minutes, 31 seconds");
    }
}
