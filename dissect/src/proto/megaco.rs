//! Megaco, the media gateway control protocol of ITU-T H.248, in its text encoding (RFC 3525, annex B). Descriptions of
//! media in it go to SDP.

use std::ops::Range;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Megaco, "megaco", "MEGACO";
    START_TOKEN = field("megaco.start_token", "Start token", String, None);
    VERSION = field("megaco.version", "Version", String, None);
    MID = field("megaco.mId", "MediagatewayID", String, None);
    TRANSACTION = field("megaco.transaction", "Transaction", String, None);
    TRANSID = field("megaco.transid", "Transaction ID", Uint32, Dec);
    CONTEXT = field("megaco.context", "Context", Uint32, Dec);
    TOPOLOGY = field("megaco.topology", "Topology Descriptor", String, None);
    PRIORITY = field("megaco.priority", "Priority", String, None);
    COMMAND = field("megaco.command", "Command", String, None);
    TERMID = field("megaco.termid", "Termination ID", String, None);
    AUDIT = field("megaco.audit", "Audit Descriptor", None, None);
    AUDITITEM = field("megaco.audititem", "Audit Item", String, None);
    MEDIA = field("megaco.media", "Media Descriptor", None, None);
    STREAMID = field("megaco.streamid", "StreamID", Uint32, Dec);
    TERMINATIONSTATE = field("megaco.terminationstate", "Termination State Descriptor", None, None);
    SERVICESTATES = field("megaco.servicestates", "Service State", String, None);
    EVENTBUFFERCONTROL = field("megaco.eventbuffercontrol", "Event Buffer Control", String, None);
    LOCALCONTROLDESCRIPTOR = field("megaco.localcontroldescriptor", "Local Control Descriptor", None, None);
    MODE = field("megaco.mode", "Mode", String, None);
    RESERVEVALUE = field("megaco.reservevalue", "Reserve Value", String, None);
    RESERVEGROUP = field("megaco.reservegroup", "Reserve Group", String, None);
    LOCALDESCRIPTOR = field("megaco.localdescriptor", "Local Descriptor", None, None);
    REMOTEDESCRIPTOR = field("megaco.remotedescriptor", "Remote Descriptor", None, None);
    EVENTS = field("megaco.events", "Events Descriptor", None, None);
    OBSERVEDEVENTS = field("megaco.observedevents", "Observed Events Descriptor", None, None);
    REQUESTID = field("megaco.requestid", "RequestID", Uint32, Dec);
    PKGDNAME = field("megaco.pkgdname", "pkgdName", String, None);
    SIGNAL = field("megaco.signal", "Signal Descriptor", None, None);
    STATISTICS = field("megaco.statistics", "Statistics Descriptor", None, None);
    DIGITMAP = field("megaco.digitmap", "DigitMap Descriptor", String, None);
    MODEM = field("megaco.modem", "Modem Descriptor", String, None);
    MULTIPLEX = field("megaco.multiplex", "Multiplex Descriptor", String, None);
    PACKAGESDESCRIPTOR = field("megaco.packagesdescriptor", "Packages Descriptor", String, None);
    ERROR = field("megaco.error", "ERROR Descriptor", None, None);
    ERROR_CODE = field("megaco.error_code", "ERROR Code", Uint32, Dec).names(Names::Values(ERRORS));
    ERROR_STRING = field("megaco.error_string", "ERROR String", String, None);
}

/// ITU-T H.248.8.
const ERRORS: &[(u64, &str)] = &[
    (400, "Syntax error in message"),
    (401, "Protocol Error"),
    (402, "Unauthorized"),
    (403, "Syntax error in transaction request"),
    (406, "Version Not Supported"),
    (410, "Incorrect identifier"),
    (411, "The transaction refers to an unknown ContextId"),
    (412, "No ContextIDs available"),
    (421, "Unknown action or illegal combination of actions"),
    (422, "Syntax Error in Action"),
    (430, "Unknown TerminationID"),
    (431, "No TerminationID matched a wildcard"),
    (432, "Out of TerminationIDs or No TerminationID available"),
    (433, "TerminationID is already in a Context"),
    (434, "Max number of Terminations in a Context exceeded"),
    (435, "Termination ID is not in specified Context"),
    (440, "Unsupported or unknown Package"),
    (441, "Missing Remote or Local Descriptor"),
    (442, "Syntax Error in Command"),
    (443, "Unsupported or Unknown Command"),
    (444, "Unsupported or Unknown Descriptor"),
    (445, "Unsupported or Unknown Property"),
    (446, "Unsupported or Unknown Parameter"),
    (447, "Descriptor not legal in this command"),
    (448, "Descriptor appears twice in a command"),
    (450, "No such property in this package"),
    (451, "No such event in this package"),
    (452, "No such signal in this package"),
    (453, "No such statistic in this package"),
    (454, "No such parameter value in this package"),
    (455, "Property illegal in this Descriptor"),
    (456, "Property appears twice in this Descriptor"),
    (457, "Missing parameter in signal or event"),
    (458, "Unexpected Event/Request ID"),
    (459, "Unsupported or Unknown Profile"),
    (471, "Implied Add for Multiplex failure"),
    (500, "Internal software Failure in MG"),
    (501, "Not Implemented"),
    (502, "Not ready."),
    (503, "Service Unavailable"),
    (504, "Command Received from unauthorized entity"),
    (505, "Transaction Request Received before a Service Change Reply has been received"),
    (506, "Number of Transaction Pendings Exceeded"),
    (510, "Insufficient resources"),
    (512, "Media Gateway unequipped to detect requested Event"),
    (513, "Media Gateway unequipped to generate requested Signals"),
    (514, "Media Gateway cannot send the specified announcement"),
    (515, "Unsupported Media Type"),
    (517, "Unsupported or invalid mode"),
    (518, "Event buffer full"),
    (519, "Out of space to store digit map"),
    (520, "Digit Map undefined in the MG"),
    (521, "Termination is ServiceChanging"),
    (526, "Insufficient bandwidth"),
    (529, "Internal hardware failure in MG"),
    (530, "Temporary Network failure"),
    (531, "Permanent Network failure"),
    (532, "Audited Property, Statistic, Event or Signal does not exist"),
    (533, "Response exceeds maximum transport PDU size"),
    (534, "Illegal write or read only property"),
    (540, "Unexpected initial hook state"),
    (581, "Does Not Exist"),
    (600, "Illegal syntax within an announcement specification"),
    (601, "Variable type not supported"),
    (602, "Variable value out of range"),
    (603, "Category not supported"),
    (604, "Selector type not supported"),
    (605, "Selector value not supported"),
    (606, "Unknown segment ID"),
    (607, "Mismatch between play specification and provisioned data"),
    (608, "Provisioning error"),
    (609, "Invalid offset"),
    (610, "No free segment IDs"),
    (611, "Temporary segment not found"),
    (612, "Segment in use"),
    (613, "ISP port limit overrun"),
    (614, "No modems available"),
    (615, "Calling number unacceptable"),
    (616, "Called number unacceptable"),
];

/// The words of the grammar, long and short (RFC 3525, B.2), in upper case. Both are taken in any case.
type Words<T> = &'static [(&'static str, &'static str, T)];

const TRANSACTIONS: Words<&str> = &[
    ("TRANSACTION", "T", "Request"),
    ("REPLY", "P", "Reply"),
    ("PENDING", "PN", "Pending"),
    ("TRANSACTIONRESPONSEACK", "K", "TransactionResponseAck"),
];
const COMMANDS: Words<&str> = &[
    ("ADD", "A", "Add"),
    ("MODIFY", "MF", "Modify"),
    ("SUBTRACT", "S", "Subtract"),
    ("MOVE", "MV", "Move"),
    ("AUDITVALUE", "AV", "AuditValue"),
    ("AUDITCAPABILITY", "AC", "AuditCapability"),
    ("NOTIFY", "N", "Notify"),
    ("SERVICECHANGE", "SC", "ServiceChange"),
];
/// What stands in a context beside commands.
const OF_CONTEXTS: Words<FieldId> =
    &[("TOPOLOGY", "TP", TOPOLOGY), ("PRIORITY", "PR", PRIORITY), ("ERROR", "ER", ERROR)];
const DESCRIPTORS: Words<FieldId> = &[
    ("MEDIA", "M", MEDIA),
    ("AUDIT", "AT", AUDIT),
    ("EVENTS", "E", EVENTS),
    ("SIGNALS", "SG", SIGNAL),
    ("OBSERVEDEVENTS", "OE", OBSERVEDEVENTS),
    ("STATISTICS", "SA", STATISTICS),
    ("DIGITMAP", "DM", DIGITMAP),
    ("MODEM", "MD", MODEM),
    ("MUX", "MX", MULTIPLEX),
    ("PACKAGES", "PG", PACKAGESDESCRIPTOR),
    ("ERROR", "ER", ERROR),
];
const OF_MEDIA: Words<FieldId> = &[
    ("TERMINATIONSTATE", "TS", TERMINATIONSTATE),
    ("STREAM", "ST", STREAMID),
    ("LOCALCONTROL", "O", LOCALCONTROLDESCRIPTOR),
    ("LOCAL", "L", LOCALDESCRIPTOR),
    ("REMOTE", "R", REMOTEDESCRIPTOR),
    ("STATISTICS", "SA", STATISTICS),
];
const OF_STATES: Words<FieldId> = &[("SERVICESTATES", "SI", SERVICESTATES), ("BUFFER", "BF", EVENTBUFFERCONTROL)];
const OF_CONTROL: Words<FieldId> =
    &[("MODE", "MO", MODE), ("RESERVEDVALUE", "RV", RESERVEVALUE), ("RESERVEDGROUP", "RG", RESERVEGROUP)];
const AUDITED: Words<&str> = &[
    ("MEDIA", "M", "Media"),
    ("MODEM", "MD", "Modem"),
    ("MUX", "MX", "Mux"),
    ("EVENTS", "E", "Events"),
    ("SIGNALS", "SG", "Signals"),
    ("EVENTBUFFER", "EB", "EventBuffer"),
    ("DIGITMAP", "DM", "DigitMap"),
    ("STATISTICS", "SA", "Statistics"),
    ("OBSERVEDEVENTS", "OE", "ObservedEvents"),
    ("PACKAGES", "PG", "Packages"),
];

/// How many members one pair of braces may have.
const MAX_MEMBERS: usize = 1024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Sdp],
    accepts: Some(accepts),
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Megaco, "MEGACO", &[Binding::UdpPort(2944)], dissect)
};

/// `name`, `name = value`, `name { body }` or `name = value { body }`: where each stands in the message.
struct Member {
    name: Range<usize>,
    value: Option<Range<usize>>,
    body: Option<Range<usize>>,
}

impl Member {
    fn end(&self) -> usize {
        let value = self.value.as_ref().map_or(self.name.end, |value| value.end);
        self.body.as_ref().map_or(value, |body| body.end)
    }
}

fn of(octets: &[u8], range: Range<usize>) -> &[u8] {
    octets.get(range).unwrap_or_default()
}

fn word<T: Copy>(words: Words<T>, text: &[u8]) -> Option<T> {
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    words.iter().find(|row| is(row.0) || is(row.1)).map(|row| row.2)
}

/// The digits of a number; 0 for what is none.
fn number(text: &[u8]) -> u64 {
    std::str::from_utf8(text.trim_ascii()).ok().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0).into()
}

/// Where white space and comments (from a semicolon to the end of the line) end.
fn skip(octets: &[u8], mut at: usize, end: usize) -> usize {
    while at < end {
        match octets.get(at) {
            Some(b';') => {
                let line = of(octets, at..end);
                at += line.iter().position(|octet| matches!(octet, b'\r' | b'\n')).unwrap_or(line.len());
            }
            Some(octet) if octet.is_ascii_whitespace() => at += 1,
            _ => break,
        }
    }
    at
}

/// The first of `ends` that stands outside of quotation marks and brackets.
fn until(octets: &[u8], at: usize, end: usize, ends: &[u8]) -> usize {
    let (mut is_quoted, mut brackets) = (false, 0u32);
    for (n, octet) in of(octets, at..end).iter().enumerate() {
        match octet {
            b'"' => is_quoted = !is_quoted,
            b'[' if !is_quoted => brackets = brackets.saturating_add(1),
            b']' if !is_quoted => brackets = brackets.saturating_sub(1),
            _ if !is_quoted && brackets == 0 && ends.contains(octet) => return at + n,
            _ => {}
        }
    }
    end
}

/// Where the body that begins at `at`, behind its brace, ends. A description of media is octets up to a brace that no
/// backslash makes ordinary (RFC 3525, B.2, octetString).
fn body_end(octets: &[u8], at: usize, end: usize, is_opaque: bool) -> usize {
    let (mut depth, mut is_quoted, mut is_escaped) = (0u32, false, false);
    for (n, octet) in of(octets, at..end).iter().enumerate() {
        match octet {
            b'}' if is_opaque && !is_escaped => return at + n,
            b'"' if !is_opaque => is_quoted = !is_quoted,
            b'{' if !is_opaque && !is_quoted => depth = depth.saturating_add(1),
            b'}' if !is_opaque && !is_quoted && depth == 0 => return at + n,
            b'}' if !is_opaque && !is_quoted => depth -= 1,
            _ => {}
        }
        is_escaped = *octet == b'\\';
    }
    end
}

fn members(octets: &[u8], range: Range<usize>) -> Vec<Member> {
    let (mut at, end) = (range.start, range.end);
    let mut members = Vec::new();
    while members.len() < MAX_MEMBERS {
        at = skip(octets, at, end);
        if at >= end {
            break;
        }
        let name_end = until(octets, at, end, b" \t\r\n,={}");
        let name = at..name_end;
        at = skip(octets, name_end, end);
        let mut value = None;
        if octets.get(at) == Some(&b'=') && at < end {
            let start = skip(octets, at + 1, end);
            at = until(octets, start, end, b",{}");
            value = Some(start..at);
        }
        let mut body = None;
        if octets.get(at) == Some(&b'{') && at < end {
            let is_opaque = value.is_none()
                && matches!(word(OF_MEDIA, of(octets, name.clone())), Some(LOCALDESCRIPTOR | REMOTEDESCRIPTOR));
            let close = body_end(octets, at + 1, end, is_opaque);
            body = Some(at + 1..close);
            at = close + 1;
        } else if at == name_end || matches!(octets.get(at), Some(b',' | b'}')) {
            // A comma, or a brace that closes nothing.
            at += 1;
        }
        if !name.is_empty() {
            members.push(Member { name, value, body });
        }
    }
    members
}

fn accepts(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    start(tvb.bytes()).is_some()
}

/// The token that a message begins with (RFC 3525, B.2, MegacopToken), behind white space.
fn start(octets: &[u8]) -> Option<Range<usize>> {
    let at = skip(octets, 0, octets.len());
    let len = octets.get(at..)?.iter().take(7).position(|octet| *octet == b'/')?;
    let token = of(octets, at..at + len);
    (token == b"!" || token.eq_ignore_ascii_case(b"MEGACO")).then_some(at..at + len)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let octets = tvb.bytes();
    d.set_protocol("MEGACO");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let Some(token) = start(octets) else {
        d.close();
        return Ok(());
    };
    show(d, tvb, START_TOKEN, token.clone());
    let version = token.end + 1..until(octets, token.end + 1, octets.len(), b" \t\r\n");
    show(d, tvb, VERSION, version.clone());
    let at = skip(octets, version.end, octets.len());
    let sender = at..until(octets, at, octets.len(), b" \t\r\n");
    show(d, tvb, MID, sender.clone());
    for member in members(octets, sender.end..octets.len()) {
        let name = of(octets, member.name.clone());
        if let Some(kind) = word(TRANSACTIONS, name) {
            transaction(d, tvb, &member, kind);
        } else if word(OF_CONTEXTS, name) == Some(ERROR) {
            error(d, tvb, &member);
        }
    }
    d.close();
    Ok(())
}

fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, range: Range<usize>) {
    d.add(field, tvb, range.start, range.len(), Value::Text);
}

fn show_number<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, range: Range<usize>) {
    let value = number(of(tvb.bytes(), range.clone()));
    d.add(field, tvb, range.start, range.len(), Value::Uint(value));
}

fn open<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, member: &Member) {
    d.open(field, tvb, member.name.start, member.end() - member.name.start, Value::None);
}

/// A line for what no field is for.
fn plain<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member) {
    let range = member.name.start..member.end();
    d.open_text(tvb, range.start, range.len(), || printable(of(tvb.bytes(), range.clone())));
    d.close();
}

fn transaction<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member, kind: &'static str) {
    let octets = tvb.bytes();
    d.add(TRANSACTION, tvb, member.name.start, member.name.len(), Value::String(kind.into()));
    if let Some(id) = member.value.clone() {
        let text = of(octets, id.clone());
        d.append_info(|| format!("{} {kind:<7}", printable(text.trim_ascii())));
        show_number(d, tvb, TRANSID, id);
    }
    let Some(body) = member.body.clone() else { return };
    for member in members(octets, body) {
        let name = of(octets, member.name.clone());
        if name.eq_ignore_ascii_case(b"C") || name.eq_ignore_ascii_case(b"Context") {
            context(d, tvb, &member);
        } else if word(OF_CONTEXTS, name) == Some(ERROR) {
            error(d, tvb, &member);
        } else if kind == "TransactionResponseAck" && name.first().is_some_and(u8::is_ascii_digit) {
            let first = name.iter().take_while(|octet| octet.is_ascii_digit()).count();
            show_number(d, tvb, TRANSID, member.name.start..member.name.start + first);
        }
    }
}

/// RFC 3525, 6.1 and B.2: the null context, all of them, and one that the gateway is to choose have signs.
fn context<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member) {
    let octets = tvb.bytes();
    let id = member.value.clone().unwrap_or(member.name.end..member.name.end);
    let (value, name) = match of(octets, id.clone()).trim_ascii() {
        b"-" => (0, "NULL".to_owned()),
        b"*" => (u64::from(u32::MAX), "All".to_owned()),
        b"$" => (u64::from(u32::MAX - 1), "Choose one".to_owned()),
        digits => (number(digits), number(digits).to_string()),
    };
    let line = d.add(CONTEXT, tvb, id.start, id.len(), Value::Uint(value));
    d.text(line, || format!("Context: {name}"));
    d.append_info(|| format!(" |={name}"));
    let Some(body) = member.body.clone() else { return };
    for member in members(octets, body) {
        let name = of(octets, member.name.clone());
        // `O-` stands before a command that may fail, `W-` before one whose answer may be short.
        let bare = match name {
            [b'O' | b'o' | b'W' | b'w', b'-', rest @ ..] => rest,
            _ => name,
        };
        let bare = match bare {
            [b'W' | b'w', b'-', rest @ ..] => rest,
            _ => bare,
        };
        if let Some(kind) = word(COMMANDS, bare) {
            command(d, tvb, &member, kind);
        } else {
            match word(OF_CONTEXTS, name) {
                Some(ERROR) => error(d, tvb, &member),
                Some(field) => text_of(d, tvb, field, &member),
                None => plain(d, tvb, &member),
            }
        }
    }
}

/// What is in the braces of a member, or else its value.
fn text_of<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, member: &Member) {
    show(d, tvb, field, member.body.clone().or(member.value.clone()).unwrap_or(member.name.clone()));
}

fn command<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member, kind: &'static str) {
    let octets = tvb.bytes();
    let len = member.end() - member.name.start;
    d.open_text(tvb, member.name.start, len, || format!("Command: {kind}"));
    d.add(COMMAND, tvb, member.name.start, member.name.len(), Value::String(kind.into()));
    if let Some(value) = member.value.clone() {
        let text = of(octets, value.clone()).trim_ascii_end();
        d.append_info(|| format!(" {kind}={}", printable(text)));
        show(d, tvb, TERMID, value.start..value.start + text.len());
    }
    if let Some(body) = member.body.clone() {
        d.open_text(tvb, body.start, body.len(), || "Descriptors".to_owned());
        for member in members(octets, body) {
            descriptor(d, tvb, &member);
        }
        d.close();
    }
    d.close();
}

fn descriptor<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member) {
    let octets = tvb.bytes();
    let Some(field) = word(DESCRIPTORS, of(octets, member.name.clone())) else {
        plain(d, tvb, member);
        return;
    };
    match field {
        ERROR => error(d, tvb, member),
        DIGITMAP | MODEM | MULTIPLEX | PACKAGESDESCRIPTOR => {
            let brace = usize::from(member.body.is_some() && octets.get(member.end()) == Some(&b'}'));
            show(d, tvb, field, member.name.start..member.end() + brace);
        }
        STATISTICS => lines(d, tvb, member, STATISTICS, &[]),
        _ => {
            open(d, tvb, field, member);
            if let (EVENTS | OBSERVEDEVENTS, Some(value)) = (field, member.value.clone()) {
                show_number(d, tvb, REQUESTID, value);
            }
            for member in member.body.clone().map(|body| members(octets, body)).unwrap_or_default() {
                match field {
                    MEDIA => media(d, tvb, &member, true),
                    AUDIT => {
                        let name = word(AUDITED, of(octets, member.name.clone()));
                        let text = name.map_or_else(|| printable(of(octets, member.name.clone())), str::to_owned);
                        d.add(AUDITITEM, tvb, member.name.start, member.name.len(), Value::String(text.into()));
                    }
                    _ => package(d, tvb, &member),
                }
            }
            d.close();
        }
    }
}

/// An event or a signal with its parameters; one that was seen may have its time before the name.
fn package<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member) {
    show(d, tvb, PKGDNAME, member.name.clone());
    for parameter in member.body.clone().map(|body| members(tvb.bytes(), body)).unwrap_or_default() {
        plain(d, tvb, &parameter);
    }
}

/// RFC 3525, 7.1.4 to 7.1.8. A stream has what the descriptor has, without a stream in it.
fn media<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member, may_have_streams: bool) {
    let octets = tvb.bytes();
    match word(OF_MEDIA, of(octets, member.name.clone())) {
        Some(TERMINATIONSTATE) => lines(d, tvb, member, TERMINATIONSTATE, OF_STATES),
        Some(LOCALCONTROLDESCRIPTOR) => lines(d, tvb, member, LOCALCONTROLDESCRIPTOR, OF_CONTROL),
        Some(STATISTICS) => lines(d, tvb, member, STATISTICS, &[]),
        Some(STREAMID) if may_have_streams => {
            if let Some(value) = member.value.clone() {
                show_number(d, tvb, STREAMID, value);
            }
            for member in member.body.clone().map(|body| members(octets, body)).unwrap_or_default() {
                media(d, tvb, &member, false);
            }
        }
        Some(field @ (LOCALDESCRIPTOR | REMOTEDESCRIPTOR)) => {
            open(d, tvb, field, member);
            if let Some(body) = member.body.clone() {
                let at = body.start
                    + of(octets, body.clone()).iter().take_while(|octet| octet.is_ascii_whitespace()).count();
                if at < body.end {
                    d.call_within(ProtoId::Sdp, tvb.sub(at, body.end - at));
                }
            }
            d.close();
        }
        _ => plain(d, tvb, member),
    }
}

/// A descriptor of settings, one a line.
fn lines<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member, field: FieldId, words: Words<FieldId>) {
    let octets = tvb.bytes();
    open(d, tvb, field, member);
    for member in member.body.clone().map(|body| members(octets, body)).unwrap_or_default() {
        match (word(words, of(octets, member.name.clone())), member.value.clone()) {
            (Some(field), Some(value)) => {
                if field == MODE {
                    d.append_info(|| format!(" (Mode:{})", printable(of(octets, value.clone()).trim_ascii_end())));
                }
                if matches!(field, RESERVEVALUE | RESERVEGROUP) {
                    let len = of(octets, value.clone()).trim_ascii_end().len();
                    show(d, tvb, field, value.start..value.start + len);
                } else {
                    show(d, tvb, field, value);
                }
            }
            // Wireshark shows what packages add to the state of a termination so.
            (None, Some(value)) if field == TERMINATIONSTATE => show(d, tvb, EVENTBUFFERCONTROL, value),
            _ => plain(d, tvb, &member),
        }
    }
    d.close();
}

/// RFC 3525, 7.1.19.
fn error<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, member: &Member) {
    open(d, tvb, ERROR, member);
    if let Some(code) = member.value.clone() {
        show_number(d, tvb, ERROR_CODE, code);
    }
    if let Some(body) = member.body.clone() {
        let text = of(tvb.bytes(), body.clone());
        let first = text.iter().position(|octet| *octet == b'"').map_or(0, |at| at + 1);
        let rest = text.get(first..).unwrap_or_default();
        let len = rest.iter().position(|octet| *octet == b'"').unwrap_or(rest.len());
        if len > 0 {
            show(d, tvb, ERROR_STRING, body.start + first..body.start + first + len);
        }
    }
    d.close();
}

const SAMPLES: &[&str] = &[
    "4500014300010000401100000a0000010a0000020b800b80012f0000212f31203c67773e0a543d357b433d247b54507b612c \
     622c626f74687761797d2c50523d332c413d44532f342f32347b453d317b637479702f64746f6e657d2c444d3d647b283054 \
     297d2c53477b63672f72747d2c4d7b4f7b4d4f3d53522c52563d4f4e2c52473d4f4e2c74646d632f65633d6f6e7d2c54537b \
     53493d69762c42463d4f46467d7d7d2c413d5254502f247b4d443d5631387b612f623d317d2c4d583d483232317b787d2c4d \
     7b4c7b763d300d0a633d494e204950342031302e302e302e310d0a6d3d617564696f2034303030205254502f41565020380d \
     0a7d2c527b763d300d0a633d494e204950342031302e302e302e320d0a6d3d617564696f2035303030205254502f41565020 \
     380d0a7d7d7d2c41563d2a7b41547b4d2c53417d7d7d7d",
    "450000a600010000401100000a0000010a0000020b800b8000920000212f31205b31302e302e302e325d3a3239343420503d \
     357b433d317b41563d617b45523d3433357b226e6f207b737563687d206f6e65227d7d2c533d627b53417b4e542f4f523d35 \
     7d2c50477b616c2d317d2c4d7b53543d317b4f7b4d4f3d696e7d7d7d7d2c4e3d637b4f453d317b3230323630313031543030 \
     3030303030303a616c2f6f667d7d7d7d",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, shown_by, values};

    #[test]
    fn commands_and_what_they_say_of_media() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "megaco.command"), "Add,Add,AuditValue");
        assert_eq!(values(&shown[0], "megaco.termid"), "DS/4/24,RTP/$,*");
        assert_eq!(values(&shown[0], "megaco.mode"), "SR");
        assert_eq!(values(&shown[0], "sdp.media.port"), "4000,5000");
        assert_eq!(values(&shown[1], "megaco.error_string"), "no {such} one");
        assert_eq!(values(&shown[1], "megaco.streamid"), "1");
    }

    #[test]
    fn words_are_long_or_short_in_any_case() {
        let shown =
            shown_by(ProtoId::Megaco, b"megaco/2 [10.0.0.1]:2944\nTransaction = 7 {Context = - {O-w-Subtract = * }}");
        assert_eq!(values(&shown, "megaco.command"), "Subtract");
        assert_eq!(values(&shown, "megaco.termid"), "*");
        assert_eq!(values(&shown, "megaco.context"), "0");
    }

    #[test]
    fn no_more_members_than_the_limit_are_shown() {
        let text = [b"!/1 a T=1{C=1{".to_vec(), b"S=a,".repeat(MAX_MEMBERS + 9), b"}}".to_vec()].concat();
        let shown = shown_by(ProtoId::Megaco, &text);
        assert_eq!(shown.iter().filter(|row| row.0 == "megaco.command").count(), MAX_MEMBERS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Megaco,
            b"!/1 <a> T=1{C=${A=x{M{ST=1{O{MO=SR,RV=ON},L{v=0\r\n}}},E=1{a/b{c=d}}}},P=2{C=1{ER=435{\"x\"}}}",
        );
    }
}
