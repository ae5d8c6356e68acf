//! Datagrams put together from their fragments, for IPv4 (RFC 791, 3.2) and IPv6 (RFC 8200, 4.5).
//!
//! Only the first pass does this. It holds what is not complete within limits, and gives up the oldest datagram first.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::dissector::Address;

/// How many incomplete datagrams are held.
pub const MAX_DATAGRAMS: usize = 4096;
/// How many fragments one datagram may have: 64 KiB in the smallest fragments that may be followed by another.
pub const MAX_FRAGMENTS: usize = 8192;
/// How many octets all incomplete datagrams may hold together.
pub const MAX_BYTES: usize = 32 << 20;
/// Fragments that come later than this after the first one are of another datagram with the same identification.
/// RFC 8200, 4.5 says 60 seconds, RFC 1122, 3.3.2 between 60 and 120.
pub const TIMEOUT_NS: i64 = 60_000_000_000;

/// What the fragments of one datagram have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    pub src: Address,
    pub dst: Address,
    pub identification: u32,
    /// The IP protocol number; 0 for IPv6, whose identification stands alone.
    pub protocol: u8,
}

/// Where one fragment of a datagram was found, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    pub frame: u64,
    pub start: u32,
    pub len: u32,
    /// Covers octets that an earlier fragment covered.
    pub overlaps: bool,
    /// Overlaps with other octets.
    pub conflicts: bool,
    /// Says that the datagram ends elsewhere than the first fragment that said so.
    pub is_other_tail: bool,
    /// Reaches past the end of the datagram.
    pub is_too_long: bool,
}

impl Piece {
    /// Whether the fragment is shown as an error.
    pub fn is_bad(&self) -> bool {
        self.conflicts || self.is_other_tail || self.is_too_long
    }
}

/// A whole datagram.
#[derive(PartialEq, Eq, Debug)]
pub struct Datagram {
    /// The fragments in the order of their octets.
    pub pieces: Vec<Piece>,
    pub bytes: Box<[u8]>,
    /// What follows the fragment header of the first fragment (IPv6).
    pub next_header: u8,
}

struct Fragment {
    frame: u64,
    start: u32,
    is_other_tail: bool,
    bytes: Box<[u8]>,
}

#[derive(Default)]
struct Incomplete {
    serial: u64,
    begun: i64,
    next_header: u8,
    /// Sorted by where they start; of equals the earlier frame first.
    fragments: Vec<Fragment>,
    /// Where the datagram ends, as the first fragment without a successor said.
    end: Option<u32>,
    held: usize,
}

/// The datagrams of which something is missing.
#[derive(Default)]
pub struct Reassembly {
    incomplete: HashMap<Key, Incomplete>,
    /// Keys in the order in which their datagrams began, with the serial that says whether the entry is still meant.
    order: VecDeque<(u64, Key)>,
    serial: u64,
    held: usize,
}

/// One fragment as its header describes it.
pub struct Arrival<'a> {
    pub frame: u64,
    pub time: i64,
    pub start: u32,
    pub has_more: bool,
    pub next_header: u8,
    pub bytes: &'a [u8],
}

impl Reassembly {
    /// Adds a fragment; answers the datagram that it completes.
    pub fn add(&mut self, key: Key, arrival: &Arrival<'_>) -> Option<Arc<Datagram>> {
        if let Some(old) = self.incomplete.get(&key)
            && (arrival.time.saturating_sub(old.begun) > TIMEOUT_NS || old.fragments.len() >= MAX_FRAGMENTS)
        {
            self.drop_datagram(key);
        }
        let serial = &mut self.serial;
        let order = &mut self.order;
        let datagram = self.incomplete.entry(key).or_insert_with(|| {
            *serial += 1;
            order.push_back((*serial, key));
            Incomplete { serial: *serial, begun: arrival.time, ..Incomplete::default() }
        });
        let end = arrival.start.saturating_add(arrival.bytes.len() as u32);
        let mut is_other_tail = false;
        if !arrival.has_more {
            match datagram.end {
                None => datagram.end = Some(end),
                Some(before) => is_other_tail = before != end,
            }
        }
        if arrival.start == 0 {
            datagram.next_header = arrival.next_header;
        }
        let at = datagram.fragments.partition_point(|fragment| fragment.start <= arrival.start);
        datagram.fragments.insert(
            at,
            Fragment { frame: arrival.frame, start: arrival.start, is_other_tail, bytes: arrival.bytes.into() },
        );
        datagram.held += arrival.bytes.len();
        self.held += arrival.bytes.len();
        if datagram.is_complete() {
            let done = self.drop_datagram(key)?;
            return Some(Arc::new(done.assemble()));
        }
        self.shrink();
        None
    }

    fn drop_datagram(&mut self, key: Key) -> Option<Incomplete> {
        let gone = self.incomplete.remove(&key)?;
        self.held = self.held.saturating_sub(gone.held);
        // Entries of datagrams that are done leave the queue here at the latest, so that it stays as short as the map.
        while let Some((serial, key)) = self.order.front()
            && self.incomplete.get(key).is_none_or(|datagram| datagram.serial != *serial)
        {
            self.order.pop_front();
        }
        Some(gone)
    }

    fn shrink(&mut self) {
        if self.order.len() > 2 * MAX_DATAGRAMS {
            let incomplete = &self.incomplete;
            self.order.retain(|(serial, key)| incomplete.get(key).is_some_and(|d| d.serial == *serial));
        }
        while self.incomplete.len() > MAX_DATAGRAMS || self.held > MAX_BYTES {
            let Some((serial, key)) = self.order.pop_front() else {
                return;
            };
            if self.incomplete.get(&key).is_some_and(|d| d.serial == serial) {
                self.drop_datagram(key);
            }
        }
    }
}

impl Incomplete {
    fn is_complete(&self) -> bool {
        let Some(end) = self.end else {
            return false;
        };
        if self.held < end as usize {
            return false;
        }
        let mut covered = 0;
        for fragment in &self.fragments {
            if fragment.start > covered && covered < end {
                return false;
            }
            covered = covered.max(fragment.start.saturating_add(fragment.bytes.len() as u32));
        }
        covered >= end
    }

    /// Puts the octets together: of those that came twice the ones that start first, or else came first, count.
    fn assemble(self) -> Datagram {
        let end = self.end.unwrap_or_default() as usize;
        let mut bytes = Vec::with_capacity(end);
        let mut pieces = Vec::with_capacity(self.fragments.len());
        for fragment in &self.fragments {
            let start = fragment.start as usize;
            let stop = start.saturating_add(fragment.bytes.len());
            let overlap = bytes.len().saturating_sub(start).min(fragment.bytes.len());
            let (again, rest) = fragment.bytes.split_at(overlap);
            let before = bytes.get(start..start + overlap).unwrap_or_default();
            pieces.push(Piece {
                frame: fragment.frame,
                start: fragment.start,
                len: fragment.bytes.len() as u32,
                overlaps: overlap > 0,
                conflicts: before != again,
                is_other_tail: fragment.is_other_tail,
                is_too_long: stop > end,
            });
            let room = end.saturating_sub(bytes.len());
            bytes.extend_from_slice(&rest[..rest.len().min(room)]);
        }
        Datagram { pieces, bytes: bytes.into(), next_header: self.next_header }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(identification: u32) -> Key {
        Key { src: Address::Ipv4([10, 0, 0, 1]), dst: Address::Ipv4([10, 0, 0, 2]), identification, protocol: 17 }
    }

    fn arrival(frame: u64, start: u32, has_more: bool, bytes: &[u8]) -> Arrival<'_> {
        Arrival { frame, time: 0, start, has_more, next_header: 0, bytes }
    }

    #[test]
    fn fragments_complete_a_datagram_in_any_order() {
        let mut tables = Reassembly::default();
        assert!(tables.add(key(1), &arrival(1, 16, false, b"xyz")).is_none());
        assert!(tables.add(key(1), &arrival(2, 8, true, b"ijklmnop")).is_none());
        let done = tables.add(key(1), &arrival(3, 0, true, b"abcdefgh")).expect("complete");
        assert_eq!(&done.bytes[..], b"abcdefghijklmnopxyz");
        assert_eq!(done.pieces.iter().map(|p| p.frame).collect::<Vec<_>>(), [3, 2, 1]);
        assert!(tables.incomplete.is_empty() && tables.held == 0);
    }

    #[test]
    fn the_first_octets_win_where_fragments_overlap() {
        let mut tables = Reassembly::default();
        tables.add(key(1), &arrival(1, 0, true, b"abcdefgh"));
        let done = tables.add(key(1), &arrival(2, 4, false, b"EFGHij")).expect("complete");
        assert_eq!(&done.bytes[..], b"abcdefghij");
        assert!(done.pieces[1].overlaps && done.pieces[1].conflicts && done.pieces[1].is_bad());
    }

    #[test]
    fn a_fragment_behind_the_end_is_too_long_and_left_out() {
        let mut tables = Reassembly::default();
        tables.add(key(1), &arrival(1, 8, false, b"ij"));
        tables.add(key(1), &arrival(2, 8, true, b"ijklmnop"));
        let done = tables.add(key(1), &arrival(3, 0, true, b"abcdefgh")).expect("complete");
        assert_eq!(&done.bytes[..], b"abcdefghij");
        assert!(done.pieces[2].is_too_long);
    }

    #[test]
    fn a_late_fragment_belongs_to_another_datagram() {
        let mut tables = Reassembly::default();
        tables.add(key(1), &arrival(1, 0, true, b"abcdefgh"));
        let late = Arrival { time: TIMEOUT_NS + 1, ..arrival(2, 8, false, b"ij") };
        assert!(tables.add(key(1), &late).is_none());
    }

    #[test]
    fn limits_hold() {
        let mut tables = Reassembly::default();
        for n in 0..MAX_DATAGRAMS as u32 + 10 {
            tables.add(key(n), &arrival(1, 0, true, b"abcdefgh"));
        }
        assert_eq!(tables.incomplete.len(), MAX_DATAGRAMS);
        assert!(tables.order.len() <= 2 * MAX_DATAGRAMS + 1);
        let mut tables = Reassembly::default();
        let big = vec![0; 60_000];
        for n in 0..(MAX_BYTES / 60_000) as u32 + 10 {
            tables.add(key(n), &arrival(1, 0, true, &big));
        }
        assert!(tables.held <= MAX_BYTES && tables.incomplete.len() > 1);
        let mut tables = Reassembly::default();
        for n in 0..MAX_FRAGMENTS as u64 + 10 {
            tables.add(key(0), &arrival(n, 8, true, b""));
        }
        assert_eq!(tables.incomplete[&key(0)].fragments.len(), 10);
    }

    #[test]
    fn the_queue_stays_short_while_datagrams_complete() {
        let mut tables = Reassembly::default();
        tables.add(key(0), &arrival(1, 0, true, b"abcdefgh"));
        for n in 1..3 * MAX_DATAGRAMS as u32 {
            tables.add(key(n), &arrival(1, 8, false, b"i"));
            assert!(tables.add(key(n), &arrival(1, 0, true, b"abcdefgh")).is_some());
        }
        tables.add(key(1), &arrival(1, 0, true, b"abcdefgh"));
        assert!(tables.order.len() <= 2 * MAX_DATAGRAMS);
    }
}
