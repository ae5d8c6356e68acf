//! One stream as the analysis takes it: packet after packet in the order of capture, as chunks arrive.
//!
//! A packet goes on when it is known that none before it is still to come: its number is the next one, or chunks of both
//! classes reach beyond it, or the import is whole. Chunks and packets that are missing are waited for, and then given up;
//! one that comes after all makes the host be read again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use packetstream_protocol::chunk::{ChunkKind, Class, Gap, GapReason};
use packetstream_protocol::ids::{ChunkId, PacketId, StreamId};
use packetstream_protocol::{ChunkNo, RangeSet, Timestamp};
use packetstream_storage::{ChunkStore, StreamUsage};

use crate::daemon::answer::Source;
use crate::daemon::stream::{Stored, StreamReader};

/// How long a chunk is waited for when later ones of its stream are here.
const HOLE_WAIT: Duration = Duration::from_secs(30);
/// How long packets of a live capture wait for earlier ones that are in no chunk yet: longer than a capture holds a chunk open.
const LIVE_WAIT: Duration = Duration::from_secs(2);
/// The same for an import, which sends its chunks by size alone.
const IMPORT_WAIT: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Feed {
    stream: StreamId,
    reader: StreamReader,
    have: RangeSet,
    /// The chunk that closes an import.
    manifest: Option<u64>,
    /// Chunks below were taken up or given up.
    next: u64,
    taken: RangeSet,
    /// Chunks of each class that were taken up and not shown to the end: the number of their last packet, and their own.
    open: [VecDeque<(u64, u64)>; 2],
    /// The last packet of each class in what was taken up.
    frontier: [Option<u64>; 2],
    /// The packet that comes next when none is missing.
    expected: Option<u64>,
    /// Chunks that were shown to the end.
    pub(super) seen: RangeSet,
    hole_since: Option<Instant>,
    waits_since: Option<Instant>,
    shown: Timestamp,
    /// A capture that goes on, not an import.
    pub(super) is_live: bool,
    pub(super) has_packets: bool,
    /// A chunk came that had been given up.
    pub(super) is_late: bool,
    /// Gaps are told in their place by whoever reads the stream again.
    pub(super) knows_gaps: bool,
    gaps: Vec<(Gap, bool)>,
}

/// The packet that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Ready(PacketId),
    /// Earlier ones may come.
    Waits(PacketId),
    Nothing,
}

impl Feed {
    /// A stream from its beginning, or from behind chunks that were looked at before.
    pub(super) fn new(stream: StreamId, done: RangeSet) -> Self {
        // What is missing below was missing then.
        let next = done.last().map_or(0, |last| last.saturating_add(1));
        Self {
            stream,
            reader: StreamReader::new(&[]),
            have: RangeSet::new(),
            manifest: None,
            next,
            taken: done.clone(),
            open: Default::default(),
            frontier: [None; 2],
            expected: (next == 0).then_some(0),
            seen: done,
            hole_since: None,
            waits_since: None,
            shown: Timestamp::MIN,
            is_live: false,
            has_packets: false,
            is_late: false,
            knows_gaps: false,
            gaps: Vec::new(),
        }
    }

    /// What the store holds now.
    pub(super) fn refresh(&mut self, usage: StreamUsage) {
        self.manifest = usage.manifest.map(|no| no.0);
        let new = usage.have.difference(&self.taken);
        self.is_late |= new.first().is_some_and(|first| first < self.next);
        self.have = usage.have;
    }

    /// Whether all of an import was taken up.
    pub(super) fn is_whole(&self) -> bool {
        self.manifest.is_some_and(|no| self.next > no)
    }

    /// Whether these are here.
    pub(super) fn has(&self, chunks: &RangeSet) -> bool {
        self.have.is_superset(chunks)
    }

    /// Chunks that are here and were not looked at to the end.
    pub(super) fn behind(&self) -> u64 {
        self.have.difference(&self.seen).count()
    }

    /// Gaps since it was asked last, and of each whether a file told it at its end.
    pub(super) fn take_gaps(&mut self) -> Vec<(Gap, bool)> {
        std::mem::take(&mut self.gaps)
    }

    /// Takes up the next chunk; false when there is none.
    fn take_up(&mut self, store: &dyn ChunkStore, now: Instant) -> bool {
        if !self.have.contains(self.next) {
            let Some(after) = self.have.ranges().iter().map(|range| range.0).find(|first| *first > self.next) else {
                self.hole_since = None;
                return false;
            };
            if now.duration_since(*self.hole_since.get_or_insert(now)) < HOLE_WAIT {
                return false;
            }
            if self.next > 0 {
                let (from, packets, interface) = (self.shown, 0, None);
                let gap = Gap { from, until: from, packets, reason: GapReason::Queue, interface };
                self.gaps.push((gap, false));
                self.expected = None;
            }
            self.next = after;
        }
        self.hole_since = None;
        let id = ChunkId { stream: self.stream, no: ChunkNo(self.next) };
        self.taken.insert(self.next);
        self.next += 1;
        // One that is gone or damaged is passed over; its repair does not come back here.
        let Ok(Some(chunk)) = store.get(id) else {
            self.seen.insert(id.no.0);
            return true;
        };
        let header = chunk.header();
        match header.kind {
            ChunkKind::Packets(class) => {
                self.reader.push(id, class);
                let last = header.seq_last.counter();
                self.frontier[place(class)] = Some(last);
                self.open[place(class)].push_back((last, id.no.0));
                self.has_packets = true;
            }
            kind => {
                // An import tells what is no packet at its end, a capture at its beginning.
                self.is_live |= kind == ChunkKind::Notes && id.no.0 == 0;
                if kind == ChunkKind::Gaps && !self.knows_gaps {
                    let told = chunk.gaps().unwrap_or_default();
                    self.gaps.extend(told.into_iter().map(|gap| (gap, !self.is_live)));
                }
                self.seen.insert(id.no.0);
            }
        }
        true
    }

    /// Looks for the next packet.
    pub(super) fn head(&mut self, source: &Source<'_>, now: Instant) -> Head {
        loop {
            let Some((class, id)) = self.reader.peek_id(source) else {
                if self.take_up(source.store, now) {
                    continue;
                }
                return Head::Nothing;
            };
            let counter = id.seq.counter();
            let other = self.frontier[1 - place(class)];
            if self.expected == Some(counter) || other.is_some_and(|last| last >= counter) || self.is_whole() {
                return Head::Ready(id);
            }
            if self.take_up(source.store, now) {
                continue;
            }
            let patience = if self.is_live { LIVE_WAIT } else { IMPORT_WAIT };
            let waited = now.duration_since(*self.waits_since.get_or_insert(now)) >= patience;
            return if waited && !self.is_whole() { Head::Ready(id) } else { Head::Waits(id) };
        }
    }

    /// Takes the packet that [`Feed::head`] showed, and says in which chunk it is.
    pub(super) fn next<'a>(&'a mut self, source: &Source<'_>, id: PacketId) -> Option<(Stored<'a>, Option<u64>)> {
        let counter = id.seq.counter();
        self.waits_since = None;
        self.expected = Some(counter.saturating_add(1));
        self.shown = id.time;
        let of = |queue: &VecDeque<(u64, u64)>| queue.front().map(|(_, no)| *no);
        let (class, _) = self.reader.peek_id(source)?;
        let chunk = of(&self.open[place(class)]);
        for queue in &mut self.open {
            while let Some((_, no)) = queue.pop_front_if(|(last, _)| *last <= counter) {
                self.seen.insert(no);
            }
        }
        Some((self.reader.next(source)?, chunk))
    }
}

const fn place(class: Class) -> usize {
    match class {
        Class::Signalling => 0,
        Class::Media => 1,
    }
}
