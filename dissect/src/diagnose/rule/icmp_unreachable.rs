//! Destinations that a router or a host says cannot be reached (RFC 792; RFC 4443, 3.1).
//!
//! Two kinds of port unreachable are no fault: with the one a UDP traceroute learns that it has arrived, the other meets
//! media that was still on its way when its call ended.

use std::collections::BTreeMap;

use super::deadlines::Deadlines;
use super::icmp_error::{FIELDS, IcmpError, Says};
use super::told::Told;
use super::traceroute;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::{Address, Transport};
use crate::recent::Recent;
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "icmp.unreachable",
    severity: Severity::Warning,
    advice: "see by the code whether the route, the host, the service or a firewall's rule is missing",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Icmp, ProtoId::Icmpv6],
    fields: &FIELDS,
    make: || Box::new(Unreachable::default()),
};

/// How many destinations are gathered at once.
const MAX_WAITING: usize = 16_384;
/// How many that were told are remembered.
const MAX_TOLD: usize = 65_536;
/// How many pairs between which a traceroute runs are remembered.
const MAX_TRACES: usize = 4096;
/// How many ports of one destination are named.
const MAX_PORTS: usize = 8;
/// So long errors of one cause are gathered: until a call, the media of which met them, has ended for certain.
const GATHER_NS: i64 = 6_000_000_000;
/// What a probe has left of its time to live at its end is little; other packets start with 64 and more.
const TRACE_TTL: u64 = 31;

/// What IANA calls the codes of ICMP's type 3.
const CODES: &[(u8, &str)] = &[
    (0, "network unreachable"),
    (1, "host unreachable"),
    (2, "protocol unreachable"),
    (3, "port unreachable"),
    (5, "source route failed"),
    (6, "destination network unknown"),
    (7, "destination host unknown"),
    (8, "source host isolated"),
    (9, "network administratively prohibited"),
    (10, "host administratively prohibited"),
    (11, "network unreachable for type of service"),
    (12, "host unreachable for type of service"),
    (13, "communication administratively prohibited"),
    (14, "host precedence violation"),
    (15, "precedence cutoff in effect"),
];
/// And those of ICMPv6's type 1.
const CODES_V6: &[(u8, &str)] = &[
    (0, "no route to destination"),
    (1, "communication administratively prohibited"),
    (2, "beyond scope of source address"),
    (3, "address unreachable"),
    (4, "port unreachable"),
    (5, "source address failed ingress or egress policy"),
    (6, "route to destination rejected"),
    (7, "error in source routing header"),
];

/// What to do about a code.
fn advice(code: u8, is_v6: bool) -> &'static str {
    match (code, is_v6) {
        (4, true) | (3, false) => {
            "nothing listens on that port of the destination: see whether the service runs, on which address and port, and what the sender is set to"
        }
        (0 | 6, _) | (11, false) => "a route is missing: look at the routing table of the one who says so",
        (1 | 7 | 8 | 12, false) | (3, true) => {
            "the last router does not find the host: see whether it is up and has that address (ARP or neighbour discovery)"
        }
        (9 | 10 | 13, false) | (1 | 5, true) => {
            "a filter forbids it: look at the access list or firewall of the one who says so"
        }
        (2, false) => "the destination does not know the protocol: see whether the service runs there",
        _ => CODE.advice,
    }
}

/// The destination and the cause.
type Key = (Address, u8, bool);

#[derive(Default)]
struct Errors {
    evidence: Evidence,
    from: Address,
    /// Who sent what met them, and whether others did.
    sender: Option<Address>,
    has_others: bool,
    /// With the times of the first and the last error.
    ports: BTreeMap<(Transport, u16), (i64, i64)>,
}

struct Unreachable {
    waiting: Deadlines<Key, Errors>,
    told: Told<Key>,
    /// When routers last said of packets from one to the other that their time was up.
    traces: Recent<(Address, Address), i64>,
}

impl Default for Unreachable {
    fn default() -> Self {
        Self { waiting: Deadlines::new(MAX_WAITING), told: Told::new(MAX_TOLD), traces: Recent::new(MAX_TRACES) }
    }
}

/// Whether a code is the one of a closed port.
fn is_port(code: u8, is_v6: bool) -> bool {
    code == if is_v6 { 4 } else { 3 }
}

impl Unreachable {
    fn is_trace(&mut self, error: &IcmpError, now: i64) -> bool {
        let quoted = &error.quoted;
        if quoted.transport != Transport::Udp {
            return false;
        }
        let last = self.traces.get(&(quoted.src, quoted.dst)).copied();
        let is_running = last.is_some_and(|last| now.saturating_sub(last) <= traceroute::LENGTH_NS);
        // A traceroute to a neighbour meets no router.
        let is_probe = traceroute::is_probe(quoted) && error.ttl <= TRACE_TTL;
        is_running || is_probe
    }

    fn say(&mut self, key: Key, mut errors: Errors, out: &mut Out<'_>) {
        if errors.evidence.is_empty() {
            return;
        }
        // By now it is known whether the call was being ended whose media met a closed port.
        let is_leftover = |(transport, port): (Transport, u16), (first, last): (i64, i64)| {
            transport == Transport::Udp && [first, last].iter().all(|at| out.calls.is_leftover(key.0, port, *at))
        };
        let had_ports = !errors.ports.is_empty();
        if is_port(key.1, key.2) {
            errors.ports.retain(|port, times| !is_leftover(*port, *times));
        }
        if had_ports && errors.ports.is_empty() {
            return;
        }
        self.told.insert(key, errors.evidence.last().time);
        let (destination, code, is_v6) = key;
        let names = if is_v6 { CODES_V6 } else { CODES };
        let name = names.iter().find(|row| row.0 == code).map_or("destination unreachable", |row| row.1);
        let ports: Vec<String> = errors
            .ports
            .keys()
            .take(MAX_PORTS)
            .map(|(transport, port)| match transport {
                Transport::Tcp => format!("TCP {port}"),
                _ => format!("UDP {port}"),
            })
            .collect();
        let more = if errors.ports.len() > MAX_PORTS { " and others" } else { "" };
        let of = if ports.is_empty() { String::new() } else { format!(" ({}{more})", ports.join(", ")) };
        let sender = errors.sender.map_or("somebody".to_owned(), |sender| sender.to_string());
        let others = if errors.has_others { " and others" } else { "" };
        let verb = if errors.has_others { "do" } else { "does" };
        let summary = format!("{sender}{others} {verb} not reach {destination}{of}: {} says {name}", errors.from);
        let subject = Subject::new("destination", destination.to_string());
        out.say(Finding::new(&CODE, subject, errors.evidence, summary).advice(advice(code, is_v6)));
    }
}

impl Rule for Unreachable {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let Some(error) = IcmpError::of(packet) else {
            return;
        };
        let now = packet.time();
        let quoted = error.quoted;
        let (code, is_v6) = match error.says {
            Says::Unreachable { code, is_v6 } => (code, is_v6),
            Says::TimeExceeded => {
                self.traces.insert((quoted.src, quoted.dst), now);
                return;
            }
            _ => return,
        };
        let is_port = is_port(code, is_v6);
        if is_port && self.is_trace(&error, now) {
            return;
        }
        // Media go on for a moment when their call has ended.
        if is_port && quoted.transport == Transport::Udp && out.calls.is_leftover(quoted.dst, quoted.dst_port, now) {
            return;
        }
        let key = (quoted.dst, code, is_v6);
        if self.told.is_old(&key, now) {
            return;
        }
        if self.waiting.get_mut(&key).is_none()
            && let Some((key, errors)) = self.waiting.insert(key, now.saturating_add(GATHER_NS), Errors::default())
        {
            self.say(key, errors, out);
        }
        let Some(errors) = self.waiting.get_mut(&key) else {
            return;
        };
        errors.evidence.add(packet.mark);
        errors.from = error.from;
        errors.has_others |= errors.sender.is_some_and(|sender| sender != quoted.src);
        errors.sender.get_or_insert(quoted.src);
        let port = (quoted.transport, quoted.dst_port);
        let has_room = errors.ports.len() <= MAX_PORTS;
        if let Some((_, last)) = errors.ports.get_mut(&port) {
            *last = now;
        } else if quoted.transport != Transport::None && has_room {
            errors.ports.insert(port, (now, now));
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((key, errors)) = self.waiting.pop_due(out.now) {
            self.say(key, errors, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((key, errors)) = self.waiting.pop_first() {
            self.say(key, errors, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.waiting.values().map(|errors| errors.evidence.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, host, icmp_error};

    #[test]
    fn a_closed_port_and_a_firewall_are_told_once_each() {
        let mut capture = Capture::default();
        for (ms, port) in [(0, 9995), (1000, 9996), (2000, 9997)] {
            capture.udp(ms, host(1, 5000), host(2, port), b"hello");
            icmp_error(&mut capture, ms + 1, [10, 0, 0, 2], 3, 3, 0);
            icmp_error(&mut capture, ms + 2, [10, 0, 0, 9], 3, 13, 0);
        }
        let findings = capture.findings();
        assert_eq!(capture.codes(), ["icmp.unreachable", "icmp.unreachable"]);
        let summary = &findings[0].summary;
        assert!(summary.contains("not reach 10.0.0.2 (UDP 9995, UDP 9996, UDP 9997): 10.0.0.2 says port unreachable"));
        assert!(findings[0].advice.starts_with("nothing listens") && findings[1].advice.starts_with("a filter"));
        assert!(findings[1].summary.contains("administratively prohibited"), "{}", findings[1].summary);
    }

    #[test]
    fn the_end_of_a_traceroute_is_none() {
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 33_500), b"hello");
        capture.set_ttl(1);
        icmp_error(&mut capture, 1, [10, 0, 0, 2], 3, 3, 0);
        assert_eq!(capture.codes(), [""; 0]);
        // Media at such a port is none.
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 33_500), b"hello");
        icmp_error(&mut capture, 1, [10, 0, 0, 2], 3, 3, 0);
        assert_eq!(capture.codes(), ["icmp.unreachable"]);
    }

    #[test]
    fn other_errors_are_not_meant() {
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 80), b"hello");
        icmp_error(&mut capture, 1, [10, 0, 0, 9], 5, 0, 0);
        icmp_error(&mut capture, 1, [10, 0, 0, 9], 12, 0, 0);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_waits() {
        let mut rule = Unreachable::default();
        let mut capture = Capture::default();
        for n in 0..MAX_WAITING + 10 {
            capture.udp(0, host(1, 5000), ([10, 1, (n >> 8) as u8, n as u8], 1), b"hello");
            icmp_error(&mut capture, 0, [10, 0, 0, 9], 3, 1, 0);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.waiting.len(), MAX_WAITING);
    }
}
