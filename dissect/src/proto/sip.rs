//! The Session Initiation Protocol over UDP and TCP (RFC 3261 and the headers of its extensions).
//!
//! Lazy: where only the first line is asked for, the headers are not looked at. Over UDP the first pass learns which
//! messages are sent again and which request a response answers.
//!
//! Where it differs from Wireshark on purpose stands in `dissect/DIFFERENCES.md`.

mod address;
mod headers;
mod message;
mod names;
mod outline;
mod transaction;
mod values;

#[cfg(test)]
mod tests;

use crate::bindings::Binding;
use crate::dissector::{Dissector, Transport};
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

pub(crate) use outline::line_end;
pub(crate) use transaction::Dialogs;
pub use transaction::Known;

// The fields of the first line stand first: asking whether any of the others is wanted is then one look at a range.
fields! { Sip, "sip", "Session Initiation Protocol";
    REQUEST_LINE = field("sip.Request-Line", "Request-Line", String, None);
    METHOD = field("sip.Method", "Method", String, None);
    R_URI_DISPLAY_INFO = field("sip.r-uri.display.info", "Request-URI display info", String, None);
    R_URI = field("sip.r-uri", "Request-URI", String, None);
    R_URI_USER = field("sip.r-uri.user", "Request-URI User Part", String, None);
    R_URI_HOST = field("sip.r-uri.host", "Request-URI Host Part", String, None);
    R_URI_PORT = field("sip.r-uri.port", "Request-URI Host Port", String, None);
    R_URI_PARAM = field("sip.r-uri.param", "Request URI parameter", String, None);
    STATUS_LINE = field("sip.Status-Line", "Status-Line", String, None);
    STATUS_CODE = field("sip.Status-Code", "Status-Code", Uint32, Dec);
    CONTINUATION = field("sip.continuation", "Continuation data", Bytes, None);
    MSG_HDR = field("sip.msg_hdr", "Message Header", String, None);
    DISPLAY_INFO = field("sip.display.info", "SIP Display info", String, None);
    TO_DISPLAY_INFO = field("sip.to.display.info", "SIP to display info", String, None);
    TO_ADDR = field("sip.to.addr", "SIP to address", String, None);
    TO_USER = field("sip.to.user", "SIP to address User Part", String, None);
    TO_HOST = field("sip.to.host", "SIP to address Host Part", String, None);
    TO_PORT = field("sip.to.port", "SIP to address Host Port", String, None);
    TO_PARAM = field("sip.to.param", "SIP To URI parameter", String, None);
    TO_TAG = field("sip.to.tag", "SIP to tag", String, None);
    FROM_DISPLAY_INFO = field("sip.from.display.info", "SIP from display info", String, None);
    FROM_ADDR = field("sip.from.addr", "SIP from address", String, None);
    FROM_USER = field("sip.from.user", "SIP from address User Part", String, None);
    FROM_HOST = field("sip.from.host", "SIP from address Host Part", String, None);
    FROM_PORT = field("sip.from.port", "SIP from address Host Port", String, None);
    FROM_PARAM = field("sip.from.param", "SIP From URI parameter", String, None);
    FROM_TAG = field("sip.from.tag", "SIP from tag", String, None);
    CONTACT_DISPLAY_INFO = field("sip.contact.display.info", "SIP C-URI display info", String, None);
    CONTACT_URI = field("sip.contact.uri", "Contact URI", String, None);
    CONTACT_USER = field("sip.contact.user", "Contact URI User Part", String, None);
    CONTACT_HOST = field("sip.contact.host", "Contact URI Host Part", String, None);
    CONTACT_PORT = field("sip.contact.port", "Contact URI Host Port", String, None);
    CONTACT_PARAM = field("sip.contact.param", "Contact URI parameter", String, None);
    ROUTE_DISPLAY_INFO = field("sip.Route.display.info", "Route display info", String, None);
    ROUTE_URI = field("sip.Route.uri", "Route URI", String, None);
    ROUTE_USER = field("sip.Route.user", "Route Userinfo", String, None);
    ROUTE_HOST = field("sip.Route.host", "Route Host Part", String, None);
    ROUTE_PORT = field("sip.Route.port", "Route Host Port", String, None);
    ROUTE_PARAM = field("sip.Route.param", "Route URI parameter", String, None);
    RECORD_ROUTE_DISPLAY_INFO = field("sip.Record-Route.display.info", "Record-Route display info", String, None);
    RECORD_ROUTE_URI = field("sip.Record-Route.uri", "Record-Route URI", String, None);
    RECORD_ROUTE_USER = field("sip.Record-Route.user", "Record-Route Userinfo", String, None);
    RECORD_ROUTE_HOST = field("sip.Record-Route.host", "Record-Route Host Part", String, None);
    RECORD_ROUTE_PORT = field("sip.Record-Route.port", "Record-Route Host Port", String, None);
    RECORD_ROUTE_PARAM = field("sip.Record-Route.param", "Record-Route URI parameter", String, None);
    SERVICE_ROUTE_DISPLAY_INFO = field("sip.Service-Route.display.info", "Service-Route display info", String, None);
    SERVICE_ROUTE_URI = field("sip.Service-Route.uri", "Service-Route URI", String, None);
    SERVICE_ROUTE_USER = field("sip.Service-Route.user", "Service-Route Userinfo", String, None);
    SERVICE_ROUTE_HOST = field("sip.Service-Route.host", "Service-Route Host Part", String, None);
    SERVICE_ROUTE_PORT = field("sip.Service-Route.port", "Service-Route Host Port", String, None);
    SERVICE_ROUTE_PARAM = field("sip.Service-Route.param", "Service-Route URI parameter", String, None);
    PATH_DISPLAY_INFO = field("sip.Path.display.info", "Path URI", String, None);
    PATH_URI = field("sip.Path.uri", "Path URI", String, None);
    PATH_USER = field("sip.Path.user", "Path Userinfo", String, None);
    PATH_HOST = field("sip.Path.host", "Path Host Part", String, None);
    PATH_PORT = field("sip.Path.port", "Path Host Port", String, None);
    PATH_PARAM = field("sip.Path.param", "Path URI parameter", String, None);
    CONTACT_PARAMETER = field("sip.contact.parameter", "Contact parameter", String, None);
    TAG = field("sip.tag", "SIP tag", String, None);
    PAI_DISPLAY_INFO = field("sip.pai.display.info", "SIP PAI display info", String, None);
    PAI_ADDR = field("sip.pai.addr", "SIP PAI Address", String, None);
    PAI_USER = field("sip.pai.user", "SIP PAI User Part", String, None);
    PAI_HOST = field("sip.pai.host", "SIP PAI Host Part", String, None);
    PAI_PORT = field("sip.pai.port", "SIP PAI Host Port", String, None);
    PAI_PARAM = field("sip.pai.param", "SIP PAI URI parameter", String, None);
    PMISS_DISPLAY_INFO = field("sip.pmiss.display.info", "SIP PMISS display info", String, None);
    PMISS_ADDR = field("sip.pmiss.addr", "SIP PMISS Address", String, None);
    PMISS_USER = field("sip.pmiss.user", "SIP PMISS User Part", String, None);
    PMISS_HOST = field("sip.pmiss.host", "SIP PMISS Host Part", String, None);
    PMISS_PORT = field("sip.pmiss.port", "SIP PMISS Host Port", String, None);
    PMISS_PARAM = field("sip.pmiss.param", "SIP PMISS URI parameter", String, None);
    PPI_DISPLAY_INFO = field("sip.ppi.display.info", "SIP PPI display info", String, None);
    PPI_ADDR = field("sip.ppi.addr", "SIP PPI Address", String, None);
    PPI_USER = field("sip.ppi.user", "SIP PPI User Part", String, None);
    PPI_HOST = field("sip.ppi.host", "SIP PPI Host Part", String, None);
    PPI_PORT = field("sip.ppi.port", "SIP PPI Host Port", String, None);
    PPI_PARAM = field("sip.ppi.param", "SIP PPI URI parameter", String, None);
    TC_DISPLAY_INFO = field("sip.tc.display.info", "SIP TC display info", String, None);
    TC_ADDR = field("sip.tc.addr", "SIP TC Address", String, None);
    TC_USER = field("sip.tc.user", "SIP TC User Part", String, None);
    TC_HOST = field("sip.tc.host", "SIP TC Host Part", String, None);
    TC_PORT = field("sip.tc.port", "SIP TC Host Port", String, None);
    TC_PARAM = field("sip.tc.param", "SIP TC URI parameter", String, None);
    TC_TARGET_URI = field("sip.tc.target-uri", "SIP TC Target URI", String, None);
    ACCEPT = field("sip.Accept", "Accept", String, None);
    ACCEPT_CONTACT = field("sip.Accept-Contact", "Accept-Contact", String, None);
    ACCEPT_ENCODING = field("sip.Accept-Encoding", "Accept-Encoding", String, None);
    ACCEPT_LANGUAGE = field("sip.Accept-Language", "Accept-Language", String, None);
    ACCEPT_RESOURCE_PRIORITY = field("sip.Accept-Resource-Priority", "Accept-Resource-Priority", String, None);
    ADDITIONAL_IDENTITY = field("sip.Additional-Identity", "Additional-Identity", String, None);
    ALERT_INFO = field("sip.Alert-Info", "Alert-Info", String, None);
    ALLOW = field("sip.Allow", "Allow", String, None);
    ALLOW_EVENTS = field("sip.Allow-Events", "Allow-Events", String, None);
    ANSWER_MODE = field("sip.Answer-Mode", "Answer-Mode", String, None);
    ATTESTATION_INFO = field("sip.Attestation-Info", "Attestation-Info", String, None);
    AUTHENTICATION_INFO = field("sip.Authentication-Info", "Authentication-Info", String, None);
    AUTHORIZATION = field("sip.Authorization", "Authorization", String, None);
    CALL_ID = field("sip.Call-ID", "Call-ID", String, None);
    CALL_INFO = field("sip.Call-Info", "Call-Info", String, None);
    CELLULAR_NETWORK_INFO = field("sip.Cellular-Network-Info", "Cellular-Network-Info", String, None);
    CONTACT = field("sip.Contact", "Contact", String, None);
    CONTENT_DISPOSITION = field("sip.Content-Disposition", "Content-Disposition", String, None);
    CONTENT_ENCODING = field("sip.Content-Encoding", "Content-Encoding", String, None);
    CONTENT_LANGUAGE = field("sip.Content-Language", "Content-Language", String, None);
    CONTENT_LENGTH = field("sip.Content-Length", "Content-Length", Uint32, Dec);
    CONTENT_TYPE = field("sip.Content-Type", "Content-Type", String, None);
    CSEQ = field("sip.CSeq", "CSeq", String, None);
    DATE = field("sip.Date", "Date", String, None);
    ERROR_INFO = field("sip.Error-Info", "Error-Info", String, None);
    EVENT = field("sip.Event", "Event", String, None);
    EXPIRES = field("sip.Expires", "Expires", Uint32, Dec);
    FEATURE_CAPS = field("sip.Feature-Caps", "Feature-Caps", String, None);
    FLOW_TIMER = field("sip.Flow-Timer", "Flow-Timer", String, None);
    FROM = field("sip.From", "From", String, None);
    GEOLOCATION = field("sip.Geolocation", "Geolocation", String, None);
    GEOLOCATION_ERROR = field("sip.Geolocation-Error", "Geolocation-Error", String, None);
    GEOLOCATION_ROUTING = field("sip.Geolocation-Routing", "Geolocation-Routing", String, None);
    HISTORY_INFO = field("sip.History-Info", "History-Info", String, None);
    IDENTITY = field("sip.Identity", "Identity", String, None);
    IDENTITY_INFO = field("sip.Identity-info", "Identity-info", String, None);
    INFO_PACKAGE = field("sip.Info-Package", "Info-Package", String, None);
    IN_REPLY_TO = field("sip.In-Reply-To", "In-Reply-To", String, None);
    JOIN = field("sip.Join", "Join", String, None);
    MAX_BREADTH = field("sip.Max-Breadth", "Max-Breadth", Uint32, Dec);
    MAX_FORWARDS = field("sip.Max-Forwards", "Max-Forwards", Uint32, Dec);
    MIME_VERSION = field("sip.MIME-Version", "MIME-Version", String, None);
    MIN_EXPIRES = field("sip.Min-Expires", "Min-Expires", String, None);
    MIN_SE = field("sip.Min-SE", "Min-SE", String, None);
    ORGANIZATION = field("sip.Organization", "Organization", String, None);
    ORIGINATION_ID = field("sip.Origination-Id", "Origination-Id", String, None);
    P_ACCESS_NETWORK_INFO = field("sip.P-Access-Network-Info", "P-Access-Network-Info", String, None);
    P_ANSWER_STATE = field("sip.P-Answer-State", "P-Answer-State", String, None);
    P_ASSERTED_IDENTITY = field("sip.P-Asserted-Identity", "P-Asserted-Identity", String, None);
    P_ASSERTED_SERVICE = field("sip.P-Asserted-Service", "P-Asserted-Service", String, None);
    P_CHARGE_INFO = field("sip.P-Charge-Info", "P-Charge-Info", String, None);
    P_ASSOCIATED_URI = field("sip.P-Associated-URI", "P-Associated-URI", String, None);
    P_CALLED_PARTY_ID = field("sip.P-Called-Party-ID", "P-Called-Party-ID", String, None);
    P_CHARGING_FUNCTION_ADDRESSES = field("sip.P-Charging-Function-Addresses", "P-Charging-Function-Addresses", String, None);
    P_CHARGING_VECTOR = field("sip.P-Charging-Vector", "P-Charging-Vector", String, None);
    P_DCS_TRACE_PARTY_ID = field("sip.P-DCS-Trace-Party-ID", "P-DCS-Trace-Party-ID", String, None);
    P_DCS_OSPS = field("sip.P-DCS-OSPS", "P-DCS-OSPS", String, None);
    P_DCS_BILLING_INFO = field("sip.P-DCS-Billing-Info", "P-DCS-Billing-Info", String, None);
    P_DCS_LAES = field("sip.P-DCS-LAES", "P-DCS-LAES", String, None);
    P_DCS_REDIRECT = field("sip.P-DCS-Redirect", "P-DCS-Redirect", String, None);
    P_EARLY_MEDIA = field("sip.P-Early-Media", "P-Early-Media", String, None);
    P_MEDIA_AUTHORIZATION = field("sip.P-Media-Authorization", "P-Media-Authorization", String, None);
    P_PREFERRED_IDENTITY = field("sip.P-Preferred-Identity", "P-Preferred-Identity", String, None);
    P_PREFERRED_SERVICE = field("sip.P-Preferred-Service", "P-Preferred-Service", String, None);
    P_PROFILE_KEY = field("sip.P-Profile-Key", "P-Profile-Key", String, None);
    P_REFUSED_URI_LIST = field("sip.P-Refused-URI-List", "P-Refused-URI-List", String, None);
    P_SERVED_USER = field("sip.P-Served-User", "P-Served-User", String, None);
    P_USER_DATABASE = field("sip.P-User-Database", "P-User-Database", String, None);
    P_VISITED_NETWORK_ID = field("sip.P-Visited-Network-ID", "P-Visited-Network-ID", String, None);
    PATH = field("sip.Path", "Path", String, None);
    PERMISSION_MISSING = field("sip.Permission-Missing", "Permission-Missing", String, None);
    POLICY_CONTACT = field("sip.Policy_Contact", "Policy-Contact", String, None);
    POLICY_ID = field("sip.Policy_ID", "Policy-ID", String, None);
    PRIORITY = field("sip.Priority", "Priority", String, None);
    PRIORITY_SHARE = field("sip.Priority-Share", "Priority-Share", String, None);
    PRIV_ANSWER_MODE = field("sip.Priv-Answer-mode", "Priv-Answer-mode", String, None);
    PRIVACY = field("sip.Privacy", "Privacy", String, None);
    PROXY_AUTHENTICATE = field("sip.Proxy-Authenticate", "Proxy-Authenticate", String, None);
    PROXY_AUTHORIZATION = field("sip.Proxy-Authorization", "Proxy-Authorization", String, None);
    PROXY_REQUIRE = field("sip.Proxy-Require", "Proxy-Require", String, None);
    RACK = field("sip.RAck", "RAck", String, None);
    REASON = field("sip.Reason", "Reason", String, None);
    REASON_PHRASE = field("sip.Reason-Phrase", "Reason-Phrase", String, None);
    RECORD_ROUTE = field("sip.Record-Route", "Record-Route", String, None);
    RECV_INFO = field("sip.Recv-Info", "Recv-Info", String, None);
    REFER_SUB = field("sip.Refer-Sub", "Refer-Sub", String, None);
    REFER_TO = field("sip.Refer-To", "Refer-To", String, None);
    REFERRED_BY = field("sip.Referred-by", "Referred By", String, None);
    REJECT_CONTACT = field("sip.Reject-Contact", "Reject-Contact", String, None);
    RELAYED_CHARGE = field("sip.Relayed-Charge", "Relayed-Charge", String, None);
    REPLACES = field("sip.Replaces", "Replaces", String, None);
    REPLY_TO = field("sip.Reply-To", "Reply-To", String, None);
    REQUEST_DISPOSITION = field("sip.Request-Disposition", "Request-Disposition", String, None);
    REQUIRE = field("sip.Require", "Require", String, None);
    RESOURCE_PRIORITY = field("sip.Resource-Priority", "Resource-Priority", String, None);
    RESOURCE_SHARE = field("sip.Resource-Share", "Resource-Share", String, None);
    RESPONSE_SOURCE = field("sip.Response-Source", "Response-Source", String, None);
    RESTORATION_INFO = field("sip.Restoration-Info", "Restoration-Info", String, None);
    RETRY_AFTER = field("sip.Retry-After", "Retry-After", Uint32, Dec);
    ROUTE = field("sip.Route", "Route", String, None);
    RSEQ = field("sip.RSeq", "RSeq", Uint32, Dec);
    SECURITY_CLIENT = field("sip.Security-Client", "Security-Client", String, None);
    SECURITY_SERVER = field("sip.Security-Server", "Security-Server", String, None);
    SECURITY_VERIFY = field("sip.Security-Verify", "Security-Verify", String, None);
    SERVER = field("sip.Server", "Server", String, None);
    SERVICE_INTERACT_INFO = field("sip.Service-Interact-Info", "Service-Interact-Info", String, None);
    SERVICE_ROUTE = field("sip.Service-Route", "Service-Route", String, None);
    SESSION_EXPIRES = field("sip.Session-Expires", "Session-Expires", String, None);
    SESSION_ID = field("sip.Session-ID", "Session-ID", String, None);
    ETAG = field("sip.ETag", "ETag", String, None);
    IF_MATCH = field("sip.If_Match", "If_Match", String, None);
    SUBJECT = field("sip.Subject", "Subject", String, None);
    SUBSCRIPTION_STATE = field("sip.Subscription-State", "Subscription-State", String, None);
    SUPPORTED = field("sip.Supported", "Supported", String, None);
    SUPPRESS_IF_MATCH = field("sip.Suppress_If_Match", "Suppress-If-Match", String, None);
    TARGET_DIALOG = field("sip.Target-Dialog", "Target-Dialog", String, None);
    TIMESTAMP = field("sip.Timestamp", "Timestamp", String, None);
    TO = field("sip.To", "To", String, None);
    TRIGGER_CONSENT = field("sip.Trigger-Consent", "Trigger-Consent", String, None);
    UNSUPPORTED = field("sip.Unsupported", "Unsupported", String, None);
    USER_AGENT = field("sip.User-Agent", "User-Agent", String, None);
    VIA = field("sip.Via", "Via", String, None);
    WARNING = field("sip.Warning", "Warning", String, None);
    WWW_AUTHENTICATE = field("sip.WWW-Authenticate", "WWW-Authenticate", String, None);
    DIVERSION = field("sip.Diversion", "Diversion", String, None);
    UUI = field("sip.uui", "User-to-User", String, None);
    RESEND = field("sip.resend", "Resent Packet", Boolean, None);
    RESEND_ORIGINAL = field("sip.resend-original", "Suspected resend of frame", FrameNum, None);
    RESPONSE_REQUEST = field("sip.response-request", "Request Frame", FrameNum, None);
    RESPONSE_TIME = field("sip.response-time", "Response Time (ms)", Uint32, Dec);
    RELEASE_TIME = field("sip.release-time", "Release Time (ms)", Uint32, Dec);
    AUTH = field("sip.auth", "Authentication", String, None);
    AUTH_SCHEME = field("sip.auth.scheme", "Authentication Scheme", String, None);
    AUTH_DIGEST_RESPONSE = field("sip.auth.digest.response", "Digest Authentication Response", String, None);
    AUTH_NC = field("sip.auth.nc", "Nonce Count", String, None);
    AUTH_USERNAME = field("sip.auth.username", "Username", String, None);
    AUTH_REALM = field("sip.auth.realm", "Realm", String, None);
    AUTH_NONCE = field("sip.auth.nonce", "Nonce Value", String, None);
    AUTH_ALGORITHM = field("sip.auth.algorithm", "Algorithm", String, None);
    AUTH_OPAQUE = field("sip.auth.opaque", "Opaque Value", String, None);
    AUTH_QOP = field("sip.auth.qop", "QOP", String, None);
    AUTH_CNONCE = field("sip.auth.cnonce", "CNonce Value", String, None);
    AUTH_URI = field("sip.auth.uri", "Authentication URI", String, None);
    AUTH_DOMAIN = field("sip.auth.domain", "Authentication Domain", String, None);
    AUTH_STALE = field("sip.auth.stale", "Stale Flag", String, None);
    AUTH_AUTS = field("sip.auth.auts", "Authentication Token", String, None);
    AUTH_RSPAUTH = field("sip.auth.rspauth", "Response auth", String, None);
    AUTH_NEXTNONCE = field("sip.auth.nextnonce", "Next Nonce", String, None);
    AUTH_IK = field("sip.auth.ik", "Integrity Key", String, None);
    AUTH_CK = field("sip.auth.ck", "Cyphering Key", String, None);
    CSEQ_SEQ = field("sip.CSeq.seq", "Sequence Number", Uint32, Dec);
    CSEQ_METHOD = field("sip.CSeq.method", "Method", String, None);
    VIA_TRANSPORT = field("sip.Via.transport", "Transport", String, None);
    VIA_SENT_BY_ADDRESS = field("sip.Via.sent-by.address", "Sent-by Address", String, None);
    VIA_SENT_BY_PORT = field("sip.Via.sent-by.port", "Sent-by port", Uint16, Dec);
    VIA_BRANCH = field("sip.Via.branch", "Branch", String, None);
    VIA_MADDR = field("sip.Via.maddr", "Maddr", String, None);
    VIA_RPORT = field("sip.Via.rport", "RPort", String, None);
    VIA_RECEIVED = field("sip.Via.received", "Received", String, None);
    VIA_TTL = field("sip.Via.ttl", "TTL", String, None);
    VIA_COMP = field("sip.Via.comp", "Comp", String, None);
    VIA_SIGCOMP_ID = field("sip.Via.sigcomp-id", "Sigcomp identifier", String, None);
    VIA_OC = field("sip.Via.oc", "Overload Control", String, None);
    VIA_OC_VAL = field("sip.Via.oc_val", "Overload Control Value", Uint32, Dec);
    VIA_OC_VALIDITY = field("sip.Via.oc_validity", "Overload Control Validity", String, None);
    VIA_OC_SEQ = field("sip.Via.oc_seq", "Overload Control Sequence", String, None);
    VIA_OC_SEQ_TS = field("sip.Via.oc_seq.ts", "Overload Control Sequence Time Stamp", AbsoluteTime, None);
    VIA_OC_ALGO = field("sip.Via.oc_algo", "Overload Control Algorithm", String, None);
    VIA_BE_ROUTE = field("sip.Via.be_route", "be-route", String, None);
    P_ACCESS_NETWORK_INFO_ACCESS_TYPE = field("sip.P-Access-Network-Info.access-type", "access-type", String, None);
    P_ACCESS_NETWORK_INFO_UTRAN_CELL_ID_3GPP = field("sip.P-Access-Network-Info.utran-cell-id-3gpp", "utran-cell-id-3gpp", String, None);
    RACK_RSEQ_SEQ = field("sip.RAck.RSeq.seq", "RSeq Sequence Number", Uint32, Dec);
    RACK_CSEQ_SEQ = field("sip.RAck.CSeq.seq", "CSeq Sequence Number", Uint32, Dec);
    RACK_CSEQ_METHOD = field("sip.RAck.CSeq.method", "CSeq Method", String, None);
    REASON_PROTOCOLS = field("sip.reason_protocols", "Reason protocols", String, None);
    REASON_CAUSE_Q850 = field("sip.reason_cause_q850", "Cause", Uint32, DecHex).names(Names::Values(names::Q850_CAUSES));
    REASON_CAUSE_SIP = field("sip.reason_cause_sip", "Cause", Uint32, Dec).names(Names::Values(names::STATUS_CODES));
    REASON_CAUSE_OTHER = field("sip.reason_cause_other", "Cause", Uint32, Dec);
    REASON_TEXT = field("sip.reason_text", "Text", String, None);
    MSG_BODY = field("sip.msg_body", "Message Body", None, None);
    SEC_MECHANISM = field("sip.sec_mechanism", "[Security-mechanism]", String, None);
    SEC_MECHANISM_ALG = field("sip.sec_mechanism.alg", "alg", String, None);
    SEC_MECHANISM_EALG = field("sip.sec_mechanism.ealg", "ealg", String, None);
    SEC_MECHANISM_PROT = field("sip.sec_mechanism.prot", "prot", String, None);
    SEC_MECHANISM_SPI_C = field("sip.sec_mechanism.spi_c", "spi-c", Uint32, DecHex);
    SEC_MECHANISM_SPI_S = field("sip.sec_mechanism.spi_s", "spi-s", Uint32, DecHex);
    SEC_MECHANISM_PORT1 = field("sip.sec_mechanism.port1", "port1", Uint16, Dec);
    SEC_MECHANISM_PORT_C = field("sip.sec_mechanism.port_c", "port-c", Uint16, Dec);
    SEC_MECHANISM_PORT2 = field("sip.sec_mechanism.port2", "port2", Uint16, Dec);
    SEC_MECHANISM_PORT_S = field("sip.sec_mechanism.port_s", "port-s", Uint16, Dec);
    SESSION_ID_SESS_ID = field("sip.Session-ID.sess_id", "sess-id", Bytes, None);
    SESSION_ID_PARAM = field("sip.Session-ID.param", "param", String, None);
    SESSION_ID_LOCAL_UUID = field("sip.Session-ID.local_uuid", "local-uuid", Guid, None);
    SESSION_ID_REMOTE_UUID = field("sip.Session-ID.remote_uuid", "remote-uuid", Guid, None);
    SESSION_ID_LOGME = field("sip.Session-ID.logme", "logme", Boolean, None).names(Names::Flag("Set", "Not set"));
    FEATURE_CAP = field("sip.feature_cap", "Feature Cap", String, None);
    SERVICE_PRIORITY = field("sip.service_priority", "Service Priority", String, None);
    ICID_VALUE = field("sip.icid_value", "icid-value", String, None);
    ICID_GEN_ADDR = field("sip.icid_gen_addr", "icid-gen-addr", String, None);
    CALL_ID_GENERATED = field("sip.call_id_generated", "Generated Call-ID", String, None).fed_by(ProtoId::Rtp).told_later();
    UNRECOGNIZED_HEADER = expert("sip.unrecognized_header", "Unrecognised SIP header", Note, Undecoded);
    HEADER_NO_COLON = expert("sip.header_no_colon", "Header has no colon after the name", Warning, Malformed);
    HEADER_NOT_TERMINATED = expert("sip.header_not_terminated", "Header not terminated by empty line (CRLF)", Warning, Malformed);
    SEC_MECHANISM_MALFORMED = expert("sip.sec_mechanism.malformed", "SIP Security-mechanism header malformed", Warning, Malformed);
    VIA_SENT_BY_PORT_INVALID = expert("sip.Via.sent-by.port.invalid", "Invalid SIP Via sent-by-port", Note, Malformed);
    CONTENT_LENGTH_INVALID = expert("sip.content_length.invalid", "Invalid content_length", Note, Malformed);
    RETRY_AFTER_INVALID = expert("sip.retry_after.invalid", "Invalid retry_after value", Note, Malformed);
    STATUS_CODE_INVALID = expert("sip.Status-Code.invalid", "Invalid Status-Code", Note, Malformed);
    AUTHORIZATION_INVALID = expert("sip.authorization.invalid", "Invalid authorization response for known credentials", Warning, Protocol);
    SESSION_ID_SESS_ID_INVALID = expert("sip.Session-ID.sess_id.invalid", "Session ID cannot be empty", Warning, Protocol);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Sdp, ProtoId::MimeMultipart, ProtoId::Sipfrag, ProtoId::Lines, ProtoId::Xml],
    accepts: Some(message::accepts),
    framing: Some(message::framing),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            // An INVITE with its offer, and 180 Ringing.
            "4500016300010000401100000a0000010a00000213c413c4014f0000494e56495445207369703a626f6240622e657861 \
             6d706c65205349502f322e300d0a5669613a205349502f322e302f5544502031302e302e302e313b6272616e63683d7a \
             39684734624b310d0a46726f6d3a203c7369703a616c69636540612e6578616d706c653e3b7461673d310d0a546f3a20 \
             3c7369703a626f6240622e6578616d706c653e0d0a43616c6c2d49443a2063310d0a435365713a203120494e56495445 \
             0d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e742d4c656e6774683a \
             203130370d0a0d0a763d300d0a6f3d2d2031203120494e204950342031302e302e302e310d0a733d2d0d0a633d494e20 \
             4950342031302e302e302e310d0a743d3020300d0a6d3d617564696f2034303030205254502f41565020300d0a613d72 \
             74706d61703a302050434d552f383030300d0a",
            "450000d000020000401100000a0000020a00000113c413c400bc00005349502f322e30203138302052696e67696e670d \
             0a5669613a205349502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f6d \
             3a203c7369703a616c69636540612e6578616d706c653e3b7461673d310d0a546f3a203c7369703a626f6240622e6578 \
             616d706c653e3b7461673d320d0a43616c6c2d49443a2063310d0a435365713a203120494e564954450d0a436f6e7465 \
             6e742d4c656e6774683a20300d0a0d0a",
        ],
    }],
    ..Protocol::new(
        ProtoId::Sip,
        "SIP",
        &[
            Binding::UdpPort(5060),
            Binding::TcpPort(5060),
            Binding::UdpHeuristic(message::is_one),
            Binding::TcpHeuristic(message::is_one),
        ],
        message::dissect,
    )
};
