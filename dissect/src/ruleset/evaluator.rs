//! The machine that runs rules: packets in, matches out.
//!
//! Holds no clock: time is that of the packets. A rule speaks once for each group when its measure comes to what was
//! asked, and again only after no packet of the group was counted for the rule's time. What it says depends on the
//! packets and their order alone.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use super::message::{Values, text_of};
use super::rule::{Key, Measure, Rule, Severity, occurrence};
use super::window::{Sample, Window};
use super::{MAX_FRAMES, MAX_GROUPS, MAX_RULES, MAX_SAMPLES};
use crate::conversation::Folding;
use crate::packet::Packet;
use crate::registry;
use crate::tree::Dissection;
use crate::value::Value;
use crate::wanted::Wanted;

/// What a rule found.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// The place of the rule among those of the evaluator.
    pub rule: usize,
    /// `rule.NAME`
    pub code: String,
    pub severity: Severity,
    /// What the group is of and which one it is; nothing for a rule without groups.
    pub subject: Option<(&'static str, String)>,
    /// Nanoseconds since the Unix epoch.
    pub first_seen: i64,
    pub last_seen: i64,
    /// The frames that were counted: the first of them and the last, at most [`MAX_FRAMES`].
    pub frames: Vec<u64>,
    pub summary: String,
    pub advice: String,
}

/// The groups of one rule.
#[derive(Default)]
struct Groups {
    windows: HashMap<Arc<str>, (u64, Window)>,
    /// The groups by when they were used last.
    order: BTreeMap<u64, Arc<str>>,
}

/// Runs rules over packets.
#[derive(Default)]
pub struct Evaluator {
    rules: Vec<(Arc<Rule>, Groups)>,
    /// Samples in all windows. Invariant: at most [`MAX_SAMPLES`].
    held: usize,
    tick: u64,
    hashing: Folding,
    matches: VecDeque<Match>,
}

impl Evaluator {
    /// A machine for rules; those beyond [`MAX_RULES`] are left out.
    pub fn new(rules: impl IntoIterator<Item = Arc<Rule>>) -> Self {
        let rules = rules.into_iter().take(MAX_RULES).map(|rule| (rule, Groups::default())).collect();
        Self { rules, ..Self::default() }
    }

    /// Takes other rules from now on. What was counted for a rule that is still the same goes on.
    pub fn reload(&mut self, rules: impl IntoIterator<Item = Arc<Rule>>) {
        let mut before = std::mem::take(&mut self.rules);
        for rule in rules.into_iter().take(MAX_RULES) {
            let same = before.iter().position(|(old, _)| old.spec() == rule.spec());
            let groups = same.map(|at| before.swap_remove(at).1).unwrap_or_default();
            self.rules.push((rule, groups));
        }
        let gone = before.iter().flat_map(|(_, groups)| groups.order.values().map(|key| groups.len_of(key)));
        self.held -= gone.sum::<usize>();
    }

    /// The rules, in their order.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Arc<Rule>> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// Adds what the rules look at.
    pub fn want(&self, wanted: &mut Wanted) {
        self.rules.iter().for_each(|(rule, _)| rule.want(wanted));
    }

    /// Looks at the next packet, which `host` captured. What [`Evaluator::want`] said must have been wanted.
    pub fn handle_packet(&mut self, packet: &Packet<'_>, host: &str, dissection: &Dissection<'_>) {
        for at in 0..self.rules.len() {
            self.run(at, packet, host, dissection);
        }
    }

    /// The next match. There may be one after each packet.
    pub fn poll_match(&mut self) -> Option<Match> {
        self.matches.pop_front()
    }

    fn run(&mut self, at: usize, packet: &Packet<'_>, host: &str, dissection: &Dissection<'_>) {
        let Some((rule, groups)) = self.rules.get_mut(at) else {
            return;
        };
        if !rule.filter().matches(dissection) {
            return;
        }
        let Some((kind, key)) = group(rule, host, dissection) else {
            return;
        };
        let Some(sample) = sample(rule, packet, dissection, &self.hashing) else {
            return;
        };
        let spec = rule.spec();
        self.tick += 1;
        let window = groups.touch(&key, self.tick, &mut self.held);
        let before = window.len();
        window.expire(packet.time, spec.within);
        // A count needs no more packets than it counts up to; a rule without a time is done when it has spoken.
        let most = match rule.measure {
            Measure::Count => spec.at_least.ceil() as u64,
            _ => super::MAX_COUNT,
        };
        if !(window.is_raised && spec.within.is_none()) {
            window.push(sample, &rule.measure, most);
        }
        let value = window.measure(&rule.measure);
        if value >= spec.at_least && !window.is_raised {
            window.is_raised = true;
            let values =
                Values { count: window.len() as u64, value, within: spec.within, group: &key, rule: &spec.name, host };
            let summary = rule.message.fill(dissection, &values);
            self.matches.push_back(Match {
                rule: at,
                code: rule.code(),
                severity: spec.severity,
                subject: kind.map(|kind| (kind, key.to_string())),
                first_seen: window.samples().map(|sample| sample.time).min().unwrap_or(packet.time),
                last_seen: window.samples().map(|sample| sample.time).max().unwrap_or(packet.time),
                frames: frames(window),
                summary,
                advice: spec.advice.clone(),
            });
            if spec.within.is_none() {
                // It has said what there was to say of this group; what it counted is not needed any more.
                while window.len() > 0 {
                    window.pop();
                }
            }
        }
        self.held = (self.held + window.len()).saturating_sub(before);
        groups.shrink(&key, &mut self.held);
    }
}

impl Groups {
    fn len_of(&self, key: &str) -> usize {
        self.windows.get(key).map_or(0, |(_, window)| window.len())
    }

    /// The window of a group, now the one in use last. A full table gives up the one that was idle longest.
    fn touch(&mut self, key: &Arc<str>, tick: u64, held: &mut usize) -> &mut Window {
        match self.windows.get(key) {
            Some((last, _)) => {
                self.order.remove(last);
            }
            None if self.windows.len() >= MAX_GROUPS => self.evict(held),
            None => {}
        }
        self.order.insert(tick, key.clone());
        let entry = self.windows.entry(key.clone()).or_default();
        entry.0 = tick;
        &mut entry.1
    }

    fn evict(&mut self, held: &mut usize) {
        if let Some((_, key)) = self.order.pop_first() {
            *held = held.saturating_sub(self.len_of(&key));
            self.windows.remove(&key);
        }
    }

    /// Brings all windows together back to their limit, at the cost of this rule: of its other groups, then of `key`.
    fn shrink(&mut self, key: &str, held: &mut usize) {
        while *held > MAX_SAMPLES {
            match self.order.len() {
                0 | 1 => {
                    if let Some((_, window)) = self.windows.get_mut(key) {
                        window.pop();
                    }
                    *held -= 1;
                }
                _ => self.evict(held),
            }
        }
    }
}

/// What the packet is counted with: the kind of the group and its key.
fn group(rule: &Rule, host: &str, dissection: &Dissection<'_>) -> Option<(Option<&'static str>, Arc<str>)> {
    let first = |fields: &[crate::field::FieldId]| fields.iter().find_map(|field| text_of(dissection, *field));
    Some(match &rule.key {
        Key::All => (None, "".into()),
        Key::Host => (Some("host"), host.into()),
        Key::Fields(fields) => {
            let (field, text) = fields.iter().find_map(|field| Some((*field, text_of(dissection, *field)?)))?;
            let kind = match registry::field(field).name {
                "sip.Call-ID" => "call_id",
                _ if fields.len() > 1 => "address",
                name => name,
            };
            (Some(kind), text.into())
        }
        Key::Pair(from, to) => {
            let (from, to) = (first(from)?, first(to)?);
            let (low, high) = if from <= to { (from, to) } else { (to, from) };
            (Some("pair"), format!("{low} {high}").into())
        }
    })
}

/// What is counted of the packet; nothing where it lacks the field that is measured.
fn sample(rule: &Rule, packet: &Packet<'_>, dissection: &Dissection<'_>, hashing: &Folding) -> Option<Sample> {
    let mut sample = Sample { time: packet.time, frame: packet.number, number: 0.0, hash: 0 };
    match rule.measure {
        Measure::Count => {}
        Measure::Sum(field) | Measure::Mean(field) => {
            sample.number = match &occurrence(dissection, field)?.value {
                Value::Uint(n) => *n as f64,
                Value::Int(n) => *n as f64,
                Value::Float(x) if x.is_finite() => *x,
                Value::Time(ns) => *ns as f64 / 1e9,
                _ => return None,
            };
        }
        Measure::Distinct(field) => {
            let mut hasher = hashing.build_hasher();
            hasher.write(text_of(dissection, field)?.as_bytes());
            sample.hash = hasher.finish();
        }
    }
    Some(sample)
}

fn frames(window: &Window) -> Vec<u64> {
    let all = window.samples();
    let left_out = all.len().saturating_sub(MAX_FRAMES);
    let last = window.samples().skip(MAX_FRAMES - 1 + left_out);
    let first = all.take(if left_out > 0 { MAX_FRAMES - 1 } else { MAX_FRAMES });
    let mut frames: Vec<u64> = first.map(|sample| sample.frame).collect();
    if left_out > 0 {
        frames.extend(last.map(|sample| sample.frame));
    }
    frames
}

#[cfg(test)]
mod tests;
