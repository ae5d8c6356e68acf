//! Who runs the analysis of a partition: its first owner that lives. Checkpoints are copied to the other owners, so that the next in
//! line goes on from the best of them. Two that run at once do no harm: what they find is the same and is merged.

use std::collections::{BTreeMap, BTreeSet};

use packetstream_protocol::Partition;
use packetstream_protocol::cluster::Checkpoint;
use packetstream_protocol::codec;
use packetstream_protocol::ids::NodeId;

use crate::placement::PartitionMap;

/// Bytes of all checkpoints that a node keeps in memory.
pub const MAX_CHECKPOINTS_BYTES: usize = 256 << 20;

/// An analysis of a partition.
pub type Task = (u16, Partition);

/// The tasks of a node and what it knows of how far they are.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    running: BTreeSet<Task>,
    /// Partitions whose earlier runners were gone when last looked: one look alone takes nothing over.
    absent: BTreeSet<Partition>,
    best: BTreeMap<Task, Checkpoint>,
    bytes: usize,
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) run: Vec<Task>,
    pub(crate) stop: Vec<Task>,
    /// Those of `run` that another ran before.
    pub(crate) taken_over: Vec<Task>,
}

/// How good a checkpoint is: first how much it has seen, then who is the later runner.
fn rank(checkpoint: &Checkpoint) -> (u64, u64, u64, u64, NodeId) {
    let seen = checkpoint.cut.iter().fold(0u64, |sum, cut| sum.saturating_add(cut.chunks.count()));
    (seen, checkpoint.map.sum, checkpoint.incarnation, checkpoint.seq, checkpoint.runner)
}

impl Tasks {
    /// The tasks that run here.
    pub fn running(&self) -> impl Iterator<Item = Task> + '_ {
        self.running.iter().copied()
    }

    /// The best checkpoint that is known of a task.
    #[must_use]
    pub fn best(&self, task: Task) -> Option<&Checkpoint> {
        self.best.get(&task)
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Checkpoint> {
        self.best.values()
    }

    /// Takes a checkpoint if it is better than the one that is known; what is to be kept of it.
    pub(crate) fn merge(&mut self, checkpoint: Checkpoint) -> Option<(String, Vec<u8>)> {
        let task = (checkpoint.analysis, checkpoint.partition);
        let known = self.best.get(&task);
        if known.is_some_and(|known| rank(known) >= rank(&checkpoint)) {
            return None;
        }
        let before = known.map_or(0, |known| known.state.len());
        let bytes = self.bytes - before + checkpoint.state.len();
        if bytes > MAX_CHECKPOINTS_BYTES {
            return None;
        }
        let value = codec::encode(&checkpoint).ok()?;
        self.bytes = bytes;
        self.best.insert(task, checkpoint);
        Some((key(task), value))
    }

    /// At the start, what was kept; what cannot be read is not there.
    pub(crate) fn load(&mut self, value: &[u8]) {
        if let Ok(checkpoint) = codec::decode(value) {
            self.merge(checkpoint);
        }
    }

    /// Forgets the checkpoints of partitions that are no longer held; their names.
    pub(crate) fn forget(&mut self, keep: impl Fn(Partition) -> bool) -> Vec<String> {
        let gone: Vec<Task> = self.best.keys().copied().filter(|&(_, partition)| !keep(partition)).collect();
        for task in &gone {
            if let Some(checkpoint) = self.best.remove(task) {
                self.bytes -= checkpoint.state.len();
            }
        }
        gone.into_iter().map(key).collect()
    }

    /// Looks who is to run what.
    pub(crate) fn assign(
        &mut self,
        me: NodeId,
        map: Option<&PartitionMap>,
        partitions: &[Partition],
        analyses: &[u16],
        alive: &dyn Fn(NodeId) -> bool,
    ) -> Changes {
        let mut changes = Changes::default();
        let (mut wanted, mut absent) = (BTreeSet::new(), BTreeSet::new());
        let Some(map) = map else { return changes };
        for &partition in partitions {
            let mut before = map.owners(partition).take_while(|&owner| owner != me);
            if !map.owns(me, partition) {
                continue;
            }
            let others = before.by_ref().map(alive).collect::<Vec<_>>();
            if others.contains(&true) {
                continue;
            }
            if !others.is_empty() {
                absent.insert(partition);
                if !self.absent.contains(&partition) {
                    // Their connections may be back in a moment.
                    continue;
                }
            }
            for &analysis in analyses {
                wanted.insert((analysis, partition));
                if !others.is_empty() && !self.running.contains(&(analysis, partition)) {
                    changes.taken_over.push((analysis, partition));
                }
            }
        }
        self.absent = absent;
        changes.run = wanted.difference(&self.running).copied().collect();
        changes.stop = self.running.difference(&wanted).copied().collect();
        self.running = wanted;
        changes
    }
}

fn key((analysis, partition): Task) -> String {
    format!("cluster/checkpoint/{analysis}/{}", partition.number())
}
