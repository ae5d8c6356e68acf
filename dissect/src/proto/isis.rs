//! IS-IS (ISO/IEC 10589; RFC 1195, RFC 5301 to 5308): hellos, link state PDUs and sequence numbers of routers.

use std::borrow::Cow;

use crate::bindings::Binding;
use crate::dissector::{Dissector, Item};
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

const SET: Names = Names::Flag("Set", "Not set");

fields! { Isis, "isis", "ISO 10589 ISIS InTRA Domain Routeing Information Exchange Protocol";
    IRPD = field("isis.irpd", "Intradomain Routing Protocol Discriminator", Uint8, Hex).names(Names::Values(NLPIDS));
    LEN = field("isis.len", "Length Indicator", Uint8, Dec);
    VERSION = field("isis.version", "Version/Protocol ID Extension", Uint8, Dec);
    SYSID_LEN = field("isis.sysid_len", "ID Length", Uint8, Dec);
    TYPE_RESERVED = field("isis.type.reserved", "Reserved", Uint8, Hex).mask(0xe0);
    TYPE = field("isis.type", "PDU Type", Uint8, Dec).names(Names::Values(TYPES)).mask(0x1f);
    VERSION2 = field("isis.version2", "Version", Uint8, Dec);
    RESERVED = field("isis.reserved", "Reserved", Uint8, Dec);
    MAX_AREA_ADR = field("isis.max_area_adr", "Maximum Area Addresses", Uint8, Dec);
    HELLO = field("isis.hello", "ISIS HELLO", None, None);
    HELLO_CIRCUIT_TYPE = field("isis.hello.circuit_type", "Circuit type", Uint8, Hex).names(Names::Values(CIRCUITS)).mask(0x03);
    HELLO_RESERVED = field("isis.hello.reserved", "Reserved", Uint8, Hex).mask(0xfc);
    HELLO_SOURCE_ID = field("isis.hello.source_id", "SystemID {Sender of PDU}", String, None);
    HELLO_HOLDING_TIMER = field("isis.hello.holding_timer", "Holding timer", Uint16, Dec);
    HELLO_PDU_LENGTH = field("isis.hello.pdu_length", "PDU length", Uint16, Dec);
    HELLO_PRIORITY = field("isis.hello.priority", "Priority", Uint8, Dec).mask(0x7f);
    HELLO_LAN_ID = field("isis.hello.lan_id", "SystemID {Designated IS}", String, None);
    HELLO_LOCAL_CIRCUIT_ID = field("isis.hello.local_circuit_id", "Local circuit ID", Uint8, Dec);
    HELLO_CLV_TYPE = field("isis.hello.clv.type", "Type", Uint8, Dec);
    HELLO_CLV_LENGTH = field("isis.hello.clv.length", "Length", Uint8, Dec);
    HELLO_AREA_ADDRESS = field("isis.hello.area_address", "Area address", Bytes, None);
    HELLO_IS_NEIGHBOR = field("isis.hello.is_neighbor", "IS Neighbor", Ether, None);
    HELLO_NLPID = field("isis.hello.clv_nlpid.nlpid", "NLPID", Uint8, Hex);
    HELLO_IPV4 = field("isis.hello.clv_ipv4_int_addr", "IPv4 interface address", Ipv4, None);
    HELLO_IPV6 = field("isis.hello.clv_ipv6_int_addr", "IPv6 interface address", Ipv6, None);
    HELLO_RESTART_FLAGS = field("isis.hello.clv_restart_flags", "Restart Signaling Flags", Uint8, Hex);
    HELLO_RESTART_SA = field("isis.hello.clv_restart_flags.sa", "Suppress Adjacency", Boolean, None).mask(0x04);
    HELLO_RESTART_RA = field("isis.hello.clv_restart_flags.ra", "Restart Acknowledgment", Boolean, None).mask(0x02);
    HELLO_RESTART_RR = field("isis.hello.clv_restart_flags.rr", "Restart Request", Boolean, None).mask(0x01);
    HELLO_ADJACENCY_STATE = field("isis.hello.adjacency_state", "Adjacency State", Uint8, Dec).names(Names::Values(ADJACENCY));
    HELLO_EXTENDED_LOCAL_CIRCUIT_ID = field("isis.hello.extended_local_circuit_id", "Extended Local circuit ID", Uint32, Hex);
    HELLO_NEIGHBOR_SYSTEMID = field("isis.hello.neighbor_systemid", "Neighbor SystemID", String, None);
    HELLO_NEIGHBOR_CIRCUIT = field("isis.hello.neighbor_extended_local_circuit_id", "Neighbor Extended Local circuit ID", Uint32, Hex);
    LSP = field("isis.lsp", "ISO 10589 ISIS Link State Protocol Data Unit", None, None);
    LSP_PDU_LENGTH = field("isis.lsp.pdu_length", "PDU length", Uint16, Dec);
    LSP_REMAINING_LIFE = field("isis.lsp.remaining_life", "Remaining lifetime", Uint16, Dec);
    LSP_LSP_ID = field("isis.lsp.lsp_id", "LSP-ID", String, None);
    LSP_SEQUENCE_NUMBER = field("isis.lsp.sequence_number", "Sequence number", Uint32, Hex);
    LSP_CHECKSUM = field("isis.lsp.checksum", "Checksum", Uint16, Hex);
    LSP_CHECKSUM_STATUS = field("isis.lsp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(super::ip::CHECKSUM_STATUSES));
    LSP_BAD_CHECKSUM = expert("isis.lsp.bad_checksum", "Bad checksum", Error, Checksum);
    LSP_PARTITION_REPAIR = field("isis.lsp.partition_repair", "Partition Repair", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x80);
    LSP_ATT = field("isis.lsp.att", "Attachment", Uint8, Dec).mask(0x78);
    LSP_ERROR_METRIC = field("isis.lsp.error_metric", "Error metric", Boolean, None).names(SET).mask(0x08);
    LSP_EXPENSE_METRIC = field("isis.lsp.expense_metric", "Expense metric", Boolean, None).names(SET).mask(0x04);
    LSP_DELAY_METRIC = field("isis.lsp.delay_metric", "Delay metric", Boolean, None).names(SET).mask(0x02);
    LSP_DEFAULT_METRIC = field("isis.lsp.default_metric", "Default metric", Boolean, None).names(SET).mask(0x01);
    LSP_OVERLOAD = field("isis.lsp.overload", "Overload bit", Boolean, None).names(SET).mask(0x04);
    LSP_IS_TYPE = field("isis.lsp.is_type", "Type of Intermediate System", Uint8, Dec).names(Names::Values(IS_TYPES)).mask(0x03);
    LSP_CLV_TYPE = field("isis.lsp.clv.type", "Type", Uint8, Dec);
    LSP_CLV_LENGTH = field("isis.lsp.clv.length", "Length", Uint8, Dec);
    LSP_AREA_ADDRESS = field("isis.lsp.area_address", "Area address", Bytes, None);
    LSP_NLPID = field("isis.lsp.clv_nlpid.nlpid", "NLPID", Uint8, Hex);
    LSP_HOSTNAME = field("isis.lsp.hostname", "Hostname", String, None);
    LSP_IPV4 = field("isis.lsp.clv_ipv4_int_addr", "IPv4 interface address", Ipv4, None);
    LSP_IPV6 = field("isis.lsp.clv_ipv6_int_addr", "IPv6 interface address", Ipv6, None);
    LSP_ROUTER_ID = field("isis.lsp.clv_te_router_id", "Traffic Engineering Router ID", Ipv4, None);
    LSP_IP_REACH_PREFIX = field("isis.lsp.ip_reachability.ipv4_prefix", "IPv4 prefix", Ipv4, None);
    LSP_IP_REACH_DEFAULT_METRIC = field("isis.lsp.ip_reachability.default_metric", "Default Metric", Uint8, Dec).mask(0x3f);
    LSP_EXT_IP_METRIC = field("isis.lsp.ext_ip_reachability.metric", "Metric", Uint32, Dec);
    LSP_EXT_IP_DISTRIBUTION = field("isis.lsp.ext_ip_reachability.distribution", "Distribution", Boolean, None).names(Names::Flag("Down", "Up")).mask(0x80);
    LSP_EXT_IP_PREFIX_LENGTH = field("isis.lsp.ext_ip_reachability.prefix_length", "Prefix Length", Uint8, Dec).mask(0x3f);
    LSP_EXT_IP_PREFIX = field("isis.lsp.ext_ip_reachability.ipv4_prefix", "IPv4 prefix", Ipv4, None);
    LSP_IS_NEIGHBOR = field("isis.lsp.eis_neighbors.is_neighbor", "IS Neighbor", String, None);
    LSP_IS_DEFAULT_METRIC = field("isis.lsp.eis_neighbors.default_metric", "Default Metric", Uint8, Dec).mask(0x3f);
    LSP_EXT_IS_NEIGHBOR = field("isis.lsp.ext_is_reachability.is_neighbor_id", "IS neighbor ID", String, None);
    LSP_EXT_IS_METRIC = field("isis.lsp.ext_is_reachability.metric", "Metric", Uint24, Dec);
    LSP_EXT_IS_SUBCLVS = field("isis.lsp.ext_is_reachability.subclvs_length", "SubCLV Length", Uint8, Dec);
    CSNP = field("isis.csnp", "ISO 10589 ISIS Complete Sequence Numbers Protocol Data Unit", None, None);
    CSNP_PDU_LENGTH = field("isis.csnp.pdu_length", "PDU length", Uint16, Dec);
    CSNP_SOURCE_ID = field("isis.csnp.source_id", "Source-ID", String, None);
    CSNP_SOURCE_CIRCUIT = field("isis.csnp.source_circuit", "Source-ID-Circuit", Bytes, None);
    CSNP_START_LSP_ID = field("isis.csnp.start_lsp_id", "Start LSP-ID", String, None);
    CSNP_END_LSP_ID = field("isis.csnp.end_lsp_id", "End LSP-ID", String, None);
    CSNP_CLV_TYPE = field("isis.csnp.clv.type", "Type", Uint8, Dec);
    CSNP_CLV_LENGTH = field("isis.csnp.clv.length", "Length", Uint8, Dec);
    CSNP_LSP_ID = field("isis.csnp.lsp_id", "LSP-ID", String, None);
    CSNP_LSP_SEQ_NUM = field("isis.csnp.lsp_seq_num", "LSP Sequence Number", Uint32, Hex);
    CSNP_LSP_REMAIN_LIFE = field("isis.csnp.lsp_remain_life", "Remaining Lifetime", Uint16, Dec);
    CSNP_LSP_CHECKSUM = field("isis.csnp.lsp_checksum", "LSP checksum", Uint16, Hex);
    PSNP = field("isis.psnp", "ISO 10589 ISIS Partial Sequence Numbers Protocol Data Unit", None, None);
    PSNP_PDU_LENGTH = field("isis.psnp.pdu_length", "PDU length", Uint16, Dec);
    PSNP_SOURCE_ID = field("isis.psnp.source_id", "Source-ID", String, None);
    PSNP_SOURCE_CIRCUIT = field("isis.psnp.source_circuit", "Source-ID-Circuit", Bytes, None);
    PSNP_CLV_TYPE = field("isis.psnp.clv.type", "Type", Uint8, Dec);
    PSNP_CLV_LENGTH = field("isis.psnp.clv.length", "Length", Uint8, Dec);
    LENGTH_INDICATOR_TOO_SMALL = expert("isis.length_indicator_too_small", "ISIS length indicator value smaller than the fixed length header size", Error, Malformed);
    VERSION_UNKNOWN = expert("isis.version.unknown", "Unknown ISIS version", Warning, Protocol);
    VERSION2_NOT_ONE = expert("isis.version2.notone", "Version must be 1", Warning, Protocol);
    RESERVED_NOT_ZERO = expert("isis.reserved.notzero", "Reserved must be 0", Warning, Protocol);
    TYPE_UNKNOWN = expert("isis.type.unknown", "Unknown ISIS packet type", Warning, Protocol);
}

/// Network layer protocol identifiers of ISO (ISO/IEC TR 9577).
const NLPIDS: &[(u64, &str)] = &[(0x81, "CLNP"), (0x82, "ESIS"), (0x83, "ISIS")];
const ISIS: u8 = 0x83;
/// What GRE has in place of an EtherType for ISO's protocols.
const GRE_OSI: u16 = 0x00fe;
const TYPES: &[(u64, &str)] = &[
    (15, "L1 HELLO"),
    (16, "L2 HELLO"),
    (17, "P2P HELLO"),
    (18, "L1 LSP"),
    (20, "L2 LSP"),
    (24, "L1 CSNP"),
    (25, "L2 CSNP"),
    (26, "L1 PSNP"),
    (27, "L2 PSNP"),
];
const P2P_HELLO: u8 = 17;
const CIRCUITS: &[(u64, &str)] =
    &[(0, "Reserved 0 (discard PDU)"), (1, "Level 1 only"), (2, "Level 2 only"), (3, "Level 1 and 2")];
const IS_TYPES: &[(u64, &str)] =
    &[(0, "Unused 0x0 (invalid)"), (1, "Level 1"), (2, "Unused 0x2 (invalid)"), (3, "Level 2")];
const ADJACENCY: &[(u64, &str)] = &[(0, "Up"), (1, "Initializing"), (2, "Down")];
/// How many octets the part of the header has that all PDUs share.
const COMMON_LEN: usize = 8;
/// RFC 1195, 5.2: what an identifier length of 0 stands for; 255 is none at all.
const DEFAULT_ID_LEN: usize = 6;
/// How many options of a PDU are read: a PDU of 1500 octets cannot hold as many.
const MAX_OPTIONS: usize = 1024;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[
        Sample {
            link_type: 104,
            frames: &[
                // A hello of a pair, with what it may say.
                "8f00 fefe 00 83 14 01 00 11 01 00 00  03 111111111111 001e 004b 00  d303000000 f00f00 00000001 222222222222 00000002  8101cc 010403490001 84040a000001 e810fe800000000000000000000000000001",
                // A link state.
                "8f00 fefe 00 83 1b 01 00 12 01 00 00  0079 04b0 1111111111110000 00000007 1da9 03  010403490001 8101cc 89025231 84040a000001 e810fe800000000000000000000000000001 86040a000009 800c0a8080800a000000fffffffc 8708 0000000a 18 0a0001 020c000a0a0a0a22222222222200 160b 22222222222200 00000a 00",
                "8f00 fefe 00 83 21 01 00 18 01 00 00  0043 111111111111 00 0000000000000000 ffffffffffffffff  0910 04af 2222222222220000 00000005 1234",
                "8f00 fefe 00 83 11 01 00 1a 01 00 00  0023 111111111111 00  0910 04af 2222222222220000 00000005 1234",
                "8f00 fefe 00 83 05 02 00 1f 02 01 00",
            ],
        },
        Sample {
            link_type: 1,
            frames: &[
                "0180c2000014 020000000001 0026 fefe03 83 1b 01 00 0f 01 00 00  01 222222222222 001e 0023 40 22222222222201  0606 020000000002",
            ],
        },
    ],
    ..Protocol::new(
        ProtoId::Isis,
        "ISIS",
        &[Binding::LlcSap(0xfe), Binding::PppProtocol(0x0023), Binding::EtherType(GRE_OSI)],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.layer("osi");
    let discriminator = tvb.u8(0)?;
    if discriminator != ISIS {
        let name = Names::Values(NLPIDS).of(discriminator.into());
        d.set_protocol(name.as_deref().unwrap_or("OSI"));
        d.call(ProtoId::Data, tvb);
        return Ok(());
    }
    d.set_protocol("ISIS");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    d.uint(IRPD, tvb, 0, 1)?;
    let header = d.uint(LEN, tvb, 1, 1)? as usize;
    if header < COMMON_LEN {
        d.expert(LENGTH_INDICATOR_TOO_SMALL, tvb, 1, 1);
    }
    if d.uint(VERSION, tvb, 2, 1)? != 1 {
        d.expert(VERSION_UNKNOWN, tvb, 2, 1);
    }
    let id_len = match d.uint(SYSID_LEN, tvb, 3, 1)? {
        0 => DEFAULT_ID_LEN,
        255 => 0,
        len => len as usize,
    };
    let kind = tvb.u8(4)?;
    d.bits(TYPE_RESERVED, tvb, 4, 1, kind.into());
    d.bits(TYPE, tvb, 4, 1, kind.into());
    let kind = kind & 0x1f;
    if d.uint(VERSION2, tvb, 5, 1)? != 1 {
        d.expert(VERSION2_NOT_ONE, tvb, 5, 1);
    }
    if d.uint(RESERVED, tvb, 6, 1)? != 0 {
        d.expert(RESERVED_NOT_ZERO, tvb, 6, 1);
    }
    d.uint(MAX_AREA_ADR, tvb, 7, 1)?;
    let Some(title) = Names::Values(TYPES).of(kind.into()) else {
        d.set_info(|| format!("Unknown ISIS packet type ({kind})"));
        d.expert(TYPE_UNKNOWN, tvb, 4, 1);
        d.close();
        return Ok(());
    };
    let body = match kind {
        15..=17 => hello,
        18 | 20 => lsp,
        24 | 25 => csnp,
        _ => psnp,
    };
    let pdu = Pdu { kind, title, header, id_len };
    let parsed = d.within(|d| body(d, tvb, &pdu));
    d.close();
    parsed
}

/// What the common header says of a PDU.
struct Pdu {
    kind: u8,
    title: Cow<'static, str>,
    header: usize,
    id_len: usize,
}

/// An identifier as routers print it: groups of four digits, and what is behind six octets after further dots.
fn identifier(octets: &[u8]) -> String {
    let mut text = String::new();
    for (at, octet) in octets.iter().enumerate() {
        match at {
            0 => {}
            7 => text.push('-'),
            _ if at % 2 == 0 => text.push('.'),
            _ => {}
        }
        text += &format!("{octet:02x}");
    }
    text
}

fn add_identifier<'a>(
    d: &mut Dissector<'a>,
    field: FieldId,
    tvb: Tvb<'a>,
    at: usize,
    len: usize,
) -> Result<Item, Stop> {
    let octets = tvb.slice(at, len)?;
    Ok(match d.wants(field) {
        true => d.add(field, tvb, at, len, Value::String(identifier(octets).into())),
        false => Item::NONE,
    })
}

/// ISO/IEC 10589, 9.5 to 9.7.
fn hello<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pdu: &Pdu) -> Parsed {
    d.layer("isis.hello");
    d.set_protocol("ISIS HELLO");
    d.open(HELLO, tvb, COMMON_LEN, tvb.len().saturating_sub(COMMON_LEN), Value::None);
    let mut at = COMMON_LEN;
    let circuit = tvb.u8(at)?;
    d.bits(HELLO_CIRCUIT_TYPE, tvb, at, 1, circuit.into());
    d.bits(HELLO_RESERVED, tvb, at, 1, circuit.into());
    at += 1;
    let source = tvb.slice(at, pdu.id_len)?;
    d.set_info(|| format!("{}, System-ID: {}", pdu.title, identifier(source)));
    add_identifier(d, HELLO_SOURCE_ID, tvb, at, pdu.id_len)?;
    at += pdu.id_len;
    d.uint(HELLO_HOLDING_TIMER, tvb, at, 2)?;
    let len = d.uint(HELLO_PDU_LENGTH, tvb, at + 2, 2)? as usize;
    at += 4;
    if pdu.kind == P2P_HELLO {
        d.uint(HELLO_LOCAL_CIRCUIT_ID, tvb, at, 1)?;
        at += 1;
    } else {
        let priority = tvb.u8(at)?;
        d.bits(HELLO_PRIORITY, tvb, at, 1, priority.into());
        add_identifier(d, HELLO_LAN_ID, tvb, at + 1, pdu.id_len + 1)?;
        at += 2 + pdu.id_len;
    }
    options(d, tvb, at.max(pdu.header), len, HELLO_OPTIONS, pdu)
}

/// ISO/IEC 10589, 9.8.
fn lsp<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pdu: &Pdu) -> Parsed {
    d.layer("isis.lsp");
    d.set_protocol("ISIS LSP");
    d.open(LSP, tvb, COMMON_LEN, tvb.len().saturating_sub(COMMON_LEN), Value::None);
    let mut at = COMMON_LEN;
    let len = d.uint(LSP_PDU_LENGTH, tvb, at, 2)? as usize;
    let lifetime = d.uint(LSP_REMAINING_LIFE, tvb, at + 2, 2)?;
    at += 4;
    let id = tvb.slice(at, pdu.id_len + 2)?;
    add_identifier(d, LSP_LSP_ID, tvb, at, pdu.id_len + 2)?;
    at += pdu.id_len + 2;
    let sequence = d.uint(LSP_SEQUENCE_NUMBER, tvb, at, 4)?;
    d.set_info(|| {
        format!("{}, LSP-ID: {}, Sequence: 0x{sequence:08x}, Lifetime: {lifetime:5}s", pdu.title, identifier(id))
    });
    at += 4;
    d.uint(LSP_CHECKSUM, tvb, at, 2)?;
    // RFC 1195's checksum is that of ISO 8473: both sums over all from the identifier on are 0. Of a purged one it is 0.
    let status = match len.checked_sub(COMMON_LEN + 4).and_then(|n| tvb.slice(COMMON_LEN + 4, n).ok()) {
        Some(_) if tvb.u16(at)? == 0 => 3,
        Some(octets) if sums(octets) == (0, 0) => 1,
        Some(_) => 0,
        None => 2,
    };
    d.generated(LSP_CHECKSUM_STATUS, tvb, at, 2, Value::Uint(status));
    if status == 0 {
        d.expert(LSP_BAD_CHECKSUM, tvb, at, 2);
    }
    at += 2;
    let block = tvb.u8(at)?;
    d.open_text(tvb, at, 1, || {
        format!(
            "Type block(0x{block:02x}): Partition Repair:{}, Attached bits:{}, Overload bit:{}, IS type:{}",
            block >> 7,
            block >> 3 & 0xf,
            block >> 2 & 1,
            block & 3
        )
    });
    d.flag(LSP_PARTITION_REPAIR, tvb, at, 1, block.into());
    d.bits(LSP_ATT, tvb, at, 1, block.into());
    let attached = u64::from(block >> 3 & 0xf);
    for field in [LSP_ERROR_METRIC, LSP_EXPENSE_METRIC, LSP_DELAY_METRIC, LSP_DEFAULT_METRIC] {
        d.flag(field, tvb, at, 1, attached);
    }
    d.flag(LSP_OVERLOAD, tvb, at, 1, block.into());
    d.bits(LSP_IS_TYPE, tvb, at, 1, block.into());
    d.close();
    at += 1;
    options(d, tvb, at.max(pdu.header), len, LSP_OPTIONS, pdu)
}

/// The two sums of ISO 8473, Annex C.
fn sums(octets: &[u8]) -> (u32, u32) {
    octets.iter().fold((0, 0), |(a, b), octet| {
        let a = (a + u32::from(*octet)) % 255;
        (a, (a + b) % 255)
    })
}

/// ISO/IEC 10589, 9.9.
fn csnp<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pdu: &Pdu) -> Parsed {
    d.layer("isis.csnp");
    d.set_protocol("ISIS CSNP");
    d.open(CSNP, tvb, COMMON_LEN, tvb.len().saturating_sub(COMMON_LEN), Value::None);
    let mut at = COMMON_LEN;
    let len = d.uint(CSNP_PDU_LENGTH, tvb, at, 2)? as usize;
    at += 2;
    let source = tvb.slice(at, pdu.id_len + 1)?;
    add_identifier(d, CSNP_SOURCE_ID, tvb, at, pdu.id_len)?;
    at += pdu.id_len;
    d.bytes(CSNP_SOURCE_CIRCUIT, tvb, at, 1);
    at += 1;
    let first = tvb.slice(at, pdu.id_len + 2)?;
    add_identifier(d, CSNP_START_LSP_ID, tvb, at, pdu.id_len + 2)?;
    at += pdu.id_len + 2;
    let last = tvb.slice(at, pdu.id_len + 2)?;
    d.set_info(|| {
        let [source, first, last] = [source, first, last].map(identifier);
        format!("{}, Source-ID: {source}, Start LSP-ID: {first}, End LSP-ID: {last}", pdu.title)
    });
    add_identifier(d, CSNP_END_LSP_ID, tvb, at, pdu.id_len + 2)?;
    at += pdu.id_len + 2;
    options(d, tvb, at.max(pdu.header), len, CSNP_OPTIONS, pdu)
}

/// ISO/IEC 10589, 9.11.
fn psnp<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pdu: &Pdu) -> Parsed {
    d.layer("isis.psnp");
    d.set_protocol("ISIS PSNP");
    d.open(PSNP, tvb, COMMON_LEN, tvb.len().saturating_sub(COMMON_LEN), Value::None);
    let mut at = COMMON_LEN;
    let len = d.uint(PSNP_PDU_LENGTH, tvb, at, 2)? as usize;
    at += 2;
    let source = tvb.slice(at, pdu.id_len + 1)?;
    d.set_info(|| format!("{}, Source-ID: {}", pdu.title, identifier(source)));
    add_identifier(d, PSNP_SOURCE_ID, tvb, at, pdu.id_len)?;
    at += pdu.id_len;
    d.bytes(PSNP_SOURCE_CIRCUIT, tvb, at, 1);
    at += 1;
    options(d, tvb, at.max(pdu.header), len, PSNP_OPTIONS, pdu)
}

type Reader = for<'a> fn(&mut Dissector<'a>, Tvb<'a>, &Pdu) -> Parsed;

/// The options that a kind of PDU may have: number, name in the tree, what reads the value.
struct Options {
    kind: FieldId,
    length: FieldId,
    rows: &'static [(u8, &'static str, Reader)],
}

const HELLO_OPTIONS: &Options = &Options {
    kind: HELLO_CLV_TYPE,
    length: HELLO_CLV_LENGTH,
    rows: &[
        (1, "Area address(es)", |d, tvb, _| areas(d, tvb, HELLO_AREA_ADDRESS)),
        (6, "IS Neighbor(s)", |d, tvb, _| {
            each(d, tvb, 6, |d, tvb, at| Ok(d.add(HELLO_IS_NEIGHBOR, tvb, at, 6, Value::Ether(tvb.array(at)?))))
        }),
        (8, "Padding", nothing),
        (10, "Authentication", nothing),
        (129, "Protocols Supported", |d, tvb, _| protocols(d, tvb, HELLO_NLPID)),
        (132, "IP Interface address(es)", |d, tvb, _| ipv4(d, tvb, HELLO_IPV4)),
        (211, "Restart Signaling", restart),
        (232, "IPv6 Interface address(es)", |d, tvb, _| ipv6(d, tvb, HELLO_IPV6)),
        (240, "Point-to-point Adjacency State", adjacency),
    ],
};
const LSP_OPTIONS: &Options = &Options {
    kind: LSP_CLV_TYPE,
    length: LSP_CLV_LENGTH,
    rows: &[
        (1, "Area address(es)", |d, tvb, _| areas(d, tvb, LSP_AREA_ADDRESS)),
        (2, "IS Reachability", neighbours),
        (10, "Authentication", nothing),
        (14, "Originating LSP Buffer Size", nothing),
        (22, "Extended IS reachability", extended_neighbours),
        (128, "IP Internal reachability", reachability),
        (129, "Protocols supported", |d, tvb, _| protocols(d, tvb, LSP_NLPID)),
        (130, "IP External reachability", reachability),
        (132, "IP Interface address(es)", |d, tvb, _| ipv4(d, tvb, LSP_IPV4)),
        (134, "Traffic Engineering Router ID", |d, tvb, _| ipv4(d, tvb, LSP_ROUTER_ID)),
        (135, "Extended IP Reachability", extended_reachability),
        (137, "Hostname", |d, tvb, _| {
            d.string(LSP_HOSTNAME, tvb, 0, tvb.len());
            Ok(())
        }),
        (232, "IPv6 Interface address(es)", |d, tvb, _| ipv6(d, tvb, LSP_IPV6)),
    ],
};
const CSNP_OPTIONS: &Options = &Options {
    kind: CSNP_CLV_TYPE,
    length: CSNP_CLV_LENGTH,
    rows: &[(9, "LSP entries", entries), (10, "Authentication", nothing)],
};
const PSNP_OPTIONS: &Options = &Options {
    kind: PSNP_CLV_TYPE,
    length: PSNP_CLV_LENGTH,
    // Its entries are shown by the fields of a complete one.
    rows: &[(9, "LSP entries", entries), (10, "Authentication", nothing)],
};

/// Type, length, value (ISO/IEC 10589, 9.3), up to the end that the PDU names.
fn options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, from: usize, end: usize, table: &Options, pdu: &Pdu) -> Parsed {
    let mut at = from;
    for _ in 0..MAX_OPTIONS {
        if at >= end {
            break;
        }
        let kind = tvb.u8(at)?;
        let len = usize::from(tvb.u8(at + 1)?);
        let value = tvb.exact(at + 2, len)?;
        let row = table.rows.iter().find(|row| row.0 == kind);
        d.open_text(tvb, at, len + 2, || format!("{} (t={kind}, l={len})", row.map_or("Unknown code", |row| row.1)));
        d.uint(table.kind, tvb, at, 1)?;
        d.uint(table.length, tvb, at + 1, 1)?;
        if let Some(row) = row {
            row.2(d, value, pdu)?;
        }
        d.close();
        at += len + 2;
    }
    d.close();
    Ok(())
}

fn nothing<'a>(_: &mut Dissector<'a>, _: Tvb<'a>, _: &Pdu) -> Parsed {
    Ok(())
}

/// As many values of a fixed length as there are.
fn each<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    len: usize,
    mut add: impl FnMut(&mut Dissector<'a>, Tvb<'a>, usize) -> Result<Item, Stop>,
) -> Parsed {
    for at in (0..tvb.reported()).step_by(len.max(1)) {
        add(d, tvb, at)?;
    }
    Ok(())
}

fn areas<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        let len = usize::from(tvb.u8(at)?);
        let area = tvb.exact(at + 1, len)?;
        let item = d.add(field, area, 0, len, Value::Bytes);
        d.text(item, || {
            let digits = area.bytes().iter().map(|octet| format!("{octet:02x}"));
            let mut text = digits.collect::<Vec<_>>();
            if let Some(first) = text.first_mut()
                && len > 1
            {
                first.push('.');
            }
            format!("Area address ({len}): {}", text.concat())
        });
        at += len + 1;
    }
    Ok(())
}

fn protocols<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId) -> Parsed {
    each(d, tvb, 1, |d, tvb, at| {
        d.uint(field, tvb, at, 1)?;
        Ok(Item::NONE)
    })
}

fn ipv4<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId) -> Parsed {
    each(d, tvb, 4, |d, tvb, at| Ok(d.add(field, tvb, at, 4, Value::Ipv4(tvb.array(at)?))))
}

fn ipv6<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId) -> Parsed {
    each(d, tvb, 16, |d, tvb, at| Ok(d.add(field, tvb, at, 16, Value::Ipv6(tvb.array(at)?))))
}

/// RFC 5306, 3.
fn restart<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, _: &Pdu) -> Parsed {
    let flags = tvb.u8(0)?;
    d.open(HELLO_RESTART_FLAGS, tvb, 0, 1, Value::Uint(flags.into()));
    for field in [HELLO_RESTART_SA, HELLO_RESTART_RA, HELLO_RESTART_RR] {
        d.flag(field, tvb, 0, 1, flags.into());
    }
    d.close();
    Ok(())
}

/// RFC 5303, 3.1.
fn adjacency<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pdu: &Pdu) -> Parsed {
    d.uint(HELLO_ADJACENCY_STATE, tvb, 0, 1)?;
    if tvb.reported() >= 5 {
        d.uint(HELLO_EXTENDED_LOCAL_CIRCUIT_ID, tvb, 1, 4)?;
    }
    if tvb.reported() >= 5 + pdu.id_len {
        add_identifier(d, HELLO_NEIGHBOR_SYSTEMID, tvb, 5, pdu.id_len)?;
    }
    if tvb.reported() >= 9 + pdu.id_len {
        d.uint(HELLO_NEIGHBOR_CIRCUIT, tvb, 5 + pdu.id_len, 4)?;
    }
    Ok(())
}

/// ISO/IEC 10589, 9.8: a flag, then a metric of each kind and who is reached by it.
fn neighbours<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pdu: &Pdu) -> Parsed {
    let mut at = 1;
    while at < tvb.reported() {
        let metric = tvb.u8(at)?;
        add_identifier(d, LSP_IS_NEIGHBOR, tvb, at + 4, pdu.id_len + 1)?;
        d.bits(LSP_IS_DEFAULT_METRIC, tvb, at, 1, metric.into());
        at += 5 + pdu.id_len;
    }
    Ok(())
}

/// RFC 5305, 3.
fn extended_neighbours<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, _: &Pdu) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        add_identifier(d, LSP_EXT_IS_NEIGHBOR, tvb, at, 7)?;
        d.uint(LSP_EXT_IS_METRIC, tvb, at + 7, 3)?;
        let inner = d.uint(LSP_EXT_IS_SUBCLVS, tvb, at + 10, 1)? as usize;
        at += 11 + inner;
    }
    Ok(())
}

/// RFC 1195, 5.3: four metrics, an address and a mask.
fn reachability<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, _: &Pdu) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        let (metric, prefix, mask) = (tvb.u8(at)?, tvb.array(at + 4)?, tvb.u32(at + 8)?);
        let item = d.open(LSP_IP_REACH_PREFIX, tvb, at + 4, 4, Value::Ipv4(prefix));
        d.append_text(item, || format!("/{}", mask.leading_ones()));
        d.bits(LSP_IP_REACH_DEFAULT_METRIC, tvb, at, 1, metric.into());
        d.close();
        at += 12;
    }
    Ok(())
}

/// RFC 5305, 4: a prefix of as many octets as its length needs.
fn extended_reachability<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, _: &Pdu) -> Parsed {
    let mut at = 0;
    while at < tvb.reported() {
        d.uint(LSP_EXT_IP_METRIC, tvb, at, 4)?;
        let control = tvb.u8(at + 4)?;
        d.flag(LSP_EXT_IP_DISTRIBUTION, tvb, at + 4, 1, control.into());
        d.bits(LSP_EXT_IP_PREFIX_LENGTH, tvb, at + 4, 1, control.into());
        let len = usize::from(control & 0x3f).div_ceil(8);
        if len > 4 {
            return Err(Stop::Malformed);
        }
        let mut prefix = [0; 4];
        for (to, from) in prefix.iter_mut().zip(tvb.slice(at + 5, len)?) {
            *to = *from;
        }
        d.add(LSP_EXT_IP_PREFIX, tvb, at + 5, len, Value::Ipv4(prefix));
        at += 5 + len;
        if control & 0x40 != 0 {
            at += 1 + usize::from(tvb.u8(at)?);
        }
    }
    Ok(())
}

/// ISO/IEC 10589, 9.9: what is known of each link state.
fn entries<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, pdu: &Pdu) -> Parsed {
    each(d, tvb, 10 + pdu.id_len, |d, tvb, at| {
        d.uint(CSNP_LSP_REMAIN_LIFE, tvb, at, 2)?;
        add_identifier(d, CSNP_LSP_ID, tvb, at + 2, pdu.id_len + 2)?;
        d.uint(CSNP_LSP_SEQ_NUM, tvb, at + 4 + pdu.id_len, 4)?;
        d.uint(CSNP_LSP_CHECKSUM, tvb, at + 8 + pdu.id_len, 2)?;
        Ok(Item::NONE)
    })
}

#[cfg(test)]
mod tests {
    use super::{identifier, sums};
    use crate::tests::{frames, values};

    #[test]
    fn identifiers_are_printed_as_routers_do() {
        assert_eq!(identifier(&[0x11; 6]), "1111.1111.1111");
        assert_eq!(identifier(&[0x11; 7]), "1111.1111.1111.11");
        assert_eq!(identifier(&[0x11; 8]), "1111.1111.1111.11-11");
    }

    #[test]
    fn the_checksum_of_a_link_state_is_that_of_iso() {
        // Octets whose last two make both sums 0.
        assert_eq!(sums(&[1, 0xfd, 1]), (0, 0));
        assert_ne!(sums(&[1, 0xfd, 2]), (0, 0));
    }

    #[test]
    fn a_hello_says_who_sends_it_and_damage_is_told() {
        let shown = frames(
            104,
            &[
                "8f00 fefe 00 83 14 01 00 11 01 00 00 03 111111111111 001e 0017 00 8101cc",
                "8f00 fefe 00 83 14 01 00 11 01 00 00 03 111111111111 001e 0020 00 81ffcc",
                "8f00 fefe 00 83 04 01 00 1f 01 00 00",
                "8f00 fefe 00 81 04",
            ],
        );
        assert_eq!(values(&shown[0], "isis.hello.source_id"), "1111.1111.1111");
        assert_eq!(values(&shown[0], "frame.protocols"), "chdlc:osi:isis:isis.hello");
        assert!(values(&shown[1], "_ws.expert.message").contains("Malformed"));
        assert!(values(&shown[2], "_ws.expert.message").contains("Unknown ISIS packet type"));
        assert_eq!(values(&shown[3], "frame.protocols"), "chdlc:osi:data");
    }
}
