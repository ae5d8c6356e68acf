//! The pcapng format, as parser without a file.
//!
//! ```text
//! block:    type(4) length(4) body, padded to 4; length(4)
//! section:  0x0a0d0d0a  magic(4) major(2) minor(2) section length(8) options
//! interface         1   link(2) reserved(2) snaplen(4) options
//! enhanced packet   6   interface(4) time high(4) low(4) captured(4) original(4) bytes, padded; options
//! simple packet     3   original(4) bytes
//! packet, obsolete  2   interface(2) drops(2) time high(4) low(4) captured(4) original(4) bytes, padded; options
//! ```
//! All numbers are in the byte order of their section. draft-ietf-opsawg-pcapng, 3 and 4. The length of a section is
//! not used: its blocks are walked whatever it says.

use super::packet::{Interface, Note, Notes, Resolution, Section, Statistics};
use super::packet::{OPT_COMMENT, Options, name_records, u16_at, u32_at};
use super::reader::{Found, Step};
use super::{MAX_BLOCK, MAX_INTERFACES, MAX_PACKET, Stamp, What};

pub(super) const SECTION: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
pub(super) const SIMPLE_PACKET: u32 = 3;
pub(super) const NAMES: u32 = 4;
pub(super) const STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;
pub(super) const SECRETS: u32 = 10;

pub(super) const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Type, length and the length again.
const FRAME: usize = 12;

/// Name, smallest body in bytes, and whether it holds a packet, of each block that is read.
const KINDS: [(u32, &str, usize, bool); 8] = [
    (SECTION, "a section header", 16, false),
    (INTERFACE, "an interface description", 8, false),
    (OBSOLETE_PACKET, "an (obsolete) packet block", 20, true),
    (SIMPLE_PACKET, "a simple packet block", 4, true),
    (NAMES, "a name resolution block", 0, false),
    (STATISTICS, "an interface statistics block", 12, false),
    (ENHANCED_PACKET, "an enhanced packet block", 20, true),
    (SECRETS, "a decryption secrets block", 8, false),
];

fn kind(of: u32) -> (&'static str, usize, bool) {
    KINDS.iter().find(|known| known.0 == of).map_or(("a block", 0, false), |known| (known.1, known.2, known.3))
}

/// What a packet needs of its interface, beside one another for speed.
#[derive(Debug, Clone, Copy)]
struct Clock {
    resolution: Resolution,
    offset_s: i64,
    snaplen: u32,
}

#[derive(Debug, Default)]
pub(super) struct Parser {
    big: bool,
    /// How many sections have begun.
    sections: u32,
    /// Index of the section's first interface in `clocks`.
    base: usize,
    /// Of all interfaces of the file.
    clocks: Vec<Clock>,
}

impl Parser {
    /// The parser for a file that begins so, if it is one.
    pub(super) fn detect(start: &[u8]) -> Option<Self> {
        (u32_at(start, 0, false)? == SECTION).then(Self::default)
    }

    pub(super) fn step(
        &mut self,
        data: &[u8],
        packet: u64,
        interfaces: &mut Vec<Interface>,
        notes: &mut Notes,
    ) -> Step {
        let (Some(of), Some(mut length)) = (u32_at(data, 0, self.big), u32_at(data, 4, self.big)) else {
            return Step::Need(8);
        };
        let mut big = self.big;
        if of == SECTION {
            let Some(magic) = u32_at(data, 8, false) else {
                return Step::Need(12);
            };
            big = match magic {
                BYTE_ORDER => false,
                _ if magic == BYTE_ORDER.swap_bytes() => true,
                _ => return Step::Broken(What::ByteOrder(magic)),
            };
            length = u32_at(data, 4, big).unwrap_or_default();
        }
        let (block, min_body, _) = kind(of);
        let min = FRAME + min_body;
        // A length that is no multiple of 4 is rounded up, as Wireshark does: some writers forget to count the padding.
        let total = (length as usize).next_multiple_of(4);
        if !(min..=MAX_BLOCK).contains(&total) {
            return Step::Broken(What::BlockLength { block, length, min, max: MAX_BLOCK });
        }
        if data.len() < total {
            return Step::Need(total);
        }
        let second = u32_at(data, total - 4, big).unwrap_or_default();
        if (second as usize).next_multiple_of(4) != total {
            return Step::Broken(What::LengthsDiffer { block, first: length, second });
        }
        let body = &data[8..total - 4];
        let step = match of {
            SECTION => self.section(body, big, notes),
            INTERFACE => self.interface(body, interfaces, notes),
            ENHANCED_PACKET => self.enhanced(body, packet),
            SIMPLE_PACKET => self.simple(body, packet),
            OBSOLETE_PACKET => self.obsolete(body, packet),
            NAMES => {
                notes.push(Note::Names { section: self.section_index(), records: name_records(body, big) });
                Ok(None)
            }
            STATISTICS => {
                self.statistics(body, notes);
                Ok(None)
            }
            SECRETS => {
                self.secrets(body, notes);
                Ok(None)
            }
            _ => {
                notes.skipped_blocks += 1;
                Ok(None)
            }
        };
        match step {
            Ok(None) => Step::Skip(total),
            Ok(Some(found)) => {
                notes.inexact_times += u64::from(found.stamp != Stamp::Exact);
                Step::Packet(Found { length: total, ..found })
            }
            Err(what) => Step::Broken(what),
        }
    }

    fn section_index(&self) -> u32 {
        self.sections.saturating_sub(1)
    }

    fn section(&mut self, body: &[u8], big: bool, notes: &mut Notes) -> Result<Option<Found>, What> {
        let version = |at| u16_at(body, at, big).unwrap_or_default();
        let (major, minor) = (version(4), version(6));
        // Minor 2 was written for a while and means the same as 0 (draft-ietf-opsawg-pcapng, 4.1).
        if major != 1 || minor > 2 {
            return Err(What::SectionVersion { major, minor });
        }
        self.big = big;
        self.sections = self.sections.saturating_add(1);
        self.base = self.clocks.len();
        let options = Options::new(body.get(16..).unwrap_or_default(), big);
        notes.push(Note::Section(Section {
            hardware: options.text(2),
            os: options.text(3),
            application: options.text(4),
            comments: options.texts(OPT_COMMENT),
        }));
        Ok(None)
    }

    fn interface(
        &mut self,
        body: &[u8],
        interfaces: &mut Vec<Interface>,
        notes: &mut Notes,
    ) -> Result<Option<Found>, What> {
        if interfaces.len() >= MAX_INTERFACES {
            return Err(What::TooManyInterfaces(MAX_INTERFACES));
        }
        let big = self.big;
        let options = Options::new(body.get(8..).unwrap_or_default(), big);
        let first = |code| options.get(code).and_then(|value| value.first().copied());
        // if_filter begins with its kind: 0 is a text of libpcap's language, 1 its program.
        let filter = options.get(11).filter(|value| value.first() == Some(&0));
        let interface = Interface {
            section: self.section_index(),
            link_type: u16_at(body, 0, big).unwrap_or_default(),
            snaplen: u32_at(body, 4, big).unwrap_or_default(),
            name: options.text(2),
            description: options.text(3),
            filter: filter.map(|value| super::packet::kept_text(&value[1..])),
            os: options.text(12),
            hardware: options.text(15),
            comments: options.texts(OPT_COMMENT),
            resolution: first(9).map_or(Resolution::MICRO, Resolution),
            time_offset_s: options.u64(14).unwrap_or_default() as i64,
            fcs_len: first(13),
            speed: options.u64(8),
        };
        self.clocks.push(Clock {
            resolution: interface.resolution,
            offset_s: interface.time_offset_s,
            snaplen: interface.snaplen,
        });
        interfaces.push(notes.admit(interface));
        Ok(None)
    }

    /// The interface's index in the file, and its clock.
    fn clock(&self, interface: u32, packet: u64) -> Result<(u32, Clock), What> {
        let index = self.base.saturating_add(interface as usize);
        match self.clocks.get(index) {
            // MAX_INTERFACES bounds the index.
            Some(clock) => Ok((index as u32, *clock)),
            None => {
                let known = (self.clocks.len() - self.base) as u32;
                Err(What::NoSuchInterface { packet, interface, known })
            }
        }
    }

    fn enhanced(&self, body: &[u8], packet: u64) -> Result<Option<Found>, What> {
        let field = |at| u32_at(body, at, self.big).unwrap_or_default();
        self.packet(body, packet, field(0)).map(Some)
    }

    fn obsolete(&self, body: &[u8], packet: u64) -> Result<Option<Found>, What> {
        let interface = u32::from(u16_at(body, 0, self.big).unwrap_or_default());
        self.packet(body, packet, interface).map(Some)
    }

    /// Both kinds are the same but for the first four bytes.
    fn packet(&self, body: &[u8], packet: u64, interface: u32) -> Result<Found, What> {
        let field = |at| u32_at(body, at, self.big).unwrap_or_default();
        let (interface, clock) = self.clock(interface, packet)?;
        let (captured, orig_len) = (field(12), field(16));
        let end = bytes_end(20, captured, body.len(), packet)?;
        let ticks = u64::from(field(4)) << 32 | u64::from(field(8));
        let (time, stamp) = clock.resolution.time(ticks, clock.offset_s);
        let options_at = end.next_multiple_of(4).min(body.len());
        let mut found = Found {
            length: 0,
            time,
            stamp,
            interface,
            orig_len,
            flags: 0,
            bytes: 8 + 20..8 + end,
            options: 8 + options_at..8 + body.len(),
            big: self.big,
        };
        if options_at < body.len() {
            found.flags = Options::new(&body[options_at..], self.big).u32(2).unwrap_or_default();
        }
        Ok(found)
    }

    /// All of a simple packet block is the first interface's, cut at its snap length; the time is not known.
    fn simple(&self, body: &[u8], packet: u64) -> Result<Option<Found>, What> {
        let (interface, clock) = self.clock(0, packet)?;
        let orig_len = u32_at(body, 0, self.big).unwrap_or_default();
        let captured = if clock.snaplen == 0 { orig_len } else { orig_len.min(clock.snaplen) };
        let end = bytes_end(4, captured, body.len(), packet)?;
        Ok(Some(Found {
            length: 0,
            time: 0,
            stamp: Stamp::Missing,
            interface,
            orig_len,
            flags: 0,
            bytes: 8 + 4..8 + end,
            options: 0..0,
            big: self.big,
        }))
    }

    fn statistics(&self, body: &[u8], notes: &mut Notes) {
        let field = |at| u32_at(body, at, self.big).unwrap_or_default();
        // Of an interface that does not exist: nothing to be said, and no reason to stop.
        let Ok((interface, clock)) = self.clock(field(0), 0) else {
            notes.skipped_blocks += 1;
            return;
        };
        let time =
            |high: u32, low: u32| clock.resolution.time(u64::from(high) << 32 | u64::from(low), clock.offset_s).0;
        let options = Options::new(body.get(12..).unwrap_or_default(), self.big);
        let time_option = |code| {
            let value = options.get(code)?;
            Some(time(u32_at(value, 0, self.big)?, u32_at(value, 4, self.big)?))
        };
        notes.push(Note::Statistics(Statistics {
            interface,
            time: time(field(4), field(8)),
            start: time_option(2),
            end: time_option(3),
            received: options.u64(4),
            dropped: options.u64(5),
            accepted: options.u64(6),
            os_dropped: options.u64(7),
            delivered: options.u64(8),
        }));
    }

    fn secrets(&self, body: &[u8], notes: &mut Notes) {
        let field = |at| u32_at(body, at, self.big).unwrap_or_default();
        // A length that is too long for the block is cut: secrets are optional.
        let rest = body.get(8..).unwrap_or_default();
        let bytes = rest.get(..field(4) as usize).unwrap_or(rest).to_vec();
        notes.push(Note::Secrets { section: self.section_index(), kind: field(0), bytes });
    }

    /// What is cut where the data ends in the middle of a block.
    pub(super) fn cut(&self, data: &[u8], packet: u64) -> What {
        match u32_at(data, 0, self.big).map(kind) {
            Some((_, _, true)) => What::CutInPacket { packet },
            Some((block, _, false)) => What::CutIn(block),
            None => What::CutIn("a block"),
        }
    }
}

/// The end of a packet's bytes in a block's body, where they begin at `start`.
fn bytes_end(start: usize, captured: u32, body: usize, packet: u64) -> Result<usize, What> {
    if captured as usize > MAX_PACKET {
        return Err(What::PacketTooLong { packet, length: captured, limit: MAX_PACKET });
    }
    let end = start + captured as usize;
    if end > body {
        return Err(What::PacketOutsideBlock { packet, length: captured, room: body.saturating_sub(start) });
    }
    Ok(end)
}
