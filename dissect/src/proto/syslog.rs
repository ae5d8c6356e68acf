//! Syslog messages (RFC 5424, and the older form that RFC 3164 describes).

use memchr::memchr;

use crate::bindings::Binding;
use crate::calendar;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Syslog, "syslog", "Syslog Message";
    FACILITY = field("syslog.facility", "Facility", Uint8, Dec).names(Names::Values(FACILITIES)).mask(0x3f8);
    LEVEL = field("syslog.level", "Level", Uint8, Dec).names(Names::Values(LEVELS)).mask(0x7);
    MSG = field("syslog.msg", "Message", String, None);
    VERSION = field("syslog.version", "Syslog version", String, None);
    TIMESTAMP = field("syslog.timestamp", "Syslog timestamp", AbsoluteTime, None);
    TIMESTAMP_3164 = field("syslog.timestamp_rfc3164", "Syslog timestamp (RFC3164)", String, None);
    HOSTNAME = field("syslog.hostname", "Syslog hostname", String, None);
    APPNAME = field("syslog.appname", "Syslog app name", String, None);
    PROCID = field("syslog.procid", "Syslog process id", String, None);
    MSGID = field("syslog.msgid", "Syslog message id", String, None);
}

/// RFC 5424, 6.2.1, with the names that syslog programs give.
const FACILITIES: &[(u64, &str)] = &[
    (0, "KERN - kernel messages"),
    (1, "USER - random user-level messages"),
    (2, "MAIL - mail system"),
    (3, "DAEMON - system daemons"),
    (4, "AUTH - security/authorization messages"),
    (5, "SYSLOG - messages generated internally by syslogd"),
    (6, "LPR - line printer subsystem"),
    (7, "NEWS - network news subsystem"),
    (8, "UUCP - UUCP subsystem"),
    (9, "CRON - clock daemon (BSD, Linux)"),
    (10, "AUTHPRIV - security/authorization messages (private)"),
    (11, "FTP - ftp daemon"),
    (12, "NTP - ntp subsystem"),
    (13, "LOGAUDIT - log audit"),
    (14, "LOGALERT - log alert"),
    (15, "CRON - clock daemon (Solaris)"),
    (16, "LOCAL0 - reserved for local use"),
    (17, "LOCAL1 - reserved for local use"),
    (18, "LOCAL2 - reserved for local use"),
    (19, "LOCAL3 - reserved for local use"),
    (20, "LOCAL4 - reserved for local use"),
    (21, "LOCAL5 - reserved for local use"),
    (22, "LOCAL6 - reserved for local use"),
    (23, "LOCAL7 - reserved for local use"),
];
const LEVELS: &[(u64, &str)] = &[
    (0, "EMERG - system is unusable"),
    (1, "ALERT - action must be taken immediately"),
    (2, "CRIT - critical conditions"),
    (3, "ERR - error conditions"),
    (4, "WARNING - warning conditions"),
    (5, "NOTICE - normal but significant condition"),
    (6, "INFO - informational"),
    (7, "DEBUG - debug-level messages"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Syslog, "Syslog", &[Binding::UdpPort(514)], dissect)
};

/// The first word of a name.
fn short(names: &'static [(u64, &'static str)], value: u64) -> String {
    let name = Names::Values(names).of(value);
    name.map_or_else(|| "UNKNOWN".to_owned(), |name| name.split(' ').next().unwrap_or_default().to_owned())
}

/// The number between angle brackets and where the message begins; there may be none.
fn priority(octets: &[u8]) -> (Option<u64>, usize) {
    let Some(rest) = octets.strip_prefix(b"<") else {
        return (None, 0);
    };
    let digits = rest.iter().take(3).take_while(|octet| octet.is_ascii_digit()).count();
    if digits == 0 {
        return (None, 0);
    }
    let number = rest.iter().take(digits).fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    let close = usize::from(rest.get(digits) == Some(&b'>'));
    (Some(number), 1 + digits + close)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Syslog");
    d.set_info(String::new);
    let (priority, at) = priority(tvb.bytes());
    if at >= tvb.reported() {
        return Err(Stop::Malformed);
    }
    let message = tvb.from(at);
    let text = || printable(message.bytes());
    let kind = priority.map(|value| format!("{}.{}", short(FACILITIES, value >> 3), short(LEVELS, value & 7)));
    d.set_info(|| match &kind {
        Some(kind) => format!("{kind}: {}", text()),
        None => text(),
    });
    let item = d.begin(PROTO, tvb);
    d.text(item, || format!("Syslog message: {}: {}", kind.as_deref().unwrap_or("(unknown)"), text()));
    if let Some(value) = priority {
        for field in [FACILITY, LEVEL] {
            let line = d.bits(field, tvb, 0, at, value);
            // The number stands in digits; its bits are shown as those of one octet.
            d.text(line, || {
                let low = value & 0xff;
                let row = crate::registry::field(field);
                let shown = (value & row.mask) >> row.mask.trailing_zeros();
                let name = row.names.of(shown).unwrap_or("Unknown".into());
                let bits = match field {
                    LEVEL => format!(".... .{:03b}", low & 7),
                    _ => format!("{:04b} {}...", low >> 4, low >> 3 & 1),
                };
                format!("{bits} = {}: {name} ({shown})", row.label)
            });
        }
    }
    d.open(MSG, message, 0, message.reported(), Value::Text);
    if message.bytes().starts_with(b"1 ") {
        new_form(d, message);
    } else {
        old_form(d, message);
    }
    d.close();
    d.close();
    Ok(())
}

/// RFC 5424, 6: words after the version, the last of which is all the rest.
fn new_form<'a>(d: &mut Dissector<'a>, message: Tvb<'a>) {
    let octets = message.bytes();
    d.add(VERSION, message, 0, 1, Value::Text);
    let mut at = 2;
    for field in [TIMESTAMP, HOSTNAME, APPNAME, PROCID, MSGID] {
        let rest = octets.get(at..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        let len = if field == MSGID { rest.len() } else { memchr(b' ', rest).unwrap_or(rest.len()) };
        if field == TIMESTAMP {
            let time = timestamp(rest.get(..len).unwrap_or_default());
            d.add(field, message, at, len, Value::Time(time.unwrap_or(0)));
        } else {
            d.add(field, message, at, len, Value::Text);
        }
        at += len + 1;
    }
}

/// RFC 3339: date and time with fractions and an offset, in nanoseconds.
fn timestamp(text: &[u8]) -> Option<i64> {
    let number =
        |range: std::ops::Range<usize>| -> Option<i64> { std::str::from_utf8(text.get(range)?).ok()?.parse().ok() };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let mut at = 19;
    let mut fraction: i64 = 0;
    if text.get(at) == Some(&b'.') {
        let digits = text.get(at + 1..)?.iter().take_while(|octet| octet.is_ascii_digit()).count();
        let scale = 10i64.checked_pow(9u32.checked_sub(digits as u32)?)?;
        fraction = number(at + 1..at + 1 + digits)? * scale;
        at += 1 + digits;
    }
    let offset = match text.get(at)? {
        b'Z' => 0,
        sign => {
            let minutes = number(at + 1..at + 3)? * 60 + number(at + 4..at + 6)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
    };
    let seconds = calendar::days(year, month, day) * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// RFC 3164, 4.1: a date of fifteen characters, a host, a tag.
fn old_form<'a>(d: &mut Dissector<'a>, message: Tvb<'a>) {
    const DATE_LEN: usize = 15;
    let octets = message.bytes();
    let is_date =
        matches!(octets, [a, _, _, b' ', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', ..] if a.is_ascii_uppercase());
    if !is_date {
        return;
    }
    d.add(TIMESTAMP_3164, message, 0, DATE_LEN, Value::Text);
    let at = DATE_LEN + 1;
    let rest = octets.get(at..).unwrap_or_default();
    let len = memchr(b' ', rest).unwrap_or(rest.len());
    d.add(HOSTNAME, message, at, len, Value::Text);
    let at = at + len + 1;
    let rest = octets.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return;
    }
    let len = rest.iter().take_while(|octet| octet.is_ascii_alphanumeric()).count();
    d.add(PROCID, message, at, len, Value::Text);
    if len < rest.len() {
        d.add(MSGID, message, at + len, rest.len() - len, Value::Text);
    }
}

const SAMPLES: &[&str] = &[
    "4500006900010000401100000a0000010a00000202020202005500003c3136353e3120323030332d30382d32345430353a31343a31352e3030303030332d30373a3030203139322e302e322e31206d7970726f6320383731302049443437202d202525204974206973",
    "4500004e00010000401100000a0000010a00000202020202003a00003c33343e4f63742031312032323a31343a3135206d796d616368696e652073753a2027737520726f6f7427206661696c6564",
    "4500002200010000401100000a0000010a00000202020202000e00006e6f20707269",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn both_forms_are_taken_apart() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "syslog.facility"), "20");
        assert_eq!(values(&shown[0], "syslog.level"), "5");
        assert_eq!(values(&shown[0], "syslog.timestamp"), "Aug 24, 2003 12:14:15.000003000 UTC");
        assert_eq!(values(&shown[0], "syslog.appname"), "myproc");
        assert_eq!(values(&shown[1], "syslog.hostname"), "mymachine");
        assert_eq!(values(&shown[1], "syslog.procid"), "su");
        assert_eq!(values(&shown[2], "syslog.level"), "");
    }

    #[test]
    fn times_that_are_none() {
        assert_eq!(timestamp(b"-"), None);
        assert_eq!(timestamp(b"1970-01-01T00:00:01Z"), Some(1_000_000_000));
        assert_eq!(timestamp(b"9999999999-01-01T00:00:01Z"), None);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Syslog, b"<165>1 2003-08-24T05:14:15.000003-07:00 host app 1 ID x");
    }
}
