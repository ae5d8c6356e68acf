//! What goes into the machine of a node and what comes out.

use std::sync::Arc;
use std::time::Duration;

use packetstream_protocol::cluster::{Checkpoint, ClusterMessage, MapId, Member};
use packetstream_protocol::ids::{ChunkId, HostId, NodeId, Partition, StreamId};
use packetstream_protocol::interval::RangeSet;

use crate::placement::MapCache;
use crate::plan::Plan;

/// What a machine is told at its start and never again.
#[derive(Clone, Debug)]
pub struct Config {
    pub node: NodeId,
    pub name: String,
    pub zone: String,
    /// 1 to [`crate::placement::MAX_WEIGHT`].
    pub weight: u8,
    /// Where others reach it.
    pub addresses: Vec<String>,
    /// Of its certificate.
    pub serial: [u8; 16],
    /// How many others it was told of. With none it is a cluster of its own at once; with some it waits until it has met a member,
    /// or, where nobody is one yet, more than half of those. Who they are [`Input::Seed`] says.
    pub seeds: usize,
    /// Join again after an operator removed the node.
    pub rejoin: bool,
    /// Of its random numbers.
    pub seed: u64,
    /// How long a member is dead before it is removed and its data is copied elsewhere.
    pub grace: Duration,
    /// Bytes a second that it gives away to bring data where it belongs.
    pub move_rate_bytes_s: u64,
    /// The analyses that run here; none: no tasks.
    pub analyses: Vec<u16>,
    /// Maps that others in this process have computed.
    pub maps: Option<Arc<MapCache>>,
    /// Bugs for the simulator to find; never set but by its tests.
    pub planted: Planted,
}

impl Config {
    /// The usual settings of a node.
    #[must_use]
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            name: String::new(),
            zone: String::new(),
            weight: 1,
            addresses: Vec::new(),
            serial: [0; 16],
            seeds: 0,
            rejoin: false,
            seed: 0,
            grace: Duration::from_secs(300),
            move_rate_bytes_s: 256 << 20,
            analyses: Vec::new(),
            maps: None,
            planted: Planted::default(),
        }
    }
}

/// Bugs that prove that the simulator can find some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planted {
    /// A misplaced copy is deleted as soon as it was sent.
    pub delete_before_proof: bool,
    /// The map depends on the order in which members were heard of.
    pub map_by_arrival: bool,
}

/// What a stream is at the start: from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldStream {
    pub stream: StreamId,
    pub have: RangeSet,
    /// Bytes of all of it.
    pub bytes: u64,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// Time has passed: to be given when [`crate::Cluster::poll_timeout`] is reached. Any other input does as well.
    Wake,
    /// This node answered at an address that the own one was told of. To be said of each of them until there is a map: a cluster
    /// is begun by more than half of these, not with whoever else comes along.
    Seed(NodeId),
    /// There is a connection to a member (again).
    Connected(NodeId),
    /// The last connection to a member ended or could not be made.
    Disconnected(NodeId),
    /// From a peer whose certificate says that it is this node; decoded and [`ClusterMessage::check`]ed.
    Message { from: NodeId, message: ClusterMessage },

    /// A chunk is on the own disk, synced, and was not before. For every chunk, whoever sent it.
    Stored { chunk: ChunkId, bytes: u32 },
    /// Retention by age dropped these, or refused them as too old.
    Expired { stream: StreamId, chunks: RangeSet },
    /// Retention by size dropped these: there was no room.
    Dropped { stream: StreamId, chunks: RangeSet },
    /// These cannot be read any more.
    Lost { stream: StreamId, chunks: RangeSet },
    /// [`Output::Delete`] is done.
    Deleted { stream: StreamId, chunks: RangeSet },
    /// [`Output::Push`] has ended, however: all were acknowledged, or the connection broke, or they were not there.
    PushEnded { push: u64 },

    /// A producer gave a chunk to be replicated; its bytes stay with whoever drives the machine, until
    /// [`Output::Released`], [`Output::Conflict`] or [`Output::Refused`].
    Route { chunk: ChunkId, bytes: u32 },
    /// What became of an [`Output::Write`].
    Written { chunk: ChunkId, by: NodeId, result: WriteResult },
    /// The producer of these is gone: they need not be replicated any more by this node.
    Forget { chunk: ChunkId },

    /// The analysis of a partition says how far it is; sequence, runner, map and incarnation are filled in by the machine.
    Checkpoint(Checkpoint),
    /// A query is to be planned. None of the hosts: all. Who is in a hurry does not wait for what may yet come to be complete.
    Plan { query: u64, hosts: Vec<HostId>, hurry: bool },
    /// An operator's wish.
    Command(Command),
}

/// How a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// On that node's disk, synced (or there already, or too old to be kept).
    Durable,
    /// Its name is taken by other content.
    Conflict,
    /// The node has no room or cannot be reached: try another, and this one later.
    Failed,
}

/// What an operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A member is to give away what it holds and then to leave.
    Drain(NodeId),
    /// A draining or removed member is to take part again.
    Activate(NodeId),
    /// A member is to be forgotten now: what only it held is lost.
    Remove(NodeId),
    /// A member takes the place of another that will not come back, so that nobody else's data moves.
    Replace { old: NodeId, new: NodeId },
    /// A key is never to be heard again, whoever has it.
    Revoke(NodeId),
    /// Own weight, zone or addresses are others now.
    Reconfigure { weight: u8, zone: String, addresses: Vec<String>, serial: [u8; 16] },
    /// Nothing of hours before this one is to be kept anywhere (hours since the epoch).
    ExpireBefore(u32),
    /// This process is about to end: the others need not find out by themselves.
    Leave,
}

/// Something to be done, in the order in which it is polled.
#[derive(Clone, Debug)]
pub enum Output {
    /// To one member, as it can be: when there is no connection one is to be made; what cannot be sent is dropped.
    Send { to: NodeId, message: ClusterMessage },
    /// To be kept under a name (`put_metas` of the store; `None`: to be dropped); on the disk before any later output is
    /// carried out.
    Persist { key: String, value: Option<Vec<u8>> },

    /// Give this chunk to a node to store; the own node is the own store. Answered by [`Input::Written`], always.
    Write { to: NodeId, chunk: ChunkId },
    /// Enough nodes have it on disk: acknowledge it to its producer; its bytes may be forgotten once the writes under way are done.
    Released(ChunkId),
    /// Its name is taken: the producer must open a new epoch. Its bytes may be forgotten.
    Conflict(ChunkId),
    /// There is no room for it now; nothing was kept. The producer sends it again.
    Refused(ChunkId),

    /// Send these chunks of the own store to a member that wants them; answered by [`Input::PushEnded`], always.
    Push { push: u64, to: NodeId, stream: StreamId, chunks: RangeSet },
    /// Every owner has proved that it holds these: delete them, in the one queue with all writes, and say [`Input::Deleted`].
    /// A write of one of them that was in that queue before must not be acknowledged after.
    Delete { stream: StreamId, chunks: RangeSet },
    /// Every member may drop hours before this one; whether it does is its own retention's and its own clock's affair.
    ExpireBefore(u32),

    /// This node is to run an analysis of a partition from now on, from this checkpoint if there is one.
    Run { analysis: u16, partition: Partition, from: Option<Checkpoint> },
    /// It is not any more.
    Stop { analysis: u16, partition: Partition },

    /// An answer to [`Input::Plan`].
    Planned { query: u64, plan: Plan },
    /// For the log.
    Event(Event),
}

/// What an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    MemberChanged(Member),
    Suspected(NodeId),
    Died(NodeId),
    Lives(NodeId),
    MapChanged {
        map: MapId,
        members: usize,
    },
    /// The older versions are no longer needed: everything is where it belongs.
    MapSettled(MapId),
    /// To be cut off wherever it is connected.
    Revoked(NodeId),
    /// This node was removed and takes no part.
    Excluded,
    /// A command could not be carried out.
    CommandFailed(String),
    /// A named limit was reached; what did not fit was dropped.
    LimitReached(&'static str),
    TookOver {
        analysis: u16,
        partition: Partition,
    },
}
