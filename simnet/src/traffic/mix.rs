//! Many scenarios beside each other: a capture of any length for benchmarks and tests.
//!
//! [`Mix::new`] first plans: it draws scenarios by their weight until the wished number of packets is reached, each an
//! instance with its own addresses and Call-IDs that begins somewhere in the span. Reading then tells each instance only
//! when its time has come, so that memory holds those that are running, not the whole mix. What is missing at the end is
//! filled with single pings, so that every story is whole and the number is exact.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::frame::{Checksum, icmp};
use super::rng::Rng;
use super::{Packet, Recorder, SCENARIOS, SECOND, START_NS, Setting, Traffic, Truth, generate_at};

/// A plan of instances, and an iterator over their packets in order of time.
#[derive(Debug)]
pub struct Mix {
    seed: u64,
    /// Sorted so that the next one to begin is last.
    plan: Vec<Instance>,
    running: BinaryHeap<Reverse<(u64, usize)>>,
    stories: BTreeMap<usize, std::vec::IntoIter<Packet>>,
    pending: BTreeMap<usize, Packet>,
    /// What the whole mix holds: counts and findings of all its instances.
    pub truth: Truth,
    /// Instances by scenario.
    pub instances: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Instance {
    start_ns: u64,
    number: usize,
    /// Index into the table, or the table's length for the filling ping.
    scenario: usize,
}

impl Mix {
    /// A mix of exactly `packets` packets over about `span_ns` nanoseconds.
    pub fn new(seed: u64, packets: u64, span_ns: u64) -> Self {
        let mut rng = Rng::of(seed, "mix", 0);
        let total: u64 = SCENARIOS.iter().map(|s| u64::from(s.weight)).sum();
        let mut truth = Truth { scenario: "mix", ..Truth::default() };
        let mut instances = BTreeMap::new();
        let mut plan = Vec::new();
        // A story that does not fit any more is not told; after this many in a row the rest is filled.
        let mut misses = 0;
        while truth.packets < packets {
            let mut ticket = rng.range(0, total);
            let scenario = SCENARIOS.iter().position(|s| {
                let hit = ticket < u64::from(s.weight);
                ticket = ticket.saturating_sub(s.weight.into());
                hit
            });
            let start_ns = START_NS + rng.range(0, span_ns);
            let index = if misses < 8 { scenario.unwrap_or(SCENARIOS.len()) } else { SCENARIOS.len() };
            let instance = Instance { start_ns, number: plan.len(), scenario: index };
            let told = tell(seed, instance).truth;
            if truth.packets + told.packets > packets {
                misses += 1;
                continue;
            }
            *instances.entry(told.scenario).or_default() += 1;
            add(&mut truth, told);
            plan.push(instance);
        }
        truth.findings.sort();
        truth.summary = format!("{} stories beside each other", plan.len());
        plan.sort_by(|a, b| b.cmp(a));
        Self {
            seed,
            plan,
            running: BinaryHeap::new(),
            stories: BTreeMap::new(),
            pending: BTreeMap::new(),
            truth,
            instances,
        }
    }

    fn start_due(&mut self) {
        while let Some(next) = self.plan.last().copied() {
            let due = self.running.peek().is_none_or(|Reverse((time, _))| next.start_ns <= *time);
            if !due {
                return;
            }
            self.plan.pop();
            self.stories.insert(next.number, tell(self.seed, next).packets.into_iter());
            self.advance(next.number);
        }
    }

    fn advance(&mut self, number: usize) {
        match self.stories.get_mut(&number).and_then(Iterator::next) {
            Some(packet) => {
                self.running.push(Reverse((packet.time_ns, number)));
                self.pending.insert(number, packet);
            }
            None => {
                self.stories.remove(&number);
            }
        }
    }
}

impl Iterator for Mix {
    type Item = Packet;

    fn next(&mut self) -> Option<Packet> {
        self.start_due();
        let Reverse((_, number)) = self.running.pop()?;
        let packet = self.pending.remove(&number);
        self.advance(number);
        packet
    }
}

fn tell(seed: u64, instance: Instance) -> Traffic {
    match SCENARIOS.get(instance.scenario) {
        Some(scenario) => generate_at(scenario, seed, instance.number as u64, instance.start_ns),
        None => ping(seed, instance),
    }
}

/// The smallest story: one unanswered probe.
fn ping(seed: u64, instance: Instance) -> Traffic {
    let rng = Rng::of(seed, "ping", instance.number as u64);
    let mut setting = Setting { rng, start_ns: instance.start_ns, site: instance.number as u16, scenario: "ping" };
    let (from, to) = (setting.lan(2), setting.lan(3));
    let mut from = setting.host([0x3c, 0x52, 0x82], from, true);
    let to = setting.host([0x00, 0x50, 0x56], to, true);
    let mut recorder: Recorder = setting.recorder();
    recorder.count("icmp", 1);
    recorder.count("icmp.type == 8", 1);
    let message = icmp(8, 0, [0, 1, 0, 1], &[0x61; 32], Checksum::Right);
    recorder.push_all(setting.start_ns, from.icmp(&to, 0, &message));
    recorder.finish("one ping")
}

/// Filters that every scenario counts to the last frame, so that their sum is true of the mix: whole, or (ending in a space or
/// a dot) by their beginning. What is left out are the streams, stations and names of a single story.
const SUMMED: [&str; 18] = [
    "arp",
    "arp.opcode ",
    "dns",
    "dns.flags.response ",
    "dns.flags.rcode ",
    "http.request.method ",
    "http.response.code ",
    "icmp",
    "icmp.type == 0",
    "icmp.type == 8",
    "rtcp",
    "rtp",
    "sip",
    "sip.Method ",
    "sip.Status-Code ",
    "t38",
    "tcp",
    "tcp.analysis.",
];

fn add(sum: &mut Truth, part: Truth) {
    sum.findings.extend(part.findings);
    sum.call_ids.extend(part.call_ids);
    sum.addresses.extend(part.addresses);
    for (filter, frames) in part.frames {
        let summed = |start: &&str| match start.ends_with([' ', '.']) {
            true => filter.starts_with(*start) && !filter.contains("&&"),
            false => filter == **start,
        };
        if SUMMED.iter().any(summed) {
            *sum.frames.entry(filter).or_default() += frames;
        }
    }
    sum.packets += part.packets;
}

/// An hour, over which a mix is spread unless told otherwise.
pub const SPAN_NS: u64 = 3600 * SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_exact_ordered_and_repeatable() {
        let mix = Mix::new(5, 20_000, 60 * SECOND);
        let truth = mix.truth.clone();
        let packets: Vec<Packet> = mix.collect();
        assert_eq!(packets.len(), 20_000);
        assert_eq!(truth.packets, 20_000);
        assert!(packets.is_sorted_by_key(|p| p.time_ns));
        assert!(Mix::new(5, 20_000, 60 * SECOND).eq(packets));
    }

    #[test]
    fn the_smallest_mixes_are_exact_too() {
        for packets in [0, 1, 2, 50] {
            assert_eq!(Mix::new(1, packets, SECOND / 10).count() as u64, packets);
        }
    }
}
