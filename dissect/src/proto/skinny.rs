//! Cisco's Skinny Client Control Protocol between telephones and their call manager: headers of all messages, the contents
//! of those that calls and their media are made of. Media are bound as the messages announce them.

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::field::{FieldId, Names, fields};
use crate::proto::udp;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::setup::Setup;
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Skinny, "skinny", "Skinny Client Control Protocol";
    DATA_LENGTH = field("skinny.data_length", "Data length", Uint32, Dec);
    HDR_VERSION = field("skinny.hdr_version", "Header version", Uint32, Hex).names(Names::Values(VERSIONS));
    MESSAGE_ID = field("skinny.messageId", "Message ID", Uint32, Dec).names(Names::Values(MESSAGES));
    DEVICE_NAME = field("skinny.DeviceName", "DeviceName", String, None);
    RESERVED_FOR_FUTURE_USE = field("skinny.reserved.for.future.use", "reserved_for_future_use", Uint32, Dec);
    INSTANCE = field("skinny.instance", "instance", Uint32, Dec);
    STATION_IP_ADDR = field("skinny.stationIpAddr", "stationIpAddr", Ipv4, None);
    DEVICE_TYPE = field("skinny.deviceType", "Device Type", Uint32, Hex).names(Names::Values(DEVICE_TYPES));
    MAX_STREAMS = field("skinny.maxStreams", "Maximum Number of Concurrent RTP Streams", Uint32, Dec);
    ACTIVE_STREAMS = field("skinny.activeStreams", "Active RTP Streams", Uint32, Dec);
    PROTOCOL_VER = field("skinny.protocolVer", "Protocol Version", Uint8, Dec);
    RTP_MEDIA_PORT = field("skinny.rtpMediaPort", "rtpMediaPort", Uint32, Dec);
    KP_BUTTON = field("skinny.kpButton", "kpButton", Uint32, Hex).names(Names::Values(KP_BUTTONS));
    LINE_INSTANCE = field("skinny.lineInstance", "lineInstance", Uint32, Dec);
    CALL_REFERENCE = field("skinny.callReference", "callReference", Uint32, Dec);
    CALLED_PARTY = field("skinny.calledParty", "calledParty", String, None);
    STIMULUS = field("skinny.stimulus", "stimulus", Uint32, Hex).names(Names::Values(STIMULUSS));
    STIMULUS_STATUS = field("skinny.stimulusStatus", "stimulusStatus", Uint32, Dec);
    CAP_COUNT = field("skinny.capCount", "capCount", Uint32, Dec);
    PAYLOAD_CAPABILITY = field("skinny.payloadCapability", "payloadCapability", Uint32, Hex).names(Names::Values(PAYLOAD_CAPABILITYS));
    MAX_FRAMES_PER_PACKET = field("skinny.maxFramesPerPacket", "maxFramesPerPacket", Uint32, Dec);
    ALARM_SEVERITY = field("skinny.alarmSeverity", "alarmSeverity", Uint32, Hex).names(Names::Values(ALARM_SEVERITYS));
    TEXT = field("skinny.text", "text", String, None);
    PARM1 = field("skinny.parm1", "parm1", Uint32, Dec);
    PARM2 = field("skinny.parm2", "parm2", Uint32, Dec);
    MEDIA_RECEPTION_STATUS = field("skinny.mediaReceptionStatus", "mediaReceptionStatus", Uint32, Hex).names(Names::Values(MEDIA_RECEPTION_STATUSS));
    IPV4OR6 = field("skinny.ipv4or6", "IPv4or6", Uint32, Dec).names(Names::Values(IPV4OR6S));
    IP_ADDR_IPV4 = field("skinny.ipAddr.ipv4", "ipAddr IPv4 Address", Ipv4, None);
    IP_ADDR_IPV6 = field("skinny.ipAddr.ipv6", "ipAddr IPv6 Address", Ipv6, None);
    PORT_NUMBER = field("skinny.portNumber", "portNumber", Uint32, Dec);
    PASS_THROUGH_PARTY_ID = field("skinny.passThroughPartyId", "passThroughPartyId", Uint32, Dec);
    SOFT_KEY_EVENT = field("skinny.softKeyEvent", "softKeyEvent", Uint32, Hex).names(Names::Values(SOFT_KEY_EVENTS));
    UN_REG_REASON_CODE = field("skinny.unRegReasonCode", "unRegReasonCode", Uint32, Hex).names(Names::Values(UN_REG_REASON_CODES));
    MAX_NUM_OF_AVAIL_LINES = field("skinny.maxNumOfAvailLines", "maxNumOfAvailLines", Uint32, Dec);
    CONFERENCE_ID = field("skinny.conferenceId", "conferenceId", Uint32, Dec);
    RTCPPORT_NUMBER = field("skinny.RTCPPortNumber", "RTCPPortNumber", Uint32, Dec);
    MEDIA_PATH_ID = field("skinny.mediaPathID", "mediaPathID", Uint32, Hex).names(Names::Values(MEDIA_PATH_IDS));
    MEDIA_PATH_EVENT = field("skinny.mediaPathEvent", "mediaPathEvent", Uint32, Hex).names(Names::Values(MEDIA_PATH_EVENTS));
    KEEP_ALIVE_INTERVAL = field("skinny.keepAliveInterval", "keepAliveInterval", Uint32, Dec);
    DATE_TEMPLATE = field("skinny.dateTemplate", "dateTemplate", String, None);
    SECONDARY_KEEP_ALIVE_INTERVAL = field("skinny.secondaryKeepAliveInterval", "secondaryKeepAliveInterval", Uint32, Dec);
    MAX_PROTOCOL_VER = field("skinny.maxProtocolVer", "maxProtocolVer", Uint8, Dec);
    TONE = field("skinny.tone", "tone", Uint32, Hex).names(Names::Values(TONES));
    TONE_OUTPUT_DIRECTION = field("skinny.tone.output.direction", "tone_output_direction", Uint32, Hex).names(Names::Values(TONE_OUTPUT_DIRECTIONS));
    RING_MODE = field("skinny.ringMode", "ringMode", Uint32, Hex).names(Names::Values(RING_MODES));
    RING_DURATION = field("skinny.ringDuration", "ringDuration", Uint32, Hex).names(Names::Values(RING_DURATIONS));
    STIMULUS_INSTANCE = field("skinny.stimulusInstance", "stimulusInstance", Uint32, Dec);
    LAMP_MODE = field("skinny.lampMode", "lampMode", Uint32, Hex).names(Names::Values(LAMP_MODES));
    SPEAKER_MODE = field("skinny.speakerMode", "speakerMode", Uint32, Hex).names(Names::Values(MEDIA_PATH_EVENTS));
    MIC_MODE = field("skinny.micMode", "micMode", Uint32, Hex).names(Names::Values(MEDIA_PATH_EVENTS));
    REMOTE_IP_ADDR_IPV4 = field("skinny.remoteIpAddr.ipv4", "remoteIpAddr IPv4 Address", Ipv4, None);
    REMOTE_IP_ADDR_IPV6 = field("skinny.remoteIpAddr.ipv6", "remoteIpAddr IPv6 Address", Ipv6, None);
    REMOTE_PORT_NUMBER = field("skinny.remotePortNumber", "remotePortNumber", Uint32, Dec);
    MILLI_SECOND_PACKET_SIZE = field("skinny.milliSecondPacketSize", "milliSecondPacketSize", Uint32, Dec);
    COMPRESSION_TYPE = field("skinny.compressionType", "compressionType", Uint32, Hex).names(Names::Values(PAYLOAD_CAPABILITYS));
    PRECEDENCE_VALUE = field("skinny.precedenceValue", "precedenceValue", Uint32, Dec);
    SS_VALUE = field("skinny.ssValue", "ssValue", Uint32, Hex).names(Names::Values(SS_VALUES));
    PADDING = field("skinny.padding", "padding", Uint16, Dec);
    G723_BIT_RATE = field("skinny.g723BitRate", "g723BitRate", Uint32, Hex).names(Names::Values(G723_BIT_RATES));
    CODEC_MODE = field("skinny.codecMode", "codecMode", Uint8, Dec);
    DYNAMIC_PAYLOAD = field("skinny.dynamicPayload", "dynamicPayload", Uint8, Dec);
    CODEC_PARAM1 = field("skinny.codecParam1", "codecParam1", Uint8, Dec);
    CODEC_PARAM2 = field("skinny.codecParam2", "codecParam2", Uint8, Dec);
    ALGORITHM_ID = field("skinny.algorithmID", "algorithmID", Uint32, Hex).names(Names::Values(ALGORITHM_IDS));
    KEYLEN = field("skinny.keylen", "keylen", Uint16, Dec);
    SALTLEN = field("skinny.saltlen", "saltlen", Uint16, Dec);
    KEY = field("skinny.key", "key", Uint8, Dec);
    SALT = field("skinny.salt", "salt", Uint8, Dec);
    IS_MKIPRESENT = field("skinny.isMKIPresent", "isMKIPresent", Uint32, Dec);
    KEY_DERIVATION_RATE = field("skinny.keyDerivationRate", "keyDerivationRate", Uint32, Dec);
    STREAM_PASS_THROUGH_ID = field("skinny.streamPassThroughId", "streamPassThroughId", Uint32, Dec);
    ASSOCIATED_STREAM_ID = field("skinny.associatedStreamId", "associatedStreamId", Uint32, Dec);
    RFC2833_PAYLOAD_TYPE = field("skinny.RFC2833PayloadType", "RFC2833PayloadType", Uint32, Dec);
    DTMF_TYPE = field("skinny.dtmfType", "dtmfType", Uint32, Dec);
    MIXING_MODE = field("skinny.mixingMode", "mixingMode", Uint32, Dec);
    PARTY_DIRECTION = field("skinny.partyDirection", "partyDirection", Uint32, Dec);
    PORT_HANDLING_FLAG = field("skinny.portHandlingFlag", "portHandlingFlag", Uint32, Hex).names(Names::Values(PORT_HANDLING_FLAGS));
    CALLING_PARTY_NAME = field("skinny.callingPartyName", "callingPartyName", String, None);
    CALLING_PARTY = field("skinny.callingParty", "callingParty", String, None);
    CALLED_PARTY_NAME = field("skinny.calledPartyName", "calledPartyName", String, None);
    CALL_TYPE = field("skinny.callType", "callType", Uint32, Hex).names(Names::Values(CALL_TYPES));
    ORIGINAL_CALLED_PARTY_NAME = field("skinny.originalCalledPartyName", "originalCalledPartyName", String, None);
    ORIGINAL_CALLED_PARTY = field("skinny.originalCalledParty", "originalCalledParty", String, None);
    LAST_REDIRECTING_PARTY_NAME = field("skinny.lastRedirectingPartyName", "lastRedirectingPartyName", String, None);
    LAST_REDIRECTING_PARTY = field("skinny.lastRedirectingParty", "lastRedirectingParty", String, None);
    ORIGINAL_CDPN_REDIRECT_REASON = field("skinny.originalCdpnRedirectReason", "originalCdpnRedirectReason", Uint32, Dec);
    LAST_REDIRECTING_REASON = field("skinny.lastRedirectingReason", "lastRedirectingReason", Uint32, Dec);
    CGPN_VOICE_MAILBOX = field("skinny.cgpnVoiceMailbox", "cgpnVoiceMailbox", String, None);
    CDPN_VOICE_MAILBOX = field("skinny.cdpnVoiceMailbox", "cdpnVoiceMailbox", String, None);
    ORIGINAL_CDPN_VOICE_MAILBOX = field("skinny.originalCdpnVoiceMailbox", "originalCdpnVoiceMailbox", String, None);
    LAST_REDIRECTING_VOICE_MAILBOX = field("skinny.lastRedirectingVoiceMailbox", "lastRedirectingVoiceMailbox", String, None);
    CALL_INSTANCE = field("skinny.callInstance", "callInstance", Uint32, Dec);
    CALL_SECURITY_STATUS = field("skinny.callSecurityStatus", "callSecurityStatus", Uint32, Hex).names(Names::Values(CALL_SECURITY_STATUSS));
    RESTRICT_INFORMATION_TYPE_CALLING_PARTY_NAME = field("skinny.RestrictInformationType.CallingPartyName", "CallingPartyName", Boolean, None).names(YES).mask(0x1);
    RESTRICT_INFORMATION_TYPE_CALLING_PARTY_NUMBER = field("skinny.RestrictInformationType.CallingPartyNumber", "CallingPartyNumber", Boolean, None).names(YES).mask(0x2);
    RESTRICT_INFORMATION_TYPE_CALLING_PARTY = field("skinny.RestrictInformationType.CallingParty", "CallingParty", Boolean, None).names(YES).mask(0x3);
    RESTRICT_INFORMATION_TYPE_CALLED_PARTY_NAME = field("skinny.RestrictInformationType.CalledPartyName", "CalledPartyName", Boolean, None).names(YES).mask(0x4);
    RESTRICT_INFORMATION_TYPE_CALLED_PARTY_NUMBER = field("skinny.RestrictInformationType.CalledPartyNumber", "CalledPartyNumber", Boolean, None).names(YES).mask(0x8);
    RESTRICT_INFORMATION_TYPE_CALLED_PARTY = field("skinny.RestrictInformationType.CalledParty", "CalledParty", Boolean, None).names(YES).mask(0xc);
    RESTRICT_INFORMATION_TYPE_ORIGINAL_CALLED_PARTY_NAME = field("skinny.RestrictInformationType.OriginalCalledPartyName", "OriginalCalledPartyName", Boolean, None).names(YES).mask(0x10);
    RESTRICT_INFORMATION_TYPE_ORIGINAL_CALLED_PARTY_NUMBER = field("skinny.RestrictInformationType.OriginalCalledPartyNumber", "OriginalCalledPartyNumber", Boolean, None).names(YES).mask(0x20);
    RESTRICT_INFORMATION_TYPE_ORIGINAL_CALLED_PARTY = field("skinny.RestrictInformationType.OriginalCalledParty", "OriginalCalledParty", Boolean, None).names(YES).mask(0x30);
    RESTRICT_INFORMATION_TYPE_LAST_REDIRECT_PARTY_NAME = field("skinny.RestrictInformationType.LastRedirectPartyName", "LastRedirectPartyName", Boolean, None).names(YES).mask(0x40);
    RESTRICT_INFORMATION_TYPE_LAST_REDIRECT_PARTY_NUMBER = field("skinny.RestrictInformationType.LastRedirectPartyNumber", "LastRedirectPartyNumber", Boolean, None).names(YES).mask(0x80);
    RESTRICT_INFORMATION_TYPE_LAST_REDIRECT_PARTY = field("skinny.RestrictInformationType.LastRedirectParty", "LastRedirectParty", Boolean, None).names(YES).mask(0xc0);
    RESTRICT_INFORMATION_TYPE_BITS_RESERVED = field("skinny.RestrictInformationType.BitsReserved", "BitsReserved", Boolean, None).names(YES).mask(0xffffff00);
    SPEED_DIAL_NUMBER = field("skinny.speedDialNumber", "speedDialNumber", Uint32, Dec);
    SPEED_DIAL_DIR_NUMBER = field("skinny.speedDialDirNumber", "speedDialDirNumber", String, None);
    SPEED_DIAL_DISPLAY_NAME = field("skinny.speedDialDisplayName", "speedDialDisplayName", String, None);
    LINE_NUMBER = field("skinny.lineNumber", "lineNumber", Uint32, Dec);
    LINE_DIR_NUMBER = field("skinny.lineDirNumber", "lineDirNumber", String, None);
    LINE_FULLY_QUALIFIED_DISPLAY_NAME = field("skinny.lineFullyQualifiedDisplayName", "lineFullyQualifiedDisplayName", String, None);
    LINE_TEXT_LABEL = field("skinny.lineTextLabel", "lineTextLabel", String, None);
    LINE_DISPLAY_OPTIONS = field("skinny.lineDisplayOptions", "lineDisplayOptions", Uint32, Dec);
    BUTTON_OFFSET = field("skinny.buttonOffset", "buttonOffset", Uint32, Dec);
    BUTTON_COUNT = field("skinny.buttonCount", "buttonCount", Uint32, Dec);
    TOTAL_BUTTON_COUNT = field("skinny.totalButtonCount", "totalButtonCount", Uint32, Dec);
    VERSION = field("skinny.version", "version", String, None);
    RESET_TYPE = field("skinny.resetType", "resetType", Uint32, Hex).names(Names::Values(RESET_TYPES));
    EC_VALUE = field("skinny.ecValue", "ecValue", Uint32, Hex).names(Names::Values(EC_VALUES));
    SOURCE_IP_ADDR_IPV4 = field("skinny.sourceIpAddr.ipv4", "sourceIpAddr IPv4 Address", Ipv4, None);
    SOURCE_IP_ADDR_IPV6 = field("skinny.sourceIpAddr.ipv6", "sourceIpAddr IPv6 Address", Ipv6, None);
    SOURCE_PORT_NUMBER = field("skinny.sourcePortNumber", "sourcePortNumber", Uint32, Dec);
    REQUESTED_IP_ADDR_TYPE = field("skinny.requestedIpAddrType", "requestedIpAddrType", Uint32, Hex).names(Names::Values(IPV4OR6S));
    AUDIO_LEVEL_ADJUSTMENT = field("skinny.audioLevelAdjustment", "audioLevelAdjustment", Uint32, Dec);
    SOFT_KEY_OFFSET = field("skinny.softKeyOffset", "softKeyOffset", Uint32, Dec);
    SOFT_KEY_COUNT = field("skinny.softKeyCount", "softKeyCount", Uint32, Dec);
    TOTAL_SOFT_KEY_COUNT = field("skinny.totalSoftKeyCount", "totalSoftKeyCount", Uint32, Dec);
    SOFT_KEY_SET_OFFSET = field("skinny.softKeySetOffset", "softKeySetOffset", Uint32, Dec);
    SOFT_KEY_SET_COUNT = field("skinny.softKeySetCount", "softKeySetCount", Uint32, Dec);
    TOTAL_SOFT_KEY_SET_COUNT = field("skinny.totalSoftKeySetCount", "totalSoftKeySetCount", Uint32, Dec);
    SOFT_KEY_SET_INDEX = field("skinny.softKeySetIndex", "softKeySetIndex", Uint32, Hex).names(Names::Values(SOFT_KEY_SET_INDEXS));
    SOFT_KEY_MASK_SOFT_KEY1 = field("skinny.SoftKeyMask.SoftKey1", "SoftKey1", Boolean, None).names(YES).mask(0x1);
    SOFT_KEY_MASK_SOFT_KEY2 = field("skinny.SoftKeyMask.SoftKey2", "SoftKey2", Boolean, None).names(YES).mask(0x2);
    SOFT_KEY_MASK_SOFT_KEY3 = field("skinny.SoftKeyMask.SoftKey3", "SoftKey3", Boolean, None).names(YES).mask(0x4);
    SOFT_KEY_MASK_SOFT_KEY4 = field("skinny.SoftKeyMask.SoftKey4", "SoftKey4", Boolean, None).names(YES).mask(0x8);
    SOFT_KEY_MASK_SOFT_KEY5 = field("skinny.SoftKeyMask.SoftKey5", "SoftKey5", Boolean, None).names(YES).mask(0x10);
    SOFT_KEY_MASK_SOFT_KEY6 = field("skinny.SoftKeyMask.SoftKey6", "SoftKey6", Boolean, None).names(YES).mask(0x20);
    SOFT_KEY_MASK_SOFT_KEY7 = field("skinny.SoftKeyMask.SoftKey7", "SoftKey7", Boolean, None).names(YES).mask(0x40);
    SOFT_KEY_MASK_SOFT_KEY8 = field("skinny.SoftKeyMask.SoftKey8", "SoftKey8", Boolean, None).names(YES).mask(0x80);
    SOFT_KEY_MASK_SOFT_KEY9 = field("skinny.SoftKeyMask.SoftKey9", "SoftKey9", Boolean, None).names(YES).mask(0x100);
    SOFT_KEY_MASK_SOFT_KEY10 = field("skinny.SoftKeyMask.SoftKey10", "SoftKey10", Boolean, None).names(YES).mask(0x200);
    SOFT_KEY_MASK_SOFT_KEY11 = field("skinny.SoftKeyMask.SoftKey11", "SoftKey11", Boolean, None).names(YES).mask(0x400);
    SOFT_KEY_MASK_SOFT_KEY12 = field("skinny.SoftKeyMask.SoftKey12", "SoftKey12", Boolean, None).names(YES).mask(0x800);
    SOFT_KEY_MASK_SOFT_KEY13 = field("skinny.SoftKeyMask.SoftKey13", "SoftKey13", Boolean, None).names(YES).mask(0x1000);
    SOFT_KEY_MASK_SOFT_KEY14 = field("skinny.SoftKeyMask.SoftKey14", "SoftKey14", Boolean, None).names(YES).mask(0x2000);
    SOFT_KEY_MASK_SOFT_KEY15 = field("skinny.SoftKeyMask.SoftKey15", "SoftKey15", Boolean, None).names(YES).mask(0x4000);
    SOFT_KEY_MASK_SOFT_KEY16 = field("skinny.SoftKeyMask.SoftKey16", "SoftKey16", Boolean, None).names(YES).mask(0x8000);
    CALL_STATE = field("skinny.callState", "callState", Uint32, Hex).names(Names::Values(CALL_STATES));
    PRIVACY = field("skinny.privacy", "privacy", Uint32, Hex).names(Names::Values(PRIVACYS));
    PRECEDENCE_LEVEL = field("skinny.precedenceLevel", "precedenceLevel", Uint32, Dec);
    PRECEDENCE_DOMAIN = field("skinny.precedenceDomain", "precedenceDomain", Uint32, Dec);
    TIME_OUT_VALUE = field("skinny.timeOutValue", "timeOutValue", Uint32, Dec);
    PROMPT_STATUS = field("skinny.promptStatus", "promptStatus", String, None);
    NOTIFY = field("skinny.notify", "notify", String, None);
    STATUS = field("skinny.status", "status", Uint32, Hex).names(Names::Values(STATUSS));
    DIALED_NUMBER = field("skinny.dialedNumber", "dialedNumber", String, None);
    PRIORITY = field("skinny.priority", "priority", Uint32, Dec);
    ALTERNATE_CALLING_PARTY = field("skinny.AlternateCallingParty", "AlternateCallingParty", String, None);
    MEDIA_TRANSPORT_TYPE = field("skinny.mediaTransportType", "mediaTransportType", Uint32, Hex).names(Names::Values(MEDIA_TRANSPORT_TYPES));
    IP_ADDRESS_TYPE = field("skinny.ipAddressType", "ipAddressType", Uint32, Hex).names(Names::Values(IPV4OR6S));
    MEDIA_TYPE = field("skinny.mediaType", "mediaType", Uint32, Hex).names(Names::Values(MEDIA_TYPES));
    TRANSMIT_IP_ADDR_IPV4 = field("skinny.transmitIpAddr.ipv4", "transmitIpAddr IPv4 Address", Ipv4, None);
    TRANSMIT_IP_ADDR_IPV6 = field("skinny.transmitIpAddr.ipv6", "transmitIpAddr IPv6 Address", Ipv6, None);
    MEDIA_TRANSMISSION_STATUS = field("skinny.mediaTransmissionStatus", "mediaTransmissionStatus", Uint32, Hex).names(Names::Values(MEDIA_RECEPTION_STATUSS));
    RESPONSE_IN = field("skinny.response_in", "Response In", FrameNum, None).told_later();
    RESPONSE_TO = field("skinny.response_to", "Request In", FrameNum, None);
    RESPONSE_TIME = field("skinny.response_time", "Response Time", RelativeTime, None);
}

const YES: Names = Names::Flag("Yes", "No");

/// Which revision of the messages a header announces.
const VERSIONS: &[(u64, &str)] = &[
    (0, "Basic"),
    (10, "V10"),
    (11, "V11"),
    (15, "V15"),
    (16, "V16"),
    (17, "V17"),
    (18, "V18"),
    (19, "V19"),
    (20, "V20"),
    (21, "V21"),
    (22, "V22"),
];
/// From here on a codec's parameters are four octets; before it they are the bit rate of G.723.
const WITH_CODECS: u32 = 11;
/// From here on addresses say which version of IP they are of.
const WITH_IPV6: u32 = 17;
/// From here on numbers have 25 octets.
const WITH_LONG_NUMBERS: u32 = 18;

const MESSAGES: &[(u64, &str)] = &[
    (0, "KeepAliveReq"),
    (1, "RegisterReq"),
    (2, "IpPort"),
    (3, "KeypadButton"),
    (4, "EnblocCall"),
    (5, "Stimulus"),
    (6, "OffHook"),
    (7, "OnHook"),
    (8, "HookFlash"),
    (9, "ForwardStatReq"),
    (10, "SpeedDialStatReq"),
    (11, "LineStatReq"),
    (12, "ConfigStatReq"),
    (13, "TimeDateReq"),
    (14, "ButtonTemplateReq"),
    (15, "VersionReq"),
    (16, "CapabilitiesRes"),
    (18, "ServerReq"),
    (32, "Alarm"),
    (33, "MulticastMediaReceptionAck"),
    (34, "OpenReceiveChannelAck"),
    (35, "ConnectionStatisticsRes"),
    (36, "OffHookWithCallingPartyNumber"),
    (37, "SoftKeySetReq"),
    (38, "SoftKeyEvent"),
    (39, "UnregisterReq"),
    (40, "SoftKeyTemplateReq"),
    (41, "RegisterTokenReq"),
    (42, "MediaTransmissionFailure"),
    (43, "HeadsetStatus"),
    (44, "MediaResourceNotification"),
    (45, "RegisterAvailableLines"),
    (46, "DeviceToUserData"),
    (47, "DeviceToUserDataResponse"),
    (48, "UpdateCapabilities"),
    (49, "OpenMultiMediaReceiveChannelAck"),
    (50, "ClearConference"),
    (51, "ServiceURLStatReq"),
    (52, "FeatureStatReq"),
    (53, "CreateConferenceRes"),
    (54, "DeleteConferenceRes"),
    (55, "ModifyConferenceRes"),
    (56, "AddParticipantRes"),
    (57, "AuditConferenceRes"),
    (64, "AuditParticipantRes"),
    (65, "DeviceToUserDataVersion1"),
    (66, "DeviceToUserDataResponseVersion1"),
    (67, "CapabilitiesV2Res"),
    (68, "CapabilitiesV3Res"),
    (69, "PortRes"),
    (70, "QoSResvNotify"),
    (71, "QoSErrorNotify"),
    (72, "SubscriptionStatReq"),
    (73, "MediaPathEvent"),
    (74, "MediaPathCapability"),
    (76, "MwiNotification"),
    (129, "RegisterAck"),
    (130, "StartTone"),
    (131, "StopTone"),
    (133, "SetRinger"),
    (134, "SetLamp"),
    (135, "SetHookFlashDetect"),
    (136, "SetSpeakerMode"),
    (137, "SetMicroMode"),
    (138, "StartMediaTransmission"),
    (139, "StopMediaTransmission"),
    (143, "CallInfo"),
    (144, "ForwardStatRes"),
    (145, "SpeedDialStatRes"),
    (146, "LineStatRes"),
    (147, "ConfigStatRes"),
    (148, "TimeDateRes"),
    (149, "StartSessionTransmission"),
    (150, "StopSessionTransmission"),
    (151, "ButtonTemplateRes"),
    (152, "VersionRes"),
    (153, "DisplayText"),
    (154, "ClearDisplay"),
    (155, "CapabilitiesReq"),
    (157, "RegisterReject"),
    (158, "ServerRes"),
    (159, "Reset"),
    (256, "KeepAliveAck"),
    (257, "StartMulticastMediaReception"),
    (258, "StartMulticastMediaTransmission"),
    (259, "StopMulticastMediaReception"),
    (260, "StopMulticastMediaTransmission"),
    (261, "OpenReceiveChannel"),
    (262, "CloseReceiveChannel"),
    (263, "ConnectionStatisticsReq"),
    (264, "SoftKeyTemplateRes"),
    (265, "SoftKeySetRes"),
    (272, "SelectSoftKeys"),
    (273, "CallState"),
    (274, "DisplayPromptStatus"),
    (275, "ClearPromptStatus"),
    (276, "DisplayNotify"),
    (277, "ClearNotify"),
    (278, "ActivateCallPlane"),
    (279, "DeactivateCallPlane"),
    (280, "UnregisterAck"),
    (281, "BackSpaceRes"),
    (282, "RegisterTokenAck"),
    (283, "RegisterTokenReject"),
    (284, "StartMediaFailureDetection"),
    (285, "DialedNumber"),
    (286, "UserToDeviceData"),
    (287, "FeatureStatRes"),
    (288, "DisplayPriNotify"),
    (289, "ClearPriNotify"),
    (290, "StartAnnouncement"),
    (291, "StopAnnouncement"),
    (292, "AnnouncementFinish"),
    (295, "NotifyDtmfTone"),
    (296, "SendDtmfTone"),
    (297, "SubscribeDtmfPayloadReq"),
    (298, "SubscribeDtmfPayloadRes"),
    (299, "SubscribeDtmfPayloadErr"),
    (300, "UnSubscribeDtmfPayloadReq"),
    (301, "UnSubscribeDtmfPayloadRes"),
    (302, "UnSubscribeDtmfPayloadErr"),
    (303, "ServiceURLStatRes"),
    (304, "CallSelectStatRes"),
    (305, "OpenMultiMediaReceiveChannel"),
    (306, "StartMultiMediaTransmission"),
    (307, "StopMultiMediaTransmission"),
    (308, "MiscellaneousCommand"),
    (309, "FlowControlCommand"),
    (310, "CloseMultiMediaReceiveChannel"),
    (311, "CreateConferenceReq"),
    (312, "DeleteConferenceReq"),
    (313, "ModifyConferenceReq"),
    (314, "AddParticipantReq"),
    (315, "DropParticipantReq"),
    (316, "AuditConferenceReq"),
    (317, "AuditParticipantReq"),
    (318, "ChangeParticipantReq"),
    (319, "UserToDeviceDataVersion1"),
    (320, "VideoDisplayCommand"),
    (321, "FlowControlNotify"),
    (322, "ConfigStatV2Res"),
    (323, "DisplayNotifyV2"),
    (324, "DisplayPriNotifyV2"),
    (325, "DisplayPromptStatusV2"),
    (326, "FeatureStatV2Res"),
    (327, "LineStatV2Res"),
    (328, "ServiceURLStatV2Res"),
    (329, "SpeedDialStatV2Res"),
    (330, "CallInfoV2"),
    (331, "PortReq"),
    (332, "PortClose"),
    (333, "QoSListen"),
    (334, "QoSPath"),
    (335, "QoSTeardown"),
    (336, "UpdateDSCP"),
    (337, "QoSModify"),
    (338, "SubscriptionStatRes"),
    (339, "Notification"),
    (340, "StartMediaTransmissionAck"),
    (341, "StartMultiMediaTransmissionAck"),
    (342, "CallHistoryInfo"),
    (343, "LocationInfo"),
    (344, "MwiRes"),
    (345, "AddOnDeviceCapabilities"),
    (346, "EnhancedAlarm"),
    (350, "CallCountReq"),
    (351, "CallCountResp"),
    (352, "RecordingStatus"),
    (32768, "SPCPRegisterTokenReq"),
    (33024, "SPCPRegisterTokenAck"),
    (33025, "SPCPRegisterTokenReject"),
];

const DEVICE_TYPES: &[(u64, &str)] = &[
    (1, "Station30SPplus"),
    (2, "Station12SPplus"),
    (3, "Station12SP"),
    (4, "Station12"),
    (5, "Station30VIP"),
    (6, "Cisco 7910"),
    (7, "StationTelecasterMgr"),
    (8, "Cisco 7940"),
    (9, "Cisco 7935"),
    (10, "StationVGC"),
    (11, "VGCVirtualPhone"),
    (12, "StationATA186"),
    (13, "StationATA188"),
    (15, "EmccBase"),
    (20, "Virtual30SPplus"),
    (21, "StationPhoneApplication"),
    (30, "AnalogAccess"),
    (40, "DigitalAccessTitan1"),
    (41, "Digital Access T1"),
    (42, "DigitalAccessTitan2"),
    (43, "DigitalAccessLennon"),
    (47, "AnalogAccessElvis"),
    (48, "VGCGateway"),
    (50, "ConferenceBridge"),
    (51, "ConferenceBridgeYoko"),
    (52, "ConferenceBridgeDixieLand"),
    (53, "ConferenceBridgeSummit"),
    (60, "H225"),
    (61, "H323Phone"),
    (62, "H323Gateway"),
    (70, "MusicOnHold"),
    (71, "Pilot"),
    (72, "TapiPort"),
    (73, "TapiRoutePoint"),
    (80, "VoiceInBox"),
    (81, "VoiceInboxAdmin"),
    (82, "LineAnnunciator"),
    (83, "SoftwareMtpDixieLand"),
    (84, "CiscoMediaServer"),
    (85, "ConferenceBridgeFlint"),
    (86, "ConferenceBridgeHetroGen"),
    (87, "ConferenceBridgeAudVid"),
    (88, "ConferenceHVideoBridge"),
    (90, "RouteList"),
    (100, "LoadSimulator"),
    (110, "MediaTerminationPoint"),
    (111, "MediaTerminationPointYoko"),
    (112, "MediaTerminationPointDixieLand"),
    (113, "MediaTerminationPointSummit"),
    (115, "7941G"),
    (119, "7971"),
    (120, "MGCPStation"),
    (121, "MGCPTrunk"),
    (122, "RASProxy"),
    (124, "Cisco 7914 AddOn"),
    (125, "Trunk"),
    (126, "Annunciator"),
    (127, "MonitorBridge"),
    (128, "Recorder"),
    (129, "MonitorBridgeYoko"),
    (131, "SipTrunk"),
    (132, "SipGateway"),
    (133, "WsmTrunk"),
    (134, "RemoteDestination"),
    (227, "Cisco 7915 AddOn"),
    (228, "Cisco 7915 AddOn 24"),
    (229, "Cisco 7916 AddOn"),
    (230, "Cisco 7916 AddOn 24"),
    (253, "GenericDevice"),
    (254, "UnknownMGCPGateway"),
    (255, "NotDefined"),
    (275, "Nokia E Series"),
    (302, "Cisco 7985"),
    (307, "7911"),
    (308, "Cisco 7961 GE"),
    (309, "7961G_GE"),
    (335, "MotorolaCN622"),
    (336, "3rdPartySipBasic"),
    (348, "Cisco 7931"),
    (358, "UnifiedCommunicator"),
    (365, "7921"),
    (369, "7906"),
    (374, "3rdPartySipAdv"),
    (375, "Telepresence"),
    (376, "Nokia ICC client"),
    (404, "7962"),
    (412, "3951"),
    (431, "7937"),
    (434, "7942"),
    (435, "7945"),
    (436, "7965"),
    (437, "7975"),
    (468, "UnifiedMobileCommunicator"),
    (484, "Cisco 7925"),
    (493, "9971_CE"),
    (495, "Cisco 6921"),
    (496, "Cisco 6941"),
    (497, "Cisco 6961"),
    (503, "CSF"),
    (547, "Cisco 6901"),
    (548, "Cisco 6911"),
    (564, "Cisco 6945"),
    (585, "Cisco 8945"),
    (586, "Cisco 8941"),
    (597, "CiscoTelepresenceMcu"),
    (599, "CiscoTelePresenceExchange"),
    (600, "CiscoTelePresenceSoftwareConferenceBridge"),
    (631, "ASSip"),
    (635, "CtiRemoteDevice"),
    (20000, "7905"),
    (30002, "7920"),
    (30006, "7970"),
    (30007, "7912"),
    (30008, "7902"),
    (30016, "Cisco IP Communicator"),
    (30018, "7961G"),
    (30019, "7936"),
    (30027, "AnalogPhone"),
    (30028, "ISDNBRIPhone"),
    (30032, "SCCPGwVirtualPhone"),
    (30035, "IP_STE"),
    (36041, "CiscoTelePresenceConductor"),
    (36219, "InteractiveVoiceResponse"),
    (80000, "Cisco SPA 521S"),
    (80003, "Cisco SPA 502G"),
    (80004, "Cisco SPA 504G"),
    (80005, "Cisco SPA 525G"),
    (80007, "Cisco SPA 509G"),
    (80009, "Cisco SPA 525G2"),
    (80011, "Cisco SPA 303G"),
];

const KP_BUTTONS: &[(u64, &str)] = &[
    (0, "Zero"),
    (1, "One"),
    (2, "Two"),
    (3, "Three"),
    (4, "Four"),
    (5, "Five"),
    (6, "Six"),
    (7, "Seven"),
    (8, "Eight"),
    (9, "Nine"),
    (10, "A"),
    (11, "B"),
    (12, "C"),
    (13, "D"),
    (14, "Star"),
    (15, "Pound"),
    (16, "Plus"),
];

const STIMULUSS: &[(u64, &str)] = &[
    (1, "LastNumberRedial"),
    (2, "SpeedDial"),
    (3, "Hold"),
    (4, "Transfer"),
    (5, "ForwardAll"),
    (6, "ForwardBusy"),
    (7, "ForwardNoAnswer"),
    (8, "Display"),
    (9, "Line"),
    (10, "T120Chat"),
    (11, "T120Whiteboard"),
    (12, "T120ApplicationSharing"),
    (13, "T120FileTransfer"),
    (14, "Video"),
    (15, "VoiceMail"),
    (16, "AnswerRelease"),
    (17, "AutoAnswer"),
    (18, "Select"),
    (19, "Privacy"),
    (20, "ServiceURL"),
    (21, "BLFSpeedDial"),
    (22, "DPark"),
    (23, "Intercom"),
    (27, "MaliciousCall"),
    (33, "GenericAppB1"),
    (34, "GenericAppB2"),
    (35, "GenericAppB3"),
    (36, "GenericAppB4"),
    (37, "GenericAppB5"),
    (123, "MeetMeConference"),
    (125, "Conference"),
    (126, "CallPark"),
    (127, "CallPickUp"),
    (128, "GroupCallPickUp"),
    (129, "Mobility"),
    (130, "DoNotDisturb"),
    (131, "ConfList"),
    (132, "RemoveLastParticipant"),
    (133, "QRT"),
    (134, "CallBack"),
    (135, "OtherPickup"),
    (136, "VideoMode"),
    (137, "NewCall"),
    (138, "EndCall"),
    (139, "HLog"),
    (143, "Queuing"),
    (255, "MaxStimulusValue"),
];

const PAYLOAD_CAPABILITYS: &[(u64, &str)] = &[
    (2, "Media_Payload_G711Alaw64k"),
    (3, "Media_Payload_G711Alaw56k"),
    (4, "Media_Payload_G711Ulaw64k"),
    (5, "Media_Payload_G711Ulaw56k"),
    (6, "Media_Payload_G722_64k"),
    (7, "Media_Payload_G722_56k"),
    (8, "Media_Payload_G722_48k"),
    (9, "Media_Payload_G7231"),
    (10, "Media_Payload_G728"),
    (11, "Media_Payload_G729"),
    (12, "Media_Payload_G729AnnexA"),
    (15, "Media_Payload_G729AnnexB"),
    (16, "Media_Payload_G729AnnexAwAnnexB"),
    (18, "Media_Payload_GSM_Full_Rate"),
    (19, "Media_Payload_GSM_Half_Rate"),
    (20, "Media_Payload_GSM_Enhanced_Full_Rate"),
    (25, "Media_Payload_Wide_Band_256k"),
    (32, "Media_Payload_Data64"),
    (33, "Media_Payload_Data56"),
    (40, "Media_Payload_G7221_32K"),
    (41, "Media_Payload_G7221_24K"),
    (42, "Media_Payload_AAC"),
    (43, "Media_Payload_MP4ALATM_128"),
    (44, "Media_Payload_MP4ALATM_64"),
    (45, "Media_Payload_MP4ALATM_56"),
    (46, "Media_Payload_MP4ALATM_48"),
    (47, "Media_Payload_MP4ALATM_32"),
    (48, "Media_Payload_MP4ALATM_24"),
    (49, "Media_Payload_MP4ALATM_NA"),
    (80, "Media_Payload_GSM"),
    (82, "Media_Payload_G726_32K"),
    (83, "Media_Payload_G726_24K"),
    (84, "Media_Payload_G726_16K"),
    (86, "Media_Payload_ILBC"),
    (89, "Media_Payload_ISAC"),
    (90, "Media_Payload_OPUS"),
    (97, "Media_Payload_AMR"),
    (98, "Media_Payload_AMR_WB"),
    (100, "Media_Payload_H261"),
    (101, "Media_Payload_H263"),
    (102, "Media_Payload_Vieo"),
    (103, "Media_Payload_H264"),
    (104, "Media_Payload_H264_SVC"),
    (105, "Media_Payload_T120"),
    (106, "Media_Payload_H224"),
    (107, "Media_Payload_T38Fax"),
    (108, "Media_Payload_TOTE"),
    (109, "Media_Payload_H265"),
    (110, "Media_Payload_H264_UC"),
    (111, "Media_Payload_XV150_MR_711U"),
    (112, "Media_Payload_NSE_VBD_711U"),
    (113, "Media_Payload_XV150_MR_729A"),
    (114, "Media_Payload_NSE_VBD_729A"),
    (115, "Media_Payload_H264_FEC"),
    (120, "Media_Payload_Clear_Chan"),
    (222, "Media_Payload_Universal_Xcoder"),
    (257, "Media_Payload_RFC2833_DynPayload"),
    (258, "Media_Payload_PassThrough"),
    (259, "Media_Payload_Dynamic_Payload_PassThru"),
    (260, "Media_Payload_DTMF_OOB"),
    (261, "Media_Payload_Inband_DTMF_RFC2833"),
    (262, "Media_Payload_CFB_Tones"),
    (299, "Media_Payload_NoAudio"),
    (300, "Media_Payload_v150_LC_ModemRelay"),
    (301, "Media_Payload_v150_LC_SPRT"),
    (302, "Media_Payload_v150_LC_SSE"),
    (303, "Media_Payload_Max"),
];

const ALARM_SEVERITYS: &[(u64, &str)] = &[
    (0, "Critical"),
    (1, "Warning"),
    (2, "Informational"),
    (4, "Unknown"),
    (7, "Major"),
    (8, "Minor"),
    (10, "Marginal"),
    (20, "TraceInfo"),
];

const MEDIA_RECEPTION_STATUSS: &[(u64, &str)] = &[
    (0, "Ok"),
    (1, "Unknown"),
    (2, "NotEnoughChannels"),
    (3, "CodecTooComplex"),
    (4, "InvalidPartyID"),
    (5, "InvalidCallRef"),
    (6, "InvalidCodec"),
    (7, "InvalidPacketSize"),
    (8, "OutOfSockets"),
    (9, "EncoderOrDecoderFailed"),
    (10, "InvalidDynamicPayloadType"),
    (11, "RequestedIpAddrTypeUnAvailable"),
    (255, "DeviceOnHook"),
];

const IPV4OR6S: &[(u64, &str)] = &[(0, "v4"), (1, "v6"), (2, "v4_v6"), (3, "_Invalid")];

const SOFT_KEY_EVENTS: &[(u64, &str)] = &[
    (1, "Redial"),
    (2, "NewCall"),
    (3, "Hold"),
    (4, "Transfer"),
    (5, "CfwdAll"),
    (6, "CfwdBusy"),
    (7, "CfwdNoAnswer"),
    (8, "BackSpace"),
    (9, "EndCall"),
    (10, "Resume"),
    (11, "Answer"),
    (12, "Info"),
    (13, "Confrn"),
    (14, "Park"),
    (15, "Join"),
    (16, "MeetMe"),
    (17, "PickUp"),
    (18, "GrpPickup"),
    (19, "Your current options"),
    (20, "Off Hook"),
    (21, "On Hook"),
    (22, "Ring out"),
    (23, "From "),
    (24, "Connected"),
    (25, "Busy"),
    (26, "Line In Use"),
    (27, "Call Waiting"),
    (28, "Call Transfer"),
    (29, "Call Park"),
    (30, "Call Proceed"),
    (31, "In Use Remote"),
    (32, "Enter number"),
    (33, "Call park At"),
    (34, "Primary Only"),
    (35, "Temp Fail"),
    (36, "You Have a VoiceMail"),
    (37, "Forwarded to"),
    (38, "Can Not Complete Conference"),
    (39, "No Conference Bridge"),
    (40, "Can Not Hold Primary Control"),
    (41, "Invalid Conference Participant"),
    (42, "In Conference Already"),
    (43, "No Participant Info"),
    (44, "Exceed Maximum Parties"),
    (45, "Key Is Not Active"),
    (46, "Error No License"),
    (47, "Error DBConfig"),
    (48, "Error Database"),
    (49, "Error Pass Limit"),
    (50, "Error Unknown"),
    (51, "Error Mismatch"),
    (52, "Conference"),
    (53, "Park Number"),
    (54, "Private"),
    (55, "Not Enough Bandwidth"),
    (56, "Unknown Number"),
    (57, "RmLstC"),
    (58, "Voicemail"),
    (59, "ImmDiv"),
    (60, "Intrcpt"),
    (61, "SetWtch"),
    (62, "TrnsfVM"),
    (63, "DND"),
    (64, "DivAll"),
    (65, "CallBack"),
    (66, "Network congestion,rerouting"),
    (67, "Barge"),
    (68, "Failed to setup Barge"),
    (69, "Another Barge exists"),
    (70, "Incompatible device type"),
    (71, "No Park Number Available"),
    (72, "CallPark Reversion"),
    (73, "Service is not Active"),
    (74, "High Traffic Try Again Later"),
    (75, "QRT"),
    (76, "MCID"),
    (77, "DirTrfr"),
    (78, "Select"),
    (79, "ConfList"),
    (80, "iDivert"),
    (81, "cBarge"),
    (82, "Can Not Complete Transfer"),
    (83, "Can Not Join Calls"),
    (84, "Mcid Successful"),
    (85, "Number Not Configured"),
    (86, "Security Error"),
    (87, "Video Bandwidth Unavailable"),
    (88, "Video Mode"),
    (201, "Dial"),
    (202, "Record"),
];

const UN_REG_REASON_CODES: &[(u64, &str)] = &[(0, "Unknown"), (1, "PowerSaveMode")];

const MEDIA_PATH_IDS: &[(u64, &str)] = &[(1, "Headset"), (2, "Handset"), (3, "Speaker")];

const MEDIA_PATH_EVENTS: &[(u64, &str)] = &[(1, "On"), (2, "Off")];

const TONES: &[(u64, &str)] = &[
    (0, "Silence"),
    (1, "Dtmf1"),
    (2, "Dtmf2"),
    (3, "Dtmf3"),
    (4, "Dtmf4"),
    (5, "Dtmf5"),
    (6, "Dtmf6"),
    (7, "Dtmf7"),
    (8, "Dtmf8"),
    (9, "Dtmf9"),
    (10, "Dtmf0"),
    (14, "DtmfStar"),
    (15, "DtmfPound"),
    (16, "DtmfA"),
    (17, "DtmfB"),
    (18, "DtmfC"),
    (19, "DtmfD"),
    (33, "InsideDialTone"),
    (34, "OutsideDialTone"),
    (35, "LineBusyTone"),
    (36, "AlertingTone"),
    (37, "ReorderTone"),
    (38, "RecorderWarningTone"),
    (39, "RecorderDetectedTone"),
    (40, "RevertingTone"),
    (41, "ReceiverOffHookTone"),
    (42, "MessageWaitingIndicatorTone"),
    (43, "NoSuchNumberTone"),
    (44, "BusyVerificationTone"),
    (45, "CallWaitingTone"),
    (46, "ConfirmationTone"),
    (47, "CampOnIndicationTone"),
    (48, "RecallDialTone"),
    (49, "ZipZip"),
    (50, "Zip"),
    (51, "BeepBonk"),
    (52, "MusicTone"),
    (53, "HoldTone"),
    (54, "TestTone"),
    (56, "MonitorWarningTone"),
    (57, "SecureWarningTone"),
    (64, "AddCallWaiting"),
    (65, "PriorityCallWait"),
    (66, "RecallDial"),
    (67, "BargIn"),
    (68, "DistinctAlert"),
    (69, "PriorityAlert"),
    (70, "ReminderRing"),
    (71, "PrecedenceRingBack"),
    (72, "PreemptionTone"),
    (73, "NonSecureWarningTone"),
    (80, "MF1"),
    (81, "MF2"),
    (82, "MF3"),
    (83, "MF4"),
    (84, "MF5"),
    (85, "MF6"),
    (86, "MF7"),
    (87, "MF8"),
    (88, "MF9"),
    (89, "MF0"),
    (90, "MFKP1"),
    (91, "MFST"),
    (92, "MFKP2"),
    (93, "MFSTP"),
    (94, "MFST3P"),
    (95, "MILLIWATT"),
    (96, "MILLIWATTTEST"),
    (97, "HIGHTONE"),
    (98, "FLASHOVERRIDE"),
    (99, "FLASH"),
    (100, "PRIORITY"),
    (101, "IMMEDIATE"),
    (102, "PREAMPWARN"),
    (103, "2105HZ"),
    (104, "2600HZ"),
    (105, "440HZ"),
    (106, "300HZ"),
    (107, "Mobility_WP"),
    (108, "Mobility_UAC"),
    (109, "Mobility_WTDN"),
    (110, "Mobility_MON"),
    (111, "Mobility_MOFF"),
    (112, "Mobility_UKC"),
    (113, "Mobility_VMA"),
    (114, "Mobility_FAC"),
    (115, "Mobility_CMC"),
    (119, "MLPP_PALA"),
    (120, "MLPP_ICA"),
    (121, "MLPP_VCA"),
    (122, "MLPP_BPA"),
    (123, "MLPP_BNEA"),
    (124, "MLPP_UPA"),
    (125, "TUA"),
    (126, "GONE"),
    (127, "NoTone"),
    (128, "MeetMe_Greeting"),
    (129, "MeetMe_NumberInvalid"),
    (130, "MeetMe_NumberFailed"),
    (131, "MeetMe_EnterPIN"),
    (132, "MeetMe_InvalidPIN"),
    (133, "MeetMe_FailedPIN"),
    (134, "MeetMe_CFB_Failed"),
    (135, "MeetMe_EnterAccessCode"),
    (136, "MeetMe_AccessCodeInvalid"),
    (137, "MeetMe_AccessCodeFailed"),
    (138, "MAX"),
];

const TONE_OUTPUT_DIRECTIONS: &[(u64, &str)] = &[(0, "User"), (1, "Network"), (2, "All")];

const RING_MODES: &[(u64, &str)] = &[
    (1, "RingOff"),
    (2, "InsideRing"),
    (3, "OutsideRing"),
    (4, "FeatureRing"),
    (5, "FlashOnly"),
    (6, "PrecedenceRing"),
];

const RING_DURATIONS: &[(u64, &str)] = &[(1, "NormalRing"), (2, "SingleRing")];

const LAMP_MODES: &[(u64, &str)] = &[(1, "Off"), (2, "On"), (3, "Wink"), (4, "Flash"), (5, "Blink")];

const SS_VALUES: &[(u64, &str)] = &[(0, "Media_SilenceSuppression_Off"), (1, "Media_SilenceSuppression_On")];

const G723_BIT_RATES: &[(u64, &str)] = &[(1, "Media_G723BRate_5_3"), (2, "Media_G723BRate_6_3")];

const ALGORITHM_IDS: &[(u64, &str)] = &[
    (0, "NO_ENCRYPTION"),
    (1, "CCM_AES_CM_128_HMAC_SHA1_32"),
    (2, "CCM_AES_CM_128_HMAC_SHA1_80"),
    (3, "CCM_F8_128_HMAC_SHA1_32"),
    (4, "CCM_F8_128_HMAC_SHA1_80"),
    (5, "CCM_AEAD_AES_128_GCM"),
    (6, "CCM_AEAD_AES_256_GCM"),
];

const PORT_HANDLING_FLAGS: &[(u64, &str)] = &[(0, "CLOSE_PORT"), (1, "KEEP_PORT")];

const CALL_TYPES: &[(u64, &str)] = &[(1, "InBoundCall"), (2, "OutBoundCall"), (3, "ForwardCall")];

const CALL_SECURITY_STATUSS: &[(u64, &str)] =
    &[(0, "Unknown"), (1, "NotAuthenticated"), (2, "Authenticated"), (3, "Encrypted"), (4, "Max")];

const RESET_TYPES: &[(u64, &str)] = &[(1, "RESET"), (2, "RESTART"), (3, "APPLY_CONFIG")];

const EC_VALUES: &[(u64, &str)] = &[(0, "Media_EchoCancellation_Off"), (1, "Media_EchoCancellation_On")];

const SOFT_KEY_SET_INDEXS: &[(u64, &str)] = &[
    (0, "On Hook"),
    (1, "Connected"),
    (2, "On Hold"),
    (3, "Ring In"),
    (4, "Off Hook"),
    (5, "Connected Transferable"),
    (6, "Digits Following"),
    (7, "Connected Conference"),
    (8, "Ring Out"),
    (9, "OffHook with Features"),
    (10, "In Use Hint"),
    (11, "On Hook with Stealable Call"),
];

const CALL_STATES: &[(u64, &str)] = &[
    (0, "Idle"),
    (1, "OffHook"),
    (2, "OnHook"),
    (3, "RingOut"),
    (4, "RingIn"),
    (5, "Connected"),
    (6, "Busy"),
    (7, "Congestion"),
    (8, "Hold"),
    (9, "CallWaiting"),
    (10, "CallTransfer"),
    (11, "CallPark"),
    (12, "Proceed"),
    (13, "CallRemoteMultiline"),
    (14, "InvalidNumber"),
    (15, "HoldRevert"),
    (16, "Whisper"),
    (17, "RemoteHold"),
    (18, "MaxState"),
];

const PRIVACYS: &[(u64, &str)] = &[(0, "None"), (1, "Limited"), (2, "Full")];

const STATUSS: &[(u64, &str)] = &[(0, "Ok"), (1, "Error"), (2, "NAK")];

const MEDIA_TRANSPORT_TYPES: &[(u64, &str)] = &[(1, "RTP"), (2, "UDP"), (3, "TCP")];

const MEDIA_TYPES: &[(u64, &str)] = &[
    (0, "MediaType_Invalid"),
    (1, "MediaType_Audio"),
    (2, "MediaType_Main_Video"),
    (3, "MediaType_FECC"),
    (4, "MediaType_Presentation_Video"),
    (5, "MediaType_DataApp_BFCP"),
    (6, "MediaType_DataApp_IXChannel"),
    (7, "MediaType_T38"),
    (8, "MediaType_Max"),
];

/// A part of a message; all numbers are little-endian.
#[derive(Clone, Copy)]
enum Part {
    /// A number of so many octets.
    Uint(FieldId, u8),
    /// Text in a field of fixed length.
    Text(FieldId, u8),
    /// Text up to its zero octet.
    Terminated(FieldId),
    /// A telephone number in a field whose length the version says.
    Number(FieldId),
    Ipv4(FieldId),
    /// The version of IP and an address of 16 octets; of four and without the version in old messages.
    IpAddress(FieldId, FieldId),
    /// Flags in four octets.
    Bits(&'static [FieldId]),
    Codec,
    Encryption,
    Capabilities,
    Skip(u8),
}
use Part::{Bits, Capabilities, Codec, Encryption, IpAddress, Ipv4, Number, Skip, Terminated, Text, Uint};

const RESTRICT_INFORMATION_TYPE: &[FieldId] = &[
    RESTRICT_INFORMATION_TYPE_CALLING_PARTY_NAME,
    RESTRICT_INFORMATION_TYPE_CALLING_PARTY_NUMBER,
    RESTRICT_INFORMATION_TYPE_CALLING_PARTY,
    RESTRICT_INFORMATION_TYPE_CALLED_PARTY_NAME,
    RESTRICT_INFORMATION_TYPE_CALLED_PARTY_NUMBER,
    RESTRICT_INFORMATION_TYPE_CALLED_PARTY,
    RESTRICT_INFORMATION_TYPE_ORIGINAL_CALLED_PARTY_NAME,
    RESTRICT_INFORMATION_TYPE_ORIGINAL_CALLED_PARTY_NUMBER,
    RESTRICT_INFORMATION_TYPE_ORIGINAL_CALLED_PARTY,
    RESTRICT_INFORMATION_TYPE_LAST_REDIRECT_PARTY_NAME,
    RESTRICT_INFORMATION_TYPE_LAST_REDIRECT_PARTY_NUMBER,
    RESTRICT_INFORMATION_TYPE_LAST_REDIRECT_PARTY,
    RESTRICT_INFORMATION_TYPE_BITS_RESERVED,
];
const SOFT_KEY_MASK: &[FieldId] = &[
    SOFT_KEY_MASK_SOFT_KEY1,
    SOFT_KEY_MASK_SOFT_KEY2,
    SOFT_KEY_MASK_SOFT_KEY3,
    SOFT_KEY_MASK_SOFT_KEY4,
    SOFT_KEY_MASK_SOFT_KEY5,
    SOFT_KEY_MASK_SOFT_KEY6,
    SOFT_KEY_MASK_SOFT_KEY7,
    SOFT_KEY_MASK_SOFT_KEY8,
    SOFT_KEY_MASK_SOFT_KEY9,
    SOFT_KEY_MASK_SOFT_KEY10,
    SOFT_KEY_MASK_SOFT_KEY11,
    SOFT_KEY_MASK_SOFT_KEY12,
    SOFT_KEY_MASK_SOFT_KEY13,
    SOFT_KEY_MASK_SOFT_KEY14,
    SOFT_KEY_MASK_SOFT_KEY15,
    SOFT_KEY_MASK_SOFT_KEY16,
];

const LAYOUTS: &[(u32, &[Part])] = &[
    (
        1,
        &[
            Text(DEVICE_NAME, 16),
            Uint(RESERVED_FOR_FUTURE_USE, 4),
            Uint(INSTANCE, 4),
            Ipv4(STATION_IP_ADDR),
            Uint(DEVICE_TYPE, 4),
            Uint(MAX_STREAMS, 4),
            Uint(ACTIVE_STREAMS, 4),
            Uint(PROTOCOL_VER, 1),
        ],
    ),
    (2, &[Uint(RTP_MEDIA_PORT, 4)]),
    (3, &[Uint(KP_BUTTON, 4), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (4, &[Number(CALLED_PARTY), Uint(LINE_INSTANCE, 4)]),
    (5, &[Uint(STIMULUS, 4), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4), Uint(STIMULUS_STATUS, 4)]),
    (6, &[Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (7, &[Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (16, &[Capabilities]),
    (32, &[Uint(ALARM_SEVERITY, 4), Text(TEXT, 80), Uint(PARM1, 4), Uint(PARM2, 4)]),
    (
        34,
        &[
            Uint(MEDIA_RECEPTION_STATUS, 4),
            IpAddress(IP_ADDR_IPV4, IP_ADDR_IPV6),
            Uint(PORT_NUMBER, 4),
            Uint(PASS_THROUGH_PARTY_ID, 4),
            Uint(CALL_REFERENCE, 4),
        ],
    ),
    (38, &[Uint(SOFT_KEY_EVENT, 4), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (39, &[Uint(UN_REG_REASON_CODE, 4)]),
    (45, &[Uint(MAX_NUM_OF_AVAIL_LINES, 4)]),
    (
        69,
        &[
            Uint(CONFERENCE_ID, 4),
            Uint(CALL_REFERENCE, 4),
            Uint(PASS_THROUGH_PARTY_ID, 4),
            IpAddress(IP_ADDR_IPV4, IP_ADDR_IPV6),
            Uint(PORT_NUMBER, 4),
            Uint(RTCPPORT_NUMBER, 4),
        ],
    ),
    (73, &[Uint(MEDIA_PATH_ID, 4), Uint(MEDIA_PATH_EVENT, 4)]),
    (
        129,
        &[
            Uint(KEEP_ALIVE_INTERVAL, 4),
            Text(DATE_TEMPLATE, 6),
            Skip(2),
            Uint(SECONDARY_KEEP_ALIVE_INTERVAL, 4),
            Uint(MAX_PROTOCOL_VER, 1),
        ],
    ),
    (130, &[Uint(TONE, 4), Uint(TONE_OUTPUT_DIRECTION, 4), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (131, &[Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4), Uint(TONE, 4)]),
    (133, &[Uint(RING_MODE, 4), Uint(RING_DURATION, 4), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (134, &[Uint(STIMULUS, 4), Uint(STIMULUS_INSTANCE, 4), Uint(LAMP_MODE, 4)]),
    (136, &[Uint(SPEAKER_MODE, 4)]),
    (137, &[Uint(MIC_MODE, 4)]),
    (
        138,
        &[
            Uint(CONFERENCE_ID, 4),
            Uint(PASS_THROUGH_PARTY_ID, 4),
            IpAddress(REMOTE_IP_ADDR_IPV4, REMOTE_IP_ADDR_IPV6),
            Uint(REMOTE_PORT_NUMBER, 4),
            Uint(MILLI_SECOND_PACKET_SIZE, 4),
            Uint(COMPRESSION_TYPE, 4),
            Uint(PRECEDENCE_VALUE, 4),
            Uint(SS_VALUE, 4),
            Uint(MAX_FRAMES_PER_PACKET, 2),
            Uint(PADDING, 2),
            Codec,
            Uint(CALL_REFERENCE, 4),
            Encryption,
            Uint(STREAM_PASS_THROUGH_ID, 4),
            Uint(ASSOCIATED_STREAM_ID, 4),
            Uint(RFC2833_PAYLOAD_TYPE, 4),
            Uint(DTMF_TYPE, 4),
            Uint(MIXING_MODE, 4),
            Uint(PARTY_DIRECTION, 4),
        ],
    ),
    (
        139,
        &[Uint(CONFERENCE_ID, 4), Uint(PASS_THROUGH_PARTY_ID, 4), Uint(CALL_REFERENCE, 4), Uint(PORT_HANDLING_FLAG, 4)],
    ),
    (
        143,
        &[
            Text(CALLING_PARTY_NAME, 40),
            Text(CALLING_PARTY, 24),
            Text(CALLED_PARTY_NAME, 40),
            Text(CALLED_PARTY, 24),
            Uint(LINE_INSTANCE, 4),
            Uint(CALL_REFERENCE, 4),
            Uint(CALL_TYPE, 4),
            Text(ORIGINAL_CALLED_PARTY_NAME, 40),
            Text(ORIGINAL_CALLED_PARTY, 24),
            Text(LAST_REDIRECTING_PARTY_NAME, 40),
            Text(LAST_REDIRECTING_PARTY, 24),
            Uint(ORIGINAL_CDPN_REDIRECT_REASON, 4),
            Uint(LAST_REDIRECTING_REASON, 4),
            Text(CGPN_VOICE_MAILBOX, 24),
            Text(CDPN_VOICE_MAILBOX, 24),
            Text(ORIGINAL_CDPN_VOICE_MAILBOX, 24),
            Text(LAST_REDIRECTING_VOICE_MAILBOX, 24),
            Uint(CALL_INSTANCE, 4),
            Uint(CALL_SECURITY_STATUS, 4),
            Bits(RESTRICT_INFORMATION_TYPE),
        ],
    ),
    (145, &[Uint(SPEED_DIAL_NUMBER, 4), Text(SPEED_DIAL_DIR_NUMBER, 24), Text(SPEED_DIAL_DISPLAY_NAME, 40)]),
    (
        146,
        &[
            Uint(LINE_NUMBER, 4),
            Text(LINE_DIR_NUMBER, 24),
            Text(LINE_FULLY_QUALIFIED_DISPLAY_NAME, 40),
            Text(LINE_TEXT_LABEL, 40),
            Uint(LINE_DISPLAY_OPTIONS, 4),
        ],
    ),
    (151, &[Uint(BUTTON_OFFSET, 4), Uint(BUTTON_COUNT, 4), Uint(TOTAL_BUTTON_COUNT, 4)]),
    (152, &[Text(VERSION, 16)]),
    (153, &[Text(TEXT, 32)]),
    (157, &[Text(TEXT, 32)]),
    (159, &[Uint(RESET_TYPE, 4)]),
    (260, &[Uint(CONFERENCE_ID, 4), Uint(PASS_THROUGH_PARTY_ID, 4), Uint(CALL_REFERENCE, 4)]),
    (
        261,
        &[
            Uint(CONFERENCE_ID, 4),
            Uint(PASS_THROUGH_PARTY_ID, 4),
            Uint(MILLI_SECOND_PACKET_SIZE, 4),
            Uint(COMPRESSION_TYPE, 4),
            Uint(EC_VALUE, 4),
            Codec,
            Uint(CALL_REFERENCE, 4),
            Encryption,
            Uint(STREAM_PASS_THROUGH_ID, 4),
            Uint(ASSOCIATED_STREAM_ID, 4),
            Uint(RFC2833_PAYLOAD_TYPE, 4),
            Uint(DTMF_TYPE, 4),
            Uint(MIXING_MODE, 4),
            Uint(PARTY_DIRECTION, 4),
            IpAddress(SOURCE_IP_ADDR_IPV4, SOURCE_IP_ADDR_IPV6),
            Uint(SOURCE_PORT_NUMBER, 4),
            Uint(REQUESTED_IP_ADDR_TYPE, 4),
            Uint(AUDIO_LEVEL_ADJUSTMENT, 4),
        ],
    ),
    (
        262,
        &[Uint(CONFERENCE_ID, 4), Uint(PASS_THROUGH_PARTY_ID, 4), Uint(CALL_REFERENCE, 4), Uint(PORT_HANDLING_FLAG, 4)],
    ),
    (264, &[Uint(SOFT_KEY_OFFSET, 4), Uint(SOFT_KEY_COUNT, 4), Uint(TOTAL_SOFT_KEY_COUNT, 4)]),
    (265, &[Uint(SOFT_KEY_SET_OFFSET, 4), Uint(SOFT_KEY_SET_COUNT, 4), Uint(TOTAL_SOFT_KEY_SET_COUNT, 4)]),
    (272, &[Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4), Uint(SOFT_KEY_SET_INDEX, 4), Bits(SOFT_KEY_MASK)]),
    (
        273,
        &[
            Uint(CALL_STATE, 4),
            Uint(LINE_INSTANCE, 4),
            Uint(CALL_REFERENCE, 4),
            Uint(PRIVACY, 4),
            Uint(PRECEDENCE_LEVEL, 4),
            Uint(PRECEDENCE_DOMAIN, 4),
        ],
    ),
    (274, &[Uint(TIME_OUT_VALUE, 4), Text(PROMPT_STATUS, 32), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (275, &[Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (276, &[Uint(TIME_OUT_VALUE, 4), Text(NOTIFY, 32)]),
    (278, &[Uint(LINE_INSTANCE, 4)]),
    (280, &[Uint(STATUS, 4)]),
    (285, &[Number(DIALED_NUMBER), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4)]),
    (309, &[Uint(CONFERENCE_ID, 4), Uint(PASS_THROUGH_PARTY_ID, 4), Uint(CALL_REFERENCE, 4)]),
    (324, &[Uint(TIME_OUT_VALUE, 4), Uint(PRIORITY, 4), Terminated(NOTIFY)]),
    (325, &[Uint(TIME_OUT_VALUE, 4), Uint(LINE_INSTANCE, 4), Uint(CALL_REFERENCE, 4), Terminated(PROMPT_STATUS)]),
    (
        330,
        &[
            Uint(LINE_INSTANCE, 4),
            Uint(CALL_REFERENCE, 4),
            Uint(CALL_TYPE, 4),
            Uint(ORIGINAL_CDPN_REDIRECT_REASON, 4),
            Uint(LAST_REDIRECTING_REASON, 4),
            Uint(CALL_INSTANCE, 4),
            Uint(CALL_SECURITY_STATUS, 4),
            Bits(RESTRICT_INFORMATION_TYPE),
            Terminated(CALLING_PARTY),
            Terminated(ALTERNATE_CALLING_PARTY),
            Terminated(CALLED_PARTY),
            Terminated(ORIGINAL_CALLED_PARTY),
            Terminated(LAST_REDIRECTING_PARTY),
            Terminated(CGPN_VOICE_MAILBOX),
            Terminated(CDPN_VOICE_MAILBOX),
            Terminated(ORIGINAL_CDPN_VOICE_MAILBOX),
            Terminated(LAST_REDIRECTING_VOICE_MAILBOX),
            Terminated(CALLING_PARTY_NAME),
            Terminated(CALLED_PARTY_NAME),
            Terminated(ORIGINAL_CALLED_PARTY_NAME),
            Terminated(LAST_REDIRECTING_PARTY_NAME),
        ],
    ),
    (
        331,
        &[
            Uint(CONFERENCE_ID, 4),
            Uint(CALL_REFERENCE, 4),
            Uint(PASS_THROUGH_PARTY_ID, 4),
            Uint(MEDIA_TRANSPORT_TYPE, 4),
            Uint(IP_ADDRESS_TYPE, 4),
            Uint(MEDIA_TYPE, 4),
        ],
    ),
    (
        340,
        &[
            Uint(CONFERENCE_ID, 4),
            Uint(PASS_THROUGH_PARTY_ID, 4),
            Uint(CALL_REFERENCE, 4),
            IpAddress(TRANSMIT_IP_ADDR_IPV4, TRANSMIT_IP_ADDR_IPV6),
            Uint(PORT_NUMBER, 4),
            Uint(MEDIA_TRANSMISSION_STATUS, 4),
        ],
    ),
];

/// Requests and the responses to them.
const PAIRS: &[(u32, u32)] = &[
    (0, 256),
    (1, 129),
    (9, 144),
    (10, 145),
    (11, 146),
    (12, 147),
    (13, 148),
    (14, 151),
    (15, 152),
    (18, 158),
    (37, 265),
    (39, 280),
    (40, 264),
    (41, 282),
    (51, 303),
    (52, 287),
    (138, 340),
    (261, 34),
    (263, 35),
    (305, 49),
    (306, 341),
    (331, 69),
    (350, 351),
    (72, 338),
    (76, 344),
    (297, 298),
    (300, 301),
    (311, 53),
    (312, 54),
    (313, 55),
    (314, 56),
    (316, 57),
    (317, 64),
];
const REQUESTS: &[u32] = &[
    0, 1, 9, 10, 11, 12, 13, 14, 15, 18, 37, 39, 40, 41, 46, 51, 52, 65, 72, 76, 138, 257, 258, 261, 263, 297, 300,
    305, 306, 311, 312, 313, 314, 315, 316, 317, 318, 331, 350, 32768,
];
const RESPONSES: &[u32] = &[
    16, 33, 34, 35, 42, 47, 49, 53, 54, 55, 56, 57, 64, 66, 67, 68, 69, 129, 144, 145, 146, 147, 148, 151, 152, 158,
    256, 264, 265, 280, 282, 283, 287, 298, 299, 301, 302, 303, 322, 326, 327, 328, 329, 338, 340, 341, 344, 351,
    33024, 33025,
];

const OPEN_RECEIVE_CHANNEL_ACK: u32 = 34;
const START_MEDIA_TRANSMISSION: u32 = 138;
const START_MEDIA_TRANSMISSION_ACK: u32 = 340;

const PORT: u16 = 2000;
/// Data length and version, which the length does not count.
const HEADER_LEN: usize = 8;
/// The longest message that is believed.
const MAX_MESSAGE: usize = 16_384;
/// How many capabilities a message has room for.
pub(crate) const MAX_CAPABILITIES: u32 = 18;
const MAX_KEY: u16 = 16;

const RULES: Rules = Rules {
    proto: ProtoId::Skinny,
    renews: true,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, RESPONSE_TIME],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(accepts),
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Skinny, "SKINNY", &[Binding::TcpPort(PORT)], dissect)
};

/// Port 2000 is much used by others: the length must be one, and the version a known one.
fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let (Ok(len), Ok(version)) = (tvb.u32_le(0), tvb.u32_le(4)) else { return false };
    (4..=MAX_MESSAGE as u32).contains(&len) && Names::Values(VERSIONS).of(version.into()).is_some()
}

fn framing(stream: &[u8]) -> Framing {
    let Some(header) = stream.first_chunk::<HEADER_LEN>() else { return Framing::More(HEADER_LEN - stream.len()) };
    let [a, b, c, d, e, f, g, h] = *header;
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    let version = u32::from_le_bytes([e, f, g, h]);
    if !(4..=MAX_MESSAGE).contains(&len) || Names::Values(VERSIONS).of(version.into()).is_none() {
        return Framing::Foreign;
    }
    Framing::Message(len + HEADER_LEN)
}

/// What of a message binds media or tells it from others.
#[derive(Default)]
struct Told {
    address: Option<Address>,
    port: Option<u16>,
    party: u32,
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (_, is_next) = d.begin_next(PROTO, tvb);
    let (version, id) = (tvb.u32_le(4)?, tvb.u32_le(8)?);
    if !is_next {
        d.set_protocol("SKINNY");
        d.set_info(String::new);
    }
    if REQUESTS.contains(&id) {
        d.set_protocol("SKINNY/REQ");
    } else if RESPONSES.contains(&id) {
        d.set_protocol("SKINNY/RESP");
    }
    d.append_info(|| format!("{} ", Names::Values(MESSAGES).of(id.into()).unwrap_or("Unknown".into())));
    d.add(DATA_LENGTH, tvb, 0, 4, Value::Uint(tvb.u32_le(0)?.into()));
    d.add(HDR_VERSION, tvb, 4, 4, Value::Uint(version.into()));
    d.add(MESSAGE_ID, tvb, 8, 4, Value::Uint(id.into()));
    let layout = LAYOUTS.iter().find(|layout| layout.0 == id).map_or(&[][..], |layout| layout.1);
    let mut told = Told::default();
    let mut at = 12;
    for part in layout {
        if at >= tvb.reported() {
            break;
        }
        at = show(d, tvb, at, *part, version, &mut told)?;
    }
    if matches!(id, OPEN_RECEIVE_CHANNEL_ACK | START_MEDIA_TRANSMISSION | START_MEDIA_TRANSMISSION_ACK) {
        bind(d, &told);
    }
    transactions(d, tvb, id, &told);
    d.close();
    Ok(())
}

/// Says that RTP is heard where a message says that media are sent to or from.
fn bind(d: &mut Dissector<'_>, told: &Told) {
    let (Some(address), Some(port)) = (told.address, told.port.filter(|port| *port != 0)) else { return };
    let frame = d.packet.number;
    if let Some(flows) = d.flows() {
        flows.udp.announce(address, port, frame);
        udp::bind(d, address, port, Setup::new(ProtoId::Rtp, frame, "SKINNY"));
    }
}

fn transactions<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, id: u32, told: &Told) {
    let key = |pair: &(u32, u32)| u128::from(pair.0) << 32 | u128::from(told.party);
    if let Some(pair) = PAIRS.iter().find(|pair| pair.0 == id) {
        transaction::request(d, &RULES, key(pair));
    } else if let Some(pair) = PAIRS.iter().find(|pair| pair.1 == id) {
        transaction::response(d, &RULES, key(pair), true);
    } else {
        return;
    }
    let known = transaction::known(d, ProtoId::Skinny);
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(RESPONSE_TO, tvb, 0, 0, Value::Uint(frame));
        d.generated(RESPONSE_TIME, tvb, 0, 0, Value::Time(after));
    }
}

/// Shows a part and answers where the next one begins.
fn show<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    part: Part,
    version: u32,
    told: &mut Told,
) -> Result<usize, Stop> {
    Ok(match part {
        Uint(field, width) => {
            let value = number(d, tvb, at, field, width.into())?;
            match field {
                PASS_THROUGH_PARTY_ID => told.party = value as u32,
                PORT_NUMBER | REMOTE_PORT_NUMBER => told.port = u16::try_from(value).ok(),
                _ => {}
            }
            at + usize::from(width)
        }
        Text(field, len) => text(d, tvb, at, field, len.into())?,
        Number(field) => text(d, tvb, at, field, if version < WITH_LONG_NUMBERS { 24 } else { 25 })?,
        Terminated(field) => {
            let rest = tvb.slice(at, tvb.reported() - at)?;
            let len = memchr::memchr(0, rest).unwrap_or(rest.len());
            if len > 0 {
                d.add(field, tvb, at, len, Value::Text);
            }
            at + len + 1
        }
        Ipv4(field) => {
            d.add(field, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
            at + 4
        }
        IpAddress(ipv4, _) if version < WITH_IPV6 => {
            let address = tvb.array(at)?;
            told.address = Some(Address::Ipv4(address));
            d.add(ipv4, tvb, at, 4, Value::Ipv4(address));
            at + 4
        }
        IpAddress(ipv4, ipv6) => {
            if number(d, tvb, at, IPV4OR6, 4)? == 0 {
                let address = tvb.array(at + 4)?;
                told.address = Some(Address::Ipv4(address));
                d.add(ipv4, tvb, at + 4, 4, Value::Ipv4(address));
            } else {
                let address = tvb.array(at + 4)?;
                told.address = Some(Address::Ipv6(address));
                d.add(ipv6, tvb, at + 4, 16, Value::Ipv6(address));
            }
            at + 20
        }
        Bits(flags) => {
            let bits = tvb.u32_le(at)?;
            for field in flags {
                d.flag(*field, tvb, at, 4, bits.into());
            }
            at + 4
        }
        Codec if version < WITH_CODECS => {
            number(d, tvb, at, G723_BIT_RATE, 4)?;
            at + 4
        }
        Codec => {
            codec(d, tvb, at)?;
            at + 4
        }
        Encryption => encryption(d, tvb, at)?,
        Capabilities => {
            let count = (number(d, tvb, at, CAP_COUNT, 4)? as u32).min(MAX_CAPABILITIES) as usize;
            for at in (0..count).map(|place| at + 4 + 16 * place) {
                number(d, tvb, at, PAYLOAD_CAPABILITY, 4)?;
                number(d, tvb, at + 4, MAX_FRAMES_PER_PACKET, 4)?;
                codec(d, tvb, at + 8)?;
            }
            at + 4 + 16 * count
        }
        Skip(len) => at + usize::from(len),
    })
}

fn number<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, field: FieldId, width: usize) -> Result<u64, Stop> {
    let value = tvb.slice(at, width)?.iter().rev().fold(0, |value, octet| value << 8 | u64::from(*octet));
    d.add(field, tvb, at, width, Value::Uint(value));
    Ok(value)
}

fn text<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, field: FieldId, len: usize) -> Result<usize, Stop> {
    tvb.slice(at, len)?;
    d.string(field, tvb, at, len);
    Ok(at + len)
}

fn codec<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    for (place, field) in [CODEC_MODE, DYNAMIC_PAYLOAD, CODEC_PARAM1, CODEC_PARAM2].into_iter().enumerate() {
        number(d, tvb, at + place, field, 1)?;
    }
    Ok(())
}

fn encryption<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    number(d, tvb, at, ALGORITHM_ID, 4)?;
    let lens = [number(d, tvb, at + 4, KEYLEN, 2)?, number(d, tvb, at + 6, SALTLEN, 2)?];
    for ((len, field), start) in lens.into_iter().zip([KEY, SALT]).zip([at + 8, at + 24]) {
        for at in start..start + len.min(MAX_KEY.into()) as usize {
            number(d, tvb, at, field, 1)?;
        }
    }
    number(d, tvb, at + 40, IS_MKIPRESENT, 4)?;
    number(d, tvb, at + 44, KEY_DERIVATION_RATE, 4)?;
    Ok(at + 48)
}

/// A channel that is opened and used, in the messages of several revisions, and every other message.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c00007d000000064000000005002ffff00000000",
    "4500002800010000400600000a0000020a00000107d0c000000003e8000000655012ffff00000000",
    "4500002800010000400600000a0000010a000002c00007d000000065000003e95010ffff00000000",
    "450000b800010000400600000a0000020a00000107d0c000000003e9000000655018ffff000000008800000014000000 \
     05010000010000004d000000010000000400000001000000010203044d00000000000000010001000100000000000000 \
     000000000000000002000000000000000000000000000000000000000000000001000000010000000100000001000000 \
     0100000001000000000000000a000001000000000000000000000000a00f00000100000001000000",
    "4500005800010000400600000a0000010a000002c00007d000000065000004795018ffff000000002800000014000000 \
     2200000001000000000000000a000001000000000000000000000000a00f00004d0000004d000000",
    "450000b800010000400600000a0000020a00000107d0c00000000479000000955018ffff000000008800000014000000 \
     8a000000010000004d0000000100000020010db8000000000000000000000001a00f0000010000000400000001000000 \
     0100000001000100010203044d0000000000000001000100010000000000000000000000000000000200000000000000 \
     00000000000000000000000000000000010000000100000001000000010000000100000001000000",
    "4500005c00010000400600000a0000010a000002c00007d000000095000005095018ffff000000002c00000014000000 \
     54010000010000004d0000004d0000000100000020010db8000000000000000000000001a00f000001000000",
    "450000a800010000400600000a0000020a00000107d0c00000000509000000c95018ffff000000007800000000000000 \
     05010000010000004d000000010000000900000001000000010000004d00000000000000010001000100000000000000 \
     000000000000000002000000000000000000000000000000000000000000000001000000010000000100000001000000 \
     01000000010000000a000001a00f00000100000001000000",
    "450000ec00010000400600000a0000020a00000107d0c00000000589000000c95018ffff000000008800000014000000 \
     05010000010000004d000000010000000400000001000000010203044d00000000000000010001000100000000000000 \
     000000000000000002000000000000000000000000000000000000000000000001000000010000000100000001000000 \
     01000000010000000100000020010db8000000000000000000000001a00f000001000000010000002c00000014000000 \
     45000000010000004d0000004d0000000100000020010db8000000000000000000000001a00f0000a00f0000",
    "4500005800010000400600000a0000010a000002c00007d0000000c90000064d5018ffff000000002800000014000000 \
     22000000010000000100000020010db8000000000000000000000001a00f00004d0000004d000000",
    "450000b800010000400600000a0000020a00000107d0c0000000064d000000f95018ffff000000008800000014000000 \
     8a000000010000004d000000000000000a000001000000000000000000000000a00f0000010000000400000001000000 \
     0100000001000100010203044d0000000000000001000100010000000000000000000000000000000200000000000000 \
     00000000000000000000000000000000010000000100000001000000010000000100000001000000",
    "4500005c00010000400600000a0000010a000002c00007d0000000f9000006dd5018ffff000000002c00000014000000 \
     54010000010000004d0000004d000000000000000a000001000000000000000000000000a00f000001000000",
    "450007b400010000400600000a0000020a00000107d0c000000006dd0000012d5018ffff000000003000000014000000 \
     010000006162000000000000000000000000000001000000010000000a00000101000000010000000100000001000000 \
     0800000014000000020000000100000010000000140000000300000001000000010000004d0000002400000014000000 \
     040000003132000000000000000000000000000000000000000000000001000000000000140000001400000005000000 \
     01000000010000004d000000010000000c0000001400000006000000010000004d0000000c0000001400000007000000 \
     010000004d00000014000000140000001000000001000000040000001400000001020304600000001400000020000000 \
     010000006162000000000000000000000000000000000000000000000000000000000000000000000000000000000000 \
     000000000000000000000000000000000000000000000000000000000000000000000000010000000100000010000000 \
     140000002600000001000000010000004d0000000800000014000000270000000100000008000000140000002d000000 \
     010000000c00000014000000490000000100000001000000180000001400000081000000010000006162000000000000 \
     01000000010000001400000014000000820000000100000001000000010000004d000000100000001400000083000000 \
     010000004d000000010000001400000014000000850000000100000001000000010000004d0000001000000014000000 \
     860000000100000001000000010000000800000014000000880000000100000008000000140000008900000001000000 \
     14000000140000008b000000010000004d0000004d0000000100000084010000140000008f0000006162000000000000 \
     000000000000000000000000000000000000000000000000000000000000000061620000000000000000000000000000 \
     000000000000000061620000000000000000000000000000000000000000000000000000000000000000000000000000 \
     616200000000000000000000000000000000000000000000010000004d00000001000000616200000000000000000000 \
     000000000000000000000000000000000000000000000000000000006162000000000000000000000000000000000000 \
     000000006162000000000000000000000000000000000000000000000000000000000000000000000000000061620000 \
     000000000000000000000000000000000000000001000000010000006162000000000000000000000000000000000000 \
     000000006162000000000000000000000000000000000000000000006162000000000000000000000000000000000000 \
     000000006162000000000000000000000000000000000000000000000100000001000000550500007400000014000000 \
     920000000100000061620000000000000000000000000000000000000000000061620000000000000000000000000000 \
     000000000000000000000000000000000000000000000000616200000000000000000000000000000000000000000000 \
     000000000000000000000000000000000100000048000000140000009100000001000000616200000000000000000000 \
     000000000000000000000000616200000000000000000000000000000000000000000000000000000000000000000000 \
     000000001000000014000000970000000100000001000000010000001400000014000000980000006162000000000000 \
     000000000000000024000000140000009900000061620000000000000000000000000000000000000000000000000000 \
     0000000024000000140000009d0000006162000000000000000000000000000000000000000000000000000000000000 \
     08000000140000009f00000001000000100000001400000004010000010000004d0000004d0000001400000014000000 \
     06010000010000004d0000004d0000000100000010000000140000000801000001000000010000000100000010000000 \
     1400000009010000010000000100000001000000140000001400000010010000010000004d0000000100000055050000 \
     1c000000140000001101000001000000010000004d000000010000000100000001000000300000001400000012010000 \
     010000006162000000000000000000000000000000000000000000000000000000000000010000004d0000000c000000 \
     1400000013010000010000004d0000002800000014000000140100000100000061620000000000000000000000000000 \
     000000000000000000000000000000000800000014000000160100000100000008000000140000001801000001000000 \
     28000000140000001d01000031320000000000000000000000000000000000000000000000010000004d000000000000 \
     100000001400000035010000010000004d0000004d000000100000001400000044010000010000000100000061620000 \
     14000000140000004501000001000000010000004d000000616200004c000000140000004a010000010000004d000000 \
     010000000100000001000000010000000100000055050000616200616200616200616200616200616200616200616200 \
     616200616200616200616200616200001c000000140000004b010000010000004d0000004d0000000100000001000000 \
     01000000",
    "450001b400010000400600000a0000020a00000107d0c00000000e690000012d5018ffff000000008401000014000000 \
     8f0000006162000000000000000000000000000000000000000000000000000000000000000000000000000061620000 \
     000000000000000000000000000000000000000061620000000000000000000000000000000000000000000000000000 \
     000000000000000000000000616200000000000000000000000000000000000000000000010000004d00000001000000 \
     616200000000000000000000000000000000000000000000000000000000000000000000000000006162000000000000 \
     000000000000000000000000000000006162000000000000000000000000000000000000000000000000000000000000 \
     000000000000000061620000000000000000000000000000000000000000000001000000010000006162000000000000 \
     000000000000000000000000000000006162000000000000000000000000000000000000000000006162000000000000 \
     000000000000000000000000000000006162000000000000000000000000000000000000000000000100000001000000 \
     55050000",
];

/// A connection in which Skinny announces that H.263 is heard at 10.0.0.1:4000.
#[rustfmt::skip]
pub(crate) const MEDIA: [&str; 4] = [
    "4500002800010000400600000a0000010a000002c00007d000000064000000005002ffff00000000",
    "4500002800010000400600000a0000020a00000107d0c000000003e8000000655012ffff00000000",
    "4500002800010000400600000a0000010a000002c00007d000000065000003e95010ffff00000000",
    "450000b800010000400600000a0000020a00000107d0c000000003e9000000655018ffff000000008800000014000000 \
     8a000000010000004d000000000000000a000001000000000000000000000000a00f0000010000000400000001000000 \
     0100000001000100010203044d0000000000000001000100010000000000000000000000000000000200000000000000 \
     00000000000000000000000000000000010000000100000001000000010000000100000001000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_channel_is_opened_and_its_address_known() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[3], "skinny.messageId"), "261");
        assert_eq!(values(&shown[3], "skinny.response_in"), "5");
        assert_eq!(values(&shown[4], "skinny.ipAddr.ipv4"), "10.0.0.1");
        assert_eq!(values(&shown[4], "skinny.response_to"), "4");
        assert_eq!(values(&shown[5], "skinny.remoteIpAddr.ipv6"), "2001:db8::1");
        assert_eq!(values(&shown[7], "skinny.g723BitRate"), "0x00000001");
    }

    #[test]
    fn media_are_rtp_where_they_were_announced() {
        let rtp = "4500 0028 0001 0000 4011 0000 0a000009 0a000001  c000 0fa0 0014 0000 8000 0001 00000000 00000001";
        let mut all = SAMPLE[..5].to_vec();
        all.push(rtp);
        assert_eq!(values(&frames(101, &all)[5], "rtp.setup-method"), "SKINNY");
    }

    #[test]
    fn what_is_too_long_is_not_skinny() {
        assert_eq!(framing(&[0xff, 0xff, 0, 0, 0, 0, 0, 0]), Framing::Foreign);
        assert_eq!(framing(&[4, 0, 0, 0, 0, 0, 0]), Framing::More(1));
        assert_eq!(framing(&[4, 0, 0, 0, 0, 0, 0, 0]), Framing::Message(12));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Skinny,
            b"\x20\0\0\0\x14\0\0\0\x05\x01\0\0aaaabbbb\x14\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0",
        );
    }
}
