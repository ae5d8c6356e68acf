//! Capture files: readers for pcap and pcapng (plain or gzip-compressed, from a path or standard input), and a writer.
//!
//! The parsers ([`pcap`], [`pcapng`]) hold no file: they are given the bytes that are there and say what they make of
//! them. [`Reader`] owns the one buffer, so that a packet costs no allocation. A damaged file yields every packet
//! before the damage and then says where and what it is; nothing that a file claims is trusted for an allocation.

mod damage;
mod gzip;
mod packet;
mod pcap;
mod pcapng;
mod reader;
mod signature;
mod writer;

#[cfg(test)]
mod tests;

pub use damage::{Damage, What};
pub use packet::{Interface, NameRecord, Note, Notes, Options, RawPacket, Resolution, Section, Stamp, Statistics};
pub(super) use reader::source;
pub use reader::{Format, OpenError, Reader, open};
pub use writer::{WriteError, Writer};

/// Longest packet that is read, in bytes. Wireshark stops at 256 KiB for most link types; what is longer than this
/// is damage, not a packet, on any link.
pub const MAX_PACKET: usize = 16 << 20;

/// Longest pcapng block that is read, in bytes: a packet of [`MAX_PACKET`] and 1 MiB of options.
pub const MAX_BLOCK: usize = MAX_PACKET + (1 << 20);

/// Most interfaces in one file, over all its sections. Each costs memory for as long as the file is read.
pub const MAX_INTERFACES: usize = 1 << 16;

/// Most bytes of notes (name resolution, secrets, statistics, sections) kept of one file; what comes after is counted
/// and left out, the packets go on.
pub const MAX_NOTES_BYTES: usize = 32 << 20;

/// Longest text (interface name, section comment, ...) kept of one option, in bytes; the length field allows 64 KiB.
pub const MAX_TEXT: usize = 4096;

/// Most comments kept of one section or interface (those of packets are read in place).
pub const MAX_COMMENTS: usize = 64;

/// Most names kept of one name resolution block.
pub const MAX_NAMES: usize = 1 << 16;
