//! Reads a capture file: one buffer, one of the parsers, and the bookkeeping of where the file is.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::gzip::{self, Gzip};
use super::{Damage, Interface, Notes, Options, RawPacket, Stamp, What, pcap, pcapng, signature};

/// First size of the buffer, which fits into a core's second-level cache. It grows when a record is longer, and only
/// as its bytes arrive.
const BUFFER_BYTES: usize = 256 << 10;

/// Bytes that are looked at to tell what a file is.
const START_BYTES: usize = 64;

/// What a parser makes of the bytes that it is shown.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing yet: it takes at least so many bytes.
    Need(usize),
    /// So many bytes held no packet.
    Skip(usize),
    Packet(Found),
    Broken(What),
}

/// A packet, in ranges of the bytes shown.
#[derive(Debug)]
pub(super) struct Found {
    /// Of the whole record.
    pub(super) length: usize,
    pub(super) time: u64,
    pub(super) stamp: Stamp,
    pub(super) interface: u32,
    pub(super) orig_len: u32,
    pub(super) flags: u32,
    pub(super) bytes: Range<usize>,
    pub(super) options: Range<usize>,
    pub(super) big: bool,
}

impl Found {
    fn packet(self, record: &[u8]) -> RawPacket<'_> {
        RawPacket {
            time: self.time,
            stamp: self.stamp,
            interface: self.interface,
            orig_len: self.orig_len,
            bytes: &record[self.bytes],
            flags: self.flags,
            options: Options::new(&record[self.options], self.big),
        }
    }
}

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Not a single byte, which is read as a capture of no packets, as Wireshark does.
    Empty,
    Pcap,
    Pcapng,
}

/// Why a capture file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{}: not a capture file, it looks like {looks_like}; pcap and pcapng are read, plain or gzip-compressed",
        path.display()
    )]
    NotACapture { path: PathBuf, looks_like: &'static str },
}

enum Parser {
    Empty,
    Pcap(pcap::Parser),
    Pcapng(pcapng::Parser),
}

enum Source {
    Plain(Box<dyn Read + Send>),
    Gzip(Box<Gzip<Box<dyn Read + Send>>>),
}

/// Reads the packets of a capture file, one after the other.
pub struct Reader {
    source: Source,
    buffer: Vec<u8>,
    /// The bytes read and not yet taken.
    start: usize,
    end: usize,
    /// Offset in the data of `buffer[start]`.
    offset: u64,
    eof: bool,
    failed: Option<String>,
    parser: Parser,
    interfaces: Vec<Interface>,
    notes: Notes,
    packets: u64,
    damage: Option<Damage>,
    taken: Arc<AtomicU64>,
}

/// Opens the capture file at `path`, or standard input if that is `-`.
///
/// # Errors
/// When it cannot be opened or read, and when it is no capture. A capture that is damaged opens.
pub fn open(path: &Path) -> Result<Reader, OpenError> {
    Reader::new(source(path)?, path)
}

/// The file at `path`, or standard input if that is `-`.
pub(in crate::capture) fn source(path: &Path) -> Result<File, OpenError> {
    let opened = if path == Path::new("-") {
        // Not `Stdin` itself: its buffer would be one more copy.
        io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    };
    opened.map_err(|source| OpenError::Io { path: path.to_path_buf(), source })
}

impl Reader {
    /// Reads a capture from `source`; `name` is what errors call it.
    ///
    /// # Errors
    /// As of [`open`].
    pub fn new(source: impl Read + Send + 'static, name: &Path) -> Result<Self, OpenError> {
        let taken = Arc::new(AtomicU64::new(0));
        let mut source: Box<dyn Read + Send> = Box::new(Counted { inner: source, taken: Arc::clone(&taken) });
        let failed = |source| OpenError::Io { path: name.to_path_buf(), source };
        let start = read_start(&mut source).map_err(failed)?;
        let compressed = start.starts_with(&gzip::MAGIC);
        let again: Box<dyn Read + Send> = Box::new(io::Cursor::new(start).chain(source));
        let source = if compressed { Source::Gzip(Box::new(Gzip::new(again))) } else { Source::Plain(again) };
        let mut reader = Self {
            source,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            eof: false,
            failed: None,
            parser: Parser::Empty,
            interfaces: Vec::new(),
            notes: Notes::default(),
            packets: 0,
            damage: None,
            taken,
        };
        reader.detect(name)?;
        Ok(reader)
    }

    /// Sets the parser by the first bytes.
    fn detect(&mut self, name: &Path) -> Result<(), OpenError> {
        self.fill(4);
        if self.end < 4
            && let Some(failed) = self.failed.take()
        {
            return Err(OpenError::Io { path: name.to_path_buf(), source: io::Error::other(failed) });
        }
        let view = &self.buffer[..self.end];
        self.parser = if let Some(parser) = pcap::Parser::detect(view) {
            Parser::Pcap(parser)
        } else if let Some(parser) = pcapng::Parser::detect(view) {
            Parser::Pcapng(parser)
        } else if view.is_empty() && self.source.damage().is_none() {
            Parser::Empty
        } else {
            let looks_like = match self.source.damage() {
                Some(_) if self.end < 4 => "broken gzip-compressed data",
                _ => signature::looks_like(&view[..view.len().min(START_BYTES)]),
            };
            return Err(OpenError::NotACapture { path: name.to_path_buf(), looks_like });
        };
        Ok(())
    }

    /// The next packet; `None` at the end, and where the file is damaged: see [`Reader::damage`].
    pub fn next_packet(&mut self) -> Option<RawPacket<'_>> {
        self.next_with_interface().map(|(packet, _)| packet)
    }

    /// As [`Reader::next_packet`], together with the interface that the packet is of.
    pub fn next_with_interface(&mut self) -> Option<(RawPacket<'_>, &Interface)> {
        let found = self.next_found()?;
        let interface = self.interfaces.get(found.interface as usize)?;
        let record = &self.buffer[self.start..self.start + found.length];
        self.start += found.length;
        self.offset += found.length as u64;
        self.packets += 1;
        Some((found.packet(record), interface))
    }

    fn next_found(&mut self) -> Option<Found> {
        if self.damage.is_some() {
            return None;
        }
        let number = self.packets + 1;
        loop {
            let data = &self.buffer[self.start..self.end];
            let step = match &mut self.parser {
                Parser::Pcap(parser) => parser.step(data, number, &mut self.interfaces),
                Parser::Pcapng(parser) => parser.step(data, number, &mut self.interfaces, &mut self.notes),
                Parser::Empty => return None,
            };
            match step {
                Step::Packet(found) => return Some(found),
                Step::Skip(length) => {
                    self.start += length;
                    self.offset += length as u64;
                }
                Step::Need(length) => {
                    if !self.fill(length) {
                        self.ended(number);
                        return None;
                    }
                }
                Step::Broken(what) => {
                    self.damaged(what, self.offset);
                    return None;
                }
            }
        }
    }

    /// There is no more data: was that the end, or is something missing?
    fn ended(&mut self, packet: u64) {
        let rest = &self.buffer[self.start..self.end];
        let end = self.offset + rest.len() as u64;
        let what = match (&self.failed, self.source.damage(), &self.parser) {
            (Some(failed), ..) => What::Io(failed.clone()),
            (None, Some(what), _) if *what != What::GzipCut || rest.is_empty() => what.clone(),
            (None, _, Parser::Pcap(parser)) if !rest.is_empty() => parser.cut(packet),
            (None, _, Parser::Pcapng(parser)) if !rest.is_empty() => parser.cut(rest, packet),
            _ => return,
        };
        self.damaged(what, end);
    }

    fn damaged(&mut self, what: What, offset: u64) {
        let unpacked = matches!(self.source, Source::Gzip(_));
        self.damage = Some(Damage { offset, unpacked, packets: self.packets, what });
    }

    /// Reads until so many bytes are in the buffer; false if the data ends before.
    fn fill(&mut self, length: usize) -> bool {
        while self.end - self.start < length {
            if self.eof {
                return false;
            }
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.end == self.buffer.len() {
                // Only when it is full: a claimed length alone costs nothing.
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.eof = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.eof = true;
                    self.failed = Some(error.to_string());
                }
            }
        }
        true
    }

    /// Why [`Reader::next_packet`] ended before the end of the file, if it did.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    pub fn format(&self) -> Format {
        match self.parser {
            Parser::Empty => Format::Empty,
            Parser::Pcap(_) => Format::Pcap,
            Parser::Pcapng(_) => Format::Pcapng,
        }
    }

    /// The interfaces declared so far: all that the packets read so far can name. More can come with each packet.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// What the file said so far beside its packets.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Packets read so far: the number of the last one, counted from 1.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Offset in the (unpacked) data behind the last record read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    #[cfg(test)]
    pub(super) fn buffer_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// A counter of bytes read from the file itself, compressed or not: what a progress bar compares with its size.
    pub fn bytes_taken(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.taken)
    }
}

impl Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.read(out),
            Self::Gzip(inner) => inner.read(out),
        }
    }

    fn damage(&self) -> Option<&What> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(inner) => inner.damage(),
        }
    }
}

struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Enough of the beginning to tell gzip, which takes two bytes; fewer if there are no more.
fn read_start(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut start, mut length) = ([0; START_BYTES], 0);
    while length < gzip::MAGIC.len() {
        match source.read(&mut start[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(start[..length].to_vec())
}
