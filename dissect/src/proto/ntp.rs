//! Network Time Protocol (RFC 5905, RFC 1305 for control messages, the reference implementation for private ones), with
//! requests and responses matched.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ntp, "ntp", "Network Time Protocol";
    FLAGS = field("ntp.flags", "Flags", Uint8, Hex);
    FLAGS_LI = field("ntp.flags.li", "Leap Indicator", Uint8, Dec).names(Names::Values(FLAGS_LI_NAMES)).mask(0xc0);
    FLAGS_VN = field("ntp.flags.vn", "Version number", Uint8, Dec).names(Names::Values(FLAGS_VN_NAMES)).mask(0x38);
    FLAGS_MODE = field("ntp.flags.mode", "Mode", Uint8, Dec).names(Names::Values(FLAGS_MODE_NAMES)).mask(0x7);
    STRATUM = field("ntp.stratum", "Peer Clock Stratum", Uint8, Dec).names(Names::Ranges(STRATUM_NAMES));
    PPOLL = field("ntp.ppoll", "Peer Polling Interval", Uint8, Dec);
    PRECISION = field("ntp.precision", "Peer Clock Precision", Uint8, Dec);
    ROOTDELAY = field("ntp.rootdelay", "Root Delay", Uint32, Dec);
    ROOTDISPERSION = field("ntp.rootdispersion", "Root Dispersion", Uint32, Dec);
    REFID = field("ntp.refid", "Reference ID", Bytes, None);
    REFTIME = field("ntp.reftime", "Reference Timestamp", AbsoluteTime, None);
    ORG = field("ntp.org", "Origin Timestamp", AbsoluteTime, None);
    REC = field("ntp.rec", "Receive Timestamp", AbsoluteTime, None);
    XMT = field("ntp.xmt", "Transmit Timestamp", AbsoluteTime, None);
    KEYID = field("ntp.keyid", "Key ID", Bytes, None);
    MAC = field("ntp.mac", "Message Authentication Code", Bytes, None);
    RESPONSE_IN = field("ntp.response_in", "Response In", FrameNum, None).told_later();
    REQUEST_IN = field("ntp.request_in", "Request In", FrameNum, None);
    DELTA_TIME = field("ntp.delta_time", "Delta Time", RelativeTime, None);
    EXT = field("ntp.ext", "Extension", None, None);
    EXT_TYPE = field("ntp.ext.type", "Field Type", Uint16, Hex).names(Names::Values(EXT_TYPE_NAMES));
    EXT_LENGTH = field("ntp.ext.length", "Length", Uint16, Dec);
    EXT_VALUE = field("ntp.ext.value", "Value", Bytes, None);
    CTRL_FLAGS2 = field("ntp.ctrl.flags2", "Flags 2", Uint8, Hex);
    CTRL_FLAGS2_R = field("ntp.ctrl.flags2.r", "Response bit", Uint8, Dec).names(Names::Values(CTRL_FLAGS2_R_NAMES)).mask(0x80);
    CTRL_FLAGS2_ERROR = field("ntp.ctrl.flags2.error", "Error bit", Uint8, Dec).mask(0x40);
    CTRL_FLAGS2_MORE = field("ntp.ctrl.flags2.more", "More bit", Uint8, Dec).mask(0x20);
    CTRL_FLAGS2_OPCODE = field("ntp.ctrl.flags2.opcode", "Opcode", Uint8, Dec).names(Names::Values(CTRL_FLAGS2_OPCODE_NAMES)).mask(0x1f);
    CTRL_SEQUENCE = field("ntp.ctrl.sequence", "Sequence", Uint16, Dec);
    CTRL_STATUS = field("ntp.ctrl.status", "Status", Uint16, Hex);
    CTRL_ERR_STATUS = field("ntp.ctrl.err_status", "Error Status Word", Uint16, Dec).names(Names::Values(CTRL_ERR_STATUS_NAMES)).mask(0xff00);
    CTRL_SYS_STATUS_LI = field("ntp.ctrl.sys_status.li", "Leap Indicator", Uint16, Dec).names(Names::Values(FLAGS_LI_NAMES)).mask(0xc000);
    CTRL_SYS_STATUS_CLKSRC = field("ntp.ctrl.sys_status.clksrc", "Clock Source", Uint16, Dec).names(Names::Values(CTRL_SYS_STATUS_CLKSRC_NAMES)).mask(0x3f00);
    CTRL_SYS_STATUS_COUNT = field("ntp.ctrl.sys_status.count", "System Event Counter", Uint16, Dec).mask(0xf0);
    CTRL_SYS_STATUS_CODE = field("ntp.ctrl.sys_status.code", "System Event Code", Uint16, Dec).names(Names::Values(CTRL_SYS_STATUS_CODE_NAMES)).mask(0xf);
    CTRL_PEER_STATUS_CONFIG = field("ntp.ctrl.peer_status.config", "Peer Status", Boolean, None).names(Names::Flag("configured (peer.config)", "not configured (peer.config)")).mask(0x8000);
    CTRL_PEER_STATUS_AUTHENABLE = field("ntp.ctrl.peer_status.authenable", "Peer Status", Boolean, None).names(Names::Flag("authentication enabled (peer.authenable)", "authentication disabled (peer.authenable)")).mask(0x4000);
    CTRL_PEER_STATUS_AUTHENTIC = field("ntp.ctrl.peer_status.authentic", "Peer Status", Boolean, None).names(Names::Flag("authentication okay (peer.authentic)", "authentication not okay (peer.authentic)")).mask(0x2000);
    CTRL_PEER_STATUS_REACH = field("ntp.ctrl.peer_status.reach", "Peer Status", Boolean, None).names(Names::Flag("reachability okay (peer.reach != 0)", "reachability not okay (peer.reach != 0)")).mask(0x1000);
    CTRL_PEER_STATUS_BCAST = field("ntp.ctrl.peer_status.bcast", "Peer Status broadcast association", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x800);
    CTRL_PEER_STATUS_SELECTION = field("ntp.ctrl.peer_status.selection", "Peer Selection", Uint16, Dec).names(Names::Values(CTRL_PEER_STATUS_SELECTION_NAMES)).mask(0x700);
    CTRL_PEER_STATUS_COUNT = field("ntp.ctrl.peer_status.count", "Peer Event Counter", Uint16, Dec).mask(0xf0);
    CTRL_PEER_STATUS_CODE = field("ntp.ctrl.peer_status.code", "Peer Event Code", Uint16, Dec).names(Names::Values(CTRL_PEER_STATUS_CODE_NAMES)).mask(0xf);
    CTRL_CLOCK_STATUS_STATUS = field("ntp.ctrl.clock_status.status", "Clock Status", Uint16, Dec).names(Names::Values(CTRL_CLOCK_STATUS_STATUS_NAMES)).mask(0xff00);
    CTRL_CLOCK_STATUS_CODE = field("ntp.ctrl.clock_status.code", "Clock Event Code", Uint16, Dec).mask(0xff);
    CTRL_DATA = field("ntp.ctrl.data", "Data", None, None);
    CTRL_ITEM = field("ntp.ctrl.item", "Item", None, None);
    CTRL_ASSOCID = field("ntp.ctrl.associd", "AssociationID", Uint16, Dec);
    CTRL_OFFSET = field("ntp.ctrl.offset", "Offset", Uint16, Dec);
    CTRL_COUNT = field("ntp.ctrl.count", "Count", Uint16, Dec);
    CTRL_TRAPMSG = field("ntp.ctrl.trapmsg", "Trap message", String, None);
    CTRL_CONFIGURATION = field("ntp.ctrl.configuration", "Configuration", String, None);
    CTRL_MRU = field("ntp.ctrl.mru", "MRU", String, None);
    CTRL_ORDLIST = field("ntp.ctrl.ordlist", "Ordered List", String, None);
    CTRL_NONCE = field("ntp.ctrl.nonce", "Nonce", String, None);
    PRIV_FLAGS_R = field("ntp.priv.flags.r", "Response bit", Uint8, Dec).names(Names::Values(CTRL_FLAGS2_R_NAMES)).mask(0x80);
    PRIV_FLAGS_MORE = field("ntp.priv.flags.more", "More bit", Uint8, Dec).mask(0x40);
    PRIV_AUTH_SEQ = field("ntp.priv.auth_seq", "Auth, sequence", Uint8, Dec);
    PRIV_AUTH = field("ntp.priv.auth", "Auth bit", Uint8, Dec).mask(0x80);
    PRIV_SEQ = field("ntp.priv.seq", "Sequence number", Uint8, Dec).mask(0x7f);
    PRIV_IMPL = field("ntp.priv.impl", "Implementation", Uint8, Dec).names(Names::Values(PRIV_IMPL_NAMES));
    PRIV_REQCODE = field("ntp.priv.reqcode", "Request code", Uint8, Dec).names(Names::Values(PRIV_REQCODE_NAMES));
    PRIV_ERR = field("ntp.priv.err", "Err", Uint8, Hex).names(Names::Values(PRIV_ERR_NAMES)).mask(0xf0);
    PRIV_NUMITEMS = field("ntp.priv.numitems", "Number of data items", Uint16, Dec);
    PRIV_RESERVED = field("ntp.priv.reserved", "Reserved", Uint8, Hex).mask(0xf0);
    PRIV_ITEMSIZE = field("ntp.priv.itemsize", "Size of data item", Uint16, Dec);
    PRIV_MODE7_ITEM = field("ntp.priv.mode7.item", "Mode7 item", String, None);
    PRIV_MONLIST_AVGINT = field("ntp.priv.monlist.avgint", "avgint", Uint32, Dec);
    PRIV_MONLIST_LSINT = field("ntp.priv.monlist.lsint", "lsint", Uint32, Dec);
    PRIV_MONLIST_RESTR = field("ntp.priv.monlist.restr", "restr", Uint32, Hex);
    PRIV_MONLIST_COUNT = field("ntp.priv.monlist.count", "count", Uint32, Dec);
    PRIV_MONLIST_REMOTE_ADDRESS = field("ntp.priv.monlist.remote_address", "remote address", Ipv4, None);
    PRIV_MONLIST_LOCAL_ADDRESS = field("ntp.priv.monlist.local_address", "local address", Ipv4, None);
    PRIV_MONLIST_FLAGS = field("ntp.priv.monlist.flags", "flags", Uint32, Hex);
    PRIV_MONLIST_PORT = field("ntp.priv.monlist.port", "port", Uint16, Dec);
    PRIV_MONLIST_MODE = field("ntp.priv.monlist.mode", "mode", Uint8, Dec);
    PRIV_MONLIST_VERSION = field("ntp.priv.monlist.version", "version", Uint8, Dec);
    PRIV_MONLIST_IPV6 = field("ntp.priv.monlist.ipv6", "ipv6", Uint32, Hex);
    PRIV_MONLIST_UNUSED = field("ntp.priv.monlist.unused", "unused", Uint32, Hex);
    PRIV_MONLIST_ADDR6 = field("ntp.priv.monlist.addr6", "ipv6 remote addr", Ipv6, None);
    PRIV_MONLIST_DADDR6 = field("ntp.priv.monlist.daddr6", "ipv6 local addr", Ipv6, None);
}

const FLAGS_LI_NAMES: &[(u64, &str)] = &[
    (0, "no warning"),
    (1, "last minute of the day has 61 seconds"),
    (2, "last minute of the day has 59 seconds"),
    (3, "unknown (clock unsynchronized)"),
];

const FLAGS_VN_NAMES: &[(u64, &str)] = &[
    (0, "reserved"),
    (1, "NTP Version 1"),
    (2, "NTP Version 2"),
    (3, "NTP Version 3"),
    (4, "NTP Version 4"),
    (5, "reserved"),
    (6, "reserved"),
    (7, "reserved"),
];

/// RFC 5905, 7.3, figure 10.
const FLAGS_MODE_NAMES: &[(u64, &str)] = &[
    (0, "reserved"),
    (1, "symmetric active"),
    (2, "symmetric passive"),
    (3, "client"),
    (4, "server"),
    (5, "broadcast"),
    (6, "reserved for NTP control message"),
    (7, "reserved for private use"),
];

/// RFC 5905, 7.3, figure 11.
const STRATUM_NAMES: &[(u64, u64, &str)] = &[
    (0, 0, "unspecified or invalid"),
    (1, 1, "primary reference"),
    (2, 15, "secondary reference"),
    (16, 16, "unsynchronized"),
    (17, 255, "reserved"),
];

/// IANA "NTP Extension Field Types".
const EXT_TYPE_NAMES: &[(u64, &str)] = &[
    (0x0002, "No-Operation Request"),
    (0x0102, "Association Message Request"),
    (0x0104, "Unique Identifier"),
    (0x0202, "Certificate Message Request"),
    (0x0204, "NTS Cookie"),
    (0x0302, "Cookie Message Request"),
    (0x0304, "NTS Cookie Placeholder"),
    (0x0402, "Autokey Message Request"),
    (0x0404, "NTS Authenticator and Encrypted Extension Fields"),
    (0x0502, "Leapseconds Message Request"),
    (0x0602, "Sign Message Request"),
    (0x0702, "IFF Identity Message Request"),
    (0x0802, "GQ Identity Message Request"),
    (0x0902, "MV Identity Message Request"),
    (0x2005, "Checksum Complement"),
    (0x8002, "No-Operation Response"),
    (0x8102, "Association Message Response"),
    (0x8202, "Certificate Message Response"),
    (0x8302, "Cookie Message Response"),
    (0x8402, "Autokey Message Response"),
    (0x8502, "Leapseconds Message Response"),
    (0x8602, "Sign Message Response"),
    (0x8702, "IFF Identity Message Response"),
    (0x8802, "GQ Identity Message Response"),
    (0x8902, "MV Identity Message Response"),
    (0xc002, "No-Operation Error Response"),
    (0xc102, "Association Message Error Response"),
    (0xc202, "Certificate Message Error Response"),
    (0xc302, "Cookie Message Error Response"),
    (0xc402, "Autokey Message Error Response"),
    (0xc502, "Leapseconds Message Error Response"),
    (0xc602, "Sign Message Error Response"),
    (0xc702, "IFF Identity Message Error Response"),
    (0xc802, "GQ Identity Message Error Response"),
    (0xc902, "MV Identity Message Error Response"),
];

const CTRL_FLAGS2_R_NAMES: &[(u64, &str)] = &[(0, "Request"), (1, "Response")];

/// RFC 1305, B.1, and the reference implementation's.
const CTRL_FLAGS2_OPCODE_NAMES: &[(u64, &str)] = &[
    (0, "reserved"),
    (1, "read status"),
    (2, "read variables"),
    (3, "write variables"),
    (4, "read clock variables"),
    (5, "write clock variables"),
    (6, "set trap address/port"),
    (7, "asynchronous message"),
    (8, "runtime configuration"),
    (9, "save config to file"),
    (10, "retrieve MRU (mrulist)"),
    (11, "retrieve ordered list"),
    (12, "request a client nonce"),
    (31, "unset trap address/port"),
];

/// RFC 1305, B.2.4.
const CTRL_ERR_STATUS_NAMES: &[(u64, &str)] = &[
    (0, "unspecified"),
    (1, "authentication failure"),
    (2, "invalid message length or format"),
    (3, "invalid opcode"),
    (4, "unknown association identifier"),
    (5, "unknown variable name"),
    (6, "invalid variable value"),
    (7, "administratively prohibited"),
];

/// RFC 1305, B.2.1.
const CTRL_SYS_STATUS_CLKSRC_NAMES: &[(u64, &str)] = &[
    (0, "unspecified or unknown"),
    (1, "Calibrated atomic clock (e.g. HP 5061)"),
    (2, "VLF (band 4) or LF (band 5) radio (e.g. OMEGA, WWVB)"),
    (3, "HF (band 7) radio (e.g. CHU, MSF, WWV/H)"),
    (4, "UHF (band 9) satellite (e.g. GOES, GPS)"),
    (5, "local net (e.g. DCN, TSP, DTS)"),
    (6, "UDP/NTP"),
    (7, "UDP/TIME"),
    (8, "eyeball-and-wristwatch"),
    (9, "telephone modem (e.g. NIST)"),
];

const CTRL_SYS_STATUS_CODE_NAMES: &[(u64, &str)] = &[
    (0, "unspecified"),
    (1, "frequency correction (drift) file not available"),
    (2, "frequency correction started (frequency stepped)"),
    (3, "spike detected and ignored, starting stepout timer"),
    (4, "frequency training started"),
    (5, "clock synchronized"),
    (6, "system restart"),
    (7, "panic stop (required step greater than panic threshold)"),
    (8, "no system peer"),
    (9, "leap second insertion/deletion armed"),
    (10, "leap second disarmed"),
    (11, "leap second inserted or deleted"),
    (12, "clock stepped (stepout timer expired)"),
    (13, "kernel loop discipline status changed"),
    (14, "leapseconds table loaded from file"),
    (15, "leapseconds table outdated, updated file needed"),
];

/// RFC 1305, B.2.2.
const CTRL_PEER_STATUS_SELECTION_NAMES: &[(u64, &str)] = &[
    (0, "rejected"),
    (1, "passed sanity checks (tests 1 through 8 in Section 3.4.3)"),
    (2, "passed correctness checks (intersection algorithm in Section 4.2.1)"),
    (3, "passed candidate checks (if limit check implemented)"),
    (4, "passed outlier checks (clustering algorithm in Section 4.2.2)"),
    (5, "current synchronization source; max distance exceeded (if limit check implemented)"),
    (6, "current synchronization source; max distance okay"),
    (7, "reserved"),
];

const CTRL_PEER_STATUS_CODE_NAMES: &[(u64, &str)] = &[
    (0, "unspecified"),
    (1, "association mobilized"),
    (2, "association demobilized"),
    (3, "peer unreachable (peer.reach was nonzero now zero)"),
    (4, "peer reachable (peer.reach was zero now nonzero)"),
    (5, "association restarted or timed out"),
    (6, "no server found (ntpdate mode)"),
    (7, "rate exceeded (kiss code RATE)"),
    (8, "access denied (kiss code DENY)"),
    (9, "leap armed from server LI code"),
    (10, "become system peer"),
    (11, "reference clock event (see clock status word)"),
    (12, "authentication failure"),
    (13, "popcorn spike suppressor"),
    (14, "entering interleave mode"),
    (15, "interleave error (recovered)"),
];

/// RFC 1305, B.2.3.
const CTRL_CLOCK_STATUS_STATUS_NAMES: &[(u64, &str)] = &[
    (0, "clock operating within nominals"),
    (1, "reply timeout"),
    (2, "bad reply format"),
    (3, "hardware or software fault"),
    (4, "propagation failure"),
    (5, "bad date format or value"),
    (6, "bad time format or value"),
];

const PRIV_IMPL_NAMES: &[(u64, &str)] = &[(0, "UNIV"), (2, "XNTPD_OLD (pre-IPv6)"), (3, "XNTPD")];

const PRIV_REQCODE_NAMES: &[(u64, &str)] = &[
    (0, "PEER_LIST"),
    (1, "PEER_LIST_SUM"),
    (2, "PEER_INFO"),
    (3, "PEER_STATS"),
    (4, "SYS_INFO"),
    (5, "SYS_STATS"),
    (6, "IO_STATS"),
    (7, "MEM_STATS"),
    (8, "LOOP_INFO"),
    (9, "TIMER_STATS"),
    (10, "CONFIG"),
    (11, "UNCONFIG"),
    (12, "SET_SYS_FLAG"),
    (13, "CLR_SYS_FLAG"),
    (14, "MONITOR"),
    (15, "NOMONITOR"),
    (16, "GET_RESTRICT"),
    (17, "RESADDFLAGS"),
    (18, "RESSUBFLAGS"),
    (19, "UNRESTRICT"),
    (20, "MON_GETLIST"),
    (21, "RESET_STATS"),
    (22, "RESET_PEER"),
    (23, "REREAD_KEYS"),
    (24, "DO_DIRTY_HACK"),
    (25, "DONT_DIRTY_HACK"),
    (26, "TRUSTKEY"),
    (27, "UNTRUSTKEY"),
    (28, "AUTHINFO"),
    (29, "TRAPS"),
    (30, "ADD_TRAP"),
    (31, "CLR_TRAP"),
    (32, "REQUEST_KEY"),
    (33, "CONTROL_KEY"),
    (34, "GET_CTLSTATS"),
    (35, "GET_LEAPINFO"),
    (36, "GET_CLOCKINFO"),
    (37, "SET_CLKFUDGE"),
    (38, "GET_KERNEL"),
    (39, "GET_CLKBUGINFO"),
    (41, "SET_PRECISION"),
    (42, "MON_GETLIST_1"),
    (43, "HOSTNAME_ASSOCID"),
    (44, "IF_STATS"),
    (45, "IF_RELOAD"),
];

const PRIV_ERR_NAMES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "incompatible implementation number"),
    (2, "unimplemented request code"),
    (3, "format error"),
    (4, "no data available"),
    (5, "unknown"),
    (6, "unknown"),
    (7, "authentication failure"),
];

/// Reference identifiers of primary servers (RFC 5905, 7.3, figure 12, and IANA).
const REFERENCES: &[(&[u8; 4], &str)] = &[
    (b"LOCL", "uncalibrated local clock"),
    (b"GPS\0", "Global Position System"),
    (b"PPS\0", "generic pulse-per-second"),
    (b"ACTS", "NIST dialup modem service"),
    (b"USNO", "USNO modem service"),
    (b"PTB\0", "PTB (Germany) modem service"),
    (b"TDF\0", "Allouis (France) Radio 164 kHz"),
    (b"DCF\0", "Mainflingen (Germany) Radio 77.5 kHz"),
    (b"MSF\0", "Rugby (UK) Radio 60 kHz"),
    (b"WWV\0", "Ft. Collins (US) Radio 2.5, 5, 10, 15, 20 MHz"),
    (b"WWVB", "Boulder (US) Radio 60 kHz"),
    (b"WWVH", "Kaui Hawaii (US) Radio 2.5, 5, 10, 15 MHz"),
    (b"CHU\0", "Ottawa (Canada) Radio 3330, 7335, 14670 kHz"),
    (b"LORC", "LORAN-C radionavigation system"),
    (b"OMEG", "OMEGA radionavigation system"),
    (b"GOES", "Geostationary Orbit Environment Satellite"),
    (b"GAL\0", "Galileo Positioning System"),
    (b"IRIG", "Inter-Range Instrumentation Group"),
];

const CLIENT: u8 = 3;
const SERVER: u8 = 4;
const CONTROL: u8 = 6;
const PRIVATE: u8 = 7;
const HEADER_LEN: usize = 48;
/// RFC 5905, 6: seconds from 1900 to 1970, and the length of an era.
const UNIX_EPOCH: i64 = 2_208_988_800;
const ERA: i64 = 1 << 32;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500 005c 0001 0000 4011 0000 0a000001 0a000002  007b 007b 0048 0000 23 00 06 ec 00000000 00000000 00000000 0000000000000000 0000000000000000 0000000000000000 e000000380000000 0104 0010 0102030405060708090a0b0c",
            "4500 0060 0001 0000 4011 0000 0a000002 0a000001  007b 007b 004c 0000 24 01 06 ec 00010000 00008000 47505300 e000000000000000 e000000380000000 e000000400000000 e000000480000000 00000001 0102030405060708090a0b0c0d0e0f10",
            "4500 0028 0001 0000 4011 0000 0a000001 0a000002  007b 007b 0014 0000 16 01 0001 0000 0000 0000 0000",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 81 0001 0618 0000 0000 0004 0001 9614",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 84 0001 0100 0001 0000 0002 6162 0000",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 c2 0001 0400 0001 0000 0002 6162 0000",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 87 0001 0000 0000 0000 0002 6162 0000",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 08 0001 0000 0000 0000 0002 6162 0000",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 8a 0001 0000 0000 0000 0002 6162 0000",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 8b 0001 0000 0000 0000 0002 6162 0000",
            "4500 002c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0018 0000 16 8c 0001 0000 0000 0000 0002 6162 0000",
            "4500 006c 0001 0000 4011 0000 0a000002 0a000001  007b 007b 0058 0000 97 00 03 2a 0001 0048 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041424344454647",
        ],
    }],
    ..Protocol::new(ProtoId::Ntp, "NTP", &[Binding::UdpPort(123)], dissect)
};

const LEARNED: &[FieldId] = &[RESPONSE_IN, REQUEST_IN, DELTA_TIME];
/// A server answers each request once.
const TIME_RULES: Rules = Rules {
    proto: ProtoId::Ntp,
    renews: true,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: LEARNED,
};
/// Answers to control and private requests may come in several messages.
const CONTROL_RULES: Rules = Rules { again: Again::Answers, ..TIME_RULES };

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_protocol("NTP");
    d.set_info(String::new);
    let flags = tvb.u8(0)?;
    let mode = flags & 7;
    let name = |names, value: u8| Names::Values(names).of(value.into()).unwrap_or_default();
    let title = || {
        let version = name(FLAGS_VN_NAMES, flags >> 3 & 7);
        match mode {
            CONTROL => format!("{version}, control"),
            PRIVATE => format!("{version}, private"),
            _ => format!("{version}, {}", name(FLAGS_MODE_NAMES, mode)),
        }
    };
    d.set_info(title);
    d.append_text(item, || format!(" ({})", title()));
    let line = d.open(FLAGS, tvb, 0, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let first = match mode {
            PRIVATE => format!("Response bit: {}", name(CTRL_FLAGS2_R_NAMES, flags >> 7)),
            _ => format!("Leap Indicator: {}", name(FLAGS_LI_NAMES, flags >> 6)),
        };
        let version = name(FLAGS_VN_NAMES, flags >> 3 & 7);
        let mode = name(FLAGS_MODE_NAMES, mode);
        format!("Flags: 0x{flags:02x}, {first}, Version number: {version}, Mode: {mode}")
    });
    if mode == PRIVATE {
        d.bits(PRIV_FLAGS_R, tvb, 0, 1, flags.into());
        d.bits(PRIV_FLAGS_MORE, tvb, 0, 1, flags.into());
    } else {
        d.bits(FLAGS_LI, tvb, 0, 1, flags.into());
    }
    d.bits(FLAGS_VN, tvb, 0, 1, flags.into());
    d.bits(FLAGS_MODE, tvb, 0, 1, flags.into());
    d.close();
    match mode {
        CONTROL => control(d, tvb)?,
        PRIVATE => private(d, tvb, flags)?,
        _ => time(d, tvb, mode)?,
    }
    d.close();
    Ok(())
}

/// Shows the other frames of the transaction.
fn show_transaction<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let known = transaction::known(d, ProtoId::Ntp);
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(REQUEST_IN, tvb, 0, 0, Value::Uint(frame));
        d.generated(DELTA_TIME, tvb, 0, 0, Value::Time(after));
    }
}

/// RFC 5905, 7.3.
fn time<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mode: u8) -> Parsed {
    match mode {
        CLIENT => transaction::request(d, &TIME_RULES, mode.into()),
        SERVER => transaction::response(d, &TIME_RULES, CLIENT.into(), true),
        _ => {}
    }
    show_transaction(d, tvb);
    let stratum = d.uint(STRATUM, tvb, 1, 1)?;
    let poll = tvb.u8(2)?;
    let line = d.add(PPOLL, tvb, 2, 1, Value::Uint(poll.into()));
    d.text(line, || match poll {
        4..=17 => format!("Peer Polling Interval: {poll} ({} seconds)", 1u32 << poll),
        _ => format!("Peer Polling Interval: invalid ({poll})"),
    });
    let precision = tvb.u8(3)?;
    let line = d.add(PRECISION, tvb, 3, 1, Value::Uint(precision.into()));
    d.text(line, || format!("Peer Clock Precision: {:.6} seconds", 2f64.powi((precision as i8).into())));
    for (field, at) in [(ROOTDELAY, 4), (ROOTDISPERSION, 8)] {
        let value = tvb.u32(at)?;
        let line = d.add(field, tvb, at, 4, Value::Uint(value.into()));
        d.text(line, || {
            let label = crate::registry::field(field).label;
            let high = if field == ROOTDELAY { f64::from((value >> 16) as i16) } else { f64::from(value >> 16) };
            format!("{label}: {:.6} seconds", high + f64::from(value & 0xffff) / 65_536.0)
        });
    }
    let reference: [u8; 4] = tvb.array(12)?;
    let line = d.bytes(REFID, tvb, 12, 4);
    d.text(line, || format!("Reference ID: {}", reference_name(stratum, reference)));
    for (field, at) in [(REFTIME, 16), (ORG, 24), (REC, 32), (XMT, 40)] {
        let (seconds, fraction) = (tvb.u32(at)?, tvb.u32(at + 4)?);
        // RFC 5905, 6: zero stands for a time that is not known.
        let value = match (seconds, fraction) {
            (0, 0) => Value::String("NULL".into()),
            _ => Value::Time(nanoseconds(seconds, fraction)),
        };
        d.add(field, tvb, at, 8, value);
    }
    extensions(d, tvb)
}

/// RFC 5905, 6: the high bit tells 1968 to 2036 from what comes after.
fn nanoseconds(seconds: u32, fraction: u32) -> i64 {
    let era = if seconds >> 31 != 0 { 0 } else { ERA };
    let whole = i64::from(seconds) + era - UNIX_EPOCH;
    whole * 1_000_000_000 + ((u64::from(fraction) * 1_000_000_000) >> 32) as i64
}

fn reference_name(stratum: u64, reference: [u8; 4]) -> String {
    if reference == [0; 4] {
        return "NULL".to_owned();
    }
    if stratum > 1 {
        return std::net::Ipv4Addr::from(reference).to_string();
    }
    match REFERENCES.iter().find(|row| *row.0 == reference) {
        Some((_, name)) => (*name).to_owned(),
        None => {
            let end = reference.iter().position(|octet| *octet == 0).unwrap_or(4);
            let text = String::from_utf8_lossy(reference.get(..end).unwrap_or_default()).into_owned();
            format!("Unidentified reference source '{text}'")
        }
    }
}

/// RFC 7822: extension fields, then a message authentication code, told apart by how much is left.
fn extensions<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const MAX_MAC_LEN: usize = 24;
    let mut at = HEADER_LEN;
    while tvb.reported() > at + MAX_MAC_LEN {
        let len = usize::from(tvb.u16(at + 2)?);
        if len < 16 || len > tvb.reported() - at {
            break;
        }
        d.open(EXT, tvb, at, len, Value::None);
        d.uint(EXT_TYPE, tvb, at, 2)?;
        d.uint(EXT_LENGTH, tvb, at + 2, 2)?;
        d.bytes(EXT_VALUE, tvb, at + 4, len - 4);
        d.close();
        at += len;
    }
    let rest = tvb.reported().saturating_sub(at);
    if rest == 16 && tvb.u16(at)? & 0xff != 0 && usize::from(tvb.u16(at + 2)?) == rest {
        d.open(EXT, tvb, at, rest, Value::None);
        d.uint(EXT_TYPE, tvb, at, 2)?;
        d.uint(EXT_LENGTH, tvb, at + 2, 2)?;
        d.bytes(EXT_VALUE, tvb, at + 4, rest - 4);
        d.close();
    } else if rest >= 4 {
        tvb.slice(at, 4)?;
        d.bytes(KEYID, tvb, at, 4);
        if rest > 4 {
            d.bytes(MAC, tvb, at + 4, rest - 4);
        }
    }
    Ok(())
}

/// RFC 1305, B.
fn control<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const RESPONSE: u8 = 0x80;
    const ERROR: u8 = 0x40;
    let flags = tvb.u8(1)?;
    let opcode = flags & 0x1f;
    let line = d.open(CTRL_FLAGS2, tvb, 1, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let direction = if flags & RESPONSE != 0 { "Response" } else { "Request" };
        let name = Names::Values(CTRL_FLAGS2_OPCODE_NAMES).of(opcode.into());
        let name = name.as_deref().unwrap_or("Unknown");
        format!("Flags 2: 0x{flags:02x}, Response bit: {direction}, Opcode: {name}")
    });
    for field in [CTRL_FLAGS2_R, CTRL_FLAGS2_ERROR, CTRL_FLAGS2_MORE, CTRL_FLAGS2_OPCODE] {
        d.bits(field, tvb, 1, 1, flags.into());
    }
    d.close();
    let sequence = d.uint(CTRL_SEQUENCE, tvb, 2, 2)?;
    let id = u128::from(CONTROL) << 16 | u128::from(sequence);
    if flags & RESPONSE == 0 {
        transaction::request(d, &CONTROL_RULES, id);
    } else {
        transaction::response(d, &CONTROL_RULES, id, true);
    }
    show_transaction(d, tvb);
    let association = tvb.u16(6)?;
    if flags & RESPONSE == 0 {
        d.uint(CTRL_STATUS, tvb, 4, 2)?;
    } else if flags & ERROR != 0 {
        status(d, tvb, 4, Status::Error)?;
    } else {
        let kind = match opcode {
            1..=3 if association == 0 => Status::System,
            1..=3 => Status::Peer,
            4 | 5 => Status::Clock,
            _ => Status::Other,
        };
        status(d, tvb, 4, kind)?;
    }
    d.uint(CTRL_ASSOCID, tvb, 6, 2)?;
    d.uint(CTRL_OFFSET, tvb, 8, 2)?;
    let count = d.uint(CTRL_COUNT, tvb, 10, 2)? as usize;
    if count == 0 {
        return Ok(());
    }
    let data = tvb.exact(12, count)?;
    d.open(CTRL_DATA, data, 0, count, Value::None);
    let text = match opcode {
        1 if flags & RESPONSE != 0 => {
            for at in (0..count / 4).map(|n| n * 4) {
                d.open(CTRL_ITEM, data, at, 4, Value::None);
                d.uint(CTRL_ASSOCID, data, at, 2)?;
                d.close();
                status(d, data, at + 2, Status::Peer)?;
            }
            None
        }
        2..=5 => {
            items(d, data);
            None
        }
        7 => Some(CTRL_TRAPMSG),
        8 | 9 => Some(CTRL_CONFIGURATION),
        10 => Some(CTRL_MRU),
        11 => Some(CTRL_ORDLIST),
        12 => Some(CTRL_NONCE),
        _ => None,
    };
    if let Some(field) = text {
        d.string(field, data, 0, count);
    }
    d.close();
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Status {
    System,
    Peer,
    Clock,
    Error,
    Other,
}

/// The status word of a control message (RFC 1305, B.2).
fn status<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, kind: Status) -> Parsed {
    let word = u64::from(tvb.u16(at)?);
    let name = |field: FieldId| {
        let row = crate::registry::field(field);
        let name = row.names.of((word & row.mask) >> row.mask.trailing_zeros());
        format!(", {}: {}", row.label, name.as_deref().unwrap_or("Unknown"))
    };
    let line = d.open(CTRL_STATUS, tvb, at, 2, Value::Uint(word));
    d.text(line, || {
        let names = match kind {
            Status::System => name(CTRL_SYS_STATUS_LI) + &name(CTRL_SYS_STATUS_CLKSRC) + &name(CTRL_SYS_STATUS_CODE),
            Status::Peer => {
                let flags = [0x8000, 0x4000, 0x2000, 0x1000].into_iter().filter(|bit| word & bit != 0);
                let flags = flags.fold(String::new(), |text, _| text + ", Peer Status");
                flags + &name(CTRL_PEER_STATUS_SELECTION) + &name(CTRL_PEER_STATUS_CODE)
            }
            Status::Clock => name(CTRL_CLOCK_STATUS_STATUS),
            Status::Error => name(CTRL_ERR_STATUS),
            Status::Other => String::new(),
        };
        format!("Status: 0x{word:04x}{names}")
    });
    let bits: &[FieldId] = match kind {
        Status::System => &[CTRL_SYS_STATUS_LI, CTRL_SYS_STATUS_CLKSRC, CTRL_SYS_STATUS_COUNT, CTRL_SYS_STATUS_CODE],
        Status::Peer => &[
            CTRL_PEER_STATUS_CONFIG,
            CTRL_PEER_STATUS_AUTHENABLE,
            CTRL_PEER_STATUS_AUTHENTIC,
            CTRL_PEER_STATUS_REACH,
            CTRL_PEER_STATUS_BCAST,
            CTRL_PEER_STATUS_SELECTION,
            CTRL_PEER_STATUS_COUNT,
            CTRL_PEER_STATUS_CODE,
        ],
        Status::Clock => &[CTRL_CLOCK_STATUS_STATUS, CTRL_CLOCK_STATUS_CODE],
        Status::Error => &[CTRL_ERR_STATUS],
        Status::Other => &[],
    };
    for field in bits {
        d.bits(*field, tvb, at, 2, word);
    }
    d.close();
    Ok(())
}

/// Variables and their values, with commas between them.
fn items<'a>(d: &mut Dissector<'a>, data: Tvb<'a>) {
    let mut at = 0;
    for item in data.bytes().split(|octet| *octet == b',') {
        let blanks = item.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let len = item.len() - blanks;
        if len > 0 {
            d.open_text(data, at + blanks, len, || {
                String::from_utf8_lossy(item.get(blanks..).unwrap_or_default()).into_owned()
            });
            d.close();
        }
        at += item.len() + 1;
    }
}

/// Mode 7 of the reference implementation.
fn private<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flags: u8) -> Parsed {
    const RESPONSE: u8 = 0x80;
    const MONLIST: [u8; 2] = [20, 42];
    let (sequence, request) = (tvb.u8(1)?, tvb.u8(3)?);
    d.append_info(|| {
        let direction = if flags & RESPONSE != 0 { "Response" } else { "Request" };
        let name = Names::Values(PRIV_REQCODE_NAMES).of(request.into());
        format!(", {direction}, {}", name.as_deref().unwrap_or("Unknown"))
    });
    d.open(PRIV_AUTH_SEQ, tvb, 1, 1, Value::Uint(sequence.into()));
    d.bits(PRIV_AUTH, tvb, 1, 1, sequence.into());
    d.bits(PRIV_SEQ, tvb, 1, 1, sequence.into());
    d.close();
    d.uint(PRIV_IMPL, tvb, 2, 1)?;
    d.uint(PRIV_REQCODE, tvb, 3, 1)?;
    let id = u128::from(PRIVATE) << 16;
    if flags & RESPONSE == 0 {
        transaction::request(d, &CONTROL_RULES, id);
    } else {
        transaction::response(d, &CONTROL_RULES, id, true);
    }
    show_transaction(d, tvb);
    if tvb.reported() < 8 || request == 0xec {
        return Ok(());
    }
    let (errors, sizes) = (tvb.u16(4)?, tvb.u16(6)?);
    d.bits(PRIV_ERR, tvb, 4, 1, (errors >> 8).into());
    bits12(d, PRIV_NUMITEMS, tvb, 4, errors);
    d.bits(PRIV_RESERVED, tvb, 6, 1, (sizes >> 8).into());
    bits12(d, PRIV_ITEMSIZE, tvb, 6, sizes);
    let (count, size) = (usize::from(errors & 0xfff), usize::from(sizes & 0xfff));
    if flags & RESPONSE == 0 || !MONLIST.contains(&request) || size == 0 {
        return Ok(());
    }
    for n in 0..count {
        let item = tvb.exact(8 + n * size, size)?;
        monitored(d, item)?;
    }
    Ok(())
}

/// The low twelve bits of two octets.
fn bits12<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize, octets: u16) {
    let value = octets & 0xfff;
    let line = d.add(field, tvb, at, 2, Value::Uint(value.into()));
    d.text(line, || {
        let digits = format!("{value:012b}");
        let (high, low) = digits.split_at(4);
        let (mid, low) = low.split_at(4);
        format!(".... {high}  {mid} {low} = {}: {value}", crate::registry::field(field).label)
    });
}

/// One host of a monitor list.
fn monitored<'a>(d: &mut Dissector<'a>, item: Tvb<'a>) -> Result<(), Stop> {
    let address = std::net::Ipv4Addr::from(item.array::<4>(16)?);
    let port = item.u16(28)?;
    let is_ipv6 = item.reported() >= 72 && item.u32(32)? != 0;
    let line = d.open(PRIV_MODE7_ITEM, item, 0, item.reported(), Value::String("Monlist Item".into()));
    d.text(line, || match item.array::<16>(40) {
        Ok(octets) if is_ipv6 => format!("Monlist item: address: [{}]:{port}", std::net::Ipv6Addr::from(octets)),
        _ => format!("Monlist item: address: {address}:{port}"),
    });
    for (n, field) in
        [PRIV_MONLIST_AVGINT, PRIV_MONLIST_LSINT, PRIV_MONLIST_RESTR, PRIV_MONLIST_COUNT].into_iter().enumerate()
    {
        d.uint(field, item, n * 4, 4)?;
    }
    d.add(PRIV_MONLIST_REMOTE_ADDRESS, item, 16, 4, Value::Ipv4(item.array(16)?));
    d.add(PRIV_MONLIST_LOCAL_ADDRESS, item, 20, 4, Value::Ipv4(item.array(20)?));
    d.uint(PRIV_MONLIST_FLAGS, item, 24, 4)?;
    d.uint(PRIV_MONLIST_PORT, item, 28, 2)?;
    d.uint(PRIV_MONLIST_MODE, item, 30, 1)?;
    d.uint(PRIV_MONLIST_VERSION, item, 31, 1)?;
    if is_ipv6 {
        d.uint(PRIV_MONLIST_IPV6, item, 32, 4)?;
        d.uint(PRIV_MONLIST_UNUSED, item, 36, 4)?;
        d.add(PRIV_MONLIST_ADDR6, item, 40, 16, Value::Ipv6(item.array(40)?));
        d.add(PRIV_MONLIST_DADDR6, item, 56, 16, Value::Ipv6(item.array(56)?));
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, shown_by, values};

    #[test]
    fn a_second_answer_answers_nothing() {
        let sample = PROTOCOL.samples[0].frames;
        let shown = frames(101, &[sample[0], sample[1], sample[1], sample[2], sample[3], sample[4]]);
        assert_eq!(values(&shown[0], "ntp.response_in"), "2");
        assert_eq!(values(&shown[1], "ntp.request_in"), "1");
        assert_eq!(values(&shown[1], "ntp.delta_time"), "1.000000000");
        assert_eq!(values(&shown[2], "ntp.request_in"), "");
        assert_eq!(values(&shown[5], "ntp.request_in"), "4");
    }

    #[test]
    fn times_of_both_eras() {
        assert_eq!(nanoseconds(0x83aa_7e80, 0x8000_0000), 500_000_000);
        assert_eq!(nanoseconds(0, 1), 2_085_978_496_000_000_000);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Ntp, b"\x16\x81\0\x01\x06\x18\0\0\0\0\0\x04\0\x01\x96\x14");
        assert!(shown_by(ProtoId::Ntp, b"\x23").iter().any(|row| row.0 == "_ws.malformed"));
    }
}
