//! Bytes to fields, as Wireshark names them: protocol registry, two-pass dissection, display filters, output.
//!
//! Does no I/O and reads no clock. [`analysis::Analysis`] is the first pass: it sees the packets of one capture in order
//! and yields [`facts`], what can be said of a packet only by having seen others. [`dissect`] is the second pass and
//! pure: the same packet and the same facts give the same fields, on any machine, in any order.

pub mod analysis;
mod base64;
mod ber;
pub mod bindings;
mod calendar;
pub mod call;
pub(crate) mod checksum;
pub mod conversation;
pub mod decode_as;
pub mod diagnose;
pub(crate) mod dialogue;
pub mod dissector;
pub mod facts;
pub mod field;
pub mod filter;
mod glance;
mod guid;
pub mod host_names;
mod numbering;
pub(crate) mod numbers;
pub mod output;
pub mod packet;
mod per;
pub mod pieces;
pub mod proto;
pub mod reassembly;
pub(crate) mod recent;
pub mod registry;
pub mod rtp_stream;
pub mod ruleset;
pub mod setup;
mod stage;
pub mod statistics;
pub mod stop;
mod transaction;
pub mod tree;
pub mod tvb;
pub mod udptl_stream;
pub mod value;
mod vendors;
pub mod wanted;

pub use analysis::{Analysis, InOrder, Scratch, dissect};
pub use diagnose::Diagnosis;
pub use numbering::Numbering;
pub use packet::Packet;
pub use tree::Dissection;
pub use wanted::Wanted;

#[cfg(test)]
mod tests;
