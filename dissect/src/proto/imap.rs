//! The Internet Message Access Protocol (RFC 9051): commands and responses with their tags.

use crate::bindings::Binding;
use crate::conversation;
use crate::dialogue::{self, Line};
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::fields;
use crate::output::value::printable;
use crate::proto::tls;
use crate::recent::Recent;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Imap, "imap", "Internet Message Access Protocol";
    ISREQUEST = field("imap.isrequest", "Request", Boolean, None);
    LINE = field("imap.line", "Line", String, None);
    REQUEST = field("imap.request", "Request", String, None);
    REQUEST_TAG = field("imap.request_tag", "Request Tag", String, None);
    RESPONSE = field("imap.response", "Response", String, None);
    RESPONSE_TAG = field("imap.response_tag", "Response Tag", String, None);
    REQUEST_COMMAND = field("imap.request.command", "Request Command", String, None);
    RESPONSE_COMMAND = field("imap.response.command", "Response Command", String, None);
    RESPONSE_STATUS = field("imap.response.status", "Response Status", String, None);
    TAG = field("imap.tag", "Tag", String, None);
    COMMAND = field("imap.command", "Command", String, None);
    REQUEST_FOLDER = field("imap.request.folder", "Request Folder", String, None);
    REQUEST_COMMAND_UID = field("imap.request.command.uid", "Request isUID", Boolean, None);
    REQUEST_USERNAME = field("imap.request.username", "Request Username", String, None);
    REQUEST_PASSWORD = field("imap.request.password", "Request Password", String, None);
    RESPONSE_IN = field("imap.response_in", "Response In", FrameNum, None).told_later();
    RESPONSE_TO = field("imap.response_to", "Request In", FrameNum, None);
    TIME = field("imap.time", "Response Time", RelativeTime, None);
}

/// Commands that name a folder.
const OF_FOLDERS: &[&[u8]] =
    &[b"SELECT", b"EXAMINE", b"CREATE", b"DELETE", b"RENAME", b"SUBSCRIBE", b"UNSUBSCRIBE", b"STATUS", b"APPEND"];

/// How many commands without a response are remembered.
const MAX_COMMANDS: usize = 65_536;
/// The longest tag that is.
const MAX_TAG: usize = 32;

/// A connection and the tag of one of its commands.
type Tagged = (conversation::Key, Box<[u8]>);

/// Commands that wait for their response: the frame and the time of each.
pub(crate) struct Commands {
    open: Recent<Tagged, (u64, i64)>,
}

impl Default for Commands {
    fn default() -> Self {
        Self { open: Recent::new(MAX_COMMANDS) }
    }
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(tls::has_not_begun),
    framing: Some(framing),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Imap, "IMAP", &[Binding::TcpPort(143)], dissect)
};

/// Commands and their responses.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000008f00000064000000005002fff000000000",
    "4500002800010000400600000a0000020a000001008fc000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000008f00000065000003e95010fff000000000",
    "4500005b00010000400600000a0000010a000002c000008f00000065000003e95018fff00000000061204c4f47494e20 \
     227522202270220d0a62205549442053454c45435420780d0a632053454c4543542022494e424f58220d0a",
    "4500003f00010000400600000a0000020a000001008fc000000003e9000000985018fff0000000002a204f4b0d0a6120 \
     4f4b204c4f47494e20646f6e650d0a",
];

/// How many octets of a literal follow a line (RFC 9051, 4.3).
fn literal(octets: &[u8], line: Line) -> usize {
    let text = octets.get(line.start..line.end).unwrap_or_default();
    let number = text.strip_suffix(b"}").and_then(|text| text.rsplit(|octet| *octet == b'{').next());
    let number = number.map(|number| number.strip_suffix(b"+").unwrap_or(number));
    number.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok()).unwrap_or(0)
}

/// Whole lines with their literals are taken together.
fn framing(stream: &[u8]) -> Framing {
    let mut at = 0;
    for _ in 0..dialogue::MAX_LINES {
        let mut end = at;
        loop {
            let line = dialogue::line(stream, end);
            if line.next == line.end {
                return if at > 0 { Framing::Message(at) } else { Framing::More(1) };
            }
            let literal = literal(stream, line);
            end = line.next.saturating_add(literal);
            if literal == 0 {
                break;
            }
            if end >= stream.len() {
                let missing = end - stream.len();
                return if at > 0 { Framing::Message(at) } else { Framing::More(missing + 1) };
            }
        }
        at = end;
        if at == stream.len() {
            break;
        }
    }
    Framing::Message(at.max(1))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IMAP");
    d.begin(PROTO, tvb);
    let is_request = dialogue::is_request(d, &[143]);
    let octets = tvb.bytes();
    let text = |line: Line| printable(octets.get(line.start..line.end).unwrap_or_default());
    let what = if is_request { "Request" } else { "Response" };
    d.set_info(|| format!("{what}: {}", text(dialogue::line(octets, 0))));
    let learns = d.flows().is_some() && [RESPONSE_IN, RESPONSE_TO, TIME].into_iter().any(|field| d.wants_fact(field));
    if !learns && !d.wants_fields_of(ProtoId::Imap) {
        d.close();
        return Ok(());
    }
    d.hidden(ISREQUEST, tvb, 0, 0, Value::Uint(is_request.into()));
    let mut at = 0;
    for _ in 0..dialogue::MAX_LINES {
        if at >= octets.len() {
            break;
        }
        let line = dialogue::line(octets, at);
        at = line.next.saturating_add(literal(octets, line));
        d.open(LINE, tvb, line.start, line.next - line.start, Value::Text);
        let is_tagged = !matches!(octets.get(line.start), None | Some(b'*' | b'+')) && line.end > line.start;
        if is_tagged {
            if learns {
                learn(d, octets, line, is_request);
            }
            d.set_info(|| format!("{what}: {}", text(line)));
            tagged(d, tvb, line, is_request);
        }
        d.close();
    }
    d.close();
    Ok(())
}

/// In the first pass: tells which command a response answers.
fn learn(d: &mut Dissector<'_>, octets: &[u8], line: Line, is_request: bool) {
    let (frame, time) = (d.packet.number, d.packet.time);
    let key = conversation::Key(d.endpoints.conversation().0);
    let tag = octets.get(dialogue::word(octets, line).0).unwrap_or_default();
    let Some(flows) = d.flows().filter(|_| tag.len() <= MAX_TAG) else {
        return;
    };
    let open = &mut flows.imap.open;
    if is_request {
        open.insert((key, tag.into()), (frame, time));
    } else if let Some((request, asked)) = open.get(&(key, tag.into())).copied() {
        d.record(Fact::Imap { frame: request, after: time.saturating_sub(asked) });
        d.amend(request, Fact::Imap { frame, after: 0 });
    }
}

/// A line with a tag.
fn tagged<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, line: Line, is_request: bool) {
    let octets = tvb.bytes();
    let (tag, rest) = dialogue::word(octets, line);
    let next = |from: usize| dialogue::word(octets, Line { start: from, ..line });
    let (whole, of_tag) = if is_request { (REQUEST, REQUEST_TAG) } else { (RESPONSE, RESPONSE_TAG) };
    d.string(whole, tvb, line.start, line.end - line.start);
    d.string(of_tag, tvb, tag.start, tag.len());
    d.hidden(TAG, tvb, tag.start, tag.len(), Value::Text);
    if rest < line.end {
        let (mut word, mut rest) = next(rest);
        if is_request {
            if octets.get(word.clone()).is_some_and(|word| word.eq_ignore_ascii_case(b"UID")) {
                d.add(REQUEST_COMMAND_UID, tvb, word.start, word.len(), Value::Uint(1));
                (word, rest) = next(rest);
            }
            d.string(REQUEST_COMMAND, tvb, word.start, word.len());
            d.hidden(COMMAND, tvb, word.start, word.len(), Value::Text);
            let name = octets.get(word).unwrap_or_default().to_ascii_uppercase();
            let (first, rest) = next(rest);
            if name == b"LOGIN" {
                d.string(REQUEST_USERNAME, tvb, first.start, first.len());
                let (second, _) = next(rest);
                let text = octets.get(second.clone()).unwrap_or_default();
                let quotes = usize::from(text.len() >= 2 && text.starts_with(b"\"") && text.ends_with(b"\""));
                d.string(REQUEST_PASSWORD, tvb, second.start + quotes, second.len() - 2 * quotes);
            } else if OF_FOLDERS.contains(&name.as_slice()) && !first.is_empty() {
                d.string(REQUEST_FOLDER, tvb, first.start, first.len());
            }
        } else {
            d.string(RESPONSE_STATUS, tvb, word.start, word.len());
            let (command, _) = next(rest);
            if !command.is_empty() {
                d.string(RESPONSE_COMMAND, tvb, command.start, command.len());
                d.hidden(COMMAND, tvb, command.start, command.len(), Value::Text);
            }
        }
    }
    let known = d.fact(|fact| match *fact {
        Fact::Imap { frame, after } => Some((frame, after)),
        _ => None,
    });
    match known {
        Some((frame, _)) if is_request => {
            d.generated(RESPONSE_IN, tvb, line.start, 0, Value::Uint(frame));
        }
        Some((frame, after)) if rest < line.end => {
            d.generated(RESPONSE_TO, tvb, line.start, 0, Value::Uint(frame));
            d.generated(TIME, tvb, line.start, 0, Value::Time(after));
        }
        _ => {}
    }
}
