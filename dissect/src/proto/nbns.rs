//! NetBIOS name service (RFC 1002, 4.2).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::dns;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Nbns, "nbns", "NetBIOS Name Service";
    FLAGS = field("nbns.flags", "Flags", Uint16, Hex);
    FLAGS_RESPONSE = field("nbns.flags.response", "Response", Boolean, None).names(Names::Flag("Message is a response", "Message is a query")).mask(0x8000);
    FLAGS_OPCODE = field("nbns.flags.opcode", "Opcode", Uint16, Dec).names(Names::Values(OPCODES)).mask(0x7800);
    FLAGS_AUTHORITATIVE = field("nbns.flags.authoritative", "Authoritative", Boolean, None).names(Names::Flag("Server is an authority for domain", "Server is not an authority for domain")).mask(0x400);
    FLAGS_TRUNCATED = field("nbns.flags.truncated", "Truncated", Boolean, None).names(Names::Flag("Message is truncated", "Message is not truncated")).mask(0x200);
    FLAGS_RECDESIRED = field("nbns.flags.recdesired", "Recursion desired", Boolean, None).names(Names::Flag("Do query recursively", "Don't do query recursively")).mask(0x100);
    FLAGS_RECAVAIL = field("nbns.flags.recavail", "Recursion available", Boolean, None).names(Names::Flag("Server can do recursive queries", "Server can't do recursive queries")).mask(0x80);
    FLAGS_BROADCAST = field("nbns.flags.broadcast", "Broadcast", Boolean, None).names(Names::Flag("Broadcast packet", "Not a broadcast packet")).mask(0x10);
    FLAGS_RCODE = field("nbns.flags.rcode", "Reply code", Uint16, Dec).names(Names::Values(RCODES)).mask(0xf);
    ID = field("nbns.id", "Transaction ID", Uint16, Hex);
    COUNT_QUERIES = field("nbns.count.queries", "Questions", Uint16, Dec);
    COUNT_ANSWERS = field("nbns.count.answers", "Answer RRs", Uint16, Dec);
    COUNT_AUTH_RR = field("nbns.count.auth_rr", "Authority RRs", Uint16, Dec);
    COUNT_ADD_RR = field("nbns.count.add_rr", "Additional RRs", Uint16, Dec);
    NAME_FLAGS = field("nbns.name_flags", "Name flags", Uint16, Hex);
    NAME_FLAGS_GROUP = field("nbns.name_flags.group", "Name type", Boolean, None).names(Names::Flag("Group name", "Unique name")).mask(0x8000);
    NAME_FLAGS_ONT = field("nbns.name_flags.ont", "ONT", Uint16, Dec).names(Names::Values(NODES)).mask(0x6000);
    NAME_FLAGS_DRG = field("nbns.name_flags.drg", "Name is being deregistered", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x1000);
    NAME_FLAGS_CNF = field("nbns.name_flags.cnf", "Name is in conflict", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x800);
    NAME_FLAGS_ACT = field("nbns.name_flags.act", "Name is active", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x400);
    NAME_FLAGS_PRM = field("nbns.name_flags.prm", "Permanent node name", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x200);
    NB_FLAGS = field("nbns.nb_flags", "Name flags", Uint16, Hex);
    NB_FLAGS_GROUP = field("nbns.nb_flags.group", "Name type", Boolean, None).names(Names::Flag("Group name", "Unique name")).mask(0x8000);
    NB_FLAGS_ONT = field("nbns.nb_flags.ont", "ONT", Uint16, Dec).names(Names::Values(NODES)).mask(0x6000);
    TYPE = field("nbns.type", "Type", Uint16, Dec).names(Names::Values(TYPES));
    CLASS = field("nbns.class", "Class", Uint16, Dec).names(Names::Values(CLASSES));
    NAME = field("nbns.name", "Name", String, None);
    ADDR = field("nbns.addr", "Addr", Ipv4, None);
    NUMBER_OF_NAMES = field("nbns.number_of_names", "Number of names", Uint8, Dec);
    UNIT_ID = field("nbns.unit_id", "Unit ID", Ether, None);
    JUMPERS = field("nbns.jumpers", "Jumpers", Uint8, Hex);
    TEST_RESULT = field("nbns.test_result", "Test result", Uint8, Hex);
    VERSION_NUMBER = field("nbns.version_number", "Version number", Uint16, Hex);
    PERIOD_OF_STATISTICS = field("nbns.period_of_statistics", "Period of statistics", Uint16, Hex);
    NUM_CRCS = field("nbns.num_crcs", "Number of CRCs", Uint16, Dec);
    NUM_ALIGNMENT_ERRORS = field("nbns.num_alignment_errors", "Number of alignment errors", Uint16, Dec);
    NUM_COLLISIONS = field("nbns.num_collisions", "Number of collisions", Uint16, Dec);
    NUM_SEND_ABORTS = field("nbns.num_send_aborts", "Number of send aborts", Uint16, Dec);
    NUM_GOOD_SENDS = field("nbns.num_good_sends", "Number of good sends", Uint32, Dec);
    NUM_GOOD_RECEIVES = field("nbns.num_good_receives", "Number of good receives", Uint32, Dec);
    NUMRETRANSMITS = field("nbns.numretransmits", "Number of retransmits", Uint16, Dec);
    NUM_NO_RESOURCE_CONDITIONS = field("nbns.num_no_resource_conditions", "Number of no resource conditions", Uint16, Dec);
    NUMCOMMAND_BLOCKS = field("nbns.numcommand_blocks", "Number of command blocks", Uint16, Dec);
    NUMPENDING_SESSIONS = field("nbns.numpending_sessions", "Number of pending sessions", Uint16, Dec);
    MAX_NUM_PENDING_SESSIONS = field("nbns.max_num_pending_sessions", "Max number of pending sessions", Uint16, Dec);
    MAX_TOTAL_SESSIONS_POSSIBLE = field("nbns.max_total_sessions_possible", "Max total sessions possible", Uint16, Dec);
    SESSION_DATA_PACKET_SIZE = field("nbns.session_data_packet_size", "Session data packet size", Uint16, Dec);
    DATA = field("nbns.data", "Data", Bytes, None);
    NETBIOS_NAME = field("nbns.netbios_name", "Name", String, None);
    TTL = field("nbns.ttl", "Time to live", Uint32, Dec);
    DATA_LENGTH = field("nbns.data_length", "Data length", Uint16, Dec);
}

const OPCODES: &[(u64, &str)] = &[
    (0, "Name query"),
    (5, "Registration"),
    (6, "Release"),
    (7, "Wait for acknowledgment"),
    (8, "Refresh"),
    (9, "Refresh (alternate opcode)"),
    (15, "Multi-homed registration"),
];
const RCODES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "Request was invalidly formatted"),
    (2, "Server failure"),
    (3, "Requested name does not exist"),
    (4, "Request is not implemented"),
    (5, "Request was refused"),
    (6, "Name is owned by another node"),
    (7, "Name is in conflict"),
];
const NODES: &[(u64, &str)] = &[(0, "B-node"), (0x2000, "P-node"), (0x4000, "M-node"), (0x6000, "H-node")];
const TYPES: &[(u64, &str)] = &[(32, "NB"), (33, "NBSTAT")];
const CLASSES: &[(u64, &str)] = &[(1, "IN"), (2, "CS"), (3, "CH"), (4, "HS"), (254, "NONE"), (255, "ANY")];

/// What the last octet of a name says of its owner (Microsoft's assignments).
const SUFFIXES: &[(u8, &str)] = &[
    (0x00, "Workstation/Redirector"),
    (0x01, "Browser"),
    (0x02, "Workstation/Redirector"),
    (0x03, "Messenger service/Main name"),
    (0x05, "Forwarded name"),
    (0x06, "RAS Server service"),
    (0x1b, "Domain Master Browser"),
    (0x1c, "Domain Controllers"),
    (0x1d, "Local Master Browser"),
    (0x1e, "Browser Election Service"),
    (0x1f, "Net DDE Service"),
    (0x20, "Server service"),
    (0x21, "RAS client service"),
    (0x22, "Exchange Interchange (MSMail Connector)"),
    (0x23, "Exchange Store"),
    (0x24, "Exchange Directory"),
    (0x2b, "Lotus Notes Server service"),
    (0x30, "Modem sharing server service"),
    (0x31, "Modem sharing client service"),
    (0x43, "SMS Clients Remote Control"),
    (0x44, "SMS Administrators Remote Control Tool"),
    (0x45, "SMS Clients Remote Chat"),
    (0x46, "SMS Clients Remote Transfer"),
    (0x4c, "DEC Pathworks TCP/IP Service on Windows NT"),
    (0x52, "DEC Pathworks TCP/IP Service on Windows NT"),
    (0x6a, "Microsoft Exchange IMC"),
    (0x87, "Microsoft Exchange MTA"),
    (0xbe, "Network Monitor Agent"),
    (0xbf, "Network Monitor Analyzer"),
];

const NB: u16 = 32;
const NBSTAT: u16 = 33;
const RESPONSE: u16 = 0x8000;
const WAIT: u16 = 7;
const HEADER_LEN: usize = 12;
const NAME_LEN: usize = 16;
/// How many records one message may show.
pub(crate) const MAX_RECORDS: usize = 1_024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Nbns, "NBNS", &[Binding::UdpPort(137)], dissect)
};

/// A name as it is shown, and what its last octet says.
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) owner: Option<&'static str>,
}

impl Name {
    /// The name with its owner behind it.
    pub(crate) fn with_owner(&self) -> String {
        match self.owner {
            Some(owner) => format!("{} ({owner})", self.text),
            None => self.text.clone(),
        }
    }

    /// The name at `at` of a message, and how many octets it takes there.
    pub(crate) fn read(message: Tvb<'_>, at: usize) -> Result<(Self, usize), Stop> {
        let mut octets = Vec::new();
        let len = dns::name::read(message, at, Some(&mut octets))?;
        Ok((Self::decode(&octets), len))
    }

    /// RFC 1001, 14.1: each octet is two letters; a scope may follow behind a dot.
    fn decode(octets: &[u8]) -> Self {
        let (label, scope) = match memchr::memchr(b'.', octets) {
            Some(dot) => octets.split_at_checked(dot).unwrap_or((octets, &[])),
            None => (octets, &[][..]),
        };
        let mut name = Vec::with_capacity(NAME_LEN);
        for pair in label.chunks(2).take(NAME_LEN) {
            let &[high, ref rest @ ..] = pair else { break };
            let is_letter = |octet: u8| octet.is_ascii_uppercase();
            let illegal = |which: &str| Self {
                text: format!("Illegal NetBIOS name ({which} character not between A and Z in first-level encoding)"),
                owner: None,
            };
            if !is_letter(high) {
                return illegal("1st");
            }
            let Some(low) = rest.first().copied().filter(|low| is_letter(*low)) else {
                return illegal("2nd");
            };
            name.push((high - b'A') << 4 | ((low - b'A') & 0xf));
        }
        let owner = name.get(NAME_LEN - 1).copied();
        let mut shown = Self::plain(name.get(..NAME_LEN - 1).unwrap_or(&name), owner);
        shown.text.push_str(&String::from_utf8_lossy(scope));
        shown
    }

    /// A name whose octets are known, and its last one.
    fn plain(name: &[u8], suffix: Option<u8>) -> Self {
        let end = name.len() - name.iter().rev().take_while(|octet| **octet == b' ').count();
        let mut text = String::new();
        for octet in name.get(..end).unwrap_or_default() {
            match octet {
                b' '..=b'~' => text.push(char::from(*octet)),
                other => text.push_str(&format!("<{other:02x}>")),
            }
        }
        if let Some(suffix) = suffix {
            text.push_str(&format!("<{suffix:02x}>"));
        }
        let owner = suffix.map(|suffix| SUFFIXES.iter().find(|row| row.0 == suffix).map_or("Unknown", |row| row.1));
        Self { text, owner }
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("NBNS");
    d.set_info(String::new);
    let (id, flags) = (tvb.u16(0)?, tvb.u16(2)?);
    let counts = [tvb.u16(4)?, tvb.u16(6)?, tvb.u16(8)?, tvb.u16(10)?];
    let (opcode, rcode) = (flags >> 11 & 0xf, flags & 0xf);
    let is_response = flags & RESPONSE != 0;
    let opcode_name = Names::Values(OPCODES).of(opcode.into());
    d.set_info(|| {
        let name = opcode_name.clone().unwrap_or_else(|| format!("Unknown operation ({opcode})").into());
        match (is_response, rcode) {
            (false, _) => name.into_owned(),
            (true, 0) => format!("{name} response"),
            (true, code) => {
                let error = Names::Values(RCODES).of(code.into());
                format!("{name} response, {}", error.as_deref().unwrap_or("Unknown error"))
            }
        }
    });
    d.add(ID, tvb, 0, 2, Value::Uint(id.into()));
    show_flags(d, tvb, flags);
    for (n, field) in [COUNT_QUERIES, COUNT_ANSWERS, COUNT_AUTH_RR, COUNT_ADD_RR].into_iter().enumerate() {
        d.uint(field, tvb, 4 + n * 2, 2)?;
    }
    let mut at = HEADER_LEN;
    let titles = ["Queries", "Answers", "Authoritative nameservers", "Additional records"];
    let mut shown = 0;
    for (section, (count, title)) in counts.into_iter().zip(titles).enumerate() {
        if count == 0 {
            continue;
        }
        d.open_text(tvb, at, 0, || title.to_owned());
        for _ in 0..count {
            shown += 1;
            if shown > MAX_RECORDS {
                break;
            }
            let names_it = section == 0 || section == 1 && opcode != WAIT;
            at = record(d, tvb, at, section == 0, names_it)?;
        }
        d.close();
    }
    d.close();
    Ok(())
}

fn show_flags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flags: u16) {
    let is_response = flags & RESPONSE != 0;
    let bits: &[FieldId] = if is_response {
        &[
            FLAGS_RESPONSE,
            FLAGS_OPCODE,
            FLAGS_AUTHORITATIVE,
            FLAGS_TRUNCATED,
            FLAGS_RECDESIRED,
            FLAGS_RECAVAIL,
            FLAGS_BROADCAST,
            FLAGS_RCODE,
        ]
    } else {
        &[FLAGS_RESPONSE, FLAGS_OPCODE, FLAGS_TRUNCATED, FLAGS_RECDESIRED, FLAGS_BROADCAST]
    };
    let line = d.open(FLAGS, tvb, 2, 2, Value::Uint(flags.into()));
    d.text(line, || {
        bits.iter().fold(format!("Flags: 0x{flags:04x}"), |text, field| {
            let row = crate::registry::field(*field);
            let value = (u64::from(flags) & row.mask) >> row.mask.trailing_zeros();
            match row.names {
                Names::Flag(..) if value != 0 => format!("{text}, {}", row.label),
                Names::Flag(..) => text,
                _ => format!("{text}, {}: {}", row.label, row.names.of(value).as_deref().unwrap_or("Unknown")),
            }
        })
    });
    for field in bits {
        d.bits(*field, tvb, 2, 2, flags.into());
    }
    d.close();
}

/// A question or a resource record; answers where the next one begins.
fn record<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, is_query: bool, names_it: bool) -> Result<usize, Stop> {
    let (name, len) = Name::read(tvb, at)?;
    let (kind, class) = (tvb.u16(at + len)?, tvb.u16(at + len + 2)?);
    let kind_name = Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown".into());
    let class_name = Names::Values(CLASSES).of(class.into()).unwrap_or("Unknown".into());
    if names_it {
        d.append_info(|| format!(" {kind_name}"));
        if is_query {
            d.append_info(|| format!(" {}", name.text));
        }
    }
    let item = d.open_text(tvb, at, len + 4, || format!("{}: type {kind_name}, class {class_name}", name.text));
    // Wireshark has the owner in the value of some records alone.
    let value = if !is_query && kind == NB { name.with_owner() } else { name.text.clone() };
    let line = d.add(NAME, tvb, at, len, Value::String(value.into()));
    if is_query {
        d.text(line, || format!("Name: {}", name.with_owner()));
    }
    d.add(TYPE, tvb, at + len, 2, Value::Uint(kind.into()));
    d.add(CLASS, tvb, at + len + 2, 2, Value::Uint(class.into()));
    let mut end = at + len + 4;
    if !is_query {
        let ttl = tvb.u32(end)?;
        let line = d.add(TTL, tvb, end, 4, Value::Uint(ttl.into()));
        d.text(line, || format!("Time to live: {}", super::dhcp::span(ttl.into())));
        let size = d.uint(DATA_LENGTH, tvb, end + 4, 2)? as usize;
        let data = tvb.exact(end + 6, size)?;
        match kind {
            NB => addresses(d, data, names_it)?,
            NBSTAT => status(d, data)?,
            _ => {
                let line = d.bytes(DATA, data, 0, size);
                if size == 0 {
                    d.text(line, || "Data: <MISSING>".to_owned());
                }
            }
        }
        end += 6 + size;
    }
    d.set_len(item, end - at);
    d.close();
    Ok(end)
}

/// RFC 1002, 4.2.1.3.
fn addresses<'a>(d: &mut Dissector<'a>, data: Tvb<'a>, names_it: bool) -> Parsed {
    let mut at = 0;
    while at + 6 <= data.reported() {
        let flags = data.u16(at)?;
        let line = d.open(NB_FLAGS, data, at, 2, Value::Uint(flags.into()));
        d.text(line, || {
            let group = flags & RESPONSE != 0;
            let node = Names::Values(NODES).of((flags & 0x6000).into()).unwrap_or_default();
            let bits = u64::from(flags & 0x6000) >> 13;
            let ont = Names::Values(NODES).of(bits).unwrap_or("Unknown".into());
            let kind = if group { ", Name type" } else { "" };
            let sort = if group { "group" } else { "unique" };
            format!("Name flags: 0x{flags:04x}{kind}, ONT: {ont} ({node}, {sort})")
        });
        d.flag(NB_FLAGS_GROUP, data, at, 2, flags.into());
        d.bits(NB_FLAGS_ONT, data, at, 2, flags.into());
        d.close();
        let address = data.array(at + 2)?;
        d.add(ADDR, data, at + 2, 4, Value::Ipv4(address));
        if names_it {
            d.append_info(|| format!(" {}", std::net::Ipv4Addr::from(address)));
        }
        at += 6;
    }
    Ok(())
}

/// The counters of RFC 1002, 4.2.18, and how wide they are.
const COUNTERS: [(FieldId, usize); 18] = [
    (JUMPERS, 1),
    (TEST_RESULT, 1),
    (VERSION_NUMBER, 2),
    (PERIOD_OF_STATISTICS, 2),
    (NUM_CRCS, 2),
    (NUM_ALIGNMENT_ERRORS, 2),
    (NUM_COLLISIONS, 2),
    (NUM_SEND_ABORTS, 2),
    (NUM_GOOD_SENDS, 4),
    (NUM_GOOD_RECEIVES, 4),
    (NUMRETRANSMITS, 2),
    (NUM_NO_RESOURCE_CONDITIONS, 2),
    (NUMCOMMAND_BLOCKS, 2),
    (NUMPENDING_SESSIONS, 2),
    (MAX_NUM_PENDING_SESSIONS, 2),
    (MAX_TOTAL_SESSIONS_POSSIBLE, 2),
    (SESSION_DATA_PACKET_SIZE, 2),
    (DATA, 0),
];

fn status<'a>(d: &mut Dissector<'a>, data: Tvb<'a>) -> Parsed {
    let count = d.uint(NUMBER_OF_NAMES, data, 0, 1)?;
    let mut at = 1;
    for _ in 0..count {
        let octets = data.slice(at, NAME_LEN)?;
        let name = Name::plain(octets.get(..NAME_LEN - 1).unwrap_or_default(), octets.last().copied());
        let bare = Name::plain(octets.get(..NAME_LEN - 1).unwrap_or_default(), None);
        let line = d.add(NETBIOS_NAME, data, at, NAME_LEN, Value::String(bare.text.into()));
        d.text(line, || format!("Name: {}", name.with_owner()));
        let flags = data.u16(at + NAME_LEN)?;
        let bits = [NAME_FLAGS_DRG, NAME_FLAGS_CNF, NAME_FLAGS_ACT, NAME_FLAGS_PRM];
        let line = d.open(NAME_FLAGS, data, at + NAME_LEN, 2, Value::Uint(flags.into()));
        d.text(line, || {
            let ont = Names::Values(NODES).of(u64::from(flags & 0x6000) >> 13).unwrap_or("Unknown".into());
            let kind = if flags & RESPONSE != 0 { ", Name type" } else { "" };
            let set = bits.iter().filter(|field| u64::from(flags) & crate::registry::field(**field).mask != 0);
            let start = format!("Name flags: 0x{flags:04x}{kind}, ONT: {ont}");
            set.fold(start, |text, field| format!("{text}, {}", crate::registry::field(*field).label))
        });
        d.flag(NAME_FLAGS_GROUP, data, at + NAME_LEN, 2, flags.into());
        d.bits(NAME_FLAGS_ONT, data, at + NAME_LEN, 2, flags.into());
        for field in bits {
            d.flag(field, data, at + NAME_LEN, 2, flags.into());
        }
        d.close();
        at += NAME_LEN + 2;
    }
    // Many senders leave the counters out.
    if at + 6 <= data.reported() {
        d.add(UNIT_ID, data, at, 6, Value::Ether(data.array(at)?));
        at += 6;
        for (field, width) in COUNTERS {
            if width == 0 || at + width > data.reported() {
                break;
            }
            d.uint(field, data, at, width)?;
            at += width;
        }
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500004e00010000401100000a0000010a000002 00890089003a0000 00010110000100000000000020464845504643454c45484643455046464641434143414341434143414341424c0000200001",
    "4500005a00010000401100000a0000010a000002 0089008900460000 00018500000000010000000020464845504643454c45484643455046464641434143414341434143414341424c0000200001000493e0000600000a000001",
    "4500006600010000401100000a0000010a000002 0089008900520000 00022910000100000000000120464845504643454c45484643455046464641434143414341434143414341424c0000200001c00c00200001000493e0000ce0000a00000140000a000002",
    "450000a700010000401100000a0000010a000002 0089008900930000 00038400000000010000000020434b414141414141414141414141414141414141414141414141414141414141000021000100000000005302464f4f2020202020202020202020200004004241522020202020202020202020201e840000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "4500005400010000401100000a0000010a000002 0089008900400000 00068583000000010000000020464845504643454c45484643455046464641434143414341434143414341424c00000a0001000000000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn names_are_decoded() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "nbns.name"), "WORKGROUP<1b>");
        assert_eq!(values(&shown[1], "nbns.addr"), "10.0.0.1");
        assert_eq!(values(&shown[3], "nbns.netbios_name"), "FOO,BAR");
        assert!(Name::decode(b"aB").text.starts_with("Illegal NetBIOS name (1st"));
        assert!(Name::decode(b"A").text.starts_with("Illegal NetBIOS name (2nd"));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Nbns,
            b"\0\x01\x85\0\0\0\0\x01\0\0\0\0\x20EBEBEBEBEBEBEBEBEBEBEBEBEBEBEBEB\0\0\x20\0\x01\0\0\0\0\0\x06\0\0\x0a\0\0\x01",
        );
    }
}
