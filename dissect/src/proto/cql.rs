//! CQL, Cassandra's native protocol (versions 3 to 5).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Cql, "cql", "Cassandra CQL Protocol";
    VERSION = field("cql.version", "Version", Uint8, Hex);
    PROTOCOL_VERSION = field("cql.protocol_version", "Protocol version", Uint8, Dec).mask(0xf);
    DIRECTION = field("cql.direction", "Direction", Uint8, Hex).names(Names::Values(&[(0, "Request"), (8, "Response")])).mask(0xf0);
    FLAGS = field("cql.flags", "Flags", Uint8, Hex);
    FLAGS_COMPRESSION = field("cql.flags.compression", "Compression", Boolean, None).mask(0x1);
    FLAGS_TRACING = field("cql.flags.tracing", "Tracing", Boolean, None).mask(0x2);
    FLAGS_PAYLOAD = field("cql.flags.custom_payload", "Custom Payload", Boolean, None).mask(0x4);
    FLAGS_WARNING = field("cql.flags.warning", "Warning", Boolean, None).mask(0x8);
    FLAGS_RESERVED = field("cql.flags.reserved", "Reserved", Uint8, Hex).mask(0xfc);
    STREAM = field("cql.stream", "Stream Identifier", Int16, Dec);
    OPCODE = field("cql.opcode", "Opcode", Uint8, Dec).names(Names::Values(OPCODES)).mask(0x7f);
    MESSAGE_LENGTH = field("cql.message_length", "Message Length", Uint32, Dec);
    RESPONSE_IN = field("cql.response_in", "Response in", FrameNum, None).told_later();
    RESPONSE_TO = field("cql.response_to", "Request in", FrameNum, None);
    RESPONSE_TIME = field("cql.response_time", "Response time", RelativeTime, None);
    STRING_MAP_SIZE = field("cql.string_map_size", "String Map Size", Uint16, Dec);
    STRING_LIST_SIZE = field("cql.string_list_size", "String List Size", Uint16, Dec);
    STRING_LENGTH = field("cql.string_length", "String Length", Uint32, Dec);
    STRING = field("cql.string", "String", String, None);
    CONSISTENCY = field("cql.consistency", "Consistency", Uint16, Hex).names(Names::Values(CONSISTENCIES));
    ERROR_CODE = field("cql.error_code", "Error Code", Int32, Dec);
    QUERY_ID = field("cql.query_id", "Query ID", Bytes, None);
    RESULT_KIND = field("cql.result.kind", "Result Kind", Int32, Dec).names(Names::Values(RESULTS));
}

const OPCODES: &[(u64, &str)] = &[
    (ERROR, "ERROR"),
    (STARTUP, "STARTUP"),
    (2, "READY"),
    (AUTHENTICATE, "AUTHENTICATE"),
    (5, "OPTIONS"),
    (6, "SUPPORTED"),
    (QUERY, "QUERY"),
    (RESULT, "RESULT"),
    (PREPARE, "PREPARE"),
    (EXECUTE, "EXECUTE"),
    (REGISTER, "REGISTER"),
    (12, "EVENT"),
    (13, "BATCH"),
    (14, "AUTH_CHALLENGE"),
    (15, "AUTH_RESPONSE"),
    (16, "AUTH_SUCCESS"),
];
const ERROR: u64 = 0;
const STARTUP: u64 = 1;
const AUTHENTICATE: u64 = 3;
const QUERY: u64 = 7;
const RESULT: u64 = 8;
const PREPARE: u64 = 9;
const EXECUTE: u64 = 10;
const REGISTER: u64 = 11;
const CONSISTENCIES: &[(u64, &str)] = &[
    (0, "ANY"),
    (1, "ONE"),
    (2, "TWO"),
    (3, "THREE"),
    (4, "QUORUM"),
    (5, "ALL"),
    (6, "LOCAL_QUORUM"),
    (7, "EACH_QUORUM"),
    (8, "SERIAL"),
    (9, "LOCAL_SERIAL"),
    (10, "LOCAL_ONE"),
];
const RESULTS: &[(u64, &str)] =
    &[(1, "VOID"), (2, "Rows"), (KEYSPACE, "Set Keyspace"), (4, "Prepared"), (5, "Schema Change")];
const KEYSPACE: u64 = 3;
const PORT: u16 = 9042;
const HEADER_LEN: usize = 9;
/// The bit of the first octet that a response has, and the flag of a compressed body.
const RESPONSE: u8 = 0x80;
const COMPRESSED: u8 = 0x01;
/// How many texts of one message are shown.
const MAX_TEXTS: usize = 128;

const RULES: Rules = Rules {
    proto: ProtoId::Cql,
    renews: true,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: true,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, RESPONSE_TIME],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500005300000000400600000a0000010a000002c355235200000001000000015018ffff000000000400000307000000220000001b53454c454354202a2046524f4d2073797374656d2e6c6f63616c3b000100",
            "4500003a00000000400600000a0000020a0000012352c355000000010000002c5018ffff00000000840000030000000009000022000003626164",
            "4500003800000000400600000a0000010a000002c35523520000002c000000135018ffff00000000040000050a000000070002abcd000100",
            "4500004200000000400600000a0000010a000002c35523520000003c000000135018ffff00000000040000060b000000110001000d534348454d415f4348414e4745",
            "4500004700000000400600000a0000010a000002c355235200000056000000135018ffff000000000400000701000000160001000b43514c5f56455253494f4e0005332e332e31",
            "4500003b00000000400600000a0000020a0000012352c35500000013000000755018ffff0000000084000006080000000a0000000300046b657973",
        ],
    }],
    ..Protocol::new(ProtoId::Cql, "CQL", &[Binding::TcpPort(PORT)], dissect)
};

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [_, _, _, _, _, a, b, c, d, ..] => {
            Framing::Message(HEADER_LEN.saturating_add(u32::from_be_bytes([a, b, c, d]) as usize))
        }
        _ => Framing::More(HEADER_LEN - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("CQL");
    d.begin_next(PROTO, tvb);
    let (first, flags, stream, opcode) = (tvb.u8(0)?, tvb.u8(1)?, tvb.u16(2)?, tvb.u8(4)?);
    let is_response = first & RESPONSE != 0;
    d.set_info(|| {
        let direction = if is_response { "S->C" } else { "C->S" };
        let name = Names::Values(OPCODES).of(opcode.into()).unwrap_or("Unknown".into());
        format!("v{} {direction} Type {name}", first & 0x0f)
    });
    d.uint(VERSION, tvb, 0, 1)?;
    d.within(|d| {
        d.bits(PROTOCOL_VERSION, tvb, 0, 1, first.into());
        d.bits(DIRECTION, tvb, 0, 1, first.into());
    });
    d.uint(FLAGS, tvb, 1, 1)?;
    d.within(|d| {
        for flag in [FLAGS_COMPRESSION, FLAGS_TRACING, FLAGS_PAYLOAD, FLAGS_WARNING] {
            d.flag(flag, tvb, 1, 1, flags.into());
        }
        d.bits(FLAGS_RESERVED, tvb, 1, 1, flags.into());
    });
    d.add(STREAM, tvb, 2, 2, Value::Int(stream.cast_signed().into()));
    d.bits(OPCODE, tvb, 4, 1, opcode.into());
    d.uint(MESSAGE_LENGTH, tvb, 5, 4)?;
    if is_response {
        transaction::response(d, &RULES, stream.into(), true);
    } else {
        transaction::request(d, &RULES, stream.into());
    }
    let known = transaction::known(d, ProtoId::Cql);
    known.show(d, tvb, [RESPONSE_IN, RESPONSE_TO, RESPONSE_TIME]);
    if flags & COMPRESSED == 0 {
        d.within(|d| body(d, tvb.from(HEADER_LEN), opcode.into(), is_response))?;
    }
    d.close();
    Ok(())
}

/// Adds a text with its length in `width` octets before it; answers where the next begins.
fn text<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, width: usize) -> Result<usize, Stop> {
    let len = d.uint(STRING_LENGTH, tvb, at, width)? as usize;
    let start = at + width;
    tvb.exact(start, len)?;
    d.add(STRING, tvb, start, len, Value::Text);
    Ok(start + len)
}

fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, opcode: u64, is_response: bool) -> Parsed {
    match (opcode, is_response) {
        (ERROR, true) => {
            let code = tvb.u32(0)?.cast_signed();
            d.add(ERROR_CODE, tvb, 0, 4, Value::Int(code.into()));
            text(d, tvb, 4, 2)?;
        }
        (STARTUP, false) => {
            let count = d.uint(STRING_MAP_SIZE, tvb, 0, 2)? as usize;
            let mut at = 2;
            for _ in 0..(2 * count).min(MAX_TEXTS) {
                at = text(d, tvb, at, 2)?;
            }
        }
        (REGISTER, false) => {
            let count = d.uint(STRING_LIST_SIZE, tvb, 0, 2)? as usize;
            let mut at = 2;
            for _ in 0..count.min(MAX_TEXTS) {
                at = text(d, tvb, at, 2)?;
            }
        }
        (AUTHENTICATE, true) => {
            text(d, tvb, 0, 2)?;
        }
        (QUERY, false) => {
            let at = text(d, tvb, 0, 4)?;
            d.uint(CONSISTENCY, tvb, at, 2)?;
        }
        (PREPARE, false) => {
            text(d, tvb, 0, 4)?;
        }
        (EXECUTE, false) => {
            let len = usize::from(tvb.u16(0)?);
            tvb.exact(2, len)?;
            d.bytes(QUERY_ID, tvb, 2, len);
            d.uint(CONSISTENCY, tvb, 2 + len, 2)?;
        }
        (RESULT, true) => {
            let kind = tvb.u32(0)?.cast_signed();
            d.add(RESULT_KIND, tvb, 0, 4, Value::Int(kind.into()));
            if kind == KEYSPACE as i32 {
                text(d, tvb, 4, 2)?;
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_its_length_in_its_header() {
        assert_eq!(framing(&[4, 0, 0, 0, 5, 0, 0, 0, 7]), Framing::Message(16));
        assert_eq!(framing(&[4, 0, 0]), Framing::More(6));
    }
}
