//! DNP3, the Distributed Network Protocol (IEEE 1815), over TCP and UDP.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stage;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Dnp3, "dnp3", "Distributed Network Protocol 3.0";
    START = field("dnp3.start", "Start Bytes", Uint16, Hex);
    LEN = field("dnp3.len", "Length", Uint8, Dec);
    CTL = field("dnp3.ctl", "Control", Uint8, Hex);
    CTL_DIR = field("dnp3.ctl.dir", "Direction", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    CTL_PRM = field("dnp3.ctl.prm", "Primary", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    CTL_FCB = field("dnp3.ctl.fcb", "Frame Count Bit", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    CTL_FCV = field("dnp3.ctl.fcv", "Frame Count Valid", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    CTL_DFC = field("dnp3.ctl.dfc", "Data Flow Control", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    CTL_PRIFUNC = field("dnp3.ctl.prifunc", "Control Function Code", Uint8, Dec).names(Names::Values(PRIMARY_FUNCTIONS)).mask(0xf);
    CTL_SECFUNC = field("dnp3.ctl.secfunc", "Control Function Code", Uint8, Dec).names(Names::Values(SECONDARY_FUNCTIONS)).mask(0xf);
    DST = field("dnp3.dst", "Destination", Uint16, Dec);
    SRC = field("dnp3.src", "Source", Uint16, Dec);
    ADDR = field("dnp3.addr", "Address", Uint16, Dec);
    HDR_CRC = field("dnp3.hdr.CRC", "Data Link Header checksum", Uint16, Hex);
    TR_CTL = field("dnp3.tr.ctl", "Transport Control", Uint8, Hex);
    TR_FIN = field("dnp3.tr.fin", "Final", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    TR_FIR = field("dnp3.tr.fir", "First", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    TR_SEQ = field("dnp3.tr.seq", "Sequence", Uint8, Dec).mask(0x3f);
    DATA_CHUNK = field("dnp.data_chunk", "Data Chunk", Bytes, None);
    DATA_CHUNK_LEN = field("dnp.data_chunk_len", "Data Chunk length", Uint16, Dec);
    DATA_CHUNK_CRC = field("dnp.data_chunk.CRC", "Data Chunk checksum", Uint16, Hex);
    AL_CTL = field("dnp3.al.ctl", "Application Control", Uint8, Hex);
    AL_FIR = field("dnp3.al.fir", "First", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    AL_FIN = field("dnp3.al.fin", "Final", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    AL_CON = field("dnp3.al.con", "Confirm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    AL_UNS = field("dnp3.al.uns", "Unsolicited", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    AL_SEQ = field("dnp3.al.seq", "Sequence", Uint8, Dec).mask(0xf);
    AL_FUNC = field("dnp3.al.func", "Application Layer Function Code", Uint8, Dec).names(Names::Values(FUNCTIONS)).mask(0xff);
    IIN = field("dnp3.al.iin", "Internal Indications", Uint16, Hex);
    IIN_RST = field("dnp3.al.iin.rst", "Device Restart", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8000);
    IIN_DT = field("dnp3.al.iin.dt", "Device Trouble", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4000);
    IIN_DOL = field("dnp3.al.iin.dol", "Digital Outputs in Local", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2000);
    IIN_TSR = field("dnp3.al.iin.tsr", "Time Sync Required", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1000);
    IIN_CLS3D = field("dnp3.al.iin.cls3d", "Class 3 Data Available", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x800);
    IIN_CLS2D = field("dnp3.al.iin.cls2d", "Class 2 Data Available", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x400);
    IIN_CLS1D = field("dnp3.al.iin.cls1d", "Class 1 Data Available", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x200);
    IIN_BMSG = field("dnp3.al.iin.bmsg", "Broadcast Msg Rx", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x100);
    IIN_CC = field("dnp3.al.iin.cc", "Configuration Corrupt", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    IIN_OAE = field("dnp3.al.iin.oae", "Operation Already Executing", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    IIN_EBO = field("dnp3.al.iin.ebo", "Event Buffer Overflow", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    IIN_PIOOR = field("dnp3.al.iin.pioor", "Parameters Invalid or Out of Range", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    IIN_OBJU = field("dnp3.al.iin.obju", "Requested Objects Unknown", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    IIN_FCNI = field("dnp3.al.iin.fcni", "Function Code not implemented", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    OBJ = field("dnp3.al.obj", "Object", Uint16, Hex);
    OBJQ_PREFIX = field("dnp3.al.objq.prefix", "Prefix Code", Uint8, Dec).mask(0x70);
    OBJQ_RANGE = field("dnp3.al.objq.range", "Range Code", Uint8, Dec).mask(0xf);
}

const PRIMARY_FUNCTIONS: &[(u64, &str)] = &[
    (0, "Reset of Remote Link"),
    (1, "Reset of User Process"),
    (2, "Test Function For Link"),
    (3, "User Data"),
    (4, "Unconfirmed User Data"),
    (9, "Request Link Status"),
];
const SECONDARY_FUNCTIONS: &[(u64, &str)] = &[
    (0, "ACK"),
    (1, "NACK"),
    (11, "Status of Link"),
    (14, "Link Service Not Functioning"),
    (15, "Link Service Not Used or Implemented"),
];
const FUNCTIONS: &[(u64, &str)] = &[
    (0, "Confirm"),
    (READ, "Read"),
    (WRITE, "Write"),
    (3, "Select"),
    (4, "Operate"),
    (5, "Direct Operate"),
    (6, "Direct Operate No Ack"),
    (7, "Immediate Freeze"),
    (8, "Immediate Freeze No Ack"),
    (9, "Freeze and Clear"),
    (10, "Freeze and Clear No ACK"),
    (11, "Freeze With Time"),
    (12, "Freeze With Time No ACK"),
    (13, "Cold Restart"),
    (14, "Warm Restart"),
    (15, "Initialize Data"),
    (16, "Initialize Application"),
    (17, "Start Application"),
    (18, "Stop Application"),
    (19, "Save Configuration"),
    (20, "Enable Spontaneous Messages"),
    (21, "Disable Spontaneous Messages"),
    (22, "Assign Classes"),
    (23, "Delay Measurement"),
    (24, "Record Current Time"),
    (25, "Open File"),
    (26, "Close File"),
    (27, "Delete File"),
    (28, "Get File Info"),
    (29, "Authenticate File"),
    (30, "Abort File"),
    (31, "Activate Config"),
    (32, "Authentication Request"),
    (33, "Authentication Error"),
    (RESPONSE, "Response"),
    (130, "Unsolicited Response"),
    (131, "Authentication Response"),
];
const READ: u64 = 1;
const WRITE: u64 = 2;
const RESPONSE: u64 = 129;
/// Groups of objects, as far as requests name them.
const GROUPS: &[(u8, &str)] = &[
    (1, "Binary Input"),
    (2, "Binary Input Change"),
    (3, "Double-bit Input"),
    (4, "Double-bit Input Change"),
    (10, "Binary Output"),
    (11, "Binary Output Change"),
    (20, "Counter"),
    (21, "Frozen Counter"),
    (22, "Counter Change"),
    (30, "Analog Input"),
    (32, "Analog Input Change"),
    (40, "Analog Output"),
    (42, "Analog Output Change"),
    (50, "Time and Date"),
    (70, "File Control"),
    (80, "Internal Indications"),
    (110, "Octet String"),
];
/// The group of the classes, each a variation one above its number.
const CLASSES: u8 = 60;
const IIN_FLAGS: &[FieldId] = &[
    IIN_RST, IIN_DT, IIN_DOL, IIN_TSR, IIN_CLS3D, IIN_CLS2D, IIN_CLS1D, IIN_BMSG, IIN_CC, IIN_OAE, IIN_EBO, IIN_PIOOR,
    IIN_OBJU, IIN_FCNI,
];
const PORT: u16 = 20000;
/// The octets of a header with its checksum, of which its length counts five.
const HEADER_LEN: usize = 10;
const COUNTED: usize = 5;
/// User data come in runs of sixteen octets, each with its checksum.
const CHUNK: usize = 16;
const PRIMARY: u8 = 0x40;
const FIRST: u8 = 0x40;
const FINAL: u8 = 0x80;
/// How many headers of objects one message shows.
const MAX_OBJECTS: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    accepts: Some(accepts),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003200000000400600000a0000010a000002c3504e2000000001000000015018ffff00000000056405c00100020074e3",
            "4500003200000000400600000a0000020a0000014e20c350000000010000000b5018ffff0000000005640500020001005008",
            "4500004300000000400600000a0000010a000002c3504e200000000b0000000b5018ffff00000000056414c4010002004aa2c0c0013c02063c03063c04063c01068a51",
            "4500004100000000400600000a0000010a000002c3504e20000000260000000b5018ffff00000000056412c40100020093c9c0c00232010701ebe45a87ff00f4b2",
            "4500004000000000400600000a0000020a0000014e20c3500000000b0000003f5018ffff0000000005641144020001005d81c0c0810000010200000181019e4c",
            "4500003e00000000400600000a0000020a0000014e20c350000000230000003f5018ffff0000000005640f4402000100990841c081000001020000011014",
            "4500003700000000400600000a0000020a0000014e20c350000000390000003f5018ffff000000000564084402000100a7d6828101171f",
        ],
    }],
    ..Protocol::new(ProtoId::Dnp3, "DNP 3.0", &[Binding::TcpPort(PORT), Binding::UdpPort(PORT)], dissect)
};

fn accepts(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    matches!(tvb.bytes(), [0x05] | [0x05, 0x64, ..])
}

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [0x05, 0x64, len, ..] => {
            let data = usize::from(len).saturating_sub(COUNTED);
            Framing::Message(HEADER_LEN + data + 2 * data.div_ceil(CHUNK))
        }
        [0x05, 0x64] | [0x05] | [] => Framing::More(3 - stream.len()),
        _ => Framing::Foreign,
    }
}

fn name(rows: &'static [(u64, &'static str)], value: u64) -> String {
    Names::Values(rows).of(value).map_or_else(|| format!("Unknown function (0x{value:02x})"), Into::into)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("DNP 3.0");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    let (len, control) = (tvb.u8(2)?, tvb.u8(3)?);
    let (to, from) = (tvb.u16_le(4)?, tvb.u16_le(6)?);
    let is_primary = control & PRIMARY != 0;
    let rows = if is_primary { PRIMARY_FUNCTIONS } else { SECONDARY_FUNCTIONS };
    let function = name(rows, u64::from(control & 0x0f));
    d.open_text(tvb, 0, HEADER_LEN, || format!("Data Link Layer, Len: {len}, From: {from}, To: {to}, {function}"));
    d.uint(START, tvb, 0, 2)?;
    d.uint(LEN, tvb, 2, 1)?;
    d.uint(CTL, tvb, 3, 1)?;
    let bits = u64::from(control);
    d.within(|d| {
        d.flag(CTL_DIR, tvb, 3, 1, bits);
        d.flag(CTL_PRM, tvb, 3, 1, bits);
        if is_primary {
            d.flag(CTL_FCB, tvb, 3, 1, bits);
            d.flag(CTL_FCV, tvb, 3, 1, bits);
            d.bits(CTL_PRIFUNC, tvb, 3, 1, bits);
        } else {
            d.flag(CTL_DFC, tvb, 3, 1, bits);
            d.bits(CTL_SECFUNC, tvb, 3, 1, bits);
        }
    });
    d.uint_le(DST, tvb, 4, 2)?;
    d.hidden(ADDR, tvb, 4, 2, Value::Uint(to.into()));
    d.uint_le(SRC, tvb, 6, 2)?;
    d.hidden(ADDR, tvb, 6, 2, Value::Uint(from.into()));
    d.uint_le(HDR_CRC, tvb, 8, 2)?;
    d.close();
    let link = || format!("from {from} to {to}, len={len}, {function}");
    let data_len = usize::from(len).saturating_sub(COUNTED);
    if data_len == 0 {
        d.append_info_with(", ", link);
        d.close();
        return Ok(());
    }
    let transport = u64::from(tvb.u8(HEADER_LEN)?);
    d.uint(TR_CTL, tvb, HEADER_LEN, 1)?;
    d.within(|d| {
        d.flag(TR_FIN, tvb, HEADER_LEN, 1, transport);
        d.flag(TR_FIR, tvb, HEADER_LEN, 1, transport);
        d.bits(TR_SEQ, tvb, HEADER_LEN, 1, transport);
    });
    let data = chunks(d, tvb.from(HEADER_LEN), data_len)?;
    let (is_first, is_final) = (transport as u8 & FIRST != 0, transport as u8 & FINAL != 0);
    let function = data.get(2).copied().filter(|_| is_first);
    let known = stage::step(d, ProtoId::Dnp3, |known| function.map_or(known, |function| u64::from(function) + 1));
    match (is_first, is_final) {
        (true, true) => {
            let source = d.add_source(data.get(1..).unwrap_or_default(), "DNP 3.0 Application Layer message");
            application(d, source)?;
        }
        // What the first of several said is all that is shown of them.
        (false, true) if known > 0 => d.append_info_with(", ", || name(FUNCTIONS, known - 1)),
        _ => {
            let number = transport & 0x3f;
            d.append_info_with(", ", || format!("{} (Application Layer Unreassembled fragment {number})", link()));
        }
    }
    d.close();
    Ok(())
}

/// Shows the runs of user data; answers them without their checksums.
fn chunks<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, len: usize) -> Result<Vec<u8>, Stop> {
    let mut data = Vec::with_capacity(len);
    d.open_text(tvb, 0, tvb.reported(), || "Data Chunks".to_owned());
    let mut at = 0;
    while data.len() < len {
        let size = CHUNK.min(len - data.len());
        data.extend(tvb.slice(at, size)?);
        d.bytes(DATA_CHUNK, tvb, at, size);
        d.generated(DATA_CHUNK_LEN, tvb, at, size, Value::Uint(size as u64));
        d.uint_le(DATA_CHUNK_CRC, tvb, at + size, 2)?;
        at += size + 2;
    }
    d.close();
    Ok(data)
}

fn application<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (control, function) = (u64::from(tvb.u8(0)?), u64::from(tvb.u8(1)?));
    d.append_info_with(", ", || name(FUNCTIONS, function));
    d.open_text(tvb, 0, tvb.reported(), || format!("Application Layer: ({})", name(FUNCTIONS, function)));
    d.uint(AL_CTL, tvb, 0, 1)?;
    d.within(|d| {
        for flag in [AL_FIR, AL_FIN, AL_CON, AL_UNS] {
            d.flag(flag, tvb, 0, 1, control);
        }
        d.bits(AL_SEQ, tvb, 0, 1, control);
    });
    d.uint(AL_FUNC, tvb, 1, 1)?;
    let mut at = 2;
    if function >= RESPONSE {
        let indications = d.uint(IIN, tvb, 2, 2)?;
        d.within(|d| {
            for flag in IIN_FLAGS {
                d.flag(*flag, tvb, 2, 2, indications);
            }
        });
        at = 4;
    }
    if at < tvb.reported() {
        objects(d, tvb, at, function)?;
    }
    d.close();
    Ok(())
}

/// Shows the headers of objects: of what is read all of them, else the first one, for behind it stand data.
fn objects<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize, function: u64) -> Parsed {
    let mut classes = [false; 4];
    let mut names: Vec<&'static str> = Vec::new();
    for _ in 0..MAX_OBJECTS {
        if at >= tvb.reported() {
            break;
        }
        let (group, variation, qualifier) = (tvb.u8(at)?, tvb.u8(at + 1)?, tvb.u8(at + 2)?);
        d.uint(OBJ, tvb, at, 2)?;
        d.within(|d| {
            d.bits(OBJQ_PREFIX, tvb, at + 2, 1, qualifier.into());
            d.bits(OBJQ_RANGE, tvb, at + 2, 1, qualifier.into());
        });
        if group == CLASSES {
            if let Some(class) = usize::from(variation).checked_sub(1).and_then(|class| classes.get_mut(class)) {
                *class = true;
            }
        } else if let Some((_, name)) = GROUPS.iter().find(|row| row.0 == group)
            && !names.contains(name)
        {
            names.push(*name);
        }
        if function != READ {
            break;
        }
        at += 3 + range_len(tvb, at + 2)?;
    }
    if !matches!(function, READ | WRITE) {
        return Ok(());
    }
    for name in names {
        d.append_info(|| format!(", {name}"));
    }
    if classes.contains(&true) {
        let digits: String = classes.iter().zip("0123".chars()).filter(|row| *row.0).map(|row| row.1).collect();
        d.append_info(|| format!(", Class {digits}"));
    }
    Ok(())
}

/// How many octets the range takes that the qualifier at `at` announces, with the indices of a list.
fn range_len(tvb: Tvb<'_>, at: usize) -> Result<usize, Stop> {
    let qualifier = tvb.u8(at)?;
    let prefix = match qualifier >> 4 & 7 {
        1 | 4 => 1,
        2 | 5 => 2,
        3 | 6 => 4,
        _ => 0,
    };
    Ok(match qualifier & 0x0f {
        0 | 3 => 2,
        1 | 4 => 4,
        2 | 5 => 8,
        7 => 1 + prefix * usize::from(tvb.u8(at + 1)?),
        8 => 2 + prefix * usize::from(tvb.u16_le(at + 1)?),
        9 => 4,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_count_to_the_length() {
        assert_eq!(framing(&[5, 0x64, 5]), Framing::Message(10));
        assert_eq!(framing(&[5, 0x64, 10]), Framing::Message(17));
        assert_eq!(framing(&[5, 0x64, 5 + 17]), Framing::Message(10 + 17 + 4));
        assert_eq!(framing(&[5]), Framing::More(2));
        assert_eq!(framing(&[6, 1, 2]), Framing::Foreign);
    }
}
