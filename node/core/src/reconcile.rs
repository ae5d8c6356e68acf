//! Brings every chunk to its owners and takes it away from everybody else: the only mover. Hinted handoff, joins, drains,
//! replacements and repair are all this one loop.
//!
//! - Who holds something of a partition tells each of its owners a hash of it, every few seconds: one hash for all partitions that
//!   both own, then one for each partition when they differ.
//! - An owner that has another hash asks what the holder has, and wants what it lacks, from one holder at a time: the receiver
//!   decides, so that nothing is sent twice. The holder pushes it, held to a rate.
//! - Equal hashes, or an answer that has all of it, prove to the holder that an owner has what it has. When every owner of the newest
//!   map has proved it for all that is held, the node is in sync with that map. What is held of a partition that no live map
//!   gives to this node is deleted once every owner has proved, under this very map, that it has it.
//!
//! Invariant: a chunk is deleted for being misplaced only after each owner of the newest map answered a question, asked
//! under that map, with "on my disk".

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{Body, HavePage, Held, MAX_SHARES, MapId, Share};
use packetstream_protocol::ids::{ChunkId, NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;
use xxhash_rust::xxh3::xxh3_64;

use crate::cluster::PLAN_ROUND;
use crate::history::History;
use crate::holdings::Holdings;
use crate::io::Output;
use crate::moment::Moment;

/// Each partner is told hashes so often; half of it while something is to be proved.
pub const ROUND_INTERVAL: Duration = Duration::from_millis(4000);
/// Partners that are told in one turn when nothing moves: many are told less often, so that what they cost has a bound.
pub const MAX_ROUNDS_A_TURN: usize = 1;
/// Questions for what is held that are under way.
pub const MAX_ASKS: usize = 32;
/// Questions that wait for their turn; more come up again with the next round.
pub const MAX_ASKS_WAITING: usize = 16_384;
/// A question is forgotten after this, and asked again with the next round.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(4);
/// Chunks that are wanted of one holder in one message, and go in one push.
pub const WANT_BATCH: u64 = 64;
/// Chunks that were wanted of one holder and are not here yet: more than come while a want is on its way.
pub const MAX_UNDER_WAY: u64 = 1024;
/// Holders from which chunks come at the same time.
pub const MAX_SOURCES: usize = 8;
/// Streams that are wanted and not here yet; more come up again with the next round.
pub const MAX_WANTS: usize = 65_536;
/// Chunks that were wanted and do not come are wanted of another after this.
pub const WANT_TIMEOUT: Duration = Duration::from_secs(10);
/// Pushes that are under way.
pub const MAX_PUSHES: usize = 16;
/// Wants of others that wait for their turn; more are refused and asked for again.
pub const MAX_PUSHES_WAITING: usize = 4096;
/// A proof is worth nothing after this.
pub const PROOF_AGE: Duration = Duration::from_secs(30);
/// What every owner has proved to hold is deleted after this. Whoever asks around who holds what meanwhile finds it here or there:
/// longer than [`crate::cluster::PLAN_ROUND`], also by clocks that differ a little.
pub const DELETE_AFTER: Duration = Duration::from_millis(5000);
const _: () = assert!(DELETE_AFTER.as_millis() * 10 > PLAN_ROUND.as_millis() * 11);
/// Bytes that may be pushed at once after a silence, in milliseconds of the rate.
const BURST_MS: u64 = 500;

/// A question that was asked.
#[derive(Clone, Debug)]
struct Ask {
    to: NodeId,
    partition: Partition,
    at: Moment,
    /// The newest map when it was asked: an answer under another proves nothing.
    map: MapId,
    /// Whether everything of the pages so far was there.
    covered: bool,
    after: Option<StreamId>,
}

/// What an owner proved to hold of a misplaced partition.
#[derive(Clone, Debug)]
struct Proof {
    at: Moment,
    sets: BTreeMap<StreamId, RangeSet>,
}

/// Chunks that all owners have proved to hold.
#[derive(Clone, Debug)]
struct Doomed {
    due: Moment,
    stream: StreamId,
    chunks: RangeSet,
}

/// Chunks that were wanted of a holder.
#[derive(Clone, Debug)]
struct Source {
    /// Wanted, asked for, and not here yet.
    under_way: BTreeMap<StreamId, RangeSet>,
    waiting: BTreeMap<StreamId, RangeSet>,
    /// When something came last.
    progress: Moment,
}

/// What goes to a member that wants it.
#[derive(Clone, Debug)]
struct Push {
    to: NodeId,
    stream: StreamId,
    chunks: RangeSet,
}

/// A transfer, for `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub peer: NodeId,
    /// Whether it comes or goes.
    pub incoming: bool,
    pub chunks: u64,
    /// About so many bytes.
    pub bytes: u64,
}

/// What the reconciler sees of the rest of the node.
pub(crate) struct Scene<'a> {
    pub(crate) now: Moment,
    pub(crate) me: NodeId,
    pub(crate) history: &'a History,
    pub(crate) holdings: &'a mut Holdings,
    pub(crate) alive: &'a dyn Fn(NodeId) -> bool,
    pub(crate) sends: &'a mut Vec<(NodeId, Body)>,
    pub(crate) out: &'a mut Vec<Output>,
    /// What has been proved to be at a new owner: for what travels with a partition.
    pub(crate) delete_before_proof: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Reconciler {
    rate_bytes_s: u64,
    tokens: u64,
    refilled: Moment,
    /// Who is told hashes, of which partitions.
    partners: BTreeMap<NodeId, Vec<Partition>>,
    /// Of the map and the partitions that the partners were found with.
    partners_of: (MapId, u64),
    due: BTreeMap<NodeId, Moment>,
    /// What has yet to be proved since the newest map came.
    unproved: BTreeSet<(Partition, NodeId)>,
    /// At which turn of generations a partition of these can be proved: comparing leaves out what is young.
    ripe: BTreeMap<Partition, u64>,
    /// Whether everybody routes by the newest map. What was released before, by an older one, is to be proved, too.
    acked: bool,
    proofs: BTreeMap<Partition, BTreeMap<NodeId, Proof>>,
    /// What is to be deleted, the next first.
    doomed: VecDeque<Doomed>,
    /// The same by stream.
    doomed_of: BTreeMap<StreamId, RangeSet>,
    asks: BTreeMap<u64, Ask>,
    asks_waiting: BTreeSet<(NodeId, Partition)>,
    nonce: u64,
    sources: BTreeMap<NodeId, Source>,
    /// Everything that is wanted of somebody.
    wanted: BTreeMap<StreamId, RangeSet>,
    pushes: BTreeMap<u64, Push>,
    pushes_waiting: VecDeque<Push>,
    push: u64,
    /// Bytes pushed so far.
    pushed_bytes: u64,
}

impl Reconciler {
    pub(crate) fn new(rate_bytes_s: u64, seed: u64, now: Moment) -> Self {
        Self {
            rate_bytes_s: rate_bytes_s.max(1000),
            tokens: 0,
            refilled: now,
            partners: BTreeMap::new(),
            partners_of: (MapId::default(), 0),
            due: BTreeMap::new(),
            unproved: BTreeSet::new(),
            ripe: BTreeMap::new(),
            acked: false,
            proofs: BTreeMap::new(),
            doomed: VecDeque::new(),
            doomed_of: BTreeMap::new(),
            asks: BTreeMap::new(),
            asks_waiting: BTreeSet::new(),
            // An answer to a question of an earlier life must not be taken for one of this.
            nonce: seed,
            sources: BTreeMap::new(),
            wanted: BTreeMap::new(),
            pushes: BTreeMap::new(),
            pushes_waiting: VecDeque::new(),
            push: 0,
            pushed_bytes: 0,
        }
    }

    /// Whether all that can have been released by an older map than the newest is proved to be with its owners.
    #[must_use]
    pub fn in_sync(&self) -> bool {
        self.acked && self.unproved.is_empty()
    }

    /// Whether everybody routes by the newest map.
    pub(crate) const fn is_acked(&self) -> bool {
        self.acked
    }

    /// Everybody routes by the newest map now.
    pub(crate) const fn handle_acked(&mut self) {
        self.acked = true;
    }

    /// Bytes that were pushed so far, about.
    #[must_use]
    pub const fn pushed_bytes(&self) -> u64 {
        self.pushed_bytes
    }

    /// What comes and goes, and what waits for it.
    #[must_use]
    pub fn transfers(&self, holdings: &Holdings) -> Vec<Transfer> {
        let mut rows = BTreeMap::new();
        let mut add = |peer, incoming, stream, chunks: u64| {
            let row = rows.entry((peer, incoming)).or_insert(Transfer { peer, incoming, chunks: 0, bytes: 0 });
            row.chunks += chunks;
            row.bytes = row.bytes.saturating_add(chunks.saturating_mul(holdings.chunk_bytes(stream)));
        };
        for (&peer, source) in &self.sources {
            for (&stream, chunks) in source.under_way.iter().chain(&source.waiting) {
                add(peer, true, stream, chunks.count());
            }
        }
        for push in self.pushes.values().chain(&self.pushes_waiting) {
            add(push.to, false, push.stream, push.chunks.count());
        }
        rows.into_values().collect()
    }

    /// Another map is the newest: everything is to be proved anew.
    pub(crate) fn handle_map(&mut self, scene: &mut Scene<'_>) {
        self.proofs.clear();
        self.doomed.clear();
        self.doomed_of.clear();
        self.asks.clear();
        self.asks_waiting.clear();
        self.unproved.clear();
        self.ripe.clear();
        self.acked = false;
        self.find_partners(scene);
        let held: Vec<Partition> = scene.holdings.partitions().collect();
        for partition in held {
            self.unprove(scene, partition);
        }
        for due in self.due.values_mut() {
            *due = scene.now;
        }
    }

    /// What is held of a partition is to be proved.
    fn unprove(&mut self, scene: &Scene<'_>, partition: Partition) {
        let Some(map) = scene.history.newest() else { return };
        self.unproved.extend(map.owners(partition).filter(|&owner| owner != scene.me).map(|owner| (partition, owner)));
        self.ripe.insert(partition, scene.holdings.ripe_at(partition));
    }

    /// An owner has what is held of a partition, but for what is young.
    fn proved(&mut self, scene: &Scene<'_>, partition: Partition, owner: NodeId) {
        if self.is_ripe(scene, partition) {
            self.unproved.remove(&(partition, owner));
        }
    }

    fn is_ripe(&self, scene: &Scene<'_>, partition: Partition) -> bool {
        self.ripe.get(&partition).is_none_or(|&at| scene.holdings.is_ripe(at))
    }

    /// Who owns something of what is held.
    fn find_partners(&mut self, scene: &Scene<'_>) {
        let of = (scene.history.id(), scene.holdings.partitions_version());
        if of == self.partners_of {
            return;
        }
        self.partners_of = of;
        self.partners.clear();
        if let Some(map) = scene.history.newest() {
            for partition in scene.holdings.partitions() {
                for owner in map.owners(partition).filter(|&owner| owner != scene.me) {
                    self.partners.entry(owner).or_default().push(partition);
                }
            }
        }
        // What is all gone by now, for its age or for want of room, needs no proof.
        self.unproved.retain(|&(partition, _)| scene.holdings.holds(partition));
        let partners = &self.partners;
        self.due.retain(|node, _| partners.contains_key(node));
        for &node in partners.keys() {
            self.due.entry(node).or_insert(scene.now);
        }
    }

    /// Time has passed.
    pub(crate) fn handle_wake(&mut self, scene: &mut Scene<'_>) {
        self.find_partners(scene);
        self.rounds(scene);
        let now = scene.now;
        self.asks.retain(|_, ask| now.since(ask.at) < ASK_TIMEOUT);
        self.ask(scene);
        let late: Vec<NodeId> = self
            .sources
            .iter()
            .filter(|(node, source)| now.since(source.progress) >= WANT_TIMEOUT || !(scene.alive)(**node))
            .map(|(&node, _)| node)
            .collect();
        for node in late {
            self.drop_source(node);
        }
        self.want(scene);
        self.push(scene);
        self.delete(scene);
        self.proofs.retain(|_, owners| {
            owners.retain(|_, proof| now.since(proof.at) < PROOF_AGE);
            !owners.is_empty()
        });
    }

    fn rounds(&mut self, scene: &mut Scene<'_>) {
        let due = self.due.iter().filter(|(node, at)| **at <= scene.now && (scene.alive)(**node));
        let mut due: Vec<(Moment, NodeId)> = due.map(|(&node, &at)| (at, node)).collect();
        due.sort_unstable();
        let mut quiet = 0;
        let unproved: BTreeSet<NodeId> = self.unproved.iter().map(|&(_, owner)| owner).collect();
        for (_, node) in due {
            let moving = |&p: &Partition| !owned(scene, p);
            let hurry = unproved.contains(&node) || self.partners.get(&node).is_some_and(|all| all.iter().any(moving));
            if !hurry {
                quiet += 1;
                if quiet > MAX_ROUNDS_A_TURN {
                    continue;
                }
            }
            self.due.insert(node, scene.now + if hurry { ROUND_INTERVAL / 2 } else { ROUND_INTERVAL });
            self.round(scene, node);
        }
    }

    /// Tells a partner hashes of what is held of its partitions.
    fn round(&mut self, scene: &mut Scene<'_>, node: NodeId) {
        let map = scene.history.id();
        if let Some(root) = self.root(scene, node) {
            scene.sends.push((node, Body::Root { map, root }));
        }
        let misplaced: Vec<Partition> =
            self.partners.get(&node).into_iter().flatten().copied().filter(|&p| !owned(scene, p)).collect();
        self.send_shares(scene, node, &misplaced);
    }

    /// One hash over all that is held of what both own; nothing when that is nothing.
    fn root(&self, scene: &mut Scene<'_>, node: NodeId) -> Option<u64> {
        let mut bytes = Vec::new();
        for &partition in self.partners.get(&node).into_iter().flatten() {
            if owned(scene, partition) {
                let hash = scene.holdings.hash(partition);
                if hash != 0 {
                    bytes.extend_from_slice(&partition.number().to_le_bytes());
                    bytes.extend_from_slice(&hash.to_le_bytes());
                }
            }
        }
        (!bytes.is_empty()).then(|| xxh3_64(&bytes))
    }

    fn send_shares(&self, scene: &mut Scene<'_>, node: NodeId, partitions: &[Partition]) {
        let map = scene.history.id();
        for page in partitions.chunks(MAX_SHARES) {
            let share = |&partition: &Partition| Share { partition, hash: scene.holdings.hash(partition) };
            let shares: Vec<Share> = page.iter().map(share).collect();
            scene.sends.push((node, Body::Shares { map, shares }));
        }
    }

    pub(crate) fn handle_root(&mut self, scene: &mut Scene<'_>, from: NodeId, map: MapId, root: u64) {
        if map != scene.history.id() {
            return;
        }
        self.find_partners(scene);
        let body = if self.root(scene, from) == Some(root) {
            // The sender has what we have, as we have what it has.
            self.prove_root(scene, from);
            Body::RootSame { map, root }
        } else {
            Body::RootDiffers { map }
        };
        scene.sends.push((from, body));
    }

    pub(crate) fn handle_root_same(&mut self, scene: &mut Scene<'_>, from: NodeId, map: MapId, root: u64) {
        self.find_partners(scene);
        if map == scene.history.id() && self.root(scene, from) == Some(root) {
            self.prove_root(scene, from);
        }
    }

    fn prove_root(&mut self, scene: &Scene<'_>, from: NodeId) {
        for partition in self.partners.get(&from).cloned().unwrap_or_default() {
            if owned(scene, partition) {
                self.proved(scene, partition, from);
            }
        }
    }

    pub(crate) fn handle_root_differs(&mut self, scene: &mut Scene<'_>, from: NodeId, map: MapId) {
        if map != scene.history.id() {
            return;
        }
        self.find_partners(scene);
        let both: Vec<Partition> =
            self.partners.get(&from).into_iter().flatten().copied().filter(|&p| owned(scene, p)).collect();
        self.send_shares(scene, from, &both);
    }

    pub(crate) fn handle_shares(&mut self, scene: &mut Scene<'_>, from: NodeId, map: MapId, shares: &[Share]) {
        let mut same = Vec::new();
        for &share in shares {
            if scene.holdings.hash(share.partition) == share.hash {
                same.push(share);
            } else if owned(scene, share.partition) {
                self.ask_later(from, share.partition);
            }
        }
        if map == scene.history.id()
            && let [Share { partition: first, .. }, ..] = *shares
            && let [.., Share { partition: last, .. }] = *shares
        {
            scene.sends.push((from, Body::SharesSame { map, first, last, shares: same }));
        }
        self.ask(scene);
    }

    /// An answer to shares from `first` to `last`.
    pub(crate) fn handle_shares_same(
        &mut self,
        scene: &mut Scene<'_>,
        from: NodeId,
        map: MapId,
        (first, last): (Partition, Partition),
        shares: &[Share],
    ) {
        if map != scene.history.id() {
            return;
        }
        self.find_partners(scene);
        for share in shares {
            if scene.holdings.hash(share.partition) != share.hash {
                continue;
            }
            self.proved(scene, share.partition, from);
            if misplaced(scene, share.partition) {
                let sets = scene.holdings.streams(share.partition, None);
                let sets = sets.map(|(stream, state)| (stream, state.have.difference(&state.young()))).collect();
                self.prove(scene, from, share.partition, sets);
            }
        }
        // Whoever has something else is asked, where it matters: one message says for what.
        let partitions = self.partners.get(&from).cloned().unwrap_or_default();
        for partition in partitions.into_iter().filter(|partition| (first..=last).contains(partition)) {
            let open = (self.unproved.contains(&(partition, from)) && self.is_ripe(scene, partition))
                || (misplaced(scene, partition) && !self.proofs.get(&partition).is_some_and(|p| p.contains_key(&from)));
            if open && !shares.iter().any(|share| share.partition == partition) {
                self.ask_later(from, partition);
            }
        }
        self.ask(scene);
    }

    fn ask_later(&mut self, to: NodeId, partition: Partition) {
        if self.asks_waiting.len() < MAX_ASKS_WAITING
            && !self.asks.values().any(|ask| ask.to == to && ask.partition == partition)
        {
            self.asks_waiting.insert((to, partition));
        }
    }

    fn ask(&mut self, scene: &mut Scene<'_>) {
        while self.asks.len() < MAX_ASKS {
            let Some((to, partition)) = self.asks_waiting.pop_first() else { break };
            self.nonce = self.nonce.wrapping_add(1);
            let map = scene.history.id();
            let ask = Ask { to, partition, at: scene.now, map, covered: true, after: None };
            self.asks.insert(self.nonce, ask);
            scene.sends.push((to, Body::HaveAsk { nonce: self.nonce, partition, after: None }));
        }
    }

    pub(crate) fn handle_have(&mut self, scene: &mut Scene<'_>, from: NodeId, page: HavePage) {
        let known = self.asks.get(&page.nonce).is_some_and(|ask| ask.to == from && ask.partition == page.partition);
        let Some(mut ask) = known.then(|| self.asks.remove(&page.nonce)).flatten() else { return };
        let proves = page.map == scene.history.id() && ask.map == page.map;
        if owned(scene, page.partition) {
            for held in &page.streams {
                scene.holdings.heard_expired(held.stream, &held.expired);
                self.want_of(scene, from, held);
            }
        }
        let mut theirs: BTreeMap<StreamId, RangeSet> = BTreeMap::new();
        for held in page.streams {
            let mut settled = held.have;
            settled.union(&held.expired);
            settled.union(&held.dropped);
            theirs.insert(held.stream, settled);
        }
        let nothing = RangeSet::new();
        let mut sets = BTreeMap::new();
        // Some pages may have come while something was young.
        ask.covered &= self.is_ripe(scene, page.partition);
        for (stream, state) in scene.holdings.streams(page.partition, ask.after) {
            if page.next.is_some_and(|next| stream > next) {
                break;
            }
            let settled = theirs.get(&stream).unwrap_or(&nothing);
            ask.covered &= settled.is_superset(&state.have.difference(&state.young()));
            let common = state.have.difference(&state.have.difference(settled));
            if !common.is_empty() {
                sets.insert(stream, common);
            }
        }
        if proves && misplaced(scene, page.partition) {
            self.prove(scene, from, page.partition, sets);
        }
        match page.next {
            Some(next) if ask.after.is_none_or(|after| next > after) => {
                ask.after = Some(next);
                ask.at = scene.now;
                let body = Body::HaveAsk { nonce: page.nonce, partition: page.partition, after: ask.after };
                scene.sends.push((from, body));
                self.asks.insert(page.nonce, ask);
            }
            _ => {
                if proves && ask.covered {
                    self.proved(scene, page.partition, from);
                }
            }
        }
        self.ask(scene);
        self.want(scene);
    }

    /// Deletes what was proved for long enough. All that was under another map was forgotten when this one came.
    fn delete(&mut self, scene: &mut Scene<'_>) {
        while let Some(Doomed { stream, chunks, .. }) = self.doomed.pop_front_if(|doomed| doomed.due <= scene.now) {
            take(&mut self.doomed_of, stream, &chunks);
            let Some(state) = scene.holdings.stream(stream) else { continue };
            let chunks = chunks.difference(&chunks.difference(&state.have));
            if !chunks.is_empty() && misplaced(scene, stream.host.partition()) {
                scene.holdings.deleting(stream, &chunks);
                scene.out.push(Output::Delete { stream, chunks });
            }
        }
    }

    /// An owner proved that it holds these; what all of them have proved is deleted soon.
    fn prove(
        &mut self,
        scene: &mut Scene<'_>,
        owner: NodeId,
        partition: Partition,
        sets: BTreeMap<StreamId, RangeSet>,
    ) {
        let Some(map) = scene.history.newest() else { return };
        if !map.owns(owner, partition) {
            return;
        }
        let proofs = self.proofs.entry(partition).or_default();
        let proof = proofs.entry(owner).or_insert_with(|| Proof { at: scene.now, sets: BTreeMap::new() });
        proof.at = scene.now;
        for (stream, set) in sets {
            proof.sets.entry(stream).or_default().union(&set);
        }
        let owners: Option<Vec<&Proof>> = map.owners(partition).map(|owner| proofs.get(&owner)).collect();
        let Some(owners) = owners else { return };
        let mut deletions = Vec::new();
        for (stream, state) in scene.holdings.streams(partition, None) {
            let mut proved = state.have.clone();
            if let Some(doomed) = self.doomed_of.get(&stream) {
                proved = proved.difference(doomed);
            }
            for proof in &owners {
                let set = proof.sets.get(&stream).cloned().unwrap_or_default();
                proved = proved.difference(&proved.difference(&set));
            }
            if !proved.is_empty() {
                deletions.push((stream, proved));
            }
        }
        if !deletions.is_empty() {
            self.proofs.remove(&partition);
        }
        let due = scene.now + DELETE_AFTER;
        for (stream, chunks) in deletions {
            self.doomed_of.entry(stream).or_default().union(&chunks);
            self.doomed.push_back(Doomed { due, stream, chunks });
        }
    }

    /// What a holder has and this owner lacks is wanted, once.
    fn want_of(&mut self, scene: &Scene<'_>, from: NodeId, held: &Held) {
        let there = held.have.difference(&held.young);
        let mut lacks = match scene.holdings.stream(held.stream) {
            Some(state) => state.lacks(&there),
            None => there,
        };
        if let Some(wanted) = self.wanted.get(&held.stream) {
            lacks = lacks.difference(wanted);
        }
        if lacks.is_empty() || self.wanted.len() >= MAX_WANTS {
            return;
        }
        self.wanted.entry(held.stream).or_default().union(&lacks);
        let source = self.sources.entry(from).or_insert_with(|| Source {
            under_way: BTreeMap::new(),
            waiting: BTreeMap::new(),
            progress: scene.now,
        });
        source.waiting.entry(held.stream).or_default().union(&lacks);
    }

    /// Asks holders for what is wanted, a little at a time.
    fn want(&mut self, scene: &mut Scene<'_>) {
        let now = scene.now;
        let busy = self.sources.values().filter(|source| !source.under_way.is_empty()).count();
        let mut free = MAX_SOURCES.saturating_sub(busy);
        for (&node, source) in &mut self.sources {
            if source.under_way.is_empty() {
                if free == 0 {
                    source.progress = now;
                    continue;
                }
                free -= 1;
                source.progress = now;
            }
            let mut room = MAX_UNDER_WAY.saturating_sub(source.under_way.values().map(RangeSet::count).sum());
            if room < WANT_BATCH / 2 {
                continue;
            }
            while room > 0 {
                let Some((stream, mut chunks)) = source.waiting.pop_first() else { break };
                let batch: RangeSet = chunks.iter().take(room.min(WANT_BATCH) as usize).collect();
                room -= batch.count();
                chunks = chunks.difference(&batch);
                if !chunks.is_empty() {
                    source.waiting.insert(stream, chunks);
                }
                source.under_way.entry(stream).or_default().union(&batch);
                scene.sends.push((node, Body::Want { stream, chunks: batch }));
            }
        }
        self.sources.retain(|_, source| !source.under_way.is_empty() || !source.waiting.is_empty());
    }

    /// A chunk came, from wherever.
    pub(crate) fn handle_stored(&mut self, scene: &mut Scene<'_>, chunk: ChunkId) {
        if !self.acked {
            self.unprove(scene, chunk.stream.host.partition());
        }
        let one = RangeSet::from_iter([chunk.no.0]);
        if self.unwant(chunk.stream, &one) {
            let mut more = false;
            for source in self.sources.values_mut() {
                if take(&mut source.under_way, chunk.stream, &one) {
                    source.progress = scene.now;
                    more = true;
                }
                take(&mut source.waiting, chunk.stream, &one);
            }
            if more {
                self.want(scene);
            }
        }
    }

    /// True when some of them were wanted.
    fn unwant(&mut self, stream: StreamId, chunks: &RangeSet) -> bool {
        take(&mut self.wanted, stream, chunks)
    }

    pub(crate) fn handle_lack(&mut self, scene: &mut Scene<'_>, from: NodeId, stream: StreamId, chunks: &RangeSet) {
        let Some(source) = self.sources.get_mut(&from) else { return };
        let before = source.under_way.get(&stream).cloned().unwrap_or_default();
        take(&mut source.under_way, stream, chunks);
        let taken = before.difference(&before.difference(chunks));
        self.unwant(stream, &taken);
        self.want(scene);
    }

    fn drop_source(&mut self, node: NodeId) {
        if let Some(source) = self.sources.remove(&node) {
            for (stream, chunks) in source.under_way.into_iter().chain(source.waiting) {
                self.unwant(stream, &chunks);
            }
        }
    }

    /// A member wants chunks.
    pub(crate) fn handle_want(&mut self, scene: &mut Scene<'_>, from: NodeId, stream: StreamId, chunks: &RangeSet) {
        let have = scene.holdings.stream(stream).map(|state| state.have.clone()).unwrap_or_default();
        let lacking = chunks.difference(&have);
        let mut here = chunks.difference(&lacking);
        if here.count() > WANT_BATCH {
            here = here.iter().take(WANT_BATCH as usize).collect();
        }
        let refused = self.pushes_waiting.len() >= MAX_PUSHES_WAITING;
        if !here.is_empty() && !refused {
            self.pushes_waiting.push_back(Push { to: from, stream, chunks: here });
        }
        let lacking = if refused { chunks.clone() } else { lacking };
        if !lacking.is_empty() {
            scene.sends.push((from, Body::Lack { stream, chunks: lacking }));
        }
        self.push(scene);
    }

    fn push(&mut self, scene: &mut Scene<'_>) {
        let passed = u64::try_from(scene.now.since(self.refilled).as_millis()).unwrap_or(u64::MAX);
        let refill = self.rate_bytes_s.saturating_mul(passed) / 1000;
        self.refilled = scene.now;
        self.tokens = self.tokens.saturating_add(refill).min(self.rate_bytes_s.saturating_mul(BURST_MS) / 1000);
        while self.pushes.len() < MAX_PUSHES && self.tokens > 0 {
            let Some(push) = self.pushes_waiting.pop_front() else { break };
            if !(scene.alive)(push.to) {
                continue;
            }
            let bytes = scene.holdings.chunk_bytes(push.stream).saturating_mul(push.chunks.count());
            // One that is larger than what is left goes all the same, and the next ones wait for it.
            self.tokens = self.tokens.saturating_sub(bytes);
            self.pushed_bytes = self.pushed_bytes.saturating_add(bytes);
            self.push += 1;
            let Push { to, stream, chunks } = push.clone();
            self.pushes.insert(self.push, push);
            scene.out.push(Output::Push { push: self.push, to, stream, chunks });
        }
    }

    pub(crate) fn handle_push_ended(&mut self, scene: &mut Scene<'_>, push: u64) {
        if let Some(Push { stream, chunks, .. }) = self.pushes.remove(&push)
            && scene.delete_before_proof
            && !owned(scene, stream.host.partition())
        {
            scene.holdings.deleting(stream, &chunks);
            scene.out.push(Output::Delete { stream, chunks });
        }
        self.push(scene);
    }
}

/// Whether the newest map gives a partition to this node.
fn owned(scene: &Scene<'_>, partition: Partition) -> bool {
    scene.history.newest().is_some_and(|map| map.owns(scene.me, partition))
}

/// Whether no live map gives it to this node.
fn misplaced(scene: &Scene<'_>, partition: Partition) -> bool {
    scene.history.live().iter().all(|map| !map.owns(scene.me, partition))
}

/// Takes chunks out of one stream's set; true when some were there.
fn take(sets: &mut BTreeMap<StreamId, RangeSet>, stream: StreamId, chunks: &RangeSet) -> bool {
    let Some(set) = sets.get_mut(&stream) else { return false };
    let left = set.difference(chunks);
    let some = left != *set;
    if left.is_empty() {
        sets.remove(&stream);
    } else {
        *set = left;
    }
    some
}

#[cfg(test)]
mod tests;
