//! A query that goes on, through whichever node is there: when one dies the next one is asked to go on where it stopped.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use packetstream_config::Address;
use packetstream_protocol::wire::{Closing, Query, Request, Response, Row, Rows};
use packetstream_protocol::{HostId, Seq, Timestamp};
use tokio::time::{sleep, timeout};

use super::{Session, failure};
use crate::exit::Failure;
use crate::net::RpcError;

/// A node that says nothing for so long is left: it says every half second that it is there.
const SILENCE: Duration = Duration::from_secs(3);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(200);
/// For so long nodes are tried before the query is given up.
const GIVE_UP: Duration = Duration::from_secs(60);
/// Another node is asked again for what was captured so long before the last packet: later ones may have come out of order.
const OVERLAP_NS: u64 = 2_000_000_000;
/// Rows that are remembered so that they are not handed over twice.
const MAX_REMEMBERED: usize = 1 << 20;

/// What was handed over of the last seconds.
#[derive(Default)]
struct Given {
    rows: BTreeSet<(Timestamp, HostId, Seq, bool)>,
    last: Option<Timestamp>,
}

impl Given {
    /// Whether the row is new.
    fn take(&mut self, row: &Row) -> bool {
        let is_gap = row.payload.is_beside();
        if !self.rows.insert((row.time, row.host, row.seq, is_gap)) && !is_gap {
            return false;
        }
        self.last = self.last.max(Some(row.time));
        let floor = self.last.map_or(0, |last| last.0.saturating_sub(OVERLAP_NS));
        while self.rows.len() > MAX_REMEMBERED || self.rows.first().is_some_and(|(time, ..)| time.0 < floor) {
            self.rows.pop_first();
        }
        true
    }
}

pub(super) async fn follow(
    session: &Session,
    query: &Query,
    take: &mut impl FnMut(Rows) -> Result<(), Failure>,
) -> Result<Closing, Failure> {
    let mut given = Given::default();
    let mut heard = Instant::now();
    let mut asked = query.clone();
    loop {
        let ended = once(session, &asked, &mut given, &mut heard, take).await;
        match ended {
            Ok(closing) => return Ok(closing),
            Err(Ended::Failed(failure)) => return Err(failure),
            Err(Ended::Gone(error)) if heard.elapsed() > GIVE_UP => return Err(failure(error)),
            Err(Ended::Gone(error)) => tracing::warn!(%error, "the node is gone; another one is asked"),
        }
        session.client.move_on().await;
        sleep(PAUSE).await;
        if let Some(last) = given.last {
            let again = Timestamp(last.0.saturating_sub(OVERLAP_NS));
            asked.since = Some(query.since.map_or(again, |since| since.max(again)));
        }
    }
}

enum Ended {
    /// The node; another one may go on.
    Gone(RpcError),
    Failed(Failure),
}

async fn once(
    session: &Session,
    query: &Query,
    given: &mut Given,
    heard: &mut Instant,
    take: &mut impl FnMut(Rows) -> Result<(), Failure>,
) -> Result<Closing, Ended> {
    if let Ok(Response::Cluster(cluster)) = session.client.call(&Request::Cluster).await {
        let addresses = cluster.members.iter().flat_map(|member| &member.addresses);
        session.client.learn(addresses.filter_map(|text| text.parse::<Address>().ok())).await;
    }
    let mut stream = session.client.open(&Request::Query(query.clone())).await.map_err(Ended::Gone)?;
    loop {
        let response = match timeout(SILENCE, stream.recv::<Response>()).await {
            Ok(Ok(Some(response))) => response,
            Ok(Ok(None)) => return Err(Ended::Gone(RpcError::Closed)),
            Ok(Err(error)) => return Err(Ended::Gone(error)),
            Err(_) => return Err(Ended::Gone(RpcError::Timeout)),
        };
        *heard = Instant::now();
        match response {
            Response::Rows(mut rows) => {
                rows.rows.retain(|row| given.take(row));
                take(rows).map_err(Ended::Failed)?;
            }
            Response::Closing(closing) => return Ok(closing),
            Response::Refused(refusal) => return Err(Ended::Failed(failure(RpcError::Refused(refusal)))),
            _ => return Err(Ended::Failed(failure(RpcError::Unexpected))),
        }
    }
}
