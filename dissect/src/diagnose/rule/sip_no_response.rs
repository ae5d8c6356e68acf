//! `sip.no-response`: a request to which nothing at all came back.

use super::{CallKind, Out};
use crate::call::reach::{Reach, reach};
use crate::call::{Call, Purpose, Transaction};
use crate::diagnose::finding::{Code, Finding, Severity, Subject, place};
use crate::dissector::Transport;

static CODE: Code = Code {
    name: "sip.no-response",
    severity: Severity::Error,
    advice: "see whether the other side is up, listens at that address and port, and whether a firewall drops the requests or the answers",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&CODE], judge };

/// Whether the same request found an answer on another branch or hop.
fn is_answered_elsewhere(call: &Call, transaction: &Transaction) -> bool {
    call.transactions.iter().any(|other| {
        other.method == transaction.method
            && other.sequence == transaction.sequence
            && other.from_tag == transaction.from_tag
            && other.is_accepted()
    })
}

fn judge(call: &Call, out: &mut Out<'_>) {
    for transaction in &call.transactions {
        if !transaction.is_unanswered(call.now) || is_answered_elsewhere(call, transaction) {
            continue;
        }
        // A CANCEL and its INVITE have one cause, and what ends the INVITE answers both unless the CANCEL is sent again.
        let is_ended = |invite: &Transaction| {
            let last = invite.last.as_ref().map(|last| last.mark.time);
            invite.sequence == transaction.sequence && last.is_some_and(|last| last >= transaction.last_request)
        };
        if transaction.method == "CANCEL"
            && call.attempts().any(|invite| invite.is_unanswered(call.now) || is_ended(invite))
        {
            continue;
        }
        let ends = &transaction.endpoints;
        // Who asks a group does not know whether anybody is there: a phone that looks for its configuration does so.
        if reach(ends.dst) == Reach::Special {
            continue;
        }
        let (from, to) = (place(ends.src, ends.src_port), place(ends.dst, ends.dst_port));
        let sent = transaction.repeats + 1;
        let waited = call.now.saturating_sub(transaction.requests.first().time) / 1_000_000_000;
        let transport = if ends.transport == Transport::Udp { "UDP" } else { "TCP" };
        let method = &transaction.method;
        let times = if sent == 1 { "once".to_owned() } else { format!("{sent} times") };
        let summary = format!(
            "{method} from {from} to {to} ({transport}) was sent {times}; nothing came back in {waited} s (from {} to {})",
            call.from, call.to
        );
        let name = format!("{method} from {from} to {to}");
        // Each call is told of; of pings and registrations that go on and on the first one.
        let subject = match call.purpose {
            Purpose::Call => call.subject().and("transaction", name),
            Purpose::Registration | Purpose::Other => {
                Subject::new("transaction", name).and("call_id", call.call_id.clone())
            }
        };
        let subject = subject.and("cseq", transaction.sequence.to_string());
        let mut finding = Finding::new(&CODE, subject, transaction.requests.clone(), summary).absent();
        // Who gets no answer to a datagram sends it again: this one may have got one that was not captured.
        if call.is_partial || transaction.repeats == 0 && ends.transport == Transport::Udp {
            finding = finding.uncertain();
        }
        out.say(finding);
    }
}
