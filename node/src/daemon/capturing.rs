//! Live captures of this node: interface, chunks, spool, store.
//!
//! Capture never waits for the store: chunks go into the spool on disk first, and leave it when the store has them.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use packetstream_protocol::chunk::Compression;
use packetstream_protocol::wire::CaptureRow;
use packetstream_protocol::{Chunk, Epoch, HostId, RangeSet, StreamId};
use packetstream_storage::spool::{SpoolCursor, SpoolError};
use packetstream_storage::{ChunkStore, Outcome, Spool, SpoolOptions, StoreError};
use thiserror::Error;
use uuid::Uuid;

use super::Service;
use crate::capture::{Live, LiveConfig, LiveError};

/// Chunks that may wait for the spool; what comes then is dropped, counted and told as a gap.
const MAX_CHUNKS_WAITING: usize = 256;
/// How often counters are brought up to date while nothing is captured.
const COUNT_INTERVAL: Duration = Duration::from_millis(500);

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
    #[error("the thread that stores captures cannot be started or has panicked")]
    Thread,
}

/// The captures and the thread that stores what they see.
pub(crate) struct Capturing {
    lives: Arc<Vec<Live>>,
    storing: JoinHandle<Result<(), CaptureError>>,
}

impl Capturing {
    /// Starts the captures, if there are any. Each is a stream of its own of this node's host.
    pub(crate) fn start(
        captures: &[LiveConfig],
        spool: &Path,
        service: &Arc<Service>,
    ) -> Result<Option<Self>, CaptureError> {
        if captures.is_empty() {
            return Ok(None);
        }
        let store = service.store();
        let (spool, cuts) = Spool::open(spool, SpoolOptions::default())?;
        for cut in cuts {
            tracing::warn!(segment = %cut.path.display(), bytes = cut.bytes, "spool ended in the middle of a chunk");
        }
        let host = host(&**store)?;
        let (chunks, waiting) = crossbeam_channel::bounded(MAX_CHUNKS_WAITING);
        let mut lives = Vec::new();
        for capture in captures {
            let stream = StreamId { host, epoch: next_epoch(&**store)? };
            lives.push(Live::start(capture, stream, Compression::default(), chunks.clone())?);
            tracing::info!(interface = %capture.interface, %stream, "capturing");
        }
        let lives = Arc::new(lives);
        let (service, counted) = (service.clone(), Arc::downgrade(&lives));
        let storing = std::thread::Builder::new().name("spool".to_owned()).spawn(move || {
            let stored = store_all(&service, spool, &waiting, &|| {
                for live in counted.upgrade().iter().flat_map(|lives| lives.iter()) {
                    count(&service, live);
                }
            });
            if let Err(error) = &stored {
                tracing::error!(%error, "captures are no longer stored");
            }
            stored
        });
        Ok(Some(Self { lives, storing: storing.map_err(|_| CaptureError::Thread)? }))
    }

    /// Stops the captures and waits until what they saw is stored.
    pub(crate) fn stop(self) -> Result<(), CaptureError> {
        let mut ended = Ok(());
        // The storing thread may hold the list for the moment of a count.
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
        self.storing.join().map_err(|_| CaptureError::Thread)??;
        ended
    }
}

/// The host that this machine is for life: made at the first capture, kept in the store.
fn host(store: &dyn ChunkStore) -> Result<HostId, StoreError> {
    if let Some(bytes) = store.meta(HOST_KEY)?.and_then(|value| <[u8; 16]>::try_from(value).ok()) {
        return Ok(HostId::from_bytes(bytes));
    }
    let host = HostId::from(Uuid::new_v4());
    store.put_meta(HOST_KEY, Some(host.as_bytes()))?;
    Ok(host)
}

/// A number that no capture of this host had before.
fn next_epoch(store: &dyn ChunkStore) -> Result<Epoch, StoreError> {
    let last = store.meta(EPOCH_KEY)?.and_then(|value| <[u8; 4]>::try_from(value).ok()).map_or(0, u32::from_le_bytes);
    let next = last.wrapping_add(1);
    store.put_meta(EPOCH_KEY, Some(&next.to_le_bytes()))?;
    Ok(Epoch(next))
}

fn count(service: &Service, live: &Live) {
    let counts = live.counts();
    let interface = live.interface().name.clone();
    let dropped = counts.dropped_kernel + counts.dropped_interface + counts.dropped_queue;
    let row = CaptureRow { interface: interface.clone(), packets: counts.packets, dropped, gaps: 0 };
    service.captures.lock().insert(interface, row);
}

/// Spools what comes and stores what is spooled, until all captures have ended and nothing is left.
fn store_all(
    service: &Service,
    mut spool: Spool,
    waiting: &Receiver<Chunk>,
    count: &dyn Fn(),
) -> Result<(), CaptureError> {
    let mut cursor = SpoolCursor::default();
    let mut store = |spool: &mut Spool| {
        if let Err(error) = drain(&**service.store(), spool, &mut cursor) {
            // They stay in the spool and are tried again with the next ones.
            tracing::error!(%error, "captured packets wait in the spool");
        }
    };
    store(&mut spool);
    loop {
        match waiting.recv_timeout(COUNT_INTERVAL) {
            Ok(chunk) => {
                for chunk in std::iter::once(chunk).chain(waiting.try_iter()) {
                    for overflow in spool.push(&chunk)? {
                        tracing::error!(stream = %overflow.stream, packets = overflow.gap.packets, "spool is full, packets dropped");
                    }
                }
                spool.sync()?;
                store(&mut spool);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                store(&mut spool);
                return Ok(());
            }
        }
        count();
    }
}

/// Stores what the spool holds behind `cursor`, which moves on past each chunk that the store has answered for.
fn drain(store: &dyn ChunkStore, spool: &mut Spool, cursor: &mut SpoolCursor) -> Result<(), CaptureError> {
    while let Some((chunk, next)) = spool.read(*cursor)? {
        let id = chunk.id();
        match store.append(vec![chunk])?.pop() {
            Some(Outcome::Stored | Outcome::Duplicate | Outcome::Expired) => {
                let mut stored = RangeSet::default();
                stored.insert(id.no.0);
                spool.release(id.stream, &stored)?;
            }
            // It stays in the spool: whoever looks for it finds it there.
            refused => tracing::error!(chunk = %id, ?refused, "captured packets were not stored"),
        }
        *cursor = next;
    }
    Ok(())
}
