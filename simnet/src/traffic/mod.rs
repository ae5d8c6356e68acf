//! The synthetic traffic generator: healthy and broken networks as packets, with their ground truth.
//!
//! A [`Scenario`] is a small story (a call, a fax, an address conflict) that is written down as the frames that a mirror
//! port would have seen, from Ethernet up, with right lengths and checksums. [`generate`] tells one; [`mix::Mix`] lets
//! thousands of them run beside each other for benchmarks. The same scenario, seed and instance give the same bytes,
//! with every version and on every machine: no clock, no floating point and no foreign random numbers are used.
//!
//! [`Truth`] says what is in the packets and what is wrong with them: counts of frames under display filters, and the
//! findings that a diagnosis must give. It is counted while the packets are made, never read back from them.
//!
//! ```
//! use packetstream_simnet::traffic::{SCENARIOS, generate};
//! let scenario = SCENARIOS.iter().find(|s| s.name == "auth_loop_407").unwrap();
//! let traffic = generate(scenario, 1, 0);
//! assert_eq!(traffic.truth.findings[0].code, "sip.auth-loop");
//! assert_eq!(traffic.packets, generate(scenario, 1, 0).packets);
//! ```
//!
//! On the command line, `simnet traffic SCENARIO --out FILE` writes one capture and prints its truth as JSON.

pub mod dns;
pub mod frame;
pub mod line;
pub mod mix;
pub mod pcap;
pub mod rng;
pub mod rtp;
pub mod scenario;
pub mod sdp;
pub mod sip;
pub mod t38;
pub mod tcp;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use frame::{Host, Mac};
use rng::Rng;
pub use scenario::SCENARIOS;

/// When a capture begins unless told otherwise: 2026-03-02 08:59:30 UTC, in nanoseconds since 1970.
pub const START_NS: u64 = 1_772_441_970_000_000_000;
/// Instances have their own addresses up to this number; then the addresses come round again.
pub const SITES_MAX: u64 = 1 << 16;

/// Nanoseconds in a millisecond.
pub const MS: u64 = 1_000_000;
/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000 * MS;

/// A captured frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Nanoseconds since 1970-01-01 00:00:00 UTC.
    pub time_ns: u64,
    /// From the Ethernet header on, without the frame check sequence.
    pub bytes: Vec<u8>,
}

/// What a diagnosis must say: a code of the findings catalogue and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub code: &'static str,
    /// A Call-ID, an IP address, a connection `a:p-b:q` or a name, as the code asks for.
    pub subject: String,
}

/// What is in a capture and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    pub scenario: &'static str,
    /// What happened, in a sentence.
    pub summary: String,
    /// Sorted; empty when the network is healthy.
    pub findings: Vec<Finding>,
    /// Of calls and registrations, in order of appearance.
    pub call_ids: Vec<String>,
    pub addresses: BTreeSet<IpAddr>,
    /// Display filter (in Wireshark's language) to the number of frames that it finds. Filters that find none may be listed.
    pub frames: BTreeMap<String, u64>,
    /// All frames.
    pub packets: u64,
}

/// One scenario, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// In order of time.
    pub packets: Vec<Packet>,
    pub truth: Truth,
}

/// A story that can be told.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// One line for the list of scenarios.
    pub about: &'static str,
    /// How often a mix tells this story, against the others. Long stories are rare, so that of a mix's packets about half are
    /// media, a quarter TCP, and the rest signalling, names and the link layer's own.
    pub weight: u32,
    tell: fn(&mut Setting) -> Traffic,
}

/// Tells `scenario`. Different instances of one seed have different addresses, identifiers and details.
pub fn generate(scenario: &Scenario, seed: u64, instance: u64) -> Traffic {
    generate_at(scenario, seed, instance, START_NS)
}

/// As [`generate`], with the first packet at about `start_ns`.
pub fn generate_at(scenario: &Scenario, seed: u64, instance: u64, start_ns: u64) -> Traffic {
    let rng = Rng::of(seed, scenario.name, instance);
    let mut setting = Setting { rng, start_ns, site: (instance % SITES_MAX) as u16, scenario: scenario.name };
    (scenario.tell)(&mut setting)
}

/// Where and when an instance of a scenario takes place.
#[derive(Debug)]
pub struct Setting {
    pub rng: Rng,
    /// Nanoseconds since 1970.
    pub start_ns: u64,
    site: u16,
    scenario: &'static str,
}

impl Setting {
    /// An address of the site's own network, 10.x.y.0/24.
    pub fn lan(&self, host: u8) -> Ipv4Addr {
        let [x, y] = self.site.wrapping_add(0x0a14).to_be_bytes();
        Ipv4Addr::new(10, x, y, host)
    }

    /// An Ethernet address with the prefix of a maker.
    pub fn mac(&mut self, oui: [u8; 3]) -> Mac {
        let [_, a, b, c] = self.rng.u32().to_be_bytes();
        Mac([oui[0], oui[1], oui[2], a, b, c])
    }

    /// A station with an operating system's habits: TTL 64, "don't fragment" when `dont_fragment`.
    pub fn host(&mut self, oui: [u8; 3], ip: impl Into<IpAddr>, dont_fragment: bool) -> Host {
        let mac = self.mac(oui);
        Host::new(mac, ip.into(), 64, dont_fragment, self.rng.u16())
    }

    /// The recorder of this instance.
    pub fn recorder(&self) -> Recorder {
        Recorder { packets: Vec::new(), truth: Truth { scenario: self.scenario, ..Truth::default() } }
    }
}

/// Takes frames down, and the truth about them.
#[derive(Debug)]
pub struct Recorder {
    packets: Vec<Packet>,
    pub truth: Truth,
}

impl Recorder {
    /// Records a frame.
    pub fn push(&mut self, time_ns: u64, bytes: Vec<u8>) {
        self.packets.push(Packet { time_ns, bytes });
    }

    /// Records the frames of one datagram, each as much later as it takes 100 Mbit/s to carry it.
    pub fn push_all(&mut self, time_ns: u64, frames: Vec<Vec<u8>>) {
        let mut at = time_ns;
        for bytes in frames {
            // 8 bits at 10 ns, with preamble, check sequence and gap (24 bytes).
            at += (bytes.len() as u64 + 24) * 80;
            self.push(at, bytes);
        }
    }

    /// Says that `filter` finds `frames` more frames.
    pub fn count(&mut self, filter: impl Into<String>, frames: u64) {
        *self.truth.frames.entry(filter.into()).or_default() += frames;
    }

    /// Says what must be found.
    pub fn finding(&mut self, code: &'static str, subject: impl Into<String>) {
        self.truth.findings.push(Finding { code, subject: subject.into() });
    }

    /// The story's end: packets in order of time, and the truth with its sums.
    pub fn finish(mut self, summary: impl Into<String>) -> Traffic {
        self.packets.sort_by_key(|packet| packet.time_ns);
        self.truth.summary = summary.into();
        self.truth.findings.sort();
        self.truth.packets = self.packets.len() as u64;
        Traffic { packets: self.packets, truth: self.truth }
    }
}
