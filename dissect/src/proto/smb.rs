//! Server Message Block, version 1 ([MS-CIFS]): the header of all commands, transactions up to what they carry, and the
//! dialects that a client offers.

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Smb, "smb", "SMB (Server Message Block Protocol)";
    SERVER_COMPONENT = field("smb.server_component", "Server Component", Uint32, Hex);
    CMD = field("smb.cmd", "SMB Command", Uint8, Hex).names(Names::Values(COMMANDS));
    NT_STATUS = field("smb.nt_status", "NT Status", Uint32, Hex).names(Names::Values(STATUSES));
    ERROR_CLASS = field("smb.error_class", "Error Class", Uint8, Hex).names(Names::Values(ERROR_CLASSES));
    ERROR_CODE = field("smb.error_code", "Error Code", Uint16, Hex);
    FLAGS = field("smb.flags", "Flags", Uint8, Hex);
    FLAGS_RESPONSE = field("smb.flags.response", "Request/Response", Boolean, None).names(Names::Flag("Message is a response to the client/redirector", "Message is a request to the server")).mask(0x80);
    FLAGS_NOTIFY = field("smb.flags.notify", "Notify", Boolean, None).names(Names::Flag("Notify client on all modifications", "Notify client only on open")).mask(0x40);
    FLAGS_OPLOCK = field("smb.flags.oplock", "Oplocks", Boolean, None).names(Names::Flag("OpLock requested/granted", "OpLock not requested/granted")).mask(0x20);
    FLAGS_CANON = field("smb.flags.canon", "Canonicalized Pathnames", Boolean, None).names(Names::Flag("Pathnames are canonicalized", "Pathnames are not canonicalized")).mask(0x10);
    FLAGS_CASELESS = field("smb.flags.caseless", "Case Sensitivity", Boolean, None).names(Names::Flag("Path names are caseless", "Path names are case sensitive")).mask(0x8);
    FLAGS_RECEIVE_BUFFER = field("smb.flags.receive_buffer", "Receive Buffer Posted", Boolean, None).names(Names::Flag("Receive buffer has been posted", "Receive buffer has not been posted")).mask(0x2);
    FLAGS_LOCK = field("smb.flags.lock", "Lock and Read", Boolean, None).names(Names::Flag("Lock&Read, Write&Unlock are supported", "Lock&Read, Write&Unlock are not supported")).mask(0x1);
    FLAGS2 = field("smb.flags2", "Flags2", Uint16, Hex);
    FLAGS2_STRING = field("smb.flags2.string", "Unicode Strings", Boolean, None).names(Names::Flag("Strings are Unicode", "Strings are ASCII")).mask(0x8000);
    FLAGS2_NT_ERROR = field("smb.flags2.nt_error", "Error Code Type", Boolean, None).names(Names::Flag("Error codes are NT error codes", "Error codes are DOS error codes")).mask(0x4000);
    FLAGS2_ROE = field("smb.flags2.roe", "Execute-only Reads", Boolean, None).names(Names::Flag("Permit reads if execute-only", "Don't permit reads if execute-only")).mask(0x2000);
    FLAGS2_DFS = field("smb.flags2.dfs", "Dfs", Boolean, None).names(Names::Flag("Resolve pathnames with Dfs", "Don't resolve pathnames with Dfs")).mask(0x1000);
    FLAGS2_ESN = field("smb.flags2.esn", "Extended Security Negotiation", Boolean, None).names(Names::Flag("Extended security negotiation is supported", "Extended security negotiation is not supported")).mask(0x800);
    FLAGS2_REPARSE_PATH = field("smb.flags2.reparse_path", "Reparse Path", Boolean, None).names(Names::Flag("The request uses a @GMT reparse path", "The request does not use a @GMT reparse path")).mask(0x400);
    FLAGS2_LONG_NAMES_USED = field("smb.flags2.long_names_used", "Long Names Used", Boolean, None).names(Names::Flag("Path names in request are long file names", "Path names in request are not long file names")).mask(0x40);
    FLAGS2_SEC_SIG_REQUIRED = field("smb.flags2.sec_sig_required", "Security Signatures Required", Boolean, None).names(Names::Flag("Security signatures are required", "Security signatures are not required")).mask(0x10);
    FLAGS2_COMPRESSED = field("smb.flags2.compressed", "Compressed", Boolean, None).names(Names::Flag("Compression is requested", "Compression is not requested")).mask(0x8);
    FLAGS2_SEC_SIG = field("smb.flags2.sec_sig", "Security Signatures", Boolean, None).names(Names::Flag("Security signatures are supported", "Security signatures are not supported")).mask(0x4);
    FLAGS2_EA = field("smb.flags2.ea", "Extended Attributes", Boolean, None).names(Names::Flag("Extended attributes are supported", "Extended attributes are not supported")).mask(0x2);
    FLAGS2_LONG_NAMES_ALLOWED = field("smb.flags2.long_names_allowed", "Long Names Allowed", Boolean, None).names(Names::Flag("Long file names are allowed in the response", "Long file names are not allowed in the response")).mask(0x1);
    PID_HIGH = field("smb.pid.high", "Process ID High", Uint16, Dec);
    SIGNATURE = field("smb.signature", "Signature", Bytes, None);
    RESERVED = field("smb.reserved", "Reserved", Bytes, None);
    TID = field("smb.tid", "Tree ID", Uint16, Dec);
    PID = field("smb.pid", "Process ID", Uint16, Dec);
    UID = field("smb.uid", "User ID", Uint16, Dec);
    MID = field("smb.mid", "Multiplex ID", Uint16, Dec);
    WCT = field("smb.wct", "Word Count (WCT)", Uint8, Dec);
    TPC = field("smb.tpc", "Total Parameter Count", Uint32, Dec);
    TDC = field("smb.tdc", "Total Data Count", Uint32, Dec);
    MPC = field("smb.mpc", "Max Parameter Count", Uint32, Dec);
    MDC = field("smb.mdc", "Max Data Count", Uint32, Dec);
    MSC = field("smb.msc", "Max Setup Count", Uint8, Dec);
    TRANSACTION_FLAGS = field("smb.transaction.flags", "Flags", Uint16, Hex);
    TRANSACTION_OWT = field("smb.transaction.flags.owt", "One Way Transaction", Boolean, None).names(ONE_WAY).mask(0x2);
    TRANSACTION_DTID = field("smb.transaction.flags.dtid", "Disconnect TID", Boolean, None).names(DISCONNECTS).mask(0x1);
    TIMEOUT = field("smb.timeout", "Timeout", Uint32, Dec);
    PC = field("smb.pc", "Parameter Count", Uint16, Dec);
    PO = field("smb.po", "Parameter Offset", Uint16, Dec);
    DC = field("smb.dc", "Data Count", Uint16, Dec);
    DATA_OFFSET = field("smb.data_offset", "Data Offset", Uint16, Dec);
    SC = field("smb.sc", "Setup Count", Uint8, Dec);
    BCC = field("smb.bcc", "Byte Count (BCC)", Uint16, Dec);
    TRANS_NAME = field("smb.trans_name", "Transaction Name", String, None);
    BUFFER_FORMAT = field("smb.buffer_format", "Buffer Format", Uint8, Dec).names(Names::Values(BUFFER_FORMATS));
    DIALECT = field("smb.dialect", "Dialect", String, None);
    DIALECT_NAME = field("smb.dialect.name", "Name", String, None);
}

/// [MS-CIFS] 2.2.2.1.
const COMMANDS: &[(u64, &str)] = &[
    (0x00, "Create Directory"),
    (0x01, "Delete Directory"),
    (0x02, "Open"),
    (0x03, "Create"),
    (0x04, "Close"),
    (0x05, "Flush"),
    (0x06, "Delete"),
    (0x07, "Rename"),
    (0x08, "Query Information"),
    (0x09, "Set Information"),
    (0x0a, "Read"),
    (0x0b, "Write"),
    (0x0c, "Lock Byte Range"),
    (0x0d, "Unlock Byte Range"),
    (0x0e, "Create Temp"),
    (0x0f, "Create New"),
    (0x10, "Check Directory"),
    (0x11, "Process Exit"),
    (0x12, "Seek"),
    (0x13, "Lock And Read"),
    (0x14, "Write And Unlock"),
    (0x1a, "Read Raw"),
    (0x1b, "Read MPX"),
    (0x1c, "Read MPX Secondary"),
    (0x1d, "Write Raw"),
    (0x1e, "Write MPX"),
    (0x1f, "Write MPX Secondary"),
    (0x20, "Write Complete"),
    (0x21, "Query Server (reserved)"),
    (0x22, "Set Information2"),
    (0x23, "Query Information2"),
    (0x24, "Locking AndX"),
    (0x25, "Trans"),
    (0x26, "Trans Secondary"),
    (0x27, "IOCTL"),
    (0x28, "IOCTL Secondary"),
    (0x29, "Copy"),
    (0x2a, "Move"),
    (0x2b, "Echo"),
    (0x2c, "Write And Close"),
    (0x2d, "Open AndX"),
    (0x2e, "Read AndX"),
    (0x2f, "Write AndX"),
    (0x30, "New File Size (reserved)"),
    (0x31, "Close And Tree Disconnect"),
    (0x32, "Trans2"),
    (0x33, "Trans2 Secondary"),
    (0x34, "Find Close2"),
    (0x35, "Find Notify Close"),
    (0x70, "Tree Connect"),
    (0x71, "Tree Disconnect"),
    (0x72, "Negotiate Protocol"),
    (0x73, "Session Setup AndX"),
    (0x74, "Logoff AndX"),
    (0x75, "Tree Connect AndX"),
    (0x80, "Query Information Disk"),
    (0x81, "Search"),
    (0x82, "Find"),
    (0x83, "Find Unique"),
    (0x84, "Find Close"),
    (0xa0, "NT Trans"),
    (0xa1, "NT Trans Secondary"),
    (0xa2, "NT Create AndX"),
    (0xa4, "NT Cancel"),
    (0xa5, "NT Rename"),
    (0xc0, "Open Print File"),
    (0xc1, "Write Print File"),
    (0xc2, "Close Print File"),
    (0xc3, "Get Print Queue"),
    (0xd0, "Send Single Block Message"),
    (0xd1, "Send Broadcast Message"),
    (0xd2, "Forward User Name"),
    (0xd3, "Cancel Forward"),
    (0xd4, "Get Machine Name"),
    (0xd5, "Send Start of Multi-block Message"),
    (0xd6, "Send End of Multi-block Message"),
    (0xd7, "Send Text of Multi-block Message"),
    (0xd8, "SMBreadbulk"),
    (0xd9, "SMBwritebulk"),
    (0xda, "SMBwritebulkdata"),
    (0xfe, "SMBinvalid"),
];
const NEGOTIATE: u8 = 0x72;
const TRANSACTION: u8 = 0x25;
const ERROR_CLASSES: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "DOS Error"),
    (2, "Server Error"),
    (3, "Hardware Error"),
    (4, "Command Error - Not an SMB format command"),
];
/// [MS-ERREF] 2.3, those that file servers answer with most.
pub(crate) const STATUSES: &[(u64, &str)] = &[
    (0, "STATUS_SUCCESS"),
    (0x103, "STATUS_PENDING"),
    (0x8000_0005, "STATUS_BUFFER_OVERFLOW"),
    (0x8000_0006, "STATUS_NO_MORE_FILES"),
    (0xc000_0002, "STATUS_NOT_IMPLEMENTED"),
    (0xc000_000d, "STATUS_INVALID_PARAMETER"),
    (0xc000_0016, "STATUS_MORE_PROCESSING_REQUIRED"),
    (0xc000_0022, "STATUS_ACCESS_DENIED"),
    (0xc000_0034, "STATUS_OBJECT_NAME_NOT_FOUND"),
    (0xc000_0035, "STATUS_OBJECT_NAME_COLLISION"),
    (0xc000_006d, "STATUS_LOGON_FAILURE"),
    (0xc000_00bb, "STATUS_NOT_SUPPORTED"),
    (0xc000_00c9, "STATUS_NETWORK_NAME_DELETED"),
    (0xc000_00cc, "STATUS_BAD_NETWORK_NAME"),
    (0xc000_0203, "STATUS_USER_SESSION_DELETED"),
];
const ONE_WAY: Names = Names::Flag("One way transaction (no response)", "Two way transaction");
const DISCONNECTS: Names = Names::Flag("DISCONNECT TID", "Do NOT disconnect TID");
const BUFFER_FORMATS: &[(u64, &str)] =
    &[(1, "Data Block"), (2, "Dialect"), (3, "Pathname"), (4, "ASCII"), (5, "Variable Block")];

const OF_FLAGS: &[FieldId] =
    &[FLAGS_RESPONSE, FLAGS_NOTIFY, FLAGS_OPLOCK, FLAGS_CANON, FLAGS_CASELESS, FLAGS_RECEIVE_BUFFER, FLAGS_LOCK];
const OF_FLAGS2: &[FieldId] = &[
    FLAGS2_STRING,
    FLAGS2_NT_ERROR,
    FLAGS2_ROE,
    FLAGS2_DFS,
    FLAGS2_ESN,
    FLAGS2_REPARSE_PATH,
    FLAGS2_LONG_NAMES_USED,
    FLAGS2_SEC_SIG_REQUIRED,
    FLAGS2_COMPRESSED,
    FLAGS2_SEC_SIG,
    FLAGS2_EA,
    FLAGS2_LONG_NAMES_ALLOWED,
];

const HEADER_LEN: usize = 32;
const RESPONSE: u8 = 0x80;
const NT_ERRORS: u16 = 0x4000;
const UNICODE: u16 = 0x8000;
/// How many dialects of one request are read.
pub(crate) const MAX_DIALECTS: usize = 64;
/// A transaction has so many words before its setup words.
const TRANSACTION_WORDS: usize = 14;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Mailslot],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Smb, "SMB", &[], dissect)
};

/// Hands octets to the version of the protocol with whose mark they begin; says whether it is one.
pub(crate) fn call<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let id = match tvb.array(0) {
        Ok([0xff, b'S', b'M', b'B']) => ProtoId::Smb,
        Ok([0xfe, b'S', b'M', b'B']) => ProtoId::Smb2,
        _ => return false,
    };
    d.call(id, tvb);
    true
}

fn small<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Result<u16, crate::stop::Stop> {
    let value = tvb.u16_le(at)?;
    d.add(field, tvb, at, 2, Value::Uint(value.into()));
    Ok(value)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SMB");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    d.open_text(tvb, 0, HEADER_LEN, || "SMB Header".to_owned());
    d.add(SERVER_COMPONENT, tvb, 0, 4, Value::Uint(tvb.u32_le(0)?.into()));
    let command = d.uint(CMD, tvb, 4, 1)? as u8;
    let (flags, flags2) = (tvb.u8(9)?, tvb.u16_le(10)?);
    let is_response = flags & RESPONSE != 0;
    let name = Names::Values(COMMANDS).of(command.into());
    d.set_info(|| match &name {
        Some(name) => format!("{name} {}", if is_response { "Response" } else { "Request" }),
        None => String::new(),
    });
    if flags2 & NT_ERRORS != 0 {
        let status = tvb.u32_le(5)?;
        d.add(NT_STATUS, tvb, 5, 4, Value::Uint(status.into()));
        if is_response && status != 0 {
            let name = Names::Values(STATUSES).of(status.into());
            d.append_info(|| {
                format!(", Error: {}", name.map_or_else(|| format!("Unknown (0x{status:08X})"), Into::into))
            });
        }
    } else {
        d.uint(ERROR_CLASS, tvb, 5, 1)?;
        d.bytes(RESERVED, tvb, 6, 1);
        small(d, tvb, ERROR_CODE, 7)?;
    }
    d.open(FLAGS, tvb, 9, 1, Value::Uint(flags.into()));
    for field in OF_FLAGS {
        d.flag(*field, tvb, 9, 1, flags.into());
    }
    d.close();
    d.open(FLAGS2, tvb, 10, 2, Value::Uint(flags2.into()));
    for field in OF_FLAGS2 {
        d.flag(*field, tvb, 10, 2, flags2.into());
    }
    d.close();
    small(d, tvb, PID_HIGH, 12)?;
    tvb.slice(14, 10)?;
    d.bytes(SIGNATURE, tvb, 14, 8);
    d.bytes(RESERVED, tvb, 22, 2);
    for (field, at) in [(TID, 24), (PID, 26), (UID, 28), (MID, 30)] {
        small(d, tvb, field, at)?;
    }
    d.close();
    let words = usize::from(tvb.u8(HEADER_LEN)?);
    let kind = if is_response { "Response" } else { "Request" };
    let line = name.as_deref().unwrap_or("unknown").to_owned();
    d.open_text(tvb, HEADER_LEN, tvb.reported() - HEADER_LEN, || format!("{line} {kind} (0x{command:02x})"));
    d.uint(WCT, tvb, HEADER_LEN, 1)?;
    let at = HEADER_LEN + 1;
    let mut carried = None;
    match (command, is_response) {
        (TRANSACTION, false) if words >= TRANSACTION_WORDS => {
            carried = transaction(d, tvb, at, words - TRANSACTION_WORDS, flags2)?;
        }
        (NEGOTIATE, false) => dialects(d, tvb, at + 2 * words)?,
        _ => {
            small(d, tvb, BCC, at + 2 * words)?;
        }
    }
    d.close();
    d.close();
    if let Some(message) = carried {
        d.call(ProtoId::Mailslot, message);
    }
    Ok(())
}

/// [MS-CIFS] 2.2.4.33.1. Answers the setup words with all behind them, where they write to a mailslot.
fn transaction<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    setup: usize,
    flags2: u16,
) -> Result<Option<Tvb<'a>>, crate::stop::Stop> {
    for (field, place) in [(TPC, at), (TDC, at + 2), (MPC, at + 4), (MDC, at + 6)] {
        small(d, tvb, field, place)?;
    }
    d.uint(MSC, tvb, at + 8, 1)?;
    d.bytes(RESERVED, tvb, at + 9, 1);
    let flags = u64::from(tvb.u16_le(at + 10)?);
    d.open(TRANSACTION_FLAGS, tvb, at + 10, 2, Value::Uint(flags));
    d.flag(TRANSACTION_OWT, tvb, at + 10, 2, flags);
    d.flag(TRANSACTION_DTID, tvb, at + 10, 2, flags);
    d.close();
    let timeout = tvb.u32_le(at + 12)?;
    d.add(TIMEOUT, tvb, at + 12, 4, Value::Uint(timeout.into()));
    d.bytes(RESERVED, tvb, at + 16, 2);
    for (field, place) in [(PC, at + 18), (PO, at + 20), (DC, at + 22), (DATA_OFFSET, at + 24)] {
        small(d, tvb, field, place)?;
    }
    d.uint(SC, tvb, at + 26, 1)?;
    d.bytes(RESERVED, tvb, at + 27, 1);
    let words = at + 28;
    let behind = words + 2 * setup;
    small(d, tvb, BCC, behind)?;
    let name = behind + 2;
    let rest = tvb.from(name).bytes();
    let is_unicode = flags2 & UNICODE != 0;
    let len = match is_unicode {
        true => rest.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]).map(|units| 2 * units),
        false => memchr::memchr(0, rest),
    };
    let len = len.unwrap_or(rest.len());
    let text: String = match is_unicode {
        true => {
            let units = rest.get(..len).unwrap_or_default().as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        false => String::from_utf8_lossy(rest.get(..len).unwrap_or_default()).into_owned(),
    };
    d.add(TRANS_NAME, tvb, name, len, Value::String(text.as_str().into()));
    Ok((setup == 3 && text.starts_with("\\MAILSLOT\\")).then(|| tvb.from(words)))
}

/// [MS-CIFS] 2.2.4.52.1.
fn dialects<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let len = usize::from(small(d, tvb, BCC, at)?);
    let (mut at, end) = (at + 2, at + 2 + len);
    for _ in 0..MAX_DIALECTS {
        if at >= end {
            break;
        }
        tvb.u8(at)?;
        let rest = tvb.from(at + 1).bytes();
        let name = memchr::memchr(0, rest).ok_or(crate::stop::Stop::Malformed)?;
        d.open(
            DIALECT,
            tvb,
            at,
            name + 2,
            Value::String(String::from_utf8_lossy(rest.get(..name).unwrap_or_default()).into()),
        );
        d.uint(BUFFER_FORMAT, tvb, at, 1)?;
        d.add(DIALECT_NAME, tvb, at + 1, name, Value::Text);
        d.close();
        at += name + 2;
    }
    Ok(())
}

/// A transaction that carries a host's announcement to a mailslot.
#[rustfmt::skip]
pub(crate) const ANNOUNCEMENT: &str =
    "450000e600010000401100000a0000010a000002008a008a00d20000110200070a000001008a00bc0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0022000000000000000000e803000000000000000022005600030001000000020033005c4d41494c534c4f545c42524f \
     57534500010380fc0a00484f53540000000000000000000000000501031000000f0155aa6300";

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    ANNOUNCEMENT,
    "450000a900010000401100000a0000010a000002008a008a00950000110200070a000001008a007f0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d4272000000000000000000000000000000000000000100020003000400001a \
     00024e54204c4d20302e31320002534d4220322e3030320002",
    "4500009100010000401100000a0000010a000002008a008a007d0000110200070a000001008a00670000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d4272220000c08007c800000000000000000000000001000200030004000000 \
     00",
    "450000c100010000401100000a0000010a000002008a008a00ad0000110200070a000001008a00970000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001000 \
     0003000000000000000000e80300000000000000000300500002002600010010005c504950455c4c414e4d414e006162 \
     63",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn transactions_and_dialects() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "smb.trans_name"), "\\MAILSLOT\\BROWSE");
        assert_eq!(values(&shown[0], "browser.server"), "HOST");
        assert_eq!(values(&shown[1], "smb.dialect.name"), "NT LM 0.12,SMB 2.002");
        assert_eq!(values(&shown[2], "smb.nt_status"), "0xc0000022");
    }

    #[test]
    fn survives_anything() {
        let seed = b"\xffSMB\x25\0\0\0\0\0\0\x80\0\0aaaaaaaaaa\0\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0\0";
        crate::tests::survives_anything(ProtoId::Smb, seed);
    }
}
