//! What the members of a cluster say to each other: one message type.
//!
//! Every message may be lost, doubled, late or out of order: each is either a fact that is merged (the greatest wins) or half of
//! a question that is asked again. [`ClusterMessage::check`] holds what came to its limits; whoever decodes calls it.

use crate::codec::{Decode, Encode, Message, Size};
use crate::ids::{HostId, NodeId, Partition, StreamId};
use crate::interval::RangeSet;
use crate::time::Timestamp;
use crate::wire::{Refusal, RefusalCode};

/// Facts in one message: what a page of answers to a summary carries.
pub const MAX_FACTS: usize = 512;
/// Members that a cluster may have, the removed ones that are remembered included.
pub const MAX_MEMBERS: usize = 4096;
/// Keys that a cluster remembers as revoked.
pub const MAX_REVOKED: usize = 16_384;
/// Addresses of one member: a machine with more is reached by one of these.
pub const MAX_MEMBER_ADDRESSES: usize = 8;
/// Bytes of an address, a zone's or a member's name.
pub const MAX_MEMBER_TEXT_BYTES: usize = 255;
/// Map versions that live side by side; more changes than that within one hand-over fold into the oldest that is kept.
pub const MAX_LIVE_MAPS: usize = 8;
/// Partitions in one list of shares.
pub const MAX_SHARES: usize = 512;
/// Streams in one page of what is held.
pub const MAX_HELD_STREAMS: usize = 512;
/// Ranges in one page of what is held, over all its streams: about a megabyte in memory.
pub const MAX_HELD_RANGES: usize = 65_536;
/// Bytes of the state in a checkpoint: what an analysis needs to go on, not what it found.
pub const MAX_CHECKPOINT_BYTES: usize = 512 << 10;
/// Streams that one checkpoint has cut.
pub const MAX_CHECKPOINT_STREAMS: usize = 4096;
/// Hosts that a plan asks for by name; none means all.
pub const MAX_PLAN_HOSTS: usize = crate::limits::MAX_QUERY_HOSTS;

/// A message between two members.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ClusterMessage {
    /// The sender's incarnation: it rises at each start and whenever somebody takes it for dead.
    pub incarnation: u64,
    /// Facts that travel along.
    pub facts: Vec<Fact>,
    pub body: Body,
}

impl Message for ClusterMessage {
    const TYPE: u16 = 16;
    const SIZE: Size = Size::Medium;

    fn since(&self) -> u16 {
        self.facts.iter().map(Fact::born).fold(self.body.born(), u16::max)
    }
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// Nothing but its facts.
    Gossip,
    /// Asks for an [`Body::Ack`].
    Ping { seq: u64 },
    /// Says that `of` lives: the sender itself, or the one that it was asked to ping.
    Ack { seq: u64, of: NodeId },
    /// Asks to ping another: perhaps only the link between two of us is cut.
    PingFor { seq: u64, target: NodeId },
    /// Hashes of all that is gossiped; a difference is answered by a [`Body::Summary`].
    Digest(Digest),
    /// Versions of all that is gossiped; whoever has newer facts sends them.
    Summary(Summary),
    /// Members of live maps, for those who do not know them.
    Maps(Vec<MapRecord>),
    /// Asks for live maps.
    MapsAsk(Vec<MapId>),
    /// One hash over all partitions that both own and the sender holds something of.
    Root { map: MapId, root: u64 },
    /// The same root: each has proved to the other that it holds all of it.
    RootSame { map: MapId, root: u64 },
    /// Another root: the shares are wanted.
    RootDiffers { map: MapId },
    /// A hash for each partition.
    Shares { map: MapId, shares: Vec<Share> },
    /// Of a list of shares that reaches from one partition to another, those that the sender has the same of.
    SharesSame { map: MapId, first: Partition, last: Partition, shares: Vec<Share> },
    /// Asks what is held of a partition, behind a stream.
    HaveAsk { nonce: u64, partition: Partition, after: Option<StreamId> },
    /// A page of what is held, on disk, of a partition.
    Have(HavePage),
    /// Asks for chunks to be pushed to the sender.
    Want { stream: StreamId, chunks: RangeSet },
    /// Those that were wanted are not here, or not to be had now.
    Lack { stream: StreamId, chunks: RangeSet },
    /// A copy of how far an analysis is.
    Checkpoint(Checkpoint),
    /// Asks what is held of hosts, to plan a query.
    PlanAsk { query: u64, hosts: Vec<HostId>, after: Option<StreamId> },
    /// A page of it, and the live maps that the sender knows, the newest last.
    PlanSay { query: u64, maps: Vec<MapId>, streams: Vec<Held>, next: Option<StreamId> },
}

/// What is merged wherever it arrives.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Fact {
    /// How a member is taken to be.
    Health { node: NodeId, incarnation: u64, health: Health },
    /// A member's entry.
    Member(Member),
    /// How far a member is with the maps.
    Tracker(Tracker),
    /// A key that must not be heard any more.
    Revoked(NodeId),
    /// Nothing of hours before this one is kept (hours since the epoch).
    ExpiredBefore(u32),
}

/// How a member is taken to be, in the order in which one overrides another of the same incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Health {
    Alive,
    Suspect,
    Dead,
}

/// A member's entry: the one with the greatest `(version, by, ...)` wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Member {
    /// Rises with each change.
    pub version: u64,
    /// Who made the change.
    pub by: NodeId,
    pub node: NodeId,
    pub state: MemberState,
    /// Share of the data relative to the others, 1 to 64.
    pub weight: u8,
    /// Where it stands; copies go to different zones first. Empty: nowhere in particular.
    pub zone: String,
    pub name: String,
    pub addresses: Vec<String>,
    /// Of its certificate.
    pub serial: [u8; 16],
    /// What placement knows it by: a replacement takes the place of the one that it replaces, so that nothing else moves.
    pub place: u64,
}

/// What part a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum MemberState {
    /// Known, owns nothing yet.
    Joining,
    /// Owns partitions.
    Active,
    /// Gives away what it holds.
    Draining,
    /// Not one of us any more.
    Removed(Removal),
}

/// Why a member was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Removal {
    /// It was drained and is empty.
    Drained,
    /// It was dead for longer than the grace.
    Dead,
    /// An operator said so.
    Operator,
    /// Another took its place.
    Replaced,
    /// Its key was revoked.
    Revoked,
    /// It was dead for longer than the grace, and may have what nobody else has.
    Abandoned,
}

/// The name of a map: a sum of versions, which rises with every change, and a hash of what the map depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct MapId {
    pub sum: u64,
    pub hash: u64,
}

impl MapId {
    /// No map yet, but who says this has met more than half of those that it was told of, and would begin a cluster with them.
    pub const READY: Self = Self { sum: 0, hash: 1 };
}

/// What a map depends on, to be computed again by whoever gets it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MapRecord {
    pub id: MapId,
    pub slots: Vec<MapSlot>,
}

/// A member as placement sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct MapSlot {
    pub node: NodeId,
    pub place: u64,
    pub weight: u8,
    pub zone: String,
}

/// How far a member is with the maps; the one with the greatest sequence wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Tracker {
    /// Rises with each change.
    pub seq: u64,
    pub node: NodeId,
    /// The newest map that it routes with; before it has one, whether it is [`MapId::READY`] for one.
    pub ack: MapId,
    /// The newest map whose owners have all that it holds.
    pub sync: MapId,
    /// A bit for each four partitions: it may hold something of one that it does not own. Empty: it holds nothing such.
    pub misplaced: Vec<u8>,
}

/// Bytes of [`Tracker::misplaced`] when it is not empty.
pub const MISPLACED_BYTES: usize = Partition::COUNT as usize / 4 / 8;

/// Hashes of all that is gossiped.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Digest {
    pub members: u64,
    pub trackers: u64,
    pub revoked: u64,
    pub expired_before: u32,
    pub maps: Vec<MapId>,
}

/// Versions of all that is gossiped.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Summary {
    /// Whether the receiver is to send its own.
    pub answer: bool,
    /// Each member with the version and a hash of its entry.
    pub members: Vec<(NodeId, u64, u64)>,
    /// Each member with the sequence of its tracker.
    pub trackers: Vec<(NodeId, u64)>,
    pub revoked: Vec<NodeId>,
}

/// A hash over what is held of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Share {
    pub partition: Partition,
    pub hash: u64,
}

/// What is held of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Held {
    pub stream: StreamId,
    /// On the disk.
    pub have: RangeSet,
    /// Those of them that came a moment ago: others are probably being given them just now.
    pub young: RangeSet,
    /// Dropped for their age, everywhere: not wanted back.
    pub expired: RangeSet,
    /// Dropped here for want of room: not wanted back by this node.
    pub dropped: RangeSet,
}

impl Held {
    /// Nothing of a stream.
    #[must_use]
    pub const fn nothing(stream: StreamId) -> Self {
        Self {
            stream,
            have: RangeSet::new(),
            young: RangeSet::new(),
            expired: RangeSet::new(),
            dropped: RangeSet::new(),
        }
    }

    /// Ranges in all of its sets.
    #[must_use]
    pub fn ranges(&self) -> usize {
        [&self.have, &self.young, &self.expired, &self.dropped].iter().map(|set| set.ranges().len()).sum()
    }
}

/// A page of what is held of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HavePage {
    /// Of the question.
    pub nonce: u64,
    /// The newest map of who answers.
    pub map: MapId,
    pub partition: Partition,
    pub streams: Vec<Held>,
    /// Ask again behind this; nothing when it was all.
    pub next: Option<StreamId>,
}

/// How far an analysis is in a partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Checkpoint {
    pub analysis: u16,
    pub partition: Partition,
    /// What it has seen.
    pub cut: Vec<StreamCut>,
    /// Who ran it, under which map and in which of its lives.
    pub runner: NodeId,
    pub map: MapId,
    pub incarnation: u64,
    /// Rises with each checkpoint of one runner.
    pub seq: u64,
    /// What it needs to go on.
    pub state: Vec<u8>,
}

/// The chunks of a stream that a checkpoint has seen.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StreamCut {
    pub stream: StreamId,
    pub chunks: RangeSet,
}

/// What the state of a diagnosis is in a checkpoint: how far it is with each host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Progress(pub Vec<HostProgress>);

/// How far the diagnosis of a host is, beside the chunks that it has seen.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HostProgress {
    pub host: HostId,
    /// Whether the end was judged.
    pub is_finished: bool,
    /// The time of the first packet on which something still open rests.
    pub horizon: Option<Timestamp>,
}

impl Message for Progress {
    const TYPE: u16 = 24;
    const SIZE: Size = Size::Medium;
}

/// What a member keeps of itself for its next start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct KeptSelf {
    pub incarnation: u64,
    pub tracker_seq: u64,
}

impl Message for KeptSelf {
    const TYPE: u16 = 17;
    const SIZE: Size = Size::Small;
}

/// What it keeps of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct KeptFacts(pub Vec<Fact>);

impl Message for KeptFacts {
    const TYPE: u16 = 18;
    const SIZE: Size = Size::Medium;
}

/// What it keeps of the maps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct KeptMaps(pub Vec<MapRecord>);

impl Message for KeptMaps {
    const TYPE: u16 = 19;
    const SIZE: Size = Size::Medium;
}

/// What it keeps of what was dropped of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct KeptGone(pub Vec<Gone>);

/// Chunks of a stream that were dropped: for their age, and for want of room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Gone {
    pub stream: StreamId,
    pub expired: RangeSet,
    pub dropped: RangeSet,
}

impl Message for KeptGone {
    const TYPE: u16 = 22;
    const SIZE: Size = Size::Medium;
}

/// Kept as it is.
impl Message for Checkpoint {
    const TYPE: u16 = 20;
    const SIZE: Size = Size::Medium;
}

/// Hashed as it is.
impl Message for Member {
    const TYPE: u16 = 21;
    const SIZE: Size = Size::Small;
}

impl ClusterMessage {
    /// Leaves out the facts that whoever speaks this version cannot read: it does without them until it is upgraded.
    pub fn leave_out_newer(&mut self, spoken: u16) {
        self.facts.retain(|fact| fact.born() <= spoken);
    }

    /// Holds every list and text in it to its limit.
    ///
    /// # Errors
    /// [`RefusalCode::BadRequest`], saying which limit.
    pub fn check(&self) -> Result<(), Refusal> {
        at_most("facts", self.facts.len(), MAX_FACTS)?;
        self.facts.iter().try_for_each(Fact::check)?;
        match &self.body {
            Body::Digest(digest) => at_most("maps", digest.maps.len(), MAX_LIVE_MAPS),
            Body::Summary(summary) => {
                at_most("members", summary.members.len(), MAX_MEMBERS)?;
                at_most("trackers", summary.trackers.len(), MAX_MEMBERS)?;
                at_most("revoked keys", summary.revoked.len(), MAX_REVOKED)
            }
            Body::Maps(records) => {
                at_most("maps", records.len(), MAX_LIVE_MAPS)?;
                records.iter().try_for_each(|record| {
                    at_most("members", record.slots.len(), MAX_MEMBERS)?;
                    record.slots.iter().try_for_each(|slot| check_text("zone", &slot.zone))
                })
            }
            Body::MapsAsk(ids) => at_most("maps", ids.len(), MAX_LIVE_MAPS),
            Body::Shares { shares, .. } | Body::SharesSame { shares, .. } => {
                at_most("shares", shares.len(), MAX_SHARES)
            }
            Body::Have(page) => check_held(&page.streams),
            Body::PlanSay { maps, streams, .. } => {
                at_most("maps", maps.len(), MAX_LIVE_MAPS)?;
                check_held(streams)
            }
            Body::PlanAsk { hosts, .. } => at_most("hosts", hosts.len(), MAX_PLAN_HOSTS),
            Body::Checkpoint(checkpoint) => checkpoint.check(),
            Body::Gossip
            | Body::Ping { .. }
            | Body::Ack { .. }
            | Body::PingFor { .. }
            | Body::Root { .. }
            | Body::RootSame { .. }
            | Body::RootDiffers { .. }
            | Body::HaveAsk { .. }
            | Body::Want { .. }
            | Body::Lack { .. } => Ok(()),
        }
    }
}

impl Fact {
    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Member(member) => member.check(),
            Self::Tracker(tracker) if ![0, MISPLACED_BYTES].contains(&tracker.misplaced.len()) => {
                Err(RefusalCode::BadRequest.because("a tracker's map of partitions has another length"))
            }
            Self::Tracker(_) | Self::Health { .. } | Self::Revoked(_) | Self::ExpiredBefore(_) => Ok(()),
        }
    }
}

impl Member {
    /// Holds its lists and texts to their limits.
    ///
    /// # Errors
    /// [`RefusalCode::BadRequest`], saying which limit.
    pub fn check(&self) -> Result<(), Refusal> {
        at_most("addresses", self.addresses.len(), MAX_MEMBER_ADDRESSES)?;
        self.addresses.iter().try_for_each(|address| check_text("address", address))?;
        check_text("zone", &self.zone)?;
        check_text("name", &self.name)
    }
}

impl Checkpoint {
    /// Holds its lists to their limits.
    ///
    /// # Errors
    /// [`RefusalCode::BadRequest`], saying which limit.
    pub fn check(&self) -> Result<(), Refusal> {
        at_most("streams of a checkpoint", self.cut.len(), MAX_CHECKPOINT_STREAMS)?;
        at_most("bytes of a checkpoint", self.state.len(), MAX_CHECKPOINT_BYTES)
    }
}

fn check_held(streams: &[Held]) -> Result<(), Refusal> {
    at_most("streams of a page", streams.len(), MAX_HELD_STREAMS)?;
    // One stream alone may be all of a page: a page is at least one stream.
    let ranges = streams
        .iter()
        .map(|held| held.have.ranges().len() + held.young.ranges().len() + held.expired.ranges().len())
        .sum();
    at_most("ranges of a page", ranges, MAX_HELD_RANGES + 4 * crate::interval::MAX_RANGES)
}

fn check_text(what: &str, text: &str) -> Result<(), Refusal> {
    at_most(&format!("bytes of {what}"), text.len(), MAX_MEMBER_TEXT_BYTES)
}

fn at_most(what: &str, found: usize, limit: usize) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    Err(RefusalCode::BadRequest.because(format!("{found} {what}, the limit is {limit}")))
}
