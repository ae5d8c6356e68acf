//! The values of headers: each kind's parts.

use super::address::{self, Address, Span, find, quoted_end, skip_blanks};
use super::outline::{self, Header};
use super::*;
use crate::field::FieldId;
use crate::guid;
use crate::output::value::printable;
use crate::stop::Stop;

/// What the headers so far say of the message as a whole.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) content_length: Option<usize>,
    pub(super) content_type: Option<Span>,
    pub(super) call_id: Option<Span>,
    pub(super) has_to_tag: bool,
    has_sequence: bool,
    expires: Option<u32>,
    has_star: bool,
    /// Contacts, those of them with a lifetime of their own that is 0, and those with another one.
    contacts: usize,
    contacts_ended: usize,
    contacts_kept: usize,
}

fn bindings(count: usize) -> String {
    format!("{count} binding{}", if count == 1 { "" } else { "s" })
}

impl Seen {
    /// Bindings that end: by their own lifetime, and by the message's where they have none that is longer (RFC 3261,
    /// 10.2.1.1). Like Wireshark this counts twice what both end.
    fn ended(&self) -> usize {
        let by_message = if self.expires == Some(0) { self.contacts - self.contacts_kept } else { 0 };
        self.contacts_ended + by_message
    }

    /// What a REGISTER asks for, as the Info column says it.
    pub(super) fn bindings_asked(&self) -> String {
        let ended = self.ended();
        match self.contacts {
            0 if self.has_star && self.expires == Some(0) => "  (remove all bindings)".to_owned(),
            0 => "  (fetch bindings)".to_owned(),
            all if ended == 0 => format!("  ({})", bindings(all)),
            all if ended >= all => format!("  (remove {})", bindings(ended)),
            all => format!("  (remove {}) (add {})", bindings(ended), bindings(all - ended)),
        }
    }

    /// What a response to it says.
    pub(super) fn bindings_made(&self) -> String {
        let (ended, all) = (self.ended(), self.contacts);
        if ended == 0 {
            format!("  ({})", bindings(all))
        } else if ended >= all {
            format!("  (removed {})", bindings(ended))
        } else {
            format!("  (removed {}) ({} kept)", bindings(ended), bindings(all - ended))
        }
    }
}

/// The fields that show the parts of an address.
pub(super) struct AddressFields {
    display: FieldId,
    uri: FieldId,
    user: FieldId,
    host: FieldId,
    port: FieldId,
    /// The URI's own parameters.
    parameter: FieldId,
    shows_parameters: bool,
}

macro_rules! address_fields {
    ($($name:ident: $display:ident $uri:ident $user:ident $host:ident $port:ident $parameter:ident $shows:literal;)*) => {$(
        pub(super) const $name: AddressFields = AddressFields {
            display: $display,
            uri: $uri,
            user: $user,
            host: $host,
            port: $port,
            parameter: $parameter,
            shows_parameters: $shows,
        };
    )*};
}

address_fields! {
    REQUEST_URI: R_URI_DISPLAY_INFO R_URI R_URI_USER R_URI_HOST R_URI_PORT R_URI_PARAM false;
    FROM_ADDRESS: FROM_DISPLAY_INFO FROM_ADDR FROM_USER FROM_HOST FROM_PORT FROM_PARAM true;
    TO_ADDRESS: TO_DISPLAY_INFO TO_ADDR TO_USER TO_HOST TO_PORT TO_PARAM true;
    CONTACT_ADDRESS: CONTACT_DISPLAY_INFO CONTACT_URI CONTACT_USER CONTACT_HOST CONTACT_PORT CONTACT_PARAM true;
    ROUTE_ADDRESS: ROUTE_DISPLAY_INFO ROUTE_URI ROUTE_USER ROUTE_HOST ROUTE_PORT ROUTE_PARAM true;
    RECORD_ROUTE_ADDRESS: RECORD_ROUTE_DISPLAY_INFO RECORD_ROUTE_URI RECORD_ROUTE_USER RECORD_ROUTE_HOST
        RECORD_ROUTE_PORT RECORD_ROUTE_PARAM true;
    SERVICE_ROUTE_ADDRESS: SERVICE_ROUTE_DISPLAY_INFO SERVICE_ROUTE_URI SERVICE_ROUTE_USER SERVICE_ROUTE_HOST
        SERVICE_ROUTE_PORT SERVICE_ROUTE_PARAM true;
    PATH_ADDRESS: PATH_DISPLAY_INFO PATH_URI PATH_USER PATH_HOST PATH_PORT PATH_PARAM true;
    ASSERTED_ADDRESS: PAI_DISPLAY_INFO PAI_ADDR PAI_USER PAI_HOST PAI_PORT PAI_PARAM true;
    PREFERRED_ADDRESS: PPI_DISPLAY_INFO PPI_ADDR PPI_USER PPI_HOST PPI_PORT PPI_PARAM true;
    MISSING_ADDRESS: PMISS_DISPLAY_INFO PMISS_ADDR PMISS_USER PMISS_HOST PMISS_PORT PMISS_PARAM true;
    CONSENT_ADDRESS: TC_DISPLAY_INFO TC_ADDR TC_USER TC_HOST TC_PORT TC_PARAM true;
}

fn slice(octets: &[u8], span: Span) -> &[u8] {
    octets.get(span).unwrap_or_default()
}

fn string<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, span: &Span) {
    d.string(field, tvb, span.start, span.len());
}

/// Shows the parts of a URI.
pub(super) fn uri_parts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, uri: &Span, fields: &AddressFields) {
    let octets = tvb.bytes();
    let parts = address::parts(octets, uri.clone());
    for (field, part) in [(fields.user, parts.user), (fields.host, parts.host), (fields.port, parts.port)] {
        if let Some(part) = part {
            string(d, field, tvb, &part);
        }
    }
    if let Some(rest) = parts.parameters
        && fields.shows_parameters
        && d.wants(fields.parameter)
    {
        let mut start = rest.start;
        while start < rest.end {
            let end = find(octets, start..rest.end, b";");
            string(d, fields.parameter, tvb, &(start..end));
            start = end + 1;
        }
    }
}

/// Shows an address and the parts of its URI.
fn show_address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, found: &Address, fields: &AddressFields) {
    if let Some(display) = &found.display {
        string(d, fields.display, tvb, display);
        d.hidden(DISPLAY_INFO, tvb, display.start, display.len(), Value::Text);
        d.within(|d| d.note_strays(tvb, display.start, display.len()));
    }
    d.open(fields.uri, tvb, found.uri.start, found.uri.len(), Value::Text);
    d.note_strays(tvb, found.uri.start, found.uri.len());
    uri_parts(d, tvb, &found.uri, fields);
    d.close();
}

/// Whether the parts of a header will be looked at. Headers that come seldom are not worth asking for.
fn wants_parts(d: &Dissector<'_>, field: FieldId) -> bool {
    if d.wants_fields_of(ProtoId::Ws) {
        return true;
    }
    let names = || d.wants(DISPLAY_INFO);
    match field {
        FROM => d.wants_between(FROM_DISPLAY_INFO, FROM_TAG) || d.wants(TAG) || names(),
        TO => d.wants_between(TO_DISPLAY_INFO, TO_TAG) || d.wants(TAG) || names() || d.wants_columns(),
        CONTACT => {
            d.wants_between(CONTACT_DISPLAY_INFO, CONTACT_PARAM)
                || d.wants(CONTACT_PARAMETER)
                || names()
                || d.wants_columns()
        }
        VIA => d.wants_between(VIA_TRANSPORT, VIA_BE_ROUTE) || d.wants_expert(VIA_SENT_BY_PORT_INVALID),
        ROUTE => d.wants_between(ROUTE_DISPLAY_INFO, ROUTE_PARAM) || names(),
        RECORD_ROUTE => d.wants_between(RECORD_ROUTE_DISPLAY_INFO, RECORD_ROUTE_PARAM) || names(),
        _ => true,
    }
}

/// A header and what stands in it.
pub(super) fn header<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    header: &Header,
    field: FieldId,
    seen: &mut Seen,
) -> Parsed {
    let octets = tvb.bytes();
    let value = &header.value;
    let (start, len) = (value.start, value.len());
    match field {
        EXPIRES | MAX_FORWARDS | MAX_BREADTH | RSEQ => {
            let (number, _) = outline::number(slice(octets, value.clone()));
            if field == EXPIRES {
                seen.expires = Some(number);
            }
            d.add(field, tvb, start, len, Value::Uint(number.into()));
            return Ok(());
        }
        CONTENT_LENGTH => {
            let number = strict_number(slice(octets, value.clone()));
            seen.content_length = Some(length(slice(octets, value.clone())));
            checked_number(d, tvb, header, field, number, CONTENT_LENGTH_INVALID);
            return Ok(());
        }
        RETRY_AFTER => {
            let number = strict_number(slice(octets, value.clone()));
            checked_number(d, tvb, header, field, number, RETRY_AFTER_INVALID);
            return Ok(());
        }
        _ => {}
    }
    let item = d.open(field, tvb, start, len, Value::Text);
    d.text(item, || printable(slice(octets, header.start..value.end)));
    match field {
        _ if !wants_parts(d, field) => {}
        FROM | TO => tagged(d, tvb, value, field, seen),
        CONTACT => contacts(d, tvb, header, seen),
        VIA => vias(d, tvb, value),
        ROUTE => routes(d, tvb, value, &ROUTE_ADDRESS),
        RECORD_ROUTE => routes(d, tvb, value, &RECORD_ROUTE_ADDRESS),
        SERVICE_ROUTE => routes(d, tvb, value, &SERVICE_ROUTE_ADDRESS),
        PATH => routes(d, tvb, value, &PATH_ADDRESS),
        P_ASSERTED_IDENTITY => drop(one_address(d, tvb, value, &ASSERTED_ADDRESS)),
        P_PREFERRED_IDENTITY => drop(one_address(d, tvb, value, &PREFERRED_ADDRESS)),
        PERMISSION_MISSING => drop(one_address(d, tvb, value, &MISSING_ADDRESS)),
        TRIGGER_CONSENT => consent(d, tvb, value),
        CSEQ => {
            if let Some(sequence) = outline::sequence(octets, value) {
                seen.has_sequence = true;
                let (at, len) = (sequence.digits.start, sequence.digits.len());
                d.add(CSEQ_SEQ, tvb, at, len, Value::Uint(sequence.number.into()));
                if sequence.has_method() {
                    string(d, CSEQ_METHOD, tvb, &sequence.method);
                } else if !sequence.method.is_empty() {
                    d.open_text(tvb, sequence.method.start, sequence.method.len(), || {
                        format!("CSeq String too big: {} bytes", sequence.method.len())
                    });
                    d.close();
                }
            }
        }
        RACK => acknowledged(d, tvb, value, seen),
        REASON => reason(d, tvb, value),
        CONTENT_TYPE => seen.content_type = Some(value.clone()),
        SESSION_ID => session(d, tvb, value),
        SECURITY_CLIENT | SECURITY_SERVER | SECURITY_VERIFY => mechanisms(d, tvb, value),
        P_ACCESS_NETWORK_INFO => access_network(d, tvb, value),
        P_CHARGING_VECTOR | P_CHARGING_FUNCTION_ADDRESSES => charging(d, tvb, value),
        FEATURE_CAPS => features(d, tvb, value),
        WWW_AUTHENTICATE | PROXY_AUTHENTICATE | AUTHORIZATION | PROXY_AUTHORIZATION | AUTHENTICATION_INFO => {
            let result = credentials(d, tvb, value, field != AUTHENTICATION_INFO);
            d.close();
            let line = header.start..header.next;
            let item = d.hidden(AUTH, tvb, line.start, line.len(), Value::Text);
            d.text(item, || format!("Authentication: {}", printable(slice(octets, line))));
            return result;
        }
        _ => {}
    }
    d.close();
    if field == CALL_ID {
        seen.call_id = Some(value.clone());
        d.generated(CALL_ID_GENERATED, tvb, start, len, Value::Text);
    }
    Ok(())
}

/// A number that takes the whole value, or what stands for a wrong one: 0, or the greatest where it is too great.
fn strict_number(value: &[u8]) -> Result<u32, u32> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(0);
    }
    let sum = value.iter().try_fold(0_u32, |sum, digit| sum.checked_mul(10)?.checked_add(u32::from(digit - b'0')));
    sum.ok_or(u32::MAX)
}

/// The octets of a body that a Content-Length header says; what is no number says 0.
pub(super) fn length(value: &[u8]) -> usize {
    strict_number(value).unwrap_or_else(|instead| instead) as usize
}

fn checked_number<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    header: &Header,
    field: FieldId,
    number: Result<u32, u32>,
    wrong: FieldId,
) {
    let (at, len) = (header.value.start, header.value.len());
    let value = number.unwrap_or_else(|number| number);
    let item = d.add(field, tvb, at, len, Value::Uint(value.into()));
    d.text(item, || printable(slice(tvb.bytes(), header.start..header.value.end)));
    if number.is_err() {
        d.within(|d| d.expert(wrong, tvb, header.start, header.next - header.start));
    }
}

/// An address and its tag (RFC 3261, 20.20 and 20.39).
fn tagged<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, header: FieldId, seen: &mut Seen) {
    let octets = tvb.bytes();
    let (fields, field) = if header == TO { (&TO_ADDRESS, TO_TAG) } else { (&FROM_ADDRESS, FROM_TAG) };
    let found = address::address(octets, value.clone());
    if let Some(found) = &found {
        show_address(d, tvb, found, fields);
    }
    let rest = found.map_or(value.start, |found| found.end)..value.end;
    if let Some(at) = memchr::memmem::find(slice(octets, rest.clone()), b"tag=") {
        let start = rest.start + at + 4;
        let tag = start..find(octets, start..rest.end, b";");
        string(d, field, tvb, &tag);
        d.hidden(TAG, tvb, tag.start, tag.len(), Value::Text);
        d.within(|d| d.note_strays(tvb, tag.start, tag.len()));
        seen.has_to_tag |= header == TO;
    }
}

fn one_address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, fields: &AddressFields) -> Option<Address> {
    let found = address::address(tvb.bytes(), value.clone())?;
    show_address(d, tvb, &found, fields);
    Some(found)
}

/// RFC 5360, 5.11.2.
fn consent<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    let Some(found) = one_address(d, tvb, value, &CONSENT_ADDRESS) else {
        return;
    };
    let rest = found.end..value.end;
    if let Some(at) = memchr::memmem::find(slice(octets, rest.clone()), b"target-uri=\"") {
        let start = rest.start + at + 12;
        let uri = start..find(octets, start..rest.end, b"\"");
        string(d, TC_TARGET_URI, tvb, &uri);
    }
}

/// Addresses with commas between them, their own parameters left out.
fn routes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, fields: &AddressFields) {
    let mut start = value.start;
    while start < value.end
        && let Some(found) = one_address(d, tvb, &(start..value.end), fields)
    {
        // What has parameters of its own ends the list, as in Wireshark.
        let next = skip_blanks(tvb.bytes(), found.end..value.end);
        if tvb.bytes().get(next) != Some(&b',') {
            break;
        }
        start = next + 1;
    }
}

/// Addresses with their parameters (RFC 3261, 20.10).
fn contacts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, seen: &mut Seen) {
    let octets = tvb.bytes();
    let value = &header.value;
    seen.has_star |= slice(octets, value.clone()) == b"*";
    let mut start = value.start;
    while start < value.end
        && let Some(found) = one_address(d, tvb, &(start..value.end), &CONTACT_ADDRESS)
    {
        seen.contacts += 1;
        let mut lifetime = None;
        let mut here = find(octets, found.end..value.end, b";,");
        while here < value.end && octets.get(here) == Some(&b';') {
            let parameter = contact_parameter(octets, here + 1, header);
            string(d, CONTACT_PARAMETER, tvb, &parameter);
            if let Some(number) = slice(octets, parameter.clone()).strip_prefix(b"expires=") {
                lifetime = Some(outline::number(number).0);
            }
            here = parameter.end;
        }
        match lifetime {
            Some(0) => seen.contacts_ended += 1,
            Some(_) => seen.contacts_kept += 1,
            None => {}
        }
        start = here + 1;
    }
}

/// The parameter of a contact that begins at `start`.
///
/// As Wireshark has it, one with quotes at the end of its header takes the line end with it, and an empty one there is
/// the first octet of the line end.
fn contact_parameter(octets: &[u8], start: usize, header: &Header) -> Span {
    let end = header.value.end;
    if start >= end {
        return end..(end + 1).min(header.next);
    }
    let mut here = start;
    let mut has_quotes = false;
    while here < end {
        match octets.get(here) {
            Some(b';' | b',') => return start..here,
            Some(b'"') => {
                has_quotes = true;
                here = quoted_end(octets, here, end).unwrap_or(end);
            }
            _ => here += 1,
        }
    }
    start..if has_quotes { header.next } else { end }
}

/// The parameters of a Via header and the fields that show them.
const VIA_PARAMETERS: &[(&[u8], FieldId)] = &[
    (b"branch", VIA_BRANCH),
    (b"maddr", VIA_MADDR),
    (b"rport", VIA_RPORT),
    (b"received", VIA_RECEIVED),
    (b"ttl", VIA_TTL),
    (b"comp", VIA_COMP),
    (b"sigcomp-id", VIA_SIGCOMP_ID),
    (b"oc", VIA_OC),
    (b"oc-validity", VIA_OC_VALIDITY),
    (b"oc-seq", VIA_OC_SEQ),
    (b"oc-algo", VIA_OC_ALGO),
    (b"be-route", VIA_BE_ROUTE),
];

/// Hops with commas between them (RFC 3261, 20.42).
fn vias<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let mut start = value.start;
    while start < value.end
        && let Some(next) = via(d, tvb, start..value.end)
    {
        start = next;
    }
}

/// One hop; answers where the next one begins, if the header goes on.
fn via<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: Span) -> Option<usize> {
    let octets = tvb.bytes();
    let end = value.end;
    let mut here = skip_blanks(octets, value);
    for _ in 0..2 {
        here = find(octets, here..end, b"/");
        here = skip_blanks(octets, (here + 1).min(end)..end);
    }
    let transport = here..find(octets, here..end, b" \t");
    here = skip_blanks(octets, transport.end..end);
    if here < end {
        string(d, VIA_TRANSPORT, tvb, &transport);
    }
    let address = if octets.get(here) == Some(&b'[') {
        // RFC 3261, 25.1: an IPv6 reference; shown without its brackets.
        let close = find(octets, here..end, b"]");
        let address = (here + 1).min(end)..close;
        here = (close + 1).min(end);
        address
    } else {
        let address = here..find(octets, here..end, b":; \t");
        here = address.end;
        address
    };
    string(d, VIA_SENT_BY_ADDRESS, tvb, &address);
    here = skip_blanks(octets, here..end);
    if octets.get(here) == Some(&b':') && here < end {
        here = sent_by_port(d, tvb, here + 1, end)?;
    }
    while here < end {
        match octets.get(here) {
            Some(b';') => here = via_parameter(d, tvb, here + 1, end),
            Some(b',') => return Some(here + 1),
            _ => {
                // What is no parameter cannot be told from another hop.
                return (here < end).then_some(here);
            }
        }
    }
    None
}

/// The port of a hop. As Wireshark has it, one that nothing follows is not shown.
fn sent_by_port<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize, end: usize) -> Option<usize> {
    let octets = tvb.bytes();
    let start = skip_blanks(octets, start..end);
    let digits = slice(octets, start..end).iter().take_while(|octet| octet.is_ascii_digit()).count();
    let stop = start + digits;
    if digits == 0 || stop >= end {
        return None;
    }
    let number = strict_number(slice(octets, start..stop)).unwrap_or(u32::MAX);
    let port = u16::try_from(number).unwrap_or(u16::MAX);
    d.add(VIA_SENT_BY_PORT, tvb, start, digits, Value::Uint(port.into()));
    if number > u32::from(u16::MAX) {
        d.within(|d| d.expert(VIA_SENT_BY_PORT_INVALID, tvb, start, digits));
    }
    Some(skip_blanks(octets, stop..end))
}

/// A parameter of a hop; answers where it ends.
fn via_parameter<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize, end: usize) -> usize {
    let octets = tvb.bytes();
    let name = start..find(octets, start..end, b"=;, ");
    let has_value = octets.get(name.end) == Some(&b'=') && name.end < end;
    let shown = if has_value {
        let start = name.end + 1;
        start..find(octets, start..end, b";, ")
    } else {
        name.clone()
    };
    let lower = slice(octets, name.clone()).to_ascii_lowercase();
    match VIA_PARAMETERS.iter().find(|row| row.0 == lower) {
        Some((_, field)) => {
            string(d, *field, tvb, &shown);
            overload(d, tvb, *field, &shown);
        }
        None => {
            let whole = name.start..shown.end;
            d.open_text(tvb, whole.start, whole.len(), || printable(slice(octets, whole)));
            d.close();
        }
    }
    shown.end
}

/// What overload control's parameters say as numbers (RFC 7339, 4).
fn overload<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, value: &Span) {
    let text = slice(tvb.bytes(), value.clone());
    if field == VIA_OC
        && let Ok(number) = strict_number(text)
    {
        d.add(VIA_OC_VAL, tvb, value.start, value.len(), Value::Uint(number.into()));
    }
    if field == VIA_OC_SEQ && d.wants(VIA_OC_SEQ_TS) {
        let parts = std::str::from_utf8(text).ok().and_then(|text| text.split_once('.'));
        if let Some((seconds, fraction)) = parts
            && let (Ok(seconds), Ok(fraction)) = (seconds.parse::<u32>(), fraction.parse::<u32>())
        {
            let time = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * 1_000;
            d.add(VIA_OC_SEQ_TS, tvb, value.start, value.len(), Value::Time(time));
        }
    }
}

/// The parameters of credentials and challenges (RFC 3261, 20.7, 20.27; RFC 3310 for AKA's).
const CREDENTIALS: &[(&[u8], FieldId)] = &[
    (b"response", AUTH_DIGEST_RESPONSE),
    (b"nc", AUTH_NC),
    (b"username", AUTH_USERNAME),
    (b"realm", AUTH_REALM),
    (b"nonce", AUTH_NONCE),
    (b"algorithm", AUTH_ALGORITHM),
    (b"opaque", AUTH_OPAQUE),
    (b"qop", AUTH_QOP),
    (b"cnonce", AUTH_CNONCE),
    (b"uri", AUTH_URI),
    (b"domain", AUTH_DOMAIN),
    (b"stale", AUTH_STALE),
    (b"auts", AUTH_AUTS),
    (b"rspauth", AUTH_RSPAUTH),
    (b"nextnonce", AUTH_NEXTNONCE),
    (b"ik", AUTH_IK),
    (b"ck", AUTH_CK),
];

fn credentials<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, has_scheme: bool) -> Result<(), Stop> {
    let octets = tvb.bytes();
    let end = value.end;
    let mut here = value.start;
    if has_scheme {
        let scheme = here..find(octets, here..end, b" ");
        if scheme.end >= end {
            return Err(Stop::Malformed);
        }
        string(d, AUTH_SCHEME, tvb, &scheme);
        here = scheme.end;
    }
    while here < end {
        let start = skip_blanks(octets, here..end);
        let equals = find(octets, start..end, b"=");
        if equals >= end {
            break;
        }
        let name = slice(octets, start..equals).trim_ascii_end().to_ascii_lowercase();
        let from = skip_blanks(octets, equals + 1..end);
        let to = if octets.get(from) == Some(&b'"') && from < end {
            quoted_end(octets, from, end).unwrap_or(end)
        } else {
            find(octets, from..end, b",")
        };
        match CREDENTIALS.iter().find(|row| row.0 == name) {
            Some((_, field)) => string(d, *field, tvb, &(from..to)),
            None => {
                d.open_text(tvb, start, to - start, || printable(slice(octets, start..to)));
                d.close();
            }
        }
        here = find(octets, to..end, b",") + 1;
    }
    if !has_scheme && here == value.start && here < end {
        d.open_text(tvb, here, end - here, || printable(slice(octets, here..end)));
        d.close();
    }
    Ok(())
}

/// RFC 3262, 7.2. Wireshark shows the method only where a CSeq header stands before.
fn acknowledged<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span, seen: &Seen) {
    let octets = tvb.bytes();
    let mut here = value.start;
    for field in [RACK_RSEQ_SEQ, RACK_CSEQ_SEQ] {
        let (number, digits) = outline::number(slice(octets, here..value.end));
        d.add(field, tvb, here, digits, Value::Uint(number.into()));
        here = skip_blanks(octets, here + digits..value.end);
    }
    if seen.has_sequence && here < value.end {
        string(d, RACK_CSEQ_METHOD, tvb, &(here..value.end));
    }
}

/// RFC 3326, 2: the first reason.
fn reason<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    let protocol = value.start..find(octets, value.clone(), b";");
    if protocol.end >= value.end {
        return;
    }
    string(d, REASON_PROTOCOLS, tvb, &protocol);
    let start = (find(octets, protocol.end..value.end, b"=") + 1).min(value.end);
    let cause = start..find(octets, start..value.end, b";");
    let number = outline::number(slice(octets, cause.clone())).0;
    let name = slice(octets, protocol);
    let field = if name.eq_ignore_ascii_case(b"Q.850") {
        REASON_CAUSE_Q850
    } else if name.eq_ignore_ascii_case(b"SIP") {
        REASON_CAUSE_SIP
    } else {
        REASON_CAUSE_OTHER
    };
    d.add(field, tvb, cause.start, cause.len(), Value::Uint(number.into()));
    let open = find(octets, cause.end..value.end, b"\"");
    if open < value.end {
        let text = open + 1..find(octets, open + 1..value.end, b"\"");
        string(d, REASON_TEXT, tvb, &text);
    }
}

/// The parameters of a header's value, from the first semicolon on.
fn parameters(octets: &[u8], value: Span) -> impl Iterator<Item = Span> {
    let mut here = value.start;
    std::iter::from_fn(move || {
        let start = skip_blanks(octets, here..value.end);
        if start >= value.end {
            return None;
        }
        let end = find(octets, start..value.end, b";");
        here = end + 1;
        Some(start..end)
    })
}

/// RFC 7989, 5: two identifiers of 32 hexadecimal digits.
fn session<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    let local = value.start..find(octets, value.clone(), b";");
    if local.is_empty() {
        d.add(SESSION_ID_SESS_ID, tvb, value.start, 0, Value::Bytes);
        d.within(|d| d.expert(SESSION_ID_SESS_ID_INVALID, tvb, value.start, 0));
        return;
    }
    let octets_of = |digits: &[u8]| Value::Octets(from_hex(digits).into());
    // What has the length of a GUID is shown as one.
    let guid_of = |digits: &[u8]| match <[u8; 16]>::try_from(from_hex(digits)) {
        Ok(guid) => Value::String(guid::text_be(guid).into()),
        Err(octets) => Value::Octets(octets.into()),
    };
    let digits = slice(octets, local.clone());
    let rest = (local.end + 1).min(value.end)..value.end;
    let has_remote = parameters(octets, rest.clone()).any(|span| slice(octets, span).starts_with(b"remote="));
    let item = d.add(SESSION_ID_SESS_ID, tvb, local.start, local.len(), octets_of(digits));
    if has_remote {
        d.hide(item);
        d.add(SESSION_ID_LOCAL_UUID, tvb, local.start, local.len(), guid_of(digits));
    }
    for span in parameters(octets, rest) {
        let text = slice(octets, span.clone());
        if let Some(remote) = text.strip_prefix(b"remote=") {
            d.add(SESSION_ID_REMOTE_UUID, tvb, span.start + 7, remote.len(), guid_of(remote));
        } else if text == b"logme" {
            d.add(SESSION_ID_LOGME, tvb, span.start, span.len(), Value::Uint(1));
        } else {
            string(d, SESSION_ID_PARAM, tvb, &span);
        }
    }
}

/// The octets that pairs of hexadecimal digits stand for; what is none ends them.
fn from_hex(digits: &[u8]) -> Vec<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let pairs = digits.chunks_exact(2).map_while(|pair| match *pair {
        [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

/// RFC 3329, 2.2, with the parameters that 3GPP adds (TS 33.203, annex H).
fn mechanisms<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    let mut start = value.start;
    while start < value.end {
        let start_now = skip_blanks(octets, start..value.end);
        let end = find(octets, start_now..value.end, b",");
        let name = start_now..find(octets, start_now..end, b";");
        d.open(SEC_MECHANISM, tvb, name.start, name.len(), Value::Text);
        for span in parameters(octets, (name.end + 1).min(end)..end) {
            mechanism_parameter(d, tvb, &span);
        }
        d.close();
        start = end + 1;
    }
}

fn mechanism_parameter<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, span: &Span) {
    let octets = tvb.bytes();
    let equals = find(octets, span.clone(), b"=");
    let value = (equals + 1).min(span.end)..span.end;
    let number = outline::number(slice(octets, value.clone())).0;
    let text = match slice(octets, span.start..equals) {
        b"alg" => Some(SEC_MECHANISM_ALG),
        b"ealg" => Some(SEC_MECHANISM_EALG),
        b"prot" => Some(SEC_MECHANISM_PROT),
        _ => None,
    };
    let numbered = match slice(octets, span.start..equals) {
        b"spi-c" => Some(SEC_MECHANISM_SPI_C),
        b"spi-s" => Some(SEC_MECHANISM_SPI_S),
        b"port1" => Some(SEC_MECHANISM_PORT1),
        b"port-c" => Some(SEC_MECHANISM_PORT_C),
        b"port2" => Some(SEC_MECHANISM_PORT2),
        b"port-s" => Some(SEC_MECHANISM_PORT_S),
        _ => None,
    };
    match (text, numbered) {
        (Some(field), _) => string(d, field, tvb, &value),
        (_, Some(field)) => {
            d.add(field, tvb, value.start, value.len(), Value::Uint(number.into()));
        }
        _ => {
            d.open_text(tvb, span.start, span.len(), || printable(slice(octets, span.clone())));
            d.close();
        }
    }
}

/// RFC 7315, 5.4.
fn access_network<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    for (place, span) in parameters(octets, value.clone()).enumerate() {
        if place == 0 {
            string(d, P_ACCESS_NETWORK_INFO_ACCESS_TYPE, tvb, &span);
        } else if let Some(cell) = slice(octets, span.clone()).strip_prefix(b"utran-cell-id-3gpp=") {
            let at = span.end - cell.len();
            string(d, P_ACCESS_NETWORK_INFO_UTRAN_CELL_ID_3GPP, tvb, &(at..span.end));
        }
    }
}

/// RFC 7315, 5.5 and 5.6.
fn charging<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    for span in parameters(octets, value.clone()) {
        let text = slice(octets, span.clone());
        let known = [(&b"icid-value="[..], ICID_VALUE), (b"icid-gen-addr=", ICID_GEN_ADDR)];
        let found = known.iter().find(|row| text.starts_with(row.0));
        match found {
            Some((name, field)) => string(d, *field, tvb, &(span.start + name.len()..span.end)),
            None => {
                d.open_text(tvb, span.start, span.len(), || printable(text));
                d.close();
            }
        }
    }
}

/// RFC 6809, 6.
fn features<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, value: &Span) {
    let octets = tvb.bytes();
    for span in parameters(octets, value.clone()) {
        let sign = usize::from(octets.get(span.start) == Some(&b'+'));
        string(d, FEATURE_CAP, tvb, &(span.start + sign..span.end));
    }
}
