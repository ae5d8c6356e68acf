//! How a UDP traceroute is known: it sends probes with a small time to live on purpose, which say nothing of a fault.

use crate::dissector::{Endpoints, Transport};

/// A traceroute goes on for no longer than that.
pub(super) const LENGTH_NS: i64 = 120_000_000_000;
/// Its ports begin there and count up with each probe.
const PORTS: std::ops::Range<u16> = 33_434..33_934;

/// Whether a datagram goes where probes go.
pub(super) fn is_probe(ends: &Endpoints) -> bool {
    ends.transport == Transport::Udp && PORTS.contains(&ends.dst_port)
}
