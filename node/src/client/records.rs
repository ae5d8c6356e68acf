//! The packets and gaps of the cluster's hosts, in order, as whoever judges them takes them.

use std::collections::{BTreeMap, BTreeSet};

use packetstream_dissect::{Numbering, Packet};
use packetstream_protocol::chunk::Gap;
use packetstream_protocol::wire::{Closing, OutputFormat, OutputSpec, Payload, Query, Request, Response};
use packetstream_protocol::{HostId, PacketId};

use super::Session;
use crate::exit::Failure;
use crate::packet;

/// What comes of a host.
pub(crate) enum Record<'a> {
    Packet(HostId, Packet<'a>, PacketId),
    Gap(HostId, Gap),
    /// Nothing more has come for the moment.
    Pause,
}

/// Hands what a query without filter meets to `take`: of each host in the order of time and sequence.
pub(crate) fn read(
    session: &Session,
    query: Query,
    mut take: impl FnMut(Record<'_>) -> Result<(), Failure>,
) -> Result<Closing, Failure> {
    let query = Query { output: OutputSpec::new(OutputFormat::Records), ..query };
    let mut places: BTreeMap<HostId, Numbering> = BTreeMap::new();
    // A part of the answer that is read again tells its gaps again.
    let mut gaps: BTreeSet<(HostId, u64, u64, u64)> = BTreeSet::new();
    session.rows(&Request::Query(query), |rows| {
        for row in &rows.rows {
            let packet = match &row.payload {
                Payload::Packet(packet) => packet,
                Payload::Gap(gap) => {
                    if gaps.insert((row.host, gap.from.0, gap.until.0, gap.packets)) {
                        take(Record::Gap(row.host, gap.clone()))?;
                    }
                    continue;
                }
                Payload::Rendered(_) | Payload::Finding(_) => continue,
            };
            let Some(interface) = rows.interfaces.get(packet.interface as usize) else { continue };
            let mut shown = packet::of_answer(row.id(), packet, interface);
            places.entry(row.host).or_default().number(&mut shown);
            take(Record::Packet(row.host, shown, row.id()))?;
        }
        take(Record::Pause)
    })
}

/// What hosts are called.
pub(crate) fn names(session: &Session) -> Result<BTreeMap<HostId, String>, Failure> {
    match session.call(&Request::Hosts)? {
        Response::Hosts(rows) => {
            Ok(rows.into_iter().filter(|row| !row.name.is_empty()).map(|row| (row.host, row.name)).collect())
        }
        _ => Ok(BTreeMap::new()),
    }
}
