//! How long and how much: the policy that a node holds its store to.

use std::time::Duration;

use packetstream_protocol::Timestamp;

use crate::store::{ChunkStore, Dropped, StoreError};

/// What is kept; nothing said is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Packets of hours that ended longer ago are dropped, by their capture time.
    pub age: Option<Duration>,
    /// Beyond so many bytes of chunks the oldest are dropped.
    pub bytes_max: Option<u64>,
}

impl Retention {
    /// Holds a store to the policy, now. To be called now and then: a minute is often enough.
    ///
    /// # Errors
    /// When the store cannot drop something.
    pub fn apply(&self, store: &dyn ChunkStore, now: Timestamp) -> Result<Dropped, StoreError> {
        let mut dropped = Dropped::default();
        if let Some(age) = self.age {
            let nanos = u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
            dropped = store.drop_before(Timestamp(now.0.saturating_sub(nanos)))?;
        }
        if let Some(bytes_max) = self.bytes_max {
            let more = store.shrink_to(bytes_max)?;
            dropped.chunks += more.chunks;
            dropped.packets += more.packets;
            dropped.bytes += more.bytes;
        }
        Ok(dropped)
    }
}
