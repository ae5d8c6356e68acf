//! What the first pass learns of a connection: version, cipher suite, application protocol, where encryption begins, and
//! handshake messages that lie in several records.

use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::conversation;
use crate::dissector::{Dissector, Transport};
use crate::facts::Fact;
use crate::proto::tcp;
use crate::recent::Recent;

/// How many connections are remembered.
pub(super) const MAX_SESSIONS: usize = 65_536;
/// How long a handshake message may be that lies in several records; RFC 8446 lets it be 16 MiB, certificates are far less.
pub(crate) const MAX_HANDSHAKE_BYTES: usize = 256 << 10;
/// How many octets unfinished handshake messages may hold together.
pub(super) const MAX_PENDING_BYTES: usize = 32 << 20;
/// Of how many records one handshake message may consist.
pub(super) const MAX_PIECES: usize = 1024;
/// The longest name of an application protocol (RFC 7301, 3.1).
const MAX_NAME: usize = 255;

/// The length of a handshake message's type and length (RFC 8446, 4).
const HEADER_LEN: usize = 4;

/// The version that TLS 1.3 has.
pub(crate) const TLS_1_3: u16 = 0x0304;

/// The version that a draft of TLS 1.3 became (RFC 8446, 4.2.1; the ones that Facebook tried).
fn published(version: u16) -> u16 {
    match version {
        0xfb17 | 0xfb1a => TLS_1_3,
        _ => version,
    }
}

/// Stands for no cipher suite.
const NO_SUITE: u32 = u32::MAX;

/// What holds for all records of a connection. The first pass fills it in, the second one reads it when that is over.
#[derive(Debug)]
pub struct Session {
    /// 0 while it is not known.
    version: AtomicU16,
    suite: AtomicU32,
    /// The frames of the first change of ciphers of either side, 0 for none.
    changed: [AtomicU64; 2],
    /// The frame in which the server went on with keys that were known before.
    resumed: AtomicU64,
    /// The last handshake message was the server's hello.
    is_after_hello: AtomicU16,
    application: OnceLock<Box<str>>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            version: AtomicU16::new(0),
            suite: AtomicU32::new(NO_SUITE),
            changed: Default::default(),
            resumed: AtomicU64::new(0),
            is_after_hello: AtomicU16::new(0),
            application: OnceLock::new(),
        }
    }
}

impl Session {
    /// The version in the end, if it is known.
    pub(crate) fn version(&self) -> Option<u16> {
        Some(self.version.load(Relaxed)).filter(|version| *version != 0)
    }

    /// The cipher suite that the server chose.
    pub(crate) fn suite(&self) -> Option<u16> {
        u16::try_from(self.suite.load(Relaxed)).ok()
    }

    /// The application protocol that the server chose (RFC 7301).
    pub(crate) fn application(&self) -> Option<&str> {
        self.application.get().map(|name| &**name)
    }

    /// Takes a version that a record tells, if none is known.
    pub(super) fn guess(&self, version: u16) {
        if self.version.load(Relaxed) == 0 {
            self.version.store(version, Relaxed);
        }
    }

    /// Takes what the server's hello tells.
    pub(crate) fn chose(&self, version: u16, suite: u16, application: Option<&[u8]>) {
        self.version.store(published(version), Relaxed);
        self.suite.store(suite.into(), Relaxed);
        if let Some(name) = application.filter(|name| name.len() <= MAX_NAME) {
            let _ = self.application.set(String::from_utf8_lossy(name).into());
        }
    }

    /// Takes the type of a handshake message.
    pub(super) fn saw(&self, message: u8) {
        const SERVER_HELLO: u8 = 2;
        const NEW_SESSION_TICKET: u8 = 4;
        if message != NEW_SESSION_TICKET {
            self.is_after_hello.store((message == SERVER_HELLO).into(), Relaxed);
        }
    }

    /// Takes a side's change of ciphers.
    pub(super) fn change(&self, side: usize, frame: u64) {
        let changed = &self.changed[side & 1];
        if changed.load(Relaxed) == 0 {
            changed.store(frame, Relaxed);
        }
        // RFC 5246, 7.3: a server that takes up a session sends nothing between its hello and the change.
        let is_13 = self.version.load(Relaxed) >= TLS_1_3;
        if self.is_after_hello.swap(0, Relaxed) != 0 && !is_13 && self.resumed.load(Relaxed) == 0 {
            self.resumed.store(frame, Relaxed);
        }
    }

    /// Whether a side had changed ciphers before a frame.
    pub(super) fn is_changed_before(&self, side: usize, frame: u64) -> bool {
        let changed = self.changed[side & 1].load(Relaxed);
        changed != 0 && changed < frame
    }

    /// Whether a side changed ciphers in a frame.
    pub(super) fn changes_in(&self, side: usize, frame: u64) -> bool {
        self.changed[side & 1].load(Relaxed) == frame
    }

    /// Whether a session was taken up in a frame.
    pub(super) fn is_resumed_in(&self, frame: u64) -> bool {
        self.resumed.load(Relaxed) == frame
    }
}

/// A handshake message that lies in several records.
#[derive(Debug)]
pub struct Assembly {
    /// Its type.
    pub(super) message: u8,
    /// The frame in which it is complete, 0 if it never is.
    done_in: AtomicU64,
    /// The frame of each piece and how many octets it has.
    pieces: Mutex<Vec<(u64, u32)>>,
    bytes: OnceLock<Box<[u8]>>,
}

impl Assembly {
    /// The frame in which the message is complete.
    pub(super) fn done_in(&self) -> Option<u64> {
        Some(self.done_in.load(Relaxed)).filter(|frame| *frame != 0)
    }

    /// The message, when it is complete.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.get().map(|bytes| &**bytes)
    }

    /// The pieces so far.
    pub(super) fn pieces(&self) -> Vec<(u64, u32)> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A message that is not complete yet.
struct Pending {
    assembly: Arc<Assembly>,
    /// How many octets it has, once the first ones have told.
    total: Option<usize>,
    bytes: Vec<u8>,
}

struct Connection {
    /// Tells a connection from another one on the same ports.
    stream: u32,
    session: Arc<Session>,
    pending: [Option<Pending>; 2],
}

/// The connections of the first pass.
pub(crate) struct Sessions {
    connections: Recent<conversation::Key, Connection>,
    pending: usize,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { connections: Recent::new(MAX_SESSIONS), pending: 0 }
    }
}

/// The session of the packet at hand, and which side speaks. In the first pass it is kept for the second one.
pub(crate) fn of(d: &mut Dissector<'_>) -> (Option<Arc<Session>>, usize) {
    let is_tcp = d.endpoints.transport == Transport::Tcp;
    let stream = if is_tcp { tcp::stream_index(d) } else { 0 };
    of_stream(d, stream)
}

/// As [`of`], of the connection with a number among those on the same ports.
pub(super) fn of_stream(d: &mut Dissector<'_>, stream: u32) -> (Option<Arc<Session>>, usize) {
    let (endpoints, is_second) = d.endpoints.conversation();
    let side = usize::from(is_second);
    let key = conversation::Key(endpoints);
    if let Some(flows) = d.flows() {
        let connections = &mut flows.tls.connections;
        if connections.get(&key).is_none_or(|known| known.stream != stream) {
            connections.insert(key, Connection { stream, session: Arc::default(), pending: [None, None] });
        }
        if let Some(session) = connections.get(&key).map(|known| known.session.clone())
            && d.peek_fact(|fact| matches!(fact, Fact::Tls(_)).then_some(())).is_none()
        {
            d.record(Fact::Tls(session));
        }
    }
    let session = d.peek_fact(|fact| match fact {
        Fact::Tls(session) => Some(session.clone()),
        _ => None,
    });
    (session, side)
}

/// How many octets a handshake message has, its type and length included, if those are there.
pub(super) fn total(octets: &[u8]) -> Option<usize> {
    let [_, a, b, c, ..] = *octets else {
        return None;
    };
    Some(HEADER_LEN + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)))
}

/// In the first pass: takes the beginning of a handshake message that its record ends within.
pub(super) fn begin(d: &mut Dissector<'_>, side: usize, at: u32, message: u8, octets: &[u8]) {
    let frame = d.packet.number;
    let Some((connection, pending)) = connection(d) else {
        return;
    };
    let total = total(octets);
    if total.is_some_and(|total| total > MAX_HANDSHAKE_BYTES) || *pending + octets.len() > MAX_PENDING_BYTES {
        return;
    }
    if let Some(before) = connection.pending[side & 1].take() {
        *pending = pending.saturating_sub(before.bytes.len());
    }
    *pending += octets.len();
    let assembly = Arc::new(Assembly {
        message,
        done_in: AtomicU64::new(0),
        pieces: Mutex::new(vec![(frame, octets.len() as u32)]),
        bytes: OnceLock::new(),
    });
    connection.pending[side & 1] = Some(Pending { assembly: assembly.clone(), total, bytes: octets.to_vec() });
    d.record(Fact::TlsPiece { at, index: 0, assembly });
}

/// In the first pass: takes the octets of a record that go on with a handshake message.
pub(super) fn go_on(d: &mut Dissector<'_>, side: usize, at: u32, octets: &[u8]) {
    let frame = d.packet.number;
    let Some((connection, pending)) = connection(d) else {
        return;
    };
    let slot = &mut connection.pending[side & 1];
    let Some(message) = slot else {
        return;
    };
    let rest = octets.get(HEADER_LEN.saturating_sub(message.bytes.len())..).map(<[u8]>::len);
    if message.total.is_none()
        && let Some(rest) = rest
    {
        let start = [&message.bytes[..], &octets[..octets.len() - rest]].concat();
        message.total = total(&start).filter(|total| *total <= MAX_HANDSHAKE_BYTES).or(Some(0));
    }
    let missing = message.total.map_or(octets.len(), |total| total.saturating_sub(message.bytes.len()));
    let taken = octets.get(..missing).unwrap_or(octets);
    let mut pieces = message.assembly.pieces.lock().unwrap_or_else(PoisonError::into_inner);
    if pieces.len() >= MAX_PIECES || *pending + taken.len() > MAX_PENDING_BYTES {
        drop(pieces);
        *pending = pending.saturating_sub(message.bytes.len());
        *slot = None;
        return;
    }
    let index = pieces.len() as u16;
    pieces.push((frame, taken.len() as u32));
    drop(pieces);
    message.bytes.extend_from_slice(taken);
    *pending += taken.len();
    let assembly = message.assembly.clone();
    if message.total.is_some_and(|total| message.bytes.len() >= total) {
        *pending = pending.saturating_sub(message.bytes.len());
        let _ = assembly.bytes.set(std::mem::take(&mut message.bytes).into());
        assembly.done_in.store(frame, Relaxed);
        *slot = None;
    }
    d.record(Fact::TlsPiece { at, index, assembly });
}

fn connection<'b>(d: &'b mut Dissector<'_>) -> Option<(&'b mut Connection, &'b mut usize)> {
    let key = conversation::Key(d.endpoints.conversation().0);
    let flows = d.flows()?;
    Some((flows.tls.connections.get(&key)?, &mut flows.tls.pending))
}

/// The piece of a handshake message that stands at a place of the packet: which of the message's it is, and the message.
pub(super) fn piece(d: &Dissector<'_>, place: u32) -> Option<(usize, Arc<Assembly>)> {
    d.peek_fact(|fact| match fact {
        Fact::TlsPiece { at, index, assembly } if *at == place => Some((usize::from(*index), assembly.clone())),
        _ => None,
    })
}
