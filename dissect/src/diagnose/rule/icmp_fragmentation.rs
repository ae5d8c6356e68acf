//! Paths on which packets are too large to go on: fragmentation needed with DF set (RFC 1191), packet too big (RFC 8201).
//!
//! An error while the sender goes on sending packets that are too large, a warning when it adapts.

use super::deadlines::Deadlines;
use super::icmp_error::{IcmpError, Says, fields_and};
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::dissector::Address;
use crate::field::FieldId;
use crate::proto::{ip, ipv6};
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "icmp.fragmentation-needed",
    severity: Severity::Error,
    advice: "let ICMP pass to the sender so that it learns the MTU, lower its MTU, or clamp the MSS of TCP on the router",
};

static SEEN: [FieldId; 15] = fields_and(&[ip::FLAGS_DF]);

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Ip, ProtoId::Ipv6],
    fields: &SEEN,
    make: || Box::new(TooBig::default()),
};

/// How many paths are watched at once.
const MAX_PATHS: usize = 4096;
/// How many that were told are remembered.
const MAX_TOLD: usize = 16_384;
/// What was already under way when the sender was told comes within this time.
const UNDER_WAY_NS: i64 = 500_000_000;
/// For so long it is watched what the sender does.
const WATCH_NS: i64 = 10_000_000_000;

/// Who sends, and to whom.
type Path = (Address, Address);

struct Narrow {
    evidence: Evidence,
    first: i64,
    mtu: u32,
    from: Address,
    len: u64,
    goes_on: u64,
}

struct TooBig {
    paths: Deadlines<Path, Narrow>,
    told: Told<Path>,
}

impl Default for TooBig {
    fn default() -> Self {
        Self { paths: Deadlines::new(MAX_PATHS), told: Told::new(MAX_TOLD) }
    }
}

impl TooBig {
    fn error(&mut self, error: &IcmpError, mtu: u32, seen: &Seen<'_>, out: &mut Out<'_>) {
        let path = (error.quoted.src, error.quoted.dst);
        let now = seen.time();
        if self.told.is_old(&path, now) {
            return;
        }
        if let Some(told) = self.paths.get_mut(&path) {
            told.evidence.add(seen.mark);
            // The same again, long after the sender was told.
            if now > told.first.saturating_add(UNDER_WAY_NS) && told.mtu == mtu {
                told.goes_on += 1;
            }
            told.mtu = mtu;
            return;
        }
        let told =
            Narrow { evidence: Evidence::of(seen.mark), first: now, mtu, from: error.from, len: error.len, goes_on: 0 };
        if let Some((path, told)) = self.paths.insert(path, now.saturating_add(WATCH_NS), told) {
            self.say(path, told, out);
        }
    }

    fn say(&mut self, path: Path, told: Narrow, out: &mut Out<'_>) {
        self.told.insert(path, told.evidence.last().time);
        let (from, to) = path;
        let mtu = match told.mtu {
            0 => "less".to_owned(),
            mtu => format!("at most {mtu}"),
        };
        let then = match told.goes_on {
            0 => "the sender was not seen to send too large packets after that".to_owned(),
            _ => "the sender goes on with too large packets".to_owned(),
        };
        let summary = format!(
            "packets of {} octets from {from} to {to} are too large: {} lets {mtu} octets pass; {then}",
            told.len, told.from
        );
        let subject = Subject::new("path", format!("{from}-{to}"));
        let finding = Finding::new(&CODE, subject, told.evidence, summary);
        out.say(if told.goes_on == 0 { finding.severity(Severity::Warning) } else { finding });
    }
}

impl Rule for TooBig {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        if let Some(error) = IcmpError::of(packet) {
            if let Says::TooBig { mtu } = error.says {
                self.error(&error, mtu, packet, out);
            }
            return;
        }
        if self.paths.is_empty() {
            return;
        }
        let endpoints = packet.endpoints();
        let Some(told) = self.paths.get_mut(&(endpoints.src, endpoints.dst)) else {
            return;
        };
        let last = |field| packet.all(field).last().and_then(Seen::number);
        let len = match endpoints.src {
            Address::Ipv4(_) if last(ip::FLAGS_DF) == Some(1) => last(ip::LEN).unwrap_or_default(),
            Address::Ipv6(_) => last(ipv6::PLEN).unwrap_or_default() + 40,
            _ => return,
        };
        let is_late = packet.time() > told.first.saturating_add(UNDER_WAY_NS);
        if is_late && told.mtu > 0 && len > u64::from(told.mtu) {
            told.goes_on += 1;
            told.evidence.add(packet.mark);
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((path, told)) = self.paths.pop_due(out.now) {
            self.say(path, told, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((path, told)) = self.paths.pop_first() {
            self.say(path, told, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.paths.values().map(|told| told.first).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{Capture, host, icmp_error};

    fn capture(lens: &[usize]) -> Capture {
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 5001), &[7; 1400]);
        icmp_error(&mut capture, 1, [10, 0, 0, 9], 3, 4, 1280);
        for (at, len) in lens.iter().enumerate() {
            capture.udp(2 + at as i64 * 1000, host(1, 5000), host(2, 5001), &vec![7; *len]);
        }
        capture
    }

    #[test]
    fn a_sender_that_goes_on_is_an_error_and_one_that_adapts_a_warning() {
        for (lens, severity, marks) in [
            (&[1400, 1400, 1400][..], Severity::Error, 3),
            (&[1400, 1200, 1200], Severity::Warning, 1),
            (&[], Severity::Warning, 1),
        ] {
            let findings = capture(lens).findings();
            assert_eq!(findings.len(), 1);
            assert_eq!((findings[0].code, findings[0].severity), (CODE.name, severity));
            assert_eq!(findings[0].evidence.count(), marks);
        }
    }

    #[test]
    fn large_packets_alone_are_none() {
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 5001), &[7; 1400]);
        assert_eq!(capture.codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_is_watched() {
        let mut rule = TooBig::default();
        let mut capture = Capture::default();
        for n in 0..MAX_PATHS + 10 {
            capture.udp(0, host(1, 5000), ([10, 1, (n >> 8) as u8, n as u8], 1), b"hello");
            icmp_error(&mut capture, 0, [10, 0, 0, 9], 3, 4, 1280);
        }
        capture.each(&RULE, |seen, out| rule.look(seen, out));
        assert_eq!(rule.paths.iter().count(), MAX_PATHS);
    }
}
