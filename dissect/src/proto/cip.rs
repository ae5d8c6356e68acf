//! CIP, the Common Industrial Protocol (CIP Networks Library, volume 1): requests and responses.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stage;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Cip, "cip", "Common Industrial Protocol";
    RR = field("cip.rr", "Request/Response", Uint8, Hex).names(Names::Values(&[(0, "Request"), (1, "Response")])).mask(0x80);
    SC = field("cip.sc", "Service", Uint8, Hex).names(Names::Values(SERVICES)).mask(0x7f);
    REQUEST_PATH_SIZE = field("cip.request_path_size", "Request Path Size", Uint8, Dec);
    PATH_SEGMENT = field("cip.path_segment", "Path Segment", Uint8, Hex);
    PATH_SEGMENT_TYPE = field("cip.path_segment.type", "Path Segment Type", Uint8, Dec).mask(0xe0);
    CLASS = field("cip.class", "Class", Uint8, Hex).names(Names::Values(CLASSES));
    INSTANCE = field("cip.instance", "Instance", Uint8, Hex);
    ATTRIBUTE = field("cip.attribute", "Attribute", Uint8, Dec);
    GENSTAT = field("cip.genstat", "General Status", Uint8, Hex).names(Names::Values(STATUSES));
    ADDSTAT_SIZE = field("cip.addstat_size", "Additional Status Size", Uint8, Dec);
    ADDSTAT = field("cip.addstat", "Additional Status", Uint16, Hex);
}

/// CIP volume 1, appendix A: the services that all classes share.
const SERVICES: &[(u64, &str)] = &[
    (0x01, "Get Attributes All"),
    (0x02, "Set Attributes All"),
    (0x03, "Get Attribute List"),
    (0x04, "Set Attribute List"),
    (0x05, "Reset"),
    (0x06, "Start"),
    (0x07, "Stop"),
    (0x08, "Create"),
    (0x09, "Delete"),
    (MULTIPLE, "Multiple Service Packet"),
    (0x0d, "Apply Attributes"),
    (0x0e, "Get Attribute Single"),
    (0x10, "Set Attribute Single"),
    (0x11, "Find Next Object Instance"),
    (0x15, "Restore"),
    (0x16, "Save"),
    (0x17, "Nop"),
    (0x18, "Get Member"),
    (0x19, "Set Member"),
    (0x1a, "Insert Member"),
    (0x1b, "Remove Member"),
    (0x1c, "Group Sync"),
];
const MULTIPLE: u64 = 0x0a;
/// Those of the connection manager (3-5.5).
const MANAGER_SERVICES: &[(u64, &str)] = &[
    (0x4e, "Forward Close"),
    (UNCONNECTED_SEND, "Unconnected Send"),
    (0x54, "Forward Open"),
    (0x56, "Get Connection Data"),
    (0x57, "Search Connection Data"),
    (0x5a, "Get Connection Owner"),
    (0x5b, "Large Forward Open"),
];
const UNCONNECTED_SEND: u64 = 0x52;
/// CIP volume 1, 5-1.
const CLASSES: &[(u64, &str)] = &[
    (0x01, "Identity"),
    (0x02, "Message Router"),
    (0x03, "DeviceNet"),
    (0x04, "Assembly"),
    (0x05, "Connection"),
    (MANAGER, "Connection Manager"),
    (0x07, "Register"),
    (0x08, "Discrete Input Point"),
    (0x09, "Discrete Output Point"),
    (0x0a, "Analog Input Point"),
    (0x0b, "Analog Output Point"),
    (0x0f, "Parameter"),
    (0x10, "Parameter Group"),
    (0x12, "Group"),
    (0x28, "Motor Data"),
    (0x29, "Control Supervisor"),
    (0x2a, "AC/DC Drive"),
    (0x2c, "Overload"),
    (0x37, "File"),
    (0x42, "Motion Device Axis"),
    (0x43, "Time Sync"),
    (0x44, "Modbus"),
    (0x47, "Device Level Ring (DLR)"),
    (0x48, "QoS"),
    (0xf4, "Port"),
    (0xf5, "TCP/IP Interface"),
    (0xf6, "Ethernet Link"),
];
const MANAGER: u64 = 0x06;
/// CIP volume 1, appendix B.
const STATUSES: &[(u64, &str)] = &[
    (0x00, "Success"),
    (0x01, "Connection failure"),
    (0x02, "Resource unavailable"),
    (0x03, "Invalid parameter value"),
    (0x04, "Path segment error"),
    (0x05, "Path destination unknown"),
    (0x06, "Partial transfer"),
    (0x07, "Connection lost"),
    (0x08, "Service not supported"),
    (0x09, "Invalid attribute value"),
    (0x0a, "Attribute list error"),
    (0x0b, "Already in requested mode/state"),
    (0x0c, "Object state conflict"),
    (0x0d, "Object already exists"),
    (0x0e, "Attribute not settable"),
    (0x0f, "Privilege violation"),
    (0x10, "Device state conflict"),
    (0x11, "Reply data too large"),
    (0x12, "Fragmentation of a primitive value"),
    (0x13, "Not enough data"),
    (0x14, "Attribute not supported"),
    (0x15, "Too much data"),
    (0x16, "Object does not exist"),
    (0x1c, "Missing attribute list entry data"),
    (0x1d, "Invalid attribute value list"),
    (0x1e, "Embedded service error"),
    (0x1f, "Vendor specific error"),
    (0x20, "Invalid parameter"),
    (0x25, "Key failure in path"),
    (0x26, "Path size invalid"),
    (0x27, "Unexpected attribute in list"),
    (0x28, "Invalid Member ID"),
    (0x29, "Member not settable"),
];
const RESPONSE: u8 = 0x80;
/// How many segments of a path, and how many services of one message are shown.
const MAX_SEGMENTS: usize = 32;
const MAX_SERVICES: usize = 256;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500005600000000400600000a0000010a000002c350af1200000001000000015018ffff000000006f0016000500000000000000000000000000000000000000000000000a00020000000000b2000600010220012401",
            "4500005600000000400600000a0000020a000001af12c350000000010000002f5018ffff000000006f0016000500000000000000000000000000000000000000000000000a00020000000000b2000600810000000100",
            "4500005800000000400600000a0000010a000002c350af120000002f0000002f5018ffff000000006f0018000500000000000000000000000000000000000000000000000a00020000000000b20008000e03200124013001",
            "4500005c00000000400600000a0000020a000001af12c3500000002f0000005f5018ffff0000000070001c000500000000000000000000000000000000000000000000000a000200a100040007000000b10008000900cd00ff010521",
        ],
    }],
    ..Protocol::new(ProtoId::Cip, "CIP", &[], dissect)
};

/// Hands on a message whose response carries the same identification.
pub(crate) fn hand_on<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, id: u64) {
    let before = d.message_id;
    d.message_id = id;
    d.call(ProtoId::Cip, tvb);
    d.message_id = before;
}

/// The class of a path that begins with one.
fn class_of(path: Tvb<'_>) -> Option<u64> {
    match path.u8(0).ok()? {
        0x20 => Some(path.u8(1).ok()?.into()),
        0x21 => Some(path.u16_le(2).ok()?.into()),
        _ => None,
    }
}

fn class_name(class: u64) -> String {
    Names::Values(CLASSES).of(class).map_or_else(|| format!("Class (0x{class:02x})"), Into::into)
}

fn service_name(service: u64, class: Option<u64>) -> String {
    let own = Names::Values(MANAGER_SERVICES).of(service).filter(|_| class == Some(MANAGER));
    let name = own.or_else(|| Names::Values(SERVICES).of(service));
    name.map_or_else(|| format!("Service (0x{service:02x})"), Into::into)
}

/// A path as the Info column has it: its class, or the name of what it leads to.
fn path_text(path: Tvb<'_>) -> Option<String> {
    if let Some(class) = class_of(path) {
        return Some(class_name(class));
    }
    match path.bytes() {
        [0x91, len, rest @ ..] => {
            Some(format!("'{}'", String::from_utf8_lossy(rest.get(..usize::from(*len)).unwrap_or(rest))))
        }
        _ => None,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("CIP");
    d.begin(PROTO, tvb);
    let id = d.message_id;
    let first = tvb.u8(0)?;
    let (service, is_response) = (u64::from(first & !RESPONSE), first & RESPONSE != 0);
    let asked = (!is_response).then(|| asked_class(tvb, service)).flatten();
    let known = stage::step_of(d, ProtoId::Cip, id, |known| match is_response {
        true => known,
        false => asked.map_or(0, |class| class + 1),
    });
    let class = if is_response { known.checked_sub(1) } else { path(tvb).and_then(class_of) };
    d.bits(RR, tvb, 0, 1, first.into());
    d.bits(SC, tvb, 0, 1, first.into());
    let text = if is_response { response(d, tvb, service, class)? } else { request(d, tvb, service, class)? };
    d.append_info_with(" | ", || text);
    let is_common = Names::Values(SERVICES).of(service).is_some();
    if class == Some(MANAGER) && (!is_common || service == UNCONNECTED_SEND) {
        d.set_protocol("CIP CM");
        d.layer("cipcm");
    } else if !is_common {
        d.layer("cipcls");
    }
    d.close();
    Ok(())
}

/// The path of a request.
fn path(tvb: Tvb<'_>) -> Option<Tvb<'_>> {
    let words = usize::from(tvb.u8(1).ok()?);
    Some(tvb.sub(2, 2 * words))
}

/// The class that the response to a request is of: of a request within another one the inner one's.
fn asked_class(tvb: Tvb<'_>, service: u64) -> Option<u64> {
    let class = path(tvb).and_then(class_of);
    match inner(tvb, service, class) {
        Some(inner) => path(inner).and_then(class_of),
        None => class,
    }
}

/// The request that the connection manager is to send.
fn inner(tvb: Tvb<'_>, service: u64, class: Option<u64>) -> Option<Tvb<'_>> {
    if service != UNCONNECTED_SEND || class != Some(MANAGER) {
        return None;
    }
    let body = tvb.from(2 + path(tvb)?.reported());
    let len = usize::from(body.u16_le(2).ok()?);
    Some(body.sub(4, len)).filter(|inner| inner.len() >= 2)
}

fn request<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, service: u64, class: Option<u64>) -> Result<String, Stop> {
    let words = d.uint(REQUEST_PATH_SIZE, tvb, 1, 1)? as usize;
    let path = tvb.exact(2, 2 * words)?;
    segments(d, path)?;
    let mut text = service_name(service, class);
    let inner = inner(tvb, service, class);
    // Of what holds other requests these are told, not where it goes itself.
    if service != MULTIPLE
        && inner.is_none()
        && let Some(path) = path_text(path)
    {
        text = format!("{path} - {text}");
    }
    let body = tvb.from(2 + 2 * words);
    if service == MULTIPLE {
        text = format!("{text}: {}", multiple(body)?);
    }
    if let Some(inner) = inner {
        let service = u64::from(inner.u8(0)? & !RESPONSE);
        let path = self::path(inner).ok_or(Stop::Malformed)?;
        let name = service_name(service, class_of(path));
        let path = path_text(path).map_or(String::new(), |path| format!("{path} - "));
        text = format!("{text}: {path}{name}");
    }
    Ok(text)
}

/// The names of the services of which one message holds several.
fn multiple(body: Tvb<'_>) -> Result<String, Stop> {
    let count = usize::from(body.u16_le(0)?);
    let mut names = Vec::new();
    for number in 0..count.min(MAX_SERVICES) {
        let at = usize::from(body.u16_le(2 + 2 * number)?);
        let service = u64::from(body.u8(at)? & !RESPONSE);
        names.push(service_name(service, None));
    }
    Ok(names.join(", "))
}

fn response<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, service: u64, class: Option<u64>) -> Result<String, Stop> {
    let status = d.uint(GENSTAT, tvb, 2, 1)?;
    let words = d.uint(ADDSTAT_SIZE, tvb, 3, 1)? as usize;
    for number in 0..words {
        d.uint_le(ADDSTAT, tvb, 4 + 2 * number, 2)?;
    }
    let status_text = Names::Values(STATUSES).of(status);
    let status_text = status_text.map_or_else(|| format!("Unknown Response ({status:x})"), Into::into);
    let name = service_name(service, class);
    if service == MULTIPLE {
        let body = tvb.from(4 + 2 * words);
        let inner = if body.reported() >= 2 { format!(": {}", multiple(body)?) } else { String::new() };
        return Ok(format!("{status_text}: {name}{inner}"));
    }
    Ok(match class {
        Some(class) => format!("{status_text}: {} - {name}", class_name(class)),
        None => format!("{status_text}: {name}"),
    })
}

/// Shows the segments of a path, as far as they are logical ones of one octet.
fn segments<'a>(d: &mut Dissector<'a>, path: Tvb<'a>) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_SEGMENTS {
        if at >= path.reported() {
            break;
        }
        let kind = path.u8(at)?;
        d.add(PATH_SEGMENT, path, at, 1, Value::Uint(kind.into()));
        let (field, width) = match kind {
            0x20 => (Some(CLASS), 1),
            0x24 => (Some(INSTANCE), 1),
            0x30 => (Some(ATTRIBUTE), 1),
            0x21 => (Some(CLASS), 2),
            0x25 => (Some(INSTANCE), 2),
            0x31 => (Some(ATTRIBUTE), 2),
            _ => (None, 0),
        };
        d.within(|d| -> Parsed {
            d.bits(PATH_SEGMENT_TYPE, path, at, 1, kind.into());
            if let Some(field) = field {
                // A pad stands before what takes two octets.
                d.uint_le(field, path, at + width, width)?;
            }
            Ok(())
        })?;
        if field.is_none() {
            break;
        }
        at += 2 * width;
    }
    Ok(())
}
