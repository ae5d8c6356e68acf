//! Q.931 (ITU-T Q.931) as H.323 uses it: the messages of call signalling, each in a TPKT, with a message of H.225.0 in their
//! user-user element.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::tpkt;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

mod samples;

fields! { Q931, "q931", "Q.931";
    DISC = field("q931.disc", "Protocol discriminator", Uint8, Hex);
    CALL_REF_LEN = field("q931.call_ref_len", "Call reference value length", Uint8, Dec);
    CALL_REF_FLAG = field("q931.call_ref_flag", "Call reference flag", Boolean, None).names(Names::Flag("Message sent to originating side", "Message sent from originating side"));
    CALL_REF = field("q931.call_ref", "Call reference value", Bytes, None);
    MESSAGE_TYPE = field("q931.message_type", "Message type", Uint8, Hex).names(Names::Values(MESSAGES));
    INFORMATION_ELEMENT = field("q931.information_element", "Information element", Uint8, Dec);
    INFORMATION_ELEMENT_LEN = field("q931.information_element_len", "Length", Uint8, Dec);
    EXTENSION_IND = field("q931.extension_ind", "Extension indicator", Boolean, None).mask(0x80).names(Names::Flag("last octet", "information continues through the next octet"));
    CODING_STANDARD = field("q931.coding_standard", "Coding standard", Uint8, Hex).mask(0x60).names(Names::Values(CODING_STANDARDS));
    INFORMATION_TRANSFER_CAPABILITY = field("q931.information_transfer_capability", "Information transfer capability", Uint8, Hex).mask(0x1f).names(Names::Values(CAPABILITIES));
    TRANSFER_MODE = field("q931.transfer_mode", "Transfer mode", Uint8, Hex).mask(0x60).names(Names::Values(MODES));
    INFORMATION_TRANSFER_RATE = field("q931.information_transfer_rate", "Information transfer rate", Uint8, Hex).mask(0x1f).names(Names::Values(RATES));
    LAYER_IDENT = field("q931.layer_ident", "Layer identification", Uint8, Hex).mask(0x60).names(Names::Values(LAYERS));
    UIL1 = field("q931.uil1", "User information layer 1 protocol", Uint8, Hex).mask(0x1f).names(Names::Values(LAYER_1));
    UIL2 = field("q931.uil2", "User information layer 2 protocol", Uint8, Hex).mask(0x1f);
    UIL3 = field("q931.uil3", "User information layer 3 protocol", Uint8, Hex).mask(0x1f);
    BEARER_CAPABILITY_DATA = field("q931.bearer_capability.data", "Data", Bytes, None);
    CAUSE_LOCATION = field("q931.cause_location", "Cause location", Uint8, Dec).mask(0x0f).names(Names::Values(LOCATIONS));
    CAUSE_RECOMMENDATION = field("q931.cause.recommendation", "Recommendation", Uint8, Hex).mask(0x7f);
    CAUSE_VALUE = field("q931.cause_value", "Cause value", Uint8, Dec).mask(0x7f).names(Names::Values(CAUSES));
    CAUSE_DATA = field("q931.cause.data", "Data", Bytes, None);
    CAUSE_REJECTION_REASON = field("q931.cause_call.rejection_reason", "Rejection reason", Uint8, Hex).mask(0x7c);
    CAUSE_CONDITION = field("q931.cause_call.condition", "Condition", Uint8, Hex).mask(0x03);
    CAUSE_DIAGNOSTIC = field("q931.cause_call.diagnostic", "Diagnostic", Bytes, None);
    CAUSE_MESSAGE_TYPE = field("q931.cause_call.message_type", "Message type", Uint8, Hex).names(Names::Values(MESSAGES));
    CAUSE_REC_TIMER = field("q931.cause_call.rec_timer", "Timer", String, None);
    CALL_STATE = field("q931.call_state", "Call state", Uint8, Hex).mask(0x3f).names(Names::Values(STATES));
    CHANNEL_INTERFACE_ID_PRESENT = field("q931.channel.interface_id_present", "Interface identifier present", Boolean, None).mask(0x40);
    CHANNEL_INTERFACE_TYPE = field("q931.channel.interface_type", "Interface type", Boolean, None).mask(0x20).names(Names::Flag("Primary rate interface", "Basic rate interface"));
    CHANNEL_EXCLUSIVE = field("q931.channel.exclusive", "Indicated channel", Boolean, None).mask(0x08).names(Names::Flag("Exclusive; only the indicated channel is acceptable", "Indicated channel is preferred"));
    CHANNEL_DCHAN = field("q931.channel.dchan", "D-channel indicator", Boolean, None).mask(0x04);
    CHANNEL_SELECTION = field("q931.channel.selection", "Information channel selection", Uint8, Hex).mask(0x03);
    CHANNEL_MAP = field("q931.channel.map", "Number/map", Boolean, None).mask(0x10).names(Names::Flag("Channel indicated by slot map", "Channel indicated by number"));
    CHANNEL_ELEMENT_TYPE = field("q931.channel.element_type", "Element type", Uint8, Hex).mask(0x0f);
    CHANNEL_NUMBER = field("q931.channel.number", "Channel number", Uint8, Dec).mask(0x7f);
    PROGRESS_LOCATION = field("q931.progress_indicator.location", "Location", Uint8, Hex).mask(0x0f).names(Names::Values(LOCATIONS));
    PROGRESS_DESCRIPTION = field("q931.progress_indicator.description", "Progress description", Uint8, Hex).mask(0x7f).names(Names::Values(PROGRESSES));
    DISPLAY_INFORMATION = field("q931.display_information", "Display information", String, None);
    KEYPAD_FACILITY = field("q931.keypad_facility", "Keypad facility", String, None);
    DATE_TIME = field("q931.date_time", "Date/time", Bytes, None);
    SIGNAL = field("q931.signal", "Signal", Uint8, Hex).names(Names::Values(SIGNALS));
    NUMBERING_PLAN = field("q931.numbering_plan", "Numbering plan", Uint8, Hex).mask(0x0f).names(Names::Values(PLANS));
    NUMBER_TYPE = field("q931.number_type", "Number type", Uint8, Hex).mask(0x70).names(Names::Values(NUMBER_TYPES));
    SCREENING_IND = field("q931.screening_ind", "Screening indicator", Uint8, Hex).mask(0x03).names(Names::Values(SCREENINGS));
    PRESENTATION_IND = field("q931.presentation_ind", "Presentation indicator", Uint8, Hex).mask(0x60).names(Names::Values(PRESENTATIONS));
    EXTENSION_REASON = field("q931.extension.reason", "Reason for redirection", Uint8, Hex).mask(0x0f);
    CALLING_DIGITS = field("q931.calling_party_number.digits", "Calling party number digits", String, None);
    CALLED_DIGITS = field("q931.called_party_number.digits", "Called party number digits", String, None);
    CONNECTED_DIGITS = field("q931.connected_number.digits", "Connected party number digits", String, None);
    REDIRECTING_DIGITS = field("q931.redirecting_number.digits", "Redirecting party number digits", String, None);
    INTERPRETATION = field("q931.interpretation", "Interpretation", Uint8, Hex).mask(0x1c);
    PRESENTATION_METHOD = field("q931.presentation_method_protocol_profile", "Presentation method of protocol profile", Uint8, Hex).mask(0x03);
    HIGH_LAYER_CHARACTERISTICS = field("q931.high_layer_characteristics", "High layer characteristics identification", Uint8, Hex).mask(0x7f).names(Names::Values(HIGH_LAYERS));
    PARTY_SUBADDR_TYPE = field("q931.party_subaddr.type", "Type of subaddress", Uint8, Hex).mask(0x70);
    PARTY_SUBADDR_ODD_EVEN = field("q931.party_subaddr.odd_even", "Odd/even indicator", Uint8, Hex).mask(0x08);
    PARTY_SUBADDR = field("q931.party_subaddr", "Subaddress", Bytes, None);
    RESTART_INDICATOR = field("q931.restart_indicator", "Restart indicator", Uint8, Hex).mask(0x07);
    SENDING_COMPLETE = field("q931.sending_complete", "Sending complete", None, None);
    MORE_DATA = field("q931.more_data", "More data", None, None);
    LOCKING_CODESET = field("q931.locking_codeset", "Locking codeset", Uint8, Dec);
    USER_PROTOCOL_DISCRIMINATOR = field("q931.user.protocol_discriminator", "Protocol discriminator", Uint8, Hex).names(Names::Values(USER_PROTOCOLS));
    USER_BYTES = field("q931.user.bytes", "User information", Bytes, None);
    DATA = field("q931.data", "Data", Bytes, None);
}

/// Q.931, table 4-2.
const MESSAGES: &[(u64, &str)] = &[
    (0x00, "ESCAPE"),
    (0x01, "ALERTING"),
    (0x02, "CALL PROCEEDING"),
    (0x03, "PROGRESS"),
    (0x05, "SETUP"),
    (0x07, "CONNECT"),
    (0x0d, "SETUP ACKNOWLEDGE"),
    (0x0f, "CONNECT ACKNOWLEDGE"),
    (0x20, "USER INFORMATION"),
    (0x21, "SUSPEND REJECT"),
    (0x22, "RESUME REJECT"),
    (0x24, "HOLD"),
    (0x25, "SUSPEND"),
    (0x26, "RESUME"),
    (0x28, "HOLD_ACKNOWLEDGE"),
    (0x2d, "SUSPEND ACKNOWLEDGE"),
    (0x2e, "RESUME ACKNOWLEDGE"),
    (0x30, "HOLD_REJECT"),
    (0x31, "RETRIEVE"),
    (0x33, "RETRIEVE ACKNOWLEDGE"),
    (0x37, "RETRIEVE REJECT"),
    (0x45, "DISCONNECT"),
    (0x46, "RESTART"),
    (0x4d, "RELEASE"),
    (0x4e, "RESTART ACKNOWLEDGE"),
    (0x5a, "RELEASE COMPLETE"),
    (0x60, "SEGMENT"),
    (0x62, "FACILITY"),
    (0x64, "REGISTER"),
    (0x6e, "NOTIFY"),
    (0x75, "STATUS ENQUIRY"),
    (0x79, "CONGESTION CONTROL"),
    (0x7b, "INFORMATION"),
    (0x7d, "STATUS"),
];
/// Q.931, table 4-3.
const ELEMENTS: &[(u64, &str)] = &[
    (0x00, "Segmented message"),
    (BEARER_CAPABILITY as u64, "Bearer capability"),
    (CAUSE as u64, "Cause"),
    (0x10, "Call identity"),
    (CALL_STATE_IE as u64, "Call state"),
    (CHANNEL as u64, "Channel identification"),
    (FACILITY as u64, "Facility"),
    (PROGRESS as u64, "Progress indicator"),
    (0x20, "Network-specific facilities"),
    (NOTIFICATION as u64, "Notification indicator"),
    (DISPLAY as u64, "Display"),
    (DATE as u64, "Date/Time"),
    (KEYPAD as u64, "Keypad facility"),
    (SIGNAL_IE as u64, "Signal"),
    (0x40, "Information rate"),
    (0x42, "End-to-end transit delay"),
    (0x43, "Transit delay selection and indication"),
    (0x44, "Packet layer binary parameters"),
    (0x45, "Packet layer window size"),
    (0x46, "Packet size"),
    (0x47, "Closed user group"),
    (0x4a, "Reverse charging indication"),
    (CONNECTED as u64, "Connected number"),
    (CALLING as u64, "Calling party number"),
    (CALLING_SUBADDRESS as u64, "Calling party subaddress"),
    (CALLED as u64, "Called party number"),
    (CALLED_SUBADDRESS as u64, "Called party subaddress"),
    (REDIRECTING as u64, "Redirecting number"),
    (0x78, "Transit network selection"),
    (RESTART as u64, "Restart indicator"),
    (0x7c, "Low-layer compatibility"),
    (HIGH_LAYER as u64, "High-layer compatibility"),
    (USER_USER as u64, "User-user"),
];
const BEARER_CAPABILITY: u8 = 0x04;
const CAUSE: u8 = 0x08;
const CALL_STATE_IE: u8 = 0x14;
const CHANNEL: u8 = 0x18;
const FACILITY: u8 = 0x1c;
const PROGRESS: u8 = 0x1e;
const NOTIFICATION: u8 = 0x27;
const DISPLAY: u8 = 0x28;
const DATE: u8 = 0x29;
const KEYPAD: u8 = 0x2c;
const SIGNAL_IE: u8 = 0x34;
const CONNECTED: u8 = 0x4c;
const CALLING: u8 = 0x6c;
const CALLING_SUBADDRESS: u8 = 0x6d;
const CALLED: u8 = 0x70;
const CALLED_SUBADDRESS: u8 = 0x71;
const REDIRECTING: u8 = 0x74;
const RESTART: u8 = 0x79;
const HIGH_LAYER: u8 = 0x7d;
const USER_USER: u8 = 0x7e;

const CODING_STANDARDS: &[(u64, &str)] = &[
    (0, "ITU-T standardized coding"),
    (1, "ISO/IEC standard"),
    (2, "National standard"),
    (3, "Standard defined for this particular network"),
];
const CAPABILITIES: &[(u64, &str)] = &[
    (0x00, "Speech"),
    (0x08, "Unrestricted digital information"),
    (0x09, "Restricted digital information"),
    (0x10, "3.1 kHz audio"),
    (0x11, "Unrestricted digital information with tones/announcements"),
    (0x18, "Video"),
];
const MODES: &[(u64, &str)] = &[(0, "Circuit mode"), (2, "Packet mode")];
const RATES: &[(u64, &str)] = &[
    (0x00, "Packet mode"),
    (0x10, "64 kbit/s"),
    (0x11, "2 x 64 kbit/s"),
    (0x13, "384 kbit/s"),
    (0x15, "1536 kbit/s"),
    (0x17, "1920 kbit/s"),
    (0x18, "Multirate (64 kbit/s base rate)"),
];
const LAYERS: &[(u64, &str)] = &[(1, "Layer 1 identifier"), (2, "Layer 2 identifier"), (3, "Layer 3 identifier")];
const LAYER_1: &[(u64, &str)] = &[
    (1, "V.110/I.460/X.30 rate adaption"),
    (2, "Recommendation G.711 u-law"),
    (3, "Recommendation G.711 A-law"),
    (4, "Recommendation G.721 32 kbit/s ADPCM and Recommendation I.460"),
    (5, "Recommendation H.221 and H.242"),
    (6, "Recommendation H.223 and H.245"),
    (7, "Non-ITU-T-standardized rate adaption"),
    (8, "V.120 rate adaption"),
    (9, "X.31 HDLC flag stuffing"),
];
const LOCATIONS: &[(u64, &str)] = &[
    (0, "User (U)"),
    (1, "Private network serving the local user (LPN)"),
    (2, "Public network serving the local user (LN)"),
    (3, "Transit network (TN)"),
    (4, "Public network serving the remote user (RLN)"),
    (5, "Private network serving the remote user (RPN)"),
    (7, "International network (INTL)"),
    (10, "Network beyond interworking point (BI)"),
];
/// ITU-T Q.850, table 1, in the words that filters know of this field: those of `sip.reason_cause_q850` are others for a few, and
/// more causes have some.
const CAUSES: &[(u64, &str)] = &[
    (1, "Unallocated (unassigned) number"),
    (2, "No route to specified transit network"),
    (3, "No route to destination"),
    (4, "Send special information tone"),
    (5, "Misdialled trunk prefix"),
    (6, "Channel unacceptable"),
    (7, "Call awarded and being delivered in an established channel"),
    (14, "QoR: ported number"),
    (16, "Normal call clearing"),
    (17, "User busy"),
    (18, "No user responding"),
    (19, "No answer from user (user alerted)"),
    (20, "Subscriber absent"),
    (21, "Call rejected"),
    (22, "Number changed"),
    (26, "Non-selected user clearing"),
    (27, "Destination out of order"),
    (28, "Invalid number format (incomplete number)"),
    (29, "Facility rejected"),
    (30, "Response to STATUS ENQUIRY"),
    (31, "Normal unspecified"),
    (34, "No circuit/channel available"),
    (38, "Network out of order"),
    (41, "Temporary failure"),
    (42, "Switching equipment congestion"),
    (43, "Access information discarded"),
    (44, "Requested circuit/channel not available"),
    (46, "Precedence call blocked"),
    (47, "Resources unavailable, unspecified"),
    (49, "Quality of service unavailable"),
    (50, "Requested facility not subscribed"),
    (53, "Outgoing calls barred within CUG"),
    (55, "Incoming calls barred within CUG"),
    (57, "Bearer capability not authorized"),
    (58, "Bearer capability not presently available"),
    (63, "Service or option not available, unspecified"),
    (65, "Bearer capability not implemented"),
    (66, "Channel type not implemented"),
    (69, "Requested facility not implemented"),
    (70, "Only restricted digital information bearer capability is available"),
    (79, "Service or option not implemented, unspecified"),
    (81, "Invalid call reference value"),
    (82, "Identified channel does not exist"),
    (83, "Call identity does not exist for suspended call"),
    (84, "Call identity in use"),
    (85, "No call suspended"),
    (86, "Call having the requested call identity has been cleared"),
    (87, "Called user not member of CUG"),
    (88, "Incompatible destination"),
    (91, "Invalid transit network selection (national use)"),
    (95, "Invalid message, unspecified"),
    (96, "Mandatory information element is missing"),
    (97, "Message type non-existent or not implemented"),
    (98, "Message not compatible with call state or message type non-existent or not implemented"),
    (99, "Information element non-existent or not implemented"),
    (100, "Invalid information element contents"),
    (101, "Message not compatible with call state"),
    (102, "Recovery on timer expiry"),
    (103, "Parameter non-existent or not implemented - passed on"),
    (110, "Message with unrecognized parameter discarded"),
    (111, "Protocol error, unspecified"),
    (127, "Internetworking, unspecified"),
];
const STATES: &[(u64, &str)] = &[
    (0, "Null"),
    (1, "Call initiated"),
    (2, "Overlap sending"),
    (3, "Outgoing call proceeding"),
    (4, "Call delivered"),
    (6, "Call present"),
    (7, "Call received"),
    (8, "Connect request"),
    (9, "Incoming call proceeding"),
    (10, "Active"),
    (11, "Disconnect request"),
    (12, "Disconnect indication"),
    (15, "Suspend request"),
    (17, "Resume request"),
    (19, "Release request"),
    (22, "Call abort"),
    (25, "Overlap receiving"),
    (61, "Restart request"),
    (62, "Restart"),
];
const PROGRESSES: &[(u64, &str)] = &[
    (1, "Call is not end-to-end ISDN - progress information available in-band"),
    (2, "Destination address is non-ISDN"),
    (3, "Origination address is non-ISDN"),
    (4, "Call has returned to the ISDN"),
    (5, "Interworking has occurred and has resulted in a telecommunications service change"),
    (8, "In-band information or an appropriate pattern is now available"),
];
const SIGNALS: &[(u64, &str)] = &[
    (0, "Dial tone on"),
    (1, "Ring tone on"),
    (2, "Intercept tone on"),
    (3, "Network congestion tone on"),
    (4, "Busy tone on"),
    (5, "Confirm tone on"),
    (6, "Answer tone on"),
    (7, "Call waiting tone on"),
    (8, "Off-hook warning tone on"),
    (9, "Preemption tone on"),
    (63, "Tones off"),
    (79, "Alerting off"),
];
const PLANS: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "E.164 ISDN/telephony numbering"),
    (3, "X.121 data numbering"),
    (4, "F.69 Telex numbering"),
    (8, "National standard numbering"),
    (9, "Private numbering"),
];
const NUMBER_TYPES: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "International number"),
    (2, "National number"),
    (3, "Network specific number"),
    (4, "Subscriber number"),
    (6, "Abbreviated number"),
];
const SCREENINGS: &[(u64, &str)] = &[
    (0, "User-provided, not screened"),
    (1, "User-provided, verified and passed"),
    (2, "User-provided, verified and failed"),
    (3, "Network-provided"),
];
const PRESENTATIONS: &[(u64, &str)] =
    &[(0, "Presentation allowed"), (1, "Presentation restricted"), (2, "Number not available due to interworking")];
const HIGH_LAYERS: &[(u64, &str)] =
    &[(1, "Telephony"), (4, "F.182 Facsimile Group 2/3"), (33, "F.184 Facsimile Group 4 Class I")];
const USER_PROTOCOLS: &[(u64, &str)] = &[
    (0, "User-specific protocol"),
    (1, "OSI high layer protocols"),
    (2, "X.244"),
    (4, "IA5 characters"),
    (ASN_1, "X.208 and X.209 coded user information"),
];
const ASN_1: u64 = 5;

/// How many information elements of a message are shown.
pub const MAX_ELEMENTS: usize = 256;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Tpkt, ProtoId::H225],
    accepts: Some(accepts),
    framing: Some(tpkt::framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: samples::MESSAGES }],
    ..Protocol::new(ProtoId::Q931, "Q.931", &[Binding::TcpPort(1720)], dissect)
};

fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    matches!(tvb.bytes(), [3, 0, ..])
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let message = tpkt::show(d, tvb)?;
    // Wireshark enters it twice: for TPKT, and for what that holds.
    if !d.layer_names().contains(&"q931") {
        d.layer("q931");
    }
    d.set_protocol("Q.931");
    d.begin(PROTO, message);
    d.uint(DISC, message, 0, 1)?;
    let ref_len = usize::from(message.u8(1)? & 0x0f);
    d.add(CALL_REF_LEN, message, 1, 1, Value::Uint(ref_len as u64));
    if ref_len > 0 {
        let mut reference = message.slice(2, ref_len)?.to_vec();
        let is_from_other = reference.first().is_some_and(|octet| octet & 0x80 != 0);
        d.add(CALL_REF_FLAG, message, 2, 1, Value::Uint(is_from_other.into()));
        if let Some(first) = reference.first_mut() {
            *first &= 0x7f;
        }
        d.add(CALL_REF, message, 2, ref_len, Value::Octets(reference.into()));
    }
    let kind = message.u8(2 + ref_len)?;
    d.add(MESSAGE_TYPE, message, 2 + ref_len, 1, Value::Uint(kind.into()));
    d.set_info(|| {
        Names::Values(MESSAGES).of(kind.into()).unwrap_or_else(|| format!("Unknown (0x{kind:02X})").into()).into()
    });
    let user = elements(d, message, 3 + ref_len)?;
    d.close();
    if let Some(user) = user {
        d.call(ProtoId::H225, user);
    }
    Ok(())
}

/// Shows the information elements; answers the message of H.225.0 among them.
fn elements<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize) -> Result<Option<Tvb<'a>>, Stop> {
    let (mut at, mut codeset, mut is_locked) = (start, 0, true);
    let mut user = None;
    for _ in 0..MAX_ELEMENTS {
        if at >= tvb.reported() {
            break;
        }
        let id = tvb.u8(at)?;
        if id & 0x80 != 0 {
            single(d, tvb, at, id, &mut codeset, &mut is_locked);
            at += 1;
            continue;
        }
        // H.225.0, 7.2.2.31: the length of the user-user element has two octets.
        let width = if id == USER_USER && codeset == 0 { 2 } else { 1 };
        let len = tvb.uint(at + 1, width)? as usize;
        let body = at + 1 + width;
        let element = tvb.exact(body, len)?;
        let name = if codeset == 0 { Names::Values(ELEMENTS).of(id.into()) } else { None };
        // Supplementary services are a protocol of their own (Q.932), which is not taken apart.
        let is_q932 = codeset == 0 && matches!(id, FACILITY | NOTIFICATION);
        if is_q932 {
            d.layer("q932");
        }
        d.open_text(tvb, at, 1 + width + len, || match &name {
            Some(name) => name.to_string(),
            None => format!("Unknown information element (0x{id:02X})"),
        });
        if !is_q932 {
            let item = d.add(INFORMATION_ELEMENT, tvb, at, 1, Value::Uint(id.into()));
            d.text(item, || {
                let name = name.clone().unwrap_or_else(|| format!("Unknown (0x{id:02X})").into());
                format!("Information element: {name}")
            });
            d.add(INFORMATION_ELEMENT_LEN, tvb, at + 1, width, Value::Uint(len as u64));
            if codeset == 0 {
                user = self::element(d, element, id)?.or(user);
            } else if len > 0 {
                d.bytes(DATA, element, 0, len);
            }
        }
        d.close();
        at = body + len;
        if !is_locked {
            (codeset, is_locked) = (0, true);
        }
    }
    Ok(user)
}

/// An element of one octet (Q.931, 4.5.1).
fn single<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, id: u8, codeset: &mut u8, is_locked: &mut bool) {
    match id {
        0x90..=0x9f => {
            *codeset = id & 0x07;
            *is_locked = id & 0x08 == 0;
            if *is_locked {
                d.add(LOCKING_CODESET, tvb, at, 1, Value::Uint((*codeset).into()));
            }
        }
        0xa0 => {
            d.add(MORE_DATA, tvb, at, 1, Value::None);
        }
        0xa1 => {
            d.add(SENDING_COMPLETE, tvb, at, 1, Value::None);
        }
        _ => {}
    }
}

/// Whether another octet of the same group follows (4.5.1).
fn goes_on(octet: u8) -> bool {
    octet & 0x80 == 0
}

fn bits<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, fields: &[FieldId]) -> Result<u8, Stop> {
    let octet = tvb.u8(at)?;
    for field in fields {
        d.bits(*field, tvb, at, 1, octet.into());
    }
    Ok(octet)
}

/// Shows what an element of codeset 0 holds; answers a message of H.225.0.
fn element<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, id: u8) -> Result<Option<Tvb<'a>>, Stop> {
    let len = tvb.reported();
    if len == 0 {
        return Ok(None);
    }
    match id {
        BEARER_CAPABILITY => bearer(d, tvb)?,
        CAUSE => cause(d, tvb)?,
        CALL_STATE_IE => {
            bits(d, tvb, 0, &[CODING_STANDARD, CALL_STATE])?;
        }
        CHANNEL => channel(d, tvb)?,
        PROGRESS => {
            bits(d, tvb, 0, &[CODING_STANDARD, PROGRESS_LOCATION])?;
            if len > 1 {
                bits(d, tvb, 1, &[PROGRESS_DESCRIPTION])?;
            }
        }
        DISPLAY => text(d, tvb, 0, DISPLAY_INFORMATION),
        KEYPAD => text(d, tvb, 0, KEYPAD_FACILITY),
        DATE => {
            d.bytes(DATE_TIME, tvb, 0, len);
        }
        SIGNAL_IE => {
            d.uint(SIGNAL, tvb, 0, 1)?;
        }
        CALLING => number(d, tvb, CALLING_DIGITS)?,
        CALLED => number(d, tvb, CALLED_DIGITS)?,
        CONNECTED => number(d, tvb, CONNECTED_DIGITS)?,
        REDIRECTING => number(d, tvb, REDIRECTING_DIGITS)?,
        CALLING_SUBADDRESS | CALLED_SUBADDRESS => {
            bits(d, tvb, 0, &[PARTY_SUBADDR_TYPE, PARTY_SUBADDR_ODD_EVEN])?;
            if len > 1 {
                d.bytes(PARTY_SUBADDR, tvb, 1, len - 1);
            }
        }
        RESTART => {
            bits(d, tvb, 0, &[RESTART_INDICATOR])?;
        }
        HIGH_LAYER => {
            bits(d, tvb, 0, &[EXTENSION_IND, CODING_STANDARD, INTERPRETATION, PRESENTATION_METHOD])?;
            if len > 1 {
                bits(d, tvb, 1, &[EXTENSION_IND, HIGH_LAYER_CHARACTERISTICS])?;
            }
        }
        USER_USER => {
            let protocol = d.uint(USER_PROTOCOL_DISCRIMINATOR, tvb, 0, 1)?;
            if protocol == ASN_1 && len > 1 {
                return Ok(Some(tvb.from(1)));
            }
            if len > 1 {
                d.bytes(USER_BYTES, tvb, 1, len - 1);
            }
        }
        _ => {
            d.bytes(DATA, tvb, 0, len);
        }
    }
    Ok(None)
}

fn text<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, field: FieldId) {
    d.string(field, tvb, at, tvb.reported().saturating_sub(at));
}

/// Q.931, 4.5.5.
fn bearer<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let first = bits(d, tvb, 0, &[EXTENSION_IND, CODING_STANDARD, INFORMATION_TRANSFER_CAPABILITY])?;
    if first & 0x60 != 0 {
        d.bytes(BEARER_CAPABILITY_DATA, tvb, 1, tvb.reported() - 1);
        return Ok(());
    }
    let mut at = 1;
    if goes_on(first) {
        at += 1;
    }
    if at >= tvb.reported() {
        return Ok(());
    }
    let rate = bits(d, tvb, at, &[EXTENSION_IND, TRANSFER_MODE, INFORMATION_TRANSFER_RATE])?;
    // The multirate has its multiplier behind it.
    at += if rate & 0x1f == 0x18 { 2 } else { 1 };
    while at < tvb.reported() {
        let octet = tvb.u8(at)?;
        let layer = match octet >> 5 & 3 {
            1 => UIL1,
            2 => UIL2,
            3 => UIL3,
            _ => return Ok(()),
        };
        bits(d, tvb, at, &[EXTENSION_IND, LAYER_IDENT, layer])?;
        let mut last = octet;
        at += 1;
        while goes_on(last) && at < tvb.reported() {
            last = tvb.u8(at)?;
            at += 1;
        }
    }
    Ok(())
}

/// ITU-T Q.850, 2.
fn cause<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let first = bits(d, tvb, 0, &[CAUSE_LOCATION, CODING_STANDARD, EXTENSION_IND])?;
    let len = tvb.reported();
    if first & 0x60 != 0 {
        if len > 1 {
            d.bytes(CAUSE_DATA, tvb, 1, len - 1);
        }
        return Ok(());
    }
    let mut at = 1;
    if goes_on(first) && at < len {
        bits(d, tvb, at, &[EXTENSION_IND, CAUSE_RECOMMENDATION])?;
        at += 1;
    }
    if at >= len {
        return Ok(());
    }
    let value = bits(d, tvb, at, &[CAUSE_VALUE, EXTENSION_IND])? & 0x7f;
    at += 1;
    if at >= len {
        return Ok(());
    }
    match value {
        // Call rejected: by whom, and for how long.
        21 => {
            bits(d, tvb, at, &[CAUSE_REJECTION_REASON, CAUSE_CONDITION])?;
        }
        // Information elements that are missing or wrong.
        96 | 99 | 100 => {
            for at in at..len.min(at + MAX_ELEMENTS) {
                let id = tvb.u8(at)?;
                let item = d.add(INFORMATION_ELEMENT, tvb, at, 1, Value::Uint(id.into()));
                d.text(item, || {
                    let name =
                        Names::Values(ELEMENTS).of(id.into()).unwrap_or_else(|| format!("Unknown (0x{id:02X})").into());
                    format!("Information element: {name}")
                });
            }
        }
        97 | 101 => {
            d.uint(CAUSE_MESSAGE_TYPE, tvb, at, 1)?;
        }
        102 => text(d, tvb, at, CAUSE_REC_TIMER),
        _ => {
            d.bytes(CAUSE_DIAGNOSTIC, tvb, at, len - at);
        }
    }
    Ok(())
}

/// Q.931, 4.5.13.
fn channel<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let first = tvb.u8(0)?;
    d.flag(EXTENSION_IND, tvb, 0, 1, first.into());
    for flag in [CHANNEL_INTERFACE_ID_PRESENT, CHANNEL_INTERFACE_TYPE, CHANNEL_EXCLUSIVE, CHANNEL_DCHAN] {
        d.flag(flag, tvb, 0, 1, first.into());
    }
    d.bits(CHANNEL_SELECTION, tvb, 0, 1, first.into());
    let mut at = 1;
    if first & 0x40 != 0 {
        while at < tvb.reported() && goes_on(tvb.u8(at)?) {
            at += 1;
        }
        at += 1;
    }
    // A basic rate interface says in its first octet which of its two channels is meant.
    if at < tvb.reported() {
        let kind = bits(d, tvb, at, &[EXTENSION_IND, CODING_STANDARD, CHANNEL_MAP, CHANNEL_ELEMENT_TYPE])?;
        at += 1;
        if kind & 0x10 == 0 && at < tvb.reported() {
            bits(d, tvb, at, &[EXTENSION_IND, CHANNEL_NUMBER])?;
        }
    }
    Ok(())
}

/// Q.931, 4.5.10.
fn number<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, digits: FieldId) -> Parsed {
    let mut last = bits(d, tvb, 0, &[NUMBERING_PLAN, NUMBER_TYPE, EXTENSION_IND])?;
    let mut at = 1;
    if goes_on(last) && at < tvb.reported() {
        last = bits(d, tvb, at, &[SCREENING_IND, PRESENTATION_IND, EXTENSION_IND])?;
        at += 1;
    }
    if goes_on(last) && at < tvb.reported() {
        bits(d, tvb, at, &[EXTENSION_REASON, EXTENSION_IND])?;
        at += 1;
    }
    if at < tvb.reported() {
        text(d, tvb, at, digits);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    fn segment(elements: &str) -> String {
        let elements = elements.replace(' ', "");
        let len = 9 + elements.len() / 2;
        let whole = len + 40;
        format!(
            "4500{whole:04x}0001000040060000 0a0000010a000002 c00006b80000000100000001 5018ffff00000000 0300{len:04x}0802123405{elements}"
        )
    }

    #[test]
    fn numbers_and_causes() {
        let shown = &frames(101, &[&segment("6c05 0181343536 7003 813132 0802 8091 0805 80e6333031")])[0];
        assert_eq!(values(shown, "q931.calling_party_number.digits"), "456");
        assert_eq!(values(shown, "q931.called_party_number.digits"), "12");
        assert_eq!(values(shown, "q931.cause_value"), "17,102");
        assert_eq!(values(shown, "q931.cause_call.rec_timer"), "301");
        assert_eq!(values(shown, "q931.call_ref"), "1234");
    }

    #[test]
    fn an_element_that_is_longer_than_its_message_is_malformed() {
        let shown = &frames(101, &[&segment("2805 41")])[0];
        assert_eq!(values(shown, "q931.display_information"), "");
        assert!(!values(shown, "_ws.malformed").is_empty());
    }

    #[test]
    fn only_so_many_elements_are_shown() {
        let shown = &frames(101, &[&segment(&"340101".repeat(MAX_ELEMENTS + 9))])[0];
        assert_eq!(values(shown, "q931.signal").split(',').count(), MAX_ELEMENTS);
    }
}
