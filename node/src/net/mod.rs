//! The network: who may connect, and the substreams over which peers converse.
//!
//! ```text
//! TCP -> multistream-select -> TLS 1.3, both sides certified by the cluster's authority -> yamux -> substreams
//! ```
//! The only place that knows libp2p; nothing of it shows outside. An [`Endpoint`] runs one libp2p swarm: it listens, dials
//! and holds the limits of [`Limits`]. A [`Handler`] answers requests; by the time it sees one, the caller's certificate,
//! its role, and the limits on the request have been checked. A [`Client`] is the command line's side of it.
//!
//! Substreams are opened by `/packetstream/rpc/VERSION` and carry the conversations of `packetstream_protocol::wire`; which version
//! that is, see `version.rs`.
//! Flow control is yamux's: a sender whose peer does not read waits.

mod buffer;
mod client;
mod endpoint;
mod error;
pub mod limits;
mod rpc;
mod serve;
mod substream;
mod tls;
mod version;

pub use client::Client;
pub use endpoint::{Endpoint, Peer};
pub use error::{ConnectError, ListenError, RpcError, Unreached};
pub use limits::Limits;
pub use rpc::{RpcReceiver, RpcSender, RpcStream};
pub use serve::{Caller, Handler};
pub use version::NoCommonVersion;

#[cfg(test)]
mod tests;
