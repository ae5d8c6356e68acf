//! The daemon: actors for what lives and dies, and the service that answers peers.

mod answer;
mod capturing;
mod conversation;
mod keeper;
pub mod service;
mod stream;

use std::sync::Arc;
use std::time::Instant;

use packetstream_config::{Address, Bundle};
use packetstream_storage::{ChunkStore, Retention, RocksOptions, RocksStore, StoreError};
use thiserror::Error;

use crate::capture::LiveConfig;
use crate::net::{ConnectError, Endpoint, Limits, ListenError};
pub use capturing::CaptureError;
use conversation::Conversations;
use keeper::{Keeper, Ward};
pub use service::Service;

#[cfg(test)]
mod tests;

/// All that a daemon has to know.
pub struct Plan {
    pub bundle: Bundle,
    pub listen: Address,
    pub store: std::path::PathBuf,
    pub retention: Retention,
    pub roles: Vec<String>,
    pub spool: std::path::PathBuf,
    pub captures: Vec<LiveConfig>,
}

/// Why a daemon did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("the actors' thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Runs a daemon until it is told to end; `ready` is told where it listens.
///
/// # Errors
/// When it cannot start.
pub async fn run(plan: Plan, ready: impl FnOnce(std::net::SocketAddr)) -> Result<(), StartError> {
    let store: Arc<dyn ChunkStore> = Arc::new(RocksStore::open(&plan.store, RocksOptions::default())?);
    let node = plan.bundle.identity().node;
    let name = plan.bundle.name().to_owned();
    let service = Arc::new(Service::new(store.clone(), node, name, plan.roles, Instant::now()));
    let endpoint = Endpoint::start(&plan.bundle, Limits::default(), Conversations(service.clone()))?;
    let address = endpoint.listen(&plan.listen).await?;

    let capturing = capturing::Capturing::start(&plan.captures, &plan.spool, &service)?;
    let (retention, board) = (plan.retention, service.board.clone());
    // Actors live on one thread of their own: a slow one never holds up the network.
    std::thread::Builder::new().name("actors".to_owned()).spawn(move || {
        let system = actix::System::new();
        system.block_on(async move {
            use actix::Actor;
            let factory = move || Keeper { store: store.clone(), retention }.start().recipient();
            let ward = Ward { name: "keeper", factory: Box::new(factory) };
            keeper::watch(vec![ward], board).await;
        });
    })?;
    ready(address);
    ended().await;
    tracing::info!("ending");
    if let Some(capturing) = capturing {
        // What was captured until now is stored before the process ends.
        let stopped = tokio::task::spawn_blocking(move || capturing.stop()).await;
        if let Ok(Err(error)) = stopped {
            tracing::error!(%error, "capture");
        }
    }
    Ok(())
}

/// Returns when the process is asked to end.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
