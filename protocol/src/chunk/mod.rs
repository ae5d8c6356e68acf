//! A chunk: an immutable run of packets of one stream, the one unit of spool, wire, storage and repair. Format version 1.
//!
//! ```text
//! offset size  little-endian
//!      0    4  magic "PSCK"
//!      4    2  version, 1
//!      6    1  kind: 0 packets of signalling, 1 packets of media, 2 gaps, 3 notes
//!      7    1  zero
//!      8   16  host, as a UUID's bytes
//!     24    4  epoch
//!     28    4  records: packets, gaps or notes, 1 to 4096
//!     32    8  chunk number
//!     40    8  least time of the records, ns since the Unix epoch
//!     48    8  greatest time
//!     56    8  sequence of the first packet (0 when there are none)
//!     64    8  sequence of the last packet
//!     72    4  body length before compression
//!     76    4  length of the interface table, at the start of the body
//!     80    4  length of the columns, behind it
//!     84    4  zero
//!     88   16  content hash: first half of BLAKE3 over bytes 0..88 and the uncompressed body
//!    104    1  codec of the stored body: 0 none, 1 LZ4 block, 2 Zstandard frame
//!    105    3  zero
//!    108    4  stored length of the body
//!    112    4  CRC-32 of the stored body
//!    116    8  zero
//!    124    4  CRC-32 of bytes 0..124
//!    128       body
//!
//! body of a packet chunk:
//!   interface table   varint count, then for each interface that a packet of this chunk uses, by rising number:
//!                     varint number, varint link type, varint snap length, u8 resolution, name, description
//!   columns           seven u32: the lengths of the columns; then the columns, one varint a packet:
//!                       time       zigzag; the first against the least time, others against the packet before
//!                       sequence   distance to the packet before, minus 1; the first is 0
//!                       captured   bytes kept
//!                       original   zigzag: bytes on the wire minus bytes kept
//!                       interface  index in the interface table
//!                       flags      of pcapng's epb_flags option
//!                       comments   for each packet that has one: packets since the last that had, text
//!                     a column but the first and the third may be empty: then all its values are 0
//!   bytes             of all packets, back to back
//! body of a gap chunk:    for each gap: zigzag start (against the least time), varint duration, varint count, u8 reason,
//!                         varint interface + 1 (0: none)
//! body of a note chunk:   for each note: u8 tag, then length and fields (see `notes`)
//! text and names are a varint length and UTF-8
//! ```
//!
//! The hash is of the content *before* compression, with what the content does not decide (codec, stored length) left out: the
//! same packets have the same hash whichever codec, level or library version a node used, so "same id, other hash" always means
//! other packets. What a disk or a link does to the stored bytes is caught without decompressing, by the CRC of the body.
//!
//! Packets lie in the order in which they were captured, which is that of their sequence; times may run backwards, as they do
//! in files.

mod builder;
mod compress;
mod gaps;
mod header;
mod notes;
mod packets;
mod spare;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use thiserror::Error;

pub use builder::{ChunkBuilder, PushError, Sealer, Unsealed, gaps_chunk, notes_chunk};
pub use compress::{Codec, Compression};
pub use gaps::{Gap, GapReason};
pub use header::{ContentHash, HEADER_BYTES, Header, VERSION};
pub use notes::{FindingNote, Manifest, Note, NoteError};
pub use packets::{NO_TIME, PacketIter, PacketRef, Packets};

use crate::codec::{Decode, Encode};
use crate::ids::ChunkId;

/// What a packet chunk is full of; the two are kept apart so that a query for calls need not read the media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Class {
    /// Everything that is not media.
    Signalling,
    /// RTP and the like: many packets, seldom looked at one by one.
    Media,
}

/// What the records of a chunk are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum ChunkKind {
    Packets(Class),
    /// Packets known to be missing.
    Gaps,
    /// What a capture says that is no packet.
    Notes,
}

impl ChunkKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 4] = [Self::Packets(Class::Signalling), Self::Packets(Class::Media), Self::Gaps, Self::Notes];

    /// The number that stands for it in the header.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Packets(Class::Signalling) => 0,
            Self::Packets(Class::Media) => 1,
            Self::Gaps => 2,
            Self::Notes => 3,
        }
    }

    /// The kind with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// Where packets were captured, as pcapng's Interface Description Block says it (draft-ietf-opsawg-pcapng, section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Interface {
    /// `LINKTYPE_` number: how the first bytes of each packet are to be read.
    pub link_type: u16,
    /// Most bytes of a packet that were kept; 0: no limit.
    pub snaplen: u32,
    /// `if_tsresol` of the source: below 128 a negative power of 10, otherwise of 2. Times here are always nanoseconds; this says
    /// how many of their digits mean something.
    pub resolution: u8,
    /// `eth0`; empty when unknown.
    pub name: String,
    /// Free text; empty when there is none.
    pub description: String,
}

/// Why bytes are no chunk, or a chunk not what it says. Nothing was changed by the attempt.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChunkError {
    #[error("chunk has {found} bytes, at least {expected} are needed")]
    Short { expected: usize, found: usize },
    #[error("chunk has {found} bytes, its header says {expected}")]
    Length { expected: usize, found: usize },
    #[error("not a chunk: it does not begin with \"PSCK\"")]
    Magic,
    #[error("chunk format version {found} is newer than this program's, {VERSION}")]
    Version { found: u16 },
    #[error("checksum of the chunk's {part} is {found:08x}, expected {expected:08x}")]
    Checksum { part: &'static str, expected: u32, found: u32 },
    #[error("content of the chunk does not have the hash in its header")]
    Hash,
    #[error("chunk claims {found} {what}, the limit is {limit}")]
    Limit { what: &'static str, limit: usize, found: u64 },
    #[error("chunk's {0} is not valid")]
    Invalid(&'static str),
    #[error("chunk holds {found:?}, not {expected}")]
    Kind { expected: &'static str, found: ChunkKind },
}

/// A chunk whose header, lengths and checksums are right. Cheap to clone.
///
/// What is behind the compression is checked by [`Chunk::packets`], [`Chunk::gaps`], [`Chunk::notes`] and [`Chunk::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    header: Header,
    bytes: Bytes,
}

impl Chunk {
    /// Takes bytes for a chunk.
    ///
    /// # Errors
    /// When they are not exactly one chunk of a version that is known, or were changed since it was made.
    pub fn parse(bytes: Bytes) -> Result<Self, ChunkError> {
        let header = Header::parse(&bytes)?;
        let expected = header.chunk_bytes();
        if bytes.len() != expected {
            return Err(ChunkError::Length { expected, found: bytes.len() });
        }
        let found = crc32fast::hash(bytes.get(HEADER_BYTES..).unwrap_or_default());
        if found != header.body_crc {
            return Err(ChunkError::Checksum { part: "body", expected: header.body_crc, found });
        }
        Ok(Self { header, bytes })
    }

    /// What the header says.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> ChunkId {
        self.header.id
    }

    /// The bytes as they are stored and sent, header included.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The packets, decompressed and checked, to be gone through as often as one likes.
    ///
    /// # Errors
    /// When the chunk holds no packets or its content is not what the header says.
    pub fn packets(&self) -> Result<Packets, ChunkError> {
        match self.header.kind {
            ChunkKind::Packets(_) => Packets::parse(&self.header, self.body()?),
            found => Err(ChunkError::Kind { expected: "packets", found }),
        }
    }

    /// The gaps, in the order in which they were recorded.
    ///
    /// # Errors
    /// As for [`Chunk::packets`].
    pub fn gaps(&self) -> Result<Vec<Gap>, ChunkError> {
        match self.header.kind {
            ChunkKind::Gaps => gaps::parse(&self.header, &self.body()?),
            found => Err(ChunkError::Kind { expected: "gaps", found }),
        }
    }

    /// The notes, in the order in which they were written.
    ///
    /// # Errors
    /// As for [`Chunk::packets`].
    pub fn notes(&self) -> Result<Vec<Note>, ChunkError> {
        match self.header.kind {
            ChunkKind::Notes => notes::parse(&self.header, &self.body()?),
            found => Err(ChunkError::Kind { expected: "notes", found }),
        }
    }

    /// Checks everything that there is to check, whatever the kind: what a node does before it vouches for a chunk.
    ///
    /// # Errors
    /// When the content is not what the header says.
    pub fn verify(&self) -> Result<(), ChunkError> {
        match self.header.kind {
            ChunkKind::Packets(_) => self.packets().map(drop),
            ChunkKind::Gaps => self.gaps().map(drop),
            ChunkKind::Notes => self.notes().map(drop),
        }
    }

    /// The body, decompressed and with its hash checked.
    fn body(&self) -> Result<Bytes, ChunkError> {
        let stored = self.bytes.slice(HEADER_BYTES..);
        let body = compress::decompress(self.header.codec, stored, self.header.body_len as usize)?;
        let prefix = self.bytes.get(..header::HASHED_BYTES).unwrap_or_default();
        if header::content_hash(prefix, &body) != self.header.hash {
            return Err(ChunkError::Hash);
        }
        Ok(body)
    }
}
