//! Packets whose time to live was used up on the way (RFC 792; RFC 4443, 3.3), not by a traceroute.
//!
//! A traceroute sends packets with a small time to live on purpose. They are known by that where they are seen, by
//! several routers that answer, or by their ports. A loop is it when the same packet comes by again and again with less
//! time to live each time. Watched for that are packets that have little left, as in a loop all come to it, and those
//! that follow one with the same addresses and identification and more.

use std::collections::BTreeSet;

use super::deadlines::Deadlines;
use super::icmp_error::{FIELDS, IcmpError, Says};
use super::told::Told;
use super::traceroute;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::Address;
use crate::proto::{ip, ipv6};
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::value::Value;

static CODE: Code = Code {
    name: "ip.ttl-exceeded",
    severity: Severity::Warning,
    advice: "look for a routing loop: compare the routes of the routers on the path for the destination",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Ip, ProtoId::Ipv6],
    fields: &FIELDS,
    make: || Box::new(TimeExceeded::default()),
};

/// How many paths are watched at once.
const MAX_PATHS: usize = 4096;
/// How many that were told are remembered.
const MAX_TOLD: usize = 16_384;
/// How many packets with little time to live, and how many pairs of hosts between which they go, are remembered.
const MAX_PACKETS: usize = 16_384;
const MAX_PAIRS: usize = 16_384;
/// How many routers of one path are told apart.
const MAX_ROUTERS: usize = 8;
/// A packet that begins its way has 64 or more; one with less than that is near its end, or a probe.
const LITTLE: u64 = 32;
/// Seen so often with less each time a packet is in a loop: two routers or a host of several networks may show it twice.
const ROUNDS: u32 = 4;
/// Of one that has more left so many: captures of several routers put together show each packet as often.
const ROUNDS_EARLY: u32 = 8;
/// Seen so often between the same two devices it is in a loop, however much is left: on its way it comes there once.
const ROUNDS_THERE: u32 = 3;
/// LINKTYPE_ETHERNET, and the addresses at the beginning of its frames.
const ETHERNET: u16 = 1;
const ETHERNET_ADDRESSES: usize = 12;
/// A packet that comes again after that long is another one.
const ROUND_NS: i64 = 10_000_000_000;
/// So long errors of one path are gathered: in that time a traceroute comes to its next router.
const GATHER_NS: i64 = 16_000_000_000;
/// How many packets with more time to live are remembered, one a place.
const PLACES: usize = 1024;
/// As much of a packet tells it from others.
const MAX_PRINT: usize = 96;

type Path = (Address, Address);

#[derive(Default)]
struct Exceeded {
    evidence: Evidence,
    routers: BTreeSet<Address>,
    errors: u64,
    is_loop: bool,
    /// A probe's port.
    is_probe: bool,
}

struct Round {
    ttl: u64,
    count: u32,
    last: i64,
    /// Between which two devices it was seen first, where that is known, and how often there.
    devices: Option<[u8; ETHERNET_ADDRESSES]>,
    there: u32,
    evidence: Evidence,
}

struct TimeExceeded {
    paths: Deadlines<Path, Exceeded>,
    told: Told<Path>,
    rounds: Recent<u64, Round>,
    /// When a packet with little time to live went from one to the other.
    probed: Recent<Path, i64>,
    /// Of packets with more, each at the place that its addresses and its identification make: these, and its time to live.
    before: Vec<(Path, u64, u64)>,
}

impl Default for TimeExceeded {
    fn default() -> Self {
        Self {
            paths: Deadlines::new(MAX_PATHS),
            told: Told::new(MAX_TOLD),
            rounds: Recent::new(MAX_PACKETS),
            probed: Recent::new(MAX_PAIRS),
            before: vec![(Path::default(), 0, 0); PLACES],
        }
    }
}

/// What stays the same of a packet on its way: all but time to live and checksum of its innermost IP header.
fn print(seen: &Seen<'_>) -> Option<u64> {
    let (node, leave) = match seen.endpoints().src {
        Address::Ipv4(_) => (seen.all(ip::PROTO).last()?, &[8, 10, 11][..]),
        Address::Ipv6(_) => (seen.all(ipv6::PROTO).last()?, &[7][..]),
        _ => return None,
    };
    let Value::Protocol { end } = node.value else {
        return None;
    };
    let source = seen.dissection.source(node.source);
    let octets = source.get(node.start as usize..(end as usize).min(source.len()))?;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (at, octet) in octets.iter().take(MAX_PRINT).enumerate() {
        let octet = if leave.contains(&at) { 0 } else { *octet };
        hash = (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    Some(hash)
}

/// The hardware addresses of a frame; not of what is in a tunnel, which was seen elsewhere.
fn devices(seen: &Seen<'_>) -> Option<[u8; ETHERNET_ADDRESSES]> {
    let is_plain = seen.all(ip::PROTO).chain(seen.all(ipv6::PROTO)).count() == 1;
    let is_ethernet = seen.packet.link_type == ETHERNET;
    (is_plain && is_ethernet).then(|| seen.packet.bytes.first_chunk().copied()).flatten()
}

fn is_group(address: Address) -> bool {
    match address {
        Address::Ipv4([first, ..]) => first >= 224,
        Address::Ipv6([first, ..]) => first == 0xff,
        _ => true,
    }
}

impl TimeExceeded {
    fn path(&mut self, path: Path, now: i64, out: &mut Out<'_>) -> Option<&mut Exceeded> {
        if self.told.is_old(&path, now) {
            return None;
        }
        if self.paths.get_mut(&path).is_none()
            && let Some((path, exceeded)) = self.paths.insert(path, now.saturating_add(GATHER_NS), Exceeded::default())
        {
            self.judge(path, exceeded, out);
        }
        self.paths.get_mut(&path)
    }

    /// Whether a packet may be one that was there before with more time to live.
    fn has_less_than_before(&mut self, path: Path, identification: u64, ttl: u64) -> bool {
        let (Address::Ipv4(from), Address::Ipv4(to)) = path else { return false };
        let ends = u64::from(u32::from_be_bytes(from)) << 32 | u64::from(u32::from_be_bytes(to));
        let at = (ends ^ identification).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let Some(before) = self.before.get_mut(at as usize % PLACES) else { return false };
        let (of, same, had) = std::mem::replace(before, (path, identification, ttl));
        of == path && same == identification && ttl < had
    }

    /// A packet that has little time to live left, or less than the one before.
    fn little(&mut self, path: Path, ttl: u64, seen: &Seen<'_>, out: &mut Out<'_>) {
        let now = seen.time();
        let Some(print) = print(seen) else {
            return;
        };
        let devices = devices(seen);
        let fresh = Round { ttl, count: 1, last: now, devices, there: 1, evidence: Evidence::of(seen.mark) };
        let Some(round) = self.rounds.get(&print) else {
            self.rounds.insert(print, fresh);
            if ttl < LITTLE {
                self.probed.insert(path, now);
            }
            return;
        };
        if now.saturating_sub(round.last) > ROUND_NS || ttl >= round.ttl {
            if ttl != round.ttl {
                *round = fresh;
            }
            return;
        }
        round.ttl = ttl;
        round.count += 1;
        round.last = now;
        round.there += u32::from(devices.is_some() && devices == round.devices);
        round.evidence.add(seen.mark);
        if round.count < if ttl < LITTLE { ROUNDS } else { ROUNDS_EARLY } && round.there < ROUNDS_THERE {
            return;
        }
        let evidence = round.evidence.clone();
        if let Some(exceeded) = self.path(path, now, out) {
            exceeded.is_loop = true;
            exceeded.evidence.join(&evidence);
        }
    }

    fn judge(&mut self, path: Path, exceeded: Exceeded, out: &mut Out<'_>) {
        let probed = self.probed.get(&path).copied();
        let last = exceeded.evidence.last().time;
        let is_probed = probed.is_some_and(|time| last.saturating_sub(time) <= traceroute::LENGTH_NS);
        let is_trace = is_probed || exceeded.is_probe || exceeded.routers.len() > 1;
        if exceeded.evidence.is_empty() || !exceeded.is_loop && is_trace {
            return;
        }
        self.told.insert(path, last);
        let (from, to) = path;
        let routers: Vec<String> = exceeded.routers.iter().map(Address::to_string).collect();
        let says = match exceeded.errors {
            0 => String::new(),
            count => format!("; {} said {count} times that the time to live was used up", routers.join(", ")),
        };
        let summary = match exceeded.is_loop {
            true => format!(
                "packets from {from} to {to} go in a loop: the same one came by with less time to live each time{says}"
            ),
            false => format!("packets from {from} to {to} do not arrive{says}"),
        };
        let subject = Subject::new("path", format!("{from}-{to}"));
        out.say(Finding::new(&CODE, subject, exceeded.evidence, summary));
    }
}

impl Rule for TimeExceeded {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        if let Some(error) = IcmpError::of(packet) {
            if error.says != Says::TimeExceeded {
                return;
            }
            let quoted = error.quoted;
            if let Some(exceeded) = self.path((quoted.src, quoted.dst), packet.time(), out) {
                exceeded.errors += 1;
                exceeded.evidence.add(packet.mark);
                exceeded.is_probe |= traceroute::is_probe(&quoted);
                if exceeded.routers.len() < MAX_ROUTERS {
                    exceeded.routers.insert(error.from);
                }
            }
            return;
        }
        let endpoints = packet.endpoints();
        let ttl = match endpoints.src {
            Address::Ipv4(_) => packet.all(ip::TTL).last(),
            Address::Ipv6(_) => packet.all(ipv6::HLIM).last(),
            _ => None,
        };
        let Some(ttl) = ttl.and_then(Seen::number).filter(|_| !is_group(endpoints.dst)) else {
            return;
        };
        let path = (endpoints.src, endpoints.dst);
        let identification = || packet.all(ip::ID).last().and_then(Seen::number).unwrap_or_default();
        if ttl < LITTLE || self.has_less_than_before(path, identification(), ttl) {
            self.little(path, ttl, packet, out);
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((path, exceeded)) = self.paths.pop_due(out.now) {
            self.judge(path, exceeded, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((path, exceeded)) = self.paths.pop_first() {
            self.judge(path, exceeded, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.paths.values().map(|exceeded| exceeded.evidence.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, host, icmp_error};

    #[test]
    fn a_packet_that_comes_again_with_less_is_in_a_loop() {
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 5001), b"hello");
        for ttl in (1..=63).rev().step_by(2) {
            capture.repeat_last(64 - i64::from(ttl));
            capture.set_ttl(ttl);
        }
        icmp_error(&mut capture, 100, [10, 0, 0, 9], 11, 0, 0);
        assert_eq!(capture.codes(), ["ip.ttl-exceeded"]);
        assert!(capture.findings()[0].summary.contains("loop"));
    }

    #[test]
    fn a_loop_shows_before_little_is_left() {
        let codes = |last: u8| {
            let mut capture = Capture::default();
            capture.udp(0, host(1, 5000), host(2, 5001), b"hello");
            for ttl in (last..64).rev() {
                capture.repeat_last(64 - i64::from(ttl));
                capture.set_ttl(ttl);
            }
            // Others with the same identification, of which none is the same.
            for n in 0..20 {
                capture.udp(100 + i64::from(n), host(1, 5000), host(3, 5001), &[n; 9]);
                (4..6).for_each(|at| capture.change_last(at, 0));
                capture.set_ttl(100 - n);
            }
            capture.codes()
        };
        assert_eq!(codes(54), ["ip.ttl-exceeded"]);
        // Captures of several routers put together.
        assert_eq!(codes(58), [""; 0]);
    }

    #[test]
    fn a_packet_that_comes_between_the_same_devices_again_is_in_a_loop() {
        let codes = |devices: &[u8]| {
            let mut capture = Capture::default();
            for (at, last) in devices.iter().enumerate() {
                let mut frame = vec![2, 0, 0, 0, 0, *last, 2, 0, 0, 0, 0, 9, 8, 0];
                let segment = crate::diagnose::testing::udp(5000, 5001, b"hello");
                frame.extend(crate::diagnose::testing::ip(17, [10, 0, 0, 1], [10, 0, 0, 2], 7, &segment));
                frame[14 + 8] = 64 - at as u8;
                capture.frame(at as i64, ETHERNET, frame);
            }
            capture.codes()
        };
        // The first one tells with which the next ones are compared.
        assert_eq!(codes(&[1, 2, 1, 2, 1, 2]), ["ip.ttl-exceeded"]);
        assert_eq!(codes(&[1, 2, 3, 4, 5, 6]), [""; 0]);
        assert_eq!(codes(&[1, 1]), [""; 0]);
    }

    #[test]
    fn an_error_about_an_ordinary_packet_is_told_once() {
        let mut capture = Capture::default();
        for ms in [0, 1000, 30_000] {
            capture.udp(ms, host(1, 5000), host(2, 5001), b"hello");
            icmp_error(&mut capture, ms + 1, [10, 0, 0, 9], 11, 0, 0);
        }
        assert_eq!(capture.codes(), ["ip.ttl-exceeded"]);
    }

    #[test]
    fn a_traceroute_is_none() {
        // Its packets are seen.
        let mut capture = Capture::default();
        for ttl in 1..5 {
            capture.udp(i64::from(ttl) * 50, host(1, 5000), host(2, 7000 + u16::from(ttl)), b"hello");
            capture.set_ttl(ttl);
            icmp_error(&mut capture, i64::from(ttl) * 50 + 1, [10, 0, 0, 9], 11, 0, 0);
        }
        assert_eq!(capture.codes(), [""; 0]);
        // Only the answers are seen: of several routers, or to the usual ports.
        for ports in [[7000, 7001, 7002], [33_434, 33_435, 33_436]] {
            let mut capture = Capture::default();
            for (at, port) in ports.into_iter().enumerate() {
                let router = [10, 0, 0, if port < 8000 { 9 + at as u8 } else { 9 }];
                capture.udp(at as i64 * 50, host(1, 5000), host(2, port), b"hello");
                icmp_error(&mut capture, at as i64 * 50 + 1, router, 11, 0, 0);
            }
            assert_eq!(capture.codes(), [""; 0]);
        }
    }

    #[test]
    fn copies_and_packets_to_groups_are_no_loop() {
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 5001), b"hello");
        for (ms, ttl) in [(1, 20), (2, 20), (3, 19), (4, 19)] {
            capture.repeat_last(ms);
            capture.set_ttl(ttl);
        }
        for ms in 0..10 {
            capture.udp(ms, host(1, 5000), ([224, 0, 0, 9], 520), b"hello");
            capture.set_ttl(1);
        }
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_is_watched() {
        let mut rule = TimeExceeded::default();
        let mut capture = Capture::default();
        for n in 0..2 * MAX_PACKETS {
            capture.udp(0, host(1, 5000), ([10, 1, (n >> 8) as u8, n as u8], 1), b"hello");
            capture.set_ttl(9);
            if n < MAX_PATHS + 10 {
                icmp_error(&mut capture, 0, [10, 0, 0, 9], 11, 0, 0);
            }
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.paths.iter().count(), MAX_PATHS);
        assert!(rule.rounds.len() <= MAX_PACKETS && rule.probed.len() <= MAX_PAIRS);
    }
}
