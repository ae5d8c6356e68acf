//! Real endpoints on loopback. Timeouts are those of the endpoints; nothing here waits for time to pass.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use packetstream_config::authority::{Authority, Invitation, SERVER_NAME};
use packetstream_config::{Address, Bundle, Secret};
use packetstream_protocol::cluster::{Body, ClusterMessage};
use packetstream_protocol::codec::{self, CodecError, FIRST_VERSION, FRAME_HEADER_BYTES, FRAME_VERSION, Message};
use packetstream_protocol::credentials::{Grant, Role};
use packetstream_protocol::limits::MAX_FRAME_BYTES;
use packetstream_protocol::wire::{
    Admin, Closing, Get, HostRef, NameHost, OutputFormat, OutputSpec, PeerRequest, PutOpen, Query, Ready, Refusal,
    RefusalCode, Request, RequestKind, Response,
};
use packetstream_protocol::{Epoch, HostId, NodeId, PacketId, Seq, StreamId, Timestamp, Versions};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::tls::Identities;
use super::version::{ALPN, MAX_HELLO_BYTES};
use super::*;

const OWN_HOST: HostId = HostId::from_bytes([7; 16]);
const OTHER_HOST: HostId = HostId::from_bytes([8; 16]);

fn authority(seed: u8) -> Authority {
    Authority::create(Secret::from_bytes([seed; 32]), SystemTime::now()).unwrap()
}

fn bundle(authority: &Authority, role: Role, name: &str) -> Bundle {
    bundle_from(authority, role, name, SystemTime::now())
}

fn bundle_from(authority: &Authority, role: Role, name: &str, now: SystemTime) -> Bundle {
    let invitation = Invitation { role, name: name.to_owned(), seeds: Vec::new() };
    authority.invite(invitation, Secret::generate(), now).unwrap()
}

fn loopback() -> Address {
    Address::new(Ipv4Addr::LOCALHOST.into(), 0)
}

fn address(at: SocketAddr) -> Address {
    Address::new(at.ip(), at.port())
}

/// Answers `Done` to most; takes what is put; answers queries with a closing.
struct Answers {
    /// Chunks that were taken and conversations that were begun.
    taken: watch::Sender<(u32, u32)>,
}

impl Answers {
    fn new() -> (Self, watch::Receiver<(u32, u32)>) {
        let (taken, seen) = watch::channel((0, 0));
        (Self { taken }, seen)
    }
}

impl Handler for Answers {
    async fn owns(&self, _: &Caller, host: HostId) -> bool {
        host == OWN_HOST
    }

    async fn handle(&self, _: Caller, request: Request, mut stream: RpcStream) {
        self.taken.send_modify(|(_, begun)| *begun += 1);
        let answer = async {
            match request {
                Request::Put(_) => {
                    stream.send(&Response::Ready(Ready { credit: 1 })).await?;
                    while stream.recv_chunk().await?.is_some() {
                        self.taken.send_modify(|(chunks, _)| *chunks += 1);
                    }
                    stream.send(&Response::Done).await?;
                }
                Request::Query(Query { follow: true, .. }) => return Ok(()),
                Request::Query(_) | Request::Get(_) => {
                    let closing = Closing { complete: true, ..Closing::default() };
                    stream.send(&Response::Closing(closing)).await?;
                }
                _ => stream.send(&Response::Done).await?,
            }
            stream.finish().await
        };
        let _: Result<(), RpcError> = answer.await;
    }
}

struct Node {
    endpoint: Endpoint,
    at: SocketAddr,
    taken: watch::Receiver<(u32, u32)>,
}

async fn node(authority: &Authority, limits: Limits) -> Node {
    let (answers, taken) = Answers::new();
    let endpoint = Endpoint::start(&bundle(authority, Role::Node, "n1"), limits, answers).unwrap();
    let at = endpoint.listen(&loopback()).await.unwrap();
    Node { endpoint, at, taken }
}

async fn connect(bundle: &Bundle, at: SocketAddr) -> Result<Client, ConnectError> {
    Client::connect(bundle, &[address(at)]).await
}

fn why(result: Result<Client, ConnectError>) -> Unreached {
    match result.err() {
        Some(ConnectError::One { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

fn query(follow: bool) -> Request {
    Request::Query(Query {
        hosts: Vec::new(),
        since: None,
        until: None,
        filter: String::new(),
        references: Vec::new(),
        limit: None,
        output: OutputSpec::new(OutputFormat::Text),
        follow,
    })
}

fn request(kind: RequestKind, host: HostId) -> Request {
    let packet = PacketId { time: Timestamp(1), seq: Seq::MAX };
    match kind {
        RequestKind::Status => Request::Status,
        RequestKind::Hosts => Request::Hosts,
        RequestKind::NameHost => Request::NameHost(NameHost { host, name: "h".to_owned() }),
        RequestKind::Have => Request::Have(StreamId { host, epoch: Epoch(1) }),
        RequestKind::Put => Request::Put(PutOpen { host }),
        RequestKind::Query => query(false),
        RequestKind::Get => {
            Request::Get(Get { host: HostRef::Id(host), packet, output: OutputSpec::new(OutputFormat::Text) })
        }
        RequestKind::Cluster => Request::Cluster,
        RequestKind::Admin => Request::Admin(Admin::Drain { member: "n1".to_owned() }),
        RequestKind::Peer => Request::Peer(PeerRequest::Hosts),
        RequestKind::Analyses => Request::Analyses,
        RequestKind::Rules => Request::Rules,
    }
}

// ---- Who may connect.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_one_cluster_converse() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let client = connect(&bundle(&authority, Role::Operator, "alice"), node.at).await.unwrap();
    let (id, name, at) = client.node().await.unwrap();
    assert_eq!((id, name.as_str(), at), (node.endpoint.node(), "n1", address(node.at)));
    assert_eq!(client.call(&Request::Status).await.unwrap(), Response::Done);

    let mut put = client.open(&request(RequestKind::Put, OTHER_HOST)).await.unwrap();
    assert!(matches!(put.recv().await, Ok(Some(Response::Ready(_)))));
    // Larger than any window or buffer on the way.
    let chunk = vec![0x5a; 3 << 20];
    for _ in 0..4 {
        put.send_chunk(&chunk).await.unwrap();
    }
    put.finish().await.unwrap();
    assert_eq!(put.recv().await.unwrap(), Some(Response::Done));
    assert_eq!(put.recv::<Response>().await.unwrap(), None);
    assert_eq!(*node.taken.borrow(), (4, 2));
}

/// People run command after command with one bundle: the end of a connection must not spoil the beginning of the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_one_certificate_come_and_go() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let bob = bundle(&authority, Role::Operator, "bob");
    let commands = (0..4).map(|_| async {
        for _ in 0..50 {
            let client = connect(&bob, node.at).await.unwrap();
            assert_eq!(client.call(&Request::Status).await.unwrap(), Response::Done);
        }
    });
    futures::future::join_all(commands).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_connect_to_each_other_and_only_to_the_one_that_is_meant() {
    let authority = authority(1);
    let (one, two) = (node(&authority, Limits::default()).await, node(&authority, Limits::default()).await);
    let peer = one.endpoint.connect(&address(two.at), Some(two.endpoint.node())).await.unwrap();
    assert_eq!(peer.node(), two.endpoint.node());
    assert_eq!(peer.call(&Request::Status).await.unwrap(), Response::Done);

    let stranger = bundle(&authority, Role::Node, "n3").identity().node;
    // The second is no point of the curve.
    for wrong in [stranger, NodeId([0x02; 32])] {
        let refused = one.endpoint.connect(&address(two.at), Some(wrong)).await.unwrap_err();
        assert_eq!(refused, ConnectError::One { address: address(two.at), why: Unreached::WrongNode });
    }
    let itself = one.endpoint.connect(&address(one.at), None).await.unwrap_err();
    assert_eq!(itself, ConnectError::One { address: address(one.at), why: Unreached::Itself });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_of_another_cluster_is_refused_and_named() {
    let (ours, theirs) = (authority(1), authority(2));
    let node = node(&theirs, Limits::default()).await;
    let refused = connect(&bundle(&ours, Role::Operator, "alice"), node.at).await;
    assert_eq!(why(refused), Unreached::OtherCluster { ours: ours.id(), theirs: theirs.id() });
}

/// What `multistream-select` says before TLS begins, from the one who dials.
const GREETING: &[u8] = b"\x13/multistream/1.0.0\n\x14/packetstream/tls/1\n";

/// A peer that does not check whom it talks to, with whatever certificate, as far as TLS.
async fn raw_tls(
    at: SocketAddr,
    root: &Authority,
    shown: Option<&Bundle>,
    alpn: Option<&[u8]>,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut tcp = TcpStream::connect(at).await?;
    tcp.write_all(GREETING).await?;
    let mut echo = vec![0; GREETING.len()];
    tcp.read_exact(&mut echo).await?;
    assert_eq!(echo, GREETING);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(root.certificate_der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        Some(bundle) => config.with_client_auth_cert(chain(bundle), key(bundle)).unwrap(),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.map(<[u8]>::to_vec).into_iter().collect();
    let name = ServerName::try_from(SERVER_NAME).unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

/// As a program that speaks the first version alone, up to the server's first bytes inside TLS.
async fn first_tls(at: SocketAddr, root: &Authority, shown: Option<&Bundle>) -> io::Result<[u8; 2]> {
    let mut version = [0; 2];
    raw_tls(at, root, shown, None).await?.read_exact(&mut version).await?;
    Ok(version)
}

fn chain(bundle: &Bundle) -> Vec<CertificateDer<'static>> {
    vec![CertificateDer::from(bundle.certificate_der().to_vec())]
}

fn key(bundle: &Bundle) -> rustls::pki_types::PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(bundle.secret().to_pkcs8_der()).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_valid_certificate_nothing_comes_out() {
    let (ours, theirs) = (authority(1), authority(2));
    let node = node(&ours, Limits::default()).await;
    let alert = |result: io::Result<[u8; 2]>| result.unwrap_err().to_string();

    let member = bundle(&ours, Role::Reader, "bob");
    assert_eq!(first_tls(node.at, &ours, Some(&member)).await.unwrap(), FIRST_VERSION.to_le_bytes());
    assert_eq!(alert(first_tls(node.at, &ours, None).await), "received fatal alert: CertificateRequired");
    let stranger = bundle(&theirs, Role::Node, "n1");
    assert_eq!(alert(first_tls(node.at, &ours, Some(&stranger)).await), "received fatal alert: UnknownCA");
    let early = SystemTime::now() + Duration::from_secs(3 * 86_400);
    let early = bundle_from(&ours, Role::Node, "n1", early);
    assert_eq!(alert(first_tls(node.at, &ours, Some(&early)).await), "received fatal alert: CertificateExpired");
    // Nobody got as far as a connection, and those who may still can.
    assert_eq!(*node.taken.borrow(), (0, 0));
    assert!(connect(&member, node.at).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_is_named() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let early = bundle_from(&authority, Role::Reader, "bob", SystemTime::now() + Duration::from_secs(3 * 86_400));
    assert_eq!(why(connect(&early, node.at).await), Unreached::NotValidNow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_handshake_are_hung_up_on() {
    let authority = authority(1);
    let limits = Limits { handshake_timeout: Duration::from_millis(500), ..Limits::default() };
    let node = node(&authority, limits).await;
    let mut noise = vec![0u8; 4096];
    let mut state = 1u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    let then_noise = [GREETING, noise.as_slice()].concat();
    let http = b"GET / HTTP/1.1\r\nHost: n1\r\n\r\n".as_slice();
    let huge = b"\xff\xff\xff\xff\x0f".as_slice();
    for bytes in [http, noise.as_slice(), then_noise.as_slice(), huge] {
        let mut tcp = TcpStream::connect(node.at).await.unwrap();
        // It may hang up while we still write.
        let _ = tcp.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = tcp.read_to_end(&mut answer).await;
        assert!(answer.len() <= GREETING.len() + 64, "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(*node.endpoint.connections().borrow(), 0);
    assert!(connect(&bundle(&authority, Role::Reader, "bob"), node.at).await.is_ok());
}

/// A TLS server with any certificate, that chooses an ALPN or none and says anything. What it hears behind that is told.
async fn rogue_server(
    shown: Bundle,
    alpn: Option<&[u8]>,
    says: &[u8],
) -> (SocketAddr, mpsc::UnboundedReceiver<Vec<u8>>) {
    let (alpn, says) = (alpn.map(<[u8]>::to_vec).into_iter().collect(), says.to_vec());
    let (tell, heard) = mpsc::unbounded_channel();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain(&shown), key(&shown))
            .unwrap();
        config.alpn_protocols = alpn;
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut greeting = vec![0; GREETING.len()];
            tcp.read_exact(&mut greeting).await.unwrap();
            tcp.write_all(&greeting).await.unwrap();
            if let Ok(mut tls) = acceptor.accept(tcp).await {
                tls.write_all(&says).await.unwrap();
                let mut first = vec![0; 20];
                let len = tls.read(&mut first).await.unwrap_or(0);
                first.truncate(len);
                let _ = tell.send(first);
                let _ = tls.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    (at, heard)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_node_is_accepted_as_a_server() {
    let authority = authority(1);
    let alice = bundle(&authority, Role::Operator, "alice");
    for role in [Role::Edge, Role::Operator, Role::Reader] {
        let (at, _) = rogue_server(bundle(&authority, role, "mallory"), None, &[1, 0]).await;
        assert!(matches!(why(connect(&alice, at).await), Unreached::NotANode(_)), "{role}");
    }
    let early = bundle_from(&authority, Role::Node, "n2", SystemTime::now() + Duration::from_secs(3 * 86_400));
    let (at, _) = rogue_server(early, None, &[1, 0]).await;
    assert_eq!(why(connect(&alice, at).await), Unreached::TheirsNotValidNow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_revoked_are_cut_off_and_kept_out() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let (bob, carol) = (bundle(&authority, Role::Reader, "bob"), bundle(&authority, Role::Reader, "carol"));
    let client = connect(&bob, node.at).await.unwrap();
    let other = connect(&carol, node.at).await.unwrap();
    assert_eq!(client.call(&Request::Status).await.unwrap(), Response::Done);

    node.endpoint.set_revoked(BTreeSet::from([bob.identity().node])).await;
    node.endpoint.connections().wait_for(|open| *open == 1).await.unwrap();
    assert!(client.call(&Request::Status).await.is_err());
    assert_eq!(why(connect(&bob, node.at).await), Unreached::Revoked);
    assert_eq!(other.call(&Request::Status).await.unwrap(), Response::Done);

    node.endpoint.set_revoked(BTreeSet::new()).await;
    assert!(connect(&bob, node.at).await.is_ok());
    // The other way round: a node that was revoked is not spoken to.
    let one = super::tests::node(&authority, Limits::default()).await;
    one.endpoint.set_revoked(BTreeSet::from([node.endpoint.node()])).await;
    let refused = one.endpoint.connect(&address(node.at), None).await.unwrap_err();
    assert_eq!(refused, ConnectError::One { address: address(node.at), why: Unreached::TheirsRevoked });
}

// ---- Programs of different releases.

fn versions(oldest: u16, newest: u16) -> Versions {
    Versions::new(oldest, newest).unwrap()
}

/// Says which version it speaks; after messages of the machines ten more for each that it could read, and a hundred more for
/// each that it could not.
struct Says;

impl Handler for Says {
    async fn owns(&self, _: &Caller, _: HostId) -> bool {
        true
    }

    async fn handle(&self, _: Caller, request: Request, mut stream: RpcStream) {
        let mut credit = u64::from(stream.version());
        if request == Request::Peer(PeerRequest::Converse) {
            loop {
                match stream.recv::<ClusterMessage>().await {
                    Ok(Some(_)) => credit += 10,
                    Err(RpcError::Codec(CodecError::Unknown { .. })) => credit += 100,
                    Ok(None) => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        stream.send(&Response::Ready(Ready { credit })).await.unwrap();
        stream.finish().await.unwrap();
    }
}

async fn saying(authority: &Authority, versions: Versions) -> (Endpoint, SocketAddr) {
    let limits = Limits { versions, ..Limits::default() };
    let endpoint = Endpoint::start(&bundle(authority, Role::Node, "n1"), limits, Says).unwrap();
    let at = endpoint.listen(&loopback()).await.unwrap();
    (endpoint, at)
}

fn asking(authority: &Authority, versions: Versions) -> Endpoint {
    let limits = Limits { versions, ..Limits::default() };
    Endpoint::start_asking(&bundle(authority, Role::Node, "n2"), limits).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_highest_version_that_both_speak_is_spoken() {
    let authority = authority(1);
    for (one, other, spoken) in [
        (versions(1, 1), versions(1, 1), 1),
        (versions(1, 3), versions(1, 1), 1),
        (versions(1, 3), versions(2, 5), 3),
        (versions(2, 2), versions(1, 4), 2),
    ] {
        for (server, client) in [(one, other), (other, one)] {
            let (_node, at) = saying(&authority, server).await;
            let asking = asking(&authority, client);
            let peer = asking.connect(&address(at), None).await.unwrap();
            let mut stream = peer.open(&Request::Status).await.unwrap();
            assert_eq!(stream.version(), spoken, "{server} {client}");
            let said = stream.recv().await.unwrap();
            assert_eq!(said, Some(Response::Ready(Ready { credit: spoken.into() })), "{server} {client}");
        }
    }
}

/// Two programs with one certificate, each over its own connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_connection_speaks_its_own_version() {
    let authority = authority(1);
    let (_node, at) = saying(&authority, versions(1, 3)).await;
    let alice = bundle(&authority, Role::Operator, "alice");
    let mut peers = Vec::new();
    for newest in [1, 3, 2] {
        let limits = Limits { versions: versions(1, newest), ..Limits::default() };
        let asking = Endpoint::start_asking(&alice, limits).unwrap();
        let peer = asking.connect(&address(at), None).await.unwrap();
        peers.push((newest, asking, peer));
    }
    for (newest, _asking, peer) in peers {
        let said = peer.call(&Request::Status).await.unwrap();
        assert_eq!(said, Response::Ready(Ready { credit: newest.into() }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_common_version_there_is_no_connection_and_it_is_said_who_is_older() {
    let authority = authority(1);
    let (old, new) = (versions(1, 2), versions(3, 4));
    for (server, client, older) in [(old, new, "the peer"), (new, old, "this program")] {
        let (node, at) = saying(&authority, server).await;
        let refused = asking(&authority, client).connect(&address(at), None).await.unwrap_err();
        let why = Unreached::Version(NoCommonVersion { ours: client, theirs: server });
        assert_eq!(refused, ConnectError::One { address: address(at), why });
        let line = format!(
            "{at}: the peer speaks {server} of the protocol and this program {client}: {older} is older, upgrade it"
        );
        assert_eq!(refused.to_string(), line);
        assert_eq!(*node.connections().borrow(), 0);
    }
    // The same of one that speaks the first version alone.
    let (at, _) = rogue_server(bundle(&authority, Role::Node, "n1"), None, &[1, 0]).await;
    let refused = asking(&authority, versions(2, 3)).connect(&address(at), None).await.unwrap_err();
    let why = Unreached::Version(NoCommonVersion { ours: versions(2, 3), theirs: Versions::FIRST });
    assert_eq!(refused, ConnectError::One { address: address(at), why });
}

/// What it says and expects, octet for octet: two of the server, and then at once the negotiation of what is spoken in TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_speaks_the_first_version_alone_is_still_talked_to() {
    const MUXER: &[u8] = b"\x13/multistream/1.0.0\n\x0d/yamux/1.0.0\n";
    let authority = authority(1);
    let (_node, at) = saying(&authority, versions(1, 3)).await;
    let member = bundle(&authority, Role::Node, "n2");
    let mut tls = raw_tls(at, &authority, Some(&member), None).await.unwrap();
    let mut version = [0; 2];
    tls.read_exact(&mut version).await.unwrap();
    assert_eq!(version, [1, 0]);
    tls.write_all(MUXER).await.unwrap();
    let mut echo = vec![0; MUXER.len()];
    tls.read_exact(&mut echo).await.unwrap();
    assert_eq!(echo, MUXER);

    let (at, mut heard) = rogue_server(bundle(&authority, Role::Node, "n1"), None, &[1, 0]).await;
    let asking = asking(&authority, versions(1, 3));
    let _peer = asking.connect(&address(at), None).await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), &MUXER[..20]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_says_in_place_of_its_versions_is_held_to_limit_and_time() {
    let authority = authority(1);
    let limits = Limits { handshake_timeout: Duration::from_millis(500), ..Limits::default() };
    let node = node(&authority, limits).await;
    let member = bundle(&authority, Role::Reader, "bob");
    let noise = [0x5a; 4096];
    let too_much = [&[4, 1, 0, 1, 0][..], &noise].concat();
    let endless = [&[MAX_HELLO_BYTES + 1][..], &noise].concat();
    for bytes in [&[][..], &[4, 1], &[4, 0, 0, 0, 0], &[4, 2, 0, 1, 0], &too_much, &endless, b"GET / HTTP/1.1\r\n\r\n"]
    {
        let mut tls = raw_tls(node.at, &authority, Some(&member), Some(ALPN)).await.unwrap();
        let mut hello = [0; 5];
        tls.read_exact(&mut hello).await.unwrap();
        assert_eq!(hello, [4, 1, 0, 1, 0]);
        // It may hang up while we still write.
        let _ = tls.write_all(bytes).await;
        let _ = tls.flush().await;
        let mut more = Vec::new();
        let _ = tls.read_to_end(&mut more).await;
        assert!(more.len() <= 64, "{more:?}");
    }
    assert_eq!((*node.endpoint.connections().borrow(), *node.taken.borrow()), (0, (0, 0)));
    // Another ALPN is none that is known here.
    assert!(raw_tls(node.at, &authority, Some(&member), Some(b"h2")).await.is_err());
    assert!(connect(&member, node.at).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_says_in_place_of_its_versions_is_held_to_limit_and_time() {
    let authority = authority(1);
    let alice = bundle(&authority, Role::Operator, "alice");
    let limits = Limits { handshake_timeout: Duration::from_millis(500), ..Limits::default() };
    let rogue = bundle(&authority, Role::Node, "n1");
    for (alpn, says) in [
        (Some(ALPN), &[4, 0, 0, 1, 0][..]),
        (Some(ALPN), &[4, 2, 0, 1, 0]),
        (Some(ALPN), &[0; 64]),
        (Some(ALPN), &[0xff; 4096]),
        (None, &[0, 0]),
    ] {
        let (at, _) = rogue_server(rogue.clone(), alpn, says).await;
        let found = why(Client::connect_with(&alice, &[address(at)], limits.clone()).await);
        assert!(matches!(&found, Unreached::NotPacketStream(why) if why.starts_with("it says")), "{found:?}");
    }
    for (alpn, says) in [(Some(ALPN), &[][..]), (Some(ALPN), &[4, 1, 0]), (None, &[1])] {
        let (at, _) = rogue_server(rogue.clone(), alpn, says).await;
        assert_eq!(why(Client::connect_with(&alice, &[address(at)], limits.clone()).await), Unreached::Timeout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_known_ends_its_conversation_and_not_the_connection() {
    let authority = authority(1);
    let (node, at) = saying(&authority, Versions::OURS).await;
    let asking = asking(&authority, Versions::OURS);
    let peer = asking.connect(&address(at), None).await.unwrap();
    let unknown = |kind: u16, body: &[u8]| [&codec::frame_header(kind, body).unwrap()[..], body].concat();
    for (body, what) in [(&[99][..], "99 of Request"), (&[9, 98], "98 of PeerRequest"), (&[8, 97], "97 of Admin")] {
        let mut stream = peer.open_silent().await.unwrap();
        stream.send_raw(&unknown(Request::TYPE, body)).await.unwrap();
        let answer = stream.recv().await.unwrap();
        let Some(Response::Refused(refusal)) = answer else { panic!("{answer:?}") };
        assert_eq!(refusal.code, RefusalCode::BadRequest);
        let line = format!(
            "message of type 2 holds number {what}, which this program does not know: it speaks version 1 of the \
             protocol, and who sent this probably a newer one"
        );
        assert_eq!(refusal.message, line);
        assert_eq!(peer.call(&Request::Status).await.unwrap(), Response::Ready(Ready { credit: 1 }));
    }
    // Of the machines' messages, one that is not known is passed over.
    let mut stream = peer.open(&Request::Peer(PeerRequest::Converse)).await.unwrap();
    let known = ClusterMessage { incarnation: 1, facts: Vec::new(), body: Body::Gossip };
    stream.send(&known).await.unwrap();
    stream.send_raw(&unknown(ClusterMessage::TYPE, &[1, 0, 99, 1, 2, 3])).await.unwrap();
    stream.send(&known).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(stream.recv().await.unwrap(), Some(Response::Ready(Ready { credit: 121 })));
    assert_eq!(*node.connections().borrow(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_peer_is_too_old_for_is_not_sent() {
    let authority = authority(1);
    let (_node, at) = saying(&authority, Versions::OURS).await;
    let asking = asking(&authority, Versions::OURS);
    let peer = asking.connect(&address(at), None).await.unwrap();
    let mut stream = peer.open_silent().await.unwrap();
    stream.set_version(FIRST_VERSION - 1);
    let refused = stream.send(&Request::Status).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the peer speaks version 0 of the protocol, and this needs version 1: the peer is older, upgrade it"
    );
    // Nothing has gone out.
    stream.set_version(FIRST_VERSION);
    stream.send(&Request::Status).await.unwrap();
    assert_eq!(stream.recv().await.unwrap(), Some(Response::Ready(Ready { credit: 1 })));
}

// ---- Who may ask for what.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_gets_what_the_table_grants_and_no_more() {
    let authority = authority(1);
    let mut node = node(&authority, Limits::default()).await;
    let mut granted = 0;
    for role in Role::ALL {
        let client = connect(&bundle(&authority, role, "x"), node.at).await.unwrap();
        for (kind, host) in RequestKind::ALL.into_iter().flat_map(|kind| [(kind, OWN_HOST), (kind, OTHER_HOST)]) {
            let allowed = match role.grant(kind) {
                Grant::Always => true,
                Grant::OwnHosts => host == OWN_HOST,
                Grant::Never => false,
            };
            granted += u32::from(allowed);
            match client.call(&request(kind, host)).await {
                Ok(_) => assert!(allowed, "{role} {kind:?} {host}"),
                Err(RpcError::Refused(refusal)) => {
                    assert!(!allowed, "{role} {kind:?} {host}");
                    assert_eq!(refusal.code, RefusalCode::Unauthorised);
                    assert!(refusal.message.starts_with(&format!("x has the role {role}, which does not allow")));
                }
                Err(error) => panic!("{role} {kind:?}: {error}"),
            }
        }
    }
    // What was refused never came to the handler.
    let (_, begun) = *node.taken.wait_for(|(_, begun)| *begun >= granted).await.unwrap();
    assert_eq!(begun, granted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_over_its_limits_is_refused() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let client = connect(&bundle(&authority, Role::Reader, "bob"), node.at).await.unwrap();
    let Request::Query(mut long) = query(false) else { unreachable!() };
    long.filter = "x".repeat(packetstream_protocol::limits::MAX_FILTER_BYTES + 1);
    let refused = client.call(&Request::Query(long)).await;
    assert!(matches!(refused, Err(RpcError::Refused(Refusal { code: RefusalCode::BadRequest, .. }))), "{refused:?}");
    assert_eq!(*node.taken.borrow(), (0, 0));
}

// ---- Frames.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_are_too_large_or_no_request_are_refused_before_their_body() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let client = connect(&bundle(&authority, Role::Node, "n2"), node.at).await.unwrap();
    let header = |len: u32, version: u16, kind: u16| {
        let mut header = vec![0; FRAME_HEADER_BYTES];
        header[..4].copy_from_slice(&len.to_le_bytes());
        header[4..6].copy_from_slice(&version.to_le_bytes());
        header[6..8].copy_from_slice(&kind.to_le_bytes());
        header
    };
    let request_max = Request::SIZE.bytes() as u32;
    let garbled = {
        let mut frame = codec::frame(&Request::Status).unwrap().to_vec();
        frame[FRAME_HEADER_BYTES] ^= 1;
        frame
    };
    for (bytes, reason) in [
        (header(MAX_FRAME_BYTES as u32 + 1, FRAME_VERSION, Request::TYPE), "the limit is"),
        (header(request_max + 1, FRAME_VERSION, Request::TYPE), "the limit is"),
        (header(1, FRAME_VERSION, Response::TYPE), "message of type 3, expected 2"),
        (header(1, FRAME_VERSION + 1, Request::TYPE), "frame of version 2, this program knows 1"),
        (garbled, "checksum of a frame is"),
    ] {
        // Only the header is there; were the body waited for, the answer would say that it did not come in time.
        let mut stream = client.silent().await.unwrap();
        stream.send_raw(&bytes).await.unwrap();
        let answer = stream.recv().await.unwrap();
        let Some(Response::Refused(refusal)) = answer else { panic!("{answer:?}") };
        assert_eq!(refusal.code, RefusalCode::BadRequest);
        assert!(refusal.message.contains(reason), "{refusal}");
    }
    assert_eq!(*node.taken.borrow(), (0, 0));
    // Our own side holds the limit as well.
    let mut put = client.open(&request(RequestKind::Put, OWN_HOST)).await.unwrap();
    let sent = put.send_chunk(&vec![0; MAX_FRAME_BYTES + 1]).await;
    assert!(matches!(sent, Err(RpcError::Codec(CodecError::TooLarge { .. }))));
    // Asked for a chunk, a message is none.
    let other = put.recv_chunk().await;
    assert!(matches!(other, Err(RpcError::Codec(CodecError::Type { expected: 1, found: 3 }))), "{other:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_broken_off_is_no_answer() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let client = connect(&bundle(&authority, Role::Reader, "bob"), node.at).await.unwrap();
    let broken = client.call(&query(true)).await;
    assert!(matches!(broken, Err(RpcError::Closed)), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_waits_for_a_reader_that_does_not_read() {
    struct Slow(watch::Receiver<bool>);
    impl Handler for Slow {
        async fn owns(&self, _: &Caller, _: HostId) -> bool {
            true
        }
        async fn handle(&self, _: Caller, _: Request, mut stream: RpcStream) {
            self.0.clone().wait_for(|read| *read).await.unwrap();
            while stream.recv_chunk().await.is_ok_and(|chunk| chunk.is_some()) {}
            stream.send(&Response::Done).await.unwrap();
            stream.finish().await.unwrap();
        }
    }
    let authority = authority(1);
    let (read, may_read) = watch::channel(false);
    let node = bundle(&authority, Role::Node, "n1");
    let node = Endpoint::start(&node, Limits::default(), Slow(may_read)).unwrap();
    let at = node.listen(&loopback()).await.unwrap();
    let client = connect(&bundle(&authority, Role::Edge, "e1"), at).await.unwrap();
    let stream = client.open(&request(RequestKind::Put, OWN_HOST)).await.unwrap();
    let (mut sender, mut receiver) = stream.split();
    let chunk = vec![0x5a; 1 << 20];
    let mut sending = std::pin::pin!(async {
        for _ in 0..64 {
            sender.send_chunk(&chunk).await.unwrap();
        }
        sender.finish().await.unwrap();
    });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut sending).await;
    assert!(early.is_err(), "64 MiB went nowhere");
    read.send(true).unwrap();
    sending.await;
    assert_eq!(receiver.recv().await.unwrap(), Some(Response::Done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_conversations_at_once_are_all_answered() {
    let authority = authority(1);
    let node = node(&authority, Limits::default()).await;
    let client = connect(&bundle(&authority, Role::Reader, "bob"), node.at).await.unwrap();
    let calls = (0..200).map(|_| client.call(&Request::Status));
    for answer in futures::future::join_all(calls).await {
        assert_eq!(answer.unwrap(), Response::Done);
    }
}

// ---- Limits.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_in_total_are_limited() {
    let authority = authority(1);
    let node = node(&authority, Limits { connections: 2, ..Limits::default() }).await;
    let name = |n: u8| bundle(&authority, Role::Reader, &format!("r{n}"));
    let one = connect(&name(1), node.at).await.unwrap();
    let two = connect(&name(2), node.at).await.unwrap();
    assert_eq!(one.call(&Request::Status).await.unwrap(), Response::Done);
    assert_eq!(two.call(&Request::Status).await.unwrap(), Response::Done);
    assert!(is_turned_away(&name(3), node.at).await);
    drop(one);
    node.endpoint.connections().wait_for(|open| *open == 1).await.unwrap();
    assert!(!is_turned_away(&name(3), node.at).await);
}

/// Whether a connection comes to nothing: at once, or with its first request.
async fn is_turned_away(bundle: &Bundle, at: SocketAddr) -> bool {
    match connect(bundle, at).await {
        Ok(client) => client.call(&Request::Status).await.is_err(),
        Err(_) => true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_one_peer_are_limited() {
    let authority = authority(1);
    let node = node(&authority, Limits { connections_per_peer: 1, ..Limits::default() }).await;
    let (bob, carol) = (bundle(&authority, Role::Reader, "bob"), bundle(&authority, Role::Reader, "carol"));
    let first = connect(&bob, node.at).await.unwrap();
    assert_eq!(first.call(&Request::Status).await.unwrap(), Response::Done);
    assert!(is_turned_away(&bob, node.at).await);
    assert!(!is_turned_away(&carol, node.at).await);
    assert_eq!(first.call(&Request::Status).await.unwrap(), Response::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_handshakes_are_limited_in_number_and_in_time() {
    let authority = authority(1);
    let limits = Limits { pending_connections: 1, handshake_timeout: Duration::from_millis(500), ..Limits::default() };
    let node = node(&authority, limits).await;
    // The first says nothing and holds the only place; the second is hung up on at once, before the first's time is up.
    let mut first = TcpStream::connect(node.at).await.unwrap();
    let mut echo = vec![0; 20];
    first.write_all(&GREETING[..20]).await.unwrap();
    first.read_exact(&mut echo).await.unwrap();
    let mut second = TcpStream::connect(node.at).await.unwrap();
    assert!(is_hung_up(&mut second).await);
    assert!(is_hung_up(&mut first).await);
    assert!(!is_turned_away(&bundle(&authority, Role::Reader, "bob"), node.at).await);
}

async fn is_hung_up(tcp: &mut TcpStream) -> bool {
    matches!(tcp.read(&mut [0; 64]).await, Ok(0) | Err(_))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_of_one_peer_are_limited_over_all_its_connections() {
    let authority = authority(1);
    let node = node(&authority, Limits { substreams_per_peer: 2, ..Limits::default() }).await;
    let bundle = bundle(&authority, Role::Operator, "alice");
    let (one, two) = (connect(&bundle, node.at).await.unwrap(), connect(&bundle, node.at).await.unwrap());
    let put = request(RequestKind::Put, OTHER_HOST);
    let mut first = one.open(&put).await.unwrap();
    let mut second = two.open(&put).await.unwrap();
    for stream in [&mut first, &mut second] {
        assert!(matches!(stream.recv().await, Ok(Some(Response::Ready(_)))));
    }
    let third = two.call(&Request::Status).await;
    let Err(RpcError::Refused(refusal)) = third else { panic!("{third:?}") };
    assert_eq!(refusal.message, "alice has 2 conversations open already, the limit");
    // One ends, and there is room for another.
    first.finish().await.unwrap();
    assert_eq!(first.recv().await.unwrap(), Some(Response::Done));
    assert_eq!(first.recv::<Response>().await.unwrap(), None);
    drop(first);
    while one.call(&Request::Status).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn substreams_of_one_connection_are_limited() {
    let authority = authority(1);
    let node = node(&authority, Limits { substreams_per_connection: 8, ..Limits::default() }).await;
    let asking = Endpoint::start_asking(&bundle(&authority, Role::Operator, "alice"), Limits::default()).unwrap();
    let peer = asking.connect(&address(node.at), None).await.unwrap();
    let put = request(RequestKind::Put, OTHER_HOST);
    let mut open = Vec::new();
    let mut lost = false;
    for _ in 0..32 {
        match peer.open(&put).await {
            Ok(mut stream) => match stream.recv::<Response>().await {
                Ok(Some(_)) => open.push(stream),
                _ => lost = true,
            },
            Err(_) => lost = true,
        }
        if lost {
            break;
        }
    }
    assert!(lost && open.len() <= 8, "{} conversations", open.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_without_a_request_ends() {
    let authority = authority(1);
    let node = node(&authority, Limits { request_timeout: Duration::from_millis(20), ..Limits::default() }).await;
    let client = connect(&bundle(&authority, Role::Reader, "bob"), node.at).await.unwrap();
    let mut stream = client.silent().await.unwrap();
    let answer = stream.recv().await.unwrap();
    let Some(Response::Refused(refusal)) = answer else { panic!("{answer:?}") };
    assert_eq!(refusal.message, "no request within 20ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_is_closed_and_made_again_when_it_is_needed() {
    let authority = authority(1);
    let node = node(&authority, Limits { idle_timeout: Duration::from_millis(20), ..Limits::default() }).await;
    let client = connect(&bundle(&authority, Role::Reader, "bob"), node.at).await.unwrap();
    let mut open = node.endpoint.connections();
    for _ in 0..3 {
        assert_eq!(client.call(&Request::Status).await.unwrap(), Response::Done);
        open.wait_for(|open| *open == 0).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_live_any_more_is_given_up() {
    let authority = authority(1);
    let limits = Limits {
        ping_interval: Duration::from_millis(10),
        ping_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let node = node(&authority, limits).await;
    let bob = bundle(&authority, Role::Edge, "bob");
    // A machine that stops: its runtime is no longer driven, its sockets stay open. This takes ten seconds: libp2p lets a
    // first failure pass, and gives the substream of the next ping that long to be opened.
    let at = node.at;
    let (stopped, client) = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let client = connect(&bob, at).await.unwrap();
            let mut put = client.open(&request(RequestKind::Put, OWN_HOST)).await.unwrap();
            assert!(matches!(put.recv().await, Ok(Some(Response::Ready(_)))));
            (client, put)
        });
        (runtime, client)
    })
    .await
    .unwrap();
    node.endpoint.connections().wait_for(|open| *open == 0).await.unwrap();
    drop(client);
    stopped.shutdown_background();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_without_memory_takes_no_connection() {
    let authority = authority(1);
    let node = node(&authority, Limits { memory_share: 0.0, ..Limits::default() }).await;
    assert!(is_turned_away(&bundle(&authority, Role::Reader, "bob"), node.at).await);
}

#[test]
fn identities_are_bounded() {
    let identities = Identities::default();
    let identity = bundle(&authority(1), Role::Reader, "bob").identity();
    for _ in 0..=tls::MAX_IDENTITIES {
        identities.insert(libp2p::PeerId::random(), identity.clone());
        assert!(identities.len() <= tls::MAX_IDENTITIES);
    }
    let last = libp2p::PeerId::random();
    identities.insert(last, identity.clone());
    assert_eq!(identities.get(&last), Some(identity));
}

#[test]
fn of_too_many_identities_the_oldest_go() {
    let identities = Identities::default();
    let identity = bundle(&authority(1), Role::Reader, "bob").identity();
    let peers: Vec<_> = (0..=tls::MAX_IDENTITIES).map(|_| libp2p::PeerId::random()).collect();
    let [first, second, rest @ ..] = peers.as_slice() else { panic!("there are more than two") };
    for peer in &peers[..tls::MAX_IDENTITIES] {
        identities.insert(*peer, identity.clone());
    }
    // The first proves itself again: now the second is the oldest.
    identities.insert(*first, identity.clone());
    assert_eq!(identities.len(), tls::MAX_IDENTITIES);
    identities.insert(peers[tls::MAX_IDENTITIES], identity);
    assert!(identities.get(second).is_none());
    assert!(std::iter::once(first).chain(rest).all(|peer| identities.get(peer).is_some()));
}

// ---- Nobody there.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_reached_is_listed_with_the_reason() {
    let authority = authority(1);
    let bob = bundle(&authority, Role::Reader, "bob");
    assert_eq!(Client::connect(&bob, &[]).await.err(), Some(ConnectError::NoAddress));

    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let refused = connect(&bob, free).await.err().unwrap();
    assert_eq!(
        refused.to_string(),
        format!(
            "{free}: no node answers there (Connection refused (os error 111)): is it running, and is this its address?"
        )
    );
    let name: Address = "no-such-host.invalid:1".parse().unwrap();
    let both = Client::connect(&bob, &[address(free), name]).await.err().unwrap().to_string();
    assert!(both.starts_with(&format!("none of 2 nodes could be reached: {free}: no node answers there")), "{both}");
    assert!(both.contains("; no-such-host.invalid:1: no such host name ("), "{both}");
    assert!(!both.contains('\n'));

    // A seed of the bundle that does not answer is followed by the next.
    let node = node(&authority, Limits::default()).await;
    let seeded = bob.with_seeds(vec![address(free), address(node.at)]);
    let client = Client::connect(&seeded, &[]).await.unwrap();
    assert_eq!(client.node().await.unwrap().0, node.endpoint.node());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_else_on_the_port_is_called_so() {
    let authority = authority(1);
    let bob = bundle(&authority, Role::Reader, "bob");
    for banner in ["SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(banner.as_bytes()).await.unwrap();
            // What such a server does with what it does not understand.
            let _ = tcp.read(&mut [0; 256]).await;
        });
        let found = why(connect(&bob, at).await);
        assert!(matches!(found, Unreached::NotPacketStream(_)), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_takes_the_connection_and_says_nothing_is_not_waited_for() {
    let authority = authority(1);
    let bob = bundle(&authority, Role::Reader, "bob");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let limits = Limits { handshake_timeout: Duration::from_millis(20), ..Limits::default() };
    let client = Client::connect_with(&bob, &[address(at)], limits).await;
    assert_eq!(why(client), Unreached::Timeout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listening_says_what_is_wrong() {
    let authority = authority(1);
    let one = node(&authority, Limits::default()).await;
    let (answers, _) = Answers::new();
    let two = Endpoint::start(&bundle(&authority, Role::Node, "n2"), Limits::default(), answers).unwrap();
    let taken = two.listen(&address(one.at)).await;
    assert_eq!(taken, Err(ListenError::InUse { address: address(one.at) }));
    let elsewhere = two.listen(&"192.0.2.1:0".parse().unwrap()).await;
    assert!(matches!(elsewhere, Err(ListenError::Io { .. })), "{elsewhere:?}");
    let asking = Endpoint::start_asking(&bundle(&authority, Role::Edge, "e1"), Limits::default()).unwrap();
    assert_eq!(asking.listen(&loopback()).await, Err(ListenError::NotANode { role: Role::Edge }));
}
