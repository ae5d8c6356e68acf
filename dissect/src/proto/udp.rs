//! User Datagram Protocol (RFC 768), and which protocol a datagram carries.

use crate::bindings::{self, Binding, Table};
use crate::conversation::Conversations;
use crate::dissector::{Address, Dissector, Endpoints, Transport};
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Udp, "udp", "User Datagram Protocol";
    SRCPORT = field("udp.srcport", "Source Port", Uint16, Dec);
    DSTPORT = field("udp.dstport", "Destination Port", Uint16, Dec);
    PORT = field("udp.port", "Source or Destination Port", Uint16, Dec);
    STREAM = field("udp.stream", "Stream index", Uint32, Dec).fed_by(ProtoId::Sdp);
    LENGTH = field("udp.length", "Length", Uint16, Dec);
    CHECKSUM = field("udp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("udp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    TIME_RELATIVE = field("udp.time_relative", "Time since first frame", RelativeTime, None).fed_by(ProtoId::Sdp);
    TIME_DELTA = field("udp.time_delta", "Time since previous frame", RelativeTime, None).fed_by(ProtoId::Sdp);
    PAYLOAD = field("udp.payload", "Payload", Bytes, None);
    POSSIBLE_TRACEROUTE = expert("udp.possible_traceroute", "Possible traceroute", Chat, Sequence);
    LENGTH_BAD = expert("udp.length.bad", "Bad length value", Error, Malformed);
    LENGTH_BAD_ZERO = expert("udp.length.bad_zero", "Length is zero but payload < 65536", Warning, Protocol);
    CHECKSUM_ZERO = expert("udp.checksum.zero", "Illegal checksum value (0)", Error, Checksum);
}

/// What became of a checksum (`*.checksum.status` of all protocols).
pub(crate) const CHECKSUM_STATUSES: &[(u64, &str)] =
    &[(0, "Bad"), (1, "Good"), (2, "Unverified"), (3, "Not present"), (4, "Illegal")];
pub(crate) const UNVERIFIED: u64 = 2;
const NOT_PRESENT: u64 = 3;
const ILLEGAL: u64 = 4;

const HEADER_LEN: usize = 8;

/// The ports that traceroute programs send to: three attempts for each of ten hops.
const TRACEROUTE_PORTS: std::ops::RangeInclusive<u16> = 33_435..=33_464;

/// How many conversations are remembered. At 100 bytes each they take at most 100 MB.
pub const MAX_CONVERSATIONS: usize = 1_000_000;
/// How many announced addresses and ports are remembered. A call announces four.
pub const MAX_ANNOUNCED: usize = 262_144;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::UdpPort, Table::UdpHeuristic, Table::Media],
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500 0020 0001 0000 4011 0000 0a000001 0a000002  c000 829b 000c 1234 61626364",
            "4500 0020 0001 0000 4011 0000 0a000002 0a000001  c001 c000 000d 0000 61626364",
        ],
    }],
    ..Protocol::new(ProtoId::Udp, "UDP", &[Binding::IpProto(17)], dissect)
};

/// What the first pass says of one datagram: `Fact::Udp`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Known {
    stream: u32,
    child: Option<ProtoId>,
    since_first: i64,
    since_previous: i64,
}

struct Conversation {
    /// Its number, once its first datagram came.
    stream: Option<u32>,
    /// When its first datagram came, once one did.
    first: Option<i64>,
    previous: i64,
    /// The protocol that claimed the conversation, or for which it was announced.
    child: Option<ProtoId>,
}

impl Conversation {
    fn new(child: Option<ProtoId>) -> Self {
        Self { stream: None, first: None, previous: 0, child }
    }
}

/// The UDP conversations of the first pass.
pub(crate) struct Flows {
    conversations: Conversations<Conversation>,
    /// What signalling announced: an address and port at which a protocol will be heard, whoever speaks.
    announced: Conversations<Conversation>,
    opened: u32,
}

impl Default for Flows {
    fn default() -> Self {
        Self {
            conversations: Conversations::new(MAX_CONVERSATIONS),
            announced: Conversations::new(MAX_ANNOUNCED),
            opened: 0,
        }
    }
}

impl Flows {
    fn place(address: Address, port: u16) -> Endpoints {
        Endpoints { src: address, src_port: port, transport: Transport::Udp, ..Endpoints::default() }
    }

    /// Binds an address and port to a protocol for all that follows; an earlier binding gives way. What is heard there
    /// is a conversation of its own, whoever the other end is.
    pub(crate) fn announce(&mut self, address: Address, port: u16, proto: Option<ProtoId>) {
        let conversation = Conversation::new(proto);
        let place = Self::place(address, port);
        match self.announced.get_mut(place) {
            Some(before) => *before = conversation,
            None => {
                self.announced.get_or_insert_with(place, || conversation);
            }
        }
    }

    /// What was announced for the sender or, failing that, for the receiver.
    fn announced(announced: &mut Conversations<Conversation>, endpoints: Endpoints) -> Option<&mut Conversation> {
        if announced.len() == 0 {
            return None;
        }
        let to = Self::place(endpoints.dst, endpoints.dst_port);
        let from = Self::place(endpoints.src, endpoints.src_port);
        let place = if announced.get_mut(from).is_some() { from } else { to };
        announced.get_mut(place)
    }

    /// Counts a datagram to its conversation: one between the two ends, else one that was announced, else a new one.
    fn follow(&mut self, endpoints: Endpoints, time: i64, has_payload: bool) -> Known {
        let (key, _) = endpoints.conversation();
        if self.conversations.get_mut(key).is_none() {
            if let Some(conversation) = Self::announced(&mut self.announced, endpoints) {
                return conversation.count(time, has_payload, &mut self.opened);
            }
            self.conversations.get_or_insert_with(key, || Conversation::new(None));
        }
        let opened = &mut self.opened;
        let known = self.conversations.get_mut(key).map(|found| found.count(time, has_payload, opened));
        let mut known = known.unwrap_or_default();
        if known.child.is_none() {
            known.child = Self::announced(&mut self.announced, endpoints).and_then(|announced| announced.child);
        }
        known
    }
}

impl Flows {
    /// The number of the conversation that a datagram was counted to.
    pub(crate) fn stream(&mut self, endpoints: Endpoints) -> Option<u32> {
        let (key, _) = endpoints.conversation();
        if self.conversations.get_mut(key).is_none() {
            return Self::announced(&mut self.announced, endpoints)?.stream;
        }
        self.conversations.get_mut(key)?.stream
    }
}

impl Conversation {
    /// `opened` is how many conversations have a number.
    fn count(&mut self, time: i64, has_payload: bool, opened: &mut u32) -> Known {
        if self.first.is_none() {
            self.previous = time;
        }
        let first = *self.first.get_or_insert(time);
        let stream = *self.stream.get_or_insert_with(|| {
            let next = opened.saturating_add(1);
            std::mem::replace(opened, next)
        });
        let known = Known {
            stream,
            child: self.child,
            since_first: time.saturating_sub(first),
            since_previous: time.saturating_sub(self.previous),
        };
        if has_payload {
            self.previous = time;
        }
        known
    }
}

/// Lets the rest of the UDP conversation at hand be `proto`, whatever its ports.
// For protocols that know a conversation by its first datagrams.
#[allow(dead_code)]
pub(crate) fn claim(d: &mut Dissector<'_>, proto: ProtoId) {
    let endpoints = d.endpoints;
    if let Some(flows) = d.flows()
        && let Some(conversation) = flows.udp.conversations.get_mut(endpoints.conversation().0)
    {
        conversation.child = Some(proto);
    }
}

/// Looks the conversation up and keeps what the second pass will show; does nothing in that one.
fn follow(d: &mut Dissector<'_>, has_payload: bool) {
    let (endpoints, time) = (d.endpoints, d.packet.time);
    let is_counted = has_payload && !d.is_quoted;
    let Some(flows) = d.flows_even_quoted() else {
        return;
    };
    let known = flows.udp.follow(endpoints, time, is_counted);
    if known.child.is_some() || [STREAM, TIME_RELATIVE, TIME_DELTA].into_iter().any(|field| d.wants_fact(field)) {
        let layer = d.occurrence(ProtoId::Udp);
        d.record(Fact::Udp {
            layer,
            child: known.child,
            stream: known.stream,
            since_first: known.since_first,
            since_previous: known.since_previous,
        });
    }
}

fn known(d: &mut Dissector<'_>) -> Option<Known> {
    let here = d.occurrence(ProtoId::Udp);
    d.fact(|fact| match *fact {
        Fact::Udp { layer, child, stream, since_first, since_previous } if layer == here => {
            Some(Known { stream, child, since_first, since_previous })
        }
        _ => None,
    })
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    d.set_protocol("UDP");
    let (src, dst) = (tvb.u16(0)?, tvb.u16(2)?);
    d.endpoints.transport = Transport::Udp;
    (d.endpoints.src_port, d.endpoints.dst_port) = (src, dst);
    d.text(item, || format!("User Datagram Protocol, Src Port: {src}, Dst Port: {dst}"));
    d.set_info(|| format!("{src} → {dst}"));
    let probed = [dst, src].into_iter().find(|port| TRACEROUTE_PORTS.contains(port));
    d.add(SRCPORT, tvb, 0, 2, Value::Uint(src.into()));
    if probed == Some(src) && probed != Some(dst) {
        d.within(|d| traceroute(d, tvb, 0, src));
    }
    d.add(DSTPORT, tvb, 2, 2, Value::Uint(dst.into()));
    if probed == Some(dst) {
        d.within(|d| traceroute(d, tvb, 2, dst));
    }
    d.hidden(PORT, tvb, 0, 2, Value::Uint(src.into()));
    d.hidden(PORT, tvb, 2, 2, Value::Uint(dst.into()));

    let Some(len) = length(d, tvb)? else {
        d.close();
        return Ok(());
    };
    checksum(d, tvb)?;
    let payload = tvb.sub(HEADER_LEN, len.saturating_sub(HEADER_LEN));
    follow(d, payload.reported() > 0);
    let known = known(d);
    if let Some(known) = known {
        d.generated(STREAM, tvb, 8, 0, Value::Uint(known.stream.into()));
        if payload.reported() > 0 && !d.is_quoted {
            d.open_text(tvb, 0, 0, || "[Timestamps]".to_owned());
            let times = [(TIME_RELATIVE, known.since_first), (TIME_DELTA, known.since_previous)];
            for (field, time) in times {
                d.generated(field, tvb, 0, 0, Value::Time(time));
            }
            d.close();
        }
    }
    if payload.is_empty() {
        d.close();
        return Ok(());
    }
    if payload.bytes().is_empty() {
        return Err(Stop::Short);
    }
    // The value goes on to the end of what the network layer brought, whatever the length says.
    let rest = tvb.from(HEADER_LEN);
    let item = d.bytes(PAYLOAD, rest, 0, rest.len());
    d.text(item, || format!("UDP payload ({})", octets(payload.len())));
    d.close();
    hand_on(d, payload, known.and_then(|known| known.child));
    Ok(())
}

/// A number of octets in words.
pub(crate) fn octets(len: usize) -> String {
    format!("{len} byte{}", if len == 1 { "" } else { "s" })
}

fn traceroute<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, port: u16) {
    let probe = port.saturating_sub(*TRACEROUTE_PORTS.start());
    d.expert_with(POSSIBLE_TRACEROUTE, tvb, at, 2, || {
        format!("Possible traceroute: hop #{}, attempt #{}", probe / 3 + 1, probe % 3 + 1)
    });
}

/// Shows the length; answers how many octets the datagram has, header included, or nothing where it is no datagram.
fn length<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Option<usize>, Stop> {
    let len = usize::from(tvb.u16(4)?);
    let item = d.add(LENGTH, tvb, 4, 2, Value::Uint(len as u64));
    let there = tvb.reported();
    let is_ipv6 = matches!(d.endpoints.src, Address::Ipv6(_));
    if len == 0 && is_ipv6 {
        // RFC 2675, 4: the datagram is as long as the jumbo payload option says.
        d.append_info(|| format!(" Len={} [Jumbogram]", there.saturating_sub(HEADER_LEN)));
        if there < 65_536 {
            d.within(|d| d.expert(LENGTH_BAD_ZERO, tvb, 4, 2));
        }
        return Ok(Some(there));
    }
    if len < HEADER_LEN {
        d.append_text(item, || " (bogus, must be >= 8)".to_owned());
        d.within(|d| {
            d.expert_with(LENGTH_BAD, tvb, 4, 2, || format!("Bad length value {len} < 8"));
        });
        d.append_info(|| format!(" [BAD UDP LENGTH {len} < 8]"));
        return Ok(None);
    }
    if len > there && !d.is_fragment && !d.is_quoted {
        d.append_text(item, || format!(" (bogus, payload length {there})"));
        d.within(|d| {
            d.expert_with(LENGTH_BAD, tvb, 4, 2, || format!("Bad length value {len} > IP payload length"));
        });
        d.append_info(|| format!(" [BAD UDP LENGTH {len} > IP PAYLOAD LENGTH]"));
    }
    d.append_info(|| format!(" Len={}", len - HEADER_LEN));
    Ok(Some(len))
}

/// Shows the checksum, which is not verified: network adapters fill it in after the capture has been taken.
fn checksum<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let checksum = tvb.u16(6)?;
    let item = d.add(CHECKSUM, tvb, 6, 2, Value::Uint(checksum.into()));
    let is_ipv6 = matches!(d.endpoints.src, Address::Ipv6(_));
    if checksum != 0 {
        d.append_text(item, || " [unverified]".to_owned());
        d.generated(CHECKSUM_STATUS, tvb, 6, 0, Value::Uint(UNVERIFIED));
    } else if is_ipv6 && !d.is_quoted {
        // RFC 8200, 8.1: zero is no checksum there.
        d.append_text(item, || " [zero-value illegal]".to_owned());
        d.within(|d| {
            d.expert(CHECKSUM_ZERO, tvb, 6, 2);
            d.generated(CHECKSUM_STATUS, tvb, 6, 0, Value::Uint(ILLEGAL));
        });
        d.append_info(|| " [ILLEGAL CHECKSUM (0)]".to_owned());
    } else {
        d.append_text(item, || " [zero-value ignored]".to_owned());
        d.within(|d| {
            d.generated(CHECKSUM_STATUS, tvb, 6, 0, Value::Uint(NOT_PRESENT));
        });
    }
    Ok(())
}

/// Hands the payload to whom the conversation belongs, else to whom a port belongs, the lower one first, else to who
/// knows it by its looks.
fn hand_on<'a>(d: &mut Dissector<'a>, payload: Tvb<'a>, claimed: Option<ProtoId>) {
    if let Some(id) = claimed
        && d.offer(id, payload)
    {
        return;
    }
    let (src, dst) = (d.endpoints.src_port, d.endpoints.dst_port);
    for port in [src.min(dst), src.max(dst)] {
        if port != 0 && d.call_by_number(Table::UdpPort, port, payload) {
            return;
        }
    }
    for (id, looks_like) in bindings::UDP_HEURISTICS.iter() {
        if looks_like(d, payload) {
            d.call(*id, payload);
            return;
        }
    }
    d.call(ProtoId::Data, payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(src_port: u16, dst_port: u16) -> Endpoints {
        Endpoints {
            src: Address::Ipv4([10, 0, 0, 1]),
            dst: Address::Ipv4([10, 0, 0, 2]),
            transport: Transport::Udp,
            src_port,
            dst_port,
        }
    }

    #[test]
    fn both_directions_are_one_stream_and_an_empty_datagram_counts_for_no_time() {
        let mut flows = Flows::default();
        assert_eq!(flows.follow(endpoints(1, 2), 10, false), Known::default());
        let known = flows.follow(endpoints(1, 2).reversed(), 15, true);
        assert_eq!((known.stream, known.since_first, known.since_previous), (0, 5, 5));
        let known = flows.follow(endpoints(1, 2), 18, true);
        assert_eq!((known.stream, known.since_first, known.since_previous), (0, 8, 3));
        assert_eq!(flows.follow(endpoints(1, 3), 18, true).stream, 1);
    }

    #[test]
    fn an_announced_address_is_a_stream_of_its_own_and_a_later_announcement_takes_its_place() {
        let mut flows = Flows::default();
        flows.announce(Address::Ipv4([10, 0, 0, 2]), 2, Some(ProtoId::Data));
        let known = flows.follow(endpoints(1, 2), 10, true);
        assert_eq!((known.stream, known.child), (0, Some(ProtoId::Data)));
        flows.announce(Address::Ipv4([10, 0, 0, 2]), 2, Some(ProtoId::Eth));
        let known = flows.follow(endpoints(1, 2).reversed(), 10, true);
        assert_eq!((known.stream, known.child), (1, Some(ProtoId::Eth)));
    }

    #[test]
    fn a_full_table_forgets_the_stream_that_was_idle_longest() {
        let mut flows = Flows { conversations: Conversations::new(2), announced: Conversations::new(1), opened: 0 };
        for (port, stream) in [(1, 0), (2, 1), (1, 0), (3, 2), (1, 0), (2, 3)] {
            assert_eq!(flows.follow(endpoints(port, 9), 0, true).stream, stream);
        }
        flows.announce(Address::Ipv4([10, 0, 0, 2]), 50, Some(ProtoId::Data));
        flows.announce(Address::Ipv4([10, 0, 0, 2]), 51, Some(ProtoId::Data));
        assert_eq!(flows.announced.len(), 1);
    }
}
