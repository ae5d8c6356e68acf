//! The rules, one a file, and the list of them.

mod arp_duplicate;
mod arp_unanswered;
mod capture_incomplete;
mod deadlines;
mod dhcp_lease;
mod dns_error;
mod dns_message;
mod dns_unanswered;
mod fax_failed;
mod fax_t38;
mod http_server_error;
mod icmp_error;
mod icmp_fragmentation;
mod icmp_unreachable;
mod ip_fragments;
mod ip_ttl;
mod media_absent;
mod media_private;
mod media_quality;
mod rtp_alone;
mod segment;
mod sip_auth;
mod sip_malformed;
mod sip_missing_ack;
mod sip_no_response;
mod sip_rejected;
mod tcp_handshake;
mod tcp_reset;
mod tcp_retransmissions;
mod tcp_zero_window;
mod tls_alert;
mod told;
mod traceroute;

use super::Out;
use super::finding::Code;
use super::loss::Loss;
use super::seen::Seen;
use crate::call::Call;
use crate::field::FieldId;
use crate::registry::ProtoId;

/// A state machine over packets that says findings. See the parent module for what belongs into its file.
pub trait Rule {
    /// Looks at a packet in which one of the rule's protocols was entered.
    fn look(&mut self, packet: &Seen<'_>, out: &mut Out<'_>);

    /// `out.now` has come: what waited for longer than it may has waited in vain. Comes ten times a second at most.
    fn tick(&mut self, _: &mut Out<'_>) {}

    /// The capture lost something.
    fn lost(&mut self, _: &Loss, _: &mut Out<'_>) {}

    /// The capture has ended: nothing more will come. What had no time to happen is not missing.
    fn finish(&mut self, _: &mut Out<'_>) {}

    /// The time of the first packet on which something that is still open rests.
    fn horizon(&self) -> Option<i64> {
        None
    }
}

/// A rule's row: what it may say, what it needs to see, and how it is made.
pub struct Kind {
    pub codes: &'static [&'static Code],
    pub protos: &'static [ProtoId],
    pub fields: &'static [FieldId],
    pub make: fn() -> Box<dyn Rule + Send>,
}

/// A rule over settled calls.
pub struct CallKind {
    pub codes: &'static [&'static Code],
    pub judge: fn(&Call, &mut Out<'_>),
}

/// The rules over packets. One line a rule.
pub static RULES: &[&Kind] = &[
    &sip_malformed::RULE,
    &tcp_handshake::RULE,
    &tcp_reset::RULE,
    &tcp_retransmissions::RULE,
    &tcp_zero_window::RULE,
    &arp_duplicate::RULE,
    &arp_unanswered::RULE,
    &icmp_unreachable::RULE,
    &icmp_fragmentation::RULE,
    &ip_fragments::RULE,
    &ip_ttl::RULE,
    &dns_unanswered::RULE,
    &dns_error::RULE,
    &dhcp_lease::RULE,
    &tls_alert::RULE,
    &http_server_error::RULE,
    &rtp_alone::RULE,
    &capture_incomplete::RULE,
];

/// The rules over calls. One line a rule.
pub static CALL_RULES: &[&CallKind] = &[
    &sip_auth::RULE,
    &sip_no_response::RULE,
    &sip_rejected::RULE,
    &sip_missing_ack::RULE,
    &media_private::RULE,
    &media_absent::RULE,
    &media_quality::RULE,
    &fax_t38::RULE,
    &fax_failed::RULE,
    &capture_incomplete::CALL_RULE,
];

/// All rows of the findings catalogue that can be said.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    let of_packets = RULES.iter().flat_map(|kind| kind.codes);
    of_packets.chain(CALL_RULES.iter().flat_map(|kind| kind.codes)).copied()
}
