//! The protocols, one a file. A file's table of fields, bindings, parse function and samples stand together; its line in
//! `registry.rs` makes it known.

pub mod ah;
pub mod arp;
pub mod cmd;
pub mod data;
pub mod dns;
pub mod erspan;
pub mod esp;
pub mod eth;
pub mod frame;
pub mod geneve;
pub mod gre;
pub mod icmp;
pub mod icmpv6;
pub mod ieee8021ad;
pub mod igmp;
pub mod ip;
pub mod ipv6;
pub mod llc;
pub mod llmnr;
pub mod mdns;
pub mod mpls;
pub mod null;
pub mod ppp;
pub mod pppoed;
pub mod pppoes;
pub mod raw;
pub mod sll;
pub mod tcp;
pub mod teredo;
pub mod udp;
pub mod vlan;
pub mod vxlan;
pub mod ws;
