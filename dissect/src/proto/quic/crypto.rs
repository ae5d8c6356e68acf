//! The streams of CRYPTO frames (RFC 9000, 7.5), which carry the TLS handshake: what comes before its turn waits.

use std::sync::{Arc, OnceLock};

use crate::pieces::{Pieces, Whole};
use crate::recent::Recent;

/// How many octets of one stream may wait for those before them, and in how many pieces they may lie. A hello has few
/// thousand, in some dozen pieces.
pub(super) const MAX_WAITING: usize = 64 << 10;
const MAX_PIECES: usize = 1024;
/// In how many streams octets wait at one time, which makes 32 MiB.
const MAX_WAITING_STREAMS: usize = 512;

/// A run of a stream of which pieces came before their turn.
#[derive(Debug, Default)]
pub struct Run {
    done: OnceLock<Done>,
}

/// A run when it is complete.
#[derive(Debug)]
pub(super) struct Done {
    /// The frame that completes it, and the place of the CRYPTO frame there that does.
    pub(super) frame: u64,
    pub(super) place: u32,
    pub(super) whole: Whole,
}

impl Run {
    pub(super) fn done(&self) -> Option<&Done> {
        self.done.get()
    }
}

/// What becomes of the octets of a CRYPTO frame that do not simply go on with the stream.
#[derive(Clone, Debug)]
pub enum Fate {
    /// All were there before.
    Repeated,
    /// So many of them were.
    Overlaps(u32),
    /// They are a piece of a run.
    Piece(Arc<Run>),
    /// There are more of them than can wait.
    Lost,
}

/// What waits for the octets before it.
#[derive(Default)]
struct Waiting {
    run: Arc<Run>,
    pieces: Pieces,
}

/// What waits in streams, by connection and side.
pub(super) struct WaitingRoom(Recent<(u32, usize), Waiting>);

impl Default for WaitingRoom {
    fn default() -> Self {
        Self(Recent::new(MAX_WAITING_STREAMS))
    }
}

/// What one side says in a stream.
#[derive(Default)]
pub(super) struct Stream {
    /// The place of what comes next.
    next: u64,
    waits: bool,
    /// Too much waited: what comes does not go on with anything.
    is_lost: bool,
}

impl Stream {
    /// Takes the octets of a CRYPTO frame at a place of a frame; answers nothing where they go on with the stream, which is
    /// that of the connection and side that `key` names.
    pub(super) fn take(
        &mut self,
        room: &mut WaitingRoom,
        key: (u32, usize),
        (frame, place): (u64, u32),
        offset: u64,
        octets: &[u8],
    ) -> Option<Fate> {
        let end = offset.saturating_add(octets.len() as u64);
        if self.is_lost {
            return Some(Fate::Lost);
        }
        if end <= self.next && !octets.is_empty() {
            return Some(Fate::Repeated);
        }
        if !self.waits && offset <= self.next {
            let old = self.next.saturating_sub(offset);
            self.next = end.max(self.next);
            return (old > 0).then_some(Fate::Overlaps(old as u32));
        }
        if !self.waits || room.0.get(&key).is_none() {
            room.0.insert(key, Waiting { run: Arc::default(), pieces: Pieces::new(self.next, self.next) });
        }
        let waiting = room.0.get(&key)?;
        waiting.pieces.put(frame, offset, octets);
        let run = waiting.run.clone();
        self.waits = true;
        if waiting.pieces.len() > MAX_WAITING || waiting.pieces.count() > MAX_PIECES {
            self.is_lost = true;
        } else if let Some(whole) = waiting.pieces.whole() {
            let _ = run.done.set(Done { frame, place, whole });
            self.next = waiting.pieces.end();
        } else {
            return Some(Fate::Piece(run));
        }
        self.waits = false;
        *waiting = Waiting::default();
        Some(Fate::Piece(run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One {
        stream: Stream,
        room: WaitingRoom,
    }

    impl One {
        fn new() -> Self {
            Self { stream: Stream::default(), room: WaitingRoom::default() }
        }

        fn take(&mut self, frame: u64, offset: u64, octets: &[u8]) -> String {
            match self.stream.take(&mut self.room, (0, 0), (frame, 0), offset, octets) {
                None => "goes on".to_owned(),
                Some(Fate::Repeated) => "repeated".to_owned(),
                Some(Fate::Overlaps(old)) => format!("overlaps by {old}"),
                Some(Fate::Lost) => "lost".to_owned(),
                Some(Fate::Piece(run)) => match run.done() {
                    Some(done) => format!("{} of {:?}", String::from_utf8_lossy(&done.whole.octets), done.whole.pieces),
                    None => "waits".to_owned(),
                },
            }
        }
    }

    #[test]
    fn pieces_wait_until_none_is_missing() {
        let mut one = One::new();
        assert_eq!(one.take(1, 0, b"abc"), "goes on");
        assert_eq!(one.take(2, 0, b"abc"), "repeated");
        assert_eq!(one.take(3, 2, b"cde"), "overlaps by 1");
        assert_eq!(one.take(4, 7, b"hi"), "waits");
        assert_eq!(one.take(5, 10, b"k"), "waits");
        assert_eq!(one.take(6, 4, b"efgh"), "waits");
        assert_eq!(one.take(7, 8, b"ijk"), "fghijk of [(6, 2), (4, 2), (7, 1), (5, 1)]");
        assert_eq!(one.take(8, 11, b"l"), "goes on");
        assert_eq!(one.take(9, 13, b"n"), "waits");
        assert_eq!(one.take(10, 12, b"m"), "mn of [(10, 1), (9, 1)]");
    }

    #[test]
    fn no_more_waits_than_may() {
        let mut one = One::new();
        let many = vec![0; MAX_WAITING];
        assert_eq!(one.take(1, 1, &many), "waits");
        assert_eq!(one.take(2, 1 + many.len() as u64, b"x"), "waits");
        assert_eq!(one.take(3, 0, b"x"), "lost");
        let mut one = One::new();
        for at in 0..=MAX_PIECES as u64 {
            assert_eq!(one.take(1, 2 + 2 * at, b"x"), "waits");
        }
        assert_eq!(one.take(1, 0, b"x"), "lost");
    }

    #[test]
    fn no_more_streams_wait_than_may() {
        let mut room = WaitingRoom::default();
        for number in 0..2 * MAX_WAITING_STREAMS as u32 {
            Stream::default().take(&mut room, (number, 0), (1, 0), 1, b"x");
        }
        assert!(room.0.len() <= MAX_WAITING_STREAMS);
    }

    #[test]
    fn a_stream_ends_where_numbers_do() {
        let mut one = One::new();
        assert_eq!(one.take(1, u64::MAX, b"abc"), "waits");
        assert_eq!(one.take(1, u64::MAX - 1, b"abc"), "waits");
    }
}
