//! What a node's store can do, whatever it is made of.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc;

use packetstream_protocol::chunk::ChunkError;
use packetstream_protocol::ids::{ChunkId, ChunkNo, HostId, StreamId};
use packetstream_protocol::limits::MAX_HOST_NAME_BYTES;
use packetstream_protocol::{Chunk, RangeSet, Timestamp};
use thiserror::Error;

use crate::checked::Checked;
use crate::entry::{Entry, EntryCursor};

/// Entries in one page, whatever a caller asks for: about 16 MiB.
pub const MAX_PAGE_ENTRIES: usize = 65_536;

/// Bytes of the name of a small value.
pub const MAX_META_KEY_BYTES: usize = 256;

/// Bytes of a small value; what grows with the data does not belong there.
pub const MAX_META_VALUE_BYTES: usize = 1024 * 1024;

/// What became of one chunk. All but [`Outcome::Conflict`] and [`Outcome::Damaged`] let its producer forget it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the disk now.
    Stored,
    /// It was there already, with the same content.
    Duplicate,
    /// Its name is there with other content, which was kept: the producer must open a new epoch.
    Conflict,
    /// It is older than what retention keeps; it was not stored.
    Expired,
    /// Its content is not what its header says; it was not stored.
    Damaged(ChunkError),
}

/// Why the store could not do something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Nothing was opened.
    #[error("another packetstream node uses {}", .0.display())]
    Locked(PathBuf),
    /// Nothing was opened.
    #[error("{} has store format {found}, this program knows formats up to {known}: use a newer packetstream", path.display())]
    Version { path: PathBuf, found: u32, known: u32 },
    /// Nothing was opened.
    #[error("{} holds files but no packetstream store", .0.display())]
    Foreign(PathBuf),
    /// Nothing of the batch was stored; it works again when there is room.
    #[error("disk of {} is full: {free} bytes free, {needed} needed", path.display())]
    Full { path: PathBuf, free: u64, needed: u64 },
    /// A write or sync went wrong, so what is on the disk is not known: nothing is written until the store is opened again.
    /// Nothing that was acknowledged is lost.
    #[error("store stopped taking writes: {0}")]
    Poisoned(String),
    /// Something that was written is not what is read.
    #[error("store is damaged: {0}")]
    Damaged(String),
    /// Nothing was changed.
    #[error("{what} of {found} bytes, the limit is {limit}")]
    TooLarge { what: &'static str, found: usize, limit: usize },
    #[error("store: {0}")]
    Io(String),
}

/// Called once, when a batch is durable or has come to nothing; one outcome for each chunk, in their order. It may run on the thread
/// that writes, so it must not wait for anything.
pub type Done = Box<dyn FnOnce(Result<Vec<Outcome>, StoreError>) + Send>;

/// Which chunks are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Host(HostId),
    Stream(StreamId),
}

impl Scope {
    /// The host that all of it is of.
    #[must_use]
    pub const fn host(self) -> HostId {
        match self {
            Self::Host(host) => host,
            Self::Stream(stream) => stream.host,
        }
    }

    pub(crate) fn includes(self, stream: StreamId) -> bool {
        match self {
            Self::Host(host) => host == stream.host,
            Self::Stream(wanted) => wanted == stream,
        }
    }
}

/// Which entries are wanted: those with a record that may lie in `since..=until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryQuery {
    pub scope: Scope,
    pub since: Timestamp,
    pub until: Timestamp,
    /// Only what comes behind this, to go on where a page ended.
    pub after: Option<EntryCursor>,
    /// At most so many, and never more than [`MAX_PAGE_ENTRIES`].
    pub limit: usize,
}

impl EntryQuery {
    /// All entries of a scope, first page.
    #[must_use]
    pub const fn all(scope: Scope) -> Self {
        Self { scope, since: Timestamp::MIN, until: Timestamp::MAX, after: None, limit: MAX_PAGE_ENTRIES }
    }
}

/// Entries in the order of their least time, then epoch and number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// Where to go on; nothing when this was the last page.
    pub next: Option<EntryCursor>,
}

/// What is held of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamUsage {
    pub stream: StreamId,
    pub have: RangeSet,
    /// Number of the chunk with the manifest, if it is held.
    pub manifest: Option<ChunkNo>,
    pub packets: u64,
    pub bytes: u64,
}

/// What is held of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostUsage {
    pub host: HostId,
    /// Empty when it was given none.
    pub name: String,
    pub streams: u64,
    pub chunks: u64,
    pub packets: u64,
    /// Bytes of chunks.
    pub bytes: u64,
    /// Times of the first and last packet.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Gap records, and the packets that they say are missing.
    pub gaps: u64,
    pub lost: u64,
}

/// What is held in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub hosts: u64,
    pub streams: u64,
    pub chunks: u64,
    pub packets: u64,
    /// Bytes of chunks; the disk needs about a hundredth more for the entries.
    pub bytes: u64,
    /// Times of the first and last packet.
    pub oldest: Option<Timestamp>,
    pub newest: Option<Timestamp>,
}

/// What retention took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    pub chunks: u64,
    pub packets: u64,
    pub bytes: u64,
}

/// How soon chunks are to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as can be: somebody waits.
    Now,
    /// Gathered for a moment with others, which is less work: until then they are durable elsewhere.
    Bulk,
}

/// A small value and its name; without a value it is dropped.
pub type Meta = (String, Option<Vec<u8>>);

/// A node's chunks. Every method may be called from any thread, and blocks.
pub trait ChunkStore: Send + Sync {
    /// Takes chunks and says later what became of them; returns as soon as there is room in the queue.
    fn submit(&self, chunks: Vec<Checked>, pace: Pace, done: Done);

    /// Takes chunks and returns once they are durable.
    ///
    /// # Errors
    /// [`StoreError::Full`] and [`StoreError::Poisoned`]; nothing of the batch is then acknowledged.
    fn append(&self, chunks: Vec<Chunk>) -> Result<Vec<Outcome>, StoreError> {
        let (tell, told) = mpsc::sync_channel(1);
        self.submit(
            chunks.into_iter().map(Checked::of).collect(),
            Pace::Now,
            Box::new(move |result| {
                // The receiver lives until it has heard.
                let _ = tell.send(result);
            }),
        );
        told.recv().unwrap_or_else(|_| Err(StoreError::Poisoned("its writer is gone".into())))
    }

    /// The chunk with this name.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    fn get(&self, id: ChunkId) -> Result<Option<Chunk>, StoreError>;

    /// What is known of this chunk without reading it.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    fn entry(&self, id: ChunkId) -> Result<Option<Entry>, StoreError>;

    /// A page of what is known of chunks without reading them.
    ///
    /// # Errors
    /// When an entry cannot be read or is damaged.
    fn entries(&self, query: &EntryQuery) -> Result<Page, StoreError>;

    /// What is held of a stream; nothing of an unknown one.
    fn stream(&self, stream: StreamId) -> Option<StreamUsage>;

    /// The streams that something is held of, or those of one host, in order.
    fn streams(&self, host: Option<HostId>) -> Vec<StreamUsage>;

    /// The hosts that something is held of or that have a name, in order.
    fn hosts(&self) -> Vec<HostUsage>;

    /// Gives a host a name; an empty one takes it away.
    ///
    /// # Errors
    /// When the name is too long or cannot be written.
    fn name_host(&self, host: HostId, name: &str) -> Result<(), StoreError>;

    /// A small value by its name.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// All small values whose names begin with this, by name.
    ///
    /// # Errors
    /// As for [`ChunkStore::meta`].
    fn metas(&self, prefix: &str) -> Result<BTreeMap<String, Vec<u8>>, StoreError>;

    /// Keeps a small value under a name, durably; nothing takes it away.
    ///
    /// # Errors
    /// When name or value are too large or it cannot be written.
    fn put_meta(&self, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        self.put_metas(&[(key.to_owned(), value.map(<[u8]>::to_vec))])
    }

    /// As [`ChunkStore::put_meta`] of several, in their order: all of them or none, and the disk is waited for once.
    ///
    /// # Errors
    /// As for [`ChunkStore::put_meta`]; then none is kept.
    fn put_metas(&self, metas: &[Meta]) -> Result<(), StoreError>;

    /// Drops every hour that ends at or before this time, and takes nothing of them any more. Chunks belong to the hour of their
    /// greatest time, so that no packet goes early.
    ///
    /// # Errors
    /// When it cannot be written; what was dropped until then stays dropped.
    fn drop_before(&self, time: Timestamp) -> Result<Dropped, StoreError>;

    /// Drops the oldest chunks until no more than so many bytes are held: whole hours, and of the last one single chunks.
    ///
    /// # Errors
    /// As for [`ChunkStore::drop_before`].
    fn shrink_to(&self, bytes_max: u64) -> Result<Dropped, StoreError>;

    /// Takes chunks of a stream away, durably: others hold them. In one line with the writes: what was written before is told
    /// before.
    ///
    /// # Errors
    /// When it cannot be written; what was taken away until then stays away.
    fn remove(&self, stream: StreamId, chunks: &RangeSet) -> Result<Dropped, StoreError>;

    /// What is held in all.
    fn usage(&self) -> Usage;
}

pub(crate) fn check_len(what: &'static str, found: usize, limit: usize) -> Result<(), StoreError> {
    if found > limit { Err(StoreError::TooLarge { what, found, limit }) } else { Ok(()) }
}

pub(crate) fn check_host_name(name: &str) -> Result<(), StoreError> {
    check_len("host name", name.len(), MAX_HOST_NAME_BYTES)
}

pub(crate) fn check_metas(metas: &[Meta]) -> Result<(), StoreError> {
    metas.iter().try_for_each(|(key, value)| {
        check_len("metadata key", key.len(), MAX_META_KEY_BYTES)?;
        check_len("metadata value", value.as_ref().map_or(0, Vec::len), MAX_META_VALUE_BYTES)
    })
}
