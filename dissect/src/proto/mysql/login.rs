//! Greeting and login: capabilities, who comes in, and from where.

use super::*;

pub(super) fn greeting<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_info(|| "Server Greeting ".to_owned());
    d.open(SERVER_GREETING, tvb, 0, tvb.reported(), Value::None);
    let protocol = d.uint(PROTOCOL_VERSION, tvb, 0, 1)?;
    d.append_info(|| format!(" proto={protocol}"));
    let end = terminated(d, VERSION, tvb, 1);
    d.append_info(|| {
        let version = tvb.bytes().get(1..end - 1).unwrap_or_default();
        format!(" version={} ", String::from_utf8_lossy(version))
    });
    le32(d, THREAD_ID, tvb, end)?;
    let mut at = terminated(d, SALT, tvb, end + 4);
    if at >= tvb.reported() {
        d.close();
        return Ok(());
    }
    flags(d, CAPS_SERVER, CAPABILITIES, tvb, at)?;
    d.uint(SERVER_LANGUAGE, tvb, at + 2, 1)?;
    flags(d, SERVER_STATUS, STATES, tvb, at + 3)?;
    extended(d, EXTCAPS_SERVER, tvb, at + 5)?;
    d.uint(AUTH_PLUGIN_LENGTH, tvb, at + 7, 1)?;
    d.bytes(UNUSED, tvb, at + 8, 10);
    at = terminated(d, SALT2, tvb, at + 18);
    if at < tvb.reported() {
        terminated(d, AUTH_PLUGIN, tvb, at);
    }
    d.close();
    Ok(())
}

pub(super) fn login<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_info(|| "Login Request".to_owned());
    d.open(LOGIN_REQUEST, tvb, 0, tvb.reported(), Value::None);
    let capabilities = flags(d, CAPS_CLIENT, CAPABILITIES, tvb, 0)?;
    let more = extended(d, EXTCAPS_CLIENT, tvb, 2)?;
    le32(d, MAX_PACKET, tvb, 4)?;
    d.uint(CHARSET, tvb, 8, 1)?;
    tvb.slice(9, 23)?;
    d.bytes(UNUSED, tvb, 9, 23);
    if tvb.reported() > 32 {
        let mut at = terminated(d, USER, tvb, 32);
        let word = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(tvb.bytes().get(range).unwrap_or_default()).into_owned()
        };
        d.append_info(|| format!(" user={} ", word(32..at - 1)));
        let len = usize::from(tvb.u8(at)?);
        if capabilities & SECURE_AUTHENTICATION != 0 {
            tvb.exact(at + 1, len)?;
            if len > 0 {
                d.bytes(PASSWD, tvb, at + 1, len);
            }
            at += 1 + len;
        } else {
            at += memchr::memchr(0, tvb.bytes().get(at..).unwrap_or_default()).map_or(0, |len| len + 1);
        }
        if capabilities & WITH_DATABASE != 0 && at < tvb.reported() {
            let start = at;
            at = terminated(d, SCHEMA, tvb, at);
            d.append_info(|| format!("db={} ", word(start..at - 1)));
        }
        if more & PLUGINS != 0 && at < tvb.reported() {
            at = terminated(d, CLIENT_AUTH_PLUGIN, tvb, at);
        }
        if more & ATTRIBUTES != 0 && at < tvb.reported() {
            attributes(d, tvb, at)?;
        }
    }
    d.close();
    Ok(())
}

fn attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let list = list(d, CONNATTRS_LENGTH, CONNATTRS, tvb, at)?;
    let mut at = 0;
    for _ in 0..MAX_ATTRIBUTES {
        if at >= list.reported() {
            break;
        }
        d.open(CONNATTRS_ATTR, list, at, 1, Value::None);
        at = measured(d, CONNATTRS_NAME_LENGTH, CONNATTRS_NAME, list, at)?;
        at = measured(d, CONNATTRS_VALUE_LENGTH, CONNATTRS_VALUE, list, at)?;
        d.close();
    }
    d.close();
    Ok(())
}

pub(super) fn change_user<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = terminated(d, USER, tvb, 1);
    let len = usize::from(tvb.u8(at)?);
    tvb.exact(at + 1, len)?;
    d.bytes(PASSWD, tvb, at + 1, len);
    let at = terminated(d, SCHEMA, tvb, at + 1 + len);
    if at < tvb.reported() {
        d.uint(CHARSET, tvb, at, 1)?;
        if at + 2 < tvb.reported() {
            terminated(d, CLIENT_AUTH_PLUGIN, tvb, at + 2);
        }
    }
    Ok(())
}
