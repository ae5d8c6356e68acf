//! The Constrained Application Protocol (RFC 7252) with observation (RFC 7641) and blocks (RFC 7959). What an answer is about
//! is known by the token of its request.

use std::sync::Arc;

use crate::bindings::Binding;
use crate::conversation;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::output::value::printable;
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Coap, "coap", "Constrained Application Protocol";
    VERSION = field("coap.version", "Version", Uint8, Dec).mask(0xc0);
    TYPE = field("coap.type", "Type", Uint8, Dec).mask(0x30).names(Names::Values(TYPES));
    TOKEN_LEN = field("coap.token_len", "Token Length", Uint8, Dec).mask(0x0f);
    CODE = field("coap.code", "Code", Uint8, Dec).names(Names::Values(CODES));
    MID = field("coap.mid", "Message ID", Uint16, Dec);
    TOKEN = field("coap.token", "Token", Bytes, None);
    OPT_NAME = field("coap.opt.name", "Opt Name", String, None);
    OPT_DESC = field("coap.opt.desc", "Opt Desc", String, None);
    OPT_DELTA = field("coap.opt.delta", "Opt Delta", Uint8, Dec).mask(0xf0);
    OPT_DELTA_EXT = field("coap.opt.delta_ext", "Opt Delta extended", Uint16, Dec);
    OPT_LENGTH = field("coap.opt.length", "Opt Length", Uint8, Dec).mask(0x0f);
    OPT_LENGTH_EXT = field("coap.opt.length_ext", "Opt Length extended", Uint16, Dec);
    OPT_URI_HOST = field("coap.opt.uri_host", "Uri-Host", String, None);
    OPT_URI_PORT = field("coap.opt.uri_port", "Uri-Port", Uint16, Dec);
    OPT_URI_PATH = field("coap.opt.uri_path", "Uri-Path", String, None);
    OPT_URI_QUERY = field("coap.opt.uri_query", "Uri-Query", String, None);
    OPT_CTYPE = field("coap.opt.ctype", "Content-type", String, None);
    OPT_BLOCK_NUMBER = field("coap.opt.block_number", "Block Number", Uint32, Dec);
    OPT_BLOCK_MFLAG = field("coap.opt.block_mflag", "More Flag", Uint8, Dec).mask(0x08);
    OPT_BLOCK_SIZE = field("coap.opt.block_size", "Encoded Block Size", Uint8, Dec).mask(0x07);
    OPT_END_MARKER = field("coap.opt.end_marker", "End of options marker", Uint8, Dec);
    PAYLOAD = field("coap.payload", "Payload", String, None);
    PAYLOAD_DESC = field("coap.payload_desc", "Payload Desc", String, None);
    PAYLOAD_LENGTH = field("coap.payload_length", "Payload Length", Uint32, Dec);
    URI_PATH_RECON = field("coap.opt.uri_path_recon", "Uri-Path", String, None);
}

const TYPES: &[(u64, &str)] = &[(0, "Confirmable"), (1, "Non-Confirmable"), (2, "Acknowledgement"), (3, "Reset")];
const SHORT_TYPES: [&str; 4] = ["CON", "NON", "ACK", "RST"];
/// RFC 7252, 12.1, and the registry that it made.
const CODES: &[(u64, &str)] = &[
    (0, "Empty Message"),
    (1, "GET"),
    (2, "POST"),
    (3, "PUT"),
    (4, "DELETE"),
    (5, "FETCH"),
    (6, "PATCH"),
    (7, "iPATCH"),
    (65, "2.01 Created"),
    (66, "2.02 Deleted"),
    (67, "2.03 Valid"),
    (68, "2.04 Changed"),
    (69, "2.05 Content"),
    (95, "2.31 Continue"),
    (128, "4.00 Bad Request"),
    (129, "4.01 Unauthorized"),
    (130, "4.02 Bad Option"),
    (131, "4.03 Forbidden"),
    (132, "4.04 Not Found"),
    (133, "4.05 Method Not Allowed"),
    (134, "4.06 Not Acceptable"),
    (136, "4.08 Request Entity Incomplete"),
    (137, "4.09 Conflict"),
    (140, "4.12 Precondition Failed"),
    (141, "4.13 Request Entity Too Large"),
    (143, "4.15 Unsupported Content-Format"),
    (150, "4.22 Unprocessable Entity"),
    (157, "4.29 Too Many Requests"),
    (160, "5.00 Internal Server Error"),
    (161, "5.01 Not Implemented"),
    (162, "5.02 Bad Gateway"),
    (163, "5.03 Service Unavailable"),
    (164, "5.04 Gateway Timeout"),
    (165, "5.05 Proxying Not Supported"),
    (168, "5.08 Hop Limit Reached"),
    (225, "7.01 CSM"),
    (226, "7.02 Ping"),
    (227, "7.03 Pong"),
    (228, "7.04 Release"),
    (229, "7.05 Abort"),
];
const URI_HOST: u32 = 3;
const URI_PORT: u32 = 7;
const URI_PATH: u32 = 11;
const CONTENT_FORMAT: u32 = 12;
const URI_QUERY: u32 = 15;
const BLOCK_2: u32 = 23;
const BLOCK_1: u32 = 27;
const OPTIONS: &[(u64, &str)] = &[
    (1, "If-Match"),
    (3, "Uri-Host"),
    (4, "Etag"),
    (5, "If-None-Match"),
    (6, "Observe"),
    (7, "Uri-Port"),
    (8, "Location-Path"),
    (9, "Object-Security"),
    (11, "Uri-Path"),
    (12, "Content-Format"),
    (14, "Max-age"),
    (15, "Uri-Query"),
    (16, "Hop-Limit"),
    (17, "Accept"),
    (20, "Location-Query"),
    (23, "Block2"),
    (27, "Block1"),
    (28, "Size2"),
    (35, "Proxy-Uri"),
    (39, "Proxy-Scheme"),
    (60, "Size1"),
];
/// RFC 7252, 12.3, and the registry that it made.
const FORMATS: &[(u64, &str)] = &[
    (0, "text/plain; charset=utf-8"),
    (40, "application/link-format"),
    (41, "application/xml"),
    (42, "application/octet-stream"),
    (47, "application/exi"),
    (50, "application/json"),
    (60, "application/cbor"),
    (110, "application/senml+json"),
    (112, "application/senml+cbor"),
    (11542, "application/vnd.oma.lwm2m+tlv"),
    (11543, "application/vnd.oma.lwm2m+json"),
];
const MARKER: u8 = 0xff;

/// How many requests are remembered, and how long what they ask for may be.
const MAX_REQUESTS: usize = 32_768;
const MAX_URI: usize = 512;
/// How many options of a message are shown.
const MAX_OPTIONS: usize = 256;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data, ProtoId::Json, ProtoId::Lines],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004400010000401100000a0000010a000002138816330030000042010001010234686f73744216334161016243713d31dd2002707070707070707070707070707070",
            "4500002900010000401100000a0000020a0000011633138800150000624500010102c132b10eff7b7d",
            "4500002800010000401100000a0000020a0000011633138800140000624500020102c132ff7b7d20",
        ],
    }],
    ..Protocol::new(ProtoId::Coap, "CoAP", &[Binding::UdpPort(5683)], dissect)
};

/// What the requests of the first pass asked for, by conversation and token.
pub(crate) struct Requests(Recent<(conversation::Key, u64, u8), Arc<str>>);

impl Default for Requests {
    fn default() -> Self {
        Self(Recent::new(MAX_REQUESTS))
    }
}

/// What the options of a message say.
#[derive(Default)]
struct Said {
    /// With scheme, host and port, where there are options for them.
    path: String,
    query: String,
    format: Option<u64>,
    block: Option<u32>,
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_protocol("CoAP");
    d.set_info(String::new);
    let first = tvb.u8(0)?;
    d.bits(VERSION, tvb, 0, 1, first.into());
    d.bits(TYPE, tvb, 0, 1, first.into());
    d.bits(TOKEN_LEN, tvb, 0, 1, first.into());
    let kind = usize::from(first >> 4 & 3);
    let code = d.uint(CODE, tvb, 1, 1)?;
    let number = d.uint(MID, tvb, 2, 2)?;
    let name = Names::Values(CODES).of(code);
    let name = name.unwrap_or_else(|| format!("Unknown {code}").into());
    d.text(item, || {
        let kind = TYPES.get(kind).map_or("", |kind| kind.1);
        format!("Constrained Application Protocol, {kind}, {name}, MID:{number}")
    });
    let short = SHORT_TYPES.get(kind).copied().unwrap_or_default();
    let len = usize::from(first & 0x0f);
    let token = tvb.slice(4, len)?;
    if len > 0 {
        d.bytes(TOKEN, tvb, 4, len);
    }
    let mut said = Said::default();
    let end = options(d, tvb, 4 + len, &mut said);
    d.append_info(|| format!("{short}, MID:{number}, {name}"));
    let mut at = end?;
    let has_payload = at < tvb.reported();
    if has_payload {
        d.add(OPT_END_MARKER, tvb, at, 1, Value::Uint(MARKER.into()));
        at += 1;
    }
    let uri = about(d, &mut said, token, code, has_payload);
    let payload = tvb.from(at);
    if let Some(block) = said.block {
        d.append_info(|| format!(", Block #{block}"));
    } else if !payload.is_empty() {
        describe(d, payload, said.format);
    }
    if !uri.is_empty() {
        d.generated(URI_PATH_RECON, tvb, 0, 0, Value::String(uri.clone().into()));
    }
    d.close();
    if said.block.is_none() && !payload.is_empty() {
        let (id, name): (_, &[u8]) = match said.format {
            Some(0) => (ProtoId::Lines, b"text/plain"),
            Some(50) => (ProtoId::Json, b"application/json"),
            _ => (ProtoId::Data, b""),
        };
        d.media_type = name;
        d.call(id, payload);
        d.media_type = b"";
    }
    if len > 0 {
        d.append_info(|| {
            let octets: Vec<_> = token.iter().map(|octet| format!("{octet:02x}")).collect();
            format!(", TKN:{}", octets.join(" "))
        });
    }
    if !uri.is_empty() || !said.query.is_empty() {
        d.append_info(|| format!(", {uri}{}", said.query));
    }
    Ok(())
}

/// What a message is about: a request says so, an answer with a payload is about what its request was.
fn about(d: &mut Dissector<'_>, said: &mut Said, token: &[u8], code: u64, has_payload: bool) -> String {
    let number = token.iter().take(8).fold(0, |number, octet| number << 8 | u64::from(*octet));
    let key = (conversation::Key(d.endpoints.conversation().0), number, token.len() as u8);
    let is_request = (1..32).contains(&code);
    if is_request {
        if let Some(flows) = d.flows()
            && said.path.len() <= MAX_URI
        {
            flows.coap.0.insert(key, said.path.as_str().into());
        }
        return std::mem::take(&mut said.path);
    }
    if let Some(flows) = d.flows()
        && code != 0
        && has_payload
        && !token.is_empty()
        && let Some(path) = flows.coap.0.get(&key).cloned()
    {
        d.record(Fact::CoapPath(path));
    }
    let found = d.peek_fact(|fact| match fact {
        Fact::CoapPath(path) => Some(path.to_string()),
        _ => None,
    });
    found.unwrap_or_else(|| std::mem::take(&mut said.path))
}

/// The part of a number that a nibble of 13 or 14 puts behind the first octet (RFC 7252, 3.1).
fn extended(tvb: Tvb<'_>, at: usize, nibble: u8) -> Result<(u32, usize), Stop> {
    Ok(match nibble {
        13 => (u32::from(tvb.u8(at)?) + 13, 1),
        14 => (u32::from(tvb.u16(at)?) + 269, 2),
        15 => return Err(Stop::Malformed),
        _ => (nibble.into(), 0),
    })
}

/// Shows the options; answers where they end.
fn options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, mut at: usize, said: &mut Said) -> Result<usize, Stop> {
    let mut kind = 0u32;
    for index in 1..=MAX_OPTIONS {
        if at >= tvb.reported() || tvb.u8(at)? == MARKER {
            break;
        }
        let first = tvb.u8(at)?;
        let (delta, delta_len) = extended(tvb, at + 1, first >> 4)?;
        let (len, len_len) = extended(tvb, at + 1 + delta_len, first & 15)?;
        let len = len as usize;
        kind = kind.saturating_add(delta);
        let start = at + 1 + delta_len + len_len;
        let value = tvb.exact(start, len)?;
        tvb.slice(start, len)?;
        let name = Names::Values(OPTIONS).of(kind.into()).unwrap_or("Unknown Option".into());
        let item = d.open(OPT_NAME, tvb, at, start + len - at, Value::String(format!("#{index}: {name}").into()));
        // RFC 7252, 5.4.6: the lowest bits say what the option is to who does not know it.
        d.add(
            OPT_DESC,
            tvb,
            at,
            1,
            Value::String(
                format!(
                    "Type {kind}, {}, {}",
                    if kind & 1 == 1 { "Critical" } else { "Elective" },
                    if kind & 2 == 2 { "Unsafe" } else { "Safe" }
                )
                .into(),
            ),
        );
        d.bits(OPT_DELTA, tvb, at, 1, first.into());
        if delta_len > 0 {
            d.uint(OPT_DELTA_EXT, tvb, at + 1, delta_len)?;
        }
        d.bits(OPT_LENGTH, tvb, at, 1, first.into());
        if len_len > 0 {
            d.uint(OPT_LENGTH_EXT, tvb, at + 1 + delta_len, len_len)?;
        }
        let shown = option(d, value, kind, said)?;
        if !shown.is_empty() {
            d.append_text(item, || format!(": {shown}"));
        }
        d.close();
        at = start + len;
    }
    Ok(at)
}

/// An integer without its leading zeros (RFC 7252, 3.2). No option has one of more than four octets.
fn integer(value: Tvb<'_>) -> u64 {
    match value.bytes() {
        octets @ ([] | [_] | [_, _] | [_, _, _] | [_, _, _, _]) => {
            octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
        }
        _ => u32::MAX.into(),
    }
}

fn option<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, kind: u32, said: &mut Said) -> Result<String, Stop> {
    let len = value.reported();
    let text = printable(value.bytes());
    Ok(match kind {
        URI_HOST => {
            d.string(OPT_URI_HOST, value, 0, len);
            said.path.push_str("coap://");
            said.path.push_str(&text);
            text
        }
        URI_PORT => {
            let port = integer(value);
            d.add(OPT_URI_PORT, value, 0, len, Value::Uint(port & 0xffff));
            said.path.push_str(&format!(":{port}"));
            port.to_string()
        }
        URI_PATH => {
            d.string(OPT_URI_PATH, value, 0, len);
            said.path.push('/');
            said.path.push_str(&text);
            text
        }
        URI_QUERY => {
            d.string(OPT_URI_QUERY, value, 0, len);
            said.query.push(if said.query.is_empty() { '?' } else { '&' });
            said.query.push_str(&text);
            text
        }
        CONTENT_FORMAT => {
            let number = integer(value);
            said.format = Some(number);
            let name = format_name(Some(number));
            d.add(OPT_CTYPE, value, 0, len, Value::String(name.clone().into()));
            name
        }
        BLOCK_1 | BLOCK_2 => {
            let number = integer(value);
            let (block, last) = ((number >> 4) as u32, len.saturating_sub(1));
            d.add(OPT_BLOCK_NUMBER, value, 0, len, Value::Uint(block.into()));
            d.bits(OPT_BLOCK_MFLAG, value, last, 1, number & 0xff);
            d.bits(OPT_BLOCK_SIZE, value, last, 1, number & 0xff);
            said.block = said.block.or(Some(block));
            format!("NUM:{block}, M:{}, SZX:{}", number >> 3 & 1, 16 << (number & 7))
        }
        _ => String::new(),
    })
}

fn format_name(number: Option<u64>) -> String {
    match number {
        None => "application/octet-stream (no Content-Format)".to_owned(),
        Some(number) => match Names::Values(FORMATS).of(number) {
            Some(name) => name.into_owned(),
            None => format!("Unknown Type {number}"),
        },
    }
}

fn describe<'a>(d: &mut Dissector<'a>, payload: Tvb<'a>, format: Option<u64>) {
    let name = format_name(format);
    let len = payload.reported();
    let text = format!("Payload Content-Format: {name}, Length: {len}");
    d.open(PAYLOAD, payload, 0, len, Value::String(text.into()));
    d.add(PAYLOAD_DESC, payload, 0, len, Value::String(name.into()));
    d.generated(PAYLOAD_LENGTH, payload, 0, 0, Value::Uint(len as u64));
    d.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn an_answer_is_about_what_its_request_was() {
        let all = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&all[0], "coap.opt.uri_path_recon"), "coap://host:5683/a/b");
        assert_eq!(values(&all[2], "coap.opt.uri_path_recon"), "coap://host:5683/a/b");
        assert_eq!(values(&all[0], "coap.opt.uri_query"), "q=1");
        assert_eq!(values(&all[2], "coap.payload_length"), "3");
    }

    #[test]
    fn requests_are_forgotten_when_there_are_too_many() {
        let mut requests = Requests::default();
        for token in 0..MAX_REQUESTS as u64 + 9 {
            requests.0.insert((conversation::Key(crate::dissector::Endpoints::default()), token, 8), "/".into());
        }
        assert!(requests.0.len() <= MAX_REQUESTS);
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(ProtoId::Coap, b"\x42\x01\0\x01\x01\x02\x34host\x42\x16\x33\x41a\x0da\xbe\x01\0\xffpayload");
    }
}
