//! The names of headers, long and compact (RFC 3261, 7.3.3; IANA "SIP Header Fields"), and the fields that show them.

use std::sync::LazyLock;

use smallvec::SmallVec;

use super::*;
use crate::field::FieldId;

/// The longest name of a header that is known.
const MAX_NAME: usize = 32;

/// Names in lower case, sorted, and their fields.
const HEADERS: &[(&str, FieldId)] = &[
    ("a", ACCEPT_CONTACT),
    ("accept", ACCEPT),
    ("accept-contact", ACCEPT_CONTACT),
    ("accept-encoding", ACCEPT_ENCODING),
    ("accept-language", ACCEPT_LANGUAGE),
    ("accept-resource-priority", ACCEPT_RESOURCE_PRIORITY),
    ("additional-identity", ADDITIONAL_IDENTITY),
    ("alert-info", ALERT_INFO),
    ("allow", ALLOW),
    ("allow-events", ALLOW_EVENTS),
    ("answer-mode", ANSWER_MODE),
    ("attestation-info", ATTESTATION_INFO),
    ("authentication-info", AUTHENTICATION_INFO),
    ("authorization", AUTHORIZATION),
    ("b", REFERRED_BY),
    ("c", CONTENT_TYPE),
    ("call-id", CALL_ID),
    ("call-info", CALL_INFO),
    ("cellular-network-info", CELLULAR_NETWORK_INFO),
    ("contact", CONTACT),
    ("content-disposition", CONTENT_DISPOSITION),
    ("content-encoding", CONTENT_ENCODING),
    ("content-language", CONTENT_LANGUAGE),
    ("content-length", CONTENT_LENGTH),
    ("content-type", CONTENT_TYPE),
    ("cseq", CSEQ),
    ("d", REQUEST_DISPOSITION),
    ("date", DATE),
    ("diversion", DIVERSION),
    ("e", CONTENT_ENCODING),
    ("error-info", ERROR_INFO),
    ("event", EVENT),
    ("expires", EXPIRES),
    ("f", FROM),
    ("feature-caps", FEATURE_CAPS),
    ("flow-timer", FLOW_TIMER),
    ("from", FROM),
    ("geolocation", GEOLOCATION),
    ("geolocation-error", GEOLOCATION_ERROR),
    ("geolocation-routing", GEOLOCATION_ROUTING),
    ("history-info", HISTORY_INFO),
    ("i", CALL_ID),
    ("identity", IDENTITY),
    ("identity-info", IDENTITY_INFO),
    ("in-reply-to", IN_REPLY_TO),
    ("info-package", INFO_PACKAGE),
    ("j", REJECT_CONTACT),
    ("join", JOIN),
    ("k", SUPPORTED),
    ("l", CONTENT_LENGTH),
    ("m", CONTACT),
    ("max-breadth", MAX_BREADTH),
    ("max-forwards", MAX_FORWARDS),
    ("mime-version", MIME_VERSION),
    ("min-expires", MIN_EXPIRES),
    ("min-se", MIN_SE),
    ("n", IDENTITY_INFO),
    ("o", EVENT),
    ("organization", ORGANIZATION),
    ("origination-id", ORIGINATION_ID),
    ("p-access-network-info", P_ACCESS_NETWORK_INFO),
    ("p-answer-state", P_ANSWER_STATE),
    ("p-asserted-identity", P_ASSERTED_IDENTITY),
    ("p-asserted-service", P_ASSERTED_SERVICE),
    ("p-associated-uri", P_ASSOCIATED_URI),
    ("p-called-party-id", P_CALLED_PARTY_ID),
    ("p-charge-info", P_CHARGE_INFO),
    ("p-charging-function-addresses", P_CHARGING_FUNCTION_ADDRESSES),
    ("p-charging-vector", P_CHARGING_VECTOR),
    ("p-dcs-billing-info", P_DCS_BILLING_INFO),
    ("p-dcs-laes", P_DCS_LAES),
    ("p-dcs-osps", P_DCS_OSPS),
    ("p-dcs-redirect", P_DCS_REDIRECT),
    ("p-dcs-trace-party-id", P_DCS_TRACE_PARTY_ID),
    ("p-early-media", P_EARLY_MEDIA),
    ("p-media-authorization", P_MEDIA_AUTHORIZATION),
    ("p-preferred-identity", P_PREFERRED_IDENTITY),
    ("p-preferred-service", P_PREFERRED_SERVICE),
    ("p-profile-key", P_PROFILE_KEY),
    ("p-refused-uri-list", P_REFUSED_URI_LIST),
    ("p-served-user", P_SERVED_USER),
    ("p-user-database", P_USER_DATABASE),
    ("p-visited-network-id", P_VISITED_NETWORK_ID),
    ("path", PATH),
    ("permission-missing", PERMISSION_MISSING),
    ("policy-contact", POLICY_CONTACT),
    ("policy-id", POLICY_ID),
    ("priority", PRIORITY),
    ("priority-share", PRIORITY_SHARE),
    ("priv-answer-mode", PRIV_ANSWER_MODE),
    ("privacy", PRIVACY),
    ("proxy-authenticate", PROXY_AUTHENTICATE),
    ("proxy-authorization", PROXY_AUTHORIZATION),
    ("proxy-require", PROXY_REQUIRE),
    ("r", REFER_TO),
    ("rack", RACK),
    ("reason", REASON),
    ("reason-phrase", REASON_PHRASE),
    ("record-route", RECORD_ROUTE),
    ("recv-info", RECV_INFO),
    ("refer-sub", REFER_SUB),
    ("refer-to", REFER_TO),
    ("referred-by", REFERRED_BY),
    ("reject-contact", REJECT_CONTACT),
    ("relayed-charge", RELAYED_CHARGE),
    ("replaces", REPLACES),
    ("reply-to", REPLY_TO),
    ("request-disposition", REQUEST_DISPOSITION),
    ("require", REQUIRE),
    ("resource-priority", RESOURCE_PRIORITY),
    ("resource-share", RESOURCE_SHARE),
    ("response-source", RESPONSE_SOURCE),
    ("restoration-info", RESTORATION_INFO),
    ("retry-after", RETRY_AFTER),
    ("route", ROUTE),
    ("rseq", RSEQ),
    ("s", SUBJECT),
    ("security-client", SECURITY_CLIENT),
    ("security-server", SECURITY_SERVER),
    ("security-verify", SECURITY_VERIFY),
    ("server", SERVER),
    ("service-interact-info", SERVICE_INTERACT_INFO),
    ("service-route", SERVICE_ROUTE),
    ("session-expires", SESSION_EXPIRES),
    ("session-id", SESSION_ID),
    ("sip-etag", ETAG),
    ("sip-if-match", IF_MATCH),
    ("subject", SUBJECT),
    ("subscription-state", SUBSCRIPTION_STATE),
    ("supported", SUPPORTED),
    ("suppress-if-match", SUPPRESS_IF_MATCH),
    ("t", TO),
    ("target-dialog", TARGET_DIALOG),
    ("timestamp", TIMESTAMP),
    ("to", TO),
    ("trigger-consent", TRIGGER_CONSENT),
    ("u", ALLOW_EVENTS),
    ("unsupported", UNSUPPORTED),
    ("user-agent", USER_AGENT),
    ("user-to-user", UUI),
    ("v", VIA),
    ("via", VIA),
    ("warning", WARNING),
    ("www-authenticate", WWW_AUTHENTICATE),
    ("x", SESSION_EXPIRES),
    ("y", IDENTITY),
];

/// A power of two well above the number of names.
const BUCKETS: usize = 1024;

/// The bucket of a name, whatever the case of its letters.
fn bucket(name: &[u8]) -> usize {
    let at = |place: usize| usize::from(name.get(place).copied().unwrap_or_default() | 0x20);
    let middle = at(name.len() / 2);
    (name.len() * 37 + at(0) * 5 + at(name.len() - 1) * 131 + middle * 61) % BUCKETS
}

/// The rows of [`HEADERS`] by their buckets.
static PLACES: LazyLock<Vec<SmallVec<[u8; 4]>>> = LazyLock::new(|| {
    let mut places = vec![SmallVec::new(); BUCKETS];
    for (row, (name, _)) in HEADERS.iter().enumerate() {
        places[bucket(name.as_bytes())].push(row as u8);
    }
    places
});

/// The field of a header of that name, in whatever case.
pub(super) fn field_of(name: &[u8]) -> Option<FieldId> {
    if name.is_empty() || name.len() > MAX_NAME {
        return None;
    }
    let rows = PLACES.get(bucket(name))?.iter().filter_map(|row| HEADERS.get(usize::from(*row)));
    rows.clone().find(|row| row.0.as_bytes().eq_ignore_ascii_case(name)).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_and_short_enough() {
        assert!(HEADERS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(HEADERS.iter().all(|row| row.0.len() <= MAX_NAME));
        assert!(HEADERS.len() < 256);
    }

    #[test]
    fn names_are_found_in_any_case_and_in_compact_form() {
        assert_eq!(field_of(b"CALL-id"), Some(CALL_ID));
        assert_eq!(field_of(b"i"), Some(CALL_ID));
        assert_eq!(field_of(b"To "), None);
        assert_eq!(field_of(&[b'x'; 200]), None);
    }
}
