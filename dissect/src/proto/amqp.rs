//! AMQP 0-9-1, the Advanced Message Queuing Protocol as RabbitMQ has it; of version 1.0 and 0-10 the frames alone.

use crate::bindings::{self, Binding};
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stage;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Amqp, "amqp", "Advanced Message Queuing Protocol";
    INIT_PROTOCOL = field("amqp.init.protocol", "Protocol", String, None);
    INIT_ID_MAJOR = field("amqp.init.id_major", "Protocol ID Major", Uint8, Dec);
    INIT_ID_MINOR = field("amqp.init.id_minor", "Protocol ID Minor", Uint8, Dec);
    INIT_VERSION_MAJOR = field("amqp.init.version_major", "Version Major", Uint8, Dec);
    INIT_VERSION_MINOR = field("amqp.init.version_minor", "Version Minor", Uint8, Dec);
    FRAME_TYPE = field("amqp.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    CHANNEL = field("amqp.channel", "Channel", Uint16, Dec);
    LENGTH = field("amqp.length", "Length", Uint32, Dec);
    CLASS = field("amqp.method.class", "Class", Uint16, Dec).names(Names::Values(CLASSES));
    METHOD = field("amqp.method.method", "Method", Uint16, Dec);
    ARGUMENT_LIST = field("amqp.method.arguments", "Arguments", None, None);
    VERSION_MAJOR = field("amqp.method.arguments.version_major", "Version-Major", Uint8, Dec);
    VERSION_MINOR = field("amqp.method.arguments.version_minor", "Version-Minor", Uint8, Dec);
    SERVER_PROPERTIES = field("amqp.method.arguments.server_properties", "Server-Properties", None, None);
    MECHANISMS = field("amqp.method.arguments.mechanisms", "Mechanisms", Bytes, None);
    LOCALES = field("amqp.method.arguments.locales", "Locales", Bytes, None);
    CLIENT_PROPERTIES = field("amqp.method.arguments.client_properties", "Client-Properties", None, None);
    MECHANISM = field("amqp.method.arguments.mechanism", "Mechanism", String, None);
    RESPONSE = field("amqp.method.arguments.response", "Response", Bytes, None);
    LOCALE = field("amqp.method.arguments.locale", "Locale", String, None);
    CHALLENGE = field("amqp.method.arguments.challenge", "Challenge", Bytes, None);
    CHANNEL_MAX = field("amqp.method.arguments.channel_max", "Channel-Max", Uint16, Dec);
    FRAME_MAX = field("amqp.method.arguments.frame_max", "Frame-Max", Uint32, Dec);
    HEARTBEAT = field("amqp.method.arguments.heartbeat", "Heartbeat", Uint16, Dec);
    VIRTUAL_HOST = field("amqp.method.arguments.virtual_host", "Virtual-Host", String, None);
    CAPABILITIES = field("amqp.method.arguments.capabilities", "Capabilities", String, None);
    INSIST = field("amqp.method.arguments.insist", "Insist", Boolean, None).mask(0x1);
    KNOWN_HOSTS = field("amqp.method.arguments.known_hosts", "Known-Hosts", String, None);
    REPLY_CODE = field("amqp.method.arguments.reply_code", "Reply-Code", Uint16, Dec);
    REPLY_TEXT = field("amqp.method.arguments.reply_text", "Reply-Text", String, None);
    CLASS_ID = field("amqp.method.arguments.class_id", "Class-Id", Uint16, Dec);
    METHOD_ID = field("amqp.method.arguments.method_id", "Method-Id", Uint16, Dec);
    REASON = field("amqp.method.arguments.reason", "Reason", String, None);
    OUT_OF_BAND = field("amqp.method.arguments.out_of_band", "Out-Of-Band", String, None);
    CHANNEL_ID = field("amqp.method.arguments.channel_id", "Channel-Id", Bytes, None);
    ACTIVE = field("amqp.method.arguments.active", "Active", Boolean, None).mask(0x1);
    TICKET = field("amqp.method.arguments.ticket", "Ticket", Uint16, Dec);
    EXCHANGE = field("amqp.method.arguments.exchange", "Exchange", String, None);
    TYPE = field("amqp.method.arguments.type", "Type", String, None);
    PASSIVE = field("amqp.method.arguments.passive", "Passive", Boolean, None).mask(0x2);
    DURABLE = field("amqp.method.arguments.durable", "Durable", Boolean, None).mask(0x2);
    AUTO_DELETE = field("amqp.method.arguments.auto_delete", "Auto-Delete", Boolean, None).mask(0x4);
    INTERNAL = field("amqp.method.arguments.internal", "Internal", Boolean, None).mask(0x8);
    NOWAIT = field("amqp.method.arguments.nowait", "Nowait", Boolean, None).mask(0x10);
    ARGUMENTS = field("amqp.method.arguments.arguments", "Arguments", None, None);
    IF_UNUSED = field("amqp.method.arguments.if_unused", "If-Unused", Boolean, None).mask(0x1);
    DESTINATION = field("amqp.method.arguments.destination", "Destination", String, None);
    SOURCE = field("amqp.method.arguments.source", "Destination", String, None);
    ROUTING_KEY = field("amqp.method.arguments.routing_key", "Routing-Key", String, None);
    QUEUE = field("amqp.method.arguments.queue", "Queue", String, None);
    EXCLUSIVE = field("amqp.method.arguments.exclusive", "Exclusive", Boolean, None).mask(0x1);
    MESSAGE_COUNT = field("amqp.method.arguments.message_count", "Message-Count", Uint32, Dec);
    CONSUMER_COUNT = field("amqp.method.arguments.consumer_count", "Consumer-Count", Uint32, Dec);
    IF_EMPTY = field("amqp.method.arguments.if_empty", "If-Empty", Boolean, None).mask(0x2);
    PREFETCH_SIZE = field("amqp.method.arguments.prefetch_size", "Prefetch-Size", Uint32, Dec);
    PREFETCH_COUNT = field("amqp.method.arguments.prefetch_count", "Prefetch-Count", Uint16, Dec);
    GLOBAL = field("amqp.method.arguments.global", "Global", Boolean, None).mask(0x1);
    CONSUMER_TAG = field("amqp.method.arguments.consumer_tag", "Consumer-Tag", String, None);
    NO_LOCAL = field("amqp.method.arguments.no_local", "No-Local", Boolean, None).mask(0x1);
    NO_ACK = field("amqp.method.arguments.no_ack", "No-Ack", Boolean, None).mask(0x2);
    FILTER = field("amqp.method.arguments.filter", "Filter", None, None);
    MANDATORY = field("amqp.method.arguments.mandatory", "Mandatory", Boolean, None).mask(0x1);
    IMMEDIATE = field("amqp.method.arguments.immediate", "Immediate", Boolean, None).mask(0x2);
    DELIVERY_TAG = field("amqp.method.arguments.delivery_tag", "Delivery-Tag", Uint64, Dec);
    REDELIVERED = field("amqp.method.arguments.redelivered", "Redelivered", Boolean, None).mask(0x1);
    CLUSTER_ID = field("amqp.method.arguments.cluster_id", "Cluster-Id", String, None);
    MULTIPLE = field("amqp.method.arguments.multiple", "Multiple", Boolean, None).mask(0x1);
    REQUEUE = field("amqp.method.arguments.requeue", "Requeue", Boolean, None).mask(0x1);
    HEADER_CLASS = field("amqp.header.class", "Class ID", Uint16, Dec).names(Names::Values(CLASSES));
    HEADER_WEIGHT = field("amqp.header.weight", "Weight", Uint16, Dec);
    HEADER_BODY_SIZE = field("amqp.header.body-size", "Body size", Uint64, Dec);
    HEADER_FLAGS = field("amqp.header.property-flags", "Property flags", Uint16, Hex);
    HEADER_PROPERTIES = field("amqp.header.properties", "Properties", None, None);
    PROP_CONTENT_TYPE = field("amqp.method.properties.content_type", "Content-Type", String, None);
    PROP_CONTENT_ENCODING = field("amqp.method.properties.content_encoding", "Content-Encoding", String, None);
    PROP_HEADERS = field("amqp.method.properties.headers", "Headers", None, None);
    PROP_DELIVERY_MODE = field("amqp.method.properties.delivery_mode", "Delivery-Mode", Uint8, Dec);
    PROP_PRIORITY = field("amqp.method.properties.priority", "Priority", Uint8, Dec);
    PROP_CORRELATION_ID = field("amqp.method.properties.correlation_id", "Correlation-Id", String, None);
    PROP_REPLY_TO = field("amqp.method.properties.reply_to", "Reply-To", String, None);
    PROP_EXPIRATION = field("amqp.method.properties.expiration", "Expiration", String, None);
    PROP_MESSAGE_ID = field("amqp.method.properties.message_id", "Message-Id", String, None);
    PROP_TIMESTAMP = field("amqp.method.properties.timestamp", "Timestamp", AbsoluteTime, None);
    PROP_TYPE = field("amqp.method.properties.type", "Type", String, None);
    PROP_USER_ID = field("amqp.method.properties.user_id", "User-Id", String, None);
    PROP_APP_ID = field("amqp.method.properties.app_id", "App-Id", String, None);
    PROP_CLUSTER_ID = field("amqp.method.properties.cluster_id", "Cluster-Id", String, None);
    PAYLOAD = field("amqp.payload", "Payload", Bytes, None);
}

const TYPES: &[(u64, &str)] = &[
    (METHOD_FRAME, "Method"),
    (HEADER_FRAME, "Content header"),
    (BODY_FRAME, "Content body"),
    (HEARTBEAT_FRAME, "Heartbeat"),
];
const METHOD_FRAME: u64 = 1;
const HEADER_FRAME: u64 = 2;
const BODY_FRAME: u64 = 3;
const HEARTBEAT_FRAME: u64 = 8;
const CLASSES: &[(u64, &str)] =
    &[(10, "Connection"), (20, "Channel"), (40, "Exchange"), (50, "Queue"), (60, "Basic"), (85, "Confirm"), (90, "Tx")];
/// How an argument is coded; flags that follow each other share octets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number(usize),
    Bit,
    Short,
    Long,
    Table,
}
/// An argument; a label names it in the Info column.
struct Arg {
    field: FieldId,
    kind: Kind,
    label: &'static str,
}
struct Method {
    class: u16,
    id: u16,
    name: &'static str,
    args: &'static [Arg],
}
/// AMQP 0-9-1, 1.
#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method { class: 10, id: 10, name: "Start", args: &[Arg { field: VERSION_MAJOR, kind: Kind::Number(1), label: "" }, Arg { field: VERSION_MINOR, kind: Kind::Number(1), label: "" }, Arg { field: SERVER_PROPERTIES, kind: Kind::Table, label: "" }, Arg { field: MECHANISMS, kind: Kind::Long, label: "" }, Arg { field: LOCALES, kind: Kind::Long, label: "" }] },
    Method { class: 10, id: 11, name: "Start-Ok", args: &[Arg { field: CLIENT_PROPERTIES, kind: Kind::Table, label: "" }, Arg { field: MECHANISM, kind: Kind::Short, label: "" }, Arg { field: RESPONSE, kind: Kind::Long, label: "" }, Arg { field: LOCALE, kind: Kind::Short, label: "" }] },
    Method { class: 10, id: 20, name: "Secure", args: &[Arg { field: CHALLENGE, kind: Kind::Long, label: "" }] },
    Method { class: 10, id: 21, name: "Secure-Ok", args: &[Arg { field: RESPONSE, kind: Kind::Long, label: "" }] },
    Method { class: 10, id: 30, name: "Tune", args: &[Arg { field: CHANNEL_MAX, kind: Kind::Number(2), label: "" }, Arg { field: FRAME_MAX, kind: Kind::Number(4), label: "" }, Arg { field: HEARTBEAT, kind: Kind::Number(2), label: "" }] },
    Method { class: 10, id: 31, name: "Tune-Ok", args: &[Arg { field: CHANNEL_MAX, kind: Kind::Number(2), label: "" }, Arg { field: FRAME_MAX, kind: Kind::Number(4), label: "" }, Arg { field: HEARTBEAT, kind: Kind::Number(2), label: "" }] },
    Method { class: 10, id: 40, name: "Open", args: &[Arg { field: VIRTUAL_HOST, kind: Kind::Short, label: "vhost" }, Arg { field: CAPABILITIES, kind: Kind::Short, label: "" }, Arg { field: INSIST, kind: Kind::Bit, label: "" }] },
    Method { class: 10, id: 41, name: "Open-Ok", args: &[Arg { field: KNOWN_HOSTS, kind: Kind::Short, label: "" }] },
    Method { class: 10, id: 50, name: "Close", args: &[Arg { field: REPLY_CODE, kind: Kind::Number(2), label: "" }, Arg { field: REPLY_TEXT, kind: Kind::Short, label: "reply" }, Arg { field: CLASS_ID, kind: Kind::Number(2), label: "" }, Arg { field: METHOD_ID, kind: Kind::Number(2), label: "" }] },
    Method { class: 10, id: 51, name: "Close-Ok", args: &[] },
    Method { class: 10, id: 60, name: "Blocked", args: &[Arg { field: REASON, kind: Kind::Short, label: "" }] },
    Method { class: 10, id: 61, name: "Unblocked", args: &[] },
    Method { class: 20, id: 10, name: "Open", args: &[Arg { field: OUT_OF_BAND, kind: Kind::Short, label: "" }] },
    Method { class: 20, id: 11, name: "Open-Ok", args: &[Arg { field: CHANNEL_ID, kind: Kind::Long, label: "" }] },
    Method { class: 20, id: 20, name: "Flow", args: &[Arg { field: ACTIVE, kind: Kind::Bit, label: "" }] },
    Method { class: 20, id: 21, name: "Flow-Ok", args: &[Arg { field: ACTIVE, kind: Kind::Bit, label: "" }] },
    Method { class: 20, id: 40, name: "Close", args: &[Arg { field: REPLY_CODE, kind: Kind::Number(2), label: "" }, Arg { field: REPLY_TEXT, kind: Kind::Short, label: "reply" }, Arg { field: CLASS_ID, kind: Kind::Number(2), label: "" }, Arg { field: METHOD_ID, kind: Kind::Number(2), label: "" }] },
    Method { class: 20, id: 41, name: "Close-Ok", args: &[] },
    Method { class: 40, id: 10, name: "Declare", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "x" }, Arg { field: TYPE, kind: Kind::Short, label: "" }, Arg { field: PASSIVE, kind: Kind::Bit, label: "" }, Arg { field: DURABLE, kind: Kind::Bit, label: "" }, Arg { field: AUTO_DELETE, kind: Kind::Bit, label: "" }, Arg { field: INTERNAL, kind: Kind::Bit, label: "" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }, Arg { field: ARGUMENTS, kind: Kind::Table, label: "" }] },
    Method { class: 40, id: 11, name: "Declare-Ok", args: &[] },
    Method { class: 40, id: 20, name: "Delete", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "x" }, Arg { field: IF_UNUSED, kind: Kind::Bit, label: "" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }] },
    Method { class: 40, id: 21, name: "Delete-Ok", args: &[] },
    Method { class: 40, id: 30, name: "Bind", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: DESTINATION, kind: Kind::Short, label: "dx" }, Arg { field: SOURCE, kind: Kind::Short, label: "sx" }, Arg { field: ROUTING_KEY, kind: Kind::Short, label: "bk" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }, Arg { field: ARGUMENTS, kind: Kind::Table, label: "" }] },
    Method { class: 40, id: 31, name: "Bind-Ok", args: &[] },
    Method { class: 50, id: 10, name: "Declare", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: PASSIVE, kind: Kind::Bit, label: "" }, Arg { field: DURABLE, kind: Kind::Bit, label: "" }, Arg { field: EXCLUSIVE, kind: Kind::Bit, label: "" }, Arg { field: AUTO_DELETE, kind: Kind::Bit, label: "" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }, Arg { field: ARGUMENTS, kind: Kind::Table, label: "" }] },
    Method { class: 50, id: 11, name: "Declare-Ok", args: &[Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: MESSAGE_COUNT, kind: Kind::Number(4), label: "" }, Arg { field: CONSUMER_COUNT, kind: Kind::Number(4), label: "" }] },
    Method { class: 50, id: 20, name: "Bind", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "x" }, Arg { field: ROUTING_KEY, kind: Kind::Short, label: "bk" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }, Arg { field: ARGUMENTS, kind: Kind::Table, label: "" }] },
    Method { class: 50, id: 21, name: "Bind-Ok", args: &[] },
    Method { class: 50, id: 30, name: "Purge", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }] },
    Method { class: 50, id: 31, name: "Purge-Ok", args: &[Arg { field: MESSAGE_COUNT, kind: Kind::Number(4), label: "" }] },
    Method { class: 50, id: 40, name: "Delete", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: IF_UNUSED, kind: Kind::Bit, label: "" }, Arg { field: IF_EMPTY, kind: Kind::Bit, label: "" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }] },
    Method { class: 50, id: 41, name: "Delete-Ok", args: &[Arg { field: MESSAGE_COUNT, kind: Kind::Number(4), label: "" }] },
    Method { class: 50, id: 50, name: "Unbind", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "x" }, Arg { field: ROUTING_KEY, kind: Kind::Short, label: "bk" }, Arg { field: ARGUMENTS, kind: Kind::Table, label: "" }] },
    Method { class: 50, id: 51, name: "Unbind-Ok", args: &[] },
    Method { class: 60, id: 10, name: "Qos", args: &[Arg { field: PREFETCH_SIZE, kind: Kind::Number(4), label: "" }, Arg { field: PREFETCH_COUNT, kind: Kind::Number(2), label: "" }, Arg { field: GLOBAL, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 11, name: "Qos-Ok", args: &[] },
    Method { class: 60, id: 20, name: "Consume", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: CONSUMER_TAG, kind: Kind::Short, label: "" }, Arg { field: NO_LOCAL, kind: Kind::Bit, label: "" }, Arg { field: NO_ACK, kind: Kind::Bit, label: "" }, Arg { field: EXCLUSIVE, kind: Kind::Bit, label: "" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }, Arg { field: FILTER, kind: Kind::Table, label: "" }] },
    Method { class: 60, id: 21, name: "Consume-Ok", args: &[Arg { field: CONSUMER_TAG, kind: Kind::Short, label: "" }] },
    Method { class: 60, id: 30, name: "Cancel", args: &[Arg { field: CONSUMER_TAG, kind: Kind::Short, label: "" }, Arg { field: NOWAIT, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 31, name: "Cancel-Ok", args: &[Arg { field: CONSUMER_TAG, kind: Kind::Short, label: "" }] },
    Method { class: 60, id: 40, name: "Publish", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "x" }, Arg { field: ROUTING_KEY, kind: Kind::Short, label: "rk" }, Arg { field: MANDATORY, kind: Kind::Bit, label: "" }, Arg { field: IMMEDIATE, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 50, name: "Return", args: &[Arg { field: REPLY_CODE, kind: Kind::Number(2), label: "" }, Arg { field: REPLY_TEXT, kind: Kind::Short, label: "" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "" }, Arg { field: ROUTING_KEY, kind: Kind::Short, label: "" }] },
    Method { class: 60, id: 60, name: "Deliver", args: &[Arg { field: CONSUMER_TAG, kind: Kind::Short, label: "" }, Arg { field: DELIVERY_TAG, kind: Kind::Number(8), label: "" }, Arg { field: REDELIVERED, kind: Kind::Bit, label: "" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "x" }, Arg { field: ROUTING_KEY, kind: Kind::Short, label: "rk" }] },
    Method { class: 60, id: 70, name: "Get", args: &[Arg { field: TICKET, kind: Kind::Number(2), label: "" }, Arg { field: QUEUE, kind: Kind::Short, label: "q" }, Arg { field: NO_ACK, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 71, name: "Get-Ok", args: &[Arg { field: DELIVERY_TAG, kind: Kind::Number(8), label: "" }, Arg { field: REDELIVERED, kind: Kind::Bit, label: "" }, Arg { field: EXCHANGE, kind: Kind::Short, label: "x" }, Arg { field: ROUTING_KEY, kind: Kind::Short, label: "rk" }, Arg { field: MESSAGE_COUNT, kind: Kind::Number(4), label: "" }] },
    Method { class: 60, id: 72, name: "Get-Empty", args: &[Arg { field: CLUSTER_ID, kind: Kind::Short, label: "" }] },
    Method { class: 60, id: 80, name: "Ack", args: &[Arg { field: DELIVERY_TAG, kind: Kind::Number(8), label: "" }, Arg { field: MULTIPLE, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 90, name: "Reject", args: &[Arg { field: DELIVERY_TAG, kind: Kind::Number(8), label: "" }, Arg { field: REQUEUE, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 100, name: "Recover-Async", args: &[Arg { field: REQUEUE, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 110, name: "Recover", args: &[Arg { field: REQUEUE, kind: Kind::Bit, label: "" }] },
    Method { class: 60, id: 111, name: "Recover-Ok", args: &[] },
    Method { class: 60, id: 120, name: "Nack", args: &[Arg { field: DELIVERY_TAG, kind: Kind::Number(8), label: "" }, Arg { field: MULTIPLE, kind: Kind::Bit, label: "" }, Arg { field: REQUEUE, kind: Kind::Bit, label: "" }] },
    Method { class: 85, id: 10, name: "Select", args: &[Arg { field: NOWAIT, kind: Kind::Bit, label: "" }] },
    Method { class: 85, id: 11, name: "Select-Ok", args: &[] },
    Method { class: 90, id: 10, name: "Select", args: &[] },
    Method { class: 90, id: 11, name: "Select-Ok", args: &[] },
    Method { class: 90, id: 20, name: "Commit", args: &[] },
    Method { class: 90, id: 21, name: "Commit-Ok", args: &[] },
    Method { class: 90, id: 30, name: "Rollback", args: &[] },
    Method { class: 90, id: 31, name: "Rollback-Ok", args: &[] },
];
/// The properties of a content header, from the highest bit of its flags on.
const PROPERTIES: &[(FieldId, Kind)] = &[
    (PROP_CONTENT_TYPE, Kind::Short),
    (PROP_CONTENT_ENCODING, Kind::Short),
    (PROP_HEADERS, Kind::Table),
    (PROP_DELIVERY_MODE, Kind::Number(1)),
    (PROP_PRIORITY, Kind::Number(1)),
    (PROP_CORRELATION_ID, Kind::Short),
    (PROP_REPLY_TO, Kind::Short),
    (PROP_EXPIRATION, Kind::Short),
    (PROP_MESSAGE_ID, Kind::Short),
    (PROP_TIMESTAMP, Kind::Number(8)),
    (PROP_TYPE, Kind::Short),
    (PROP_USER_ID, Kind::Short),
    (PROP_APP_ID, Kind::Short),
    (PROP_CLUSTER_ID, Kind::Short),
];
/// Media types whose bodies are taken apart.
const MEDIA_TYPES: &[&str] = &["application/json", "text/plain", "application/xml", "text/xml"];
const PORT: u16 = 5672;
const HEADER_LEN: usize = 7;
/// The octets of a frame around its content, with the one that ends it.
const FRAME_LEN: usize = HEADER_LEN + 1;
const BEGINNING: &[u8] = b"AMQP";
/// How long a frame may be that is put together.
const MAX_LENGTH: usize = 16 << 20;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Json, ProtoId::Lines, ProtoId::Xml],
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003000000000400600000a0000010a000002c351162800000001000000015018ffff00000000414d515000000901",
            "4500004600000000400600000a0000010a000002c351162800000009000000015018ffff0000000001000100000016000a000a000000000000000000026162000000026162ce",
            "4500004200000000400600000a0000010a000002c351162800000027000000015018ffff0000000001000100000012000a000b0000000001780000000261620178ce",
            "4500003a00000000400600000a0000010a000002c351162800000041000000015018ffff000000000100010000000a000a0014000000026162ce",
            "4500003c00000000400600000a0000010a000002c351162800000053000000015018ffff000000000100010000000c000a001e0000000000000000ce",
            "4500003900000000400600000a0000010a000002c351162800000067000000015018ffff0000000001000100000009000a00280178017800ce",
            "4500003600000000400600000a0000010a000002c351162800000078000000015018ffff0000000001000100000006000a00290178ce",
            "4500003c00000000400600000a0000010a000002c351162800000086000000015018ffff000000000100010000000c000a00320000017800000000ce",
            "4500003600000000400600000a0000010a000002c35116280000009a000000015018ffff0000000001000100000006000a003c0178ce",
            "4500003600000000400600000a0000010a000002c3511628000000a8000000015018ffff00000000010001000000060014000a0178ce",
            "4500003a00000000400600000a0000010a000002c3511628000000b6000000015018ffff000000000100010000000a0014000b000000026162ce",
            "4500003500000000400600000a0000010a000002c3511628000000c8000000015018ffff00000000010001000000050014001400ce",
            "4500003f00000000400600000a0000010a000002c3511628000000d5000000015018ffff000000000100010000000f0028000a0000017801780000000000ce",
            "4500003900000000400600000a0000010a000002c3511628000000ec000000015018ffff0000000001000100000009002800140000017800ce",
            "4500004100000000400600000a0000010a000002c3511628000000fd000000015018ffff00000000010001000000110028001e00000178017801780000000000ce",
            "4500003d00000000400600000a0000010a000002c351162800000116000000015018ffff000000000100010000000d0032000a000001780000000000ce",
            "4500003e00000000400600000a0000010a000002c35116280000012b000000015018ffff000000000100010000000e0032000b01780000000000000000ce",
            "4500003900000000400600000a0000010a000002c351162800000141000000015018ffff0000000001000100000009003200280000017800ce",
            "4500003b00000000400600000a0000010a000002c351162800000152000000015018ffff000000000100010000000b003c000a00000000000000ce",
            "4500003f00000000400600000a0000010a000002c351162800000165000000015018ffff000000000100010000000f003c00140000017801780000000000ce",
            "4500003b00000000400600000a0000010a000002c35116280000017c000000015018ffff000000000100010000000b003c002800000178017800ce",
            "4500004300000000400600000a0000010a000002c35116280000018f000000015018ffff0000000001000100000013003c003c017800000000000000000001780178ce",
            "4500003600000000400600000a0000010a000002c3511628000001aa000000015018ffff0000000001000100000006003c00480178ce",
            "4500003d00000000400600000a0000010a000002c3511628000001b8000000015018ffff000000000100010000000d003c0050000000000000000000ce",
            "4500003d00000000400600000a0000010a000002c3511628000001cd000000015018ffff000000000100010000000d003c005a000000000000000000ce",
            "4500006f00000000400600000a0000010a000002c3511628000001e2000000015018ffff000000000200010000003f003c00000000000000000002fffc106170706c69636174696f6e2f6a736f6e0178000000000101017801780178017800000000000000010178017801780178ce",
            "4500003200000000400600000a0000010a000002c351162800000229000000015018ffff00000000030001000000027b7dce",
        ],
    }],
    ..Protocol::new(ProtoId::Amqp, "AMQP", &[Binding::TcpPort(PORT)], dissect)
};

fn framing(stream: &[u8]) -> Framing {
    if stream.starts_with(BEGINNING) {
        return Framing::Message(8);
    }
    match *stream {
        [_, _, _, a, b, c, d, ..] => match u32::from_be_bytes([a, b, c, d]) as usize {
            len if len <= MAX_LENGTH => Framing::Message(FRAME_LEN + len),
            _ => Framing::Foreign,
        },
        _ => Framing::More(HEADER_LEN - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("AMQP");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    if tvb.bytes().starts_with(BEGINNING) {
        let version = tvb.array::<4>(4)?;
        let text = match version {
            [1, 1, 0, 10] => "Protocol-Header 0-10 ",
            [1, 1, 0, 9] => "Protocol-Header 1-0-9",
            [0, 0, 9, 1] => "Protocol-Header 0-9-1",
            [0 | 3, 1, 0, 0] => "Protocol-Header 1-0-0 ",
            _ => "AMQP (unknown version)",
        };
        d.append_info(|| text.to_owned());
        d.add(INIT_PROTOCOL, tvb, 0, 4, Value::Text);
        d.uint(INIT_ID_MAJOR, tvb, 4, 1)?;
        d.uint(INIT_ID_MINOR, tvb, 5, 1)?;
        d.uint(INIT_VERSION_MAJOR, tvb, 6, 1)?;
        d.uint(INIT_VERSION_MINOR, tvb, 7, 1)?;
        d.close();
        return Ok(());
    }
    let kind = d.uint(FRAME_TYPE, tvb, 0, 1)?;
    let channel = d.uint(CHANNEL, tvb, 1, 2)?;
    let len = d.uint(LENGTH, tvb, 3, 4)? as usize;
    let content = tvb.sub(HEADER_LEN, len);
    match kind {
        METHOD_FRAME => method(d, content)?,
        HEADER_FRAME => header(d, content, channel)?,
        BODY_FRAME => return body(d, content, channel),
        HEARTBEAT_FRAME => d.append_info(|| "Heartbeat ".to_owned()),
        _ => {}
    }
    d.close();
    Ok(())
}

fn method<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (class, id) = (tvb.u16(0)?, tvb.u16(2)?);
    d.uint(CLASS, tvb, 0, 2)?;
    let method = METHODS.iter().find(|row| (row.class, row.id) == (class, id));
    let item = d.add(METHOD, tvb, 2, 2, Value::Uint(id.into()));
    let Some(method) = method else { return Ok(()) };
    d.text(item, || format!("Method: {} ({id})", method.name));
    let class = Names::Values(CLASSES).of(class.into()).unwrap_or_default();
    d.append_info(|| format!("{class}.{} ", method.name));
    d.open(ARGUMENT_LIST, tvb, 4, tvb.reported().saturating_sub(4), Value::None);
    let (mut at, mut bit) = (4, 0);
    for arg in method.args {
        if arg.kind != Kind::Bit && bit > 0 {
            (at, bit) = (at + 1, 0);
        }
        if arg.kind == Kind::Bit {
            let set = tvb.u8(at)? >> bit & 1;
            d.add(arg.field, tvb, at, 1, Value::Uint(set.into()));
            bit += 1;
            continue;
        }
        at = argument(d, arg.field, arg.kind, arg.label, tvb, at)?;
    }
    d.close();
    Ok(())
}

/// Shows what stands at `at`; answers where the next begins.
fn argument<'a>(
    d: &mut Dissector<'a>,
    field: FieldId,
    kind: Kind,
    label: &str,
    tvb: Tvb<'a>,
    at: usize,
) -> Result<usize, Stop> {
    Ok(match kind {
        Kind::Number(width) => {
            d.uint(field, tvb, at, width)?;
            at + width
        }
        Kind::Bit => at + 1,
        Kind::Short => {
            let len = usize::from(tvb.u8(at)?);
            let text = tvb.slice(at + 1, len)?;
            d.add(field, tvb, at + 1, len, Value::Text);
            if !label.is_empty() {
                d.append_info(|| format!("{label}={} ", String::from_utf8_lossy(text)));
            }
            at + 1 + len
        }
        Kind::Long => {
            let len = tvb.u32(at)? as usize;
            tvb.exact(at + 4, len)?;
            d.bytes(field, tvb, at + 4, len);
            at + 4 + len
        }
        Kind::Table => {
            let len = tvb.u32(at)? as usize;
            tvb.exact(at + 4, len)?;
            d.add(field, tvb, at, 4 + len, Value::None);
            at + 4 + len
        }
    })
}

fn header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, channel: u64) -> Parsed {
    d.append_info(|| "Content-Header ".to_owned());
    d.uint(HEADER_CLASS, tvb, 0, 2)?;
    d.uint(HEADER_WEIGHT, tvb, 2, 2)?;
    d.uint(HEADER_BODY_SIZE, tvb, 4, 8)?;
    let flags = d.uint(HEADER_FLAGS, tvb, 12, 2)?;
    let mut media_type = 0;
    if flags & 0x8000 != 0 {
        let len = usize::from(tvb.u8(14)?);
        let name = bindings::media_type_name(tvb.slice(15, len)?);
        media_type = MEDIA_TYPES.iter().position(|known| *known == name).map_or(0, |place| place as u64 + 1);
    }
    stage::step_of(d, ProtoId::Amqp, channel, |_| media_type);
    d.open(HEADER_PROPERTIES, tvb, 14, tvb.reported().saturating_sub(14), Value::None);
    let mut at = 14;
    for (place, (field, kind)) in PROPERTIES.iter().enumerate() {
        if flags << place & 0x8000 == 0 {
            continue;
        }
        if *field == PROP_TIMESTAMP {
            let seconds = tvb.u64(at)?.cast_signed();
            d.add(*field, tvb, at, 8, Value::Time(seconds.saturating_mul(1_000_000_000)));
            at += 8;
            continue;
        }
        let label = if *field == PROP_CONTENT_TYPE { "type" } else { "" };
        at = argument(d, *field, *kind, label, tvb, at)?;
    }
    d.close();
    Ok(())
}

fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, channel: u64) -> Parsed {
    d.append_info(|| "Content-Body ".to_owned());
    d.bytes(PAYLOAD, tvb, 0, tvb.reported());
    d.close();
    let known = stage::step_of(d, ProtoId::Amqp, channel, |known| known);
    let name = known.checked_sub(1).and_then(|place| MEDIA_TYPES.get(place as usize));
    if let Some((name, child)) = name.and_then(|name| Some((*name, bindings::by_media_type(name)?))) {
        let outer = std::mem::replace(&mut d.media_type, name.as_bytes());
        d.call(child, tvb);
        d.media_type = outer;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_say_their_length() {
        assert_eq!(framing(b"AMQP\0\0\x09\x01"), Framing::Message(8));
        assert_eq!(framing(&[8, 0, 0, 0, 0, 0, 0]), Framing::Message(8));
        assert_eq!(framing(&[8, 0]), Framing::More(5));
        assert_eq!(framing(&[1, 0, 0, 0xff, 0, 0, 0]), Framing::Foreign);
    }
}
