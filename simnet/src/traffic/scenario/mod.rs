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
        share: 140,
        tell: healthy_call::tell,
    },
    Scenario {
        name: "auth_loop_407",
        about: "a phone with a wrong password is challenged with 407 again and again",
        share: 40,
        tell: auth_loop_407::tell,
    },
    Scenario {
        name: "t38_rejected",
        about: "a fax call: the re-INVITE to T.38 is refused with 488 and the call goes on as G.711",
        share: 20,
        tell: t38_rejected::tell,
    },
    Scenario {
        name: "arp_conflict",
        about: "two Ethernet addresses claim one IP address",
        share: 60,
        tell: arp_conflict::tell,
    },
    Scenario {
        name: "t38_fax",
        about: "a fax call: the re-INVITE to T.38 is accepted and a page goes through",
        share: 40,
        tell: t38_fax::tell,
    },
    Scenario {
        name: "dns",
        about: "names that resolve, one that does not exist, a query that nobody answers",
        share: 200,
        tell: dns::tell,
    },
    Scenario {
        name: "tcp",
        about: "HTTP over TCP: healthy, retransmissions, out of order, zero window, reset",
        share: 180,
        tell: tcp::tell,
    },
    Scenario {
        name: "icmp",
        about: "pings, a closed port and a filter that say so",
        share: 120,
        tell: icmp::tell,
    },
    Scenario {
        name: "ip_fragments",
        about: "fragments that are reassembled and one that is lost",
        share: 40,
        tell: ip_fragments::tell,
    },
    Scenario {
        name: "sip_over_tcp",
        about: "a call over TCP with messages cut and joined by segments",
        share: 60,
        tell: sip_over_tcp::tell,
    },
    Scenario {
        name: "ipv6",
        about: "neighbour discovery, pings, fragments and a call over IPv6",
        share: 50,
        tell: ipv6::tell,
    },
    Scenario {
        name: "vlan",
        about: "a call in a voice VLAN, ARP in two tags",
        share: 50,
        tell: vlan::tell,
    },
];

/// The scenario of this name; dashes and underscores are the same.
pub fn find(name: &str) -> Option<&'static Scenario> {
    let name = name.replace('-', "_");
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}
