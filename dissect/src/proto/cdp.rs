//! Cisco Discovery Protocol, versions 1 and 2, as Cisco's documentation of the protocol has it.

use std::net::Ipv4Addr;

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

const YES: Names = Names::Flag("Yes", "No");

fields! { Cdp, "cdp", "Cisco Discovery Protocol";
    VERSION = field("cdp.version", "Version", Uint8, Dec);
    TTL = field("cdp.ttl", "TTL", Uint8, Dec);
    CHECKSUM = field("cdp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("cdp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    CHECKSUM_BAD = expert("cdp.bad_checksum", "Bad checksum", Error, Checksum);
    TLV_TYPE = field("cdp.tlv.type", "Type", Uint16, Hex).names(Names::Values(TYPES));
    TLV_LEN = field("cdp.tlv.len", "Length", Uint16, Dec);
    DEVICEID = field("cdp.deviceid", "Device ID", String, None);
    PLATFORM = field("cdp.platform", "Platform", String, None);
    PORTID = field("cdp.portid", "Sent through Interface", String, None);
    CAPABILITIES = field("cdp.capabilities", "Capabilities", Uint32, Hex);
    ROUTER = field("cdp.capabilities.router", "Router", Boolean, None).names(YES).mask(0x1);
    TRANS_BRIDGE = field("cdp.capabilities.trans_bridge", "Transparent Bridge", Boolean, None).names(YES).mask(0x2);
    SRC_BRIDGE = field("cdp.capabilities.src_bridge", "Source Route Bridge", Boolean, None).names(YES).mask(0x4);
    SWITCH = field("cdp.capabilities.switch", "Switch", Boolean, None).names(YES).mask(0x8);
    HOST = field("cdp.capabilities.host", "Host", Boolean, None).names(YES).mask(0x10);
    IGMP_CAPABLE = field("cdp.capabilities.igmp_capable", "IGMP capable", Boolean, None).names(YES).mask(0x20);
    REPEATER = field("cdp.capabilities.repeater", "Repeater", Boolean, None).names(YES).mask(0x40);
    VOIP_PHONE = field("cdp.capabilities.voip_phone", "VoIP Phone", Boolean, None).names(YES).mask(0x80);
    REMOTE = field("cdp.capabilities.remote", "Remotely Managed Device", Boolean, None).names(YES).mask(0x100);
    CVTA = field("cdp.capabilities.cvta", "CVTA/STP Dispute Resolution/Cisco VT Camera", Boolean, None).names(YES).mask(0x200);
    MAC_RELAY = field("cdp.capabilities.mac_relay", "Two Port Mac Relay", Boolean, None).names(YES).mask(0x400);
    SOFTWARE_VERSION = field("cdp.software_version", "Software version", String, None);
    NUMBER_OF_ADDRESSES = field("cdp.number_of_addresses", "Number of addresses", Uint32, Dec);
    PROTOCOL_TYPE = field("cdp.protocol_type", "Protocol type", Uint8, Hex).names(Names::Values(PROTOCOL_TYPES));
    PROTOCOL_LENGTH = field("cdp.protocol_length", "Protocol length", Uint8, Dec);
    PROTOCOL_BYTES = field("cdp.protocol", "Protocol", Bytes, None);
    ADDRESS_LENGTH = field("cdp.address_length", "Address length", Uint16, Dec);
    ADDRESS = field("cdp.address", "Address", Bytes, None);
    IP_ADDRESS = field("cdp.nrgyz.ip_address", "IP Address", Ipv4, None);
    IPV6_ADDRESS = field("cdp.nrgyz.ipv6_address", "IPv6 Address", Ipv6, None);
    IP_PREFIX = field("cdp.ip_prefix", "IP Prefix", Ipv4, None);
    ODR_DEFAULT_GATEWAY = field("cdp.odr_default_gateway", "ODR Default gateway", Ipv4, None);
    VTP_MANAGEMENT_DOMAIN = field("cdp.vtp_management_domain", "VTP Management Domain", String, None);
    NATIVE_VLAN = field("cdp.native_vlan", "Native VLAN", Uint16, Dec);
    DUPLEX = field("cdp.duplex", "Duplex", Boolean, None).names(Names::Flag("Full", "Half"));
    VOICE_VLAN = field("cdp.voice_vlan", "Voice VLAN", Uint16, Dec);
    POWER_CONSUMPTION = field("cdp.power_consumption", "Power Consumption", Uint16, Dec);
    MTU = field("cdp.mtu", "MTU", Uint32, Dec);
    TRUST_BITMAP = field("cdp.trust_bitmap", "Trust Bitmap", Uint8, Hex);
    UNTRUSTED_PORT_COS = field("cdp.untrusted_port_cos", "Untrusted port CoS", Uint8, Hex);
    SYSTEM_NAME = field("cdp.system_name", "System Name", String, None);
    DATA = field("cdp.data", "Data", Bytes, None);
}

const TYPES: &[(u64, &str)] = &[
    (0x1, "Device ID"),
    (0x2, "Addresses"),
    (0x3, "Port ID"),
    (0x4, "Capabilities"),
    (0x5, "Software version"),
    (0x6, "Platform"),
    (0x7, "IP Prefix/Gateway (used for ODR)"),
    (0x8, "Protocol Hello"),
    (0x9, "VTP Management Domain"),
    (0xa, "Native VLAN"),
    (0xb, "Duplex"),
    (0xe, "VoIP VLAN Reply"),
    (0xf, "VoIP VLAN Query"),
    (0x10, "Power consumption"),
    (0x11, "MTU"),
    (0x12, "Trust Bitmap"),
    (0x13, "Untrusted Port CoS"),
    (0x14, "System Name"),
    (0x15, "System Object ID"),
    (0x16, "Management Address"),
    (0x17, "Location"),
    (0x18, "External Port-ID"),
    (0x19, "Power Requested"),
    (0x1a, "Power Available"),
    (0x1b, "Port Unidirectional"),
    (0x1d, "EnergyWise"),
    (0x1f, "Spare PoE"),
];
const PROTOCOL_TYPES: &[(u64, &str)] = &[(1, "NLPID"), (2, "802.2")];
const FLAGS: &[FieldId] =
    &[ROUTER, TRANS_BRIDGE, SRC_BRIDGE, SWITCH, HOST, IGMP_CAPABLE, REPEATER, VOIP_PHONE, REMOTE, CVTA, MAC_RELAY];

/// How many TLVs one packet may have.
const MAX_TLVS: usize = 512;
/// How many addresses or prefixes one TLV may have.
const MAX_ADDRESSES: usize = 256;
/// The protocol of IPv4 addresses: its NLPID (ISO/IEC TR 9577).
const NLPID_IP: &[u8] = &[0xcc];
/// The protocol of IPv6 addresses: SNAP with its EtherType.
const SNAP_IPV6: &[u8] = &[0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd];

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 1, frames: SAMPLES }],
    // The number behind Cisco's SNAP header, which GRE has as an EtherType; and PPP's.
    ..Protocol::new(ProtoId::Cdp, "CDP", &[Binding::EtherType(0x2000), Binding::PppProtocol(0x0207)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("CDP");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    d.uint(VERSION, tvb, 0, 1)?;
    let ttl = tvb.u8(1)?;
    let line = d.add(TTL, tvb, 1, 1, Value::Uint(ttl.into()));
    d.text(line, || format!("TTL: {ttl} second{}", if ttl == 1 { "" } else { "s" }));
    show_checksum(d, tvb)?;
    let mut at = 4;
    for _ in 0..MAX_TLVS {
        if at + 4 > tvb.reported() {
            break;
        }
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        if len < 4 {
            break;
        }
        tlv(d, tvb.sub(at, len), kind, len)?;
        at += len;
    }
    d.close();
    Ok(())
}

fn show_checksum<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let found = tvb.u16(2)?;
    let line = d.open(CHECKSUM, tvb, 2, 2, Value::Uint(found.into()));
    if !tvb.is_whole() {
        d.text(line, || format!("Checksum: 0x{found:04x} [unverified]"));
        d.close();
        d.generated(CHECKSUM_STATUS, tvb, 2, 0, Value::Uint(2));
        return Ok(());
    }
    let wanted = wanted_checksum(tvb.bytes(), found);
    let is_good = wanted == found;
    d.text(line, || match is_good {
        true => format!("Checksum: 0x{found:04x} [correct]"),
        false => format!("Checksum: 0x{found:04x} incorrect, should be 0x{wanted:04x}"),
    });
    if !is_good {
        d.expert_with(CHECKSUM_BAD, tvb, 2, 2, || format!("Bad checksum [should be 0x{wanted:04x}]"));
    }
    d.close();
    d.generated(CHECKSUM_STATUS, tvb, 2, 0, Value::Uint(is_good.into()));
    Ok(())
}

/// The Internet checksum, but an odd last octet counts as the low one of a word, with its sign.
fn wanted_checksum(octets: &[u8], found: u16) -> u16 {
    match octets.split_last() {
        Some((last, rest)) if octets.len() % 2 == 1 => {
            let word = if *last >= 0x80 { [0xff, last.wrapping_sub(1)] } else { [0, *last] };
            checksum::expected(&[rest, &word].concat(), found)
        }
        _ => checksum::expected(octets, found),
    }
}

fn tlv<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u16, len: usize) -> Parsed {
    let body = tvb.from(4);
    let rest = len - 4;
    let octets = body.bytes();
    let text = |label: &str| {
        let end = memchr::memchr(0, octets).unwrap_or(octets.len());
        format!("{label}: {}", printable(octets.get(..end).unwrap_or_default()))
    };
    let strings = [
        (0x1, "Device ID", DEVICEID),
        (0x3, "Port ID", PORTID),
        (0x6, "Platform", PLATFORM),
        (0x9, "VTP Management Domain", VTP_MANAGEMENT_DOMAIN),
        (0x14, "System Name", SYSTEM_NAME),
    ];
    let numbers = [
        (0xa, "Native VLAN", NATIVE_VLAN, 2, 0),
        (0xe, "VoIP VLAN Reply", VOICE_VLAN, 2, 1),
        (0x10, "Power Consumption", POWER_CONSUMPTION, 2, 0),
        (0x11, "MTU", MTU, 4, 0),
        (0x12, "Trust Bitmap", TRUST_BITMAP, 1, 0),
        (0x13, "Untrusted port CoS", UNTRUSTED_PORT_COS, 1, 0),
        (0xb, "Duplex", DUPLEX, 1, 0),
    ];
    if let Some((_, label, field)) = strings.into_iter().find(|row| row.0 == kind) {
        if kind == 0x1 || kind == 0x3 {
            d.append_info(|| text(label) + "  ");
        }
        d.open_text(tvb, 0, len, || text(label));
        head(d, tvb)?;
        d.string(field, body, 0, rest);
        d.close();
        return Ok(());
    }
    if let Some((_, label, field, width, at)) = numbers.into_iter().find(|row| row.0 == kind && rest >= row.3 + row.4) {
        let value = body.uint(at, width)?;
        let unit = if field == POWER_CONSUMPTION { " mW" } else { "" };
        let shown = match field {
            DUPLEX if value == 0 => "Half".to_owned(),
            DUPLEX => "Full".to_owned(),
            _ if width == 1 => format!("0x{value:02x}"),
            _ => format!("{value}{unit}"),
        };
        d.open_text(tvb, 0, len, || format!("{label}: {shown}"));
        head(d, tvb)?;
        if at > 0 {
            d.bytes(DATA, body, 0, at);
        }
        let value = if field == DUPLEX { u64::from(value != 0) } else { value };
        let line = d.add(field, body, at, width, Value::Uint(value));
        if field == POWER_CONSUMPTION {
            d.text(line, || format!("Power Consumption: {value} mW"));
        }
        d.close();
        return Ok(());
    }
    d.open_text(tvb, 0, len, || match kind {
        0x2 => "Addresses".to_owned(),
        0x4 => "Capabilities".to_owned(),
        0x5 => "Software Version".to_owned(),
        0x7 if rest == 4 => "ODR Default gateway".to_owned(),
        0x7 => format!("IP Prefixes: {}", rest / 5),
        0x16 => "Management Addresses".to_owned(),
        _ => {
            let name = Names::Values(TYPES).of(kind.into()).unwrap_or_else(|| format!("Unknown (0x{kind:04x})").into());
            format!("Type: {name}, length: {len}")
        }
    });
    head(d, tvb)?;
    match kind {
        0x2 | 0x16 if rest >= 4 => addresses(d, body)?,
        0x4 if rest >= 4 => {
            let value = body.uint(0, 4)?;
            d.open(CAPABILITIES, body, 0, 4, Value::Uint(value));
            for flag in FLAGS {
                d.flag(*flag, body, 0, 4, value);
            }
            d.close();
        }
        0x5 => {
            let mut at = 0;
            for line in octets.split(|octet| *octet == b'\n') {
                d.string(SOFTWARE_VERSION, body, at, line.len());
                at += line.len() + 1;
            }
        }
        0x7 if rest == 4 => drop(d.add(ODR_DEFAULT_GATEWAY, body, 0, 4, Value::Ipv4(body.array(0)?))),
        0x7 => {
            for at in (0..(rest / 5).min(MAX_ADDRESSES)).map(|n| n * 5) {
                let (prefix, bits) = (body.array(at)?, body.u8(at + 4)?);
                let line = d.add(IP_PREFIX, body, at, 5, Value::Ipv4(prefix));
                d.text(line, || format!("IP Prefix: {}/{bits}", Ipv4Addr::from(prefix)));
            }
        }
        _ if rest > 0 => drop(d.bytes(DATA, body, 0, rest)),
        _ => {}
    }
    d.close();
    Ok(())
}

fn head<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(TLV_TYPE, tvb, 0, 2)?;
    d.uint(TLV_LEN, tvb, 2, 2)?;
    Ok(())
}

fn addresses<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let count = d.uint(NUMBER_OF_ADDRESSES, body, 0, 4)?;
    let mut at = 4;
    for _ in 0..count.min(MAX_ADDRESSES as u64) {
        if at + 4 > body.reported() {
            break;
        }
        let protocol_len = usize::from(body.u8(at + 1)?);
        let protocol = body.slice(at + 2, protocol_len)?;
        let place = at + 4 + protocol_len;
        let len = usize::from(body.u16(place - 2)?);
        let address = body.exact(place, len)?;
        let whole = 4 + protocol_len + len;
        let is_ip = protocol == NLPID_IP && len == 4;
        let is_ipv6 = protocol == SNAP_IPV6 && len == 16;
        let ip: Option<std::net::IpAddr> = match (is_ip, is_ipv6) {
            (true, _) => Some(address.array::<4>(0)?.into()),
            (_, true) => Some(address.array::<16>(0)?.into()),
            _ => None,
        };
        d.open_text(body, at, whole, || match ip {
            Some(ip @ std::net::IpAddr::V4(_)) => format!("IP address: {ip}"),
            Some(ip) => format!("IPv6 address: {ip}"),
            None => "Address".to_owned(),
        });
        d.uint(PROTOCOL_TYPE, body, at, 1)?;
        d.uint(PROTOCOL_LENGTH, body, at + 1, 1)?;
        let line = d.bytes(PROTOCOL_BYTES, body, at + 2, protocol_len);
        if ip.is_some() {
            d.text(line, || format!("Protocol: {}", if is_ip { "IP" } else { "IPv6" }));
        }
        d.uint(ADDRESS_LENGTH, body, place - 2, 2)?;
        match ip {
            Some(std::net::IpAddr::V4(ip)) => d.add(IP_ADDRESS, address, 0, len, Value::Ipv4(ip.octets())),
            Some(std::net::IpAddr::V6(ip)) => d.add(IPV6_ADDRESS, address, 0, len, Value::Ipv6(ip.octets())),
            None => d.bytes(ADDRESS, address, 0, len),
        };
        d.close();
        at += whole;
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "01000ccccccc02000000000100b5aaaa0300000c200002b4b97400010006523100020034000000030101cc00040a00000102 \
     08aaaa0300000086dd0010fe80000000000000000000000000000101018100021234000300094769302f3100040008000000 \
     2900050007410a420006000578000700090a00000018000700080a0000010009000564000a00060001000b000501000e0007 \
     01000500100006189c00110008000005dc00120005000013000500001400056e0016000800000000001b000500",
    "01000ccccccc0200000000010013aaaa0300000c200002b4000000010007528181",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, shown_by, values};

    #[test]
    fn devices_with_their_addresses() {
        let shown = frames(1, SAMPLES);
        assert_eq!(values(&shown[0], "cdp.deviceid"), "R1");
        assert_eq!(values(&shown[0], "cdp.portid"), "Gi0/1");
        assert_eq!(values(&shown[0], "cdp.software_version"), "A,B");
        assert_eq!(values(&shown[0], "cdp.nrgyz.ip_address"), "10.0.0.1");
        assert_eq!(values(&shown[0], "cdp.voice_vlan"), "5");
        assert_eq!(values(&shown[0], "cdp.checksum.status"), "1");
        assert_eq!(values(&shown[1], "cdp.checksum.status"), "0");
    }

    #[test]
    fn no_more_tlvs_than_the_limit_are_shown() {
        let octets = [b"\x02\xb4\0\0".to_vec(), b"\0\x1b\0\x05\0".repeat(MAX_TLVS + 9)].concat();
        let shown = shown_by(ProtoId::Cdp, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "cdp.tlv.type").count(), MAX_TLVS);
    }

    #[test]
    fn no_more_addresses_than_the_limit_are_shown() {
        let body = [b"\0\0\xff\xff".to_vec(), b"\x01\x01\xcc\0\x04\x0a\0\0\x01".repeat(MAX_ADDRESSES + 9)].concat();
        let octets = [b"\x02\xb4\0\0\0\x02".to_vec(), (4 + body.len() as u16).to_be_bytes().to_vec(), body].concat();
        let shown = shown_by(ProtoId::Cdp, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "cdp.address_length").count(), MAX_ADDRESSES);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Cdp,
            b"\x02\xb4\0\0\0\x01\0\x06R1\0\x02\0\x11\0\0\0\x01\x01\x01\xcc\0\x04\x0a\0\0\x01\0\x04\0\x08\0\0\0\x01\0\x0b\0\x05\x01",
        );
    }
}
