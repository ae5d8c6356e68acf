//! Memcached: its text protocol, and its binary one.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Memcache, "memcache", "Memcache Protocol";
    MAGIC = field("memcache.magic", "Magic", Uint8, Dec).names(Names::Values(MAGICS));
    OPCODE = field("memcache.opcode", "Opcode", Uint8, Dec).names(Names::Values(OPCODES));
    KEY_LENGTH = field("memcache.key.length", "Key Length", Uint16, Dec);
    EXTRAS_LENGTH = field("memcache.extras.length", "Extras length", Uint8, Dec);
    DATA_TYPE = field("memcache.data_type", "Data type", Uint8, Dec);
    RESERVED = field("memcache.reserved", "Reserved", Uint16, Dec);
    STATUS = field("memcache.status", "Status", Uint16, Dec).names(Names::Values(STATUSES));
    VALUE_LENGTH = field("memcache.value.length", "Value length", Uint32, Dec);
    BODY_LENGTH = field("memcache.total_body_length", "Total body length", Uint32, Dec);
    OPAQUE = field("memcache.opaque", "Opaque", Uint32, Dec);
    CAS = field("memcache.cas", "CAS", Uint64, Dec);
    EXTRAS = field("memcache.extras", "Extras", None, None);
    COMMAND = field("memcache.command", "Command", String, None);
    RESPONSE = field("memcache.response", "Response", String, None);
    KEY = field("memcache.key", "Key", String, None);
    VALUE = field("memcache.value", "Value", String, None);
}

const MAGICS: &[(u64, &str)] = &[(REQUEST_MAGIC as u64, "Request"), (RESPONSE_MAGIC as u64, "Response")];
const REQUEST_MAGIC: u8 = 0x80;
const RESPONSE_MAGIC: u8 = 0x81;
const OPCODES: &[(u64, &str)] = &[
    (0, "Get"),
    (1, "Set"),
    (2, "Add"),
    (3, "Replace"),
    (4, "Delete"),
    (5, "Increment"),
    (6, "Decrement"),
    (7, "Quit"),
    (8, "Flush"),
    (9, "Get Quietly"),
    (10, "No-op"),
    (11, "Version"),
    (12, "Get Key"),
    (13, "Get Key Quietly"),
    (14, "Append"),
    (15, "Prepend"),
    (16, "Statistics"),
    (17, "Set Quietly"),
    (18, "Add Quietly"),
    (19, "Replace Quietly"),
    (20, "Delete Quietly"),
    (21, "Increment Quietly"),
    (22, "Decrement Quietly"),
    (23, "Quit Quietly"),
    (24, "Flush Quietly"),
    (25, "Append Quietly"),
    (26, "Prepend Quietly"),
];
const STATUSES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "Key not found"),
    (2, "Key exists"),
    (3, "Value too big"),
    (4, "Invalid arguments"),
    (5, "Item not stored"),
    (129, "Unknown command"),
    (130, "Out of memory"),
];
/// Words that begin a command, and what begins an answer.
const COMMANDS: &[&[u8]] = &[
    b"get",
    b"gets",
    b"set",
    b"add",
    b"replace",
    b"append",
    b"prepend",
    b"cas",
    b"delete",
    b"incr",
    b"decr",
    b"stats",
    b"flush_all",
    b"version",
    b"verbosity",
    b"quit",
    b"slabs",
];
const ANSWERS: &[&[u8]] =
    &[b"VALUE", b"STAT", b"END", b"STORED", b"NOT_STORED", b"EXISTS", b"NOT_FOUND", b"DELETED", b"OK", b"VERSION"];
const PORT: u16 = 11211;
const HEADER_LEN: usize = 24;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003100000000400600000a0000010a000002c3532bcb00000001000000015018ffff00000000676574206b65790d0a",
            "4500003000000000400600000a0000020a0000012bcbc353000000010000000a5018ffff0000000053544f5245440d0a",
            "4500004e00000000400600000a0000010a000002c3532bcb0000000a000000095018ffff0000000080010003080000000000000e000000010000000000000000deadbeef00000e106b6579616263",
            "4500004900000000400600000a0000020a0000012bcbc35300000009000000305018ffff000000008100000000000001000000090000000100000000000000004e6f7420666f756e64",
        ],
    }],
    ..Protocol::new(ProtoId::Memcache, "MEMCACHE", &[Binding::TcpPort(PORT)], dissect)
};

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [REQUEST_MAGIC | RESPONSE_MAGIC, _, _, _, _, _, _, _, a, b, c, d, ..] => {
            Framing::Message(HEADER_LEN.saturating_add(u32::from_be_bytes([a, b, c, d]) as usize))
        }
        [REQUEST_MAGIC | RESPONSE_MAGIC, ..] => Framing::More(12 - stream.len()),
        _ => Framing::Message(stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("MEMCACHE");
    d.begin_next(PROTO, tvb);
    match tvb.u8(0)? {
        magic @ (REQUEST_MAGIC | RESPONSE_MAGIC) => binary(d, tvb, magic == RESPONSE_MAGIC)?,
        _ => text(d, tvb),
    }
    d.close();
    Ok(())
}

fn binary<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_response: bool) -> Parsed {
    let (opcode, status) = (u64::from(tvb.u8(1)?), u64::from(tvb.u16(6)?));
    d.set_info(|| {
        let name = Names::Values(OPCODES).of(opcode).unwrap_or("Unknown opcode".into());
        let direction = if is_response { "Response" } else { "Request" };
        let failed = match Names::Values(STATUSES).of(status) {
            Some(failed) if is_response && status != 0 => format!(" ({failed})"),
            _ => String::new(),
        };
        format!("{name} {direction}{failed}")
    });
    d.uint(MAGIC, tvb, 0, 1)?;
    d.uint(OPCODE, tvb, 1, 1)?;
    let key = d.uint(KEY_LENGTH, tvb, 2, 2)? as usize;
    let extras = d.uint(EXTRAS_LENGTH, tvb, 4, 1)? as usize;
    d.uint(DATA_TYPE, tvb, 5, 1)?;
    d.uint(if is_response { STATUS } else { RESERVED }, tvb, 6, 2)?;
    let body = tvb.u32(8)? as usize;
    let value = body.saturating_sub(key + extras);
    d.generated(VALUE_LENGTH, tvb, 8, 4, Value::Uint(value as u64));
    d.uint(BODY_LENGTH, tvb, 8, 4)?;
    d.uint(OPAQUE, tvb, 12, 4)?;
    d.uint(CAS, tvb, 16, 8)?;
    if extras > 0 {
        d.add(EXTRAS, tvb, HEADER_LEN, extras, Value::None);
    }
    let mut part = |field: FieldId, at: usize, len: usize| {
        if len > 0 {
            d.add(field, tvb, at, len, Value::Text);
        }
    };
    part(KEY, HEADER_LEN + extras, key);
    part(VALUE, HEADER_LEN + extras + key, value);
    Ok(())
}

fn text<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let octets = tvb.bytes();
    let end = memchr::memchr2(b'\r', b'\n', octets).unwrap_or(octets.len());
    let line = octets.get(..end).unwrap_or_default();
    let word = line.split(|octet| *octet == b' ').next().unwrap_or_default();
    let field = match (COMMANDS.contains(&word), ANSWERS.contains(&word)) {
        (true, _) => COMMAND,
        (_, true) => RESPONSE,
        _ => {
            d.set_info(|| "MEMCACHE Continuation".to_owned());
            return;
        }
    };
    d.set_info(|| format!("{} ", String::from_utf8_lossy(line)));
    // An item or a statistic stands for the answer.
    if !matches!(word, b"VALUE" | b"STAT") {
        d.add(field, tvb, 0, word.len(), Value::Text);
    }
    if matches!(word, b"stats" | b"quit" | b"version" | b"STAT" | b"VERSION") {
        return;
    }
    let mut at = word.len() + 1;
    let is_list = matches!(word, b"get" | b"gets");
    for key in line.get(at..).unwrap_or_default().split(|octet| *octet == b' ') {
        if !key.is_empty() {
            d.add(KEY, tvb, at, key.len(), Value::Text);
        }
        at += key.len() + 1;
        if !is_list {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_messages_say_their_length() {
        let mut header = [0; 12];
        (header[0], header[11]) = (0x80, 7);
        assert_eq!(framing(&header), Framing::Message(31));
        assert_eq!(framing(&header[..4]), Framing::More(8));
        assert_eq!(framing(b"get key\r\n"), Framing::Message(9));
    }
}
