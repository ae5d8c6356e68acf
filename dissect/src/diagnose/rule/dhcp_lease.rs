//! Leases that a client does not get (RFC 2131): no server offers one, or the server refuses it.

use super::deadlines::Deadlines;
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::diagnose::{Evidence, Mark};
use crate::output::value::colons;
use crate::proto::dhcp;
use crate::recent::Recent;
use crate::registry::ProtoId;
use crate::value::Value;

static NO_OFFER: Code = Code {
    name: "dhcp.no-offer",
    severity: Severity::Error,
    advice: "see whether the DHCP server runs, has free addresses, and is reached from the client's VLAN (relay)",
};

static NAK: Code = Code {
    name: "dhcp.nak",
    severity: Severity::Error,
    advice: "the client asked for an address of another network or of somebody else: it starts anew; look for a second server if it goes on",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&NO_OFFER, &NAK],
    protos: &[ProtoId::Dhcp],
    fields: &[
        dhcp::HW_ADDR,
        dhcp::HW_MAC_ADDR,
        dhcp::OPTION_DHCP,
        dhcp::REQUESTED_IP_ADDRESS,
        dhcp::DHCP_SERVER_ID,
        dhcp::IP_CLIENT,
    ],
    make: || Box::new(Leases::default()),
};

/// How many clients are waited for at once.
const MAX_CLIENTS: usize = 16_384;
/// How many requests are remembered, and how many clients that were told.
const MAX_REQUESTS: usize = 16_384;
const MAX_TOLD: usize = 16_384;
/// The same message sooner than that is a copy, or the one that a relay sends on. RFC 2131, 4.1: 4 s is the first wait.
const COPY_NS: i64 = 700_000_000;
/// For so long one DISCOVER may wait for its repetition.
const REPEAT_NS: i64 = 70_000_000_000;
/// So long behind the time of the next repetition there may be an offer.
const GRACE_NS: i64 = 2_000_000_000;

/// DHCP message types (RFC 2132, 9.6).
const DISCOVER: u64 = 1;
const REQUEST: u64 = 3;
const REFUSAL: u64 = 6;

struct Asked {
    discovers: Evidence,
    last: i64,
}

struct Leases {
    /// By the client's hardware address.
    asked: Deadlines<Vec<u8>, Asked>,
    requests: Recent<Vec<u8>, (Mark, Option<[u8; 4]>)>,
    told: Told<(Vec<u8>, &'static str)>,
}

impl Default for Leases {
    fn default() -> Self {
        Self { asked: Deadlines::new(MAX_CLIENTS), requests: Recent::new(MAX_REQUESTS), told: Told::new(MAX_TOLD) }
    }
}

fn address(seen: &Seen<'_>, field: crate::field::FieldId) -> Option<[u8; 4]> {
    match seen.first(field)?.value {
        Value::Ipv4(address) if address != [0; 4] => Some(address),
        _ => None,
    }
}

fn dotted(address: [u8; 4]) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

impl Leases {
    fn discover(&mut self, client: Vec<u8>, seen: &Seen<'_>) {
        let now = seen.time();
        let Some(asked) = self.asked.get_mut(&client) else {
            let asked = Asked { discovers: Evidence::of(seen.mark), last: now };
            self.asked.insert(client, now.saturating_add(REPEAT_NS), asked);
            return;
        };
        let interval = now.saturating_sub(asked.last);
        if interval < COPY_NS {
            return;
        }
        asked.discovers.add(seen.mark);
        asked.last = now;
        let next = interval.saturating_mul(2).saturating_add(GRACE_NS);
        self.asked.postpone(&client, now.saturating_add(next));
    }

    fn no_offer(&mut self, client: Vec<u8>, asked: Asked, out: &mut Out<'_>) {
        let count = asked.discovers.count();
        let key = (client, NO_OFFER.name);
        if count < 2 || self.told.is_old(&key, asked.last) {
            return;
        }
        let client = colons(&key.0);
        self.told.insert(key, asked.last);
        let seconds = (asked.last - asked.discovers.first().time) as f64 / 1e9;
        let summary = format!("{client} sent {count} DISCOVERs in {seconds:.0} s, and no server made an offer");
        out.say(Finding::new(&NO_OFFER, Subject::new("client", client), asked.discovers, summary).absent());
    }

    fn nak(&mut self, client: Vec<u8>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let key = (client, NAK.name);
        if self.told.is_old(&key, seen.time()) {
            return;
        }
        let mut evidence = Evidence::default();
        let wanted = self.requests.get(&key.0).map(|(mark, wanted)| {
            evidence.add(*mark);
            *wanted
        });
        evidence.add(seen.mark);
        let name = colons(&key.0);
        self.told.insert(key, seen.time());
        let server = address(seen, dhcp::DHCP_SERVER_ID).map_or("the server".to_owned(), dotted);
        let of = wanted.flatten().map_or("the lease".to_owned(), |address| format!("the lease of {}", dotted(address)));
        let summary = format!("{server} refused {name} {of}");
        out.say(Finding::new(&NAK, Subject::new("client", name), evidence, summary));
    }
}

impl Rule for Leases {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let client = packet.first(dhcp::HW_MAC_ADDR).or_else(|| packet.first(dhcp::HW_ADDR));
        let (Some(client), Some(kind)) = (client, packet.uint(dhcp::OPTION_DHCP)) else {
            return;
        };
        let client = packet.dissection.bytes(client).to_vec();
        if kind == DISCOVER {
            self.discover(client, packet);
            return;
        }
        // Whatever else comes, a request too, shows that there was an offer, or a lease.
        self.asked.remove(&client);
        if kind == REQUEST {
            let wanted = address(packet, dhcp::REQUESTED_IP_ADDRESS).or_else(|| address(packet, dhcp::IP_CLIENT));
            self.requests.insert(client, (packet.mark, wanted));
        } else if kind == REFUSAL {
            self.nak(client, packet, out);
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((client, asked)) = self.asked.pop_due(out.now) {
            self.no_offer(client, asked, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((client, asked)) = self.asked.pop_first() {
            self.no_offer(client, asked, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.asked.values().map(|asked| asked.discovers.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, Host};

    /// A message of type `kind` of or to the client with hardware address 02:00:00:00:00:`client`.
    fn message(capture: &mut Capture, ms: i64, kind: u8, client: u8) {
        let is_reply = matches!(kind, 2 | 5 | 6);
        let mut octets = vec![if is_reply { 2 } else { 1 }, 1, 6, 0, 0, 0, 0, 9];
        octets.resize(28, 0);
        octets.extend([2, 0, 0, 0, 0, client]);
        octets.resize(236, 0);
        octets.extend([99, 130, 83, 99, 53, 1, kind]);
        if kind == 3 {
            octets.extend([50, 4, 10, 0, 0, 77]);
        }
        if is_reply {
            octets.extend([54, 4, 10, 0, 0, 2]);
        }
        octets.push(255);
        let (here, there): (Host, Host) = (([0; 4], 68), ([255; 4], 67));
        match is_reply {
            true => capture.udp(ms, ([10, 0, 0, 2], 67), ([255; 4], 68), &octets),
            false => capture.udp(ms, here, there, &octets),
        }
    }

    fn codes(rows: &[(i64, u8)]) -> Vec<&'static str> {
        let mut capture = Capture::default();
        for (ms, kind) in rows {
            message(&mut capture, *ms, *kind, 1);
        }
        capture.codes()
    }

    #[test]
    fn discovers_without_an_offer_are_told_once() {
        assert_eq!(codes(&[(0, 1), (4000, 1), (12_000, 1), (400_000, 1), (404_000, 1)]), ["dhcp.no-offer"]);
        assert_eq!(codes(&[(0, 1), (4000, 1)]), ["dhcp.no-offer"]);
    }

    #[test]
    fn an_offer_in_the_end_or_one_that_was_not_seen_is_an_offer() {
        assert_eq!(codes(&[(0, 1), (4000, 1), (4010, 2), (4020, 3), (4030, 5)]), [""; 0]);
        assert_eq!(codes(&[(0, 1), (4000, 1), (4020, 3)]), [""; 0]);
        // A relay sends it on.
        assert_eq!(codes(&[(0, 1), (1, 1)]), [""; 0]);
        assert_eq!(codes(&[(0, 1)]), [""; 0]);
    }

    #[test]
    fn a_refusal_is_told_once() {
        let mut capture = Capture::default();
        for ms in [0, 5000] {
            message(&mut capture, ms, 3, 1);
            message(&mut capture, ms + 1, 6, 1);
        }
        assert_eq!(capture.codes(), ["dhcp.nak"]);
        assert_eq!(capture.frames_of("dhcp.nak"), Some(vec![1, 2]));
        assert_eq!(capture.findings()[0].summary, "10.0.0.2 refused 02:00:00:00:00:01 the lease of 10.0.0.77");
        assert_eq!(codes(&[(0, 3), (1, 5)]), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_is_waited_for() {
        let mut rule = Leases::default();
        for n in 0..MAX_CLIENTS as u32 + 10 {
            let asked = Asked { discovers: Evidence::default(), last: 0 };
            rule.asked.insert(n.to_be_bytes().to_vec(), 0, asked);
        }
        assert_eq!(rule.asked.len(), MAX_CLIENTS);
    }
}
