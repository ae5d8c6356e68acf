//! RIPng (RFC 2080): routes of IPv6.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ripng, "ripng", "RIPng";
    CMD = field("ripng.cmd", "Command", Uint8, Dec).names(Names::Values(COMMANDS));
    VERSION = field("ripng.version", "Version", Uint8, Dec);
    RESERVED = field("ripng.reserved", "Reserved", Bytes, None);
    RTE = field("ripng.rte", "Route Table Entry", None, None);
    RTE_IPV6_PREFIX = field("ripng.rte.ipv6_prefix", "IPv6 Prefix", Ipv6, None);
    RTE_ROUTE_TAG = field("ripng.rte.route_tag", "Route Tag", Uint16, Hex);
    RTE_PREFIX_LENGTH = field("ripng.rte.prefix_length", "Prefix Length", Uint8, Dec);
    RTE_METRIC = field("ripng.rte.metric", "Metric", Uint8, Dec);
}

const COMMANDS: &[(u64, &str)] = &[(1, "Request"), (2, "Response")];
const ENTRY_LEN: usize = 20;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &["45000034 00010000 40110000 0a000001 0a000002 0209 0209 00200000 \
            02010000 20010db8000000000000000000000000 0000 20 01"],
    }],
    ..Protocol::new(ProtoId::Ripng, "RIPng", &[Binding::UdpPort(521)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("RIPng");
    d.set_info(String::new);
    let (command, version) = (d.uint(CMD, tvb, 0, 1)?, d.uint(VERSION, tvb, 1, 1)?);
    d.append_info(|| {
        let name = Names::Values(COMMANDS).of(command);
        let name = name.unwrap_or_else(|| format!("Unknown ({command})").into());
        format!(" Command {name}, Version {version}")
    });
    tvb.slice(2, 2)?;
    d.bytes(RESERVED, tvb, 2, 2);
    // A datagram is no longer than what IP allows: so are these.
    let mut at = 4;
    while at < tvb.reported() {
        let prefix: [u8; 16] = tvb.array(at)?;
        let address = std::net::Ipv6Addr::from(prefix);
        let item = d.open(RTE, tvb, at, ENTRY_LEN, Value::None);
        d.text(item, || format!("Route Table Entry: IPv6 Prefix: {address}"));
        d.add(RTE_IPV6_PREFIX, tvb, at, 16, Value::Ipv6(prefix));
        d.uint(RTE_ROUTE_TAG, tvb, at + 16, 2)?;
        let len = d.uint(RTE_PREFIX_LENGTH, tvb, at + 18, 1)?;
        let metric = d.uint(RTE_METRIC, tvb, at + 19, 1)?;
        d.append_text(item, || format!("/{len} Metric: {metric}"));
        d.close();
        at += ENTRY_LEN;
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn a_route_is_shown() {
        let all = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&all[0], "ripng.rte.ipv6_prefix"), "2001:db8::");
        assert_eq!(values(&all[0], "ripng.rte.prefix_length"), "32");
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(ProtoId::Ripng, b"\x02\x01\0\0aaaaaaaaaaaaaaaa\0\0\x20\x01");
    }
}
