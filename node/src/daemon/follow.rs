//! An answer that goes on: what becomes durable anywhere in the cluster, in the order of time, as it comes.
//!
//! Every member is watched; each chunk is read once, from this node's store or from a member that has it, and from another when
//! that one fails. Packets wait in a buffer that sorts them, so that what several hosts and the two classes of a stream captured
//! comes out in order: as long as the longest of the latest chunks took to be captured and [`JITTER`], but no longer than
//! [`WINDOW`]; what is later than that comes out of order rather than not at all. A reader that is slow slows nobody down: what it
//! has not read yet lies in the stores, and only numbers of chunks wait here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use packetstream_dissect::Numbering;
use packetstream_protocol::chunk::{Chunk, ChunkKind};
use packetstream_protocol::ids::{ChunkId, HostId, NodeId, Seq, StreamId};
use packetstream_protocol::interval::RangeSet;
use packetstream_protocol::wire::{
    Closing, InterfaceRow, OutputFormat, PacketRow, Payload, PeerRequest, Query, Refusal, RefusalCode, Request,
    Response, Row, Rows, StreamAck, Watch,
};
use packetstream_protocol::{ChunkNo, Timestamp};
use packetstream_storage::ChunkStore;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::answer::{gap_row, question};
use super::hub::Hub;
use super::{scatter, stream};
use crate::engine::{Knowledge, Question};
use crate::packet;

/// How long a packet waits at most for those that were captured before it.
pub(super) const WINDOW: Duration = Duration::from_millis(100);
/// How much longer than another a chunk may be on its way here.
const JITTER: Duration = Duration::from_millis(25);
/// How long it counts what a chunk took to be captured.
const SPAN_AGE: Duration = Duration::from_secs(2);
/// How often it is looked which packets have waited long enough.
const TICK: Duration = Duration::from_millis(5);
/// Whoever asks hears at least so often that the node is there; members that watch for each other, too.
pub(super) const PULSE: Duration = Duration::from_millis(500);
/// A member that says nothing for so long is watched anew.
const WATCH_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a member may take for a chunk.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Chunks that are read at once.
const MAX_FETCHES: usize = 16;
/// Streams of chunks that one message tells of.
pub(super) const MAX_TOLD_STREAMS: usize = 1024;
/// Messages of members that wait.
const MAX_NEWS_WAITING: usize = 256;
/// Octets of packets that wait to be sorted; beyond, the earliest go without waiting.
const MAX_SORTED_BYTES: usize = 64 << 20;
/// Rows are sent when they have so many octets, or when no more are due.
const BATCH_BYTES: usize = 256 << 10;
/// Chunks that wait to be read; the reader is that far behind, and the latest are not taken up before it has caught up.
const MAX_CHUNKS_WAITING: usize = 65_536;

/// The chunks of a store that reach to `watch.since` or beyond.
pub(super) fn held(store: &dyn ChunkStore, watch: &Watch) -> Vec<StreamAck> {
    let usages: Vec<_> = match watch.hosts.is_empty() {
        true => store.streams(None),
        false => watch.hosts.iter().flat_map(|host| store.streams(Some(*host))).collect(),
    };
    let mut all = Vec::new();
    for usage in usages {
        let chunks: RangeSet = match watch.since == Timestamp::MIN {
            true => usage.have,
            false => {
                let entries = stream::entries(store, usage.stream).unwrap_or_default();
                entries.iter().filter(|entry| entry.time_max >= watch.since).map(|entry| entry.id.no.0).collect()
            }
        };
        if !chunks.is_empty() {
            all.push(StreamAck { stream: usage.stream, chunks });
        }
    }
    all
}

/// What a member says of its chunks.
struct News {
    node: NodeId,
    /// Whether it is of what was there when the watch began.
    is_old: bool,
    stored: Vec<StreamAck>,
}

/// A chunk as it was read, or not.
struct Fetched {
    id: ChunkId,
    node: NodeId,
    chunk: Option<Chunk>,
}

/// A packet or gap that waits for its turn.
struct Waiting {
    due: Instant,
    row: Row,
    interface: Option<Arc<InterfaceRow>>,
}

type Place = (Timestamp, HostId, Seq, u32);

/// How packets of one host are shown.
struct Showing {
    known: Knowledge,
    numbering: Numbering,
    displayed: Option<i64>,
}

/// Rows that are about to be sent.
#[derive(Default)]
struct Batch {
    rows: Rows,
    bytes: usize,
    known: BTreeMap<(HostId, u32, u16), u32>,
}

/// The longest time between the first and the last packet of the latest chunks.
#[derive(Debug)]
struct Span {
    longest: Duration,
    /// That of the period before.
    before: Duration,
    since: Instant,
}

impl Span {
    /// A chunk has come; how long its packets are to wait.
    fn wait(&mut self, span: Duration, now: Instant) -> Duration {
        if now.duration_since(self.since) >= SPAN_AGE {
            (self.before, self.longest, self.since) = (self.longest, Duration::ZERO, now);
        }
        self.longest = self.longest.max(span);
        self.longest.max(self.before).saturating_add(JITTER).min(WINDOW)
    }
}

struct Follow<'a> {
    hub: &'a Arc<Hub>,
    query: &'a Query,
    hosts: BTreeSet<HostId>,
    /// Chunks that were taken up.
    known: BTreeMap<StreamId, RangeSet>,
    /// Chunks to be read, and who has them.
    pending: BTreeMap<ChunkId, Vec<NodeId>>,
    reading: BTreeMap<ChunkId, Vec<NodeId>>,
    sorted: BTreeMap<Place, Waiting>,
    span: Span,
    bytes: usize,
    question: Question,
    showing: BTreeMap<HostId, Showing>,
    closing: Closing,
    head: String,
    batch: Batch,
}

/// Answers a query that follows. Ends at `until`, at the limit, or when nobody reads any more.
pub(super) async fn follow(hub: &Arc<Hub>, query: &Query, out: &mpsc::Sender<Rows>) -> Result<Closing, Refusal> {
    let question = question(&query.filter, &query.references, &query.output)?;
    let mut head = String::new();
    question.begin(&mut head);
    let hosts = scatter::resolve(hub, &query.hosts).await?;
    let watch = Watch { hosts: hosts.clone(), since: query.since.unwrap_or(Timestamp::MIN) };
    let mut follow = Follow {
        hub,
        query,
        hosts: hosts.into_iter().collect(),
        known: BTreeMap::new(),
        pending: BTreeMap::new(),
        reading: BTreeMap::new(),
        sorted: BTreeMap::new(),
        // Nothing is known of how they are captured.
        span: Span { longest: WINDOW, before: WINDOW, since: Instant::now() },
        bytes: 0,
        question,
        showing: BTreeMap::new(),
        closing: Closing { complete: true, ..Closing::default() },
        head,
        batch: Batch::default(),
    };
    let (tell, mut news) = mpsc::channel::<News>(MAX_NEWS_WAITING);
    let (read_in, mut read) = mpsc::channel::<Fetched>(MAX_FETCHES);
    let mut watched: BTreeSet<NodeId> = BTreeSet::new();
    let mut watches = JoinSet::new();
    let mut fetches = JoinSet::new();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut told = Instant::now();
    let gone = || RefusalCode::Internal.because("nobody waits for the answer any more");
    loop {
        let connected = hub.peers.connected();
        for node in connected.iter().copied().chain([hub.me]).filter(|node| !watched.contains(node)).collect::<Vec<_>>()
        {
            watched.insert(node);
            watches.spawn(watch_one(hub.clone(), node, watch.clone(), tell.clone()));
        }
        while fetches.len() < MAX_FETCHES
            && follow.bytes < MAX_SORTED_BYTES
            && let Some((id, node)) = follow.next_fetch()
        {
            fetches.spawn(fetch(hub.clone(), node, id, read_in.clone()));
        }
        let is_behind = follow.pending.len() >= MAX_CHUNKS_WAITING;
        tokio::select! {
            Some(news) = news.recv(), if !is_behind => follow.take_news(news),
            Some(fetched) = read.recv() => follow.take_chunk(fetched),
            Some(_) = fetches.join_next(), if !fetches.is_empty() => {}
            Some(ended) = watches.join_next(), if !watches.is_empty() => {
                if let Ok(node) = ended {
                    watched.remove(&node);
                    follow.forget(node);
                }
            }
            _ = tick.tick() => {}
        }
        let is_over = tokio::task::block_in_place(|| follow.release());
        if !follow.batch.rows.rows.is_empty() {
            told = Instant::now();
            out.send(follow.batch.take()).await.map_err(|_| gone())?;
        } else if told.elapsed() >= PULSE {
            told = Instant::now();
            out.send(Rows::default()).await.map_err(|_| gone())?;
        }
        if is_over || follow.is_past() {
            return Ok(follow.closing);
        }
    }
}

impl Follow<'_> {
    fn take_news(&mut self, news: News) {
        for ack in news.stored {
            if !self.hosts.is_empty() && !self.hosts.contains(&ack.stream.host) {
                continue;
            }
            let known = self.known.entry(ack.stream).or_default();
            // Of what was there before, only the time that is asked for is wanted.
            if news.is_old && self.query.since.is_none() {
                known.union(&ack.chunks);
                continue;
            }
            for no in ack.chunks.iter().take(MAX_CHUNKS_WAITING) {
                let id = ChunkId { stream: ack.stream, no: ChunkNo(no) };
                if known.insert(no) {
                    self.pending.insert(id, vec![news.node]);
                } else if let Some(nodes) = self.pending.get_mut(&id).or_else(|| self.reading.get_mut(&id))
                    && !nodes.contains(&news.node)
                {
                    nodes.push(news.node);
                }
            }
        }
    }

    /// The next chunk to be read, and who is asked: this node itself if it has it.
    fn next_fetch(&mut self) -> Option<(ChunkId, NodeId)> {
        let (id, nodes) = self.pending.pop_first()?;
        let node = if nodes.contains(&self.hub.me) { self.hub.me } else { *nodes.first()? };
        self.reading.insert(id, nodes);
        Some((id, node))
    }

    fn take_chunk(&mut self, fetched: Fetched) {
        let Some(mut nodes) = self.reading.remove(&fetched.id) else { return };
        let Some(chunk) = fetched.chunk else {
            nodes.retain(|node| *node != fetched.node);
            match nodes.is_empty() {
                // Whoever has it will say so again.
                true => {
                    if let Some(known) = self.known.get_mut(&fetched.id.stream) {
                        known.remove_range(fetched.id.no.0..=fetched.id.no.0);
                    }
                }
                false => drop(self.pending.insert(fetched.id, nodes)),
            }
            return;
        };
        self.sort(&chunk);
    }

    /// A member is gone: what only it had is taken up when another says that it has it.
    fn forget(&mut self, node: NodeId) {
        let known = &mut self.known;
        self.pending.retain(|id, nodes| {
            nodes.retain(|has| *has != node);
            if nodes.is_empty()
                && let Some(known) = known.get_mut(&id.stream)
            {
                known.remove_range(id.no.0..=id.no.0);
            }
            !nodes.is_empty()
        });
    }

    fn is_meant(&self, time: Timestamp) -> bool {
        self.query.since.is_none_or(|since| time >= since) && self.query.until.is_none_or(|until| time <= until)
    }

    /// Puts the packets of a chunk where they wait.
    fn sort(&mut self, chunk: &Chunk) {
        let (stream, no, now) = (chunk.id().stream, chunk.id().no.0 as u32, Instant::now());
        let header = chunk.header();
        let span = match header.kind {
            ChunkKind::Packets(_) => Duration::from_nanos(header.time_max.0.saturating_sub(header.time_min.0)),
            _ => Duration::ZERO,
        };
        let due = now + self.span.wait(span, now);
        match header.kind {
            ChunkKind::Gaps => {
                for gap in chunk.gaps().unwrap_or_default() {
                    if self.is_meant(gap.until) {
                        self.closing.gaps += 1;
                        self.closing.dropped = self.closing.dropped.saturating_add(gap.packets);
                        let row = gap_row(stream, gap);
                        self.sorted.insert((row.time, row.host, row.seq, no), Waiting { due, row, interface: None });
                    }
                }
            }
            ChunkKind::Packets(_) => {
                let Ok(packets) = chunk.packets() else { return };
                let interfaces: BTreeMap<u16, Arc<InterfaceRow>> = packets
                    .interfaces()
                    .map(|(number, interface)| {
                        let (host, epoch, interface) = (stream.host, stream.epoch, interface.clone());
                        (number, Arc::new(InterfaceRow { host, epoch, number, interface }))
                    })
                    .collect();
                for packet in packets.iter() {
                    if !self.is_meant(packet.id.time) {
                        continue;
                    }
                    let Some(interface) = interfaces.get(&packet.interface) else { continue };
                    let payload = Payload::Packet(PacketRow {
                        interface: 0,
                        orig_len: packet.orig_len,
                        flags: packet.flags,
                        comment: packet.comment.map(str::to_owned),
                        bytes: packet.bytes.to_vec(),
                    });
                    let row = Row { time: packet.id.time, host: stream.host, seq: packet.id.seq, payload };
                    self.bytes += packet.bytes.len();
                    let waiting = Waiting { due, row, interface: Some(interface.clone()) };
                    self.sorted.insert((packet.id.time, stream.host, packet.id.seq, no), waiting);
                }
            }
            _ => {}
        }
    }

    /// Gives out what has waited long enough; says whether the limit is reached.
    fn release(&mut self) -> bool {
        let now = Instant::now();
        while let Some(first) = self.sorted.first_entry() {
            if self.batch.bytes >= BATCH_BYTES {
                return false;
            }
            if first.get().due > now && self.bytes < MAX_SORTED_BYTES {
                return false;
            }
            let waiting = first.remove();
            if self.give(waiting) {
                return true;
            }
        }
        false
    }

    /// Shows a packet if it is meant; says whether it was the last one.
    fn give(&mut self, waiting: Waiting) -> bool {
        let Waiting { mut row, interface, .. } = waiting;
        let format = self.query.output.format;
        let packet = match &row.payload {
            Payload::Packet(packet) => packet,
            _ => {
                if format == OutputFormat::Records {
                    self.batch.put(row, None);
                }
                return false;
            }
        };
        self.bytes = self.bytes.saturating_sub(packet.bytes.len());
        let Some(interface) = interface else { return false };
        self.closing.scanned += 1;
        let showing = self.showing.entry(row.host).or_insert_with(|| Showing {
            known: Knowledge::InOrder(Box::new(self.question.live())),
            numbering: Numbering::default(),
            displayed: None,
        });
        let mut shown = packet::of_answer(row.id(), packet, &interface);
        showing.numbering.number(&mut shown);
        let mut text = std::mem::take(&mut self.head);
        let before = text.len();
        self.question.displayed = showing.displayed;
        if !self.question.ask_knowing(shown, &mut showing.known, &mut text) {
            text.truncate(before);
            self.head = text;
            return false;
        }
        showing.displayed = Some(shown.time);
        self.closing.matched += 1;
        if !format.is_raw() {
            row.payload = Payload::Rendered(text.into_bytes());
        }
        self.batch.put(row, Some(&interface));
        let is_last = self.query.limit.is_some_and(|limit| self.closing.matched >= limit);
        self.closing.limited = is_last;
        is_last
    }

    /// Whether the time that was asked for is over, and all that came of it was given.
    fn is_past(&self) -> bool {
        let Some(until) = self.query.until else { return false };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let late = 2 * WINDOW.as_nanos() as u64;
        now > until.0.saturating_add(late)
            && self.pending.is_empty()
            && self.reading.is_empty()
            && self.sorted.is_empty()
    }
}

impl Batch {
    fn put(&mut self, mut row: Row, interface: Option<&InterfaceRow>) {
        self.bytes += match &mut row.payload {
            Payload::Packet(packet) => {
                if let Some(interface) = interface {
                    let next = self.rows.interfaces.len() as u32;
                    let key = (interface.host, interface.epoch.0, interface.number);
                    packet.interface = *self.known.entry(key).or_insert(next);
                    if packet.interface == next {
                        self.rows.interfaces.push(interface.clone());
                    }
                }
                packet.bytes.len() + 64
            }
            Payload::Rendered(text) => text.len() + 32,
            Payload::Gap(_) | Payload::Finding(_) => 64,
        };
        self.rows.rows.push(row);
    }

    fn take(&mut self) -> Rows {
        std::mem::take(self).rows
    }
}

/// Watches one member until it fails; answers which it was.
async fn watch_one(hub: Arc<Hub>, node: NodeId, watch: Watch, tell: mpsc::Sender<News>) -> NodeId {
    if node == hub.me {
        watch_here(&hub, node, watch, &tell).await;
    } else if watch_there(&hub, node, watch, &tell).await.is_none() {
        tracing::debug!(%node, "member no longer watched");
    }
    node
}

async fn watch_here(hub: &Arc<Hub>, node: NodeId, watch: Watch, tell: &mpsc::Sender<News>) {
    let _follower = hub.follower();
    let mut news = hub.stored.subscribe();
    let (store, asked) = (hub.store.clone(), watch.clone());
    let Ok(stored) = tokio::task::spawn_blocking(move || held(&*store, &asked)).await else { return };
    if tell.send(News { node, is_old: true, stored }).await.is_err() {
        return;
    }
    while let Some(stored) = next_stored(&mut news).await {
        if tell.send(News { node, is_old: false, stored }).await.is_err() {
            return;
        }
    }
}

async fn watch_there(hub: &Arc<Hub>, node: NodeId, watch: Watch, tell: &mpsc::Sender<News>) -> Option<()> {
    let peer = timeout(WATCH_TIMEOUT, hub.peers.peer(node)).await.ok()??;
    let mut stream = peer.open(&Request::Peer(PeerRequest::Watch(watch))).await.ok()?;
    let mut is_old = true;
    loop {
        match timeout(WATCH_TIMEOUT, stream.recv::<Response>()).await.ok()?.ok()?? {
            // The end of what was there, or a pulse.
            Response::Stored(stored) if stored.is_empty() => is_old = false,
            Response::Stored(stored) => tell.send(News { node, is_old, stored }).await.ok()?,
            _ => return None,
        }
    }
}

/// The next chunks that became durable here; nothing when some were missed: then all must be looked at again.
pub(super) async fn next_stored(news: &mut broadcast::Receiver<ChunkId>) -> Option<Vec<StreamAck>> {
    let first = news.recv().await.ok()?;
    let mut stored: BTreeMap<StreamId, RangeSet> = BTreeMap::new();
    stored.entry(first.stream).or_default().insert(first.no.0);
    while stored.len() < MAX_TOLD_STREAMS
        && let Ok(next) = news.try_recv()
    {
        stored.entry(next.stream).or_default().insert(next.no.0);
    }
    Some(stored.into_iter().map(|(stream, chunks)| StreamAck { stream, chunks }).collect())
}

/// Reads one chunk from one node.
async fn fetch(hub: Arc<Hub>, node: NodeId, id: ChunkId, into: mpsc::Sender<Fetched>) {
    let chunk = match node == hub.me {
        true => {
            let store = hub.store.clone();
            tokio::task::spawn_blocking(move || store.get(id).ok().flatten()).await.ok().flatten()
        }
        false => timeout(FETCH_TIMEOUT, fetch_there(&hub, node, id)).await.ok().flatten(),
    };
    // The follower may be gone.
    let _ = into.send(Fetched { id, node, chunk }).await;
}

async fn fetch_there(hub: &Arc<Hub>, node: NodeId, id: ChunkId) -> Option<Chunk> {
    let peer = hub.peers.peer(node).await?;
    let wanted = StreamAck { stream: id.stream, chunks: RangeSet::from_iter([id.no.0]) };
    let mut stream = peer.open(&Request::Peer(PeerRequest::Fetch(wanted))).await.ok()?;
    let chunk = Chunk::parse(stream.recv_chunk().await.ok()??).ok()?;
    (chunk.id() == id && chunk.verify().is_ok()).then_some(chunk)
}

/// Chunks in messages of a bounded size.
pub(super) fn messages(stored: Vec<StreamAck>) -> VecDeque<Vec<StreamAck>> {
    let mut all: VecDeque<Vec<StreamAck>> = VecDeque::new();
    for ack in stored {
        match all.back_mut() {
            Some(last) if last.len() < MAX_TOLD_STREAMS => last.push(ack),
            _ => all.push_back(vec![ack]),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_wait_as_long_as_the_latest_chunks_took() {
        let begin = Instant::now();
        let ms = Duration::from_millis;
        let mut span = Span { longest: WINDOW, before: WINDOW, since: begin };
        assert_eq!(span.wait(ms(20), begin), WINDOW, "before anything is known");
        let later = begin + SPAN_AGE;
        assert_eq!(span.wait(ms(20), later), WINDOW);
        let later = later + SPAN_AGE;
        assert_eq!(span.wait(ms(20), later), ms(20) + JITTER);
        assert_eq!(span.wait(ms(40), later), ms(40) + JITTER, "the longest of them");
        assert_eq!(span.wait(ms(10), later + SPAN_AGE), ms(40) + JITTER);
        assert_eq!(span.wait(ms(10), later + 2 * SPAN_AGE), ms(10) + JITTER);
        assert_eq!(span.wait(Duration::MAX, later + 2 * SPAN_AGE), WINDOW);
    }
}
