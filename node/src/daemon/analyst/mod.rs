//! The actor that runs the analyses which the cluster's machine gives to this node: the diagnosis of each host of a partition, and
//! the standing rules over its packets.
//!
//! What it finds goes to the same nodes as the packets ([`record`]). A checkpoint says which chunks were looked at; the
//! machine copies it to the other owners of the partition. Who takes over reads the packets again, from the beginning or,
//! of a host with very much of it, from where something was still open, and says nothing twice ([`host`]).

mod feed;
mod host;
mod record;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use crossbeam_channel::{Receiver, Sender, unbounded};
use packetstream_core::Input;
use packetstream_protocol::Partition;
use packetstream_protocol::cluster::{Checkpoint, HostProgress, MAX_CHECKPOINT_STREAMS, MapId, Progress, StreamCut};
use packetstream_protocol::codec;
use packetstream_protocol::ids::{ChunkId, HostId};
use packetstream_protocol::wire::AnalysisRow;
use parking_lot::Mutex;
use tokio::sync::broadcast::{self, error::TryRecvError};

use super::hub::Hub;
use super::keeper::{Ping, Tenure};
use host::{HostRun, Past, Scene, Shown};
use record::Written;

/// The number under which the machine knows this analysis.
pub(crate) const DIAGNOSIS: u16 = 1;
/// How often it is looked whether there is something to do, and how long that may take at a time: an actor must answer.
const TICK: Duration = Duration::from_millis(20);
const SLICE: Duration = Duration::from_millis(200);
/// For hosts that are taken up.
const OPEN_SLICE: Duration = Duration::from_millis(100);
/// Of each host at a time.
const HOST_SLICE: Duration = Duration::from_millis(50);
/// A partition's checkpoint is made so often.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);
/// What `status` shows is made anew so often.
const BOARD_INTERVAL: Duration = Duration::from_millis(200);
/// Hosts whose packets are followed at once; the others wait until one of these has ended.
const MAX_MACHINES: usize = 1024;
/// Hosts that `status` shows of one node, those that are most behind first.
pub(crate) const MAX_ROWS: usize = 4096;

/// What the machine gave to this node, and how far it is; shared with those who ask.
#[derive(Default)]
pub(crate) struct Assigned {
    tasks: Mutex<BTreeMap<Partition, Option<Checkpoint>>>,
    pub(crate) board: Mutex<Vec<AnalysisRow>>,
}

impl Assigned {
    pub(crate) fn run(&self, partition: Partition, from: Option<Checkpoint>) {
        self.tasks.lock().insert(partition, from);
    }

    pub(crate) fn stop(&self, partition: Partition) {
        self.tasks.lock().remove(&partition);
    }

    /// The machine was made anew and says again what is to run.
    pub(crate) fn clear(&self) {
        self.tasks.lock().clear();
    }
}

/// One partition.
struct Job {
    hosts: BTreeMap<HostId, HostRun>,
    /// Hosts that are to be taken up: what the store knows of each is read when there is time.
    waiting: BTreeSet<HostId>,
    /// Hosts whose analysis met a defect.
    failed: BTreeMap<HostId, String>,
    past: BTreeMap<HostId, Past>,
    checkpointed: Instant,
}

/// See the module.
pub(crate) struct Analyst {
    hub: Arc<Hub>,
    news: broadcast::Receiver<ChunkId>,
    jobs: BTreeMap<Partition, Job>,
    told: Sender<Written>,
    written: Receiver<Written>,
    conversation: u64,
    shown: Option<Instant>,
    /// Where the next round begins, so that each host has its turn.
    turn: Option<(Partition, HostId)>,
    tenure: Tenure,
}

impl Analyst {
    pub(crate) fn new(hub: Arc<Hub>, tenure: Tenure) -> Self {
        let (told, written) = unbounded();
        let (news, conversation) = (hub.stored.subscribe(), hub.number());
        let (jobs, shown, turn) = (BTreeMap::new(), None, None);
        Self { hub, news, jobs, told, written, conversation, shown, turn, tenure }
    }

    /// Works for a while, then answers who asks, then works on.
    fn go_on(&mut self, context: &mut Context<Self>) {
        if self.tenure.has_ended() {
            return context.stop();
        }
        self.step();
        context.run_later(TICK, Self::go_on);
    }

    fn step(&mut self) {
        let now = Instant::now();
        self.take_tasks(now);
        self.take_news();
        self.open(now);
        self.take_written(now);
        self.run(now);
        for job in self.jobs.values_mut() {
            for run in job.hosts.values_mut().filter(|run| !run.records.is_settled()) {
                run.records.flush(&self.hub, self.conversation, &self.told, now);
            }
        }
        self.checkpoint(now);
        if self.shown.is_none_or(|at| now.duration_since(at) >= BOARD_INTERVAL) {
            self.shown = Some(now);
            self.show(now);
        }
    }

    fn take_tasks(&mut self, now: Instant) {
        let tasks = self.hub.analysis.tasks.lock();
        self.jobs.retain(|partition, _| tasks.contains_key(partition));
        let new: Vec<(Partition, Option<Checkpoint>)> = tasks
            .iter()
            .filter(|(partition, _)| !self.jobs.contains_key(partition))
            .map(|(partition, from)| (*partition, from.clone()))
            .collect();
        drop(tasks);
        if new.is_empty() {
            return;
        }
        tracing::info!(partitions = new.len(), "analyses run here from now on");
        for (partition, from) in new {
            let past = from.map(past_of).unwrap_or_default();
            let (hosts, waiting, failed) = Default::default();
            self.jobs.insert(partition, Job { hosts, waiting, failed, past, checkpointed: now });
        }
        self.look_at();
    }

    /// Looks at all that the store holds of the partitions that run here.
    fn look_at(&mut self) {
        for usage in self.hub.store.streams(None) {
            self.touch(usage.stream.host);
        }
    }

    fn touch(&mut self, host: HostId) {
        let Some(job) = self.jobs.get_mut(&host.partition()) else { return };
        if let Some(run) = job.hosts.get_mut(&host) {
            run.is_dirty = true;
            return;
        }
        if !job.failed.contains_key(&host) {
            job.waiting.insert(host);
        }
    }

    /// Takes up hosts that wait, until the time is up.
    fn open(&mut self, now: Instant) {
        for job in self.jobs.values_mut() {
            while now.elapsed() < OPEN_SLICE
                && let Some(host) = job.waiting.pop_first()
            {
                let past = job.past.remove(&host).unwrap_or_default();
                match HostRun::new(&*self.hub.store, host, past, Instant::now()) {
                    Ok(run) => drop(job.hosts.insert(host, run)),
                    Err(error) => drop(job.failed.insert(host, error.to_string())),
                }
            }
        }
    }

    fn take_news(&mut self) {
        loop {
            match self.news.try_recv() {
                Ok(id) => self.touch(id.stream.host),
                Err(TryRecvError::Lagged(_)) => self.look_at(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn take_written(&mut self, now: Instant) {
        while let Ok(written) = self.written.try_recv() {
            let host = written.stream.host;
            let run = self.jobs.get_mut(&host.partition()).and_then(|job| job.hosts.get_mut(&host));
            let notices = run.map(|run| run.records.written(&written, now)).unwrap_or_default();
            notices.into_iter().for_each(|notice| self.hub.standing.tell(notice));
        }
    }

    /// Each host in its turn, until the time is up.
    fn run(&mut self, now: Instant) {
        let rules = self.hub.standing.active();
        let mut order: Vec<(Partition, HostId)> = Vec::new();
        for (partition, job) in &self.jobs {
            let busy = job.hosts.iter().filter(|(_, run)| !run.is_idle());
            order.extend(busy.map(|(host, _)| (*partition, *host)));
        }
        let begin = self.turn.map_or(0, |turn| order.partition_point(|place| *place <= turn));
        order.rotate_left(begin);
        let all = self.jobs.values().flat_map(|job| job.hosts.values());
        let mut machines = all.filter(|run| run.is_reading()).count();
        for (partition, host) in order {
            if now.elapsed() >= SLICE {
                return;
            }
            self.turn = Some((partition, host));
            let Some(job) = self.jobs.get_mut(&partition) else { continue };
            let Some(run) = job.hosts.get_mut(&host) else { continue };
            if !run.is_reading() {
                if machines >= MAX_MACHINES {
                    continue;
                }
                machines += 1;
            }
            let now = Instant::now();
            let scene = Scene { store: &*self.hub.store, rules: &rules, now, until: now + HOST_SLICE };
            let failed = match catch_unwind(AssertUnwindSafe(|| run.step(&scene))) {
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "stopped: a packet meets a defect".to_owned(),
            };
            tracing::error!(%host, why = %failed, "the analysis of a host does not go on");
            job.hosts.remove(&host);
            job.failed.insert(host, failed);
        }
    }

    fn checkpoint(&mut self, now: Instant) {
        for (partition, job) in &mut self.jobs {
            let is_due = now.duration_since(job.checkpointed) >= CHECKPOINT_INTERVAL;
            // Nothing counts as looked at before what was found in it is durable.
            if !is_due || !job.hosts.values().any(|run| run.has_news) {
                continue;
            }
            if !job.hosts.values().all(|run| run.records.is_settled()) {
                continue;
            }
            job.checkpointed = now;
            let (mut cut, mut progress) = (Vec::new(), Progress::default());
            let waiting = job.past.iter().map(|(host, past)| (*host, past.clone()));
            let running = job.hosts.iter_mut().map(|(host, run)| {
                run.has_news = false;
                (*host, run.past())
            });
            for (host, past) in running.chain(waiting) {
                // What is beyond is read again by whoever takes over.
                if cut.len() + past.seen.len() > MAX_CHECKPOINT_STREAMS {
                    break;
                }
                cut.extend(past.seen.into_iter().map(|(stream, chunks)| StreamCut { stream, chunks }));
                let (is_finished, horizon) = (past.is_finished, past.horizon);
                progress.0.push(HostProgress { host, is_finished, horizon });
            }
            let Ok(state) = codec::encode(&progress) else { continue };
            let checkpoint = Checkpoint {
                analysis: DIAGNOSIS,
                partition: *partition,
                cut,
                runner: self.hub.me,
                map: MapId::default(),
                incarnation: 0,
                seq: 0,
                state,
            };
            // Should this actor be lost, the next one goes on from here, too.
            if let Some(from) = self.hub.analysis.tasks.lock().get_mut(partition) {
                *from = Some(checkpoint.clone());
            }
            self.hub.inputs.push(Input::Checkpoint(checkpoint));
        }
    }

    fn show(&mut self, now: Instant) {
        let mut rows = Vec::new();
        let name = self.hub.name_of(self.hub.me);
        let row = |host: &HostId, state: &str| AnalysisRow {
            node: self.hub.me,
            name: name.clone(),
            host: *host,
            state: state.to_owned(),
            chunks: 0,
            behind_chunks: 0,
            behind_ms: 0,
            findings: 0,
            since_ms: 0,
        };
        for job in self.jobs.values_mut() {
            for (host, run) in &mut job.hosts {
                let Shown { state, chunks, behind_chunks, behind_ms, findings } = run.state(now);
                let since_ms = u64::try_from(now.duration_since(run.since).as_millis()).unwrap_or(u64::MAX);
                rows.push(AnalysisRow { chunks, behind_chunks, behind_ms, findings, since_ms, ..row(host, state) });
            }
            rows.extend(job.failed.iter().map(|(host, why)| row(host, why)));
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.behind_ms));
        rows.truncate(MAX_ROWS);
        *self.hub.analysis.board.lock() = rows;
    }
}

/// What a checkpoint says of each host.
fn past_of(checkpoint: Checkpoint) -> BTreeMap<HostId, Past> {
    let mut all: BTreeMap<HostId, Past> = BTreeMap::new();
    for cut in checkpoint.cut {
        all.entry(cut.stream.host).or_default().seen.insert(cut.stream, cut.chunks);
    }
    for progress in codec::decode::<Progress>(&checkpoint.state).unwrap_or_default().0 {
        let past = all.entry(progress.host).or_default();
        (past.is_finished, past.horizon) = (progress.is_finished, progress.horizon);
    }
    all
}

impl Actor for Analyst {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(16);
        self.go_on(context);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        Arbiter::current().stop();
    }
}

impl Handler<Ping> for Analyst {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {
        self.hub.plant.strike("analyst");
    }
}
