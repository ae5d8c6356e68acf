//! The message of a rule: text with values in it.
//!
//! `{ip.src}` is a field of the packet with which the rule found something, `{count}` how many packets were counted,
//! `{value}` what was measured, `{within}` the rule's time, `{group}` the group, `{rule}` the rule's name and `{host}`
//! the host that captured the packet. `{{` and `}}` stand for braces.

use super::rule::{Fault, occurrence};
use super::{MAX_MESSAGE_LEN, MAX_VALUE_LEN};
use crate::field::FieldId;
use crate::output::value;
use crate::registry;
use crate::tree::Dissection;
use crate::wanted::Wanted;

/// What stands where a packet lacks a field.
const NOTHING: &str = "-";

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Field(FieldId),
    Known(Known),
}

/// What is known beside the packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    Count,
    Value,
    Within,
    Group,
    Rule,
    Host,
}

const KNOWN: &[(&str, Known)] = &[
    ("count", Known::Count),
    ("value", Known::Value),
    ("within", Known::Within),
    ("group", Known::Group),
    ("rule", Known::Rule),
    ("host", Known::Host),
];

/// A message, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    parts: Vec<Part>,
}

/// The values that a message may name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'v> {
    pub(super) count: u64,
    pub(super) value: f64,
    pub(super) within: Option<i64>,
    pub(super) group: &'v str,
    pub(super) rule: &'v str,
    pub(super) host: &'v str,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// A name in braces that is no field, or a brace without its other one.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else if let Some((name, after)) = from.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                let part = match KNOWN.iter().find(|row| row.0 == name) {
                    Some((_, known)) => Part::Known(*known),
                    None => Part::Field(registry::by_name(name).ok_or_else(|| Fault::unknown(name, "message"))?),
                };
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(part);
                rest = after;
            } else {
                return Err(Fault::new("message: a brace without its other one; write {{ or }} for a brace"));
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    pub(super) fn want(&self, wanted: &mut Wanted) {
        for part in &self.parts {
            if let Part::Field(field) = part {
                wanted.add(*field);
            }
        }
    }

    pub(super) fn fill(&self, dissection: &Dissection<'_>, values: &Values<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Field(field) => match text_of(dissection, *field) {
                    Some(value) => text.push_str(&value),
                    None => text.push_str(NOTHING),
                },
                Part::Known(known) => match known {
                    Known::Count => text.push_str(&values.count.to_string()),
                    Known::Value => text.push_str(&number(values.value)),
                    Known::Within => text.push_str(&values.within.map_or(NOTHING.to_owned(), span)),
                    Known::Group => text.push_str(values.group),
                    Known::Rule => text.push_str(values.rule),
                    Known::Host => text.push_str(values.host),
                },
            }
            if text.len() > MAX_MESSAGE_LEN {
                cut(&mut text, MAX_MESSAGE_LEN);
                break;
            }
        }
        text
    }
}

/// The text of a field of a packet, without control characters, of which it has at most [`MAX_VALUE_LEN`] octets.
pub(super) fn text_of(dissection: &Dissection<'_>, field: FieldId) -> Option<String> {
    let node = occurrence(dissection, field)?;
    let octets = dissection.bytes(node);
    let octets = octets.get(..MAX_VALUE_LEN).unwrap_or(octets);
    let mut text = value::of(registry::field(field), node, octets);
    if text.contains(char::is_control) {
        text = text.replace(char::is_control, " ");
    }
    cut(&mut text, MAX_VALUE_LEN);
    Some(text)
}

/// Cuts a text to at most `len` octets, between two characters.
fn cut(text: &mut String, len: usize) {
    if text.len() > len {
        let end = (0..=len).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
}

/// A number without decimals that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A span of time in its largest whole unit.
fn span(ns: i64) -> String {
    const UNITS: &[(i64, &str)] = &[
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
    ];
    match UNITS.iter().find(|(unit, _)| ns % unit == 0) {
        Some((unit, name)) => format!("{} {name}", ns / unit),
        None => format!("{} ns", ns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_without_their_other_ones_are_refused() {
        for text in ["{", "a {ip.src", "}", "a } b", "{no.such}", "{}"] {
            assert!(Message::read(text).is_err(), "{text}");
        }
        for text in ["", "plain", "{{}}", "{ip.src} {count} {value} {within} {group} {rule} {host}"] {
            assert!(Message::read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn numbers_and_spans_are_short() {
        assert_eq!([number(3.0), number(0.25), number(1000.0)], ["3", "0.25", "1000"]);
        assert_eq!(
            [span(10_000_000_000), span(1_500_000_000), span(7), span(120_000_000_000)],
            ["10 s", "1500 ms", "7 ns", "2 min"]
        );
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let mut text = "aé".repeat(3);
        cut(&mut text, 5);
        assert_eq!(text, "aéa");
    }
}
