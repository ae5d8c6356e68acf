//! The text of a value, as `-T fields` prints it and as strings are compared.

use std::borrow::Cow;
use std::fmt::Write;

use crate::ber;
use crate::dissector::Address;
use crate::field::{Base, FieldDef, FieldType, Names};
use crate::tree::Node;
use crate::value::Value;

/// The text of a value whose node covers `octets`; what is no UTF-8 becomes U+FFFD.
pub fn text(field: &FieldDef, value: &Value, octets: &[u8]) -> String {
    match value {
        Value::None => String::new(),
        Value::Uint(n) => unsigned(field, *n),
        Value::Int(n) => n.to_string(),
        Value::Float(x) if field.ftype == FieldType::Float => general(*x, 6),
        Value::Float(x) => x.to_string(),
        Value::Time(ns) if field.ftype == FieldType::AbsoluteTime => absolute(*ns),
        Value::Time(ns) => seconds(*ns),
        Value::Ether(mac) => colons(mac),
        Value::Ipv4(a) => dotted(*a),
        Value::Ipv6(a) => Address::Ipv6(*a).to_string(),
        Value::Bytes if field.ftype == FieldType::Oid => ber::oid(octets),
        Value::Bytes if field.base == Base::Colons || field.ftype == FieldType::Eui64 => colons(octets),
        Value::Bytes | Value::Protocol { .. } => hex(octets),
        Value::Octets(octets) => hex(octets),
        Value::Text => String::from_utf8_lossy(octets).into_owned(),
        Value::String(text) => text.to_string(),
    }
}

/// A number with so many significant digits at most, as C's `%g` writes it.
fn general(x: f64, digits: usize) -> String {
    let text = format!("{x:.*e}", digits - 1);
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    match exponent.parse::<i32>() {
        Ok(exponent @ -4..) if exponent < digits as i32 => {
            trimmed(&format!("{x:.*}", (digits as i32 - 1 - exponent) as usize))
        }
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs())
        }
        Err(_) => text,
    }
}

/// The text of a node of a dissection.
pub fn of(field: &FieldDef, node: &Node, octets: &[u8]) -> String {
    text(field, &node.value, octets)
}

/// A number with all the hexadecimal digits that its field has.
pub(super) fn hexadecimal(field: &FieldDef, n: u64) -> String {
    let digits = usize::from(field.ftype.width()) * 2;
    format!("0x{n:0digits$x}")
}

fn unsigned(field: &FieldDef, n: u64) -> String {
    match field.base {
        // Numbers of 64 bits that have names stand in decimal everywhere but in the tree.
        Base::Hex | Base::HexDec if field.ftype == FieldType::Uint64 && !matches!(field.names, Names::None) => {
            n.to_string()
        }
        Base::Hex | Base::HexDec => hexadecimal(field, n),
        Base::Oct => format!("0{n:o}"),
        _ => n.to_string(),
    }
}

const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];

/// Both hexadecimal digits of an octet; payloads have many.
fn push_hex(text: &mut String, octet: u8) {
    text.push(DIGITS[usize::from(octet >> 4)]);
    text.push(DIGITS[usize::from(octet & 15)]);
}

/// An IPv4 address, which nearly every packet shows two of.
fn dotted(octets: [u8; 4]) -> String {
    let mut text = String::with_capacity(15);
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            text.push('.');
        }
        if octet >= 100 {
            text.push(DIGITS[usize::from(octet / 100)]);
        }
        if octet >= 10 {
            text.push(DIGITS[usize::from(octet / 10 % 10)]);
        }
        text.push(DIGITS[usize::from(octet % 10)]);
    }
    text
}

/// Lower-case hexadecimal without separators.
pub fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    octets.iter().for_each(|octet| push_hex(&mut text, *octet));
    text
}

/// Lower-case hexadecimal with colons.
pub fn colons(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 3);
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 {
            text.push(':');
        }
        push_hex(&mut text, *octet);
    }
    text
}

/// Text as `-T fields` shows it: the blanks that could be taken for its own are escaped, nothing else.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|octet| matches!(octet, 8..=10 | 12 | 13)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\u{8}' => shown.push_str("\\b"),
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\u{c}' => shown.push_str("\\f"),
            '\r' => shown.push_str("\\r"),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Text as lines of the tree show it: control characters as C writes them; what is no UTF-8 becomes U+FFFD.
pub fn printable(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7}' => shown.push_str("\\a"),
            '\u{8}' => shown.push_str("\\b"),
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\u{b}' => shown.push_str("\\v"),
            '\u{c}' => shown.push_str("\\f"),
            '\r' => shown.push_str("\\r"),
            c if c.is_ascii_control() => {
                let _ = write!(shown, "\\{:03o}", c as u32);
            }
            c if c.is_control() => {
                let _ = write!(shown, "\\u{:04x}", c as u32);
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Nanoseconds as seconds with nine decimals.
pub fn seconds(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    format!("{sign}{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000)
}

/// Nanoseconds since the Unix epoch as `Nov 12, 1999 08:55:44.123456789 UTC`.
pub fn absolute(ns: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = ns.div_euclid(1_000_000_000);
    let (year, month, day) = date(seconds.div_euclid(86_400));
    format!("{} {day:2}, {year} {} UTC", MONTHS[month as usize - 1], time_of_day(ns))
}

/// Nanoseconds since the Unix epoch as `2023-11-14T22:13:20.000000001Z` (RFC 3339).
pub fn rfc3339(ns: i64) -> String {
    let (year, month, day) = date(ns.div_euclid(86_400_000_000_000));
    format!("{year:04}-{month:02}-{day:02}T{}Z", time_of_day(ns))
}

/// Nanoseconds since the Unix epoch as the time of day in UTC with nine decimals.
pub fn time_of_day(ns: i64) -> String {
    let second = ns.div_euclid(1_000_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}.{:09}", second / 3600, second / 60 % 60, second % 60, ns.rem_euclid(1_000_000_000))
}

/// Which day of its year a day is, from 1.
pub fn day_of_year(days: i64) -> u32 {
    // Days before each month of a common year.
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let (year, month, day) = date(days);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    BEFORE.get(month as usize - 1).copied().unwrap_or(0) + day + u32::from(is_leap && month > 2)
}

/// Year, month (1 to 12) and day of a day counted from 1970-01-01, in the Gregorian calendar.
pub fn date(days: i64) -> (i64, u32, u32) {
    // Counted from 0000-03-01 the leap day ends its year, and a 400-year era has 146,097 days.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_and_addresses_are_written_as_they_are() {
        for a in 0..=u8::MAX {
            assert_eq!(dotted([a, 0, 10, !a]), std::net::Ipv4Addr::new(a, 0, 10, !a).to_string());
            assert_eq!((hex(&[a, 7]), colons(&[a, 7])), (format!("{a:02x}07"), format!("{a:02x}:07")));
        }
        assert_eq!((hex(&[]), colons(&[])), (String::new(), String::new()));
    }

    #[test]
    fn numbers_as_c_writes_them() {
        let shown = |x| general(x, 6);
        let of = |x: f32| general(x.into(), 6);
        assert_eq!([shown(0.0), of(4.1), shown(1.003_906_25), shown(100.0)], ["0", "4.1", "1.00391", "100"]);
        assert_eq!([shown(1e6), shown(-2.5e-7), shown(f64::INFINITY)], ["1e+06", "-2.5e-07", "inf"]);
    }
}
