//! EtherNet/IP (CIP Networks Library, volume 2): sessions over TCP and UDP, and what they carry of CIP.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::cip;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Enip, "enip", "EtherNet/IP (Industrial Protocol)";
    COMMAND = field("enip.command", "Command", Uint16, Hex).names(Names::Values(COMMANDS));
    LENGTH = field("enip.length", "Length", Uint16, Dec);
    SESSION = field("enip.session", "Session Handle", Uint32, Hex);
    STATUS = field("enip.status", "Status", Uint32, Hex).names(Names::Values(STATUSES));
    CONTEXT = field("enip.context", "Sender Context", Bytes, None);
    OPTIONS = field("enip.options", "Options", Uint32, Hex);
    RS_VERSION = field("enip.rs.version", "Protocol Version", Uint16, Dec);
    RS_FLAGS = field("enip.rs.flags", "Option Flags", Uint16, Hex);
    SRRD_IFACE = field("enip.srrd.iface", "Interface Handle", Uint32, Hex).names(Names::Values(INTERFACES));
    SUD_IFACE = field("enip.sud.iface", "Interface Handle", Uint32, Hex).names(Names::Values(INTERFACES));
    TIMEOUT = field("enip.timeout", "Timeout", Uint16, Dec);
    ITEMCOUNT = field("enip.cpf.itemcount", "Item Count", Uint16, Dec);
    TYPEID = field("enip.cpf.typeid", "Type ID", Uint16, Hex).names(Names::Values(ITEMS));
    ITEM_LENGTH = field("enip.cpf.length", "Length", Uint16, Dec);
    CONNID = field("enip.cpf.cai.connid", "Connection ID", Uint32, Hex);
    SERVICENAME = field("enip.lsr.servicename", "Name of Service", String, None);
    VENDOR = field("enip.lir.vendor", "Vendor ID", Uint16, Hex);
    DEVTYPE = field("enip.lir.devtype", "Device Type", Uint16, Dec);
    PRODCODE = field("enip.lir.prodcode", "Product Code", Uint16, Dec);
    REVISION = field("enip.lir.revision", "Revision", Uint16, None);
    LIR_STATUS = field("enip.lir.status", "Status", Uint16, Hex);
    SERIAL = field("enip.lir.serial", "Serial Number", Uint32, Hex);
    NAMELEN = field("enip.lir.namelen", "Product Name Length", Uint8, Dec);
    NAME = field("enip.lir.name", "Product Name", String, None);
    STATE = field("enip.lir.state", "State", Uint8, Hex);
}

const COMMANDS: &[(u64, &str)] = &[
    (0x00, "NOP"),
    (LIST_SERVICES, "List Services"),
    (LIST_IDENTITY, "List Identity"),
    (0x64, "List Interfaces"),
    (REGISTER, "Register Session"),
    (UNREGISTER, "Unregister Session"),
    (SEND_RR, "Send RR Data"),
    (SEND_UNIT, "Send Unit Data"),
    (0xc8, "StartDTLS"),
];
const LIST_SERVICES: u64 = 0x04;
const LIST_IDENTITY: u64 = 0x63;
const REGISTER: u64 = 0x65;
const UNREGISTER: u64 = 0x66;
const SEND_RR: u64 = 0x6f;
const SEND_UNIT: u64 = 0x70;
const STATUSES: &[(u64, &str)] = &[
    (0x00, "Success"),
    (0x01, "Invalid Command"),
    (0x02, "No Memory Resources"),
    (0x03, "Incorrect Data"),
    (0x64, "Invalid Session Handle"),
    (0x65, "Invalid Length"),
    (0x69, "Unsupported Protocol Revision"),
];
const INTERFACES: &[(u64, &str)] = &[(0, "CIP")];
const ITEMS: &[(u64, &str)] = &[
    (0x0000, "Null Address Item"),
    (IDENTITY, "CIP Identity"),
    (ADDRESS, "Connected Address Item"),
    (CONNECTED, "Connected Data Item"),
    (UNCONNECTED, "Unconnected Data Item"),
    (SERVICES, "List Services Response"),
    (0x8000, "Socket Address Info O->T"),
    (0x8001, "Socket Address Info T->O"),
    (0x8002, "Sequenced Address Item"),
];
const IDENTITY: u64 = 0x000c;
const ADDRESS: u64 = 0x00a1;
const CONNECTED: u64 = 0x00b1;
const UNCONNECTED: u64 = 0x00b2;
const SERVICES: u64 = 0x0100;
const PORT: u16 = 44818;
const HEADER_LEN: usize = 24;
/// How many items of one message are shown.
const MAX_ITEMS: usize = 32;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Cip],
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004400000000400600000a0000010a000002c350af1200000001000000015018ffff0000000065000400050000000000000000000000000000000000000001000000",
            "4500005a00000000400600000a0000020a000001af12c350000000010000001d5018ffff0000000004001a00050000000000000000000000000000000000000001000001140001002000436f6d6d756e69636174696f6e730000",
            "4500006c00000000400600000a0000020a000001af12c350000000330000001d5018ffff0000000063002c00050000000000000000000000000000000000000001000c00260001000002af120a000001000000000000000001000e0037001403300034120000043137353603",
            "4500005600000000400600000a0000010a000002c350af120000001d000000775018ffff000000006f0016000500000000000000000000000000000000000000000000000a00020000000000b2000600010220012401",
            "4500005c00000000400600000a0000010a000002c350af120000004b000000775018ffff0000000070001c000500000000000000000000000000000000000000000000000a000200a100040007000000b100080009004c02206b2400",
        ],
    }],
    ..Protocol::new(ProtoId::Enip, "ENIP", &[Binding::TcpPort(PORT), Binding::UdpPort(PORT)], dissect)
};

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [_, _, a, b, ..] => Framing::Message(HEADER_LEN + usize::from(u16::from_le_bytes([a, b]))),
        _ => Framing::More(4 - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ENIP");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    let command = u64::from(tvb.u16_le(0)?);
    let (status, session) = (tvb.u32_le(8)?, tvb.u32_le(4)?);
    let is_response = d.endpoints.src_port == PORT;
    if !is_next {
        d.set_info(String::new);
    }
    let has_cip = matches!(command, SEND_RR | SEND_UNIT) && tvb.reported() > HEADER_LEN && status == 0;
    if !has_cip {
        d.append_info_with(" | ", || {
            let name = Names::Values(COMMANDS).of(command);
            let name = name.map_or_else(|| format!("Unknown Command (0x{command:04x})"), Into::into);
            let direction = if is_response { "Rsp" } else { "Req" };
            match command {
                REGISTER | UNREGISTER => format!("{name} ({direction}), Session: 0x{session:08X}"),
                _ => format!("{name} ({direction})"),
            }
        });
    }
    d.open_text(tvb, 0, HEADER_LEN, || "Encapsulation Header".to_owned());
    d.uint_le(COMMAND, tvb, 0, 2)?;
    d.uint_le(LENGTH, tvb, 2, 2)?;
    d.uint_le(SESSION, tvb, 4, 4)?;
    d.uint_le(STATUS, tvb, 8, 4)?;
    d.bytes(CONTEXT, tvb, 12, 8);
    d.uint_le(OPTIONS, tvb, 20, 4)?;
    d.close();
    let context = tvb.u64_le(12)?;
    let body = tvb.from(HEADER_LEN);
    let mut carried = None;
    if body.reported() > 0 {
        d.open_text(body, 0, body.reported(), || "Command Specific Data".to_owned());
        match command {
            REGISTER => {
                d.uint_le(RS_VERSION, body, 0, 2)?;
                d.uint_le(RS_FLAGS, body, 2, 2)?;
            }
            SEND_RR | SEND_UNIT => {
                d.uint_le(if command == SEND_RR { SRRD_IFACE } else { SUD_IFACE }, body, 0, 4)?;
                d.uint_le(TIMEOUT, body, 4, 2)?;
                carried = items(d, body, 6, context)?;
            }
            LIST_SERVICES | LIST_IDENTITY => {
                items(d, body, 0, context)?;
            }
            _ => {}
        }
        d.close();
    }
    d.close();
    if let Some((id, message)) = carried {
        cip::hand_on(d, message, id);
    }
    Ok(())
}

/// Shows the items of a list; answers the message of CIP among them, and what its response is known by.
fn items<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    context: u64,
) -> Result<Option<(u64, Tvb<'a>)>, crate::stop::Stop> {
    let count = d.uint_le(ITEMCOUNT, tvb, at, 2)? as usize;
    let (mut at, mut carried) = (at + 2, None);
    for _ in 0..count.min(MAX_ITEMS) {
        let kind = d.uint_le(TYPEID, tvb, at, 2)?;
        let len = usize::from(tvb.u16_le(at + 2)?);
        let item = tvb.sub(at + 4, len);
        d.within(|d| -> Parsed {
            d.uint_le(ITEM_LENGTH, tvb, at + 2, 2)?;
            match kind {
                ADDRESS => {
                    d.uint_le(CONNID, item, 0, 4)?;
                }
                CONNECTED if len >= 2 => {
                    let sequence = item.u16_le(0)?;
                    carried = Some((u64::from(sequence), item.from(2)));
                }
                UNCONNECTED if len > 0 => carried = Some((context.wrapping_add(1 << 16), item)),
                SERVICES if len >= 20 => {
                    d.string(SERVICENAME, item, 4, 16);
                    let name = item.slice(4, 16)?.split(|octet| *octet == 0).next().unwrap_or_default();
                    d.append_info(|| format!(", {}", String::from_utf8_lossy(name)));
                }
                IDENTITY => identity(d, item)?,
                _ => {}
            }
            Ok(())
        })?;
        at += 4 + len;
    }
    Ok(carried)
}

fn identity<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint_le(VENDOR, tvb, 18, 2)?;
    d.uint_le(DEVTYPE, tvb, 20, 2)?;
    d.uint_le(PRODCODE, tvb, 22, 2)?;
    d.uint(REVISION, tvb, 24, 2)?;
    d.uint_le(LIR_STATUS, tvb, 26, 2)?;
    d.uint_le(SERIAL, tvb, 28, 4)?;
    let len = d.uint(NAMELEN, tvb, 32, 1)? as usize;
    let name = tvb.slice(33, len)?;
    d.add(NAME, tvb, 33, len, Value::Text);
    d.append_info(|| format!(", {}", String::from_utf8_lossy(name)));
    d.uint(STATE, tvb, 33 + len, 1)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_their_length() {
        assert_eq!(framing(&[0x65, 0, 4, 0]), Framing::Message(28));
        assert_eq!(framing(&[0x65]), Framing::More(3));
    }
}
