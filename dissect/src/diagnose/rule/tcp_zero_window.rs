//! Receivers that take no data: their window stays closed (RFC 9293, 3.8.6).

use super::deadlines::Deadlines;
use super::segment::Segment;
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::dissector::Endpoints;
use crate::proto::tcp;
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "tcp.zero-window",
    severity: Severity::Warning,
    advice: "the program on the receiving side reads too slowly or hangs: look at its load, not at the network",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Tcp],
    fields: &[tcp::FLAGS, tcp::SEQ_RAW, tcp::ACK_RAW, tcp::LEN, tcp::WINDOW_SIZE_VALUE],
    make: || Box::new(ZeroWindows::default()),
};

/// How many closed windows are followed at once.
const MAX_CLOSED: usize = 16_384;
/// How many connections that were told are remembered.
const MAX_TOLD: usize = 65_536;
/// A window that is closed for that long is told of.
const CLOSED_NS: i64 = 1_000_000_000;
/// One that is still closed after that long is told of without waiting for its end.
const WAIT_NS: i64 = 10_000_000_000;

struct ZeroWindows {
    /// By the direction in which the receiver's segments go.
    closed: Deadlines<Endpoints, Evidence>,
    told: Told<Endpoints>,
}

impl Default for ZeroWindows {
    fn default() -> Self {
        Self { closed: Deadlines::new(MAX_CLOSED), told: Told::new(MAX_TOLD) }
    }
}

impl ZeroWindows {
    /// The window of `receiver` was closed until `end`, or longer.
    fn judge(&mut self, receiver: &Endpoints, closed: Evidence, end: i64, is_open: bool, out: &mut Out<'_>) {
        let ns = end.saturating_sub(closed.first().time);
        if ns < CLOSED_NS || self.told.is_old(receiver, closed.last().time) {
            return;
        }
        self.told.insert(*receiver, closed.last().time);
        let (from, to) = (place(receiver.src, receiver.src_port), place(receiver.dst, receiver.dst_port));
        let seconds = ns as f64 / 1e9;
        let more = if is_open { "" } else { " and longer" };
        let summary = format!("{from} took no data from {to} for {seconds:.1} s{more}: its window was zero");
        out.say(Finding::new(&CODE, Subject::flow(receiver), closed, summary).absent());
    }
}

impl Rule for ZeroWindows {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let Some(segment) = Segment::of(packet) else {
            return;
        };
        let is_zero = packet.uint(tcp::WINDOW_SIZE_VALUE) == Some(0);
        if !is_zero && self.closed.is_empty() {
            return;
        }
        let now = packet.time();
        if segment.has_reset() || segment.has_fin() || segment.has_syn() {
            // Nothing more is to be sent in the direction of a FIN, and nothing at all after a reset. What a window
            // says in these segments counts for nothing.
            let sender = segment.flow.reversed();
            for receiver in [sender, segment.flow] {
                if let Some(closed) = self.closed.remove(&receiver) {
                    self.judge(&receiver, closed, now, true, out);
                }
            }
            return;
        }
        if !is_zero {
            if let Some(closed) = self.closed.remove(&segment.flow) {
                self.judge(&segment.flow, closed, now, true, out);
            }
            return;
        }
        match self.closed.get_mut(&segment.flow) {
            Some(closed) => closed.add(packet.mark),
            None => {
                let closed = Evidence::of(packet.mark);
                self.closed.insert(segment.flow, now.saturating_add(WAIT_NS), closed);
            }
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((receiver, closed)) = self.closed.pop_due(out.now) {
            let end = closed.first().time.saturating_add(WAIT_NS);
            self.judge(&receiver, closed, end, false, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((receiver, closed)) = self.closed.pop_first() {
            self.judge(&receiver, closed, out.now, false, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.closed.values().map(|closed| closed.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{ACK, Capture, FIN, RST, host};

    fn windows(rows: &[(i64, u16)]) -> Capture {
        let mut capture = Capture::default();
        for (ms, window) in rows {
            capture.tcp(*ms, host(2, 80), host(1, 40000), ACK, 900, 101, *window, &[]);
        }
        capture
    }

    #[test]
    fn a_window_closed_for_a_second_is_told_once() {
        let capture = windows(&[(0, 100), (10, 0), (500, 0), (1010, 90), (2000, 0), (4000, 90)]);
        assert_eq!(capture.codes(), ["tcp.zero-window"]);
        assert_eq!(capture.frames_of("tcp.zero-window"), Some(vec![2, 3]));
        assert_eq!(windows(&[(0, 0), (20_000, 0), (40_000, 0)]).codes(), ["tcp.zero-window"]);
        assert_eq!(windows(&[(0, 0), (1500, 0)]).codes(), ["tcp.zero-window"]);
    }

    #[test]
    fn a_window_closed_for_a_moment_is_healthy() {
        assert_eq!(windows(&[(0, 0), (999, 90), (5000, 90)]).codes(), [""; 0]);
        assert_eq!(windows(&[(0, 0), (900, 0)]).codes(), [""; 0]);
    }

    #[test]
    fn resets_and_ends_say_nothing_of_a_window() {
        let mut capture = windows(&[(0, 90)]);
        capture.tcp(10, host(2, 80), host(1, 40000), RST, 900, 0, 0, &[]);
        capture.tcp(20, host(2, 81), host(1, 40000), FIN | ACK, 900, 101, 0, &[]);
        capture.tcp(60_000, host(3, 1), host(4, 2), ACK, 1, 1, 1, &[]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_is_followed() {
        let mut rule = ZeroWindows::default();
        let mut capture = Capture::default();
        for n in 0..MAX_CLOSED + 10 {
            capture.tcp(0, ([10, 1, (n >> 8) as u8, n as u8], 1), host(2, 80), ACK, 100, 0, 0, &[]);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.closed.len(), MAX_CLOSED);
    }
}
