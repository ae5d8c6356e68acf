//! Session descriptions as calls keep them, and what offer and answer agree on (RFC 3264).

use std::net::IpAddr;

use crate::dissector::Address;
use crate::proto::sdp::description::{Description, Direction, MAX_FORMATS, Media};

/// How many media descriptions of one body are kept.
pub const MAX_LINES: usize = 8;
/// How much of an encoding's name is kept.
const MAX_NAME: usize = 32;

/// What is spoken of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    Audio,
    Video,
    /// `image` over `udptl` with the format `t38`.
    Fax,
    Other,
}

/// A format: its payload type where the transport is RTP, its name and clock rate where they are known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Format {
    pub payload_type: Option<u8>,
    pub name: Option<Box<str>>,
    pub clock_rate: Option<u32>,
}

/// The static payload types of RFC 3551 that telephony knows, by name and clock rate.
const STATIC: &[(u8, &str, u32)] = &[
    (0, "PCMU", 8000),
    (2, "G726-32", 8000),
    (3, "GSM", 8000),
    (4, "G723", 8000),
    (5, "DVI4", 8000),
    (6, "DVI4", 16_000),
    (7, "LPC", 8000),
    (8, "PCMA", 8000),
    (9, "G722", 8000),
    (10, "L16", 44_100),
    (11, "L16", 44_100),
    (12, "QCELP", 8000),
    (13, "CN", 8000),
    (14, "MPA", 90_000),
    (15, "G728", 8000),
    (16, "DVI4", 11_025),
    (17, "DVI4", 22_050),
    (18, "G729", 8000),
    (25, "CelB", 90_000),
    (26, "JPEG", 90_000),
    (28, "nv", 90_000),
    (31, "H261", 90_000),
    (32, "MPV", 90_000),
    (33, "MP2T", 90_000),
    (34, "H263", 90_000),
];

/// Annexes of one codec that its name may tell go together.
fn family(name: &str) -> &str {
    match name.get(..4) {
        Some(start) if start.eq_ignore_ascii_case("G729") => start,
        _ => name,
    }
}

impl Format {
    fn of(format: &[u8], media: &Media<'_>, is_rtp: bool) -> Self {
        let text = String::from_utf8_lossy(format.get(..MAX_NAME).unwrap_or(format)).into_owned();
        let payload_type = if is_rtp { text.parse::<u8>().ok() } else { None };
        let Some(number) = payload_type else {
            return Self { payload_type, name: Some(text.into()), clock_rate: None };
        };
        let mapped = media.encodings.iter().find(|encoding| encoding.0 == number).map(|encoding| {
            let mut parts = encoding.1.split(|octet| *octet == b'/');
            let name = parts.next().unwrap_or_default();
            let name: Box<str> = String::from_utf8_lossy(name.get(..MAX_NAME).unwrap_or(name)).into();
            let rate = parts.next().and_then(|rate| std::str::from_utf8(rate).ok()?.parse().ok());
            (name, rate)
        });
        let known = || STATIC.iter().find(|row| row.0 == number).map(|row| (row.1.into(), Some(row.2)));
        let (name, clock_rate) = mapped.or_else(known).unzip();
        Self { payload_type, name, clock_rate: clock_rate.flatten() }
    }

    /// Events, tones and comfort noise: no codec on their own.
    pub fn is_side_format(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        ["telephone-event", "tone", "CN", "red"].iter().any(|side| name.eq_ignore_ascii_case(side))
    }

    /// Whether both mean the same: the same encoding, or the same number where one of them has no name. A static number
    /// means what it means (RFC 3551, 6), whatever is said of it: G.722's clock rate is often told wrong.
    pub fn agrees(&self, other: &Self) -> bool {
        let is_static = |number: u8| STATIC.iter().any(|row| row.0 == number);
        match (&self.name, &other.name) {
            _ if self.payload_type.is_some_and(is_static) && self.payload_type == other.payload_type => true,
            (Some(mine), Some(theirs)) => {
                let rates = self.clock_rate.zip(other.clock_rate);
                family(mine).eq_ignore_ascii_case(family(theirs)) && rates.is_none_or(|(mine, theirs)| mine == theirs)
            }
            _ => self.payload_type.is_some() && self.payload_type == other.payload_type,
        }
    }

    /// For people.
    pub fn label(&self) -> String {
        match (&self.name, self.payload_type) {
            (Some(name), _) => name.to_string(),
            (None, Some(number)) => format!("payload type {number}"),
            (None, None) => "unknown".to_owned(),
        }
    }
}

/// One `m=` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub kind: Kind,
    pub address: Option<Address>,
    /// 0: not wanted (RFC 3264, 6).
    pub port: u16,
    pub is_rtp: bool,
    pub direction: Direction,
    pub formats: Vec<Format>,
}

impl Line {
    fn of(media: &Media<'_>) -> Self {
        let is_rtp = memchr::memmem::find(media.transport, b"RTP/").is_some();
        let is_fax = media.transport.eq_ignore_ascii_case(b"udptl");
        let kind = match media.kind {
            b"audio" if is_rtp => Kind::Audio,
            b"video" if is_rtp => Kind::Video,
            b"image" if is_fax => Kind::Fax,
            _ => Kind::Other,
        };
        let address = media.address.map(|address| match address {
            IpAddr::V4(address) => Address::Ipv4(address.octets()),
            IpAddr::V6(address) => Address::Ipv6(address.octets()),
        });
        // RFC 3264, 5.1 and 8.4: an address of zeros once meant that nothing shall be sent.
        let is_nowhere = matches!(address, Some(Address::Ipv4([0, 0, 0, 0])));
        let direction = match media.direction {
            Direction::SendReceive if is_nowhere => Direction::SendOnly,
            Direction::ReceiveOnly if is_nowhere => Direction::Inactive,
            direction => direction,
        };
        let formats = media.formats.iter().take(MAX_FORMATS).map(|format| Format::of(format, media, is_rtp));
        Self { kind, address, port: media.port, is_rtp, direction, formats: formats.collect() }
    }

    /// Whether media may come here.
    pub fn is_wanted(&self) -> bool {
        self.port != 0
    }

    /// The codecs, without events and comfort noise.
    pub fn codecs(&self) -> impl Iterator<Item = &Format> {
        self.formats.iter().filter(|format| !format.is_side_format())
    }
}

/// A session description.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sdp {
    pub media: Vec<Line>,
    /// ICE (RFC 8839): media may come to any of the candidates, not only to the address of the `c=` line.
    pub has_candidates: bool,
}

impl Sdp {
    pub(super) fn of(description: &Description<'_>, octets: &[u8]) -> Self {
        Self {
            media: description.media.iter().take(MAX_LINES).map(Line::of).collect(),
            has_candidates: [&b"\na=candidate:"[..], b"\na=ice-ufrag:"]
                .into_iter()
                .any(|name| memchr::memmem::find(octets, name).is_some()),
        }
    }

    /// The lines of a kind on which media are wanted.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Line> {
        self.media.iter().filter(move |line| line.kind == kind && line.is_wanted())
    }

    /// Whether there is such a line.
    pub fn has(&self, kind: Kind) -> bool {
        self.of_kind(kind).next().is_some()
    }

    /// In a word: `SDP`, `SDP T.38`, `SDP sendonly`.
    pub fn label(&self) -> String {
        let mut label = "SDP".to_owned();
        if self.has(Kind::Fax) {
            label.push_str(" T.38");
        }
        if let Some(line) = self.of_kind(Kind::Audio).next() {
            label.push_str(match line.direction {
                Direction::SendReceive => "",
                Direction::SendOnly => " sendonly",
                Direction::ReceiveOnly => " recvonly",
                Direction::Inactive => " inactive",
            });
        }
        label
    }
}

/// The codecs on both sides of an audio line that the answer takes, in the order of the answer; nothing where the
/// answer names only codecs that were not offered.
pub fn common<'a>(offer: &Line, answer: &'a Line) -> Option<Vec<&'a Format>> {
    let is_common = |format: &&Format| offer.formats.iter().any(|offered| offered.agrees(format));
    let common: Vec<_> = answer.codecs().filter(is_common).collect();
    let has_codecs = answer.codecs().next().is_some() && offer.codecs().next().is_some();
    (!common.is_empty() || !has_codecs).then_some(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(text: &str) -> Sdp {
        Sdp::of(&Description::read(text.as_bytes()), text.as_bytes())
    }

    const C: &str = "v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 10.0.0.1\r\n";

    #[test]
    fn codecs_are_compared_by_name() {
        let offer = sdp(&format!(
            "{C}m=audio 4000 RTP/AVP 18 97 101\r\na=rtpmap:97 opus/48000\r\na=rtpmap:101 telephone-event/8000\r\n"
        ));
        let check = |formats: &str, expected: Option<usize>| {
            let answer = sdp(&format!("{C}m=audio 4000 RTP/AVP {formats}\r\n"));
            let common = common(&offer.media[0], &answer.media[0]).map(|common| common.len());
            assert_eq!(common, expected, "{formats}");
        };
        check("18", Some(1));
        check("9", None);
        check("9 18", Some(1));
        check("111\r\na=rtpmap:111 OPUS/48000", Some(1));
        check("97\r\na=rtpmap:97 AMR/8000", None);
        check("97", Some(1));
        check("101\r\na=rtpmap:101 telephone-event/8000", Some(0));
        check("9 101\r\na=rtpmap:101 telephone-event/8000", None);
        check("18\r\na=rtpmap:18 G729/16000", Some(1));
    }

    #[test]
    fn kinds_and_directions_are_told_apart() {
        let sdp = sdp(&format!(
            "{C}m=audio 4000 RTP/SAVP 0\r\nc=IN IP4 0.0.0.0\r\nm=image 5000 udptl t38\r\nm=video 0 RTP/AVP 34\r\n"
        ));
        assert!(sdp.has(Kind::Audio) && sdp.has(Kind::Fax) && !sdp.has(Kind::Video));
        assert_eq!(sdp.media[0].direction, Direction::SendOnly);
        assert_eq!(sdp.label(), "SDP T.38 sendonly");
        assert_eq!(sdp.media[2].kind, Kind::Video);
    }
}
