//! The asking side, as the command line uses it: one connection to one node of the cluster.

use packetstream_config::{Address, Bundle};
use packetstream_protocol::NodeId;
use packetstream_protocol::wire::{Request, Response};
use tokio::sync::Mutex;

use super::{ConnectError, Endpoint, Limits, Peer, RpcError, RpcStream};

/// A connection to one of several nodes. It is made again, to that one or to another, when it was lost between two requests.
pub struct Client {
    endpoint: Endpoint,
    spoken: Mutex<Spoken>,
}

/// Whom a client speaks to, and could speak to.
struct Spoken {
    addresses: Vec<Address>,
    /// Which of them is the one that is spoken to, or the next to be tried.
    at: usize,
    peer: Option<Peer>,
}

/// The most addresses of nodes that a client keeps.
const MAX_ADDRESSES: usize = 64;

impl Client {
    /// Connects to the first of `addresses` that answers, or of the bundle's seeds if there are none.
    ///
    /// # Errors
    /// Why none could be reached, address by address.
    pub async fn connect(bundle: &Bundle, addresses: &[Address]) -> Result<Self, ConnectError> {
        // A person's command waits for memory rather than fail for the want of it.
        let limits = Limits { memory_share: 1.0, ..Limits::default() };
        Self::connect_with(bundle, addresses, limits).await
    }

    pub(super) async fn connect_with(
        bundle: &Bundle,
        addresses: &[Address],
        limits: Limits,
    ) -> Result<Self, ConnectError> {
        let client = Self::new(bundle, addresses, limits)?;
        client.spoken.lock().await.connect(&client.endpoint).await?;
        Ok(client)
    }

    /// A client that is not connected yet; its first request connects it.
    ///
    /// # Errors
    /// When the bundle's key or certificate cannot be used.
    pub fn new(bundle: &Bundle, addresses: &[Address], limits: Limits) -> Result<Self, ConnectError> {
        let endpoint = Endpoint::start_asking(bundle, limits)?;
        let addresses = if addresses.is_empty() { bundle.seeds() } else { addresses };
        let spoken = Spoken { addresses: addresses.iter().take(MAX_ADDRESSES).cloned().collect(), at: 0, peer: None };
        Ok(Self { endpoint, spoken: Mutex::new(spoken) })
    }

    /// The node that is spoken to: its id, its name and its address; nothing when the connection was lost.
    pub async fn node(&self) -> Option<(NodeId, String, Address)> {
        let spoken = self.spoken.lock().await;
        spoken.peer.as_ref().map(|peer| (peer.node(), peer.name().to_owned(), peer.address().clone()))
    }

    /// More nodes that may be spoken to, should the present one fail.
    pub async fn learn(&self, addresses: impl IntoIterator<Item = Address>) {
        let mut spoken = self.spoken.lock().await;
        for address in addresses {
            if spoken.addresses.len() < MAX_ADDRESSES && !spoken.addresses.contains(&address) {
                spoken.addresses.push(address);
            }
        }
    }

    /// The next request goes to another node, if there is one.
    pub async fn move_on(&self) {
        let mut spoken = self.spoken.lock().await;
        spoken.peer = None;
        spoken.at = (spoken.at + 1) % spoken.addresses.len().max(1);
    }

    /// Opens a conversation with `request`. Its answers are read from the stream.
    ///
    /// # Errors
    /// As for [`Peer::open`], after one attempt to connect again.
    pub async fn open(&self, request: &Request) -> Result<RpcStream, RpcError> {
        let mut stream = self.silent().await?;
        stream.send(request).await?;
        Ok(stream)
    }

    /// Asks what is answered by one response.
    ///
    /// # Errors
    /// [`RpcError::Refused`] when the node refuses; otherwise as for [`Client::open`].
    pub async fn call(&self, request: &Request) -> Result<Response, RpcError> {
        super::endpoint::ask(self.open(request).await?).await
    }

    /// A substream on which nothing was asked yet.
    pub(super) async fn silent(&self) -> Result<RpcStream, RpcError> {
        let mut spoken = self.spoken.lock().await;
        if let Some(peer) = &spoken.peer {
            match peer.open_silent().await {
                // The node has closed what was idle, or is gone. Nothing has been asked yet, so nothing is asked twice.
                Err(RpcError::Closed) => spoken.peer = None,
                opened => return opened,
            }
        }
        match spoken.connect(&self.endpoint).await {
            Ok(peer) => peer.open_silent().await,
            Err(_) => Err(RpcError::Closed),
        }
    }
}

impl Spoken {
    /// Connects to the first that answers, from the present one on.
    async fn connect(&mut self, endpoint: &Endpoint) -> Result<&Peer, ConnectError> {
        let mut tried = Vec::new();
        for _ in 0..self.addresses.len() {
            match endpoint.connect(&self.addresses[self.at], None).await {
                Ok(peer) => return Ok(self.peer.insert(peer)),
                Err(ConnectError::One { address, why }) => tried.push((address, why)),
                Err(error) => return Err(error),
            }
            self.at = (self.at + 1) % self.addresses.len();
        }
        Err(match <[_; 1]>::try_from(tried) {
            Ok([(address, why)]) => ConnectError::One { address, why },
            Err(tried) if tried.is_empty() => ConnectError::NoAddress,
            Err(tried) => ConnectError::All(tried),
        })
    }
}
