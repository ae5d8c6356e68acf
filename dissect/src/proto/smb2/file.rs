//! Files and pipes: opened, read, written, locked, closed.

use super::*;
use crate::proto::{dcerpc, smb};

pub(super) fn create<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    le(d, CREATE_OPLOCK, tvb, at + 3, 1)?;
    le(d, IMPERSONATION_LEVEL, tvb, at + 4, 4)?;
    le(d, CREATE_FLAGS, tvb, at + 8, 8)?;
    d.bytes(RESERVED, tvb, at + 16, 8);
    smb::access_mask(d, tvb, at + 24)?;
    attributes(d, tvb, at + 28)?;
    smb::share_access(d, tvb, at + 32)?;
    le(d, CREATE_DISPOSITION, tvb, at + 36, 4)?;
    smb::create_options(d, tvb, at + 40)?;
    let (offset, len) = (int(tvb, at + 44, 2)? as usize, int(tvb, at + 46, 2)? as usize);
    let file = text(d, FILENAME, tvb, offset, len)?;
    buffer(d, tvb, at + 44, (2, 2))?;
    d.append_info(|| format!(" File: {file}"));
    let (offset, len) = buffer(d, tvb, at + 48, (4, 4))?;
    create_contexts(d, tvb, offset, len)
}

/// [MS-SMB2] 2.2.13.2.
fn create_contexts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, offset: usize, len: usize) -> Parsed {
    let list = tvb.sub(offset, len);
    d.open(CREATE_EXTRAINFO, list, 0, list.reported(), Value::None);
    if offset == 0 || len == 0 {
        d.close();
        return Ok(());
    }
    let mut at = 0;
    for _ in 0..MAX_ENTRIES {
        let next = int(list, at, 4)? as usize;
        let entry = if next == 0 { list.from(at) } else { list.sub(at, next) };
        d.open_text(entry, 0, entry.reported(), || "Chain Element:".to_owned());
        le(d, CREATE_CHAIN_OFFSET, entry, 0, 4)?;
        let (name, name_len) = (int(entry, 4, 2)? as usize, int(entry, 6, 2)? as usize);
        entry.slice(name, name_len)?;
        d.add(TAG, entry, name, name_len, Value::Text);
        buffer(d, entry, 4, (2, 2))?;
        // Two reserved octets stand between.
        let (data, data_len) = buffer(d, entry, 10, (2, 4))?;
        d.add(CREATE_CHAIN_DATA, entry, data, data_len, Value::None);
        d.close();
        if next == 0 || at + next >= list.reported() {
            break;
        }
        at += next;
    }
    d.close();
    Ok(())
}

pub(super) fn created<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    le(d, CREATE_OPLOCK, tvb, at + 2, 1)?;
    flags(d, CREATE_REP_FLAGS, &[CREATE_REP_FLAGS_REPARSE_POINT], tvb, at + 3, 1)?;
    le(d, CREATE_ACTION, tvb, at + 4, 4)?;
    times(d, tvb, at + 8)?;
    le(d, ALLOCATION_SIZE, tvb, at + 40, 8)?;
    le(d, EOF, tvb, at + 48, 8)?;
    attributes(d, tvb, at + 56)?;
    d.bytes(RESERVED, tvb, at + 60, 4);
    show_fid(d, tvb, at + 64, told)?;
    let (offset, len) = buffer(d, tvb, at + 80, (4, 4))?;
    create_contexts(d, tvb, offset, len)
}

pub(super) fn closed<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    flags(d, CLOSE_FLAGS, &[CLOSE_PQ_ATTRIB], tvb, at + 2, 2)?;
    d.bytes(RESERVED, tvb, at + 4, 4);
    times(d, tvb, at + 8)?;
    le(d, ALLOCATION_SIZE, tvb, at + 40, 8)?;
    le(d, EOF, tvb, at + 48, 8)?;
    attributes(d, tvb, at + 56)
}

pub(super) fn read<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    le(d, READ_PADDING, tvb, at + 2, 1)?;
    flags(d, READ_FLAGS, &[READ_FLAGS_UNBUFFERED, READ_FLAGS_COMPRESSED], tvb, at + 3, 1)?;
    let len = le(d, READ_LENGTH, tvb, at + 4, 4)?;
    let offset = le(d, FILE_OFFSET, tvb, at + 8, 8)?;
    d.append_info(|| format!(" Len:{len} Off:{offset}"));
    show_fid(d, tvb, at + 16, told)?;
    le(d, MIN_COUNT, tvb, at + 32, 4)?;
    le(d, CHANNEL, tvb, at + 36, 4)?;
    le(d, REMAINING_BYTES, tvb, at + 40, 4)?;
    channel_information(d, tvb, at + 44)
}

fn channel_information<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let (offset, len) = buffer(d, tvb, at, (2, 2))?;
    d.add(CHANNEL_INFO_BLOB, tvb, offset, len, Value::None);
    Ok(())
}

pub(super) fn did_read<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    le(d, READ_REMAINING, tvb, at + 8, 4)?;
    d.bytes(RESERVED, tvb, at + 12, 4);
    let offset = le(d, OLB_OFFSET, tvb, at + 2, 1)? as usize;
    d.bytes(RESERVED, tvb, at + 3, 1);
    let len = le(d, OLB_LENGTH, tvb, at + 4, 4)? as usize;
    let data = tvb.sub(offset, len);
    if data.reported() > 0 {
        d.bytes(READ_BLOB, data, 0, data.reported());
        payload(d, data);
    }
    Ok(())
}

/// What a file or a pipe holds: calls of DCE/RPC, or something else.
pub(super) fn payload<'a>(d: &mut Dissector<'a>, data: Tvb<'a>) {
    if dcerpc::is_connection(d, data) {
        d.call(ProtoId::Dcerpc, data);
    } else {
        d.call(ProtoId::Data, data);
    }
}

pub(super) fn write<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let start = le(d, DATA_OFFSET, tvb, at + 2, 2)? as usize;
    let len = le(d, WRITE_LENGTH, tvb, at + 4, 4)?;
    let offset = le(d, FILE_OFFSET, tvb, at + 8, 8)?;
    d.append_info(|| format!(" Len:{len} Off:{offset}"));
    show_fid(d, tvb, at + 16, told)?;
    le(d, CHANNEL, tvb, at + 32, 4)?;
    le(d, REMAINING_BYTES, tvb, at + 36, 4)?;
    flags(d, WRITE_FLAGS, WRITE_FLAG_LIST, tvb, at + 44, 4)?;
    channel_information(d, tvb, at + 40)?;
    let data = tvb.sub(start, len as usize);
    if data.reported() > 0 {
        payload(d, data);
    }
    Ok(())
}

pub(super) fn written<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    d.bytes(RESERVED, tvb, at + 2, 2);
    le(d, WRITE_COUNT, tvb, at + 4, 4)?;
    le(d, WRITE_REMAINING, tvb, at + 8, 4)?;
    le(d, CHANNEL_INFO_OFFSET, tvb, at + 12, 2)?;
    le(d, CHANNEL_INFO_LENGTH, tvb, at + 14, 2)?;
    Ok(())
}

pub(super) fn lock<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let count = le(d, LOCK_COUNT, tvb, at + 2, 2)? as usize;
    d.bytes(RESERVED, tvb, at + 4, 4);
    show_fid(d, tvb, at + 8, told)?;
    for number in 0..count.min(MAX_ENTRIES) {
        let at = at + 24 + 24 * number;
        tvb.slice(at, 24)?;
        d.open(LOCK_INFO, tvb, at, 24, Value::None);
        le(d, FILE_OFFSET, tvb, at, 8)?;
        le(d, LOCK_LENGTH, tvb, at + 8, 8)?;
        flags(d, LOCK_FLAGS, LOCK_FLAG_LIST, tvb, at + 16, 4)?;
        d.bytes(RESERVED, tvb, at + 20, 4);
        d.close();
    }
    Ok(())
}
