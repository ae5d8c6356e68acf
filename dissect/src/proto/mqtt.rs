//! MQTT (OASIS MQTT 3.1.1 and 5.0).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stage;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Mqtt, "mqtt", "MQ Telemetry Transport Protocol";
    HDRFLAGS = field("mqtt.hdrflags", "Header Flags", Uint8, Hex);
    MSGTYPE = field("mqtt.msgtype", "Message Type", Uint8, Dec).names(Names::Values(TYPES)).mask(0xf0);
    HDR_RESERVED = field("mqtt.hdr_reserved", "Reserved", Uint8, Dec).mask(0xf);
    DUPFLAG = field("mqtt.dupflag", "DUP Flag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    QOS = field("mqtt.qos", "QoS Level", Uint8, Dec).names(Names::Values(QUALITIES)).mask(0x6);
    RETAIN = field("mqtt.retain", "Retain", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    RETAIN_RESERVED = field("mqtt.retain_reserved", "Reserved", Uint8, Dec).mask(0x1);
    LEN = field("mqtt.len", "Msg Len", Uint64, Dec);
    PROTO_LEN = field("mqtt.proto_len", "Protocol Name Length", Uint16, Dec);
    PROTONAME = field("mqtt.protoname", "Protocol Name", String, None);
    VER = field("mqtt.ver", "Version", Uint8, Dec).names(Names::Values(VERSIONS));
    CONFLAGS = field("mqtt.conflags", "Connect Flags", Uint8, Hex);
    CONFLAG_UNAME = field("mqtt.conflag.uname", "User Name Flag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    CONFLAG_PASSWD = field("mqtt.conflag.passwd", "Password Flag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    CONFLAG_RETAIN = field("mqtt.conflag.retain", "Will Retain", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    CONFLAG_QOS = field("mqtt.conflag.qos", "QoS Level", Uint8, Dec).names(Names::Values(QUALITIES)).mask(0x18);
    CONFLAG_WILL = field("mqtt.conflag.willflag", "Will Flag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    CONFLAG_CLEAN = field("mqtt.conflag.cleansess", "Clean Session Flag", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    CONFLAG_RESERVED = field("mqtt.conflag.reserved", "(Reserved)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    KALIVE = field("mqtt.kalive", "Keep Alive", Uint16, Dec);
    CLIENTID_LEN = field("mqtt.clientid_len", "Client ID Length", Uint16, Dec);
    CLIENTID = field("mqtt.clientid", "Client ID", String, None);
    WILLTOPIC_LEN = field("mqtt.willtopic_len", "Will Topic Length", Uint16, Dec);
    WILLTOPIC = field("mqtt.willtopic", "Will Topic", String, None);
    WILLMSG_LEN = field("mqtt.willmsg_len", "Will Message Length", Uint16, Dec);
    WILLMSG = field("mqtt.willmsg", "Will Message", Bytes, None);
    USERNAME_LEN = field("mqtt.username_len", "User Name Length", Uint16, Dec);
    USERNAME = field("mqtt.username", "User Name", String, None);
    PASSWD_LEN = field("mqtt.passwd_len", "Password Length", Uint16, Dec);
    PASSWD = field("mqtt.passwd", "Password", String, None);
    CONACK_FLAGS = field("mqtt.conack.flags", "Acknowledge Flags", Uint8, Hex);
    CONACK_RESERVED = field("mqtt.conack.flags.reserved", "Reserved", Boolean, None).names(Names::Flag("Set", "Not set"));
    CONACK_SP = field("mqtt.conack.flags.sp", "Session Present", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    CONACK_VAL = field("mqtt.conack.val", "Return Code", Uint8, Dec).names(Names::Values(RETURN_CODES));
    CONNACK_REASON = field("mqtt.connack.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(REASONS));
    MSGID = field("mqtt.msgid", "Message Identifier", Uint16, Dec);
    TOPIC_LEN = field("mqtt.topic_len", "Topic Length", Uint16, Dec);
    TOPIC = field("mqtt.topic", "Topic", String, None);
    MSG = field("mqtt.msg", "Message", Bytes, None);
    SUB_QOS = field("mqtt.sub.qos", "Requested QoS", Uint8, Dec).names(Names::Values(QUALITIES));
    SUBACK_QOS = field("mqtt.suback.qos", "Granted QoS", Uint8, Dec).names(Names::Values(GRANTED));
    SUB_OPTIONS = field("mqtt.subscription_options", "Subscription Options", Uint8, Hex);
    SUB_OPTIONS_QOS = field("mqtt.subscription_options_qos", "QoS", Uint8, Dec).names(Names::Values(QUALITIES)).mask(0x3);
    SUB_OPTIONS_NL = field("mqtt.subscription_options_nl", "No Local", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    SUB_OPTIONS_RAP = field("mqtt.subscription_options_rap", "Retain As Published", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    SUB_OPTIONS_RETAIN = field("mqtt.subscription_options_retain", "Retain Handling", Uint8, Dec).mask(0x30);
    SUBACK_REASON = field("mqtt.suback.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(GRANTED_REASONS));
    PUBACK_REASON = field("mqtt.puback.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(REASONS));
    PUBREC_REASON = field("mqtt.pubrec.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(REASONS));
    PUBREL_REASON = field("mqtt.pubrel.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(REASONS));
    PUBCOMP_REASON = field("mqtt.pubcomp.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(REASONS));
    UNSUBACK_REASON = field("mqtt.unsuback.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(REASONS));
    DISCONNECT_REASON = field("mqtt.disconnect.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(LEAVING));
    AUTH_REASON = field("mqtt.auth.reason_code", "Reason Code", Uint8, Dec).names(Names::Values(REASONS));
    PROPERTIES = field("mqtt.properties", "Properties", None, None);
    WILL_PROPERTIES = field("mqtt.will_properties", "Will Properties", None, None);
    PROPERTY_LEN = field("mqtt.property_len", "Total Length", Uint64, Dec);
    PROPERTY_ID = field("mqtt.property_id", "ID", Uint8, Hex).names(Names::Values(PROPERTY_NAMES));
    PROP_NUMBER = field("mqtt.prop_number", "Value", Uint32, Dec);
    PROP_STRING_LEN = field("mqtt.prop_string_len", "Length", Uint32, Dec);
    PROP_STRING = field("mqtt.prop_string", "Value", String, None);
    PROP_KEY_LEN = field("mqtt.prop_key_len", "Key Length", Uint32, Dec);
    PROP_KEY = field("mqtt.prop_key", "Key", String, None);
    PROP_VALUE_LEN = field("mqtt.prop_value_len", "Value Length", Uint32, Dec);
    PROP_VALUE = field("mqtt.prop_value", "Value", String, None);
    UNKNOWN_VERSION = expert("mqtt.unknown_version", "Unknown version (missing the CONNECT packet?)", Note, Protocol);
}

const TYPES: &[(u64, &str)] = &[
    (0, "Reserved"),
    (CONNECT, "Connect Command"),
    (CONNACK, "Connect Ack"),
    (PUBLISH, "Publish Message"),
    (PUBACK, "Publish Ack"),
    (PUBREC, "Publish Received"),
    (PUBREL, "Publish Release"),
    (PUBCOMP, "Publish Complete"),
    (SUBSCRIBE, "Subscribe Request"),
    (SUBACK, "Subscribe Ack"),
    (UNSUBSCRIBE, "Unsubscribe Request"),
    (UNSUBACK, "Unsubscribe Ack"),
    (12, "Ping Request"),
    (13, "Ping Response"),
    (DISCONNECT, "Disconnect Req"),
    (AUTH, "Authentication Exchange"),
];
const CONNECT: u64 = 1;
const CONNACK: u64 = 2;
const PUBLISH: u64 = 3;
const PUBACK: u64 = 4;
const PUBREC: u64 = 5;
const PUBREL: u64 = 6;
const PUBCOMP: u64 = 7;
const SUBSCRIBE: u64 = 8;
const SUBACK: u64 = 9;
const UNSUBSCRIBE: u64 = 10;
const UNSUBACK: u64 = 11;
const DISCONNECT: u64 = 14;
const AUTH: u64 = 15;
const QUALITIES: &[(u64, &str)] = &[
    (0, "At most once delivery (Fire and Forget)"),
    (1, "At least once delivery (Acknowledged deliver)"),
    (2, "Exactly once delivery (Assured Delivery)"),
    (3, "Reserved"),
];
const GRANTED: &[(u64, &str)] = &[
    (0, "At most once delivery (Fire and Forget)"),
    (1, "At least once delivery (Acknowledged deliver)"),
    (2, "Exactly once delivery (Assured Delivery)"),
    (3, "Reserved"),
    (128, "Failure"),
];
const VERSIONS: &[(u64, &str)] = &[(3, "MQTT v3.1"), (4, "MQTT v3.1.1"), (V5, "MQTT v5.0")];
const V5: u64 = 5;
/// MQTT 3.1.1, table 3.1.
const RETURN_CODES: &[(u64, &str)] = &[
    (0, "Connection Accepted"),
    (1, "Connection Refused: unacceptable protocol version"),
    (2, "Connection Refused: identifier rejected"),
    (3, "Connection Refused: server unavailable"),
    (4, "Connection Refused: bad user name or password"),
    (5, "Connection Refused: not authorized"),
];
/// MQTT 5.0, 2.4.
const REASONS: &[(u64, &str)] = &[
    (0, "Success"),
    (16, "No matching subscribers"),
    (17, "No subscription existed"),
    (24, "Continue authentication"),
    (25, "Re-authenticate"),
    (128, "Unspecified error"),
    (129, "Malformed Packet"),
    (130, "Protocol Error"),
    (131, "Implementation specific error"),
    (132, "Unsupported Protocol Version"),
    (133, "Client Identifier not valid"),
    (134, "Bad User Name or Password"),
    (135, "Not authorized"),
    (136, "Server unavailable"),
    (137, "Server busy"),
    (138, "Banned"),
    (140, "Bad authentication method"),
    (143, "Topic Filter invalid"),
    (144, "Topic Name invalid"),
    (145, "Packet Identifier in use"),
    (146, "Packet Identifier not found"),
    (149, "Packet too large"),
    (151, "Quota exceeded"),
    (153, "Payload format invalid"),
    (154, "Retain not supported"),
    (155, "QoS not supported"),
    (156, "Use another server"),
    (157, "Server moved"),
    (159, "Connection rate exceeded"),
];
const GRANTED_REASONS: &[(u64, &str)] = &[
    (0, "Granted QoS 0"),
    (1, "Granted QoS 1"),
    (2, "Granted QoS 2"),
    (128, "Unspecified error"),
    (131, "Implementation specific error"),
    (135, "Not authorized"),
    (143, "Topic Filter invalid"),
    (145, "Packet Identifier in use"),
    (151, "Quota exceeded"),
    (158, "Shared Subscription not supported"),
    (161, "Subscription Identifiers not supported"),
    (162, "Wildcard Subscription not supported"),
];
const LEAVING: &[(u64, &str)] = &[
    (0, "Normal disconnection"),
    (4, "Disconnect with Will Message"),
    (128, "Unspecified error"),
    (129, "Malformed Packet"),
    (130, "Protocol Error"),
    (131, "Implementation specific error"),
    (135, "Not authorized"),
    (137, "Server busy"),
    (139, "Server shutting down"),
    (141, "Keep Alive timeout"),
    (142, "Session taken over"),
    (147, "Receive Maximum exceeded"),
    (149, "Packet too large"),
    (150, "Message rate too high"),
    (151, "Quota exceeded"),
    (152, "Administrative action"),
    (156, "Use another server"),
    (157, "Server moved"),
];
/// How a property's value is coded.
#[derive(Clone, Copy)]
enum Coding {
    Number(usize),
    Variable,
    Text,
    Pair,
}
/// MQTT 5.0, 2.2.2.2.
const PROPERTY_CODINGS: &[(u64, Coding)] = &[
    (0x01, Coding::Number(1)),
    (0x02, Coding::Number(4)),
    (0x03, Coding::Text),
    (0x08, Coding::Text),
    (0x09, Coding::Text),
    (0x0b, Coding::Variable),
    (0x11, Coding::Number(4)),
    (0x12, Coding::Text),
    (0x13, Coding::Number(2)),
    (0x15, Coding::Text),
    (0x16, Coding::Text),
    (0x17, Coding::Number(1)),
    (0x18, Coding::Number(4)),
    (0x19, Coding::Number(1)),
    (0x1a, Coding::Text),
    (0x1c, Coding::Text),
    (0x1f, Coding::Text),
    (0x21, Coding::Number(2)),
    (0x22, Coding::Number(2)),
    (0x23, Coding::Number(2)),
    (0x24, Coding::Number(1)),
    (0x25, Coding::Number(1)),
    (0x26, Coding::Pair),
    (0x27, Coding::Number(4)),
    (0x28, Coding::Number(1)),
    (0x29, Coding::Number(1)),
    (0x2a, Coding::Number(1)),
];
const PROPERTY_NAMES: &[(u64, &str)] = &[
    (0x01, "Payload Format Indicator"),
    (0x02, "Publication Expiry Interval"),
    (0x03, "Content Type"),
    (0x08, "Response Topic"),
    (0x09, "Correlation Data"),
    (0x0b, "Subscription Identifier"),
    (0x11, "Session Expiry Interval"),
    (0x12, "Assigned Client Identifier"),
    (0x13, "Server Keep Alive"),
    (0x15, "Authentication Method"),
    (0x16, "Authentication Data"),
    (0x17, "Request Problem Information"),
    (0x18, "Will Delay Interval"),
    (0x19, "Request Response Information"),
    (0x1a, "Response Information"),
    (0x1c, "Server Reference"),
    (0x1f, "Reason String"),
    (0x21, "Receive Maximum"),
    (0x22, "Topic Alias Maximum"),
    (0x23, "Topic Alias"),
    (0x24, "Maximum QoS"),
    (0x25, "Retain Available"),
    (0x26, "User Property"),
    (0x27, "Maximum Packet Size"),
    (0x28, "Wildcard Subscription Available"),
    (0x29, "Subscription Identifier Available"),
    (0x2a, "Shared Subscription Available"),
];
const PORT: u16 = 1883;
/// How many octets a length takes at most (MQTT 3.1.1, 2.2.3).
const MAX_LENGTH_OCTETS: usize = 4;
/// How many topics or properties of one message are shown.
const MAX_ENTRIES: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500005000000000400600000a0000010a000002c350075b00000001000000015018ffff00000000102600044d51545404ee003c0003636964000477696c6c00036d7367000475736572000470617373",
            "4500002c00000000400600000a0000020a000001075bc35000000001000000295018ffff0000000020020000",
            "4500003300000000400600000a0000010a000002c350075b00000029000000055018ffff00000000820900010004612f622301",
            "4500002d00000000400600000a0000020a000001075bc35000000005000000345018ffff000000009003000101",
            "4500003500000000400600000a0000010a000002c350075b000000340000000a5018ffff00000000320b0003612f62000268656c6c",
            "4500002c00000000400600000a0000020a000001075bc3500000000a000000415018ffff0000000040020002",
            "4500002a00000000400600000a0000010a000002c350075b000000410000000e5018ffff00000000c000",
            "4500002a00000000400600000a0000020a000001075bc3500000000e000000435018ffff00000000d000",
            "4500003200000000400600000a0000010a000002c350075b00000043000000105018ffff00000000a20800030004612f6223",
            "4500002c00000000400600000a0000020a000001075bc350000000100000004d5018ffff00000000b0020003",
            "4500002a00000000400600000a0000010a000002c350075b0000004d000000145018ffff00000000e000",
            "4500004800000000400600000a0000010a000002c351075b00000001000000015018ffff00000000101e00044d5154540506003c051100000e10000563696435350000017700016d",
            "4500003000000000400600000a0000020a000001075bc35100000001000000215018ffff000000002006000003210014",
            "4500004100000000400600000a0000010a000002c351075b00000021000000095018ffff00000000821700010d0b051f0001782600016b0001760004612f622301",
            "4500002e00000000400600000a0000020a000001075bc351000000090000003a5018ffff00000000900400010001",
            "4500003500000000400600000a0000010a000002c351075b0000003a0000000f5018ffff00000000340b0003612f62000700616263",
            "4500002d00000000400600000a0000020a000001075bc3510000000f000000475018ffff000000004003000700",
            "4500002d00000000400600000a0000020a000001075bc35100000014000000475018ffff000000005003000700",
            "4500002d00000000400600000a0000010a000002c351075b00000047000000195018ffff000000006203000700",
            "4500002d00000000400600000a0000020a000001075bc351000000190000004c5018ffff000000007003000700",
            "4500002e00000000400600000a0000020a000001075bc3510000001e0000004c5018ffff00000000b00400030000",
            "4500002c00000000400600000a0000010a000002c351075b0000004c000000245018ffff00000000e0020400",
            "4500002c00000000400600000a0000020a000001075bc35100000024000000505018ffff00000000f0021800",
            "4500002c00000000400600000a0000020a000001075bc35200000001000000015018ffff0000000020020000",
        ],
    }],
    ..Protocol::new(ProtoId::Mqtt, "MQTT", &[Binding::TcpPort(PORT)], dissect)
};

/// A number of one to four octets, seven bits each, the lowest first; and how many octets it took.
fn variable(octets: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, octet) in octets.iter().take(MAX_LENGTH_OCTETS).enumerate() {
        value |= u64::from(octet & 0x7f) << (7 * at);
        if octet & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

fn framing(stream: &[u8]) -> Framing {
    let length = stream.get(1..).unwrap_or_default();
    match variable(length) {
        Some((value, width)) => Framing::Message(1 + width + value as usize),
        None if length.len() < MAX_LENGTH_OCTETS => Framing::More(1),
        None => Framing::Foreign,
    }
}

fn number(tvb: Tvb<'_>, at: usize) -> Result<(u64, usize), Stop> {
    variable(tvb.from(at).bytes()).ok_or(Stop::Malformed)
}

/// Adds a text with its length before it; answers where the next begins.
fn text<'a>(d: &mut Dissector<'a>, fields: [FieldId; 2], tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = d.uint(fields[0], tvb, at, 2)? as usize;
    tvb.exact(at + 2, len)?;
    d.add(fields[1], tvb, at + 2, len, Value::Text);
    Ok(at + 2 + len)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("MQTT");
    let (item, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    let first = tvb.u8(0)?;
    let kind = u64::from(first >> 4);
    let connecting = connect_version(tvb, kind);
    let known = stage::step(d, ProtoId::Mqtt, |known| connecting.unwrap_or(known));
    let version = connecting.unwrap_or(known);
    let name = Names::Values(TYPES).of(kind).unwrap_or("Reserved".into());
    d.text(item, || format!("MQ Telemetry Transport Protocol, {name}"));
    d.append_info_with(", ", || name.into_owned());
    if version == 0 && kind != CONNECT {
        d.expert(UNKNOWN_VERSION, tvb, 0, 0);
    }
    d.uint(HDRFLAGS, tvb, 0, 1)?;
    let octet = u64::from(first);
    d.within(|d| {
        d.bits(MSGTYPE, tvb, 0, 1, octet);
        match kind {
            PUBLISH => {
                d.flag(DUPFLAG, tvb, 0, 1, octet);
                d.bits(QOS, tvb, 0, 1, octet);
                d.flag(RETAIN, tvb, 0, 1, octet);
            }
            SUBSCRIBE | UNSUBSCRIBE | PUBREL => {
                d.flag(DUPFLAG, tvb, 0, 1, octet);
                d.bits(QOS, tvb, 0, 1, octet);
                d.bits(RETAIN_RESERVED, tvb, 0, 1, octet);
            }
            _ => {
                d.bits(HDR_RESERVED, tvb, 0, 1, octet);
            }
        }
    });
    let (len, width) = number(tvb, 1)?;
    d.add(LEN, tvb, 1, width, Value::Uint(len));
    let body = tvb.sub(1 + width, len as usize);
    let is_new = version == V5 || version == 0;
    message(d, body, kind, first, is_new)?;
    d.close();
    Ok(())
}

/// The version that a connect command says.
fn connect_version(tvb: Tvb<'_>, kind: u64) -> Option<u64> {
    if kind != CONNECT {
        return None;
    }
    let (_, width) = number(tvb, 1).ok()?;
    let len = usize::from(tvb.u16(1 + width).ok()?);
    Some(tvb.u8(3 + width + len).ok()?.into())
}

/// `is_new`: as version 5 has it.
fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u64, first: u8, is_new: bool) -> Parsed {
    match kind {
        CONNECT => connect(d, tvb)?,
        CONNACK => {
            let flags = tvb.u8(0)?.into();
            d.open(CONACK_FLAGS, tvb, 0, 1, Value::Uint(flags));
            d.add(CONACK_RESERVED, tvb, 0, 1, Value::Uint((flags >> 1 != 0).into()));
            d.flag(CONACK_SP, tvb, 0, 1, flags);
            d.close();
            if is_new {
                d.uint(CONNACK_REASON, tvb, 1, 1)?;
                properties(d, PROPERTIES, tvb, 2)?;
            } else {
                d.uint(CONACK_VAL, tvb, 1, 1)?;
            }
        }
        PUBLISH => {
            let len = usize::from(tvb.u16(0)?);
            let mut at = text(d, [TOPIC_LEN, TOPIC], tvb, 0)?;
            let is_numbered = first & 0x06 != 0;
            let id = if is_numbered { Some(tvb.u16(at)?) } else { None };
            topic_in_info(d, tvb, id, 2, len)?;
            if is_numbered {
                d.uint(MSGID, tvb, at, 2)?;
                at += 2;
            }
            if is_new && known_version(d) {
                at = properties(d, PROPERTIES, tvb, at)?;
            }
            if tvb.reported() > at {
                d.bytes(MSG, tvb, at, tvb.reported() - at);
            }
        }
        SUBSCRIBE | UNSUBSCRIBE => topics(d, tvb, kind, is_new)?,
        SUBACK | UNSUBACK => {
            let mut at = numbered(d, tvb)?;
            if is_new && known_version(d) {
                at = properties(d, PROPERTIES, tvb, at)?;
            }
            let field = match (kind, is_new) {
                (SUBACK, true) => SUBACK_REASON,
                (SUBACK, false) => SUBACK_QOS,
                _ => UNSUBACK_REASON,
            };
            for place in at..tvb.reported().min(at + MAX_ENTRIES) {
                d.uint(field, tvb, place, 1)?;
            }
        }
        PUBACK | PUBREC | PUBREL | PUBCOMP => {
            let at = numbered(d, tvb)?;
            let field = match kind {
                PUBACK => PUBACK_REASON,
                PUBREC => PUBREC_REASON,
                PUBREL => PUBREL_REASON,
                _ => PUBCOMP_REASON,
            };
            reason(d, field, tvb, at)?;
        }
        DISCONNECT => reason(d, DISCONNECT_REASON, tvb, 0)?,
        AUTH => reason(d, AUTH_REASON, tvb, 0)?,
        _ => {}
    }
    Ok(())
}

/// Whether the connection's beginning was seen: without it properties are not looked for.
fn known_version(d: &Dissector<'_>) -> bool {
    let layer = d.occurrence(ProtoId::Mqtt);
    d.peek_fact(|fact| match *fact {
        crate::facts::Fact::Stage { proto: ProtoId::Mqtt, layer: at, value } if at == layer => Some(value == V5),
        _ => None,
    })
    .unwrap_or(false)
}

fn reason<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Parsed {
    if tvb.reported() > at {
        d.uint(field, tvb, at, 1)?;
        if tvb.reported() > at + 1 {
            properties(d, PROPERTIES, tvb, at + 1)?;
        }
    }
    Ok(())
}

fn numbered<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<usize, Stop> {
    let id = d.uint(MSGID, tvb, 0, 2)?;
    d.append_info(|| format!(" (id={id})"));
    Ok(2)
}

fn topic_in_info(d: &mut Dissector<'_>, tvb: Tvb<'_>, id: Option<u16>, at: usize, len: usize) -> Parsed {
    let topic = tvb.slice(at, len)?;
    d.append_info(|| {
        let id = id.map_or(String::new(), |id| format!(" (id={id})"));
        format!("{id} [{}]", String::from_utf8_lossy(topic))
    });
    Ok(())
}

fn topics<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u64, is_new: bool) -> Parsed {
    let mut at = numbered(d, tvb)?;
    if is_new && known_version(d) {
        at = properties(d, PROPERTIES, tvb, at)?;
    }
    for _ in 0..MAX_ENTRIES {
        if at >= tvb.reported() {
            break;
        }
        if kind == SUBSCRIBE {
            let len = usize::from(tvb.u16(at)?);
            topic_in_info(d, tvb, None, at + 2, len)?;
        }
        at = text(d, [TOPIC_LEN, TOPIC], tvb, at)?;
        if kind == UNSUBSCRIBE {
            continue;
        }
        if is_new {
            let options = d.uint(SUB_OPTIONS, tvb, at, 1)?;
            d.within(|d| {
                d.bits(SUB_OPTIONS_RETAIN, tvb, at, 1, options);
                d.flag(SUB_OPTIONS_RAP, tvb, at, 1, options);
                d.flag(SUB_OPTIONS_NL, tvb, at, 1, options);
                d.bits(SUB_OPTIONS_QOS, tvb, at, 1, options);
            });
        } else {
            d.uint(SUB_QOS, tvb, at, 1)?;
        }
        at += 1;
    }
    Ok(())
}

fn connect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = text(d, [PROTO_LEN, PROTONAME], tvb, 0)?;
    let version = d.uint(VER, tvb, at, 1)?;
    let flags = d.uint(CONFLAGS, tvb, at + 1, 1)?;
    d.within(|d| {
        d.flag(CONFLAG_UNAME, tvb, at + 1, 1, flags);
        d.flag(CONFLAG_PASSWD, tvb, at + 1, 1, flags);
        d.flag(CONFLAG_RETAIN, tvb, at + 1, 1, flags);
        d.bits(CONFLAG_QOS, tvb, at + 1, 1, flags);
        d.flag(CONFLAG_WILL, tvb, at + 1, 1, flags);
        d.flag(CONFLAG_CLEAN, tvb, at + 1, 1, flags);
        d.flag(CONFLAG_RESERVED, tvb, at + 1, 1, flags);
    });
    d.uint(KALIVE, tvb, at + 2, 2)?;
    at += 4;
    if version == V5 {
        at = properties(d, PROPERTIES, tvb, at)?;
    }
    at = text(d, [CLIENTID_LEN, CLIENTID], tvb, at)?;
    if flags & 0x04 != 0 {
        if version == V5 {
            at = properties(d, WILL_PROPERTIES, tvb, at)?;
        }
        at = text(d, [WILLTOPIC_LEN, WILLTOPIC], tvb, at)?;
        let len = d.uint(WILLMSG_LEN, tvb, at, 2)? as usize;
        tvb.exact(at + 2, len)?;
        d.bytes(WILLMSG, tvb, at + 2, len);
        at += 2 + len;
    }
    if flags & 0x80 != 0 {
        at = text(d, [USERNAME_LEN, USERNAME], tvb, at)?;
    }
    if flags & 0x40 != 0 {
        text(d, [PASSWD_LEN, PASSWD], tvb, at)?;
    }
    Ok(())
}

/// The properties that begin at `at` with their length; answers where they end.
fn properties<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    if at >= tvb.reported() {
        return Ok(at);
    }
    let (len, width) = number(tvb, at)?;
    let len = len as usize;
    tvb.exact(at + width, len)?;
    d.open(field, tvb, at, width + len, Value::None);
    d.add(PROPERTY_LEN, tvb, at, width, Value::Uint(len as u64));
    let list = tvb.sub(at + width, len);
    let mut place = 0;
    for _ in 0..MAX_ENTRIES {
        if place >= len {
            break;
        }
        let id = d.uint(PROPERTY_ID, list, place, 1)?;
        place += 1;
        let coding = PROPERTY_CODINGS.iter().find(|row| row.0 == id).map(|row| row.1);
        let end = d.within(|d| -> Result<Option<usize>, Stop> {
            Ok(match coding {
                Some(Coding::Number(width)) => {
                    d.uint(PROP_NUMBER, list, place, width)?;
                    Some(place + width)
                }
                Some(Coding::Variable) => {
                    let (value, width) = number(list, place)?;
                    d.add(PROP_NUMBER, list, place, width, Value::Uint(value));
                    Some(place + width)
                }
                Some(Coding::Text) => Some(text(d, [PROP_STRING_LEN, PROP_STRING], list, place)?),
                Some(Coding::Pair) => {
                    let value = text(d, [PROP_KEY_LEN, PROP_KEY], list, place)?;
                    Some(text(d, [PROP_VALUE_LEN, PROP_VALUE], list, value)?)
                }
                None => None,
            })
        })?;
        match end {
            Some(end) => place = end,
            None => break,
        }
    }
    d.close();
    Ok(at + width + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_seven_bits_an_octet() {
        assert_eq!(framing(&[0x30, 0xc1, 0x02]), Framing::Message(3 + 321));
        assert_eq!(framing(&[0x30, 0xc1]), Framing::More(1));
        assert_eq!(framing(&[0x30, 0xff, 0xff, 0xff, 0xff, 1]), Framing::Foreign);
        assert_eq!(framing(&[0xe0, 0]), Framing::Message(2));
    }
}
