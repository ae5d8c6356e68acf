//! IEEE 802.11 frames (IEEE 802.11-2020, 9): frame control, addresses, and what management frames say of a network.

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Wlan, "wlan", "IEEE 802.11 wireless LAN";
    FC_TYPE_SUBTYPE = field("wlan.fc.type_subtype", "Type/Subtype", Uint16, Hex).names(Names::Values(SUBTYPES));
    FC = field("wlan.fc", "Frame Control Field", Uint16, Hex);
    FC_VERSION = field("wlan.fc.version", "Version", Uint8, Dec).mask(0x03);
    FC_TYPE = field("wlan.fc.type", "Type", Uint8, Dec).names(Names::Values(TYPES)).mask(0x0c);
    FC_SUBTYPE = field("wlan.fc.subtype", "Subtype", Uint8, Dec).mask(0xf0);
    FLAGS = field("wlan.flags", "Flags", Uint8, Hex);
    FC_DS = field("wlan.fc.ds", "DS status", Uint8, Hex).names(Names::Values(DIRECTIONS)).mask(0x03);
    FC_TODS = field("wlan.fc.tods", "To DS", Boolean, None).names(Names::Flag("Frame is entering DS", "Frame is not entering DS")).mask(0x01);
    FC_FROMDS = field("wlan.fc.fromds", "From DS", Boolean, None).names(Names::Flag("Frame is exiting DS", "Frame is not exiting DS")).mask(0x02);
    FC_FRAG = field("wlan.fc.frag", "More Fragments", Boolean, None).names(Names::Flag("More fragments follow", "This is the last fragment")).mask(0x04);
    FC_RETRY = field("wlan.fc.retry", "Retry", Boolean, None).names(Names::Flag("Frame is being retransmitted", "Frame is not being retransmitted")).mask(0x08);
    FC_PWRMGT = field("wlan.fc.pwrmgt", "PWR MGT", Boolean, None).names(Names::Flag("STA will go to sleep", "STA will stay up")).mask(0x10);
    FC_MOREDATA = field("wlan.fc.moredata", "More Data", Boolean, None).names(Names::Flag("Data is buffered for STA at AP", "No data buffered")).mask(0x20);
    FC_PROTECTED = field("wlan.fc.protected", "Protected flag", Boolean, None).names(Names::Flag("Data is protected", "Data is not protected")).mask(0x40);
    FC_ORDER = field("wlan.fc.order", "+HTC/Order flag", Boolean, None).names(Names::Flag("Strictly ordered", "Not strictly ordered")).mask(0x80);
    DURATION = field("wlan.duration", "Duration", Uint16, Dec).mask(0x7fff);
    AID = field("wlan.aid", "Association ID", Uint16, Dec).mask(0x3fff);
    RA = field("wlan.ra", "Receiver address", Ether, None);
    RA_RESOLVED = field("wlan.ra_resolved", "Receiver address (resolved)", String, None);
    DA = field("wlan.da", "Destination address", Ether, None);
    DA_RESOLVED = field("wlan.da_resolved", "Destination address (resolved)", String, None);
    TA = field("wlan.ta", "Transmitter address", Ether, None);
    TA_RESOLVED = field("wlan.ta_resolved", "Transmitter address (resolved)", String, None);
    SA = field("wlan.sa", "Source address", Ether, None);
    SA_RESOLVED = field("wlan.sa_resolved", "Source address (resolved)", String, None);
    BSSID = field("wlan.bssid", "BSS Id", Ether, None);
    BSSID_RESOLVED = field("wlan.bssid_resolved", "BSS Id (resolved)", String, None);
    STAA = field("wlan.staa", "STA address", Ether, None);
    STAA_RESOLVED = field("wlan.staa_resolved", "STA address (resolved)", String, None);
    ADDR = field("wlan.addr", "Hardware address", Ether, None);
    ADDR_RESOLVED = field("wlan.addr_resolved", "Hardware address (resolved)", String, None);
    FRAG = field("wlan.frag", "Fragment number", Uint16, Dec).mask(0x000f);
    SEQ = field("wlan.seq", "Sequence number", Uint16, Dec).mask(0xfff0);
    FCS = field("wlan.fcs", "Frame check sequence", Uint32, Hex);
    FCS_STATUS = field("wlan.fcs.status", "FCS Status", Uint8, None).names(Names::Values(super::udp::CHECKSUM_STATUSES));
    QOS = field("wlan.qos", "Qos Control", Uint16, Hex);
    QOS_TID = field("wlan.qos.tid", "TID", Uint16, Dec).mask(0x000f);
    QOS_PRIORITY = field("wlan.qos.priority", "Priority", Uint16, Dec).names(Names::Values(PRIORITIES)).mask(0x0007);
    QOS_ACK = field("wlan.qos.ack", "Ack Policy", Uint16, Hex).names(Names::Values(ACKS)).mask(0x0060);
    QOS_AMSDU = field("wlan.qos.amsdupresent", "Payload Type", Boolean, None).names(Names::Flag("A-MSDU", "MSDU")).mask(0x0080);
    WEP_IV = field("wlan.wep.iv", "Initialization Vector", Uint24, Hex);
    WEP_KEY = field("wlan.wep.key", "Key Index", Uint8, Dec);
    WEP_ICV = field("wlan.wep.icv", "WEP ICV", Uint32, Hex);
    CCMP_EXTIV = field("wlan.ccmp.extiv", "CCMP Ext. Initialization Vector", String, None);
    TIMESTAMP = field("wlan.fixed.timestamp", "Timestamp", Uint64, Dec);
    BEACON = field("wlan.fixed.beacon", "Beacon Interval", Uint16, Dec);
    CAPABILITIES = field("wlan.fixed.capabilities", "Capabilities Information", Uint16, Hex);
    LISTEN = field("wlan.fixed.listen_ival", "Listen Interval", Uint16, Hex);
    CURRENT_AP = field("wlan.fixed.current_ap", "Current AP", Ether, None);
    FIXED_AID = field("wlan.fixed.aid", "Association ID", Uint16, Hex).mask(0x3fff);
    AUTH_ALG = field("wlan.fixed.auth.alg", "Authentication Algorithm", Uint16, Dec).names(Names::Values(ALGORITHMS));
    AUTH_SEQ = field("wlan.fixed.auth_seq", "Authentication SEQ", Uint16, Hex);
    STATUS_CODE = field("wlan.fixed.status_code", "Status code", Uint16, Hex);
    REASON_CODE = field("wlan.fixed.reason_code", "Reason code", Uint16, Hex);
    CATEGORY = field("wlan.fixed.category_code", "Category code", Uint16, Dec);
    TAG = field("wlan.tag", "Tag", None, None);
    TAG_NUMBER = field("wlan.tag.number", "Tag Number", Uint8, Dec);
    TAG_LENGTH = field("wlan.tag.length", "Tag length", Uint32, Dec);
    SSID = field("wlan.ssid", "SSID", Bytes, None);
    CHANNEL = field("wlan.ds.current_channel", "Current Channel", Uint8, Dec);
}

const TYPES: &[(u64, &str)] =
    &[(0, "Management frame"), (1, "Control frame"), (2, "Data frame"), (3, "Extension frame")];
/// Type and subtype (IEEE 802.11-2020, table 9-1), the type in the upper bits.
const SUBTYPES: &[(u64, &str)] = &[
    (0x00, "Association Request"),
    (0x01, "Association Response"),
    (0x02, "Reassociation Request"),
    (0x03, "Reassociation Response"),
    (0x04, "Probe Request"),
    (0x05, "Probe Response"),
    (0x06, "Measurement Pilot"),
    (0x08, "Beacon frame"),
    (0x09, "ATIM"),
    (0x0a, "Disassociate"),
    (0x0b, "Authentication"),
    (0x0c, "Deauthentication"),
    (0x0d, "Action"),
    (0x0e, "Action No Ack"),
    (0x0f, "Aruba Management"),
    (0x12, "Trigger"),
    (0x14, "Beamforming Report Poll"),
    (0x15, "VHT/HE NDP Announcement"),
    (0x17, "Control Wrapper"),
    (0x18, "802.11 Block Ack Req"),
    (0x19, "802.11 Block Ack"),
    (0x1a, "Power-Save poll"),
    (0x1b, "Request-to-send"),
    (0x1c, "Clear-to-send"),
    (0x1d, "Acknowledgement"),
    (0x1e, "CF-End (Control-frame)"),
    (0x1f, "CF-End + CF-Ack (Control-frame)"),
    (0x20, "Data"),
    (0x21, "Data + CF-Ack"),
    (0x22, "Data + CF-Poll"),
    (0x23, "Data + CF-Ack + CF-Poll"),
    (0x24, "Null function (No data)"),
    (0x25, "Acknowledgement (No data)"),
    (0x26, "CF-Poll (No data)"),
    (0x27, "CF-Ack/Poll (No data)"),
    (0x28, "QoS Data"),
    (0x29, "QoS Data + CF-Acknowledgment"),
    (0x2a, "QoS Data + CF-Poll"),
    (0x2b, "QoS Data + CF-Ack + CF-Poll"),
    (0x2c, "QoS Null function (No data)"),
    (0x2e, "QoS CF-Poll (No Data)"),
    (0x2f, "QoS CF-Ack + CF-Poll (No data)"),
    (0x30, "DMG Beacon"),
    (0x31, "S1G Beacon"),
];
/// Whether a frame enters the distribution system, leaves it, both or neither (table 9-4).
const DIRECTIONS: &[(u64, &str)] = &[
    (0, "Not leaving DS or network is operating in AD-HOC mode (To DS: 0 From DS: 0)"),
    (1, "Frame from STA to DS via an AP (To DS: 1 From DS: 0)"),
    (2, "Frame from DS to a STA via AP(To DS: 0 From DS: 1)"),
    (3, "WDS (AP to AP) or Mesh (MP to MP) Frame (To DS: 1 From DS: 1)"),
];
const PRIORITIES: &[(u64, &str)] = &[
    (0, "Best Effort (Best Effort)"),
    (1, "Background (Background)"),
    (2, "Spare (Background)"),
    (3, "Excellent Effort (Best Effort)"),
    (4, "Controlled Load (Video)"),
    (5, "Video (Video)"),
    (6, "Voice (Voice)"),
    (7, "Network Control (Voice)"),
];
const ACKS: &[(u64, &str)] = &[(0, "Normal Ack"), (1, "No Ack"), (2, "No explicit acknowledgment"), (3, "Block Ack")];
const ALGORITHMS: &[(u64, &str)] = &[
    (0, "Open System"),
    (1, "Shared key"),
    (2, "Fast BSS Transition"),
    (3, "Simultaneous Authentication of Equals (SAE)"),
];
/// Subtypes that are dealt with one by one.
const ASSOCIATION_REQUEST: u8 = 0x00;
const REASSOCIATION_REQUEST: u8 = 0x02;
const PROBE_REQUEST: u8 = 0x04;
const PROBE_RESPONSE: u8 = 0x05;
const BEACON_FRAME: u8 = 0x08;
const DISASSOCIATE: u8 = 0x0a;
const AUTHENTICATION: u8 = 0x0b;
const DEAUTHENTICATION: u8 = 0x0c;
const POWER_SAVE_POLL: u8 = 0x1a;
const CLEAR_TO_SEND: u8 = 0x1c;
const ACKNOWLEDGEMENT: u8 = 0x1d;
const TAG_SSID: u8 = 0;
const TAG_CHANNEL: u8 = 3;

/// What `wlan.fcs.status` says of a check sequence that was not computed.
const UNVERIFIED: u64 = 2;
const FCS_LEN: usize = 4;
const MANAGEMENT: u8 = 0;
const CONTROL: u8 = 1;
const DATA: u8 = 2;
/// How many elements of a management frame are read.
const MAX_ELEMENTS: usize = 512;
/// A network's name is no longer (9.4.2.2).
const MAX_SSID: usize = 32;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    calls: &[ProtoId::Llc, ProtoId::Data],
    samples: &[
        Sample { link_type: 127, frames: &["0000 0900 02000000 10 d400 0000 020000000001 01020304"] },
        Sample {
            link_type: 105,
            frames: &[
                "8000 0000 ffffffffffff 020000000001 020000000001 1000 0000000000000000 6400 1104 0004 74657374 030106",
                "a410 01c0 020000000001 020000000002",
                "8802 0000 020000000001 020000000002 020000000003 2000 0000 aaaa03000000 88b6 0102",
                "0841 0000 020000000001 020000000002 020000000003 2000 010203 00 aabbccdd 11223344",
                "8842 0000 020000000001 020000000002 020000000003 2000 0000 0100 0020 00000000 aabbccdd",
                "2000 0000 020000000001 020000000002 020000000001 1000 0104 0a00 020000000003 0004 74657374",
                "1000 0000 020000000001 020000000002 020000000001 1000 0104 0000 01c0",
                "b000 0000 020000000001 020000000002 020000000001 1000 0000 0100 0000",
                "c000 0000 020000000001 020000000002 020000000001 1000 0700",
                "d000 0000 020000000001 020000000002 020000000001 1000 0300 01",
            ],
        },
    ],
    ..Protocol::new(ProtoId::Wlan, "802.11", &[Binding::LinkType(105)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("802.11");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let control = tvb.u16_le(0)?;
    let [first, flags] = control.to_le_bytes();
    let kind = (first & 0xc) << 2 | first >> 4;
    if first & 3 != 0 {
        d.set_info(|| format!("Unknown protocol version: {}", first & 3));
    }
    let name = Names::Values(SUBTYPES).of(kind.into());
    let name = name.as_deref().unwrap_or("Unrecognized (Reserved frame)");
    d.set_info(|| name.to_owned());
    d.text(item, || format!("IEEE 802.11 {name}, Flags: {}", letters(flags, false)));
    d.add(FC_TYPE_SUBTYPE, tvb, 0, 1, Value::Uint(kind.into()));
    d.open(FC, tvb, 0, 2, Value::Uint(u16::from_be_bytes(tvb.array(0)?).into()));
    d.bits(FC_VERSION, tvb, 0, 1, first.into());
    d.bits(FC_TYPE, tvb, 0, 1, first.into());
    d.bits(FC_SUBTYPE, tvb, 0, 1, first.into());
    d.open(FLAGS, tvb, 1, 1, Value::Uint(flags.into()));
    d.bits(FC_DS, tvb, 1, 1, flags.into());
    for field in [FC_TODS, FC_FROMDS] {
        let bit = d.flag(field, tvb, 1, 1, flags.into());
        d.hide(bit);
    }
    for field in [FC_FRAG, FC_RETRY, FC_PWRMGT, FC_MOREDATA, FC_PROTECTED, FC_ORDER] {
        d.flag(field, tvb, 1, 1, flags.into());
    }
    d.close();
    d.close();
    let has_fcs = super::radiotap::has_fcs(d) || super::ppi::has_fcs(d);
    let end = if has_fcs { tvb.reported().saturating_sub(FCS_LEN).max(2) } else { tvb.reported() };
    let class = first >> 2 & 3;
    let parsed = d.within(|d| addresses(d, tvb, kind, flags, has_fcs));
    if has_fcs && tvb.is_whole() && end + FCS_LEN <= tvb.reported() {
        d.add(FCS, tvb, end, FCS_LEN, Value::Uint(tvb.u32_le(end)?.into()));
        d.generated(FCS_STATUS, tvb, end, FCS_LEN, Value::Uint(UNVERIFIED));
    }
    let mut at = parsed?;
    let body_end = end.max(at);
    if class == DATA && kind & 8 != 0 {
        qos(d, tvb, at)?;
        at += 2;
    }
    // HT control stands in frames whose order bit is set (9.2.4.6).
    if class != CONTROL && flags & 0x80 != 0 && (class == MANAGEMENT || kind & 8 != 0) {
        at += 4;
    }
    let has_body = class == MANAGEMENT || class == DATA && kind & 4 == 0;
    if !has_body || at >= body_end {
        d.set_len(item, at.min(end));
        d.close();
        return Ok(());
    }
    if flags & 0x40 != 0 {
        let (head, tail) = protection(d, tvb, at, body_end)?;
        d.set_len(item, at + head);
        d.close();
        let len = body_end.saturating_sub(at + head + tail);
        if len > 0 {
            d.call(ProtoId::Data, tvb.sub(at + head, len));
        }
        return Ok(());
    }
    d.set_len(item, at);
    let body = tvb.sub(at, body_end - at);
    if class == MANAGEMENT {
        let parsed = d.within(|d| management(d, body, kind));
        d.close();
        return parsed;
    }
    d.close();
    d.call(if flags & 0x04 == 0 { ProtoId::Llc } else { ProtoId::Data }, body);
    Ok(())
}

/// The flags as letters, the last of them for a check sequence.
fn letters(flags: u8, is_good: bool) -> String {
    let mut text: String = "opmPRMFT"
        .chars()
        .enumerate()
        .map(|(at, letter)| if flags >> (7 - at) & 1 != 0 { letter } else { '.' })
        .collect();
    if is_good {
        text.push('C');
    }
    text
}

type Parts<'p> = &'p [(FieldId, FieldId)];

/// The parts that an address has, with its name, and once that it is one.
fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, fields: Parts<'_>) -> Result<[u8; 6], Stop> {
    part_of(d, tvb, at, fields, true)
}

/// A further part of an address that was shown.
fn again<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, fields: Parts<'_>) -> Result<[u8; 6], Stop> {
    part_of(d, tvb, at, fields, false)
}

fn part_of<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    fields: Parts<'_>,
    is_new: bool,
) -> Result<[u8; 6], Stop> {
    let octets: [u8; 6] = tvb.array(at)?;
    if d.wants_own() {
        let name = || Value::String(Address::Ether(octets).to_string().into());
        for (field, resolved) in fields {
            d.add(*field, tvb, at, 6, Value::Ether(octets));
            let item = d.hidden(*resolved, tvb, at, 6, name());
            d.mark_generated(item);
        }
        if is_new {
            d.hidden(ADDR, tvb, at, 6, Value::Ether(octets));
            let item = d.hidden(ADDR_RESOLVED, tvb, at, 6, name());
            d.mark_generated(item);
        }
    }
    Ok(octets)
}

const RECEIVER: (FieldId, FieldId) = (RA, RA_RESOLVED);
const TRANSMITTER: (FieldId, FieldId) = (TA, TA_RESOLVED);
const DESTINATION: (FieldId, FieldId) = (DA, DA_RESOLVED);
const SOURCE: (FieldId, FieldId) = (SA, SA_RESOLVED);
const NETWORK: (FieldId, FieldId) = (BSSID, BSSID_RESOLVED);
const STATION: (FieldId, FieldId) = (STAA, STAA_RESOLVED);

/// Duration, addresses and sequence control (9.3). Answers where the header ends.
fn addresses<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8, flags: u8, has_fcs: bool) -> Result<usize, Stop> {
    let duration = u64::from(tvb.u16_le(2)?);
    if kind == POWER_SAVE_POLL {
        d.bits(AID, tvb, 2, 2, duration);
    } else {
        let line = d.bits(DURATION, tvb, 2, 2, duration);
        d.append_text(line, || " microseconds".to_owned());
    }
    let class = kind >> 4;
    let shown = |octets: [u8; 6], role: &str| format!("{} ({role})", Address::Ether(octets));
    if class == CONTROL {
        let receiver = match kind {
            POWER_SAVE_POLL => address(d, tvb, 4, &[RECEIVER, NETWORK])?,
            _ => address(d, tvb, 4, &[RECEIVER])?,
        };
        let role = if kind == POWER_SAVE_POLL { "BSSID" } else { "RA" };
        let has_sender = !matches!(kind, CLEAR_TO_SEND | ACKNOWLEDGEMENT);
        d.append_info(|| format!(", Flags={}", letters(flags, has_fcs)));
        if !has_sender {
            d.set_names(String::new(), shown(receiver, role));
            return Ok(10);
        }
        let sender = address(d, tvb, 10, &[TRANSMITTER])?;
        d.set_names(shown(sender, "TA"), shown(receiver, role));
        return Ok(16);
    }
    let both = flags & 3;
    let (mut at, src, dst) = if class != DATA || both == 0 {
        let dst = address(d, tvb, 4, &[RECEIVER, DESTINATION])?;
        let src = address(d, tvb, 10, &[TRANSMITTER, SOURCE])?;
        address(d, tvb, 16, &[NETWORK])?;
        (22, src, dst)
    } else if both == 1 {
        address(d, tvb, 4, &[RECEIVER])?;
        address(d, tvb, 10, &[TRANSMITTER])?;
        let dst = address(d, tvb, 16, &[DESTINATION])?;
        let src = again(d, tvb, 10, &[SOURCE])?;
        again(d, tvb, 4, &[NETWORK])?;
        again(d, tvb, 10, &[STATION])?;
        (22, src, dst)
    } else if both == 2 {
        address(d, tvb, 4, &[RECEIVER])?;
        address(d, tvb, 10, &[TRANSMITTER])?;
        let dst = again(d, tvb, 4, &[DESTINATION])?;
        let src = address(d, tvb, 16, &[SOURCE])?;
        again(d, tvb, 10, &[NETWORK])?;
        again(d, tvb, 4, &[STATION])?;
        (22, src, dst)
    } else {
        address(d, tvb, 4, &[RECEIVER])?;
        address(d, tvb, 10, &[TRANSMITTER])?;
        let dst = address(d, tvb, 16, &[DESTINATION])?;
        let src = address(d, tvb, 24, &[SOURCE])?;
        (22, src, dst)
    };
    d.set_addresses(Address::Ether(src), Address::Ether(dst));
    let sequence = u64::from(tvb.u16_le(at)?);
    d.bits(FRAG, tvb, at, 2, sequence);
    d.bits(SEQ, tvb, at, 2, sequence);
    d.append_info(|| format!(", SN={}, FN={}, Flags={}", sequence >> 4, sequence & 0xf, letters(flags, has_fcs)));
    at += 2;
    if class == DATA && both == 3 {
        at += 6;
    }
    Ok(at)
}

/// QoS control (9.2.4.5).
fn qos<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let octets = u64::from(tvb.u16_le(at)?);
    d.open(QOS, tvb, at, 2, Value::Uint(octets));
    d.bits(QOS_TID, tvb, at, 2, octets);
    let line = d.bits(QOS_PRIORITY, tvb, at, 2, octets);
    d.mark_generated(line);
    d.bits(QOS_ACK, tvb, at, 2, octets);
    d.flag(QOS_AMSDU, tvb, at, 2, octets);
    d.close();
    Ok(())
}

/// What stands before encrypted octets, and behind them (12.3.2, 12.5.3.2). Answers how many octets each has.
fn protection<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, end: usize) -> Result<(usize, usize), Stop> {
    let octets: [u8; 4] = tvb.array(at)?;
    let [a, b, c, key] = octets;
    if key & 0x20 != 0 {
        let rest: [u8; 4] = tvb.array(at + 4)?;
        d.open_text(tvb, at, 8, || "CCMP parameters".to_owned());
        if d.wants(CCMP_EXTIV) {
            let [c, d2, e, f] = rest;
            let number = u64::from_be_bytes([0, 0, f, e, d2, c, b, a]);
            d.add(CCMP_EXTIV, tvb, at, 8, Value::String(format!("0x{number:012X}").into()));
        }
        d.add(WEP_KEY, tvb, at + 3, 1, Value::Uint((key >> 6).into()));
        d.close();
        return Ok((8, 0));
    }
    d.open_text(tvb, at, 4, || "WEP parameters".to_owned());
    d.add(WEP_IV, tvb, at, 3, Value::Uint(u32::from_be_bytes([0, a, b, c]).into()));
    d.add(WEP_KEY, tvb, at + 3, 1, Value::Uint((key >> 6).into()));
    let tail = if end >= at + 8 && tvb.is_whole() { 4 } else { 0 };
    if tail != 0 {
        d.uint(WEP_ICV, tvb, end - 4, 4)?;
    }
    d.close();
    Ok((4, tail))
}

/// The body of a management frame (9.3.3): fixed fields, then elements.
fn management<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    d.open_text(tvb, 0, tvb.len(), || "IEEE 802.11 Wireless Management".to_owned());
    let mut at = 0;
    let fixed: &[(FieldId, usize)] = match kind {
        ASSOCIATION_REQUEST => &[(CAPABILITIES, 2), (LISTEN, 2)],
        REASSOCIATION_REQUEST => &[(CAPABILITIES, 2), (LISTEN, 2), (CURRENT_AP, 6)],
        0x01 | 0x03 => &[(CAPABILITIES, 2), (STATUS_CODE, 2), (FIXED_AID, 2)],
        PROBE_REQUEST => &[],
        PROBE_RESPONSE | BEACON_FRAME => &[(TIMESTAMP, 8), (BEACON, 2), (CAPABILITIES, 2)],
        DISASSOCIATE | DEAUTHENTICATION => &[(REASON_CODE, 2)],
        AUTHENTICATION => &[(AUTH_ALG, 2), (AUTH_SEQ, 2), (STATUS_CODE, 2)],
        0x0d | 0x0e => &[(CATEGORY, 1)],
        _ => {
            d.close();
            return Ok(());
        }
    };
    for (field, width) in fixed {
        match *field {
            CURRENT_AP => {
                d.add(CURRENT_AP, tvb, at, 6, Value::Ether(tvb.array(at)?));
            }
            FIXED_AID => {
                d.bits(FIXED_AID, tvb, at, 2, tvb.u16_le(at)?.into());
            }
            field => {
                let mut octets = [0; 8];
                octets.iter_mut().zip(tvb.slice(at, *width)?).for_each(|(to, from)| *to = *from);
                let number = u64::from_le_bytes(octets);
                d.add(field, tvb, at, *width, Value::Uint(number));
                if field == BEACON {
                    d.append_info(|| format!(", BI={number}"));
                }
            }
        }
        at += width;
    }
    if !matches!(kind, 0x0d | 0x0e) {
        elements(d, tvb, at)?;
    }
    d.close();
    Ok(())
}

/// Number, length, value (9.4.2.1).
fn elements<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, from: usize) -> Parsed {
    let mut at = from;
    for _ in 0..MAX_ELEMENTS {
        if at >= tvb.reported() {
            break;
        }
        let (number, len) = (tvb.u8(at)?, usize::from(tvb.u8(at + 1)?));
        d.open(TAG, tvb, at, len + 2, Value::None);
        d.uint(TAG_NUMBER, tvb, at, 1)?;
        d.uint(TAG_LENGTH, tvb, at + 1, 1)?;
        let value = tvb.exact(at + 2, len)?;
        match number {
            TAG_SSID if len <= MAX_SSID => {
                let octets = value.slice(0, len)?;
                d.bytes(SSID, value, 0, len);
                d.append_info(|| match String::from_utf8_lossy(octets) {
                    text if text.is_empty() => ", SSID=Wildcard (Broadcast)".to_owned(),
                    text => format!(", SSID=\"{text}\""),
                });
            }
            TAG_CHANNEL if len == 1 => {
                d.uint(CHANNEL, value, 0, 1)?;
            }
            _ => {}
        }
        d.close();
        at += len + 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::letters;
    use crate::tests::{frames, values};

    #[test]
    fn flags_are_letters() {
        assert_eq!(letters(0x42, true), ".p....F.C");
        assert_eq!(letters(0, false), "........");
    }

    #[test]
    fn addresses_stand_where_the_direction_says() {
        let at =
            |flags: &str| format!("08{flags} 0000 020000000001 020000000002 020000000003 2000 020000000004 aaaa03");
        let shown = frames(105, &[&at("00"), &at("01"), &at("02"), &at("03")]);
        let ends = |n: usize| (values(&shown[n], "wlan.sa"), values(&shown[n], "wlan.da"));
        assert_eq!(ends(0), ("02:00:00:00:00:02".into(), "02:00:00:00:00:01".into()));
        assert_eq!(ends(1), ("02:00:00:00:00:02".into(), "02:00:00:00:00:03".into()));
        assert_eq!(ends(2), ("02:00:00:00:00:03".into(), "02:00:00:00:00:01".into()));
        assert_eq!(ends(3), ("02:00:00:00:00:04".into(), "02:00:00:00:00:03".into()));
    }

    #[test]
    fn an_element_that_is_too_long_is_damage() {
        let head = "4000 0000 ffffffffffff 020000000001 ffffffffffff 1000";
        let shown = frames(105, &[&format!("{head} 0004 74657374"), &format!("{head} 0009 74657374")]);
        assert_eq!(values(&shown[0], "wlan.ssid"), "74657374");
        assert!(values(&shown[1], "_ws.expert.message").contains("Malformed"));
    }
}
