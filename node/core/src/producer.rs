//! The sending end of a capture: keeps trying one router after another, and sends everything again that was not released.
//!
//! The chunks themselves lie in the spool of whoever drives this; here is which of them are under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use packetstream_protocol::ids::ChunkId;

use crate::moment::Moment;
use crate::rng::Rng;

/// Chunks that wait here; more wait in the spool, unseen.
pub const MAX_PENDING: usize = 65_536;
/// Bytes that are under way to a router at once.
pub const WINDOW_BYTES: u64 = 16 << 20;
/// The first wait after a router could not be reached; it doubles up to [`MAX_BACKOFF`] once all were tried.
pub const BACKOFF: Duration = Duration::from_millis(250);
/// The longest wait.
pub const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// A router that releases nothing for so long, although something waits, is left for the next.
pub const STALL: Duration = Duration::from_secs(10);
/// A connection that is not made within this is given up.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A chunk that a router had no room for is sent again after this.
pub const REFUSED_FOR: Duration = Duration::from_millis(500);

/// Something to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProducerOutput {
    /// Connect to this one of the routers; answered by [`Producer::handle_connected`] or [`Producer::handle_disconnected`].
    Connect { router: usize },
    /// Leave the router, if there is a connection.
    Disconnect { router: usize },
    /// Send this chunk to the router.
    Send(ChunkId),
    /// The cluster has it: it may leave the spool.
    Release(ChunkId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Waiting { until: Moment },
    Connecting { since: Moment },
    Connected,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Producer {
    routers: usize,
    router: usize,
    link: Link,
    failures: u32,
    rng: Rng,
    /// What is not released, with its bytes.
    pending: BTreeMap<ChunkId, u64>,
    /// Those that are to be sent, in order.
    unsent: BTreeSet<ChunkId>,
    under_way: BTreeMap<ChunkId, u64>,
    bytes_under_way: u64,
    refused: VecDeque<(Moment, ChunkId)>,
    progress: Moment,
    outputs: VecDeque<ProducerOutput>,
}

impl Producer {
    /// A producer that knows so many routers (at least one), and begins with one at random.
    #[must_use]
    pub fn new(routers: usize, seed: u64, now: Moment) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            routers: routers.max(1),
            router: rng.below(routers.max(1)),
            link: Link::Waiting { until: now },
            failures: 0,
            rng,
            pending: BTreeMap::new(),
            unsent: BTreeSet::new(),
            under_way: BTreeMap::new(),
            bytes_under_way: 0,
            refused: VecDeque::new(),
            progress: now,
            outputs: VecDeque::new(),
        }
    }

    /// More routers are known now, or fewer.
    pub fn handle_routers(&mut self, now: Moment, routers: usize) {
        self.routers = routers.max(1);
        if self.router >= self.routers {
            self.leave(now);
        }
    }

    /// A chunk is in the spool; false when there is no room for it here yet.
    pub fn handle_sealed(&mut self, now: Moment, chunk: ChunkId, bytes: u32) -> bool {
        if self.pending.len() >= MAX_PENDING {
            return false;
        }
        if self.pending.is_empty() {
            self.progress = now;
        }
        if self.pending.insert(chunk, u64::from(bytes)).is_none() {
            self.unsent.insert(chunk);
        }
        self.send();
        true
    }

    /// The connection that was asked for is there.
    pub fn handle_connected(&mut self, now: Moment, router: usize) {
        if router == self.router && matches!(self.link, Link::Connecting { .. }) {
            self.link = Link::Connected;
            self.progress = now;
            self.send();
        }
    }

    /// It is not, or not any more.
    pub fn handle_disconnected(&mut self, now: Moment, router: usize) {
        if router == self.router && !matches!(self.link, Link::Waiting { .. }) {
            self.leave(now);
        }
    }

    /// The router says that a chunk is where it belongs.
    pub fn handle_released(&mut self, now: Moment, chunk: ChunkId) {
        if self.pending.remove(&chunk).is_some() {
            self.failures = 0;
            self.progress = now;
            self.outputs.push_back(ProducerOutput::Release(chunk));
        }
        self.unsent.remove(&chunk);
        self.landed(chunk);
        self.send();
    }

    /// The router has no room for a chunk now.
    pub fn handle_refused(&mut self, now: Moment, chunk: ChunkId) {
        if self.landed(chunk) {
            self.refused.push_back((now + REFUSED_FOR, chunk));
        }
    }

    /// A chunk's name is taken, or it is to be sent no more for another reason.
    pub fn handle_dropped(&mut self, chunk: ChunkId) {
        self.pending.remove(&chunk);
        self.unsent.remove(&chunk);
        self.landed(chunk);
        self.send();
    }

    fn landed(&mut self, chunk: ChunkId) -> bool {
        match self.under_way.remove(&chunk) {
            Some(bytes) => {
                self.bytes_under_way -= bytes;
                true
            }
            None => false,
        }
    }

    /// Chunks that were not released.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// When [`Producer::handle_wake`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Moment {
        let link = match self.link {
            Link::Waiting { until } => until,
            Link::Connecting { since } => since + CONNECT_TIMEOUT,
            Link::Connected => self.progress + STALL,
        };
        self.refused.front().map_or(link, |&(at, _)| link.min(at))
    }

    /// Time has passed.
    pub fn handle_wake(&mut self, now: Moment) {
        while let Some(&(at, chunk)) = self.refused.front() {
            if at > now {
                break;
            }
            self.refused.pop_front();
            if self.pending.contains_key(&chunk) {
                self.unsent.insert(chunk);
            }
        }
        match self.link {
            Link::Waiting { until } if now >= until => {
                self.link = Link::Connecting { since: now };
                self.outputs.push_back(ProducerOutput::Connect { router: self.router });
            }
            Link::Connecting { since } if now >= since + CONNECT_TIMEOUT => self.give_up(now),
            Link::Connected if self.pending.is_empty() => self.progress = now,
            Link::Connected if now >= self.progress + STALL => self.give_up(now),
            _ => {}
        }
        self.send();
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<ProducerOutput> {
        self.outputs.pop_front()
    }

    fn give_up(&mut self, now: Moment) {
        self.outputs.push_back(ProducerOutput::Disconnect { router: self.router });
        self.leave(now);
    }

    /// On to the next router; what was under way may have got lost.
    fn leave(&mut self, now: Moment) {
        self.unsent = self.pending.keys().copied().collect();
        self.under_way.clear();
        self.refused.clear();
        self.bytes_under_way = 0;
        self.router = (self.router + 1) % self.routers;
        self.failures = self.failures.saturating_add(1);
        // The next one is tried at once; only when all were tried does it wait.
        let rounds = self.failures / self.routers as u32;
        let wait = if rounds == 0 { Duration::ZERO } else { (BACKOFF * (1 << rounds.min(6))).min(MAX_BACKOFF) };
        let jitter = Duration::from_millis(self.rng.below(1 + wait.as_millis() as usize / 2) as u64);
        self.link = Link::Waiting { until: now + wait + jitter };
    }

    fn send(&mut self) {
        if self.link != Link::Connected {
            return;
        }
        while self.bytes_under_way < WINDOW_BYTES {
            let Some(chunk) = self.unsent.pop_first() else { break };
            let bytes = self.pending.get(&chunk).copied().unwrap_or(0);
            self.under_way.insert(chunk, bytes);
            self.bytes_under_way += bytes;
            self.outputs.push_back(ProducerOutput::Send(chunk));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use packetstream_protocol::ids::{ChunkNo, Epoch, HostId, StreamId};

    fn chunk(no: u64) -> ChunkId {
        ChunkId { stream: StreamId { host: HostId::from_bytes([1; 16]), epoch: Epoch(1) }, no: ChunkNo(no) }
    }

    fn outputs(producer: &mut Producer) -> Vec<ProducerOutput> {
        std::iter::from_fn(|| producer.poll_output()).collect()
    }

    fn connected(routers: usize) -> (Producer, usize) {
        let mut producer = Producer::new(routers, 1, Moment(0));
        producer.handle_wake(Moment(0));
        let [ProducerOutput::Connect { router }] = outputs(&mut producer)[..] else { panic!("it connects at once") };
        producer.handle_connected(Moment(1), router);
        (producer, router)
    }

    #[test]
    fn what_was_not_released_is_sent_to_the_next() {
        let (mut producer, router) = connected(2);
        producer.handle_sealed(Moment(1), chunk(0), 10);
        producer.handle_sealed(Moment(1), chunk(1), 10);
        producer.handle_released(Moment(2), chunk(0));
        let sent = [ProducerOutput::Send(chunk(0)), ProducerOutput::Send(chunk(1)), ProducerOutput::Release(chunk(0))];
        assert_eq!(outputs(&mut producer), sent);
        producer.handle_disconnected(Moment(3), router);
        let at = producer.poll_timeout();
        producer.handle_wake(at);
        let next = 1 - router;
        assert_eq!(outputs(&mut producer), [ProducerOutput::Connect { router: next }]);
        producer.handle_connected(at, next);
        assert_eq!(outputs(&mut producer), [ProducerOutput::Send(chunk(1))]);
    }

    /// Seed 878 of the simulator: a store that had been drained went on to be asked, and to refuse, for ever.
    #[test]
    fn a_router_that_only_refuses_is_left() {
        let (mut producer, router) = connected(3);
        producer.handle_sealed(Moment(1), chunk(0), 10);
        let mut now = Moment(1);
        for _ in 0..100 {
            for output in outputs(&mut producer) {
                match output {
                    ProducerOutput::Send(chunk) => producer.handle_refused(now, chunk),
                    ProducerOutput::Disconnect { router: left } => {
                        assert_eq!(left, router);
                        return;
                    }
                    _ => {}
                }
            }
            now = producer.poll_timeout();
            producer.handle_wake(now);
        }
        panic!("it is still there after {now:?}");
    }

    #[test]
    fn no_more_is_under_way_than_the_window_and_no_more_waits_than_the_limit() {
        let (mut producer, _) = connected(1);
        let bytes = (WINDOW_BYTES / 4) as u32;
        assert!((0..6).all(|no| producer.handle_sealed(Moment(1), chunk(no), bytes)));
        assert_eq!(outputs(&mut producer).len(), 4);
        producer.handle_released(Moment(2), chunk(0));
        assert_eq!(outputs(&mut producer), [ProducerOutput::Release(chunk(0)), ProducerOutput::Send(chunk(4))]);
        let room = MAX_PENDING - producer.pending();
        assert!((100..100 + room as u64).all(|no| producer.handle_sealed(Moment(2), chunk(no), 1)));
        assert!(!producer.handle_sealed(Moment(2), chunk(99), 1));
    }
}
