//! Captures on a network interface by libpcap, on a thread of its own.
//!
//! The thread takes packets out of the kernel's buffer in batches and puts them into chunks; sealed chunks go into a
//! bounded queue. It never waits for that queue: when it is full, the chunk's packets are dropped and become a gap, as
//! do those that the kernel says it dropped. A packet is in a sealed chunk at most [`LiveConfig::linger_ms`] and
//! [`POLL_MS`] after it was captured; while somebody follows, [`FOLLOWED_LINGER_MS`] and that.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::Sender;
use packetstream_protocol::chunk::{Chunk, Compression, Gap, GapReason, Interface, Note, Sealer};
use packetstream_protocol::ids::StreamId;
use packetstream_protocol::time::Timestamp;
// Never `use pcap::*`: it has a `PacketStream` of its own.
use pcap::{Active, Capture, Device, Linktype, Precision};

use super::pipeline::{Captured, Pipeline};

/// Longest wait for packets, in milliseconds: what a stop, a lingering chunk and the kernel's block are late at most.
pub const POLL_MS: i32 = 10;

/// Longest time in milliseconds that a packet waits for its chunk to fill while somebody follows what is captured: more chunks, which
/// cost more to keep, and are there sooner.
const FOLLOWED_LINGER_MS: u64 = 20;

/// Packets taken out of the kernel's buffer before chunks and counters are looked after.
const BATCH_PACKETS: usize = 4096;

/// Batches taken out at the end, so that a busy interface cannot hold up a stop.
const LAST_BATCHES: usize = 64;

/// How often the kernel is asked for its drop counts, in nanoseconds.
const STATS_NS: u64 = 1_000_000_000;

/// How long the last chunks may wait for room in the queue when the capture stops.
const LAST_CHUNKS_WAIT: Duration = Duration::from_secs(5);

/// libpcap's own limit (`MAXIMUM_SNAPLEN`).
pub const MAX_SNAPLEN: u32 = 262_144;

/// Largest kernel buffer: libpcap counts its bytes in 32 bits with a sign.
pub const MAX_BUFFER_BYTES: u32 = 1 << 30;

/// libpcap before 1.8 compiles filters with global state.
static COMPILER: Mutex<()> = Mutex::new(());

/// What to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConfig {
    /// Name of the interface; `any` is all of them.
    pub interface: String,
    /// Capture filter in libpcap's language (`pcap-filter(7)`).
    pub filter: Option<String>,
    /// Bytes kept of each packet, up to [`MAX_SNAPLEN`]; 0 is that too.
    pub snaplen: u32,
    /// Bytes of the kernel's buffer, up to [`MAX_BUFFER_BYTES`]: what bursts and stalls it bridges.
    pub buffer_bytes: u32,
    /// Whether to take what is for other machines, too.
    pub promiscuous: bool,
    /// Longest time that a packet waits for its chunk to fill.
    pub linger_ms: u64,
}

impl LiveConfig {
    /// The defaults for an interface: all of every packet, 64 MiB of buffer, promiscuous, 100 ms of linger.
    #[must_use]
    pub fn of(interface: &str) -> Self {
        Self {
            interface: interface.to_owned(),
            filter: None,
            snaplen: MAX_SNAPLEN,
            buffer_bytes: 64 << 20,
            promiscuous: true,
            linger_ms: 100,
        }
    }
}

/// Why a capture cannot start, or ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    #[error("no interface {interface:?}; there are: {}", known.join(", "))]
    NoSuchInterface { interface: String, known: Vec<String> },
    #[error(
        "no permission to capture on {interface}: run as root, or give the program the right with \
         \"setcap cap_net_raw,cap_net_admin+ep PROGRAM\""
    )]
    Permission { interface: String },
    #[error("capture filter {filter:?}: {message}")]
    Filter { filter: String, message: String },
    #[error("cannot capture on {interface}: {message}")]
    Open { interface: String, message: String },
    /// It ran, and what it had captured was sealed.
    #[error("capture on {interface} ended: {message}")]
    Ended { interface: String, message: String },
}

/// What a capture has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Packets taken from the kernel.
    pub packets: u64,
    /// Their captured bytes.
    pub bytes: u64,
    /// Chunks sealed and queued.
    pub chunks: u64,
    /// Packets that the kernel dropped because its buffer was full.
    pub dropped_kernel: u64,
    /// Packets that the interface or its driver dropped.
    pub dropped_interface: u64,
    /// Packets dropped here because the queue of chunks was full.
    pub dropped_queue: u64,
    /// Times that the thread has gone round: when this stands still, it hangs.
    pub rounds: u64,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    packets: AtomicU64,
    bytes: AtomicU64,
    chunks: AtomicU64,
    dropped_kernel: AtomicU64,
    dropped_interface: AtomicU64,
    dropped_queue: AtomicU64,
    rounds: AtomicU64,
    /// What was lost behind the capture, to be recorded in its stream.
    lost: Mutex<Vec<Gap>>,
}

/// A running capture. It stops when this is dropped; [`Live::stop`] also waits for its last chunk.
pub struct Live {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<(), LiveError>>>,
    interface: Interface,
}

/// Names of the interfaces that can be captured on, sorted.
///
/// # Errors
/// When the system does not tell.
pub fn interfaces() -> Result<Vec<String>, LiveError> {
    let failed = |error: pcap::Error| LiveError::Open { interface: "any".to_owned(), message: plain(&error) };
    let mut names: Vec<String> = Device::list().map_err(failed)?.into_iter().map(|device| device.name).collect();
    // Sources that libpcap lists beside them and that are no network interfaces.
    names.retain(|name| {
        !["bluetooth", "dbus-", "nflog", "nfqueue", "usbmon"].iter().any(|other| name.starts_with(other))
    });
    names.sort();
    Ok(names)
}

/// Whether `filter` is one for packets of this link type.
///
/// # Errors
/// [`LiveError::Filter`] with libpcap's reason.
pub fn check_filter(filter: &str, link_type: u16) -> Result<(), LiveError> {
    let _one_at_a_time = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
    let failed = |error: pcap::Error| LiveError::Filter { filter: filter.to_owned(), message: plain(&error) };
    let dead = Capture::dead(Linktype(link_type.into())).map_err(failed)?;
    dead.compile(filter, true).map(drop).map_err(failed)
}

impl Live {
    /// Opens the interface and starts to capture into chunks of `stream`, which go to `out`. Its first chunk says in
    /// notes what is captured. `followers` are counted by others.
    ///
    /// # Errors
    /// When the interface cannot be opened or the filter makes no sense.
    pub fn start(
        config: &LiveConfig,
        stream: StreamId,
        compression: Compression,
        out: Sender<Chunk>,
        followers: Arc<AtomicUsize>,
    ) -> Result<Self, LiveError> {
        let capture = open(config)?;
        let snaplen = snaplen(config);
        let interface = Interface {
            link_type: link_type(capture.get_datalink()),
            snaplen,
            resolution: 9,
            name: config.interface.clone(),
            description: String::new(),
        };
        let shared = Arc::new(Shared::default());
        let mut pipeline = Pipeline::new(stream, compression);
        pipeline.declare(0, &interface);
        let worker = Worker {
            config: config.clone(),
            link_type: interface.link_type,
            capture,
            pipeline,
            sealer: Sealer::new(compression),
            out,
            followers,
            shared: Arc::clone(&shared),
            drops: Drops::default(),
        };
        let notes = notes(config, &interface);
        let failed = |error: std::io::Error| LiveError::Open {
            interface: config.interface.clone(),
            message: format!("no thread for it ({error})"),
        };
        let name = format!("capture-{}", config.interface);
        let thread = std::thread::Builder::new().name(name).spawn(move || worker.run(&notes)).map_err(failed)?;
        Ok(Self { shared, thread: Some(thread), interface })
    }

    /// The interface, as its chunks name it.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    #[must_use]
    pub fn counts(&self) -> LiveCounts {
        self.shared.counts()
    }

    /// Records packets that were lost behind the capture.
    pub fn record(&self, gap: Gap) {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).push(gap);
    }

    /// Whether it has ended by itself; [`Live::stop`] says why.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Stops the capture, waits until its last chunk is queued, and says what it has done.
    ///
    /// # Errors
    /// When it had ended by itself: the interface went away, or the program has a defect.
    pub fn stop(mut self) -> Result<LiveCounts, LiveError> {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let defect = |_| {
                let message = "its thread panicked".to_owned();
                Err(LiveError::Ended { interface: self.interface.name.clone(), message })
            };
            thread.join().unwrap_or_else(defect)?;
        }
        Ok(self.counts())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn counts(&self) -> LiveCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LiveCounts {
            packets: of(&self.packets),
            bytes: of(&self.bytes),
            chunks: of(&self.chunks),
            dropped_kernel: of(&self.dropped_kernel),
            dropped_interface: of(&self.dropped_interface),
            dropped_queue: of(&self.dropped_queue),
            rounds: of(&self.rounds),
        }
    }
}

fn open(config: &LiveConfig) -> Result<Capture<Active>, LiveError> {
    let failed = |error: pcap::Error| open_error(&config.interface, &plain(&error));
    // libpcap only warns that "any" cannot be promiscuous, but the warning would be an error here.
    let promiscuous = config.promiscuous && config.interface != "any";
    let buffer_bytes = config.buffer_bytes.min(MAX_BUFFER_BYTES) as i32;
    let inactive = Capture::from_device(config.interface.as_str()).map_err(failed)?;
    let mut capture = inactive
        .promisc(promiscuous)
        .snaplen(snaplen(config) as i32)
        .buffer_size(buffer_bytes)
        .timeout(POLL_MS)
        .precision(Precision::Nano)
        .open()
        .map_err(failed)?;
    if let Some(filter) = &config.filter {
        let _one_at_a_time = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
        capture
            .filter(filter, true)
            .map_err(|error| LiveError::Filter { filter: filter.clone(), message: plain(&error) })?;
    }
    // What waits is this thread and not libpcap, which on a quiet interface waits for ever.
    capture.setnonblock().map_err(failed)
}

fn snaplen(config: &LiveConfig) -> u32 {
    match config.snaplen {
        0 => MAX_SNAPLEN,
        bytes => bytes.min(MAX_SNAPLEN),
    }
}

/// libpcap tells its errors apart by their text alone.
fn open_error(interface: &str, message: &str) -> LiveError {
    let interface = interface.to_owned();
    if message.contains("permission") || message.contains("not permitted") {
        return LiveError::Permission { interface };
    }
    match interfaces() {
        Ok(known) if !known.contains(&interface) => LiveError::NoSuchInterface { interface, known },
        _ => LiveError::Open { interface, message: message.to_owned() },
    }
}

/// The reason without what the crate puts before it.
fn plain(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(message) => message.clone(),
        other => other.to_string(),
    }
}

/// The LINKTYPE of files for the DLT that this system's libpcap gives: they differ below 104, and of those that Linux
/// interfaces have only in raw IP.
fn link_type(dlt: Linktype) -> u16 {
    match dlt.0 {
        12 => 101,
        other => other as u16,
    }
}

fn notes(config: &LiveConfig, interface: &Interface) -> Vec<Note> {
    let filter = config.filter.as_ref().map(|filter| format!("capture filter: {filter}"));
    let application = Some(concat!("PacketStream ", env!("CARGO_PKG_VERSION")).to_owned());
    let os =
        std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| format!("Linux {}", text.trim_end()));
    vec![
        Note::Section { comment: filter, hardware: None, os, application },
        Note::Interface { number: 0, interface: interface.clone() },
    ]
}

/// The capture thread.
struct Worker {
    config: LiveConfig,
    link_type: u16,
    capture: Capture<Active>,
    pipeline: Pipeline,
    sealer: Sealer,
    out: Sender<Chunk>,
    followers: Arc<AtomicUsize>,
    shared: Arc<Shared>,
    drops: Drops,
}

impl Worker {
    fn run(mut self, notes: &[Note]) -> Result<(), LiveError> {
        let started = now();
        self.drops.at = started;
        // A queue that is full so soon has no room for the packets either: then there are no notes.
        let Self { pipeline, sealer, out, .. } = &mut self;
        if let Err(error) = pipeline.notes(started, notes, &mut |chunk| out.try_send(sealer.seal(chunk)).is_ok()) {
            tracing::warn!(%error, "notes on the capture are not kept");
        }
        let mut result = Ok(());
        while result.is_ok() && !self.shared.stop.load(Ordering::Relaxed) {
            result = self.round();
        }
        for _ in 0..LAST_BATCHES {
            if !matches!(self.batch(), Ok(1..)) {
                break;
            }
        }
        self.count_drops(now());
        let Self { pipeline, sealer, out, .. } = &mut self;
        pipeline.flush(&mut |chunk| out.send_timeout(sealer.seal(chunk), LAST_CHUNKS_WAIT).is_ok());
        self.publish();
        result
    }

    /// Waits for packets and takes what is there.
    fn round(&mut self) -> Result<(), LiveError> {
        let taken = self.batch()?;
        let now = now();
        if now.0.abs_diff(self.drops.at.0) >= STATS_NS {
            self.count_drops(now);
        }
        let lost = std::mem::take(&mut *self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner));
        lost.into_iter().for_each(|gap| self.pipeline.gap(gap));
        let linger_ms = match self.followers.load(Ordering::Relaxed) {
            0 => self.config.linger_ms,
            _ => self.config.linger_ms.min(FOLLOWED_LINGER_MS),
        };
        let linger_ns = linger_ms.saturating_mul(1_000_000);
        let Self { pipeline, sealer, out, .. } = self;
        pipeline.flush_due(now, linger_ns, &mut |chunk| out.try_send(sealer.seal(chunk)).is_ok());
        self.publish();
        if taken == 0 && !wait_readable(self.capture.as_raw_fd()) {
            // The descriptor tells of an error that libpcap has not told of: no reason to spin.
            std::thread::park_timeout(Duration::from_millis(POLL_MS as u64));
        }
        Ok(())
    }

    /// Takes one batch of packets without waiting.
    fn batch(&mut self) -> Result<usize, LiveError> {
        let Self { config, link_type, capture, pipeline, sealer, out, shared, .. } = self;
        let (now, link_type, mut bytes) = (now(), *link_type, 0);
        let taken = capture.dispatch(Some(BATCH_PACKETS), |packet| {
            let captured = Captured {
                time: time_of(packet.header.ts),
                interface: 0,
                link_type,
                orig_len: packet.header.len,
                flags: 0,
                bytes: packet.data,
                comment: None,
            };
            bytes += packet.data.len() as u64;
            // The interface is declared, and `MAX_SNAPLEN` is less than the longest packet of a chunk.
            if let Err(error) = pipeline.push(now, &captured, &mut |chunk| out.try_send(sealer.seal(chunk)).is_ok()) {
                tracing::error!(%error, "captured packet does not fit into a chunk");
            }
        });
        shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        taken.map_err(|error| LiveError::Ended { interface: config.interface.clone(), message: plain(&error) })
    }

    fn count_drops(&mut self, now: Timestamp) {
        let Ok(stats) = self.capture.stats() else { return };
        for gap in self.drops.since(now, stats.dropped, stats.if_dropped) {
            let counter = match gap.reason {
                GapReason::Kernel => &self.shared.dropped_kernel,
                _ => &self.shared.dropped_interface,
            };
            counter.fetch_add(gap.packets, Ordering::Relaxed);
            self.pipeline.gap(gap);
        }
    }

    fn publish(&self) {
        self.shared.packets.store(self.pipeline.packets(), Ordering::Relaxed);
        self.shared.chunks.store(self.pipeline.chunks(), Ordering::Relaxed);
        self.shared.dropped_queue.store(self.pipeline.refused(), Ordering::Relaxed);
        self.shared.rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// The kernel's drop counts when it was last asked.
#[derive(Debug, Default)]
struct Drops {
    at: Timestamp,
    kernel: u32,
    interface: u32,
}

impl Drops {
    /// What was dropped since. The counters have 32 bits and come round.
    fn since(&mut self, now: Timestamp, kernel: u32, interface: u32) -> Vec<Gap> {
        let (from, until) = (self.at.min(now), now.max(self.at));
        let counts = [
            (GapReason::Kernel, kernel.wrapping_sub(self.kernel)),
            (GapReason::Interface, interface.wrapping_sub(self.interface)),
        ];
        *self = Self { at: now, kernel, interface };
        let dropped = counts.into_iter().filter(|(_, packets)| *packets > 0);
        dropped
            .map(|(reason, packets)| Gap { from, until, packets: packets.into(), reason, interface: Some(0) })
            .collect()
    }
}

/// libpcap puts nanoseconds where microseconds are in the C structure, as it was asked to.
fn time_of(ts: libc::timeval) -> Timestamp {
    Timestamp::from_parts(u64::try_from(ts.tv_sec).unwrap_or(0), u64::try_from(ts.tv_usec).unwrap_or(0))
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(since.as_secs(), since.subsec_nanos().into())
}

/// Waits up to [`POLL_MS`] until there is something to be read; false if the descriptor has an error instead.
fn wait_readable(fd: RawFd) -> bool {
    let mut entry = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // The crate has no way to wait with a limit that libpcap keeps on every kernel.
    #[allow(unsafe_code)]
    // SAFETY: one entry, which lives until the call returns.
    let ready = unsafe { libc::poll(&raw mut entry, 1, POLL_MS) };
    // An interruption by a signal comes round again.
    ready <= 0 || entry.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) == 0
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use packetstream_protocol::chunk::ChunkKind;
    use packetstream_protocol::ids::{Epoch, HostId};

    use super::*;

    const STREAM: StreamId = StreamId { host: HostId::from_bytes([5; 16]), epoch: Epoch(1) };

    /// A capture of what is sent to `port` on the loopback interface; `None`, and said so, without the right to it.
    fn on_loopback(port: u16, out: Sender<Chunk>) -> Option<Live> {
        start_on_loopback(port, out, 10, 0)
    }

    fn start_on_loopback(port: u16, out: Sender<Chunk>, linger_ms: u64, followers: usize) -> Option<Live> {
        let filter = Some(format!("udp dst port {port}"));
        let config = LiveConfig { filter, linger_ms, buffer_bytes: 1 << 20, ..LiveConfig::of("lo") };
        match Live::start(&config, STREAM, Compression::Fast, out, Arc::new(AtomicUsize::new(followers))) {
            Ok(live) => Some(live),
            Err(error) => {
                packetstream_tests::skipped(&error.to_string());
                None
            }
        }
    }

    #[test]
    fn packets_of_the_loopback_come_as_chunks() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        let (out, chunks) = crossbeam_channel::bounded(1000);
        let Some(live) = on_loopback(to.port(), out) else { return };
        let before = now();
        for number in 0..50u8 {
            socket.send_to(&[number; 100], to).unwrap();
        }
        let (mut seen, mut notes) = (Vec::new(), 0);
        // They come by themselves, before the capture is stopped.
        while seen.len() < 50 {
            let chunk = chunks.recv_timeout(Duration::from_secs(20)).unwrap();
            match chunk.header().kind {
                ChunkKind::Notes => notes += chunk.notes().unwrap().len(),
                ChunkKind::Packets(_) => seen.extend(chunk.packets().unwrap().iter().map(|packet| {
                    assert_eq!(packet.orig_len as usize, packet.bytes.len());
                    (packet.id, packet.bytes.last().copied())
                })),
                ChunkKind::Gaps => panic!("gaps"),
            }
        }
        assert_eq!(notes, 2);
        assert_eq!(seen.iter().map(|packet| packet.1).collect::<Vec<_>>(), (0..50).map(Some).collect::<Vec<_>>());
        // Within a minute of this clock: had the nanoseconds been taken for microseconds, it would be hours.
        assert!(seen.iter().all(|packet| packet.0.time.0.abs_diff(before.0) < 60_000_000_000));
        assert!(seen.iter().any(|packet| packet.0.time.0 % 1000 != 0), "no nanoseconds");
        let counts = live.stop().unwrap();
        assert_eq!((counts.packets, counts.bytes, counts.dropped_queue), (50, 50 * 142, 0));
        assert!(counts.chunks >= 2 && counts.rounds > 0);
    }

    #[test]
    fn a_full_queue_costs_packets_and_says_so() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        // The notes fill it.
        let (out, chunks) = crossbeam_channel::bounded(1);
        let Some(live) = on_loopback(to.port(), out) else { return };
        for _ in 0..20 {
            socket.send_to(b"hello", to).unwrap();
        }
        while live.counts().dropped_queue < 20 {
            assert!(!live.is_finished());
            std::thread::park_timeout(Duration::from_millis(1));
        }
        assert_eq!(chunks.recv().unwrap().header().kind, ChunkKind::Notes);
        // With room again, the gap comes.
        let gap = chunks.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(gap.id().no.0, 1);
        let gaps = gap.gaps().unwrap();
        assert_eq!(gaps.iter().map(|gap| gap.packets).sum::<u64>(), 20);
        assert!(gaps.iter().all(|gap| gap.reason == GapReason::Queue));
        assert_eq!(live.stop().unwrap().dropped_queue, 20);
    }

    #[test]
    fn who_follows_does_not_wait_for_a_chunk_to_fill() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        let (out, chunks) = crossbeam_channel::bounded(1000);
        // Nobody waits for so long.
        let Some(live) = start_on_loopback(to.port(), out, u64::MAX, 1) else { return };
        socket.send_to(b"followed", to).unwrap();
        while !matches!(chunks.recv().unwrap().header().kind, ChunkKind::Packets(_)) {}
        live.stop().unwrap();
    }

    #[test]
    fn what_is_wrong_is_said_clearly() {
        let start = |config: &LiveConfig| {
            let (out, _) = crossbeam_channel::bounded(1);
            Live::start(config, STREAM, Compression::Fast, out, Arc::default()).err()
        };
        match start(&LiveConfig::of("no-such-if0")) {
            Some(LiveError::NoSuchInterface { interface, known }) => {
                assert_eq!(interface, "no-such-if0");
                assert!(known.contains(&"lo".to_owned()), "{known:?}");
            }
            Some(LiveError::Permission { .. }) => packetstream_tests::skipped("no right to capture"),
            other => panic!("{other:?}"),
        }
        let error = LiveError::NoSuchInterface { interface: "x".into(), known: vec!["eth0".into(), "lo".into()] };
        assert_eq!(error.to_string(), "no interface \"x\"; there are: eth0, lo");
        let denied = "eth0: You don't have permission to perform this capture on that device";
        assert_eq!(open_error("eth0", denied), LiveError::Permission { interface: "eth0".into() });
        let config = LiveConfig { filter: Some("udp prot 5".into()), ..LiveConfig::of("lo") };
        assert!(matches!(start(&config), Some(LiveError::Filter { .. } | LiveError::Permission { .. })));
    }

    #[test]
    fn filters_are_checked_without_an_interface() {
        assert_eq!(check_filter("udp port 5060 or arp", 1), Ok(()));
        let error = check_filter("udp port five", 1).unwrap_err();
        assert!(error.to_string().starts_with("capture filter \"udp port five\": "), "{error}");
    }

    #[test]
    fn drop_counts_become_gaps() {
        let mut drops = Drops { at: Timestamp(100), kernel: u32::MAX, interface: 0 };
        let gap = |from, until, packets, reason| Gap {
            from: Timestamp(from),
            until: Timestamp(until),
            packets,
            reason,
            interface: Some(0),
        };
        assert_eq!(drops.since(Timestamp(200), 4, 0), [gap(100, 200, 5, GapReason::Kernel)]);
        assert_eq!(drops.since(Timestamp(300), 4, 0), []);
        let both = [gap(300, 400, 1, GapReason::Kernel), gap(300, 400, 2, GapReason::Interface)];
        assert_eq!(drops.since(Timestamp(400), 5, 2), both);
        // The clock was set back.
        assert_eq!(drops.since(Timestamp(350), 6, 2), [gap(350, 400, 1, GapReason::Kernel)]);
    }
}
