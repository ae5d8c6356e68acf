//! Which version of the protocol two programs speak with each other, so that a cluster can be upgraded node by node.
//!
//! A client offers [`ALPN`] in the handshake of TLS, a server chooses it, and with that each will say its range inside TLS, the
//! server first:
//!
//! ```text
//! hello, little-endian
//!   0  1  octets that follow, 4 to MAX_HELLO_BYTES
//!   1  2  the oldest version that the program speaks
//!   3  2  the newest
//!   5     what later programs say beside that: passed over
//! ```
//! The highest version of both ranges is spoken. Where there is none, each side says why in its own words and hangs up.
//!
//! Who speaks the first version alone knows of none of this: it offers and chooses no ALPN, and the server's first octets are its
//! version, two of them. It is answered in the same way and can be talked to as long as the first version is in the range.
//!
//! libp2p hands over from a handshake who the peer is and nothing else, and two programs may connect with one certificate. So each
//! substream is named for the version that is spoken on it, the newest offered first: that is the one of the handshake again.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use libp2p::Stream;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use packetstream_protocol::Versions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::tls::HandshakeError;

/// What a client offers that will say its versions.
pub(super) const ALPN: &[u8] = b"packetstream/versions";

/// The most octets of a hello behind its length: a dozen of what it holds now. No more is read.
pub(super) const MAX_HELLO_BYTES: u8 = 64;

/// Two versions.
const MIN_HELLO_BYTES: u8 = 4;

/// Two programs cannot talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer speaks {theirs} of the protocol and this program {ours}: {} is older, upgrade it", older(.ours, .theirs))]
pub struct NoCommonVersion {
    pub ours: Versions,
    pub theirs: Versions,
}

fn older(ours: &Versions, theirs: &Versions) -> &'static str {
    if theirs.newest() < ours.oldest() { "the peer" } else { "this program" }
}

/// Why no version was agreed on.
#[derive(Debug, thiserror::Error)]
pub(super) enum VersionError {
    #[error(transparent)]
    NoCommon(NoCommonVersion),
    #[error("it says its versions in {0} octets, {MIN_HELLO_BYTES} to {MAX_HELLO_BYTES} are expected")]
    Length(u8),
    #[error("it says that it speaks versions {oldest} to {newest} of the protocol, which is no range")]
    NoRange { oldest: u16, newest: u16 },
}

/// Whether both sides will say their ranges.
pub(super) fn is_chosen(alpn: Option<&[u8]>) -> bool {
    alpn == Some(ALPN)
}

/// The server's side; the highest common version.
pub(super) async fn agree_with_client<S>(
    stream: &mut S,
    ours: Versions,
    says_range: bool,
) -> Result<u16, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if says_range {
        say(stream, ours).await?;
        let theirs = hear(stream).await?;
        return Ok(common(ours, theirs)?);
    }
    let agreed = common(ours, Versions::FIRST);
    // One that the client does not know makes it say so.
    let version = agreed.as_ref().copied().unwrap_or(ours.newest());
    stream.write_all(&version.to_le_bytes()).await?;
    stream.flush().await?;
    Ok(agreed?)
}

/// The client's side. It says nothing before it has heard the server: what a server that refuses has not read could take the
/// alert with it that says why.
pub(super) async fn agree_with_server<S>(
    stream: &mut S,
    ours: Versions,
    says_range: bool,
) -> Result<u16, HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if says_range {
        let theirs = hear(stream).await?;
        say(stream, ours).await?;
        return Ok(common(ours, theirs)?);
    }
    let mut version = [0; 2];
    stream.read_exact(&mut version).await?;
    let version = u16::from_le_bytes(version);
    Ok(common(ours, range(version, version)?)?)
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, ours: Versions) -> Result<(), HandshakeError> {
    let mut hello = vec![MIN_HELLO_BYTES];
    hello.extend_from_slice(&ours.oldest().to_le_bytes());
    hello.extend_from_slice(&ours.newest().to_le_bytes());
    stream.write_all(&hello).await?;
    Ok(stream.flush().await?)
}

async fn hear<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Versions, HandshakeError> {
    let length = stream.read_u8().await?;
    if !(MIN_HELLO_BYTES..=MAX_HELLO_BYTES).contains(&length) {
        return Err(VersionError::Length(length).into());
    }
    let (oldest, newest) = (stream.read_u16_le().await?, stream.read_u16_le().await?);
    let mut more = vec![0; usize::from(length - MIN_HELLO_BYTES)];
    stream.read_exact(&mut more).await?;
    Ok(range(oldest, newest)?)
}

fn range(oldest: u16, newest: u16) -> Result<Versions, VersionError> {
    Versions::new(oldest, newest).ok_or(VersionError::NoRange { oldest, newest })
}

fn common(ours: Versions, theirs: Versions) -> Result<u16, VersionError> {
    ours.common(theirs).ok_or(VersionError::NoCommon(NoCommonVersion { ours, theirs }))
}

/// Names an RPC substream for the version that is spoken on it.
#[derive(Clone)]
pub(super) struct Rpc(Arc<[Name]>);

/// One of the names.
#[derive(Clone)]
pub(super) struct Name {
    version: u16,
    text: Arc<str>,
}

impl Rpc {
    pub(super) fn new(versions: Versions) -> Self {
        let name = |version| Name { version, text: format!("/packetstream/rpc/{version}").into() };
        Self(versions.newest_first().map(name).collect())
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Each name, in order. libp2p asks for them whenever it polls a connection: nothing is allocated.
pub(super) struct Names {
    of: Rpc,
    next: usize,
}

impl Iterator for Names {
    type Item = Name;

    fn next(&mut self) -> Option<Name> {
        let name = self.of.0.get(self.next)?.clone();
        self.next += 1;
        Some(name)
    }
}

impl UpgradeInfo for Rpc {
    type Info = Name;
    type InfoIter = Names;

    fn protocol_info(&self) -> Names {
        Names { of: self.clone(), next: 0 }
    }
}

impl InboundUpgrade<Stream> for Rpc {
    type Output = (Stream, u16);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, stream: Stream, name: Name) -> Self::Future {
        ready(Ok((stream, name.version)))
    }
}

impl OutboundUpgrade<Stream> for Rpc {
    type Output = (Stream, u16);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_outbound(self, stream: Stream, name: Name) -> Self::Future {
        ready(Ok((stream, name.version)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    fn versions(oldest: u16, newest: u16) -> Versions {
        Versions::new(oldest, newest).expect("a range")
    }

    /// What server and client make of each other, in that order.
    async fn meet(server: Versions, client: Versions, says_range: bool) -> [Result<u16, String>; 2] {
        let (mut here, mut there) = duplex(64);
        let (served, asked) = tokio::join!(
            agree_with_client(&mut here, server, says_range),
            agree_with_server(&mut there, client, says_range),
        );
        [served, asked].map(|agreed| agreed.map_err(|error| error.to_string()))
    }

    #[tokio::test]
    async fn both_sides_come_to_the_same() {
        for (one, other, spoken) in [
            (versions(1, 1), versions(1, 1), 1),
            (versions(1, 3), versions(1, 1), 1),
            (versions(1, 3), versions(2, 5), 3),
            (versions(4, 4), versions(1, 9), 4),
        ] {
            assert_eq!(meet(one, other, true).await, [Ok(spoken), Ok(spoken)]);
            assert_eq!(meet(other, one, true).await, [Ok(spoken), Ok(spoken)]);
        }
    }

    #[tokio::test]
    async fn without_a_common_version_each_side_says_who_is_older() {
        let (old, new) = (versions(1, 2), versions(3, 3));
        let new_says =
            "the peer speaks versions 1 to 2 of the protocol and this program version 3: the peer is older, upgrade it";
        let old_says = "the peer speaks version 3 of the protocol and this program versions 1 to 2: this program is older, upgrade it";
        assert_eq!(meet(new, old, true).await, [Err(new_says.to_owned()), Err(old_says.to_owned())]);
        assert_eq!(meet(old, new, true).await, [Err(old_says.to_owned()), Err(new_says.to_owned())]);
    }

    /// Everything that comes out of a stream until its end.
    async fn rest(mut stream: DuplexStream) -> Vec<u8> {
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.expect("memory can be read");
        octets
    }

    #[tokio::test]
    async fn who_says_no_range_is_spoken_to_in_the_first_version() {
        // A client waits for two octets; nothing else comes before it has said something itself.
        for (server, octets, agreed) in [
            (versions(1, 1), [1, 0], Ok(1)),
            (versions(1, 300), [1, 0], Ok(1)),
            (
                versions(2, 258),
                [2, 1],
                Err(
                    "the peer speaks version 1 of the protocol and this program versions 2 to 258: the peer is older, upgrade it",
                ),
            ),
        ] {
            let (mut here, there) = duplex(64);
            let served = agree_with_client(&mut here, server, false).await;
            assert_eq!(served.map_err(|error| error.to_string()), agreed.map_err(str::to_owned));
            drop(here);
            assert_eq!(rest(there).await, octets);
        }
        // A server says two octets, and takes what the client says next for something else: so it says nothing.
        for (client, octets, agreed) in [
            (versions(1, 3), [1, 0], Ok(1)),
            (versions(1, 3), [2, 0], Ok(2)),
            (
                versions(1, 3),
                [4, 0],
                Err(
                    "the peer speaks version 4 of the protocol and this program versions 1 to 3: this program is older, upgrade it",
                ),
            ),
            (versions(1, 3), [0, 0], Err("it says that it speaks versions 0 to 0 of the protocol, which is no range")),
        ] {
            let (mut here, mut there) = duplex(64);
            there.write_all(&octets).await.expect("it fits");
            let asked = agree_with_server(&mut here, client, false).await;
            assert_eq!(asked.map_err(|error| error.to_string()), agreed.map_err(str::to_owned));
            drop(here);
            assert!(rest(there).await.is_empty());
        }
    }

    #[tokio::test]
    async fn a_hello_is_held_to_its_limit_and_its_future_is_passed_over() {
        let longest = [&[MAX_HELLO_BYTES, 2, 0, 4, 0][..], &[0xff; MAX_HELLO_BYTES as usize - 4], b"next"].concat();
        for (octets, agreed) in [
            (&[4, 2, 0, 4, 0][..], Ok(3)),
            (&longest, Ok(3)),
            (&[MAX_HELLO_BYTES + 1; 100], Err("it says its versions in 65 octets, 4 to 64 are expected")),
            (b"\xff\xff\xff\xff\xff", Err("it says its versions in 255 octets, 4 to 64 are expected")),
            (&[3, 1, 0, 1], Err("it says its versions in 3 octets, 4 to 64 are expected")),
            (&[0], Err("it says its versions in 0 octets, 4 to 64 are expected")),
            (&[4, 0, 0, 1, 0], Err("it says that it speaks versions 0 to 1 of the protocol, which is no range")),
            (&[4, 2, 0, 1, 0], Err("it says that it speaks versions 2 to 1 of the protocol, which is no range")),
            (&[4, 1, 0], Err("tls: unexpected end of file")),
            (&[5, 1, 0, 1, 0], Err("tls: early eof")),
            (&[], Err("tls: unexpected end of file")),
        ] {
            let agreed = agreed.map_err(str::to_owned);
            for is_server in [true, false] {
                let (mut here, mut there) = duplex(256);
                there.write_all(octets).await.expect("it fits");
                there.shutdown().await.expect("memory can be closed");
                let heard = match is_server {
                    true => agree_with_client(&mut here, versions(1, 3), true).await,
                    false => agree_with_server(&mut here, versions(1, 3), true).await,
                };
                assert_eq!(heard.map_err(|error| error.to_string()), agreed, "{octets:?}");
                // Nothing of what follows was taken.
                let mut left = Vec::new();
                here.read_to_end(&mut left).await.expect("memory can be read");
                assert!(agreed.is_err() || left.is_empty() || left == b"next", "{left:?}");
            }
        }
    }

    #[test]
    fn a_substream_is_named_for_each_version_and_the_first_as_ever() {
        let names: Vec<_> = Rpc::new(versions(1, 3)).protocol_info().map(|name| name.as_ref().to_owned()).collect();
        assert_eq!(names, ["/packetstream/rpc/3", "/packetstream/rpc/2", "/packetstream/rpc/1"]);
    }
}
