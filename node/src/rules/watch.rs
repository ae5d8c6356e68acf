//! Rules at work: each host's packets through an evaluator of its own, its matches as findings, and told to whom they name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use packetstream_config::rules::Notify;
use packetstream_dissect::diagnose::finding_id;
use packetstream_dissect::output::value;
use packetstream_dissect::ruleset::{Evaluator, Match, Rule};
use packetstream_dissect::{InOrder, Packet, Wanted};
use serde_json::{Value, json};

use super::{Notice, Notifier, RuleFile, RulesError, load};

/// The rules of some files that can run, and whom they tell.
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
    notify: Vec<Option<Notify>>,
    wanted: Wanted,
    /// The rules that are wrong and take no part, a line each.
    pub disabled: Vec<String>,
}

impl RuleSet {
    /// What of files can run. A rule that is wrong disables itself alone.
    pub fn of(files: &[RuleFile]) -> Self {
        let compiled: Vec<_> = files.iter().flat_map(|file| file.compiled()).collect();
        let rules: Vec<Arc<Rule>> = compiled.iter().map(|(_, rule)| (*rule).clone()).collect();
        let notify: Vec<Option<Notify>> = compiled.iter().map(|(entry, _)| entry.notify.clone()).collect();
        let disabled = files
            .iter()
            .flat_map(|file| file.disabled().map(move |(entry, fault)| (file, entry, fault)))
            .map(|(file, entry, fault)| format!("{}: rule {:?} is disabled: {fault}", file.path.display(), entry.name))
            .collect();
        let mut wanted = Wanted::nothing();
        Evaluator::new(rules.iter().cloned()).want(&mut wanted);
        Self { rules, notify, wanted, disabled }
    }

    /// Whether nothing can run.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The notice of a match, if somebody is to hear of it.
    pub fn notice(&self, host: &str, found: &Match) -> Option<Notice> {
        let to = self.notify.get(found.rule)?.clone()?;
        Some(Notice { to, json: object(host, found).to_string() })
    }
}

/// Rules over the packets of one host.
pub struct HostWatch {
    in_order: InOrder,
    evaluator: Evaluator,
}

impl HostWatch {
    /// Rules that have seen nothing yet.
    pub fn new(set: &RuleSet) -> Self {
        let in_order = InOrder::new(&set.wanted, &set.wanted);
        Self { in_order, evaluator: Evaluator::new(set.rules.iter().cloned()) }
    }

    /// Takes other rules from now on; what was counted for a rule that is still the same goes on.
    pub fn reload(&mut self, set: &RuleSet) {
        self.in_order = InOrder::new(&set.wanted, &set.wanted);
        self.evaluator.reload(set.rules.iter().cloned());
    }

    /// Takes the next packet of the host; what rules found in it is added to `found`.
    pub fn observe(&mut self, host: &str, packet: &Packet<'_>, found: &mut Vec<Match>) {
        let evaluator = &mut self.evaluator;
        self.in_order.dissect(packet, |dissection, _| evaluator.handle_packet(packet, host, dissection));
        found.extend(std::iter::from_fn(|| evaluator.poll_match()));
    }
}

/// The rules of some files over the packets of any number of hosts.
pub struct Watch {
    set: RuleSet,
    hosts: BTreeMap<String, HostWatch>,
    notifier: Option<Notifier>,
}

impl Watch {
    /// Loads rule files.
    ///
    /// # Errors
    /// A file that cannot be read or holds no rules. A rule that is wrong disables itself alone.
    pub fn load(paths: &[PathBuf]) -> Result<Self, RulesError> {
        let set = RuleSet::of(&load(paths)?);
        let tells = set.notify.iter().any(Option::is_some);
        // Without a thread nobody is told; what is found is still shown.
        let notifier = tells.then(Notifier::start).and_then(Result::ok);
        Ok(Self { set, hosts: BTreeMap::new(), notifier })
    }

    /// The rules that are wrong and take no part, a line each.
    pub fn disabled(&self) -> &[String] {
        &self.set.disabled
    }

    /// Takes the next packet of a host; what rules found in it is added to `found`.
    pub fn observe(&mut self, host: &str, packet: &Packet<'_>, found: &mut Vec<Match>) {
        if self.set.is_empty() {
            return;
        }
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_owned(), HostWatch::new(&self.set));
        }
        let Some(watch) = self.hosts.get_mut(host) else { return };
        let before = found.len();
        watch.observe(host, packet, found);
        for next in found.get(before..).unwrap_or_default() {
            if let (Some(notifier), Some(notice)) = (&self.notifier, self.set.notice(host, next)) {
                notifier.notify(notice);
            }
        }
    }
}

/// What names a match for ever: the rule, the group and the time of the first packet that was counted, hashed as those of findings.
pub fn id(found: &Match) -> u64 {
    let mut subject = Vec::new();
    if let Some((kind, which)) = &found.subject {
        subject.push((*kind, which.clone()));
    }
    finding_id(&found.code, &subject, found.first_seen)
}

/// A match as a finding: one JSON object without line breaks.
pub fn object(host: &str, found: &Match) -> Value {
    let subject = found.subject.iter().map(|(kind, which)| ((*kind).to_owned(), json!(which)));
    json!({
        "code": found.code, "severity": found.severity.name(), "certain": true, "host": host,
        "subject": Value::Object(subject.collect()),
        "first_seen": value::rfc3339(found.first_seen), "last_seen": value::rfc3339(found.last_seen),
        "frames": found.frames, "packets": [], "summary": found.summary, "advice": found.advice,
        "id": format!("{:016x}", id(found)),
    })
}

/// A match for people.
pub fn show(found: &Match, out: &mut String) {
    let printable = |text: &str| value::printable(text.as_bytes());
    let subject =
        found.subject.as_ref().map_or(String::new(), |(kind, which)| format!("  {kind} {}", printable(which)));
    let _ = writeln!(out, "{}  {}{subject}", found.severity.name().to_uppercase(), found.code);
    let _ = writeln!(out, "    {}", printable(&found.summary));
    let numbers: Vec<String> = found.frames.iter().map(u64::to_string).collect();
    let _ = writeln!(out, "    seen {}, frames {}", value::rfc3339(found.first_seen), numbers.join(", "));
    if !found.advice.is_empty() {
        let _ = writeln!(out, "    {}", printable(&found.advice));
    }
    out.push('\n');
}
