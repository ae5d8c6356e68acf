//! Attributes of a session and of its media (RFC 8866, 6): those whose value has parts.

use super::*;
use crate::base64;

/// The name and the value of an attribute that has one.
fn split(octets: &[u8], attribute: &Span) -> Option<(Span, Span)> {
    let colon = attribute.start + memchr(b':', slice(octets, attribute.clone()))?;
    Some((attribute.start..colon, colon + 1..attribute.end))
}

fn skip_blanks(octets: &[u8], span: &Span) -> usize {
    let text = slice(octets, span.clone());
    span.start + text.iter().take_while(|octet| **octet == b' ').count()
}

/// Up to the first of `separators`; whether one is there.
fn part(octets: &[u8], span: &Span, separators: &[u8]) -> (Span, bool) {
    let len = slice(octets, span.clone()).iter().position(|octet| separators.contains(octet));
    (span.start..len.map_or(span.end, |len| span.start + len), len.is_some())
}

pub(super) fn of_session<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, attribute: &Span) -> Parsed {
    let octets = tvb.bytes();
    let Some((name, value)) = split(octets, attribute) else {
        return Ok(());
    };
    string(d, SESSION_ATTR_FIELD, tvb, &name);
    match slice(octets, name) {
        // ITU-T Q.1970.
        b"ipbcp" => {
            let (version, _) = part(octets, &value, b" ");
            string(d, IPBCP_VERSION, tvb, &version);
            let command = (version.end + 1).min(value.end)..value.end;
            string(d, IPBCP_COMMAND, tvb, &command);
        }
        // RFC 4567, 3.1.
        b"key-mgmt" => {
            d.open(KEY_MGMT, tvb, value.start, value.len(), Value::Text);
            let (protocol, has_data) = part(octets, &value, b" ");
            string(d, KEY_MGMT_KMPID, tvb, &protocol);
            // What MIKEY says (RFC 3830) is not taken apart.
            if has_data && slice(octets, protocol.clone()) != b"mikey" {
                let data = base64::decode(slice(octets, protocol.end + 1..value.end));
                d.add(KEY_MGMT_DATA, tvb, protocol.end + 1, value.end - protocol.end - 1, Value::Octets(data.into()));
            }
            d.close();
        }
        _ if value.is_empty() => return Err(Stop::Malformed),
        _ => string(d, SESSION_ATTR_VALUE, tvb, &value),
    }
    Ok(())
}

pub(super) fn of_media<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, attribute: &Span, context: &mut Context) -> Parsed {
    let octets = tvb.bytes();
    let Some((name, value)) = split(octets, attribute) else {
        return Ok(());
    };
    let value = skip_blanks(octets, &value)..value.end;
    string(d, MEDIA_ATTRIBUTE_FIELD, tvb, &name);
    if value.is_empty() {
        d.within(|d| d.expert(INVALID_LINE_MISSING_FIELDS, tvb, name.start, name.len()));
        return Ok(());
    }
    let lower = slice(octets, name).to_ascii_lowercase();
    match lower.as_slice() {
        b"rtpmap" => encoding(d, tvb, &value, context),
        b"fmtp" => parameters(d, tvb, &value, context),
        b"crypto" => crypto(d, tvb, &value),
        b"candidate" => candidate(d, tvb, &value),
        // RFC 4975, 8.1: the path of MSRP is not shown apart.
        b"path" => {}
        _ => string(d, MEDIA_ATTRIBUTE_VALUE, tvb, &value),
    }
    Ok(())
}

fn number(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok())?
}

/// RFC 8866, 6.6.
fn encoding<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, context: &mut Context) {
    let octets = tvb.bytes();
    let (format, has_more) = part(octets, value, b" ");
    if !has_more {
        return;
    }
    string(d, MEDIA_FORMAT, tvb, &format);
    let rest = format.end + 1..value.end;
    let (name, has_rate) = part(octets, &rest, b"/");
    if !has_rate {
        return;
    }
    string(d, MIME_TYPE, tvb, &name);
    let Some(payload_type) = number(slice(octets, format)).filter(|number| *number < 128) else {
        return;
    };
    let start = name.end + 1;
    let text = slice(octets, start..value.end);
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let item = d.string(SAMPLE_RATE, tvb, start, digits);
    if slice(octets, name.clone()) == b"G722" {
        // RFC 3551, 4.5.2.
        d.append_text(item, || " (RTP clock rate is 8kHz, actual sampling rate is 16kHz)".to_owned());
    }
    if digits == 0 {
        d.within(|d| d.expert(INVALID_SAMPLE_RATE, tvb, start, 0));
    }
    if context.encodings.len() < MAX_ENCODINGS {
        context.encodings.push((payload_type, name));
    }
}

/// RFC 8866, 6.15, with the parameters of RFC 4629, 6184 and 6416 that are numbers.
fn parameters<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, context: &Context) {
    let octets = tvb.bytes();
    let (format, has_more) = part(octets, value, b" ");
    if !has_more {
        return;
    }
    let item = d.string(MEDIA_FORMAT, tvb, format.start, format.len());
    let Some(payload_type) = number(slice(octets, format.clone())) else {
        d.within(|d| d.expert(INVALID_MEDIA_FORMAT, tvb, format.start, format.len()));
        return;
    };
    let known = context.encodings.iter().rev().find(|row| row.0 == payload_type);
    let encoding = known.map_or(&b"Unknown"[..], |row| slice(octets, row.1.clone()));
    d.append_text(item, || format!(" [{}]", printable(encoding)));
    let mut start = format.end + 1;
    loop {
        start = skip_blanks(octets, &(start..value.end));
        let (parameter, has_more) = part(octets, &(start..value.end), b";");
        string(d, FMTP_PARAMETER, tvb, &parameter);
        d.within(|d| numbered(d, tvb, &parameter, encoding));
        if !has_more {
            return;
        }
        start = parameter.end + 1;
    }
}

fn numbered<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, parameter: &Span, encoding: &[u8]) {
    let octets = tvb.bytes();
    let (name, has_value) = part(octets, parameter, b"=");
    if !has_value {
        return;
    }
    let value = name.end + 1..parameter.end;
    let is = |name: &[u8]| encoding.eq_ignore_ascii_case(name);
    let field = match slice(octets, name) {
        b"profile-level-id" if is(b"MP4V-ES") || is(b"mpeg4-generic") => FMTP_PROFILE_LEVEL_ID,
        b"profile" if is(b"H263-1998") || is(b"H263-2000") => FMTP_H263PROFILE,
        b"level" if is(b"H263-1998") || is(b"H263-2000") => FMTP_H263LEVEL,
        b"packetization-mode" if is(b"H264") => FMTP_H264_PACKETIZATION_MODE,
        b"sprop-parameter-sets" if is(b"H264") => {
            let (first, has_second) = part(octets, &value, b",");
            string(d, NAL_UNIT_1_STRING, tvb, &first);
            if has_second {
                string(d, NAL_UNIT_2_STRING, tvb, &(first.end + 1..value.end));
            }
            return;
        }
        _ => return,
    };
    // As Wireshark reads it: up to what is no digit, in 32 bits.
    let digits = slice(octets, value.clone()).iter().take_while(|octet| octet.is_ascii_digit());
    let number = digits.fold(0_u32, |number, octet| number.wrapping_mul(10).wrapping_add(u32::from(octet - b'0')));
    d.generated(field, tvb, value.start, value.len(), Value::Uint(number.into()));
}

/// RFC 8839, 5.1.
fn candidate<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    let fields = [
        Some(ICE_CANDIDATE_FOUNDATION),
        Some(ICE_CANDIDATE_COMPONENTID),
        Some(ICE_CANDIDATE_TRANSPORT),
        Some(ICE_CANDIDATE_PRIORITY),
        Some(ICE_CANDIDATE_ADDRESS),
        Some(ICE_CANDIDATE_PORT),
        None,
        Some(ICE_CANDIDATE_TYPE),
    ];
    let mut start = value.start;
    for field in fields {
        let (token, has_more) = part(octets, &(start..value.end), b" ");
        if let Some(field) = field {
            let item = d.string(field, tvb, token.start, token.len());
            if field == ICE_CANDIDATE_TYPE {
                d.append_text(item, || candidate_type(slice(octets, token.clone())).to_owned());
            }
        }
        if !has_more {
            return;
        }
        start = token.end + 1;
    }
}

fn candidate_type(name: &[u8]) -> &'static str {
    match name {
        b"host" => " (Host candidate)",
        b"srflx" => " (Server reflexive candidate)",
        b"prflx" => " (Peer reflexive candidate)",
        b"relay" => " (Relayed candidate)",
        _ => "",
    }
}

/// RFC 4568, 9.1.
fn crypto<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    let (tag, has_more) = part(octets, value, b" ");
    let number = number(slice(octets, tag.clone()));
    d.add(CRYPTO_TAG, tvb, tag.start, tag.len(), Value::Uint(number.unwrap_or_default().into()));
    if number.is_none() {
        d.within(|d| d.expert(INVALID_CRYPTO_TAG, tvb, tag.start, tag.len()));
    }
    if !has_more {
        return;
    }
    let (suite, has_more) = part(octets, &(tag.end + 1..value.end), b" ");
    string(d, CRYPTO_CRYPTO_SUITE, tvb, &suite);
    if !has_more {
        return;
    }
    let keys = suite.end + 1..value.end;
    d.open_text(tvb, keys.start, keys.len(), || "Key parameters".to_owned());
    let (method, has_colon) = part(octets, &keys, b":");
    if !has_colon {
        d.expert(INVALID_KEY_PARAM, tvb, keys.start, keys.len());
    } else if slice(octets, method.clone()).eq_ignore_ascii_case(b"inline") {
        inline_key(d, tvb, &(method.end + 1..keys.end), slice(octets, suite));
    }
    d.close();
}

/// RFC 4568, 6.1: the key with its salt in base 64, then how long it lasts and its identifier.
fn inline_key<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, suite: &[u8]) {
    let octets = tvb.bytes();
    let (key, mut has_more) = part(octets, value, b"| ;");
    d.bytes(KEY_AND_SALT, tvb, key.start, key.len());
    if suite.starts_with(b"AES_CM_128_HMAC_SHA1") || suite.starts_with(b"F8_128_HMAC_SHA1") {
        let both = base64::decode(slice(octets, key.clone()));
        if let (Some(master), Some(salt)) = (both.get(..16), both.get(16..30)) {
            d.add(CRYPTO_MASTER_KEY, tvb, key.start, key.len(), Value::Octets(master.into()));
            d.add(CRYPTO_MASTER_SALT, tvb, key.start, key.len(), Value::Octets(salt.into()));
        }
    }
    let mut start = key.end + 1;
    while has_more {
        let (piece, more) = part(octets, &(start.min(value.end)..value.end), b"|");
        let (identifier, has_length) = part(octets, &piece, b":");
        if has_length {
            let length = identifier.end + 1..piece.end;
            string(d, CRYPTO_MKI_VALU, tvb, &identifier);
            string(d, CRYPTO_MKI_LENGTH, tvb, &length);
            if number(slice(octets, length.clone())).is_none() {
                d.within(|d| d.expert(INVALID_CRYPTO_MKI_LENGTH, tvb, length.start, length.len()));
            }
        } else {
            string(d, CRYPTO_LIFETIME, tvb, &piece);
        }
        has_more = more;
        start = piece.end + 1;
    }
}
