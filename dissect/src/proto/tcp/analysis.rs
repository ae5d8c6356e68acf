//! What the segments of a TCP connection say of each other: who repeats, who waits, what was lost on the way.
//!
//! Runs in the first pass, over each segment once and in the order of the capture. Both directions keep what was seen of
//! them; sequence numbers are compared modulo 2^32 (RFC 9293, 3.4). The rules are those that Wireshark's User's Guide gives
//! for its "TCP Analysis", with their order of precedence.

use std::collections::VecDeque;

/// How many segments that nobody has acknowledged are remembered a direction; the oldest give way.
pub(super) const MAX_UNACKNOWLEDGED: usize = 10_000;

pub(super) const FIN: u16 = 0x001;
pub(super) const SYN: u16 = 0x002;
pub(super) const RST: u16 = 0x004;
pub(super) const PSH: u16 = 0x008;
pub(super) const ACK: u16 = 0x010;
pub(super) const URG: u16 = 0x020;

/// A retransmission this long after the acknowledgment that asked for it is no fast one.
const FAST_RETRANSMIT_NS: i64 = 20_000_000;
/// Without a known round trip time a segment that comes this much later was not overtaken but sent again.
const OUT_OF_ORDER_NS: i64 = 3_000_000;

/// Findings on a segment, as bits.
pub(super) mod finding {
    pub(in super::super) const LOST_SEGMENT: u32 = 1;
    pub(in super::super) const ACK_LOST_SEGMENT: u32 = 1 << 1;
    pub(in super::super) const KEEP_ALIVE: u32 = 1 << 2;
    pub(in super::super) const KEEP_ALIVE_ACK: u32 = 1 << 3;
    pub(in super::super) const DUPLICATE_ACK: u32 = 1 << 4;
    pub(in super::super) const ZERO_WINDOW: u32 = 1 << 5;
    pub(in super::super) const ZERO_WINDOW_PROBE: u32 = 1 << 6;
    pub(in super::super) const ZERO_WINDOW_PROBE_ACK: u32 = 1 << 7;
    pub(in super::super) const WINDOW_UPDATE: u32 = 1 << 8;
    pub(in super::super) const WINDOW_FULL: u32 = 1 << 9;
    pub(in super::super) const RETRANSMISSION: u32 = 1 << 10;
    pub(in super::super) const FAST_RETRANSMISSION: u32 = 1 << 11;
    pub(in super::super) const SPURIOUS_RETRANSMISSION: u32 = 1 << 12;
    pub(in super::super) const OUT_OF_ORDER: u32 = 1 << 13;
    pub(in super::super) const REUSED_PORTS: u32 = 1 << 14;
    /// All of them.
    pub(in super::super) const ANY: u32 = (1 << 15) - 1;
    /// Octets that were seen before or come late. What was asked for and sent again at once is read: mostly it had got lost
    /// before the capture.
    pub(in super::super) const REPEATED: u32 = RETRANSMISSION | SPURIOUS_RETRANSMISSION | OUT_OF_ORDER;
}
use finding::*;

/// Whether `a` lies before `b`.
pub(super) fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// A segment as the analysis sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) frame: u64,
    pub(super) time: i64,
    pub(super) seq: u32,
    pub(super) ack: u32,
    /// The first sequence number of its direction.
    pub(super) base: u32,
    pub(super) len: u32,
    /// As the header says it.
    pub(super) window: u16,
    pub(super) flags: u16,
    /// How many octets its SACK blocks cover.
    pub(super) sacked: u32,
}

impl Segment {
    fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }

    /// How many sequence numbers it takes: SYN and FIN take one each.
    fn span(&self) -> u32 {
        self.len.saturating_add(u32::from(self.has(SYN | FIN)))
    }
}

/// What the analysis says of one segment.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Verdict {
    pub(super) findings: u32,
    /// The frame of the segment that it acknowledges, and how long ago that was.
    pub(super) acks: Option<(u64, i64)>,
    pub(super) in_flight: u32,
    pub(super) push_sent: u32,
    /// Which repetition of an acknowledgment it is, and the frame of the first one.
    pub(super) duplicate: Option<(u32, u64)>,
    /// The frame from which the retransmission timeout counts, and how long it was.
    pub(super) timeout: Option<(u64, i64)>,
    /// Was found noteworthy, even if nothing is noted.
    pub(super) is_odd: bool,
}

/// A segment that was not acknowledged yet.
struct Sent {
    frame: u64,
    time: i64,
    seq: u32,
    next: u32,
}

/// What was seen of one direction.
#[derive(Default)]
pub(super) struct Side {
    /// Factor of the window as a shift, unless none was agreed on.
    pub(super) scale: Option<u8>,
    /// Whether it is known if windows are scaled.
    pub(super) is_scale_known: bool,
    /// As the last segment said it.
    window: u32,
    /// 0 before any acknowledgment.
    last_ack: u32,
    last_ack_time: i64,
    /// The frame of the last acknowledgment that was no duplicate.
    last_new_ack_frame: u64,
    duplicates: u32,
    /// How often this side was seen not to have what the other one sends, by itself or from the other's
    /// acknowledgments, since it acknowledged something new.
    hints: u32,
    /// The sequence number behind the highest seen, and what came with it.
    next: Option<u32>,
    next_frame: u64,
    next_time: i64,
    /// The sequence number up to which the other side can have seen everything.
    to_acknowledge: Option<u32>,
    /// The findings on the last segment.
    last_findings: u32,
    unacknowledged: VecDeque<Sent>,
    /// How many octets the last segment said that it has beyond those it acknowledges.
    sacked: u32,
    push_sent: u32,
    was_pushed: bool,
    /// Set while a gap makes the count of octets in flight meaningless: until the other side says something.
    is_flight_unknown: bool,
}

/// What both directions share.
#[derive(Default)]
pub(super) struct Shared {
    /// The first round trip, from SYN to the acknowledgment of SYN-ACK, once it is known.
    pub(super) first_rtt: Option<i64>,
}

/// Analyses a segment: `from` is its direction's side, `to` the other one.
pub(super) fn analyze(from: &mut Side, to: &mut Side, shared: &Shared, segment: &Segment) -> Verdict {
    let mut verdict = Verdict::default();
    let found = &mut verdict.findings;
    let plain = !segment.has(SYN | FIN | RST);
    let is_next = from.next == Some(segment.seq);
    let repeats_last = segment.len == 0 && is_next && from.last_ack == segment.ack && plain;
    let window = u32::from(segment.window);

    let probe = segment.len == 1 && is_next && to.window == 0 && to.next.is_some();
    if probe {
        *found |= ZERO_WINDOW_PROBE;
    } else {
        if window == 0 && plain {
            *found |= ZERO_WINDOW;
        }
        if from.next.is_some_and(|next| before(next, segment.seq)) && !segment.has(RST) {
            *found |= LOST_SEGMENT;
            from.is_flight_unknown = true;
        }
        if segment.len <= 1 && from.is_last_octet(segment.seq) && plain {
            *found |= KEEP_ALIVE;
        }
        if repeats_last && window != 0 && window != from.window {
            *found |= WINDOW_UPDATE;
        }
        if segment.len > 0 && to.is_scale_known && plain {
            let room = to.window.checked_shl(to.scale.unwrap_or(0).into()).unwrap_or(0);
            if segment.seq.wrapping_add(segment.len) == to.last_ack.wrapping_add(room) {
                *found |= WINDOW_FULL;
            }
        }
        let same_window = window == from.window;
        if repeats_last && window != 0 && same_window && to.last_findings & KEEP_ALIVE != 0 {
            *found |= KEEP_ALIVE_ACK;
        } else if repeats_last && window == 0 && same_window && to.last_findings & ZERO_WINDOW_PROBE != 0 {
            *found |= ZERO_WINDOW_PROBE_ACK;
        } else if repeats_last && window != 0 && same_window {
            from.duplicates = from.duplicates.saturating_add(1);
            *found |= DUPLICATE_ACK;
            verdict.duplicate = Some((from.duplicates, from.last_new_ack_frame));
        }
    }
    if from.last_ack != segment.ack {
        from.last_new_ack_frame = segment.frame;
        from.duplicates = 0;
        from.hints = 0;
    } else if *found & DUPLICATE_ACK != 0 {
        from.hints = from.hints.saturating_add(1);
    }
    if segment.has(ACK) && to.to_acknowledge.is_some_and(|known| before(known, segment.ack)) {
        let is_gap_known = to.to_acknowledge != to.next;
        if is_gap_known || to.hints == 0 {
            *found |= ACK_LOST_SEGMENT;
        }
        if !is_gap_known {
            to.hints = to.hints.saturating_add(2);
            to.duplicates = 0;
        }
        to.to_acknowledge = to.next;
        verdict.is_odd = true;
    }
    // A SYN that comes behind its acknowledgment.
    verdict.is_odd |= segment.has(SYN) && to.last_ack != 0 && !before(to.last_ack, segment.seq.wrapping_add(1));
    repetition(from, to, shared, segment, &mut verdict);

    let next = segment.seq.wrapping_add(segment.span());
    let found = verdict.findings;
    if found & ZERO_WINDOW_PROBE == 0 {
        if from.next.is_none_or(|known| before(known, next)) {
            (from.next, from.next_frame, from.next_time) = (Some(next), segment.frame, segment.time);
        }
        // What lies behind a gap was seen, but the other side cannot acknowledge it before the gap begins to be filled.
        if from.to_acknowledge.is_none_or(|known| known == segment.seq) {
            from.to_acknowledge = from.next;
        }
    }
    from.window = window;
    from.last_ack = segment.ack;
    from.last_ack_time = segment.time;
    from.last_findings = found;
    from.sacked = segment.sacked;
    flight(from, to, segment, &mut verdict);
    verdict
}

impl Side {
    /// Forgets everything but how windows are scaled.
    pub(super) fn begin_again(&mut self) {
        *self = Self { scale: self.scale, is_scale_known: self.is_scale_known, ..Self::default() };
    }

    /// Whether a sequence number is that of the last octet seen.
    fn is_last_octet(&self, seq: u32) -> bool {
        self.next.is_some_and(|next| next.wrapping_sub(1) == seq)
    }
}

/// Tells what kind of repetition a segment is that begins before the end of what was seen.
fn repetition(from: &Side, to: &Side, shared: &Shared, segment: &Segment, verdict: &mut Verdict) {
    let end = segment.seq.wrapping_add(segment.len);
    if segment.span() == 0 || verdict.findings & KEEP_ALIVE != 0 {
        return;
    }
    if segment.len > 0 && to.last_ack != 0 && !before(to.last_ack, end) {
        verdict.findings |= SPURIOUS_RETRANSMISSION;
        return;
    }
    // The one octet of a keep-alive may be sent again with what follows it.
    let is_advanced = segment.len > 1 && from.is_last_octet(segment.seq);
    if is_advanced || !from.next.is_some_and(|next| before(segment.seq, next)) {
        return;
    }
    let since_next = segment.time.saturating_sub(from.next_time);
    let since_ack = segment.time.saturating_sub(to.last_ack_time);
    // Where the clock was set back a time lies far ahead: what came before was not overtaken.
    let is_soon = |since: i64, limit: i64| (since as u64) < limit as u64;
    if to.hints >= 2 && to.last_ack == segment.seq && is_soon(since_ack, FAST_RETRANSMIT_NS) {
        verdict.findings |= FAST_RETRANSMISSION;
    } else if is_soon(since_next, shared.first_rtt.unwrap_or(OUT_OF_ORDER_NS))
        && from.next != Some(segment.seq.wrapping_add(segment.span()))
    {
        verdict.findings |= OUT_OF_ORDER;
    } else {
        verdict.findings |= RETRANSMISSION;
        let oldest = from.unacknowledged.front().map(|sent| (sent.frame, sent.time));
        let (frame, time) = oldest.unwrap_or((from.next_frame, from.next_time));
        verdict.timeout = Some((frame, segment.time.saturating_sub(time)));
    }
}

/// Keeps account of what is under way in both directions.
fn flight(from: &mut Side, to: &mut Side, segment: &Segment, verdict: &mut Verdict) {
    to.is_flight_unknown &= !segment.has(ACK);
    to.unacknowledged.retain_mut(|sent| {
        if sent.next == segment.ack && verdict.acks.is_none() {
            verdict.acks = Some((sent.frame, segment.time.saturating_sub(sent.time)));
        }
        if before(sent.seq, segment.ack) {
            sent.seq = segment.ack;
        }
        before(segment.ack, sent.next)
    });
    if segment.span() > 0 {
        if from.unacknowledged.len() >= MAX_UNACKNOWLEDGED {
            from.unacknowledged.pop_front();
        }
        from.unacknowledged.push_back(Sent {
            frame: segment.frame,
            time: segment.time,
            seq: segment.seq,
            next: segment.seq.wrapping_add(segment.span()),
        });
    }
    if segment.len == 0 || from.is_flight_unknown {
        return;
    }
    if from.was_pushed {
        from.push_sent = 0;
    }
    from.push_sent = from.push_sent.saturating_add(segment.len);
    from.was_pushed = segment.has(PSH);
    // Counted from the connection's first number: what claims to lie before it is far away, and counts for nothing.
    let relative = |seq: u32| seq.wrapping_sub(segment.base);
    let (mut first, mut last) = (relative(segment.seq), relative(segment.seq.wrapping_add(segment.span())));
    for sent in from.unacknowledged.iter().take(from.unacknowledged.len() - 1) {
        first = first.min(relative(sent.seq));
        last = last.max(relative(sent.next));
    }
    let in_flight = last.wrapping_sub(first).saturating_sub(to.sacked).saturating_sub(segment.span() - segment.len);
    if in_flight < 1 << 31 {
        verdict.in_flight = in_flight;
        verdict.push_sent = from.push_sent;
    } else {
        verdict.is_odd = true;
    }
}
