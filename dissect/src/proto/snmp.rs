//! Simple Network Management Protocol: versions 1 (RFC 1157), 2c (RFC 1901, 3416) and 3 with the user-based security model
//! (RFC 3412, 3414). Names of objects stay numbers: no MIB is read.

use crate::ber::{self, Element};
use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::hex;
use crate::proto::udp;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Snmp, "snmp", "Simple Network Management Protocol";
    RESPONSE_IN = field("snmp.response_in", "Response In", FrameNum, None).told_later();
    RESPONSE_TO = field("snmp.response_to", "Response To", FrameNum, None);
    TIME = field("snmp.time", "Time", RelativeTime, None);
    VERSION = field("snmp.version", "version", Int32, Dec).names(Names::Values(VERSIONS));
    COMMUNITY = field("snmp.community", "community", String, None);
    DATA = field("snmp.data", "data", Uint32, Dec).names(Names::Values(PDUS));
    MSG_VERSION = field("snmp.msgVersion", "msgVersion", Int32, Dec).names(Names::Values(VERSIONS));
    MSG_GLOBAL_DATA = field("snmp.msgGlobalData_element", "msgGlobalData", None, None);
    MSG_ID = field("snmp.msgID", "msgID", Uint32, Dec);
    MSG_MAX_SIZE = field("snmp.msgMaxSize", "msgMaxSize", Uint32, Dec);
    MSG_FLAGS = field("snmp.msgFlags", "msgFlags", Bytes, None);
    FLAGS_REPORT = field("snmp.v3.flags.report", "Reportable", Boolean, None).names(SET).mask(0x4);
    FLAGS_CRYPT = field("snmp.v3.flags.crypt", "Encrypted", Boolean, None).names(SET).mask(0x2);
    FLAGS_AUTH = field("snmp.v3.flags.auth", "Authenticated", Boolean, None).names(SET).mask(0x1);
    MSG_SECURITY_MODEL = field("snmp.msgSecurityModel", "msgSecurityModel", Uint32, Dec).names(Names::Values(SECURITY_MODELS));
    ENGINE_ID = field("snmp.msgAuthoritativeEngineID", "msgAuthoritativeEngineID", Bytes, None);
    ENGINE_BOOTS = field("snmp.msgAuthoritativeEngineBoots", "msgAuthoritativeEngineBoots", Uint32, Dec);
    ENGINE_TIME = field("snmp.msgAuthoritativeEngineTime", "msgAuthoritativeEngineTime", Uint32, Dec);
    USER_NAME = field("snmp.msgUserName", "msgUserName", String, None);
    AUTH_PARAMETERS = field("snmp.msgAuthenticationParameters", "msgAuthenticationParameters", Bytes, None);
    PRIV_PARAMETERS = field("snmp.msgPrivacyParameters", "msgPrivacyParameters", Bytes, None);
    ENGINE_CONFORM = field("snmp.engineid.conform", "Engine ID Conformance", Boolean, None).names(CONFORMANCE).mask(0x80);
    ENGINE_ENTERPRISE = field("snmp.engineid.enterprise", "Engine Enterprise ID", Uint32, Dec);
    MSG_DATA = field("snmp.msgData", "msgData", Uint32, Dec).names(Names::Values(SCOPES));
    PLAINTEXT = field("snmp.plaintext_element", "plaintext", None, None);
    ENCRYPTED_PDU = field("snmp.encryptedPDU", "encryptedPDU", Bytes, None);
    CONTEXT_ENGINE_ID = field("snmp.contextEngineID", "contextEngineID", Bytes, None);
    CONTEXT_NAME = field("snmp.contextName", "contextName", String, None);
    GET_REQUEST = field("snmp.get_request_element", "get-request", None, None);
    GET_NEXT_REQUEST = field("snmp.get_next_request_element", "get-next-request", None, None);
    GET_RESPONSE = field("snmp.get_response_element", "get-response", None, None);
    SET_REQUEST = field("snmp.set_request_element", "set-request", None, None);
    TRAP = field("snmp.trap_element", "trap", None, None);
    GET_BULK_REQUEST = field("snmp.getBulkRequest_element", "getBulkRequest", None, None);
    INFORM_REQUEST = field("snmp.informRequest_element", "informRequest", None, None);
    SNMPV2_TRAP = field("snmp.snmpV2_trap_element", "snmpV2-trap", None, None);
    REPORT = field("snmp.report_element", "report", None, None);
    REQUEST_ID = field("snmp.request_id", "request-id", Int32, Dec);
    ERROR_STATUS = field("snmp.error_status", "error-status", Int32, Dec).names(Names::Values(ERRORS));
    ERROR_INDEX = field("snmp.error_index", "error-index", Int32, Dec);
    NON_REPEATERS = field("snmp.non_repeaters", "non-repeaters", Uint32, Dec);
    MAX_REPETITIONS = field("snmp.max_repetitions", "max-repetitions", Uint32, Dec);
    ENTERPRISE = field("snmp.enterprise", "enterprise", Oid, None);
    AGENT_ADDR = field("snmp.agent_addr", "agent-addr", Ipv4, None);
    GENERIC_TRAP = field("snmp.generic_trap", "generic-trap", Int32, Dec).names(Names::Values(GENERIC_TRAPS));
    SPECIFIC_TRAP = field("snmp.specific_trap", "specific-trap", Int32, Dec);
    TIME_STAMP = field("snmp.time_stamp", "time-stamp", Uint32, Dec);
    VARIABLE_BINDINGS = field("snmp.variable_bindings", "variable-bindings", Uint32, Dec);
    NAME = field("snmp.name", "Object Name", Oid, None);
    VALUE_INT = field("snmp.value.int", "Value (Integer32)", Int64, Dec);
    VALUE_OCTETS = field("snmp.value.octets", "Value (OctetString)", Bytes, None);
    VALUE_NULL = field("snmp.value.null", "Value (Null)", None, None);
    VALUE_OID = field("snmp.value.oid", "Value (OID)", Oid, None);
    VALUE_IPV4 = field("snmp.value.ipv4", "Value (IpAddress)", Ipv4, None);
    VALUE_ADDR = field("snmp.value.addr", "Value (IpAddress)", Bytes, None);
    VALUE_COUNTER = field("snmp.value.counter", "Value (Counter32)", Uint64, Dec);
    VALUE_G32 = field("snmp.value.g32", "Value (Gauge32)", Int64, Dec);
    VALUE_TIMETICKS = field("snmp.value.timeticks", "Value (Timeticks)", Uint64, Dec);
    VALUE_OPAQUE = field("snmp.value.opaque", "Value (Opaque)", Bytes, None);
    VALUE_NSAP = field("snmp.value.nsap", "Value (NSAP)", Uint64, Dec);
    VALUE_U32 = field("snmp.value.u32", "Value (Unsigned32)", Int64, Dec);
    VALUE_UNKNOWN = field("snmp.value.unk", "Value (Unknown)", Bytes, None);
    NO_SUCH_OBJECT = field("snmp.noSuchObject", "noSuchObject", None, None);
    NO_SUCH_INSTANCE = field("snmp.noSuchInstance", "noSuchInstance", None, None);
    END_OF_MIB_VIEW = field("snmp.endOfMibView", "endOfMibView", None, None);
    VARBIND_RESPONSE = expert("snmp.varbind.response", "varbind response", Note, Response);
}

const SET: Names = Names::Flag("Set", "Not set");
const CONFORMANCE: Names = Names::Flag("RFC3411 (SNMPv3)", "RFC1910 (Non-SNMPv3)");
const VERSIONS: &[(u64, &str)] = &[(0, "version-1"), (1, "v2c"), (2, "v2u"), (3, "snmpv3")];
const SECURITY_MODELS: &[(u64, &str)] = &[(0, "Any"), (1, "V1"), (2, "V2C"), (3, "USM")];
const SCOPES: &[(u64, &str)] = &[(0, "plaintext"), (1, "encryptedPDU")];
/// RFC 3416, 3; the numbers are those of the tags.
const PDUS: &[(u64, &str)] = &[
    (0, "get-request"),
    (1, "get-next-request"),
    (2, "get-response"),
    (3, "set-request"),
    (4, "trap"),
    (5, "getBulkRequest"),
    (6, "informRequest"),
    (7, "snmpV2-trap"),
    (8, "report"),
];
const PDU_FIELDS: [FieldId; 9] = [
    GET_REQUEST,
    GET_NEXT_REQUEST,
    GET_RESPONSE,
    SET_REQUEST,
    TRAP,
    GET_BULK_REQUEST,
    INFORM_REQUEST,
    SNMPV2_TRAP,
    REPORT,
];
const ERRORS: &[(u64, &str)] = &[
    (0, "noError"),
    (1, "tooBig"),
    (2, "noSuchName"),
    (3, "badValue"),
    (4, "readOnly"),
    (5, "genErr"),
    (6, "noAccess"),
    (7, "wrongType"),
    (8, "wrongLength"),
    (9, "wrongEncoding"),
    (10, "wrongValue"),
    (11, "noCreation"),
    (12, "inconsistentValue"),
    (13, "resourceUnavailable"),
    (14, "commitFailed"),
    (15, "undoFailed"),
    (16, "authorizationError"),
    (17, "notWritable"),
    (18, "inconsistentName"),
];
/// RFC 1157, 4.1.6.
const GENERIC_TRAPS: &[(u64, &str)] = &[
    (0, "coldStart"),
    (1, "warmStart"),
    (2, "linkDown"),
    (3, "linkUp"),
    (4, "authenticationFailure"),
    (5, "egpNeighborLoss"),
    (6, "enterpriseSpecific"),
];

const FIRST_PDU: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;
const V1_TRAP: u8 = 0xa4;
const BULK: u8 = 0xa5;
const LAST_PDU: u8 = 0xa8;

/// How many variables one message may show.
const MAX_BINDINGS: usize = 4_096;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(accepts),
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(
        ProtoId::Snmp,
        "SNMP",
        &[Binding::UdpPort(161), Binding::UdpPort(162), Binding::UdpPort(260)],
        dissect,
    )
};

const RULES: Rules = Rules {
    proto: ProtoId::Snmp,
    renews: true,
    again: Again::Answers,
    keeps_orphans: false,
    answers_latest: true,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, TIME],
};

/// A sequence that begins with a version and is all there.
fn accepts(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    Element::expect(tvb, 0, ber::SEQUENCE).is_ok_and(|message| {
        Element::expect(message.body, 0, ber::INTEGER).is_ok_and(|version| version.body.reported() == 1)
    })
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("SNMP");
    if d.wants_facts_of(ProtoId::Udp) {
        udp::take_up(d, ProtoId::Snmp);
    }
    let message = Element::expect(tvb, 0, ber::SEQUENCE)?.body;
    let version = Element::expect(message, 0, ber::INTEGER)?;
    let number = version.int()?;
    match number {
        0..=2 => {
            whole(d, VERSION, &version, Value::Int(number));
            let community = Element::expect(message, version.end, ber::OCTET_STRING)?;
            d.string(COMMUNITY, community.body, 0, community.body.reported());
            pdu(d, message, community.end)?;
        }
        3 => third(d, message, &version)?,
        _ => {}
    }
    let known = transaction::known(d, ProtoId::Snmp);
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(RESPONSE_TO, tvb, 0, 0, Value::Uint(frame));
        d.generated(TIME, tvb, 0, 0, Value::Time(after));
    }
    d.close();
    Ok(())
}

/// Adds a field over all of an element's contents.
fn whole<'a>(d: &mut Dissector<'a>, field: FieldId, element: &Element<'a>, value: Value) {
    d.add(field, element.body, 0, element.body.reported(), value);
}

/// Adds an integer field and answers where the next element begins.
fn integer<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<(i64, usize), Stop> {
    let element = Element::expect(tvb, at, ber::INTEGER)?;
    let number = element.int()?;
    let is_signed = crate::registry::field(field).ftype.is_signed();
    let value = if is_signed { Value::Int(number) } else { Value::Uint(number as u64 & 0xffff_ffff) };
    whole(d, field, &element, value);
    Ok((number, element.end))
}

/// Adds octets and answers where the next element begins.
fn octets<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<(Tvb<'a>, usize), Stop> {
    let element = Element::expect(tvb, at, ber::OCTET_STRING)?;
    let len = element.body.reported();
    let is_text = crate::registry::field(field).ftype == crate::field::FieldType::String;
    let line = d.add(field, element.body, 0, len, if is_text { Value::Text } else { Value::Bytes });
    if len == 0 && !is_text {
        d.text(line, || format!("{}: <MISSING>", crate::registry::field(field).label));
    }
    Ok((element.body, element.end))
}

/// Version 3 (RFC 3412, 6).
fn third<'a>(d: &mut Dissector<'a>, message: Tvb<'a>, version: &Element<'a>) -> Parsed {
    whole(d, MSG_VERSION, version, Value::Int(3));
    let global = Element::expect(message, version.end, ber::SEQUENCE)?;
    d.open(MSG_GLOBAL_DATA, global.body, 0, global.body.reported(), Value::None);
    let (_, at) = integer(d, MSG_ID, global.body, 0)?;
    let (_, at) = integer(d, MSG_MAX_SIZE, global.body, at)?;
    let (flags, at) = octets(d, MSG_FLAGS, global.body, at)?;
    let bits = u64::from(flags.u8(0).unwrap_or(0));
    d.within(|d| {
        for field in [FLAGS_REPORT, FLAGS_CRYPT, FLAGS_AUTH] {
            d.flag(field, flags, 0, 1, bits);
        }
    });
    let (model, _) = integer(d, MSG_SECURITY_MODEL, global.body, at)?;
    d.close();
    let security = Element::expect(message, global.end, ber::OCTET_STRING)?;
    const USER_BASED: i64 = 3;
    if model == USER_BASED {
        let parameters = Element::expect(security.body, 0, ber::SEQUENCE)?.body;
        let (engine, at) = octets(d, ENGINE_ID, parameters, 0)?;
        engine_id(d, engine);
        let (_, at) = integer(d, ENGINE_BOOTS, parameters, at)?;
        let (_, at) = integer(d, ENGINE_TIME, parameters, at)?;
        let (_, at) = octets(d, USER_NAME, parameters, at)?;
        let (_, at) = octets(d, AUTH_PARAMETERS, parameters, at)?;
        octets(d, PRIV_PARAMETERS, parameters, at)?;
    }
    let data = Element::read(message, security.end)?;
    if data.tag == ber::OCTET_STRING {
        d.open(MSG_DATA, data.body, 0, data.body.reported(), Value::Uint(1));
        d.bytes(ENCRYPTED_PDU, data.body, 0, data.body.reported());
        d.close();
        d.set_info(|| "encryptedPDU: privKey Unknown".to_owned());
        return Ok(());
    }
    d.open(MSG_DATA, data.body, 0, data.body.reported(), Value::Uint(0));
    d.open(PLAINTEXT, data.body, 0, data.body.reported(), Value::None);
    let (engine, at) = octets(d, CONTEXT_ENGINE_ID, data.body, 0)?;
    engine_id(d, engine);
    let (_, at) = octets(d, CONTEXT_NAME, data.body, at)?;
    pdu(d, data.body, at)?;
    d.close();
    d.close();
    Ok(())
}

/// RFC 3411, 5: SnmpEngineID. It hangs below what was added last.
fn engine_id<'a>(d: &mut Dissector<'a>, engine: Tvb<'a>) {
    if let Ok(first) = engine.u32(0) {
        d.within(|d| {
            d.flag(ENGINE_CONFORM, engine, 0, 1, (first >> 24).into());
            d.add(ENGINE_ENTERPRISE, engine, 0, 4, Value::Uint((first & 0x7fff_ffff).into()));
        });
    }
}

fn pdu<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let element = Element::read(tvb, at)?;
    if !(FIRST_PDU..=LAST_PDU).contains(&element.tag) {
        d.set_info(String::new);
        return Ok(());
    }
    let kind = element.tag - FIRST_PDU;
    let name = Names::Values(PDUS).of(kind.into()).unwrap_or_default();
    d.set_info(|| name.clone().into_owned());
    let body = element.body;
    d.open(DATA, body, 0, body.reported(), Value::Uint(kind.into()));
    if let Some(field) = PDU_FIELDS.get(usize::from(kind)) {
        d.open(*field, body, 0, body.reported(), Value::None);
    }
    let at = if element.tag == V1_TRAP {
        trap(d, body)?
    } else {
        let (id, at) = integer(d, REQUEST_ID, body, 0)?;
        if element.tag == RESPONSE {
            transaction::response(d, &RULES, id as u128, true);
        } else if [0xa0, 0xa1, 0xa3, 0xa5, 0xa6].contains(&element.tag) {
            transaction::request(d, &RULES, id as u128);
        }
        let fields = if element.tag == BULK { [NON_REPEATERS, MAX_REPETITIONS] } else { [ERROR_STATUS, ERROR_INDEX] };
        let (_, at) = integer(d, fields[0], body, at)?;
        integer(d, fields[1], body, at)?.1
    };
    bindings(d, body, at)?;
    d.close();
    d.close();
    Ok(())
}

/// RFC 1157, 4.1.6.
fn trap<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Result<usize, Stop> {
    let enterprise = Element::expect(body, 0, ber::OBJECT_IDENTIFIER)?;
    let line = d.bytes(ENTERPRISE, enterprise.body, 0, enterprise.body.reported());
    d.text(line, || format!("enterprise: {}", ber::oid_with_root(enterprise.body.bytes())));
    d.append_info(|| {
        let name = ber::oid_with_root(enterprise.body.bytes());
        let name = name.split_once('(').map_or(name.as_str(), |(_, name)| name.trim_end_matches(')'));
        format!(" {name}")
    });
    let address = Element::read(body, enterprise.end)?;
    whole(d, AGENT_ADDR, &address, Value::Ipv4(address.body.array(0)?));
    let (_, at) = integer(d, GENERIC_TRAP, body, address.end)?;
    let (_, at) = integer(d, SPECIFIC_TRAP, body, at)?;
    let time = Element::read(body, at)?;
    whole(d, TIME_STAMP, &time, Value::Uint(time.uint()?));
    Ok(time.end)
}

fn bindings<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, at: usize) -> Parsed {
    let list = Element::expect(body, at, ber::SEQUENCE)?.body;
    let mut count: u64 = 0;
    let mut here = 0;
    while here < list.reported() && count < MAX_BINDINGS as u64 {
        here = Element::read(list, here)?.end;
        count += 1;
    }
    let line = d.open(VARIABLE_BINDINGS, list, 0, list.reported(), Value::Uint(count));
    d.text(line, || format!("variable-bindings: {count} item{}", if count == 1 { "" } else { "s" }));
    here = 0;
    for _ in 0..count {
        let pair = Element::expect(list, here, ber::SEQUENCE)?;
        binding(d, list.sub(here, pair.end - here), pair.body)?;
        here = pair.end;
    }
    d.close();
    Ok(())
}

/// A name and its value (RFC 3416, 3).
fn binding<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pair: Tvb<'a>) -> Parsed {
    let name = Element::expect(pair, 0, ber::OBJECT_IDENTIFIER)?;
    let value = Element::read(pair, name.end)?;
    d.append_info(|| format!(" {}", ber::oid(name.body.bytes())));
    d.open_text(tvb, 0, tvb.reported(), || {
        format!("{}: {}", ber::oid(name.body.bytes()), summary(&value).unwrap_or_default())
    });
    let line = d.bytes(NAME, name.body, 0, name.body.reported());
    d.text(line, || format!("Object Name: {}", ber::oid_with_root(name.body.bytes())));
    show(d, &value)?;
    d.close();
    Ok(())
}

const IP_ADDRESS: u8 = 0x40;
const COUNTER32: u8 = 0x41;
const GAUGE32: u8 = 0x42;
const TIME_TICKS: u8 = 0x43;
const OPAQUE: u8 = 0x44;
const NSAP: u8 = 0x45;
const COUNTER64: u8 = 0x46;
const UINTEGER32: u8 = 0x47;
const EXCEPTIONS: [(u8, FieldId, &str); 3] = [
    (0x80, NO_SUCH_OBJECT, "noSuchObject"),
    (0x81, NO_SUCH_INSTANCE, "noSuchInstance"),
    (0x82, END_OF_MIB_VIEW, "endOfMibView"),
];

/// What stands behind the name in the line of a binding.
fn summary(value: &Element<'_>) -> Result<String, Stop> {
    let octets = value.body.bytes();
    Ok(match value.tag {
        ber::INTEGER => value.int()?.to_string(),
        ber::NULL => "Value (Null)".to_owned(),
        ber::OBJECT_IDENTIFIER => ber::oid_with_root(octets),
        IP_ADDRESS if octets.len() == 4 => std::net::Ipv4Addr::from(value.body.array::<4>(0)?).to_string(),
        COUNTER32 | GAUGE32 | TIME_TICKS | NSAP | COUNTER64 | UINTEGER32 => value.uint()?.to_string(),
        tag => match EXCEPTIONS.iter().find(|row| row.0 == tag) {
            Some((.., name)) => (*name).to_owned(),
            None => octets_text(octets),
        },
    })
}

/// Octets as text where all of them can be printed.
fn octets_text(octets: &[u8]) -> String {
    let is_text = octets.iter().all(|octet| octet.is_ascii_graphic() || octet.is_ascii_whitespace());
    match octets {
        [] => "<MISSING>".to_owned(),
        _ if is_text => format!("\"{}\"", String::from_utf8_lossy(octets)),
        _ => hex(octets),
    }
}

fn show<'a>(d: &mut Dissector<'a>, value: &Element<'a>) -> Parsed {
    let len = value.body.reported();
    match value.tag {
        ber::INTEGER => whole(d, VALUE_INT, value, Value::Int(value.int()?)),
        ber::OCTET_STRING => {
            let line = d.bytes(VALUE_OCTETS, value.body, 0, len);
            d.text(line, || format!("Value (OctetString): {}", octets_text(value.body.bytes())));
        }
        ber::NULL => whole(d, VALUE_NULL, value, Value::None),
        ber::OBJECT_IDENTIFIER => {
            let line = d.bytes(VALUE_OID, value.body, 0, len);
            d.text(line, || format!("Value (OID): {}", ber::oid_with_root(value.body.bytes())));
        }
        IP_ADDRESS if len == 4 => whole(d, VALUE_IPV4, value, Value::Ipv4(value.body.array(0)?)),
        IP_ADDRESS => whole(d, VALUE_ADDR, value, Value::Bytes),
        COUNTER32 => whole(d, VALUE_COUNTER, value, Value::Uint(value.uint()?)),
        COUNTER64 => {
            let number = value.uint()?;
            let line = d.add(VALUE_COUNTER, value.body, 0, len, Value::Uint(number));
            d.text(line, || format!("Value (Counter64): {number}"));
        }
        GAUGE32 => whole(d, VALUE_G32, value, Value::Int(value.uint()? as i64)),
        UINTEGER32 => whole(d, VALUE_U32, value, Value::Int(value.uint()? as i64)),
        TIME_TICKS => whole(d, VALUE_TIMETICKS, value, Value::Uint(value.uint()?)),
        NSAP => whole(d, VALUE_NSAP, value, Value::Uint(value.uint()?)),
        OPAQUE => whole(d, VALUE_OPAQUE, value, Value::Bytes),
        tag => match EXCEPTIONS.iter().find(|row| row.0 == tag) {
            Some((_, field, name)) => {
                d.open(*field, value.body, 0, len, Value::None);
                d.expert_with(VARBIND_RESPONSE, value.body, 0, len, || (*name).to_owned());
                d.close();
            }
            None => whole(d, VALUE_UNKNOWN, value, Value::Bytes),
        },
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500004400010000401100000a0000010a000002 138800a100300000 302602010004067075626c6963a019020101020100020100300e300c06082b060102010101000500",
    "4500014900010000401100000a0000020a000001 00a1138801350000 3082012902010004067075626c6963a282011a0201010201000201003082010d300d06082b060102010101000201fb301006082b06010201010100040474657874300c06082b060102010101000500301106082b0601020101010006052b06010401301006082b0601020101010040040a010203300d06082b0601020101010040010a300d06082b0601020101010041014d300d06082b0601020101010042014e300f06082b06010201010100430301e240300e06082b0601020101010044026f70300e06082b0601020101010045026e73301106082b0601020101010046050102030405300d06082b06010201010100470109300c06082b060102010101008000300c06082b060102010101008100300c06082b060102010101008200300d06082b06010201010100900178",
    "4500004400010000401100000a0000010a000002 138800a100300000 302602010104067075626c6963a119020102020100020100300e300c06082b060102010101000500",
    "4500004400010000401100000a0000010a000002 138800a100300000 302602010104067075626c6963a319020103020100020100300e300c06082b060102010101000500",
    "4500004400010000401100000a0000010a000002 138800a100300000 302602010104067075626c6963a51902010402010002010a300e300c06082b060102010101000500",
    "4500005300010000401100000a0000010a000002 138800a1003f0000 303502010004067075626c6963a42806062b060104010940040a00000702010602012a430204d2300e300c06082b060102010101000500",
    "4500004400010000401100000a0000010a000002 138800a100300000 302602010104067075626c6963a719020105020100020100300e300c06082b060102010101000500",
    "4500004400010000401100000a0000010a000002 138800a100300000 302602010104067075626c6963a619020106020100020100300e300c06082b060102010101000500",
    "4500008c00010000401100000a0000010a000002 138800a100780000 306e020103300e020164020300ffe30401040201030431302f040980001f888061626364020101020102040475736572040c787878787878787878787878040879797979797979793026040480001f880403637478a019020107020100020100300e300c06082b060102010101000500",
    "4500008900010000401100000a0000020a000001 00a1138800750000 306b020103300e020164020300ffe30401000201030431302f040980001f888061626364020101020102040475736572040c787878787878787878787878040879797979797979793023040480001f880400a819020107020100020100300e300c06082b060102010101000500",
    "4500007300010000401100000a0000010a000002 138800a1005f0000 3055020103300e020164020300ffe30401070201030431302f040980001f888061626364020101020102040475736572040c78787878787878787878787804087979797979797979040d656e6372797074656464617461",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_response_finds_its_request() {
        let shown = frames(101, &SAMPLES[..2]);
        assert_eq!(values(&shown[0], "snmp.response_in"), "2");
        assert_eq!(values(&shown[1], "snmp.response_to"), "1");
        assert_eq!(values(&shown[1], "snmp.time"), "1.000000000");
        assert_eq!(values(&shown[0], "snmp.name"), "1.3.6.1.2.1.1.1.0");
        assert_eq!(values(&shown[1], "snmp.value.int"), "-5");
    }

    #[test]
    fn no_more_variables_than_the_limit_are_shown() {
        let mut list = b"\x30\x07\x06\x03\x2b\x06\x01\x05\x00".repeat(MAX_BINDINGS + 10);
        let wrap = |tag: u8, body: Vec<u8>| {
            let len = (body.len() as u32).to_be_bytes();
            [&[tag, 0x84][..], &len[..], &body[..]].concat()
        };
        list = wrap(0x30, list);
        let pdu = wrap(0xa0, [b"\x02\x01\x01\x02\x01\x00\x02\x01\x00", &list[..]].concat());
        let message = wrap(0x30, [b"\x02\x01\x01\x04\x01a", &pdu[..]].concat());
        let shown = crate::tests::shown_by(ProtoId::Snmp, &message);
        assert_eq!(values(&shown, "snmp.variable_bindings"), MAX_BINDINGS.to_string());
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Snmp,
            b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x05\x00",
        );
    }
}
