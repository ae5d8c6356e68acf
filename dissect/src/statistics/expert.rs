//! `-z expert`: the expert infos of all packets, by severity.

use std::collections::HashMap;
use std::fmt::Write;

use super::{Selection, Statistic};
use crate::field::Severity;
use crate::packet::Packet;
use crate::proto::ws;
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::value::Value;
use crate::wanted::Wanted;

/// How many different expert infos are told apart; what comes after is counted in one line of its severity.
const MAX_SUMMARIES: usize = 100_000;

/// The severities, worst first, with the title of their table.
const SEVERITIES: [(Severity, &str); 5] = [
    (Severity::Error, "Errors"),
    (Severity::Warning, "Warns"),
    (Severity::Note, "Notes"),
    (Severity::Chat, "Chats"),
    (Severity::Comment, "Comments"),
];

const NAMES: [(&str, Severity); 5] = [
    ("error", Severity::Error),
    ("warn", Severity::Warning),
    ("note", Severity::Note),
    ("chat", Severity::Chat),
    ("comment", Severity::Comment),
];

#[derive(Clone, PartialEq, Eq, Hash)]
struct Kind {
    severity: u64,
    group: u64,
    protocol: String,
    summary: String,
}

pub(super) struct Expert {
    least: Severity,
    selection: Selection,
    places: HashMap<Kind, usize>,
    /// In the order in which they were met.
    all: Vec<(Kind, u64)>,
}

/// The least severity and the filter, from what follows `expert,`.
pub(super) fn arguments(text: &str) -> (Severity, Option<&str>) {
    let (first, rest) = text.split_once(',').map_or((text, None), |(first, rest)| (first, Some(rest)));
    match NAMES.iter().find(|row| row.0 == first) {
        Some((_, least)) => (*least, rest),
        None => (Severity::Comment, (!text.is_empty()).then_some(text)),
    }
}

impl Expert {
    pub(super) fn new(least: Severity, selection: Selection) -> Self {
        Self { least, selection, places: HashMap::new(), all: Vec::new() }
    }

    fn count(&mut self, mut kind: Kind) {
        if self.all.len() >= MAX_SUMMARIES && !self.places.contains_key(&kind) {
            kind.summary = "(others)".to_owned();
            kind.protocol.clear();
        }
        match self.places.get(&kind) {
            Some(at) => {
                if let Some(row) = self.all.get_mut(*at) {
                    row.1 += 1;
                }
            }
            None => {
                self.places.insert(kind.clone(), self.all.len());
                self.all.push((kind, 1));
            }
        }
    }
}

/// The protocol that complains: whose field it is, or of whom a note on malformed octets speaks.
fn protocol(nodes: &[Node], at: usize) -> String {
    let Some(node) = nodes.get(at) else { return String::new() };
    let named = nodes.get(..at).unwrap_or_default().iter().rev().find(|around| around.depth + 1 < node.depth);
    if node.field == ws::MALFORMED_EXPERT
        && let Some(text) = named.and_then(|around| around.text.as_deref())
        && let Some((_, name)) = text.trim_end_matches(']').split_once(": ")
    {
        return name.to_owned();
    }
    registry::protocol(registry::owner(node.field)).short.to_owned()
}

impl Statistic for Expert {
    fn want(&self, wanted: &mut Wanted) {
        for (id, field) in registry::fields() {
            if field.expert.is_some() {
                wanted.add(id);
            }
        }
        [ws::EXPERT, ws::EXPERT_MESSAGE, ws::EXPERT_SEVERITY, ws::EXPERT_GROUP, ws::MALFORMED]
            .into_iter()
            .for_each(|field| wanted.add(field));
        // The texts of the tree tell which protocol was malformed.
        wanted.tree = true;
        self.selection.want(wanted);
    }

    fn packet(&mut self, _: &Packet<'_>, dissection: &Dissection<'_>) {
        if !self.selection.takes(dissection) {
            return;
        }
        let nodes = &dissection.nodes;
        for (at, node) in nodes.iter().enumerate().filter(|(_, node)| node.field == ws::EXPERT_MESSAGE) {
            let number = |at: usize| match nodes.get(at).map(|node| &node.value) {
                Some(Value::Uint(number)) => *number,
                _ => 0,
            };
            let (severity, group) = (number(at + 1), number(at + 2));
            if severity < self.least as u64 {
                continue;
            }
            let summary = match &node.value {
                Value::String(text) => crate::output::value::printable(text.as_bytes()),
                _ => String::new(),
            };
            let protocol = protocol(nodes, at.saturating_sub(1));
            self.count(Kind { severity, group, protocol, summary });
        }
    }

    fn print(&mut self, out: &mut String) {
        let groups = &registry::field(ws::EXPERT_GROUP).names;
        for (severity, title) in SEVERITIES {
            let rows = || self.all.iter().filter(|(kind, _)| kind.severity == severity as u64);
            let total: u64 = rows().map(|row| row.1).sum();
            if total == 0 {
                continue;
            }
            let _ = writeln!(out, "\n{title} ({total})\n=============");
            let _ = writeln!(out, "   Frequency      Group           Protocol  Summary");
            for (kind, count) in rows() {
                let group = groups.of(kind.group).unwrap_or_default();
                let _ = writeln!(out, "{count:12} {group:>10} {:>18}  {}", kind.protocol, kind.summary);
            }
        }
    }
}
