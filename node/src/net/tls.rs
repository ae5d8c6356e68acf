//! The security upgrade: TLS 1.3 in which both sides prove that the cluster's authority knows them.
//!
//! The key in a certificate is its holder's libp2p identity, so the handshake proves the peer id. A client accepts only a
//! server whose certificate is for a node (extended key usage and DNS name); a server accepts every member that is not
//! revoked. There is no session resumption: it would let in who was revoked since.
//!
//! In TLS 1.3 a client is done before the server has looked at the client's certificate, and would learn of a refusal only
//! later and as a lost connection. So it is the server that speaks first inside TLS, of the versions of the protocol (`version.rs`),
//! and the client waits for that: what comes instead is the alert that says why it was refused.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures::future::BoxFuture;
use futures::{AsyncRead, AsyncWrite, FutureExt};
use libp2p::PeerId;
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::identity;
use packetstream_config::authority::{self, CertificateError, ClusterId, Identity, SERVER_NAME};
use packetstream_config::{Bundle, Secret};
use packetstream_protocol::{NodeId, Versions};
use parking_lot::{Mutex, RwLock};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore, ServerConfig, SignatureScheme,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

use super::buffer::{Ahead, Gathered};
use super::version::{self, VersionError};

/// The name of this upgrade in the negotiation.
const PROTOCOL: &str = "/packetstream/tls/1";

/// The most identities that are remembered; see [`Identities`].
pub(super) const MAX_IDENTITIES: usize = 2 * super::limits::MAX_CONNECTIONS as usize;

/// Why a handshake came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("tls: {0}")]
    Tls(rustls::Error),
    #[error("tls: {0}")]
    Io(io::Error),
    #[error("certificate of the peer: {0}")]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Version(#[from] VersionError),
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => Self::Tls(tls.clone()),
            None => Self::Io(error),
        }
    }
}

/// The certificate of a server is that of another cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer belongs to cluster {0}")]
pub(super) struct OtherCluster(pub(super) ClusterId);

/// Members whose certificates no longer count.
#[derive(Debug, Default)]
pub(super) struct Revoked(RwLock<BTreeSet<NodeId>>);

impl Revoked {
    pub(super) fn contains(&self, node: &NodeId) -> bool {
        self.0.read().contains(node)
    }

    pub(super) fn replace(&self, nodes: BTreeSet<NodeId>) {
        *self.0.write() = nodes;
    }
}

/// What the certificates of peers say that have lately proved them, by peer id.
///
/// libp2p hands a peer id from the handshake to the connection, and nothing else. An entry is written by each handshake and never
/// removed with a connection: the next one of the same peer may be between its handshake and its start just then. Only who has a
/// certificate can add one, and of too many the oldest go.
#[derive(Debug, Default)]
pub(super) struct Identities(Mutex<Proved>);

#[derive(Debug, Default)]
struct Proved {
    by_peer: BTreeMap<PeerId, (u64, Identity)>,
    /// The oldest first.
    order: BTreeMap<u64, PeerId>,
    count: u64,
}

impl Identities {
    pub(super) fn insert(&self, peer: PeerId, identity: Identity) {
        let mut proved = self.0.lock();
        proved.count += 1;
        let at = proved.count;
        if let Some((before, _)) = proved.by_peer.insert(peer, (at, identity)) {
            proved.order.remove(&before);
        }
        proved.order.insert(at, peer);
        if proved.order.len() > MAX_IDENTITIES
            && let Some((_, oldest)) = proved.order.pop_first()
        {
            proved.by_peer.remove(&oldest);
        }
    }

    pub(super) fn get(&self, peer: &PeerId) -> Option<Identity> {
        self.0.lock().by_peer.get(peer).map(|(_, identity)| identity.clone())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().by_peer.len()
    }
}

/// The upgrade of one endpoint, for both directions.
#[derive(Clone)]
pub(super) struct Tls {
    /// Exchanged when the certificate is renewed; connections keep what they were made with.
    configs: Arc<ArcSwap<Configs>>,
    server_name: ServerName<'static>,
    identities: Arc<Identities>,
    revoked: Arc<Revoked>,
    versions: Versions,
}

struct Configs {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Tls {
    pub(super) fn new(
        bundle: &Bundle,
        identities: Arc<Identities>,
        revoked: Arc<Revoked>,
        versions: Versions,
    ) -> Result<Self, rustls::Error> {
        let server_name =
            ServerName::try_from(SERVER_NAME).map_err(|error| rustls::Error::General(error.to_string()))?;
        let configs = Arc::new(ArcSwap::from_pointee(Configs::of(bundle, &revoked)?));
        Ok(Self { configs, server_name, identities, revoked, versions })
    }

    /// From now on the certificate of this bundle is shown, which is for the same key.
    pub(super) fn renew(&self, bundle: &Bundle) -> Result<(), rustls::Error> {
        self.configs.store(Arc::new(Configs::of(bundle, &self.revoked)?));
        Ok(())
    }
}

impl Configs {
    fn of(bundle: &Bundle, revoked: &Arc<Revoked>) -> Result<Self, rustls::Error> {
        // Named, not taken from the process: which providers other crates compile in must not matter.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(bundle.authority_der().to_vec()))?;
        let roots = Arc::new(roots);
        let chain = || vec![CertificateDer::from(bundle.certificate_der().to_vec())];
        let unusable = |error: &dyn std::error::Error| rustls::Error::General(error.to_string());

        let members = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            .map_err(|error| unusable(&error))?;
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(Members { inner: members, revoked: revoked.clone() }))
            .with_single_cert(chain(), private_key(bundle.secret()))?;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        server.alpn_protocols = vec![version::ALPN.to_vec()];

        let nodes = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|error| unusable(&error))?;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Nodes {
                inner: nodes,
                revoked: revoked.clone(),
                ours: bundle.cluster(),
            }))
            .with_client_auth_cert(chain(), private_key(bundle.secret()))?;
        client.resumption = rustls::client::Resumption::disabled();
        // The name is the same for every node of every cluster: nobody on the way need read it.
        client.enable_sni = false;
        client.alpn_protocols = vec![version::ALPN.to_vec()];

        Ok(Self { server: Arc::new(server), client: Arc::new(client) })
    }
}

impl Tls {
    fn remember(&self, certificates: Option<&[CertificateDer<'_>]>) -> Result<PeerId, HandshakeError> {
        let leaf = certificates.and_then(<[_]>::first).ok_or(rustls::Error::NoCertificatesPresented);
        let identity = authority::identity(leaf.map_err(HandshakeError::Tls)?)?;
        let peer = peer_id(&identity.node).ok_or(CertificateError::NotEd25519)?;
        self.identities.insert(peer, identity);
        Ok(peer)
    }
}

/// The libp2p name of a member. `None` where the bytes are no point of the curve.
pub(super) fn peer_id(node: &NodeId) -> Option<PeerId> {
    let key = identity::ed25519::PublicKey::try_from_bytes(&node.0).ok()?;
    Some(identity::PublicKey::from(key).to_peer_id())
}

fn private_key(secret: &Secret) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(secret.to_pkcs8_der()).into()
}

impl UpgradeInfo for Tls {
    type Info = &'static str;
    type InfoIter = std::iter::Once<Self::Info>;

    fn protocol_info(&self) -> Self::InfoIter {
        std::iter::once(PROTOCOL)
    }
}

type Secured<C> = Gathered<Compat<TlsStream<Compat<Ahead<C>>>>>;

impl<C> InboundConnectionUpgrade<C> for Tls
where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    type Output = (PeerId, Secured<C>);
    type Error = HandshakeError;
    type Future = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, socket: C, _: Self::Info) -> Self::Future {
        async move {
            let mut stream =
                TlsAcceptor::from(self.configs.load().server.clone()).accept(Ahead::new(socket).compat()).await?;
            let peer = self.remember(stream.get_ref().1.peer_certificates())?;
            let says_range = version::is_chosen(stream.get_ref().1.alpn_protocol());
            version::agree_with_client(&mut stream, self.versions, says_range).await?;
            Ok((peer, Gathered::new(TlsStream::from(stream).compat())))
        }
        .boxed()
    }
}

impl<C> OutboundConnectionUpgrade<C> for Tls
where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    type Output = (PeerId, Secured<C>);
    type Error = HandshakeError;
    type Future = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn upgrade_outbound(self, socket: C, _: Self::Info) -> Self::Future {
        async move {
            let connector = TlsConnector::from(self.configs.load().client.clone());
            let mut stream = connector.connect(self.server_name.clone(), Ahead::new(socket).compat()).await?;
            let says_range = version::is_chosen(stream.get_ref().1.alpn_protocol());
            version::agree_with_server(&mut stream, self.versions, says_range).await?;
            let peer = self.remember(stream.get_ref().1.peer_certificates())?;
            Ok((peer, Gathered::new(TlsStream::from(stream).compat())))
        }
        .boxed()
    }
}

/// Lets in the members of the cluster that are not revoked.
#[derive(Debug)]
struct Members {
    inner: Arc<dyn ClientCertVerifier>,
    revoked: Arc<Revoked>,
}

/// Talks only to nodes of the cluster that are not revoked.
#[derive(Debug)]
struct Nodes {
    inner: Arc<WebPkiServerVerifier>,
    revoked: Arc<Revoked>,
    ours: ClusterId,
}

fn check_identity(leaf: &CertificateDer<'_>, revoked: &Revoked) -> Result<(), rustls::Error> {
    use rustls::CertificateError::{ApplicationVerificationFailure, Revoked};
    let identity = authority::identity(leaf).map_err(|_| ApplicationVerificationFailure)?;
    if revoked.contains(&identity.node) {
        return Err(Revoked.into());
    }
    Ok(())
}

impl ClientCertVerifier for Members {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.inner.verify_client_cert(leaf, intermediates, now)?;
        check_identity(leaf, &self.revoked)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl ServerCertVerifier for Nodes {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let checked = self.inner.verify_server_cert(leaf, intermediates, server_name, ocsp_response, now);
        let verified = checked.map_err(|error| match (&error, authority::identity(leaf)) {
            // A people's mistake that deserves its own words.
            (
                rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer),
                Ok(Identity { cluster, .. }),
            ) if cluster != self.ours => {
                rustls::CertificateError::Other(OtherError(Arc::new(OtherCluster(cluster)))).into()
            }
            _ => error,
        })?;
        check_identity(leaf, &self.revoked)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
