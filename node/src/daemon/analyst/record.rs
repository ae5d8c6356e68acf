//! Findings as they are kept: notes in streams of the host that they are about, replicated like its packets.
//!
//! Each runner writes a stream of its own, so that two of them never write the same chunk; readers merge by id.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::Sender;
use packetstream_protocol::chunk::{Chunk, ChunkKind, FindingNote, Note, notes_chunk};
use packetstream_protocol::ids::{Epoch, HostId, StreamId};
use packetstream_protocol::{ChunkNo, Timestamp};
use packetstream_storage::{ChunkStore, StoreError};

use crate::daemon::hub::{Hub, RouteEnd};
use crate::daemon::stream;
use crate::rules::Notice;

/// Findings of one host that a runner knows by their ids; of more than that one may be written twice, which readers merge.
pub(super) const MAX_KNOWN: usize = 262_144;
/// Findings, and bytes of them, in one chunk.
const MAX_NOTES: usize = 1024;
const MAX_NOTES_BYTES: usize = 256 << 10;
/// Chunks of one host that are on their way: with more, one could be kept while the one before it is lost with its runner, and
/// every answer for the host would miss it for ever.
const MAX_FLYING: usize = 1;
/// What no node could take is tried again so late.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What became of a chunk of findings.
pub(super) struct Written {
    pub(super) stream: StreamId,
    pub(super) no: u64,
    pub(super) end: RouteEnd,
}

struct Known {
    stamp: u64,
    /// Of the text.
    hash: u64,
    first: i64,
    is_rule: bool,
    is_withdrawn: bool,
}

struct Flying {
    notes: Vec<FindingNote>,
    notices: Vec<Notice>,
    chunk: Chunk,
    again: Option<Instant>,
}

/// The findings of one host.
pub(super) struct Records {
    host: HostId,
    known: BTreeMap<u64, Known>,
    waiting: Vec<(FindingNote, Option<Notice>)>,
    stream: StreamId,
    next: u64,
    flying: BTreeMap<u64, Flying>,
    stamp: u64,
}

impl Records {
    /// With what the store holds of earlier runners.
    pub(super) fn load(store: &dyn ChunkStore, host: HostId) -> Result<Self, StoreError> {
        let mut known: BTreeMap<u64, Known> = BTreeMap::new();
        for usage in store.streams(Some(host)) {
            let entries = stream::entries(store, usage.stream)?;
            for entry in entries.iter().filter(|entry| entry.kind == ChunkKind::Notes) {
                let Ok(Some(chunk)) = store.get(entry.id) else { continue };
                for note in chunk.notes().unwrap_or_default() {
                    let Note::Finding(note) = note else { continue };
                    let newer = known.get(&note.id).is_none_or(|known| known.stamp < note.stamp);
                    if newer && (known.len() < MAX_KNOWN || known.contains_key(&note.id)) {
                        known.insert(note.id, Known::of(&note));
                    }
                }
            }
        }
        Ok(Self {
            host,
            known,
            waiting: Vec::new(),
            stream: own_stream(host),
            next: 0,
            flying: BTreeMap::new(),
            stamp: 0,
        })
    }

    /// How many findings stand.
    pub(super) fn count(&self) -> u64 {
        self.known.values().filter(|known| !known.is_withdrawn).count() as u64
    }

    /// Whether everything that was said is durable.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.flying.is_empty()
    }

    /// Whether a finding of this id is known.
    pub(super) fn knows(&self, id: u64) -> bool {
        self.known.contains_key(&id)
    }

    /// Notes a finding unless it is known as it is.
    pub(super) fn say(&mut self, id: u64, (first, last): (i64, i64), text: String, notice: Option<Notice>) {
        let hash = hash(text.as_bytes());
        if self.known.get(&id).is_some_and(|known| known.hash == hash) {
            return;
        }
        let time = |time: i64| Timestamp(u64::try_from(time).unwrap_or(0));
        let note =
            FindingNote { id, stamp: self.stamp(), first: time(first), last: time(last), text: text.into_bytes() };
        if self.known.len() < MAX_KNOWN || self.known.contains_key(&id) {
            self.known.insert(id, Known::of(&note));
        }
        self.waiting.push((note, notice));
    }

    /// Takes back what the diagnosis had said of packets from a time on and would not say again, now that all are known.
    pub(super) fn withdraw(&mut self, from: i64, still: impl Fn(u64) -> bool) {
        let stale =
            |(id, known): &(&u64, &Known)| known.first >= from && !known.is_rule && !known.is_withdrawn && !still(**id);
        let gone: Vec<(u64, i64)> = self.known.iter().filter(stale).map(|(id, known)| (*id, known.first)).collect();
        for (id, first) in gone {
            self.say(id, (first, first), String::new(), None);
        }
    }

    /// The ids of what stands.
    #[cfg(test)]
    pub(super) fn standing(&self) -> Vec<u64> {
        self.known.iter().filter(|(_, known)| !known.is_withdrawn).map(|(id, _)| *id).collect()
    }

    /// What is to be written.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> Vec<FindingNote> {
        self.waiting.iter().map(|(note, _)| note.clone()).collect()
    }

    fn stamp(&mut self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.stamp = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).max(self.stamp.saturating_add(1));
        self.stamp
    }

    /// Sends what waits to the nodes that keep the host's packets.
    pub(super) fn flush(&mut self, hub: &Arc<Hub>, conversation: u64, told: &Sender<Written>, now: Instant) {
        let due: Vec<Chunk> = self
            .flying
            .values_mut()
            .filter(|flying| flying.again.is_some_and(|at| now >= at))
            .map(|flying| {
                flying.again = None;
                flying.chunk.clone()
            })
            .collect();
        due.into_iter().for_each(|chunk| route(hub, conversation, chunk, told));
        while !self.waiting.is_empty() && self.flying.len() < MAX_FLYING {
            let mut bytes = 0;
            let fits = self.waiting.iter().take(MAX_NOTES).take_while(|(note, _)| {
                bytes += note.text.len();
                bytes <= MAX_NOTES_BYTES
            });
            let count = fits.count().max(1);
            let (notes, notices): (Vec<_>, Vec<_>) = self.waiting.drain(..count).unzip();
            self.send(hub, conversation, told, notes, notices.into_iter().flatten().collect());
        }
    }

    fn send(
        &mut self,
        hub: &Arc<Hub>,
        conversation: u64,
        told: &Sender<Written>,
        notes: Vec<FindingNote>,
        notices: Vec<Notice>,
    ) {
        // Retention keeps findings as long as the packets that they are about.
        let at = notes.iter().map(|note| note.last).max().unwrap_or(Timestamp::MIN);
        let kept: Vec<Note> = notes.iter().cloned().map(Note::Finding).collect();
        match notes_chunk(self.stream, ChunkNo(self.next), at, &kept) {
            Ok(chunk) => {
                self.flying.insert(self.next, Flying { notes, notices, chunk: chunk.clone(), again: None });
                self.next += 1;
                route(hub, conversation, chunk, told);
            }
            Err(error) => tracing::error!(host = %self.host, %error, "findings are not kept"),
        }
    }

    /// Takes what became of a chunk; the notices that are due now.
    pub(super) fn written(&mut self, written: &Written, now: Instant) -> Vec<Notice> {
        if written.stream != self.stream {
            return Vec::new();
        }
        match written.end {
            RouteEnd::Released => self.flying.remove(&written.no).map(|flying| flying.notices).unwrap_or_default(),
            RouteEnd::Refused => {
                if let Some(flying) = self.flying.get_mut(&written.no) {
                    flying.again = Some(now + AGAIN_AFTER);
                }
                Vec::new()
            }
            RouteEnd::Conflict => {
                // The name is taken: everything under way goes under another.
                self.stream = own_stream(self.host);
                self.next = 0;
                for flying in std::mem::take(&mut self.flying).into_values() {
                    let mut notices = flying.notices;
                    self.waiting.extend(flying.notes.into_iter().map(|note| (note, notices.pop())));
                }
                Vec::new()
            }
        }
    }
}

impl Known {
    fn of(note: &FindingNote) -> Self {
        Self {
            stamp: note.stamp,
            hash: hash(&note.text),
            first: i64::try_from(note.first.0).unwrap_or(i64::MAX),
            is_rule: note.text.starts_with(b"{\"code\":\"rule."),
            is_withdrawn: note.text.is_empty(),
        }
    }
}

fn route(hub: &Arc<Hub>, conversation: u64, chunk: Chunk, told: &Sender<Written>) {
    let (id, told) = (chunk.id(), told.clone());
    let done = move |end| drop(told.send(Written { stream: id.stream, no: id.no.0, end }));
    hub.route(conversation, chunk, Box::new(done));
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// A stream that nobody has written yet, most probably; the store says when somebody has.
fn own_stream(host: HostId) -> StreamId {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = DefaultHasher::new();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (host, std::process::id(), since.as_nanos(), COUNT.fetch_add(1, Ordering::Relaxed)).hash(&mut hasher);
    StreamId { host, epoch: Epoch(hasher.finish() as u32 | 1 << 31) }
}
