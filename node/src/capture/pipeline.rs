//! From packets to chunks: gives each packet its id, sorts by class, and numbers the chunks of a stream densely.
//!
//! Holds no clock and no file: the live capture and the import drive it. Chunks leave through a sink that may refuse
//! one (its queue is full); the packets of a refused chunk become a gap, and its number goes to the next, so that
//! nothing ever waits here and nothing is missing without a record.

use packetstream_protocol::chunk::{
    ChunkBuilder, Class, Compression, Gap, GapReason, Interface, Note, NoteError, PacketRef, PushError, Unsealed,
    gaps_chunk, notes_chunk,
};
use packetstream_protocol::ids::{ChunkNo, PacketId, Seq, StreamId};
use packetstream_protocol::limits::MAX_COMMENT_BYTES;
use packetstream_protocol::time::Timestamp;

use super::class::classify;

/// Gaps that wait for their chunk; when there are more, those of one reason and interface become one.
pub const MAX_PENDING_GAPS: usize = 1024;

/// A packet as it comes from an interface or a file.
#[derive(Debug, Clone, Copy)]
pub struct Captured<'a> {
    pub time: Timestamp,
    /// Number of the interface in the stream, as declared.
    pub interface: u16,
    pub link_type: u16,
    pub orig_len: u32,
    /// pcapng's `epb_flags`.
    pub flags: u32,
    pub bytes: &'a [u8],
    /// Cut to [`MAX_COMMENT_BYTES`].
    pub comment: Option<&'a str>,
}

/// Where chunks go, still to be sealed; false when there is no room for one.
pub type Sink<'a> = dyn FnMut(Unsealed) -> bool + 'a;

/// The packets of one stream on their way into chunks.
pub struct Pipeline {
    stream: StreamId,
    /// Of signalling and of media.
    open: [Open; 2],
    next_no: u64,
    /// Packets so far, which is the counter of the next one.
    packets: u64,
    refused: u64,
    gaps: Vec<Gap>,
}

struct Open {
    builder: ChunkBuilder,
    /// When the first packet of the chunk being filled came, by the caller's clock.
    since: Option<Timestamp>,
}

impl Pipeline {
    /// An empty pipeline; its first chunk has the number 0.
    #[must_use]
    pub fn new(stream: StreamId, compression: Compression) -> Self {
        let open = |class| Open { builder: ChunkBuilder::new(stream, class, compression), since: None };
        Self {
            stream,
            open: [open(Class::Signalling), open(Class::Media)],
            next_no: 0,
            packets: 0,
            refused: 0,
            gaps: Vec::new(),
        }
    }

    /// Says what an interface is, before the first packet of it.
    pub fn declare(&mut self, number: u16, interface: &Interface) {
        for open in &mut self.open {
            open.builder.declare(number, interface);
        }
    }

    /// Takes a packet, which gets the next id; seals the chunk before it when that is full.
    ///
    /// # Errors
    /// When no chunk can hold the packet: it is too long, or of an interface that was not declared. It has used up its id.
    pub fn push(&mut self, now: Timestamp, packet: &Captured<'_>, sink: &mut Sink<'_>) -> Result<PacketId, PushError> {
        let id = PacketId { time: packet.time, seq: Seq::new(self.stream.epoch, self.packets) };
        self.packets += 1;
        let comment = packet.comment.map(|text| &text[..text.floor_char_boundary(MAX_COMMENT_BYTES)]);
        let Captured { interface, orig_len, flags, bytes, .. } = *packet;
        let record = PacketRef { id, interface, orig_len, flags, bytes, comment };
        let class = classify(packet.link_type, packet.bytes);
        match self.open(class).builder.push(&record) {
            // The counter has 36 bits: where it begins again, a chunk ends.
            Err(PushError::Full | PushError::Order { .. }) => {
                self.seal(class, sink);
                self.open(class).builder.push(&record)?;
            }
            done => done?,
        }
        self.open(class).since.get_or_insert(now);
        Ok(id)
    }

    fn open(&mut self, class: Class) -> &mut Open {
        let [signalling, media] = &mut self.open;
        match class {
            Class::Signalling => signalling,
            Class::Media => media,
        }
    }

    fn seal(&mut self, class: Class, sink: &mut Sink<'_>) {
        let no = ChunkNo(self.next_no);
        let open = self.open(class);
        open.since = None;
        let Some(chunk) = open.builder.take(no) else { return };
        let ((from, until), packets) = (chunk.times(), u64::from(chunk.records()));
        if sink(chunk) {
            self.next_no += 1;
        } else {
            self.refused += packets;
            self.gap(Gap { from, until, packets, reason: GapReason::Queue, interface: None });
        }
    }

    /// Records packets that are missing.
    pub fn gap(&mut self, gap: Gap) {
        let same = |known: &Gap| known.reason == gap.reason && known.interface == gap.interface;
        let full = self.gaps.len() >= MAX_PENDING_GAPS;
        let known = match self.gaps.last() {
            // Of a capture that does not keep up, the gaps of one run are one record.
            Some(last) if same(last) && gap.from <= last.until => self.gaps.last_mut(),
            // Where no gap is of the same kind, one more is kept: there are only so many kinds.
            _ if full => self.gaps.iter_mut().find(|known| same(known)),
            _ => None,
        };
        match known {
            Some(known) => {
                known.from = known.from.min(gap.from);
                known.until = known.until.max(gap.until);
                known.packets = known.packets.saturating_add(gap.packets);
            }
            None => self.gaps.push(gap),
        }
    }

    /// Seals what has waited since `linger_ns` or longer, and the gaps.
    pub fn flush_due(&mut self, now: Timestamp, linger_ns: u64, sink: &mut Sink<'_>) {
        for class in [Class::Signalling, Class::Media] {
            let since = self.open(class).since;
            // A clock that was set back must not make packets wait.
            if since.is_some_and(|since| now < since || now.0 - since.0 >= linger_ns) {
                self.seal(class, sink);
            }
        }
        self.flush_gaps(sink);
    }

    /// Seals everything.
    pub fn flush(&mut self, sink: &mut Sink<'_>) {
        self.seal(Class::Signalling, sink);
        self.seal(Class::Media, sink);
        self.flush_gaps(sink);
    }

    fn flush_gaps(&mut self, sink: &mut Sink<'_>) {
        while !self.gaps.is_empty() {
            let (chunk, rest) = gaps_chunk(self.stream, ChunkNo(self.next_no), &self.gaps);
            let rest = rest.to_vec();
            // Refused gaps are kept for the next time.
            if !chunk.is_some_and(|chunk| sink(chunk.into())) {
                return;
            }
            self.next_no += 1;
            self.gaps = rest;
        }
    }

    /// Writes a chunk of notes; whether the sink took it.
    ///
    /// # Errors
    /// When there are none, or more than one chunk holds.
    pub fn notes(&mut self, at: Timestamp, notes: &[Note], sink: &mut Sink<'_>) -> Result<bool, NoteError> {
        let taken = sink(notes_chunk(self.stream, ChunkNo(self.next_no), at, notes)?.into());
        self.next_no += u64::from(taken);
        Ok(taken)
    }

    #[must_use]
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// Packets pushed so far.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Packets that the sink had no room for; each is in a gap.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Chunks that the sink has taken: the number of the next one.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.next_no
    }
}

#[cfg(test)]
mod tests {
    use packetstream_protocol::chunk::ChunkKind;
    use packetstream_protocol::ids::{Epoch, HostId};
    use packetstream_protocol::limits::MAX_PACKET_BYTES;

    use packetstream_protocol::chunk::{Chunk, Sealer};

    use super::*;

    fn seal(chunk: Unsealed) -> Chunk {
        Sealer::new(Compression::Fast).seal(chunk)
    }

    fn pipeline() -> Pipeline {
        let stream = StreamId { host: HostId::from_bytes([7; 16]), epoch: Epoch(3) };
        let mut pipeline = Pipeline::new(stream, Compression::Fast);
        let interface =
            Interface { link_type: 101, snaplen: 0, resolution: 9, name: "x".into(), description: String::new() };
        pipeline.declare(0, &interface);
        pipeline
    }

    /// IPv4 with UDP between ports that mean nothing, so media.
    fn media() -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 200, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        bytes.extend([0x9c, 0x40, 0x9c, 0x42, 0, 180, 0, 0]);
        bytes.resize(200, 0x80);
        bytes
    }

    fn captured(time: u64, bytes: &[u8]) -> Captured<'_> {
        Captured {
            time: Timestamp(time),
            interface: 0,
            link_type: 101,
            orig_len: bytes.len() as u32,
            flags: 0,
            bytes,
            comment: None,
        }
    }

    #[test]
    fn classes_are_kept_apart_and_numbers_are_dense() {
        let mut pipeline = pipeline();
        let mut chunks = Vec::new();
        let mut sink = |chunk| {
            chunks.push(seal(chunk));
            true
        };
        let media = media();
        for time in 0..6000 {
            let bytes = if time % 3 == 0 { &b"no IP"[..] } else { &media };
            let id = pipeline.push(Timestamp(0), &captured(time, bytes), &mut sink).unwrap();
            assert_eq!((id.time, id.seq.counter(), id.seq.epoch18()), (Timestamp(time), time, 3));
        }
        pipeline.flush(&mut sink);
        assert_eq!(
            chunks.iter().map(|chunk| chunk.id().no.0).collect::<Vec<_>>(),
            (0..chunks.len() as u64).collect::<Vec<_>>()
        );
        assert_eq!((pipeline.chunks(), pipeline.packets()), (chunks.len() as u64, 6000));
        for (class, expected) in [(Class::Signalling, 2000), (Class::Media, 4000)] {
            let of_class = chunks.iter().filter(|chunk| chunk.header().kind == ChunkKind::Packets(class));
            assert_eq!(of_class.map(|chunk| chunk.packets().unwrap().len()).sum::<usize>(), expected);
        }
    }

    #[test]
    fn what_lingers_is_sealed_in_time() {
        let mut pipeline = pipeline();
        let mut chunks = Vec::new();
        let mut sink = |chunk: Unsealed| {
            chunks.push(chunk.records());
            true
        };
        pipeline.push(Timestamp(100), &captured(5, b"a"), &mut sink).unwrap();
        pipeline.push(Timestamp(150), &captured(6, b"b"), &mut sink).unwrap();
        pipeline.flush_due(Timestamp(199), 100, &mut sink);
        pipeline.flush_due(Timestamp(200), 100, &mut sink);
        pipeline.flush_due(Timestamp(900), 100, &mut sink);
        pipeline.push(Timestamp(1000), &captured(7, b"c"), &mut sink).unwrap();
        // The clock was set back.
        pipeline.flush_due(Timestamp(10), 100, &mut sink);
        assert_eq!(chunks, [2, 1]);
    }

    #[test]
    fn refused_chunks_become_gaps_and_their_numbers_are_used_again() {
        let mut pipeline = pipeline();
        let (mut chunks, mut room) = (Vec::new(), false);
        for round in 0..4 {
            for time in 0..10 {
                let packet = captured(round * 100 + time, b"x");
                pipeline.push(Timestamp(0), &packet, &mut |_| unreachable!("not full")).unwrap();
            }
            pipeline.flush(&mut |chunk| {
                if room {
                    chunks.push(seal(chunk));
                }
                room
            });
            room = round == 2;
        }
        let kinds: Vec<_> = chunks.iter().map(|chunk| (chunk.id().no.0, chunk.header().kind)).collect();
        assert_eq!(kinds, [(0, ChunkKind::Packets(Class::Signalling)), (1, ChunkKind::Gaps)]);
        let gaps = chunks[1].gaps().unwrap();
        assert_eq!(
            gaps.iter().map(|gap| (gap.from.0, gap.until.0, gap.packets)).collect::<Vec<_>>(),
            [(0, 9, 10), (100, 109, 10), (200, 209, 10)]
        );
        assert_eq!((pipeline.refused(), pipeline.packets()), (30, 40));
    }

    #[test]
    fn pending_gaps_are_limited() {
        let mut pipeline = pipeline();
        for n in 0..3 * MAX_PENDING_GAPS as u64 {
            let reason = if n % 2 == 0 { GapReason::Kernel } else { GapReason::Interface };
            let at = Timestamp(n * 10);
            pipeline.gap(Gap { from: at, until: at, packets: 1, reason, interface: Some(0) });
        }
        let mut chunks = Vec::new();
        pipeline.flush(&mut |chunk| {
            chunks.push(seal(chunk));
            true
        });
        let gaps = chunks[0].gaps().unwrap();
        assert_eq!(gaps.len(), MAX_PENDING_GAPS);
        assert_eq!(gaps.iter().map(|gap| gap.packets).sum::<u64>(), 3 * MAX_PENDING_GAPS as u64);
    }

    #[test]
    fn impossible_packets_are_refused_and_long_comments_cut() {
        let mut pipeline = pipeline();
        let mut chunks = Vec::new();
        let mut sink = |chunk| {
            chunks.push(seal(chunk));
            true
        };
        let long = vec![0; MAX_PACKET_BYTES + 1];
        let error = pipeline.push(Timestamp(0), &captured(1, &long), &mut sink).unwrap_err();
        assert_eq!(error, PushError::TooLong { found: MAX_PACKET_BYTES + 1 });
        let other = Captured { interface: 9, ..captured(1, b"x") };
        assert_eq!(pipeline.push(Timestamp(0), &other, &mut sink), Err(PushError::Interface(9)));
        let comment = "ü".repeat(40_000);
        let packet = Captured { comment: Some(&comment), ..captured(1, b"x") };
        pipeline.push(Timestamp(0), &packet, &mut sink).unwrap();
        pipeline.flush(&mut sink);
        let packets = chunks[0].packets().unwrap();
        assert_eq!(packets.iter().next().unwrap().comment.unwrap().len(), 65_534);
    }
}
