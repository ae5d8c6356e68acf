//! Stream Control Transmission Protocol (RFC 9260) with the chunks of RFC 3758, 4895 and 5061. Data that lie in one chunk
//! go to the protocol of a port or of their payload identifier; data in several chunks are shown where they are.

use crate::bindings::{Binding, Table};
use crate::conversation::Key;
use crate::dissector::{Dissector, Transport};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Sctp, "sctp", "Stream Control Transmission Protocol";
    SRCPORT = field("sctp.srcport", "Source port", Uint16, None);
    DSTPORT = field("sctp.dstport", "Destination port", Uint16, None);
    PORT = field("sctp.port", "Port", Uint16, None);
    VERIFICATION_TAG = field("sctp.verification_tag", "Verification tag", Uint32, Hex);
    ASSOC_INDEX = field("sctp.assoc_index", "Association index", Uint16, Dec);
    CHECKSUM = field("sctp.checksum", "Checksum", Uint32, Hex);
    CHECKSUM_STATUS = field("sctp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    CHUNK_TYPE = field("sctp.chunk_type", "Chunk type", Uint8, Dec).names(Names::Values(CHUNKS));
    CHUNK_BIT_1 = field("sctp.chunk_bit_1", "Bit", Boolean, None).names(Names::Flag("Skip chunk and continue processing of the packet", "Stop processing of the packet")).mask(0x80);
    CHUNK_BIT_2 = field("sctp.chunk_bit_2", "Bit", Boolean, None).names(Names::Flag("Do report", "Do not report")).mask(0x40);
    CHUNK_FLAGS = field("sctp.chunk_flags", "Chunk flags", Uint8, Hex);
    CHUNK_LENGTH = field("sctp.chunk_length", "Chunk length", Uint16, Dec);
    CHUNK_VALUE = field("sctp.chunk_value", "Chunk value", Bytes, None);
    CHUNK_PADDING = field("sctp.chunk_padding", "Chunk padding", Bytes, None);
    INITIATE_TAG = field("sctp.initiate_tag", "Initiate tag", Uint32, Hex);
    INIT_INITIATE_TAG = field("sctp.init_initiate_tag", "Initiate tag", Uint32, Hex);
    INIT_CREDIT = field("sctp.init_credit", "Advertised receiver window credit (a_rwnd)", Uint32, Dec);
    INIT_NR_OUT_STREAMS = field("sctp.init_nr_out_streams", "Number of outbound streams", Uint16, Dec);
    INIT_NR_IN_STREAMS = field("sctp.init_nr_in_streams", "Number of inbound streams", Uint16, Dec);
    INIT_INITIAL_TSN = field("sctp.init_initial_tsn", "Initial TSN", Uint32, Dec);
    INITACK_INITIATE_TAG = field("sctp.initack_initiate_tag", "Initiate tag", Uint32, Hex);
    INITACK_CREDIT = field("sctp.initack_credit", "Advertised receiver window credit (a_rwnd)", Uint32, Dec);
    INITACK_NR_OUT_STREAMS = field("sctp.initack_nr_out_streams", "Number of outbound streams", Uint16, Dec);
    INITACK_NR_IN_STREAMS = field("sctp.initack_nr_in_streams", "Number of inbound streams", Uint16, Dec);
    INITACK_INITIAL_TSN = field("sctp.initack_initial_tsn", "Initial TSN", Uint32, Dec);
    DATA_I_BIT = field("sctp.data_i_bit", "I-Bit", Boolean, None).names(Names::Flag("Send SACK immediately", "Possibly delay SACK")).mask(0x8);
    DATA_U_BIT = field("sctp.data_u_bit", "U-Bit", Boolean, None).names(Names::Flag("Unordered delivery", "Ordered delivery")).mask(0x4);
    DATA_B_BIT = field("sctp.data_b_bit", "B-Bit", Boolean, None).names(Names::Flag("First segment", "Subsequent segment")).mask(0x2);
    DATA_E_BIT = field("sctp.data_e_bit", "E-Bit", Boolean, None).names(Names::Flag("Last segment", "Not the last segment")).mask(0x1);
    DATA_TSN = field("sctp.data_tsn", "Transmission sequence number (relative)", Uint32, Dec);
    DATA_TSN_RAW = field("sctp.data_tsn_raw", "Transmission sequence number (absolute)", Uint32, Dec);
    DATA_SID = field("sctp.data_sid", "Stream identifier", Uint16, Hex);
    DATA_SSN = field("sctp.data_ssn", "Stream sequence number", Uint16, Dec);
    DATA_PAYLOAD_PROTO_ID = field("sctp.data_payload_proto_id", "Payload protocol identifier", Uint32, Dec).names(Names::Values(PAYLOADS));
    SACK_NOUNCE_SUM = field("sctp.sack_nounce_sum", "Nounce sum", Uint8, Dec).mask(0x1);
    SACK_CUMULATIVE_TSN_ACK = field("sctp.sack_cumulative_tsn_ack", "Cumulative TSN ACK (relative)", Uint32, Dec);
    SACK_CUMULATIVE_TSN_ACK_RAW = field("sctp.sack_cumulative_tsn_ack_raw", "Cumulative TSN ACK (absolute)", Uint32, Dec);
    SACK_A_RWND = field("sctp.sack_a_rwnd", "Advertised receiver window credit (a_rwnd)", Uint32, Dec);
    SACK_NUMBER_OF_GAP_BLOCKS = field("sctp.sack_number_of_gap_blocks", "Number of gap acknowledgement blocks", Uint16, Dec);
    SACK_NUMBER_OF_DUPLICATED_TSNS = field("sctp.sack_number_of_duplicated_tsns", "Number of duplicated TSNs", Uint16, Dec);
    SACK_GAP_BLOCK_START = field("sctp.sack_gap_block_start", "Start", Uint16, Dec);
    SACK_GAP_BLOCK_START_TSN = field("sctp.sack_gap_block_start_tsn", "Start TSN", Uint32, Dec);
    SACK_GAP_BLOCK_END = field("sctp.sack_gap_block_end", "End", Uint16, Dec);
    SACK_GAP_BLOCK_END_TSN = field("sctp.sack_gap_block_end_tsn", "End TSN", Uint32, Dec);
    SACK_NUMBER_OF_TSNS_GAP_ACKED = field("sctp.sack_number_of_tsns_gap_acked", "Number of TSNs in gap acknowledgement blocks", Uint32, Dec);
    SACK_DUPLICATE_TSN = field("sctp.sack_duplicate_tsn", "Duplicate TSN", Uint32, Dec);
    ABORT_T_BIT = field("sctp.abort_t_bit", "T-Bit", Boolean, None).names(Names::Flag("Tag reflected", "Tag not reflected")).mask(0x1);
    SHUTDOWN_COMPLETE_T_BIT = field("sctp.shutdown_complete_t_bit", "T-Bit", Boolean, None).names(Names::Flag("Tag reflected", "Tag not reflected")).mask(0x1);
    SHUTDOWN_CUMULATIVE_TSN_ACK = field("sctp.shutdown_cumulative_tsn_ack", "Cumulative TSN Ack", Uint32, Dec);
    ECNE_LOWEST_TSN = field("sctp.ecne_lowest_tsn", "Lowest TSN", Uint32, Dec);
    CWR_LOWEST_TSN = field("sctp.cwr_lowest_tsn", "Lowest TSN", Uint32, Dec);
    COOKIE = field("sctp.cookie", "Cookie", Bytes, None);
    FORWARD_TSN_TSN = field("sctp.forward_tsn_tsn", "New cumulative TSN", Uint32, Dec);
    FORWARD_TSN_SID = field("sctp.forward_tsn_sid", "Stream identifier", Uint16, Dec);
    FORWARD_TSN_SSN = field("sctp.forward_tsn_ssn", "Stream sequence number", Uint16, Dec);
    ASCONF_SEQ_NR_NUMBER = field("sctp.asconf_seq_nr_number", "Sequence number", Uint32, Hex);
    PARAMETER_TYPE = field("sctp.parameter_type", "Parameter type", Uint16, Hex).names(Names::Values(PARAMETERS));
    PARAMETER_BIT_1 = field("sctp.parameter_bit_1", "Bit", Boolean, None).names(Names::Flag("Skip parameter and continue processing of the chunk", "Stop processing of chunk")).mask(0x8000);
    PARAMETER_BIT_2 = field("sctp.parameter_bit_2", "Bit", Boolean, None).names(Names::Flag("Do report", "Do not report")).mask(0x4000);
    PARAMETER_LENGTH = field("sctp.parameter_length", "Parameter length", Uint16, Dec);
    PARAMETER_VALUE = field("sctp.parameter_value", "Parameter value", Bytes, None);
    PARAMETER_PADDING = field("sctp.parameter_padding", "Parameter padding", Bytes, None);
    PARAMETER_HEARTBEAT_INFORMATION = field("sctp.parameter_heartbeat_information", "Heartbeat information", Bytes, None);
    PARAMETER_IPV4_ADDRESS = field("sctp.parameter_ipv4_address", "IP Version 4 address", Ipv4, None);
    PARAMETER_IPV6_ADDRESS = field("sctp.parameter_ipv6_address", "IP Version 6 address", Ipv6, None);
    PARAMETER_STATE_COOKIE = field("sctp.parameter_state_cookie", "State cookie", Bytes, None);
    PARAMETER_COOKIE_PRESERVATIVE_INCR = field("sctp.parameter_cookie_preservative_incr", "Suggested Cookie life-span increment (msec)", Uint32, Dec);
    PARAMETER_HOSTNAME = field("sctp.parameter_hostname", "Hostname", String, None);
    PARAMETER_SUPPORTED_ADDRESS_TYPE = field("sctp.parameter_supported_address_type", "Supported address type", Uint16, Dec).names(Names::Values(ADDRESS_TYPES));
    SUPPORTED_CHUNK_TYPE = field("sctp.supported_chunk_type", "Supported chunk type", Uint8, Dec).names(Names::Values(CHUNKS));
    RANDOM_NUMBER = field("sctp.random_number", "Random number", Bytes, None);
    CHUNK_TYPE_TO_AUTH = field("sctp.chunk_type_to_auth", "Chunk type", Uint8, Dec).names(Names::Values(CHUNKS));
    HMAC_ID = field("sctp.hmac_id", "HMAC identifier", Uint16, Dec).names(Names::Values(HMACS));
    ADAPTATION_LAYER_INDICATION = field("sctp.adaptation_layer_indication", "Indication", Uint32, Hex);
    CAUSE_CODE = field("sctp.cause_code", "Cause code", Uint16, Hex).names(Names::Values(CAUSES));
    CAUSE_LENGTH = field("sctp.cause_length", "Cause length", Uint16, Dec);
    CAUSE_INFORMATION = field("sctp.cause_information", "Cause information", Bytes, None);
    CAUSE_STREAM_IDENTIFIER = field("sctp.cause_stream_identifier", "Stream identifier", Uint16, Dec);
    CAUSE_RESERVED = field("sctp.cause_reserved", "Reserved", Uint16, Dec);
}

/// RFC 9260, 3.2, and IANA "Chunk Types".
const CHUNKS: &[(u64, &str)] = &[
    (0, "DATA"),
    (1, "INIT"),
    (2, "INIT_ACK"),
    (3, "SACK"),
    (4, "HEARTBEAT"),
    (5, "HEARTBEAT_ACK"),
    (6, "ABORT"),
    (7, "SHUTDOWN"),
    (8, "SHUTDOWN_ACK"),
    (9, "ERROR"),
    (10, "COOKIE_ECHO"),
    (11, "COOKIE_ACK"),
    (12, "ECNE"),
    (13, "CWR"),
    (14, "SHUTDOWN_COMPLETE"),
    (15, "AUTH"),
    (16, "NR_SACK"),
    (64, "I_DATA"),
    (128, "ASCONF_ACK"),
    (129, "PKTDROP"),
    (130, "RE_CONFIG"),
    (132, "PAD"),
    (192, "FORWARD_TSN"),
    (193, "ASCONF"),
    (194, "I_FORWARD_TSN"),
    (255, "IETF_EXTENSION"),
];

/// IANA "SCTP Payload Protocol Identifiers".
const PAYLOADS: &[(u64, &str)] = &[
    (0, "not specified"),
    (1, "IUA"),
    (2, "M2UA"),
    (3, "M3UA"),
    (4, "SUA"),
    (5, "M2PA"),
    (6, "V5UA"),
    (7, "H.248/MEGACO"),
    (8, "BICC/Q.2150.3"),
    (9, "TALI"),
    (10, "DUA"),
    (11, "ASAP"),
    (12, "ENRP"),
    (13, "H.323"),
    (14, "Q.IPC/Q.2150.3"),
    (15, "SIMCO"),
    (18, "S1 Application Protocol (S1AP)"),
    (19, "RUA"),
    (20, "HNBAP"),
    (25, "NBAP"),
    (27, "X2AP"),
    (29, "LCS-AP"),
    (31, "SABP"),
    (46, "DIAMETER"),
    (47, "DIAMETER over DTLS"),
    (50, "WebRTC Control"),
    (51, "WebRTC String"),
    (53, "WebRTC Binary"),
    (60, "NGAP"),
    (61, "XnAP"),
    (62, "F1 AP"),
];
const DIAMETER: u64 = 46;

/// IANA "Chunk Parameter Types".
const PARAMETERS: &[(u64, &str)] = &[
    (0x0001, "Heartbeat info"),
    (0x0005, "IPv4 address"),
    (0x0006, "IPv6 address"),
    (0x0007, "State cookie"),
    (0x0008, "Unrecognized parameter"),
    (0x0009, "Cookie preservative"),
    (0x000b, "Hostname address"),
    (0x000c, "Supported address types"),
    (0x000d, "Outgoing SSN reset request"),
    (0x000e, "Incoming SSN reset request"),
    (0x000f, "SSN/TSN reset request"),
    (0x0010, "Re-configuration response"),
    (0x0011, "Add outgoing streams request"),
    (0x0012, "Add incoming streams request"),
    (0x8000, "ECN"),
    (0x8002, "Random"),
    (0x8003, "Authenticated Chunk list"),
    (0x8004, "Requested HMAC Algorithm"),
    (0x8008, "Supported Extensions"),
    (0xc000, "Forward TSN supported"),
    (0xc001, "Add IP address"),
    (0xc002, "Delete IP address"),
    (0xc003, "Error cause indication"),
    (0xc004, "Set primary address"),
    (0xc005, "Success report"),
    (0xc006, "Adaptation Layer Indication"),
];
const ADDRESS_TYPES: &[(u64, &str)] = &[(5, "IPv4 address"), (6, "IPv6 address"), (11, "Hostname address")];
const HMACS: &[(u64, &str)] = &[(0, "Reserved"), (1, "SHA-1"), (2, "Reserved"), (3, "SHA-256")];
/// IANA "Error Cause Codes".
const CAUSES: &[(u64, &str)] = &[
    (1, "Invalid stream identifier"),
    (2, "Missing mandatory parameter"),
    (3, "Stale cookie error"),
    (4, "Out of resource"),
    (5, "Unresolvable address"),
    (6, "Unrecognized chunk type"),
    (7, "Invalid mandatory parameter"),
    (8, "Unrecognized parameters"),
    (9, "No user data"),
    (10, "Cookie received while shutting down"),
    (11, "Restart of an association with new addresses"),
    (12, "User initiated ABORT"),
    (13, "Protocol violation"),
    (0xa0, "Request to delete last address"),
    (0xa1, "Operation refused due to resource shortage"),
    (0xa2, "Request to delete source address"),
    (0xa3, "Association Aborted due to illegal ASCONF-ACK"),
    (0xa4, "Request refused - no authorization"),
    (0x105, "Unsupported HMAC identifier"),
];

const SACK: u8 = 3;
const HEADER_LEN: usize = 12;
/// How many chunks one packet may show.
const MAX_CHUNKS: usize = 1_024;
/// Of how many directions of associations the first transmission sequence number is remembered.
const MAX_DIRECTIONS: usize = 65_536;
/// Wireshark's number of an association that it was not asked to follow.
const NO_ASSOCIATION: u64 = 65_535;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::SctpPort],
    calls: &[ProtoId::Diameter, ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Sctp, "SCTP", &[Binding::IpProto(132)], dissect)
};

/// The first transmission sequence number of each direction, from which others are counted.
pub(crate) struct Directions {
    first: Recent<Key, u32>,
}

impl Default for Directions {
    fn default() -> Self {
        Self { first: Recent::new(MAX_DIRECTIONS) }
    }
}

/// From where a packet's own and the acknowledged numbers are counted.
#[derive(Clone, Copy, Default)]
struct Bases {
    own: u32,
    other: u32,
}

/// Finds the bases: from the facts, or in the first pass from what was seen before.
fn bases(d: &mut Dissector<'_>, first_tsn: Option<u32>) -> Bases {
    let layer = d.occurrence(ProtoId::Sctp);
    let endpoints = d.endpoints;
    if let Some(flows) = d.flows() {
        let own = Key(endpoints);
        if flows.sctp.first.get(&own).is_none()
            && let Some(tsn) = first_tsn
        {
            flows.sctp.first.insert(own, tsn);
        }
        let own = flows.sctp.first.get(&own).copied();
        let other = flows.sctp.first.get(&Key(endpoints.reversed())).copied();
        let (own, other) = (own.unwrap_or(0), other.unwrap_or(0));
        d.record(Fact::Sctp { layer, own, other });
    }
    let known = d.fact(|fact| match *fact {
        Fact::Sctp { layer: of, own, other } if of == layer => Some(Bases { own, other }),
        _ => None,
    });
    known.unwrap_or_default()
}

/// The transmission sequence number of the first data chunk.
fn first_tsn(tvb: Tvb<'_>) -> Option<u32> {
    let mut at = HEADER_LEN;
    for _ in 0..MAX_CHUNKS {
        let (kind, len) = (tvb.u8(at).ok()?, usize::from(tvb.u16(at + 2).ok()?));
        if kind == 0 {
            return tvb.u32(at + 4).ok();
        }
        at += len.max(4).next_multiple_of(4);
    }
    None
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_protocol("SCTP");
    d.set_info(String::new);
    let (src, dst) = (tvb.u16(0)?, tvb.u16(2)?);
    d.endpoints.transport = Transport::Sctp;
    (d.endpoints.src_port, d.endpoints.dst_port) = (src, dst);
    d.text(item, || format!("Stream Control Transmission Protocol, Src Port: {src} ({src}), Dst Port: {dst} ({dst})"));
    d.add(SRCPORT, tvb, 0, 2, Value::Uint(src.into()));
    d.add(DSTPORT, tvb, 2, 2, Value::Uint(dst.into()));
    d.uint(VERIFICATION_TAG, tvb, 4, 4)?;
    d.hidden(PORT, tvb, 0, 2, Value::Uint(src.into()));
    d.hidden(PORT, tvb, 2, 2, Value::Uint(dst.into()));
    let line = d.generated(ASSOC_INDEX, tvb, 0, 0, Value::Uint(NO_ASSOCIATION));
    d.text(line, || "[Association index: disabled (enable in preferences)]".to_owned());
    let checksum = tvb.u32(8)?;
    let line = d.add(CHECKSUM, tvb, 8, 4, Value::Uint(checksum.into()));
    d.text(line, || format!("Checksum: 0x{checksum:08x} [unverified]"));
    d.generated(CHECKSUM_STATUS, tvb, 8, 0, Value::Uint(2));
    let first = first_tsn(tvb);
    let bases = bases(d, first);
    let mut at = HEADER_LEN;
    for _ in 0..MAX_CHUNKS {
        if at >= tvb.reported() {
            break;
        }
        at += chunk(d, tvb.from(at), bases)?;
    }
    d.close();
    Ok(())
}

/// Shows the two high bits of a type, which say what a receiver does who does not know it.
fn type_bits<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, width: usize, value: u16, fields: [FieldId; 2]) {
    for field in fields {
        d.flag(field, tvb, 0, width, value.into());
    }
}

fn chunk<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, bases: Bases) -> Result<usize, Stop> {
    let (kind, flags, len) = (tvb.u8(0)?, tvb.u8(1)?, usize::from(tvb.u16(2)?));
    let name = Names::Values(CHUNKS).of(kind.into());
    let padded = len.max(4).next_multiple_of(4).min(tvb.reported());
    let line = d.open_text(tvb, 0, padded, || match &name {
        Some(name) => format!("{name} chunk"),
        None => format!("RESERVED chunk (Type: {kind}, value length: {} bytes)", len.saturating_sub(4)),
    });
    d.open(CHUNK_TYPE, tvb, 0, 1, Value::Uint(kind.into()));
    type_bits(d, tvb, 1, kind.into(), [CHUNK_BIT_1, CHUNK_BIT_2]);
    d.close();
    d.open(CHUNK_FLAGS, tvb, 1, 1, Value::Uint(flags.into()));
    let bits: &[FieldId] = match kind {
        0 => &[DATA_I_BIT, DATA_U_BIT, DATA_B_BIT, DATA_E_BIT],
        SACK => &[SACK_NOUNCE_SUM],
        6 => &[ABORT_T_BIT],
        14 => &[SHUTDOWN_COMPLETE_T_BIT],
        _ => &[],
    };
    for field in bits {
        d.bits(*field, tvb, 1, 1, flags.into());
    }
    d.close();
    let length_line = d.add(CHUNK_LENGTH, tvb, 2, 2, Value::Uint(len as u64));
    if len < 4 {
        d.text(length_line, || format!("Chunk length: {len} (invalid, should be >= 4)"));
        d.close();
        return Err(Stop::Malformed);
    }
    let padding = (len.next_multiple_of(4) - len).min(tvb.reported().saturating_sub(len));
    let body = tvb.exact(0, len)?;
    if kind == 0 {
        data(d, tvb, body, line, bases, padding)?;
        return Ok(len + padding);
    }
    if kind != SACK {
        d.append_info(|| format!("{} ", name.as_deref().unwrap_or("RESERVED")));
    }
    let text = content(d, kind, body, bases)?;
    if let Some(text) = text {
        d.append_text(line, || text);
    }
    if padding > 0 {
        d.bytes(CHUNK_PADDING, tvb, len, padding);
    }
    d.close();
    Ok(len + padding)
}

/// RFC 9260, 3.3.1.
fn data<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    body: Tvb<'a>,
    line: crate::dissector::Item,
    bases: Bases,
    padding: usize,
) -> Parsed {
    let flags = tvb.u8(1)?;
    let (tsn, sid, ssn, payload) = (body.u32(4)?, body.u16(8)?, body.u16(10)?, body.u32(12)?);
    let relative = tsn.wrapping_sub(bases.own);
    let len = body.reported() - 16;
    d.append_text(line, || {
        let order = if flags & 4 != 0 { "unordered" } else { "ordered" };
        let part = match flags & 3 {
            3 => "complete",
            2 => "first",
            1 => "last",
            _ => "middle",
        };
        let plural = if len == 1 { "" } else { "s" };
        format!(
            " ({order}, {part} segment, TSN: {relative}, SID: {sid}, SSN: {ssn}, PPID: {payload}, payload length: {len} byte{plural})"
        )
    });
    d.add(DATA_TSN, body, 4, 4, Value::Uint(relative.into()));
    d.add(DATA_TSN_RAW, body, 4, 4, Value::Uint(tsn.into()));
    d.add(DATA_SID, body, 8, 2, Value::Uint(sid.into()));
    d.add(DATA_SSN, body, 10, 2, Value::Uint(ssn.into()));
    d.add(DATA_PAYLOAD_PROTO_ID, body, 12, 4, Value::Uint(payload.into()));
    if padding > 0 {
        d.bytes(CHUNK_PADDING, tvb, body.reported(), padding);
    }
    d.close();
    let is_whole = flags & 3 == 3;
    d.append_info(|| format!("DATA (TSN={relative}) {}", if is_whole { "" } else { "(Message Fragment) " }));
    let payload_octets = body.from(16);
    if !is_whole || payload_octets.is_empty() {
        return Ok(());
    }
    let (src, dst) = (d.endpoints.src_port, d.endpoints.dst_port);
    for port in [src.min(dst), src.max(dst)] {
        if port != 0 && d.call_by_number(Table::SctpPort, port, payload_octets) {
            return Ok(());
        }
    }
    if u64::from(payload) != DIAMETER || !d.offer(ProtoId::Diameter, payload_octets) {
        d.call(ProtoId::Data, payload_octets);
    }
    Ok(())
}

/// Shows what a chunk holds behind its length; answers what stands behind its name.
fn content<'a>(d: &mut Dissector<'a>, kind: u8, body: Tvb<'a>, bases: Bases) -> Result<Option<String>, Stop> {
    Ok(match kind {
        1 | 2 => Some(init(d, kind, body)?),
        SACK => Some(sack(d, body, bases)?),
        4 | 5 => {
            parameters(d, body.from(4))?;
            Some(format!(" (Information: {} bytes)", body.reported() - 4))
        }
        6 | 9 => {
            causes(d, body.from(4))?;
            None
        }
        7 => {
            let tsn = d.uint(SHUTDOWN_CUMULATIVE_TSN_ACK, body, 4, 4)?;
            Some(format!(" (Cumulative TSN ack: {tsn})"))
        }
        10 => {
            d.bytes(COOKIE, body, 4, body.reported() - 4);
            Some(format!(" (Cookie length: {} bytes)", body.reported() - 4))
        }
        12 | 13 => {
            let tsn = d.uint(if kind == 12 { ECNE_LOWEST_TSN } else { CWR_LOWEST_TSN }, body, 4, 4)?;
            Some(format!(" (Lowest TSN: {tsn})"))
        }
        128 | 193 => {
            d.uint(ASCONF_SEQ_NR_NUMBER, body, 4, 4)?;
            parameters(d, body.from(8))?;
            None
        }
        130 => {
            parameters(d, body.from(4))?;
            None
        }
        192 => {
            let tsn = d.uint(FORWARD_TSN_TSN, body, 4, 4)?;
            let mut at = 8;
            while at + 4 <= body.reported() {
                d.uint(FORWARD_TSN_SID, body, at, 2)?;
                d.uint(FORWARD_TSN_SSN, body, at + 2, 2)?;
                at += 4;
            }
            Some(format!("(Cumulative TSN: {tsn})"))
        }
        _ => {
            if body.reported() > 4 {
                d.bytes(CHUNK_VALUE, body, 4, body.reported() - 4);
            }
            None
        }
    })
}

/// RFC 9260, 3.3.2 and 3.3.3.
fn init<'a>(d: &mut Dissector<'a>, kind: u8, body: Tvb<'a>) -> Result<String, Stop> {
    let [tag, credit, out, inbound, tsn] = if kind == 1 {
        [INIT_INITIATE_TAG, INIT_CREDIT, INIT_NR_OUT_STREAMS, INIT_NR_IN_STREAMS, INIT_INITIAL_TSN]
    } else {
        [INITACK_INITIATE_TAG, INITACK_CREDIT, INITACK_NR_OUT_STREAMS, INITACK_NR_IN_STREAMS, INITACK_INITIAL_TSN]
    };
    let value = d.uint(tag, body, 4, 4)?;
    d.hidden(INITIATE_TAG, body, 4, 4, Value::Uint(value));
    d.uint(credit, body, 8, 4)?;
    let outbound = d.uint(out, body, 12, 2)?;
    let inbound = d.uint(inbound, body, 14, 2)?;
    d.uint(tsn, body, 16, 4)?;
    parameters(d, body.from(20))?;
    Ok(format!(" (Outbound streams: {outbound}, inbound streams: {inbound})"))
}

/// RFC 9260, 3.3.4.
fn sack<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, bases: Bases) -> Result<String, Stop> {
    let (tsn, credit) = (body.u32(4)?, body.u32(8)?);
    let (gaps, repeated) = (body.u16(12)?, body.u16(14)?);
    let relative = tsn.wrapping_sub(bases.other);
    d.add(SACK_CUMULATIVE_TSN_ACK, body, 4, 4, Value::Uint(relative.into()));
    d.add(SACK_CUMULATIVE_TSN_ACK_RAW, body, 4, 4, Value::Uint(tsn.into()));
    d.add(SACK_A_RWND, body, 8, 4, Value::Uint(credit.into()));
    d.add(SACK_NUMBER_OF_GAP_BLOCKS, body, 12, 2, Value::Uint(gaps.into()));
    d.add(SACK_NUMBER_OF_DUPLICATED_TSNS, body, 14, 2, Value::Uint(repeated.into()));
    let mut at = 16;
    let mut acked: u64 = 0;
    let mut last = 0;
    for _ in 0..gaps {
        let (start, end) = (body.u16(at)?, body.u16(at + 2)?);
        let first_tsn = relative.wrapping_add(start.into());
        let last_tsn = relative.wrapping_add(end.into());
        d.open_text(body, at, 4, || format!("Gap Acknowledgement for TSN {first_tsn} to {last_tsn}"));
        d.open(SACK_GAP_BLOCK_START, body, at, 2, Value::Uint(start.into()));
        d.add(SACK_GAP_BLOCK_START_TSN, body, at, 2, Value::Uint(first_tsn.into()));
        d.close();
        d.open(SACK_GAP_BLOCK_END, body, at + 2, 2, Value::Uint(end.into()));
        d.add(SACK_GAP_BLOCK_END_TSN, body, at + 2, 2, Value::Uint(last_tsn.into()));
        d.close();
        d.close();
        acked += u64::from(end.saturating_sub(start)) + 1;
        last = end;
        at += 4;
    }
    if gaps > 0 {
        d.generated(SACK_NUMBER_OF_TSNS_GAP_ACKED, body, 16, at - 16, Value::Uint(acked));
    }
    for _ in 0..repeated {
        d.uint(SACK_DUPLICATE_TSN, body, at, 4)?;
        at += 4;
    }
    d.append_info(|| {
        let behind = if gaps > 0 { format!("+{last}") } else { String::new() };
        format!("SACK (Ack={relative}{behind}, Arwnd={credit}) ")
    });
    Ok(format!(" (Cumulative TSN: {tsn}, a_rwnd: {credit}, gaps: {gaps}, duplicate TSNs: {repeated})"))
}

/// RFC 9260, 3.2.1.
fn parameters<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let whole = tvb.exact(at, len)?;
        if len < 4 {
            return Err(Stop::Malformed);
        }
        let padding = (len.next_multiple_of(4) - len).min(tvb.reported() - at - len);
        let name = Names::Values(PARAMETERS).of(kind.into()).unwrap_or("Unknown".into());
        let line = d.open_text(tvb, at, len + padding, || format!("{name} parameter"));
        d.open(PARAMETER_TYPE, whole, 0, 2, Value::Uint(kind.into()));
        type_bits(d, whole, 2, kind, [PARAMETER_BIT_1, PARAMETER_BIT_2]);
        d.close();
        d.add(PARAMETER_LENGTH, whole, 2, 2, Value::Uint(len as u64));
        let text = parameter(d, kind, whole.from(4))?;
        if !text.is_empty() {
            d.append_text(line, || text);
        }
        if padding > 0 {
            d.bytes(PARAMETER_PADDING, tvb, at + len, padding);
        }
        d.close();
        at += len + padding;
    }
    Ok(())
}

/// Names with commas between them.
fn list(octets: impl Iterator<Item = u64>, names: &'static [(u64, &'static str)]) -> String {
    let names: Vec<_> = octets.map(|value| Names::Values(names).of(value).unwrap_or("Unknown".into())).collect();
    names.join(", ")
}

fn parameter<'a>(d: &mut Dissector<'a>, kind: u16, value: Tvb<'a>) -> Result<String, Stop> {
    let len = value.reported();
    Ok(match kind {
        0x0001 => {
            d.bytes(PARAMETER_HEARTBEAT_INFORMATION, value, 0, len);
            format!(" (Information: {len} bytes)")
        }
        0x0005 => {
            let address = value.array(0)?;
            d.add(PARAMETER_IPV4_ADDRESS, value, 0, 4, Value::Ipv4(address));
            format!(" (Address: {})", std::net::Ipv4Addr::from(address))
        }
        0x0006 => {
            let address = value.array(0)?;
            d.add(PARAMETER_IPV6_ADDRESS, value, 0, 16, Value::Ipv6(address));
            format!(" (Address: {})", crate::dissector::Address::Ipv6(address))
        }
        0x0007 => {
            d.bytes(PARAMETER_STATE_COOKIE, value, 0, len);
            format!(" (Cookie length: {len} bytes)")
        }
        0x0009 => {
            let span = d.uint(PARAMETER_COOKIE_PRESERVATIVE_INCR, value, 0, 4)?;
            format!(" (Increment :{span} msec)")
        }
        0x000b => {
            d.string(PARAMETER_HOSTNAME, value, 0, len);
            let name = value.bytes().split(|octet| *octet == 0).next().unwrap_or_default();
            format!(" (Hostname: {})", crate::output::value::printable(name))
        }
        0x000c => {
            let mut kinds = Vec::new();
            for at in (0..len / 2).map(|n| n * 2) {
                kinds.push(d.uint(PARAMETER_SUPPORTED_ADDRESS_TYPE, value, at, 2)?);
            }
            const SHORT: &[(u64, &str)] = &[(5, "IPv4"), (6, "IPv6"), (11, "hostname")];
            format!(" (Supported types: {})", list(kinds.into_iter(), SHORT))
        }
        0x8000 | 0xc000 => String::new(),
        0x8002 => {
            d.bytes(RANDOM_NUMBER, value, 0, len);
            String::new()
        }
        0x8003 | 0x8008 => {
            let field = if kind == 0x8003 { CHUNK_TYPE_TO_AUTH } else { SUPPORTED_CHUNK_TYPE };
            for at in 0..len {
                d.uint(field, value, at, 1)?;
            }
            let what = if kind == 0x8003 { "Chunk types to be authenticated" } else { "Supported types" };
            format!(" ({what}: {})", list(value.bytes().iter().map(|octet| u64::from(*octet)), CHUNKS))
        }
        0x8004 => {
            let mut kinds = Vec::new();
            for at in (0..len / 2).map(|n| n * 2) {
                kinds.push(d.uint(HMAC_ID, value, at, 2)?);
            }
            format!(" (Supported HMACs: {})", list(kinds.into_iter(), HMACS))
        }
        0xc006 => {
            let indication = d.uint(ADAPTATION_LAYER_INDICATION, value, 0, 4)?;
            format!(" (Indication: {indication})")
        }
        _ => {
            if len > 0 {
                d.bytes(PARAMETER_VALUE, value, 0, len);
            }
            String::new()
        }
    })
}

/// RFC 9260, 3.3.10.
fn causes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const INVALID_STREAM: u16 = 1;
    let mut at = 0;
    while at < tvb.reported() {
        let (code, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let whole = tvb.exact(at, len)?;
        if len < 4 {
            return Err(Stop::Malformed);
        }
        let name = Names::Values(CAUSES).of(code.into()).unwrap_or("Unknown".into());
        let line = d.open_text(tvb, at, len, || format!("{name} cause"));
        d.add(CAUSE_CODE, whole, 0, 2, Value::Uint(code.into()));
        d.add(CAUSE_LENGTH, whole, 2, 2, Value::Uint(len as u64));
        if code == INVALID_STREAM && len >= 8 {
            let stream = d.uint(CAUSE_STREAM_IDENTIFIER, whole, 4, 2)?;
            d.uint(CAUSE_RESERVED, whole, 6, 2)?;
            d.append_text(line, || format!(" (SID: {stream})"));
        } else if len > 4 {
            d.bytes(CAUSE_INFORMATION, whole, 4, len - 4);
        }
        d.close();
        at += len.next_multiple_of(4);
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "450000b800010000408400000a0000010a00000213888e3c000000001122334401000098000000070000ffff000a00050000 \
     0064000500080a000001000600140000000000000000000000000000000000090008000003e8000b0009686f737400000000 \
     000c00080005000680000004c000000480080006c0c100008002002400000000000000000000000000000000000000000000 \
     0000000000000000000080030005000000008004000600010000c006000800000001",
    "4500004000010000408400000a0000010a00000213888e3c000000011122334402000020000000070000ffff000a00050000 \
     00640007000a636f6f6b69650000",
    "4500002c00010000408400000a0000010a00000213888e3c00000001112233440a00000a636f6f6b69650000",
    "4500002400010000408400000a0000020a0000018e3c138800000002112233440b000004",
    "4500004800010000408400000a0000010a00000213888e3c00000001112233440003001400000064000100000000002e6162 \
     63640007001300000065000100010000000065666700",
    "4500003800010000408400000a0000020a0000018e3c1388000000021122334403000018000000650000fde8000100010002 \
     000300000063",
    "4500004400010000408400000a0000020a0000018e3c13880000000211223344000b00110000003200000000000000127800 \
     000003000010000000650000fde800000000",
    "4500002c00010000408400000a0000010a00000213888e3c00000001112233440400000c00010008696e666f",
    "4500002c00010000408400000a0000020a0000018e3c138800000002112233440500000c00010008696e666f",
    "4500002c00010000408400000a0000010a00000213888e3c00000001112233440601000c000c000861626364",
    "4500003400010000408400000a0000010a00000213888e3c0000000111223344090000140001000800050000000600080000 \
     0000",
    "4500002800010000408400000a0000010a00000213888e3c00000001112233440700000800000065",
    "4500002400010000408400000a0000020a0000018e3c1388000000021122334408000004",
    "4500002400010000408400000a0000010a00000213888e3c00000001112233440e010004",
    "4500002c00010000408400000a0000010a00000213888e3c0000000111223344c000000c0000006900010002",
    "4500002800010000408400000a0000010a00000213888e3c00000001112233440c00000800000005",
    "4500002800010000408400000a0000010a00000213888e3c00000001112233440d00000800000005",
    "4500003000010000408400000a0000010a00000213888e3c0000000111223344c100001000000001000500080a000001",
    "4500002c00010000408400000a0000010a00000213888e3c00000001112233448200000c000d000800000001",
    "4500002800010000408400000a0000010a00000213888e3c00000001112233446300000661620000",
    "4500003c00010000408400000a0000010a00000213888e3c00000001112233440100001c000000070000ffff000a00050000 \
     00649999000861626364",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn numbers_are_counted_from_the_first_of_their_direction() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[4], "sctp.data_tsn"), "0,1");
        assert_eq!(values(&shown[5], "sctp.sack_cumulative_tsn_ack"), "1");
        assert_eq!(values(&shown[6], "sctp.data_tsn"), "0");
        assert_eq!(values(&shown[0], "sctp.parameter_ipv4_address"), "10.0.0.1");
    }

    #[test]
    fn no_more_directions_than_the_limit_are_remembered() {
        let mut flows = Directions::default();
        for port in 0..=u16::MAX {
            for src_port in [port, !port] {
                let key = crate::dissector::Endpoints { src_port, dst_port: port, ..Default::default() };
                flows.first.insert(Key(key), 1);
            }
        }
        assert!(flows.first.len() <= MAX_DIRECTIONS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Sctp,
            b"\0\x01\0\x02\0\0\0\0\0\0\0\0\x01\0\0\x1c\0\0\0\x07\0\0\xff\xff\0\x0a\0\x05\0\0\0\x64\0\x05\0\x08\x0a\0\0\x01\x03\0\0\x14\0\0\0\x01\0\0\0\x02\0\x01\0\0\0\x02\0\x03",
        );
    }
}
