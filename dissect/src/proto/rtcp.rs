//! The RTP Control Protocol: reports, source descriptions and goodbyes (RFC 3550), feedback (RFC 4585, 5104, 8888's
//! forerunner), and extended reports (RFC 3611).

mod feedback;
mod xr;

#[cfg(test)]
mod tests;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::{rtp, udp};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::setup::Setup;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rtcp, "rtcp", "Real-time Transport Control Protocol";
    SETUP = field("rtcp.setup", "Stream setup", String, None);
    SETUP_FRAME = field("rtcp.setup-frame", "Setup frame", FrameNum, None);
    SETUP_METHOD = field("rtcp.setup-method", "Setup Method", String, None);
    VERSION = field("rtcp.version", "Version", Uint8, Dec).names(Names::Values(rtp::VERSIONS)).mask(0xc0);
    PADDING = field("rtcp.padding", "Padding", Boolean, None).mask(0x20);
    RC = field("rtcp.rc", "Reception report count", Uint8, Dec).mask(0x1f);
    SC = field("rtcp.sc", "Source count", Uint8, Dec).mask(0x1f);
    APP_SUBTYPE = field("rtcp.app.subtype", "Subtype", Uint8, Dec).mask(0x1f);
    RTPFB_FMT = field("rtcp.rtpfb.fmt", "RTCP Feedback message type (FMT)", Uint8, Dec).names(Names::Values(feedback::TRANSPORT)).mask(0x1f);
    PSFB_FMT = field("rtcp.psfb.fmt", "RTCP Feedback message type (FMT)", Uint8, Dec).names(Names::Values(feedback::PAYLOAD)).mask(0x1f);
    PT = field("rtcp.pt", "Packet type", Uint8, Dec).names(Names::Values(TYPES));
    LENGTH = field("rtcp.length", "Length", Uint16, Dec);
    SENDERSSRC = field("rtcp.senderssrc", "Sender SSRC", Uint32, HexDec);
    MEDIASSRC = field("rtcp.mediassrc", "Media source SSRC", Uint32, HexDec);
    NTP_MSW = field("rtcp.timestamp.ntp.msw", "Timestamp, MSW", Uint32, DecHex);
    NTP_LSW = field("rtcp.timestamp.ntp.lsw", "Timestamp, LSW", Uint32, DecHex);
    NTP = field("rtcp.timestamp.ntp", "MSW and LSW as NTP timestamp", AbsoluteTime, None);
    TIMESTAMP_RTP = field("rtcp.timestamp.rtp", "RTP timestamp", Uint32, Dec);
    SENDER_PACKETCOUNT = field("rtcp.sender.packetcount", "Sender's packet count", Uint32, Dec);
    SENDER_OCTETCOUNT = field("rtcp.sender.octetcount", "Sender's octet count", Uint32, Dec);
    SSRC_IDENTIFIER = field("rtcp.ssrc.identifier", "Identifier", Uint32, HexDec);
    SSRC_FRACTION = field("rtcp.ssrc.fraction", "Fraction lost", Uint8, Dec);
    SSRC_CUM_NR = field("rtcp.ssrc.cum_nr", "Cumulative number of packets lost", Int24, Dec);
    SSRC_EXT_HIGH = field("rtcp.ssrc.ext_high", "Extended highest sequence number received", Uint32, Dec);
    SSRC_HIGH_CYCLES = field("rtcp.ssrc.high_cycles", "Sequence number cycles count", Uint16, Dec);
    SSRC_HIGH_SEQ = field("rtcp.ssrc.high_seq", "Highest sequence number received", Uint16, Dec);
    SSRC_JITTER = field("rtcp.ssrc.jitter", "Interarrival jitter", Uint32, Dec);
    SSRC_LSR = field("rtcp.ssrc.lsr", "Last SR timestamp", Uint32, DecHex);
    SSRC_DLSR = field("rtcp.ssrc.dlsr", "Delay since last SR timestamp", Uint32, Dec);
    SSRC_DISCARDED = field("rtcp.ssrc.discarded", "Fraction discarded", Uint8, Dec);
    SDES_TYPE = field("rtcp.sdes.type", "Type", Uint8, Dec).names(Names::Values(ITEMS));
    SDES_LENGTH = field("rtcp.sdes.length", "Length", Uint32, Dec);
    SDES_TEXT = field("rtcp.sdes.text", "Text", String, None);
    SDES_PREFIX_LENGTH = field("rtcp.sdes.prefix.length", "Prefix length", Uint8, Dec);
    SDES_PREFIX_STRING = field("rtcp.sdes.prefix.string", "Prefix string", String, None);
    APP_NAME = field("rtcp.app.name", "Name (ASCII)", String, None);
    APP_DATA = field("rtcp.app.data", "Application specific data", Bytes, None);
    APP_DATA_STR = field("rtcp.app.data_str", "Application specific data", String, None);
    NACK_FSN = field("rtcp.nack.fsn", "First sequence number", Uint16, Dec);
    NACK_BLP = field("rtcp.nack.blp", "Bitmask of following lost packets", Uint16, Dec);
    PADDING_DATA = field("rtcp.padding.data", "Padding data", Bytes, None);
    PADDING_COUNT = field("rtcp.padding.count", "Padding count", Uint8, Dec);
    PSE_TYPE = field("rtcp.profile-specific-extension.type", "Extension Type", Uint16, Dec).names(Names::Values(PROFILE_EXTENSIONS));
    PSE_LENGTH = field("rtcp.profile-specific-extension.length", "Extension Length", Uint16, Dec);
    PSE = field("rtcp.profile-specific-extension", "Profile-specific extension", Bytes, None);
    FCI = field("rtcp.fci", "Feedback Control Information (FCI)", Bytes, None);
    RTPFB_NACK_PID = field("rtcp.rtpfb.nack_pid", "RTCP Transport Feedback NACK PID", Uint16, Dec);
    RTPFB_NACK_BLP = field("rtcp.rtpfb.nack_blp", "RTCP Transport Feedback NACK BLP", Uint16, Hex);
    TMMBR_SSRC = field("rtcp.rtpfb.tmmbr.fci.ssrc", "SSRC", Uint32, HexDec);
    TMMBR_EXP = field("rtcp.rtpfb.tmmbr.fci.exp", "MxTBR Exp", Uint8, Dec).mask(0xfc);
    TMMBR_MANTISSA = field("rtcp.rtpfb.tmmbr.fci.mantissa", "MxTBR Mantissa", Uint24, Dec).mask(0x0003_fffe);
    TMMBR_BITRATE = field("rtcp.rtpfb.tmmbr.fci.bitrate", "Maximum total media bit rate", String, None);
    TMMBR_OVERHEAD = field("rtcp.rtpfb.tmmbr.fci.measuredoverhead", "Measured Overhead", Uint16, Dec).mask(0x01ff);
    TCC_BASESEQ = field("rtcp.rtpfb.transportcc.baseseq", "Base Sequence Number", Uint16, DecHex);
    TCC_STATUSCOUNT = field("rtcp.rtpfb.transportcc.statuscount", "Packet Status Count", Uint16, DecHex);
    TCC_REFTIME = field("rtcp.rtpfb.transportcc.reftime", "Reference Time", Int24, Dec);
    TCC_PKTCOUNT = field("rtcp.rtpfb.transportcc.pktcount", "Feedback Packets Count", Uint8, DecHex);
    FIR_SSRC = field("rtcp.psfb.fir.fci.ssrc", "SSRC", Uint32, HexDec);
    FIR_CSN = field("rtcp.psfb.fir.fci.csn", "Command Sequence Number", Uint8, Dec);
    FIR_RESERVED = field("rtcp.psfb.fir.fci.reserved", "Reserved", Uint24, Dec);
    SLI_FIRST = field("rtcp.psfb.fir.sli.first", "First MB", Uint32, Dec).mask(0xfff8_0000);
    SLI_NUMBER = field("rtcp.psfb.fir.sli.number", "Number of MBs", Uint32, Dec).mask(0x0007_ffc0);
    SLI_PICTURE_ID = field("rtcp.psfb.fir.sli.picture_id", "Picture ID", Uint32, Dec).mask(0x3f);
    REMB_IDENTIFIER = field("rtcp.psfb.remb.identifier", "Unique Identifier", String, None);
    REMB_NUMBER_SSRCS = field("rtcp.psfb.remb.fci.number_ssrcs", "Number of Ssrcs", Uint8, Dec).mask(0xff);
    REMB_BR_EXP = field("rtcp.psfb.remb.fci.br_exp", "BR Exp", Uint8, Dec).mask(0xfc);
    REMB_BR_MANTISSA = field("rtcp.psfb.remb.fci.br_mantissa", "Br Mantissa", Uint32, Dec).mask(0x0003_ffff);
    REMB_BITRATE = field("rtcp.psfb.remb.fci.bitrate", "Maximum bit rate", String, None);
    REMB_SSRC = field("rtcp.psfb.remb.fci.ssrc", "SSRC", Uint32, HexDec);
    XR_BT = field("rtcp.xr.bt", "Type", Uint8, Dec).names(Names::Values(xr::BLOCKS));
    XR_BS = field("rtcp.xr.bs", "Type Specific", Uint8, Dec);
    XR_TF = field("rtcp.xr.tf", "Thinning factor", Uint8, Dec).mask(0x0f);
    XR_STATS_LRFLAG = field("rtcp.xr.stats.lrflag", "Loss Report Flag", Boolean, None).mask(0x80);
    XR_STATS_DUPFLAG = field("rtcp.xr.stats.dupflag", "Duplicates Report Flag", Boolean, None).mask(0x40);
    XR_STATS_JITTERFLAG = field("rtcp.xr.stats.jitterflag", "Jitter Report Flag", Boolean, None).mask(0x20);
    XR_STATS_TTL = field("rtcp.xr.stats.ttl", "TTL or Hop Limit Flag", Uint8, Dec).names(Names::Values(xr::HOP_LIMITS)).mask(0x18);
    XR_BL = field("rtcp.xr.bl", "Length", Uint16, Dec);
    XR_BEGINSEQ = field("rtcp.xr.beginseq", "Begin Sequence Number", Uint16, Dec);
    XR_ENDSEQ = field("rtcp.xr.endseq", "End Sequence Number", Uint16, Dec);
    XR_CHUNK_NULL_TERMINATOR = field("rtcp.xr.chunk.null_terminator", "Null Terminator", None, None);
    XR_CHUNK_LENGTH = field("rtcp.xr.chunk.length", "Check length", Uint16, Dec);
    XR_CHUNK_BIT_VECTOR = field("rtcp.xr.chunk.bit_vector", "Bit Vector", Uint16, Dec);
    XR_RECEIPT_TIME_SEQ = field("rtcp.xr.receipt_time_seq", "Receipt Time", Uint32, Dec);
    XR_TIMESTAMP = field("rtcp.xr.timestamp", "Timestamp", AbsoluteTime, None);
    XR_LRR = field("rtcp.xr.lrr", "Last RR timestamp", Uint32, Dec);
    XR_DLRR = field("rtcp.xr.dlrr", "Delay since last RR timestamp", Uint32, Dec);
    XR_STATS_LOST = field("rtcp.xr.stats.lost", "Lost Packets", Uint32, Dec);
    XR_STATS_DUPS = field("rtcp.xr.stats.dups", "Duplicate Packets", Uint32, Dec);
    XR_STATS_MINJITTER = field("rtcp.xr.stats.minjitter", "Minimum Jitter", Uint32, Dec);
    XR_STATS_MAXJITTER = field("rtcp.xr.stats.maxjitter", "Maximum Jitter", Uint32, Dec);
    XR_STATS_MEANJITTER = field("rtcp.xr.stats.meanjitter", "Mean Jitter", Uint32, Dec);
    XR_STATS_DEVJITTER = field("rtcp.xr.stats.devjitter", "Standard Deviation of Jitter", Uint32, Dec);
    XR_STATS_MINTTL = field("rtcp.xr.stats.minttl", "Minimum TTL or Hop Limit", Uint8, Dec);
    XR_STATS_MAXTTL = field("rtcp.xr.stats.maxttl", "Maximum TTL or Hop Limit", Uint8, Dec);
    XR_STATS_MEANTTL = field("rtcp.xr.stats.meanttl", "Mean TTL or Hop Limit", Uint8, Dec);
    XR_STATS_DEVTTL = field("rtcp.xr.stats.devttl", "Standard Deviation of TTL", Uint8, Dec);
    VM_BURSTDENSITY = field("rtcp.xr.voipmetrics.burstdensity", "Burst Density", Uint8, Dec);
    VM_GAPDENSITY = field("rtcp.xr.voipmetrics.gapdensity", "Gap Density", Uint8, Dec);
    VM_BURSTDURATION = field("rtcp.xr.voipmetrics.burstduration", "Burst Duration(ms)", Uint16, Dec);
    VM_GAPDURATION = field("rtcp.xr.voipmetrics.gapduration", "Gap Duration(ms)", Uint16, Dec);
    VM_RTDELAY = field("rtcp.xr.voipmetrics.rtdelay", "Round Trip Delay(ms)", Uint16, Dec);
    VM_ESDELAY = field("rtcp.xr.voipmetrics.esdelay", "End System Delay(ms)", Uint16, Dec);
    VM_SIGNALLEVEL = field("rtcp.xr.voipmetrics.signallevel", "Signal Level", Int8, Dec);
    VM_NOISELEVEL = field("rtcp.xr.voipmetrics.noiselevel", "Noise Level", Int8, Dec);
    VM_RERL = field("rtcp.xr.voipmetrics.rerl", "Residual Echo Return Loss", Uint8, Dec);
    VM_GMIN = field("rtcp.xr.voipmetrics.gmin", "Gmin", Uint8, Dec);
    VM_RFACTOR = field("rtcp.xr.voipmetrics.rfactor", "R Factor", Uint8, Dec);
    VM_EXTRFACTOR = field("rtcp.xr.voipmetrics.extrfactor", "External R Factor", Uint8, Dec);
    VM_MOSLQ = field("rtcp.xr.voipmetrics.moslq", "MOS - Listening Quality", Float, None);
    VM_MOSCQ = field("rtcp.xr.voipmetrics.moscq", "MOS - Conversational Quality", Float, None);
    VM_PLC = field("rtcp.xr.voipmetrics.plc", "Packet Loss Concealment Algorithm", Uint8, Dec).names(Names::Values(xr::CONCEALMENTS)).mask(0xc0);
    VM_JBA = field("rtcp.xr.voipmetrics.jba", "Adaptive Jitter Buffer Algorithm", Uint8, Dec).names(Names::Values(xr::BUFFERS)).mask(0x30);
    VM_JBRATE = field("rtcp.xr.voipmetrics.jbrate", "Jitter Buffer Rate", Uint8, Dec).mask(0x0f);
    VM_JBNOMINAL = field("rtcp.xr.voipmetrics.jbnominal", "Nominal Jitter Buffer Size", Uint16, Dec);
    VM_JBMAX = field("rtcp.xr.voipmetrics.jbmax", "Maximum Jitter Buffer Size", Uint16, Dec);
    VM_JBABSMAX = field("rtcp.xr.voipmetrics.jbabsmax", "Absolute Maximum Jitter Buffer Size", Uint16, Dec);
    ENCRYPTED = field("rtcp.encrypted", "Encrypted data", Bytes, None);
    LENGTH_CHECK = field("rtcp.length_check", "RTCP frame length check", Boolean, None);
    APP_NOT_ASCII = expert("rtcp.appl.not_ascii", "Application name is not a string", Error, Protocol);
    LENGTH_CHECK_BAD = expert("rtcp.length_check.bad", "Incorrect RTCP packet length information", Warning, Malformed);
}

const TYPES: &[(u64, &str)] = &[
    (192, "Full Intra-frame Request (H.261)"),
    (193, "Negative Acknowledgement (H.261)"),
    (194, "SMPTE time-code mapping"),
    (195, "Extended inter-arrival jitter report"),
    (200, "Sender Report"),
    (201, "Receiver Report"),
    (202, "Source description"),
    (203, "Goodbye"),
    (204, "Application specific"),
    (205, "Generic RTP Feedback"),
    (206, "Payload-specific Feedback"),
    (207, "Extended report (RFC 3611)"),
    (208, "AVB RTCP packet (IEEE1733)"),
    (209, "Receiver Summary Information"),
    (210, "Port Mapping"),
];

/// RFC 3550, 12.2.
const ITEMS: &[(u64, &str)] = &[
    (0, "END"),
    (1, "CNAME (user and domain)"),
    (2, "NAME (common name)"),
    (3, "EMAIL (e-mail address)"),
    (4, "PHONE (phone number)"),
    (5, "LOC (geographic location)"),
    (6, "TOOL (name/version of source app)"),
    (7, "NOTE (note about source)"),
    (8, "PRIV (private extensions)"),
    (9, "H323-CADDR (H.323 callable address)"),
    (10, "Application Specific Identifier"),
];

/// MS-RTP, 2.2.11.
const PROFILE_EXTENSIONS: &[(u64, &str)] = &[
    (1, "MS - Estimated Bandwidth"),
    (4, "MS - Packet Loss Notification"),
    (5, "MS - Video Preference"),
    (6, "MS - Padding"),
    (7, "MS - Policy Server Bandwidth"),
    (8, "MS - TURN Server Bandwidth"),
    (9, "MS - Audio Healer Metrics"),
    (10, "MS - Receiver-side Bandwidth Limit"),
    (11, "MS - Packet Train Packet"),
    (12, "MS - Peer Info Exchange"),
    (13, "MS - Network Congestion Notification"),
    (14, "MS - Modality Send Bandwidth Limit"),
];

const FULL_INTRA: u8 = 192;
const NEGATIVE: u8 = 193;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const APPLICATION: u8 = 204;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const EXTENDED_REPORT: u8 = 207;
/// The types that a first packet may have so that anything is shown.
pub(crate) const KNOWN: std::ops::RangeInclusive<u8> = 192..=210;

/// How many packets of one compound are shown; 65,535 octets could hold 16,384.
const MAX_PACKETS: usize = 512;

/// INVITE and 200 OK with audio at 10.0.0.1:4000 and 10.0.0.2:5000, then packets of all kinds.
const SAMPLE: &[&str] = &[
    "4500014600010000401100000a0000010a00000213c413c401320000494e56495445207369703a624062205349502f322e30 \
     0d0a5669613a205349502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f6d3a \
     203c7369703a6140613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a43616c6c2d49443a2063310d0a43536571 \
     3a203120494e564954450d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e74 \
     2d4c656e6774683a203131300d0a0d0a763d300d0a6f3d2d2031203120494e204950342031302e302e302e310d0a733d2d0d \
     0a633d494e204950342031302e302e302e310d0a743d3020300d0a6d3d617564696f2034303030205254502f41565020300d \
     0a6d3d617564696f2034303032205254502f5341565020300d0a",
    "4500013e00010000401100000a0000020a00000113c413c4012a00005349502f322e3020323030204f4b0d0a5669613a2053 \
     49502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f6d3a203c7369703a6140 \
     613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a43616c6c2d49443a2063310d0a435365713a203120494e5649 \
     54450d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e742d4c656e6774683a \
     203131300d0a0d0a763d300d0a6f3d2d2031203120494e204950342031302e302e302e320d0a733d2d0d0a633d494e204950 \
     342031302e302e302e320d0a743d3020300d0a6d3d617564696f2035303030205254502f41565020300d0a6d3d617564696f \
     2035303032205254502f5341565020300d0a",
    "4500005000010000401100000a0000020a00000113890fa1003c000081c8000c00001234c59286d4e6e978d5000001400000 \
     0002000001400000aaaa40ffffff000200020000000786d4e6e900010000",
    "4500004300010000401100000a0000020a00000113890fa1002f000080c900010000123481ca00060000123401056140622e \
     630604746f6f6c08050270707676000000",
    "4500002c00010000401100000a0000020a00000113890fa10018000081cb00030000123406676f6f64627900",
    "4500003000010000401100000a0000020a00000113890fa1001c000083cc0004000012344e414d456461746164617461",
    "4500002c00010000401100000a0000020a00000113890fa10018000081cc0003000012347174736900010203",
    "4500002c00010000401100000a0000020a00000113890fa10018000081cd0003000012340000567800078001",
    "4500003000010000401100000a0000020a00000113890fa1001c000083cd00040000123400005678000056780a0001f4",
    "4500003800010000401100000a0000020a00000113890fa1002400008fcd0006000012340000567800010002000003042001 \
     c000ff100000",
    "4500002800010000401100000a0000020a00000113890fa10014000081ce00020000123400005678",
    "4500003000010000401100000a0000020a00000113890fa1001c000084ce000400001234000056780000567807000000",
    "4500002c00010000401100000a0000020a00000113890fa10018000082ce0003000012340000567800123456",
    "4500003400010000401100000a0000020a00000113890fa1002000008fce0005000012340000567852454d42011a01230000 \
     5678",
    "4500004000010000401100000a0000020a00000113890fa1002c000080cf00080000123404000002c59286d4e6e978d50500 \
     00030000123486d4e6e900010000",
    "4500004800010000401100000a0000020a00000113890fa10034000080cf000a000012340700000800001234050a0b0c0010 \
     002000300040ecd07f105d7f292a6e00003c00500064",
    "4500004c00010000401100000a0000020a00000113890fa10038000080cf000b0000123406e0000900001234000100100000 \
     0002000000010000000300000009000000050000000101020304",
    "4500003800010000401100000a0000020a00000113890fa10024000080cf0006000012340300000400001234000100030000 \
     001000000020",
    "4500002800010000401100000a0000020a00000113890fa10014000080c100020000123400018000",
    "4500003800010000401100000a0000020a00000113890fa10024000080cf0006000012340100000400001234000100204005 \
     8abc00000000",
    "4500004400010000401100000a0000020a00000113890fa100300000a1c90009000012340000aaaa40ffffff000200020000 \
     000786d4e6e9000100000000000000000008",
    "4500004400010000401100000a0000020a00000113890fa10030000081c90009000012340000aaaa40ffffff000200020000 \
     000786d4e6e9000100000001000800000008",
    "4500002c00010000401100000a0000020a00000113890fa1001800009fcd0003000012340000567800010001",
    "4500002c00010000401100000a0000020a00000113890fa10018000081cc0003000012344e414d4561626364",
    "4500002c00010000401100000a0000020a00000113890fa10018000081cc0003000012340102030461626364",
    "4500003c00010000401100000a0000020a000001138b0fa30028000081c90007000012340000aaaa40ffffff000200020000 \
     000786d4e6e900010000",
    "4500002c00010000401100000a0000020a00000113890fa10018000082ca0003000012340805027070767600",
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    calls: &[ProtoId::Data],
    fed_by: &[ProtoId::Sdp],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Rtcp, "RTCP", &[Binding::Media, Binding::UdpHeuristic(looks_like)], dissect)
};

/// RFC 3550, 6.1: a compound begins with a report; some senders begin otherwise. It is asked of octets for which nothing
/// was set up.
fn looks_like<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let Ok([first, kind]) = tvb.array(0) else { return false };
    first >> 6 == 2
        && matches!(kind, SENDER_REPORT | RECEIVER_REPORT | GOODBYE | APPLICATION | PAYLOAD_FEEDBACK)
        && tvb.reported().is_multiple_of(4)
        && tvb.reported() >= 8
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let media = udp::media(d);
    let setup = media.as_ref().map(|media| &*media.0);
    let is_secure = setup.is_some_and(|setup| setup.is_secure);
    d.set_protocol(if is_secure { "SRTCP" } else { "RTCP" });
    let first = tvb.u8(0)?;
    if first >> 6 != 2 {
        d.set_info(|| format!("Unknown RTCP version {}", first >> 6));
        d.open(PROTO, tvb, 0, tvb.reported(), Value::Protocol { end: tvb.base.saturating_add(tvb.len() as u32) });
        d.bits(VERSION, tvb, 0, 1, first.into());
        d.close();
        d.call(ProtoId::Data, tvb);
        return Ok(());
    }
    if !KNOWN.contains(&tvb.u8(1)?) {
        return Ok(());
    }
    d.layer("rtcp");
    d.set_info(String::new);
    if !d.wants_fields_of(ProtoId::Rtcp) && !d.wants_tree() {
        return Ok(());
    }
    let mut at = 0;
    let mut expected = 0;
    for number in 0..MAX_PACKETS {
        let rest = tvb.from(at);
        let Ok([_, kind, a, b]) = rest.array(0) else { break };
        // What is behind may be no packet but the tag of SRTCP (RFC 3711, 3.4) that nobody announced.
        if number > 0 && !KNOWN.contains(&kind) {
            break;
        }
        let len = (usize::from(u16::from_be_bytes([a, b])) + 1) * 4;
        expected += len;
        at += packet(d, rest, kind, len, setup, is_secure)?;
        if is_secure || !KNOWN.contains(&kind) || !is_parsed(kind) {
            break;
        }
    }
    if !is_secure {
        check(d, tvb, at, expected);
    }
    Ok(())
}

fn is_parsed(kind: u8) -> bool {
    !matches!(kind, 194..=199)
}

/// Compares what the packets take with what they say.
fn check<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, found: usize, expected: usize) {
    let is_right = found == expected;
    d.within(|d| {
        let item = d.generated(LENGTH_CHECK, tvb, 0, 0, Value::Uint(is_right.into()));
        d.text(item, || match is_right {
            true => format!("[RTCP frame length check: OK - {found} bytes]"),
            false => format!("[RTCP frame length check: Wrong (expected {expected} bytes, found {found})]"),
        });
        if !is_right {
            d.within(|d| {
                d.expert_with(LENGTH_CHECK_BAD, tvb, 0, 0, || {
                    format!("Incorrect RTCP packet length information (expected {expected} bytes, found {found})")
                });
            });
        }
    });
}

/// One packet of a compound; answers how many octets it took.
fn packet<'a>(
    d: &mut Dissector<'a>,
    rest: Tvb<'a>,
    kind: u8,
    len: usize,
    setup: Option<&Setup>,
    is_secure: bool,
) -> Result<usize, Stop> {
    let name = Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown".into());
    let end = rest.base.saturating_add(rest.len() as u32);
    let item = d.open(PROTO, rest, 0, len.min(rest.reported()), Value::Protocol { end });
    d.text(item, || format!("Real-time Transport Control Protocol ({name})"));
    d.append_info(|| format!("{name}   "));
    if let Some(setup) = setup {
        rtp::show_setup(d, rest, setup, [SETUP, SETUP_FRAME, SETUP_METHOD]);
    }
    let first = rest.u8(0)?;
    d.bits(VERSION, rest, 0, 1, first.into());
    d.flag(PADDING, rest, 0, 1, first.into());
    let count = usize::from(first & 0x1f);
    let field = match kind {
        FULL_INTRA | NEGATIVE | SENDER_REPORT | RECEIVER_REPORT => Some(RC),
        DESCRIPTION | GOODBYE => Some(SC),
        APPLICATION | 208 | 210 => Some(APP_SUBTYPE),
        TRANSPORT_FEEDBACK => Some(RTPFB_FMT),
        PAYLOAD_FEEDBACK => Some(PSFB_FMT),
        EXTENDED_REPORT | 209 => None,
        _ => {
            d.close();
            return Ok(1);
        }
    };
    if let Some(field) = field {
        d.bits(field, rest, 0, 1, first.into());
    }
    d.add(PT, rest, 1, 1, Value::Uint(kind.into()));
    let words = rest.u16(2)?;
    let line = d.add(LENGTH, rest, 2, 2, Value::Uint(words.into()));
    d.append_text(line, || format!(" ({len} bytes)"));
    let body = rest.sub(4, len - 4);
    let is_padded = first & 0x20 != 0 && len <= rest.reported();
    let taken = match kind {
        SENDER_REPORT => {
            d.uint(SENDERSSRC, body, 0, 4)?;
            if is_secure {
                encrypted(d, rest, 8)
            } else {
                sender(d, body.from(4))?;
                reports(d, body, 24, count, is_padded)?
            }
        }
        RECEIVER_REPORT => {
            d.uint(SENDERSSRC, body, 0, 4)?;
            if is_secure { encrypted(d, rest, 8) } else { reports(d, body, 4, count, is_padded)? }
        }
        _ if is_secure => encrypted(d, rest, 4),
        DESCRIPTION => descriptions(d, rest, count)?,
        GOODBYE => goodbye(d, body, count)?,
        APPLICATION => application(d, body, first & 0x1f, len)?,
        TRANSPORT_FEEDBACK => feedback::transport(d, body, first & 0x1f, item)?,
        PAYLOAD_FEEDBACK => feedback::payload(d, body, first & 0x1f, item)?,
        EXTENDED_REPORT => xr::report(d, body)?,
        FULL_INTRA => {
            d.uint(SSRC_IDENTIFIER, body, 0, 4)?;
            8
        }
        NEGATIVE => {
            d.uint(SSRC_IDENTIFIER, body, 0, 4)?;
            d.uint(NACK_FSN, body, 4, 2)?;
            d.uint(NACK_BLP, body, 6, 2)?;
            12
        }
        _ => {
            d.uint(SSRC_IDENTIFIER, body, 0, 4)?;
            len
        }
    };
    d.close();
    Ok(taken)
}

/// RFC 3711, 3.4: behind the first source all is encrypted.
fn encrypted<'a>(d: &mut Dissector<'a>, rest: Tvb<'a>, at: usize) -> usize {
    let len = rest.reported().saturating_sub(at);
    if len > 0 {
        d.bytes(ENCRYPTED, rest, at, len);
    }
    rest.reported()
}

/// An NTP timestamp as nanoseconds since the Unix epoch. RFC 4330, 3: without its highest bit it lies behind 2036.
pub(super) fn ntp_time(seconds: u32, fraction: u32) -> i64 {
    const UNIX_EPOCH: i64 = 2_208_988_800;
    let era = if seconds & 0x8000_0000 == 0 { 1_i64 << 32 } else { 0 };
    let ns = (u64::from(fraction) * 1_000_000_000) >> 32;
    (i64::from(seconds) + era - UNIX_EPOCH) * 1_000_000_000 + ns as i64
}

/// RFC 3550, 6.4.1: the sender information.
fn sender<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (seconds, fraction) = (tvb.u32(0)?, tvb.u32(4)?);
    d.add(NTP_MSW, tvb, 0, 4, Value::Uint(seconds.into()));
    d.add(NTP_LSW, tvb, 4, 4, Value::Uint(fraction.into()));
    d.generated(NTP, tvb, 0, 8, Value::Time(ntp_time(seconds, fraction)));
    for (field, at) in [(TIMESTAMP_RTP, 8), (SENDER_PACKETCOUNT, 12), (SENDER_OCTETCOUNT, 16)] {
        d.uint(field, tvb, at, 4)?;
    }
    Ok(())
}

/// RFC 3550, 6.4.1: report blocks, and what a profile puts behind them; answers the octets of the packet.
fn reports<'a>(
    d: &mut Dissector<'a>,
    body: Tvb<'a>,
    mut at: usize,
    count: usize,
    is_padded: bool,
) -> Result<usize, Stop> {
    for number in 1..=count {
        d.open_text(body, at, 24, || format!("Source {number}"));
        d.uint(SSRC_IDENTIFIER, body, at, 4)?;
        d.open_text(body, at + 4, 4, || "SSRC contents".to_owned());
        fraction(d, SSRC_FRACTION, body, at + 4)?;
        let lost = (body.u24(at + 5)? << 8) as i32 >> 8;
        d.add(SSRC_CUM_NR, body, at + 5, 3, Value::Int(lost.into()));
        d.close();
        let highest = body.u32(at + 8)?;
        d.open(SSRC_EXT_HIGH, body, at + 8, 4, Value::Uint(highest.into()));
        d.add(SSRC_HIGH_CYCLES, body, at + 8, 2, Value::Uint((highest >> 16).into()));
        d.add(SSRC_HIGH_SEQ, body, at + 10, 2, Value::Uint((highest & 0xffff).into()));
        d.close();
        d.uint(SSRC_JITTER, body, at + 12, 4)?;
        d.uint(SSRC_LSR, body, at + 16, 4)?;
        let delay = body.u32(at + 20)?;
        let item = d.add(SSRC_DLSR, body, at + 20, 4, Value::Uint(delay.into()));
        d.append_text(item, || format!(" ({} milliseconds)", u64::from(delay) * 1000 / 65_536));
        d.close();
        at += 24;
    }
    if is_padded && body.reported() > at {
        padding(d, body, at)?;
    } else if body.reported() > at {
        extensions(d, body, at)?;
    }
    Ok(4 + body.reported())
}

/// A share of 256.
pub(super) fn fraction<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Parsed {
    let share = tvb.u8(at)?;
    let item = d.add(field, tvb, at, 1, Value::Uint(share.into()));
    d.append_text(item, || " / 256".to_owned());
    Ok(())
}

/// RFC 3550, 6.4.1: the last octet says how many there are.
fn padding<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, at: usize) -> Parsed {
    let last = body.reported().saturating_sub(1);
    let count = usize::from(body.u8(last)?);
    let start = body.reported().saturating_sub(count).max(at);
    if last > start {
        d.bytes(PADDING_DATA, body, start, last - start);
    }
    d.add(PADDING_COUNT, body, last, 1, Value::Uint(count as u64));
    Ok(())
}

/// RFC 3550, 6.4.3.
fn extensions<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, mut at: usize) -> Parsed {
    d.append_info(|| "(".to_owned());
    while at < body.reported() {
        let (kind, len) = (body.u16(at)?, usize::from(body.u16(at + 2)?));
        let name = Names::Values(PROFILE_EXTENSIONS).of(kind.into()).unwrap_or("Unknown".into());
        d.append_info(|| format!("PSE:{name}  "));
        d.open_text(body, at, len.max(4), || format!("Payload Specific Extension ({name})"));
        d.uint(PSE_TYPE, body, at, 2)?;
        d.uint(PSE_LENGTH, body, at + 2, 2)?;
        if len > 4 {
            body.exact(at + 4, len - 4)?;
            d.bytes(PSE, body, at + 4, len - 4);
        }
        d.close();
        at += len.max(4);
    }
    d.append_info(|| ")  ".to_owned());
    Ok(())
}

/// RFC 3550, 6.5: chunks of items; answers where they end.
fn descriptions<'a>(d: &mut Dissector<'a>, rest: Tvb<'a>, count: usize) -> Result<usize, Stop> {
    let mut at = 4;
    for number in 1..=count {
        let start = at;
        let source = rest.u32(at)?;
        let chunk = d.open_text(rest, at, 4, || format!("Chunk {number}, SSRC/CSRC 0x{source:X}"));
        d.uint(SSRC_IDENTIFIER, rest, at, 4)?;
        at += 4;
        d.open_text(rest, at, 0, || "SDES items".to_owned());
        loop {
            let kind = d.uint(SDES_TYPE, rest, at, 1)?;
            at += 1;
            if kind == 0 {
                break;
            }
            let len = d.uint(SDES_LENGTH, rest, at, 1)? as usize;
            at += 1;
            if kind == 8 && len > 0 {
                let prefix = d.uint(SDES_PREFIX_LENGTH, rest, at, 1)? as usize;
                let prefix = prefix.min(len - 1);
                rest.slice(at + 1, prefix)?;
                d.string(SDES_PREFIX_STRING, rest, at + 1, prefix);
                at += 1 + prefix;
                text(d, rest, at, len - 1 - prefix)?;
                at += len - 1 - prefix;
            } else {
                text(d, rest, at, len)?;
                at += len;
            }
        }
        // A chunk ends at a word's end.
        at = at.next_multiple_of(4);
        d.close();
        d.set_len(chunk, at - start);
        d.close();
    }
    Ok(at)
}

fn text<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize) -> Parsed {
    if len > 0 {
        tvb.slice(at, len)?;
        d.string(SDES_TEXT, tvb, at, len);
    }
    Ok(())
}

/// RFC 3550, 6.6: who goes, and why.
fn goodbye<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, count: usize) -> Result<usize, Stop> {
    for place in 0..count {
        d.uint(SSRC_IDENTIFIER, body, place * 4, 4)?;
    }
    let mut at = count * 4;
    if body.reported() > at {
        let len = d.uint(SDES_LENGTH, body, at, 1)? as usize;
        text(d, body, at + 1, len)?;
        at += 1 + len;
    }
    Ok(4 + at.next_multiple_of(4))
}

/// RFC 3550, 6.7.
fn application<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, subtype: u8, len: usize) -> Result<usize, Stop> {
    d.uint(SSRC_IDENTIFIER, body, 0, 4)?;
    let name = body.slice(4, 4)?;
    // RFC 3550, 6.7: four ASCII characters.
    if name.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ') {
        d.string(APP_NAME, body, 4, 4);
        d.append_info(|| format!("( {} ) ", crate::output::value::printable(name)));
    } else {
        d.open_text(body, 4, 4, || "Application name is not a string".to_owned());
        d.expert(APP_NOT_ASCII, body, 4, 4);
        d.close();
    }
    d.append_info(|| format!("subtype={subtype}"));
    body.slice(8, len.saturating_sub(12))?;
    if body.reported() > 8 {
        let data = body.from(8);
        let is_text = data.bytes().iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
        if is_text {
            d.string(APP_DATA_STR, data, 0, data.reported());
        } else {
            d.bytes(APP_DATA, data, 0, data.reported());
        }
    }
    Ok(4 + body.reported())
}
