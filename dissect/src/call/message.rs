//! One SIP message, as far as following a call needs it: copied out of the packet, every text cut at its limit.

use crate::diagnose::{Mark, Seen};
use crate::dissector::Endpoints;
use crate::field::FieldId;
use crate::proto::sdp::description::Description;
use crate::proto::{sdp, sip};
use crate::tree::Node;

use super::offer::Sdp;

/// How much of a text (an address, a reason phrase) is kept.
pub const MAX_TEXT: usize = 128;

/// What is looked at of a message.
pub(super) const FIELDS: &[FieldId] = &[
    sip::PROTO,
    sip::METHOD,
    sip::R_URI,
    sip::STATUS_LINE,
    sip::STATUS_CODE,
    sip::CALL_ID,
    sip::CSEQ_SEQ,
    sip::CSEQ_METHOD,
    sip::FROM_ADDR,
    sip::FROM_TAG,
    sip::TO_ADDR,
    sip::TO_TAG,
    sip::VIA_BRANCH,
    sip::VIA_SENT_BY_ADDRESS,
    sip::AUTHORIZATION,
    sip::PROXY_AUTHORIZATION,
    sip::WWW_AUTHENTICATE,
    sip::PROXY_AUTHENTICATE,
    sip::AUTH_USERNAME,
    sip::AUTH_REALM,
    sip::AUTH_NONCE,
    sip::AUTH_STALE,
    sip::REASON,
    sip::WARNING,
    sip::EXPIRES,
    sdp::PROTO,
];

/// A text, no longer than [`MAX_TEXT`].
pub(super) fn cut(text: &[u8]) -> String {
    let text = text.get(..MAX_TEXT).unwrap_or(text);
    String::from_utf8_lossy(text).trim().to_owned()
}

/// FNV-1a, to tell texts apart that need not be shown.
pub(super) fn digest(octets: &[u8]) -> u64 {
    octets
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What the first line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    Request { uri: String },
    Response { status: u16, phrase: String },
}

/// Who is asked to show who he is (RFC 3261, 22).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Challenge {
    pub realm: String,
    pub nonce: u64,
    pub is_stale: bool,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    pub mark: Mark,
    pub endpoints: Endpoints,
    pub line: Line,
    pub call_id: String,
    /// The method of the request, or of the request that is answered.
    pub method: String,
    pub sequence: u32,
    pub from: String,
    pub from_tag: u64,
    pub to: String,
    /// 0 where there is none.
    pub to_tag: u64,
    /// Names the transaction (RFC 3261, 17.1.3 and 17.2.3): the branch of the topmost Via and its host.
    pub branch: u64,
    /// Who the credentials are of, where there are any.
    pub user: Option<String>,
    pub challenge: Option<Challenge>,
    pub reason: Option<String>,
    pub warning: Option<String>,
    pub expires: Option<u32>,
    pub sdp: Option<Sdp>,
    /// The same for the same octets: a message that is sent again, or seen at another place.
    pub digest: u64,
}

struct Nodes<'n, 'p> {
    seen: &'n Seen<'p>,
    nodes: &'p [Node],
}

impl<'p> Nodes<'_, 'p> {
    fn find(&self, field: FieldId) -> Option<&'p Node> {
        self.nodes.iter().find(|node| node.field == field)
    }

    fn octets(&self, field: FieldId) -> Option<&'p [u8]> {
        self.find(field).map(|node| self.seen.octets(node))
    }

    fn text(&self, field: FieldId) -> Option<String> {
        self.octets(field).map(cut)
    }

    fn number(&self, field: FieldId) -> Option<u64> {
        self.find(field).and_then(Seen::number)
    }

    fn tag(&self, field: FieldId) -> u64 {
        self.octets(field).filter(|tag| !tag.is_empty()).map_or(0, |tag| digest(tag) | 1)
    }
}

impl Message {
    /// The message whose nodes are given, where it has what every message must have to be followed.
    pub(super) fn read<'p>(seen: &Seen<'p>, nodes: &'p [Node]) -> Option<Self> {
        let nodes = Nodes { seen, nodes };
        let call_id = nodes.octets(sip::CALL_ID)?;
        let sequence = u32::try_from(nodes.number(sip::CSEQ_SEQ)?).ok()?;
        let line = match (nodes.text(sip::METHOD), nodes.number(sip::STATUS_CODE)) {
            (Some(_), _) => Line::Request { uri: nodes.text(sip::R_URI).unwrap_or_default() },
            (None, Some(status)) => {
                let line = nodes.octets(sip::STATUS_LINE).unwrap_or_default();
                Line::Response { status: status as u16, phrase: cut(line.get(12..).unwrap_or_default()) }
            }
            (None, None) => return None,
        };
        let method = nodes.text(sip::METHOD).or_else(|| nodes.text(sip::CSEQ_METHOD))?;
        let branch = match nodes.octets(sip::VIA_BRANCH) {
            // RFC 3261, 8.1.1.7: only such a branch names a transaction.
            Some(branch) if branch.len() > 7 && branch.starts_with(b"z9hG4bK") => {
                digest(branch) ^ digest(nodes.octets(sip::VIA_SENT_BY_ADDRESS).unwrap_or_default()).rotate_left(7)
            }
            _ => 0,
        };
        let has_credentials = nodes.find(sip::AUTHORIZATION).or(nodes.find(sip::PROXY_AUTHORIZATION)).is_some();
        let is_challenge = nodes.find(sip::WWW_AUTHENTICATE).or(nodes.find(sip::PROXY_AUTHENTICATE)).is_some();
        let challenge = || Challenge {
            realm: nodes.text(sip::AUTH_REALM).map(unquoted).unwrap_or_default(),
            nonce: nodes.octets(sip::AUTH_NONCE).map_or(0, digest),
            is_stale: nodes.text(sip::AUTH_STALE).is_some_and(|stale| unquoted(stale).eq_ignore_ascii_case("true")),
        };
        let whole = nodes.find(sip::PROTO).map(|node| seen.dissection.bytes(node));
        let description = nodes.octets(sdp::PROTO).map(|octets| Sdp::of(&Description::read(octets), octets));
        Some(Self {
            mark: seen.mark,
            endpoints: seen.endpoints(),
            line,
            call_id: cut(call_id),
            method,
            sequence,
            from: nodes.text(sip::FROM_ADDR).unwrap_or_default(),
            from_tag: nodes.tag(sip::FROM_TAG),
            to: nodes.text(sip::TO_ADDR).unwrap_or_default(),
            to_tag: nodes.tag(sip::TO_TAG),
            branch,
            user: has_credentials.then(|| nodes.text(sip::AUTH_USERNAME).map(unquoted).unwrap_or_default()),
            challenge: is_challenge.then(challenge),
            reason: nodes.text(sip::REASON),
            warning: nodes.text(sip::WARNING),
            expires: nodes.number(sip::EXPIRES).map(|seconds| seconds as u32),
            // Of a description that the capture cut nobody knows what it went on to say.
            sdp: description.filter(|sdp| !sdp.media.is_empty() && !seen.is_cut()),
            digest: whole.map_or(0, digest),
        })
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        match self.line {
            Line::Request { .. } => None,
            Line::Response { status, .. } => Some(status),
        }
    }

    /// What it is, in a few words: `INVITE (SDP)`, `200 OK (INVITE, SDP)`.
    pub fn label(&self) -> String {
        let sdp = self.sdp.as_ref().map(|sdp| sdp.label());
        match &self.line {
            Line::Request { .. } => match sdp {
                Some(sdp) => format!("{} ({sdp})", self.method),
                None => self.method.clone(),
            },
            Line::Response { status, phrase } => {
                let sdp = sdp.map_or(String::new(), |sdp| format!(", {sdp}"));
                format!("{status} {phrase} ({}{sdp})", self.method)
            }
        }
    }
}

fn unquoted(text: String) -> String {
    text.trim_matches('"').to_owned()
}
