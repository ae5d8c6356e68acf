//! Addresses that somebody asks for and nobody has (RFC 826).
//!
//! Probes and announcements are no questions. On a switch a capture sees everybody's questions, but of the answers only
//! those to its own host. That is the host to or from which all packets go that are not for many; where there is one and
//! somebody else asks, a finding is not certain.

use super::arp_duplicate::{REQUEST, ipv4, mac, place};
use super::deadlines::Deadlines;
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::Address;
use crate::proto::{arp, eth, vlan};
use crate::recent::Recent;
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "arp.unanswered",
    severity: Severity::Warning,
    advice: "the device is off or not in this network, or the address, the mask or the VLAN is wrong",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    // Whatever lies below: captures of all interfaces at once have no Ethernet header.
    protos: &[ProtoId::Eth, ProtoId::Arp, ProtoId::Ip],
    fields: &[arp::OPCODE, arp::SRC_HW_MAC, arp::SRC_PROTO_IPV4, arp::DST_PROTO_IPV4, eth::SRC, eth::DST, vlan::ID],
    make: || Box::new(Unanswered::default()),
};

/// How many addresses are waited for at once.
const MAX_ASKED: usize = 65_536;
/// How many addresses that were seen are remembered.
const MAX_PRESENT: usize = 65_536;
/// Who was seen so long ago at most is there: its answers may go another way, as those of a router on a switch do.
const PRESENT_NS: i64 = 3_600_000_000_000;
/// How many addresses that were told are remembered.
const MAX_TOLD: usize = 65_536;
/// Asked so often and never answered.
const TIMES: u64 = 3;
/// The same question sooner than that is the same packet, captured twice.
const COPY_NS: i64 = 20_000_000;
/// Who has not answered for that long since the first question does not answer. A device may take minutes to start.
const WAIT_NS: i64 = 300_000_000_000;

type Place = (u32, u64, [u8; 4]);

struct Asked {
    asker: [u8; 6],
    questions: Evidence,
    last: i64,
    last_asker: [u8; 6],
}

struct Unanswered {
    asked: Deadlines<Place, Asked>,
    /// The hosts to or from which all packets went that were for one host; nothing before the first of them.
    own: Option<Vec<[u8; 6]>>,
    /// When each address was last seen as the sender of an ARP packet.
    present: Recent<Place, i64>,
    told: Told<Place>,
}

impl Default for Unanswered {
    fn default() -> Self {
        Self {
            asked: Deadlines::new(MAX_ASKED),
            own: None,
            present: Recent::new(MAX_PRESENT),
            told: Told::new(MAX_TOLD),
        }
    }
}

impl Unanswered {
    fn judge(&mut self, place: Place, asked: Asked, out: &mut Out<'_>) {
        if asked.questions.count() < TIMES || self.told.is_old(&place, asked.last) {
            return;
        }
        self.told.insert(place, asked.last);
        let address = Address::Ipv4(place.2);
        let asker = Address::Ether(asked.asker);
        let summary = format!("{asker} and others asked");
        let summary = match asked.asker == asked.last_asker {
            true => format!("{asker} asked {} times for {address}, and nobody answered", asked.questions.count()),
            false => format!("{summary} {} times for {address}, and nobody answered", asked.questions.count()),
        };
        let finding = Finding::new(&CODE, Subject::address(address), asked.questions, summary).absent();
        let sees_answers = self.own.as_ref().is_some_and(|own| own.is_empty() || own.contains(&asked.asker));
        out.say(if sees_answers { finding } else { finding.uncertain() });
    }
}

impl Rule for Unanswered {
    fn look(&mut self, packet: &Seen<'_>, _: &mut Out<'_>) {
        let now = packet.time();
        if self.own.as_ref().is_none_or(|own| !own.is_empty())
            && let (Some(from), Some(to)) = (mac(packet, eth::SRC), mac(packet, eth::DST))
            && to[0] & 1 == 0
        {
            match &mut self.own {
                None => self.own = Some(vec![from, to]),
                Some(own) => own.retain(|host| *host == from || *host == to),
            }
        }
        if !packet.has_proto(ProtoId::Arp) {
            // Whoever sends is there, even when its answers go another way.
            if !self.asked.is_empty()
                && let Address::Ipv4(source) = packet.endpoints().src
                && self.asked.remove(&place(packet, source)).is_some()
            {
                self.present.insert(place(packet, source), now);
            }
            return;
        }
        let (Some(source), Some(target)) = (ipv4(packet, arp::SRC_PROTO_IPV4), ipv4(packet, arp::DST_PROTO_IPV4))
        else {
            return;
        };
        if source != [0; 4] {
            self.asked.remove(&place(packet, source));
            self.present.insert(place(packet, source), now);
        }
        let is_question = packet.uint(arp::OPCODE) == Some(REQUEST) && source != [0; 4] && source != target;
        let (true, Some(asker)) = (is_question && target != [0; 4], mac(packet, arp::SRC_HW_MAC)) else {
            return;
        };
        let place = place(packet, target);
        if self.present.get(&place).is_some_and(|seen| now.saturating_sub(*seen) <= PRESENT_NS) {
            return;
        }
        match self.asked.get_mut(&place) {
            Some(asked) if asked.last_asker == asker && now.saturating_sub(asked.last) < COPY_NS => {}
            Some(asked) => {
                asked.questions.add(packet.mark);
                asked.last = now;
                asked.last_asker = asker;
            }
            None => {
                let questions = Evidence::of(packet.mark);
                let asked = Asked { asker, questions, last: now, last_asker: asker };
                self.asked.insert(place, now.saturating_add(WAIT_NS), asked);
            }
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((place, asked)) = self.asked.pop_due(out.now) {
            self.judge(place, asked, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((place, asked)) = self.asked.pop_first() {
            self.judge(place, asked, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.asked.values().map(|asked| asked.questions.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, arp};

    /// Host 1 asks for 10.0.0.50; it gets answers to other questions.
    fn questions(times: &[i64]) -> Capture {
        let mut capture = Capture::default();
        capture.frame(0, 1, arp(2, 9, 9, 1, 1));
        for ms in times {
            capture.frame(*ms, 1, arp(1, 1, 1, 0, 50));
        }
        capture
    }

    #[test]
    fn three_questions_in_vain_are_told_once() {
        let capture = questions(&[1000, 2000, 3000, 400_000, 401_000, 402_000, 800_000]);
        assert_eq!(capture.codes(), ["arp.unanswered"]);
        assert_eq!(capture.frames_of("arp.unanswered"), Some(vec![2, 3, 4]));
        assert!(capture.findings()[0].is_certain);
    }

    #[test]
    fn fewer_questions_or_copies_are_none() {
        assert_eq!(questions(&[1000, 2000]).codes(), [""; 0]);
        assert_eq!(questions(&[1000, 1001, 2000, 2001]).codes(), [""; 0]);
    }

    #[test]
    fn whoever_is_seen_is_there() {
        let mut capture = questions(&[1000, 2000, 3000]);
        capture.frame(3100, 1, arp(2, 50, 50, 1, 1));
        for ms in [4000, 5000, 6000] {
            capture.frame(ms, 1, arp(1, 1, 1, 0, 50));
        }
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn probes_and_announcements_are_no_questions() {
        let mut capture = Capture::default();
        for ms in [0, 1000, 2000, 3000] {
            capture.frame(ms, 1, arp(1, 1, 0, 0, 50));
            capture.frame(ms, 1, arp(1, 2, 51, 0, 51));
        }
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn where_no_answer_could_be_seen_it_is_not_certain() {
        // Host 9 captures what it hears; then a network is mirrored.
        for (pairs, is_certain) in [(&[][..], false), (&[(9, 8), (9, 7)], false), (&[(9, 8), (7, 6)], true)] {
            let mut capture = Capture::default();
            for (from, to) in pairs {
                capture.frame(0, 1, arp(2, *from, *from, *to, *to));
            }
            for ms in [0, 1000, 2000] {
                capture.frame(ms, 1, arp(1, 1, 1, 0, 50));
            }
            let findings = capture.findings();
            assert!(findings.len() == 1 && findings[0].is_certain == is_certain);
        }
    }

    #[test]
    fn no_more_than_the_limit_is_waited_for() {
        let mut rule = Unanswered::default();
        let mut capture = Capture::default();
        for n in 0..MAX_ASKED as u32 + 10 {
            let mut frame = arp(1, 1, 1, 0, 50);
            frame[38..42].copy_from_slice(&(n + 0x0b00_0000).to_be_bytes());
            capture.frame(0, 1, frame);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.asked.len(), MAX_ASKED);
    }

    #[test]
    fn whoever_sends_anything_is_there() {
        let mut capture = questions(&[1000]);
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 50, 8, 0];
        frame.extend(crate::diagnose::testing::ip(17, [10, 0, 0, 50], [10, 0, 0, 1], 1, &[0, 7, 0, 7, 0, 8, 0, 0]));
        capture.frame(1500, 1, frame);
        for ms in [2000, 3000, 4000] {
            capture.frame(ms, 1, arp(1, 1, 1, 0, 50));
        }
        assert_eq!(capture.codes(), [""; 0]);
    }
}
