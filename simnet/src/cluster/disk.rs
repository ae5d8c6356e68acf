//! A store's disk: what was synced survives, what waits for the sync may not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use packetstream_protocol::ids::{ChunkId, ChunkNo, StreamId};
use packetstream_protocol::interval::RangeSet;

/// One chunk on a disk: instead of its bytes a hash of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) hash: u64,
    pub(super) bytes: u32,
    pub(super) hour: u32,
}

/// Who is to hear what became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The router on the same machine.
    Own,
    /// Another machine; its number of the push, if it was one.
    Peer { to: usize, push: Option<u64> },
}

/// Something that waits for the sync.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Write { chunk: ChunkId, copy: Copy, reply: Reply },
    Delete { stream: StreamId, chunks: RangeSet },
}

/// What a write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrote {
    Stored,
    Duplicate,
    Conflict,
    Expired,
}

/// The disk of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    chunks: BTreeMap<ChunkId, Copy>,
    flipped: BTreeSet<ChunkId>,
    pub(super) meta: BTreeMap<String, Vec<u8>>,
    queue: VecDeque<Operation>,
    /// Nothing of earlier hours is taken.
    pub(super) kept_from: u32,
    pub(super) full: bool,
}

impl Disk {
    pub(super) fn queue(&mut self, operation: Operation) {
        self.queue.push_back(operation);
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn take_queue(&mut self) -> VecDeque<Operation> {
        std::mem::take(&mut self.queue)
    }

    /// The power goes: a part of what waits is on the disk all the same, the rest is not.
    pub(super) fn tear(&mut self, kept: usize) -> Vec<Operation> {
        let mut queue = self.take_queue();
        queue.truncate(kept);
        queue.into()
    }

    pub(super) fn write(&mut self, chunk: ChunkId, copy: Copy) -> Wrote {
        if let Some(known) = self.chunks.get(&chunk) {
            return if known.hash == copy.hash { Wrote::Duplicate } else { Wrote::Conflict };
        }
        if copy.hour < self.kept_from {
            return Wrote::Expired;
        }
        self.chunks.insert(chunk, copy);
        Wrote::Stored
    }

    /// Deletes chunks; those that were there.
    pub(super) fn delete(&mut self, stream: StreamId, chunks: &RangeSet) -> Vec<ChunkId> {
        let ids = chunks.iter().map(|no| ChunkId { stream, no: ChunkNo(no) });
        ids.filter(|id| self.remove(*id)).collect()
    }

    pub(super) fn remove(&mut self, chunk: ChunkId) -> bool {
        self.flipped.remove(&chunk);
        self.chunks.remove(&chunk).is_some()
    }

    /// The copy, if it is there; whether it is damaged is seen only when it is read.
    pub(super) fn copy(&self, chunk: ChunkId) -> Option<Copy> {
        self.chunks.get(&chunk).copied()
    }

    /// Reads a copy: an error when it is damaged.
    pub(super) fn read(&self, chunk: ChunkId) -> Result<Option<Copy>, ()> {
        if self.flipped.contains(&chunk) { Err(()) } else { Ok(self.copy(chunk)) }
    }

    pub(super) fn flip(&mut self, chunk: ChunkId) {
        if self.chunks.contains_key(&chunk) {
            self.flipped.insert(chunk);
        }
    }

    pub(super) fn flipped(&self) -> impl Iterator<Item = ChunkId> + '_ {
        self.flipped.iter().copied()
    }

    pub(super) fn is_whole(&self, chunk: ChunkId) -> bool {
        self.chunks.contains_key(&chunk) && !self.flipped.contains(&chunk)
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = (ChunkId, Copy)> + '_ {
        self.chunks.iter().map(|(&id, &copy)| (id, copy))
    }

    pub(super) fn count(&self) -> usize {
        self.chunks.len()
    }

    /// A chunk at random.
    pub(super) fn nth(&self, at: usize) -> Option<ChunkId> {
        self.chunks.keys().nth(at).copied()
    }

    /// Drops what is older than the floor.
    pub(super) fn expire(&mut self, hour: u32) -> Vec<ChunkId> {
        self.kept_from = self.kept_from.max(hour);
        let old: Vec<ChunkId> =
            self.chunks.iter().filter(|(_, copy)| copy.hour < self.kept_from).map(|(&id, _)| id).collect();
        for &id in &old {
            self.remove(id);
        }
        old
    }
}
