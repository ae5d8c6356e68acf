//! The stories, one file each. A new one is a file and its row in [`SCENARIOS`].

mod arp_conflict;
mod auth_loop_407;
mod healthy_call;
mod t38_rejected;

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
];

/// The scenario of this name; dashes and underscores are the same.
pub fn find(name: &str) -> Option<&'static Scenario> {
    let name = name.replace('-', "_");
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}
