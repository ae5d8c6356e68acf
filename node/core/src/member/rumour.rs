//! What is passed on from member to member: each piece of news so many times, the least told first.
//!
//! After `3 * log2(members)` tellings (of trackers a third of that), where hearing the same of others counts as one, everybody has
//! heard it, with few exceptions; those find out by comparing digests.

use std::collections::BTreeMap;

use packetstream_protocol::cluster::Fact;
use packetstream_protocol::ids::NodeId;

/// Pieces of news that are being told at once; the oldest told most goes first when there are more.
pub const MAX_RUMOURS: usize = 16_384;

/// Bytes of facts in one message, about: what fits beside a ping in one segment of TCP.
pub const FACTS_BYTES_TARGET: usize = 1200;

/// What a piece of news is about: newer news of the same takes the older one's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Health(NodeId),
    Member(NodeId),
    Tracker(NodeId),
    Revoked(NodeId),
    ExpiredBefore,
}

/// The news that is being told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rumours {
    news: BTreeMap<Subject, (u32, Fact)>,
    /// Subjects by how often they were told.
    order: std::collections::BTreeSet<(u32, Subject)>,
}

impl Rumours {
    /// Begins to tell something, instead of what was told of the same before.
    pub(crate) fn tell(&mut self, fact: Fact) {
        let subject = subject(&fact);
        if let Some((told, _)) = self.news.remove(&subject) {
            self.order.remove(&(told, subject));
        }
        if self.news.len() >= MAX_RUMOURS
            && let Some((_, worn)) = self.order.pop_last()
        {
            self.news.remove(&worn);
        }
        self.order.insert((0, subject));
        self.news.insert(subject, (0, fact));
    }

    /// Somebody told it here: one telling less is needed, in a cluster of so many members.
    pub(crate) fn heard(&mut self, fact: &Fact, members: usize) {
        let subject = subject(fact);
        let told = match self.news.get(&subject) {
            Some((told, known)) if known == fact => *told,
            _ => return,
        };
        self.told(told, subject, members);
    }

    fn told(&mut self, told: u32, subject: Subject, members: usize) {
        self.order.remove(&(told, subject));
        if told + 1 >= times(subject, members) {
            self.news.remove(&subject);
        } else if let Some(news) = self.news.get_mut(&subject) {
            news.0 = told + 1;
            self.order.insert((told + 1, subject));
        }
    }

    /// Whether there is anything to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.news.is_empty()
    }

    /// What goes along with the next message to somebody, in a cluster of so many members.
    pub(crate) fn take(&mut self, members: usize) -> Vec<Fact> {
        let (mut facts, mut bytes) = (Vec::new(), 0);
        let mut told_now = Vec::new();
        for &(told, subject) in &self.order {
            if bytes >= FACTS_BYTES_TARGET {
                break;
            }
            if let Some((_, fact)) = self.news.get(&subject) {
                bytes += size(fact);
                facts.push(fact.clone());
                told_now.push((told, subject));
            }
        }
        for (told, subject) in told_now {
            self.told(told, subject, members);
        }
        facts
    }
}

/// How often a piece of news is told, or heard of others again, before it is old.
fn times(subject: Subject, members: usize) -> u32 {
    let bits = usize::BITS - members.leading_zeros();
    match subject {
        // After a change every member has another one, and nobody is in danger who hears of it only by comparing digests.
        Subject::Tracker(_) => bits.max(6),
        _ => 3 * bits,
    }
}

const fn subject(fact: &Fact) -> Subject {
    match fact {
        Fact::Health { node, .. } => Subject::Health(*node),
        Fact::Member(member) => Subject::Member(member.node),
        Fact::Tracker(tracker) => Subject::Tracker(tracker.node),
        Fact::Revoked(node) => Subject::Revoked(*node),
        Fact::ExpiredBefore(_) => Subject::ExpiredBefore,
    }
}

/// About how many bytes a fact takes on the wire.
fn size(fact: &Fact) -> usize {
    match fact {
        Fact::Health { .. } => 38,
        Fact::Member(member) => {
            110 + member.zone.len() + member.name.len() + member.addresses.iter().map(|a| a.len() + 1).sum::<usize>()
        }
        Fact::Tracker(tracker) => 72 + tracker.misplaced.len(),
        Fact::Revoked(_) => 33,
        Fact::ExpiredBefore(_) => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use packetstream_protocol::cluster::{MapId, Tracker};

    fn fact(node: u16, incarnation: u64) -> Fact {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&node.to_le_bytes());
        Fact::Health { node: NodeId(id), incarnation, health: packetstream_protocol::cluster::Health::Alive }
    }

    #[test]
    fn news_is_told_so_often_and_newer_news_takes_its_place() {
        let mut rumours = Rumours::default();
        rumours.tell(fact(1, 1));
        assert_eq!(rumours.take(3), [fact(1, 1)]);
        rumours.tell(fact(1, 2));
        for _ in 0..6 {
            assert_eq!(rumours.take(3), [fact(1, 2)]);
        }
        assert!(rumours.is_empty(), "two bits of members are six tellings");
        assert!(rumours.take(3).is_empty());
    }

    #[test]
    fn trackers_are_told_less_often() {
        let map = MapId::default();
        let tracker = Tracker { seq: 1, node: NodeId([1; 32]), ack: map, sync: map, misplaced: Vec::new() };
        for (members, times) in [(3, 6), (10, 6), (1000, 10)] {
            let mut rumours = Rumours::default();
            rumours.tell(Fact::Tracker(tracker.clone()));
            (0..times).for_each(|_| assert_eq!(rumours.take(members).len(), 1));
            assert!(rumours.is_empty());
        }
    }

    #[test]
    fn what_others_tell_too_needs_fewer_tellings() {
        let mut rumours = Rumours::default();
        rumours.tell(fact(1, 2));
        rumours.heard(&fact(1, 1), 3);
        rumours.heard(&fact(2, 1), 3);
        (0..3).for_each(|_| rumours.heard(&fact(1, 2), 3));
        (0..3).for_each(|_| assert_eq!(rumours.take(3), [fact(1, 2)]));
        assert!(rumours.is_empty() && rumours.order.is_empty());
    }

    #[test]
    fn the_least_told_goes_first_and_a_message_stays_small() {
        let mut rumours = Rumours::default();
        (0..100).for_each(|node| rumours.tell(fact(node, 0)));
        let first = rumours.take(100);
        let second = rumours.take(100);
        assert_eq!(first.len(), FACTS_BYTES_TARGET.div_ceil(38));
        assert!(second.iter().all(|fact| !first.contains(fact)));
    }

    #[test]
    fn no_more_than_the_limit_is_told() {
        let mut rumours = Rumours::default();
        (0..=MAX_RUMOURS as u16).for_each(|node| rumours.tell(fact(node, 0)));
        assert_eq!(rumours.news.len(), MAX_RUMOURS);
        assert_eq!(rumours.order.len(), MAX_RUMOURS);
    }
}
