//! Simulated networks: the deterministic cluster simulator, and the synthetic traffic generator with its ground truth.

pub mod cluster;
pub mod traffic;
