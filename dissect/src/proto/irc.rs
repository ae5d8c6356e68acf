//! Internet Relay Chat (RFC 1459, RFC 2812) with the client-to-client protocol in its messages. Each segment is taken for
//! itself: a message that goes on in the next one is two.

use crate::bindings::Binding;
use crate::dialogue::{self, Line};
use crate::dissector::Dissector;
use crate::field::{FieldId, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Irc, "irc", "Internet Relay Chat";
    REQUEST = field("irc.request", "Request", String, None);
    RESPONSE = field("irc.response", "Response", String, None);
    REQUEST_PREFIX = field("irc.request.prefix", "Prefix", String, None);
    REQUEST_COMMAND = field("irc.request.command", "Command", String, None);
    REQUEST_PARAMETER = field("irc.request.command_parameter", "Parameter", String, None);
    REQUEST_TRAILER = field("irc.request.trailer", "Trailer", String, None);
    RESPONSE_PREFIX = field("irc.response.prefix", "Prefix", String, None);
    RESPONSE_COMMAND = field("irc.response.command", "Command", String, None);
    RESPONSE_NUM_COMMAND = field("irc.response.num_command", "Command", Uint16, Dec);
    RESPONSE_PARAMETER = field("irc.response.command_parameter", "Parameter", String, None);
    RESPONSE_TRAILER = field("irc.response.trailer", "Trailer", String, None);
    CTCP = field("irc.ctcp", "CTCP Data", String, None);
    MISSING_END_DELIMITER = expert("irc.missing_end_delimiter", "Missing ending tag delimiter (0x01)", Error, Malformed);
    PREFIX_MISSING_SPACE = expert("irc.prefix_missing_ending_space", "Prefix missing ending <space>", Error, Malformed);
    REQUEST_COMMAND_MISSING = expert("irc.request.command.missing", "Request has no command", Error, Malformed);
    REQUEST_COMMAND_NUMERIC = expert("irc.request.command.numeric", "Numeric command not allowed in request", Warning, Protocol);
    RESPONSE_COMMAND_MISSING = expert("irc.response.command.missing", "Response has no command", Error, Malformed);
}

const PORTS: &[u16] = &[6665, 6666, 6667, 6668, 6669, 6670];
/// What begins and ends a client-to-client message in a trailer.
const TAG: u8 = 0x01;

/// The fields of one direction.
struct Side {
    line: FieldId,
    prefix: FieldId,
    command: FieldId,
    parameter: FieldId,
    trailer: FieldId,
    missing: FieldId,
}

const CLIENT: Side = Side {
    line: REQUEST,
    prefix: REQUEST_PREFIX,
    command: REQUEST_COMMAND,
    parameter: REQUEST_PARAMETER,
    trailer: REQUEST_TRAILER,
    missing: REQUEST_COMMAND_MISSING,
};
const SERVER: Side = Side {
    line: RESPONSE,
    prefix: RESPONSE_PREFIX,
    command: RESPONSE_COMMAND,
    parameter: RESPONSE_PARAMETER,
    trailer: RESPONSE_TRAILER,
    missing: RESPONSE_COMMAND_MISSING,
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Irc,
        "IRC",
        &[
            Binding::TcpPort(6665),
            Binding::TcpPort(6666),
            Binding::TcpPort(6667),
            Binding::TcpPort(6668),
            Binding::TcpPort(6669),
            Binding::TcpPort(6670),
        ],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let is_request = dialogue::is_request(d, PORTS);
    d.set_protocol("IRC");
    d.set_info(|| if is_request { "Request" } else { "Response" }.to_owned());
    d.begin(PROTO, tvb);
    let octets = tvb.bytes();
    for line in dialogue::lines(octets).filter(|line| line.end > line.start) {
        message(d, tvb, line, if is_request { &CLIENT } else { &SERVER });
    }
    d.close();
    Ok(())
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, line: Line, side: &Side) {
    let octets = tvb.bytes();
    let is_request = side.line == REQUEST;
    d.open(side.line, tvb, line.start, line.end - line.start, value(octets.get(line.start..line.end)));
    let blanks =
        octets.get(line.start..line.end).unwrap_or_default().iter().take_while(|octet| **octet == b' ').count();
    let mut at = line.start + blanks;
    if octets.get(at) == Some(&b':') {
        let (word, rest) = dialogue::word(octets, Line { start: at, ..line });
        if word.end >= line.end {
            d.expert(PREFIX_MISSING_SPACE, tvb, at, line.end - at);
            d.close();
            return;
        }
        text(d, side.prefix, tvb, at + 1, word.len() - 1);
        at = rest;
    }
    if at >= line.end {
        d.expert(side.missing, tvb, line.start, line.end - line.start);
        d.close();
        return;
    }
    let (word, mut at) = dialogue::word(octets, Line { start: at, ..line });
    let command = octets.get(word.clone()).unwrap_or_default();
    d.append_info(|| format!(" ({})", printable(command)));
    let is_numeric = command.len() == 3 && command.iter().all(u8::is_ascii_digit);
    text(d, side.command, tvb, word.start, word.len());
    if is_numeric && is_request {
        d.expert(REQUEST_COMMAND_NUMERIC, tvb, word.start, word.len());
    } else if is_numeric {
        let number = command.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        d.hidden(RESPONSE_NUM_COMMAND, tvb, word.start, word.len(), Value::Uint(number));
    }
    let mut is_open = false;
    while at < line.end && octets.get(at) != Some(&b':') {
        let (word, rest) = dialogue::word(octets, Line { start: at, ..line });
        if !is_open {
            is_open = true;
            d.open_text(tvb, at, line.end - at, || "Command parameters".to_owned());
        }
        text(d, side.parameter, tvb, word.start, word.len());
        at = rest;
    }
    if is_open {
        d.close();
    }
    if at < line.end {
        at += 1;
        text(d, side.trailer, tvb, at, line.end - at);
        tagged(d, tvb, at, line.end);
    }
    d.close();
}

/// Text of ASCII; what is none of it is told from it.
fn value(octets: Option<&[u8]>) -> Value {
    let octets = octets.unwrap_or_default();
    if octets.is_ascii() {
        return Value::Text;
    }
    let shown = |octet: &u8| if octet.is_ascii() { char::from(*octet) } else { char::REPLACEMENT_CHARACTER };
    Value::String(octets.iter().map(shown).collect::<String>().into())
}

fn text<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize) {
    d.add(field, tvb, at, len, value(tvb.bytes().get(at..at + len)));
}

/// Client-to-client messages in a trailer.
fn tagged<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize, end: usize) {
    let find = |from: usize| memchr::memchr(TAG, tvb.bytes().get(from..end)?).map(|place| from + place);
    for _ in 0..dialogue::MAX_LINES {
        let Some(start) = find(at) else { break };
        match find(start + 1) {
            Some(close) => {
                text(d, CTCP, tvb, start + 1, close - start - 1);
                at = close + 1;
            }
            None => {
                d.expert(MISSING_END_DELIMITER, tvb, start, end - start);
                break;
            }
        }
    }
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c0001a0b00000064000000005002ffff00000000",
    "4500002800010000400600000a0000020a0000011a0bc000000003e8000000655012ffff00000000",
    "4500002800010000400600000a0000010a000002c0001a0b00000065000003e95010ffff00000000",
    "4500004000010000400600000a0000010a000002c0001a0b00000065000003e95018ffff000000005553455220612062 \
     203a6420650d0a31323320780d0a3a78",
    "4500006400010000400600000a0000020a0000011a0bc000000003e90000007d5018ffff000000003a73727620333533 \
     206d65203a6120620d0a3a6d6520505249564d5347202363203a0156455253494f4e2078010d0a3a7072650d0a3a7072 \
     65200d0a",
    "4500004200010000400600000a0000020a0000011a0bc000000004250000007d5018ffff000000006162632064652001 \
     780d0a4e4f544943452078203a0150494e47",
    "4500003500010000400600000a0000010a000002c0001a0b0000007d0000043f5018ffff000000003a7020515549540d \
     0a3a200d0a",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn messages_with_their_parameters() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[3], "irc.request.command"), "USER,123");
        assert_eq!(values(&shown[3], "irc.request.trailer"), "d e");
        assert_eq!(values(&shown[4], "irc.response.num_command"), "353");
        assert_eq!(values(&shown[4], "irc.ctcp"), "VERSION x");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Irc, b":a 353 b :c\r\nNOTICE x :\x01PING\x01\r\n:\r\n");
    }
}
