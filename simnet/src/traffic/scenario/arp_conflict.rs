//! An address conflict: a printer has a fixed address that the DHCP server has since given to a PC, and both answer for it.

use crate::traffic::frame::{Arp, Checksum, Mac, icmp};
use crate::traffic::{MS, SECOND, Setting, Traffic};

/// Operations of RFC 826.
const REQUEST: u16 = 1;
const REPLY: u16 = 2;

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let contested = setting.lan(50);
    let router_ip = setting.lan(1);
    let mut router = setting.host([0x00, 0x1b, 0x21], router_ip, false);
    let pc = setting.host([0x3c, 0x52, 0x82], contested, true);
    let printer = setting.host([0x00, 0x80, 0x77], contested, false);
    let mut recorder = setting.recorder();
    recorder.truth.addresses.extend([router.ip, pc.ip]);
    let mut now = setting.start_ns;
    let (mut requests, mut replies, mut pings) = (0, 0, 0);

    // RFC 5227, 2.3: the PC announces its new address.
    for _ in 0..2 {
        let arp =
            Arp { operation: REQUEST, sender_mac: pc.mac, sender: contested, target_mac: Mac::ZERO, target: contested };
        recorder.push(now, pc.arp(Mac::BROADCAST, arp));
        requests += 1;
        now += 2 * SECOND;
    }
    let rounds = setting.rng.range(4, 8);
    for round in 0..rounds {
        let ask = Arp {
            operation: REQUEST,
            sender_mac: router.mac,
            sender: router_ip,
            target_mac: Mac::ZERO,
            target: contested,
        };
        recorder.push(now, router.arp(Mac::BROADCAST, ask));
        requests += 1;
        // Now one is faster, now the other; both claim the address every time.
        let mut claims = [(&pc, setting.rng.range(200_000, 900_000)), (&printer, setting.rng.range(300_000, 3 * MS))];
        claims.sort_by_key(|(_, delay)| *delay);
        for (host, delay) in claims {
            let claim = Arp {
                operation: REPLY,
                sender_mac: host.mac,
                sender: contested,
                target_mac: router.mac,
                target: router_ip,
            };
            recorder.push(now + delay, host.arp(router.mac, claim));
            replies += 1;
        }
        // The router goes by the last claim, so its pings reach now one host, now the other.
        let reached = claims[1].0.clone();
        let payload: Vec<u8> = (0..56).collect();
        let rest = [0x1a, 0x2b, 0, round as u8 + 1];
        let at = now + 5 * MS;
        recorder.push_all(at, router.icmp(&reached, 0, &icmp(8, 0, rest, &payload, Checksum::Right)));
        let mut reached = reached;
        let delay = setting.rng.range(200_000, 800_000);
        recorder.push_all(at + delay, reached.icmp(&router, 0, &icmp(0, 0, rest, &payload, Checksum::Right)));
        pings += 1;
        now += setting.rng.range(8 * SECOND, 20 * SECOND);
    }
    recorder.count("arp", requests + replies);
    recorder.count("arp.opcode == 1", requests);
    recorder.count("arp.opcode == 2", replies);
    recorder.count("arp.isgratuitous == 1", 2);
    recorder.count(format!("arp.src.hw_mac == {}", printer.mac), rounds);
    recorder.count(format!("arp.src.hw_mac == {}", pc.mac), rounds + 2);
    recorder.count("icmp", 2 * pings);
    recorder.count("icmp.type == 8", pings);
    recorder.count("icmp.type == 0", pings);
    recorder.finding("arp.duplicate-address", contested.to_string());
    recorder.finish(format!("{} and {} both claim {contested}", pc.mac, printer.mac))
}
