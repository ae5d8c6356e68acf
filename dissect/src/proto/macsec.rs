//! MACsec (IEEE 802.1AE-2018, 9): frames that are proven, and mostly encrypted, from one station to the next.

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

const SET: Names = Names::Flag("Set", "Not set");

fields! { Macsec, "macsec", "802.1AE Security tag";
    TCI = field("macsec.TCI", "TCI", Uint8, Hex).mask(0xfc);
    TCI_V = field("macsec.TCI.V", "VER", Uint8, Hex).mask(0x80);
    TCI_ES = field("macsec.TCI.ES", "ES", Boolean, None).names(SET).mask(0x40);
    TCI_SC = field("macsec.TCI.SC", "SC", Boolean, None).names(SET).mask(0x20);
    TCI_SCB = field("macsec.TCI.SCB", "SCB", Boolean, None).names(SET).mask(0x10);
    TCI_E = field("macsec.TCI.E", "E", Boolean, None).names(SET).mask(0x08);
    TCI_C = field("macsec.TCI.C", "C", Boolean, None).names(SET).mask(0x04);
    AN = field("macsec.AN", "AN", Uint8, Hex).mask(0x03);
    SL = field("macsec.SL", "Short length", Uint8, Dec);
    PN = field("macsec.PN", "Packet number", Uint32, Dec);
    SYSTEM_IDENTIFIER = field("macsec.SCI.system_identifier", "System Identifier", Ether, None);
    PORT_IDENTIFIER = field("macsec.SCI.port_identifier", "Port Identifier", Uint16, Dec);
    ETYPE = field("macsec.etype", "Ethertype", Uint16, Hex).names(Names::Values(ETHERTYPES));
    ICV = field("macsec.ICV", "ICV", Bytes, None);
}

const SC: u8 = 0x20;
const CONFIDENTIAL: u8 = 0x0c;
/// Control octet, short length and packet number.
const TAG_LEN: usize = 6;
const SCI_LEN: usize = 8;
const ICV_LEN: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "020000000002 020000000001 88e5 2c00 00000048 020000000001 0001 0102030405060708 000102030405060708090a0b0c0d0e0f",
            "020000000002 020000000001 88e5 0004 00000048 88b6 0102 000102030405060708090a0b0c0d0e0f",
        ],
    }],
    ..Protocol::new(ProtoId::Macsec, "MACSEC", &[Binding::EtherType(0x88e5)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("MACSEC");
    d.set_info(|| "MACsec frame".to_owned());
    let item = d.begin(PROTO, tvb);
    let first = tvb.u8(0)?;
    d.open(TCI, tvb, 0, 1, Value::Uint((first >> 2).into()));
    d.bits(TCI_V, tvb, 0, 1, first.into());
    for field in [TCI_ES, TCI_SC, TCI_SCB, TCI_E, TCI_C] {
        d.flag(field, tvb, 0, 1, first.into());
    }
    d.close();
    d.bits(AN, tvb, 0, 1, first.into());
    let short = d.uint(SL, tvb, 1, 1)? as usize;
    d.uint(PN, tvb, 2, 4)?;
    let mut at = TAG_LEN;
    if first & SC != 0 {
        d.add(SYSTEM_IDENTIFIER, tvb, at, 6, Value::Ether(tvb.array(at)?));
        d.uint(PORT_IDENTIFIER, tvb, at + 6, 2)?;
        at += SCI_LEN;
    }
    // A short frame says how long what is secured is: what follows its check value is padding.
    let rest = tvb.reported().saturating_sub(at + ICV_LEN);
    let len = if short == 0 || short > rest { rest } else { short };
    let is_readable = first & CONFIDENTIAL == 0;
    let mut body = tvb.exact(at, len)?;
    let mut number = None;
    if is_readable {
        number = Some(d.uint(ETYPE, tvb, at, 2)? as u16);
        at += 2;
        body = body.from(2);
    }
    let check = at - if is_readable { 2 } else { 0 } + len;
    tvb.slice(check, ICV_LEN)?;
    d.bytes(ICV, tvb, check, ICV_LEN);
    d.end_payload(tvb, check + ICV_LEN);
    d.set_len(item, at);
    d.close();
    match number {
        Some(number) => {
            d.layer("ethertype");
            if !d.call_by_number(Table::EtherType, number, body) {
                d.call(ProtoId::Data, body);
            }
        }
        None if body.is_empty() => {}
        None => d.call(ProtoId::Data, body),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn what_is_only_proven_is_read_and_what_is_encrypted_is_not() {
        let shown = frames(1, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "data.data"), "0102030405060708");
        assert_eq!(values(&shown[0], "macsec.SCI.port_identifier"), "1");
        assert_eq!(values(&shown[1], "macsec.etype"), "0x88b6");
        assert_eq!(values(&shown[1], "data.data"), "0102");
        let short = frames(1, &["020000000002 020000000001 88e5 2c00 00000048 0200"]);
        assert!(values(&short[0], "_ws.expert.message").contains("Malformed"));
    }
}
