//! The actor that holds the store to its retention, and the watchdog that makes actors anew.
//!
//! actix restarts an actor that stops, not one that panics. The watchdog asks every actor for a sign of life and makes one
//! anew, from its factory, that gives none. One that was only held up, by a disk for example, may come back after that: its
//! [`Tenure`] has ended, and it does nothing more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix::prelude::*;
use packetstream_core::Input;
use packetstream_protocol::{RangeSet, StreamId, Timestamp};
use packetstream_storage::Retention;
use parking_lot::Mutex;

use super::hub::Hub;
use super::service::Board;

/// How often retention is looked after.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60);
/// How often actors are asked for a sign of life, and how long they have to give it: longer than a busy disk takes to sync, for
/// which the next one would wait as well. One that panicked is known to be lost at once.
const PING_INTERVAL: Duration = Duration::from_millis(500);
const PING_TIMEOUT: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 15 });
/// An actor that is lost again at once is made anew after a while that doubles up to this.
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// An actor that has lived for so long is well.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// A question for a sign of life.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Ping;

/// Faults that a test has planted in actors and threads: each strikes once.
#[derive(Default)]
pub(crate) struct Plant(Mutex<BTreeMap<String, Fault>>);

/// What happens to an actor or a thread.
pub(crate) enum Fault {
    Panic,
    /// It is held up until the other end is dropped.
    #[cfg(test)]
    Stall(std::sync::mpsc::Receiver<()>),
}

impl Plant {
    pub(crate) fn new(faults: impl IntoIterator<Item = (String, Fault)>) -> Self {
        Self(Mutex::new(faults.into_iter().collect()))
    }

    /// Does what was planted for this actor.
    pub(crate) fn strike(&self, actor: &str) {
        let planted = self.0.lock().remove(actor);
        match planted {
            None => {}
            Some(Fault::Panic) => panic!("a panic was planted in {actor}"),
            #[cfg(test)]
            Some(Fault::Stall(until)) => drop(until.recv()),
        }
    }
}

/// For how long an actor is the one that counts: until another is made in its place.
#[derive(Clone, Default)]
pub(crate) struct Tenure(Arc<AtomicBool>);

impl Tenure {
    fn end(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Drops what is older or more than the node is to keep.
pub(crate) struct Keeper {
    pub(crate) hub: Arc<Hub>,
    pub(crate) retention: Retention,
    pub(crate) tenure: Tenure,
}

impl Actor for Keeper {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(RETENTION_INTERVAL, |keeper, context| {
            if keeper.tenure.has_ended() {
                return context.stop();
            }
            keeper.apply();
        });
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        Arbiter::current().stop();
    }
}

impl Keeper {
    fn apply(&self) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX));
        let (hub, retention) = (self.hub.clone(), self.retention);
        // Dropping an hour can take a while, and an actor must answer in time.
        tokio::task::spawn_blocking(move || {
            let by_age = Retention { bytes_max: None, ..retention };
            drop_by(&hub, by_age, now, |stream, chunks| Input::Expired { stream, chunks });
            let by_size = Retention { age: None, ..retention };
            drop_by(&hub, by_size, now, |stream, chunks| Input::Dropped { stream, chunks });
        });
    }
}

/// Drops what a policy wants dropped, and tells the machine.
fn drop_by(hub: &Hub, retention: Retention, now: Timestamp, told: impl Fn(StreamId, RangeSet) -> Input) {
    let held = || -> BTreeMap<StreamId, RangeSet> {
        hub.store.streams(None).into_iter().map(|usage| (usage.stream, usage.have)).collect()
    };
    if retention == Retention::default() {
        return;
    }
    let before = held();
    match retention.apply(&*hub.store, now) {
        Ok(dropped) if dropped.chunks > 0 => {
            tracing::info!(chunks = dropped.chunks, packets = dropped.packets, "retention dropped packets");
            let after = held();
            for (stream, chunks) in before {
                let gone = after.get(&stream).map_or_else(|| chunks.clone(), |left| chunks.difference(left));
                if !gone.is_empty() {
                    hub.inputs.push(told(stream, gone));
                }
            }
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "retention"),
    }
}

impl Handler<Ping> for Keeper {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {
        self.hub.plant.strike("keeper");
    }
}

/// An actor that the watchdog looks after.
pub(crate) struct Ward {
    pub(crate) name: &'static str,
    /// Makes the actor, the first time and after each loss.
    pub(crate) factory: Box<dyn Fn(Tenure) -> Recipient<Ping>>,
}

/// A ward's life.
struct Life {
    ward: Ward,
    address: Recipient<Ping>,
    tenure: Tenure,
    since: tokio::time::Instant,
    restarts: u64,
    backoff: Duration,
    /// When it is to be made anew, if it is lost.
    due: Option<tokio::time::Instant>,
}

/// Looks after actors, for as long as the system runs.
pub(crate) async fn watch(wards: Vec<Ward>, board: Arc<Board>) {
    let life = |ward: Ward| {
        let (tenure, since) = (Tenure::default(), tokio::time::Instant::now());
        let address = (ward.factory)(tenure.clone());
        Life { ward, address, tenure, since, restarts: 0, backoff: Duration::ZERO, due: None }
    };
    let mut alive: Vec<Life> = wards.into_iter().map(life).collect();
    let mut tick = tokio::time::interval(PING_INTERVAL);
    loop {
        for life in &mut alive {
            life.look().await;
            let state = if life.due.is_some() { "lost" } else { "running" };
            board.lock().insert(life.ward.name.to_owned(), (life.restarts, state.to_owned()));
        }
        tick.tick().await;
    }
}

impl Life {
    async fn look(&mut self) {
        let now = tokio::time::Instant::now();
        if self.due.is_none() {
            let answered = tokio::time::timeout(PING_TIMEOUT, self.address.send(Ping)).await;
            if matches!(answered, Ok(Ok(()))) {
                if self.since.elapsed() >= WELL_AFTER {
                    self.backoff = Duration::ZERO;
                }
                return;
            }
            tracing::error!(actor = self.ward.name, "actor gives no sign of life");
            self.tenure.end();
            self.due = Some(now + self.backoff);
        }
        if self.due.is_some_and(|due| now >= due) {
            self.restarts += 1;
            tracing::error!(actor = self.ward.name, restarts = self.restarts, "actor is made anew");
            self.tenure = Tenure::default();
            self.address = (self.ward.factory)(self.tenure.clone());
            (self.since, self.due) = (now, None);
            self.backoff = (self.backoff * 2).clamp(Duration::from_secs(1), BACKOFF_MAX);
        }
    }
}
