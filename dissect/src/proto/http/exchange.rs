//! Requests and responses of a connection: which belong together, and what the connection becomes.
//!
//! As Wireshark has it, a request opens an exchange and a response goes to the last one, or opens one of its own when
//! that has a response already.

use std::sync::{Arc, Mutex, PoisonError};

use super::*;
use crate::bindings;
use crate::conversation;
use crate::dissector::{Dissector, Transport};
use crate::facts::Fact;
use crate::proto::tcp;
use crate::recent::Recent;

/// How many connections are remembered.
pub(super) const MAX_CONNECTIONS: usize = 65_536;
/// How many exchanges of all connections are remembered, at about 60 octets each; later ones show nothing of each other.
pub(super) const MAX_EXCHANGES: usize = 1 << 20;
/// How long a URI may be that is remembered for the response, and how long all of them together.
pub(super) const MAX_URI_BYTES: usize = 16 << 10;
pub(super) const MAX_URIS_BYTES: usize = 64 << 20;

/// What is known of one exchange.
#[derive(Clone, Default, Debug)]
struct Exchange {
    /// Frames, 0 for what was not seen.
    request: u64,
    response: u64,
    /// When the request came.
    time: i64,
    /// The last URI before the response, and whether it names its host.
    uri: Option<Arc<str>>,
    is_uri_full: bool,
}

/// The exchanges of one connection. The first pass adds to them, the second one reads them when that is over.
#[derive(Default, Debug)]
pub struct Chain(Mutex<Exchanged>);

#[derive(Default, Debug)]
struct Exchanged {
    exchanges: Vec<Exchange>,
    /// The last URIs of all, with and without host.
    full: Option<Arc<str>>,
    plain: Option<Arc<str>>,
}

/// Where a tunnel leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proxy {
    pub host: String,
    pub port: u16,
}

struct Connection {
    /// Tells a connection from another one on the same ports.
    stream: u32,
    chain: Arc<Chain>,
    /// The target of the last request, if that was CONNECT.
    target: Option<Arc<Proxy>>,
    /// The tunnel that the connection is, and the frame behind which it is.
    tunnel: Option<(Arc<Proxy>, u64)>,
}

/// The connections of the first pass.
pub(crate) struct Exchanges {
    connections: Recent<conversation::Key, Connection>,
    count: usize,
    uri_bytes: usize,
}

impl Default for Exchanges {
    fn default() -> Self {
        Self { connections: Recent::new(MAX_CONNECTIONS), count: 0, uri_bytes: 0 }
    }
}

/// What the first pass takes of a message.
pub(super) enum Message<'a> {
    Request { method: &'a [u8], target: &'a [u8], host: Option<&'a [u8]> },
    Response { status: u16, upgrade: Option<&'a [u8]> },
    Notification,
}

/// The URI that a request stands for (RFC 9112, 3.3), if its host is known.
pub(super) fn full_uri(method: &[u8], target: &[u8], host: Option<&[u8]>) -> Option<String> {
    let host = String::from_utf8_lossy(until_zero(host?));
    let target = headers::ascii(target);
    let is_absolute = target.starts_with("http://") || target.starts_with("https://");
    Some(if is_absolute || method == b"CONNECT" { target } else { format!("http://{host}{target}") })
}

fn until_zero(text: &[u8]) -> &[u8] {
    text.split(|octet| *octet == 0).next().unwrap_or_default()
}

impl Proxy {
    /// The target of a CONNECT request (RFC 9110, 9.3.6).
    fn of(target: &[u8]) -> Option<Self> {
        let target = std::str::from_utf8(target.get(..MAX_URI_BYTES).unwrap_or(target)).ok()?;
        let (host, port) = target.rsplit_once(':')?;
        Some(Self { host: host.to_owned(), port: port.parse().ok()? })
    }
}

/// In the first pass: follows the connection at hand.
pub(super) fn learn(d: &mut Dissector<'_>, message: &Message<'_>) {
    let is_tcp = d.endpoints.transport == Transport::Tcp;
    let stream = if is_tcp { tcp::stream_index(d) } else { 0 };
    let keeps = FROM_FACTS.into_iter().any(|field| d.wants_fact(field));
    let wants_uri = d.wants_fact(RESPONSE_FOR_URI);
    let (frame, time) = (d.packet.number, d.packet.time);
    let (key, _) = d.endpoints.conversation();
    let key = conversation::Key(key);
    let Some(flows) = d.flows() else {
        return;
    };
    let all = &mut flows.http;
    let is_new = all.connections.get(&key).is_none_or(|known| known.stream != stream);
    if is_new {
        let connection = Connection { stream, chain: Arc::default(), target: None, tunnel: None };
        all.connections.insert(key, connection);
    }
    let Some(connection) = all.connections.get(&key) else {
        return;
    };
    let mut at = None;
    if keeps && all.count < MAX_EXCHANGES {
        let mut chain = connection.chain.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = chain.exchanges.len();
        match message {
            Message::Request { method, target, host } => {
                if wants_uri {
                    all.uri_bytes += chain.saw_uri(method, target, *host, MAX_URIS_BYTES.saturating_sub(all.uri_bytes));
                }
                chain.exchanges.push(Exchange { request: frame, time, ..Exchange::default() });
                at = Some(chain.exchanges.len() - 1);
            }
            Message::Response { .. } => at = Some(chain.answer(frame)),
            Message::Notification => {}
        }
        all.count += chain.exchanges.len() - before;
    }
    let mut becomes = None;
    match message {
        Message::Request { method, target, .. } => {
            connection.target = if *method == b"CONNECT" { Proxy::of(target).map(Arc::new) } else { None };
        }
        Message::Response { status, upgrade } => {
            if let Some(proxy) = connection.target.take().filter(|_| (200..300).contains(status)) {
                let child = bindings::by_number(Table::TcpPort, proxy.port).unwrap_or(ProtoId::Data);
                connection.tunnel = (child != ProtoId::Http).then_some((proxy, frame));
                becomes = Some((child, true));
            }
            if *status == 101
                && let Some(upgrade) = upgrade
            {
                becomes = upgraded(upgrade).map(|child| (child, false));
            }
        }
        Message::Notification => {}
    }
    let chain = connection.chain.clone();
    if let Some(at) = at.and_then(|at| u32::try_from(at).ok()) {
        d.record(Fact::Http { at, chain });
    }
    if !is_tcp {
        return;
    }
    if is_new {
        tcp::claim(d, ProtoId::Http);
    }
    if let Message::Request { method, .. } = message {
        // RFC 9112, 6.3: the answers to HEAD and CONNECT end with their headers.
        tcp::expect_no_body(d, matches!(*method, b"HEAD" | b"CONNECT"));
    }
    match becomes {
        Some((ProtoId::Http, _)) | None => {}
        Some((child, true)) => tcp::claim_via(d, child, ProtoId::Http),
        Some((child, false)) => tcp::claim(d, child),
    }
}

/// The protocol that a connection is upgraded to.
fn upgraded(name: &[u8]) -> Option<ProtoId> {
    name.eq_ignore_ascii_case(b"websocket").then_some(ProtoId::WebSocket)
}

impl Exchanged {
    /// Remembers the URI of a request; answers how many octets that takes.
    fn saw_uri(&mut self, method: &[u8], target: &[u8], host: Option<&[u8]>, left: usize) -> usize {
        let uri = full_uri(method, target, host);
        let is_full = uri.is_some();
        let uri = uri.unwrap_or_else(|| headers::ascii(target));
        if uri.len() > MAX_URI_BYTES.min(left) {
            return 0;
        }
        let len = uri.len();
        let last = if is_full { &mut self.full } else { &mut self.plain };
        *last = Some(uri.into());
        len
    }

    /// Adds a response; answers the place of its exchange.
    fn answer(&mut self, frame: u64) -> usize {
        if self.exchanges.last().is_none_or(|last| last.response != 0) {
            self.exchanges.push(Exchange::default());
        }
        let is_uri_full = self.full.is_some();
        let uri = self.full.clone().or_else(|| self.plain.clone());
        let at = self.exchanges.len() - 1;
        if let Some(last) = self.exchanges.last_mut() {
            (last.response, last.uri, last.is_uri_full) = (frame, uri, is_uri_full);
        }
        at
    }
}

/// What other frames say of a message.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub(super) number: u64,
    /// How many exchanges the connection has.
    pub(super) total: u64,
    /// Frames, 0 for what was not seen.
    pub(super) request: u64,
    pub(super) response: u64,
    pub(super) previous: (u64, u64),
    pub(super) next: (u64, u64),
    /// When the request came.
    pub(super) time: i64,
    pub(super) uri: Option<Arc<str>>,
}

/// What is known of the frame's last message, which stands for all messages of the frame, as in Wireshark.
pub(super) fn known(d: &Dissector<'_>) -> Option<Known> {
    let (at, chain) = d.last_fact(|fact| match fact {
        Fact::Http { at, chain } => Some((*at as usize, chain.clone())),
        _ => None,
    })?;
    let chain = chain.0.lock().unwrap_or_else(PoisonError::into_inner);
    let here = chain.exchanges.get(at)?;
    let frames = |at: Option<usize>| {
        let exchange = at.and_then(|at| chain.exchanges.get(at));
        exchange.map_or((0, 0), |exchange| (exchange.request, exchange.response))
    };
    let uri = if here.is_uri_full { here.uri.clone() } else { chain.full.clone() };
    Some(Known {
        number: at as u64 + 1,
        total: chain.exchanges.len() as u64,
        request: here.request,
        response: here.response,
        previous: frames(at.checked_sub(1)),
        next: frames(at.checked_add(1)),
        time: here.time,
        uri: uri.or_else(|| here.uri.clone()).or_else(|| chain.plain.clone()),
    })
}

/// The tunnel that the message at hand comes through.
pub(super) fn tunnel(d: &mut Dissector<'_>) -> Option<Arc<Proxy>> {
    if d.endpoints.transport != Transport::Tcp {
        return None;
    }
    let frame = d.packet.number;
    let key = conversation::Key(d.endpoints.conversation().0);
    let stream = tcp::stream_index(d);
    if let Some(flows) = d.flows() {
        let connection = flows.http.connections.get(&key).filter(|known| known.stream == stream);
        let tunnel = connection.and_then(|known| known.tunnel.clone()).filter(|(_, since)| *since < frame);
        if let Some((proxy, _)) = tunnel {
            d.record(Fact::HttpTunnel(proxy));
        }
    }
    d.peek_fact(|fact| match fact {
        Fact::HttpTunnel(proxy) => Some(proxy.clone()),
        _ => None,
    })
}
