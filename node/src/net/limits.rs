//! What one node grants its peers, and why it is that much.

use std::time::Duration;

use packetstream_protocol::Versions;

/// Connections in total. A few thousand edge nodes and people talk to one node; each connection costs it a task, a TLS
/// session and at least one socket of the usual 1,024 to 65,536 that a process may have.
pub const MAX_CONNECTIONS: u32 = 4_096;

/// Connections whose handshake is not finished: strangers can hold only these, and only for [`HANDSHAKE_TIMEOUT`].
pub const MAX_PENDING_CONNECTIONS: u32 = 256;

/// Connections of one certificate. People run several commands at once with the same bundle.
pub const MAX_CONNECTIONS_PER_PEER: u32 = 64;

/// Conversations of one certificate at a time, over all of its connections. Each may hold one frame in memory.
pub const MAX_SUBSTREAMS_PER_PEER: u32 = 256;

/// Substreams of one connection at a time. The yamux of a peer that opens more is closed.
pub const MAX_SUBSTREAMS_PER_CONNECTION: usize = 512;

/// From the TCP connection to the end of both handshakes: several round trips over a bad mobile link.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// From the opening of a substream to its request.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection without conversations is kept.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a silent connection is asked whether its peer still lives, and how long it may take to answer.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);
pub const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// The share of the machine's memory beyond which the process takes no new connection.
pub const MAX_MEMORY_SHARE: f64 = 0.9;

/// What one endpoint grants its peers. The default is the constants of this module; tests reach them sooner.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    pub connections: u32,
    pub pending_connections: u32,
    pub connections_per_peer: u32,
    pub substreams_per_peer: u32,
    pub substreams_per_connection: usize,
    pub handshake_timeout: Duration,
    pub request_timeout: Duration,
    pub idle_timeout: Duration,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    pub memory_share: f64,
    /// Which versions of the protocol are spoken.
    pub versions: Versions,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: MAX_CONNECTIONS,
            pending_connections: MAX_PENDING_CONNECTIONS,
            connections_per_peer: MAX_CONNECTIONS_PER_PEER,
            substreams_per_peer: MAX_SUBSTREAMS_PER_PEER,
            substreams_per_connection: MAX_SUBSTREAMS_PER_CONNECTION,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
            memory_share: MAX_MEMORY_SHARE,
            versions: Versions::OURS,
        }
    }
}
