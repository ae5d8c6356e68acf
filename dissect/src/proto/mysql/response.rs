//! What a server answers: well or badly done, columns, rows, and what changed in the session.

use super::binary::binary_row;
use super::connection::Phase;
use super::login::greeting;
use super::*;

pub(super) fn response<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing, packet: u8) -> Parsed {
    let first = tvb.u8(0)?;
    if place.phase == Phase::Unknown && packet == 0 && first != 0xff {
        return greeting(d, tvb);
    }
    match first {
        0xff => return error(d, tvb),
        0xfe if tvb.reported() < 9 || place.phase == Phase::Authentication => return end(d, tvb, place),
        0 if place.phase == Phase::Statement => return statement(d, tvb),
        0 if matches!(place.phase, Phase::Rows) && place.is_binary => return binary_row(d, tvb, place),
        0 if place.phase != Phase::Rows => {
            d.uint(RESPONSE_CODE, tvb, 0, 1)?;
            return ok(d, tvb, place);
        }
        _ => {}
    }
    match place.phase {
        Phase::Text => {
            d.add(MESSAGE, tvb, 0, tvb.reported(), Value::Text);
        }
        Phase::Table => {
            let (count, width) = number(tvb, 0)?;
            d.append_info(|| "TABULAR ".to_owned());
            d.fence_info();
            d.add(NUM_FIELDS, tvb, 0, width, Value::Uint(count.unwrap_or_default()));
        }
        Phase::Columns | Phase::Parameters | Phase::StatementColumns => column(d, tvb)?,
        Phase::Rows => {
            let mut at = 0;
            for _ in 0..MAX_COLUMNS {
                if at >= tvb.reported() {
                    break;
                }
                at = text(d, ROW_TEXT, tvb, at)?;
            }
        }
        Phase::Secured => {}
        _ => {
            d.bytes(PAYLOAD, tvb, 0, tvb.reported());
            d.expert(UNKNOWN_RESPONSE, tvb, 0, tvb.reported());
        }
    }
    Ok(())
}

fn error<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    let code = le16(d, ERROR_CODE, tvb, 1)?;
    d.append_info(|| format!(" Error {code} "));
    d.fence_info();
    let mut at = 3;
    if tvb.u8(at) == Ok(b'#') {
        d.add(SQLSTATE, tvb, at + 1, 5, Value::Text);
        at += 6;
    }
    rest(d, ERROR_MESSAGE, tvb, at);
    Ok(())
}

fn end<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    d.add(EOF, tvb, 0, 1, Value::Uint(0xfe));
    if place.phase == Phase::Authentication {
        d.set_info(|| "Auth Switch Request ".to_owned());
        if tvb.reported() > 1 {
            let at = terminated(d, AUTH_SWITCH_REQUEST_NAME, tvb, 1);
            d.bytes(AUTH_SWITCH_REQUEST_DATA, tvb, at, tvb.reported().saturating_sub(at));
        }
        return Ok(());
    }
    if place.extended & NO_EOF != 0 {
        return ok(d, tvb, place);
    }
    if tvb.reported() >= 5 {
        le16(d, WARNINGS, tvb, 1)?;
        flags(d, SERVER_STATUS, STATES, tvb, 3)?;
    }
    Ok(())
}

/// What follows the first octet of a response that all went well.
fn ok<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    d.append_info(|| " OK ".to_owned());
    d.fence_info();
    let (rows, width) = number(tvb, 1)?;
    d.add(AFFECTED_ROWS, tvb, 1, width, Value::Uint(rows.unwrap_or_default()));
    let mut at = 1 + width;
    let (id, width) = number(tvb, at)?;
    if let Some(id @ 1..) = id {
        d.add(INSERT_ID, tvb, at, width, Value::Uint(id));
    }
    at += width;
    if at >= tvb.reported() {
        return Ok(());
    }
    let status = flags(d, SERVER_STATUS, STATES, tvb, at)?;
    at += 2;
    if at < tvb.reported() {
        le16(d, WARNINGS, tvb, at)?;
        at += 2;
    }
    if at >= tvb.reported() {
        return Ok(());
    }
    if place.extended & SESSION_TRACKING == 0 {
        d.add(MESSAGE, tvb, at, tvb.reported() - at, Value::Text);
        return Ok(());
    }
    let (len, width) = number(tvb, at)?;
    at = match len {
        Some(1..) => text(d, MESSAGE, tvb, at)?,
        _ => at + width,
    };
    if status & SESSION_CHANGED != 0 && at < tvb.reported() {
        session(d, tvb, at)?;
    }
    Ok(())
}

/// What changed in the session.
fn session<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let list = list(d, SESSION_TRACK_DATA_LENGTH, SESSION_TRACK_DATA, tvb, at)?;
    let mut at = 0;
    for _ in 0..MAX_ATTRIBUTES {
        if at >= list.reported() {
            break;
        }
        d.open(SESSION_TRACK, list, at, 1, Value::None);
        let kind = d.uint(SESSION_TRACK_TYPE, list, at, 1)?;
        let (len, width) = number(list, at + 1)?;
        let len = usize::try_from(len.unwrap_or_default()).unwrap_or(usize::MAX);
        d.add(SESSION_TRACK_LENGTH, list, at + 1, width, Value::Uint(len as u64));
        let entry = list.exact(at + 1 + width, len)?;
        match kind {
            0 => {
                let end = measured(d, SESSION_TRACK_SYSVAR_LENGTH, SESSION_TRACK_SYSVAR_NAME, entry, 0)?;
                measured(d, SESSION_TRACK_SYSVAR_LENGTH, SESSION_TRACK_SYSVAR_VALUE, entry, end)?;
            }
            1 => drop(measured(d, SESSION_TRACK_SCHEMA_LENGTH, SESSION_TRACK_SCHEMA, entry, 0)?),
            2 => drop(text(d, SESSION_TRACK_STATE_CHANGE, entry, 0)?),
            3 => drop(measured(d, SESSION_TRACK_GTIDS_LENGTH, SESSION_TRACK_GTIDS, entry, 1)?),
            4 => drop(measured(
                d,
                SESSION_TRACK_TRANSACTION_CHARACTERISTICS_LENGTH,
                SESSION_TRACK_TRANSACTION_CHARACTERISTICS,
                entry,
                0,
            )?),
            5 => drop(measured(d, SESSION_TRACK_TRANSACTION_STATE_LENGTH, SESSION_TRACK_TRANSACTION_STATE, entry, 0)?),
            _ => {}
        }
        d.close();
        at += 1 + width + len;
    }
    d.close();
    Ok(())
}

fn statement<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    le32(d, STMT_ID, tvb, 1)?;
    le16(d, NUM_FIELDS, tvb, 5)?;
    le16(d, NUM_PARAMS, tvb, 7)?;
    if tvb.reported() >= 12 {
        le16(d, WARNINGS, tvb, 10)?;
    }
    Ok(())
}

/// The description of a column.
fn column<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    for field in [FIELD_CATALOG, FIELD_DB, FIELD_TABLE, FIELD_ORG_TABLE, FIELD_NAME, FIELD_ORG_NAME] {
        at = text(d, field, tvb, at)?;
    }
    le16(d, FIELD_CHARSETNR, tvb, at + 1)?;
    le32(d, FIELD_LENGTH, tvb, at + 3)?;
    d.uint(FIELD_TYPE, tvb, at + 7, 1)?;
    flags(d, FIELD_FLAGS, FIELD_FLAG_LIST, tvb, at + 8)?;
    d.uint(FIELD_DECIMALS, tvb, at + 10, 1)?;
    if at + 13 < tvb.reported() {
        text(d, FIELD_DEFAULT, tvb, at + 13)?;
    }
    Ok(())
}
