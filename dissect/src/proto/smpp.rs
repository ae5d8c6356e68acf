//! Short Message Peer to Peer (SMPP Developers Forum, version 3.4): short messages between applications and message
//! centres. Known by its looks on any TCP port.

use std::borrow::Cow;

use crate::bindings::Binding;
use crate::calendar;
use crate::dissector::Dissector;
use crate::field::{FieldId, FieldType, Names, fields};
use crate::registry::{self, Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

mod samples;

fields! { Smpp, "smpp", "Short Message Peer to Peer";
    COMMAND_LENGTH = field("smpp.command_length", "Length", Uint32, Dec);
    COMMAND_ID = field("smpp.command_id", "Operation", Uint32, Hex).names(Names::Values(COMMANDS));
    COMMAND_STATUS = field("smpp.command_status", "Result", Uint32, Hex).names(Names::Computed(status));
    SEQUENCE_NUMBER = field("smpp.sequence_number", "Sequence #", Uint32, Dec);
    SYSTEM_ID = field("smpp.system_id", "System ID", String, None);
    PASSWORD = field("smpp.password", "Password", String, None);
    SYSTEM_TYPE = field("smpp.system_type", "System type", String, None);
    INTERFACE_VERSION = field("smpp.interface_version", "Version (if)", Uint8, Dec);
    SERVICE_TYPE = field("smpp.service_type", "Service type", String, None);
    ADDR_TON = field("smpp.addr_ton", "Type of number", Uint8, Hex).names(Names::Values(NUMBER_TYPES));
    SOURCE_ADDR_TON = field("smpp.source_addr_ton", "Type of number (originator)", Uint8, Hex).names(Names::Values(NUMBER_TYPES));
    DEST_ADDR_TON = field("smpp.dest_addr_ton", "Type of number (recipient)", Uint8, Hex).names(Names::Values(NUMBER_TYPES));
    ESME_ADDR_TON = field("smpp.esme_addr_ton", "Type of number (ESME)", Uint8, Hex).names(Names::Values(NUMBER_TYPES));
    ADDR_NPI = field("smpp.addr_npi", "Numbering plan indicator", Uint8, Hex).names(Names::Values(NUMBERING_PLANS));
    SOURCE_ADDR_NPI = field("smpp.source_addr_npi", "Numbering plan indicator (originator)", Uint8, Hex).names(Names::Values(NUMBERING_PLANS));
    DEST_ADDR_NPI = field("smpp.dest_addr_npi", "Numbering plan indicator (recipient)", Uint8, Hex).names(Names::Values(NUMBERING_PLANS));
    ESME_ADDR_NPI = field("smpp.esme_addr_npi", "Numbering plan indicator (ESME)", Uint8, Hex).names(Names::Values(NUMBERING_PLANS));
    ADDRESS_RANGE = field("smpp.address_range", "Address", String, None);
    SOURCE_ADDR = field("smpp.source_addr", "Originator address", String, None);
    DESTINATION_ADDR = field("smpp.destination_addr", "Recipient address", String, None);
    ESME_ADDR = field("smpp.esme_addr", "ESME address", String, None);
    ESM_MSG_MODE = field("smpp.esm.submit.msg_mode", "Messaging mode", Uint8, Hex).mask(0x03).names(Names::Values(MODES));
    ESM_MSG_TYPE = field("smpp.esm.submit.msg_type", "Message type", Uint8, Hex).mask(0x3c).names(Names::Values(MESSAGE_TYPES));
    ESM_FEATURES = field("smpp.esm.submit.features", "GSM features", Uint8, Hex).mask(0xc0).names(Names::Values(FEATURES));
    PROTOCOL_ID = field("smpp.protocol_id", "Protocol id.", Uint8, Hex);
    PRIORITY_FLAG = field("smpp.priority_flag", "Priority level", Uint8, Hex);
    SCHEDULE_DELIVERY_TIME = field("smpp.schedule_delivery_time", "Scheduled delivery time", AbsoluteTime, None);
    SCHEDULE_DELIVERY_TIME_R = field("smpp.schedule_delivery_time_r", "Scheduled delivery time", RelativeTime, None);
    VALIDITY_PERIOD = field("smpp.validity_period", "Validity period", AbsoluteTime, None);
    VALIDITY_PERIOD_R = field("smpp.validity_period_r", "Validity period", RelativeTime, None);
    FINAL_DATE = field("smpp.final_date", "Final date", AbsoluteTime, None);
    FINAL_DATE_R = field("smpp.final_date_r", "Final date", RelativeTime, None);
    REGDEL_RECEIPT = field("smpp.regdel.receipt", "Delivery receipt", Uint8, Hex).mask(0x03).names(Names::Values(RECEIPTS));
    REGDEL_ACKS = field("smpp.regdel.acks", "Message type", Uint8, Hex).mask(0x0c).names(Names::Values(ACKS));
    REGDEL_NOTIF = field("smpp.regdel.notif", "Intermediate notif", Uint8, Hex).mask(0x10).names(Names::Values(NOTIFICATIONS));
    REPLACE_IF_PRESENT_FLAG = field("smpp.replace_if_present_flag", "Replace", Uint8, Hex).mask(0x01).names(Names::Values(REPLACES));
    DATA_CODING = field("smpp.data_coding", "Data coding", Uint8, Hex).names(Names::Values(CODINGS));
    SM_DEFAULT_MSG_ID = field("smpp.sm_default_msg_id", "Predefined message", Uint8, Dec);
    SM_LENGTH = field("smpp.sm_length", "Message length", Uint8, Dec);
    MESSAGE = field("smpp.message", "Message bytes", Bytes, None);
    MESSAGE_TEXT = field("smpp.message_text", "Message", String, None);
    MESSAGE_ID = field("smpp.message_id", "Message id.", String, None);
    MESSAGE_STATE = field("smpp.message_state", "Message state", Uint8, Dec).names(Names::Values(STATES));
    ERROR_CODE = field("smpp.error_code", "Error code", Uint8, Dec);
    DLIST = field("smpp.dlist", "Destination list", None, None);
    DLIST_RESP = field("smpp.dlist_resp", "Unsuccessful delivery list", None, None);
    DL_NAME = field("smpp.dl_name", "Distr. list name", String, None);
    ERROR_STATUS_CODE = field("smpp.error_status_code", "Status", Uint32, Hex).names(Names::Computed(status));
    OPT_PARAMS = field("smpp.opt_params", "Optional parameters", None, None);
    OPT_PARAM = field("smpp.opt_param", "Optional parameter", None, None);
    OPT_PARAM_TAG = field("smpp.opt_param_tag", "Tag", Uint16, Hex);
    OPT_PARAM_LEN = field("smpp.opt_param_len", "Length", Uint16, Dec);
    VENDOR_OP = field("smpp.vendor_op", "Value", Bytes, None);
    SC_INTERFACE_VERSION = field("smpp.SC_interface_version", "SMSC-supported version", Uint8, Dec);
    DEST_ADDR_SUBUNIT = field("smpp.dest_addr_subunit", "Subunit destination", Uint8, Hex).names(Names::Values(SUBUNITS));
    SOURCE_ADDR_SUBUNIT = field("smpp.source_addr_subunit", "Subunit origin", Uint8, Hex).names(Names::Values(SUBUNITS));
    DEST_NETWORK_TYPE = field("smpp.dest_network_type", "Destination network", Uint8, Hex).names(Names::Values(NETWORKS));
    SOURCE_NETWORK_TYPE = field("smpp.source_network_type", "Originator network", Uint8, Hex).names(Names::Values(NETWORKS));
    DEST_BEARER_TYPE = field("smpp.dest_bearer_type", "Destination bearer", Uint8, Hex).names(Names::Values(BEARERS));
    SOURCE_BEARER_TYPE = field("smpp.source_bearer_type", "Originator bearer", Uint8, Hex).names(Names::Values(BEARERS));
    DEST_TELEMATICS_ID = field("smpp.dest_telematics_id", "Telematic interworking (dest)", Uint16, Hex);
    SOURCE_TELEMATICS_ID = field("smpp.source_telematics_id", "Telematic interworking (orig)", Uint8, Hex);
    QOS_TIME_TO_LIVE = field("smpp.qos_time_to_live", "Validity period", Uint32, Dec);
    PAYLOAD_TYPE = field("smpp.payload_type", "Payload", Uint8, Dec);
    ADDITIONAL_STATUS_INFO_TEXT = field("smpp.additional_status_info_text", "Information", String, None);
    RECEIPTED_MESSAGE_ID = field("smpp.receipted_message_id", "SMSC identifier", String, None);
    PRIVACY_INDICATOR = field("smpp.privacy_indicator", "Privacy indicator", Uint8, Dec);
    SOURCE_SUBADDRESS = field("smpp.source_subaddress", "Source Subaddress", Bytes, None);
    DEST_SUBADDRESS = field("smpp.dest_subaddress", "Destination Subaddress", Bytes, None);
    USER_MESSAGE_REFERENCE = field("smpp.user_message_reference", "Message reference", Uint16, Hex);
    USER_RESPONSE_CODE = field("smpp.user_response_code", "Application response code", Uint8, Hex);
    SOURCE_PORT = field("smpp.source_port", "Source port", Uint16, Hex);
    DESTINATION_PORT = field("smpp.destination_port", "Destination port", Uint16, Hex);
    SAR_MSG_REF_NUM = field("smpp.sar_msg_ref_num", "SAR reference number", Uint16, Dec);
    LANGUAGE_INDICATOR = field("smpp.language_indicator", "Language", Uint8, Dec);
    SAR_TOTAL_SEGMENTS = field("smpp.sar_total_segments", "SAR size", Uint16, Dec);
    SAR_SEGMENT_SEQNUM = field("smpp.sar_segment_seqnum", "SAR sequence number", Uint8, Dec);
    NUMBER_OF_MESSAGES = field("smpp.number_of_messages", "Number of messages", Uint8, Dec);
    DPF_RESULT = field("smpp.dpf_result", "Delivery pending set?", Uint8, Dec);
    SET_DPF = field("smpp.set_dpf", "Request DPF set", Uint8, Dec);
    MS_AVAILABILITY_STATUS = field("smpp.ms_availability_status", "Availability status", Uint8, Dec);
    NETWORK_ERROR_TYPE = field("smpp.network_error.type", "Error type", Uint8, Dec);
    NETWORK_ERROR_CODE = field("smpp.network_error.code", "Error code", Uint16, Hex);
    MESSAGE_PAYLOAD = field("smpp.message_payload", "Payload", Bytes, None);
    MESSAGE_PAYLOAD_DUPLICATE = expert("smpp.message_payload.duplicate", "short_message field and message_payload TLV can only appear once in total", Warning, Protocol);
    DELIVERY_FAILURE_REASON = field("smpp.delivery_failure_reason", "Delivery failure reason", Uint8, Dec);
    MORE_MESSAGES_TO_SEND = field("smpp.more_messages_to_send", "More messages?", Uint8, Dec);
    USSD_SERVICE_OP = field("smpp.ussd_service_op", "USSD service operation", Uint8, Dec);
    DISPLAY_TIME = field("smpp.display_time", "Display time", Uint8, Dec);
    SMS_SIGNAL = field("smpp.sms_signal", "SMS signal", Uint16, Hex);
    MS_VALIDITY = field("smpp.ms_validity", "Validity info", Uint8, Dec);
    ITS_REPLY_TYPE = field("smpp.its_reply_type", "Reply method", Uint8, Dec);
}

/// SMPP 3.4, 5.1.2.1.
const COMMANDS: &[(u64, &str)] = &[
    (0x01, "Bind_receiver"),
    (0x02, "Bind_transmitter"),
    (0x03, "Query_sm"),
    (0x04, "Submit_sm"),
    (0x05, "Deliver_sm"),
    (0x06, "Unbind"),
    (0x07, "Replace_sm"),
    (0x08, "Cancel_sm"),
    (0x09, "Bind_transceiver"),
    (0x0b, "Outbind"),
    (0x15, "Enquire_link"),
    (0x21, "Submit_multi"),
    (0x0102, "Alert_notification"),
    (0x0103, "Data_sm"),
    (0x8000_0000, "Generic_nack"),
    (0x8000_0001, "Bind_receiver - resp"),
    (0x8000_0002, "Bind_transmitter - resp"),
    (0x8000_0003, "Query_sm - resp"),
    (0x8000_0004, "Submit_sm - resp"),
    (0x8000_0005, "Deliver_sm - resp"),
    (0x8000_0006, "Unbind - resp"),
    (0x8000_0007, "Replace_sm - resp"),
    (0x8000_0008, "Cancel_sm - resp"),
    (0x8000_0009, "Bind_transceiver - resp"),
    (0x8000_0015, "Enquire_link - resp"),
    (0x8000_0021, "Submit_multi - resp"),
    (0x8000_0103, "Data_sm - resp"),
];
const RESPONSE: u32 = 0x8000_0000;

/// SMPP 3.4, 5.1.3.
const STATUSES: &[(u64, &str)] = &[
    (0x00, "Ok"),
    (0x01, "Message length is invalid"),
    (0x02, "Command length is invalid"),
    (0x03, "Invalid command ID"),
    (0x04, "Incorrect BIND status for given command"),
    (0x05, "ESME already in bound state"),
    (0x06, "Invalid priority flag"),
    (0x07, "Invalid registered delivery flag"),
    (0x08, "System error"),
    (0x0a, "Invalid source address"),
    (0x0b, "Invalid destination address"),
    (0x0c, "Message ID is invalid"),
    (0x0d, "Bind failed"),
    (0x0e, "Invalid password"),
    (0x0f, "Invalid system ID"),
    (0x11, "Cancel SM failed"),
    (0x13, "Replace SM failed"),
    (0x14, "Message queue full"),
    (0x15, "Invalid service type"),
    (0x33, "Invalid number of destinations"),
    (0x34, "Invalid distribution list name"),
    (0x40, "Destination flag is invalid (submit_multi)"),
    (0x42, "Submit w/replace not supported/allowed"),
    (0x43, "Invalid esm_class field data"),
    (0x44, "Cannot submit to distribution list"),
    (0x45, "submit_sm or submit_multi failed"),
    (0x48, "Invalid source address TON"),
    (0x49, "Invalid source address NPI"),
    (0x50, "Invalid destination address TON"),
    (0x51, "Invalid destination address NPI"),
    (0x53, "Invalid system_type field"),
    (0x54, "Invalid replace_if_present flag"),
    (0x55, "Invalid number of messages"),
    (0x58, "Throttling error (ESME exceeded allowed message limits)"),
    (0x61, "Invalid scheduled delivery time"),
    (0x62, "Invalid message validity period (expiry time)"),
    (0x63, "Predefined message invalid or not found"),
    (0x64, "ESME receiver temporary app error code"),
    (0x65, "ESME receiver permanent app error code"),
    (0x66, "ESME receiver reject message error code"),
    (0x67, "query_sm request failed"),
    (0xc0, "Error in the optional part of the PDU body"),
    (0xc1, "Optional parameter not allowed"),
    (0xc2, "Invalid parameter length"),
    (0xc3, "Expected optional parameter missing"),
    (0xc4, "Invalid optional parameter value"),
    (0xfe, "(Transaction) Delivery failure (used for data_sm_resp)"),
    (0xff, "Unknown error"),
];

fn status(value: u64) -> Option<Cow<'static, str>> {
    Names::Values(STATUSES).of(value).or(match value {
        0x400..=0x4ff => Some("Message Center vendor-specific error code".into()),
        _ => Some("Reserved".into()),
    })
}

const NUMBER_TYPES: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "International"),
    (2, "National"),
    (3, "Network specific"),
    (4, "Subscriber number"),
    (5, "Alphanumeric"),
    (6, "Abbreviated"),
];
const NUMBERING_PLANS: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "ISDN (E163/E164)"),
    (3, "Data (X.121)"),
    (4, "Telex (F.69)"),
    (6, "Land mobile (E.212)"),
    (8, "National"),
    (9, "Private"),
    (10, "ERMES"),
    (14, "Internet (IP)"),
    (18, "WAP client Id"),
];
const MODES: &[(u64, &str)] =
    &[(0, "Default SMSC mode"), (1, "Datagram mode"), (2, "Forward mode"), (3, "Store and forward mode")];
const MESSAGE_TYPES: &[(u64, &str)] = &[
    (0, "Default message type"),
    (1, "Short message contains SMSC Delivery Receipt"),
    (2, "Short message contains (E)SME delivery acknowledgement"),
    (4, "Short message contains (E)SME manual/user acknowledgement"),
    (6, "Short message contains conversation abort"),
    (8, "Short message contains intermediate delivery notification"),
];
const FEATURES: &[(u64, &str)] =
    &[(0, "No specific features selected"), (1, "UDHI indicator"), (2, "Reply path"), (3, "UDHI and reply path")];
const RECEIPTS: &[(u64, &str)] = &[
    (0, "No SMSC delivery receipt requested"),
    (1, "Delivery receipt requested (for success or failure)"),
    (2, "Delivery receipt requested (for failure)"),
];
const ACKS: &[(u64, &str)] = &[
    (0, "No recipient SME acknowledgement requested"),
    (1, "SME delivery acknowledgement requested"),
    (2, "SME manual/user acknowledgement requested"),
    (3, "Both delivery and manual/user acknowledgement requested"),
];
const NOTIFICATIONS: &[(u64, &str)] =
    &[(0, "No intermediate notification requested"), (1, "Intermediate notification requested")];
const REPLACES: &[(u64, &str)] = &[(0, "Don't replace"), (1, "Replace")];
const CODINGS: &[(u64, &str)] = &[
    (0, "SMSC default alphabet"),
    (1, "IA5 (CCITT T.50)/ASCII (ANSI X3.4)"),
    (2, "Octet unspecified (8-bit binary)"),
    (3, "Latin 1 (ISO-8859-1)"),
    (4, "Octet unspecified (8-bit binary)"),
    (5, "JIS (X 0208-1990)"),
    (6, "Cyrillic (ISO-8859-5)"),
    (7, "Latin/Hebrew (ISO-8859-8)"),
    (8, "UCS2 (ISO/IEC-10646)"),
    (9, "Pictogram Encoding"),
    (10, "ISO-2022-JP (Music codes)"),
    (13, "Extended Kanji JIS(X 0212-1990)"),
    (14, "KS C 5601"),
];
const IA5: u8 = 1;
const LATIN_1: u8 = 3;
const UCS2: u8 = 8;
const STATES: &[(u64, &str)] = &[
    (1, "ENROUTE"),
    (2, "DELIVERED"),
    (3, "EXPIRED"),
    (4, "DELETED"),
    (5, "UNDELIVERABLE"),
    (6, "ACCEPTED"),
    (7, "UNKNOWN"),
    (8, "REJECTED"),
];
const SUBUNITS: &[(u64, &str)] = &[
    (0, "Unknown -default-"),
    (1, "MS Display"),
    (2, "Mobile equipment"),
    (3, "Smart card 1"),
    (4, "External unit 1"),
];
const NETWORKS: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "GSM"),
    (2, "ANSI-136/TDMA"),
    (3, "IS-95/CDMA"),
    (4, "PDC"),
    (5, "PHS"),
    (6, "iDEN"),
    (7, "AMPS"),
    (8, "Paging network"),
];
const BEARERS: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "SMS"),
    (2, "Circuit Switched Data (CSD)"),
    (3, "Packet data"),
    (4, "USSD"),
    (5, "CDPD"),
    (6, "DataTAC"),
    (7, "FLEX/ReFLEX"),
    (8, "Cell Broadcast"),
];

/// The optional parameters (5.3.2): tag, name, the fields that stand in it.
const PARAMETERS: &[(u16, &str, &[FieldId])] = &[
    (0x0005, "dest_addr_subunit", &[DEST_ADDR_SUBUNIT]),
    (0x0006, "dest_network_type", &[DEST_NETWORK_TYPE]),
    (0x0007, "dest_bearer_type", &[DEST_BEARER_TYPE]),
    (0x0008, "dest_telematics_id", &[DEST_TELEMATICS_ID]),
    (0x000d, "source_addr_subunit", &[SOURCE_ADDR_SUBUNIT]),
    (0x000e, "source_network_type", &[SOURCE_NETWORK_TYPE]),
    (0x000f, "source_bearer_type", &[SOURCE_BEARER_TYPE]),
    (0x0010, "source_telematics_id", &[SOURCE_TELEMATICS_ID]),
    (0x0017, "qos_time_to_live", &[QOS_TIME_TO_LIVE]),
    (0x0019, "payload_type", &[PAYLOAD_TYPE]),
    (0x001d, "additional_status_info_text", &[ADDITIONAL_STATUS_INFO_TEXT]),
    (0x001e, "receipted_message_id", &[RECEIPTED_MESSAGE_ID]),
    (0x0201, "privacy_indicator", &[PRIVACY_INDICATOR]),
    (0x0202, "source_subaddress", &[SOURCE_SUBADDRESS]),
    (0x0203, "dest_subaddress", &[DEST_SUBADDRESS]),
    (0x0204, "user_message_reference", &[USER_MESSAGE_REFERENCE]),
    (0x0205, "user_response_code", &[USER_RESPONSE_CODE]),
    (0x020a, "source_port", &[SOURCE_PORT]),
    (0x020b, "dest_port", &[DESTINATION_PORT]),
    (0x020c, "sar_msg_ref_num", &[SAR_MSG_REF_NUM]),
    (0x020d, "language_indicator", &[LANGUAGE_INDICATOR]),
    (0x020e, "sar_total_segments", &[SAR_TOTAL_SEGMENTS]),
    (0x020f, "sar_segment_seqnum", &[SAR_SEGMENT_SEQNUM]),
    (0x0210, "sc_interface_version", &[SC_INTERFACE_VERSION]),
    (0x0304, "number_of_messages", &[NUMBER_OF_MESSAGES]),
    (0x0420, "dpf_result", &[DPF_RESULT]),
    (0x0421, "set_dpf", &[SET_DPF]),
    (0x0422, "ms_availability_status", &[MS_AVAILABILITY_STATUS]),
    (0x0423, "network_error_code", &[NETWORK_ERROR_TYPE, NETWORK_ERROR_CODE]),
    (PAYLOAD, "message_payload", &[MESSAGE_PAYLOAD]),
    (0x0425, "delivery_failure_reason", &[DELIVERY_FAILURE_REASON]),
    (0x0426, "more_messages_to_send", &[MORE_MESSAGES_TO_SEND]),
    (0x0427, "message_state", &[MESSAGE_STATE]),
    (0x0501, "ussd_service_op", &[USSD_SERVICE_OP]),
    (0x1201, "display_time", &[DISPLAY_TIME]),
    (0x1203, "sms_signal", &[SMS_SIGNAL]),
    (0x1204, "ms_validity", &[MS_VALIDITY]),
    (0x1380, "its_reply_type", &[ITS_REPLY_TYPE]),
];
const PAYLOAD: u16 = 0x0424;

/// A part of a message's body.
#[derive(Clone, Copy)]
enum Part {
    /// Text with its zero octet.
    Text(FieldId),
    Octet(FieldId),
    EsmClass,
    Registered,
    /// As absolute, as relative time, and what it means where there is none.
    Time(FieldId, FieldId, &'static str),
    /// The length and the octets of the short message.
    Message,
    Destinations,
    Unsuccessful,
}

use Part::{Destinations, EsmClass, Message, Octet, Registered, Text, Time, Unsuccessful};

const SOURCE: [Part; 3] = [Octet(SOURCE_ADDR_TON), Octet(SOURCE_ADDR_NPI), Text(SOURCE_ADDR)];
const BIND: &[Part] = &[
    Text(SYSTEM_ID),
    Text(PASSWORD),
    Text(SYSTEM_TYPE),
    Octet(INTERFACE_VERSION),
    Octet(ADDR_TON),
    Octet(ADDR_NPI),
    Text(ADDRESS_RANGE),
];
const DELIVERY: Part = Time(SCHEDULE_DELIVERY_TIME, SCHEDULE_DELIVERY_TIME_R, "Immediate delivery");
const VALIDITY: Part = Time(VALIDITY_PERIOD, VALIDITY_PERIOD_R, "SMSC default validity period");
const SUBMIT: &[Part] = &[
    Text(SERVICE_TYPE),
    SOURCE[0],
    SOURCE[1],
    SOURCE[2],
    Octet(DEST_ADDR_TON),
    Octet(DEST_ADDR_NPI),
    Text(DESTINATION_ADDR),
    EsmClass,
    Octet(PROTOCOL_ID),
    Octet(PRIORITY_FLAG),
    DELIVERY,
    VALIDITY,
    Registered,
    Octet(REPLACE_IF_PRESENT_FLAG),
    Octet(DATA_CODING),
    Octet(SM_DEFAULT_MSG_ID),
    Message,
];

/// The mandatory parameters of each message (chapter 4).
const LAYOUTS: &[(u32, &[Part])] = &[
    (0x01, BIND),
    (0x02, BIND),
    (0x09, BIND),
    (RESPONSE | 0x01, &[Text(SYSTEM_ID)]),
    (RESPONSE | 0x02, &[Text(SYSTEM_ID)]),
    (RESPONSE | 0x09, &[Text(SYSTEM_ID)]),
    (0x0b, &[Text(SYSTEM_ID), Text(PASSWORD)]),
    (0x03, &[Text(MESSAGE_ID), SOURCE[0], SOURCE[1], SOURCE[2]]),
    (
        RESPONSE | 0x03,
        &[Text(MESSAGE_ID), Time(FINAL_DATE, FINAL_DATE_R, "Not reached"), Octet(MESSAGE_STATE), Octet(ERROR_CODE)],
    ),
    (0x04, SUBMIT),
    (0x05, SUBMIT),
    (RESPONSE | 0x04, &[Text(MESSAGE_ID)]),
    (RESPONSE | 0x05, &[Text(MESSAGE_ID)]),
    (
        0x07,
        &[
            Text(MESSAGE_ID),
            SOURCE[0],
            SOURCE[1],
            SOURCE[2],
            Time(SCHEDULE_DELIVERY_TIME, SCHEDULE_DELIVERY_TIME_R, "Keep initial delivery time setting"),
            Time(VALIDITY_PERIOD, VALIDITY_PERIOD_R, "Keep initial validity period setting"),
            Registered,
            Octet(SM_DEFAULT_MSG_ID),
            Message,
        ],
    ),
    (
        0x08,
        &[
            Text(SERVICE_TYPE),
            Text(MESSAGE_ID),
            SOURCE[0],
            SOURCE[1],
            SOURCE[2],
            Octet(DEST_ADDR_TON),
            Octet(DEST_ADDR_NPI),
            Text(DESTINATION_ADDR),
        ],
    ),
    (
        0x21,
        &[
            Text(SERVICE_TYPE),
            SOURCE[0],
            SOURCE[1],
            SOURCE[2],
            Destinations,
            EsmClass,
            Octet(PROTOCOL_ID),
            Octet(PRIORITY_FLAG),
            DELIVERY,
            VALIDITY,
            Registered,
            Octet(REPLACE_IF_PRESENT_FLAG),
            Octet(DATA_CODING),
            Octet(SM_DEFAULT_MSG_ID),
            Message,
        ],
    ),
    (RESPONSE | 0x21, &[Text(MESSAGE_ID), Unsuccessful]),
    (0x0102, &[SOURCE[0], SOURCE[1], SOURCE[2], Octet(ESME_ADDR_TON), Octet(ESME_ADDR_NPI), Text(ESME_ADDR)]),
    (
        0x0103,
        &[
            Text(SERVICE_TYPE),
            SOURCE[0],
            SOURCE[1],
            SOURCE[2],
            Octet(DEST_ADDR_TON),
            Octet(DEST_ADDR_NPI),
            Text(DESTINATION_ADDR),
            EsmClass,
            Registered,
            Octet(DATA_CODING),
        ],
    ),
    (RESPONSE | 0x0103, &[Text(MESSAGE_ID)]),
];

const HEADER_LEN: usize = 16;
/// The longest message that is put together: a short message of 64 KiB is one in its payload parameter.
pub const MAX_MESSAGE: usize = 0x1_0000 + 1024;
/// How many optional parameters of a message are shown.
pub const MAX_PARAMETERS: usize = 256;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: samples::SAMPLE }],
    ..Protocol::new(ProtoId::Smpp, "SMPP", &[Binding::TcpPort(2775), Binding::TcpHeuristic(is_one)], dissect)
};

/// Whether octets begin with the header of a message: its length can be one, its command is known, and so is a response's
/// result.
fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let [0, 0 | 1, ..] = tvb.bytes() else { return false };
    let (Ok(len), Ok(command), Ok(result)) = (tvb.u32(0), tvb.u32(4), tvb.u32(8)) else { return false };
    (HEADER_LEN..=MAX_MESSAGE).contains(&(len as usize))
        && tvb.reported() >= HEADER_LEN
        && Names::Values(COMMANDS).of(command.into()).is_some()
        && (command & RESPONSE == 0 || result < 0x1000)
}

fn framing(stream: &[u8]) -> Framing {
    let Some(head) = stream.first_chunk::<4>() else { return Framing::More(4 - stream.len()) };
    let len = u32::from_be_bytes(*head) as usize;
    if (HEADER_LEN..=MAX_MESSAGE).contains(&len) { Framing::Message(len) } else { Framing::Foreign }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (item, is_next) = d.begin_next(PROTO, tvb);
    d.set_protocol("SMPP");
    let (len, command, result, sequence) = (tvb.u32(0)?, tvb.u32(4)?, tvb.u32(8)?, tvb.u32(12)?);
    let is_response = command & RESPONSE != 0;
    let name =
        Names::Values(COMMANDS).of(command.into()).unwrap_or_else(|| format!("Unknown (0x{command:08x})").into());
    let result_name = status(result.into()).unwrap_or_default();
    if is_next {
        d.append_info(|| ", ".to_owned());
    } else {
        d.set_info(String::new);
    }
    d.append_info(|| if is_response { format!("{name}: \"{result_name}\"") } else { name.to_string() });
    d.text(item, || {
        let status = if is_response { format!(", Status: \"{result_name}\"") } else { String::new() };
        format!("Short Message Peer to Peer, Command: {name}{status}, Seq: {sequence}, Len: {len}")
    });
    d.add(COMMAND_LENGTH, tvb, 0, 4, Value::Uint(len.into()));
    d.add(COMMAND_ID, tvb, 4, 4, Value::Uint(command.into()));
    if is_response {
        d.add(COMMAND_STATUS, tvb, 8, 4, Value::Uint(result.into()));
    }
    d.add(SEQUENCE_NUMBER, tvb, 12, 4, Value::Uint(sequence.into()));
    body(d, tvb.sub(0, len as usize), command, result)?;
    d.close();
    Ok(())
}

/// What of a message its later parts depend on.
#[derive(Default)]
struct Seen {
    coding: u8,
    has_message: bool,
    text: Option<(usize, usize)>,
}

fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, command: u32, result: u32) -> Parsed {
    let layout = LAYOUTS.iter().find(|layout| layout.0 == command).map_or(&[][..], |layout| layout.1);
    let mut at = HEADER_LEN;
    let mut seen = Seen::default();
    // A response that reports an error has no body (4.4.2).
    if !(command & RESPONSE != 0 && result != 0 && at >= tvb.reported()) {
        for part in layout {
            at = show(d, tvb, at, *part, &mut seen)?;
        }
    }
    if at < tvb.reported() {
        parameters(d, tvb, at, &seen)?;
    }
    if let Some((at, len)) = seen.text {
        let octets = tvb.slice(at, len)?;
        let text = match seen.coding {
            IA5 => octets.iter().map(|octet| char::from(octet & 0x7f)).collect(),
            LATIN_1 => octets.iter().map(|octet| char::from(*octet)).collect(),
            UCS2 => utf16(octets),
            _ => return Ok(()),
        };
        d.add(MESSAGE_TEXT, tvb, at, len, Value::String(String::into_boxed_str(text)));
    }
    Ok(())
}

fn utf16(octets: &[u8]) -> String {
    let units = octets.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The length of a text with its zero octet.
fn text_len(tvb: Tvb<'_>, at: usize) -> Result<usize, Stop> {
    let rest = tvb.from(at);
    match memchr::memchr(0, rest.bytes()) {
        Some(end) => Ok(end + 1),
        None if rest.is_whole() => Err(Stop::Malformed),
        None => Err(Stop::Short),
    }
}

fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, part: Part, seen: &mut Seen) -> Result<usize, Stop> {
    match part {
        Text(field) => {
            let len = text_len(tvb, at)?;
            if field == SERVICE_TYPE && len == 1 {
                d.add(field, tvb, at, len, Value::String("(Default)".into()));
            } else {
                d.string(field, tvb, at, len);
            }
            Ok(at + len)
        }
        Octet(field) => {
            let octet = tvb.u8(at)?;
            if field == DATA_CODING {
                seen.coding = octet;
            }
            let item = match registry::field(field).mask {
                0 => d.add(field, tvb, at, 1, Value::Uint(octet.into())),
                _ => d.bits(field, tvb, at, 1, octet.into()),
            };
            if field == INTERFACE_VERSION {
                d.text(item, || version("Version (if)", octet));
            }
            Ok(at + 1)
        }
        EsmClass => {
            let octet = tvb.u8(at)?.into();
            for field in [ESM_MSG_MODE, ESM_MSG_TYPE, ESM_FEATURES] {
                d.bits(field, tvb, at, 1, octet);
            }
            Ok(at + 1)
        }
        Registered => {
            let octet = tvb.u8(at)?.into();
            for field in [REGDEL_RECEIPT, REGDEL_ACKS, REGDEL_NOTIF] {
                d.bits(field, tvb, at, 1, octet);
            }
            Ok(at + 1)
        }
        Time(absolute, relative, nothing) => {
            let len = text_len(tvb, at)?;
            match time(tvb.slice(at, len - 1)?) {
                Some((true, time)) => d.add(absolute, tvb, at, len, Value::Time(time)),
                Some((false, time)) => d.add(relative, tvb, at, len, Value::Time(time)),
                None => {
                    let item = d.add(relative, tvb, at, len, Value::Time(0));
                    d.text(item, || format!("{}: {nothing}", registry::field(relative).label));
                    item
                }
            };
            Ok(at + len)
        }
        Message => {
            let len = d.uint(SM_LENGTH, tvb, at, 1)? as usize;
            tvb.slice(at + 1, len)?;
            if len > 0 {
                d.bytes(MESSAGE, tvb, at + 1, len);
                seen.has_message = true;
                seen.text = Some((at + 1, len));
            }
            Ok(at + 1 + len)
        }
        Destinations => destinations(d, tvb, at),
        Unsuccessful => unsuccessful(d, tvb, at),
    }
}

fn version(label: &str, octet: u8) -> String {
    format!("{label}: {}.{}", octet >> 4, octet & 0x0f)
}

/// The destinations of a message to many: addresses and lists.
fn destinations<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize) -> Result<usize, Stop> {
    let count = tvb.u8(start)?;
    let mut at = start + 1;
    let item = d.open(DLIST, tvb, start, 1, Value::None);
    for _ in 0..count {
        at = match tvb.u8(at)? {
            1 => {
                d.uint(DEST_ADDR_TON, tvb, at + 1, 1)?;
                d.uint(DEST_ADDR_NPI, tvb, at + 2, 1)?;
                let len = text_len(tvb, at + 3)?;
                d.string(DESTINATION_ADDR, tvb, at + 3, len);
                at + 3 + len
            }
            _ => {
                let len = text_len(tvb, at + 1)?;
                d.string(DL_NAME, tvb, at + 1, len);
                at + 1 + len
            }
        };
    }
    d.set_len(item, at - start);
    d.close();
    Ok(at)
}

fn unsuccessful<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize) -> Result<usize, Stop> {
    let count = tvb.u8(start)?;
    let mut at = start + 1;
    let item = d.open(DLIST_RESP, tvb, start, 1, Value::None);
    for _ in 0..count {
        d.uint(DEST_ADDR_TON, tvb, at, 1)?;
        d.uint(DEST_ADDR_NPI, tvb, at + 1, 1)?;
        let len = text_len(tvb, at + 2)?;
        d.string(DESTINATION_ADDR, tvb, at + 2, len);
        d.uint(ERROR_STATUS_CODE, tvb, at + 2 + len, 4)?;
        at += 6 + len;
    }
    d.set_len(item, at - start);
    d.close();
    Ok(at)
}

fn parameters<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize, seen: &Seen) -> Parsed {
    d.open(OPT_PARAMS, tvb, start, tvb.reported() - start, Value::None);
    let mut at = start;
    for _ in 0..MAX_PARAMETERS {
        if at >= tvb.reported() {
            break;
        }
        let (tag, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        tvb.slice(at + 4, len)?;
        let row = PARAMETERS.iter().find(|row| row.0 == tag);
        let item = d.open(OPT_PARAM, tvb, at, 4 + len, Value::None);
        d.text(item, || match row {
            Some(row) => format!("Optional parameter: {} (0x{tag:04x})", row.1),
            None => format!("Optional parameter: 0x{tag:04x} (0x{tag:04x})"),
        });
        d.add(OPT_PARAM_TAG, tvb, at, 2, Value::Uint(tag.into()));
        d.add(OPT_PARAM_LEN, tvb, at + 2, 2, Value::Uint(len as u64));
        match row {
            Some(row) => parameter(d, tvb.sub(0, at + 4 + len), at + 4, row.2)?,
            None if len > 0 => {
                d.bytes(VENDOR_OP, tvb, at + 4, len);
            }
            None => {}
        }
        if tag == PAYLOAD && seen.has_message {
            d.within(|d| d.expert(MESSAGE_PAYLOAD_DUPLICATE, tvb, at + 4, len));
        }
        d.close();
        at += 4 + len;
    }
    d.close();
    Ok(())
}

/// Shows the fields of one parameter, which ends with `tvb`.
fn parameter<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize, fields: &[FieldId]) -> Parsed {
    for field in fields {
        let definition = registry::field(*field);
        let rest = tvb.reported().saturating_sub(at);
        match definition.ftype {
            FieldType::String => {
                d.string(*field, tvb, at, rest);
            }
            FieldType::Bytes => {
                d.bytes(*field, tvb, at, rest);
            }
            // Whoever sends the number of segments in one octet is understood as well.
            _ => {
                let width = usize::from(definition.ftype.width()).min(rest);
                let value = tvb.uint(at, width)?;
                let item = d.add(*field, tvb, at, width, Value::Uint(value));
                if *field == SC_INTERFACE_VERSION {
                    d.text(item, || version("SMSC-supported version", value as u8));
                }
                at += width;
            }
        }
    }
    Ok(())
}

/// A time of sixteen characters (7.1.1): whether it is absolute, and its nanoseconds.
fn time(text: &[u8]) -> Option<(bool, i64)> {
    let [digits @ .., kind] = text else { return None };
    if digits.len() != 15 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |at: usize, len: usize| -> i64 {
        digits.iter().skip(at).take(len).fold(0, |n, digit| n * 10 + i64::from(digit - b'0'))
    };
    let clock = (number(6, 2) * 60 + number(8, 2)) * 60 + number(10, 2);
    let offset = match kind {
        b'R' => return Some((false, (number(4, 2) * 86_400 + clock) * 1_000_000_000)),
        b'+' => number(13, 2) * 900,
        b'-' => -(number(13, 2) * 900),
        _ => return None,
    };
    let (year, month, day) = (number(0, 2), number(2, 2).clamp(1, 12), number(4, 2).max(1));
    let year = if year < 38 { 2000 + year } else { 1900 + year };
    let seconds = calendar::days(year, month, day) * 86_400 + clock - offset;
    Some((true, seconds * 1_000_000_000 + number(12, 1) * 100_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    fn segment(payload: &str, sequence: u32) -> String {
        let len = 40 + payload.len() / 2;
        format!(
            "4500{len:04x}0001000040060000 0a0000010a000002 c0001388{sequence:08x}00000001 5018ffff00000000{payload}"
        )
    }

    #[test]
    fn messages_are_known_by_their_looks() {
        let enquire = "00000010000000150000000000000004";
        let shown = &frames(101, &[&segment(&format!("{enquire}{enquire}"), 1).replace(' ', "")])[0];
        assert_eq!(values(shown, "smpp.command_id"), "0x00000015,0x00000015");
        for other in
            ["00000010000000140000000000000004", "0000000f000000150000000000000004", "000000108000001500ff000000000004"]
        {
            let shown = &frames(101, &[&segment(other, 1).replace(' ', "")])[0];
            assert_eq!(values(shown, "smpp.command_id"), "", "{other}");
        }
    }

    #[test]
    fn times_are_absolute_or_relative() {
        assert_eq!(time(b"240101120000004+"), Some((true, 1_704_106_800_000_000_000)));
        assert_eq!(time(b"000001120000000R"), Some((false, 129_600_000_000_000)));
        assert_eq!(time(b""), None);
        assert_eq!(time(b"24010112000000x+"), None);
    }

    #[test]
    fn only_so_many_parameters_are_shown_and_no_longer_messages_put_together() {
        let parameters = "13830000".repeat(MAX_PARAMETERS + 3);
        let len = 16 + parameters.len() / 2;
        let enquire = format!("{len:08x}000000150000000000000004{parameters}");
        let shown = &frames(101, &[&segment(&enquire, 1).replace(' ', "")])[0];
        assert_eq!(values(shown, "smpp.opt_param_len").split(',').count(), MAX_PARAMETERS);
        assert_eq!(framing(&(MAX_MESSAGE as u32 + 1).to_be_bytes()), Framing::Foreign);
        assert_eq!(framing(&[0, 0]), Framing::More(2));
    }
}
