//! What this node lacks, who has it, and of whom it is wanted.
//!
//! - A stream is wanted of one holder at a time, in rising order: what comes is long runs, and nothing comes twice.
//! - Different streams are wanted of different holders at the same time: the next one of that holder of which the least was wanted so
//!   far. A holder that is slow has less room for more, and others take what is left.
//! - What was just found is wanted a moment later, when others that have it will have said so, too.
//!
//! Invariant: a chunk is under way from at most one holder.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use packetstream_protocol::Partition;
use packetstream_protocol::ids::{ChunkId, NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;
use xxhash_rust::xxh3::xxh3_64;

use super::{MAX_SOURCES, MAX_UNDER_WAY, MAX_WANTS, WANT_BATCH, WANT_TIMEOUT};
use crate::moment::Moment;

/// Holders of one stream that are remembered; more come up again with the next round.
pub(super) const MAX_HOLDERS: usize = 4;
/// What is found is wanted after this: the first holder that answers would otherwise be asked for everything.
pub(super) const GATHER: Duration = Duration::from_millis(200);

/// A stream of which something is lacking.
#[derive(Clone, Debug, Default)]
struct Lacking {
    /// What each holder has of it that is not here, with what is under way.
    holders: BTreeMap<NodeId, RangeSet>,
    /// Of whom it is wanted; of nobody when nothing is under way.
    source: Option<NodeId>,
    under_way: RangeSet,
    /// When it may be wanted, as long as it may not.
    due: Option<Moment>,
}

impl Lacking {
    fn has_more(&self, holder: NodeId) -> bool {
        self.holders.get(&holder).is_some_and(|chunks| !self.under_way.is_superset(chunks))
    }

    fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.holders.values().all(RangeSet::is_empty)
    }
}

/// A holder.
#[derive(Clone, Debug)]
struct Source {
    /// Chunks that were wanted of it and are not here yet.
    under_way: u64,
    /// Chunks that were wanted of it so far.
    wanted: u64,
    /// Streams that are under way from it and of which it has more.
    begun: BTreeSet<StreamId>,
    /// Streams that are wanted of nobody and of which it has something.
    open: BTreeSet<StreamId>,
    /// When something came last.
    progress: Moment,
}

impl Source {
    const fn room(&self) -> u64 {
        MAX_UNDER_WAY.saturating_sub(self.under_way)
    }

    fn next(&self) -> Option<StreamId> {
        self.begun.first().or_else(|| self.open.first()).copied()
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Wants {
    streams: BTreeMap<StreamId, Lacking>,
    sources: BTreeMap<NodeId, Source>,
    /// What was just found, the first first.
    fresh: BTreeSet<(Moment, StreamId)>,
}

impl Wants {
    /// A holder has these of a stream, and nothing else that is lacking.
    pub(super) fn found(&mut self, now: Moment, holder: NodeId, stream: StreamId, chunks: RangeSet) {
        if !self.streams.contains_key(&stream) {
            if chunks.is_empty() || self.streams.len() >= MAX_WANTS {
                return;
            }
            let due = now + GATHER;
            self.fresh.insert((due, stream));
            self.streams.insert(stream, Lacking { due: Some(due), ..Lacking::default() });
        }
        let Some(lacking) = self.streams.get_mut(&stream) else { return };
        if lacking.holders.len() < MAX_HOLDERS || lacking.holders.contains_key(&holder) {
            lacking.holders.insert(holder, chunks);
        }
        self.arrange(now, stream);
    }

    /// A chunk is here; true when it was under way.
    pub(super) fn stored(&mut self, now: Moment, chunk: ChunkId) -> bool {
        let Some(lacking) = self.streams.get_mut(&chunk.stream) else { return false };
        let no = chunk.no.0;
        for chunks in lacking.holders.values_mut() {
            chunks.remove_range(no..=no);
        }
        let was_under_way = lacking.under_way.contains(no);
        if was_under_way {
            lacking.under_way.remove_range(no..=no);
            if let Some(source) = lacking.source.and_then(|source| self.sources.get_mut(&source)) {
                source.under_way = source.under_way.saturating_sub(1);
                source.progress = now;
            }
        }
        self.arrange(now, chunk.stream);
        was_under_way
    }

    /// A holder does not have these.
    pub(super) fn lack(&mut self, now: Moment, holder: NodeId, stream: StreamId, chunks: &RangeSet) {
        let Some(lacking) = self.streams.get_mut(&stream) else { return };
        if let Some(has) = lacking.holders.get_mut(&holder) {
            *has = has.difference(chunks);
        }
        if lacking.source == Some(holder) {
            let left = lacking.under_way.difference(chunks);
            if let Some(source) = self.sources.get_mut(&holder) {
                source.under_way = source.under_way.saturating_sub(lacking.under_way.count() - left.count());
            }
            lacking.under_way = left;
        }
        self.arrange(now, stream);
    }

    /// Holders that are dead, or from which nothing comes, are asked for nothing more; others are.
    pub(super) fn drop_late(&mut self, now: Moment, alive: &dyn Fn(NodeId) -> bool) {
        let is_late = |source: &Source| source.under_way > 0 && now.since(source.progress) >= WANT_TIMEOUT;
        let late = self.sources.iter().filter(|(node, source)| is_late(source) || !alive(**node));
        let late: Vec<NodeId> = late.map(|(&node, _)| node).collect();
        for node in late {
            self.sources.remove(&node);
            let mut touched = Vec::new();
            for (&stream, lacking) in &mut self.streams {
                let had = lacking.holders.remove(&node).is_some();
                if lacking.source == Some(node) {
                    lacking.under_way = RangeSet::new();
                }
                if had || lacking.source == Some(node) {
                    touched.push(stream);
                }
            }
            for stream in touched {
                self.arrange(now, stream);
            }
        }
    }

    /// What was found long enough ago may be wanted.
    pub(super) fn ripen(&mut self, now: Moment) {
        while let Some(&(due, stream)) = self.fresh.first()
            && due <= now
        {
            self.fresh.pop_first();
            if let Some(lacking) = self.streams.get_mut(&stream) {
                lacking.due = None;
            }
            self.arrange(now, stream);
        }
    }

    /// What is to be wanted next, and of whom; `lacks` says what of a stream is lacking still.
    pub(super) fn next(
        &mut self,
        now: Moment,
        me: NodeId,
        lacks: impl Fn(StreamId, &RangeSet) -> RangeSet,
    ) -> Option<(NodeId, StreamId, RangeSet)> {
        while let Some(node) = self.pick(me) {
            let source = self.sources.get_mut(&node)?;
            let stream = source.next()?;
            let lacking = self.streams.get_mut(&stream)?;
            let known = lacking.holders.get(&node)?.difference(&lacking.under_way);
            let left = lacks(stream, &known);
            let settled = known.difference(&left);
            if !settled.is_empty() {
                for chunks in lacking.holders.values_mut() {
                    *chunks = chunks.difference(&settled);
                }
            }
            let batch: RangeSet = left.iter().take(source.room().min(WANT_BATCH) as usize).collect();
            if !batch.is_empty() {
                if source.under_way == 0 {
                    source.progress = now;
                }
                source.under_way += batch.count();
                source.wanted += batch.count();
                lacking.source = Some(node);
                lacking.under_way.union(&batch);
            }
            self.arrange(now, stream);
            if !batch.is_empty() {
                return Some((node, stream, batch));
            }
        }
        self.sources.retain(|_, source| source.under_way > 0 || source.next().is_some());
        None
    }

    /// The holder that is asked next: the one of which the least was wanted.
    fn pick(&self, me: NodeId) -> Option<NodeId> {
        let is_full = self.sources.values().filter(|source| source.under_way > 0).count() >= MAX_SOURCES;
        // When one has given a whole stream, its turn goes to one that has given less.
        let idle = self.sources.values().filter(|source| is_full && source.under_way == 0 && source.next().is_some());
        let least = idle.map(|source| source.wanted).min();
        let may = |source: &Source| {
            let turn = match is_full {
                false => true,
                true if !source.begun.is_empty() => true,
                true => source.under_way > 0 && least.is_none_or(|least| source.wanted <= least),
            };
            turn && source.room() >= WANT_BATCH / 2 && source.next().is_some()
        };
        let some = self.sources.iter().filter(|(_, source)| may(source));
        let order = |(node, source): &(&NodeId, &Source)| {
            (source.wanted, source.next().map(|stream| rank(me, stream.host.partition(), **node)))
        };
        some.min_by_key(order).map(|(&node, _)| node)
    }

    /// Keeps true which holders have something of a stream that can be wanted.
    fn arrange(&mut self, now: Moment, stream: StreamId) {
        let Some(lacking) = self.streams.get_mut(&stream) else { return };
        if lacking.under_way.is_empty() {
            lacking.source = None;
        }
        for &holder in lacking.holders.keys() {
            let begun = lacking.source == Some(holder) && lacking.has_more(holder);
            let open = lacking.source.is_none() && lacking.due.is_none() && lacking.has_more(holder);
            if !self.sources.contains_key(&holder) {
                if !begun && !open {
                    continue;
                }
                // One that comes later does not have to give all that the others gave before.
                let wanted = self.sources.values().map(|source| source.wanted).min().unwrap_or_default();
                let (begun, open) = (BTreeSet::new(), BTreeSet::new());
                self.sources.insert(holder, Source { under_way: 0, wanted, begun, open, progress: now });
            }
            let Some(source) = self.sources.get_mut(&holder) else { continue };
            for (set, is_in) in [(&mut source.begun, begun), (&mut source.open, open)] {
                if is_in {
                    set.insert(stream);
                } else {
                    set.remove(&stream);
                }
            }
        }
        if lacking.is_empty() {
            if let Some(due) = lacking.due {
                self.fresh.remove(&(due, stream));
            }
            self.streams.remove(&stream);
        }
    }

    /// What comes from whom, or is about to, of which stream.
    pub(super) fn incoming(&self, me: NodeId) -> impl Iterator<Item = (NodeId, StreamId, u64)> {
        self.streams.iter().filter_map(move |(&stream, lacking)| {
            let partition = stream.host.partition();
            let first = || lacking.holders.keys().copied().min_by_key(|&holder| rank(me, partition, holder));
            let holder = lacking.source.or_else(first)?;
            let mut chunks = lacking.holders.get(&holder).cloned().unwrap_or_default();
            chunks.union(&lacking.under_way);
            Some((holder, stream, chunks.count()))
        })
    }
}

/// An order of holders that is another one for each node and each partition.
pub(super) fn rank(me: NodeId, partition: Partition, holder: NodeId) -> u64 {
    let mut bytes = Vec::with_capacity(66);
    bytes.extend_from_slice(&me.0);
    bytes.extend_from_slice(&partition.number().to_le_bytes());
    bytes.extend_from_slice(&holder.0);
    xxh3_64(&bytes)
}

#[cfg(test)]
mod tests {
    use packetstream_protocol::ids::{ChunkNo, Epoch, HostId};

    use super::*;

    fn node(number: u8) -> NodeId {
        NodeId([number; 32])
    }

    fn stream(number: u32) -> StreamId {
        let mut host = [0; 16];
        host[..4].copy_from_slice(&number.to_be_bytes());
        StreamId { host: HostId::from_bytes(host), epoch: Epoch(1) }
    }

    fn set(first: u64, last: u64) -> RangeSet {
        RangeSet::from_ranges(vec![(first, last)]).expect("one range")
    }

    fn all(_: StreamId, chunks: &RangeSet) -> RangeSet {
        chunks.clone()
    }

    /// Everything that is wanted now.
    fn wanted(wants: &mut Wants, now: Moment) -> Vec<(NodeId, StreamId, RangeSet)> {
        wants.ripen(now);
        std::iter::from_fn(|| wants.next(now, node(0), all)).collect()
    }

    fn count(of: u8, wanted: &[(NodeId, StreamId, RangeSet)]) -> u64 {
        wanted.iter().filter(|(holder, ..)| *holder == node(of)).map(|(.., chunks)| chunks.count()).sum()
    }

    const LATER: Moment = Moment(GATHER.as_millis() as u64);

    #[test]
    fn long_streams_come_each_from_its_own_holder_in_rising_order() {
        let mut wants = Wants::default();
        for number in 0..3 {
            (1..=3).for_each(|holder| wants.found(Moment(0), node(holder), stream(number), set(0, 9999)));
        }
        assert_eq!(wanted(&mut wants, Moment(0)), [], "others may have it, too");
        let first = wanted(&mut wants, LATER);
        let mut of: BTreeMap<StreamId, (NodeId, u64)> = BTreeMap::new();
        for (holder, stream, chunks) in &first {
            let (one, next) = of.entry(*stream).or_insert((*holder, 0));
            assert_eq!((*one, chunks), (*holder, &set(*next, *next + WANT_BATCH - 1)));
            *next += WANT_BATCH;
        }
        assert_eq!(of.len(), 3);
        assert!((1..=3).all(|holder| count(holder, &first) == MAX_UNDER_WAY));

        // The fast ones take what the slow one does not.
        let chunk = |number, no| ChunkId { stream: stream(number), no: ChunkNo(no) };
        let (slow, _) = of[&stream(0)];
        for no in 0..WANT_BATCH {
            assert!(wants.stored(LATER, chunk(1, no)) && wants.stored(LATER, chunk(2, no)));
        }
        let more = wanted(&mut wants, LATER);
        assert_eq!(more.len(), 2);
        assert!(more.iter().all(|(holder, _, chunks)| *holder != slow && chunks.first() == Some(MAX_UNDER_WAY)));
    }

    #[test]
    fn what_a_holder_does_not_give_is_wanted_of_the_others_at_once() {
        let mut wants = Wants::default();
        for number in 0..60 {
            (1..=3).for_each(|holder| wants.found(Moment(0), node(holder), stream(number), set(0, 9)));
        }
        let first = wanted(&mut wants, LATER);
        assert!((1..=3).all(|holder| count(holder, &first) == 200));
        wants.drop_late(LATER, &|holder| holder != node(2));
        let second = wanted(&mut wants, LATER);
        assert_eq!((1..=3).map(|holder| count(holder, &second)).collect::<Vec<_>>(), [100, 0, 100]);

        // One lives, but nothing comes.
        let late = LATER + WANT_TIMEOUT;
        for number in 0..60 {
            let of_first = |all: &[(NodeId, StreamId, RangeSet)]| {
                all.iter().any(|(holder, one, _)| *one == stream(number) && *holder == node(1))
            };
            if of_first(&first) || of_first(&second) {
                (0..10).for_each(|no| {
                    wants.stored(late, ChunkId { stream: stream(number), no: ChunkNo(no) });
                });
            }
        }
        wants.drop_late(late, &|_| true);
        let third = wanted(&mut wants, late);
        assert_eq!((count(1, &third), count(3, &third)), (300, 0));

        // What nobody has is wanted of nobody.
        (0..60).for_each(|number| wants.lack(late, node(1), stream(number), &set(0, 9)));
        assert!(wanted(&mut wants, late).is_empty() && wants.streams.is_empty() && wants.sources.is_empty());
    }

    #[test]
    fn what_came_meanwhile_or_is_too_old_is_not_wanted() {
        let mut wants = Wants::default();
        wants.found(Moment(0), node(1), stream(0), set(0, 9));
        wants.found(Moment(0), node(1), stream(1), set(0, 9));
        assert!(!wants.stored(Moment(0), ChunkId { stream: stream(0), no: ChunkNo(4) }));
        let lacks = |of: StreamId, chunks: &RangeSet| if of == stream(0) { chunks.clone() } else { RangeSet::new() };
        wants.ripen(LATER);
        let all: Vec<_> = std::iter::from_fn(|| wants.next(LATER, node(0), lacks)).collect();
        let left = RangeSet::from_ranges(vec![(0, 3), (5, 9)]).expect("in order");
        assert_eq!(all, [(node(1), stream(0), left)]);
        assert_eq!(wants.streams.len(), 1);
    }

    #[test]
    fn so_many_holders_give_at_the_same_time_and_each_has_its_turn() {
        let mut wants = Wants::default();
        let holders = 3 * MAX_SOURCES as u8;
        for number in 0..u32::from(holders) * 4 {
            wants.found(Moment(0), node(number as u8 % holders), stream(number), set(0, MAX_UNDER_WAY - 1));
        }
        let mut total: BTreeMap<NodeId, u64> = BTreeMap::new();
        let mut next = wanted(&mut wants, LATER);
        for _ in 0..3 {
            let busy: BTreeSet<NodeId> = next.iter().map(|(holder, ..)| *holder).collect();
            assert_eq!(busy.len(), MAX_SOURCES);
            let mut more = Vec::new();
            for (holder, stream, chunks) in std::mem::take(&mut next) {
                *total.entry(holder).or_default() += chunks.count();
                for no in chunks.iter() {
                    wants.stored(LATER, ChunkId { stream, no: ChunkNo(no) });
                    more.extend(wanted(&mut wants, LATER));
                    assert!(wants.sources.values().filter(|source| source.under_way > 0).count() <= MAX_SOURCES);
                }
            }
            next = more;
        }
        assert_eq!(total.len(), usize::from(holders), "each had its turn: {total:?}");
    }

    #[test]
    fn streams_and_holders_have_limits() {
        let mut wants = Wants::default();
        for holder in 1..=MAX_HOLDERS as u8 + 1 {
            wants.found(Moment(0), node(holder), stream(0), set(0, 9));
        }
        assert_eq!(wants.streams[&stream(0)].holders.len(), MAX_HOLDERS);
        for number in 0..MAX_WANTS as u32 + 1 {
            wants.found(Moment(0), node(1), stream(number), set(0, 0));
        }
        assert_eq!((wants.streams.len(), wants.fresh.len()), (MAX_WANTS, MAX_WANTS));
        wants.drop_late(Moment(0), &|_| false);
        assert_eq!(wants.streams.len(), MAX_WANTS, "nothing is known of their life before they are asked");
        wanted(&mut wants, LATER);
        // Who was not to be asked for anything is seen to be dead only then.
        (0..2).for_each(|_| wants.drop_late(LATER, &|_| false));
        assert!(wants.streams.is_empty() && wants.fresh.is_empty() && wants.sources.is_empty());
    }
}
