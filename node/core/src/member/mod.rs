//! Who belongs to the cluster: entries that are merged entry by entry, the greatest wins, so that every order of arrival ends in
//! the same set. With them spread the revoked keys and the hour before which nothing is kept: both only grow.

pub mod rumour;
pub mod swim;

use std::collections::{BTreeMap, BTreeSet};

use packetstream_protocol::cluster::{
    Digest, Fact, MAX_MEMBERS, MAX_REVOKED, MapId, MapRecord, MapSlot, Member, MemberState, Removal, Summary,
};
use packetstream_protocol::codec;
use packetstream_protocol::ids::NodeId;
use xxhash_rust::xxh3::xxh3_64;

/// The member set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    entries: BTreeMap<NodeId, Member>,
    /// Of each entry.
    hashes: BTreeMap<NodeId, u64>,
    /// Over all of them, whatever their order.
    hash: u64,
    revoked: BTreeSet<NodeId>,
    revoked_hash: u64,
    expired_before: u32,
}

/// What merging a fact did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It was known, or what is known is newer.
    Nothing,
    /// It is news, to be passed on.
    News,
    /// There is no room for it.
    Full,
}

/// A hash of all that an entry says.
fn hash_of(member: &Member) -> u64 {
    xxh3_64(&codec::encode(member).unwrap_or_default())
}

impl Members {
    /// The entry of a node.
    #[must_use]
    pub fn get(&self, node: NodeId) -> Option<&Member> {
        self.entries.get(&node)
    }

    /// All entries, also of those that were removed, in the order of their nodes.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.entries.values()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Members that were given up although they may have what nobody else has.
    pub fn abandoned(&self) -> impl Iterator<Item = NodeId> + '_ {
        let abandoned = MemberState::Removed(Removal::Abandoned);
        self.entries.values().filter(move |member| member.state == abandoned).map(|member| member.node)
    }

    /// Members that were given up for dead: they may come back at any time.
    pub fn given_up(&self) -> impl Iterator<Item = NodeId> + '_ {
        let given_up = |state| matches!(state, MemberState::Removed(Removal::Dead | Removal::Abandoned));
        self.entries.values().filter(move |member| given_up(member.state)).map(|member| member.node)
    }

    /// The nodes that were not removed.
    pub fn present(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.entries.values().filter(|member| is_present(member.state)).map(|member| member.node)
    }

    /// Whether a node is a member that was not removed.
    #[must_use]
    pub fn is_present(&self, node: NodeId) -> bool {
        self.entries.get(&node).is_some_and(|member| is_present(member.state))
    }

    /// Keys that must not be heard.
    #[must_use]
    pub const fn revoked(&self) -> &BTreeSet<NodeId> {
        &self.revoked
    }

    /// Nothing of hours before this one is kept.
    #[must_use]
    pub const fn expired_before(&self) -> u32 {
        self.expired_before
    }

    /// Takes an entry if it is greater than the one that is known.
    pub fn merge(&mut self, member: Member) -> Merged {
        match self.entries.get(&member.node) {
            Some(known) if *known >= member => Merged::Nothing,
            None if self.entries.len() >= MAX_MEMBERS => Merged::Full,
            _ => {
                self.put(member);
                Merged::News
            }
        }
    }

    fn put(&mut self, member: Member) {
        let (node, hash) = (member.node, hash_of(&member));
        let before = self.hashes.insert(node, hash).unwrap_or(0);
        self.hash = self.hash.wrapping_sub(before).wrapping_add(hash);
        self.entries.insert(node, member);
    }

    /// Adds a revoked key.
    pub fn revoke(&mut self, node: NodeId) -> Merged {
        if self.revoked.contains(&node) {
            return Merged::Nothing;
        }
        if self.revoked.len() >= MAX_REVOKED {
            return Merged::Full;
        }
        self.revoked.insert(node);
        self.revoked_hash = self.revoked_hash.wrapping_add(xxh3_64(&node.0));
        Merged::News
    }

    /// Raises the hour before which nothing is kept.
    pub fn expire_before(&mut self, hour: u32) -> Merged {
        if hour <= self.expired_before {
            return Merged::Nothing;
        }
        self.expired_before = hour;
        Merged::News
    }

    /// Changes a node's entry: what `change` makes of it, with the next version.
    pub fn change(&mut self, node: NodeId, by: NodeId, change: impl FnOnce(&mut Member)) -> Option<Member> {
        let mut member = self.entries.get(&node)?.clone();
        change(&mut member);
        member.version = member.version.saturating_add(1);
        member.by = by;
        self.put(member.clone());
        Some(member)
    }

    /// What the map of this set is computed from: a function of the entries alone.
    #[must_use]
    pub fn map(&self) -> MapRecord {
        let wanted = |state| self.entries.values().filter(move |member| member.state == state);
        let mut slots: Vec<MapSlot> = wanted(MemberState::Active).map(slot).collect();
        if slots.is_empty() {
            // All of them leave: somebody must own what there is until somebody comes.
            slots = wanted(MemberState::Draining).map(slot).collect();
        }
        let mut sum = 0u64;
        let mut bytes = Vec::with_capacity(self.entries.len() * 56);
        for member in self.entries.values() {
            sum = sum.saturating_add(member.version);
            bytes.extend_from_slice(&member.node.0);
            bytes.extend_from_slice(&member.version.to_le_bytes());
            bytes.push(state_number(member.state));
        }
        for slot in &slots {
            bytes.extend_from_slice(&slot.node.0);
            bytes.extend_from_slice(&slot.place.to_le_bytes());
            bytes.push(slot.weight);
            bytes.extend_from_slice(&(slot.zone.len() as u32).to_le_bytes());
            bytes.extend_from_slice(slot.zone.as_bytes());
        }
        MapRecord { id: MapId { sum, hash: xxh3_64(&bytes) }, slots }
    }

    /// Every fact, to be persisted.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let members = self.entries.values().cloned().map(Fact::Member);
        let revoked = self.revoked.iter().copied().map(Fact::Revoked);
        members
            .chain(revoked)
            .chain((self.expired_before > 0).then_some(Fact::ExpiredBefore(self.expired_before)))
            .collect()
    }

    /// Hashes of the set; those of trackers and maps are added by others.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest {
            members: self.hash,
            trackers: 0,
            revoked: self.revoked_hash,
            expired_before: self.expired_before,
            maps: Vec::new(),
        }
    }

    /// Each node with the version and a hash of its entry.
    #[must_use]
    pub fn versions(&self) -> Vec<(NodeId, u64, u64)> {
        self.entries.values().map(|member| (member.node, member.version, self.hash_of(member.node))).collect()
    }

    fn hash_of(&self, node: NodeId) -> u64 {
        self.hashes.get(&node).copied().unwrap_or(0)
    }

    /// What the sender of a summary does not know.
    #[must_use]
    pub fn newer_than(&self, summary: &Summary) -> Vec<Fact> {
        let known: BTreeMap<NodeId, (u64, u64)> =
            summary.members.iter().map(|&(node, version, hash)| (node, (version, hash))).collect();
        let revoked: BTreeSet<NodeId> = summary.revoked.iter().copied().collect();
        let members = self.entries.values().filter(|member| match known.get(&member.node) {
            None => true,
            Some(&(version, hash)) => version <= member.version && hash != self.hash_of(member.node),
        });
        let members = members.cloned().map(Fact::Member);
        members.chain(self.revoked.difference(&revoked).copied().map(Fact::Revoked)).collect()
    }
}

/// Whether a member of this state takes part.
#[must_use]
pub const fn is_present(state: MemberState) -> bool {
    !matches!(state, MemberState::Removed(_))
}

fn slot(member: &Member) -> MapSlot {
    MapSlot { node: member.node, place: member.place, weight: member.weight, zone: member.zone.clone() }
}

const fn state_number(state: MemberState) -> u8 {
    match state {
        MemberState::Joining => 0,
        MemberState::Active => 1,
        MemberState::Draining => 2,
        MemberState::Removed(removal) => match removal {
            Removal::Drained => 16,
            Removal::Dead => 17,
            Removal::Operator => 18,
            Removal::Replaced => 19,
            Removal::Revoked => 20,
            Removal::Abandoned => 21,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(node: u16, version: u64, by: u8, state: MemberState) -> Member {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&node.to_be_bytes());
        Member {
            version,
            by: NodeId([by; 32]),
            node: NodeId(id),
            state,
            weight: 1,
            zone: String::new(),
            name: String::new(),
            addresses: Vec::new(),
            serial: [0; 16],
            place: u64::from(node),
        }
    }

    fn states() -> impl Strategy<Value = MemberState> {
        use MemberState::{Active, Draining, Joining, Removed};
        proptest::sample::select(vec![Joining, Active, Draining, Removed(Removal::Dead), Removed(Removal::Operator)])
    }

    proptest! {
        #[test]
        fn every_order_ends_in_the_same_set(
            entries in proptest::collection::vec((0u16..4, 0u64..4, 0u8..3, states()), 0..12),
            order in any::<u64>(),
        ) {
            let mut shuffled = entries.clone();
            crate::rng::Rng::new(order).shuffle(&mut shuffled);
            let set = |entries: &[(u16, u64, u8, MemberState)]| {
                let mut set = Members::default();
                for &(node, version, by, state) in entries {
                    set.merge(member(node, version, by, state));
                    set.merge(member(node, version, by, state));
                }
                set
            };
            let (one, two) = (set(&entries), set(&shuffled));
            prop_assert_eq!(one.map(), two.map());
            prop_assert_eq!(one.digest(), two.digest());
            prop_assert_eq!(one, two);
        }
    }

    #[test]
    fn a_summary_brings_what_is_missing_and_nothing_else() {
        let (mut one, mut two) = (Members::default(), Members::default());
        for node in 0..5 {
            one.merge(member(node, 1, 0, MemberState::Active));
            two.merge(member(node, 1, 0, MemberState::Active));
        }
        one.merge(member(3, 2, 0, MemberState::Draining));
        one.revoke(NodeId([9; 32]));
        let summary = |set: &Members| Summary {
            answer: false,
            members: set.versions(),
            trackers: Vec::new(),
            revoked: set.revoked().iter().copied().collect(),
        };
        let news = one.newer_than(&summary(&two));
        assert_eq!(news, [Fact::Member(member(3, 2, 0, MemberState::Draining)), Fact::Revoked(NodeId([9; 32]))]);
        assert_eq!(two.newer_than(&summary(&one)), []);
    }

    #[test]
    fn what_is_remembered_has_a_limit() {
        let mut set = Members::default();
        for node in 0..MAX_MEMBERS as u16 {
            assert_eq!(set.merge(member(node, 1, 0, MemberState::Joining)), Merged::News);
        }
        assert_eq!(set.merge(member(MAX_MEMBERS as u16, 1, 0, MemberState::Joining)), Merged::Full);
        assert_eq!(set.merge(member(0, 2, 0, MemberState::Active)), Merged::News, "who is known may change");
        for key in 0..MAX_REVOKED as u16 {
            let mut id = [0; 32];
            id[..2].copy_from_slice(&key.to_be_bytes());
            assert_eq!(set.revoke(NodeId(id)), Merged::News);
        }
        assert_eq!(set.revoke(NodeId([255; 32])), Merged::Full);
        assert_eq!((set.expire_before(5), set.expire_before(4)), (Merged::News, Merged::Nothing));
    }
}
