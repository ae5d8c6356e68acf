//! The messages of the RPC.
//!
//! A client opens a substream, sends one [`Request`] frame and reads [`Response`] frames until the conversation's last:
//!
//! | request | answer |
//! | --- | --- |
//! | `Status`, `Hosts`, `Have` | one response of that name |
//! | `NameHost` | `Done` |
//! | `Put` | `Ready` with the credit; then the client sends chunks as frames of type [`CHUNK_FRAME`], the node `Acks` as they are on its disk; the client closes its half when it has no more, the node ends with a last `Acks` and `Done` |
//! | `Query`, `Get` | `Rows` as they are found, then `Closing` |
//! | `Cluster` | one response of that name |
//! | `Admin` | `Done` |
//! | `Analyses`, `Rules` | one response of that name |
//! | `Peer` | what nodes ask each other; see [`PeerRequest`] |
//!
//! At any point the node may end a conversation with `Refused`. Messages are never changed, and variants only added at the end, with the
//! version that they are born in (`version.rs`).

use std::fmt;

use thiserror::Error;

use crate::chunk::{FindingNote, Gap, Interface};
use crate::codec::{Decode, Encode, FIRST_VERSION, Message, Size};
use crate::ids::{ChunkNo, Epoch, HostId, NodeId, PacketId, Seq, StreamId};
use crate::interval::RangeSet;
use crate::limits::{
    MAX_FILTER_BYTES, MAX_HOST_NAME_BYTES, MAX_LEG_STREAMS, MAX_OUTPUT_FIELDS, MAX_QUERY_HOSTS, MAX_QUERY_REFERENCES,
    MAX_RULE_FILE_BYTES, MAX_RULE_FILES,
};
use crate::time::Timestamp;

/// Type of the frames whose body is a chunk, as it is.
pub const CHUNK_FRAME: u16 = 1;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    Status,
    Hosts,
    NameHost(NameHost),
    Have(StreamId),
    Put(PutOpen),
    Query(Query),
    Get(Get),
    Cluster,
    Admin(Admin),
    Peer(PeerRequest),
    /// Which node analyses which host's packets, and how far it is.
    Analyses,
    /// The standing rules.
    Rules,
}

impl Message for Request {
    const TYPE: u16 = 2;
    const SIZE: Size = Size::Medium;

    fn since(&self) -> u16 {
        let within = match self {
            Self::Query(query) => query.output.format.born(),
            Self::Get(get) => get.output.format.born(),
            Self::Admin(admin) => admin.born(),
            Self::Peer(PeerRequest::Leg(leg)) => leg.query.output.format.born(),
            Self::Peer(request) => request.born(),
            _ => FIRST_VERSION,
        };
        self.born().max(within)
    }
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Response {
    Refused(Refusal),
    Done,
    Status(StatusReport),
    Hosts(Vec<HostRow>),
    Have(Have),
    Ready(Ready),
    Acks(Acks),
    Rows(Rows),
    Closing(Closing),
    Cluster(ClusterReport),
    Writes(Writes),
    LegRows(LegRows),
    LegEnd(LegEnd),
    /// Chunks that are durable on the node that says so.
    Stored(Vec<StreamAck>),
    Analyses(Vec<AnalysisRow>),
    Rules(Vec<RuleFile>),
}

impl Message for Response {
    const TYPE: u16 = 3;
    const SIZE: Size = Size::Large;

    fn since(&self) -> u16 {
        let within = if let Self::Refused(refusal) = self { refusal.code.born() } else { FIRST_VERSION };
        self.born().max(within)
    }
}

/// A request without what it says: the row of the table of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    Status,
    Hosts,
    NameHost,
    Have,
    Put,
    Query,
    Get,
    Cluster,
    Admin,
    Peer,
    Analyses,
    Rules,
}

impl RequestKind {
    /// Every kind, in the order of [`Request`]'s variants.
    pub const ALL: [Self; 12] = [
        Self::Status,
        Self::Hosts,
        Self::NameHost,
        Self::Have,
        Self::Put,
        Self::Query,
        Self::Get,
        Self::Cluster,
        Self::Admin,
        Self::Peer,
        Self::Analyses,
        Self::Rules,
    ];
}

impl Request {
    /// Which row of the table of permissions it falls under.
    #[must_use]
    pub const fn kind(&self) -> RequestKind {
        match self {
            Self::Status => RequestKind::Status,
            Self::Hosts => RequestKind::Hosts,
            Self::NameHost(_) => RequestKind::NameHost,
            Self::Have(_) => RequestKind::Have,
            Self::Put(_) => RequestKind::Put,
            Self::Query(_) => RequestKind::Query,
            Self::Get(_) => RequestKind::Get,
            Self::Cluster => RequestKind::Cluster,
            Self::Admin(_) => RequestKind::Admin,
            Self::Peer(_) => RequestKind::Peer,
            Self::Analyses => RequestKind::Analyses,
            Self::Rules => RequestKind::Rules,
        }
    }

    /// The host that it is about, where that decides whether it is allowed.
    #[must_use]
    pub const fn host(&self) -> Option<HostId> {
        match self {
            Self::NameHost(NameHost { host, .. }) | Self::Have(StreamId { host, .. }) | Self::Put(PutOpen { host }) => {
                Some(*host)
            }
            Self::Status
            | Self::Hosts
            | Self::Query(_)
            | Self::Get(_)
            | Self::Cluster
            | Self::Admin(_)
            | Self::Peer(_)
            | Self::Analyses
            | Self::Rules => None,
        }
    }

    /// Holds every list and text in it to its limit.
    ///
    /// # Errors
    /// [`RefusalCode::BadRequest`], saying which limit.
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Status
            | Self::Hosts
            | Self::Have(_)
            | Self::Put(_)
            | Self::Cluster
            | Self::Analyses
            | Self::Rules => Ok(()),
            Self::Admin(admin) => admin.check(),
            Self::Peer(request) => request.check(),
            Self::NameHost(name) => at_most("bytes of host name", name.name.len(), MAX_HOST_NAME_BYTES),
            Self::Query(query) => query.check(),
            Self::Get(get) => {
                if let HostRef::Name(name) = &get.host {
                    at_most("bytes of host name", name.len(), MAX_HOST_NAME_BYTES)?;
                }
                get.output.check()
            }
        }
    }
}

fn at_most(what: &str, found: usize, limit: usize) -> Result<(), Refusal> {
    if found <= limit {
        return Ok(());
    }
    Err(Refusal { code: RefusalCode::BadRequest, message: format!("{found} {what}, the limit is {limit}") })
}

/// Why a node ended a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Error, Encode, Decode)]
#[error("{message}")]
pub struct Refusal {
    pub code: RefusalCode,
    /// For people: lower case, no full stop.
    pub message: String,
}

/// What a client can do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum RefusalCode {
    /// The request is wrong: change it.
    BadRequest,
    /// The certificate's role does not allow it.
    Unauthorised,
    /// No such host or packet here.
    NotFound,
    /// The node failed; another may not.
    Internal,
    /// The node's disk is full: nothing was lost that was acknowledged; send the rest later or elsewhere.
    Full,
}

impl RefusalCode {
    /// With a message for people.
    pub fn because(self, message: impl fmt::Display) -> Refusal {
        Refusal { code: self, message: message.to_string() }
    }
}

/// Gives a host a name to be shown and asked for by.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NameHost {
    pub host: HostId,
    pub name: String,
}

/// A host by its id or by the name that it was given.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum HostRef {
    Id(HostId),
    Name(String),
}

/// Opens the sending of chunks. All of them are of one host.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PutOpen {
    pub host: HostId,
}

/// The node takes chunks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ready {
    /// Bytes of chunks that may be sent now.
    pub credit: u64,
}

/// What became of the chunks sent so far.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Acks {
    /// Chunks of this conversation that are on the node's disk.
    pub durable: Vec<StreamAck>,
    /// Chunks whose name is taken by other content: the producer must open a new epoch.
    pub conflicts: Vec<StreamAck>,
    /// Bytes of chunks that may have been sent since the conversation began: it only rises, so that an ack more or less does not
    /// matter.
    pub credit: u64,
}

/// Chunk numbers of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StreamAck {
    pub stream: StreamId,
    pub chunks: RangeSet,
}

/// What a node holds of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Have {
    pub chunks: RangeSet,
    /// The number of the chunk with the manifest, where the import was finished: then everything was there.
    pub manifest: Option<ChunkNo>,
}

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StatusReport {
    /// Of the program.
    pub version: String,
    pub node: NodeId,
    pub name: String,
    /// `capture`, `store`, `analyze`: those that are on.
    pub roles: Vec<String>,
    pub uptime_ms: u64,
    pub hosts: u64,
    pub streams: u64,
    pub chunks: u64,
    pub packets: u64,
    /// Bytes of stored chunks.
    pub bytes: u64,
    pub oldest: Option<Timestamp>,
    pub newest: Option<Timestamp>,
    pub spool_bytes: u64,
    pub actors: Vec<ActorRow>,
    pub captures: Vec<CaptureRow>,
}

/// One actor of a node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ActorRow {
    pub name: String,
    pub restarts: u64,
    pub state: String,
}

/// One running capture of a node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CaptureRow {
    pub interface: String,
    pub packets: u64,
    /// Packets that were seen and lost.
    pub dropped: u64,
    /// Gap records written.
    pub gaps: u64,
}

/// One host whose packets are held.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HostRow {
    pub host: HostId,
    /// Empty when it was given none.
    pub name: String,
    pub streams: u64,
    pub packets: u64,
    /// Bytes of stored chunks.
    pub bytes: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Gap records.
    pub gaps: u64,
}

/// Which packets, and how they are to be given back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Query {
    /// None: all hosts.
    pub hosts: Vec<HostRef>,
    pub since: Option<Timestamp>,
    /// This moment included.
    pub until: Option<Timestamp>,
    /// A display filter; empty: every packet.
    pub filter: String,
    /// Values of the filter's `${name}` references.
    pub references: Vec<(String, String)>,
    /// At most so many packets.
    pub limit: Option<u64>,
    pub output: OutputSpec,
    /// Go on with what arrives, until `until` or whoever asks is gone. The answer begins at `since`, or now, and comes in the
    /// order of time as far as packets arrive within the window of reordering; an empty batch says that the node is there.
    pub follow: bool,
}

impl Query {
    fn check(&self) -> Result<(), Refusal> {
        at_most("bytes of filter", self.filter.len(), MAX_FILTER_BYTES)?;
        at_most("hosts", self.hosts.len(), MAX_QUERY_HOSTS)?;
        at_most("references", self.references.len(), MAX_QUERY_REFERENCES)?;
        for host in &self.hosts {
            if let HostRef::Name(name) = host {
                at_most("bytes of host name", name.len(), MAX_HOST_NAME_BYTES)?;
            }
        }
        self.output.check()
    }
}

/// One packet, and how it is to be given back. Answered by one row, or refused with `NotFound`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Get {
    pub host: HostRef,
    pub packet: PacketId,
    pub output: OutputSpec,
}

/// How packets are rendered. What the options mean is the renderer's affair: they are tshark's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OutputSpec {
    pub format: OutputFormat,
    /// The whole tree (`-V`).
    pub verbose: bool,
    /// The bytes (`-x`).
    pub hex: bool,
    /// Field names (`-e`), in the order of the columns.
    pub fields: Vec<String>,
    /// Names with their values: `E.separator`, `t`, `n`.
    pub options: Vec<(String, String)>,
}

/// The kind of output (`-T`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum OutputFormat {
    Text,
    Fields,
    Json,
    Ek,
    /// The packets themselves, to be written as pcapng.
    Packets,
    /// The packets themselves and the gaps between them, for whoever judges them.
    Records,
    /// What the cluster's own analysis has found: no packets.
    Findings,
}

impl OutputFormat {
    /// Whether packets come back as they are.
    #[must_use]
    pub const fn is_raw(self) -> bool {
        matches!(self, Self::Packets | Self::Records | Self::Findings)
    }
}

impl OutputSpec {
    /// The plain form of a format.
    #[must_use]
    pub const fn new(format: OutputFormat) -> Self {
        Self { format, verbose: false, hex: false, fields: Vec::new(), options: Vec::new() }
    }

    fn check(&self) -> Result<(), Refusal> {
        at_most("fields", self.fields.len(), MAX_OUTPUT_FIELDS)?;
        at_most("output options", self.options.len(), MAX_OUTPUT_FIELDS)
    }
}

/// Packets that were found, in the order of `(time, host, seq)` over the whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Rows {
    /// Interfaces that [`Payload::Packet`] rows of this batch point at.
    pub interfaces: Vec<InterfaceRow>,
    pub rows: Vec<Row>,
}

/// An interface of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InterfaceRow {
    pub host: HostId,
    pub epoch: Epoch,
    /// Its number in the stream.
    pub number: u16,
    pub interface: Interface,
}

/// One packet that was found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Row {
    pub time: Timestamp,
    pub host: HostId,
    pub seq: Seq,
    pub payload: Payload,
}

impl Row {
    /// Its id within its host.
    #[must_use]
    pub const fn id(&self) -> PacketId {
        PacketId { time: self.time, seq: self.seq }
    }
}

/// What a row gives back of its packet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Payload {
    /// As it goes to standard output, the last line's end included.
    Rendered(Vec<u8>),
    Packet(PacketRow),
    /// What the capture lost until the time of the row. Counts as no packet.
    Gap(Gap),
    /// What was found; the same id may come several times, and then the greatest stamp counts. Counts as no packet.
    Finding(FindingNote),
}

impl Payload {
    /// Whether it is no packet but something beside them.
    #[must_use]
    pub const fn is_beside(&self) -> bool {
        matches!(self, Self::Gap(_) | Self::Finding(_))
    }
}

/// A packet with all that pcapng keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PacketRow {
    /// Index in [`Rows::interfaces`].
    pub interface: u32,
    pub orig_len: u32,
    pub flags: u32,
    pub comment: Option<String>,
    pub bytes: Vec<u8>,
}

/// The end of every answer: whether it is complete, and if not, what exactly is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Closing {
    /// True only when all that follows says the same.
    pub complete: bool,
    /// Chunks that were announced but that no node could give.
    pub missing: Vec<StreamAck>,
    /// Nodes that should have answered and did not, by name.
    pub silent: Vec<String>,
    /// Packets that the captures themselves lost in the time asked for, as their gaps say. They make no answer incomplete.
    pub dropped: u64,
    /// Gap records in the time asked for; one may not know its number of packets.
    pub gaps: u64,
    /// Packets given back.
    pub matched: u64,
    /// Packets that the filter was tried on.
    pub scanned: u64,
    /// True when the limit ended the answer.
    pub limited: bool,
}

/// What a node asks another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PeerRequest {
    /// Frames of `ClusterMessage` follow until the sender ends; there is no answer.
    Converse,
    /// Chunks follow, to be stored here and nowhere else: `Ready`, then [`Writes`] as their fate is known, and `Done`.
    Replicate,
    /// The hosts that this node itself knows: `Hosts`.
    Hosts,
    /// Gives a host its name here, and not elsewhere: `Done`.
    NameHost(NameHost),
    /// A part of a query: [`LegRows`] as they are found, and when nothing is for a while, then [`LegEnd`].
    Leg(Leg),
    /// Chunks of a stream, as they are: frames of type [`CHUNK_FRAME`], then the end. Those that are not here are left out.
    Fetch(StreamAck),
    /// Which chunks that reach to a time or beyond are durable here: [`Response::Stored`] with all that are, then with those
    /// that come, and an empty one when none does for a while.
    Watch(Watch),
    /// The analyses that run on this node: [`Response::Analyses`].
    Analyses,
    /// The standing rules of this node that are newer than these: [`Response::Rules`].
    Rules(Vec<RuleStamp>),
    /// Standing rules to be taken if they are newer: `Done`.
    TakeRules(Vec<RuleFile>),
    /// As [`PeerRequest::Replicate`], of chunks that the sender keeps until all are there: they may be gathered. Before each chunk comes
    /// its [`Extract`].
    Move,
}

/// What a store knows of a chunk from having looked into it, for another that need not do so again: the sender has checked the
/// content, and whoever reads it does. See the zone maps of the storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Extract {
    /// Packets that its gaps say are missing.
    pub lost: u64,
    /// Whether it holds the manifest that closes an import.
    pub manifest: bool,
    pub zone_flags: u32,
    /// IP protocol numbers, as bits.
    pub protocols: [u64; 4],
    /// Least and greatest IPv4 address; an empty range when there is none.
    pub ipv4: (u32, u32),
    /// Least and greatest port of TCP and UDP; an empty range when there is none.
    pub ports: (u16, u16),
}

impl Message for Extract {
    const TYPE: u16 = 25;
    const SIZE: Size = Size::Small;
}

/// A file of standing rules. Of several of one name the one with the greatest [`RuleStamp`] counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RuleFile {
    pub stamp: RuleStamp,
    /// The file as it is; nothing of one that was removed.
    pub text: Option<String>,
}

/// Which version of a file of standing rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct RuleStamp {
    pub name: String,
    /// Rises with each change.
    pub version: u64,
    /// Through which node it was changed.
    pub by: NodeId,
}

impl RuleStamp {
    fn check(&self) -> Result<(), Refusal> {
        at_most("bytes of a rule file's name", self.name.len(), MAX_HOST_NAME_BYTES)
    }
}

impl RuleFile {
    /// Holds its name and text to their limits.
    ///
    /// # Errors
    /// [`RefusalCode::BadRequest`], saying which limit.
    pub fn check(&self) -> Result<(), Refusal> {
        self.stamp.check()?;
        at_most("bytes of a rule file", self.text.as_ref().map_or(0, String::len), MAX_RULE_FILE_BYTES)
    }
}

impl Message for RuleFile {
    const TYPE: u16 = 23;
    const SIZE: Size = Size::Medium;
}

/// How far the analysis of a host's packets is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AnalysisRow {
    /// Who runs it.
    pub node: NodeId,
    pub name: String,
    pub host: HostId,
    /// `reading`, `following`, `done`, or why it does not go on.
    pub state: String,
    /// Chunks that it has looked at, and those that it has not.
    pub chunks: u64,
    pub behind_chunks: u64,
    /// Milliseconds since something has been waiting to be looked at.
    pub behind_ms: u64,
    pub findings: u64,
    /// Milliseconds since it began on this node.
    pub since_ms: u64,
}

/// Whose chunks are watched, and from when on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Watch {
    /// All when none is named.
    pub hosts: Vec<HostId>,
    pub since: Timestamp,
}

impl PeerRequest {
    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Converse | Self::Replicate | Self::Move | Self::Hosts | Self::Fetch(_) | Self::Analyses => Ok(()),
            Self::Rules(stamps) => {
                at_most("rule files", stamps.len(), MAX_RULE_FILES)?;
                stamps.iter().try_for_each(RuleStamp::check)
            }
            Self::TakeRules(files) => {
                at_most("rule files", files.len(), MAX_RULE_FILES)?;
                files.iter().try_for_each(RuleFile::check)
            }
            Self::NameHost(name) => at_most("bytes of host name", name.name.len(), MAX_HOST_NAME_BYTES),
            Self::Watch(watch) => at_most("hosts", watch.hosts.len(), MAX_QUERY_HOSTS),
            Self::Leg(leg) => {
                at_most("streams", leg.streams.len(), MAX_LEG_STREAMS)?;
                leg.query.check()
            }
        }
    }
}

/// What became of chunks that were to be stored on one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Writes {
    /// On its disk, or too old to be kept.
    pub durable: Vec<StreamAck>,
    /// Their name is taken by other content.
    pub conflicts: Vec<StreamAck>,
    /// There was no room, or the disk failed.
    pub failed: Vec<StreamAck>,
    /// As in [`Acks`].
    pub credit: u64,
}

/// A part of a query: streams that one node reads.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Leg {
    pub query: Query,
    /// That packet and no other.
    pub only: Option<PacketId>,
    pub streams: Vec<LegStream>,
}

/// One stream of a leg.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LegStream {
    pub stream: StreamId,
    /// All that is to be read of it.
    pub chunks: RangeSet,
    /// Who has what this node may not have.
    pub elsewhere: Vec<(NodeId, RangeSet)>,
    /// Packets up to this one were given back already, by a node that failed.
    pub after: Option<Seq>,
}

/// Rows of a leg, in the order of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct LegRows {
    pub rows: Rows,
    /// For each row the index of its stream in [`Leg::streams`].
    pub streams: Vec<u32>,
    /// Packets that the filter was tried on, until the last of these rows.
    pub scanned: u64,
}

/// The end of a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct LegEnd {
    /// Chunks that could not be read.
    pub missing: Vec<StreamAck>,
    pub dropped: u64,
    pub gaps: u64,
    pub scanned: u64,
}

/// What an operator wants of the cluster. Members are named by their name or their id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Admin {
    /// It gives away what it holds, then leaves.
    Drain { member: String },
    /// It is forgotten now: what only it held is lost.
    Remove { member: String },
    /// A draining or removed one takes part again.
    Activate { member: String },
    /// One takes the place of another that will not come back.
    Replace { old: String, new: String },
    /// Its certificate, and every other one of its key, is refused from now on. Also for edge nodes and people, by id.
    Revoke { member: String },
    /// A rule file becomes one of the cluster's standing rules, or takes the place of the one of this name.
    AddRules { name: String, text: String },
    /// A rule file is none of them any more.
    RemoveRules { name: String },
}

impl Admin {
    fn check(&self) -> Result<(), Refusal> {
        let names: &[&String] = match self {
            Self::Drain { member } | Self::Remove { member } | Self::Activate { member } | Self::Revoke { member } => {
                &[member]
            }
            Self::Replace { old, new } => &[old, new],
            Self::AddRules { name, text } => {
                at_most("bytes of a rule file", text.len(), MAX_RULE_FILE_BYTES)?;
                &[name]
            }
            Self::RemoveRules { name } => &[name],
        };
        names.iter().try_for_each(|name| at_most("bytes of a name", name.len(), MAX_HOST_NAME_BYTES))
    }
}

/// How the cluster is, as one node sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ClusterReport {
    pub members: Vec<MemberRow>,
    /// Live maps: one when nothing moves.
    pub maps: u64,
    /// Copies of each chunk, and how many of them an acknowledgement needs.
    pub replicas: u64,
    pub quorum: u64,
    /// Partitions that this node holds something of, and those of them that it does not own.
    pub held_partitions: u64,
    pub misplaced_partitions: u64,
    /// Chunks and bytes that wait to be acknowledged.
    pub routed_chunks: u64,
    pub routed_bytes: u64,
    pub transfers: Vec<TransferRow>,
    /// Chunks and bytes that this process has brought to other members because they lacked them: joins, drains and repair.
    pub moved_chunks: u64,
    pub moved_bytes: u64,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MemberRow {
    pub node: NodeId,
    pub name: String,
    pub zone: String,
    pub weight: u8,
    /// `joining`, `active`, `draining`, `removed`.
    pub state: String,
    /// `alive`, `suspect`, `dead`.
    pub health: String,
    pub partitions: u64,
    /// Whether it has brought what it holds to the owners of the newest map.
    pub in_sync: bool,
    /// Whether it may hold something that it does not own.
    pub misplaced: bool,
    pub addresses: Vec<String>,
}

/// Chunks on their way between two nodes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TransferRow {
    pub peer: NodeId,
    /// Whether they come or go.
    pub incoming: bool,
    pub chunks: u64,
    pub bytes: u64,
    /// Until it is done at the present pace; nothing while there is none.
    pub remaining_ms: Option<u64>,
}
