//! IEEE 802.2 logical link control, with the subnetwork access protocol (IEEE 802-2014, 9.2.3; RFC 1042).

use std::borrow::Cow;

use crate::bindings::Table;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::numbers::ETHERTYPES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;
use crate::vendors;

fields! { Llc, "llc", "Logical-Link Control";
    DSAP = field("llc.dsap", "DSAP", Uint8, Hex).names(Names::Values(SAPS));
    DSAP_SAP = field("llc.dsap.sap", "SAP", Uint8, None).names(Names::Computed(sap_name)).mask(0xfe);
    DSAP_IG = field("llc.dsap.ig", "IG Bit", Boolean, None).names(Names::Flag("Group", "Individual")).mask(0x01);
    SSAP = field("llc.ssap", "SSAP", Uint8, Hex).names(Names::Values(SAPS));
    SSAP_SAP = field("llc.ssap.sap", "SAP", Uint8, None).names(Names::Computed(sap_name)).mask(0xfe);
    SSAP_CR = field("llc.ssap.cr", "CR Bit", Boolean, None).names(Names::Flag("Response", "Command")).mask(0x01);
    CONTROL = field("llc.control", "Control", Uint16, Hex);
    CONTROL_N_R = field("llc.control.n_r", "N(R)", Uint16, Dec).mask(0xfe00);
    CONTROL_N_S = field("llc.control.n_s", "N(S)", Uint16, Dec).mask(0x00fe);
    CONTROL_P = field("llc.control.p", "Poll", Boolean, None).names(SET);
    CONTROL_F = field("llc.control.f", "Final", Boolean, None).names(SET);
    CONTROL_S_FTYPE = field("llc.control.s_ftype", "Supervisory frame type", Uint16, Hex).names(Names::Values(SUPERVISORY)).mask(0x000c);
    CONTROL_U_MODIFIER_CMD = field("llc.control.u_modifier_cmd", "Command", Uint8, Hex).names(Names::Values(COMMANDS)).mask(0xec);
    CONTROL_U_MODIFIER_RESP = field("llc.control.u_modifier_resp", "Response", Uint8, Hex).names(Names::Values(RESPONSES)).mask(0xec);
    CONTROL_FTYPE = field("llc.control.ftype", "Frame type", Uint8, Hex).names(Names::Values(FRAME_TYPES)).mask(0x03);
    TYPE = field("llc.type", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    OUI = field("llc.oui", "Organization Code", Uint24, Dec);
    PID = field("llc.pid", "Protocol ID", Uint16, Hex);
    CISCO_PID = field("llc.cisco_pid", "PID", Uint16, Hex).names(Names::Values(CISCO_PIDS));
}

const SET: Names = Names::Flag("Set", "Not set");

/// Service access points (IEEE registration authority), with the names that Wireshark shows.
const SAPS: &[(u64, &str)] = &[
    (0x00, "NULL LSAP"),
    (0x01, "NULL LSAP"),
    (0x02, "LLC Sub-Layer Management"),
    (0x04, "SNA Path Control"),
    (0x06, "TCP/IP"),
    (0x08, "SNA"),
    (0x0c, "SNA"),
    (0x0e, "PROWAY (IEC955) Network Management and Initialization"),
    (0x10, "NetWare (unofficial?)"),
    (0x14, "ISO Network Layer (OSLAN 1)"),
    (0x18, "Texas Instruments"),
    (0x20, "ISO Network Layer (unofficial?)"),
    (0x34, "ISO Network Layer (unofficial?)"),
    (0x42, "Spanning Tree BPDU"),
    (0x4e, "EIA RS-511 Manufacturing Message Service"),
    (0x54, "ISO Network Layer (OSLAN 2)"),
    (0x7e, "ISO 8208 (X.25 over 802.2)"),
    (0x7f, "ISO 802.2"),
    (0x80, "XNS"),
    (0x82, "BACnet"),
    (0x86, "Nestar"),
    (0x8e, "PROWAY (IEC955) Active Station List Maintenance"),
    (0x98, "ARP"),
    (0xaa, "SNAP"),
    (0xb4, "HP JetDirect Printer"),
    (0xba, "Banyan Vines"),
    (0xbc, "Banyan Vines"),
    (0xe0, "NetWare"),
    (0xf0, "NetBIOS"),
    (0xf4, "IBM Net Management"),
    (0xf8, "HP Extended LLC"),
    (0xfa, "Ungermann-Bass"),
    (0xfc, "Remote Program Load"),
    (0xfe, "ISO Network Layer"),
    (0xff, "Global LSAP"),
];
/// What supervisory frames say.
const SUPERVISORY: &[(u64, &str)] =
    &[(0, "Receiver ready"), (1, "Receiver not ready"), (2, "Reject"), (3, "Selective reject")];
/// Unnumbered commands: the modifier bits shifted to the right.
const COMMANDS: &[(u64, &str)] = &[
    (0x00, "Unnumbered Information"),
    (0x01, "Set Initialization Mode"),
    (0x03, "Set Asynchronous Response Mode"),
    (0x08, "Unnumbered Poll"),
    (0x0b, "Set Asynchronous Balanced Mode"),
    (0x10, "Disconnect"),
    (0x13, "Set Asynchronous Response Mode Extended"),
    (0x18, "Unnumbered Acknowledge"),
    (0x1b, "Set Asynchronous Balanced Mode Extended"),
    (0x20, "Set Normal Response Mode"),
    (0x21, "Frame reject"),
    (0x23, "Reset"),
    (0x2b, "Exchange identification"),
    (0x31, "Configure"),
    (0x33, "Set Normal Response Mode Extended"),
    (0x38, "Test"),
    (0x3b, "Beacon"),
];
/// Unnumbered responses.
const RESPONSES: &[(u64, &str)] = &[
    (0x00, "Unnumbered Information"),
    (0x01, "Request Initialization Mode"),
    (0x03, "Disconnected mode"),
    (0x08, "Unnumbered Poll"),
    (0x0b, "Set Asynchronous Balanced Mode"),
    (0x10, "Request Disconnect"),
    (0x13, "Set Asynchronous Response Mode Extended"),
    (0x18, "Unnumbered Acknowledge"),
    (0x1b, "Set Asynchronous Balanced Mode Extended"),
    (0x20, "Set Normal Response Mode"),
    (0x21, "Frame reject"),
    (0x23, "Reset"),
    (0x2b, "Exchange identification"),
    (0x31, "Configure"),
    (0x33, "Set Normal Response Mode Extended"),
    (0x38, "Test"),
    (0x3b, "Beacon"),
];

const FRAME_TYPES: &[(u64, &str)] =
    &[(0, "Information frame"), (1, "Supervisory frame"), (2, "Information frame"), (3, "Unnumbered frame")];

/// Short names of commands and of the responses of the same modifier bits.
const SHORT_NAMES: &[(u8, &str, &str)] = &[
    (0x00, "UI", "UI"),
    (0x08, "UP", "UP"),
    (0x10, "DISC", "RD"),
    (0x18, "UA", "UA"),
    (0x20, "SNRM", "SNRM"),
    (0x38, "TEST", "TEST"),
    (0x01, "SIM", "RIM"),
    (0x21, "FRMR", "FRMR"),
    (0x31, "CFGR", "CFGR"),
    (0x03, "SARM", "DM"),
    (0x0b, "SABM", "SABM"),
    (0x13, "SARME", "SARME"),
    (0x1b, "SABME", "SABME"),
    (0x23, "RESET", "RESET"),
    (0x2b, "XID", "XID"),
    (0x33, "SNRME", "SNRME"),
    (0x3b, "BCN", "BCN"),
];
const SUPERVISORY_SHORT: [&str; 4] = ["RR", "RNR", "REJ", "SREJ"];

/// What is taken apart of Cisco's protocols: the spanning tree of each VLAN, link detection, discovery, trunks.
const CISCO_PROTOCOLS: &[(u16, ProtoId)] =
    &[(0x010b, ProtoId::Stp), (0x0111, ProtoId::Udld), (0x2000, ProtoId::Cdp), (0x2004, ProtoId::Dtp)];
/// What Cisco's protocol numbers stand for.
const CISCO_PIDS: &[(u64, &str)] = &[
    (0x0102, "DRIP"),
    (0x0104, "PAgP"),
    (0x0105, "MLS Hello"),
    (0x0108, "RLQ BPDUs (request)"),
    (0x0109, "RLQ BPDUs (response)"),
    (0x010b, "PVSTP+"),
    (0x010c, "VLAN Bridge"),
    (0x0111, "UDLD"),
    (0x0139, "MCP"),
    (0x2000, "CDP"),
    (0x2001, "CGMP"),
    (0x2003, "VTP"),
    (0x2004, "DTP"),
    (0x200a, "STP Uplink Fast"),
];

const SNAP: u8 = 0xaa;
const OUI_ETHERNET: u32 = 0x00_0000;
const OUI_CISCO: u32 = 0x00_000c;
const OUI_BRIDGED: u32 = 0x00_80c2;
/// Cisco's OUI for frames that were bridged from 90-compatible networks: an EtherType follows.
const OUI_CISCO_90: u32 = 0x00_00f8;
const MIN_ETHERTYPE: u16 = 1536;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::LlcSap, Table::EtherType],
    calls: &[ProtoId::Eth, ProtoId::Stp, ProtoId::Cdp, ProtoId::Udld, ProtoId::Dtp, ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "ffffffffffff 020000000001 0008 aaaa03 000000 88b6",
            "ffffffffffff 020000000001 0008 aaaa03 00000c 2000",
            "ffffffffffff 020000000001 0008 aaaa03 123456 0001",
            "ffffffffffff 020000000001 0004 4243 0101",
            "ffffffffffff 020000000001 0004 4242 0001",
            "ffffffffffff 020000000001 0003 0001 bf",
        ],
    }],
    ..Protocol::new(ProtoId::Llc, "LLC", &[], dissect)
};

/// The name of a service access point without its lowest bit.
fn sap_name(sap: u64) -> Option<Cow<'static, str>> {
    Some(Names::Values(SAPS).of(sap << 1).unwrap_or(Cow::Borrowed("Unknown")))
}

/// What the control field says of what follows.
enum Carries {
    Information,
    Other,
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("LLC");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let dsap = tvb.u8(0)?;
    d.open(DSAP, tvb, 0, 1, Value::Uint(dsap.into()));
    d.bits(DSAP_SAP, tvb, 0, 1, dsap.into());
    d.flag(DSAP_IG, tvb, 0, 1, dsap.into());
    d.close();
    let ssap = tvb.u8(1)?;
    let is_response = ssap & 1 != 0;
    d.open(SSAP, tvb, 1, 1, Value::Uint(ssap.into()));
    d.bits(SSAP_SAP, tvb, 1, 1, ssap.into());
    d.flag(SSAP_CR, tvb, 1, 1, ssap.into());
    d.close();
    let (control_len, carries) = control(d, tvb, is_response)?;
    let mut at = 2 + control_len;
    d.set_len(item, at);
    // Only a SNAP header that is wholly there makes the frame one.
    if dsap == SNAP && ssap == SNAP {
        return snap(d, tvb, at, item);
    }
    let names = || {
        let name = |sap: u8| {
            let name = Names::Values(SAPS).of((sap & 0xfe).into());
            name.unwrap_or_else(|| format!("0x{:02x}", sap & 0xfe).into())
        };
        let (group, response) = (dsap & 1 != 0, is_response);
        format!(
            "; DSAP {} {}, SSAP {} {}",
            name(dsap),
            if group { "Group" } else { "Individual" },
            name(ssap),
            if response { "Response" } else { "Command" }
        )
    };
    d.append_info(names);
    d.close();
    at = at.min(tvb.reported());
    let payload = tvb.from(at);
    if payload.is_empty() {
        return Ok(());
    }
    match carries {
        Carries::Information if d.call_by_number(Table::LlcSap, dsap.into(), payload) => {}
        _ => d.call(ProtoId::Data, payload),
    }
    Ok(())
}

/// The control field (ISO 8802-2, 5.2): two octets, but one for unnumbered frames. Answers its length.
fn control<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_response: bool) -> Result<(usize, Carries), Stop> {
    let first = tvb.u8(2)?;
    let final_letter = if is_response { "F" } else { "P" };
    let poll_field: FieldId = if is_response { CONTROL_F } else { CONTROL_P };
    let poll_name = if is_response { "Final" } else { "Poll" };
    if first & 3 == 3 {
        let is_poll = first & 0x10 != 0;
        let modifier = first >> 2 & 0x3b;
        let row = SHORT_NAMES.iter().find(|row| row.0 == modifier);
        let name = match row {
            Some(row) if is_response => row.2,
            Some(row) => row.1,
            None => "Unknown",
        };
        let poll = if is_poll { format!(" {final_letter}") } else { String::new() };
        d.append_info(|| format!("U{poll}, func={name}"));
        let line = d.open(CONTROL, tvb, 2, 1, Value::Uint(first.into()));
        d.text(line, || format!("Control field: U{poll}, func={name} (0x{first:02X})"));
        if is_poll {
            let item = d.add(poll_field, tvb, 2, 1, Value::Uint(1));
            d.text(item, || format!("...1 .... = {poll_name}: Set"));
        }
        let field = if is_response { CONTROL_U_MODIFIER_RESP } else { CONTROL_U_MODIFIER_CMD };
        if d.wants(field) {
            let item = d.add(field, tvb, 2, 1, Value::Uint(modifier.into()));
            d.text(item, || modifier_text(first, modifier, is_response));
        }
        d.bits(CONTROL_FTYPE, tvb, 2, 1, first.into());
        d.close();
        let carries = if modifier == 0 && !is_poll { Carries::Information } else { Carries::Other };
        return Ok((1, carries));
    }
    let octets = tvb.u16_le(2)?;
    let is_poll = octets & 0x0100 != 0;
    let poll = if is_poll { format!(" {final_letter}") } else { String::new() };
    let received = octets >> 9;
    let is_information = first & 1 == 0;
    let words = if is_information {
        format!("I{poll}, N(R)={received}, N(S)={}", octets >> 1 & 0x7f)
    } else {
        let name = SUPERVISORY_SHORT[usize::from(octets >> 2 & 3)];
        format!("S{poll}, func={name}, N(R)={received}")
    };
    d.append_info(|| words.clone());
    let line = d.open(CONTROL, tvb, 2, 2, Value::Uint(octets.into()));
    d.text(line, || format!("Control field: {words} (0x{octets:04X})"));
    d.bits(CONTROL_N_R, tvb, 2, 2, octets.into());
    if is_information {
        d.bits(CONTROL_N_S, tvb, 2, 2, octets.into());
    }
    if is_poll {
        let item = d.add(poll_field, tvb, 2, 2, Value::Uint(1));
        d.text(item, || format!(".... ...1 .... .... = {poll_name}: Set"));
    }
    if !is_information {
        d.bits(CONTROL_S_FTYPE, tvb, 2, 2, octets.into());
    }
    let kind = if is_information { 0 } else { 1 };
    let item = d.add(CONTROL_FTYPE, tvb, 2, 2, Value::Uint(kind));
    d.text(item, || match is_information {
        true => ".... .... .... ...0 = Frame type: Information frame (0x0)".to_owned(),
        false => ".... .... .... ..01 = Frame type: Supervisory frame (0x1)".to_owned(),
    });
    d.close();
    let carries = if is_information { Carries::Information } else { Carries::Other };
    Ok((2, carries))
}

fn modifier_text(octet: u8, modifier: u8, is_response: bool) -> String {
    let (label, names) = match is_response {
        true => ("Response", RESPONSES),
        false => ("Command", COMMANDS),
    };
    let bit = |n: u8| octet >> n & 1;
    let name = Names::Values(names).of(modifier.into());
    format!(
        "{}{}{}. {}{}.. = {label}: {} (0x{modifier:02x})",
        bit(7),
        bit(6),
        bit(5),
        bit(3),
        bit(2),
        name.as_deref().unwrap_or("Unknown")
    )
}

fn snap<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, item: crate::dissector::Item) -> Parsed {
    let oui = tvb.u24(at)?;
    let number = tvb.u16(at + 3)?;
    d.set_len(item, at + 5);
    d.append_info(|| {
        let [_, a, b, c] = oui.to_be_bytes();
        let name = vendors::name([a, b, c]).unwrap_or("Unknown");
        format!("; SNAP, OUI 0x{oui:06X} ({name}), PID 0x{number:04X}")
    });
    let line = d.add(OUI, tvb, at, 3, Value::Uint(oui.into()));
    d.text(line, || {
        let [_, a, b, c] = oui.to_be_bytes();
        match vendors::name([a, b, c]) {
            Some(name) => format!("Organization Code: {a:02x}:{b:02x}:{c:02x} ({name})"),
            None => format!("Organization Code: {a:02x}:{b:02x}:{c:02x}"),
        }
    });
    let field = match oui {
        OUI_ETHERNET | OUI_CISCO_90 => TYPE,
        OUI_CISCO => CISCO_PID,
        _ => PID,
    };
    // Of Apple's protocols the one number is what the type would be.
    d.add(field, tvb, at + 3, 2, Value::Uint(number.into()));
    d.close();
    let payload = tvb.from(at + 5);
    let is_known = match oui {
        OUI_ETHERNET | OUI_CISCO_90 if number >= MIN_ETHERTYPE => d.call_by_number(Table::EtherType, number, payload),
        // RFC 2684, 5.2: Ethernet with and without its check sequence, behind two octets of padding.
        OUI_BRIDGED if number == 1 || number == 7 => {
            d.call(ProtoId::Eth, payload.from(2));
            true
        }
        OUI_CISCO => match CISCO_PROTOCOLS.iter().find(|row| row.0 == number) {
            Some((_, id)) => {
                d.call(*id, payload);
                true
            }
            None => false,
        },
        _ => false,
    };
    if !is_known && !payload.is_empty() {
        d.call(ProtoId::Data, payload);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn control_fields_and_snap_are_read() {
        let head = "ffffffffffff 020000000001";
        let shown = frames(
            1,
            &[
                &format!("{head} 0008 aaaa03 000000 88b6"),
                &format!("{head} 0004 f0f1 0502"),
                &format!("{head} 0003 42427f"),
                &format!("{head} 0001 42"),
            ],
        );
        assert_eq!(values(&shown[0], "llc.type"), "0x88b6");
        assert_eq!(values(&shown[1], "llc.control.n_r"), "1");
        assert_eq!(values(&shown[1], "llc.control.s_ftype"), "0x0001");
        assert_eq!(values(&shown[2], "llc.control.u_modifier_cmd"), "0x1b");
        assert_eq!(values(&shown[2], "llc.control.p"), "1");
        assert!(values(&shown[3], "_ws.expert.message").contains("Malformed"));
    }
}
