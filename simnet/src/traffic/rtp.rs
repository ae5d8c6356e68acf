//! RTP streams and RTCP reports (RFC 3550), with G.711 sound made by integer arithmetic alone.
//!
//! Floating point would make the bytes depend on the machine's mathematics library.

use super::rng::Rng;
use super::sdp::Codec;

/// Time between packets: 20 ms, which is what every phone does unless told otherwise.
pub const PTIME_NS: u64 = 20_000_000;
/// Samples of 8 kHz in a packet of 20 ms.
pub const SAMPLES: usize = 160;

/// The quarter wave of a sine in 80 steps: `round(32767 * sin(2 pi i / 80))`.
const QUARTER: [i32; 21] = [
    0, 2571, 5126, 7649, 10126, 12539, 14876, 17121, 19260, 21280, 23170, 24916, 26509, 27938, 29196, 30273, 31163,
    31862, 32364, 32666, 32767,
];

fn sine(step: usize) -> i32 {
    match step % 80 {
        s @ 0..=20 => QUARTER[s],
        s @ 21..=40 => QUARTER[40 - s],
        s @ 41..=60 => -QUARTER[s - 40],
        s => -QUARTER[80 - s],
    }
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// Words and pauses, roughly.
    Speech,
    /// Little but line noise.
    Quiet,
    /// A pure tone of this many hundreds of Hz: 11 is a fax's calling tone, 21 its answer tone (T.30, 4.1).
    Tone(u8),
    /// Modulated data, as a fax page sounds.
    Modem,
}

/// One direction of a call.
#[derive(Debug, Clone)]
pub struct Stream {
    pub ssrc: u32,
    pub codec: Codec,
    /// Of the next packet; the upper half counts how often the number on the wire has come round.
    pub sequence: u32,
    pub timestamp: u32,
    /// Sent so far, for the sender reports.
    pub packets: u32,
    pub octets: u32,
    started: bool,
    sample: usize,
    loudness: i32,
    rng: Rng,
}

impl Stream {
    pub fn new(rng: &mut Rng, codec: Codec) -> Self {
        Self {
            ssrc: rng.u32(),
            codec,
            // RFC 3550, 5.1: both begin at random.
            sequence: rng.u16().into(),
            timestamp: rng.u32(),
            packets: 0,
            octets: 0,
            started: false,
            sample: 0,
            loudness: 0,
            rng: Rng::new(rng.u64()),
        }
    }

    /// The next packet of 20 ms.
    pub fn packet(&mut self, sound: Sound) -> Vec<u8> {
        let mut packet = Vec::with_capacity(12 + SAMPLES);
        // RFC 3551, 4.1: the marker begins a talkspurt.
        let marker = u8::from(!self.started) << 7;
        self.started = true;
        packet.extend([0x80, marker | self.codec.payload_type()]);
        packet.extend((self.sequence as u16).to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        self.speak(sound, &mut packet);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES as u32);
        self.packets += 1;
        self.octets += (packet.len() - 12) as u32;
        packet
    }

    fn speak(&mut self, sound: Sound, packet: &mut Vec<u8>) {
        if self.rng.range(0, 12) == 0 {
            self.loudness = self.rng.range(0, 4) as i32 * self.rng.range(0, 2500) as i32;
        }
        let mut noise = 0;
        for i in 0..SAMPLES {
            if i % 8 == 0 {
                noise = self.rng.range(0, 64) as i32 - 32;
            }
            let n = self.sample + i;
            let pcm = match sound {
                Sound::Quiet => noise / 4,
                Sound::Tone(hundreds) => sine(n * usize::from(hundreds)) / 4,
                Sound::Speech => noise + self.loudness * (2 * sine(n * 2) + sine(n * 7) + sine(n * 13) / 2) / 32767 / 4,
                Sound::Modem => sine(n * 18 + (noise & 3) as usize * 20) / 5,
            };
            packet.push(match self.codec {
                Codec::Pcma => alaw(pcm),
                // G.722 and G.729 frames have no form that a packet analyser could check; their length is what matters.
                Codec::Pcmu | Codec::G722 | Codec::G729 => ulaw(pcm),
            });
        }
        if self.codec == Codec::G729 {
            packet.truncate(12 + 20);
        }
        self.sample = (self.sample + SAMPLES) % 80_000;
    }

    /// A sender report with the sender's canonical name, and what is said of the other side's stream.
    pub fn sender_report(&self, time_ns: u64, cname: &str, other: &Stream, jitter: u32) -> Vec<u8> {
        // RFC 3550, 6.4.1. NTP's era began 2,208,988,800 s before that of Unix.
        let mut report = vec![0x81, 200, 0, 12];
        report.extend(self.ssrc.to_be_bytes());
        report.extend(((time_ns / 1_000_000_000 + 2_208_988_800) as u32).to_be_bytes());
        report.extend((((u128::from(time_ns % 1_000_000_000)) << 32) / 1_000_000_000).to_be_bytes()[12..].iter());
        report.extend(self.timestamp.to_be_bytes());
        report.extend(self.packets.to_be_bytes());
        report.extend(self.octets.to_be_bytes());
        report.extend(other.ssrc.to_be_bytes());
        report.extend([0, 0, 0, 0]);
        report.extend(other.sequence.saturating_sub(1).to_be_bytes());
        report.extend(jitter.to_be_bytes());
        report.extend([0; 8]);
        // 6.5: one chunk with CNAME, ended by zeros up to a border of 32 bits.
        let mut chunk = self.ssrc.to_be_bytes().to_vec();
        chunk.extend([1, cname.len() as u8]);
        chunk.extend(cname.bytes());
        chunk.resize((chunk.len() + 1).next_multiple_of(4), 0);
        report.extend([0x81, 202]);
        report.extend(((chunk.len() / 4) as u16).to_be_bytes());
        report.extend(chunk);
        report
    }
}

/// G.711 µ-law of a 16-bit sample.
fn ulaw(pcm: i32) -> u8 {
    let sign = if pcm < 0 { 0x80 } else { 0 };
    let magnitude = (pcm.abs().min(32_635)) + 132;
    let exponent = (magnitude >> 7).ilog2();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent as u8) << 4 | mantissa as u8)
}

/// G.711 A-law of a 16-bit sample.
fn alaw(pcm: i32) -> u8 {
    let sign = if pcm < 0 { 0 } else { 0x80 };
    let magnitude = if pcm < 0 { (-pcm - 1).max(0) } else { pcm }.min(32_767);
    let code = if magnitude < 256 {
        magnitude >> 4
    } else {
        let exponent = (magnitude >> 8).ilog2() + 1;
        (exponent as i32) << 4 | (magnitude >> (exponent + 3)) & 0x0f
    };
    (sign | code as u8) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g711_of_known_samples() {
        // ITU-T G.711, tables 1 and 2: silence and full scale.
        assert_eq!((ulaw(0), ulaw(32_767), ulaw(-32_767)), (0xff, 0x80, 0x00));
        assert_eq!((alaw(0), alaw(32_767), alaw(-32_768)), (0xd5, 0xaa, 0x2a));
    }

    #[test]
    fn packets_follow_each_other() {
        let mut stream = Stream::new(&mut Rng::new(1), Codec::Pcmu);
        let (first, second) = (stream.packet(Sound::Speech), stream.packet(Sound::Speech));
        assert_eq!((first.len(), second.len()), (172, 172));
        assert_eq!((first[1], second[1]), (0x80, 0x00));
        let number = |p: &[u8]| u16::from_be_bytes([p[2], p[3]]);
        assert_eq!(number(&second), number(&first).wrapping_add(1));
        assert_eq!(stream.packets, 2);
    }

    #[test]
    fn reports_are_whole_words() {
        let mut rng = Rng::new(2);
        let (a, b) = (Stream::new(&mut rng, Codec::Pcma), Stream::new(&mut rng, Codec::Pcma));
        let report = a.sender_report(1_700_000_000_500_000_000, "a@b", &b, 3);
        assert_eq!(report.len() % 4, 0);
        assert_eq!(report[12..16], 0x8000_0000_u32.to_be_bytes());
    }
}
