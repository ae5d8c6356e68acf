//! Writes pcapng, little-endian, one section, in the layout that [`super::pcapng`] draws.
//!
//! Nothing is lost on the way from a reader: times (an interface of microseconds stays one, all finer ones are written
//! in nanoseconds), both lengths, bytes, comments, packet flags, drop counts, names, secrets and statistics.

use std::io::{self, Write};
use std::net::IpAddr;

use super::packet::{
    Interface, NameRecord, Note, OPT_COMMENT, OPT_END, RawPacket, Resolution, Section, Stamp, Statistics,
};
use super::{MAX_INTERFACES, MAX_PACKET, pcapng};

/// Longest value of one option or name record.
const MAX_VALUE: usize = 65_535;

/// Why something was not written. Of all but `Io`, nothing of the block was written, and the file stays good.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("packet of interface {interface}, only {known} are written")]
    NoSuchInterface { interface: u32, known: usize },
    #[error("more than {MAX_INTERFACES} interfaces")]
    TooManyInterfaces,
    #[error("{0} bytes are too long for one block")]
    TooLong(usize),
    /// The interface was written with microseconds, and this has nanoseconds.
    #[error("time {time} ns is finer than the microseconds of interface {interface}")]
    TimeTooFine { interface: u32, time: u64 },
}

/// A pcapng file being written. Every call writes one whole block; wrap what is slow in a [`io::BufWriter`].
pub struct Writer<W> {
    out: W,
    /// Of each interface, nanoseconds in its unit of time, and its snap length.
    interfaces: Vec<(u64, u32)>,
    block: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, section: &Section) -> Result<Self, WriteError> {
        let mut writer = Self { out, interfaces: Vec::new(), block: Vec::new() };
        writer.begin(pcapng::SECTION);
        writer.u32(pcapng::BYTE_ORDER);
        writer.u16(1);
        writer.u16(0);
        // The section's length is not known.
        writer.u64(u64::MAX);
        writer.comments(&section.comments);
        writer.text(2, section.hardware.as_deref());
        writer.text(3, section.os.as_deref());
        writer.text(4, section.application.as_deref());
        writer.end()?;
        Ok(writer)
    }

    /// Declares an interface and gives its index, counted from 0.
    ///
    /// # Errors
    /// When it cannot be written, and past [`MAX_INTERFACES`].
    pub fn interface(&mut self, interface: &Interface) -> Result<u32, WriteError> {
        let index = self.interfaces.len();
        if index >= MAX_INTERFACES {
            return Err(WriteError::TooManyInterfaces);
        }
        let micro = interface.resolution.0 <= Resolution::MICRO.0;
        self.begin(pcapng::INTERFACE);
        self.u16(interface.link_type);
        self.u16(0);
        self.u32(interface.snaplen);
        self.comments(&interface.comments);
        self.text(2, interface.name.as_deref());
        self.text(3, interface.description.as_deref());
        if let Some(speed) = interface.speed {
            self.option(8, &speed.to_le_bytes());
        }
        if !micro {
            self.option(9, &[Resolution::NANO.0]);
        }
        if let Some(filter) = &interface.filter {
            let mut value = vec![0];
            value.extend_from_slice(filter.as_bytes());
            self.option(11, &value);
        }
        self.text(12, interface.os.as_deref());
        if let Some(fcs_len) = interface.fcs_len {
            self.option(13, &[fcs_len]);
        }
        self.text(15, interface.hardware.as_deref());
        self.end()?;
        self.interfaces.push((if micro { 1000 } else { 1 }, interface.snaplen));
        Ok(index as u32)
    }

    /// Writes a packet, with its own comments and then `comments`.
    ///
    /// # Errors
    /// When it cannot be written or cannot be said in the file: see [`WriteError`].
    pub fn packet(&mut self, packet: &RawPacket<'_>, comments: &[&str]) -> Result<(), WriteError> {
        let interface = packet.interface;
        let Some((unit, snaplen)) = self.interfaces.get(interface as usize).copied() else {
            return Err(WriteError::NoSuchInterface { interface, known: self.interfaces.len() });
        };
        if packet.bytes.len() > MAX_PACKET {
            return Err(WriteError::TooLong(packet.bytes.len()));
        }
        if !packet.time.is_multiple_of(unit) {
            return Err(WriteError::TimeTooFine { interface, time: packet.time });
        }
        // Only a simple packet block can say that there is no time.
        let whole = if snaplen == 0 { packet.orig_len } else { packet.orig_len.min(snaplen) };
        let bare = packet.options.is_empty() && comments.is_empty() && packet.flags == 0;
        if packet.stamp == Stamp::Missing && interface == 0 && bare && packet.bytes.len() == whole as usize {
            self.begin(pcapng::SIMPLE_PACKET);
            self.u32(packet.orig_len);
            self.padded(packet.bytes);
            return self.end();
        }
        let ticks = packet.time / unit;
        self.begin(pcapng::ENHANCED_PACKET);
        self.u32(interface);
        self.u32((ticks >> 32) as u32);
        self.u32(ticks as u32);
        self.u32(packet.bytes.len() as u32);
        self.u32(packet.orig_len);
        self.padded(packet.bytes);
        for comment in packet.comments() {
            self.text(OPT_COMMENT, Some(&comment));
        }
        for comment in comments {
            self.text(OPT_COMMENT, Some(comment));
        }
        if packet.flags != 0 {
            self.option(2, &packet.flags.to_le_bytes());
        }
        if let Some(drops) = packet.drops() {
            self.option(4, &drops.to_le_bytes());
        }
        self.end()
    }

    /// Writes what a file says beside its packets. Sections are left out: there is only the one.
    ///
    /// # Errors
    /// When it cannot be written, and for statistics of an interface that is not written.
    pub fn note(&mut self, note: &Note) -> Result<(), WriteError> {
        match note {
            Note::Section(_) => Ok(()),
            Note::Names { records, .. } => self.names(records),
            Note::Secrets { kind, bytes, .. } => self.secrets(*kind, bytes),
            Note::Statistics(statistics) => self.statistics(statistics),
        }
    }

    /// Writes the names of addresses.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn names(&mut self, records: &[NameRecord]) -> Result<(), WriteError> {
        if records.is_empty() {
            return Ok(());
        }
        self.begin(pcapng::NAMES);
        for record in records {
            let (kind, address): (u16, Vec<u8>) = match record.address {
                IpAddr::V4(address) => (1, address.octets().to_vec()),
                IpAddr::V6(address) => (2, address.octets().to_vec()),
            };
            let mut value = address;
            for name in &record.names {
                // Names that do not fit are left out, as they are a help and no evidence.
                if value.len() + name.len() < MAX_VALUE {
                    value.extend_from_slice(name.as_bytes());
                    value.push(0);
                }
            }
            self.option(kind, &value);
        }
        // An end of records is written even where there are options to come; there are none here.
        self.u32(0);
        self.end()
    }

    /// Writes secrets to decrypt with.
    ///
    /// # Errors
    /// When they cannot be written, and when they are longer than a block.
    pub fn secrets(&mut self, kind: u32, bytes: &[u8]) -> Result<(), WriteError> {
        if bytes.len() > MAX_PACKET {
            return Err(WriteError::TooLong(bytes.len()));
        }
        self.begin(pcapng::SECRETS);
        self.u32(kind);
        self.u32(bytes.len() as u32);
        self.padded(bytes);
        self.end()
    }

    /// Writes what a capture dropped.
    ///
    /// # Errors
    /// When it cannot be written, and when the interface is not written.
    pub fn statistics(&mut self, statistics: &Statistics) -> Result<(), WriteError> {
        let interface = statistics.interface;
        let Some((unit, _)) = self.interfaces.get(interface as usize).copied() else {
            return Err(WriteError::NoSuchInterface { interface, known: self.interfaces.len() });
        };
        let halves = |time: u64| [((time / unit) >> 32) as u32, (time / unit) as u32];
        self.begin(pcapng::STATISTICS);
        self.u32(interface);
        let [high, low] = halves(statistics.time);
        self.u32(high);
        self.u32(low);
        for (code, time) in [(2, statistics.start), (3, statistics.end)] {
            if let Some(time) = time {
                let [high, low] = halves(time);
                self.option(code, &[high.to_le_bytes(), low.to_le_bytes()].concat());
            }
        }
        let counts = [
            (4, statistics.received),
            (5, statistics.dropped),
            (6, statistics.accepted),
            (7, statistics.os_dropped),
            (8, statistics.delivered),
        ];
        for (code, count) in counts {
            if let Some(count) = count {
                self.option(code, &count.to_le_bytes());
            }
        }
        self.end()
    }

    /// Hands on what was written.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }

    /// Flushes and gives back what was written to.
    ///
    /// # Errors
    /// When it cannot be flushed.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn begin(&mut self, kind: u32) {
        self.block.clear();
        self.u32(kind);
        // The length: known at the end.
        self.u32(0);
    }

    fn end(&mut self) -> Result<(), WriteError> {
        let total = self.block.len() + 4;
        let length = (total as u32).to_le_bytes();
        self.block.extend_from_slice(&length);
        self.block[4..8].copy_from_slice(&length);
        self.out.write_all(&self.block)?;
        Ok(())
    }

    fn u16(&mut self, value: u16) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = &value[..value.len().min(MAX_VALUE)];
        debug_assert_ne!(code, OPT_END, "would end the options");
        self.u16(code);
        self.u16(value.len() as u16);
        self.padded(value);
    }

    fn text(&mut self, code: u16, text: Option<&str>) {
        if let Some(text) = text {
            self.option(code, &text.as_bytes()[..text.floor_char_boundary(MAX_VALUE)]);
        }
    }

    fn comments(&mut self, comments: &[String]) {
        for comment in comments {
            self.text(OPT_COMMENT, Some(comment));
        }
    }
}
