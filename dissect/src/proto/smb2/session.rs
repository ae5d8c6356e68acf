//! From the first message to a share: dialects and what goes with them, who it is, and the tree that is connected.

use super::*;
use crate::proto::{gss, smb};

fn security_mode<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    flags(d, SEC_MODE, SECURITY_MODE_LIST, tvb, at, 1)?;
    Ok(())
}

pub(super) fn negotiate<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const WITH_CONTEXTS: u64 = 0x311;
    let at = HEADER_LEN;
    let count = le(d, DIALECT_COUNT, tvb, at + 2, 2)? as usize;
    security_mode(d, tvb, at + 4)?;
    d.bytes(RESERVED, tvb, at + 6, 2);
    flags(d, CAPABILITIES, CAPABILITY_LIST, tvb, at + 8, 4)?;
    guid(d, CLIENT_GUID, tvb, at + 12)?;
    let offset = le(d, NEGOTIATE_CONTEXT_OFFSET, tvb, at + 28, 4)? as usize;
    let contexts = le(d, NEGOTIATE_CONTEXT_COUNT, tvb, at + 32, 2)? as usize;
    d.bytes(RESERVED, tvb, at + 34, 2);
    let mut has_contexts = false;
    for number in 0..count.min(MAX_ENTRIES) {
        has_contexts |= le(d, DIALECT, tvb, at + 36 + 2 * number, 2)? == WITH_CONTEXTS;
    }
    if has_contexts { self::contexts(d, tvb, offset, contexts) } else { Ok(()) }
}

pub(super) fn negotiated<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    security_mode(d, tvb, at + 2)?;
    let dialect = le(d, DIALECT, tvb, at + 4, 2)?;
    let contexts = if dialect == 0x311 {
        le(d, NEGOTIATE_CONTEXT_COUNT, tvb, at + 6, 2)? as usize
    } else {
        d.bytes(RESERVED, tvb, at + 6, 2);
        0
    };
    guid(d, SERVER_GUID, tvb, at + 8)?;
    flags(d, CAPABILITIES, CAPABILITY_LIST, tvb, at + 24, 4)?;
    for (place, field) in [MAX_TRANS_SIZE, MAX_READ_SIZE, MAX_WRITE_SIZE].into_iter().enumerate() {
        le(d, field, tvb, at + 28 + 4 * place, 4)?;
    }
    time(d, CURRENT_TIME, tvb, at + 40)?;
    time(d, BOOT_TIME, tvb, at + 48)?;
    let (offset, len) = buffer(d, tvb, at + 56, (2, 2))?;
    blob(d, tvb, offset, len);
    if dialect == 0x311 {
        let offset = le(d, NEGOTIATE_CONTEXT_OFFSET, tvb, at + 60, 4)? as usize;
        self::contexts(d, tvb, offset, contexts)?;
    }
    Ok(())
}

/// What the security mechanism says.
fn blob<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, offset: usize, len: usize) {
    let token = tvb.sub(offset, len);
    if token.reported() > 0 {
        d.open(SECURITY_BLOB, token, 0, token.reported(), Value::Bytes);
        d.with_info_kept(|d| gss::call(d, token));
        d.close();
    }
}

/// [MS-SMB2] 2.2.3.1.
fn contexts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, offset: usize, count: usize) -> Parsed {
    if offset < HEADER_LEN {
        return Ok(());
    }
    let mut at = offset;
    for _ in 0..count.min(MAX_ENTRIES) {
        let kind = int(tvb, at, 2)?;
        let len = int(tvb, at + 2, 2)? as usize;
        d.open_text(tvb, at, 8 + len, || {
            let name = Names::Values(CONTEXTS).of(kind).unwrap_or("Unknown".into());
            format!("Negotiate Context: {name} ")
        });
        le(d, NEGOTIATE_CONTEXT_TYPE, tvb, at, 2)?;
        le(d, NEGOTIATE_CONTEXT_DATA_LENGTH, tvb, at + 2, 2)?;
        d.bytes(RESERVED, tvb, at + 4, 4);
        context(d, tvb.exact(at + 8, len)?, kind)?;
        d.close();
        at = (at + 8 + len).next_multiple_of(8);
    }
    Ok(())
}

fn context<'a>(d: &mut Dissector<'a>, data: Tvb<'a>, kind: u64) -> Parsed {
    let list = |d: &mut Dissector<'a>, field: FieldId, at: usize, count: u64| {
        for number in 0..(count as usize).min(MAX_ENTRIES) {
            le(d, field, data, at + 2 * number, 2)?;
        }
        Ok(())
    };
    match kind {
        1 => {
            let count = le(d, NEGOTIATE_CONTEXT_HASH_ALG_COUNT, data, 0, 2)?;
            let salt = le(d, NEGOTIATE_CONTEXT_SALT_LENGTH, data, 2, 2)? as usize;
            list(d, NEGOTIATE_CONTEXT_HASH_ALGORITHM, 4, count)?;
            if salt > 0 {
                d.bytes(NEGOTIATE_CONTEXT_SALT, data, 4 + 2 * count as usize, salt);
            }
            Ok(())
        }
        2 => {
            let count = le(d, NEGOTIATE_CONTEXT_CIPHER_COUNT, data, 0, 2)?;
            list(d, NEGOTIATE_CONTEXT_CIPHER_ID, 2, count)
        }
        3 => {
            let count = le(d, NEGOTIATE_CONTEXT_COMP_ALG_COUNT, data, 0, 2)?;
            let bits = int(data, 4, 4)?;
            d.open(NEGOTIATE_CONTEXT_COMP_ALG_FLAGS, data, 4, 4, Value::Uint(bits));
            d.flag(NEGOTIATE_CONTEXT_COMP_ALG_FLAGS_CHAINED, data, 4, 4, bits);
            d.bits(NEGOTIATE_CONTEXT_COMP_ALG_FLAGS_RESERVED, data, 4, 4, bits);
            d.close();
            list(d, NEGOTIATE_CONTEXT_COMP_ALG_ID, 8, count)
        }
        5 => {
            text(d, NEGOTIATE_CONTEXT_NETNAME, data, 0, data.reported())?;
            Ok(())
        }
        6 => {
            le(d, NEGOTIATE_CONTEXT_TRANSPORT_FLAGS, data, 0, 4)?;
            Ok(())
        }
        7 => {
            let count = le(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_COUNT, data, 0, 2)?;
            le(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_RESERVED1, data, 2, 2)?;
            le(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_RESERVED2, data, 4, 4)?;
            list(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_ID, 8, count)
        }
        8 => {
            let count = le(d, NEGOTIATE_CONTEXT_SIGNING_ALG_COUNT, data, 0, 2)?;
            list(d, NEGOTIATE_CONTEXT_SIGNING_ID, 2, count)
        }
        _ => Ok(()),
    }
}

pub(super) fn setup<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    flags(d, SES_REQ_FLAGS, &[SES_REQ_FLAGS_SESSION_BINDING], tvb, at + 2, 1)?;
    security_mode(d, tvb, at + 3)?;
    flags(d, CAPABILITIES, CAPABILITY_LIST, tvb, at + 4, 4)?;
    le(d, CHANNEL, tvb, at + 8, 4)?;
    le(d, PREVIOUS_SESID, tvb, at + 16, 8)?;
    let (offset, len) = buffer(d, tvb, at + 12, (2, 2))?;
    blob(d, tvb, offset, len);
    Ok(())
}

pub(super) fn set_up<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    flags(d, SESSION_FLAGS, SESSION_FLAG_LIST, tvb, HEADER_LEN + 2, 2)?;
    let (offset, len) = buffer(d, tvb, HEADER_LEN + 4, (2, 2))?;
    blob(d, tvb, offset, len);
    Ok(())
}

pub(super) fn connect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    let bits = int(tvb, at + 2, 2)?;
    d.open(TC_FLAGS, tvb, at + 2, 2, Value::Uint(bits));
    for flag in [TC_CLUSTER_RECONNECT, TC_REDIRECT_TO_OWNER, TC_EXTENSION_PRESENT] {
        d.flag(flag, tvb, at + 2, 2, bits);
    }
    d.bits(TC_RESERVED, tvb, at + 2, 2, bits);
    d.close();
    let (offset, len) = (int(tvb, at + 4, 2)? as usize, int(tvb, at + 6, 2)? as usize);
    let share = text(d, TREE, tvb, offset, len)?;
    buffer(d, tvb, at + 4, (2, 2))?;
    d.append_info(|| format!(" Tree: {share}"));
    Ok(())
}

pub(super) fn connected<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    le(d, SHARE_TYPE, tvb, at + 2, 1)?;
    d.bytes(RESERVED, tvb, at + 3, 1);
    let bits = flags(d, SHARE_FLAGS, SHARE_FLAG_LIST, tvb, at + 4, 4)?;
    d.add(SHARE_CACHING, tvb, at + 4, 4, Value::Uint(bits & 0x30));
    flags(d, SHARE_CAPS, SHARE_CAP_LIST, tvb, at + 8, 4)?;
    smb::access_mask(d, tvb, at + 12)
}
