//! An edge node: captures and spools, keeps nothing for others, and brings what it has to the cluster through any node of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use packetstream_config::{Address, Bundle};
use packetstream_protocol::ids::{ChunkId, ChunkNo, Epoch, HostId};
use packetstream_protocol::wire::{NameHost, Request, Response, StreamAck};
use packetstream_storage::SpoolOptions;
use tokio::sync::mpsc;

use super::capturing::{CaptureError, Captures, Capturing, Counts, Fate, Outlet};
use super::hub::{RouteEnd, addresses};
use super::{Ending, StartError};
use crate::capture::LiveConfig;
use crate::client::delivery;
use crate::net::{Client, Limits};

/// Chunks between the spool and the network.
const CHUNKS_WAITING: usize = 8;
/// An edge node never gives up.
const PATIENCE: Duration = Duration::MAX;
/// What was refused for what it is may be taken when an operator has changed something: only then is it worth a restart.
const REFUSED_FOR: Duration = Duration::from_secs(60);
/// How often it asks where the cluster's nodes are.
const LEARN_INTERVAL: Duration = Duration::from_secs(30);

/// What an edge node has to know.
pub struct EdgePlan {
    pub bundle: Bundle,
    pub seeds: Vec<Address>,
    pub(crate) captures: Captures,
    pub data: std::path::PathBuf,
}

impl EdgePlan {
    /// All of it.
    pub fn new(
        bundle: Bundle,
        seeds: Vec<Address>,
        lives: Vec<LiveConfig>,
        spool: std::path::PathBuf,
        options: SpoolOptions,
        data: std::path::PathBuf,
    ) -> Self {
        Self { bundle, seeds, captures: Captures { lives, spool, options, followers: Arc::default() }, data }
    }
}

/// Runs until the process is asked to end.
///
/// # Errors
/// When it cannot start.
pub async fn run(plan: EdgePlan, ready: impl FnOnce()) -> Result<(), StartError> {
    let host = HostId::of_node(&plan.bundle.identity().node);
    let client = Arc::new(Client::new(&plan.bundle, &plan.seeds, Limits::default())?);
    let (chunks, mut out) = mpsc::channel(CHUNKS_WAITING);
    let (told, fates) = crossbeam_channel::unbounded();
    let outlet: Outlet = Box::new(move |chunk| chunks.try_send(chunk).is_ok());
    let epochs = plan.data.join("epoch");
    let capturing = Capturing::start(&plan.captures, host, || next_epoch(&epochs), outlet, fates, Counts::default())?;
    tracing::info!(%host, "edge node");
    let ending = Ending::listen()?;
    ready();
    let name = NameHost { host, name: plan.bundle.name().to_owned() };
    let learning = tokio::spawn(learn(client.clone(), name));
    let delivering = tokio::spawn(async move {
        let mut source = futures::stream::poll_fn(move |context| out.poll_recv(context));
        let mut release = move |ack: &StreamAck| {
            for no in ack.chunks.iter() {
                let chunk = ChunkId { stream: ack.stream, no: ChunkNo(no) };
                // The spool is gone when the process ends.
                let _ = told.send(Fate { chunk, end: RouteEnd::Released });
            }
        };
        loop {
            match delivery::deliver(&client, host, &mut source, PATIENCE, &mut release).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(%error, "captured packets stay in the spool");
                    tokio::time::sleep(REFUSED_FOR).await;
                }
            }
        }
    });
    ending.asked().await;
    tracing::info!("ending");
    let stopped = tokio::task::spawn_blocking(move || capturing.stop()).await;
    if let Ok(Err(error)) = stopped {
        tracing::error!(%error, "capture");
    }
    delivering.abort();
    learning.abort();
    Ok(())
}

/// Any node may be spoken to, not only the seeds; and people are told what the host is called.
async fn learn(client: Arc<Client>, name: NameHost) {
    let mut is_named = false;
    loop {
        if !is_named {
            is_named = client.call(&Request::NameHost(name.clone())).await.is_ok();
        }
        if let Ok(Response::Cluster(report)) = client.call(&Request::Cluster).await {
            client.learn(report.members.iter().flat_map(|member| addresses(&member.addresses))).await;
        }
        tokio::time::sleep(LEARN_INTERVAL).await;
    }
}

/// A number that no capture of this edge node had before, kept in a file.
fn next_epoch(path: &Path) -> Result<Epoch, CaptureError> {
    let io = |error| CaptureError::Io { path: path.to_owned(), error };
    let last = match std::fs::read_to_string(path) {
        Ok(text) => text.trim().parse::<u32>().map_err(|error| io(std::io::Error::other(error)))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(io(error)),
    };
    let next = last.wrapping_add(1);
    let file = path.with_extension("new");
    let written = std::fs::write(&file, format!("{next}\n")).and_then(|()| std::fs::File::open(&file)?.sync_all());
    written.and_then(|()| std::fs::rename(&file, path)).map_err(io)?;
    Ok(Epoch(next))
}
