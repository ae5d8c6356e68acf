//! The conversations of the RPC, held over substreams: with those who ask, with producers, and with the other members.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use packetstream_core::{Command, Input, WriteResult};
use packetstream_protocol::cluster::{ClusterMessage, MemberState, Removal};
use packetstream_protocol::codec::CodecError;
use packetstream_protocol::credentials::Role;
use packetstream_protocol::ids::{ChunkId, NodeId, StreamId};
use packetstream_protocol::wire::{
    Acks, Admin, ClusterReport, Extract, Have, Leg, LegRows, MemberRow, NameHost, PeerRequest, Ready, Refusal,
    RefusalCode, Request, Response, Rows, StreamAck, TransferRow, Watch, Writes,
};
use packetstream_protocol::{Chunk, HostId, RangeSet};
use packetstream_storage::{Checked, Pace};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};

use super::audit::{self, Audit};
use super::hub::{Hub, RouteEnd};
use super::service::{CREDIT_BYTES, Service};
use super::{follow, scatter, standing};
use crate::net::{Caller, Handler, RpcError, RpcReceiver, RpcSender, RpcStream};

/// Batches of rows that wait for a slow reader; then the query waits too.
const MAX_BATCHES_WAITING: usize = 4;
/// Chunks of one producer that may be on their way to the disks.
const MAX_WRITES_WAITING: usize = 512;
/// A producer that is told nothing for so long is told why, if that is known.
const TROUBLE_AFTER: Duration = Duration::from_secs(2);
/// How long a reader may leave rows unread.
const READ_TIMEOUT: Duration = Duration::from_secs(300);
/// How long another member may take for a host's name.
const NAME_TIMEOUT: Duration = Duration::from_secs(2);

/// Answers peers.
pub(super) struct Conversations {
    pub(super) service: Arc<Service>,
    pub(super) hub: Arc<Hub>,
    pub(super) audit: Audit,
}

impl Handler for Conversations {
    async fn owns(&self, caller: &Caller, host: HostId) -> bool {
        // Of an edge node its certificate says which host is its own.
        host == HostId::of_node(&caller.node)
    }

    async fn handle(&self, caller: Caller, request: Request, mut stream: RpcStream) {
        tracing::debug!(caller = %caller.name, request = ?request.kind(), "request");
        self.audit.note(&caller, &request);
        let ended = match request {
            _ if asks_of_all(&request) && self.is_outside() => {
                let why = "the node was taken out of the cluster: ask another";
                tell(&mut stream, &Response::Refused(RefusalCode::Internal.because(why))).await
            }
            Request::Query(_) | Request::Get(_) => self.rows(request, &mut stream).await,
            Request::Put(put) => self.put(put.host, stream).await,
            Request::Hosts => {
                let (rows, closing) = scatter::hosts(&self.hub).await;
                match stream.send(&Response::Hosts(rows)).await {
                    Ok(()) => tell(&mut stream, &Response::Closing(closing)).await,
                    broken => broken,
                }
            }
            Request::NameHost(name) => self.name_host(name, &mut stream).await,
            Request::Have(of) => {
                let answer = self.have(of).await.unwrap_or_else(Response::Refused);
                tell(&mut stream, &answer).await
            }
            Request::Cluster => tell(&mut stream, &Response::Cluster(report(&self.hub))).await,
            Request::Analyses => {
                let rows = scatter::analyses(&self.hub).await;
                tell(&mut stream, &Response::Analyses(rows)).await
            }
            Request::Rules => tell(&mut stream, &Response::Rules(self.hub.standing.all())).await,
            Request::Admin(admin) => {
                tracing::warn!(caller = %caller.name, admin = %audit::shown(&admin), "the cluster is to be changed");
                let answer = self.admin(admin).await.map_or_else(Response::Refused, |()| Response::Done);
                tell(&mut stream, &answer).await
            }
            Request::Peer(request) => self.peer(&caller, request, stream).await,
            Request::Status => self.single(request, &mut stream).await,
        };
        if let Err(error) = ended {
            tracing::debug!(caller = %caller.name, %error, "conversation broken off");
        }
    }
}

/// Whether only a member can answer.
fn asks_of_all(request: &Request) -> bool {
    !matches!(request, Request::Status | Request::Cluster | Request::Analyses | Request::Peer(_))
}

async fn tell(stream: &mut RpcStream, response: &Response) -> Result<(), RpcError> {
    stream.send(response).await?;
    stream.finish().await
}

impl Conversations {
    async fn single(&self, request: Request, stream: &mut RpcStream) -> Result<(), RpcError> {
        let service = self.service.clone();
        let answered = tokio::task::spawn_blocking(move || service.answer(&request)).await;
        tell(stream, &answered.unwrap_or_else(|_| Response::Refused(defect()))).await
    }

    async fn rows(&self, request: Request, stream: &mut RpcStream) -> Result<(), RpcError> {
        let (batches, mut found) = mpsc::channel::<Rows>(MAX_BATCHES_WAITING);
        let hub = self.hub.clone();
        let search = tokio::spawn(async move {
            match &request {
                Request::Get(get) => scatter::get(&hub, get, &batches).await,
                Request::Query(query) if query.follow => follow::follow(&hub, query, &batches).await,
                Request::Query(query) => scatter::query(&hub, query, None, &batches).await,
                _ => Err(defect()),
            }
        });
        while let Some(rows) = found.recv().await {
            // Whoever does not read holds a search up, and with it a thread of each node that reads for it.
            let sent = timeout(READ_TIMEOUT, stream.send(&Response::Rows(rows))).await;
            sent.map_err(|_| RpcError::Timeout)??;
        }
        let last = match search.await {
            Ok(Ok(closing)) => Response::Closing(closing),
            Ok(Err(refusal)) => Response::Refused(refusal),
            Err(_) => Response::Refused(defect()),
        };
        tell(stream, &last).await
    }

    /// Gives a host its name here and at every member that can be reached; whoever cannot hears it from those that know.
    async fn name_host(&self, name: NameHost, stream: &mut RpcStream) -> Result<(), RpcError> {
        let asked = self.hub.peers.connected().into_iter().map(|node| {
            let (hub, name) = (self.hub.clone(), name.clone());
            async move {
                let peer = hub.peers.peer(node).await?;
                timeout(NAME_TIMEOUT, peer.call(&Request::Peer(PeerRequest::NameHost(name)))).await.ok()
            }
        });
        futures::future::join_all(asked).await;
        self.single(Request::NameHost(name), stream).await
    }

    /// What of a stream is on enough nodes to be acknowledged.
    async fn have(&self, stream: StreamId) -> Result<Response, Refusal> {
        let plan = self.hub.plan(vec![stream.host], true).await?;
        let quorum = self.hub.view.load().status.as_ref().map_or(1, |status| status.quorum.max(1));
        let mut left = Vec::new();
        let mut manifest = None;
        for (node, held) in plan.holders(stream) {
            if node == self.hub.me {
                manifest = self.hub.store.stream(stream).and_then(|usage| usage.manifest);
            }
            left.push(held.clone());
        }
        Ok(Response::Have(Have { chunks: on_enough(&left, quorum), manifest }))
    }

    async fn admin(&self, admin: Admin) -> Result<(), Refusal> {
        let command = match &admin {
            Admin::AddRules { name, text } => return self.change_rules(name.clone(), Some(text.clone())).await,
            Admin::RemoveRules { name } => return self.change_rules(name.clone(), None).await,
            Admin::Drain { member } => {
                let node = self.present(member)?;
                self.keeps_owners(node)?;
                Command::Drain(node)
            }
            Admin::Remove { member } => {
                let node = self.present(member)?;
                self.keeps_owners(node)?;
                Command::Remove(node)
            }
            Admin::Activate { member } => {
                let node = self.member(member)?;
                match self.state(node) {
                    Some(MemberState::Removed(Removal::Revoked)) => {
                        return Err(RefusalCode::BadRequest.because(format!("{member} was revoked: invite it anew")));
                    }
                    _ => Command::Activate(node),
                }
            }
            Admin::Replace { old, new } => {
                let (before, after) = (self.member(old)?, self.present(new)?);
                match self.state(before) {
                    Some(MemberState::Removed(Removal::Replaced)) => {
                        return Err(RefusalCode::BadRequest.because(format!("another has taken the place of {old}")));
                    }
                    _ => Command::Replace { old: before, new: after },
                }
            }
            Admin::Revoke { member } => Command::Revoke(match member.parse() {
                Ok(node) => node,
                Err(_) => self.member(member)?,
            }),
        };
        self.hub.inputs.push(Input::Command(command));
        Ok(())
    }

    async fn change_rules(&self, name: String, text: Option<String>) -> Result<(), Refusal> {
        let hub = self.hub.clone();
        let changed = tokio::task::spawn_blocking(move || hub.standing.change(hub.me, &name, text)).await;
        changed.unwrap_or_else(|_| Err(defect()))
    }

    fn state(&self, node: NodeId) -> Option<MemberState> {
        let view = self.hub.view.load();
        let members = view.status.iter().flat_map(|status| &status.members);
        members.map(|row| &row.member).find(|member| member.node == node).map(|member| member.state)
    }

    /// Whether this node is no member any more, and will be none on its own.
    fn is_outside(&self) -> bool {
        let state = self.state(self.hub.me);
        matches!(state, Some(MemberState::Removed(removal)) if removal != Removal::Dead)
    }

    /// As [`Self::member`], of one that is not removed.
    fn present(&self, text: &str) -> Result<NodeId, Refusal> {
        let node = self.member(text)?;
        match self.state(node) {
            Some(MemberState::Removed(_)) => {
                Err(RefusalCode::BadRequest.because(format!("{text} is no member any more")))
            }
            _ => Ok(node),
        }
    }

    /// Refuses what would leave nobody to own anything: without this member there are others.
    fn keeps_owners(&self, node: NodeId) -> Result<(), Refusal> {
        let view = self.hub.view.load();
        let mut members = view.status.iter().flat_map(|status| &status.members).map(|row| &row.member);
        if members.any(|member| member.node != node && member.state == MemberState::Active) {
            return Ok(());
        }
        let why = "it is the only member that is to keep packets: join or activate another first";
        Err(RefusalCode::BadRequest.because(why))
    }

    /// A member by its name or its id.
    fn member(&self, text: &str) -> Result<NodeId, Refusal> {
        let view = self.hub.view.load();
        let mut meant = view.names.iter().filter(|(node, name)| *name == text || node.to_string() == text);
        match (meant.next(), meant.next()) {
            (Some((node, _)), None) => Ok(*node),
            (None, _) => {
                let why = format!("no member {text}; `packetstream status` lists those that there are");
                Err(RefusalCode::NotFound.because(why))
            }
            (Some(_), Some(_)) => {
                Err(RefusalCode::BadRequest.because(format!("several members are called {text}: name one by its id")))
            }
        }
    }

    /// What another member asks.
    async fn peer(&self, caller: &Caller, request: PeerRequest, mut stream: RpcStream) -> Result<(), RpcError> {
        match request {
            PeerRequest::Converse => self.converse(caller, stream).await,
            PeerRequest::Replicate => self.replicate(caller, stream, Pace::Now).await,
            PeerRequest::Move => self.replicate(caller, stream, Pace::Bulk).await,
            PeerRequest::Hosts => {
                let hub = self.hub.clone();
                let rows = tokio::task::spawn_blocking(move || super::service::hosts(&*hub.store)).await;
                tell(&mut stream, &rows.map_or_else(|_| Response::Refused(defect()), Response::Hosts)).await
            }
            PeerRequest::NameHost(name) => self.single(Request::NameHost(name), &mut stream).await,
            PeerRequest::Leg(leg) => self.leg(leg, &mut stream).await,
            PeerRequest::Fetch(wanted) => self.fetch(wanted, stream).await,
            PeerRequest::Watch(watch) => self.watch(watch, stream).await,
            PeerRequest::Analyses => {
                let rows = self.hub.analysis.board.lock().clone();
                tell(&mut stream, &Response::Analyses(rows)).await
            }
            PeerRequest::Rules(stamps) => {
                let newer = self.hub.standing.newer_than(&stamps);
                tell(&mut stream, &Response::Rules(newer)).await
            }
            PeerRequest::TakeRules(files) => {
                standing::take(&self.hub, files).await;
                tell(&mut stream, &Response::Done).await
            }
        }
    }

    /// Hands the machine what another's machine says.
    async fn converse(&self, caller: &Caller, mut stream: RpcStream) -> Result<(), RpcError> {
        if caller.role != Role::Node {
            return Ok(());
        }
        loop {
            let message = match stream.recv::<ClusterMessage>().await {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(()),
                // Of a newer program, which is not to lose its connection over it. The machines expect to lose messages.
                Err(RpcError::Codec(error @ CodecError::Unknown { .. })) => {
                    tracing::debug!(caller = %caller.name, %error, "message passed over");
                    continue;
                }
                Err(error) => return Err(error),
            };
            match message.check() {
                Ok(()) => self.hub.inputs.push_message(Input::Message { from: caller.node, message }),
                Err(refusal) => {
                    tracing::warn!(caller = %caller.name, %refusal, "message refused");
                    return Ok(());
                }
            }
        }
    }

    /// Takes chunks of producers and acknowledges each once it is where it belongs.
    async fn put(&self, host: HostId, mut stream: RpcStream) -> Result<(), RpcError> {
        stream.send(&Response::Ready(Ready { credit: CREDIT_BYTES })).await?;
        let (sender, receiver) = stream.split();
        let (done, outcomes) = mpsc::channel(MAX_WRITES_WAITING);
        let conversation = Conversation { hub: self.hub.clone(), number: self.hub.number() };
        let taking = tokio::spawn(take(self.hub.clone(), conversation.number, host, receiver, done));
        let told = acknowledge(&self.hub, sender, outcomes).await;
        taking.abort();
        drop(conversation);
        told
    }

    /// Takes chunks of other members, for this node alone.
    async fn replicate(&self, caller: &Caller, mut stream: RpcStream, pace: Pace) -> Result<(), RpcError> {
        stream.send(&Response::Ready(Ready { credit: CREDIT_BYTES })).await?;
        let (mut sender, mut receiver) = stream.split();
        let (done, mut outcomes) = mpsc::channel::<(ChunkId, u64, WriteResult)>(MAX_WRITES_WAITING);
        let hub = self.hub.clone();
        let mut taking = tokio::spawn(async move {
            while let Some((chunk, extract)) = next_chunk(&mut receiver, pace).await? {
                let Ok(place) = done.clone().reserve_owned().await else { break };
                let (id, bytes) = (chunk.id(), chunk.bytes().len() as u64);
                let told = move |result| drop(place.send((id, bytes, result)));
                match extract {
                    None => hub.write_here(chunk, told),
                    Some(extract) => hub.take_over(Checked::told(chunk, &extract), told).await,
                }
            }
            Ok(())
        });
        let mut credit = CREDIT_BYTES;
        let telling = async {
            while let Some(first) = outcomes.recv().await {
                let mut writes = Writes::default();
                for (id, bytes, result) in std::iter::once(first).chain(std::iter::from_fn(|| outcomes.try_recv().ok()))
                {
                    credit = credit.saturating_add(bytes);
                    let list = match result {
                        WriteResult::Durable => &mut writes.durable,
                        WriteResult::Conflict => &mut writes.conflicts,
                        WriteResult::Failed => &mut writes.failed,
                    };
                    match list.iter_mut().find(|ack: &&mut StreamAck| ack.stream == id.stream) {
                        Some(ack) => drop(ack.chunks.insert(id.no.0)),
                        None => list.push(StreamAck { stream: id.stream, chunks: RangeSet::from_iter([id.no.0]) }),
                    }
                }
                writes.credit = credit;
                sender.send(&Response::Writes(writes)).await?;
            }
            let (last, ended) = match (&mut taking).await {
                Ok(Ok(())) => (Response::Done, Ok(())),
                Ok(Err(RpcError::Closed)) => return Err(RpcError::Closed),
                Ok(Err(RpcError::Refused(refusal))) => (Response::Refused(refusal.clone()), Err(refusal.into())),
                Ok(Err(error)) => (Response::Refused(RefusalCode::BadRequest.because(&error)), Err(error)),
                Err(_) => (Response::Refused(defect()), Ok(())),
            };
            if let Err(error) = &ended {
                tracing::warn!(caller = %caller.name, %error, "a member's chunks are no longer taken");
            }
            sender.send(&last).await?;
            sender.finish().await?;
            ended
        };
        let told = telling.await;
        taking.abort();
        told
    }

    async fn leg(&self, leg: Leg, stream: &mut RpcStream) -> Result<(), RpcError> {
        let (batches, mut found) = mpsc::channel::<LegRows>(MAX_BATCHES_WAITING);
        let mut reading = tokio::spawn(scatter::read_leg(self.hub.clone(), leg, batches));
        let mut pulse = interval(scatter::LEG_PULSE);
        let mut is_open = true;
        let last = loop {
            tokio::select! {
                rows = found.recv(), if is_open => match rows {
                    Some(rows) => stream.send(&Response::LegRows(rows)).await?,
                    None => is_open = false,
                },
                ended = &mut reading, if !is_open => break match ended {
                    Ok(Ok(end)) => Response::LegEnd(end),
                    Ok(Err(refusal)) => Response::Refused(refusal),
                    Err(_) => Response::Refused(defect()),
                },
                // Whoever waits knows that this node lives.
                _ = pulse.tick() => stream.send(&Response::LegRows(LegRows::default())).await?,
            }
        };
        tell(stream, &last).await
    }

    /// Tells which chunks are here and which come. Ends when whoever watches was too slow: it watches anew.
    async fn watch(&self, watch: Watch, mut stream: RpcStream) -> Result<(), RpcError> {
        let _follower = self.hub.follower();
        let mut news = self.hub.stored.subscribe();
        let store = self.hub.store.clone();
        let held = tokio::task::spawn_blocking(move || follow::held(&*store, &watch)).await.unwrap_or_default();
        for stored in follow::messages(held) {
            stream.send(&Response::Stored(stored)).await?;
        }
        stream.send(&Response::Stored(Vec::new())).await?;
        let mut pulse = interval(follow::PULSE);
        loop {
            let stored = tokio::select! {
                stored = follow::next_stored(&mut news) => match stored {
                    Some(stored) => stored,
                    None => return stream.finish().await,
                },
                _ = pulse.tick() => Vec::new(),
            };
            stream.send(&Response::Stored(stored)).await?;
        }
    }

    async fn fetch(&self, wanted: StreamAck, mut stream: RpcStream) -> Result<(), RpcError> {
        let have = self.hub.store.stream(wanted.stream).map(|usage| usage.have).unwrap_or_default();
        let here = have.difference(&have.difference(&wanted.chunks));
        let mut read = self.hub.read_ahead(wanted.stream, here, |store, id| store.get(id));
        while let Some((_, found)) = read.recv().await {
            if let Ok(Some(chunk)) = found {
                stream.send_chunk(chunk.bytes()).await?;
            }
        }
        stream.finish().await
    }
}

/// Numbers that are in at least so many of the sets.
fn on_enough(sets: &[RangeSet], quorum: usize) -> RangeSet {
    // Where each range begins and where it has ended.
    let mut steps: BTreeMap<u64, i64> = BTreeMap::new();
    for &(first, last) in sets.iter().flat_map(RangeSet::ranges) {
        *steps.entry(first).or_default() += 1;
        if let Some(behind) = last.checked_add(1) {
            *steps.entry(behind).or_default() -= 1;
        }
    }
    let (mut depth, mut since, mut enough) = (0, None, RangeSet::new());
    for (at, step) in steps {
        depth += step;
        match (since, depth >= quorum as i64) {
            (None, true) => since = Some(at),
            (Some(first), false) => {
                enough.insert_range(first..=at - 1);
                since = None;
            }
            _ => {}
        }
    }
    if let Some(first) = since {
        enough.insert_range(first..=u64::MAX);
    }
    enough
}

/// One producer's; when it ends, what was not acknowledged is nobody's any more.
struct Conversation {
    hub: Arc<Hub>,
    number: u64,
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.hub.leave(self.number);
    }
}

/// The next chunk of another member; one that moves comes behind what is known of it.
async fn next_chunk(receiver: &mut RpcReceiver, pace: Pace) -> Result<Option<(Chunk, Option<Extract>)>, RpcError> {
    let extract = match pace {
        Pace::Now => None,
        Pace::Bulk => match receiver.recv::<Extract>().await? {
            None => return Ok(None),
            extract => extract,
        },
    };
    let Some(bytes) = receiver.recv_chunk().await? else { return Ok(None) };
    let chunk = Chunk::parse(bytes).map_err(|error| RefusalCode::BadRequest.because(error))?;
    Ok(Some((chunk, extract)))
}

type Outcome = Result<Acks, Refusal>;

async fn take(hub: Arc<Hub>, conversation: u64, host: HostId, mut receiver: RpcReceiver, done: mpsc::Sender<Outcome>) {
    loop {
        let bytes = match receiver.recv_chunk().await {
            Ok(Some(bytes)) => bytes,
            // Nothing more comes; what is under way is still told.
            Ok(None) | Err(_) => return,
        };
        // A place for the outcome is held before the chunk is routed, so that telling never waits.
        let Ok(place) = done.clone().reserve_owned().await else { return };
        let chunk = match Chunk::parse(bytes) {
            Ok(chunk) if chunk.id().stream.host == host => chunk,
            Ok(chunk) => {
                // The caller's right was checked for the host that it named.
                let why = format!("chunk {} is not of host {host}", chunk.id());
                place.send(Err(RefusalCode::BadRequest.because(why)));
                return;
            }
            Err(error) => {
                place.send(Err(RefusalCode::BadRequest.because(error)));
                return;
            }
        };
        let (id, credit) = (chunk.id(), chunk.bytes().len() as u64);
        let ended = move |end| {
            let ack = || vec![StreamAck { stream: id.stream, chunks: RangeSet::from_iter([id.no.0]) }];
            let outcome = match end {
                RouteEnd::Released => Ok(Acks { durable: ack(), conflicts: Vec::new(), credit }),
                RouteEnd::Conflict => Ok(Acks { durable: Vec::new(), conflicts: ack(), credit }),
                RouteEnd::Refused => Err(RefusalCode::Full.because("no node can take chunks now")),
            };
            place.send(outcome);
        };
        hub.route(conversation, chunk, Box::new(ended));
    }
}

async fn acknowledge(hub: &Hub, mut sender: RpcSender, mut outcomes: mpsc::Receiver<Outcome>) -> Result<(), RpcError> {
    let mut credit = CREDIT_BYTES;
    loop {
        let outcome = match timeout(TROUBLE_AFTER, outcomes.recv()).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => break,
            Err(_) => match hub.trouble() {
                Some(refusal) => Err(refusal),
                None => continue,
            },
        };
        match outcome {
            Ok(mut acks) => {
                // What was stored makes room for as much; the message says the total.
                credit = credit.saturating_add(acks.credit);
                acks.credit = credit;
                sender.send(&Response::Acks(acks)).await?;
            }
            Err(refusal) => {
                sender.send(&Response::Refused(refusal)).await?;
                return sender.finish().await;
            }
        }
    }
    sender.send(&Response::Done).await?;
    sender.finish().await
}

/// How the cluster is, as this node sees it.
fn report(hub: &Hub) -> ClusterReport {
    let view = hub.view.load();
    let Some(status) = &view.status else { return ClusterReport::default() };
    let lower = |text: String| text.split('(').next().unwrap_or_default().to_lowercase();
    let members = status.members.iter().map(|row| MemberRow {
        node: row.member.node,
        name: row.member.name.clone(),
        zone: row.member.zone.clone(),
        weight: row.member.weight,
        state: lower(format!("{:?}", row.member.state)),
        health: lower(format!("{:?}", row.health)),
        partitions: row.partitions as u64,
        in_sync: row.in_sync,
        misplaced: row.misplaced,
        addresses: row.member.addresses.clone(),
    });
    let transfers = status.transfers.iter().map(|transfer| TransferRow {
        peer: transfer.peer,
        incoming: transfer.incoming,
        chunks: transfer.chunks,
        bytes: transfer.bytes,
        remaining_ms: view.remaining.get(&(transfer.peer, transfer.incoming)).copied(),
    });
    ClusterReport {
        members: members.collect(),
        maps: status.maps as u64,
        replicas: status.replicas as u64,
        quorum: status.quorum as u64,
        held_partitions: status.held_partitions as u64,
        misplaced_partitions: status.misplaced_partitions as u64,
        routed_chunks: status.routed.0 as u64,
        routed_bytes: status.routed.1,
        transfers: transfers.collect(),
        moved_chunks: hub.moved.chunks.load(Ordering::Relaxed),
        moved_bytes: hub.moved.bytes.load(Ordering::Relaxed),
    }
}

pub(super) fn defect() -> Refusal {
    RefusalCode::Internal.because("the node met a defect of its own; its log says more")
}
