//! Diameter (RFC 6733), with the attributes of credit control (RFC 8506) and of the home subscriber server (3GPP TS 29.229
//! and 29.329) that telephony uses. Other attributes are shown as octets.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::{hex, printable};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Diameter, "diameter", "Diameter Protocol";
    VERSION = field("diameter.version", "Version", Uint8, Hex);
    LENGTH = field("diameter.length", "Length", Uint24, Dec);
    FLAGS = field("diameter.flags", "Flags", Uint8, Hex);
    FLAGS_REQUEST = field("diameter.flags.request", "Request", Boolean, None).names(SET).mask(0x80);
    FLAGS_PROXYABLE = field("diameter.flags.proxyable", "Proxyable", Boolean, None).names(SET).mask(0x40);
    FLAGS_ERROR = field("diameter.flags.error", "Error", Boolean, None).names(SET).mask(0x20);
    FLAGS_T = field("diameter.flags.T", "T(Potentially re-transmitted message)", Boolean, None).names(SET).mask(0x10);
    FLAGS_RESERVED4 = field("diameter.flags.reserved4", "Reserved", Boolean, None).names(SET).mask(0x8);
    FLAGS_RESERVED5 = field("diameter.flags.reserved5", "Reserved", Boolean, None).names(SET).mask(0x4);
    FLAGS_RESERVED6 = field("diameter.flags.reserved6", "Reserved", Boolean, None).names(SET).mask(0x2);
    FLAGS_RESERVED7 = field("diameter.flags.reserved7", "Reserved", Boolean, None).names(SET).mask(0x1);
    CMD_CODE = field("diameter.cmd.code", "Command Code", Uint32, Dec);
    VENDOR_ID = field("diameter.vendorId", "VendorId", Uint32, Dec);
    APPLICATION_ID = field("diameter.applicationId", "ApplicationId", Uint32, Dec).names(Names::Values(APPLICATIONS));
    HOP_BY_HOP = field("diameter.hopbyhopid", "Hop-by-Hop Identifier", Uint32, Hex);
    END_TO_END = field("diameter.endtoendid", "End-to-End Identifier", Uint32, Hex);
    ANSWER_IN = field("diameter.answer_in", "Answer In", FrameNum, None).told_later();
    ANSWER_TO = field("diameter.answer_to", "Request In", FrameNum, None);
    RESP_TIME = field("diameter.resp_time", "Response Time", RelativeTime, None);
    AVP = field("diameter.avp", "AVP", Bytes, None);
    AVP_CODE = field("diameter.avp.code", "AVP Code", Uint32, Dec);
    AVP_FLAGS = field("diameter.avp.flags", "AVP Flags", Uint8, Hex);
    VENDOR_SPECIFIC = field("diameter.flags.vendorspecific", "Vendor-Specific", Boolean, None).names(SET).mask(0x80);
    MANDATORY = field("diameter.flags.mandatory", "Mandatory", Boolean, None).names(SET).mask(0x40);
    PROTECTED = field("diameter.avp.flags.protected", "Protected", Boolean, None).names(SET).mask(0x20);
    RESERVED3 = field("diameter.avp.flags.reserved3", "Reserved", Boolean, None).names(SET).mask(0x10);
    RESERVED4 = field("diameter.avp.flags.reserved4", "Reserved", Boolean, None).names(SET).mask(0x8);
    RESERVED5 = field("diameter.avp.flags.reserved5", "Reserved", Boolean, None).names(SET).mask(0x4);
    RESERVED6 = field("diameter.avp.flags.reserved6", "Reserved", Boolean, None).names(SET).mask(0x2);
    RESERVED7 = field("diameter.avp.flags.reserved7", "Reserved", Boolean, None).names(SET).mask(0x1);
    AVP_LEN = field("diameter.avp.len", "AVP Length", Uint24, Dec);
    AVP_VENDOR_ID = field("diameter.avp.vendorId", "AVP Vendor Id", Uint32, Dec);
    AVP_UNKNOWN = field("diameter.avp.unknown", "Value", Bytes, None);
    AVP_PAD = field("diameter.avp.pad", "Padding", Bytes, None);
    HOST_ADDR_FAMILY = field("diameter.Host-IP-Address.addr_family", "Host-IP-Address Address Family", Uint16, Dec).names(Names::Values(FAMILIES));
    HOST_IPV4 = field("diameter.Host-IP-Address.IPv4", "Host-IP-Address Address", Ipv4, None);
    HOST_IPV6 = field("diameter.Host-IP-Address.IPv6", "Host-IP-Address Address", Ipv6, None);
    USER_NAME = field("diameter.User-Name", "User-Name", String, None);
    CLASS = field("diameter.Class", "Class", Bytes, None);
    SESSION_TIMEOUT = field("diameter.Session-Timeout", "Session-Timeout", Uint32, Dec);
    PROXY_STATE = field("diameter.Proxy-State", "Proxy-State", Bytes, None);
    EVENT_TIMESTAMP = field("diameter.Event-Timestamp", "Event-Timestamp", AbsoluteTime, None);
    ACCT_INTERIM_INTERVAL = field("diameter.Acct-Interim-Interval", "Acct-Interim-Interval", Uint32, Dec);
    HOST_IP_ADDRESS = field("diameter.Host-IP-Address", "Host-IP-Address", Bytes, None);
    AUTH_APPLICATION_ID = field("diameter.Auth-Application-Id", "Auth-Application-Id", Uint32, Dec).names(Names::Values(APPLICATIONS));
    ACCT_APPLICATION_ID = field("diameter.Acct-Application-Id", "Acct-Application-Id", Uint32, Dec).names(Names::Values(APPLICATIONS));
    VENDOR_SPECIFIC_APPLICATION_ID = field("diameter.Vendor-Specific-Application-Id", "Vendor-Specific-Application-Id", Bytes, None);
    REDIRECT_HOST_USAGE = field("diameter.Redirect-Host-Usage", "Redirect-Host-Usage", Int32, Dec);
    REDIRECT_MAX_CACHE_TIME = field("diameter.Redirect-Max-Cache-Time", "Redirect-Max-Cache-Time", Uint32, Dec);
    SESSION_ID = field("diameter.Session-Id", "Session-Id", String, None);
    ORIGIN_HOST = field("diameter.Origin-Host", "Origin-Host", String, None);
    SUPPORTED_VENDOR_ID = field("diameter.Supported-Vendor-Id", "Supported-Vendor-Id", Uint32, Dec);
    VENDOR_ID_AVP = field("diameter.Vendor-Id", "Vendor-Id", Uint32, Dec);
    FIRMWARE_REVISION = field("diameter.Firmware-Revision", "Firmware-Revision", Uint32, Dec);
    RESULT_CODE = field("diameter.Result-Code", "Result-Code", Int32, Dec).names(Names::Values(RESULT_CODES));
    PRODUCT_NAME = field("diameter.Product-Name", "Product-Name", String, None);
    SESSION_BINDING = field("diameter.Session-Binding", "Session-Binding", Int32, Dec);
    SESSION_SERVER_FAILOVER = field("diameter.Session-Server-Failover", "Session-Server-Failover", Int32, Dec);
    MULTI_ROUND_TIME_OUT = field("diameter.Multi-Round-Time-Out", "Multi-Round-Time-Out", Uint32, Dec);
    DISCONNECT_CAUSE = field("diameter.Disconnect-Cause", "Disconnect-Cause", Int32, Dec).names(Names::Values(DISCONNECT_CAUSES));
    AUTH_REQUEST_TYPE = field("diameter.Auth-Request-Type", "Auth-Request-Type", Int32, Dec).names(Names::Values(AUTH_REQUESTS));
    AUTH_GRACE_PERIOD = field("diameter.Auth-Grace-Period", "Auth-Grace-Period", Uint32, Dec);
    AUTH_SESSION_STATE = field("diameter.Auth-Session-State", "Auth-Session-State", Int32, Dec).names(Names::Values(SESSION_STATES));
    ORIGIN_STATE_ID = field("diameter.Origin-State-Id", "Origin-State-Id", Uint32, Dec);
    FAILED_AVP = field("diameter.Failed-AVP", "Failed-AVP", Bytes, None);
    PROXY_HOST = field("diameter.Proxy-Host", "Proxy-Host", String, None);
    ERROR_MESSAGE = field("diameter.Error-Message", "Error-Message", String, None);
    ROUTE_RECORD = field("diameter.Route-Record", "Route-Record", String, None);
    DESTINATION_REALM = field("diameter.Destination-Realm", "Destination-Realm", String, None);
    PROXY_INFO = field("diameter.Proxy-Info", "Proxy-Info", Bytes, None);
    RE_AUTH_REQUEST_TYPE = field("diameter.Re-Auth-Request-Type", "Re-Auth-Request-Type", Int32, Dec).names(Names::Values(REAUTH_REQUESTS));
    ACCOUNTING_SUB_SESSION_ID = field("diameter.Accounting-Sub-Session-Id", "Accounting-Sub-Session-Id", Uint64, Dec);
    AUTHORIZATION_LIFETIME = field("diameter.Authorization-Lifetime", "Authorization-Lifetime", Int32, Dec);
    REDIRECT_HOST = field("diameter.Redirect-Host", "Redirect-Host", String, None);
    DESTINATION_HOST = field("diameter.Destination-Host", "Destination-Host", String, None);
    ERROR_REPORTING_HOST = field("diameter.Error-Reporting-Host", "Error-Reporting-Host", String, None);
    TERMINATION_CAUSE = field("diameter.Termination-Cause", "Termination-Cause", Int32, Dec).names(Names::Values(TERMINATION_CAUSES));
    ORIGIN_REALM = field("diameter.Origin-Realm", "Origin-Realm", String, None);
    EXPERIMENTAL_RESULT = field("diameter.Experimental-Result", "Experimental-Result", Bytes, None);
    EXPERIMENTAL_RESULT_CODE = field("diameter.Experimental-Result-Code", "Experimental-Result-Code", Int32, Dec);
    INBAND_SECURITY_ID = field("diameter.Inband-Security-Id", "Inband-Security-Id", Int32, Dec);
    CC_CORRELATION_ID = field("diameter.CC-Correlation-Id", "CC-Correlation-Id", Bytes, None);
    CC_INPUT_OCTETS = field("diameter.CC-Input-Octets", "CC-Input-Octets", Uint64, Dec);
    CC_MONEY = field("diameter.CC-Money", "CC-Money", Bytes, None);
    CC_OUTPUT_OCTETS = field("diameter.CC-Output-Octets", "CC-Output-Octets", Uint64, Dec);
    CC_REQUEST_NUMBER = field("diameter.CC-Request-Number", "CC-Request-Number", Uint32, Dec);
    CC_REQUEST_TYPE = field("diameter.CC-Request-Type", "CC-Request-Type", Int32, Dec).names(Names::Values(CC_REQUESTS));
    CC_TIME = field("diameter.CC-Time", "CC-Time", Uint32, Dec);
    CC_TOTAL_OCTETS = field("diameter.CC-Total-Octets", "CC-Total-Octets", Uint64, Dec);
    GRANTED_SERVICE_UNIT = field("diameter.Granted-Service-Unit", "Granted-Service-Unit", Bytes, None);
    REQUESTED_SERVICE_UNIT = field("diameter.Requested-Service-Unit", "Requested-Service-Unit", Bytes, None);
    SERVICE_IDENTIFIER = field("diameter.Service-Identifier", "Service-Identifier", Uint32, Dec);
    SUBSCRIPTION_ID = field("diameter.Subscription-Id", "Subscription-Id", Bytes, None);
    SUBSCRIPTION_ID_DATA = field("diameter.Subscription-Id-Data", "Subscription-Id-Data", String, None);
    USED_SERVICE_UNIT = field("diameter.Used-Service-Unit", "Used-Service-Unit", Bytes, None);
    SUBSCRIPTION_ID_TYPE = field("diameter.Subscription-Id-Type", "Subscription-Id-Type", Int32, Dec).names(Names::Values(SUBSCRIPTIONS));
    MULTIPLE_SERVICES_CREDIT_CONTROL = field("diameter.Multiple-Services-Credit-Control", "Multiple-Services-Credit-Control", Bytes, None);
    SERVICE_CONTEXT_ID = field("diameter.Service-Context-Id", "Service-Context-Id", String, None);
    ACCOUNTING_RECORD_TYPE = field("diameter.Accounting-Record-Type", "Accounting-Record-Type", Int32, Dec).names(Names::Values(RECORDS));
    ACCOUNTING_REALTIME_REQUIRED = field("diameter.Accounting-Realtime-Required", "Accounting-Realtime-Required", Int32, Dec);
    ACCOUNTING_RECORD_NUMBER = field("diameter.Accounting-Record-Number", "Accounting-Record-Number", Uint32, Dec);
    VISITED_NETWORK_IDENTIFIER = field("diameter.Visited-Network-Identifier", "Visited-Network-Identifier", Bytes, None);
    PUBLIC_IDENTITY = field("diameter.Public-Identity", "Public-Identity", String, None);
    SERVER_NAME = field("diameter.Server-Name", "Server-Name", String, None);
    SIP_NUMBER_AUTH_ITEMS = field("diameter.SIP-Number-Auth-Items", "SIP-Number-Auth-Items", Uint32, Dec);
    SIP_AUTHENTICATION_SCHEME = field("diameter.SIP-Authentication-Scheme", "SIP-Authentication-Scheme", Int32, Dec);
    SIP_AUTH_DATA_ITEM = field("diameter.SIP-Auth-Data-Item", "SIP-Auth-Data-Item", Bytes, None);
    USER_AUTHORIZATION_TYPE = field("diameter.User-Authorization-Type", "User-Authorization-Type", Int32, Dec).names(Names::Values(USER_AUTHORIZATIONS));
    USER_DATA_ALREADY_AVAILABLE = field("diameter.User-Data-Already-Available", "User-Data-Already-Available", Int32, Dec);
    SUPPORTED_FEATURES = field("diameter.Supported-Features", "Supported-Features", Bytes, None);
    FEATURE_LIST_ID = field("diameter.Feature-List-ID", "Feature-List-ID", Uint32, Dec);
    FEATURE_LIST = field("diameter.Feature-List", "Feature-List", Uint32, Dec);
    SERVER_ASSIGNMENT_TYPE = field("diameter.Server-Assignment-Type", "Server-Assignment-Type", Int32, Dec).names(Names::Values(ASSIGNMENTS));
    USER_IDENTITY = field("diameter.User-Identity", "User-Identity", Bytes, None);
    MSISDN = field("diameter.MSISDN", "MSISDN", Bytes, None);
    SH_USER_DATA = field("diameter.Sh-User-Data", "Sh-User-Data", Bytes, None);
    DATA_REFERENCE = field("diameter.Data-Reference", "Data-Reference", Int32, Dec).names(Names::Values(DATA_REFERENCES));
    SERVICE_INDICATION = field("diameter.Service-Indication", "Service-Indication", Bytes, None);
    SUBS_REQ_TYPE = field("diameter.Subs-Req-Type", "Subs-Req-Type", Int32, Dec).names(Names::Values(SUBSCRIBES));
    REQUESTED_DOMAIN = field("diameter.Requested-Domain", "Requested-Domain", Int32, Dec).names(Names::Values(DOMAINS));
    IDENTITY_SET = field("diameter.Identity-Set", "Identity-Set", Int32, Dec).names(Names::Values(IDENTITY_SETS));
}

const SET: Names = Names::Flag("Set", "Not set");
const FAMILIES: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6"), (8, "E164")];

/// IANA "Diameter Application IDs".
const APPLICATIONS: &[(u64, &str)] = &[
    (0, "Diameter Common Messages"),
    (1, "NASREQ Application"),
    (2, "Mobile IPv4 Application"),
    (3, "Diameter Base Accounting"),
    (4, "Diameter Credit Control Application"),
    (5, "EAP Application"),
    (6, "Diameter Session Initiation Protocol (SIP) Application"),
    (16_777_216, "3GPP Cx"),
    (16_777_217, "3GPP Sh"),
    (16_777_218, "3GPP Re/Rf"),
    (16_777_219, "3GPP Wx"),
    (16_777_220, "3GPP Zn"),
    (16_777_221, "3GPP Zh"),
    (16_777_222, "3GPP Gq"),
    (16_777_223, "3GPP Gmb"),
    (16_777_224, "3GPP Gx"),
    (16_777_236, "3GPP Rx"),
    (16_777_238, "3GPP Gx"),
    (16_777_250, "3GPP STa"),
    (16_777_251, "3GPP S6a/S6d"),
    (16_777_252, "3GPP S13/S13'"),
    (16_777_255, "3GPP SLg"),
    (16_777_264, "3GPP SWm"),
    (16_777_265, "3GPP SWx"),
    (16_777_266, "3GPP Gxx"),
    (16_777_267, "3GPP S9"),
    (0xffff_ffff, "Relay"),
];

/// IANA "Diameter Command Codes".
const COMMANDS: &[(u64, &str)] = &[
    (257, "Capabilities-Exchange"),
    (258, "Re-Auth"),
    (265, "AA"),
    (268, "Diameter-EAP"),
    (271, "Accounting"),
    (272, "Credit-Control"),
    (274, "Abort-Session"),
    (275, "Session-Termination"),
    (280, "Device-Watchdog"),
    (282, "Disconnect-Peer"),
    (283, "SIP-User-Authorization"),
    (284, "SIP-Server-Assignment"),
    (285, "SIP-Location-Info"),
    (286, "SIP-Multimedia-Auth"),
    (287, "SIP-Registration-Termination"),
    (288, "SIP-Push-Profile"),
    (300, "User-Authorization"),
    (301, "Server-Assignment"),
    (302, "Location-Info"),
    (303, "Multimedia-Auth"),
    (304, "Registration-Termination"),
    (305, "Push-Profile"),
    (306, "User-Data"),
    (307, "Profile-Update"),
    (308, "Subscribe-Notifications"),
    (309, "Push-Notification"),
    (310, "Bootstrapping-Info"),
    (316, "3GPP-Update-Location"),
    (317, "3GPP-Cancel-Location"),
    (318, "3GPP-Authentication-Information"),
    (319, "3GPP-Insert-Subscriber-Data"),
    (320, "3GPP-Delete-Subscriber-Data"),
    (321, "3GPP-Purge-UE"),
    (322, "3GPP-Reset"),
    (323, "3GPP-Notify"),
    (324, "3GPP-ME-Identity-Check"),
];

/// RFC 6733, 7.1, with RFC 8506, 9, and RFC 4740, 10.
const RESULT_CODES: &[(u64, &str)] = &[
    (1001, "DIAMETER_MULTI_ROUND_AUTH"),
    (2001, "DIAMETER_SUCCESS"),
    (2002, "DIAMETER_LIMITED_SUCCESS"),
    (2003, "DIAMETER_FIRST_REGISTRATION"),
    (2004, "DIAMETER_SUBSEQUENT_REGISTRATION"),
    (2005, "DIAMETER_UNREGISTERED_SERVICE"),
    (2006, "DIAMETER_SUCCESS_SERVER_NAME_NOT_STORED"),
    (2007, "DIAMETER_SERVER_SELECTION"),
    (2008, "DIAMETER_SUCCESS_AUTH_SENT_SERVER_NOT_STORED"),
    (3001, "DIAMETER_COMMAND_UNSUPPORTED"),
    (3002, "DIAMETER_UNABLE_TO_DELIVER"),
    (3003, "DIAMETER_REALM_NOT_SERVED"),
    (3004, "DIAMETER_TOO_BUSY"),
    (3005, "DIAMETER_LOOP_DETECTED"),
    (3006, "DIAMETER_REDIRECT_INDICATION"),
    (3007, "DIAMETER_APPLICATION_UNSUPPORTED"),
    (3008, "DIAMETER_INVALID_HDR_BITS"),
    (3009, "DIAMETER_INVALID_AVP_BITS"),
    (3010, "DIAMETER_UNKNOWN_PEER"),
    (3011, "DIAMETER_REALM_REDIRECT_INDICATION"),
    (4001, "DIAMETER_AUTHENTICATION_REJECTED"),
    (4002, "DIAMETER_OUT_OF_SPACE"),
    (4003, "DIAMETER_ELECTION_LOST"),
    (4010, "DIAMETER_END_USER_SERVICE_DENIED"),
    (4011, "DIAMETER_CREDIT_CONTROL_NOT_APPLICABLE"),
    (4012, "DIAMETER_CREDIT_LIMIT_REACHED"),
    (4013, "DIAMETER_USER_NAME_REQUIRED"),
    (5001, "DIAMETER_AVP_UNSUPPORTED"),
    (5002, "DIAMETER_UNKNOWN_SESSION_ID"),
    (5003, "DIAMETER_AUTHORIZATION_REJECTED"),
    (5004, "DIAMETER_INVALID_AVP_VALUE"),
    (5005, "DIAMETER_MISSING_AVP"),
    (5006, "DIAMETER_RESOURCES_EXCEEDED"),
    (5007, "DIAMETER_CONTRADICTING_AVPS"),
    (5008, "DIAMETER_AVP_NOT_ALLOWED"),
    (5009, "DIAMETER_AVP_OCCURS_TOO_MANY_TIMES"),
    (5010, "DIAMETER_NO_COMMON_APPLICATION"),
    (5011, "DIAMETER_UNSUPPORTED_VERSION"),
    (5012, "DIAMETER_UNABLE_TO_COMPLY"),
    (5013, "DIAMETER_INVALID_BIT_IN_HEADER"),
    (5014, "DIAMETER_INVALID_AVP_LENGTH"),
    (5015, "DIAMETER_INVALID_MESSAGE_LENGTH"),
    (5016, "DIAMETER_INVALID_AVP_BIT_COMBO"),
    (5017, "DIAMETER_NO_COMMON_SECURITY"),
    (5030, "DIAMETER_USER_UNKNOWN"),
    (5031, "DIAMETER_RATING_FAILED"),
    (5032, "DIAMETER_ERROR_USER_UNKNOWN"),
    (5033, "DIAMETER_ERROR_IDENTITIES_DONT_MATCH"),
    (5034, "DIAMETER_ERROR_IDENTITY_NOT_REGISTERED"),
    (5035, "DIAMETER_ERROR_ROAMING_NOT_ALLOWED"),
    (5036, "DIAMETER_ERROR_IDENTITY_ALREADY_REGISTERED"),
    (5037, "DIAMETER_ERROR_AUTH_SCHEME_NOT_SUPPORTED"),
    (5038, "DIAMETER_ERROR_IN_ASSIGNMENT_TYPE"),
    (5039, "DIAMETER_ERROR_TOO_MUCH_DATA"),
];
const SESSION_STATES: &[(u64, &str)] = &[(0, "STATE_MAINTAINED"), (1, "NO_STATE_MAINTAINED")];
const DISCONNECT_CAUSES: &[(u64, &str)] = &[(0, "REBOOTING"), (1, "BUSY"), (2, "DO_NOT_WANT_TO_TALK_TO_YOU")];
const AUTH_REQUESTS: &[(u64, &str)] = &[(1, "AUTHENTICATE_ONLY"), (2, "AUTHORIZE_ONLY"), (3, "AUTHORIZE_AUTHENTICATE")];
const REAUTH_REQUESTS: &[(u64, &str)] = &[(0, "AUTHORIZE_ONLY"), (1, "AUTHORIZE_AUTHENTICATE")];
const TERMINATION_CAUSES: &[(u64, &str)] = &[
    (1, "DIAMETER_LOGOUT"),
    (2, "DIAMETER_SERVICE_NOT_PROVIDED"),
    (3, "DIAMETER_BAD_ANSWER"),
    (4, "DIAMETER_ADMINISTRATIVE"),
    (5, "DIAMETER_LINK_BROKEN"),
    (6, "DIAMETER_AUTH_EXPIRED"),
    (7, "DIAMETER_USER_MOVED"),
    (8, "DIAMETER_SESSION_TIMEOUT"),
];
const CC_REQUESTS: &[(u64, &str)] =
    &[(1, "INITIAL_REQUEST"), (2, "UPDATE_REQUEST"), (3, "TERMINATION_REQUEST"), (4, "EVENT_REQUEST")];
const RECORDS: &[(u64, &str)] = &[(1, "Event Record"), (2, "Start Record"), (3, "Interim Record"), (4, "Stop Record")];
const SUBSCRIPTIONS: &[(u64, &str)] = &[
    (0, "END_USER_E164"),
    (1, "END_USER_IMSI"),
    (2, "END_USER_SIP_URI"),
    (3, "END_USER_NAI"),
    (4, "END_USER_PRIVATE"),
];
/// 3GPP TS 29.329, 6.3, and TS 29.229, 6.3.
const SUBSCRIBES: &[(u64, &str)] = &[(0, "Subscribe"), (1, "Unsubscribe")];
const DATA_REFERENCES: &[(u64, &str)] = &[
    (0, "RepositoryData"),
    (10, "IMSPublicIdentity"),
    (11, "IMSUserState"),
    (12, "S-CSCFName"),
    (13, "InitialFilterCriteria"),
    (14, "LocationInformation"),
    (15, "UserState"),
    (16, "ChargingInformation"),
    (17, "MSISDN"),
    (18, "PSIActivation"),
    (19, "DSAI"),
];
const IDENTITY_SETS: &[(u64, &str)] =
    &[(0, "ALL_IDENTITIES"), (1, "REGISTERED_IDENTITIES"), (2, "IMPLICIT_IDENTITIES"), (3, "ALIAS_IDENTITIES")];
const DOMAINS: &[(u64, &str)] = &[(0, "CS-Domain"), (1, "PS-Domain")];
const USER_AUTHORIZATIONS: &[(u64, &str)] =
    &[(0, "REGISTRATION"), (1, "DE_REGISTRATION"), (2, "REGISTRATION_AND_CAPABILITIES")];
const ASSIGNMENTS: &[(u64, &str)] = &[
    (0, "NO_ASSIGNMENT"),
    (1, "REGISTRATION"),
    (2, "RE_REGISTRATION"),
    (3, "UNREGISTERED_USER"),
    (4, "TIMEOUT_DEREGISTRATION"),
    (5, "USER_DEREGISTRATION"),
    (6, "TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME"),
    (7, "USER_DEREGISTRATION_STORE_SERVER_NAME"),
    (8, "ADMINISTRATIVE_DEREGISTRATION"),
    (9, "AUTHENTICATION_FAILURE"),
    (10, "AUTHENTICATION_TIMEOUT"),
    (11, "DEREGISTRATION_TOO_MUCH_DATA"),
];

/// What an attribute holds (RFC 6733, 4.2 and 4.3).
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    /// Octets that are shown as text between quotes.
    Quoted,
    Octets,
    Xml,
    Signed,
    Unsigned,
    Time,
    Address,
    Group,
}

use Kind::*;

const TGPP: u32 = 10_415;

/// Vendors and codes of attributes, sorted.
const ROWS: &[(u32, u32, &str, FieldId, Kind)] = &[
    (0, 1, "User-Name", USER_NAME, Text),
    (0, 25, "Class", CLASS, Octets),
    (0, 27, "Session-Timeout", SESSION_TIMEOUT, Unsigned),
    (0, 33, "Proxy-State", PROXY_STATE, Octets),
    (0, 55, "Event-Timestamp", EVENT_TIMESTAMP, Time),
    (0, 85, "Acct-Interim-Interval", ACCT_INTERIM_INTERVAL, Unsigned),
    (0, 257, "Host-IP-Address", HOST_IP_ADDRESS, Address),
    (0, 258, "Auth-Application-Id", AUTH_APPLICATION_ID, Unsigned),
    (0, 259, "Acct-Application-Id", ACCT_APPLICATION_ID, Unsigned),
    (0, 260, "Vendor-Specific-Application-Id", VENDOR_SPECIFIC_APPLICATION_ID, Group),
    (0, 261, "Redirect-Host-Usage", REDIRECT_HOST_USAGE, Signed),
    (0, 262, "Redirect-Max-Cache-Time", REDIRECT_MAX_CACHE_TIME, Unsigned),
    (0, 263, "Session-Id", SESSION_ID, Text),
    (0, 264, "Origin-Host", ORIGIN_HOST, Text),
    (0, 265, "Supported-Vendor-Id", SUPPORTED_VENDOR_ID, Unsigned),
    (0, 266, "Vendor-Id", VENDOR_ID_AVP, Unsigned),
    (0, 267, "Firmware-Revision", FIRMWARE_REVISION, Unsigned),
    (0, 268, "Result-Code", RESULT_CODE, Signed),
    (0, 269, "Product-Name", PRODUCT_NAME, Text),
    (0, 270, "Session-Binding", SESSION_BINDING, Signed),
    (0, 271, "Session-Server-Failover", SESSION_SERVER_FAILOVER, Signed),
    (0, 272, "Multi-Round-Time-Out", MULTI_ROUND_TIME_OUT, Unsigned),
    (0, 273, "Disconnect-Cause", DISCONNECT_CAUSE, Signed),
    (0, 274, "Auth-Request-Type", AUTH_REQUEST_TYPE, Signed),
    (0, 276, "Auth-Grace-Period", AUTH_GRACE_PERIOD, Unsigned),
    (0, 277, "Auth-Session-State", AUTH_SESSION_STATE, Signed),
    (0, 278, "Origin-State-Id", ORIGIN_STATE_ID, Unsigned),
    (0, 279, "Failed-AVP", FAILED_AVP, Group),
    (0, 280, "Proxy-Host", PROXY_HOST, Text),
    (0, 281, "Error-Message", ERROR_MESSAGE, Text),
    (0, 282, "Route-Record", ROUTE_RECORD, Text),
    (0, 283, "Destination-Realm", DESTINATION_REALM, Text),
    (0, 284, "Proxy-Info", PROXY_INFO, Group),
    (0, 285, "Re-Auth-Request-Type", RE_AUTH_REQUEST_TYPE, Signed),
    (0, 287, "Accounting-Sub-Session-Id", ACCOUNTING_SUB_SESSION_ID, Unsigned),
    (0, 291, "Authorization-Lifetime", AUTHORIZATION_LIFETIME, Signed),
    (0, 292, "Redirect-Host", REDIRECT_HOST, Text),
    (0, 293, "Destination-Host", DESTINATION_HOST, Text),
    (0, 294, "Error-Reporting-Host", ERROR_REPORTING_HOST, Text),
    (0, 295, "Termination-Cause", TERMINATION_CAUSE, Signed),
    (0, 296, "Origin-Realm", ORIGIN_REALM, Text),
    (0, 297, "Experimental-Result", EXPERIMENTAL_RESULT, Group),
    (0, 298, "Experimental-Result-Code", EXPERIMENTAL_RESULT_CODE, Signed),
    (0, 299, "Inband-Security-Id", INBAND_SECURITY_ID, Signed),
    (0, 411, "CC-Correlation-Id", CC_CORRELATION_ID, Octets),
    (0, 412, "CC-Input-Octets", CC_INPUT_OCTETS, Unsigned),
    (0, 413, "CC-Money", CC_MONEY, Group),
    (0, 414, "CC-Output-Octets", CC_OUTPUT_OCTETS, Unsigned),
    (0, 415, "CC-Request-Number", CC_REQUEST_NUMBER, Unsigned),
    (0, 416, "CC-Request-Type", CC_REQUEST_TYPE, Signed),
    (0, 420, "CC-Time", CC_TIME, Unsigned),
    (0, 421, "CC-Total-Octets", CC_TOTAL_OCTETS, Unsigned),
    (0, 431, "Granted-Service-Unit", GRANTED_SERVICE_UNIT, Group),
    (0, 437, "Requested-Service-Unit", REQUESTED_SERVICE_UNIT, Group),
    (0, 439, "Service-Identifier", SERVICE_IDENTIFIER, Unsigned),
    (0, 443, "Subscription-Id", SUBSCRIPTION_ID, Group),
    (0, 444, "Subscription-Id-Data", SUBSCRIPTION_ID_DATA, Text),
    (0, 446, "Used-Service-Unit", USED_SERVICE_UNIT, Group),
    (0, 450, "Subscription-Id-Type", SUBSCRIPTION_ID_TYPE, Signed),
    (0, 456, "Multiple-Services-Credit-Control", MULTIPLE_SERVICES_CREDIT_CONTROL, Group),
    (0, 461, "Service-Context-Id", SERVICE_CONTEXT_ID, Text),
    (0, 480, "Accounting-Record-Type", ACCOUNTING_RECORD_TYPE, Signed),
    (0, 483, "Accounting-Realtime-Required", ACCOUNTING_REALTIME_REQUIRED, Signed),
    (0, 485, "Accounting-Record-Number", ACCOUNTING_RECORD_NUMBER, Unsigned),
    (TGPP, 600, "Visited-Network-Identifier", VISITED_NETWORK_IDENTIFIER, Octets),
    (TGPP, 601, "Public-Identity", PUBLIC_IDENTITY, Text),
    (TGPP, 602, "Server-Name", SERVER_NAME, Text),
    (TGPP, 607, "SIP-Number-Auth-Items", SIP_NUMBER_AUTH_ITEMS, Unsigned),
    (TGPP, 608, "SIP-Authentication-Scheme", SIP_AUTHENTICATION_SCHEME, Signed),
    (TGPP, 612, "SIP-Auth-Data-Item", SIP_AUTH_DATA_ITEM, Group),
    (TGPP, 614, "Server-Assignment-Type", SERVER_ASSIGNMENT_TYPE, Signed),
    (TGPP, 623, "User-Authorization-Type", USER_AUTHORIZATION_TYPE, Signed),
    (TGPP, 624, "User-Data-Already-Available", USER_DATA_ALREADY_AVAILABLE, Signed),
    (TGPP, 628, "Supported-Features", SUPPORTED_FEATURES, Group),
    (TGPP, 629, "Feature-List-ID", FEATURE_LIST_ID, Unsigned),
    (TGPP, 630, "Feature-List", FEATURE_LIST, Unsigned),
    (TGPP, 700, "User-Identity", USER_IDENTITY, Group),
    (TGPP, 701, "MSISDN", MSISDN, Octets),
    (TGPP, 702, "Sh-User-Data", SH_USER_DATA, Xml),
    (TGPP, 703, "Data-Reference", DATA_REFERENCE, Signed),
    (TGPP, 704, "Service-Indication", SERVICE_INDICATION, Quoted),
    (TGPP, 705, "Subs-Req-Type", SUBS_REQ_TYPE, Signed),
    (TGPP, 706, "Requested-Domain", REQUESTED_DOMAIN, Signed),
    (TGPP, 708, "Identity-Set", IDENTITY_SET, Signed),
];

const HEADER_LEN: usize = 20;
const REQUEST: u8 = 0x80;
const VENDOR: u8 = 0x80;
/// RFC 6733, 3: a message that is longer is no message.
const MAX_MESSAGE: usize = 1 << 20;
/// How deep groups may lie in each other.
const MAX_DEPTH: u8 = 16;
/// RFC 6733, 4.3.1: seconds from 1900 to 1970.
const UNIX_EPOCH: i64 = 2_208_988_800;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Xml],
    accepts: Some(accepts),
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Diameter, "DIAMETER", &[Binding::TcpPort(3868), Binding::SctpPort(3868)], dissect)
};

const RULES: Rules = Rules {
    proto: ProtoId::Diameter,
    renews: true,
    again: Again::Answers,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: &[ANSWER_IN, ANSWER_TO, RESP_TIME],
};

/// RFC 6733, 3.
fn framing(octets: &[u8]) -> Framing {
    match octets {
        [1, a, b, c, rest @ ..] => {
            let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let reserved = rest.first().map_or(0, |flags| flags & 0x0f);
            if (HEADER_LEN..=MAX_MESSAGE).contains(&len) && reserved == 0 {
                Framing::Message(len)
            } else {
                Framing::Foreign
            }
        }
        [1] | [1, _] | [1, _, _] | [] => Framing::More(4),
        _ => Framing::Foreign,
    }
}

fn accepts(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    matches!(framing(tvb.bytes()), Framing::Message(_))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (item, is_next) = d.begin_next(PROTO, tvb);
    d.set_protocol("DIAMETER");
    let len = tvb.u24(1)? as usize;
    d.set_len(item, len);
    let flags = tvb.u8(4)?;
    let (command, application) = (tvb.u24(5)?, tvb.u32(8)?);
    let (hop, end) = (tvb.u32(12)?, tvb.u32(16)?);
    let command_name = Names::Values(COMMANDS).of(command.into()).unwrap_or("Unknown".into());
    let text = || {
        let letters: String = [(0x80, 'R'), (0x40, 'P'), (0x20, 'E'), (0x10, 'T')]
            .map(|(bit, letter)| if flags & bit != 0 { letter } else { '-' })
            .iter()
            .collect();
        let kind = if flags & REQUEST != 0 { "Request" } else { "Answer" };
        let name = Names::Values(APPLICATIONS).of(application.into()).unwrap_or("Unknown".into());
        format!(
            "cmd={command_name} {kind}({command}) flags={letters} appl={name}({application}) h2h={hop:x} e2e={end:x} | "
        )
    };
    if is_next {
        d.append_info(text);
    } else {
        d.set_info(text);
    }
    d.uint(VERSION, tvb, 0, 1)?;
    d.add(LENGTH, tvb, 1, 3, Value::Uint(len as u64));
    let bits = [
        FLAGS_REQUEST,
        FLAGS_PROXYABLE,
        FLAGS_ERROR,
        FLAGS_T,
        FLAGS_RESERVED4,
        FLAGS_RESERVED5,
        FLAGS_RESERVED6,
        FLAGS_RESERVED7,
    ];
    let line = d.open(FLAGS, tvb, 4, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let set = bits.iter().filter(|field| u64::from(flags) & crate::registry::field(**field).mask != 0);
        set.fold(format!("Flags: 0x{flags:02x}"), |text, field| {
            format!("{text}, {}", crate::registry::field(*field).label)
        })
    });
    for field in bits {
        d.flag(field, tvb, 4, 1, flags.into());
    }
    d.close();
    let line = d.add(CMD_CODE, tvb, 5, 3, Value::Uint(command.into()));
    d.text(line, || format!("Command Code: {command_name} ({command})"));
    d.add(APPLICATION_ID, tvb, 8, 4, Value::Uint(application.into()));
    d.add(HOP_BY_HOP, tvb, 12, 4, Value::Uint(hop.into()));
    d.add(END_TO_END, tvb, 16, 4, Value::Uint(end.into()));
    let id = u128::from(hop) << 32 | u128::from(end);
    if flags & REQUEST != 0 {
        transaction::request(d, &RULES, id);
    } else {
        transaction::response(d, &RULES, id, true);
    }
    let known = transaction::known(d, ProtoId::Diameter);
    if let Some(frame) = known.response_in {
        d.generated(ANSWER_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(ANSWER_TO, tvb, 0, 0, Value::Uint(frame));
        d.generated(RESP_TIME, tvb, 0, 0, Value::Time(after));
    }
    let body = tvb.exact(HEADER_LEN, len.saturating_sub(HEADER_LEN))?;
    attributes(d, body, 0)?;
    d.close();
    Ok(())
}

/// RFC 6733, 4.
fn attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, depth: u8) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        at += attribute(d, tvb.from(at), depth)?;
    }
    Ok(())
}

fn attribute<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, depth: u8) -> Result<usize, Stop> {
    let (code, flags, len) = (tvb.u32(0)?, tvb.u8(4)?, tvb.u24(5)? as usize);
    let has_vendor = flags & VENDOR != 0;
    let head = if has_vendor { 12 } else { 8 };
    let vendor = if has_vendor { tvb.u32(8)? } else { 0 };
    let value = tvb.exact(head, len.checked_sub(head).ok_or(Stop::Malformed)?)?;
    let padding = len.next_multiple_of(4) - len;
    let row = ROWS.binary_search_by_key(&(vendor, code), |row| (row.0, row.1)).ok().and_then(|at| ROWS.get(at));
    let name = row.map_or("Unknown", |row| row.2);
    let line = d.open(AVP, tvb, 0, len + padding, Value::Bytes);
    d.text(line, || {
        let letters: String = [(0x80, 'V'), (0x40, 'M'), (0x20, 'P')]
            .map(|(bit, letter)| if flags & bit != 0 { letter } else { '-' })
            .iter()
            .collect();
        let vendor = match (has_vendor, vendor) {
            (false, _) => String::new(),
            (true, TGPP) => " vnd=TGPP".to_owned(),
            (true, other) => format!(" vnd={other}"),
        };
        let shown = match row {
            Some((.., Group)) => String::new(),
            _ => format!(" val={}", summary(row.map(|row| (row.3, row.4)), value)),
        };
        format!("AVP: {name}({code}) l={len} f={letters}{vendor}{shown}")
    });
    let code_line = d.add(AVP_CODE, tvb, 0, 4, Value::Uint(code.into()));
    d.text(code_line, || format!("AVP Code: {code} {name}"));
    avp_flags(d, tvb, flags);
    d.add(AVP_LEN, tvb, 5, 3, Value::Uint(len as u64));
    if has_vendor {
        let line = d.add(AVP_VENDOR_ID, tvb, 8, 4, Value::Uint(vendor.into()));
        if vendor == TGPP {
            d.text(line, || "AVP Vendor Id: 3GPP (10415)".to_owned());
        }
    }
    match row {
        Some((.., field, kind)) => {
            show(d, *field, *kind, value, depth)?;
            if [VENDOR_ID_AVP, SUPPORTED_VENDOR_ID].contains(field) && value.reported() == 4 {
                d.uint(VENDOR_ID, value, 0, 4)?;
            }
        }
        None => drop(d.bytes(AVP_UNKNOWN, value, 0, value.reported())),
    }
    let there = padding.min(tvb.reported().saturating_sub(len));
    if there > 0 {
        d.bytes(AVP_PAD, tvb, len, there);
    }
    d.close();
    Ok(len + padding)
}

fn avp_flags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flags: u8) {
    let bits = [VENDOR_SPECIFIC, MANDATORY, PROTECTED, RESERVED3, RESERVED4, RESERVED5, RESERVED6, RESERVED7];
    let line = d.open(AVP_FLAGS, tvb, 4, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let set = bits.iter().filter(|field| u64::from(flags) & crate::registry::field(**field).mask != 0);
        set.fold(format!("AVP Flags: 0x{flags:02x}"), |text, field| {
            format!("{text}, {}: Set", crate::registry::field(*field).label)
        })
    });
    for field in bits {
        d.flag(field, tvb, 4, 1, flags.into());
    }
    d.close();
}

/// What stands for the value in the attribute's line.
fn summary(row: Option<(FieldId, Kind)>, value: Tvb<'_>) -> String {
    let octets = value.bytes();
    let number = value.uint(0, value.reported().min(8)).unwrap_or(0);
    match row {
        Some((_, Text)) => printable(octets),
        Some((_, Quoted)) => format!("\"{}\"", printable(octets)),
        Some((field, Signed | Unsigned)) => match crate::registry::field(field).names.of(number) {
            Some(name) => format!("{name} ({number})"),
            None => number.to_string(),
        },
        Some((_, Address)) => match octets {
            [0, 1, a, b, c, d] => format!("{a}.{b}.{c}.{d}"),
            other => hex(other),
        },
        Some((_, Time)) => crate::output::value::absolute(time(number)),
        _ => hex(octets),
    }
}

fn time(seconds: u64) -> i64 {
    (seconds as i64 & 0xffff_ffff).saturating_sub(UNIX_EPOCH).saturating_mul(1_000_000_000)
}

fn show<'a>(d: &mut Dissector<'a>, field: FieldId, kind: Kind, value: Tvb<'a>, depth: u8) -> Parsed {
    let len = value.reported();
    match kind {
        Text => drop(d.add(field, value, 0, len, Value::Text)),
        Quoted => {
            let line = d.bytes(field, value, 0, len);
            let text = printable(value.bytes());
            d.text(line, || format!("{}: \"{text}\"", crate::registry::field(field).label));
        }
        Octets => drop(d.bytes(field, value, 0, len)),
        Xml => {
            d.bytes(field, value, 0, len);
            if value.bytes().starts_with(b"<?xml") {
                d.call(ProtoId::Xml, value);
            }
        }
        Signed if len == 4 => {
            let number = value.u32(0)? as i32;
            d.add(field, value, 0, len, Value::Int(number.into()));
        }
        Unsigned if len == 4 || len == 8 => drop(d.uint(field, value, 0, len)?),
        Time if len == 4 => {
            let seconds = value.u32(0)?;
            d.add(field, value, 0, len, Value::Time(time(seconds.into())));
        }
        Address => {
            d.open(field, value, 0, len, Value::Bytes);
            let family = d.uint(HOST_ADDR_FAMILY, value, 0, 2)?;
            match family {
                1 if len == 6 => drop(d.add(HOST_IPV4, value, 2, 4, Value::Ipv4(value.array(2)?))),
                2 if len == 18 => drop(d.add(HOST_IPV6, value, 2, 16, Value::Ipv6(value.array(2)?))),
                _ => {}
            }
            d.close();
        }
        Group if depth < MAX_DEPTH => {
            d.open(field, value, 0, len, Value::Bytes);
            attributes(d, value, depth + 1)?;
            d.close();
        }
        _ => drop(d.bytes(AVP_UNKNOWN, value, 0, len)),
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500054800010000400600000a0000010a00000213880f1c0000000100000001501803e80000000001000520c00001320100 \
     00010000000100000002000000014000000a61620000000000194000000a616200000000001b4000000c0000000100000021 \
     4000000a61620000000000374000000c83aa7e80000000554000000c00000001000001014000000e00010a00000100000000 \
     01024000000c00000001000001034000000c0000000100000104400000140000010a4000000c000028af000001054000000c \
     00000001000001064000000c00000001000001074000000a61620000000001084000000a61620000000001094000000c0000 \
     00010000010a4000000c000000010000010b4000000c000000010000010c4000000c000000010000010d4000000a61620000 \
     0000010e4000000c000000010000010f4000000c00000001000001104000000c00000001000001114000000c000000010000 \
     01124000000c00000001000001144000000c00000001000001154000000c00000001000001164000000c0000000100000117 \
     400000140000010a4000000c000028af000001184000000a61620000000001194000000a616200000000011a4000000a6162 \
     00000000011b4000000a616200000000011c400000140000010a4000000c000028af0000011d4000000c000000010000011f \
     400000100000000000000001000001234000000c00000001000001244000000a61620000000001254000000a616200000000 \
     01264000000a61620000000001274000000c00000001000001284000000a6162000000000129400000140000010a4000000c \
     000028af0000012a4000000c000000010000012b4000000c000000010000019b4000000a616200000000019c400000100000 \
     0000000000010000019d400000140000010a4000000c000028af0000019e4000001000000000000000010000019f4000000c \
     00000001000001a04000000c00000001000001a44000000c00000001000001a5400000100000000000000001000001af4000 \
     00140000010a4000000c000028af000001b5400000140000010a4000000c000028af000001b74000000c00000001000001bb \
     400000140000010a4000000c000028af000001bc4000000a61620000000001be400000140000010a4000000c000028af0000 \
     01c24000000c00000001000001c8400000140000010a4000000c000028af000001cd4000000a61620000000001e04000000c \
     00000001000001e34000000c00000001000001e54000000c0000000100000258c000000e000028af6162000000000259c000 \
     000e000028af616200000000025ac000000e000028af616200000000025fc0000010000028af0000000100000260c0000010 \
     000028af0000000100000264c0000018000028af0000010a4000000c000028af00000266c0000010000028af000000010000 \
     026fc0000010000028af0000000100000270c0000010000028af0000000100000274c0000018000028af0000010a4000000c \
     000028af00000275c0000010000028af0000000100000276c0000010000028af00000001000002bcc0000018000028af0000 \
     010a4000000c000028af000002bdc000000e000028af61620000000002bec0000025000028af3c3f786d6c2076657273696f \
     6e3d22312e30223f3e3c612f3e000000000002bfc0000010000028af00000001000002c0c000000e000028af616200000000 \
     02c1c0000010000028af00000001000002c2c0000010000028af00000001000002c4c0000010000028af0000000100000101 \
     4000001a00020000000000000000000000000000000000000000270f4000000b78797a0000000005c000000e0000022b6162 \
     0000",
    "4500005400010000400600000a0000020a0000010f1c13880000000100000521501803e8000000000100002c400001320100 \
     000100000001000000020000010c4000000c000007d1000001084000000c686f7374",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn the_rows_are_sorted() {
        assert!(ROWS.windows(2).all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1)));
    }

    #[test]
    fn an_answer_finds_its_request() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "diameter.answer_in"), "2");
        assert_eq!(values(&shown[1], "diameter.answer_to"), "1");
        assert_eq!(values(&shown[1], "diameter.Result-Code"), "2001");
        assert_eq!(values(&shown[1], "diameter.Origin-Host"), "host");
    }

    #[test]
    fn groups_end_at_their_limit() {
        let mut body = Vec::new();
        for _ in 0..100 {
            let mut group = 297u32.to_be_bytes().to_vec();
            group.push(0x40);
            group.extend(&(body.len() as u32 + 8).to_be_bytes()[1..]);
            group.extend(&body);
            body = group;
        }
        let len = (body.len() as u32 + 20).to_be_bytes();
        let message = [&[1], &len[1..], &[0x80, 0, 1, 1], &[0; 12], &body[..]].concat();
        let shown = crate::tests::shown_by(ProtoId::Diameter, &message);
        let count = shown.iter().filter(|row| row.0 == "diameter.Experimental-Result").count();
        assert_eq!(count, usize::from(MAX_DEPTH));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Diameter,
            b"\x01\0\0\x2c\x80\0\x01\x18\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\x01\x08\x40\0\0\x0aab\0\0\0\0\x01\x0c\x40\0\0\x0c\0\0\x07\xd1",
        );
    }
}
