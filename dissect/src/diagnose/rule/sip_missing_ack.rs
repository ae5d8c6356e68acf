//! `sip.missing-ack`: the 2xx to an INVITE is sent again and again, for no ACK comes (RFC 3261, 13.3.1.4).

use super::{CallKind, Out};
use crate::call::Call;
use crate::diagnose::finding::{Code, Finding, Severity, place};

static CODE: Code = Code {
    name: "sip.missing-ack",
    severity: Severity::Error,
    advice: "see whether the caller got the answer and where it sends its ACK: a wrong Contact or Record-Route, or a firewall, leads it astray",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&CODE], judge };

/// With fewer repetitions the capture must have gone on for that long: the ACK may be on its way.
const PATIENCE_NS: i64 = 1_000_000_000;

fn judge(call: &Call, out: &mut Out<'_>) {
    for invite in call.transactions.iter().filter(|transaction| transaction.method == "INVITE") {
        // Any ACK of this dialog says that it came through, on whichever hop it was seen.
        for accepted in &invite.accepted {
            let is_acknowledged =
                call.transactions.iter().flat_map(|other| other.accepted.iter().map(move |of| (other, of)));
            let is_acknowledged = is_acknowledged
                .filter(|(other, of)| other.sequence == invite.sequence && of.to_tag == accepted.to_tag)
                .any(|(_, of)| of.acknowledged.is_some());
            let waited = call.now.saturating_sub(accepted.last);
            let is_enough = accepted.repeats >= 2 || accepted.repeats == 1 && waited >= PATIENCE_NS;
            if is_acknowledged || !is_enough {
                continue;
            }
            let ends = &accepted.endpoints;
            let summary = format!(
                "call from {} to {}: {} sent the 2xx to the INVITE {} times to {}, and no ACK came",
                call.from,
                call.to,
                place(ends.src, ends.src_port),
                accepted.repeats + 1,
                place(ends.dst, ends.dst_port)
            );
            out.say(Finding::new(&CODE, call.subject(), accepted.marks.clone(), summary).absent());
            return;
        }
    }
}
