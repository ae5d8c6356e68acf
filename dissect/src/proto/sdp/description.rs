//! What a description offers or answers, taken from its lines without making fields: for whoever follows calls.

use std::net::IpAddr;

use super::{Line, line};

/// How many media descriptions of one body are taken; RFC 3264 calls have one to a handful.
pub const MAX_MEDIA: usize = 64;
/// How many formats of one media description are taken.
pub const MAX_FORMATS: usize = 128;

/// Who may send (RFC 8866, 6.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    #[default]
    SendReceive,
    SendOnly,
    ReceiveOnly,
    Inactive,
}

/// One `m=` line with what stands below it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Media<'a> {
    /// `audio`, `video`, `image`, `application`, ...
    pub kind: &'a [u8],
    /// 0: refused or taken back (RFC 3264, 6).
    pub port: u16,
    /// As in `RTP/AVP` or `udptl`.
    pub transport: &'a [u8],
    pub formats: Vec<&'a [u8]>,
    /// Its own connection address, or else the session's; none where it is a name.
    pub address: Option<IpAddr>,
    pub direction: Direction,
    /// The port of RTCP where it is not the next one (RFC 3605).
    pub control_port: Option<u16>,
    /// RTCP comes to the port of RTP (RFC 5761).
    pub shares_port: bool,
    /// Payload types and encodings, as in `(0, "PCMU/8000")`.
    pub encodings: Vec<(u8, &'a [u8])>,
}

/// A session description (RFC 8866).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Description<'a> {
    /// The version in the `o=` line: it rises with each change (RFC 3264, 8).
    pub version: &'a [u8],
    pub address: Option<IpAddr>,
    pub direction: Direction,
    pub media: Vec<Media<'a>>,
}

fn word(text: &[u8], place: usize) -> &[u8] {
    text.split(|octet| *octet == b' ').filter(|word| !word.is_empty()).nth(place).unwrap_or_default()
}

fn parsed<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The address of a `c=` line, without the time to live of multicast.
fn address(value: &[u8]) -> Option<IpAddr> {
    parsed(word(value, 2).split(|octet| *octet == b'/').next()?)
}

fn direction(attribute: &[u8]) -> Option<Direction> {
    match attribute {
        b"sendrecv" => Some(Direction::SendReceive),
        b"sendonly" => Some(Direction::SendOnly),
        b"recvonly" => Some(Direction::ReceiveOnly),
        b"inactive" => Some(Direction::Inactive),
        _ => None,
    }
}

impl<'a> Media<'a> {
    fn read(value: &'a [u8], session: &Description<'a>) -> Self {
        let port = word(value, 1).split(|octet| *octet == b'/').next().unwrap_or_default();
        let formats = value.split(|octet| *octet == b' ').filter(|word| !word.is_empty()).skip(3);
        Self {
            kind: word(value, 0),
            port: parsed(port).unwrap_or(0),
            transport: word(value, 2),
            formats: formats.take(MAX_FORMATS).collect(),
            address: session.address,
            direction: session.direction,
            ..Self::default()
        }
    }

    fn attribute(&mut self, value: &'a [u8]) {
        if let Some(direction) = direction(value) {
            self.direction = direction;
        } else if value == b"rtcp-mux" {
            self.shares_port = true;
        } else if let Some(port) = value.strip_prefix(b"rtcp:") {
            self.control_port = parsed(word(port, 0));
        } else if let Some(map) = value.strip_prefix(b"rtpmap:")
            && let Some(payload_type) = parsed(word(map, 0))
            && self.encodings.len() < MAX_FORMATS
        {
            self.encodings.push((payload_type, word(map, 1)));
        }
    }
}

impl<'a> Description<'a> {
    /// Reads a body. What is not understood is left out.
    pub fn read(octets: &'a [u8]) -> Self {
        let mut description = Self::default();
        let mut here = 0;
        while let Some(Line { start, is_invalid, value, next }) = line(octets, here) {
            here = next;
            let value = octets.get(value).unwrap_or_default();
            let letter = octets.get(start).filter(|_| !is_invalid);
            if letter == Some(&b'm') {
                if description.media.len() >= MAX_MEDIA {
                    break;
                }
                let media = Media::read(value, &description);
                description.media.push(media);
                continue;
            }
            match (letter, description.media.last_mut()) {
                (Some(b'c'), Some(media)) => media.address = address(value),
                (Some(b'c'), None) => description.address = address(value),
                (Some(b'a'), Some(media)) => media.attribute(value),
                (Some(b'a'), None) => description.direction = direction(value).unwrap_or(description.direction),
                (Some(b'o'), None) => description.version = word(value, 2),
                _ => {}
            }
        }
        description
    }

    /// Whether it says where media can be sent to.
    pub fn is_complete(&self) -> bool {
        self.media.iter().any(|media| media.address.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read() {
        let octets = b"v=0\r\no=- 1 7 IN IP4 h\r\ns=-\r\nc=IN IP4 10.0.0.1/127\r\na=sendonly\r\n\
            m=audio 4000/2 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp:4005 IN IP4 1.2.3.4\r\n\
            m=image 5000 udptl t38\r\nc=IN IP6 ::1\r\na=sendrecv\r\na=rtcp-mux\r\nm=video 0 RTP/AVP 34\r\nc=IN IP4 name\r\n";
        let description = Description::read(octets);
        assert_eq!(description.version, b"7");
        assert!(description.is_complete());
        let [audio, image, video] = description.media.as_slice() else {
            panic!("not three media");
        };
        assert_eq!((audio.kind, audio.port, audio.transport), (&b"audio"[..], 4000, &b"RTP/AVP"[..]));
        assert_eq!(audio.formats, [&b"0"[..], b"101"]);
        assert_eq!(audio.address, parsed(b"10.0.0.1"));
        assert_eq!((audio.direction, audio.control_port), (Direction::SendOnly, Some(4005)));
        assert_eq!(audio.encodings, [(101, &b"telephone-event/8000"[..])]);
        assert_eq!((image.address, image.direction), (parsed(b"::1"), Direction::SendReceive));
        assert!(image.shares_port);
        assert_eq!((video.port, video.address), (0, None));
    }

    #[test]
    fn no_more_than_the_limits_is_taken() {
        let media = format!("m=audio 1 RTP/AVP{}\r\n", " 0".repeat(MAX_FORMATS + 9)).into_bytes();
        let octets = media.repeat(MAX_MEDIA + 9);
        let description = Description::read(&octets);
        assert_eq!(description.media.len(), MAX_MEDIA);
        assert_eq!(description.media[0].formats.len(), MAX_FORMATS);
    }
}
