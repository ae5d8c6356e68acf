//! One request, how often it was sent, and all that came back (RFC 3261, 17).

use crate::diagnose::{Evidence, Mark};
use crate::dissector::{Endpoints, Transport};

use super::message::{Challenge, Message};
use super::offer::Sdp;

/// How many 2xx of different branches of a fork are told apart.
pub const MAX_ACCEPTED: usize = 16;
/// What comes again sooner was captured twice, not sent twice.
pub const RESEND_NS: i64 = 50_000_000;
/// RFC 3261, 17.1.1.2 and 17.1.2.2: timers B and F are 64 times T1.
pub const TIMEOUT_NS: i64 = 32_000_000_000;

/// A final response.
#[derive(Clone, Debug)]
pub struct Final {
    pub status: u16,
    pub phrase: String,
    pub reason: Option<String>,
    pub warning: Option<String>,
    pub challenge: Option<Challenge>,
    pub mark: Mark,
    pub endpoints: Endpoints,
}

/// A 2xx to an INVITE, and its ACK.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub to_tag: u64,
    pub endpoints: Endpoints,
    pub marks: Evidence,
    /// How often it was sent again from the same place.
    pub repeats: u32,
    pub last: i64,
    pub acknowledged: Option<Mark>,
}

/// A request with its responses.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub method: String,
    pub sequence: u32,
    pub branch: u64,
    pub from_tag: u64,
    /// Whether the request stands outside of a dialog.
    pub is_initial: bool,
    /// In the direction of the request.
    pub endpoints: Endpoints,
    pub uri: String,
    /// Whom it is for: the address of the To header.
    pub to: String,
    /// The request and its repetitions; empty if none was seen.
    pub requests: Evidence,
    pub repeats: u32,
    pub last_request: i64,
    /// Who the credentials are of that the request carries.
    pub user: Option<String>,
    pub offer: Option<Sdp>,
    /// Whatever came back.
    pub responses: Evidence,
    pub ringing: Option<Mark>,
    pub last: Option<Final>,
    pub accepted: Vec<Accepted>,
    /// An ICMP error said why nothing came back.
    pub unreachable: Option<Mark>,
    pub cancelled: Option<Mark>,
    /// An ACK was sent: there was a final response, whether it was captured or not.
    pub has_ack: bool,
    /// It was judged after its time was over, and whether nothing had come back then.
    judged: Option<bool>,
}

impl Transaction {
    pub(super) fn new(message: &Message) -> Self {
        let is_response = message.status().is_some();
        Self {
            method: message.method.clone(),
            sequence: message.sequence,
            branch: message.branch,
            from_tag: message.from_tag,
            is_initial: !is_response && message.to_tag == 0,
            endpoints: if is_response { message.endpoints.reversed() } else { message.endpoints },
            uri: String::new(),
            to: message.to.clone(),
            requests: Evidence::default(),
            repeats: 0,
            last_request: i64::MIN,
            user: None,
            offer: None,
            responses: Evidence::default(),
            ringing: None,
            last: None,
            accepted: Vec::new(),
            unreachable: None,
            cancelled: None,
            has_ack: false,
            judged: None,
        }
    }

    /// Whether the message is of this transaction; `method` as the transaction has it.
    pub(super) fn is_of(&self, message: &Message, method: &str) -> bool {
        self.method == method
            && self.sequence == message.sequence
            && self.from_tag == message.from_tag
            && (self.branch == message.branch || self.branch == 0 || message.branch == 0)
    }

    pub(super) fn request(&mut self, message: &Message) {
        if self.requests.is_empty() {
            self.uri = match &message.line {
                super::message::Line::Request { uri } => uri.clone(),
                super::message::Line::Response { .. } => String::new(),
            };
            self.user.clone_from(&message.user);
            self.offer.clone_from(&message.sdp);
            self.endpoints = message.endpoints;
            self.is_initial = message.to_tag == 0;
        } else if message.endpoints == self.endpoints
            && message.mark.time.saturating_sub(self.last_request) >= RESEND_NS
        {
            self.repeats += 1;
        }
        self.last_request = self.last_request.max(message.mark.time);
        self.requests.add(message.mark);
    }

    pub(super) fn response(&mut self, message: &Message) {
        let Some(status) = message.status() else { return };
        self.responses.add(message.mark);
        match status {
            ..=179 => {}
            180..=199 => {
                self.ringing.get_or_insert(message.mark);
            }
            200..=299 if self.method == "INVITE" => self.accept(message),
            _ => {}
        }
        // A 2xx is never taken back; of other final responses the last one counts.
        let is_accepted = self.last.as_ref().is_some_and(|last| last.status < 300);
        let is_repeated = self.last.as_ref().is_some_and(|last| last.status == status);
        if status >= 200 && !is_accepted && !is_repeated {
            let super::message::Line::Response { phrase, .. } = &message.line else { return };
            self.last = Some(Final {
                status,
                phrase: phrase.clone(),
                reason: message.reason.clone(),
                warning: message.warning.clone(),
                challenge: message.challenge.clone(),
                mark: message.mark,
                endpoints: message.endpoints,
            });
        }
    }

    fn accept(&mut self, message: &Message) {
        let time = message.mark.time;
        let same =
            |accepted: &&mut Accepted| accepted.to_tag == message.to_tag && accepted.endpoints == message.endpoints;
        if let Some(accepted) = self.accepted.iter_mut().find(same) {
            if time.saturating_sub(accepted.last) >= RESEND_NS {
                accepted.repeats += 1;
            }
            accepted.last = time;
            accepted.marks.add(message.mark);
        } else if self.accepted.len() < MAX_ACCEPTED {
            self.accepted.push(Accepted {
                to_tag: message.to_tag,
                endpoints: message.endpoints,
                marks: Evidence::of(message.mark),
                repeats: 0,
                last: time,
                acknowledged: None,
            });
        }
    }

    /// The time of the first request or response.
    pub fn start(&self) -> Mark {
        if self.requests.is_empty() { self.responses.first() } else { self.requests.first() }
    }

    /// The status of the final response, if there is one.
    pub fn status(&self) -> Option<u16> {
        self.last.as_ref().map(|last| last.status)
    }

    /// Whether it ended in a 2xx.
    pub fn is_accepted(&self) -> bool {
        self.status().is_some_and(|status| status < 300)
    }

    /// Whether the final response asks for credentials.
    pub fn is_challenged(&self) -> bool {
        matches!(self.status(), Some(401 | 407))
    }

    /// Until when something may still come that decides; nothing when it came or its time is over.
    pub(super) fn open_until(&self) -> Option<i64> {
        if self.judged.is_some() || self.requests.is_empty() || self.method == "ACK" {
            return None;
        }
        // RFC 3261, 13.3.1.4: without an ACK the 2xx is sent again until 64 times T1 have passed.
        let waits = self.accepted.iter().filter(|accepted| accepted.acknowledged.is_none());
        if let Some(first) = waits.map(|accepted| accepted.marks.first().time).min() {
            return Some(first.saturating_add(TIMEOUT_NS));
        }
        if self.last.is_some() || self.unreachable.is_some() {
            return None;
        }
        if self.responses.is_empty() {
            return Some(self.requests.first().time.saturating_add(TIMEOUT_NS));
        }
        // RFC 3261, 16.6: timer C is more than three minutes; a phone may ring for long.
        let patience = if self.method == "INVITE" { 10 * TIMEOUT_NS } else { TIMEOUT_NS };
        Some(self.responses.last().time.saturating_add(patience))
    }

    /// It has been judged at `now`, when the capture was known to have gone on until `alive`: what was open for too long is
    /// so no more.
    pub(super) fn judge(&mut self, now: i64, alive: i64) {
        if self.open_until().is_some_and(|until| until <= now) {
            self.judged = Some(self.is_unanswered(alive));
        }
    }

    /// Whether its final response may still come.
    pub fn is_open(&self, now: i64) -> bool {
        !self.requests.is_empty()
            && self.last.is_none()
            && self.unreachable.is_none()
            && !self.has_ack
            && !self.is_unanswered(now)
    }

    /// Whether it was sent again, or waited for its time, and nothing at all came back.
    pub fn is_unanswered(&self, now: i64) -> bool {
        let is_answered = !self.responses.is_empty() || self.unreachable.is_some() || self.has_ack;
        if self.requests.is_empty() || is_answered || self.method == "ACK" {
            return false;
        }
        if let Some(was_unanswered) = self.judged {
            return was_unanswered;
        }
        let waited = now.saturating_sub(self.requests.first().time);
        let since_last = now.saturating_sub(self.last_request);
        let is_datagram = self.endpoints.transport == Transport::Udp;
        waited >= TIMEOUT_NS || is_datagram && (self.repeats >= 2 || self.repeats == 1 && since_last >= 1_000_000_000)
    }
}
