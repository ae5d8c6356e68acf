//! Names that somebody asks for and no server answers (RFC 1035, 4.2.1), judged by question: client, name and type.
//!
//! A repetition or another server that answers settles it, and so does an ICMP error about the question. mDNS, LLMNR and
//! NBNS are not meant: who has nothing to say is silent there.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::deadlines::Deadlines;
use super::dns_message::{FIELDS, Message, messages, type_name};
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::{Address, Endpoints};
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "dns.unanswered",
    severity: Severity::Error,
    advice: "see whether the name server runs, is reachable, and is the right one; a firewall may drop port 53",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Dns, ProtoId::Icmp, ProtoId::Icmpv6],
    fields: &FIELDS,
    make: || Box::new(Unanswered::default()),
};

/// How many lookups are waited for at once.
const MAX_LOOKUPS: usize = 32_768;
/// How many types of one name a client asks for at once.
const MAX_TYPES: usize = 16;
/// How many servers, ports and numbers of one question are remembered.
const MAX_SENT: usize = 16;
/// How many questions that went the same way are told apart: of a client that numbers all alike, or of a damaged name.
const MAX_AT_WAY: usize = 4;
/// How many names that were told are remembered.
const MAX_TOLD: usize = 16_384;
/// A question that has waited for that long, behind its last repetition, is unanswered: the usual resolvers ask again
/// after 5 s at first, then after 10 s.
const WAIT_NS: i64 = 15_000_000_000;
/// When the capture ends, one is that has waited for that long, and one that was sent again if it has so long.
const WAIT_ONCE_NS: i64 = 5_000_000_000;
const WAIT_AGAIN_NS: i64 = 1_000_000_000;
/// The same packet sooner than that was captured twice.
const COPY_NS: i64 = 20_000_000;

type Lookup = (Address, String);

#[derive(Default)]
struct Question {
    sent: Evidence,
    last: i64,
    /// Server, both ports and number of each query.
    ways: Vec<Way>,
}

#[derive(Default)]
struct Asked {
    types: BTreeMap<u64, Question>,
}

/// How a query went: by which ends, and with which number.
type Way = (Endpoints, u64);

type Ways = BTreeMap<Way, SmallVec<[(Lookup, u64); 1]>>;

struct Unanswered {
    lookups: Deadlines<Lookup, Asked>,
    /// Which questions each way leads to. Invariant: of those of `lookups` the ones that were asked last.
    ways: Ways,
    told: Told<String>,
}

impl Default for Unanswered {
    fn default() -> Self {
        Self { lookups: Deadlines::new(MAX_LOOKUPS), ways: BTreeMap::new(), told: Told::new(MAX_TOLD) }
    }
}

fn forget(ways: &mut Ways, lookup: &Lookup, qtype: u64, question: &Question) {
    for way in &question.ways {
        let Some(questions) = ways.get_mut(way) else { continue };
        questions.retain(|(of, of_type)| (&*of, *of_type) != (lookup, qtype));
        if questions.is_empty() {
            ways.remove(way);
        }
    }
}

fn forget_all(ways: &mut Ways, lookup: &Lookup, asked: &Asked) {
    asked.types.iter().for_each(|(qtype, question)| forget(ways, lookup, *qtype, question));
}

impl Unanswered {
    fn query(&mut self, message: Message, seen: &Seen<'_>) {
        let Some(name) = message.name else {
            return;
        };
        let now = seen.time();
        let key = (message.client, name);
        if self.lookups.get_mut(&key).is_none() {
            let evicted = self.lookups.insert(key.clone(), now.saturating_add(WAIT_NS), Asked::default());
            if let Some((lookup, asked)) = evicted {
                forget_all(&mut self.ways, &lookup, &asked);
            }
        }
        let Some(asked) = self.lookups.get_mut(&key) else {
            return;
        };
        if asked.types.len() >= MAX_TYPES && !asked.types.contains_key(&message.qtype) {
            return;
        }
        let question = asked.types.entry(message.qtype).or_default();
        let way = (seen.endpoints(), message.id);
        if question.ways.contains(&way) && now.saturating_sub(question.last) < COPY_NS {
            return;
        }
        question.sent.add(seen.mark);
        question.last = now;
        if question.ways.len() < MAX_SENT && !question.ways.contains(&way) {
            question.ways.push(way);
            let questions = self.ways.entry(way).or_default();
            if questions.len() >= MAX_AT_WAY {
                questions.remove(0);
            }
            questions.push((key.clone(), message.qtype));
        }
        self.lookups.postpone(&key, now.saturating_add(WAIT_NS));
    }

    fn response(&mut self, message: &Message, seen: &Seen<'_>) {
        let way = (seen.endpoints().reversed(), message.id);
        if let Some(name) = &message.name {
            let lookup = (message.client, name.clone());
            let is_of_way = |questions: &[(Lookup, u64)]| {
                questions.iter().any(|(of, qtype)| (of, *qtype) == (&lookup, message.qtype))
            };
            let is_exact = self.ways.get(&way).is_some_and(|questions| is_of_way(questions));
            self.settle(&lookup, message.qtype);
            if is_exact {
                return;
            }
        }
        // A refusal may leave the question out, and a device on the way may change it.
        self.settle_way(&way);
    }

    fn settle(&mut self, key: &Lookup, qtype: u64) {
        let Some(asked) = self.lookups.get_mut(key) else {
            return;
        };
        if let Some(question) = asked.types.remove(&qtype) {
            forget(&mut self.ways, key, qtype, &question);
        }
        if asked.types.is_empty() {
            self.lookups.remove(key);
        }
    }

    /// All questions that went this way.
    fn settle_way(&mut self, way: &Way) {
        for (key, qtype) in self.ways.remove(way).unwrap_or_default() {
            self.settle(&key, qtype);
        }
    }

    fn say(&mut self, lookup: Lookup, asked: Asked, out: &mut Out<'_>) {
        forget_all(&mut self.ways, &lookup, &asked);
        let (client, name) = lookup;
        let mut evidence = Evidence::default();
        asked.types.values().for_each(|question| evidence.join(&question.sent));
        if evidence.is_empty() || self.told.is_old(&name, evidence.last().time) {
            return;
        }
        self.told.insert(name.clone(), evidence.last().time);
        let types: Vec<String> = asked.types.keys().map(|qtype| type_name(*qtype)).collect();
        let mut servers: Vec<String> =
            asked.types.values().flat_map(|q| &q.ways).map(|(way, _)| way.dst.to_string()).collect();
        servers.sort();
        servers.dedup();
        let count = evidence.count();
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        let servers = servers.join(", ");
        let shown = if name.is_empty() { "the root" } else { &name };
        let summary = format!("{client} asked {servers} {times} for {shown} ({}), no response", types.join(", "));
        out.say(Finding::new(&CODE, Subject::new("name", name), evidence, summary).absent());
    }
}

impl Rule for Unanswered {
    fn look(&mut self, packet: &Seen<'_>, _: &mut Out<'_>) {
        if !packet.has_proto(ProtoId::Dns) {
            if let Some(quoted) = packet.quoted() {
                // An error need not quote the number: it is about any query that went this way.
                let of = self.ways.range((quoted, 0)..=(quoted, u64::MAX)).next().map(|(way, _)| *way);
                of.iter().for_each(|way| self.settle_way(way));
            }
            return;
        }
        for message in messages(packet) {
            match message.is_response {
                true => self.response(&message, packet),
                false if message.opcode == 0 => self.query(message, packet),
                false => {}
            }
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((lookup, asked)) = self.lookups.pop_due(out.now) {
            self.say(lookup, asked, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        let now = out.now;
        while let Some((lookup, mut asked)) = self.lookups.pop_first() {
            forget_all(&mut self.ways, &lookup, &asked);
            asked.types.retain(|_, question| {
                let least = if question.sent.count() > 1 { WAIT_AGAIN_NS } else { WAIT_ONCE_NS };
                now.saturating_sub(question.sent.first().time) >= least
            });
            self.say(lookup, asked, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        let questions = self.lookups.values().flat_map(|asked| asked.types.values());
        questions.map(|question| question.sent.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, Host, dns, host, icmp_error};

    fn client() -> Host {
        host(1, 40000)
    }

    fn server(last: u8) -> Host {
        host(last, 53)
    }

    fn ask(capture: &mut Capture, ms: i64, of: u8, name: &str, qtype: u8) {
        capture.udp(ms, client(), server(of), &dns(7, false, 0, name, qtype, 0));
    }

    fn answer(capture: &mut Capture, ms: i64, of: u8, name: &str, qtype: u8) {
        capture.udp(ms, server(of), client(), &dns(7, true, 0, name, qtype, 0));
    }

    #[test]
    fn a_question_in_vain_is_told_once_a_name() {
        let mut capture = Capture::default();
        for ms in [0, 1000, 3000] {
            ask(&mut capture, ms, 2, "a.example", 1);
            ask(&mut capture, ms, 3, "a.example", 28);
        }
        capture.udp(30_000, host(8, 1), host(9, 2), b"x");
        ask(&mut capture, 30_001, 2, "a.example", 1);
        capture.udp(60_000, host(8, 1), host(9, 2), b"x");
        assert_eq!(capture.codes(), ["dns.unanswered"]);
        assert_eq!(capture.frames_of("dns.unanswered"), Some(vec![1, 2, 3, 4, 5, 6]));
        assert!(capture.findings()[0].summary.contains("for a.example (A, AAAA)"));
    }

    #[test]
    fn one_question_is_told_after_five_seconds_or_not_at_all() {
        for (end, codes) in [(4900, &[][..]), (5200, &["dns.unanswered"]), (60_000, &["dns.unanswered"])] {
            let mut capture = Capture::default();
            ask(&mut capture, 0, 2, "a.example", 1);
            capture.udp(end, host(8, 1), host(9, 2), b"x");
            assert_eq!(capture.codes(), codes);
        }
    }

    #[test]
    fn an_answer_to_the_repetition_or_by_another_server_settles_it() {
        let mut capture = Capture::default();
        ask(&mut capture, 0, 2, "A.example", 1);
        ask(&mut capture, 5005, 3, "a.example", 1);
        ask(&mut capture, 15_010, 3, "a.example", 1);
        answer(&mut capture, 15_020, 3, "a.Example", 1);
        capture.udp(20_000, host(8, 1), host(9, 2), b"x");
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn a_response_to_another_name_answers_all_that_went_its_way() {
        let mut capture = Capture::default();
        ask(&mut capture, 0, 2, "xxx.example", 1);
        ask(&mut capture, 1000, 2, "a.exxxple", 1);
        answer(&mut capture, 1020, 2, "a.example", 1);
        capture.udp(20_000, host(8, 1), host(9, 2), b"x");
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn a_response_to_one_of_several_names_with_one_number_answers_that_one() {
        let mut capture = Capture::default();
        ask(&mut capture, 0, 2, "a.example", 1);
        ask(&mut capture, 10, 2, "b.example", 1);
        answer(&mut capture, 20, 2, "b.example", 1);
        capture.udp(20_000, host(8, 1), host(9, 2), b"x");
        assert_eq!(capture.frames_of("dns.unanswered"), Some(vec![1]));
    }

    #[test]
    fn an_error_about_the_question_is_an_answer() {
        let mut capture = Capture::default();
        ask(&mut capture, 0, 2, "a.example", 1);
        icmp_error(&mut capture, 1, [10, 0, 0, 2], 3, 3, 0);
        capture.udp(20_000, host(8, 1), host(9, 2), b"x");
        assert_eq!(capture.codes(), ["icmp.unreachable"]);
    }

    #[test]
    fn multicast_questions_and_copies_are_none() {
        let mut capture = Capture::default();
        for port in [5353, 5355] {
            capture.udp(0, host(1, port), ([224, 0, 0, 251], port), &dns(0, false, 0, "a.local", 1, 0));
        }
        capture.udp(60_000, client(), server(2), &dns(7, false, 0, "a.example", 1, 0));
        capture.udp(60_001, client(), server(2), &dns(7, false, 0, "a.example", 1, 0));
        capture.udp(62_000, host(8, 1), host(9, 2), b"x");
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limits_is_waited_for() {
        let mut rule = Unanswered::default();
        let mut capture = Capture::default();
        for n in 0..MAX_LOOKUPS + 10 {
            ask(&mut capture, 0, 2, &format!("n{n}.example"), 1);
        }
        for qtype in 0..MAX_TYPES as u8 + 10 {
            ask(&mut capture, 0, 2, "a.example", qtype);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.lookups.iter().count(), MAX_LOOKUPS);
        assert!(rule.ways.len() <= MAX_LOOKUPS * MAX_SENT);
        assert!(rule.lookups.values().all(|asked| asked.types.len() <= MAX_TYPES));
        assert!(rule.ways.values().all(|questions| questions.len() <= MAX_AT_WAY));
    }
}
