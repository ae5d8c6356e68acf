//! Answers a query from a store: two passes over each stream, merged by time, and what could not be read.

use std::collections::BTreeMap;

use packetstream_dissect::output::{Format, Spec};
use packetstream_protocol::chunk::{ChunkError, ChunkKind, FindingNote, Gap, Note};
use packetstream_protocol::ids::{ChunkId, HostId, PacketId, Seq, StreamId};
use packetstream_protocol::wire::{
    Closing, Get, HostRef, InterfaceRow, LegEnd, LegRows, LegStream, OutputFormat, OutputSpec, PacketRow, Payload,
    Query, Refusal, RefusalCode, Row, Rows, StreamAck,
};
use packetstream_protocol::{Chunk, Packets, RangeSet, Timestamp};
use packetstream_storage::{ChunkStore, Entry, StoreError};

use super::stream::{self, Context, StreamReader};
use crate::engine::{Knowledge, Question};

/// A batch of rows is sent when it has so many bytes.
const BATCH_BYTES: usize = 256 << 10;

/// What the answer is handed to; an error ends the query (whoever asked is gone).
pub(crate) type Send<'a> = dyn FnMut(Rows) -> Result<(), Refusal> + 'a;

/// What a leg is handed to.
pub(crate) type SendLeg<'a> = dyn FnMut(LegRows) -> Result<(), Refusal> + 'a;

/// Where chunks are read: the own store, and what was fetched from other nodes for this answer.
pub(crate) struct Source<'a> {
    pub(crate) store: &'a dyn ChunkStore,
    pub(crate) fetched: BTreeMap<ChunkId, (Entry, Chunk)>,
    /// Finds elsewhere what cannot be read here after all: it is damaged (true), or was taken away since it was planned.
    pub(crate) rescue: Option<Rescue<'a>>,
}

/// See [`Source::rescue`].
pub(crate) type Rescue<'a> = Box<dyn Fn(ChunkId, bool) -> Option<Chunk> + 'a>;

impl<'a> Source<'a> {
    /// The store alone.
    pub(crate) fn of(store: &'a dyn ChunkStore) -> Self {
        Self { store, fetched: BTreeMap::new(), rescue: None }
    }

    /// The packets of a chunk.
    pub(crate) fn packets(&self, id: ChunkId) -> Option<Packets> {
        self.read(id, Chunk::packets)
    }

    /// What is in a chunk.
    fn read<T>(&self, id: ChunkId, open: impl Fn(&Chunk) -> Result<T, ChunkError>) -> Option<T> {
        if let Some((_, chunk)) = self.fetched.get(&id) {
            return open(chunk).ok();
        }
        let is_damaged = match self.store.get(id).map(|chunk| chunk.map(|chunk| open(&chunk))) {
            Ok(Some(Ok(content))) => return Some(content),
            Ok(None) => false,
            Ok(Some(Err(_))) | Err(_) => true,
        };
        self.rescue.as_ref().and_then(|rescue| rescue(id, is_damaged)).and_then(|chunk| open(&chunk).ok())
    }

    fn entries(&self, stream: StreamId, chunks: &RangeSet) -> Result<Vec<Entry>, Refusal> {
        let mut entries = stream::entries(self.store, stream).map_err(internal)?;
        entries.retain(|entry| chunks.contains(entry.id.no.0));
        let first = ChunkId { stream, no: packetstream_protocol::ChunkNo(0) };
        let last = ChunkId { stream, no: packetstream_protocol::ChunkNo(u64::MAX) };
        for (entry, _) in self.fetched.range(first..=last).map(|(_, fetched)| fetched) {
            if chunks.contains(entry.id.no.0) && !entries.iter().any(|held| held.id == entry.id) {
                entries.push(entry.clone());
            }
        }
        Ok(entries)
    }
}

fn internal(error: StoreError) -> Refusal {
    RefusalCode::Internal.because(error)
}

/// The hosts that are meant; all of them when none is named.
pub(crate) fn hosts(store: &dyn ChunkStore, meant: &[HostRef]) -> Result<Vec<HostId>, Refusal> {
    let known = store.hosts();
    if meant.is_empty() {
        return Ok(known.into_iter().map(|host| host.host).collect());
    }
    find(meant, |meant| known.iter().find(|host| meant.is(host.host, &host.name)).map(|host| host.host))
}

/// The hosts of these names; each is there once.
///
/// # Errors
/// When `known` does not know one.
pub(crate) fn find(meant: &[HostRef], known: impl Fn(&HostRef) -> Option<HostId>) -> Result<Vec<HostId>, Refusal> {
    let one = |meant: &HostRef| {
        known(meant).ok_or_else(|| {
            let name = match meant {
                HostRef::Id(id) => id.to_string(),
                HostRef::Name(name) => name.clone(),
            };
            RefusalCode::NotFound.because(format!("no host {name}; `packetstream hosts` lists those that there are"))
        })
    };
    let mut hosts = meant.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}

/// What a host is asked by.
pub(crate) trait Is {
    /// Whether it is this one.
    fn is(&self, host: HostId, name: &str) -> bool;
}

impl Is for HostRef {
    fn is(&self, host: HostId, name: &str) -> bool {
        match self {
            Self::Id(id) => *id == host,
            Self::Name(wanted) => wanted == name,
        }
    }
}

fn spec(output: &OutputSpec) -> Option<Spec> {
    let format = match output.format {
        OutputFormat::Text => Format::Text,
        OutputFormat::Fields => Format::Fields,
        OutputFormat::Json => Format::JsonLines,
        OutputFormat::Ek => Format::Ek,
        OutputFormat::Packets | OutputFormat::Records | OutputFormat::Findings => return None,
    };
    Some(Spec {
        format,
        verbose: output.verbose,
        hex: output.hex,
        fields: output.fields.clone(),
        options: output.options.clone(),
    })
}

pub(crate) fn question(
    filter: &str,
    references: &[(String, String)],
    output: &OutputSpec,
) -> Result<Question, Refusal> {
    Question::new(filter, references, spec(output)).map_err(|error| RefusalCode::BadRequest.because(error))
}

/// One stream of an answer. It is read from before the time asked for, for facts may come from there: see [`CONTEXT`].
struct Reading {
    entries: Vec<Entry>,
    stream: StreamId,
    /// Its place in the list of streams.
    at: u32,
    begins: Timestamp,
    /// Packets up to this one are not given back.
    after: Option<Seq>,
    /// The time of the packet shown last.
    displayed: Option<i64>,
    /// The times that are asked for.
    times: (Timestamp, Timestamp),
    /// The reader of what is asked for and what is known of the other packets, once the merge has come to the stream.
    open: Option<(StreamReader, Knowledge)>,
}

impl Reading {
    /// Does the first pass, if one is needed and not done.
    fn open(&mut self, source: &Source<'_>, question: &Question) -> &mut (StreamReader, Knowledge) {
        let Self { entries, times: (since, until), open, .. } = self;
        open.get_or_insert_with(|| {
            // Both passes number the same packets.
            let of = |context| StreamReader::of(stream::around(entries, *since, *until, context));
            if question.looks_at_nothing() {
                return (of(Context::default()), Knowledge::InOrder(Box::new(question.live())));
            }
            if let Some(in_order) = question.in_order() {
                return (of(CONTEXT), Knowledge::InOrder(Box::new(in_order)));
            }
            let mut analysis = question.analysis();
            let mut first = of(CONTEXT);
            while let Some(stored) = first.next(source) {
                analysis.observe(&stored.packet);
            }
            (of(CONTEXT), Knowledge::Facts(analysis.finish()))
        })
    }
}

/// What is read of a stream beside the times that are asked for: who asks for the last minutes of a month does not wait for all of it.
/// What a call or a connection that began earlier was about is not known then.
const CONTEXT: Context = Context { before: 512 << 20, after: 64 << 20 };

/// Rows that are being gathered.
#[derive(Default)]
struct Batch {
    rows: LegRows,
    bytes: usize,
    /// Where each interface stands in `rows.interfaces`.
    known: BTreeMap<(HostId, u32, u16), u32>,
}

impl Batch {
    fn push(&mut self, stored: &stream::Stored<'_>, (stream, at): (StreamId, u32), text: &mut String, as_packet: bool) {
        let raw = &stored.raw;
        let payload = if as_packet {
            let key = (stream.host, stream.epoch.0, raw.interface);
            let interfaces = &mut self.rows.rows.interfaces;
            let next = interfaces.len() as u32;
            let interface = *self.known.entry(key).or_insert(next);
            if interface == next {
                interfaces.push(InterfaceRow {
                    host: stream.host,
                    epoch: stream.epoch,
                    number: raw.interface,
                    interface: stored.interface.clone(),
                });
            }
            Payload::Packet(PacketRow {
                interface,
                orig_len: raw.orig_len,
                flags: raw.flags,
                comment: raw.comment.map(str::to_owned),
                bytes: raw.bytes.to_vec(),
            })
        } else {
            Payload::Rendered(std::mem::take(text).into_bytes())
        };
        self.put(Row { time: raw.id.time, host: stream.host, seq: raw.id.seq, payload }, at);
    }

    fn put(&mut self, row: Row, at: u32) {
        self.bytes += match &row.payload {
            Payload::Packet(packet) => packet.bytes.len() + 64,
            Payload::Rendered(text) => text.len() + 32,
            Payload::Gap(_) => size_of::<Gap>(),
            Payload::Finding(finding) => finding.text.len() + 64,
        };
        self.rows.rows.rows.push(row);
        self.rows.streams.push(at);
    }

    fn take(&mut self, scanned: u64) -> LegRows {
        let done = std::mem::take(self);
        LegRows { scanned, ..done.rows }
    }
}

/// Reads streams and hands what a query selects of them to `send`, merged by time. What stands before the first row of the
/// whole answer is not of a leg.
///
/// # Errors
/// A filter or output that makes no sense, a store that cannot be read, and what `send` says.
pub(crate) fn leg(
    source: &Source<'_>,
    query: &Query,
    only: Option<PacketId>,
    streams: &[LegStream],
    send: &mut SendLeg<'_>,
) -> Result<LegEnd, Refusal> {
    let mut question = question(&query.filter, &query.references, &query.output)?;
    let as_packets = query.output.format.is_raw();
    let since = only.map_or(query.since.unwrap_or(Timestamp::MIN), |packet| packet.time);
    let until = only.map_or(query.until.unwrap_or(Timestamp::MAX), |packet| packet.time);
    let mut end = LegEnd::default();
    let mut readings = Vec::new();
    let mut lost = Vec::new();
    for (at, stream) in (0..).zip(streams) {
        let entries = source.entries(stream.stream, &stream.chunks)?;
        let held: RangeSet = entries.iter().map(|entry| entry.id.no.0).collect();
        miss(&mut end, stream.stream, &stream.chunks.difference(&held));
        for entry in entries.iter().filter(|entry| entry.kind == ChunkKind::Gaps && entry.overlaps(since, until)) {
            end.gaps += u64::from(entry.records);
            end.dropped = end.dropped.saturating_add(entry.lost);
            if query.output.format == OutputFormat::Records {
                let gaps = source.read(entry.id, Chunk::gaps).unwrap_or_default();
                let rows = gaps.into_iter().filter(|gap| gap.until >= since && gap.from <= until);
                lost.extend(rows.map(|gap| (gap_row(stream.stream, gap), at)));
            }
        }
        if query.output.format == OutputFormat::Findings {
            // They lie under the time of the last one in their chunk.
            for entry in entries.iter().filter(|entry| entry.kind == ChunkKind::Notes && entry.time_max >= since) {
                let Some(notes) = source.read(entry.id, Chunk::notes) else {
                    miss(&mut end, stream.stream, &RangeSet::from_iter([entry.id.no.0]));
                    continue;
                };
                let found = notes.into_iter().filter_map(|note| match note {
                    Note::Finding(finding) if finding.last >= since && finding.first <= until => Some(finding),
                    _ => None,
                });
                lost.extend(found.map(|finding| (finding_row(stream.stream, finding), at)));
            }
            continue;
        }
        let packets = || entries.iter().filter(|entry| matches!(entry.kind, ChunkKind::Packets(_)));
        let wanted = packets().any(|entry| {
            entry.overlaps(since, until)
                && only.is_none_or(|only| (entry.seq_first..=entry.seq_last).contains(&only.seq))
        });
        if wanted && let Some(begins) = packets().map(|entry| entry.time_min).min() {
            let (stream, after) = (stream.stream, stream.after);
            let times = (since, until);
            readings.push(Reading { entries, stream, at, begins, after, displayed: None, times, open: None });
        }
    }
    readings.sort_by_key(|reading| (reading.begins, reading.stream));
    lost.sort_by_key(|(row, _)| (row.time, row.host));
    let mut lost = lost.into_iter().peekable();

    let mut batch = Batch::default();
    let (mut text, mut matched) = (String::new(), 0);
    while let Some(at) = earliest(&mut readings, source, &question) {
        let reading = &mut readings[at];
        let (stream, place, after) = (reading.stream, reading.at, reading.after);
        reading.open(source, &question);
        let Some((reader, known)) = &mut reading.open else { continue };
        let Some(stored) = reader.next(source) else { continue };
        let is_asked = stored.raw.id.time >= since && stored.raw.id.time <= until;
        if !is_asked || only.is_some_and(|only| stored.raw.id != only) {
            if !question.looks_at_nothing() {
                known.pass(&stored.packet);
            }
            continue;
        }
        end.scanned += 1;
        question.displayed = reading.displayed;
        let time = stored.packet.time;
        if question.ask_knowing(stored.packet, known, &mut text) {
            if after.is_none_or(|after| stored.raw.id.seq > after) {
                while let Some((row, at)) = lost.next_if(|(row, _)| row.time <= stored.raw.id.time) {
                    batch.put(row, at);
                }
                batch.push(&stored, (stream, place), &mut text, as_packets);
                matched += 1;
            }
            text.clear();
            reading.displayed = Some(time);
            // One more than wanted: so that it is known that there is more.
            if query.limit.is_some_and(|limit| matched > limit) {
                break;
            }
            if batch.bytes >= BATCH_BYTES {
                send(batch.take(end.scanned))?;
            }
        }
    }
    for (row, at) in lost {
        batch.put(row, at);
        if batch.bytes >= BATCH_BYTES {
            send(batch.take(end.scanned))?;
        }
    }
    for reading in &readings {
        let missing = reading.open.iter().flat_map(|(reader, _)| reader.missing()).map(|no| no.0).collect();
        miss(&mut end, reading.stream, &missing);
    }
    send(batch.take(end.scanned))?;
    Ok(end)
}

/// What a capture lost, as a row that comes before the first packet behind it.
pub(crate) fn gap_row(stream: StreamId, gap: Gap) -> Row {
    Row { time: gap.until, host: stream.host, seq: Seq::new(stream.epoch, 0), payload: Payload::Gap(gap) }
}

/// What was found, as a row at the time of its first packet.
fn finding_row(stream: StreamId, finding: FindingNote) -> Row {
    let (time, seq) = (finding.first, Seq::new(stream.epoch, 0));
    Row { time, host: stream.host, seq, payload: Payload::Finding(finding) }
}

fn miss(end: &mut LegEnd, stream: StreamId, chunks: &RangeSet) {
    if !chunks.is_empty() {
        end.missing.push(StreamAck { stream, chunks: chunks.clone() });
    }
}

/// The stream whose next packet is the earliest. Streams that begin later are not opened for it.
fn earliest(readings: &mut [Reading], source: &Source<'_>, question: &Question) -> Option<usize> {
    let mut best: Option<(Timestamp, usize)> = None;
    for (at, reading) in readings.iter_mut().enumerate() {
        if best.is_some_and(|(time, _)| reading.open.is_none() && reading.begins > time) {
            break;
        }
        let time = reading.open(source, question).0.peek(source);
        if let Some(time) = time
            && best.is_none_or(|(earliest, _)| time < earliest)
        {
            best = Some((time, at));
        }
    }
    best.map(|(_, at)| at)
}

/// Counts rows up to a limit and puts what stands before the first one where it belongs: what a whole answer does to its legs.
pub(crate) struct Assembly {
    head: String,
    limit: Option<u64>,
    pub(crate) closing: Closing,
}

impl Assembly {
    /// Of an answer to this query.
    ///
    /// # Errors
    /// A filter or output that makes no sense.
    pub(crate) fn of(query: &Query) -> Result<Self, Refusal> {
        let mut head = String::new();
        question(&query.filter, &query.references, &query.output)?.begin(&mut head);
        Ok(Self { head, limit: query.limit, closing: Closing { complete: true, ..Closing::default() } })
    }

    /// Takes the next row; false when the limit is reached and it is one too many.
    pub(crate) fn take(&mut self, row: &mut Row) -> bool {
        if row.payload.is_beside() {
            return true;
        }
        if self.limit.is_some_and(|limit| self.closing.matched >= limit) {
            self.closing.limited = true;
            return false;
        }
        self.closing.matched += 1;
        if let Payload::Rendered(text) = &mut row.payload
            && !self.head.is_empty()
        {
            let mut all = std::mem::take(&mut self.head).into_bytes();
            all.append(text);
            *text = all;
        }
        true
    }

    /// What a leg could not give, and what its captures lost.
    pub(crate) fn end(&mut self, end: LegEnd) {
        self.closing.complete &= end.missing.is_empty();
        self.closing.missing.extend(end.missing);
        self.closing.dropped = self.closing.dropped.saturating_add(end.dropped);
        self.closing.gaps += end.gaps;
        self.closing.scanned += end.scanned;
    }
}

/// All that a store holds of hosts, as one leg.
fn everything(store: &dyn ChunkStore, hosts: Vec<HostId>) -> Vec<LegStream> {
    let streams = hosts.into_iter().flat_map(|host| store.streams(Some(host)));
    streams
        .map(|usage| LegStream { stream: usage.stream, chunks: usage.have, elsewhere: Vec::new(), after: None })
        .collect()
}

/// Answers a query from one store; the rows go to `send` as they are found.
///
/// # Errors
/// A filter or output that makes no sense, a host that is not known, a store that cannot be read.
pub(crate) fn query(store: &dyn ChunkStore, query: &Query, send: &mut Send<'_>) -> Result<Closing, Refusal> {
    let mut assembly = Assembly::of(query)?;
    let streams = everything(store, hosts(store, &query.hosts)?);
    let ended = leg(&Source::of(store), query, None, &streams, &mut |mut found| {
        let whole = found.rows.rows.len();
        let kept = found.rows.rows.iter_mut().position(|row| !assembly.take(row)).unwrap_or(whole);
        found.rows.rows.truncate(kept);
        send(found.rows)?;
        if kept < whole {
            assembly.closing.scanned = found.scanned;
            return Err(RefusalCode::Internal.because(LIMITED));
        }
        Ok(())
    });
    match ended {
        Ok(end) => assembly.end(end),
        Err(refusal) if assembly.closing.limited && refusal.message == LIMITED => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(assembly.closing)
}

/// Ends a leg whose limit is reached.
const LIMITED: &str = "that was enough";

/// A query for one packet.
pub(crate) fn query_of(get: &Get) -> Query {
    Query {
        hosts: vec![get.host.clone()],
        since: None,
        until: None,
        filter: String::new(),
        references: Vec::new(),
        limit: None,
        output: get.output.clone(),
        follow: false,
    }
}

/// Answers for one packet.
///
/// # Errors
/// When there is no such host or packet.
pub(crate) fn get(store: &dyn ChunkStore, get: &Get, send: &mut Send<'_>) -> Result<Closing, Refusal> {
    let query = query_of(get);
    let mut assembly = Assembly::of(&query)?;
    let streams = everything(store, hosts(store, &query.hosts)?);
    let end = leg(&Source::of(store), &query, Some(get.packet), &streams, &mut |mut found| {
        found.rows.rows.retain_mut(|row| assembly.take(row));
        send(found.rows)
    })?;
    assembly.end(end);
    match assembly.closing.matched {
        0 => Err(not_found(get.packet)),
        _ => Ok(assembly.closing),
    }
}

/// There is no packet of this id.
pub(crate) fn not_found(packet: PacketId) -> Refusal {
    RefusalCode::NotFound.because(format!("no packet {packet}"))
}
