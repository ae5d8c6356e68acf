//! Answers a query from a store: two passes over each stream, merged by time, and the statement of how complete it is.

use std::collections::BTreeMap;

use packetstream_dissect::facts::FactStore;
use packetstream_dissect::output::{Format, Spec};
use packetstream_protocol::chunk::ChunkKind;
use packetstream_protocol::ids::{HostId, PacketId, StreamId};
use packetstream_protocol::wire::{
    Closing, Get, HostRef, InterfaceRow, OutputFormat, OutputSpec, PacketRow, Payload, Query, Refusal, RefusalCode,
    Row, Rows, StreamAck,
};
use packetstream_protocol::{RangeSet, Timestamp};
use packetstream_storage::{ChunkStore, Entry, StoreError};

use super::stream::{self, StreamReader};
use crate::engine::Question;

/// A batch of rows is sent when it has so many bytes.
const BATCH_BYTES: usize = 256 << 10;

/// What the answer is handed to; an error ends the query (whoever asked is gone).
pub(crate) type Send<'a> = dyn FnMut(Rows) -> Result<(), Refusal> + 'a;

fn internal(error: StoreError) -> Refusal {
    RefusalCode::Internal.because(error)
}

/// The hosts that are meant; all of them when none is named.
pub(crate) fn hosts(store: &dyn ChunkStore, meant: &[HostRef]) -> Result<Vec<HostId>, Refusal> {
    let known = store.hosts();
    if meant.is_empty() {
        return Ok(known.into_iter().map(|host| host.host).collect());
    }
    let find = |meant: &HostRef| {
        let found = known.iter().find(|host| match meant {
            HostRef::Id(id) => host.host == *id,
            HostRef::Name(name) => host.name == *name,
        });
        found.map(|host| host.host).ok_or_else(|| {
            let name = match meant {
                HostRef::Id(id) => id.to_string(),
                HostRef::Name(name) => name.clone(),
            };
            RefusalCode::NotFound.because(format!("no host {name}; `packetstream hosts` lists those that there are"))
        })
    };
    let mut hosts = meant.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}

fn spec(output: &OutputSpec) -> Option<Spec> {
    let format = match output.format {
        OutputFormat::Text => Format::Text,
        OutputFormat::Fields => Format::Fields,
        OutputFormat::Json => Format::Json,
        OutputFormat::Ek => Format::Ek,
        OutputFormat::Packets => return None,
    };
    Some(Spec {
        format,
        verbose: output.verbose,
        hex: output.hex,
        fields: output.fields.clone(),
        options: output.options.clone(),
    })
}

fn question(filter: &str, references: &[(String, String)], output: &OutputSpec) -> Result<Question, Refusal> {
    Question::new(filter, references, spec(output)).map_err(|error| RefusalCode::BadRequest.because(error))
}

/// One stream of an answer. It is read from its beginning, for facts may come from before the time asked for.
struct Leg {
    entries: Vec<Entry>,
    stream: StreamId,
    begins: Timestamp,
    /// The reader of the second pass and the facts of the first, once the merge has come to the stream.
    open: Option<(StreamReader, FactStore)>,
}

impl Leg {
    /// Does the first pass, if it is not done.
    fn open(&mut self, store: &dyn ChunkStore, question: &Question) -> &mut (StreamReader, FactStore) {
        self.open.get_or_insert_with(|| {
            let mut analysis = question.analysis();
            let mut first = StreamReader::new(&self.entries);
            while let Some(stored) = first.next(store) {
                analysis.observe(&stored.packet);
            }
            (StreamReader::new(&self.entries), analysis.finish())
        })
    }
}

/// Rows that are being gathered.
#[derive(Default)]
struct Batch {
    rows: Rows,
    bytes: usize,
    /// Where each interface stands in `rows.interfaces`.
    known: BTreeMap<(HostId, u32, u16), u32>,
}

impl Batch {
    fn push(&mut self, stored: &stream::Stored<'_>, stream: StreamId, text: &mut String, as_packet: bool) {
        let raw = &stored.raw;
        let payload = if as_packet {
            let key = (stream.host, stream.epoch.0, raw.interface);
            let next = self.rows.interfaces.len() as u32;
            let interface = *self.known.entry(key).or_insert(next);
            if interface == next {
                self.rows.interfaces.push(InterfaceRow {
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
        self.bytes += match &payload {
            Payload::Packet(packet) => packet.bytes.len() + 64,
            Payload::Rendered(text) => text.len() + 32,
        };
        self.rows.rows.push(Row { time: raw.id.time, host: stream.host, seq: raw.id.seq, payload });
    }

    fn take(&mut self) -> Rows {
        let done = std::mem::take(self);
        done.rows
    }
}

/// Answers a query; the rows go to `send` as they are found.
///
/// # Errors
/// A filter or output that makes no sense, a host that is not known, a store that cannot be read.
pub(crate) fn query(store: &dyn ChunkStore, query: &Query, send: &mut Send<'_>) -> Result<Closing, Refusal> {
    let mut question = question(&query.filter, &query.references, &query.output)?;
    let as_packets = query.output.format == OutputFormat::Packets;
    let since = query.since.unwrap_or(Timestamp::MIN);
    let until = query.until.unwrap_or(Timestamp::MAX);
    let mut closing = Closing { complete: true, ..Closing::default() };
    let mut legs = Vec::new();
    for host in hosts(store, &query.hosts)? {
        for usage in store.streams(Some(host)) {
            let entries = stream::entries(store, usage.stream).map_err(internal)?;
            for entry in entries.iter().filter(|entry| entry.kind == ChunkKind::Gaps && entry.overlaps(since, until)) {
                closing.gaps += u64::from(entry.records);
                closing.dropped = closing.dropped.saturating_add(entry.lost);
            }
            let packets = entries.iter().filter(|entry| matches!(entry.kind, ChunkKind::Packets(_)));
            let begins = packets.clone().map(|entry| entry.time_min).min();
            if packets.clone().any(|entry| entry.overlaps(since, until))
                && let Some(begins) = begins
            {
                legs.push(Leg { entries, stream: usage.stream, begins, open: None });
            }
        }
    }
    legs.sort_by_key(|leg| (leg.begins, leg.stream));

    let mut batch = Batch::default();
    let mut text = String::new();
    question.begin(&mut text);
    let head = std::mem::take(&mut text);
    let mut head = (!head.is_empty()).then_some(head);
    while let Some(at) = earliest(&mut legs, store, &question) {
        let leg = &mut legs[at];
        let (stream, (reader, facts)) = (leg.stream, leg.open(store, &question));
        let Some(stored) = reader.next(store) else { continue };
        if stored.raw.id.time < since || stored.raw.id.time > until {
            continue;
        }
        if query.limit.is_some_and(|limit| closing.matched >= limit) {
            closing.limited = true;
            break;
        }
        closing.scanned += 1;
        if let Some(head) = head.take() {
            text = head;
        }
        let before = text.len();
        if question.ask(stored.packet, facts, &mut text) {
            closing.matched += 1;
            batch.push(&stored, stream, &mut text, as_packets);
            if batch.bytes >= BATCH_BYTES {
                send(batch.take())?;
            }
        } else if before > 0 {
            head = Some(std::mem::take(&mut text));
        }
    }
    for leg in &legs {
        let missing: Vec<(u64, u64)> =
            leg.open.iter().flat_map(|(reader, _)| reader.missing()).map(|no| (no.0, no.0)).collect();
        if !missing.is_empty() {
            let mut chunks = RangeSet::default();
            missing.iter().for_each(|(first, last)| chunks.insert_range(*first..=*last));
            closing.missing.push(StreamAck { stream: leg.stream, chunks });
            closing.complete = false;
        }
    }
    send(batch.take())?;
    Ok(closing)
}

/// The leg whose next packet is the earliest. Legs that begin later are not opened for it.
fn earliest(legs: &mut [Leg], store: &dyn ChunkStore, question: &Question) -> Option<usize> {
    let mut best: Option<(Timestamp, usize)> = None;
    for (at, leg) in legs.iter_mut().enumerate() {
        if best.is_some_and(|(time, _)| leg.open.is_none() && leg.begins > time) {
            break;
        }
        let time = leg.open(store, question).0.peek(store);
        if let Some(time) = time
            && best.is_none_or(|(earliest, _)| time < earliest)
        {
            best = Some((time, at));
        }
    }
    best.map(|(_, at)| at)
}

/// Answers for one packet.
///
/// # Errors
/// When there is no such host or packet.
pub(crate) fn get(store: &dyn ChunkStore, get: &Get, send: &mut Send<'_>) -> Result<Closing, Refusal> {
    let mut question = question("", &[], &get.output)?;
    let as_packet = get.output.format == OutputFormat::Packets;
    let not_found = |id: PacketId| RefusalCode::NotFound.because(format!("no packet {id}"));
    for host in hosts(store, std::slice::from_ref(&get.host))? {
        for usage in store.streams(Some(host)) {
            let entries = stream::entries(store, usage.stream).map_err(internal)?;
            let holds = |entry: &Entry| {
                matches!(entry.kind, ChunkKind::Packets(_))
                    && (entry.seq_first..=entry.seq_last).contains(&get.packet.seq)
                    && entry.overlaps(get.packet.time, get.packet.time)
            };
            if !entries.iter().any(holds) {
                continue;
            }
            let mut leg = Leg { entries, stream: usage.stream, begins: get.packet.time, open: None };
            let (reader, facts) = leg.open(store, &question);
            while let Some(stored) = reader.next(store) {
                if stored.raw.id == get.packet {
                    let mut text = String::new();
                    question.begin(&mut text);
                    question.ask(stored.packet, facts, &mut text);
                    let mut batch = Batch::default();
                    batch.push(&stored, usage.stream, &mut text, as_packet);
                    send(batch.take())?;
                    return Ok(Closing { complete: true, matched: 1, scanned: 1, ..Closing::default() });
                }
            }
        }
    }
    Err(not_found(get.packet))
}
