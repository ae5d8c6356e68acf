//! The fixed header of a chunk; its layout is drawn in [`super`].

use std::fmt;

use super::{ChunkError, ChunkKind, Codec};
use crate::codec::{Decode, Encode};
use crate::ids::{ChunkId, ChunkNo, Epoch, HostId, Seq, StreamId};
use crate::limits::{MAX_CHUNK_BODY, MAX_CHUNK_RECORDS};
use crate::time::Timestamp;

/// Bytes before the body.
pub const HEADER_BYTES: usize = 128;

/// The version that this program writes, and the newest that it reads.
pub const VERSION: u16 = 1;

const MAGIC: [u8; 4] = *b"PSCK";

/// Bytes of the header that the content decides and the content hash covers.
pub(super) const HASHED_BYTES: usize = 88;

/// Which content a chunk has, whatever way it was compressed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ContentHash(pub [u8; 16]);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// What can be known of a chunk without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub id: ChunkId,
    pub kind: ChunkKind,
    /// Packets, gaps or notes; at least 1.
    pub records: u32,
    /// Least and greatest time of the records.
    pub time_min: Timestamp,
    pub time_max: Timestamp,
    /// Sequences of the first and the last packet; zero when the records are not packets.
    pub seq_first: Seq,
    pub seq_last: Seq,
    /// Bytes of the body before compression.
    pub body_len: u32,
    pub(super) interfaces_len: u32,
    pub(super) columns_len: u32,
    pub hash: ContentHash,
    pub codec: Codec,
    /// Bytes of the body as it is stored.
    pub stored_len: u32,
    pub(super) body_crc: u32,
}

impl Header {
    /// Reads and checks a header from the first bytes of a chunk; the body need not be there yet.
    ///
    /// # Errors
    /// When the bytes are too few, no header, of a newer version, damaged, or claim more than the limits.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChunkError> {
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(ChunkError::Short { expected: HEADER_BYTES, found: bytes.len() });
        };
        if head[..4] != MAGIC {
            return Err(ChunkError::Magic);
        }
        let version = u16::from_le_bytes([head[4], head[5]]);
        if version > VERSION {
            return Err(ChunkError::Version { found: version });
        }
        if version != 1 {
            return Err(ChunkError::Invalid("version"));
        }
        let (expected, found) = (u32_at(head, 124), crc32fast::hash(&head[..124]));
        if expected != found {
            return Err(ChunkError::Checksum { part: "header", expected, found });
        }
        let reserved = [&head[7..8], &head[84..88], &head[105..108], &head[116..124]];
        if reserved.iter().any(|zeros| zeros.iter().any(|&byte| byte != 0)) {
            return Err(ChunkError::Invalid("reserved field"));
        }
        let stream = StreamId { host: HostId::from_bytes(array_at(head, 8)), epoch: Epoch(u32_at(head, 24)) };
        let header = Self {
            id: ChunkId { stream, no: ChunkNo(u64_at(head, 32)) },
            kind: ChunkKind::from_number(head[6]).ok_or(ChunkError::Invalid("kind"))?,
            records: u32_at(head, 28),
            time_min: Timestamp(u64_at(head, 40)),
            time_max: Timestamp(u64_at(head, 48)),
            seq_first: Seq::from_value(u64_at(head, 56)).ok_or(ChunkError::Invalid("first sequence"))?,
            seq_last: Seq::from_value(u64_at(head, 64)).ok_or(ChunkError::Invalid("last sequence"))?,
            body_len: u32_at(head, 72),
            interfaces_len: u32_at(head, 76),
            columns_len: u32_at(head, 80),
            hash: ContentHash(array_at(head, 88)),
            codec: Codec::from_number(head[104]).ok_or(ChunkError::Invalid("codec"))?,
            stored_len: u32_at(head, 108),
            body_crc: u32_at(head, 112),
        };
        header.check()?;
        Ok(header)
    }

    /// The bytes of the header, checksum included.
    pub(super) fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut head = [0; HEADER_BYTES];
        let stream = self.id.stream;
        let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC);
        put(4, &VERSION.to_le_bytes());
        put(6, &[self.kind.number()]);
        put(8, stream.host.as_bytes());
        put(24, &stream.epoch.0.to_le_bytes());
        put(28, &self.records.to_le_bytes());
        put(32, &self.id.no.0.to_le_bytes());
        put(40, &self.time_min.0.to_le_bytes());
        put(48, &self.time_max.0.to_le_bytes());
        put(56, &self.seq_first.value().to_le_bytes());
        put(64, &self.seq_last.value().to_le_bytes());
        put(72, &self.body_len.to_le_bytes());
        put(76, &self.interfaces_len.to_le_bytes());
        put(80, &self.columns_len.to_le_bytes());
        put(88, &self.hash.0);
        put(104, &[self.codec.number()]);
        put(108, &self.stored_len.to_le_bytes());
        put(112, &self.body_crc.to_le_bytes());
        let crc = crc32fast::hash(&head[..124]);
        head[124..].copy_from_slice(&crc.to_le_bytes());
        head
    }

    /// Bytes of the whole chunk.
    #[must_use]
    pub fn chunk_bytes(&self) -> usize {
        HEADER_BYTES + self.stored_len as usize
    }

    /// Whether any record may lie in `since..=until`.
    #[must_use]
    pub fn overlaps(&self, since: Timestamp, until: Timestamp) -> bool {
        self.time_min <= until && since <= self.time_max
    }

    fn check(&self) -> Result<(), ChunkError> {
        let limit = |what, limit: usize, found: u32| {
            if found as usize > limit { Err(ChunkError::Limit { what, limit, found: found.into() }) } else { Ok(()) }
        };
        limit("records", MAX_CHUNK_RECORDS, self.records)?;
        limit("bytes of body", MAX_CHUNK_BODY, self.body_len)?;
        if self.records == 0 {
            return Err(ChunkError::Invalid("number of records"));
        }
        if self.time_min > self.time_max {
            return Err(ChunkError::Invalid("time range"));
        }
        let packets = matches!(self.kind, ChunkKind::Packets(_));
        // Sequences rise by at least one from packet to packet.
        let room = self.seq_last.value().checked_sub(self.seq_first.value());
        if room
            .is_none_or(|room| packets && room < u64::from(self.records) - 1 || !packets && self.seq_last.value() != 0)
        {
            return Err(ChunkError::Invalid("sequence range"));
        }
        let tables = u64::from(self.interfaces_len) + u64::from(self.columns_len);
        if tables > u64::from(self.body_len) || !packets && tables != 0 {
            return Err(ChunkError::Invalid("length of a table"));
        }
        // A body that compression does not make shorter is stored as it is, so nothing stored is longer than its content.
        let fits = match self.codec {
            Codec::Raw => self.stored_len == self.body_len,
            Codec::Lz4 | Codec::Zstd => self.stored_len < self.body_len,
        };
        if fits { Ok(()) } else { Err(ChunkError::Invalid("stored length")) }
    }
}

/// First half of the BLAKE3 hash over the part of the header that the content decides, and the content.
pub(super) fn content_hash(prefix: &[u8], body: &[u8]) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(prefix);
    hasher.update(body);
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    ContentHash(half)
}

fn array_at<const N: usize>(head: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&head[at..at + N]);
    out
}

fn u32_at(head: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes(array_at(head, at))
}

fn u64_at(head: &[u8; HEADER_BYTES], at: usize) -> u64 {
    u64::from_le_bytes(array_at(head, at))
}
