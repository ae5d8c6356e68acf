//! Rules at work: each host's packets through an evaluator of its own, its matches as findings, and told to whom they name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use packetstream_config::rules::Notify;
use packetstream_dissect::output::value;
use packetstream_dissect::ruleset::{Evaluator, Match, Rule};
use packetstream_dissect::{InOrder, Packet, Wanted};
use serde_json::{Value, json};

use super::{Notice, Notifier, RulesError, load};

/// The rules of some files over the packets of any number of hosts.
pub struct Watch {
    rules: Vec<Arc<Rule>>,
    notify: Vec<Option<Notify>>,
    wanted: Wanted,
    hosts: BTreeMap<String, (InOrder, Evaluator)>,
    notifier: Option<Notifier>,
    /// The rules that are wrong and take no part, a line each.
    pub disabled: Vec<String>,
}

impl Watch {
    /// Loads rule files.
    ///
    /// # Errors
    /// A file that cannot be read or holds no rules. A rule that is wrong disables itself alone.
    pub fn load(paths: &[PathBuf]) -> Result<Self, RulesError> {
        let files = load(paths)?;
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
        let tells = notify.iter().any(Option::is_some);
        // Without a thread nobody is told; what is found is still shown.
        let notifier = tells.then(Notifier::start).and_then(Result::ok);
        Ok(Self { rules, notify, wanted, hosts: BTreeMap::new(), notifier, disabled })
    }

    /// Takes the next packet of a host; what rules found in it is added to `found`.
    pub fn observe(&mut self, host: &str, packet: &Packet<'_>, found: &mut Vec<Match>) {
        if self.rules.is_empty() {
            return;
        }
        if !self.hosts.contains_key(host) {
            let machine = (InOrder::new(&self.wanted, &self.wanted), Evaluator::new(self.rules.iter().cloned()));
            self.hosts.insert(host.to_owned(), machine);
        }
        let Some((in_order, evaluator)) = self.hosts.get_mut(host) else { return };
        in_order.dissect(packet, |dissection, _| evaluator.handle_packet(packet, host, dissection));
        while let Some(next) = evaluator.poll_match() {
            if let (Some(notifier), Some(Some(to))) = (&self.notifier, self.notify.get(next.rule)) {
                notifier.notify(Notice { to: to.clone(), json: object(host, &next).to_string() });
            }
            found.push(next);
        }
    }
}

/// A match as a finding: one JSON object without line breaks.
pub fn object(host: &str, found: &Match) -> Value {
    let subject = found.subject.iter().map(|(kind, which)| ((*kind).to_owned(), json!(which)));
    json!({
        "code": found.code, "severity": found.severity.name(), "certain": true, "host": host,
        "subject": Value::Object(subject.collect()),
        "first_seen": value::rfc3339(found.first_seen), "last_seen": value::rfc3339(found.last_seen),
        "frames": found.frames, "packets": [], "summary": found.summary, "advice": found.advice,
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
