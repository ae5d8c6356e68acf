//! Transmission Control Protocol (RFC 9293): segments, what they say of each other, and the messages that they carry.

mod analysis;
mod carried;
mod fields;
mod options;
mod reassembly;
mod samples;
mod show;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use analysis::{ACK as FLAG_ACK, RST, SYN, finding};
pub use fields::*;
pub use reassembly::{Piece, Whole};
pub(crate) use stream::Flows;
pub use stream::Stream;
pub(crate) use stream::{claim, claim_anew, claim_via, expect_no_body, frame_as_known, speaks, stream_index};

use super::udp::octets;
use crate::bindings::{Binding, Table};
use crate::dissector::{Dissector, Endpoints, Transport};
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

const HEADER_LEN: usize = 20;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::TcpPort, Table::TcpHeuristic],
    calls: &[ProtoId::Data],
    samples: samples::SAMPLES,
    ..Protocol::new(ProtoId::Tcp, "TCP", &[Binding::IpProto(6)], dissect)
};

/// Whether and how windows of a direction are scaled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// The SYN was not seen.
    Unknown,
    Unused,
    /// Shifted to the left by so many bits.
    By(u8),
}

/// Bits of [`Fact::Tcp`](crate::facts::Fact::Tcp) beside the findings: the segment is of the second direction of its conversation.
const SECOND: u32 = 1 << 20;
/// The analysis has something to show.
const ANALYZED: u32 = 1 << 21;
/// The FIN is of the side that closes first.
const CLOSES: u32 = 1 << 23;
/// The message that comes next in the direction has no body, whatever its headers say.
const BODILESS: u32 = 1 << 24;

/// What the first pass says of one segment: [`Fact::Tcp`](crate::facts::Fact::Tcp).
#[derive(Clone)]
struct Known {
    stream: Arc<Stream>,
    bits: u32,
    child: Option<ProtoId>,
    via: Option<ProtoId>,
    since_previous: i64,
}

impl Known {
    fn side(&self) -> usize {
        usize::from(self.bits & SECOND != 0)
    }

    fn found(&self, findings: u32) -> bool {
        self.bits & findings != 0
    }
}

/// A segment's header.
struct Header {
    src: u16,
    dst: u16,
    seq: u32,
    ack: u32,
    flags: u16,
    window: u16,
    /// Octets of header, as the header says.
    len: usize,
    /// Octets of payload, where the whole header is there.
    payload: Option<usize>,
    /// Which occurrence of TCP in the frame it is.
    layer: u8,
    endpoints: Endpoints,
}

impl Header {
    fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (src, dst) = (tvb.u16(0)?, tvb.u16(2)?);
    d.endpoints.transport = Transport::Tcp;
    (d.endpoints.src_port, d.endpoints.dst_port) = (src, dst);
    d.set_protocol("TCP");
    d.set_info(|| format!("{src} → {dst}"));
    let item = d.begin(PROTO, tvb);
    d.text(item, || format!("Transmission Control Protocol, Src Port: {src}, Dst Port: {dst}"));
    d.add(SRCPORT, tvb, 0, 2, Value::Uint(src.into()));
    d.add(DSTPORT, tvb, 2, 2, Value::Uint(dst.into()));
    d.hidden(PORT, tvb, 0, 2, Value::Uint(src.into()));
    d.hidden(PORT, tvb, 2, 2, Value::Uint(dst.into()));
    if d.is_quoted {
        // RFC 792 lets an error quote no more than eight octets.
        let seq = tvb.u32(4)?;
        let item = d.add(SEQ, tvb, 4, 4, Value::Uint(seq.into()));
        d.text(item, || format!("Sequence Number: {seq}"));
    }
    let (seq, ack) = (tvb.u32(4)?, tvb.u32(8)?);
    let (flags, window) = (tvb.u16(12)? & 0x0fff, tvb.u16(14)?);
    let len = usize::from(tvb.u8(12)? >> 4) * 4;
    let payload = tvb.reported().checked_sub(len).filter(|_| !d.is_quoted && tvb.reported() >= HEADER_LEN);
    let header = Header {
        src,
        dst,
        seq,
        ack,
        flags,
        window,
        len,
        payload,
        layer: d.occurrence(ProtoId::Tcp),
        endpoints: d.endpoints,
    };
    d.set_len(item, len.max(HEADER_LEN));

    let mut known = stream::follow(d, &header, tvb);
    if let Some(known) = &mut known
        && header.flags & (SYN | FLAG_ACK) == SYN | FLAG_ACK
        && header.payload.is_some()
        && known.stream.is_reused(known.side(), d.packet.number, seq)
    {
        known.bits |= finding::REUSED_PORTS | ANALYZED;
    }
    show::segment(d, tvb, item, &header, known.as_ref())
}

/// Shows the payload and hands its messages on. Closes TCP's item.
fn payload<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, known: Option<&Known>) {
    let payload = tvb.from(header.len.max(HEADER_LEN));
    if payload.bytes().is_empty() {
        d.close();
        carried::close(d, header);
        return;
    }
    if header.has(RST) {
        // RFC 9293, 3.5.3 lets a reset say why.
        d.string(RESET_CAUSE, payload, 0, payload.len());
        d.close();
        return;
    }
    let item = d.bytes(PAYLOAD, payload, 0, payload.len());
    d.text(item, || format!("TCP payload ({})", octets(payload.len())));
    if d.is_quoted {
        d.close();
        carried::hand_on(d, payload);
        return;
    }
    carried::show(d, payload, header, known);
    carried::close(d, header);
}
