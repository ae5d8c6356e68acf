//! Messages put together from several segments of one direction of a connection.
//!
//! Only the first pass does this. A message begins where the one before it ended and lasts as long as its protocol says
//! ([`Framing`]); what does not lie in an unfinished message is handed on as it comes. Octets are taken in the order of the
//! capture: a gap before a message does not hold it back.

use std::collections::VecDeque;
use std::sync::Arc;

use super::analysis::before;
use crate::registry::{self, Framing, ProtoId};

/// How many octets one unfinished message may hold.
pub(super) const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// How many octets all unfinished messages may hold together. A message that would exceed it is given up.
pub(super) const MAX_PENDING_BYTES: usize = 128 << 20;
/// Of how many segments one message may consist.
pub(super) const MAX_SEGMENTS: usize = 16_384;
/// How many messages of one direction are remembered, finished or not, so that repeated segments are told from new ones.
pub(super) const MAX_MESSAGES: usize = 16;

/// A run of octets of a message and the frame that it came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    pub frame: u64,
    /// Where in the message it begins.
    pub start: u32,
    pub len: u32,
    /// Covers octets that a piece before it covers.
    pub overlaps: bool,
    /// Brought others than were there.
    pub conflicts: bool,
}

/// Octets of one or more whole messages.
#[derive(PartialEq, Eq, Debug)]
pub struct Whole {
    pub bytes: Box<[u8]>,
    /// In the order of their octets.
    pub pieces: Vec<Piece>,
}

/// How long a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extent {
    /// So many octets.
    Known(u32),
    /// To be told when the next segment is there, which belongs to it as a whole.
    NextSegment,
    /// Until the connection ends.
    UntilEnd,
}

/// What is known of a message when its first octets are there.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) child: ProtoId,
    pub(super) extent: Extent,
    /// It has no body, whatever its headers say.
    pub(super) is_bodiless: bool,
}

struct Message {
    child: ProtoId,
    is_bodiless: bool,
    /// The sequence number of its first octet.
    start: u32,
    extent: Extent,
    is_done: bool,
    bytes: Vec<u8>,
    /// How many octets from the start on are there without a gap.
    filled: u32,
    pieces: Vec<Piece>,
}

impl Message {
    /// How far behind the start a segment may begin to belong to it.
    fn reach(&self) -> u32 {
        match self.extent {
            Extent::Known(len) => len,
            Extent::NextSegment | Extent::UntilEnd => self.filled.saturating_add(1),
        }
    }

    /// How many octets from the start on are whole messages, and how long the one behind them is.
    fn frame_all(&self, octets: &[u8]) -> (u32, Extent) {
        if registry::protocol(self.child).framing.is_none() {
            return (octets.len() as u32, Extent::NextSegment);
        }
        let mut at = 0;
        while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
            match registry::frame(self.child, rest, self.is_bodiless) {
                Framing::Message(len) if len <= rest.len() => at += len.max(1),
                Framing::Message(len) => return (at as u32, Extent::Known(u32::try_from(len).unwrap_or(u32::MAX))),
                Framing::More(_) => return (at as u32, Extent::NextSegment),
                Framing::UntilEnd => return (at as u32, Extent::UntilEnd),
                Framing::Foreign => return (octets.len() as u32, Extent::NextSegment),
            }
        }
        (at as u32, Extent::NextSegment)
    }

    /// Puts octets in place; says how many octets that makes more to hold, or nothing where a limit is reached.
    fn put(&mut self, frame: u64, start: u32, octets: &[u8]) -> Option<usize> {
        let at = start as usize;
        let end = at.checked_add(octets.len())?;
        if end > MAX_MESSAGE_BYTES || self.pieces.len() >= MAX_SEGMENTS {
            return None;
        }
        let held = self.bytes.len();
        if end > held {
            self.bytes.resize(end, 0);
        }
        let len = octets.len() as u32;
        let mut piece = Piece { frame, start, len, overlaps: false, conflicts: false };
        // What comes in order, as nearly all does, meets nothing that is there; else a long message would cost the square
        // of its segments.
        let is_behind_all = at >= held;
        for earlier in self.pieces.iter().filter(|_| !is_behind_all) {
            let from = earlier.start.max(start) as usize;
            let to = (earlier.start + earlier.len).min(start + len) as usize;
            if from < to {
                piece.conflicts |= self.bytes.get(from..to) != octets.get(from - at..to - at);
            }
        }
        self.bytes.get_mut(at..end)?.copy_from_slice(octets);
        let place = self.pieces.partition_point(|earlier| earlier.start <= start);
        self.pieces.insert(place, piece);
        let news = if is_behind_all { place } else { 0 };
        for piece in self.pieces.get(news..).unwrap_or_default() {
            if piece.start <= self.filled {
                self.filled = self.filled.max(piece.start + piece.len);
            }
        }
        Some(self.bytes.len() - held)
    }

    /// Ends the message after `len` octets.
    fn finish(&mut self, len: u32) -> Arc<Whole> {
        self.is_done = true;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(len as usize);
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.retain(|piece| piece.start < len);
        let mut end = 0;
        for piece in &mut pieces {
            piece.len = piece.len.min(len - piece.start);
            piece.overlaps = piece.start < end;
            end = end.max(piece.start + piece.len);
        }
        self.extent = Extent::Known(len);
        Arc::new(Whole { bytes: bytes.into(), pieces })
    }
}

/// What the analysis said of a segment's octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    New,
    /// Came late or was asked for again.
    Late,
    /// Sent again.
    Repeated,
    /// Sent again though the other side had said that it has them.
    Acknowledged,
}

/// What becomes of the beginning of a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Lead {
    /// It begins a message.
    Nothing,
    /// It was seen before.
    Repeated,
    /// It lies within a message that is done with.
    Overlaps,
    /// So many octets go on with a message of a protocol, which they complete or do not. `begun` is the frame in which it
    /// began if it is not known how much is missing.
    Goes { len: u32, child: ProtoId, whole: Option<Arc<Whole>>, begun: Option<u64> },
}

/// The messages of one direction.
#[derive(Default)]
pub(super) struct Reassembly {
    messages: VecDeque<Message>,
}

impl Reassembly {
    /// Gives up what is held; answers how many octets that were.
    pub(super) fn forget(&mut self) -> usize {
        let held = self.messages.iter().map(|message| message.bytes.len()).sum();
        self.messages.clear();
        held
    }

    /// Takes the segment's beginning if a message wants it. `pending` counts what all directions hold.
    pub(super) fn lead(&mut self, frame: u64, seq: u32, octets: &[u8], seen: Seen, pending: &mut usize) -> Lead {
        if seen == Seen::Repeated || self.messages.iter().any(|message| message.start == seq) {
            return Lead::Repeated;
        }
        if seen == Seen::Acknowledged {
            return Lead::Nothing;
        }
        let nearest = self.messages.iter_mut().filter(|message| before(message.start, seq));
        let nearest = nearest.min_by_key(|message| seq.wrapping_sub(message.start));
        let Some(message) = nearest.filter(|message| seq.wrapping_sub(message.start) < message.reach()) else {
            return Lead::Nothing;
        };
        if message.is_done {
            return Lead::Overlaps;
        }
        let is_old = seq.wrapping_sub(message.start).saturating_add(octets.len() as u32) <= message.filled;
        let child = message.child;
        let start = seq.wrapping_sub(message.start);
        let taken = match message.extent {
            Extent::Known(len) => octets.get(..(len - start) as usize).unwrap_or(octets),
            Extent::NextSegment | Extent::UntilEnd => octets,
        };
        let more = message.put(frame, start, taken).filter(|more| *pending + more <= MAX_PENDING_BYTES);
        let Some(more) = more else {
            *pending = pending.saturating_sub(message.bytes.len());
            message.is_done = true;
            message.bytes = Vec::new();
            message.pieces = Vec::new();
            return Lead::Nothing;
        };
        *pending += more;
        let held = message.bytes.len();
        let (mut len, mut whole) = (taken.len() as u32, None);
        if message.extent == Extent::NextSegment && !is_old {
            let filled = message.bytes.get(..message.filled as usize).unwrap_or_default();
            // Nobody reads what comes late: it ends the message wherever that is.
            let (complete, extent) =
                if seen == Seen::Late { (message.filled, message.extent) } else { message.frame_all(filled) };
            if complete > 0 {
                len = complete.saturating_sub(start);
                whole = Some(message.finish(complete));
            } else {
                message.extent = extent;
            }
        }
        if let Extent::Known(total) = message.extent
            && whole.is_none()
            && message.filled >= total
        {
            len = total.saturating_sub(start).min(len);
            whole = Some(message.finish(total));
        }
        if whole.is_some() {
            *pending = pending.saturating_sub(held);
        }
        let is_open = !message.is_done && !matches!(message.extent, Extent::Known(_));
        let begun = message.pieces.first().filter(|_| is_open).map(|piece| piece.frame);
        Lead::Goes { len, child, whole, begun }
    }

    /// Remembers a message that begins in the segment and does not end there.
    pub(super) fn begin(&mut self, frame: u64, seq: u32, octets: &[u8], start: Start, pending: &mut usize) {
        let Start { child, extent, is_bodiless } = start;
        if let Extent::Known(len) = extent
            && len as usize > MAX_MESSAGE_BYTES
        {
            return;
        }
        let mut message = Message {
            child,
            is_bodiless,
            start: seq,
            extent,
            is_done: false,
            bytes: Vec::new(),
            filled: 0,
            pieces: Vec::new(),
        };
        let Some(more) = message.put(frame, 0, octets).filter(|more| *pending + more <= MAX_PENDING_BYTES) else {
            return;
        };
        *pending += more;
        if self.messages.len() >= MAX_MESSAGES
            && let Some(oldest) = self.messages.pop_front()
        {
            *pending = pending.saturating_sub(oldest.bytes.len());
        }
        self.messages.push_back(message);
    }

    /// Ends a message that lasts until the connection does.
    pub(super) fn end(&mut self, pending: &mut usize) -> Option<(ProtoId, Arc<Whole>)> {
        let open = |message: &&mut Message| !message.is_done && message.extent == Extent::UntilEnd;
        let message = self.messages.iter_mut().find(open)?;
        *pending = pending.saturating_sub(message.bytes.len());
        let filled = message.filled;
        Some((message.child, message.finish(filled)))
    }
}
