//! Who runs the analysis of a partition: its first owner that lives. Checkpoints are copied to the other owners, so that the next in
//! line goes on from the best of them. Two that run at once do no harm: what they find is the same and is merged.
//!
//! While data moves, owners that were so before come first: a new one would look at all of it again as it arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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

    /// Looks who is to run what by the live maps, the newest last.
    pub(crate) fn assign(
        &mut self,
        me: NodeId,
        maps: &[Arc<PartitionMap>],
        partitions: &[Partition],
        analyses: &[u16],
        alive: &dyn Fn(NodeId) -> bool,
    ) -> Changes {
        let mut changes = Changes::default();
        let (mut wanted, mut absent) = (BTreeSet::new(), BTreeSet::new());
        let Some(newest) = maps.last() else { return changes };
        for &partition in partitions.iter().filter(|&&partition| newest.owns(me, partition)) {
            let mut line: Vec<NodeId> = newest.owners(partition).collect();
            line.sort_by_key(|&owner| !maps.iter().all(|map| map.owns(owner, partition)));
            let others: Vec<bool> = line.into_iter().take_while(|&owner| owner != me).map(alive).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::place_of;
    use packetstream_protocol::cluster::{MapId, MapRecord, MapSlot, StreamCut};
    use packetstream_protocol::ids::{Epoch, HostId, StreamId};
    use packetstream_protocol::interval::RangeSet;

    fn node(number: u8) -> NodeId {
        NodeId([number; 32])
    }

    fn map(count: u8) -> Arc<PartitionMap> {
        let slot =
            |number| MapSlot { node: node(number), place: place_of(node(number)), weight: 1, zone: String::new() };
        Arc::new(PartitionMap::new(MapRecord { id: MapId::default(), slots: (1..=count).map(slot).collect() }))
    }

    fn partition() -> Partition {
        Partition::new(7).expect("a partition")
    }

    fn checkpoint(seen: u64, seq: u64, state: usize) -> Checkpoint {
        let stream = StreamId { host: HostId::from_bytes([1; 16]), epoch: Epoch(1) };
        let chunks = RangeSet::from_ranges(vec![(0, seen - 1)]).expect("one range");
        Checkpoint {
            analysis: 1,
            partition: partition(),
            cut: vec![StreamCut { stream, chunks }],
            runner: node(1),
            map: MapId::default(),
            incarnation: 1,
            seq,
            state: vec![0; state],
        }
    }

    /// What the owner at this place in line is to do while these live.
    fn look(tasks: &mut Tasks, map: &Arc<PartitionMap>, place: usize, alive: &dyn Fn(NodeId) -> bool) -> Changes {
        let me = map.owners(partition()).nth(place).expect("three owners");
        tasks.assign(me, std::slice::from_ref(map), &[partition()], &[1], alive)
    }

    #[test]
    fn the_first_owner_runs_it_and_the_others_do_not() {
        let map = map(5);
        let run = look(&mut Tasks::default(), &map, 0, &|_| true);
        assert_eq!((run.run, run.taken_over), (vec![(1, partition())], vec![]));
        assert_eq!(look(&mut Tasks::default(), &map, 1, &|_| true), Changes::default());
        let outsider = (1..=5).map(node).find(|node| !map.owns(*node, partition())).expect("two of five");
        let nobody = Tasks::default().assign(outsider, &[map], &[partition()], &[1], &|_| false);
        assert_eq!(nobody, Changes::default());
    }

    #[test]
    fn the_next_takes_over_at_the_second_look_and_gives_back() {
        let map = map(3);
        let first = map.owners(partition()).next().expect("three owners");
        let mut tasks = Tasks::default();
        let gone = |node: NodeId| node != first;
        assert_eq!(look(&mut tasks, &map, 1, &gone), Changes::default(), "its connection may be back in a moment");
        let task = (1, partition());
        let changes = look(&mut tasks, &map, 1, &gone);
        assert_eq!((changes.run, changes.taken_over), (vec![task], vec![task]));
        assert_eq!(look(&mut tasks, &map, 1, &gone), Changes::default(), "it runs already");
        assert_eq!(tasks.running().collect::<Vec<_>>(), [task]);
        assert_eq!(look(&mut tasks, &map, 1, &|_| true).stop, [task]);
        assert_eq!(look(&mut tasks, &map, 1, &gone), Changes::default(), "and the two looks begin anew");
    }

    #[test]
    fn a_new_owner_begins_when_the_data_has_moved() {
        // The partitions of which a fourth node becomes the first owner.
        let maps = [map(3), map(4)];
        let new = node(4);
        let moved = |partition: &Partition| maps[1].owners(*partition).next() == Some(new);
        let partition = (0..Partition::COUNT).filter_map(Partition::new).find(moved).expect("about a quarter of all");
        let line: Vec<NodeId> = maps[1].owners(partition).collect();
        let look = |me, maps: &[Arc<PartitionMap>], alive: &dyn Fn(NodeId) -> bool| {
            let mut tasks = Tasks::default();
            tasks.assign(me, maps, &[partition], &[1], alive);
            !tasks.assign(me, maps, &[partition], &[1], alive).run.is_empty() || tasks.running().next().is_some()
        };
        assert!(!look(new, &maps, &|_| true) && look(line[1], &maps, &|_| true) && !look(line[2], &maps, &|_| true));
        assert!(look(line[2], &maps, &|node| node != line[1]), "the other one that has the data");
        assert!(look(new, &maps, &|node| node == new), "nobody else is left");
        assert!(look(new, &maps[1..], &|_| true) && !look(line[1], &maps[1..], &|_| true));
    }

    #[test]
    fn nothing_runs_that_is_not_held_or_not_wanted() {
        let map = map(3);
        let me = map.owners(partition()).next().expect("three owners");
        let live = [Arc::clone(&map)];
        let mut tasks = Tasks::default();
        look(&mut tasks, &map, 0, &|_| true);
        assert_eq!(tasks.assign(me, &live, &[partition()], &[], &|_| true).stop, [(1, partition())]);
        look(&mut tasks, &map, 0, &|_| true);
        assert_eq!(tasks.assign(me, &live, &[], &[1], &|_| true).stop, [(1, partition())]);
        assert_eq!(tasks.assign(me, &[], &[partition()], &[1], &|_| true), Changes::default());
    }

    #[test]
    fn the_checkpoint_that_has_seen_most_is_the_best_and_is_kept() {
        let mut tasks = Tasks::default();
        let (key, value) = tasks.merge(checkpoint(10, 1, 3)).expect("the first");
        assert_eq!(key, "cluster/checkpoint/1/7");
        assert_eq!(tasks.merge(checkpoint(9, 2, 3)), None);
        assert_eq!(tasks.merge(checkpoint(10, 1, 3)), None, "the same once more");
        assert!(tasks.merge(checkpoint(10, 2, 5)).is_some(), "the later of two that have seen as much");
        let mut again = Tasks::default();
        again.load(&value);
        again.load(b"damaged");
        assert_eq!(again.best((1, partition())), Some(&checkpoint(10, 1, 3)));
        assert_eq!((tasks.bytes, tasks.best.len()), (5, 1));
    }

    #[test]
    fn checkpoints_take_no_more_memory_than_the_limit_and_leave_with_their_partition() {
        let mut tasks = Tasks { bytes: MAX_CHECKPOINTS_BYTES - 3, ..Tasks::default() };
        assert_eq!(tasks.merge(checkpoint(10, 1, 4)), None);
        assert!(tasks.merge(checkpoint(10, 1, 3)).is_some());
        assert_eq!(tasks.merge(checkpoint(11, 1, 4)), None);
        assert!(tasks.merge(checkpoint(11, 1, 2)).is_some(), "it takes the place of the other");
        assert!(tasks.forget(|_| true).is_empty());
        assert_eq!(tasks.forget(|_| false), ["cluster/checkpoint/1/7"]);
        assert_eq!((tasks.bytes, tasks.best((1, partition()))), (MAX_CHECKPOINTS_BYTES - 3, None));
    }
}
