//! The ladder of a TCP connection.

use super::{Kind, Ladder, MAX_RUNGS, rung};
use crate::analysis::Analysis;
use crate::diagnose::{Mark, Seen, place};
use crate::dissector::{Endpoints, Transport};
use crate::field::FieldId;
use crate::packet::Packet;
use crate::proto::tcp;
use crate::registry::ProtoId;
use crate::wanted::Wanted;

/// Which connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Select {
    /// `tcp.stream`.
    Stream(u64),
    /// `a:p-b:q`, in either direction.
    Pair(String),
}

const FIELDS: [FieldId; 7] =
    [tcp::STREAM, tcp::FLAGS, tcp::SEQ, tcp::ACK, tcp::LEN, tcp::WINDOW_SIZE, tcp::ANALYSIS_FLAGS];

/// What the analysis finds, in words.
const ODD: &[(FieldId, &str)] = &[
    (tcp::FAST_RETRANSMISSION, "fast retransmission"),
    (tcp::SPURIOUS_RETRANSMISSION, "spurious retransmission"),
    (tcp::RETRANSMISSION, "retransmission"),
    (tcp::OUT_OF_ORDER, "out of order"),
    (tcp::LOST_SEGMENT, "previous segment not captured"),
    (tcp::ACK_LOST_SEGMENT, "acknowledges a segment that was not captured"),
    (tcp::DUPLICATE_ACK, "duplicate ACK"),
    (tcp::ZERO_WINDOW, "zero window"),
    (tcp::WINDOW_FULL, "window full"),
    (tcp::ZERO_WINDOW_PROBE, "zero window probe"),
    (tcp::KEEP_ALIVE, "keep-alive"),
    (tcp::REUSED_PORTS, "ports used again"),
];

const FLAGS: [(u64, &str); 6] = [(2, "SYN"), (1, "FIN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG")];

/// Gathers the segments of a connection.
pub struct TcpLadder {
    select: Select,
    analysis: Analysis,
    ladder: Ladder,
}

impl TcpLadder {
    /// Of one connection, as `host` saw it.
    pub fn new(select: Select, host: &str) -> Self {
        let mut wanted = Wanted::nothing();
        FIELDS.iter().chain(ODD.iter().map(|row| &row.0)).for_each(|field| wanted.add(*field));
        let ladder = Ladder { hosts: vec![host.to_owned()], ..Ladder::default() };
        Self { select, analysis: Analysis::watching(&wanted), ladder }
    }

    fn is_meant(select: &Select, seen: &Seen<'_>) -> bool {
        let names = |ends: &Endpoints| format!("{}-{}", place(ends.src, ends.src_port), place(ends.dst, ends.dst_port));
        match select {
            Select::Stream(number) => seen.uint(tcp::STREAM) == Some(*number),
            Select::Pair(pair) => *pair == names(&seen.endpoints()) || *pair == names(&seen.endpoints().reversed()),
        }
    }

    /// Takes the next packet; `id` is its packet id where it has one, 0 in a file.
    pub fn observe(&mut self, packet: &Packet<'_>, id: u128) {
        let Self { select, analysis, ladder } = self;
        let mark = Mark { number: packet.number, time: packet.time, id };
        analysis.watch(packet, |dissection| {
            let seen = Seen { mark, packet, dissection };
            let ends = seen.endpoints();
            if !seen.has_proto(ProtoId::Tcp) || ends.transport != Transport::Tcp || !Self::is_meant(select, &seen) {
                return;
            }
            if ladder.rungs.len() >= MAX_RUNGS {
                ladder.left_out += 1;
                return;
            }
            if ladder.title.is_empty() {
                ladder.title = format!(
                    "TCP {}-{} (tcp.stream {})",
                    place(ends.src, ends.src_port),
                    place(ends.dst, ends.dst_port),
                    seen.uint(tcp::STREAM).unwrap_or(0)
                );
            }
            let number = |field| seen.uint(field).unwrap_or(0);
            let flags = number(tcp::FLAGS);
            let names: Vec<&str> = FLAGS.iter().filter(|row| flags & row.0 != 0).map(|row| row.1).collect();
            let mut label = format!("[{}] Seq={}", names.join(", "), number(tcp::SEQ));
            if flags & 16 != 0 {
                label.push_str(&format!(" Ack={}", number(tcp::ACK)));
            }
            if number(tcp::LEN) > 0 {
                label.push_str(&format!(" Len={}", number(tcp::LEN)));
            }
            let odd = ODD.iter().find(|row| seen.has(row.0));
            if let Some((_, name)) = odd {
                label.push_str(&format!(" {name}"));
            }
            let is_odd = odd.is_some() || flags & 4 != 0;
            let kind = if is_odd { Kind::Odd } else { Kind::Message };
            let digest = number(tcp::SEQ) << 32 ^ number(tcp::ACK) << 12 ^ number(tcp::LEN) << 2 ^ flags << 48;
            ladder.rungs.push(rung(mark, &ends, label, kind, digest));
        });
    }

    /// The ladder; nothing where no segment was meant.
    pub fn finish(self) -> Option<Ladder> {
        (!self.ladder.rungs.is_empty()).then_some(self.ladder)
    }
}
