//! What the two ends of a dialog agreed on (RFC 3264), where their media come, and what was heard of them.

use smallvec::SmallVec;

use crate::conversation;
use crate::diagnose::Mark;
use crate::dissector::{Address, Endpoints, Transport};
use crate::proto::sdp::description::Direction;
use crate::recent::Recent;
use crate::rtp_stream::{self, Header, Streams, rtcp};

use super::Place;
use super::fax::Fax;
use super::message::Message;
use super::offer::{Format, Kind, Line, Sdp, common};

/// How many addresses and ports at which media are expected are remembered.
pub const MAX_PLACES: usize = 131_072;
/// How many calls that name one of these are remembered.
const MAX_OWNERS: usize = 4;
/// How many RTP streams of one dialog are followed.
pub const MAX_STREAMS: usize = 16;
/// How many addresses and ports of one dialog are followed: every re-INVITE may move the media.
pub const MAX_SPOTS: usize = 32;

/// The codecs of an offer and of an answer that have none in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    pub mark: Mark,
    pub offered: String,
    pub answered: String,
}

/// What was heard from one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    pub packets: u64,
    /// After the call was answered.
    pub in_call: u64,
    pub first: Option<Mark>,
    pub last: Option<Mark>,
}

impl Heard {
    /// Nanoseconds from the first packet to the last one.
    pub fn span(&self) -> i64 {
        self.first.zip(self.last).map_or(0, |(first, last)| last.time.saturating_sub(first.time))
    }

    pub(super) fn add(&mut self, mark: Mark, is_in_call: bool) {
        self.packets += 1;
        self.in_call += u64::from(is_in_call);
        self.first.get_or_insert(mark);
        self.last = Some(mark);
    }
}

/// A time in which audio was to flow both ways in an answered call, and what was heard in it of both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Phase {
    /// The message that agreed on it.
    pub agreed: Mark,
    pub ns: i64,
    pub heard: [Heard; 2],
}

/// A shorter phase than that does not stand for its call.
const PHASE_NS: i64 = 5_000_000_000;

/// How audio flows by agreement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Mode {
    /// There is none, or it is held.
    #[default]
    Silent,
    OneWay,
    Both,
}

/// A place at which media come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Spot {
    address: Address,
    port: u16,
    /// Whose it is.
    is_caller: bool,
}

/// A dialog: the caller and one of the phones that were called.
pub struct Session {
    /// The tag of the side that was called.
    pub tag: u64,
    /// What either side described last, as far as it was agreed on.
    pub caller: Option<Sdp>,
    pub callee: Option<Sdp>,
    /// An offer in a response, which the ACK or PRACK will answer; whether it is the caller's.
    pending: Option<(bool, Sdp)>,
    pub began: i64,
    pub agreed: Option<Mark>,
    pub answered: Option<i64>,
    pub ended: Option<i64>,
    /// How long audio was to flow both ways in the answered call, and any way, up to `since`.
    pub both_ns: i64,
    pub audio_ns: i64,
    mode: Mode,
    since: i64,
    /// The present phase, while audio is to flow both ways, and the last one before it that was not short.
    phase: Option<Phase>,
    earlier: Option<Phase>,
    /// From the caller, and from the callee.
    pub heard: [Heard; 2],
    streams: Streams,
    /// With the first and the last packet of each, and the first sequence number.
    keys: Vec<(rtp_stream::Key, Mark, Mark, u16)>,
    /// What receivers said of streams.
    reports: Vec<Report>,
    pub fax: Option<Box<Fax>>,
    /// An offer of T.38 alone that was answered by port 0 (RFC 3264, 6).
    pub declined_fax: Option<Mark>,
    pub mismatch: Option<Mismatch>,
    pub has_candidates: bool,
    /// The codecs that were agreed on, in the order in which they were.
    pub codecs: Vec<String>,
    spots: Vec<Spot>,
    is_announced: bool,
}

impl Session {
    pub(super) fn new(tag: u64, time: i64) -> Self {
        Self {
            tag,
            caller: None,
            callee: None,
            pending: None,
            began: time,
            agreed: None,
            answered: None,
            ended: None,
            both_ns: 0,
            audio_ns: 0,
            mode: Mode::Silent,
            since: time,
            phase: None,
            earlier: None,
            heard: [Heard::default(); 2],
            streams: Streams::default(),
            keys: Vec::new(),
            reports: Vec::new(),
            fax: None,
            declined_fax: None,
            mismatch: None,
            has_candidates: false,
            codecs: Vec::new(),
            spots: Vec::new(),
            is_announced: true,
        }
    }

    /// A response to a request that can offer. `from` is the tag of who asked.
    pub(super) fn negotiate(
        &mut self,
        caller: u64,
        from: u64,
        offer: Option<&Sdp>,
        message: &Message,
        is_accept: bool,
    ) {
        let asked_by_caller = from == caller;
        if self.answered.is_none() && self.ended.take().is_some() {
            // It was given up, and goes on all the same: the answer and the CANCEL met on their way.
            self.is_announced = false;
        }
        if let Some(sdp) = &message.sdp {
            match offer {
                Some(offer) => self.agree(asked_by_caller, offer, sdp, message.mark),
                None => self.pending = Some((!asked_by_caller, sdp.clone())),
            }
        }
        if is_accept && message.method == "INVITE" && self.answered.is_none() {
            self.clock(message.mark.time);
            self.answered = Some(message.mark.time);
        }
    }

    /// An ACK or PRACK with a description: it answers the offer of the response before, if there was one.
    pub(super) fn acknowledge(&mut self, caller: u64, from: u64, message: &Message) {
        if let Some(answer) = &message.sdp
            && let Some((by_caller, offer)) = self.pending.take_if(|(by_caller, _)| *by_caller != (from == caller))
        {
            self.agree(by_caller, &offer, answer, message.mark);
        }
    }

    /// Counts the time since the last change.
    fn clock(&mut self, time: i64) {
        if let Some(answered) = self.answered
            && self.ended.is_none()
        {
            let spent = time.saturating_sub(self.since.max(answered)).max(0);
            if self.mode == Mode::Both {
                self.both_ns += spent;
            }
            self.phase.iter_mut().for_each(|phase| phase.ns += spent);
            if self.mode != Mode::Silent {
                self.audio_ns += spent;
            }
        }
        self.since = self.since.max(time);
    }

    fn agree(&mut self, by_caller: bool, offer: &Sdp, answer: &Sdp, mark: Mark) {
        let (caller, callee) = if by_caller { (offer, answer) } else { (answer, offer) };
        let is_same = self.caller.as_ref() == Some(caller) && self.callee.as_ref() == Some(callee);
        if is_same {
            return;
        }
        self.clock(mark.time);
        self.agreed.get_or_insert(mark);
        self.has_candidates |= offer.has_candidates || answer.has_candidates;
        self.mode = Mode::Silent;
        let mut has_fax = false;
        if offer.has(Kind::Fax) && !offer.has(Kind::Audio) && !answer.media.iter().any(Line::is_wanted) {
            self.declined_fax.get_or_insert(mark);
        }
        for (offered, answered) in offer.media.iter().zip(&answer.media) {
            if !offered.is_wanted() || !answered.is_wanted() {
                continue;
            }
            for (line, is_caller) in [(offered, by_caller), (answered, !by_caller)] {
                self.expect(line, is_caller);
            }
            match (offered.kind, answered.kind) {
                (Kind::Audio, Kind::Audio) => self.agree_on_audio(offered, answered, mark),
                (Kind::Fax, Kind::Fax) => has_fax = true,
                _ => {}
            }
        }
        match &mut self.fax {
            Some(fax) if has_fax => fax.resume(),
            Some(fax) => fax.pause(mark.time),
            None if has_fax => self.fax = Some(Box::new(Fax::new(mark))),
            None => {}
        }
        if has_fax && !self.codecs.iter().any(|codec| codec == "T.38") {
            self.codecs.push("T.38".to_owned());
        }
        self.caller = Some(caller.clone());
        self.callee = Some(callee.clone());
        if let Some(phase) = self.phase.take().filter(|phase| phase.ns >= PHASE_NS) {
            self.earlier = Some(phase);
        }
        if self.mode == Mode::Both {
            self.phase = Some(Phase { agreed: mark, ns: 0, heard: Default::default() });
        }
    }

    /// The last phase that was long enough to stand for the call. A description that both sides give again changes nothing.
    pub fn last_phase(&self) -> Option<&Phase> {
        self.phase.as_ref().filter(|phase| phase.ns >= PHASE_NS).or(self.earlier.as_ref())
    }

    /// Whether both sides may leave silence out: they know comfort noise (RFC 3389).
    pub fn may_be_silent(&self) -> bool {
        let knows = |sdp: &Option<Sdp>| {
            let mut formats = sdp.iter().flat_map(|sdp| sdp.of_kind(Kind::Audio)).flat_map(|line| &line.formats);
            formats.any(|format| format.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("CN")))
        };
        knows(&self.caller) && knows(&self.callee)
    }

    fn agree_on_audio(&mut self, offered: &Line, answered: &Line, mark: Mark) {
        let list = |line: &Line| line.codecs().map(Format::label).collect::<Vec<_>>().join(", ");
        match common(offered, answered) {
            Some(codecs) => {
                self.mismatch = None;
                for label in codecs.iter().take(1).map(|codec| codec.label()) {
                    if !self.codecs.contains(&label) && self.codecs.len() < MAX_STREAMS {
                        self.codecs.push(label);
                    }
                }
            }
            None => {
                self.mismatch.get_or_insert(Mismatch { mark, offered: list(offered), answered: list(answered) });
            }
        }
        self.mode = match (offered.direction, answered.direction) {
            (Direction::SendReceive, Direction::SendReceive) => Mode::Both,
            (Direction::Inactive, _) | (_, Direction::Inactive) => Mode::Silent,
            _ => Mode::OneWay,
        };
    }

    /// Media will come to a line's address.
    fn expect(&mut self, line: &Line, is_caller: bool) {
        let Some(address) = line.address else { return };
        let spot = Spot { address, port: line.port, is_caller };
        if line.kind != Kind::Other && self.spots.len() < MAX_SPOTS && !self.spots.contains(&spot) {
            self.spots.push(spot);
            self.is_announced = false;
        }
    }

    /// Tells where media of this dialog come, if something has changed.
    pub(super) fn announce(&mut self, place: Place, serial: u64, places: &mut Places) {
        if std::mem::replace(&mut self.is_announced, true) {
            return;
        }
        for spot in &self.spots {
            let (tag, is_caller, ended) = (self.tag, spot.is_caller, self.ended);
            let entry = Entry { place, serial, tag, is_caller, ended, is_shared: false };
            places.tell(key(spot.address, spot.port), entry);
        }
    }

    /// The dialog is over.
    pub(super) fn end(&mut self, time: i64) {
        if self.ended.is_none() {
            self.clock(time);
            self.ended = Some(time);
            self.is_announced = false;
        }
    }

    /// Nothing more will come, whether it ended or not.
    pub(super) fn close(&mut self, time: i64) {
        if self.ended.is_none() {
            self.clock(time);
        }
    }

    /// A datagram from one side. Says whether it is media.
    pub(super) fn hear(
        &mut self,
        from_caller: bool,
        mark: Mark,
        endpoints: &Endpoints,
        payload: &[u8],
        is_cut: bool,
    ) -> bool {
        let is_in_call = self.answered.is_some_and(|answered| mark.time >= answered);
        if let Some(fax) = &mut self.fax
            && fax.hear(from_caller, mark, endpoints, payload, is_cut)
        {
            return true;
        }
        let Some(header) = Header::read(payload) else {
            // RFC 5761: reports may come to the same port.
            self.report(from_caller, mark, payload);
            return false;
        };
        let is_in_call = is_in_call && self.ended.is_none();
        self.heard[usize::from(!from_caller)].add(mark, is_in_call);
        if let Some(phase) = self.phase.as_mut().filter(|_| is_in_call) {
            phase.heard[usize::from(!from_caller)].add(mark, true);
        }
        let key = rtp_stream::Key { endpoints: *endpoints, ssrc: header.ssrc };
        let is_full = self.keys.len() >= MAX_STREAMS;
        match self.keys.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, _, last, _)) => *last = mark,
            None if is_full => return true,
            None => self.keys.push((key, mark, mark, header.sequence)),
        }
        let (receiver, sender) = if from_caller { (&self.callee, &self.caller) } else { (&self.caller, &self.callee) };
        let format = format_of(receiver, header.payload_type).or_else(|| format_of(sender, header.payload_type));
        let encoding = format.and_then(|format| format.name.as_deref());
        let kind = match encoding {
            _ if matches!(header.payload_type, 13 | 19) => rtp_stream::Kind::ComfortNoise,
            Some("CN") => rtp_stream::Kind::ComfortNoise,
            _ if rtp_stream::is_event(encoding) => rtp_stream::Kind::Event,
            _ => rtp_stream::Kind::Media,
        };
        let packet = rtp_stream::Packet {
            frame: mark.number,
            time: mark.time,
            sequence: header.sequence,
            timestamp: header.timestamp,
            payload_type: header.payload_type,
            marker: header.marker,
            kind,
            clock_rate: format.and_then(|format| format.clock_rate).or(match header.payload_type {
                0..=23 => Some(8000),
                _ => None,
            }),
            octets: payload.len() as u32,
            encoding,
        };
        self.streams.feed(key, &packet);
        true
    }

    /// A datagram of RTCP from one side: what it says of the streams of the other one (RFC 3550, 6.4).
    pub(super) fn report(&mut self, from_caller: bool, mark: Mark, payload: &[u8]) {
        for block in rtcp::blocks(payload) {
            let of = |report: &&mut Report| (report.of_caller, report.ssrc) == (!from_caller, block.ssrc);
            let is_full = self.reports.len() >= MAX_STREAMS;
            match self.reports.iter_mut().find(of) {
                Some(report) => (report.last, report.lost, report.highest) = (mark, block.lost, block.highest),
                None if is_full => {}
                None => self.reports.push(Report {
                    of_caller: !from_caller,
                    ssrc: block.ssrc,
                    last: mark,
                    lost: block.lost,
                    highest: block.highest,
                }),
            }
        }
    }

    /// How many packets of a stream its receiver missed and how many it expected, by its last report, and which that is.
    pub fn reported(&self, key: &rtp_stream::Key) -> Option<(u64, u64, Mark)> {
        let (.., first) = self.keys.iter().find(|(known, ..)| known == key)?;
        let of_caller = self.is_from_caller(&key.endpoints);
        let report = self.reports.iter().find(|report| (report.of_caller, report.ssrc) == (of_caller, key.ssrc))?;
        let expected = u64::from(report.highest.checked_sub(u32::from(*first))?) + 1;
        let lost = u64::try_from(report.lost).ok()?;
        (lost < expected).then_some((lost, expected, report.last))
    }

    /// What became of the RTP streams, in the order of their first packets.
    pub fn streams(&self) -> Vec<rtp_stream::Summary> {
        self.streams.summaries()
    }

    /// The first and the last packet of an RTP stream.
    pub fn marks_of(&self, key: &rtp_stream::Key) -> Option<(Mark, Mark)> {
        self.keys.iter().find(|(known, ..)| known == key).map(|(_, first, last, _)| (*first, *last))
    }

    /// Whether a stream goes from the caller to the callee.
    pub fn is_from_caller(&self, endpoints: &Endpoints) -> bool {
        let is_spot = |address, port, is_caller| {
            self.spots.iter().any(|spot| (spot.address, spot.port, spot.is_caller) == (address, port, is_caller))
        };
        is_spot(endpoints.dst, endpoints.dst_port, false) || is_spot(endpoints.src, endpoints.src_port, true)
    }

    /// The hosts at which media come.
    pub fn hosts(&self) -> impl Iterator<Item = Address> {
        self.spots.iter().map(|spot| spot.address)
    }

    /// Where the media of a side come.
    pub fn spots_of(&self, is_caller: bool) -> impl Iterator<Item = (Address, u16)> {
        self.spots.iter().filter(move |spot| spot.is_caller == is_caller).map(|spot| (spot.address, spot.port))
    }

    /// Whether audio or video was agreed on.
    pub fn has_rtp(&self) -> bool {
        let wanted = |sdp: &Option<Sdp>| sdp.as_ref().is_some_and(|sdp| sdp.has(Kind::Audio));
        self.audio_ns > 0 || wanted(&self.caller) && wanted(&self.callee)
    }
}

/// What a side calls a payload type.
fn format_of(sdp: &Option<Sdp>, payload_type: u8) -> Option<&Format> {
    let lines = sdp.as_ref()?.media.iter().filter(|line| line.is_rtp);
    lines.flat_map(|line| &line.formats).find(|format| format.payload_type == Some(payload_type))
}

/// What a receiver said last of a stream.
struct Report {
    of_caller: bool,
    ssrc: u32,
    last: Mark,
    lost: i32,
    highest: u32,
}

/// Whose place it is.
#[derive(Clone, Copy)]
struct Entry {
    place: Place,
    /// Which call: places are used again.
    serial: u64,
    tag: u64,
    is_caller: bool,
    ended: Option<i64>,
    /// Another call has named it while this one went on.
    is_shared: bool,
}

/// A media packet's call and dialog, and who sent it.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) serial: u64,
    pub(super) tag: u64,
    pub(super) from_caller: bool,
}

/// The addresses and ports at which media of calls come.
pub(super) struct Places {
    spots: Recent<conversation::Key, SmallVec<[Entry; 1]>>,
    count: u64,
}

impl Default for Places {
    fn default() -> Self {
        Self { spots: Recent::new(MAX_PLACES), count: 0 }
    }
}

fn key(address: Address, port: u16) -> conversation::Key {
    conversation::Key(Endpoints { src: address, src_port: port, transport: Transport::Udp, ..Endpoints::default() })
}

impl Places {
    /// Whether none was ever told.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A call names a place. What comes there is media of all calls that name it and go on: a B2BUA that keeps out of the
    /// way of media names the same places in the calls on both of its sides.
    fn tell(&mut self, key: conversation::Key, mut entry: Entry) {
        self.count += 1;
        let Some(owners) = self.spots.get(&key) else {
            self.spots.insert(key, SmallVec::from_elem(entry, 1));
            return;
        };
        if let Some(own) = owners.iter_mut().find(|own| (own.place, own.serial) == (entry.place, entry.serial)) {
            entry.is_shared = own.is_shared;
            *own = entry;
            return;
        }
        // The place is used again.
        owners.retain(|other| other.ended.is_none() || entry.ended.is_some());
        if owners.len() >= MAX_OWNERS {
            owners.remove(0);
        }
        entry.is_shared = !owners.is_empty();
        owners.iter_mut().for_each(|other| other.is_shared = true);
        owners.push(entry);
    }

    /// Whether more than one call names a place.
    pub(super) fn is_shared(&self, (address, port): (Address, u16)) -> bool {
        self.spots.peek(&key(address, port)).is_some_and(|owners| owners.iter().any(|entry| entry.is_shared))
    }

    /// Whose media a datagram is: the receiver's place tells, else the sender's.
    pub(super) fn find(&mut self, endpoints: &Endpoints) -> SmallVec<[Found; 1]> {
        let found = |entry: &Entry, from_caller| {
            let Entry { place, serial, tag, .. } = *entry;
            Found { place, serial, tag, from_caller }
        };
        if let Some(owners) = self.spots.get(&key(endpoints.dst, endpoints.dst_port)) {
            return owners.iter().map(|entry| found(entry, !entry.is_caller)).collect();
        }
        let owners = self.spots.get(&key(endpoints.src, endpoints.src_port));
        owners.into_iter().flatten().map(|entry| found(entry, entry.is_caller)).collect()
    }

    /// Whether a call names a place, or did.
    pub(super) fn knows(&self, address: Address, port: u16) -> bool {
        self.spots.peek(&key(address, port)).is_some()
    }

    /// When the last call that names a place ended, if all have.
    pub(super) fn ended(&self, address: Address, port: u16) -> Option<i64> {
        let owners = self.spots.peek(&key(address, port))?;
        if owners.iter().any(|entry| entry.ended.is_none()) {
            return None;
        }
        owners.iter().filter_map(|entry| entry.ended).max()
    }
}
