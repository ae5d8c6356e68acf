//! The Link Aggregation Control Protocol (IEEE 802.1AX, 6.4.2): what both ends of a link say of themselves.

use std::fmt::Write;

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::colons;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Lacp, "lacp", "Link Aggregation Control Protocol";
    VERSION = field("lacp.version", "LACP Version", Uint8, Hex);
    TLV_TYPE = field("lacp.tlv_type", "TLV Type", Uint8, Hex).names(Names::Values(TLVS));
    TLV_LENGTH = field("lacp.tlv_length", "TLV Length", Uint8, Hex);
    ACTOR_SYS_PRIORITY = field("lacp.actor.sys_priority", "Actor System Priority", Uint16, Dec);
    ACTOR_SYSID = field("lacp.actor.sysid", "Actor System ID", Ether, None);
    ACTOR_KEY = field("lacp.actor.key", "Actor Key", Uint16, Dec);
    ACTOR_PORT_PRIORITY = field("lacp.actor.port_priority", "Actor Port Priority", Uint16, Dec);
    ACTOR_PORT = field("lacp.actor.port", "Actor Port", Uint16, Dec);
    ACTOR_STATE = field("lacp.actor.state", "Actor State", Uint8, Hex);
    ACTOR_ACTIVITY = field("lacp.actor.state.activity", "LACP Activity", Boolean, None).names(ACTIVITY).mask(0x01);
    ACTOR_TIMEOUT = field("lacp.actor.state.timeout", "LACP Timeout", Boolean, None).names(TIMEOUT).mask(0x02);
    ACTOR_AGGREGATION = field("lacp.actor.state.aggregation", "Aggregation", Boolean, None).names(AGGREGATION).mask(0x04);
    ACTOR_SYNCHRONIZATION = field("lacp.actor.state.synchronization", "Synchronization", Boolean, None).names(SYNCHRONIZATION).mask(0x08);
    ACTOR_COLLECTING = field("lacp.actor.state.collecting", "Collecting", Boolean, None).names(ENABLED).mask(0x10);
    ACTOR_DISTRIBUTING = field("lacp.actor.state.distributing", "Distributing", Boolean, None).names(ENABLED).mask(0x20);
    ACTOR_DEFAULTED = field("lacp.actor.state.defaulted", "Defaulted", Boolean, None).names(YES).mask(0x40);
    ACTOR_EXPIRED = field("lacp.actor.state.expired", "Expired", Boolean, None).names(YES).mask(0x80);
    ACTOR_STATE_STR = field("lacp.actor.state_str", "Actor State Flags", String, None);
    ACTOR_RESERVED = field("lacp.actor.reserved", "Reserved", Bytes, None);
    PARTNER_SYS_PRIORITY = field("lacp.partner.sys_priority", "Partner System Priority", Uint16, Dec);
    PARTNER_SYSID = field("lacp.partner.sysid", "Partner System", Ether, None);
    PARTNER_KEY = field("lacp.partner.key", "Partner Key", Uint16, Dec);
    PARTNER_PORT_PRIORITY = field("lacp.partner.port_priority", "Partner Port Priority", Uint16, Dec);
    PARTNER_PORT = field("lacp.partner.port", "Partner Port", Uint16, Dec);
    PARTNER_STATE = field("lacp.partner.state", "Partner State", Uint8, Hex);
    PARTNER_ACTIVITY = field("lacp.partner.state.activity", "LACP Activity", Boolean, None).names(ACTIVITY).mask(0x01);
    PARTNER_TIMEOUT = field("lacp.partner.state.timeout", "LACP Timeout", Boolean, None).names(TIMEOUT).mask(0x02);
    PARTNER_AGGREGATION = field("lacp.partner.state.aggregation", "Aggregation", Boolean, None).names(AGGREGATION).mask(0x04);
    PARTNER_SYNCHRONIZATION = field("lacp.partner.state.synchronization", "Synchronization", Boolean, None).names(SYNCHRONIZATION).mask(0x08);
    PARTNER_COLLECTING = field("lacp.partner.state.collecting", "Collecting", Boolean, None).names(ENABLED).mask(0x10);
    PARTNER_DISTRIBUTING = field("lacp.partner.state.distributing", "Distributing", Boolean, None).names(ENABLED).mask(0x20);
    PARTNER_DEFAULTED = field("lacp.partner.state.defaulted", "Defaulted", Boolean, None).names(YES).mask(0x40);
    PARTNER_EXPIRED = field("lacp.partner.state.expired", "Expired", Boolean, None).names(YES).mask(0x80);
    PARTNER_STATE_STR = field("lacp.partner.state_str", "Partner State Flags", String, None);
    PARTNER_RESERVED = field("lacp.partner.reserved", "Reserved", Bytes, None);
    COLLECTOR_MAX_DELAY = field("lacp.collector.max_delay", "Collector Max Delay", Uint16, Dec);
    COLL_RESERVED = field("lacp.coll_reserved", "Reserved", Bytes, None);
    PAD = field("lacp.pad", "Pad", Bytes, None);
}

const TLVS: &[(u64, &str)] =
    &[(0, "Terminator"), (1, "Actor Information"), (2, "Partner Information"), (3, "Collector Information")];
const ACTIVITY: Names = Names::Flag("Active", "Passive");
const TIMEOUT: Names = Names::Flag("Short Timeout", "Long Timeout");
const AGGREGATION: Names = Names::Flag("Aggregatable", "Individual");
const SYNCHRONIZATION: Names = Names::Flag("In Sync", "Out of Sync");
const ENABLED: Names = Names::Flag("Enabled", "Disabled");
const YES: Names = Names::Flag("Yes", "No");
/// What stands for each state, the highest first.
const LETTERS: &[u8; 8] = b"EFDCSGSA";

/// The fields of one end.
struct End {
    name: &'static str,
    sys_priority: FieldId,
    sysid: FieldId,
    key: FieldId,
    port_priority: FieldId,
    port: FieldId,
    state: FieldId,
    flags: [FieldId; 8],
    state_str: FieldId,
    reserved: FieldId,
}

const ACTOR: End = End {
    name: "ACTOR",
    sys_priority: ACTOR_SYS_PRIORITY,
    sysid: ACTOR_SYSID,
    key: ACTOR_KEY,
    port_priority: ACTOR_PORT_PRIORITY,
    port: ACTOR_PORT,
    state: ACTOR_STATE,
    flags: [
        ACTOR_ACTIVITY,
        ACTOR_TIMEOUT,
        ACTOR_AGGREGATION,
        ACTOR_SYNCHRONIZATION,
        ACTOR_COLLECTING,
        ACTOR_DISTRIBUTING,
        ACTOR_DEFAULTED,
        ACTOR_EXPIRED,
    ],
    state_str: ACTOR_STATE_STR,
    reserved: ACTOR_RESERVED,
};
const PARTNER: End = End {
    name: "PARTNER",
    sys_priority: PARTNER_SYS_PRIORITY,
    sysid: PARTNER_SYSID,
    key: PARTNER_KEY,
    port_priority: PARTNER_PORT_PRIORITY,
    port: PARTNER_PORT,
    state: PARTNER_STATE,
    flags: [
        PARTNER_ACTIVITY,
        PARTNER_TIMEOUT,
        PARTNER_AGGREGATION,
        PARTNER_SYNCHRONIZATION,
        PARTNER_COLLECTING,
        PARTNER_DISTRIBUTING,
        PARTNER_DEFAULTED,
        PARTNER_EXPIRED,
    ],
    state_str: PARTNER_STATE_STR,
    reserved: PARTNER_RESERVED,
};

/// A message from each end of one link.
pub(crate) const SAMPLES: &[&str] =
    &["0180c2000002 001122334455 8809 01 01 0114 8000 001122334455 0001 8000 0001 3d 000000 \
     0214 8000 00aabbccddee 0002 8000 0003 3d 000000 0310 8000 000000000000000000000000 0000 \
     0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"];

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 1, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Lacp, "LACP", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("LACP");
    d.begin(PROTO, tvb);
    let version = d.uint(VERSION, tvb, 0, 1)?;
    d.set_info(|| format!("v{version}"));
    end(d, tvb, 1, &ACTOR)?;
    end(d, tvb, 21, &PARTNER)?;
    tlv(d, tvb, 41)?;
    d.uint(COLLECTOR_MAX_DELAY, tvb, 43, 2)?;
    tvb.slice(45, 12)?;
    d.bytes(COLL_RESERVED, tvb, 45, 12);
    tlv(d, tvb, 57)?;
    if tvb.reported() > 59 {
        d.bytes(PAD, tvb, 59, tvb.reported() - 59);
    }
    d.close();
    Ok(())
}

fn tlv<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<u64, Stop> {
    d.uint(TLV_TYPE, tvb, at, 1)?;
    d.uint(TLV_LENGTH, tvb, at + 1, 1)
}

fn end<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, of: &End) -> Parsed {
    tlv(d, tvb, at)?;
    d.uint(of.sys_priority, tvb, at + 2, 2)?;
    let system = tvb.array(at + 4)?;
    d.add(of.sysid, tvb, at + 4, 6, Value::Ether(system));
    let key = d.uint(of.key, tvb, at + 10, 2)?;
    d.uint(of.port_priority, tvb, at + 12, 2)?;
    let port = d.uint(of.port, tvb, at + 14, 2)?;
    let state = tvb.u8(at + 16)?;
    let item = d.open(of.state, tvb, at + 16, 1, Value::Uint(state.into()));
    d.append_text(item, || states(state));
    for flag in of.flags {
        d.flag(flag, tvb, at + 16, 1, state.into());
    }
    d.close();
    let letters = letters(state);
    d.append_info(|| format!(" {} {} P: {port} K: {key} {letters}", of.name, colons(&system)));
    d.generated(of.state_str, tvb, at + 16, 1, Value::String(letters.into()));
    tvb.slice(at + 17, 3)?;
    d.bytes(of.reserved, tvb, at + 17, 3);
    Ok(())
}

/// The names of the states that hold, for the line.
fn states(state: u8) -> String {
    const NAMES: [&str; 8] = [
        "LACP Activity",
        "LACP Timeout",
        "Aggregation",
        "Synchronization",
        "Collecting",
        "Distributing",
        "Defaulted",
        "Expired",
    ];
    let mut text = String::new();
    for (bit, name) in NAMES.iter().enumerate() {
        if state >> bit & 1 != 0 {
            let _ = write!(text, ", {name}");
        }
    }
    text
}

fn letters(state: u8) -> String {
    let letter = |(place, letter): (usize, &u8)| if state >> (7 - place) & 1 != 0 { char::from(*letter) } else { '*' };
    LETTERS.iter().enumerate().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::survives_anything;

    #[test]
    fn states_have_letters() {
        assert_eq!(letters(0x3d), "**DCSG*A");
        assert_eq!(states(0x05), ", LACP Activity, Aggregation");
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::Lacp, &[1; 70]);
        survives_anything(ProtoId::Lacp, &[1, 1, 20]);
    }
}
