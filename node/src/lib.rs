//! The node: capture, storage, analysis and queries in one process, and the command line that talks to it.

pub mod capture;
pub mod cli;
mod client;
pub mod command;
pub mod daemon;
pub mod engine;
pub mod exit;
pub mod net;
mod packet;
pub mod rules;
