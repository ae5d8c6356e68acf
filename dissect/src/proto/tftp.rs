//! Trivial File Transfer Protocol (RFC 1350) with options (RFC 2347 to 2349). A server answers from a port of its own: the
//! client's port is what a transfer is known by.

use std::sync::Arc;

use memchr::memchr;

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::output::value::printable;
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Tftp, "tftp", "Trivial File Transfer Protocol";
    OPCODE = field("tftp.opcode", "Opcode", Uint16, Dec).names(Names::Values(OPCODES));
    SOURCE_FILE = field("tftp.source_file", "Source File", String, None);
    DESTINATION_FILE = field("tftp.destination_file", "Destination File", String, None);
    REQUEST_FRAME = field("tftp.request_frame", "Request frame", FrameNum, None);
    TYPE = field("tftp.type", "Type", String, None);
    BLOCK = field("tftp.block", "Block", Uint16, Dec);
    BLOCK_FULL = field("tftp.block.full", "Full Block Number", Uint32, Dec);
    ERROR_CODE = field("tftp.error.code", "Error code", Uint16, Dec).names(Names::Values(ERRORS));
    ERROR_MESSAGE = field("tftp.error.message", "Error message", String, None);
    OPTION_NAME = field("tftp.option.name", "Option name", String, None);
    OPTION_VALUE = field("tftp.option.value", "Option value", String, None);
    DATA = field("tftp.data", "Data", Bytes, None);
    ERROR = expert("tftp.error", "TFTP ERROR packet", Warning, Response);
}

const OPCODES: &[(u64, &str)] = &[
    (1, "Read Request"),
    (2, "Write Request"),
    (3, "Data Packet"),
    (4, "Acknowledgement"),
    (5, "Error Code"),
    (6, "Option Acknowledgement"),
];
/// RFC 1350, appendix, and RFC 2347.
const ERRORS: &[(u64, &str)] = &[
    (0, "Not defined"),
    (1, "File not found"),
    (2, "Access violation"),
    (3, "Disk full or allocation exceeded"),
    (4, "Illegal TFTP Operation"),
    (5, "Unknown transfer ID"),
    (6, "File already exists"),
    (7, "No such user"),
    (8, "Option negotiation failed"),
];
const READ: u16 = 1;
const WRITE: u16 = 2;
const DEFAULT_BLOCK: u32 = 512;

/// How many transfers are remembered.
const MAX_TRANSFERS: usize = 16_384;
/// How many options one message may show.
const MAX_OPTIONS: usize = 64;
/// How much of a file's name is remembered.
const MAX_NAME: usize = 512;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Tftp, "TFTP", &[Binding::UdpPort(69)], dissect)
};

/// A request for a file.
#[derive(Debug)]
pub struct Request {
    frame: u64,
    file: Box<[u8]>,
    is_write: bool,
    /// Octets of a block, as the request asks for it.
    block: u32,
}

/// The transfers of the first pass, by the client's address and port.
pub(crate) struct Transfers {
    open: Recent<(Address, u16), Arc<Request>>,
}

impl Default for Transfers {
    fn default() -> Self {
        Self { open: Recent::new(MAX_TRANSFERS) }
    }
}

/// A text up to its zero octet, and how many octets it takes with that.
fn text<'a>(tvb: Tvb<'a>, at: usize) -> Result<(&'a [u8], usize), Stop> {
    let rest = tvb.from(at).bytes();
    let end = memchr(0, rest).ok_or(Stop::Malformed)?;
    Ok((rest.get(..end).unwrap_or_default(), end + 1))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("TFTP");
    let opcode = tvb.u16(0)?;
    d.add(OPCODE, tvb, 0, 2, Value::Uint(opcode.into()));
    d.set_info(|| match Names::Values(OPCODES).of(opcode.into()) {
        Some(name) => name.into_owned(),
        None => format!("Unknown (0x{opcode:04x})"),
    });
    let request = if opcode == READ || opcode == WRITE { None } else { transfer(d) };
    if let Some(request) = &request {
        let file = String::from_utf8_lossy(&request.file).into_owned();
        d.generated(DESTINATION_FILE, tvb, 0, 0, Value::String(file.into()));
        let line = d.generated(REQUEST_FRAME, tvb, 0, 0, Value::Uint(request.frame));
        let kind = if request.is_write { "Write" } else { "Read" };
        d.text(line, || format!("[{kind} Request in frame {}]", request.frame));
    }
    match opcode {
        READ | WRITE => ask(d, tvb, opcode == WRITE)?,
        3 | 4 => block(d, tvb, opcode, request.as_deref())?,
        5 => {
            let code = d.uint(ERROR_CODE, tvb, 2, 2)?;
            let (message, len) = text(tvb, 4)?;
            d.add(ERROR_MESSAGE, tvb, 4, len, Value::Text);
            d.append_info(|| {
                let name = Names::Values(ERRORS).of(code).unwrap_or("Unknown".into());
                format!(", Code: {name}, Message: {}", printable(message))
            });
            d.expert(ERROR, tvb, 4, len);
        }
        6 => options(d, tvb, 2, &mut 0)?,
        _ => {
            if tvb.reported() > 2 {
                d.bytes(DATA, tvb, 2, tvb.reported() - 2);
            }
        }
    }
    d.close();
    Ok(())
}

/// The transfer that the message belongs to.
fn transfer(d: &mut Dissector<'_>) -> Option<Arc<Request>> {
    let ends = d.endpoints;
    let known = d.flows().and_then(|flows| {
        let open = &mut flows.tftp.open;
        let place =
            [(ends.dst, ends.dst_port), (ends.src, ends.src_port)].into_iter().find(|end| open.get(end).is_some())?;
        open.get(&place).cloned()
    });
    if let Some(known) = known {
        d.record(Fact::Tftp(known));
    }
    d.fact(|fact| match fact {
        Fact::Tftp(request) => Some(request.clone()),
        _ => None,
    })
}

/// RFC 1350, 5.
fn ask<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_write: bool) -> Parsed {
    let (file, len) = text(tvb, 2)?;
    d.add(if is_write { DESTINATION_FILE } else { SOURCE_FILE }, tvb, 2, len, Value::Text);
    d.append_info(|| format!(", File: {}", printable(file)));
    let (mode, mode_len) = text(tvb, 2 + len)?;
    d.add(TYPE, tvb, 2 + len, mode_len, Value::Text);
    d.append_info(|| format!(", Transfer type: {}", printable(mode)));
    let mut block = DEFAULT_BLOCK;
    options(d, tvb, 2 + len + mode_len, &mut block)?;
    let (frame, ends) = (d.packet.number, d.endpoints);
    let file = file.get(..MAX_NAME).unwrap_or(file).into();
    if let Some(flows) = d.flows() {
        let request = Arc::new(Request { frame, file, is_write, block });
        flows.tftp.open.insert((ends.src, ends.src_port), request);
        flows.udp.announce_proto(ends.src, ends.src_port, frame, ProtoId::Tftp);
    }
    Ok(())
}

/// RFC 2347: names and values.
fn options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize, block: &mut u32) -> Parsed {
    for _ in 0..MAX_OPTIONS {
        if at >= tvb.reported() {
            break;
        }
        let (name, name_len) = text(tvb, at)?;
        let (value, value_len) = text(tvb, at + name_len)?;
        d.open_text(tvb, at, name_len + value_len, || format!("Option: {} = {}", printable(name), printable(value)));
        d.add(OPTION_NAME, tvb, at, name_len, Value::Text);
        d.add(OPTION_VALUE, tvb, at + name_len, value_len, Value::Text);
        d.close();
        d.append_info(|| format!(", {}={}", printable(name), printable(value)));
        if name.eq_ignore_ascii_case(b"blksize") {
            *block = String::from_utf8_lossy(value).parse().unwrap_or(DEFAULT_BLOCK);
        }
        at += name_len + value_len;
    }
    Ok(())
}

fn block<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, opcode: u16, request: Option<&Request>) -> Parsed {
    let number = d.uint(BLOCK, tvb, 2, 2)?;
    d.generated(BLOCK_FULL, tvb, 2, 0, Value::Uint(number));
    let size = request.map_or(DEFAULT_BLOCK, |request| request.block) as usize;
    let len = tvb.reported().saturating_sub(4);
    let is_last = opcode == 3 && len < size;
    d.append_info(|| format!(", Block: {number}{}", if is_last { " (last)" } else { "" }));
    if opcode == 3 && len > 0 {
        d.call(ProtoId::Data, tvb.from(4));
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500002d00010000401100000a0000010a0000021388004500190000000166696c652e62696e006f6374657400",
    "4500002a00010000401100000a0000020a00000117701388001600000003000178787878787878787878",
    "4500003800010000401100000a0000010a0000021389004500240000000275702e636667006f6374657400626c6b73697a65003134303000",
    "4500002b00010000401100000a0000020a00000117711389001700000006626c6b73697a65003134303000",
    "4500002a00010000401100000a0000020a0000011771138900160000000500016e6f7420666f756e6400",
    "4500002000010000401100000a0000010a000002138a0045000c000000636162",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_transfer_is_known_by_the_port_of_its_client() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "tftp.source_file"), "file.bin");
        assert_eq!(values(&shown[1], "tftp.request_frame"), "1");
        assert_eq!(values(&shown[1], "tftp.destination_file"), "file.bin");
        assert_eq!(values(&shown[4], "tftp.request_frame"), "3");
        assert_eq!(values(&shown[4], "tftp.error.message"), "not found");
    }

    #[test]
    fn no_more_transfers_and_options_than_the_limits() {
        let mut transfers = Transfers::default();
        let request = Arc::new(Request { frame: 1, file: Box::default(), is_write: false, block: 512 });
        for port in 0..=u16::MAX {
            transfers.open.insert((Address::None, port), request.clone());
        }
        assert!(transfers.open.len() <= MAX_TRANSFERS);
        let message = [b"\0\x06".to_vec(), b"a\0b\0".repeat(MAX_OPTIONS + 5)].concat();
        let shown = crate::tests::shown_by(ProtoId::Tftp, &message);
        assert_eq!(shown.iter().filter(|row| row.0 == "tftp.option.name").count(), MAX_OPTIONS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Tftp, b"\0\x02up.cfg\0octet\0blksize\x001400\0");
    }
}
