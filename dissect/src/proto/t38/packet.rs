//! The octets of a UDPTL packet (T.38, annex A), in aligned PER (X.691), before anything is shown of them.
//!
//! T.38 of 1998 has no extension marker in the type of a data field; the corrigendum put one in. Both are on the wire, and
//! nothing says which: a packet is read the old way, and the new way if only that one takes exactly its octets.

use smallvec::SmallVec;

use crate::stop::Stop;
use crate::tvb::Tvb;

/// How many earlier IFP packets or parities of one packet are read. T.38 allows so many as there were; senders repeat a
/// handful.
pub(crate) const MAX_SECONDARY: usize = 128;
/// How many data fields of one IFP packet are read.
pub(crate) const MAX_ITEMS: usize = 256;

/// A range of octets of the packet.
pub(crate) type Span = std::ops::Range<usize>;

/// Which ASN.1 a packet is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Edition {
    /// T.38 (06/1998).
    First,
    /// With corrigendum 1, and all later ones.
    Corrected,
}

/// What an IFP packet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Indicator(u32),
    Data(u32),
}

/// One data field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Item {
    pub(crate) at: usize,
    pub(crate) kind: u32,
    pub(crate) data: Option<Span>,
}

/// An IFP packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ifp {
    pub(crate) span: Span,
    pub(crate) kind: Option<Kind>,
    /// How many data fields it says that it has; nothing where it says nothing of any.
    pub(crate) count: Option<usize>,
    /// Where that number stands.
    pub(crate) count_at: usize,
    pub(crate) items: SmallVec<[Item; 2]>,
}

/// What helps against the loss of earlier packets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Recovery {
    /// The IFP packets before this one, the latest first.
    Secondary {
        count: usize,
        at: usize,
        packets: Vec<Ifp>,
    },
    Parity {
        at: usize,
        packets: Option<(i32, Span)>,
        count: Option<(usize, usize)>,
        parities: SmallVec<[Span; 2]>,
    },
}

/// A UDPTL packet, as far as it can be read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Packet {
    pub(crate) sequence: Option<u16>,
    pub(crate) primary: Option<Ifp>,
    pub(crate) recovery: Option<Recovery>,
    /// Where it ends.
    pub(crate) end: usize,
    /// Why it could not be read further.
    pub(crate) stop: Option<Stop>,
    /// An IFP packet does not take the octets that it says.
    pub(crate) is_uneven: bool,
}

/// Takes bits and octets one after the other.
struct Reader<'a> {
    tvb: Tvb<'a>,
    at: usize,
    /// Counted from the highest bit of the octet at `at`.
    bit: u32,
}

impl Reader<'_> {
    fn bits(&mut self, count: u32) -> Result<u32, Stop> {
        let mut value = 0;
        for _ in 0..count {
            let octet = self.tvb.u8(self.at)?;
            value = value << 1 | u32::from(octet >> (7 - self.bit) & 1);
            self.bit += 1;
            if self.bit == 8 {
                (self.at, self.bit) = (self.at + 1, 0);
            }
        }
        Ok(value)
    }

    fn align(&mut self) {
        if self.bit > 0 {
            (self.at, self.bit) = (self.at + 1, 0);
        }
    }

    fn octets(&mut self, len: usize) -> Result<Span, Stop> {
        self.align();
        self.tvb.slice(self.at, len)?;
        let span = self.at..self.at + len;
        self.at += len;
        Ok(span)
    }

    /// X.691, 10.9.3: a length without bounds. One above 16,383 comes in parts, which no datagram needs.
    fn length(&mut self) -> Result<usize, Stop> {
        self.align();
        let first = self.tvb.u8(self.at)?;
        match first >> 6 {
            0 | 1 => {
                self.at += 1;
                Ok(first.into())
            }
            2 => {
                let word = self.tvb.u16(self.at)?;
                self.at += 2;
                Ok(usize::from(word & 0x3fff))
            }
            _ => Err(Stop::Malformed),
        }
    }

    /// X.691, 13: an enumeration whose root takes `width` bits and has `root` values, possibly with more behind these.
    fn enumeration(&mut self, width: u32, root: u32, is_extensible: bool) -> Result<u32, Stop> {
        if is_extensible && self.bits(1)? == 1 {
            // X.691, 10.6: small as a rule.
            return match self.bits(1)? {
                0 => Ok(root + self.bits(6)?),
                _ => {
                    let len = self.length()?;
                    let span = self.octets(len.min(4))?;
                    let octets = self.tvb.slice(span.start, span.len())?;
                    Ok(octets.iter().fold(0_u32, |value, octet| value << 8 | u32::from(*octet)).saturating_add(root))
                }
            };
        }
        self.bits(width)
    }
}

/// Reads a packet in the edition that fits it.
pub(crate) fn read(tvb: Tvb<'_>) -> (Packet, Edition) {
    let first = read_as(tvb, Edition::First);
    if first.fits(tvb) {
        return (first, Edition::First);
    }
    let corrected = read_as(tvb, Edition::Corrected);
    if corrected.fits(tvb) { (corrected, Edition::Corrected) } else { (first, Edition::First) }
}

impl Packet {
    fn fits(&self, tvb: Tvb<'_>) -> bool {
        self.stop.is_none() && !self.is_uneven && self.end == tvb.reported()
    }
}

pub(crate) fn read_as(tvb: Tvb<'_>, edition: Edition) -> Packet {
    let mut packet = Packet::default();
    let mut reader = Reader { tvb, at: 0, bit: 0 };
    packet.stop = packet.fill(&mut reader, edition).err();
    reader.align();
    packet.end = reader.at;
    packet
}

impl Packet {
    fn fill(&mut self, reader: &mut Reader<'_>, edition: Edition) -> Result<(), Stop> {
        self.sequence = Some(reader.tvb.u16(0)?);
        reader.at = 2;
        let (primary, result) = self.ifp(reader, edition);
        self.primary = primary;
        result?;
        if reader.bits(1)? == 0 {
            let at = reader.at;
            let count = reader.length()?;
            let mut packets = Vec::new();
            let mut result = Ok(());
            for _ in 0..count.min(MAX_SECONDARY) {
                let (ifp, read) = self.ifp(reader, edition);
                packets.extend(ifp);
                if read.is_err() {
                    result = read;
                    break;
                }
            }
            self.recovery = Some(Recovery::Secondary { count, at, packets });
            return result;
        }
        let at = reader.at;
        let mut recovery = (None, None, SmallVec::new());
        let result = Self::parity(reader, &mut recovery);
        let (packets, count, parities) = recovery;
        self.recovery = Some(Recovery::Parity { at, packets, count, parities });
        result
    }

    #[allow(clippy::type_complexity)] // What FEC says, taken apart above.
    fn parity(
        reader: &mut Reader<'_>,
        (packets, counted, parities): &mut (Option<(i32, Span)>, Option<(usize, usize)>, SmallVec<[Span; 2]>),
    ) -> Result<(), Stop> {
        let len = reader.length()?;
        let span = reader.octets(len)?;
        let octets = reader.tvb.slice(span.start, len)?;
        let sign = if octets.first().is_some_and(|octet| octet & 0x80 != 0) { -1 } else { 0 };
        *packets = Some((octets.iter().fold(sign, |value: i32, octet| value << 8 | i32::from(*octet)), span));
        let at = reader.at;
        let count = reader.length()?;
        *counted = Some((count, at));
        for _ in 0..count.min(MAX_SECONDARY) {
            let len = reader.length()?;
            parities.push(reader.octets(len)?);
        }
        Ok(())
    }

    /// An IFP packet behind its length.
    fn ifp(&mut self, reader: &mut Reader<'_>, edition: Edition) -> (Option<Ifp>, Result<(), Stop>) {
        let len = match reader.length() {
            Ok(len) => len,
            Err(stop) => return (None, Err(stop)),
        };
        let span = reader.at..reader.at + len;
        let mut ifp = Ifp { span: span.clone(), kind: None, count: None, count_at: span.start, items: SmallVec::new() };
        let content = match reader.tvb.exact(span.start, len) {
            Ok(content) => content,
            Err(stop) => return (Some(ifp), Err(stop)),
        };
        let mut inner = Reader { tvb: content, at: 0, bit: 0 };
        let result = ifp.fill(&mut inner, edition, span.start);
        inner.align();
        self.is_uneven |= inner.at != len;
        reader.at = span.end;
        (Some(ifp), result)
    }
}

impl Ifp {
    /// `base`: where its octets begin in the packet.
    fn fill(&mut self, reader: &mut Reader<'_>, edition: Edition, base: usize) -> Result<(), Stop> {
        let has_items = reader.bits(1)? == 1;
        self.kind = Some(match reader.bits(1)? {
            0 => Kind::Indicator(reader.enumeration(4, 16, true)?),
            _ => Kind::Data(reader.enumeration(4, 9, true)?),
        });
        if !has_items {
            return Ok(());
        }
        reader.align();
        self.count_at = base + reader.at;
        let count = reader.length()?;
        self.count = Some(count);
        for _ in 0..count.min(MAX_ITEMS) {
            let at = base + reader.at;
            let has_data = reader.bits(1)? == 1;
            let kind = reader.enumeration(3, 8, edition == Edition::Corrected)?;
            self.items.push(Item { at, kind, data: None });
            if has_data {
                // X.691, 10.5.7: a length from 1 to 65,535 is a word.
                reader.align();
                let len = usize::from(reader.tvb.u16(reader.at)?) + 1;
                reader.at += 2;
                let data = reader.octets(len)?;
                if let Some(item) = self.items.last_mut() {
                    item.data = Some(base + data.start..base + data.end);
                }
            }
        }
        Ok(())
    }
}
