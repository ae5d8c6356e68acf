//! The cluster as state machines without I/O: membership, placement, replication, reconciliation, query plans, tasks.
//!
//! Nothing here opens a socket, reads a clock or draws a random number that was not seeded: `packetstream-node` drives the
//! machines with real ones, the simulator with its own. The same inputs give the same outputs, in the same order.

pub mod cluster;
pub mod history;
pub mod holdings;
pub mod io;
pub mod member;
mod moment;
pub mod placement;
pub mod plan;
pub mod producer;
pub mod reconcile;
pub mod replicate;
mod rng;
pub mod task;

pub use cluster::{Cluster, StateError};
pub use io::{Command, Config, Event, HeldStream, Input, Output, Planted, WriteResult};
pub use moment::Moment;
pub use placement::PartitionMap;
pub use plan::{Leg, Plan};
pub use producer::Producer;
