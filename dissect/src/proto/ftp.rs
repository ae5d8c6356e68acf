//! The File Transfer Protocol's control connection (RFC 959, RFC 2428): commands, replies, and the addresses in them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use crate::bindings::Binding;
use crate::conversation::Key;
use crate::dialogue::{self, Line};
use crate::dissector::{Address, Dissector, Endpoints, Item};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::proto::tls;
use crate::recent::Recent;
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
    EPSV_IP = field("ftp.epsv.ip", "Extended passive IPv4 address", Ipv4, None);
    EPSV_IPV6 = field("ftp.epsv.ipv6", "Extended passive IPv6 address", Ipv6, None);
    EPRT_AF = field("ftp.eprt.af", "Extended active address family", Uint8, Dec).names(Names::Values(&[(1, "IPv4"), (2, "IPv6")]));
    EPRT_IP = field("ftp.eprt.ip", "Extended active IP address", Ipv4, None);
    EPRT_IPV6 = field("ftp.eprt.ipv6", "Extended active IPv6 address", Ipv6, None);
    EPRT_PORT = field("ftp.eprt.port", "Extended active port", Uint16, Dec);
    PASSIVE_NAT = field("ftp.passive.nat", "Passive IP NAT", Boolean, None);
    ACTIVE_NAT = field("ftp.active.nat", "Active IP NAT", Boolean, None);
    SETUP_FRAME = field("ftp.setup-frame", "Setup frame", FrameNum, None).told_later();
    COMMAND_FRAME = field("ftp.command-frame", "Command frame", FrameNum, None).told_later();
    COMMAND = field("ftp.command", "Command", String, None).told_later();
    COMMAND_RESPONSE_FRAMES = field("ftp.command-response.frames", "Command response frames", Uint32, Dec).told_later();
    COMMAND_RESPONSE_BYTES = field("ftp.command-response.bytes", "Command response bytes", Uint32, Dec).told_later();
    COMMAND_RESPONSE_FIRST = field("ftp.command-response.first-frame-num", "Command response first frame", FrameNum, None).told_later();
    COMMAND_RESPONSE_LAST = field("ftp.command-response.last-frame-num", "Command response last frame", FrameNum, None).told_later();
    COMMAND_RESPONSE_DURATION = field("ftp.command-response.duration", "Response duration", Uint32, Dec).names(Names::Unit("ms")).told_later();
    COMMAND_RESPONSE_BITRATE = field("ftp.command-response.bitrate", "Response bitrate", Uint32, Dec).names(Names::Unit("Kbps")).told_later();
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
    accepts: Some(tls::has_not_begun),
    fed_by: &[ProtoId::FtpData],
    samples: &[Sample { link_type: 101, frames: SAMPLE }, Sample { link_type: 101, frames: SAMPLE_TRANSFERS }],
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

/// Directories, and connections for data of all kinds.
pub(super) const SAMPLE_TRANSFERS: &[&str] = &[
    "4500002800010000400600000a0000010a0000029c6a001500000000000000005002ffff00000000",
    "4500002f00010000400600000a0000020a00000100159c6a00000001000000015018ffff0000000032323020780d0a",
    "4500002d00010000400600000a0000010a0000029c6a001500000001000000085018ffff000000005057440d0a",
    "4500004200010000400600000a0000020a00000100159c6a00000008000000065018ffff0000000032353720222f686f6d652f612220 \
     69732063757272656e740d0a",
    "4500003100010000400600000a0000010a0000029c6a001500000006000000225018ffff00000000435744207375620d0a",
    "4500003000010000400600000a0000020a00000100159c6a000000220000000f5018ffff00000000323530206f6b0d0a",
    "4500004000010000400600000a0000010a0000029c6a00150000000f0000002a5018ffff0000000045505254207c317c31302e302e30 \
     2e317c353030307c0d0a",
    "4500003000010000400600000a0000020a00000100159c6a0000002a000000275018ffff00000000323030206f6b0d0a",
    "4500004300010000400600000a0000010a0000029c6a001500000027000000325018ffff0000000045505254207c327c323030313a64 \
     62383a3a317c353030307c0d0a",
    "4500003000010000400600000a0000020a00000100159c6a00000032000000425018ffff00000000323030206f6b0d0a",
    "4500003e00010000400600000a0000010a0000029c6a0015000000420000003a5018ffff00000000504f52542031302c302c302c382c \
     31392c3133360d0a",
    "4500003000010000400600000a0000020a00000100159c6a0000003a000000585018ffff00000000323030206f6b0d0a",
    "4500002e00010000400600000a0000010a0000029c6a001500000058000000425018ffff00000000455053560d0a",
    "4500004100010000400600000a0000020a00000100159c6a000000420000005e5018ffff0000000032323920456e746572696e672028 \
     7c7c7c353030317c290d0a",
    "4500002e00010000400600000a0000010a0000029c6a00150000005e0000005b5018ffff00000000504153560d0a",
    "4500005500010000400600000a0000020a00000100159c6a0000005b000000645018ffff0000000032323720456e746572696e672050 \
     617373697665204d6f6465202831302c302c302c392c31392c313338290d0a",
    "4500002e00010000400600000a0000010a0000029c6a001500000064000000885018ffff00000000434455500d0a",
    "4500003000010000400600000a0000020a00000100159c6a000000880000006a5018ffff00000000323530206f6b0d0a",
    "4500002e00010000400600000a0000010a0000029c6a00150000006a000000905018ffff00000000504153560d0a",
    "4500005500010000400600000a0000020a00000100159c6a00000090000000705018ffff0000000032323720456e746572696e672050 \
     617373697665204d6f6465202831302c302c302c322c31392c313339290d0a",
    "4500002800010000400600000a0000010a0000029c6b138b00000000000000005002ffff00000000",
    "4500002800010000400600000a0000020a000001138b9c6b00000000000000015012ffff00000000",
    "4500003700010000400600000a0000010a0000029c6a001500000070000000bd5018ffff00000000524554522066696c652e7478740d \
     0a",
    "4500003500010000400600000a0000020a00000100159c6a000000bd0000007f5018ffff00000000313530204f70656e696e670d0a",
    "4500004600010000400600000a0000020a000001138b9c6b00000001000000015018ffff0000000068656c6c6f2068656c6c6f206865 \
     6c6c6f2068656c6c6f2068656c6c6f20",
    "4500002e00010000400600000a0000020a000001138b9c6b0000001f000000015018ffff00000000776f726c640a",
    "4500003200010000400600000a0000020a00000100159c6a000000ca0000007f5018ffff0000000032323620646f6e650d0a",
    "60000000002d0640000000000000000000000000000000020000000000000000000000000000000100159c6c00000001000000015018 \
     ffff0000000032323920456e746572696e6720287c7c7c353030317c290d0a",
];

/// How many control connections are followed, and how many data connections are awaited.
pub(crate) const MAX_CONNECTIONS: usize = 4096;
/// A longer command or name of a directory is not remembered.
pub(crate) const MAX_TEXT: usize = 1024;

/// A connection for data that was agreed on, and what came over it. The first pass fills it while it goes on.
#[derive(Debug, Default)]
pub struct Transfer {
    pub(super) setup: u64,
    pub(super) method: &'static str,
    pub(super) command: OnceLock<(u64, Box<str>, Arc<str>)>,
    frames: AtomicU64,
    octets: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
    began: AtomicI64,
    ended: AtomicI64,
}

impl Transfer {
    /// Counts a segment of data.
    pub(super) fn count(&self, frame: u64, time: i64, octets: usize) {
        if self.frames.fetch_add(1, Relaxed) == 0 {
            self.first.store(frame, Relaxed);
            self.began.store(time, Relaxed);
        }
        self.octets.fetch_add(octets as u64, Relaxed);
        self.last.store(frame, Relaxed);
        self.ended.store(time, Relaxed);
    }
}

/// What a control connection agreed on so far.
#[derive(Default)]
struct Control {
    directory: Arc<str>,
    /// The last command, in upper case, and what it was given.
    command: (Vec<u8>, Vec<u8>),
    /// What was set up and no command has used.
    transfer: Option<Arc<Transfer>>,
}

/// The control connections and awaited connections for data of the first pass.
pub(crate) struct Controls {
    open: Recent<Key, Control>,
    awaited: Recent<(Address, u16), Arc<Transfer>>,
}

impl Default for Controls {
    fn default() -> Self {
        Self { open: Recent::new(MAX_CONNECTIONS), awaited: Recent::new(MAX_CONNECTIONS) }
    }
}

impl Controls {
    /// What a segment between two ends is of, if that was agreed on.
    pub(super) fn awaited(&self, ends: Endpoints) -> Option<&Arc<Transfer>> {
        let of = |address, port| self.awaited.peek(&(address, port));
        of(ends.dst, ends.dst_port).or_else(|| of(ends.src, ends.src_port))
    }
}

/// What is known of a frame of a control connection.
#[derive(Clone, Debug, Default)]
pub struct Told {
    directory: Arc<str>,
    /// What this command transfers.
    transfers: Option<Arc<Transfer>>,
    /// What this message set up.
    sets_up: Option<Arc<Transfer>>,
}

/// The words of a line: the command in upper case, and what follows.
fn words(octets: &[u8], line: Line) -> (Vec<u8>, Vec<u8>) {
    let (word, rest) = dialogue::word(octets, line);
    let text = |range: std::ops::Range<usize>| octets.get(range).unwrap_or_default();
    let argument = text(rest.min(line.end)..line.end);
    (text(word).to_ascii_uppercase(), argument.get(..MAX_TEXT).unwrap_or(argument).to_vec())
}

/// Where data will come, as a message says it.
fn announced(ends: Endpoints, is_request: bool, command: &[u8], text: &[u8]) -> Option<(&'static str, Address, u16)> {
    let numbers = |text: &[u8]| -> Option<(Address, u16)> {
        let from = text.iter().position(u8::is_ascii_digit)?;
        let text = text.get(from..)?;
        let len = text.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b',').count();
        let parts: Vec<u8> =
            std::str::from_utf8(text.get(..len)?).ok()?.split(',').map_while(|n| n.parse().ok()).collect();
        let [a, b, c, e, high, low] = *parts.as_slice() else { return None };
        Some((Address::Ipv4([a, b, c, e]), u16::from_be_bytes([high, low])))
    };
    if is_request {
        return match command {
            b"PORT" => numbers(text.get(4..)?).map(|(address, port)| ("PORT", address, port)),
            b"EPRT" => extended(text).and_then(|eprt| Some(("EPRT", eprt.1?, eprt.2?))),
            _ => None,
        };
    }
    match text.get(..4)? {
        b"227 " => numbers(text.get(4..)?).map(|(address, port)| ("PASV", address, port)),
        b"229 " => {
            let port =
                text.split(|octet| *octet == b'|').find_map(|part| std::str::from_utf8(part).ok()?.parse().ok())?;
            Some(("EPSV", ends.src, port))
        }
        _ => None,
    }
}

/// RFC 2428, 2: family, address and port between delimiters, with their places.
type Extended = (std::ops::Range<usize>, Option<Address>, Option<u16>, [std::ops::Range<usize>; 2]);

fn extended(text: &[u8]) -> Option<Extended> {
    let start = text.iter().position(|octet| *octet == b' ')? + 1;
    let delimiter = *text.get(start)?;
    let mut places = Vec::new();
    let mut at = start + 1;
    for part in text.get(at..)?.split(|octet| *octet == delimiter).take(3) {
        places.push(at..at + part.len());
        at += part.len() + 1;
    }
    let [family, host, port]: [std::ops::Range<usize>; 3] = places.try_into().ok()?;
    let word = |range: &std::ops::Range<usize>| std::str::from_utf8(text.get(range.clone())?).ok();
    let address = match word(&host)?.parse().ok() {
        Some(std::net::IpAddr::V4(address)) => Some(Address::Ipv4(address.octets())),
        Some(std::net::IpAddr::V6(address)) => Some(Address::Ipv6(address.octets())),
        None => None,
    };
    let number = word(&port)?.parse().ok();
    Some((family, address, number, [host, port]))
}

/// Where a change of directory leads.
fn changed(from: &str, to: &[u8]) -> Arc<str> {
    let to = String::from_utf8_lossy(to);
    let parent = || from.rsplit_once('/').map_or("", |(parent, _)| parent);
    match to.as_ref() {
        ".." => match parent() {
            "" => "/".into(),
            parent => parent.into(),
        },
        path if path.starts_with('/') => path.into(),
        path => format!("{}/{path}", from.trim_end_matches('/')).into(),
    }
}

/// In the first pass: follows the connection.
fn follow(d: &mut Dissector<'_>, text: &[u8], words: (Vec<u8>, Vec<u8>), is_request: bool) {
    if !d.wants_facts_of(ProtoId::Ftp) && !d.wants_facts_of(ProtoId::FtpData) {
        return;
    }
    let (frame, ends) = (d.packet.number, d.endpoints);
    let key = Key(ends.conversation().0);
    let Some(flows) = d.flows() else {
        return;
    };
    let flows = &mut flows.ftp;
    if flows.open.get(&key).is_none() {
        flows.open.insert(key, Control::default());
    }
    let Some(control) = flows.open.get(&key) else {
        return;
    };
    let mut told = Told::default();
    if is_request {
        // What sets up anew transfers nothing.
        let is_setup = matches!(words.0.as_slice(), b"PORT" | b"EPRT");
        if let Some(transfer) = control.transfer.take().filter(|_| !is_setup) {
            let text = String::from_utf8_lossy(text.get(..MAX_TEXT).unwrap_or(text));
            let command = (frame, text.as_ref().into(), control.directory.clone());
            let _ = transfer.command.set(command);
            told.transfers = Some(transfer);
        }
        control.command = words.clone();
    } else {
        let (command, argument) = &control.command;
        match (text.get(..4), command.as_slice()) {
            (Some(b"257 "), b"PWD" | b"XPWD") => {
                let name = text.split(|octet| *octet == b'"').nth(1).unwrap_or_default();
                control.directory = String::from_utf8_lossy(name.get(..MAX_TEXT).unwrap_or(name)).into();
            }
            (Some(b"250 "), b"CWD" | b"XCWD") if control.directory.len() < MAX_TEXT => {
                control.directory = changed(&control.directory, argument);
            }
            (Some(b"250 " | b"200 "), b"CDUP" | b"XCUP") => control.directory = changed(&control.directory, b".."),
            _ => {}
        }
    }
    if let Some((method, address, port)) = announced(ends, is_request, &words.0, text) {
        let transfer = Arc::new(Transfer { setup: frame, method, ..Transfer::default() });
        told.sets_up = Some(transfer.clone());
        control.transfer = Some(transfer.clone());
        flows.awaited.insert((address, port), transfer);
    }
    if let Some(control) = flows.open.get(&key) {
        told.directory = control.directory.clone();
    }
    d.record(Fact::Ftp(Box::new(told)));
}

/// Shows what is known of a frame from others.
fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let told = d.fact(|fact| match fact {
        Fact::Ftp(told) => Some((**told).clone()),
        _ => None,
    });
    let told = told.unwrap_or_default();
    d.generated(CURRENT_WORKING_DIRECTORY, tvb, 0, 0, Value::String(told.directory.as_ref().into()));
    if let Some(transfer) = &told.transfers {
        let number = |atomic: &AtomicU64| Value::Uint(atomic.load(Relaxed));
        let octets = transfer.octets.load(Relaxed);
        d.generated(COMMAND_RESPONSE_FRAMES, tvb, 0, 0, number(&transfer.frames));
        d.generated(COMMAND_RESPONSE_BYTES, tvb, 0, 0, Value::Uint(octets));
        d.generated(COMMAND_RESPONSE_FIRST, tvb, 0, 0, number(&transfer.first));
        d.generated(COMMAND_RESPONSE_LAST, tvb, 0, 0, number(&transfer.last));
        let duration = transfer.ended.load(Relaxed).saturating_sub(transfer.began.load(Relaxed)) / 1_000_000;
        if let Ok(duration @ 1..) = u64::try_from(duration) {
            d.generated(COMMAND_RESPONSE_DURATION, tvb, 0, 0, Value::Uint(duration));
            d.generated(COMMAND_RESPONSE_BITRATE, tvb, 0, 0, Value::Uint(octets.saturating_mul(8) / duration));
        }
        let setup = if transfer.first.load(Relaxed) == 0 { 0 } else { transfer.setup };
        d.generated(SETUP_FRAME, tvb, 0, 0, Value::Uint(setup));
    }
    if let Some(transfer) = &told.sets_up
        && transfer.first.load(Relaxed) != 0
        && let Some((frame, command, _)) = transfer.command.get()
    {
        d.generated(COMMAND_FRAME, tvb, 0, 0, Value::Uint(*frame));
        d.generated(COMMAND, tvb, 0, 0, Value::String(command.clone()));
    }
}

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
    if d.is_first_pass() {
        let text = octets.get(..first.end).unwrap_or_default();
        follow(d, text, words(octets, first), is_request);
    }
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
            address(d, tvb, rest, first.end, (ACTIVE_CIP, ACTIVE_PORT, ACTIVE_NAT));
        } else if text.starts_with(b"EPRT")
            && let Some((family, host, port, places)) = extended(text)
        {
            let number = text.get(family.clone()).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
            if let Some(number) = number {
                d.add(EPRT_AF, tvb, family.start, family.len(), Value::Uint(number));
            }
            let [at_host, at_port] = places;
            match host {
                Some(Address::Ipv4(host)) => d.add(EPRT_IP, tvb, at_host.start, at_host.len(), Value::Ipv4(host)),
                Some(Address::Ipv6(host)) => d.add(EPRT_IPV6, tvb, at_host.start, at_host.len(), Value::Ipv6(host)),
                _ => Item::NONE,
            };
            if let Some(port) = port {
                d.add(EPRT_PORT, tvb, at_port.start, at_port.len(), Value::Uint(port.into()));
            }
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
    d.close();
    show(d, tvb);
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
            address(d, tvb, from, text.len(), (PASSIVE_IP, PASSIVE_PORT, PASSIVE_NAT));
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
                    match d.endpoints.src {
                        Address::Ipv4(host) => d.add(EPSV_IP, tvb, at, part.len(), Value::Ipv4(host)),
                        Address::Ipv6(host) => d.add(EPSV_IPV6, tvb, at, part.len(), Value::Ipv6(host)),
                        _ => Item::NONE,
                    };
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
    (host, port, nat): (FieldId, FieldId, FieldId),
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
        if matches!(d.endpoints.src, Address::Ipv4(_)) && d.endpoints.src != Address::Ipv4([a, b, c, e]) {
            d.generated(nat, tvb, from, len, Value::Uint(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn commands_know_what_they_transfer() {
        let shown = frames(101, SAMPLE_TRANSFERS);
        let of = |name: &str| shown.iter().map(|frame| values(frame, name)).rfind(|text| !text.is_empty());
        assert_eq!(of("ftp.command-response.bytes").as_deref(), Some("36"));
        assert_eq!(of("ftp.command").as_deref(), Some("RETR file.txt"));
        assert_eq!(of("ftp.current-working-directory").as_deref(), Some("/home/a"));
        assert_eq!(changed("/", b"a").as_ref(), "/a");
        assert_eq!(changed("/a", b"..").as_ref(), "/");
        assert_eq!(changed("/a", b"/b").as_ref(), "/b");
    }

    #[test]
    fn no_more_than_the_limits_are_remembered() {
        let mut flows = Controls::default();
        for number in 0..2 * MAX_CONNECTIONS as u32 {
            let address = Address::Ipv4(number.to_be_bytes());
            flows.awaited.insert((address, 0), Arc::default());
            let ends = Endpoints { src: address, ..Endpoints::default() };
            flows.open.insert(Key(ends), Control::default());
        }
        assert!(flows.awaited.len() <= MAX_CONNECTIONS && flows.open.len() <= MAX_CONNECTIONS);
        let octets = [b"CWD ".as_slice(), &[b'x'; 2 * MAX_TEXT]].concat();
        assert_eq!(words(&octets, dialogue::line(&octets, 0)).1.len(), MAX_TEXT);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Ftp, b"EPRT |1|10.0.0.1|5000|\r\n");
        crate::tests::survives_anything(ProtoId::Ftp, b"227 Entering Passive Mode (10,0,0,2,4,1).\r\n");
    }
}
