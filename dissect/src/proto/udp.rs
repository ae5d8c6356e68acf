//! User Datagram Protocol (RFC 768), and which protocol a datagram carries.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use smallvec::SmallVec;

use crate::bindings::{self, Binding, Table};
use crate::conversation::Conversations;
use crate::dissector::{Address, Dissector, Endpoints, Transport};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::proto::rtp;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::setup::Setup;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Udp, "udp", "User Datagram Protocol";
    SRCPORT = field("udp.srcport", "Source Port", Uint16, Dec);
    DSTPORT = field("udp.dstport", "Destination Port", Uint16, Dec);
    PORT = field("udp.port", "Source or Destination Port", Uint16, Dec);
    STREAM = field("udp.stream", "Stream index", Uint32, Dec).fed_by(FEEDERS).told_later();
    LENGTH = field("udp.length", "Length", Uint16, Dec);
    CHECKSUM = field("udp.checksum", "Checksum", Uint16, Hex);
    CHECKSUM_STATUS = field("udp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    TIME_RELATIVE = field("udp.time_relative", "Time since first frame", RelativeTime, None).fed_by(FEEDERS);
    TIME_DELTA = field("udp.time_delta", "Time since previous frame", RelativeTime, None).fed_by(FEEDERS);
    PAYLOAD = field("udp.payload", "Payload", Bytes, None);
    POSSIBLE_TRACEROUTE = expert("udp.possible_traceroute", "Possible traceroute", Chat, Sequence);
    LENGTH_BAD = expert("udp.length.bad", "Bad length value", Error, Malformed);
    LENGTH_BAD_ZERO = expert("udp.length.bad_zero", "Length is zero but payload < 65536", Warning, Protocol);
    CHECKSUM_ZERO = expert("udp.checksum.zero", "Illegal checksum value (0)", Error, Checksum);
}

/// Who says that a conversation begins.
const FEEDERS: &[ProtoId] = &[ProtoId::Sdp, ProtoId::Snmp];

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
/// How many datagrams to or from offered addresses wait for the answer that says what they are. They take 120 octets each.
pub const MAX_EARLY: usize = 8192;
/// How many other datagrams wait while an offer is open: its answer counts from the offer on, at an address that it names.
pub const MAX_UNKNOWN: usize = 1024;
/// How many datagrams that came to or from an announced address are remembered, for the answer to a request before them
/// to count them to another conversation. They take 100 octets each.
pub const MAX_RECENT: usize = 4096;
/// How many datagrams can be counted to another conversation than the one they were found in at first.
pub const MAX_MOVED: usize = 262_144;
/// How many RTP sources of one address are told apart.
pub const MAX_SOURCES: usize = 8;

/// The fields that the datagrams before one tell of it.
pub(crate) const OF_CONVERSATIONS: [FieldId; 3] = [STREAM, TIME_RELATIVE, TIME_DELTA];
/// The protocols that say, or are told, what other datagrams of a conversation are.
pub(crate) const ANNOUNCERS: [ProtoId; 12] = [
    ProtoId::Sdp,
    ProtoId::Skinny,
    ProtoId::H225,
    ProtoId::H245,
    ProtoId::Tftp,
    ProtoId::Quic,
    ProtoId::Gquic,
    ProtoId::Stun,
    ProtoId::Snmp,
    ProtoId::Rtp,
    ProtoId::Rtcp,
    ProtoId::T38,
];

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
    /// Tells it from all others, with and without a number.
    id: u32,
    /// Its number, once its first datagram came.
    stream: Option<u32>,
    /// When its first datagram came, once one did.
    first: Option<i64>,
    previous: i64,
    /// The protocol that claimed the conversation, or for which it was announced.
    child: Option<ProtoId>,
    /// The protocol that took the conversation up.
    owner: Option<ProtoId>,
    /// Its place in [`Flows::successors`].
    successor: Option<u32>,
}

impl Conversation {
    /// `begun` is how many there are.
    fn new(begun: &mut u32, child: Option<ProtoId>) -> Self {
        *begun = begun.wrapping_add(1);
        Self { id: *begun, stream: None, first: None, previous: 0, child, owner: None, successor: None }
    }
}

/// A datagram that was counted to what was announced for one of its ends.
struct Counted {
    frame: u64,
    layer: u8,
    from: Endpoints,
    to: Endpoints,
    /// By the sender's announcement, not the receiver's.
    is_by_sender: bool,
    /// The frame of that announcement.
    announced: u64,
}

/// An address and port that signalling announced: what is heard there is a conversation of its own, whoever the other
/// end is.
struct Announced {
    conversation: Conversation,
    /// The frame that announced it.
    frame: u64,
    /// The frame with which the conversation there began.
    since: u64,
    /// What is heard there, once both sides agreed on it.
    setup: Option<Arc<Setup>>,
    /// The RTP that was offered and neither accepted nor refused.
    offer: Option<Arc<Setup>>,
    /// The RTP sources heard there and their last extended sequence numbers.
    sources: SmallVec<[(u32, u32); 2]>,
}

/// A datagram that came before the answer to an offer.
struct Early {
    frame: u64,
    layer: u8,
    /// The frame of the offer.
    announced: u64,
    to: Endpoints,
    from: Endpoints,
    /// What was agreed on before a newer offer makes it known already.
    is_known: bool,
    /// Where an RTP header would have its fixed part (RFC 3550, 5.1).
    header: [u8; RTP_HEADER_LEN],
}

const RTP_HEADER_LEN: usize = 12;

/// The UDP conversations of the first pass.
pub(crate) struct Flows {
    conversations: Conversations<Conversation>,
    announced: Conversations<Announced>,
    /// In the order of their frames.
    early: VecDeque<Early>,
    /// What came to addresses without an announcement while an offer was open, in the order of their frames.
    unknown: VecDeque<Early>,
    /// How many offers are open.
    offers: usize,
    /// In the order of their frames.
    recent: VecDeque<Counted>,
    /// The numbers of conversations that began before they were known to.
    successors: Vec<Option<u32>>,
    /// The datagrams, by frame and layer, that belong to one of these and not to the one that they were found in: the
    /// second pass knows all conversations when it looks for one.
    moved: BTreeMap<(u64, u8), u32>,
    begun: u32,
    opened: u32,
}

impl Default for Flows {
    fn default() -> Self {
        Self {
            conversations: Conversations::new(MAX_CONVERSATIONS),
            announced: Conversations::new(MAX_ANNOUNCED),
            early: VecDeque::new(),
            unknown: VecDeque::new(),
            offers: 0,
            recent: VecDeque::new(),
            successors: Vec::new(),
            moved: BTreeMap::new(),
            begun: 0,
            opened: 0,
        }
    }
}

impl Flows {
    fn place(address: Address, port: u16) -> Endpoints {
        Endpoints { src: address, src_port: port, transport: Transport::Udp, ..Endpoints::default() }
    }

    /// Lets what is heard at an address and port from `frame` on be a conversation of its own, up to a later frame that
    /// said so before.
    pub(crate) fn announce(&mut self, address: Address, port: u16, frame: u64) {
        let here = Self::place(address, port);
        let successor = self.take_over(here, frame);
        let mut is_new = false;
        let place = self.announced.get_or_insert_with(here, || {
            is_new = true;
            Announced::new(&mut self.begun, frame)
        });
        if !is_new && place.frame < frame {
            (place.conversation, place.frame, place.since) = (Conversation::new(&mut self.begun, None), frame, frame);
        }
        if place.frame == frame && place.conversation.successor.is_none() {
            place.conversation.successor = successor;
        }
    }

    /// As [`Flows::announce`], but nothing new begins where something was announced before.
    pub(crate) fn announce_control(&mut self, address: Address, port: u16, frame: u64) {
        match self.announced.get_mut(Self::place(address, port)) {
            Some(place) => place.frame = place.frame.max(frame),
            None => self.announce(address, port, frame),
        }
    }

    /// Moves the datagrams that came since `frame` to the conversation that it announced for `here`, as it turns out now.
    fn take_over(&mut self, here: Endpoints, frame: u64) -> Option<u32> {
        let mut successor = None;
        for counted in self.recent.iter_mut().rev().take_while(|counted| counted.frame >= frame) {
            let is_by_sender = counted.from == here;
            let is_later = match (is_by_sender, counted.is_by_sender) {
                (true, false) => true,
                (false, true) => false,
                _ => counted.announced < frame,
            };
            if !is_later || !is_by_sender && counted.to != here || self.moved.len() >= MAX_MOVED {
                continue;
            }
            let number = *successor.get_or_insert_with(|| {
                self.successors.push(None);
                self.successors.len() as u32 - 1
            });
            self.moved.insert((counted.frame, counted.layer), number);
            (counted.is_by_sender, counted.announced) = (is_by_sender, frame);
        }
        successor
    }

    /// Begins another conversation between two ends when `owner` takes theirs up, which it does once: the datagram at
    /// hand is its first.
    fn take_up(&mut self, endpoints: Endpoints, (frame, layer): (u64, u8), owner: ProtoId) {
        let (key, _) = endpoints.conversation();
        let conversation = self.conversations.get_or_insert_with(key, || Conversation::new(&mut self.begun, None));
        if conversation.owner == Some(owner) || self.moved.len() >= MAX_MOVED {
            return;
        }
        let number = self.successors.len() as u32;
        self.successors.push(None);
        self.moved.insert((frame, layer), number);
        *conversation = Conversation {
            owner: Some(owner),
            successor: Some(number),
            ..Conversation::new(&mut self.begun, conversation.child)
        };
    }

    /// What the whole capture tells of datagrams: the numbers of those that belong to another conversation than the one
    /// that they were found in, and the media of offers without an answer.
    pub(crate) fn finish(mut self) -> impl Iterator<Item = (u64, Fact)> {
        let mut opened = self.opened;
        let media = self.unanswered();
        let numbers = std::mem::take(&mut self.moved).into_iter().filter_map(move |((frame, layer), at)| {
            let stream = *self.successors.get_mut(at as usize)?.get_or_insert_with(|| {
                opened = opened.saturating_add(1);
                opened.saturating_sub(1)
            });
            Some((frame, Fact::UdpStream { layer, stream }))
        });
        numbers.chain(media)
    }

    /// Announces an address and port at which `proto` is heard.
    pub(crate) fn announce_proto(&mut self, address: Address, port: u16, frame: u64, proto: ProtoId) {
        self.announce(address, port, frame);
        if let Some(place) = self.announced.get_mut(Self::place(address, port)) {
            place.conversation.child = Some(proto);
        }
    }

    /// What is heard at an address and port.
    pub(crate) fn setup(&mut self, address: Address, port: u16) -> Option<&Setup> {
        self.announced.get_mut(Self::place(address, port))?.setup.as_deref()
    }

    /// Says what will be heard at an address and port if it is accepted.
    pub(crate) fn offer(&mut self, address: Address, port: u16, setup: Setup) {
        if let Some(place) = self.announced.get_mut(Self::place(address, port)) {
            let before = place.offer.replace(Arc::new(setup));
            self.offers += usize::from(before.is_none());
        }
    }

    /// Says that it is not.
    pub(crate) fn withdraw(&mut self, address: Address, port: u16) {
        let here = Self::place(address, port);
        if let Some(place) = self.announced.get_mut(here)
            && place.offer.take().is_some()
        {
            self.offers = self.offers.saturating_sub(1);
            self.early.retain(|early| !early.is_known || early.to != here && early.from != here);
        }
    }

    /// What came to or from an address whose offer was neither accepted nor refused, if it looks like RTP.
    fn unanswered(&mut self) -> Vec<(u64, Fact)> {
        let mut facts = Vec::new();
        for early in std::mem::take(&mut self.early) {
            for here in [early.to, early.from] {
                let Some(place) = self.announced.get_mut(here) else { continue };
                let Some(offer) = place.offer.clone() else { continue };
                if early.header[0] >> 6 == 2 {
                    let sequence = if offer.proto == ProtoId::Rtp { place.extend(&early.header) } else { 0 };
                    let setup = match early.announced == offer.frame {
                        true => offer,
                        false => Arc::new(Setup { frame: early.announced, ..Setup::clone(&offer) }),
                    };
                    facts.push((early.frame, Fact::Media { layer: early.layer, sequence, setup }));
                }
                break;
            }
        }
        facts
    }

    /// Says what is heard at an address and port; answers what that makes of datagrams that came before.
    fn bind(&mut self, address: Address, port: u16, setup: Setup) -> Vec<(u64, Fact)> {
        let here = Self::place(address, port);
        let setup = Arc::new(setup);
        let place = self.announced.get_or_insert_with(here, || Announced::new(&mut self.begun, setup.frame));
        // An answer that is sent again names its request, which may be older than what set the same medium up since. Where
        // the conversation goes on the last word counts.
        let goes_on = setup.proto == ProtoId::Rtcp && place.since <= setup.frame;
        let is_older = |before: &Arc<Setup>| before.proto == setup.proto && before.frame > setup.frame && !goes_on;
        if place.setup.as_ref().is_some_and(is_older) {
            return Vec::new();
        }
        place.setup = Some(setup.clone());
        self.offers = self.offers.saturating_sub(place.offer.take().is_some().into());
        let mut facts = Vec::new();
        self.unknown.retain(|unknown| {
            let is_here = (unknown.to == here || unknown.from == here) && unknown.frame > setup.frame;
            if is_here {
                let sequence = place.extend(&unknown.header);
                facts.push((unknown.frame, Fact::Media { layer: unknown.layer, sequence, setup: setup.clone() }));
            }
            !is_here
        });
        self.early.retain(|early| {
            let is_here = early.to == here || early.from == here;
            if is_here && (!early.is_known || setup.proto != ProtoId::T38) {
                let sequence = place.extend(&early.header);
                // It is that offer's which was there when it came.
                let setup = match early.announced == setup.frame || setup.proto == ProtoId::T38 {
                    true => setup.clone(),
                    false => Arc::new(Setup { frame: early.announced, ..Setup::clone(&setup) }),
                };
                facts.push((early.frame, Fact::Media { layer: early.layer, sequence, setup }));
            }
            !is_here
        });
        facts
    }

    /// What a datagram is by what was set up for the receiver or, failing that, for the sender, and its extended sequence
    /// number. One to or from an address that was only offered is remembered.
    fn hear(&mut self, endpoints: Endpoints, (frame, layer): (u64, u8), payload: &[u8]) -> Option<(Arc<Setup>, u32)> {
        if self.announced.len() == 0 {
            return None;
        }
        let to = Self::place(endpoints.dst, endpoints.dst_port);
        let from = Self::place(endpoints.src, endpoints.src_port);
        let (mut offered, mut known, mut is_announced) = (None, None, false);
        for here in [to, from] {
            let Some(place) = self.announced.get_mut(here) else { continue };
            is_announced = true;
            if place.setup.is_none() || place.offer.is_some() {
                offered = offered.or(Some(place.frame));
            }
            if let Some(setup) = place.setup.clone() {
                let sequence = if setup.proto == ProtoId::Rtp { place.extend(payload) } else { 0 };
                known = Some((setup, sequence));
                break;
            }
        }
        let (waiting, limit, announced) = match offered {
            Some(announced) => (&mut self.early, MAX_EARLY, announced),
            None if !is_announced && self.offers > 0 => (&mut self.unknown, MAX_UNKNOWN, 0),
            None => return known,
        };
        if waiting.len() >= limit {
            waiting.pop_front();
        }
        // What is shorter than a header has none.
        let header = payload.first_chunk().copied().unwrap_or_default();
        waiting.push_back(Early { frame, layer, announced, to, from, is_known: known.is_some(), header });
        known
    }

    /// What was announced for the sender or, failing that, for the receiver; and whether it is the sender's.
    fn announced(announced: &mut Conversations<Announced>, endpoints: Endpoints) -> Option<(&mut Announced, bool)> {
        if announced.len() == 0 {
            return None;
        }
        let to = Self::place(endpoints.dst, endpoints.dst_port);
        let from = Self::place(endpoints.src, endpoints.src_port);
        let is_by_sender = announced.get_mut(from).is_some();
        Some((announced.get_mut(if is_by_sender { from } else { to })?, is_by_sender))
    }

    /// Counts a datagram to its conversation: one between the two ends, else one that was announced, else a new one.
    fn follow(&mut self, endpoints: Endpoints, here: (u64, u8), time: i64, has_payload: bool) -> Known {
        let (key, _) = endpoints.conversation();
        if self.conversations.get_mut(key).is_none() {
            if let Some((place, is_by_sender)) = Self::announced(&mut self.announced, endpoints) {
                if self.recent.len() >= MAX_RECENT {
                    self.recent.pop_front();
                }
                let to = Self::place(endpoints.dst, endpoints.dst_port);
                let from = Self::place(endpoints.src, endpoints.src_port);
                let (frame, layer) = here;
                self.recent.push_back(Counted { frame, layer, from, to, is_by_sender, announced: place.frame });
                return place.conversation.count(time, has_payload, &mut self.opened, &mut self.successors);
            }
            self.conversations.get_or_insert_with(key, || Conversation::new(&mut self.begun, None));
        }
        let Some(found) = self.conversations.get_mut(key) else { return Known::default() };
        found.count(time, has_payload, &mut self.opened, &mut self.successors)
    }
}

impl Announced {
    fn new(begun: &mut u32, frame: u64) -> Self {
        let conversation = Conversation::new(begun, None);
        Self { conversation, frame, since: frame, setup: None, offer: None, sources: SmallVec::new() }
    }

    /// The extended sequence number of an RTP packet: that one of those that end in its sequence number which is nearest
    /// to the one before, beginning in the second cycle as Wireshark does.
    fn extend(&mut self, payload: &[u8]) -> u32 {
        let Some([first, _, a, b, _, _, _, _, c, d, e, f]) = payload.first_chunk::<RTP_HEADER_LEN>() else {
            return 0;
        };
        if first >> 6 != 2 {
            return 0;
        }
        let (sequence, ssrc) = (u16::from_be_bytes([*a, *b]), u32::from_be_bytes([*c, *d, *e, *f]));
        let at = match self.sources.iter().position(|source| source.0 == ssrc) {
            Some(at) => at,
            None => {
                if self.sources.len() >= MAX_SOURCES {
                    self.sources.remove(0);
                }
                self.sources.push((ssrc, 0x1_0000));
                self.sources.len() - 1
            }
        };
        let Some(last) = self.sources.get_mut(at).map(|source| &mut source.1) else { return 0 };
        let ahead = sequence.wrapping_sub(*last as u16) as i16;
        *last = last.wrapping_add_signed(ahead.into());
        *last
    }
}

impl Flows {
    /// What tells the conversation of a datagram from all others.
    pub(crate) fn id(&mut self, endpoints: Endpoints) -> Option<u32> {
        let (key, _) = endpoints.conversation();
        if self.conversations.get_mut(key).is_none() {
            return Some(Self::announced(&mut self.announced, endpoints)?.0.conversation.id);
        }
        Some(self.conversations.get_mut(key)?.id)
    }
}

impl Conversation {
    /// `opened` is how many conversations have a number.
    fn count(&mut self, time: i64, has_payload: bool, opened: &mut u32, successors: &mut [Option<u32>]) -> Known {
        if self.first.is_none() {
            self.previous = time;
        }
        let first = *self.first.get_or_insert(time);
        let stream = *self.stream.get_or_insert_with(|| {
            let next = opened.saturating_add(1);
            std::mem::replace(opened, next)
        });
        if let Some(number) = self.successor.take().and_then(|at| successors.get_mut(at as usize)) {
            *number = Some(stream);
        }
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

/// Begins another conversation for `owner` between the two ends at hand, unless it did so before; the datagram at hand is
/// its first.
pub(crate) fn take_up(d: &mut Dissector<'_>, owner: ProtoId) {
    if d.endpoints.transport != Transport::Udp {
        return;
    }
    let (endpoints, here) = (d.endpoints, (d.packet.number, d.occurrence(ProtoId::Udp)));
    if let Some(flows) = d.flows() {
        flows.udp.take_up(endpoints, here, owner);
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

/// Says what is heard at an address and port from now on. For whoever follows signalling, in the first pass; does nothing
/// in the second one.
pub fn bind(d: &mut Dissector<'_>, address: Address, port: u16, setup: Setup) {
    let Some(flows) = d.flows() else { return };
    for (frame, fact) in flows.udp.bind(address, port, setup) {
        d.amend(frame, fact);
    }
}

/// Whether anything that signalling sets up is to be found.
pub(crate) fn wants_media(d: &Dissector<'_>) -> bool {
    [ProtoId::Rtp, ProtoId::Rtcp, ProtoId::T38].into_iter().any(|proto| d.wants_proto(proto))
}

/// Looks the conversation up and keeps what the second pass will show; does nothing in that one.
fn follow<'a>(d: &mut Dissector<'a>, payload: Tvb<'a>) {
    let (endpoints, time) = (d.endpoints, d.packet.time);
    let is_counted = payload.reported() > 0 && !d.is_quoted;
    let hears = is_counted && wants_media(d);
    let here = (d.packet.number, d.occurrence(ProtoId::Udp));
    let Some(flows) = d.flows_even_quoted() else {
        return;
    };
    let known = flows.udp.follow(endpoints, here, time, is_counted);
    let heard = if hears { flows.udp.hear(endpoints, here, payload.bytes()) } else { None };
    if let Some((setup, sequence)) = heard {
        d.record(Fact::Media { layer: here.1, sequence, setup });
    }
    if known.child.is_some() || OF_CONVERSATIONS.into_iter().any(|field| d.wants_fact(field)) {
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
    let moved = d.peek_fact(|fact| match *fact {
        Fact::UdpStream { layer, stream } if layer == here => Some(stream),
        _ => None,
    });
    d.fact(|fact| match *fact {
        Fact::Udp { layer, child, stream, since_first, since_previous } if layer == here => {
            Some(Known { stream: moved.unwrap_or(stream), child, since_first, since_previous })
        }
        _ => None,
    })
}

/// The protocol that the payload was set up for.
fn heard<'a>(d: &mut Dissector<'a>, payload: Tvb<'a>) -> Option<ProtoId> {
    let (setup, _) = media(d)?;
    let proto = setup.proto;
    d.hear(setup, payload);
    Some(proto)
}

/// What the payload of the innermost datagram was set up for, and its extended sequence number.
pub(crate) fn media(d: &Dissector<'_>) -> Option<(Arc<Setup>, u32)> {
    let here = d.occurrence(ProtoId::Udp);
    d.last_fact(|fact| match fact {
        Fact::Media { layer, sequence, setup } if *layer == here => Some((setup.clone(), *sequence)),
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
    follow(d, payload);
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
    // Only quoted datagrams and those without a payload were not listened to.
    let heard = if d.is_quoted { None } else { heard(d, payload) };
    hand_on(d, payload, heard.or(known.and_then(|known| known.child)));
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

/// Hands the payload to whom the conversation belongs, else to whom a port belongs, see [`bindings::in_order`], else to who
/// knows it by its looks.
fn hand_on<'a>(d: &mut Dissector<'a>, payload: Tvb<'a>, claimed: Option<ProtoId>) {
    if let Some(id) = claimed {
        if d.offer(id, payload) {
            return;
        }
        if id == ProtoId::Rtp && !bindings::UDP_HEURISTICS.iter().any(|(_, looks_like)| looks_like(d, payload)) {
            rtp::show_version(d, payload);
        }
    }
    let (src, dst) = (d.endpoints.src_port, d.endpoints.dst_port);
    for port in bindings::in_order(Table::UdpPort, src, dst) {
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
        assert_eq!(flows.follow(endpoints(1, 2), (1, 1), 10, false), Known::default());
        let known = flows.follow(endpoints(1, 2).reversed(), (1, 1), 15, true);
        assert_eq!((known.stream, known.since_first, known.since_previous), (0, 5, 5));
        let known = flows.follow(endpoints(1, 2), (1, 1), 18, true);
        assert_eq!((known.stream, known.since_first, known.since_previous), (0, 8, 3));
        assert_eq!(flows.follow(endpoints(1, 3), (1, 1), 18, true).stream, 1);
    }

    const HERE: Address = Address::Ipv4([10, 0, 0, 2]);

    #[test]
    fn an_announced_address_is_a_stream_of_its_own_and_a_later_announcement_takes_its_place() {
        let mut flows = Flows::default();
        flows.announce(HERE, 2, 1);
        assert_eq!(flows.follow(endpoints(1, 2), (1, 1), 10, true).stream, 0);
        flows.announce(HERE, 2, 1);
        assert_eq!(flows.follow(endpoints(1, 2).reversed(), (1, 1), 10, true).stream, 0);
        flows.announce(HERE, 2, 2);
        assert_eq!(flows.follow(endpoints(1, 2).reversed(), (1, 1), 10, true).stream, 1);
    }

    #[test]
    fn rtcp_stays_one_stream_however_often_it_is_announced() {
        let mut flows = Flows::default();
        for frame in [1, 5, 9] {
            flows.announce_control(HERE, 2, frame);
            assert_eq!(flows.follow(endpoints(1, 2), (frame + 1, 1), 10, true).stream, 0);
        }
    }

    fn moved(flows: Flows) -> Vec<(u64, u32)> {
        let tell = |(frame, fact)| match fact {
            Fact::UdpStream { stream, .. } => (frame, stream),
            _ => panic!("{fact:?}"),
        };
        flows.finish().map(tell).collect()
    }

    #[test]
    fn what_an_answer_announces_counts_from_its_request_on() {
        let mut flows = Flows::default();
        let other = Address::Ipv4([10, 0, 0, 1]);
        flows.announce(HERE, 2, 1);
        assert_eq!(flows.follow(endpoints(1, 2), (2, 1), 10, true).stream, 0);
        flows.announce(other, 1, 1);
        flows.announce(other, 1, 2);
        assert_eq!(flows.follow(endpoints(1, 2).reversed(), (3, 1), 10, true).stream, 0);
        // The conversation of frame 1 has no number of its own until the second pass.
        flows.announce(other, 9, 3);
        assert_eq!(flows.follow(endpoints(9, 2), (4, 1), 10, true).stream, 1);
        assert_eq!(flows.follow(endpoints(1, 3), (5, 1), 10, true).stream, 2);
        assert_eq!(moved(flows), [(2, 2)]);
        let mut flows = Flows::default();
        flows.announce(HERE, 2, 1);
        flows.follow(endpoints(1, 2), (2, 1), 10, true);
        flows.announce(other, 1, 1);
        flows.announce(other, 1, 3);
        assert_eq!(flows.follow(endpoints(1, 2), (3, 1), 10, true).stream, 1);
        assert_eq!(moved(flows), [(2, 2)]);
    }

    #[test]
    fn who_takes_a_conversation_up_begins_another_once() {
        let mut flows = Flows::default();
        for (frame, stream) in [(1, 0), (2, 1), (3, 1)] {
            assert_eq!(flows.follow(endpoints(1, 2), (frame, 1), 10, true).stream, stream);
            flows.take_up(endpoints(1, 2), (frame, 1), ProtoId::Snmp);
        }
        assert_eq!(flows.follow(endpoints(3, 2), (4, 1), 10, true).stream, 2);
        flows.take_up(endpoints(3, 2), (4, 1), ProtoId::Snmp);
        assert_eq!(moved(flows), [(1, 1), (4, 3)]);
    }

    #[test]
    fn no_more_than_the_limit_are_remembered_and_moved() {
        let mut flows = Flows::default();
        flows.announce(HERE, 2, 1);
        for frame in 0..MAX_RECENT as u64 + 10 {
            flows.follow(endpoints(1, 2), (frame, 1), 10, true);
        }
        assert_eq!(flows.recent.len(), MAX_RECENT);
        for frame in 0..MAX_MOVED as u64 + 10 {
            flows.take_up(endpoints((frame >> 16) as u16, frame as u16), (frame, 1), ProtoId::Snmp);
        }
        assert_eq!(flows.moved.len(), MAX_MOVED);
    }

    fn rtp(sequence: u16) -> [u8; 12] {
        let [a, b] = sequence.to_be_bytes();
        [0x80, 0, a, b, 0, 0, 0, 0, 0, 0, 0, 7]
    }

    #[test]
    fn what_came_before_the_answer_is_known_by_it() {
        let mut flows = Flows::default();
        assert_eq!(flows.hear(endpoints(1, 2), (1, 1), &rtp(9)), None);
        flows.announce(HERE, 2, 2);
        assert_eq!(flows.hear(endpoints(1, 2), (3, 1), &rtp(10)), None);
        assert_eq!(flows.hear(endpoints(1, 3), (4, 1), &rtp(10)), None);
        assert_eq!(flows.hear(endpoints(1, 2).reversed(), (5, 1), &rtp(11)), None);
        let facts = flows.bind(HERE, 2, Setup::new(ProtoId::Rtp, 2, "SDP"));
        let facts: Vec<_> = facts
            .into_iter()
            .map(|(frame, fact)| match fact {
                Fact::Media { sequence, .. } => (frame, sequence),
                _ => panic!("{fact:?}"),
            })
            .collect();
        assert_eq!(facts, [(3, 65_546), (5, 65_547)]);
        let (setup, sequence) = flows.hear(endpoints(1, 2), (6, 1), &rtp(65_000)).unwrap();
        assert_eq!((setup.proto, sequence), (ProtoId::Rtp, 65_000));
        // What was set up later stays, unless it is another medium's.
        flows.bind(HERE, 2, Setup::new(ProtoId::Rtp, 1, "SDP"));
        assert_eq!(flows.hear(endpoints(1, 2), (6, 1), &rtp(1)).map(|heard| heard.0.frame), Some(2));
        flows.bind(HERE, 2, Setup::new(ProtoId::T38, 1, "SDP"));
        assert_eq!(flows.hear(endpoints(1, 2), (6, 1), &rtp(1)).map(|heard| heard.0.proto), Some(ProtoId::T38));
        for frame in 0..MAX_EARLY as u64 + 10 {
            flows.announce(HERE, 4, 7);
            flows.hear(endpoints(1, 4), (frame, 1), &rtp(1));
        }
        assert_eq!(flows.early.len(), MAX_EARLY);
    }

    #[test]
    fn an_answer_counts_from_its_offer_on() {
        let mut flows = Flows::default();
        let there = Address::Ipv4([10, 0, 0, 9]);
        flows.announce(there, 50, 1);
        assert_eq!(flows.hear(endpoints(7, 2), (1, 1), &rtp(9)), None);
        flows.offer(there, 50, Setup::new(ProtoId::Rtp, 2, "SDP"));
        assert_eq!(flows.hear(endpoints(7, 2), (3, 1), b"TEST"), None);
        assert_eq!(flows.hear(endpoints(7, 3), (4, 1), &rtp(9)), None);
        let facts = flows.bind(HERE, 2, Setup::new(ProtoId::Rtp, 2, "SDP"));
        assert_eq!(facts.iter().map(|fact| fact.0).collect::<Vec<_>>(), [3]);
        for frame in 5..MAX_UNKNOWN as u64 + 15 {
            flows.hear(endpoints(7, 8), (frame, 1), &rtp(1));
        }
        assert_eq!(flows.unknown.len(), MAX_UNKNOWN);
        flows.bind(there, 50, Setup::new(ProtoId::Rtp, 2, "SDP"));
        assert_eq!(flows.offers, 0);
        flows.unknown.clear();
        flows.hear(endpoints(7, 8), (9999, 1), &rtp(1));
        assert!(flows.unknown.is_empty());
    }

    #[test]
    fn no_more_sources_than_the_limit_are_told_apart() {
        let mut flows = Flows::default();
        flows.bind(HERE, 2, Setup::new(ProtoId::Rtp, 2, "SDP"));
        for ssrc in 0..100 {
            let mut header = rtp(1);
            header[11] = ssrc;
            flows.hear(endpoints(1, 2), (3, 1), &header);
        }
        let place = flows.announced.get_mut(Flows::place(HERE, 2)).unwrap();
        assert_eq!(place.sources.len(), MAX_SOURCES);
    }

    #[test]
    fn a_full_table_forgets_the_stream_that_was_idle_longest() {
        let mut flows =
            Flows { conversations: Conversations::new(2), announced: Conversations::new(1), ..Flows::default() };
        for (port, stream) in [(1, 0), (2, 1), (1, 0), (3, 2), (1, 0), (2, 3)] {
            assert_eq!(flows.follow(endpoints(port, 9), (1, 1), 0, true).stream, stream);
        }
        flows.announce(HERE, 50, 1);
        flows.announce(HERE, 51, 1);
        assert_eq!(flows.announced.len(), 1);
    }
}
