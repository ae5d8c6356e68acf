//! `fax.failed`: the T.30 exchange over T.38 ended without a confirmed page.

use super::{CallKind, Out};
use crate::call::Call;
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity};

static CODE: Code = Code {
    name: "fax.failed",
    severity: Severity::Error,
    advice: "look for lost packets (fax.udptl-loss), lower the highest rate (V.17 off, 9600 bit/s) and see the line between gateway and fax machine",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&CODE], judge };

fn judge(call: &Call, out: &mut Out<'_>) {
    if !call.is_over {
        return;
    }
    for session in &call.sessions {
        let Some(fax) = &session.fax else { continue };
        let is_ended = session.ended.is_some() || fax.left.is_some();
        let Some(why) = fax.failure(is_ended) else { continue };
        let mut evidence = if fax.decisive.is_empty() { Evidence::of(fax.agreed) } else { fax.decisive.clone() };
        call.ended.into_iter().for_each(|ended| evidence.add(ended));
        let summary = format!("fax from {} to {} failed: {why}", call.from, call.to);
        let mut finding = Finding::new(&CODE, call.subject(), evidence, summary).absent();
        // One side was never heard: what it said is not known.
        if fax.heard.iter().any(|heard| heard.packets == 0) {
            finding = finding.uncertain();
        }
        out.say(finding);
    }
}
