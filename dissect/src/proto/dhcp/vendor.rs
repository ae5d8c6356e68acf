//! What vendors put into options: the boot firmware's (PXE 2.1), those that name their enterprise (RFC 3925, Broadband
//! Forum TR-111), and Avaya's telephones.

use super::names::{PXECLIENT_SUBOPTION_NAMES, VI_TR111_SUBOPTION_NAMES};
use super::option::{Message, bad_length};
use super::relay::{Kind, fits, length, show, unknown};
use super::*;
use crate::field::FieldId;

const PXE_END: u8 = 255;

const PXE_ROWS: &[(u8, Kind)] = &[
    (1, Kind::Ipv4(PXECLIENT_MTFTP_IP)),
    (2, Kind::U16Le(PXECLIENT_MTFTP_CLIENT_PORT)),
    (3, Kind::U16Le(PXECLIENT_MTFTP_SERVER_PORT)),
    (4, Kind::U8(PXECLIENT_MTFTP_TIMEOUT)),
    (5, Kind::U8(PXECLIENT_MTFTP_DELAY)),
    (7, Kind::Ipv4(PXECLIENT_MULTICAST_ADDRESS)),
    (11, Kind::Octets(PXECLIENT_MULTICAST_ADDRESS_ALLOC)),
    (12, Kind::Octets(PXECLIENT_CREDENTIAL_TYPES)),
];

/// Option 43; what stands in it is the vendor's, whom option 60 names.
pub(super) fn specific<'a>(d: &mut Dissector<'a>, message: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.is_empty() || !message.vendor_class.starts_with(b"PXEClient") {
        let line = d.bytes(VENDOR_VALUE, body, 0, body.reported());
        if body.is_empty() {
            d.text(line, || "Value: <MISSING>".to_owned());
        }
        return Ok(());
    }
    d.layer("dhcp");
    let mut at = 0;
    while at < body.reported() {
        let code = body.u8(at)?;
        if code == 0 {
            d.add(PXECLIENT_PADDING, body, at, 1, Value::Uint(0));
            at += 1;
            continue;
        }
        if code == PXE_END {
            d.add(PXECLIENT_END, body, at, 1, Value::Uint(code.into()));
            return Ok(());
        }
        let Some(len) = length(d, body, at) else {
            return Ok(());
        };
        let line = d.open(PXECLIENT_SUBOPTION, body, at, len + 2, Value::Uint(code.into()));
        d.text(line, || {
            let name = Names::Values(PXECLIENT_SUBOPTION_NAMES).of(code.into());
            format!("Option 43 Suboption: ({code}) {}", name.as_deref().unwrap_or("Unknown"))
        });
        d.add(SUBOPTION_LENGTH, body, at + 1, 1, Value::Uint(len as u64));
        if !fits(d, body, at, code, len) {
            d.close();
            return Ok(());
        }
        let value = body.sub(at + 2, len);
        let octets = d.bytes(VENDOR_VALUE, value, 0, len);
        d.hide(octets);
        pxe(d, code, value)?;
        d.close();
        at += 2 + len;
    }
    Ok(())
}

fn pxe<'a>(d: &mut Dissector<'a>, code: u8, value: Tvb<'a>) -> Parsed {
    let len = value.reported();
    match code {
        6 if len == 1 => {
            let control = value.u8(0)?;
            let bits = [
                (PXECLIENT_DISCOVERY_CONTROL_BROADCAST, 1, "Disable Broadcast"),
                (PXECLIENT_DISCOVERY_CONTROL_MULTICAST, 2, "Disable Multicast"),
                (PXECLIENT_DISCOVERY_CONTROL_SERVERLIST, 4, "Serverlist only"),
                (PXECLIENT_DISCOVERY_CONTROL_BSTRAP, 8, "Bootstrap override"),
            ];
            let line = d.open(PXECLIENT_DISCOVERY_CONTROL, value, 0, 1, Value::Uint(control.into()));
            d.text(line, || {
                let set = bits.iter().filter(|row| control & row.1 != 0);
                set.fold(format!("discovery control: 0x{control:02x}"), |text, row| format!("{text}, {}", row.2))
            });
            for (field, ..) in bits {
                d.flag(field, value, 0, 1, control.into());
            }
            d.close();
        }
        8 => {
            d.open(PXECLIENT_BOOT_SERVERS, value, 0, len, Value::Bytes);
            let mut at = 0;
            while at + 3 <= len {
                d.uint(PXECLIENT_BOOT_SERVERS_TYPE, value, at, 2)?;
                let count = d.uint(PXECLIENT_BOOT_SERVERS_COUNT, value, at + 2, 1)? as usize;
                for n in 0..count {
                    let place = at + 3 + n * 4;
                    d.add(PXECLIENT_BOOT_SERVERS_IP, value, place, 4, Value::Ipv4(value.array(place)?));
                }
                at += 3 + count * 4;
            }
            d.close();
        }
        9 => {
            d.open(PXECLIENT_BOOT_MENU, value, 0, len, Value::Bytes);
            let mut at = 0;
            while at + 3 <= len {
                d.uint(PXECLIENT_BOOT_MENU_TYPE, value, at, 2)?;
                let text = d.uint(PXECLIENT_BOOT_MENU_LENGTH, value, at + 2, 1)? as usize;
                value.slice(at + 3, text)?;
                d.string(PXECLIENT_BOOT_MENU_DESC, value, at + 3, text);
                at += 3 + text;
            }
            d.close();
        }
        10 if len > 0 => {
            d.open(PXECLIENT_MENU_PROMPT, value, 0, len, Value::Bytes);
            d.uint(PXECLIENT_MENU_PROMPT_TIMEOUT, value, 0, 1)?;
            d.string(PXECLIENT_MENU_PROMPT_PROMPT, value, 1, len - 1);
            d.close();
        }
        71 if len >= 4 => {
            d.open(PXECLIENT_BOOT_ITEM, value, 0, len, Value::Bytes);
            d.uint(PXECLIENT_BOOT_ITEM_TYPE, value, 0, 2)?;
            d.bytes(PXECLIENT_BOOT_ITEM_LAYER, value, 2, 2);
            d.close();
        }
        _ => match PXE_ROWS.iter().find(|row| row.0 == code) {
            Some((_, kind)) => show(d, kind, value)?,
            None => unknown(d, value, code),
        },
    }
    Ok(())
}

/// RFC 3925, 3.
pub(super) fn identifying_class<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.reported() < 5 {
        bad_length(d, body, "length < 5");
        return Ok(());
    }
    let mut at = 0;
    while at + 5 <= body.reported() {
        d.uint(VI_CLASS_ENTERPRISE, body, at, 4)?;
        let len = d.uint(VI_CLASS_LENGTH, body, at + 4, 1)? as usize;
        body.slice(at + 5, len)?;
        d.add(VI_CLASS_DATA, body, at + 5, len, Value::Text);
        at += 5 + len;
    }
    Ok(())
}

/// The Broadband Forum's enterprise number, and what TR-111 has its sub-options hold.
const BROADBAND_FORUM: u64 = 3561;
const TR111_ROWS: &[(u8, FieldId)] = &[
    (2, VI_TR111_DEVICE_SERIAL_NUMBER),
    (3, VI_TR111_DEVICE_PRODUCT_CLASS),
    (4, VI_TR111_GATEWAY_MANUFACTURER_OUI),
    (5, VI_TR111_GATEWAY_SERIAL_NUMBER),
    (6, VI_TR111_GATEWAY_PRODUCT_CLASS),
];

/// RFC 3925, 4.
pub(super) fn identifying<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.reported() < 5 {
        bad_length(d, body, "length < 5");
        return Ok(());
    }
    let mut at = 0;
    while at + 5 <= body.reported() {
        let enterprise = u64::from(body.u32(at)?);
        let len = usize::from(body.u8(at + 4)?);
        d.open(VI_ENTERPRISE, body, at, 4, Value::Uint(enterprise));
        d.uint(VI_LENGTH, body, at + 4, 1)?;
        if at + 5 + len > body.reported() {
            d.expert(ENTERPRISE_MALFORMED, body, at, 5);
            d.close();
            return Ok(());
        }
        suboptions(d, body.sub(at + 5, len), enterprise == BROADBAND_FORUM)?;
        d.close();
        at += 5 + len;
    }
    Ok(())
}

fn suboptions<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, is_tr111: bool) -> Parsed {
    let mut at = 0;
    while at < body.reported() {
        let code = body.u8(at)?;
        let Some(len) = length(d, body, at) else {
            return Ok(());
        };
        let (field, name) = if is_tr111 {
            (VI_TR111_SUBOPTION, Names::Values(VI_TR111_SUBOPTION_NAMES).of(code.into()))
        } else {
            (VENDOR_SUBOPTION, None)
        };
        let line = d.open(field, body, at, len + 2, Value::Uint(code.into()));
        d.text(line, || match name {
            Some(name) => format!("Option 125 Suboption: ({code}) {name}"),
            None => format!("Option 125 Suboption: {code}"),
        });
        d.add(SUBOPTION_LENGTH, body, at + 1, 1, Value::Uint(len as u64));
        if !fits(d, body, at, code, len) {
            d.close();
            return Ok(());
        }
        let value = body.sub(at + 2, len);
        if is_tr111 {
            tr111(d, code, value)?;
        } else {
            d.bytes(VENDOR_DATA, value, 0, len);
        }
        d.close();
        if is_tr111 {
            let octets = d.bytes(VI_VALUE, value, 0, len);
            d.hide(octets);
        }
        at += 2 + len;
    }
    Ok(())
}

fn tr111<'a>(d: &mut Dissector<'a>, code: u8, value: Tvb<'a>) -> Parsed {
    if code == 1 {
        // The identifier is written in hexadecimal digits.
        let text = String::from_utf8_lossy(value.bytes());
        let number = u32::from_str_radix(text.get(..6).unwrap_or_default(), 16).unwrap_or(0);
        let line = d.add(VI_TR111_DEVICE_MANUFACTURER_OUI, value, 0, value.reported(), Value::Uint(number.into()));
        let [_, a, b, c] = number.to_be_bytes();
        d.text(line, || format!("DeviceManufacturerOUI: {a:02x}:{b:02x}:{c:02x}"));
    } else if let Some((_, field)) = TR111_ROWS.iter().find(|row| row.0 == code) {
        d.add(*field, value, 0, value.reported(), Value::Text);
    }
    Ok(())
}

const AVAYA_ROWS: &[(&str, FieldId)] = &[
    ("TLSSRVR", AVAYA_TLSSRVR),
    ("HTTPSRVR", AVAYA_HTTPSRVR),
    ("HTTPDIR", AVAYA_HTTPDIR),
    ("STATIC", AVAYA_STATIC),
    ("MCIPADD", AVAYA_MCIPADD),
    ("DOT1X", AVAYA_DOT1X),
    ("ICMPDU", AVAYA_ICMPDU),
    ("ICMPRED", AVAYA_ICMPRED),
    ("L2Q", AVAYA_L2Q),
    ("L2QVLAN", AVAYA_L2QVLAN),
    ("LOGLOCAL", AVAYA_LOGLOCAL),
    ("PHY1STAT", AVAYA_PHY1STAT),
    ("PHY2STAT", AVAYA_PHY2STAT),
    ("PROCPSWD", AVAYA_PROCPSWD),
    ("PROCSTAT", AVAYA_PROCSTAT),
    ("SNMPADD", AVAYA_SNMPADD),
    ("SNMPSTRING", AVAYA_SNMPSTRING),
    ("VLANTEST", AVAYA_VLANTEST),
];

/// Option 242 of Avaya's telephones: settings with commas between them.
pub(super) fn avaya<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    if len < 5 {
        bad_length(d, body, "Avaya IP Telephone option length isn't >= 5");
        return Ok(());
    }
    d.open(AVAYA, body, 0, len, Value::Text);
    let mut at = 0;
    for setting in body.bytes().split(|octet| *octet == b',') {
        let equals = memchr::memchr(b'=', setting);
        let row = equals.and_then(|equals| {
            let name = setting.get(..equals)?;
            AVAYA_ROWS.iter().find(|row| row.0.as_bytes() == name)
        });
        if let (Some((name, field)), Some(equals)) = (row, equals) {
            let text = String::from_utf8_lossy(setting.get(equals + 1..).unwrap_or_default());
            let is_number = *field == AVAYA_L2QVLAN || *field == AVAYA_VLANTEST;
            let value = match text.parse() {
                Ok(number) if is_number => Value::Int(number),
                _ if is_number => Value::Int(0),
                _ => Value::String(text.as_ref().into()),
            };
            let line = d.add(*field, body, at, setting.len(), value);
            d.text(line, || format!("{name}: {text}"));
        }
        at += setting.len() + 1;
    }
    d.close();
    Ok(())
}
