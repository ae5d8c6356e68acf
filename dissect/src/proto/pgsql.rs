//! PostgreSQL's frontend/backend protocol, version 3.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::tcp;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stage;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Pgsql, "pgsql", "PostgreSQL";
    FRONTEND = field("pgsql.frontend", "Frontend", Boolean, None);
    TYPE = field("pgsql.type", "Type", String, None);
    LENGTH = field("pgsql.length", "Length", Uint32, Dec);
    VERSION_MAJOR = field("pgsql.version_major", "Protocol major version", Uint16, Dec);
    VERSION_MINOR = field("pgsql.version_minor", "Protocol minor version", Uint16, Dec);
    PARAMETER_NAME = field("pgsql.parameter_name", "Parameter name", String, None);
    PARAMETER_VALUE = field("pgsql.parameter_value", "Parameter value", String, None);
    QUERY = field("pgsql.query", "Query", String, None);
    PASSWORD = field("pgsql.password", "Password", String, None);
    AUTHTYPE = field("pgsql.authtype", "Authentication type", Uint32, Dec).names(Names::Values(AUTH_TYPES));
    SALT = field("pgsql.salt", "Salt value", Bytes, None);
    SASL_MECH = field("pgsql.auth.sasl.mech", "SASL authentication mechanism", String, None);
    SASL_LENGTH = field("pgsql.auth.sasl.data.length", "SASL authentication data length", Int32, Dec);
    SASL_DATA = field("pgsql.auth.sasl.data", "SASL authentication data", Bytes, None);
    STATEMENT = field("pgsql.statement", "Statement", String, None);
    PORTAL = field("pgsql.portal", "Portal", String, None);
    RETURNS = field("pgsql.returns", "Returns", Uint32, Dec);
    TAG = field("pgsql.tag", "Tag", String, None);
    STATUS = field("pgsql.status", "Status", Uint8, Dec).names(Names::Values(STATES));
    COPYDATA = field("pgsql.copydata", "Copy data", Bytes, None);
    PID = field("pgsql.pid", "PID", Uint32, Dec);
    KEY = field("pgsql.key", "Key", Uint32, Dec);
    CONDITION = field("pgsql.condition", "Condition", String, None);
    TEXT = field("pgsql.text", "Text", String, None);
    OID_TABLE = field("pgsql.oid.table", "Table OID", Uint32, Dec);
    OID_TYPE = field("pgsql.oid.type", "Type OID", Uint32, Dec);
    FORMAT = field("pgsql.format", "Format", Uint16, Dec).names(Names::Values(FORMATS));
    FIELD_COUNT = field("pgsql.field.count", "Field count", Uint16, Dec);
    COL_NAME = field("pgsql.col.name", "Column name", String, None);
    COL_INDEX = field("pgsql.col.index", "Column index", Uint32, Dec);
    VAL_LENGTH = field("pgsql.val.length", "Column length", Int32, Dec);
    VAL_DATA = field("pgsql.val.data", "Data", Bytes, None);
    COL_TYPEMOD = field("pgsql.col.typemod", "Type modifier", Int32, Dec);
    SEVERITY = field("pgsql.severity", "Severity", String, None);
    CODE = field("pgsql.code", "Code", String, None);
    MESSAGE = field("pgsql.message", "Message", String, None);
    DETAIL = field("pgsql.detail", "Detail", String, None);
    HINT = field("pgsql.hint", "Hint", String, None);
    FILE = field("pgsql.file", "File", String, None);
    LINE = field("pgsql.line", "Line", String, None);
    ROUTINE = field("pgsql.routine", "Routine", String, None);
}

const PORT: u16 = 5432;
/// What the frontend sends.
const FRONTEND_TYPES: &[(u8, &str)] = &[
    (b'p', "Password message"),
    (b'Q', "Simple query"),
    (b'P', "Parse"),
    (b'B', "Bind"),
    (b'E', "Execute"),
    (b'D', "Describe"),
    (b'C', "Close"),
    (b'H', "Flush"),
    (b'S', "Sync"),
    (b'F', "Function call"),
    (b'd', "Copy data"),
    (b'c', "Copy completion"),
    (b'f', "Copy failure"),
    (b'X', "Termination"),
];
/// What the backend sends.
const BACKEND_TYPES: &[(u8, &str)] = &[
    (b'R', "Authentication request"),
    (b'K', "Backend key data"),
    (b'S', "Parameter status"),
    (b'1', "Parse completion"),
    (b'2', "Bind completion"),
    (b'3', "Close completion"),
    (b'C', "Command completion"),
    (b't', "Parameter description"),
    (b'T', "Row description"),
    (b'D', "Data row"),
    (b'I', "Empty query"),
    (b'n', "No data"),
    (b'E', "Error"),
    (b'N', "Notice"),
    (b's', "Portal suspended"),
    (b'Z', "Ready for query"),
    (b'A', "Notification"),
    (b'V', "Function call response"),
    (b'G', "CopyIn response"),
    (b'H', "CopyOut response"),
    (b'd', "Copy data"),
    (b'c', "Copy completion"),
    (b'v', "Negotiate protocol version"),
];
const AUTH_TYPES: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "Kerberos V4"),
    (2, "Kerberos V5"),
    (3, "Plaintext password"),
    (4, "crypt()ed password"),
    (MD5, "MD5 password"),
    (6, "SCM credentials"),
    (7, "GSSAPI"),
    (8, "GSSAPI/SSPI continue"),
    (9, "SSPI"),
    (SASL, "SASL"),
    (SASL_CONTINUE, "SASL continue"),
    (SASL_COMPLETE, "SASL complete"),
];
const MD5: u64 = 5;
const SASL: u64 = 10;
const SASL_CONTINUE: u64 = 11;
const SASL_COMPLETE: u64 = 12;
const STATES: &[(u64, &str)] =
    &[(b'I' as u64, "Idle"), (b'T' as u64, "In a transaction"), (b'E' as u64, "In a failed transaction")];
const FORMATS: &[(u64, &str)] = &[(0, "Text"), (1, "Binary")];
/// What stands for a version in requests that are none.
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// Stages of a connection: encryption was asked for, or the kind of authentication asked for is that less one.
const ASKED_SSL: u64 = 1;
const ASKED_AUTH: u64 = 2;
/// How long a message may be that is put together.
const MAX_LENGTH: usize = 16 << 20;
/// How many columns, parameters or fields of one message are shown.
const MAX_ENTRIES: usize = 512;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Tls],
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004600000000400600000a0000010a000002c354153800000001000000015018ffff000000000000001e000300007573657200626f620064617461626173650064620000",
            "4500003000000000400600000a0000010a000002c35415380000001f000000015018ffff000000000000000804d2162f",
            "4500002900000000400600000a0000020a0000011538c35400000001000000275018ffff000000004e",
            "4500003500000000400600000a0000020a0000011538c35400000002000000275018ffff00000000520000000c0000000501020304",
            "4500003500000000400600000a0000010a000002c3541538000000270000000f5018ffff00000000700000000c6d64356161616100",
            "4500005a00000000400600000a0000020a0000011538c3540000000f000000345018ffff0000000052000000080000000053000000157365727665725f76657273696f6e0039004b0000000c00000007000000095a0000000549",
            "4500003600000000400600000a0000010a000002c354153800000034000000415018ffff00000000510000000d53454c454354203100",
            "4500006300000000400600000a0000020a0000011538c35400000041000000425018ffff00000000540000001a00016100000000000000000000170004ffffffff0000440000000b00010000000131430000000d53454c4543542031005a0000000549",
            "4500006200000000400600000a0000010a000002c3541538000000420000007c5018ffff00000000500000001073310053454c4543540000004200000019700073310000010000000100000002616200010001450000000900000000005300000004",
            "4500006e00000000400600000a0000020a0000011538c3540000007c0000007c5018ffff000000004500000033534552524f5200433432363031004d626164004464004868004666696c652e63004c31320052726f7574696e6500004100000011000000016368616e0070617900",
            "4500004300000000400600000a0000010a000002c35415380000007c000000c25018ffff00000000440000000853733100430000000850703100640000000864617461",
            "4500003d00000000400600000a0000020a0000011538c354000000c2000000975018ffff00000000740000000a00010000001747000000090000010000",
            "4500003800000000400600000a0000010a000002c354153800000097000000d75018ffff000000000000001004d2162e0000000700000009",
            "4500004000000000400600000a0000020a0000011538c354000000d7000000a75018ffff0000000052000000170000000a534352414d2d5348412d3235360000",
            "4500004300000000400600000a0000010a000002c3541538000000a7000000ef5018ffff00000000700000001a534352414d2d5348412d32353600000000046e2c2c6e",
        ],
    }],
    ..Protocol::new(ProtoId::Pgsql, "PGSQL", &[Binding::TcpPort(PORT)], dissect)
};

fn framing(stream: &[u8]) -> Framing {
    let (at, rest) = match *stream {
        // The answer to a request for encryption is one letter.
        [b'N' | b'S'] => return Framing::Message(1),
        // What opens a connection has no type.
        [0, ..] => (0, stream),
        [_, ref rest @ ..] => (1, rest),
        [] => return Framing::More(5),
    };
    match *rest {
        [a, b, c, d, ..] => match u32::from_be_bytes([a, b, c, d]) as usize {
            len if (4..=MAX_LENGTH).contains(&len) => Framing::Message(at + len),
            _ => Framing::Foreign,
        },
        _ => Framing::More(4 - rest.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PGSQL");
    let is_frontend = d.endpoints.dst_port == PORT;
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(|| if is_frontend { ">" } else { "<" }.to_owned());
    }
    let first = tvb.u8(0)?;
    let known = stage::step(d, ProtoId::Pgsql, |known| next_stage(tvb, is_frontend, known));
    d.hidden(FRONTEND, tvb, 0, 0, Value::Uint(is_frontend.into()));
    if tvb.reported() == 1 {
        if first == b'S' && known == ASKED_SSL {
            tcp::claim(d, ProtoId::Tls);
        }
        d.close();
        return Ok(());
    }
    if first == 0 {
        startup(d, tvb)?;
        d.close();
        return Ok(());
    }
    d.append_info(|| format!("{}{}", if is_next { "/" } else { "" }, char::from(first)));
    let asked = known.saturating_sub(ASKED_AUTH);
    let rows = if is_frontend { FRONTEND_TYPES } else { BACKEND_TYPES };
    let name = match (first, known >= ASKED_AUTH, asked) {
        (b'p', true, SASL) if is_frontend => "SASLInitialResponse message",
        (b'p', true, SASL_CONTINUE) if is_frontend => "SASLResponse message",
        (b'p', true, 7..=9) if is_frontend => "GSSResponse message",
        _ => rows.iter().find(|row| row.0 == first).map_or("Unknown", |row| row.1),
    };
    d.add(TYPE, tvb, 0, 1, Value::String(name.into()));
    d.uint(LENGTH, tvb, 1, 4)?;
    let body = tvb.from(5);
    if is_frontend {
        frontend(d, body, first, asked)?;
    } else {
        backend(d, body, first)?;
    }
    d.close();
    Ok(())
}

/// Where the connection stands behind a message.
fn next_stage(tvb: Tvb<'_>, is_frontend: bool, known: u64) -> u64 {
    match (is_frontend, tvb.u8(0)) {
        (true, Ok(0)) if matches!(tvb.u32(4), Ok(SSL_REQUEST | GSS_REQUEST)) => ASKED_SSL,
        (false, Ok(b'R')) => tvb.u32(5).map_or(known, |kind| ASKED_AUTH + u64::from(kind)),
        _ => known,
    }
}

/// Adds a text that a zero octet ends; answers where the next begins.
fn text<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let rest = tvb.bytes().get(at..).unwrap_or_default();
    let len = memchr::memchr(0, rest).ok_or(Stop::Malformed)?;
    d.add(field, tvb, at, len + 1, Value::Text);
    Ok(at + len + 1)
}

fn startup<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let version = tvb.u32(4)?;
    let name = match version {
        SSL_REQUEST => "SSL request",
        GSS_REQUEST => "GSS encrypt request",
        CANCEL_REQUEST => "Cancel request",
        _ => "Startup message",
    };
    d.add(TYPE, tvb, 0, 0, Value::String(name.into()));
    d.uint(LENGTH, tvb, 0, 4)?;
    match version {
        SSL_REQUEST | GSS_REQUEST => {}
        CANCEL_REQUEST => {
            d.uint(PID, tvb, 8, 4)?;
            d.uint(KEY, tvb, 12, 4)?;
        }
        _ => {
            d.uint(VERSION_MAJOR, tvb, 4, 2)?;
            d.uint(VERSION_MINOR, tvb, 6, 2)?;
            let mut at = 8;
            for _ in 0..MAX_ENTRIES {
                if tvb.u8(at).unwrap_or(0) == 0 {
                    break;
                }
                at = text(d, PARAMETER_NAME, tvb, at)?;
                at = text(d, PARAMETER_VALUE, tvb, at)?;
            }
        }
    }
    Ok(())
}

fn frontend<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8, asked: u64) -> Parsed {
    match kind {
        b'p' if asked == SASL => {
            let at = text(d, SASL_MECH, tvb, 0)?;
            let len = tvb.u32(at)?.cast_signed();
            d.add(SASL_LENGTH, tvb, at, 4, Value::Int(len.into()));
            if let Ok(len) = usize::try_from(len) {
                d.bytes(SASL_DATA, tvb, at + 4, len);
            }
        }
        b'p' if asked == SASL_CONTINUE => {
            d.bytes(SASL_DATA, tvb, 0, tvb.reported());
        }
        b'p' => {
            text(d, PASSWORD, tvb, 0)?;
        }
        b'Q' => {
            text(d, QUERY, tvb, 0)?;
        }
        b'P' => {
            let at = text(d, STATEMENT, tvb, 0)?;
            let at = text(d, QUERY, tvb, at)?;
            let count = usize::from(tvb.u16(at)?);
            list(d, tvb, at, "Parameters", |d| types(d, tvb, at + 2, count))?;
        }
        b'B' => {
            let at = text(d, PORTAL, tvb, 0)?;
            let at = text(d, STATEMENT, tvb, at)?;
            let at = formats(d, tvb, at, "Parameter formats")?;
            let end = list(d, tvb, at, "Parameter values", |d| values(d, tvb, at))?;
            formats(d, tvb, end, "Result formats")?;
        }
        b'E' => {
            let at = text(d, PORTAL, tvb, 0)?;

            d.uint(RETURNS, tvb, at, 4)?;
        }
        b'D' | b'C' => {
            let field = if tvb.u8(0)? == b'P' { PORTAL } else { STATEMENT };
            text(d, field, tvb, 1)?;
        }
        b'd' => {
            d.bytes(COPYDATA, tvb, 0, tvb.reported());
        }
        _ => {}
    }
    Ok(())
}

fn backend<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    match kind {
        b'R' => match d.uint(AUTHTYPE, tvb, 0, 4)? {
            4 => {
                d.bytes(SALT, tvb, 4, 2);
            }
            MD5 => {
                d.bytes(SALT, tvb, 4, 4);
            }
            SASL => {
                let mut at = 4;
                for _ in 0..MAX_ENTRIES {
                    if tvb.u8(at).unwrap_or(0) == 0 {
                        break;
                    }
                    at = text(d, SASL_MECH, tvb, at)?;
                }
            }
            SASL_CONTINUE | SASL_COMPLETE => {
                d.bytes(SASL_DATA, tvb, 4, tvb.reported().saturating_sub(4));
            }
            _ => {}
        },
        b'K' => {
            d.uint(PID, tvb, 0, 4)?;
            d.uint(KEY, tvb, 4, 4)?;
        }
        b'S' => {
            let at = text(d, PARAMETER_NAME, tvb, 0)?;
            text(d, PARAMETER_VALUE, tvb, at)?;
        }
        b't' => {
            let count = usize::from(tvb.u16(0)?);
            list(d, tvb, 0, "Parameters", |d| types(d, tvb, 2, count))?;
        }
        b'T' => columns(d, tvb)?,
        b'D' => {
            d.uint(FIELD_COUNT, tvb, 0, 2)?;
            d.within(|d| values(d, tvb, 0))?;
        }
        b'C' => {
            text(d, TAG, tvb, 0)?;
        }
        b'Z' => {
            d.uint(STATUS, tvb, 0, 1)?;
        }
        b'E' | b'N' => notice(d, tvb)?,
        b'A' => {
            d.uint(PID, tvb, 0, 4)?;
            let at = text(d, CONDITION, tvb, 4)?;
            text(d, TEXT, tvb, at)?;
        }
        b'G' | b'H' => {
            d.uint(FORMAT, tvb, 0, 1)?;
            formats(d, tvb, 1, "Columns")?;
        }
        b'd' => {
            d.bytes(COPYDATA, tvb, 0, tvb.reported());
        }
        _ => {}
    }
    Ok(())
}

/// A list that begins with the number of its entries; answers where it ends.
fn list<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    name: &str,
    entries: impl FnOnce(&mut Dissector<'a>) -> Result<usize, Stop>,
) -> Result<usize, Stop> {
    let count = tvb.u16(at)?;
    d.open_text(tvb, at, 2, || format!("{name}: {count}"));
    let end = entries(d)?;
    d.close();
    Ok(end)
}

fn types<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, count: usize) -> Result<usize, Stop> {
    for number in 0..count.min(MAX_ENTRIES) {
        d.uint(OID_TYPE, tvb, at + 4 * number, 4)?;
    }
    Ok(at + 4 * count)
}

fn formats<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, name: &str) -> Result<usize, Stop> {
    let count = usize::from(tvb.u16(at)?);
    list(d, tvb, at, name, |d| {
        for number in 0..count.min(MAX_ENTRIES) {
            d.uint(FORMAT, tvb, at + 2 + 2 * number, 2)?;
        }
        Ok(at + 2 + 2 * count)
    })
}

fn values<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let count = usize::from(tvb.u16(at)?);
    let mut at = at + 2;
    for _ in 0..count.min(MAX_ENTRIES) {
        let len = tvb.u32(at)?.cast_signed();
        d.add(VAL_LENGTH, tvb, at, 4, Value::Int(len.into()));
        at += 4;
        // NULL has the length -1 and no octets.
        let len = usize::try_from(len).unwrap_or(0);
        if len > 0 {
            tvb.exact(at, len)?;
            d.bytes(VAL_DATA, tvb, at, len);
            at += len;
        }
    }
    Ok(at)
}

fn columns<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let count = d.uint(FIELD_COUNT, tvb, 0, 2)? as usize;
    let mut at = 2;
    for _ in 0..count.min(MAX_ENTRIES) {
        d.within(|d| -> Parsed {
            at = text(d, COL_NAME, tvb, at)?;
            d.within(|d| -> Parsed {
                d.uint(OID_TABLE, tvb, at, 4)?;
                d.uint(COL_INDEX, tvb, at + 4, 2)?;
                d.uint(OID_TYPE, tvb, at + 6, 4)?;
                let len = tvb.u16(at + 10)?.cast_signed();
                d.add(VAL_LENGTH, tvb, at + 10, 2, Value::Int(len.into()));
                let modifier = tvb.u32(at + 12)?.cast_signed();
                d.add(COL_TYPEMOD, tvb, at + 12, 4, Value::Int(modifier.into()));
                d.uint(FORMAT, tvb, at + 16, 2)?;
                Ok(())
            })
        })?;
        at += 18;
    }
    Ok(())
}

/// The fields of an error or a notice, by the letter before each.
const NOTICE_FIELDS: &[(u8, FieldId)] = &[
    (b'S', SEVERITY),
    (b'C', CODE),
    (b'M', MESSAGE),
    (b'D', DETAIL),
    (b'H', HINT),
    (b'F', FILE),
    (b'L', LINE),
    (b'R', ROUTINE),
];

fn notice<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_ENTRIES {
        let letter = tvb.u8(at)?;
        if letter == 0 {
            break;
        }
        let rest = tvb.bytes().get(at + 1..).unwrap_or_default();
        let len = memchr::memchr(0, rest).ok_or(Stop::Malformed)?;
        if let Some((_, field)) = NOTICE_FIELDS.iter().find(|row| row.0 == letter) {
            d.add(*field, tvb, at + 1, len + 1, Value::Text);
        }
        at += len + 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_connection_has_no_type() {
        assert_eq!(framing(&[0, 0, 0, 8, 4]), Framing::Message(8));
        assert_eq!(framing(b"Q\0\0\0\x0dSELECT"), Framing::Message(14));
        assert_eq!(framing(b"N"), Framing::Message(1));
        assert_eq!(framing(b"Q\xff\0\0\0"), Framing::Foreign);
        assert_eq!(framing(b"Q\0"), Framing::More(3));
    }
}
