//! Handshake messages (RFC 8446, 4; RFC 5246, 7.4), as TLS, DTLS and QUIC carry them.

use super::session::TLS_1_3;
use super::vector::Show;
use super::*;
use super::{ciphers, extension, fingerprint};
use crate::field::FieldId;
use crate::stop::{Parsed, Stop};
use crate::value::Value;

pub(crate) const CLIENT_HELLO: u8 = 1;
pub(crate) const SERVER_HELLO: u8 = 2;

/// RFC 8446, 4.1.3: the random number by which a server's hello is a request to try again.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What has to be known of a connection to read its messages.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Context {
    /// The version, 0 if it is not known.
    pub(crate) version: u16,
    pub(crate) suite: Option<u16>,
    /// DTLS's fields for the length of a cookie and for the cookie.
    pub(crate) cookie: Option<(FieldId, FieldId)>,
}

impl Context {
    /// Whether signatures say by what they were made (from TLS 1.2 on).
    fn names_signatures(&self) -> bool {
        matches!(self.version, 0x0303..=0x03ff | 0x7f00..=0x7fff | 0xfefd | 0xfefc)
    }

    fn is_13(&self) -> bool {
        matches!(self.version, TLS_1_3..=0x03ff | 0x7f00..=0x7fff | 0xfefc)
    }

    /// How keys are exchanged, as the suite's name has it between `TLS_` and `_WITH_`.
    fn key_exchange(&self) -> &'static str {
        let suite = self.suite.and_then(|suite| ciphers::SUITES.iter().find(|row| row.0 == u64::from(suite)));
        let name = suite.and_then(|row| row.1.strip_prefix("TLS_")).unwrap_or_default();
        name.split_once("_WITH_").map_or("", |(exchange, _)| exchange)
    }
}

/// The name of a message, as the Info column and the tree have it.
pub(crate) fn name(octets: &[u8]) -> Option<&'static str> {
    let kind = *octets.first()?;
    if kind == SERVER_HELLO && octets.get(6..38) == Some(&RETRY[..]) {
        return Some("Hello Retry Request");
    }
    names::HANDSHAKE_TYPES.iter().find(|row| row.0 == u64::from(kind)).map(|row| row.1)
}

/// What a server's hello chooses: the version, the cipher suite and the application protocol.
pub(crate) fn choice(octets: &[u8]) -> Option<(u16, u16, Option<&[u8]>)> {
    let number = |at: usize| Some(u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]));
    let (mut version, mut application) = (number(4)?, None);
    let session = usize::from(*octets.get(38)?);
    let suite = number(39 + session)?;
    let mut at = 44 + session;
    while let (Some(kind), Some(len)) = (number(at), number(at + 2)) {
        let data = octets.get(at + 4..at + 4 + usize::from(len))?;
        match (kind, data) {
            (43, [a, b]) => version = u16::from_be_bytes([*a, *b]),
            (16, [_, _, len, name @ ..]) => application = name.get(..usize::from(*len)),
            _ => {}
        }
        at += 4 + usize::from(len);
    }
    Some((version, suite, application))
}

/// Shows a message of which all octets are there, its type and length included.
pub(crate) fn message(show: &mut Show<'_, '_>, context: &Context) -> Parsed {
    let kind = show.uint(HANDSHAKE_TYPE, 0, 1)?;
    show.uint(LENGTH, 1, 3)?;
    body(show, kind as u8, 4, context)
}

/// Shows what stands behind a message's header; it ends with the octets.
pub(crate) fn body(show: &mut Show<'_, '_>, kind: u8, at: usize, context: &Context) -> Parsed {
    let end = show.tvb.reported();
    match kind {
        CLIENT_HELLO => client_hello(show, at, end, context),
        SERVER_HELLO => server_hello(show, at, end, context),
        4 => new_session_ticket(show, at, end, context),
        6 | 8 => extension::all(show, kind, at, end),
        11 => certificate(show, at, end, context),
        12 => server_key_exchange(show, at, end, context),
        13 => certificate_request(show, at, end, context),
        15 => {
            let at = signature_scheme(show, at, context)?;
            let (start, stop) = show.vector(CLIENT_CERT_VRFY_SIG_LEN, at, end, (0, 0xffff))?;
            show.bytes(CLIENT_CERT_VRFY_SIG, start, stop - start).map(drop)
        }
        16 => client_key_exchange(show, at, end, context),
        20 => {
            show.add(VERIFY_DATA, at, end - at, Value::None);
            Ok(())
        }
        22 => certificate_status(show, at, end),
        24 => show.uint(KEY_UPDATE_REQUEST_UPDATE, at, 1).map(drop),
        25 => compressed_certificate(show, at, end),
        67 if show.own(PROTO) == PROTO => next_protocol(show, at, end),
        _ => Ok(()),
    }
}

/// What both hellos begin with; answers where their session ends.
fn hello(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Result<usize, Stop> {
    show.uint(VERSION, at, 2)?;
    let random = show.tvb.array::<32>(at + 2)?;
    let item = show.bytes(RANDOM, at + 2, 32)?;
    if random == RETRY {
        show.d.append_text(item, || " (HelloRetryRequest magic)".to_owned());
    } else if !context.is_13() {
        let seconds = i64::from(show.tvb.u32(at + 2)?);
        let within = show.own(RANDOM_TIME);
        let (tvb, bytes) = (show.tvb, show.own(RANDOM_BYTES));
        show.d.within(|d| {
            d.add(within, tvb, at + 2, 4, Value::Time(seconds * 1_000_000_000));
            d.bytes(bytes, tvb, at + 6, 28);
        });
    }
    let len = show.uint(SESSION_ID_LENGTH, at + 34, 1)? as usize;
    if len > 0 {
        show.bytes(SESSION_ID, at + 35, len)?;
    }
    let at = at + 35 + len;
    if at > end {
        return Err(Stop::Malformed);
    }
    Ok(at)
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn client_hello(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    let start = at;
    let mut at = hello(show, at, end, context)?;
    if let Some((length, cookie)) = context.cookie {
        let len = show.d.uint(length, show.tvb, at, 1)? as usize;
        if len > 0 {
            show.tvb.slice(at + 1, len)?;
            show.d.bytes(cookie, show.tvb, at + 1, len);
        }
        at += 1 + len;
    }
    let suites = at;
    let (first, stop) = show.vector(CIPHER_SUITES_LENGTH, at, end, (2, 0xfffe))?;
    let item = show.open(CIPHERSUITES, first, stop - first);
    show.d.text(item, || format!("Cipher Suites ({})", plural((stop - first) / 2, "suite", "suites")));
    if show.wants(CIPHERSUITE) {
        for at in (first..stop.saturating_sub(1)).step_by(2) {
            show.uint(CIPHERSUITE, at, 2)?;
        }
    }
    show.close();
    let (first, stop) = show.vector(COMP_METHODS_LENGTH, stop, end, (1, 0xff))?;
    let item = show.open(COMP_METHODS, first, stop - first);
    show.d.text(item, || format!("Compression Methods ({})", plural(stop - first, "method", "methods")));
    for at in first..stop {
        show.uint(COMP_METHOD, at, 1)?;
    }
    show.close();
    if stop < end {
        extension::all(show, CLIENT_HELLO, stop, end)?;
    }
    fingerprint::show(show, CLIENT_HELLO, [start, suites, stop]);
    Ok(())
}

fn server_hello(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    let start = at;
    let at = hello(show, at, end, context)?;
    show.uint(CIPHERSUITE, at, 2)?;
    show.uint(COMP_METHOD, at + 2, 1)?;
    if at + 3 < end {
        extension::all(show, SERVER_HELLO, at + 3, end)?;
    }
    fingerprint::show(show, SERVER_HELLO, [start, at, at + 3]);
    Ok(())
}

fn new_session_ticket(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    show.open_text(at, end - at, || "TLS Session Ticket".to_owned());
    show.uint(SESSION_TICKET_LIFETIME_HINT, at, 4)?;
    let mut at = at + 4;
    if context.is_13() {
        show.uint(SESSION_TICKET_AGE_ADD, at, 4)?;
        let (start, stop) = show.vector(SESSION_TICKET_NONCE_LENGTH, at + 4, end, (0, 0xff))?;
        if stop > start {
            show.bytes(SESSION_TICKET_NONCE, start, stop - start)?;
        }
        at = stop;
    }
    let (start, stop) = show.vector(SESSION_TICKET_LENGTH, at, end, (0, 0xffff))?;
    show.bytes(SESSION_TICKET, start, stop - start)?;
    if context.is_13() {
        extension::all(show, 4, stop, end)?;
    }
    show.close();
    Ok(())
}

fn certificate(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    let mut at = at;
    if context.is_13() {
        let (start, stop) = show.vector(CERTIFICATE_REQUEST_CONTEXT_LENGTH, at, end, (0, 0xff))?;
        if stop > start {
            show.bytes(CERTIFICATE_REQUEST_CONTEXT, start, stop - start)?;
        }
        at = stop;
    }
    let (mut at, stop) = show.vector(CERTIFICATES_LENGTH, at, end, (0, 0xff_ffff))?;
    if stop == at {
        return Ok(());
    }
    let item = show.open(CERTIFICATES, at, stop - at);
    show.d.text(item, || format!("Certificates ({} bytes)", stop - at));
    while at < stop {
        let (start, next) = show.vector(CERTIFICATE_LENGTH, at, stop, (1, 0xff_ffff))?;
        if next > start {
            show.bytes(CERTIFICATE, start, next - start)?;
            if let Some((at, end)) = timestamps(show.tvb.slice(start, next - start)?) {
                extension::timestamps(show, start + at, start + end)?;
            }
        }
        at = next;
        if context.is_13() {
            at = extension::list(show, 11, at, stop)?;
        }
    }
    show.close();
    Ok(())
}

/// Where the timestamps stand in a certificate that logs gave it (RFC 6962, 3.3): behind their object identifier, in an
/// octet string within another.
fn timestamps(certificate: &[u8]) -> Option<(usize, usize)> {
    const OID: &[u8] = &[0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
    let mut at = memchr::memmem::find(certificate, OID)? + OID.len();
    let mut len = 0;
    for _ in 0..2 {
        let [4, first, ..] = *certificate.get(at..)? else {
            return None;
        };
        let more = usize::from(first.saturating_sub(0x80));
        len = match more {
            0 => usize::from(first),
            1 | 2 => {
                certificate.get(at + 2..at + 2 + more)?.iter().fold(0, |len, octet| len << 8 | usize::from(*octet))
            }
            _ => return None,
        };
        at += 2 + more;
    }
    certificate.get(at..at + len)?;
    Some((at, at + len))
}

fn certificate_request(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    if context.is_13() {
        let (start, stop) = show.vector(CERTIFICATE_REQUEST_CONTEXT_LENGTH, at, end, (0, 0xff))?;
        if stop > start {
            show.bytes(CERTIFICATE_REQUEST_CONTEXT, start, stop - start)?;
        }
        return extension::all(show, 13, stop, end);
    }
    let (start, mut at) = show.vector(CERT_TYPES_COUNT, at, end, (1, 0xff))?;
    let item = show.open(CERT_TYPES, start, at - start);
    show.d.text(item, || format!("Certificate types ({})", plural(at - start, "type", "types")));
    for at in start..at {
        show.uint(CERT_TYPE, at, 1)?;
    }
    show.close();
    if context.names_signatures() {
        at = extension::signature_schemes(show, at, end)?;
    }
    distinguished_names(show, at, end, 0).map(drop)
}

/// Shows the names of those who may have signed a certificate, a list of at least `min` octets; answers where it ends.
pub(super) fn distinguished_names(show: &mut Show<'_, '_>, at: usize, end: usize, min: usize) -> Result<usize, Stop> {
    let (mut at, stop) = show.vector(DNAMES_LEN, at, end, (min, 0xffff))?;
    if stop > at {
        let item = show.open(DNAMES, at, stop - at);
        show.d.text(item, || format!("Distinguished Names ({} bytes)", stop - at));
        while at < stop {
            let (start, next) = show.vector(DNAME_LEN, at, stop, (1, 0xffff))?;
            show.add(DNAME, start, next - start, Value::None);
            at = next.max(at + 1);
        }
        show.close();
    }
    Ok(stop)
}

/// Shows by what a signature was made, where signatures say so; answers where it stands.
fn signature_scheme(show: &mut Show<'_, '_>, at: usize, context: &Context) -> Result<usize, Stop> {
    if !context.names_signatures() {
        return Ok(at);
    }
    extension::signature_scheme(show, at)?;
    Ok(at + 2)
}

fn signature(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    let at = signature_scheme(show, at, context)?;
    let (start, stop) = show.vector(SIG_LEN, at, end, (0, 0xffff))?;
    show.bytes(SIG, start, stop - start).map(drop)
}

/// Shows a vector of octets of which the length stands in two.
fn opaque(show: &mut Show<'_, '_>, length: FieldId, field: FieldId, at: usize, end: usize) -> Result<usize, Stop> {
    let (start, stop) = show.vector(length, at, end, (0, 0xffff))?;
    show.bytes(field, start, stop - start)?;
    Ok(stop)
}

fn server_key_exchange(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    let exchange = context.key_exchange();
    let is_signed = !exchange.ends_with("_anon");
    match exchange {
        "ECDHE_RSA" | "ECDHE_ECDSA" | "ECDH_anon" | "ECDH_RSA" | "ECDH_ECDSA" => {
            show.open_text(at, end - at, || "EC Diffie-Hellman Server Params".to_owned());
            // RFC 8422, 5.4: 3 stands for a curve by its name.
            if show.uint(SERVER_CURVE_TYPE, at, 1)? != 3 {
                show.close();
                return Ok(());
            }
            show.uint(SERVER_NAMED_CURVE, at + 1, 2)?;
            let (start, stop) = show.vector(SERVER_POINT_LEN, at + 3, end, (1, 0xff))?;
            show.bytes(SERVER_POINT, start, stop - start)?;
            if is_signed {
                signature(show, stop, end, context)?;
            }
            show.close();
        }
        "DHE_RSA" | "DHE_DSS" | "DH_anon" | "DH_RSA" | "DH_DSS" => {
            show.open_text(at, end - at, || "Diffie-Hellman Server Params".to_owned());
            let at = opaque(show, P_LEN, P, at, end)?;
            let at = opaque(show, G_LEN, G, at, end)?;
            let at = opaque(show, YS_LEN, YS, at, end)?;
            if is_signed {
                signature(show, at, end, context)?;
            }
            show.close();
        }
        "RSA_EXPORT" | "RSA" => {
            show.open_text(at, end - at, || "RSA-EXPORT Server Params".to_owned());
            let at = opaque(show, MODULUS_LEN, MODULUS, at, end)?;
            let at = opaque(show, EXPONENT_LEN, EXPONENT, at, end)?;
            signature(show, at, end, context)?;
            show.close();
        }
        "PSK" | "RSA_PSK" => {
            show.open_text(at, end - at, || "PSK Server Params".to_owned());
            opaque(show, HINT_LEN, HINT, at, end)?;
            show.close();
        }
        _ => {}
    }
    Ok(())
}

fn client_key_exchange(show: &mut Show<'_, '_>, at: usize, end: usize, context: &Context) -> Parsed {
    match context.key_exchange() {
        "ECDHE_RSA" | "ECDHE_ECDSA" | "ECDH_anon" | "ECDH_RSA" | "ECDH_ECDSA" => {
            show.open_text(at, end - at, || "EC Diffie-Hellman Client Params".to_owned());
            let (start, stop) = show.vector(CLIENT_POINT_LEN, at, end, (1, 0xff))?;
            show.bytes(CLIENT_POINT, start, stop - start)?;
            show.close();
        }
        "DHE_RSA" | "DHE_DSS" | "DH_anon" | "DH_RSA" | "DH_DSS" => {
            show.open_text(at, end - at, || "Diffie-Hellman Client Params".to_owned());
            opaque(show, YC_LEN, YC, at, end)?;
            show.close();
        }
        "RSA" | "RSA_EXPORT" => {
            show.open_text(at, end - at, || "RSA Encrypted PreMaster Secret".to_owned());
            // RFC 5246, 7.4.7.1: SSL 3.0 left the length out.
            if context.version == 0x0300 {
                show.bytes(EPMS, at, end - at)?;
            } else {
                opaque(show, EPMS_LEN, EPMS, at, end)?;
            }
            show.close();
        }
        "PSK" | "RSA_PSK" => {
            show.open_text(at, end - at, || "PSK Client Params".to_owned());
            opaque(show, IDENTITY_LEN, IDENTITY, at, end)?;
            show.close();
        }
        _ => {}
    }
    Ok(())
}

fn certificate_status(show: &mut Show<'_, '_>, at: usize, end: usize) -> Parsed {
    let kind = show.uint(EXT_STATUS_REQUEST_TYPE, at, 1)?;
    match kind {
        1 => show.vector(OCSP_RESPONSE_LEN, at + 1, end, (1, 0xff_ffff)).map(drop),
        2 => {
            let (mut at, stop) = show.vector(OCSP_RESPONSE_LIST_LEN, at + 1, end, (1, 0xff_ffff))?;
            while at < stop {
                at = show.vector(OCSP_RESPONSE_LEN, at, stop, (0, 0xff_ffff))?.1.max(at + 1);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn compressed_certificate(show: &mut Show<'_, '_>, at: usize, end: usize) -> Parsed {
    show.uint(COMPRESS_CERTIFICATE_ALGORITHM, at, 2)?;
    show.uint(COMPRESS_CERTIFICATE_UNCOMPRESSED_LENGTH, at + 2, 3)?;
    let (start, stop) = show.vector(COMPRESS_CERTIFICATE_COMPRESSED_CERTIFICATE_LENGTH, at + 5, end, (1, 0xff_ffff))?;
    show.bytes(COMPRESS_CERTIFICATE_COMPRESSED_CERTIFICATE_MESSAGE, start, stop - start).map(drop)
}

/// The client's choice of next protocol negotiation, which only TLS over TCP had.
fn next_protocol(show: &mut Show<'_, '_>, at: usize, end: usize) -> Parsed {
    let (start, stop) = show.vector(NPN_SELECTED_PROTOCOL_LEN, at, end, (0, 0xff))?;
    show.string(NPN_SELECTED_PROTOCOL, start, stop - start)?;
    let (start, stop) = show.vector(NPN_PADDING_LEN, stop, end, (0, 0xff))?;
    show.bytes(NPN_PADDING, start, stop - start).map(drop)
}
