//! The Point-to-Point Tunneling Protocol's control connection (RFC 2637, 2).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Pptp, "pptp", "Point-to-Point Tunnelling Protocol";
    LENGTH = field("pptp.length", "Length", Uint16, Dec);
    TYPE = field("pptp.type", "Message type", Uint16, Dec).names(Names::Values(&[(1, "Control Message"), (2, "Management Message")]));
    MAGIC_COOKIE = field("pptp.magic_cookie", "Magic Cookie", Uint32, Hex);
    CONTROL_MESSAGE_TYPE = field("pptp.control_message_type", "Control Message Type", Uint16, Dec).names(Names::Values(MESSAGES));
    RESERVED = field("pptp.reserved", "Reserved", Bytes, None);
    PROTOCOL_VERSION = field("pptp.protocol_version", "Protocol version", Uint16, Dec);
    FRAMING_CAPABILITIES = field("pptp.framing_capabilities", "Framing Capabilities", Uint32, Dec).names(Names::Values(FRAMINGS));
    BEARER_CAPABILITIES = field("pptp.bearer_capabilities", "Bearer Capabilities", Uint32, Dec).names(Names::Values(BEARERS));
    MAXIMUM_CHANNELS = field("pptp.maximum_channels", "Maximum Channels", Uint16, Dec);
    FIRMWARE_REVISION = field("pptp.firmware_revision", "Firmware Revision", Uint16, Dec);
    HOST_NAME = field("pptp.host_name", "Host Name", String, None);
    VENDOR_NAME = field("pptp.vendor_name", "Vendor Name", String, None);
    CONTROL_RESULT = field("pptp.control_result", "Result Code", Uint8, Dec).names(Names::Values(CONTROL_RESULTS));
    ERROR = field("pptp.error", "Error Code", Uint8, Dec).names(Names::Values(ERRORS));
    REASON = field("pptp.reason", "Reason", Uint8, Dec).names(Names::Values(&[(1, "None"), (2, "Stop protocol"), (3, "Stop local shutdown")]));
    STOP_RESULT = field("pptp.stop_result", "Result Code", Uint8, Dec).names(Names::Values(&[(1, "OK"), (2, "General error")]));
    IDENTIFIER = field("pptp.identifier", "Identifier", Uint32, Dec);
    ECHO_RESULT = field("pptp.echo_result", "Result Code", Uint8, Dec).names(Names::Values(&[(1, "OK"), (2, "General error")]));
    CALL_ID = field("pptp.call_id", "Call ID", Uint16, Dec);
    CALL_SERIAL_NUMBER = field("pptp.call_serial_number", "Call Serial Number", Uint16, Dec);
    MINIMUM_BPS = field("pptp.minimum_bps", "Minimum BPS", Uint32, Dec);
    MAXIMUM_BPS = field("pptp.maximum_bps", "Maximum BPS", Uint32, Dec);
    BEARER_TYPE = field("pptp.bearer_type", "Bearer Type", Uint32, Dec).names(Names::Values(BEARERS));
    FRAMING_TYPE = field("pptp.framing_type", "Framing Type", Uint32, Dec).names(Names::Values(FRAMINGS));
    WINDOW = field("pptp.packet_receive_window_size", "Packet Receive Window Size", Uint16, Dec);
    DELAY = field("pptp.packet_processing_delay", "Packet Processing Delay", Uint16, Dec);
    PHONE_NUMBER_LENGTH = field("pptp.phone_number_length", "Phone Number Length", Uint16, Dec);
    PHONE_NUMBER = field("pptp.phone_number", "Phone Number", String, None);
    SUBADDRESS = field("pptp.subaddress", "Subaddress", String, None);
    PEER_CALL_ID = field("pptp.peer_call_id", "Peer Call ID", Uint16, Dec);
    OUT_RESULT = field("pptp.out_result", "Result Code", Uint8, Dec).names(Names::Values(OUT_RESULTS));
    CAUSE = field("pptp.cause", "Cause Code", Uint16, Dec);
    CONNECT_SPEED = field("pptp.connect_speed", "Connect Speed", Uint32, Dec);
    PHYSICAL_CHANNEL_ID = field("pptp.physical_channel_id", "Physical Channel ID", Uint32, Dec);
    DISC_RESULT = field("pptp.disc_result", "Result Code", Uint8, Dec).names(Names::Values(DISC_RESULTS));
    STATISTICS = field("pptp.call_Statistics", "Call Statistics", String, None);
    SEND_ACCM = field("pptp.send_accm", "Send ACCM", Uint32, Hex);
    RECEIVE_ACCM = field("pptp.receive_accm", "Receive ACCM", Uint32, Hex);
    COOKIE_INCORRECT = expert("pptp.magic_cookie.incorrect", "Incorrect Magic Cookie", Warning, Protocol);
}

/// Control messages (RFC 2637, 2).
const MESSAGES: &[(u64, &str)] = &[
    (1, "Start-Control-Connection-Request"),
    (2, "Start-Control-Connection-Reply"),
    (3, "Stop-Control-Connection-Request"),
    (4, "Stop-Control-Connection-Reply"),
    (5, "Echo-Request"),
    (6, "Echo-Reply"),
    (7, "Outgoing-Call-Request"),
    (8, "Outgoing-Call-Reply"),
    (9, "Incoming-Call-Request"),
    (10, "Incoming-Call-Reply"),
    (11, "Incoming-Call-Connected"),
    (12, "Call-Clear-Request"),
    (13, "Call-Disconnect-Notify"),
    (14, "WAN-Error-Notify"),
    (15, "Set-Link-Info"),
];
const FRAMINGS: &[(u64, &str)] =
    &[(1, "Asynchronous Framing supported"), (2, "Synchronous Framing supported"), (3, "Either Framing supported")];
const BEARERS: &[(u64, &str)] =
    &[(1, "Analog access supported"), (2, "Digital access supported"), (3, "Either access supported")];
const CONTROL_RESULTS: &[(u64, &str)] = &[
    (1, "Successful channel establishment"),
    (2, "General error"),
    (3, "Command channel already exists"),
    (4, "Requester not authorized"),
    (5, "Protocol version not supported"),
];
const ERRORS: &[(u64, &str)] = &[
    (0, "None"),
    (1, "Not-Connected"),
    (2, "Bad-Format"),
    (3, "Bad-Value"),
    (4, "No-Resource"),
    (5, "Bad-Call ID"),
    (6, "PAC-Error"),
];
const OUT_RESULTS: &[(u64, &str)] = &[
    (1, "Connected"),
    (2, "General Error"),
    (3, "No Carrier"),
    (4, "Busy"),
    (5, "No Dial Tone"),
    (6, "Time-out"),
    (7, "Do Not Accept"),
];
const DISC_RESULTS: &[(u64, &str)] =
    &[(1, "Lost Carrier"), (2, "General Error"), (3, "Admin Shutdown"), (4, "Request")];

const COOKIE: u64 = 0x1a2b_3c4d;
const CONTROL: u64 = 1;
/// Where the fields of a message begin, behind what all have.
const BODY: usize = 10;
/// The longest message there is: a request for a call.
const MAX_MESSAGE: usize = 220;

/// The fields of each message in their order, with their lengths. No more are read of one than its length has.
const LAYOUTS: &[(u64, &[(FieldId, usize)])] = &[
    (
        1,
        &[
            (RESERVED, 2),
            (PROTOCOL_VERSION, 2),
            (RESERVED, 2),
            (FRAMING_CAPABILITIES, 4),
            (BEARER_CAPABILITIES, 4),
            (MAXIMUM_CHANNELS, 2),
            (FIRMWARE_REVISION, 2),
            (HOST_NAME, 64),
            (VENDOR_NAME, 64),
        ],
    ),
    (
        2,
        &[
            (RESERVED, 2),
            (PROTOCOL_VERSION, 2),
            (CONTROL_RESULT, 1),
            (ERROR, 1),
            (FRAMING_CAPABILITIES, 4),
            (BEARER_CAPABILITIES, 4),
            (MAXIMUM_CHANNELS, 2),
            (FIRMWARE_REVISION, 2),
            (HOST_NAME, 64),
            (VENDOR_NAME, 64),
        ],
    ),
    (3, &[(RESERVED, 2), (REASON, 1), (RESERVED, 1), (RESERVED, 2)]),
    (4, &[(RESERVED, 2), (STOP_RESULT, 1), (ERROR, 1), (RESERVED, 2)]),
    (5, &[(RESERVED, 2), (IDENTIFIER, 4)]),
    (6, &[(RESERVED, 2), (IDENTIFIER, 4), (ECHO_RESULT, 1), (ERROR, 1), (RESERVED, 2)]),
    (
        7,
        &[
            (RESERVED, 2),
            (CALL_ID, 2),
            (CALL_SERIAL_NUMBER, 2),
            (MINIMUM_BPS, 4),
            (MAXIMUM_BPS, 4),
            (BEARER_TYPE, 4),
            (FRAMING_TYPE, 4),
            (WINDOW, 2),
            (DELAY, 2),
            (PHONE_NUMBER_LENGTH, 2),
            (RESERVED, 2),
            (PHONE_NUMBER, 64),
            (SUBADDRESS, 64),
        ],
    ),
    (
        8,
        &[
            (RESERVED, 2),
            (CALL_ID, 2),
            (PEER_CALL_ID, 2),
            (OUT_RESULT, 1),
            (ERROR, 1),
            (CAUSE, 2),
            (CONNECT_SPEED, 4),
            (WINDOW, 2),
            (DELAY, 2),
            (PHYSICAL_CHANNEL_ID, 4),
        ],
    ),
    (12, &[(RESERVED, 2), (CALL_ID, 2), (RESERVED, 2)]),
    (13, &[(RESERVED, 2), (CALL_ID, 2), (DISC_RESULT, 1), (ERROR, 1), (CAUSE, 2), (RESERVED, 2), (STATISTICS, 128)]),
    (15, &[(RESERVED, 2), (PEER_CALL_ID, 2), (RESERVED, 2), (SEND_ACCM, 4), (RECEIVE_ACCM, 4)]),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(|_, tvb| matches!(framing(tvb.bytes()), Framing::Message(_))),
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Pptp, "PPTP", &[Binding::TcpPort(1723)], dissect)
};

/// A length, then the type of the message: of control messages alone are there any.
fn framing(octets: &[u8]) -> Framing {
    match octets {
        [a, b, 0, 1 | 2, ..] => match usize::from(u16::from_be_bytes([*a, *b])) {
            len @ BODY..=MAX_MESSAGE => Framing::Message(len),
            _ => Framing::Foreign,
        },
        [] | [_] | [_, _] | [_, _, 0] => Framing::More(4),
        _ => Framing::Foreign,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PPTP");
    d.begin(PROTO, tvb);
    d.uint(LENGTH, tvb, 0, 2)?;
    let kind = d.uint(TYPE, tvb, 2, 2)?;
    let cookie = d.uint(MAGIC_COOKIE, tvb, 4, 4)?;
    if cookie != COOKIE {
        d.expert(COOKIE_INCORRECT, tvb, 4, 4);
    }
    if kind == CONTROL {
        let message = d.uint(CONTROL_MESSAGE_TYPE, tvb, 8, 2)?;
        d.set_info(|| {
            let name = Names::Values(MESSAGES).of(message);
            name.map_or_else(|| format!("Unknown control type ({message})"), |name| name.into_owned())
        });
        let mut at = BODY;
        let layout = LAYOUTS.iter().find(|row| row.0 == message);
        for (field, len) in layout.map_or(&[][..], |row| row.1) {
            tvb.slice(at, *len)?;
            match *field {
                RESERVED => d.bytes(RESERVED, tvb, at, *len),
                HOST_NAME | VENDOR_NAME | PHONE_NUMBER | SUBADDRESS | STATISTICS => {
                    let text = tvb.slice(at, *len)?;
                    let end = text.iter().position(|octet| *octet == 0).unwrap_or(*len);
                    d.string(*field, tvb.sub(at, *len), 0, end)
                }
                field => {
                    d.uint(field, tvb, at, *len)?;
                    crate::dissector::Item::NONE
                }
            };
            at += len;
        }
    }
    d.close();
    Ok(())
}

/// A message of each kind whose layout is known, and one with another cookie.
const SAMPLES: &[&str] = &[
    "450000c4 00010000 40060000 0a000001 0a000002  c00006bb 00000001 00000001 50180100 00000000  009c00011a2b3c4d00010000010000000000000100000001000008706800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000076000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "450000c4 00010000 40060000 0a000001 0a000002  c00006bb 0000009d 00000001 50180100 00000000  009c00011a2b3c4d00020000010001000000000100000001000008706800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000076000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "45000038 00010000 40060000 0a000001 0a000002  c00006bb 00000139 00000001 50180100 00000000  001000011a2b3c4d0003000001000000",
    "45000038 00010000 40060000 0a000001 0a000002  c00006bb 00000149 00000001 50180100 00000000  001000011a2b3c4d0004000001000000",
    "45000038 00010000 40060000 0a000001 0a000002  c00006bb 00000159 00000001 50180100 00000000  001000011a2b3c4d0005000000000007",
    "4500003c 00010000 40060000 0a000001 0a000002  c00006bb 00000169 00000001 50180100 00000000  001400011a2b3c4d000600000000000701000000",
    "450000d0 00010000 40060000 0a000001 0a000002  c00006bb 0000017d 00000001 50180100 00000000  00a800011a2b3c4d00070000000078280000012c05f5e100000000030000000300400000000000003500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000036000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "45000048 00010000 40060000 0a000001 0a000002  c00006bb 00000225 00000001 50180100 00000000  002000011a2b3c4d00080000000000000100000005f5e1000040000000000000",
    "45000038 00010000 40060000 0a000001 0a000002  c00006bb 00000245 00000001 50180100 00000000  001000011a2b3c4d000c000000010000",
    "450000bc 00010000 40060000 0a000001 0a000002  c00006bb 00000255 00000001 50180100 00000000  009400011a2b3c4d000d000000010100000000007300000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "45000040 00010000 40060000 0a000001 0a000002  c00006bb 000002e9 00000001 50180100 00000000  001800011a2b3c4d000f000000000000ffffffffffffffff",
    "45000038 00010000 40060000 0a000001 0a000002  c00006bb 00000301 00000001 50180100 00000000  00100001002b3c4d0003000001000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn messages_are_read_by_their_layout() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "pptp.host_name"), "h");
        assert_eq!(values(&shown[6], "pptp.call_serial_number"), "30760");
        assert_eq!(values(&shown[7], "pptp.out_result"), "1");
        assert_eq!(values(&shown[10], "pptp.receive_accm"), "0xffffffff");
        assert!(values(&shown[11], "_ws.expert.message").contains("Incorrect Magic Cookie"));
    }

    #[test]
    fn a_length_or_type_that_none_has_is_not_it() {
        assert_eq!(framing(&[0, 156, 0, 1]), Framing::Message(156));
        assert_eq!(framing(&[0, 156, 0, 3]), Framing::Foreign);
        assert_eq!(framing(&[1, 156, 0, 1]), Framing::Foreign);
        assert_eq!(framing(&[0, 156]), Framing::More(4));
    }
}
