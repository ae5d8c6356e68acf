//! Mailslots ([MS-MAIL]): messages without answers in transactions of SMB.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::smb;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Mailslot, "mailslot", "SMB MailSlot Protocol";
    OPCODE = field("mailslot.opcode", "Opcode", Uint16, Dec).names(Names::Values(OPCODES));
    PRIORITY = field("mailslot.priority", "Priority", Uint16, Dec);
    CLASS = field("mailslot.class", "Class", Uint16, Dec).names(Names::Values(CLASSES));
    SIZE = field("mailslot.size", "Size", Uint16, Dec);
    NAME = field("mailslot.name", "Mailslot Name", String, None);
}

const OPCODES: &[(u64, &str)] = &[(1, "Write Mail Slot")];
const CLASSES: &[(u64, &str)] = &[(1, "Reliable"), (2, "Unreliable & Broadcast")];

/// Where the browsers of a network tell each other of their servers.
const BROWSERS: [&[u8]; 2] = [b"\\MAILSLOT\\BROWSE", b"\\MAILSLOT\\LANMAN"];
/// Three setup words and the number of octets behind them.
const HEADER_LEN: usize = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Browser, ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Mailslot, "SMB Mailslot", &[], dissect)
};

/// From the setup words of the transaction on.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SMB Mailslot");
    let opcode = tvb.u16_le(0)?;
    d.set_info(|| Names::Values(OPCODES).of(opcode.into()).map_or_else(|| format!("Unknown ({opcode})"), Into::into));
    // It is no layer of `frame.protocols`, as Wireshark has it.
    let last = tvb.base.saturating_add(tvb.len() as u32);
    let item = d.open(PROTO, tvb, 0, tvb.reported(), Value::Protocol { end: last });
    for (field, at) in [(OPCODE, 0), (PRIORITY, 2), (CLASS, 4), (SIZE, 6)] {
        d.add(field, tvb, at, 2, Value::Uint(tvb.u16_le(at)?.into()));
    }
    let rest = tvb.from(HEADER_LEN).bytes();
    let len = memchr::memchr(0, rest).ok_or(crate::stop::Stop::Malformed)?;
    d.add(NAME, tvb, HEADER_LEN, len, Value::Text);
    let end = HEADER_LEN + len + 1;
    d.set_len(item, end);
    d.close();
    let message = tvb.from(end);
    let is_browser = rest.get(..len).is_some_and(|name| BROWSERS.contains(&name));
    d.call(if is_browser { ProtoId::Browser } else { ProtoId::Data }, message);
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    smb::ANNOUNCEMENT,
    "450000c600010000401100000a0000010a000002008a008a00b20000110200070a000001008a009c0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0003000000000000000000e803000000000000000003005500030001000000020013005c4d41494c534c4f545c4f5448 \
     455200616263",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn names_lead_to_who_reads_them() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "mailslot.name"), "\\MAILSLOT\\BROWSE");
        assert_eq!(values(&shown[0], "browser.command"), "0x01");
        assert_eq!(values(&shown[1], "data.len"), "3");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Mailslot, b"\x01\0\0\0\x02\0\x20\0\\MAILSLOT\\BROWSE\0\x01\x03");
    }
}
