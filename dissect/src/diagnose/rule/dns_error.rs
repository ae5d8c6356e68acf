//! Names for which a server has only an error (RFC 1035, 4.1.1).
//!
//! Reverse lookups are left out, for most addresses have no name. So are names that do not exist but were only tried on
//! the way to one that does: a resolver puts the suffixes of its search list behind a name, one after the other.

use super::deadlines::Deadlines;
use super::dns_message::{FIELDS, messages, type_name};
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::Address;
use crate::recent::Recent;
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "dns.error",
    severity: Severity::Warning,
    advice: "see whether the name is spelt right and exists in the zone, and whether that server is to know it (internal names)",
};

pub(crate) static RULE: Kind =
    Kind { codes: &[&CODE], protos: &[ProtoId::Dns], fields: &FIELDS, make: || Box::new(Errors::default()) };

/// How many names are gathered at once.
const MAX_WAITING: usize = 16_384;
/// How many names that were told are remembered.
const MAX_TOLD: usize = 16_384;
/// How many names that a client found are remembered.
const MAX_FOUND: usize = 32_768;
/// So long errors are gathered, and so long a lookup goes on to its answer.
const GATHER_NS: i64 = 5_000_000_000;

/// A resolver goes on to the next suffix of its list at once, and that may be any domain.
const NEXT_NS: i64 = 1_000_000_000;

/// RFC 1035, 4.1.1 and RFC 2136, 2.2: the errors that are told, with what they are called.
const ERRORS: &[(u64, &str)] = &[(1, "FORMERR"), (2, "SERVFAIL"), (NXDOMAIN, "NXDOMAIN"), (5, "REFUSED")];
const NXDOMAIN: u64 = 3;

/// What to do about an error.
fn advice(rcode: u64) -> &'static str {
    match rcode {
        1 => "the server did not understand the question: an old server or a firewall may not know EDNS",
        2 => {
            "the server could not find it out: look at its log, whether it reaches its forwarders and the servers of the zone, and whether the zone's DNSSEC signatures are right"
        }
        5 => {
            "the server does not answer this client, or not for this zone: see its access list and whether it is the right server"
        }
        _ => CODE.advice,
    }
}

/// The name and the error.
type Key = (String, u64);

#[derive(Default)]
struct Error {
    evidence: Evidence,
    client: Address,
    server: Address,
    types: Vec<u64>,
}

struct Errors {
    waiting: Deadlines<Key, Error>,
    told: Told<Key>,
    /// For each client and the beginning of a name up to its first dot the last names that it found.
    found: Recent<(Address, String), (String, i64)>,
}

impl Default for Errors {
    fn default() -> Self {
        Self { waiting: Deadlines::new(MAX_WAITING), told: Told::new(MAX_TOLD), found: Recent::new(MAX_FOUND) }
    }
}

fn is_reverse(name: &str) -> bool {
    [".in-addr.arpa", ".ip6.arpa", ".ip6.int"].iter().any(|zone| name.ends_with(zone))
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// Whether a first label is that of one host, not one that every domain has, nor a service (RFC 2782).
fn is_host(label: &str) -> bool {
    !label.is_empty() && label != "www" && !label.starts_with('_')
}

/// Whether `tried` is `found` with a suffix of a search list, or both are one name with two suffixes of it.
///
/// Of two suffixes it is only to be told that they follow the same first label at once; a shorter one that is the end of
/// the longer one is a parent domain, which search lists are made of.
fn is_search(tried: &str, found: &str) -> bool {
    let has_suffix = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
    if has_suffix(tried, found) {
        return true;
    }
    let (label, other) = (first_label(tried), first_label(found));
    let suffix = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
    label == other && {
        let (of_tried, of_found) = (suffix(tried), suffix(found));
        of_tried != of_found
            && (has_ending(&of_tried, &of_found)
                || has_ending(&of_found, &of_tried)
                || shares_domain(&of_tried, &of_found))
    }
}

fn has_ending(long: &str, short: &str) -> bool {
    !short.is_empty() && long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether two domains have the same parent.
fn shares_domain(one: &str, other: &str) -> bool {
    match (one.split_once('.'), other.split_once('.')) {
        (Some((_, one)), Some((_, other))) => one == other && one.contains('.'),
        _ => false,
    }
}

impl Errors {
    /// Whether the lookup of `name`, of which errors came between two times, went on and found its answer.
    fn is_found(&mut self, client: Address, name: &str, (first, last): (i64, i64)) -> bool {
        let label = first_label(name).to_owned();
        let known = self.found.get(&(client, label.clone()));
        known.is_some_and(|(found, at)| {
            let is_next = (0..=NEXT_NS).contains(&at.saturating_sub(last)) && found != name;
            *at >= first.saturating_sub(GATHER_NS) && is_search(name, found) || is_next && is_host(&label)
        })
    }

    fn say(&mut self, key: Key, error: Error, out: &mut Out<'_>) {
        let (name, rcode) = key;
        if error.evidence.is_empty() {
            return;
        }
        let times = (error.evidence.first().time, error.evidence.last().time);
        if rcode == NXDOMAIN && self.is_found(error.client, &name, times) {
            return;
        }
        self.told.insert((name.clone(), rcode), error.evidence.last().time);
        let called = ERRORS.iter().find(|row| row.0 == rcode).map_or("an error", |row| row.1);
        let types: Vec<String> = error.types.iter().map(|qtype| type_name(*qtype)).collect();
        let of = if types.is_empty() { String::new() } else { format!(" ({})", types.join(", ")) };
        let shown = if name.is_empty() { "the root" } else { &name };
        let summary = format!("{} answered {} for {shown}{of}: {called}", error.server, error.client);
        out.say(Finding::new(&CODE, Subject::new("name", name), error.evidence, summary).advice(advice(rcode)));
    }
}

impl Rule for Errors {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let now = packet.time();
        for message in messages(packet) {
            if !message.is_response || message.opcode != 0 {
                continue;
            }
            let name = message.name.unwrap_or_default();
            if message.rcode == 0 {
                if message.answers > 0 {
                    let key = (message.client, first_label(&name).to_owned());
                    self.found.insert(key, (name, now));
                }
                continue;
            }
            let is_told = ERRORS.iter().any(|row| row.0 == message.rcode);
            if !is_told || is_reverse(&name) {
                continue;
            }
            let key = (name, message.rcode);
            if self.told.is_old(&key, now) {
                continue;
            }
            if self.waiting.get_mut(&key).is_none() {
                let error = Error { client: message.client, server: message.server, ..Error::default() };
                if let Some((key, error)) = self.waiting.insert(key.clone(), now.saturating_add(GATHER_NS), error) {
                    self.say(key, error, out);
                }
            }
            if let Some(error) = self.waiting.get_mut(&key) {
                error.evidence.add(packet.mark);
                if !error.types.contains(&message.qtype) && error.types.len() < 8 {
                    error.types.push(message.qtype);
                }
            }
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((key, error)) = self.waiting.pop_due(out.now) {
            self.say(key, error, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((key, error)) = self.waiting.pop_first() {
            self.say(key, error, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        let first = self.waiting.values().map(|error| error.evidence.first().time).min();
        // What was found shortly before counts, too.
        first.map(|time| time.saturating_sub(GATHER_NS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, dns, host};

    fn answer(capture: &mut Capture, ms: i64, name: &str, rcode: u8, answers: u8) {
        capture.udp(ms, host(2, 53), host(1, 40000), &dns(7, true, rcode, name, 1, answers));
    }

    fn summaries(rows: &[(&str, u8, u8)]) -> Vec<String> {
        let mut capture = Capture::default();
        for (at, (name, rcode, answers)) in rows.iter().enumerate() {
            answer(&mut capture, at as i64 * 100, name, *rcode, *answers);
        }
        assert!(capture.codes().iter().all(|code| *code == CODE.name));
        capture.findings().into_iter().map(|finding| finding.summary).collect()
    }

    #[test]
    fn each_error_of_a_name_is_told_once() {
        let said = summaries(&[
            ("a.example", 2, 0),
            ("a.example", 2, 0),
            ("b.example", 3, 0),
            ("c.example", 5, 0),
            ("d.example", 1, 0),
        ]);
        let words: Vec<_> = said.iter().map(|summary| summary.rsplit(' ').next().unwrap_or_default()).collect();
        assert_eq!(words, ["SERVFAIL", "NXDOMAIN", "REFUSED", "FORMERR"]);
    }

    #[test]
    fn empty_answers_and_reverse_lookups_are_none() {
        assert_eq!(summaries(&[("a.example", 0, 0), ("1.0.0.10.in-addr.arpa", 3, 0), ("1.ip6.arpa", 3, 0)]), [""; 0]);
    }

    #[test]
    fn names_of_a_search_list_that_lead_to_an_answer_are_none() {
        for rows in [
            &[("pbx.example.org.corp.example", 3, 0), ("pbx.example.org", 0, 1)][..],
            &[("pbx.eu.corp.example", 3, 0), ("pbx.corp.example", 0, 1)],
            &[("pbx.eu.corp.example", 3, 0), ("pbx.us.corp.example", 0, 1)],
            &[("pbx.lab.example", 3, 0), ("pbx.corp.example", 0, 1)],
            &[("pbx.lab.test", 3, 0), ("pbx.corp.example", 0, 1)],
        ] {
            assert_eq!(summaries(rows), [""; 0]);
        }
        assert_eq!(summaries(&[("pbx.example.org.corp.example", 3, 0), ("pbx.example.org", 3, 0)]).len(), 2);
        assert_eq!(summaries(&[("www.nowhere.example", 3, 0), ("www.elsewhere.test", 0, 1)]).len(), 1);
    }

    #[test]
    fn no_more_than_the_limit_waits() {
        let mut rule = Errors::default();
        let mut capture = Capture::default();
        for n in 0..MAX_WAITING + 10 {
            answer(&mut capture, 0, &format!("n{n}.example"), 2, 0);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.waiting.iter().count(), MAX_WAITING);
    }
}
