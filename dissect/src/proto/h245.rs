//! H.245 (ITU-T H.245, annex A), in aligned PER (X.691): the channels of an H.323 call, in messages of call signalling
//! or in a connection of its own that they announce. Messages of calls are shown whole, all others by name; the
//! addresses that channels are opened at are those of media.

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::ber;
use crate::bindings::Binding;
use crate::conversation::Conversations;
use crate::dissector::{Address, Dissector, Endpoints};
use crate::facts::Fact;
use crate::field::{FieldId, fields};
use crate::per::{Part, Per, Shape, Told, Walk, optional, part};
use crate::proto::{tcp, tpkt, udp};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::setup::Setup;
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

mod samples;

fields! { H245, "h245", "MULTIMEDIA-SYSTEM-CONTROL";
    PDU_TYPE = field("h245.pdu_type", "PDU Type", Uint32, Dec);
    OPEN_LOGICAL_CHANNEL_PROPOSED = field("h245.OpenLogicalChannel_element", "OpenLogicalChannel", None, None);
    REQUEST = field("h245.request", "request", Uint32, Dec);
    MASTER_SLAVE_DETERMINATION = field("h245.masterSlaveDetermination_element", "masterSlaveDetermination", None, None);
    TERMINAL_TYPE = field("h245.terminalType", "terminalType", Uint32, Dec);
    STATUS_DETERMINATION_NUMBER = field("h245.statusDeterminationNumber", "statusDeterminationNumber", Uint32, Dec);
    TERMINAL_CAPABILITY_SET = field("h245.terminalCapabilitySet_element", "terminalCapabilitySet", None, None);
    SEQUENCE_NUMBER = field("h245.sequenceNumber", "sequenceNumber", Uint32, Dec);
    PROTOCOL_IDENTIFIER = field("h245.protocolIdentifier", "protocolIdentifier", Oid, None);
    OPEN_LOGICAL_CHANNEL = field("h245.openLogicalChannel_element", "openLogicalChannel", None, None);
    FORWARD_LOGICAL_CHANNEL_NUMBER = field("h245.forwardLogicalChannelNumber", "forwardLogicalChannelNumber", Uint32, Dec);
    FORWARD_LOGICAL_CHANNEL_PARAMETERS = field("h245.forwardLogicalChannelParameters_element", "forwardLogicalChannelParameters", None, None);
    PORT_NUMBER = field("h245.portNumber", "portNumber", Uint32, Dec);
    DATA_TYPE = field("h245.dataType", "dataType", Uint32, Dec);
    NULL_DATA = field("h245.nullData_element", "nullData", None, None);
    VIDEO_DATA = field("h245.videoData", "videoData", Uint32, Dec);
    H261_VIDEO_CAPABILITY = field("h245.h261VideoCapability_element", "h261VideoCapability", None, None);
    QCIF_MPI = field("h245.qcifMPI", "qcifMPI", Uint32, Dec);
    CIF_MPI = field("h245.cifMPI", "cifMPI", Uint32, Dec);
    TEMPORAL_SPATIAL_TRADE_OFF_CAPABILITY = field("h245.temporalSpatialTradeOffCapability", "temporalSpatialTradeOffCapability", Boolean, None);
    MAX_BIT_RATE = field("h245.maxBitRate", "maxBitRate", Uint32, Dec);
    STILL_IMAGE_TRANSMISSION = field("h245.stillImageTransmission", "stillImageTransmission", Boolean, None);
    VIDEO_BAD_MBS_CAP = field("h245.videoBadMBsCap", "videoBadMBsCap", Boolean, None);
    AUDIO_DATA = field("h245.audioData", "audioData", Uint32, Dec);
    G711_ALAW64K = field("h245.g711Alaw64k", "g711Alaw64k", Uint32, Dec);
    G711_ALAW56K = field("h245.g711Alaw56k", "g711Alaw56k", Uint32, Dec);
    G711_ULAW64K = field("h245.g711Ulaw64k", "g711Ulaw64k", Uint32, Dec);
    G711_ULAW56K = field("h245.g711Ulaw56k", "g711Ulaw56k", Uint32, Dec);
    G722_64K = field("h245.g722_64k", "g722-64k", Uint32, Dec);
    G722_56K = field("h245.g722_56k", "g722-56k", Uint32, Dec);
    G722_48K = field("h245.g722_48k", "g722-48k", Uint32, Dec);
    G7231 = field("h245.g7231_element", "g7231", None, None);
    MAX_AL_SDU_AUDIO_FRAMES = field("h245.maxAl_sduAudioFrames", "maxAl-sduAudioFrames", Uint32, Dec);
    SILENCE_SUPPRESSION = field("h245.silenceSuppression", "silenceSuppression", Boolean, None);
    G728 = field("h245.g728", "g728", Uint32, Dec);
    G729 = field("h245.g729", "g729", Uint32, Dec);
    G729_ANNEX_A = field("h245.g729AnnexA", "g729AnnexA", Uint32, Dec);
    G729W_ANNEX_B = field("h245.g729wAnnexB", "g729wAnnexB", Uint32, Dec);
    G729_ANNEX_AW_ANNEX_B = field("h245.g729AnnexAwAnnexB", "g729AnnexAwAnnexB", Uint32, Dec);
    GSM_FULL_RATE = field("h245.gsmFullRate_element", "gsmFullRate", None, None);
    AUDIO_UNIT_SIZE = field("h245.audioUnitSize", "audioUnitSize", Uint32, Dec);
    COMFORT_NOISE = field("h245.comfortNoise", "comfortNoise", Boolean, None);
    SCRAMBLED = field("h245.scrambled", "scrambled", Boolean, None);
    GSM_HALF_RATE = field("h245.gsmHalfRate_element", "gsmHalfRate", None, None);
    GSM_ENHANCED_FULL_RATE = field("h245.gsmEnhancedFullRate_element", "gsmEnhancedFullRate", None, None);
    DATA = field("h245.data_element", "data", None, None);
    APPLICATION = field("h245.application", "application", Uint32, Dec);
    T120 = field("h245.t120", "t120", Uint32, Dec);
    V14BUFFERED = field("h245.v14buffered_element", "v14buffered", None, None);
    V42LAPM = field("h245.v42lapm_element", "v42lapm", None, None);
    HDLC_FRAME_TUNNELLING = field("h245.hdlcFrameTunnelling_element", "hdlcFrameTunnelling", None, None);
    H310_SEPARATE_VCSTACK = field("h245.h310SeparateVCStack_element", "h310SeparateVCStack", None, None);
    H310_SINGLE_VCSTACK = field("h245.h310SingleVCStack_element", "h310SingleVCStack", None, None);
    TRANSPARENT = field("h245.transparent_element", "transparent", None, None);
    SEGMENTATION_AND_REASSEMBLY = field("h245.segmentationAndReassembly_element", "segmentationAndReassembly", None, None);
    HDLC_FRAME_TUNNELINGW_SAR = field("h245.hdlcFrameTunnelingwSAR_element", "hdlcFrameTunnelingwSAR", None, None);
    V120 = field("h245.v120_element", "v120", None, None);
    SEPARATE_LANSTACK = field("h245.separateLANStack_element", "separateLANStack", None, None);
    TCP = field("h245.tcp_element", "tcp", None, None);
    UDP = field("h245.udp_element", "udp", None, None);
    DSM_CC = field("h245.dsm_cc", "dsm-cc", Uint32, Dec);
    USER_DATA = field("h245.userData", "userData", Uint32, Dec);
    T434 = field("h245.t434", "t434", Uint32, Dec);
    H224 = field("h245.h224", "h224", Uint32, Dec);
    DSVD_CONTROL = field("h245.dsvdControl_element", "dsvdControl", None, None);
    H222_DATA_PARTITIONING = field("h245.h222DataPartitioning", "h222DataPartitioning", Uint32, Dec);
    T38FAX = field("h245.t38fax_element", "t38fax", None, None);
    T38_FAX_PROTOCOL = field("h245.t38FaxProtocol", "t38FaxProtocol", Uint32, Dec);
    T38_FAX_PROFILE = field("h245.t38FaxProfile_element", "t38FaxProfile", None, None);
    FILL_BIT_REMOVAL = field("h245.fillBitRemoval", "fillBitRemoval", Boolean, None);
    TRANSCODING_JBIG = field("h245.transcodingJBIG", "transcodingJBIG", Boolean, None);
    TRANSCODING_MMR = field("h245.transcodingMMR", "transcodingMMR", Boolean, None);
    VERSION = field("h245.version", "version", Uint32, Dec);
    T38_FAX_RATE_MANAGEMENT = field("h245.t38FaxRateManagement", "t38FaxRateManagement", Uint32, Dec);
    LOCAL_TCF = field("h245.localTCF_element", "localTCF", None, None);
    TRANSFERRED_TCF = field("h245.transferredTCF_element", "transferredTCF", None, None);
    T38_FAX_UDP_OPTIONS = field("h245.t38FaxUdpOptions_element", "t38FaxUdpOptions", None, None);
    T38_FAX_MAX_BUFFER = field("h245.t38FaxMaxBuffer", "t38FaxMaxBuffer", Int32, Dec);
    T38_FAX_MAX_DATAGRAM = field("h245.t38FaxMaxDatagram", "t38FaxMaxDatagram", Int32, Dec);
    T38_FAX_UDP_EC = field("h245.t38FaxUdpEC", "t38FaxUdpEC", Uint32, Dec);
    T38_UDPFEC = field("h245.t38UDPFEC_element", "t38UDPFEC", None, None);
    T38_UDPREDUNDANCY = field("h245.t38UDPRedundancy_element", "t38UDPRedundancy", None, None);
    MULTIPLEX_PARAMETERS = field("h245.multiplexParameters", "multiplexParameters", Uint32, Dec);
    H2250_LOGICAL_CHANNEL_PARAMETERS = field("h245.h2250LogicalChannelParameters_element", "h2250LogicalChannelParameters", None, None);
    SESSION_ID = field("h245.sessionID", "sessionID", Uint32, Dec);
    ASSOCIATED_SESSION_ID = field("h245.associatedSessionID", "associatedSessionID", Uint32, Dec);
    MEDIA_CHANNEL = field("h245.mediaChannel", "mediaChannel", Uint32, Dec);
    UNICAST_ADDRESS = field("h245.unicastAddress", "unicastAddress", Uint32, Dec);
    I_PADDRESS = field("h245.iPAddress_element", "iPAddress", None, None);
    IP4_NETWORK = field("h245.ip4_network", "network", Ipv4, None);
    TSAP_IDENTIFIER = field("h245.tsapIdentifier", "tsapIdentifier", Uint32, Dec);
    I_P6_ADDRESS = field("h245.iP6Address_element", "iP6Address", None, None);
    IP6_NETWORK = field("h245.ip6_network", "network", Ipv6, None);
    MEDIA_GUARANTEED_DELIVERY = field("h245.mediaGuaranteedDelivery", "mediaGuaranteedDelivery", Boolean, None);
    MEDIA_CONTROL_CHANNEL = field("h245.mediaControlChannel", "mediaControlChannel", Uint32, Dec);
    MEDIA_CONTROL_GUARANTEED_DELIVERY = field("h245.mediaControlGuaranteedDelivery", "mediaControlGuaranteedDelivery", Boolean, None);
    DESTINATION = field("h245.destination_element", "destination", None, None);
    MCU_NUMBER = field("h245.mcuNumber", "mcuNumber", Uint32, Dec);
    TERMINAL_NUMBER = field("h245.terminalNumber", "terminalNumber", Uint32, Dec);
    DYNAMIC_RTPPAYLOAD_TYPE = field("h245.dynamicRTPPayloadType", "dynamicRTPPayloadType", Uint32, Dec);
    SOURCE = field("h245.source_element", "source", None, None);
    NONE = field("h245.none_element", "none", None, None);
    FORWARD_LOGICAL_CHANNEL_DEPENDENCY = field("h245.forwardLogicalChannelDependency", "forwardLogicalChannelDependency", Uint32, Dec);
    REPLACEMENT_FOR = field("h245.replacementFor", "replacementFor", Uint32, Dec);
    REVERSE_LOGICAL_CHANNEL_PARAMETERS = field("h245.reverseLogicalChannelParameters_element", "reverseLogicalChannelParameters", None, None);
    CLOSE_LOGICAL_CHANNEL = field("h245.closeLogicalChannel_element", "closeLogicalChannel", None, None);
    SOURCE_UINT32 = field("h245.source", "source", Uint32, Dec);
    USER = field("h245.user_element", "user", None, None);
    LCSE = field("h245.lcse_element", "lcse", None, None);
    REASON = field("h245.reason", "reason", Uint32, Dec);
    UNKNOWN = field("h245.unknown_element", "unknown", None, None);
    REOPEN = field("h245.reopen_element", "reopen", None, None);
    RESERVATION_FAILURE = field("h245.reservationFailure_element", "reservationFailure", None, None);
    REQUEST_CHANNEL_CLOSE = field("h245.requestChannelClose_element", "requestChannelClose", None, None);
    ROUND_TRIP_DELAY_REQUEST = field("h245.roundTripDelayRequest_element", "roundTripDelayRequest", None, None);
    RESPONSE = field("h245.response", "response", Uint32, Dec);
    MASTER_SLAVE_DETERMINATION_ACK = field("h245.masterSlaveDeterminationAck_element", "masterSlaveDeterminationAck", None, None);
    DECISION = field("h245.decision", "decision", Uint32, Dec);
    MASTER = field("h245.master_element", "master", None, None);
    SLAVE = field("h245.slave_element", "slave", None, None);
    TERMINAL_CAPABILITY_SET_ACK = field("h245.terminalCapabilitySetAck_element", "terminalCapabilitySetAck", None, None);
    TERMINAL_CAPABILITY_SET_REJECT = field("h245.terminalCapabilitySetReject_element", "terminalCapabilitySetReject", None, None);
    CAUSE = field("h245.cause", "cause", Uint32, Dec);
    UNSPECIFIED = field("h245.unspecified_element", "unspecified", None, None);
    UNDEFINED_TABLE_ENTRY_USED = field("h245.undefinedTableEntryUsed_element", "undefinedTableEntryUsed", None, None);
    DESCRIPTOR_CAPACITY_EXCEEDED = field("h245.descriptorCapacityExceeded_element", "descriptorCapacityExceeded", None, None);
    OPEN_LOGICAL_CHANNEL_ACK = field("h245.openLogicalChannelAck_element", "openLogicalChannelAck", None, None);
    REVERSE_LOGICAL_CHANNEL_NUMBER = field("h245.reverseLogicalChannelNumber", "reverseLogicalChannelNumber", Uint32, Dec);
    FORWARD_MULTIPLEX_ACK_PARAMETERS = field("h245.forwardMultiplexAckParameters", "forwardMultiplexAckParameters", Uint32, Dec);
    H2250_LOGICAL_CHANNEL_ACK_PARAMETERS = field("h245.h2250LogicalChannelAckParameters_element", "h2250LogicalChannelAckParameters", None, None);
    FLOW_CONTROL_TO_ZERO = field("h245.flowControlToZero", "flowControlToZero", Boolean, None);
    OPEN_LOGICAL_CHANNEL_REJECT = field("h245.openLogicalChannelReject_element", "openLogicalChannelReject", None, None);
    UNSUITABLE_REVERSE_PARAMETERS = field("h245.unsuitableReverseParameters_element", "unsuitableReverseParameters", None, None);
    DATA_TYPE_NOT_SUPPORTED = field("h245.dataTypeNotSupported_element", "dataTypeNotSupported", None, None);
    DATA_TYPE_NOT_AVAILABLE = field("h245.dataTypeNotAvailable_element", "dataTypeNotAvailable", None, None);
    UNKNOWN_DATA_TYPE = field("h245.unknownDataType_element", "unknownDataType", None, None);
    DATA_TYPE_ALCOMBINATION_NOT_SUPPORTED = field("h245.dataTypeALCombinationNotSupported_element", "dataTypeALCombinationNotSupported", None, None);
    MULTICAST_CHANNEL_NOT_ALLOWED = field("h245.multicastChannelNotAllowed_element", "multicastChannelNotAllowed", None, None);
    INSUFFICIENT_BANDWIDTH = field("h245.insufficientBandwidth_element", "insufficientBandwidth", None, None);
    SEPARATE_STACK_ESTABLISHMENT_FAILED = field("h245.separateStackEstablishmentFailed_element", "separateStackEstablishmentFailed", None, None);
    INVALID_SESSION_ID = field("h245.invalidSessionID_element", "invalidSessionID", None, None);
    MASTER_SLAVE_CONFLICT = field("h245.masterSlaveConflict_element", "masterSlaveConflict", None, None);
    WAIT_FOR_COMMUNICATION_MODE = field("h245.waitForCommunicationMode_element", "waitForCommunicationMode", None, None);
    INVALID_DEPENDENT_CHANNEL = field("h245.invalidDependentChannel_element", "invalidDependentChannel", None, None);
    REPLACEMENT_FOR_REJECTED = field("h245.replacementForRejected_element", "replacementForRejected", None, None);
    SECURITY_DENIED = field("h245.securityDenied_element", "securityDenied", None, None);
    CLOSE_LOGICAL_CHANNEL_ACK = field("h245.closeLogicalChannelAck_element", "closeLogicalChannelAck", None, None);
    REQUEST_CHANNEL_CLOSE_ACK = field("h245.requestChannelCloseAck_element", "requestChannelCloseAck", None, None);
    ROUND_TRIP_DELAY_RESPONSE = field("h245.roundTripDelayResponse_element", "roundTripDelayResponse", None, None);
    COMMAND = field("h245.command", "command", Uint32, Dec);
    END_SESSION_COMMAND = field("h245.endSessionCommand", "endSessionCommand", Uint32, Dec);
    DISCONNECT = field("h245.disconnect_element", "disconnect", None, None);
    INDICATION = field("h245.indication", "indication", Uint32, Dec);
    OPEN_LOGICAL_CHANNEL_CONFIRM = field("h245.openLogicalChannelConfirm_element", "openLogicalChannelConfirm", None, None);
    REQUEST_CHANNEL_CLOSE_RELEASE = field("h245.requestChannelCloseRelease_element", "requestChannelCloseRelease", None, None);
    USER_INPUT = field("h245.userInput", "userInput", Uint32, Dec);
    ALPHANUMERIC = field("h245.alphanumeric", "alphanumeric", String, None);
    SIGNAL = field("h245.signal_element", "signal", None, None);
    SIGNAL_TYPE = field("h245.signalType", "signalType", String, None);
    DURATION = field("h245.duration", "duration", Uint32, Dec);
}

static MASTER_SLAVE_DETERMINATION_SHAPE: Shape = Shape::Sequence(
    &[part(TERMINAL_TYPE, &Shape::Integer(0, 255)), part(STATUS_DETERMINATION_NUMBER, &Shape::Integer(0, 16_777_215))],
    Some(&[]),
);
static TERMINAL_CAPABILITY_SET_SHAPE: Shape = Shape::Sequence(
    &[
        part(SEQUENCE_NUMBER, &Shape::Integer(0, 255)),
        part(PROTOCOL_IDENTIFIER, &Shape::Custom(protocol_identifier)),
        optional(PROTO, &Shape::Unread("multiplexCapability")),
        optional(PROTO, &Shape::Unread("capabilityTable")),
        optional(PROTO, &Shape::Unread("capabilityDescriptors")),
    ],
    Some(&[]),
);
static H261_VIDEO_CAPABILITY_SHAPE: Shape = Shape::Sequence(
    &[
        optional(QCIF_MPI, &Shape::Integer(1, 4)),
        optional(CIF_MPI, &Shape::Integer(1, 4)),
        part(TEMPORAL_SPATIAL_TRADE_OFF_CAPABILITY, &Shape::Boolean),
        part(MAX_BIT_RATE, &Shape::Integer(1, 19_200)),
        part(STILL_IMAGE_TRANSMISSION, &Shape::Boolean),
    ],
    Some(&[part(VIDEO_BAD_MBS_CAP, &Shape::Boolean)]),
);
static VIDEO_CAPABILITY_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(H261_VIDEO_CAPABILITY, &H261_VIDEO_CAPABILITY_SHAPE),
        part(PROTO, &Shape::Unread("h262VideoCapability")),
        part(PROTO, &Shape::Unread("h263VideoCapability")),
        part(PROTO, &Shape::Unread("is11172VideoCapability")),
    ],
    Some(&[
        part(PROTO, &Shape::Unread("genericVideoCapability")),
        part(PROTO, &Shape::Unread("extendedVideoCapability")),
    ]),
);
static G7231_SHAPE: Shape = Shape::Sequence(
    &[part(MAX_AL_SDU_AUDIO_FRAMES, &Shape::Integer(1, 256)), part(SILENCE_SUPPRESSION, &Shape::Boolean)],
    None,
);
static GSMAUDIO_CAPABILITY_SHAPE: Shape = Shape::Sequence(
    &[
        part(AUDIO_UNIT_SIZE, &Shape::Integer(1, 256)),
        part(COMFORT_NOISE, &Shape::Boolean),
        part(SCRAMBLED, &Shape::Boolean),
    ],
    Some(&[]),
);
static AUDIO_CAPABILITY_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(G711_ALAW64K, &Shape::Integer(1, 256)),
        part(G711_ALAW56K, &Shape::Integer(1, 256)),
        part(G711_ULAW64K, &Shape::Integer(1, 256)),
        part(G711_ULAW56K, &Shape::Integer(1, 256)),
        part(G722_64K, &Shape::Integer(1, 256)),
        part(G722_56K, &Shape::Integer(1, 256)),
        part(G722_48K, &Shape::Integer(1, 256)),
        part(G7231, &G7231_SHAPE),
        part(G728, &Shape::Integer(1, 256)),
        part(G729, &Shape::Integer(1, 256)),
        part(G729_ANNEX_A, &Shape::Integer(1, 256)),
        part(PROTO, &Shape::Unread("is11172AudioCapability")),
        part(PROTO, &Shape::Unread("is13818AudioCapability")),
    ],
    Some(&[
        part(G729W_ANNEX_B, &Shape::Integer(1, 256)),
        part(G729_ANNEX_AW_ANNEX_B, &Shape::Integer(1, 256)),
        part(PROTO, &Shape::Unread("g7231AnnexCCapability")),
        part(GSM_FULL_RATE, &GSMAUDIO_CAPABILITY_SHAPE),
        part(GSM_HALF_RATE, &GSMAUDIO_CAPABILITY_SHAPE),
        part(GSM_ENHANCED_FULL_RATE, &GSMAUDIO_CAPABILITY_SHAPE),
        part(PROTO, &Shape::Unread("genericAudioCapability")),
        part(PROTO, &Shape::Unread("g729Extensions")),
        part(PROTO, &Shape::Unread("vbd")),
        part(PROTO, &Shape::Unread("audioTelephonyEvent")),
        part(PROTO, &Shape::Unread("audioTone")),
    ]),
);
static DATA_PROTOCOL_CAPABILITY_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(V14BUFFERED, &Shape::Null),
        part(V42LAPM, &Shape::Null),
        part(HDLC_FRAME_TUNNELLING, &Shape::Null),
        part(H310_SEPARATE_VCSTACK, &Shape::Null),
        part(H310_SINGLE_VCSTACK, &Shape::Null),
        part(TRANSPARENT, &Shape::Null),
    ],
    Some(&[
        part(SEGMENTATION_AND_REASSEMBLY, &Shape::Null),
        part(HDLC_FRAME_TUNNELINGW_SAR, &Shape::Null),
        part(V120, &Shape::Null),
        part(SEPARATE_LANSTACK, &Shape::Null),
        part(PROTO, &Shape::Unread("v76wCompression")),
        part(TCP, &Shape::Null),
        part(UDP, &Shape::Null),
    ]),
);
static T38_FAX_RATE_MANAGEMENT_SHAPE: Shape =
    Shape::Choice(&[part(LOCAL_TCF, &Shape::Null), part(TRANSFERRED_TCF, &Shape::Null)], Some(&[]));
static T38_FAX_UDP_EC_SHAPE: Shape =
    Shape::Choice(&[part(T38_UDPFEC, &Shape::Null), part(T38_UDPREDUNDANCY, &Shape::Null)], Some(&[]));
static T38_FAX_UDP_OPTIONS_SHAPE: Shape = Shape::Sequence(
    &[
        optional(T38_FAX_MAX_BUFFER, &Shape::Number),
        optional(T38_FAX_MAX_DATAGRAM, &Shape::Number),
        part(T38_FAX_UDP_EC, &T38_FAX_UDP_EC_SHAPE),
    ],
    None,
);
static T38_FAX_PROFILE_SHAPE: Shape = Shape::Sequence(
    &[
        part(FILL_BIT_REMOVAL, &Shape::Boolean),
        part(TRANSCODING_JBIG, &Shape::Boolean),
        part(TRANSCODING_MMR, &Shape::Boolean),
    ],
    Some(&[
        part(VERSION, &Shape::Integer(0, 255)),
        part(T38_FAX_RATE_MANAGEMENT, &T38_FAX_RATE_MANAGEMENT_SHAPE),
        part(T38_FAX_UDP_OPTIONS, &T38_FAX_UDP_OPTIONS_SHAPE),
        part(PROTO, &Shape::Unread("t38FaxTcpOptions")),
    ]),
);
static T38FAX_SHAPE: Shape = Shape::Sequence(
    &[part(T38_FAX_PROTOCOL, &DATA_PROTOCOL_CAPABILITY_SHAPE), part(T38_FAX_PROFILE, &T38_FAX_PROFILE_SHAPE)],
    None,
);
static APPLICATION_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(T120, &DATA_PROTOCOL_CAPABILITY_SHAPE),
        part(DSM_CC, &DATA_PROTOCOL_CAPABILITY_SHAPE),
        part(USER_DATA, &DATA_PROTOCOL_CAPABILITY_SHAPE),
        part(PROTO, &Shape::Unread("t84")),
        part(T434, &DATA_PROTOCOL_CAPABILITY_SHAPE),
        part(H224, &DATA_PROTOCOL_CAPABILITY_SHAPE),
        part(PROTO, &Shape::Unread("nlpid")),
        part(DSVD_CONTROL, &Shape::Null),
        part(H222_DATA_PARTITIONING, &DATA_PROTOCOL_CAPABILITY_SHAPE),
    ],
    Some(&[
        part(PROTO, &Shape::Unread("t30fax")),
        part(PROTO, &Shape::Unread("t140")),
        part(T38FAX, &T38FAX_SHAPE),
        part(PROTO, &Shape::Unread("genericDataCapability")),
    ]),
);
static DATA_APPLICATION_CAPABILITY_SHAPE: Shape = Shape::Sequence(
    &[part(APPLICATION, &APPLICATION_SHAPE), part(MAX_BIT_RATE, &Shape::Integer(0, u32::MAX as u64))],
    Some(&[]),
);
static DATA_TYPE_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(NULL_DATA, &Shape::Null),
        part(VIDEO_DATA, &VIDEO_CAPABILITY_SHAPE),
        part(AUDIO_DATA, &AUDIO_CAPABILITY_SHAPE),
        part(DATA, &DATA_APPLICATION_CAPABILITY_SHAPE),
        part(PROTO, &Shape::Unread("encryptionData")),
    ],
    Some(&[
        part(PROTO, &Shape::Unread("h235Control")),
        part(PROTO, &Shape::Unread("h235Media")),
        part(PROTO, &Shape::Unread("multiplexedStream")),
        part(PROTO, &Shape::Unread("redundancyEncoding")),
        part(PROTO, &Shape::Unread("multiplePayloadStream")),
        part(PROTO, &Shape::Unread("depFec")),
        part(PROTO, &Shape::Unread("fec")),
    ]),
);
static I_PADDRESS_SHAPE: Shape =
    Shape::Sequence(&[part(IP4_NETWORK, &Shape::Ipv4), part(TSAP_IDENTIFIER, &Shape::Integer(0, 65_535))], Some(&[]));
static I_P6_ADDRESS_SHAPE: Shape =
    Shape::Sequence(&[part(IP6_NETWORK, &Shape::Ipv6), part(TSAP_IDENTIFIER, &Shape::Integer(0, 65_535))], Some(&[]));
static UNICAST_ADDRESS_SHAPE: Shape = Shape::Choice(
    &[
        part(I_PADDRESS, &I_PADDRESS_SHAPE),
        part(PROTO, &Shape::Unread("iPXAddress")),
        part(I_P6_ADDRESS, &I_P6_ADDRESS_SHAPE),
        part(PROTO, &Shape::Unread("netBios")),
        part(PROTO, &Shape::Unread("iPSourceRouteAddress")),
    ],
    Some(&[part(PROTO, &Shape::Unread("nsap")), part(PROTO, &Shape::Unread("nonStandardAddress"))]),
);
static TRANSPORT_ADDRESS245_SHAPE: Shape = Shape::Choice(
    &[part(UNICAST_ADDRESS, &UNICAST_ADDRESS_SHAPE), part(PROTO, &Shape::Unread("multicastAddress"))],
    Some(&[]),
);
static TERMINAL_LABEL_SHAPE: Shape = Shape::Sequence(
    &[part(MCU_NUMBER, &Shape::Integer(0, 192)), part(TERMINAL_NUMBER, &Shape::Integer(0, 192))],
    Some(&[]),
);
static H2250_LOGICAL_CHANNEL_PARAMETERS_SHAPE: Shape = Shape::Sequence(
    &[
        optional(PROTO, &Shape::Unread("nonStandard")),
        part(SESSION_ID, &Shape::Integer(0, 255)),
        optional(ASSOCIATED_SESSION_ID, &Shape::Integer(1, 255)),
        optional(MEDIA_CHANNEL, &TRANSPORT_ADDRESS245_SHAPE),
        optional(MEDIA_GUARANTEED_DELIVERY, &Shape::Boolean),
        optional(MEDIA_CONTROL_CHANNEL, &TRANSPORT_ADDRESS245_SHAPE),
        optional(MEDIA_CONTROL_GUARANTEED_DELIVERY, &Shape::Boolean),
        optional(SILENCE_SUPPRESSION, &Shape::Boolean),
        optional(DESTINATION, &TERMINAL_LABEL_SHAPE),
        optional(DYNAMIC_RTPPAYLOAD_TYPE, &Shape::Integer(96, 127)),
        optional(PROTO, &Shape::Unread("mediaPacketization")),
    ],
    Some(&[
        optional(PROTO, &Shape::Unread("transportCapability")),
        optional(PROTO, &Shape::Unread("redundancyEncoding")),
        optional(SOURCE, &TERMINAL_LABEL_SHAPE),
    ]),
);
static FORWARD_MULTIPLEX_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("h222LogicalChannelParameters")),
        part(PROTO, &Shape::Unread("h223LogicalChannelParameters")),
        part(PROTO, &Shape::Unread("v76LogicalChannelParameters")),
    ],
    Some(&[part(H2250_LOGICAL_CHANNEL_PARAMETERS, &H2250_LOGICAL_CHANNEL_PARAMETERS_SHAPE), part(NONE, &Shape::Null)]),
);
static FORWARD_SHAPE: Shape = Shape::Sequence(
    &[
        optional(PORT_NUMBER, &Shape::Integer(0, 65_535)),
        part(DATA_TYPE, &DATA_TYPE_SHAPE),
        part(MULTIPLEX_PARAMETERS, &FORWARD_MULTIPLEX_SHAPE),
    ],
    Some(&[
        optional(FORWARD_LOGICAL_CHANNEL_DEPENDENCY, &Shape::Integer(1, 65_535)),
        optional(REPLACEMENT_FOR, &Shape::Integer(1, 65_535)),
    ]),
);
static REVERSE_MULTIPLEX_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("h223LogicalChannelParameters")),
        part(PROTO, &Shape::Unread("v76LogicalChannelParameters")),
    ],
    Some(&[part(H2250_LOGICAL_CHANNEL_PARAMETERS, &H2250_LOGICAL_CHANNEL_PARAMETERS_SHAPE)]),
);
static REVERSE_SHAPE: Shape = Shape::Sequence(
    &[part(DATA_TYPE, &DATA_TYPE_SHAPE), optional(MULTIPLEX_PARAMETERS, &REVERSE_MULTIPLEX_SHAPE)],
    Some(&[]),
);
static OPEN_LOGICAL_CHANNEL_SHAPE: Shape = Shape::Sequence(
    &[
        part(FORWARD_LOGICAL_CHANNEL_NUMBER, &Shape::Integer(1, 65_535)),
        part(FORWARD_LOGICAL_CHANNEL_PARAMETERS, &FORWARD_SHAPE),
        optional(REVERSE_LOGICAL_CHANNEL_PARAMETERS, &REVERSE_SHAPE),
    ],
    Some(&[optional(PROTO, &Shape::Unread("separateStack"))]),
);
static SOURCE_SHAPE: Shape = Shape::Choice(&[part(USER, &Shape::Null), part(LCSE, &Shape::Null)], None);
static CLC_REASON_SHAPE: Shape = Shape::Choice(
    &[part(UNKNOWN, &Shape::Null), part(REOPEN, &Shape::Null), part(RESERVATION_FAILURE, &Shape::Null)],
    Some(&[part(PROTO, &Shape::Unread("networkErrorCode"))]),
);
static CLOSE_LOGICAL_CHANNEL_SHAPE: Shape = Shape::Sequence(
    &[part(FORWARD_LOGICAL_CHANNEL_NUMBER, &Shape::Integer(1, 65_535)), part(SOURCE_UINT32, &SOURCE_SHAPE)],
    Some(&[part(REASON, &CLC_REASON_SHAPE)]),
);
static FORWARD_ONLY_SHAPE: Shape =
    Shape::Sequence(&[part(FORWARD_LOGICAL_CHANNEL_NUMBER, &Shape::Integer(1, 65_535))], Some(&[]));
static SEQUENCE_NUMBER_SHAPE: Shape = Shape::Sequence(&[part(SEQUENCE_NUMBER, &Shape::Integer(0, 255))], Some(&[]));
static REQUEST_MESSAGE_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(MASTER_SLAVE_DETERMINATION, &MASTER_SLAVE_DETERMINATION_SHAPE),
        part(TERMINAL_CAPABILITY_SET, &TERMINAL_CAPABILITY_SET_SHAPE),
        part(OPEN_LOGICAL_CHANNEL, &OPEN_LOGICAL_CHANNEL_SHAPE),
        part(CLOSE_LOGICAL_CHANNEL, &CLOSE_LOGICAL_CHANNEL_SHAPE),
        part(REQUEST_CHANNEL_CLOSE, &FORWARD_ONLY_SHAPE),
        part(PROTO, &Shape::Unread("multiplexEntrySend")),
        part(PROTO, &Shape::Unread("requestMultiplexEntry")),
        part(PROTO, &Shape::Unread("requestMode")),
        part(ROUND_TRIP_DELAY_REQUEST, &SEQUENCE_NUMBER_SHAPE),
        part(PROTO, &Shape::Unread("maintenanceLoopRequest")),
    ],
    Some(&[
        part(PROTO, &Shape::Unread("communicationModeRequest")),
        part(PROTO, &Shape::Unread("conferenceRequest")),
        part(PROTO, &Shape::Unread("multilinkRequest")),
        part(PROTO, &Shape::Unread("logicalChannelRateRequest")),
        part(PROTO, &Shape::Unread("genericRequest")),
    ]),
);
static DECISION_SHAPE: Shape = Shape::Choice(&[part(MASTER, &Shape::Null), part(SLAVE, &Shape::Null)], None);
static MASTER_SLAVE_DETERMINATION_ACK_SHAPE: Shape = Shape::Sequence(&[part(DECISION, &DECISION_SHAPE)], Some(&[]));
static TCS_CAUSE_SHAPE: Shape = Shape::Choice(
    &[
        part(UNSPECIFIED, &Shape::Null),
        part(UNDEFINED_TABLE_ENTRY_USED, &Shape::Null),
        part(DESCRIPTOR_CAPACITY_EXCEEDED, &Shape::Null),
        part(PROTO, &Shape::Unread("tableEntryCapacityExceeded")),
    ],
    Some(&[]),
);
static TERMINAL_CAPABILITY_SET_REJECT_SHAPE: Shape =
    Shape::Sequence(&[part(SEQUENCE_NUMBER, &Shape::Integer(0, 255)), part(CAUSE, &TCS_CAUSE_SHAPE)], Some(&[]));
static ACK_REVERSE_MULTIPLEX_SHAPE: Shape = Shape::Choice(
    &[part(PROTO, &Shape::Unread("h222LogicalChannelParameters"))],
    Some(&[part(H2250_LOGICAL_CHANNEL_PARAMETERS, &H2250_LOGICAL_CHANNEL_PARAMETERS_SHAPE)]),
);
static ACK_REVERSE_SHAPE: Shape = Shape::Sequence(
    &[
        part(REVERSE_LOGICAL_CHANNEL_NUMBER, &Shape::Integer(1, 65_535)),
        optional(PORT_NUMBER, &Shape::Integer(0, 65_535)),
        optional(MULTIPLEX_PARAMETERS, &ACK_REVERSE_MULTIPLEX_SHAPE),
    ],
    Some(&[optional(REPLACEMENT_FOR, &Shape::Integer(1, 65_535))]),
);
static H2250_LOGICAL_CHANNEL_ACK_PARAMETERS_SHAPE: Shape = Shape::Sequence(
    &[
        optional(PROTO, &Shape::Unread("nonStandard")),
        optional(SESSION_ID, &Shape::Integer(1, 255)),
        optional(MEDIA_CHANNEL, &TRANSPORT_ADDRESS245_SHAPE),
        optional(MEDIA_CONTROL_CHANNEL, &TRANSPORT_ADDRESS245_SHAPE),
        optional(DYNAMIC_RTPPAYLOAD_TYPE, &Shape::Integer(96, 127)),
    ],
    Some(&[part(FLOW_CONTROL_TO_ZERO, &Shape::Boolean), optional(PORT_NUMBER, &Shape::Integer(0, 65_535))]),
);
static ACK_FORWARD_SHAPE: Shape = Shape::Choice(
    &[part(H2250_LOGICAL_CHANNEL_ACK_PARAMETERS, &H2250_LOGICAL_CHANNEL_ACK_PARAMETERS_SHAPE)],
    Some(&[]),
);
static OPEN_LOGICAL_CHANNEL_ACK_SHAPE: Shape = Shape::Sequence(
    &[
        part(FORWARD_LOGICAL_CHANNEL_NUMBER, &Shape::Integer(1, 65_535)),
        optional(REVERSE_LOGICAL_CHANNEL_PARAMETERS, &ACK_REVERSE_SHAPE),
    ],
    Some(&[
        optional(PROTO, &Shape::Unread("separateStack")),
        optional(FORWARD_MULTIPLEX_ACK_PARAMETERS, &ACK_FORWARD_SHAPE),
        optional(PROTO, &Shape::Unread("encryptionSync")),
    ]),
);
static OLC_CAUSE_SHAPE: Shape = Shape::Choice(
    &[
        part(UNSPECIFIED, &Shape::Null),
        part(UNSUITABLE_REVERSE_PARAMETERS, &Shape::Null),
        part(DATA_TYPE_NOT_SUPPORTED, &Shape::Null),
        part(DATA_TYPE_NOT_AVAILABLE, &Shape::Null),
        part(UNKNOWN_DATA_TYPE, &Shape::Null),
        part(DATA_TYPE_ALCOMBINATION_NOT_SUPPORTED, &Shape::Null),
    ],
    Some(&[
        part(MULTICAST_CHANNEL_NOT_ALLOWED, &Shape::Null),
        part(INSUFFICIENT_BANDWIDTH, &Shape::Null),
        part(SEPARATE_STACK_ESTABLISHMENT_FAILED, &Shape::Null),
        part(INVALID_SESSION_ID, &Shape::Null),
        part(MASTER_SLAVE_CONFLICT, &Shape::Null),
        part(WAIT_FOR_COMMUNICATION_MODE, &Shape::Null),
        part(INVALID_DEPENDENT_CHANNEL, &Shape::Null),
        part(REPLACEMENT_FOR_REJECTED, &Shape::Null),
        part(SECURITY_DENIED, &Shape::Null),
    ]),
);
static OPEN_LOGICAL_CHANNEL_REJECT_SHAPE: Shape = Shape::Sequence(
    &[part(FORWARD_LOGICAL_CHANNEL_NUMBER, &Shape::Integer(1, 65_535)), part(CAUSE, &OLC_CAUSE_SHAPE)],
    Some(&[]),
);
static RESPONSE_MESSAGE_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(MASTER_SLAVE_DETERMINATION_ACK, &MASTER_SLAVE_DETERMINATION_ACK_SHAPE),
        part(PROTO, &Shape::Unread("masterSlaveDeterminationReject")),
        part(TERMINAL_CAPABILITY_SET_ACK, &SEQUENCE_NUMBER_SHAPE),
        part(TERMINAL_CAPABILITY_SET_REJECT, &TERMINAL_CAPABILITY_SET_REJECT_SHAPE),
        part(OPEN_LOGICAL_CHANNEL_ACK, &OPEN_LOGICAL_CHANNEL_ACK_SHAPE),
        part(OPEN_LOGICAL_CHANNEL_REJECT, &OPEN_LOGICAL_CHANNEL_REJECT_SHAPE),
        part(CLOSE_LOGICAL_CHANNEL_ACK, &FORWARD_ONLY_SHAPE),
        part(REQUEST_CHANNEL_CLOSE_ACK, &FORWARD_ONLY_SHAPE),
        part(PROTO, &Shape::Unread("requestChannelCloseReject")),
        part(PROTO, &Shape::Unread("multiplexEntrySendAck")),
        part(PROTO, &Shape::Unread("multiplexEntrySendReject")),
        part(PROTO, &Shape::Unread("requestMultiplexEntryAck")),
        part(PROTO, &Shape::Unread("requestMultiplexEntryReject")),
        part(PROTO, &Shape::Unread("requestModeAck")),
        part(PROTO, &Shape::Unread("requestModeReject")),
        part(ROUND_TRIP_DELAY_RESPONSE, &SEQUENCE_NUMBER_SHAPE),
        part(PROTO, &Shape::Unread("maintenanceLoopAck")),
        part(PROTO, &Shape::Unread("maintenanceLoopReject")),
    ],
    Some(&[
        part(PROTO, &Shape::Unread("communicationModeResponse")),
        part(PROTO, &Shape::Unread("conferenceResponse")),
        part(PROTO, &Shape::Unread("multilinkResponse")),
        part(PROTO, &Shape::Unread("logicalChannelRateAcknowledge")),
        part(PROTO, &Shape::Unread("logicalChannelRateReject")),
        part(PROTO, &Shape::Unread("genericResponse")),
    ]),
);
static END_SESSION_COMMAND_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(DISCONNECT, &Shape::Null),
        part(PROTO, &Shape::Unread("gstnOptions")),
    ],
    Some(&[part(PROTO, &Shape::Unread("isdnOptions")), part(PROTO, &Shape::Unread("genericInformation"))]),
);
static COMMAND_MESSAGE_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(PROTO, &Shape::Unread("maintenanceLoopOffCommand")),
        part(PROTO, &Shape::Unread("sendTerminalCapabilitySet")),
        part(PROTO, &Shape::Unread("encryptionCommand")),
        part(PROTO, &Shape::Unread("flowControlCommand")),
        part(END_SESSION_COMMAND, &END_SESSION_COMMAND_SHAPE),
        part(PROTO, &Shape::Unread("miscellaneousCommand")),
    ],
    Some(&[
        part(PROTO, &Shape::Unread("communicationModeCommand")),
        part(PROTO, &Shape::Unread("conferenceCommand")),
        part(PROTO, &Shape::Unread("h223MultiplexReconfiguration")),
        part(PROTO, &Shape::Unread("newATMVCCommand")),
        part(PROTO, &Shape::Unread("mobileMultilinkReconfigurationCommand")),
        part(PROTO, &Shape::Unread("genericCommand")),
    ]),
);
static SIGNAL_SHAPE: Shape = Shape::Sequence(
    &[
        part(SIGNAL_TYPE, &Shape::Custom(signal_type)),
        optional(DURATION, &Shape::Integer(1, 65_535)),
        optional(PROTO, &Shape::Unread("rtp")),
    ],
    Some(&[]),
);
static USER_INPUT_INDICATION_SHAPE: Shape = Shape::Choice(
    &[part(PROTO, &Shape::Unread("nonStandard")), part(ALPHANUMERIC, &Shape::Text)],
    Some(&[
        part(PROTO, &Shape::Unread("userInputSupportIndication")),
        part(SIGNAL, &SIGNAL_SHAPE),
        part(PROTO, &Shape::Unread("signalUpdate")),
        part(PROTO, &Shape::Unread("extendedAlphanumeric")),
        part(PROTO, &Shape::Unread("encryptedAlphanumeric")),
        part(PROTO, &Shape::Unread("genericInformation")),
    ]),
);
static INDICATION_MESSAGE_SHAPE: Shape = Shape::Choice(
    &[
        part(PROTO, &Shape::Unread("nonStandard")),
        part(PROTO, &Shape::Unread("functionNotUnderstood")),
        part(PROTO, &Shape::Unread("masterSlaveDeterminationRelease")),
        part(PROTO, &Shape::Unread("terminalCapabilitySetRelease")),
        part(OPEN_LOGICAL_CHANNEL_CONFIRM, &FORWARD_ONLY_SHAPE),
        part(REQUEST_CHANNEL_CLOSE_RELEASE, &FORWARD_ONLY_SHAPE),
        part(PROTO, &Shape::Unread("multiplexEntrySendRelease")),
        part(PROTO, &Shape::Unread("requestMultiplexEntryRelease")),
        part(PROTO, &Shape::Unread("requestModeRelease")),
        part(PROTO, &Shape::Unread("miscellaneousIndication")),
        part(PROTO, &Shape::Unread("jitterIndication")),
        part(PROTO, &Shape::Unread("h223SkewIndication")),
        part(PROTO, &Shape::Unread("newATMVCIndication")),
        part(USER_INPUT, &USER_INPUT_INDICATION_SHAPE),
    ],
    Some(&[
        part(PROTO, &Shape::Unread("h2250MaximumSkewIndication")),
        part(PROTO, &Shape::Unread("mcLocationIndication")),
        part(PROTO, &Shape::Unread("conferenceIndication")),
        part(PROTO, &Shape::Unread("vendorIdentification")),
        part(PROTO, &Shape::Unread("functionNotSupported")),
        part(PROTO, &Shape::Unread("multilinkIndication")),
        part(PROTO, &Shape::Unread("logicalChannelRateRelease")),
        part(PROTO, &Shape::Unread("flowControlIndication")),
        part(PROTO, &Shape::Unread("mobileMultilinkReconfigurationIndication")),
        part(PROTO, &Shape::Unread("genericIndication")),
    ]),
);
static MULTIMEDIA_SYSTEM_CONTROL_MESSAGE_SHAPE: Shape = Shape::Choice(
    &[
        part(REQUEST, &REQUEST_MESSAGE_SHAPE),
        part(RESPONSE, &RESPONSE_MESSAGE_SHAPE),
        part(COMMAND, &COMMAND_MESSAGE_SHAPE),
        part(INDICATION, &INDICATION_MESSAGE_SHAPE),
    ],
    Some(&[]),
);

static MESSAGE: Part = part(PDU_TYPE, &MULTIMEDIA_SYSTEM_CONTROL_MESSAGE_SHAPE);
static PROPOSED: Part = part(OPEN_LOGICAL_CHANNEL_PROPOSED, &OPEN_LOGICAL_CHANNEL_SHAPE);

/// What a channel for audio is called in the Info column, by the alternatives of `AudioCapability`.
const AUDIO: &[&str] = &[
    "nonStandard",
    "g711A",
    "g711A56k",
    "g711U",
    "g711U56k",
    "g722-64k",
    "g722-56k",
    "g722-48k",
    "g7231",
    "g728",
    "g729",
    "g729A",
    "is11172AudioCapability",
    "is13818AudioCapability",
    "g729B",
    "g729AB",
    "g7231AnnexCCapability",
    "gsmFR",
    "gsmHR",
    "gsmEFR",
];

/// How many addresses of connections for H.245 are remembered.
pub const MAX_ANNOUNCED: usize = 4096;
/// How many connections with open channels are remembered, and how many channels of one.
pub const MAX_CONNECTIONS: usize = 10_000;
pub const MAX_CHANNELS: usize = 32;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Tpkt],
    fed_by: &[ProtoId::H225],
    framing: Some(tpkt::framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: samples::MESSAGES }],
    ..Protocol::new(ProtoId::H245, "H.245", &[Binding::TcpHeuristic(is_announced)], dissect)
};

/// What the first pass keeps of channels.
pub(crate) struct Flows {
    /// Where call signalling said that a connection will be.
    announced: VecDeque<(Address, u16)>,
    /// The channels of a connection that are opened for something else than RTP.
    connections: Conversations<SmallVec<[(u64, ProtoId); 2]>>,
}

impl Default for Flows {
    fn default() -> Self {
        Self { announced: VecDeque::new(), connections: Conversations::new(MAX_CONNECTIONS) }
    }
}

/// Says where a connection for H.245 will be.
pub(crate) fn announce(d: &mut Dissector<'_>, address: Address, port: u16) {
    if let Some(flows) = d.flows() {
        flows.h245.announce(address, port);
    }
}

impl Flows {
    fn announce(&mut self, address: Address, port: u16) {
        if !self.announced.contains(&(address, port)) {
            if self.announced.len() >= MAX_ANNOUNCED {
                self.announced.pop_front();
            }
            self.announced.push_back((address, port));
        }
    }

    /// Keeps that a channel is for a fax until it is accepted.
    fn remember(&mut self, connection: Endpoints, channel: &Channel) {
        let channels = self.connections.get_or_insert_with(connection, SmallVec::new);
        channels.retain(|of| of.0 != channel.number);
        if channel.is_fax {
            if channels.len() >= MAX_CHANNELS {
                channels.remove(0);
            }
            channels.push((channel.number, ProtoId::T38));
        }
    }
}

/// Whether octets of a connection that call signalling announced begin with a TPKT; the second pass knows the frames.
fn is_announced<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let [3, 0, ..] = tvb.bytes() else { return false };
    let Some(flows) = d.peek_flows() else {
        return d.peek_fact(|fact| matches!(fact, Fact::H245).then_some(())).is_some();
    };
    let announced = &flows.h245.announced;
    let ends = d.endpoints;
    announced.contains(&(ends.dst, ends.dst_port)) || announced.contains(&(ends.src, ends.src_port))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if d.parent() == Some(ProtoId::H225) {
        d.layer("h245");
        return message(d, tvb);
    }
    if d.is_first_pass() {
        d.record(Fact::H245);
        tcp::claim(d, ProtoId::H245);
    }
    let message_at = tpkt::show(d, tvb)?;
    if !d.layer_names().contains(&"h245") {
        d.layer("h245");
    }
    d.set_protocol("H.245");
    d.set_info(String::new);
    d.layer("h245");
    message(d, message_at)?;
    d.fence_info();
    Ok(())
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let end = tvb.base.saturating_add(tvb.len() as u32);
    let item = d.open(PROTO, tvb, 0, tvb.reported(), Value::Protocol { end });
    d.text(item, || "H.245".to_owned());
    let mut walk = Walk::new(d);
    let shown = walk.show(&mut Per::new(tvb), &MESSAGE);
    let name = [REQUEST, RESPONSE, COMMAND, INDICATION].into_iter().find_map(|kind| walk.alternative(kind));
    let told = walk.told;
    if let Some(name) = name {
        let channel = Channel::of(&told);
        d.append_info(|| match channel.medium {
            Some(medium) if name == "openLogicalChannel" => format!("{name} ({medium}) "),
            _ => format!("{name} "),
        });
        match name {
            "openLogicalChannel" => {
                let (connection, _) = d.endpoints.conversation();
                if let Some(flows) = d.flows() {
                    flows.h245.remember(connection, &channel);
                }
            }
            "openLogicalChannelAck" => accept(d, &channel),
            _ => {}
        }
    }
    shown?;
    d.close();
    Ok(())
}

/// A channel that is proposed with a call, which holds what it says of its sender at once.
pub(crate) fn fast_start<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut walk = Walk::new(d);
    walk.show(&mut Per::new(tvb), &PROPOSED)?;
    let channel = Channel::of(&walk.told);
    let proto = if channel.is_fax { ProtoId::T38 } else { ProtoId::Rtp };
    bind(d, &channel, proto);
    Ok(())
}

/// What a message says of a channel.
#[derive(Default)]
struct Channel {
    number: u64,
    medium: Option<&'static str>,
    is_fax: bool,
    media: Option<(Address, u16)>,
    control: Option<(Address, u16)>,
}

impl Channel {
    fn of(told: &[(FieldId, Told)]) -> Self {
        let mut channel = Self::default();
        let (mut is_media, mut address) = (false, None);
        for (field, told) in told {
            match (*field, *told) {
                (FORWARD_LOGICAL_CHANNEL_NUMBER, Told::Number(number)) if channel.number == 0 => {
                    channel.number = number
                }
                (MEDIA_CHANNEL, _) => is_media = true,
                (MEDIA_CONTROL_CHANNEL, _) => is_media = false,
                (_, Told::Address(of)) => address = Some(of),
                (TSAP_IDENTIFIER, Told::Number(port)) => {
                    let place = if is_media { &mut channel.media } else { &mut channel.control };
                    *place = address.take().map(|address| (address, port as u16));
                }
                (AUDIO_DATA, Told::Alternative(number, name)) => {
                    channel.medium.get_or_insert(AUDIO.get(number as usize).copied().unwrap_or(name));
                }
                (VIDEO_DATA | APPLICATION, Told::Alternative(_, name)) => {
                    channel.is_fax |= name == "t38fax";
                    channel.medium.get_or_insert(name);
                }
                _ => {}
            }
        }
        channel
    }
}

/// Binds the addresses at which whoever accepts a channel wants to hear it.
fn accept(d: &mut Dissector<'_>, channel: &Channel) {
    let (key, _) = d.endpoints.conversation();
    let Some(flows) = d.flows() else { return };
    let channels = flows.h245.connections.get_mut(key);
    let known = channels.and_then(|channels| channels.iter().find(|of| of.0 == channel.number).copied());
    bind(d, channel, known.map_or(ProtoId::Rtp, |of| of.1));
}

fn bind(d: &mut Dissector<'_>, channel: &Channel, proto: ProtoId) {
    let frame = d.packet.number;
    for (place, proto) in [(channel.media, proto), (channel.control, ProtoId::Rtcp)] {
        let Some((address, port)) = place.filter(|place| place.1 != 0) else { continue };
        // Several messages of a call name the same address; the first one counts.
        let is_known = |setup: &Setup| setup.proto == proto && setup.method == "H245";
        if let Some(flows) = d.flows()
            && !flows.udp.setup(address, port).is_some_and(is_known)
        {
            flows.udp.announce(address, port, frame);
            udp::bind(d, address, port, Setup::new(proto, frame, "H245"));
        }
    }
}

/// The character of a key, from an alphabet that takes eight bits.
fn signal_type<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let at = per.octet();
    let key = per.bits(8)? as u8;
    d.add(field, per.tvb, at, 1, Value::String(char::from(key).to_string().into()));
    Ok(())
}

fn protocol_identifier<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    let len = per.length()?;
    let at = per.skip(len)?;
    let octets = per.tvb.slice(at, len)?;
    let item = d.add(field, per.tvb, at, len, Value::Bytes);
    d.text(item, || {
        let dotted = ber::oid(octets);
        let version = dotted.strip_prefix("0.0.8.245.0.").map(|version| format!(" (h245 version {version})"));
        format!("protocolIdentifier: {dotted}{}", version.unwrap_or_default())
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissector::Transport;
    use crate::tests::{frames, values};

    #[test]
    fn channels_bind_media() {
        let shown = frames(101, samples::CALL);
        let of = |name: &str| {
            shown.iter().map(|frame| values(frame, name)).filter(|value| !value.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(of("rtp.setup-method"), ["H245"; 4]);
        assert_eq!(of("rtp.setup-frame"), ["1", "7", "1", "7"]);
        assert_eq!(of("rtcp.setup-frame"), ["1", "7"]);
        assert_eq!(of("h245.decision"), ["0"]);
    }

    #[test]
    fn tables_do_not_grow_beyond_their_limits() {
        let mut flows = Flows { connections: Conversations::new(2), ..Flows::default() };
        for port in 0..MAX_ANNOUNCED as u16 + 9 {
            let key = Endpoints { src_port: port, transport: Transport::Tcp, ..Endpoints::default() };
            flows.connections.get_or_insert_with(key, SmallVec::new);
            flows.announce(Address::Ipv4([10, 0, 0, 1]), port);
        }
        assert_eq!((flows.connections.len(), flows.announced.len()), (2, MAX_ANNOUNCED));
        let connection = Endpoints::default();
        for number in 0..MAX_CHANNELS as u64 + 9 {
            flows.remember(connection, &Channel { number, is_fax: true, ..Channel::default() });
        }
        let channels = flows.connections.get_or_insert_with(connection, SmallVec::new);
        assert_eq!(channels.len(), MAX_CHANNELS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::H245, &[3, 0, 0, 9, 2, 0x70, 1, 6, 0]);
    }
}
