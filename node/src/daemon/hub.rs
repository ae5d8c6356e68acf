//! What the parts of a node share: the queue into the cluster's machine, the chunks under way, and what the machine last said.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use packetstream_config::Address;
use packetstream_core::cluster::Status;
use packetstream_core::{Input, Moment, Plan, WriteResult};
use packetstream_protocol::Chunk;
use packetstream_protocol::ids::{ChunkId, ChunkNo, HostId, NodeId, StreamId};
use packetstream_protocol::interval::RangeSet;
use packetstream_protocol::wire::{Refusal, RefusalCode};
use packetstream_storage::{Checked, ChunkStore, Outcome, Pace, StoreError};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

use super::analyst::Assigned;
use super::keeper::{Plant, Tenure};
use super::peers::Peers;
use super::standing::Standing;

/// Plans that may be asked for at once.
const MAX_PLANS: usize = 256;
/// A plan that takes longer is none.
const PLAN_TIMEOUT: Duration = Duration::from_secs(15);
/// Chunks that wait to be checked and written here. What comes beyond is refused for the moment.
const MAX_WRITES_WAITING: usize = 4096;
/// Inputs that may wait for the machine when a message of another comes.
const MAX_MESSAGES_WAITING: usize = 65_536;
/// Chunks of which a follower has not heard yet; one that is further behind looks at the store again.
const MAX_STORED_WAITING: usize = 4096;
/// Threads that check chunks before they are written.
const WRITERS: usize = 2;
/// Chunks in no hurry that wait for room in the store's queue: whoever brings more waits.
const MAX_MOVING: usize = 16;
/// Chunks read ahead of whoever sends them.
const MAX_READ_AHEAD: usize = 4;
/// For so long a failed write explains why nothing is acknowledged.
const TROUBLE_AGE: Duration = Duration::from_secs(10);

/// A chunk that was asked for, and what the store said.
pub(crate) type ReadAhead<T> = (ChunkId, Result<Option<T>, StoreError>);

/// See the module.
pub(crate) struct Hub {
    pub(crate) store: Arc<dyn ChunkStore>,
    pub(crate) me: NodeId,
    pub(crate) inputs: Inputs,
    pub(crate) routing: Routing,
    pub(crate) peers: Peers,
    pub(crate) view: ArcSwap<View>,
    pub(crate) moved: Moved,
    plans: Mutex<HashMap<u64, oneshot::Sender<Plan>>>,
    next: AtomicU64,
    started: Instant,
    writes: crossbeam_channel::Sender<(Chunk, WriteDone)>,
    moves: mpsc::Sender<(Checked, WriteDone)>,
    trouble: Mutex<Option<(Instant, Refusal)>>,
    /// Chunks as they become durable here, for those who follow.
    pub(crate) stored: broadcast::Sender<ChunkId>,
    /// How many of them there are, here and through other members.
    pub(crate) followers: Arc<AtomicUsize>,
    /// Whether there is a machine.
    driven: watch::Sender<bool>,
    /// The analyses that run here.
    pub(crate) analysis: Assigned,
    pub(crate) standing: Standing,
    pub(crate) plant: Plant,
}

/// One who follows, until it is dropped.
pub(crate) struct Follower(Arc<AtomicUsize>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What this process has brought to other members that lacked it.
#[derive(Default)]
pub(crate) struct Moved {
    pub(crate) chunks: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// Who waits for what becomes of a chunk. Dropped without a word, as by a panic, it is told that the chunk was not stored.
struct WriteDone(Option<Box<dyn FnOnce(WriteResult) + Send>>);

impl WriteDone {
    fn new(done: impl FnOnce(WriteResult) + Send + 'static) -> Self {
        Self(Some(Box::new(done)))
    }

    fn tell(mut self, result: WriteResult) {
        if let Some(done) = self.0.take() {
            done(result);
        }
    }
}

impl Drop for WriteDone {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(WriteResult::Failed);
        }
    }
}

/// What the machine last said of the cluster.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) status: Option<Status>,
    pub(crate) names: BTreeMap<NodeId, String>,
    /// Milliseconds until a transfer is done, by its peer and whether it comes.
    pub(crate) remaining: BTreeMap<(NodeId, bool), u64>,
}

/// What waits for the machine. Its length is bounded by those who put something there: each of them waits for what
/// becomes of it.
#[derive(Default)]
pub(crate) struct Inputs {
    queue: Mutex<VecDeque<Input>>,
    some: Notify,
}

impl Inputs {
    pub(crate) fn push(&self, input: Input) {
        self.queue.lock().push_back(input);
        self.some.notify_one();
    }

    /// What another machine says; it expects to lose some, and does when this one does not keep up.
    pub(crate) fn push_message(&self, input: Input) {
        if self.queue.lock().len() < MAX_MESSAGES_WAITING {
            self.push(input);
        }
    }

    /// Everything that waits; nothing more for a machine that another has taken the place of.
    pub(crate) fn take(&self, tenure: &Tenure) -> Option<VecDeque<Input>> {
        let mut queue = self.queue.lock();
        // Whoever comes next empties the queue after this one's tenure has ended: so nothing of the next one's is taken.
        (!tenure.has_ended()).then(|| std::mem::take(&mut *queue))
    }

    /// Returns when there is something, or was.
    pub(crate) async fn wait(&self) {
        self.some.notified().await;
    }
}

/// What became of a chunk that a producer gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteEnd {
    Released,
    Conflict,
    Refused,
}

/// Told once what became of a chunk.
pub(crate) type RouteDone = Box<dyn FnOnce(RouteEnd) + Send>;

/// Chunks that producers gave and that are not on enough disks yet, with who waits for each.
#[derive(Default)]
pub(crate) struct Routing(Mutex<BTreeMap<ChunkId, Routed>>);

struct Routed {
    chunk: Chunk,
    waiting: Vec<(u64, RouteDone)>,
}

impl Routing {
    pub(crate) fn chunk(&self, id: ChunkId) -> Option<Chunk> {
        self.0.lock().get(&id).map(|routed| routed.chunk.clone())
    }

    pub(crate) fn end(&self, id: ChunkId, end: RouteEnd) {
        let routed = self.0.lock().remove(&id);
        routed.into_iter().flat_map(|routed| routed.waiting).for_each(|(_, done)| done(end));
    }

    /// The machine was made anew and knows nothing of them: their producers send them again.
    pub(crate) fn refuse_all(&self) {
        let all = std::mem::take(&mut *self.0.lock());
        all.into_values().flat_map(|routed| routed.waiting).for_each(|(_, done)| done(RouteEnd::Refused));
    }

    /// The chunks under way of which nobody but this conversation wants to hear.
    fn leave(&self, conversation: u64) -> Vec<ChunkId> {
        let mut routed = self.0.lock();
        let mut left = Vec::new();
        routed.retain(|id, routed| {
            let before = routed.waiting.len();
            routed.waiting.retain(|(of, _)| *of != conversation);
            let nobody = before > 0 && routed.waiting.is_empty();
            if nobody {
                left.push(*id);
            }
            !nobody
        });
        left
    }
}

impl Hub {
    pub(crate) fn new(
        store: Arc<dyn ChunkStore>,
        me: NodeId,
        peers: Peers,
        plant: Plant,
    ) -> std::io::Result<Arc<Self>> {
        let (writes, waiting) = crossbeam_channel::bounded::<(Chunk, WriteDone)>(MAX_WRITES_WAITING);
        let (moves, mut moving) = mpsc::channel::<(Checked, WriteDone)>(MAX_MOVING);
        let standing = Standing::load(store.clone());
        let hub = Arc::new(Self {
            store,
            me,
            inputs: Inputs::default(),
            routing: Routing::default(),
            peers,
            view: ArcSwap::default(),
            moved: Moved::default(),
            plans: Mutex::default(),
            next: AtomicU64::new(1),
            started: Instant::now(),
            writes,
            moves,
            trouble: Mutex::default(),
            stored: broadcast::channel(MAX_STORED_WAITING).0,
            followers: Arc::default(),
            driven: watch::Sender::new(false),
            analysis: Assigned::default(),
            standing,
            plant,
        });
        for _ in 0..WRITERS {
            let waiting = waiting.clone();
            hub.work(
                "check",
                move || waiting.recv().ok(),
                |hub, chunk, done| {
                    hub.store_one(Checked::of(chunk), Pace::Now, done);
                },
            )?;
        }
        hub.work("moves", move || moving.blocking_recv(), |hub, chunk, done| hub.store_one(chunk, Pace::Bulk, done))?;
        Ok(hub)
    }

    /// Starts a thread that stores chunk after chunk. A panic costs it the chunk at hand alone.
    fn work<T: 'static>(
        self: &Arc<Self>,
        name: &'static str,
        mut next: impl FnMut() -> Option<(T, WriteDone)> + Send + 'static,
        store: impl Fn(&Arc<Self>, T, WriteDone) + Send + 'static,
    ) -> std::io::Result<()> {
        let weak = Arc::downgrade(self);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some((chunk, done)) = next() {
                let Some(hub) = weak.upgrade() else { return };
                let stored = catch_unwind(AssertUnwindSafe(|| {
                    hub.plant.strike(name);
                    store(&hub, chunk, done);
                }));
                if stored.is_err() {
                    tracing::error!(thread = name, "a chunk was not stored: a panic");
                }
            }
        })?;
        Ok(())
    }

    /// There is a machine now.
    pub(crate) fn is_driven(&self) {
        self.driven.send_replace(true);
    }

    /// Returns once there is a machine, for the first time.
    pub(crate) async fn driven(&self) {
        // The sender lives as long as this does.
        let _ = self.driven.subscribe().wait_for(|driven| *driven).await;
    }

    /// The machine's time.
    pub(crate) fn now(&self) -> Moment {
        Moment(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The instant of a machine's time.
    pub(crate) fn instant(&self, at: Moment) -> Instant {
        self.started + Duration::from_millis(at.0)
    }

    /// A number that no other has: of conversations and plans.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// What a member is called.
    pub(crate) fn name_of(&self, node: NodeId) -> String {
        self.view.load().names.get(&node).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| node.short())
    }

    /// Brings a chunk to enough nodes and says then what became of it.
    pub(crate) fn route(&self, conversation: u64, chunk: Chunk, done: RouteDone) {
        let (id, bytes) = (chunk.id(), chunk.bytes().len() as u32);
        {
            let mut routing = self.routing.0.lock();
            match routing.get_mut(&id) {
                // The same one twice at once.
                Some(routed) if routed.chunk.header().hash == chunk.header().hash => {
                    routed.waiting.push((conversation, done));
                    return;
                }
                Some(_) => {
                    drop(routing);
                    return done(RouteEnd::Conflict);
                }
                None => drop(routing.insert(id, Routed { chunk, waiting: vec![(conversation, done)] })),
            }
        }
        self.inputs.push(Input::Route { chunk: id, bytes });
    }

    /// A producer is gone.
    pub(crate) fn leave(&self, conversation: u64) {
        for chunk in self.routing.leave(conversation) {
            self.inputs.push(Input::Forget { chunk });
        }
    }

    /// Somebody follows what becomes durable here.
    pub(crate) fn follower(&self) -> Follower {
        self.followers.fetch_add(1, Ordering::Relaxed);
        Follower(self.followers.clone())
    }

    /// Stores a chunk here, on another thread; tells the machine and then `done`.
    pub(crate) fn write_here(&self, chunk: Chunk, done: impl FnOnce(WriteResult) + Send + 'static) {
        // One that finds no room is told so when it is dropped.
        let _ = self.writes.try_send((chunk, WriteDone::new(done)));
    }

    /// As [`Self::write_here`], for a chunk that moves: whoever brings it waits until there is room for another.
    pub(crate) async fn take_over(&self, chunk: Checked, done: impl FnOnce(WriteResult) + Send + 'static) {
        // Without the thread, at the end of the process, it is told as one that was not stored.
        let _ = self.moves.send((chunk, WriteDone::new(done))).await;
    }

    fn store_one(self: &Arc<Self>, chunk: Checked, pace: Pace, done: WriteDone) {
        let (id, bytes, hub) = (chunk.chunk().id(), chunk.chunk().bytes().len() as u32, Arc::downgrade(self));
        self.store.submit(
            vec![chunk],
            pace,
            Box::new(move |result| {
                let Some(hub) = hub.upgrade() else { return };
                let chunks = || RangeSet::from_iter([id.no.0]);
                let result = match result.map(|mut outcomes| outcomes.pop()) {
                    Ok(Some(Outcome::Stored)) => {
                        hub.inputs.push(Input::Stored { chunk: id, bytes });
                        // Without followers nobody hears it.
                        let _ = hub.stored.send(id);
                        WriteResult::Durable
                    }
                    Ok(Some(Outcome::Duplicate)) => WriteResult::Durable,
                    Ok(Some(Outcome::Expired)) => {
                        hub.inputs.push(Input::Expired { stream: id.stream, chunks: chunks() });
                        WriteResult::Durable
                    }
                    Ok(Some(Outcome::Conflict | Outcome::Damaged(_))) => WriteResult::Conflict,
                    Ok(None) => WriteResult::Failed,
                    Err(error) => {
                        hub.note_trouble(refusal(&error));
                        WriteResult::Failed
                    }
                };
                done.tell(result);
            }),
        );
    }

    /// Something of chunks of a stream in their order, read on a thread of its own a little ahead of whoever takes it.
    pub(crate) fn read_ahead<T: Send + 'static>(
        &self,
        stream: StreamId,
        chunks: RangeSet,
        read_one: fn(&dyn ChunkStore, ChunkId) -> Result<Option<T>, StoreError>,
    ) -> mpsc::Receiver<ReadAhead<T>> {
        let (tell, read) = mpsc::channel(MAX_READ_AHEAD);
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            for no in chunks.iter() {
                let id = ChunkId { stream, no: ChunkNo(no) };
                if tell.blocking_send((id, read_one(&*store, id))).is_err() {
                    return;
                }
            }
        });
        read
    }

    /// Why something could not be written, for producers that wait.
    pub(crate) fn note_trouble(&self, refusal: Refusal) {
        let mut trouble = self.trouble.lock();
        if trouble.as_ref().is_none_or(|(at, _)| at.elapsed() >= TROUBLE_AGE) {
            tracing::error!(%refusal, "chunks are not stored");
        }
        *trouble = Some((Instant::now(), refusal));
    }

    /// Why nothing is acknowledged, if that is known.
    pub(crate) fn trouble(&self) -> Option<Refusal> {
        let trouble = self.trouble.lock();
        trouble.as_ref().filter(|(at, _)| at.elapsed() < TROUBLE_AGE).map(|(_, refusal)| refusal.clone())
    }

    /// Asks around who holds what of these hosts; of all when there are none. Who is in a hurry does not wait to be complete.
    ///
    /// # Errors
    /// When the machine does not answer.
    pub(crate) async fn plan(&self, hosts: Vec<HostId>, hurry: bool) -> Result<Plan, Refusal> {
        let query = self.number();
        let (reply, planned) = oneshot::channel();
        {
            let mut plans = self.plans.lock();
            if plans.len() >= MAX_PLANS {
                return Err(RefusalCode::Internal.because(format!("{MAX_PLANS} queries are being planned, the limit")));
            }
            plans.insert(query, reply);
        }
        self.inputs.push(Input::Plan { query, hosts, hurry });
        let plan = tokio::time::timeout(PLAN_TIMEOUT, planned).await;
        self.plans.lock().remove(&query);
        match plan {
            Ok(Ok(plan)) => Ok(plan),
            _ => Err(RefusalCode::Internal.because("the query could not be planned; ask again")),
        }
    }

    pub(crate) fn planned(&self, query: u64, plan: Plan) {
        if let Some(reply) = self.plans.lock().remove(&query) {
            // Whoever asked may be gone.
            let _ = reply.send(plan);
        }
    }

    /// The machine was made anew.
    pub(crate) fn forget_plans(&self) {
        self.plans.lock().clear();
    }
}

/// What a store's error means to a peer.
pub(crate) fn refusal(error: &StoreError) -> Refusal {
    let code = match error {
        StoreError::Full { .. } => RefusalCode::Full,
        StoreError::TooLarge { .. } => RefusalCode::BadRequest,
        _ => RefusalCode::Internal,
    };
    code.because(error)
}

/// Addresses as members tell them; what is none is left out.
pub(crate) fn addresses(texts: &[String]) -> Vec<Address> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
