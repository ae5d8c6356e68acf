//! How what moves between members lets what producers send go first.
//!
//! Moving takes all that a machine has as long as nobody else wants it. While producers send, one chunk at a time goes each way, and
//! after each the mover rests for some times as long as it took: the busier the machine, the longer both. It is slower then
//! and never stands still.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Producers are counted over this time and the one before it.
const SLOT: Duration = Duration::from_millis(250);
/// Bytes that producers have to send in the two for movers to make room: less is no hindrance.
const BUSY_BYTES: u64 = 512 << 10;
/// How many times as long as a chunk took to move its mover rests beside producers, and the longest rest.
const REST: u32 = 1;
const REST_MAX: Duration = Duration::from_millis(10);

/// What producers send to this node, straight or through others.
#[derive(Clone)]
pub(crate) struct Producers(Arc<Mutex<Meter>>);

struct Meter {
    since: Instant,
    /// Bytes of the slot that began then, and of the one before.
    bytes: u64,
    before: u64,
}

impl Meter {
    fn turn_to(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed >= SLOT {
            self.before = if passed < SLOT * 2 { self.bytes } else { 0 };
            (self.since, self.bytes) = (now, 0);
        }
    }

    fn add(&mut self, now: Instant, bytes: u64) {
        self.turn_to(now);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn is_busy(&mut self, now: Instant) -> bool {
        self.turn_to(now);
        self.bytes.saturating_add(self.before) >= BUSY_BYTES
    }
}

impl Default for Producers {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Meter { since: Instant::now(), bytes: 0, before: 0 })))
    }
}

impl Producers {
    /// A chunk of that many bytes came.
    pub(crate) fn sent(&self, bytes: u64) {
        self.0.lock().add(Instant::now(), bytes);
    }

    fn are_busy(&self) -> bool {
        self.0.lock().is_busy(Instant::now())
    }
}

/// One way for chunks that move: out of this node or into it.
pub(crate) struct Way {
    producers: Producers,
    /// How many may go at once while producers are silent.
    width: u32,
    turns: Semaphore,
}

/// Leave to move one chunk.
pub(crate) struct Turn<'a> {
    _permit: Option<SemaphorePermit<'a>>,
    /// When the turn began, if producers were busy then.
    beside: Option<Instant>,
}

impl Way {
    pub(crate) fn new(producers: Producers, width: u32) -> Self {
        Self { producers, width, turns: Semaphore::new(width as usize) }
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let busy = self.producers.are_busy();
        // Nobody closes it.
        let permit = self.turns.acquire_many(if busy { self.width } else { 1 }).await.ok();
        Turn { _permit: permit, beside: busy.then(Instant::now) }
    }
}

impl Turn<'_> {
    /// The chunk has moved; returns when the next one may.
    pub(crate) async fn end(self) {
        if let Some(begun) = self.beside {
            tokio::time::sleep(rest(begun.elapsed())).await;
        }
    }
}

/// How long to rest after so much work.
fn rest(work: Duration) -> Duration {
    if let (Ok(a), Ok(b)) = (std::env::var("PS_REST"), std::env::var("PS_REST_MAX")) {
        return work.saturating_mul(a.parse().unwrap()).min(Duration::from_millis(b.parse().unwrap()));
    }
    work.saturating_mul(REST).min(REST_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn what_producers_send_counts_for_a_while() {
        let begun = Instant::now();
        let mut meter = Meter { since: begun, bytes: 0, before: 0 };
        meter.add(begun, BUSY_BYTES - 1);
        assert!(!meter.is_busy(begun), "too little to make room for");
        meter.add(begun + SLOT, 1);
        assert!(meter.is_busy(begun + SLOT), "with what came just before it is enough");
        assert!(!meter.is_busy(begun + SLOT * 2), "and by then that is long ago");
        meter.add(begun + SLOT * 3, BUSY_BYTES);
        assert!(meter.is_busy(begun + SLOT * 4));
        assert!(!meter.is_busy(begun + SLOT * 9));
    }

    #[test]
    fn a_rest_is_longer_than_the_work_and_has_an_end() {
        assert_eq!(rest(Duration::from_millis(2)), Duration::from_millis(2) * REST);
        assert_eq!(rest(Duration::from_secs(5)), REST_MAX);
        assert_eq!(rest(Duration::MAX), REST_MAX);
    }

    #[tokio::test]
    async fn beside_producers_chunks_go_one_by_one() {
        let producers = Producers::default();
        let way = Way::new(producers.clone(), 2);
        let (one, other) = (way.turn().now_or_never(), way.turn().now_or_never());
        assert!(one.is_some_and(|turn| turn.beside.is_none()) && other.is_some());
        producers.sent(BUSY_BYTES);
        let alone = way.turn().await;
        assert!(alone.beside.is_some());
        assert!(way.turn().now_or_never().is_none(), "one is enough");
        alone.end().await;
        assert!(way.turn().now_or_never().is_some());
    }
}
