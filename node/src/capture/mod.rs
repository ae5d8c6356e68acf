//! How packets come in: capture files of every common kind, and live interfaces.
//!
//! Nothing here dissects. A packet is a time, an interface, two lengths and bytes; what the bytes mean is `dissect`'s.

mod class;
pub mod file;
mod import;
mod pipeline;

pub use class::classify;
pub use import::{ImportChunks, ImportPlan};
pub use pipeline::{Captured, MAX_PENDING_GAPS, Pipeline, Sink};
