//! Octets that come in pieces and in any order, each with the frame that it came in.

use std::collections::BTreeMap;

use crate::dissector::Dissector;
use crate::field::FieldId;
use crate::proto::udp;
use crate::tvb::Tvb;
use crate::value::Value;

/// Pieces between two places, of which none overlaps with another: of octets that come twice the first ones count.
#[derive(Default)]
pub(crate) struct Pieces {
    start: u64,
    end: u64,
    len: usize,
    by_place: BTreeMap<u64, (u64, Box<[u8]>)>,
}

/// What pieces make when none is missing.
#[derive(Debug)]
pub struct Whole {
    /// The frame of each piece in the order of the octets, and how many it has.
    pub(crate) pieces: Box<[(u64, u32)]>,
    pub(crate) octets: Box<[u8]>,
}

impl Pieces {
    /// No pieces yet, of what begins at `start` and ends at `end` or behind it.
    pub(crate) fn new(start: u64, end: u64) -> Self {
        Self { start, end, ..Self::default() }
    }

    /// Puts octets of a frame where there are none yet.
    pub(crate) fn put(&mut self, frame: u64, place: u64, octets: &[u8]) {
        let (mut at, end) = (place.max(self.start), place.saturating_add(octets.len() as u64));
        self.end = self.end.max(end);
        while at < end {
            if let Some((start, (_, piece))) = self.by_place.range(..=at).next_back() {
                let stop = start + piece.len() as u64;
                if stop > at {
                    at = stop;
                    continue;
                }
            }
            let next = self.by_place.range(at..).next().map_or(end, |piece| *piece.0).min(end);
            let part = octets.get((at - place) as usize..(next - place) as usize).unwrap_or_default();
            self.len += part.len();
            self.by_place.insert(at, (frame, part.into()));
            at = next;
        }
    }

    /// How many octets there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many pieces there are.
    pub(crate) fn count(&self) -> usize {
        self.by_place.len()
    }

    /// Where the last one ends.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// All octets together, if none is missing.
    pub(crate) fn whole(&self) -> Option<Whole> {
        if self.len as u64 != self.end - self.start {
            return None;
        }
        let pieces = self.by_place.values().map(|(frame, piece)| (*frame, piece.len() as u32)).collect();
        let octets = self.by_place.values().flat_map(|(_, piece)| piece.iter().copied()).collect();
        Some(Whole { pieces, octets })
    }
}

/// The fields that show which frames a message was put together from.
pub(crate) struct Fields {
    /// What the list begins with, behind the number of pieces.
    pub(crate) title: &'static str,
    pub(crate) list: FieldId,
    pub(crate) piece: FieldId,
    pub(crate) count: FieldId,
    pub(crate) length: Option<FieldId>,
}

impl Fields {
    /// Shows the frame and the length of each piece of `whole`.
    pub(crate) fn show<'a>(&self, d: &mut Dissector<'a>, whole: Tvb<'a>, pieces: &[(u64, u32)]) {
        let item = d.open(self.list, whole, 0, whole.reported(), Value::None);
        d.mark_generated(item);
        d.text(item, || {
            let each: Vec<String> = pieces.iter().map(|(frame, len)| format!("#{frame}({len})")).collect();
            let len: usize = pieces.iter().map(|piece| piece.1 as usize).sum();
            format!("{} {} ({}): {}", pieces.len(), self.title, udp::octets(len), each.join(", "))
        });
        let mut start = 0;
        for (frame, len) in pieces {
            let (frame, len) = (*frame, *len as usize);
            let piece = d.generated(self.piece, whole, start, len, Value::Uint(frame));
            d.text(piece, || {
                let end = (start + len).saturating_sub(1);
                format!("Frame: {frame}, payload: {start}-{end} ({})", udp::octets(len))
            });
            start += len;
        }
        d.generated(self.count, whole, 0, 0, Value::Uint(pieces.len() as u64));
        if let Some(length) = self.length {
            d.generated(length, whole, 0, 0, Value::Uint(start as u64));
        }
        d.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_that_come_twice_count_once() {
        let mut pieces = Pieces::new(10, 16);
        pieces.put(1, 12, b"cd");
        pieces.put(2, 8, b"__abCD");
        assert!(pieces.whole().is_none());
        pieces.put(3, 11, b"BCDef");
        let whole = pieces.whole().unwrap();
        assert_eq!(&whole.octets[..], b"abcdef");
        assert_eq!(&whole.pieces[..], [(2, 2), (1, 2), (3, 2)]);
        assert_eq!((pieces.len(), pieces.count(), pieces.end()), (6, 3, 16));
    }
}
