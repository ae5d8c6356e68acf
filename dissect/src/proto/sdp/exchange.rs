//! Offers and answers (RFC 3264): which media two sides agreed on, and so what is heard at which address and port.
//!
//! An offer binds nothing. When its answer accepts a medium, both ends of it are bound at once; a medium that is refused
//! (port 0, or the whole offer by a final response without a description) leaves what was bound before as it was. This is
//! where we differ from Wireshark on purpose, which binds what an offer says as soon as it sees it. Of an offer that was
//! neither accepted nor refused in the whole capture its RTP is taken as offered.

use crate::dissector::Address;
use crate::proto::sdp::description::{Description, Media};
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::setup::{Encoding, MAX_ENCODINGS, MAX_TEXT, Setup};

/// How many calls are remembered, at some 500 octets each for the usual one or two offers.
pub(crate) const MAX_CALLS: usize = 16_384;
/// How many offers of one call are remembered: there is one at a time, but on each of the call's hops.
pub(crate) const MAX_OFFERS: usize = 8;

/// The methods that carry offers and answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Method {
    Invite,
    Ack,
    Prack,
    Update,
    Other,
}

impl Method {
    pub(crate) fn read(name: &[u8]) -> Self {
        match name {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"PRACK" => Self::Prack,
            b"UPDATE" => Self::Update,
            _ => Self::Other,
        }
    }
}

/// The SIP message that a description lies in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) call_id: Box<[u8]>,
    pub(crate) sequence: u32,
    /// That of the CSeq header.
    pub(crate) method: Method,
    /// The status code of a response.
    pub(crate) status: Option<u32>,
    /// The frame of the request that it answers, if that was found.
    pub(crate) request: Option<u64>,
    /// The frame that it repeats.
    pub(crate) repeats: Option<u64>,
    pub(crate) from: Address,
    pub(crate) to: Address,
}

/// An address and port.
pub(crate) type Place = (Address, u16);

/// One `m=` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    /// What it is about; nothing for what is not followed.
    proto: Option<ProtoId>,
    /// Nothing where it is refused, or where the address is a name or none.
    place: Option<Place>,
    is_refused: bool,
    is_secure: bool,
    control: Option<Place>,
    encodings: Vec<Encoding>,
}

impl Line {
    fn read(media: &Media<'_>) -> Self {
        let address = match media.address {
            Some(std::net::IpAddr::V4(address)) if !address.is_unspecified() => Some(Address::Ipv4(address.octets())),
            Some(std::net::IpAddr::V6(address)) if !address.is_unspecified() => Some(Address::Ipv6(address.octets())),
            _ => None,
        };
        let is_refused = media.port == 0;
        let place = address.map(|address| (address, media.port)).filter(|_| !is_refused);
        let transport = media.transport.to_ascii_uppercase();
        let proto = match &*transport {
            b"UDPTL" => Some(ProtoId::T38),
            transport if is_rtp(transport) => Some(ProtoId::Rtp),
            _ => None,
        };
        // RFC 3550, 11: RTCP comes to the next port, unless RFC 3605 tells otherwise. Even where RFC 5761 has both share
        // a port the other side may not know of it.
        let control = place
            .filter(|_| proto == Some(ProtoId::Rtp))
            .map(|(address, port)| (address, media.control_port.unwrap_or(port.saturating_add(1))));
        let encodings = media.encodings.iter().take(MAX_ENCODINGS);
        let encodings = encodings.map(|(number, value)| Encoding::read(*number, value)).collect();
        let is_secure = transport.windows(4).any(|part| part == b"SAVP");
        Self { proto, place, is_refused, is_secure, control, encodings }
    }

    /// The lines of a description.
    pub(crate) fn all(description: &Description<'_>) -> Vec<Self> {
        description.media.iter().map(Self::read).collect()
    }

    /// Where something will be heard.
    fn places(&self) -> impl Iterator<Item = Place> {
        self.place.into_iter().chain(self.control)
    }

    /// The same, as an announcement by `frame`.
    fn announcements(&self, frame: u64) -> impl Iterator<Item = Announcement> {
        let media = self.place.map(|place| Announcement { place, frame, is_control: false });
        media.into_iter().chain(self.control.map(|place| Announcement { place, frame, is_control: true }))
    }
}

fn is_rtp(transport: &[u8]) -> bool {
    transport.starts_with(b"RTP/") || transport.starts_with(b"UDP/TLS/RTP/")
}

/// Where a conversation of its own begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Announcement {
    pub(crate) place: Place,
    /// The frame that says so.
    pub(crate) frame: u64,
    /// It is RTCP's, which stays one conversation however often it is announced.
    pub(crate) is_control: bool,
}

/// What a description leads to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    /// Where a conversation of its own begins, whatever is spoken there.
    pub(crate) announced: Vec<Announcement>,
    /// What is heard where from now on.
    pub(crate) bound: Vec<(Place, Setup)>,
    /// The RTP that will be heard if the answer accepts it.
    pub(crate) offered: Vec<(Place, Setup)>,
    /// Where it will not, for the answer does not.
    pub(crate) refused: Vec<Place>,
}

struct Offer {
    sequence: u32,
    method: Method,
    /// A response carries it; the ACK or PRACK answers (RFC 3261, 13.2.1).
    is_in_response: bool,
    from: Address,
    to: Address,
    frame: u64,
    lines: Vec<Line>,
    /// The frame of the answer, of its first copy.
    answered: Option<u64>,
}

#[derive(Default)]
struct Call {
    offers: Vec<Offer>,
}

/// The calls of a capture.
pub(crate) struct Exchanges {
    calls: Recent<Box<[u8]>, Call>,
}

impl Default for Exchanges {
    fn default() -> Self {
        Self { calls: Recent::new(MAX_CALLS) }
    }
}

fn call_text(call_id: &[u8]) -> Box<str> {
    String::from_utf8_lossy(call_id.get(..MAX_TEXT).unwrap_or(call_id)).into()
}

/// Where conversations of their own begin, and nothing more.
fn announced(lines: &[Line], frame: u64) -> Outcome {
    let announced = lines.iter().flat_map(|line| line.announcements(frame)).collect();
    Outcome { announced, ..Outcome::default() }
}

/// Adds what `line` sets up.
fn bind(outcome: &mut Outcome, line: &Line, call_id: &[u8], frame: u64) {
    let Some(proto) = line.proto else { return };
    let make = |proto, encodings| Setup {
        call_id: call_text(call_id),
        encodings,
        is_secure: line.is_secure,
        ..Setup::new(proto, frame, "SDP")
    };
    if let Some(place) = line.place {
        // RFC 9143: several media may share one address and port.
        let is_shared = |bound: &&mut (Place, Setup)| bound.0 == place && bound.1.proto == proto;
        match outcome.bound.iter_mut().find(is_shared) {
            Some((_, setup)) => {
                let room = MAX_ENCODINGS.saturating_sub(setup.encodings.len());
                setup.encodings.extend(line.encodings.iter().take(room).cloned());
            }
            None => outcome.bound.push((place, make(proto, line.encodings.clone()))),
        }
    }
    if let Some(place) = line.control {
        outcome.bound.push((place, make(ProtoId::Rtcp, Vec::new())));
    }
}

impl Exchanges {
    /// A description in a protocol whose offers and answers are not followed: RTP is at once where it says. T.38 is not, for
    /// it may be refused, and until then the address is another medium's.
    pub(crate) fn alone(lines: &[Line], frame: u64) -> Outcome {
        let mut outcome = announced(lines, frame);
        for line in lines {
            if line.proto != Some(ProtoId::T38) {
                bind(&mut outcome, line, b"", frame);
            }
        }
        outcome
    }

    /// An answer whose offer is not known: its own side is.
    fn answer_alone(lines: &[Line], call_id: &[u8], frame: u64) -> Outcome {
        let mut outcome = announced(lines, frame);
        for line in lines {
            bind(&mut outcome, line, call_id, frame);
        }
        outcome
    }

    /// Answers where the RTP would have been that a final response refuses.
    pub(crate) fn refuse(&mut self, message: &Message) -> Vec<Place> {
        let key: Box<[u8]> = message.call_id.get(..MAX_TEXT).unwrap_or(&message.call_id).into();
        let Some(call) = self.calls.get(&key) else { return Vec::new() };
        let is_asked = |offer: &&Offer| (offer.sequence, offer.method) == (message.sequence, message.method);
        call.offers.iter().filter(is_asked).flat_map(|offer| &offer.lines).flat_map(Line::places).collect()
    }

    /// The description in the next message.
    pub(crate) fn see(&mut self, message: &Message, frame: u64, lines: Vec<Line>) -> Outcome {
        let key: Box<[u8]> = message.call_id.get(..MAX_TEXT).unwrap_or(&message.call_id).into();
        if self.calls.get(&key).is_none() {
            self.calls.insert(key.clone(), Call::default());
        }
        let Some(call) = self.calls.get(&key) else { return Outcome::default() };
        match message.status {
            None => call.request(message, frame, lines),
            Some(100..=299) => call.response(message, frame, lines),
            Some(_) => Outcome::default(),
        }
    }
}

impl Call {
    fn request(&mut self, message: &Message, frame: u64, lines: Vec<Line>) -> Outcome {
        let delayed = |offer: &&mut Offer| offer.is_in_response && offer.answered.is_none();
        if matches!(message.method, Method::Ack | Method::Prack)
            && let Some(offer) = self.offers.iter_mut().rev().find(delayed)
        {
            return offer.accept(message, &lines, frame, frame);
        }
        self.offer(message, message.repeats.unwrap_or(frame), lines, false)
    }

    fn response(&mut self, message: &Message, frame: u64, lines: Vec<Line>) -> Outcome {
        let is_asked = |offer: &&mut Offer| {
            !offer.is_in_response && offer.sequence == message.sequence && offer.method == message.method
        };
        let is_this_hop = |offer: &Offer| (offer.from, offer.to) == (message.to, message.from);
        let is_ours = |offer: &&mut Offer| is_asked(offer) && is_this_hop(offer);
        // Where a response comes from another address than the request went to, its offer is the newest one.
        let here = self.offers.iter_mut().rev().find(is_ours).is_some();
        let mut offers = self.offers.iter_mut().rev().filter(is_asked);
        let offer = if here { offers.find(|offer| is_this_hop(offer)) } else { offers.next() };
        // The frame that Wireshark names: of a final response's first copy that of the request.
        let is_own = message.status.is_some_and(|status| status < 200) || message.repeats.is_some();
        let setup = if is_own { frame } else { message.request.unwrap_or(frame) };
        if let Some(offer) = offer {
            return offer.accept(message, &lines, frame, setup);
        }
        if message.request.is_some() {
            // The request had no description: this is the offer.
            return self.offer(message, setup, lines, true);
        }
        if message.method == Method::Other {
            // What answers OPTIONS says what could be heard, not what will.
            return announced(&lines, frame);
        }
        // The request was not captured; what is accepted is known all the same.
        Exchanges::answer_alone(&lines, &message.call_id, frame)
    }

    fn offer(&mut self, message: &Message, frame: u64, lines: Vec<Line>, is_in_response: bool) -> Outcome {
        let mut outcome = announced(&lines, frame);
        let mut bound = Outcome::default();
        for line in lines.iter().filter(|line| line.proto == Some(ProtoId::Rtp)) {
            bind(&mut bound, line, &message.call_id, frame);
        }
        outcome.offered = bound.bound;
        let is_here = |offer: &Offer| {
            (offer.sequence, offer.method, offer.from, offer.to)
                == (message.sequence, message.method, message.from, message.to)
        };
        if message.repeats.is_some() && self.offers.iter().any(is_here) {
            return outcome;
        }
        if self.offers.len() >= MAX_OFFERS {
            self.offers.remove(0);
        }
        self.offers.push(Offer {
            sequence: message.sequence,
            method: message.method,
            is_in_response,
            from: message.from,
            to: message.to,
            frame,
            lines,
            answered: None,
        });
        outcome
    }
}

impl Offer {
    /// Binds what the answer accepts. `setup` is the frame that Wireshark names for what the answer says.
    fn accept(&mut self, message: &Message, answer: &[Line], frame: u64, setup: u64) -> Outcome {
        let call_id = &message.call_id;
        let mut outcome = Outcome::default();
        // An answer that is sent again says nothing new of the other end.
        let first = self.answered.filter(|_| message.repeats.is_some()).unwrap_or(frame);
        self.answered = Some(first);
        for (offered, accepted) in self.lines.iter().zip(answer) {
            // RFC 3264, 6: the answer's lines stand in the order of the offer's; port 0 refuses one.
            let is_agreed = !offered.is_refused && !accepted.is_refused && offered.proto == accepted.proto;
            let is_fax = accepted.proto == Some(ProtoId::T38);
            let own = if is_fax { frame } else { setup };
            outcome.announced.extend(accepted.announcements(own));
            if is_agreed {
                if is_fax {
                    outcome.announced.extend(offered.announcements(own));
                }
                bind(&mut outcome, offered, call_id, if is_fax { first } else { self.frame });
                bind(&mut outcome, accepted, call_id, own);
            } else {
                outcome.refused.extend(offered.places());
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address::Ipv4([10, 0, 0, 1]);
    const B: Address = Address::Ipv4([10, 0, 0, 2]);

    struct Talk {
        exchanges: Exchanges,
        frame: u64,
    }

    impl Talk {
        fn new() -> Self {
            Self { exchanges: Exchanges::default(), frame: 0 }
        }

        /// The next message; answers what it binds as `(port, protocol, frame)`.
        fn next(&mut self, what: (u32, &[u8], u32), media: &str) -> Vec<(u16, ProtoId, u64)> {
            self.next_as(what, media, None)
        }

        /// The same of a message that repeats that of a frame.
        fn next_as(
            &mut self,
            (sequence, method, status): (u32, &[u8], u32),
            media: &str,
            repeats: Option<u64>,
        ) -> Vec<(u16, ProtoId, u64)> {
            self.frame += 1;
            let is_back = status > 0;
            let body = format!("v=0\r\nc=IN IP4 10.0.0.{}\r\n{media}", 1 + u8::from(is_back));
            let lines = Line::all(&Description::read(body.as_bytes()));
            let (from, to) = if is_back { (B, A) } else { (A, B) };
            let message = Message {
                call_id: (*b"c").into(),
                sequence,
                method: Method::read(method),
                status: is_back.then_some(status),
                request: None,
                repeats,
                from,
                to,
            };
            let outcome = self.exchanges.see(&message, self.frame, lines);
            outcome.bound.into_iter().map(|((_, port), setup)| (port, setup.proto, setup.frame)).collect()
        }
    }

    const AUDIO: &str = "m=audio 4000 RTP/AVP 0\r\n";
    const FAX: &str = "m=image 4000 udptl t38\r\n";

    #[test]
    fn an_offer_binds_nothing_before_its_answer() {
        let mut talk = Talk::new();
        assert_eq!(talk.next((1, b"INVITE", 0), AUDIO), []);
        let bound = talk.next((1, b"INVITE", 200), "m=audio 5000 RTP/AVP 0\r\n");
        let (rtp, rtcp) = (ProtoId::Rtp, ProtoId::Rtcp);
        assert_eq!(bound, [(4000, rtp, 1), (4001, rtcp, 1), (5000, rtp, 2), (5001, rtcp, 2)]);
        // T.38 is offered and refused: 488 has no description, another one says port 0.
        assert_eq!(talk.next((2, b"INVITE", 0), FAX), []);
        assert_eq!(talk.next((2, b"INVITE", 488), ""), []);
        assert_eq!(talk.next((3, b"INVITE", 0), FAX), []);
        assert_eq!(talk.next((3, b"INVITE", 200), "m=image 0 udptl t38\r\n"), []);
        assert_eq!(talk.next((4, b"INVITE", 0), FAX), []);
        assert_eq!(talk.next((4, b"INVITE", 200), AUDIO), []);
        assert_eq!(talk.next((5, b"INVITE", 0), FAX), []);
        let bound = talk.next((5, b"INVITE", 200), "m=image 5000 UDPTL t38\r\n");
        assert_eq!(bound, [(4000, ProtoId::T38, 10), (5000, ProtoId::T38, 10)]);
        let again = talk.next_as((5, b"INVITE", 200), "m=image 5000 UDPTL t38\r\n", Some(10));
        assert_eq!(again, [(4000, ProtoId::T38, 10), (5000, ProtoId::T38, 11)]);
    }

    #[test]
    fn one_of_two_lines_may_be_refused() {
        let mut talk = Talk::new();
        talk.next((1, b"INVITE", 0), "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 96\r\na=rtcp:4444\r\n");
        let bound = talk.next((1, b"INVITE", 200), "m=audio 0 RTP/AVP 0\r\nm=video 5002 RTP/AVP 96\r\n");
        let ports: Vec<_> = bound.iter().map(|bound| bound.0).collect();
        assert_eq!(ports, [4002, 4444, 5002, 5003]);
    }

    #[test]
    fn early_media_is_bound_by_a_provisional_answer() {
        let mut talk = Talk::new();
        talk.next((1, b"INVITE", 0), AUDIO);
        assert_eq!(talk.next((1, b"INVITE", 183), "m=audio 5000 RTP/AVP 0\r\n").len(), 4);
        assert_eq!(talk.next((1, b"INVITE", 200), "m=audio 5000 RTP/AVP 0\r\n").len(), 4);
        // Another branch of a fork answers with its own.
        assert_eq!(talk.next((1, b"INVITE", 200), "m=audio 6000 RTP/AVP 0\r\n").len(), 4);
    }

    #[test]
    fn an_answer_without_its_offer_binds_its_own_side() {
        let bound = Talk::new().next((1, b"INVITE", 200), "m=audio 5000 RTP/AVP 0\r\n");
        assert_eq!(bound, [(5000, ProtoId::Rtp, 1), (5001, ProtoId::Rtcp, 1)]);
    }

    #[test]
    fn what_answers_options_binds_nothing() {
        assert_eq!(Talk::new().next((1, b"OPTIONS", 200), AUDIO), []);
    }

    #[test]
    fn media_that_share_a_port_share_its_payload_types() {
        let body = "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n\
            m=video 4000 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n";
        let outcome = Exchanges::alone(&Line::all(&Description::read(body.as_bytes())), 7);
        let (_, setup) = &outcome.bound[0];
        assert_eq!(setup.encoding(97).map(|encoding| &*encoding.name), Some("VP8"));
        assert_eq!(setup.encodings.len(), 2);
        let many = "a=rtpmap:96 x/8000\r\n".repeat(MAX_ENCODINGS + 9);
        let body = format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{AUDIO}{many}{AUDIO}{many}");
        let outcome = Exchanges::alone(&Line::all(&Description::read(body.as_bytes())), 7);
        assert_eq!(outcome.bound[0].1.encodings.len(), MAX_ENCODINGS);
    }

    #[test]
    fn other_protocols_bind_audio_at_once_and_fax_not_at_all() {
        let body = format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{AUDIO}{FAX}");
        let outcome = Exchanges::alone(&Line::all(&Description::read(body.as_bytes())), 7);
        let ports: Vec<_> = outcome.bound.iter().map(|bound| bound.0.1).collect();
        assert_eq!((ports, outcome.announced.len()), (vec![4000, 4001], 3));
    }

    #[test]
    fn an_offer_in_a_response_is_answered_by_ack() {
        let mut exchanges = Exchanges::default();
        let mut see = |method, status, request, frame, media: &str| {
            let body = format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{media}");
            let lines = Line::all(&Description::read(body.as_bytes()));
            let (call_id, from, to) = ((*b"c").into(), A, B);
            let repeats = None;
            let message = Message { call_id, sequence: 1, method, status, request, repeats, from, to };
            exchanges.see(&message, frame, lines).bound.len()
        };
        assert_eq!(see(Method::Invite, Some(200), Some(1), 2, AUDIO), 0);
        assert_eq!(see(Method::Ack, None, None, 3, "m=audio 5000 RTP/AVP 0\r\n"), 4);
    }

    #[test]
    fn no_more_offers_and_calls_than_the_limits() {
        let mut exchanges = Exchanges::default();
        for n in 0..MAX_CALLS as u32 + 10 {
            let call_id: Box<[u8]> = if n < 20 { (*b"c").into() } else { n.to_string().as_bytes().into() };
            let method = Method::Invite;
            let (status, request, repeats) = (None, None, None);
            let message = Message { call_id, sequence: n, method, status, request, repeats, from: A, to: B };
            exchanges.see(&message, n.into(), Vec::new());
            if let Some(call) = exchanges.calls.get(&(*b"c").into()) {
                assert!(call.offers.len() <= MAX_OFFERS);
            }
        }
        assert!(exchanges.calls.len() <= MAX_CALLS);
    }
}
