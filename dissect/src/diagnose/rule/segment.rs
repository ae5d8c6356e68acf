//! What the TCP rules see of a segment.

use crate::diagnose::Seen;
use crate::dissector::{Endpoints, Transport};
use crate::proto::tcp;

const FIN: u64 = 1;
const SYN: u64 = 2;
const RST: u64 = 4;
const PSH: u64 = 8;
const ACK: u64 = 16;

pub(super) struct Segment {
    /// In the direction in which it goes.
    pub(super) flow: Endpoints,
    flags: u64,
    pub(super) seq: u32,
    pub(super) ack: u32,
    /// Octets of payload.
    pub(super) len: u32,
}

impl Segment {
    /// The segment in a packet. `tcp.flags`, `tcp.seq_raw`, `tcp.ack_raw` and `tcp.len` must be asked for.
    pub(super) fn of(seen: &Seen<'_>) -> Option<Self> {
        let flow = seen.endpoints();
        if flow.transport != Transport::Tcp {
            return None;
        }
        Some(Self {
            flow,
            flags: seen.uint(tcp::FLAGS)?,
            seq: seen.uint(tcp::SEQ_RAW)? as u32,
            ack: seen.uint(tcp::ACK_RAW).unwrap_or_default() as u32,
            len: seen.uint(tcp::LEN).unwrap_or_default() as u32,
        })
    }

    /// The first of a connection (RFC 9293, 3.5).
    pub(super) fn is_opening(&self) -> bool {
        self.flags & (SYN | ACK | RST | FIN) == SYN
    }

    pub(super) fn has_syn(&self) -> bool {
        self.flags & SYN != 0
    }

    pub(super) fn has_reset(&self) -> bool {
        self.flags & RST != 0
    }

    pub(super) fn has_push(&self) -> bool {
        self.flags & PSH != 0
    }

    pub(super) fn has_fin(&self) -> bool {
        self.flags & FIN != 0
    }

    pub(super) fn has_ack(&self) -> bool {
        self.flags & ACK != 0
    }
}
