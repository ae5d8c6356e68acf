//! The File Transfer Protocol's control connection (RFC 959, RFC 2428): commands, replies, and the addresses in them.

use crate::bindings::Binding;
use crate::dialogue;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ftp, "ftp", "File Transfer Protocol (FTP)";
    CURRENT_WORKING_DIRECTORY = field("ftp.current-working-directory", "Current working directory", String, None);
    RESPONSE = field("ftp.response", "Response", Boolean, None);
    REQUEST = field("ftp.request", "Request", Boolean, None);
    REQUEST_COMMAND = field("ftp.request.command", "Request command", String, None);
    REQUEST_ARG = field("ftp.request.arg", "Request arg", String, None);
    RESPONSE_CODE = field("ftp.response.code", "Response code", Uint32, Dec).names(Names::Values(CODES));
    RESPONSE_ARG = field("ftp.response.arg", "Response arg", String, None);
    PASSIVE_IP = field("ftp.passive.ip", "Passive IP address", Ipv4, None);
    PASSIVE_PORT = field("ftp.passive.port", "Passive port", Uint16, Dec);
    ACTIVE_CIP = field("ftp.active.cip", "Active IP address", Ipv4, None);
    ACTIVE_PORT = field("ftp.active.port", "Active port", Uint16, Dec);
    EPSV_PORT = field("ftp.epsv.port", "Extended passive port", Uint16, Dec);
}

/// RFC 959, 4.2.
const CODES: &[(u64, &str)] = &[
    (110, "Restart marker reply"),
    (120, "Service ready in nnn minutes"),
    (125, "Data connection already open; transfer starting"),
    (150, "File status okay; about to open data connection"),
    (200, "Command okay"),
    (202, "Command not implemented, superfluous at this site"),
    (211, "System status, or system help reply"),
    (212, "Directory status"),
    (213, "File status"),
    (214, "Help message"),
    (215, "NAME system type"),
    (220, "Service ready for new user"),
    (221, "Service closing control connection"),
    (225, "Data connection open; no transfer in progress"),
    (226, "Closing data connection"),
    (227, "Entering Passive Mode"),
    (229, "Entering Extended Passive Mode"),
    (230, "User logged in, proceed"),
    (234, "AUTH command OK; expecting starting TLS"),
    (250, "Requested file action okay, completed"),
    (257, "PATHNAME created"),
    (331, "User name okay, need password"),
    (332, "Need account for login"),
    (350, "Requested file action pending further information"),
    (421, "Service not available, closing control connection"),
    (425, "Can't open data connection"),
    (426, "Connection closed; transfer aborted"),
    (450, "Requested file action not taken"),
    (451, "Requested action aborted: local error in processing"),
    (452, "Requested action not taken. Insufficient storage space in system"),
    (500, "Syntax error, command unrecognized"),
    (501, "Syntax error in parameters or arguments"),
    (502, "Command not implemented"),
    (503, "Bad sequence of commands"),
    (504, "Command not implemented for that parameter"),
    (522, "Network protocol not supported"),
    (530, "Not logged in"),
    (532, "Need account for storing files"),
    (550, "Requested action not taken: File unavailable"),
    (551, "Requested action aborted: page type unknown"),
    (552, "Requested file action aborted: Exceeded storage allocation"),
    (553, "Requested action not taken: File name not allowed"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Ftp, "FTP", &[Binding::TcpPort(21)], dissect)
};

/// Commands and replies with addresses of every form.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000001500000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010015c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000001500000065000003e95010fff000000000",
    "4500003b00010000400600000a0000010a000002c000001500000065000003e95018fff000000000504f52542031302c \
     302c302c312c342c310d0a",
    "4500005300010000400600000a0000020a0000010015c000000003e9000000785018fff00000000032323720456e7465 \
     72696e672050617373697665204d6f6465202831302c302c302c322c342c31292e0d0a",
    "4500004700010000400600000a0000020a0000010015c00000000414000000785018fff00000000032323920456e7465 \
     72696e6720287c7c7c363434367c290d0a6d6f72650d0a",
];

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let is_request = dialogue::is_request(d, &[21]);
    d.set_protocol("FTP");
    d.begin(PROTO, tvb);
    let octets = tvb.bytes();
    let first = dialogue::line(octets, 0);
    d.set_info(|| {
        let what = if is_request { "Request" } else { "Response" };
        format!("{what}: {}", printable(octets.get(..first.end).unwrap_or_default()))
    });
    if !d.wants_fields_of(ProtoId::Ftp) {
        d.close();
        return Ok(());
    }
    d.hidden(REQUEST, tvb, 0, 0, Value::Uint(is_request.into()));
    d.hidden(RESPONSE, tvb, 0, 0, Value::Uint((!is_request).into()));
    d.open_text(tvb, 0, first.next, || printable(octets.get(..first.next).unwrap_or_default()));
    let (word, rest) = dialogue::word(octets, first);
    let text = octets.get(..first.end).unwrap_or_default();
    if is_request {
        d.string(REQUEST_COMMAND, tvb, word.start, word.len());
        if rest < first.end {
            d.string(REQUEST_ARG, tvb, rest, first.end - rest);
        }
        if text.starts_with(b"PORT") {
            address(d, tvb, rest, first.end, ACTIVE_CIP, ACTIVE_PORT);
        }
    } else {
        reply(d, tvb, text);
    }
    d.close();
    for line in dialogue::lines(octets).skip(1) {
        d.open_text(tvb, line.start, line.next - line.start, || {
            printable(octets.get(line.start..line.next).unwrap_or_default())
        });
        d.close();
    }
    d.generated(CURRENT_WORKING_DIRECTORY, tvb, 0, 0, Value::String("".into()));
    d.close();
    Ok(())
}

/// A reply: three digits, a blank or a dash, and text; or the text of a line within a longer one.
fn reply<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, text: &[u8]) {
    let [a, b, c, ..] = *text else {
        d.string(RESPONSE_ARG, tvb, 0, text.len());
        return;
    };
    if ![a, b, c].iter().all(u8::is_ascii_digit) {
        d.string(RESPONSE_ARG, tvb, 0, text.len());
        return;
    }
    let code = [a, b, c].iter().fold(0, |code, digit| code * 10 + u64::from(digit - b'0'));
    d.add(RESPONSE_CODE, tvb, 0, 3, Value::Uint(code));
    if text.len() > 4 {
        d.string(RESPONSE_ARG, tvb, 4, text.len() - 4);
    }
    match code {
        227 => {
            let from = text.iter().skip(4).position(u8::is_ascii_digit).map_or(text.len(), |at| at + 4);
            address(d, tvb, from, text.len(), PASSIVE_IP, PASSIVE_PORT);
        }
        // RFC 2428, 3: three delimiters, the port, and one more.
        229 => {
            let digits = |octet: &&[u8]| !octet.is_empty() && octet.iter().all(u8::is_ascii_digit);
            let mut at = 0;
            for part in text.split(|octet| *octet == b'|') {
                if at > 0
                    && digits(&part)
                    && let Some(port) = std::str::from_utf8(part).ok().and_then(|part| part.parse::<u16>().ok())
                {
                    d.add(EPSV_PORT, tvb, at, part.len(), Value::Uint(port.into()));
                }
                at += part.len() + 1;
            }
        }
        _ => {}
    }
}

/// An address in six decimal numbers, four of the host and two of the port.
fn address<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    from: usize,
    end: usize,
    host: crate::field::FieldId,
    port: crate::field::FieldId,
) {
    let text = tvb.bytes().get(from..end).unwrap_or_default();
    let len = text.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b',').count();
    let text = text.get(..len).unwrap_or_default();
    let mut numbers = [0_u8; 6];
    let mut at = 0;
    let mut port_at = 0;
    let mut count = 0;
    for part in text.split(|octet| *octet == b',') {
        let number = std::str::from_utf8(part).ok().and_then(|part| part.parse().ok());
        let (Some(slot), Some(number)) = (numbers.get_mut(count), number) else {
            return;
        };
        *slot = number;
        if count == 4 {
            port_at = at;
        }
        at += part.len() + 1;
        count += 1;
    }
    if count == 6 {
        let [a, b, c, e, high, low] = numbers;
        d.add(host, tvb, from, port_at.saturating_sub(1), Value::Ipv4([a, b, c, e]));
        let value = u16::from_be_bytes([high, low]);
        d.add(port, tvb, from + port_at, len - port_at, Value::Uint(value.into()));
    }
}
