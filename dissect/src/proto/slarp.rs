//! SLARP: how Cisco's HDLC ends find each other's address and tell that they are alive.

use std::net::Ipv4Addr;

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Slarp, "slarp", "Cisco SLARP";
    PTYPE = field("slarp.ptype", "Packet type", Uint32, Dec).names(Names::Values(TYPES));
    ADDRESS = field("slarp.address", "Address", Ipv4, None);
    NETMASK = field("slarp.netmask", "Netmask", Ipv4, None);
    MYSEQUENCE = field("slarp.mysequence", "Outgoing sequence number", Uint32, Dec);
    YOURSEQUENCE = field("slarp.yoursequence", "Returned sequence number", Uint32, Dec);
    RELIABILITY = field("slarp.reliability", "Reliability", Uint16, Hex);
    RELIABILITY_INVALID = expert("slarp.reliability.invalid", "Reliability must be 0xFFFF", Error, Malformed);
}

const TYPES: &[(u64, &str)] = &[(0, "Request"), (1, "Reply"), (2, "Line keepalive")];
const KEEPALIVE: u64 = 2;
const RELIABLE: u64 = 0xffff;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 104,
        frames: &["8f00 8035 00000002 00000005 00000002 fffe 0000", "8f00 8035 00000001 0f000001 fffffffc ffff 0000"],
    }],
    ..Protocol::new(ProtoId::Slarp, "SLARP", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SLARP");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let kind = d.uint(PTYPE, tvb, 0, 4)?;
    match kind {
        0 | 1 => {
            let (address, mask): ([u8; 4], [u8; 4]) = (tvb.array(4)?, tvb.array(8)?);
            d.set_info(|| {
                let name = if kind == 0 { "Request" } else { "Reply" };
                format!("{name}, from {}, mask {}", Ipv4Addr::from(address), Ipv4Addr::from(mask))
            });
            d.add(ADDRESS, tvb, 4, 4, crate::value::Value::Ipv4(address));
            d.add(NETMASK, tvb, 8, 4, crate::value::Value::Ipv4(mask));
        }
        KEEPALIVE => {
            let (mine, yours) = (tvb.u32(4)?, tvb.u32(8)?);
            d.set_info(|| format!("Line keepalive, outgoing sequence {mine}, returned sequence {yours}"));
            d.uint(MYSEQUENCE, tvb, 4, 4)?;
            d.uint(YOURSEQUENCE, tvb, 8, 4)?;
            if d.uint(RELIABILITY, tvb, 12, 2)? != RELIABLE {
                d.expert(RELIABILITY_INVALID, tvb, 12, 2);
            }
        }
        _ => {
            d.set_info(|| format!("Unknown packet type 0x{kind:08X}"));
            d.close();
            d.call(ProtoId::Data, tvb.from(4));
            return Ok(());
        }
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn keepalives_and_addresses_are_told() {
        let shown = frames(104, &["8f00 8035 00000002 00000005 00000002 04ff", "8f00 8035 00000001 0f000001 fffffffc"]);
        assert_eq!(values(&shown[0], "slarp.mysequence"), "5");
        assert_eq!(values(&shown[0], "_ws.expert.message"), "Reliability must be 0xFFFF");
        assert_eq!(values(&shown[1], "slarp.netmask"), "255.255.255.252");
    }
}
