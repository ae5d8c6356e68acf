//! Spanning Tree Protocol: bridge protocol data units of the original, the rapid and the multiple spanning tree
//! (IEEE 802.1Q-2018, 14) and the VLAN that Cisco's bridges add to them.

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::output::value::colons;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Stp, "stp", "Spanning Tree Protocol";
    PROTOCOL_ID = field("stp.protocol", "Protocol Identifier", Uint16, Hex).names(Names::Values(PROTOCOLS));
    VERSION = field("stp.version", "Protocol Version Identifier", Uint8, Dec).names(Names::Values(VERSIONS));
    TYPE = field("stp.type", "BPDU Type", Uint8, Hex).names(Names::Values(TYPES));
    FLAGS = field("stp.flags", "BPDU flags", Uint8, Hex);
    FLAGS_TCACK = field("stp.flags.tcack", "Topology Change Acknowledgment", Boolean, None).names(YES).mask(0x80);
    FLAGS_AGREEMENT = field("stp.flags.agreement", "Agreement", Boolean, None).names(YES).mask(0x40);
    FLAGS_FORWARDING = field("stp.flags.forwarding", "Forwarding", Boolean, None).names(YES).mask(0x20);
    FLAGS_LEARNING = field("stp.flags.learning", "Learning", Boolean, None).names(YES).mask(0x10);
    FLAGS_PORT_ROLE = field("stp.flags.port_role", "Port Role", Uint8, Dec).names(Names::Values(ROLES)).mask(0xc);
    FLAGS_PROPOSAL = field("stp.flags.proposal", "Proposal", Boolean, None).names(YES).mask(0x2);
    FLAGS_TC = field("stp.flags.tc", "Topology Change", Boolean, None).names(YES).mask(0x1);
    ROOT_PRIO = field("stp.root.prio", "Root Bridge Priority", Uint16, Dec);
    ROOT_EXT = field("stp.root.ext", "Root Bridge System ID Extension", Uint16, Dec);
    ROOT_HW = field("stp.root.hw", "Root Bridge System ID", Ether, None);
    ROOT_COST = field("stp.root.cost", "Root Path Cost", Uint32, Dec);
    BRIDGE_PRIO = field("stp.bridge.prio", "Bridge Priority", Uint16, Dec);
    BRIDGE_EXT = field("stp.bridge.ext", "Bridge System ID Extension", Uint16, Dec);
    BRIDGE_HW = field("stp.bridge.hw", "Bridge System ID", Ether, None);
    PORT = field("stp.port", "Port identifier", Uint16, Hex);
    MSG_AGE = field("stp.msg_age", "Message Age", Double, None);
    MAX_AGE = field("stp.max_age", "Max Age", Double, None);
    HELLO = field("stp.hello", "Hello Time", Double, None);
    FORWARD = field("stp.forward", "Forward Delay", Double, None);
    VERSION_1_LENGTH = field("stp.version_1_length", "Version 1 Length", Uint8, Dec);
    VERSION_3_LENGTH = field("mstp.version_3_length", "Version 3 Length", Uint16, Dec);
    CONFIG_FORMAT = field("mstp.config_format_selector", "MST Config ID format selector", Uint8, Dec);
    CONFIG_NAME = field("mstp.config_name", "MST Config name", String, None);
    CONFIG_REVISION = field("mstp.config_revision_level", "MST Config revision", Uint16, Dec);
    CONFIG_DIGEST = field("mstp.config_digest", "MST Config digest", Bytes, None);
    CIST_COST = field("mstp.cist_internal_root_path_cost", "CIST Internal Root Path Cost", Uint32, Dec);
    CIST_PRIO = field("mstp.cist_bridge.prio", "CIST Bridge Priority", Uint16, Dec);
    CIST_EXT = field("mstp.cist_bridge.ext", "CIST Bridge Identifier System ID Extension", Uint16, Dec);
    CIST_HW = field("mstp.cist_bridge.hw", "CIST Bridge Identifier System ID", Ether, None);
    CIST_HOPS = field("mstp.cist_remaining_hops", "CIST Remaining hops", Uint8, Dec);
    MSTI_FLAGS = field("mstp.msti.flags", "MSTI flags", Uint8, Hex);
    MSTI_PRIORITY = field("mstp.msti.priority", "Priority", Uint8, Hex).mask(0xf0);
    MSTI_ID = field("mstp.msti.msti_id", "MSTID", Uint16, Dec).mask(0xfff);
    MSTI_ROOT = field("mstp.msti.root.hw", "Regional Root", Ether, None);
    MSTI_COST = field("mstp.msti.root_cost", "Internal root path cost", Uint32, Dec);
    MSTI_BRIDGE_PRIORITY = field("mstp.msti.bridge_priority", "Bridge Identifier Priority", Uint8, Dec);
    MSTI_PORT_PRIORITY = field("mstp.msti.port_priority", "Port identifier priority", Uint8, Dec);
    MSTI_HOPS = field("mstp.msti.remaining_hops", "Remaining hops", Uint8, Dec);
    VERSION_4_LENGTH = field("mstp.version_4_length", "Version 4 Length", Uint16, Dec);
    PVST_TYPE = field("stp.pvst.tlvtype", "Type", Uint16, Hex).names(Names::Values(PVST_TYPES));
    PVST_LEN = field("stp.pvst.tlvlen", "Length", Uint16, Dec);
    PVST_VLAN = field("stp.pvst.origvlan", "Originating VLAN", Uint16, Dec);
    PVST_VALUE = field("stp.pvst.tlvval", "Value", Bytes, None);
    PVST_UNKNOWN = expert("stp.pvst.tlv.unknown", "TLV type is unknown", Comment, Undecoded);
    PVST_MISSING = expert("stp.pvst.origvlan.missing", "Originating (PVID) VLAN TLV is missing or corrupt", Error, Malformed);
    TYPE_UNKNOWN = expert("stp.type.unknown", "Unknown BPDU type data", Warning, Protocol);
}

const YES: Names = Names::Flag("Yes", "No");
const PROTOCOLS: &[(u64, &str)] = &[(0, "Spanning Tree Protocol")];
const VERSIONS: &[(u64, &str)] =
    &[(0, "Spanning Tree"), (2, "Rapid Spanning Tree"), (3, "Multiple Spanning Tree"), (4, "Shortest Path Tree")];
const TYPES: &[(u64, &str)] =
    &[(0, "Configuration"), (2, "Rapid/Multiple Spanning Tree"), (0x80, "Topology Change Notification")];
const ROLES: &[(u64, &str)] = &[(1, "Alternate or Backup"), (2, "Root"), (3, "Designated")];
const PVST_TYPES: &[(u64, &str)] = &[(0, "Originating VLAN")];

const CONFIGURATION: u8 = 0;
const RAPID: u8 = 2;
const TOPOLOGY_CHANGE: u8 = 0x80;
const MULTIPLE: u8 = 3;
const SHORTEST_PATH: u8 = 4;
/// Up to the forward delay.
const COMMON_LEN: usize = 35;
/// IEEE 802.1Q-2018, 14.4.1: what stands before the messages of the instances, and each of those.
const MST_HEAD_LEN: usize = 64;
const INSTANCE_LEN: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 1, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Stp, "STP", &[Binding::LlcSap(0x42)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_protocol("STP");
    d.set_info(String::new);
    let (version, kind) = (tvb.u8(2)?, tvb.u8(3)?);
    if tvb.u16(0)? != 0 {
        return Err(Stop::Malformed);
    }
    if (kind == CONFIGURATION || kind == RAPID) && tvb.reported() < COMMON_LEN {
        return Err(Stop::Malformed);
    }
    d.uint(PROTOCOL_ID, tvb, 0, 2)?;
    d.add(VERSION, tvb, 2, 1, Value::Uint(version.into()));
    d.open(TYPE, tvb, 3, 1, Value::Uint(kind.into()));
    if ![CONFIGURATION, RAPID, TOPOLOGY_CHANGE].contains(&kind) {
        d.expert(TYPE_UNKNOWN, tvb, 3, 1);
    }
    d.close();
    let end = match kind {
        TOPOLOGY_CHANGE => {
            d.set_info(|| "Topology Change Notification".to_owned());
            4
        }
        CONFIGURATION | RAPID => message(d, tvb, version, kind)?,
        other => {
            d.set_info(|| format!("Unknown BPDU type ({other})"));
            4
        }
    };
    d.set_len(item, end.min(tvb.reported()));
    d.close();
    d.end_payload(tvb, end);
    Ok(())
}

/// Priority, extension and address of a bridge (IEEE 802.1Q-2018, 14.2.5), as text.
fn bridge(tvb: Tvb<'_>, at: usize) -> Result<(u16, u16, [u8; 6], String), Stop> {
    let word = tvb.u16(at)?;
    let address = tvb.array(at + 2)?;
    let (priority, extension) = (word & 0xf000, word & 0xfff);
    Ok((priority, extension, address, format!("{priority} / {extension} / {}", colons(&address))))
}

fn show_bridge<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    label: &str,
    [prio, ext, hw]: [FieldId; 3],
) -> Parsed {
    let (priority, extension, address, text) = bridge(tvb, at)?;
    d.open_text(tvb, at, 8, || format!("{label}: {text}"));
    d.add(prio, tvb, at, 2, Value::Uint(priority.into()));
    d.add(ext, tvb, at, 2, Value::Uint(extension.into()));
    d.add(hw, tvb, at + 2, 6, Value::Ether(address));
    d.close();
    Ok(())
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, version: u8, kind: u8) -> Result<usize, Stop> {
    let flags = tvb.u8(4)?;
    let (cost, port) = (tvb.u32(13)?, tvb.u16(25)?);
    let (priority, extension, address, _) = bridge(tvb, 5)?;
    d.set_info(|| {
        let name = match (kind, version) {
            (CONFIGURATION, _) => "Conf.",
            (_, MULTIPLE) => "MST.",
            (_, SHORTEST_PATH) => "SPT.",
            _ => "RST.",
        };
        let change = if flags & 1 != 0 { " TC +" } else { "" };
        let root = format!("{priority}/{extension}/{}", colons(&address));
        format!("{name}{change} Root = {root}  Cost = {cost}  Port = 0x{port:04x}")
    });
    show_flags(d, tvb, 4, FLAGS, kind == RAPID)?;
    show_bridge(d, tvb, 5, "Root Identifier", [ROOT_PRIO, ROOT_EXT, ROOT_HW])?;
    d.add(ROOT_COST, tvb, 13, 4, Value::Uint(cost.into()));
    show_bridge(d, tvb, 17, "Bridge Identifier", [BRIDGE_PRIO, BRIDGE_EXT, BRIDGE_HW])?;
    d.add(PORT, tvb, 25, 2, Value::Uint(port.into()));
    for (field, at) in [(MSG_AGE, 27), (MAX_AGE, 29), (HELLO, 31), (FORWARD, 33)] {
        // In 1/256 of a second.
        d.add(field, tvb, at, 2, Value::Float(f64::from(tvb.u16(at)?) / 256.0));
    }
    let mut end = COMMON_LEN;
    if kind == RAPID && end < tvb.reported() {
        d.uint(VERSION_1_LENGTH, tvb, end, 1)?;
        end += 1;
        if version >= MULTIPLE && tvb.reported() >= end + 2 + MST_HEAD_LEN {
            return multiple(d, tvb, end, version);
        }
    }
    // Cisco's bridges send to an address of their own and add the VLAN, always behind 36 octets.
    if is_pvst(d) && tvb.reported() > COMMON_LEN {
        return pvst(d, tvb);
    }
    Ok(end)
}

/// Whether it came to the group address of Cisco's bridges.
fn is_pvst(d: &Dissector<'_>) -> bool {
    d.endpoints.dst == Address::Ether([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd])
}

fn show_flags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, field: FieldId, is_rapid: bool) -> Parsed {
    let flags = tvb.u8(at)?;
    let role = Names::Values(ROLES).of((flags >> 2 & 3).into()).unwrap_or("Unknown".into());
    let line = d.open(field, tvb, at, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let label = crate::registry::field(field).label;
        let names: &[(u8, &str)] = if is_rapid {
            &[
                (0x80, "Topology Change Acknowledgment"),
                (0x40, "Agreement"),
                (0x20, "Forwarding"),
                (0x10, "Learning"),
                (0, "Port Role"),
                (2, "Proposal"),
                (1, "Topology Change"),
            ]
        } else {
            &[(0x80, "Topology Change Acknowledgment"), (1, "Topology Change")]
        };
        names.iter().fold(format!("{label}: 0x{flags:02x}"), |text, (bit, name)| match bit {
            0 => format!("{text}, {name}: {role}"),
            bit if flags & bit != 0 => format!("{text}, {name}"),
            _ => text,
        })
    });
    d.flag(FLAGS_TCACK, tvb, at, 1, flags.into());
    if is_rapid {
        for field in [FLAGS_AGREEMENT, FLAGS_FORWARDING, FLAGS_LEARNING] {
            d.flag(field, tvb, at, 1, flags.into());
        }
        d.bits(FLAGS_PORT_ROLE, tvb, at, 1, flags.into());
        d.flag(FLAGS_PROPOSAL, tvb, at, 1, flags.into());
    }
    d.flag(FLAGS_TC, tvb, at, 1, flags.into());
    d.close();
    Ok(())
}

/// IEEE 802.1Q-2018, 14.4.1.
fn multiple<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, version: u8) -> Result<usize, Stop> {
    let len = d.uint(VERSION_3_LENGTH, tvb, at, 2)? as usize;
    let body = tvb.exact(at + 2, len)?;
    let mut end = at + 2 + len;
    d.open_text(body, 0, len, || "MST Extension".to_owned());
    d.uint(CONFIG_FORMAT, body, 0, 1)?;
    body.slice(1, 32)?;
    d.add(CONFIG_NAME, body, 1, 32, Value::Text);
    d.uint(CONFIG_REVISION, body, 33, 2)?;
    body.slice(35, 16)?;
    d.bytes(CONFIG_DIGEST, body, 35, 16);
    d.uint(CIST_COST, body, 51, 4)?;
    show_bridge(d, body, 55, "CIST Bridge Identifier", [CIST_PRIO, CIST_EXT, CIST_HW])?;
    d.uint(CIST_HOPS, body, 63, 1)?;
    let mut here = MST_HEAD_LEN;
    while here + INSTANCE_LEN <= len {
        instance(d, body.sub(here, INSTANCE_LEN))?;
        here += INSTANCE_LEN;
    }
    d.close();
    if version == SHORTEST_PATH && tvb.reported() >= end + 2 {
        d.uint(VERSION_4_LENGTH, tvb, end, 2)?;
        end = tvb.reported();
    }
    Ok(end)
}

/// IEEE 802.1Q-2018, 14.4.2.
fn instance<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (priority, id, root, _) = bridge(tvb, 1)?;
    d.open_text(tvb, 0, INSTANCE_LEN, || {
        format!("MSTID {id}, Regional Root Identifier {priority} / {}", colons(&root))
    });
    show_flags(d, tvb, 0, MSTI_FLAGS, true)?;
    d.bits(MSTI_PRIORITY, tvb, 1, 1, tvb.u8(1)?.into());
    d.bits(MSTI_ID, tvb, 1, 2, tvb.u16(1)?.into());
    d.add(MSTI_ROOT, tvb, 3, 6, Value::Ether(root));
    d.uint(MSTI_COST, tvb, 9, 4)?;
    d.add(MSTI_BRIDGE_PRIORITY, tvb, 13, 1, Value::Uint((tvb.u8(13)? >> 4).into()));
    d.add(MSTI_PORT_PRIORITY, tvb, 14, 1, Value::Uint((tvb.u8(14)? >> 4).into()));
    d.uint(MSTI_HOPS, tvb, 15, 1)?;
    d.close();
    Ok(())
}

/// Types, lengths and values.
fn pvst<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<usize, Stop> {
    let mut at = COMMON_LEN + 1;
    let mut has_vlan = false;
    while at < tvb.reported() {
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let value = tvb.exact(at + 4, len)?;
        let is_vlan = kind == 0 && len == 2;
        let vlan = if is_vlan { value.u16(0)? } else { 0 };
        d.open_text(tvb, at, 4 + len, || match is_vlan {
            true => format!("Originating VLAN (PVID): {vlan}"),
            false => format!("Unknown TLV type: 0x{kind:04x}"),
        });
        d.add(PVST_TYPE, tvb, at, 2, Value::Uint(kind.into()));
        d.add(PVST_LEN, tvb, at + 2, 2, Value::Uint(len as u64));
        if is_vlan {
            has_vlan = true;
            d.add(PVST_VLAN, value, 0, 2, Value::Uint(vlan.into()));
        } else {
            d.bytes(PVST_VALUE, value, 0, len);
            d.expert(PVST_UNKNOWN, tvb, at, 4 + len);
        }
        d.close();
        at += 4 + len;
    }
    if !has_vlan {
        d.expert(PVST_MISSING, tvb, COMMON_LEN, tvb.reported() - COMMON_LEN);
    }
    Ok(at)
}

const SAMPLES: &[&str] = &[
    "0180c200000002000000000100264242030000000081800102000000000100000004800102000000000180010100140002000f00",
    "0180c20000000200000000010079424203000003027c800102000000000100000004800102000000000180010100140002000f0000005000726567696f6e0000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000058001020000000001147e800102000000000100000007808013",
    "0180c2000000020000000001000742420300000080",
    "0180c200000002000000000100264242030000000900800102000000000100000004800102000000000180010100140002000f00",
    "0180c2000000020000000001008f424203000004027c800102000000000100000004800102000000000180010100140002000f0000005000726567696f6e0000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000058001020000000001147e80010200000000010000000780801300000000000000000000000000000000000000000000",
    "01000ccccccd0200000000010032aaaa0300000c010b000002023c800102000000000100000004800102000000000180010100140002000f0000000000020005",
    "01000ccccccd0200000000010032aaaa0300000c010b000002023c800102000000000100000004800102000000000180010100140002000f0000000100020005",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn trees_of_all_kinds() {
        let shown = frames(1, SAMPLES);
        assert_eq!(values(&shown[0], "stp.root.hw"), "02:00:00:00:00:01");
        assert_eq!(values(&shown[0], "stp.hello"), "2");
        assert_eq!(values(&shown[1], "mstp.msti.msti_id"), "1");
        assert_eq!(values(&shown[2], "stp.type"), "0x80");
        assert_eq!(values(&shown[5], "stp.pvst.origvlan"), "5");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Stp, &[0, 0, 3, 2, 0x7c, 0x80, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 4]);
    }
}
