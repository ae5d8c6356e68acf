//! ASN.1's Packed Encoding Rules, aligned (X.691), as H.225.0 and H.245 use them: a reader of bits, and types as tables
//! that one function walks.
//!
//! What a table does not describe is passed over where it has a length of its own; where it has none, the rest of what
//! holds it is left out ([`Shape::Unread`]).

use std::fmt::Write as _;

use crate::dissector::{Address, Dissector, Item};
use crate::field::FieldId;
use crate::registry;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

/// How many items of a list, and how many additions to a type, are read.
pub(crate) const MAX_ITEMS: usize = 64;

/// Reads aligned PER bit by bit.
#[derive(Clone, Copy)]
pub(crate) struct Per<'a> {
    pub(crate) tvb: Tvb<'a>,
    /// The next bit.
    at: usize,
}

impl<'a> Per<'a> {
    pub(crate) fn new(tvb: Tvb<'a>) -> Self {
        Self { tvb, at: 0 }
    }

    pub(crate) fn bit(&mut self) -> Result<bool, Stop> {
        let octet = self.tvb.u8(self.at / 8)?;
        let bit = octet >> (7 - self.at % 8) & 1 != 0;
        self.at += 1;
        Ok(bit)
    }

    pub(crate) fn bits(&mut self, count: usize) -> Result<u64, Stop> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u64::from(self.bit()?);
        }
        Ok(value)
    }

    /// Goes on to the next whole octet and answers where it stands.
    pub(crate) fn align(&mut self) -> usize {
        self.at = self.at.next_multiple_of(8);
        self.at / 8
    }

    pub(crate) fn octet(&self) -> usize {
        self.at / 8
    }

    /// An integer of whole octets.
    pub(crate) fn uint(&mut self, width: usize) -> Result<u64, Stop> {
        let at = self.align();
        self.at += width * 8;
        self.tvb.uint(at, width)
    }

    /// An integer between two numbers, these included (X.691, 11.5).
    fn integer(&mut self, low: u64, high: u64) -> Result<u64, Stop> {
        let above = match high.saturating_sub(low) {
            0 => 0,
            range @ 1..=0xfe => self.bits(64 - range.leading_zeros() as usize)?,
            0xff => self.uint(1)?,
            0x100..=0xffff => self.uint(2)?,
            // As few octets as it takes; how many is itself such an integer.
            range => {
                let most = (64 - range.leading_zeros() as u64).div_ceil(8);
                let width = self.integer(1, most)?;
                self.uint(width as usize)?
            }
        };
        Ok(low.saturating_add(above))
    }

    /// Passes over octets and answers where they stand.
    pub(crate) fn skip(&mut self, len: usize) -> Result<usize, Stop> {
        let at = self.align();
        self.tvb.slice(at, len)?;
        self.at += len * 8;
        Ok(at)
    }

    /// An unconstrained length (X.691, 11.9), without pieces of 16K.
    pub(crate) fn length(&mut self) -> Result<usize, Stop> {
        match self.uint(1)? {
            len @ 0..=0x7f => Ok(len as usize),
            len @ 0x80..=0xbf => Ok((len as usize & 0x3f) << 8 | self.uint(1)? as usize),
            _ => Err(Stop::Malformed),
        }
    }

    /// A number that is small as a rule (X.691, 11.6).
    fn small(&mut self) -> Result<u64, Stop> {
        if self.bit()? {
            let width = self.length()?;
            return self.uint(width.min(8));
        }
        self.bits(6)
    }

    /// The number of an alternative: of the root in `width` bits, or of the extensions behind `root` alternatives. Says
    /// whether it is one of these, which stand in a length.
    pub(crate) fn choice(&mut self, width: usize, root: u64) -> Result<(u64, bool), Stop> {
        if self.bit()? {
            return Ok((root.saturating_add(self.small()?), true));
        }
        Ok((self.bits(width)?, false))
    }

    /// Goes to the end: what lies between cannot be read.
    pub(crate) fn give_up(&mut self) {
        self.at = self.tvb.reported() * 8;
    }

    /// What stands in a length of its own.
    pub(crate) fn open(&mut self) -> Result<Self, Stop> {
        let len = self.length()?;
        let at = self.skip(len)?;
        Ok(Self::new(self.tvb.sub(at, len)))
    }

    /// The additions behind an extension marker: the number and the contents of each that is there.
    pub(crate) fn additions(&mut self) -> Result<Vec<(usize, Self)>, Stop> {
        let count = self.small()? as usize + 1;
        let mut there = Vec::new();
        for number in 0..count.min(MAX_ITEMS) {
            if self.bit()? {
                there.push(number);
            }
        }
        there.into_iter().map(|number| Ok((number, self.open()?))).collect()
    }
}

/// What stands for a part in the octets.
pub(crate) enum Shape {
    Boolean,
    Null,
    /// Sixteen octets.
    Guid,
    Ipv4,
    Ipv6,
    /// An integer between two numbers, these included.
    Integer(u64, u64),
    /// An integer without bounds.
    Number,
    /// So many octets at least, and so many at most.
    Short(u64, u64),
    /// Text with a length before it.
    Text,
    /// Components, and those that were added later where there can be such.
    Sequence(&'static [Part], Option<&'static [Part]>),
    /// Alternatives, and those that were added later where there can be such.
    Choice(&'static [Part], Option<&'static [Part]>),
    List(&'static Part),
    /// Octets with a length before them that the function takes.
    Inner(for<'a> fn(&mut Walk<'_, 'a>, Tvb<'a>) -> Parsed),
    /// What a function reads.
    Custom(for<'a> fn(&mut Dissector<'a>, &mut Per<'a>, FieldId) -> Parsed),
    /// What is not taken apart: its name.
    Unread(&'static str),
}

/// A component or an alternative.
pub(crate) struct Part {
    pub(crate) field: FieldId,
    pub(crate) shape: &'static Shape,
    pub(crate) is_optional: bool,
}

/// A part that is always there.
pub(crate) const fn part(field: FieldId, shape: &'static Shape) -> Part {
    Part { field, shape, is_optional: false }
}

/// A part that may be missing.
pub(crate) const fn optional(field: FieldId, shape: &'static Shape) -> Part {
    Part { field, shape, is_optional: true }
}

impl Part {
    /// What an alternative is called.
    pub(crate) fn name(&self) -> &'static str {
        match self.shape {
            Shape::Unread(name) => name,
            _ => label(self.field),
        }
    }
}

/// A number, the number and the name of an alternative, or an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    Number(u64),
    Alternative(u64, &'static str),
    Address(Address),
}

/// A walk through octets along a table: what it shows goes into the tree, and numbers are kept for whoever began it.
///
/// No table leads back into itself, and lists end at [`MAX_ITEMS`]: a walk ends, and what it keeps is bounded.
pub(crate) struct Walk<'d, 'a> {
    pub(crate) d: &'d mut Dissector<'a>,
    pub(crate) told: Vec<(FieldId, Told)>,
}

impl<'d, 'a> Walk<'d, 'a> {
    pub(crate) fn new(d: &'d mut Dissector<'a>) -> Self {
        Self { d, told: Vec::new() }
    }

    fn tell(&mut self, field: FieldId, told: Told) {
        self.told.push((field, told));
    }

    /// The name of the first alternative that was told of a field.
    pub(crate) fn alternative(&self, field: FieldId) -> Option<&'static str> {
        self.told.iter().find_map(|told| match *told {
            (of, Told::Alternative(_, name)) if of == field => Some(name),
            _ => None,
        })
    }

    /// Shows a part; says whether what follows it can be read.
    pub(crate) fn show(&mut self, per: &mut Per<'a>, part: &Part) -> Result<bool, Stop> {
        let (field, shape) = (part.field, part.shape);
        let at = per.octet();
        match shape {
            Shape::Boolean => {
                let value = per.bit()?;
                self.d.add(field, per.tvb, at, 1, Value::Uint(value.into()));
            }
            Shape::Null => {
                let item = self.d.add(field, per.tvb, at, 0, Value::None);
                self.d.text(item, || format!("{}: NULL", label(field)));
            }
            Shape::Guid => {
                let at = per.skip(16)?;
                if self.d.wants(field) {
                    let text = guid(per.tvb.slice(at, 16)?);
                    self.d.add(field, per.tvb, at, 16, Value::String(text.into()));
                }
            }
            Shape::Ipv4 => {
                let at = per.skip(4)?;
                let octets = per.tvb.array(at)?;
                self.d.add(field, per.tvb, at, 4, Value::Ipv4(octets));
                self.tell(field, Told::Address(Address::Ipv4(octets)));
            }
            Shape::Ipv6 => {
                let at = per.skip(16)?;
                let octets = per.tvb.array(at)?;
                self.d.add(field, per.tvb, at, 16, Value::Ipv6(octets));
                self.tell(field, Told::Address(Address::Ipv6(octets)));
            }
            Shape::Integer(low, high) => {
                let value = per.integer(*low, *high)?;
                self.d.add(field, per.tvb, at, per.octet().saturating_sub(at).max(1), Value::Uint(value));
                self.tell(field, Told::Number(value));
            }
            Shape::Number => {
                let len = per.length()?;
                let at = per.skip(len)?;
                let octets = per.tvb.slice(at, len.min(8))?;
                let sign = if octets.first().is_some_and(|octet| octet & 0x80 != 0) { -1 } else { 0 };
                let value = octets.iter().fold(sign, |value, octet| value << 8 | i64::from(*octet));
                self.d.add(field, per.tvb, at, len, Value::Int(value));
            }
            Shape::Short(low, high) => {
                let len = per.integer(*low, *high)? as usize;
                let at = per.skip(len)?;
                self.d.bytes(field, per.tvb, at, len);
            }
            Shape::Text => {
                let len = per.length()?;
                let at = per.skip(len)?;
                self.d.string(field, per.tvb, at, len);
            }
            Shape::Sequence(root, additions) => {
                self.d.open(field, per.tvb, at, 1, Value::None);
                let goes_on = self.sequence(per, root, *additions)?;
                self.d.close();
                return Ok(goes_on);
            }
            Shape::Choice(root, additions) => return self.choice(per, field, root, *additions),
            Shape::List(of) => return self.list(per, field, of),
            Shape::Inner(take) => {
                let len = per.length()?;
                let at = per.skip(len)?;
                let item = self.d.add(field, per.tvb, at, len, Value::Uint(len as u64));
                let s = if len == 1 { "" } else { "s" };
                self.d.text(item, || format!("{}: {len} octet{s}", label(field)));
                take(self, per.tvb.sub(at, len))?;
            }
            Shape::Custom(read) => read(self.d, per, field)?,
            Shape::Unread(_) => return Ok(false),
        }
        Ok(true)
    }

    fn sequence(
        &mut self,
        per: &mut Per<'a>,
        root: &'static [Part],
        additions: Option<&'static [Part]>,
    ) -> Result<bool, Stop> {
        let is_extended = additions.is_some() && per.bit()?;
        let mut there = 0u64;
        for part in root {
            there = there << 1 | u64::from(!part.is_optional || per.bit()?);
        }
        for (place, part) in root.iter().rev().enumerate().rev() {
            if there >> place & 1 != 0 && !self.show(per, part)? {
                return Ok(false);
            }
        }
        if is_extended {
            for (number, mut addition) in per.additions()? {
                if let Some(part) = additions.and_then(|additions| additions.get(number)) {
                    self.show(&mut addition, part)?;
                }
            }
        }
        Ok(true)
    }

    fn choice(
        &mut self,
        per: &mut Per<'a>,
        field: FieldId,
        root: &'static [Part],
        additions: Option<&'static [Part]>,
    ) -> Result<bool, Stop> {
        let at = per.octet();
        let width = usize::BITS - root.len().saturating_sub(1).leading_zeros();
        let (number, is_addition) = match additions {
            Some(_) => per.choice(width as usize, root.len() as u64)?,
            None => (per.bits(width as usize)?, false),
        };
        let place = number as usize;
        let part = match place.checked_sub(root.len()) {
            None => root.get(place),
            Some(place) => additions.and_then(|additions| additions.get(place)),
        };
        let name = part.map_or("Unknown", Part::name);
        self.tell(field, Told::Alternative(number, name));
        let item = self.d.open(field, per.tvb, at, 1, Value::Uint(number));
        self.d.text(item, || format!("{}: {name} ({number})", label(field)));
        let goes_on = match (part, is_addition) {
            (Some(part), false) => self.show(per, part)?,
            (part, true) => {
                let mut addition = per.open()?;
                if let Some(part) = part {
                    self.show(&mut addition, part)?;
                }
                true
            }
            (None, false) => return Err(Stop::Malformed),
        };
        self.d.close();
        Ok(goes_on)
    }

    fn list(&mut self, per: &mut Per<'a>, field: FieldId, of: &'static Part) -> Result<bool, Stop> {
        let count = per.length()?;
        let item = self.d.open(field, per.tvb, per.octet().saturating_sub(1), 1, Value::Uint(count as u64));
        items(self.d, item, field, count);
        for number in 0..count.min(MAX_ITEMS) {
            self.d.open_text(per.tvb, per.octet(), 0, || format!("Item {number}"));
            let goes_on = self.show(per, of)?;
            self.d.close();
            if !goes_on {
                return Ok(false);
            }
        }
        self.d.close();
        // What lies behind items that were not read cannot be found.
        Ok(count <= MAX_ITEMS)
    }
}

/// Sixteen octets as a UUID (RFC 9562, 4).
fn guid(octets: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, octet) in octets.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{octet:02x}");
    }
    text
}

fn label(field: FieldId) -> &'static str {
    registry::field(field).label
}

/// The line of a list.
pub(crate) fn items(d: &mut Dissector<'_>, item: Item, field: FieldId, count: usize) {
    d.text(item, || {
        let s = if count == 1 { "" } else { "s" };
        format!("{}: {count} item{s}", label(field))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per(octets: &[u8]) -> Per<'_> {
        Per::new(Tvb::new(octets, octets.len(), 0))
    }

    #[test]
    fn integers_of_all_widths() {
        assert_eq!(per(&[0b1010_0000]).integer(1, 4), Ok(3));
        assert_eq!(per(&[7]).integer(0, 255), Ok(7));
        assert_eq!(per(&[1, 0]).integer(1, 65_536), Ok(257));
        // 3 octets in two bits of length, aligned.
        assert_eq!(per(&[0b1000_0000, 0x12, 0xd6, 0x87]).integer(0, 16_777_215), Ok(0x12_d687));
        assert_eq!(per(&[]).integer(5, 5), Ok(5));
        assert_eq!(per(&[]).integer(0, 1), Err(Stop::Malformed));
    }

    #[test]
    fn only_so_many_additions_are_read() {
        // 64 additions in a small number, each without octets: a bit for each, then lengths of zero.
        let mut octets = vec![0b0111_1111];
        octets.extend([0xff; 8]);
        octets.extend([0; MAX_ITEMS]);
        assert_eq!(per(&octets).additions().map(|there| there.len()), Ok(MAX_ITEMS));
        let mut octets = vec![0b1000_0000, 2, 0x10, 0];
        octets.extend([0xff; 8]);
        octets.extend([0; MAX_ITEMS]);
        assert_eq!(per(&octets).additions().map(|there| there.len()), Ok(MAX_ITEMS));
    }
}
