//! What a node answers to the requests of peers, whatever carries them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use packetstream_protocol::StreamId;
use packetstream_protocol::ids::NodeId;
use packetstream_protocol::interval::RangeSet;
use packetstream_protocol::wire::{
    ActorRow, CaptureRow, Closing, Have, HostRow, Refusal, RefusalCode, Request, Response, StatusReport,
};
use packetstream_storage::ChunkStore;
use parking_lot::Mutex;

use super::answer;
use super::hub::refusal;

/// Octets of chunks that a producer may have under way to us. With two of the largest chunks it never stands still.
pub const CREDIT_BYTES: u64 = 16 << 20;

/// What actors say of themselves for `status`.
pub type Board = Mutex<BTreeMap<String, (u64, String)>>;

/// One node's answers. Everything here blocks; whoever calls it gives it a thread.
pub struct Service {
    store: Arc<dyn ChunkStore>,
    node: NodeId,
    name: String,
    roles: Vec<String>,
    started: Instant,
    /// Name of each actor, its restarts and its state.
    pub board: Arc<Board>,
    /// What live captures counted so far.
    pub captures: Arc<Mutex<BTreeMap<String, CaptureRow>>>,
}

impl Service {
    /// A service over a store.
    pub fn new(store: Arc<dyn ChunkStore>, node: NodeId, name: String, roles: Vec<String>, started: Instant) -> Self {
        Self { store, node, name, roles, started, board: Arc::default(), captures: Arc::default() }
    }

    /// The store behind it.
    pub fn store(&self) -> &Arc<dyn ChunkStore> {
        &self.store
    }

    /// Answers a request that has one answer; [`Service::stream`] and the conversation of `Put` do the others.
    pub fn answer(&self, request: &Request) -> Response {
        let result = match request {
            Request::Status => Ok(Response::Status(self.status())),
            Request::Hosts => Ok(Response::Hosts(hosts(&*self.store))),
            Request::Have(stream) => Ok(Response::Have(self.have(*stream))),
            Request::NameHost(name) => match self.store.name_host(name.host, &name.name) {
                Ok(()) => Ok(Response::Done),
                Err(error) => Err(refusal(&error)),
            },
            Request::Put(_)
            | Request::Query(_)
            | Request::Get(_)
            | Request::Cluster
            | Request::Admin(_)
            | Request::Analyses
            | Request::Rules
            | Request::Peer(_) => {
                Err(RefusalCode::BadRequest.because("a request of several answers was asked for one"))
            }
        };
        result.unwrap_or_else(Response::Refused)
    }

    /// Answers a request whose answer is rows and a closing statement.
    ///
    /// # Errors
    /// What makes the request senseless, and what `send` says.
    pub fn rows(&self, request: &Request, send: &mut answer::Send<'_>) -> Result<Closing, Refusal> {
        match request {
            Request::Query(query) => answer::query(&*self.store, query, send),
            Request::Get(get) => answer::get(&*self.store, get, send),
            _ => Err(RefusalCode::BadRequest.because("the request has no rows")),
        }
    }

    fn have(&self, stream: StreamId) -> Have {
        match self.store.stream(stream) {
            Some(usage) => Have { chunks: usage.have, manifest: usage.manifest },
            None => Have { chunks: RangeSet::default(), manifest: None },
        }
    }

    fn status(&self) -> StatusReport {
        let usage = self.store.usage();
        let row = |(name, (restarts, state)): (&String, &(u64, String))| ActorRow {
            name: name.clone(),
            restarts: *restarts,
            state: state.clone(),
        };
        let actors = self.board.lock().iter().map(row).collect();
        StatusReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: self.node,
            name: self.name.clone(),
            roles: self.roles.clone(),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            hosts: usage.hosts,
            streams: usage.streams,
            chunks: usage.chunks,
            packets: usage.packets,
            bytes: usage.bytes,
            oldest: usage.oldest,
            newest: usage.newest,
            spool_bytes: 0,
            actors,
            captures: self.captures.lock().values().cloned().collect(),
        }
    }
}

/// The hosts that a store knows.
pub(crate) fn hosts(store: &dyn ChunkStore) -> Vec<HostRow> {
    let row = |host: packetstream_storage::HostUsage| HostRow {
        host: host.host,
        name: host.name,
        streams: host.streams,
        packets: host.packets,
        bytes: host.bytes,
        first: host.first,
        last: host.last,
        gaps: host.gaps,
    };
    store.hosts().into_iter().map(row).collect()
}
