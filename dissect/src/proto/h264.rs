//! H.264 in RTP (RFC 6184): units of the network abstraction layer, their aggregates and fragments; of the units
//! themselves (ITU-T H.264, 7.3) how slices and parameter sets begin.

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { H264, "h264", "H.264";
    F = field("h264.f", "F bit", Boolean, None).names(Names::Flag("Bit errors or other syntax violations", "No bit errors or other syntax violations")).mask(0x80);
    NAL_NRI = field("h264.nal_nri", "Nal_ref_idc (NRI)", Uint8, Dec).mask(0x60);
    NAL_UNIT_HDR = field("h264.nal_unit_hdr", "Type", Uint8, Dec).names(Names::Values(UNITS)).mask(0x1f);
    START_BIT = field("h264.start.bit", "Start bit", Boolean, None).names(Names::Flag("the first packet of FU-A picture", "Not the first packet of FU-A picture")).mask(0x80);
    END_BIT = field("h264.end.bit", "End bit", Boolean, None).names(Names::Flag("the last packet of FU-A picture", "Not the last packet of FU-A picture")).mask(0x40);
    FORBIDDEN_BIT = field("h264.forbidden.bit", "Forbidden bit", Uint8, Dec).mask(0x20);
    NAL_UNIT_TYPE = field("h264.nal_unit_type", "Nal_unit_type", Uint8, Dec).names(Names::Values(TYPES)).mask(0x1f);
    NALU_SIZE = field("h264.nalu_size", "NAL Unit Size", Uint16, Dec);
    DON = field("h264.don", "Decoder Order Number", Uint16, Dec);
    DON_DELTA = field("h264.don_delta", "MTAP Decoder Order Number Delta", Uint8, Dec);
    TS_OFFSET16 = field("h264.ts_offset16", "MTAP TS Offset", Uint16, Dec);
    TS_OFFSET24 = field("h264.ts_offset24", "MTAP TS Offset", Uint24, Dec);
    FIRST_MB_IN_SLICE = field("h264.first_mb_in_slice", "first_mb_in_slice", Uint32, Dec);
    SLICE_TYPE = field("h264.slice_type", "slice_type", Uint32, Dec).names(Names::Values(SLICES));
    PIC_PARAMETER_SET_ID = field("h264.pic_parameter_set_id", "pic_parameter_set_id", Uint32, Dec);
    SEQ_PARAMETER_SET_ID = field("h264.seq_parameter_set_id", "seq_parameter_set_id", Uint32, Dec);
    PROFILE_IDC = field("h264.profile_idc", "Profile_idc", Uint8, Dec).names(Names::Values(PROFILES)).mask(0xff);
    CONSTRAINT_SET0_FLAG = field("h264.constraint_set0_flag", "Constraint_set0_flag", Uint8, Dec).mask(0x80);
    CONSTRAINT_SET1_FLAG = field("h264.constraint_set1_flag", "Constraint_set1_flag", Uint8, Dec).mask(0x40);
    CONSTRAINT_SET2_FLAG = field("h264.constraint_set2_flag", "Constraint_set2_flag", Uint8, Dec).mask(0x20);
    CONSTRAINT_SET3_FLAG = field("h264.constraint_set3_flag", "Constraint_set3_flag", Uint8, Dec).mask(0x10);
    CONSTRAINT_SET4_FLAG = field("h264.constraint_set4_flag", "Constraint_set4_flag", Uint8, Dec).mask(0x08);
    CONSTRAINT_SET5_FLAG = field("h264.constraint_set5_flag", "Constraint_set5_flag", Uint8, Dec).mask(0x04);
    RESERVED_ZERO_2BITS = field("h264.reserved_zero_2bits", "Reserved_zero_2bits", Uint8, Dec).mask(0x03);
    LEVEL_ID = field("h264.level_id", "Level_id", Uint8, Dec).mask(0xff);
    UNDECODED = expert("h264.undecoded", "[Not decoded yet]", Warning, Undecoded);
    BAD_NALU_LENGTH = expert("h264.bad_nalu_length", "[Bad NAL Unit Length]", Error, Malformed);
}

/// What stands in the first octet of a payload (RFC 6184, table 1; ITU-T H.264, table 7-1).
const UNITS: &[(u64, &str)] = &[
    (0, "Undefined"),
    (1, "NAL unit - Coded slice of a non-IDR picture"),
    (2, "NAL unit - Coded slice data partition A"),
    (3, "NAL unit - Coded slice data partition B"),
    (4, "NAL unit - Coded slice data partition C"),
    (5, "NAL unit - Coded slice of an IDR picture"),
    (6, "NAL unit - Supplemental enhancement information (SEI)"),
    (7, "NAL unit - Sequence parameter set"),
    (8, "NAL unit - Picture parameter set"),
    (9, "NAL unit - Access unit delimiter"),
    (10, "NAL unit - End of sequence"),
    (11, "NAL unit - End of stream"),
    (12, "NAL unit - Filler data"),
    (13, "NAL unit - Sequence parameter set extension"),
    (14, "NAL unit - Prefix"),
    (15, "NAL unit - Subset sequence parameter set"),
    (16, "NAL unit - Reserved"),
    (17, "NAL unit - Reserved"),
    (18, "NAL unit - Reserved"),
    (19, "NAL unit - Coded slice of an auxiliary coded picture without partitioning"),
    (20, "NAL unit - Coded slice extension"),
    (21, "NAL unit - Coded slice extension for depth view components"),
    (22, "NAL unit - Reserved"),
    (23, "NAL unit - Reserved"),
    (24, "Single-time aggregation packet A (STAP-A)"),
    (25, "Single-time aggregation packet B (STAP-B)"),
    (26, "Multi-time aggregation packet 16 (MTAP16)"),
    (27, "Multi-time aggregation packet 24 (MTAP24)"),
    (28, "Fragmentation unit A (FU-A)"),
    (29, "Fragmentation unit B (FU-B)"),
    (30, "NAL unit - Payload Content Scalability Information (PACSI)"),
    (31, "NAL unit - Extended NAL Header"),
];
/// Of what a fragment is one.
const TYPES: &[(u64, &str)] = &[
    (0, "Unspecified"),
    (1, "Coded slice of a non-IDR picture"),
    (2, "Coded slice data partition A"),
    (3, "Coded slice data partition B"),
    (4, "Coded slice data partition C"),
    (5, "Coded slice of an IDR picture"),
    (6, "Supplemental enhancement information (SEI)"),
    (7, "Sequence parameter set"),
    (8, "Picture parameter set"),
    (9, "Access unit delimiter"),
    (10, "End of sequence"),
    (11, "End of stream"),
    (12, "Filler data"),
    (19, "Coded slice of an auxiliary coded picture without partitioning"),
];
/// What a unit is called in the column.
const SHORT: [&str; 32] = [
    "Undefined",
    "non-IDR-Slice",
    "Slice-A",
    "Slice-B",
    "Slice-C",
    "IDR-Slice",
    "SEI",
    "SPS",
    "PPS",
    "Access-Delimiter",
    "End-of-Seq",
    "End-of-Stream",
    "Filler",
    "SPS-Ext",
    "Prefix",
    "Reserved",
    "Reserved",
    "Reserved",
    "Reserved",
    "Slice-Aux",
    "Slice-Ext",
    "Slice-Ext-Depth",
    "Reserved",
    "Reserved",
    "STAP-A",
    "STAP-B",
    "MTAP16",
    "MTAP24",
    "FU-A",
    "FU-B",
    "PACSI()",
    "EXT",
];
/// ITU-T H.264, table 7-6.
const SLICES: &[(u64, &str)] = &[
    (0, "P (P slice)"),
    (1, "B (B slice)"),
    (2, "I (I slice)"),
    (3, "SP (SP slice)"),
    (4, "SI (SI slice)"),
    (5, "P (P slice)"),
    (6, "B (B slice)"),
    (7, "I (I slice)"),
    (8, "SP (SP slice)"),
    (9, "SI (SI slice)"),
];
/// ITU-T H.264, annex A, G and H.
const PROFILES: &[(u64, &str)] = &[
    (66, "Baseline profile"),
    (77, "Main profile"),
    (83, "Scalable Baseline"),
    (86, "Scalable High"),
    (88, "Extended profile"),
    (100, "High profile"),
    (110, "High 10 profile"),
    (118, "Multi-view High"),
    (122, "High 4:2:2 profile"),
    (128, "Stereo High"),
    (144, "High 4:4:4 profile"),
];
const CONSTRAINTS: [FieldId; 7] = [
    CONSTRAINT_SET0_FLAG,
    CONSTRAINT_SET1_FLAG,
    CONSTRAINT_SET2_FLAG,
    CONSTRAINT_SET3_FLAG,
    CONSTRAINT_SET4_FLAG,
    CONSTRAINT_SET5_FLAG,
    RESERVED_ZERO_2BITS,
];
/// RFC 6184, 5.2.
const STAP_A: u8 = 24;
const MTAP16: u8 = 26;
const MTAP24: u8 = 27;
const FU_A: u8 = 28;
/// How many units of an aggregate are shown.
pub const MAX_UNITS: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    samples: &[Sample { link_type: 101, frames: super::rtp::CODED }],
    ..Protocol::new(ProtoId::H264, "H.264", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("H.264");
    d.begin(PROTO, tvb);
    let kind = tvb.u8(0)? & 0x1f;
    let is_fragment = kind == FU_A;
    header(d, tvb, if is_fragment { "FU identifier" } else { "NAL unit header or first byte of the payload" })?;
    match kind {
        FU_A => fragment(d, tvb)?,
        STAP_A..=MTAP24 => aggregate(d, tvb, kind)?,
        _ => unit(d, tvb.from(1), kind)?,
    }
    d.close();
    Ok(())
}

fn header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, title: &str) -> Parsed {
    let first = tvb.u8(0)?;
    d.append_info(|| format!(" {}", SHORT[usize::from(first & 0x1f)]));
    d.open_text(tvb, 0, 1, || title.to_owned());
    d.flag(F, tvb, 0, 1, first.into());
    d.bits(NAL_NRI, tvb, 0, 1, first.into());
    d.bits(NAL_UNIT_HDR, tvb, 0, 1, first.into());
    d.close();
    Ok(())
}

/// RFC 6184, 5.8.
fn fragment<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let header = tvb.u8(1)?;
    let kind = header & 0x1f;
    d.open_text(tvb, 1, 1, || "FU Header".to_owned());
    d.flag(START_BIT, tvb, 1, 1, header.into());
    d.flag(END_BIT, tvb, 1, 1, header.into());
    d.bits(FORBIDDEN_BIT, tvb, 1, 1, header.into());
    d.bits(NAL_UNIT_TYPE, tvb, 1, 1, header.into());
    d.close();
    if header & 0x80 != 0 {
        d.append_info(|| format!(" Start:{}", SHORT[usize::from(kind)]));
        unit(d, tvb.from(2), kind)?;
    } else if header & 0x40 != 0 {
        d.append_info(|| " End".to_owned());
    }
    Ok(())
}

/// RFC 6184, 5.7: units one after another, each with its length and perhaps its place in the order of decoding.
fn aggregate<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    d.open_text(tvb, 1, tvb.reported() - 1, || "H264 NAL Unit Payload".to_owned());
    let mut at = 1;
    if kind != STAP_A {
        d.uint(DON, tvb, at, 2)?;
        at += 2;
    }
    for _ in 0..MAX_UNITS {
        if at >= tvb.reported() {
            break;
        }
        let size = d.uint(NALU_SIZE, tvb, at, 2)? as usize;
        at += 2;
        if let MTAP16 | MTAP24 = kind {
            d.uint(DON_DELTA, tvb, at, 1)?;
            let (field, width) = if kind == MTAP16 { (TS_OFFSET16, 2) } else { (TS_OFFSET24, 3) };
            d.uint(field, tvb, at + 1, width)?;
            at += 1 + width;
        }
        let left = tvb.reported().saturating_sub(at);
        if size == 0 || size > left {
            d.append_info(|| "  [Bad NAL Length]".to_owned());
            d.expert(BAD_NALU_LENGTH, tvb, at, left);
            break;
        }
        let inner = tvb.exact(at, size)?;
        d.open(PROTO, inner, 0, size, Value::Protocol { end: inner.base.saturating_add(inner.len() as u32) });
        header(d, inner, "NAL unit header or first byte of the payload")?;
        unit(d, inner.from(1), inner.u8(0)? & 0x1f)?;
        d.close();
        at += size;
    }
    d.close();
    Ok(())
}

/// How a unit begins, behind its header.
fn unit<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    d.open_text(tvb, 0, tvb.reported(), || "H264 NAL Unit Payload".to_owned());
    match kind {
        1 | 5 | 19 => slice(d, tvb, &[FIRST_MB_IN_SLICE, SLICE_TYPE, PIC_PARAMETER_SET_ID])?,
        3 | 4 => slice(d, tvb, &[])?,
        7 => sequence(d, tvb)?,
        8 => {
            let mut bits = Bits { tvb, at: 0 };
            bits.number(d, PIC_PARAMETER_SET_ID)?;
            bits.number(d, SEQ_PARAMETER_SET_ID)?;
        }
        _ => {}
    }
    d.close();
    Ok(())
}

/// ITU-T H.264, 7.3.3, as far as it needs no parameter set.
fn slice<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, fields: &[FieldId]) -> Parsed {
    let mut bits = Bits { tvb, at: 0 };
    for field in fields {
        bits.number(d, *field)?;
    }
    d.expert(UNDECODED, tvb, bits.at / 8, tvb.reported().saturating_sub(bits.at / 8));
    Ok(())
}

/// ITU-T H.264, 7.3.2.1.1.
fn sequence<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(PROFILE_IDC, tvb, 0, 1)?;
    let constraints = tvb.u8(1)?;
    for field in CONSTRAINTS {
        d.bits(field, tvb, 1, 1, constraints.into());
    }
    let level = tvb.u8(2)?;
    let item = d.add(LEVEL_ID, tvb, 2, 1, Value::Uint(level.into()));
    d.append_text(item, || format!(" [Level {}.{}]", level / 10, level % 10));
    Bits { tvb, at: 24 }.number(d, SEQ_PARAMETER_SET_ID)
}

/// Reads numbers of which the length follows from their zeros (ITU-T H.264, 9.1).
struct Bits<'a> {
    tvb: Tvb<'a>,
    at: usize,
}

impl<'a> Bits<'a> {
    fn bit(&mut self) -> Result<u64, Stop> {
        let octet = self.tvb.u8(self.at / 8)?;
        let bit = octet >> (7 - self.at % 8) & 1;
        self.at += 1;
        Ok(bit.into())
    }

    fn number(&mut self, d: &mut Dissector<'a>, field: FieldId) -> Parsed {
        let from = self.at / 8;
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 32 {
                return Err(Stop::Malformed);
            }
        }
        let mut value = 1;
        for _ in 0..zeros {
            value = value << 1 | self.bit()?;
        }
        let len = self.at.div_ceil(8) - from;
        d.add(field, self.tvb, from, len, Value::Uint((value - 1).min(u32::MAX.into())));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    fn check(octets: &'static [u8], name: &str, want: &[&str]) {
        let shown = shown_by(ProtoId::H264, octets);
        let got: Vec<_> = shown.iter().filter(|row| row.0 == name).map(|row| row.1.as_str()).collect();
        assert_eq!(got, want, "{shown:?}");
    }

    #[test]
    fn units_fragments_and_aggregates() {
        check(&[0x65, 0xb8, 0x40], "h264.slice_type", &["2"]);
        check(&[0x7c, 0x85, 0xb8, 0x40], "h264.nal_unit_type", &["5"]);
        check(&[0x78, 0, 5, 0x67, 0x42, 0xc0, 0x1f, 0x80, 0, 2, 0x68, 0xc0], "h264.nal_unit_hdr", &["24", "7", "8"]);
        check(&[0x78, 0, 9, 0x67], "h264.bad_nalu_length", &[""]);
        check(&[0x65, 0, 0, 0, 0, 0, 0], "h264.slice_type", &[]);
    }

    #[test]
    fn aggregates_end_at_the_limit() {
        const LONG: [u8; 1 + 6 * MAX_UNITS] = {
            let mut octets = [0; 1 + 6 * MAX_UNITS];
            octets[0] = STAP_A;
            let mut at = 1;
            while at < octets.len() {
                (octets[at + 1], octets[at + 2]) = (1, 9);
                at += 3;
            }
            octets
        };
        let shown = shown_by(ProtoId::H264, &LONG);
        assert_eq!(shown.iter().filter(|row| row.0 == "h264.nalu_size").count(), MAX_UNITS);
    }

    #[test]
    fn no_octets_make_it_panic() {
        for seed in [
            &[0x78, 0, 5, 0x67, 0x42, 0xc0, 0x1f, 0x80, 0, 2, 0x68, 0xc0],
            &[0x7b, 0, 1, 0, 2, 0, 0, 0, 1, 0x65, 0x80, 0],
            &[0x7c, 0x85, 0xb8, 0x40, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            survives_anything(ProtoId::H264, seed);
        }
    }
}
