//! What a DHCP client says of itself: its identifier (RFC 4361), its name (RFC 4702), its class (RFC 3004), its boot
//! firmware (RFC 4578).

use super::option::{Message, bad_length};
use super::*;

/// RFC 4361, 6.1: this type is followed by an identity association and a DHCP unique identifier.
const TYPE_DUID: u8 = 255;
/// No hardware type: a text.
const TYPE_TEXT: u8 = 0;

pub(super) fn identifier<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    if len < 2 {
        return Ok(());
    }
    match body.u8(0)? {
        TYPE_DUID => return duid(d, body),
        TYPE_TEXT => {
            d.uint(CLIENT_ID_TYPE, body, 0, 1)?;
            d.add(CLIENT_ID_UNDEF, body, 1, len - 1, Value::Text);
        }
        kind if len == 7 && [HARDWARE_ETHERNET, HARDWARE_IEEE_802].contains(&kind) => {
            d.uint(HW_TYPE, body, 0, 1)?;
            d.add(HW_MAC_ADDR, body, 1, 6, Value::Ether(body.array(1)?));
        }
        _ => {}
    }
    Ok(())
}

fn duid<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    if len < 7 {
        return Ok(());
    }
    d.add(CLIENT_ID_IAID, body, 1, 4, Value::String(hex(body.slice(1, 4)?).into()));
    let kind = d.uint(CLIENT_ID_DUID_TYPE, body, 5, 2)?;
    let (hardware, at) = match kind {
        1 if len >= 13 => {
            let hardware = d.uint(CLIENT_ID_DUID_LLT_HW_TYPE, body, 7, 2)?;
            d.uint(CLIENT_ID_TIME, body, 9, 4)?;
            (hardware, 13)
        }
        3 if len >= 9 => (d.uint(CLIENT_ID_DUID_LL_HW_TYPE, body, 7, 2)?, 9),
        2 if len >= 11 => {
            d.uint(CLIENT_ID_ENTERPRISE_NUM, body, 7, 4)?;
            if len > 11 {
                d.bytes(CLIENT_ID, body, 11, len - 11);
            }
            return Ok(());
        }
        1..=3 => {
            d.expert(MALFORMED_DUID, body, 0, len);
            return Ok(());
        }
        _ => return Ok(()),
    };
    let address = body.slice(at, len - at)?;
    if !address.is_empty() {
        let is_mac = address.len() == 6 && (hardware == 1 || hardware == 6);
        let text = if is_mac { colons(address) } else { hex(address) };
        d.add(CLIENT_ID_LINK_LAYER_ADDRESS, body, at, len - at, Value::String(text.into()));
    }
    Ok(())
}

/// RFC 3004, 4. Many clients put a text there that follows no rule.
pub(super) fn user_class<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    if len == 0 {
        return Ok(());
    }
    let mut end = 0;
    while end < len {
        end += 1 + usize::from(body.u8(end)?);
    }
    if end != len {
        d.open(USER_CLASS_TEXT, body, 0, len, Value::Text);
        d.expert(NONSTANDARD, body, 0, len);
        d.close();
        return Ok(());
    }
    let (mut at, mut number) = (0, 0);
    while at < len {
        let class = usize::from(body.u8(at)?);
        let line = d.open(USER_CLASS, body, at, class + 1, Value::Uint(number));
        d.text(line, || format!("Instance of User Class: [{number}]"));
        d.uint(USER_CLASS_LENGTH, body, at, 1)?;
        if class > 0 {
            d.bytes(USER_CLASS_DATA, body, at + 1, class);
        }
        d.close();
        at += 1 + class;
        number += 1;
    }
    Ok(())
}

/// RFC 4702, 2.
pub(super) fn fqdn<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    let len = body.reported();
    if len < 3 {
        bad_length(d, body, "length isn't >= 3");
        return Ok(());
    }
    const BINARY: u8 = 4;
    let flags = body.u8(0)?;
    let line = d.open(FQDN_FLAGS, body, 0, 1, Value::Uint(flags.into()));
    d.text(line, || {
        let names = [(8, "Server DDNS"), (4, "Encoding"), (2, "Server overrides"), (1, "Server")];
        let set = names.into_iter().filter(|(bit, _)| flags & bit != 0);
        set.fold(format!("Flags: 0x{flags:02x}"), |text, (_, name)| format!("{text}, {name}"))
    });
    d.bits(FQDN_MBZ, body, 0, 1, flags.into());
    for field in [FQDN_N, FQDN_E, FQDN_O, FQDN_S] {
        d.flag(field, body, 0, 1, flags.into());
    }
    d.close();
    d.uint(FQDN_RCODE1, body, 1, 1)?;
    d.uint(FQDN_RCODE2, body, 2, 1)?;
    if len == 3 {
        return Ok(());
    }
    if flags & BINARY == 0 {
        d.add(FQDN_NAME, body, 3, len - 3, Value::Text);
        return Ok(());
    }
    let mut name = Vec::new();
    // A client may leave the name open: its server ends it.
    if crate::proto::dns::name::read(body, 3, Some(&mut name)).is_ok() {
        d.add(FQDN_NAME, body, 3, len - 3, Value::String(String::from_utf8_lossy(&name).into()));
    } else {
        d.add(FQDN_NAME, body, 3, len - 3, Value::Text);
    }
    Ok(())
}

/// RFC 4578, 2.2.
pub(super) fn network_interface<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    const UNDI: u8 = 1;
    if !body.is_empty() && body.u8(0)? == UNDI {
        d.uint(CLIENT_NETWORK_ID_MAJOR, body, 1, 1)?;
        d.uint(CLIENT_NETWORK_ID_MINOR, body, 2, 1)?;
    }
    Ok(())
}

/// RFC 4578, 2.3. Firmware writes the identifier in its own byte order.
pub(super) fn uuid<'a>(d: &mut Dissector<'a>, _: &Message<'a>, body: Tvb<'a>) -> Parsed {
    if body.reported() == 17 && body.u8(0)? == 0 {
        let text = guid_le(body.slice(1, 16)?);
        d.add(CLIENT_ID_UUID, body, 1, 16, Value::String(text.into()));
    }
    Ok(())
}

/// A GUID whose three first parts lie with their low octet first.
fn guid_le(octets: &[u8]) -> String {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let digits = ORDER.map(|at| format!("{:02x}", octets.get(at).copied().unwrap_or(0))).concat();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts.map(|part| digits.get(part).unwrap_or_default()).join("-")
}
