//! Which codec a chunk's body gets, and its way back.
//!
//! Media, TLS and SRTP do not shrink and would only cost time, so a sample decides first. Text gets what the builder was told.

use bytes::Bytes;

use super::{ChunkError, spare};

/// How a stored body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    Raw,
    /// The LZ4 block format, without the length in front.
    Lz4,
    /// One Zstandard frame (RFC 8878).
    Zstd,
}

impl Codec {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Raw => 0,
            Self::Lz4 => 1,
            Self::Zstd => 2,
        }
    }

    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Raw),
            1 => Some(Self::Lz4),
            2 => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// What a builder may spend on compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// None at all.
    Off,
    /// LZ4, unless a sample says that it will not pay.
    #[default]
    Fast,
    /// Zstandard at its fastest level, unless a sample says that it will not pay.
    Small,
}

/// Level of [`Compression::Small`]: on SIP text 6 times smaller at over 500 MB/s a core.
const ZSTD_LEVEL: i32 = -1;

/// Bytes of body that the sample looks at, in [`SAMPLE_PIECES`] places.
const SAMPLE_BYTES: usize = 4096;
const SAMPLE_PIECES: usize = 4;

/// Compression must save one part in so many, of the sample and of the body.
const WORTH_ONE_IN: usize = 10;

/// Scratch space that is kept from chunk to chunk.
pub(super) struct Compressor {
    compression: Compression,
    sample: Vec<u8>,
    packed: Vec<u8>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Compressor {
    pub(super) fn new(compression: Compression) -> Self {
        Self { compression, sample: Vec::new(), packed: Vec::new(), zstd: None }
    }

    /// The stored form of a body: the same input always gives the same bytes.
    pub(super) fn compress<'a>(&'a mut self, body: &'a [u8]) -> (Codec, &'a [u8]) {
        if self.compression == Compression::Off || !self.sample_shrinks(body) {
            return (Codec::Raw, body);
        }
        let codec = match self.compression {
            Compression::Small => Codec::Zstd,
            Compression::Fast | Compression::Off => Codec::Lz4,
        };
        match self.pack(codec, body) {
            Some(len) if worth(len, body.len()) => (codec, self.packed.get(..len).unwrap_or_default()),
            _ => (Codec::Raw, body),
        }
    }

    fn pack(&mut self, codec: Codec, body: &[u8]) -> Option<usize> {
        match codec {
            Codec::Raw => None,
            Codec::Lz4 => {
                self.packed.resize(lz4_flex::block::get_maximum_output_size(body.len()), 0);
                lz4_flex::block::compress_into(body, &mut self.packed).ok()
            }
            Codec::Zstd => {
                if self.zstd.is_none() {
                    self.zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL).ok();
                }
                self.packed.resize(zstd::zstd_safe::compress_bound(body.len()), 0);
                self.zstd.as_mut()?.compress_to_buffer(body, &mut self.packed[..]).ok()
            }
        }
    }

    /// Tries LZ4 on pieces from all over the body; a body not much longer than the sample is simply tried.
    fn sample_shrinks(&mut self, body: &[u8]) -> bool {
        if body.len() < 4 * SAMPLE_BYTES {
            return true;
        }
        let piece = SAMPLE_BYTES / SAMPLE_PIECES;
        self.sample.clear();
        for at in 0..SAMPLE_PIECES {
            // From the end of the body inwards: its start holds the columns, which always shrink.
            let end = body.len() - at * (body.len() / SAMPLE_PIECES) / 2;
            self.sample.extend_from_slice(body.get(end - piece..end).unwrap_or_default());
        }
        self.packed.resize(lz4_flex::block::get_maximum_output_size(SAMPLE_BYTES), 0);
        lz4_flex::block::compress_into(&self.sample, &mut self.packed).is_ok_and(|len| worth(len, self.sample.len()))
    }
}

fn worth(packed: usize, plain: usize) -> bool {
    packed < plain - plain.div_ceil(WORTH_ONE_IN)
}

/// The body behind stored bytes, exactly `len` long; the caller has held `len` to its limit.
pub(super) fn decompress(codec: Codec, stored: Bytes, len: usize) -> Result<Bytes, ChunkError> {
    if codec == Codec::Raw {
        return Ok(stored);
    }
    let mut body = spare::Buffer::new(len);
    let written = match codec {
        Codec::Raw => None,
        Codec::Lz4 => lz4_flex::block::decompress_into(&stored, body.bytes_mut()).ok(),
        Codec::Zstd => zstd::bulk::decompress_to_buffer(&stored, body.bytes_mut()).ok(),
    };
    if written == Some(len) { Ok(Bytes::from_owner(body)) } else { Err(ChunkError::Invalid("compressed body")) }
}
