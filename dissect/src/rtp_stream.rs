//! What became of each RTP stream: loss, order, jitter, gaps, payload types, and how it may have sounded.
//!
//! Fed with the header of each packet in the order of the capture, it keeps a fixed amount a stream and of at most
//! [`MAX_STREAMS`] streams; packets of further ones are counted in [`Streams::left_out`]. It decides nothing: what is too
//! much is said by whoever reads the [`Summary`].
//!
//! ```
//! use packetstream_dissect::rtp_stream::{Key, Kind, Packet, Streams};
//!
//! let mut streams = Streams::default();
//! let packet = Packet { frame: 1, time: 0, sequence: 7, timestamp: 160, payload_type: 8, clock_rate: Some(8000), ..Packet::default() };
//! streams.feed(Key::default(), &packet);
//! streams.feed(Key::default(), &Packet { frame: 2, time: 20_000_000, sequence: 9, timestamp: 480, ..packet });
//! let summary = streams.summaries().remove(0);
//! assert_eq!((summary.packets, summary.expected, summary.missing), (2, 3, 1));
//! ```

pub mod payload;
pub mod quality;
pub mod rtcp;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use crate::conversation::{self, Folding};
use crate::dissector::Endpoints;
use crate::registry::ProtoId;
use crate::tree::Dissection;

/// How many streams are followed: at about 500 octets each they take at most 32 MB.
pub const MAX_STREAMS: usize = 65_536;
/// How many payload types of one stream are told apart. A call has one to three; further ones are counted as the last.
pub const MAX_PAYLOADS: usize = 8;
/// How much of an encoding name is kept.
pub const MAX_ENCODING: usize = 32;

/// RFC 3550, A.1: a jump forward below this is loss, one above it a new start.
const MAX_DROPOUT: u16 = 3000;
/// RFC 3550, A.1: so many numbers back a packet is late.
const MAX_MISORDER: u16 = 100;
/// How many sequence numbers back a packet is told to be a repetition.
const WINDOW: u32 = 64;
/// How long a stream has to be silent, beyond what its timestamps say, for a packet without a marker to end a silence.
const SILENCE_NS: i64 = 200_000_000;
/// Where the timestamps of two packets differ by so much more or less than their arrivals the sender's clock was set
/// anew: no queue holds a packet back for that long and lets the next one pass.
const CLOCK_SET_NS: f64 = 1e9;
/// So many sequence numbers and more may have been left out by the sender, not lost: when it begins anew.
const MIN_SKIPPED: u32 = 64;
/// No sender makes packets that are shorter.
const MIN_PACKET_NS: f64 = 2.5e6;

/// Which stream a packet is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Key {
    /// Sender and receiver, in the direction of the packet.
    pub endpoints: Endpoints,
    pub ssrc: u32,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        conversation::Key(self.endpoints).hash(state);
        state.write_u64(self.ssrc.into());
    }
}

/// What a packet carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    #[default]
    Media,
    /// RFC 3389: it comes at no regular time.
    ComfortNoise,
    /// RFC 4733: its timestamp is that of the event's beginning.
    Event,
}

/// One packet, as its header and the session description say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Packet<'a> {
    /// The number of its frame.
    pub frame: u64,
    /// Nanoseconds, from any origin.
    pub time: i64,
    pub sequence: u16,
    pub timestamp: u32,
    pub payload_type: u8,
    pub marker: bool,
    pub kind: Kind,
    /// Ticks of the timestamp a second. Without it there is no jitter.
    pub clock_rate: Option<u32>,
    /// Octets of the RTP packet, its header included.
    pub octets: u32,
    /// What an `rtpmap` attribute calls the payload type.
    pub encoding: Option<&'a str>,
}

impl<'a> Packet<'a> {
    /// What a dissection shows, where it is an RTP packet that signalling set up. No field has to be wanted for it, only
    /// the protocol ([`Wanted`](crate::Wanted) with [`rtp::PROTO`](crate::proto::rtp::PROTO)).
    pub fn heard(dissection: &'a Dissection<'_>, packet: &crate::Packet<'_>) -> Option<(Key, Self)> {
        let heard = dissection.heard.as_ref().filter(|heard| heard.setup.proto == ProtoId::Rtp)?;
        let octets = dissection.heard_octets()?;
        let header = Header::read(octets)?;
        let (payload_type, setup) = (header.payload_type, Some(&*heard.setup));
        let packet = Self {
            frame: packet.number,
            time: packet.time,
            sequence: header.sequence,
            timestamp: header.timestamp,
            payload_type,
            marker: header.marker,
            kind: payload::kind(payload_type, setup),
            clock_rate: payload::clock_rate(payload_type, setup),
            octets: heard.len,
            encoding: heard.setup.encoding(payload_type).map(|encoding| &*encoding.name),
        };
        Some((Key { endpoints: heard.endpoints, ssrc: header.ssrc }, packet))
    }
}

/// The fixed header of RTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

impl Header {
    /// RFC 3550, 5.1. RTCP, which may come to the same port, is told apart by its packet types (RFC 5761, 4).
    pub fn read(payload: &[u8]) -> Option<Self> {
        let [first, second, a, b, t @ .., s1, s2, s3, s4] = payload.get(..12)? else { return None };
        if first >> 6 != 2 || (192..=223).contains(second) {
            return None;
        }
        Some(Self {
            payload_type: second & 0x7f,
            marker: second & 0x80 != 0,
            sequence: u16::from_be_bytes([*a, *b]),
            timestamp: u32::from_be_bytes(t.try_into().ok()?),
            ssrc: u32::from_be_bytes([*s1, *s2, *s3, *s4]),
        })
    }
}

/// Lowest, mean and highest of something, in milliseconds. All 0 where nothing was measured.
///
/// The mean is a running one as in Wireshark's list of streams: what is left out leaves it where it was.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Range {
    pub min: f64,
    pub mean: f64,
    pub max: f64,
    is_set: bool,
}

impl Range {
    /// `ordinal`: how many packets came after the first one.
    fn add(&mut self, value: f64, ordinal: u64) {
        self.min = if self.is_set { self.min.min(value) } else { value };
        self.max = if self.is_set { self.max.max(value) } else { value };
        self.mean += (value - self.mean) / ordinal.max(1) as f64;
        self.is_set = true;
    }
}

/// A payload type that was met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payload {
    pub number: u8,
    pub encoding: Option<Box<str>>,
    pub packets: u64,
}

/// What was out of the ordinary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Problems {
    /// Packets whose sequence number does not follow the one before.
    pub out_of_sequence: u64,
    /// Packets that came after one with a higher sequence number.
    pub late: u64,
    /// Packets whose sequence number had been there.
    pub duplicates: u64,
    /// Packets in sequence whose timestamp went back.
    pub timestamp_back: u64,
    /// How often the payload type changed.
    pub payload_changes: u64,
    /// How often the sequence numbers began anew somewhere else.
    pub restarts: u64,
}

impl Problems {
    /// Whether there is any.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// What is known of one stream.
#[derive(Clone, PartialEq, Debug)]
pub struct Summary {
    pub key: Key,
    pub first_frame: u64,
    pub last_frame: u64,
    /// Nanoseconds.
    pub first_time: i64,
    pub last_time: i64,
    pub packets: u64,
    pub octets: u64,
    /// RFC 3550, A.3: what the sequence numbers from the first to the highest one take.
    pub expected: u64,
    /// RFC 3550, A.3: expected less received; repetitions make it negative.
    pub lost: i64,
    /// Sequence numbers that never arrived, without those that the sender left out.
    pub missing: u64,
    /// What the sender left out when it began anew further on, as the timestamps tell.
    pub skipped: u64,
    /// The longest run of sequence numbers that were missing when the next packet came.
    pub longest_gap: u32,
    /// Between the arrivals of two packets, in milliseconds.
    pub delta: Range,
    /// RFC 3550, A.8, in milliseconds, of all packets whose clock rate is known.
    pub jitter: Range,
    /// As `jitter` at its highest, without telephone events, comfort noise and what comes first after a silence.
    pub voice_jitter_max: f64,
    /// How far the sender's clock runs ahead of ours (positive) or behind, at its most, in milliseconds.
    pub skew_max: f64,
    pub clock_rate: Option<u32>,
    /// In the order in which they were met.
    pub payloads: Vec<Payload>,
    pub problems: Problems,
}

impl Payload {
    /// What a list of streams calls it, as in `g711A`.
    pub fn label(&self) -> String {
        payload::label(self.number, self.encoding.as_deref())
    }
}

impl Summary {
    /// `lost` as a share of what was expected, in percent.
    pub fn lost_percent(&self) -> f64 {
        if self.expected == 0 { 0.0 } else { self.lost as f64 * 100.0 / self.expected as f64 }
    }

    /// What never arrived as a share of what was expected, in percent.
    pub fn missing_percent(&self) -> f64 {
        if self.expected == 0 { 0.0 } else { self.missing as f64 * 100.0 / self.expected as f64 }
    }

    /// Nanoseconds from the first to the last packet.
    pub fn duration(&self) -> i64 {
        self.last_time.saturating_sub(self.first_time)
    }

    /// The mean bit rate of RTP, without the headers below it, in bits a second.
    pub fn bit_rate(&self) -> f64 {
        let seconds = self.duration() as f64 / 1e9;
        if seconds > 0.0 { self.octets as f64 * 8.0 / seconds } else { 0.0 }
    }

    /// The payload type that most packets have, of those that carry media.
    pub fn main_payload(&self) -> Option<&Payload> {
        let is_media =
            |payload: &&Payload| !matches!(payload.number, 13 | 19) && !is_event(payload.encoding.as_deref());
        self.payloads.iter().filter(is_media).max_by_key(|payload| payload.packets)
    }

    /// How the stream may have sounded at this place: an estimate, see [`quality`]. Nothing for codecs without figures.
    pub fn estimated_mos(&self) -> Option<f64> {
        let payload = self.main_payload()?;
        let codec = quality::codec(payload.number, payload.encoding.as_deref())?;
        let delay_ms = quality::buffer_delay(self.voice_jitter_max);
        Some(quality::mos(quality::rating(codec, self.missing_percent(), delay_ms)))
    }
}

/// Whether an encoding name is that of telephone events or tones (RFC 4733).
pub fn is_event(encoding: Option<&str>) -> bool {
    encoding.is_some_and(|name| name.eq_ignore_ascii_case("telephone-event") || name.eq_ignore_ascii_case("tone"))
}

/// RFC 3550, A.1: the state of a source's sequence numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sequence {
    base: u32,
    /// The highest number, with the wraps in its upper half.
    highest: u32,
    /// Where a jump was; a packet that follows it starts anew there.
    restart_at: Option<u16>,
    /// Of the numbers up to `highest` which were there, the highest one in bit 0.
    seen: u64,
    /// What earlier starts expected.
    expected_before: u64,
}

enum Step {
    /// So many numbers were left out before it.
    Forward(u32),
    Late,
    Duplicate,
    /// A jump that may be a new start.
    Jump,
    Restart,
}

impl Sequence {
    fn new(first: u16) -> Self {
        Self { base: first.into(), highest: first.into(), restart_at: None, seen: 1, expected_before: 0 }
    }

    fn expected(&self) -> u64 {
        self.expected_before + u64::from(self.highest.wrapping_sub(self.base)) + 1
    }

    fn step(&mut self, sequence: u16) -> Step {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if (1..MAX_DROPOUT).contains(&ahead) {
            self.highest = self.highest.wrapping_add(ahead.into());
            self.seen = if u32::from(ahead) < WINDOW { self.seen << ahead | 1 } else { 1 };
            self.restart_at = None;
            return Step::Forward(u32::from(ahead) - 1);
        }
        let back = self.highest as u16;
        let back = back.wrapping_sub(sequence);
        if back <= MAX_MISORDER {
            if u32::from(back) >= WINDOW {
                return Step::Late;
            }
            let bit = 1 << back;
            let was_there = self.seen & bit != 0;
            self.seen |= bit;
            // What came before the first packet was not expected until now.
            if !was_there && u32::from(back) > self.highest.wrapping_sub(self.base) {
                self.base = self.highest.wrapping_sub(back.into());
            }
            return if was_there { Step::Duplicate } else { Step::Late };
        }
        if self.restart_at == Some(sequence) {
            // Two packets in a row: the source began anew. The first of them was counted as a jump.
            let expected_before = self.expected();
            *self = Self { expected_before, base: sequence.wrapping_sub(1).into(), ..Self::new(sequence) };
            self.highest = self.base.wrapping_add(1);
            self.seen = 0b11;
            return Step::Restart;
        }
        self.restart_at = Some(sequence.wrapping_add(1));
        Step::Jump
    }
}

/// A packet to which the next one is compared.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Reference {
    time: i64,
    timestamp: u32,
}

/// A packet that came so late that it may have ended a silence, until those behind it tell: they come in their time, or
/// all at once where it was held up with them.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Stall {
    /// By how much it was late, and how much of that those behind it have caught up with.
    late_ns: f64,
    caught_up_ns: f64,
    /// The jitter before it.
    jitter_ns: f64,
}

/// The state of one stream.
#[derive(Clone, PartialEq, Debug)]
struct Stream {
    summary: Summary,
    sequence: Sequence,
    last: Reference,
    last_sequence: u16,
    /// The first timestamp.
    origin: u32,
    last_payload: u8,
    last_kind: Kind,
    /// The last packet with a clock rate that carried no event.
    clocked: Option<Reference>,
    jitter_ns: f64,
    voice_jitter_ns: f64,
    stall: Option<Stall>,
    /// What the timestamps and the arrivals since the first packet differ by.
    skew_ns: f64,
    /// Unexpected numbers (jumps that led nowhere): received, but no part of what is expected.
    strays: u64,
}

impl Stream {
    fn new(key: Key, packet: &Packet<'_>) -> Self {
        let here = Reference { time: packet.time, timestamp: packet.timestamp };
        Self {
            summary: Summary {
                key,
                first_frame: packet.frame,
                last_frame: packet.frame,
                first_time: packet.time,
                last_time: packet.time,
                packets: 0,
                octets: 0,
                expected: 0,
                lost: 0,
                missing: 0,
                skipped: 0,
                longest_gap: 0,
                delta: Range::default(),
                jitter: Range::default(),
                voice_jitter_max: 0.0,
                skew_max: 0.0,
                clock_rate: None,
                payloads: Vec::new(),
                problems: Problems::default(),
            },
            sequence: Sequence::new(packet.sequence),
            last: here,
            last_sequence: packet.sequence,
            origin: packet.timestamp,
            last_payload: packet.payload_type,
            last_kind: packet.kind,
            clocked: None,
            jitter_ns: 0.0,
            voice_jitter_ns: 0.0,
            stall: None,
            skew_ns: 0.0,
            strays: 0,
        }
    }

    fn feed(&mut self, packet: &Packet<'_>) {
        let is_first = self.summary.packets == 0;
        self.summary.packets += 1;
        self.summary.octets += u64::from(packet.octets);
        self.summary.last_frame = packet.frame;
        self.summary.last_time = packet.time;
        self.count_payload(packet);
        if !is_first {
            self.follow_sequence(packet);
            self.follow_time(packet);
        }
        let here = Reference { time: packet.time, timestamp: packet.timestamp };
        let is_before = self.is_before_origin(packet);
        if packet.kind == Kind::Media && packet.clock_rate.is_some() {
            self.summary.clock_rate = packet.clock_rate;
        }
        if !is_before {
            if packet.kind != Kind::Event && packet.clock_rate.is_some() {
                self.clocked = Some(here);
            }
            self.last = here;
        }
        self.last_sequence = packet.sequence;
        self.last_payload = packet.payload_type;
        self.last_kind = packet.kind;
    }

    /// Whether the timestamp lies before the stream's first one: its clock was set back. Until it is there again such
    /// packets are compared with nothing, as in Wireshark.
    fn is_before_origin(&mut self, packet: &Packet<'_>) -> bool {
        let ticks = packet.timestamp.wrapping_sub(self.origin) as i32;
        // The first one must not come to lie ahead when timestamps have gone half round.
        if ticks > 1 << 30 {
            self.origin = packet.timestamp.wrapping_sub(1 << 29);
        }
        ticks < 0
    }

    fn count_payload(&mut self, packet: &Packet<'_>) {
        let payloads = &mut self.summary.payloads;
        let is_it = |payload: &Payload| payload.number == packet.payload_type;
        let at = match payloads.iter().position(is_it) {
            Some(at) => at,
            None if payloads.len() < MAX_PAYLOADS => {
                let encoding = packet.encoding.map(|name| name.chars().take(MAX_ENCODING).collect());
                payloads.push(Payload { number: packet.payload_type, encoding, packets: 0 });
                payloads.len() - 1
            }
            None => MAX_PAYLOADS - 1,
        };
        if let Some(payload) = payloads.get_mut(at) {
            payload.packets += 1;
        }
    }

    fn follow_sequence(&mut self, packet: &Packet<'_>) {
        let problems = &mut self.summary.problems;
        let follows = packet.sequence == self.last_sequence.wrapping_add(1);
        if !follows {
            problems.out_of_sequence += 1;
        }
        if packet.payload_type != self.last_payload {
            problems.payload_changes += 1;
        }
        if follows && packet.kind != Kind::Event && (packet.timestamp.wrapping_sub(self.last.timestamp) as i32) < 0 {
            problems.timestamp_back += 1;
        }
        let step = self.sequence.step(packet.sequence);
        let is_skip = matches!(step, Step::Forward(gap) if gap >= MIN_SKIPPED && self.is_skipped(gap, packet));
        let problems = &mut self.summary.problems;
        match step {
            Step::Forward(gap) if is_skip => self.summary.skipped += u64::from(gap),
            Step::Forward(gap) => self.summary.longest_gap = self.summary.longest_gap.max(gap),
            Step::Late => problems.late += 1,
            Step::Duplicate => problems.duplicates += 1,
            Step::Jump => self.strays += 1,
            Step::Restart => {
                // The packet before was the first of the new start.
                self.strays = self.strays.saturating_sub(1);
                problems.restarts += 1;
            }
        }
    }

    /// Whether the packets that are missing before this one were never sent: their time has not passed, or the clock of
    /// the sender was set anew.
    fn is_skipped(&self, gap: u32, packet: &Packet<'_>) -> bool {
        let Some((rate, before)) = packet.clock_rate.filter(|rate| *rate > 0).zip(self.clocked) else { return false };
        let ticks = packet.timestamp.wrapping_sub(before.timestamp) as i32;
        let nominal = f64::from(ticks) * 1e9 / f64::from(rate);
        let arrival = packet.time.saturating_sub(before.time) as f64;
        (arrival - nominal).abs() > CLOCK_SET_NS || nominal < f64::from(gap) * MIN_PACKET_NS
    }

    fn follow_time(&mut self, packet: &Packet<'_>) {
        let ordinal = self.summary.packets - 1;
        // What begins a talkspurt, and comfort noise and what follows it, comes when it comes.
        let is_before = self.is_before_origin(packet);
        let is_regular =
            !is_before && !packet.marker && packet.kind != Kind::ComfortNoise && self.last_kind != Kind::ComfortNoise;
        if is_regular {
            let delta = packet.time.saturating_sub(self.last.time) as f64 / 1e6;
            self.summary.delta.add(delta, ordinal);
        }
        if let Some(rate) = packet.clock_rate.filter(|rate| *rate > 0)
            && packet.kind != Kind::Event
            && !is_before
            && let Some(before) = self.clocked
        {
            // RFC 3550, A.8. A timestamp is compared as a signed difference: it wraps, and packets overtake each other.
            let ticks = packet.timestamp.wrapping_sub(before.timestamp) as i32;
            let nominal = f64::from(ticks) * 1e9 / f64::from(rate);
            let arrival = packet.time.saturating_sub(before.time);
            let off = arrival as f64 - nominal;
            self.jitter_ns += (off.abs() - self.jitter_ns) / 16.0;
            self.skew_ns -= off;
            if self.skew_ns.abs() / 1e6 > self.summary.skew_max.abs() {
                self.summary.skew_max = self.skew_ns / 1e6;
            }
            // Where no packet is missing, a step of the timestamps is the sender's: a silence, or another clock.
            let follows = packet.sequence == self.last_sequence.wrapping_add(1);
            let is_step = follows && !(0.0..=SILENCE_NS as f64).contains(&nominal);
            // What was captured twice came in its time once.
            let is_copy = packet.sequence == self.last_sequence && packet.timestamp == before.timestamp;
            let is_spurt = !is_regular || is_step;
            let ends_silence = is_spurt || off > SILENCE_NS as f64 && arrival > SILENCE_NS;
            if !is_copy {
                self.follow_stall(off, ends_silence, is_spurt);
            }
            if !is_copy && !ends_silence && off.abs() <= CLOCK_SET_NS {
                self.voice_jitter_ns += (off.abs() - self.voice_jitter_ns) / 16.0;
                self.summary.voice_jitter_max = self.summary.voice_jitter_max.max(self.voice_jitter_ns / 1e6);
            }
        }
        if is_regular {
            self.summary.jitter.add(self.jitter_ns / 1e6, ordinal);
        }
    }

    /// Tells whether what came late ended a silence or was held up, and counts the latter.
    fn follow_stall(&mut self, off: f64, ends_silence: bool, is_spurt: bool) {
        if ends_silence {
            let stall = Stall { late_ns: off, caught_up_ns: 0.0, jitter_ns: self.voice_jitter_ns };
            self.stall = (!is_spurt && off > 0.0 && off <= CLOCK_SET_NS).then_some(stall);
            return;
        }
        let Some(stall) = self.stall.as_mut() else { return };
        stall.caught_up_ns -= off;
        if off >= 0.0 {
            self.stall = None;
        } else if stall.caught_up_ns * 2.0 >= stall.late_ns {
            let jitter_ns = stall.jitter_ns + (stall.late_ns - stall.jitter_ns) / 16.0;
            self.summary.voice_jitter_max = self.summary.voice_jitter_max.max(jitter_ns / 1e6);
            self.stall = None;
        }
    }

    fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        summary.expected = self.sequence.expected();
        let counted = summary.packets.saturating_sub(self.strays);
        summary.lost = i64::try_from(summary.expected).unwrap_or(i64::MAX).saturating_sub_unsigned(counted);
        let arrived = counted.saturating_sub(summary.problems.duplicates);
        summary.missing = summary.expected.saturating_sub(arrived).saturating_sub(summary.skipped);
        summary
    }
}

/// The streams of a capture.
#[derive(Default)]
pub struct Streams {
    streams: HashMap<Key, Stream, Folding>,
    left_out: u64,
}

impl Streams {
    /// Counts the next packet to its stream.
    pub fn feed(&mut self, key: Key, packet: &Packet<'_>) {
        if let Some(stream) = self.streams.get_mut(&key) {
            stream.feed(packet);
        } else if self.streams.len() < MAX_STREAMS {
            self.streams.entry(key).or_insert_with(|| Stream::new(key, packet)).feed(packet);
        } else {
            self.left_out += 1;
        }
    }

    /// What is known of all streams, in the order of their first packets.
    pub fn summaries(&self) -> Vec<Summary> {
        let mut summaries: Vec<_> = self.streams.values().map(Stream::summary).collect();
        summaries.sort_by_key(|summary| (summary.first_frame, summary.key));
        summaries
    }

    /// What is known of one stream.
    pub fn summary(&self, key: Key) -> Option<Summary> {
        self.streams.get(&key).map(Stream::summary)
    }

    /// How many packets were not counted since there were too many streams.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}
