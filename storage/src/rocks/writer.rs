//! The one thread that writes chunks: groups what has queued up, writes, syncs, tells.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use packetstream_protocol::Chunk;
use packetstream_protocol::chunk::{ChunkError, ContentHash};
use packetstream_protocol::ids::ChunkId;
use rocksdb::WriteBatch;

use super::{CHUNKS, ENTRIES, GROUP_BYTES, PLACES, QUEUE_BYTES, Shared, family};
use crate::entry::Entry;
use crate::entry::disk::{chunk_key, entry_value, parse_place, place_key, place_value};
use crate::store::{Done, Outcome, StoreError};

/// One appender's chunks, checked.
pub(super) struct Job {
    pub(super) chunks: Vec<Chunk>,
    pub(super) entries: Vec<Result<Entry, ChunkError>>,
    pub(super) bytes: usize,
    pub(super) done: Done,
}

impl Shared {
    /// Waits until the queue has room; a batch larger than all of it gets in alone.
    pub(super) fn enqueue(&self, bytes: usize) {
        let mut queued = self.queued.lock();
        while *queued > 0 && *queued + bytes > QUEUE_BYTES {
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
        while let Ok(first) = queue.recv() {
            let mut bytes = first.bytes;
            let mut jobs = vec![first];
            while bytes < GROUP_BYTES {
                let Ok(next) = queue.try_recv() else { break };
                bytes += next.bytes;
                jobs.push(next);
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
    }

    /// Writes a group as one batch; the outcomes are those of all its chunks, in order. The caller holds `commit`.
    fn write_group(&self, jobs: &[Job]) -> Result<Vec<Outcome>, StoreError> {
        self.check()?;
        let (chunk_family, entry_family, place_family) =
            (family!(self, CHUNKS), family!(self, ENTRIES), family!(self, PLACES));
        let mut batch = WriteBatch::default();
        let mut new: Vec<&Entry> = Vec::new();
        let mut hashes: BTreeMap<ChunkId, ContentHash> = BTreeMap::new();
        let mut outcomes = Vec::new();
        for (chunk, entry) in jobs.iter().flat_map(|job| job.chunks.iter().zip(&job.entries)) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    outcomes.push(Outcome::Damaged(error.clone()));
                    continue;
                }
            };
            let outcome = self.judge(entry, &hashes)?;
            if outcome == Outcome::Stored {
                batch.put_cf(&chunk_family, chunk_key(entry.hour(), entry.id), chunk.bytes());
                batch.put_cf(&entry_family, entry.key(), entry_value(entry));
                batch.put_cf(&place_family, place_key(entry.id), place_value(entry));
                hashes.insert(entry.id, entry.hash);
                new.push(entry);
            }
            outcomes.push(outcome);
        }
        if !new.is_empty() {
            self.check_room(batch.size_in_bytes() as u64)?;
            self.commit(batch)?;
            let mut catalog = self.catalog.write();
            new.into_iter().for_each(|entry| catalog.add(entry));
        }
        Ok(outcomes)
    }

    /// What is to become of a chunk, given those of the group that are before it.
    fn judge(&self, entry: &Entry, group: &BTreeMap<ChunkId, ContentHash>) -> Result<Outcome, StoreError> {
        let held = match group.get(&entry.id) {
            Some(&hash) => Some(hash),
            None if self.catalog.read().contains(entry.id.stream, entry.id.no) => {
                let place = self.get(PLACES, &place_key(entry.id))?;
                let place = place.as_deref().map(|place| parse_place(entry.id, place)).transpose();
                let damaged = || StoreError::Damaged(format!("place of {}", entry.id));
                Some(place.map_err(|_| damaged())?.ok_or_else(damaged)?.hash)
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
        // Once into the log, once into a table.
        let needed = bytes.saturating_mul(2).saturating_add(self.options.reserve_bytes);
        if free >= needed { Ok(()) } else { Err(StoreError::Full { path: self.path.clone(), free, needed }) }
    }
}
