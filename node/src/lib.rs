//! The node: capture, storage, analysis and queries in one process, and the command line that talks to it.

pub mod capture;
