//! What lies in a directory, and what changes there.

use super::*;
use crate::proto::smb;

pub(super) fn find<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let level = le(d, FIND_INFOLEVEL, tvb, at + 2, 1)?;
    flags(d, FIND_FLAGS, FIND_FLAG_LIST, tvb, at + 3, 1)?;
    le(d, FILE_INDEX, tvb, at + 4, 4)?;
    show_fid(d, tvb, at + 8, told)?;
    le(d, OUTPUT_BUFFER_LEN, tvb, at + 28, 4)?;
    let (offset, len) = (int(tvb, at + 24, 2)? as usize, int(tvb, at + 26, 2)? as usize);
    let pattern = text(d, FIND_PATTERN, tvb, offset, len)?;
    buffer(d, tvb, at + 24, (2, 2))?;
    d.append_info(|| {
        let name = Names::Values(FIND_LEVELS).of(level).unwrap_or("Unknown".into());
        format!(" {name} Pattern: {pattern}")
    });
    Ok(())
}

pub(super) fn found<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let (offset, len) = buffer(d, tvb, HEADER_LEN + 2, (2, 4))?;
    let list = tvb.sub(offset, len);
    d.bytes(FIND_INFO_BLOB, list, 0, list.reported());
    // Where the name's length, the size of attributes and the name itself stand ([MS-FSCC] 2.4).
    let (line, name_at) = match told.asked.level {
        1 => (FIND_FILE_DIRECTORY_INFO, 64),
        2 => (FIND_FULL_DIRECTORY_INFO, 68),
        3 => (FIND_BOTH_DIRECTORY_INFO, 94),
        37 => (FIND_ID_BOTH_DIRECTORY_INFO, 104),
        _ => return Ok(()),
    };
    let mut at = 0;
    for _ in 0..MAX_ENTRIES {
        if at >= list.reported() {
            break;
        }
        let next = int(list, at, 4)? as usize;
        let entry = if next == 0 { list.from(at) } else { list.sub(at, next) };
        d.open(line, entry, 0, entry.reported(), Value::None);
        le(d, NEXT_OFFSET, entry, 0, 4)?;
        le(d, FILE_INDEX, entry, 4, 4)?;
        times(d, entry, 8)?;
        le(d, EOF, entry, 40, 8)?;
        le(d, ALLOCATION_SIZE, entry, 48, 8)?;
        attributes(d, entry, 56)?;
        let name_len = le(d, FILENAME_LEN, entry, 60, 4)? as usize;
        if name_at >= 68 {
            le(d, EA_SIZE, entry, 64, 4)?;
        }
        if name_at >= 94 {
            let short = le(d, SHORT_NAME_LEN, entry, 68, 1)? as usize;
            d.bytes(RESERVED, entry, 69, 1);
            if short > 0 {
                text(d, SHORTNAME, entry, 70, short.min(24))?;
            }
        }
        if name_at == 104 {
            d.bytes(RESERVED, entry, 94, 2);
            le(d, FILE_ID, entry, 96, 8)?;
        }
        text(d, FILENAME, entry, name_at, name_len)?;
        d.close();
        if next == 0 {
            break;
        }
        at += next;
    }
    Ok(())
}

pub(super) fn notify<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    flags(d, NOTIFY_FLAGS, &[NOTIFY_WATCH_TREE], tvb, at + 2, 2)?;
    le(d, OUTPUT_BUFFER_LEN, tvb, at + 4, 4)?;
    show_fid(d, tvb, at + 8, told)?;
    smb::completion_filter(d, tvb, at + 24)?;
    d.bytes(RESERVED, tvb, at + 28, 4);
    Ok(())
}
