//! `packetstream import`: capture files into the cluster.

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use packetstream_protocol::chunk::{Compression, Sealer, Unsealed};
use packetstream_protocol::credentials::Role;
use packetstream_protocol::wire::{HostRef, NameHost, Request, Response, StreamAck};
use packetstream_protocol::{Chunk, HostId, RangeSet};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::query::host;
use crate::capture::{ImportChunks, ImportPlan};
use crate::cli::Import;
use crate::client::delivery::{self, DeliveryError};
use crate::client::{Session, failure};
use crate::exit::{Failure, Outcome, complain, say};
use crate::net::RpcError;

/// Chunks that wait to be sealed, and to be sent: enough for all threads to work, and a few megabytes.
const CHUNKS_WAITING: usize = 8;

/// Threads that seal. More would only wait for the network.
const MAX_SEALERS: usize = 4;

pub(super) fn run(args: &Import) -> Outcome {
    let session = Session::open(&args.peer)?;
    let host = match &args.host {
        Some(name) => Some(named(&session, name)?),
        // An edge node may write as one host alone, and need not say which.
        None if session.identity.role == Role::Edge => {
            let host = HostId::of_node(&session.identity.node);
            session.call(&Request::NameHost(NameHost { host, name: session.identity.name.clone() }))?;
            Some(host)
        }
        None => None,
    };
    let mut damaged = None;
    for path in &args.files {
        match file(&session, path, host, args) {
            Ok(()) => {}
            // A damaged file is said at once, and the others go on; the last one is the outcome.
            Err(Failure::Incomplete(line)) => {
                if let Some(before) = damaged.replace(line) {
                    complain(before);
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

fn file(session: &Session, path: &Path, host: Option<HostId>, args: &Import) -> Outcome {
    let mut plan = ImportPlan::of(path, host).map_err(Failure::wrong)?;
    let (stream, total) = (plan.stream, plan.bytes);
    let Response::Have(have) = session.call(&Request::Have(stream))? else { return Err(failure(RpcError::Unexpected)) };
    if args.peer.json {
        let (host, epoch) = (stream.host.to_string(), stream.epoch.0);
        say!("{}", json!({ "file": path, "host": host, "epoch": epoch, "held": have.chunks.ranges() }));
    }
    let bar = ProgressBar::new(total);
    bar.set_style(
        ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
            .map_err(Failure::wrong)?,
    );
    bar.set_message(path.display().to_string());
    let mut chunks = plan.chunks().map_err(Failure::wrong)?;
    let (mut stored, mut there) = (0, 0);
    let mut told = |ack: &StreamAck, bytes: u64| {
        stored += ack.chunks.count();
        bar.set_position(bytes);
        if args.peer.json {
            say!("{}", json!({ "acknowledged": ack.chunks.ranges() }));
        }
    };
    let patience = Duration::from_secs(args.patience);
    let delivered = send(session, stream.host, &mut chunks, &have.chunks, patience, &mut told, &mut there);
    bar.finish_and_clear();
    delivered?;
    let packets = chunks.packets();
    match stored {
        _ if args.peer.json => say!("{}", json!({ "packets": packets, "stored": stored, "there": there })),
        0 => say!("{}: {packets} packets were there already, host {}", path.display(), stream.host),
        _ => {
            let chunks = stored + there;
            let several = if chunks == 1 { "" } else { "s" };
            say!("{}: {packets} packets in {chunks} chunk{several} stored, host {}", path.display(), stream.host);
        }
    }
    match chunks.damage() {
        Some(damage) => Err(Failure::Incomplete(format!("{}: {damage}", path.display()))),
        None => Ok(()),
    }
}

/// Reads, seals and delivers at the same time, each on threads of its own; the order of the chunks stays.
fn send(
    session: &Session,
    host: HostId,
    chunks: &mut ImportChunks<'_>,
    have: &RangeSet,
    patience: Duration,
    told: &mut (dyn FnMut(&StreamAck, u64) + Send),
    there: &mut u64,
) -> Result<(), Failure> {
    let taken = chunks.bytes_taken();
    let (jobs, to_seal) = crossbeam_channel::bounded::<(Unsealed, oneshot::Sender<Chunk>)>(CHUNKS_WAITING);
    let (order, mut in_order) = mpsc::channel::<oneshot::Receiver<Chunk>>(CHUNKS_WAITING);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_SEALERS) {
            let to_seal = to_seal.clone();
            scope.spawn(move || {
                let mut sealer = Sealer::new(Compression::default());
                for (chunk, reply) in to_seal {
                    // Nobody waits for it when the delivery has ended.
                    let _ = reply.send(sealer.seal(chunk));
                }
            });
        }
        scope.spawn(move || {
            for chunk in chunks {
                if have.contains(chunk.id().no.0) {
                    *there += 1;
                    continue;
                }
                let (reply, sealed) = oneshot::channel();
                if order.blocking_send(sealed).is_err() || jobs.send((chunk, reply)).is_err() {
                    return;
                }
            }
        });
        let mut source = futures::stream::poll_fn(move |context| in_order.poll_recv(context))
            .buffered(CHUNKS_WAITING)
            .filter_map(|sealed| std::future::ready(sealed.ok()));
        let mut told = |ack: &StreamAck| told(ack, taken.load(Ordering::Relaxed));
        let delivery = delivery::deliver(&session.client, host, &mut source, patience, &mut told);
        let delivered = session.runtime.block_on(delivery);
        delivered.map_err(|error| match error {
            DeliveryError::Refused(error) => failure(error),
            DeliveryError::Conflict => Failure::wrong(error),
            stalled @ DeliveryError::Stalled { .. } => {
                Failure::Unreachable(format!("{stalled}; import the file again to go on where it ended"))
            }
        })
    })
}
