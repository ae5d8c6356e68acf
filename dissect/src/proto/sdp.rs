//! The Session Description Protocol (RFC 8866), as SIP bodies carry it, with the attributes of RTP, T.38, SRTP and ICE.

mod attribute;
pub mod description;
pub(crate) mod exchange;
pub(crate) mod names;

#[cfg(test)]
mod tests;

use memchr::memchr;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::proto::sip::line_end;
use crate::proto::udp;
use crate::registry::{ProtoId, Protocol};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Sdp, "sdp", "Session Description Protocol";
    VERSION = field("sdp.version", "Session Description Protocol Version (v)", String, None);
    OWNER = field("sdp.owner", "Owner/Creator, Session Id (o)", String, None);
    SESSION_NAME = field("sdp.session_name", "Session Name (s)", String, None);
    SESSION_INFO = field("sdp.session_info", "Session Information (i)", String, None);
    URI = field("sdp.uri", "URI of Description (u)", String, None);
    EMAIL = field("sdp.email", "E-mail Address (e)", String, None);
    PHONE = field("sdp.phone", "Phone Number (p)", String, None);
    CONNECTION_INFO = field("sdp.connection_info", "Connection Information (c)", String, None);
    BANDWIDTH = field("sdp.bandwidth", "Bandwidth Information (b)", String, None);
    TIMEZONE = field("sdp.timezone", "Time Zone Adjustments (z)", String, None);
    ENCRYPTION_KEY = field("sdp.encryption_key", "Encryption Key (k)", String, None);
    SESSION_ATTR = field("sdp.session_attr", "Session Attribute (a)", String, None);
    MEDIA_ATTR = field("sdp.media_attr", "Media Attribute (a)", String, None);
    TIME = field("sdp.time", "Time Description, active time (t)", String, None);
    REPEAT_TIME = field("sdp.repeat_time", "Repeat Time (r)", String, None);
    MEDIA = field("sdp.media", "Media Description, name and address (m)", String, None);
    MEDIA_TITLE = field("sdp.media_title", "Media Title (i)", String, None);
    UNKNOWN = field("sdp.unknown", "Unknown", String, None);
    INVALID = field("sdp.invalid", "Invalid line", String, None);
    OWNER_USERNAME = field("sdp.owner.username", "Owner Username", String, None);
    OWNER_SESSIONID = field("sdp.owner.sessionid", "Session ID", String, None);
    OWNER_VERSION = field("sdp.owner.version", "Session Version", String, None);
    OWNER_NETWORK_TYPE = field("sdp.owner.network_type", "Owner Network Type", String, None);
    OWNER_ADDRESS_TYPE = field("sdp.owner.address_type", "Owner Address Type", String, None);
    OWNER_ADDRESS = field("sdp.owner.address", "Owner Address", String, None);
    CONNECTION_INFO_NETWORK_TYPE = field("sdp.connection_info.network_type", "Connection Network Type", String, None);
    CONNECTION_INFO_ADDRESS_TYPE = field("sdp.connection_info.address_type", "Connection Address Type", String, None);
    CONNECTION_INFO_ADDRESS = field("sdp.connection_info.address", "Connection Address", String, None);
    CONNECTION_INFO_TTL = field("sdp.connection_info.ttl", "Connection TTL", String, None);
    CONNECTION_INFO_NUM_ADDR = field("sdp.connection_info.num_addr", "Connection Number of Addresses", String, None);
    BANDWIDTH_MODIFIER = field("sdp.bandwidth.modifier", "Bandwidth Modifier", String, None);
    BANDWIDTH_VALUE = field("sdp.bandwidth.value", "Bandwidth Value", String, None);
    TIME_START = field("sdp.time.start", "Session Start Time", String, None);
    TIME_STOP = field("sdp.time.stop", "Session Stop Time", String, None);
    REPEAT_TIME_INTERVAL = field("sdp.repeat_time.interval", "Repeat Interval", String, None);
    REPEAT_TIME_DURATION = field("sdp.repeat_time.duration", "Repeat Duration", String, None);
    REPEAT_TIME_OFFSET = field("sdp.repeat_time.offset", "Repeat Offset", String, None);
    TIMEZONE_TIME = field("sdp.timezone.time", "Timezone Time", String, None);
    TIMEZONE_OFFSET = field("sdp.timezone.offset", "Timezone Offset", String, None);
    ENCRYPTION_KEY_TYPE = field("sdp.encryption_key.type", "Key Type", String, None);
    ENCRYPTION_KEY_DATA = field("sdp.encryption_key.data", "Key Data", String, None);
    SESSION_ATTR_FIELD = field("sdp.session_attr.field", "Session Attribute Fieldname", String, None);
    SESSION_ATTR_VALUE = field("sdp.session_attr.value", "Session Attribute Value", String, None);
    MEDIA_MEDIA = field("sdp.media.media", "Media Type", String, None);
    MEDIA_PORT = field("sdp.media.port", "Media Port", Uint16, Dec);
    MEDIA_PORT_STRING = field("sdp.media.port_string", "Media Port", String, None);
    MEDIA_PORTCOUNT = field("sdp.media.portcount", "Media Port Count", String, None);
    MEDIA_PROTO = field("sdp.media.proto", "Media Protocol", String, None);
    MEDIA_FORMAT = field("sdp.media.format", "Media Format", String, None);
    MEDIA_ATTRIBUTE_FIELD = field("sdp.media_attribute.field", "Media Attribute Fieldname", String, None);
    MEDIA_ATTRIBUTE_VALUE = field("sdp.media_attribute.value", "Media Attribute Value", String, None);
    MIME_TYPE = field("sdp.mime.type", "MIME Type", String, None);
    SAMPLE_RATE = field("sdp.sample_rate", "Sample Rate", String, None);
    FMTP_PARAMETER = field("sdp.fmtp.parameter", "Media format specific parameters", String, None);
    IPBCP_VERSION = field("sdp.ipbcp.version", "IPBCP Protocol Version", String, None);
    IPBCP_COMMAND = field("sdp.ipbcp.command", "IPBCP Command Type", String, None);
    FMTP_PROFILE_LEVEL_ID = field("sdp.fmtp.profile_level_id", "Level Code", Uint32, Dec).names(Names::Values(names::FMTP_PROFILE_LEVEL_ID));
    FMTP_H263PROFILE = field("sdp.fmtp.h263profile", "Profile", Uint32, Dec).names(Names::Values(names::FMTP_H263PROFILE));
    FMTP_H263LEVEL = field("sdp.fmtp.h263level", "Level", Uint32, Dec).names(Names::Values(names::FMTP_H263LEVEL));
    FMTP_H264_PACKETIZATION_MODE = field("sdp.fmtp.h264_packetization_mode", "Packetization mode", Uint32, Dec).names(Names::Values(names::FMTP_H264_PACKETIZATION_MODE));
    H223LOGICALCHANNELPARAMETERS = field("sdp.h223LogicalChannelParameters", "h223LogicalChannelParameters", None, None);
    KEY_MGMT = field("sdp.key_mgmt", "Key Management", String, None);
    KEY_MGMT_KMPID = field("sdp.key_mgmt.kmpid", "Key Management Protocol (kmpid)", String, None);
    KEY_MGMT_DATA = field("sdp.key_mgmt.data", "Key Management Data", Bytes, None);
    CRYPTO_TAG = field("sdp.crypto.tag", "tag", Uint32, Dec);
    CRYPTO_CRYPTO_SUITE = field("sdp.crypto.crypto_suite", "Crypto suite", String, None);
    CRYPTO_MASTER_KEY = field("sdp.crypto.master_key", "Master Key", Bytes, None);
    CRYPTO_MASTER_SALT = field("sdp.crypto.master_salt", "Master salt", Bytes, None);
    CRYPTO_LIFETIME = field("sdp.crypto.lifetime", "Lifetime", String, None);
    CRYPTO_MKI_VALU = field("sdp.crypto.mki-valu", "mki-value", String, None);
    CRYPTO_MKI_LENGTH = field("sdp.crypto.mki_length", "mki_length", String, None);
    ICE_CANDIDATE_FOUNDATION = field("sdp.ice_candidate.foundation", "Foundation", String, None);
    ICE_CANDIDATE_COMPONENTID = field("sdp.ice_candidate.componentid", "Component ID", String, None);
    ICE_CANDIDATE_TRANSPORT = field("sdp.ice_candidate.transport", "Transport", String, None);
    ICE_CANDIDATE_PRIORITY = field("sdp.ice_candidate.priority", "Priority", String, None);
    ICE_CANDIDATE_ADDRESS = field("sdp.ice_candidate.address", "Connection Address", String, None);
    ICE_CANDIDATE_PORT = field("sdp.ice_candidate.port", "Candidate Port", String, None);
    ICE_CANDIDATE_TYPE = field("sdp.ice_candidate.type", "Candidate Type", String, None);
    NAL_UNIT_1_STRING = field("sdp.nal_unit_1_string", "NAL unit 1 string", String, None);
    NAL_UNIT_2_STRING = field("sdp.nal_unit_2_string", "NAL unit 2 string", String, None);
    KEY_AND_SALT = field("sdp.key_and_salt", "Key and Salt", Bytes, None);
    DATA = field("sdp.data", "Data", Bytes, None);
    INVALID_KEY_PARAM = expert("sdp.invalid_key_param", "Invalid key-param (no ':' delimiter)", Note, Malformed);
    INVALID_LINE_NO_EQUAL = expert("sdp.invalid_line.no_equal", "Invalid SDP line (no '=' delimiter)", Note, Malformed);
    INVALID_LINE_MISSING_FIELDS = expert("sdp.invalid_line.missing_fields", "Invalid SDP line (missing required fields)", Error, Malformed);
    INVALID_LINE_EXTRA_SPACE = expert("sdp.invalid_line.extra_space", "Invalid SDP whitespace (extra space character)", Error, Malformed);
    INVALID_CONVERSION = expert("sdp.invalid_conversion", "Invalid conversion", Error, Malformed);
    INVALID_MEDIA_PORT = expert("sdp.invalid_media_port", "Invalid media port", Error, Malformed);
    INVALID_SAMPLE_RATE = expert("sdp.invalid_sample_rate", "Invalid sample rate", Error, Malformed);
    INVALID_MEDIA_FORMAT = expert("sdp.invalid_media_format", "Invalid media format", Error, Malformed);
    INVALID_CRYPTO_TAG = expert("sdp.invalid_crypto_tag", "Invalid crypto tag", Error, Malformed);
    INVALID_CRYPTO_MKI_LENGTH = expert("sdp.invalid_crypto_mki_length", "Invalid crypto mki length", Error, Malformed);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    // Skinny and H.323 announce media as descriptions do: what is to be known of these is to be known of them.
    fed_by: &[ProtoId::Skinny, ProtoId::H225, ProtoId::H245],
    ..Protocol::new(ProtoId::Sdp, "SDP", &[Binding::MediaType("application/sdp")], dissect)
};

/// A range of octets of the description.
type Span = std::ops::Range<usize>;

/// One line of a description: its letter and what stands behind the equals sign.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Line {
    start: usize,
    /// The first two octets are no letter and equals sign.
    is_invalid: bool,
    value: Span,
    next: usize,
}

/// The line that begins at `start`; nothing where the description ends, or with it an empty line.
fn line(octets: &[u8], start: usize) -> Option<Line> {
    let (end, next) = line_end(octets, start);
    let text = octets.get(start..end)?;
    let is_invalid = match text {
        [] | [_] => return None,
        [_, equals, ..] => *equals != b'=' || text.first() == Some(&b'='),
    };
    Some(Line { start, is_invalid, value: start + 2..end, next })
}

/// What the lines so far say of those that follow.
#[derive(Default)]
struct Context {
    is_in_media: bool,
    /// The encodings that the media's `rtpmap` attributes named, by payload type.
    encodings: Vec<(u32, Span)>,
}

/// How many encodings of one media description are kept: there are 128 payload types.
const MAX_ENCODINGS: usize = 128;

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_protocol("/SDP");
    announce(d, tvb);
    if !d.wants_fields_of(ProtoId::Sdp) {
        d.layer("sdp");
        return Ok(());
    }
    d.begin(PROTO, tvb);
    let octets = tvb.bytes();
    let mut context = Context::default();
    let mut here = 0;
    while let Some(line) = line(octets, here) {
        self::show(d, tvb, &line, &mut context)?;
        here = line.next;
    }
    if here < octets.len() {
        d.bytes(DATA, tvb, here, tvb.reported().saturating_sub(here));
    }
    d.close();
    Ok(())
}

/// Whether anything that depends on where media will be heard is to be found.
pub(crate) fn is_followed(d: &Dissector<'_>) -> bool {
    let talk = [ProtoId::Udp, ProtoId::Stun, ProtoId::ClassicStun];
    udp::wants_media(d) || talk.into_iter().any(|id| d.wants_facts_of(id))
}

/// Tells where media will be heard: what is heard there is a conversation of its own, and once both sides agreed on it
/// its protocol is known.
fn announce<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    if !is_followed(d) {
        return;
    }
    let (frame, is_in_message) = (d.packet.number, d.is_inside(ProtoId::Sip));
    let Some(flows) = d.flows() else { return };
    let lines = exchange::Line::all(&description::Description::read(tvb.bytes()));
    let outcome = match flows.message.as_ref().filter(|_| is_in_message) {
        Some(message) => flows.exchanges.see(message, frame, lines),
        None => exchange::Exchanges::alone(&lines, frame),
    };
    for exchange::Announcement { place: (address, port), frame, is_control } in outcome.announced {
        if is_control {
            flows.udp.announce_control(address, port, frame);
        } else {
            flows.udp.announce(address, port, frame);
        }
    }
    for ((address, port), setup) in outcome.offered {
        flows.udp.offer(address, port, setup);
    }
    for (address, port) in outcome.refused {
        flows.udp.withdraw(address, port);
    }
    for ((address, port), setup) in outcome.bound {
        udp::bind(d, address, port, setup);
    }
}

fn slice(octets: &[u8], span: Span) -> &[u8] {
    octets.get(span).unwrap_or_default()
}

fn string<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, span: &Span) {
    d.string(field, tvb, span.start, span.len());
}

/// One line and its parts.
fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, line: &Line, context: &mut Context) -> Parsed {
    let octets = tvb.bytes();
    if line.is_invalid {
        let whole = line.start..line.value.end;
        string(d, INVALID, tvb, &whole);
        d.within(|d| d.expert(INVALID_LINE_NO_EQUAL, tvb, whole.start, whole.len()));
        return Ok(());
    }
    let letter = octets.get(line.start).copied().unwrap_or_default();
    if letter == b'm' {
        *context = Context { is_in_media: true, encodings: Vec::new() };
    }
    type Parts = for<'a> fn(&mut Dissector<'a>, &mut Reader<'a>) -> Parsed;
    let nothing: Parts = |_, _| Ok(());
    let (field, parts): (_, Parts) = match letter {
        b'v' => (VERSION, nothing),
        b'o' => (OWNER, owner),
        b's' => (SESSION_NAME, nothing),
        b'i' if context.is_in_media => (MEDIA_TITLE, nothing),
        b'i' => (SESSION_INFO, nothing),
        b'u' => (URI, nothing),
        b'e' => (EMAIL, nothing),
        b'p' => (PHONE, nothing),
        b'c' => (CONNECTION_INFO, connection),
        b'b' => (BANDWIDTH, bandwidth),
        b't' => (TIME, time),
        b'r' => (REPEAT_TIME, repetition),
        b'z' => (TIMEZONE, zones),
        b'k' => (ENCRYPTION_KEY, key),
        b'm' => (MEDIA, media),
        b'a' => {
            let field = if context.is_in_media { MEDIA_ATTR } else { SESSION_ATTR };
            open(d, tvb, line, field);
            let result = if context.is_in_media {
                attribute::of_media(d, tvb, &line.value, context)
            } else {
                attribute::of_session(d, tvb, &line.value)
            };
            d.close();
            return result;
        }
        _ => {
            string(d, UNKNOWN, tvb, &(line.start..line.value.end));
            return Ok(());
        }
    };
    open(d, tvb, line, field);
    let mut reader = Reader { tvb, value: line.value.clone(), at: 0 };
    parts(d, &mut reader)?;
    d.close();
    Ok(())
}

fn open<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, line: &Line, field: FieldId) {
    d.open(field, tvb, line.value.start, line.value.len(), Value::Text);
}

/// Takes the parts of a line's value one after the other.
///
/// Behind the last part it begins anew at the first one, as Wireshark does: a line with too few parts shows some twice.
struct Reader<'a> {
    tvb: Tvb<'a>,
    value: Span,
    /// Counted from the start of the value.
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> Span {
        (self.value.start + self.at).min(self.value.end)..self.value.end
    }

    /// Takes the part up to one of `separators`. Nothing where none is left.
    fn part(&mut self, d: &mut Dissector<'a>, separators: &[u8]) -> Result<Option<Span>, Stop> {
        let octets = self.tvb.bytes();
        let mut rest = self.rest();
        if rest.is_empty() {
            self.missing(d);
            return Ok(None);
        }
        if octets.get(rest.start) == Some(&b' ') {
            d.open_text(self.tvb, rest.start, 1, || "Invalid SDP whitespace (extra space character)".to_owned());
            d.expert(INVALID_LINE_EXTRA_SPACE, self.tvb, rest.start, 1);
            d.close();
            if self.at == 0 {
                return Err(Stop::Malformed);
            }
            let blanks = slice(octets, rest.clone()).iter().take_while(|octet| **octet == b' ').count();
            rest.start += blanks;
            self.at += blanks;
        }
        let text = slice(octets, rest.clone());
        let len = text.iter().position(|octet| separators.contains(octet));
        self.at = len.map_or(0, |len| self.at + len + 1);
        Ok(Some(rest.start..rest.start + len.unwrap_or(text.len())))
    }

    /// Takes a part and shows it; says whether there was one.
    fn show(&mut self, d: &mut Dissector<'a>, field: FieldId, separators: &[u8]) -> Result<bool, Stop> {
        let Some(part) = self.part(d, separators)? else {
            return Ok(false);
        };
        string(d, field, self.tvb, &part);
        Ok(true)
    }

    /// Says that parts are missing.
    fn missing(&self, d: &mut Dissector<'a>) {
        let at = self.rest().start;
        d.open_text(self.tvb, at, 0, || "Invalid SDP line (missing required fields)".to_owned());
        d.expert(INVALID_LINE_MISSING_FIELDS, self.tvb, at, 0);
        d.close();
    }

    /// Shows all that is left; a line that ends before is malformed.
    fn show_rest(&mut self, d: &mut Dissector<'a>, field: FieldId) -> Parsed {
        let rest = self.rest();
        if rest.is_empty() {
            return Err(Stop::Malformed);
        }
        string(d, field, self.tvb, &rest);
        Ok(())
    }
}

/// RFC 8866, 5.2.
fn owner<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    let fields = [OWNER_USERNAME, OWNER_SESSIONID, OWNER_VERSION, OWNER_NETWORK_TYPE, OWNER_ADDRESS_TYPE];
    for field in fields {
        if !line.show(d, field, b" ")? {
            return Ok(());
        }
    }
    line.show_rest(d, OWNER_ADDRESS)
}

/// RFC 8866, 5.7: behind the address a time to live and a number of addresses.
fn connection<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    for field in [CONNECTION_INFO_NETWORK_TYPE, CONNECTION_INFO_ADDRESS_TYPE] {
        if !line.show(d, field, b" ")? {
            return Ok(());
        }
    }
    let rest = line.rest();
    let text = slice(line.tvb.bytes(), rest.clone());
    let mut start = rest.start;
    for field in [CONNECTION_INFO_ADDRESS, CONNECTION_INFO_TTL, CONNECTION_INFO_NUM_ADDR] {
        if start >= rest.end {
            return Err(Stop::Malformed);
        }
        let part = text.get(start - rest.start..).unwrap_or_default();
        let slash = memchr(b'/', part).filter(|_| field != CONNECTION_INFO_NUM_ADDR);
        let end = slash.map_or(rest.end, |at| start + at);
        string(d, field, line.tvb, &(start..end));
        if slash.is_none() {
            break;
        }
        start = end + 1;
    }
    Ok(())
}

/// RFC 8866, 5.8.
fn bandwidth<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    let octets = line.tvb.bytes();
    let Some(colon) = memchr(b':', slice(octets, line.value.clone())) else {
        return Ok(());
    };
    let colon = line.value.start + colon;
    let modifier = line.value.start..colon;
    let (meaning, unit) = match slice(octets, modifier.clone()) {
        b"CT" => (" [Conference Total(total bandwidth of all RTP sessions)]", " kb/s"),
        b"AS" => (" [Application Specific (RTP session bandwidth)]", " kb/s"),
        b"TIAS" => (" [Transport Independent Application Specific maximum]", " b/s"),
        _ => ("", ""),
    };
    let item = d.string(BANDWIDTH_MODIFIER, line.tvb, modifier.start, modifier.len());
    d.append_text(item, || meaning.to_owned());
    let value = colon + 1..line.value.end;
    if value.is_empty() {
        return Err(Stop::Malformed);
    }
    let item = d.string(BANDWIDTH_VALUE, line.tvb, value.start, value.len());
    d.append_text(item, || unit.to_owned());
    Ok(())
}

/// RFC 8866, 5.9.
fn time<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    if line.show(d, TIME_START, b" ")? { line.show_rest(d, TIME_STOP) } else { Ok(()) }
}

/// RFC 8866, 5.10.
fn repetition<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    for field in [REPEAT_TIME_INTERVAL, REPEAT_TIME_DURATION] {
        if !line.show(d, field, b" ")? {
            return Ok(());
        }
    }
    while line.show(d, REPEAT_TIME_OFFSET, b" ")? && line.at != 0 {}
    Ok(())
}

/// RFC 8866, 5.11.
fn zones<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    // Each round ends at the start of the value or further on; two rounds show every part as either kind.
    for _ in 0..=line.value.len() {
        let is_there = line.show(d, TIMEZONE_TIME, b" ")? && line.show(d, TIMEZONE_OFFSET, b" ")?;
        if !is_there || line.at == 0 {
            break;
        }
    }
    Ok(())
}

/// RFC 8866, 5.12.
fn key<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    let octets = line.tvb.bytes();
    let Some(colon) = memchr(b':', slice(octets, line.value.clone())) else {
        return Ok(());
    };
    string(d, ENCRYPTION_KEY_TYPE, line.tvb, &(line.value.start..line.value.start + colon));
    line.at = colon + 1;
    line.show_rest(d, ENCRYPTION_KEY_DATA)
}

/// Transports whose formats are payload types of RTP.
pub(crate) fn carries_rtp(transport: &[u8]) -> bool {
    matches!(
        transport,
        b"RTP/AVP" | b"RTP/AVPF" | b"RTP/SAVP" | b"RTP/SAVPF" | b"UDP/TLS/RTP/SAVP" | b"UDP/TLS/RTP/SAVPF"
    )
}

/// RFC 8866, 5.14.
fn media<'a>(d: &mut Dissector<'a>, line: &mut Reader<'a>) -> Parsed {
    let octets = line.tvb.bytes();
    if !line.show(d, MEDIA_MEDIA, b" ")? {
        return Ok(());
    }
    let Some(port) = line.part(d, b" /")? else {
        return Ok(());
    };
    let has_count = octets.get(port.end) == Some(&b'/') && port.end < line.value.end;
    media_port(d, line.tvb, &port);
    if has_count && !line.show(d, MEDIA_PORTCOUNT, b" ")? {
        return Ok(());
    }
    let Some(transport) = line.part(d, b" ")? else {
        return Ok(());
    };
    string(d, MEDIA_PROTO, line.tvb, &transport);
    let is_rtp = carries_rtp(slice(octets, transport));
    let end = line.value.end;
    loop {
        let Some(format) = line.part(d, b" ")? else {
            return Ok(());
        };
        media_format(d, line.tvb, &format, is_rtp);
        if line.at == 0 || line.value.start + line.at >= end {
            return Ok(());
        }
    }
}

/// The port, as text and, where it is one, as a number.
fn media_port<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, port: &Span) {
    let text = slice(tvb.bytes(), port.clone());
    let item = d.string(MEDIA_PORT_STRING, tvb, port.start, port.len());
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return;
    }
    d.hide(item);
    let text = std::str::from_utf8(text).unwrap_or_default();
    let number = match text.parse::<u64>() {
        Ok(number) => u16::try_from(number).map_err(|_| u16::MAX),
        Err(_) if text.bytes().all(|octet| octet.is_ascii_digit()) => Err(u16::MAX),
        Err(_) => Err(0),
    };
    let value = number.unwrap_or_else(|instead| instead);
    d.add(MEDIA_PORT, tvb, port.start, port.len(), Value::Uint(value.into()));
    if number.is_err() {
        d.within(|d| d.expert(INVALID_MEDIA_PORT, tvb, port.start, port.len()));
    }
}

fn media_format<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, format: &Span, is_rtp: bool) {
    if !d.wants(MEDIA_FORMAT) {
        return;
    }
    let text = slice(tvb.bytes(), format.clone());
    let name = if is_rtp { payload_type_name(text) } else { None };
    match name {
        Some(name) => drop(d.add(MEDIA_FORMAT, tvb, format.start, format.len(), Value::String(name.into()))),
        None => drop(d.string(MEDIA_FORMAT, tvb, format.start, format.len())),
    }
}

/// What a payload type that begins with a digit is called.
fn payload_type_name(text: &[u8]) -> Option<String> {
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let number = std::str::from_utf8(text.get(..digits)?).ok()?.parse::<u64>().ok()?;
    match number {
        96..=127 => Some(format!("DynamicRTP-Type-{number}")),
        _ => Names::Ranges(names::PAYLOAD_TYPES).of(number).map(std::borrow::Cow::into_owned),
    }
}
