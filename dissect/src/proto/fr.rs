//! Frame Relay (ITU-T Q.922 Annex A), with what RFC 2427 or Cisco's EtherTypes say of the payload.

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Fr, "fr", "Frame Relay";
    FIRST_ADDR_OCTET = field("fr.first_addr_octet", "First address octet", Uint8, Hex);
    UPPER_DLCI = field("fr.upper_dlci", "Upper DLCI", Uint8, Hex).mask(0xfc);
    CR = field("fr.cr", "CR", Boolean, None).names(Names::Flag("Command", "Response")).mask(0x02);
    EA = field("fr.ea", "EA", Boolean, None).names(Names::Flag("Last Octet", "More Follows")).mask(0x01);
    SECOND_ADDR_OCTET = field("fr.second_addr_octet", "Second address octet", Uint8, Hex);
    SECOND_DLCI = field("fr.second_dlci", "Second DLCI", Uint8, Hex).mask(0xf0);
    FECN = field("fr.fecn", "FECN", Boolean, None).mask(0x08);
    BECN = field("fr.becn", "BECN", Boolean, None).mask(0x04);
    DE = field("fr.de", "DE", Boolean, None).mask(0x02);
    THIRD_ADDR_OCTET = field("fr.third_addr_octet", "Third address octet", Uint8, Hex);
    THIRD_DLCI = field("fr.third_dlci", "Third DLCI", Uint8, Hex).mask(0xfe);
    LOWER_DLCI = field("fr.lower_dlci", "Lower DLCI", Uint8, Hex).mask(0xfc);
    DLCORE_CONTROL = field("fr.dlcore_control", "DL-CORE Control", Uint8, Hex).mask(0xfc);
    DLCI = field("fr.dlci", "DLCI", Uint32, Dec);
    CONTROL = field("fr.control", "Control Field", Uint8, Hex);
    NLPID = field("fr.nlpid", "NLPID", Uint8, Hex).names(Names::Values(NLPIDS));
    SNAP_OUI = field("fr.snap.oui", "Organization Code", Uint24, Dec);
    SNAP_PID = field("fr.snap.pid", "Protocol ID", Uint16, Hex);
    SNAPTYPE = field("fr.snaptype", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    CHDLCTYPE = field("fr.chdlctype", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
}

/// Network layer protocol identifiers (ISO/IEC TR 9577; RFC 2427).
const NLPIDS: &[(u64, &str)] = &[
    (0x00, "NULL"),
    (0x08, "Q.933"),
    (0x80, "SNAP"),
    (0x81, "CLNP"),
    (0x82, "ESIS"),
    (0x83, "ISIS"),
    (0x8e, "IPv6"),
    (0xb0, "Data compression protocol"),
    (0xb1, "FRF.12"),
    (0xcc, "IP"),
    (0xcf, "PPP"),
];
const SNAP: u8 = 0x80;
const ISO: std::ops::RangeInclusive<u8> = 0x81..=0x83;
const IPV6: u8 = 0x8e;
const IP: u8 = 0xcc;
const PPP: u8 = 0xcf;
/// Unnumbered information, which RFC 2427 begins with.
const UI: u8 = 0x03;
const OUI_ETHERNET: u32 = 0;
const OUI_BRIDGED: u32 = 0x00_80c2;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::EtherType],
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Ppp, ProtoId::Eth, ProtoId::Isis, ProtoId::Data],
    samples: &[Sample {
        link_type: 107,
        frames: &[
            "48e1 86dd 60",
            "1c41 03 cc 45",
            "1c41 03 00 80 0080c2 0008 01",
            "1c41 03 00 80 000000 0800 45",
            "48e0 e001 03 cc 45",
            "48e0 e003 03 cc 45",
            "48e0 e0e1 03 cc 45",
        ],
    }],
    ..Protocol::new(ProtoId::Fr, "FR", &[Binding::LinkType(107)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("FR");
    if d.endpoints.src == Address::None {
        d.no_addresses();
    }
    let item = d.begin(PROTO, tvb);
    let (len, dlci) = address(d, tvb)?;
    d.set_info(|| format!("DLCI {dlci}"));
    let control = tvb.u8(len)?;
    if control != UI {
        // Cisco's encapsulation has an EtherType here.
        let number = d.uint(CHDLCTYPE, tvb, len, 2)? as u16;
        d.set_len(item, len + 2);
        d.close();
        by_ethertype(d, number, tvb.from(len + 2));
        return Ok(());
    }
    d.open(CONTROL, tvb, len, 1, Value::Uint(control.into()));
    d.close();
    let mut at = len + 1;
    let mut nlpid = tvb.u8(at)?;
    // RFC 2427, 3: an octet of padding before SNAP.
    if nlpid == 0 {
        at += 1;
        nlpid = tvb.u8(at)?;
    }
    d.add(NLPID, tvb, at, 1, Value::Uint(nlpid.into()));
    d.append_info(|| match Names::Values(NLPIDS).of(nlpid.into()) {
        Some(name) => format!(", NLPID {name}"),
        None => format!(", NLPID 0x{nlpid:02x}"),
    });
    if nlpid == SNAP {
        return snap(d, tvb, at + 1);
    }
    d.set_len(item, at + 1);
    d.close();
    let payload = tvb.from(at + 1);
    match nlpid {
        IP => d.call(ProtoId::Ip, payload),
        IPV6 => d.call(ProtoId::Ipv6, payload),
        PPP => d.call(ProtoId::Ppp, payload),
        // The identifier is the first octet of what ISO's protocols have.
        _ if ISO.contains(&nlpid) => d.call(ProtoId::Isis, tvb.from(at)),
        _ => d.call(ProtoId::Data, payload),
    }
    Ok(())
}

/// Two to four octets of address (Q.922, A.3.3.2). Answers how many, and the identifier of the connection.
fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<(usize, u32), Stop> {
    let first = tvb.u8(0)?;
    d.open(FIRST_ADDR_OCTET, tvb, 0, 1, Value::Uint(first.into()));
    d.bits(UPPER_DLCI, tvb, 0, 1, first.into());
    d.flag(CR, tvb, 0, 1, first.into());
    d.flag(EA, tvb, 0, 1, first.into());
    d.close();
    let mut dlci = u32::from(first >> 2);
    if first & 1 != 0 {
        return Err(Stop::Malformed);
    }
    let second = tvb.u8(1)?;
    d.open(SECOND_ADDR_OCTET, tvb, 1, 1, Value::Uint(second.into()));
    d.bits(SECOND_DLCI, tvb, 1, 1, second.into());
    d.flag(FECN, tvb, 1, 1, second.into());
    d.flag(BECN, tvb, 1, 1, second.into());
    d.flag(DE, tvb, 1, 1, second.into());
    d.flag(EA, tvb, 1, 1, second.into());
    d.close();
    dlci = dlci << 4 | u32::from(second >> 4);
    let mut len = 2;
    let mut last = second;
    if last & 1 == 0 {
        last = tvb.u8(len)?;
        if last & 1 == 0 {
            d.open(THIRD_ADDR_OCTET, tvb, len, 1, Value::Uint(last.into()));
            d.bits(THIRD_DLCI, tvb, len, 1, last.into());
            d.flag(EA, tvb, len, 1, last.into());
            d.close();
            dlci = dlci << 7 | u32::from(last >> 1);
            len += 1;
            last = tvb.u8(len)?;
        }
        // The last octet holds the lowest bits, or control bits of the core.
        if last & 2 == 0 {
            d.bits(LOWER_DLCI, tvb, len, 1, last.into());
            dlci = dlci << 6 | u32::from(last >> 2);
        } else {
            d.bits(DLCORE_CONTROL, tvb, len, 1, last.into());
        }
        d.flag(EA, tvb, len, 1, last.into());
        len += 1;
    }
    d.add(DLCI, tvb, 0, len, Value::Uint(dlci.into()));
    Ok((len, dlci))
}

fn by_ethertype<'a>(d: &mut Dissector<'a>, number: u16, payload: Tvb<'a>) {
    if !d.call_by_number(Table::EtherType, number, payload) {
        if d.wants_columns() {
            d.set_protocol(&format!("0x{number:04x}"));
        }
        d.call(ProtoId::Data, payload);
    }
}

fn snap<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let (oui, number) = (tvb.u24(at)?, tvb.u16(at + 3)?);
    d.add(SNAP_OUI, tvb, at, 3, Value::Uint(oui.into()));
    let field = if oui == OUI_ETHERNET { SNAPTYPE } else { SNAP_PID };
    d.add(field, tvb, at + 3, 2, Value::Uint(number.into()));
    d.close();
    let payload = tvb.from(at + 5);
    match (oui, number) {
        (OUI_ETHERNET, _) => by_ethertype(d, number, payload),
        (OUI_BRIDGED, 1 | 7) => d.call(ProtoId::Eth, payload),
        _ => d.call(ProtoId::Data, payload),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn addresses_of_all_lengths_are_read() {
        let shown = frames(107, &["48e1 86dd 60", "1840 10 05 03 cc 45", "1840 43 03 cc 45", "48e1 03 cc 45", "ff"]);
        assert_eq!(values(&shown[0], "fr.dlci"), "302");
        assert_eq!(values(&shown[0], "fr.chdlctype"), "0x86dd");
        assert_eq!(values(&shown[1], "fr.dlci"), (((6 << 4 | 4) << 7 | 8) << 6 | 1).to_string());
        assert_eq!(values(&shown[2], "fr.dlci"), "100");
        assert_eq!(values(&shown[3], "fr.nlpid"), "0xcc");
        assert!(values(&shown[4], "_ws.expert.message").contains("Malformed"));
    }
}
