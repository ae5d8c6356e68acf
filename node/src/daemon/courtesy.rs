//! What moves gives way to what comes: while producers keep the node busy, chunks of other members are taken slowly.

use std::time::{Duration, Instant};

/// Octets a second of producers' chunks that are more than a node takes beside a move without noticing it.
const BUSY_BYTES_S: u64 = 16 << 20;
/// Octets a second that are taken of moves beside so much.
const BESIDE_BYTES_S: u64 = 24 << 20;
/// How long is looked at.
const WINDOW: Duration = Duration::from_millis(250);

/// See the module.
#[derive(Debug)]
pub(super) struct Courtesy {
    since: Instant,
    /// Octets of producers when the window began.
    before: u64,
    is_busy: bool,
    /// Octets that moved in this window.
    moved: u64,
}

impl Courtesy {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, before: 0, is_busy: false, moved: 0 }
    }

    /// How long to wait before these octets are taken; `arrived` is the sum of what came of producers.
    pub(super) fn wait(&mut self, now: Instant, arrived: u64, bytes: u64) -> Duration {
        let passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            self.is_busy = at_rate(arrived.saturating_sub(self.before), BUSY_BYTES_S) > passed;
            (self.since, self.before, self.moved) = (now, arrived, 0);
        }
        self.moved += bytes;
        if !self.is_busy {
            return Duration::ZERO;
        }
        let since = now.saturating_duration_since(self.since);
        at_rate(self.moved, BESIDE_BYTES_S).saturating_sub(since).min(WINDOW)
    }
}

/// How long so many octets take.
fn at_rate(bytes: u64, bytes_s: u64) -> Duration {
    Duration::from_micros(bytes.saturating_mul(1_000_000) / bytes_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Octets that move in some seconds while producers bring so much a second.
    fn moved(seconds: u64, produced_s: u64) -> u64 {
        const CHUNK: u64 = 200_000;
        let start = Instant::now();
        let (mut courtesy, mut now, mut moved) = (Courtesy::new(start), start, 0);
        while now < start + Duration::from_secs(seconds) {
            let arrived = produced_s * (now - start).as_millis() as u64 / 1000;
            now += courtesy.wait(now, arrived, CHUNK) + Duration::from_micros(500);
            moved += CHUNK;
        }
        moved
    }

    #[test]
    fn only_beside_much_is_little_taken() {
        let all = 10 * 400_000_000;
        assert_eq!(moved(10, 0), all);
        assert_eq!(moved(10, BUSY_BYTES_S / 2), all);
        let beside = moved(10, 3 * BUSY_BYTES_S) / 10;
        assert!((BESIDE_BYTES_S * 9 / 10..BESIDE_BYTES_S * 5 / 4).contains(&beside), "{beside} a second");
    }
}
