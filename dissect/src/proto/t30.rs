//! ITU-T T.30: the procedures of facsimile, as frames of HDLC that T.38 puts back together.
//!
//! Octets stand as T.38 has them: the first bit sent is the highest one. Digits and counters are sent the other way round.

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::t38;
use crate::registry::{self, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { T30, "t30", "ITU-T Recommendation T.30";
    ADDRESS = field("t30.Address", "Address", Uint8, Hex);
    CONTROL = field("t30.Control", "Control", Uint8, Hex).names(Names::Values(CONTROL_NAMES));
    FACSIMILECONTROL = field("t30.FacsimileControl", "Facsimile Control", Uint8, Dec).names(Names::Values(FACSIMILECONTROL_NAMES)).mask(0x7f);
    FIF_SM = field("t30.fif.sm", "Store and forward Internet fax- Simple mode (ITU-T T.37)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_RTIF = field("t30.fif.rtif", "Real-time Internet fax (ITU T T.38)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_3GMN = field("t30.fif.3gmn", "3rd Generation Mobile Network", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_V8C = field("t30.fif.v8c", "V.8 capabilities", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_OP = field("t30.fif.op", "Octets preferred", Boolean, None).names(Names::Flag("64 octets preferred", "256 octets preferred")).mask(0x2);
    FIF_RTFC = field("t30.fif.rtfc", "Ready to transmit a facsimile document (polling)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_RFO = field("t30.fif.rfo", "Receiver fax operation", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_DSR = field("t30.fif.dsr", "Data signalling rate", Uint8, Hex).names(Names::Values(DSR_NAMES)).mask(0x3c);
    FIF_DSR_DCS = field("t30.fif.dsr_dcs", "Data signalling rate", Uint8, Hex).names(Names::Values(DSR_DCS_NAMES)).mask(0x3c);
    FIF_RES = field("t30.fif.res", "R8x7.7 lines/mm and/or 200x200 pels/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_TDCC = field("t30.fif.tdcc", "Two dimensional coding capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    FIF_RWC = field("t30.fif.rwc", "Recording width capabilities", Uint8, Hex).names(Names::Values(RWC_NAMES)).mask(0xc0);
    FIF_RW_DCS = field("t30.fif.rw_dcs", "Recording width", Uint8, Hex).names(Names::Values(RW_DCS_NAMES)).mask(0xc0);
    FIF_RLC = field("t30.fif.rlc", "Recording length capability", Uint8, Hex).names(Names::Values(RLC_NAMES)).mask(0x30);
    FIF_RL_DCS = field("t30.fif.rl_dcs", "Recording length capability", Uint8, Hex).names(Names::Values(RL_DCS_NAMES)).mask(0x30);
    FIF_MSLTCR = field("t30.fif.msltcr", "Minimum scan line time capability at the receiver", Uint8, Hex).names(Names::Values(MSLTCR_NAMES)).mask(0xe);
    FIF_MSLT_DCS = field("t30.fif.mslt_dcs", "Minimum scan line time", Uint8, Hex).names(Names::Values(MSLT_DCS_NAMES)).mask(0xe);
    FIF_EXT = field("t30.fif.ext", "Extension indicator", Boolean, None).names(Names::Flag("information continues through the next octet", "last octet")).mask(0x1);
    FIF_CM = field("t30.fif.cm", "Compress/Uncompress mode", Boolean, None).names(Names::Flag("Uncompressed mode", "Compressed mode")).mask(0x40);
    FIF_ECM = field("t30.fif.ecm", "Error correction mode", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_FS_DCM = field("t30.fif.fs_dcm", "Frame size", Boolean, None).names(Names::Flag("64 octets", "256 octets")).mask(0x10);
    FIF_T6 = field("t30.fif.t6", "T.6 coding capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_FVC = field("t30.fif.fvc", "Field valid capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_MSPC = field("t30.fif.mspc", "Multiple selective polling capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_PS = field("t30.fif.ps", "Polled Subaddress", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_T43 = field("t30.fif.t43", "T.43 coding", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_PI = field("t30.fif.pi", "Plane interleave", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_VC32K = field("t30.fif.vc32k", "Voice coding with 32k ADPCM (ITU T G.726)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_R8X15 = field("t30.fif.r8x15", "R8x15.4 lines/mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_300X300 = field("t30.fif.300x300", "300x300 pels/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_R16X15 = field("t30.fif.r16x15", "R16x15.4 lines/mm and/or 400x400 pels/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_IBRP = field("t30.fif.ibrp", "Inch based resolution preferred", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_MBRP = field("t30.fif.mbrp", "Metric based resolution preferred", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_MSLTCHR = field("t30.fif.msltchr", "Minimum scan line time capability for higher resolutions", Boolean, None).names(Names::Flag("T15.4 = 1/2 T7.7", "T15.4 = T7.7")).mask(0x4);
    FIF_RTS = field("t30.fif.rts", "Resolution type selection", Boolean, None).names(Names::Flag("inch based resolution", "metric based resolution")).mask(0x10);
    FIF_SP = field("t30.fif.sp", "Selective polling", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_SC = field("t30.fif.sc", "Subaddressing capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_PASSW = field("t30.fif.passw", "Password", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_SIT = field("t30.fif.sit", "Sender Identification transmission", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_RTTD = field("t30.fif.rttd", "Ready to transmit a data file (polling)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_BFT = field("t30.fif.bft", "Binary File Transfer (BFT)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_DTM = field("t30.fif.dtm", "Document Transfer Mode (DTM)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_EDI = field("t30.fif.edi", "Electronic Data Interchange (EDI)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_BTM = field("t30.fif.btm", "Basic Transfer Mode (BTM)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_RTTCMMD = field("t30.fif.rttcmmd", "Ready to transmit a character or mixed mode document (polling)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_CHRM = field("t30.fif.chrm", "Character mode", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_MM = field("t30.fif.mm", "Mixed mode (Annex E/T.4)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_PM26 = field("t30.fif.pm26", "Processable mode 26 (ITU T T.505)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_DNC = field("t30.fif.dnc", "Digital network capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_DO = field("t30.fif.do", "Duplex operation", Boolean, None).names(Names::Flag("Duplex  and half duplex operation", "Half duplex operation only")).mask(0x20);
    FIF_JPEG = field("t30.fif.jpeg", "JPEG coding", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_FCM = field("t30.fif.fcm", "Full colour mode", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_PHT = field("t30.fif.pht", "Preferred Huffman tables", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_12C = field("t30.fif.12c", "12 bits/pel component", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_NS = field("t30.fif.ns", "No subsampling (1:1:1)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_CI = field("t30.fif.ci", "Custom illuminant", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_CGR = field("t30.fif.cgr", "Custom gamut range", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_NALET = field("t30.fif.nalet", "North American Letter (215.9 x 279.4 mm) capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_NALEG = field("t30.fif.naleg", "North American Legal (215.9 x 355.6 mm) capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_SPSCB = field("t30.fif.spscb", "Single-progression sequential coding (ITU-T T.85) basic capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_SPSCO = field("t30.fif.spsco", "Single-progression sequential coding (ITU-T T.85) optional L0 capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_HKM = field("t30.fif.hkm", "HKM key management capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_RSA = field("t30.fif.rsa", "RSA key management capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_OC = field("t30.fif.oc", "Override capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_HFX40 = field("t30.fif.hfx40", "HFX40 cipher capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_ACN2C = field("t30.fif.acn2c", "Alternative cipher number 2 capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_ACN3C = field("t30.fif.acn3c", "Alternative cipher number 3 capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_HFX40I = field("t30.fif.hfx40i", "HFX40-I hashing capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_AHSN2 = field("t30.fif.ahsn2", "Alternative hashing system number 2 capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_AHSN3 = field("t30.fif.ahsn3", "Alternative hashing system number 3 capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_T441 = field("t30.fif.t441", "T.44 (Mixed Raster Content)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_T442 = field("t30.fif.t442", "T.44 (Mixed Raster Content)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_T443 = field("t30.fif.t443", "T.44 (Mixed Raster Content)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_PLMSS = field("t30.fif.plmss", "Page length maximum strip size for T.44 (Mixed Raster Content)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_CG300 = field("t30.fif.cg300", "Colour/gray-scale 300 pels/25.4 mm x 300 lines/25.4 mm or 400 pels/25.4 mm x 400 lines/25.4 mm resolution", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_100X100CG = field("t30.fif.100x100cg", "100 pels/25.4 mm x 100 lines/25.4 mm for colour/gray scale", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_SPCBFT = field("t30.fif.spcbft", "Simple Phase C BFT Negotiations capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_EBFT = field("t30.fif.ebft", "Extended BFT Negotiations capability", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_ISP = field("t30.fif.isp", "Internet Selective Polling Address (ISP)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_IRA = field("t30.fif.ira", "Internet Routing Address (IRA)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_600X600 = field("t30.fif.600x600", "600 pels/25.4 mm x 600 lines/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_1200X1200 = field("t30.fif.1200x1200", "1200 pels/25.4 mm x 1200 lines/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_300X600 = field("t30.fif.300x600", "300 pels/25.4 mm x 600 lines/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_400X800 = field("t30.fif.400x800", "400 pels/25.4 mm x 800 lines/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_600X1200 = field("t30.fif.600x1200", "600 pels/25.4 mm x 1200 lines/25.4 mm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIF_CG600X600 = field("t30.fif.cg600x600", "Colour/gray scale 600 pels/25.4 mm x 600 lines/25.4 mm resolution", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIF_CG1200X1200 = field("t30.fif.cg1200x1200", "Colour/gray scale 1200 pels/25.4 mm x 1200 lines/25.4 mm resolution", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIF_DSPCAM = field("t30.fif.dspcam", "Double sided printing capability (alternate mode)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    FIF_DSPCCM = field("t30.fif.dspccm", "Double sided printing capability (continuous mode)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    FIF_BWMRCP = field("t30.fif.bwmrcp", "Black and white mixed raster content profile (MRCbw)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIF_T45 = field("t30.fif.t45", "T.45 (run length colour encoding)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIF_SDMC = field("t30.fif.sdmc", "SharedDataMemory capacity", Uint8, Hex).names(Names::Values(SDMC_NAMES)).mask(0xc);
    FIF_NUMBER = field("t30.fif.number", "Number", String, None);
    FIF_COUNTRY_CODE = field("t30.fif.country_code", "ITU-T Country code", Uint8, Dec);
    FIF_NON_STANDARD_CAP = field("t30.fif.non_standard_cap", "Non-standard capabilities", Bytes, None);
    T4_FRAME_NUM = field("t30.t4.frame_num", "T.4 Frame number", Uint8, Dec);
    T4_DATA = field("t30.t4.data", "T.4 Facsimile data field", Bytes, None);
    PPS_FCF2 = field("t30.pps.fcf2", "Post-message command", Uint8, Dec).names(Names::Values(PPS_FCF2_NAMES));
    T4_PAGE_COUNT = field("t30.t4.page_count", "Page counter", Uint8, Dec);
    T4_BLOCK_COUNT = field("t30.t4.block_count", "Block counter", Uint8, Dec);
    T4_FRAME_COUNT = field("t30.t4.frame_count", "Frame counter", Uint8, Dec);
    PPR_FRAME_COUNT = field("t30.ppr.frame_count", "Frame counter", Uint8, Dec);
    PPR_FRAMES = field("t30.ppr.frames", "Frames", String, None);
    BAD_LENGTH = expert("t30.bad_length", "Bad length", Error, Malformed);
    ADDRESS_FF = expert("t30.Address.FF", "T30 Address must be 0xFF", Warning, Reassemble);
    CONTROL_C0C8 = expert("t30.Control.C0C8", "T30 Control Field must be 0xC0 or 0xC8", Warning, Reassemble);
}

/// A call with T.38, then frames of all kinds.
const SAMPLE: &[&str] = &[
    t38::CALL[0],
    t38::CALL[1],
    "4500003900010000401100000a0000020a00000113880fa000250000000018c002800011ffc801ffffffffffffffffffffff \
     ffffffff400000",
    "4500003900010000401100000a0000020a00000113880fa000250000000118c002800011ffc841ffffffffffffffffffffff \
     ffffffff400000",
    "4500002c00010000401100000a0000020a00000113880fa00018000000020bc002800004ffc804b511400000",
    "4500003e00010000401100000a0000020a00000113880fa0002a000000031dc002800016ffc8028c4c8c4c8c4c8c4c8c4c8c \
     4c8c4c8c4c8c4c8c4c400000",
    "4500002a00010000401100000a0000020a00000113880fa000160000000409c002800002fec121400000",
    "4500002e00010000401100000a0000020a00000113880fa0001a000000050dc002800006ffc87df4800000400000",
    "4500004a00010000401100000a0000020a00000113880fa000360000000629c002800022ffc83da500000000000000000000 \
     000000000000000000000000000000000000000000400000",
    "4500002d00010000401100000a0000020a00000113880fa00019000000070cc002800005ffc060800102400000",
    "4500002b00010000401100000a0000020a00000113880fa00017000000080ac002800003ffc80201400000",
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::T30, "T.30", &[], dissect)
};

const ADDRESS_LEN: usize = 3;
/// T.30, 5.3.6.2.4 and following: identifications have twenty digits.
const DIGITS: usize = 20;
/// T.30, table 2: what a receiver says of itself has three octets at least.
const CAPABILITIES_MIN: usize = 3;
/// T.30, A.4.4: a request names 256 frames by a bit each.
const REQUEST_LEN: usize = 32;

const DIS: u8 = 1;
const DCS: u8 = 65;

/// Facsimile control fields without their first bit: their names in T.30.
pub const SHORT_NAMES: &[(u64, &str)] = &[
    (1, "DIS"),
    (2, "CSI"),
    (4, "NSF"),
    (33, "CFR"),
    (34, "FTT"),
    (35, "CTR"),
    (36, "CSA"),
    (49, "MCF"),
    (50, "RTN"),
    (51, "RTP"),
    (52, "PIN"),
    (53, "PIP"),
    (54, "PID"),
    (55, "RNR"),
    (56, "ERR"),
    (61, "PPR"),
    (63, "FDM"),
    (65, "DCS"),
    (66, "TSI"),
    (67, "SUB"),
    (68, "NSS"),
    (69, "SID"),
    (70, "TSA"),
    (71, "IRA"),
    (72, "CTC"),
    (83, "FNV"),
    (86, "TR"),
    (87, "TNR"),
    (88, "CRP"),
    (95, "DCN"),
    (96, "FCD"),
    (97, "RCP"),
    (113, "EOM"),
    (114, "MPS"),
    (115, "EOR"),
    (116, "EOP"),
    (118, "RR"),
    (120, "EOP2"),
    (121, "PRI_EOM"),
    (122, "PRI_MPS"),
    (124, "EOP"),
    (125, "PPS"),
];

/// What the frame with this facsimile control field is called: its short name, and what that stands for.
pub fn name(control: u8) -> Option<(&'static str, &'static str)> {
    let control = u64::from(control & 0x7f);
    let find = |rows: &'static [(u64, &'static str)]| rows.iter().find(|row| row.0 == control).map(|row| row.1);
    Some((find(SHORT_NAMES)?, find(FACSIMILECONTROL_NAMES)?))
}

/// How a facsimile information field is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    None,
    Capabilities,
    Number,
    NonStandard,
    Page,
    Request,
    Coded,
}

fn content(control: u8) -> Content {
    match control {
        DIS | DCS => Content::Capabilities,
        2 | 3 | 5 | 6 | 66 | 67 | 69 => Content::Number,
        4 | 68 => Content::NonStandard,
        125 => Content::Page,
        61 => Content::Request,
        96 => Content::Coded,
        _ => Content::None,
    }
}

/// One frame, without its check sequence.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if tvb.reported() < ADDRESS_LEN {
        bad(d, tvb, 0, "T30 length must be at least 4 bytes");
        d.append_info(|| " [MALFORMED OR SHORT PACKET]".to_owned());
        d.call_within(ProtoId::Data, tvb);
        return Ok(());
    }
    d.begin(PROTO, tvb);
    let address = d.uint(ADDRESS, tvb, 0, 1)?;
    if address != 0xff {
        d.within(|d| d.expert(ADDRESS_FF, tvb, 0, 1));
    }
    let kind = d.uint(CONTROL, tvb, 1, 1)?;
    if kind != 0xc0 && kind != 0xc8 {
        d.within(|d| d.expert(CONTROL_C0C8, tvb, 1, 1));
    }
    let octet = tvb.u8(2)?;
    let control = octet & 0x7f;
    let known = name(control);
    d.append_info(|| {
        let (short, long) = known.unwrap_or(("<unknown>", "<unknown>"));
        format!(" {short} - {long}")
    });
    d.bits(FACSIMILECONTROL, tvb, 2, 1, octet.into());
    let rest = tvb.from(ADDRESS_LEN);
    d.within(|d| match content(control) {
        Content::None => Ok(()),
        Content::Capabilities => capabilities(d, rest, control),
        Content::Number => number(d, rest),
        Content::NonStandard => non_standard(d, rest),
        Content::Page => page(d, rest),
        Content::Request => request(d, rest),
        Content::Coded => coded(d, rest),
    })?;
    d.close();
    Ok(())
}

/// Notes that a field is too short.
fn bad<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, why: &'static str) {
    d.expert_with(BAD_LENGTH, tvb, at, tvb.reported(), || why.to_owned());
}

fn short<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, why: &'static str) -> Parsed {
    bad(d, tvb, 0, why);
    d.append_info(|| " [MALFORMED OR SHORT PACKET]".to_owned());
    Ok(())
}

/// T.30, table 2: what a receiver can do (DIS, DTC) or what it is told to do (DCS).
fn capabilities<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, control: u8) -> Parsed {
    if tvb.reported() < CAPABILITIES_MIN {
        return short(d, tvb, "T30 DIS length must be at least 4 bytes");
    }
    let rows = if control == DCS { COMMANDS } else { CAPABILITIES };
    for (at, row) in rows.iter().enumerate().take(tvb.reported()) {
        let octet = u64::from(tvb.u8(at)?);
        for field in *row {
            if registry::field(*field).ftype == crate::field::FieldType::Boolean {
                d.flag(*field, tvb, at, 1, octet);
            } else {
                d.bits(*field, tvb, at, 1, octet);
            }
        }
        if at == 1 {
            d.append_info(|| format!(" - DSR:{}", rate(octet as u8, control)));
        }
        // From the third octet on the last bit says whether another one follows.
        if at >= 2 && octet & 1 == 0 {
            break;
        }
    }
    Ok(())
}

/// The rates that the second octet of DIS or DCS names.
fn rate(octet: u8, control: u8) -> &'static str {
    let rows = if control == DCS { DSR_DCS_NAMES } else { DSR_NAMES };
    let value = u64::from(octet >> 2 & 0x0f);
    rows.iter().find(|row| row.0 == value).map_or("<unknown>", |row| row.1)
}

/// Digits, the last one first and each with its lowest bit first.
pub fn digits(octets: &[u8]) -> String {
    let text: String = octets.iter().rev().map(|octet| char::from(octet.reverse_bits())).collect();
    text.trim().to_owned()
}

fn number<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if tvb.is_empty() {
        return Err(Stop::Malformed);
    }
    if tvb.reported() != DIGITS {
        bad(d, tvb, 0, "MALFORMED OR SHORT PACKET: number of digits must be 20");
        d.append_info(|| " [MALFORMED OR SHORT PACKET: number of digits must be 20]".to_owned());
        return Ok(());
    }
    let text = digits(tvb.slice(0, DIGITS)?);
    d.append_info(|| format!(" - Number:{text}"));
    d.add(FIF_NUMBER, tvb, 0, DIGITS, Value::String(text.into()));
    Ok(())
}

fn non_standard<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if tvb.reported() < 2 {
        return short(d, tvb, "T30 NSC length must be at least 2 bytes");
    }
    d.uint(FIF_COUNTRY_CODE, tvb, 0, 1)?;
    d.bytes(FIF_NON_STANDARD_CAP, tvb, 1, tvb.reported() - 1);
    Ok(())
}

/// T.30, A.4.3: the end of a part of a page.
fn page<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if tvb.reported() < 4 {
        return short(d, tvb, "T30 PPS length must be at least 4 bytes");
    }
    d.uint(PPS_FCF2, tvb, 0, 1)?;
    let mut counts = [0; 3];
    for (place, (count, field)) in counts.iter_mut().zip([T4_PAGE_COUNT, T4_BLOCK_COUNT, T4_FRAME_COUNT]).enumerate() {
        *count = tvb.u8(1 + place)?.reverse_bits();
        d.add(field, tvb, 1 + place, 1, Value::Uint((*count).into()));
    }
    let [pages, blocks, frames] = counts;
    d.append_info(|| format!(" - PC:{pages} BC:{blocks} FC:{frames}"));
    Ok(())
}

/// T.30, A.4.4: the frames that have to be sent again.
fn request<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if tvb.reported() != REQUEST_LEN {
        return short(d, tvb, "T30 PPR length must be 32 bytes");
    }
    let octets = tvb.slice(0, REQUEST_LEN)?;
    let is_asked = |number: &usize| octets.get(number / 8).is_some_and(|octet| octet << (number % 8) & 0x80 != 0);
    let count = (0..REQUEST_LEN * 8).filter(is_asked).count();
    d.append_info(|| format!(" - {count} frames"));
    d.add(PPR_FRAME_COUNT, tvb, 0, 1, Value::Uint(count as u64 & 0xff));
    if d.wants(PPR_FRAMES) && count > 0 {
        let numbers: Vec<_> = (0..REQUEST_LEN * 8).filter(is_asked).map(|number| number.to_string()).collect();
        d.add(PPR_FRAMES, tvb, 0, REQUEST_LEN, Value::String(numbers.join(", ").into()));
    }
    Ok(())
}

/// T.4, A.3: a frame of the page, by its number.
fn coded<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if tvb.reported() < 2 {
        return short(d, tvb, "T30 FCD length must be at least 2 bytes");
    }
    let number = tvb.u8(0)?.reverse_bits();
    d.append_info(|| format!(" - Frame num:{number}"));
    d.add(T4_FRAME_NUM, tvb, 0, 1, Value::Uint(number.into()));
    d.bytes(T4_DATA, tvb, 1, tvb.reported() - 1);
    Ok(())
}

/// `t30.Control`.
const CONTROL_NAMES: &[(u64, &str)] =
    &[(192, "non-final frames within the procedure"), (200, "final frames within the procedure")];

/// `t30.FacsimileControl`.
const FACSIMILECONTROL_NAMES: &[(u64, &str)] = &[
    (1, "Digital Identification Signal"),
    (2, "Called Subscriber Identification"),
    (4, "Non-Standard Facilities"),
    (33, "Confirmation To Receive"),
    (34, "Failure To Train"),
    (35, "Response for Continue To Correct"),
    (36, "Called Subscriber Internet Address"),
    (49, "Message Confirmation"),
    (50, "Retrain Negative"),
    (51, "Retrain Positive"),
    (52, "Procedure Interrupt Negative"),
    (53, "Procedure Interrupt Positive"),
    (54, "Procedure Interrupt Disconnect"),
    (55, "Receive Not Ready"),
    (56, "Response for End of Retransmission"),
    (61, "Partial Page Request"),
    (63, "File Diagnostics Message"),
    (65, "Digital Command Signal"),
    (66, "Transmitting Subscriber Identification"),
    (67, "Subaddress"),
    (68, "Non-Standard facilities Set-up"),
    (69, "Sender Identification"),
    (70, "Transmitting Subscriber Internet address"),
    (71, "Internet Routing Address"),
    (72, "Continue To Correct"),
    (83, "Field Not Valid"),
    (86, "Transmit ready"),
    (87, "Transmit not ready"),
    (88, "Command Repeat"),
    (95, "Disconnect"),
    (96, "Facsimile coded data"),
    (97, "Return to control for partial page"),
    (113, "End Of Message"),
    (114, "MultiPage Signal"),
    (115, "End Of Retransmission"),
    (116, "End Of Procedure"),
    (118, "Receive Ready"),
    (120, "Procedure Interrupt-End Of Procedure"),
    (121, "Procedure Interrupt-End Of Message"),
    (122, "Procedure Interrupt-MultiPage Signal"),
    (124, "Procedure Interrupt-End Of Procedure"),
    (125, "Partial Page Signal"),
    (129, "Digital Transmit Command"),
    (130, "Calling Subscriber Identification"),
    (131, "Password"),
    (132, "Non-Standard facilities Command"),
    (133, "Selective Polling"),
    (134, "Polled Subaddress"),
    (135, "Calling subscriber Internet Address"),
    (136, "Internet Selective Polling Address"),
];

/// `t30.fif.dsr`.
const DSR_NAMES: &[(u64, &str)] = &[
    (0, "ITU-T V.27 ter fall-back mode"),
    (1, "Not used"),
    (2, "Not used"),
    (3, "Not used"),
    (4, "ITU-T V.27 ter"),
    (5, "Reserved"),
    (6, "Reserved"),
    (7, "Reserved"),
    (8, "ITU-T V.29"),
    (9, "Not used"),
    (10, "Not used"),
    (11, "Not used"),
    (12, "ITU-T V.27 ter and V.29"),
    (13, "ITU-T V.27 ter, V.29, and V.17"),
    (14, "Invalid"),
    (15, "Reserved"),
];

/// `t30.fif.dsr_dcs`.
const DSR_DCS_NAMES: &[(u64, &str)] = &[
    (0, "2400 bit/s, ITU-T V.27 ter"),
    (1, "14 400 bit/s, ITU-T V.17"),
    (2, "Invalid"),
    (3, "Reserved"),
    (4, "4800 bit/s, ITU-T V.27 ter"),
    (5, "12 000 bit/s, ITU-T V.17"),
    (6, "Invalid"),
    (7, "Reserved"),
    (8, "9600 bit/s, ITU-T V.29"),
    (9, "9600 bit/s, ITU-T V.17"),
    (10, "Reserved"),
    (11, "Reserved"),
    (12, "7200 bit/s, ITU-T V.29"),
    (13, "7200 bit/s, ITU-T V.17"),
    (14, "Reserved"),
    (15, "Reserved"),
];

/// `t30.fif.rwc`.
const RWC_NAMES: &[(u64, &str)] = &[
    (0, "Scan line length 215 mm +- 1%"),
    (1, "Scan line length 215 mm +- 1% and Scan line length 255 mm +- 1% and Scan line length 303 mm +- 1%"),
    (2, "Scan line length 215 mm +- 1% and Scan line length 255 mm +- 1%"),
    (3, "Invalid"),
];

/// `t30.fif.rw_dcs`.
const RW_DCS_NAMES: &[(u64, &str)] = &[
    (0, "Scan line length 215 mm +- 1%"),
    (1, "Scan line length 303 mm +- 1%"),
    (2, "Scan line length 255 mm +- 1%"),
    (3, "Invalid"),
];

/// `t30.fif.rlc`.
const RLC_NAMES: &[(u64, &str)] =
    &[(0, "A4 (297 mm)"), (1, "Unlimited"), (2, "A4 (297 mm) and B4 (364 mm)"), (3, "Invalid")];

/// `t30.fif.rl_dcs`.
const RL_DCS_NAMES: &[(u64, &str)] = &[(0, "A4 (297 mm)"), (1, "Unlimited"), (2, "B4 (364 mm)"), (3, "Invalid")];

/// `t30.fif.msltcr`.
const MSLTCR_NAMES: &[(u64, &str)] = &[
    (0, "20 ms at 3.85 l/mm: T7.7 = T3.85"),
    (1, "40 ms at 3.85 l/mm: T7.7 = T3.85"),
    (2, "10 ms at 3.85 l/mm: T7.7 = T3.85"),
    (4, "05 ms at 3.85 l/mm: T7.7 = T3.85"),
    (3, "10 ms at 3.85 l/mm: T7.7 = 1/2 T3.85"),
    (6, "20 ms at 3.85 l/mm: T7.7 = 1/2 T3.85"),
    (5, "40 ms at 3.85 l/mm: T7.7 = 1/2 T3.85"),
    (7, "00 ms at 3.85 l/mm: T7.7 = T3.85"),
];

/// `t30.fif.mslt_dcs`.
const MSLT_DCS_NAMES: &[(u64, &str)] = &[(0, "20 ms"), (1, "40 ms"), (2, "10 ms"), (4, "05 ms"), (7, "00 ms")];

/// `t30.fif.sdmc`.
const SDMC_NAMES: &[(u64, &str)] = &[
    (0, "Not available"),
    (1, "Level 1 = 1.0 Mbytes"),
    (2, "Level 2 = 2.0 Mbytes"),
    (3, "Level 3 = unlimited (i.e. >= 32 Mbytes)"),
];

/// `t30.pps.fcf2`.
const PPS_FCF2_NAMES: &[(u64, &str)] = &[
    (0, "NULL code which indicates the partial page boundary"),
    (241, "EOM in optional T.4 error correction mode"),
    (242, "MPS in optional T.4 error correction mode"),
    (244, "EOP in optional T.4 error correction mode"),
    (248, "EOS in optional T.4 error correction mode"),
    (249, "PRI-EOM in optional T.4 error correction mode"),
    (250, "PRI-MPS in optional T.4 error correction mode"),
    (252, "PRI-EOP in optional T.4 error correction mode"),
];

/// What the octets of DIS and DTC hold (T.30, table 2).
const CAPABILITIES: &[&[FieldId]] = &[
    &[FIF_SM, FIF_RTIF, FIF_3GMN, FIF_V8C, FIF_OP],
    &[FIF_RTFC, FIF_RFO, FIF_DSR, FIF_RES, FIF_TDCC],
    &[FIF_RWC, FIF_RLC, FIF_MSLTCR, FIF_EXT],
    &[FIF_CM, FIF_ECM, FIF_T6, FIF_EXT],
    &[FIF_FVC, FIF_MSPC, FIF_PS, FIF_T43, FIF_PI, FIF_VC32K, FIF_EXT],
    &[FIF_R8X15, FIF_300X300, FIF_R16X15, FIF_IBRP, FIF_MBRP, FIF_MSLTCHR, FIF_SP, FIF_EXT],
    &[FIF_SC, FIF_PASSW, FIF_RTTD, FIF_BFT, FIF_DTM, FIF_EDI, FIF_EXT],
    &[FIF_BTM, FIF_RTTCMMD, FIF_CHRM, FIF_MM, FIF_EXT],
    &[FIF_PM26, FIF_DNC, FIF_DO, FIF_JPEG, FIF_FCM, FIF_12C, FIF_EXT],
    &[FIF_NS, FIF_CI, FIF_CGR, FIF_NALET, FIF_NALEG, FIF_SPSCB, FIF_SPSCO, FIF_EXT],
    &[FIF_HKM, FIF_RSA, FIF_OC, FIF_HFX40, FIF_ACN2C, FIF_ACN3C, FIF_HFX40I, FIF_EXT],
    &[FIF_AHSN2, FIF_AHSN3, FIF_T441, FIF_T442, FIF_T443, FIF_PLMSS, FIF_EXT],
    &[FIF_CG300, FIF_100X100CG, FIF_SPCBFT, FIF_EBFT, FIF_ISP, FIF_IRA, FIF_EXT],
    &[FIF_600X600, FIF_1200X1200, FIF_300X600, FIF_400X800, FIF_600X1200, FIF_CG600X600, FIF_CG1200X1200, FIF_EXT],
    &[FIF_DSPCAM, FIF_DSPCCM, FIF_BWMRCP, FIF_T45, FIF_SDMC, FIF_EXT],
];

/// What the octets of DCS hold (T.30, table 2).
const COMMANDS: &[&[FieldId]] = &[
    &[FIF_SM, FIF_RTIF, FIF_3GMN],
    &[FIF_RFO, FIF_DSR_DCS, FIF_RES, FIF_TDCC],
    &[FIF_RW_DCS, FIF_RL_DCS, FIF_MSLT_DCS, FIF_EXT],
    &[FIF_CM, FIF_ECM, FIF_FS_DCM, FIF_T6, FIF_EXT],
    &[FIF_FVC, FIF_T43, FIF_PI, FIF_VC32K, FIF_EXT],
    &[FIF_R8X15, FIF_300X300, FIF_R16X15, FIF_RTS, FIF_EXT],
    &[FIF_SC, FIF_SIT, FIF_BFT, FIF_DTM, FIF_EDI, FIF_EXT],
    &[FIF_BTM, FIF_CHRM, FIF_MM, FIF_EXT],
    &[FIF_PM26, FIF_DNC, FIF_DO, FIF_JPEG, FIF_FCM, FIF_PHT, FIF_12C, FIF_EXT],
    &[FIF_NS, FIF_CI, FIF_CGR, FIF_NALET, FIF_NALEG, FIF_SPSCB, FIF_SPSCO, FIF_EXT],
    &[FIF_HKM, FIF_RSA, FIF_OC, FIF_HFX40, FIF_ACN2C, FIF_ACN3C, FIF_HFX40I, FIF_EXT],
    &[FIF_AHSN2, FIF_AHSN3, FIF_T441, FIF_T442, FIF_T443, FIF_PLMSS, FIF_EXT],
    &[FIF_CG300, FIF_100X100CG, FIF_SPCBFT, FIF_IRA, FIF_EXT],
    &[FIF_600X600, FIF_1200X1200, FIF_300X600, FIF_400X800, FIF_600X1200, FIF_CG600X600, FIF_CG1200X1200, FIF_EXT],
    &[FIF_DSPCAM, FIF_DSPCCM, FIF_T45, FIF_SDMC, FIF_EXT],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{check_shown, frames, shown_by, survives_anything};

    fn check(octets: &[u8], expected: &[(&str, &str)]) {
        check_shown(ProtoId::T30, octets, expected);
    }

    #[test]
    fn commands_and_responses_are_read() {
        check(&[0xff, 0xc8, 0x41, 0, 0x44, 0], &[("t30.FacsimileControl", "65"), ("t30.fif.dsr_dcs", "0x01")]);
        check(&[0xff, 0xc8, 0x7d, 0xf4, 0x80, 0, 0xc0], &[("t30.t4.page_count", "1"), ("t30.t4.frame_count", "3")]);
        let mut request = vec![0xff, 0xc8, 0x3d, 0xa0];
        request.resize(35, 0);
        check(&request, &[("t30.ppr.frame_count", "2"), ("t30.ppr.frames", "0, 2")]);
        check(&[0xff, 0xc0, 0x60, 0x80, 1, 2], &[("t30.t4.frame_num", "1"), ("t30.t4.data", "0102")]);
    }

    #[test]
    fn numbers_are_read_backwards() {
        let mut octets = vec![b' '.reverse_bits(); 20];
        octets[..2].copy_from_slice(&[b'2'.reverse_bits(), b'1'.reverse_bits()]);
        assert_eq!(digits(&octets), "12");
    }

    #[test]
    fn short_frames_are_noted() {
        for octets in [&[0xff][..], &[0xff, 0xc8, 1], &[0xff, 0xc8, 0x3d, 1], &[0xff, 0xc8, 0x7d], &[0xff, 0xc8, 2, 1]]
        {
            assert!(shown_by(ProtoId::T30, octets).iter().any(|row| row.0 == "t30.bad_length"), "{octets:?}");
        }
    }

    #[test]
    fn frames_have_names() {
        assert_eq!(name(0xc1), Some(("DCS", "Digital Command Signal")));
        assert_eq!(name(0x62), None);
    }

    #[test]
    fn the_sample_shows_every_field() {
        let shown: Vec<_> = frames(101, SAMPLE).into_iter().flatten().collect();
        for field in FIELDS {
            assert!(shown.iter().any(|row| row.0 == field.name), "{} is not shown", field.name);
        }
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::T30, &[0xff, 0xc8, 1, 0, 0x76, 0xff, 0xff, 0xff]);
    }
}
