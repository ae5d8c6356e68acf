//! The durable store, on RocksDB.
//!
//! Column families by kind, the hour first in every key:
//!
//! | family | key | value |
//! | --- | --- | --- |
//! | `chunks` | hour, host, epoch, chunk number | the chunk, as it came |
//! | `tables` | the same | chunks of which very many came at once, as when data moves (see `table`) |
//! | `entries` | hour, host, least time, epoch, chunk number | what queries plan with (see `entry`) |
//! | `places` | host, epoch, chunk number | hour, least time and content hash |
//! | `meta` | text | CRC-32 (little-endian), value |
//!
//! **Why the hour is in the key and not in the family's name.** Dropping an hour is one range tombstone and the compaction of what
//! it covers, which only touches keys (see the next point). A family for each hour costs 40 ms to make, 60 ms to drop and memory
//! of its own, and captures that are imported come from any hour of any year: a hundred old files would be hundreds of families.
//!
//! **Why chunks lie in blob files.** With 340 MB of a SIP and media mix on two busy cores, blobs took a chunk in 1.6 to 1.8 times
//! as fast and for 25 to 45 % less CPU than the tree, and gave it back 1.3 to 4 times as fast: compactions move keys alone. Blob
//! files are deleted when nothing in them is alive, which is so hour by hour; nothing is ever rewritten to free a part of one.
//!
//! **Durability.** One thread writes. It takes what has queued up, at most [`GROUP_BYTES`], writes it as one batch and syncs the log
//! once; while it waits for the disk the next group forms, so that neither a timer nor a single appender's pace decides the size of
//! a group. Callers hear of a chunk only after that. A failed write or sync stops all writing until the store is opened again.
//!
//! **Memory.** Write buffers of at most 64 MiB, a block cache of 32 MiB, a queue of [`QUEUE_BYTES`].

mod open;
mod table;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use packetstream_protocol::ids::{ChunkId, ChunkNo, HostId, StreamId};
use packetstream_protocol::{Chunk, RangeSet, Timestamp};
use parking_lot::{Condvar, Mutex, RwLock};
use rocksdb::{
    DBWithThreadMode, Direction, IteratorMode, MultiThreaded, Options, ReadOptions, WriteBatch, WriteOptions,
};

use crate::catalog::{Catalog, page};
use crate::checked::Checked;
use crate::entry::disk::{Place, chunk_key, parse_entry, parse_place, place_key};
use crate::entry::{Entry, EntryCursor, entry_key};
use crate::memory::oldest;
use crate::store::{
    ChunkStore, Done, Dropped, EntryQuery, HostUsage, Meta, Pace, Page, StoreError, StreamUsage, Usage,
    check_host_name, check_metas,
};
use writer::Job;

/// Bytes of chunks that are written and synced at once. As a batch no gain is found beyond 4 MiB; tables are better large.
const GROUP_BYTES: usize = 16 << 20;

/// Bytes of chunks in no hurry that are gathered before they are written.
const BULK_BYTES: usize = 24 << 20;

/// Bytes of chunks that may wait for the disk, those that are gathered or being written included; whoever has more waits.
const QUEUE_BYTES: usize = 64 << 20;

/// So many of them may be in no hurry: one lot is gathered while the other is written, and what is in a hurry waits for neither.
const BULK_QUEUE_BYTES: usize = 48 << 20;

/// Chunks in no hurry are written when no more have come for so long, and at the latest after that.
const BULK_WAIT: Duration = Duration::from_millis(20);
const BULK_WAIT_MAX: Duration = Duration::from_millis(250);

/// Version of what is on the disk. Of version 1, which had no tables, all is as it is now.
const FORMAT: u32 = 2;

const CHUNKS: &str = "chunks";
const TABLES: &str = "tables";
const ENTRIES: &str = "entries";
const PLACES: &str = "places";
const META: &str = "meta";

/// Keys of the `meta` family that are the store's own; those of its users have a slash before them.
const KEY_FORMAT: &str = "format";
const KEY_KEPT_FROM: &str = "kept-from";
const KEY_HOST_NAME: &str = "host-name/";

type Db = DBWithThreadMode<MultiThreaded>;

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// With less free space on the disk than this, chunks are refused: RocksDB needs room to tidy up, and does not stop well when it
    /// finds none.
    pub reserve_bytes: u64,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self { reserve_bytes: 256 << 20 }
    }
}

/// See the module.
pub struct RocksStore {
    shared: Arc<Shared>,
    /// Gone when the store is being dropped.
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

struct Shared {
    db: Db,
    path: PathBuf,
    options: RocksOptions,
    table_options: Options,
    catalog: RwLock<Catalog>,
    /// Held by whoever changes chunks: the writer, or retention.
    commit: Mutex<()>,
    poisoned: RwLock<Option<String>>,
    /// Bytes that wait for the writer.
    queued: Mutex<usize>,
    dequeued: Condvar,
}

impl RocksStore {
    /// Opens the store in this folder, making it when there is none.
    ///
    /// # Errors
    /// When another process has it, a newer version wrote it, the folder holds something else, or it cannot be read.
    pub fn open(path: &Path, options: RocksOptions) -> Result<Self, StoreError> {
        let (db, catalog) = open::open(path)?;
        let shared = Arc::new(Shared {
            db,
            path: path.to_owned(),
            options,
            table_options: table::options(),
            catalog: RwLock::new(catalog),
            commit: Mutex::new(()),
            poisoned: RwLock::new(None),
            queued: Mutex::new(0),
            dequeued: Condvar::new(),
        });
        let (jobs, queue): (Sender<Job>, Receiver<Job>) = channel();
        let of_writer = Arc::clone(&shared);
        let spawned =
            std::thread::Builder::new().name("store-writer".into()).spawn(move || of_writer.write_all(&queue));
        let writer = spawned.map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(Self { shared, jobs: Some(jobs), writer: Some(writer) })
    }
}

impl Drop for RocksStore {
    /// Waits until everything that was taken is on the disk.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told nobody that anything is durable.
            let _ = writer.join();
        }
    }
}

impl ChunkStore for RocksStore {
    fn submit(&self, chunks: Vec<Checked>, pace: Pace, done: Done) {
        if let Err(error) = self.shared.check() {
            return done(Err(error));
        }
        let bytes = chunks.iter().map(|checked| checked.chunk.bytes().len()).sum();
        self.shared.enqueue(bytes, pace);
        let job = Job { chunks, bytes, pace, done };
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).err().map(|unsent| unsent.0),
            None => Some(job),
        };
        if let Some(job) = refused {
            self.shared.dequeue(job.bytes);
            (job.done)(Err(StoreError::Poisoned("its writer is gone".into())));
        }
    }

    fn get(&self, id: ChunkId) -> Result<Option<Chunk>, StoreError> {
        let Some(place) = self.shared.place(id)? else { return Ok(None) };
        let key = chunk_key(place.hour, id);
        let mut damage = None;
        for family in [TABLES, CHUNKS] {
            let Some(bytes) = self.shared.get(family, &key)? else { continue };
            match Chunk::parse(bytes.into()) {
                Ok(chunk) if chunk.id() == id && chunk.header().hash == place.hash => return Ok(Some(chunk)),
                Ok(chunk) if chunk.id() == id => damage = Some(format!("{id} has other content")),
                Ok(chunk) => damage = Some(format!("{} is in the place of {id}", chunk.id())),
                Err(error) => damage = Some(format!("{id}: {error}")),
            }
        }
        damage.map_or(Ok(None), |what| Err(StoreError::Damaged(what)))
    }

    fn entry(&self, id: ChunkId) -> Result<Option<Entry>, StoreError> {
        self.shared.entry(id)
    }

    fn entries(&self, query: &EntryQuery) -> Result<Page, StoreError> {
        let hours = self.shared.catalog.read().hours_for(query);
        let host = query.scope.host();
        page(query, &hours, |hour| {
            let from = entry_key(hour, host, query.after.unwrap_or(EntryCursor::START));
            let mut to = entry_key(hour, host, EntryCursor::END).to_vec();
            // The upper bound is exclusive.
            to.push(0);
            let cursor = query.after;
            self.shared
                .scan(from.to_vec(), to)
                .skip_while(move |entry| entry.as_ref().is_ok_and(|entry| cursor == Some(entry.cursor())))
        })
    }

    fn stream(&self, stream: StreamId) -> Option<StreamUsage> {
        self.shared.catalog.read().stream(stream)
    }

    fn streams(&self, host: Option<HostId>) -> Vec<StreamUsage> {
        self.shared.catalog.read().streams(host)
    }

    fn hosts(&self) -> Vec<HostUsage> {
        self.shared.catalog.read().hosts()
    }

    fn name_host(&self, host: HostId, name: &str) -> Result<(), StoreError> {
        check_host_name(name)?;
        let value = (!name.is_empty()).then_some(name.as_bytes());
        self.shared.put_meta(&format!("{KEY_HOST_NAME}{host}"), value)?;
        let names = &mut self.shared.catalog.write().names;
        if name.is_empty() {
            names.remove(&host);
        } else {
            names.insert(host, name.to_owned());
        }
        Ok(())
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.shared.meta(&format!("/{key}"))
    }

    fn metas(&self, prefix: &str) -> Result<BTreeMap<String, Vec<u8>>, StoreError> {
        let begin = format!("/{prefix}");
        let family =
            self.shared.db.cf_handle(META).ok_or_else(|| StoreError::Damaged("family meta is missing".into()))?;
        let from = IteratorMode::From(begin.as_bytes(), Direction::Forward);
        let mut found = BTreeMap::new();
        for item in self.shared.db.iterator_cf(&family, from) {
            let (key, value) = item.map_err(|error| damaged(&error))?;
            let Some(name) = std::str::from_utf8(&key).ok().filter(|key| key.starts_with(&begin)) else { break };
            let value = open::unwrap_meta(name, &value)?.to_vec();
            found.insert(name[1..].to_owned(), value);
        }
        Ok(found)
    }

    fn put_metas(&self, metas: &[Meta]) -> Result<(), StoreError> {
        check_metas(metas)?;
        self.shared.put_metas(metas.iter().map(|(key, value)| (format!("/{key}"), value.as_deref())))
    }

    fn remove(&self, stream: StreamId, chunks: &RangeSet) -> Result<Dropped, StoreError> {
        let shared = &self.shared;
        let _commit = shared.commit.lock();
        let have = shared.catalog.read().stream(stream).map(|usage| usage.have).unwrap_or_default();
        let mut entries = Vec::new();
        for no in chunks.iter().filter(|no| have.contains(*no)) {
            entries.extend(shared.entry(ChunkId { stream, no: ChunkNo(no) })?);
        }
        let mut dropped = Dropped::default();
        shared.drop_entries(&entries, &mut dropped)?;
        Ok(dropped)
    }

    fn drop_before(&self, time: Timestamp) -> Result<Dropped, StoreError> {
        let shared = &self.shared;
        let hour = time.hour();
        let _commit = shared.commit.lock();
        let (kept_from, hours) = {
            let catalog = shared.catalog.read();
            (catalog.kept_from, catalog.hours_before(hour))
        };
        if hour > kept_from {
            shared.put_meta(KEY_KEPT_FROM, Some(&hour.to_le_bytes()))?;
            shared.catalog.write().kept_from = hour;
        }
        let mut dropped = Dropped::default();
        for hour in hours {
            shared.drop_hour(hour, &mut dropped)?;
        }
        Ok(dropped)
    }

    fn shrink_to(&self, bytes_max: u64) -> Result<Dropped, StoreError> {
        let shared = &self.shared;
        let _commit = shared.commit.lock();
        let mut dropped = Dropped::default();
        loop {
            let (hour, excess, last) = {
                let catalog = shared.catalog.read();
                let Some((hour, excess)) = catalog.oldest_hour_over(bytes_max) else { return Ok(dropped) };
                (hour, excess, catalog.is_only_hour(hour))
            };
            if last {
                let entries = shared.entries_of(hour)?;
                shared.drop_entries(&oldest(entries, excess), &mut dropped)?;
                shared.reclaim(hour)?;
            } else {
                shared.drop_hour(hour, &mut dropped)?;
            }
        }
    }

    fn usage(&self) -> Usage {
        self.shared.catalog.read().usage()
    }
}

fn damaged(error: &rocksdb::Error) -> StoreError {
    match error.kind() {
        rocksdb::ErrorKind::Corruption => StoreError::Damaged(error.to_string()),
        _ => StoreError::Io(error.to_string()),
    }
}

fn synced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

/// A family that was opened with the database; it is never dropped.
macro_rules! family {
    ($shared:expr, $name:expr) => {
        $shared.db.cf_handle($name).ok_or_else(|| StoreError::Damaged(format!("family {} is missing", $name)))?
    };
}
use family;

impl Shared {
    fn check(&self) -> Result<(), StoreError> {
        self.poisoned.read().as_ref().map_or(Ok(()), |why| Err(StoreError::Poisoned(why.clone())))
    }

    /// Writes and syncs a batch, or stops all writing.
    fn commit(&self, batch: WriteBatch) -> Result<(), StoreError> {
        self.check()?;
        let Err(error) = self.db.write_opt(batch, &synced()) else { return Ok(()) };
        let why = error.to_string();
        tracing::error!(path = %self.path.display(), %why, "the store takes no more writes");
        *self.poisoned.write() = Some(why.clone());
        Err(StoreError::Poisoned(why))
    }

    fn get(&self, name: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let family = family!(self, name);
        let mut options = ReadOptions::default();
        // One chunk of a table would drive much else out.
        options.fill_cache(name != TABLES);
        self.db.get_cf_opt(&family, key, &options).map_err(|error| damaged(&error))
    }

    /// Where a chunk lies.
    fn place(&self, id: ChunkId) -> Result<Option<Place>, StoreError> {
        let place = self.get(PLACES, &place_key(id))?;
        let place = place.map(|place| parse_place(id, &place)).transpose();
        place.map_err(|_| StoreError::Damaged(format!("place of {id}")))
    }

    fn entry(&self, id: ChunkId) -> Result<Option<Entry>, StoreError> {
        let Some(place) = self.place(id)? else { return Ok(None) };
        let cursor = EntryCursor { time_min: place.time_min, epoch: id.stream.epoch, no: id.no };
        let key = entry_key(place.hour, id.stream.host, cursor);
        let entry = self.get(ENTRIES, &key)?.map(|value| parse_entry(&key, &value)).transpose();
        entry.map_err(|_| StoreError::Damaged("entry of a chunk".into()))
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(META, key.as_bytes())?.map(|value| open::unwrap_meta(key, &value).map(<[u8]>::to_vec)).transpose()
    }

    fn put_meta(&self, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        self.put_metas([(key.to_owned(), value)])
    }

    fn put_metas<'a>(&self, metas: impl IntoIterator<Item = (String, Option<&'a [u8]>)>) -> Result<(), StoreError> {
        let family = family!(self, META);
        let mut batch = WriteBatch::default();
        for (key, value) in metas {
            match value {
                Some(value) => batch.put_cf(&family, &key, open::wrap_meta(&key, value)),
                None => batch.delete_cf(&family, &key),
            }
        }
        self.commit(batch)
    }

    /// The entries with keys in `from..to`, checked.
    fn scan(&self, from: Vec<u8>, to: Vec<u8>) -> impl Iterator<Item = Result<Entry, StoreError>> + '_ {
        let family = self.db.cf_handle(ENTRIES);
        let iter = family.map(|family| {
            let mut options = ReadOptions::default();
            options.set_iterate_upper_bound(to);
            self.db.iterator_cf_opt(&family, options, IteratorMode::From(&from, Direction::Forward))
        });
        iter.into_iter().flatten().map(|item| {
            let (key, value) = item.map_err(|error| damaged(&error))?;
            parse_entry(&key, &value).map_err(|_| StoreError::Damaged("entry of a chunk".into()))
        })
    }

    fn entries_of(&self, hour: u32) -> Result<Vec<Entry>, StoreError> {
        let from = hour.to_be_bytes().to_vec();
        let to = hour.saturating_add(1).to_be_bytes().to_vec();
        self.scan(from, to).collect()
    }

    /// Takes a whole hour away.
    fn drop_hour(&self, hour: u32, dropped: &mut Dropped) -> Result<(), StoreError> {
        let entries = self.entries_of(hour)?;
        let (from, to) = (hour.to_be_bytes(), hour.saturating_add(1).to_be_bytes());
        let place_family = family!(self, PLACES);
        let mut batch = WriteBatch::default();
        for name in [CHUNKS, TABLES, ENTRIES] {
            batch.delete_range_cf(&family!(self, name), from, to);
        }
        self.commit(batch)?;
        self.drop_tables(&from, &to)?;
        self.forget(&entries, dropped);
        // A place without its entry is nothing: should this be cut short, the next chunk of that name overwrites it.
        for some in entries.chunks(10_000) {
            let mut batch = WriteBatch::default();
            some.iter().for_each(|entry| batch.delete_cf(&place_family, place_key(entry.id)));
            self.commit(batch)?;
        }
        self.reclaim(hour)
    }

    /// Lets RocksDB forget what was deleted in an hour, so that files without anything alive go.
    fn reclaim(&self, hour: u32) -> Result<(), StoreError> {
        let (from, to) = (hour.to_be_bytes(), hour.saturating_add(1).to_be_bytes());
        for name in [CHUNKS, TABLES, ENTRIES] {
            self.db.compact_range_cf(&family!(self, name), Some(from), Some(to));
        }
        Ok(())
    }

    fn drop_entries(&self, entries: &[Entry], dropped: &mut Dropped) -> Result<(), StoreError> {
        let (chunk_family, table_family) = (family!(self, CHUNKS), family!(self, TABLES));
        let (entry_family, place_family) = (family!(self, ENTRIES), family!(self, PLACES));
        for some in entries.chunks(10_000) {
            let mut batch = WriteBatch::default();
            for entry in some {
                let key = chunk_key(entry.hour(), entry.id);
                batch.delete_cf(&chunk_family, key);
                batch.delete_cf(&table_family, key);
                batch.delete_cf(&entry_family, entry.key());
                batch.delete_cf(&place_family, place_key(entry.id));
            }
            self.commit(batch)?;
            self.forget(some, dropped);
            self.drop_from_tables(some)?;
        }
        Ok(())
    }

    fn forget(&self, entries: &[Entry], dropped: &mut Dropped) {
        let mut catalog = self.catalog.write();
        entries.iter().for_each(|entry| catalog.remove(entry, dropped));
    }
}
