//! What a client asks for.

use super::binary::value;
use super::connection::Phase;
use super::login::{change_user, login};
use super::*;

pub(super) fn request<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing, packet: u8) -> Parsed {
    match place.phase {
        Phase::Login => return login(d, tvb),
        Phase::AuthenticationData => {
            d.set_info(|| "Auth Switch Response ".to_owned());
            d.bytes(AUTH_SWITCH_RESPONSE_DATA, tvb, 0, tvb.reported());
            return Ok(());
        }
        Phase::Secured => return Ok(()),
        _ if packet != 0 => {
            d.bytes(PAYLOAD, tvb, 0, tvb.reported());
            return Ok(());
        }
        _ => {}
    }
    d.open(REQUEST, tvb, 0, tvb.reported(), Value::None);
    let command = d.uint(COMMAND, tvb, 0, 1)? as u8;
    let name = || Names::Values(COMMANDS).of(command.into()).unwrap_or_else(|| format!("Unknown ({command})").into());
    d.append_info(|| format!(" {}", name()));
    match command {
        2 | 5 | 6 => rest(d, SCHEMA, tvb, 1),
        3 => {
            let at = if place.extended & QUERY_ATTRIBUTES != 0 { query_attributes(d, tvb)? } else { 1 };
            rest(d, QUERY, tvb, at);
        }
        4 => {
            let at = terminated(d, TABLE_NAME, tvb, 1);
            if at < tvb.reported() {
                d.bytes(PAYLOAD, tvb, at, tvb.reported() - at);
            }
        }
        7 => {
            let what = d.uint(REFRESH, tvb, 1, 1)?;
            for flag in REFRESHES {
                d.flag(*flag, tvb, 1, 1, what);
            }
        }
        8 if tvb.reported() > 1 => {
            d.uint(SHUTDOWN, tvb, 1, 1)?;
        }
        12 => {
            le32(d, THREAD_ID, tvb, 1)?;
        }
        17 => change_user(d, tvb)?,
        18 => {
            le32(d, BINLOG_POSITION, tvb, 1)?;
            le16(d, BINLOG_FLAGS, tvb, 5)?;
            le32(d, BINLOG_SERVER_ID, tvb, 7)?;
            rest(d, BINLOG_FILE_NAME, tvb, 11);
        }
        21 => register(d, tvb)?,
        22 => rest(d, QUERY, tvb, 1),
        23 => execute(d, tvb, place)?,
        24 => {
            le32(d, STMT_ID, tvb, 1)?;
            le16(d, PARAM, tvb, 5)?;
            d.bytes(PAYLOAD, tvb, 7, tvb.reported().saturating_sub(7));
        }
        25 | 26 => {
            le32(d, STMT_ID, tvb, 1)?;
        }
        27 => {
            le16(d, OPTION, tvb, 1)?;
        }
        28 => {
            le32(d, STMT_ID, tvb, 1)?;
            le32(d, NUM_ROWS, tvb, 5)?;
        }
        _ if tvb.reported() > 1 => {
            d.bytes(PAYLOAD, tvb, 1, tvb.reported() - 1);
        }
        _ => {}
    }
    d.close();
    Ok(())
}

fn query_attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<usize, Stop> {
    d.open(QUERY_ATTRS, tvb, 1, 1, Value::None);
    let (count, width) = number(tvb, 1)?;
    let count = usize::try_from(count.unwrap_or_default()).unwrap_or(usize::MAX).min(MAX_ATTRIBUTES);
    d.add(QUERY_ATTRS_COUNT, tvb, 1, width, Value::Uint(count as u64));
    // How many sets of parameters there are: always one.
    let mut at = 1 + width + 1;
    if count > 0 {
        let nulls = count.div_ceil(8);
        d.bytes(UNUSED, tvb, at, nulls);
        at += nulls;
        d.add(QUERY_ATTRS_SEND_TYPES_TO_SERVER, tvb, at, 1, Value::Uint((tvb.u8(at)? != 0).into()));
        at += 1;
        for _ in 0..count {
            d.uint(QUERY_ATTR_NAME_TYPE, tvb, at, 2)?;
            at = text(d, QUERY_ATTR_NAME, tvb, at + 2)?;
        }
        for _ in 0..count {
            at = text(d, QUERY_ATTR_VALUE, tvb, at)?;
        }
    }
    d.close();
    Ok(at)
}

fn register<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    le32(d, BINLOG_SERVER_ID, tvb, 1)?;
    let mut at = 5;
    for (length, field) in [
        (BINLOG_SLAVE_HOSTNAME_LENGTH, BINLOG_SLAVE_HOSTNAME),
        (BINLOG_SLAVE_USER_LENGTH, BINLOG_SLAVE_USER),
        (BINLOG_SLAVE_PASSWORD_LENGTH, BINLOG_SLAVE_PASSWORD),
    ] {
        let len = d.uint(length, tvb, at, 1)? as usize;
        tvb.exact(at + 1, len)?;
        d.add(field, tvb, at + 1, len, Value::Text);
        at += 1 + len;
    }
    le16(d, BINLOG_SLAVE_MYSQL_PORT, tvb, at)?;
    le32(d, BINLOG_REPLICATION_RANK, tvb, at + 2)?;
    le32(d, BINLOG_MASTER_ID, tvb, at + 6)?;
    Ok(())
}

fn execute<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    le32(d, STMT_ID, tvb, 1)?;
    d.uint(EXEC_FLAGS, tvb, 5, 1)?;
    le32(d, EXEC_ITER, tvb, 6)?;
    let count = place.parameters.min(MAX_COLUMNS);
    if count == 0 {
        return Ok(());
    }
    let nulls = tvb.sub(10, count.div_ceil(8));
    let mut at = 10 + nulls.reported();
    let is_new = d.uint(NEW_PARAMETER_BOUND_FLAG, tvb, at, 1)?;
    at += 1;
    if is_new != 1 {
        return Ok(());
    }
    let types = tvb.exact(at, count * 2)?;
    at += count * 2;
    for number in 0..count {
        let (kind, sign) = (types.u8(number * 2)?, types.u8(number * 2 + 1)?);
        d.open(EXEC_PARAM, types, number * 2, 2, Value::None);
        d.add(FIELD_TYPE, types, number * 2, 1, Value::Uint(kind.into()));
        d.add(EXEC_UNSIGNED, types, number * 2 + 1, 1, Value::Uint(sign.into()));
        let is_null = nulls.u8(number / 8)? >> (number % 8) & 1 != 0;
        if !is_null {
            at = value(d, tvb, at, kind, sign & 0x80 != 0)?;
        }
        d.close();
    }
    Ok(())
}
