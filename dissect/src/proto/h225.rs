//! H.225.0 (ITU-T H.225.0, annex H), in aligned PER (X.691): call signalling, which lies in messages of Q.931, and RAS, what
//! endpoints and gatekeepers say to each other. Messages of RAS are told apart by name and number; discovery and
//! registration are shown whole.

use crate::ber;
use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::per::{MAX_ITEMS, Per, items};
use crate::proto::h245;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

mod call;
mod samples;

fields! { H225, "h225", "H323-MESSAGES";
    RAS_MESSAGE = field("h225.RasMessage", "RasMessage", Uint32, Dec).names(Names::Values(MESSAGES));
    GATEKEEPER_REQUEST = field("h225.gatekeeperRequest_element", "gatekeeperRequest", None, None);
    GATEKEEPER_CONFIRM = field("h225.gatekeeperConfirm_element", "gatekeeperConfirm", None, None);
    GATEKEEPER_REJECT = field("h225.gatekeeperReject_element", "gatekeeperReject", None, None);
    REGISTRATION_REQUEST = field("h225.registrationRequest_element", "registrationRequest", None, None);
    REGISTRATION_CONFIRM = field("h225.registrationConfirm_element", "registrationConfirm", None, None);
    REGISTRATION_REJECT = field("h225.registrationReject_element", "registrationReject", None, None);
    UNREGISTRATION_REQUEST = field("h225.unregistrationRequest_element", "unregistrationRequest", None, None);
    UNREGISTRATION_CONFIRM = field("h225.unregistrationConfirm_element", "unregistrationConfirm", None, None);
    UNREGISTRATION_REJECT = field("h225.unregistrationReject_element", "unregistrationReject", None, None);
    ADMISSION_REQUEST = field("h225.admissionRequest_element", "admissionRequest", None, None);
    ADMISSION_CONFIRM = field("h225.admissionConfirm_element", "admissionConfirm", None, None);
    ADMISSION_REJECT = field("h225.admissionReject_element", "admissionReject", None, None);
    BANDWIDTH_REQUEST = field("h225.bandwidthRequest_element", "bandwidthRequest", None, None);
    BANDWIDTH_CONFIRM = field("h225.bandwidthConfirm_element", "bandwidthConfirm", None, None);
    BANDWIDTH_REJECT = field("h225.bandwidthReject_element", "bandwidthReject", None, None);
    DISENGAGE_REQUEST = field("h225.disengageRequest_element", "disengageRequest", None, None);
    DISENGAGE_CONFIRM = field("h225.disengageConfirm_element", "disengageConfirm", None, None);
    DISENGAGE_REJECT = field("h225.disengageReject_element", "disengageReject", None, None);
    LOCATION_REQUEST = field("h225.locationRequest_element", "locationRequest", None, None);
    LOCATION_CONFIRM = field("h225.locationConfirm_element", "locationConfirm", None, None);
    LOCATION_REJECT = field("h225.locationReject_element", "locationReject", None, None);
    INFO_REQUEST = field("h225.infoRequest_element", "infoRequest", None, None);
    INFO_REQUEST_RESPONSE = field("h225.infoRequestResponse_element", "infoRequestResponse", None, None);
    NON_STANDARD_MESSAGE = field("h225.nonStandardMessage_element", "nonStandardMessage", None, None);
    UNKNOWN_MESSAGE_RESPONSE = field("h225.unknownMessageResponse_element", "unknownMessageResponse", None, None);
    REQUEST_IN_PROGRESS = field("h225.requestInProgress_element", "requestInProgress", None, None);
    RESOURCES_AVAILABLE_INDICATE = field("h225.resourcesAvailableIndicate_element", "resourcesAvailableIndicate", None, None);
    RESOURCES_AVAILABLE_CONFIRM = field("h225.resourcesAvailableConfirm_element", "resourcesAvailableConfirm", None, None);
    INFO_REQUEST_ACK = field("h225.infoRequestAck_element", "infoRequestAck", None, None);
    INFO_REQUEST_NAK = field("h225.infoRequestNak_element", "infoRequestNak", None, None);
    SERVICE_CONTROL_INDICATION = field("h225.serviceControlIndication_element", "serviceControlIndication", None, None);
    SERVICE_CONTROL_RESPONSE = field("h225.serviceControlResponse_element", "serviceControlResponse", None, None);
    ADMISSION_CONFIRM_SEQUENCE = field("h225.admissionConfirmSequence", "admissionConfirmSequence", Uint32, Dec);
    REQUEST_SEQ_NUM = field("h225.requestSeqNum", "requestSeqNum", Uint32, Dec);
    PROTOCOL_IDENTIFIER = field("h225.protocolIdentifier", "protocolIdentifier", Oid, None);
    DISCOVERY_COMPLETE = field("h225.discoveryComplete", "discoveryComplete", Boolean, None);
    CALL_SIGNAL_ADDRESS = field("h225.callSignalAddress", "callSignalAddress", Uint32, Dec);
    RAS_ADDRESS = field("h225.rasAddress", "rasAddress", Uint32, Dec).names(Names::Values(ADDRESSES));
    TRANSPORT_ADDRESS = field("h225.TransportAddress", "TransportAddress", Uint32, Dec).names(Names::Values(ADDRESSES));
    IP_ADDRESS = field("h225.ipAddress_element", "ipAddress", None, None);
    IPV4 = field("h225.ipV4", "ip", Ipv4, None);
    IPV4_PORT = field("h225.ipV4_port", "port", Uint32, Dec);
    IP6_ADDRESS = field("h225.ip6Address_element", "ip6Address", None, None);
    IPV6 = field("h225.ipV6", "ip", Ipv6, None);
    IPV6_PORT = field("h225.ipV6_port", "port", Uint32, Dec);
    TERMINAL_TYPE = field("h225.terminalType_element", "terminalType", None, None);
    ENDPOINT_TYPE = field("h225.endpointType_element", "endpointType", None, None);
    ENDPOINT_VENDOR = field("h225.endpointVendor_element", "endpointVendor", None, None);
    VENDOR = field("h225.vendor_element", "vendor", None, None);
    T35_COUNTRY_CODE = field("h225.t35CountryCode", "t35CountryCode", Uint32, Dec).names(Names::Values(COUNTRIES));
    T35_EXTENSION = field("h225.t35Extension", "t35Extension", Uint32, Dec);
    MANUFACTURER_CODE = field("h225.manufacturerCode", "manufacturerCode", Uint32, Dec);
    MANUFACTURER = field("h225.Manufacturer", "H.225 Manufacturer", Uint32, Hex).names(Names::Values(MANUFACTURERS));
    PRODUCT_ID = field("h225.productId", "productId", String, None);
    VERSION_ID = field("h225.versionId", "versionId", String, None);
    GATEWAY = field("h225.gateway_element", "gateway", None, None);
    PROTOCOLS = field("h225.protocol", "protocol", Uint32, Dec);
    SUPPORTED_PROTOCOLS = field("h225.SupportedProtocols", "SupportedProtocols", Uint32, Dec).names(Names::Values(PROTOCOL_NAMES));
    VOICE = field("h225.voice_element", "voice", None, None);
    SUPPORTED_PREFIXES = field("h225.supportedPrefixes", "supportedPrefixes", Uint32, Dec);
    TERMINAL = field("h225.terminal_element", "terminal", None, None);
    NON_STANDARD_IDENTIFIER = field("h225.nonStandardIdentifier", "nonStandardIdentifier", Uint32, Dec);
    MC = field("h225.mc", "mc", Boolean, None);
    UNDEFINED_NODE = field("h225.undefinedNode", "undefinedNode", Boolean, None);
    TERMINAL_ALIAS = field("h225.terminalAlias", "terminalAlias", Uint32, Dec);
    ALIAS_ADDRESS = field("h225.AliasAddress", "AliasAddress", Uint32, Dec).names(Names::Values(ALIASES));
    DIALLED_DIGITS = field("h225.dialledDigits", "dialledDigits", String, None);
    H323_ID = field("h225.h323_ID", "h323-ID", String, None);
    GATEKEEPER_IDENTIFIER = field("h225.gatekeeperIdentifier", "gatekeeperIdentifier", String, None);
    ENDPOINT_IDENTIFIER = field("h225.endpointIdentifier", "endpointIdentifier", String, None);
    ALTERNATE_GATEKEEPER = field("h225.alternateGatekeeper", "alternateGatekeeper", Uint32, Dec);
    TIME_TO_LIVE = field("h225.timeToLive", "timeToLive", Uint32, Dec);
    KEEP_ALIVE = field("h225.keepAlive", "keepAlive", Boolean, None);
    WILL_SUPPLY_UUIES = field("h225.willSupplyUUIEs", "willSupplyUUIEs", Boolean, None);
    MAINTAIN_CONNECTION = field("h225.maintainConnection", "maintainConnection", Boolean, None);
    WILL_RESPOND_TO_IRR = field("h225.willRespondToIRR", "willRespondToIRR", Boolean, None);
    REJECT_REASON = field("h225.rejectReason", "rejectReason", Uint32, Dec);
    UNDEFINED_REASON = field("h225.undefinedReason_element", "undefinedReason", None, None);
    FULL_REGISTRATION_REQUIRED = field("h225.fullRegistrationRequired_element", "fullRegistrationRequired", None, None);
    ALT_GK_INFO = field("h225.altGKInfo_element", "altGKInfo", None, None);
    ALT_GK_IS_PERMANENT = field("h225.altGKisPermanent", "altGKisPermanent", Boolean, None);
    H323_USER_INFORMATION = field("h225.H323_UserInformation_element", "H323-UserInformation", None, None);
    H245_IP = field("h225.h245Ip", "ip", Ipv4, None);
    H245_IP_PORT = field("h225.h245IpPort", "port", Uint32, Dec);
    H245_IPV6 = field("h225.h245Ip6", "ip", Ipv6, None);
    H245_IPV6_PORT = field("h225.h245Ip6port", "port", Uint32, Dec);
    H323_UU_PDU = field("h225.h323_uu_pdu_element", "h323-uu-pdu", None, None);
    H323_MESSAGE_BODY = field("h225.h323_message_body", "h323-message-body", Uint32, Dec);
    SETUP = field("h225.setup_element", "setup", None, None);
    H245_ADDRESS = field("h225.h245Address", "h245Address", Uint32, Dec);
    SOURCE_ADDRESS = field("h225.sourceAddress", "sourceAddress", Uint32, Dec);
    SOURCE_INFO = field("h225.sourceInfo_element", "sourceInfo", None, None);
    DESTINATION_ADDRESS = field("h225.destinationAddress", "destinationAddress", Uint32, Dec);
    DEST_CALL_SIGNAL_ADDRESS = field("h225.destCallSignalAddress", "destCallSignalAddress", Uint32, Dec);
    DEST_EXTRA_CALL_INFO = field("h225.destExtraCallInfo", "destExtraCallInfo", Uint32, Dec);
    DEST_EXTRA_CRV = field("h225.destExtraCRV", "destExtraCRV", Uint32, Dec);
    CALL_REFERENCE_VALUE = field("h225.CallReferenceValue", "CallReferenceValue", Uint32, Dec);
    ACTIVE_MC = field("h225.activeMC", "activeMC", Boolean, None);
    CONFERENCE_ID = field("h225.conferenceID", "conferenceID", Guid, None);
    CONFERENCE_GOAL = field("h225.conferenceGoal", "conferenceGoal", Uint32, Dec);
    CREATE = field("h225.create_element", "create", None, None);
    JOIN = field("h225.join_element", "join", None, None);
    INVITE = field("h225.invite_element", "invite", None, None);
    CAPABILITY_NEGOTIATION = field("h225.capability_negotiation_element", "capability-negotiation", None, None);
    CALL_INDEPENDENT_SUPPLEMENTARY_SERVICE = field("h225.callIndependentSupplementaryService_element", "callIndependentSupplementaryService", None, None);
    CALL_SERVICES = field("h225.callServices_element", "callServices", None, None);
    Q932_FULL = field("h225.q932Full", "q932Full", Boolean, None);
    Q951_FULL = field("h225.q951Full", "q951Full", Boolean, None);
    Q952_FULL = field("h225.q952Full", "q952Full", Boolean, None);
    Q953_FULL = field("h225.q953Full", "q953Full", Boolean, None);
    Q955_FULL = field("h225.q955Full", "q955Full", Boolean, None);
    Q956_FULL = field("h225.q956Full", "q956Full", Boolean, None);
    Q957_FULL = field("h225.q957Full", "q957Full", Boolean, None);
    Q954_INFO = field("h225.q954Info_element", "q954Info", None, None);
    CONFERENCE_CALLING = field("h225.conferenceCalling", "conferenceCalling", Boolean, None);
    THREE_PARTY_SERVICE = field("h225.threePartyService", "threePartyService", Boolean, None);
    CALL_TYPE = field("h225.callType", "callType", Uint32, Dec);
    POINT_TO_POINT = field("h225.pointToPoint_element", "pointToPoint", None, None);
    ONE_TO_N = field("h225.oneToN_element", "oneToN", None, None);
    N_TO_ONE = field("h225.nToOne_element", "nToOne", None, None);
    N_TO_N = field("h225.nToN_element", "nToN", None, None);
    SOURCE_CALL_SIGNAL_ADDRESS = field("h225.sourceCallSignalAddress", "sourceCallSignalAddress", Uint32, Dec);
    REMOTE_EXTENSION_ADDRESS = field("h225.remoteExtensionAddress", "remoteExtensionAddress", Uint32, Dec);
    CALL_IDENTIFIER = field("h225.callIdentifier_element", "callIdentifier", None, None);
    GUID = field("h225.guid", "guid", Guid, None);
    FAST_START = field("h225.fastStart", "fastStart", Uint32, Dec);
    FAST_START_ITEM = field("h225.FastStart_item", "FastStart item", Uint32, Dec);
    MEDIA_WAIT_FOR_CONNECT = field("h225.mediaWaitForConnect", "mediaWaitForConnect", Boolean, None);
    CAN_OVERLAP_SEND = field("h225.canOverlapSend", "canOverlapSend", Boolean, None);
    MULTIPLE_CALLS = field("h225.multipleCalls", "multipleCalls", Boolean, None);
    CALL_PROCEEDING = field("h225.callProceeding_element", "callProceeding", None, None);
    DESTINATION_INFO = field("h225.destinationInfo_element", "destinationInfo", None, None);
    CONNECT = field("h225.connect_element", "connect", None, None);
    ALERTING = field("h225.alerting_element", "alerting", None, None);
    INFORMATION = field("h225.information_element", "information", None, None);
    RELEASE_COMPLETE = field("h225.releaseComplete_element", "releaseComplete", None, None);
    REASON = field("h225.reason", "reason", Uint32, Dec);
    NO_BANDWIDTH = field("h225.noBandwidth_element", "noBandwidth", None, None);
    GATEKEEPER_RESOURCES = field("h225.gatekeeperResources_element", "gatekeeperResources", None, None);
    UNREACHABLE_DESTINATION = field("h225.unreachableDestination_element", "unreachableDestination", None, None);
    DESTINATION_REJECTION = field("h225.destinationRejection_element", "destinationRejection", None, None);
    INVALID_REVISION = field("h225.invalidRevision_element", "invalidRevision", None, None);
    NO_PERMISSION = field("h225.noPermission_element", "noPermission", None, None);
    UNREACHABLE_GATEKEEPER = field("h225.unreachableGatekeeper_element", "unreachableGatekeeper", None, None);
    GATEWAY_RESOURCES = field("h225.gatewayResources_element", "gatewayResources", None, None);
    BAD_FORMAT_ADDRESS = field("h225.badFormatAddress_element", "badFormatAddress", None, None);
    ADAPTIVE_BUSY = field("h225.adaptiveBusy_element", "adaptiveBusy", None, None);
    IN_CONF = field("h225.inConf_element", "inConf", None, None);
    FACILITY_CALL_DEFLECTION = field("h225.facilityCallDeflection_element", "facilityCallDeflection", None, None);
    SECURITY_DENIED = field("h225.securityDenied_element", "securityDenied", None, None);
    CALLED_PARTY_NOT_REGISTERED = field("h225.calledPartyNotRegistered_element", "calledPartyNotRegistered", None, None);
    CALLER_NOT_REGISTERED = field("h225.callerNotRegistered_element", "callerNotRegistered", None, None);
    NEW_CONNECTION_NEEDED = field("h225.newConnectionNeeded_element", "newConnectionNeeded", None, None);
    NON_STANDARD_REASON = field("h225.nonStandardReason_element", "nonStandardReason", None, None);
    REPLACE_WITH_CONFERENCE_INVITE = field("h225.replaceWithConferenceInvite", "replaceWithConferenceInvite", Guid, None);
    FACILITY = field("h225.facility_element", "facility", None, None);
    ALTERNATIVE_ADDRESS = field("h225.alternativeAddress", "alternativeAddress", Uint32, Dec);
    ALTERNATIVE_ALIAS_ADDRESS = field("h225.alternativeAliasAddress", "alternativeAliasAddress", Uint32, Dec);
    ROUTE_CALL_TO_GATEKEEPER = field("h225.routeCallToGatekeeper_element", "routeCallToGatekeeper", None, None);
    CALL_FORWARDED = field("h225.callForwarded_element", "callForwarded", None, None);
    ROUTE_CALL_TO_MC = field("h225.routeCallToMC_element", "routeCallToMC", None, None);
    CONFERENCE_LIST_CHOICE = field("h225.conferenceListChoice_element", "conferenceListChoice", None, None);
    START_H245 = field("h225.startH245_element", "startH245", None, None);
    NO_H245 = field("h225.noH245_element", "noH245", None, None);
    NEW_TOKENS = field("h225.newTokens_element", "newTokens", None, None);
    FORWARDED_ELEMENTS = field("h225.forwardedElements_element", "forwardedElements", None, None);
    TRANSPORTED_INFORMATION = field("h225.transportedInformation_element", "transportedInformation", None, None);
    PROGRESS = field("h225.progress_element", "progress", None, None);
    EMPTY = field("h225.empty_element", "empty", None, None);
    STATUS = field("h225.status_element", "status", None, None);
    STATUS_INQUIRY = field("h225.statusInquiry_element", "statusInquiry", None, None);
    SETUP_ACKNOWLEDGE = field("h225.setupAcknowledge_element", "setupAcknowledge", None, None);
    NOTIFY = field("h225.notify_element", "notify", None, None);
    NON_STANDARD_DATA = field("h225.nonStandardData_element", "nonStandardData", None, None);
    H4501_SUPPLEMENTARY_SERVICE = field("h225.h4501SupplementaryService", "h4501SupplementaryService", Uint32, Dec);
    H245_TUNNELLING = field("h225.h245Tunnelling", "h245Tunnelling", Boolean, None);
    H245_CONTROL = field("h225.h245Control", "h245Control", Uint32, Dec);
    H245_CONTROL_ITEM = field("h225.H245Control_item", "H245Control item", Uint32, Dec);
    NON_STANDARD_CONTROL = field("h225.nonStandardControl", "nonStandardControl", Uint32, Dec);
    NON_STANDARD_PARAMETER = field("h225.NonStandardParameter_element", "NonStandardParameter", None, None);
    PROVISIONAL_RESP_TO_H245_TUNNELLING = field("h225.provisionalRespToH245Tunnelling_element", "provisionalRespToH245Tunnelling", None, None);
    USER_DATA = field("h225.user_data_element", "user-data", None, None);
    PROTOCOL_DISCRIMINATOR = field("h225.protocol_discriminator", "protocol-discriminator", Uint32, Dec);
    USER_INFORMATION = field("h225.user_information", "user-information", Bytes, None);
    RSPFRAME = field("h225.ras.rspframe", "RAS Response Frame", FrameNum, None).told_later();
    REQFRAME = field("h225.ras.reqframe", "RAS Request Frame", FrameNum, None);
    TIMEDELTA = field("h225.ras.timedelta", "RAS Service Response Time", RelativeTime, None);
}

/// The alternatives of `RasMessage`; those behind the root are extensions.
const MESSAGES: &[(u64, &str)] = &[
    (0, "gatekeeperRequest"),
    (1, "gatekeeperConfirm"),
    (2, "gatekeeperReject"),
    (3, "registrationRequest"),
    (4, "registrationConfirm"),
    (5, "registrationReject"),
    (6, "unregistrationRequest"),
    (7, "unregistrationConfirm"),
    (8, "unregistrationReject"),
    (9, "admissionRequest"),
    (10, "admissionConfirm"),
    (11, "admissionReject"),
    (12, "bandwidthRequest"),
    (13, "bandwidthConfirm"),
    (14, "bandwidthReject"),
    (15, "disengageRequest"),
    (16, "disengageConfirm"),
    (17, "disengageReject"),
    (18, "locationRequest"),
    (19, "locationConfirm"),
    (20, "locationReject"),
    (21, "infoRequest"),
    (22, "infoRequestResponse"),
    (23, "nonStandardMessage"),
    (24, "unknownMessageResponse"),
    (25, "requestInProgress"),
    (26, "resourcesAvailableIndicate"),
    (27, "resourcesAvailableConfirm"),
    (28, "infoRequestAck"),
    (29, "infoRequestNak"),
    (30, "serviceControlIndication"),
    (31, "serviceControlResponse"),
    (32, "admissionConfirmSequence"),
];
const ROOT_MESSAGES: u64 = 25;
/// The element of each message, and how many optional components its sequence number stands behind.
const LAYOUTS: &[(FieldId, Option<usize>)] = &[
    (GATEKEEPER_REQUEST, Some(4)),
    (GATEKEEPER_CONFIRM, Some(2)),
    (GATEKEEPER_REJECT, Some(2)),
    (REGISTRATION_REQUEST, Some(3)),
    (REGISTRATION_CONFIRM, Some(3)),
    (REGISTRATION_REJECT, Some(2)),
    (UNREGISTRATION_REQUEST, Some(3)),
    (UNREGISTRATION_CONFIRM, Some(1)),
    (UNREGISTRATION_REJECT, Some(1)),
    (ADMISSION_REQUEST, Some(7)),
    (ADMISSION_CONFIRM, Some(2)),
    (ADMISSION_REJECT, Some(1)),
    (BANDWIDTH_REQUEST, Some(2)),
    (BANDWIDTH_CONFIRM, Some(1)),
    (BANDWIDTH_REJECT, Some(1)),
    (DISENGAGE_REQUEST, Some(1)),
    (DISENGAGE_CONFIRM, Some(1)),
    (DISENGAGE_REJECT, Some(1)),
    (LOCATION_REQUEST, Some(2)),
    (LOCATION_CONFIRM, Some(1)),
    (LOCATION_REJECT, Some(1)),
    (INFO_REQUEST, Some(2)),
    (INFO_REQUEST_RESPONSE, Some(3)),
    (NON_STANDARD_MESSAGE, Some(0)),
    (UNKNOWN_MESSAGE_RESPONSE, Some(0)),
    (REQUEST_IN_PROGRESS, Some(5)),
    (RESOURCES_AVAILABLE_INDICATE, Some(4)),
    (RESOURCES_AVAILABLE_CONFIRM, Some(4)),
    (INFO_REQUEST_ACK, Some(4)),
    (INFO_REQUEST_NAK, Some(4)),
    (SERVICE_CONTROL_INDICATION, Some(7)),
    (SERVICE_CONTROL_RESPONSE, Some(7)),
    (ADMISSION_CONFIRM_SEQUENCE, None),
];
const ADDRESSES: &[(u64, &str)] = &[
    (0, "ipAddress"),
    (1, "ipSourceRoute"),
    (2, "ipxAddress"),
    (3, "ip6Address"),
    (4, "netBios"),
    (5, "nsap"),
    (6, "nonStandardAddress"),
];
const ALIASES: &[(u64, &str)] = &[
    (0, "dialledDigits"),
    (1, "h323-ID"),
    (2, "url-ID"),
    (3, "transportID"),
    (4, "email-ID"),
    (5, "partyNumber"),
    (6, "mobileUIM"),
    (7, "isupNumber"),
];
const PROTOCOL_NAMES: &[(u64, &str)] = &[
    (0, "nonStandardData"),
    (1, "h310"),
    (2, "h320"),
    (3, "h321"),
    (4, "h322"),
    (5, "h323"),
    (6, "h324"),
    (7, "voice"),
    (8, "t120-only"),
];
const VOICE_CAPS: u64 = 7;
/// Country codes (T.35, annex A) of where makers of H.323 sit.
const COUNTRIES: &[(u64, &str)] = &[
    (0, "Japan"),
    (4, "Germany"),
    (9, "Australia"),
    (11, "Austria"),
    (15, "Belgium"),
    (22, "Brazil"),
    (32, "Canada"),
    (38, "China"),
    (49, "Denmark"),
    (60, "Finland"),
    (61, "France"),
    (83, "India"),
    (88, "Israel"),
    (89, "Italy"),
    (97, "Korea (Rep. of)"),
    (123, "Netherlands"),
    (130, "Norway"),
    (160, "Spain"),
    (165, "Sweden"),
    (166, "Switzerland"),
    (180, "United Kingdom"),
    (181, "United States"),
];
const MANUFACTURERS: &[(u64, &str)] = &[
    (0x0900_003d, "Equivalence (OpenH323)"),
    (0xb500_000b, "3Com Corporation"),
    (0xb500_0012, "Cisco"),
    (0xb500_0015, "RADVision, Inc."),
    (0xb500_0028, "AudioCodes, Inc."),
    (0xb500_4156, "Avaya"),
    (0xb500_4e54, "Nortel Networks"),
    (0xb500_534c, "Microsoft"),
    (0xb500_8080, "Intel"),
];
/// In the order of their codes, as PER numbers a restricted alphabet (X.691, 30.5).
const DIALLED: &[u8] = b"#*,0123456789";

const RULES: Rules = Rules {
    proto: ProtoId::H225,
    renews: true,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: &[RSPFRAME, REQFRAME, TIMEDELTA],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::H245],
    samples: &[Sample { link_type: 101, frames: SAMPLE }, Sample { link_type: 101, frames: samples::CALLS }],
    ..Protocol::new(ProtoId::H225, "H.225.0", &[Binding::UdpPort(1718), Binding::UdpPort(1719)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("H.225.0");
    if d.parent() == Some(ProtoId::Q931) {
        return call::dissect(d, tvb);
    }
    let item = d.begin(PROTO, tvb);
    d.text(item, || "H.225.0 RAS".to_owned());
    let mut per = Per::new(tvb);
    let (message, is_extension) = per.choice(5, ROOT_MESSAGES)?;
    let Some((element, optional)) = LAYOUTS.get(message as usize).copied() else {
        d.close();
        return Ok(());
    };
    d.open(RAS_MESSAGE, tvb, 0, tvb.reported(), Value::Uint(message));
    if is_extension {
        per = per.open()?;
    }
    // The only message that is a list shows how many items it has.
    let value = match optional {
        Some(_) => Value::None,
        None => Value::Uint(per.length()? as u64),
    };
    d.open(element, per.tvb, per.octet(), per.tvb.reported() - per.octet().min(per.tvb.reported()), value);
    let mut number = None;
    if let Some(optional) = optional {
        let is_extended = per.bit()?;
        let there = per.bits(optional)?;
        let has = |place: usize| there >> (optional - 1 - place) & 1 != 0;
        // Of an extension's integers, as of all from 1, PER has one less.
        let sequence = per.uint(2)? + 1;
        number = Some(sequence);
        d.add(REQUEST_SEQ_NUM, per.tvb, per.octet() - 2, 2, Value::Uint(sequence));
        transactions(d, message, sequence);
        // What this does not know is left out: it shows what it has read.
        if message < 6 {
            body(d, &mut per, message, is_extended, &has)?;
        }
    }
    d.close();
    d.close();
    if number.is_some() {
        show_transaction(d, tvb);
    }
    d.set_info(|| format!("RAS: {} ", Names::Values(MESSAGES).of(message).unwrap_or_default()));
    d.close();
    Ok(())
}

/// Requests, confirms and rejects follow each other in the root, and so do the ends of a transaction.
fn transactions(d: &mut Dissector<'_>, message: u64, sequence: u64) {
    let (group, role) = match message {
        0..21 => (message / 3, message % 3),
        21 => (7, 0),
        22 => (7, 1),
        26 => (8, 0),
        27 => (8, 1),
        30 => (9, 0),
        31 => (9, 1),
        _ => return,
    };
    let id = u128::from(group) << 32 | u128::from(sequence);
    if role == 0 {
        transaction::request(d, &RULES, id);
    } else {
        transaction::response(d, &RULES, id, true);
    }
}

fn show_transaction<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let known = transaction::known(d, ProtoId::H225);
    known.show(d, tvb, [RSPFRAME, REQFRAME, TIMEDELTA]);
}

/// Discovery and registration, behind the sequence number.
fn body<'a>(
    d: &mut Dissector<'a>,
    per: &mut Per<'a>,
    message: u64,
    is_extended: bool,
    has: &dyn Fn(usize) -> bool,
) -> Parsed {
    identifier(d, per, PROTOCOL_IDENTIFIER)?;
    if has(0) {
        non_standard(d, per)?;
    }
    match message {
        0 => {
            transport_address(d, per, RAS_ADDRESS)?;
            endpoint_type(d, per, ENDPOINT_TYPE)?;
            if has(1) {
                text(d, per, GATEKEEPER_IDENTIFIER, 7)?;
            }
            return Ok(());
        }
        1 => {
            if has(1) {
                text(d, per, GATEKEEPER_IDENTIFIER, 7)?;
            }
            transport_address(d, per, RAS_ADDRESS)?;
        }
        2 => {
            if has(1) {
                text(d, per, GATEKEEPER_IDENTIFIER, 7)?;
            }
            reason(d, per, 2, 4)?;
        }
        3 => {
            flag(d, per, DISCOVERY_COMPLETE)?;
            transport_addresses(d, per, CALL_SIGNAL_ADDRESS)?;
            transport_addresses(d, per, RAS_ADDRESS)?;
            endpoint_type(d, per, TERMINAL_TYPE)?;
            if has(1) {
                aliases(d, per, TERMINAL_ALIAS)?;
            }
            if has(2) {
                text(d, per, GATEKEEPER_IDENTIFIER, 7)?;
            }
            vendor(d, per, ENDPOINT_VENDOR)?;
        }
        4 => {
            transport_addresses(d, per, CALL_SIGNAL_ADDRESS)?;
            if has(1) {
                aliases(d, per, TERMINAL_ALIAS)?;
            }
            if has(2) {
                text(d, per, GATEKEEPER_IDENTIFIER, 7)?;
            }
            text(d, per, ENDPOINT_IDENTIFIER, 7)?;
        }
        _ => {
            reason(d, per, 3, 8)?;
            if has(1) {
                text(d, per, GATEKEEPER_IDENTIFIER, 7)?;
            }
        }
    }
    if is_extended {
        for (number, mut addition) in per.additions()? {
            match (message, number) {
                (1 | 4, 0) => list_of_alternates(d, &mut addition)?,
                (2 | 5, 0) => {
                    d.open(ALT_GK_INFO, addition.tvb, 0, addition.tvb.reported(), Value::None);
                    addition.bit()?;
                    list_of_alternates(d, &mut addition)?;
                    if addition.octet() < addition.tvb.reported() {
                        flag(d, &mut addition, ALT_GK_IS_PERMANENT)?;
                    }
                    d.close();
                }
                (3 | 4, 1) => {
                    // An integer of up to four octets whose number is told in two bits.
                    let width = addition.bits(2)? as usize + 1;
                    let value = addition.uint(width)? + 1;
                    d.add(TIME_TO_LIVE, addition.tvb, addition.octet() - width, width, Value::Uint(value));
                }
                (3, 5) => flag(d, &mut addition, KEEP_ALIVE)?,
                (3, 6) => text(d, &mut addition, ENDPOINT_IDENTIFIER, 7)?,
                (3, 7) => flag(d, &mut addition, WILL_SUPPLY_UUIES)?,
                (3, 8) | (4, 7) => flag(d, &mut addition, MAINTAIN_CONNECTION)?,
                (4, 5) => flag(d, &mut addition, WILL_RESPOND_TO_IRR)?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn flag<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let at = per.octet();
    let value = per.bit()?;
    d.add(field, per.tvb, at, 1, Value::Uint(value.into()));
    Ok(())
}

fn identifier<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let len = per.length()?;
    let at = per.skip(len)?;
    let item = d.add(field, per.tvb, at, len, Value::Bytes);
    let octets = per.tvb.slice(at, len)?;
    d.text(item, || {
        let dotted = ber::oid(octets);
        let version = dotted.strip_prefix("0.0.8.2250.0.").map(|version| format!(" (Version {version})"));
        format!("protocolIdentifier: {dotted}{}", version.unwrap_or_default())
    });
    Ok(())
}

/// `NonStandardParameter`: who says it, by object identifier or by maker, and what.
fn non_standard<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>) -> Parsed {
    let at = per.octet();
    let (kind, is_extension) = per.choice(1, 2)?;
    d.open(NON_STANDARD_IDENTIFIER, per.tvb, at, 1, Value::Uint(kind));
    if is_extension || kind == 0 {
        per.open()?;
    } else {
        per.bit()?;
        let at = per.skip(4)?;
        maker(d, per.tvb, at)?;
    }
    d.close();
    per.open()?;
    Ok(())
}

/// `H221NonStandard`: the country of a maker and its number there.
fn maker<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    d.uint(T35_COUNTRY_CODE, tvb, at, 1)?;
    d.uint(T35_EXTENSION, tvb, at + 1, 1)?;
    d.uint(MANUFACTURER_CODE, tvb, at + 2, 2)?;
    d.generated(MANUFACTURER, tvb, at, 4, Value::Uint(tvb.u32(at)?.into()));
    Ok(())
}

fn transport_addresses<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let count = per.length()?;
    let item = d.open(field, per.tvb, per.octet() - 1, 1, Value::Uint(count as u64));
    items(d, item, field, count);
    for _ in 0..count.min(MAX_ITEMS) {
        transport_address(d, per, TRANSPORT_ADDRESS)?;
    }
    d.close();
    Ok(())
}

fn transport_address<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let at = per.octet();
    let (kind, is_extension) = per.choice(3, 7)?;
    d.open(field, per.tvb, at, 1, Value::Uint(kind));
    match kind {
        _ if is_extension => {
            per.open()?;
        }
        0 | 3 => {
            d.open(if kind == 0 { IP_ADDRESS } else { IP6_ADDRESS }, per.tvb, at, 1, Value::None);
            // Only the address of IPv6 can be extended.
            let is_extended = kind == 3 && per.bit()?;
            if kind == 0 {
                let at = per.skip(4)?;
                let octets = per.tvb.array(at)?;
                let is_h245 = field == H245_ADDRESS;
                d.add(if is_h245 { H245_IP } else { IPV4 }, per.tvb, at, 4, Value::Ipv4(octets));
                if is_h245 {
                    let port = per.tvb.u16(at + 4)?;
                    h245::announce(d, Address::Ipv4(octets), port);
                }
            } else {
                let at = per.skip(16)?;
                let octets = per.tvb.array(at)?;
                let is_h245 = field == H245_ADDRESS;
                d.add(if is_h245 { H245_IPV6 } else { IPV6 }, per.tvb, at, 16, Value::Ipv6(octets));
                if is_h245 {
                    let port = per.tvb.u16(at + 16)?;
                    h245::announce(d, Address::Ipv6(octets), port);
                }
            }
            let port = per.uint(2)?;
            let port_field = match kind {
                0 if field == H245_ADDRESS => H245_IP_PORT,
                3 if field == H245_ADDRESS => H245_IPV6_PORT,
                0 => IPV4_PORT,
                _ => IPV6_PORT,
            };
            d.add(port_field, per.tvb, per.octet() - 2, 2, Value::Uint(port));
            d.close();
            if is_extended {
                per.additions()?;
            }
        }
        2 => {
            per.bit()?;
            per.skip(12)?;
        }
        4 => {
            per.skip(16)?;
        }
        5 => {
            let len = per.bits(5)? as usize + 1;
            per.skip(len)?;
        }
        6 => non_standard(d, per)?,
        _ => return Err(Stop::Malformed),
    }
    d.close();
    Ok(())
}

/// `VendorIdentifier`.
fn vendor<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    d.open(field, per.tvb, per.octet(), 1, Value::None);
    let is_extended = per.bit()?;
    let has_product = per.bit()?;
    let has_version = per.bit()?;
    d.open(VENDOR, per.tvb, per.octet(), 1, Value::None);
    let is_maker_extended = per.bit()?;
    let at = per.skip(4)?;
    d.uint(T35_COUNTRY_CODE, per.tvb, at, 1)?;
    d.uint(T35_EXTENSION, per.tvb, at + 1, 1)?;
    d.uint(MANUFACTURER_CODE, per.tvb, at + 2, 2)?;
    d.close();
    if is_maker_extended {
        per.additions()?;
    }
    let maker = d.generated(MANUFACTURER, per.tvb, at, 4, Value::Uint(per.tvb.u32(at)?.into()));
    d.mark_generated(maker);
    for (field, is_there) in [(PRODUCT_ID, has_product), (VERSION_ID, has_version)] {
        if is_there {
            let len = per.uint(1)? as usize + 1;
            let at = per.skip(len)?;
            d.add(field, per.tvb, at, len, Value::Text);
        }
    }
    if is_extended {
        per.additions()?;
    }
    d.close();
    Ok(())
}

/// `EndpointType`.
fn endpoint_type<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    d.open(field, per.tvb, per.octet(), 1, Value::None);
    let is_extended = per.bit()?;
    let mut there = [false; 6];
    for is_there in &mut there {
        *is_there = per.bit()?;
    }
    let [has_non_standard, has_vendor, has_gatekeeper, has_gateway, has_mcu, has_terminal] = there;
    if has_non_standard {
        non_standard(d, per)?;
    }
    if has_vendor {
        vendor(d, per, VENDOR)?;
    }
    if has_gatekeeper {
        with_non_standard(d, per)?;
    }
    if has_gateway {
        gateway(d, per)?;
    }
    if has_mcu {
        with_non_standard(d, per)?;
    }
    if has_terminal {
        d.add(TERMINAL, per.tvb, per.octet(), 1, Value::None);
        with_non_standard(d, per)?;
    }
    flag(d, per, MC)?;
    flag(d, per, UNDEFINED_NODE)?;
    if is_extended {
        per.additions()?;
    }
    d.close();
    Ok(())
}

/// A sequence with nothing but non-standard data in its root.
fn with_non_standard<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>) -> Parsed {
    let is_extended = per.bit()?;
    if per.bit()? {
        non_standard(d, per)?;
    }
    if is_extended {
        per.additions()?;
    }
    Ok(())
}

/// `GatewayInfo`.
fn gateway<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>) -> Parsed {
    d.open(GATEWAY, per.tvb, per.octet(), 1, Value::None);
    let is_extended = per.bit()?;
    let has_protocols = per.bit()?;
    let has_non_standard = per.bit()?;
    if has_protocols {
        let count = per.length()?;
        let item = d.open(PROTOCOLS, per.tvb, per.octet() - 1, 1, Value::Uint(count as u64));
        items(d, item, PROTOCOLS, count);
        for _ in 0..count.min(MAX_ITEMS) {
            supported_protocol(d, per)?;
        }
        d.close();
    }
    if has_non_standard {
        non_standard(d, per)?;
    }
    if is_extended {
        per.additions()?;
    }
    d.close();
    Ok(())
}

fn supported_protocol<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>) -> Parsed {
    let at = per.octet();
    let (kind, is_extension) = per.choice(4, 9)?;
    d.open(SUPPORTED_PROTOCOLS, per.tvb, at, 1, Value::Uint(kind));
    if is_extension {
        per.open()?;
    } else if kind == 0 {
        non_standard(d, per)?;
    } else {
        // The capabilities of all of them have the same components.
        if kind == VOICE_CAPS {
            d.open(VOICE, per.tvb, at, 1, Value::None);
        }
        let is_extended = per.bit()?;
        if per.bit()? {
            non_standard(d, per)?;
        }
        if is_extended {
            for (number, mut addition) in per.additions()? {
                if number == 1 {
                    let count = addition.length()?;
                    let item = d.add(SUPPORTED_PREFIXES, addition.tvb, 0, 1, Value::Uint(count as u64));
                    items(d, item, SUPPORTED_PREFIXES, count);
                }
            }
        }
        if kind == VOICE_CAPS {
            d.close();
        }
    }
    d.close();
    Ok(())
}

fn aliases<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let count = per.length()?;
    let item = d.open(field, per.tvb, per.octet() - 1, 1, Value::Uint(count as u64));
    items(d, item, field, count);
    for _ in 0..count.min(MAX_ITEMS) {
        alias(d, per, ALIAS_ADDRESS)?;
    }
    d.close();
    Ok(())
}

/// `AliasAddress`.
fn alias<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let at = per.octet();
    let (kind, is_extension) = per.choice(1, 2)?;
    d.open(field, per.tvb, at, 1, Value::Uint(kind));
    if is_extension {
        per.open()?;
    } else if kind == 0 {
        let len = per.bits(7)? as usize + 1;
        let at = per.align();
        let mut digits = String::with_capacity(len);
        for _ in 0..len {
            let digit = DIALLED.get(per.bits(4)? as usize).ok_or(Stop::Malformed)?;
            digits.push(char::from(*digit));
        }
        d.add(DIALLED_DIGITS, per.tvb, at, len.div_ceil(2), Value::String(digits.into()));
    } else {
        text(d, per, H323_ID, 8)?;
    }
    d.close();
    Ok(())
}

/// A text in UCS-2 whose length is told in so many bits; eight are a whole octet.
fn text<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId, width: usize) -> Parsed {
    let len = if width == 8 { per.uint(1)? } else { per.bits(width)? } as usize + 1;
    let at = per.skip(2 * len)?;
    if d.wants(field) {
        let octets = per.tvb.slice(at, 2 * len)?;
        let units = octets.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair));
        let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        d.add(field, per.tvb, at, 2 * len, Value::String(text.into()));
    }
    Ok(())
}

fn list_of_alternates<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>) -> Parsed {
    let count = per.length()?;
    let item = d.add(ALTERNATE_GATEKEEPER, per.tvb, per.octet() - 1, 1, Value::Uint(count as u64));
    items(d, item, ALTERNATE_GATEKEEPER, count);
    // How the alternates are made up is not read, and so nothing behind them.
    if count > 0 {
        per.give_up();
    }
    Ok(())
}

/// Why a gatekeeper refused, of `root` alternatives in `width` bits and others behind them.
fn reason<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, width: usize, root: u64) -> Parsed {
    const DUPLICATE_ALIAS: u64 = 4;
    let at = per.octet();
    let (kind, is_extension) = per.choice(width, root)?;
    d.open(REJECT_REASON, per.tvb, at, 1, Value::Uint(kind));
    if is_extension {
        per.open()?;
    }
    match (root, kind) {
        (4, 3) | (8, 6) => {
            d.add(UNDEFINED_REASON, per.tvb, at, 1, Value::None);
        }
        (8, DUPLICATE_ALIAS) => aliases(d, per, TERMINAL_ALIAS)?,
        (8, 12) => {
            d.add(FULL_REGISTRATION_REQUIRED, per.tvb, at, 1, Value::None);
        }
        _ => {}
    }
    d.close();
    Ok(())
}

/// Discovery and registration, then one of each of the other messages.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500004700010000401100000a0000010a000002c00006b70033000000800001060008914a0004000a00000106b828c0 \
     b50000120261626301317840013c05010000800067006b",
    "4500003600010000401100000a0000020a00000106b7c0000022000006800001060008914a0004020067006b000a0000 \
     0106b8010100",
    "4500002d00010000401100000a0000020a00000106b7c0000019000008800002060008914a0004020067006b60",
    "4500007000010000401100000a0000010a000002c00006b7005c00000ec00003060008914a00048001000a00000106b8 \
     013020010db800000000000000000000000106b8024002400100610062008043020067006b60b5000012026162630131 \
     78108f02000e01800300006501000180",
    "4500004400010000401100000a0000020a00000106b7c0000030000012400003060008914a000401000a00000106b802 \
     0067006b02006500700f8a010002001801000180",
    "4500003200010000401100000a0000020a00000106b7c000001e000016800003060008914a000460200067006b010300 \
     0080",
    "4500002a00010000401100000a0000020a00000106b7c0000016000014000003060008914a0004840100",
    "4500002000010000401100000a0000010a000002c00006b7000c000018000007",
    "4500001f00010000401100000a0000010a000002c00006b7000b00001c0007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000200007",
    "4500002000010000401100000a0000010a000002c00006b7000c000024000007",
    "4500002000010000401100000a0000010a000002c00006b7000c000028000007",
    "4500001f00010000401100000a0000010a000002c00006b7000b00002c0007",
    "4500002000010000401100000a0000010a000002c00006b7000c000030000007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000340007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000380007",
    "4500001f00010000401100000a0000010a000002c00006b7000b00003c0007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000400007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000440007",
    "4500002000010000401100000a0000010a000002c00006b7000c000048000007",
    "4500001f00010000401100000a0000010a000002c00006b7000b00004c0007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000500007",
    "4500002000010000401100000a0000010a000002c00006b7000c000054000007",
    "4500002000010000401100000a0000010a000002c00006b7000c000058000007",
    "4500001f00010000401100000a0000010a000002c00006b7000b00005c0007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000600007",
    "4500002100010000401100000a0000010a000002c00006b7000d00008003000007",
    "4500002100010000401100000a0000010a000002c00006b7000d00008103000007",
    "4500002100010000401100000a0000010a000002c00006b7000d00008203000007",
    "4500002100010000401100000a0000010a000002c00006b7000d00008303000007",
    "4500002100010000401100000a0000010a000002c00006b7000d00008403000007",
    "4500002100010000401100000a0000010a000002c00006b7000d00008503000007",
    "4500002100010000401100000a0000010a000002c00006b7000d00008603000007",
    "4500001f00010000401100000a0000010a000002c00006b7000b0000870100",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn discovery_and_registration() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "h225.gatekeeperIdentifier"), "gk");
        assert_eq!(values(&shown[0], "h225.SupportedProtocols"), "7");
        assert_eq!(values(&shown[3], "h225.dialledDigits"), "10");
        assert_eq!(values(&shown[3], "h225.timeToLive"), "15");
        assert_eq!(values(&shown[3], "h225.ipV6"), "2001:db8::1");
        assert_eq!(values(&shown[4], "h225.ras.reqframe"), "4");
        assert_eq!(values(&shown[6], "h225.rejectReason"), "12");
    }

    #[test]
    fn lists_end_at_their_limit() {
        let mut octets = b"\x0e\0\0\x02\x06\0\x08\x91\x4a\0\x04\x80\x64".to_vec();
        octets.extend(b"\0\x0a\0\0\x01\x06\xb8".repeat(100));
        let shown = crate::tests::shown_by(ProtoId::H225, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "h225.ipV4").count(), MAX_ITEMS);
    }

    #[test]
    fn survives_anything() {
        let seed = b"\x0e\x80\0\x02\x06\0\x08\x91\x4a\0\x04\x80\x01\0\x0a\0\0\x01\x06\xb8\x01\x30";
        crate::tests::survives_anything(ProtoId::H225, seed);
    }
}
