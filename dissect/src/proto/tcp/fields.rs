//! The table of TCP's fields and what their values are called.

use crate::field::{Names, fields};
use crate::registry::ProtoId;

fields! { Tcp, "tcp", "Transmission Control Protocol";
    SRCPORT = field("tcp.srcport", "Source Port", Uint16, Dec);
    DSTPORT = field("tcp.dstport", "Destination Port", Uint16, Dec);
    PORT = field("tcp.port", "Source or Destination Port", Uint16, Dec);
    STREAM = field("tcp.stream", "Stream index", Uint32, Dec);
    COMPLETENESS = field("tcp.completeness", "Conversation completeness", Uint8, Dec).names(Names::Computed(completeness)).told_later();
    LEN = field("tcp.len", "TCP Segment Len", Uint32, Dec);
    SEQ = field("tcp.seq", "Sequence Number", Uint32, Dec).told_later();
    SEQ_RAW = field("tcp.seq_raw", "Sequence Number (raw)", Uint32, Dec);
    NXTSEQ = field("tcp.nxtseq", "Next Sequence Number", Uint32, Dec).told_later();
    ACK = field("tcp.ack", "Acknowledgment Number", Uint32, Dec).told_later();
    ACK_RAW = field("tcp.ack_raw", "Acknowledgment number (raw)", Uint32, Dec);
    HDR_LEN = field("tcp.hdr_len", "Header Length", Uint8, Dec);
    FLAGS = field("tcp.flags", "Flags", Uint16, Hex).mask(0x0fff);
    FLAGS_RES = field("tcp.flags.res", "Reserved", Boolean, None).mask(0x0e00).names(SET);
    FLAGS_AE = field("tcp.flags.ae", "Accurate ECN", Boolean, None).mask(0x0100).names(SET);
    FLAGS_CWR = field("tcp.flags.cwr", "Congestion Window Reduced", Boolean, None).mask(0x0080).names(SET);
    FLAGS_ECE = field("tcp.flags.ece", "ECN-Echo", Boolean, None).mask(0x0040).names(SET);
    FLAGS_URG = field("tcp.flags.urg", "Urgent", Boolean, None).mask(0x0020).names(SET);
    FLAGS_ACK = field("tcp.flags.ack", "Acknowledgment", Boolean, None).mask(0x0010).names(SET);
    FLAGS_PUSH = field("tcp.flags.push", "Push", Boolean, None).mask(0x0008).names(SET);
    FLAGS_RESET = field("tcp.flags.reset", "Reset", Boolean, None).mask(0x0004).names(SET);
    FLAGS_SYN = field("tcp.flags.syn", "Syn", Boolean, None).mask(0x0002).names(SET);
    FLAGS_FIN = field("tcp.flags.fin", "Fin", Boolean, None).mask(0x0001).names(SET);
    FLAGS_STR = field("tcp.flags.str", "TCP Flags", String, None);
    WINDOW_SIZE_VALUE = field("tcp.window_size_value", "Window", Uint16, Dec);
    WINDOW_SIZE = field("tcp.window_size", "Calculated window size", Uint32, Dec).told_later();
    WINDOW_SIZE_SCALEFACTOR = field("tcp.window_size_scalefactor", "Window size scaling factor", Int32, Dec).told_later();
    CHECKSUM = field("tcp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("tcp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(super::super::udp::CHECKSUM_STATUSES));
    URGENT_POINTER = field("tcp.urgent_pointer", "Urgent Pointer", Uint16, Dec);

    OPTIONS = field("tcp.options", "TCP Options", Bytes, None);
    OPTION_KIND = field("tcp.option_kind", "Kind", Uint8, Dec).names(Names::Values(OPTION_KINDS));
    OPTION_LEN = field("tcp.option_len", "Length", Uint8, Dec);
    OPTION_LEN_INVALID = expert("tcp.option.len.invalid", "Invalid length for option", Note, Sequence);
    OPT_NOP = field("tcp.options.nop", "TCP Option - No-Operation (NOP)", Bytes, None);
    OPT_EOL = field("tcp.options.eol", "TCP Option - End of Option List (EOL)", Bytes, None);
    OPT_MSS = field("tcp.options.mss", "TCP Option - Maximum segment size", Bytes, None);
    OPT_MSS_VAL = field("tcp.options.mss_val", "MSS Value", Uint16, Dec);
    OPT_MSS_ABSENT = expert("tcp.options.mss.absent", "The SYN packet does not contain a MSS option", Note, Protocol);
    OPT_MSS_PRESENT = expert("tcp.options.mss.present", "The non-SYN packet does contain a MSS option", Warning, Protocol);
    OPT_WSCALE = field("tcp.options.wscale", "TCP Option - Window scale", Bytes, None);
    OPT_WSCALE_SHIFT = field("tcp.options.wscale.shift", "Shift count", Uint8, Dec);
    OPT_WSCALE_SHIFT_INVALID = expert("tcp.options.wscale.shift.invalid", "Window scale shift exceeds 14", Warning, Protocol);
    OPT_WSCALE_MULTIPLIER = field("tcp.options.wscale.multiplier", "Multiplier", Uint16, Dec);
    OPT_SACK_PERM = field("tcp.options.sack_perm", "TCP Option - SACK permitted", Bytes, None);
    OPT_SACK = field("tcp.options.sack", "TCP Option - SACK", Bytes, None);
    OPT_SACK_LE = field("tcp.options.sack_le", "TCP SACK Left Edge", Uint32, Dec).told_later();
    OPT_SACK_RE = field("tcp.options.sack_re", "TCP SACK Right Edge", Uint32, Dec).told_later();
    OPT_SACK_COUNT = field("tcp.options.sack.count", "TCP SACK Count", Uint8, Dec);
    OPT_SACK_DSACK_LE = field("tcp.options.sack.dsack_le", "TCP D-SACK Left Edge", Uint32, Dec).told_later();
    OPT_SACK_DSACK_RE = field("tcp.options.sack.dsack_re", "TCP D-SACK Right Edge", Uint32, Dec).told_later();
    OPT_SACK_DSACK = expert("tcp.options.sack.dsack", "D-SACK Sequence", Warning, Sequence);
    OPT_ECHO = field("tcp.options.echo", "TCP Option - Echo", Bytes, None);
    OPT_ECHOREPLY = field("tcp.options.echoreply", "TCP Option - Echo reply", Bytes, None);
    OPT_ECHO_VALUE = field("tcp.options.echo_value", "TCP Echo Option", Uint32, Dec);
    OPT_TIMESTAMP = field("tcp.options.timestamp", "TCP Option - Timestamps", Bytes, None);
    OPT_TIMESTAMP_TSVAL = field("tcp.options.timestamp.tsval", "Timestamp value", Uint32, Dec);
    OPT_TIMESTAMP_TSECR = field("tcp.options.timestamp.tsecr", "Timestamp echo reply", Uint32, Dec);
    OPT_CC = field("tcp.options.cc", "TCP Option - CC", Bytes, None);
    OPT_CCNEW = field("tcp.options.ccnew", "TCP Option - CC.NEW", Bytes, None);
    OPT_CCECHO = field("tcp.options.ccecho", "TCP Option - CC.ECHO", Bytes, None);
    OPT_CC_VALUE = field("tcp.options.cc_value", "TCP CC Option", Uint32, Dec);
    OPT_MD5 = field("tcp.options.md5", "TCP Option - TCP MD5 signature", Bytes, None);
    OPT_MD5_DIGEST = field("tcp.options.md5.digest", "MD5 digest", Bytes, None);
    OPT_AO = field("tcp.options.ao", "TCP Option - TCP AO", Bytes, None);
    OPT_AO_KEYID = field("tcp.options.ao.keyid", "AO KeyID", Uint8, Dec);
    OPT_AO_RNEXTKEYID = field("tcp.options.ao.rnextkeyid", "AO RNextKeyID", Uint8, Dec);
    OPT_AO_MAC = field("tcp.options.ao.mac", "AO MAC", Bytes, None);
    OPT_QS = field("tcp.options.qs", "TCP Option - Quick-Start", Bytes, None);
    OPT_QS_RATE = field("tcp.options.qs.rate", "QS Rate", Uint8, Dec).mask(0x0f).names(Names::Computed(quick_start_rate));
    OPT_QS_TTL_DIFF = field("tcp.options.qs.ttl_diff", "QS Rate", Uint8, Dec);
    OPT_USER_TO = field("tcp.options.user_to", "TCP Option - User Timeout", Bytes, None);
    OPT_USER_TO_GRANULARITY = field("tcp.options.user_to_granularity", "Granularity", Boolean, None).mask(0x8000).names(Names::Flag("Minutes", "Seconds"));
    OPT_USER_TO_VAL = field("tcp.options.user_to_val", "User Timeout", Uint16, Dec).mask(0x7fff);
    OPT_TFO = field("tcp.options.tfo", "TCP Option - TCP Fast Open", Bytes, None);
    OPT_TFO_REQUEST = field("tcp.options.tfo.request", "Fast Open Cookie Request", None, None);
    OPT_TFO_COOKIE = field("tcp.options.tfo.cookie", "Fast Open Cookie", Bytes, None);
    OPT_ACC_ECN = field("tcp.options.acc_ecn", "TCP Option - Accurate ECN", Bytes, None);
    OPT_ACC_ECN_EE0B = field("tcp.options.acc_ecn.ee0b", "Accurate ECN Echo ECT(0) Byte Counter", Uint24, Dec);
    OPT_ACC_ECN_ECEB = field("tcp.options.acc_ecn.eceb", "Accurate ECN Echo CE Byte Counter", Uint24, Dec);
    OPT_ACC_ECN_EE1B = field("tcp.options.acc_ecn.ee1b", "Accurate ECN Echo ECT(1) Byte Counter", Uint24, Dec);
    OPT_EXPERIMENTAL = field("tcp.options.experimental", "TCP Option - Experimental", Bytes, None);
    OPT_EXPERIMENTAL_EXID = field("tcp.options.experimental.exid", "Experiment Identifier", Uint16, Hex).names(Names::Values(EXPERIMENTS));
    OPT_EXPERIMENTAL_DATA = field("tcp.options.experimental.data", "Data", Bytes, None);
    OPT_UNKNOWN = field("tcp.options.unknown", "TCP Option - Unknown", Bytes, None);
    OPT_UNKNOWN_PAYLOAD = field("tcp.options.unknown.payload", "Payload", Bytes, None);
    MPTCP_SUBTYPE = field("tcp.options.mptcp.subtype", "Multipath TCP subtype", Uint8, Dec).mask(0xf0).names(Names::Values(MPTCP_SUBTYPES));
    MPTCP_VERSION = field("tcp.options.mptcp.version", "Multipath TCP version", Uint8, Dec).mask(0x0f);
    MPTCP_RESERVED = field("tcp.options.mptcp.reserved", "Reserved", Uint16, Hex).mask(0x0fff);
    MPTCP_FLAGS = field("tcp.options.mptcp.flags", "Multipath TCP flags", Uint8, Hex);
    MPTCP_BACKUP_FLAG = field("tcp.options.mptcp.backup.flag", "Backup flag", Uint8, Dec).mask(0x01);
    MPTCP_CHECKSUMREQ_FLAGS = field("tcp.options.mptcp.checksumreq.flags", "Checksum required", Uint8, Dec).mask(0x80);
    MPTCP_EXTENSIBILITY_FLAG = field("tcp.options.mptcp.extensibility.flag", "Extensibility", Uint8, Dec).mask(0x40);
    MPTCP_NOMORESUBFLOWS_FLAG = field("tcp.options.mptcp.nomoresubflows.flag", "Do not attempt to establish new subflows to this address and port", Uint8, Dec).mask(0x20);
    MPTCP_SHA1_FLAG = field("tcp.options.mptcp.sha1.flag", "Use HMAC-SHA1", Uint8, Dec).mask(0x01);
    MPTCP_SHA256_FLAG = field("tcp.options.mptcp.sha256.flag", "Use HMAC-SHA256", Uint8, Dec).mask(0x01);
    MPTCP_DATAFIN_FLAG = field("tcp.options.mptcp.datafin.flag", "DATA_FIN", Uint8, Dec).mask(0x10);
    MPTCP_DSEQN8_FLAG = field("tcp.options.mptcp.dseqn8.flag", "Data Sequence Number is 8 octets", Uint8, Dec).mask(0x08);
    MPTCP_DSEQNPRESENT_FLAG = field("tcp.options.mptcp.dseqnpresent.flag", "Data Sequence Number, Subflow Sequence Number, Data-level Length, Checksum present", Uint8, Dec).mask(0x04);
    MPTCP_DATAACK8_FLAG = field("tcp.options.mptcp.dataack8.flag", "Data ACK is 8 octets", Uint8, Dec).mask(0x02);
    MPTCP_DATAACKPRESENT_FLAG = field("tcp.options.mptcp.dataackpresent.flag", "Data ACK is present", Uint8, Dec).mask(0x01);
    MPTCP_RESERVED_FLAG = field("tcp.options.mptcp.reserved.flag", "Reserved", Uint8, Hex).mask(0x3e);
    MPTCP_FLAG_U = field("tcp.options.mptcp.flag_U.flag", "Flag U", Boolean, None).mask(0x08).names(SET);
    MPTCP_FLAG_V = field("tcp.options.mptcp.flag_V.flag", "Flag V", Boolean, None).mask(0x04).names(SET);
    MPTCP_FLAG_W = field("tcp.options.mptcp.flag_W.flag", "Flag W", Boolean, None).mask(0x02).names(SET);
    MPTCP_FLAG_T = field("tcp.options.mptcp.flag_T.flag", "Transient", Boolean, None).mask(0x01).names(SET);
    MPTCP_RST_REASON = field("tcp.options.mptcp.rst_reason", "TCPRST Reason", Uint8, Hex).names(Names::Values(MPTCP_RESET_REASONS));
    MPTCP_ADDRID = field("tcp.options.mptcp.addrid", "Address ID", Uint8, Dec);
    MPTCP_SENDKEY = field("tcp.options.mptcp.sendkey", "Sender's Key", Uint64, Dec);
    MPTCP_RECVKEY = field("tcp.options.mptcp.recvkey", "Receiver's Key", Uint64, Dec);
    MPTCP_RECVTOK = field("tcp.options.mptcp.recvtok", "Receiver's Token", Uint32, Dec);
    MPTCP_SENDRAND = field("tcp.options.mptcp.sendrand", "Sender's Random Number", Uint32, Dec);
    MPTCP_SENDTRUNCHMAC = field("tcp.options.mptcp.sendtrunchmac", "Sender's Truncated HMAC", Uint64, Dec);
    MPTCP_SENDHMAC = field("tcp.options.mptcp.sendhmac", "Sender's HMAC", Bytes, None);
    MPTCP_ADDADDRTRUNCHMAC = field("tcp.options.mptcp.addaddrtrunchmac", "Truncated HMAC", Uint64, Dec);
    MPTCP_RAWDATAACK = field("tcp.options.mptcp.rawdataack", "Original MPTCP Data ACK", Uint64, Dec);
    MPTCP_RAWDATASEQNO = field("tcp.options.mptcp.rawdataseqno", "Data Sequence Number", Uint64, Dec);
    MPTCP_SUBFLOWSEQNO = field("tcp.options.mptcp.subflowseqno", "Subflow Sequence Number", Uint32, Dec);
    MPTCP_DATALVLLEN = field("tcp.options.mptcp.datalvllen", "Data-level Length", Uint16, Dec);
    MPTCP_CHECKSUM = field("tcp.options.mptcp.checksum", "Checksum", Uint16, Hex);
    MPTCP_IPVER = field("tcp.options.mptcp.ipver", "IP version", Uint8, Dec).mask(0x0f);
    MPTCP_IPV4 = field("tcp.options.mptcp.ipv4", "Advertised IPv4 Address", Ipv4, None);
    MPTCP_IPV6 = field("tcp.options.mptcp.ipv6", "Advertised IPv6 Address", Ipv6, None);
    MPTCP_PORT = field("tcp.options.mptcp.port", "Advertised port", Uint16, Dec);
    NOP_RUN = expert("tcp.nop", "4 NOP in a row - a router may have removed some options", Warning, Protocol);
    NON_ZERO_BYTES_AFTER_EOL = expert("tcp.non_zero_bytes_after_eol", "Non zero bytes in option space after EOL option", Error, Protocol);
    SUBOPTION_MALFORMED = expert("tcp.suboption_malformed", "suboption would go past end of option", Error, Malformed);

    TIME_RELATIVE = field("tcp.time_relative", "Time since first frame in this TCP stream", RelativeTime, None);
    TIME_DELTA = field("tcp.time_delta", "Time since previous frame in this TCP stream", RelativeTime, None);

    ANALYSIS = field("tcp.analysis", "SEQ/ACK analysis", None, None).told_later();
    ACKS_FRAME = field("tcp.analysis.acks_frame", "This is an ACK to the segment in frame", FrameNum, None);
    ACK_RTT = field("tcp.analysis.ack_rtt", "The RTT to ACK the segment was", RelativeTime, None);
    INITIAL_RTT = field("tcp.analysis.initial_rtt", "iRTT", RelativeTime, None).told_later();
    BYTES_IN_FLIGHT = field("tcp.analysis.bytes_in_flight", "Bytes in flight", Uint32, Dec);
    PUSH_BYTES_SENT = field("tcp.analysis.push_bytes_sent", "Bytes sent since last PSH flag", Uint32, Dec);
    ANALYSIS_FLAGS = field("tcp.analysis.flags", "TCP Analysis Flags", None, None).told_later();
    RTO = field("tcp.analysis.rto", "The RTO for this segment was", RelativeTime, None);
    RTO_FRAME = field("tcp.analysis.rto_frame", "RTO based on delta from frame", FrameNum, None);
    DUPLICATE_ACK_NUM = field("tcp.analysis.duplicate_ack_num", "Duplicate ACK #", Uint32, Dec);
    DUPLICATE_ACK_FRAME = field("tcp.analysis.duplicate_ack_frame", "Duplicate to the ACK in frame", FrameNum, None);
    DUPLICATE_ACK = expert("tcp.analysis.duplicate_ack", "Duplicate ACK", Note, Sequence);
    RETRANSMISSION = expert("tcp.analysis.retransmission", "This frame is a (suspected) retransmission", Note, Sequence);
    FAST_RETRANSMISSION = expert("tcp.analysis.fast_retransmission", "This frame is a (suspected) fast retransmission", Note, Sequence);
    SPURIOUS_RETRANSMISSION = expert("tcp.analysis.spurious_retransmission", "This frame is a (suspected) spurious retransmission", Note, Sequence);
    OUT_OF_ORDER = expert("tcp.analysis.out_of_order", "This frame is a (suspected) out-of-order segment", Warning, Sequence);
    REUSED_PORTS = expert("tcp.analysis.reused_ports", "A new tcp session is started with the same ports as an earlier session in this trace", Note, Sequence).told_later();
    LOST_SEGMENT = expert("tcp.analysis.lost_segment", "Previous segment(s) not captured (common at capture start)", Warning, Sequence);
    ACK_LOST_SEGMENT = expert("tcp.analysis.ack_lost_segment", "ACKed segment that wasn't captured (common at capture start)", Warning, Sequence);
    WINDOW_UPDATE = expert("tcp.analysis.window_update", "TCP window update", Chat, Sequence);
    WINDOW_FULL = expert("tcp.analysis.window_full", "TCP window specified by the receiver is now completely full", Warning, Sequence);
    KEEP_ALIVE = expert("tcp.analysis.keep_alive", "TCP keep-alive segment", Note, Sequence);
    KEEP_ALIVE_ACK = expert("tcp.analysis.keep_alive_ack", "ACK to a TCP keep-alive segment", Note, Sequence);
    ZERO_WINDOW_PROBE = expert("tcp.analysis.zero_window_probe", "TCP Zero Window Probe", Note, Sequence);
    ZERO_WINDOW = expert("tcp.analysis.zero_window", "TCP Zero Window segment", Warning, Sequence);
    ZERO_WINDOW_PROBE_ACK = expert("tcp.analysis.zero_window_probe_ack", "ACK to a TCP Zero Window Probe", Note, Sequence);
    TFO_SYN = expert("tcp.analysis.tfo_syn", "TCP SYN with TFO Cookie", Note, Sequence);
    TFO_ACK = expert("tcp.analysis.tfo_ack", "TCP SYN-ACK accepting TFO data", Note, Sequence);
    TFO_IGNORED = expert("tcp.analysis.tfo_ignored", "TCP SYN-ACK ignoring TFO data", Note, Sequence);

    CONNECTION_SYN = expert("tcp.connection.syn", "Connection establish request (SYN)", Chat, Sequence);
    CONNECTION_SYNACK = expert("tcp.connection.synack", "Connection establish acknowledge (SYN+ACK)", Chat, Sequence);
    CONNECTION_FIN = expert("tcp.connection.fin", "Connection finish (FIN)", Chat, Sequence);
    CONNECTION_FIN_ACTIVE = expert("tcp.connection.fin_active", "This frame initiates the connection closing", Note, Sequence);
    CONNECTION_FIN_PASSIVE = expert("tcp.connection.fin_passive", "This frame undergoes the connection closing", Note, Sequence);
    CONNECTION_RST = expert("tcp.connection.rst", "Connection reset (RST)", Warning, Sequence);
    FIN_RETRANSMISSION = field("tcp.fin_retransmission", "Retransmission of FIN from frame", FrameNum, None);
    RESET_CAUSE = field("tcp.reset_cause", "Reset cause", String, None);
    ACK_NONZERO = expert("tcp.ack.nonzero", "The acknowledgment number field is nonzero while the ACK flag is not set", Note, Protocol);
    URGENT_POINTER_NON_ZERO = expert("tcp.urgent_pointer.non_zero", "The urgent pointer field is nonzero while the URG flag is not set", Note, Protocol);
    SHORT_SEGMENT = expert("tcp.short_segment", "Short segment", Warning, Malformed);
    BOGUS_HEADER_LENGTH = expert("tcp.bogus_header_length", "Bogus TCP Header length", Error, Protocol);

    PAYLOAD = field("tcp.payload", "TCP payload", Bytes, None);
    SEGMENT_DATA = field("tcp.segment_data", "TCP segment data", Bytes, None).fed_by(CLAIMERS);
    PDU_SIZE = field("tcp.pdu.size", "PDU Size", Uint32, Dec).fed_by(CLAIMERS);
    REASSEMBLED_IN = field("tcp.reassembled_in", "Reassembled PDU in frame", FrameNum, None).fed_by(CLAIMERS).told_later();
    SEGMENTS = field("tcp.segments", "Reassembled TCP Segments", None, None).fed_by(CLAIMERS);
    SEGMENT = field("tcp.segment", "TCP Segment", FrameNum, None).fed_by(CLAIMERS);
    SEGMENT_OVERLAP = field("tcp.segment.overlap", "Segment overlap", Boolean, None).fed_by(CLAIMERS);
    SEGMENT_OVERLAP_CONFLICT = field("tcp.segment.overlap.conflict", "Conflicting data in segment overlap", Boolean, None).fed_by(CLAIMERS);
    SEGMENT_COUNT = field("tcp.segment.count", "Segment count", Uint32, Dec).fed_by(CLAIMERS);
    REASSEMBLED_LENGTH = field("tcp.reassembled.length", "Reassembled TCP length", Uint32, Dec).fed_by(CLAIMERS);
    REASSEMBLED_DATA = field("tcp.reassembled.data", "Reassembled TCP Data", Bytes, None).fed_by(CLAIMERS);
}

/// Who says whose a connection's octets are.
const CLAIMERS: &[ProtoId] = &[ProtoId::Http, ProtoId::H225, ProtoId::H245, ProtoId::Tls, ProtoId::Ftp];

const SET: Names = Names::Flag("Set", "Not set");

/// What was seen of a connection's life.
fn completeness(seen: u64) -> Option<std::borrow::Cow<'static, str>> {
    let name = match seen {
        1 => "Incomplete, SYN_SENT",
        3 => "Incomplete, CLIENT_ESTABLISHED",
        7 => "Incomplete, ESTABLISHED",
        15 => "Incomplete, DATA",
        23 | 39 | 55 => "Complete, NO_DATA",
        31 | 47 | 63 => "Complete, WITH_DATA",
        _ => "Incomplete",
    };
    Some(name.into())
}

/// RFC 4782, 3.1: a rate of n stands for 40 kbit/s times 2 to the n.
fn quick_start_rate(rate: u64) -> Option<std::borrow::Cow<'static, str>> {
    let kbits = match rate {
        0 => return Some("0 bit/s".into()),
        1..=15 => 40_u64 << rate,
        _ => return None,
    };
    let in_units = |unit: u64, name: &str| {
        let digits = format!("{:09}", kbits % unit * (1_000_000_000 / unit));
        let digits = digits.trim_end_matches('0');
        let point = if digits.is_empty() { "" } else { "." };
        format!("{}{point}{digits} {name}", kbits / unit)
    };
    Some(match kbits {
        0..1000 => format!("{kbits} Kbit/s").into(),
        1000..1_000_000 => in_units(1000, "Mbit/s").into(),
        _ => in_units(1_000_000, "Gbit/s").into(),
    })
}

/// IANA, "TCP Option Kind Numbers".
pub(super) const OPTION_KINDS: &[(u64, &str)] = &[
    (0, "End of Option List"),
    (1, "No-Operation"),
    (2, "Maximum Segment Size"),
    (3, "Window Scale"),
    (4, "SACK Permitted"),
    (5, "SACK"),
    (6, "Echo"),
    (7, "Echo Reply"),
    (8, "Time Stamp Option"),
    (9, "Partial Order Connection Permitted"),
    (10, "Partial Order Service Profile"),
    (11, "CC"),
    (12, "CC.NEW"),
    (13, "CC.ECHO"),
    (14, "TCP Alternate Checksum Request"),
    (15, "TCP Alternate Checksum Data"),
    (16, "Skeeter"),
    (17, "Bubba"),
    (18, "Trailer Checksum Option"),
    (19, "MD5 Signature Option"),
    (20, "SCPS Capabilities"),
    (21, "Selective Negative Acknowledgements"),
    (22, "Record Boundaries"),
    (23, "Corruption experienced"),
    (24, "SNAP"),
    (25, "Unassigned"),
    (26, "TCP Compression Filter"),
    (27, "Quick-Start Response"),
    (28, "User Timeout Option"),
    (29, "The TCP Authentication Option"),
    (30, "Multipath TCP"),
    (34, "TCP Fast Open Cookie"),
    (76, "Riverbed Probe"),
    (78, "Riverbed Transparency"),
    (172, "Accurate ECN Order 0"),
    (174, "Accurate ECN Order 1"),
    (253, "RFC3692-style Experiment 1"),
    (254, "RFC3692-style Experiment 2"),
];

/// IANA, "TCP Experimental Option Experiment Identifiers".
pub(super) const EXPERIMENTS: &[(u64, &str)] = &[
    (0x00ac, "TCP ACK Rate Request"),
    (0x0348, "Host ID"),
    (0x0a0d, "Autonomous System Compensation"),
    (0x0ca0, "Capability Option"),
    (0x0ed0, "Extended Data Offset"),
    (0x454e, "Encryption Negotiation"),
    (0x5323, "Service Number"),
    (0x75ec, "Timestamp Interval"),
    (0xacc0, "Accurate ECN - Order 0"),
    (0xacc1, "Accurate ECN - Order 1"),
    (0xacce, "Accurate ECN"),
    (0xe2d4, "Shared Memory communications over RMDA protocol"),
    (0xf989, "Fast Open"),
    (0xf990, "Low Latency"),
];

/// RFC 8684, 8.2.
pub(super) const MPTCP_SUBTYPES: &[(u64, &str)] = &[
    (0, "Multipath Capable"),
    (1, "Join Connection"),
    (2, "Data Sequence Signal"),
    (3, "Add Address"),
    (4, "Remove Address"),
    (5, "Change Subflow Priority"),
    (6, "TCP Fallback"),
    (7, "Fast Close"),
    (8, "TCP Reset"),
];

/// RFC 8684, 8.3.
const MPTCP_RESET_REASONS: &[(u64, &str)] = &[
    (0, "Unspecified error"),
    (1, "MPTCP-specific error"),
    (2, "Lack of resources"),
    (3, "Administratively prohibited"),
    (4, "Too much outstanding data"),
    (5, "Unacceptable performance"),
    (6, "Middlebox interference"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_start_rates_read_as_wireshark_prints_them() {
        let shown = [0, 1, 4, 5, 8, 14, 15].map(|rate| quick_start_rate(rate).unwrap_or_default().into_owned());
        assert_eq!(
            shown,
            ["0 bit/s", "80 Kbit/s", "640 Kbit/s", "1.28 Mbit/s", "10.24 Mbit/s", "655.36 Mbit/s", "1.31072 Gbit/s"]
        );
    }
}
