//! Makes chunks: the same records in the same order always give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use thiserror::Error;

use super::compress::{Compression, Compressor};
use super::gaps::{self, Gap};
use super::header::{HASHED_BYTES, HEADER_BYTES, Header, content_hash};
use super::notes::{self, Note, NoteError, put_interface};
use super::packets::{CAPTURED, COLUMNS, COLUMNS_HEAD, COMMENTS, FLAGS, INTERFACE, ORIGINAL, SEQ, TIME};
use super::{Chunk, ChunkKind, Class, Codec, ContentHash, Interface, PacketRef};
use crate::cursor::{put_varint, put_zigzag};
use crate::ids::{ChunkId, ChunkNo, Seq, StreamId};
use crate::limits::{
    CHUNK_BODY_TARGET, MAX_CHUNK_BODY, MAX_CHUNK_RECORDS, MAX_COMMENT_BYTES, MAX_INTERFACE_TEXT_BYTES, MAX_PACKET_BYTES,
};
use crate::time::Timestamp;

/// Why a packet was not taken. The builder is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PushError {
    /// Seal the chunk and push the packet again; an empty builder is never full.
    #[error("chunk is full")]
    Full,
    #[error("packet has {found} bytes, the limit is {MAX_PACKET_BYTES}")]
    TooLong { found: usize },
    #[error("comment has {found} bytes, the limit is {MAX_COMMENT_BYTES}")]
    Comment { found: usize },
    #[error("interface {0} was not declared")]
    Interface(u16),
    #[error("sequence {found} does not follow {last}")]
    Order { last: u64, found: u64 },
}

/// Makes chunks of what is still to be hashed and compressed. It keeps scratch space from one to the next.
pub struct Sealer(Compressor);

impl Sealer {
    /// A sealer that spends so much on compression.
    #[must_use]
    pub fn new(compression: Compression) -> Self {
        Self(Compressor::new(compression))
    }

    /// Hashes and compresses: nearly all the work of making a chunk, for any thread to do.
    pub fn seal(&mut self, unsealed: Unsealed) -> Chunk {
        match unsealed.0 {
            Content::Sealed(chunk) => chunk,
            Content::Open { header, body } => finish(header, &body, &mut self.0),
        }
    }
}

/// A chunk whose content is complete but neither hashed nor compressed; [`Sealer::seal`] makes the chunk.
pub struct Unsealed(Content);

enum Content {
    Open { header: Header, body: Vec<u8> },
    Sealed(Chunk),
}

impl From<Chunk> for Unsealed {
    fn from(chunk: Chunk) -> Self {
        Self(Content::Sealed(chunk))
    }
}

impl Unsealed {
    fn header(&self) -> &Header {
        match &self.0 {
            Content::Open { header, .. } => header,
            Content::Sealed(chunk) => chunk.header(),
        }
    }

    /// The name that the chunk will have.
    #[must_use]
    pub fn id(&self) -> ChunkId {
        self.header().id
    }

    /// Least and greatest time of its records.
    #[must_use]
    pub fn times(&self) -> (Timestamp, Timestamp) {
        (self.header().time_min, self.header().time_max)
    }

    /// Packets, gaps or notes in it.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.header().records
    }
}

/// Collects packets of one class of one stream until they are a chunk.
pub struct ChunkBuilder {
    stream: StreamId,
    class: Class,
    /// Interfaces of the stream with their encoded length; they stay from chunk to chunk.
    interfaces: BTreeMap<u16, (Interface, usize)>,
    sealer: Sealer,
    open: Open,
}

/// What belongs to the chunk that is being filled.
#[derive(Default)]
struct Open {
    records: u32,
    time_first: Timestamp,
    time_last: Timestamp,
    time_min: Timestamp,
    time_max: Timestamp,
    seq_first: Seq,
    seq_last: Seq,
    /// Those of time and interface lack the first value and the index, which are only known at the end.
    columns: [Vec<u8>; COLUMNS],
    /// Columns in which some value was not 0.
    filled: [bool; COLUMNS],
    numbers: Vec<u16>,
    used: BTreeSet<u16>,
    used_bytes: usize,
    last_comment: Option<u32>,
    bytes: Vec<u8>,
}

impl Open {
    fn clear(&mut self) {
        let mut kept = std::mem::take(self);
        kept.columns.iter_mut().for_each(Vec::clear);
        kept.numbers.clear();
        kept.bytes.clear();
        *self = Self { columns: kept.columns, numbers: kept.numbers, bytes: kept.bytes, ..Self::default() };
    }

    fn size(&self) -> usize {
        let columns: usize = self.columns.iter().map(Vec::len).sum();
        // Interface indices have at most two bytes each.
        COLUMNS_HEAD + columns + 2 * self.numbers.len() + self.used_bytes + self.bytes.len()
    }
}

/// Most bytes that one packet adds to the columns, its comment not counted: six varints of at most ten bytes.
const MAX_COLUMNS_BYTES: usize = 60;

impl ChunkBuilder {
    /// An empty builder.
    #[must_use]
    pub fn new(stream: StreamId, class: Class, compression: Compression) -> Self {
        Self { stream, class, interfaces: BTreeMap::new(), sealer: Sealer::new(compression), open: Open::default() }
    }

    /// Says what the interface with this number in the stream is; needed before the first packet of it. Name and description are
    /// cut to [`MAX_INTERFACE_TEXT_BYTES`].
    pub fn declare(&mut self, number: u16, interface: &Interface) {
        let mut interface = interface.clone();
        cut(&mut interface.name, MAX_INTERFACE_TEXT_BYTES);
        cut(&mut interface.description, MAX_INTERFACE_TEXT_BYTES);
        let mut encoded = Vec::new();
        put_interface(&mut encoded, number, &interface);
        self.interfaces.insert(number, (interface, encoded.len()));
    }

    /// Adds a packet; sequences must rise.
    ///
    /// # Errors
    /// [`PushError::Full`] when the chunk must be sealed first; the others when no chunk can hold the packet.
    pub fn push(&mut self, packet: &PacketRef<'_>) -> Result<(), PushError> {
        let known = self.open.numbers.last() == Some(&packet.interface) || self.open.used.contains(&packet.interface);
        let interface_bytes = match self.interfaces.get(&packet.interface) {
            None => return Err(PushError::Interface(packet.interface)),
            Some(_) if known => 0,
            Some(&(_, len)) => len,
        };
        let comment_bytes = packet.comment.map_or(0, |text| text.len() + 6);
        if packet.bytes.len() > MAX_PACKET_BYTES {
            return Err(PushError::TooLong { found: packet.bytes.len() });
        }
        if comment_bytes > MAX_COMMENT_BYTES + 6 {
            return Err(PushError::Comment { found: comment_bytes - 6 });
        }
        let open = &mut self.open;
        if open.records == 0 {
            open.seq_first = packet.id.seq;
            open.time_first = packet.id.time;
            (open.time_min, open.time_max) = (packet.id.time, packet.id.time);
        } else {
            if packet.id.seq <= open.seq_last {
                return Err(PushError::Order { last: open.seq_last.value(), found: packet.id.seq.value() });
            }
            let size = open.size() + packet.bytes.len() + MAX_COLUMNS_BYTES + comment_bytes + interface_bytes;
            if open.records as usize >= MAX_CHUNK_RECORDS || size > CHUNK_BODY_TARGET {
                return Err(PushError::Full);
            }
        }
        if !known {
            open.used.insert(packet.interface);
            open.used_bytes += interface_bytes;
        }
        open.put(packet);
        Ok(())
    }

    /// Packets in the chunk that is being filled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.records as usize
    }

    /// Whether there is nothing to seal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.records == 0
    }

    /// Bytes of packets in the chunk that is being filled.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.open.bytes.len()
    }

    /// Time of the first packet of the chunk that is being filled: when it has waited long enough, it is sealed as it is.
    #[must_use]
    pub fn first_time(&self) -> Option<Timestamp> {
        (self.open.records > 0).then_some(self.open.time_first)
    }

    /// Makes the chunk and leaves the builder empty; nothing when it is.
    pub fn seal(&mut self, no: ChunkNo) -> Option<Chunk> {
        let unsealed = self.take(no)?;
        Some(self.sealer.seal(unsealed))
    }

    /// As [`ChunkBuilder::seal`], but leaves hashing and compression to whoever has the time.
    pub fn take(&mut self, no: ChunkNo) -> Option<Unsealed> {
        if self.is_empty() {
            return None;
        }
        let Self { interfaces, open, .. } = self;
        let mut content = Vec::with_capacity(open.size());
        let body = &mut content;
        put_varint(body, open.used.len() as u64);
        for number in &open.used {
            if let Some((interface, _)) = interfaces.get(number) {
                put_interface(body, *number, interface);
            }
        }
        let interfaces_len = body.len() as u32;
        open.put_columns(body);
        let columns_len = body.len() as u32 - interfaces_len;
        body.extend_from_slice(&open.bytes);
        let header = Header {
            id: ChunkId { stream: self.stream, no },
            kind: ChunkKind::Packets(self.class),
            records: open.records,
            time_min: open.time_min,
            time_max: open.time_max,
            seq_first: open.seq_first,
            seq_last: open.seq_last,
            interfaces_len,
            columns_len,
            ..blank(self.stream, no)
        };
        self.open.clear();
        Some(Unsealed(Content::Open { header, body: content }))
    }
}

impl Open {
    fn put(&mut self, packet: &PacketRef<'_>) {
        let first = self.records == 0;
        let captured = packet.bytes.len();
        if !first {
            put_zigzag(&mut self.columns[TIME], packet.id.time.0.wrapping_sub(self.time_last.0) as i64);
        }
        let skipped = if first { 0 } else { packet.id.seq.value() - self.seq_last.value() - 1 };
        put_varint(&mut self.columns[SEQ], skipped);
        put_varint(&mut self.columns[CAPTURED], captured as u64);
        let longer = i64::from(packet.orig_len) - captured as i64;
        put_zigzag(&mut self.columns[ORIGINAL], longer);
        put_varint(&mut self.columns[FLAGS], packet.flags.into());
        self.filled[SEQ] |= skipped != 0;
        self.filled[ORIGINAL] |= longer != 0;
        self.filled[FLAGS] |= packet.flags != 0;
        if let Some(comment) = packet.comment {
            let distance = self.last_comment.map_or(self.records, |last| self.records - last - 1);
            put_varint(&mut self.columns[COMMENTS], distance.into());
            put_varint(&mut self.columns[COMMENTS], comment.len() as u64);
            self.columns[COMMENTS].extend_from_slice(comment.as_bytes());
            self.last_comment = Some(self.records);
        }
        self.numbers.push(packet.interface);
        self.bytes.extend_from_slice(packet.bytes);
        self.time_last = packet.id.time;
        self.time_min = self.time_min.min(packet.id.time);
        self.time_max = self.time_max.max(packet.id.time);
        self.seq_last = packet.id.seq;
        self.records += 1;
    }

    fn put_columns(&mut self, body: &mut Vec<u8>) {
        let mut first_time = Vec::with_capacity(10);
        put_zigzag(&mut first_time, self.time_first.0.wrapping_sub(self.time_min.0) as i64);
        if self.used.len() > 1 {
            let used: Vec<u16> = self.used.iter().copied().collect();
            for number in &self.numbers {
                let index = used.binary_search(number).unwrap_or_default();
                put_varint(&mut self.columns[INTERFACE], index as u64);
            }
            self.filled[INTERFACE] = true;
        }
        for at in [SEQ, ORIGINAL, INTERFACE, FLAGS] {
            if !self.filled[at] {
                self.columns[at].clear();
            }
        }
        for (at, column) in self.columns.iter().enumerate() {
            let len = column.len() + if at == TIME { first_time.len() } else { 0 };
            body.extend_from_slice(&(len as u32).to_le_bytes());
        }
        body.extend_from_slice(&first_time);
        self.columns.iter().for_each(|column| body.extend_from_slice(column));
    }
}

/// A chunk of gaps: as many from the front of `gaps` as one chunk holds, and the rest. No chunk when there are none.
#[must_use]
pub fn gaps_chunk(stream: StreamId, no: ChunkNo, gaps: &[Gap]) -> (Option<Chunk>, &[Gap]) {
    let (now, rest) = gaps.split_at(gaps.len().min(MAX_CHUNK_RECORDS));
    let Some(time_min) = now.iter().map(|gap| gap.from).min() else {
        return (None, rest);
    };
    let time_max = now.iter().map(|gap| gap.until.max(gap.from)).max().unwrap_or(time_min);
    let mut body = Vec::new();
    now.iter().for_each(|gap| gaps::put(&mut body, gap, time_min));
    let kind = ChunkKind::Gaps;
    let header = Header { kind, records: now.len() as u32, time_min, time_max, ..blank(stream, no) };
    (Some(finish(header, &body, &mut Compressor::new(Compression::Fast))), rest)
}

/// A chunk of notes. They have no time of their own: `at` is where retention and time ranges place them.
///
/// # Errors
/// When there are none, or more than a chunk holds.
pub fn notes_chunk(stream: StreamId, no: ChunkNo, at: Timestamp, notes: &[Note]) -> Result<Chunk, NoteError> {
    if notes.is_empty() || notes.len() > MAX_CHUNK_RECORDS {
        return Err(NoteError::Count { found: notes.len(), limit: MAX_CHUNK_RECORDS });
    }
    let mut body = Vec::new();
    for note in notes {
        notes::put(&mut body, note)?;
    }
    if body.len() > MAX_CHUNK_BODY {
        return Err(NoteError::TooLarge { found: body.len(), limit: MAX_CHUNK_BODY });
    }
    let kind = ChunkKind::Notes;
    let header = Header { kind, records: notes.len() as u32, time_min: at, time_max: at, ..blank(stream, no) };
    Ok(finish(header, &body, &mut Compressor::new(Compression::Fast)))
}

/// A header with nothing in it but its name.
fn blank(stream: StreamId, no: ChunkNo) -> Header {
    Header {
        id: ChunkId { stream, no },
        kind: ChunkKind::Notes,
        records: 0,
        time_min: Timestamp::MIN,
        time_max: Timestamp::MIN,
        seq_first: Seq::default(),
        seq_last: Seq::default(),
        body_len: 0,
        interfaces_len: 0,
        columns_len: 0,
        hash: ContentHash([0; 16]),
        codec: Codec::Raw,
        stored_len: 0,
        body_crc: 0,
    }
}

fn finish(mut header: Header, body: &[u8], compressor: &mut Compressor) -> Chunk {
    header.body_len = body.len() as u32;
    header.hash = content_hash(&header.to_bytes()[..HASHED_BYTES], body);
    let (codec, stored) = compressor.compress(body);
    header.codec = codec;
    header.stored_len = stored.len() as u32;
    header.body_crc = crc32fast::hash(stored);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + stored.len());
    bytes.extend_from_slice(&header.to_bytes());
    bytes.extend_from_slice(stored);
    Chunk { header, bytes: Bytes::from(bytes) }
}

fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
    }
}
