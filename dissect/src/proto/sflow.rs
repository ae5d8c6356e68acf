//! sFlow (RFC 3176; sFlow version 5): the heads of datagrams in which switches tell what they counted and sampled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Sflow, "sflow", "InMon sFlow";
    VERSION = field("sflow_245.version", "Datagram version", Uint32, Dec);
    AGENTTYPE = field("sflow_245.agenttype", "Agent address type", Uint32, Dec).names(Names::Values(&[(1, "IPv4"), (2, "IPv6")]));
    AGENT = field("sflow_245.agent", "Agent address", Ipv4, None);
    AGENT_V6 = field("sflow_245.agent.v6", "Agent address", Ipv6, None);
    SUB_AGENT_ID = field("sflow_245.sub_agent_id", "Sub-agent ID", Uint32, Dec);
    SEQUENCE_NUMBER = field("sflow_245.sequence_number", "Sequence number", Uint32, Dec);
    SYSUPTIME = field("sflow_245.sysuptime", "SysUptime", Uint32, Dec);
    NUMSAMPLES = field("sflow_245.numsamples", "NumSamples", Uint32, Dec);
    SAMPLETYPE = field("sflow_245.sampletype", "sFlow sample type", Uint32, Dec).names(Names::Values(SAMPLE_TYPES));
    SAMPLE_LENGTH = field("sflow_5.sample_length", "Sample length (byte)", Uint32, Dec);
}

const SAMPLE_TYPES: &[(u64, &str)] =
    &[(1, "Flow sample"), (2, "Counters sample"), (3, "Expanded flow sample"), (4, "Expanded counters sample")];
const PORT: u16 = 6343;
const V5: u64 = 5;
/// How many samples of a datagram are read.
const MAX_SAMPLES: u64 = 256;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(|_, tvb| tvb.u32(0).is_ok_and(|version| matches!(version, 2 | 4 | 5))),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000044 00010000 40110000 0a000001 0a000002  c00018c7 00300000  00000005 00000001 0a000001 00000002 00031fb0 00001000 00000001 00000002 00000004 00000000",
            "45000044 00010000 40110000 0a000001 0a000002  c00018c7 00300000  00000005 00000002 20010db8000000000000000000000001 00000002 00031fb0 00001000 00000000",
        ],
    }],
    ..Protocol::new(ProtoId::Sflow, "sFlow", &[Binding::UdpPort(PORT)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("sFlow");
    d.begin(PROTO, tvb);
    let version = d.uint(VERSION, tvb, 0, 4)?;
    let kind = d.uint(AGENTTYPE, tvb, 4, 4)?;
    let (agent, mut at): (IpAddr, usize) = match kind {
        1 => {
            let octets: [u8; 4] = tvb.array(8)?;
            d.add(AGENT, tvb, 8, 4, Value::Ipv4(octets));
            (Ipv4Addr::from(octets).into(), 12)
        }
        2 => {
            let octets: [u8; 16] = tvb.array(8)?;
            d.add(AGENT_V6, tvb, 8, 16, Value::Ipv6(octets));
            (Ipv6Addr::from(octets).into(), 24)
        }
        _ => return Err(Stop::Malformed),
    };
    d.set_info(|| format!("V{version}, agent {agent}"));
    if version == V5 {
        let id = d.uint(SUB_AGENT_ID, tvb, at, 4)?;
        d.append_info(|| format!(", sub-agent ID {id}"));
        at += 4;
    }
    let sequence = d.uint(SEQUENCE_NUMBER, tvb, at, 4)?;
    d.uint(SYSUPTIME, tvb, at + 4, 4)?;
    let count = d.uint(NUMSAMPLES, tvb, at + 8, 4)?;
    d.append_info(|| format!(", seq {sequence}, {count} samples"));
    at += 12;
    if version == V5 {
        for _ in 0..count.min(MAX_SAMPLES) {
            let kind = tvb.u32(at)? & 0xfff;
            let len = tvb.u32(at + 4)? as usize;
            d.open_text(tvb, at, len.saturating_add(8), || {
                Names::Values(SAMPLE_TYPES).of(kind.into()).unwrap_or("Unknown sample".into()).into_owned()
            });
            d.add(SAMPLETYPE, tvb, at, 4, Value::Uint(kind.into()));
            d.uint(SAMPLE_LENGTH, tvb, at + 4, 4)?;
            d.close();
            tvb.exact(at + 8, len)?;
            at += 8 + len;
        }
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn who_sends_it_and_how_many_samples() {
        let shown = frames(101, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "sflow_245.sequence_number"), "204720");
        assert_eq!(values(&shown[0], "sflow_245.sampletype"), "2");
        assert_eq!(values(&shown[1], "sflow_245.agent.v6"), "2001:db8::1");
        let bad = super::PROTOCOL.samples[0].frames[0].replace("00000004 00000000", "7fffffff 00000000");
        assert!(values(&frames(101, &[&bad])[0], "_ws.expert.message").contains("Malformed"));
    }
}
