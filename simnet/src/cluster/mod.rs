//! The deterministic cluster simulator: whole lives of clusters in virtual time, over the machines of `packetstream-core`.
//!
//! A seed chooses everything: the size of the cluster, the workload, the weather of the network, which faults strike and when. The same
//! seed gives the same run, event for event ([`Report::trace`]). Then the faults stop, and everything has to come to rest. The
//! invariants:
//!
//! 1. a released chunk is on W disks, less those that faults destroyed;
//! 2. at rest every owner has everything, nobody else has anything, one map lives, spools are empty;
//! 3. an identifier never stands for two contents;
//! 4. a query finds everything that was released before, or says that it does not;
//! 5. nothing is deleted that not all owners have proved to hold;
//! 6. every chunk is analysed;
//! 7. a map is the same whoever computes it;
//! 8. acknowledgements flow wherever enough owners live, are connected and know of each other.

mod disk;
mod edge;
mod fault;
mod flow;
mod net;
mod oracle;
mod query;
mod queue;
mod rest;
pub mod scale;
mod store;
#[cfg(test)]
mod tests;
mod world;

pub use world::{Step, World};

use std::collections::BTreeMap;

/// A machine: a store by its number, a producer by its number and [`PRODUCERS`].
type Place = usize;

/// The first producer.
const PRODUCERS: Place = 1 << 20;

/// A bug that is planted for the simulator to find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plant {
    #[default]
    None,
    AckBeforeSync,
    DeleteBeforeProof,
    MapByArrival,
}

/// What came of one life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub seed: u64,
    /// A hash over every event.
    pub trace: u64,
    pub events: u64,
    /// Virtual time that passed.
    pub seconds: u64,
    /// The first thing that went wrong.
    pub violation: Option<String>,
    /// How often each fault struck, and each way that only faults open was gone.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Lives one life.
#[must_use]
pub fn run(seed: u64, plant: Plant) -> Report {
    World::new(seed, plant).run()
}

/// What must have happened at least once in some thousands of lives; otherwise the simulator does not simulate it.
pub const SOMETIMES: &[&str] = &[
    "fault: crash",
    "fault: torn tail",
    "fault: unsynced write lost",
    "fault: pause",
    "fault: wipe",
    "fault: partition",
    "fault: one-way cut",
    "fault: connection reset",
    "fault: message lost",
    "fault: message doubled",
    "fault: message overtaken",
    "fault: narrow bandwidth",
    "fault: slow disk",
    "fault: full disk",
    "fault: bit flip",
    "fault: clock drift",
    "fault: producer crash",
    "fault: cloned host",
    "fault: cloned host, same epoch",
    "topology: join",
    "topology: drain",
    "topology: drained",
    "topology: remove",
    "topology: replace",
    "topology: revoke",
    "revoked: not heard",
    "topology: given up",
    "retention",
    "write: sloppy",
    "write: refused",
    "write: conflict",
    "move: push",
    "move: delete",
    "maps: two live",
    "query: complete",
    "query: incomplete",
    "query: blind",
    "query: leg failed",
    "task: taken over",
    "task: resumed from a checkpoint",
];
