//! `media.private-address`: a description names an address that whoever it is sent to cannot reach.

use super::{CallKind, Out};
use crate::call::reach::{Reach, reach};
use crate::call::{Call, Purpose};
use crate::diagnose::finding::{Code, Finding, Severity, place};

static CODE: Code = Code {
    name: "media.private-address",
    severity: Severity::Warning,
    advice: "tell the phone or PBX its public address (STUN, ICE or an external address setting), or let a session border controller rewrite the description",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&CODE], judge };

fn judge(call: &Call, out: &mut Out<'_>) {
    if call.purpose != Purpose::Call || !(call.is_over || call.stage.is_settled) {
        return;
    }
    let Some(offered) = &call.unreachable_offer else { return };
    let ends = &offered.endpoints;
    let summary = format!(
        "call from {} to {}: {} tells {} to send media to {}, which is {} and cannot be reached from there",
        call.from,
        call.to,
        place(ends.src, ends.src_port),
        place(ends.dst, ends.dst_port),
        place(offered.address, offered.port),
        if reach(offered.address) == Reach::Private {
            "a private address"
        } else {
            "an address of its own link or host"
        },
    );
    out.say(Finding::new(&CODE, call.subject(), offered.marks.clone(), summary));
}
