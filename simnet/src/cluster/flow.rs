//! Whether acknowledgements flow: where enough owners of a map live, are connected and know of it, no producer waits for long.

use std::collections::{BTreeMap, BTreeSet};

use packetstream_protocol::cluster::{MapId, MemberState};
use packetstream_protocol::ids::NodeId;

use super::PRODUCERS;
use super::world::{Event, MS, SECOND, World};

/// Looked at so often.
const INTERVAL_US: u64 = 100 * MS;
/// In a life with faults: a producer may first have to find out that its router is cut off, or died without a word.
pub(super) const PATIENCE_US: u64 = 30 * SECOND;

/// What is known of the flow.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// How long acknowledgements may be away; none: nobody looks.
    patience_us: Option<u64>,
    /// Members that were heard, by somebody who lives, to route by a map.
    heard: BTreeSet<(NodeId, MapId)>,
    /// Of each producer since when nothing has been in its way, and what was so then.
    open: BTreeMap<usize, (u64, (Vec<usize>, MapId))>,
    /// When each producer was told last that something was released.
    pub(super) released_us: BTreeMap<usize, u64>,
    /// The longest that a producer waited although nothing was in its way.
    pub(super) longest_us: u64,
}

impl Flow {
    pub(super) fn within(patience_us: u64) -> Self {
        Self { patience_us: Some(patience_us), ..Self::default() }
    }
}

impl World {
    /// Invariant 8.
    pub(super) fn watch_flow(&mut self) {
        let Some(patience_us) = self.flow.patience_us else { return };
        if self.resting {
            return;
        }
        self.queue.push(self.now_us + INTERVAL_US, Event::Flow);
        let scene = self.scene();
        for edge in 0..self.edges.len() {
            let Some(scene) = scene.clone().filter(|scene| self.may_flow(edge, scene)) else {
                self.flow.open.remove(&edge);
                continue;
            };
            let now_us = self.now_us;
            let open = self.flow.open.entry(edge).or_insert_with(|| (now_us, scene.clone()));
            if open.1 != scene {
                *open = (now_us, scene);
            }
            let released_us = self.flow.released_us.get(&edge).copied().unwrap_or(0);
            let waited_us = now_us - open.0.max(released_us);
            self.flow.longest_us = self.flow.longest_us.max(waited_us);
            if waited_us > patience_us {
                let text = format!(
                    "nothing of producer {edge} is acknowledged for {} ms, although enough owners live",
                    waited_us / MS
                );
                return self.oracle.violate(text);
            }
        }
    }

    /// The stores that are well, and the map that all of them route by, where nothing else is in the way.
    fn scene(&mut self) -> Option<(Vec<usize>, MapId)> {
        let weather = self.net.weather;
        if self.net.is_cut() || weather.latency_us + weather.jitter_us > 50 * MS || weather.lost > 100 {
            return None;
        }
        let well: Vec<usize> = (0..self.stores.len())
            .filter(|&store| {
                let of = &self.stores[store];
                of.is_up() && !of.paused && !of.slow && !of.disk.full
            })
            .collect();
        let ill = |&store: &usize| self.stores[store].is_up() && !well.contains(&store);
        if (0..self.stores.len()).any(|store| ill(&store)) {
            return None;
        }
        let mut newest = BTreeSet::new();
        let mut present = BTreeSet::new();
        for &store in &well {
            let cluster = self.stores[store].cluster.as_ref()?;
            if cluster.members().get(cluster.node()).map(|member| member.state) != Some(MemberState::Active) {
                return None;
            }
            newest.insert(cluster.history().id());
            present.extend(cluster.members().present());
            let trackers = cluster.history().trackers();
            self.flow.heard.extend(trackers.map(|tracker| (tracker.node, tracker.ack)));
        }
        let map = newest.pop_first().filter(|_| newest.is_empty())?;
        present.iter().all(|&node| self.flow.heard.contains(&(node, map))).then_some((well, map))
    }

    /// Whether a producer has something to give, and enough owners of it are well.
    fn may_flow(&self, edge: usize, (well, _): &(Vec<usize>, MapId)) -> bool {
        let of = &self.edges[edge];
        if of.machine.is_none() || of.spool.is_empty() {
            return false;
        }
        let Some(cluster) = well.first().and_then(|&store| self.stores[store].cluster.as_ref()) else { return false };
        let Some(map) = cluster.map() else { return false };
        let owners = map.owners(of.host.partition()).filter_map(|node| self.by_id.get(&node));
        owners.filter(|owner| well.contains(owner)).count() >= map.quorum()
    }

    /// A producer was told that something is where it belongs.
    pub(super) fn flows(&mut self, edge: usize) {
        debug_assert!(edge < PRODUCERS);
        self.flow.released_us.insert(edge, self.now_us);
    }
}
