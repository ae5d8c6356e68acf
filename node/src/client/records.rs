//! The packets and gaps of the cluster's hosts, in order, as whoever judges them takes them.

use std::collections::{BTreeMap, BTreeSet};

use packetstream_dissect::Packet;
use packetstream_protocol::chunk::{Gap, NO_TIME};
use packetstream_protocol::wire::{Closing, OutputFormat, OutputSpec, Payload, Query, Request, Response};
use packetstream_protocol::{HostId, PacketId};

use super::Session;
use crate::exit::Failure;

/// What comes of a host.
pub(crate) enum Record<'a> {
    Packet(HostId, Packet<'a>, PacketId),
    Gap(HostId, Gap),
    /// Nothing more has come for the moment.
    Pause,
}

/// Where the packets of a host stand.
struct Place {
    number: u64,
    first: i64,
    previous: i64,
}

/// Hands what a query without filter meets to `take`: of each host in the order of time and sequence.
pub(crate) fn read(
    session: &Session,
    query: Query,
    mut take: impl FnMut(Record<'_>) -> Result<(), Failure>,
) -> Result<Closing, Failure> {
    let query = Query { output: OutputSpec::new(OutputFormat::Records), ..query };
    let mut places: BTreeMap<HostId, Place> = BTreeMap::new();
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
            let of = &interface.interface;
            let time = i64::try_from(row.time.0).unwrap_or(i64::MAX);
            let place = places.entry(row.host).or_insert(Place { number: 0, first: time, previous: time });
            place.number += 1;
            let shown = Packet {
                time_digits: if of.resolution & 0x80 == 0 { of.resolution.min(9) } else { 9 },
                number: place.number,
                time,
                time_previous: std::mem::replace(&mut place.previous, time),
                time_displayed: None,
                time_first: place.first,
                link_type: of.link_type,
                interface: interface.number.into(),
                interface_name: (!of.name.is_empty()).then_some(of.name.as_str()),
                interface_description: None,
                has_time: packet.flags & NO_TIME == 0,
                orig_len: packet.orig_len,
                bytes: &packet.bytes,
                comment: packet.comment.as_deref(),
                names: None,
                pseudo_header: &[],
            }
            .split();
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
