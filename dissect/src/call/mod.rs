//! Calls, registrations and other dialogs of SIP, followed from their first message to their last, with their media.
//!
//! [`Calls`] is a machine: packets go in, in order, and tell it of calls that are due to be judged: when something in
//! them timed out, and when they are over. It keeps of each call what its limits allow and forgets it when it has been
//! judged for the last time. All messages of one Call-ID are one [`Call`], on however many hops they were seen; forks
//! are told apart by their tags, transactions by their branches.

pub mod fax;
pub mod ladder;
pub mod message;
pub mod offer;
pub mod reach;
pub mod session;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod tracker;
pub mod transaction;

use std::collections::{BTreeSet, HashMap};

use smallvec::SmallVec;

use crate::conversation::{self, Folding};
use crate::diagnose::{Evidence, Mark, Seen, Subject, TICK_NS};
use crate::dissector::{Address, Endpoints, Transport};
use crate::field::FieldId;
use crate::proto::{sip, udp};
use crate::recent::Recent;
use crate::registry::ProtoId;

use message::Message;
use reach::{Reach, reach};
use session::{Places, Session};
pub use tracker::Tracker;
pub use transaction::{Final, TIMEOUT_NS, Transaction};

/// How many calls are followed at once; the one that is due first gives way. A call takes about 4 KB.
pub const MAX_CALLS: usize = 32_768;
/// How many transactions of one call are kept.
pub const MAX_TRANSACTIONS: usize = 128;
/// How many dialogs of one call are kept: branches of a fork.
pub const MAX_SESSIONS: usize = 8;
/// How many messages of one call are kept for its ladder.
pub const MAX_STEPS: usize = 512;
/// How many calls that are over are remembered, so that a late message does not begin them anew.
const MAX_CLOSED: usize = 65_536;
/// How many pairs of ends that sent requests are remembered, and how many calls of each.
const MAX_PAIRS: usize = 16_384;
const MAX_ASKED: usize = 16;
/// How many findings about one call are remembered.
const MAX_SAID: usize = 64;
/// How many hosts are remembered that sent or took media.
const MAX_HOSTS: usize = 16_384;

const SECOND: i64 = 1_000_000_000;
/// So long after a final response the next attempt of the same call may come.
const RETRY_NS: i64 = 2 * SECOND;
/// So long after a challenge the answer to it may come: to a registration by a timer of the phone. And so long after its
/// credentials were refused a phone may try again: once a minute is usual.
const CHALLENGE_NS: i64 = 32 * SECOND;
const REFUSED_NS: i64 = 70 * SECOND;
/// So long after the end of a call its last packets may come.
const LINGER_NS: i64 = 2 * SECOND;
/// A call of which nothing was seen or heard for so long is taken to be over.
const IDLE_NS: i64 = 7200 * SECOND;
/// So long after the answer a call that goes on is looked at: media come soon, or they do not.
const SETTLED_NS: i64 = 60 * SECOND;
/// So long without a packet one that had media is: its end may not have been sent, or not been seen.
const QUIET_NS: i64 = 120 * SECOND;
/// So many challenges in a row are a loop, and so long behind the last of these it is known that it is one.
const LOOP_LEN: usize = 3;
const LOOP_NS: i64 = 8 * SECOND;
/// A capture in which nothing at all was seen for longer may have stood still: what did not come then is not missing.
const MAX_SILENCE_NS: i64 = 300 * SECOND;
/// So long after a call has ended its media may meet closed ports.
const MEDIA_ENDS_NS: i64 = 5 * SECOND;
/// So long before its end they may.
const MEDIA_ENDING_NS: i64 = SECOND / 2;

/// What the dialog is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    Call,
    Registration,
    /// SUBSCRIBE, OPTIONS, MESSAGE and others on their own.
    Other,
}

/// What can be said of a call that goes on, which may be for hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stage {
    /// It was challenged again and again, and it is long enough ago that an accepted answer would have come.
    pub is_looping: bool,
    /// It was answered so long ago that media should have come.
    pub is_settled: bool,
    /// No packet of it came for so long that it may have ended unseen.
    pub is_quiet: bool,
}

/// A message of a call, for its ladder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    pub mark: Mark,
    pub endpoints: Endpoints,
    pub label: String,
    pub digest: u64,
}

/// Who told whom to send media to an address that cannot be reached from there.
#[derive(Clone, Debug)]
pub struct UnreachableOffer {
    pub endpoints: Endpoints,
    pub address: Address,
    pub port: u16,
    pub marks: Evidence,
}

/// All messages of one Call-ID, and the media that they agreed on.
pub struct Call {
    pub call_id: String,
    pub purpose: Purpose,
    /// Its first message stood within a dialog: the call was running already.
    pub is_partial: bool,
    pub first: Mark,
    /// The last message or media packet.
    pub last: Mark,
    pub from: String,
    pub to: String,
    /// Who sent the first message.
    pub speaker: Address,
    /// The tag of the caller.
    pub caller: u64,
    pub messages: u64,
    pub steps: Vec<Step>,
    pub transactions: Vec<Transaction>,
    pub sessions: Vec<Session>,
    /// The first 2xx to an INVITE.
    pub answered: Option<Mark>,
    /// The first BYE after it.
    pub ended: Option<Mark>,
    pub cancelled: Option<Mark>,
    /// A description that names an address that its receiver cannot reach.
    pub unreachable_offer: Option<UnreachableOffer>,
    /// Nothing more will come.
    pub is_over: bool,
    /// The capture ended while it was open.
    pub is_cut: bool,
    /// What is known of it while it goes on.
    pub stage: Stage,
    /// What was said of it: codes and subjects.
    said: Vec<(&'static str, String)>,
    /// Until when it was looked at while it went on.
    checked: i64,
    /// The time at which it is judged.
    pub now: i64,
    /// The capture holds media of some call, and of one of the hosts that are to send or take those of this one.
    pub has_media_around: bool,
    pub has_media_of_hosts: bool,
    /// Another call names one of the places at which its media come: packets may be counted with that one.
    pub shares_places: bool,
    due: i64,
    /// Which of all calls it is.
    serial: u64,
}

impl Call {
    fn new(message: &Message, serial: u64) -> Self {
        let purpose = match message.method.as_str() {
            "REGISTER" => Purpose::Registration,
            "INVITE" | "ACK" | "BYE" | "CANCEL" | "PRACK" | "UPDATE" => Purpose::Call,
            _ => Purpose::Other,
        };
        let is_response = message.status().is_some();
        Self {
            call_id: message.call_id.clone(),
            purpose,
            is_partial: message.to_tag != 0 || is_response,
            first: message.mark,
            last: message.mark,
            from: message.from.clone(),
            to: message.to.clone(),
            speaker: if is_response { message.endpoints.dst } else { message.endpoints.src },
            caller: message.from_tag,
            messages: 0,
            steps: Vec::new(),
            transactions: Vec::new(),
            sessions: Vec::new(),
            answered: None,
            ended: None,
            cancelled: None,
            unreachable_offer: None,
            is_over: false,
            is_cut: false,
            stage: Stage::default(),
            said: Vec::new(),
            checked: i64::MIN,
            now: message.mark.time,
            has_media_around: false,
            has_media_of_hosts: false,
            shares_places: false,
            due: i64::MAX,
            serial,
        }
    }

    /// The requests that tried to set the call up, in order.
    pub fn attempts(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.iter().filter(|transaction| transaction.method == "INVITE" && transaction.is_initial)
    }

    /// Whether somebody answered.
    pub fn is_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// Whether messages of the call were seen between the two addresses at which the media of a dialog come: if not, the
    /// media may take a way that was not captured.
    pub fn sees_path_of(&self, session: &Session) -> bool {
        let callers: Vec<Address> = session.spots_of(true).map(|spot| spot.0).collect();
        let callees: Vec<Address> = session.spots_of(false).map(|spot| spot.0).collect();
        self.steps.iter().any(|step| {
            let (src, dst) = (step.endpoints.src, step.endpoints.dst);
            callers.contains(&src) && callees.contains(&dst) || callers.contains(&dst) && callees.contains(&src)
        })
    }

    /// How long it lasted from the answer to the BYE, or to the last that was seen of it.
    pub fn talk_ns(&self) -> i64 {
        let Some(answered) = self.answered else { return 0 };
        let end = match self.ended {
            Some(ended) => ended.time,
            None if self.is_cut || !self.is_over => self.now,
            None => self.last.time,
        };
        end.saturating_sub(answered.time)
    }

    /// Takes a message. Answers the places where media will now be heard.
    fn take(&mut self, message: &Message) {
        self.messages += 1;
        self.last = self.last.max(message.mark);
        if self.steps.len() < MAX_STEPS {
            let label = message.label();
            self.steps.push(Step { mark: message.mark, endpoints: message.endpoints, label, digest: message.digest });
        }
        self.weigh_addresses(message);
        match (message.status(), message.method.as_str()) {
            (None, "ACK") => self.acknowledge(message),
            (None, "CANCEL") => {
                self.cancelled.get_or_insert(message.mark);
                self.give_up(message.mark.time);
                let of = |transaction: &&mut Transaction| transaction.is_of(message, "INVITE");
                if let Some(invite) = self.transactions.iter_mut().find(of) {
                    invite.cancelled.get_or_insert(message.mark);
                }
                self.request(message);
            }
            (None, "BYE") => {
                if self.answered.is_some() || self.is_partial {
                    self.end(message);
                }
                self.request(message);
            }
            (None, method) => {
                if method == "PRACK" {
                    self.answer(message);
                }
                self.request(message);
            }
            (Some(_), _) => self.response(message),
        }
    }

    /// Sees whether the receiver of a description can reach the addresses in it. With ICE there are others.
    fn weigh_addresses(&mut self, message: &Message) {
        let Some(sdp) = message.sdp.as_ref().filter(|sdp| !sdp.has_candidates) else { return };
        if reach(message.endpoints.dst) != Reach::Public {
            return;
        }
        let lines = sdp.media.iter().filter(|line| line.is_wanted());
        let mut addresses = lines.filter_map(|line| Some((line.address?, line.port)));
        let is_unreachable = |(address, _): &(Address, u16)| matches!(reach(*address), Reach::Private | Reach::Local);
        let Some((address, port)) = addresses.find(is_unreachable) else { return };
        match &mut self.unreachable_offer {
            Some(offer) => offer.marks.add(message.mark),
            None => {
                let marks = Evidence::of(message.mark);
                self.unreachable_offer = Some(UnreachableOffer { endpoints: message.endpoints, address, port, marks });
            }
        }
    }

    /// What a finding about it is about.
    pub fn subject(&self) -> Subject {
        match self.purpose {
            Purpose::Registration => Subject::new("registration", &*self.to).and("call_id", &*self.call_id),
            Purpose::Call | Purpose::Other => Subject::call(&self.call_id),
        }
    }

    fn transaction(&mut self, message: &Message) -> Option<usize> {
        let found = self.transactions.iter().position(|transaction| transaction.is_of(message, &message.method));
        if found.is_some() {
            return found;
        }
        if self.transactions.len() >= MAX_TRANSACTIONS {
            // Of a long call the oldest requests within it that were answered say least.
            let is_done = |transaction: &Transaction| !transaction.is_initial && transaction.is_accepted();
            let at = self.transactions.iter().position(is_done).unwrap_or(1);
            self.transactions.remove(at);
        }
        self.transactions.push(Transaction::new(message));
        Some(self.transactions.len() - 1)
    }

    fn request(&mut self, message: &Message) {
        if message.method == "INVITE" && self.purpose != Purpose::Call {
            self.purpose = Purpose::Call;
        }
        let Some(at) = self.transaction(message) else { return };
        if let Some(transaction) = self.transactions.get_mut(at) {
            transaction.request(message);
        }
    }

    fn response(&mut self, message: &Message) {
        let Some(at) = self.transaction(message) else { return };
        let Some(transaction) = self.transactions.get_mut(at) else { return };
        transaction.response(message);
        let is_accept = message.status().is_some_and(|status| (200..300).contains(&status));
        let offer = transaction.offer.clone();
        let is_refusal = transaction.is_initial && transaction.status().is_some_and(|status| status >= 300);
        let can_negotiate = matches!(message.method.as_str(), "INVITE" | "UPDATE" | "PRACK");
        if message.method == "INVITE" && is_refusal && !is_accept {
            self.give_up(message.mark.time);
        }
        if message.method == "INVITE" && is_accept {
            self.answered.get_or_insert(message.mark);
        }
        if can_negotiate {
            let has_answer = message.sdp.is_some() && message.status().is_some_and(|status| status < 300);
            let tags = (message.from_tag, message.to_tag);
            if has_answer || is_accept && message.method == "INVITE" {
                let caller = self.caller;
                if let Some(session) = self.session(tags, message) {
                    session.negotiate(caller, tags.0, offer.as_ref(), message, is_accept);
                }
            }
        }
    }

    /// A BYE ends its dialog, and the call unless another branch of a fork goes on.
    fn end(&mut self, message: &Message) {
        let tags = [message.from_tag, message.to_tag];
        let is_known = self.sessions.iter().any(|session| tags.contains(&session.tag));
        let is_meant = |session: &&mut Session| !is_known || tags.contains(&session.tag);
        self.sessions.iter_mut().filter(is_meant).for_each(|session| session.end(message.mark.time));
        let goes_on = |session: &Session| session.answered.is_some() && session.ended.is_none();
        if !self.sessions.iter().any(goes_on) {
            self.ended.get_or_insert(message.mark);
        }
    }

    /// What was set up before anybody answered ends: early media is over. Another branch of a fork may go on.
    fn give_up(&mut self, time: i64) {
        self.sessions.iter_mut().filter(|session| session.answered.is_none()).for_each(|session| session.end(time));
    }

    /// The dialog of two tags, in either order.
    fn session(&mut self, tags: (u64, u64), message: &Message) -> Option<&mut Session> {
        let caller = self.caller;
        let other = if tags.0 == caller { tags.1 } else { tags.0 };
        let at = match self.sessions.iter().position(|session| session.tag == other) {
            Some(at) => at,
            None if self.sessions.len() < MAX_SESSIONS => {
                self.sessions.push(Session::new(other, message.mark.time));
                self.sessions.len() - 1
            }
            None => return None,
        };
        self.sessions.get_mut(at)
    }

    fn acknowledge(&mut self, message: &Message) {
        let of = |transaction: &&mut Transaction| {
            transaction.method == "INVITE"
                && transaction.sequence == message.sequence
                && transaction.from_tag == message.from_tag
        };
        for invite in self.transactions.iter_mut().filter(of) {
            // Of another hop it says nothing.
            invite.has_ack |= invite.endpoints == message.endpoints;
            // Some proxies put another tag into it; the one who waits for it takes it all the same.
            let is_its = |accepted: &&mut transaction::Accepted| {
                accepted.to_tag == message.to_tag
                    || message.to_tag == 0
                    || accepted.endpoints == message.endpoints.reversed()
            };
            for accepted in invite.accepted.iter_mut().filter(is_its) {
                accepted.acknowledged.get_or_insert(message.mark);
            }
        }
        self.answer(message);
    }

    /// A request that may answer the offer of a response (RFC 3261, 13.2.1; RFC 3262, 5).
    fn answer(&mut self, message: &Message) {
        if message.sdp.is_some() {
            let (caller, tags) = (self.caller, (message.from_tag, message.to_tag));
            if let Some(session) = self.session(tags, message) {
                session.acknowledge(caller, tags.0, message);
            }
        }
    }

    /// When the call has to be looked at again, and whether it is over then.
    fn plan(&self) -> (i64, bool) {
        let open = self.transactions.iter().filter_map(Transaction::open_until).min();
        let over = self.over_at();
        let open = open.into_iter().chain(self.check_at()).min();
        match open {
            Some(open) if open < over => (open, false),
            _ => (over, true),
        }
    }

    /// When it is to be looked at while it goes on.
    fn check_at(&self) -> Option<i64> {
        let settled = self.answered.filter(|_| self.ended.is_none()).map(|mark| mark.time.saturating_add(SETTLED_NS));
        let times = [settled, self.quiet_at(), self.loop_at()];
        times.into_iter().flatten().filter(|at| *at > self.checked).min()
    }

    fn quiet_at(&self) -> Option<i64> {
        let is_heard = |session: &Session| session.heard.iter().any(|heard| heard.packets > 0);
        let goes_on = self.answered.is_some() && self.ended.is_none() && self.sessions.iter().any(is_heard);
        goes_on.then(|| self.last.time.saturating_add(QUIET_NS))
    }

    /// When the challenges of the last request, if they go on, are a loop.
    fn loop_at(&self) -> Option<i64> {
        let last = self.transactions.last()?;
        let in_a_row = self.transactions.iter().rev().filter(|other| other.method == last.method);
        let challenges = in_a_row.take_while(|other| other.is_challenged());
        let mut times: Vec<i64> = challenges.filter_map(|other| Some(other.last.as_ref()?.mark.time)).collect();
        times.sort_unstable();
        times.get(LOOP_LEN - 1).map(|third| third.saturating_add(LOOP_NS))
    }

    /// When it is over if nothing more comes.
    fn over_at(&self) -> i64 {
        let pending = self.transactions.iter().filter_map(Transaction::open_until).max().unwrap_or(i64::MIN);
        let last_final =
            self.transactions.iter().filter_map(|transaction| Some(transaction.last.as_ref()?.mark.time)).max();
        let quiet = match (self.answered, self.ended) {
            // A 2xx without ACK is sent again for 64 times T1.
            (Some(_), Some(ended)) => {
                ended.time.saturating_add(LINGER_NS).max(self.last.time.saturating_add(LINGER_NS))
            }
            (Some(_), None) => self.last.time.saturating_add(IDLE_NS),
            (None, _) if self.transactions.last().is_some_and(Transaction::is_challenged) => {
                let last = self.transactions.last();
                let was_refused = last.is_some_and(|transaction| transaction.user.is_some());
                let patience = match (was_refused, self.purpose) {
                    (true, Purpose::Registration) => REFUSED_NS,
                    (true, _) => RETRY_NS,
                    (false, _) => CHALLENGE_NS,
                };
                self.last.time.saturating_add(patience)
            }
            (None, _) if self.is_partial && self.purpose == Purpose::Call && self.ended.is_none() => {
                self.last.time.saturating_add(IDLE_NS)
            }
            (None, _) => last_final.unwrap_or(self.last.time).max(self.last.time).saturating_add(RETRY_NS),
        };
        quiet.max(pending.saturating_add(SECOND))
    }
}

/// The next time after another one at which calls are looked at.
fn grid_after(at: i64) -> i64 {
    at.saturating_sub(1).div_euclid(TICK_NS).saturating_add(1).saturating_mul(TICK_NS)
}

/// A call that has to be judged: its place, see [`Calls::get`].
pub type Place = u32;

/// The calls of a capture.
pub struct Calls {
    slots: Vec<Option<Call>>,
    free: Vec<Place>,
    by_id: HashMap<Box<str>, Place, Folding>,
    /// When each call has to be looked at.
    due: BTreeSet<(i64, Place)>,
    closed: Recent<Box<str>, ()>,
    places: Places,
    /// The calls of the requests between two ends.
    asked: Recent<conversation::Key, SmallVec<[Place; 4]>>,
    opened: u64,
    /// Media of any call were heard, and between which hosts.
    has_media: bool,
    hosts_heard: Recent<Address, ()>,
    /// The time so far, and until when the capture is known to have gone on.
    now: i64,
    alive: i64,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::default(),
            due: BTreeSet::new(),
            closed: Recent::new(MAX_CLOSED),
            places: Places::default(),
            asked: Recent::new(MAX_PAIRS),
            opened: 0,
            has_media: false,
            hosts_heard: Recent::new(MAX_HOSTS),
            now: i64::MIN,
            alive: i64::MIN,
        }
    }
}

impl Calls {
    /// What is looked at.
    pub fn fields() -> impl Iterator<Item = FieldId> {
        message::FIELDS.iter().copied().chain([udp::PAYLOAD])
    }

    /// A call by its place.
    pub fn get(&self, place: Place) -> Option<&Call> {
        self.slots.get(place as usize)?.as_ref()
    }

    fn get_mut(&mut self, place: Place) -> Option<&mut Call> {
        self.slots.get_mut(place as usize)?.as_mut()
    }

    /// Takes the next packet. Calls that have to be judged are added to `due`.
    pub(crate) fn look(&mut self, seen: &Seen<'_>, due: &mut Vec<Place>) {
        self.now = self.now.max(seen.mark.time);
        self.alive = self.now;
        if let Some(quoted) = seen.quoted() {
            self.unreachable(seen.mark, quoted);
        } else if seen.has_proto(ProtoId::Sip) {
            for nodes in seen.messages(sip::PROTO) {
                if let Some(message) = Message::read(seen, nodes) {
                    self.message(&message, due);
                }
            }
        } else if seen.endpoints().transport == Transport::Udp && !self.places.is_empty() {
            self.media(seen);
        }
    }

    fn message(&mut self, message: &Message, due: &mut Vec<Place>) {
        let place = match self.by_id.get(message.call_id.as_str()) {
            Some(place) => *place,
            None => {
                let is_late = message.status().is_some() || matches!(message.method.as_str(), "ACK" | "BYE" | "CANCEL");
                if is_late && self.closed.peek(&Box::from(message.call_id.as_str())).is_some() {
                    return;
                }
                self.open(message, due)
            }
        };
        let Some(call) = self.slots.get_mut(place as usize).and_then(Option::as_mut) else { return };
        call.take(message);
        let serial = call.serial;
        for session in &mut call.sessions {
            session.announce(place, serial, &mut self.places);
        }
        if message.status().is_none() {
            self.remember(message.endpoints, place);
        }
        self.schedule(place);
    }

    /// Remembers who asked whom, so that an ICMP error finds the request that met it.
    fn remember(&mut self, endpoints: Endpoints, place: Place) {
        let key = conversation::Key(endpoints);
        match self.asked.get(&key) {
            Some(places) if places.contains(&place) => {}
            Some(places) => {
                if places.len() >= MAX_ASKED {
                    places.remove(0);
                }
                places.push(place);
            }
            None => self.asked.insert(key, SmallVec::from_slice(&[place])),
        }
    }

    fn open(&mut self, message: &Message, due: &mut Vec<Place>) -> Place {
        if self.by_id.len() >= MAX_CALLS
            && let Some((_, place)) = self.due.first().copied()
        {
            self.settle(place, true, self.now, due);
        }
        self.opened += 1;
        let call = Call::new(message, self.opened);
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as Place
        });
        self.by_id.insert(call.call_id.as_str().into(), place);
        if let Some(slot) = self.slots.get_mut(place as usize) {
            *slot = Some(call);
        }
        place
    }

    fn schedule(&mut self, place: Place) {
        let Some(call) = self.slots.get_mut(place as usize).and_then(Option::as_mut) else { return };
        let (at, _) = call.plan();
        let before = std::mem::replace(&mut call.due, at);
        self.due.remove(&(before, place));
        self.due.insert((at, place));
    }

    /// Readies a call to be judged by what was known at `until`.
    fn settle(&mut self, place: Place, is_over: bool, until: i64, due: &mut Vec<Place>) {
        let (now, has_media) = (self.alive.min(until), self.has_media);
        let Self { slots, hosts_heard, places, .. } = self;
        let Some(call) = slots.get_mut(place as usize).and_then(Option::as_mut) else { return };
        let before = call.due;
        (call.is_over, call.now, call.has_media_around) = (is_over, now, has_media);
        let is_heard = |session: &Session| session.hosts().any(|host| hosts_heard.peek(&host).is_some());
        call.has_media_of_hosts = call.sessions.iter().any(is_heard);
        let spots = |session: &Session| session.spots_of(true).chain(session.spots_of(false)).collect::<Vec<_>>();
        call.shares_places = call.sessions.iter().flat_map(spots).any(|spot| places.is_shared(spot));
        call.due = i64::MAX;
        let is_past = |at: Option<i64>| at.is_some_and(|at| at <= now);
        let settled = call.answered.map(|mark| mark.time.saturating_add(SETTLED_NS));
        call.stage = Stage {
            is_looping: is_past(call.loop_at()),
            is_settled: is_past(settled),
            is_quiet: is_past(call.quiet_at()),
        };
        call.checked = until;
        let until = if is_over && !call.is_cut { call.last.time } else { now };
        call.sessions.iter_mut().for_each(|session| session.close(until));
        self.due.remove(&(before, place));
        due.push(place);
    }

    /// Lets time pass. Once what was due has been judged, more may be due at the same time.
    pub(crate) fn tick(&mut self, now: i64, due: &mut Vec<Place>) {
        if self.now != i64::MIN && now > self.now {
            self.alive = if now.saturating_sub(self.now) > MAX_SILENCE_NS { self.now } else { now.max(self.now) };
        }
        self.now = self.now.max(now);
        while let Some((_, place)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            // What was heard meanwhile has not moved it.
            let Some((at, is_over)) = self.get(place).map(Call::plan) else {
                self.due.pop_first();
                continue;
            };
            if at > now {
                self.schedule(place);
                continue;
            }
            // However far the time has gone on: what was due is judged by its own time.
            self.settle(place, is_over, grid_after(at).min(now), due);
        }
    }

    /// Ends the capture.
    pub(crate) fn finish(&mut self, due: &mut Vec<Place>) {
        let mut open: Vec<_> =
            self.slots.iter().enumerate().filter_map(|(at, call)| Some((call.as_ref()?.first, at as Place))).collect();
        open.sort_unstable();
        for (_, place) in open {
            if let Some(call) = self.get_mut(place) {
                call.is_cut = true;
            }
            self.settle(place, true, self.now, due);
        }
    }

    /// Whether a finding about a call is new; takes note of it.
    pub(crate) fn is_news(&mut self, place: Place, code: &'static str, subject: &str) -> bool {
        let Some(call) = self.get_mut(place) else { return true };
        let is_known = call.said.iter().any(|(of, about)| (*of, about.as_str()) == (code, subject));
        if !is_known && call.said.len() < MAX_SAID {
            call.said.push((code, subject.to_owned()));
        }
        !is_known
    }

    /// Says that a call has been judged; what is over is forgotten and handed back.
    pub(crate) fn judged(&mut self, place: Place) -> Option<Call> {
        let call = self.get_mut(place)?;
        if !call.is_over {
            for transaction in &mut call.transactions {
                transaction.judge(call.checked, call.now);
            }
            self.schedule(place);
            return None;
        }
        let call = self.slots.get_mut(place as usize)?.take()?;
        self.by_id.remove(call.call_id.as_str());
        self.closed.insert(call.call_id.as_str().into(), ());
        self.free.push(place);
        Some(call)
    }

    /// When the call ended to whose media an address and port belonged, if it has.
    pub fn media_ended(&self, address: Address, port: u16) -> Option<i64> {
        self.places.ended(address, port)
    }

    /// Whether an error about a datagram to `to` is of no interest: media that go on shortly after their call has ended,
    /// or that come while it is being ended: a phone may close its port before it says BYE.
    pub fn is_leftover(&self, to: Address, port: u16, at: i64) -> bool {
        // RFC 3550, 11: RTCP comes to the odd port behind that of RTP.
        let rtcp = || if port % 2 == 1 { self.media_ended(to, port - 1) } else { None };
        let ended = self.media_ended(to, port).or_else(rtcp);
        ended.is_some_and(|ended| (-MEDIA_ENDING_NS..=MEDIA_ENDS_NS).contains(&at.saturating_sub(ended)))
    }

    /// The time of the first packet of all calls that are open.
    pub(crate) fn horizon(&self) -> Option<i64> {
        self.slots.iter().flatten().map(|call| call.first.time).min()
    }

    /// An ICMP error about a request is an answer to it.
    fn unreachable(&mut self, mark: Mark, quoted: Endpoints) {
        if quoted.transport == Transport::None {
            return;
        }
        let places = self.asked.get(&conversation::Key(quoted)).cloned().unwrap_or_default();
        for place in places {
            let Some(call) = self.get_mut(place) else { continue };
            let meets = |transaction: &&mut Transaction| {
                transaction.responses.is_empty() && transaction.last.is_none() && transaction.endpoints == quoted
            };
            for transaction in call.transactions.iter_mut().filter(meets) {
                transaction.unreachable.get_or_insert(mark);
            }
            self.schedule(place);
        }
    }

    /// A datagram that may be a report about media of a call: RTCP comes to the odd port behind that of RTP (RFC 3550, 11).
    fn report(&mut self, seen: &Seen<'_>) {
        let ends = seen.endpoints();
        if ends.dst_port.is_multiple_of(2) || ends.src_port == 0 {
            return;
        }
        let media = Endpoints { src_port: ends.src_port - 1, dst_port: ends.dst_port - 1, ..ends };
        let Some(payload) = seen.all(udp::PAYLOAD).last().map(|node| seen.octets(node)) else { return };
        for found in self.places.find(&media) {
            let call = self.slots.get_mut(found.place as usize).and_then(Option::as_mut);
            let Some(call) = call.filter(|call| call.serial == found.serial) else { continue };
            let session = call.sessions.iter_mut().find(|session| session.tag == found.tag);
            session.into_iter().for_each(|session| session.report(found.from_caller, seen.mark, payload));
        }
    }

    /// Whether media of a call come to an address and port, or came before it ended.
    pub fn is_place(&self, address: Address, port: u16) -> bool {
        self.places.knows(address, port)
    }

    /// A datagram that may be media of a call.
    fn media(&mut self, seen: &Seen<'_>) {
        let endpoints = seen.endpoints();
        let found = self.places.find(&endpoints);
        if found.is_empty() {
            self.report(seen);
            return;
        }
        // Of a datagram in a tunnel the innermost.
        let Some(payload) = seen.all(udp::PAYLOAD).last().map(|node| seen.octets(node)) else { return };
        let mut is_media = false;
        for found in found {
            let Some(call) = self.slots.get_mut(found.place as usize).and_then(Option::as_mut) else { continue };
            let is_it = |session: &&mut Session| session.tag == found.tag;
            let Some(session) = call.sessions.iter_mut().find(is_it).filter(|_| call.serial == found.serial) else {
                continue;
            };
            if session.hear(found.from_caller, seen.mark, &endpoints, payload, seen.is_cut()) {
                is_media = true;
                call.last = call.last.max(seen.mark);
            }
        }
        if is_media {
            self.has_media = true;
            for host in [endpoints.src, endpoints.dst] {
                if self.hosts_heard.peek(&host).is_none() {
                    self.hosts_heard.insert(host, ());
                }
            }
        }
    }
}
