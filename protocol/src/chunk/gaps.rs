//! Gaps: packets that are known to be missing, as records like any other.

use super::{ChunkError, Header};
use crate::codec::{Decode, Encode};
use crate::cursor::{Cursor, Short, put_varint, put_zigzag};
use crate::time::Timestamp;

/// Packets that the capture knows it does not have.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Gap {
    /// The last moment at which nothing was missing yet.
    pub from: Timestamp,
    /// The first moment at which nothing was missing any more; not before `from`.
    pub until: Timestamp,
    /// How many packets; 0 when that is not known.
    pub packets: u64,
    pub reason: GapReason,
    /// The interface that lost them, where one did.
    pub interface: Option<u16>,
}

/// Who lost the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum GapReason {
    /// The kernel's capture buffer was full.
    Kernel,
    /// The network card or its driver.
    Interface,
    /// The capture's own queue was full.
    Queue,
    /// The spool was full and its policy is to drop the oldest.
    Spool,
    /// The capture ended without writing out what it held.
    Crash,
    /// The capture file is cut or damaged from here.
    File,
    /// A reason that this version does not know, by its number.
    Other(u8),
}

impl GapReason {
    const fn number(self) -> u8 {
        match self {
            Self::Kernel => 0,
            Self::Interface => 1,
            Self::Queue => 2,
            Self::Spool => 3,
            Self::Crash => 4,
            Self::File => 5,
            Self::Other(number) => number,
        }
    }

    const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Kernel,
            1 => Self::Interface,
            2 => Self::Queue,
            3 => Self::Spool,
            4 => Self::Crash,
            5 => Self::File,
            other => Self::Other(other),
        }
    }
}

pub(super) fn put(out: &mut Vec<u8>, gap: &Gap, base: Timestamp) {
    put_zigzag(out, gap.from.0.wrapping_sub(base.0) as i64);
    put_varint(out, gap.until.0.saturating_sub(gap.from.0));
    put_varint(out, gap.packets);
    out.push(gap.reason.number());
    put_varint(out, gap.interface.map_or(0, |number| u64::from(number) + 1));
}

pub(super) fn parse(header: &Header, body: &[u8]) -> Result<Vec<Gap>, ChunkError> {
    let invalid = |_: Short| ChunkError::Invalid("gap");
    let mut cursor = Cursor::new(body);
    let mut gaps = Vec::with_capacity(header.records as usize);
    for _ in 0..header.records {
        gaps.push(take(&mut cursor, header.time_min).map_err(invalid)?);
    }
    let from = gaps.iter().map(|gap| gap.from).min();
    let until = gaps.iter().map(|gap| gap.until).max();
    if !cursor.is_empty() || from != Some(header.time_min) || until != Some(header.time_max) {
        return Err(ChunkError::Invalid("gap"));
    }
    Ok(gaps)
}

fn take(cursor: &mut Cursor<'_>, base: Timestamp) -> Result<Gap, Short> {
    let from = Timestamp(base.0.wrapping_add(cursor.zigzag()? as u64));
    let until = Timestamp(from.0.checked_add(cursor.varint()?).ok_or(Short)?);
    let packets = cursor.varint()?;
    let reason = GapReason::from_number(cursor.u8()?);
    let interface = match cursor.varint()? {
        0 => None,
        next => Some(u16::try_from(next - 1).map_err(|_| Short)?),
    };
    Ok(Gap { from, until, packets, reason, interface })
}
