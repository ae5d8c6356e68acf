//! How packets come in: capture files of every common kind, and live interfaces.
//!
//! Nothing here dissects. A packet is a time, an interface, two lengths and bytes; what the bytes mean is `dissect`'s.

pub mod file;
