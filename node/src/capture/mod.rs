//! How packets come in: capture files of every common kind, and live interfaces.
//!
//! Nothing here dissects. A packet is a time, an interface, two lengths and bytes; what the bytes mean is `dissect`'s.

mod class;
pub mod file;
mod import;
mod live;
mod pipeline;

pub use class::classify;
pub(crate) use import::file_gaps;
pub use import::{ImportChunks, ImportPlan};
pub use live::{
    Live, LiveConfig, LiveCounts, LiveError, MAX_BUFFER_BYTES, MAX_SNAPLEN, POLL_MS, check_filter, interfaces,
};
pub use pipeline::{Captured, MAX_PENDING_GAPS, Pipeline, Sink};
