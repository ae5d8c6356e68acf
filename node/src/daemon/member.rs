//! The actor around the cluster's machine: feeds it, carries out what it wants, and makes it anew from the store when it was lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use packetstream_core::cluster::Cluster;
use packetstream_core::{Command, Config, Event, HeldStream, Input, Output, WriteResult};
use packetstream_protocol::ids::NodeId;
use packetstream_storage::Meta;
use tokio::runtime::Handle;

use super::hub::{self, Hub, RouteEnd, View};
use super::keeper::{Ping, Tenure};

/// What is said of the cluster is made anew so often.
const VIEW_INTERVAL: Duration = Duration::from_millis(250);

/// See the module.
pub(crate) struct Member {
    pub(crate) hub: Arc<Hub>,
    pub(crate) config: Config,
    /// Where what may block or takes time is done.
    pub(crate) runtime: Handle,
    pub(crate) tenure: Tenure,
}

impl Actor for Member {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(16);
        // Those who wait for the one before must not wait for ever.
        self.hub.forget_plans();
        self.hub.routing.refuse_all();
        drop(self.hub.inputs.take(&self.tenure));
        self.hub.analysis.clear();
        let machine = match start(&self.hub, self.config.clone(), &self.runtime) {
            Ok(machine) => machine,
            Err(error) => {
                tracing::error!(%error, "the cluster's machine cannot be started");
                return context.stop();
            }
        };
        let (hub, runtime, tenure) = (self.hub.clone(), self.runtime.clone(), self.tenure.clone());
        let driver = Driver { hub, runtime, machine, tenure, viewed: None, paces: BTreeMap::new() };
        context.spawn(driver.run().into_actor(self).map(|(), _, context| context.stop()));
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        Arbiter::current().stop();
    }
}

impl Handler<Ping> for Member {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {
        self.hub.plant.strike("member");
    }
}

/// The machine of this node, with what the store knows.
fn start(hub: &Arc<Hub>, config: Config, runtime: &Handle) -> Result<Cluster, String> {
    let kept: BTreeMap<String, Vec<u8>> = hub.store.metas(Cluster::KEYS).map_err(|error| error.to_string())?;
    let held = hub.store.streams(None).into_iter();
    let held = held.map(|usage| HeldStream { stream: usage.stream, have: usage.have, bytes: usage.bytes }).collect();
    let mut machine = Cluster::start(config, &kept, held, hub.now()).map_err(|error| error.to_string())?;
    for node in hub.peers.seeds() {
        machine.handle(hub.now(), Input::Seed(node));
    }
    for node in hub.peers.connected() {
        machine.handle(hub.now(), Input::Connected(node));
    }
    let revoked = machine.members().revoked().clone();
    if let Some(endpoint) = hub.peers.endpoint().cloned().filter(|_| !revoked.is_empty()) {
        runtime.spawn(async move { endpoint.set_revoked(revoked).await });
    }
    for member in machine.members().iter() {
        hub.peers.learn(hub, member.node, hub::addresses(&member.addresses));
    }
    Ok(machine)
}

struct Driver {
    hub: Arc<Hub>,
    runtime: Handle,
    machine: Cluster,
    tenure: Tenure,
    viewed: Option<Instant>,
    /// Of each transfer the bytes that were left and the bytes a second, smoothed.
    paces: BTreeMap<(NodeId, bool), (u64, f64)>,
}

impl Driver {
    /// Returns when another one is to drive.
    async fn run(mut self) {
        while let Some(inputs) = self.hub.inputs.take(&self.tenure) {
            for input in inputs {
                self.machine.handle(self.hub.now(), input);
            }
            let now = self.hub.now();
            if now >= self.machine.poll_timeout() {
                self.machine.handle(now, Input::Wake);
            }
            self.carry_out();
            if self.viewed.is_none_or(|at| at.elapsed() >= VIEW_INTERVAL) {
                self.show();
            }
            let until = self.hub.instant(self.machine.poll_timeout());
            tokio::select! {
                () = self.hub.inputs.wait() => {}
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
    }

    /// Everything that the machine wants, in order; but first what is to be known again, all of it at once: hundreds of checkpoints a
    /// second would each wait for the disk. It may well be known earlier than was asked, never later.
    fn carry_out(&mut self) {
        let (mut kept, mut wanted) = (Vec::new(), Vec::new());
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Persist { key, value } => kept.push((key, value)),
                output => wanted.push(output),
            }
        }
        self.keep(&kept);
        for output in wanted {
            if self.tenure.has_ended() {
                return;
            }
            let hub = &self.hub;
            match output {
                // They were taken out above.
                Output::Persist { .. } => {}
                Output::Send { to, message } => hub.peers.say(to, message),
                Output::Write { to, chunk } => self.write(to, chunk),
                Output::Released(chunk) => hub.routing.end(chunk, RouteEnd::Released),
                Output::Conflict(chunk) => hub.routing.end(chunk, RouteEnd::Conflict),
                Output::Refused(chunk) => hub.routing.end(chunk, RouteEnd::Refused),
                Output::Push { push, to, stream, chunks } => {
                    if !hub.peers.push(push, to, stream, chunks) {
                        hub.inputs.push(Input::PushEnded { push });
                    }
                }
                Output::Delete { stream, chunks } => {
                    let hub = hub.clone();
                    self.runtime.spawn_blocking(move || {
                        match hub.store.remove(stream, &chunks) {
                            Ok(dropped) => tracing::debug!(%stream, chunks = dropped.chunks, "moved to its owners"),
                            // They are here still; after a restart the machine sees them again.
                            Err(error) => return tracing::error!(%stream, %error, "chunks are not taken away"),
                        }
                        hub.inputs.push(Input::Deleted { stream, chunks });
                    });
                }
                // Each node's own retention and clock decide.
                Output::ExpireBefore(_) => {}
                Output::Run { partition, from, .. } => hub.analysis.run(partition, from),
                Output::Stop { partition, .. } => hub.analysis.stop(partition),
                Output::Planned { query, plan } => hub.planned(query, plan),
                Output::Event(event) => self.event(&event),
            }
        }
    }

    fn keep(&self, metas: &[Meta]) {
        if metas.is_empty() || self.tenure.has_ended() || self.hub.store.put_metas(metas).is_ok() {
            return;
        }
        // One that cannot be kept is not to take the others with it.
        for (key, value) in metas {
            if let Err(error) = self.hub.store.put_meta(key, value.as_deref()) {
                tracing::error!(%key, %error, "what the cluster must know again is not kept");
            }
        }
    }

    fn write(&self, to: NodeId, id: packetstream_protocol::ChunkId) {
        let Some(chunk) = self.hub.routing.chunk(id) else {
            let failed = Input::Written { chunk: id, by: to, result: WriteResult::Failed };
            return self.hub.inputs.push(failed);
        };
        if to != self.hub.me {
            if !self.hub.peers.write(to, chunk) {
                self.hub.inputs.push(Input::Written { chunk: id, by: to, result: WriteResult::Failed });
            }
            return;
        }
        let hub = Arc::downgrade(&self.hub);
        self.hub.write_here(chunk, move |result| {
            if let Some(hub) = hub.upgrade() {
                hub.inputs.push(Input::Written { chunk: id, by: to, result });
            }
        });
    }

    fn event(&self, event: &Event) {
        let name = |node| self.hub.name_of(node);
        match event {
            Event::MemberChanged(member) => {
                tracing::info!(name = %member.name, node = %member.node, state = ?member.state, "member");
                if matches!(member.state, packetstream_protocol::cluster::MemberState::Removed(_)) {
                    if member.node == self.hub.me {
                        tracing::warn!(state = ?member.state, "this node is no member any more");
                    }
                    self.hub.peers.forget(member.node);
                } else {
                    self.hub.peers.learn(&self.hub, member.node, hub::addresses(&member.addresses));
                }
            }
            Event::Died(node) => {
                tracing::warn!(name = %name(*node), "member does not answer and is taken for dead");
                self.hub.peers.cut(*node);
            }
            Event::Lives(node) => tracing::info!(name = %name(*node), "member lives"),
            Event::Suspected(node) => tracing::info!(name = %name(*node), "member does not answer"),
            Event::MapChanged { members, .. } => tracing::info!(members, "new map"),
            Event::MapSettled(_) => tracing::info!("everything is where it belongs"),
            Event::Revoked(node) => {
                tracing::warn!(%node, "certificate revoked");
                if let Some(endpoint) = self.hub.peers.endpoint().cloned() {
                    let revoked = self.machine.members().revoked().clone();
                    self.runtime.spawn(async move { endpoint.set_revoked(revoked).await });
                }
            }
            Event::Excluded => tracing::error!("this node was removed from the cluster and takes no part"),
            Event::CommandFailed(why) => tracing::warn!(%why, "command failed"),
            Event::LimitReached(limit) => tracing::error!(limit, "limit reached"),
            Event::TookOver { .. } => {}
        }
    }

    fn show(&mut self) {
        let passed = self.viewed.replace(Instant::now()).map_or(VIEW_INTERVAL, |at| at.elapsed()).as_secs_f64();
        let status = self.machine.status();
        let mut remaining = BTreeMap::new();
        let mut paces = BTreeMap::new();
        for transfer in &status.transfers {
            let key = (transfer.peer, transfer.incoming);
            let (before, pace) = self.paces.get(&key).copied().unwrap_or((transfer.bytes, 0.0));
            let now = before.saturating_sub(transfer.bytes) as f64 / passed.max(0.001);
            let pace = 0.8 * pace + 0.2 * now;
            if pace >= 1.0 {
                remaining.insert(key, (transfer.bytes as f64 / pace * 1000.0) as u64);
            }
            paces.insert(key, (transfer.bytes, pace));
        }
        self.paces = paces;
        let names = status.members.iter().map(|row| (row.member.node, row.member.name.clone())).collect();
        self.hub.is_driven();
        self.hub.view.store(Arc::new(View { status: Some(status), names, remaining }));
    }
}

/// Tells the others that this process ends, and gives them a moment to hear it.
pub(crate) fn leave(hub: &Hub) {
    hub.inputs.push(Input::Command(Command::Leave));
}
