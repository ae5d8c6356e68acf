//! The data units of IEC 60870-5-101 and -104, with three octets of address for each object.

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Iec60870Asdu, "iec60870_asdu", "IEC 60870-5-101/104 ASDU";
    TYPEID = field("iec60870_asdu.typeid", "TypeId", Uint8, Dec).names(Names::Values(TYPES));
    SQ = field("iec60870_asdu.sq", "SQ", Boolean, None).mask(0x80);
    NUMIX = field("iec60870_asdu.numix", "NumIx", Uint8, Dec).mask(0x7f);
    CAUSETX = field("iec60870_asdu.causetx", "CauseTx", Uint8, Dec).names(Names::Values(CAUSES)).mask(0x3f);
    NEGA = field("iec60870_asdu.nega", "Negative", Boolean, None).mask(0x40);
    TEST = field("iec60870_asdu.test", "Test", Boolean, None).mask(0x80);
    OA = field("iec60870_asdu.oa", "OA", Uint8, Dec);
    ADDR = field("iec60870_asdu.addr", "Addr", Uint16, Dec);
    IOA = field("iec60870_asdu.ioa", "IOA", Uint24, Dec);
    SIQ = field("iec60870_asdu.siq", "SIQ", Uint8, Hex);
    SIQ_SPI = field("iec60870_asdu.siq.spi", "SPI", Boolean, None).names(Names::Flag("On", "Off")).mask(0x1);
    DIQ = field("iec60870_asdu.diq", "DIQ", Uint8, Hex);
    DIQ_DPI = field("iec60870_asdu.diq.dpi", "DPI", Uint8, Dec).mask(0x3);
    QDS = field("iec60870_asdu.qds", "QDS", Uint8, Hex);
    QDS_IV = field("iec60870_asdu.qds.iv", "IV", Boolean, None).names(Names::Flag("Invalid", "Valid")).mask(0x80);
    NORMVAL = field("iec60870_asdu.normval", "Value", Float, None);
    SCALVAL = field("iec60870_asdu.scalval", "Value", Int16, Dec);
    FLOAT = field("iec60870_asdu.float", "Value", Float, None);
    SCO = field("iec60870_asdu.sco", "SCO", Uint8, Hex);
    SCO_ON = field("iec60870_asdu.sco.on", "ON/OFF", Boolean, None).names(Names::Flag("On", "Off")).mask(0x1);
    DCO = field("iec60870_asdu.dco", "DCO", Uint8, Hex);
    QOI = field("iec60870_asdu.qoi", "QOI", Uint8, Dec);
}

/// How the value of an object is coded, the first part of it at least.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    /// Not taken apart.
    Opaque,
    Single,
    Double,
    Normalized,
    Scaled,
    Float,
    SingleCommand,
    DoubleCommand,
    Interrogation,
}
/// Type identifications, how many octets an object of one has behind its address, and what they begin with
/// (IEC 60870-5-101, 7.2.1 and 7.3).
const OBJECTS: &[(u64, usize, Element)] = &[
    (1, 1, Element::Single),
    (2, 4, Element::Single),
    (3, 1, Element::Double),
    (4, 4, Element::Double),
    (5, 2, Element::Opaque),
    (6, 5, Element::Opaque),
    (7, 5, Element::Opaque),
    (8, 8, Element::Opaque),
    (9, 3, Element::Normalized),
    (10, 6, Element::Normalized),
    (11, 3, Element::Scaled),
    (12, 6, Element::Scaled),
    (13, 5, Element::Float),
    (14, 8, Element::Float),
    (15, 5, Element::Opaque),
    (21, 2, Element::Opaque),
    (30, 8, Element::Single),
    (31, 8, Element::Double),
    (32, 9, Element::Opaque),
    (33, 12, Element::Opaque),
    (34, 10, Element::Normalized),
    (35, 10, Element::Scaled),
    (36, 12, Element::Float),
    (37, 12, Element::Opaque),
    (45, 1, Element::SingleCommand),
    (46, 1, Element::DoubleCommand),
    (47, 1, Element::Opaque),
    (48, 3, Element::Opaque),
    (49, 3, Element::Opaque),
    (50, 5, Element::Opaque),
    (51, 4, Element::Opaque),
    (58, 8, Element::SingleCommand),
    (59, 8, Element::DoubleCommand),
    (60, 8, Element::Opaque),
    (61, 10, Element::Opaque),
    (62, 10, Element::Opaque),
    (63, 12, Element::Opaque),
    (64, 11, Element::Opaque),
    (70, 1, Element::Opaque),
    (100, 1, Element::Interrogation),
    (101, 1, Element::Opaque),
    (102, 0, Element::Opaque),
    (103, 7, Element::Opaque),
    (105, 1, Element::Opaque),
    (107, 9, Element::Opaque),
];
const TYPES: &[(u64, &str)] = &[
    (1, "M_SP_NA_1"),
    (2, "M_SP_TA_1"),
    (3, "M_DP_NA_1"),
    (4, "M_DP_TA_1"),
    (5, "M_ST_NA_1"),
    (6, "M_ST_TA_1"),
    (7, "M_BO_NA_1"),
    (8, "M_BO_TA_1"),
    (9, "M_ME_NA_1"),
    (10, "M_ME_TA_1"),
    (11, "M_ME_NB_1"),
    (12, "M_ME_TB_1"),
    (13, "M_ME_NC_1"),
    (14, "M_ME_TC_1"),
    (15, "M_IT_NA_1"),
    (16, "M_IT_TA_1"),
    (20, "M_PS_NA_1"),
    (21, "M_ME_ND_1"),
    (30, "M_SP_TB_1"),
    (31, "M_DP_TB_1"),
    (32, "M_ST_TB_1"),
    (33, "M_BO_TB_1"),
    (34, "M_ME_TD_1"),
    (35, "M_ME_TE_1"),
    (36, "M_ME_TF_1"),
    (37, "M_IT_TB_1"),
    (38, "M_EP_TD_1"),
    (39, "M_EP_TE_1"),
    (40, "M_EP_TF_1"),
    (45, "C_SC_NA_1"),
    (46, "C_DC_NA_1"),
    (47, "C_RC_NA_1"),
    (48, "C_SE_NA_1"),
    (49, "C_SE_NB_1"),
    (50, "C_SE_NC_1"),
    (51, "C_BO_NA_1"),
    (58, "C_SC_TA_1"),
    (59, "C_DC_TA_1"),
    (60, "C_RC_TA_1"),
    (61, "C_SE_TA_1"),
    (62, "C_SE_TB_1"),
    (63, "C_SE_TC_1"),
    (64, "C_BO_TA_1"),
    (70, "M_EI_NA_1"),
    (100, "C_IC_NA_1"),
    (101, "C_CI_NA_1"),
    (102, "C_RD_NA_1"),
    (103, "C_CS_NA_1"),
    (105, "C_RP_NA_1"),
    (107, "C_TS_TA_1"),
    (110, "P_ME_NA_1"),
    (111, "P_ME_NB_1"),
    (112, "P_ME_NC_1"),
    (113, "P_AC_NA_1"),
    (120, "F_FR_NA_1"),
    (121, "F_SR_NA_1"),
    (122, "F_SC_NA_1"),
    (123, "F_LS_NA_1"),
    (124, "F_AF_NA_1"),
    (125, "F_SG_NA_1"),
    (126, "F_DR_TA_1"),
    (127, "F_SC_NB_1"),
];
/// Causes of transmission (IEC 60870-5-101, 7.2.3), as they are commonly abbreviated.
const CAUSES: &[(u64, &str)] = &[
    (1, "Per/Cyc"),
    (2, "Back"),
    (3, "Spont"),
    (4, "Init"),
    (5, "Req"),
    (6, "Act"),
    (7, "ActCon"),
    (8, "Deact"),
    (9, "DeactCon"),
    (10, "ActTerm"),
    (11, "Retrem"),
    (12, "Retloc"),
    (13, "File"),
    (14, "Auth"),
    (15, "Seskey"),
    (16, "Usrkey"),
    (20, "Inrogen"),
    (21, "Inro1"),
    (22, "Inro2"),
    (23, "Inro3"),
    (24, "Inro4"),
    (25, "Inro5"),
    (26, "Inro6"),
    (27, "Inro7"),
    (28, "Inro8"),
    (29, "Inro9"),
    (30, "Inro10"),
    (31, "Inro11"),
    (32, "Inro12"),
    (33, "Inro13"),
    (34, "Inro14"),
    (35, "Inro15"),
    (36, "Inro16"),
    (37, "Reqcogen"),
    (38, "Reqco1"),
    (39, "Reqco2"),
    (40, "Reqco3"),
    (41, "Reqco4"),
    (44, "UkTypeId"),
    (45, "UkCauseTx"),
    (46, "UkComAdrASDU"),
    (47, "UkIOA"),
];
/// The octets before the first object, and of an object's address.
const HEADER_LEN: usize = 6;
const ADDRESS_LEN: usize = 3;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003800000000400600000a0000010a000002c350096400000001000000015018ffff00000000680e0000000064010600010000000014",
            "4500003c00000000400600000a0000020a0000010964c35000000001000000115018ffff000000006812020002000102140001000100000102000000",
            "4500003800000000400600000a0000020a0000010964c35000000015000000115018ffff00000000680e0200020003011400010001000001",
            "4500003a00000000400600000a0000020a0000010964c35000000025000000115018ffff00000000681004000200098114000100010000001000",
            "4500003a00000000400600000a0000020a0000010964c35000000037000000115018ffff000000006810040002000b0114000100010000001000",
            "4500003c00000000400600000a0000020a0000010964c35000000049000000115018ffff000000006812040002000d01030001000100000000803f00",
            "4500003800000000400600000a0000010a000002c3500964000000110000005d5018ffff00000000680e020000002d010600010001000081",
            "4500003800000000400600000a0000010a000002c3500964000000210000005d5018ffff00000000680e020000002e010600010001000081",
        ],
    }],
    ..Protocol::new(ProtoId::Iec60870Asdu, "IEC 60870-5 ASDU", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IEC 60870-5 ASDU");
    let item = d.begin(PROTO, tvb);
    let (kind, many, cause) = (u64::from(tvb.u8(0)?), tvb.u8(1)?, tvb.u8(2)?);
    let (address, first) = (tvb.u16_le(4)?, tvb.u24_le(6)?);
    let (is_run, count) = (many & 0x80 != 0, usize::from(many & 0x7f));
    let text = || {
        let name = Names::Values(TYPES).of(kind).map_or_else(|| format!("<TypeId={kind}>"), Into::into);
        let why = Names::Values(CAUSES).of(u64::from(cause & 0x3f));
        let mut why = why.map_or_else(|| format!("<CauseTx={}>", cause & 0x3f), Into::into);
        for (bit, mark) in [(0x80, "_TEST"), (0x40, "_NEGA")] {
            if cause & bit != 0 {
                why.push_str(mark);
            }
        }
        let objects = match (count, is_run) {
            (0 | 1, _) => format!("IOA={first}"),
            (_, true) => format!("IOA[{count}]={first}-{}", first.saturating_add(count as u32 - 1)),
            (_, false) => format!("IOA[{count}]={first},..."),
        };
        format!("ASDU={address} {name} {why:<7} {objects}")
    };
    d.append_info(text);
    d.text(item, || format!("IEC 60870-5-101/104 ASDU: {}", text()));
    d.uint(TYPEID, tvb, 0, 1)?;
    d.flag(SQ, tvb, 1, 1, many.into());
    d.bits(NUMIX, tvb, 1, 1, many.into());
    d.bits(CAUSETX, tvb, 2, 1, cause.into());
    d.flag(NEGA, tvb, 2, 1, cause.into());
    d.flag(TEST, tvb, 2, 1, cause.into());
    d.uint(OA, tvb, 3, 1)?;
    d.uint_le(ADDR, tvb, 4, 2)?;
    if let Some((_, len, element)) = OBJECTS.iter().find(|row| row.0 == kind) {
        objects(d, tvb.from(HEADER_LEN), (count, is_run), *len, *element)?;
    }
    d.close();
    Ok(())
}

fn objects<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    (count, is_run): (usize, bool),
    len: usize,
    element: Element,
) -> Parsed {
    let (mut at, mut address) = (0, 0);
    for number in 0..count {
        // Of a run only the first object says its address.
        if number == 0 || !is_run {
            address = tvb.u24_le(at)?;
            d.open_text(tvb, at, ADDRESS_LEN + len, || format!("IOA: {address}"));
            d.add(IOA, tvb, at, ADDRESS_LEN, Value::Uint(address.into()));
            at += ADDRESS_LEN;
        } else {
            address = address.saturating_add(1);
            d.open_text(tvb, at, len, || format!("IOA: {address}"));
            d.add(IOA, tvb, at, 0, Value::Uint(address.into()));
        }
        tvb.exact(at, len)?;
        value(d, tvb, at, element)?;
        d.close();
        at += len;
    }
    Ok(())
}

fn value<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, element: Element) -> Result<(), Stop> {
    let marked = |d: &mut Dissector<'a>, field: FieldId, flag: FieldId, at: usize| -> Parsed {
        let octet = d.uint(field, tvb, at, 1)?;
        d.within(|d| d.flag(flag, tvb, at, 1, octet));
        Ok(())
    };
    match element {
        Element::Opaque => {}
        Element::Single => marked(d, SIQ, SIQ_SPI, at)?,
        Element::Double => {
            let octet = d.uint(DIQ, tvb, at, 1)?;
            d.within(|d| d.bits(DIQ_DPI, tvb, at, 1, octet));
        }
        Element::Normalized => {
            let raw = tvb.u16_le(at)?.cast_signed();
            d.add(NORMVAL, tvb, at, 2, Value::Float(f64::from(raw) / 32768.0));
            marked(d, QDS, QDS_IV, at + 2)?;
        }
        Element::Scaled => {
            let raw = tvb.u16_le(at)?.cast_signed();
            d.add(SCALVAL, tvb, at, 2, Value::Int(raw.into()));
            marked(d, QDS, QDS_IV, at + 2)?;
        }
        Element::Float => {
            let bits = tvb.u32_le(at)?;
            d.add(FLOAT, tvb, at, 4, Value::Float(f32::from_bits(bits).into()));
            marked(d, QDS, QDS_IV, at + 4)?;
        }
        Element::SingleCommand => marked(d, SCO, SCO_ON, at)?,
        Element::DoubleCommand => {
            d.uint(DCO, tvb, at, 1)?;
        }
        Element::Interrogation => {
            d.uint(QOI, tvb, at, 1)?;
        }
    }
    Ok(())
}
