//! Datagrams of which fragments never came (RFC 791, 3.2; RFC 8200, 4.5): 30 s after the first one a receiver gives up.
//!
//! A receiver that says so itself, by ICMP, is believed at once.

use super::deadlines::Deadlines;
use super::icmp_error::{IcmpError, Says, fields_and};
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::Address;
use crate::field::FieldId;
use crate::proto::{ip, ipv6};
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::value::Value;

static CODE: Code = Code {
    name: "ip.fragments-lost",
    severity: Severity::Warning,
    advice: "a firewall or NAT may drop fragments without ports, or the path loses packets: send smaller datagrams",
};

static SEEN: [FieldId; 25] = fields_and(&[
    ip::HDR_LEN,
    ip::FLAGS_MF,
    ip::FRAG_OFFSET,
    ip::SRC,
    ip::DST,
    ipv6::SRC,
    ipv6::DST,
    ipv6::FRAGHDR,
    ipv6::FRAGHDR_OFFSET,
    ipv6::FRAGHDR_MORE,
    ipv6::FRAGHDR_IDENT,
]);

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Ip, ProtoId::Ipv6],
    fields: &SEEN,
    make: || Box::new(Fragments::default()),
};

/// How many datagrams are put together at once.
const MAX_DATAGRAMS: usize = 16_384;
/// How many datagrams that were told or completed are remembered.
const MAX_DONE: usize = 16_384;
/// Of a datagram in more pieces than that it is not judged whether it is complete.
const MAX_PIECES: usize = 512;
/// RFC 791 proposes 15 s, RFC 8200 has 60 s, and the usual systems take 30 s.
const WAIT_NS: i64 = 30_000_000_000;
/// Fragments of one datagram follow each other sooner than that.
const BEGINS_NS: i64 = 100_000_000;

/// Source, destination, protocol (0 for IPv6) and identification.
type Datagram = (Address, Address, u64, u64);

#[derive(Default)]
struct Pieces {
    evidence: Evidence,
    /// From and to, in octets, sorted and apart from each other.
    ranges: Vec<(u64, u64)>,
    end: Option<u64>,
    /// Too many pieces to tell.
    is_unclear: bool,
}

impl Pieces {
    fn add(&mut self, from: u64, to: u64, is_last: bool) {
        if is_last {
            self.end = Some(to);
        }
        self.ranges.push((from, to));
        self.ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(self.ranges.len());
        for (from, to) in self.ranges.drain(..) {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        self.ranges = joined;
        self.is_unclear |= self.ranges.len() > MAX_PIECES;
        self.ranges.truncate(MAX_PIECES);
    }

    fn is_complete(&self) -> bool {
        match (self.ranges.first(), self.end) {
            (Some((0, to)), Some(end)) => *to >= end,
            _ => false,
        }
    }
}

struct Fragments {
    datagrams: Deadlines<Datagram, Pieces>,
    /// Told, or complete: with when. An identification comes again after a time.
    done: Recent<Datagram, i64>,
}

impl Default for Fragments {
    fn default() -> Self {
        Self { datagrams: Deadlines::new(MAX_DATAGRAMS), done: Recent::new(MAX_DONE) }
    }
}

/// One fragment.
struct Fragment {
    datagram: Datagram,
    from: u64,
    to: u64,
    is_last: bool,
}

/// The values of a field in the datagrams around, the outermost first; those of quoted ones come behind.
fn values(seen: &Seen<'_>, field: FieldId) -> Vec<u64> {
    seen.all(field).filter_map(Seen::number).collect()
}

fn addresses(seen: &Seen<'_>, field: FieldId) -> Vec<Address> {
    let address = |value: &Value| match value {
        Value::Ipv4(octets) => Some(Address::Ipv4(*octets)),
        Value::Ipv6(octets) => Some(Address::Ipv6(*octets)),
        _ => None,
    };
    seen.all(field).filter_map(|node| address(&node.value)).collect()
}

/// Whether a header's checksum is right (RFC 791, 3.1), or left to the network card: what is damaged is no fragment.
fn is_sound(header: &[u8]) -> bool {
    let words = header.chunks_exact(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
    let sum: u32 = words.sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    sum == 0xffff || header.get(10..12) == Some(&[0, 0])
}

fn fragments_v4(seen: &Seen<'_>) -> Vec<Fragment> {
    let (more, offsets) = (values(seen, ip::FLAGS_MF), values(seen, ip::FRAG_OFFSET));
    let is_fragment = |at: &usize| more.get(*at) == Some(&1) || offsets.get(*at).is_some_and(|offset| *offset > 0);
    let headers = seen.all(ip::PROTO).filter(|node| node.depth == 0);
    let found: Vec<usize> = headers
        .enumerate()
        .filter(|(at, node)| is_fragment(at) && is_sound(seen.dissection.bytes(node)))
        .map(|(at, _)| at)
        .collect();
    if found.is_empty() {
        return Vec::new();
    }
    let (sources, targets) = (addresses(seen, ip::SRC), addresses(seen, ip::DST));
    let (ids, protocols) = (values(seen, ip::ID), values(seen, ip::PROTOCOL_NUMBER));
    let (lens, headers) = (values(seen, ip::LEN), values(seen, ip::HDR_LEN));
    let fragment = |at: usize| {
        let from = offsets.get(at)? * 8;
        let len = lens.get(at)?.checked_sub(*headers.get(at)?)?;
        let datagram = (*sources.get(at)?, *targets.get(at)?, *protocols.get(at)?, *ids.get(at)?);
        Some(Fragment { datagram, from, to: from + len, is_last: more.get(at) == Some(&0) })
    };
    found.into_iter().filter_map(fragment).collect()
}

/// A fragment header of an IPv6 datagram that lies in no other one.
fn fragment_v6(seen: &Seen<'_>) -> Option<Fragment> {
    let node = seen.first(ipv6::FRAGHDR).filter(|node| node.depth <= 1)?;
    let around = seen.first(ipv6::PROTO).filter(|node| node.depth == 0)?;
    // What lies between the datagram's header and the fragment's data belongs to no fragment.
    let headers = u64::from(node.start.checked_sub(around.start)?.checked_sub(40)?) + 8;
    let len = seen.uint(ipv6::PLEN)?.checked_sub(headers)?;
    let from = seen.uint(ipv6::FRAGHDR_OFFSET)? * 8;
    let more = seen.uint(ipv6::FRAGHDR_MORE)?;
    let (source, target) = (addresses(seen, ipv6::SRC), addresses(seen, ipv6::DST));
    let datagram = (*source.first()?, *target.first()?, 0, seen.uint(ipv6::FRAGHDR_IDENT)?);
    Some(Fragment { datagram, from, to: from + len, is_last: more == 0 })
}

impl Fragments {
    fn fragment(&mut self, fragment: &Fragment, seen: &Seen<'_>) {
        // RFC 6946: all in one piece.
        if fragment.from == 0 && fragment.is_last {
            return;
        }
        let now = seen.time();
        let key = fragment.datagram;
        if self.done.get(&key).is_some_and(|done| now.saturating_sub(*done) < WAIT_NS) {
            return;
        }
        if self.datagrams.get_mut(&key).is_none() {
            // Of a datagram that was under way when the capture began the first fragments were there before.
            let is_first = fragment.from > 0 && now.saturating_sub(seen.packet.time_first) < BEGINS_NS;
            let pieces = Pieces { is_unclear: is_first, ..Pieces::default() };
            // What makes room was not waited for long enough to be judged.
            self.datagrams.insert(key, now.saturating_add(WAIT_NS), pieces);
        }
        let Some(pieces) = self.datagrams.get_mut(&key) else {
            return;
        };
        pieces.evidence.add(seen.mark);
        pieces.add(fragment.from, fragment.to, fragment.is_last);
        if pieces.is_complete() {
            self.datagrams.remove(&key);
            self.done.insert(key, now);
        }
    }

    fn say(&mut self, datagram: Datagram, pieces: Pieces, at: i64, out: &mut Out<'_>) {
        self.done.insert(datagram, at);
        if pieces.is_unclear {
            return;
        }
        let (from, to, _, identification) = datagram;
        let got: u64 = pieces.ranges.iter().map(|(from, to)| to - from).sum();
        let of = pieces.end.map_or(String::new(), |end| format!(" of {end}"));
        let what = match pieces.ranges.is_empty() {
            true => "its receiver says that fragments of it never came".to_owned(),
            false => format!("{got}{of} octets came, the rest did not within 30 s"),
        };
        let summary = format!("datagram 0x{identification:04x} from {from} to {to} was fragmented: {what}");
        let subject = Subject::new("datagram", format!("{from}-{to} 0x{identification:04x}"));
        out.say(Finding::new(&CODE, subject, pieces.evidence, summary).absent());
    }
}

impl Rule for Fragments {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        for fragment in fragments_v4(packet) {
            self.fragment(&fragment, packet);
        }
        if let Some(fragment) = fragment_v6(packet) {
            self.fragment(&fragment, packet);
        }
        let Some(error) = IcmpError::of(packet).filter(|error| error.says == Says::ReassemblyTimeExceeded) else {
            return;
        };
        let identification = match error.quoted.src {
            Address::Ipv6(_) => packet.all(ipv6::FRAGHDR_IDENT).last().and_then(Seen::number).unwrap_or_default(),
            _ => error.identification,
        };
        let key = (error.quoted.src, error.quoted.dst, error.protocol, identification);
        let now = packet.time();
        if self.done.get(&key).is_some_and(|done| now.saturating_sub(*done) < 2 * WAIT_NS) {
            return;
        }
        let mut pieces = self.datagrams.remove(&key).unwrap_or_default();
        pieces.evidence.add(packet.mark);
        self.say(key, pieces, now, out);
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((datagram, pieces)) = self.datagrams.pop_due(out.now) {
            let at = pieces.evidence.first().time.saturating_add(WAIT_NS);
            self.say(datagram, pieces, at, out);
        }
    }

    // A capture that ends within the 30 s shows nothing.

    fn horizon(&self) -> Option<i64> {
        self.datagrams.values().map(|pieces| pieces.evidence.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, host, icmp_error, udp};

    /// Fragments of a datagram with 24 octets of UDP: 0 to 7, 8 to 15, 16 to 23.
    fn fragments(capture: &mut Capture, ms: i64, which: &[usize]) {
        let whole = udp(5000, 5001, &[7; 16]);
        for at in which {
            let piece = &whole[at * 8..at * 8 + 8];
            capture.fragment(ms, 17, [10, 0, 0, 1], [10, 0, 0, 2], 77, *at as u16, *at < 2, piece);
        }
    }

    fn later(capture: &mut Capture, ms: i64) {
        capture.udp(ms, host(3, 1), host(4, 2), b"x");
    }

    #[test]
    fn what_never_came_is_told_after_30_seconds() {
        let mut capture = Capture::default();
        fragments(&mut capture, 0, &[0, 2]);
        later(&mut capture, 31_000);
        assert_eq!(capture.codes(), ["ip.fragments-lost"]);
        assert_eq!(capture.frames_of("ip.fragments-lost"), Some(vec![1, 2]));
        assert!(capture.findings()[0].summary.contains("16 of 24 octets came"));
    }

    #[test]
    fn a_capture_that_ends_before_shows_nothing() {
        let mut capture = Capture::default();
        fragments(&mut capture, 0, &[0, 2]);
        later(&mut capture, 29_000);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn a_datagram_that_is_complete_in_any_order_is_none() {
        for order in [&[0, 1, 2][..], &[2, 0, 1], &[1, 1, 0, 2, 0]] {
            let mut capture = Capture::default();
            fragments(&mut capture, 0, order);
            later(&mut capture, 61_000);
            assert_eq!(capture.codes(), [""; 0]);
        }
    }

    #[test]
    fn a_receiver_that_gives_up_is_believed() {
        let mut capture = Capture::default();
        fragments(&mut capture, 0, &[0]);
        icmp_error(&mut capture, 5000, [10, 0, 0, 2], 11, 1, 0);
        later(&mut capture, 61_000);
        assert_eq!(capture.codes(), ["ip.fragments-lost"]);
        assert_eq!(capture.frames_of("ip.fragments-lost"), Some(vec![1, 2]));
    }

    #[test]
    fn a_damaged_header_is_no_fragment() {
        let mut capture = Capture::default();
        fragments(&mut capture, 0, &[0]);
        capture.change_last(10, 0x12);
        later(&mut capture, 61_000);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn datagrams_and_pieces_are_bounded() {
        let mut rule = Fragments::default();
        let mut capture = Capture::default();
        for n in 0..MAX_DATAGRAMS + 10 {
            let to = [10, 1, (n >> 8) as u8, n as u8];
            capture.fragment(0, 17, [10, 0, 0, 1], to, 1, 0, true, &[7; 8]);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.datagrams.iter().count(), MAX_DATAGRAMS);
        let mut pieces = Pieces::default();
        for n in 0..MAX_PIECES as u64 + 10 {
            pieces.add(n * 16, n * 16 + 8, false);
        }
        assert!(pieces.is_unclear && pieces.ranges.len() == MAX_PIECES);
    }

    #[test]
    fn a_datagram_that_was_under_way_when_the_capture_began_is_none() {
        let codes = |ms: i64| {
            let mut capture = Capture::default();
            later(&mut capture, 0);
            fragments(&mut capture, ms, &[1, 2]);
            later(&mut capture, 60_000);
            capture.codes()
        };
        assert_eq!(codes(5), [""; 0]);
        assert_eq!(codes(500), ["ip.fragments-lost"]);
    }
}
