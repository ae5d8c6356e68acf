//! Chunks on disk: the store behind one trait, its RocksDB and its in-memory form, retention, and the producer's spool.
//!
//! Reads no clock: whoever needs time passes it in. The store blocks; callers give it threads of its own.

pub mod catalog;
mod checked;
#[cfg(test)]
mod conformance;
pub mod entry;
mod memory;
mod retention;
#[cfg(feature = "rocksdb")]
mod rocks;
pub mod spool;
mod store;
pub mod zone;

pub use checked::Checked;
pub use entry::{Entry, EntryCursor};
pub use memory::MemoryStore;
pub use retention::Retention;
#[cfg(feature = "rocksdb")]
pub use rocks::{RocksOptions, RocksStore};
pub use spool::{Spool, SpoolOptions};
pub use store::{
    ChunkStore, Done, Dropped, EntryQuery, HostUsage, MAX_META_KEY_BYTES, MAX_META_VALUE_BYTES, MAX_PAGE_ENTRIES, Meta,
    Outcome, Pace, Page, Scope, StoreError, StreamUsage, Usage,
};
pub use zone::ZoneMap;
