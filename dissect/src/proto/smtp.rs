//! The Simple Mail Transfer Protocol (RFC 5321): commands, replies, and the mail between them as octets.

use std::sync::Arc;

use crate::bindings::Binding;
use crate::conversation;
use crate::dialogue::{self, Line};
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::output::value::printable;
use crate::proto::udp::octets as octets_text;
use crate::proto::{tcp, tls};
use crate::recent::Recent;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Smtp, "smtp", "Simple Mail Transfer Protocol";
    REQ = field("smtp.req", "Request", Boolean, None);
    RSP = field("smtp.rsp", "Response", Boolean, None);
    MESSAGE = field("smtp.message", "Message", String, None);
    COMMAND_LINE = field("smtp.command_line", "Command Line", String, None);
    REQ_COMMAND = field("smtp.req.command", "Command", String, None);
    REQ_PARAMETER = field("smtp.req.parameter", "Request parameter", String, None);
    RESPONSE = field("smtp.response", "Response", String, None);
    RESPONSE_CODE = field("smtp.response.code", "Response code", Uint32, Dec).names(Names::Values(CODES));
    RSP_PARAMETER = field("smtp.rsp.parameter", "Response parameter", String, None);
    EOM = field("smtp.eom", "EOM", None, None);
    DATA_FRAGMENTS = field("smtp.data.fragments", "DATA fragments", None, None);
    DATA_FRAGMENT = field("smtp.data.fragment", "DATA fragment", FrameNum, None);
    DATA_FRAGMENT_COUNT = field("smtp.data.fragment.count", "DATA fragment count", Uint32, Dec);
    DATA_REASSEMBLED_IN = field("smtp.data.reassembled.in", "Reassembled DATA in frame", FrameNum, None).told_later();
    DATA_REASSEMBLED_LENGTH = field("smtp.data.reassembled.length", "Reassembled DATA length", Uint32, Dec);
}

/// RFC 5321, 4.2.2 and 4.2.3.
const CODES: &[(u64, &str)] = &[
    (211, "System status, or system help reply"),
    (214, "Help message"),
    (220, "<domain> Service ready"),
    (221, "<domain> Service closing transmission channel"),
    (235, "Authentication successful"),
    (250, "Requested mail action okay, completed"),
    (251, "User not local; will forward to <forward-path>"),
    (252, "Cannot VRFY user, but will accept message and attempt delivery"),
    (334, "AUTH input"),
    (354, "Start mail input; end with <CRLF>.<CRLF>"),
    (421, "<domain> Service not available, closing transmission channel"),
    (432, "A password transition is needed"),
    (450, "Requested mail action not taken: mailbox unavailable"),
    (451, "Requested action aborted: local error in processing"),
    (452, "Requested action not taken: insufficient system storage"),
    (454, "Temporary authenticaion failed"),
    (500, "Syntax error, command unrecognized"),
    (501, "Syntax error in parameters or arguments"),
    (502, "Command not implemented"),
    (503, "Bad sequence of commands"),
    (504, "Command parameter not implemented"),
    (530, "Authentication required"),
    (534, "Authentication mechanism is too weak"),
    (535, "Authentication credentials invalid"),
    (538, "Encryption required for requested authentication mechanism"),
    (550, "Requested action not taken: mailbox unavailable"),
    (551, "User not local; please try <forward-path>"),
    (552, "Requested mail action aborted: exceeded storage allocation"),
    (553, "Requested action not taken: mailbox name not allowed"),
    (554, "Transaction failed"),
];

/// Commands; a client's segment that begins with none of them is part of a mail.
const COMMANDS: &[&[u8]] = &[
    b"HELO",
    b"EHLO",
    b"MAIL",
    b"RCPT",
    b"DATA",
    b"RSET",
    b"SEND",
    b"SOML",
    b"SAML",
    b"VRFY",
    b"EXPN",
    b"HELP",
    b"NOOP",
    b"QUIT",
    b"TURN",
    b"ETRN",
    b"AUTH",
    b"STARTTLS",
    b"BDAT",
    b"XCLIENT",
    b"XFORWARD",
];

/// How many mails may be on their way, and of how many pieces of one is told where they are.
pub(crate) const MAX_MAILS: usize = 4096;
pub(crate) const MAX_PIECES: usize = 1024;

/// The reply that asks for the mail (RFC 5321, 4.2.3).
const START_MAIL: u64 = 354;

/// Ports on which servers take mail.
const PORTS: &[u16] = &[25, 587];

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(tls::has_not_begun),
    calls: &[ProtoId::Lines],
    framing: Some(dialogue::framing),
    // A mail is taken as it comes.
    framing_bodiless: Some(|stream| Framing::Message(stream.len())),
    samples: &[Sample { link_type: 101, frames: SAMPLE }, Sample { link_type: 101, frames: MAIL }],
    ..Protocol::new(ProtoId::Smtp, "SMTP", &[Binding::TcpPort(25), Binding::TcpPort(587)], dissect)
};

/// Commands, a reply of several lines, and a mail.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000001900000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010019c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000001900000065000003e95010fff000000000",
    "4500003e00010000400600000a0000020a0000010019c000000003e9000000655018fff0000000003235302d686f7374 \
     0d0a3235302053495a4520310d0a",
    "4500003100010000400600000a0000010a000002c000001900000065000003ff5018fff00000000045484c4f206d650d \
     0a",
    "4500003c00010000400600000a0000010a000002c00000190000006e000003ff5018fff0000000005375626a6563743a \
     20780d0a0d0a790d0a2e0d0a",
];

/// A mail in three pieces.
const MAIL: &[&str] = &[
    "4500002800010000400600000a0000010a0000029c68001900000000000000005002ffff00000000",
    "4500002f00010000400600000a0000020a00000100199c6800000001000000015018ffff0000000032323020780d0a",
    "4500002e00010000400600000a0000010a0000029c68001900000001000000085018ffff00000000444154410d0a",
    "4500003000010000400600000a0000020a00000100199c6800000008000000075018ffff0000000033353420676f0d0a",
    "4500003f00010000400600000a0000010a0000029c68001900000007000000105018ffff000000005375626a6563743a20780d0a4672 \
     6f6d3a206140620d0a",
    "4500003400010000400600000a0000010a0000029c6800190000001e000000105018ffff000000000d0a6c696e65206f6e650d0a",
    "4500003500010000400600000a0000010a0000029c6800190000002a000000105018ffff000000006c696e652074776f0d0a2e0d0a",
    "4500003000010000400600000a0000020a00000100199c6800000010000000375018ffff00000000323530206f6b0d0a",
];

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SMTP");
    d.begin(PROTO, tvb);
    let is_request = dialogue::is_request(d, PORTS);
    let octets = tvb.bytes();
    d.set_info(|| if is_request { "C: " } else { "S: " }.to_owned());
    if !is_request {
        replies(d, tvb);
    } else if is_command(octets, dialogue::line(octets, 0)) {
        for (at, line) in dialogue::lines(octets).enumerate() {
            command(d, tvb, line, at > 0);
        }
    } else {
        mail(d, tvb);
        d.close();
        d.call(ProtoId::Lines, tvb);
        return Ok(());
    }
    d.close();
    Ok(())
}

/// A mail of which the end has not been seen.
#[derive(Default)]
struct Mail {
    frames: Vec<u64>,
    octets: usize,
}

/// The mails of the first pass that are on their way.
pub(crate) struct Mails {
    open: Recent<conversation::Key, Mail>,
}

impl Default for Mails {
    fn default() -> Self {
        Self { open: Recent::new(MAX_MAILS) }
    }
}

/// The frames that hold a mail, and how long it is without the dot that ends it.
#[derive(Debug)]
pub struct Whole {
    frames: Vec<u64>,
    octets: usize,
}

/// In the first pass: puts a piece of a mail to those before it.
fn gather(d: &mut Dissector<'_>, len: usize, is_end: bool) {
    const DOT_LEN: usize = 3;
    if !d.wants_facts_of(ProtoId::Smtp) {
        return;
    }
    let here = d.packet.number;
    let key = conversation::Key(d.endpoints.conversation().0);
    let Some(flows) = d.flows() else {
        return;
    };
    let open = &mut flows.smtp.open;
    if open.get(&key).is_none() {
        open.insert(key, Mail::default());
    }
    let Some(mail) = open.get(&key) else {
        return;
    };
    if mail.frames.len() < MAX_PIECES {
        mail.frames.push(here);
    }
    mail.octets += len;
    if !is_end {
        return;
    }
    let mail = std::mem::take(mail);
    for frame in mail.frames.iter().filter(|frame| **frame != here) {
        d.amend(*frame, Fact::MailIn(here));
    }
    let octets = mail.octets.saturating_sub(DOT_LEN);
    d.record(Fact::Mail(Arc::new(Whole { frames: mail.frames, octets })));
}

/// Shows where the pieces of a mail are.
fn pieces<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let whole = d.fact(|fact| match fact {
        Fact::Mail(whole) => Some(whole.clone()),
        _ => None,
    });
    if let Some(whole) = whole {
        d.open(DATA_FRAGMENTS, tvb, 0, tvb.reported(), Value::None);
        for frame in &whole.frames {
            d.generated(DATA_FRAGMENT, tvb, 0, 0, Value::Uint(*frame));
        }
        d.generated(DATA_FRAGMENT_COUNT, tvb, 0, 0, Value::Uint(whole.frames.len() as u64));
        d.generated(DATA_REASSEMBLED_LENGTH, tvb, 0, 0, Value::Uint(whole.octets as u64));
        d.close();
    }
    let frame = d.fact(|fact| match fact {
        Fact::MailIn(frame) => Some(*frame),
        _ => None,
    });
    if let Some(frame) = frame {
        d.generated(DATA_REASSEMBLED_IN, tvb, 0, 0, Value::Uint(frame));
    }
}

fn is_command(octets: &[u8], line: Line) -> bool {
    let word = octets.get(dialogue::word(octets, line).0).unwrap_or_default();
    COMMANDS.iter().any(|command| command.eq_ignore_ascii_case(word))
}

fn text(octets: &[u8], from: usize, to: usize) -> String {
    printable(octets.get(from..to).unwrap_or_default())
}

fn command<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, line: Line, is_next: bool) {
    let octets = tvb.bytes();
    let separator = if is_next { " | " } else { "" };
    d.append_info(|| format!("{separator}{}", text(octets, line.start, line.end)));
    d.hidden(REQ, tvb, line.start, 0, Value::Uint(1));
    d.open(COMMAND_LINE, tvb, line.start, line.next - line.start, Value::Text);
    let (word, rest) = dialogue::word(octets, line);
    d.string(REQ_COMMAND, tvb, word.start, word.len());
    if rest < line.end {
        d.string(REQ_PARAMETER, tvb, rest, line.end - rest);
    }
    d.close();
}

/// A mail or a piece of one; a line with nothing but a dot ends it.
fn mail<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let octets = tvb.bytes();
    let len = octets.len();
    let is_end = octets.ends_with(b"\r\n.\r\n") || octets == b".\r\n";
    d.append_info(|| format!("DATA fragment, {}", octets_text(len)));
    gather(d, len, is_end);
    if is_end {
        tcp::frame_as_known(d, false);
    }
    pieces(d, tvb);
    if is_end && let Some(line) = dialogue::lines(octets).last() {
        let item = d.add(EOM, tvb, line.start, line.next - line.start, Value::None);
        d.text(item, || "C: .".to_owned());
    }
}

/// Replies, each of one or more lines of which all but the last have a dash behind their code.
fn replies<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let octets = tvb.bytes();
    let mut is_open = false;
    for (at, line) in dialogue::lines(octets).enumerate() {
        let separator = if at > 0 { " | " } else { "" };
        let start = octets.get(line.start..line.end).unwrap_or_default();
        let code = start.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit));
        if !is_open {
            if at == 0 {
                d.hidden(RSP, tvb, 0, 0, Value::Uint(1));
            }
            d.append_info(|| format!("{separator}{}", text(octets, line.start, line.end)));
            d.open(RESPONSE, tvb, line.start, line.next - line.start, Value::Text);
            if let Some(code) = code {
                let code = code.iter().fold(0, |code, digit| code * 10 + u64::from(digit - b'0'));
                if code == START_MAIL {
                    tcp::expect_no_body(d, true);
                }
                d.add(RESPONSE_CODE, tvb, line.start, 3, Value::Uint(code));
            }
        } else {
            d.append_info(|| format!("{separator}{}", text(octets, (line.start + 4).min(line.end), line.end)));
        }
        if line.end > line.start + 4 {
            d.string(RSP_PARAMETER, tvb, line.start + 4, line.end - line.start - 4);
        }
        is_open = start.get(3) == Some(&b'-');
        if !is_open {
            d.close();
        }
    }
    if is_open {
        d.close();
    }
}

#[cfg(test)]
mod mails {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_mail_is_taken_as_it_comes() {
        let mut mail: Vec<String> = MAIL.iter().map(|frame| frame.replace(' ', "")).collect();
        // The first piece of it ends within a line.
        let piece = mail[4].replace("003f", "003d");
        mail[4] = piece[..piece.len() - 4].to_owned();
        let shown = frames(101, &mail.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(values(&shown[4], "tcp.segment_data"), "");
        assert_eq!(values(&shown[4], "smtp.data.reassembled.in"), "7");
    }
}
