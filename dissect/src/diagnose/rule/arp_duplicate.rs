//! Two hardware addresses that claim one IP address (RFC 5227).
//!
//! An ARP packet claims its sender's address, unless it is a probe. When a second hardware address takes an IP address
//! over, after which the first one is silent, that is a fail-over; a conflict is it when both go on: each claims the
//! address again after the other one did, or both answer the same request.

use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::Address;
use crate::proto::{arp, vlan};
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::value::Value;

static CODE: Code = Code {
    name: "arp.duplicate-address",
    severity: Severity::Error,
    advice: "find both devices by their hardware addresses and give one of them another IP address",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Arp],
    fields: &[arp::OPCODE, arp::SRC_HW_MAC, arp::SRC_PROTO_IPV4, arp::DST_HW_MAC, arp::DST_PROTO_IPV4, vlan::ID],
    make: || Box::new(Duplicates::default()),
};

/// How many addresses are watched.
const MAX_ADDRESSES: usize = 65_536;
/// Claims so far apart have nothing to do with each other: after a time without traffic, caches are filled anew.
const APART_NS: i64 = 300_000_000_000;
/// Answers of two hosts to one request come within this time.
const ANSWERS_NS: i64 = 1_000_000_000;
/// How often the claimant changes in a conflict: A, B, A, B.
const CHANGES: u32 = 3;

/// How the hardware addresses of routers begin that share one address on purpose (Cisco's GLBP): each answers for a part
/// of the hosts.
const SHARED: [u8; 3] = [0x00, 0x07, 0xb4];

/// ARP operations (RFC 826, 903).
pub(super) const REQUEST: u64 = 1;
pub(super) const REPLY: u64 = 2;

/// An IP address, in the network of its VLAN and interface.
type Place = (u32, u64, [u8; 4]);

struct Claims {
    claimant: [u8; 6],
    other: [u8; 6],
    changes: u32,
    last: i64,
    /// Whom the last reply was for, and whether somebody has asked since.
    answered: Option<[u8; 6]>,
    evidence: Evidence,
    is_told: bool,
}

struct Duplicates {
    claims: Recent<Place, Claims>,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self { claims: Recent::new(MAX_ADDRESSES) }
    }
}

pub(super) fn mac(seen: &Seen<'_>, field: crate::field::FieldId) -> Option<[u8; 6]> {
    match seen.first(field)?.value {
        Value::Ether(mac) => Some(mac),
        _ => None,
    }
}

pub(super) fn ipv4(seen: &Seen<'_>, field: crate::field::FieldId) -> Option<[u8; 4]> {
    match seen.first(field)?.value {
        Value::Ipv4(address) => Some(address),
        _ => None,
    }
}

/// Where an IP address of the packet lies.
pub(super) fn place(seen: &Seen<'_>, address: [u8; 4]) -> Place {
    let vlan = seen.uint(vlan::ID).unwrap_or(u64::MAX);
    (seen.packet.interface, vlan, address)
}

impl Duplicates {
    fn claim(&mut self, place: Place, mac: [u8; 6], reply_to: Option<[u8; 6]>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let now = seen.time();
        let fresh = Claims {
            claimant: mac,
            other: mac,
            changes: 0,
            last: now,
            answered: reply_to,
            evidence: Evidence::of(seen.mark),
            is_told: false,
        };
        let Some(claims) = self.claims.get(&place) else {
            self.claims.insert(place, fresh);
            return;
        };
        if claims.is_told || mac.starts_with(&SHARED) && claims.claimant.starts_with(&SHARED) {
            return;
        }
        let pause = now.saturating_sub(claims.last);
        if pause > APART_NS || mac != claims.claimant && claims.changes > 0 && mac != claims.other {
            *claims = fresh;
            return;
        }
        let both_answer =
            mac != claims.claimant && pause <= ANSWERS_NS && reply_to.is_some() && reply_to == claims.answered;
        if mac != claims.claimant {
            if claims.changes == 0 && claims.evidence.count() > 1 {
                claims.evidence = Evidence::of(claims.evidence.last());
            }
            claims.other = claims.claimant;
            claims.claimant = mac;
            claims.changes += 1;
            claims.evidence.add(seen.mark);
        } else if claims.changes > 0 {
            claims.evidence.add(seen.mark);
        } else {
            claims.evidence = Evidence::of(seen.mark);
        }
        claims.last = now;
        claims.answered = reply_to;
        if claims.changes < CHANGES && !both_answer {
            return;
        }
        claims.is_told = true;
        let (one, two) = (claims.other.min(claims.claimant), claims.other.max(claims.claimant));
        let address = Address::Ipv4(place.2);
        let summary = format!("{} and {} both claim {address}", Address::Ether(one), Address::Ether(two));
        let subject = Subject::address(address);
        out.say(Finding::new(&CODE, subject, claims.evidence.clone(), summary));
    }
}

impl Rule for Duplicates {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let (Some(source), Some(mac)) = (ipv4(packet, arp::SRC_PROTO_IPV4), mac(packet, arp::SRC_HW_MAC)) else {
            return;
        };
        let operation = packet.uint(arp::OPCODE);
        if operation == Some(REQUEST)
            && let Some(target) = ipv4(packet, arp::DST_PROTO_IPV4)
            && target != source
            && let Some(claims) = self.claims.get(&place(packet, target))
        {
            // A new question: what answers it is judged by itself.
            claims.answered = None;
        }
        // A probe claims nothing yet (RFC 5227, 1.1), and a group address is nobody's.
        if source == [0; 4] || mac == [0; 6] || mac[0] & 1 != 0 || !matches!(operation, Some(REQUEST | REPLY)) {
            return;
        }
        let is_announcement = ipv4(packet, arp::DST_PROTO_IPV4) == Some(source);
        let reply_to = match operation {
            Some(REPLY) if !is_announcement => self::mac(packet, arp::DST_HW_MAC),
            _ => None,
        };
        self.claim(place(packet, source), mac, reply_to, packet, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, arp};

    const A: u8 = 0xa;
    const B: u8 = 0xb;
    const ASKER: u8 = 1;

    /// Replies of hosts for 10.0.0.50.
    fn replies(rows: &[(i64, u8)]) -> Capture {
        let mut capture = Capture::default();
        for (ms, host) in rows {
            capture.frame(*ms, 1, arp(2, *host, 50, ASKER, 1));
        }
        capture
    }

    #[test]
    fn two_hosts_that_go_on_claiming_are_told_once() {
        let capture = replies(&[(0, A), (10_000, B), (20_000, A), (30_000, B), (40_000, A), (50_000, B)]);
        assert_eq!(capture.codes(), ["arp.duplicate-address"]);
        assert_eq!(capture.frames_of("arp.duplicate-address"), Some(vec![1, 2, 3, 4]));
    }

    #[test]
    fn two_answers_to_one_request_are_a_conflict() {
        let mut capture = Capture::default();
        capture.frame(0, 1, arp(1, ASKER, 1, 0, 50));
        capture.frame(1, 1, arp(2, A, 50, ASKER, 1));
        capture.frame(2, 1, arp(2, B, 50, ASKER, 1));
        assert_eq!(capture.codes(), ["arp.duplicate-address"]);
    }

    #[test]
    fn routers_that_share_an_address_on_purpose_are_none() {
        let answers = |begin: &[u8]| {
            let mut capture = Capture::default();
            for ms in 0..8_u8 {
                let mut frame = arp(2, A + ms % 2, 50, ASKER, 1);
                frame[6..9].copy_from_slice(begin);
                frame[22..25].copy_from_slice(begin);
                capture.frame(i64::from(ms) * 1000, 1, frame);
            }
            capture.codes()
        };
        assert_eq!(answers(&SHARED), [""; 0]);
        assert_eq!(answers(&[2, 0, 0]), ["arp.duplicate-address"]);
    }

    #[test]
    fn a_fail_over_and_its_way_back_are_none() {
        assert_eq!(replies(&[(0, A), (10_000, A), (20_000, B), (30_000, B), (40_000, B)]).codes(), [""; 0]);
        assert_eq!(replies(&[(0, A), (20_000, B), (30_000, B), (40_000, A), (50_000, A)]).codes(), [""; 0]);
        // Much later once more.
        assert_eq!(replies(&[(0, A), (20_000, B), (40_000, A), (900_000, B)]).codes(), [""; 0]);
        // The new one answers the next request.
        let mut capture = replies(&[(0, A)]);
        capture.frame(500, 1, arp(1, ASKER, 1, 0, 50));
        capture.frame(501, 1, arp(2, B, 50, ASKER, 1));
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn probes_announcements_and_other_networks_are_none() {
        let mut capture = Capture::default();
        for ms in 0..4 {
            capture.frame(ms * 1000, 1, arp(1, A, 50, 0, 50));
            // B asks whether the address is free.
            capture.frame(ms * 1000 + 1, 1, arp(1, B, 0, 0, 50));
        }
        assert_eq!(capture.codes(), [""; 0]);
        let mut capture = Capture::default();
        for ms in 0..4 {
            for (host, vlan) in [(A, 10), (B, 20)] {
                let mut frame = arp(2, host, 50, ASKER, 1);
                frame.splice(12..12, [0x81, 0, 0, vlan]);
                capture.frame(ms * 1000, 1, frame);
            }
        }
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_is_watched() {
        let mut rule = Duplicates::default();
        let mut capture = Capture::default();
        for n in 0..2 * MAX_ADDRESSES as u32 {
            let mut frame = arp(2, A, 50, ASKER, 1);
            frame[28..32].copy_from_slice(&(n + 1).to_be_bytes());
            capture.frame(0, 1, frame);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert!(rule.claims.len() <= MAX_ADDRESSES);
    }
}
