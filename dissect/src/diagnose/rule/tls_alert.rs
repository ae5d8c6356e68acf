//! Handshakes that end in a fatal alert (RFC 8446, 6.2; RFC 5246, 7.2).
//!
//! An alert that can be read was sent before the ciphers changed: during the handshake. close_notify is a good end.

use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::dissector::Endpoints;
use crate::proto::{dtls, tls};
use crate::registry::{self, ProtoId};

static CODE: Code = Code {
    name: "tls.alert",
    severity: Severity::Error,
    advice: "compare versions, ciphers and certificates of both sides: the side that sent the alert did not accept the other one's",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Tls, ProtoId::Dtls],
    fields: &[tls::PROTO, tls::ALERT_LEVEL, tls::ALERT_DESC, dtls::PROTO, dtls::ALERT_LEVEL, dtls::ALERT_DESC],
    make: || Box::new(Alerts { told: Told::new(MAX_TOLD) }),
};

/// How many connections that were told are remembered.
const MAX_TOLD: usize = 16_384;
/// The level of a fatal alert, and what ends a connection well.
const FATAL: u64 = 2;
const CLOSE_NOTIFY: u64 = 0;

/// What to do about an alert (RFC 8446, 6.2).
fn advice(alert: u64) -> &'static str {
    match alert {
        40 | 71 => "the two have no cipher, group or signature algorithm in common: compare what both allow",
        70 | 86 => "the two have no version of TLS in common: see which versions both allow",
        41..=46 | 48 => {
            "the side that sent the alert does not trust the other one's certificate: see its validity, its names, its chain, and the authorities that are trusted there"
        }
        112 => "the server does not know the name that the client asked for (SNI): compare it with the server's names",
        116 => "the server asks for a certificate of the client, and the client has none",
        51 | 20 | 21 => {
            "what was sent does not match the keys: a device in between may change it, or an implementation is faulty"
        }
        120 => "the two have no application protocol in common (ALPN)",
        _ => CODE.advice,
    }
}

struct Alerts {
    told: Told<Endpoints>,
}

impl Rule for Alerts {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        let both = |one, other| packet.all(one).chain(packet.all(other)).filter_map(Seen::number);
        let levels = both(tls::ALERT_LEVEL, dtls::ALERT_LEVEL);
        let reasons = both(tls::ALERT_DESC, dtls::ALERT_DESC);
        let mut fatal = levels.zip(reasons).filter(|(level, reason)| *level == FATAL && *reason != CLOSE_NOTIFY);
        let Some((_, reason)) = fatal.next() else {
            return;
        };
        let flow = packet.endpoints();
        let key = flow.conversation().0;
        if self.told.is_old(&key, packet.time()) {
            return;
        }
        self.told.insert(key, packet.time());
        let name = registry::field(tls::ALERT_DESC).names.of(reason).unwrap_or("unknown".into());
        let (from, to) = (place(flow.src, flow.src_port), place(flow.dst, flow.dst_port));
        let protocol = if packet.has_proto(ProtoId::Dtls) { "DTLS" } else { "TLS" };
        let summary = format!("{from} ended the {protocol} handshake with {to} by a fatal alert: {name} ({reason})");
        out.say(Finding::new(&CODE, Subject::flow(&flow), Evidence::of(packet.mark), summary).advice(advice(reason)));
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::{ACK, Capture, host};

    fn codes(records: &[&[u8]]) -> Vec<&'static str> {
        let mut capture = Capture::default();
        let mut seq = 101;
        for (at, record) in records.iter().enumerate() {
            capture.tcp(at as i64, host(1, 443), host(2, 40000), ACK, seq, 901, 64240, record);
            seq += record.len() as u32;
        }
        capture.codes()
    }

    #[test]
    fn a_fatal_alert_is_told_once_with_its_name() {
        let alert = [21, 3, 3, 0, 2, 2, 40];
        assert_eq!(codes(&[&alert, &alert]), ["tls.alert"]);
        let mut capture = Capture::default();
        capture.tcp(0, host(1, 443), host(2, 40000), ACK, 101, 901, 64240, &alert);
        assert!(capture.findings()[0].summary.ends_with("Handshake Failure (40)"));
    }

    #[test]
    fn dtls_has_alerts_too() {
        let record = |kind: u8, content: &[u8]| {
            let mut record = vec![kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, content.len() as u8];
            record.extend(content);
            record
        };
        let mut hello = vec![1, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 42, 0xfe, 0xfd];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0, 2, 0xc0, 0x2f, 1, 0]);
        let mut capture = Capture::default();
        capture.udp(0, host(1, 40_000), host(2, 50_000), &record(22, &hello));
        capture.udp(5, host(2, 50_000), host(1, 40_000), &record(21, &[2, 40]));
        assert_eq!(capture.codes(), ["tls.alert"]);
    }

    #[test]
    fn warnings_good_ends_and_what_is_encrypted_are_none() {
        assert_eq!(codes(&[&[21, 3, 3, 0, 2, 1, 0], &[21, 3, 3, 0, 2, 2, 0], &[21, 3, 3, 0, 2, 1, 112]]), [""; 0]);
        let mut encrypted = vec![20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 26];
        encrypted.extend([2; 26]);
        assert_eq!(codes(&[&encrypted]), [""; 0]);
    }
}
