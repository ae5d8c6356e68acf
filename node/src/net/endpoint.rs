//! An endpoint: one libp2p swarm in a task, driven through a channel.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::StreamExt;
use libp2p::core::transport::ListenerId;
use libp2p::core::{ConnectedPoint, Multiaddr};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, NetworkBehaviour, SwarmEvent};
use libp2p::{
    PeerId, Swarm, SwarmBuilder, TransportError, connection_limits, identify, identity, memory_connection_limits, ping,
    tcp, yamux,
};
use packetstream_config::address::Host;
use packetstream_config::authority::ClusterId;
use packetstream_config::{Address, Bundle};
use packetstream_protocol::NodeId;
use packetstream_protocol::credentials::Role;
use packetstream_protocol::wire::{Request, Response};
use tokio::sync::{mpsc, oneshot, watch};

use super::error::innermost;
use super::serve::{Acceptor, Handler};
use super::substream::{self, OpenReply};
use super::tls::{Identities, Revoked, Tls, peer_id};
use super::{ConnectError, Limits, ListenError, RpcError, RpcStream, Unreached};

/// How many commands may wait for the swarm's task; who sends more waits too.
const COMMANDS: usize = 64;

/// How many substreams of one connection may be asked for and not yet be open; who asks for more waits.
const OPENS: usize = 16;

/// The most addresses of one host name that are tried.
const MAX_RESOLVED: usize = 8;

/// What `identify` calls the protocols of this program.
const IDENTIFY: &str = "/packetstream/1";

#[derive(NetworkBehaviour)]
struct Behaviour {
    limits: connection_limits::Behaviour,
    memory: memory_connection_limits::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    rpc: substream::Behaviour,
}

enum Command {
    Listen { address: Multiaddr, reply: oneshot::Sender<io::Result<SocketAddr>> },
    Dial { options: DialOpts, opens: mpsc::Receiver<OpenReply>, reply: DialReply },
    Disconnect(BTreeSet<PeerId>),
}

type DialReply = oneshot::Sender<Result<PeerId, DialError>>;

/// This process as a peer of the cluster. When the last clone is dropped, it stops listening and closes its connections.
#[derive(Clone)]
pub struct Endpoint {
    commands: mpsc::Sender<Command>,
    connections: watch::Receiver<u32>,
    identities: Arc<Identities>,
    revoked: Arc<Revoked>,
    tls: Tls,
    limits: Limits,
    role: Role,
    node: NodeId,
    cluster: ClusterId,
}

/// A connection to a node. It is kept open as long as this lives.
#[derive(Clone, Debug)]
pub struct Peer {
    opens: mpsc::Sender<OpenReply>,
    node: NodeId,
    name: String,
    address: Address,
    request_timeout: std::time::Duration,
}

impl Endpoint {
    /// Starts the endpoint of the member that `bundle` is for, on the current tokio runtime. It neither listens nor dials
    /// until it is told to. Requests of peers go to `handler`.
    ///
    /// # Errors
    /// When the bundle's key or certificate cannot be used.
    pub fn start<H: Handler>(bundle: &Bundle, limits: Limits, handler: H) -> Result<Self, ConnectError> {
        let revoked = Arc::<Revoked>::default();
        let acceptor = Acceptor::new(handler, limits.clone(), revoked.clone());
        Self::build(bundle, limits, revoked, Some(Arc::new(acceptor)))
    }

    /// As [`Endpoint::start`], for a member that only asks.
    ///
    /// # Errors
    /// As there.
    pub fn start_asking(bundle: &Bundle, limits: Limits) -> Result<Self, ConnectError> {
        Self::build(bundle, limits, Arc::default(), None)
    }

    fn build(
        bundle: &Bundle,
        limits: Limits,
        revoked: Arc<Revoked>,
        acceptor: Option<Arc<Acceptor>>,
    ) -> Result<Self, ConnectError> {
        let unusable = |error: &dyn std::error::Error| ConnectError::Bundle(error.to_string());
        let keypair =
            identity::Keypair::ed25519_from_bytes(*bundle.secret().as_bytes()).map_err(|error| unusable(&error))?;
        let identities = Arc::<Identities>::default();
        let tls =
            Tls::new(bundle, identities.clone(), revoked.clone(), limits.versions).map_err(|error| unusable(&error))?;
        let swarm =
            swarm(keypair, tls.clone(), &limits, identities.clone(), acceptor).map_err(|error| unusable(&error))?;
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (count, connections) = watch::channel(0);
        let task =
            Task { swarm, identities: identities.clone(), count, listening: HashMap::new(), dialling: HashMap::new() };
        tokio::spawn(task.run(inbox));
        let identity = bundle.identity();
        Ok(Self {
            commands,
            connections,
            identities,
            revoked,
            tls,
            limits,
            role: identity.role,
            node: identity.node,
            cluster: identity.cluster,
        })
    }

    /// Who this process is to its peers.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// How many connections are open; changes are announced.
    #[must_use]
    pub fn connections(&self) -> watch::Receiver<u32> {
        self.connections.clone()
    }

    /// Listens on `address` and says where exactly: with port 0 the system has chosen one.
    ///
    /// # Errors
    /// When the address is taken or not of this machine, or the bundle is for no node.
    pub async fn listen(&self, address: &Address) -> Result<SocketAddr, ListenError> {
        if self.role != Role::Node {
            return Err(ListenError::NotANode { role: self.role });
        }
        let io = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse { address: address.clone() },
            _ => ListenError::Io { address: address.clone(), reason: error.to_string() },
        };
        let resolved = resolve(address).await.map_err(io)?;
        let at = *resolved.first().ok_or_else(|| io(io::ErrorKind::AddrNotAvailable.into()))?;
        // libp2p shares its ports (SO_REUSEPORT): a second node would get half of the first one's connections and no error.
        drop(tokio::net::TcpListener::bind(at).await.map_err(io)?);
        let (reply, outcome) = oneshot::channel();
        let command = Command::Listen { address: multiaddr(at), reply };
        self.commands.send(command).await.map_err(|_| ListenError::Shutdown)?;
        let bound = outcome.await.map_err(|_| ListenError::Shutdown)?.map_err(io)?;
        // On "all addresses" each of them is announced; the one that was asked for is what to tell people.
        Ok(SocketAddr::new(at.ip(), bound.port()))
    }

    /// Connects to the node at `address`; to `expected` and no other, if given.
    ///
    /// # Errors
    /// When there is no node, or it and this member do not accept each other.
    pub async fn connect(&self, address: &Address, expected: Option<NodeId>) -> Result<Peer, ConnectError> {
        let failed = |why| ConnectError::One { address: address.clone(), why };
        let expected = match expected.as_ref().map(peer_id) {
            Some(None) => return Err(failed(Unreached::WrongNode)),
            expected => expected.flatten(),
        };
        let resolved = resolve(address).await.map_err(|error| failed(Unreached::Unresolved(error.to_string())))?;
        let mut why = Unreached::Unresolved("it has no address".to_owned());
        for at in resolved {
            match self.dial(at, expected).await? {
                Ok((opens, peer)) => {
                    // The handshake has just put it there.
                    let identity = self.identities.get(&peer).ok_or_else(|| failed(Unreached::WrongNode))?;
                    return Ok(Peer {
                        opens,
                        node: identity.node,
                        name: identity.name,
                        address: address.clone(),
                        request_timeout: self.limits.request_timeout,
                    });
                }
                Err(error) => why = Unreached::from_dial(&error, self.cluster),
            }
        }
        Err(failed(why))
    }

    async fn dial(
        &self,
        at: SocketAddr,
        expected: Option<PeerId>,
    ) -> Result<Result<(mpsc::Sender<OpenReply>, PeerId), DialError>, ConnectError> {
        let options = match expected {
            None => DialOpts::unknown_peer_id().address(multiaddr(at)).build(),
            Some(peer) => {
                DialOpts::peer_id(peer).condition(PeerCondition::Always).addresses(vec![multiaddr(at)]).build()
            }
        };
        let (opens_in, opens) = mpsc::channel(OPENS);
        let (reply, outcome) = oneshot::channel();
        let command = Command::Dial { options, opens, reply };
        self.commands.send(command).await.map_err(|_| ConnectError::Shutdown)?;
        let outcome = outcome.await.map_err(|_| ConnectError::Shutdown)?;
        Ok(outcome.map(|peer| (opens_in, peer)))
    }

    /// Shows the certificate of this bundle from now on; it must be for the key that this endpoint has.
    ///
    /// # Errors
    /// When it is for another key, or cannot be used.
    pub fn renew(&self, bundle: &Bundle) -> Result<(), ConnectError> {
        if bundle.identity().node != self.node {
            return Err(ConnectError::Bundle("it is for another key than the one that runs".to_owned()));
        }
        self.tls.renew(bundle).map_err(|error| ConnectError::Bundle(error.to_string()))
    }

    /// From now on refuses these members and no others, and closes the connections of those that are connected.
    pub async fn set_revoked(&self, nodes: BTreeSet<NodeId>) {
        let peers = nodes.iter().filter_map(peer_id).collect();
        self.revoked.replace(nodes);
        // A task that is gone has no connections.
        let _ = self.commands.send(Command::Disconnect(peers)).await;
    }
}

impl Peer {
    /// The node's id, as its certificate proves it.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The node's name, as in its certificate.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it was reached.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns when the connection is gone.
    pub async fn closed(&self) {
        self.opens.closed().await;
    }

    /// Opens a conversation with `request`. Its answers are read from the stream.
    ///
    /// # Errors
    /// [`RpcError::Closed`] when the connection is gone; when it cannot be opened in time.
    pub async fn open(&self, request: &Request) -> Result<RpcStream, RpcError> {
        let mut stream = self.open_silent().await?;
        stream.send(request).await?;
        Ok(stream)
    }

    /// Opens a substream and says nothing yet.
    pub(super) async fn open_silent(&self) -> Result<RpcStream, RpcError> {
        let (reply, outcome) = oneshot::channel();
        let open = async {
            self.opens.send(reply).await.map_err(|_| RpcError::Closed)?;
            outcome.await.map_err(|_| RpcError::Closed)?
        };
        let opened = tokio::time::timeout(self.request_timeout, open).await.map_err(|_| RpcError::Timeout)?;
        let (substream, version) = opened?;
        Ok(RpcStream::new(substream, version))
    }

    /// Asks what is answered by one response.
    ///
    /// # Errors
    /// [`RpcError::Refused`] when the node refuses; otherwise as for [`Peer::open`].
    pub async fn call(&self, request: &Request) -> Result<Response, RpcError> {
        ask(self.open(request).await?).await
    }
}

/// The one response of a conversation whose request was sent.
pub(super) async fn ask(mut stream: RpcStream) -> Result<Response, RpcError> {
    let response = stream.recv::<Response>().await?.ok_or(RpcError::Closed)?;
    stream.finish().await?;
    match response {
        Response::Refused(refusal) => Err(refusal.into()),
        response => Ok(response),
    }
}

fn swarm(
    keypair: identity::Keypair,
    tls: Tls,
    limits: &Limits,
    identities: Arc<Identities>,
    acceptor: Option<Arc<Acceptor>>,
) -> Result<Swarm<Behaviour>, std::convert::Infallible> {
    let connection_limits = connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits.pending_connections))
        .with_max_established(Some(limits.connections))
        .with_max_established_per_peer(Some(limits.connections_per_peer));
    let memory = memory_connection_limits::Behaviour::with_max_percentage(limits.memory_share);
    let ping = ping::Config::new().with_interval(limits.ping_interval).with_timeout(limits.ping_timeout);
    let (substreams, versions) = (limits.substreams_per_connection, limits.versions);
    let swarm = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            move |_: &identity::Keypair| Ok::<_, std::convert::Infallible>(tls),
            move || {
                let mut config = yamux::Config::default();
                config.set_max_num_streams(substreams);
                config
            },
        )?
        .with_behaviour(|keypair| Behaviour {
            limits: connection_limits::Behaviour::new(connection_limits),
            memory,
            identify: identify::Behaviour::new(
                identify::Config::new(IDENTIFY.to_owned(), keypair.public())
                    .with_agent_version(concat!("packetstream/", env!("CARGO_PKG_VERSION")).to_owned()),
            ),
            ping: ping::Behaviour::new(ping),
            rpc: substream::Behaviour::new(identities, acceptor, versions),
        })
        .unwrap_or_else(|never| match never {})
        .with_swarm_config(|config| config.with_idle_connection_timeout(limits.idle_timeout))
        .with_connection_timeout(limits.handshake_timeout)
        .build();
    Ok(swarm)
}

/// Every address of a host name, as the machine's own resolver gives them (hosts file included).
async fn resolve(address: &Address) -> io::Result<Vec<SocketAddr>> {
    match address.host() {
        Host::Ip(ip) => Ok(vec![SocketAddr::new(*ip, address.port())]),
        Host::Name(name) => {
            Ok(tokio::net::lookup_host((name.as_str(), address.port())).await?.take(MAX_RESOLVED).collect())
        }
    }
}

fn multiaddr(at: SocketAddr) -> Multiaddr {
    let ip = match at.ip() {
        IpAddr::V4(ip) => Protocol::Ip4(ip),
        IpAddr::V6(ip) => Protocol::Ip6(ip),
    };
    Multiaddr::empty().with(ip).with(Protocol::Tcp(at.port()))
}

/// The task that owns the swarm.
struct Task {
    swarm: Swarm<Behaviour>,
    identities: Arc<Identities>,
    count: watch::Sender<u32>,
    listening: HashMap<ListenerId, oneshot::Sender<io::Result<SocketAddr>>>,
    dialling: HashMap<ConnectionId, DialReply>,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(command) => self.handle_command(command),
                    None => return,
                },
                event = self.swarm.select_next_some() => self.handle_event(event),
            }
        }
    }

    fn handle_command(&mut self, command: Command) {
        match command {
            Command::Listen { address, reply } => match self.swarm.listen_on(address) {
                Ok(listener) => {
                    self.listening.insert(listener, reply);
                }
                Err(TransportError::Other(error)) => {
                    let _ = reply.send(Err(error));
                }
                Err(error) => {
                    let _ = reply.send(Err(io::Error::other(error.to_string())));
                }
            },
            Command::Dial { options, opens, reply } => {
                let connection = options.connection_id();
                self.swarm.behaviour_mut().rpc.expect(connection, opens);
                match self.swarm.dial(options) {
                    Ok(()) => {
                        self.dialling.insert(connection, reply);
                    }
                    Err(error) => {
                        self.swarm.behaviour_mut().rpc.forget(connection);
                        let _ = reply.send(Err(error));
                    }
                }
            }
            Command::Disconnect(peers) => {
                for peer in peers {
                    // Not connected: nothing to do.
                    let _ = self.swarm.disconnect_peer_id(peer);
                }
            }
        }
    }

    fn handle_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::NewListenAddr { listener_id, address } => {
                tracing::info!(%address, "listening");
                if let (Some(at), Some(reply)) =
                    (substream::socket_address(&address), self.listening.remove(&listener_id))
                {
                    let _ = reply.send(Ok(at));
                }
            }
            SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
                let error = reason.err().unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
                tracing::warn!(%error, "no longer listening");
                if let Some(reply) = self.listening.remove(&listener_id) {
                    let _ = reply.send(Err(error));
                }
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listening"),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.log_peer(peer_id, &endpoint, "connected");
                if let Some(reply) = self.dialling.remove(&connection_id) {
                    let _ = reply.send(Ok(peer_id));
                }
                self.announce_count();
            }
            SwarmEvent::ConnectionClosed { peer_id, endpoint, cause, .. } => {
                self.log_peer(peer_id, &endpoint, "disconnected");
                if let Some(cause) = cause {
                    tracing::debug!(%peer_id, %cause, "connection lost");
                }
                self.announce_count();
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                self.swarm.behaviour_mut().rpc.forget(connection_id);
                if let Some(reply) = self.dialling.remove(&connection_id) {
                    let _ = reply.send(Err(error));
                }
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::info!(from = %send_back_addr, why = innermost(&error), "connection refused");
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event { peer, connection, result: Err(error) })) => {
                // A peer that stopped without saying so (power, cable) would keep its connection for hours.
                tracing::info!(%peer, %error, "peer does not answer, its connection is closed");
                if !matches!(error, ping::Failure::Unsupported) {
                    self.swarm.close_connection(connection);
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
                tracing::debug!(%peer_id, version = %info.agent_version, "peer identified");
            }
            _ => {}
        }
    }

    fn log_peer(&self, peer: PeerId, endpoint: &ConnectedPoint, what: &str) {
        let address = endpoint.get_remote_address();
        match self.identities.get(&peer) {
            Some(identity) => {
                tracing::debug!(name = %identity.name, role = %identity.role, %address, "{what}");
            }
            None => tracing::debug!(%peer, %address, "{what}"),
        }
    }

    fn announce_count(&self) {
        let open = self.swarm.network_info().connection_counters().num_established();
        self.count.send_replace(open);
    }
}
