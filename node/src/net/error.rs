//! What can go wrong between peers, in the words of the person who must do something about it.

use std::error::Error;
use std::fmt;
use std::io;

use libp2p::swarm::DialError;
use packetstream_config::Address;
use packetstream_config::authority::ClusterId;
use packetstream_protocol::codec::CodecError;
use packetstream_protocol::credentials::Role;
use packetstream_protocol::wire::Refusal;
use rustls::AlertDescription;

use super::tls::{HandshakeError, OtherCluster};
use super::version::{NoCommonVersion, VersionError};

/// Why no peer was reached: one line, with what was tried and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error("no address of a node is known: name one with --peer ADDR")]
    NoAddress,
    #[error("{address}: {why}")]
    One { address: Address, why: Unreached },
    /// Every address was tried; all reasons, in that order.
    #[error("none of {} nodes could be reached: {}", .0.len(), Listed(.0))]
    All(Vec<(Address, Unreached)>),
    /// The bundle's key or certificate cannot be used.
    #[error("the bundle cannot be used: {0}")]
    Bundle(String),
    /// The endpoint has been shut down.
    #[error("the network of this process is shut down")]
    Shutdown,
}

/// Why the peer at one address was not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    #[error("no such host name ({0})")]
    Unresolved(String),
    #[error("no node answers there ({0}): is it running, and is this its address?")]
    NoAnswer(String),
    #[error("no answer in time: is it a PacketStream node that runs, and does a firewall let its port through?")]
    Timeout,
    #[error("what answers there is no PacketStream node ({0})")]
    NotPacketStream(String),
    #[error("it belongs to another cluster ({theirs}) than the bundle ({ours}): use a bundle of that cluster")]
    OtherCluster { ours: ClusterId, theirs: ClusterId },
    #[error("it does not accept the bundle: it was issued by another cluster's authority")]
    NotOurAuthority,
    #[error("it refuses the bundle: revoked; ask an operator for a new one")]
    Revoked,
    #[error("it refuses the certificate as expired or not yet valid: check the clocks of both machines")]
    NotValidNow,
    #[error("the peer's certificate is expired or not yet valid: check the clocks of both machines")]
    TheirsNotValidNow,
    #[error("the peer's certificate is revoked")]
    TheirsRevoked,
    #[error("its certificate is for no node of the cluster ({0})")]
    NotANode(String),
    #[error("it refuses the bundle ({0})")]
    Refused(String),
    #[error("{0}")]
    Version(NoCommonVersion),
    #[error("another node answers there than the one expected")]
    WrongNode,
    #[error("the bundle is that node's own: use the bundle of a person (packetstream cluster invite)")]
    Itself,
    #[error("this process has too many connections ({0})")]
    TooManyConnections(String),
}

struct Listed<'a>(&'a [(Address, Unreached)]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (address, why)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{address}: {why}")?;
        }
        Ok(())
    }
}

/// Why a node does not listen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address}: another program does already; choose another address with --listen ADDR")]
    InUse { address: Address },
    #[error("cannot listen on {address}: {reason}")]
    Io { address: Address, reason: String },
    #[error("a bundle for {role} cannot listen, no peer would trust it: ask an operator for one made with --role node")]
    NotANode { role: Role },
    #[error("the network of this process is shut down")]
    Shutdown,
}

/// Why a conversation ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// Nobody knows how much of what was sent last has arrived.
    #[error("the connection to the peer was lost")]
    Closed,
    #[error("the connection to the peer was lost ({0})")]
    Io(io::Error),
    /// The peer's bytes are no message, and the conversation cannot go on; or what was to be sent is none that it could read.
    #[error("{}", said_of(.0))]
    Codec(#[from] CodecError),
    #[error("the peer refused: {0}")]
    Refused(#[from] Refusal),
    #[error("the peer answered something else than was asked")]
    Unexpected,
    #[error("nothing came from the peer in time")]
    Timeout,
}

fn said_of(error: &CodecError) -> String {
    match error {
        CodecError::Newer { .. } => error.to_string(),
        _ => format!("the peer sent no valid message: {error}"),
    }
}

impl From<io::Error> for RpcError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof, WriteZero};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof | WriteZero => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

/// The first error of type `E` among `error` and what it wraps.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An io::Error hides the error that it was made of: its source is that error's source.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The innermost cause, in its own words.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    loop {
        let inner = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
        match inner {
            Some(inner) => error = inner,
            None => return error.to_string(),
        }
    }
}

impl Unreached {
    /// What a failed dial to one address means.
    pub(super) fn from_dial(error: &DialError, ours: ClusterId) -> Self {
        match error {
            // libp2p leaves out the addresses on which it listens itself.
            DialError::LocalPeerId { .. } | DialError::NoAddresses => Self::Itself,
            DialError::WrongPeerId { .. } => Self::WrongNode,
            DialError::Denied { cause } => Self::TooManyConnections(innermost(cause)),
            DialError::Transport(errors) => match errors.first() {
                Some((_, error)) => Self::from_transport(error, ours),
                None => Self::NoAnswer("no address".to_owned()),
            },
            DialError::DialPeerConditionFalse(_) | DialError::Aborted => Self::NoAnswer(error.to_string()),
        }
    }

    fn from_transport(error: &(dyn Error + 'static), ours: ClusterId) -> Self {
        if let Some(handshake) = find::<HandshakeError>(error) {
            return Self::from_handshake(handshake, ours);
        }
        let cause = innermost(error);
        // The type of a timeout names that of the whole transport; its text is what can be seen of it.
        if cause == TRANSPORT_TIMEOUT || is_kind(error, io::ErrorKind::TimedOut) {
            return Self::Timeout;
        }
        if find::<libp2p::core::upgrade::NegotiationError>(error).is_some() {
            return Self::NotPacketStream(cause);
        }
        Self::NoAnswer(cause)
    }

    fn from_handshake(error: &HandshakeError, ours: ClusterId) -> Self {
        use rustls::CertificateError as Cert;
        use rustls::Error as Tls;
        let tls = match error {
            HandshakeError::Tls(tls) => tls,
            HandshakeError::Io(error) if error.kind() == io::ErrorKind::TimedOut => return Self::Timeout,
            HandshakeError::Io(error) => return Self::NotPacketStream(format!("handshake: {error}")),
            HandshakeError::Certificate(error) => return Self::NotANode(error.to_string()),
            HandshakeError::Version(VersionError::NoCommon(error)) => return Self::Version(*error),
            HandshakeError::Version(error) => return Self::NotPacketStream(error.to_string()),
        };
        match tls {
            Tls::InvalidCertificate(Cert::Other(other)) => match other.0.downcast_ref::<OtherCluster>() {
                Some(OtherCluster(theirs)) => Self::OtherCluster { ours, theirs: *theirs },
                None => Self::NotANode(tls.to_string()),
            },
            Tls::InvalidCertificate(
                Cert::Expired | Cert::ExpiredContext { .. } | Cert::NotValidYet | Cert::NotValidYetContext { .. },
            ) => Self::TheirsNotValidNow,
            Tls::InvalidCertificate(Cert::Revoked) => Self::TheirsRevoked,
            Tls::InvalidCertificate(_) => Self::NotANode(tls.to_string()),
            Tls::AlertReceived(AlertDescription::UnknownCA | AlertDescription::DecryptError) => Self::NotOurAuthority,
            Tls::AlertReceived(AlertDescription::CertificateRevoked) => Self::Revoked,
            Tls::AlertReceived(AlertDescription::CertificateExpired) => Self::NotValidNow,
            Tls::AlertReceived(alert) => Self::Refused(format!("{alert:?}")),
            other => Self::NotPacketStream(other.to_string()),
        }
    }
}

pub(super) const TRANSPORT_TIMEOUT: &str = "Timeout has been reached";

fn is_kind(error: &(dyn Error + 'static), kind: io::ErrorKind) -> bool {
    find::<io::Error>(error).is_some_and(|error| error.kind() == kind)
}
