//! The producer's disk spool: chunks wait here until the cluster has them, through crashes and days without a link.
//!
//! ```text
//! NNNNNNNNNN.spool, little-endian
//!   0   4  magic "PSSP"
//!   4   2  version, 1
//!   6   2  zero
//!   8   8  number of the segment
//!  16   4  CRC-32 of bytes 0..16
//!  20      frames:   0  4  length of the chunk
//!                    4  4  CRC-32 of the length's four bytes and the chunk
//!                    8     the chunk
//! ```
//!
//! Segments are only appended to, and deleted whole when every chunk in them was released. What a crash leaves behind is cut off at
//! the first frame that is not whole; a new run always begins a new segment. Released chunks are not noted on the disk: after a
//! restart those of the segments that are left are sent again, which the store takes as duplicates.
//!
//! One spool belongs to one thread; a lock file keeps other processes out.

mod segment;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use packetstream_protocol::chunk::{ChunkError, Gap, GapReason};
use packetstream_protocol::ids::{ChunkId, StreamId};
use packetstream_protocol::{Chunk, RangeSet, Timestamp};
use thiserror::Error;

use segment::{FRAME_HEAD, Segment};

/// Segments that a spool may have. Its size is bounded long before; this bounds what a folder full of small files costs, as many
/// restarts leave it.
pub const MAX_SEGMENTS: usize = 4096;

/// What to do with a chunk for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Drop the oldest segment; what it held becomes gaps.
    DropOldest,
    /// Refuse the chunk: the capture drops and counts.
    Block,
}

/// When written chunks are forced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// After each chunk: nothing that was pushed is lost with the power.
    Each,
    /// When [`Spool::sync`] is called: what was pushed since may go with the power, not with the process.
    Called,
}

/// How large a spool may get and what it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpoolOptions {
    /// A segment that has grown to this is closed.
    pub segment_bytes: u64,
    /// All segments together.
    pub bytes_max: u64,
    pub when_full: WhenFull,
    pub fsync: Fsync,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, bytes_max: 4 << 30, when_full: WhenFull::DropOldest, fsync: Fsync::Called }
    }
}

/// Why the spool could not do something.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// Nothing was opened.
    #[error("another packetstream node uses {}", .0.display())]
    Locked(PathBuf),
    /// Nothing was opened.
    #[error("{} has spool format {found}, this program knows 1: use a newer packetstream", path.display())]
    Version { path: PathBuf, found: u16 },
    /// The chunk was not taken; it may be again when some are released.
    #[error("spool is full: {bytes} of {bytes_max} bytes")]
    Full { bytes: u64, bytes_max: u64 },
    /// The chunk was not taken, what was there is untouched; it works again when there is room.
    #[error("disk of {} is full", .0.display())]
    DiskFull(PathBuf),
    /// A write or sync went wrong in a way that leaves the disk unknown: the spool must be opened again.
    #[error("spool stopped taking chunks: {0}")]
    Poisoned(String),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Damaged { path: PathBuf, error: ChunkError },
}

/// Bytes at the end of a segment that were no whole frames and were cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub path: PathBuf,
    pub at: u64,
    pub bytes: u64,
}

/// What was dropped for want of room: one gap to be recorded in its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflow {
    pub stream: StreamId,
    pub chunks: RangeSet,
    pub gap: Gap,
}

/// Where a reader is. The default is the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpoolCursor {
    segment: u64,
    index: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    options: SpoolOptions,
    segments: BTreeMap<u64, Segment>,
    /// Which segment and frame a chunk is in that was not released yet.
    places: BTreeMap<ChunkId, (u64, usize)>,
    /// The segment that is appended to, if it was begun.
    open: Option<(u64, File)>,
    next: u64,
    bytes: u64,
    unsynced: bool,
    poisoned: Option<String>,
    _lock: File,
}

impl Spool {
    /// Opens the spool in this folder, making it when there is none, and reads what is left from before. Also says what had to be
    /// cut off.
    ///
    /// # Errors
    /// When another process has it, a newer version wrote it, or it cannot be read.
    pub fn open(dir: &Path, options: SpoolOptions) -> Result<(Self, Vec<Cut>), SpoolError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |error| SpoolError::Io { path, error }
        };
        fs::create_dir_all(dir).map_err(io(dir))?;
        let lock_path = dir.join("LOCK");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SpoolError::Locked(dir.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(SpoolError::Io { path: lock_path, error }),
        }
        let mut spool = Self {
            dir: dir.to_owned(),
            options,
            segments: BTreeMap::new(),
            places: BTreeMap::new(),
            open: None,
            next: 1,
            bytes: 0,
            unsynced: false,
            poisoned: None,
            _lock: lock,
        };
        let mut cuts = Vec::new();
        for number in segment::numbers(dir).map_err(io(dir))? {
            spool.next = spool.next.max(number.saturating_add(1));
            let (segment, cut) = Segment::recover(dir, number)?;
            cuts.extend(cut);
            if segment.frames.is_empty() {
                segment.delete(dir).map_err(io(dir))?;
                continue;
            }
            spool.bytes += segment.bytes;
            for (index, frame) in segment.frames.iter().enumerate() {
                spool.places.insert(frame.id, (number, index));
            }
            spool.segments.insert(number, segment);
        }
        Ok((spool, cuts))
    }

    /// Writes a chunk at the end. Returns what had to be dropped to make room: gaps, to be recorded.
    ///
    /// # Errors
    /// When the chunk was not taken. Taken chunks are safe from a crash of the process at once, from one of the machine after the
    /// next sync.
    pub fn push(&mut self, chunk: &Chunk) -> Result<Vec<Overflow>, SpoolError> {
        self.check()?;
        let needed = (FRAME_HEAD + chunk.bytes().len()) as u64;
        let overflow = self.make_room(needed)?;
        if self.open.as_ref().is_some_and(|(number, _)| self.bytes_of(*number) >= self.options.segment_bytes) {
            self.close()?;
        }
        let (number, file) = match self.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        let end = self.bytes_of(number);
        let written = segment::write_frame(&file, end, chunk);
        if let Err(error) = written {
            let path = segment::path(&self.dir, number);
            // What was there before must stay readable: half a frame at the end would hide what comes after it.
            if let Err(worse) = file.set_len(end) {
                return Err(self.poison(format!("{}: {worse}", path.display())));
            }
            self.open = Some((number, file));
            return Err(segment::classify(path, error));
        }
        self.open = Some((number, file));
        self.unsynced = true;
        self.bytes += needed;
        if let Some(segment) = self.segments.get_mut(&number) {
            self.places.insert(chunk.id(), (number, segment.frames.len()));
            segment.add(chunk.header());
        }
        if self.options.fsync == Fsync::Each {
            self.sync()?;
        }
        Ok(overflow)
    }

    /// Forces everything pushed so far to the disk.
    ///
    /// # Errors
    /// When that fails the spool takes no more chunks: after a failed sync nobody knows what is on the disk.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        self.check()?;
        if let (true, Some((number, file))) = (self.unsynced, &self.open)
            && let Err(error) = file.sync_data()
        {
            let message = format!("{}: {error}", segment::path(&self.dir, *number).display());
            return Err(self.poison(message));
        }
        self.unsynced = false;
        Ok(())
    }

    /// The first chunk at or behind the cursor that was not released, and the cursor behind it.
    ///
    /// # Errors
    /// When it cannot be read; the cursor given can be moved on with [`Spool::skip`].
    pub fn read(&self, cursor: SpoolCursor) -> Result<Option<(Chunk, SpoolCursor)>, SpoolError> {
        let Some(at) = self.find(cursor) else { return Ok(None) };
        let next = SpoolCursor { segment: at.segment, index: at.index + 1 };
        let Some(segment) = self.segments.get(&at.segment) else { return Ok(None) };
        segment.read(&self.dir, at.index).map(|chunk| Some((chunk, next)))
    }

    /// The cursor behind the chunk that [`Spool::read`] would give.
    #[must_use]
    pub fn skip(&self, cursor: SpoolCursor) -> SpoolCursor {
        self.find(cursor).map_or(cursor, |at| SpoolCursor { segment: at.segment, index: at.index + 1 })
    }

    fn find(&self, cursor: SpoolCursor) -> Option<SpoolCursor> {
        self.segments.range(cursor.segment..).find_map(|(&number, segment)| {
            let from = if number == cursor.segment { cursor.index } else { 0 };
            let index = segment.frames.iter().skip(from).position(|frame| !frame.released)?;
            Some(SpoolCursor { segment: number, index: from + index })
        })
    }

    /// Lets chunks go that the cluster has. Segments with nothing else in them are deleted.
    ///
    /// # Errors
    /// When a file cannot be deleted; the chunks are released all the same.
    pub fn release(&mut self, stream: StreamId, chunks: &RangeSet) -> Result<(), SpoolError> {
        let mut emptied = Vec::new();
        for &(first, last) in chunks.ranges() {
            let id = |no| ChunkId { stream, no: packetstream_protocol::ChunkNo(no) };
            let found: Vec<_> = self.places.range(id(first)..=id(last)).map(|(&id, &place)| (id, place)).collect();
            for (id, (number, index)) in found {
                self.places.remove(&id);
                if let Some(segment) = self.segments.get_mut(&number)
                    && segment.release(index)
                {
                    emptied.push(number);
                }
            }
        }
        for number in emptied {
            // The open segment is kept until it is worth a new file.
            let open = self.open.as_ref().is_some_and(|(open, _)| *open == number);
            if !open || self.bytes_of(number) >= self.options.segment_bytes / 4 {
                self.delete(number)?;
            }
        }
        Ok(())
    }

    /// Bytes of all segments.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Chunks that were not released yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether every chunk was released.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Numbers of the chunks of each stream that were not released yet.
    #[must_use]
    pub fn unreleased(&self) -> BTreeMap<StreamId, RangeSet> {
        let mut streams: BTreeMap<StreamId, RangeSet> = BTreeMap::new();
        for id in self.places.keys() {
            streams.entry(id.stream).or_default().insert(id.no.0);
        }
        streams
    }

    fn check(&self) -> Result<(), SpoolError> {
        self.poisoned.as_ref().map_or(Ok(()), |why| Err(SpoolError::Poisoned(why.clone())))
    }

    fn poison(&mut self, why: String) -> SpoolError {
        self.poisoned = Some(why.clone());
        SpoolError::Poisoned(why)
    }

    fn bytes_of(&self, number: u64) -> u64 {
        self.segments.get(&number).map_or(0, |segment| segment.bytes)
    }

    fn make_room(&mut self, needed: u64) -> Result<Vec<Overflow>, SpoolError> {
        let mut overflow = Vec::new();
        let full = |spool: &Self| {
            let new = if spool.open.is_none() { segment::HEAD as u64 } else { 0 };
            spool.bytes + new + needed > spool.options.bytes_max || spool.segments.len() >= MAX_SEGMENTS
        };
        while full(self) {
            let oldest = self.segments.first_key_value().map(|(&number, _)| number);
            match (self.options.when_full, oldest) {
                (WhenFull::DropOldest, Some(oldest)) => {
                    if let Some(segment) = self.segments.get(&oldest) {
                        overflow.extend(lost(segment));
                    }
                    self.delete(oldest)?;
                }
                // Nothing in it is waiting any more: that is no loss.
                (WhenFull::Block, Some(oldest))
                    if self.segments.get(&oldest).is_some_and(|segment| segment.waiting == 0) =>
                {
                    self.delete(oldest)?;
                }
                _ => return Err(SpoolError::Full { bytes: self.bytes, bytes_max: self.options.bytes_max }),
            }
        }
        Ok(overflow)
    }

    fn begin(&mut self) -> Result<(u64, File), SpoolError> {
        let number = self.next;
        let (segment, file) = Segment::create(&self.dir, number)?;
        self.next += 1;
        self.bytes += segment.bytes;
        self.segments.insert(number, segment);
        Ok((number, file))
    }

    fn close(&mut self) -> Result<(), SpoolError> {
        self.sync()?;
        self.open = None;
        Ok(())
    }

    fn delete(&mut self, number: u64) -> Result<(), SpoolError> {
        if self.open.as_ref().is_some_and(|(open, _)| *open == number) {
            self.open = None;
            self.unsynced = false;
        }
        let Some(segment) = self.segments.remove(&number) else { return Ok(()) };
        self.bytes -= segment.bytes;
        for frame in &segment.frames {
            if self.places.get(&frame.id).is_some_and(|&(place, _)| place == number) {
                self.places.remove(&frame.id);
            }
        }
        segment.delete(&self.dir).map_err(|error| SpoolError::Io { path: segment::path(&self.dir, number), error })
    }
}

/// One gap for each stream with chunks in a segment that are about to go unsent.
fn lost(segment: &Segment) -> Vec<Overflow> {
    let mut streams: BTreeMap<StreamId, Overflow> = BTreeMap::new();
    for frame in segment.frames.iter().filter(|frame| !frame.released) {
        let stream = frame.id.stream;
        let lost = streams.entry(stream).or_insert_with(|| Overflow {
            stream,
            chunks: RangeSet::new(),
            gap: Gap {
                from: Timestamp::MAX,
                until: Timestamp::MIN,
                packets: 0,
                reason: GapReason::Spool,
                interface: None,
            },
        });
        lost.chunks.insert(frame.id.no.0);
        lost.gap.from = lost.gap.from.min(frame.time_min);
        lost.gap.until = lost.gap.until.max(frame.time_max);
        lost.gap.packets += u64::from(frame.packets);
    }
    streams.into_values().collect()
}
