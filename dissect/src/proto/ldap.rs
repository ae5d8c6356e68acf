//! The Lightweight Directory Access Protocol (RFC 4511), in TCP, in SASL's integrity wrapping (RFC 4121) and in UDP (CLDAP).

use super::gss;
use crate::ber::{self, Element};
use crate::bindings::Binding;
use crate::conversation;
use crate::dissector::{Dissector, Transport};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::guid;
use crate::output::value::printable;
use crate::proto::tls;
use crate::recent::Recent;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ldap, "ldap", "Lightweight Directory Access Protocol";
    SASL_BUFFER_LENGTH = field("ldap.sasl_buffer_length", "SASL Buffer Length", Uint32, Dec);
    MESSAGE = field("ldap.LDAPMessage_element", "LDAPMessage", None, None);
    MESSAGE_ID = field("ldap.messageID", "messageID", Uint32, Dec);
    PROTOCOL_OP = field("ldap.protocolOp", "protocolOp", Uint32, Dec).names(Names::Values(OPERATIONS));
    BIND_REQUEST = field("ldap.bindRequest_element", "bindRequest", None, None);
    VERSION = field("ldap.version", "version", Uint32, Dec);
    NAME = field("ldap.name", "name", String, None);
    AUTHENTICATION = field("ldap.authentication", "authentication", Uint32, Dec).names(Names::Values(AUTHENTICATIONS));
    SIMPLE = field("ldap.simple", "simple", String, None);
    SASL = field("ldap.sasl_element", "sasl", None, None);
    MECHANISM = field("ldap.mechanism", "mechanism", String, None);
    CREDENTIALS = field("ldap.credentials", "credentials", Bytes, None);
    BIND_RESPONSE = field("ldap.bindResponse_element", "bindResponse", None, None);
    RESULT_CODE = field("ldap.resultCode", "resultCode", Uint32, Dec).names(Names::Values(RESULTS));
    MATCHED_DN = field("ldap.matchedDN", "matchedDN", String, None);
    ERROR_MESSAGE = field("ldap.errorMessage", "errorMessage", String, None);
    SERVER_SASL_CREDS = field("ldap.serverSaslCreds", "serverSaslCreds", Bytes, None);
    UNBIND_REQUEST = field("ldap.unbindRequest_element", "unbindRequest", None, None);
    SEARCH_REQUEST = field("ldap.searchRequest_element", "searchRequest", None, None);
    BASE_OBJECT = field("ldap.baseObject", "baseObject", String, None);
    SCOPE = field("ldap.scope", "scope", Uint32, Dec).names(Names::Values(SCOPES));
    DEREF_ALIASES = field("ldap.derefAliases", "derefAliases", Uint32, Dec).names(Names::Values(DEREFERENCING));
    SIZE_LIMIT = field("ldap.sizeLimit", "sizeLimit", Uint32, Dec);
    TIME_LIMIT = field("ldap.timeLimit", "timeLimit", Uint32, Dec);
    TYPES_ONLY = field("ldap.typesOnly", "typesOnly", Boolean, None);
    FILTER = field("ldap.filter", "filter", Uint32, Dec).names(Names::Values(FILTERS));
    AND = field("ldap.and", "and", Uint32, Dec);
    OR = field("ldap.or", "or", Uint32, Dec);
    EQUALITY_MATCH = field("ldap.equalityMatch_element", "equalityMatch", None, None);
    ATTRIBUTE_DESC = field("ldap.attributeDesc", "attributeDesc", String, None);
    ASSERTION_VALUE = field("ldap.assertionValue", "assertionValue", String, None);
    PRESENT = field("ldap.present", "present", String, None);
    ATTRIBUTES = field("ldap.attributes", "attributes", Uint32, Dec);
    ATTRIBUTE_DESCRIPTION = field("ldap.AttributeDescription", "AttributeDescription", String, None);
    SEARCH_RES_ENTRY = field("ldap.searchResEntry_element", "searchResEntry", None, None);
    OBJECT_NAME = field("ldap.objectName", "objectName", String, None);
    PARTIAL_ATTRIBUTE = field("ldap.PartialAttributeList_item_element", "PartialAttributeList item", None, None);
    TYPE = field("ldap.type", "type", String, None);
    VALS = field("ldap.vals", "vals", Uint32, Dec);
    ATTRIBUTE_VALUE = field("ldap.AttributeValue", "AttributeValue", Bytes, None);
    OID = field("ldap.oid", "OID", String, None);
    SEARCH_RES_DONE = field("ldap.searchResDone_element", "searchResDone", None, None);
    MODIFY_REQUEST = field("ldap.modifyRequest_element", "modifyRequest", None, None);
    OBJECT = field("ldap.object", "object", String, None);
    MODIFICATION = field("ldap.modification", "modification", Uint32, Dec);
    MODIFICATION_ITEM = field("ldap.modification_item_element", "modification item", None, None);
    OPERATION = field("ldap.operation", "operation", Uint32, Dec).names(Names::Values(CHANGES));
    MODIFICATION_ELEMENT = field("ldap.modification_element", "modification", None, None);
    MODIFY_RESPONSE = field("ldap.modifyResponse_element", "modifyResponse", None, None);
    ADD_REQUEST = field("ldap.addRequest_element", "addRequest", None, None);
    ENTRY = field("ldap.entry", "entry", String, None);
    DEL_REQUEST = field("ldap.delRequest", "delRequest", String, None);
    EXTENDED_REQ = field("ldap.extendedReq_element", "extendedReq", None, None);
    REQUEST_NAME = field("ldap.requestName", "requestName", String, None);
    REQUEST_VALUE = field("ldap.requestValue", "requestValue", Bytes, None);
    EXTENDED_RESP = field("ldap.extendedResp_element", "extendedResp", None, None);
    RESPONSE_NAME = field("ldap.responseName", "responseName", String, None);
    CONTROLS = field("ldap.controls", "controls", Uint32, Dec);
    CONTROL = field("ldap.Control_element", "Control", None, None);
    CONTROL_TYPE = field("ldap.controlType", "controlType", String, None);
    CONTROL_VALUE = field("ldap.controlValue", "controlValue", Bytes, None);
    SID = field("ldap.sid", "Sid", String, None);
    GUID = field("ldap.guid", "GUID", Guid, None);
    SEARCH_CONTROL_VALUE = field("ldap.SearchControlValue_element", "SearchControlValue", None, None);
    SIZE = field("ldap.size", "size", Int32, Dec);
    COOKIE = field("ldap.cookie", "cookie", Bytes, None);
    SORT_KEY_LIST = field("ldap.SortKeyList", "SortKeyList", Uint32, Dec);
    SORT_KEY_LIST_ITEM = field("ldap.SortKeyList_item_element", "SortKeyList item", None, None);
    ATTRIBUTE_TYPE = field("ldap.attributeType", "attributeType", String, None);
    ORDERING_RULE = field("ldap.orderingRule", "orderingRule", String, None);
    REVERSE_ORDER = field("ldap.reverseOrder", "reverseOrder", Boolean, None);
    PASSWD_MODIFY_REQUEST = field("ldap.PasswdModifyRequestValue_element", "PasswdModifyRequestValue", None, None);
    USER_IDENTITY = field("ldap.userIdentity", "userIdentity", Bytes, None);
    OLD_PASSWD = field("ldap.oldPasswd", "oldPasswd", Bytes, None);
    NEW_PASSWD = field("ldap.newPasswd", "newPasswd", Bytes, None);
    SEARCH_RES_REF = field("ldap.searchResRef", "searchResRef", Uint32, Dec);
    ADD_RESPONSE = field("ldap.addResponse_element", "addResponse", None, None);
    DEL_RESPONSE = field("ldap.delResponse_element", "delResponse", None, None);
    MOD_DNREQUEST = field("ldap.modDNRequest_element", "modDNRequest", None, None);
    MOD_DNRESPONSE = field("ldap.modDNResponse_element", "modDNResponse", None, None);
    COMPARE_REQUEST = field("ldap.compareRequest_element", "compareRequest", None, None);
    COMPARE_RESPONSE = field("ldap.compareResponse_element", "compareResponse", None, None);
    ABANDON_REQUEST = field("ldap.abandonRequest", "abandonRequest", Uint32, Dec);
    INTERMEDIATE_RESPONSE = field("ldap.intermediateResponse_element", "intermediateResponse", None, None);
    REFERRAL = field("ldap.referral", "referral", Uint32, Dec);
    LDAPURL = field("ldap.LDAPURL", "LDAPURL", String, None);
    CRITICALITY = field("ldap.criticality", "criticality", Boolean, None);
    AND_ITEM = field("ldap.and_item", "and item", Uint32, Dec).names(Names::Values(FILTERS));
    OR_ITEM = field("ldap.or_item", "or item", Uint32, Dec).names(Names::Values(FILTERS));
    NOT = field("ldap.not", "not", Uint32, Dec).names(Names::Values(FILTERS));
    SUBSTRINGS_LINE = field("ldap.substrings_element", "substrings", None, None);
    GREATER_OR_EQUAL = field("ldap.greaterOrEqual_element", "greaterOrEqual", None, None);
    LESS_OR_EQUAL = field("ldap.lessOrEqual_element", "lessOrEqual", None, None);
    APPROX_MATCH = field("ldap.approxMatch_element", "approxMatch", None, None);
    EXTENSIBLE_MATCH = field("ldap.extensibleMatch_element", "extensibleMatch", None, None);
    SUBSTRINGS = field("ldap.substrings", "substrings", Uint32, Dec);
    SUBSTRINGS_ITEM = field("ldap.substrings_item", "substrings item", Uint32, Dec).names(Names::Values(PIECES));
    INITIAL = field("ldap.initial", "initial", String, None);
    ANY = field("ldap.any", "any", String, None);
    FINAL = field("ldap.final", "final", String, None);
    MATCHING_RULE = field("ldap.matchingRule", "matchingRule", String, None);
    MATCH_VALUE = field("ldap.matchValue", "matchValue", String, None);
    DN_ATTRIBUTES = field("ldap.dnAttributes", "dnAttributes", Boolean, None);
    ATTRIBUTE_LIST_ITEM = field("ldap.AttributeList_item_element", "AttributeList item", None, None);
    NEWRDN = field("ldap.newrdn", "newrdn", String, None);
    DELETEOLDRDN = field("ldap.deleteoldrdn", "deleteoldrdn", Boolean, None);
    NEW_SUPERIOR = field("ldap.newSuperior", "newSuperior", String, None);
    AVA = field("ldap.ava_element", "ava", None, None);
    RESPONSE = field("ldap.response", "response", Bytes, None);
    RESPONSE_IN = field("ldap.response_in", "Response In", FrameNum, None).told_later();
    RESPONSE_TO = field("ldap.response_to", "Response To", FrameNum, None);
    TIME = field("ldap.time", "Time", RelativeTime, None);
}

/// RFC 4511, 4.5.1.7.2.
const PIECES: &[(u64, &str)] = &[(0, "initial"), (1, "any"), (2, "final")];

/// By their tags (RFC 4511, 4.2 to 4.13).
const OPERATIONS: &[(u64, &str)] = &[
    (0, "bindRequest"),
    (1, "bindResponse"),
    (2, "unbindRequest"),
    (3, "searchRequest"),
    (4, "searchResEntry"),
    (5, "searchResDone"),
    (6, "modifyRequest"),
    (7, "modifyResponse"),
    (8, "addRequest"),
    (9, "addResponse"),
    (10, "delRequest"),
    (11, "delResponse"),
    (12, "modDNRequest"),
    (13, "modDNResponse"),
    (14, "compareRequest"),
    (15, "compareResponse"),
    (16, "abandonRequest"),
    (19, "searchResRef"),
    (23, "extendedReq"),
    (24, "extendedResp"),
    (25, "intermediateResponse"),
];
const SEARCH_ENTRY: u8 = 4;
const SEARCH_DONE: u8 = 5;
const AUTHENTICATIONS: &[(u64, &str)] = &[(0, "simple"), (3, "sasl"), (10, "ntlmsspNegotiate"), (11, "ntlmsspAuth")];
const SCOPES: &[(u64, &str)] = &[(0, "baseObject"), (1, "singleLevel"), (2, "wholeSubtree")];
const DEREFERENCING: &[(u64, &str)] =
    &[(0, "neverDerefAliases"), (1, "derefInSearching"), (2, "derefFindingBaseObj"), (3, "derefAlways")];
const FILTERS: &[(u64, &str)] = &[
    (0, "and"),
    (1, "or"),
    (2, "not"),
    (3, "equalityMatch"),
    (4, "substrings"),
    (5, "greaterOrEqual"),
    (6, "lessOrEqual"),
    (7, "present"),
    (8, "approxMatch"),
    (9, "extensibleMatch"),
];
const CHANGES: &[(u64, &str)] = &[(0, "add"), (1, "delete"), (2, "replace"), (3, "increment")];
/// RFC 4511, appendix A.
const RESULTS: &[(u64, &str)] = &[
    (0, "success"),
    (1, "operationsError"),
    (2, "protocolError"),
    (3, "timeLimitExceeded"),
    (4, "sizeLimitExceeded"),
    (5, "compareFalse"),
    (6, "compareTrue"),
    (7, "authMethodNotSupported"),
    (8, "strongAuthRequired"),
    (10, "referral"),
    (11, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (14, "saslBindInProgress"),
    (16, "noSuchAttribute"),
    (17, "undefinedAttributeType"),
    (18, "inappropriateMatching"),
    (19, "constraintViolation"),
    (20, "attributeOrValueExists"),
    (21, "invalidAttributeSyntax"),
    (32, "noSuchObject"),
    (33, "aliasProblem"),
    (34, "invalidDNSyntax"),
    (36, "aliasDereferencingProblem"),
    (48, "inappropriateAuthentication"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
    (54, "loopDetect"),
    (64, "namingViolation"),
    (65, "objectClassViolation"),
    (66, "notAllowedOnNonLeaf"),
    (67, "notAllowedOnRDN"),
    (68, "entryAlreadyExists"),
    (69, "objectClassModsProhibited"),
    (71, "affectsMultipleDSAs"),
    (80, "other"),
];
/// Attributes whose values are object identifiers (RFC 4512, 5.1).
const OF_OIDS: [&[u8]; 4] =
    [b"supportedCapabilities", b"supportedControl", b"supportedExtension", b"supportedFeatures"];

const SEQUENCE: u8 = 0x30;
/// How deep a filter may be.
const MAX_FILTER_DEPTH: usize = 32;
/// The longest message that is believed.
const MAX_MESSAGE: usize = 16 << 20;
/// How many searches whose entries are counted are remembered.
const MAX_SEARCHES: usize = 65_536;

/// How many entries each search got so far.
pub(crate) struct Searches {
    open: Recent<(conversation::Key, u32), u32>,
}

impl Default for Searches {
    fn default() -> Self {
        Self { open: Recent::new(MAX_SEARCHES) }
    }
}

const RULES: Rules = Rules {
    proto: ProtoId::Ldap,
    renews: true,
    again: Again::Answers,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, TIME],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(tls::has_not_begun),
    calls: &[ProtoId::Gss, ProtoId::Spnego],
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: SAMPLE }, Sample { link_type: 101, frames: MORE }],
    ..Protocol::new(
        ProtoId::Ldap,
        "LDAP",
        &[Binding::TcpPort(389), Binding::TcpPort(3268), Binding::UdpPort(389)],
        dissect,
    )
};

/// A message begins with a sequence; what SASL protects with a length of four octets (RFC 4422, 3.7).
fn framing(stream: &[u8]) -> Framing {
    let missing = |len: usize| Framing::More(len - stream.len());
    match *stream {
        [] => missing(1),
        [SEQUENCE] => missing(2),
        [SEQUENCE, len @ 0..=0x7f, ..] => Framing::Message(2 + usize::from(len)),
        [SEQUENCE, width @ 0x81..=0x84, ref rest @ ..] => {
            let width = usize::from(width & 0x7f);
            let Some(len) = rest.get(..width) else { return missing(2 + width) };
            let len = len.iter().fold(0, |len, octet| len << 8 | usize::from(*octet));
            if len > MAX_MESSAGE { Framing::Foreign } else { Framing::Message(2 + width + len) }
        }
        [SEQUENCE, ..] => Framing::Foreign,
        [0, _, _, _, ..] => {
            let len = stream.iter().take(4).fold(0, |len, octet| len << 8 | usize::from(*octet));
            if len == 0 || len > MAX_MESSAGE { Framing::Foreign } else { Framing::Message(4 + len) }
        }
        [0, ..] => missing(4),
        _ => Framing::Foreign,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (_, is_next) = d.begin_next(PROTO, tvb);
    d.set_protocol(if d.endpoints.transport == Transport::Udp { "CLDAP" } else { "LDAP" });
    if !is_next {
        d.set_info(String::new);
    }
    if tvb.u8(0)? == 0 {
        d.uint(SASL_BUFFER_LENGTH, tvb, 0, 4)?;
        protected(d, tvb.from(4))?;
    } else {
        message(d, tvb)?;
    }
    d.close();
    Ok(())
}

/// RFC 4121, 4.2.6.2: a wrap token that is not sealed has its message in the clear, behind or before a checksum.
fn protected<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const WRAP: [u8; 2] = [5, 4];
    const SEALED: u8 = 2;
    const HEADER_LEN: usize = 16;
    if tvb.array::<2>(0)? != WRAP {
        d.append_info_with(" | ", || "SASL GSS-API Privacy (decrypted): ".to_owned());
        return Ok(());
    }
    if tvb.u8(2)? & SEALED != 0 {
        gss::call(d, tvb.sub(0, HEADER_LEN));
        d.append_info_with(" | ", || {
            format!("SASL GSS-API Privacy: payload ({} bytes)", tvb.reported().saturating_sub(HEADER_LEN))
        });
        return Ok(());
    }
    let (checksum, rotation) = (usize::from(tvb.u16(4)?), usize::from(tvb.u16(6)?));
    gss::call(d, tvb.sub(0, HEADER_LEN + checksum));
    d.append_info_with(" | ", || "SASL GSS-API Integrity: ".to_owned());
    let content = tvb.from(HEADER_LEN);
    let start = if rotation == checksum { checksum } else { 0 };
    message_behind(d, content.from(start))
}

/// A length as texts show it.
fn items(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} item{s}")
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_info_with(" | ", String::new);
    message_behind(d, tvb)
}

fn message_behind<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let whole = Element::expect(tvb, 0, SEQUENCE)?;
    let body = whole.body;
    let id = Element::expect(body, 0, ber::INTEGER)?;
    let number = id.uint()? as u32;
    let operation = Element::read(body, id.end)?;
    let tag = operation.tag & 0x1f;
    let name = Names::Values(OPERATIONS).of(tag.into()).unwrap_or("unknown".into());
    d.append_info(|| format!("{name}({number}) "));
    let line = d.open(MESSAGE, tvb, 0, whole.end, Value::None);
    d.text(line, || format!("LDAPMessage {name}({number})"));
    d.add(MESSAGE_ID, id.body, 0, id.body.reported(), Value::Uint(number.into()));
    d.open(PROTOCOL_OP, operation.body, 0, operation.body.reported(), Value::Uint(tag.into()));
    self::operation(d, operation.body, tag, number)?;
    d.close();
    if operation.end < body.reported() {
        controls(d, Element::read(body, operation.end)?)?;
    }
    transactions(d, tvb, tag, number);
    d.close();
    Ok(())
}

fn transactions<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, tag: u8, number: u32) {
    match tag {
        0 | 3 | 6 | 8 | 10 | 12 | 14 | 23 => transaction::request(d, &RULES, number.into()),
        1 | 4 | 5 | 7 | 9 | 11 | 13 | 15 | 19 | 24 | 25 => transaction::response(d, &RULES, number.into(), true),
        _ => return,
    }
    let known = transaction::known(d, ProtoId::Ldap);
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(RESPONSE_TO, tvb, 0, 0, Value::Uint(frame));
        d.generated(TIME, tvb, 0, 0, Value::Time(after));
    }
}

fn text<'a>(d: &mut Dissector<'a>, field: FieldId, element: Element<'a>) {
    d.add(field, element.body, 0, element.body.reported(), Value::Text);
}

fn bytes<'a>(d: &mut Dissector<'a>, field: FieldId, element: Element<'a>) {
    d.bytes(field, element.body, 0, element.body.reported());
}

fn number<'a>(d: &mut Dissector<'a>, field: FieldId, element: Element<'a>) -> Result<u64, Stop> {
    let value = element.uint()?;
    d.add(field, element.body, 0, element.body.reported(), Value::Uint(value));
    Ok(value)
}

/// A name in the Info column; that of the root has no octets.
fn name_in_info(d: &mut Dissector<'_>, element: Element<'_>) {
    d.append_info(|| match element.body.is_empty() {
        true => "\"<ROOT>\" ".to_owned(),
        false => format!("\"{}\" ", printable(element.body.bytes())),
    });
}

/// The elements that lie side by side in another one.
fn each<'a>(body: Tvb<'a>, mut show: impl FnMut(Element<'a>) -> Parsed) -> Parsed {
    let mut at = 0;
    while at < body.reported() {
        let element = Element::read(body, at)?;
        show(element)?;
        at = element.end;
    }
    Ok(())
}

fn count(body: Tvb<'_>) -> Result<usize, Stop> {
    let mut count = 0;
    each(body, |_| {
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

/// A list of which the number of its elements is shown.
fn open_list<'a>(d: &mut Dissector<'a>, field: FieldId, body: Tvb<'a>) -> Parsed {
    let count = count(body)?;
    let line = d.open(field, body, 0, body.reported(), Value::Uint(count as u64));
    d.text(line, || format!("{}: {}", crate::registry::field(field).label, items(count)));
    Ok(())
}

fn operation<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, tag: u8, id: u32) -> Parsed {
    let element = match tag {
        0 => BIND_REQUEST,
        1 => BIND_RESPONSE,
        2 => UNBIND_REQUEST,
        3 => SEARCH_REQUEST,
        SEARCH_ENTRY => SEARCH_RES_ENTRY,
        SEARCH_DONE => SEARCH_RES_DONE,
        6 => MODIFY_REQUEST,
        7 => MODIFY_RESPONSE,
        8 => ADD_REQUEST,
        9 => ADD_RESPONSE,
        11 => DEL_RESPONSE,
        12 => MOD_DNREQUEST,
        13 => MOD_DNRESPONSE,
        14 => COMPARE_REQUEST,
        15 => COMPARE_RESPONSE,
        23 => EXTENDED_REQ,
        24 => EXTENDED_RESP,
        25 => INTERMEDIATE_RESPONSE,
        _ => return others(d, body, tag),
    };
    d.open(element, body, 0, body.reported(), Value::None);
    match tag {
        0 => bind(d, body)?,
        3 => search(d, body)?,
        SEARCH_ENTRY => {
            let name = Element::read(body, 0)?;
            name_in_info(d, name);
            text(d, OBJECT_NAME, name);
            attributes(d, Element::read(body, name.end)?.body, PARTIAL_ATTRIBUTE)?;
            counts(d, id);
        }
        6 => modify(d, body)?,
        8 => {
            let name = Element::read(body, 0)?;
            name_in_info(d, name);
            text(d, ENTRY, name);
            attributes(d, Element::read(body, name.end)?.body, ATTRIBUTE_LIST_ITEM)?;
        }
        12 => rename(d, body)?,
        14 => compare(d, body)?,
        25 => each(body, |part| {
            if part.tag & 0x1f == 0 {
                d.append_info(|| format!("{} ", extension(part.body.bytes())));
                text(d, RESPONSE_NAME, part);
            }
            Ok(())
        })?,
        23 => each(body, |part| {
            match part.tag & 0x1f {
                0 => {
                    d.append_info(|| format!("{} ", extension(part.body.bytes())));
                    text(d, REQUEST_NAME, part);
                }
                _ if body.bytes().windows(PASSWORD_CHANGE.len()).any(|name| name == PASSWORD_CHANGE) => {
                    password_change(d, part.body)?;
                }
                _ => bytes(d, REQUEST_VALUE, part),
            }
            Ok(())
        })?,
        1 | SEARCH_DONE | 7 | 9 | 11 | 13 | 15 | 24 => {
            result(d, body, tag != 24)?;
            if tag == SEARCH_DONE {
                show_count(d, id);
            }
        }
        _ => {}
    }
    d.close();
    Ok(())
}

/// RFC 3062: what changes a password is called.
const PASSWORD_CHANGE: &[u8] = b"1.3.6.1.4.1.4203.1.11.1";

fn password_change<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let whole = Element::expect(tvb, 0, SEQUENCE)?;
    d.open(PASSWD_MODIFY_REQUEST, whole.body, 0, whole.body.reported(), Value::None);
    each(whole.body, |part| {
        match part.tag & 0x1f {
            0 => bytes(d, USER_IDENTITY, part),
            1 => bytes(d, OLD_PASSWD, part),
            2 => bytes(d, NEW_PASSWD, part),
            _ => {}
        }
        Ok(())
    })?;
    d.close();
    Ok(())
}

/// RFC 4511, 4.9.
fn rename<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let name = Element::read(body, 0)?;
    name_in_info(d, name);
    text(d, ENTRY, name);
    let new = Element::read(body, name.end)?;
    text(d, NEWRDN, new);
    let deletes = Element::read(body, new.end)?;
    truth(d, DELETEOLDRDN, deletes);
    if deletes.end < body.reported() {
        text(d, NEW_SUPERIOR, Element::read(body, deletes.end)?);
    }
    Ok(())
}

/// RFC 4511, 4.10.
fn compare<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let name = Element::read(body, 0)?;
    name_in_info(d, name);
    text(d, ENTRY, name);
    let assertion = Element::read(body, name.end)?;
    d.open(AVA, assertion.body, 0, assertion.body.reported(), Value::None);
    self::assertion(d, assertion.body)?;
    d.close();
    Ok(())
}

/// The type of an attribute and the value that it should have.
fn assertion<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let attribute = Element::read(body, 0)?;
    text(d, ATTRIBUTE_DESC, attribute);
    text(d, ASSERTION_VALUE, Element::read(body, attribute.end)?);
    Ok(())
}

fn truth<'a>(d: &mut Dissector<'a>, field: FieldId, element: Element<'a>) {
    let is_so = element.body.bytes().iter().any(|octet| *octet != 0);
    d.add(field, element.body, 0, element.body.reported(), Value::Uint(is_so.into()));
}

/// Operations that are no sequence.
fn others<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, tag: u8) -> Parsed {
    match tag {
        10 => {
            d.append_info(|| format!("\"{}\" ", printable(body.bytes())));
            d.add(DEL_REQUEST, body, 0, body.reported(), Value::Text);
        }
        16 => {
            let number = body.uint(0, body.reported().min(8))?;
            d.add(ABANDON_REQUEST, body, 0, body.reported(), Value::Uint(number));
        }
        19 => {
            open_list(d, SEARCH_RES_REF, body)?;
            each(body, |url| {
                text(d, LDAPURL, url);
                Ok(())
            })?;
            d.close();
        }
        _ => {}
    }
    Ok(())
}

fn bind<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let version = Element::read(body, 0)?;
    number(d, VERSION, version)?;
    let name = Element::read(body, version.end)?;
    name_in_info(d, name);
    text(d, NAME, name);
    let authentication = Element::read(body, name.end)?;
    let kind = u64::from(authentication.tag & 0x1f);
    let shown = Names::Values(AUTHENTICATIONS).of(kind).unwrap_or("unknown".into());
    d.append_info(|| format!("{shown} "));
    d.open(AUTHENTICATION, authentication.body, 0, authentication.body.reported(), Value::Uint(kind));
    match kind {
        0 => text(d, SIMPLE, authentication),
        3 => {
            d.open(SASL, authentication.body, 0, authentication.body.reported(), Value::None);
            let mechanism = Element::read(authentication.body, 0)?;
            text(d, MECHANISM, mechanism);
            if mechanism.end < authentication.body.reported() {
                let credentials = Element::read(authentication.body, mechanism.end)?;
                bytes(d, CREDENTIALS, credentials);
                if mechanism.body.bytes().starts_with(b"GSS") {
                    d.within(|d| gss::call(d, credentials.body));
                }
            }
            d.close();
        }
        _ => {}
    }
    d.close();
    Ok(())
}

/// RFC 4511, 4.1.9.
fn result<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, is_in_info: bool) -> Parsed {
    let code = Element::read(body, 0)?;
    let value = number(d, RESULT_CODE, code)?;
    if is_in_info {
        d.append_info(|| format!("{} ", Names::Values(RESULTS).of(value).unwrap_or("unknown".into())));
    }
    let matched = Element::read(body, code.end)?;
    text(d, MATCHED_DN, matched);
    let message = Element::read(body, matched.end)?;
    text(d, ERROR_MESSAGE, message);
    if !message.body.is_empty() && is_in_info {
        d.append_info(|| format!("({}) ", printable(message.body.bytes())));
    }
    each(body.from(message.end), |part| {
        match part.tag & 0x1f {
            3 if part.tag & 0x20 != 0 => {
                open_list(d, REFERRAL, part.body)?;
                each(part.body, |url| {
                    text(d, LDAPURL, url);
                    Ok(())
                })?;
                d.close();
            }
            11 => bytes(d, RESPONSE, part),
            7 => {
                bytes(d, SERVER_SASL_CREDS, part);
                if matches!(part.body.u8(0), Ok(0x60 | 0xa1)) {
                    d.within(|d| gss::call(d, part.body));
                }
            }
            10 => {
                d.append_info(|| format!("{} ", extension(part.body.bytes())));
                text(d, RESPONSE_NAME, part);
            }
            _ => {}
        }
        Ok(())
    })
}

/// What an extended operation is called.
fn extension(octets: &[u8]) -> String {
    match octets {
        b"1.3.6.1.4.1.1466.20037" => "LDAP_START_TLS_OID".to_owned(),
        PASSWORD_CHANGE => "passwdModifyOID".to_owned(),
        b"1.3.6.1.4.1.4203.1.9.1.4" => "syncInfoOID".to_owned(),
        _ => printable(octets),
    }
}

fn search<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let base = Element::read(body, 0)?;
    name_in_info(d, base);
    text(d, BASE_OBJECT, base);
    let scope = Element::read(body, base.end)?;
    let value = number(d, SCOPE, scope)?;
    d.append_info(|| format!("{} ", Names::Values(SCOPES).of(value).unwrap_or("unknown".into())));
    let mut at = scope.end;
    for field in [DEREF_ALIASES, SIZE_LIMIT, TIME_LIMIT] {
        let element = Element::read(body, at)?;
        number(d, field, element)?;
        at = element.end;
    }
    let types_only = Element::read(body, at)?;
    let is_so = types_only.body.bytes().iter().any(|octet| *octet != 0);
    d.add(TYPES_ONLY, types_only.body, 0, 1, Value::Uint(is_so.into()));
    let tests = Element::read(body, types_only.end)?;
    filter(d, tests, FILTER, 0)?;
    let wanted = Element::read(body, tests.end)?;
    open_list(d, ATTRIBUTES, wanted.body)?;
    each(wanted.body, |attribute| {
        text(d, ATTRIBUTE_DESCRIPTION, attribute);
        Ok(())
    })?;
    d.close();
    Ok(())
}

/// RFC 4511, 4.5.1.7: a filter, of which `field` shows what kind it is.
fn filter<'a>(d: &mut Dissector<'a>, element: Element<'a>, field: FieldId, depth: usize) -> Parsed {
    if depth >= MAX_FILTER_DEPTH {
        return Err(Stop::Malformed);
    }
    let kind = element.tag & 0x1f;
    let body = element.body;
    let len = body.reported();
    d.open(field, body, 0, len, Value::Uint(kind.into()));
    match kind {
        0 | 1 => {
            let (list, item) = if kind == 0 { (AND, AND_ITEM) } else { (OR, OR_ITEM) };
            open_list(d, list, body)?;
            each(body, |part| filter(d, part, item, depth + 1))?;
            d.close();
        }
        2 => filter(d, Element::read(body, 0)?, NOT, depth + 1)?,
        3 | 5 | 6 | 8 => {
            let line = match kind {
                3 => EQUALITY_MATCH,
                5 => GREATER_OR_EQUAL,
                6 => LESS_OR_EQUAL,
                _ => APPROX_MATCH,
            };
            d.open(line, body, 0, len, Value::None);
            assertion(d, body)?;
            d.close();
        }
        4 => {
            d.open(SUBSTRINGS_LINE, body, 0, len, Value::None);
            let attribute = Element::read(body, 0)?;
            text(d, TYPE, attribute);
            let pieces = Element::read(body, attribute.end)?.body;
            open_list(d, SUBSTRINGS, pieces)?;
            each(pieces, |piece| {
                let place = piece.tag & 0x1f;
                d.add(SUBSTRINGS_ITEM, piece.body, 0, piece.body.reported(), Value::Uint(place.into()));
                let field = match place {
                    0 => INITIAL,
                    1 => ANY,
                    _ => FINAL,
                };
                text(d, field, piece);
                Ok(())
            })?;
            d.close();
            d.close();
        }
        7 => text(d, PRESENT, element),
        9 => {
            d.open(EXTENSIBLE_MATCH, body, 0, len, Value::None);
            each(body, |part| {
                match part.tag & 0x1f {
                    1 => text(d, MATCHING_RULE, part),
                    2 => text(d, TYPE, part),
                    3 => text(d, MATCH_VALUE, part),
                    4 => truth(d, DN_ATTRIBUTES, part),
                    _ => {}
                }
                Ok(())
            })?;
            d.close();
        }
        _ => {}
    }
    d.close();
    Ok(())
}

/// Attributes with their values.
fn attributes<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, line: FieldId) -> Parsed {
    open_list(d, ATTRIBUTES, body)?;
    each(body, |attribute| {
        d.open(line, attribute.body, 0, attribute.body.reported(), Value::None);
        values(d, attribute.body)?;
        d.close();
        Ok(())
    })?;
    d.close();
    Ok(())
}

/// The type of an attribute and its values.
fn values<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let kind = Element::read(body, 0)?;
    text(d, TYPE, kind);
    let list = Element::read(body, kind.end)?;
    open_list(d, VALS, list.body)?;
    let is = |name: &[u8]| name.eq_ignore_ascii_case(kind.body.bytes());
    let are_oids = OF_OIDS.iter().any(|name| is(name));
    each(list.body, |value| {
        match value.body.array::<16>(0) {
            _ if are_oids => text(d, OID, value),
            Ok(octets) if is(b"objectGUID") && value.body.reported() == 16 => {
                d.add(GUID, value.body, 0, 16, Value::String(guid::text_le(octets).into()));
            }
            Ok(_) if is(b"objectSid") => {
                let text = sid(value.body.bytes());
                d.add(SID, value.body, 0, value.body.reported(), Value::String(text.into()));
            }
            _ => bytes(d, ATTRIBUTE_VALUE, value),
        }
        Ok(())
    })?;
    d.close();
    Ok(())
}

/// [MS-DTYP] 2.4.2.2.
fn sid(octets: &[u8]) -> String {
    let [revision, count, authority @ ..] = octets.get(..8).unwrap_or_default() else {
        return String::new();
    };
    let authority = authority.iter().fold(0u64, |number, octet| number << 8 | u64::from(*octet));
    let mut text = format!("S-{revision}-{authority}");
    let parts = octets.get(8..).unwrap_or_default().as_chunks::<4>().0;
    for part in parts.iter().take(usize::from(*count)) {
        text.push_str(&format!("-{}", u32::from_le_bytes(*part)));
    }
    text
}

fn modify<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let object = Element::read(body, 0)?;
    name_in_info(d, object);
    text(d, OBJECT, object);
    let changes = Element::read(body, object.end)?;
    open_list(d, MODIFICATION, changes.body)?;
    each(changes.body, |change| {
        d.open(MODIFICATION_ITEM, change.body, 0, change.body.reported(), Value::None);
        let kind = Element::read(change.body, 0)?;
        number(d, OPERATION, kind)?;
        let attribute = Element::read(change.body, kind.end)?;
        d.open(MODIFICATION_ELEMENT, attribute.body, 0, attribute.body.reported(), Value::None);
        values(d, attribute.body)?;
        d.close();
        d.close();
        Ok(())
    })?;
    d.close();
    Ok(())
}

const BOOLEAN: u8 = 0x01;
/// RFC 2696: results page by page.
const PAGES: &[u8] = b"1.2.840.113556.1.4.319";
/// RFC 2891: results in an order.
const SORT: &[u8] = b"1.2.840.113556.1.4.473";

fn pages<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let whole = Element::expect(tvb, 0, SEQUENCE)?;
    d.open(SEARCH_CONTROL_VALUE, whole.body, 0, whole.body.reported(), Value::None);
    let size = Element::read(whole.body, 0)?;
    number(d, SIZE, size)?;
    bytes(d, COOKIE, Element::read(whole.body, size.end)?);
    d.close();
    Ok(())
}

fn sort_keys<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let keys = Element::expect(tvb, 0, SEQUENCE)?.body;
    open_list(d, SORT_KEY_LIST, keys)?;
    each(keys, |key| {
        d.open(SORT_KEY_LIST_ITEM, key.body, 0, key.body.reported(), Value::None);
        each(key.body, |part| {
            match part.tag {
                ber::OCTET_STRING => text(d, ATTRIBUTE_TYPE, part),
                0x80 => text(d, ORDERING_RULE, part),
                0x81 => truth(d, REVERSE_ORDER, part),
                _ => {}
            }
            Ok(())
        })?;
        d.close();
        Ok(())
    })?;
    d.close();
    Ok(())
}

fn controls<'a>(d: &mut Dissector<'a>, list: Element<'a>) -> Parsed {
    open_list(d, CONTROLS, list.body)?;
    each(list.body, |control| {
        d.open(CONTROL, control.body, 0, control.body.reported(), Value::None);
        let kind = Element::read(control.body, 0)?;
        text(d, CONTROL_TYPE, kind);
        each(control.body.from(kind.end), |part| {
            match (part.tag, kind.body.bytes()) {
                (BOOLEAN, _) => truth(d, CRITICALITY, part),
                (ber::OCTET_STRING, PAGES) => pages(d, part.body)?,
                (ber::OCTET_STRING, SORT) => sort_keys(d, part.body)?,
                (ber::OCTET_STRING, _) => bytes(d, CONTROL_VALUE, part),
                _ => {}
            }
            Ok(())
        })?;
        d.close();
        Ok(())
    })?;
    d.close();
    Ok(())
}

/// Counts an entry to its search, in the first pass.
fn counts(d: &mut Dissector<'_>, id: u32) {
    let key = (conversation::Key(d.endpoints.conversation().0), id);
    if !d.wants_facts_of(ProtoId::Ldap) {
        return;
    }
    if let Some(flows) = d.flows() {
        match flows.ldap.open.get(&key) {
            Some(count) => *count = count.saturating_add(1),
            None => flows.ldap.open.insert(key, 1),
        }
    }
}

/// Shows how many entries a search got.
fn show_count(d: &mut Dissector<'_>, id: u32) {
    let layer = d.occurrence(ProtoId::Ldap);
    let key = (conversation::Key(d.endpoints.conversation().0), id);
    if d.wants_facts_of(ProtoId::Ldap)
        && let Some(flows) = d.flows()
    {
        let count = flows.ldap.open.get(&key).map_or(0, std::mem::take);
        d.record(Fact::Ldap { layer, count });
    }
    let count = d.fact(|fact| match *fact {
        Fact::Ldap { layer: of, count } if of == layer => Some(count),
        _ => None,
    });
    if let Some(count) = count {
        let s = if count == 1 { "" } else { "s" };
        d.append_info(|| format!(" [{count} result{s}]"));
    }
}

/// A connection with one of most operations, and a search over UDP.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000018500000064000000005002ffff00000000",
    "4500002800010000400600000a0000020a0000010185c000000003e8000000655012ffff00000000",
    "4500002800010000400600000a0000010a000002c000018500000065000003e95010ffff00000000",
    "4500003c00010000400600000a0000010a000002c000018500000065000003e95018ffff000000003012020101600d02 \
     01030404636e3d6180027077",
    "4500003900010000400600000a0000020a0000010185c000000003e9000000795018ffff00000000300f020101610a0a \
     013104000403626164",
    "4500004200010000400600000a0000010a000002c000018500000079000003fa5018ffff000000003018020102601302 \
     01030400a30c040647535341504904020102",
    "4500003a00010000400600000a0000020a0000010185c000000003fa000000935018ffff000000003010020102610b0a \
     010e0400040087020304",
    "4500008800010000400600000a0000010a000002c0000185000000930000040c5018ffff00000000305e020103635904 \
     000a01000a010002010002011e010100a03c870b6f626a656374436c617373a111a3070402636e040161a50604017804 \
     0131a209a3070402736e040162a40f0402636e300980016181016282016330080402636e0402736e",
    "4500006c00010000400600000a0000020a0000010185c0000000040c000000f35018ffff000000003034020103642f04 \
     00302b301b0410737570706f72746564436f6e74726f6c31070405312e322e33300c0402636e3106040161040162300c \
     02010365070a010004000400",
    "4500008c00010000400600000a0000010a000002c0000185000000f3000004505018ffff000000003062020104635d04 \
     0464633d780a01020a010002010002011e010100a03c870b6f626a656374436c617373a111a3070402636e040161a506 \
     040178040131a209a3070402736e040162a40f0402636e300980016181016282016330080402636e0402736e",
    "4500004700010000400600000a0000020a0000010185c00000000450000001575018ffff00000000301d020104641804 \
     09636e3d612c64633d78300b30090402636e3103040161",
    "4500004700010000400600000a0000020a0000010185c0000000046f000001575018ffff00000000301d020104641804 \
     09636e3d622c64633d78300b30090402636e3103040162",
    "4500003c00010000400600000a0000020a0000010185c0000000048e000001575018ffff000000003012020104650d0a \
     0120040464633d7804026e6f",
    "4500005900010000400600000a0000010a000002c000018500000157000004a25018ffff00000000302f020105661704 \
     04636e3d61300f300d0a0102300804016d3103040176a011300f0407312e322e3834300101ff040101",
    "4500003600010000400600000a0000020a0000010185c000000004a2000001885018ffff00000000300c02010567070a \
     010004000400",
    "4500004200010000400600000a0000010a000002c000018500000188000004b05018ffff000000003018020106681304 \
     04636e3d6e300b30090402636e310304016e",
    "4500003600010000400600000a0000020a0000010185c000000004b0000001a25018ffff00000000300c02010669070a \
     014404000400",
    "4500003300010000400600000a0000010a000002c0000185000001a2000004be5018ffff0000000030090201074a0463 \
     6e3d6e",
    "4500003600010000400600000a0000020a0000010185c000000004be000001ad5018ffff00000000300c0201076b070a \
     010004000400",
    "4500003000010000400600000a0000010a000002c0000185000001ad000004cc5018ffff000000003006020109500108",
    "4500004700010000400600000a0000010a000002c0000185000001b5000004cc5018ffff000000000000001b050404ff \
     0004000400000000000000016373756d300502010a4200",
    "4500003e00010000400600000a0000010a000002c0000185000001d4000004cc5018ffff00000000301402010b6e0f04 \
     04636e3d6130070402636e040161",
    "4500003e00010000400600000a0000010a000002c0000185000001ea000004cc5018ffff00000000301402010c6c0f04 \
     04636e3d610404636e3d620101ff",
    "4500004b00010000400600000a0000010a000002c000018500000200000004cc5018ffff000000003021020108771c80 \
     16312e332e362e312e342e312e313436362e323030333781027a7a",
    "4500004e00010000400600000a0000020a0000010185c000000004cc000002235018ffff000000003024020108781f0a \
     0100040004008a16312e332e362e312e342e312e313436362e3230303337",
    "4500007c00010000401100000a0000010a000002c001018500680000305e020101635904000a01000a01000201000201 \
     1e010100a03c870b6f626a656374436c617373a111a3070402636e040161a506040178040131a209a3070402736e0401 \
     62a40f0402636e300980016181016282016330080402636e0402736e",
];

/// Filters of all kinds, and the other operations.
const MORE: &[&str] = &[
    "4500013900010000400600000a0000010a0000029c72018500000001000000015018ffff000000003082010d0201016381ab04046463 \
     3d780a01020a0100020100020100010100a08189a313040b6f626a656374436c617373040475736572a125a40f0402636e3009800161 \
     810162820163a5080403616765040135a6080403616765040139a20687046d61696ca8070402736e040178a9328116312e322e383430 \
     2e3131333535362e312e342e3830338212757365724163636f756e74436f6e74726f6c8301328401ffa9068201788301793008040263 \
     6e0402736ea05a30270416312e322e3834302e3131333535362e312e342e3331390101ff040a3008020201f40402636b302f0416312e \
     322e3834302e3131333535362e312e342e3437330415301330110402636e8008322e352e31332e338101ff",
    "4500009600010000400600000a0000020a00000101859c7200000001000001125018ffff00000000306c02010164670409636e3d612c \
     64633d78305a3020040a6f626a6563744755494431120410000102030405060708090a0b0c0d0e0f302b04096f626a65637453696431 \
     1e041c010500000000000515000000112233445566778899aabbccf401000030090402636e3103040161",
    "4500003e00010000400600000a0000020a00000101859c720000006f000001125018ffff000000003014020101730f040d6c6461703a \
     2f2f682f64633d78",
    "4500005b00010000400600000a0000020a00000101859c7200000085000001125018ffff00000000303102010165070a010004000400 \
     a02330210416312e322e3834302e3131333535362e312e342e333139040730050201000400",
    "4500004700010000400600000a0000010a0000029c72018500000112000000b85018ffff00000000301d02010268180409636e3d6e2c \
     64633d78300b30090402636e310304016e",
    "4500003600010000400600000a0000020a00000101859c72000000b8000001315018ffff00000000300c02010269070a010004000400",
    "4500003800010000400600000a0000010a0000029c72018500000131000000c65018ffff00000000300e0201034a09636e3d6e2c6463 \
     3d78",
    "4500004700010000400600000a0000020a00000101859c72000000c6000001415018ffff00000000301d0201036b180a010a04000400 \
     a30f040d6c6461703a2f2f6f746865722f",
    "4500004e00010000400600000a0000010a0000029c72018500000141000000e55018ffff0000000030240201046c1f0409636e3d6e2c \
     64633d780404636e3d6d0101ff80096f753d702c64633d78",
    "4500003600010000400600000a0000020a00000101859c72000000e5000001675018ffff00000000300c0201046d070a010004000400",
    "4500003e00010000400600000a0000010a0000029c72018500000167000000f35018ffff0000000030140201056e0f0404636e3d6e30 \
     070402736e040176",
    "4500003600010000400600000a0000020a00000101859c72000000f30000017d5018ffff00000000300c0201056f070a010604000400",
    "4500003000010000400600000a0000010a0000029c7201850000017d000001015018ffff000000003006020106500101",
    "4500005900010000400600000a0000010a0000029c72018500000185000001015018ffff00000000302f020107772a8017312e332e36 \
     2e312e342e312e343230332e312e31312e31810f300d80017581036f6c6482036e6577",
    "4500004200010000400600000a0000020a00000101859c7200000101000001b65018ffff00000000301802010778130a010004000400 \
     8a05312e322e338b0376616c",
    "4500004d00010000400600000a0000020a00000101859c720000011b000001b65018ffff000000003023020108791e8018312e332e36 \
     2e312e342e312e343230332e312e392e312e3481027878",
    "4500004800010000400600000a0000010a0000029c720185000001b6000001405018ffff00000000301e02010977198017312e332e36 \
     2e312e342e312e343230332e312e31312e33",
    "4500005b00010000400600000a0000010a0000029c720185000001d6000001405018ffff00000000303102010a632c04000a01000a01 \
     00020100020100010100a313040b6f626a656374436c61737304047573657230040402636e",
    "4500005700010000400600000a0000010a0000029c72018500000209000001405018ffff00000000302d02010b632804000a01000a01 \
     00020100020100010100a40f0402636e300980016181016282016330040402636e",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, shown_by, values};

    #[test]
    fn a_sealed_token_may_end_before_its_header_does() {
        shown_by(ProtoId::Ldap, &[0, 0, 0, 3, 5, 4, 2]);
    }

    #[test]
    fn operations_and_their_results() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[3], "ldap.simple"), "pw");
        assert_eq!(values(&shown[4], "ldap.resultCode"), "49");
        assert_eq!(values(&shown[7], "ldap.attributeDesc"), "cn,x,sn");
        assert_eq!(values(&shown[8], "ldap.oid"), "1.2.3");
        assert_eq!(values(&shown[8], "ldap.response_to"), "8,8");
        assert!(shown.iter().any(|frame| values(frame, "ldap.sasl_buffer_length") == "27"));
    }

    #[test]
    fn lengths_say_where_messages_end() {
        assert_eq!(framing(&[0x30, 0x84, 0, 0, 1, 0]), Framing::Message(262));
        assert_eq!(framing(&[0x30, 0x84, 0]), Framing::More(3));
        assert_eq!(framing(&[0x30, 0x84, 0x7f, 0, 0, 0]), Framing::Foreign);
        assert_eq!(framing(&[0, 0, 0, 5]), Framing::Message(9));
        assert_eq!(framing(b"GET "), Framing::Foreign);
    }

    #[test]
    fn filters_end_at_their_depth() {
        let mut octets = vec![0x87, 1, b'a'];
        for _ in 0..=MAX_FILTER_DEPTH {
            octets = [vec![0xa2, 0x82, (octets.len() >> 8) as u8, octets.len() as u8], octets].concat();
        }
        let head = [4, 0, 10, 1, 0, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
        let body = [&head[..], &octets, &[0x30, 0]].concat();
        let operation = [&[0x63, 0x82, (body.len() >> 8) as u8, body.len() as u8][..], &body].concat();
        let inner = [&[2, 1, 1][..], &operation].concat();
        let message = [&[0x30, 0x82, (inner.len() >> 8) as u8, inner.len() as u8][..], &inner].concat();
        let shown = crate::tests::shown_by(ProtoId::Ldap, &message);
        assert!(shown.iter().any(|row| row.0 == "_ws.malformed"));
    }

    #[test]
    fn survives_anything() {
        let seed = b"\x30\x2a\x02\x01\x03\x63\x25\x04\0\x0a\x01\0\x0a\x01\0\x02\x01\0\x02\x01\x1e\x01\x01\0\xa0\x0d\x87\x0bobjectClass\x30\x04\x04\x02cn";
        crate::tests::survives_anything(ProtoId::Ldap, seed);
    }
}
