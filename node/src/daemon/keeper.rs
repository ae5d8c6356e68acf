//! The actor that holds the store to its retention, and the watchdog that makes actors anew.
//!
//! actix restarts an actor that stops, not one that panics. The watchdog asks every actor for a sign of life and makes one
//! anew, from its factory, that gives none.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix::prelude::*;
use packetstream_protocol::Timestamp;
use packetstream_storage::{ChunkStore, Retention};

use super::service::Board;

/// How often retention is looked after.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60);
/// How often actors are asked for a sign of life, and how long they have to give it.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// A question for a sign of life.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Ping;

/// Drops what is older or more than the node is to keep.
pub(crate) struct Keeper {
    pub(crate) store: Arc<dyn ChunkStore>,
    pub(crate) retention: Retention,
}

impl Actor for Keeper {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(RETENTION_INTERVAL, |keeper, _| keeper.apply());
    }
}

impl Keeper {
    fn apply(&self) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX));
        let (store, retention) = (self.store.clone(), self.retention);
        // Dropping an hour can take a while, and an actor must answer in time.
        tokio::task::spawn_blocking(move || match retention.apply(&*store, now) {
            Ok(dropped) if dropped.chunks > 0 => {
                tracing::info!(chunks = dropped.chunks, packets = dropped.packets, "retention dropped packets");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "retention"),
        });
    }
}

impl Handler<Ping> for Keeper {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}

/// An actor that the watchdog looks after.
pub(crate) struct Ward {
    pub(crate) name: &'static str,
    /// Makes the actor, the first time and after each loss.
    pub(crate) factory: Box<dyn Fn() -> Recipient<Ping>>,
}

/// Looks after actors, for as long as the system runs.
pub(crate) async fn watch(wards: Vec<Ward>, board: Arc<Board>) {
    let mut alive: Vec<_> = wards.into_iter().map(|ward| ((ward.factory)(), 0, ward)).collect();
    let mut tick = tokio::time::interval(PING_INTERVAL);
    loop {
        for (address, restarts, ward) in &mut alive {
            let answered = tokio::time::timeout(PING_INTERVAL, address.send(Ping)).await;
            if !matches!(answered, Ok(Ok(()))) {
                *restarts += 1;
                tracing::error!(actor = ward.name, restarts = *restarts, "actor gave no sign of life and is made anew");
                *address = (ward.factory)();
            }
            board.lock().insert(ward.name.to_owned(), (*restarts, "running".to_owned()));
        }
        tick.tick().await;
    }
}
