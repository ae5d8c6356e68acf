//! Connections to the other members: one task each, which dials when there is something to say, and says when it cannot.
//!
//! Over a connection go a stream of the machines' messages, a stream of chunks to be stored over there, and one for each
//! push of chunks that its receiver wants. What cannot be sent is dropped or failed at once: the machines ask again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use packetstream_config::Address;
use packetstream_core::{Input, WriteResult};
use packetstream_protocol::chunk::Chunk;
use packetstream_protocol::cluster::ClusterMessage;
use packetstream_protocol::codec::CodecError;
use packetstream_protocol::ids::{ChunkId, ChunkNo, NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;
use packetstream_protocol::wire::{PeerRequest, RefusalCode, Request, Response, StreamAck};
use packetstream_storage::{ChunkStore, Entry, StoreError};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::hub::Hub;
use crate::net::{Endpoint, Peer, RpcError};

/// Messages that wait for one member; more are dropped.
const MAX_MESSAGES: usize = 1024;
/// Chunks that wait for one member; more are failed, and go elsewhere.
const MAX_WRITES: usize = 1024;
/// Pushes that wait for one member.
const MAX_PUSHES: usize = 64;
/// Pushes to one member that are under way: more than the receiver gathers before it writes.
const PUSHES_AT_ONCE: usize = 8;
/// Those of them that are being sent: what one substream may have on its way does not fill a connection.
const SENT_AT_ONCE: usize = 3;
/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// A member that does not acknowledge a chunk for so long is given up, and asked again.
const WRITE_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a member may take with the next chunk of a push.
const PUSH_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two attempts to connect.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(2);
/// Members that a connection is kept for.
const MAX_LINKS: usize = packetstream_protocol::cluster::MAX_MEMBERS;

/// Chunks of the own store for a member that wants them.
struct Push {
    push: u64,
    stream: StreamId,
    chunks: RangeSet,
}

struct Link {
    addresses: watch::Sender<Vec<Address>>,
    messages: mpsc::Sender<ClusterMessage>,
    writes: mpsc::Sender<Chunk>,
    pushes: mpsc::Sender<Push>,
    peer: watch::Receiver<Option<Peer>>,
    /// The machine takes it for dead: what is under way is given up.
    cut: Arc<Notify>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Peers {
    network: OnceLock<(Endpoint, Handle)>,
    links: Mutex<BTreeMap<NodeId, Link>>,
    /// Who answered at the seeds' addresses.
    seeds: Mutex<BTreeSet<NodeId>>,
}

impl Peers {
    /// From now on there is a network; connections are made on the current runtime.
    pub(crate) fn start(&self, endpoint: Endpoint) {
        // It is started once.
        let _ = self.network.set((endpoint, Handle::current()));
    }

    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.network.get().map(|(endpoint, _)| endpoint)
    }

    /// A member, and where it is.
    pub(crate) fn learn(&self, hub: &Arc<Hub>, node: NodeId, addresses: Vec<Address>) {
        if node == hub.me || addresses.is_empty() {
            return;
        }
        let mut links = self.links.lock();
        if let Some(link) = links.get(&node) {
            link.addresses.send_if_modified(|known| {
                let news = *known != addresses;
                *known = addresses;
                news
            });
            return;
        }
        let Some((endpoint, runtime)) = self.network.get().cloned() else { return };
        if links.len() >= MAX_LINKS {
            return;
        }
        let (addresses, places) = watch::channel(addresses);
        let (messages, to_say) = mpsc::channel(MAX_MESSAGES);
        let (writes, to_write) = mpsc::channel(MAX_WRITES);
        let (pushes, to_push) = mpsc::channel(MAX_PUSHES);
        let (connected, peer) = watch::channel(None);
        let cut = Arc::new(Notify::new());
        let task = Task {
            hub: Arc::downgrade(hub),
            endpoint,
            node,
            places,
            messages: to_say,
            writes: to_write,
            pushes: to_push,
            connected,
            cut: cut.clone(),
        };
        runtime.spawn(task.run());
        links.insert(node, Link { addresses, messages, writes, pushes, peer, cut });
    }

    /// Nobody wants to hear of a member any more.
    pub(crate) fn forget(&self, node: NodeId) {
        self.links.lock().remove(&node);
    }

    /// What is under way to a member is given up.
    pub(crate) fn cut(&self, node: NodeId) {
        if let Some(link) = self.links.lock().get(&node) {
            link.cut.notify_one();
        }
    }

    /// Says something to a member, if it can be said.
    pub(crate) fn say(&self, to: NodeId, message: ClusterMessage) {
        if let Some(link) = self.links.lock().get(&to) {
            // The machines expect to lose some.
            let _ = link.messages.try_send(message);
        }
    }

    /// Gives a member a chunk to store; false when that is not possible now.
    pub(crate) fn write(&self, to: NodeId, chunk: Chunk) -> bool {
        self.links.lock().get(&to).is_some_and(|link| link.writes.try_send(chunk).is_ok())
    }

    /// Gives a member chunks that it wants; false when that is not possible now.
    pub(crate) fn push(&self, push: u64, to: NodeId, stream: StreamId, chunks: RangeSet) -> bool {
        let push = Push { push, stream, chunks };
        self.links.lock().get(&to).is_some_and(|link| link.pushes.try_send(push).is_ok())
    }

    /// The connection to a member, made if there is none.
    pub(crate) async fn peer(&self, node: NodeId) -> Option<Peer> {
        let (mut peer, mut places) = {
            let links = self.links.lock();
            let link = links.get(&node)?;
            (link.peer.clone(), link.addresses.subscribe())
        };
        // The task dials as long as it is not connected.
        places.mark_unchanged();
        let connected = timeout(CONNECT_TIMEOUT, peer.wait_for(Option::is_some)).await;
        connected.ok()?.ok()?.clone()
    }

    /// Who is known to be a seed.
    pub(crate) fn seeds(&self) -> BTreeSet<NodeId> {
        self.seeds.lock().clone()
    }

    /// The members that are connected.
    pub(crate) fn connected(&self) -> BTreeSet<NodeId> {
        let links = self.links.lock();
        links.iter().filter(|(_, link)| link.peer.borrow().is_some()).map(|(node, _)| *node).collect()
    }
}

/// Connects to one of these addresses; to that node, if one is expected.
///
/// # Errors
/// Why the last one could not be reached.
async fn connect(endpoint: &Endpoint, addresses: &[Address], node: Option<NodeId>) -> Result<Peer, String> {
    let mut why = "it has no address".to_owned();
    for address in addresses {
        why = match timeout(CONNECT_TIMEOUT, endpoint.connect(address, node)).await {
            Ok(Ok(peer)) => return Ok(peer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("{address}: no answer in {} s", CONNECT_TIMEOUT.as_secs()),
        };
        tracing::debug!(%why, "member not reached");
    }
    Err(why)
}

/// Finds members through seeds, as long as none is connected; and before there is a cluster finds out who each of them is.
pub(crate) async fn seek(hub: Weak<Hub>, seeds: Vec<Address>) {
    let mut pause = RETRY_MIN;
    let mut is_told = false;
    let mut known: BTreeSet<&Address> = BTreeSet::new();
    loop {
        let Some(hub) = hub.upgrade() else { return };
        let alone = hub.peers.connected().is_empty();
        let began = hub.view.load().status.as_ref().is_some_and(|status| status.maps > 0);
        if (alone || !began)
            && let Some(endpoint) = hub.peers.endpoint().cloned()
        {
            let mut reasons = Vec::new();
            for seed in &seeds {
                if !alone && known.contains(seed) {
                    continue;
                }
                match connect(&endpoint, std::slice::from_ref(seed), None).await {
                    Ok(peer) => {
                        known.insert(seed);
                        hub.peers.seeds.lock().insert(peer.node());
                        hub.inputs.push(Input::Seed(peer.node()));
                        hub.peers.learn(&hub, peer.node(), vec![seed.clone()]);
                    }
                    Err(why) => reasons.push(why),
                }
            }
            // Once for as long as it lasts.
            let is_alone = alone && reasons.len() == seeds.len();
            if is_alone && !is_told {
                tracing::warn!(why = %reasons.join("; "), "no seed answers; they are asked again and again");
            }
            is_told = is_alone;
            pause = (pause * 2).min(RETRY_MAX);
        }
        drop(hub);
        tokio::time::sleep(pause).await;
    }
}

/// The connection to one member.
struct Task {
    hub: Weak<Hub>,
    endpoint: Endpoint,
    node: NodeId,
    places: watch::Receiver<Vec<Address>>,
    messages: mpsc::Receiver<ClusterMessage>,
    writes: mpsc::Receiver<Chunk>,
    pushes: mpsc::Receiver<Push>,
    connected: watch::Sender<Option<Peer>>,
    cut: Arc<Notify>,
}

impl Task {
    async fn run(mut self) {
        let mut pause = RETRY_MIN;
        loop {
            let addresses = self.places.borrow_and_update().clone();
            let peer = connect(&self.endpoint, &addresses, Some(self.node)).await;
            if let Ok(peer) = peer {
                pause = RETRY_MIN;
                self.connected.send_replace(Some(peer.clone()));
                self.tell(Input::Connected(self.node));
                let alive = self.converse(&peer).await;
                self.connected.send_replace(None);
                if !alive {
                    return;
                }
                tracing::info!(name = peer.name(), "connection to a member ended");
            }
            self.tell(Input::Disconnected(self.node));
            if !self.wait(pause).await {
                return;
            }
            pause = (pause * 2).min(RETRY_MAX);
        }
    }

    fn tell(&self, input: Input) {
        if let Some(hub) = self.hub.upgrade() {
            hub.inputs.push(input);
        }
    }

    fn fail_write(&self, chunk: ChunkId) {
        self.tell(Input::Written { chunk, by: self.node, result: WriteResult::Failed });
    }

    /// Fails what is asked until it is time for another attempt; false when the member is to be forgotten.
    async fn wait(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(until) => return true,
                changed = self.places.changed() => return changed.is_ok(),
                message = self.messages.recv() => if message.is_none() { return false },
                Some(chunk) = self.writes.recv() => self.fail_write(chunk.id()),
                Some(push) = self.pushes.recv() => self.tell(Input::PushEnded { push: push.push }),
            }
        }
    }

    /// Until the connection breaks; false when the member is to be forgotten.
    async fn converse(&mut self, peer: &Peer) -> bool {
        let (hub, node) = (self.hub.clone(), self.node);
        let Self { messages, writes, pushes, cut, .. } = self;
        tokio::select! {
            () = peer.closed() => true,
            () = cut.notified() => true,
            said = say(peer, messages) => said,
            () = write(&hub, node, peer, writes) => true,
            () = push(&hub, node, peer, pushes) => true,
        }
    }
}

/// False when nothing more will come.
async fn say(peer: &Peer, messages: &mut mpsc::Receiver<ClusterMessage>) -> bool {
    let Ok(mut stream) = peer.open(&Request::Peer(PeerRequest::Converse)).await else { return true };
    loop {
        let Some(mut message) = messages.recv().await else { return false };
        message.leave_out_newer(stream.version());
        match stream.send(&message).await {
            Ok(()) => {}
            // Its program is older and knows no such message: to it this one is lost.
            Err(RpcError::Codec(CodecError::Newer { .. })) => {}
            // It is larger than a message may be: nothing was sent.
            Err(RpcError::Codec(error)) => tracing::error!(%error, "message to a member"),
            Err(_) => return true,
        }
    }
}

/// What was sent and not answered; each is failed when this is dropped.
struct Unanswered<'a> {
    hub: &'a Weak<Hub>,
    node: NodeId,
    chunks: BTreeMap<ChunkId, u64>,
    /// Octets that were sent, and that may be.
    sent: u64,
    credit: u64,
}

impl Unanswered<'_> {
    fn answer(&mut self, acks: &[StreamAck], result: WriteResult) {
        let Some(hub) = self.hub.upgrade() else { return };
        for ack in acks {
            for no in ack.chunks.iter().take(MAX_WRITES) {
                let chunk = ChunkId { stream: ack.stream, no: ChunkNo(no) };
                if self.chunks.remove(&chunk).is_some() {
                    hub.inputs.push(Input::Written { chunk, by: self.node, result });
                }
            }
        }
        if result == WriteResult::Failed && !acks.is_empty() {
            hub.note_trouble(RefusalCode::Full.because(format!("{} has no room", hub.name_of(self.node))));
        }
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let Some(hub) = self.hub.upgrade() else { return };
        for &chunk in self.chunks.keys() {
            hub.inputs.push(Input::Written { chunk, by: self.node, result: WriteResult::Failed });
        }
    }
}

async fn write(hub: &Weak<Hub>, node: NodeId, peer: &Peer, writes: &mut mpsc::Receiver<Chunk>) {
    let Ok(Some((stream, credit))) = replicate(peer, PeerRequest::Replicate).await else { return };
    let (mut sender, mut receiver) = stream.split();
    let unanswered = Unanswered { hub, node, chunks: BTreeMap::new(), sent: 0, credit };
    let unanswered = Mutex::new(unanswered);
    let more = Notify::new();
    let sending = async {
        while let Some(chunk) = writes.recv().await {
            let bytes = (chunk.bytes().len() as u64).min(credit);
            // Noted before it waits: should the connection break, it is failed like the others.
            unanswered.lock().chunks.insert(chunk.id(), bytes);
            loop {
                {
                    let mut state = unanswered.lock();
                    if state.sent + bytes <= state.credit {
                        state.sent += bytes;
                        break;
                    }
                }
                more.notified().await;
            }
            sender.send_chunk(chunk.bytes()).await?;
        }
        Ok::<(), RpcError>(())
    };
    let receiving = async {
        loop {
            let response = match timeout(WRITE_TIMEOUT, receiver.recv::<Response>()).await {
                Ok(Ok(Some(response))) => response,
                Err(_) if unanswered.lock().chunks.is_empty() => continue,
                _ => return,
            };
            let Response::Writes(writes) = response else { return };
            let mut state = unanswered.lock();
            state.answer(&writes.durable, WriteResult::Durable);
            state.answer(&writes.conflicts, WriteResult::Conflict);
            state.answer(&writes.failed, WriteResult::Failed);
            state.credit = state.credit.max(writes.credit);
            drop(state);
            more.notify_one();
        }
    };
    tokio::select! {
        _ = sending => {}
        () = receiving => {}
    }
}

/// A conversation in which chunks are stored by the peer.
async fn replicate(peer: &Peer, request: PeerRequest) -> Result<Option<(crate::net::RpcStream, u64)>, RpcError> {
    let mut stream = peer.open(&Request::Peer(request)).await?;
    match timeout(CONNECT_TIMEOUT, stream.recv::<Response>()).await {
        Ok(Ok(Some(Response::Ready(ready)))) => Ok(Some((stream, ready.credit))),
        _ => Ok(None),
    }
}

/// Sends what is wanted: few pushes at a time and in their order, so that what belongs together comes together; what the next ones
/// need to begin is done meanwhile.
async fn push(hub: &Weak<Hub>, node: NodeId, peer: &Peer, pushes: &mut mpsc::Receiver<Push>) {
    let turns = Semaphore::new(SENT_AT_ONCE);
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(push) = pushes.recv(), if under_way.len() < PUSHES_AT_ONCE => {
                let guard = PushEnd { hub, push: push.push };
                let turns = &turns;
                under_way.push(async move {
                    let _guard = guard;
                    if let Err(error) = push_one(hub, peer, &push, turns).await {
                        tracing::debug!(%node, %error, "push broken off");
                    }
                });
            }
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            else => std::future::pending().await,
        }
    }
}

/// Says that a push has ended, however it did.
struct PushEnd<'a> {
    hub: &'a Weak<Hub>,
    push: u64,
}

impl Drop for PushEnd<'_> {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.inputs.push(Input::PushEnded { push: self.push });
        }
    }
}

/// A chunk and what is known of it; nothing when it is not here.
fn read_one(store: &dyn ChunkStore, id: ChunkId) -> Result<Option<(Chunk, Entry)>, StoreError> {
    let Some(entry) = store.entry(id)? else { return Ok(None) };
    Ok(store.get(id)?.map(|chunk| (chunk, entry)))
}

async fn push_one(hub: &Weak<Hub>, peer: &Peer, push: &Push, turns: &Semaphore) -> Result<(), RpcError> {
    let begin = async {
        let Some((stream, _)) = replicate(peer, PeerRequest::Move).await? else { return Err(RpcError::Unexpected) };
        let hub = hub.upgrade().ok_or(RpcError::Closed)?;
        Ok((stream, hub.read_ahead(push.stream, push.chunks.clone(), read_one)))
    };
    // A place in the queue is taken at once, in the order of the pushes.
    let turn = async { turns.acquire().await.map_err(|_| RpcError::Closed) };
    let (turn, (stream, mut read)) = tokio::try_join!(turn, begin)?;
    let (mut sender, mut receiver) = stream.split();
    let is_sending = AtomicBool::new(true);
    let sending = async {
        while let Some((id, found)) = read.recv().await {
            let Some(hub) = hub.upgrade() else { return Ok(()) };
            match found {
                Ok(Some((chunk, entry))) => {
                    let sent = timeout(PUSH_TIMEOUT, async {
                        sender.send(&entry.extract()).await?;
                        sender.send_chunk(chunk.bytes()).await
                    });
                    sent.await.map_err(|_| RpcError::Timeout)??;
                    hub.moved.chunks.fetch_add(1, Ordering::Relaxed);
                    hub.moved.bytes.fetch_add(chunk.bytes().len() as u64, Ordering::Relaxed);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(chunk = %id, %error, "a chunk cannot be read");
                    hub.inputs.push(Input::Lost { stream: id.stream, chunks: RangeSet::from_iter([id.no.0]) });
                }
            }
        }
        drop(turn);
        is_sending.store(false, Ordering::Relaxed);
        sender.finish().await
    };
    let receiving = async {
        loop {
            match timeout(PUSH_TIMEOUT, receiver.recv::<Response>()).await {
                Ok(response) => match response? {
                    Some(Response::Writes(_)) => {}
                    Some(Response::Done) => return Ok(()),
                    Some(Response::Refused(refusal)) => return Err(RpcError::Refused(refusal)),
                    Some(_) => return Err(RpcError::Unexpected),
                    None => return Err(RpcError::Closed),
                },
                // It may have been given nothing yet.
                Err(_) if is_sending.load(Ordering::Relaxed) => {}
                Err(_) => return Err(RpcError::Timeout),
            }
        }
    };
    // Yamux makes the sender wait for a receiver that does not keep up.
    tokio::try_join!(sending, receiving).map(drop)
}
