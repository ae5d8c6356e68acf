//! QUIC (RFC 9000, RFC 9369): the headers of packets, and what Initial packets hold, of which the keys are no secret
//! (RFC 9001, 5.2): acknowledgements and the hellos of the TLS handshake. All else is encrypted and left so.
//!
//! The first pass follows connections by their IDs, and the streams of CRYPTO frames. A packet is opened where something
//! that it holds will be looked at.

mod connection;
mod crypto;
mod frame;
mod initial;
#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::output::value::hex;
use crate::proto::tls;
use crate::proto::tls::transport::integer;
use crate::proto::udp;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

pub(crate) use connection::Connections;
pub use crypto::Fate;
pub use initial::Keys;

fields! { Quic, "quic", "QUIC IETF";
    CONNECTION_NUMBER = field("quic.connection.number", "Connection Number", Uint32, Dec);
    PACKET_LENGTH = field("quic.packet_length", "Packet Length", Uint32, Dec);
    HEADER_FORM = field("quic.header_form", "Header Form", Uint8, Dec).mask(0x80).names(Names::Values(&[(0, "Short Header"), (1, "Long Header")]));
    FIXED_BIT = field("quic.fixed_bit", "Fixed Bit", Boolean, None).mask(0x40);
    LONG_PACKET_TYPE = field("quic.long.packet_type", "Packet Type", Uint8, Dec).mask(0x30).names(Names::Values(TYPES));
    LONG_PACKET_TYPE_V2 = field("quic.long.packet_type_v2", "Packet Type", Uint8, Dec).mask(0x30).names(Names::Values(TYPES_V2));
    VERSION = field("quic.version", "Version", Uint32, Hex).names(Names::Ranges(VERSIONS));
    DCIL = field("quic.dcil", "Destination Connection ID Length", Uint8, Dec);
    DCID = field("quic.dcid", "Destination Connection ID", Bytes, None);
    SCIL = field("quic.scil", "Source Connection ID Length", Uint8, Dec);
    SCID = field("quic.scid", "Source Connection ID", Bytes, None);
    TOKEN_LENGTH = field("quic.token_length", "Token Length", Uint64, Dec);
    TOKEN = field("quic.token", "Token", Bytes, None);
    LENGTH = field("quic.length", "Length", Uint64, Dec);
    VN_UNUSED = field("quic.vn.unused", "Unused", Uint8, Hex).mask(0x7f);
    SUPPORTED_VERSION = field("quic.supported_version", "Supported Version", Uint32, Hex).names(Names::Ranges(VERSIONS));
    SHORT = field("quic.short", "QUIC Short Header", None, None);
    SPIN_BIT = field("quic.spin_bit", "Spin Bit", Boolean, None).mask(0x20);
    RETRY_TOKEN = field("quic.retry_token", "Retry Token", Bytes, None);
    RETRY_INTEGRITY_TAG = field("quic.retry_integrity_tag", "Retry Integrity Tag", Bytes, None);
    CONNECTION_UNKNOWN = expert("quic.connection.unknown", "Unknown QUIC connection. Missing Initial Packet or migrated connection?", Note, Protocol);
    COALESCED_PADDING_DATA = expert("quic.coalesced_padding_data", "(Random) padding data appended to the datagram", Note, Protocol);
    // What follows is known only of a packet that was opened, or was to be.
    BAD_RETRY = expert("quic.bad_retry", "Retry Integrity Tag verification failure", Warning, Protocol);
    LONG_RESERVED = field("quic.long.reserved", "Reserved", Uint8, Dec).mask(0x0c);
    PACKET_NUMBER_LENGTH = field("quic.packet_number_length", "Packet Number Length", Uint8, Dec).mask(0x03).names(Names::Values(NUMBER_LENGTHS));
    PACKET_NUMBER = field("quic.packet_number", "Packet Number", Uint64, Dec);
    PAYLOAD = field("quic.payload", "Payload", Bytes, None);
    REMAINING_PAYLOAD = field("quic.remaining_payload", "Remaining Payload", Bytes, None);
    DECRYPTION_FAILED = expert("quic.decryption_failed", "Failed to create decryption context: Secrets are not available", Warning, Decryption);
    FRAME = field("quic.frame", "Frame", None, None);
    FRAME_TYPE = field("quic.frame_type", "Frame Type", Uint64, Hex).names(Names::Ranges(FRAME_TYPES));
    FT_UNKNOWN = expert("quic.ft.unknown", "Unknown Frame Type", Note, Undecoded);
    PADDING_LENGTH = field("quic.padding_length", "Padding Length", Uint32, Dec);
    ACK_LARGEST_ACKNOWLEDGED = field("quic.ack.largest_acknowledged", "Largest Acknowledged", Uint64, Dec);
    ACK_ACK_DELAY = field("quic.ack.ack_delay", "ACK Delay", Uint64, Dec);
    ACK_ACK_RANGE_COUNT = field("quic.ack.ack_range_count", "ACK Range Count", Uint64, Dec);
    ACK_FIRST_ACK_RANGE = field("quic.ack.first_ack_range", "First ACK Range", Uint64, Dec);
    ACK_GAP = field("quic.ack.gap", "Gap", Uint64, Dec);
    ACK_ACK_RANGE = field("quic.ack.ack_range", "ACK Range", Uint64, Dec);
    ACK_ECT0_COUNT = field("quic.ack.ect0_count", "ECT(0) Count", Uint64, Dec);
    ACK_ECT1_COUNT = field("quic.ack.ect1_count", "ECT(1) Count", Uint64, Dec);
    ACK_ECN_CE_COUNT = field("quic.ack.ecn_ce_count", "ECN-CE Count", Uint64, Dec);
    RSTS_STREAM_ID = field("quic.rsts.stream_id", "Stream ID", Uint64, Dec);
    RSTS_APPLICATION_ERROR_CODE = field("quic.rsts.application_error_code", "Application Error code", Uint64, Dec);
    RSTS_FINAL_SIZE = field("quic.rsts.final_size", "Final Size", Uint64, Dec);
    SS_STREAM_ID = field("quic.ss.stream_id", "Stream ID", Uint64, Dec);
    SS_APPLICATION_ERROR_CODE = field("quic.ss.application_error_code", "Application Error code", Uint64, Dec);
    CRYPTO_OFFSET = field("quic.crypto.offset", "Offset", Uint64, Dec);
    CRYPTO_LENGTH = field("quic.crypto.length", "Length", Uint64, Dec);
    CRYPTO_CRYPTO_DATA = field("quic.crypto.crypto_data", "Crypto Data", None, None);
    CRYPTO_FRAGMENT_COUNT = field("quic.crypto.fragment.count", "Fragment count", Uint32, Dec);
    CRYPTO_FRAGMENT = field("quic.crypto.fragment", "QUIC CRYPTO Data Fragment", FrameNum, None);
    CRYPTO_FRAGMENTS = field("quic.crypto.fragments", "Reassembled QUIC CRYPTO Data Fragments", None, None);
    REASSEMBLED_IN = field("quic.reassembled_in", "Reassembled PDU in frame", FrameNum, None).told_later();
    NT_LENGTH = field("quic.nt.length", "(Token) Length", Uint64, Dec);
    NT_TOKEN = field("quic.nt.token", "Token", Bytes, None);
    STREAM_FIN = field("quic.stream.fin", "Fin", Boolean, None).mask(1);
    STREAM_LEN = field("quic.stream.len", "Len(gth)", Boolean, None).mask(2);
    STREAM_OFF = field("quic.stream.off", "Off(set)", Boolean, None).mask(4);
    STREAM_STREAM_ID = field("quic.stream.stream_id", "Stream ID", Uint64, Dec);
    STREAM_INITIATOR = field("quic.stream.initiator", "Stream initiator", Uint64, Dec).mask(1).names(Names::Values(&[(0, "Client-initiated"), (1, "Server-initiated")]));
    STREAM_DIRECTION = field("quic.stream.direction", "Stream direction", Uint64, Dec).mask(2).names(Names::Values(&[(0, "Bidirectional"), (1, "Unidirectional")]));
    STREAM_OFFSET = field("quic.stream.offset", "Offset", Uint64, Dec);
    STREAM_LENGTH = field("quic.stream.length", "Length", Uint64, Dec);
    STREAM_DATA = field("quic.stream_data", "Stream Data", Bytes, None);
    MD_MAXIMUM_DATA = field("quic.md.maximum_data", "Maximum Data", Uint64, Dec);
    MSD_STREAM_ID = field("quic.msd.stream_id", "Stream ID", Uint64, Dec);
    MSD_MAXIMUM_STREAM_DATA = field("quic.msd.maximum_stream_data", "Maximum Stream Data", Uint64, Dec);
    MS_MAX_STREAMS = field("quic.ms.max_streams", "Max Streams", Uint64, Dec);
    SB_STREAM_DATA_LIMIT = field("quic.sb.stream_data_limit", "Stream Data Limit", Uint64, Dec);
    SDB_STREAM_ID = field("quic.sdb.stream_id", "Stream ID", Uint64, Dec);
    SIB_STREAM_LIMIT = field("quic.sib.stream_limit", "Stream Limit", Uint64, Dec);
    NCI_RETIRE_PRIOR_TO = field("quic.nci.retire_prior_to", "Retire Prior To", Uint64, Dec);
    NCI_SEQUENCE = field("quic.nci.sequence", "Sequence", Uint64, Dec);
    NCI_CONNECTION_ID_LENGTH = field("quic.nci.connection_id.length", "Connection ID Length", Uint8, Dec);
    NCI_CONNECTION_ID = field("quic.nci.connection_id", "Connection ID", Bytes, None);
    NCI_STATELESS_RESET_TOKEN = field("quic.nci.stateless_reset_token", "Stateless Reset Token", Bytes, None);
    RCI_SEQUENCE = field("quic.rci.sequence", "Sequence", Uint64, Dec);
    PATH_CHALLENGE_DATA = field("quic.path_challenge.data", "Data", Bytes, None);
    PATH_RESPONSE_DATA = field("quic.path_response.data", "Data", Bytes, None);
    CC_ERROR_CODE = field("quic.cc.error_code", "Error code", Uint64, Dec).names(Names::Ranges(ERRORS));
    CC_ERROR_CODE_APP = field("quic.cc.error_code.app", "Application Error code", Uint64, Dec);
    CC_ERROR_CODE_TLS_ALERT = field("quic.cc.error_code.tls_alert", "TLS Alert Description", Uint8, Dec).names(Names::Values(tls::names::ALERTS));
    CC_FRAME_TYPE = field("quic.cc.frame_type", "Frame Type", Uint64, Dec);
    CC_REASON_PHRASE_LENGTH = field("quic.cc.reason_phrase.length", "Reason phrase Length", Uint64, Dec);
    CC_REASON_PHRASE = field("quic.cc.reason_phrase", "Reason phrase", String, None);
    DG_LENGTH = field("quic.dg.length", "Datagram Length", Uint64, Dec);
    DG = field("quic.dg", "Datagram", Bytes, None);
    AF_SEQUENCE_NUMBER = field("quic.af.sequence_number", "Sequence Number", Uint64, Dec);
    AF_ACK_ELICITING_THRESHOLD = field("quic.af.ack_eliciting_threshold", "Ack-Eliciting Threshold", Uint64, Dec);
    AF_REQUEST_MAX_ACK_DELAY = field("quic.af.request_max_ack_delay", "Request Max Ack Delay", Uint64, Dec);
    AF_LAST_BYTE = field("quic.af.last_byte", "Last Byte", Uint8, Hex);
    AF_RESERVED = field("quic.af.reserved", "Reserved", Uint8, Dec).mask(0xfc);
    AF_IGNORE_CE = field("quic.af.ignore_ce", "Ignore CE", Boolean, None).mask(1);
    AF_IGNORE_ORDER = field("quic.af.ignore_order", "Ignore Order", Boolean, None).mask(2);
    TS = field("quic.ts", "Time Stamp", Uint64, Dec);
    RETRANSMISSION = expert("quic.retransmission", "This QUIC frame has a reused stream offset (retransmission?)", Note, Sequence);
    OVERLAP = expert("quic.overlap", "This QUIC frame overlaps a previous frame in the stream", Note, Sequence);
}

const TYPES: &[(u64, &str)] = &[(0, "Initial"), (1, "0-RTT"), (2, "Handshake"), (3, "Retry")];
/// RFC 9369, 3.2.
const TYPES_V2: &[(u64, &str)] = &[(0, "Retry"), (1, "Initial"), (2, "0-RTT"), (3, "Handshake")];
const NUMBER_LENGTHS: &[(u64, &str)] = &[(0, "1 bytes"), (1, "2 bytes"), (2, "3 bytes"), (3, "4 bytes")];

const VERSION_2: u32 = 0x6b33_43cf;
/// Google's with the headers of the IETF's: their frames are those of the versions before, but for CRYPTO.
const Q050: u32 = 0x5130_3530;
const T050: u32 = 0x5430_3530;
const T051: u32 = 0x5430_3531;
/// IANA, "QUIC Versions", and those that were in use before RFC 9000.
const VERSIONS: &[(u64, u64, &str)] = &[
    (0, 0, "Version Negotiation"),
    (1, 1, "1"),
    (0x4547_4700, 0x4547_47ff, "Quant"),
    (0x5043_5130, 0x5043_5131, "Picoquic internal"),
    (0x5052_4f58, 0x5052_4f58, "Proxied QUIC (PROX)"),
    (0x5130_3433, 0x5130_3433, "Google Q043"),
    (0x5130_3434, 0x5130_3434, "Google Q044"),
    (0x5130_3436, 0x5130_3436, "Google Q046"),
    (0x5130_3530, 0x5130_3530, "Google Q050"),
    (0x5147_4f00, 0x5147_4fff, "QGO (QUIC GO)"),
    (0x5430_3530, 0x5430_3530, "Google T050"),
    (0x5430_3531, 0x5430_3531, "Google T051"),
    (0x6b33_43cf, 0x6b33_43cf, "2"),
    (0x709a_50c4, 0x709a_50c4, "v2-draft-01"),
    (0x91c1_7000, 0x91c1_70ff, "Quicly"),
    (0xabcd_0000, 0xabcd_000f, "MsQuic"),
    (0xf0f0_f0f0, 0xf0f0_f0ff, "ETH Zürich (Measurability experiments)"),
    (0xf0f0_f1f0, 0xf0f0_f1ff, "Telecom Italia (Measurability experiments)"),
    (0xf123_f0c0, 0xf123_f0cf, "MozQuic"),
    (0xface_b001, 0xface_b001, "Facebook mvfst (draft-22)"),
    (0xface_b002, 0xface_b002, "Facebook mvfst (draft-27)"),
    (0xface_b00e, 0xface_b00e, "Facebook mvfst (Experimental)"),
    (0xface_b003, 0xface_b00f, "Facebook mvfst"),
    (0xff00_0004, 0xff00_0004, "draft-04"),
    (0xff00_0005, 0xff00_0005, "draft-05"),
    (0xff00_0006, 0xff00_0006, "draft-06"),
    (0xff00_0007, 0xff00_0007, "draft-07"),
    (0xff00_0008, 0xff00_0008, "draft-08"),
    (0xff00_0009, 0xff00_0009, "draft-09"),
    (0xff00_000a, 0xff00_000a, "draft-10"),
    (0xff00_000b, 0xff00_000b, "draft-11"),
    (0xff00_000c, 0xff00_000c, "draft-12"),
    (0xff00_000d, 0xff00_000d, "draft-13"),
    (0xff00_000e, 0xff00_000e, "draft-14"),
    (0xff00_000f, 0xff00_000f, "draft-15"),
    (0xff00_0010, 0xff00_0010, "draft-16"),
    (0xff00_0011, 0xff00_0011, "draft-17"),
    (0xff00_0012, 0xff00_0012, "draft-18"),
    (0xff00_0013, 0xff00_0013, "draft-19"),
    (0xff00_0014, 0xff00_0014, "draft-20"),
    (0xff00_0015, 0xff00_0015, "draft-21"),
    (0xff00_0016, 0xff00_0016, "draft-22"),
    (0xff00_0017, 0xff00_0017, "draft-23"),
    (0xff00_0018, 0xff00_0018, "draft-24"),
    (0xff00_0019, 0xff00_0019, "draft-25"),
    (0xff00_001a, 0xff00_001a, "draft-26"),
    (0xff00_001b, 0xff00_001b, "draft-27"),
    (0xff00_001c, 0xff00_001c, "draft-28"),
    (0xff00_001d, 0xff00_001d, "draft-29"),
    (0xff00_001e, 0xff00_001e, "draft-30"),
    (0xff00_001f, 0xff00_001f, "draft-31"),
    (0xff00_0020, 0xff00_0020, "draft-32"),
    (0xff00_0021, 0xff00_0021, "draft-33"),
    (0xff00_0022, 0xff00_0022, "draft-34"),
    (0xff02_0000, 0xff02_0000, "v2-draft-00"),
];

/// RFC 9000, 19, RFC 9221, and drafts.
const FRAME_TYPES: &[(u64, u64, &str)] = &[
    (0x00, 0x00, "PADDING"),
    (0x01, 0x01, "PING"),
    (0x02, 0x03, "ACK"),
    (0x04, 0x04, "RESET_STREAM"),
    (0x05, 0x05, "STOP_SENDING"),
    (0x06, 0x06, "CRYPTO"),
    (0x07, 0x07, "NEW_TOKEN"),
    (0x08, 0x0f, "STREAM"),
    (0x10, 0x10, "MAX_DATA"),
    (0x11, 0x11, "MAX_STREAM_DATA"),
    (0x12, 0x12, "MAX_STREAMS (BIDI)"),
    (0x13, 0x13, "MAX_STREAMS (UNI)"),
    (0x14, 0x14, "DATA_BLOCKED"),
    (0x15, 0x15, "STREAM_DATA_BLOCKED"),
    (0x16, 0x16, "STREAMS_BLOCKED (BIDI)"),
    (0x17, 0x17, "STREAMS_BLOCKED (UNI)"),
    (0x18, 0x18, "NEW_CONNECTION_ID"),
    (0x19, 0x19, "RETIRE_CONNECTION_ID"),
    (0x1a, 0x1a, "PATH_CHALLENGE"),
    (0x1b, 0x1b, "PATH_RESPONSE"),
    (0x1c, 0x1c, "CONNECTION_CLOSE (Transport)"),
    (0x1d, 0x1d, "CONNECTION_CLOSE (Application)"),
    (0x1e, 0x1e, "HANDSHAKE_DONE"),
    (0x30, 0x31, "DATAGRAM"),
    (0xac, 0xac, "IMMEDIATE_ACK"),
    (0xaf, 0xaf, "ACK_FREQUENCY"),
    (0x2f5, 0x2f5, "TIME_STAMP"),
];

/// RFC 9000, 20.1, and RFC 9368.
const ERRORS: &[(u64, u64, &str)] = &[
    (0, 0, "NO_ERROR"),
    (1, 1, "INTERNAL_ERROR"),
    (2, 2, "CONNECTION_REFUSED"),
    (3, 3, "FLOW_CONTROL_ERROR"),
    (4, 4, "STREAM_ID_ERROR"),
    (5, 5, "STREAM_STATE_ERROR"),
    (6, 6, "FINAL_SIZE_ERROR"),
    (7, 7, "FRAME_ENCODING_ERROR"),
    (8, 8, "TRANSPORT_PARAMETER_ERROR"),
    (9, 9, "CONNECTION_ID_LIMIT_ERROR"),
    (10, 10, "PROTOCOL_VIOLATION"),
    (11, 11, "INVALID_TOKEN"),
    (12, 12, "APPLICATION_ERROR"),
    (13, 13, "CRYPTO_BUFFER_EXCEEDED"),
    (14, 14, "KEY_UPDATE_ERROR"),
    (15, 15, "AEAD_LIMIT_REACHED"),
    (16, 16, "NO_VIABLE_PATH"),
    (17, 17, "VERSION_NEGOTIATION_ERROR"),
    (0x100, 0x1ff, "CRYPTO_ERROR"),
];

/// The longest connection ID of these versions (RFC 9000, 17.2).
const MAX_ID: usize = 20;
/// How many packets of one datagram are looked at.
const MAX_PACKETS: usize = 64;

type Id = SmallVec<[u8; MAX_ID]>;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Tls, ProtoId::Gquic],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Quic, "QUIC", &[Binding::UdpHeuristic(is_one)], dissect)
};

/// A connection with every frame, pieces of a hello that come late, a message that does not fit, and other packets.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "450000cf00010000401100000a0000010a000002138801bb00bb0000c900000001088394c8f03e515708044343434305 \
     746f6b656e40988446b451599b7ca358c0a51dc794da2591704242acf9024549e324ed3cc87452e65e27b63c1659250b \
     2e4527fb13e5e574e9023cd731e3b476a8ddd0825047714bcb3d2b949c03a5bd6d438e78da36be45acb632f39dec8855 \
     6514dd2c12a03702a4e201fa7118714957f7967b35483f9bfe874eaaadf420a8e021ac63ed351e759c73819618ff142b \
     969663be79657680f8b28f355f9f20",
    "450000cc00010000401100000a0000020a00000101bb138800b80000c10000000104434343430453535353004079a3ab \
     393cb01a5da892f00859dcfa6d39b828bdd74a773b69c9777e69d4a4d037c6667cbea1000018b94841bb2f44bf9f26dc \
     7908d2a855b6c56d594b9c3d89de3e8b055c174cc4a349844b978fa4853e9acb1d8ae3b951b093db05382c837bfbe1ef \
     219641e51533774136df004be70ae12fd61f56f9339944e0000000010443434343045353535340146868686868686868 \
     686868686868686868686868",
    "450000ab00010000401100000a0000010a000002138801bb00970000ca000000010453535353044343434300407d776e \
     3ba9bf0283c7c9e2a9f3cf3c78e7260205e99be3b6710c83f22141e24b00fa2fdadcfa4f50d9e9ef53706005dbac134d \
     5d929dc6884210264caf0ca3964a5f98efea7d1f92d64bd07876d60602547a7efcdb08794968c6813ed516aa41052c04 \
     34f480cc8db2355b29c6b13e08046b831652c38540b960301278c2",
    "4500005a00010000401100000a0000010a000002138801bb00460000c7000000010453535353044343434300402cc8d1 \
     b1807dd668e056ec406be84d35acb68a68f57c8aab52c19005d07265ad48c6e87c2792e9da711019210b",
    "4500004500010000401100000a0000010a000002138801bb00310000ca00000001045353535304434343430040173f1a \
     bd0ffc18ed4c21d60569d4b34cb3b718b2caf25fdc",
    "4500004700010000401100000a0000010a000002138801bb00330000ce0000000104535353530443434343004014bf22 \
     15edd07c0cd9a41b398cb84e0efd7ea0d2df0000000000",
    "4500004200010000401100000a0000010a000002138801bb002e0000c400000001045353535304434343430040146a02 \
     6619b456fe545459dbb1fa4b003969834005",
    "4500003500010000401100000a0000010a000002138801bb002100004053535353707070707070707070707070707070 \
     7070707070",
    "4500003500010000401100000a0000010a000002138801bb002100004058585858707070707070707070707070707070 \
     7070707070",
    "4500004000010000401100000a0000020a00000101bb1388002c0000f00000000104434343430452525252746f6b656e \
     00000000000000000000000000000000",
    "4500003700010000401100000a0000020a00000101bb13880023000080000000000443434343088394c8f03e51570800 \
     0000011a2a3a4a",
    "4500004600010000401100000a0000010a000002138901bb00320000d46b3343cf084545454545454545044343434300 \
     4014c59598350c8318c396ccdbc68353d860320e9049",
];

/// Whether a version is one that is read, or one that asks for the others (RFC 9000, 15).
fn is_version(version: u32) -> bool {
    matches!(
        version,
        0 | 1 | VERSION_2 | 0xff00_000b
            ..=0xff00_0022 | 0xface_b001 | 0xface_b002 | 0xface_b00e | 0x5130_3530 | 0x5430_3530 | 0x5430_3531
    ) || is_greased(version)
}

/// Whether a version is there only so that others are asked for (RFC 9000, 15).
fn is_greased(version: u32) -> bool {
    version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// Whether octets begin with a long header, or with a short one of a connection that changed its ports.
fn is_one<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let [first @ 0x80..=0xff, a, b, c, e, dcil, ..] = *tvb.bytes() else {
        let [0x40..=0x7f, id @ ..] = tvb.bytes() else {
            return false;
        };
        // The first pass knows it by its ID, the second one by what the first one found.
        let is_known = |fact: &Fact| matches!(fact, Fact::Quic { packet, .. } if packet.is_known).then_some(());
        return d.peek_flows().is_some_and(|flows| flows.quic.is_moved(id)) || d.peek_fact(is_known).is_some();
    };
    let version = u32::from_be_bytes([a, b, c, e]);
    let scil = tvb.bytes().get(6 + usize::from(dcil)).copied();
    let fits = usize::from(dcil) <= MAX_ID && scil.is_some_and(|scil| usize::from(scil) <= MAX_ID);
    fits && is_version(version) && (version == 0 || first & 0x40 != 0)
}

/// A long header's version and the places of its parts.
struct Long {
    version: u32,
    /// Whether it is Initial or another type, as version 1 numbers them.
    kind: u8,
    dcid: (usize, usize),
    scid: (usize, usize),
    next: usize,
}

const INITIAL: u8 = 0;
const RETRY: u8 = 3;
/// Stands for the packet by which a server asks for another version.
const NEGOTIATION: u8 = 4;

fn long(tvb: Tvb<'_>) -> Result<Long, Stop> {
    let (first, version) = (tvb.u8(0)?, tvb.u32(1)?);
    let dcil = usize::from(tvb.u8(5)?);
    let scil = usize::from(tvb.u8(6 + dcil)?);
    let next = 7 + dcil + scil;
    tvb.slice(0, next)?;
    let kind = first >> 4 & 3;
    let kind = match version {
        0 => NEGOTIATION,
        VERSION_2 => kind.wrapping_add(3) & 3,
        _ => kind,
    };
    Ok(Long { version, kind, dcid: (6, dcil), scid: (7 + dcil, scil), next })
}

impl Long {
    fn dcid<'a>(&self, tvb: Tvb<'a>) -> &'a [u8] {
        tvb.bytes().get(self.dcid.0..self.dcid.0 + self.dcid.1).unwrap_or_default()
    }

    fn scid<'a>(&self, tvb: Tvb<'a>) -> &'a [u8] {
        tvb.bytes().get(self.scid.0..self.scid.0 + self.scid.1).unwrap_or_default()
    }
}

/// What is known of a datagram's connection.
#[derive(Clone, Copy, Default, Debug)]
pub struct Known {
    is_known: bool,
    is_from_server: bool,
    /// It holds the connection's first packet of which the keys are secret.
    is_first_secret: bool,
    /// How many octets the receiver's ID has in short headers.
    dcil: u8,
}

/// A datagram that is being shown, and its connection if that is known.
struct Datagram {
    number: Option<u32>,
    known: Known,
    keys: Option<std::sync::Arc<Keys>>,
    /// The octets of the ID that the first packet is sent to, by which the later ones have to be sent, too.
    dcid: Id,
}

/// In the first pass: follows the connection and keeps what it tells.
fn learn<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let endpoints = d.endpoints;
    let octets = tvb.bytes();
    let header = if octets.first().is_some_and(|first| first & 0x80 != 0) { long(tvb).ok() } else { None };
    let opens = opens(d);
    let has_short = is_short_within(tvb);
    let Some(flows) = d.flows() else {
        return;
    };
    let connections = &mut flows.quic;
    let mut found = match &header {
        Some(header) => connections.of_long(endpoints, header.dcid(tvb)),
        None => connections.of_short(endpoints, octets.get(1..).unwrap_or_default()),
    };
    if let Some(header) = &header
        && found.is_none()
        && header.kind == INITIAL
        && header.dcid.1 <= MAX_ID
    {
        found = Some(connections.open(endpoints, header.version, header.dcid(tvb)));
    }
    let Some(found) = found else {
        d.record(Fact::Quic { number: 0, packet: Known::default(), keys: None });
        if header.is_some() {
            udp::claim(d, ProtoId::Quic);
        }
        return;
    };
    let mut keys = None;
    let mut packet =
        Known { is_known: true, is_from_server: found.side != 0, is_first_secret: false, dcil: found.dcil as u8 };
    if let Some((connection, _)) = connections.get(found.number) {
        packet.is_first_secret = has_short && !connection.is_secret;
        connection.is_secret |= has_short;
        if let Some(header) = &header {
            if header.kind == INITIAL && connection.keys.version != header.version {
                let (id, original) = (connection.keys.id.clone(), connection.keys.original.clone());
                connection.keys = std::sync::Arc::new(Keys::new(header.version, id, original));
            }
            keys = Some(connection.keys.clone());
            let is_retry = header.kind == RETRY && packet.is_from_server && !connection.is_retried;
            if is_retry && opens && connection.keys.is_retry(octets) == Some(true) {
                let (id, original) = (Id::from_slice(header.scid(tvb)), connection.keys.original.clone());
                connection.keys = std::sync::Arc::new(Keys::new(header.version, id, original));
                connection.is_retried = true;
            }
        }
    }
    if let Some(header) = &header
        && header.kind != NEGOTIATION
    {
        connections.name(found.number, found.side, header.scid(tvb));
    }
    d.record(Fact::Quic { number: found.number, packet, keys });
    udp::claim(d, ProtoId::Quic);
}

/// Whether a packet with a short header is in a datagram.
fn is_short_within(tvb: Tvb<'_>) -> bool {
    let Some(first) = tvb.bytes().first() else {
        return false;
    };
    if first & 0x80 == 0 {
        return first & 0x40 != 0;
    }
    let Ok(dcid) = long(tvb).map(|header| header.dcid(tvb)) else {
        return false;
    };
    let mut at = 0;
    for _ in 0..MAX_PACKETS {
        let rest = tvb.from(at);
        match (rest.bytes().first(), packet_len(rest)) {
            (Some(first), _) if first & 0x80 == 0 => return goes_on(rest, dcid),
            (Some(_), Ok(len)) if at == 0 || goes_on(rest, dcid) => at += len,
            _ => return false,
        }
    }
    false
}

/// Whether what packets hold will be looked at, so that they have to be opened.
fn opens(d: &Dissector<'_>) -> bool {
    let is_first_pass = d.is_first_pass();
    let facts = is_first_pass && (d.wants_facts_of(ProtoId::Quic) || d.wants_facts_of(ProtoId::Tls));
    facts
        || d.wants_columns()
        || d.wants_between(BAD_RETRY, OVERLAP)
        || d.wants_fields_of(ProtoId::Tls)
        || d.wants_expert(DECRYPTION_FAILED)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("QUIC");
    d.set_info(String::new);
    learn(d, tvb);
    let known = d.fact(|fact| match fact {
        Fact::Quic { number, packet, keys } => Some((*number, *packet, keys.clone())),
        _ => None,
    });
    let (number, known, keys) = known.unwrap_or((0, Known::default(), None));
    let mut datagram = Datagram { number: known.is_known.then_some(number), known, keys, dcid: Id::new() };
    let mut at = 0;
    for count in 0..MAX_PACKETS {
        if at >= tvb.reported() {
            break;
        }
        let rest = tvb.from(at);
        if count > 0 && !goes_on(rest, &datagram.dcid) {
            d.open(
                PROTO,
                rest,
                0,
                rest.reported(),
                Value::Protocol { end: rest.base.saturating_add(rest.len() as u32) },
            );
            d.expert(COALESCED_PADDING_DATA, rest, 0, 0);
            d.close();
            break;
        }
        at += packet(d, rest, &mut datagram, count == 0)?;
    }
    Ok(())
}

/// Whether octets behind a packet are another one of the same connection (RFC 9000, 12.2).
fn goes_on(tvb: Tvb<'_>, dcid: &[u8]) -> bool {
    match tvb.bytes().first() {
        Some(first) if first & 0x80 != 0 => long(tvb).is_ok_and(|header| header.dcid(tvb) == dcid),
        Some(first) => first & 0x40 != 0 && tvb.bytes().get(1..).is_some_and(|id| id.starts_with(dcid)),
        None => false,
    }
}

/// Shows one packet; answers how many octets it has.
fn packet<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, datagram: &mut Datagram, is_first: bool) -> Result<usize, Stop> {
    let first = tvb.u8(0)?;
    let len = packet_len(tvb)?;
    let tvb = tvb.sub(0, len);
    if is_first {
        d.begin(PROTO, tvb);
        d.open_text(tvb, 0, 0, || "QUIC Connection information".to_owned());
        match datagram.number {
            Some(number) => {
                d.generated(CONNECTION_NUMBER, tvb, 0, 0, Value::Uint(number.into()));
            }
            None => d.expert(CONNECTION_UNKNOWN, tvb, 0, 0),
        }
        d.close();
    } else {
        d.open(PROTO, tvb, 0, len, Value::Protocol { end: tvb.base.saturating_add(tvb.len() as u32) });
    }
    d.generated(PACKET_LENGTH, tvb, 0, 0, Value::Uint(len as u64));
    if first & 0x80 == 0 {
        short(d, tvb, first, datagram)?;
    } else {
        let header = long(tvb)?;
        if is_first {
            datagram.dcid = Id::from_slice(header.dcid(tvb));
        }
        long_packet(d, tvb, first, &header, datagram)?;
    }
    d.close();
    Ok(len)
}

/// How many octets of a datagram are a packet's (RFC 9000, 12.2).
fn packet_len(tvb: Tvb<'_>) -> Result<usize, Stop> {
    if tvb.u8(0)? & 0x80 == 0 {
        return Ok(tvb.reported());
    }
    let header = long(tvb)?;
    if matches!(header.kind, NEGOTIATION | RETRY) {
        return Ok(tvb.reported());
    }
    let mut at = header.next;
    if header.kind == INITIAL {
        let (len, width) = integer(tvb, at)?;
        at = at.saturating_add(width).saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    }
    let (len, width) = integer(tvb, at)?;
    let end = (at + width).saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    Ok(end.min(tvb.reported()).max(1))
}

/// Puts text behind the Info column, with a comma between.
fn say(d: &mut Dissector<'_>, text: impl FnOnce() -> String) {
    d.append_info_with(", ", text);
}

fn ids<'a>(tvb: Tvb<'a>, (dcid, dcil): (usize, usize), scid: Option<(usize, usize)>) -> String {
    let mut text = String::new();
    let all = [("DCID", Some((dcid, dcil))), ("SCID", scid)];
    for (name, place) in all {
        if let Some((at, len)) = place.filter(|place| place.1 > 0) {
            text += &format!(", {name}={}", hex(tvb.bytes().get(at..at + len).unwrap_or_default()));
        }
    }
    text
}

fn short<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: u8, datagram: &Datagram) -> Parsed {
    let dcil = usize::from(datagram.known.dcil);
    tvb.slice(1, dcil)?;
    // The key phase is protected as well.
    d.set_info(|| format!("Protected Payload (KP0){}", ids(tvb, (1, dcil), None)));
    let item = d.open(SHORT, tvb, 0, tvb.reported(), Value::None);
    if dcil > 0 {
        d.text(item, || format!("QUIC Short Header DCID={}", hex(tvb.bytes().get(1..1 + dcil).unwrap_or_default())));
    }
    d.bits(HEADER_FORM, tvb, 0, 1, first.into());
    d.flag(FIXED_BIT, tvb, 0, 1, first.into());
    d.flag(SPIN_BIT, tvb, 0, 1, first.into());
    if dcil > 0 {
        d.bytes(DCID, tvb, 1, dcil);
    }
    d.close();
    if datagram.known.is_first_secret {
        d.expert(DECRYPTION_FAILED, tvb, 0, 0);
    }
    d.bytes(REMAINING_PAYLOAD, tvb, 1 + dcil, tvb.reported().saturating_sub(1 + dcil));
    Ok(())
}

fn long_packet<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: u8, header: &Long, datagram: &Datagram) -> Parsed {
    let (field, names) =
        if header.version == VERSION_2 { (LONG_PACKET_TYPE_V2, TYPES_V2) } else { (LONG_PACKET_TYPE, TYPES) };
    let name = match header.version {
        0 => "Version Negotiation".into(),
        _ => Names::Values(names).of((first >> 4 & 3).into()).unwrap_or_default(),
    };
    d.set_info(|| format!("{name}{}", ids(tvb, header.dcid, Some(header.scid))));
    d.bits(HEADER_FORM, tvb, 0, 1, first.into());
    if header.kind == NEGOTIATION {
        d.bits(VN_UNUSED, tvb, 0, 1, first.into());
    } else {
        if header.kind != RETRY {
            d.flag(FIXED_BIT, tvb, 0, 1, first.into());
        }
        d.bits(field, tvb, 0, 1, first.into());
    }
    let opened = (header.kind == INITIAL && opens(d)).then(|| open(d, tvb, header, datagram)).flatten();
    if let Some(opened) = &opened {
        d.bits(LONG_RESERVED, tvb, 0, 1, opened.header.first.into());
        d.bits(PACKET_NUMBER_LENGTH, tvb, 0, 1, opened.header.first.into());
    }
    let version = d.add(VERSION, tvb, 1, 4, Value::Uint(header.version.into()));
    if is_greased(header.version) {
        d.append_text(version, || " (Forcing Version Negotiation)".to_owned());
    }
    for ((at, len), length, field) in [(header.dcid, DCIL, DCID), (header.scid, SCIL, SCID)] {
        d.uint(length, tvb, at - 1, 1)?;
        if len > 0 {
            d.bytes(field, tvb, at, len);
        }
    }
    match header.kind {
        NEGOTIATION => negotiation(d, tvb, header.next),
        RETRY => retry(d, tvb, header.next, datagram),
        _ => protected(d, tvb, header, datagram, opened),
    }
}

/// RFC 9000, 17.2.1.
fn negotiation<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize) -> Parsed {
    for at in (start..tvb.reported()).step_by(4).filter(|at| at + 4 <= tvb.reported()) {
        let version = tvb.u32(at)?;
        let item = d.add(SUPPORTED_VERSION, tvb, at, 4, Value::Uint(version.into()));
        if is_greased(version) {
            d.append_text(item, || " (GREASE)".to_owned());
        }
    }
    Ok(())
}

/// RFC 9000, 17.2.5.
fn retry<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, datagram: &Datagram) -> Parsed {
    let rest = tvb.reported().saturating_sub(at);
    let token = rest.saturating_sub(16);
    d.bytes(RETRY_TOKEN, tvb, at, token);
    let item = d.bytes(RETRY_INTEGRITY_TAG, tvb, at + token, rest - token);
    let is_right = datagram.keys.as_ref().filter(|_| opens(d)).and_then(|keys| keys.is_retry(tvb.bytes()));
    match is_right {
        Some(true) => d.append_text(item, || " [verified]".to_owned()),
        Some(false) => d.within(|d| d.expert(BAD_RETRY, tvb, at + token, rest - token)),
        None => {}
    }
    Ok(())
}

/// An Initial packet of which the header is no longer protected.
struct Opened {
    header: initial::Header,
    number: u64,
    /// Nothing where the packet is not what was protected with the connection's keys.
    payload: Option<Vec<u8>>,
}

/// Where a packet's number stands, and where its token does if it has one.
fn number_place(tvb: Tvb<'_>, header: &Long) -> Result<usize, Stop> {
    let mut at = header.next;
    if header.kind == INITIAL {
        let (len, width) = integer(tvb, at)?;
        at = at.saturating_add(width).saturating_add(usize::try_from(len).map_err(|_| Stop::Malformed)?);
    }
    Ok(at + integer(tvb, at)?.1)
}

/// Opens an Initial packet. The first pass completes its number and keeps it for the second one.
fn open<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Long, datagram: &Datagram) -> Option<Opened> {
    let (keys, packet) = (datagram.keys.as_ref()?, tvb.bytes());
    let at = number_place(tvb, header).ok().filter(|_| tvb.is_whole())?;
    let side = usize::from(datagram.known.is_from_server);
    let clear = keys.header(side, packet, at)?;
    let stands_at = tvb.place();
    if let Some(flows) = d.flows() {
        let (connection, _) = flows.quic.get(datagram.number?)?;
        let largest = connection.largest.get_mut(side)?;
        let number = initial::whole_number(*largest, clear.number, clear.width);
        let payload = keys.open(side, packet, at, &clear, number);
        if payload.is_some() {
            *largest = (*largest).max(Some(number));
        }
        if number != clear.number {
            d.record(Fact::QuicNumber { at: stands_at, number });
        }
        return Some(Opened { header: clear, number, payload });
    }
    let number = d.peek_fact(|fact| match *fact {
        Fact::QuicNumber { at, number } if at == stands_at => Some(number),
        _ => None,
    });
    let number = number.unwrap_or(clear.number);
    let payload = keys.open(side, packet, at, &clear, number);
    Some(Opened { header: clear, number, payload })
}

/// A packet that has a length, a number and a payload.
fn protected<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    header: &Long,
    datagram: &Datagram,
    opened: Option<Opened>,
) -> Parsed {
    let mut at = header.next;
    if header.kind == INITIAL {
        let (len, width) = integer(tvb, at)?;
        d.add(TOKEN_LENGTH, tvb, at, width, Value::Uint(len));
        let len = usize::try_from(len).map_err(|_| Stop::Malformed)?;
        tvb.slice(at + width, len)?;
        if len > 0 {
            d.bytes(TOKEN, tvb, at + width, len);
        }
        at += width + len;
    }
    let (len, width) = integer(tvb, at)?;
    d.add(LENGTH, tvb, at, width, Value::Uint(len));
    at += width;
    if let Some(Opened { header, number, payload: Some(payload) }) = &opened {
        d.add(PACKET_NUMBER, tvb, at, header.width, Value::Uint(*number));
        say(d, || format!("PKN: {number}"));
        let start = at + header.width;
        d.bytes(PAYLOAD, tvb, start, tvb.reported().saturating_sub(start));
        let payload = d.add_source(payload, "Decrypted QUIC");
        let side = usize::from(datagram.known.is_from_server);
        return match datagram.keys.as_ref().map_or(0, |keys| keys.version) {
            version @ (Q050 | T050 | T051) => frame::google(d, payload, (side, datagram.number), version),
            _ => frame::all(d, payload, side, datagram.number),
        };
    }
    d.expert_with(DECRYPTION_FAILED, tvb, 0, 0, || {
        let why = match (opened, datagram.number) {
            (Some(_), _) => "Failed to create decryption context: Decryption (checktag) failed: Checksum error",
            (None, Some(_)) if header.kind != INITIAL => {
                "Failed to create decryption context: Secrets are not available"
            }
            _ => "Failed to decrypt packet number",
        };
        why.to_owned()
    });
    d.bytes(REMAINING_PAYLOAD, tvb, at, tvb.reported().saturating_sub(at));
    Ok(())
}
