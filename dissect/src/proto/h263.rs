//! Pictures and groups of blocks of H.263 as they begin (ITU-T H.263, 5.1 and 5.2).

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::rfc2190::SOURCE_FORMATS;
use crate::proto::skinny;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { H263, "h263", "ITU-T Recommendation H.263";
    PSC = field("h263.psc", "H.263 Picture start Code", Uint32, Hex);
    GBSC = field("h263.gbsc", "H.263 Group of Block Start Code", Uint32, Hex);
    TR2 = field("h263.tr2", "H.263 Temporal Reference", Uint32, Dec);
    SPLIT_SCREEN = field("h263.split_screen_indicator", "H.263 Split screen indicator", Boolean, None).names(ON);
    DOCUMENT_CAMERA = field("h263.document_camera_indicator", "H.263 Document camera indicator", Boolean, None).names(ON);
    SOURCE_FORMAT = field("h263.source_format", "H.263 Source Format", Uint8, Hex).names(Names::Values(SOURCE_FORMATS));
    PICTURE_CODING_TYPE = field("h263.picture_coding_type", "H.263 Picture Coding Type", Boolean, None).names(CODING);
    UNRESTRICTED = field("h263.opt_unres_motion_vector_mode", "H.263 Optional Unrestricted Motion Vector mode", Boolean, None).names(ON);
    ARITHMETIC = field("h263.syntax_based_arithmetic_coding_mode", "H.263 Optional Syntax-based Arithmetic Coding mode", Boolean, None).names(ON);
    PREDICTION = field("h263.optional_advanced_prediction_mode", "H.263 Optional Advanced Prediction mode", Boolean, None).names(ON);
    PB_FRAMES = field("h263.PB_frames_mode", "H.263 Optional PB-frames mode", Boolean, None).names(FRAMES);
    GN = field("h263.gn", "H.263 Group Number", Uint32, Dec);
    PQUANT = field("h263.pquant", "H.263 Quantizer Information (PQUANT)", Uint32, Dec);
    CPM = field("h263.cpm", "H.263 Continuous Presence Multipoint and Video Multiplex (CPM)", Boolean, None).names(ON);
    PSBI = field("h263.psbi", "H.263 Picture Sub-Bitstream Indicator (PSBI)", Uint32, Dec);
    TRB = field("h263.trb", "Temporal Reference for B frames", Uint8, Dec);
    PEI = field("h263.pei", "H.263 Extra Insertion Information (PEI)", Boolean, None);
    STREAM = field("h263.stream", "H.263 stream", Bytes, None);
}

const ON: Names = Names::Flag("On", "Off");
const CODING: Names = Names::Flag("INTER (P-picture)", "INTRA (I-picture)");
const FRAMES: Names = Names::Flag("PB-frame", "Normal I- or P-picture");

/// Sixteen zeros and a one begin a group of blocks; five more zeros make it a picture.
const START: u64 = 1;
const EXTENDED: u64 = 7;

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::H263, "H.263 data", &[], dissect)
};

/// Reads bit by bit.
struct Bits<'a> {
    tvb: Tvb<'a>,
    at: usize,
}

impl<'a> Bits<'a> {
    fn take(&mut self, count: usize) -> Result<u64, Stop> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u64::from(self.tvb.u8(self.at / 8)? >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    /// Adds the next bits as a field.
    fn show(&mut self, d: &mut Dissector<'a>, field: FieldId, count: usize) -> Result<u64, Stop> {
        let from = self.at / 8;
        let value = self.take(count)?;
        d.add(field, self.tvb, from, self.at.div_ceil(8) - from, Value::Uint(value));
        Ok(value)
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_info(|| "H263 payload ".to_owned());
    d.begin(PROTO, tvb);
    let start = tvb.u24(0).unwrap_or(0);
    let mut bits = Bits { tvb, at: 0 };
    if start >> 7 == START as u32 && start >> 2 & 0x1f == 0 {
        picture(d, &mut bits)?;
    } else if start >> 7 == START as u32 {
        d.append_info(|| "(GBSC) ".to_owned());
        bits.show(d, GBSC, 17)?;
        bits.show(d, GN, 5)?;
    }
    let rest = bits.at / 8;
    if rest < tvb.reported() {
        d.bytes(STREAM, tvb, rest, tvb.reported() - rest);
    }
    d.close();
    Ok(())
}

fn picture<'a>(d: &mut Dissector<'a>, bits: &mut Bits<'a>) -> Parsed {
    d.append_info(|| "(PSC) ".to_owned());
    bits.show(d, PSC, 22)?;
    bits.show(d, TR2, 8)?;
    // Always 1 and 0.
    bits.take(2)?;
    for field in [SPLIT_SCREEN, DOCUMENT_CAMERA] {
        bits.show(d, field, 1)?;
    }
    // The release of a frozen picture has no field.
    bits.take(1)?;
    if bits.show(d, SOURCE_FORMAT, 3)? == EXTENDED {
        return Ok(());
    }
    let is_inter = bits.show(d, PICTURE_CODING_TYPE, 1)? != 0;
    d.append_info(|| if is_inter { "P-frame" } else { "I-Frame" }.to_owned());
    for field in [UNRESTRICTED, ARITHMETIC, PREDICTION] {
        bits.show(d, field, 1)?;
    }
    let has_b_frames = bits.show(d, PB_FRAMES, 1)? != 0;
    bits.show(d, PQUANT, 5)?;
    if bits.show(d, CPM, 1)? != 0 {
        bits.show(d, PSBI, 2)?;
    }
    if has_b_frames {
        bits.show(d, TRB, 3)?;
    }
    bits.show(d, PEI, 1)?;
    Ok(())
}

/// Skinny announces where media are heard; a picture and a group of blocks follow.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    skinny::MEDIA[0],
    skinny::MEDIA[1],
    skinny::MEDIA[2],
    skinny::MEDIA[3],
    "4500003700010000401100000a0000020a00000113880fa00023000080220001000003e80000123400500b070000800e \
     08b2c064617461",
    "4500003400010000401100000a0000020a00000113880fa00020000080220002000003e80000123400500b0700009148 \
     64617461",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    #[test]
    fn a_picture_and_a_group_begin_with_their_codes() {
        let value = |octets: &[u8], name: &str| {
            shown_by(ProtoId::H263, octets).into_iter().find(|row| row.0 == name).map(|row| row.1)
        };
        let picture = [0, 0, 0x80, 0x0e, 8, 0x12, 0, 1];
        assert_eq!(value(&picture, "h263.psc").as_deref(), Some("0x00000020"));
        assert_eq!(value(&picture, "h263.tr2").as_deref(), Some("3"));
        assert_eq!(value(&[0, 0, 0x84, 0x96], "h263.gn").as_deref(), Some("1"));
        assert_eq!(value(&[1, 2], "h263.stream").as_deref(), Some("0102"));
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::H263, &[0, 0, 0x80, 0x0e, 8, 0x12, 0, 1]);
    }
}
