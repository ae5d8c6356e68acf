//! TCP connections: what the first pass keeps of each, and what the second one is told.

use std::sync::atomic::{AtomicBool, AtomicI8, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use smallvec::SmallVec;

use super::analysis::{self, ACK, FIN, RST, SYN, Segment, Shared, Side, Verdict, finding};
use super::fields::*;
use super::reassembly::{Lead, Reassembly, Seen, Start, Whole};
use super::{ANALYZED, BODILESS, CLOSES, HEADER_LEN, Header, Known, SECOND, Scale, carried, options};
use crate::conversation::Conversations;
use crate::dissector::{Dissector, Endpoints};
use crate::facts::Fact;
use crate::registry::ProtoId;
use crate::tvb::Tvb;

/// How many connections are remembered. At about 500 bytes each, without what is under way in them, they take at most 100 MB.
pub(super) const MAX_CONVERSATIONS: usize = 200_000;

/// Of how many different SYNs of one connection the numbers are remembered.
const MAX_SYNS: usize = 16;

/// No shift: the window is known not to be scaled, or nothing is known of it.
const UNUSED: i8 = -2;
const UNKNOWN: i8 = -1;

/// What holds for all segments of a connection, learned from some of them: one for all their facts.
///
/// The first pass fills it in while it sees the connection, the second one reads it when that is over, so that the first
/// segments are shown with what only later ones told. That is why the fields can change behind a shared reference.
#[derive(Debug)]
pub struct Stream {
    index: u32,
    first_time: i64,
    /// The last number of each direction that its numbers were counted from.
    bases: [AtomicU32; 2],
    syns: Mutex<SmallVec<[Syn; 2]>>,
    /// Set when a direction's SYNs differ, or one came after data.
    is_varying: AtomicBool,
    is_fast_open: AtomicBool,
    /// Which bases are known, one bit a direction.
    bases_known: AtomicU8,
    scales: [AtomicI8; 2],
    /// What the segments were, as bits, without the first one's unless it is a SYN.
    seen: AtomicU8,
    first_seen: AtomicU8,
    /// One more than the place of the protocol that was recognised in the connection.
    spoken: AtomicU8,
    /// The frame that it was recognised in.
    spoken_since: AtomicU64,
    first_frame: u64,
    /// The first round trip in nanoseconds, 0 while it is not known.
    first_rtt: AtomicI64,
    /// The same of a connection whose last SYN came after all acknowledgments.
    late_rtt: AtomicI64,
    /// What the connection is from a frame on, if it is another one then.
    successor: OnceLock<(u64, Arc<Stream>)>,
}

impl Stream {
    fn new(index: u32, first_frame: u64, first_time: i64) -> Self {
        Self {
            index,
            first_time,
            bases: Default::default(),
            syns: Mutex::default(),
            is_varying: AtomicBool::new(false),
            is_fast_open: AtomicBool::new(false),
            bases_known: AtomicU8::new(0),
            scales: [AtomicI8::new(UNKNOWN), AtomicI8::new(UNKNOWN)],
            seen: AtomicU8::new(0),
            first_seen: AtomicU8::new(0),
            spoken: AtomicU8::new(0),
            spoken_since: AtomicU64::new(0),
            first_frame,
            first_rtt: AtomicI64::new(0),
            late_rtt: AtomicI64::new(0),
            successor: OnceLock::new(),
        }
    }

    /// What the connection is in a frame, for all that the whole shows.
    fn as_of(self: &Arc<Self>, frame: u64) -> Arc<Self> {
        let successor = self.successor.get().filter(|successor| successor.0 <= frame);
        successor.map_or(self, |successor| &successor.1).clone()
    }

    /// `tcp.stream`.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Whether the connection was known to be a protocol's by a frame.
    pub(super) fn speaks(&self, proto: ProtoId, frame: u64) -> bool {
        self.is_of(proto) && self.spoken_since.load(Relaxed) <= frame
    }

    /// Whether the connection is known to be a protocol's, by this frame or by what the first pass saw of later ones.
    pub(super) fn is_of(&self, proto: ProtoId) -> bool {
        self.spoken.load(Relaxed) == proto as u8 + 1
    }

    /// When the first segment came, in nanoseconds since the Unix epoch.
    pub fn first_time(&self) -> i64 {
        self.first_time
    }

    /// What a direction's sequence numbers are counted from in a frame; 0 if none was seen.
    ///
    /// A SYN may come late or again with another number. Then each SYN-ACK counts from its frame on, and the last SYN of
    /// all for what came before.
    pub fn base(&self, side: usize, frame: u64) -> u32 {
        let last = self.bases[side & 1].load(Relaxed);
        if !self.is_varying.load(Relaxed) {
            return last;
        }
        let syns = self.syns.lock().unwrap_or_else(PoisonError::into_inner);
        let before = syns.iter().rev().find(|syn| syn.side == side && syn.frame <= frame);
        before.map_or(last, |syn| syn.seq)
    }

    /// Whether a SYN-ACK in a frame is of another connection than what came before it, for all that the whole shows.
    pub(super) fn is_reused(&self, side: usize, frame: u64, seq: u32) -> bool {
        self.is_varying.load(Relaxed) && self.base(side, frame.saturating_sub(1)) != seq
    }

    fn has_base(&self, side: usize) -> bool {
        self.bases_known.load(Relaxed) >> (side & 1) & 1 != 0
    }

    fn last_base(&self, side: usize) -> u32 {
        self.bases[side & 1].load(Relaxed)
    }

    fn set_base(&self, side: usize, base: u32) {
        self.bases[side & 1].store(base, Relaxed);
        self.bases_known.fetch_or(1 << (side & 1), Relaxed);
    }

    fn saw_syn(&self, side: usize, frame: u64, seq: u32, is_answer: bool) {
        if self.has_base(side) && self.last_base(side) != seq {
            self.is_varying.store(true, Relaxed);
        }
        self.set_base(side, seq);
        if !is_answer {
            return;
        }
        let mut syns = self.syns.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = syns.iter().rev().find(|syn| syn.side == side).is_none_or(|syn| syn.seq != seq);
        if is_new && syns.len() < MAX_SYNS {
            syns.push(Syn { frame, side, seq });
        }
    }

    /// Whether the SYN carried data with a Fast Open cookie.
    pub(super) fn is_fast_open(&self) -> bool {
        self.is_fast_open.load(Relaxed)
    }

    /// How a direction's windows are scaled.
    pub fn scale(&self, side: usize) -> Scale {
        match self.scales[side & 1].load(Relaxed) {
            UNKNOWN => Scale::Unknown,
            shift => u8::try_from(shift).map_or(Scale::Unused, Scale::By),
        }
    }

    /// `tcp.completeness` as a frame shows it: the first one of a connection that does not begin with a SYN leaves out
    /// what itself is.
    pub fn completeness(&self, frame: u64) -> u8 {
        let first = if frame == self.first_frame { 0 } else { self.first_seen.load(Relaxed) };
        self.seen.load(Relaxed) | first
    }

    /// From the SYN to the acknowledgment of its answer, in nanoseconds; where nothing was acknowledged behind the SYN,
    /// to the first acknowledgment before it.
    pub fn first_rtt(&self) -> Option<i64> {
        [&self.first_rtt, &self.late_rtt].into_iter().map(|rtt| rtt.load(Relaxed)).find(|rtt| *rtt != 0)
    }
}

/// A SYN and what its direction counts from.
#[derive(Debug)]
struct Syn {
    frame: u64,
    side: usize,
    seq: u32,
}

struct Conversation {
    stream: Arc<Stream>,
    previous: i64,
    sides: [Side; 2],
    messages: [Reassembly; 2],
    /// The protocol that claimed the connection, and the one that its messages are handed to instead.
    child: Option<ProtoId>,
    via: Option<ProtoId>,
    /// The directions whose next message has no body.
    is_bodiless: [bool; 2],
    /// When the last SYN came.
    syn_time: Option<i64>,
    /// When the first acknowledgment came that no SYN was seen before.
    first_ack_time: Option<i64>,
    /// The side that sent the first FIN.
    closer: Option<usize>,
    /// The directions in which nothing but resets was seen.
    only_resets: [bool; 2],
    /// The protocol that claimed the connection as one of its own that begins, and the frame.
    begins_with: Option<(u64, ProtoId)>,
}

/// The TCP connections of the first pass.
pub(crate) struct Flows {
    conversations: Conversations<Box<Conversation>>,
    opened: u32,
    /// The connection of the segment at hand.
    current: u32,
    /// How many octets unfinished messages hold.
    pending: usize,
    /// The protocol whose connection just took on another number, the old and the new one.
    renumbered: Option<(ProtoId, u32, u32)>,
}

impl Default for Flows {
    fn default() -> Self {
        let conversations = Conversations::new(MAX_CONVERSATIONS);
        Self { conversations, opened: 0, current: 0, pending: 0, renumbered: None }
    }
}

impl Flows {
    /// The connection of a segment, opened if there is none or if the segment opens a new one on the same ports.
    fn conversation(
        &mut self,
        endpoints: Endpoints,
        packet: (u64, i64),
        syn: Option<u32>,
    ) -> (&mut Conversation, usize, bool) {
        let (key, is_second) = endpoints.conversation();
        let side = usize::from(is_second);
        let Self { conversations, opened, pending, renumbered, .. } = self;
        let mut open = || {
            let index = *opened;
            *opened = index.saturating_add(1);
            Box::new(Conversation {
                stream: Arc::new(Stream::new(index, packet.0, packet.1)),
                previous: packet.1,
                sides: Default::default(),
                messages: Default::default(),
                child: None,
                via: None,
                is_bodiless: [false; 2],
                syn_time: None,
                first_ack_time: None,
                closer: None,
                only_resets: [false; 2],
                begins_with: None,
            })
        };
        let (conversation, evicted) = conversations.get_or_insert_evicting(key, &mut open);
        if let Some(mut evicted) = evicted {
            let held: usize = evicted.messages.iter_mut().map(Reassembly::forget).sum();
            *pending = pending.saturating_sub(held);
        }
        if let Some((frame, proto)) = conversation.begins_with.take() {
            let held: usize = conversation.messages.iter_mut().map(Reassembly::forget).sum();
            *pending = pending.saturating_sub(held);
            let mut next = open();
            (next.child, next.via) = (conversation.child, conversation.via);
            *renumbered = Some((proto, conversation.stream.index, next.stream.index));
            let _ = conversation.stream.successor.set((frame, next.stream.clone()));
            *conversation = next;
        }
        let is_reused =
            syn.is_some_and(|seq| conversation.stream.has_base(side) && conversation.stream.last_base(side) != seq);
        if is_reused {
            let held: usize = conversation.messages.iter_mut().map(Reassembly::forget).sum();
            *pending = pending.saturating_sub(held);
            *conversation = open();
        }
        (conversation, side, is_reused)
    }

    fn side(&mut self, endpoints: Endpoints) -> Option<(&mut Reassembly, &mut usize)> {
        let (key, is_second) = endpoints.conversation();
        let conversation = self.conversations.get_mut(key)?;
        Some((&mut conversation.messages[usize::from(is_second)], &mut self.pending))
    }

    /// See [`Reassembly::lead`].
    pub(super) fn lead(&mut self, endpoints: Endpoints, frame: u64, seq: u32, octets: &[u8], seen: Seen) -> Lead {
        match self.side(endpoints) {
            Some((messages, pending)) => messages.lead(frame, seq, octets, seen, pending),
            None => Lead::Nothing,
        }
    }

    /// See [`Reassembly::begin`].
    pub(super) fn begin(&mut self, endpoints: Endpoints, frame: u64, seq: u32, octets: &[u8], start: Start) {
        if let Some((messages, pending)) = self.side(endpoints) {
            messages.begin(frame, seq, octets, start, pending);
        }
    }

    /// See [`Reassembly::end`].
    pub(super) fn end(&mut self, endpoints: Endpoints) -> Option<(ProtoId, Arc<Whole>)> {
        let (messages, pending) = self.side(endpoints)?;
        messages.end(pending)
    }
}

impl Conversation {
    /// Whether a SYN-ACK has another sequence number than was to be expected.
    fn is_other_syn(&self, header: &Header, side: usize) -> bool {
        header.flags & (SYN | ACK) == SYN | ACK
            && self.stream.has_base(side)
            && self.stream.last_base(side) != header.seq
    }

    /// Takes a segment; answers what is said of it.
    fn follow(
        &mut self,
        header: &Header,
        side: usize,
        packet: (u64, i64),
        scan: &options::Scan,
        is_quoted: bool,
    ) -> Verdict {
        let stream = &self.stream;
        let (frame, time) = packet;
        let is_syn = header.flags & (SYN | ACK) == SYN;
        let is_first = stream.first_frame == frame;
        let seen = [
            (is_syn && is_first, 1),
            (header.flags & (SYN | ACK) == SYN | ACK, 2),
            (header.flags & (SYN | ACK) == ACK && header.payload == Some(0), 4),
            // What a SYN brings counts for nothing, nor what nobody acknowledges anything with.
            (header.flags & (SYN | ACK) == ACK && header.payload.unwrap_or(0) > 0, 8),
            (header.flags & (FIN | ACK) == FIN | ACK, 16),
            (header.has(RST) && !(is_syn && is_first), 32),
        ];
        let seen = seen.into_iter().filter(|row| row.0).fold(0, |seen, row| seen | row.1);
        if is_first && !is_syn {
            stream.first_seen.fetch_or(seen, Relaxed);
        } else {
            stream.seen.fetch_or(seen, Relaxed);
        }
        if is_syn && !is_quoted {
            self.syn_time = Some(time);
            if let Some(ack) = self.first_ack_time {
                stream.late_rtt.store(ack.saturating_sub(time), Relaxed);
            }
        }
        let Some(len) = header.payload.filter(|_| !is_quoted) else {
            return Verdict::default();
        };
        if header.has(SYN) && std::mem::take(&mut self.only_resets[side]) {
            // Refused at first: the number of a reset to a SYN means nothing (RFC 9293, 3.5.2).
            self.sides[side].begin_again();
        }
        let is_reset = header.has(RST) && (self.only_resets[side] || !stream.has_base(side));
        self.only_resets[side] = is_reset;
        if header.has(SYN) {
            stream.saw_syn(side, frame, header.seq, header.has(ACK));
        } else if !stream.has_base(side) {
            stream.set_base(side, header.seq.wrapping_sub(1));
        }
        if header.has(ACK) && !stream.has_base(1 - side) {
            stream.set_base(1 - side, header.ack.wrapping_sub(1));
        }
        self.window_scale(header, side, scan);
        let segment = Segment {
            frame,
            time,
            seq: header.seq,
            ack: header.ack,
            base: self.stream.last_base(side),
            len: len as u32,
            window: header.window,
            flags: header.flags,
            sacked: scan.sacked,
        };
        let shared = Shared { first_rtt: Some(self.stream.first_rtt.load(Relaxed)).filter(|rtt| *rtt != 0) };
        let [first, second] = &mut self.sides;
        let (from, to) = if side == 0 { (first, second) } else { (second, first) };
        let verdict = analysis::analyze(from, to, &shared, &segment);
        if header.flags & (SYN | ACK) == ACK && self.stream.first_rtt.load(Relaxed) == 0 {
            match self.syn_time {
                Some(syn) => self.stream.first_rtt.store(time.saturating_sub(syn), Relaxed),
                None => self.first_ack_time = self.first_ack_time.or(Some(time)),
            }
        }
        if is_syn && scan.has_cookie && len > 0 {
            self.stream.is_fast_open.store(true, Relaxed);
        }
        if header.has(FIN) {
            self.closer.get_or_insert(side);
        }
        verdict
    }

    fn window_scale(&mut self, header: &Header, side: usize, scan: &options::Scan) {
        let scales = &self.stream.scales;
        let mut set = |side: usize, shift: Option<u8>| {
            scales[side].store(shift.map_or(UNUSED, |shift| shift as i8), Relaxed);
            self.sides[side].scale = shift;
            self.sides[side].is_scale_known = true;
        };
        if let Some(shift) = scan.scale {
            set(side, Some(shift));
        }
        // RFC 7323, 1.3: windows are scaled only if both SYNs say so.
        let is_answer = header.has(ACK);
        if header.has(SYN) && scales[side].load(Relaxed) == UNKNOWN {
            if scan.is_cut {
                return;
            }
            set(side, None);
            set(1 - side, None);
        } else if header.has(SYN) && is_answer && scales[1 - side].load(Relaxed) == UNUSED {
            set(side, None);
        }
    }
}

/// Lets the rest of the TCP connection at hand be `proto`, whatever its ports.
pub(crate) fn claim(d: &mut Dissector<'_>, proto: ProtoId) {
    let frame = d.packet.number;
    if let Some((conversation, _)) = conversation(d) {
        conversation.stream.spoken_since.store(frame, Relaxed);
        conversation.stream.spoken.store(proto as u8 + 1, Relaxed);
        (conversation.child, conversation.via) = (Some(proto), None);
    }
}

/// As [`claim`], where the connection is a new one for Wireshark, which has it begin with this segment.
pub(crate) fn claim_anew(d: &mut Dissector<'_>, proto: ProtoId) {
    claim(d, proto);
    let frame = d.packet.number;
    if let Some((conversation, _)) = conversation(d) {
        conversation.begins_with = Some((frame, proto));
    }
}

/// Lets the rest of the TCP connection at hand be messages of `proto`, each of which `via` gets first: a proxy's tunnel.
pub(crate) fn claim_via(d: &mut Dissector<'_>, proto: ProtoId, via: ProtoId) {
    if let Some((conversation, _)) = conversation(d) {
        (conversation.child, conversation.via) = (Some(proto), Some(via));
    }
}

/// Says whether the message that answers the one at hand has a body at all.
pub(crate) fn expect_no_body(d: &mut Dissector<'_>, is_so: bool) {
    if let Some((conversation, side)) = conversation(d) {
        conversation.is_bodiless[1 - side] = is_so;
    }
}

/// Says whether messages of either direction that follow are framed as those of a connection of which more is known.
pub(crate) fn frame_as_known(d: &mut Dissector<'_>, is_so: bool) {
    if let Some((conversation, _)) = conversation(d) {
        conversation.is_bodiless = [is_so; 2];
    }
}

/// Whether the connection at hand is known to be a protocol's, be it by later frames.
pub(crate) fn speaks(d: &Dissector<'_>, proto: ProtoId) -> bool {
    let known = d.last_fact(|fact| match fact {
        Fact::Tcp { stream, .. } => Some(stream.is_of(proto)),
        _ => None,
    });
    known.unwrap_or(false)
}

/// In the first pass: the number of the connection at hand.
pub(crate) fn stream_index(d: &mut Dissector<'_>) -> u32 {
    d.flows().map_or(0, |flows| flows.tcp.current)
}

/// The connection at hand, and the direction.
fn conversation<'b>(d: &'b mut Dissector<'_>) -> Option<(&'b mut Conversation, usize)> {
    let (key, is_second) = d.endpoints.conversation();
    let conversation = d.flows()?.tcp.conversations.get_mut(key)?;
    Some((&mut **conversation, usize::from(is_second)))
}

/// Analyses a segment in the first pass and keeps what is to be shown of it; finds that again in both passes.
pub(super) fn follow<'a>(d: &mut Dissector<'a>, header: &Header, tvb: Tvb<'a>) -> Option<Known> {
    analyze(d, header, tvb);
    let here = d.occurrence(ProtoId::Tcp);
    let frame = if d.is_first_pass() { 0 } else { d.packet.number };
    d.fact(|fact| match fact {
        Fact::Tcp { layer, child, via, bits, stream, since_previous } if *layer == here => Some(Known {
            stream: stream.as_of(frame),
            bits: *bits,
            child: *child,
            via: *via,
            since_previous: *since_previous,
        }),
        _ => None,
    })
}

fn analyze<'a>(d: &mut Dissector<'a>, header: &Header, tvb: Tvb<'a>) {
    let (endpoints, is_quoted) = (d.endpoints, d.is_quoted);
    let (frame, time) = (d.packet.number, d.packet.time);
    let Some(flows) = d.flows_even_quoted() else {
        return;
    };
    let rest = tvb.bytes().get(HEADER_LEN..).unwrap_or_default();
    let options = rest.get(..header.len.saturating_sub(HEADER_LEN)).unwrap_or(rest);
    let mut scan = if options.is_empty() { options::Scan::default() } else { options::scan(options) };
    scan.is_cut = HEADER_LEN + options.len() < header.len;
    let syn = (header.flags & (SYN | ACK) == SYN && !is_quoted).then_some(header.seq);
    let (conversation, side, is_reused) = flows.tcp.conversation(endpoints, (frame, time), syn);
    let is_reused = is_reused || conversation.is_other_syn(header, side);
    let mut verdict = conversation.follow(header, side, (frame, time), &scan, is_quoted);
    if is_reused && header.payload.is_some() {
        verdict.findings |= finding::REUSED_PORTS;
    }
    let mut bits = verdict.findings;
    if side == 1 {
        bits |= SECOND;
    }
    if verdict != Verdict::default() {
        bits |= ANALYZED;
    }
    if conversation.closer == Some(side) {
        bits |= CLOSES;
    }
    if conversation.is_bodiless[side] {
        bits |= BODILESS;
    }
    let stream = conversation.stream.clone();
    let (child, via) = (conversation.child, conversation.via);
    let index = stream.index();
    let since_previous = time.saturating_sub(conversation.previous);
    conversation.previous = time;
    flows.tcp.current = index;
    if let Some((proto, old, new)) = flows.tcp.renumbered.take() {
        flows.stages.renumber(proto, old, new);
    }
    keep(d, &verdict, Known { stream, bits, child, via, since_previous });
}

/// Records the facts that somebody will look at.
fn keep(d: &mut Dissector<'_>, verdict: &Verdict, known: Known) {
    let layer = d.occurrence(ProtoId::Tcp);
    let is_shown = d.wants_facts_of(ProtoId::Tcp);
    let Known { stream, bits, child, via, since_previous } = known;
    let matters = finding::REPEATED | finding::KEEP_ALIVE | BODILESS;
    if !is_shown && child.is_none() && bits & matters == 0 && !carried::may_be_recognised_later(d) {
        return;
    }
    d.record(Fact::Tcp { layer, child, via, bits, stream, since_previous });
    if !is_shown {
        return;
    }
    let numbers = [ANALYSIS, ACKS_FRAME, ACK_RTT, BYTES_IN_FLIGHT, PUSH_BYTES_SENT];
    if (verdict.acks.is_some() || verdict.in_flight != 0) && numbers.into_iter().any(|field| d.wants_fact(field)) {
        let here = d.packet.number;
        let (acks, rtt) = verdict.acks.map_or((0, 0), |(frame, rtt)| (here.saturating_sub(frame), rtt));
        d.record(Fact::TcpNumbers {
            layer,
            acks: u32::try_from(acks).unwrap_or(0),
            in_flight: verdict.in_flight,
            push_sent: verdict.push_sent,
            rtt,
        });
    }
    if let Some((number, frame)) = verdict.duplicate {
        d.record(Fact::TcpDuplicate { layer, number, frame });
    }
    if let Some((frame, ns)) = verdict.timeout {
        d.record(Fact::TcpTimeout { layer, frame, ns });
    }
}
