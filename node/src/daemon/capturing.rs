//! Live captures: interface, chunks, spool, and out to where they are stored.
//!
//! Capture never waits for what is behind it: chunks go into the spool on disk first, and leave it when enough nodes have
//! them. What is in the spool when the process ends goes out with the next start.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, after, never, select};
use packetstream_protocol::chunk::Compression;
use packetstream_protocol::ids::ChunkId;
use packetstream_protocol::wire::CaptureRow;
use packetstream_protocol::{Chunk, Epoch, HostId, RangeSet, StreamId};
use packetstream_storage::spool::{SpoolCursor, SpoolError};
use packetstream_storage::{ChunkStore, Spool, SpoolOptions, StoreError};
use parking_lot::Mutex;
use thiserror::Error;
use uuid::Uuid;

use super::hub::{Hub, RouteEnd};
use crate::capture::{Live, LiveConfig, LiveError};

/// Chunks that may wait for the spool; what comes then is dropped, counted and told as a gap.
const MAX_CHUNKS_WAITING: usize = 256;
/// How often counters are brought up to date while nothing is captured.
const COUNT_INTERVAL: Duration = Duration::from_millis(250);
/// Bytes out of the spool that are not acknowledged.
const MAX_BYTES_UNDER_WAY: u64 = 16 << 20;
/// Chunks that were refused are sent again after this.
const REFUSED_FOR: Duration = Duration::from_millis(500);
/// How long the end waits for what was captured to be acknowledged; the rest stays in the spool.
const LAST_WAIT: Duration = Duration::from_secs(4);

const HOST_KEY: &str = "capture/host";
const EPOCH_KEY: &str = "capture/epoch";

/// Why captures did not start, or did not end well.
#[derive(Debug, Error)]
pub enum CaptureError {
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error("the thread that stores captures cannot be started or has panicked")]
    Thread,
}

/// A chunk's fate, from where it went.
pub(crate) struct Fate {
    pub(crate) chunk: ChunkId,
    pub(crate) end: RouteEnd,
}

/// Where spooled chunks go: false when there is no room for one now.
pub(crate) type Outlet = Box<dyn FnMut(Chunk) -> bool + Send>;

/// What captures need to start.
pub(crate) struct Captures {
    pub(crate) lives: Vec<LiveConfig>,
    pub(crate) spool: PathBuf,
    pub(crate) options: SpoolOptions,
    /// How many follow what is captured, as far as is known here.
    pub(crate) followers: Arc<AtomicUsize>,
}

/// Counters for `status`.
pub(crate) type Counts = Arc<Mutex<std::collections::BTreeMap<String, CaptureRow>>>;

/// The captures and the thread that spools what they see.
pub(crate) struct Capturing {
    lives: Arc<Vec<Live>>,
    spooling: JoinHandle<Result<(), CaptureError>>,
}

impl Capturing {
    /// Starts the captures; each is a stream of its own of `host`, with the next of `epoch`.
    pub(crate) fn start(
        captures: &Captures,
        host: HostId,
        mut epoch: impl FnMut() -> Result<Epoch, CaptureError>,
        outlet: Outlet,
        fates: Receiver<Fate>,
        counts: Counts,
    ) -> Result<Self, CaptureError> {
        let (spool, cuts) = Spool::open(&captures.spool, captures.options)?;
        for cut in cuts {
            tracing::warn!(segment = %cut.path.display(), bytes = cut.bytes, "spool ended in the middle of a chunk");
        }
        if !spool.is_empty() {
            tracing::info!(chunks = spool.len(), "the spool holds chunks of an earlier run");
        }
        let (chunks, waiting) = crossbeam_channel::bounded(MAX_CHUNKS_WAITING);
        let mut lives = Vec::new();
        for capture in &captures.lives {
            let stream = StreamId { host, epoch: epoch()? };
            lives.push(Live::start(
                capture,
                stream,
                Compression::default(),
                chunks.clone(),
                captures.followers.clone(),
            )?);
            tracing::info!(interface = %capture.interface, %stream, "capturing");
        }
        let lives = Arc::new(lives);
        let spooler = Spooler {
            spool,
            cursor: SpoolCursor::default(),
            under_way: std::collections::BTreeMap::new(),
            bytes_under_way: 0,
            again: None,
            outlet,
            lives: Arc::downgrade(&lives),
            counts,
        };
        // Without captures there is only what is left of an earlier run, until the process ends.
        let ended = Arc::downgrade(&lives);
        let spooling = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || {
                let spooled = spooler.run(&waiting, &fates, &|| ended.strong_count() == 0);
                if let Err(error) = &spooled {
                    tracing::error!(%error, "captures are no longer spooled");
                }
                spooled
            })
            .map_err(|_| CaptureError::Thread)?;
        drop(chunks);
        Ok(Self { lives, spooling })
    }

    /// Stops the captures and waits until what they saw is stored, or for a while.
    pub(crate) fn stop(self) -> Result<(), CaptureError> {
        let mut ended = Ok(());
        // The spooling thread may hold the list for the moment of a count.
        let mut lives = self.lives;
        let lives = loop {
            match Arc::try_unwrap(lives) {
                Ok(lives) => break lives,
                Err(shared) => lives = shared,
            }
            std::thread::yield_now();
        };
        for live in lives {
            if let Err(error) = live.stop() {
                ended = Err(error.into());
            }
        }
        self.spooling.join().map_err(|_| CaptureError::Thread)??;
        ended
    }
}

/// The host that this machine is for life: made at the first capture, kept in the store.
pub(crate) fn host(store: &dyn ChunkStore) -> Result<HostId, CaptureError> {
    if let Some(bytes) = store.meta(HOST_KEY)?.and_then(|value| <[u8; 16]>::try_from(value).ok()) {
        return Ok(HostId::from_bytes(bytes));
    }
    let host = HostId::from(Uuid::new_v4());
    store.put_meta(HOST_KEY, Some(host.as_bytes()))?;
    Ok(host)
}

/// A number that no capture of this host had before.
pub(crate) fn next_epoch(store: &dyn ChunkStore) -> Result<Epoch, CaptureError> {
    let last = store.meta(EPOCH_KEY)?.and_then(|value| <[u8; 4]>::try_from(value).ok()).map_or(0, u32::from_le_bytes);
    let next = last.wrapping_add(1);
    store.put_meta(EPOCH_KEY, Some(&next.to_le_bytes()))?;
    Ok(Epoch(next))
}

/// The way through a node's own machine, and what comes back on it.
pub(crate) fn through(hub: &Arc<Hub>) -> (Outlet, Receiver<Fate>) {
    let (told, fates) = crossbeam_channel::unbounded();
    let (hub, conversation) = (hub.clone(), hub.number());
    let outlet: Outlet = Box::new(move |chunk| {
        let (id, told): (ChunkId, Sender<Fate>) = (chunk.id(), told.clone());
        // As many fates wait as chunks are under way.
        hub.route(conversation, chunk, Box::new(move |end| drop(told.send(Fate { chunk: id, end }))));
        true
    });
    (outlet, fates)
}

struct Spooler {
    spool: Spool,
    cursor: SpoolCursor,
    under_way: std::collections::BTreeMap<ChunkId, u64>,
    bytes_under_way: u64,
    /// When all that is not under way is to be looked at again.
    again: Option<Instant>,
    outlet: Outlet,
    lives: std::sync::Weak<Vec<Live>>,
    counts: Counts,
}

impl Spooler {
    fn run(
        mut self,
        waiting: &Receiver<Chunk>,
        fates: &Receiver<Fate>,
        is_ended: &dyn Fn() -> bool,
    ) -> Result<(), CaptureError> {
        let mut waiting = waiting.clone();
        let mut deadline = None;
        loop {
            self.send()?;
            select! {
                recv(waiting) -> chunk => match chunk {
                    Ok(chunk) => {
                        for chunk in std::iter::once(chunk).chain(waiting.try_iter().take(MAX_CHUNKS_WAITING)) {
                            self.keep(&chunk)?;
                        }
                        self.spool.sync()?;
                    }
                    Err(_) => waiting = never(),
                },
                recv(fates) -> fate => match fate {
                    Ok(fate) => self.end(fate)?,
                    // Nobody stores any more: what is in the spool stays there.
                    Err(_) => return Ok(()),
                },
                recv(after(COUNT_INTERVAL)) -> _ => {}
            }
            for fate in fates.try_iter() {
                self.end(fate)?;
            }
            if self.again.is_some_and(|at| Instant::now() >= at) {
                (self.again, self.cursor) = (None, SpoolCursor::default());
            }
            self.count();
            if is_ended() && waiting.is_empty() {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + LAST_WAIT);
                if self.spool.is_empty() || Instant::now() >= deadline {
                    return Ok(());
                }
            }
        }
    }

    /// Takes a captured chunk. What has to go for it is a gap of its stream.
    fn keep(&mut self, chunk: &Chunk) -> Result<(), CaptureError> {
        let overflows = match self.spool.push(chunk) {
            Ok(overflows) => overflows,
            Err(SpoolError::Full { .. } | SpoolError::DiskFull(_)) => {
                let header = chunk.header();
                let lost = packetstream_protocol::Gap {
                    from: header.time_min,
                    until: header.time_max,
                    packets: header.records.into(),
                    reason: packetstream_protocol::GapReason::Spool,
                    interface: None,
                };
                self.record(chunk.id().stream, lost);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        for overflow in overflows {
            self.record(overflow.stream, overflow.gap);
        }
        Ok(())
    }

    fn record(&self, stream: StreamId, gap: packetstream_protocol::Gap) {
        tracing::error!(%stream, packets = gap.packets, "spool is full, packets dropped");
        // Into the stream of a capture that runs: another one has ended.
        if let Some(live) = self.lives.upgrade().as_ref().and_then(|lives| lives.first()) {
            live.record(gap);
        }
    }

    /// Sends on what is in the spool, as much as may be under way.
    fn send(&mut self) -> Result<(), CaptureError> {
        while self.bytes_under_way < MAX_BYTES_UNDER_WAY {
            let (chunk, next) = match self.spool.read(self.cursor) {
                Ok(Some(read)) => read,
                Ok(None) => return Ok(()),
                Err(error) => {
                    tracing::error!(%error, "a chunk of the spool cannot be read");
                    self.cursor = self.spool.skip(self.cursor);
                    continue;
                }
            };
            let (id, bytes) = (chunk.id(), chunk.bytes().len() as u64);
            if !self.under_way.contains_key(&id) {
                if !(self.outlet)(chunk) {
                    return Ok(());
                }
                self.under_way.insert(id, bytes);
                self.bytes_under_way += bytes;
            }
            self.cursor = next;
        }
        Ok(())
    }

    fn end(&mut self, fate: Fate) -> Result<(), CaptureError> {
        if let Some(bytes) = self.under_way.remove(&fate.chunk) {
            self.bytes_under_way -= bytes;
        }
        match fate.end {
            RouteEnd::Released => self.spool.release(fate.chunk.stream, &RangeSet::from_iter([fate.chunk.no.0]))?,
            RouteEnd::Refused => drop(self.again.get_or_insert_with(|| Instant::now() + REFUSED_FOR)),
            // It stays in the spool: whoever looks for it finds it there.
            RouteEnd::Conflict => {
                tracing::error!(chunk = %fate.chunk, "its name is taken: captured packets are not stored");
            }
        }
        Ok(())
    }

    fn count(&self) {
        for live in self.lives.upgrade().iter().flat_map(|lives| lives.iter()) {
            let counts = live.counts();
            let interface = live.interface().name.clone();
            let dropped = counts.dropped_kernel + counts.dropped_interface + counts.dropped_queue;
            let row = CaptureRow { interface: interface.clone(), packets: counts.packets, dropped, gaps: 0 };
            self.counts.lock().insert(interface, row);
        }
    }
}
