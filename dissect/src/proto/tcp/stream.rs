//! TCP connections: what the first pass keeps of each, and what the second one is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI8, AtomicI64, AtomicU8, AtomicU32, Ordering::Relaxed};

use super::analysis::{self, ACK, FIN, RST, SYN, Segment, Shared, Side, Verdict, finding};
use super::fields::*;
use super::reassembly::{Extent, Lead, Reassembly, Whole};
use super::{ANALYZED, CLOSES, HEADER_LEN, Header, Known, SECOND, Scale, options};
use crate::conversation::Conversations;
use crate::dissector::{Dissector, Endpoints};
use crate::facts::Fact;
use crate::registry::ProtoId;
use crate::tvb::Tvb;

/// How many connections are remembered. At about 500 bytes each, without what is under way in them, they take at most 100 MB.
pub(super) const MAX_CONVERSATIONS: usize = 200_000;

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
    bases: [AtomicU32; 2],
    /// Which bases are known, one bit a direction.
    bases_known: AtomicU8,
    scales: [AtomicI8; 2],
    completeness: AtomicU8,
    /// The first round trip in nanoseconds, negative while it is not known.
    first_rtt: AtomicI64,
}

impl Stream {
    fn new(index: u32, first_time: i64) -> Self {
        Self {
            index,
            first_time,
            bases: Default::default(),
            bases_known: AtomicU8::new(0),
            scales: [AtomicI8::new(UNKNOWN), AtomicI8::new(UNKNOWN)],
            completeness: AtomicU8::new(0),
            first_rtt: AtomicI64::new(-1),
        }
    }

    /// `tcp.stream`.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// When the first segment came, in nanoseconds since the Unix epoch.
    pub fn first_time(&self) -> i64 {
        self.first_time
    }

    /// What a direction's sequence numbers are counted from; 0 if none was seen.
    pub fn base(&self, side: usize) -> u32 {
        self.bases[side & 1].load(Relaxed)
    }

    fn has_base(&self, side: usize) -> bool {
        self.bases_known.load(Relaxed) >> (side & 1) & 1 != 0
    }

    fn set_base(&self, side: usize, base: u32) {
        self.bases[side & 1].store(base, Relaxed);
        self.bases_known.fetch_or(1 << (side & 1), Relaxed);
    }

    /// How a direction's windows are scaled.
    pub fn scale(&self, side: usize) -> Scale {
        match self.scales[side & 1].load(Relaxed) {
            UNKNOWN => Scale::Unknown,
            shift => u8::try_from(shift).map_or(Scale::Unused, Scale::By),
        }
    }

    /// `tcp.completeness`.
    pub fn completeness(&self) -> u8 {
        self.completeness.load(Relaxed)
    }

    fn saw(&self, what: u8) {
        self.completeness.fetch_or(what, Relaxed);
    }

    /// From the SYN to the acknowledgment of its answer, in nanoseconds.
    pub fn first_rtt(&self) -> Option<i64> {
        Some(self.first_rtt.load(Relaxed)).filter(|rtt| *rtt >= 0)
    }
}

struct Conversation {
    stream: Arc<Stream>,
    previous: i64,
    sides: [Side; 2],
    messages: [Reassembly; 2],
    /// The protocol that claimed the connection.
    child: Option<ProtoId>,
    /// When the last SYN came.
    syn_time: Option<i64>,
    /// The side that sent the first FIN.
    closer: Option<usize>,
    tfo: bool,
}

/// The TCP connections of the first pass.
pub(crate) struct Flows {
    conversations: Conversations<Box<Conversation>>,
    opened: u32,
    /// How many octets unfinished messages hold.
    pending: usize,
}

impl Default for Flows {
    fn default() -> Self {
        Self { conversations: Conversations::new(MAX_CONVERSATIONS), opened: 0, pending: 0 }
    }
}

impl Flows {
    /// The connection of a segment, opened if there is none or if the segment opens a new one on the same ports.
    fn conversation(&mut self, endpoints: Endpoints, time: i64, syn: Option<u32>) -> (&mut Conversation, usize, bool) {
        let (key, is_second) = endpoints.conversation();
        let side = usize::from(is_second);
        let Self { conversations, opened, pending } = self;
        let mut open = || {
            let index = *opened;
            *opened = index.saturating_add(1);
            Box::new(Conversation {
                stream: Arc::new(Stream::new(index, time)),
                previous: time,
                sides: Default::default(),
                messages: Default::default(),
                child: None,
                syn_time: None,
                closer: None,
                tfo: false,
            })
        };
        let (conversation, evicted) = conversations.get_or_insert_evicting(key, &mut open);
        if let Some(mut evicted) = evicted {
            let held: usize = evicted.messages.iter_mut().map(Reassembly::forget).sum();
            *pending = pending.saturating_sub(held);
        }
        let is_reused =
            syn.is_some_and(|seq| conversation.stream.has_base(side) && conversation.stream.base(side) != seq);
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
    pub(super) fn lead(
        &mut self,
        endpoints: Endpoints,
        frame: u64,
        seq: u32,
        octets: &[u8],
        is_repeated: bool,
    ) -> Lead {
        match self.side(endpoints) {
            Some((messages, pending)) => messages.lead(frame, seq, octets, is_repeated, pending),
            None => Lead::Nothing,
        }
    }

    /// See [`Reassembly::begin`].
    pub(super) fn begin(
        &mut self,
        endpoints: Endpoints,
        frame: u64,
        seq: u32,
        octets: &[u8],
        child: ProtoId,
        extent: Extent,
    ) {
        if let Some((messages, pending)) = self.side(endpoints) {
            messages.begin(frame, seq, octets, child, extent, pending);
        }
    }

    /// See [`Reassembly::end`].
    pub(super) fn end(&mut self, endpoints: Endpoints) -> Option<(ProtoId, Arc<Whole>)> {
        let (messages, pending) = self.side(endpoints)?;
        messages.end(pending)
    }
}

impl Conversation {
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
        let seen = [
            (is_syn, 1),
            (header.flags & (SYN | ACK) == SYN | ACK, 2),
            (header.flags & (SYN | ACK) == ACK, 4),
            (header.payload.unwrap_or(0) > 0, 8),
            (header.has(FIN), 16),
            (header.has(RST), 32),
        ];
        for (_, bit) in seen.into_iter().filter(|row| row.0) {
            stream.saw(bit);
        }
        let Some(len) = header.payload.filter(|_| !is_quoted) else {
            return Verdict::default();
        };
        if !stream.has_base(side) {
            stream.set_base(side, if header.has(SYN) { header.seq } else { header.seq.wrapping_sub(1) });
        }
        if header.has(ACK) && !stream.has_base(1 - side) {
            stream.set_base(1 - side, header.ack.wrapping_sub(1));
        }
        if is_syn {
            self.syn_time = Some(time);
        }
        if header.flags & (SYN | ACK) == ACK
            && stream.first_rtt().is_none()
            && let Some(syn) = self.syn_time
        {
            stream.first_rtt.store(time.saturating_sub(syn).max(0), Relaxed);
        }
        self.window_scale(header, side, scan);
        let segment = Segment {
            frame,
            time,
            seq: header.seq,
            ack: header.ack,
            len: len as u32,
            window: header.window,
            flags: header.flags,
            has_sack: scan.has_sack,
        };
        let shared = Shared { first_rtt: self.stream.first_rtt() };
        let [first, second] = &mut self.sides;
        let (from, to) = if side == 0 { (first, second) } else { (second, first) };
        let mut verdict = analysis::analyze(from, to, &shared, &segment);
        if is_syn && scan.has_cookie {
            self.tfo = true;
            verdict.findings |= finding::TFO_SYN;
        }
        if header.has(FIN) {
            self.closer.get_or_insert(side);
        }
        verdict
    }

    fn window_scale(&mut self, header: &Header, side: usize, scan: &options::Scan) {
        let scales = &self.stream.scales;
        if let Some(shift) = scan.scale {
            scales[side].store(shift as i8, Relaxed);
            self.sides[side].scale = Some(shift);
            self.sides[side].is_scale_known = true;
        } else if header.has(SYN) {
            // RFC 7323, 1.3: windows are scaled only if both SYNs say so.
            for (scale, side) in scales.iter().zip(&mut self.sides) {
                scale.store(UNUSED, Relaxed);
                side.scale = None;
                side.is_scale_known = true;
            }
        }
    }
}

/// Lets the rest of the TCP connection at hand be `proto`, whatever its ports.
// For protocols that know a connection by its first octets.
#[allow(dead_code)]
pub(crate) fn claim(d: &mut Dissector<'_>, proto: ProtoId) {
    let (key, _) = d.endpoints.conversation();
    if let Some(flows) = d.flows()
        && let Some(conversation) = flows.tcp.conversations.get_mut(key)
    {
        conversation.child = Some(proto);
    }
}

/// Analyses a segment in the first pass and keeps what is to be shown of it; finds that again in both passes.
pub(super) fn follow<'a>(d: &mut Dissector<'a>, header: &Header, tvb: Tvb<'a>) -> Option<Known> {
    analyze(d, header, tvb);
    let here = d.occurrence(ProtoId::Tcp);
    d.fact(|fact| match fact {
        Fact::Tcp { layer, child, bits, stream, since_previous } if *layer == here => {
            Some(Known { stream: stream.clone(), bits: *bits, child: *child, since_previous: *since_previous })
        }
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
    let options = rest.get(..header.len.saturating_sub(HEADER_LEN)).unwrap_or_default();
    let scan = if options.is_empty() { options::Scan::default() } else { options::scan(options) };
    let syn = (header.flags & (SYN | ACK) == SYN && !is_quoted).then_some(header.seq);
    let (conversation, side, is_reused) = flows.tcp.conversation(endpoints, time, syn);
    let mut verdict = conversation.follow(header, side, (frame, time), &scan, is_quoted);
    if is_reused {
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
    let stream = conversation.stream.clone();
    let child = conversation.child;
    let since_previous = time.saturating_sub(conversation.previous);
    conversation.previous = time;
    keep(d, &verdict, Known { stream, bits, child, since_previous });
}

/// Records the facts that somebody will look at.
fn keep(d: &mut Dissector<'_>, verdict: &Verdict, known: Known) {
    let layer = d.occurrence(ProtoId::Tcp);
    let is_shown = d.wants_facts_of(ProtoId::Tcp);
    let Known { stream, bits, child, since_previous } = known;
    if !is_shown && child.is_none() && bits & finding::REPEATED == 0 {
        return;
    }
    d.record(Fact::Tcp { layer, child, bits, stream, since_previous });
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
