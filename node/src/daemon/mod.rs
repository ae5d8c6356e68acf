//! The daemon: actors for what lives and dies, and the service that answers peers.

mod answer;
pub mod service;
mod stream;

#[cfg(test)]
mod tests;

pub use service::Service;
