//! S7 communication: how Siemens' controllers are read, written and programmed, over X.224.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { S7comm, "s7comm", "S7 Communication";
    HEADER = field("s7comm.header", "Header", None, None);
    PROTID = field("s7comm.header.protid", "Protocol Id", Uint8, Hex);
    ROSCTR = field("s7comm.header.rosctr", "ROSCTR", Uint8, Dec).names(Names::Values(ROSCTRS));
    REDID = field("s7comm.header.redid", "Redundancy Identification (Reserved)", Uint16, Hex);
    PDUREF = field("s7comm.header.pduref", "Protocol Data Unit Reference", Uint16, Dec);
    PARLG = field("s7comm.header.parlg", "Parameter length", Uint16, Dec);
    DATLG = field("s7comm.header.datlg", "Data length", Uint16, Dec);
    ERRCLS = field("s7comm.header.errcls", "Error class", Uint8, Hex).names(Names::Values(ERROR_CLASSES));
    ERRCOD = field("s7comm.header.errcod", "Error code", Uint8, Hex);
    PARAM = field("s7comm.param", "Parameter", None, None);
    PARAM_ERRCOD = field("s7comm.param.errcod", "Error code", Uint16, Hex);
    FUNC = field("s7comm.param.func", "Function", Uint8, Hex).names(Names::Values(FUNCTIONS));
    SETUP_RESERVED = field("s7comm.param.setup_reserved1", "Reserved", Uint8, Hex);
    MAXAMQ_CALLING = field("s7comm.param.maxamq_calling", "Max AmQ (parallel jobs with ack) calling", Uint16, Dec);
    MAXAMQ_CALLED = field("s7comm.param.maxamq_called", "Max AmQ (parallel jobs with ack) called", Uint16, Dec);
    PDU_LENGTH = field("s7comm.param.pdu_length", "PDU length", Uint16, Dec);
    ITEMCOUNT = field("s7comm.param.itemcount", "Item count", Uint8, Dec);
    ITEM = field("s7comm.param.item", "Item", None, None);
    VARSPEC = field("s7comm.param.item.varspec", "Variable specification", Uint8, Hex);
    VARSPEC_LENGTH = field("s7comm.param.item.varspec_length", "Length of following address specification", Uint8, Dec);
    SYNTAXID = field("s7comm.param.item.syntaxid", "Syntax Id", Uint8, Hex).names(Names::Values(SYNTAXES));
    ITEM_TRANSP_SIZE = field("s7comm.param.item.transp_size", "Transport size", Uint8, Dec).names(Names::Values(ITEM_SIZES));
    ITEM_LENGTH = field("s7comm.param.item.length", "Length", Uint16, Dec);
    ITEM_DB = field("s7comm.param.item.db", "DB number", Uint16, Dec);
    ITEM_AREA = field("s7comm.param.item.area", "Area", Uint8, Hex).names(Names::Values(AREAS));
    ITEM_ADDRESS = field("s7comm.param.item.address", "Address", Uint24, Hex);
    ITEM_ADDRESS_BYTE = field("s7comm.param.item.address.byte", "Byte Address", Uint24, Dec).mask(0x7fff8);
    ITEM_ADDRESS_BIT = field("s7comm.param.item.address.bit", "Bit Address", Uint24, Dec).mask(0x7);
    PARAM_DATA = field("s7comm.param.data", "Parameter data", Bytes, None);
    DATA = field("s7comm.data", "Data", None, None);
    DATA_ITEM = field("s7comm.data.item", "Item", None, None);
    RETURNCODE = field("s7comm.data.returncode", "Return code", Uint8, Hex).names(Names::Values(RETURN_CODES));
    TRANSPORTSIZE = field("s7comm.data.transportsize", "Transport size", Uint8, Hex).names(Names::Values(DATA_SIZES));
    DATA_LENGTH = field("s7comm.data.length", "Length", Uint16, Dec);
    RESP_DATA = field("s7comm.resp.data", "Data", Bytes, None);
    USERDATA = field("s7comm.data.userdata", "Data", Bytes, None);
    UD_HEAD = field("s7comm.param.userdata.head", "Parameter head", Uint24, Hex);
    UD_LENGTH = field("s7comm.param.userdata.length", "Parameter length", Uint8, Dec);
    UD_REQRES = field("s7comm.param.userdata.reqres1", "Method (Request/Response)", Uint8, Hex).names(Names::Values(METHODS));
    UD_TYPE = field("s7comm.param.userdata.type", "Type", Uint8, Dec).names(Names::Values(USERDATA_TYPES)).mask(0xf0);
    UD_GROUP = field("s7comm.param.userdata.funcgroup", "Function group", Uint8, Dec).names(Names::Values(GROUPS)).mask(0xf);
    UD_SUBFUNC = field("s7comm.param.userdata.subfunc", "Subfunction", Uint8, Dec);
    UD_SEQ = field("s7comm.param.userdata.seq_num", "Sequence number", Uint8, Dec);
    UD_DATAUNITREF = field("s7comm.param.userdata.dataunitref", "Data unit reference number", Uint8, Dec);
    UD_LAST = field("s7comm.param.userdata.lastdataunit", "Last data unit", Uint8, Hex).names(Names::Values(LAST_UNITS));
    BLOCK_TYPE = field("s7comm.blockinfo.blocktype", "Block type", String, None);
    BLOCK_NUMBER = field("s7comm.data.blockinfo.block_number", "Block number", String, None);
    FILESYSTEM = field("s7comm.data.blockinfo.filesys", "Filesystem", String, None);
}

const PROTOCOL_ID: u8 = 0x32;
const ROSCTRS: &[(u64, &str)] = &[(JOB, "Job"), (2, "Ack"), (ACK_DATA, "Ack_Data"), (USERDATA_PDU, "Userdata")];
const JOB: u64 = 1;
const ACK_DATA: u64 = 3;
const USERDATA_PDU: u64 = 7;
const ERROR_CLASSES: &[(u64, &str)] = &[
    (0x00, "No error"),
    (0x81, "Application relationship"),
    (0x82, "Object definition"),
    (0x83, "No resources available"),
    (0x84, "Error on service processing"),
    (0x85, "Error on supplies"),
    (0x87, "Access error"),
];
const FUNCTIONS: &[(u64, &str)] = &[
    (0x00, "CPU services"),
    (SETUP, "Setup communication"),
    (READ, "Read Var"),
    (WRITE, "Write Var"),
    (REQUEST_DOWNLOAD, "Request download"),
    (DOWNLOAD_BLOCK, "Download block"),
    (DOWNLOAD_ENDED, "Download ended"),
    (START_UPLOAD, "Start upload"),
    (0x1e, "Upload"),
    (0x1f, "End upload"),
    (PI_SERVICE, "PI-Service"),
    (PLC_STOP, "PLC Stop"),
];
const SETUP: u64 = 0xf0;
const READ: u64 = 0x04;
const WRITE: u64 = 0x05;
const REQUEST_DOWNLOAD: u64 = 0x1a;
const DOWNLOAD_BLOCK: u64 = 0x1b;
const DOWNLOAD_ENDED: u64 = 0x1c;
const START_UPLOAD: u64 = 0x1d;
const PI_SERVICE: u64 = 0x28;
const PLC_STOP: u64 = 0x29;
const SYNTAXES: &[(u64, &str)] = &[
    (ANY, "S7ANY"),
    (0x13, "PBC-R_ID"),
    (0x15, "ALARM_LOCKFREE"),
    (0x16, "ALARM_IND"),
    (0x19, "ALARM_ACK"),
    (0x1a, "ALARM_QUERYREQ"),
    (0x1c, "NOTIFY_IND"),
    (0x82, "NCK"),
    (0xa2, "DRIVEESANY"),
    (0xb0, "DBREAD"),
    (0xb2, "1200SYM"),
];
const ANY: u64 = 0x10;
const ITEM_SIZES: &[(u64, &str)] = &[
    (1, "BIT"),
    (2, "BYTE"),
    (3, "CHAR"),
    (4, "WORD"),
    (5, "INT"),
    (6, "DWORD"),
    (7, "DINT"),
    (8, "REAL"),
    (10, "TOD"),
    (11, "TIME"),
    (12, "S5TIME"),
    (15, "DATE_AND_TIME"),
    (28, "COUNTER"),
    (29, "TIMER"),
];
const AREAS: &[(u64, &str)] = &[
    (0x03, "System info of 200 family"),
    (0x05, "System flags of 200 family"),
    (0x06, "Analog inputs of 200 family"),
    (0x07, "Analog outputs of 200 family"),
    (0x1c, "S7 counters (C)"),
    (0x1d, "S7 timers (T)"),
    (0x80, "Direct peripheral access (P)"),
    (0x81, "Inputs (I)"),
    (0x82, "Outputs (Q)"),
    (0x83, "Flags (M)"),
    (0x84, "Data blocks (DB)"),
    (0x85, "Instance data blocks (DI)"),
    (0x86, "Local data (L)"),
    (0x87, "Unknown yet (V)"),
];
const RETURN_CODES: &[(u64, &str)] = &[
    (0x00, "Reserved"),
    (0x01, "Hardware error"),
    (0x03, "Accessing the object not allowed"),
    (0x05, "Invalid address"),
    (0x06, "Data type not supported"),
    (0x07, "Data type inconsistent"),
    (0x0a, "Object does not exist"),
    (0xff, "Success"),
];
const DATA_SIZES: &[(u64, &str)] = &[
    (0, "NULL"),
    (3, "BIT"),
    (4, "BYTE/WORD/DWORD"),
    (5, "INTEGER"),
    (6, "DINTEGER"),
    (7, "REAL"),
    (9, "OCTET STRING"),
];
const METHODS: &[(u64, &str)] = &[(0x00, "Undef"), (0x11, "Req"), (WITH_UNITS, "Res")];
const WITH_UNITS: u64 = 0x12;
const USERDATA_TYPES: &[(u64, &str)] = &[
    (0, "Push"),
    (REQUEST, "Request"),
    (RESPONSE, "Response"),
    (3, "NC Push"),
    (7, "NC Request"),
    (11, "NC Response"),
];
const REQUEST: u64 = 4;
const RESPONSE: u64 = 8;
const GROUPS: &[(u64, &str)] = &[
    (0, "Mode-transition"),
    (1, "Programmer commands"),
    (2, "Cyclic services"),
    (BLOCKS, "Block functions"),
    (CPU, "CPU functions"),
    (5, "Security"),
    (6, "PBC BSEND/BRECV"),
    (7, "Time functions"),
    (15, "NC programming"),
];
const BLOCKS: u64 = 3;
const CPU: u64 = 4;
const LAST_UNITS: &[(u64, &str)] = &[(0, "Yes"), (1, "No")];
/// What the subfunctions of a group are called.
const SUBFUNCTIONS: &[(u64, u64, &str)] = &[
    (1, 1, "Block status"),
    (1, 2, "Variable status"),
    (1, 16, "Read job list"),
    (1, 17, "Read job"),
    (2, 1, "Cyclic transfer"),
    (2, 4, "Unsubscribe"),
    (BLOCKS, 1, "List blocks"),
    (BLOCKS, LIST_OF_TYPE, "List blocks of type"),
    (BLOCKS, BLOCK_INFO, "Get block info"),
    (CPU, READ_SZL, "Read SZL"),
    (CPU, 2, "Message service"),
    (CPU, 3, "Diagnostic message"),
    (CPU, 5, "ALARM_8 indication"),
    (CPU, 6, "NOTIFY indication"),
    (CPU, 11, "ALARM ack"),
    (CPU, 17, "ALARM_SQ indication"),
    (CPU, 18, "ALARM_S indication"),
    (CPU, 19, "ALARM query"),
    (5, 1, "PLC password"),
    (7, 1, "Read clock"),
    (7, 2, "Set clock"),
    (7, 3, "Read clock (following)"),
    (7, 4, "Set clock"),
];
const LIST_OF_TYPE: u64 = 2;
const BLOCK_INFO: u64 = 3;
const READ_SZL: u64 = 1;
/// The types of blocks, by their two digits.
const BLOCK_TYPES: &[(&[u8], &str)] =
    &[(b"08", "OB"), (b"0A", "DB"), (b"0B", "SDB"), (b"0C", "FC"), (b"0D", "SFC"), (b"0E", "FB"), (b"0F", "SFB")];
/// How many items of one message are shown.
const MAX_ITEMS: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004100000000400600000a0000010a000002c350006600000001000000015018ffff000000000300001902f08032010000020000080000f0000001000101e0",
            "4500004300000000400600000a0000020a0000010066c350000000010000001a5018ffff000000000300001b02f080320300000200000800000000f0000001000100f0",
            "4500004700000000400600000a0000010a000002c35000660000001a0000001c5018ffff000000000300001f02f080320100000201000e00000401120a10020004000184000010",
            "4500004500000000400600000a0000020a0000010066c3500000001c000000395018ffff000000000300001d02f0803203000002010002000800000401ff04002001020304",
            "4500004900000000400600000a0000010a000002c350006600000039000000395018ffff000000000300002102f080320700000300000800080001120411440100ff09000401320004",
            "4500004d00000000400600000a0000020a0000010066c350000000390000005a5018ffff000000000300002502f080320700000300000c0008000112081284010000000000ff09000401320004",
            "4500004700000000400600000a0000010a000002c35000660000005a0000005e5018ffff000000000300001f02f080320700000301000800060001120411430200ff0900023038",
            "4500004d00000000400600000a0000010a000002c3500066000000790000005e5018ffff000000000300002502f0803207000003020008000c0001120411430300ff0900083041303030303141",
            "4500005900000000400600000a0000010a000002c35000660000009e0000005e5018ffff000000000300003102f080320100000303002000001a00000000000000095f30413030303031500d31303030303830303030323030",
            "4500005300000000400600000a0000010a000002c3500066000000cf0000005e5018ffff000000000300002b02f080320100000304001a000028000000000000fd000a01003041303030303150055f494e5345",
            "4500004900000000400600000a0000010a000002c3500066000000fa0000005e5018ffff000000000300002102f0803201000003050010000029000000000009505f50524f4752414d",
        ],
    }],
    ..Protocol::new(ProtoId::S7comm, "S7COMM", &[], dissect)
};

/// Whether octets can be the protocol's.
pub(crate) fn begins(tvb: Tvb<'_>) -> bool {
    tvb.reported() >= 10 && matches!(tvb.bytes(), [PROTOCOL_ID, 1 | 2 | 3 | 7, ..])
}

fn name(rows: &'static [(u64, &'static str)], value: u64) -> String {
    Names::Values(rows).of(value).map_or_else(|| format!("Unknown: 0x{value:02x}"), Into::into)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("S7COMM");
    d.begin(PROTO, tvb);
    let kind = u64::from(tvb.u8(1)?);
    let len = if matches!(kind, 2 | ACK_DATA) { 12 } else { 10 };
    d.set_info(|| format!("ROSCTR:[{:<8}]", name(ROSCTRS, kind)));
    let item = d.open(HEADER, tvb, 0, len, Value::None);
    d.text(item, || format!("Header: ({})", name(ROSCTRS, kind)));
    d.uint(PROTID, tvb, 0, 1)?;
    d.uint(ROSCTR, tvb, 1, 1)?;
    d.uint(REDID, tvb, 2, 2)?;
    d.uint_le(PDUREF, tvb, 4, 2)?;
    let param_len = d.uint(PARLG, tvb, 6, 2)? as usize;
    let data_len = d.uint(DATLG, tvb, 8, 2)? as usize;
    if len == 12 {
        d.uint(ERRCLS, tvb, 10, 1)?;
        d.uint(ERRCOD, tvb, 11, 1)?;
    }
    d.close();
    let (param, data) = (tvb.sub(len, param_len), tvb.sub(len + param_len, data_len));
    match kind {
        JOB | ACK_DATA if param_len > 0 => job(d, param, data, kind == JOB)?,
        USERDATA_PDU => userdata(d, param, data)?,
        _ => {}
    }
    d.close();
    Ok(())
}

fn job<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, data: Tvb<'a>, is_job: bool) -> Parsed {
    let function = u64::from(tvb.u8(0)?);
    d.append_info(|| format!(" Function:[{}]", name(FUNCTIONS, function)));
    let item = d.open(PARAM, tvb, 0, tvb.reported(), Value::None);
    d.text(item, || format!("Parameter: ({})", name(FUNCTIONS, function)));
    d.uint(FUNC, tvb, 0, 1)?;
    match function {
        SETUP => {
            d.uint(SETUP_RESERVED, tvb, 1, 1)?;
            d.uint(MAXAMQ_CALLING, tvb, 2, 2)?;
            d.uint(MAXAMQ_CALLED, tvb, 4, 2)?;
            d.uint(PDU_LENGTH, tvb, 6, 2)?;
        }
        READ | WRITE => {
            let count = d.uint(ITEMCOUNT, tvb, 1, 1)? as usize;
            let mut at = 2;
            for number in 1..=count.min(MAX_ITEMS) {
                if is_job && at < tvb.reported() {
                    at += item_of(d, tvb.from(at), number)?;
                }
            }
            d.close();
            return values(d, data, function, is_job, count);
        }
        REQUEST_DOWNLOAD | DOWNLOAD_BLOCK | DOWNLOAD_ENDED | START_UPLOAD if is_job && tvb.reported() > 9 => {
            let len = usize::from(tvb.u8(8)?);
            let file = tvb.exact(9, len)?;
            block(d, file, true)?;
        }
        PI_SERVICE if is_job => {
            let args = usize::from(tvb.u16(8)?);
            let service_len = usize::from(tvb.u8(10 + args)?);
            let service = tvb.slice(11 + args, service_len)?;
            d.append_info(|| format!(" -> {}(", String::from_utf8_lossy(service)));
            if service.starts_with(b"_INSE") || service.starts_with(b"_DELE") {
                let count = usize::from(tvb.u8(10)?);
                for number in 0..count.min(MAX_ITEMS) {
                    let name = tvb.exact(12 + 8 * number, 8)?;
                    let text = block_name(name);
                    d.append_info(|| if number > 0 { format!(", {text}") } else { text });
                }
            } else if args > 0 {
                let args = tvb.slice(10, args)?;
                d.append_info(|| format!("\"{}\"", String::from_utf8_lossy(args)));
            }
            d.append_info(|| ")".to_owned());
            d.bytes(PARAM_DATA, tvb, 1, 7);
        }
        _ if tvb.reported() > 1 => {
            d.bytes(PARAM_DATA, tvb, 1, tvb.reported() - 1);
        }
        _ => {}
    }
    d.close();
    if data.reported() > 0 {
        d.open(DATA, data, 0, data.reported(), Value::None);
        d.bytes(USERDATA, data, 0, data.reported());
        d.close();
    }
    Ok(())
}

/// Type and number of a block in a file name such as `0A00001P`.
fn block_name(name: Tvb<'_>) -> String {
    let kind = name.bytes().get(..2).unwrap_or_default();
    let kind = BLOCK_TYPES.iter().find(|row| row.0 == kind).map_or("?", |row| row.1);
    let number = name.bytes().get(2..7).unwrap_or_default();
    let number: u32 = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    format!("{kind}{number}")
}

fn block<'a>(d: &mut Dissector<'a>, file: Tvb<'a>, is_in_info: bool) -> Parsed {
    if file.reported() != 9 {
        return Ok(());
    }
    let name = file.from(1);
    d.add(BLOCK_TYPE, name, 0, 2, Value::Text);
    d.add(BLOCK_NUMBER, name, 2, 5, Value::Text);
    d.add(FILESYSTEM, name, 7, 1, Value::Text);
    if is_in_info {
        d.append_info(|| format!(" -> Block:[{}]", block_name(name)));
    }
    Ok(())
}

fn item_of<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, number: usize) -> Result<usize, crate::stop::Stop> {
    let len = usize::from(tvb.u8(1)?);
    let tvb = tvb.exact(0, len + 2)?;
    let item = d.open(ITEM, tvb, 0, len + 2, Value::None);
    d.text(item, || format!("Item [{number}]"));
    d.uint(VARSPEC, tvb, 0, 1)?;
    d.uint(VARSPEC_LENGTH, tvb, 1, 1)?;
    let syntax = d.uint(SYNTAXID, tvb, 2, 1)?;
    if syntax == ANY && len == 10 {
        d.uint(ITEM_TRANSP_SIZE, tvb, 3, 1)?;
        d.uint(ITEM_LENGTH, tvb, 4, 2)?;
        d.uint(ITEM_DB, tvb, 6, 2)?;
        d.uint(ITEM_AREA, tvb, 8, 1)?;
        let address = d.uint(ITEM_ADDRESS, tvb, 9, 3)?;
        d.within(|d| {
            d.bits(ITEM_ADDRESS_BYTE, tvb, 9, 3, address);
            d.bits(ITEM_ADDRESS_BIT, tvb, 9, 3, address);
        });
    }
    d.close();
    Ok((len + 2).next_multiple_of(2))
}

/// The values that are read or written, or whether that went well.
fn values<'a>(d: &mut Dissector<'a>, data: Tvb<'a>, function: u64, is_job: bool, count: usize) -> Parsed {
    if data.reported() == 0 {
        return Ok(());
    }
    d.open(DATA, data, 0, data.reported(), Value::None);
    let mut at = 0;
    for number in 1..=count.min(MAX_ITEMS) {
        let item = d.open(DATA_ITEM, data, at, 4, Value::None);
        let code = d.uint(RETURNCODE, data, at, 1)?;
        d.text(item, || format!("Item [{number}]: ({})", name(RETURN_CODES, code)));
        if function == WRITE && !is_job {
            d.close();
            at += 1;
            continue;
        }
        let size = d.uint(TRANSPORTSIZE, data, at + 1, 1)?;
        let units = d.uint(DATA_LENGTH, data, at + 2, 2)? as usize;
        // Sizes of bits count bits.
        let len = if matches!(size, 3..=5) { units.div_ceil(8) } else { units };
        let value = data.sub(at + 4, len);
        d.bytes(RESP_DATA, value, 0, len);
        d.set_len(item, 4 + len);
        d.close();
        at += 4 + len.next_multiple_of(2);
        if at >= data.reported() {
            break;
        }
    }
    d.close();
    Ok(())
}

fn userdata<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, data: Tvb<'a>) -> Parsed {
    let (kind, subfunction) = (tvb.u8(5)?, u64::from(tvb.u8(6)?));
    let (direction, group) = (u64::from(kind >> 4), u64::from(kind & 0x0f));
    let sub = SUBFUNCTIONS.iter().find(|row| (row.0, row.1) == (group, subfunction));
    let sub = sub.map_or_else(|| format!("Unknown subfunc: {subfunction}"), |row| row.2.to_owned());
    d.append_info(|| {
        format!(" Function:[{}] -> [{}] -> [{sub}]", name(USERDATA_TYPES, direction), name(GROUPS, group))
    });
    d.open(PARAM, tvb, 0, tvb.reported(), Value::None);
    d.uint(UD_HEAD, tvb, 0, 3)?;
    d.uint(UD_LENGTH, tvb, 3, 1)?;
    let method = d.uint(UD_REQRES, tvb, 4, 1)?;
    d.bits(UD_TYPE, tvb, 5, 1, kind.into());
    d.bits(UD_GROUP, tvb, 5, 1, kind.into());
    let item = d.uint(UD_SUBFUNC, tvb, 6, 1).map(|_| ());
    item?;
    d.uint(UD_SEQ, tvb, 7, 1)?;
    let mut error = 0;
    if method == WITH_UNITS {
        d.uint(UD_DATAUNITREF, tvb, 8, 1)?;
        d.uint(UD_LAST, tvb, 9, 1)?;
        error = d.uint(PARAM_ERRCOD, tvb, 10, 2)?;
    }
    d.close();
    if data.reported() < 4 {
        return Ok(());
    }
    d.open(DATA, data, 0, data.reported(), Value::None);
    d.uint(RETURNCODE, data, 0, 1)?;
    d.uint(TRANSPORTSIZE, data, 1, 1)?;
    let len = d.uint(DATA_LENGTH, data, 2, 2)? as usize;
    let body = data.sub(4, len);
    if body.reported() > 0 {
        d.bytes(USERDATA, body, 0, body.reported());
    }
    match (group, subfunction) {
        (CPU, READ_SZL) if body.reported() >= 4 => {
            let (id, index) = (body.u16(0)?, body.u16(2)?);
            d.append_info(|| format!(" ID=0x{id:04x} Index=0x{index:04x}"));
        }
        (BLOCKS, LIST_OF_TYPE) if direction == REQUEST && body.reported() >= 2 => {
            d.add(BLOCK_TYPE, body, 0, 2, Value::Text);
            let kind = body.slice(0, 2)?;
            let kind = BLOCK_TYPES.iter().find(|row| row.0 == kind).map_or("Unknown", |row| row.1);
            d.append_info(|| format!(" Type:[{kind}]"));
        }
        (BLOCKS, BLOCK_INFO) if direction == REQUEST && body.reported() >= 8 => {
            d.add(BLOCK_TYPE, body, 0, 2, Value::Text);
            d.add(BLOCK_NUMBER, body, 2, 5, Value::Text);
            d.add(FILESYSTEM, body, 7, 1, Value::Text);
            let text = block_name(body);
            let at = text.find(|digit: char| digit.is_ascii_digit()).unwrap_or(text.len());
            let (kind, number) = text.split_at(at);
            d.append_info(|| format!(" -> Block:[{kind} {number}]"));
        }
        (BLOCKS, BLOCK_INFO) if direction == RESPONSE && error != 0 => {
            d.append_info(|| format!(" -> Errorcode:[0x{error:04x}]"));
        }
        _ => {}
    }
    d.close();
    Ok(())
}
