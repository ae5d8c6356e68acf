//! Typed configuration of a node, the cluster's authority, and the bundles that it writes.
//!
//! Everything here is plain data and files: no socket, no thread, no clock (times are passed in). The one thing that is
//! drawn from the machine is randomness, in [`authority::Secret::generate`].

pub mod address;
pub mod authority;
pub mod bundle;
mod file;
pub mod paths;
pub mod rules;
pub mod settings;
pub mod units;

pub use address::Address;
pub use authority::{Authority, ClusterId, Secret};
pub use bundle::Bundle;
pub use settings::Settings;
