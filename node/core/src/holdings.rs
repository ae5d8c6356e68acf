//! What this node holds, by partition and stream: sets of chunk numbers, as the store reported them.
//!
//! A chunk is here only while it is on the disk. One that is being deleted is not here any more from the moment that its deletion
//! was asked for, so that nobody is promised what is about to go.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{Gone, Held, MAX_HELD_RANGES, MAX_HELD_STREAMS};
use packetstream_protocol::ids::{ChunkId, HostId, StreamId};
use packetstream_protocol::interval::RangeSet;
use xxhash_rust::xxh3::xxh3_64;

/// What is held of one stream. There are as many as the disk has room for: each has at least one chunk on it.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    pub have: RangeSet,
    /// Dropped for their age; nobody wants them back.
    pub expired: RangeSet,
    /// Dropped for want of room; this node does not want them back.
    pub dropped: RangeSet,
    /// Deletions under way.
    deleting: RangeSet,
    /// What came since the last turn of generations, and since the one before.
    young: [RangeSet; 2],
    /// Bytes of all that is held.
    pub bytes: u64,
    /// At which turn of generations something changed last.
    turn: u64,
}

impl Stream {
    /// What is held or needs not be.
    fn settled(&self) -> RangeSet {
        let mut all = self.have.clone();
        all.union(&self.expired);
        all.union(&self.dropped);
        all
    }

    /// What came a moment ago.
    pub(crate) fn young(&self) -> RangeSet {
        let mut all = self.young[0].clone();
        all.union(&self.young[1]);
        all
    }

    fn is_young(&self) -> bool {
        self.young.iter().any(|young| !young.is_empty())
    }

    fn held(&self, stream: StreamId) -> Held {
        Held {
            stream,
            have: self.have.clone(),
            young: self.young(),
            expired: self.expired.clone(),
            dropped: self.dropped.clone(),
        }
    }

    /// What of these is not here, not on its way out, and may come.
    pub(crate) fn lacks(&self, chunks: &RangeSet) -> RangeSet {
        chunks.difference(&self.settled()).difference(&self.deleting)
    }

    fn take(&mut self, chunks: &RangeSet) {
        let before = self.have.count();
        self.have = self.have.difference(chunks);
        for young in &mut self.young {
            *young = young.difference(chunks);
        }
        self.bytes = scale(self.bytes, self.have.count(), before);
    }

    fn is_empty(&self) -> bool {
        self.have.is_empty() && self.expired.is_empty() && self.dropped.is_empty() && self.deleting.is_empty()
    }
}

/// `bytes * part / whole`, in integers.
fn scale(bytes: u64, part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { (u128::from(bytes) * u128::from(part) / u128::from(whole)) as u64 }
}

#[derive(Clone, Debug, Default)]
struct Share {
    streams: BTreeMap<StreamId, Stream>,
    /// Streams of which something is held, not only known to be gone.
    live: usize,
    hash: Option<u64>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    shares: BTreeMap<Partition, Share>,
    /// Streams with something young.
    young: BTreeSet<StreamId>,
    /// Rises when a partition comes or goes.
    partitions_version: u64,
    /// Partitions of which something was dropped since that was kept last.
    gone: BTreeSet<Partition>,
    /// Turns of generations so far.
    turns: u64,
}

/// Turns for which it is remembered that all of a stream was dropped, so that nobody takes it for missing who asks before the others
/// have dropped it too.
const FORGET_TURNS: u64 = 300;

impl Holdings {
    fn change<T>(&mut self, stream: StreamId, change: impl FnOnce(&mut Stream) -> T) -> T {
        let partition = stream.host.partition();
        let share = self.shares.entry(partition).or_default();
        share.hash = None;
        let live_before = share.live;
        let state = share.streams.entry(stream).or_default();
        let before = usize::from(!state.have.is_empty());
        let result = change(state);
        state.turn = self.turns;
        share.live = share.live + usize::from(!state.have.is_empty()) - before;
        if state.is_empty() {
            share.streams.remove(&stream);
        }
        if (live_before == 0) != (share.live == 0) {
            self.partitions_version += 1;
        }
        if share.streams.is_empty() {
            self.shares.remove(&partition);
        }
        result
    }

    /// At the start, from the store.
    pub(crate) fn load(&mut self, stream: StreamId, have: RangeSet, bytes: u64) {
        self.change(stream, |state| {
            state.have.union(&have);
            state.bytes += bytes;
        });
    }

    /// A chunk is on the disk; true when it was not before.
    pub(crate) fn stored(&mut self, chunk: ChunkId, bytes: u32) -> bool {
        let new = self.change(chunk.stream, |state| {
            if !state.have.insert(chunk.no.0) {
                return false;
            }
            state.bytes += u64::from(bytes);
            state.young[0].insert(chunk.no.0);
            true
        });
        if new {
            self.young.insert(chunk.stream);
        }
        new
    }

    pub(crate) fn expired(&mut self, stream: StreamId, chunks: &RangeSet) {
        self.change(stream, |state| {
            state.take(chunks);
            state.expired.union(chunks);
        });
        self.gone.insert(stream.host.partition());
    }

    pub(crate) fn dropped(&mut self, stream: StreamId, chunks: &RangeSet) {
        self.change(stream, |state| {
            state.take(chunks);
            state.dropped.union(chunks);
        });
        self.gone.insert(stream.host.partition());
    }

    /// Others know that these are too old; what is held all the same goes by its own retention.
    pub(crate) fn heard_expired(&mut self, stream: StreamId, chunks: &RangeSet) {
        let known = self.stream(stream);
        let new = known.is_none_or(|state| !state.expired.is_superset(&chunks.difference(&state.have)));
        if new && !chunks.is_empty() {
            self.change(stream, |state| state.expired.union(&chunks.difference(&state.have)));
            self.gone.insert(stream.host.partition());
        }
    }

    /// At the start, what was kept.
    pub(crate) fn load_gone(&mut self, gone: Gone) {
        self.change(gone.stream, |state| {
            state.expired.union(&gone.expired.difference(&state.have));
            state.dropped.union(&gone.dropped.difference(&state.have));
        });
    }

    /// What was dropped of partitions where that has changed since it was asked last.
    pub(crate) fn take_gone(&mut self) -> Vec<(Partition, Vec<Gone>)> {
        let gone = std::mem::take(&mut self.gone);
        let of = |partition: Partition| {
            let some = |state: &Stream| !state.expired.is_empty() || !state.dropped.is_empty();
            let streams = self.streams(partition, None).filter(|(_, state)| some(state));
            let streams = streams.map(|(stream, state)| Gone {
                stream,
                expired: state.expired.clone(),
                dropped: state.dropped.clone(),
            });
            (partition, streams.collect())
        };
        gone.into_iter().map(of).collect()
    }

    pub(crate) fn lost(&mut self, stream: StreamId, chunks: &RangeSet) {
        self.change(stream, |state| state.take(chunks));
    }

    pub(crate) fn deleting(&mut self, stream: StreamId, chunks: &RangeSet) {
        self.change(stream, |state| {
            state.take(chunks);
            state.deleting.union(chunks);
        });
    }

    pub(crate) fn deleted(&mut self, stream: StreamId, chunks: &RangeSet) {
        self.change(stream, |state| state.deleting = state.deleting.difference(chunks));
    }

    /// At which turn nothing is young any more of what is held now.
    pub(crate) fn ripe_at(&self, partition: Partition) -> u64 {
        let young = self.shares.get(&partition).is_some_and(|share| share.streams.values().any(Stream::is_young));
        if young { self.turns + 2 } else { self.turns }
    }

    /// Whether such a turn has come.
    pub(crate) const fn is_ripe(&self, at: u64) -> bool {
        self.turns >= at
    }

    /// What was young grows older.
    pub(crate) fn turn(&mut self) {
        self.turns += 1;
        if self.turns.is_multiple_of(FORGET_TURNS) {
            self.forget();
        }
        for stream in std::mem::take(&mut self.young) {
            let still = self.change(stream, |state| {
                let [now, _] = std::mem::take(&mut state.young);
                state.young[1] = now;
                !state.young[1].is_empty()
            });
            if still {
                self.young.insert(stream);
            }
        }
    }

    /// Streams of which nothing is left, for long.
    fn forget(&mut self) {
        let turns = self.turns;
        for (&partition, share) in &mut self.shares {
            let before = share.streams.len();
            share.streams.retain(|_, state| {
                !state.have.is_empty() || !state.deleting.is_empty() || state.turn + FORGET_TURNS > turns
            });
            if share.streams.len() < before {
                share.hash = None;
                self.gone.insert(partition);
            }
        }
        self.shares.retain(|_, share| !share.streams.is_empty());
    }

    /// Partitions of which something is held.
    pub fn partitions(&self) -> impl Iterator<Item = Partition> + '_ {
        self.shares.iter().filter(|(_, share)| share.live > 0).map(|(&partition, _)| partition)
    }

    pub(crate) const fn partitions_version(&self) -> u64 {
        self.partitions_version
    }

    /// Whether something of a partition is held.
    #[must_use]
    pub fn holds(&self, partition: Partition) -> bool {
        self.shares.get(&partition).is_some_and(|share| share.live > 0)
    }

    /// Whether nothing at all is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shares.values().all(|share| share.live == 0)
    }

    /// What is held of a stream.
    #[must_use]
    pub fn stream(&self, stream: StreamId) -> Option<&Stream> {
        self.shares.get(&stream.host.partition())?.streams.get(&stream)
    }

    /// The streams of a partition behind one of them.
    pub(crate) fn streams(
        &self,
        partition: Partition,
        after: Option<StreamId>,
    ) -> impl Iterator<Item = (StreamId, &Stream)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let share = self.shares.get(&partition);
        share
            .into_iter()
            .flat_map(move |share| share.streams.range((from, Bound::Unbounded)).map(|(&id, state)| (id, state)))
    }

    /// Chunks and bytes in all.
    #[must_use]
    pub fn usage(&self) -> (u64, u64) {
        let streams = self.shares.values().flat_map(|share| share.streams.values());
        streams.fold((0, 0), |(chunks, bytes), state| (chunks + state.have.count(), bytes + state.bytes))
    }

    /// What a chunk of a stream takes, on average.
    pub(crate) fn chunk_bytes(&self, stream: StreamId) -> u64 {
        self.stream(stream).map_or(0, |state| scale(state.bytes, 1, state.have.count().max(1)))
    }

    /// A hash over all of a partition that is not young; 0 of nothing.
    pub(crate) fn hash(&mut self, partition: Partition) -> u64 {
        let Some(share) = self.shares.get_mut(&partition) else { return 0 };
        if let Some(hash) = share.hash {
            return hash;
        }
        let mut bytes = Vec::new();
        for (stream, state) in &share.streams {
            let old = state.settled().difference(&state.young());
            if old.is_empty() || state.have.is_empty() {
                continue;
            }
            bytes.extend_from_slice(stream.host.as_bytes());
            bytes.extend_from_slice(&stream.epoch.0.to_le_bytes());
            bytes.extend_from_slice(&(old.ranges().len() as u64).to_le_bytes());
            for &(first, last) in old.ranges() {
                bytes.extend_from_slice(&first.to_le_bytes());
                bytes.extend_from_slice(&last.to_le_bytes());
            }
        }
        let hash = if bytes.is_empty() { 0 } else { xxh3_64(&bytes) };
        share.hash = Some(hash);
        hash
    }

    /// A page of a partition, and where the next begins.
    pub(crate) fn page(&self, partition: Partition, after: Option<StreamId>) -> (Vec<Held>, Option<StreamId>) {
        page(self.streams(partition, after).map(|(stream, state)| state.held(stream)))
    }

    /// A page of these hosts, or of all when there are none, by partition and stream.
    pub(crate) fn page_of(&self, hosts: &BTreeSet<HostId>, after: Option<StreamId>) -> (Vec<Held>, Option<StreamId>) {
        // Streams are in the order of partition, then stream: the cursor is a stream, which says both.
        let from = after.map(|stream| (stream.host.partition(), stream));
        let begin = from.map_or(Bound::Unbounded, |(partition, _)| Bound::Included(partition));
        let shares = self.shares.range((begin, Bound::Unbounded));
        let behind =
            move |partition: Partition, stream: StreamId| from.is_none_or(|cursor| (partition, stream) > cursor);
        let streams =
            shares.flat_map(|(&partition, share)| share.streams.iter().map(move |(&id, state)| (partition, id, state)));
        let wanted = streams
            .filter(|&(partition, stream, _)| behind(partition, stream))
            .filter(|(_, stream, _)| hosts.is_empty() || hosts.contains(&stream.host));
        page(wanted.map(|(_, stream, state)| state.held(stream)))
    }
}

fn page(all: impl Iterator<Item = Held>) -> (Vec<Held>, Option<StreamId>) {
    let (mut streams, mut ranges) = (Vec::new(), 0);
    for held in all {
        if streams.len() >= MAX_HELD_STREAMS || ranges >= MAX_HELD_RANGES {
            let next = streams.last().map(|held: &Held| held.stream);
            return (streams, next);
        }
        ranges += held.ranges();
        streams.push(held);
    }
    (streams, None)
}
