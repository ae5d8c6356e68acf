//! DNS messages (RFC 1035): queries and responses with compressed names.

use std::net::{Ipv4Addr, Ipv6Addr};

pub const PORT: u16 = 53;

/// Types of RFC 1035, 3.2.2 and RFC 3596.
pub const TYPE_A: u16 = 1;
pub const TYPE_AAAA: u16 = 28;
const TYPE_CNAME: u16 = 5;
const TYPE_SOA: u16 = 6;
const CLASS_IN: u16 = 1;

/// Response codes of RFC 1035, 4.1.1.
pub const NOERROR: u8 = 0;
pub const NXDOMAIN: u8 = 3;

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(String),
    /// Primary server, mailbox and serial; the times are those of a careful operator.
    Soa(String, String, u32),
}

/// A resource record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub name: String,
    pub ttl: u32,
    pub data: Data,
}

/// One message with one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: u16,
    pub name: String,
    pub kind: u16,
    /// `None` in a query.
    pub response: Option<Response>,
}

/// What a response adds to its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub code: u8,
    pub answers: Vec<Record>,
    pub authority: Vec<Record>,
}

/// A message under construction with the names that later ones may point to.
struct Encoder {
    bytes: Vec<u8>,
    /// Names in lower case without the last dot, with their offsets.
    names: Vec<(String, usize)>,
}

impl Encoder {
    /// RFC 1035, 4.1.4: the longest known suffix is replaced by a pointer.
    fn name(&mut self, name: &str) {
        let mut rest = name.trim_end_matches('.');
        while !rest.is_empty() {
            if let Some((_, at)) = self.names.iter().find(|(known, _)| known == rest) {
                self.bytes.extend((0xc000 | *at as u16).to_be_bytes());
                return;
            }
            self.names.push((rest.to_owned(), self.bytes.len()));
            let (label, after) = rest.split_once('.').unwrap_or((rest, ""));
            self.bytes.push(label.len() as u8);
            self.bytes.extend(label.bytes());
            rest = after;
        }
        self.bytes.push(0);
    }

    fn u16(&mut self, value: u16) {
        self.bytes.extend(value.to_be_bytes());
    }

    fn record(&mut self, record: &Record) {
        self.name(&record.name);
        self.u16(match record.data {
            Data::A(_) => TYPE_A,
            Data::Aaaa(_) => TYPE_AAAA,
            Data::Cname(_) => TYPE_CNAME,
            Data::Soa(..) => TYPE_SOA,
        });
        self.u16(CLASS_IN);
        self.bytes.extend(record.ttl.to_be_bytes());
        let length_at = self.bytes.len();
        self.u16(0);
        match &record.data {
            Data::A(address) => self.bytes.extend(address.octets()),
            Data::Aaaa(address) => self.bytes.extend(address.octets()),
            Data::Cname(target) => self.name(target),
            Data::Soa(server, mailbox, serial) => {
                self.name(server);
                self.name(mailbox);
                for value in [*serial, 7200, 3600, 1_209_600, 300] {
                    self.bytes.extend(value.to_be_bytes());
                }
            }
        }
        let length = (self.bytes.len() - length_at - 2) as u16;
        self.bytes[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

impl Message {
    /// A recursive query.
    pub fn query(id: u16, name: &str, kind: u16) -> Self {
        Self { id, name: name.to_owned(), kind, response: None }
    }

    /// The response to this query.
    #[must_use]
    pub fn answered(&self, code: u8, answers: Vec<Record>, authority: Vec<Record>) -> Self {
        Self { response: Some(Response { code, answers, authority }), ..self.clone() }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Encoder { bytes: Vec::with_capacity(128), names: Vec::new() };
        let (answers, authority) =
            self.response.as_ref().map_or((&[][..], &[][..]), |r| (&r.answers[..], &r.authority[..]));
        out.u16(self.id);
        // RFC 1035, 4.1.1: recursion desired; in a response QR and recursion available too.
        out.u16(self.response.as_ref().map_or(0x0100, |r| 0x8180 | u16::from(r.code)));
        for count in [1, answers.len(), authority.len(), 0] {
            out.u16(count as u16);
        }
        out.name(&self.name);
        out.u16(self.kind);
        out.u16(CLASS_IN);
        for record in answers.iter().chain(authority) {
            out.record(record);
        }
        out.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_points_back_to_the_question() {
        let answer = Record { name: "a.example".into(), ttl: 60, data: Data::A([192, 0, 2, 1].into()) };
        let bytes = Message::query(7, "a.example", TYPE_A).answered(NOERROR, vec![answer], vec![]).to_bytes();
        assert_eq!(bytes[..12], [0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(bytes[12..27], *b"\x01a\x07example\x00\x00\x01\x00\x01");
        assert_eq!(bytes[27..], [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    }

    #[test]
    fn suffixes_are_shared() {
        let soa = Data::Soa("ns.b.example".into(), "host.b.example".into(), 1);
        let record = Record { name: "b.example".into(), ttl: 60, data: soa };
        let bytes = Message::query(7, "x.b.example", TYPE_A).answered(NXDOMAIN, vec![], vec![record]).to_bytes();
        assert_eq!(bytes.windows(7).filter(|w| w == b"example").count(), 1);
    }
}
