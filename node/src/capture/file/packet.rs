//! What a capture file holds: packets, interfaces, and the notes beside them.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use packetstream_protocol::chunk;

use super::{MAX_COMMENTS, MAX_NAMES, MAX_NOTES_BYTES, MAX_TEXT};

/// One packet, borrowed from the reader's buffer.
#[derive(Debug, Clone)]
pub struct RawPacket<'a> {
    /// Capture time in nanoseconds since 1970-01-01 00:00:00 UTC.
    pub time: u64,
    /// How `time` came to be.
    pub stamp: Stamp,
    /// Index in [`super::Reader::interfaces`], counted over all sections of the file.
    pub interface: u32,
    /// Length on the wire in bytes, as the file says: it can be smaller than `bytes.len()`, which is then a lie that
    /// Wireshark shows too.
    pub orig_len: u32,
    /// What was captured, at most [`super::MAX_PACKET`] bytes.
    pub bytes: &'a [u8],
    /// `epb_flags` (direction, reception type, FCS length, link-layer errors); 0 where there are none.
    pub flags: u32,
    /// The packet's pcapng options; empty in pcap.
    pub options: Options<'a>,
}

impl<'a> RawPacket<'a> {
    /// A packet of a chunk, to be written as of the file's `interface`; its comment goes to the writer beside it.
    pub fn of_chunk(packet: &chunk::PacketRef<'a>, interface: u32) -> Self {
        Self {
            time: packet.id.time.0,
            stamp: if packet.flags & chunk::NO_TIME != 0 { Stamp::Missing } else { Stamp::Exact },
            interface,
            orig_len: packet.orig_len,
            bytes: packet.bytes,
            flags: packet.flags & !chunk::NO_TIME,
            options: Options::default(),
        }
    }

    /// The packet's comments, in the order of the file. Bytes that are not UTF-8 come as U+FFFD.
    pub fn comments(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.options.all(OPT_COMMENT).map(text)
    }

    /// Packets that were lost between this one and the one before it on the same interface (`epb_dropcount`).
    pub fn drops(&self) -> Option<u64> {
        self.options.u64(4)
    }

    /// All comments as one, a line each; borrowed where there is just one.
    pub fn comment(&self) -> Option<Cow<'a, str>> {
        let mut comments = self.comments();
        let first = comments.next()?;
        Some(comments.fold(first, |all, next| Cow::Owned(format!("{all}\n{next}"))))
    }
}

/// The latest time that a clamped packet gets: the last whole microsecond that 64 bits of nanoseconds hold, so that
/// every interface's resolution can say it.
pub(super) const MAX_TIME: u64 = u64::MAX - u64::MAX % 1000;

/// How a packet's time came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// As in the file; what is finer than a nanosecond is cut off.
    Exact,
    /// The file gives the packet none (a simple packet block): the time is 0.
    Missing,
    /// Before 1970 or after 2554: the time is the nearest one that 64 bits of nanoseconds hold.
    Clamped,
}

/// One capture interface of a file. A pcap file has exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// Index of the section that declares it, from 0.
    pub section: u32,
    /// LINKTYPE of its packets, as registered with tcpdump.org.
    pub link_type: u16,
    /// Longest capture in bytes, as the file says; 0 is no limit. It can be a lie.
    pub snaplen: u32,
    pub name: Option<String>,
    pub description: Option<String>,
    /// The capture filter, as text.
    pub filter: Option<String>,
    pub os: Option<String>,
    pub hardware: Option<String>,
    pub comments: Vec<String>,
    pub resolution: Resolution,
    /// Seconds to add to each time stamp of the file (already added in [`RawPacket::time`]).
    pub time_offset_s: i64,
    /// Bytes of frame check sequence at each packet's end, where the file says so.
    pub fcs_len: Option<u8>,
    /// Bits a second.
    pub speed: Option<u64>,
}

/// As chunks keep it: without what only the file's own reader needs.
impl From<&Interface> for chunk::Interface {
    fn from(interface: &Interface) -> Self {
        Self {
            link_type: interface.link_type,
            snaplen: interface.snaplen,
            resolution: interface.resolution.0,
            name: interface.name.clone().unwrap_or_default(),
            description: interface.description.clone().unwrap_or_default(),
        }
    }
}

impl From<&chunk::Interface> for Interface {
    fn from(interface: &chunk::Interface) -> Self {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            link_type: interface.link_type,
            snaplen: interface.snaplen,
            resolution: Resolution(interface.resolution),
            name: text(&interface.name),
            description: text(&interface.description),
            ..Self::default()
        }
    }
}

impl Interface {
    fn weight(&self) -> usize {
        let texts = [&self.name, &self.description, &self.filter, &self.os, &self.hardware];
        size_of::<Self>() + weight(texts.into_iter().flatten().chain(&self.comments))
    }
}

/// Bytes that the texts take, roughly.
fn weight<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    texts.map(|text| text.len() + size_of::<String>()).sum()
}

/// Resolution of time stamps, as pcapng's `if_tsresol`: a power of ten, or of two if the top bit is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution(pub u8);

impl Resolution {
    pub const MICRO: Self = Self(6);
    pub const NANO: Self = Self(9);

    /// Decimal digits after the second that it takes to show such times exactly, 9 at most.
    pub fn digits(self) -> u8 {
        if self.0 & 0x80 == 0 { self.0.min(9) } else { (self.0 & 0x7f).min(9) }
    }

    /// `ticks` in nanoseconds since 1970, with `offset_s` seconds added.
    pub(super) fn time(self, ticks: u64, offset_s: i64) -> (u64, Stamp) {
        let fast = match (self.0, offset_s) {
            (6, 0) => ticks.checked_mul(1000),
            (9, 0) => Some(ticks),
            _ => None,
        };
        if let Some(ns) = fast {
            return (ns, Stamp::Exact);
        }
        let ns = self.nanoseconds(ticks).saturating_add(i128::from(offset_s) * 1_000_000_000);
        match u64::try_from(ns) {
            Ok(ns) => (ns, Stamp::Exact),
            Err(_) if ns < 0 => (0, Stamp::Clamped),
            Err(_) => (MAX_TIME, Stamp::Clamped),
        }
    }

    /// At most 2^64 seconds of 10^9: far inside 128 bits.
    fn nanoseconds(self, ticks: u64) -> i128 {
        let scaled = u128::from(ticks) * 1_000_000_000;
        let ns = if self.0 & 0x80 != 0 {
            scaled >> (self.0 & 0x7f)
        } else {
            // 10^39 does not fit, and 2^64 ticks of it are less than a nanosecond.
            10u128.checked_pow(u32::from(self.0)).map_or(0, |unit| scaled / unit)
        };
        ns as i128
    }
}

impl Default for Resolution {
    fn default() -> Self {
        Self::MICRO
    }
}

/// A pcapng section (a pcap file is one without a word).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    pub hardware: Option<String>,
    pub os: Option<String>,
    /// The program that wrote the section.
    pub application: Option<String>,
    pub comments: Vec<String>,
}

/// An interface statistics block: what the capture dropped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Index as in [`RawPacket::interface`].
    pub interface: u32,
    /// When this was written, nanoseconds since 1970.
    pub time: u64,
    /// Start and end of the capture, nanoseconds since 1970.
    pub start: Option<u64>,
    pub end: Option<u64>,
    /// Packets that came in at the interface.
    pub received: Option<u64>,
    /// Packets that the interface dropped.
    pub dropped: Option<u64>,
    /// Packets that passed the capture filter.
    pub accepted: Option<u64>,
    /// Packets that the operating system dropped for want of room.
    pub os_dropped: Option<u64>,
    /// Packets handed to the capturing program.
    pub delivered: Option<u64>,
}

/// The names of one address, from a name resolution block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRecord {
    pub address: IpAddr,
    pub names: Vec<String>,
}

/// What a file says beside its packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    Section(Section),
    Names {
        section: u32,
        records: Vec<NameRecord>,
    },
    /// Secrets to decrypt with (of TLS, type 0x544c534b, a key log).
    Secrets {
        section: u32,
        kind: u32,
        bytes: Vec<u8>,
    },
    Statistics(Statistics),
}

impl Note {
    /// Bytes that this note holds, roughly; never less than what the file spent on it, so that a note of nothing
    /// counts too.
    fn weight(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Section(s) => {
                    weight(s.comments.iter().chain([&s.hardware, &s.os, &s.application].into_iter().flatten()))
                }
                Self::Names { records, .. } => {
                    size_of::<NameRecord>() * records.len() + weight(records.iter().flat_map(|record| &record.names))
                }
                Self::Secrets { bytes, .. } => bytes.len(),
                Self::Statistics(_) => 0,
            }
    }
}

/// The notes of a file, bounded by [`MAX_NOTES_BYTES`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    list: Vec<Note>,
    weight: usize,
    /// Notes left out because the limit was reached.
    pub left_out: u64,
    /// Blocks skipped because they are of no kind that is read (custom blocks among them).
    pub skipped_blocks: u64,
    /// Packets whose time was clamped or missing.
    pub inexact_times: u64,
}

impl Notes {
    /// All notes, in the order of the file.
    pub fn list(&self) -> &[Note] {
        &self.list
    }

    pub(super) fn push(&mut self, note: Note) {
        if self.fits(note.weight()) {
            self.list.push(note);
        }
    }

    /// Takes the interface, without its texts if they are more than there is room for: its packets need it.
    pub(super) fn admit(&mut self, interface: Interface) -> Interface {
        if self.fits(interface.weight()) {
            return interface;
        }
        let Interface { section, link_type, snaplen, resolution, time_offset_s, fcs_len, speed, .. } = interface;
        Interface { section, link_type, snaplen, resolution, time_offset_s, fcs_len, speed, ..Interface::default() }
    }

    fn fits(&mut self, weight: usize) -> bool {
        let sum = self.weight.saturating_add(weight);
        let fits = sum <= MAX_NOTES_BYTES;
        if fits {
            self.weight = sum;
        } else {
            self.left_out += 1;
        }
        fits
    }
}

pub(super) const OPT_END: u16 = 0;
pub(super) const OPT_COMMENT: u16 = 1;

/// The options of a pcapng block: `code(2) length(2) value, padded to 4`, up to the end or code 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Options<'a> {
    pub(in crate::capture) fn new(bytes: &'a [u8], big: bool) -> Self {
        Self { bytes, big }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Code and value of each option. An option that runs over the end of its block ends the list.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let (mut rest, big) = (self.bytes, self.big);
        std::iter::from_fn(move || {
            let (code, length) = (u16_at(rest, 0, big)?, usize::from(u16_at(rest, 2, big)?));
            if code == OPT_END {
                return None;
            }
            let value = rest.get(4..4 + length)?;
            rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
            Some((code, value))
        })
    }

    pub fn all(&self, code: u16) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.iter().filter(move |option| option.0 == code).map(|option| option.1)
    }

    pub fn get(&self, code: u16) -> Option<&'a [u8]> {
        self.all(code).next()
    }

    pub(super) fn text(&self, code: u16) -> Option<String> {
        self.get(code).map(kept_text)
    }

    pub(super) fn texts(&self, code: u16) -> Vec<String> {
        self.all(code).map(kept_text).take(MAX_COMMENTS).collect()
    }

    pub(super) fn u32(&self, code: u16) -> Option<u32> {
        u32_at(self.get(code)?, 0, self.big)
    }

    pub(super) fn u64(&self, code: u16) -> Option<u64> {
        u64_at(self.get(code)?, 0, self.big)
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Some writers count the NUL that ends the string in C.
    String::from_utf8_lossy(bytes.strip_suffix(&[0]).unwrap_or(bytes))
}

pub(super) fn kept_text(bytes: &[u8]) -> String {
    text(bytes.get(..MAX_TEXT).unwrap_or(bytes)).into_owned()
}

pub(super) fn u16_at(bytes: &[u8], at: usize, big: bool) -> Option<u16> {
    let field = bytes.get(at..)?.first_chunk::<2>()?;
    Some(if big { u16::from_be_bytes(*field) } else { u16::from_le_bytes(*field) })
}

pub(super) fn u32_at(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let field = bytes.get(at..)?.first_chunk::<4>()?;
    Some(if big { u32::from_be_bytes(*field) } else { u32::from_le_bytes(*field) })
}

pub(super) fn u64_at(bytes: &[u8], at: usize, big: bool) -> Option<u64> {
    let field = bytes.get(at..)?.first_chunk::<8>()?;
    Some(if big { u64::from_be_bytes(*field) } else { u64::from_le_bytes(*field) })
}

/// The records of a name resolution block: `type(2) length(2) address, names each ended by NUL, padded to 4`.
pub(super) fn name_records(mut body: &[u8], big: bool) -> Vec<NameRecord> {
    let (mut records, mut room) = (Vec::new(), MAX_NAMES);
    while let (Some(kind), Some(length)) = (u16_at(body, 0, big), u16_at(body, 2, big)) {
        let length = usize::from(length);
        let Some(value) = body.get(4..4 + length) else {
            break;
        };
        let parsed = match kind {
            0 => break,
            1 => value.split_first_chunk::<4>().map(|(a, n)| (IpAddr::from(Ipv4Addr::from(*a)), n)),
            2 => value.split_first_chunk::<16>().map(|(a, n)| (IpAddr::from(Ipv6Addr::from(*a)), n)),
            _ => None,
        };
        if let Some((address, names)) = parsed {
            let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            let names: Vec<_> = names.map(kept_text).take(room).collect();
            room -= names.len();
            if names.is_empty() {
                break;
            }
            records.push(NameRecord { address, names });
        }
        body = body.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
    }
    records
}
