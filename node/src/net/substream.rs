//! The libp2p behaviour that opens and takes RPC substreams.
//!
//! `libp2p-stream` would do, but it hands inbound substreams over through a channel of one place and drops what does not
//! fit: of two substreams that arrive in one packet, one is lost. Here a substream goes straight to a task of its own, and
//! what limits their number is a limit with a name.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::transport::PortUse;
use libp2p::core::{Endpoint, Multiaddr};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    StreamUpgradeError, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{PeerId, Stream};
use packetstream_protocol::Versions;
use tokio::sync::{mpsc, oneshot};

use super::RpcError;
use super::serve::{Acceptor, Caller};
use super::tls::Identities;
use super::version::Rpc;

/// Where a substream goes that was asked for, with the version that is spoken on it.
pub(super) type OpenReply = oneshot::Sender<Result<(Stream, u16), RpcError>>;

pub(super) struct Behaviour {
    identities: Arc<Identities>,
    /// `None` on an endpoint that answers nothing.
    acceptor: Option<Arc<Acceptor>>,
    rpc: Rpc,
    /// Where substreams for connections that are being dialled will be asked for.
    dialling: HashMap<ConnectionId, mpsc::Receiver<OpenReply>>,
}

impl Behaviour {
    pub(super) fn new(identities: Arc<Identities>, acceptor: Option<Arc<Acceptor>>, versions: Versions) -> Self {
        Self { identities, acceptor, rpc: Rpc::new(versions), dialling: HashMap::new() }
    }

    /// The connection that is about to be dialled will open a substream for each reply that comes out of `opens`, and stay
    /// open as long as one can come.
    pub(super) fn expect(&mut self, connection: ConnectionId, opens: mpsc::Receiver<OpenReply>) {
        self.dialling.insert(connection, opens);
    }

    /// That connection will not be made.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.dialling.remove(&connection);
    }

    fn handler(
        &self,
        peer: PeerId,
        address: &Multiaddr,
        opens: Option<mpsc::Receiver<OpenReply>>,
    ) -> Result<Handler, ConnectionDenied> {
        let identity = self.identities.get(&peer).ok_or_else(|| ConnectionDenied::new(NoIdentity))?;
        let caller =
            Caller { node: identity.node, role: identity.role, name: identity.name, address: socket_address(address) };
        Ok(Handler { caller: Arc::new(caller), acceptor: self.acceptor.clone(), rpc: self.rpc.clone(), opens })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the identity of the peer was forgotten between its handshake and now")]
struct NoIdentity;

/// The IP address and TCP port at the beginning of a libp2p address.
pub(super) fn socket_address(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    match (parts.next(), parts.next()) {
        (Some(Protocol::Ip4(ip)), Some(Protocol::Tcp(port))) => Some((ip, port).into()),
        (Some(Protocol::Ip6(ip)), Some(Protocol::Tcp(port))) => Some((ip, port).into()),
        _ => None,
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.handler(peer, remote, None)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let opens = self.dialling.remove(&connection);
        self.handler(peer, address, opens)
    }

    fn on_swarm_event(&mut self, _: FromSwarm) {}

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// The substreams of one connection.
pub(super) struct Handler {
    caller: Arc<Caller>,
    acceptor: Option<Arc<Acceptor>>,
    rpc: Rpc,
    /// `None` on a connection that the peer dialled, and once nobody can ask any more.
    opens: Option<mpsc::Receiver<OpenReply>>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Infallible;
    type ToBehaviour = Infallible;
    type InboundProtocol = Rpc;
    type OutboundProtocol = Rpc;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = OpenReply;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(self.rpc.clone(), ())
    }

    fn connection_keep_alive(&self) -> bool {
        self.opens.is_some()
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, OpenReply, Infallible>> {
        let Some(opens) = &mut self.opens else {
            return Poll::Pending;
        };
        match opens.poll_recv(cx) {
            Poll::Ready(Some(reply)) => Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(self.rpc.clone(), reply),
            }),
            Poll::Ready(None) => {
                self.opens = None;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<Self::InboundProtocol, Self::OutboundProtocol, (), OpenReply>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol: (stream, version), .. }) => {
                // Without an acceptor the substream is dropped, and so reset.
                if let Some(acceptor) = &self.acceptor {
                    acceptor.accept(self.caller.clone(), stream, version);
                }
            }
            // Who has asked may have gone away since: then the substream is closed again.
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, info }) => {
                let _ = info.send(Ok(protocol));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) => {
                let error = match error {
                    StreamUpgradeError::Timeout => RpcError::Timeout,
                    StreamUpgradeError::NegotiationFailed => RpcError::Unexpected,
                    StreamUpgradeError::Io(error) => error.into(),
                    StreamUpgradeError::Apply(never) => match never {},
                };
                let _ = info.send(Err(error));
            }
            _ => {}
        }
    }
}
