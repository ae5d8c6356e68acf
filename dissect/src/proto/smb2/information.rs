//! What is told and set of files, volumes and their security ([MS-FSCC] 2.4 and 2.5).

use super::*;
use crate::proto::smb;

/// Shows the class of information and the level within it.
pub(super) fn show_class<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, class: u8, level: u8, is_generated: bool) {
    let field = match class {
        1 => FILE_INFO_INFOLEVEL,
        2 => FS_INFO_INFOLEVEL,
        3 => SEC_INFO_INFOLEVEL,
        _ => return,
    };
    let items = [
        d.add(CLASS, tvb, at, usize::from(!is_generated), Value::Uint(class.into())),
        d.add(field, tvb, at + 1, usize::from(!is_generated), Value::Uint(level.into())),
    ];
    if is_generated {
        items.into_iter().for_each(|item| d.mark_generated(item));
        return;
    }
    d.append_info(|| {
        let names = Names::Values(match class {
            1 => FILE_LEVELS,
            2 => VOLUME_LEVELS,
            _ => &[(0, "SMB2_SEC_INFO_00")],
        });
        let name = names.of(level.into()).unwrap_or("Unknown".into());
        format!(" {}/{name}", Names::Values(CLASSES).of(class.into()).unwrap_or("Unknown".into()))
    });
}

fn additional<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, class: u8) -> Parsed {
    if class == 3 {
        flags(d, GETSETINFO_ADDITIONALS, SECURITY_LIST, tvb, at, 4)?;
    } else {
        le(d, GETSETINFO_ADDITIONAL, tvb, at, 4)?;
    }
    Ok(())
}

pub(super) fn query<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let kind = tvb.u8(at + 2)?;
    show_class(d, tvb, at + 2, kind, tvb.u8(at + 3)?, false);
    le(d, MAX_RESPONSE_SIZE, tvb, at + 4, 4)?;
    le(d, GETINFO_INPUT_OFFSET, tvb, at + 8, 2)?;
    d.bytes(RESERVED, tvb, at + 10, 2);
    le(d, GETINFO_INPUT_SIZE, tvb, at + 12, 4)?;
    additional(d, tvb, at + 16, kind)?;
    le(d, GETINFO_FLAGS, tvb, at + 20, 4)?;
    show_fid(d, tvb, at + 24, told)
}

pub(super) fn set<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let (kind, level) = (tvb.u8(at + 2)?, tvb.u8(at + 3)?);
    show_class(d, tvb, at + 2, kind, level, false);
    let len = le(d, SETINFO_SIZE, tvb, at + 4, 4)? as usize;
    let offset = le(d, SETINFO_OFFSET, tvb, at + 8, 2)? as usize;
    le(d, SETINFO_RESERVED, tvb, at + 10, 2)?;
    additional(d, tvb, at + 12, kind)?;
    show_fid(d, tvb, at + 16, told)?;
    information(d, tvb.sub(offset, len), kind, level)
}

/// [MS-FSCC] 2.4 and 2.5.
pub(super) fn information<'a>(d: &mut Dissector<'a>, data: Tvb<'a>, class: u8, level: u8) -> Parsed {
    let whole = data.reported();
    match (class, level) {
        (1, 4) => {
            d.open(FILE_BASIC_INFO, data, 0, whole, Value::None);
            times(d, data, 0)?;
            attributes(d, data, 32)?;
            if whole >= 40 {
                d.bytes(UNKNOWN, data, 36, 4);
            }
            d.close();
        }
        (1, 5) => {
            d.open(FILE_STANDARD_INFO, data, 0, whole, Value::None);
            smb::standard_information(d, data)?;
            d.close();
        }
        (1, 13) => {
            d.open(FILE_DISPOSITION_INFO, data, 0, whole, Value::None);
            d.flag(DISPOSITION_DELETE_ON_CLOSE, data, 0, 1, data.u8(0)?.into());
            d.close();
        }
        (2, 5) => {
            d.open(FS_ATTRIBUTE_INFO, data, 0, whole, Value::None);
            smb::volume_attributes(d, data)?;
            d.close();
        }
        _ => {}
    }
    Ok(())
}
