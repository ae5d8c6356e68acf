//! Virtual Router Redundancy Protocol (RFC 3768 for version 2, RFC 5798 for version 3).

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Vrrp, "vrrp", "Virtual Router Redundancy Protocol";
    TYPEVER = field("vrrp.typever", "VRRP message version and type", Uint8, Dec);
    VERSION = field("vrrp.version", "VRRP protocol version", Uint8, Dec).mask(0xf0);
    TYPE = field("vrrp.type", "VRRP packet type", Uint8, Dec).names(Names::Values(TYPES)).mask(0xf);
    VIRT_RTR_ID = field("vrrp.virt_rtr_id", "Virtual Rtr ID", Uint8, Dec);
    PRIO = field("vrrp.prio", "Priority", Uint8, Dec);
    ADDR_COUNT = field("vrrp.addr_count", "Addr Count", Uint8, Dec);
    AUTH_TYPE = field("vrrp.auth_type", "Auth Type", Uint8, Dec).names(Names::Values(AUTHENTICATIONS));
    ADVER_INT = field("vrrp.adver_int", "Adver Int", Uint8, Dec);
    RESERVED = field("vrrp.reserved_mbz", "Reserved", Uint8, Dec).mask(0xf0);
    SHORT_ADVER_INT = field("vrrp.short_adver_int", "Adver Int", Uint16, Dec).mask(0xfff);
    CHECKSUM = field("vrrp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("vrrp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    IP_ADDR = field("vrrp.ip_addr", "IP Address", Ipv4, None);
    IPV6_ADDR = field("vrrp.ipv6_addr", "IPv6 Address", Ipv6, None);
    AUTH_STRING = field("vrrp.auth_string", "Authentication String", String, None);
    CHECKSUM_BAD = expert("vrrp.checksum_bad.expert", "Bad checksum", Warning, Checksum);
}

const TYPES: &[(u64, &str)] = &[(1, "Advertisement")];
const AUTHENTICATIONS: &[(u64, &str)] = &[
    (0, "No Authentication"),
    (1, "Simple Text Authentication [RFC 2338] / Reserved [RFC 3768]"),
    (2, "IP Authentication Header [RFC 2338] / Reserved [RFC 3768]"),
];
const SIMPLE_TEXT: u64 = 1;
const HEADER_LEN: usize = 8;
const PROTOCOL_NUMBER: u8 = 112;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[
        Sample { link_type: 101, frames: SAMPLES },
        Sample {
            link_type: 101,
            frames: &[
                "6000 0000 0018 70ff fe800000000000000000000000000001 ff020000000000000000000000000012 31 07 64 01 0064 0000 fe800000000000000000000000000001",
            ],
        },
    ],
    ..Protocol::new(ProtoId::Vrrp, "VRRP", &[Binding::IpProto(PROTOCOL_NUMBER)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("VRRP");
    d.set_info(String::new);
    let head = tvb.u8(0)?;
    let (version, kind) = (head >> 4, head & 0xf);
    d.set_info(|| format!("Announcement (v{version})"));
    tvb.slice(0, HEADER_LEN)?;
    let line = d.open(TYPEVER, tvb, 0, 1, Value::Uint(head.into()));
    d.text(line, || {
        let name = Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown".into());
        format!("Version {version}, Packet type {kind} ({name})")
    });
    d.bits(VERSION, tvb, 0, 1, head.into());
    d.bits(TYPE, tvb, 0, 1, head.into());
    d.close();
    d.uint(VIRT_RTR_ID, tvb, 1, 1)?;
    let priority = tvb.u8(2)?;
    let line = d.add(PRIO, tvb, 2, 1, Value::Uint(priority.into()));
    d.text(line, || {
        let meaning = match priority {
            0 => "Current Master has stopped participating in VRRP",
            100 => "Default priority for a backup VRRP router",
            255 => "This VRRP router owns the virtual router's IP address(es)",
            _ => "Non-default backup priority",
        };
        format!("Priority: {priority} ({meaning})")
    });
    let count = d.uint(ADDR_COUNT, tvb, 3, 1)? as usize;
    let mut authentication = 0;
    if version >= 3 {
        d.bits(RESERVED, tvb, 4, 1, tvb.u8(4)?.into());
        d.bits(SHORT_ADVER_INT, tvb, 4, 2, tvb.u16(4)?.into());
    } else {
        authentication = d.uint(AUTH_TYPE, tvb, 4, 1)?;
        d.uint(ADVER_INT, tvb, 5, 1)?;
    }
    show_checksum(d, tvb, version)?;
    let mut at = HEADER_LEN;
    let is_ipv6 = matches!(d.endpoints.src, Address::Ipv6(_));
    for _ in 0..count {
        if is_ipv6 {
            d.add(IPV6_ADDR, tvb, at, 16, Value::Ipv6(tvb.array(at)?));
            at += 16;
        } else {
            d.add(IP_ADDR, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
            at += 4;
        }
    }
    if authentication == SIMPLE_TEXT {
        let len = tvb.reported().saturating_sub(at).min(8);
        tvb.slice(at, len)?;
        d.add(AUTH_STRING, tvb, at, len, Value::Text);
    }
    d.close();
    Ok(())
}

fn show_checksum<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, version: u8) -> Parsed {
    let found = tvb.u16(6)?;
    let line = d.open(CHECKSUM, tvb, 6, 2, Value::Uint(found.into()));
    if !tvb.is_whole() {
        d.text(line, || format!("Checksum: 0x{found:04x} [unverified]"));
        d.close();
        d.generated(CHECKSUM_STATUS, tvb, 6, 0, Value::Uint(2));
        return Ok(());
    }
    let octets = tvb.bytes();
    // RFC 5798, 5.2.8: version 3 counts a pseudo-header in.
    let wanted = match (version, d.endpoints.src, d.endpoints.dst) {
        (3, Address::Ipv4(src), Address::Ipv4(dst)) => {
            let len = (octets.len() as u16).to_be_bytes();
            let whole = [&src[..], &dst[..], &[0, PROTOCOL_NUMBER], &len[..], octets].concat();
            checksum::expected(&whole, found)
        }
        (_, src @ Address::Ipv6(_), dst) => checksum::expected_ipv6(src, dst, PROTOCOL_NUMBER, octets, found),
        _ => checksum::expected(octets, found),
    };
    let is_good = wanted == found;
    d.text(line, || match is_good {
        true => format!("Checksum: 0x{found:04x} [correct]"),
        false => format!("Checksum: 0x{found:04x} incorrect, should be 0x{wanted:04x}"),
    });
    if !is_good {
        d.expert_with(CHECKSUM_BAD, tvb, 6, 2, || format!("Bad checksum [should be 0x{wanted:04x}]"));
    }
    d.close();
    d.generated(CHECKSUM_STATUS, tvb, 6, 0, Value::Uint(is_good.into()));
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500002c00010000407000000a000001e00000122107ff0201016fb80a0000010a0000027061737377640000",
    "4500002000010000407000000a000001e000001231076401006476020a000001",
    "4500002000010000407000000a000001e000001221076501000101020a000001",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn checksums_of_both_versions() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "vrrp.checksum.status"), "1");
        assert_eq!(values(&shown[0], "vrrp.auth_string"), "passwd");
        assert_eq!(values(&shown[1], "vrrp.checksum.status"), "1");
        assert_eq!(values(&shown[2], "vrrp.checksum.status"), "0");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Vrrp, b"\x21\x07\x64\x01\x01\x01\0\0\x0a\0\0\x01passwd\0\0");
    }
}
