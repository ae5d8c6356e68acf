//! TDS, the Tabular Data Stream of SQL Server (MS-TDS): the packets, and what they ask for.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Tds, "tds", "Tabular Data Stream";
    TYPE = field("tds.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    STATUS = field("tds.status", "Status", Uint8, Hex);
    STATUS_EOM = field("tds.status.eom", "End of message", Boolean, None).mask(0x1);
    STATUS_IGNORE = field("tds.status.ignore", "Ignore this event", Boolean, None).mask(0x2);
    STATUS_EVENT = field("tds.status.event_notif", "Event notification", Boolean, None).mask(0x4);
    STATUS_RESET = field("tds.status.reset_conn", "Reset connection", Boolean, None).mask(0x8);
    STATUS_RESET_KEEP = field("tds.status.reset_conn_skip_tran", "Reset connection keeping transaction state", Boolean, None).mask(0x10);
    LENGTH = field("tds.length", "Length", Uint16, Dec);
    CHANNEL = field("tds.channel", "Channel", Uint16, Dec);
    PACKET_NUMBER = field("tds.packet_number", "Packet Number", Uint8, Dec);
    WINDOW = field("tds.window", "Window", Uint8, Dec);
    QUERY = field("tds.query", "Query", String, None);
}

/// MS-TDS, 2.2.3.1.1.
const TYPES: &[(u64, &str)] = &[
    (SQL_BATCH, "SQL batch"),
    (2, "TDS4/5 login"),
    (3, "Remote Procedure Call"),
    (4, "Response"),
    (5, "Unused"),
    (6, "Attention"),
    (7, "Bulk load data"),
    (8, "Unused"),
    (9, "Unused"),
    (10, "Unused"),
    (11, "Unused"),
    (12, "Unused"),
    (13, "Unused"),
    (14, "Transaction Manager Request"),
    (15, "TDS5 query"),
    (16, "TDS7 login"),
    (17, "SSPI message"),
    (PRE_LOGIN, "TDS7 pre-login message"),
    (23, "TLS exchange"),
];
const SQL_BATCH: u64 = 1;
const PRE_LOGIN: u64 = 18;
const HEADER_LEN: usize = 8;
/// The flag of the last packet of a message.
const END_OF_MESSAGE: u64 = 0x01;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Tls],
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004400000000400600000a0000010a000002c350059900000001000000015018ffff000000000101001a00000100530045004c004500430054002000310000000000",
        ],
    }],
    ..Protocol::new(ProtoId::Tds, "TDS", &[Binding::TcpPort(1433), Binding::TcpPort(2433)], dissect)
};

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [kind, _, ..] if !(1..=23).contains(&kind) => Framing::Foreign,
        [_, _, a, b, ..] => match usize::from(u16::from_be_bytes([a, b])) {
            len if len >= HEADER_LEN => Framing::Message(len),
            _ => Framing::Foreign,
        },
        _ => Framing::More(4 - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("TDS");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    let (kind, status) = (d.uint(TYPE, tvb, 0, 1)?, u64::from(tvb.u8(1)?));
    d.append_info_with(",", || {
        let name = Names::Values(TYPES).of(kind).unwrap_or("Unknown Packet Type".into());
        let rest = if status & END_OF_MESSAGE == 0 { " (Not last buffer)" } else { "" };
        format!("{name}{rest}")
    });
    d.uint(STATUS, tvb, 1, 1)?;
    d.within(|d| {
        for flag in [STATUS_EOM, STATUS_IGNORE, STATUS_EVENT, STATUS_RESET, STATUS_RESET_KEEP] {
            d.flag(flag, tvb, 1, 1, status);
        }
    });
    d.uint(LENGTH, tvb, 2, 2)?;
    d.uint(CHANNEL, tvb, 4, 2)?;
    d.uint(PACKET_NUMBER, tvb, 6, 1)?;
    d.uint(WINDOW, tvb, 7, 1)?;
    let body = tvb.from(HEADER_LEN);
    match (kind, body.bytes()) {
        // The handshake of TLS travels in messages of the login.
        (PRE_LOGIN, [0x14..=0x17, 3, ..]) => {
            d.close();
            d.call(ProtoId::Tls, body);
            return Ok(());
        }
        (SQL_BATCH, octets) if d.wants(QUERY) && !octets.is_empty() => query(d, body),
        _ => {}
    }
    d.close();
    Ok(())
}

/// Adds the text of a batch: UTF-16 since version 7, behind headers that say their length since 7.2.
fn query<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let headers = tvb.u32_le(0).map_or(0, |len| len as usize);
    let at = if tvb.u16(2) == Ok(0) && headers < tvb.reported() && headers >= 4 { headers } else { 0 };
    let text = tvb.from(at);
    let units = text.bytes().chunks_exact(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap_or_default()));
    let text_of: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let shown = text_of.split('\0').next().unwrap_or_default();
    d.add(QUERY, text, 0, text.len(), Value::String(shown.into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_say_their_length() {
        assert_eq!(framing(&[1, 1, 0, 26]), Framing::Message(26));
        assert_eq!(framing(&[1]), Framing::More(3));
        assert_eq!(framing(&[1, 1, 0, 3]), Framing::Foreign);
        assert_eq!(framing(b"GET "), Framing::Foreign);
    }
}
