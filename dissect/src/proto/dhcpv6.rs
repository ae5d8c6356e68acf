//! Dynamic Host Configuration Protocol for IPv6 (RFC 8415) with its relays and the options of other RFCs that are met in
//! networks.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::numbers::ARP_HARDWARE;
use crate::output::value::{colons, hex};
use crate::proto::dns;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Dhcpv6, "dhcpv6", "DHCPv6";
    MSGTYPE = field("dhcpv6.msgtype", "Message type", Uint8, Dec).names(Names::Values(MESSAGES));
    XID = field("dhcpv6.xid", "Transaction ID", Uint24, Hex);
    HOPCOUNT = field("dhcpv6.hopcount", "Hopcount", Uint8, Dec);
    LINKADDR = field("dhcpv6.linkaddr", "Link address", Ipv6, None);
    PEERADDR = field("dhcpv6.peeraddr", "Peer address", Ipv6, None);
    OPTION_TYPE = field("dhcpv6.option.type", "Option", Uint16, Dec).names(Names::Values(OPTIONS));
    OPTION_TYPE_STR = field("dhcpv6.option.type_str", "Option", String, None);
    OPTION_LENGTH = field("dhcpv6.option.length", "Length", Uint16, Dec);
    DUID_BYTES = field("dhcpv6.duid.bytes", "DUID", Bytes, None);
    DUID_TYPE = field("dhcpv6.duid.type", "DUID Type", Uint16, Dec).names(Names::Values(DUID_TYPES));
    DUIDLLT_HWTYPE = field("dhcpv6.duidllt.hwtype", "Hardware type", Uint16, Dec).names(Names::Values(ARP_HARDWARE));
    DUIDLLT_TIME = field("dhcpv6.duidllt.time", "DUID Time", AbsoluteTime, None);
    DUIDLLT_LINK_LAYER_ADDR = field("dhcpv6.duidllt.link_layer_addr", "Link-layer address", String, None);
    DUIDEN_ENTERPRISE = field("dhcpv6.duiden.enterprise", "Enterprise ID", Uint32, Dec);
    DUIDEN_IDENTIFIER = field("dhcpv6.duiden.identifier", "Identifier", Bytes, None);
    DUIDLL_HWTYPE = field("dhcpv6.duidll.hwtype", "Hardware type", Uint16, Dec).names(Names::Values(ARP_HARDWARE));
    DUIDLL_LINK_LAYER_ADDR = field("dhcpv6.duidll.link_layer_addr", "Link-layer address", String, None);
    DUIDUUID_BYTES = field("dhcpv6.duiduuid.bytes", "UUID", Bytes, None);
    IAID = field("dhcpv6.iaid", "IAID", String, None);
    IAID_T1 = field("dhcpv6.iaid.t1", "T1", Uint32, Dec);
    IAID_T2 = field("dhcpv6.iaid.t2", "T2", Uint32, Dec);
    IATA = field("dhcpv6.iata", "IATA", String, None);
    IAADDR_IP = field("dhcpv6.iaaddr.ip", "IPv6 address", Ipv6, None);
    IAADDR_PREF_LIFETIME = field("dhcpv6.iaaddr.pref_lifetime", "Preferred lifetime", Uint32, Dec);
    IAADDR_VALID_LIFETIME = field("dhcpv6.iaaddr.valid_lifetime", "Valid lifetime", Uint32, Dec);
    IAPREFIX_PREF_LIFETIME = field("dhcpv6.iaprefix.pref_lifetime", "Preferred lifetime", Uint32, Dec);
    IAPREFIX_VALID_LIFETIME = field("dhcpv6.iaprefix.valid_lifetime", "Valid lifetime", Uint32, Dec);
    IAPREFIX_PREF_LEN = field("dhcpv6.iaprefix.pref_len", "Prefix length", Uint8, Dec);
    IAPREFIX_PREF_ADDR = field("dhcpv6.iaprefix.pref_addr", "Prefix address", Ipv6, None);
    REQUESTED_OPTION_CODE = field("dhcpv6.requested_option_code", "Requested Option code", Uint16, Dec).names(Names::Values(OPTIONS));
    OPTION_PREFERENCE = field("dhcpv6.option_preference", "Pref-value", Uint8, Dec);
    ELAPSED_TIME = field("dhcpv6.elapsed_time", "Elapsed time", Uint16, Dec).names(Names::Unit("ms"));
    UNICAST = field("dhcpv6.unicast", "IPv6 address", Ipv6, None);
    STATUS_CODE = field("dhcpv6.status_code", "Status Code", Uint16, Dec).names(Names::Values(STATUSES));
    STATUS_MSG = field("dhcpv6.status_msg", "Status Message", String, None);
    VENDORCLASS_ENTERPRISE = field("dhcpv6.vendorclass.enterprise", "Enterprise ID", Uint32, Dec);
    VENDORCLASS_DATA = field("dhcpv6.vendorclass.data", "vendor-class-data", String, None);
    VENDOROPTS_ENTERPRISE = field("dhcpv6.vendoropts.enterprise", "Enterprise ID", Uint32, Dec);
    VENDOROPTS_ENTERPRISE_OPTION_CODE = field("dhcpv6.vendoropts.enterprise.option_code", "Option code", Uint16, Dec);
    VENDOROPTS_ENTERPRISE_OPTION_LENGTH = field("dhcpv6.vendoropts.enterprise.option_length", "Option length", Uint16, Dec);
    VENDOROPTS_ENTERPRISE_OPTION_DATA = field("dhcpv6.vendoropts.enterprise.option_data", "Option data", Bytes, None);
    INTERFACE_ID = field("dhcpv6.interface_id", "Interface-ID", Bytes, None);
    RECONF_MSG = field("dhcpv6.reconf_msg", "Reconfigure message type", Uint8, Dec).names(Names::Values(MESSAGES));
    SIP_SERVER_A = field("dhcpv6.sip_server_a", "SIP server address", Ipv6, None);
    DNS_SERVER = field("dhcpv6.dns_server", "DNS server address", Ipv6, None);
    SEARCH_LIST_ENTRY = field("dhcpv6.search_list_entry", "List entry", String, None);
    SNTP_SERVER = field("dhcpv6.sntp_server", "SNTP server address", Ipv6, None);
    LIFETIME = field("dhcpv6.lifetime", "Lifetime", Uint32, Dec);
    REMOTEID_ENTERPRISE = field("dhcpv6.remoteid.enterprise", "Enterprise ID", Uint32, Dec);
    REMOTEID_ENTERPRISE_ID = field("dhcpv6.remoteid_enterprise_id", "Remote-ID", Bytes, None);
    CLIENT_FQDN_FLAGS = field("dhcpv6.client_fqdn_flags", "Flags", Uint8, Hex);
    CLIENTFQDN_CLIENT_N = field("dhcpv6.clientfqdn.client.n", "N bit", Boolean, None).names(Names::Flag("Server SHOULD NOT perform PTR RR updates", "Server SHOULD perform PTR RR updates")).mask(0x4);
    CLIENTFQDN_CLIENT_S = field("dhcpv6.clientfqdn.client.s", "S bit", Boolean, None).names(Names::Flag("Server SHOULD perform AAAA RR updates", "Server SHOULD NOT perform AAAA RR updates")).mask(0x1);
    CLIENT_DOMAIN = field("dhcpv6.client_domain", "Client Domain Name", String, None);
    TLD = field("dhcpv6.tld", "Top Level Domain name", String, None);
    NTPSERVER_OPTION_TYPE = field("dhcpv6.ntpserver.option.type", "Suboption", Uint16, Dec).names(Names::Values(NTP_TYPES));
    NTPSERVER_OPTION_LENGTH = field("dhcpv6.ntpserver.option.length", "Length", Uint16, Dec);
    NTPSERVER_ADDR = field("dhcpv6.ntpserver.addr", "NTP Server Address", Ipv6, None);
    USERCLASS_LENGTH = field("dhcpv6.userclass.length", "Length", Uint16, Dec);
    USERCLASS_OPAQUE_DATA = field("dhcpv6.userclass.opaque_data", "Suboption", Bytes, None);
    TLD_LOOKUP = expert("dhcpv6.expert.tld_lookup", "WARNING: TLDs are rarely resolvable ", Warning, Comment);
}

/// IANA "Dynamic Host Configuration Protocol for IPv6 (DHCPv6)".
const MESSAGES: &[(u64, &str)] = &[
    (1, "Solicit"),
    (2, "Advertise"),
    (3, "Request"),
    (4, "Confirm"),
    (5, "Renew"),
    (6, "Rebind"),
    (7, "Reply"),
    (8, "Release"),
    (9, "Decline"),
    (10, "Reconfigure"),
    (11, "Information-request"),
    (12, "Relay-forw"),
    (13, "Relay-reply"),
    (14, "Leasequery"),
    (15, "Leasequery-reply"),
    (16, "Leasequery-done"),
    (17, "Leasequery-data"),
    (18, "Reconfigure-request"),
    (19, "Reconfigure-reply"),
];
const OPTIONS: &[(u64, &str)] = &[
    (1, "Client Identifier"),
    (2, "Server Identifier"),
    (3, "Identity Association for Non-temporary Address"),
    (4, "Identity Association for Temporary Address"),
    (5, "IA Address"),
    (6, "Option Request"),
    (7, "Preference"),
    (8, "Elapsed time"),
    (9, "Relay Message"),
    (11, "Authentication"),
    (12, "Server unicast"),
    (13, "Status code"),
    (14, "Rapid Commit"),
    (15, "User Class"),
    (16, "Vendor Class"),
    (17, "Vendor-specific Information"),
    (18, "Interface-Id"),
    (19, "Reconfigure Message"),
    (20, "Reconfigure Accept"),
    (21, "SIP Server Domain Name List"),
    (22, "SIP Servers IPv6 Address List"),
    (23, "DNS recursive name server"),
    (24, "Domain Search List"),
    (25, "Identity Association for Prefix Delegation"),
    (26, "IA Prefix"),
    (27, "Network Information Server"),
    (28, "Network Information Server V2"),
    (29, "Network Information Server Domain Name"),
    (30, "Network Information Server V2 Domain Name"),
    (31, "Simple Network Time Protocol Server"),
    (32, "Lifetime"),
    (36, "Geoconf Civic Address"),
    (37, "Remote Identifier"),
    (38, "Subscriber Identifier"),
    (39, "Client Fully Qualified Domain Name"),
    (41, "Time Zone"),
    (42, "Time Zone Database"),
    (43, "Echo Request Option"),
    (44, "Leasequery Query"),
    (45, "Leasequery Client Data"),
    (46, "Client Last Transaction Time"),
    (51, "LoST Server"),
    (52, "CAPWAP Access Controllers"),
    (53, "Relay-ID"),
    (56, "NTP Server"),
    (57, "Access Network Domain Name"),
    (58, "SIP User Agent Configuration Service Domains"),
    (59, "Boot File URL"),
    (60, "Boot File Parameters"),
    (61, "Client System Architecture Type"),
    (62, "Client Network Interface Identifier"),
    (64, "Dual-Stack Lite AFTR Name"),
    (66, "Relay-Supplied Options"),
    (67, "Prefix Exclude"),
    (74, "RDNSS Selection"),
    (79, "Client Link-Layer Address"),
    (80, "Link Address"),
    (81, "RADIUS"),
    (82, "SOL_MAX_RT"),
    (83, "INF_MAX_RT"),
    (86, "PCP Server"),
    (87, "DHCPv4 Message"),
    (88, "DHCP 4o6 Servers Address"),
    (94, "S46 MAP-E Container"),
    (95, "S46 MAP-T Container"),
    (96, "S46 Lightweight 4over6 Container"),
    (103, "Captive Portal"),
    (112, "Manufacturer Usage Description"),
    (135, "Relay Source Port"),
    (136, "SZTP Redirect"),
    (143, "ANDSF IPv6 Address"),
];
const DUID_TYPES: &[(u64, &str)] = &[
    (1, "link-layer address plus time"),
    (2, "assigned by vendor based on Enterprise number"),
    (3, "link-layer address"),
    (4, "Universally Unique IDentifier (UUID)"),
];
const STATUSES: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "UnspecFail"),
    (2, "NoAddrAvail"),
    (3, "NoBinding"),
    (4, "NotOnLink"),
    (5, "UseMulticast"),
    (6, "NoPrefixAvail"),
    (7, "UnknownQueryType"),
    (8, "MalformedQuery"),
    (9, "NotConfigured"),
    (10, "NotAllowed"),
];
const NTP_TYPES: &[(u64, &str)] = &[(1, "NTP Server Address"), (2, "NTP Multicast Address"), (3, "NTP Server FQDN")];

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
/// RFC 8415, 11.2: DUID times count from 2000.
const DUID_EPOCH: i64 = 946_684_800;
/// How deep relays and containers may lie in each other: RFC 8415, 7.6, ends at 8 hops.
const MAX_DEPTH: u8 = 16;
/// How many options one level may show.
const MAX_OPTIONS: usize = 1_024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 1, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Dhcpv6, "DHCPv6", &[Binding::UdpPort(546), Binding::UdpPort(547)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("DHCPv6");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    message(d, tvb, 0)?;
    d.close();
    Ok(())
}

/// RFC 8415, 8 and 9.
fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, depth: u8) -> Parsed {
    let kind = tvb.u8(0)?;
    d.append_info(|| match Names::Values(MESSAGES).of(kind.into()) {
        Some(name) => format!("{name} "),
        None => format!("Message Type {kind} "),
    });
    d.add(MSGTYPE, tvb, 0, 1, Value::Uint(kind.into()));
    if kind == RELAY_FORWARD || kind == RELAY_REPLY {
        d.uint(HOPCOUNT, tvb, 1, 1)?;
        let link = tvb.array(2)?;
        d.add(LINKADDR, tvb, 2, 16, Value::Ipv6(link));
        d.append_info(|| format!("L: {} ", crate::dissector::Address::Ipv6(link)));
        d.add(PEERADDR, tvb, 18, 16, Value::Ipv6(tvb.array(18)?));
        return options(d, tvb.from(34), depth);
    }
    let id = tvb.u24(1)?;
    let line = d.add(XID, tvb, 1, 3, Value::Uint(id.into()));
    d.text(line, || format!("Transaction ID: 0x{id:06x}"));
    d.append_info(|| format!("XID: 0x{id:06x} "));
    options(d, tvb.from(4), depth)
}

fn options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, depth: u8) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_OPTIONS {
        if at + 4 > tvb.reported() {
            break;
        }
        let (code, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        // One that is longer than what is left is not an option.
        if at + 4 + len > tvb.reported() {
            break;
        }
        let name = Names::Values(OPTIONS).of(code.into());
        d.open_text(tvb, at, 4 + len, || match &name {
            Some(name) => name.clone().into_owned(),
            None => format!("DHCP option {code}"),
        });
        d.add(OPTION_TYPE, tvb, at, 2, Value::Uint(code.into()));
        let text = name.as_deref().unwrap_or("Unknown").to_owned();
        d.hidden(OPTION_TYPE_STR, tvb, at, 2, Value::String(text.into()));
        d.add(OPTION_LENGTH, tvb, at + 2, 2, Value::Uint(len as u64));
        option(d, code, tvb.sub(at + 4, len), depth)?;
        d.close();
        at += 4 + len;
    }
    Ok(())
}

fn option<'a>(d: &mut Dissector<'a>, code: u16, body: Tvb<'a>, depth: u8) -> Parsed {
    let len = body.reported();
    let is_deep = depth >= MAX_DEPTH;
    match code {
        1 => {
            d.append_info(|| format!("CID: {} ", hex(body.bytes())));
            duid(d, body)?;
        }
        2 => duid(d, body)?,
        3 | 25 if len >= 12 => {
            d.add(IAID, body, 0, 4, Value::String(hex(body.slice(0, 4)?).into()));
            for (field, at) in [(IAID_T1, 4), (IAID_T2, 8)] {
                d.uint(field, body, at, 4)?;
            }
            if !is_deep {
                options(d, body.from(12), depth + 1)?;
            }
        }
        4 if len >= 4 => {
            d.add(IATA, body, 0, 4, Value::String(hex(body.slice(0, 4)?).into()));
            if !is_deep {
                options(d, body.from(4), depth + 1)?;
            }
        }
        5 if len >= 24 => {
            let address = body.array(0)?;
            d.add(IAADDR_IP, body, 0, 16, Value::Ipv6(address));
            d.append_info(|| format!("IAA: {} ", crate::dissector::Address::Ipv6(address)));
            d.uint(IAADDR_PREF_LIFETIME, body, 16, 4)?;
            d.uint(IAADDR_VALID_LIFETIME, body, 20, 4)?;
            if !is_deep {
                options(d, body.from(24), depth + 1)?;
            }
        }
        26 if len >= 25 => {
            d.uint(IAPREFIX_PREF_LIFETIME, body, 0, 4)?;
            d.uint(IAPREFIX_VALID_LIFETIME, body, 4, 4)?;
            d.uint(IAPREFIX_PREF_LEN, body, 8, 1)?;
            d.add(IAPREFIX_PREF_ADDR, body, 9, 16, Value::Ipv6(body.array(9)?));
            if !is_deep {
                options(d, body.from(25), depth + 1)?;
            }
        }
        6 => {
            for at in (0..len / 2).map(|n| n * 2) {
                let code = body.u16(at)?;
                let line = d.add(REQUESTED_OPTION_CODE, body, at, 2, Value::Uint(code.into()));
                d.text(line, || {
                    let name = Names::Values(OPTIONS).of(code.into()).unwrap_or("Unknown".into());
                    format!("Requested Option code: {name} ({code})")
                });
            }
        }
        7 if len == 1 => drop(d.uint(OPTION_PREFERENCE, body, 0, 1)?),
        8 if len == 2 => {
            // In hundredths of a second; Wireshark counts thousandths.
            let value = u64::from(body.u16(0)?) * 10;
            d.add(ELAPSED_TIME, body, 0, 2, Value::Uint(value));
        }
        9 if len > 0 && !is_deep => {
            d.open(PROTO, body, 0, len, Value::Protocol { end: body.base + body.len() as u32 });
            message(d, body, depth + 1)?;
            d.close();
        }
        12 if len == 16 => drop(d.add(UNICAST, body, 0, 16, Value::Ipv6(body.array(0)?))),
        13 if len >= 2 => {
            d.uint(STATUS_CODE, body, 0, 2)?;
            if len > 2 {
                d.string(STATUS_MSG, body, 2, len - 2);
            }
        }
        15 => user_class(d, body)?,
        16 if len >= 4 => vendor_class(d, body)?,
        17 if len >= 4 => vendor_options(d, body)?,
        18 if len > 0 => drop(d.bytes(INTERFACE_ID, body, 0, len)),
        19 if len == 1 => {
            let kind = body.u8(0)?;
            let line = d.add(RECONF_MSG, body, 0, 1, Value::Uint(kind.into()));
            d.text(line, || {
                let name = Names::Values(MESSAGES).of(kind.into()).unwrap_or("Unknown".into());
                format!("Reconfigure message type: {name} ({kind})")
            });
        }
        21 => {
            d.open_text(body, 0, len, || "SIP Servers Domain Search List".to_owned());
            names(d, body, 0, [CLIENT_DOMAIN, TLD])?;
            d.close();
        }
        22 => addresses(d, body, SIP_SERVER_A, "SIP server address", false)?,
        23 => addresses(d, body, DNS_SERVER, "DNS server address", true)?,
        24 => {
            d.open_text(body, 0, len, || "Domain name suffix search list".to_owned());
            names(d, body, 0, [SEARCH_LIST_ENTRY, SEARCH_LIST_ENTRY])?;
            d.close();
        }
        31 => addresses(d, body, SNTP_SERVER, "SNTP server address", true)?,
        32 if len == 4 => drop(d.uint(LIFETIME, body, 0, 4)?),
        37 if len >= 4 => {
            d.uint(REMOTEID_ENTERPRISE, body, 0, 4)?;
            if len > 4 {
                d.bytes(REMOTEID_ENTERPRISE_ID, body, 4, len - 4);
            }
        }
        39 if len >= 1 => fqdn(d, body)?,
        56 => ntp_servers(d, body)?,
        64 => names(d, body, 0, [CLIENT_DOMAIN, TLD])?,
        _ => {}
    }
    Ok(())
}

/// RFC 8415, 11.
fn duid<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    d.bytes(DUID_BYTES, body, 0, len);
    if len < 2 {
        return Ok(());
    }
    let kind = d.uint(DUID_TYPE, body, 0, 2)?;
    let rest = len - 2;
    match kind {
        1 if rest >= 6 => {
            let hardware = d.uint(DUIDLLT_HWTYPE, body, 2, 2)?;
            let time = (i64::from(body.u32(4)?) + DUID_EPOCH) * 1_000_000_000;
            d.add(DUIDLLT_TIME, body, 4, 4, Value::Time(time));
            link_layer(d, DUIDLLT_LINK_LAYER_ADDR, body.from(8), hardware)?;
        }
        2 if rest >= 4 => {
            d.uint(DUIDEN_ENTERPRISE, body, 2, 4)?;
            if rest > 4 {
                d.bytes(DUIDEN_IDENTIFIER, body, 6, rest - 4);
            }
        }
        3 if rest >= 2 => {
            let hardware = d.uint(DUIDLL_HWTYPE, body, 2, 2)?;
            link_layer(d, DUIDLL_LINK_LAYER_ADDR, body.from(4), hardware)?;
        }
        4 if rest > 0 => drop(d.bytes(DUIDUUID_BYTES, body, 2, rest)),
        _ => {}
    }
    Ok(())
}

fn link_layer<'a>(d: &mut Dissector<'a>, field: FieldId, address: Tvb<'a>, hardware: u64) -> Parsed {
    let len = address.reported();
    if len > 0 {
        let octets = address.slice(0, len)?;
        let is_mac = len == 6 && (hardware == 1 || hardware == 6);
        let text = if is_mac { colons(octets) } else { hex(octets) };
        d.add(field, address, 0, len, Value::String(text.into()));
    }
    Ok(())
}

fn addresses<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, field: FieldId, label: &str, is_numbered: bool) -> Parsed {
    for n in 0..body.reported() / 16 {
        let address = body.array(n * 16)?;
        let line = d.add(field, body, n * 16, 16, Value::Ipv6(address));
        if is_numbered {
            d.text(line, || format!(" {} {label}: {}", n + 1, crate::dissector::Address::Ipv6(address)));
        }
    }
    Ok(())
}

/// Names with a dot behind each label. `fields` are for a name and for one of a single label.
fn names<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, mut at: usize, [field, single]: [FieldId; 2]) -> Parsed {
    let mut text = Vec::new();
    while at < body.reported() {
        let (len, is_open) = name_at(body, at, &mut text)?;
        let labels = text.iter().filter(|octet| **octet == b'.').count();
        let field = if labels == 1 && !is_open { single } else { field };
        let name = String::from_utf8_lossy(&text).into_owned();
        let line = d.open(field, body, at, len, Value::String(name.clone().into()));
        if is_open {
            d.text(line, || format!("Partial domain name: {name}"));
        } else if field == TLD {
            d.text(line, || format!("Top Level Domain name (TLD): {name}"));
            d.expert(TLD_LOOKUP, body, at, len);
        }
        d.close();
        at += len;
    }
    Ok(())
}

/// The length of the name at `at` in the message, and whether it is open: that no root ends it.
fn name_at(body: Tvb<'_>, at: usize, text: &mut Vec<u8>) -> Result<(usize, bool), Stop> {
    if let Ok(len) = dns::name::read(body, at, Some(text)) {
        if !text.ends_with(b".") {
            text.push(b'.');
        }
        return Ok((len, false));
    }
    let len = partial(body, at, text)?;
    text.pop();
    Ok((len, true))
}

/// RFC 4704, 4.2: a client may leave its name open.
fn partial(body: Tvb<'_>, at: usize, text: &mut Vec<u8>) -> Result<usize, Stop> {
    text.clear();
    let mut here = at;
    while here < body.reported() {
        let len = usize::from(body.u8(here)?);
        text.extend_from_slice(body.slice(here + 1, len)?);
        text.push(b'.');
        here += 1 + len;
    }
    Ok(here - at)
}

/// RFC 4704, 4.
fn fqdn<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let flags = body.u8(0)?;
    let line = d.open(CLIENT_FQDN_FLAGS, body, 0, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let wish = match flags & 7 {
            0 => "  [CLIENT wants to update its AAAA RRs and SERVER to update its PTR RRs]",
            1 => "  [CLIENT wants SERVER to update both its AAAA and PTR RRs]",
            _ => "",
        };
        format!("Flags: 0x{flags:02x}{wish}")
    });
    d.flag(CLIENTFQDN_CLIENT_N, body, 0, 1, flags.into());
    d.flag(CLIENTFQDN_CLIENT_S, body, 0, 1, flags.into());
    d.close();
    names(d, body, 1, [CLIENT_DOMAIN, TLD])
}

/// RFC 8415, 21.15.
fn user_class<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at + 2 <= body.reported() {
        let len = usize::from(body.u16(at)?);
        let data = body.exact(at + 2, len)?;
        d.open_text(body, at, 2 + len, || "User Class suboption".to_owned());
        d.add(USERCLASS_LENGTH, body, at, 2, Value::Uint(len as u64));
        d.bytes(USERCLASS_OPAQUE_DATA, data, 0, len);
        d.close();
        at += 2 + len;
    }
    Ok(())
}

/// RFC 8415, 21.16.
fn vendor_class<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    d.uint(VENDORCLASS_ENTERPRISE, body, 0, 4)?;
    let mut at = 4;
    while at + 2 <= body.reported() {
        let len = usize::from(body.u16(at)?);
        let data = body.exact(at + 2, len)?;
        d.string(VENDORCLASS_DATA, data, 0, len);
        at += 2 + len;
    }
    Ok(())
}

/// RFC 8415, 21.17.
fn vendor_options<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    d.uint(VENDOROPTS_ENTERPRISE, body, 0, 4)?;
    let mut at = 4;
    while at + 4 <= body.reported() {
        let len = usize::from(body.u16(at + 2)?);
        let data = body.exact(at + 4, len)?;
        d.open_text(body, at, 4 + len, || "option".to_owned());
        d.uint(VENDOROPTS_ENTERPRISE_OPTION_CODE, body, at, 2)?;
        d.uint(VENDOROPTS_ENTERPRISE_OPTION_LENGTH, body, at + 2, 2)?;
        d.bytes(VENDOROPTS_ENTERPRISE_OPTION_DATA, data, 0, len);
        d.close();
        at += 4 + len;
    }
    Ok(())
}

/// RFC 5908, 4.
fn ntp_servers<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at + 4 <= body.reported() {
        let (kind, len) = (body.u16(at)?, usize::from(body.u16(at + 2)?));
        let data = body.exact(at + 4, len)?;
        d.open_text(body, at, 4 + len, || {
            Names::Values(NTP_TYPES).of(kind.into()).unwrap_or("Unknown".into()).into_owned()
        });
        d.add(NTPSERVER_OPTION_TYPE, body, at, 2, Value::Uint(kind.into()));
        d.add(NTPSERVER_OPTION_LENGTH, body, at + 2, 2, Value::Uint(len as u64));
        if kind == 1 && len == 16 {
            d.add(NTPSERVER_ADDR, data, 0, 16, Value::Ipv6(data.array(0)?));
        }
        d.close();
        at += 4 + len;
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "33330001000202000000000186dd6000000000f81101fe80000000000000000000000000000aff0200000000000000000000 \
     000100020222022300f80001010102030001000e00010001010203040200000000010002000a000300010200000000020001 \
     0008000200000009616200010012000400000000000000000000000000000000000600060017001803e700080002000a0014 \
     0000002700070104686f7374000027000b0004686f737403636f6d000027000f0004686f737403666f6f03636f6d00000300 \
     30000000010000000a0000001400050020fe80000000000000000000000000000a00000064000000c8000d000400006f6b00 \
     190029000000010000000000000000001a001900000064000000c838fe80000000000000000000000000000a000400040000 \
     0001",
    "33330001000202000000000186dd6000000001031101fe80000000000000000000000000000aff0200000000000000000000 \
     000100020222022301030001070102030007000105000d000400026e6f00170010fe80000000000000000000000000000a00 \
     18000903666f6f03636f6d000010000a00000137000461626364000f0004000261620011000a00000009000100026162001f \
     0010fe80000000000000000000000000000a0038001400010010fe80000000000000000000000000000a002000040000003c \
     000e0000001300010500150005037369700000160010fe80000000000000000000000000000a00400006046166747200000c \
     0010fe80000000000000000000000000000a005200040000000103e70003616263004f00080001020000000001003b000868 \
     7474703a2f2f78003d00020007",
    "33330001000202000000000186dd6000000000571101fe80000000000000000000000000000aff0200000000000000000000 \
     0001000202220223005700010c01fe80000000000000000000000000000aff02000000000000000000000001000200120004 \
     65746830002500070000000972696400090016010102030001000e0001000101020304020000000001",
    "33330001000202000000000186dd6000000000441101fe80000000000000000000000000000aff0200000000000000000000 \
     0001000202220223004400010d00fe80000000000000000000000000000aff02000000000000000000000001000200090016 \
     020102030001000e0001000101020304020000000001",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, shown_by, values};

    #[test]
    fn identifiers_associations_and_relays() {
        let shown = frames(1, SAMPLES);
        assert_eq!(values(&shown[0], "dhcpv6.duidllt.link_layer_addr"), "02:00:00:00:00:01");
        assert_eq!(values(&shown[0], "dhcpv6.iaaddr.ip"), "fe80::a");
        assert_eq!(values(&shown[0], "dhcpv6.tld"), "host.");
        assert_eq!(values(&shown[2], "dhcpv6.msgtype"), "12,1");
    }

    #[test]
    fn a_name_that_no_root_ends_is_open() {
        let shown = shown_by(ProtoId::Dhcpv6, b"\x01\x01\x02\x03\0\x27\0\x06\0\x04host");
        assert_eq!(values(&shown, "dhcpv6.client_domain"), "host");
        assert_eq!(values(&shown, "dhcpv6.tld"), "");
    }

    #[test]
    fn relays_end_at_their_limit() {
        let mut message = b"\x01\x01\x02\x03".to_vec();
        for _ in 0..100 {
            let len = (message.len() as u16).to_be_bytes();
            message = [&[12, 0][..], &[0; 32], &[0, 9], &len, &message].concat();
        }
        let shown = shown_by(ProtoId::Dhcpv6, &message);
        let count = shown.iter().filter(|row| row.0 == "dhcpv6.msgtype").count();
        assert_eq!(count, usize::from(MAX_DEPTH) + 1);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Dhcpv6,
            b"\x01\x01\x02\x03\0\x01\0\x0a\0\x03\0\x01\x02\0\0\0\0\x01\0\x06\0\x02\0\x17\0\x27\0\x06\x01\x03foo\0",
        );
    }
}
