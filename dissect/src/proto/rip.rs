//! The Routing Information Protocol, versions 1 and 2 (RFC 1058, RFC 2453, RFC 4822).

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rip, "rip", "Routing Information Protocol";
    COMMAND = field("rip.command", "Command", Uint8, Dec).names(Names::Values(COMMANDS));
    VERSION = field("rip.version", "Version", Uint8, Dec).names(Names::Values(VERSIONS));
    ROUTING_DOMAIN = field("rip.routing_domain", "Routing Domain", Uint16, Dec);
    FAMILY = field("rip.family", "Address Family", Uint16, Dec).names(Names::Values(FAMILIES));
    ROUTE_TAG = field("rip.route_tag", "Route Tag", Uint16, Dec);
    IP = field("rip.ip", "IP Address", Ipv4, None);
    NETMASK = field("rip.netmask", "Netmask", Ipv4, None);
    NEXT_HOP = field("rip.next_hop", "Next Hop", Ipv4, None);
    METRIC = field("rip.metric", "Metric", Uint16, Dec);
    AUTH_TYPE = field("rip.auth.type", "Authentication type", Uint16, Dec).names(Names::Values(AUTHENTICATIONS));
    AUTH_PASSWD = field("rip.auth.passwd", "Password", String, None);
    DIGEST_OFFSET = field("rip.digest_offset", "Digest Offset", Uint16, Dec);
    KEY_ID = field("rip.key_id", "Key ID", Uint8, Dec);
    AUTH_DATA_LEN = field("rip.auth_data_len", "Auth Data Len", Uint8, Dec);
    SEQ_NUM = field("rip.seq_num", "Seq num", Uint32, Dec);
    ZERO_PADDING = field("rip.zero_padding", "Zero adding", String, None);
    AUTHENTICATION_DATA = field("rip.authentication_data", "Authentication Data", Bytes, None);
    UNKNOWN_ADDRESS_FAMILY = expert("rip.unknown_address_family", "Unknown address family", Warning, Protocol);
}

const COMMANDS: &[(u64, &str)] = &[
    (1, "Request"),
    (2, "Response"),
    (3, "Traceon"),
    (4, "Traceoff"),
    (5, "Vendor specific (Sun)"),
    (9, "Triggered Request"),
    (10, "Triggered Response"),
];
const VERSIONS: &[(u64, &str)] = &[(1, "RIPv1"), (2, "RIPv2")];
const FAMILIES: &[(u64, &str)] = &[(0, "Unspecified"), (2, "IP"), (0xffff, "Authentication")];
const AUTHENTICATIONS: &[(u64, &str)] = &[(1, "IP Route"), (2, "Simple Password"), (3, "Keyed Message Digest")];
const ENTRY_LEN: usize = 20;
const DIGEST: u64 = 3;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000034 00010000 40110000 0a000001 0a0000ff 02080208 00200000 01010000 00000000 00000000 00000000 00000000 00000010",
            "45000048 00010000 40110000 0a000001 e0000009 02080208 00340000 02020007 ffff0002 70617373 00000000 00000000 00000000 \
             00020000 0a010000 ffff0000 00000000 00000001",
            "45000048 00010000 40110000 0a000001 e0000009 02080208 00340000 02020000 ffff0003 00180114 00000063 00000000 00000000 \
             ffff0001 00112233 44556677 8899aabb ccddeeff",
            "45000034 00010000 40110000 0a000001 e0000009 02080208 00200000 02020000 00090000 0a010000 ffff0000 00000000 00000001",
        ],
    }],
    ..Protocol::new(ProtoId::Rip, "RIP", &[Binding::UdpPort(520)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (command, version) = (u64::from(tvb.u8(0)?), tvb.u8(1)?);
    d.set_protocol(match version {
        1 => "RIPv1",
        2 => "RIPv2",
        _ => "RIP",
    });
    d.set_info(|| match Names::Values(COMMANDS).of(command) {
        Some(name) => name.into_owned(),
        None => format!("Unknown command ({command})"),
    });
    d.begin(PROTO, tvb);
    d.uint(COMMAND, tvb, 0, 1)?;
    d.uint(VERSION, tvb, 1, 1)?;
    if version == 2 && tvb.u16(2).is_ok_and(|domain| domain != 0) {
        d.uint(ROUTING_DOMAIN, tvb, 2, 2)?;
    }
    // A datagram is no longer than what IP allows: so are these.
    let mut digest_len = 0;
    let mut at = 4;
    while at + ENTRY_LEN <= tvb.reported() {
        let entry = tvb.exact(at, ENTRY_LEN)?;
        match entry.u16(0)? {
            0 | 2 => route(d, entry, version)?,
            0xffff if entry.u16(2)? == 1 && digest_len > 0 => break,
            0xffff => digest_len = authentication(d, tvb, at)?,
            family => {
                d.expert_with(UNKNOWN_ADDRESS_FAMILY, entry, 0, ENTRY_LEN, || {
                    format!("Unknown address family {family}")
                });
            }
        }
        at += ENTRY_LEN;
    }
    d.close();
    Ok(())
}

/// RFC 2453, 4.
fn route<'a>(d: &mut Dissector<'a>, entry: Tvb<'a>, version: u8) -> Parsed {
    let family = entry.u16(0)?;
    let metric = entry.u32(16)?;
    let address = Address::Ipv4(entry.array(4)?);
    d.open_text(entry, 0, ENTRY_LEN, || match family {
        0 => format!("Address not specified, Metric: {metric}"),
        _ => format!("IP Address: {address}, Metric: {metric}"),
    });
    d.uint(FAMILY, entry, 0, 2)?;
    if family != 0 {
        if version == 2 {
            d.uint(ROUTE_TAG, entry, 2, 2)?;
        }
        d.add(IP, entry, 4, 4, Value::Ipv4(entry.array(4)?));
        if version == 2 {
            d.add(NETMASK, entry, 8, 4, Value::Ipv4(entry.array(8)?));
            d.add(NEXT_HOP, entry, 12, 4, Value::Ipv4(entry.array(12)?));
        }
    }
    d.add(METRIC, entry, 16, 4, Value::Uint((metric & 0xffff).into()));
    d.close();
    Ok(())
}

/// RFC 2453, 4.1 and RFC 4822, 2; answers how long the digest is that ends the message.
fn authentication<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, crate::stop::Stop> {
    let kind = u64::from(tvb.u16(at + 2)?);
    d.open_text(tvb, at, ENTRY_LEN, || {
        format!("Authentication: {}", Names::Values(AUTHENTICATIONS).of(kind).unwrap_or("Unknown".into()))
    });
    d.uint(AUTH_TYPE, tvb, at + 2, 2)?;
    let mut digest_len = 0;
    if kind == 2 {
        d.string(AUTH_PASSWD, tvb, at + 4, 16);
    } else if kind == DIGEST {
        let offset = d.uint(DIGEST_OFFSET, tvb, at + 4, 2)? as usize;
        d.uint(KEY_ID, tvb, at + 6, 1)?;
        digest_len = d.uint(AUTH_DATA_LEN, tvb, at + 7, 1)? as usize;
        d.uint(SEQ_NUM, tvb, at + 8, 4)?;
        d.string(ZERO_PADDING, tvb, at + 12, 8);
        if digest_len > 4 {
            d.open_text(tvb, offset, digest_len, || "Authentication Data Trailer".to_owned());
            tvb.slice(offset + 4, digest_len - 4)?;
            d.bytes(AUTHENTICATION_DATA, tvb, offset + 4, digest_len - 4);
            d.close();
        }
    }
    d.close();
    Ok(digest_len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    const RESPONSE: &[u8] =
        b"\x02\x02\0\0\xff\xff\0\x02pass\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\x0a\x01\0\0\xff\xff\0\0\0\0\0\0\0\0\0\x01";

    #[test]
    fn routes_and_passwords() {
        let shown = shown_by(ProtoId::Rip, RESPONSE);
        for row in [("rip.auth.passwd", "pass"), ("rip.ip", "10.1.0.0"), ("rip.metric", "1")] {
            assert!(shown.contains(&(row.0, row.1.to_owned())), "{shown:?}");
        }
        assert!(shown_by(ProtoId::Rip, &[2]).iter().any(|row| row.0 == "_ws.malformed"));
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::Rip, RESPONSE);
        survives_anything(ProtoId::Rip, b"\x02\x02\0\0\xff\xff\0\x03\0\x18\x01\x14\0\0\0\x63\0\0\0\0\0\0\0\0\xff\xff\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }
}
