//! Which response answers which query, over the frames of a capture.

use crate::conversation;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::FieldId;
use crate::recent::Recent;

/// How many transactions are remembered.
pub(super) const MAX_TRANSACTIONS: usize = 65_536;
/// A query that is repeated after this long is taken for a new one (Wireshark's `dns.retransmission_timer`).
pub(super) const RETRANSMISSION_NS: i64 = 5_000_000_000;

/// What a message is to the other messages of its transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A query whose response is in the frame.
    ResponseIn,
    /// A response to the query in the frame.
    ResponseTo,
    /// The query of the frame once more.
    RepeatsQuery,
    /// The response of the frame once more.
    RepeatsResponse,
    /// A response to nothing that was seen.
    Unsolicited,
}

/// What a message learns from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub(super) role: Role,
    /// The other message's frame; 0 where there is none.
    pub(super) frame: u64,
    /// Of a response: nanoseconds since the query.
    pub(super) after: i64,
}

impl Known {
    const fn new(role: Role, frame: u64) -> Self {
        Self { role, frame, after: 0 }
    }

    /// As a fact of the message with that identification, since a frame may hold several.
    fn fact(self, id: u16) -> Fact {
        let Self { role, frame, after } = self;
        Fact::Dns { id, role, frame, after }
    }
}

struct Transaction {
    query: u64,
    query_time: i64,
    response: Option<u64>,
}

/// The transactions of a capture, by who speaks to whom and identification.
pub(crate) struct Transactions {
    open: Recent<(conversation::Key, u16), Transaction>,
}

impl Default for Transactions {
    fn default() -> Self {
        Self { open: Recent::new(MAX_TRANSACTIONS) }
    }
}

/// What a message says of its transaction: a fact of its own frame, and one of its query's.
#[derive(Default)]
pub(super) struct Learned {
    id: u16,
    own: Option<Known>,
    earlier: Option<(u64, Known)>,
}

impl Learned {
    /// Whether a malformed message must not say so of itself.
    pub(super) fn needs_sound_message(&self) -> bool {
        matches!(self.own.map(|own| own.role), Some(Role::RepeatsQuery | Role::RepeatsResponse))
    }
}

impl Transactions {
    fn see(&mut self, key: (conversation::Key, u16), is_response: bool, frame: u64, time: i64) -> Learned {
        let mut learned = Learned { id: key.1, ..Learned::default() };
        let known = self.open.get(&key);
        match known {
            None if is_response => learned.own = Some(Known::new(Role::Unsolicited, 0)),
            Some(known) if is_response => {
                let to =
                    Known { after: time.saturating_sub(known.query_time), ..Known::new(Role::ResponseTo, known.query) };
                learned.own = Some(to);
                match known.response {
                    None => {
                        known.response = Some(frame);
                        learned.earlier = Some((known.query, Known::new(Role::ResponseIn, frame)));
                    }
                    Some(first) if first == frame => {}
                    Some(first) => learned.own = Some(Known::new(Role::RepeatsResponse, first)),
                }
            }
            Some(known) if known.response.is_none() && time.saturating_sub(known.query_time) < RETRANSMISSION_NS => {
                let is_other = known.query != frame;
                learned.own = is_other.then_some(Known::new(Role::RepeatsQuery, known.query));
            }
            _ => {
                let new = Transaction { query: frame, query_time: time, response: None };
                self.open.insert(key, new);
            }
        }
        learned
    }
}

/// In the first pass: what the message says of its transaction, if any of `fields` will show it.
pub(super) fn learn(d: &mut Dissector<'_>, id: u16, is_response: bool, fields: &[FieldId]) -> Learned {
    if !fields.iter().any(|field| d.wants_fact(*field)) {
        return Learned::default();
    }
    let key = (conversation::Key(d.endpoints.conversation().0), id);
    let (frame, time) = (d.packet.number, d.packet.time);
    match d.flows() {
        Some(flows) => flows.dns.see(key, is_response, frame, time),
        None => Learned::default(),
    }
}

/// Records what was learned. A message that turned out malformed says nothing of itself.
pub(super) fn record(d: &mut Dissector<'_>, learned: Learned, is_sound: bool) {
    if let Some((frame, fact)) = learned.earlier {
        d.amend(frame, fact.fact(learned.id));
    }
    if let Some(fact) = learned.own
        && is_sound
    {
        d.record(fact.fact(learned.id));
    }
}

/// What is known of the message with this identification.
pub(super) fn known(d: &mut Dissector<'_>, id: u16, is_response: bool) -> Option<Known> {
    // What an ICMP error quotes belongs to no transaction.
    if d.is_quoted {
        return is_response.then_some(Known::new(Role::Unsolicited, 0));
    }
    d.fact(|fact| match fact {
        Fact::Dns { id: of, role, frame, after } if *of == id => {
            Some(Known { role: *role, frame: *frame, after: *after })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissector::Endpoints;

    const SECOND: i64 = 1_000_000_000;

    fn see(flows: &mut Transactions, is_response: bool, frame: u64, time: i64) -> Option<Known> {
        flows.see((conversation::Key(Endpoints::default()), 7), is_response, frame, time).own
    }

    #[test]
    fn a_query_repeated_in_time_is_a_retransmission_and_a_later_one_is_new() {
        let mut flows = Transactions::default();
        assert_eq!(see(&mut flows, false, 1, 0), None);
        let again = Known::new(Role::RepeatsQuery, 1);
        assert_eq!(see(&mut flows, false, 2, 5 * SECOND - 1), Some(again));
        assert_eq!(see(&mut flows, false, 3, 5 * SECOND), None);
        let answer = see(&mut flows, true, 4, 6 * SECOND);
        let to = Known { after: SECOND, ..Known::new(Role::ResponseTo, 3) };
        assert_eq!(answer, Some(to));
    }

    #[test]
    fn a_second_response_repeats_the_first_and_a_first_one_may_be_unsolicited() {
        let mut flows = Transactions::default();
        let unsolicited = Known::new(Role::Unsolicited, 0);
        assert_eq!(see(&mut flows, true, 1, 0), Some(unsolicited));
        see(&mut flows, false, 2, 0);
        see(&mut flows, true, 3, 0);
        let again = Known::new(Role::RepeatsResponse, 3);
        assert_eq!(see(&mut flows, true, 4, 90 * SECOND), Some(again));
        assert_eq!(see(&mut flows, false, 5, 90 * SECOND), None);
    }

    #[test]
    fn no_more_transactions_than_the_limit_are_remembered() {
        let mut flows = Transactions::default();
        for port in 0..=u16::MAX {
            let key = Endpoints { src_port: port, ..Endpoints::default() };
            flows.see((conversation::Key(key), port), false, 1, 0);
            flows.see((conversation::Key(key), !port), false, 1, 0);
        }
        assert!(flows.open.len() <= MAX_TRANSACTIONS);
    }
}
