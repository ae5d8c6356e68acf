//! Connections on which more than a twentieth of the data had to be sent again. Each direction is counted by itself.
//!
//! What the analysis of TCP calls a retransmission counts, but not the same packet that was captured twice, which has
//! the same IP identification or is seen on another hop, nor probes of a closed window and keep-alives, which carry no
//! news. What comes behind later data, which may have overtaken it, was sent again when its IP identification is a later
//! one, too: of such data the capture never saw the first sending, for it was lost before.

use super::arp_duplicate::mac;
use super::deadlines::Deadlines;
use super::segment::Segment;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::dissector::Endpoints;
use crate::proto::{eth, ip, ipv6, tcp, vlan};
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "tcp.retransmissions",
    severity: Severity::Warning,
    advice: "packets are lost between the sender and the receiver: look for a full or faulty link, duplex errors, or Wi-Fi",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Tcp],
    fields: &[
        tcp::FLAGS,
        tcp::SEQ_RAW,
        tcp::ACK_RAW,
        tcp::LEN,
        tcp::RETRANSMISSION,
        tcp::FAST_RETRANSMISSION,
        tcp::SPURIOUS_RETRANSMISSION,
        tcp::OUT_OF_ORDER,
        tcp::KEEP_ALIVE,
        tcp::ZERO_WINDOW_PROBE,
        ip::ID,
        ip::TTL,
        ipv6::HLIM,
        eth::SRC,
        eth::DST,
        vlan::ID,
    ],
    make: || Box::new(Retransmissions::default()),
};

/// How many directions of connections are counted at once.
const MAX_FLOWS: usize = 65_536;
/// A connection has so many data segments at least.
const MIN_SEGMENTS: u64 = 20;
/// More than one in so many is too much.
const ONE_IN: u64 = 20;
/// What was silent for that long is judged.
const IDLE_NS: i64 = 60_000_000_000;
/// So long behind its end, or after so long in any case, a connection is judged.
const END_NS: i64 = 1_000_000_000;
const SPAN_NS: i64 = 3_600_000_000_000;
/// Of so many segments it is remembered which packets they were.
const RECENT: usize = 8;
/// The same packet again within this time is a copy; without an identification within the shorter one.
const COPY_NS: i64 = 1_000_000_000;
const COPY_SHORT_NS: i64 = 500_000;
/// A packet goes on to the next hop sooner than that; RFC 6298, 2.4, has timeouts of a second, the usual systems of 200 ms.
const COPY_HOP_NS: i64 = 50_000_000;

/// So many more packets a host may have sent meanwhile; identifications that differ by more are not counted up.
const LATER_ID: u16 = 4096;

/// What tells a packet from its copy.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Print {
    seq: u32,
    len: u32,
    identification: u64,
    hop: Hop,
}

/// Where a packet was seen: what changes of it on its way, or tells on which network it was.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hop {
    interface: u32,
    vlan: u64,
    time_to_live: u64,
    ends: [Option<[u8; 6]>; 2],
}

impl Hop {
    fn of(packet: &Seen<'_>) -> Self {
        let last = |field| packet.all(field).last().and_then(Seen::number);
        Self {
            interface: packet.packet.interface,
            vlan: last(vlan::ID).unwrap_or(u64::MAX),
            time_to_live: last(ip::TTL).or_else(|| last(ipv6::HLIM)).unwrap_or_default(),
            ends: [mac(packet, eth::SRC), mac(packet, eth::DST)],
        }
    }
}

struct Flow {
    first: i64,
    last: i64,
    segments: u64,
    again: Evidence,
    /// The end of the data so far, and the identification of the packet that carried it last.
    highest: Option<(u32, u64)>,
    recent: [Option<(Print, i64)>; RECENT],
    next: usize,
    is_over: bool,
}

impl Flow {
    fn new(now: i64) -> Self {
        Self {
            first: now,
            last: now,
            segments: 0,
            again: Evidence::default(),
            highest: None,
            recent: [None; RECENT],
            next: 0,
            is_over: false,
        }
    }

    fn is_copy(&mut self, print: Print, now: i64) -> bool {
        let is_copy_of = |other: &Print, time: i64| {
            let within = match print.identification {
                _ if other.hop != print.hop => COPY_HOP_NS,
                0 => COPY_SHORT_NS,
                _ => COPY_NS,
            };
            let is_same = |print: &Print| (print.seq, print.len, print.identification);
            is_same(other) == is_same(&print) && now.saturating_sub(time) <= within
        };
        if self.recent.iter().flatten().any(|(other, time)| is_copy_of(other, *time)) {
            return true;
        }
        if let Some(place) = self.recent.get_mut(self.next) {
            *place = Some((print, now));
        }
        self.next = (self.next + 1) % RECENT;
        false
    }

    /// Whether a packet that comes behind later data was sent after that.
    fn is_sent_later(&self, print: &Print) -> bool {
        let Some((_, of_highest)) = self.highest.filter(|(_, of_highest)| *of_highest != 0) else { return false };
        let ahead = (print.identification as u16).wrapping_sub(of_highest as u16);
        print.identification != 0 && (1..LATER_ID).contains(&ahead)
    }

    /// Takes note of how far the data have come.
    fn reach(&mut self, print: &Print) {
        let end = print.seq.wrapping_add(print.len);
        if self.highest.is_none_or(|(highest, _)| (end.wrapping_sub(highest) as i32) > 0) {
            self.highest = Some((end, print.identification));
        }
    }

    fn is_due(&self, now: i64) -> bool {
        self.is_over || now >= self.last.saturating_add(IDLE_NS) || now >= self.first.saturating_add(SPAN_NS)
    }
}

struct Retransmissions {
    flows: Deadlines<Endpoints, Flow>,
}

impl Default for Retransmissions {
    fn default() -> Self {
        Self { flows: Deadlines::new(MAX_FLOWS) }
    }
}

fn judge(endpoints: &Endpoints, flow: Flow, out: &mut Out<'_>) {
    let again = flow.again.count();
    if flow.segments < MIN_SEGMENTS || again.saturating_mul(ONE_IN) <= flow.segments {
        return;
    }
    let percent = again as f64 * 100.0 / flow.segments as f64;
    let (from, to) = (place(endpoints.src, endpoints.src_port), place(endpoints.dst, endpoints.dst_port));
    let summary =
        format!("{again} of {} data segments from {from} to {to} are retransmissions ({percent:.1} %)", flow.segments);
    out.say(Finding::new(&CODE, Subject::flow(endpoints), flow.again, summary));
}

impl Rule for Retransmissions {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let Some(segment) = Segment::of(packet) else {
            return;
        };
        let now = packet.time();
        if segment.len > 0 && !segment.has_syn() && !packet.has(tcp::KEEP_ALIVE) && !packet.has(tcp::ZERO_WINDOW_PROBE)
        {
            if self.flows.get_mut(&segment.flow).is_none()
                && let Some((endpoints, flow)) =
                    self.flows.insert(segment.flow, now.saturating_add(IDLE_NS), Flow::new(now))
            {
                judge(&endpoints, flow, out);
            }
            let Some(flow) = self.flows.get_mut(&segment.flow) else {
                return;
            };
            let identification = packet.all(ip::ID).last().and_then(Seen::number).unwrap_or_default();
            let print = Print { seq: segment.seq, len: segment.len, identification, hop: Hop::of(packet) };
            if flow.is_copy(print, now) {
                return;
            }
            flow.last = now;
            flow.segments += 1;
            let again = [tcp::RETRANSMISSION, tcp::FAST_RETRANSMISSION, tcp::SPURIOUS_RETRANSMISSION];
            let is_again = again.into_iter().any(|field| packet.has(field))
                || packet.has(tcp::OUT_OF_ORDER) && flow.is_sent_later(&print);
            flow.reach(&print);
            if is_again {
                flow.again.add(packet.mark);
            }
        }
        if segment.has_fin() || segment.has_reset() {
            let ends = if segment.has_reset() { &[segment.flow, segment.flow.reversed()][..] } else { &[segment.flow] };
            for end in ends {
                if let Some(flow) = self.flows.get_mut(end) {
                    flow.is_over = true;
                    self.flows.postpone(end, now.saturating_add(END_NS));
                }
            }
        } else if segment.is_opening() {
            // The ports are used again.
            for end in [segment.flow, segment.flow.reversed()] {
                if let Some(flow) = self.flows.remove(&end) {
                    judge(&end, flow, out);
                }
            }
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((endpoints, flow)) = self.flows.pop_due(out.now) {
            match flow.is_due(out.now) {
                true => judge(&endpoints, flow, out),
                // It went on meanwhile.
                false => {
                    let deadline = flow.last.saturating_add(IDLE_NS).min(flow.first.saturating_add(SPAN_NS));
                    self.flows.insert(endpoints, deadline, flow);
                }
            }
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((endpoints, flow)) = self.flows.pop_first() {
            judge(&endpoints, flow, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.flows.values().map(|flow| flow.first).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{ACK, Capture, SYN, host};

    /// A connection on which `count` segments go from the client to the server, those in `again` twice.
    fn transfer(count: u32, again: &[u32]) -> Capture {
        let (client, server) = (host(1, 40000), host(2, 80));
        let mut capture = Capture::default();
        capture.tcp(0, client, server, SYN, 100, 0, 64240, &[]);
        capture.tcp(20, server, client, SYN | ACK, 900, 101, 64240, &[]);
        capture.tcp(40, client, server, ACK, 101, 901, 64240, &[]);
        let data = [7; 100];
        let mut ms = 50;
        for n in 0..count {
            let seq = 101 + n * 100;
            capture.tcp(ms, client, server, ACK, seq, 901, 64240, &data);
            if again.contains(&n) {
                ms += 300;
                capture.tcp(ms, client, server, ACK, seq, 901, 64240, &data);
            }
            capture.tcp(ms + 20, server, client, ACK, 901, seq + 100, 64240, &[]);
            ms += 30;
        }
        capture
    }

    #[test]
    fn more_than_a_twentieth_of_the_data_sent_again_is_told() {
        let capture = transfer(30, &[3, 15]);
        assert_eq!(capture.codes(), ["tcp.retransmissions"]);
        assert_eq!(capture.findings()[0].evidence.count(), 2);
    }

    #[test]
    fn a_twentieth_or_less_is_healthy_and_so_is_a_short_connection() {
        assert_eq!(transfer(60, &[3, 15]).codes(), [""; 0]);
        assert_eq!(transfer(19, &[]).codes(), [""; 0]);
        // 20 with the one that is sent again, of which one is exactly a twentieth.
        assert_eq!(transfer(19, &[3]).codes(), [""; 0]);
        assert_eq!(transfer(10, &[3, 5]).codes(), [""; 0]);
    }

    #[test]
    fn data_lost_before_the_capture_and_data_overtaken_are_told_apart() {
        let (client, server) = (host(1, 40000), host(2, 80));
        // Every tenth segment comes behind the next one, sent after that or before.
        let codes = |is_again: bool| {
            let mut capture = Capture::default();
            for n in 0..60_u16 {
                let at = if n % 10 == 5 {
                    n + 1
                } else if n > 5 && n % 10 == 6 {
                    n - 1
                } else {
                    n
                };
                let ms = i64::from(n) * 30 - if n % 10 == 6 { 28 } else { 0 };
                capture.tcp(ms, client, server, ACK, 101 + u32::from(at) * 100, 901, 64240, &[7; 100]);
                let [high, low] = (500 + if is_again { n } else { at }).to_be_bytes();
                capture.change_last(4, high);
                capture.change_last(5, low);
            }
            capture.codes()
        };
        assert_eq!(codes(true), ["tcp.retransmissions"]);
        assert_eq!(codes(false), [""; 0]);
    }

    #[test]
    fn a_packet_captured_twice_was_not_sent_again() {
        let (client, server) = (host(1, 40000), host(2, 80));
        let mut capture = Capture::default();
        for n in 0..40 {
            capture.tcp(n * 30, client, server, ACK, 101 + n as u32 * 100, 901, 64240, &[7; 100]);
            capture.repeat_last(n * 30 + 1);
        }
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_is_counted() {
        let mut rule = Retransmissions::default();
        let mut capture = Capture::default();
        for n in 0..MAX_FLOWS + 10 {
            let from = ([10, 1, (n >> 8) as u8, n as u8], 1 + (n >> 16) as u16);
            capture.tcp(0, from, host(2, 80), ACK, 100, 0, 64240, b"x");
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.flows.len(), MAX_FLOWS);
    }

    #[test]
    fn a_packet_captured_on_two_hops_was_not_sent_again() {
        let (client, server) = (host(1, 40000), host(2, 80));
        let codes = |hops: u8, apart_ms: i64| {
            let mut capture = Capture::default();
            for n in 0..40 {
                let at = i64::from(n) * 300;
                capture.tcp(at, client, server, ACK, 101 + n * 100, 901, 64240, &[7; 100]);
                // Some systems give no identification to what must not be fragmented (RFC 6864, 4.1).
                (4..6).for_each(|octet| capture.change_last(octet, 0));
                capture.repeat_last(at + apart_ms);
                capture.set_ttl(64 - hops);
            }
            capture.codes()
        };
        assert_eq!(codes(1, 5), [""; 0]);
        assert_eq!(codes(0, 5), ["tcp.retransmissions"]);
        assert_eq!(codes(1, 250), ["tcp.retransmissions"]);
    }
}
