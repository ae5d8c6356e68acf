//! `sip.malformed`: a message breaks RFC 3261 so that whoever reads it must guess.

use std::collections::BTreeMap;

use super::deadlines::Deadlines;
use super::segment::Segment;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::diagnose::{Evidence, Mark};
use crate::dissector::{Endpoints, Transport};
use crate::field::FieldId;
use crate::proto::{sip, tcp, udp};
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::tree::Node;

static CODE: Code = Code {
    name: "sip.malformed",
    severity: Severity::Warning,
    advice: "the program that sent the message must be mended or configured: others may drop it or read it differently",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Sip, ProtoId::Udp, ProtoId::Tcp],
    fields: &[
        sip::PROTO,
        sip::METHOD,
        sip::STATUS_CODE,
        sip::CALL_ID,
        sip::CSEQ,
        sip::CSEQ_METHOD,
        sip::FROM,
        sip::TO,
        sip::VIA,
        sip::CONTENT_LENGTH,
        sip::MSG_HDR,
        udp::LENGTH,
        udp::PAYLOAD,
        tcp::PAYLOAD,
        tcp::FLAGS,
        tcp::SEQ_RAW,
        tcp::ACK_RAW,
        tcp::LEN,
    ],
    make: || Box::new(Malformed::default()),
};

/// How many messages wait for their repetitions.
const MAX_WAITING: usize = 1024;
/// How many messages that were told are remembered.
const MAX_TOLD: usize = 8192;
/// So long repetitions of a message are gathered before it is told.
const GATHER_NS: i64 = 1_000_000_000;
/// How many messages over streams wait for the rest that their Content-Length promises.
const MAX_UNFINISHED: usize = 4096;
/// Who sends a message sends it whole: what has not come after so long does not come.
const UNFINISHED_NS: i64 = 10_000_000_000;
/// The port of SIP (RFC 3261, 19.1.2), and those that a second server takes on the same host.
const PORTS: std::ops::RangeInclusive<u16> = 5060..=5099;
/// In so many octets of a datagram a broken message shows that it is one.
const MAX_LOOK: usize = 2048;

/// Who sent what, and what is wrong with it.
type Key = (Endpoints, String, String);

struct Malformed {
    waiting: BTreeMap<Key, (Evidence, Option<String>)>,
    told: Recent<Key, ()>,
    /// By the direction of the message.
    unfinished: Deadlines<Endpoints, Unfinished>,
}

impl Default for Malformed {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), told: Recent::new(MAX_TOLD), unfinished: Deadlines::new(MAX_UNFINISHED) }
    }
}

/// A message over a stream of which its Content-Length says that more comes.
struct Unfinished {
    mark: Mark,
    kind: String,
    call_id: Option<String>,
    length: usize,
    /// How many octets of the body have come, and the sequence number behind them.
    have: usize,
    next: u32,
}

impl Unfinished {
    /// The message that begins in a segment and does not end there.
    fn of(octets: &[u8], segment: &Segment, mark: Mark) -> Option<Self> {
        let have = body(octets)?.len();
        let length: usize = header(octets, "Content-Length", "l")?.parse().ok()?;
        let line = octets.get(..memchr::memchr(b'\n', octets)?)?.trim_ascii();
        let mut words = line.split(|octet| *octet == b' ');
        let first = String::from_utf8_lossy(words.next()?).into_owned();
        let kind = if first == "SIP/2.0" { String::from_utf8_lossy(words.next()?).into_owned() } else { first };
        let call_id = header(octets, "Call-ID", "i").map(str::to_owned);
        let next = segment.seq.wrapping_add(segment.len);
        (length > have).then_some(Self { mark, kind, call_id, length, have, next })
    }
}

/// The headers that every message has (RFC 3261, 8.1.1).
const MANDATORY: [(FieldId, &str, &str); 5] = [
    (sip::CALL_ID, "Call-ID", "i"),
    (sip::CSEQ, "CSeq", "CSeq"),
    (sip::FROM, "From", "f"),
    (sip::TO, "To", "t"),
    (sip::VIA, "Via", "v"),
];

/// A message's nodes with what is asked of them.
struct Message<'m, 'p> {
    seen: &'m Seen<'p>,
    nodes: &'p [Node],
}

impl<'p> Message<'_, 'p> {
    fn find(&self, field: FieldId) -> Option<&'p Node> {
        self.nodes.iter().find(|node| node.field == field)
    }

    fn text(&self, field: FieldId) -> Option<String> {
        self.find(field).map(|node| String::from_utf8_lossy(self.seen.octets(node)).into_owned())
    }

    /// All octets of the message; nothing where the capture or a missing fragment cut it.
    fn octets(&self) -> Option<&'p [u8]> {
        let node = self.find(sip::PROTO)?;
        let octets = self.seen.dissection.bytes(node);
        let is_cut = octets.len() < node.len as usize || {
            let lengths = self.seen.all(udp::LENGTH).filter_map(Seen::number);
            self.seen.endpoints().transport == Transport::Udp
                && lengths.last().is_some_and(|length| (octets.len() as u64) < length.saturating_sub(8))
        };
        (!is_cut).then_some(octets)
    }

    /// Whether nothing but its Content-Length tells where it ends. A frame of WebSocket holds one message (RFC 7118, 5).
    fn is_stream(&self) -> bool {
        self.seen.endpoints().transport == Transport::Tcp && !self.seen.has_proto(ProtoId::WebSocket)
    }

    /// What it is, for people: its method, or its status and what it answers.
    fn kind(&self) -> String {
        match (self.text(sip::METHOD), self.find(sip::STATUS_CODE).and_then(Seen::number)) {
            (Some(method), _) => method,
            (None, Some(status)) => match self.text(sip::CSEQ_METHOD) {
                Some(method) => format!("{status} to {method}"),
                None => format!("{status}"),
            },
            (None, None) => "message".to_owned(),
        }
    }

    /// What breaks the rules.
    fn faults(&self) -> Vec<String> {
        let Some(octets) = self.octets() else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        let sequence = self.text(sip::CSEQ);
        if let Some(sequence) = &sequence
            && let Some(fault) = sequence_fault(sequence, self.text(sip::METHOD).as_deref())
        {
            // What follows a CSeq that cannot be read may not have been looked at.
            return vec![fault];
        }
        // A blank before the colon is odd and allowed (RFC 3261, 7.3.1).
        let is_missing =
            |row: &(FieldId, &str, &str)| self.find(row.0).is_none() && header(octets, row.1, row.2).is_none();
        let missing = MANDATORY.into_iter().filter(is_missing);
        faults.extend(missing.map(|(_, name, _)| format!("no {name} header")));
        faults.extend(header_faults(octets, self.seen.endpoints().transport == Transport::Udp));
        faults.extend(self.length_fault(octets));
        faults
    }

    /// What follows a message in its segment where the next one should begin. Only there it is sure that nothing between
    /// them was lost.
    fn rest_fault(&self, length: &str) -> Option<String> {
        let payload = self.seen.first(tcp::PAYLOAD)?;
        let node = self.find(sip::PROTO).filter(|node| node.source == payload.source)?;
        let from = node.start.saturating_add(node.len).checked_sub(payload.start)? as usize;
        let rest = self.seen.dissection.bytes(payload).get(from..)?.trim_ascii_start();
        let line = rest.get(..memchr::memchr(b'\n', rest)?)?;
        let shown = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        (!sip::is_message(rest))
            .then(|| format!("Content-Length {length}, but no message begins behind its body: {shown:?}"))
    }

    /// RFC 3261, 20.14 and 18.3.
    fn length_fault(&self, octets: &[u8]) -> Option<String> {
        let values = self.nodes.iter().filter(|node| node.field == sip::CONTENT_LENGTH);
        let mut values = values.map(|node| self.seen.dissection.bytes(node).trim_ascii());
        let is_stream = self.is_stream();
        let Some(value) = values.next() else {
            // RFC 3261, 20.14: over a stream nothing else tells where a message ends.
            return is_stream.then(|| "no Content-Length header over TCP".to_owned());
        };
        let shown = String::from_utf8_lossy(value).into_owned();
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Some(format!("Content-Length {shown:?} is no number"));
        }
        if let Some(other) = values.find(|other| *other != value) {
            return Some(format!("two lengths, {shown} and {}", String::from_utf8_lossy(other)));
        }
        if is_stream {
            return self.rest_fault(&shown);
        }
        let length: usize = shown.parse().unwrap_or(usize::MAX);
        let body = body(octets)?;
        if length > body.len() {
            return Some(format!("Content-Length {shown}, but the datagram ends after {} octets", body.len()));
        }
        // Line ends and zero octets behind the body are padding.
        let rest = body.get(length..).unwrap_or_default();
        let is_padding = rest.iter().all(|octet| matches!(octet, 0 | b'\r' | b'\n' | b' '));
        (!is_padding).then(|| format!("Content-Length {shown}, but the body has {} octets", body.len()))
    }
}

/// Headers that stand in a message once and are not empty (RFC 3261, 7.3.1), in their long and their compact form.
const SINGLE: [(&str, &str); 5] = [("Call-ID", "i"), ("CSeq", ""), ("From", "f"), ("To", "t"), ("Max-Forwards", "")];

/// What is wrong with the lines of the headers (RFC 3261, 7.3): there is one without a colon, one that may stand only once
/// stands twice or says nothing, or one that is not whole.
///
/// Of a message over a stream the end may not have come. Where only the empty line is missing nobody has to guess.
fn header_faults(octets: &[u8], is_whole: bool) -> Option<String> {
    let mut seen = [false; SINGLE.len()];
    let (first, mut rest) = octets.split_at(memchr::memchr(b'\n', octets)? + 1);
    if first.split(|octet| *octet == b' ').nth(1).is_some_and(|uri| uri.starts_with(b"<")) {
        return Some("the address of the request line stands in angle brackets".to_owned());
    }
    loop {
        let Some(end) = memchr::memchr(b'\n', rest) else {
            return (is_whole && !rest.is_empty()).then(|| "it ends within a header line".to_owned());
        };
        let (line, next) = rest.split_at(end + 1);
        rest = next;
        let text = line.trim_ascii_end();
        if text.is_empty() {
            return None;
        }
        if matches!(text.first(), Some(b' ' | b'\t')) {
            continue;
        }
        let Some(colon) = memchr::memchr(b':', text) else {
            return Some(format!("the header line {:?} has no colon", String::from_utf8_lossy(text)));
        };
        let (name, value) = text.split_at(colon);
        let is_named = |known: &str| !known.is_empty() && name.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
        let rows = SINGLE.iter().zip(&mut seen);
        let Some(((long, _), was_there)) =
            rows.into_iter().find(|((long, short), _)| is_named(long) || is_named(short))
        else {
            continue;
        };
        if std::mem::replace(was_there, true) {
            return Some(format!("two {long} headers"));
        }
        // What begins with a blank line goes on in the next one.
        let goes_on = matches!(rest.first(), Some(b' ' | b'\t'));
        if value.get(1..).unwrap_or_default().trim_ascii().is_empty() && !goes_on {
            return Some(format!("the {long} header is empty"));
        }
        if matches!(*long, "From" | "To") && !goes_on && !has_closed_quotes(value) {
            return Some(format!("the {long} header has a quote that is not closed"));
        }
    }
}

/// Whether each quoted string ends (RFC 3261, 25.1).
fn has_closed_quotes(value: &[u8]) -> bool {
    let (mut is_open, mut is_escaped) = (false, false);
    for octet in value {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_open => is_escaped = true,
            b'"' => is_open = !is_open,
            _ => {}
        }
    }
    !is_open
}

/// What is wrong with a CSeq header (RFC 3261, 8.1.1.5 and 20.16).
fn sequence_fault(value: &str, method: Option<&str>) -> Option<String> {
    let mut words = value.split_ascii_whitespace();
    let (number, of) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_number = number.parse::<u32>().is_ok_and(|number| number < 1 << 31);
    if !is_number || of.is_empty() {
        return Some(format!("CSeq {value:?} is no number below 2^31 and a method"));
    }
    let method = method.filter(|method| *method != of)?;
    Some(format!("CSeq names the method {of}, the request line {method}"))
}

/// The value of a header by its long or its compact name, where it is text.
fn header<'a>(octets: &'a [u8], long: &str, short: &str) -> Option<&'a str> {
    let lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii).skip(1);
    let mut named = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let (name, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
        let name = name.trim_ascii();
        let is_it = [long, short].iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        is_it.then(|| value.get(1..).unwrap_or_default().trim_ascii())
    });
    std::str::from_utf8(named.next()?).ok()
}

/// What follows the empty line behind the headers.
fn body(octets: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(octets, b"\r\n\r\n").map(|at| at + 4);
    let bare = memchr::memmem::find(octets, b"\n\n").map(|at| at + 2);
    octets.get(at.or(bare)?..)
}

/// The first line of a datagram that is meant to be a message, though it does not begin like one.
fn broken_start(payload: &[u8]) -> Option<String> {
    let payload = payload.get(..MAX_LOOK).unwrap_or(payload);
    let payload = payload.trim_ascii_start();
    let end = memchr::memchr2(b'\r', b'\n', payload)?;
    let (line, rest) = payload.split_at(end);
    let is_text = line.iter().all(|octet| (0x20..0x7f).contains(octet)) && !line.is_empty();
    // A header that nothing but SIP has; names in any case, long or compact (RFC 3261, 7.3.1 and 20.42).
    let is_via = |line: &[u8]| {
        let Some(colon) = memchr::memchr(b':', line) else { return false };
        let (name, value) = line.split_at(colon);
        let is_named = [&b"via"[..], b"v"].iter().any(|via| name.trim_ascii().eq_ignore_ascii_case(via));
        is_named && value.get(1..).is_some_and(|value| value.trim_ascii_start().starts_with(b"SIP/2.0/"))
    };
    let is_sip = rest.split(|octet| *octet == b'\n').any(is_via);
    (is_text && is_sip).then(|| String::from_utf8_lossy(line).into_owned())
}

impl Malformed {
    fn note(&mut self, key: Key, call_id: Option<String>, seen: &Seen<'_>, out: &mut Out<'_>) {
        self.note_at(key, call_id, seen.mark, out);
    }

    fn note_at(&mut self, key: Key, call_id: Option<String>, mark: Mark, out: &mut Out<'_>) {
        if self.told.get(&key).is_some() {
            return;
        }
        if self.waiting.len() >= MAX_WAITING && !self.waiting.contains_key(&key) {
            self.tell(i64::MAX, out);
        }
        self.waiting.entry(key).or_insert_with(|| (Evidence::default(), call_id)).0.add(mark);
    }

    /// Tells of those whose first message came at `until` or before.
    fn tell(&mut self, until: i64, out: &mut Out<'_>) {
        let is_due = |evidence: &Evidence| evidence.first().time <= until;
        while let Some(key) =
            self.waiting.iter().find(|(_, (evidence, _))| is_due(evidence)).map(|(key, _)| key.clone())
        {
            let Some((evidence, call_id)) = self.waiting.remove(&key) else {
                return;
            };
            let (endpoints, kind, fault) = &key;
            let from = place(endpoints.src, endpoints.src_port);
            let to = place(endpoints.dst, endpoints.dst_port);
            let mut subject = Subject::new("message", format!("{kind} from {from}"));
            if let Some(call_id) = call_id {
                subject = subject.and("call_id", call_id);
            }
            let summary = format!("{kind} from {from} to {to} breaks RFC 3261: {fault}");
            out.say(Finding::new(&CODE, subject, evidence, summary));
            self.told.insert(key, ());
        }
    }
}

impl Malformed {
    /// Follows messages over a stream that are shorter than they say: what should be their body is the next message, or
    /// nothing comes any more. Only where no segment is missing in the capture, and not because the capture has ended.
    ///
    /// Says whether one was found out: what was taken for its body is then no message to be judged.
    fn stream(&mut self, segment: &Segment, packet: &Seen<'_>, out: &mut Out<'_>) -> bool {
        let payload = packet.all(tcp::PAYLOAD).last().map(|node| packet.dissection.bytes(node)).unwrap_or_default();
        let begins = !payload.is_empty() && sip::is_message(payload);
        if let Some(unfinished) = self.unfinished.get_mut(&segment.flow) {
            let ahead = segment.seq.wrapping_sub(unfinished.next) as i32;
            // A repetition says nothing; behind a hole in the capture, or after a reset, nobody knows.
            if ahead < 0 && !segment.has_reset() {
                return false;
            }
            let why = match () {
                () if ahead > 0 || segment.has_reset() => None,
                () if begins => Some("then the next message begins"),
                () if segment.has_fin() => Some("then the connection is closed"),
                () => {
                    unfinished.have = unfinished.have.saturating_add(payload.len());
                    unfinished.next = segment.seq.wrapping_add(segment.len);
                    if unfinished.have >= unfinished.length {
                        self.unfinished.remove(&segment.flow);
                    }
                    return false;
                }
            };
            if let Some(unfinished) = self.unfinished.remove(&segment.flow)
                && let Some(why) = why
            {
                self.broken_off(segment.flow, unfinished, why, out);
                return true;
            }
        }
        if begins
            && !packet.has_proto(ProtoId::Sip)
            && !packet.is_cut()
            && let Some(unfinished) = Unfinished::of(payload, segment, packet.mark)
        {
            self.unfinished.insert(segment.flow, packet.time().saturating_add(UNFINISHED_NS), unfinished);
        }
        false
    }

    fn broken_off(&mut self, flow: Endpoints, unfinished: Unfinished, why: &str, out: &mut Out<'_>) {
        let Unfinished { mark, kind, call_id, length, have, .. } = unfinished;
        let fault = format!("Content-Length {length}, but the body has {have} octets, {why}");
        self.note_at((flow, kind, fault), call_id, mark, out);
    }
}

impl Rule for Malformed {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let endpoints = packet.endpoints();
        if Segment::of(packet).is_some_and(|segment| self.stream(&segment, packet, out)) {
            return;
        }
        if !packet.has_proto(ProtoId::Sip) {
            let at_port = PORTS.contains(&endpoints.src_port) || PORTS.contains(&endpoints.dst_port);
            if at_port && let Some(line) = packet.bytes(udp::PAYLOAD).and_then(broken_start) {
                let key =
                    (endpoints, "message".to_owned(), format!("the first line is no request or status line: {line}"));
                self.note(key, None, packet, out);
            }
            return;
        }
        for nodes in packet.messages(sip::PROTO) {
            let message = Message { seen: packet, nodes };
            let is_message = nodes.iter().any(|node| matches!(node.field, sip::METHOD | sip::STATUS_CODE));
            let faults = if is_message { message.faults() } else { Vec::new() };
            if faults.is_empty() {
                continue;
            }
            let key = (endpoints, message.kind(), faults.join(", "));
            self.note(key, message.text(sip::CALL_ID), packet, out);
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((flow, unfinished)) = self.unfinished.pop_due(out.now) {
            self.broken_off(flow, unfinished, "and nothing more of it comes", out);
        }
        if !self.waiting.is_empty() {
            self.tell(out.now.saturating_sub(GATHER_NS), out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        self.tell(i64::MAX, out);
    }

    fn horizon(&self) -> Option<i64> {
        let unfinished = self.unfinished.values().map(|unfinished| unfinished.mark.time);
        self.waiting.values().map(|(evidence, _)| evidence.first().time).chain(unfinished).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{ACK, Capture, FIN, RST, host};

    const REGISTER: &str = "REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\n\
        From: <sip:a@example.net>;tag=1\r\nTo: <sip:a@example.net>\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n\
        Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

    fn check(message: &str, fault: Option<&str>) {
        let mut capture = Capture::default();
        for ms in [0, 500] {
            capture.udp(ms, host(1, 5060), host(2, 5060), message.as_bytes());
        }
        let findings = capture.findings();
        let told: Vec<_> = findings.iter().filter(|finding| finding.code == CODE.name).collect();
        match fault {
            None => assert!(told.is_empty(), "{told:?}"),
            Some(fault) => {
                let [finding] = told.as_slice() else { panic!("{message}: {told:?}") };
                assert!(finding.summary.contains(fault), "{}", finding.summary);
                assert_eq!(finding.evidence.count(), 2);
            }
        }
    }

    #[test]
    fn what_breaks_the_rules_is_told_once() {
        check(REGISTER, None);
        check(&REGISTER.replace("Call-ID: c1\r\n", ""), Some("no Call-ID header"));
        check(&REGISTER.replace("CSeq: 1 REGISTER\r\n", ""), Some("no CSeq header"));
        check(&REGISTER.replace("1 REGISTER\r", "1 OPTIONS\r"), Some("CSeq names the method OPTIONS"));
        check(&REGISTER.replace("1 REGISTER\r", "4294967295 REGISTER\r"), Some("no number below"));
        check(&REGISTER.replace("Length: 0", "Length: -1"), Some("is no number"));
        check(REGISTER.strip_suffix(": 0\r\n\r\n").unwrap_or_default(), Some("ends within a header line"));
        check(&REGISTER.replace("Call-ID: c1", "Call-ID: "), Some("Call-ID header is empty"));
        check(&REGISTER.replace("Call-ID: c1", "Call-ID: c1\r\ni: c2"), Some("two Call-ID headers"));
        check(&REGISTER.replace("Max-Forwards: ", "Max-Forwards "), Some("has no colon"));
        check(&REGISTER.replace("Length: 0", "Length: 20"), Some("ends after 0 octets"));
        check(&REGISTER.replace("sip:example.net SIP", "<sip:example.net> SIP"), Some("angle brackets"));
        check(&REGISTER.replace("To: <", "To: \"Mr. \\\" A <"), Some("To header has a quote that is not closed"));
        check(&REGISTER.replace("To: <", "To: \"Mr. \\\" A\" <"), None);
        // Odd, but allowed.
        check(&REGISTER.replace("To: <", "TO : <"), None);
        check(&format!("{REGISTER}v=0"), Some("the body has 3 octets"));
        check(&REGISTER.replace(" SIP/2.0\r\nVia", "\r\nVia"), Some("no request or status line"));
        check(&REGISTER.replace(" SIP/2.0\r\nVia", " SIP/3.0\r\nv "), Some("no request or status line"));
    }

    #[test]
    fn a_length_that_puts_a_stream_out_of_step_is_told() {
        let codes = |length: &str| {
            let message = format!("{}v=0\r\n", REGISTER.replace("Length: 0", &format!("Length: {length}")));
            let mut capture = Capture::default();
            for (at, seq) in (0..3).zip((1..).step_by(message.len())) {
                capture.tcp(at * 100, host(1, 5060), host(2, 5060), ACK, seq, 1, 9000, message.as_bytes());
            }
            capture.codes().into_iter().filter(|code| *code == CODE.name).count()
        };
        assert_eq!(codes("5"), 0);
        assert!(codes("2") > 0);
    }

    #[test]
    fn a_message_in_a_frame_of_websocket_needs_no_length() {
        let (client, server) = (host(1, 40_000), host(2, 80));
        let request = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Protocol: sip\r\n\r\n";
        let message = REGISTER.replace("Content-Length: 0\r\n", "");
        let mut frame = vec![0x81, 126];
        frame.extend((message.len() as u16).to_be_bytes());
        frame.extend(message.as_bytes());
        let mut capture = Capture::default();
        capture.tcp(0, client, server, ACK, 101, 901, 9000, request);
        capture.tcp(5, server, client, ACK, 901, 101 + request.len() as u32, 9000, response);
        capture.tcp(9, server, client, ACK, 901 + response.len() as u32, 101 + request.len() as u32, 9000, &frame);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn what_is_no_message_or_padded_is_not_malformed() {
        check("\r\n\r\n", None);
        check(REGISTER.strip_suffix("\r\n").unwrap_or_default(), None);
        check("hello, this is a text\r\nwith lines\r\n", None);
        check(&format!("{REGISTER}\r\n\0"), None);
        check(&REGISTER.replace("Call-ID: ", "Call-ID:\r\n "), None);
        check(&REGISTER.replace("Max-Forwards", "Subject:\r\nRoute: <sip:a>\r\nRoute: <sip:b>\r\nMax-Forwards"), None);
        check(&REGISTER.replace("Call-ID", "i").replace("Content-Length", "l").replace("Via", "v"), None);
    }

    #[test]
    fn what_the_capture_cut_is_not_malformed() {
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5060), host(2, 5060), REGISTER.as_bytes());
        capture.cut_last(200);
        assert_eq!(capture.codes(), ["capture.incomplete"]);
    }

    #[test]
    fn no_more_than_the_limit_waits() {
        let mut rule = Malformed::default();
        let mut capture = Capture::default();
        for n in 0..MAX_WAITING + 50 {
            let message = REGISTER.replace("Content-Length: 0", &format!("Content-Length: x{n}"));
            capture.udp(0, host(1, 5060), host(2, 5060), message.as_bytes());
        }
        capture.each(&RULE, |seen, out| {
            rule.look(seen, out);
            assert!(rule.waiting.len() <= MAX_WAITING);
        });
        assert_eq!(capture.codes().len(), MAX_WAITING + 50);
    }

    #[test]
    fn a_message_over_a_stream_that_is_shorter_than_it_says_is_broken() {
        let message = REGISTER.replace("Content-Length: 0", "l: 100") + "body";
        let (client, server) = (host(1, 40_000), host(2, 5060));
        let next = 101 + message.len() as u32;
        let codes = |more: &[(i64, u8, u32, &str)]| {
            let mut capture = Capture::default();
            capture.tcp(0, client, server, ACK, 101, 901, 64240, message.as_bytes());
            for (ms, flags, seq, octets) in more {
                capture.tcp(*ms, client, server, ACK | flags, *seq, 901, 64240, octets.as_bytes());
            }
            (capture.codes(), capture.findings().first().map(|finding| finding.summary.clone()))
        };
        let later = (20_000, 0, next, "");
        for (more, why) in [
            (vec![(10, FIN, next, "")], "then the connection is closed"),
            (vec![(10, 0, next, REGISTER)], "then the next message begins"),
            (vec![(1, 0, 101, &*message), later, later], "nothing more of it comes"),
        ] {
            let (codes, summary) = codes(&more);
            assert_eq!(codes, ["sip.malformed"], "{why}");
            let summary = summary.unwrap();
            assert!(
                summary.contains("Content-Length 100, but the body has 4 octets") && summary.contains(why),
                "{summary}"
            );
        }
        // The capture ends, the rest comes, a segment is missing, or the connection is reset.
        let rest = "x".repeat(96);
        assert_eq!(codes(&[]).0, [""; 0]);
        assert_eq!(codes(&[(10, 0, next, &rest), later]).0, [""; 0]);
        assert_eq!(codes(&[(10, 0, next, &rest[..9]), (20, 0, next + 9, &rest[9..]), later]).0, [""; 0]);
        assert_eq!(codes(&[(10, 0, next + 500, REGISTER)]).0, [""; 0]);
        assert_eq!(codes(&[(10, RST, next, ""), later]).0, ["tcp.reset"]);
    }

    #[test]
    fn no_more_than_the_limit_of_messages_waits_for_its_rest() {
        let mut rule = Malformed::default();
        let mut capture = Capture::default();
        let message = REGISTER.replace("Content-Length: 0", "l: 100");
        for n in 0..MAX_UNFINISHED + 10 {
            let from = ([10, 1, (n >> 8) as u8, n as u8], 4000);
            capture.tcp(0, from, host(2, 5060), ACK, 101, 901, 64240, message.as_bytes());
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.unfinished.len(), MAX_UNFINISHED);
    }
}
