//! Simulated networks: the synthetic traffic generator with its ground truth.

pub mod traffic;
