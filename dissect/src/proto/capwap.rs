//! Control And Provisioning of Wireless Access Points (RFC 5415, 5416): the header that control and data share, control
//! messages and their elements. The data channel is in `capwap_data.rs`.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Capwap, "capwap", "Control And Provisioning of Wireless Access Points - Control";
    PREAMBLE = field("capwap.preamble", "Preamble", None, None).fed_by(SHARED);
    PREAMBLE_VERSION = field("capwap.preamble.version", "Version", Uint8, Dec).mask(0xf0).fed_by(SHARED);
    PREAMBLE_TYPE = field("capwap.preamble.type", "Type", Uint8, Dec).mask(0x0f).names(Names::Values(&[(0, "CAPWAP Header"), (1, "CAPWAP DTLS Header")])).fed_by(SHARED);
    PREAMBLE_RESERVED = field("capwap.preamble.reserved", "Reserved", Uint24, Dec).fed_by(SHARED);
    HEADER = field("capwap.header", "Header", None, None).fed_by(SHARED);
    HEADER_LENGTH = field("capwap.header.length", "Header Length", Uint24, Dec).mask(0xf8_0000).fed_by(SHARED);
    HEADER_RID = field("capwap.header.rid", "Radio ID", Uint24, Dec).mask(0x07_c000).fed_by(SHARED);
    HEADER_WBID = field("capwap.header.wbid", "Wireless Binding ID", Uint24, Dec).mask(0x3e00).names(Names::Values(BINDINGS)).fed_by(SHARED);
    HEADER_FLAGS = field("capwap.header.flags", "Header Flags", Uint24, Hex).mask(0x01ff).fed_by(SHARED);
    HEADER_FLAGS_T = field("capwap.header.flags.t", "Payload Type", Boolean, None).mask(0x100).names(Names::Flag("Native frame format (see Wireless Binding ID field)", "IEEE 802.3 frame")).fed_by(SHARED);
    HEADER_FLAGS_F = field("capwap.header.flags.f", "Fragment", Boolean, None).mask(0x80).names(Names::Flag("Fragment", "Don't Fragment")).fed_by(SHARED);
    HEADER_FLAGS_L = field("capwap.header.flags.l", "Last Fragment", Boolean, None).mask(0x40).names(Names::Flag("This is the last fragment", "More fragments follow")).fed_by(SHARED);
    HEADER_FLAGS_W = field("capwap.header.flags.w", "Wireless header", Boolean, None).mask(0x20).names(Names::Flag("Wireless Specific Information is present", "No Wireless Specific Information")).fed_by(SHARED);
    HEADER_FLAGS_M = field("capwap.header.flags.m", "Radio MAC header", Boolean, None).mask(0x10).names(Names::Flag("Radio MAC Address is present", "No Radio MAC Address")).fed_by(SHARED);
    HEADER_FLAGS_K = field("capwap.header.flags.k", "Keep-Alive", Boolean, None).mask(0x08).names(Names::Flag("Keep-Alive Packet", "No Keep-Alive")).fed_by(SHARED);
    HEADER_FLAGS_R = field("capwap.header.flags.r", "Reserved", Uint24, Hex).mask(0x07).fed_by(SHARED);
    HEADER_FRAGMENT_ID = field("capwap.header.fragment.id", "Fragment ID", Uint16, Dec).fed_by(SHARED);
    HEADER_FRAGMENT_OFFSET = field("capwap.header.fragment.offset", "Fragment Offset", Uint16, Dec).mask(0xfff8).fed_by(SHARED);
    HEADER_FRAGMENT_RESERVED = field("capwap.header.fragment.reserved", "Reserved", Uint16, Dec).mask(0x07).fed_by(SHARED);
    HEADER_MAC_LENGTH = field("capwap.header.mac.length", "MAC length", Uint8, Dec).fed_by(SHARED);
    HEADER_MAC_EUI48 = field("capwap.header.mac.eui48", "MAC address", Ether, None).fed_by(SHARED);
    HEADER_MAC_DATA = field("capwap.header.mac.data", "MAC address", Bytes, None).fed_by(SHARED);
    HEADER_WIRELESS_LENGTH = field("capwap.header.wireless.length", "Wireless length", Uint8, Dec).fed_by(SHARED);
    HEADER_WIRELESS_DATA = field("capwap.header.wireless.data", "Wireless data", Bytes, None).fed_by(SHARED);
    HEADER_PADDING = field("capwap.header.padding", "Padding for 4 Byte Alignment", Bytes, None).fed_by(SHARED);
    CONTROL_HEADER = field("capwap.control.header", "Control Header", None, None);
    MESSAGE_TYPE = field("capwap.control.header.message_type", "Message Type", Uint32, Dec);
    ENTERPRISE_NUMBER = field("capwap.control.header.message_type.enterprise_number", "Message Type (Enterprise Number)", Uint24, Dec);
    ENTERPRISE_SPECIFIC = field("capwap.control.header.message_type.enterprise_specific", "Message Type (Enterprise Specific)", Uint32, Dec).names(Names::Values(MESSAGES));
    SEQUENCE_NUMBER = field("capwap.control.header.sequence_number", "Sequence Number", Uint8, Dec);
    MESSAGE_ELEMENT_LENGTH = field("capwap.control.header.message_element_length", "Message Element Length", Uint16, Dec);
    FLAGS = field("capwap.control.header.flags", "Flags", Uint8, Dec);
    MESSAGE_ELEMENT = field("capwap.message_element", "Message Element", None, None).fed_by(SHARED);
    ELEMENT_TYPE = field("capwap.message_element.type", "Type", Uint16, Dec).names(Names::Values(ELEMENTS)).fed_by(SHARED);
    ELEMENT_LENGTH = field("capwap.message_element.length", "Length", Uint16, Dec).fed_by(SHARED);
    ELEMENT_VALUE = field("capwap.message_element.value", "Value", Bytes, None).fed_by(SHARED);
}

/// The data channel has the same header.
const SHARED: &[ProtoId] = &[ProtoId::CapwapData];
const BINDINGS: &[(u64, &str)] = &[(0, "Reserved"), (1, "IEEE 802.11"), (2, "Reserved"), (3, "EPCGlobal")];
/// RFC 5415, 4.5.1.1, and RFC 5416, 3.
const MESSAGES: &[(u64, &str)] = &[
    (1, "Discovery Request"),
    (2, "Discovery Response"),
    (3, "Join Request"),
    (4, "Join Response"),
    (5, "Configuration Status Request"),
    (6, "Configuration Status Response"),
    (7, "Configuration Update Request"),
    (8, "Configuration Update Response"),
    (9, "WTP Event Request"),
    (10, "WTP Event Response"),
    (11, "Change State Request"),
    (12, "Change State Response"),
    (13, "Echo Request"),
    (14, "Echo Response"),
    (15, "Image Data Request"),
    (16, "Image Data Response"),
    (17, "Reset Request"),
    (18, "Reset Response"),
    (19, "Primary Discovery Request"),
    (20, "Primary Discovery Response"),
    (21, "Data Transfer Request"),
    (22, "Data Transfer Response"),
    (23, "Clear Configuration Request"),
    (24, "Clear Configuration Response"),
    (25, "Station Configuration Request"),
    (26, "Station Configuration Response"),
    (3_398_913, "IEEE 802.11 WLAN Configuration Request"),
    (3_398_914, "IEEE 802.11 WLAN Configuration Response"),
];
/// RFC 5415, 4.6.
const ELEMENTS: &[(u64, &str)] = &[
    (1, "AC Descriptor"),
    (2, "AC IPv4 List"),
    (3, "AC IPv6 List"),
    (4, "AC Name"),
    (5, "AC Name with Priority"),
    (6, "AC Timestamp"),
    (7, "Add MAC ACL Entry"),
    (8, "Add Station"),
    (10, "CAPWAP Control IPv4 Address"),
    (11, "CAPWAP Control IPv6 Address"),
    (12, "CAPWAP Timers"),
    (13, "Data Transfer Data"),
    (14, "Data Transfer Mode"),
    (15, "Decryption Error Report"),
    (16, "Decryption Error Report Period"),
    (17, "Delete MAC ACL Entry"),
    (18, "Delete Station"),
    (20, "Discovery Type"),
    (21, "Duplicate IPv4 Address"),
    (22, "Duplicate IPv6 Address"),
    (23, "Idle Timeout"),
    (24, "Image Data"),
    (25, "Image Identifier"),
    (26, "Image Information"),
    (27, "Initiate Download"),
    (28, "Location Data"),
    (29, "Maximum Message Length"),
    (30, "CAPWAP Local IPv4 Address"),
    (31, "Radio Administrative State"),
    (32, "Radio Operational State"),
    (33, "Result Code"),
    (34, "Returned Message Element"),
    (35, "Session ID"),
    (36, "Statistics Timer"),
    (37, "Vendor Specific Payload"),
    (38, "WTP Board Data"),
    (39, "WTP Descriptor"),
    (40, "WTP Fallback"),
    (41, "WTP Frame Tunnel Mode"),
    (44, "WTP MAC Type"),
    (45, "WTP Name"),
    (46, "Unused/Reserved"),
    (47, "WTP Radio Statistics"),
    (48, "WTP Reboot Statistics"),
    (49, "WTP Static IP Address Information"),
    (50, "CAPWAP Local IPv6 Address"),
    (51, "CAPWAP Transport Protocol"),
    (52, "MTU Discovery Padding"),
    (53, "ECN Support"),
];
const WTP_DESCRIPTOR: u16 = 39;
/// How many elements of a message are shown.
const MAX_ELEMENTS: usize = 1024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(is_one),
    calls: &[ProtoId::Dtls, ProtoId::Data],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004d00010000401100000a0000010a0000021388147e0039000000300270000000000602000000000100070102030405060700000001050014000014000100002100040000000000230000",
            "4500003800010000401100000a0000010a0000021388147e0024000000280210000000000802000000000102030000000000000206000300",
            "4500003100010000401100000a0000010a0000021388147e001d00000100000017fefd0001000000000005000461626364",
        ],
    }],
    ..Protocol::new(ProtoId::Capwap, "CAPWAP-CONTROL", &[Binding::UdpPort(5246)], dissect)
};

/// Whether a preamble is one of those that there are (RFC 5415, 4.1).
pub(super) fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    matches!(tvb.bytes(), [0..=1, ..])
}

/// What a header says of what stands behind it.
pub(super) struct Header {
    /// Where it ends.
    pub(super) end: usize,
    pub(super) is_native: bool,
    pub(super) is_fragment: bool,
    pub(super) is_keep_alive: bool,
    pub(super) binding: u32,
    pub(super) fragment: (u16, u16),
}

/// The preamble; answers whether DTLS follows it.
pub(super) fn preamble<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<bool, Stop> {
    let first = tvb.u8(0)?;
    let is_secure = first & 0x0f == 1;
    d.open(PREAMBLE, tvb, 0, if is_secure { 4 } else { 1 }, Value::None);
    d.bits(PREAMBLE_VERSION, tvb, 0, 1, first.into());
    d.bits(PREAMBLE_TYPE, tvb, 0, 1, first.into());
    if is_secure {
        d.uint(PREAMBLE_RESERVED, tvb, 1, 3)?;
    }
    d.close();
    Ok(is_secure)
}

/// The header behind the preamble (RFC 5415, 4.3).
pub(super) fn header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Header, Stop> {
    let word = tvb.u24(1)?;
    let bits = u64::from(word);
    let end = (word >> 19) as usize * 4;
    d.open(HEADER, tvb, 1, end.saturating_sub(1), Value::None);
    let item = d.bits(HEADER_LENGTH, tvb, 1, 3, bits);
    d.append_text(item, || format!(" ({end})"));
    d.bits(HEADER_RID, tvb, 1, 3, bits);
    d.bits(HEADER_WBID, tvb, 1, 3, bits);
    d.open(HEADER_FLAGS, tvb, 1, 3, Value::Uint(bits & 0x1ff));
    for field in [HEADER_FLAGS_T, HEADER_FLAGS_F, HEADER_FLAGS_L, HEADER_FLAGS_W, HEADER_FLAGS_M, HEADER_FLAGS_K] {
        d.flag(field, tvb, 1, 3, bits);
    }
    d.bits(HEADER_FLAGS_R, tvb, 1, 3, bits);
    d.close();
    let (fragment, offset) = (tvb.u16(4)?, tvb.u16(6)?);
    d.add(HEADER_FRAGMENT_ID, tvb, 4, 2, Value::Uint(fragment.into()));
    d.bits(HEADER_FRAGMENT_OFFSET, tvb, 6, 2, offset.into());
    d.bits(HEADER_FRAGMENT_RESERVED, tvb, 6, 2, offset.into());
    let mut at = 8;
    if word & 0x10 != 0 {
        let len = d.uint(HEADER_MAC_LENGTH, tvb, at, 1)? as usize;
        tvb.slice(at + 1, len)?;
        if len == 6 {
            d.add(HEADER_MAC_EUI48, tvb, at + 1, 6, Value::Ether(tvb.array(at + 1)?));
        } else {
            d.bytes(HEADER_MAC_DATA, tvb, at + 1, len);
        }
        at = pad(d, tvb, at + 1 + len)?;
    }
    if word & 0x20 != 0 {
        let len = d.uint(HEADER_WIRELESS_LENGTH, tvb, at, 1)? as usize;
        tvb.slice(at + 1, len)?;
        d.bytes(HEADER_WIRELESS_DATA, tvb, at + 1, len);
        pad(d, tvb, at + 1 + len)?;
    }
    d.close();
    Ok(Header {
        end: end.max(8),
        is_native: word & 0x100 != 0,
        is_fragment: word & 0x80 != 0,
        is_keep_alive: word & 0x08 != 0,
        binding: word >> 9 & 0x1f,
        fragment: (fragment, offset >> 3),
    })
}

fn pad<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = at.next_multiple_of(4) - at;
    if len > 0 {
        tvb.slice(at, len)?;
        d.bytes(HEADER_PADDING, tvb, at, len);
    }
    Ok(at + len)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("CAPWAP-Control");
    d.set_info(|| "CAPWAP-Control".to_owned());
    if preamble(d, tvb)? {
        d.close();
        d.call(ProtoId::Dtls, tvb.from(4));
        return Ok(());
    }
    let header = header(d, tvb)?;
    if header.is_fragment {
        let (id, offset) = header.fragment;
        d.append_info(|| format!(" (Fragment ID: {id}, Fragment Offset: {offset})"));
        d.close();
        d.call(ProtoId::Data, tvb.from(header.end));
        return Ok(());
    }
    let rest = tvb.from(header.end);
    let kind = rest.u32(0)?;
    d.append_info(|| match Names::Values(MESSAGES).of(kind.into()) {
        Some(name) => format!(" - {name}"),
        None => format!(" - Unknown Message Type (0x{kind:02x})"),
    });
    d.open(CONTROL_HEADER, rest, 0, 8, Value::None);
    d.open(MESSAGE_TYPE, rest, 0, 4, Value::Uint(kind.into()));
    d.add(ENTERPRISE_NUMBER, rest, 0, 3, Value::Uint((kind >> 8).into()));
    d.add(ENTERPRISE_SPECIFIC, rest, 0, 4, Value::Uint(kind.into()));
    d.close();
    d.uint(SEQUENCE_NUMBER, rest, 4, 1)?;
    // RFC 5415, 4.5.1.3: it counts itself and the flags.
    let len = (d.uint(MESSAGE_ELEMENT_LENGTH, rest, 5, 2)? as usize).saturating_sub(3);
    d.uint(FLAGS, rest, 7, 1)?;
    d.close();
    d.open(MESSAGE_ELEMENT, rest, 8, len, Value::None);
    let mut at = 8;
    for _ in 0..MAX_ELEMENTS {
        if at >= 8 + len || at >= rest.reported() {
            break;
        }
        at += element(d, rest, at)?;
    }
    d.close();
    d.close();
    Ok(())
}

/// One element (RFC 5415, 4.6); answers how many octets it has.
pub(super) fn element<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
    d.open_text(tvb, at, 4 + len, || {
        let name = Names::Values(ELEMENTS).of(kind.into()).unwrap_or("Unknown Element Type".into());
        format!("Type: (t={kind},l={len}) {name}")
    });
    d.uint(ELEMENT_TYPE, tvb, at, 2)?;
    d.uint(ELEMENT_LENGTH, tvb, at + 2, 2)?;
    let value = tvb.exact(at + 4, len)?;
    d.bytes(ELEMENT_VALUE, value, 0, len);
    if kind == WTP_DESCRIPTOR {
        descriptors(value)?;
    }
    d.close();
    Ok(4 + len)
}

/// Whether a WTP Descriptor is one (RFC 5415, 4.6.40): controllers send others, which end the message.
fn descriptors(value: Tvb<'_>) -> Parsed {
    let mut at = 3 + usize::from(value.u8(2)?) * 3;
    while at < value.reported() {
        let len = usize::from(value.u16(at + 6)?);
        value.slice(at + 8, len)?;
        at += 8 + len;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn a_message_and_its_elements_are_shown() {
        let all = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&all[0], "capwap.header.mac.eui48"), "02:00:00:00:00:01");
        assert_eq!(values(&all[0], "capwap.message_element.type"), "20,33,35");
        assert_eq!(values(&all[0], "capwap.control.header.message_type.enterprise_specific"), "1");
        assert_eq!(values(&all[2], "frame.protocols"), "raw:ip:udp:capwap:dtls");
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(
            ProtoId::Capwap,
            b"\0\x28\x02\x70\0\0\0\0\x06abcdef\0\x01a\0\0\0\0\0\x01\x05\0\x0f\0\0\x27\0\x0c\x02\x02\x01\0\0\0\0\0\0\0\0\0\0\0",
        );
    }
}
