//! Requests that a web server fails on: a response of 500 to 599 (RFC 9110, 15.6).

use super::deadlines::Deadlines;
use super::told::Told;
use super::{Kind, Out, Rule, Seen};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::proto::http;
use crate::registry::ProtoId;

static CODE: Code = Code {
    name: "http.server-error",
    severity: Severity::Warning,
    advice: "look into the log of the server, or of the one behind it when it is a proxy",
};

pub(crate) static RULE: Kind = Kind {
    codes: &[&CODE],
    protos: &[ProtoId::Http],
    fields: &[http::PROTO, http::RESPONSE_CODE, http::RESPONSE_PHRASE, http::RESPONSE_FOR_URI],
    make: || Box::new(ServerErrors::default()),
};

/// How many requests are gathered at once.
const MAX_WAITING: usize = 4096;
/// How many requests that were told are remembered.
const MAX_TOLD: usize = 16_384;
/// The longest URI that is told, in octets.
const MAX_URI: usize = 256;
/// So long repetitions of a request are gathered.
const GATHER_NS: i64 = 1_000_000_000;

/// The server, the URI where the request is known, and the status.
type Key = (String, String, u64);

struct Failed {
    evidence: Evidence,
    phrase: String,
    client: String,
}

struct ServerErrors {
    waiting: Deadlines<Key, Failed>,
    told: Told<Key>,
}

impl Default for ServerErrors {
    fn default() -> Self {
        Self { waiting: Deadlines::new(MAX_WAITING), told: Told::new(MAX_TOLD) }
    }
}

impl ServerErrors {
    fn say(&mut self, key: Key, failed: Failed, out: &mut Out<'_>) {
        self.told.insert(key.clone(), failed.evidence.last().time);
        let (server, uri, status) = key;
        let request = if uri.is_empty() { format!("a request to {server}") } else { uri };
        let times = match failed.evidence.count() {
            1 => String::new(),
            count => format!(" ({count} times)"),
        };
        let summary = format!("{server} answered {} to {request}: {status} {}{times}", failed.client, failed.phrase);
        out.say(Finding::new(&CODE, Subject::new("request", request), failed.evidence, summary.trim_end()));
    }
}

impl Rule for ServerErrors {
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>) {
        for nodes in packet.messages(http::PROTO) {
            let find = |field| nodes.iter().find(|node| node.field == field);
            let status = find(http::RESPONSE_CODE).and_then(Seen::number).unwrap_or_default();
            if !(500..600).contains(&status) {
                continue;
            }
            let text = |field| {
                let octets = find(field).map(|node| packet.octets(node)).unwrap_or_default();
                String::from_utf8_lossy(octets.get(..MAX_URI).unwrap_or(octets)).into_owned()
            };
            let endpoints = packet.endpoints();
            let server = place(endpoints.src, endpoints.src_port);
            let key = (server, text(http::RESPONSE_FOR_URI), status);
            if self.told.is_old(&key, packet.time()) {
                continue;
            }
            match self.waiting.get_mut(&key) {
                Some(failed) => failed.evidence.add(packet.mark),
                None => {
                    let failed = Failed {
                        evidence: Evidence::of(packet.mark),
                        phrase: text(http::RESPONSE_PHRASE),
                        client: endpoints.dst.to_string(),
                    };
                    let deadline = packet.time().saturating_add(GATHER_NS);
                    if let Some((key, failed)) = self.waiting.insert(key, deadline, failed) {
                        self.say(key, failed, out);
                    }
                }
            }
        }
    }

    fn tick(&mut self, out: &mut Out<'_>) {
        while let Some((key, failed)) = self.waiting.pop_due(out.now) {
            self.say(key, failed, out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        while let Some((key, failed)) = self.waiting.pop_first() {
            self.say(key, failed, out);
        }
    }

    fn horizon(&self) -> Option<i64> {
        self.waiting.values().map(|failed| failed.evidence.first().time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{ACK, Capture, host};

    /// A connection on which requests for /a get responses.
    fn responses(statuses: &[u32]) -> Capture {
        let (client, server) = (host(1, 40000), host(2, 80));
        let (mut seq, mut ack) = (101, 901);
        let mut capture = Capture::default();
        for (at, status) in statuses.iter().enumerate() {
            let request = b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
            let response = format!("HTTP/1.1 {status} Some Phrase\r\nContent-Length: 0\r\n\r\n");
            capture.tcp(at as i64 * 10, client, server, ACK, seq, ack, 64240, request);
            seq += request.len() as u32;
            capture.tcp(at as i64 * 10 + 5, server, client, ACK, ack, seq, 64240, response.as_bytes());
            ack += response.len() as u32;
        }
        capture
    }

    #[test]
    fn a_failed_request_is_told_once_a_status() {
        let capture = responses(&[503, 503, 200, 500]);
        assert_eq!(capture.codes(), ["http.server-error", "http.server-error"]);
        let findings = capture.findings();
        assert_eq!(findings[0].evidence.count(), 2);
        assert!(findings[0].summary.contains("503 Some Phrase (2 times)"), "{}", findings[0].summary);
        assert!(findings[0].summary.contains("/a"), "{}", findings[0].summary);
    }

    #[test]
    fn other_responses_are_none() {
        assert_eq!(responses(&[200, 301, 404, 499, 600]).codes(), [""; 0]);
    }

    #[test]
    fn no_more_than_the_limit_waits() {
        let mut rule = ServerErrors::default();
        for n in 0..MAX_WAITING as u64 + 10 {
            let failed = Failed { evidence: Evidence::default(), phrase: String::new(), client: String::new() };
            rule.waiting.insert((String::new(), String::new(), n), 0, failed);
        }
        assert_eq!(rule.waiting.iter().count(), MAX_WAITING);
    }
}
