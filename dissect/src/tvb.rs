//! A view of some octets of a packet that knows where they stand and how many there were on the wire.

use crate::stop::Stop;

/// Octets `[base, base + reported)` of one source (the frame, or a reassembled datagram or stream).
///
/// Every read is checked: past what was on the wire it is [`Stop::Malformed`], past what was captured [`Stop::Short`].
#[derive(Clone, Copy)]
pub struct Tvb<'a> {
    bytes: &'a [u8],
    reported: u32,
    /// Which of the dissection's sources the octets are of; 0 is the frame.
    pub(crate) source: u8,
    /// Where the view begins in its source.
    pub(crate) base: u32,
}

macro_rules! reads {
    ($($name:ident $le:ident $type:ty, $width:literal;)*) => {$(
        /// The big-endian integer at `at`.
        pub fn $name(&self, at: usize) -> Result<$type, Stop> {
            let octets = self.slice(at, $width)?;
            let mut whole = [0u8; size_of::<$type>()];
            whole[size_of::<$type>() - $width..].copy_from_slice(octets);
            Ok(<$type>::from_be_bytes(whole))
        }
        /// The little-endian integer at `at`.
        pub fn $le(&self, at: usize) -> Result<$type, Stop> {
            let octets = self.slice(at, $width)?;
            let mut whole = [0u8; size_of::<$type>()];
            whole[..$width].copy_from_slice(octets);
            Ok(<$type>::from_le_bytes(whole))
        }
    )*};
}

impl<'a> Tvb<'a> {
    pub(crate) fn new(bytes: &'a [u8], reported: usize, source: u8) -> Self {
        Self { bytes, reported: u32::try_from(reported.max(bytes.len())).unwrap_or(u32::MAX), source, base: 0 }
    }

    /// The octets that were captured.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many octets were captured.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there was nothing on the wire.
    pub fn is_empty(&self) -> bool {
        self.reported == 0
    }

    /// How many octets there were on the wire.
    pub fn reported(&self) -> usize {
        self.reported as usize
    }

    /// Whether all that was on the wire was captured.
    pub fn is_whole(&self) -> bool {
        self.bytes.len() == self.reported as usize
    }

    /// `len` captured octets from `at`.
    pub fn slice(&self, at: usize, len: usize) -> Result<&'a [u8], Stop> {
        let end = at.checked_add(len).ok_or(Stop::Malformed)?;
        match self.bytes.get(at..end) {
            Some(octets) => Ok(octets),
            None if end > self.reported as usize => Err(Stop::Malformed),
            None => Err(Stop::Short),
        }
    }

    /// `N` captured octets from `at`.
    pub fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], Stop> {
        let mut octets = [0; N];
        octets.copy_from_slice(self.slice(at, N)?);
        Ok(octets)
    }

    /// Where it begins, all sources of the dissection taken together.
    pub(crate) fn place(&self) -> u32 {
        (u32::from(self.source) << 24).wrapping_add(self.base)
    }

    /// What follows `at`; empty when `at` lies at or behind the end.
    pub fn from(&self, at: usize) -> Tvb<'a> {
        let at = at.min(self.reported as usize);
        Tvb {
            bytes: self.bytes.get(at..).unwrap_or_default(),
            reported: self.reported - at as u32,
            source: self.source,
            base: self.base + at as u32,
        }
    }

    /// At most `len` octets from `at`: what is there of them.
    pub fn sub(&self, at: usize, len: usize) -> Tvb<'a> {
        let rest = self.from(at);
        let reported = len.min(rest.reported as usize);
        Tvb { bytes: &rest.bytes[..rest.bytes.len().min(reported)], reported: reported as u32, ..rest }
    }

    /// As [`Tvb::sub`], but a protocol that says more than there was is malformed.
    pub fn exact(&self, at: usize, len: usize) -> Result<Tvb<'a>, Stop> {
        if at.checked_add(len).is_none_or(|end| end > self.reported()) {
            return Err(Stop::Malformed);
        }
        Ok(self.sub(at, len))
    }

    reads! {
        u8 u8_le u8, 1;
        u16 u16_le u16, 2;
        u24 u24_le u32, 3;
        u32 u32_le u32, 4;
        u48 u48_le u64, 6;
        u64 u64_le u64, 8;
    }

    /// The big-endian integer of `width` octets (at most 8) at `at`.
    pub fn uint(&self, at: usize, width: usize) -> Result<u64, Stop> {
        let octets = self.slice(at, width.min(8))?;
        Ok(octets.iter().fold(0, |n, o| n << 8 | u64::from(*o)))
    }
}
