//! Which response answers which request, for protocols whose messages carry an identification.
//!
//! A protocol says `request` and `response` of its messages as they come in the first pass; in either pass `known` tells
//! what the message at hand is to the others of its transaction.

use smallvec::SmallVec;

use crate::conversation::Key;
use crate::dissector::{Dissector, Endpoints, Transport};
use crate::facts::Fact;
use crate::field::FieldId;
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::tvb::Tvb;
use crate::value::Value;

/// How many transactions are remembered, of all protocols together.
pub(crate) const MAX_TRANSACTIONS: usize = 65_536;
/// To how many repetitions of a request the response is told.
const MAX_REQUESTS: usize = 8;

/// What a message is to another one of its transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A request whose response is in the frame.
    ResponseIn,
    /// A response to the request in the frame.
    ResponseTo,
    /// What the frame held already.
    Repeats,
}

/// What a response says when the request has one already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing: it answers no request.
    Nothing,
    /// It answers the same request.
    Answers,
    /// It answers the same request, and repeats the first response.
    Repeats,
}

/// How a protocol's transactions go.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) proto: ProtoId,
    /// A request with a known identification begins a new transaction (else it repeats the first).
    pub(crate) renews: bool,
    pub(crate) again: Again,
    /// A response without a request begins a transaction, too.
    pub(crate) keeps_orphans: bool,
    /// A response answers the latest of repeated requests (else the first).
    pub(crate) answers_latest: bool,
    /// The Info column tells what is found, too.
    pub(crate) in_columns: bool,
    /// The fields that show what is found; where nobody wants one nothing is looked for.
    pub(crate) fields: &'static [FieldId],
}

#[derive(Default)]
struct Transaction {
    since: i64,
    /// The request that a response answers, 0 for none.
    answered: u64,
    requests: SmallVec<[u64; 1]>,
    /// The frame of the first response, 0 for none, and whether it answers a request at all.
    response: u64,
    is_answer: bool,
}

/// The transactions of the first pass, by protocol, conversation and identification.
pub(crate) struct Transactions {
    open: Recent<(ProtoId, Key, u128), Transaction>,
}

impl Default for Transactions {
    fn default() -> Self {
        Self { open: Recent::new(MAX_TRANSACTIONS) }
    }
}

/// What is known of a message.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    pub(crate) response_in: Option<u64>,
    /// The request's frame, and how many nanoseconds ago it came.
    pub(crate) response_to: Option<(u64, i64)>,
    pub(crate) repeats: Option<u64>,
}

impl Known {
    /// Shows the frame of the response, that of the request, and the time between them.
    pub(crate) fn show<'a>(&self, d: &mut Dissector<'a>, tvb: Tvb<'a>, fields: [FieldId; 3]) {
        let [response_in, response_to, time] = fields;
        if let Some(frame) = self.response_in {
            let item = d.generated(response_in, tvb, 0, 0, Value::Uint(frame));
            d.text(item, || format!("[The response to this request is in frame {frame}]"));
        }
        if let Some((frame, after)) = self.response_to {
            let item = d.generated(response_to, tvb, 0, 0, Value::Uint(frame));
            d.text(item, || format!("[This is a response to a request in frame {frame}]"));
            d.generated(time, tvb, 0, 0, Value::Time(after));
        }
    }
}

/// A fact for a frame, not yet put down.
type Note = (u64, Role, u64, i64);

impl Transactions {
    fn request(&mut self, rules: &Rules, key: (ProtoId, Key, u128), frame: u64, time: i64) -> SmallVec<[Note; 2]> {
        let mut notes = SmallVec::new();
        match self.open.get(&key) {
            Some(open) if !rules.renews => {
                match open.requests.first() {
                    Some(first) => notes.push((frame, Role::Repeats, *first, 0)),
                    None if open.is_answer => {
                        notes.push((open.response, Role::ResponseTo, frame, 0));
                    }
                    None => {}
                }
                if open.response != 0 {
                    notes.push((frame, Role::ResponseIn, open.response, 0));
                }
                if open.answered == 0 || rules.answers_latest {
                    open.answered = frame;
                }
                if rules.answers_latest {
                    open.since = time;
                }
                if open.requests.len() < MAX_REQUESTS {
                    open.requests.push(frame);
                }
            }
            _ => {
                let requests = SmallVec::from_elem(frame, 1);
                let open = Transaction { since: time, answered: frame, requests, ..Transaction::default() };
                self.open.insert(key, open);
            }
        }
        notes
    }

    fn response(
        &mut self,
        rules: &Rules,
        key: (ProtoId, Key, u128),
        is_answer: bool,
        frame: u64,
        time: i64,
    ) -> SmallVec<[Note; 2]> {
        let mut notes = SmallVec::new();
        let Some(open) = self.open.get(&key) else {
            if rules.keeps_orphans {
                self.open
                    .insert(key, Transaction { since: time, response: frame, is_answer, ..Transaction::default() });
            }
            return notes;
        };
        if open.response == 0 {
            open.response = frame;
            open.is_answer = is_answer;
            notes.extend(open.requests.iter().map(|request| (*request, Role::ResponseIn, frame, 0)));
        } else if rules.again == Again::Nothing {
            return notes;
        } else if rules.again == Again::Repeats {
            notes.push((frame, Role::Repeats, open.response, 0));
        }
        if is_answer && open.answered != 0 {
            notes.push((frame, Role::ResponseTo, open.answered, time.saturating_sub(open.since)));
        }
        notes
    }
}

/// Where a transaction takes place. Addresses that signalling announced are a conversation each, so the number of the
/// UDP conversation counts where there is one.
fn place(d: &mut Dissector<'_>) -> Key {
    let endpoints = d.endpoints;
    let stream = match endpoints.transport {
        Transport::Udp => d.flows().and_then(|flows| flows.udp.id(endpoints)),
        _ => None,
    };
    Key(match stream {
        Some(number) => Endpoints {
            transport: Transport::Udp,
            src_port: (number >> 16) as u16,
            dst_port: number as u16,
            ..Endpoints::default()
        },
        None => endpoints.conversation().0,
    })
}

fn record(d: &mut Dissector<'_>, rules: &Rules, notes: SmallVec<[Note; 2]>) {
    let here = d.packet.number;
    let layer = d.occurrence(rules.proto);
    for (of, role, frame, after) in notes {
        let fact = Fact::Transaction { proto: rules.proto, layer, role, frame, after };
        if of == here {
            d.record(fact);
        } else {
            d.amend(of, fact);
        }
    }
}

/// Whether the second pass will show any of it.
fn is_wanted(d: &Dissector<'_>, rules: &Rules) -> bool {
    rules.fields.iter().any(|field| d.wants_fact(*field)) || rules.in_columns && d.wants_facts_of(rules.proto)
}

/// Notes a request, in the first pass.
pub(crate) fn request(d: &mut Dissector<'_>, rules: &Rules, id: u128) {
    if !is_wanted(d, rules) {
        return;
    }
    let key = (rules.proto, place(d), id);
    let (frame, time) = (d.packet.number, d.packet.time);
    let notes = d.flows().map(|flows| flows.transactions.request(rules, key, frame, time));
    record(d, rules, notes.unwrap_or_default());
}

/// Notes what is no request, in the first pass; `is_answer` says whether it is a response to one.
pub(crate) fn response(d: &mut Dissector<'_>, rules: &Rules, id: u128, is_answer: bool) {
    if !is_wanted(d, rules) {
        return;
    }
    let key = (rules.proto, place(d), id);
    let (frame, time) = (d.packet.number, d.packet.time);
    let notes = d.flows().map(|flows| flows.transactions.response(rules, key, is_answer, frame, time));
    record(d, rules, notes.unwrap_or_default());
}

/// What is known of the message of `proto` that is being parsed.
pub(crate) fn known(d: &mut Dissector<'_>, proto: ProtoId) -> Known {
    let mut known = Known::default();
    if d.is_quoted {
        return known;
    }
    let here = d.occurrence(proto);
    while let Some((role, frame, after)) = d.fact(|fact| match *fact {
        Fact::Transaction { proto: of, layer, role, frame, after } if of == proto && layer == here => {
            Some((role, frame, after))
        }
        _ => None,
    }) {
        match role {
            Role::ResponseIn => known.response_in = Some(frame),
            Role::ResponseTo => known.response_to = Some((frame, after)),
            Role::Repeats => known.repeats = Some(frame),
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        proto: ProtoId::Data,
        renews: false,
        again: Again::Repeats,
        keeps_orphans: true,
        answers_latest: false,
        in_columns: false,
        fields: &[],
    };

    fn key(id: u128) -> (ProtoId, Key, u128) {
        (ProtoId::Data, Key(Endpoints::default()), id)
    }

    #[test]
    fn a_response_is_told_to_all_its_requests() {
        let mut flows = Transactions::default();
        assert!(flows.request(&RULES, key(1), 1, 10).is_empty());
        assert_eq!(flows.request(&RULES, key(1), 2, 20)[..], [(2, Role::Repeats, 1, 0)]);
        let notes = flows.response(&RULES, key(1), true, 3, 50);
        assert_eq!(notes[..], [(1, Role::ResponseIn, 3, 0), (2, Role::ResponseIn, 3, 0), (3, Role::ResponseTo, 1, 40)]);
        let notes = flows.response(&RULES, key(1), true, 4, 60);
        assert_eq!(notes[..], [(4, Role::Repeats, 3, 0), (4, Role::ResponseTo, 1, 50)]);
    }

    #[test]
    fn a_renewed_identification_forgets_and_a_second_response_may_answer_nothing() {
        let rules = Rules { renews: true, again: Again::Nothing, keeps_orphans: false, ..RULES };
        let mut flows = Transactions::default();
        assert!(flows.response(&rules, key(1), true, 1, 0).is_empty());
        flows.request(&rules, key(1), 2, 10);
        assert!(flows.request(&rules, key(1), 3, 20).is_empty());
        assert_eq!(flows.response(&rules, key(1), true, 4, 25)[1], (4, Role::ResponseTo, 3, 5));
        assert!(flows.response(&rules, key(1), true, 5, 30).is_empty());
    }

    #[test]
    fn the_latest_request_may_be_the_one_that_is_answered() {
        let rules = Rules { answers_latest: true, ..RULES };
        let mut flows = Transactions::default();
        flows.request(&rules, key(1), 1, 10);
        flows.request(&rules, key(1), 2, 20);
        assert_eq!(flows.response(&rules, key(1), true, 3, 25)[2], (3, Role::ResponseTo, 2, 5));
    }

    #[test]
    fn no_more_than_the_limit_are_remembered() {
        let mut flows = Transactions::default();
        for id in 0..2 * MAX_TRANSACTIONS as u128 {
            flows.request(&RULES, key(id), 1, 0);
        }
        assert!(flows.open.len() <= MAX_TRANSACTIONS);
        for frame in 0..100 {
            flows.request(&RULES, key(2 * MAX_TRANSACTIONS as u128), frame, 0);
        }
        assert_eq!(flows.response(&RULES, key(2 * MAX_TRANSACTIONS as u128), false, 200, 0).len(), MAX_REQUESTS);
    }
}
