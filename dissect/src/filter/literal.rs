//! Literals as values of the type of what they are compared with.

use super::program::Scalar;
use crate::field::{FieldDef, FieldType, Names};

/// A literal as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Literal<'t> {
    Word(&'t str),
    Text(&'t [u8]),
    Char(u8),
}

/// What a literal is for a type.
#[derive(Debug)]
pub(crate) enum Meaning {
    Scalar(Scalar),
    /// What values are called, in a way that does not lead back to one number.
    Name(Box<[u8]>),
}

/// What a literal is to be: the type, the field that names values of the type, and how the thing is called in errors.
#[derive(Clone, Copy)]
pub(crate) struct Target<'t> {
    pub(crate) ftype: FieldType,
    pub(crate) field: Option<&'static FieldDef>,
    pub(crate) shown: &'t str,
    /// The result of arithmetic, which may be negative although its operands are not.
    pub(crate) is_signed: bool,
}

impl Literal<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Self::Char(c) => format!("{:?}", *c as char),
        }
    }
}

/// Converts a literal; the error is a message without its place.
pub(crate) fn convert(literal: Literal<'_>, target: Target<'_>) -> Result<Meaning, String> {
    use FieldType as T;
    let scalar = match target.ftype {
        T::Boolean => return boolean(literal, target),
        t if t.is_integer() => return integer(literal, target),
        T::None => {
            return Err(format!("{} has no value to compare with \"{}\"", target.shown, literal.shown()));
        }
        T::String => Scalar::Text(match literal {
            Literal::Word(word) => word.as_bytes().into(),
            Literal::Text(text) => text.into(),
            Literal::Char(c) => [c].into(),
        }),
        T::Bytes | T::Protocol | T::Eui64 | T::Guid | T::Oid | T::Ether => octets(literal, target)?,
        T::AbsoluteTime => match literal {
            Literal::Word(word) => absolute_time(word),
            Literal::Text(text) => std::str::from_utf8(text).ok().and_then(absolute_time),
            Literal::Char(_) => None,
        }
        .map(Scalar::Time)
        .ok_or_else(|| {
            format!(
                "\"{}\" is not a date and time, as \"2004-09-26 23:18:04.95\" or \"Sep 26, 2004 23:18:04.95\" are",
                literal.shown()
            )
        })?,
        _ => {
            let Literal::Word(word) = literal else {
                return Err(no_string(literal, target));
            };
            match target.ftype {
                T::Ipv4 => ipv4(word)?,
                T::Ipv6 => ipv6(word)?,
                T::RelativeTime => {
                    Scalar::Time(span(word).ok_or_else(|| format!("\"{word}\" is not a time in seconds"))?)
                }
                _ => Scalar::Float(float(word).ok_or_else(|| format!("\"{word}\" is not a floating-point number"))?),
            }
        }
    };
    Ok(Meaning::Scalar(scalar))
}

fn no_string(literal: Literal<'_>, target: Target<'_>) -> String {
    format!("{} cannot be converted from a string (\"{}\")", target.ftype.title(), literal.shown())
}

/// The number in decimal, or octal, hexadecimal or binary by its prefix. `None` when it is no number, saturating.
fn number(word: &str) -> Option<i128> {
    let (is_negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word),
    };
    let prefixed = |prefix: [&str; 2]| {
        let rest = digits.strip_prefix(prefix[0]);
        rest.or_else(|| digits.strip_prefix(prefix[1]))
    };
    let (digits, radix) = if let Some(digits) = prefixed(["0x", "0X"]) {
        (digits, 16)
    } else if let Some(digits) = prefixed(["0b", "0B"]) {
        (digits, 2)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (digits, 8)
    } else {
        (digits, 10)
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i128;
    for c in digits.chars() {
        let digit = c.to_digit(radix)?;
        value = value.saturating_mul(radix.into()).saturating_add(digit.into());
    }
    Some(if is_negative { -value } else { value })
}

fn integer(literal: Literal<'_>, target: Target<'_>) -> Result<Meaning, String> {
    let n = match literal {
        Literal::Char(c) => i128::from(c),
        Literal::Word(word) => match number(word) {
            Some(n) => n,
            None => {
                return name(literal, target).unwrap_or_else(|| Err(format!("\"{word}\" is not a valid number")));
            }
        },
        Literal::Text(_) => {
            return name(literal, target).unwrap_or_else(|| Err(no_string(literal, target)));
        }
    };
    in_range(n, target).map(|n| Meaning::Scalar(Scalar::Int(n)))
}

/// The number, if a field of the type can have it.
fn in_range(n: i128, target: Target<'_>) -> Result<i128, String> {
    let bits = u32::from(target.ftype.width()) * 8;
    let (least, most) = match target.ftype.is_signed() {
        true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        false => (0, (1i128 << bits) - 1),
    };
    let least = if target.is_signed { -most } else { least };
    if n > most {
        return Err(format!("\"{n}\" is too big for {}, whose maximum is {most}", target.shown));
    }
    if n < least {
        return Err(format!("\"{n}\" is too small for {}, whose minimum is {least}", target.shown));
    }
    Ok(n)
}

fn boolean(literal: Literal<'_>, target: Target<'_>) -> Result<Meaning, String> {
    let truth = |is: bool| Ok(Meaning::Scalar(Scalar::Int(is.into())));
    match literal {
        Literal::Char(c) => return truth(c != 0),
        Literal::Word(word) if word.eq_ignore_ascii_case("true") => return truth(true),
        Literal::Word(word) if word.eq_ignore_ascii_case("false") => return truth(false),
        Literal::Word(word) => {
            if let Some(n) = number(word) {
                return truth(n != 0);
            }
        }
        Literal::Text(_) => {}
    }
    name(literal, target)
        .unwrap_or_else(|| Err(format!("expected True or False, not \"{}\", for {}", literal.shown(), target.shown)))
}

/// What a literal means as the name of a value; `None` for fields whose values have no names.
fn name(literal: Literal<'_>, target: Target<'_>) -> Option<Result<Meaning, String>> {
    let field = target.field?;
    let shown = literal.shown();
    let is_same = |name: &str| name.eq_ignore_ascii_case(&shown);
    let by_name = || Some(Ok(Meaning::Name(shown.as_bytes().into())));
    let number = |n: u64| {
        // Rows of signed fields hold the bits of their values.
        let n = match field.ftype.is_signed() {
            true => i128::from(n as i64),
            false => i128::from(n),
        };
        Some(Ok(Meaning::Scalar(Scalar::Int(n))))
    };
    match field.names {
        Names::None | Names::Unit(_) => return None,
        Names::Flag(yes, _) if is_same(yes) => return number(1),
        Names::Flag(_, no) if is_same(no) => return number(0),
        Names::Flag(..) => {}
        Names::Values(rows) => {
            let mut found = rows.iter().filter(|row| is_same(row.1));
            match (found.next(), found.next()) {
                (Some(row), None) => return number(row.0),
                (Some(_), Some(_)) => return by_name(),
                (None, _) => {}
            }
        }
        Names::Ranges(rows) => {
            let mut found = rows.iter().filter(|row| is_same(row.2));
            match (found.next(), found.next()) {
                (Some(row), None) if row.0 == row.1 => return number(row.0),
                (Some(_), _) => return by_name(),
                (None, _) => {}
            }
        }
        // What is computed cannot be searched.
        Names::Computed(_) => return by_name(),
    }
    Some(Err(format!("\"{shown}\" is not among the possible values of {}", target.shown)))
}

fn float(word: &str) -> Option<f64> {
    if let Some(n) = number(word) {
        return Some(n as f64);
    }
    word.parse().ok()
}

/// Seconds as nanoseconds, exact up to nine decimals.
fn span(word: &str) -> Option<i64> {
    let (is_negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    if digits.len() < 2 && !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if !is_plain(whole) || !is_plain(fraction) {
        let seconds = float(word)?;
        let ns = seconds * 1e9;
        return (ns.abs() < i64::MAX as f64).then_some(ns as i64);
    }
    let seconds: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let ns = seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds(fraction))?;
    Some(if is_negative { -ns } else { ns })
}

/// Decimals of a second; those past the ninth count for nothing.
fn nanoseconds(decimals: &str) -> i64 {
    let digits = decimals.bytes().chain(std::iter::repeat(b'0')).take(9);
    digits.fold(0, |ns, c| ns * 10 + i64::from(c.wrapping_sub(b'0') % 10))
}

fn ipv4(word: &str) -> Result<Scalar, String> {
    let (text, bits) = word.split_once('/').map_or((word, None), |(a, b)| (a, Some(b)));
    let address: std::net::Ipv4Addr =
        text.parse().map_err(|_| format!("\"{text}\" is not a valid hostname or IPv4 address"))?;
    let mask = match bits {
        None => u32::MAX,
        Some(bits) => match bits.parse::<u32>() {
            Ok(bits @ 0..=32) => u32::MAX.checked_shl(32 - bits).unwrap_or(0),
            _ => {
                return Err(format!("the prefix of an IPv4 address has at most 32 bits, not {bits}"));
            }
        },
    };
    Ok(Scalar::Ipv4 { address: address.into(), mask })
}

fn ipv6(word: &str) -> Result<Scalar, String> {
    let (text, bits) = word.split_once('/').map_or((word, None), |(a, b)| (a, Some(b)));
    let address: std::net::Ipv6Addr =
        text.parse().map_err(|_| format!("\"{text}\" is not a valid hostname or IPv6 address"))?;
    let mask = match bits {
        None => u128::MAX,
        Some(bits) => match bits.parse::<u32>() {
            Ok(bits @ 0..=128) => u128::MAX.checked_shl(128 - bits).unwrap_or(0),
            _ => {
                return Err(format!("the prefix of an IPv6 address has at most 128 bits, not {bits}"));
            }
        },
    };
    Ok(Scalar::Ipv6 { address: address.into(), mask })
}

fn octets(literal: Literal<'_>, target: Target<'_>) -> Result<Scalar, String> {
    use FieldType as T;
    let is_free = matches!(target.ftype, T::Bytes | T::Protocol);
    let word = match literal {
        Literal::Text(text) if is_free => return Ok(Scalar::Bytes(text.into())),
        Literal::Char(c) if is_free => return Ok(Scalar::Bytes([c].into())),
        Literal::Text(_) | Literal::Char(_) => return Err(no_string(literal, target)),
        Literal::Word(word) => word,
    };
    if target.ftype == T::Oid && word.contains('.') && !word.contains(':') {
        let octets = object_identifier(word);
        return octets.map(Scalar::Bytes).ok_or_else(|| format!("\"{word}\" is not an object identifier"));
    }
    let octets = byte_string(word);
    match (target.ftype, octets) {
        (T::Ether, Some(octets)) if octets.len() != 6 => {
            Err(format!("\"{word}\" has {} octets, an Ethernet address 6", octets.len()))
        }
        (T::Ether, None) => Err(format!("\"{word}\" is not a valid hostname or Ethernet address")),
        (T::Eui64, Some(octets)) if octets.len() != 8 => {
            Err(format!("\"{word}\" has {} octets, an EUI-64 8", octets.len()))
        }
        (T::Guid, Some(octets)) if octets.len() != 16 => Err(format!("\"{word}\" is not a GUID")),
        (_, Some(octets)) => Ok(Scalar::Bytes(octets.into())),
        (_, None) => Err(format!("\"{word}\" is not a valid byte string")),
    }
}

/// Octets in hexadecimal: with separators of one kind between groups, or in one run; `0x` before a single octet.
pub(crate) fn byte_string(word: &str) -> Option<Vec<u8>> {
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        let is_short = (1..=2).contains(&digits.len());
        return is_short.then(|| u8::from_str_radix(digits, 16).ok().map(|octet| vec![octet]))?;
    }
    // A colon at the beginning says that octets are meant, not a name.
    let word = word.strip_prefix(':').unwrap_or(word);
    let separator = word.chars().find(|c| matches!(c, ':' | '-' | '.'));
    let groups = match separator {
        Some(separator) => word.split(separator),
        // No separator is a control character: one group.
        None => word.split('\0'),
    };
    let mut octets = Vec::new();
    for group in groups {
        let is_sized = match separator {
            Some(':') => group.len() == 2,
            Some(_) | None => !group.is_empty(),
        };
        let digits: Option<Vec<u32>> = group.chars().map(|c| c.to_digit(16)).collect();
        for pair in digits.filter(|_| is_sized)?.chunks(2) {
            octets.push(pair.iter().fold(0, |octet, digit| octet << 4 | *digit as u8));
        }
    }
    Some(octets)
}

/// The contents octets of an object identifier in dotted form (ITU-T X.690, 8.19).
fn object_identifier(word: &str) -> Option<Box<[u8]>> {
    let arcs: Vec<u64> = word.split('.').map(|arc| arc.parse().ok()).collect::<Option<_>>()?;
    let (first, second) = (*arcs.first()?, *arcs.get(1)?);
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let joined = first.checked_mul(40)?.checked_add(second)?;
    let mut octets = Vec::new();
    for arc in std::iter::once(joined).chain(arcs.into_iter().skip(2)) {
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            octets.push((arc >> (group * 7) & 0x7f) as u8 | more);
        }
    }
    Some(octets.into())
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Nanoseconds since the Unix epoch of an ISO 8601 time or one as `Sep 26, 2004 23:18:04.954975`; UTC unless it says other.
pub fn absolute_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let is_named = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let (days, rest) = if is_named { named_date(text)? } else { iso_date(text)? };
    let (clock, rest) = clock(rest, is_named)?;
    let offset = zone(rest)?;
    let seconds = days.checked_mul(86_400)?.checked_add(clock.0)?.checked_sub(offset)?;
    seconds.checked_mul(1_000_000_000)?.checked_add(clock.1)
}

fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count().min(most);
    if count < least {
        return None;
    }
    Some((text.get(..count)?.parse().ok()?, text.get(count..)?))
}

fn iso_date(text: &str) -> Option<(i64, &str)> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    Some((day_number(year, month, day)?, rest))
}

fn named_date(text: &str) -> Option<(i64, &str)> {
    let (name, rest) = text.split_at_checked(3)?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))? as i64 + 1;
    let (day, rest) = digits(rest.trim_start(), 1, 2)?;
    let (year, rest) = digits(rest.strip_prefix(',')?.trim_start(), 4, 4)?;
    Some((day_number(year, month, day)?, rest))
}

/// The day of a date, counted from 1970-01-01, if there is such a day.
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Counted from March the leap day ends its year, and months have 153 days in five.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

/// Seconds and nanoseconds of the day. `whole` asks for hours, minutes and seconds.
fn clock(text: &str, whole: bool) -> Option<((i64, i64), &str)> {
    let trimmed = text.trim_start();
    let rest = trimmed.strip_prefix(['T', 't']).unwrap_or(trimmed);
    let is_given = rest.starts_with(|c: char| c.is_ascii_digit());
    if !is_given && !whole {
        return Some(((0, 0), text));
    }
    let (hour, rest) = digits(rest, 1, 2)?;
    let part = |rest: &str| -> Option<(i64, usize)> {
        let inner = rest.strip_prefix(':')?;
        let (n, after) = digits(inner, 2, 2)?;
        Some((n, rest.len() - after.len()))
    };
    let (minute, taken) = part(rest).unwrap_or((0, 0));
    let has_minute = taken > 0;
    let rest = rest.get(taken..)?;
    let (second, taken) = part(rest).unwrap_or((0, 0));
    if whole && (!has_minute || taken == 0) {
        return None;
    }
    let rest = rest.get(taken..)?;
    let (ns, rest) = match rest.strip_prefix('.').filter(|_| taken > 0) {
        Some(rest) => {
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            (nanoseconds(rest.get(..count)?), rest.get(count..)?)
        }
        None => (0, rest),
    };
    // A second of 60 is a leap second.
    let is_valid = hour < 24 && minute < 60 && second <= 60;
    is_valid.then_some(((hour * 3600 + minute * 60 + second, ns), rest))
}

/// Seconds that the zone is ahead of UTC.
fn zone(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || ["Z", "UTC", "GMT"].iter().any(|z| z.eq_ignore_ascii_case(text)) {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, rest) = digits(rest, 2, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() { (0, rest) } else { digits(rest, 2, 2)? };
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
