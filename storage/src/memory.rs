//! The store without a disk: what simulations and tests run on. It keeps everything that the other one keeps, until it is dropped.

use std::collections::BTreeMap;
use std::ops::Bound;

use packetstream_protocol::ids::{ChunkId, ChunkNo, HostId, StreamId};
use packetstream_protocol::{Chunk, RangeSet, Timestamp};
use parking_lot::Mutex;

use crate::catalog::{Catalog, page};
use crate::checked::Checked;
use crate::entry::{ENTRY_KEY, Entry, EntryCursor, entry_key};
use crate::store::{
    ChunkStore, Done, Dropped, EntryQuery, HostUsage, Meta, Outcome, Pace, Page, StoreError, StreamUsage, Usage,
    check_host_name, check_metas,
};

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    catalog: Catalog,
    chunks: BTreeMap<[u8; ENTRY_KEY], (Entry, Chunk)>,
    places: BTreeMap<ChunkId, [u8; ENTRY_KEY]>,
    meta: BTreeMap<String, Vec<u8>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Inner {
    fn put(&mut self, Checked { chunk, entry }: Checked) -> Outcome {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Outcome::Damaged(error),
        };
        if let Some((held, _)) = self.places.get(&entry.id).and_then(|key| self.chunks.get(key)) {
            return if held.hash == entry.hash { Outcome::Duplicate } else { Outcome::Conflict };
        }
        if entry.hour() < self.catalog.kept_from {
            return Outcome::Expired;
        }
        self.catalog.add(&entry);
        self.places.insert(entry.id, entry.key());
        self.chunks.insert(entry.key(), (entry, chunk));
        Outcome::Stored
    }

    fn remove(&mut self, keys: impl IntoIterator<Item = [u8; ENTRY_KEY]>, dropped: &mut Dropped) {
        for key in keys {
            if let Some((entry, _)) = self.chunks.remove(&key) {
                self.places.remove(&entry.id);
                self.catalog.remove(&entry, dropped);
            }
        }
    }

    fn keys_of(&self, hour: u32) -> Vec<[u8; ENTRY_KEY]> {
        let mut from = [0; ENTRY_KEY];
        from[..4].copy_from_slice(&hour.to_be_bytes());
        self.chunks.range(from..).take_while(|(key, _)| key[..4] == from[..4]).map(|(key, _)| *key).collect()
    }
}

impl ChunkStore for MemoryStore {
    fn submit(&self, chunks: Vec<Checked>, _: Pace, done: Done) {
        let outcomes = {
            let mut inner = self.inner.lock();
            chunks.into_iter().map(|chunk| inner.put(chunk)).collect()
        };
        done(Ok(outcomes));
    }

    fn get(&self, id: ChunkId) -> Result<Option<Chunk>, StoreError> {
        let inner = self.inner.lock();
        Ok(inner.places.get(&id).and_then(|key| inner.chunks.get(key)).map(|(_, chunk)| chunk.clone()))
    }

    fn entry(&self, id: ChunkId) -> Result<Option<Entry>, StoreError> {
        let inner = self.inner.lock();
        Ok(inner.places.get(&id).and_then(|key| inner.chunks.get(key)).map(|(entry, _)| entry.clone()))
    }

    fn entries(&self, query: &EntryQuery) -> Result<Page, StoreError> {
        let inner = self.inner.lock();
        let hours = inner.catalog.hours_for(query);
        let host = query.scope.host();
        page(query, &hours, |hour| {
            let from = match query.after {
                Some(cursor) => Bound::Excluded(entry_key(hour, host, cursor)),
                None => Bound::Included(entry_key(hour, host, EntryCursor::START)),
            };
            let to = Bound::Included(entry_key(hour, host, EntryCursor::END));
            inner.chunks.range((from, to)).map(|(_, (entry, _))| Ok(entry.clone()))
        })
    }

    fn stream(&self, stream: StreamId) -> Option<StreamUsage> {
        self.inner.lock().catalog.stream(stream)
    }

    fn streams(&self, host: Option<HostId>) -> Vec<StreamUsage> {
        self.inner.lock().catalog.streams(host)
    }

    fn hosts(&self) -> Vec<HostUsage> {
        self.inner.lock().catalog.hosts()
    }

    fn name_host(&self, host: HostId, name: &str) -> Result<(), StoreError> {
        check_host_name(name)?;
        let names = &mut self.inner.lock().catalog.names;
        if name.is_empty() {
            names.remove(&host);
        } else {
            names.insert(host, name.to_owned());
        }
        Ok(())
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.inner.lock().meta.get(key).cloned())
    }

    fn metas(&self, prefix: &str) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
        let inner = self.inner.lock();
        let behind = inner.meta.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        Ok(behind.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn put_metas(&self, metas: &[Meta]) -> Result<(), StoreError> {
        check_metas(metas)?;
        let kept = &mut self.inner.lock().meta;
        for (key, value) in metas {
            match value {
                Some(value) => kept.insert(key.clone(), value.clone()),
                None => kept.remove(key),
            };
        }
        Ok(())
    }

    fn remove(&self, stream: StreamId, chunks: &RangeSet) -> Result<Dropped, StoreError> {
        let mut inner = self.inner.lock();
        let mut dropped = Dropped::default();
        let keys: Vec<_> = chunks
            .ranges()
            .iter()
            .flat_map(|&(first, last)| {
                let name = |no| ChunkId { stream, no: ChunkNo(no) };
                inner.places.range(name(first)..=name(last)).map(|(_, key)| *key).collect::<Vec<_>>()
            })
            .collect();
        inner.remove(keys, &mut dropped);
        Ok(dropped)
    }

    fn drop_before(&self, time: Timestamp) -> Result<Dropped, StoreError> {
        let mut inner = self.inner.lock();
        let mut dropped = Dropped::default();
        inner.catalog.kept_from = inner.catalog.kept_from.max(time.hour());
        for hour in inner.catalog.hours_before(time.hour()) {
            let keys = inner.keys_of(hour);
            inner.remove(keys, &mut dropped);
        }
        Ok(dropped)
    }

    fn shrink_to(&self, bytes_max: u64) -> Result<Dropped, StoreError> {
        let mut inner = self.inner.lock();
        let mut dropped = Dropped::default();
        while let Some((hour, excess)) = inner.catalog.oldest_hour_over(bytes_max) {
            let mut keys = inner.keys_of(hour);
            if inner.catalog.is_only_hour(hour) {
                let entries: Vec<Entry> =
                    keys.iter().filter_map(|key| inner.chunks.get(key)).map(|(e, _)| e.clone()).collect();
                keys = oldest(entries, excess).iter().map(Entry::key).collect();
            }
            inner.remove(keys, &mut dropped);
        }
        Ok(dropped)
    }

    fn usage(&self) -> Usage {
        self.inner.lock().catalog.usage()
    }
}

/// The oldest entries that together have at least so many bytes.
pub(crate) fn oldest(mut entries: Vec<Entry>, bytes: u64) -> Vec<Entry> {
    entries.sort_unstable_by_key(|entry| (entry.time_min, entry.id));
    let mut sum = 0;
    let enough = entries.iter().position(|entry| {
        sum += u64::from(entry.bytes);
        sum >= bytes
    });
    entries.truncate(enough.map_or(usize::MAX, |at| at + 1));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conforms() {
        crate::conformance::run(&mut || Box::new(MemoryStore::new()));
    }
}
