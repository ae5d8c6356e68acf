//! What is wrong with a capture file, and where.

use std::fmt;

/// The place where a capture file stops being readable. Every packet before it was yielded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Byte offset in the file's data (the unpacked data, if the file is compressed): where the data ends, for a file
    /// that is cut; where the damaged record begins, for all else.
    pub offset: u64,
    /// Whether `offset` counts unpacked bytes of a compressed file.
    pub unpacked: bool,
    /// How many packets were read before.
    pub packets: u64,
    pub what: What,
}

/// The kinds of damage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// `packet` is the number, counted from 1, of the packet that is not all there.
    #[error("cut short in the middle of packet {packet}")]
    CutInPacket { packet: u64 },
    #[error("cut short in the middle of {0}")]
    CutIn(&'static str),
    #[error("packet {packet} claims {length} bytes, more than the limit of {limit}")]
    PacketTooLong { packet: u64, length: u32, limit: usize },
    #[error("{block} claims {length} bytes, outside {min} to {max}")]
    BlockLength { block: &'static str, length: u32, min: usize, max: usize },
    #[error("{block} begins with the length {first} and ends with {second}")]
    LengthsDiffer { block: &'static str, first: u32, second: u32 },
    /// The packet does not fit into the block that holds it.
    #[error("packet {packet} claims {length} bytes, its block has room for {room}")]
    PacketOutsideBlock { packet: u64, length: u32, room: usize },
    #[error("packet {packet} is of interface {interface}, its section has {known}")]
    NoSuchInterface { packet: u64, interface: u32, known: u32 },
    #[error("section of version {major}.{minor}, which is not 1.0 to 1.2")]
    SectionVersion { major: u16, minor: u16 },
    #[error("section with byte order magic {0:#010x}")]
    ByteOrder(u32),
    #[error("more than {0} interfaces")]
    TooManyInterfaces(usize),
    #[error("gzip data is corrupt ({0})")]
    Gzip(&'static str),
    #[error("gzip data is cut short")]
    GzipCut,
    /// The operating system could not read on.
    #[error("cannot be read on ({0})")]
    Io(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.offset)?;
        if self.unpacked {
            write!(f, " of the unpacked data")?;
        }
        Ok(())
    }
}
