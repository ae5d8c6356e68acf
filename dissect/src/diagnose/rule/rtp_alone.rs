//! `media.loss` and `media.jitter` of RTP streams of which no description (RFC 8866) is in the capture.
//!
//! Datagrams are taken for RTP (RFC 3550, 5.1) that have one source, and sequence numbers of which each is near the one
//! before. What a call names as the place of its media is judged with the call.

use smallvec::SmallVec;

use super::deadlines::Deadlines;
use super::media_quality::{JITTER, LOSS, MIN_PACKETS, jitter, loss};
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::finding::{Finding, Subject, place};
use crate::diagnose::{Evidence, Mark};
use crate::dissector::Transport;
use crate::proto::udp;
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::rtp_stream::{self, Header, Key, Packet, Streams, Summary, payload};

pub(crate) static RULE: Kind =
    Kind { codes: &[], protos: &[ProtoId::Udp], fields: &[udp::PAYLOAD], make: || Box::new(Alone::default()) };

/// How many streams are followed at once, and how many datagrams are remembered that one may begin with.
const MAX_FOLLOWED: usize = 4096;
const MAX_BEGUN: usize = 1024;
/// How many streams that were told are remembered.
const MAX_TOLD: usize = 4096;
/// So many packets in a row, each with a number near the one before, are a stream.
const IN_A_ROW: usize = 8;
const NEAR: u16 = 16;
/// So late a packet may come.
const LATE_NS: i64 = 1_000_000_000;
/// A stream of which nothing came for so long is judged.
const IDLE_NS: i64 = 60_000_000_000;
/// Of so many packets one may begin the numbers anew.
const ONE_RESTART_IN: u64 = 50;
/// Where more is missing the numbers are no sequence numbers.
const MAX_MISSING_PERCENT: f64 = 50.0;
/// The sender's clock may go wrong by so much; what differs by more is no timestamp of that clock.
const MAX_SKEW: f64 = 0.2;
/// The length of an event behind the header (RFC 4733, 2.3), and where dynamic payload types begin (RFC 3551, 6).
const EVENT_LEN: usize = 16;
const DYNAMIC: u8 = 96;

/// The packets in a row of what may become a stream, in the order in which they came.
struct Begun {
    next: u16,
    row: SmallVec<[(Mark, Packet<'static>); IN_A_ROW]>,
}

struct Followed {
    stream: Streams,
    payload_type: u8,
    sequence: u16,
    first: Mark,
    last: Mark,
}

struct Alone {
    begun: Recent<Key, Begun>,
    followed: Deadlines<Key, Followed>,
    /// By code and source: a stream that is seen on two hops is one.
    told: Told<(&'static str, u32)>,
}

impl Default for Alone {
    fn default() -> Self {
        Self { begun: Recent::new(MAX_BEGUN), followed: Deadlines::new(MAX_FOLLOWED), told: Told::new(MAX_TOLD) }
    }
}

/// Whether a payload type is one that RTP has (RFC 3551, 6): none that would be RTCP, none that is reserved.
fn is_payload_type(number: u8) -> bool {
    matches!(number, 0..=34 | DYNAMIC..=127)
}

fn packet_of(header: &Header, mark: Mark, len: usize, main: u8) -> Packet<'static> {
    let is_event = len == EVENT_LEN && header.payload_type >= DYNAMIC && header.payload_type != main;
    Packet {
        frame: mark.number,
        time: mark.time,
        sequence: header.sequence,
        timestamp: header.timestamp,
        payload_type: header.payload_type,
        marker: header.marker,
        kind: if is_event { rtp_stream::Kind::Event } else { payload::kind(header.payload_type, None) },
        clock_rate: payload::clock_rate(header.payload_type, None),
        octets: len as u32,
        encoding: None,
    }
}

impl Alone {
    /// The stream that a datagram completes, with so many packets in a row that they are one.
    fn begin(&mut self, key: Key, header: &Header, mark: Mark, len: usize) -> Option<Followed> {
        let packet = packet_of(header, mark, len, header.payload_type);
        let Some(begun) = self.begun.get(&key) else {
            let next = header.sequence.wrapping_add(1);
            self.begun.insert(key, Begun { next, row: SmallVec::from_iter([(mark, packet)]) });
            return None;
        };
        let ahead = header.sequence.wrapping_sub(begun.next) as i16;
        let is_same = |(_, other): &(Mark, Packet<'_>)| other.payload_type == header.payload_type;
        let follows = ahead.unsigned_abs() <= NEAR && begun.row.first().is_some_and(is_same);
        // A packet that was captured twice is no other one.
        if follows && ahead == -1 {
            return None;
        }
        if !follows {
            begun.row.clear();
        }
        begun.next = header.sequence.wrapping_add(1);
        begun.row.push((mark, packet));
        if begun.row.len() < IN_A_ROW {
            return None;
        }
        let row = self.begun.remove(&key)?.row;
        let (first, packet) = row.first()?;
        let (payload_type, sequence) = (packet.payload_type, packet.sequence);
        let mut stream = Streams::default();
        row.iter().for_each(|(_, packet)| stream.feed(key, packet));
        Some(Followed { stream, payload_type, sequence, first: *first, last: mark })
    }

    fn judge(&mut self, key: &Key, followed: &Followed, out: &mut Out<'_>) {
        let ends = &key.endpoints;
        let is_of_call = out.calls.is_place(ends.dst, ends.dst_port) || out.calls.is_place(ends.src, ends.src_port);
        let Some(summary) = followed.stream.summary(*key).filter(|_| !is_of_call) else { return };
        let is_steady = summary.problems.restarts * ONE_RESTART_IN <= summary.packets
            && summary.missing_percent() <= MAX_MISSING_PERCENT;
        // Timestamps of a known clock go on with it.
        if summary.packets < MIN_PACKETS || !is_steady || summary.clock_rate.is_some() && !has_clock(&summary) {
            return;
        }
        let who = place(ends.src, ends.src_port);
        let said = [(&LOSS, loss(&summary, &who)), (&JITTER, jitter(&summary, &who))];
        for (code, text) in said {
            let Some(text) = text.filter(|_| !self.told.is_old(&(code.name, key.ssrc), followed.last.time)) else {
                continue;
            };
            self.told.insert((code.name, key.ssrc), followed.last.time);
            let mut evidence = Evidence::of(followed.first);
            evidence.add(followed.last);
            let subject = Subject::flow(ends).and("ssrc", format!("0x{:08x}", key.ssrc));
            let to = place(ends.dst, ends.dst_port);
            let text = format!("{text}; it goes to {to}, and no description of it is in the capture");
            let finding = Finding::new(code, subject, evidence, text);
            out.say(if code.name == LOSS.name { finding.absent() } else { finding });
        }
    }
}

/// Whether timestamps count with the clock that the payload type stands for.
fn has_clock(summary: &Summary) -> bool {
    let span_ms = summary.duration() as f64 / 1e6;
    summary.skew_max.abs() <= span_ms * MAX_SKEW
}

impl Rule for Alone {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let endpoints = packet.endpoints();
        if endpoints.transport != Transport::Udp || packet.quoted().is_some() {
            return;
        }
        let Some(octets) = packet.all(udp::PAYLOAD).last().map(|node| packet.octets(node)) else { return };
        let Some(header) = Header::read(octets).filter(|header| is_payload_type(header.payload_type)) else { return };
        let key = Key { endpoints, ssrc: header.ssrc };
        if let Some(followed) = self.followed.get_mut(&key) {
            followed.last = packet.mark;
            // What comes late from before the first one that was counted: not all of those were.
            let ahead = header.sequence.wrapping_sub(followed.sequence) as i16;
            if ahead < 0 && packet.time().saturating_sub(followed.first.time) < LATE_NS {
                return;
            }
            followed.stream.feed(key, &packet_of(&header, packet.mark, octets.len(), followed.payload_type));
            return;
        }
        let is_of_call = |address, port| out.calls.is_place(address, port);
        if is_of_call(endpoints.dst, endpoints.dst_port) || is_of_call(endpoints.src, endpoints.src_port) {
            return;
        }
        let Some(followed) = self.begin(key, &header, packet.mark, octets.len()) else { return };
        if let Some((key, followed)) = self.followed.insert(key, packet.time().saturating_add(IDLE_NS), followed) {
            self.judge(&key, &followed, out);
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((key, followed)) = self.followed.pop_due(out.now) {
            let idle_at = followed.last.time.saturating_add(IDLE_NS);
            if idle_at > out.now {
                // It goes on.
                self.followed.insert(key, idle_at, followed);
                continue;
            }
            self.judge(&key, &followed, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((key, followed)) = self.followed.pop_first() {
            self.judge(&key, &followed, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.followed.values().map(|followed| followed.first.time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, host};

    /// `count` packets of G.711, 20 ms apart, without those of which `is_lost` says so, and as late as `late_ms` says.
    fn stream(count: u16, is_lost: impl Fn(u16) -> bool, late_ms: impl Fn(u16) -> i64) -> Capture {
        let mut capture = Capture::default();
        for n in (0..count).filter(|n| !is_lost(*n)) {
            let mut packet = vec![0x80, 8];
            packet.extend(n.to_be_bytes());
            packet.extend((u32::from(n) * 160).to_be_bytes());
            packet.extend([0, 0, 0, 7]);
            packet.extend([0xd5; 160]);
            capture.udp(i64::from(n) * 20 + late_ms(n), host(1, 4000), host(2, 5000), &packet);
        }
        capture.sort();
        capture
    }

    #[test]
    fn streams_without_signalling_are_judged() {
        assert_eq!(stream(300, |_| false, |_| 0).codes(), [""; 0]);
        assert_eq!(stream(300, |n| n > 20 && n % 30 == 0, |_| 0).codes(), ["media.loss"]);
        assert_eq!(stream(300, |n| n == 150, |_| 0).codes(), [""; 0]);
        let jittery = stream(300, |_| false, |n| if n % 5 == 4 { 120 } else { 0 });
        assert_eq!(jittery.codes(), ["media.jitter"]);
        // The first packets count, and each once, however often it was captured.
        assert_eq!(stream(100, |n| n == 50, |_| 0).codes(), [""; 0]);
        assert_eq!(stream(300, |n| n > 20 && n % 30 == 0, |_| 0).doubled().codes(), ["media.loss"]);
        assert_eq!(jittery.doubled().codes(), ["media.jitter"]);
        let finding = jittery.findings().remove(0);
        assert!(finding.summary.contains("from 10.0.0.1:4000") && finding.summary.contains("no description"));
    }

    #[test]
    fn what_only_looks_like_it_is_none() {
        // Numbers that do not follow each other or leave most out, a clock that stands, and sources that change.
        let (mut jumps, mut sources) = (Capture::default(), Capture::default());
        let (mut stands, mut skips) = (Capture::default(), Capture::default());
        for n in 0..300_u16 {
            let mut packet = vec![0x80, 8];
            packet.extend(n.wrapping_mul(7919).to_be_bytes());
            packet.extend([0, 0, 0, 0, 0, 0, 0, 7]);
            jumps.udp(i64::from(n) * 20, host(1, 4000), host(2, 5000), &packet);
            packet[2..4].copy_from_slice(&(n + n / 20).to_be_bytes());
            stands.udp(i64::from(n) * 20, host(1, 4000), host(2, 5000), &packet);
            packet[1] = 96;
            packet[2..4].copy_from_slice(&(n * 7).to_be_bytes());
            skips.udp(i64::from(n) * 20, host(1, 4000), host(2, 5000), &packet);
            packet[2..4].copy_from_slice(&(n + n / 20).to_be_bytes());
            packet[8..10].copy_from_slice(&n.to_be_bytes());
            sources.udp(i64::from(n) * 20, host(1, 4000), host(2, 5000), &packet);
        }
        for capture in [jumps, sources, stands, skips] {
            assert_eq!(capture.codes(), [""; 0]);
        }
    }

    #[test]
    fn no_more_than_the_limits_are_followed() {
        let mut rule = Alone::default();
        let mut capture = Capture::default();
        for n in 0..MAX_FOLLOWED + 10 {
            for sequence in 0..IN_A_ROW as u8 {
                let mut packet = vec![0x80, 8, 0, sequence, 0, 0, 0, 0];
                packet.extend((n as u32).to_be_bytes());
                capture.udp(0, host(1, 4000), host(2, 5000), &packet);
            }
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.followed.len(), MAX_FOLLOWED);
        assert!(rule.begun.len() <= MAX_BEGUN);
    }
}
