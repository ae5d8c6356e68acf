//! DCE/RPC (The Open Group C706, 12; [MS-RPCE]): connection-oriented over TCP, others over UDP, with what binds and verifies.

use crate::bindings::Binding;
use crate::conversation::Key;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::guid;
use crate::recent::Recent;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Dcerpc, "dcerpc", "Distributed Computing Environment / Remote Procedure Call (DCE/RPC)";
    REQUEST_IN = field("dcerpc.request_in", "Request in frame", FrameNum, None);
    RESPONSE_IN = field("dcerpc.response_in", "Response in frame", FrameNum, None).told_later();
    VER = field("dcerpc.ver", "Version", Uint8, Dec);
    VER_MINOR = field("dcerpc.ver_minor", "Version (minor)", Uint8, Dec);
    PKT_TYPE = field("dcerpc.pkt_type", "Packet type", Uint8, Dec).names(Names::Values(TYPES));
    CN_FLAGS = field("dcerpc.cn_flags", "Packet Flags", Uint8, Hex);
    CN_FLAGS_FIRST_FRAG = field("dcerpc.cn_flags.first_frag", "First Frag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    CN_FLAGS_LAST_FRAG = field("dcerpc.cn_flags.last_frag", "Last Frag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    CN_FLAGS_CANCEL_PENDING = field("dcerpc.cn_flags.cancel_pending", "Cancel Pending", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    CN_FLAGS_RESERVED = field("dcerpc.cn_flags.reserved", "Reserved", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    CN_FLAGS_MPX = field("dcerpc.cn_flags.mpx", "Multiplex", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    CN_FLAGS_DNE = field("dcerpc.cn_flags.dne", "Did Not Execute", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    CN_FLAGS_MAYBE = field("dcerpc.cn_flags.maybe", "Maybe", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    CN_FLAGS_OBJECT = field("dcerpc.cn_flags.object", "Object", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    DREP = field("dcerpc.drep", "Data Representation", Bytes, None);
    DREP_BYTEORDER = field("dcerpc.drep.byteorder", "Byte order", Uint8, Dec).names(Names::Values(BYTE_ORDERS));
    DREP_CHARACTER = field("dcerpc.drep.character", "Character", Uint8, Dec).names(Names::Values(CHARACTERS));
    DREP_FP = field("dcerpc.drep.fp", "Floating-point", Uint8, Dec).names(Names::Values(FLOATS));
    CN_FRAG_LEN = field("dcerpc.cn_frag_len", "Frag Length", Uint16, Dec);
    CN_AUTH_LEN = field("dcerpc.cn_auth_len", "Auth Length", Uint16, Dec);
    CN_CALL_ID = field("dcerpc.cn_call_id", "Call ID", Uint32, Dec);
    CN_MAX_XMIT = field("dcerpc.cn_max_xmit", "Max Xmit Frag", Uint16, Dec);
    CN_MAX_RECV = field("dcerpc.cn_max_recv", "Max Recv Frag", Uint16, Dec);
    CN_ASSOC_GROUP = field("dcerpc.cn_assoc_group", "Assoc Group", Uint32, Hex);
    CN_NUM_CTX_ITEMS = field("dcerpc.cn_num_ctx_items", "Num Ctx Items", Uint8, Dec);
    CN_CTX_ITEM = field("dcerpc.cn_ctx_item", "Ctx Item", None, None);
    CN_CTX_ID = field("dcerpc.cn_ctx_id", "Context ID", Uint16, Dec);
    CN_NUM_TRANS_ITEMS = field("dcerpc.cn_num_trans_items", "Num Trans Items", Uint8, Dec);
    CN_BIND_ABSTRACT_SYNTAX = field("dcerpc.cn_bind_abstract_syntax", "Abstract Syntax", None, None);
    CN_BIND_TO_UUID = field("dcerpc.cn_bind_to_uuid", "Interface UUID", Guid, None);
    CN_BIND_IF_VER = field("dcerpc.cn_bind_if_ver", "Interface Ver", Uint16, Dec);
    CN_BIND_IF_VER_MINOR = field("dcerpc.cn_bind_if_ver_minor", "Interface Ver Minor", Uint16, Dec);
    CN_BIND_TRANS = field("dcerpc.cn_bind_trans", "Transfer Syntax", None, None);
    CN_BIND_TRANS_ID = field("dcerpc.cn_bind_trans_id", "ID", Guid, None);
    CN_BIND_TRANS_VER = field("dcerpc.cn_bind_trans_ver", "ver", Uint32, Dec);
    CN_BIND_TRANS_BTFN = field("dcerpc.cn_bind_trans_btfn", "Bind Time Features", Uint16, Hex);
    CN_BIND_TRANS_BTFN_01 = field("dcerpc.cn_bind_trans_btfn.01", "Security Context Multiplexing Supported", Boolean, None).mask(0x1);
    CN_BIND_TRANS_BTFN_02 = field("dcerpc.cn_bind_trans_btfn.02", "Keep Connection On Orphan Supported", Boolean, None).mask(0x2);
    CN_ALLOC_HINT = field("dcerpc.cn_alloc_hint", "Alloc hint", Uint32, Dec);
    CN_SEC_ADDR_LEN = field("dcerpc.cn_sec_addr_len", "Scndry Addr len", Uint16, Dec);
    CN_SEC_ADDR = field("dcerpc.cn_sec_addr", "Scndry Addr", String, None);
    CN_NUM_RESULTS = field("dcerpc.cn_num_results", "Num results", Uint8, Dec);
    CN_ACK_RESULT = field("dcerpc.cn_ack_result", "Ack result", Uint16, Dec).names(Names::Values(RESULTS));
    CN_ACK_REASON = field("dcerpc.cn_ack_reason", "Ack reason", Uint16, Dec).names(Names::Values(REASONS));
    CN_ACK_TRANS_ID = field("dcerpc.cn_ack_trans_id", "Transfer Syntax", Guid, None);
    CN_ACK_TRANS_VER = field("dcerpc.cn_ack_trans_ver", "Syntax ver", Uint32, Dec);
    CN_REJECT_REASON = field("dcerpc.cn_reject_reason", "Reject reason", Uint16, Dec).names(Names::Values(REJECTIONS));
    CN_NUM_PROTOCOLS = field("dcerpc.cn_num_protocols", "Number of protocols", Uint8, Dec);
    CN_PROTOCOL_VER_MAJOR = field("dcerpc.cn_protocol_ver_major", "Protocol major version", Uint8, Dec);
    CN_PROTOCOL_VER_MINOR = field("dcerpc.cn_protocol_ver_minor", "Protocol minor version", Uint8, Dec);
    CN_CANCEL_COUNT = field("dcerpc.cn_cancel_count", "Cancel count", Uint8, Dec);
    CN_FAULT_FLAGS = field("dcerpc.cn_fault_flags", "Fault flags", Uint8, Hex);
    CN_FAULT_FLAGS_EXTENDED_ERROR = field("dcerpc.cn_fault_flags.extended_error", "Extended error information present", Boolean, None).mask(0x1);
    CN_STATUS = field("dcerpc.cn_status", "Status", Uint32, Hex).names(Names::Values(STATUSES));
    AUTH_TYPE = field("dcerpc.auth_type", "Auth type", Uint8, Dec).names(Names::Values(AUTHENTICATIONS));
    AUTH_LEVEL = field("dcerpc.auth_level", "Auth level", Uint8, Dec).names(Names::Values(LEVELS));
    AUTH_PAD_LEN = field("dcerpc.auth_pad_len", "Auth pad len", Uint8, Dec);
    AUTH_RSRVD = field("dcerpc.auth_rsrvd", "Auth Rsrvd", Uint8, Dec);
    AUTH_CTX_ID = field("dcerpc.auth_ctx_id", "Auth Context ID", Uint32, Dec);
    DG_FLAGS1 = field("dcerpc.dg_flags1", "Flags1", Uint8, Hex);
    DG_FLAGS1_RSRVD_01 = field("dcerpc.dg_flags1_rsrvd_01", "Reserved for implementation", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    DG_FLAGS1_LAST_FRAG = field("dcerpc.dg_flags1_last_frag", "Last Fragment", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    DG_FLAGS1_FRAG = field("dcerpc.dg_flags1_frag", "Fragment", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    DG_FLAGS1_NOFACK = field("dcerpc.dg_flags1_nofack", "No Fack", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    DG_FLAGS1_MAYBE = field("dcerpc.dg_flags1_maybe", "Maybe", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    DG_FLAGS1_IDEMPOTENT = field("dcerpc.dg_flags1_idempotent", "Idempotent", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    DG_FLAGS1_BROADCAST = field("dcerpc.dg_flags1_broadcast", "Broadcast", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    DG_FLAGS1_RSRVD_80 = field("dcerpc.dg_flags1_rsrvd_80", "Reserved for implementation", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    DG_FLAGS2 = field("dcerpc.dg_flags2", "Flags2", Uint8, Hex);
    DG_FLAGS2_RSRVD_01 = field("dcerpc.dg_flags2_rsrvd_01", "Reserved for implementation", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    DG_FLAGS2_CANCEL_PENDING = field("dcerpc.dg_flags2_cancel_pending", "Cancel Pending", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    DG_FLAGS2_RSRVD_04 = field("dcerpc.dg_flags2_rsrvd_04", "Reserved for future use (MBZ)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    DG_FLAGS2_RSRVD_08 = field("dcerpc.dg_flags2_rsrvd_08", "Reserved for future use (MBZ)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    DG_FLAGS2_RSRVD_10 = field("dcerpc.dg_flags2_rsrvd_10", "Reserved for future use (MBZ)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    DG_FLAGS2_RSRVD_20 = field("dcerpc.dg_flags2_rsrvd_20", "Reserved for future use (MBZ)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    DG_FLAGS2_RSRVD_40 = field("dcerpc.dg_flags2_rsrvd_40", "Reserved for future use (MBZ)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    DG_FLAGS2_RSRVD_80 = field("dcerpc.dg_flags2_rsrvd_80", "Reserved for future use (MBZ)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    DG_SERIAL_LO = field("dcerpc.dg_serial_lo", "Serial Low", Uint8, Hex);
    DG_SERIAL_HI = field("dcerpc.dg_serial_hi", "Serial High", Uint8, Hex);
    DG_AHINT = field("dcerpc.dg_ahint", "Activity Hint", Uint16, Hex);
    DG_IHINT = field("dcerpc.dg_ihint", "Interface Hint", Uint16, Hex);
    DG_FRAG_LEN = field("dcerpc.dg_frag_len", "Fragment len", Uint16, Dec);
    DG_FRAG_NUM = field("dcerpc.dg_frag_num", "Fragment num", Uint16, Dec);
    DG_AUTH_PROTO = field("dcerpc.dg_auth_proto", "Auth proto", Uint8, Dec).names(Names::Values(AUTHENTICATIONS));
    DG_SEQNUM = field("dcerpc.dg_seqnum", "Sequence num", Uint32, Dec);
    DG_SERVER_BOOT = field("dcerpc.dg_server_boot", "Server boot time", AbsoluteTime, None);
    DG_IF_VER = field("dcerpc.dg_if_ver", "Interface Ver", Uint32, Dec);
    OBJ_ID = field("dcerpc.obj_id", "Object", Guid, None);
    DG_IF_ID = field("dcerpc.dg_if_id", "Interface", Guid, None);
    DG_ACT_ID = field("dcerpc.dg_act_id", "Activity", Guid, None);
    OPNUM = field("dcerpc.opnum", "Opnum", Uint16, Dec);
    DG_CANCEL_VERS = field("dcerpc.dg_cancel_vers", "Cancel Version", Uint32, Dec);
    DG_CANCEL_ID = field("dcerpc.dg_cancel_id", "Cancel ID", Uint32, Dec);
    SERVER_ACCEPTING_CANCELS = field("dcerpc.server_accepting_cancels", "Server accepting cancels", Boolean, None);
    FACK_VERS = field("dcerpc.fack_vers", "FACK Version", Uint8, Dec);
    FACK_WINDOW_SIZE = field("dcerpc.fack_window_size", "Window Size", Uint16, Dec);
    FACK_MAX_TSDU = field("dcerpc.fack_max_tsdu", "Max TSDU", Uint32, Dec);
    FACK_MAX_FRAG_SIZE = field("dcerpc.fack_max_frag_size", "Max Frag Size", Uint32, Dec);
    FACK_SERIAL_NUM = field("dcerpc.fack_serial_num", "Serial Num", Uint16, Dec);
    FACK_SELACK_LEN = field("dcerpc.fack_selack_len", "Selective ACK Len", Uint16, Dec);
    FACK_SELACK = field("dcerpc.fack_selack", "Selective ACK", Uint32, Hex);
    DG_STATUS = field("dcerpc.dg_status", "Status", Uint32, Hex).names(Names::Values(STATUSES));
    TIME = field("dcerpc.time", "Time from request", RelativeTime, None);
    UNKNOWN_IF_ID = field("dcerpc.unknown_if_id", "Unknown DCERPC interface id", Boolean, None);
    RESERVED = field("dcerpc.reserved", "Reserved", Bytes, None);
    ENCRYPTED_STUB_DATA = field("dcerpc.encrypted_stub_data", "Encrypted stub data", Bytes, None);
    PAYLOAD_STUB_DATA = field("dcerpc.payload_stub_data", "Payload stub data", None, None);
    STUB_DATA = field("dcerpc.stub_data", "Stub data", Bytes, None);
    AUTH_PADDING = field("dcerpc.auth_padding", "Auth Padding", Bytes, None);
    AUTH_INFO = field("dcerpc.auth_info", "Auth Info", None, None);
    AUTH_CREDENTIALS = field("dcerpc.auth_credentials", "Auth Credentials", Bytes, None);
    FAULT_STUB_DATA = field("dcerpc.fault_stub_data", "Fault stub data", Bytes, None);
    ARRAY_MAX_COUNT = field("dcerpc.array.max_count", "Max Count", Uint32, Dec);
    ARRAY_OFFSET = field("dcerpc.array.offset", "Offset", Uint32, Dec);
    ARRAY_ACTUAL_COUNT = field("dcerpc.array.actual_count", "Actual Count", Uint32, Dec);
    NO_BIND = expert("dcerpc.cn_ctx_id.no_bind", "No bind info for interface Context ID", Note, Undecoded);
    FAULT = expert("dcerpc.cn_status.expert", "Fault", Note, Response);
    BIND_NOT_ACKNOWLEDGED = expert("dcerpc.bind_not_acknowledged", "Bind not acknowledged", Warning, Sequence);
}

const TYPES: &[(u64, &str)] = &[
    (0, "Request"),
    (1, "Ping"),
    (2, "Response"),
    (3, "Fault"),
    (4, "Working"),
    (5, "Nocall"),
    (6, "Reject"),
    (7, "Ack"),
    (8, "Cl_cancel"),
    (9, "Fack"),
    (10, "Cancel_ack"),
    (11, "Bind"),
    (12, "Bind_ack"),
    (13, "Bind_nak"),
    (14, "Alter_context"),
    (15, "Alter_context_resp"),
    (16, "AUTH3"),
    (17, "Shutdown"),
    (18, "Co_cancel"),
    (19, "Orphaned"),
    (20, "RPC-over-HTTP RTS"),
];
const BYTE_ORDERS: &[(u64, &str)] = &[(0, "Big-endian"), (1, "Little-endian")];
const CHARACTERS: &[(u64, &str)] = &[(0, "ASCII"), (1, "EBCDIC")];
const FLOATS: &[(u64, &str)] = &[(0, "IEEE"), (1, "VAX"), (2, "Cray"), (3, "IBM")];
const RESULTS: &[(u64, &str)] =
    &[(0, "Acceptance"), (1, "User rejection"), (2, "Provider rejection"), (3, "Negotiate ACK")];
const REASONS: &[(u64, &str)] = &[
    (0, "Reason not specified"),
    (1, "Abstract syntax not supported"),
    (2, "Proposed transfer syntaxes not supported"),
    (3, "Local limit exceeded"),
];
const REJECTIONS: &[(u64, &str)] = &[
    (0, "Reason not specified"),
    (1, "Temporary congestion"),
    (2, "Local limit exceeded"),
    (3, "Called paddr unknown"),
    (4, "Protocol version not supported"),
    (5, "Default context not supported"),
    (6, "User data not readable"),
    (7, "No PSAP available"),
    (8, "Authentication type not recognized"),
    (9, "Invalid checksum"),
];
const AUTHENTICATIONS: &[(u64, &str)] = &[
    (0, "None"),
    (1, "Kerberos 5"),
    (9, "SPNEGO"),
    (10, "NTLMSSP"),
    (14, "SCHANNEL SSP"),
    (16, "Kerberos SSP"),
    (17, "Distributed Password Authentication SSP"),
    (18, "MSN SSP"),
    (21, "Digest SSP"),
    (68, "NETLOGON Secure Channel"),
    (100, "MSMQ SSP"),
];
const LEVELS: &[(u64, &str)] =
    &[(1, "None"), (2, "Connect"), (3, "Call"), (4, "Packet"), (5, "Packet integrity"), (6, "Packet privacy")];
const STATUSES: &[(u64, &str)] = &[
    (1, "nca_s_fault_other"),
    (5, "nca_s_fault_access_denied"),
    (1783, "nca_s_fault_ndr"),
    (1752, "nca_s_fault_cant_perform"),
    (1825, "nca_s_fault_sec_pkg_error"),
    (469762049, "nca_s_fault_int_div_by_zero"),
    (469762050, "nca_s_fault_addr_error"),
    (469762051, "nca_s_fault_fp_div_zero"),
    (469762052, "nca_s_fault_fp_underflow"),
    (469762053, "nca_s_fault_fp_overflow"),
    (469762054, "nca_s_fault_invalid_tag"),
    (469762055, "nca_s_fault_invalid_bound"),
    (469762056, "nca_rpc_version_mismatch"),
    (469762057, "nca_unspec_reject"),
    (469762058, "nca_s_bad_actid"),
    (469762059, "nca_who_are_you_failed"),
    (469762060, "nca_manager_not_entered"),
    (469762061, "nca_s_fault_cancel"),
    (469762062, "nca_s_fault_ill_inst"),
    (469762063, "nca_s_fault_fp_error"),
    (469762064, "nca_s_fault_int_overflow"),
    (469762068, "nca_s_fault_pipe_empty"),
    (469762069, "nca_s_fault_pipe_closed"),
    (469762070, "nca_s_fault_pipe_order"),
    (469762071, "nca_s_fault_pipe_discipline"),
    (469762072, "nca_s_fault_pipe_comm_error"),
    (469762073, "nca_s_fault_pipe_memory"),
    (469762074, "nca_s_fault_context_mismatch"),
    (469762075, "nca_s_fault_remote_no_memory"),
    (469762076, "nca_invalid_pres_context_id"),
    (469762077, "nca_unsupported_authn_level"),
    (469762079, "nca_invalid_checksum"),
    (469762080, "nca_invalid_crc"),
    (469762081, "ncs_s_fault_user_defined"),
    (469762082, "nca_s_fault_tx_open_failed"),
    (469762083, "nca_s_fault_codeset_conv_error"),
    (469762084, "nca_s_fault_object_not_found"),
    (469762085, "nca_s_fault_no_client_stub"),
    (469827586, "nca_op_rng_error"),
    (469827587, "nca_unk_if"),
    (469827590, "nca_wrong_boot_time"),
    (469827593, "nca_s_you_crashed"),
    (469827595, "nca_proto_error"),
    (469827603, "nca_out_args_too_big"),
    (469827604, "nca_server_too_busy"),
    (469827607, "nca_unsupported_type"),
];
const CN_FLAG_LIST: &[FieldId] = &[
    CN_FLAGS_FIRST_FRAG,
    CN_FLAGS_LAST_FRAG,
    CN_FLAGS_CANCEL_PENDING,
    CN_FLAGS_RESERVED,
    CN_FLAGS_MPX,
    CN_FLAGS_DNE,
    CN_FLAGS_MAYBE,
    CN_FLAGS_OBJECT,
];
const DG_FLAGS1_LIST: &[FieldId] = &[
    DG_FLAGS1_RSRVD_01,
    DG_FLAGS1_LAST_FRAG,
    DG_FLAGS1_FRAG,
    DG_FLAGS1_NOFACK,
    DG_FLAGS1_MAYBE,
    DG_FLAGS1_IDEMPOTENT,
    DG_FLAGS1_BROADCAST,
    DG_FLAGS1_RSRVD_80,
];
const DG_FLAGS2_LIST: &[FieldId] = &[
    DG_FLAGS2_RSRVD_01,
    DG_FLAGS2_CANCEL_PENDING,
    DG_FLAGS2_RSRVD_04,
    DG_FLAGS2_RSRVD_08,
    DG_FLAGS2_RSRVD_10,
    DG_FLAGS2_RSRVD_20,
    DG_FLAGS2_RSRVD_40,
    DG_FLAGS2_RSRVD_80,
];

const CN_HEADER_LEN: usize = 16;
const DG_HEADER_LEN: usize = 80;
const VERIFIER_LEN: usize = 8;
/// The data representation says that integers are little-endian.
const LITTLE: u8 = 0x10;
const OBJECT: u8 = 0x80;
const FIRST: u8 = 1;
const LAST: u8 = 2;
const PRIVACY: u64 = 6;

/// How many presentation contexts are known.
pub(crate) const MAX_CONTEXTS: usize = 16_384;
/// How many calls wait for their answer.
pub(crate) const MAX_CALLS: usize = 16_384;

const RULES: Rules = Rules {
    proto: ProtoId::Dcerpc,
    renews: true,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: &[RESPONSE_IN, REQUEST_IN, TIME],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Gss, ProtoId::Spnego],
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(
        ProtoId::Dcerpc,
        "DCERPC",
        &[Binding::TcpHeuristic(is_connection), Binding::UdpHeuristic(is_datagram)],
        dissect,
    )
};

/// Interfaces whose calls Wireshark takes apart, by the first 32 bits and the end of their UUID and by their version; of
/// others it says that they are unknown.
const KNOWN: &[(u32, u8, u16, &str)] = &[
    (0xe1af_8308, 0xfa, 3, "EPMv4"),
    (0xafa8_bd80, 0x24, 1, "MGMT"),
    (0x1234_5778, 0xab, 0, "LSARPC"),
    (0x1234_5778, 0xac, 1, "SAMR"),
    (0x1234_5678, 0xfb, 1, "RPC_NETLOGON"),
    (0x1234_5678, 0xab, 1, "SPOOLSS"),
    (0x4b32_4fc8, 0x88, 3, "SRVSVC"),
    (0x6bff_d098, 0x6a, 1, "WKSSVC"),
    (0x367a_bb81, 0x03, 2, "SVCCTL"),
    (0x338c_d001, 0x03, 1, "WINREG"),
    (0x1ff7_0682, 0x53, 1, "ATSVC"),
    (0xe351_4235, 0x08, 4, "DRSUAPI"),
    (0x8227_3fdc, 0x29, 0, "EVENTLOG"),
    (0x3919_286a, 0x60, 0, "DSSETUP"),
    (0x99fc_fec4, 0x6a, 0, "IOXIDResolver"),
    (0x4d9f_4ab8, 0x57, 0, "REMACT"),
    (0x0000_01a0, 0x46, 0, "ISystemActivator"),
    (0x5a7b_91f8, 0xfc, 1, "Messenger"),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interface {
    uuid: [u8; 16],
    version: u16,
}

/// What earlier messages say of the one at hand.
#[derive(Clone, Debug)]
pub struct Told {
    interface: Option<Interface>,
    opnum: Option<u16>,
}

/// Contexts and calls of the first pass.
pub(crate) struct Bindings {
    contexts: Recent<(Key, u16), Interface>,
    calls: Recent<(Key, u32), u16>,
}

impl Default for Bindings {
    fn default() -> Self {
        Self { contexts: Recent::new(MAX_CONTEXTS), calls: Recent::new(MAX_CALLS) }
    }
}

/// Integers of ASCII or EBCDIC senders, floating point of one of four kinds.
fn is_representation(tvb: Tvb<'_>, at: usize) -> bool {
    let (Ok(first), Ok(second)) = (tvb.u8(at), tvb.u8(at + 1)) else {
        return false;
    };
    first & 0xee == 0 && second <= 3
}

pub(crate) fn is_connection<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.len() >= CN_HEADER_LEN
        && tvb.u8(0) == Ok(5)
        && matches!(tvb.u8(1), Ok(0 | 1))
        && tvb.u8(2).is_ok_and(|kind| kind <= 19)
        && is_representation(tvb, 4)
        && fragment_len(tvb.bytes()).is_some_and(|len| len >= CN_HEADER_LEN)
}

fn is_datagram<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.len() >= DG_HEADER_LEN
        && tvb.u8(0) == Ok(4)
        && tvb.u8(1).is_ok_and(|kind| kind <= 19)
        && tvb.u8(3).is_ok_and(|flags| flags & 0xfc == 0)
        && is_representation(tvb, 4)
}

fn fragment_len(octets: &[u8]) -> Option<usize> {
    let (representation, len) = (octets.get(4)?, [*octets.get(8)?, *octets.get(9)?]);
    let len = if representation & LITTLE != 0 { u16::from_le_bytes(len) } else { u16::from_be_bytes(len) };
    Some(len.into())
}

fn framing(stream: &[u8]) -> Framing {
    match fragment_len(stream) {
        None => Framing::More(CN_HEADER_LEN - stream.len().min(CN_HEADER_LEN - 1)),
        Some(len) if len >= CN_HEADER_LEN && stream.first() == Some(&5) => Framing::Message(len),
        Some(_) => Framing::Foreign,
    }
}

/// Octets of which the header says in which order integers lie.
#[derive(Clone, Copy)]
struct Ndr<'a> {
    tvb: Tvb<'a>,
    is_little: bool,
}

impl<'a> Ndr<'a> {
    fn int(&self, at: usize, width: usize) -> Result<u64, Stop> {
        let octets = self.tvb.slice(at, width)?;
        let fold = |number: u64, octet: &u8| number << 8 | u64::from(*octet);
        Ok(if self.is_little { octets.iter().rev().fold(0, fold) } else { octets.iter().fold(0, fold) })
    }

    fn uint(&self, d: &mut Dissector<'a>, field: FieldId, at: usize, width: usize) -> Result<u64, Stop> {
        let value = self.int(at, width)?;
        d.add(field, self.tvb, at, width, Value::Uint(value));
        Ok(value)
    }

    /// The octets of a UUID in the order of Windows.
    fn uuid(&self, at: usize) -> Result<[u8; 16], Stop> {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.tvb.array::<16>(at)?;
        let mut octets = if self.is_little { [a, b, c, d, e, f, g, h] } else { [d, c, b, a, f, e, h, g] }.to_vec();
        octets.extend(rest);
        octets.try_into().map_err(|_| Stop::Malformed)
    }

    fn guid(&self, d: &mut Dissector<'a>, field: FieldId, at: usize) -> Result<[u8; 16], Stop> {
        let octets = self.uuid(at)?;
        if d.wants(field) {
            d.add(field, self.tvb, at, 16, Value::String(guid::text_le(octets).into()));
        }
        Ok(octets)
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("DCERPC");
    d.begin_next(PROTO, tvb);
    let version = d.uint(VER, tvb, 0, 1)?;
    let ndr = Ndr { tvb, is_little: tvb.u8(4)? & LITTLE != 0 };
    if version == 5 {
        connection(d, ndr)?
    } else {
        datagram(d, ndr)?
    }
    d.close();
    Ok(())
}

fn representation<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, len: usize) -> Parsed {
    let (first, second) = (tvb.u8(4)?, tvb.u8(5)?);
    d.open(DREP, tvb, 4, len, Value::Bytes);
    d.add(DREP_BYTEORDER, tvb, 4, 1, Value::Uint(u64::from(first >> 4)));
    d.add(DREP_CHARACTER, tvb, 4, 1, Value::Uint(u64::from(first & 0xf)));
    d.add(DREP_FP, tvb, 5, 1, Value::Uint(second.into()));
    d.close();
    Ok(())
}

fn flags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, field: FieldId, all: &[FieldId]) -> Result<u8, Stop> {
    let value = tvb.u8(at)?;
    d.open(field, tvb, at, 1, Value::Uint(value.into()));
    for flag in all.iter().rev() {
        d.flag(*flag, tvb, at, 1, value.into());
    }
    d.close();
    Ok(value)
}

fn name(kind: u64) -> std::borrow::Cow<'static, str> {
    Names::Values(TYPES).of(kind).unwrap_or("Unknown".into())
}

fn status_name(status: u64) -> std::borrow::Cow<'static, str> {
    Names::Values(STATUSES).of(status).unwrap_or_else(|| format!("Unknown (0x{status:08x})").into())
}

/// C706, 12.6: over connections.
fn connection<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>) -> Parsed {
    let tvb = ndr.tvb;
    d.uint(VER_MINOR, tvb, 1, 1)?;
    let kind = d.uint(PKT_TYPE, tvb, 2, 1)?;
    let bits = flags(d, tvb, 3, CN_FLAGS, CN_FLAG_LIST)?;
    representation(d, tvb, 4)?;
    let len = ndr.uint(d, CN_FRAG_LEN, 8, 2)? as usize;
    let auth_len = ndr.uint(d, CN_AUTH_LEN, 10, 2)? as usize;
    let call = ndr.uint(d, CN_CALL_ID, 12, 4)? as u32;
    d.set_info(|| {
        let fragment = match bits & (FIRST | LAST) {
            FIRST => "1st",
            LAST => "Last",
            0 => "Mid",
            _ => "Single",
        };
        format!("{}: call_id: {call}, Fragment: {fragment}", name(kind))
    });
    let whole = Ndr { tvb: tvb.sub(0, len.max(CN_HEADER_LEN)), ..ndr };
    let end = whole.tvb.reported();
    // The verifier, if there is one, stands at the end.
    let auth = auth_len.checked_add(VERIFIER_LEN).filter(|len| auth_len > 0 && *len <= end - CN_HEADER_LEN);
    let body_end = end - auth.unwrap_or(0);
    let message = Ndr { tvb: whole.tvb.sub(0, body_end), ..ndr };
    match kind {
        0 => return request(d, &Call { message, whole, bits, id: call, auth }),
        2 => return response(d, &Call { message, whole, bits, id: call, auth }),
        3 => return fault(d, message, call),
        11 | 14 => bind(d, message)?,
        12 | 15 => bind_answer(d, message)?,
        13 => rejection(d, message)?,
        _ => {}
    }
    if auth.is_some() {
        verifier(d, whole, body_end, auth_len)?;
    }
    Ok(())
}

fn bind<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>) -> Parsed {
    let tvb = ndr.tvb;
    ndr.uint(d, CN_MAX_XMIT, 16, 2)?;
    ndr.uint(d, CN_MAX_RECV, 18, 2)?;
    ndr.uint(d, CN_ASSOC_GROUP, 20, 4)?;
    let count = d.uint(CN_NUM_CTX_ITEMS, tvb, 24, 1)?;
    d.append_info(|| format!(", {count} context items:"));
    let mut at = 28;
    for number in 0..count {
        let item = d.open(CN_CTX_ITEM, tvb, at, 24, Value::None);
        let context = ndr.uint(d, CN_CTX_ID, at, 2)? as u16;
        let transfers = d.uint(CN_NUM_TRANS_ITEMS, tvb, at + 2, 1)?;
        d.open(CN_BIND_ABSTRACT_SYNTAX, tvb, at + 4, 20, Value::None);
        let uuid = ndr.guid(d, CN_BIND_TO_UUID, at + 4)?;
        let version = ndr.uint(d, CN_BIND_IF_VER, at + 20, 2)? as u16;
        let minor = ndr.uint(d, CN_BIND_IF_VER_MINOR, at + 22, 2)?;
        d.close();
        let separator = if number == 0 { "" } else { "," };
        d.append_info(|| format!("{separator} {} V{version}.{minor} (", title(uuid)));
        learn(d, context, Interface { uuid, version });
        at += 24;
        for place in 0..transfers {
            d.open(CN_BIND_TRANS, tvb, at, 20, Value::None);
            let transfer = ndr.guid(d, CN_BIND_TRANS_ID, at)?;
            if transfer.starts_with(&FEATURES) {
                // [MS-RPCE] 2.2.2.14: the UUID says what the sender can do.
                let features = tvb.u16_le(at + 8)?.into();
                d.open(CN_BIND_TRANS_BTFN, tvb, at + 8, 2, Value::Uint(features));
                d.flag(CN_BIND_TRANS_BTFN_01, tvb, at + 8, 2, features);
                d.flag(CN_BIND_TRANS_BTFN_02, tvb, at + 8, 2, features);
                d.close();
            }
            ndr.uint(d, CN_BIND_TRANS_VER, at + 16, 4)?;
            d.close();
            let separator = if place == 0 { "" } else { "," };
            d.append_info(|| format!("{separator}{}", transfer_name(transfer)));
            at += 20;
        }
        d.append_info(|| ")".to_owned());
        d.set_len(item, 24 + 20 * transfers as usize);
        d.close();
    }
    Ok(())
}

const FEATURES: [u8; 8] = [0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45];

fn transfer_name(uuid: [u8; 16]) -> std::borrow::Cow<'static, str> {
    match uuid[..4] {
        [0x04, 0x5d, 0x88, 0x8a] => "32bit NDR".into(),
        [0x33, 0x05, 0x71, 0x71] => "64bit NDR".into(),
        _ => guid::text_le(uuid).into(),
    }
}

fn learn(d: &mut Dissector<'_>, context: u16, interface: Interface) {
    let key = Key(d.endpoints.conversation().0);
    if let Some(flows) = d.flows() {
        flows.dcerpc.contexts.insert((key, context), interface);
    }
}

fn bind_answer<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>) -> Parsed {
    let tvb = ndr.tvb;
    let transmit = ndr.uint(d, CN_MAX_XMIT, 16, 2)?;
    let receive = ndr.uint(d, CN_MAX_RECV, 18, 2)?;
    ndr.uint(d, CN_ASSOC_GROUP, 20, 4)?;
    let len = ndr.uint(d, CN_SEC_ADDR_LEN, 24, 2)? as usize;
    if len > 0 {
        tvb.slice(26, len)?;
        d.add(CN_SEC_ADDR, tvb, 26, len, Value::Text);
    }
    // What follows is aligned.
    let mut at = (26 + len).next_multiple_of(4);
    let count = d.uint(CN_NUM_RESULTS, tvb, at, 1)?;
    d.append_info(|| format!(", max_xmit: {transmit} max_recv: {receive}, {count} results:"));
    at += 4;
    for number in 0..count {
        let result = ndr.int(at, 2)?;
        let known = Names::Values(RESULTS).of(result).unwrap_or("Unknown result".into());
        d.open_text(tvb, at, 24, || format!("Ctx Item[{}]: {known}", number + 1));
        d.add(CN_ACK_RESULT, tvb, at, 2, Value::Uint(result));
        if result == 3 {
            let features = ndr.int(at + 2, 2)?;
            d.open(CN_BIND_TRANS_BTFN, tvb, at + 2, 2, Value::Uint(features));
            d.flag(CN_BIND_TRANS_BTFN_01, tvb, at + 2, 2, features);
            d.flag(CN_BIND_TRANS_BTFN_02, tvb, at + 2, 2, features);
            d.close();
        } else if result != 0 {
            ndr.uint(d, CN_ACK_REASON, at + 2, 2)?;
        }
        ndr.guid(d, CN_ACK_TRANS_ID, at + 4)?;
        ndr.uint(d, CN_ACK_TRANS_VER, at + 20, 4)?;
        d.close();
        let separator = if number == 0 { "" } else { "," };
        d.append_info(|| format!("{separator} {known}"));
        at += 24;
    }
    Ok(())
}

fn rejection<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>) -> Parsed {
    let tvb = ndr.tvb;
    let reason = ndr.uint(d, CN_REJECT_REASON, 16, 2)?;
    d.expert(BIND_NOT_ACKNOWLEDGED, tvb, 2, 1);
    d.append_info(|| format!(" reason: {}", Names::Values(REJECTIONS).of(reason).unwrap_or("Unknown".into())));
    if tvb.reported() > 18 {
        let count = d.uint(CN_NUM_PROTOCOLS, tvb, 18, 1)? as usize;
        for number in 0..count {
            d.uint(CN_PROTOCOL_VER_MAJOR, tvb, 19 + 2 * number, 1)?;
            d.uint(CN_PROTOCOL_VER_MINOR, tvb, 20 + 2 * number, 1)?;
        }
    }
    Ok(())
}

/// Which interface the context stands for, and for an answer which operation was called.
fn told(d: &mut Dissector<'_>, context: u16, call: u32, asked: Option<u16>) -> Told {
    let key = Key(d.endpoints.conversation().0);
    if let Some(flows) = d.flows() {
        let interface = flows.dcerpc.contexts.get(&(key, context)).copied();
        let opnum = match asked {
            Some(opnum) => {
                flows.dcerpc.calls.insert((key, call), opnum);
                None
            }
            None => flows.dcerpc.calls.get(&(key, call)).copied(),
        };
        if d.wants_facts_of(ProtoId::Dcerpc) {
            d.record(Fact::Dcerpc(Box::new(Told { interface, opnum })));
        }
    }
    let found = d.fact(|fact| match fact {
        Fact::Dcerpc(told) => Some((**told).clone()),
        _ => None,
    });
    found.unwrap_or(Told { interface: None, opnum: None })
}

fn show_interface(d: &mut Dissector<'_>, interface: Option<Interface>) {
    if let Some(interface) = interface {
        d.append_info(|| format!(" {} V{}", title(interface.uuid), interface.version));
    }
}

/// A request or a response over a connection.
struct Call<'a> {
    /// Without the verifier.
    message: Ndr<'a>,
    whole: Ndr<'a>,
    bits: u8,
    id: u32,
    /// How long the verifier is.
    auth: Option<usize>,
}

/// What every message of a call begins with; answers the presentation context.
fn context<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>) -> Result<u16, Stop> {
    ndr.uint(d, CN_ALLOC_HINT, 16, 4)?;
    Ok(ndr.uint(d, CN_CTX_ID, 20, 2)? as u16)
}

fn request<'a>(d: &mut Dissector<'a>, call: &Call<'a>) -> Parsed {
    let ndr = call.message;
    let context = context(d, ndr)?;
    let opnum = ndr.uint(d, OPNUM, 22, 2)? as u16;
    d.append_info(|| format!(", opnum: {opnum}, Ctx: {context}"));
    let mut at = 24;
    if call.bits & OBJECT != 0 {
        ndr.guid(d, OBJ_ID, at)?;
        at += 16;
    }
    if call.bits & FIRST != 0 {
        transaction::request(d, &RULES, call.id.into());
    }
    let told = told(d, context, call.id, Some(opnum));
    let known = transaction::known(d, ProtoId::Dcerpc);
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, ndr.tvb, 0, 0, Value::Uint(frame));
    }
    show_interface(d, told.interface);
    stub(d, call.whole, at, told.interface, context, call.auth)
}

fn response<'a>(d: &mut Dissector<'a>, call: &Call<'a>) -> Parsed {
    let tvb = call.message.tvb;
    let context = context(d, call.message)?;
    d.append_info(|| format!(", Ctx: {context}"));
    d.uint(CN_CANCEL_COUNT, tvb, 22, 1)?;
    if call.bits & FIRST != 0 {
        transaction::response(d, &RULES, call.id.into(), true);
    }
    let told = answered(d, tvb, context, call.id);
    show_interface(d, told.interface);
    stub(d, call.whole, 24, told.interface, context, call.auth)
}

/// What an answer says of its call.
fn answered<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, context: u16, call: u32) -> Told {
    let told = told(d, context, call, None);
    if let Some(opnum) = told.opnum {
        d.generated(OPNUM, tvb, 0, 0, Value::Uint(opnum.into()));
    }
    if let Some((frame, after)) = transaction::known(d, ProtoId::Dcerpc).response_to {
        d.generated(REQUEST_IN, tvb, 0, 0, Value::Uint(frame));
        d.generated(TIME, tvb, 0, 0, Value::Time(after));
    }
    told
}

fn fault<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>, call: u32) -> Parsed {
    let tvb = ndr.tvb;
    let context = context(d, ndr)?;
    d.uint(CN_CANCEL_COUNT, tvb, 22, 1)?;
    flags(d, tvb, 23, CN_FAULT_FLAGS, &[CN_FAULT_FLAGS_EXTENDED_ERROR])?;
    let status = ndr.uint(d, CN_STATUS, 24, 4)?;
    d.expert_with(FAULT, tvb, 24, 4, || format!("Fault: {}", status_name(status)));
    d.append_info(|| format!(", Ctx: {context}, status: {}", status_name(status)));
    if tvb.reported() >= 32 {
        d.bytes(RESERVED, tvb, 28, 4);
    }
    transaction::response(d, &RULES, call.into(), true);
    answered(d, tvb, context, call);
    if tvb.reported() > 32 {
        d.bytes(FAULT_STUB_DATA, tvb, 32, tvb.reported() - 32);
    }
    Ok(())
}

/// What is called with, and the verifier behind it.
fn stub<'a>(
    d: &mut Dissector<'a>,
    whole: Ndr<'a>,
    at: usize,
    interface: Option<Interface>,
    context: u16,
    auth: Option<usize>,
) -> Parsed {
    let tvb = whole.tvb;
    let end = tvb.reported() - auth.unwrap_or(0);
    let level = if auth.is_some() { u64::from(tvb.u8(end + 1)?) } else { 0 };
    let padding = if auth.is_some() { usize::from(tvb.u8(end + 2)?) } else { 0 };
    let len = end.saturating_sub(at);
    match interface {
        None => {
            d.expert_with(NO_BIND, tvb, 20, 2, || {
                format!("No bind info for interface Context ID {context} - capture start too late?")
            });
        }
        Some(interface) if !is_known(interface) => {
            d.generated(UNKNOWN_IF_ID, tvb, 0, 0, Value::Uint(1));
        }
        Some(_) => {}
    }
    if len > 0 {
        let padding = padding.min(len);
        if level == PRIVACY {
            d.bytes(ENCRYPTED_STUB_DATA, tvb, at, len);
        } else {
            match interface {
                Some(interface) if is_known(interface) => {
                    d.add(PAYLOAD_STUB_DATA, tvb, at, len - padding, Value::None);
                }
                _ => {
                    d.bytes(STUB_DATA, tvb, at, len - padding);
                }
            }
            if padding > 0 {
                d.bytes(AUTH_PADDING, tvb, end - padding, padding);
            }
        }
    }
    if let Some(auth) = auth {
        d.open(AUTH_INFO, tvb, end, auth, Value::None);
        verifier(d, whole, end, auth - VERIFIER_LEN)?;
        d.close();
    }
    Ok(())
}

fn known(uuid: [u8; 16]) -> Option<&'static (u32, u8, u16, &'static str)> {
    let [a, b, c, d, .., last] = uuid;
    let first = u32::from_le_bytes([a, b, c, d]);
    KNOWN.iter().find(|known| (known.0, known.1) == (first, last))
}

fn is_known(interface: Interface) -> bool {
    known(interface.uuid).is_some_and(|known| known.2 == interface.version)
}

/// The name of an interface, or its UUID.
fn title(uuid: [u8; 16]) -> std::borrow::Cow<'static, str> {
    known(uuid).map_or_else(|| guid::text_le(uuid).into(), |known| known.3.into())
}

/// C706, 13.2.6: who calls, and proof that nobody changed it.
fn verifier<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>, at: usize, len: usize) -> Parsed {
    let tvb = ndr.tvb;
    d.open(AUTH_INFO, tvb, at, VERIFIER_LEN + len, Value::None);
    let kind = d.uint(AUTH_TYPE, tvb, at, 1)?;
    d.uint(AUTH_LEVEL, tvb, at + 1, 1)?;
    d.uint(AUTH_PAD_LEN, tvb, at + 2, 1)?;
    d.uint(AUTH_RSRVD, tvb, at + 3, 1)?;
    ndr.uint(d, AUTH_CTX_ID, at + 4, 4)?;
    let token = tvb.sub(at + VERIFIER_LEN, len);
    match kind {
        // What these say is not shown as octets.
        9 | 16 => d.within(|d| super::gss::call(d, token)),
        10 | 68 => {}
        _ => {
            d.bytes(AUTH_CREDENTIALS, token, 0, token.reported());
        }
    }
    d.close();
    Ok(())
}

/// C706, 12.5: in datagrams.
fn datagram<'a>(d: &mut Dissector<'a>, ndr: Ndr<'a>) -> Parsed {
    let tvb = ndr.tvb;
    let kind = d.uint(PKT_TYPE, tvb, 1, 1)?;
    flags(d, tvb, 2, DG_FLAGS1, DG_FLAGS1_LIST)?;
    flags(d, tvb, 3, DG_FLAGS2, DG_FLAGS2_LIST)?;
    representation(d, tvb, 3)?;
    d.uint(DG_SERIAL_HI, tvb, 7, 1)?;
    ndr.guid(d, OBJ_ID, 8)?;
    let uuid = ndr.guid(d, DG_IF_ID, 24)?;
    let activity = ndr.guid(d, DG_ACT_ID, 40)?;
    let boot = ndr.int(56, 4)? as i64;
    d.add(DG_SERVER_BOOT, tvb, 56, 4, Value::Time(boot * 1_000_000_000));
    let version = ndr.uint(d, DG_IF_VER, 60, 4)?;
    let number = ndr.uint(d, DG_SEQNUM, 64, 4)?;
    let opnum = ndr.uint(d, OPNUM, 68, 2)?;
    ndr.uint(d, DG_IHINT, 70, 2)?;
    ndr.uint(d, DG_AHINT, 72, 2)?;
    let len = ndr.uint(d, DG_FRAG_LEN, 74, 2)?;
    ndr.uint(d, DG_FRAG_NUM, 76, 2)?;
    d.uint(DG_AUTH_PROTO, tvb, 78, 1)?;
    d.uint(DG_SERIAL_LO, tvb, 79, 1)?;
    d.set_info(|| format!("{}: seq: {number}", name(kind)));
    let body = Ndr { tvb: tvb.sub(DG_HEADER_LEN, len as usize), ..ndr };
    let interface = Interface { uuid, version: version as u16 };
    match kind {
        0 | 2 => {
            d.append_info(|| format!(" opnum: {opnum} len: {len} {} V{version}", title(uuid)));
            let id = u128::from_le_bytes(activity) ^ u128::from(number);
            if kind == 0 {
                transaction::request(d, &RULES, id);
            } else {
                transaction::response(d, &RULES, id, true);
            }
            let known = transaction::known(d, ProtoId::Dcerpc);
            if let Some(frame) = known.response_in {
                d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
            }
            if let Some((frame, after)) = known.response_to {
                d.generated(REQUEST_IN, tvb, 0, 0, Value::Uint(frame));
                d.generated(TIME, tvb, 0, 0, Value::Time(after));
            }
            datagram_stub(d, body, interface, opnum)?;
        }
        3 | 6 => {
            let status = body.uint(d, DG_STATUS, 0, 4)?;
            d.append_info(|| format!(": status: {}", status_name(status)));
        }
        8 | 10 if len > 0 => {
            body.uint(d, DG_CANCEL_VERS, 0, 4)?;
            body.uint(d, DG_CANCEL_ID, 4, 4)?;
            if kind == 10 {
                let accepts = body.int(8, 4)?;
                d.add(SERVER_ACCEPTING_CANCELS, body.tvb, 8, 4, Value::Uint((accepts != 0).into()));
            }
        }
        9 => acknowledgement(d, body)?,
        _ => {}
    }
    Ok(())
}

fn datagram_stub<'a>(d: &mut Dissector<'a>, body: Ndr<'a>, interface: Interface, opnum: u64) -> Parsed {
    let len = body.tvb.reported();
    if !is_known(interface) {
        d.generated(UNKNOWN_IF_ID, body.tvb, 0, 0, Value::Uint(1));
        if len > 0 {
            d.bytes(STUB_DATA, body.tvb, 0, len);
        }
        return Ok(());
    }
    d.add(PAYLOAD_STUB_DATA, body.tvb, 0, len, Value::None);
    // The messages that `net send` sends: from whom, to whom, and what, each as a conformant and varying text.
    const MESSENGER: [u8; 4] = [0xf8, 0x91, 0x7b, 0x5a];
    if interface.uuid.starts_with(&MESSENGER) && opnum == 0 {
        let mut at = 0;
        for _ in 0..3 {
            body.uint(d, ARRAY_MAX_COUNT, at, 4)?;
            body.uint(d, ARRAY_OFFSET, at + 4, 4)?;
            let count = body.uint(d, ARRAY_ACTUAL_COUNT, at + 8, 4)? as usize;
            at = count.checked_add(at + 12).ok_or(Stop::Malformed)?.next_multiple_of(4);
        }
    }
    Ok(())
}

fn acknowledgement<'a>(d: &mut Dissector<'a>, body: Ndr<'a>) -> Parsed {
    if body.tvb.reported() == 0 {
        return Ok(());
    }
    d.uint(FACK_VERS, body.tvb, 0, 1)?;
    body.uint(d, FACK_WINDOW_SIZE, 2, 2)?;
    body.uint(d, FACK_MAX_TSDU, 4, 4)?;
    body.uint(d, FACK_MAX_FRAG_SIZE, 8, 4)?;
    let serial = body.uint(d, FACK_SERIAL_NUM, 12, 2)?;
    d.append_info(|| format!(" serial: {serial}"));
    let count = body.uint(d, FACK_SELACK_LEN, 14, 2)? as usize;
    for number in 0..count {
        body.uint(d, FACK_SELACK, 16 + 4 * number, 4)?;
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500009c00010000400600000a0000010a0000029c40c00000000001000000015018ffff0000000005000b0310000000740000000100 \
     0000d016d01600000000020000000000010078563412341234121234123456789abc01000000045d888aeb1cc9119fe808002b104860 \
     020000000100010078563412341234121234123456789abc010000002c1cb76c12984045030000000000000001000000",
    "4500007c00010000400600000a0000020a000001c0009c4000000001000000755018ffff0000000005000c0310000000540000000100 \
     0000d016d0163412000005003130323400000200000000000000045d888aeb1cc9119fe808002b104860020000000300030000000000 \
     00000000000000000000000000000000",
    "4500004800010000400600000a0000010a0000029c40c00000000075000000555018ffff000000000500000310000000200000000200 \
     000008000000000003000100000002000000",
    "4500004800010000400600000a0000020a000001c0009c4000000055000000955018ffff000000000500020310000000200000000200 \
     000008000000000000000100000002000000",
    "4500005800010000400600000a0000010a0000029c40c00000000095000000755018ffff000000000500008310000000300000000300 \
     000008000000000004000883afe11f5dc91191a408002b14a0fa0100000002000000",
    "4500004c00010000400600000a0000020a000001c0009c4000000075000000c55018ffff000000000500032310000000240000000300 \
     000020000000000000000200011c0000000078787878",
    "4500009c00010000400600000a0000010a0000029c40c000000000c5000000995018ffff0000000005000e0310000000740000000400 \
     0000d016d01600000000020000000000010078563412341234121234123456789abc01000000045d888aeb1cc9119fe808002b104860 \
     020000000100010078563412341234121234123456789abc010000002c1cb76c12984045030000000000000001000000",
    "4500007c00010000400600000a0000020a000001c0009c4000000099000001395018ffff0000000005000f0310000000540000000400 \
     0000d016d0163412000005003130323400000200000000000000045d888aeb1cc9119fe808002b104860020000000300030000000000 \
     00000000000000000000000000000000",
    "4500005800010000400600000a0000010a0000029c40c00000000139000000ed5018ffff000000000500000310000000300008000500 \
     000008000000000005000100000002000000630600004d0000000102030405060708",
    "4500005c00010000400600000a0000020a000001c0009c40000000ed000001695018ffff000000000500020310000000340008000500 \
     00000800000000000000010000000200000000000000630604004d0000000102030405060708",
    "4500003800010000400600000a0000010a0000029c40c00000000169000001215018ffff000000000500130310000000100000000500 \
     0000",
    "4500003800010000400600000a0000010a0000029c40c00000000179000001215018ffff000000000500120310000000100000000500 \
     0000",
    "4500004c00010000400600000a0000010a0000029c40c00000000189000001215018ffff000000000500100310000000240008000600 \
     000000000000630200004d0000000102030405060708",
    "4500005c00010000400600000a0000010a0000029c40c000000001ad000001215018ffff000000000500000310000000340008000700 \
     00000800000000000600010000000200000000000000630504004d0000000102030405060708",
    "4500009c00010000400600000a0000010a0000021389c00000000001000000015018ffff0000000005000b0310000000740000000100 \
     0000d016d01600000000020000000000010078563412341234121234123456789abc01000000045d888aeb1cc9119fe808002b104860 \
     020000000100010078563412341234121234123456789abc010000002c1cb76c12984045030000000000000001000000",
    "4500003d00010000400600000a0000020a000001c000138900000001000000755018ffff0000000005000d0310000000150000000100 \
     00000400010500",
    "4500004800010000400600000a0000010a000002138ac00100000001000000015018ffff000000000500000110000000200000000200 \
     000010000000000003000100000002000000",
    "4500004800010000400600000a0000010a000002138ac00100000021000000015018ffff000000000500000210000000200000000200 \
     000008000000000003000300000004000000",
    "4500007400010000401100000a0000010a000002138804020060000004002800100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff080000000000 \
     0100000002000000",
    "4500007000010000401100000a0000020a00000104021388005c000004020800100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff040000000000 \
     00000000",
    "4500007000010000401100000a0000020a00000104021388005c000004030000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff040000000000 \
     0200011c",
    "4500007000010000401100000a0000020a00000104021388005c000004060000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff040000000000 \
     0300011c",
    "4500007400010000401100000a0000010a000002138804020060000004080000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff080000000000 \
     0000000009000000",
    "4500007800010000401100000a0000020a0000010402138800640000040a0000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff0c0000000000 \
     000000000900000001000000",
    "4500008000010000401100000a0000020a00000104021388006c000004090000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff140000000000 \
     0000080078050000780500000100010005000000",
    "4500006c00010000401100000a0000010a000002138804020058000004010000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff000000000000",
    "4500006c00010000401100000a0000020a000001040213880058000004040000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff000000000000",
    "4500009c00010000401100000a0000010a000002138804020088000004002800100000000883afe11f5dc91191a408002b14a0faf891 \
     7b5a00ffd011a9b200c04fb6e6fc000000000000000000000000000000aa00f1536501000000000000000000fffff0ff300000000000 \
     0300000000000000030000004d450000040000000000000004000000594f550003000000000000000300000068690000",
    "4500006c00010000401100000a0000020a000001040213880058000004070000100000000883afe11f5dc91191a408002b14a0fa7856 \
     3412341234121234123456789abc000000000000000000000000000000aa00f1536503000000070000000200fffff0ff000000000000",
    "4500006000010000400600000a0000020a000001c0009c4300000001000000015018ffff0000000005000c0310000000380000000100 \
     0000d016d016341200000000000001000000020001000000000000000000000000000000000000000000",
    "4500009c00010000400600000a0000010a0000029c43c00000000001000000395018ffff0000000005000b0310000000740000000200 \
     0000d016d0160000000002000000000001000883afe11f5dc91191a408002b14a0fa01000000045d888aeb1cc9119fe808002b104860 \
     02000000010001000883afe11f5dc91191a408002b14a0fa010000002c1cb76c12984045030000000000000001000000",
    "4500004800010000400600000a0000010a0000029c43c00000000075000000395018ffff000000000500000310000000200000000300 \
     000008000000000003000100000002000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn answers_know_what_was_asked() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[3], "dcerpc.opnum"), "3");
        assert_eq!(values(&shown[3], "dcerpc.request_in"), "3");
        assert_eq!(values(&shown[0], "dcerpc.cn_bind_to_uuid").split(',').count(), 2);
    }

    #[test]
    fn no_more_than_the_limits_are_remembered() {
        let mut flows = Bindings::default();
        let interface = Interface { uuid: [0; 16], version: 0 };
        for call in 0..2 * MAX_CALLS as u32 {
            let key = Key(crate::dissector::Endpoints::default());
            flows.calls.insert((key, call), 0);
            flows.contexts.insert((key, call as u16), interface);
        }
        assert!(flows.calls.len() <= MAX_CALLS);
        assert!(flows.contexts.len() <= MAX_CONTEXTS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Dcerpc, b"\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0\xd0\x16\xd0\x16\0\0\0\0\x01\0\0\0\0\0\x01\0abcdefghijklmnop\x01\0\0\0qrstuvwxyzabcdef\x02\0\0\0");
        crate::tests::survives_anything(ProtoId::Dcerpc, b"\x05\0\x03\x03\x10\0\0\0\x30\0\x08\0\x01\0\0\0\0\0\0\0\0\0\0\0\x02\0\x01\x1c\0\0\0\0\x0a\x06\0\0\x01\0\0\0abcdefgh");
    }
}
