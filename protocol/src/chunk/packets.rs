//! The packets of a chunk, read without an allocation for each.

use std::ops::Range;

use bytes::Bytes;

use super::notes::take_interface;
use super::{ChunkError, Header, Interface};
use crate::cursor::{Cursor, Short};
use crate::ids::{PacketId, Seq, StreamId};
use crate::limits::{MAX_CHUNK_RECORDS, MAX_COMMENT_BYTES, MAX_PACKET_BYTES};
use crate::time::Timestamp;

pub(super) const COLUMNS: usize = 7;
pub(super) const COLUMNS_HEAD: usize = COLUMNS * 4;
pub(super) const TIME: usize = 0;
pub(super) const SEQ: usize = 1;
pub(super) const CAPTURED: usize = 2;
pub(super) const ORIGINAL: usize = 3;
pub(super) const INTERFACE: usize = 4;
pub(super) const FLAGS: usize = 5;
pub(super) const COMMENTS: usize = 6;

/// Says that the source gave the packet no time (a simple packet block); its id then has the time 0. The bit is one that
/// `epb_flags` reserves (draft-ietf-opsawg-pcapng, section 4.3.1) and never leaves the cluster.
pub const NO_TIME: u32 = 1 << 15;

/// One packet, borrowed from its chunk or from whoever captured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketRef<'a> {
    pub id: PacketId,
    /// Number of the interface in the stream.
    pub interface: u16,
    /// Bytes that the packet had on the wire; damaged files state less than was kept, so nothing may be concluded from that.
    pub orig_len: u32,
    /// pcapng's `epb_flags`, 0 when not known: direction, reception type, errors; and [`NO_TIME`].
    pub flags: u32,
    /// The bytes that were kept.
    pub bytes: &'a [u8],
    pub comment: Option<&'a str>,
}

/// The packets of one chunk: decompressed, and checked from the first to the last.
#[derive(Clone, Debug)]
pub struct Packets {
    stream: StreamId,
    len: u32,
    time_min: Timestamp,
    seq_first: Seq,
    body: Bytes,
    interfaces: Vec<(u16, Interface)>,
    columns: [Range<usize>; COLUMNS],
    bytes: Range<usize>,
}

impl Packets {
    pub(super) fn parse(header: &Header, body: Bytes) -> Result<Self, ChunkError> {
        let table_end = header.interfaces_len as usize;
        let columns_end = table_end + header.columns_len as usize;
        let interfaces = parse_interfaces(body.get(..table_end).unwrap_or_default())?;
        let columns = parse_columns(&body, table_end..columns_end)?;
        let bytes = columns_end..body.len();
        let packets = Self {
            stream: header.id.stream,
            len: header.records,
            time_min: header.time_min,
            seq_first: header.seq_first,
            body,
            interfaces,
            columns,
            bytes,
        };
        packets.check(header)?;
        Ok(packets)
    }

    /// The stream that they are of.
    #[must_use]
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// How many there are; never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a chunk without packets does not exist")]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// The interface with this number in the stream, if a packet of this chunk came from it.
    #[must_use]
    pub fn interface(&self, number: u16) -> Option<&Interface> {
        let at = self.interfaces.binary_search_by_key(&number, |&(number, _)| number).ok()?;
        self.interfaces.get(at).map(|(_, interface)| interface)
    }

    /// The interfaces that packets of this chunk came from, with their numbers in the stream, by rising number.
    pub fn interfaces(&self) -> impl Iterator<Item = (u16, &Interface)> {
        self.interfaces.iter().map(|(number, interface)| (*number, interface))
    }

    /// The packet with this id.
    #[must_use]
    pub fn find(&self, id: PacketId) -> Option<PacketRef<'_>> {
        self.iter().find(|packet| packet.id == id)
    }

    /// The packets in the order of their sequence.
    #[must_use]
    pub fn iter(&self) -> PacketIter<'_> {
        let column = |at: usize| Cursor::new(self.body.get(self.columns[at].clone()).unwrap_or_default());
        let optional = |at: usize| (!self.columns[at].is_empty()).then(|| column(at));
        let mut iter = PacketIter {
            left: self.len,
            time: self.time_min.0,
            seq_least: self.seq_first.value(),
            interfaces: &self.interfaces,
            times: column(TIME),
            seqs: optional(SEQ),
            captured: column(CAPTURED),
            original: optional(ORIGINAL),
            interface: optional(INTERFACE),
            flags: optional(FLAGS),
            comments: column(COMMENTS),
            until_comment: None,
            bytes: Cursor::new(self.body.get(self.bytes.clone()).unwrap_or_default()),
        };
        iter.until_comment = iter.comment_distance().unwrap_or(None);
        iter
    }

    /// Goes through all packets once; afterwards the iterator cannot meet anything wrong.
    fn check(&self, header: &Header) -> Result<(), ChunkError> {
        let invalid = |_: Short| ChunkError::Invalid("packet");
        let mut iter = self.iter();
        let (mut least, mut greatest, mut first, mut last) = (Timestamp::MAX, Timestamp::MIN, None, None);
        let mut used = vec![false; self.interfaces.len()];
        while let Some((packet, index)) = iter.step().map_err(invalid)? {
            least = least.min(packet.id.time);
            greatest = greatest.max(packet.id.time);
            first = first.or(Some(packet.id.seq));
            last = Some(packet.id.seq);
            used[index] = true;
        }
        if least != header.time_min || greatest != header.time_max {
            return Err(ChunkError::Invalid("time range"));
        }
        if first != Some(header.seq_first) || last != Some(header.seq_last) {
            return Err(ChunkError::Invalid("sequence range"));
        }
        if !iter.is_spent() || used.contains(&false) {
            return Err(ChunkError::Invalid("column"));
        }
        Ok(())
    }
}

impl<'a> IntoIterator for &'a Packets {
    type Item = PacketRef<'a>;
    type IntoIter = PacketIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// See [`Packets::iter`].
#[derive(Clone, Debug)]
pub struct PacketIter<'a> {
    left: u32,
    time: u64,
    /// The least that the next packet's may be.
    seq_least: u64,
    interfaces: &'a [(u16, Interface)],
    times: Cursor<'a>,
    seqs: Option<Cursor<'a>>,
    captured: Cursor<'a>,
    original: Option<Cursor<'a>>,
    interface: Option<Cursor<'a>>,
    flags: Option<Cursor<'a>>,
    comments: Cursor<'a>,
    /// Packets before the next one with a comment.
    until_comment: Option<u64>,
    bytes: Cursor<'a>,
}

/// The next value of a column that may be left out when it is all zero.
#[inline]
fn optional<'a, T: Default>(
    column: &mut Option<Cursor<'a>>,
    read: fn(&mut Cursor<'a>) -> Result<T, Short>,
) -> Result<T, Short> {
    column.as_mut().map_or(Ok(T::default()), read)
}

impl<'a> PacketIter<'a> {
    /// The next packet and the index of its interface in the table.
    #[inline]
    fn step(&mut self) -> Result<Option<(PacketRef<'a>, usize)>, Short> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        self.time = self.time.wrapping_add(self.times.zigzag()? as u64);
        let skipped = optional(&mut self.seqs, Cursor::varint)?;
        let seq = self.seq_least.checked_add(skipped).and_then(Seq::from_value).ok_or(Short)?;
        self.seq_least = seq.value() + 1;
        let captured = self.captured.varint()?;
        if captured > MAX_PACKET_BYTES as u64 {
            return Err(Short);
        }
        let longer = optional(&mut self.original, Cursor::zigzag)?;
        let orig_len = (captured as i64).checked_add(longer).ok_or(Short)?;
        let index = optional(&mut self.interface, Cursor::varint_u16)?;
        let interface = self.interfaces.get(usize::from(index)).ok_or(Short)?.0;
        let flags = optional(&mut self.flags, Cursor::varint_u32)?;
        let comment = self.take_comment()?;
        let packet = PacketRef {
            id: PacketId { time: Timestamp(self.time), seq },
            interface,
            orig_len: u32::try_from(orig_len).map_err(|_| Short)?,
            flags,
            bytes: self.bytes.take(captured as usize)?,
            comment,
        };
        Ok(Some((packet, usize::from(index))))
    }

    #[inline]
    fn take_comment(&mut self) -> Result<Option<&'a str>, Short> {
        match &mut self.until_comment {
            None => Ok(None),
            Some(0) => {
                let text = self.comments.text()?;
                if text.len() > MAX_COMMENT_BYTES {
                    return Err(Short);
                }
                self.until_comment = self.comment_distance()?;
                Ok(Some(text))
            }
            Some(packets) => {
                *packets -= 1;
                Ok(None)
            }
        }
    }

    fn comment_distance(&mut self) -> Result<Option<u64>, Short> {
        if self.comments.is_empty() { Ok(None) } else { self.comments.varint().map(Some) }
    }

    /// Whether every column was read to its end.
    fn is_spent(&self) -> bool {
        let always = [&self.times, &self.captured, &self.comments, &self.bytes];
        let optional = [&self.seqs, &self.original, &self.interface, &self.flags];
        always.iter().all(|column| column.is_empty())
            && optional.iter().all(|column| column.as_ref().is_none_or(Cursor::is_empty))
            && self.until_comment.is_none()
    }
}

impl<'a> Iterator for PacketIter<'a> {
    type Item = PacketRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // `Packets::check` went this way without an error.
        self.step().ok().flatten().map(|(packet, _)| packet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for PacketIter<'_> {}

fn parse_interfaces(table: &[u8]) -> Result<Vec<(u16, Interface)>, ChunkError> {
    let invalid = |_: Short| ChunkError::Invalid("interface table");
    let mut cursor = Cursor::new(table);
    let count = cursor.varint().map_err(invalid)?;
    if count > MAX_CHUNK_RECORDS as u64 {
        return Err(ChunkError::Limit { what: "interfaces", limit: MAX_CHUNK_RECORDS, found: count });
    }
    let mut interfaces: Vec<(u16, Interface)> = Vec::new();
    for _ in 0..count {
        let next = take_interface(&mut cursor).map_err(invalid)?;
        if interfaces.last().is_some_and(|last| last.0 >= next.0) {
            return Err(ChunkError::Invalid("interface table"));
        }
        interfaces.push(next);
    }
    if cursor.is_empty() { Ok(interfaces) } else { Err(ChunkError::Invalid("interface table")) }
}

fn parse_columns(body: &[u8], block: Range<usize>) -> Result<[Range<usize>; COLUMNS], ChunkError> {
    let invalid = || ChunkError::Invalid("column");
    let lengths = body.get(block.clone()).and_then(|block| block.first_chunk::<COLUMNS_HEAD>()).ok_or_else(invalid)?;
    let mut at = block.start + COLUMNS_HEAD;
    let mut columns: [Range<usize>; COLUMNS] = Default::default();
    for (column, length) in columns.iter_mut().zip(lengths.chunks_exact(4)) {
        let length = length.first_chunk::<4>().map_or(0, |four| u32::from_le_bytes(*four) as usize);
        let end = at.checked_add(length).filter(|&end| end <= block.end).ok_or_else(invalid)?;
        *column = at..end;
        at = end;
    }
    if at == block.end { Ok(columns) } else { Err(invalid()) }
}
