//! The one thread that writes chunks: groups what has queued up, writes, syncs, tells. What is in no hurry is gathered until it is much.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use packetstream_protocol::Chunk;
use packetstream_protocol::chunk::ContentHash;
use packetstream_protocol::ids::ChunkId;
use rocksdb::WriteBatch;

use super::{
    BULK_BYTES, BULK_QUEUE_BYTES, BULK_WAIT, BULK_WAIT_MAX, CHUNKS, ENTRIES, GROUP_BYTES, PLACES, QUEUE_BYTES, Shared,
    family,
};
use crate::checked::Checked;
use crate::entry::Entry;
use crate::entry::disk::{chunk_key, entry_value, place_key, place_value};
use crate::store::{Done, Outcome, Pace, StoreError};

/// One appender's chunks.
pub(super) struct Job {
    pub(super) chunks: Vec<Checked>,
    pub(super) bytes: usize,
    pub(super) pace: Pace,
    pub(super) done: Done,
}

/// Jobs that are written together.
#[derive(Default)]
struct Group {
    jobs: Vec<Job>,
    bytes: usize,
    /// When the first one came.
    since: Option<Instant>,
}

impl Group {
    fn push(&mut self, job: Job) {
        self.since.get_or_insert_with(Instant::now);
        self.bytes += job.bytes;
        self.jobs.push(job);
    }

    fn is_old(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= BULK_WAIT_MAX)
    }
}

impl Shared {
    /// Waits until the queue has room; a batch larger than all of it gets in alone.
    pub(super) fn enqueue(&self, bytes: usize, pace: Pace) {
        let limit = match pace {
            Pace::Now => QUEUE_BYTES,
            Pace::Bulk => BULK_QUEUE_BYTES,
        };
        let mut queued = self.queued.lock();
        while *queued > 0 && *queued + bytes > limit {
            self.dequeued.wait(&mut queued);
        }
        *queued += bytes;
    }

    pub(super) fn dequeue(&self, bytes: usize) {
        *self.queued.lock() -= bytes;
        self.dequeued.notify_all();
    }

    /// Runs until every sender is gone.
    pub(super) fn write_all(&self, queue: &Receiver<Job>) {
        let mut bulk = Group::default();
        loop {
            let mut group = Group::default();
            let ended = match Self::next(queue, &bulk) {
                Ok(first) => {
                    let mut job = Some(first);
                    while let Some(taken) = job {
                        match taken.pace {
                            Pace::Now => group.push(taken),
                            Pace::Bulk => bulk.push(taken),
                        }
                        let is_full = group.bytes >= GROUP_BYTES || bulk.bytes >= BULK_BYTES;
                        job = if is_full { None } else { queue.try_recv().ok() };
                    }
                    None
                }
                Err(ended) => Some(ended),
            };
            self.write(group);
            if ended.is_some() || bulk.bytes >= BULK_BYTES || bulk.is_old() {
                self.write(std::mem::take(&mut bulk));
            }
            if ended == Some(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    /// The next job; where some are being gathered, an error when none comes for a while.
    fn next(queue: &Receiver<Job>, bulk: &Group) -> Result<Job, RecvTimeoutError> {
        match bulk.since {
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => queue.recv_timeout(BULK_WAIT),
        }
    }

    /// Writes a group and tells everybody.
    fn write(&self, group: Group) {
        let Group { jobs, bytes, .. } = group;
        if jobs.is_empty() {
            return;
        }
        // Held until all have been told: what takes chunks away comes before or after, never between.
        let commit = self.commit.lock();
        let result = self.write_group(&jobs);
        self.dequeue(bytes);
        match result {
            Ok(mut outcomes) => {
                for job in jobs {
                    let rest = outcomes.split_off(job.chunks.len());
                    (job.done)(Ok(std::mem::replace(&mut outcomes, rest)));
                }
            }
            Err(error) => jobs.into_iter().for_each(|job| (job.done)(Err(error.clone()))),
        }
        drop(commit);
    }

    /// Writes a group as one batch; the outcomes are those of all its chunks, in order. The caller holds `commit`.
    fn write_group(&self, jobs: &[Job]) -> Result<Vec<Outcome>, StoreError> {
        self.check()?;
        let (chunk_family, entry_family, place_family) =
            (family!(self, CHUNKS), family!(self, ENTRIES), family!(self, PLACES));
        let mut new: Vec<(&Chunk, &Entry)> = Vec::new();
        let mut hashes: BTreeMap<ChunkId, ContentHash> = BTreeMap::new();
        let mut outcomes = Vec::new();
        for Checked { chunk, entry } in jobs.iter().flat_map(|job| &job.chunks) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    outcomes.push(Outcome::Damaged(error.clone()));
                    continue;
                }
            };
            let outcome = self.judge(entry, &hashes)?;
            if outcome == Outcome::Stored {
                hashes.insert(entry.id, entry.hash);
                new.push((chunk, entry));
            }
            outcomes.push(outcome);
        }
        if !new.is_empty() {
            self.check_room(new.iter().map(|(chunk, _)| chunk.bytes().len() as u64).sum())?;
            new.sort_by_cached_key(|(_, entry)| chunk_key(entry.hour(), entry.id));
            let mut batch = WriteBatch::default();
            for (_, entry) in &new {
                batch.put_cf(&entry_family, entry.key(), entry_value(entry));
                batch.put_cf(&place_family, place_key(entry.id), place_value(entry));
            }
            for (chunk, entry) in self.write_tables(new.clone())? {
                batch.put_cf(&chunk_family, chunk_key(entry.hour(), entry.id), chunk.bytes());
            }
            self.commit(batch)?;
            let mut catalog = self.catalog.write();
            new.into_iter().for_each(|(_, entry)| catalog.add(entry));
        }
        Ok(outcomes)
    }

    /// What is to become of a chunk, given those of the group that are before it.
    fn judge(&self, entry: &Entry, group: &BTreeMap<ChunkId, ContentHash>) -> Result<Outcome, StoreError> {
        let held = match group.get(&entry.id) {
            Some(&hash) => Some(hash),
            None if self.catalog.read().contains(entry.id.stream, entry.id.no) => {
                let missing = || StoreError::Damaged(format!("place of {}", entry.id));
                Some(self.place(entry.id)?.ok_or_else(missing)?.hash)
            }
            None => None,
        };
        Ok(match held {
            Some(hash) if hash == entry.hash => Outcome::Duplicate,
            Some(_) => Outcome::Conflict,
            None if entry.hour() < self.catalog.read().kept_from => Outcome::Expired,
            None => Outcome::Stored,
        })
    }

    /// Refuses a write that would not leave the reserve: RocksDB does not stop well on a full disk.
    fn check_room(&self, bytes: u64) -> Result<(), StoreError> {
        let disk = rustix::fs::statvfs(&self.path)
            .map_err(|error| StoreError::Io(format!("{}: {error}", self.path.display())))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        // Once into the log, once into a table; or at once into a table.
        let needed = bytes.saturating_mul(2).saturating_add(self.options.reserve_bytes);
        if free >= needed { Ok(()) } else { Err(StoreError::Full { path: self.path.clone(), free, needed }) }
    }
}
