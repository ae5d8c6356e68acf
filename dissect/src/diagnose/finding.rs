//! What a rule says: one cause, its subject, the packets that show it, and what to do.

use std::cmp::Reverse;
use std::fmt;

use serde_json::{Map, Value as Json, json};

use super::evidence::Evidence;
use crate::dissector::{Address, Endpoints, Transport};
use crate::output::value;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    Info,
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A row of the findings catalogue. Names are stable: scripts and alert rules match on them.
#[derive(Debug)]
pub struct Code {
    pub name: &'static str,
    pub severity: Severity,
    /// What to do about it, where the finding does not say it better.
    pub advice: &'static str,
}

/// What a finding is about: names and values, as in `call_id` and the Call-ID. The first one names it for people.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject(pub Vec<(&'static str, String)>);

/// An address and, where there is one, a port, as they stand in texts: `10.0.0.1:5060`, `[2001:db8::1]:5060`.
pub fn place(address: Address, port: u16) -> String {
    match (address, port) {
        (_, 0) => address.to_string(),
        (Address::Ipv6(_), _) => format!("[{address}]:{port}"),
        _ => format!("{address}:{port}"),
    }
}

impl Subject {
    /// One name and its value.
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self(vec![(name, value.into())])
    }

    /// And one more.
    pub fn and(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// A call, registration or other dialog by its Call-ID.
    pub fn call(call_id: &str) -> Self {
        Self::new("call_id", call_id)
    }

    /// A connection or stream from one end to the other: `a:p-b:q`, in the direction of `endpoints`.
    pub fn flow(endpoints: &Endpoints) -> Self {
        let (from, to) = (place(endpoints.src, endpoints.src_port), place(endpoints.dst, endpoints.dst_port));
        let name = match endpoints.transport {
            Transport::Tcp | Transport::Sctp => "connection",
            Transport::Udp => "stream",
            Transport::None => "path",
        };
        Self::new(name, format!("{from}-{to}"))
    }

    /// An address.
    pub fn address(address: Address) -> Self {
        Self::new("address", address.to_string())
    }

    fn json(&self) -> Json {
        Json::Object(self.0.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let blank = if at > 0 { ", " } else { "" };
            write!(f, "{blank}{} {}", name.replace('_', "-"), value::printable(value.as_bytes()))?;
        }
        Ok(())
    }
}

/// A finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    /// Whether what was seen leaves no other explanation.
    pub is_certain: bool,
    /// Whether it rests on something that was not seen: a loss of the capture would explain it too.
    pub is_absence: bool,
    pub subject: Subject,
    pub evidence: Evidence,
    pub summary: String,
    pub advice: String,
}

impl Finding {
    /// A finding with its row's severity and advice.
    pub fn new(code: &'static Code, subject: Subject, evidence: Evidence, summary: impl Into<String>) -> Self {
        Self {
            code: code.name,
            severity: code.severity,
            is_certain: true,
            is_absence: false,
            subject,
            evidence,
            summary: summary.into(),
            advice: code.advice.to_owned(),
        }
    }

    /// As bad as that instead.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With other advice.
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Resting on something that was not seen.
    pub fn absent(mut self) -> Self {
        self.is_absence = true;
        self
    }

    /// With another possible explanation.
    pub fn uncertain(mut self) -> Self {
        self.is_certain = false;
        self
    }

    /// What names it for ever: the code, the subject and the time of the first packet, hashed.
    pub fn id(&self) -> u64 {
        finding_id(self.code, &self.subject.0, self.evidence.first().time)
    }

    /// The order for people: worst first, then by time.
    pub fn rank(&self) -> impl Ord + use<> {
        (Reverse(self.severity), !self.is_certain, self.evidence.first(), self.code, self.subject.clone())
    }

    /// One JSON object without line breaks. `host` is the host's name for machines; `packet_id` writes a packet's id.
    pub fn json(&self, host: &str, packet_id: impl Fn(u128) -> String) -> Json {
        let marks: Vec<_> = self.evidence.marks().collect();
        let frames: Vec<u64> = marks.iter().filter(|mark| mark.id == 0).map(|mark| mark.number).collect();
        let packets: Vec<String> = marks.iter().filter(|mark| mark.id != 0).map(|mark| packet_id(mark.id)).collect();
        let mut map = Map::new();
        map.insert("code".into(), self.code.into());
        map.insert("severity".into(), self.severity.name().into());
        map.insert("certain".into(), self.is_certain.into());
        map.insert("host".into(), host.into());
        map.insert("subject".into(), self.subject.json());
        map.insert("first_seen".into(), value::rfc3339(self.evidence.first().time).into());
        map.insert("last_seen".into(), value::rfc3339(self.evidence.last().time).into());
        map.insert("frames".into(), frames.into());
        map.insert("packets".into(), packets.into());
        map.insert("summary".into(), self.summary.clone().into());
        map.insert("advice".into(), self.advice.clone().into());
        map.insert("id".into(), format!("{:016x}", self.id()).into());
        map.into()
    }
}

/// What names a finding for ever, by its code, its subject and the time of its first packet.
pub fn finding_id(code: &str, subject: &[(&str, String)], first: i64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    eat(&mut hash, code.as_bytes());
    for (name, value) in subject {
        eat(&mut hash, &[0]);
        eat(&mut hash, name.as_bytes());
        eat(&mut hash, &[1]);
        eat(&mut hash, value.as_bytes());
    }
    eat(&mut hash, &first.to_be_bytes());
    hash
}

/// FNV-1a: no secret, but the same on every machine and in every version.
fn eat(hash: &mut u64, octets: &[u8]) {
    for octet in octets {
        *hash = (*hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Mark;

    static CODE: Code = Code { name: "test.code", severity: Severity::Warning, advice: "do" };

    #[test]
    fn a_finding_is_one_line_of_json_with_the_keys_of_the_catalogue() {
        let evidence = Evidence::of(Mark { number: 3, time: 1_700_000_000_000_000_001, id: 0 });
        let finding = Finding::new(&CODE, Subject::call("a\n\"b"), evidence, "it is so");
        let text = finding.json("h", |_| String::new()).to_string();
        let expected = r#"{"code":"test.code","severity":"warning","certain":true,"host":"h","subject":{"call_id":"a\n\"b"},"first_seen":"2023-11-14T22:13:20.000000001Z","last_seen":"2023-11-14T22:13:20.000000001Z","frames":[3],"packets":[],"summary":"it is so","advice":"do","id":""#;
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains('\n'));
    }

    #[test]
    fn ids_depend_on_code_subject_and_first_packet_alone() {
        let evidence = |time| Evidence::of(Mark { number: time as u64, time, id: 0 });
        let one = Finding::new(&CODE, Subject::call("a"), evidence(1), "x");
        assert_eq!(one.id(), Finding::new(&CODE, Subject::call("a"), evidence(1), "y").id());
        assert_ne!(one.id(), Finding::new(&CODE, Subject::call("b"), evidence(1), "x").id());
        assert_ne!(one.id(), Finding::new(&CODE, Subject::call("a"), evidence(2), "x").id());
    }
}
