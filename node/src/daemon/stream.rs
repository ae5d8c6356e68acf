//! The stored packets of one stream, in the order in which they were captured.

use std::collections::VecDeque;

use packetstream_dissect::{Numbering, Packet};
use packetstream_protocol::chunk::{ChunkKind, Class};
use packetstream_protocol::ids::ChunkId;
use packetstream_protocol::{ChunkNo, Interface, PacketId, PacketRef, Packets, StreamId, Timestamp};
use packetstream_storage::{ChunkStore, Entry, EntryQuery, Scope, StoreError};

use super::answer::Source;
use crate::packet;

/// A stream whose chunks are read one after the other: of each class at most one is open.
///
/// Signalling and media lie in chunks of their own, each in capture order; they are merged by sequence number.
pub(crate) struct StreamReader {
    runs: [Run; 2],
    /// Chunks that were announced and could not be read.
    missing: Vec<ChunkNo>,
    /// Frames so far, and the times that the next one is told.
    numbering: Numbering,
}

/// The chunks of one class.
#[derive(Default)]
struct Run {
    /// Those that are to be opened.
    chunks: VecDeque<ChunkId>,
    open: Option<Open>,
}

/// A chunk that is being read: its packets one behind the other, and what is said of each.
struct Open {
    packets: Packets,
    bytes: Vec<u8>,
    places: Vec<Place>,
    at: usize,
}

struct Place {
    id: PacketId,
    interface: u16,
    orig_len: u32,
    flags: u32,
    comment: Option<Box<str>>,
    start: usize,
    end: usize,
}

impl Open {
    fn new(packets: Packets) -> Self {
        let mut bytes = Vec::new();
        let places = packets.iter().map(|packet| {
            let start = bytes.len();
            bytes.extend_from_slice(packet.bytes);
            Place {
                id: packet.id,
                interface: packet.interface,
                orig_len: packet.orig_len,
                flags: packet.flags,
                comment: packet.comment.map(Into::into),
                start,
                end: bytes.len(),
            }
        });
        let places = places.collect();
        Self { packets, bytes, places, at: 0 }
    }

    fn front(&self) -> Option<&Place> {
        self.places.get(self.at)
    }

    fn packet(&self, at: usize) -> Option<PacketRef<'_>> {
        let place = self.places.get(at)?;
        Some(PacketRef {
            id: place.id,
            interface: place.interface,
            orig_len: place.orig_len,
            flags: place.flags,
            bytes: self.bytes.get(place.start..place.end)?,
            comment: place.comment.as_deref(),
        })
    }
}

/// A packet together with what the answer needs to say of it.
pub(crate) struct Stored<'a> {
    pub(crate) packet: Packet<'a>,
    pub(crate) raw: PacketRef<'a>,
    pub(crate) interface: &'a Interface,
}

/// All entries of a stream with packets, and the packets and gaps that its captures lost.
pub(crate) fn entries(store: &dyn ChunkStore, stream: StreamId) -> Result<Vec<Entry>, StoreError> {
    let mut query = EntryQuery::all(Scope::Stream(stream));
    let mut all = Vec::new();
    loop {
        let page = store.entries(&query)?;
        all.extend(page.entries);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// How many octets of chunks are read before and behind the times that are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Context {
    pub(crate) before: u64,
    pub(crate) after: u64,
}

/// A part of a stream: chunks, and what is known of the packets before them.
pub(crate) type Part = (Vec<Entry>, Numbering);

/// The chunks of packets that reach into the times asked for, with those around them that `context` has room for: the nearest.
pub(crate) fn around(entries: &[Entry], since: Timestamp, until: Timestamp, context: Context) -> Part {
    let packets = || entries.iter().filter(|entry| matches!(entry.kind, ChunkKind::Packets(_)));
    let mut kept: Vec<Entry> = packets().filter(|entry| entry.overlaps(since, until)).cloned().collect();
    let (mut count, mut last) = (0, Timestamp::MIN);
    let mut before: Vec<&Entry> = packets().filter(|entry| entry.time_max < since).collect();
    before.sort_by_key(|entry| std::cmp::Reverse((entry.time_max, entry.seq_last)));
    let mut room = Some(context.before);
    for entry in before {
        room = room.and_then(|room| room.checked_sub(entry.bytes.into()));
        if room.is_some() {
            kept.push(entry.clone());
        } else {
            count += u64::from(entry.records);
            last = last.max(entry.time_max);
        }
    }
    let mut behind: Vec<&Entry> = packets().filter(|entry| entry.time_min > until).collect();
    behind.sort_by_key(|entry| (entry.time_min, entry.seq_first));
    let mut room = context.after;
    kept.extend(behind.into_iter().map_while(|entry| {
        room = room.checked_sub(entry.bytes.into())?;
        Some(entry.clone())
    }));
    let first = packets().min_by_key(|entry| entry.seq_first).map_or(Timestamp::MIN, |entry| entry.time_min);
    (kept, Numbering::behind(count, packet::nanoseconds(first), packet::nanoseconds(last)))
}

impl StreamReader {
    /// Of a part of a stream.
    pub(crate) fn of((entries, numbering): Part) -> Self {
        Self { numbering, ..Self::new(&entries) }
    }

    pub(crate) fn new(entries: &[Entry]) -> Self {
        let run = |class| {
            let mut entries: Vec<Entry> =
                entries.iter().filter(|entry| entry.kind == ChunkKind::Packets(class)).cloned().collect();
            entries.sort_by_key(|entry| entry.seq_first);
            Run { chunks: entries.iter().map(|entry| entry.id).collect(), open: None }
        };
        Self { runs: [run(Class::Signalling), run(Class::Media)], missing: Vec::new(), numbering: Numbering::default() }
    }

    /// Chunks that could not be read, so far.
    pub(crate) fn missing(&self) -> &[ChunkNo] {
        &self.missing
    }

    /// The capture time of the next packet, without taking it.
    pub(crate) fn peek(&mut self, source: &Source<'_>) -> Option<Timestamp> {
        let run = self.front(source)?;
        self.runs[run].open.as_ref()?.front().map(|place| place.id.time)
    }

    /// One more chunk of packets, behind those of its class that are known.
    pub(crate) fn push(&mut self, id: ChunkId, class: Class) {
        self.runs[usize::from(class == Class::Media)].chunks.push_back(id);
    }

    /// Which class the next packet is of, and its id, without taking it.
    pub(crate) fn peek_id(&mut self, source: &Source<'_>) -> Option<(Class, PacketId)> {
        let run = self.front(source)?;
        let id = self.runs[run].open.as_ref()?.front()?.id;
        Some((if run == 0 { Class::Signalling } else { Class::Media }, id))
    }

    /// The next packet in the order of capture.
    pub(crate) fn next(&mut self, source: &Source<'_>) -> Option<Stored<'_>> {
        let at = self.front(source)?;
        let open = self.runs[at].open.as_mut()?;
        open.at += 1;
        let raw = open.packet(open.at - 1)?;
        let interface = open.packets.interface(raw.interface)?;
        let mut packet = packet::of_chunk(raw, interface);
        self.numbering.number(&mut packet);
        Some(Stored { packet, raw, interface })
    }

    /// The run whose next packet was captured first.
    fn front(&mut self, source: &Source<'_>) -> Option<usize> {
        for run in &mut self.runs {
            run.fill(source, &mut self.missing);
        }
        let [signalling, media] = [self.runs[0].sequence(), self.runs[1].sequence()];
        match (signalling, media) {
            (None, None) => None,
            (Some(_), None) => Some(0),
            (None, Some(_)) => Some(1),
            (Some(a), Some(b)) => Some(usize::from(b < a)),
        }
    }
}

impl Run {
    fn sequence(&self) -> Option<u64> {
        self.open.as_ref()?.front().map(|place| place.id.seq.value())
    }

    /// Opens the next chunk when the one before is done; one that cannot be read is noted and passed over.
    fn fill(&mut self, source: &Source<'_>, missing: &mut Vec<ChunkNo>) {
        while self.sequence().is_none() {
            self.open = None;
            let Some(id) = self.chunks.pop_front() else { return };
            match source.packets(id) {
                Some(packets) => self.open = Some(Open::new(packets)),
                None => missing.push(id.no),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use packetstream_protocol::chunk::ContentHash;
    use packetstream_protocol::{Epoch, HostId, Seq};
    use packetstream_storage::ZoneMap;

    use super::*;

    /// Chunks of ten packets a second, ten octets each, one a second from second 0 on.
    fn chunks(count: u64) -> Vec<Entry> {
        (0..count)
            .map(|no| Entry {
                id: ChunkId {
                    stream: StreamId { host: HostId::from_bytes([1; 16]), epoch: Epoch(1) },
                    no: ChunkNo(no),
                },
                kind: ChunkKind::Packets(Class::Media),
                records: 10,
                time_min: Timestamp(no * 1000),
                time_max: Timestamp(no * 1000 + 999),
                seq_first: Seq::new(Epoch(1), no * 10),
                seq_last: Seq::new(Epoch(1), no * 10 + 9),
                bytes: 10,
                lost: 0,
                manifest: false,
                hash: ContentHash([0; 16]),
                zone: ZoneMap::default(),
            })
            .collect()
    }

    fn kept(since: u64, until: u64, context: Context) -> (Vec<u64>, u64) {
        let (mut entries, numbering) = around(&chunks(10), Timestamp(since), Timestamp(until), context);
        entries.sort_by_key(|entry| entry.id.no);
        (entries.iter().map(|entry| entry.id.no.0).collect(), numbering.count())
    }

    #[test]
    fn of_a_long_stream_what_was_asked_for_is_read_and_what_lies_nearest() {
        assert_eq!(kept(0, u64::MAX, Context::default()), ((0..10).collect(), 0));
        assert_eq!(kept(5500, 6500, Context::default()), (vec![5, 6], 50));
        assert_eq!(kept(5500, 6500, Context { before: 25, after: 10 }), (vec![3, 4, 5, 6, 7], 30));
        assert_eq!(kept(5500, 6500, Context { before: 1000, after: 1000 }), ((0..10).collect(), 0));
        assert_eq!(kept(99_000, u64::MAX, Context { before: 10, after: 10 }), (vec![9], 90));
    }
}
