//! A rule: what it is told to look for, and what that becomes.

use std::fmt;

use super::message::Message;
use super::{MAX_COUNT, MAX_MESSAGE_LEN, MAX_NAME_LEN, MAX_WITHIN};
use crate::field::FieldId;
use crate::filter::{Filter, Options};
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::wanted::Wanted;

/// How bad it is what a rule finds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Severity {
    Info,
    #[default]
    Warning,
    Error,
}

/// The names of the severities.
const SEVERITIES: &[(&str, Severity)] =
    &[("info", Severity::Info), ("warning", Severity::Warning), ("error", Severity::Error)];

impl Severity {
    /// The severity of a name.
    pub fn named(name: &str) -> Option<Self> {
        SEVERITIES.iter().find(|row| row.0 == name).map(|row| row.1)
    }

    /// As findings say it.
    pub fn name(self) -> &'static str {
        SEVERITIES.iter().find(|row| row.1 == self).map_or("", |row| row.0)
    }
}

/// What packets are counted together. A packet that lacks what it is grouped by is not counted.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Group<F = String> {
    /// All that pass the filter.
    #[default]
    All,
    /// Those that one host captured.
    Host,
    /// Those of one call: with the same SIP Call-ID.
    Call,
    /// Those between two addresses, either way.
    Pair,
    /// Those from one address.
    Source,
    /// Those to one address.
    Destination,
    /// Those with the same value of a field.
    Field(F),
}

/// What is measured over the packets of a group.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Measure<F = String> {
    /// How many they are.
    #[default]
    Count,
    /// The sum of a field's values.
    Sum(F),
    /// The mean of a field's values.
    Mean(F),
    /// How many values a field has.
    Distinct(F),
}

/// A rule as it is written. Times are nanoseconds.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Spec {
    pub name: String,
    /// A display filter.
    pub filter: String,
    pub group: Group,
    pub measure: Measure,
    /// The rule has found something when the measure is that or more; for a count at least 1.
    pub at_least: f64,
    /// Over how long; without it over all packets.
    pub within: Option<i64>,
    pub severity: Severity,
    /// See [`Message`]; empty for a message of its own.
    pub message: String,
    pub advice: String,
}

impl Spec {
    /// A rule that finds something with the first packet that passes a filter, as those of Wireshark's files do.
    pub fn of_filter(name: &str, filter: &str) -> Self {
        Self {
            name: name.to_owned(),
            filter: filter.to_owned(),
            at_least: 1.0,
            severity: Severity::Info,
            ..Self::default()
        }
    }
}

/// Why a rule is disabled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// In one line.
    pub reason: String,
    /// The names that are no fields here, in the order of the filter.
    pub unknown_fields: Vec<String>,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), unknown_fields: Vec::new() }
    }

    pub(super) fn unknown(name: &str, place: &str) -> Self {
        Self {
            reason: format!("{place}: \"{name}\" is neither a field nor a protocol name"),
            unknown_fields: vec![name.to_owned()],
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Fault {}

/// Where a group's key is taken from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Key {
    All,
    Host,
    /// The first of these fields that occurs.
    Fields(Vec<FieldId>),
    /// Both ends, the smaller text first.
    Pair(Vec<FieldId>, Vec<FieldId>),
}

/// A compiled rule.
pub struct Rule {
    spec: Spec,
    filter: Filter,
    pub(super) key: Key,
    pub(super) measure: Measure<FieldId>,
    pub(super) message: Message,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({:?})", self.spec.name)
    }
}

impl Rule {
    /// Compiles a rule.
    ///
    /// # Errors
    /// Why the rule cannot be used; other rules do not suffer by it.
    pub fn compile(spec: Spec, options: &Options) -> Result<Self, Fault> {
        if spec.name.is_empty() || spec.name.len() > MAX_NAME_LEN {
            return Err(Fault::new(format!("a name has 1 to {MAX_NAME_LEN} octets")));
        }
        let filter = Filter::compile(&spec.filter, options).map_err(|error| {
            let suggested = match error.suggestions.is_empty() {
                true => String::new(),
                false => format!("; did you mean {}?", error.suggestions.join(", ")),
            };
            Fault {
                reason: format!("{}{suggested}", error.message),
                unknown_fields: Filter::unknown_fields(&spec.filter, options),
            }
        })?;
        if spec.within.is_some_and(|within| within <= 0 || within > MAX_WITHIN) {
            return Err(Fault::new("within: a time is more than 0 and at most a day"));
        }
        if !spec.at_least.is_finite() || matches!(spec.measure, Measure::Count) && spec.at_least < 1.0 {
            return Err(Fault::new("a count is at least 1"));
        }
        if matches!(spec.measure, Measure::Count | Measure::Distinct(_)) && spec.at_least > MAX_COUNT as f64 {
            return Err(Fault::new(format!("a count is at most {MAX_COUNT}")));
        }
        if spec.message.len() > MAX_MESSAGE_LEN || spec.advice.len() > MAX_MESSAGE_LEN {
            return Err(Fault::new(format!("a message has at most {MAX_MESSAGE_LEN} octets")));
        }
        let key = key(&spec.group)?;
        let measure = measure(&spec.measure)?;
        let message = match spec.message.as_str() {
            "" if spec.at_least <= 1.0 && spec.measure == Measure::Count => Message::read("{rule}")?,
            "" if spec.within.is_some() => Message::read("{rule}: {value} within {within}")?,
            "" => Message::read("{rule}: {value}")?,
            text => Message::read(text)?,
        };
        Ok(Self { spec, filter, key, measure, message })
    }

    /// What it was made of.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The filter that packets have to pass.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The code of its findings: `rule.` and the name, of which what is no letter, digit, `-` or `_` becomes `-`.
    pub fn code(&self) -> String {
        let name = self.spec.name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' });
        format!("rule.{}", name.collect::<String>())
    }

    /// Adds what the rule looks at.
    pub fn want(&self, wanted: &mut Wanted) {
        self.filter.fields().for_each(|field| wanted.add(field));
        match &self.key {
            Key::All | Key::Host => {}
            Key::Fields(fields) => fields.iter().for_each(|field| wanted.add(*field)),
            Key::Pair(from, to) => from.iter().chain(to).for_each(|field| wanted.add(*field)),
        }
        match self.measure {
            Measure::Count => {}
            Measure::Sum(field) | Measure::Mean(field) | Measure::Distinct(field) => wanted.add(field),
        }
        self.message.want(wanted);
    }
}

fn field(name: &str, place: &str) -> Result<FieldId, Fault> {
    registry::by_name(name).ok_or_else(|| Fault::unknown(name, place))
}

const SOURCES: [&str; 4] = ["ip.src", "ipv6.src", "arp.src.proto_ipv4", "eth.src"];
const DESTINATIONS: [&str; 4] = ["ip.dst", "ipv6.dst", "arp.dst.proto_ipv4", "eth.dst"];

fn key(group: &Group) -> Result<Key, Fault> {
    let all = |names: &[&str]| names.iter().map(|name| field(name, "group")).collect::<Result<Vec<_>, _>>();
    Ok(match group {
        Group::All => Key::All,
        Group::Host => Key::Host,
        Group::Call => Key::Fields(all(&["sip.Call-ID"])?),
        Group::Pair => Key::Pair(all(&SOURCES)?, all(&DESTINATIONS)?),
        Group::Source => Key::Fields(all(&SOURCES)?),
        Group::Destination => Key::Fields(all(&DESTINATIONS)?),
        Group::Field(name) => Key::Fields(all(&[name.as_str()])?),
    })
}

fn measure(measure: &Measure) -> Result<Measure<FieldId>, Fault> {
    let number = |name: &str, place: &str| {
        let id = field(name, place)?;
        let ftype = registry::field(id).ftype;
        let is_number = ftype.is_integer()
            || matches!(ftype, crate::field::FieldType::Float | crate::field::FieldType::Double)
            || ftype == crate::field::FieldType::RelativeTime;
        match is_number {
            true => Ok(id),
            false => Err(Fault::new(format!("{place}: {name} ({}) is no number", ftype.title()))),
        }
    };
    Ok(match measure {
        Measure::Count => Measure::Count,
        Measure::Sum(name) => Measure::Sum(number(name, "sum")?),
        Measure::Mean(name) => Measure::Mean(number(name, "mean")?),
        Measure::Distinct(name) => Measure::Distinct(field(name, "distinct")?),
    })
}

/// The occurrence of a field that stands for the packet: the first one of the innermost layer, but not one that an
/// ICMP error quotes.
pub(super) fn occurrence<'d>(dissection: &'d Dissection<'_>, field: FieldId) -> Option<&'d Node> {
    let depth = dissection.all(field).map(|node| node.depth).min()?;
    let layer = dissection.all(field).filter(|node| node.depth == depth).map(|node| node.layer).max()?;
    dissection.all(field).find(|node| node.depth == depth && node.layer == layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(spec: Spec) -> Result<Rule, Fault> {
        Rule::compile(spec, &Options::default())
    }

    #[test]
    fn a_faulty_rule_says_why() {
        let good = Spec::of_filter("a", "udp");
        assert!(compile(good.clone()).is_ok());
        let wrong = |spec: Spec, word: &str| {
            let fault = compile(spec).expect_err(word);
            assert!(fault.reason.contains(word) && !fault.reason.contains('\n'), "{fault}");
            fault
        };
        wrong(Spec { name: String::new(), ..good.clone() }, "a name has");
        wrong(Spec { name: "n".repeat(MAX_NAME_LEN + 1), ..good.clone() }, "a name has");
        wrong(Spec { filter: "udp &&".into(), ..good.clone() }, "ends too early");
        let fault = wrong(Spec { filter: "no.such || nor.this == 1 && udp".into(), ..good.clone() }, "no.such");
        assert_eq!(fault.unknown_fields, ["no.such", "nor.this"]);
        wrong(Spec { within: Some(0), ..good.clone() }, "within");
        wrong(Spec { within: Some(MAX_WITHIN + 1), ..good.clone() }, "within");
        wrong(Spec { at_least: 0.0, ..good.clone() }, "at least 1");
        wrong(Spec { at_least: f64::NAN, ..good.clone() }, "at least 1");
        wrong(Spec { at_least: MAX_COUNT as f64 + 1.0, ..good.clone() }, "at most");
        wrong(Spec { message: "{no.such}".into(), ..good.clone() }, "no.such");
        wrong(Spec { message: "m".repeat(MAX_MESSAGE_LEN + 1), ..good.clone() }, "octets");
        wrong(Spec { group: Group::Field("no.such".into()), ..good.clone() }, "group");
        wrong(Spec { measure: Measure::Sum("ip.src".into()), ..good.clone() }, "no number");
        wrong(Spec { measure: Measure::Distinct("no.such".into()), ..good }, "distinct");
    }

    #[test]
    fn fields_of_protocols_that_are_not_dissected_are_absent() {
        let options = Options { absent: &["no_such"], ..Options::default() };
        let filter = "udp && !(no_such.state == \"x\" || no_such) || no_such.port in {1..2}";
        let rule = Rule::compile(Spec::of_filter("a", filter), &options).expect("a rule");
        assert_eq!(rule.filter().absent(), ["no_such", "no_such.port", "no_such.state"]);
        let packet = crate::Packet::alone(
            101,
            &[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 0, 8, 0, 0],
        );
        let mut wanted = Wanted::nothing();
        rule.want(&mut wanted);
        let passes = crate::dissect(&packet, [], &wanted, &mut crate::Scratch::default(), |d| rule.filter().matches(d));
        assert!(passes);
        let fault = Rule::compile(Spec::of_filter("a", "no_such2 || no_such"), &options).expect_err("a name too long");
        assert_eq!(fault.unknown_fields, ["no_such2"]);
    }

    #[test]
    fn codes_are_words() {
        let rule = compile(Spec::of_filter("TTL low (or @ unexpected)", "ip")).expect("a rule");
        assert_eq!(rule.code(), "rule.TTL-low--or---unexpected-");
    }

    #[test]
    fn severities_have_names() {
        for (name, severity) in SEVERITIES {
            assert_eq!((Severity::named(name), severity.name()), (Some(*severity), *name));
        }
        assert_eq!(Severity::named("bad"), None);
    }
}
