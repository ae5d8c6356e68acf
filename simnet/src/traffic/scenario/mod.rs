//! The stories, one file each. A new one is a file and its row in [`SCENARIOS`].

mod arp_conflict;
mod auth_loop_407;
mod dns;
mod healthy_call;
mod icmp;
mod ip_fragments;
mod ipv6;
mod sip_over_tcp;
mod t38_fax;
mod t38_rejected;
mod tcp;
mod vlan;

use super::Scenario;

/// All scenarios, in the order of the list that the command line shows.
pub static SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "healthy_call",
        about: "a phone registers (401 answered), calls, talks in G.711 and hangs up",
        weight: 20,
        tell: healthy_call::tell,
    },
    Scenario {
        name: "auth_loop_407",
        about: "a phone with a wrong password is challenged with 407 again and again",
        weight: 200,
        tell: auth_loop_407::tell,
    },
    Scenario {
        name: "t38_rejected",
        about: "a fax call: the re-INVITE to T.38 is refused with 488 and the call goes on as G.711",
        weight: 3,
        tell: t38_rejected::tell,
    },
    Scenario {
        name: "arp_conflict",
        about: "two Ethernet addresses claim one IP address",
        weight: 150,
        tell: arp_conflict::tell,
    },
    Scenario {
        name: "t38_fax",
        about: "a fax call: the re-INVITE to T.38 is accepted and a page goes through",
        weight: 8,
        tell: t38_fax::tell,
    },
    Scenario {
        name: "dns",
        about: "names that resolve, one that does not exist, a query that nobody answers",
        weight: 600,
        tell: dns::tell,
    },
    Scenario {
        name: "tcp",
        about: "HTTP over TCP: healthy, retransmissions, out of order, zero window, reset",
        weight: 95,
        tell: tcp::tell,
    },
    Scenario { name: "icmp", about: "pings, a closed port and a filter that say so", weight: 220, tell: icmp::tell },
    Scenario {
        name: "ip_fragments",
        about: "fragments that are reassembled and one that is lost",
        weight: 5,
        tell: ip_fragments::tell,
    },
    Scenario {
        name: "sip_over_tcp",
        about: "a call over TCP with messages cut and joined by segments",
        weight: 5,
        tell: sip_over_tcp::tell,
    },
    Scenario {
        name: "ipv6",
        about: "neighbour discovery, pings, fragments and a call over IPv6",
        weight: 5,
        tell: ipv6::tell,
    },
    Scenario { name: "vlan", about: "a call in a voice VLAN, ARP in two tags", weight: 5, tell: vlan::tell },
];

/// The scenario of this name; dashes and underscores are the same.
pub fn find(name: &str) -> Option<&'static Scenario> {
    let name = name.replace('-', "_");
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::{START_NS, generate, generate_at};

    #[test]
    fn every_story_is_ordered_repeatable_and_its_own() {
        for scenario in SCENARIOS {
            let told = generate(scenario, 1, 0);
            assert!(!told.packets.is_empty(), "{}", scenario.name);
            assert!(told.packets.is_sorted_by_key(|p| p.time_ns), "{}", scenario.name);
            assert!(told.packets[0].time_ns >= START_NS, "{}", scenario.name);
            assert_eq!(told.truth.packets, told.packets.len() as u64);
            assert_eq!(told, generate(scenario, 1, 0), "{}", scenario.name);
            assert_ne!(told.packets, generate(scenario, 2, 0).packets, "{}", scenario.name);
            let neighbour = generate(scenario, 1, 1).truth;
            assert!(told.truth.call_ids.iter().all(|id| !neighbour.call_ids.contains(id)), "{}", scenario.name);
        }
    }

    #[test]
    fn a_later_start_moves_the_packets_and_keeps_their_number() {
        for scenario in SCENARIOS {
            let later = generate_at(scenario, 1, 0, START_NS + 77);
            assert_eq!(later.truth.packets, generate(scenario, 1, 0).truth.packets, "{}", scenario.name);
        }
    }

    #[test]
    fn names_are_found_with_dashes_too() {
        assert_eq!(find("auth-loop-407").map(|s| s.name), Some("auth_loop_407"));
        assert!(find("nothing").is_none());
    }
}
