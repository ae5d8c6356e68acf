//! The Layer 2 Tunneling Protocol, version 2 (RFC 2661): control messages with their attributes, and PPP in tunnels.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { L2tp, "l2tp", "Layer 2 Tunneling Protocol";
    FLAGS = field("l2tp.flags", "Flags", Uint16, Hex);
    TYPE = field("l2tp.type", "Type", Uint16, Dec).names(Names::Values(&[(0, "Data Message"), (1, "Control Message")])).mask(0x8000);
    LENGTH_BIT = field("l2tp.length_bit", "Length Bit", Boolean, None).names(Names::Flag("Length field is present", "Length field is not present")).mask(0x4000);
    SEQ_BIT = field("l2tp.seq_bit", "Sequence Bit", Boolean, None).names(Names::Flag("Ns and Nr fields are present", "Ns and Nr fields are not present")).mask(0x0800);
    OFFSET_BIT = field("l2tp.offset_bit", "Offset bit", Boolean, None).names(Names::Flag("Offset Size field is present", "Offset size field is not present")).mask(0x0200);
    PRIORITY = field("l2tp.priority", "Priority", Boolean, None).names(Names::Flag("This data message has priority", "No priority")).mask(0x0100);
    VERSION = field("l2tp.version", "Version", Uint16, Dec).mask(0x000f);
    LENGTH = field("l2tp.length", "Length", Uint16, Dec);
    TUNNEL = field("l2tp.tunnel", "Tunnel ID", Uint16, Dec);
    SESSION = field("l2tp.session", "Session ID", Uint16, Dec);
    NS = field("l2tp.Ns", "Ns", Uint16, Dec);
    NR = field("l2tp.Nr", "Nr", Uint16, Dec);
    OFFSET = field("l2tp.offset", "Offset", Uint16, Dec);
    AVP_MANDATORY = field("l2tp.avp.mandatory", "Mandatory", Boolean, None).mask(0x8000);
    AVP_HIDDEN = field("l2tp.avp.hidden", "Hidden", Boolean, None).mask(0x4000);
    AVP_LENGTH = field("l2tp.avp.length", "Length", Uint16, Dec).mask(0x03ff);
    AVP_VENDOR_ID = field("l2tp.avp.vendor_id", "Vendor ID", Uint16, Dec);
    AVP_TYPE = field("l2tp.avp.type", "AVP Type", Uint16, Dec).names(Names::Values(AVPS));
    AVP_MESSAGE_TYPE = field("l2tp.avp.message_type", "Message Type", Uint16, Dec).names(Names::Values(MESSAGES));
    RESULT_CODE = field("l2tp.result_code", "Result code", Uint16, Dec);
    AVP_ERROR_CODE = field("l2tp.avp.error_code", "Error code", Uint16, Dec);
    AVP_ERROR_MESSAGE = field("l2tp.avp.error_message", "Error Message", String, None);
    AVP_PROTOCOL_VERSION = field("l2tp.avp.protocol_version", "Version", Uint8, Dec);
    AVP_PROTOCOL_REVISION = field("l2tp.avp.protocol_revision", "Revision", Uint8, Dec);
    AVP_ASYNC_FRAMING_SUPPORTED = field("l2tp.avp.async_framing_supported", "Async Framing Supported", Boolean, None).mask(0x2);
    AVP_SYNC_FRAMING_SUPPORTED = field("l2tp.avp.sync_framing_supported", "Sync Framing Supported", Boolean, None).mask(0x1);
    AVP_ANALOG_ACCESS_SUPPORTED = field("l2tp.avp.analog_access_supported", "Analog Access Supported", Boolean, None).mask(0x2);
    AVP_DIGITAL_ACCESS_SUPPORTED = field("l2tp.avp.digital_access_supported", "Digital Access Supported", Boolean, None).mask(0x1);
    AVP_FIRMWARE_REVISION = field("l2tp.avp.firmware_revision", "Firmware Revision", Uint16, Dec);
    AVP_HOST_NAME = field("l2tp.avp.host_name", "Host Name", String, None);
    AVP_VENDOR_NAME = field("l2tp.avp.vendor_name", "Vendor Name", String, None);
    AVP_ASSIGNED_TUNNEL_ID = field("l2tp.avp.assigned_tunnel_id", "Assigned Tunnel ID", Uint16, Dec);
    AVP_RECEIVE_WINDOW_SIZE = field("l2tp.avp.receive_window_size", "Receive Window Size", Uint16, Dec);
    AVP_CHAP_CHALLENGE = field("l2tp.avp.chap_challenge", "CHAP Challenge", Bytes, None);
    AVP_CHAP_CHALLENGE_RESPONSE = field("l2tp.avp.chap_challenge_response", "CHAP Challenge Response", Bytes, None);
    AVP_ASSIGNED_SESSION_ID = field("l2tp.avp.assigned_session_id", "Assigned Session ID", Uint16, Dec);
    AVP_CALL_SERIAL_NUMBER = field("l2tp.avp.call_serial_number", "Call Serial Number", Uint32, Dec);
    AVP_CALLED_NUMBER = field("l2tp.avp.called_number", "Called Number", String, None);
    AVP_CALLING_NUMBER = field("l2tp.avp.calling_number", "Calling Number", String, None);
    AVP_CONNECT_SPEED = field("l2tp.avp.connect_speed", "Connect Speed", Uint32, Dec);
}

/// RFC 2661, 4.4.
const AVPS: &[(u64, &str)] = &[
    (0, "Control Message"),
    (1, "Result-Error Code"),
    (2, "Protocol Version"),
    (3, "Framing Capabilities"),
    (4, "Bearer Capabilities"),
    (5, "Tie Breaker"),
    (6, "Firmware Revision"),
    (7, "Host Name"),
    (8, "Vendor Name"),
    (9, "Assigned Tunnel ID"),
    (10, "Receive Window Size"),
    (11, "Challenge"),
    (12, "Cause Code"),
    (13, "Challenge Response"),
    (14, "Assigned Session"),
    (15, "Call Serial Number"),
    (16, "Minimum BPS"),
    (17, "Maximum BPS"),
    (18, "Bearer Type"),
    (19, "Framing Type"),
    (21, "Called Number"),
    (22, "Calling Number"),
    (23, "Sub-Address"),
    (24, "Connect Speed"),
    (25, "Physical Channel"),
    (26, "Initial Received LCP CONFREQ"),
    (27, "Last Sent LCP CONFREQ"),
    (28, "Last Received LCP CONFREQ"),
    (29, "Proxy Authen Type"),
    (30, "Proxy Authen Name"),
    (31, "Proxy Authen Challenge"),
    (32, "Proxy Authen ID"),
    (33, "Proxy Authen Response"),
    (34, "Call status AVPs"),
    (35, "ACCM"),
    (36, "Random Vector"),
    (37, "Private group ID"),
    (38, "RxConnect Speed"),
    (39, "Sequencing Required"),
];
/// RFC 2661, 3.2; what they are called in the column is in [`SHORT`].
const MESSAGES: &[(u64, &str)] = &[
    (1, "Start_Control_Request"),
    (2, "Start_Control_Reply"),
    (3, "Start_Control_Connected"),
    (4, "Stop_Control_Notification"),
    (5, "Reserved"),
    (6, "Hello"),
    (7, "Outgoing_Call_Request"),
    (8, "Outgoing_Call_Reply"),
    (9, "Outgoing_Call_Connected"),
    (10, "Incoming_Call_Request"),
    (11, "Incoming_Call_Reply"),
    (12, "Incoming_Call_Connected"),
    (13, "Reserved"),
    (14, "Call_Disconnect_Notification"),
    (15, "WAN_Error_Notify"),
    (16, "Set_Link_Info"),
];
const SHORT: &[(u64, &str)] = &[
    (1, "SCCRQ"),
    (2, "SCCRP"),
    (3, "SCCCN"),
    (4, "StopCCN"),
    (5, "Reserved"),
    (6, "Hello"),
    (7, "OCRQ"),
    (8, "OCRP"),
    (9, "OCCN"),
    (10, "ICRQ"),
    (11, "ICRP"),
    (12, "ICCN"),
    (13, "Reserved"),
    (14, "CDN"),
    (15, "WEN"),
    (16, "SLI"),
    (17, "MDMST"),
    (18, "SRRQ"),
    (19, "SRRP"),
    (20, "ACK"),
];
/// Attributes that are one value, and how many octets a number has: none stands for text, or octets.
const VALUES: &[(u16, FieldId, usize)] = &[
    (0, AVP_MESSAGE_TYPE, 2),
    (6, AVP_FIRMWARE_REVISION, 2),
    (7, AVP_HOST_NAME, 0),
    (8, AVP_VENDOR_NAME, 0),
    (9, AVP_ASSIGNED_TUNNEL_ID, 2),
    (10, AVP_RECEIVE_WINDOW_SIZE, 2),
    (11, AVP_CHAP_CHALLENGE, 0),
    (13, AVP_CHAP_CHALLENGE_RESPONSE, 0),
    (14, AVP_ASSIGNED_SESSION_ID, 2),
    (15, AVP_CALL_SERIAL_NUMBER, 4),
    (21, AVP_CALLED_NUMBER, 0),
    (22, AVP_CALLING_NUMBER, 0),
    (24, AVP_CONNECT_SPEED, 4),
];
const IS_CONTROL: u16 = 0x8000;
const HAS_LENGTH: u16 = 0x4000;
const HAS_SEQUENCE: u16 = 0x0800;
const HAS_OFFSET: u16 = 0x0200;
const HAS_PRIORITY: u16 = 0x0100;
const IS_HIDDEN: u16 = 0x4000;
/// How many attributes of one message are shown.
pub const MAX_AVPS: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ppp, ProtoId::Data],
    accepts: Some(accepts),
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::L2tp, "L2TP", &[Binding::UdpPort(1701)], dissect)
};

fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.u16(0).is_ok_and(|flags| flags & 0x0f == 2)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("L2TP");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let flags = tvb.u16(0)?;
    show_flags(d, tvb, flags);
    let mut at = 2;
    let mut end = tvb.reported();
    if flags & HAS_LENGTH != 0 {
        end = end.min(d.uint(LENGTH, tvb, at, 2)? as usize);
        at += 2;
    }
    let tunnel = d.uint(TUNNEL, tvb, at, 2)?;
    let session = d.uint(SESSION, tvb, at + 2, 2)?;
    at += 4;
    if flags & HAS_SEQUENCE != 0 {
        d.uint(NS, tvb, at, 2)?;
        d.uint(NR, tvb, at + 2, 2)?;
        at += 4;
    }
    if flags & HAS_OFFSET != 0 {
        at += 2 + d.uint(OFFSET, tvb, at, 2)? as usize;
    }
    if flags & IS_CONTROL == 0 {
        d.set_info(|| format!("Data Message            (tunnel id={tunnel}, session id={session})"));
        d.set_len(item, at);
        d.close();
        if at < tvb.reported() {
            d.call(ProtoId::Ppp, tvb.from(at));
        }
        return Ok(());
    }
    d.set_info(|| {
        let kind = match tvb.u16(at + 6) {
            Ok(kind) if at < end => Names::Values(SHORT).of(kind.into()).unwrap_or("Unknown".into()),
            // Nothing but an acknowledgement.
            _ => "ZLB     ".into(),
        };
        format!("Control Message - {kind} (tunnel id={tunnel}, session id={session})")
    });
    let avps = tvb.sub(0, end);
    for _ in 0..MAX_AVPS {
        if at >= end {
            break;
        }
        at += avp(d, avps, at)?;
    }
    d.close();
    Ok(())
}

fn show_flags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flags: u16) {
    let item = d.open(FLAGS, tvb, 0, 2, Value::Uint(flags.into()));
    d.append_text(item, || {
        let mut text = format!(", Type: {} Message", if flags & IS_CONTROL != 0 { "Control" } else { "Data" });
        for (flag, name) in [
            (HAS_LENGTH, ", Length Bit"),
            (HAS_SEQUENCE, ", Sequence Bit"),
            (HAS_OFFSET, ", Offset bit"),
            (HAS_PRIORITY, ", Priority"),
        ] {
            if flags & flag != 0 {
                text += name;
            }
        }
        text
    });
    d.bits(TYPE, tvb, 0, 2, flags.into());
    for flag in [LENGTH_BIT, SEQ_BIT, OFFSET_BIT, PRIORITY] {
        d.flag(flag, tvb, 0, 2, flags.into());
    }
    d.bits(VERSION, tvb, 0, 2, flags.into());
    d.close();
}

/// RFC 2661, 4.1; answers how long it is.
fn avp<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, crate::stop::Stop> {
    let head = tvb.u16(at)?;
    let len = usize::from(head & 0x03ff);
    let (vendor, kind) = (tvb.u16(at + 2)?, tvb.u16(at + 4)?);
    if len < 6 {
        return Err(crate::stop::Stop::Malformed);
    }
    let value = tvb.exact(at + 6, len - 6)?;
    d.open_text(tvb, at, len, || match vendor {
        0 => format!("{} AVP", Names::Values(AVPS).of(kind.into()).unwrap_or("Unknown".into())),
        _ => format!("Vendor {vendor} AVP"),
    });
    d.flag(AVP_MANDATORY, tvb, at, 2, head.into());
    d.flag(AVP_HIDDEN, tvb, at, 2, head.into());
    d.bits(AVP_LENGTH, tvb, at, 2, head.into());
    d.uint(AVP_VENDOR_ID, tvb, at + 2, 2)?;
    if vendor == 0 {
        d.uint(AVP_TYPE, tvb, at + 4, 2)?;
        if head & IS_HIDDEN == 0 {
            show(d, value, kind)?;
        }
    }
    d.close();
    Ok(len)
}

fn show<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, kind: u16) -> Parsed {
    let len = value.reported();
    match kind {
        1 => {
            d.uint(RESULT_CODE, value, 0, 2)?;
            if len >= 4 {
                d.uint(AVP_ERROR_CODE, value, 2, 2)?;
            }
            if len > 4 {
                d.string(AVP_ERROR_MESSAGE, value, 4, len - 4);
            }
        }
        2 => {
            d.uint(AVP_PROTOCOL_VERSION, value, 0, 1)?;
            d.uint(AVP_PROTOCOL_REVISION, value, 1, 1)?;
        }
        3 | 4 => {
            let fields = match kind {
                3 => [AVP_ASYNC_FRAMING_SUPPORTED, AVP_SYNC_FRAMING_SUPPORTED],
                _ => [AVP_ANALOG_ACCESS_SUPPORTED, AVP_DIGITAL_ACCESS_SUPPORTED],
            };
            for field in fields {
                d.flag(field, value, 0, 4, value.u32(0)?.into());
            }
        }
        _ => match VALUES.iter().find(|row| row.0 == kind) {
            Some((_, field, 0)) if matches!(kind, 11 | 13) => drop(d.bytes(*field, value, 0, len)),
            Some((_, field, 0)) => drop(d.string(*field, value, 0, len)),
            Some((_, field, width)) => drop(d.uint(*field, value, 0, *width)?),
            None => {}
        },
    }
    Ok(())
}

/// A request with all attributes, a call that is refused, and data.
const SAMPLES: &[&str] = &[
    "450000c2 00010000 40110000 0a000001 0a000002 06a506a5 00ae0000 c80200a6 00050006 00010002 8008000000000001 \
     8008000000020100 800a00000003 00000003 800a00000004 00000003 0008000000060102 8009000000076c6163 8009000000086e6574 \
     8008000000090005 80080000000a0004 80080000000b6162 80080000000d6364 80080000000e0007 800a0000000f 00000009 \
     800900000015313233 800900000016343536 800a00000018 0000ffff 800e00000001 00020006 62616421",
    "4500002a 00010000 40110000 0a000001 0a000002 06a506a5 00160000 02020005 00060000 c0210101 0004",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    const HELLO: &[u8] = b"\xc8\x02\0\x14\0\x05\0\0\0\x01\0\x02\x80\x08\0\0\0\0\0\x06";

    #[test]
    fn attributes_are_listed_up_to_the_limit() {
        assert!(shown_by(ProtoId::L2tp, HELLO).contains(&("l2tp.avp.message_type", "6".to_owned())));
        assert!(shown_by(ProtoId::L2tp, &HELLO[..9]).iter().any(|row| row.0 == "_ws.malformed"));
        const LONG: [u8; 12 + 12 * MAX_AVPS] = {
            let mut octets = [0; 12 + 12 * MAX_AVPS];
            (octets[0], octets[1]) = (0x88, 2);
            let mut at = 10;
            while at + 6 <= octets.len() {
                (octets[at + 1], octets[at + 5]) = (6, 5);
                at += 6;
            }
            octets
        };
        let shown = shown_by(ProtoId::L2tp, &LONG);
        assert_eq!(shown.iter().filter(|row| row.0 == "l2tp.avp.length").count(), MAX_AVPS);
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::L2tp, HELLO);
    }
}
