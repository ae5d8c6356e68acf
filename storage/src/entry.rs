//! What the store knows of a chunk without its body, and how that is kept.
//!
//! ```text
//! key of an entry (big-endian, so that bytes sort as values do)
//!   0   4  hour of the greatest time, since the Unix epoch
//!   4  16  host
//!  20   8  least time, ns
//!  28   4  epoch
//!  32   8  chunk number
//! key of a chunk          hour, host, epoch, chunk number
//! key of a chunk's place  host, epoch, chunk number
//!
//! value of an entry, version 1 (little-endian)
//!   0   1  version, 1
//!   1   1  kind, as in the chunk
//!   2   1  1 when the chunk holds a manifest
//!   3   1  zero
//!   4   4  records
//!   8   8  greatest time
//!  16   8  sequence of the first packet
//!  24   8  sequence of the last packet
//!  32   4  bytes of the chunk
//!  36   8  packets that its gaps say are missing
//!  44  16  content hash
//!  60   4  zone: flags
//!  64  32  zone: IP protocol numbers, as bits
//!  96   8  zone: least and greatest IPv4 address
//! 104   4  zone: least and greatest port
//! 108   4  CRC-32 of the key and bytes 0..108
//!
//! value of a place, version 1 (little-endian)
//!   0   1  version, 1
//!   1   3  zero
//!   4   4  hour
//!   8   8  least time
//!  16  16  content hash
//!  32   4  CRC-32 of the key and bytes 0..32
//! ```

use packetstream_protocol::chunk::{ChunkError, ChunkKind, ContentHash, Header, Note};
use packetstream_protocol::ids::{ChunkId, ChunkNo, Epoch, HostId, Seq};
use packetstream_protocol::{Chunk, Timestamp};

use crate::zone::ZoneMap;

/// One chunk, as a query plan sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: ChunkId,
    pub kind: ChunkKind,
    /// Packets, gaps or notes.
    pub records: u32,
    pub time_min: Timestamp,
    pub time_max: Timestamp,
    pub seq_first: Seq,
    pub seq_last: Seq,
    /// Bytes of the whole chunk as it is stored.
    pub bytes: u32,
    /// Packets that its gaps say are missing.
    pub lost: u64,
    /// Whether it holds the manifest that closes an import.
    pub manifest: bool,
    pub hash: ContentHash,
    /// What cannot be in it.
    pub zone: ZoneMap,
}

/// A place in the order of a host's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryCursor {
    pub time_min: Timestamp,
    pub epoch: Epoch,
    pub no: ChunkNo,
}

impl EntryCursor {
    pub(crate) const START: Self = Self { time_min: Timestamp::MIN, epoch: Epoch(0), no: ChunkNo(0) };
    pub(crate) const END: Self = Self { time_min: Timestamp::MAX, epoch: Epoch(u32::MAX), no: ChunkNo(u64::MAX) };
}

pub(crate) const ENTRY_KEY: usize = 40;
#[cfg(feature = "rocksdb")]
pub(crate) const ENTRY_VALUE: usize = 112;
#[cfg(feature = "rocksdb")]
pub(crate) const PLACE_VALUE: usize = 36;

impl Entry {
    /// Opens a chunk, checks all of it, and says what it is.
    ///
    /// # Errors
    /// When the content is not what the header says.
    pub fn of(chunk: &Chunk) -> Result<Self, ChunkError> {
        let header = chunk.header();
        let (mut zone, mut lost, mut manifest) = (ZoneMap::default(), 0u64, false);
        match header.kind {
            ChunkKind::Packets(_) => zone = ZoneMap::of(&chunk.packets()?),
            ChunkKind::Gaps => lost = chunk.gaps()?.iter().fold(0, |sum, gap| sum.saturating_add(gap.packets)),
            ChunkKind::Notes => manifest = chunk.notes()?.iter().any(|note| matches!(note, Note::Manifest(_))),
        }
        Ok(Self::new(header, zone, lost, manifest))
    }

    pub(crate) fn new(header: &Header, zone: ZoneMap, lost: u64, manifest: bool) -> Self {
        Self {
            id: header.id,
            kind: header.kind,
            records: header.records,
            time_min: header.time_min,
            time_max: header.time_max,
            seq_first: header.seq_first,
            seq_last: header.seq_last,
            bytes: header.chunk_bytes() as u32,
            lost,
            manifest,
            hash: header.hash,
            zone,
        }
    }

    /// The hour that retention counts the chunk in.
    #[must_use]
    pub const fn hour(&self) -> u32 {
        self.time_max.hour()
    }

    /// Its place in the order of its host's entries.
    #[must_use]
    pub const fn cursor(&self) -> EntryCursor {
        EntryCursor { time_min: self.time_min, epoch: self.id.stream.epoch, no: self.id.no }
    }

    /// How many of its records are packets.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        if matches!(self.kind, ChunkKind::Packets(_)) { self.records as u64 } else { 0 }
    }

    /// Whether any record may lie in `since..=until`.
    #[must_use]
    pub fn overlaps(&self, since: Timestamp, until: Timestamp) -> bool {
        self.time_min <= until && since <= self.time_max
    }

    pub(crate) fn key(&self) -> [u8; ENTRY_KEY] {
        entry_key(self.hour(), self.id.stream.host, self.cursor())
    }
}

pub(crate) fn entry_key(hour: u32, host: HostId, cursor: EntryCursor) -> [u8; ENTRY_KEY] {
    let mut key = [0; ENTRY_KEY];
    key[..4].copy_from_slice(&hour.to_be_bytes());
    key[4..20].copy_from_slice(host.as_bytes());
    key[20..28].copy_from_slice(&cursor.time_min.0.to_be_bytes());
    key[28..32].copy_from_slice(&cursor.epoch.0.to_be_bytes());
    key[32..].copy_from_slice(&cursor.no.0.to_be_bytes());
    key
}

/// What RocksDB holds of entries; the in-memory store has no need of bytes.
#[cfg(feature = "rocksdb")]
pub(crate) mod disk {
    use packetstream_protocol::ids::StreamId;

    use super::*;

    /// The bytes under a key are not what was written there.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Damaged;

    pub(crate) fn chunk_key(hour: u32, id: ChunkId) -> [u8; 32] {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&hour.to_be_bytes());
        key[4..].copy_from_slice(&place_key(id));
        key
    }

    pub(crate) fn place_key(id: ChunkId) -> [u8; 28] {
        let mut key = [0; 28];
        key[..16].copy_from_slice(id.stream.host.as_bytes());
        key[16..20].copy_from_slice(&id.stream.epoch.0.to_be_bytes());
        key[20..].copy_from_slice(&id.no.0.to_be_bytes());
        key
    }

    pub(crate) fn entry_value(entry: &Entry) -> [u8; ENTRY_VALUE] {
        let mut value = [0; ENTRY_VALUE];
        let mut put = |at: usize, bytes: &[u8]| value[at..at + bytes.len()].copy_from_slice(bytes);
        let zone = &entry.zone;
        put(0, &[1, entry.kind.number(), entry.manifest.into()]);
        put(4, &entry.records.to_le_bytes());
        put(8, &entry.time_max.0.to_le_bytes());
        put(16, &entry.seq_first.value().to_le_bytes());
        put(24, &entry.seq_last.value().to_le_bytes());
        put(32, &entry.bytes.to_le_bytes());
        put(36, &entry.lost.to_le_bytes());
        put(44, &entry.hash.0);
        put(60, &zone.flags.to_le_bytes());
        for (at, word) in zone.protocols.iter().enumerate() {
            put(64 + 8 * at, &word.to_le_bytes());
        }
        put(96, &zone.ipv4_min.to_le_bytes());
        put(100, &zone.ipv4_max.to_le_bytes());
        put(104, &zone.port_min.to_le_bytes());
        put(106, &zone.port_max.to_le_bytes());
        let crc = crc(&entry.key(), &value[..108]);
        value[108..].copy_from_slice(&crc.to_le_bytes());
        value
    }

    pub(crate) fn parse_entry(key: &[u8], value: &[u8]) -> Result<Entry, Damaged> {
        let key = <&[u8; ENTRY_KEY]>::try_from(key).map_err(|_| Damaged)?;
        let value = <&[u8; ENTRY_VALUE]>::try_from(value).map_err(|_| Damaged)?;
        if crc(key, &value[..108]) != u32::from_le_bytes(array(value, 108)) || value[0] != 1 {
            return Err(Damaged);
        }
        let host = HostId::from_bytes(array(key, 4));
        let stream = StreamId { host, epoch: Epoch(u32::from_be_bytes(array(key, 28))) };
        let seq = |at| Seq::from_value(u64::from_le_bytes(array(value, at))).ok_or(Damaged);
        let entry = Entry {
            id: ChunkId { stream, no: ChunkNo(u64::from_be_bytes(array(key, 32))) },
            kind: ChunkKind::from_number(value[1]).ok_or(Damaged)?,
            manifest: value[2] != 0,
            records: u32::from_le_bytes(array(value, 4)),
            time_min: Timestamp(u64::from_be_bytes(array(key, 20))),
            time_max: Timestamp(u64::from_le_bytes(array(value, 8))),
            seq_first: seq(16)?,
            seq_last: seq(24)?,
            bytes: u32::from_le_bytes(array(value, 32)),
            lost: u64::from_le_bytes(array(value, 36)),
            hash: ContentHash(array(value, 44)),
            zone: ZoneMap {
                flags: u32::from_le_bytes(array(value, 60)),
                protocols: [64, 72, 80, 88].map(|at| u64::from_le_bytes(array(value, at))),
                ipv4_min: u32::from_le_bytes(array(value, 96)),
                ipv4_max: u32::from_le_bytes(array(value, 100)),
                port_min: u16::from_le_bytes(array(value, 104)),
                port_max: u16::from_le_bytes(array(value, 106)),
            },
        };
        if entry.hour() == u32::from_be_bytes(array(key, 0)) { Ok(entry) } else { Err(Damaged) }
    }

    /// Where a chunk lies, and which content it has.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Place {
        pub(crate) hour: u32,
        pub(crate) time_min: Timestamp,
        pub(crate) hash: ContentHash,
    }

    pub(crate) fn place_value(entry: &Entry) -> [u8; PLACE_VALUE] {
        let mut value = [0; PLACE_VALUE];
        value[0] = 1;
        value[4..8].copy_from_slice(&entry.hour().to_le_bytes());
        value[8..16].copy_from_slice(&entry.time_min.0.to_le_bytes());
        value[16..32].copy_from_slice(&entry.hash.0);
        let crc = crc(&place_key(entry.id), &value[..32]);
        value[32..].copy_from_slice(&crc.to_le_bytes());
        value
    }

    pub(crate) fn parse_place(id: ChunkId, value: &[u8]) -> Result<Place, Damaged> {
        let value = <&[u8; PLACE_VALUE]>::try_from(value).map_err(|_| Damaged)?;
        if crc(&place_key(id), &value[..32]) != u32::from_le_bytes(array(value, 32)) || value[0] != 1 {
            return Err(Damaged);
        }
        Ok(Place {
            hour: u32::from_le_bytes(array(value, 4)),
            time_min: Timestamp(u64::from_le_bytes(array(value, 8))),
            hash: ContentHash(array(value, 16)),
        })
    }

    fn crc(key: &[u8], value: &[u8]) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(key);
        crc.update(value);
        crc.finalize()
    }

    fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&bytes[at..at + N]);
        out
    }
}
