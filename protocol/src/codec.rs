//! The one user of bincode: how messages become bytes and come back, and the frame that they travel in.
//!
//! ```text
//! frame, little-endian
//!   0  4  length of the body
//!   4  2  version of the frame, 1
//!   6  2  type of the body
//!   8  4  CRC-32 of bytes 0..8 and the body
//!  12     body
//! ```
//!
//! bincode does not describe itself: the order of fields and of variants is the format, golden bytes in the tests hold it. Every
//! decode has a limit on what the bytes may claim, and bytes left over are an error.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError as BincodeDecodeError, EncodeError as BincodeEncodeError};
pub use bincode::{Decode, Encode};
use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use crate::ids::{Partition, Seq};
use crate::interval::{MAX_RANGES, RangeSet};
use crate::limits::MAX_FRAME_BYTES;

/// The newest version of the protocol that this program speaks: it rises when there is a message that older programs do not know.
pub const PROTOCOL_VERSION: u16 = 1;

/// The oldest version that it still speaks. It may rise only when no release is in use that speaks nothing newer: nodes of two
/// releases without a common version cannot be in one cluster.
pub const OLDEST_VERSION: u16 = 1;

/// The version that every message was born in which has no other, and that a program speaks which says none.
pub const FIRST_VERSION: u16 = 1;

/// Version of the frames. It has nothing to do with what is in them, and stays while they look as above.
pub const FRAME_VERSION: u16 = 1;

/// Bytes before the body of a frame.
pub const FRAME_HEADER_BYTES: usize = 12;

/// How much a message may claim, in bytes of memory. A class and not a number, because bincode wants it at compile time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 64 KiB: control.
    Small,
    /// 4 MiB: filters, lists of hosts, interval sets.
    Medium,
    /// 64 MiB: batches of rows; one row can be the tree of a largest packet.
    Large,
}

impl Size {
    /// The limit in bytes, of the message as of what it claims to hold.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Small => SMALL,
            Self::Medium => MEDIUM,
            Self::Large => LARGE,
        }
    }
}

const SMALL: usize = 64 << 10;
const MEDIUM: usize = 4 << 20;
const LARGE: usize = 64 << 20;

/// Something that travels as the body of a frame of its own type.
pub trait Message: Encode + Decode<()> {
    /// Its number in the frame; never given twice.
    const TYPE: u16;
    /// What it may claim.
    const SIZE: Size;

    /// The version of the protocol that this message was born in: nobody who speaks an older one can read it. That of the youngest
    /// thing in it, for one that holds others.
    fn since(&self) -> u16 {
        FIRST_VERSION
    }
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    #[error("message of type {0} cannot be read: {1}")]
    Malformed(u16, String),
    #[error("message of type {kind} has {left} bytes too many")]
    Trailing { kind: u16, left: usize },
    #[error("message of type {kind} has {found} bytes, the limit is {limit}")]
    TooLarge { kind: u16, found: usize, limit: usize },
    #[error("message of type {found}, expected {expected}")]
    Type { expected: u16, found: u16 },
    #[error("frame of version {found}, this program knows {FRAME_VERSION}")]
    Version { found: u16 },
    /// The bytes before and behind it can be read.
    #[error(
        "message of type {kind} holds number {variant} of {of}, which this program does not know: it speaks version \
         {PROTOCOL_VERSION} of the protocol, and who sent this probably a newer one"
    )]
    Unknown { kind: u16, of: &'static str, variant: u32 },
    /// Nothing was sent.
    #[error(
        "the peer speaks version {spoken} of the protocol, and this needs version {since}: the peer is older, upgrade it"
    )]
    Newer { kind: u16, since: u16, spoken: u16 },
    #[error("checksum of a frame is {found:08x}, expected {expected:08x}")]
    Checksum { expected: u32, found: u32 },
}

type Limited<const N: usize> = Configuration<LittleEndian, Varint, Limit<N>>;

const fn limited<const N: usize>() -> Limited<N> {
    bincode::config::standard().with_limit::<N>()
}

/// The bytes of a message, without a frame.
///
/// # Errors
/// When it is larger than its type allows: a peer would refuse it.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, CodecError> {
    let malformed = |error: BincodeEncodeError| CodecError::Malformed(M::TYPE, error.to_string());
    let bytes = bincode::encode_to_vec(message, bincode::config::standard()).map_err(malformed)?;
    check_len::<M>(bytes.len())?;
    Ok(bytes)
}

/// The message that these bytes are, all of them.
///
/// # Errors
/// When they are no such message, claim more than its type allows, or do not end with it.
pub fn decode<M: Message>(bytes: &[u8]) -> Result<M, CodecError> {
    check_len::<M>(bytes.len())?;
    let decoded = match M::SIZE {
        Size::Small => bincode::decode_from_slice(bytes, limited::<SMALL>()),
        Size::Medium => bincode::decode_from_slice(bytes, limited::<MEDIUM>()),
        Size::Large => bincode::decode_from_slice(bytes, limited::<LARGE>()),
    };
    let (message, read) = decoded.map_err(|error| match error {
        BincodeDecodeError::UnexpectedVariant { type_name, found, .. } => {
            CodecError::Unknown { kind: M::TYPE, of: type_name, variant: found }
        }
        error => CodecError::Malformed(M::TYPE, error.to_string()),
    })?;
    match bytes.len().saturating_sub(read) {
        0 => Ok(message),
        left => Err(CodecError::Trailing { kind: M::TYPE, left }),
    }
}

fn check_len<M: Message>(found: usize) -> Result<(), CodecError> {
    let limit = M::SIZE.bytes().min(MAX_FRAME_BYTES);
    if found > limit { Err(CodecError::TooLarge { kind: M::TYPE, found, limit }) } else { Ok(()) }
}

/// A body with its type, taken out of a frame whose checksum was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u16,
    pub body: Bytes,
}

impl Frame {
    /// The message in it.
    ///
    /// # Errors
    /// When it is of another type, or as for [`decode`].
    pub fn message<M: Message>(&self) -> Result<M, CodecError> {
        if self.kind != M::TYPE {
            return Err(CodecError::Type { expected: M::TYPE, found: self.kind });
        }
        decode(&self.body)
    }
}

/// A message as a frame.
///
/// # Errors
/// As for [`encode`].
pub fn frame<M: Message>(message: &M) -> Result<Bytes, CodecError> {
    let body = encode(message)?;
    let header = frame_header(M::TYPE, &body)?;
    let mut frame = Vec::with_capacity(FRAME_HEADER_BYTES + body.len());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(&body);
    Ok(frame.into())
}

/// As [`frame`], for a peer that speaks this version.
///
/// # Errors
/// As for [`encode`]; [`CodecError::Newer`] when the message was born later.
pub fn frame_for<M: Message>(message: &M, spoken: u16) -> Result<Bytes, CodecError> {
    let since = message.since();
    if since > spoken {
        return Err(CodecError::Newer { kind: M::TYPE, since, spoken });
    }
    frame(message)
}

/// What goes before a body that is bytes already, so that a chunk need not be copied to be sent.
///
/// # Errors
/// When the body is larger than a frame may be.
pub fn frame_header(kind: u16, body: &[u8]) -> Result<[u8; FRAME_HEADER_BYTES], CodecError> {
    if body.len() > MAX_FRAME_BYTES {
        return Err(CodecError::TooLarge { kind, found: body.len(), limit: MAX_FRAME_BYTES });
    }
    let mut header = [0; FRAME_HEADER_BYTES];
    header[..4].copy_from_slice(&(body.len() as u32).to_le_bytes());
    header[4..6].copy_from_slice(&FRAME_VERSION.to_le_bytes());
    header[6..8].copy_from_slice(&kind.to_le_bytes());
    let crc = frame_crc(&header, body);
    header[8..].copy_from_slice(&crc.to_le_bytes());
    Ok(header)
}

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    pub kind: u16,
    /// Bytes of the body; at most [`MAX_FRAME_BYTES`].
    pub body_len: usize,
    bytes: [u8; FRAME_HEADER_BYTES],
}

impl FrameHeader {
    /// Reads a header; nothing need be allocated for the body before this has agreed.
    ///
    /// # Errors
    /// When the version is another, or the body too large.
    pub fn parse(bytes: [u8; FRAME_HEADER_BYTES]) -> Result<Self, CodecError> {
        let [a, b, c, d, v0, v1, k0, k1, ..] = bytes;
        let (found, kind) = (u16::from_le_bytes([v0, v1]), u16::from_le_bytes([k0, k1]));
        if found != FRAME_VERSION {
            return Err(CodecError::Version { found });
        }
        let body_len = u32::from_le_bytes([a, b, c, d]) as usize;
        if body_len > MAX_FRAME_BYTES {
            return Err(CodecError::TooLarge { kind, found: body_len, limit: MAX_FRAME_BYTES });
        }
        Ok(Self { kind, body_len, bytes })
    }

    /// The frame of this header and its body, once all of it is there.
    ///
    /// # Errors
    /// When the checksum is wrong.
    pub fn finish(&self, body: Bytes) -> Result<Frame, CodecError> {
        let [.., c0, c1, c2, c3] = self.bytes;
        let (expected, found) = (u32::from_le_bytes([c0, c1, c2, c3]), frame_crc(&self.bytes, &body));
        if expected == found {
            Ok(Frame { kind: self.kind, body })
        } else {
            Err(CodecError::Checksum { expected, found })
        }
    }
}

/// Takes the first frame out of a buffer; nothing while it is not all there.
///
/// # Errors
/// When what is there is no frame: the stream cannot be used any more.
pub fn take_frame(buffer: &mut BytesMut) -> Result<Option<Frame>, CodecError> {
    let Some(&header) = buffer.first_chunk::<FRAME_HEADER_BYTES>() else {
        return Ok(None);
    };
    let header = FrameHeader::parse(header)?;
    if buffer.len() - FRAME_HEADER_BYTES < header.body_len {
        return Ok(None);
    }
    buffer.advance(FRAME_HEADER_BYTES);
    header.finish(buffer.split_to(header.body_len).freeze()).map(Some)
}

fn frame_crc(header: &[u8; FRAME_HEADER_BYTES], body: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&header[..8]);
    crc.update(body);
    crc.finalize()
}

/// A count, then each range as its distance from the end of the one before and its length: a steady stream takes four bytes.
impl Encode for RangeSet {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), BincodeEncodeError> {
        (self.ranges().len() as u64).encode(encoder)?;
        let mut at = 0;
        for &(first, last) in self.ranges() {
            (first - at).encode(encoder)?;
            (last - first).encode(encoder)?;
            at = last;
        }
        Ok(())
    }
}

impl<Context> Decode<Context> for RangeSet {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, BincodeDecodeError> {
        let invalid = || BincodeDecodeError::Other("not a set of ranges");
        let count = u64::decode(decoder)?;
        if count > MAX_RANGES as u64 {
            return Err(invalid());
        }
        decoder.claim_container_read::<(u64, u64)>(count as usize)?;
        let mut ranges = Vec::with_capacity(count as usize);
        let mut at = 0u64;
        for _ in 0..count {
            let first = at.checked_add(u64::decode(decoder)?).ok_or_else(invalid)?;
            let last = first.checked_add(u64::decode(decoder)?).ok_or_else(invalid)?;
            ranges.push((first, last));
            at = last;
        }
        Self::from_ranges(ranges).ok_or_else(invalid)
    }
}

bincode::impl_borrow_decode!(RangeSet);

/// Its value; one of more than 54 bits is refused.
impl Encode for Seq {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), BincodeEncodeError> {
        self.value().encode(encoder)
    }
}

impl<Context> Decode<Context> for Seq {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, BincodeDecodeError> {
        Self::from_value(u64::decode(decoder)?).ok_or(BincodeDecodeError::Other("not a sequence"))
    }
}

bincode::impl_borrow_decode!(Seq);

/// Its number; one past the last is refused.
impl Encode for Partition {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), BincodeEncodeError> {
        self.number().encode(encoder)
    }
}

impl<Context> Decode<Context> for Partition {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, BincodeDecodeError> {
        Self::new(u16::decode(decoder)?).ok_or(BincodeDecodeError::Other("not a partition"))
    }
}

bincode::impl_borrow_decode!(Partition);
