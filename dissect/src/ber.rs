//! ASN.1's Basic Encoding Rules (X.690) as far as protocols use them: definite lengths, tags of one octet.

use crate::stop::Stop;
use crate::tvb::Tvb;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// How many arcs of an object identifier are shown; SNMP allows 128 (RFC 2578, 7.1.3).
pub(crate) const MAX_ARCS: usize = 128;

/// A value: its identifier octet, its contents, and where it ends in the view that it was read from.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) body: Tvb<'a>,
    pub(crate) end: usize,
}

impl<'a> Element<'a> {
    /// The element at `at`.
    pub(crate) fn read(tvb: Tvb<'a>, at: usize) -> Result<Self, Stop> {
        let tag = tvb.u8(at)?;
        let first = tvb.u8(at + 1)?;
        let (len, start) = match first {
            0..=0x7f => (usize::from(first), at + 2),
            // X.690, 8.1.3.5: the octets that follow are the length.
            0x81..=0x84 => {
                let width = usize::from(first & 0x7f);
                (tvb.uint(at + 2, width)? as usize, at + 2 + width)
            }
            _ => return Err(Stop::Malformed),
        };
        let body = tvb.exact(start, len)?;
        Ok(Self { tag, body, end: start + len })
    }

    /// As [`Element::read`], but it must have that tag.
    pub(crate) fn expect(tvb: Tvb<'a>, at: usize, tag: u8) -> Result<Self, Stop> {
        let element = Self::read(tvb, at)?;
        if element.tag == tag { Ok(element) } else { Err(Stop::Malformed) }
    }

    /// The contents as a signed integer (X.690, 8.3).
    pub(crate) fn int(&self) -> Result<i64, Stop> {
        let octets = self.body.slice(0, self.body.reported())?;
        if octets.is_empty() || octets.len() > 8 {
            return Err(Stop::Malformed);
        }
        let sign = if octets.first().is_some_and(|octet| octet & 0x80 != 0) { -1 } else { 0 };
        Ok(octets.iter().fold(sign, |value, octet| value << 8 | i64::from(*octet)))
    }

    /// The contents as an unsigned integer; a leading zero octet may make them nine.
    pub(crate) fn uint(&self) -> Result<u64, Stop> {
        let octets = self.body.slice(0, self.body.reported())?;
        let octets = if octets.len() == 9 { octets.strip_prefix(&[0]).unwrap_or(octets) } else { octets };
        if octets.is_empty() || octets.len() > 8 {
            return Err(Stop::Malformed);
        }
        Ok(octets.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
    }
}

/// An object identifier in dots (X.690, 8.19).
pub(crate) fn oid(octets: &[u8]) -> String {
    let mut text = String::new();
    let mut arc: u64 = 0;
    let mut arcs = 0;
    for octet in octets {
        arc = arc << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 != 0 {
            continue;
        }
        if arcs == 0 {
            // The first two arcs share a number.
            let first = (arc / 40).min(2);
            text = format!("{first}.{}", arc - first * 40);
        } else {
            text.push('.');
            text.push_str(&arc.to_string());
        }
        arcs += 1;
        if arcs == MAX_ARCS {
            break;
        }
        arc = 0;
    }
    text
}

/// An object identifier as Wireshark shows it without any MIB: with the name of its first arc behind it.
pub(crate) fn oid_with_root(octets: &[u8]) -> String {
    let dotted = oid(octets);
    let (first, rest) = dotted.split_once('.').unwrap_or((&dotted, ""));
    let root = match first {
        "0" => "itu-t",
        "1" => "iso",
        "2" => "joint-iso-itu-t",
        _ => return dotted,
    };
    format!("{dotted} ({root}.{rest})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(octets: &[u8]) -> Result<(u8, usize, i64), Stop> {
        let element = Element::read(Tvb::new(octets, octets.len(), 0), 0)?;
        Ok((element.tag, element.end, element.int()?))
    }

    #[test]
    fn lengths_of_both_forms() {
        assert_eq!(element(&[2, 1, 0xfb]), Ok((2, 3, -5)));
        assert_eq!(element(&[2, 0x81, 2, 1, 0]), Ok((2, 5, 256)));
        assert_eq!(element(&[2, 0x80, 0, 0]), Err(Stop::Malformed));
        assert_eq!(element(&[2, 5, 0]), Err(Stop::Malformed));
        assert_eq!(element(&[2, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), Err(Stop::Malformed));
    }

    #[test]
    fn object_identifiers_in_dots() {
        assert_eq!(oid(&[0x2b, 6, 1, 4, 1, 0x96, 0x2a]), "1.3.6.1.4.1.2858");
        assert_eq!(oid_with_root(&[0x2b, 6]), "1.3.6 (iso.3.6)");
        assert_eq!(oid(&[0x88, 0x37]), "2.999");
        assert_eq!(oid(&[1; 500]).split('.').count(), MAX_ARCS + 1);
        assert_eq!(oid(&[0xff; 100]), "");
    }
}
