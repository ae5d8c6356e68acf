//! What a store holds, in memory: per stream the chunk numbers and sums per hour. Rebuilt from the entries at start.

use std::collections::BTreeMap;

use packetstream_protocol::chunk::ChunkKind;
use packetstream_protocol::ids::{ChunkNo, Epoch, HostId, StreamId};
use packetstream_protocol::{RangeSet, Timestamp};

use crate::entry::{Entry, EntryCursor};
use crate::store::{Dropped, EntryQuery, HostUsage, MAX_PAGE_ENTRIES, Page, Scope, StoreError, StreamUsage, Usage};

#[derive(Debug, Default)]
pub(crate) struct Catalog {
    streams: BTreeMap<StreamId, StreamState>,
    /// Bytes of chunks of each hour.
    hours: BTreeMap<u32, u64>,
    pub(crate) names: BTreeMap<HostId, String>,
    /// Nothing of an earlier hour is taken.
    pub(crate) kept_from: u32,
}

#[derive(Debug, Default)]
struct StreamState {
    have: RangeSet,
    manifest: Option<ChunkNo>,
    hours: BTreeMap<u32, Sums>,
}

/// Over the chunks of one stream in one hour.
#[derive(Clone, Copy, Debug)]
struct Sums {
    chunks: u64,
    packets: u64,
    bytes: u64,
    gaps: u64,
    lost: u64,
    /// Of all records; they only ever get wider, which makes a query look at an hour in vain at worst.
    first: Timestamp,
    last: Timestamp,
    /// Of packets alone.
    packets_first: Timestamp,
    packets_last: Timestamp,
}

impl Default for Sums {
    fn default() -> Self {
        let (first, last) = (Timestamp::MAX, Timestamp::MIN);
        Self {
            chunks: 0,
            packets: 0,
            bytes: 0,
            gaps: 0,
            lost: 0,
            first,
            last,
            packets_first: first,
            packets_last: last,
        }
    }
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.chunks += other.chunks;
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.gaps += other.gaps;
        self.lost = self.lost.saturating_add(other.lost);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.packets_first = self.packets_first.min(other.packets_first);
        self.packets_last = self.packets_last.max(other.packets_last);
    }

    fn of(entry: &Entry) -> Self {
        let mut sums = Self {
            chunks: 1,
            packets: entry.packets(),
            bytes: entry.bytes.into(),
            lost: entry.lost,
            first: entry.time_min,
            last: entry.time_max,
            ..Self::default()
        };
        match entry.kind {
            ChunkKind::Packets(_) => (sums.packets_first, sums.packets_last) = (entry.time_min, entry.time_max),
            ChunkKind::Gaps => sums.gaps = entry.records.into(),
            ChunkKind::Notes => {}
        }
        sums
    }

    fn packet_times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        if self.packets == 0 { (None, None) } else { (Some(self.packets_first), Some(self.packets_last)) }
    }
}

impl StreamState {
    fn total(&self) -> Sums {
        let mut total = Sums::default();
        self.hours.values().for_each(|sums| total.add(sums));
        total
    }

    fn usage(&self, stream: StreamId) -> StreamUsage {
        let total = self.total();
        StreamUsage {
            stream,
            have: self.have.clone(),
            manifest: self.manifest,
            packets: total.packets,
            bytes: total.bytes,
        }
    }
}

impl Catalog {
    pub(crate) fn add(&mut self, entry: &Entry) {
        let state = self.streams.entry(entry.id.stream).or_default();
        state.have.insert(entry.id.no.0);
        if entry.manifest {
            state.manifest = Some(entry.id.no);
        }
        state.hours.entry(entry.hour()).or_default().add(&Sums::of(entry));
        *self.hours.entry(entry.hour()).or_default() += u64::from(entry.bytes);
    }

    pub(crate) fn remove(&mut self, entry: &Entry, dropped: &mut Dropped) {
        let Some(state) = self.streams.get_mut(&entry.id.stream) else { return };
        let gone = Sums::of(entry);
        dropped.chunks += 1;
        dropped.packets += gone.packets;
        dropped.bytes += gone.bytes;
        state.have.remove_range(entry.id.no.0..=entry.id.no.0);
        if state.manifest == Some(entry.id.no) {
            state.manifest = None;
        }
        if let Some(sums) = state.hours.get_mut(&entry.hour()) {
            sums.chunks = sums.chunks.saturating_sub(1);
            sums.packets = sums.packets.saturating_sub(gone.packets);
            sums.bytes = sums.bytes.saturating_sub(gone.bytes);
            sums.gaps = sums.gaps.saturating_sub(gone.gaps);
            sums.lost = sums.lost.saturating_sub(gone.lost);
            if sums.chunks == 0 {
                state.hours.remove(&entry.hour());
            }
        }
        if state.hours.is_empty() {
            self.streams.remove(&entry.id.stream);
        }
        if let Some(bytes) = self.hours.get_mut(&entry.hour()) {
            *bytes = bytes.saturating_sub(entry.bytes.into());
            if *bytes == 0 {
                self.hours.remove(&entry.hour());
            }
        }
    }

    #[cfg(feature = "rocksdb")]
    pub(crate) fn contains(&self, stream: StreamId, no: ChunkNo) -> bool {
        self.streams.get(&stream).is_some_and(|state| state.have.contains(no.0))
    }

    /// The oldest hour and its bytes, where more than `bytes_max` are held in all.
    pub(crate) fn oldest_hour_over(&self, bytes_max: u64) -> Option<(u32, u64)> {
        let total: u64 = self.hours.values().sum();
        let excess = total.checked_sub(bytes_max).filter(|&excess| excess > 0)?;
        self.hours.first_key_value().map(|(&hour, _)| (hour, excess))
    }

    /// Whether an hour is the only one, so that dropping all of it would leave nothing.
    pub(crate) fn is_only_hour(&self, hour: u32) -> bool {
        self.hours.len() == 1 && self.hours.contains_key(&hour)
    }

    pub(crate) fn hours_before(&self, hour: u32) -> Vec<u32> {
        self.hours.range(..hour).map(|(&hour, _)| hour).collect()
    }

    pub(crate) fn stream(&self, stream: StreamId) -> Option<StreamUsage> {
        self.streams.get(&stream).map(|state| state.usage(stream))
    }

    /// The chunks that are held of a stream, if any are.
    #[cfg(feature = "rocksdb")]
    pub(crate) fn have(&self, stream: StreamId) -> Option<&RangeSet> {
        self.streams.get(&stream).map(|state| &state.have)
    }

    pub(crate) fn streams(&self, host: Option<HostId>) -> Vec<StreamUsage> {
        let wanted = self.streams.iter().filter(|(stream, _)| host.is_none_or(|host| host == stream.host));
        wanted.map(|(&stream, state)| state.usage(stream)).collect()
    }

    pub(crate) fn hosts(&self) -> Vec<HostUsage> {
        let mut hosts: BTreeMap<HostId, (u64, Sums)> =
            self.names.keys().map(|&host| (host, Default::default())).collect();
        for (stream, state) in &self.streams {
            let (streams, sums) = hosts.entry(stream.host).or_default();
            *streams += 1;
            sums.add(&state.total());
        }
        let usage = |(host, (streams, sums)): (HostId, (u64, Sums))| {
            let (first, last) = sums.packet_times();
            let name = self.names.get(&host).cloned().unwrap_or_default();
            let Sums { chunks, packets, bytes, gaps, lost, .. } = sums;
            HostUsage { host, name, streams, chunks, packets, bytes, first, last, gaps, lost }
        };
        hosts.into_iter().map(usage).collect()
    }

    pub(crate) fn usage(&self) -> Usage {
        let mut total = Sums::default();
        self.streams.values().for_each(|state| total.add(&state.total()));
        let (oldest, newest) = total.packet_times();
        let mut hosts: Vec<HostId> = self.streams.keys().map(|stream| stream.host).collect();
        hosts.dedup();
        Usage {
            hosts: hosts.len() as u64,
            streams: self.streams.len() as u64,
            chunks: total.chunks,
            packets: total.packets,
            bytes: total.bytes,
            oldest,
            newest,
        }
    }

    /// The hours in which a query may find something, by the least time in them.
    pub(crate) fn hours_for(&self, query: &EntryQuery) -> Vec<(Timestamp, u32)> {
        let mut earliest: BTreeMap<u32, Timestamp> = BTreeMap::new();
        let streams = match query.scope {
            Scope::Host(host) => {
                let stream = |epoch| StreamId { host, epoch: Epoch(epoch) };
                self.streams.range(stream(0)..=stream(u32::MAX))
            }
            Scope::Stream(stream) => self.streams.range(stream..=stream),
        };
        for (_, state) in streams {
            for (&hour, sums) in state.hours.range(query.since.hour()..) {
                if sums.first <= query.until && query.since <= sums.last {
                    let least = earliest.entry(hour).or_insert(sums.first);
                    *least = (*least).min(sums.first);
                }
            }
        }
        let mut hours: Vec<(Timestamp, u32)> = earliest.into_iter().map(|(hour, first)| (first, hour)).collect();
        hours.sort_unstable();
        hours
    }
}

/// Merges the entries of several hours, each in the order of cursors, into one page. `open` gives the entries of the query's host in
/// an hour that lie behind the query's cursor. An hour is opened only when its turn comes: mostly one is open at a time.
pub(crate) fn page<I>(
    query: &EntryQuery,
    hours: &[(Timestamp, u32)],
    mut open: impl FnMut(u32) -> I,
) -> Result<Page, StoreError>
where
    I: Iterator<Item = Result<Entry, StoreError>>,
{
    let limit = query.limit.clamp(1, MAX_PAGE_ENTRIES);
    let mut unopened = hours.iter().peekable();
    let mut opened: Vec<I> = Vec::new();
    let mut heads: BTreeMap<(EntryCursor, usize), Entry> = BTreeMap::new();
    let mut page = Page::default();
    loop {
        let head = heads.first_key_value().map(|(&(cursor, _), _)| cursor.time_min);
        // A chunk of an hour that is not open yet may come before the best of those that are.
        if let Some((_, hour)) = unopened.next_if(|(earliest, _)| head.is_none_or(|head| *earliest <= head)) {
            opened.push(open(*hour));
            let at = opened.len() - 1;
            advance(query, &mut opened[at], at, &mut heads)?;
            continue;
        }
        let Some(((cursor, at), entry)) = heads.pop_first() else { return Ok(page) };
        if page.entries.len() == limit {
            page.next = page.entries.last().map(Entry::cursor);
            return Ok(page);
        }
        debug_assert_eq!(cursor, entry.cursor());
        page.entries.push(entry);
        advance(query, &mut opened[at], at, &mut heads)?;
    }
}

/// Puts the next wanted entry of an hour among the heads, if there is one.
fn advance<I>(
    query: &EntryQuery,
    entries: &mut I,
    at: usize,
    heads: &mut BTreeMap<(EntryCursor, usize), Entry>,
) -> Result<(), StoreError>
where
    I: Iterator<Item = Result<Entry, StoreError>>,
{
    for entry in entries {
        let entry = entry?;
        if entry.time_min > query.until {
            break;
        }
        if query.scope.includes(entry.id.stream) && entry.overlaps(query.since, query.until) {
            heads.insert((entry.cursor(), at), entry);
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{START, chunk, stream};

    #[test]
    fn a_page_has_an_end_whatever_is_asked_for() {
        let like = Entry::of(&chunk(stream(1, 1), 0, &[START])).expect("a chunk");
        let query = EntryQuery { limit: usize::MAX, ..EntryQuery::all(Scope::Stream(stream(1, 1))) };
        let numbers = 0..MAX_PAGE_ENTRIES as u64 + 1;
        let entries = || {
            let like = like.clone();
            numbers.clone().map(move |no| {
                let mut entry = like.clone();
                entry.id.no = ChunkNo(no);
                Ok(entry)
            })
        };
        let page = page(&query, &[(like.time_min, like.hour())], |_| entries()).expect("entries");
        assert_eq!(page.entries.len(), MAX_PAGE_ENTRIES);
        assert_eq!(page.next, page.entries.last().map(Entry::cursor));
    }

    #[test]
    fn hours_are_opened_only_when_their_turn_comes() {
        let hour = 3_600_000_000_000;
        let entry = |no| Ok(Entry::of(&chunk(stream(1, 1), no, &[START + no * hour])).expect("a chunk"));
        let query = EntryQuery { limit: 2, ..EntryQuery::all(Scope::Stream(stream(1, 1))) };
        let hours: Vec<(Timestamp, u32)> = (0..9).map(|no| (Timestamp(START + no * hour), no as u32)).collect();
        let mut opened = 0;
        let page = page(&query, &hours, |no| {
            opened += 1;
            std::iter::once(entry(u64::from(no)))
        });
        assert_eq!((page.expect("entries").entries.len(), opened), (2, 3));
    }
}
