//! What peers and disks agree on: ids, time, the chunk format, the wire messages and their one codec.
//!
//! No I/O, no clock, no threads; nothing here imports another crate of the workspace. Every decoder is total: any bytes give a
//! value or an error, never a panic, and no allocation is made on the word of a length that was not checked first.

pub mod chunk;
pub mod cluster;
pub mod codec;
pub mod credentials;
mod cursor;
pub mod ids;
pub mod interval;
pub mod limits;
pub mod time;
mod version;
pub mod wire;

pub use chunk::{
    Chunk, ChunkBuilder, ChunkError, ChunkKind, Class, Gap, GapReason, Interface, Note, PacketRef, Packets,
};
pub use ids::{ChunkId, ChunkNo, Epoch, HostId, NodeId, PacketId, Partition, Seq, StreamId};
pub use interval::RangeSet;
pub use time::Timestamp;
pub use version::Versions;
