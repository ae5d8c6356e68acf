//! The classic pcap format, as parser without a file.
//!
//! ```text
//! file:    magic(4) major(2) minor(2) zone(4) sigfigs(4) snaplen(4) link(4)
//! record:  seconds(4) fraction(4) captured(4) original(4) [modified: ifindex(4) protocol(2) type(1) pad(1)] bytes
//! ```
//! The magic gives the byte order and what the fraction counts. draft-ietf-opsawg-pcap, 4 and 5.

use super::packet::{Interface, Resolution, u16_at, u32_at};
use super::reader::{Found, Step};
use super::{MAX_PACKET, Stamp, What};

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
/// Alexey Kuznetzov's patched libpcap added the interface, the protocol and the packet's direction to each record.
const MODIFIED_RECORD_HEADER: usize = 24;

/// What libpcap and Wireshark take as the longest packet on a link that has no reason for longer ones. A longer
/// record of a file that does not announce so much is garbage taken for a header.
const USUAL_MAX_PACKET: usize = 262_144;

/// LINKTYPE_DBUS, LINKTYPE_USB_LINUX_MMAPPED, LINKTYPE_USBPCAP, LINKTYPE_EBHSCR: messages of megabytes.
const LONG_PACKET_LINKS: [u16; 4] = [231, 220, 249, 279];

/// Micro-, nanosecond and modified magic, in the byte order of the file.
const MAGICS: [(u32, Resolution, usize); 3] = [
    (0xa1b2_c3d4, Resolution::MICRO, RECORD_HEADER),
    (0xa1b2_3c4d, Resolution::NANO, RECORD_HEADER),
    (0xa1b2_cd34, Resolution::MICRO, MODIFIED_RECORD_HEADER),
];

#[derive(Debug)]
pub(super) struct Parser {
    big: bool,
    resolution: Resolution,
    record_header: usize,
    /// Whether records say the original length first: always, and where the numbers show it.
    swapped: bool,
    maybe_swapped: bool,
    /// `None` until the file header was read.
    limit: Option<usize>,
}

impl Parser {
    /// The parser for a file that begins so, if it is one.
    pub(super) fn detect(start: &[u8]) -> Option<Self> {
        for big in [false, true] {
            let magic = u32_at(start, 0, big)?;
            if let Some((_, resolution, record_header)) = MAGICS.iter().find(|known| known.0 == magic) {
                let (resolution, record_header) = (*resolution, *record_header);
                return Some(Self {
                    big,
                    resolution,
                    record_header,
                    swapped: false,
                    maybe_swapped: false,
                    limit: None,
                });
            }
        }
        None
    }

    pub(super) fn step(&mut self, data: &[u8], packet: u64, interfaces: &mut Vec<Interface>) -> Step {
        let Some(limit) = self.limit else {
            return self.file_header(data, interfaces);
        };
        let Some(header) = data.get(..self.record_header) else {
            return Step::Need(self.record_header);
        };
        let field = |at| u32_at(header, at, self.big).unwrap_or_default();
        let (mut captured, mut orig_len) = (field(8), field(12));
        if self.swapped || (self.maybe_swapped && captured > orig_len) {
            std::mem::swap(&mut captured, &mut orig_len);
        }
        if captured as usize > limit {
            return Step::Broken(What::PacketTooLong { packet, length: captured, limit });
        }
        let end = self.record_header + captured as usize;
        if data.len() < end {
            return Step::Need(end);
        }
        let unit = if self.resolution == Resolution::NANO { 1 } else { 1000 };
        // At most 4.3e18 + 4.3e12: no overflow. A fraction over a second is carried.
        let time = u64::from(field(0)) * 1_000_000_000 + u64::from(field(4)) * unit;
        // linux/if_packet.h: PACKET_OUTGOING is 4; the low bits of epb_flags are 1 for in, 2 for out.
        let flags = match header.get(22) {
            Some(4) => 2,
            Some(_) => 1,
            None => 0,
        };
        Step::Packet(Found {
            length: end,
            time,
            stamp: Stamp::Exact,
            interface: 0,
            orig_len,
            flags,
            bytes: self.record_header..end,
            options: 0..0,
            big: self.big,
        })
    }

    fn file_header(&mut self, data: &[u8], interfaces: &mut Vec<Interface>) -> Step {
        let Some(header) = data.get(..FILE_HEADER) else {
            return Step::Need(FILE_HEADER);
        };
        let field = |at| u32_at(header, at, self.big).unwrap_or_default();
        let version = |at| u16_at(header, at, self.big).unwrap_or_default();
        // Versions before 2.3 gave the original length first; 2.3 was written both ways (libpcap's sf-pcap.c says so).
        if version(4) == 2 {
            self.swapped = version(6) < 3;
            self.maybe_swapped = version(6) == 3;
        }
        let (snaplen, link) = (field(16), field(20));
        // Bits 31..28 are the length of the frame check sequence in 16-bit words, valid if bit 26 is set.
        let fcs_len = (link & 0x0400_0000 != 0).then_some((link >> 28) as u8 * 2);
        let link_type = link as u16;
        interfaces.push(Interface { link_type, snaplen, resolution: self.resolution, fcs_len, ..Interface::default() });
        self.limit = Some(if LONG_PACKET_LINKS.contains(&link_type) {
            MAX_PACKET
        } else {
            (snaplen as usize).clamp(USUAL_MAX_PACKET, MAX_PACKET)
        });
        Step::Skip(FILE_HEADER)
    }

    /// What is cut where the data ends in the middle of a record.
    pub(super) fn cut(&self, packet: u64) -> What {
        if self.limit.is_none() { What::CutIn("the file header") } else { What::CutInPacket { packet } }
    }
}
