//! Messages in several frames (RFC 6455, 5.4) and compressed ones (RFC 7692), which the first pass puts together.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use crate::recent::Recent;

/// How long a message may be, put together and decompressed, and in how many frames it may lie.
const MAX_MESSAGE: usize = 1 << 20;
const MAX_FRAMES: usize = 4096;
/// In how many directions messages wait for their end at one time, and may hold together.
const MAX_WAITING: usize = 1024;
const MAX_WAITING_OCTETS: usize = 32 << 20;
/// How many directions are decompressed at one time: each one needs the last 32 KiB that it said.
const MAX_INFLATERS: usize = 512;

/// What a frame says of the message that it is of.
pub(super) struct Frame {
    pub(super) opcode: u8,
    pub(super) is_last: bool,
    pub(super) is_compressed: bool,
}

/// A message that lay in several frames, or was compressed.
#[derive(Debug)]
pub struct Message {
    pub(super) opcode: u8,
    pub(super) is_compressed: bool,
    /// The packet of each frame and how many octets the frame had.
    pub(super) pieces: Box<[(u64, u32)]>,
    pub(super) octets: Box<[u8]>,
}

#[derive(Default)]
struct Waiting {
    opcode: u8,
    is_compressed: bool,
    pieces: Vec<(u64, u32)>,
    /// The first place in the packet that the last frame came in.
    place: u32,
    octets: Vec<u8>,
}

/// The messages under way in the first pass, by TCP stream and direction.
pub(crate) struct Messages {
    waiting: Recent<(u32, bool), Waiting>,
    inflaters: Recent<(u32, bool), Inflater>,
    octets: usize,
}

impl Default for Messages {
    fn default() -> Self {
        Self { waiting: Recent::new(MAX_WAITING), inflaters: Recent::new(MAX_INFLATERS), octets: 0 }
    }
}

impl Messages {
    /// Takes a frame that stands at a place of a packet; answers the message that it completes, and the place of the
    /// first frame of it in that packet.
    pub(super) fn take(
        &mut self,
        key: (u32, bool),
        (packet, place): (u64, u32),
        frame: &Frame,
        octets: &[u8],
    ) -> Option<(u32, Message)> {
        // What was forgotten no longer counts.
        if self.octets > MAX_WAITING_OCTETS {
            self.waiting = Recent::new(MAX_WAITING);
            self.octets = 0;
        }
        if frame.opcode != 0 {
            let begun = Waiting { opcode: frame.opcode, is_compressed: frame.is_compressed, ..Waiting::default() };
            self.waiting.insert(key, begun);
        }
        let waiting = self.waiting.get(&key).filter(|waiting| waiting.opcode != 0)?;
        if waiting.octets.len() + octets.len() > MAX_MESSAGE || waiting.pieces.len() >= MAX_FRAMES {
            *waiting = Waiting::default();
            return None;
        }
        if waiting.pieces.last().is_none_or(|piece| piece.0 != packet) {
            waiting.place = place;
        }
        waiting.pieces.push((packet, octets.len() as u32));
        waiting.octets.extend_from_slice(octets);
        if !frame.is_last {
            self.octets += octets.len();
            return None;
        }
        let Waiting { opcode, is_compressed, pieces, place, octets } = std::mem::take(waiting);
        let octets = if is_compressed { self.inflate(key, &octets)? } else { octets };
        Some((place, Message { opcode, is_compressed, pieces: pieces.into(), octets: octets.into() }))
    }

    fn inflate(&mut self, key: (u32, bool), octets: &[u8]) -> Option<Vec<u8>> {
        if self.inflaters.get(&key).is_none() {
            self.inflaters.insert(key, Inflater(Some(Decompress::new(false))));
        }
        let Inflater(inflater) = self.inflaters.get(&key)?;
        let inflated = inflate(inflater.as_mut()?, octets);
        if inflated.is_none() {
            // What follows needs what could not be read.
            *inflater = None;
        }
        inflated
    }
}

/// What one direction said last, or nothing where that could not be read.
struct Inflater(Option<Decompress>);

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inflater")
    }
}

/// RFC 7692, 7.2.2: what the sender left out at the end is put back. A sender that begins anew with each message is read
/// in the same way: it refers to nothing before.
fn inflate(inflater: &mut Decompress, octets: &[u8]) -> Option<Vec<u8>> {
    const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
    let mut plain = Vec::new();
    for input in [octets, &TAIL] {
        let mut rest = input;
        while !rest.is_empty() {
            if plain.len() >= MAX_MESSAGE {
                return None;
            }
            plain.reserve((rest.len() * 4).clamp(64, MAX_MESSAGE - plain.len().min(MAX_MESSAGE - 64)));
            let before = inflater.total_in();
            let made = plain.len();
            let status = inflater.decompress_vec(rest, &mut plain, FlushDecompress::Sync).ok()?;
            let taken = usize::try_from(inflater.total_in() - before).ok()?;
            rest = rest.get(taken..)?;
            match status {
                Status::StreamEnd => {
                    // A message may end with a last block; the next one begins a stream of its own.
                    inflater.reset(false);
                    return Some(plain);
                }
                _ if taken == 0 && plain.len() == made => break,
                _ => {}
            }
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Frame = Frame { opcode: 1, is_last: false, is_compressed: false };
    const MORE: Frame = Frame { opcode: 0, is_last: false, is_compressed: false };
    const LAST: Frame = Frame { opcode: 0, is_last: true, is_compressed: false };
    const COMPRESSED: Frame = Frame { opcode: 1, is_last: true, is_compressed: true };

    #[test]
    fn frames_make_a_message() {
        let mut messages = Messages::default();
        assert!(messages.take((0, false), (1, 10), &TEXT, b"ab").is_none());
        assert!(messages.take((0, true), (2, 10), &LAST, b"xx").is_none());
        assert!(messages.take((0, false), (3, 10), &MORE, b"cd").is_none());
        let (place, message) = messages.take((0, false), (3, 20), &LAST, b"ef").unwrap();
        assert_eq!((place, &*message.octets), (10, &b"abcdef"[..]));
        assert_eq!(&*message.pieces, [(1, 2), (3, 2), (3, 2)]);
        assert!(messages.take((0, false), (4, 10), &LAST, b"gh").is_none());
    }

    /// RFC 7692, 7.2.3.1 and 7.2.3.2: the second message refers to the first.
    #[test]
    fn compressed_messages_refer_to_those_before() {
        let mut messages = Messages::default();
        let hello = |messages: &mut Messages, octets: &[u8]| {
            let done = messages.take((0, false), (1, 1), &COMPRESSED, octets);
            done.map(|done| String::from_utf8_lossy(&done.1.octets).into_owned())
        };
        assert_eq!(hello(&mut messages, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]).as_deref(), Some("Hello"));
        assert_eq!(hello(&mut messages, &[0xf2, 0x00, 0x11, 0x00, 0x00]).as_deref(), Some("Hello"));
        assert_eq!(hello(&mut messages, &[0xff; 9]), None);
        assert_eq!(hello(&mut messages, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), None);
    }

    #[test]
    fn a_message_longer_than_the_limit_is_not_kept() {
        let mut messages = Messages::default();
        assert!(messages.take((0, false), (1, 1), &TEXT, &vec![0; MAX_MESSAGE]).is_none());
        assert!(messages.take((0, false), (1, 1), &MORE, b"x").is_none());
        assert!(messages.take((0, false), (1, 1), &LAST, b"x").is_none());
        // A megabyte of one octet takes a thousand.
        let bomb = {
            use std::io::Write;
            let mut to = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            to.write_all(&vec![7; 2 * MAX_MESSAGE]).unwrap();
            to.finish().unwrap()
        };
        assert!(messages.take((0, true), (1, 1), &COMPRESSED, &bomb).is_none());
    }
}
