//! GTPv2, the control plane of EPS (3GPP TS 29.274): the header, and of the information elements those by which a session is
//! found: its subscriber, access point, tunnels, bearers and what became of it. GTP hands it what has its version.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Gtpv2, "gtpv2", "GPRS Tunneling Protocol V2";
    FLAGS = field("gtpv2.flags", "Flags", Uint8, Hex);
    VERSION = field("gtpv2.version", "Version", Uint8, Dec).mask(0xe0);
    P = field("gtpv2.p", "Piggybacking flag (P)", Uint8, Dec).mask(0x10);
    T = field("gtpv2.t", "TEID flag (T)", Uint8, Dec).mask(0x08);
    MESSAGE_TYPE = field("gtpv2.message_type", "Message Type", Uint8, Dec).names(Names::Values(MESSAGES));
    MSG_LENGTH = field("gtpv2.msg_length", "Message Length", Uint16, Dec);
    TEID = field("gtpv2.teid", "Tunnel Endpoint Identifier", Uint32, HexDec);
    SEQ = field("gtpv2.seq", "Sequence Number", Uint24, HexDec);
    SPARE = field("gtpv2.spare", "Spare", Uint16, Dec);
    IE_TYPE = field("gtpv2.ie_type", "IE Type", Uint8, Dec).names(Names::Values(ELEMENTS));
    IE_LEN = field("gtpv2.ie_len", "IE Length", Uint16, Dec);
    CR = field("gtpv2.cr", "CR flag", Uint8, Dec).mask(0xf0);
    INSTANCE = field("gtpv2.instance", "Instance", Uint8, Dec).mask(0x0f);
    CAUSE = field("gtpv2.cause", "Cause", Uint8, Dec).names(Names::Values(CAUSES));
    REC = field("gtpv2.rec", "Restart Counter", Uint8, Dec);
    APN = field("gtpv2.apn", "APN (Access Point Name)", String, None);
    EBI = field("gtpv2.ebi", "EPS Bearer ID (EBI)", Uint8, Dec).mask(0x0f);
    RAT_TYPE = field("gtpv2.rat_type", "RAT Type", Uint8, Dec).names(Names::Values(RATS));
    F_TEID_V4 = field("gtpv2.f_teid_v4", "V4", Boolean, None).mask(0x80);
    F_TEID_V6 = field("gtpv2.f_teid_v6", "V6", Boolean, None).mask(0x40);
    F_TEID_INTERFACE_TYPE = field("gtpv2.f_teid_interface_type", "Interface Type", Uint8, Dec).mask(0x3f);
    F_TEID_GRE_KEY = field("gtpv2.f_teid_gre_key", "TEID/GRE Key", Uint32, HexDec);
    F_TEID_IPV4 = field("gtpv2.f_teid_ipv4", "F-TEID IPv4", Ipv4, None);
    F_TEID_IPV6 = field("gtpv2.f_teid_ipv6", "F-TEID IPv6", Ipv6, None);
}

/// 3GPP TS 29.274, 6.1.1.
const MESSAGES: &[(u64, &str)] = &[
    (1, "Echo Request"),
    (2, "Echo Response"),
    (3, "Version Not Supported Indication"),
    (4, "Node Alive Request"),
    (5, "Node Alive Response"),
    (6, "Redirection Request"),
    (7, "Redirection Response"),
    (25, "SRVCC PS to CS Request"),
    (26, "SRVCC PS to CS Response"),
    (27, "SRVCC PS to CS Complete Notification"),
    (28, "SRVCC PS to CS Complete Acknowledge"),
    (29, "SRVCC PS to CS Cancel Notification"),
    (30, "SRVCC PS to CS Cancel Acknowledge"),
    (31, "SRVCC CS to PS Request"),
    (32, "Create Session Request"),
    (33, "Create Session Response"),
    (34, "Modify Bearer Request"),
    (35, "Modify Bearer Response"),
    (36, "Delete Session Request"),
    (37, "Delete Session Response"),
    (38, "Change Notification Request"),
    (39, "Change Notification Response"),
    (40, "Remote UE Report Notification"),
    (41, "Remote UE Report Acknowledge"),
    (64, "Modify Bearer Command"),
    (65, "Modify Bearer Failure Indication"),
    (66, "Delete Bearer Command"),
    (67, "Delete Bearer Failure Indication"),
    (68, "Bearer Resource Command"),
    (69, "Bearer Resource Failure Indication"),
    (70, "Downlink Data Notification Failure Indication"),
    (71, "Trace Session Activation"),
    (72, "Trace Session Deactivation"),
    (73, "Stop Paging Indication"),
    (95, "Create Bearer Request"),
    (96, "Create Bearer Response"),
    (97, "Update Bearer Request"),
    (98, "Update Bearer Response"),
    (99, "Delete Bearer Request"),
    (100, "Delete Bearer Response"),
    (101, "Delete PDN Connection Set Request"),
    (102, "Delete PDN Connection Set Response"),
    (103, "PGW Downlink Triggering Notification"),
    (104, "PGW Downlink Triggering Acknowledge"),
    (128, "Identification Request"),
    (129, "Identification Response"),
    (130, "Context Request"),
    (131, "Context Response"),
    (132, "Context Acknowledge"),
    (133, "Forward Relocation Request"),
    (134, "Forward Relocation Response"),
    (135, "Forward Relocation Complete Notification"),
    (136, "Forward Relocation Complete Acknowledge"),
    (137, "Forward Access Context Notification"),
    (138, "Forward Access Context Acknowledge"),
    (139, "Relocation Cancel Request"),
    (140, "Relocation Cancel Response"),
    (141, "Configuration Transfer Tunnel"),
    (149, "Detach Notification"),
    (150, "Detach Acknowledge"),
    (151, "CS Paging Indication"),
    (152, "RAN Information Relay"),
    (153, "Alert MME Notification"),
    (154, "Alert MME Acknowledge"),
    (155, "UE Activity Notification"),
    (156, "UE Activity Acknowledge"),
    (157, "ISR Status Indication"),
    (158, "UE Registration Query Request"),
    (159, "UE Registration Query Response"),
    (160, "Create Forwarding Tunnel Request"),
    (161, "Create Forwarding Tunnel Response"),
    (162, "Suspend Notification"),
    (163, "Suspend Acknowledge"),
    (164, "Resume Notification"),
    (165, "Resume Acknowledge"),
    (166, "Create Indirect Data Forwarding Tunnel Request"),
    (167, "Create Indirect Data Forwarding Tunnel Response"),
    (168, "Delete Indirect Data Forwarding Tunnel Request"),
    (169, "Delete Indirect Data Forwarding Tunnel Response"),
    (170, "Release Access Bearers Request"),
    (171, "Release Access Bearers Response"),
    (176, "Downlink Data Notification"),
    (177, "Downlink Data Notification Acknowledgement"),
    (179, "PGW Restart Notification"),
    (180, "PGW Restart Notification Acknowledge"),
    (200, "Update PDN Connection Set Request"),
    (201, "Update PDN Connection Set Response"),
    (211, "Modify Access Bearers Request"),
    (212, "Modify Access Bearers Response"),
    (231, "MBMS Session Start Request"),
    (232, "MBMS Session Start Response"),
    (233, "MBMS Session Update Request"),
    (234, "MBMS Session Update Response"),
    (235, "MBMS Session Stop Request"),
    (236, "MBMS Session Stop Response"),
    (240, "SRVCC CS to PS Response"),
    (241, "SRVCC CS to PS Complete Notification"),
    (242, "SRVCC CS to PS Complete Acknowledge"),
    (243, "SRVCC CS to PS Cancel Notification"),
    (244, "SRVCC CS to PS Cancel Acknowledge"),
];
/// 3GPP TS 29.274, 8.1.
const ELEMENTS: &[(u64, &str)] = &[
    (1, "International Mobile Subscriber Identity (IMSI)"),
    (2, "Cause"),
    (3, "Recovery (Restart Counter)"),
    (71, "Access Point Name (APN)"),
    (72, "Aggregate Maximum Bit Rate (AMBR)"),
    (73, "EPS Bearer ID (EBI)"),
    (74, "IP Address"),
    (75, "Mobile Equipment Identity (MEI)"),
    (76, "MSISDN"),
    (77, "Indication"),
    (78, "Protocol Configuration Options (PCO)"),
    (79, "PDN Address Allocation (PAA)"),
    (80, "Bearer Level Quality of Service (Bearer QoS)"),
    (81, "Flow Quality of Service (Flow QoS)"),
    (82, "RAT Type"),
    (83, "Serving Network"),
    (84, "EPS Bearer Level Traffic Flow Template (Bearer TFT)"),
    (86, "User Location Info (ULI)"),
    (87, "Fully Qualified Tunnel Endpoint Identifier (F-TEID)"),
    (93, "Bearer Context"),
    (94, "Charging ID"),
    (95, "Charging Characteristics"),
    (97, "Bearer Flags"),
    (99, "PDN Type"),
    (109, "PDN Connection"),
    (114, "UE Time Zone"),
    (127, "APN Restriction"),
    (128, "Selection Mode"),
    (132, "Fully Qualified PDN Connection Set Identifier (FQ-CSID)"),
    (136, "Fully Qualified Domain Name (FQDN)"),
    (155, "Allocation/Retention Priority (ARP)"),
];
/// 3GPP TS 29.274, 8.4.
const CAUSES: &[(u64, &str)] = &[
    (16, "Request accepted"),
    (17, "Request accepted partially"),
    (18, "New PDN type due to network preference"),
    (19, "New PDN type due to single address bearer only"),
    (64, "Context Not Found"),
    (65, "Invalid Message Format"),
    (66, "Version not supported by next peer"),
    (67, "Invalid length"),
    (68, "Service not supported"),
    (69, "Mandatory IE incorrect"),
    (70, "Mandatory IE missing"),
    (72, "System failure"),
    (73, "No resources available"),
    (78, "Missing or unknown APN"),
    (82, "Denied in RAT"),
    (83, "Preferred PDN type not supported"),
    (84, "All dynamic addresses are occupied"),
    (87, "UE not responding"),
    (88, "UE refuses"),
    (90, "Unable to page UE"),
    (91, "No memory available"),
    (92, "User authentication failed"),
    (93, "APN access denied - no subscription"),
    (94, "Request rejected"),
];
/// 3GPP TS 29.274, 8.17.
const RATS: &[(u64, &str)] = &[
    (1, "UTRAN"),
    (2, "GERAN"),
    (3, "WLAN"),
    (4, "GAN"),
    (5, "HSPA Evolution"),
    (6, "EUTRAN"),
    (7, "Virtual"),
    (8, "EUTRAN-NB-IoT"),
    (9, "LTE-M"),
    (10, "NR"),
];
const HAS_TEID: u8 = 0x08;
/// How deep grouped elements may lie in each other, and how many elements a message may have.
const MAX_DEPTH: usize = 4;
const MAX_ELEMENTS: usize = 2048;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Gtpv2, "GTPv2", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("GTPv2");
    let (flags, kind) = (tvb.u8(0)?, tvb.u8(1)?);
    d.set_info(|| {
        Names::Values(MESSAGES)
            .of(kind.into())
            .unwrap_or(if kind == 0 { "Reserved" } else { "Unknown" }.into())
            .into_owned()
    });
    d.open(FLAGS, tvb, 0, 1, Value::Uint(flags.into()));
    for field in [VERSION, P, T] {
        d.bits(field, tvb, 0, 1, flags.into());
    }
    d.close();
    d.uint(MESSAGE_TYPE, tvb, 1, 1)?;
    let len = d.uint(MSG_LENGTH, tvb, 2, 2)? as usize;
    let mut at = 4;
    if flags & HAS_TEID != 0 {
        d.uint(TEID, tvb, at, 4)?;
        at += 4;
    }
    d.uint(SEQ, tvb, at, 3)?;
    d.uint(SPARE, tvb, at + 3, 1)?;
    let mut left = MAX_ELEMENTS;
    elements(d, tvb.sub(0, 4 + len), at + 4, 0, &mut left)?;
    d.close();
    Ok(())
}

fn elements<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize, depth: usize, left: &mut usize) -> Parsed {
    while at < tvb.reported() {
        *left = left.checked_sub(1).ok_or(Stop::Malformed)?;
        let (kind, len) = (tvb.u8(at)?, usize::from(tvb.u16(at + 1)?));
        let flags = u64::from(tvb.u8(at + 3)?);
        let item = d.open_text(tvb, at, 4 + len, || {
            Names::Values(ELEMENTS).of(kind.into()).unwrap_or("Unknown".into()).into_owned()
        });
        d.append_text(item, || " : ".to_owned());
        d.uint(IE_TYPE, tvb, at, 1)?;
        d.uint(IE_LEN, tvb, at + 1, 2)?;
        d.bits(CR, tvb, at + 3, 1, flags);
        d.bits(INSTANCE, tvb, at + 3, 1, flags);
        let value = tvb.exact(at + 4, len)?;
        value.slice(0, len)?;
        match kind {
            // Grouped ones: bearer contexts and connections.
            93 | 109 if depth < MAX_DEPTH => elements(d, value, 0, depth + 1, left)?,
            _ => element(d, value, kind)?,
        }
        d.close();
        at += 4 + len;
    }
    Ok(())
}

fn element<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, kind: u8) -> Parsed {
    let len = value.reported();
    match kind {
        2 if len > 0 => {
            d.uint(CAUSE, value, 0, 1)?;
        }
        3 if len > 0 => {
            d.uint(REC, value, 0, 1)?;
        }
        71 if len > 0 => {
            d.add(APN, value, 0, len, Value::String(name(value.bytes()).into()));
        }
        73 if len > 0 => {
            d.bits(EBI, value, 0, 1, value.u8(0)?.into());
        }
        82 if len > 0 => {
            d.uint(RAT_TYPE, value, 0, 1)?;
        }
        87 => {
            let flags = value.u8(0)?;
            for field in [F_TEID_V4, F_TEID_V6] {
                d.flag(field, value, 0, 1, flags.into());
            }
            d.bits(F_TEID_INTERFACE_TYPE, value, 0, 1, flags.into());
            d.uint(F_TEID_GRE_KEY, value, 1, 4)?;
            let mut at = 5;
            if flags & 0x80 != 0 {
                d.add(F_TEID_IPV4, value, at, 4, Value::Ipv4(value.array(at)?));
                at += 4;
            }
            if flags & 0x40 != 0 {
                d.add(F_TEID_IPV6, value, at, 16, Value::Ipv6(value.array(at)?));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Labels behind their lengths, as a domain name has them (3GPP TS 23.003, 9.1).
fn name(octets: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut rest = octets;
    while let [len, behind @ ..] = rest {
        let (label, next) = behind.split_at(usize::from(*len).min(behind.len()));
        labels.push(String::from_utf8_lossy(label));
        rest = next;
    }
    labels.join(".")
}

/// A session that is asked for and given, and an echo.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500006400010000401100000a0000010a0000024e20084b0050000048200044000000000000070047000d0008696e74 \
     65726e6574036d6e63520001000657001900ca000012340a000001200100000000000000000000000000005d00050049 \
     00010005",
    "4500002e00010000401100000a0000010a0000024e20084b001a00004821000e0000123400000700020002001000",
    "4500002900010000401100000a0000010a0000024e20084b001500004001000900000800030001002a",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, shown_by, survives_anything, values};

    #[test]
    fn a_session_is_shown() {
        let all = frames(101, SAMPLE);
        assert_eq!(values(&all[0], "gtpv2.apn"), "internet.mnc");
        assert_eq!(values(&all[0], "gtpv2.f_teid_ipv4"), "10.0.0.1");
        assert_eq!(values(&all[0], "gtpv2.ie_type"), "71,82,87,93,73");
        assert_eq!(values(&all[1], "gtpv2.cause"), "16");
        assert_eq!(values(&all[2], "gtpv2.rec"), "42");
        assert_eq!(values(&all[2], "gtpv2.teid"), "");
    }

    #[test]
    fn more_elements_than_there_may_be_are_malformed() {
        let body = [3, 0, 1, 0, 42].repeat(MAX_ELEMENTS + 1);
        let len = (body.len() as u16 + 4).to_be_bytes();
        let octets = [&[0x40, 1, len[0], len[1], 0, 0, 1, 0][..], &body].concat();
        let shown = shown_by(ProtoId::Gtpv2, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "gtpv2.rec").count(), MAX_ELEMENTS);
        assert!(shown.iter().any(|row| row.0 == "_ws.malformed"));
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(
            ProtoId::Gtpv2,
            b"\x48\x20\0\x1f\0\0\0\0\0\0\x07\0\x47\0\x04\0\x03abc\x57\0\x09\0\x8a\0\0\0\x01abcd\x5d\0\x05\0\x49\0\x01\0\x05",
        );
    }
}
