//! Cisco's Hot Standby Router Protocol: version 1 (RFC 2281) and the parts of version 2 that say the same.

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Hsrp, "hsrp", "Cisco Hot Standby Router Protocol";
    VERSION = field("hsrp.version", "Version", Uint8, Dec);
    OPCODE = field("hsrp.opcode", "Op Code", Uint8, Dec).names(Names::Values(OPCODES));
    STATE = field("hsrp.state", "State", Uint8, Dec).names(Names::Values(STATES));
    HELLOTIME = field("hsrp.hellotime", "Hellotime", Uint8, Dec);
    HOLDTIME = field("hsrp.holdtime", "Holdtime", Uint8, Dec);
    PRIORITY = field("hsrp.priority", "Priority", Uint8, Dec);
    GROUP = field("hsrp.group", "Group", Uint8, Dec);
    RESERVED = field("hsrp.reserved", "Reserved", Uint8, Dec);
    AUTH_DATA = field("hsrp.auth_data", "Authentication Data", String, None);
    VIRT_IP = field("hsrp.virt_ip", "Virtual IP Address", Ipv4, None);
    ADV_TLVTYPE = field("hsrp.adv.tlvtype", "Adv type", Uint16, Dec);
    ADV_TLVLENGTH = field("hsrp.adv.tlvlength", "Adv length", Uint16, Dec);
    ADV_STATE = field("hsrp.adv.state", "Adv state", Uint8, Dec).names(Names::Values(ADVERTISED));
    ADV_ACTIVEGRP = field("hsrp.adv.activegrp", "Adv active groups", Uint16, Dec);
    ADV_PASSIVEGRP = field("hsrp.adv.passivegrp", "Adv passive groups", Uint16, Dec);
    V2_GROUP_STATE = field("hsrp2.group_state_tlv", "Group State TLV", Uint8, Dec);
    V2_TEXT_AUTH = field("hsrp2.text_auth_tlv", "Text Authentication TLV", Uint8, Dec);
    V2_VERSION = field("hsrp2.version", "Version", Uint8, Dec);
    V2_OPCODE = field("hsrp2.opcode", "Op Code", Uint8, Dec).names(Names::Values(OPCODES));
    V2_STATE = field("hsrp2.state", "State", Uint8, Dec).names(Names::Values(V2_STATES));
    V2_IPVERSION = field("hsrp2.ipversion", "IP Ver.", Uint8, Dec);
    V2_GROUP = field("hsrp2.group", "Group", Uint16, Dec);
    V2_IDENTIFIER = field("hsrp2.identifier", "Identifier", Ether, None);
    V2_PRIORITY = field("hsrp2.priority", "Priority", Uint32, Dec);
    V2_HELLOTIME = field("hsrp2.hellotime", "Hellotime", Uint32, Dec);
    V2_HOLDTIME = field("hsrp2.holdtime", "Holdtime", Uint32, Dec);
    V2_VIRT_IP = field("hsrp2.virt_ip", "Virtual IP Address", Ipv4, None);
    V2_AUTH_DATA = field("hsrp2.auth_data", "Authentication Data", String, None);
}

const OPCODES: &[(u64, &str)] = &[(0, "Hello"), (1, "Coup"), (2, "Resign"), (3, "Advertise")];
/// RFC 2281, 5.1.
const STATES: &[(u64, &str)] =
    &[(0, "Initial"), (1, "Learn"), (2, "Listen"), (4, "Speak"), (8, "Standby"), (16, "Active")];
const V2_STATES: &[(u64, &str)] =
    &[(0, "Disabled"), (1, "Init"), (2, "Learn"), (3, "Listen"), (4, "Speak"), (5, "Standby"), (6, "Active")];
const ADVERTISED: &[(u64, &str)] = &[(1, "Dormant"), (2, "Passive"), (3, "Active")];
const ADVERTISE: u8 = 3;

/// Where each version is heard.
const ALL_ROUTERS: [u8; 4] = [224, 0, 0, 2];
const HSRP_ROUTERS: [u8; 4] = [224, 0, 0, 102];

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(accepts),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Hsrp, "HSRP", &[Binding::UdpPort(1985)], dissect)
};

fn accepts<'a>(d: &Dissector<'a>, _: Tvb<'a>) -> bool {
    matches!(d.endpoints.dst, Address::Ipv4(ALL_ROUTERS | HSRP_ROUTERS))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    if d.endpoints.dst == Address::Ipv4(HSRP_ROUTERS) {
        version_2(d, tvb)?;
        d.close();
        return Ok(());
    }
    d.set_protocol("HSRP");
    let opcode = tvb.u8(1)?;
    let name = || Names::Values(OPCODES).of(opcode.into()).unwrap_or("Unknown".into());
    d.uint(VERSION, tvb, 0, 1)?;
    d.uint(OPCODE, tvb, 1, 1)?;
    if opcode == ADVERTISE {
        d.uint(ADV_TLVTYPE, tvb, 2, 2)?;
        d.uint(ADV_TLVLENGTH, tvb, 4, 2)?;
        let state = d.uint(ADV_STATE, tvb, 6, 1)?;
        d.set_info(|| {
            format!("{} (state {})", name(), Names::Values(ADVERTISED).of(state).unwrap_or("Unknown".into()))
        });
        d.uint(ADV_ACTIVEGRP, tvb, 8, 2)?;
        d.uint(ADV_PASSIVEGRP, tvb, 10, 2)?;
    } else {
        let state = d.uint(STATE, tvb, 2, 1)?;
        d.set_info(|| format!("{} (state {})", name(), Names::Values(STATES).of(state).unwrap_or("Unknown".into())));
        for (field, at) in [(HELLOTIME, 3), (HOLDTIME, 4), (PRIORITY, 5), (GROUP, 6), (RESERVED, 7)] {
            d.uint(field, tvb, at, 1)?;
        }
        tvb.slice(8, 8)?;
        d.string(AUTH_DATA, tvb, 8, 8);
        d.add(VIRT_IP, tvb, 16, 4, Value::Ipv4(tvb.array(16)?));
    }
    d.close();
    Ok(())
}

/// A sequence of types, lengths and values.
fn version_2<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("HSRPv2");
    d.set_info(String::new);
    let mut at = 0;
    while at + 2 <= tvb.reported() {
        let (kind, len) = (tvb.u8(at)?, usize::from(tvb.u8(at + 1)?));
        let body = tvb.exact(at + 2, len)?;
        match kind {
            1 => {
                d.open(V2_GROUP_STATE, tvb, at, 2, Value::Uint(kind.into()));
                group_state(d, body)?;
                d.close();
            }
            3 => {
                d.open(V2_TEXT_AUTH, tvb, at, 2, Value::Uint(kind.into()));
                d.string(V2_AUTH_DATA, body, 0, len);
                d.close();
            }
            _ => {}
        }
        at += 2 + len;
    }
    Ok(())
}

fn group_state<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (opcode, state) = (tvb.u8(1)?, tvb.u8(2)?);
    d.set_info(|| {
        let opcode = Names::Values(OPCODES).of(opcode.into()).unwrap_or("Unknown".into());
        let state = Names::Values(V2_STATES).of(state.into()).unwrap_or("Unknown".into());
        format!("{opcode} (state {state})")
    });
    for (field, at) in [(V2_VERSION, 0), (V2_OPCODE, 1), (V2_STATE, 2), (V2_IPVERSION, 3)] {
        d.uint(field, tvb, at, 1)?;
    }
    d.uint(V2_GROUP, tvb, 4, 2)?;
    d.add(V2_IDENTIFIER, tvb, 6, 6, Value::Ether(tvb.array(6)?));
    for (field, at) in [(V2_PRIORITY, 12), (V2_HELLOTIME, 16), (V2_HOLDTIME, 20)] {
        d.uint(field, tvb, at, 4)?;
    }
    if tvb.u8(3)? == 4 {
        d.add(V2_VIRT_IP, tvb, 24, 4, Value::Ipv4(tvb.array(24)?));
    }
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500003000010000011100000a000001e000000207c107c1001c0000000010030a780100636973636f0000000a0000fe",
    "4500005000010000011100000a000001e000006607c107c1003c000001280200060400070011223344550000006e0000 \
     0bb8000027100a0000fe0000000000000000000000000308636973636f000000",
    "4500002c00010000011100000a000001e000000207c107c10018000000030001000a01000002000300000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn both_versions() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "hsrp.virt_ip"), "10.0.0.254");
        assert_eq!(values(&shown[1], "hsrp2.group"), "7");
        assert_eq!(values(&shown[1], "hsrp2.auth_data"), "cisco");
        assert_eq!(values(&shown[2], "hsrp.adv.activegrp"), "2");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Hsrp, b"\0\0\x10\x03\x0a\x78\x01\0cisco\0\0\0\x0a\0\0\xfe");
    }
}
