//! The answering side: from a new substream to the handler, past every check.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use packetstream_protocol::codec::CodecError;
use packetstream_protocol::credentials::{Grant, Role};
use packetstream_protocol::wire::{Refusal, RefusalCode, Request, Response};
use packetstream_protocol::{HostId, NodeId};
use parking_lot::Mutex;

use super::tls::Revoked;
use super::{Limits, RpcError, RpcStream};

/// Who asks, as the handshake has proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub node: NodeId,
    pub role: Role,
    /// Of the machine or the person, as in the certificate.
    pub name: String,
    /// Where the connection comes from.
    pub address: Option<SocketAddr>,
}

/// Answers requests. One call for each conversation, all at the same time.
pub trait Handler: Send + Sync + 'static {
    /// Whether `host` is one of the caller's own, where its role may touch only those.
    fn owns(&self, caller: &Caller, host: HostId) -> impl Future<Output = bool> + Send;

    /// Holds the conversation that `request` opens, to its end. The request's limits and the caller's role were checked.
    /// An answer that ends without its last message is none to the caller: so a handler that fails need only drop `stream`.
    fn handle(&self, caller: Caller, request: Request, stream: RpcStream) -> impl Future<Output = ()> + Send;
}

/// [`Handler`] without its type.
trait AnyHandler: Send + Sync {
    fn owns<'a>(&'a self, caller: &'a Caller, host: HostId) -> BoxFuture<'a, bool>;
    fn handle(&self, caller: Caller, request: Request, stream: RpcStream) -> BoxFuture<'_, ()>;
}

impl<H: Handler> AnyHandler for H {
    fn owns<'a>(&'a self, caller: &'a Caller, host: HostId) -> BoxFuture<'a, bool> {
        Box::pin(Handler::owns(self, caller, host))
    }

    fn handle(&self, caller: Caller, request: Request, stream: RpcStream) -> BoxFuture<'_, ()> {
        Box::pin(Handler::handle(self, caller, request, stream))
    }
}

/// Takes the substreams that peers open.
pub(super) struct Acceptor {
    handler: Box<dyn AnyHandler>,
    limits: Limits,
    revoked: Arc<Revoked>,
    /// Conversations that are open, by caller.
    open: Mutex<BTreeMap<NodeId, u32>>,
}

/// One open conversation in the caller's count.
struct Slot {
    acceptor: Arc<Acceptor>,
    node: NodeId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.acceptor.open.lock();
        if let Some(count) = open.get_mut(&self.node) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.node);
            }
        }
    }
}

impl Acceptor {
    pub(super) fn new<H: Handler>(handler: H, limits: Limits, revoked: Arc<Revoked>) -> Self {
        Self { handler: Box::new(handler), limits, revoked, open: Mutex::default() }
    }

    /// Answers a new substream in a task of its own.
    pub(super) fn accept(self: &Arc<Self>, caller: Arc<Caller>, substream: libp2p::Stream, version: u16) {
        let stream = RpcStream::new(substream, version);
        let slot = self.take_slot(caller.node);
        let acceptor = self.clone();
        tokio::spawn(async move {
            let _slot = match slot {
                Some(slot) => slot,
                None => {
                    let limit = acceptor.limits.substreams_per_peer;
                    let why = format!("{} has {limit} conversations open already, the limit", caller.name);
                    // The substreams that wait here are bounded by those that one connection may have.
                    acceptor.refuse(&caller, stream, RefusalCode::Internal.because(why)).await;
                    return;
                }
            };
            acceptor.converse(&caller, stream).await;
        });
    }

    fn take_slot(self: &Arc<Self>, node: NodeId) -> Option<Slot> {
        let mut open = self.open.lock();
        let count = open.entry(node).or_default();
        if *count >= self.limits.substreams_per_peer {
            return None;
        }
        *count += 1;
        Some(Slot { acceptor: self.clone(), node })
    }

    async fn converse(&self, caller: &Caller, mut stream: RpcStream) {
        let request = match tokio::time::timeout(self.limits.request_timeout, stream.recv::<Request>()).await {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) => return,
            Ok(Err(RpcError::Codec(error))) => {
                return self.refuse(caller, stream, unreadable(&error)).await;
            }
            Ok(Err(error)) => {
                return tracing::debug!(caller = %caller.name, %error, "conversation lost before its request");
            }
            Err(_) => {
                let why = format!("no request within {:?}", self.limits.request_timeout);
                return self.refuse(caller, stream, RefusalCode::BadRequest.because(why)).await;
            }
        };
        match self.check(caller, &request).await {
            Ok(()) => self.handler.handle(caller.clone(), request, stream).await,
            Err(refusal) => self.refuse(caller, stream, refusal).await,
        }
    }

    async fn check(&self, caller: &Caller, request: &Request) -> Result<(), Refusal> {
        // A connection outlives the moment in which its certificate is revoked by a little.
        if self.revoked.contains(&caller.node) {
            return Err(RefusalCode::Unauthorised.because("the certificate is revoked"));
        }
        let kind = request.kind();
        let allowed = match caller.role.grant(kind) {
            Grant::Always => true,
            Grant::Never => false,
            Grant::OwnHosts => match request.host() {
                Some(host) => self.handler.owns(caller, host).await,
                None => false,
            },
        };
        if !allowed {
            let Caller { role, name, .. } = caller;
            let which = match (role.grant(kind), request.host()) {
                (Grant::OwnHosts, Some(host)) => format!(" for host {host}, which is not its own"),
                _ => String::new(),
            };
            let kind = format!("{kind:?}").to_lowercase();
            let why = format!("{name} has the role {role}, which does not allow {kind}{which}");
            return Err(RefusalCode::Unauthorised.because(why));
        }
        request.check()
    }

    async fn refuse(&self, caller: &Caller, mut stream: RpcStream, refusal: Refusal) {
        tracing::info!(caller = %caller.name, role = %caller.role, address = ?caller.address, %refusal, "refused");
        let response = Response::Refused(refusal);
        let tell = async {
            stream.send(&response).await?;
            stream.finish().await?;
            // Until the caller has read it and hung up, or has no more time: a substream that is dropped is reset, and the
            // refusal with it.
            while stream.recv::<Request>().await?.is_some() {}
            Ok::<(), RpcError>(())
        };
        if !matches!(tokio::time::timeout(self.limits.request_timeout, tell).await, Ok(Ok(()))) {
            tracing::debug!(caller = %caller.name, "the refusal may not have arrived");
        }
    }
}

fn unreadable(error: &CodecError) -> Refusal {
    match error {
        // A newer program asks what this one cannot: that is no mistake of either.
        CodecError::Unknown { .. } => RefusalCode::BadRequest.because(error),
        _ => RefusalCode::BadRequest.because(format!("the request is no message: {error}")),
    }
}
