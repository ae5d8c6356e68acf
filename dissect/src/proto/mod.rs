//! The protocols, one a file. A file's table of fields, bindings, parse function and samples stand together; its line in
//! `registry.rs` makes it known.

pub mod data;
pub mod dns;
pub mod eth;
pub mod frame;
pub mod ip;
pub mod llmnr;
pub mod mdns;
pub mod udp;
pub mod ws;
