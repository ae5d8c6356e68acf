//! Puts frames of HDLC and pages together that T.38 carries in pieces, in each direction by itself.

use std::sync::Arc;

use crate::conversation::Key;
use crate::recent::Recent;

/// How many directions of faxes are followed at a time.
pub(crate) const MAX_DIRECTIONS: usize = 1024;
/// How long a frame of HDLC may be. T.30 has 256 octets and a header.
pub(crate) const MAX_FRAME: usize = 2048;
/// Of how many pieces a page may be: at 30 ms a piece four minutes.
pub(crate) const MAX_PIECES: usize = 8192;

/// One piece: the frame of the capture that has it, and its octets.
pub(crate) type Piece = (u64, u32);

/// A frame of HDLC, or a page without error correction, of which all pieces are there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Whole {
    /// In the order in which they came, the end last.
    pub(super) pieces: Vec<Piece>,
    /// Of a frame of HDLC, without its check sequence.
    pub(super) octets: Box<[u8]>,
    /// How many sequence numbers are missing in a page, and the longest run of them.
    pub(super) lost: u32,
    pub(super) lost_in_row: u32,
    pub(super) is_page: bool,
}

impl Whole {
    /// Octets of all pieces.
    pub(super) fn len(&self) -> u32 {
        self.pieces.iter().map(|piece| piece.1).sum()
    }
}

/// What is gathered of one direction.
#[derive(Default)]
struct Direction {
    /// The newest sequence number.
    last: Option<u16>,
    frame: Whole,
    page: Whole,
    /// The sequence number of the page's last piece.
    page_last: u16,
}

/// The faxes of a capture.
pub(crate) struct Faxes {
    directions: Recent<Key, Direction>,
}

impl Default for Faxes {
    fn default() -> Self {
        Self { directions: Recent::new(MAX_DIRECTIONS) }
    }
}

/// `t38.field_type`.
pub(super) mod field {
    pub(crate) const HDLC_DATA: u32 = 0;
    pub(crate) const HDLC_SIG_END: u32 = 1;
    pub(crate) const FCS_OK: u32 = 2;
    pub(crate) const FCS_BAD: u32 = 3;
    pub(crate) const FCS_OK_SIG_END: u32 = 4;
    pub(crate) const FCS_BAD_SIG_END: u32 = 5;
    pub(crate) const T4_DATA: u32 = 6;
    pub(crate) const T4_SIG_END: u32 = 7;
}

impl Faxes {
    /// Says that a packet came; answers how many sequence numbers are missing before it, or nothing where it is no newer
    /// than the last one.
    pub(super) fn next(&mut self, key: Key, sequence: u16) -> Option<u16> {
        if self.directions.get(&key).is_none() {
            self.directions.insert(key, Direction::default());
        }
        let direction = self.directions.get(&key)?;
        let missing = match direction.last {
            None => 0,
            Some(last) => match sequence.wrapping_sub(last) {
                0 | 0x8000.. => return None,
                ahead => ahead - 1,
            },
        };
        direction.last = Some(sequence);
        Some(missing)
    }

    /// Takes one data field of the packet with `sequence`, which stands in `frame`; answers what it completes.
    pub(super) fn take(&mut self, key: Key, sequence: u16, frame: u64, kind: u32, data: &[u8]) -> Option<Arc<Whole>> {
        let direction = self.directions.get(&key)?;
        match kind {
            field::HDLC_DATA => {
                let frame_octets = direction.frame.octets.len();
                if frame_octets + data.len() <= MAX_FRAME && direction.frame.pieces.len() < MAX_PIECES {
                    let mut octets = std::mem::take(&mut direction.frame.octets).into_vec();
                    octets.extend_from_slice(data);
                    direction.frame.octets = octets.into();
                    direction.frame.pieces.push((frame, data.len() as u32));
                }
                None
            }
            field::FCS_OK | field::FCS_OK_SIG_END => {
                let mut whole = std::mem::take(&mut direction.frame);
                if whole.pieces.is_empty() {
                    return None;
                }
                whole.pieces.push((frame, 0));
                Some(Arc::new(whole))
            }
            field::HDLC_SIG_END | field::FCS_BAD | field::FCS_BAD_SIG_END => {
                direction.frame = Whole::default();
                None
            }
            field::T4_DATA => {
                direction.add_to_page(sequence, frame, data);
                None
            }
            field::T4_SIG_END => {
                let mut whole = std::mem::take(&mut direction.page);
                if whole.pieces.is_empty() {
                    return None;
                }
                let gap = u32::from(sequence.wrapping_sub(direction.page_last)).saturating_sub(1);
                whole.lost += gap;
                whole.lost_in_row = whole.lost_in_row.max(gap);
                whole.pieces.push((frame, 0));
                whole.is_page = true;
                Some(Arc::new(whole))
            }
            _ => None,
        }
    }
}

impl Direction {
    fn add_to_page(&mut self, sequence: u16, frame: u64, data: &[u8]) {
        let page = &mut self.page;
        if !page.pieces.is_empty() {
            let gap = u32::from(sequence.wrapping_sub(self.page_last)).saturating_sub(1);
            page.lost += gap;
            page.lost_in_row = page.lost_in_row.max(gap);
        }
        self.page_last = sequence;
        if page.pieces.len() < MAX_PIECES {
            page.pieces.push((frame, data.len() as u32));
        }
    }
}
