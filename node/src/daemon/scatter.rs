//! An answer from the whole cluster: plans who reads what, merges what they find, and has it read elsewhere when one fails.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use packetstream_core::{Input, Plan};
use packetstream_protocol::chunk::Chunk;
use packetstream_protocol::cluster::MemberState;
use packetstream_protocol::ids::{ChunkId, HostId, NodeId, PacketId, Seq, StreamId};
use packetstream_protocol::interval::RangeSet;
use packetstream_protocol::limits::MAX_LEG_STREAMS;
use packetstream_protocol::wire::{
    AnalysisRow, Closing, Get, HostRef, HostRow, InterfaceRow, Leg, LegEnd, LegRows, LegStream, Payload, PeerRequest,
    Query, Refusal, RefusalCode, Request, Response, Row, Rows, StreamAck,
};
use packetstream_storage::Entry;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::{self, Assembly, Is, Source};
use super::hub::Hub;
use crate::net::RpcError;

/// Batches of one leg that wait to be merged.
const MAX_BATCHES: usize = 2;
/// A leg that says nothing for so long has failed.
const LEG_TIMEOUT: Duration = Duration::from_secs(4);
/// A leg that finds nothing says that it is there.
pub(super) const LEG_PULSE: Duration = Duration::from_millis(500);
/// Rows of an answer are sent when they have so many bytes.
const BATCH_BYTES: usize = 256 << 10;
/// Bytes of chunks that one leg fetches from other nodes; what is beyond is missing.
const MAX_FETCHED_BYTES: usize = 128 << 20;
/// How long another node may take for one chunk of those.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long another node may take for what it knows of hosts.
const HOSTS_TIMEOUT: Duration = Duration::from_millis(1500);

/// What comes from a leg.
enum Found {
    Rows(LegRows),
    End(LegEnd),
    /// The node failed: its leg is read elsewhere.
    Failed,
    /// The question itself is wrong.
    Refused(Refusal),
}

/// Rows that wait to be merged, with the interfaces that they point at.
struct Waiting {
    interfaces: Arc<Vec<InterfaceRow>>,
    row: Row,
    stream: u32,
}

struct Running {
    node: NodeId,
    leg: Leg,
    found: mpsc::Receiver<Found>,
    waiting: VecDeque<Waiting>,
    scanned: u64,
    is_over: bool,
}

/// Answers a query; the rows go to `out` as they are found.
pub(super) async fn query(
    hub: &Arc<Hub>,
    query: &Query,
    only: Option<PacketId>,
    out: &mpsc::Sender<Rows>,
) -> Result<Closing, Refusal> {
    let mut assembly = Assembly::of(query)?;
    let hosts = resolve(hub, &query.hosts).await?;
    let mut plan = hub.plan(hosts, false).await?;
    let mut scatter = Scatter { hub, query, only, running: Vec::new(), given: BTreeMap::new() };
    let streams: Vec<StreamId> = plan.streams().collect();
    let wanted = streams
        .iter()
        .filter(|stream| only.is_none_or(|only| Seq::new(stream.epoch, 0).epoch18() == only.seq.epoch18()));
    let wanted: Vec<(StreamId, RangeSet)> = wanted.map(|stream| (*stream, plan.readable(*stream))).collect();
    scatter.send_out(&plan, wanted);
    let ended = scatter.merge(&mut plan, &mut assembly, out).await;
    let mut closing = match ended {
        Ok(()) => assembly.closing,
        Err(refusal) => return Err(refusal),
    };
    for stream in plan.streams() {
        let missing = plan.missing(stream);
        if !missing.is_empty() && only.is_none() && !closing.missing.iter().any(|known| known.stream == stream) {
            closing.missing.push(StreamAck { stream, chunks: missing });
        }
    }
    closing.silent = plan.silent.iter().map(|node| hub.name_of(*node)).collect();
    closing.complete &= closing.missing.is_empty() && !plan.blind;
    Ok(closing)
}

/// One packet.
pub(super) async fn get(hub: &Arc<Hub>, get: &Get, out: &mpsc::Sender<Rows>) -> Result<Closing, Refusal> {
    let closing = query(hub, &answer::query_of(get), Some(get.packet), out).await?;
    match closing.matched {
        0 if closing.complete => Err(answer::not_found(get.packet)),
        _ => Ok(closing),
    }
}

/// The hosts that all members know: of each what the one with most of it says. And whether one may be missing that only members
/// know that do not answer.
pub(super) async fn hosts(hub: &Arc<Hub>) -> (Vec<HostRow>, Closing) {
    let view = hub.view.load_full();
    let owns = |state| matches!(state, MemberState::Active | MemberState::Draining);
    let (members, quorum) = match &view.status {
        Some(status) => (status.members.as_slice(), status.quorum),
        None => (&[][..], 1),
    };
    let connected = hub.peers.connected();
    let owners = members.iter().filter(|row| owns(row.member.state)).map(|row| row.member.node);
    let others: BTreeSet<NodeId> = owners.filter(|node| *node != hub.me).chain(connected.iter().copied()).collect();
    let connected = &connected;
    let asked = others.into_iter().map(|node| async move {
        let answer = async {
            let peer = if connected.contains(&node) { hub.peers.peer(node).await? } else { return None };
            match timeout(HOSTS_TIMEOUT, peer.call(&Request::Peer(PeerRequest::Hosts))).await {
                Ok(Ok(Response::Hosts(rows))) => Some(rows),
                _ => None,
            }
        };
        answer.await.ok_or(node)
    });
    let mut all = vec![super::service::hosts(&*hub.store)];
    let mut silent = Vec::new();
    for answer in futures::future::join_all(asked).await {
        match answer {
            Ok(rows) => all.push(rows),
            Err(node) => silent.push(hub.name_of(node)),
        }
    }
    // What was acknowledged is on so many disks: fewer hide nothing.
    if silent.len() < quorum.max(1) {
        silent.clear();
    }
    let mut known: BTreeMap<HostId, HostRow> = BTreeMap::new();
    for row in all.into_iter().flatten() {
        match known.get_mut(&row.host) {
            None => drop(known.insert(row.host, row)),
            Some(held) => {
                let name = if held.name.is_empty() { row.name.clone() } else { held.name.clone() };
                if row.packets > held.packets {
                    *held = row;
                }
                held.name = name;
            }
        }
    }
    let rows: Vec<HostRow> = known.into_values().collect();
    let closing = Closing {
        complete: silent.is_empty(),
        silent,
        matched: rows.iter().map(|row| row.packets).sum(),
        gaps: rows.iter().map(|row| row.gaps).sum(),
        ..Closing::default()
    };
    (rows, closing)
}

/// What all members analyse, as each says.
pub(super) async fn analyses(hub: &Arc<Hub>) -> Vec<AnalysisRow> {
    let asked = hub.peers.connected().into_iter().map(|node| async move {
        let peer = hub.peers.peer(node).await?;
        match timeout(HOSTS_TIMEOUT, peer.call(&Request::Peer(PeerRequest::Analyses))).await {
            Ok(Ok(Response::Analyses(rows))) => Some(rows),
            _ => None,
        }
    });
    let others = futures::future::join_all(asked).await;
    let mut all = hub.analysis.board.lock().clone();
    all.extend(others.into_iter().flatten().flatten());
    all
}

/// The hosts that are meant; none when all are.
pub(super) async fn resolve(hub: &Arc<Hub>, meant: &[HostRef]) -> Result<Vec<HostId>, Refusal> {
    if meant.is_empty() {
        return Ok(Vec::new());
    }
    if let Ok(known) = answer::hosts(&*hub.store, meant) {
        return Ok(known);
    }
    let (rows, _) = hosts(hub).await;
    answer::find(meant, |host| rows.iter().find(|row| host.is(row.host, &row.name)).map(|row| row.host))
}

struct Scatter<'a> {
    hub: &'a Arc<Hub>,
    query: &'a Query,
    only: Option<PacketId>,
    running: Vec<Running>,
    /// The last packet of each stream that was given back.
    given: BTreeMap<StreamId, Seq>,
}

impl Scatter<'_> {
    /// Has these chunks read: each stream by the node that holds most of it, which fetches the rest from others.
    fn send_out(&mut self, plan: &Plan, streams: Vec<(StreamId, RangeSet)>) {
        let mut by_node: BTreeMap<NodeId, Vec<LegStream>> = BTreeMap::new();
        for (stream, chunks) in streams {
            let mut legs = plan.legs_of(stream, &chunks).into_iter();
            let Some(main) = legs.next() else { continue };
            let elsewhere: Vec<_> = legs.map(|leg| (leg.node, leg.chunks)).collect();
            let mut readable = main.chunks;
            elsewhere.iter().for_each(|(_, chunks)| readable.union(chunks));
            let after = self.given.get(&stream).copied();
            by_node.entry(main.node).or_default().push(LegStream { stream, chunks: readable, elsewhere, after });
        }
        for (node, streams) in by_node {
            for streams in streams.chunks(MAX_LEG_STREAMS) {
                let query = Query { hosts: Vec::new(), ..self.query.clone() };
                let leg = Leg { query, only: self.only, streams: streams.to_vec() };
                let (found_in, found) = mpsc::channel(MAX_BATCHES);
                let (hub, asked) = (self.hub.clone(), leg.clone());
                if node == hub.me {
                    tokio::spawn(here(hub, asked, found_in));
                } else {
                    tokio::spawn(there(hub, node, asked, found_in));
                }
                self.running.push(Running { node, leg, found, waiting: VecDeque::new(), scanned: 0, is_over: false });
            }
        }
    }

    /// Takes rows in the order of `(time, host, seq)` from all legs until they have ended or there are enough.
    async fn merge(
        &mut self,
        plan: &mut Plan,
        assembly: &mut Assembly,
        out: &mpsc::Sender<Rows>,
    ) -> Result<(), Refusal> {
        let gone = |_| RefusalCode::Internal.because("nobody waits for the answer any more");
        let mut batch = Batch::default();
        loop {
            self.fill(plan, assembly).await?;
            let heads = self.running.iter().enumerate();
            let heads =
                heads.filter_map(|(at, leg)| leg.waiting.front().map(|w| ((w.row.time, w.row.host, w.row.seq), at)));
            let Some((_, at)) = heads.min() else { break };
            let leg = &mut self.running[at];
            let Some(mut next) = leg.waiting.pop_front() else { continue };
            if !assembly.take(&mut next.row) {
                assembly.closing.scanned += self.running.iter().map(|leg| leg.scanned).sum::<u64>();
                break;
            }
            if let Some(stream) = leg.leg.streams.get(next.stream as usize)
                && !next.row.payload.is_beside()
            {
                self.given.insert(stream.stream, next.row.seq);
            }
            batch.push(next);
            if batch.bytes >= BATCH_BYTES {
                out.send(batch.take()).await.map_err(gone)?;
            }
        }
        out.send(batch.take()).await.map_err(gone)
    }

    /// Waits until every leg that goes on has a row.
    async fn fill(&mut self, plan: &mut Plan, assembly: &mut Assembly) -> Result<(), Refusal> {
        let mut at = 0;
        while at < self.running.len() {
            let leg = &mut self.running[at];
            if leg.is_over || !leg.waiting.is_empty() {
                at += 1;
                continue;
            }
            match leg.found.recv().await.unwrap_or(Found::Failed) {
                Found::Rows(LegRows { rows: Rows { interfaces, rows }, streams, scanned }) => {
                    let interfaces = Arc::new(interfaces);
                    leg.scanned = scanned;
                    let waiting = rows.into_iter().zip(streams);
                    leg.waiting.extend(waiting.map(|(row, stream)| Waiting {
                        interfaces: interfaces.clone(),
                        row,
                        stream,
                    }));
                }
                Found::End(end) => {
                    leg.is_over = true;
                    leg.scanned = 0;
                    assembly.end(end);
                }
                Found::Refused(refusal) => return Err(refusal),
                Found::Failed => {
                    let failed = self.running.swap_remove(at);
                    tracing::warn!(name = %self.hub.name_of(failed.node), "a part of a query is read elsewhere");
                    plan.handle_failed(failed.node);
                    let again = failed.leg.streams.into_iter().map(|stream| (stream.stream, stream.chunks)).collect();
                    self.send_out(plan, again);
                }
            }
        }
        Ok(())
    }
}

/// Rows of the answer that are being gathered.
#[derive(Default)]
struct Batch {
    rows: Rows,
    bytes: usize,
    known: BTreeMap<(HostId, u32, u16), u32>,
}

impl Batch {
    fn push(&mut self, next: Waiting) {
        let mut row = next.row;
        match &mut row.payload {
            Payload::Packet(packet) => {
                if let Some(interface) = next.interfaces.get(packet.interface as usize) {
                    let key = (interface.host, interface.epoch.0, interface.number);
                    let at = self.rows.interfaces.len() as u32;
                    packet.interface = *self.known.entry(key).or_insert(at);
                    if packet.interface == at {
                        self.rows.interfaces.push(interface.clone());
                    }
                }
                self.bytes += packet.bytes.len() + 64;
            }
            Payload::Rendered(text) => self.bytes += text.len() + 32,
            Payload::Gap(_) => self.bytes += 64,
            Payload::Finding(finding) => self.bytes += finding.text.len() + 64,
        }
        self.rows.rows.push(row);
    }

    fn take(&mut self) -> Rows {
        std::mem::take(self).rows
    }
}

/// A leg that another node reads.
async fn there(hub: Arc<Hub>, node: NodeId, leg: Leg, found: mpsc::Sender<Found>) {
    let reading = async {
        let peer = hub.peers.peer(node).await.ok_or(RpcError::Closed)?;
        let mut stream = peer.open(&Request::Peer(PeerRequest::Leg(leg))).await?;
        loop {
            let response = timeout(LEG_TIMEOUT, stream.recv::<Response>()).await.map_err(|_| RpcError::Timeout)??;
            let (next, is_last) = match response {
                Some(Response::LegRows(rows)) if rows.rows.rows.is_empty() => continue,
                Some(Response::LegRows(rows)) => (Found::Rows(rows), false),
                Some(Response::LegEnd(end)) => (Found::End(end), true),
                Some(Response::Refused(refusal)) if refusal.code == RefusalCode::BadRequest => {
                    (Found::Refused(refusal), true)
                }
                Some(_) => return Err(RpcError::Unexpected),
                None => return Err(RpcError::Closed),
            };
            if found.send(next).await.is_err() || is_last {
                return Ok(());
            }
        }
    };
    if let Err(error) = reading.await {
        tracing::debug!(%node, %error, "leg failed");
        // The merge may have ended.
        let _ = found.send(Found::Failed).await;
    }
}

/// A leg that this node reads itself.
async fn here(hub: Arc<Hub>, leg: Leg, found: mpsc::Sender<Found>) {
    let (batches, mut read) = mpsc::channel(MAX_BATCHES);
    let reading = tokio::spawn(read_leg(hub, leg, batches));
    while let Some(rows) = read.recv().await {
        if found.send(Found::Rows(rows)).await.is_err() {
            return;
        }
    }
    let end = match reading.await {
        Ok(Ok(end)) => Found::End(end),
        Ok(Err(refusal)) => Found::Refused(refusal),
        Err(_) => Found::Failed,
    };
    let _ = found.send(end).await;
}

/// Reads a leg, on a thread that may block, after what is not here was fetched.
pub(super) async fn read_leg(hub: Arc<Hub>, leg: Leg, out: mpsc::Sender<LegRows>) -> Result<LegEnd, Refusal> {
    let fetched = fetch_all(&hub, &leg).await;
    let runtime = tokio::runtime::Handle::current();
    let read = tokio::task::spawn_blocking(move || {
        let rescue = |id: ChunkId, is_damaged: bool| runtime.block_on(rescue(&hub, id, is_damaged));
        let source = Source { store: &*hub.store, fetched, rescue: Some(Box::new(rescue)) };
        answer::leg(&source, &leg.query, leg.only, &leg.streams, &mut |rows| {
            out.blocking_send(rows).map_err(|_| RefusalCode::Internal.because("nobody waits for the answer any more"))
        })
    });
    read.await.unwrap_or_else(|_| Err(super::conversation::defect()))
}

/// Finds a chunk at another node. One that is damaged here is taken away once another was found, so that the owners repair it.
async fn rescue(hub: &Arc<Hub>, id: ChunkId, is_damaged: bool) -> Option<Chunk> {
    let chunks = RangeSet::from_iter([id.no.0]);
    let (mut fetched, mut bytes) = (BTreeMap::new(), 0);
    for node in hub.peers.connected() {
        if fetch(hub, node, id.stream, chunks.clone(), &mut fetched, &mut bytes).await.is_ok() && !fetched.is_empty() {
            break;
        }
    }
    let (_, chunk) = fetched.remove(&id)?;
    if is_damaged {
        tracing::error!(chunk = %id, "a chunk is damaged here and is brought back from another node");
        let (owned, removed) = (hub.clone(), chunks.clone());
        let removed = tokio::task::spawn_blocking(move || owned.store.remove(id.stream, &removed)).await;
        if matches!(removed, Ok(Ok(_))) {
            hub.inputs.push(Input::Lost { stream: id.stream, chunks });
        }
    }
    Some(chunk)
}

async fn fetch_all(hub: &Arc<Hub>, leg: &Leg) -> BTreeMap<ChunkId, (Entry, Chunk)> {
    let mut fetched = BTreeMap::new();
    let mut bytes = 0;
    for stream in &leg.streams {
        let have = hub.store.stream(stream.stream).map(|usage| usage.have).unwrap_or_default();
        for (node, chunks) in &stream.elsewhere {
            let lacking = chunks.difference(&have);
            if lacking.is_empty() || bytes >= MAX_FETCHED_BYTES {
                continue;
            }
            if let Err(error) = fetch(hub, *node, stream.stream, lacking, &mut fetched, &mut bytes).await {
                tracing::debug!(%node, %error, "chunks are not fetched");
            }
        }
    }
    fetched
}

async fn fetch(
    hub: &Arc<Hub>,
    node: NodeId,
    stream: StreamId,
    chunks: RangeSet,
    fetched: &mut BTreeMap<ChunkId, (Entry, Chunk)>,
    bytes: &mut usize,
) -> Result<(), RpcError> {
    let peer = hub.peers.peer(node).await.ok_or(RpcError::Closed)?;
    let wanted: BTreeSet<u64> = chunks.iter().take(1 << 16).collect();
    let mut conversation = peer.open(&Request::Peer(PeerRequest::Fetch(StreamAck { stream, chunks }))).await?;
    while *bytes < MAX_FETCHED_BYTES {
        let next = timeout(FETCH_TIMEOUT, conversation.recv_chunk()).await.map_err(|_| RpcError::Timeout)??;
        let Some(next) = next else { return Ok(()) };
        *bytes += next.len();
        let Ok(chunk) = Chunk::parse(next) else { continue };
        let id = chunk.id();
        if id.stream == stream
            && wanted.contains(&id.no.0)
            && let Ok(entry) = Entry::of(&chunk)
        {
            fetched.insert(id, (entry, chunk));
        }
    }
    Ok(())
}
