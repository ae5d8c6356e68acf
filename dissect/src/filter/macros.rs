//! Macros: named pieces of filter text with arguments, put in before the filter is read.

use std::collections::BTreeMap;

use super::MAX_FILTER_LEN;
use super::error::Fault;

/// How deep macros may use macros.
pub const MAX_MACRO_DEPTH: usize = 16;
/// How many macros are read.
pub const MAX_MACROS: usize = 1024;
/// How many arguments a macro may take.
pub const MAX_MACRO_ARGUMENTS: usize = 32;

/// Macros by name.
#[derive(Clone, Default, Debug)]
pub struct Macros {
    bodies: BTreeMap<String, String>,
}

impl Macros {
    /// Defines a macro, or defines it anew. In its text `$1`, `$2` and so on stand for its arguments.
    pub fn define(&mut self, name: &str, text: &str) {
        self.bodies.insert(name.to_owned(), text.to_owned());
    }

    /// The names and texts of the macros, by name.
    pub fn definitions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bodies.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Reads macros as Wireshark keeps them, one a line: `"name" text to the end of the line` (its `dmacros`) or
    /// `"name","text"` with `\x22` for quotes (its `dfilter_macros`). Blank lines and lines that begin with `#` count
    /// for nothing. Answers the numbers, from 1, of the lines that are neither, which define nothing.
    pub fn read(&mut self, lines: &str) -> Vec<usize> {
        let mut wrong = Vec::new();
        for (number, line) in lines.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match definition(line) {
                Some((name, text)) if self.bodies.len() < MAX_MACROS => self.define(&name, &text),
                _ => wrong.push(number + 1),
            }
        }
        wrong
    }

    /// The text with all macros put in.
    pub(crate) fn expand(&self, text: &str) -> Result<String, Fault> {
        if self.bodies.is_empty() || !text.contains('$') {
            return Ok(text.to_owned());
        }
        self.expand_at(text, 0)
    }

    fn expand_at(&self, text: &str, depth: usize) -> Result<String, Fault> {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let at = text.len() - rest.len();
            let taken = match c {
                '"' | '\'' => quoted(rest, text.as_bytes().get(at.wrapping_sub(1)) == Some(&b'r')),
                '$' => match self.invocation(rest) {
                    None => 1,
                    Some((body, arguments, len)) => {
                        let span = at..at + len;
                        if depth >= MAX_MACRO_DEPTH {
                            let message = format!("macros use each other deeper than {MAX_MACRO_DEPTH} levels");
                            return Err(Fault::new(span, message));
                        }
                        let filled = fill(body, &arguments).map_err(|message| Fault::new(span.clone(), message))?;
                        // Places inside a macro's text mean nothing to who wrote the filter.
                        let inner =
                            self.expand_at(&filled, depth + 1).map_err(|fault| Fault::new(span, fault.message))?;
                        done.push_str(&inner);
                        rest = rest.get(len..).unwrap_or_default();
                        check_len(&done)?;
                        continue;
                    }
                },
                c => c.len_utf8(),
            };
            done.push_str(rest.get(..taken).unwrap_or(rest));
            rest = rest.get(taken..).unwrap_or_default();
        }
        check_len(&done)?;
        Ok(done)
    }

    /// The macro that is used at the beginning of `text`: its body, its arguments, and how long its use is.
    fn invocation<'t>(&self, text: &'t str) -> Option<(&str, Vec<&'t str>, usize)> {
        let after = text.strip_prefix('$')?;
        let (is_braced, inner) = match after.strip_prefix('{') {
            Some(inner) => (true, inner),
            None => (false, after),
        };
        let name_end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, rest) = inner.split_at_checked(name_end)?;
        let body = self.bodies.get(name)?;
        let (open, close, separator) = match (is_braced, rest.chars().next()) {
            (true, Some(':' | ';')) => (1, '}', ';'),
            (true, Some('}')) => return Some((body, Vec::new(), text.len() - rest.len() + 1)),
            (true, _) => return None,
            (false, Some('(')) => (1, ')', ','),
            (false, _) => return Some((body, Vec::new(), text.len() - rest.len())),
        };
        let list = rest.get(open..)?;
        let mut arguments = Vec::new();
        let (mut start, mut at, mut depth) = (0, 0, 0usize);
        while let Some(c) = list.get(at..)?.chars().next() {
            if c == close && depth == 0 {
                arguments.push(list.get(start..at)?.trim());
                let len = text.len() - list.len() + at + 1;
                let is_none = arguments.len() == 1 && arguments.first() == Some(&"");
                return Some((body, if is_none { Vec::new() } else { arguments }, len));
            }
            match c {
                '"' | '\'' => {
                    at += quoted(list.get(at..)?, false);
                    continue;
                }
                '(' | '{' | '[' => depth += 1,
                ')' | '}' | ']' => depth = depth.saturating_sub(1),
                c if c == separator && depth == 0 => {
                    arguments.push(list.get(start..at)?.trim());
                    start = at + 1;
                }
                _ => {}
            }
            at += c.len_utf8();
        }
        None
    }
}

fn check_len(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_FILTER_LEN {
        let message = format!("with its macros the filter is longer than {MAX_FILTER_LEN} octets");
        return Err(Fault::new(0..0, message));
    }
    Ok(())
}

/// The name and the text that a line defines.
fn definition(line: &str) -> Option<(String, String)> {
    let (name, rest) = unquoted(line)?;
    let is_name = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    let rest = rest.trim_start();
    let text = match rest.strip_prefix(',') {
        None => rest.to_owned(),
        Some(quoted) => match unquoted(quoted.trim_start())? {
            (text, rest) if rest.trim().is_empty() => text,
            _ => return None,
        },
    };
    (is_name && !text.is_empty()).then_some((name, text))
}

/// The text in quotes at the beginning, its escapes undone, and what follows it.
pub(crate) fn unquoted(line: &str) -> Option<(String, &str)> {
    let len = quoted(line, false);
    let inner = line.get(..len)?.strip_prefix('"')?.strip_suffix('"').filter(|_| len > 1)?;
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'x' => {
                    let (high, low) = (chars.next()?.to_digit(16)?, chars.next()?.to_digit(16)?);
                    text.push(char::from_u32(high * 16 + low)?);
                }
                c => text.push(c),
            },
            c => text.push(c),
        }
    }
    Some((text, line.get(len..)?))
}

/// How long the quoted text at the beginning is, both quotes included; all of the rest when the last one is missing.
fn quoted(text: &str, is_raw: bool) -> usize {
    let octets = text.as_bytes();
    let quote = octets.first().copied().unwrap_or_default();
    let mut at = 1;
    while let Some(c) = octets.get(at) {
        match *c {
            c if c == quote => return at + 1,
            b'\\' if !is_raw || octets.get(at + 1) == Some(&quote) => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The body with its arguments.
fn fill(body: &str, arguments: &[&str]) -> Result<String, String> {
    if arguments.len() > MAX_MACRO_ARGUMENTS {
        return Err(format!("a macro takes at most {MAX_MACRO_ARGUMENTS} arguments"));
    }
    let mut parts = body.split('$');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at_checked(digits).unwrap_or(("", part));
        match number.parse::<usize>() {
            Err(_) => {
                filled.push('$');
                filled.push_str(part);
            }
            Ok(number) => {
                let argument = number.checked_sub(1).and_then(|at| arguments.get(at));
                let argument = argument
                    .ok_or_else(|| format!("the macro uses ${number}, but has {} arguments", arguments.len()))?;
                filled.push_str(argument);
                filled.push_str(rest);
            }
        }
        if filled.len() > MAX_FILTER_LEN {
            return Err(format!("with its macros the filter is longer than {MAX_FILTER_LEN} octets"));
        }
    }
    Ok(filled)
}
