//! The asking side, as the command line uses it: one connection to one node of the cluster.

use packetstream_config::{Address, Bundle};
use packetstream_protocol::NodeId;
use packetstream_protocol::wire::{Request, Response};
use tokio::sync::Mutex;

use super::{ConnectError, Endpoint, Limits, Peer, RpcError, RpcStream};

/// A connection to the first node that could be reached. It is made again when it was lost between two requests.
pub struct Client {
    endpoint: Endpoint,
    peer: Mutex<Peer>,
}

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
        let endpoint = Endpoint::start_asking(bundle, limits)?;
        let addresses = if addresses.is_empty() { bundle.seeds() } else { addresses };
        let mut tried = Vec::new();
        for address in addresses {
            match endpoint.connect(address, None).await {
                Ok(peer) => return Ok(Self { endpoint, peer: Mutex::new(peer) }),
                Err(ConnectError::One { address, why }) => tried.push((address, why)),
                Err(error) => return Err(error),
            }
        }
        Err(match <[_; 1]>::try_from(tried) {
            Ok([(address, why)]) => ConnectError::One { address, why },
            Err(tried) if tried.is_empty() => ConnectError::NoAddress,
            Err(tried) => ConnectError::All(tried),
        })
    }

    /// The node that is spoken to: its id, its name and its address.
    pub async fn node(&self) -> (NodeId, String, Address) {
        let peer = self.peer.lock().await;
        (peer.node(), peer.name().to_owned(), peer.address().clone())
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
        let mut peer = self.peer.lock().await;
        match peer.open_silent().await {
            // The node has closed what was idle. Nothing has been asked yet, so nothing is asked twice.
            Err(RpcError::Closed) => {
                let again = self.endpoint.connect(peer.address(), Some(peer.node())).await;
                *peer = again.map_err(|_| RpcError::Closed)?;
                peer.open_silent().await
            }
            opened => opened,
        }
    }
}
