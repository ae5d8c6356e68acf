//! Modbus (Modbus Application Protocol Specification V1.1b3).

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::mbtcp;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stage;
use crate::stop::Parsed;
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Modbus, "modbus", "Modbus";
    FUNC_CODE = field("modbus.func_code", "Function Code", Uint8, Dec).names(Names::Values(FUNCTIONS)).mask(0x7f);
    REQUEST_FRAME = field("modbus.request_frame", "Request Frame", FrameNum, None);
    RESPONSE_TIME = field("modbus.response_time", "Time from request", RelativeTime, None);
    EXCEPTION_CODE = field("modbus.exception_code", "Exception Code", Uint8, Dec).names(Names::Values(EXCEPTIONS));
    REFERENCE_NUM = field("modbus.reference_num", "Reference Number", Uint16, Dec);
    WORD_CNT = field("modbus.word_cnt", "Word Count", Uint16, Dec);
    BIT_CNT = field("modbus.bit_cnt", "Bit Count", Uint16, Dec);
    BYTE_CNT = field("modbus.byte_cnt", "Byte Count", Uint8, Dec);
    BITNUM = field("modbus.bitnum", "Bit Number", Uint16, Dec);
    BITVAL = field("modbus.bitval", "Bit Value", Boolean, None).mask(0x1);
    REGNUM = field("modbus.regnum16", "Register Number", Uint16, Dec);
    REGVAL = field("modbus.regval_uint16", "Register Value (UINT16)", Uint16, Dec);
    PADDING = field("modbus.padding", "Padding", Uint8, Hex);
    READ_REFERENCE_NUM = field("modbus.read_reference_num", "Read Reference Number", Uint16, Dec);
    READ_WORD_CNT = field("modbus.read_word_cnt", "Read Word Count", Uint16, Dec);
    WRITE_REFERENCE_NUM = field("modbus.write_reference_num", "Write Reference Number", Uint16, Dec);
    WRITE_WORD_CNT = field("modbus.write_word_cnt", "Write Word Count", Uint16, Dec);
    AND_MASK = field("modbus.and_mask", "AND mask", Uint16, Hex);
    OR_MASK = field("modbus.or_mask", "OR mask", Uint16, Hex);
    DIAGNOSTIC_CODE = field("modbus.diagnostic_code", "Diagnostic Code", Uint16, Dec).names(Names::Values(DIAGNOSTICS));
    ECHO_REQUEST = field("modbus.diagnostic.return_query_data.request", "Request Data", Bytes, None);
    ECHO = field("modbus.diagnostic.return_query_data.echo", "Echo Data", Bytes, None);
    MEI = field("modbus.mei", "MEI type", Uint8, Dec).names(Names::Values(INTERFACES));
    READ_DEVICE_ID = field("modbus.read_device_id", "Read Device ID", Uint8, Dec).names(Names::Values(DEVICE_IDS));
    OBJECT_ID = field("modbus.object_id", "Object ID", Uint8, Dec).names(Names::Values(OBJECTS));
    CONFORMITY = field("modbus.conformity_level", "Conformity Level", Uint8, Hex);
    MORE_FOLLOWS = field("modbus.more_follows", "More Follows", Uint8, Hex);
    NEXT_OBJECT = field("modbus.next_object_id", "Next Object ID", Uint8, Dec);
    NUM_OBJECTS = field("modbus.num_objects", "Number of Objects", Uint8, Dec);
    OBJECT_LEN = field("modbus.objects_len", "Object length", Uint8, Dec);
    OBJECT_STR = field("modbus.object_str_value", "Object String Value", String, None);
    DATA = field("modbus.data", "Data", Bytes, None);
}

const FUNCTIONS: &[(u64, &str)] = &[
    (1, "Read Coils"),
    (2, "Read Discrete Inputs"),
    (3, "Read Holding Registers"),
    (4, "Read Input Registers"),
    (5, "Write Single Coil"),
    (6, "Write Single Register"),
    (7, "Read Exception Status"),
    (8, "Diagnostics"),
    (11, "Get Comm. Event Counters"),
    (12, "Get Comm. Event Log"),
    (15, "Write Multiple Coils"),
    (16, "Write Multiple Registers"),
    (17, "Report Slave ID"),
    (20, "Read File Record"),
    (21, "Write File Record"),
    (22, "Mask Write Register"),
    (23, "Read Write Register"),
    (24, "Read FIFO Queue"),
    (43, "Encapsulated Interface Transport"),
    (90, "Unity (Schneider)"),
];
const EXCEPTIONS: &[(u64, &str)] = &[
    (1, "Illegal function"),
    (2, "Illegal data address"),
    (3, "Illegal data value"),
    (4, "Slave device failure"),
    (5, "Acknowledge"),
    (6, "Slave device busy"),
    (8, "Memory parity error"),
    (10, "Gateway path unavailable"),
    (11, "Gateway target device failed to respond"),
];
const DIAGNOSTICS: &[(u64, &str)] = &[
    (0, "Return Query Data"),
    (1, "Restart Communications Option"),
    (2, "Return Diagnostic Register"),
    (3, "Change ASCII Input Delimiter"),
    (4, "Force Listen Only Mode"),
    (10, "Clear Counters and Diagnostic Register"),
    (11, "Return Bus Message Count"),
    (12, "Return Bus Communication Error Count"),
    (13, "Return Bus Exception Error Count"),
    (14, "Return Slave Message Count"),
    (15, "Return Slave No Response Count"),
];
const INTERFACES: &[(u64, &str)] = &[(13, "CANopen Request/Response "), (IDENTIFICATION, "Read Device Identification")];
const IDENTIFICATION: u64 = 14;
const DEVICE_IDS: &[(u64, &str)] = &[
    (1, "Basic Device Identification"),
    (2, "Regular Device Identification"),
    (3, "Extended Device Identification"),
    (4, "Specific Identification Object"),
];
const OBJECTS: &[(u64, &str)] = &[
    (0, "VendorName"),
    (1, "ProductCode"),
    (2, "MajorMinorRevision"),
    (3, "VendorURL"),
    (4, "ProductName"),
    (5, "ModelName"),
    (6, "UserApplicationName"),
];
const PORT: u16 = 502;
const EXCEPTION: u8 = 0x80;
/// How many bits, registers or objects of one message are shown.
const MAX_VALUES: usize = 2000;

const RULES: Rules = Rules {
    proto: ProtoId::Modbus,
    renews: true,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: true,
    in_columns: false,
    fields: &[REQUEST_FRAME, RESPONSE_TIME],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003400000000400600000a0000010a000002c35301f600000001000000015018ffff00000000000100000006010300000002",
            "4500003500000000400600000a0000020a00000101f6c353000000010000000d5018ffff0000000000010000000701030400010002",
            "4500003100000000400600000a0000020a00000101f6c3530000000e0000000d5018ffff00000000000200000003018302",
            "4500003600000000400600000a0000010a000002c35301f60000000d000000175018ffff00000000000300000008010f000000030105",
            "4500003400000000400600000a0000010a000002c35301f60000001b000000175018ffff0000000000040000000601050000ff00",
            "4500003200000000400600000a0000020a00000101f6c35300000017000000275018ffff0000000000010000000401010105",
            "4500003400000000400600000a0000010a000002c35301f600000027000000215018ffff00000000000900000006010800001234",
            "4500003400000000400600000a0000020a00000101f6c35300000021000000335018ffff00000000000900000006010800001234",
            "4500003600000000400600000a0000010a000002c35301f6000000330000002d5018ffff00000000000a000000080116000400f20025",
            "4500003b00000000400600000a0000010a000002c35301f6000000410000002d5018ffff00000000000c0000000d011700030006000e00010200ff",
            "4500003700000000400600000a0000010a000002c35301f6000000540000002d5018ffff00000000000c00000009011000000001020005",
            "4500003300000000400600000a0000010a000002c35301f6000000630000002d5018ffff00000000000500000005072b0e0200",
            "4500003900000000400600000a0000020a00000101f6c3530000002d0000006e5018ffff0000000000050000000b072b0e0201000001000161",
        ],
    }],
    ..Protocol::new(ProtoId::Modbus, "Modbus", &[], dissect)
};

fn name(rows: &'static [(u64, &'static str)], value: u64) -> String {
    Names::Values(rows).of(value).map_or_else(|| format!("Unknown function ({value})"), Into::into)
}

/// Number and name of a message's function, as the Info column has them.
pub(crate) fn summary(tvb: Tvb<'_>) -> String {
    let function = u64::from(tvb.u8(0).unwrap_or(0) & !EXCEPTION);
    // Wireshark says of those with functions below them that there are some, not which.
    match function {
        8 => format!("  8/  1: {}", name(DIAGNOSTICS, tvb.u16(1).unwrap_or(0).into())),
        43 => format!(" 43/  1: {}", name(INTERFACES, tvb.u8(1).unwrap_or(0).into())),
        _ => format!("{function:>3}: {}", name(FUNCTIONS, function)),
    }
}

/// Of the header before it, the transaction and the unit tell what a response answers.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let id = u64::from(tvb.u16(0)?) << 8 | u64::from(tvb.u8(6)?);
    let tvb = tvb.from(mbtcp::HEADER_LEN);
    d.begin(PROTO, tvb);
    let function = tvb.u8(0)?;
    d.bits(FUNC_CODE, tvb, 0, 1, function.into());
    let is_request = d.endpoints.dst_port == PORT;
    let reference = tvb.u16(1).unwrap_or(0);
    let asked = stage::step_of(d, ProtoId::Modbus, id, |known| if is_request { reference.into() } else { known });
    if is_request {
        transaction::request(d, &RULES, id.into());
    } else {
        transaction::response(d, &RULES, id.into(), true);
        let known = transaction::known(d, ProtoId::Modbus);
        if let Some((frame, after)) = known.response_to {
            d.generated(REQUEST_FRAME, tvb, 0, 0, Value::Uint(frame));
            d.generated(RESPONSE_TIME, tvb, 0, 0, Value::Time(after));
        }
    }
    if function & EXCEPTION != 0 {
        d.uint(EXCEPTION_CODE, tvb, 1, 1)?;
    } else if is_request {
        request(d, tvb, function)?;
    } else {
        response(d, tvb, function, asked)?;
    }
    d.close();
    Ok(())
}

fn request<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, function: u8) -> Parsed {
    match function {
        1 | 2 => {
            d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(BIT_CNT, tvb, 3, 2)?;
        }
        3 | 4 => {
            d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(WORD_CNT, tvb, 3, 2)?;
        }
        15 => {
            d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(BIT_CNT, tvb, 3, 2)?;
            let len = d.uint(BYTE_CNT, tvb, 5, 1)? as usize;
            d.bytes(DATA, tvb, 6, len);
        }
        16 => {
            let first = d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(WORD_CNT, tvb, 3, 2)?;
            let len = d.uint(BYTE_CNT, tvb, 5, 1)? as usize;
            registers(d, tvb.sub(6, len), first)?;
        }
        23 => {
            d.uint(READ_REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(READ_WORD_CNT, tvb, 3, 2)?;
            let first = d.uint(WRITE_REFERENCE_NUM, tvb, 5, 2)?;
            d.uint(WRITE_WORD_CNT, tvb, 7, 2)?;
            let len = d.uint(BYTE_CNT, tvb, 9, 1)? as usize;
            registers(d, tvb.sub(10, len), first)?;
        }
        43 => {
            if d.uint(MEI, tvb, 1, 1)? == IDENTIFICATION {
                d.uint(READ_DEVICE_ID, tvb, 2, 1)?;
                d.uint(OBJECT_ID, tvb, 3, 1)?;
            }
        }
        _ => return either(d, tvb, function, ECHO_REQUEST),
    }
    Ok(())
}

fn response<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, function: u8, asked: u64) -> Parsed {
    match function {
        1 | 2 => {
            let len = d.uint(BYTE_CNT, tvb, 1, 1)? as usize;
            bits(d, tvb.sub(2, len), asked)?;
        }
        3 | 4 | 23 => {
            let len = d.uint(BYTE_CNT, tvb, 1, 1)? as usize;
            registers(d, tvb.sub(2, len), asked)?;
        }
        15 => {
            d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(BIT_CNT, tvb, 3, 2)?;
        }
        16 => {
            d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(WORD_CNT, tvb, 3, 2)?;
        }
        43 => {
            if d.uint(MEI, tvb, 1, 1)? == IDENTIFICATION {
                d.uint(READ_DEVICE_ID, tvb, 2, 1)?;
                d.uint(CONFORMITY, tvb, 3, 1)?;
                d.uint(MORE_FOLLOWS, tvb, 4, 1)?;
                d.uint(NEXT_OBJECT, tvb, 5, 1)?;
                let count = d.uint(NUM_OBJECTS, tvb, 6, 1)? as usize;
                let mut at = 7;
                for _ in 0..count {
                    d.uint(OBJECT_ID, tvb, at, 1)?;
                    let len = d.uint(OBJECT_LEN, tvb, at + 1, 1)? as usize;
                    tvb.exact(at + 2, len)?;
                    d.string(OBJECT_STR, tvb, at + 2, len);
                    at += 2 + len;
                }
            }
        }
        _ => return either(d, tvb, function, ECHO),
    }
    Ok(())
}

/// What requests and responses have alike.
fn either<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, function: u8, echo: crate::field::FieldId) -> Parsed {
    match function {
        5 => {
            d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.bytes(DATA, tvb, 3, 2);
            d.uint(PADDING, tvb, 4, 1)?;
        }
        6 => {
            let first = d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            registers(d, tvb.sub(3, 2), first)?;
        }
        8 => {
            d.uint(DIAGNOSTIC_CODE, tvb, 1, 2)?;
            d.bytes(echo, tvb, 3, tvb.reported().saturating_sub(3));
        }
        22 => {
            d.uint(REFERENCE_NUM, tvb, 1, 2)?;
            d.uint(AND_MASK, tvb, 3, 2)?;
            d.uint(OR_MASK, tvb, 5, 2)?;
        }
        _ if tvb.reported() > 1 => {
            d.bytes(DATA, tvb, 1, tvb.reported() - 1);
        }
        _ => {}
    }
    Ok(())
}

fn registers<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: u64) -> Parsed {
    for number in 0..(tvb.reported() / 2).min(MAX_VALUES) {
        let (at, register) = (2 * number, first + number as u64);
        let value = tvb.u16(at)?;
        d.open_text(tvb, at, 2, || format!("Register {register} (UINT16): {value}"));
        d.add(REGNUM, tvb, at, 2, Value::Uint(register));
        d.uint(REGVAL, tvb, at, 2)?;
        d.close();
    }
    Ok(())
}

fn bits<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: u64) -> Parsed {
    for number in 0..(tvb.reported() * 8).min(MAX_VALUES) {
        let bit = u64::from(tvb.u8(number / 8)? >> (number % 8) & 1);
        let place = first + number as u64;
        d.open_text(tvb, number / 8, 1, || format!("Bit {place} : {bit}"));
        d.generated(BITNUM, tvb, number / 8, 1, Value::Uint(place));
        d.add(BITVAL, tvb, number / 8, 1, Value::Uint(bit));
        d.close();
    }
    Ok(())
}
