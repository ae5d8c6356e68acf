//! The command line's side of a conversation with the cluster.

pub(crate) mod delivery;
mod following;
pub(crate) mod names;
pub(crate) mod records;

use std::time::Duration;

use packetstream_config::authority::Identity;
use packetstream_config::{Bundle, paths};
use packetstream_protocol::wire::{Closing, HostRow, Request, Response, Rows};

use crate::cli::Peer;
use crate::exit::Failure;
use crate::net::{Client, RpcError};

/// A connection to a node, used from one thread.
pub(crate) struct Session {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) client: Client,
    /// Who asks.
    pub(crate) identity: Identity,
}

/// What became of a conversation, in terms of exit statuses.
pub(crate) fn failure(error: RpcError) -> Failure {
    use packetstream_protocol::wire::RefusalCode::{BadRequest, NotFound};
    match error {
        RpcError::Refused(refusal) if matches!(refusal.code, BadRequest | NotFound) => Failure::Wrong(refusal.message),
        other => Failure::Unreachable(other.to_string()),
    }
}

impl Session {
    /// Connects as the arguments and the environment say.
    pub(crate) fn open(peer: &Peer) -> Result<Self, Failure> {
        let path = paths::client_bundle(peer.bundle.as_deref(), peer.data.as_deref(), |name| std::env::var_os(name))
            .map_err(Failure::wrong)?;
        let bundle = Bundle::read(&path).map_err(Failure::wrong)?;
        let runtime = crate::command::runtime()?;
        let client = runtime
            .block_on(Client::connect(&bundle, &peer.peer))
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        Ok(Self { runtime, client, identity: bundle.identity() })
    }

    /// Asks what has one answer.
    pub(crate) fn call(&self, request: &Request) -> Result<Response, Failure> {
        self.runtime.block_on(self.client.call(request)).map_err(failure)
    }

    /// Lets some time pass between two questions.
    pub(crate) fn pause(&self, time: Duration) {
        // Made within the runtime, whose clock it needs.
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    /// Asks for the hosts, with the statement that ends the answer.
    pub(crate) fn hosts(&self) -> Result<(Vec<HostRow>, Closing), Failure> {
        self.runtime.block_on(async {
            let mut stream = self.client.open(&Request::Hosts).await.map_err(failure)?;
            let mut rows = None;
            loop {
                match (stream.recv::<Response>().await.map_err(failure)?, rows.take()) {
                    (Some(Response::Hosts(all)), None) => rows = Some(all),
                    (Some(Response::Closing(closing)), Some(rows)) => return Ok((rows, closing)),
                    (Some(Response::Refused(refusal)), _) => return Err(failure(RpcError::Refused(refusal))),
                    (Some(_), _) => return Err(failure(RpcError::Unexpected)),
                    (None, _) => return Err(failure(RpcError::Closed)),
                }
            }
        })
    }

    /// Asks what has rows; each batch is handed to `take`. A query that follows goes on with another node when its node is
    /// gone, and no row is handed over twice.
    pub(crate) fn rows(
        &self,
        request: &Request,
        mut take: impl FnMut(Rows) -> Result<(), Failure>,
    ) -> Result<Closing, Failure> {
        if let Request::Query(query) = request
            && query.follow
        {
            return self.runtime.block_on(following::follow(self, query, &mut take));
        }
        self.runtime.block_on(async {
            let mut stream = self.client.open(request).await.map_err(failure)?;
            loop {
                match stream.recv::<Response>().await.map_err(failure)? {
                    Some(Response::Rows(rows)) => take(rows)?,
                    Some(Response::Closing(closing)) => return Ok(closing),
                    Some(Response::Refused(refusal)) => return Err(failure(RpcError::Refused(refusal))),
                    Some(_) => return Err(failure(RpcError::Unexpected)),
                    None => return Err(failure(RpcError::Closed)),
                }
            }
        })
    }
}
