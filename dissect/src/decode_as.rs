//! What the user says to be what (`-d`): the octets of a port, or of another number by which protocols announce themselves,
//! go to a protocol of his choice. It is said once, before anything is dissected, and holds for the whole process.

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use thiserror::Error;

use crate::bindings::Table;
use crate::registry::{self, ProtoId};

/// How many assignments are taken.
pub const MAX_ASSIGNED: usize = 256;

/// The tables in which something can be assigned, by the names that Wireshark has for them, and the greatest number of each.
const TABLES: &[(&str, Table, u16)] = &[
    ("ethertype", Table::EtherType, u16::MAX),
    ("ip.proto", Table::IpProto, 255),
    ("llc.dsap", Table::LlcSap, 255),
    ("ppp.protocol", Table::PppProtocol, u16::MAX),
    ("sctp.port", Table::SctpPort, u16::MAX),
    ("tcp.port", Table::TcpPort, u16::MAX),
    ("udp.port", Table::UdpPort, u16::MAX),
];

/// One assignment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assigned {
    pub(crate) table: Table,
    pub(crate) numbers: RangeInclusive<u16>,
    pub(crate) proto: ProtoId,
}

/// Why an assignment cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AssignError {
    #[error(
        "\"{0}\" assigns nothing; write TABLE==NUMBER,PROTOCOL, as in udp.port==5070,sip or tcp.port==8000-8010,http"
    )]
    Form(String),
    #[error("\"{0}\" is no table; there are {tables}", tables = names())]
    Table(String),
    #[error("\"{numbers}\" is no number of {table}, nor a range of them; the greatest is {greatest}")]
    Number { numbers: String, table: &'static str, greatest: u16 },
    #[error("\"{0}\" is no protocol; `packetstream fields --protocols` lists those that there are")]
    Protocol(String),
    #[error("there are more than {MAX_ASSIGNED}")]
    TooMany,
    #[error("packets have been dissected already")]
    TooLate,
}

fn names() -> String {
    TABLES.iter().map(|row| row.0).collect::<Vec<_>>().join(", ")
}

static ASSIGNED: OnceLock<Vec<Assigned>> = OnceLock::new();

/// What is assigned. From the first look on nothing can be any more.
pub(crate) fn assigned() -> &'static [Assigned] {
    ASSIGNED.get_or_init(Vec::new)
}

pub(crate) fn is_assigned(table: Table, number: u16) -> bool {
    assigned().iter().any(|one| one.table == table && one.numbers.contains(&number))
}

/// Makes assignments, as `-d` of Wireshark's programs has them: `udp.port==5070,sip`, `tcp.port==8000-8010,http`, or
/// `tcp.port==8000:3,http` for three ports from 8000 on. Of two for one number the later one holds.
///
/// # Errors
/// When one is wrong, and when packets have been dissected already.
pub fn assign(texts: &[String]) -> Result<(), AssignError> {
    if texts.is_empty() {
        return Ok(());
    }
    if texts.len() > MAX_ASSIGNED {
        return Err(AssignError::TooMany);
    }
    let all = texts.iter().map(|text| one(text)).collect::<Result<Vec<_>, _>>()?;
    ASSIGNED.set(all).map_err(|_| AssignError::TooLate)
}

fn one(text: &str) -> Result<Assigned, AssignError> {
    let form = || AssignError::Form(text.to_owned());
    let (place, proto) = text.split_once(',').ok_or_else(form)?;
    let (name, numbers) = place.split_once("==").ok_or_else(form)?;
    let (name, numbers, proto) = (name.trim(), numbers.trim(), proto.trim());
    let row = TABLES.iter().find(|row| row.0 == name).ok_or_else(|| AssignError::Table(name.to_owned()))?;
    let (table, place, greatest) = *row;
    let wrong = || AssignError::Number { numbers: numbers.to_owned(), table, greatest };
    let numbers = range(numbers).filter(|range| *range.end() <= greatest).ok_or_else(wrong)?;
    let field = registry::by_name(&proto.to_ascii_lowercase()).filter(|field| registry::is_protocol(*field));
    let field = field.ok_or_else(|| AssignError::Protocol(proto.to_owned()))?;
    Ok(Assigned { table: place, numbers, proto: registry::owner(field) })
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (number(first)?, number(last)?);
        return (first <= last).then_some(first..=last);
    }
    let (first, count) = match text.split_once(':') {
        Some((first, count)) => (number(first)?, number(count)?),
        None => (number(text)?, 1),
    };
    Some(first..=first.checked_add(count.checked_sub(1)?)?)
}

fn number(text: &str) -> Option<u16> {
    let text = text.trim();
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // A sign is none of a number's digits.
    let is_number = digits.chars().all(|digit| digit.is_digit(radix));
    u16::from_str_radix(digits, radix).ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_as_wireshark_writes_them() {
        for (text, numbers, proto) in [
            ("udp.port==5070,sip", 5070..=5070, ProtoId::Sip),
            ("udp.port == 10000-10010 , RTP", 10_000..=10_010, ProtoId::Rtp),
            ("tcp.port==8000:3,http", 8000..=8002, ProtoId::Http),
            ("ethertype==0x88b5,ip", 0x88b5..=0x88b5, ProtoId::Ip),
            ("udp.port==65535,dns", 65_535..=65_535, ProtoId::Dns),
        ] {
            let assigned = one(text).unwrap();
            assert_eq!((assigned.numbers, assigned.proto), (numbers, proto), "{text}");
        }
    }

    #[test]
    fn what_assigns_nothing_is_told_why() {
        for (text, why) in [
            ("", "\"\" assigns nothing"),
            ("udp.port,sip", "assigns nothing"),
            ("udp.port==5070", "assigns nothing"),
            ("ip.ttl==1,sip", "\"ip.ttl\" is no table; there are ethertype"),
            ("udp.port==65536,sip", "\"65536\" is no number of udp.port"),
            ("udp.port==+1,sip", "is no number"),
            ("udp.port==0x+1,sip", "is no number"),
            ("udp.port==,sip", "is no number"),
            ("udp.port==9-8,sip", "is no number"),
            ("udp.port==65535:2,sip", "is no number"),
            ("udp.port==1:0,sip", "is no number"),
            ("ip.proto==256,tcp", "\"256\" is no number of ip.proto, nor a range of them; the greatest is 255"),
            ("udp.port==1,nosuch", "\"nosuch\" is no protocol"),
            ("udp.port==1,sip.Method", "is no protocol"),
        ] {
            let error = one(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let many = vec!["udp.port==1,sip".to_owned(); MAX_ASSIGNED + 1];
        assert_eq!(assign(&many), Err(AssignError::TooMany));
    }
}
