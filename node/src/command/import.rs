//! `packetstream import`: capture files into the cluster.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use packetstream_protocol::chunk::Compression;
use packetstream_protocol::wire::{HostRef, NameHost, PutOpen, Request, Response};
use packetstream_protocol::{HostId, RangeSet};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::query::host;
use crate::capture::ImportPlan;
use crate::cli::Import;
use crate::client::{Session, failure};
use crate::exit::{Failure, Outcome, say};
use crate::net::{RpcError, RpcReceiver};

/// Octets under way that no node's word can make more of: the memory of an import is bounded by it.
const MAX_CREDIT_BYTES: usize = 64 << 20;

pub(super) fn run(args: &Import) -> Outcome {
    let session = Session::open(&args.peer)?;
    let host = args.host.as_deref().map(|name| named(&session, name)).transpose()?;
    let mut damaged = None;
    for path in &args.files {
        match file(&session, path, host) {
            Ok(()) => {}
            // A damaged file is said at once, and the others go on; the last one is the outcome.
            Err(Failure::Incomplete(line)) => {
                if let Some(before) = damaged.replace(line) {
                    eprintln!("packetstream: {before}");
                }
            }
            Err(other) => return Err(other),
        }
    }
    damaged.map_or(Ok(()), |line| Err(Failure::Incomplete(line)))
}

/// The host of a UUID or name; a new name gets a UUID of its own, always the same.
fn named(session: &Session, text: &str) -> Result<HostId, Failure> {
    let name = match host(text) {
        HostRef::Id(id) => return Ok(id),
        HostRef::Name(name) => name,
    };
    let Response::Hosts(rows) = session.call(&Request::Hosts)? else { return Err(failure(RpcError::Unexpected)) };
    if let Some(row) = rows.iter().find(|row| row.name == name) {
        return Ok(row.host);
    }
    let id = HostId::from(Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes()));
    session.call(&Request::NameHost(NameHost { host: id, name }))?;
    Ok(id)
}

fn file(session: &Session, path: &Path, host: Option<HostId>) -> Outcome {
    let mut plan = ImportPlan::of(path, host).map_err(Failure::wrong)?;
    let (stream, total) = (plan.stream, plan.bytes);
    let Response::Have(have) = session.call(&Request::Have(stream))? else { return Err(failure(RpcError::Unexpected)) };
    let bar = ProgressBar::new(total);
    bar.set_style(
        ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
            .map_err(Failure::wrong)?,
    );
    bar.set_message(path.display().to_string());
    let mut chunks = plan.chunks(Compression::default()).map_err(Failure::wrong)?;
    let taken = chunks.bytes_taken();
    let sent = session.runtime.block_on(async {
        let mut put = session.client.open(&Request::Put(PutOpen { host: stream.host })).await.map_err(failure)?;
        let Some(Response::Ready(ready)) = put.recv::<Response>().await.map_err(failure)? else {
            return Err(failure(RpcError::Unexpected));
        };
        let window = usize::try_from(ready.credit).unwrap_or(usize::MAX).min(MAX_CREDIT_BYTES);
        let credit = Semaphore::new(window);
        let (mut sender, receiver) = put.split();
        let sending = async {
            let (mut sent, mut there) = (RangeSet::default(), 0u64);
            for chunk in &mut chunks {
                bar.set_position(taken.load(std::sync::atomic::Ordering::Relaxed));
                if have.chunks.contains(chunk.id().no.0) {
                    there += 1;
                    continue;
                }
                let bytes = u32::try_from(chunk.bytes().len().min(window)).unwrap_or(u32::MAX);
                let Ok(permit) = credit.acquire_many(bytes).await else { break };
                permit.forget();
                sender.send_chunk(chunk.bytes()).await.map_err(failure)?;
                sent.insert(chunk.id().no.0);
            }
            sender.finish().await.map_err(failure)?;
            Ok((sent, there))
        };
        let (sent, durable) = tokio::join!(sending, acknowledged(receiver, &credit, ready.credit));
        let durable = durable?;
        let (sent, there): (RangeSet, u64) = sent?;
        if !durable.is_superset(&sent) {
            return Err(Failure::Unreachable(
                "the node did not acknowledge all chunks; import the file again".to_owned(),
            ));
        }
        Ok((sent.count(), there))
    });
    bar.finish_and_clear();
    let (sent, there) = sent?;
    let packets = chunks.packets();
    match sent {
        0 => say!("{}: {packets} packets were there already, host {}", path.display(), stream.host),
        _ => say!("{}: {packets} packets in {} chunks stored, host {}", path.display(), sent + there, stream.host),
    }
    match chunks.damage() {
        Some(damage) => Err(Failure::Incomplete(format!("{}: {damage}", path.display()))),
        None => Ok(()),
    }
}

/// Takes acknowledgements and gives their credit back, until the node is done.
async fn acknowledged(mut receiver: RpcReceiver, credit: &Semaphore, mut total: u64) -> Result<RangeSet, Failure> {
    let mut durable = RangeSet::default();
    let ended = loop {
        match receiver.recv::<Response>().await {
            Ok(Some(Response::Acks(acks))) => {
                acks.durable.iter().for_each(|ack| durable.union(&ack.chunks));
                if !acks.conflicts.is_empty() {
                    let why = "the cluster holds other packets under the names of these: another version made them";
                    break Err(Failure::Wrong(why.to_owned()));
                }
                let more = acks.credit.saturating_sub(total);
                total = total.max(acks.credit);
                // No more at once than a node may promise at first.
                credit.add_permits(usize::try_from(more).unwrap_or(0).min(MAX_CREDIT_BYTES));
            }
            Ok(Some(Response::Done)) => break Ok(durable),
            Ok(Some(Response::Refused(refusal))) => break Err(failure(RpcError::Refused(refusal))),
            Ok(Some(_)) => break Err(failure(RpcError::Unexpected)),
            Ok(None) => break Err(failure(RpcError::Closed)),
            Err(error) => break Err(failure(error)),
        }
    };
    // Whoever waits for credit must not wait for ever.
    credit.close();
    ended
}
