//! The payload header of H.263 in RTP (RFC 2190).

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::skinny;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rfc2190, "rfc2190", "H.263 RTP Payload header (RFC2190)";
    FTYPE = field("rfc2190.ftype", "F", Boolean, None).mask(0x80);
    PBFRAMES = field("rfc2190.pbframes", "p/b frame", Boolean, None).mask(0x40);
    SBIT = field("rfc2190.sbit", "Start bit position", Uint8, Dec).mask(0x38);
    EBIT = field("rfc2190.ebit", "End bit position", Uint8, Dec).mask(0x7);
    SRCFORMAT = field("rfc2190.srcformat", "SRC format", Uint8, Dec).names(Names::Values(SOURCE_FORMATS)).mask(0xe0);
    PICTURE_CODING_TYPE = field("rfc2190.picture_coding_type", "Inter-coded frame", Boolean, None);
    UNRESTRICTED_MOTION_VECTOR = field("rfc2190.unrestricted_motion_vector", "Motion vector", Boolean, None);
    SYNTAX_BASED_ARITHMETIC = field("rfc2190.syntax_based_arithmetic", "Syntax-based arithmetic coding", Boolean, None);
    ADVANCED_PREDICTION = field("rfc2190.advanced_prediction", "Advanced prediction option", Boolean, None);
    R = field("rfc2190.r", "Reserved field", Uint16, Dec);
    RR = field("rfc2190.rr", "Reserved field 2", Uint24, Dec);
    DBQ = field("rfc2190.dbq", "Differential quantization parameter", Uint8, Dec);
    TRB = field("rfc2190.trb", "Temporal Reference for B frames", Uint8, Dec);
    TR = field("rfc2190.tr", "Temporal Reference for P frames", Uint8, Dec);
    QUANT = field("rfc2190.quant", "Quantizer", Uint8, Dec).mask(0x1f);
    GOBN = field("rfc2190.gobn", "GOB Number", Uint8, Dec).mask(0xf8);
    MBA = field("rfc2190.mba", "Macroblock address", Uint16, Dec);
    HMV1 = field("rfc2190.hmv1", "Horizontal motion vector 1", Uint16, Dec);
    VMV1 = field("rfc2190.vmv1", "Vertical motion vector 1", Uint16, Dec);
    HMV2 = field("rfc2190.hmv2", "Horizontal motion vector 2", Uint16, Dec);
    VMV2 = field("rfc2190.vmv2", "Vertical motion vector 2", Uint8, Dec).mask(0x7f);
}

/// The source format of a picture (ITU-T H.263, 5.1.3).
pub(crate) const SOURCE_FORMATS: &[(u64, &str)] = &[
    (0, "forbidden"),
    (1, "sub-QCIF 128x96"),
    (2, "QCIF 176x144"),
    (3, "CIF 352x288"),
    (4, "4CIF 704x576"),
    (5, "16CIF 1408x1152"),
    (6, "reserved"),
    (7, "extended PTYPE"),
];

/// The four flags of a picture and where they stand in the word of a mode's header that begins with them.
const FLAGS: [FieldId; 4] =
    [PICTURE_CODING_TYPE, UNRESTRICTED_MOTION_VECTOR, SYNTAX_BASED_ARITHMETIC, ADVANCED_PREDICTION];

const MODE_A_LEN: usize = 4;
const MODE_B_LEN: usize = 8;
const MODE_C_LEN: usize = 12;

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    calls: &[ProtoId::H263],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Rfc2190, "RFC2190", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("H.263 ");
    let first = tvb.u8(0)?;
    let (mode, len) = match first >> 6 {
        0 | 1 => ('A', MODE_A_LEN),
        2 => ('B', MODE_B_LEN),
        _ => ('C', MODE_C_LEN),
    };
    let item = d.begin(PROTO, tvb);
    d.append_info(|| format!("MODE {mode} "));
    d.flag(FTYPE, tvb, 0, 1, first.into());
    d.flag(PBFRAMES, tvb, 0, 1, first.into());
    d.bits(SBIT, tvb, 0, 1, first.into());
    d.bits(EBIT, tvb, 0, 1, first.into());
    let second = u64::from(tvb.u8(1)?);
    d.bits(SRCFORMAT, tvb, 1, 1, second);
    let add = |d: &mut Dissector<'a>, field, at: usize, width: usize, shift: u32, count: u32| {
        let value = tvb.uint(at, width)? >> shift & ((1 << count) - 1);
        d.add(field, tvb, at, width, Value::Uint(value));
        Ok::<(), crate::stop::Stop>(())
    };
    if mode == 'A' {
        for (place, field) in FLAGS.into_iter().enumerate() {
            add(d, field, 1, 1, 4 - place as u32, 1)?;
        }
        add(d, R, 1, 2, 5, 4)?;
        add(d, DBQ, 2, 1, 3, 2)?;
        add(d, TRB, 2, 1, 0, 3)?;
        add(d, TR, 3, 1, 0, 8)?;
    } else {
        d.bits(QUANT, tvb, 1, 1, second);
        d.bits(GOBN, tvb, 2, 1, tvb.u8(2)?.into());
        add(d, MBA, 2, 2, 2, 9)?;
        add(d, R, 3, 1, 0, 2)?;
        for (place, field) in FLAGS.into_iter().enumerate() {
            add(d, field, 4, 1, 7 - place as u32, 1)?;
        }
        add(d, HMV1, 4, 2, 5, 7)?;
        add(d, VMV1, 5, 2, 6, 7)?;
        add(d, HMV2, 6, 2, 7, 7)?;
        add(d, VMV2, 7, 1, 0, 7)?;
        if mode == 'C' {
            add(d, RR, 8, 3, 5, 19)?;
            add(d, DBQ, 10, 1, 3, 2)?;
            add(d, TRB, 10, 1, 0, 3)?;
            add(d, TR, 11, 1, 0, 8)?;
        }
    }
    d.set_len(item, len);
    d.close();
    d.call(ProtoId::H263, tvb.from(len));
    Ok(())
}

/// Skinny announces where media are heard; packets of all three modes follow.
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
    "4500003400010000401100000a0000020a00000113880fa00020000080220003000003e80000123493490884a0a18388 \
     64617461",
    "4500003800010000401100000a0000020a00000113880fa00024000080220004000003e800001234d3490884a0a18388 \
     00000a0964617461",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    #[test]
    fn headers_of_three_modes() {
        let value = |octets: &[u8], name: &str| {
            shown_by(ProtoId::Rfc2190, octets).into_iter().find(|row| row.0 == name).map(|row| row.1)
        };
        assert_eq!(value(&[0, 0x50, 0x0b, 7], "rfc2190.trb").as_deref(), Some("3"));
        assert_eq!(value(&[0x80, 0x49, 0x08, 0x84, 0xa0, 0xa1, 0x83, 0x88], "rfc2190.mba").as_deref(), Some("33"));
        assert_eq!(value(&[0x80, 0x49, 0x08, 0x84, 0xa0, 0xa1, 0x83, 0x88], "rfc2190.hmv1").as_deref(), Some("5"));
        assert!(value(&[0xc0, 0x49, 0x08, 0x84], "_ws.malformed").is_some());
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::Rfc2190, &[0x80, 0x49, 0x08, 0x84, 0xa0, 0xa1, 0x83, 0x88, 0, 0, 0x80]);
    }
}
