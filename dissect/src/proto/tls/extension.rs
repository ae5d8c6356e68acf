//! Extensions of handshake messages (RFC 8446, 4.2, and IANA's registry).

use super::handshake::{self, CLIENT_HELLO, SERVER_HELLO};
use super::transport;
use super::vector::Show;
use super::*;
use crate::field::FieldId;
use crate::proto::dtls;
use crate::stop::{Parsed, Stop};
use crate::value::Value;

/// Shows the extensions that end a message of a type.
pub(super) fn all(show: &mut Show<'_, '_>, message: u8, at: usize, end: usize) -> Parsed {
    list(show, message, at, end).map(drop)
}

/// Shows a list of extensions; answers where it ends.
pub(super) fn list(show: &mut Show<'_, '_>, message: u8, at: usize, end: usize) -> Result<usize, Stop> {
    let (mut at, stop) = show.vector(EXTENSIONS_LENGTH, at, end, (0, 0xffff))?;
    while stop.saturating_sub(at) >= 4 {
        at = one(show, message, at, stop)?;
    }
    show.end_vector(at, stop);
    Ok(stop)
}

fn one(show: &mut Show<'_, '_>, message: u8, at: usize, end: usize) -> Result<usize, Stop> {
    let (kind, said) = (show.tvb.u16(at)?, usize::from(show.tvb.u16(at + 2)?));
    show.open_text(at, 4 + said, || {
        let name = Names::Values(names::EXTENSIONS).of(kind.into());
        let name = name.unwrap_or_else(|| format!("Unknown type {kind}").into());
        format!("Extension: {name} (len={said})")
    });
    show.uint(EXTENSION_TYPE, at, 2)?;
    let (start, stop) = show.vector(EXTENSION_LEN, at + 2, end, (0, 0xffff))?;
    let read = content(show, message, kind, start, stop)?;
    show.end_vector(read, stop);
    show.close();
    Ok(stop)
}

/// Shows what an extension holds; answers how far that was understood.
fn content(show: &mut Show<'_, '_>, message: u8, kind: u16, at: usize, end: usize) -> Result<usize, Stop> {
    let is_client = message == CLIENT_HELLO;
    Ok(match kind {
        0 => server_name(show, at, end)?,
        1 => {
            show.uint(MAX_FRAGMENT_LENGTH, at, 1)?;
            at + 1
        }
        5 => status_request(show, message, at, end)?,
        9 | 19 | 20 => certificate_types(show, is_client, at, end)?,
        10 => groups(show, at, end)?,
        11 => point_formats(show, at, end)?,
        12 => {
            let (start, stop) = show.vector(EXT_SRP_LEN, at, end, (1, 0xff))?;
            if stop > start {
                show.string(EXT_SRP_USERNAME, start, stop - start)?;
            }
            stop
        }
        13 | 50 => signature_schemes(show, at, end)?,
        15 => {
            show.uint(EXTENSION_HEARTBEAT_MODE, at, 1)?;
            at + 1
        }
        16 => names_of_protocols(show, at, end, &ALPN)?,
        17 => status_requests(show, is_client, at, end)?,
        18 if !is_client => timestamps(show, at, end)?,
        21 => {
            show.bytes(EXT_PADDING_DATA, at, end - at)?;
            end
        }
        27 if is_client || message == 13 => algorithms(show, at, end)?,
        27 => at,
        28 => {
            show.uint(RECORD_SIZE_LIMIT, at, 2)?;
            at + 2
        }
        34 if is_client || message == 13 => signature_schemes(show, at, end)?,
        34 => credential(show, at, end)?,
        35 => {
            let item = show.bytes(EXTENSION_DATA, at, end - at)?;
            show.d.text(item, || format!("Data ({} bytes)", end - at));
            end
        }
        41 => pre_shared_key(show, is_client, at, end)?,
        42 if message == 4 => {
            show.uint(EARLY_DATA_MAX_EARLY_DATA_SIZE, at, 4)?;
            at + 4
        }
        43 => versions(show, is_client, at, end)?,
        44 => {
            let (start, stop) = show.vector(EXT_COOKIE_LEN, at, end, (1, 0xffff))?;
            show.bytes(EXT_COOKIE, start, stop - start)?;
            stop
        }
        45 => {
            let (start, stop) = show.vector(EXTENSION_PSK_KE_MODES_LENGTH, at, end, (1, 0xff))?;
            for at in start..stop {
                show.uint(EXTENSION_PSK_KE_MODE, at, 1)?;
            }
            stop
        }
        47 => handshake::distinguished_names(show, at, end, 3)?,
        48 => oid_filters(show, at, end)?,
        40 | 51 => key_share(show, message, at, end)?,
        53 | 54 => {
            let (start, stop) = show.vector(CONNECTION_ID_LENGTH, at, end, (0, 0xff))?;
            if stop > start {
                show.bytes(CONNECTION_ID, start, stop - start)?;
            }
            stop
        }
        57 | 0xffa5 => transport::parameters(show, message, at, end)?,
        14 if show.own(PROTO) == dtls::PROTO => dtls::use_srtp(show.d, show.tvb, at, end)?,
        13172 => next_protocols(show, at, end)?,
        17513 if is_client => names_of_protocols(show, at, end, &ALPS)?,
        17513 => end,
        65486 if is_client => encrypted_name(show, at, end)?,
        0xff01 => renegotiation(show, at, end)?,
        // Those that only say that they are there.
        14 | 18 | 22 | 23 | 42 | 49 => at,
        _ => {
            show.bytes(EXTENSION_DATA, at, end - at)?;
            end
        }
    })
}

/// RFC 6066, 3.
fn server_name(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    if at == end {
        return Ok(at);
    }
    show.open_text(at, end - at, || "Server Name Indication extension".to_owned());
    let (mut at, stop) = show.vector(EXT_SERVER_NAME_LIST_LEN, at, end, (1, 0xffff))?;
    while at < stop {
        show.uint(EXT_SERVER_NAME_TYPE, at, 1)?;
        let (start, next) = show.vector(EXT_SERVER_NAME_LEN, at + 1, stop, (1, 0xffff))?;
        show.string(EXT_SERVER_NAME, start, next - start)?;
        at = next;
    }
    show.close();
    Ok(stop)
}

/// RFC 6066, 8.
fn status_request(show: &mut Show<'_, '_>, message: u8, at: usize, end: usize) -> Result<usize, Stop> {
    if message != CLIENT_HELLO || at == end {
        return Ok(end);
    }
    show.uint(EXT_STATUS_REQUEST_TYPE, at, 1)?;
    status_request_parts(show, at + 1, end)
}

fn status_request_parts(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    let (start, stop) = show.vector(EXT_STATUS_REQUEST_RESPONDER_IDS_LEN, at, end, (0, 0xffff))?;
    undecoded(show, start, stop);
    let (start, stop) = show.vector(EXT_STATUS_REQUEST_EXTS_LEN, stop, end, (0, 0xffff))?;
    undecoded(show, start, stop);
    Ok(stop)
}

fn undecoded(show: &mut Show<'_, '_>, start: usize, stop: usize) {
    if stop > start {
        let field = show.own(STATUS_REQUEST_UNDECODED);
        show.d.expert(field, show.tvb, start, stop - start);
    }
}

/// RFC 6961, 2.2.
fn status_requests(show: &mut Show<'_, '_>, is_client: bool, at: usize, end: usize) -> Result<usize, Stop> {
    if !is_client {
        return Ok(end);
    }
    let (mut at, stop) = show.vector(EXT_STATUS_REQUEST_LIST_LEN, at, end, (1, 0xffff))?;
    while at < stop {
        show.uint(EXT_STATUS_REQUEST_TYPE, at, 1)?;
        let (start, next) = show.vector(EXT_STATUS_REQUEST_LEN, at + 1, stop, (0, 0xffff))?;
        status_request_parts(show, start, next)?;
        at = next;
    }
    Ok(stop)
}

/// RFC 7250, 3, and RFC 6091, 3.1.
fn certificate_types(show: &mut Show<'_, '_>, is_client: bool, at: usize, end: usize) -> Result<usize, Stop> {
    if !is_client {
        show.uint(CERT_TYPE_TYPE, at, 1)?;
        return Ok(at + 1);
    }
    let (start, stop) = show.vector(CERT_TYPE_TYPES_LEN, at, end, (1, 0xff))?;
    let item = show.open(CERT_TYPE_TYPES, start, stop - start);
    show.d.text(item, || format!("Certificate Type List ({})", stop - start));
    for at in start..stop {
        show.uint(CERT_TYPE_TYPE, at, 1)?;
    }
    show.close();
    Ok(stop)
}

/// RFC 8446, 4.2.7.
fn groups(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    if end - at < 2 {
        return Ok(show.vector(EXT_SUPPORTED_GROUPS_LENGTH, at, end, (2, 0xffff))?.1);
    }
    let (start, stop) = show.vector(EXT_SUPPORTED_GROUPS_LENGTH, at, end, (2, 0xffff))?;
    let item = show.open(EXT_SUPPORTED_GROUPS, start, stop - start);
    let count = (stop - start) / 2;
    show.d.text(item, || format!("Supported Groups ({count} group{})", if count == 1 { "" } else { "s" }));
    let mut at = start;
    while at + 2 <= stop {
        show.uint(EXT_SUPPORTED_GROUP, at, 2)?;
        at += 2;
    }
    show.end_vector(at, stop);
    show.close();
    Ok(stop)
}

/// RFC 8422, 5.1.2.
fn point_formats(show: &mut Show<'_, '_>, at: usize, _end: usize) -> Result<usize, Stop> {
    let count = show.uint(EXT_EC_POINT_FORMATS_LENGTH, at, 1)? as usize;
    let item = show.open(EXT_EC_POINT_FORMATS, at + 1, count);
    show.d.text(item, || format!("Elliptic curves point formats ({count})"));
    for at in at + 1..at + 1 + count {
        show.uint(EXT_EC_POINT_FORMAT, at, 1)?;
    }
    show.close();
    Ok(at + 1 + count)
}

/// A signature scheme with the hash and the signature that its octets meant before TLS 1.3.
pub(super) fn signature_scheme(show: &mut Show<'_, '_>, at: usize) -> Parsed {
    show.uint(SIG_HASH_ALG, at, 2)?;
    let (tvb, hash, signature) = (show.tvb, show.own(SIG_HASH_HASH), show.own(SIG_HASH_SIG));
    show.d.within(|d| {
        d.uint(hash, tvb, at, 1)?;
        d.uint(signature, tvb, at + 1, 1)?;
        Ok(())
    })
}

/// RFC 8446, 4.2.3.
pub(super) fn signature_schemes(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    if end - at < 2 {
        return Ok(show.vector(SIG_HASH_ALG_LEN, at, end, (2, 0xffff))?.1);
    }
    let (start, stop) = show.vector(SIG_HASH_ALG_LEN, at, end, (2, 0xffff))?;
    let item = show.open(SIG_HASH_ALGS, start, stop - start);
    let count = (stop - start) / 2;
    show.d.text(item, || format!("Signature Hash Algorithms ({count} algorithm{})", if count == 1 { "" } else { "s" }));
    let mut at = start;
    while at + 2 <= stop {
        signature_scheme(show, at)?;
        at += 2;
    }
    show.end_vector(at, stop);
    show.close();
    Ok(stop)
}

/// The fields of a list of protocol names.
struct ProtocolNames {
    len: FieldId,
    list: FieldId,
    name_len: FieldId,
    name: FieldId,
}

const ALPN: ProtocolNames =
    ProtocolNames { len: EXT_ALPN_LEN, list: EXT_ALPN_LIST, name_len: EXT_ALPN_STR_LEN, name: EXT_ALPN_STR };
const ALPS: ProtocolNames = ProtocolNames {
    len: EXT_ALPS_LEN,
    list: EXT_ALPS_ALPN_LIST,
    name_len: EXT_ALPS_ALPN_STR_LEN,
    name: EXT_ALPS_ALPN_STR,
};

/// RFC 7301, 3.1.
fn names_of_protocols(show: &mut Show<'_, '_>, at: usize, end: usize, fields: &ProtocolNames) -> Result<usize, Stop> {
    let (mut at, stop) = show.vector(fields.len, at, end, (2, 0xffff))?;
    if stop == at {
        return Ok(stop);
    }
    show.open(fields.list, at, stop - at);
    while at < stop {
        let (start, next) = show.vector(fields.name_len, at, stop, (1, 0xff))?;
        show.string(fields.name, start, next - start)?;
        at = next;
    }
    show.close();
    Ok(stop)
}

/// Next protocol negotiation, which preceded RFC 7301.
fn next_protocols(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    if at == end {
        return Ok(at);
    }
    show.open_text(at, end - at, || "Next Protocol Negotiation".to_owned());
    let mut at = at;
    while at < end {
        let (start, next) = show.vector(EXT_NPN_STR_LEN, at, end, (0, 0xff))?;
        show.string(EXT_NPN, start, next - start)?;
        at = next;
    }
    show.close();
    Ok(at)
}

/// RFC 5746, 3.2.
fn renegotiation(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    show.open_text(at, end - at, || "Renegotiation Info extension".to_owned());
    let (start, stop) = show.vector(EXT_RENEG_INFO_LEN, at, end, (0, 0xff))?;
    if stop > start {
        show.bytes(EXT_RENEG_INFO, start, stop - start)?;
    }
    show.close();
    Ok(stop)
}

/// RFC 6962, 3.3: a server's list of timestamps of its certificate.
pub(super) fn timestamps(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    let (mut at, stop) = show.vector(SCT_SCTS_LENGTH, at, end, (1, 0xffff))?;
    while at < stop {
        show.open_text(at, stop - at, || "Signed Certificate Timestamp".to_owned());
        let (start, next) = show.vector(SCT_SCT_LENGTH, at, stop, (1, 0xffff))?;
        show.uint(SCT_SCT_VERSION, start, 1)?;
        show.bytes(SCT_SCT_LOGID, start + 1, 32)?;
        let milliseconds = show.tvb.u64(start + 33)?;
        let time = i64::try_from(milliseconds).ok().and_then(|ms| ms.checked_mul(1_000_000)).unwrap_or(0);
        show.add(SCT_SCT_TIMESTAMP, start + 33, 8, Value::Time(time));
        let (first, last) = show.vector(SCT_SCT_EXTENSIONS_LENGTH, start + 41, next, (0, 0xffff))?;
        if last > first {
            show.add(SCT_SCT_EXTENSIONS, first, last - first, Value::None);
        }
        signature_scheme(show, last)?;
        let (first, last) = show.vector(SCT_SCT_SIGNATURE_LENGTH, last + 2, next, (0, 0xffff))?;
        show.bytes(SCT_SCT_SIGNATURE, first, last - first)?;
        show.end_vector(last, next);
        show.close();
        at = next;
    }
    Ok(stop)
}

/// RFC 8879, 3.
fn algorithms(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    let (mut at, stop) = show.vector(COMPRESS_CERTIFICATE_ALGORITHMS_LENGTH, at, end, (2, 0xfe))?;
    while at + 2 <= stop {
        show.uint(COMPRESS_CERTIFICATE_ALGORITHM, at, 2)?;
        at += 2;
    }
    show.end_vector(at, stop);
    Ok(stop)
}

/// RFC 9345, 4.
fn credential(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    show.uint(CRED_VALID_TIME, at, 4)?;
    signature_scheme(show, at + 4)?;
    let (start, stop) = show.vector(CRED_PUBKEY_LEN, at + 6, end, (1, 0xff_ffff))?;
    show.bytes(CRED_PUBKEY, start, stop - start)?;
    signature_scheme(show, stop)?;
    let (start, stop) = show.vector(CRED_SIGNATURE_LEN, stop + 2, end, (0, 0xffff))?;
    show.bytes(CRED_SIGNATURE, start, stop - start)?;
    Ok(stop)
}

/// RFC 8446, 4.2.11.
fn pre_shared_key(show: &mut Show<'_, '_>, is_client: bool, at: usize, end: usize) -> Result<usize, Stop> {
    show.open_text(at, end - at, || "Pre-Shared Key extension".to_owned());
    let stop = if is_client {
        let (mut at, stop) = show.vector(EXT_PSK_IDENTITIES_LENGTH, at, end, (7, 0xffff))?;
        while at < stop {
            let len = show.tvb.u16(at)?;
            show.open_text(at, usize::from(len) + 6, || format!("PSK Identity (length: {len})"));
            let (start, next) = show.vector(EXT_PSK_IDENTITY_IDENTITY_LENGTH, at, stop, (1, 0xffff))?;
            show.bytes(EXT_PSK_IDENTITY_IDENTITY, start, next - start)?;
            show.uint(EXT_PSK_IDENTITY_OBFUSCATED_TICKET_AGE, next, 4)?;
            show.close();
            at = next + 4;
        }
        show.end_vector(at, stop);
        let (start, stop) = show.vector(EXT_PSK_BINDERS_LEN, stop, end, (33, 0xffff))?;
        show.add(EXT_PSK_BINDERS, start, stop - start, Value::None);
        stop
    } else {
        show.uint(EXT_PSK_IDENTITY_SELECTED, at, 2)?;
        at + 2
    };
    show.close();
    Ok(stop)
}

/// RFC 8446, 4.2.1.
fn versions(show: &mut Show<'_, '_>, is_client: bool, at: usize, end: usize) -> Result<usize, Stop> {
    if !is_client {
        show.uint(EXT_SUPPORTED_VERSION, at, 2)?;
        return Ok(at + 2);
    }
    let (mut at, stop) = show.vector(EXT_SUPPORTED_VERSIONS_LEN, at, end, (2, 0xfe))?;
    while at + 2 <= stop {
        show.uint(EXT_SUPPORTED_VERSION, at, 2)?;
        at += 2;
    }
    show.end_vector(at, stop);
    Ok(stop)
}

/// RFC 8446, 4.2.5.
fn oid_filters(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    let (mut at, stop) = show.vector(EXTENSION_OID_FILTERS_LENGTH, at, end, (0, 0xffff))?;
    while at < stop {
        let (start, next) = show.vector(EXTENSION_OID_FILTERS_OID_LENGTH, at, stop, (1, 0xff))?;
        show.bytes(EXTENSION_OID_FILTERS_OID, start, next - start)?;
        at = show.vector(EXTENSION_OID_FILTERS_VALUES_LENGTH, next, stop, (0, 0xffff))?.1.max(next + 1);
    }
    Ok(at.max(stop))
}

/// RFC 8446, 4.2.8.
fn key_share(show: &mut Show<'_, '_>, message: u8, at: usize, end: usize) -> Result<usize, Stop> {
    if end <= at {
        return Ok(at);
    }
    show.open_text(at, end - at, || "Key Share extension".to_owned());
    let stop = match message {
        CLIENT_HELLO => {
            let (mut at, stop) = show.vector(EXT_KEY_SHARE_CLIENT_LENGTH, at, end, (0, 0xffff))?;
            while at + 4 <= stop {
                at = key_share_entry(show, at, stop)?;
            }
            show.end_vector(at, stop);
            stop
        }
        SERVER_HELLO if end - at > 2 => key_share_entry(show, at, end)?,
        _ => {
            show.uint(EXT_KEY_SHARE_SELECTED_GROUP, at, 2)?;
            at + 2
        }
    };
    show.close();
    Ok(stop)
}

/// A server's name, encrypted with a key that its entry in the DNS has half of (draft-ietf-tls-esni-02, 5.1).
fn encrypted_name(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    let suite = show.tvb.u16(at)?;
    show.open_text(at, 2, || {
        let name = Names::Values(ciphers::SUITES).of(suite.into()).unwrap_or("Unknown".into());
        format!("Cipher Suite: {name} (0x{suite:04x})")
    });
    show.close();
    let mut at = key_share_entry(show, at + 2, end)?;
    for what in ["Record Digest", "Encrypted SNI"] {
        let len = usize::from(show.tvb.u16(at)?);
        let stop = (at + 2 + len).min(end);
        show.open_text(at, stop - at, || format!("{what} Length: {len}"));
        show.close();
        at = stop;
    }
    Ok(at)
}

fn key_share_entry(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<usize, Stop> {
    let (group, len) = (show.tvb.u16(at)?, show.tvb.u16(at + 2)?);
    show.open_text(at, 4 + usize::from(len), || {
        let name = Names::Values(names::GROUPS).of(group.into()).unwrap_or_else(|| format!("Unknown ({group})").into());
        format!("Key Share Entry: Group: {name}, Key Exchange length: {len}")
    });
    show.uint(EXT_KEY_SHARE_GROUP, at, 2)?;
    let (start, stop) = show.vector(EXT_KEY_SHARE_KEY_EXCHANGE_LENGTH, at + 2, end, (1, 0xffff))?;
    show.bytes(EXT_KEY_SHARE_KEY_EXCHANGE, start, stop - start)?;
    show.close();
    Ok(stop)
}
