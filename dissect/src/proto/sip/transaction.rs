//! Which message is sent again, and which request a response answers, over the frames of a capture.
//!
//! What is remembered is the last message of each direction of a call, as Wireshark does, so that both agree; the same
//! rules find the request of a response in the other direction's entry.

use crate::conversation;
use crate::dissector::{Dissector, Endpoints};
use crate::facts::Fact;
use crate::recent::Recent;

/// How many directions of calls are remembered. Each takes about 300 octets.
pub(super) const MAX_DIRECTIONS: usize = 65_536;
/// Of a Call-ID and a method that much is kept: what is longer is told apart by its start.
pub(super) const MAX_CALL_ID: usize = 128;
const MAX_METHOD: usize = 16;

/// What a message is to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// The frame that this one repeats.
    pub repeats: Option<u64>,
    /// The frame of the request that it answers, and how many nanoseconds ago that was.
    pub request: Option<(u64, i64)>,
    /// Whether it answers a BYE.
    pub is_release: bool,
}

/// What the transaction of a message is found by.
pub(super) struct Message<'a> {
    pub(super) call_id: &'a [u8],
    pub(super) sequence: u32,
    /// The method of the CSeq header.
    pub(super) method: &'a [u8],
    /// The status code of a response.
    pub(super) status: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Request,
    Response(u32),
}

struct Last {
    sequence: u32,
    method: Box<[u8]>,
    state: State,
    frame: u64,
    time: i64,
}

type Key = (Box<[u8]>, conversation::Key);

/// The directions of the calls of a capture.
pub(crate) struct Dialogs {
    last: Recent<Key, Last>,
}

impl Default for Dialogs {
    fn default() -> Self {
        Self { last: Recent::new(MAX_DIRECTIONS) }
    }
}

fn start(octets: &[u8], limit: usize) -> &[u8] {
    octets.get(..limit).unwrap_or(octets)
}

impl Dialogs {
    fn see(&mut self, message: &Message<'_>, endpoints: Endpoints, frame: u64, time: i64) -> Known {
        let method = start(message.method, MAX_METHOD);
        let call_id: Box<[u8]> = start(message.call_id, MAX_CALL_ID).into();
        let request = if message.status.is_some() {
            let other = (call_id.clone(), conversation::Key(endpoints.reversed()));
            let last = self.last.get(&other);
            last.filter(|last| {
                last.state == State::Request && last.sequence == message.sequence && *last.method == *method
            })
        } else if method == b"ACK" {
            // An ACK goes with the INVITE of its own direction (RFC 3261, 17.1.1.3).
            self.last.get(&(call_id.clone(), conversation::Key(endpoints)))
        } else {
            None
        };
        let request = request.map(|last| (last.frame, time.saturating_sub(last.time)));
        Known {
            request,
            is_release: request.is_some() && message.status.is_some() && method == b"BYE",
            repeats: self.repeats((call_id, conversation::Key(endpoints)), message, method, (frame, time)),
        }
    }

    /// Remembers the message as the last of its direction; answers the frame that it repeats.
    fn repeats(&mut self, key: Key, message: &Message<'_>, method: &[u8], now: (u64, i64)) -> Option<u64> {
        let (frame, time) = now;
        let state = message.status.map_or(State::Request, State::Response);
        let Some(last) = self.last.get(&key).filter(|last| last.sequence == message.sequence) else {
            let method = method.into();
            self.last.insert(key, Last { sequence: message.sequence, method, state, frame, time });
            return None;
        };
        // Provisional responses may be sent again and again; an ACK or CANCEL repeats nothing of its own.
        let can_repeat = match state {
            State::Request => !matches!(method, b"ACK" | b"CANCEL"),
            State::Response(code) => code >= 200,
        };
        if can_repeat && last.state == state && *last.method == *method {
            return Some(last.frame);
        }
        (last.state, last.frame, last.time) = (state, frame, time);
        None
    }
}

/// In the first pass: keeps what the message at hand is to others; answers it, too.
pub(super) fn learn(d: &mut Dissector<'_>, message: &Message<'_>) -> Option<Known> {
    let (endpoints, frame, time) = (d.endpoints, d.packet.number, d.packet.time);
    let flows = d.flows()?;
    let known = flows.sip.see(message, endpoints, frame, time);
    if known != Known::default() {
        d.record(known.fact(frame));
    }
    Some(known)
}

impl Known {
    /// As a fact of frame `here`: other frames are kept by how far back they are.
    fn fact(self, here: u64) -> Fact {
        let back = |frame: u64| u32::try_from(here.saturating_sub(frame)).unwrap_or(u32::MAX);
        Fact::Sip {
            repeats: self.repeats.map_or(0, back),
            request: self.request.map_or(0, |(frame, _)| back(frame)),
            after: self.request.map_or(0, |(_, after)| after),
            is_release: self.is_release,
        }
    }

    fn of(here: u64, repeats: u32, request: u32, after: i64, is_release: bool) -> Self {
        let frame = |back: u32| (back > 0).then(|| here.saturating_sub(back.into()));
        Self { repeats: frame(repeats), request: frame(request).map(|frame| (frame, after)), is_release }
    }
}

/// What is known of the message at hand.
pub(super) fn known(d: &mut Dissector<'_>) -> Known {
    let here = d.packet.number;
    let found = d.fact(|fact| match *fact {
        Fact::Sip { repeats, request, after, is_release } => Some(Known::of(here, repeats, request, after, is_release)),
        _ => None,
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissector::{Address, Transport};

    const MS: i64 = 1_000_000;

    struct Call {
        dialogs: Dialogs,
        frame: u64,
    }

    impl Call {
        fn new() -> Self {
            Self { dialogs: Dialogs::default(), frame: 0 }
        }

        /// The next message: from the caller unless `is_back`, `frame` milliseconds after the start.
        fn next(&mut self, sequence: u32, method: &str, status: Option<u32>, is_back: bool) -> Known {
            self.frame += 1;
            let there = Endpoints {
                src: Address::Ipv4([10, 0, 0, 1]),
                dst: Address::Ipv4([10, 0, 0, 2]),
                transport: Transport::Udp,
                src_port: 5060,
                dst_port: 5061,
            };
            let endpoints = if is_back { there.reversed() } else { there };
            let message = Message { call_id: b"x@y", sequence, method: method.as_bytes(), status };
            self.dialogs.see(&message, endpoints, self.frame, self.frame as i64 * MS)
        }

        fn check(&mut self, (sequence, method, status): (u32, &str, u32), expected: (Option<u64>, Option<u64>)) {
            let known = self.next(sequence, method, (status > 0).then_some(status), status > 0);
            let request = known.request.map(|(frame, _)| frame);
            assert_eq!((known.repeats, request), expected, "frame {}: {method} {status}", self.frame);
        }
    }

    #[test]
    fn a_call_with_repetitions() {
        let mut call = Call::new();
        call.check((1, "INVITE", 0), (None, None));
        call.check((1, "INVITE", 0), (Some(1), None));
        call.check((1, "INVITE", 100), (None, Some(1)));
        call.check((1, "INVITE", 100), (None, Some(1)));
        call.check((1, "INVITE", 200), (None, Some(1)));
        call.check((1, "INVITE", 200), (Some(5), Some(1)));
        call.check((1, "ACK", 0), (None, Some(1)));
        call.check((1, "ACK", 0), (None, Some(7)));
        call.check((1, "INVITE", 200), (Some(5), Some(8)));
        call.check((2, "BYE", 0), (None, None));
        call.check((2, "BYE", 200), (None, Some(10)));
        let again = call.next(2, "BYE", Some(200), true);
        assert_eq!(again, Known { repeats: Some(11), request: Some((10, 2 * MS)), is_release: true });
    }

    #[test]
    fn a_cancelled_call() {
        let mut call = Call::new();
        call.check((1, "INVITE", 0), (None, None));
        call.check((1, "INVITE", 100), (None, Some(1)));
        call.check((1, "CANCEL", 0), (None, None));
        call.check((1, "CANCEL", 200), (None, None));
        call.check((1, "CANCEL", 200), (None, None));
        call.check((1, "INVITE", 487), (None, Some(3)));
        call.check((1, "INVITE", 487), (Some(6), Some(3)));
        call.check((1, "ACK", 0), (None, Some(3)));
    }

    #[test]
    fn of_a_long_call_id_the_start_counts() {
        let mut dialogs = Dialogs::default();
        let mut see = |last: &str, frame| {
            let call_id = "x".repeat(MAX_CALL_ID) + last;
            let message = Message { call_id: call_id.as_bytes(), sequence: 1, method: b"INVITE", status: None };
            dialogs.see(&message, Endpoints::default(), frame, 0).repeats
        };
        assert_eq!((see("a", 1), see("b", 2)), (None, Some(1)));
    }

    #[test]
    fn facts_survive_being_kept() {
        let known = Known { repeats: Some(3), request: Some((1, 5)), is_release: true };
        let Fact::Sip { repeats, request, after, is_release } = known.fact(9) else {
            panic!("not a fact of SIP");
        };
        assert_eq!(Known::of(9, repeats, request, after, is_release), known);
    }

    #[test]
    fn no_more_directions_than_the_limit_are_remembered() {
        let mut dialogs = Dialogs::default();
        for n in 0..MAX_DIRECTIONS + 10 {
            let call_id = n.to_string();
            let message = Message { call_id: call_id.as_bytes(), sequence: 1, method: b"INVITE", status: None };
            dialogs.see(&message, Endpoints::default(), n as u64, 0);
        }
        assert!(dialogs.last.len() <= MAX_DIRECTIONS);
    }
}
