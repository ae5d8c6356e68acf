//! The words and octets of the commands of SMB 1 ([MS-CIFS] 2.2.4), which stand behind its header.

use super::*;
use crate::stop::Stop;

const CREATE_DIRECTORY: u8 = 0x00;
const CLOSE: u8 = 0x04;
const DELETE: u8 = 0x06;
const RENAME: u8 = 0x07;
const CHECK_DIRECTORY: u8 = 0x10;
const ECHO: u8 = 0x2b;
const READ: u8 = 0x2e;
const WRITE: u8 = 0x2f;
const TRANSACTION2: u8 = 0x32;
const SESSION_SETUP: u8 = 0x73;
const LOGOFF: u8 = 0x74;
const TREE_CONNECT: u8 = 0x75;
const NT_CREATE: u8 = 0xa2;
/// [MS-CIFS] 2.2.4.52.2: security is negotiated by tokens.
const EXTENDED_SECURITY: u64 = 0x8000_0000;

/// What a command's body lies in.
#[derive(Clone, Copy)]
struct Body<'a> {
    tvb: Tvb<'a>,
    /// Where the words begin.
    at: usize,
    /// Where the count of octets behind the words stands.
    count_at: usize,
    /// Behind the last octet.
    end: usize,
    is_unicode: bool,
}

/// Shows what is known of a command; says whether it showed the body whole, with its count of octets.
pub(super) fn show<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    command: u8,
    is_response: bool,
    words: usize,
    flags2: u16,
) -> Result<bool, Stop> {
    let at = HEADER_LEN + 1;
    let count_at = at + 2 * words;
    let count = usize::from(tvb.u16_le(count_at)?);
    let end = (count_at + 2 + count).min(tvb.reported());
    let body = Body { tvb, at, count_at, end, is_unicode: flags2 & UNICODE != 0 };
    match (command, is_response, words) {
        (NEGOTIATE, true, 17) => negotiated(d, body)?,
        (SESSION_SETUP, false, 12 | 13) => setup(d, body, words)?,
        (SESSION_SETUP, true, 3 | 4) => set_up(d, body, words)?,
        (TREE_CONNECT, false, 4) => connect(d, body)?,
        (TREE_CONNECT, true, 3 | 7) => connected(d, body, words)?,
        (NT_CREATE, false, 24) => create(d, body)?,
        (NT_CREATE, true, 34..) => created(d, body)?,
        (READ, false, 10 | 12) => read(d, body, words)?,
        (READ, true, 12) => did_read(d, body)?,
        (WRITE, false, 12 | 14) => write(d, body, words)?,
        (WRITE, true, 6) => {
            and_then(d, body)?;
            small(d, tvb, COUNT_LOW, at + 4)?;
            small(d, tvb, REMAINING, at + 6)?;
            small(d, tvb, COUNT_HIGH, at + 8)?;
            d.bytes(RESERVED, tvb, at + 10, 2);
            bcc(d, body)?;
        }
        (CLOSE, false, 3) => {
            fid(d, body, at)?;
            d.add(LAST_WRITE_TIME, tvb, at + 2, 4, Value::Time(i64::from(tvb.u32_le(at + 2)?) * 1_000_000_000));
            bcc(d, body)?;
        }
        (DELETE, false, 1) => {
            search_attributes(d, body)?;
            bcc(d, body)?;
            named(d, body, count_at + 2, FILE, "Path")?;
        }
        (RENAME, false, 1) => {
            search_attributes(d, body)?;
            bcc(d, body)?;
            let at = named(d, body, count_at + 2, OLD_FILE, "Old Name")?;
            named(d, body, at, FILE, "New Name")?;
        }
        (CHECK_DIRECTORY | CREATE_DIRECTORY, false, 0) if count > 0 => {
            bcc(d, body)?;
            named(d, body, count_at + 2, DIR_NAME, "Directory")?;
        }
        (ECHO, _, 1) => {
            small(d, tvb, if is_response { ECHO_SEQ_NUM } else { ECHO_COUNT }, at)?;
            bcc(d, body)?;
            if count > 0 {
                d.bytes(ECHO_DATA, tvb, count_at + 2, end - count_at - 2);
            }
        }
        (TRANSACTION2, false, 15..) => second_transaction(d, body, words)?,
        (LOGOFF, _, 2) => {
            and_then(d, body)?;
            bcc(d, body)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn bcc<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    small(d, body.tvb, BCC, body.count_at)?;
    Ok(())
}

/// Which command follows in the same message.
fn and_then<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    d.uint(CMD, body.tvb, body.at, 1)?;
    d.bytes(RESERVED, body.tvb, body.at + 1, 1);
    small(d, body.tvb, ANDXOFFSET, body.at + 2)?;
    Ok(())
}

fn long<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Result<u32, Stop> {
    let value = tvb.u32_le(at)?;
    d.add(field, tvb, at, 4, Value::Uint(value.into()));
    Ok(value)
}

fn bits<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, flags: &[FieldId], at: usize, width: usize) -> Parsed {
    let value = tvb.slice(at, width)?.iter().rev().fold(0, |value, octet| value << 8 | u64::from(*octet));
    d.open(field, tvb, at, width, Value::Uint(value));
    for flag in flags {
        d.flag(*flag, tvb, at, width, value);
    }
    d.close();
    Ok(())
}

/// 100 ns since 1601.
fn time<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Parsed {
    const UNIX_EPOCH: i128 = 116_444_736_000_000_000;
    let ticks = tvb.u64_le(at)?;
    let time = if ticks == 0 { 0 } else { (i128::from(ticks) - UNIX_EPOCH) * 100 };
    d.add(field, tvb, at, 8, Value::Time(i64::try_from(time).unwrap_or_default()));
    Ok(())
}

/// A text that ends with a zero; answers it and where the next begins. Those of two octets a letter lie even.
fn text<'a>(d: &mut Dissector<'a>, field: FieldId, body: Body<'a>, at: usize) -> (String, usize) {
    let at = if body.is_unicode { at.next_multiple_of(2) } else { at };
    let octets = body.tvb.bytes().get(at..body.end.min(body.tvb.len())).unwrap_or_default();
    let (text, len) = if body.is_unicode {
        let pairs = octets.as_chunks::<2>().0;
        let len = pairs.iter().position(|pair| *pair == [0, 0]).unwrap_or(pairs.len());
        let units = pairs.iter().take(len).map(|pair| u16::from_le_bytes(*pair));
        (char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(), 2 * len + 2)
    } else {
        let len = memchr::memchr(0, octets).unwrap_or(octets.len());
        (String::from_utf8_lossy(octets.get(..len).unwrap_or_default()).into_owned(), len + 1)
    };
    d.add(field, body.tvb, at, len, Value::String(text.as_str().into()));
    (text, at + len)
}

/// The next text, where there is one.
fn texts<'a>(d: &mut Dissector<'a>, fields: &[FieldId], body: Body<'a>, mut at: usize) {
    for field in fields {
        if at >= body.end {
            break;
        }
        at = text(d, *field, body, at).1;
    }
}

/// A name with its format before it.
fn named<'a>(d: &mut Dissector<'a>, body: Body<'a>, at: usize, field: FieldId, what: &str) -> Result<usize, Stop> {
    d.uint(BUFFER_FORMAT, body.tvb, at, 1)?;
    let (name, end) = text(d, field, body, at + 1);
    d.append_info(|| format!(", {what}: {name}"));
    Ok(end)
}

fn fid<'a>(d: &mut Dissector<'a>, body: Body<'a>, at: usize) -> Parsed {
    let number = small(d, body.tvb, FID, at)?;
    d.append_info(|| format!(", FID: 0x{number:04x}"));
    Ok(())
}

fn search_attributes<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    bits(d, body.tvb, SEARCH_ATTRIBUTE, SEARCH_ATTRIBUTES, body.at, 2)
}

fn blob<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize) {
    let token = tvb.sub(at, len);
    if token.reported() > 0 {
        d.open(SECURITY_BLOB, token, 0, token.reported(), Value::Bytes);
        d.with_info_kept(|d| crate::proto::gss::call(d, token));
        d.close();
    }
}

fn negotiated<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    small(d, tvb, DIALECT_INDEX, at)?;
    bits(d, tvb, SM, &[SM_MODE, SM_PASSWORD, SM_SIGNATURES, SM_SIG_REQUIRED], at + 2, 1)?;
    small(d, tvb, MAX_MPX_COUNT, at + 3)?;
    small(d, tvb, MAX_VCS, at + 5)?;
    long(d, tvb, MAX_BUFSIZE, at + 7)?;
    long(d, tvb, MAX_RAW, at + 11)?;
    long(d, tvb, SESSION_KEY, at + 15)?;
    let capabilities = u64::from(tvb.u32_le(at + 19)?);
    bits(d, tvb, SERVER_CAP, SERVER_CAPABILITIES, at + 19, 4)?;
    time(d, tvb, SYSTEM_TIME, at + 23)?;
    let zone = tvb.u16_le(at + 31)? as i16;
    d.add(SERVER_TIMEZONE, tvb, at + 31, 2, Value::Int(zone.into()));
    let challenge = d.uint(CHALLENGE_LENGTH, tvb, at + 33, 1)? as usize;
    bcc(d, body)?;
    let start = body.count_at + 2;
    if capabilities & EXTENDED_SECURITY != 0 {
        let octets = tvb.array(start)?;
        if d.wants(SERVER_GUID) {
            d.add(SERVER_GUID, tvb, start, 16, Value::String(crate::guid::text_be(octets).into()));
        }
        blob(d, tvb, start + 16, body.end.saturating_sub(start + 16));
    } else if challenge > 0 {
        tvb.slice(start, challenge)?;
        d.bytes(CHALLENGE, tvb, start, challenge);
        // These lie odd.
        let rest = Body { tvb: tvb.from(start + challenge), end: body.end - (start + challenge).min(body.end), ..body };
        texts(d, &[PRIMARY_DOMAIN, SERVER], rest, 0);
    }
    Ok(())
}

fn setup<'a>(d: &mut Dissector<'a>, body: Body<'a>, words: usize) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    small(d, tvb, MAX_BUF, at + 4)?;
    small(d, tvb, MAX_MPX_COUNT, at + 6)?;
    small(d, tvb, VC, at + 8)?;
    long(d, tvb, SESSION_KEY, at + 10)?;
    let start = body.count_at + 2;
    if words == 12 {
        let len = usize::from(small(d, tvb, SECURITY_BLOB_LEN, at + 14)?);
        d.bytes(RESERVED, tvb, at + 16, 4);
        bits(d, tvb, SERVER_CAP, SERVER_CAPABILITIES, at + 20, 4)?;
        bcc(d, body)?;
        blob(d, tvb, start, len);
        texts(d, &[NATIVE_OS, NATIVE_LANMAN, PRIMARY_DOMAIN], body, start + len);
        return Ok(());
    }
    let ansi = usize::from(small(d, tvb, ANSI_PWLEN, at + 14)?);
    let unicode = usize::from(small(d, tvb, UNICODE_PWLEN, at + 16)?);
    d.bytes(RESERVED, tvb, at + 18, 4);
    bits(d, tvb, SERVER_CAP, SERVER_CAPABILITIES, at + 22, 4)?;
    bcc(d, body)?;
    tvb.slice(start, ansi + unicode)?;
    if ansi > 0 {
        d.bytes(ANSI_PASSWORD, tvb, start, ansi);
    }
    if unicode > 0 {
        d.bytes(UNICODE_PASSWORD, tvb, start + ansi, unicode);
    }
    let (user, at) = text(d, ACCOUNT, body, start + ansi + unicode);
    let (domain, at) = text(d, PRIMARY_DOMAIN, body, at);
    d.append_info(|| match (user.is_empty(), domain.is_empty()) {
        (true, _) => ", User: anonymous".to_owned(),
        (_, true) => format!(", User: {user}"),
        _ => format!(", User: {domain}\\{user}"),
    });
    texts(d, &[NATIVE_OS, NATIVE_LANMAN], body, at);
    Ok(())
}

fn set_up<'a>(d: &mut Dissector<'a>, body: Body<'a>, words: usize) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    bits(d, tvb, SETUP_ACTION, &[SETUP_ACTION_GUEST], at + 4, 2)?;
    let len = if words == 4 { usize::from(small(d, tvb, SECURITY_BLOB_LEN, at + 6)?) } else { 0 };
    bcc(d, body)?;
    let start = body.count_at + 2;
    blob(d, tvb, start, len);
    texts(d, &[NATIVE_OS, NATIVE_LANMAN, PRIMARY_DOMAIN], body, start + len);
    Ok(())
}

fn connect<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    let flags = [CONNECT_FLAGS_DTID, CONNECT_FLAGS_EXTENDEDSIG, CONNECT_FLAGS_EXTENDEDRESP];
    bits(d, tvb, CONNECT_FLAGS, &flags, at + 4, 2)?;
    let len = usize::from(small(d, tvb, PWLEN, at + 6)?);
    bcc(d, body)?;
    let start = body.count_at + 2;
    tvb.slice(start, len)?;
    if len > 0 {
        d.bytes(PASSWORD, tvb, start, len);
    }
    let (share, at) = text(d, PATH, body, start + len);
    d.append_info(|| format!(", Path: {share}"));
    // This one has an octet a letter always.
    texts(d, &[SERVICE], Body { is_unicode: false, ..body }, at);
    Ok(())
}

fn connected<'a>(d: &mut Dissector<'a>, body: Body<'a>, words: usize) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    let flags = [
        CONNECT_SUPPORT_SEARCH,
        CONNECT_SUPPORT_DFS,
        CONNECT_SUPPORT_CSCMASK,
        CONNECT_SUPPORT_UNIQFILENAME,
        CONNECT_SUPPORT_EXTENDEDSIG,
    ];
    let support = u64::from(tvb.u16_le(at + 4)?);
    d.open(CONNECT_SUPPORT, tvb, at + 4, 2, Value::Uint(support));
    for field in flags {
        if field == CONNECT_SUPPORT_CSCMASK {
            d.bits(field, tvb, at + 4, 2, support);
        } else {
            d.flag(field, tvb, at + 4, 2, support);
        }
    }
    d.close();
    if words == 7 {
        access_mask(d, tvb, at + 6)?;
        access_mask(d, tvb, at + 10)?;
    }
    bcc(d, body)?;
    let (_, at) = text(d, SERVICE, Body { is_unicode: false, ..body }, body.count_at + 2);
    texts(d, &[NATIVE_FS], body, at);
    Ok(())
}

fn file_attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    bits(d, tvb, FILE_ATTRIBUTE, FILE_ATTRIBUTES, at, 4)
}

fn create<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    d.bytes(RESERVED, tvb, at + 4, 1);
    let len = usize::from(small(d, tvb, FILE_NAME_LEN, at + 5)?);
    bits(d, tvb, CREATE_FLAGS, CREATE_FLAG_LIST, at + 7, 4)?;
    long(d, tvb, RFID, at + 11)?;
    access_mask(d, tvb, at + 15)?;
    d.add(ALLOC_SIZE64, tvb, at + 19, 8, Value::Uint(tvb.u64_le(at + 19)?));
    file_attributes(d, tvb, at + 27)?;
    share_access(d, tvb, at + 31)?;
    long(d, tvb, CREATE_DISPOSITION, at + 35)?;
    create_options(d, tvb, at + 39)?;
    long(d, tvb, IMPERSONATION_LEVEL, at + 43)?;
    let flags = [SECURITY_FLAGS_CONTEXT_TRACKING, SECURITY_FLAGS_EFFECTIVE_ONLY];
    bits(d, tvb, SECURITY_FLAGS, &flags, at + 47, 1)?;
    bcc(d, body)?;
    let start = body.count_at + 2;
    let aligned = if body.is_unicode { start.next_multiple_of(2) } else { start };
    let (file, _) = text(d, FILE, Body { end: body.end.min(aligned + len), ..body }, start);
    d.append_info(|| format!(", Path: {file}"));
    Ok(())
}

fn created<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    d.uint(OPLOCK_LEVEL, tvb, at + 4, 1)?;
    fid(d, body, at + 5)?;
    long(d, tvb, CREATE_ACTION, at + 7)?;
    for (place, field) in [CREATE_TIME, ACCESS_TIME, LAST_WRITE_TIME, CHANGE_TIME].into_iter().enumerate() {
        time(d, tvb, field, at + 11 + 8 * place)?;
    }
    file_attributes(d, tvb, at + 43)?;
    d.add(ALLOC_SIZE64, tvb, at + 47, 8, Value::Uint(tvb.u64_le(at + 47)?));
    d.add(END_OF_FILE, tvb, at + 55, 8, Value::Uint(tvb.u64_le(at + 55)?));
    small(d, tvb, FILE_TYPE, at + 63)?;
    let state = tvb.u16_le(at + 65)?.into();
    d.open(IPC_STATE, tvb, at + 65, 2, Value::Uint(state));
    d.flag(IPC_STATE_NONBLOCKING, tvb, at + 65, 2, state);
    for field in [IPC_STATE_ENDPOINT, IPC_STATE_PIPE_TYPE, IPC_STATE_READ_MODE] {
        d.bits(field, tvb, at + 65, 2, state);
    }
    d.close();
    d.uint(IS_DIRECTORY, tvb, at + 67, 1)?;
    bcc(d, body)
}

/// What is read or written where, the two halves of it put together.
fn extent<'a>(d: &mut Dissector<'a>, body: Body<'a>, offset: u64, len: u32) {
    d.generated(FILE_RW_OFFSET, body.tvb, 0, 0, Value::Uint(offset));
    d.generated(FILE_RW_LENGTH, body.tvb, 0, 0, Value::Uint(len.into()));
}

fn read<'a>(d: &mut Dissector<'a>, body: Body<'a>, words: usize) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    fid(d, body, at + 4)?;
    let mut offset = u64::from(long(d, tvb, OFFSET, at + 6)?);
    let len = u32::from(small(d, tvb, MAXCOUNT_LOW, at + 10)?);
    small(d, tvb, MINCOUNT, at + 12)?;
    small(d, tvb, REMAINING, at + 18)?;
    if words == 12 {
        offset |= u64::from(long(d, tvb, OFFSET_HIGH, at + 20)?) << 32;
    }
    d.append_info(|| format!(", {len} bytes at offset {offset}"));
    extent(d, body, offset, len);
    bcc(d, body)
}

fn did_read<'a>(d: &mut Dissector<'a>, body: Body<'a>) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    small(d, tvb, REMAINING, at + 4)?;
    small(d, tvb, DCM, at + 6)?;
    d.bytes(RESERVED, tvb, at + 8, 2);
    let low = small(d, tvb, DATA_LEN_LOW, at + 10)?;
    let start = usize::from(small(d, tvb, DATA_OFFSET, at + 12)?);
    let high = tvb.u32_le(at + 14)?;
    d.add(DATA_LEN_HIGH, tvb, at + 14, 4, Value::Uint(high.into()));
    d.bytes(RESERVED, tvb, at + 18, 6);
    let len = u64::from(high) << 16 | u64::from(low);
    d.append_info(|| format!(", {len} bytes"));
    bcc(d, body)?;
    payload(d, body, start, len as usize);
    Ok(())
}

/// What stands before the data, and the data themselves.
fn payload<'a>(d: &mut Dissector<'a>, body: Body<'a>, start: usize, len: usize) {
    let behind = body.count_at + 2;
    if start > behind && start <= body.end {
        d.bytes(PADDING, body.tvb, behind, start - behind);
    }
    let data = body.tvb.sub(start, len);
    if data.reported() > 0 && crate::proto::dcerpc::is_connection(d, data) {
        d.call(ProtoId::Dcerpc, data);
    }
}

fn write<'a>(d: &mut Dissector<'a>, body: Body<'a>, words: usize) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    and_then(d, body)?;
    fid(d, body, at + 4)?;
    let mut offset = u64::from(long(d, tvb, OFFSET, at + 6)?);
    d.bytes(RESERVED, tvb, at + 10, 4);
    let flags = [WRITE_MODE_MESSAGE_START, WRITE_MODE_RAW, WRITE_MODE_RETURN_REMAINING, WRITE_MODE_WRITE_THROUGH];
    bits(d, tvb, WRITE_MODE, &flags, at + 14, 2)?;
    small(d, tvb, REMAINING, at + 16)?;
    let high = small(d, tvb, DATA_LEN_HIGH, at + 18)?;
    let low = small(d, tvb, DATA_LEN_LOW, at + 20)?;
    let start = usize::from(small(d, tvb, DATA_OFFSET, at + 22)?);
    if words == 14 {
        offset |= u64::from(long(d, tvb, OFFSET_HIGH, at + 24)?) << 32;
    }
    let len = u32::from(high) << 16 | u32::from(low);
    d.append_info(|| format!(", {len} bytes at offset {offset}"));
    extent(d, body, offset, len);
    bcc(d, body)?;
    payload(d, body, start, len as usize);
    Ok(())
}

/// [MS-CIFS] 2.2.4.46.1.
fn second_transaction<'a>(d: &mut Dissector<'a>, body: Body<'a>, words: usize) -> Parsed {
    let (tvb, at) = (body.tvb, body.at);
    parameters(d, tvb, at)?;
    let setup = at + 28;
    let command = small(d, tvb, TRANS2_CMD, setup)?;
    bcc(d, body)?;
    let start = usize::from(tvb.u16_le(at + 20)?);
    let len = usize::from(tvb.u16_le(at + 18)?);
    let behind = setup + 2 * (words - TRANSACTION_WORDS) + 2;
    if start > behind && start <= body.end {
        d.bytes(PADDING, tvb, behind, start - behind);
    }
    let name = Names::Values(TRANSACTIONS2).of(command.into()).unwrap_or("Unknown".into());
    d.append_info(|| format!(", {name}"));
    // The level of information and the name of a file.
    if matches!(command, 5 | 6) && len >= 6 {
        small(d, tvb, QPI_LOI, start)?;
        d.bytes(RESERVED, tvb, start + 2, 4);
        let (file, _) = text(d, FILE, Body { end: body.end.min(start + len), ..body }, start + 6);
        d.append_info(|| format!(", Path: {file}"));
    }
    Ok(())
}
