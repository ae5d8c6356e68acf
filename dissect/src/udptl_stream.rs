//! What became of each UDPTL stream (ITU-T T.38, 9): which sequence numbers were lost, and which of these came back by
//! redundancy or forward error correction.
//!
//! Fed with what each packet says, in the order of the capture, it keeps a fixed amount a stream and of at most
//! [`MAX_STREAMS`] streams; packets of further ones are counted in [`Streams::left_out`].

use std::collections::HashMap;

use crate::conversation::{Folding, Key};
use crate::dissector::Endpoints;
use crate::proto::t38;
use crate::registry::ProtoId;
use crate::tree::Dissection;

/// How many streams are followed: at about 500 octets each they take at most 8 MB.
pub const MAX_STREAMS: usize = 16_384;
/// How far back a packet can be late or recovered. T.38 packets carry a handful of earlier ones, or FEC over some tens.
pub const WINDOW: u16 = 256;
/// A jump forward above this is a new start: a fax of another call, or a re-INVITE.
const MAX_DROPOUT: u16 = 3000;

/// How a packet helps against the loss of earlier ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Recovery {
    #[default]
    None,
    /// It repeats the IFP packets of so many sequence numbers before its own.
    Redundancy { packets: u16 },
    /// Of `entries` parities each is over `packets` earlier IFP packets, `entries` apart.
    Fec { packets: u16, entries: u16 },
}

/// One UDPTL packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Packet {
    /// The number of its frame.
    pub frame: u64,
    /// Nanoseconds, from any origin.
    pub time: i64,
    pub sequence: u16,
    pub recovery: Recovery,
    /// Octets of the datagram.
    pub octets: u32,
}

impl Packet {
    /// What a dissection shows, where it is a UDPTL packet that signalling set up. No field has to be wanted for it, only
    /// the protocol ([`Wanted`](crate::Wanted) with [`t38::PROTO`](crate::proto::t38::PROTO)).
    pub fn heard(dissection: &Dissection<'_>, packet: &crate::Packet<'_>) -> Option<(Endpoints, Self)> {
        let heard = dissection.heard.as_ref().filter(|heard| heard.setup.proto == ProtoId::T38)?;
        let packet = t38::stream_packet(dissection.heard_octets()?, packet.number, packet.time)?;
        Some((heard.endpoints, packet))
    }
}

/// What is known of one stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    pub endpoints: Endpoints,
    pub first_frame: u64,
    pub last_frame: u64,
    /// Nanoseconds.
    pub first_time: i64,
    pub last_time: i64,
    pub packets: u64,
    pub octets: u64,
    pub octets_max: u32,
    /// What the sequence numbers from the first to the highest one take.
    pub expected: u64,
    /// Sequence numbers whose own packet never arrived.
    pub lost: u64,
    /// Of these: came with a later packet.
    pub recovered_by_redundancy: u64,
    /// Of these: can be worked out from a parity and the other packets that it is over.
    pub recovered_by_fec: u64,
    /// The longest run of sequence numbers that were missing when the next packet came.
    pub longest_gap: u16,
    pub duplicates: u64,
    /// Packets that came after one with a higher sequence number.
    pub late: u64,
    /// How often the sequence numbers began anew somewhere else.
    pub restarts: u64,
    /// How many earlier IFP packets a packet repeated at most.
    pub redundancy_max: u16,
    pub uses_fec: bool,
}

impl Summary {
    /// Lost for good.
    pub fn not_recovered(&self) -> u64 {
        self.lost.saturating_sub(self.recovered_by_redundancy + self.recovered_by_fec)
    }
}

/// What is known of a sequence number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// It lies before the stream.
    Outside,
    Missing,
    Arrived,
    ByRedundancy,
    ByFec,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Stream {
    summary: Summary,
    highest: u16,
    /// By sequence number modulo the window.
    states: [State; WINDOW as usize],
}

impl Stream {
    fn new(endpoints: Endpoints, packet: &Packet) -> Self {
        let summary = Summary { endpoints, first_frame: packet.frame, first_time: packet.time, ..Summary::default() };
        // As if the one before the first had been there.
        let highest = packet.sequence.wrapping_sub(1);
        Self { summary, highest, states: [State::Outside; WINDOW as usize] }
    }

    fn state(&mut self, sequence: u16) -> Option<&mut State> {
        let is_in_window = self.highest.wrapping_sub(sequence) < WINDOW;
        self.states.get_mut(usize::from(sequence % WINDOW)).filter(|_| is_in_window)
    }

    fn feed(&mut self, packet: &Packet) {
        let summary = &mut self.summary;
        summary.packets += 1;
        summary.octets += u64::from(packet.octets);
        summary.octets_max = summary.octets_max.max(packet.octets);
        summary.last_frame = packet.frame;
        summary.last_time = packet.time;
        let ahead = packet.sequence.wrapping_sub(self.highest);
        if (1..MAX_DROPOUT).contains(&ahead) {
            self.advance(ahead);
        } else if ahead == 0 || ahead > u16::MAX - WINDOW {
            return self.look_back(packet.sequence);
        } else {
            self.summary.restarts += 1;
            self.states = [State::Outside; WINDOW as usize];
            self.highest = packet.sequence;
            self.summary.expected += 1;
        }
        if let Some(state) = self.state(packet.sequence) {
            *state = State::Arrived;
        }
        self.recover(packet);
    }

    /// Moves the window on; what is stepped over is missing until something else is known.
    fn advance(&mut self, by: u16) {
        self.summary.expected += u64::from(by);
        self.summary.lost += u64::from(by) - 1;
        self.summary.longest_gap = self.summary.longest_gap.max(by - 1);
        for sequence in by.saturating_sub(WINDOW) + 1..=by {
            let at = usize::from(self.highest.wrapping_add(sequence) % WINDOW);
            if let Some(state) = self.states.get_mut(at) {
                *state = State::Missing;
            }
        }
        self.highest = self.highest.wrapping_add(by);
    }

    /// A packet that is not the newest one: late or there already.
    fn look_back(&mut self, sequence: u16) {
        let Some(state) = self.state(sequence) else { return };
        let before = std::mem::replace(state, State::Arrived);
        let summary = &mut self.summary;
        match before {
            State::Arrived => {
                summary.duplicates += 1;
                return;
            }
            State::Outside => {
                summary.late += 1;
                return;
            }
            State::ByRedundancy => summary.recovered_by_redundancy -= 1,
            State::ByFec => summary.recovered_by_fec -= 1,
            State::Missing => {}
        }
        summary.late += 1;
        summary.lost -= 1;
    }

    fn recover(&mut self, packet: &Packet) {
        match packet.recovery {
            Recovery::None => {}
            Recovery::Redundancy { packets } => {
                self.summary.redundancy_max = self.summary.redundancy_max.max(packets);
                for back in 1..=packets.min(WINDOW - 1) {
                    if let Some(state) = self.state(packet.sequence.wrapping_sub(back))
                        && *state == State::Missing
                    {
                        *state = State::ByRedundancy;
                        self.summary.recovered_by_redundancy += 1;
                    }
                }
            }
            Recovery::Fec { packets, entries } => {
                self.summary.uses_fec |= packets > 0 && entries > 0;
                for entry in 0..entries.min(WINDOW) {
                    self.recover_by_parity(packet.sequence, packets, entries, entry);
                }
            }
        }
    }

    /// T.38, 9.2.1: a parity brings back one packet of those that it is over, if all others are there.
    fn recover_by_parity(&mut self, sequence: u16, packets: u16, entries: u16, entry: u16) {
        let mut missing = None;
        for place in 1..=packets {
            let Some(back) = place.checked_mul(entries).and_then(|back| back.checked_sub(entry)) else { return };
            if back == 0 || back >= WINDOW {
                return;
            }
            let covered = sequence.wrapping_sub(back);
            match self.state(covered) {
                Some(State::Missing) if missing.is_none() => missing = Some(covered),
                Some(State::Missing) | None => return,
                Some(_) => {}
            }
        }
        if let Some(state) = missing.and_then(|missing| self.state(missing)) {
            *state = State::ByFec;
            self.summary.recovered_by_fec += 1;
        }
    }
}

/// The streams of a capture.
#[derive(Default)]
pub struct Streams {
    streams: HashMap<Key, Stream, Folding>,
    left_out: u64,
}

impl Streams {
    /// Counts the next packet to its stream: sender and receiver, in the direction of the packet.
    pub fn feed(&mut self, endpoints: Endpoints, packet: &Packet) {
        let key = Key(endpoints);
        if let Some(stream) = self.streams.get_mut(&key) {
            stream.feed(packet);
        } else if self.streams.len() < MAX_STREAMS {
            self.streams.entry(key).or_insert_with(|| Stream::new(endpoints, packet)).feed(packet);
        } else {
            self.left_out += 1;
        }
    }

    /// What is known of all streams, in the order of their first packets.
    pub fn summaries(&self) -> Vec<Summary> {
        let mut summaries: Vec<_> = self.streams.values().map(|stream| stream.summary).collect();
        summaries.sort_by_key(|summary| (summary.first_frame, summary.endpoints));
        summaries
    }

    /// What is known of one stream.
    pub fn summary(&self, endpoints: Endpoints) -> Option<Summary> {
        self.streams.get(&Key(endpoints)).map(|stream| stream.summary)
    }

    /// How many packets were not counted since there were too many streams.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Recovery = Recovery::None;

    fn fed(packets: &[(u16, Recovery)]) -> Summary {
        let mut streams = Streams::default();
        for (frame, (sequence, recovery)) in (1..).zip(packets) {
            let packet = Packet { frame, sequence: *sequence, recovery: *recovery, ..Packet::default() };
            streams.feed(Endpoints::default(), &packet);
        }
        streams.summaries().remove(0)
    }

    /// Expected, lost, by redundancy, by FEC, not recovered.
    fn check(packets: &[(u16, Recovery)], expected: (u64, u64, u64, u64, u64)) -> Summary {
        let found = fed(packets);
        let numbers =
            (found.expected, found.lost, found.recovered_by_redundancy, found.recovered_by_fec, found.not_recovered());
        assert_eq!(numbers, expected, "{packets:?}");
        found
    }

    #[test]
    fn redundancy_brings_back_what_it_repeats() {
        let twice = Recovery::Redundancy { packets: 2 };
        check(&[(0, NONE), (1, twice), (2, twice)], (3, 0, 0, 0, 0));
        check(&[(0, NONE), (3, twice)], (4, 2, 2, 0, 0));
        let found = check(&[(65_534, NONE), (2, twice)], (5, 3, 2, 0, 1));
        assert_eq!((found.longest_gap, found.redundancy_max), (3, 2));
        // A packet before the first one was never expected.
        check(&[(5, twice), (6, twice)], (2, 0, 0, 0, 0));
    }

    #[test]
    fn a_parity_brings_back_one_of_its_packets() {
        let fec = |packets, entries| Recovery::Fec { packets, entries };
        // Over 1, 2 and 3.
        check(&[(1, NONE), (3, NONE), (4, fec(3, 1))], (4, 1, 0, 1, 0));
        check(&[(1, NONE), (4, fec(3, 1))], (4, 2, 0, 0, 2));
        // Two parities, over 1 and 3, and over 2 and 4.
        check(&[(1, NONE), (4, NONE), (5, fec(2, 2))], (5, 2, 0, 2, 0));
        assert!(check(&[(1, fec(0, 0)), (2, fec(200, 200)), (3, fec(9, 0))], (3, 0, 0, 0, 0)).uses_fec);
    }

    #[test]
    fn late_and_repeated_packets_are_told_apart() {
        let twice = Recovery::Redundancy { packets: 1 };
        let found = check(&[(1, NONE), (3, twice), (2, NONE), (3, NONE)], (3, 0, 0, 0, 0));
        assert_eq!((found.late, found.duplicates), (1, 1));
        let found = check(&[(1, NONE), (20_000, NONE), (20_002, NONE)], (4, 1, 0, 0, 1));
        assert_eq!(found.restarts, 1);
        check(&[(0, NONE), (2_999, NONE), (3_000, NONE)], (3_001, 2_998, 0, 0, 2_998));
    }

    #[test]
    fn no_more_streams_than_the_limit() {
        let mut streams = Streams::default();
        for n in 0..MAX_STREAMS + 10 {
            let endpoints = Endpoints { src_port: n as u16, dst_port: (n >> 16) as u16, ..Endpoints::default() };
            streams.feed(endpoints, &Packet::default());
        }
        assert_eq!((streams.summaries().len(), streams.left_out()), (MAX_STREAMS, 10));
    }
}
