//! Inter-Asterisk eXchange, version 2 (RFC 5456): signalling and media of calls in one UDP conversation. Full frames number
//! each other, mini frames carry media with half a timestamp, and trunks carry those of several calls.

use crate::bindings::Binding;
use crate::calendar;
use crate::conversation::Conversations;
use crate::dissector::{Address, Dissector, Endpoints, Transport};
use crate::facts::Fact;
use crate::field::{FieldId, FieldType, Names, fields};
use crate::registry::{self, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

mod samples;

fields! { Iax2, "iax2", "Inter-Asterisk eXchange v2";
    PACKET_TYPE = field("iax2.packet_type", "Packet type", Uint8, Dec).names(Names::Values(PACKET_TYPES));
    CALL = field("iax2.call", "Call identifier", Uint32, Dec);
    SRC_CALL = field("iax2.src_call", "Source call", Uint16, Dec).mask(0x7fff);
    DST_CALL = field("iax2.dst_call", "Destination call", Uint16, Dec).mask(0x7fff);
    RETRANSMISSION = field("iax2.retransmission", "Retransmission", Boolean, None).mask(0x8000);
    TIMESTAMP = field("iax2.timestamp", "Timestamp", Uint32, Dec);
    ABSTIME = field("iax2.abstime", "Absolute Time", AbsoluteTime, None);
    LATENESS = field("iax2.lateness", "Lateness", RelativeTime, None);
    MINI_MARKER = field("iax2.video.mini_marker", "Marker", Uint16, Dec).mask(0x8000);
    OSEQNO = field("iax2.oseqno", "Outbound seq.no.", Uint16, Dec);
    ISEQNO = field("iax2.iseqno", "Inbound seq.no.", Uint16, Dec);
    TYPE = field("iax2.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    SUBCLASS = field("iax2.subclass", "Unknown subclass", Uint8, Dec);
    DTMF_SUBCLASS = field("iax2.dtmf.subclass", "DTMF subclass (digit)", String, None);
    CONTROL_SUBCLASS = field("iax2.control.subclass", "Control subclass", Uint8, Dec).names(Names::Values(CONTROLS));
    IAX_SUBCLASS = field("iax2.iax.subclass", "IAX subclass", Uint8, Dec).names(Names::Values(COMMANDS));
    VOICE_SUBCLASS = field("iax2.voice.subclass", "Voice Subclass (compressed codec no)", Uint8, Dec);
    VOICE_CODEC = field("iax2.voice.codec", "CODEC", Uint64, Hex).names(Names::Values(CODECS));
    VIDEO_SUBCLASS = field("iax2.video.subclass", "Video Subclass (compressed codec no)", Uint8, Dec).mask(0xbf);
    VIDEO_MARKER = field("iax2.video.marker", "Marker", Boolean, None).mask(0x40);
    VIDEO_CODEC = field("iax2.video.codec", "CODEC", Uint64, Hex).names(Names::Values(CODECS));
    MODEM_SUBCLASS = field("iax2.modem.subclass", "Modem subclass", Uint8, Dec).names(Names::Values(MODEMS));
    TEXT_SUBCLASS = field("iax2.text.subclass", "Text subclass", Uint8, Dec).names(Names::Values(TEXTS));
    TEXT = field("iax2.text.text", "Text", String, None);
    HTML_SUBCLASS = field("iax2.html.subclass", "HTML subclass", Uint8, Dec).names(Names::Values(HTML));
    HTML_URL = field("iax2.html.url", "HTML URL", String, None);
    TRUNK_METACMD = field("iax2.trunk.metacmd", "Meta command", Uint8, Dec).mask(0x7f);
    TRUNK_CMDDATA = field("iax2.trunk.cmddata", "Command data", Uint8, Hex);
    TRUNK_CMDDATA_TS = field("iax2.trunk.cmddata.ts", "Trunk timestamps", Boolean, None).mask(0x01);
    TRUNK_CALL_LEN = field("iax2.trunk.call.len", "Data length", Uint16, Dec);
    TRUNK_CALL_SCALLNO = field("iax2.trunk.call.scallno", "Source call number", Uint16, Dec).mask(0x7fff);
    TRUNK_CALL_TS = field("iax2.trunk.call.ts", "Timestamp", Uint16, Dec);
    TRUNK_CALL_PAYLOAD = field("iax2.trunk.call.payload", "Data", Bytes, None);
    TRUNK_NCALLS = field("iax2.trunk.ncalls", "Number of calls", Uint16, Dec);
    SINFAMILY = field("iax2.iax.app_addr.sinfamily", "Family", Uint16, Dec);
    SINPORT = field("iax2.iax.app_addr.sinport", "Port", Uint16, Dec);
    SINADDR = field("iax2.iax.app_addr.sinaddr", "Address", Ipv4, None);
    CALLED_NUMBER = field("iax2.iax.called_number", "Number/extension being called", String, None);
    CALLING_NUMBER = field("iax2.iax.calling_number", "Calling number", String, None);
    CALLING_ANI = field("iax2.iax.calling_ani", "Calling number ANI for billing", String, None);
    CALLING_NAME = field("iax2.iax.calling_name", "Name of caller", String, None);
    CALLED_CONTEXT = field("iax2.iax.called_context", "Context for number", String, None);
    USERNAME = field("iax2.iax.username", "Username (peer or user) for authentication", String, None);
    PASSWORD = field("iax2.iax.password", "Password for authentication", String, None);
    CAPABILITY = field("iax2.iax.capability", "Actual codec capability", Uint32, Hex);
    FORMAT = field("iax2.iax.format", "Desired codec format", Uint64, Hex).names(Names::Values(CODECS));
    LANGUAGE = field("iax2.iax.language", "Desired language", String, None);
    PROTOCOL_VERSION = field("iax2.iax.version", "Protocol version", Uint16, Hex);
    CPE_ADSI = field("iax2.iax.cpe_adsi", "CPE ADSI capability", Uint16, Hex);
    DNID = field("iax2.iax.dnid", "Originally dialed DNID", String, None);
    AUTH_METHODS = field("iax2.iax.auth.methods", "Authentication method(s)", Uint16, Hex);
    AUTH_CHALLENGE = field("iax2.iax.auth.challenge", "Challenge data for MD5/RSA", String, None);
    AUTH_MD5 = field("iax2.iax.auth.md5", "MD5 challenge result", String, None);
    AUTH_RSA = field("iax2.iax.auth.rsa", "RSA challenge result", String, None);
    REFRESH = field("iax2.iax.refresh", "When to refresh registration", Int16, Dec);
    DIALPLAN_STATUS = field("iax2.iax.dialplan_status", "Dialplan status", Uint16, Hex);
    CALL_NO = field("iax2.iax.call_no", "Call number of peer", Uint16, Dec);
    CAUSE = field("iax2.iax.cause", "Cause", String, None);
    IAX_UNKNOWN = field("iax2.iax.iax_unknown", "Unknown IAX command", Bytes, None);
    MSG_COUNT = field("iax2.iax.msg_count", "How many messages waiting", Int16, Dec);
    AUTOANSWER = field("iax2.iax.autoanswer", "Request auto-answering", None, None);
    MOH = field("iax2.iax.moh", "Request musiconhold with QUELCH", None, None);
    TRANSFERID = field("iax2.iax.transferid", "Transfer Request Identifier", Uint32, Hex);
    RDNIS = field("iax2.iax.rdnis", "Referring DNIS", String, None);
    PROVISIONING = field("iax2.iax.provisioning", "Provisioning info", String, None);
    AESPROVISIONING = field("iax2.iax.aesprovisioning", "AES Provisioning info", String, None);
    DATETIME_RAW = field("iax2.iax.datetime.raw", "Date/Time", Uint32, Dec);
    DATETIME = field("iax2.iax.datetime", "Date/Time", AbsoluteTime, None);
    DEVICETYPE = field("iax2.iax.devicetype", "Device type", String, None);
    SERVICEIDENT = field("iax2.iax.serviceident", "Service identifier", String, None);
    FIRMWAREVER = field("iax2.iax.firmwarever", "Firmware version", Uint16, Hex);
    FWBLOCKDESC = field("iax2.iax.fwblockdesc", "Firmware block description", Uint32, Hex);
    FWBLOCKDATA = field("iax2.iax.fwblockdata", "Firmware block of data", String, None);
    PROVVER = field("iax2.iax.provver", "Provisioning version", Uint32, Hex);
    CALLINGPRES = field("iax2.iax.callingpres", "Calling presentation", Uint8, Hex);
    CALLINGTON = field("iax2.iax.callington", "Calling type of number", Uint8, Hex);
    CALLINGTNS = field("iax2.iax.callingtns", "Calling transit network select", Uint16, Hex);
    SAMPLINGRATE = field("iax2.iax.samplingrate", "Supported sampling rates", Uint16, Hex);
    CAUSECODE = field("iax2.iax.causecode", "Hangup cause", Uint8, Hex).names(Names::Values(CAUSES));
    ENCRYPTION = field("iax2.iax.encryption", "Encryption format", Uint16, Hex);
    ENCKEY = field("iax2.iax.enckey", "Encryption key", String, None);
    CODECPREFS = field("iax2.iax.codecprefs", "Codec negotiation", String, None);
    RRJITTER = field("iax2.iax.rrjitter", "Received jitter (as in RFC1889)", Uint32, Hex);
    RRLOSS = field("iax2.iax.rrloss", "Received loss (high byte loss pct, low 24 bits loss count, as in rfc1889)", Uint32, Hex);
    RRPKTS = field("iax2.iax.rrpkts", "Total frames received", Uint32, Hex);
    RRDELAY = field("iax2.iax.rrdelay", "Max playout delay in ms for received frames", Uint16, Hex);
    RRDROPPED = field("iax2.iax.rrdropped", "Dropped frames (presumably by jitterbuffer)", Uint32, Hex);
    RROOO = field("iax2.iax.rrooo", "Frame received out of order", Uint32, Hex);
    CAPABILITY2 = field("iax2.iax.capability2", "64-bit codec capability", Uint64, Hex);
    FORMAT2 = field("iax2.iax.format2", "64-bit codec format", Uint64, Hex).names(Names::Values(CODECS));
    UNKNOWNBYTE = field("iax2.iax.unknownbyte", "Unknown", Uint8, Hex);
    UNKNOWNSHORT = field("iax2.iax.unknownshort", "Unknown", Uint16, Hex);
    UNKNOWNLONG = field("iax2.iax.unknownlong", "Unknown", Uint32, Hex);
    UNKNOWNSTRING = field("iax2.iax.unknownstring", "Unknown", String, None);
    IE_ID = field("iax2.ie_id", "IE id", Uint8, Dec).names(Names::Computed(element_name));
    LENGTH = field("iax2.length", "Length", Uint8, Dec);
    VERSION = field("iax2.version", "Version", Uint8, Dec);
    CAP_G723_1 = field("iax2.cap.g723_1", "G.723.1 compression", Boolean, None).mask(1).names(SUPPORTED);
    CAP_GSM = field("iax2.cap.gsm", "GSM compression", Boolean, None).mask(1 << 1).names(SUPPORTED);
    CAP_ULAW = field("iax2.cap.ulaw", "Raw mu-law data (G.711)", Boolean, None).mask(1 << 2).names(SUPPORTED);
    CAP_ALAW = field("iax2.cap.alaw", "Raw A-law data (G.711)", Boolean, None).mask(1 << 3).names(SUPPORTED);
    CAP_G726_AAL2 = field("iax2.cap.g726_aal2", "ADPCM (G.726, 32kbps, AAL2 codeword packing)", Boolean, None).mask(1 << 4).names(SUPPORTED);
    CAP_ADPCM = field("iax2.cap.adpcm", "ADPCM", Boolean, None).mask(1 << 5).names(SUPPORTED);
    CAP_SLINEAR = field("iax2.cap.slinear", "Raw 16-bit Signed Linear (8000 Hz) PCM", Boolean, None).mask(1 << 6).names(SUPPORTED);
    CAP_LPC10 = field("iax2.cap.lpc10", "LPC10, 180 samples/frame", Boolean, None).mask(1 << 7).names(SUPPORTED);
    CAP_G729A = field("iax2.cap.g729a", "G.729a Audio", Boolean, None).mask(1 << 8).names(SUPPORTED);
    CAP_SPEEX = field("iax2.cap.speex", "SpeeX Free Compression", Boolean, None).mask(1 << 9).names(SUPPORTED);
    CAP_ILBC = field("iax2.cap.ilbc", "iLBC Free Compression", Boolean, None).mask(1 << 10).names(SUPPORTED);
    CAP_G726 = field("iax2.cap.g726", "ADPCM (G.726, 32kbps, RFC3551 codeword packing)", Boolean, None).mask(1 << 11).names(SUPPORTED);
    CAP_G722 = field("iax2.cap.g722", "G.722", Boolean, None).mask(1 << 12).names(SUPPORTED);
    CAP_SIREN7 = field("iax2.cap.siren7", "G.722.1 (also known as Siren7, 32kbps assumed)", Boolean, None).mask(1 << 13).names(SUPPORTED);
    CAP_SIREN14 = field("iax2.cap.siren14", "G.722.1 Annex C (also known as Siren14, 48kbps assumed)", Boolean, None).mask(1 << 14).names(SUPPORTED);
    CAP_SLINEAR16 = field("iax2.cap.slinear16", "Raw 16-bit Signed Linear (16000 Hz) PCM", Boolean, None).mask(1 << 15).names(SUPPORTED);
    CAP_JPEG = field("iax2.cap.jpeg", "JPEG images", Boolean, None).mask(1 << 16).names(SUPPORTED);
    CAP_PNG = field("iax2.cap.png", "PNG images", Boolean, None).mask(1 << 17).names(SUPPORTED);
    CAP_H261 = field("iax2.cap.h261", "H.261 video", Boolean, None).mask(1 << 18).names(SUPPORTED);
    CAP_H263 = field("iax2.cap.h263", "H.263 video", Boolean, None).mask(1 << 19).names(SUPPORTED);
    CAP_H263_PLUS = field("iax2.cap.h263_plus", "H.263+ video", Boolean, None).mask(1 << 20).names(SUPPORTED);
    CAP_H264 = field("iax2.cap.h264", "H.264 video", Boolean, None).mask(1 << 21).names(SUPPORTED);
    CAP_MPEG4 = field("iax2.cap.mpeg4", "MPEG4 video", Boolean, None).mask(1 << 22).names(SUPPORTED);
    CAP_VP8 = field("iax2.cap.vp8", "VP8 video", Boolean, None).mask(1 << 23).names(SUPPORTED);
    CAP_T140_RED = field("iax2.cap.t140_red", "T.140 RED Text format RFC 4103", Boolean, None).mask(1 << 26).names(SUPPORTED);
    CAP_T140 = field("iax2.cap.t140", "T.140 Text format - ITU T.140, RFC 4103", Boolean, None).mask(1 << 27).names(SUPPORTED);
    CAP_G719 = field("iax2.cap.g719", "G.719 (64 kbps assumed)", Boolean, None).mask(1 << 32).names(SUPPORTED);
    CAP_SPEEX16 = field("iax2.cap.speex16", "SpeeX Wideband (16kHz) Free Compression", Boolean, None).mask(1 << 33).names(SUPPORTED);
    CAP_OPUS = field("iax2.cap.opus", "Opus audio (8kHz, 16kHz, 24kHz, 48Khz)", Boolean, None).mask(1 << 34).names(SUPPORTED);
    CAP_TESTLAW = field("iax2.cap.testlaw", "Raw testing-law data (G.711)", Boolean, None).mask(1 << 47).names(SUPPORTED);
    PAYLOAD_DATA = field("iax2.payload_data", "IAX2 payload", Bytes, None);
    INVALID_LEN = expert("iax2.invalid_len", "Invalid length", Warning, Protocol);
}

const SUPPORTED: Names = Names::Flag("Supported", "Not supported");
const PACKET_TYPES: &[(u64, &str)] = &[
    (MINI_VOICE, "Mini voice packet"),
    (FULL, "Full packet"),
    (MINI_VIDEO, "Mini video packet"),
    (TRUNK, "Trunk packet"),
];
const MINI_VOICE: u64 = 0;
const FULL: u64 = 1;
const MINI_VIDEO: u64 = 2;
const TRUNK: u64 = 3;

/// RFC 5456, 8.2.
const TYPES: &[(u64, &str)] = &[
    (0, "(0?)"),
    (1, "DTMF End"),
    (2, "Voice"),
    (3, "Video"),
    (4, "Control"),
    (5, "NULL"),
    (6, "IAX"),
    (7, "Text"),
    (8, "Image"),
    (9, "HTML"),
    (10, "Comfort Noise"),
    (11, "Modem"),
    (12, "DTMF Begin"),
];
const DTMF_END: u8 = 1;
const VOICE: u8 = 2;
const VIDEO: u8 = 3;
const CONTROL: u8 = 4;
const IAX: u8 = 6;
const TEXT_FRAME: u8 = 7;
const HTML_FRAME: u8 = 9;
const MODEM: u8 = 11;
const DTMF_BEGIN: u8 = 12;

/// RFC 5456, 8.3.
const CONTROLS: &[(u64, &str)] = &[
    (0, "(0?)"),
    (1, "HANGUP"),
    (2, "RING"),
    (3, "RINGING"),
    (4, "ANSWER"),
    (5, "BUSY"),
    (6, "TKOFFHK"),
    (7, "OFFHOOK"),
    (255, "stop sounds"),
];
/// RFC 5456, 8.4.
const COMMANDS: &[(u64, &str)] = &[
    (0, "(0?)"),
    (NEW, "NEW"),
    (2, "PING"),
    (3, "PONG"),
    (4, "ACK"),
    (5, "HANGUP"),
    (6, "REJECT"),
    (7, "ACCEPT"),
    (8, "AUTHREQ"),
    (9, "AUTHREP"),
    (10, "INVAL"),
    (11, "LAGRQ"),
    (12, "LAGRP"),
    (13, "REGREQ"),
    (14, "REGAUTH"),
    (15, "REGACK"),
    (16, "REGREJ"),
    (17, "REGREL"),
    (18, "VNAK"),
    (19, "DPREQ"),
    (20, "DPREP"),
    (21, "DIAL"),
    (22, "TXREQ"),
    (23, "TXCNT"),
    (24, "TXACC"),
    (25, "TXREADY"),
    (26, "TXREL"),
    (27, "TXREJ"),
    (28, "QUELCH"),
    (29, "UNQULCH"),
    (30, "POKE"),
    (31, "PAGE"),
    (32, "MWI"),
    (33, "UNSUPPORTED"),
    (34, "TRANSFER"),
    (35, "PROVISION"),
    (36, "FWDOWNL"),
    (37, "FWDATA"),
    (38, "TXMEDIA"),
    (39, "RTKEY"),
    (40, "CALLTOKEN"),
];
const NEW: u64 = 1;
/// RFC 5456, 8.7, and what Asterisk has added: one bit each.
const CODECS: &[(u64, &str)] = &[
    (1, "G.723.1 compression"),
    (1 << 1, "GSM compression"),
    (1 << 2, "Raw mu-law data (G.711)"),
    (1 << 3, "Raw A-law data (G.711)"),
    (1 << 4, "ADPCM (G.726), 32kbps, AAL2 codeword packing)"),
    (1 << 5, "ADPCM (IMA)"),
    (1 << 6, "Raw 16-bit Signed Linear (8000 Hz) PCM"),
    (1 << 7, "LPC10, 180 samples/frame"),
    (1 << 8, "G.729a Audio"),
    (1 << 9, "SpeeX Free Compression"),
    (1 << 10, "iLBC Free Compression"),
    (1 << 11, "ADPCM (G.726, 32kbps, RFC3551 codeword packing)"),
    (1 << 12, "G.722"),
    (1 << 13, "G.722.1 (also known as Siren7, 32kbps assumed)"),
    (1 << 14, "G.722.1 Annex C (also known as Siren14, 48kbps assumed)"),
    (1 << 15, "Raw 16-bit Signed Linear (16000 Hz) PCM"),
    (1 << 16, "JPEG Images"),
    (1 << 17, "PNG Images"),
    (1 << 18, "H.261 Video"),
    (1 << 19, "H.263 Video"),
    (1 << 20, "H.263+ Video"),
    (1 << 21, "H.264 Video"),
    (1 << 22, "MPEG4 Video"),
    (1 << 23, "VP8 Video"),
    (1 << 26, "T.140 RED Text format RFC 4103"),
    (1 << 27, "T.140 Text format - ITU T.140, RFC 4103"),
    (1 << 32, "G.719 (64 kbps assumed)"),
    (1 << 33, "SpeeX Wideband (16kHz) Free Compression"),
    (1 << 34, "Opus audio (8kHz, 16kHz, 24kHz, 48Khz)"),
    (1 << 47, "Raw testing-law data (G.711)"),
];
const MODEMS: &[(u64, &str)] = &[(0, "(0?)"), (1, "T.38"), (2, "V.150")];
const TEXTS: &[(u64, &str)] = &[(0, "Text")];
/// RFC 5456, 8.5.
const HTML: &[(u64, &str)] = &[
    (URL, "Sending a URL"),
    (2, "Data frame"),
    (4, "Beginning frame"),
    (8, "End frame"),
    (16, "Load is complete"),
    (17, "Peer does not support HTML"),
    (18, "Link URL"),
    (19, "Unlink URL"),
    (20, "Reject Link URL"),
];
const URL: u64 = 1;
/// RFC 5456, 8.6.21: as in ITU-T Q.850.
const CAUSES: &[(u64, &str)] = &[
    (1, "Unallocated"),
    (2, "No route transit net"),
    (3, "No route to destination"),
    (5, "Misdialled trunk prefix"),
    (6, "Channel unacceptable"),
    (7, "Call awarded delivered"),
    (8, "Preempted"),
    (14, "Number ported not here"),
    (16, "Normal clearing"),
    (17, "User busy"),
    (18, "No user response"),
    (19, "No answer"),
    (20, "Subscriber absent"),
    (21, "Call rejected"),
    (22, "Number changed"),
    (23, "Redirected to new destination"),
    (26, "Answered elsewhere"),
    (27, "Destination out of order"),
    (28, "Invalid number format"),
    (29, "Facility rejected"),
    (30, "Response to status inquiry"),
    (31, "Normal unspecified"),
    (34, "Normal circuit congestion"),
    (38, "Network out of order"),
    (41, "Normal temporary failure"),
    (42, "Switch congestion"),
    (43, "Access info discarded"),
    (44, "Requested channel unavailable"),
    (50, "Facility not subscribed"),
    (52, "Outgoing call barred"),
    (54, "Incoming call barred"),
    (57, "Bearer capability not authorized"),
    (58, "Bearer capability not available"),
    (65, "Bearer capability not implemented"),
    (66, "Channel not implemented"),
    (69, "Facility not implemented"),
    (81, "Invalid call reference"),
    (88, "Incompatible destination"),
    (95, "Invalid message unspecified"),
    (96, "Mandatory IE missing"),
    (97, "Message type nonexistent"),
    (98, "Wrong message"),
    (99, "IE nonexistent"),
    (100, "Invalid IE contents"),
    (101, "Wrong call state"),
    (102, "Recovery on timer expire"),
    (103, "Mandatory IE length error"),
    (111, "Protocol error"),
    (127, "Interworking"),
];

/// What an information element holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    /// As wide as its field.
    Integer,
    /// A codec in four octets.
    Format,
    /// One bit a codec.
    Codecs,
    /// A version, and what the element of the same name holds in eight octets.
    Wide,
    Octets,
    /// Present or not.
    Flag,
    /// `struct sockaddr_in` as the sender has it in its memory.
    Address,
    /// Local time in the bits of an MS-DOS time (8.6.29).
    Time,
}

/// The information elements: number, its name in the element's head where the field has another one, field, shape.
const ELEMENTS: &[(u8, Option<&str>, FieldId, Shape)] = &[
    (1, None, CALLED_NUMBER, Shape::Text),
    (2, None, CALLING_NUMBER, Shape::Text),
    (3, None, CALLING_ANI, Shape::Text),
    (4, None, CALLING_NAME, Shape::Text),
    (5, None, CALLED_CONTEXT, Shape::Text),
    (6, None, USERNAME, Shape::Text),
    (7, None, PASSWORD, Shape::Text),
    (8, None, CAPABILITY, Shape::Codecs),
    (9, None, FORMAT, Shape::Format),
    (10, None, LANGUAGE, Shape::Text),
    (11, None, PROTOCOL_VERSION, Shape::Integer),
    (12, None, CPE_ADSI, Shape::Integer),
    (13, None, DNID, Shape::Text),
    (14, None, AUTH_METHODS, Shape::Integer),
    (15, None, AUTH_CHALLENGE, Shape::Text),
    (16, None, AUTH_MD5, Shape::Text),
    (17, None, AUTH_RSA, Shape::Text),
    (18, Some("Apparent address of peer"), SINADDR, Shape::Address),
    (19, None, REFRESH, Shape::Integer),
    (20, None, DIALPLAN_STATUS, Shape::Integer),
    (21, None, CALL_NO, Shape::Integer),
    (22, None, CAUSE, Shape::Text),
    (23, None, IAX_UNKNOWN, Shape::Octets),
    (24, None, MSG_COUNT, Shape::Integer),
    (25, None, AUTOANSWER, Shape::Flag),
    (26, None, MOH, Shape::Flag),
    (27, None, TRANSFERID, Shape::Integer),
    (28, None, RDNIS, Shape::Text),
    (29, None, PROVISIONING, Shape::Text),
    (30, None, AESPROVISIONING, Shape::Text),
    (31, None, DATETIME, Shape::Time),
    (32, None, DEVICETYPE, Shape::Text),
    (33, Some("Service Identifier"), SERVICEIDENT, Shape::Text),
    (34, Some("Firmware revision"), FIRMWAREVER, Shape::Integer),
    (35, None, FWBLOCKDESC, Shape::Integer),
    (36, None, FWBLOCKDATA, Shape::Text),
    (37, None, PROVVER, Shape::Integer),
    (38, None, CALLINGPRES, Shape::Integer),
    (39, None, CALLINGTON, Shape::Integer),
    (40, None, CALLINGTNS, Shape::Integer),
    (41, None, SAMPLINGRATE, Shape::Integer),
    (42, None, CAUSECODE, Shape::Integer),
    (43, None, ENCRYPTION, Shape::Integer),
    (44, None, ENCKEY, Shape::Text),
    (45, Some("Codec preferences"), CODECPREFS, Shape::Text),
    (46, None, RRJITTER, Shape::Integer),
    (47, None, RRLOSS, Shape::Integer),
    (48, None, RRPKTS, Shape::Integer),
    (49, None, RRDELAY, Shape::Integer),
    (50, None, RRDROPPED, Shape::Integer),
    (51, None, RROOO, Shape::Integer),
    (55, None, CAPABILITY2, Shape::Wide),
    (56, None, FORMAT2, Shape::Wide),
];

fn element_name(id: u64) -> Option<std::borrow::Cow<'static, str>> {
    let row = ELEMENTS.iter().find(|row| u64::from(row.0) == id);
    Some(row.map_or("Unknown", |row| row.1.unwrap_or(registry::field(row.2).label)).into())
}

/// The bits of a capability, in the order of the tree.
const CAPABILITIES: &[FieldId] = &[
    CAP_G723_1,
    CAP_GSM,
    CAP_ULAW,
    CAP_ALAW,
    CAP_G726_AAL2,
    CAP_ADPCM,
    CAP_SLINEAR,
    CAP_LPC10,
    CAP_G729A,
    CAP_SPEEX,
    CAP_ILBC,
    CAP_G726,
    CAP_G722,
    CAP_SIREN7,
    CAP_SIREN14,
    CAP_SLINEAR16,
    CAP_JPEG,
    CAP_PNG,
    CAP_H261,
    CAP_H263,
    CAP_H263_PLUS,
    CAP_H264,
    CAP_MPEG4,
    CAP_VP8,
    CAP_T140_RED,
    CAP_T140,
    CAP_G719,
    CAP_SPEEX16,
    CAP_OPUS,
    CAP_TESTLAW,
];

const FULL_HEADER_LEN: usize = 12;
/// How many ends of calls are remembered. At 100 octets each they take at most 10 MB.
pub const MAX_CIRCUITS: usize = 100_000;
/// How many calls of one trunk packet are told apart.
pub const MAX_TRUNK_CALLS: usize = 256;
/// How many information elements of a frame are shown; 255 kinds are there.
pub const MAX_ELEMENTS: usize = 255;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: samples::SAMPLE }],
    ..Protocol::new(ProtoId::Iax2, "IAX2", &[Binding::UdpPort(4569)], dissect)
};

/// What the first pass knows of the calls: one row an end, which its address, port and call number tell from others.
pub(crate) struct Calls {
    circuits: Conversations<Circuit>,
    begun: u32,
}

impl Default for Calls {
    fn default() -> Self {
        Self { circuits: Conversations::new(MAX_CIRCUITS), begun: 0 }
    }
}

#[derive(Clone, Copy, Default)]
struct Circuit {
    id: u32,
    /// The number of the call that it is an end of, and when that began.
    call: Option<(u32, i64)>,
    voice: u64,
    video: u64,
    /// The timestamp of its last full frame.
    timestamp: u32,
}

/// What earlier frames say of one.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Known {
    /// The call's number and when it began.
    call: Option<(u32, i64)>,
    /// The codec and the last timestamp of the direction's full frames.
    codec: u64,
    timestamp: u32,
}

impl Calls {
    fn end(&mut self, address: Address, port: u16, call: u16) -> &mut Circuit {
        let begun = &mut self.begun;
        let key = Endpoints {
            src: address,
            src_port: port,
            dst_port: call,
            transport: Transport::Udp,
            ..Endpoints::default()
        };
        self.circuits.get_or_insert_with(key, || {
            *begun = begun.wrapping_add(1);
            Circuit { id: *begun, ..Circuit::default() }
        })
    }

    /// Learns from a full frame.
    fn full(&mut self, endpoints: Endpoints, time: i64, header: &Header) -> Known {
        let mut call = self.end(endpoints.src, endpoints.src_port, header.src_call).call;
        if header.dst_call == 0 {
            if header.kind == IAX && u64::from(header.subclass) == NEW {
                let id = self.end(endpoints.src, endpoints.src_port, header.src_call).id;
                call = Some((id, time.saturating_sub(MILLISECOND)));
            }
        } else {
            let there = self.end(endpoints.dst, endpoints.dst_port, header.dst_call);
            call = call.or(there.call);
            there.call = call;
        }
        let here = self.end(endpoints.src, endpoints.src_port, header.src_call);
        here.call = call;
        here.timestamp = header.timestamp;
        match header.kind {
            VOICE => here.voice = codec(header.subclass),
            VIDEO => here.video = codec(header.subclass & !0x40),
            _ => {}
        }
        Known { call, codec: 0, timestamp: header.timestamp }
    }

    /// What is known of the end that a mini frame comes from.
    fn mini(&mut self, endpoints: Endpoints, call: u16, is_video: bool) -> Known {
        let here = *self.end(endpoints.src, endpoints.src_port, call);
        let codec = if is_video { here.video } else { here.voice };
        Known { call: here.call, codec, timestamp: here.timestamp }
    }
}

struct Header {
    src_call: u16,
    dst_call: u16,
    timestamp: u32,
    kind: u8,
    subclass: u8,
}

const MILLISECOND: i64 = 1_000_000;

/// RFC 5456, 8.1.1: a subclass is its own value or, with the first bit set, a power of two.
fn codec(subclass: u8) -> u64 {
    match subclass {
        0xff => 0,
        0..0x80 => subclass.into(),
        _ => 1u64.checked_shl((subclass & 0x1f).into()).unwrap_or(0),
    }
}

/// A codec's name in the Info column; before any full frame the first one stands there.
fn codec_name(codec: u64) -> std::borrow::Cow<'static, str> {
    Names::Values(CODECS).of(codec.max(1)).unwrap_or_else(|| format!("unknown (0x{codec:02x})").into())
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IAX2");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let first = tvb.u16(0)?;
    let kind = if first & 0x8000 != 0 {
        FULL
    } else if first != 0 {
        MINI_VOICE
    } else if tvb.u16(2)? & 0x8000 != 0 {
        MINI_VIDEO
    } else {
        TRUNK
    };
    d.open(PACKET_TYPE, tvb, if kind == MINI_VIDEO { 2 } else { 0 }, 2, Value::Uint(kind));
    let payload = match kind {
        FULL => full(d, tvb)?,
        TRUNK => trunk(d, tvb)?,
        _ => mini(d, tvb, kind == MINI_VIDEO)?,
    };
    d.close();
    if let Some(at) = payload
        && at < tvb.reported()
    {
        d.bytes(PAYLOAD_DATA, tvb, at, tvb.len().saturating_sub(at));
        d.close();
        let info = tvb.from(at);
        d.call(ProtoId::Data, info);
    } else {
        d.close();
    }
    Ok(())
}

/// Shows what other frames say of this one, and its timestamp.
fn times<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: &Known, timestamp: u32, at: usize, width: usize) {
    if let Some((call, _)) = known.call {
        d.generated(CALL, tvb, 0, 4, Value::Uint(call.into()));
    }
    let item = d.add(TIMESTAMP, tvb, at, width, Value::Uint(timestamp.into()));
    if let Some((_, start)) = known.call {
        let due = start.saturating_add(i64::from(timestamp).saturating_mul(MILLISECOND));
        d.generated(ABSTIME, tvb, 0, 0, Value::Time(due));
        let late = d.packet.time.saturating_sub(due);
        d.generated(LATENESS, tvb, 0, 0, Value::Time(late));
    } else if width == 2 {
        d.text(item, || format!("Timestamp: {timestamp}"));
    }
}

fn known(d: &Dissector<'_>) -> Known {
    d.peek_fact(|fact| match fact {
        Fact::Iax2(known) => Some(**known),
        _ => None,
    })
    .unwrap_or_default()
}

/// Shows a full frame; answers where the media in it begin.
fn full<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Option<usize>, Stop> {
    let header = Header {
        src_call: tvb.u16(0)? & 0x7fff,
        dst_call: tvb.u16(2)? & 0x7fff,
        timestamp: tvb.u32(4)?,
        kind: tvb.u8(10)?,
        subclass: tvb.u8(11)?,
    };
    let (endpoints, time) = (d.endpoints, d.packet.time);
    if let Some(flows) = d.flows() {
        let known = flows.iax2.full(endpoints, time, &header);
        d.record(Fact::Iax2(Box::new(known)));
    }
    let known = known(d);
    let (src, dst) = (tvb.u16(0)?, tvb.u16(2)?);
    d.bits(SRC_CALL, tvb, 0, 2, src.into());
    d.bits(DST_CALL, tvb, 2, 2, dst.into());
    d.flag(RETRANSMISSION, tvb, 2, 2, dst.into());
    times(d, tvb, &known, header.timestamp, 4, 4);
    d.uint(OSEQNO, tvb, 8, 1)?;
    d.uint(ISEQNO, tvb, 9, 1)?;
    d.open(TYPE, tvb, 10, 1, Value::Uint(header.kind.into()));
    let kind_name = Names::Values(TYPES).of(header.kind.into());
    d.set_info(|| {
        let kind = kind_name.unwrap_or_else(|| format!("Unknown (0x{:02x})", header.kind).into());
        format!("{kind}, source call# {}, timestamp {}ms", header.src_call, header.timestamp)
    });
    let media = subclass(d, tvb, &header)?;
    d.close();
    Ok(media.then_some(FULL_HEADER_LEN))
}

/// Shows the subclass and what belongs to it; says whether media follow.
fn subclass<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header) -> Result<bool, Stop> {
    let value = u64::from(header.subclass);
    let rest = tvb.reported().saturating_sub(FULL_HEADER_LEN);
    let named = |names: &'static [(u64, &str)]| {
        let name = Names::Values(names).of(value);
        move || format!(" {}", name.unwrap_or_else(|| format!("unknown (0x{value:02x})").into()))
    };
    match header.kind {
        IAX => {
            d.open(IAX_SUBCLASS, tvb, 11, 1, Value::Uint(value));
            d.append_info(named(COMMANDS));
            elements(d, tvb)?;
            d.close();
        }
        DTMF_BEGIN | DTMF_END => {
            d.string(DTMF_SUBCLASS, tvb, 11, 1);
            d.append_info(|| format!(" digit {}", char::from(header.subclass)));
        }
        CONTROL => {
            d.add(CONTROL_SUBCLASS, tvb, 11, 1, Value::Uint(value));
            d.append_info(named(CONTROLS));
        }
        VOICE => {
            d.add(VOICE_SUBCLASS, tvb, 11, 1, Value::Uint(value));
            let codec = codec(header.subclass);
            d.add(VOICE_CODEC, tvb, 11, 1, Value::Uint(codec));
            d.append_info(|| format!(", {}", codec_name(codec)));
            return Ok(true);
        }
        VIDEO => {
            d.add(VIDEO_SUBCLASS, tvb, 11, 1, Value::Uint(value & 0xbf));
            d.flag(VIDEO_MARKER, tvb, 11, 1, value);
            let codec = codec(header.subclass & !0x40);
            d.add(VIDEO_CODEC, tvb, 11, 1, Value::Uint(codec));
            d.append_info(|| format!(", {}", codec_name(codec)));
            if value & 0x40 != 0 {
                d.append_info(|| ", Mark".to_owned());
            }
            return Ok(true);
        }
        MODEM => {
            d.add(MODEM_SUBCLASS, tvb, 11, 1, Value::Uint(value));
            d.append_info(named(MODEMS));
        }
        TEXT_FRAME => {
            d.add(TEXT_SUBCLASS, tvb, 11, 1, Value::Uint(value));
            d.string(TEXT, tvb, FULL_HEADER_LEN, rest);
        }
        HTML_FRAME => {
            d.add(HTML_SUBCLASS, tvb, 11, 1, Value::Uint(value));
            if value == URL {
                d.string(HTML_URL, tvb, FULL_HEADER_LEN, rest);
            }
        }
        _ => {
            d.add(SUBCLASS, tvb, 11, 1, Value::Uint(value));
            d.append_info(|| format!(" subclass {value}"));
        }
    }
    Ok(false)
}

fn elements<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = FULL_HEADER_LEN;
    for _ in 0..MAX_ELEMENTS {
        if at >= tvb.reported() {
            break;
        }
        let (id, len) = (tvb.u8(at)?, usize::from(tvb.u8(at + 1)?));
        element(d, tvb, at, id, len)?;
        at += 2 + len;
    }
    Ok(())
}

fn element<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, id: u8, len: usize) -> Parsed {
    let body = at + 2;
    tvb.slice(body, len)?;
    let unknown = match len {
        1 => (UNKNOWNBYTE, Shape::Integer),
        2 => (UNKNOWNSHORT, Shape::Integer),
        4 => (UNKNOWNLONG, Shape::Integer),
        _ => (UNKNOWNSTRING, Shape::Text),
    };
    let row = ELEMENTS.iter().find(|row| row.0 == id);
    let (field, shape) = row.map_or(unknown, |row| (row.2, row.3));
    let definition = registry::field(field);
    let width = match shape {
        Shape::Integer => usize::from(definition.ftype.width()),
        Shape::Format | Shape::Codecs | Shape::Time => 4,
        Shape::Wide => 9,
        Shape::Address => 16,
        Shape::Text | Shape::Octets => len,
        Shape::Flag => 0,
    };
    let head = d.open_text(tvb, at, 2 + len, || "Information Element".to_owned());
    d.add(IE_ID, tvb, at, 1, Value::Uint(id.into()));
    d.add(LENGTH, tvb, at + 1, 1, Value::Uint(len as u64));
    if len != width {
        d.expert(INVALID_LEN, tvb, body, len);
        d.close();
        return Ok(());
    }
    let number = if len <= 8 { tvb.uint(body, len)? } else { 0 };
    let mut shown = String::new();
    match shape {
        Shape::Text => {
            d.string(field, tvb, body, len);
            if d.wants_tree() {
                shown = format!("{}: {}", definition.label, String::from_utf8_lossy(tvb.slice(body, len)?));
            }
        }
        Shape::Integer => {
            let is_signed = definition.ftype == FieldType::Int16;
            let value = if is_signed { Value::Int((number as i16).into()) } else { Value::Uint(number) };
            d.add(field, tvb, body, len, value);
            shown = match definition.names.of(number) {
                Some(name) => format!("{}: {name} (0x{number:02x})", definition.label),
                None if is_signed => format!("{}: {}", definition.label, number as i16),
                None if definition.base == crate::field::Base::Dec => format!("{}: {number}", definition.label),
                None if row.is_none() => format!("{}: {number:#x}", definition.label),
                None => format!("{}: 0x{number:0digits$x}", definition.label, digits = len * 2),
            };
        }
        Shape::Format => shown = format_element(d, tvb, field, body, number, 4),
        Shape::Codecs => shown = codecs(d, tvb, field, body, number, 4),
        Shape::Wide => {
            d.uint(VERSION, tvb, body, 1)?;
            let value = tvb.u64(body + 1)?;
            shown = match field {
                CAPABILITY2 => codecs(d, tvb, field, body + 1, value, 8),
                _ => format_element(d, tvb, field, body + 1, value, 8),
            };
        }
        Shape::Octets => {
            d.bytes(field, tvb, body, len);
            shown = format!("{}: {number:x}", definition.label);
        }
        Shape::Flag => {
            d.add(field, tvb, body, 0, Value::None);
            definition.label.clone_into(&mut shown);
        }
        Shape::Address => {
            "Apparent Address".clone_into(&mut shown);
            d.open_text(tvb, body, len, || "Apparent Address".to_owned());
            d.add(SINFAMILY, tvb, body, 2, Value::Uint(tvb.u16_le(body)?.into()));
            d.uint(SINPORT, tvb, body + 2, 2)?;
            d.add(SINADDR, tvb, body + 4, 4, Value::Ipv4(tvb.array(body + 4)?));
            d.close();
        }
        Shape::Time => {
            d.add(DATETIME_RAW, tvb, body, 4, Value::Uint(number));
            d.add(field, tvb, body, 4, Value::Time(time(number)));
            definition.label.clone_into(&mut shown);
        }
    }
    d.text(head, || format!("Information Element: {shown}"));
    d.close();
    Ok(())
}

fn format_element<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    field: FieldId,
    at: usize,
    codec: u64,
    width: usize,
) -> String {
    d.add(field, tvb, at, width, Value::Uint(codec));
    let name = Names::Values(CODECS).of(codec).unwrap_or("Unknown".into());
    format!("{}: {name} (0x{codec:016x})", registry::field(field).label)
}

/// Shows a set of codecs with each of its bits.
fn codecs<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize, set: u64, width: usize) -> String {
    let item = d.open(field, tvb, at, width, Value::Uint(set));
    let mut text = format!("{}: 0x{set:0digits$x}", registry::field(field).label, digits = width * 2);
    for capability in CAPABILITIES {
        let row = registry::field(*capability);
        if width == 4 && row.mask > u64::from(u32::MAX) {
            continue;
        }
        d.flag(*capability, tvb, at, width, set);
        if set & row.mask != 0 {
            text.push_str(", ");
            text.push_str(row.label);
        }
    }
    d.text(item, || text.clone());
    d.close();
    text
}

/// Nanoseconds since the epoch of a date of seven bits from 2000, four and five, and a time of five, six and five bits.
fn time(bits: u64) -> i64 {
    let field = |at: u32, width: u32| (bits >> at & ((1 << width) - 1)) as i64;
    let (year, month, day) = (2000 + field(25, 7), field(21, 4).clamp(1, 12), field(16, 5).max(1));
    let (hour, minute, second) = (field(11, 5), field(5, 6), field(0, 5) * 2);
    (((calendar::days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000
}

/// Shows a mini frame; answers where its media begin.
fn mini<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_video: bool) -> Result<Option<usize>, Stop> {
    let at = if is_video { 2 } else { 0 };
    let (first, stamp) = (tvb.u16(at)?, tvb.u16(at + 2)?);
    let call = first & 0x7fff;
    let endpoints = d.endpoints;
    if let Some(flows) = d.flows() {
        let known = flows.iax2.mini(endpoints, call, is_video);
        d.record(Fact::Iax2(Box::new(known)));
    }
    let known = known(d);
    d.bits(SRC_CALL, tvb, at, 2, first.into());
    let bits = if is_video { 15 } else { 16 };
    let low = u32::from(stamp) & ((1 << bits) - 1);
    let timestamp = if known.call.is_some() { extend(known.timestamp, low, bits) } else { low };
    times(d, tvb, &known, timestamp, at + 2, 2);
    if is_video {
        d.bits(MINI_MARKER, tvb, 4, 2, stamp.into());
    }
    d.set_info(|| {
        let kind = if is_video { "Mini video packet" } else { "Mini packet" };
        let mark = if is_video && stamp & 0x8000 != 0 { ", Mark" } else { "" };
        format!("{kind}, source call# {call}, timestamp {timestamp}ms, {}{mark}", codec_name(known.codec))
    });
    Ok(Some(at + 4))
}

/// The timestamp that ends in `low` and lies nearest to the last whole one.
fn extend(last: u32, low: u32, bits: u32) -> u32 {
    let span = 1u32 << bits;
    let ahead = low.wrapping_sub(last) & (span - 1);
    if ahead < span / 2 { last.wrapping_add(ahead) } else { last.wrapping_add(ahead).wrapping_sub(span) }
}

/// Shows a trunk: what several calls between the same two hosts have to say.
fn trunk<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Option<usize>, Stop> {
    let (command, flags) = (tvb.u8(2)?, tvb.u8(3)?);
    let has_times = flags & 1 != 0;
    d.bits(TRUNK_METACMD, tvb, 2, 1, command.into());
    let item = d.open(TRUNK_CMDDATA, tvb, 3, 1, Value::Uint(flags.into()));
    if has_times {
        d.append_text(item, || " (trunk timestamps)".to_owned());
    }
    d.flag(TRUNK_CMDDATA_TS, tvb, 3, 1, flags.into());
    d.close();
    d.uint(TIMESTAMP, tvb, 4, 4)?;
    let (mut at, mut frames) = (8, 0);
    let mut calls: Vec<u16> = Vec::new();
    while command & 0x7f == 1 && at < tvb.reported() && frames < MAX_TRUNK_CALLS {
        let (number, len, head) = match has_times {
            true => (at + 2, tvb.u16(at)?, 6),
            false => (at, tvb.u16(at + 2)?, 4),
        };
        let call = tvb.u16(number)?;
        let stamp = if has_times { Some(tvb.u16(at + 4)?) } else { None };
        d.open_text(tvb, at, head + usize::from(len), || match stamp {
            Some(stamp) => format!("Trunk call from {}, ts: {stamp}", call & 0x7fff),
            None => format!("Trunk call from {}", call & 0x7fff),
        });
        if has_times {
            d.add(TRUNK_CALL_LEN, tvb, at, 2, Value::Uint(len.into()));
            d.bits(TRUNK_CALL_SCALLNO, tvb, number, 2, call.into());
            d.uint(TRUNK_CALL_TS, tvb, at + 4, 2)?;
        } else {
            d.bits(TRUNK_CALL_SCALLNO, tvb, number, 2, call.into());
            d.add(TRUNK_CALL_LEN, tvb, at + 2, 2, Value::Uint(len.into()));
        }
        tvb.slice(at + head, len.into())?;
        if len > 0 {
            d.bytes(TRUNK_CALL_PAYLOAD, tvb, at + head, len.into());
        }
        d.close();
        if !calls.contains(&call) {
            calls.push(call);
        }
        frames += 1;
        at += head + usize::from(len);
    }
    d.generated(TRUNK_NCALLS, tvb, 0, 0, Value::Uint(calls.len() as u64));
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    d.set_info(|| {
        let calls = calls.len();
        format!("Trunk packet with {frames} media frame{} for {calls} call{}", plural(frames), plural(calls))
    });
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    fn udp(from: u8, to: u8, payload: &str) -> String {
        let len = payload.len() / 2 + 8;
        format!("4500{:04x}0001000040110000 0a0000{from:02x}0a0000{to:02x} 11d911d9{len:04x}0000 {payload}", len + 20)
    }

    #[test]
    fn a_call_has_one_number_at_both_ends() {
        let new = udp(1, 2, "800100000000000300000601 0b020002");
        let accept = udp(2, 1, "800200010000000500010607 090400000004");
        let voice = udp(1, 2, "80010002000100280102 0204 7f");
        let mini = udp(1, 2, "0001003c7f7f");
        let before = udp(1, 2, "0001fff07f");
        let other = udp(1, 3, "0009003c7f7f");
        let new = new.replace(' ', "");
        let capture = [&*new, &accept.replace(' ', ""), &voice.replace(' ', ""), &mini, &before, &other];
        let shown = frames(101, &capture);
        let calls: Vec<_> = shown.iter().map(|frame| values(frame, "iax2.call")).collect();
        assert_eq!(calls, ["1", "1", "1", "1", "1", ""]);
        assert_eq!(values(&shown[3], "iax2.timestamp"), "65596");
        assert_eq!(values(&shown[4], "iax2.timestamp"), "65520");
        assert_eq!(values(&shown[5], "iax2.timestamp"), "60");
        assert_eq!(values(&shown[0], "iax2.lateness"), "-0.002000000");
    }

    #[test]
    fn an_element_of_another_length_than_its_field_is_noted() {
        let shown = &frames(101, &[&udp(1, 2, "800300000000000300000 60d09020001".replace(' ', "").as_str())])[0];
        assert_eq!(values(shown, "iax2.iax.format"), "");
        assert_eq!(values(shown, "_ws.expert.message"), "Invalid length");
    }

    #[test]
    fn subclasses_are_values_or_powers_of_two() {
        assert_eq!([codec(4), codec(0x82), codec(0x92), codec(0xff)], [4, 4, 1 << 18, 0]);
        assert_eq!(time(0x2a4b_6c8d), 1_613_050_586_000_000_000);
    }

    #[test]
    fn a_trunk_shows_so_many_calls_and_no_more() {
        let calls = "00010000".repeat(MAX_TRUNK_CALLS + 5);
        let shown = &frames(101, &[&udp(1, 2, &format!("00000100000003e8{calls}"))])[0];
        assert_eq!(values(shown, "iax2.trunk.call.len").split(',').count(), MAX_TRUNK_CALLS);
        assert_eq!(values(shown, "iax2.trunk.ncalls"), "1");
    }

    #[test]
    fn a_frame_shows_so_many_elements_and_no_more() {
        let elements = "1900".repeat(MAX_ELEMENTS + 5);
        let shown = &frames(101, &[&udp(1, 2, &format!("800300000000000300000601{elements}"))])[0];
        assert_eq!(values(shown, "iax2.length").split(',').count(), MAX_ELEMENTS);
    }

    #[test]
    fn so_many_ends_are_remembered_and_no_more() {
        let mut calls = Calls { circuits: Conversations::new(3), begun: 0 };
        for number in 1..9 {
            calls.mini(Endpoints::default(), number, false);
        }
        assert_eq!(calls.circuits.len(), 3);
    }
}
