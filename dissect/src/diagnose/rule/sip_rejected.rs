//! `sip.call-rejected` and `media.codec-mismatch`: the call was refused, or the two sides have no codec in common.

use super::{CallKind, Out};
use crate::call::offer::{Kind, Sdp};
use crate::call::{Call, Purpose, Transaction};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity};

static REJECTED: Code = Code {
    name: "sip.call-rejected",
    severity: Severity::Warning,
    advice: "ask the side that refused; the status and its reason say why",
};

static MISMATCH: Code = Code {
    name: "media.codec-mismatch",
    severity: Severity::Error,
    advice: "allow a codec on both sides that they have in common, or let a gateway between them convert",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&REJECTED, &MISMATCH], judge };

/// Statuses that refuse what an offer describes (RFC 3261, 21.4.13, 21.4.26 and 21.6.4).
const NOT_ACCEPTABLE: [u16; 3] = [415, 488, 606];

fn judge(call: &Call, out: &mut Out<'_>) {
    if call.purpose != Purpose::Call || !call.is_over {
        return;
    }
    if !call.is_answered() && !call.is_partial {
        judge_attempts(call, out);
    } else {
        judge_changes(call, out);
    }
    for session in &call.sessions {
        let Some(mismatch) = &session.mismatch else { continue };
        let summary = format!(
            "call from {} to {}: the answer names only codecs that were not offered; offered {}, answered {}",
            call.from, call.to, mismatch.offered, mismatch.answered
        );
        out.say(Finding::new(&MISMATCH, call.subject(), Evidence::of(mismatch.mark), summary));
        break;
    }
}

/// The call was never answered.
fn judge_attempts(call: &Call, out: &mut Out<'_>) {
    // Of several hops and branches the first request's tells what the caller was told.
    let refused = |transaction: &&Transaction| transaction.status().is_some_and(|status| status >= 400);
    let Some(last) = call.attempts().filter(|attempt| attempt.last.is_some()).map(|attempt| attempt.sequence).max()
    else {
        return;
    };
    let Some(refused) = call.attempts().filter(|attempt| attempt.sequence == last).find(refused) else {
        return;
    };
    let Some(answer) = &refused.last else { return };
    // The capture ends while the next attempt, or another branch of the fork, goes on.
    let is_next = |other: &Transaction| {
        other.sequence > refused.sequence
            || other.endpoints.src == refused.endpoints.src && other.branch != refused.branch
    };
    let mut others = call.attempts().filter(|other| is_next(other));
    if call.is_cut && others.any(|other| other.is_open(call.now)) {
        return;
    }
    let was_cancelled = call.cancelled.is_some_and(|cancelled| cancelled.time <= answer.mark.time)
        // RFC 3261, 15.1.2: a BYE takes back a call that rings, too.
        || answer.status == 487 && call.transactions.iter().any(|transaction| transaction.method == "BYE");
    let is_about_credentials = refused.user.is_some() && answer.status == 403;
    if matches!(answer.status, 401 | 407) || was_cancelled || is_about_credentials {
        return;
    }
    // Somebody further on never answered: that is the cause.
    if answer.status == 408 && call.attempts().any(|attempt| attempt.is_unanswered(call.now)) {
        return;
    }
    // An offer is one whether or not its port is one.
    let offers = |kind| refused.offer.as_ref().is_some_and(|offer| offer.media.iter().any(|line| line.kind == kind));
    if NOT_ACCEPTABLE.contains(&answer.status) && offers(Kind::Fax) {
        // fax.t38-rejected says it.
        return;
    }
    if NOT_ACCEPTABLE.contains(&answer.status) && offers(Kind::Audio) {
        out.say(not_acceptable(call, refused));
        return;
    }
    let mut evidence = refused.requests.clone();
    evidence.add(answer.mark);
    let mut summary =
        format!("call from {} to {} was refused with {} {}", call.from, call.to, answer.status, answer.phrase);
    if let Some(reason) = &answer.reason {
        summary.push_str(&format!("; Reason: {reason}"));
    }
    if let Some(warning) = &answer.warning {
        summary.push_str(&format!("; Warning: {warning}"));
    }
    out.say(Finding::new(&REJECTED, call.subject(), evidence, summary).advice(advice(answer.status)));
}

/// What to do about a status.
fn advice(status: u16) -> &'static str {
    match status {
        403 => "the server does not allow this call: see its dial plan and the rights of the caller",
        404 | 410 | 484 | 485 | 604 => {
            "the number does not exist where it was sent: see the dial plan and what was dialled"
        }
        408 | 480 => "the called side did not answer in time or is not registered: see whether it is up and registered",
        486 | 600 => "the called side is busy; nothing to mend unless it should not be",
        500..=599 => "the server could not carry out the call: see its log, its trunks and their capacity",
        603 => "the called side declined the call",
        _ => "ask the side that refused; the status and its reason say why",
    }
}

fn not_acceptable(call: &Call, refused: &Transaction) -> Finding {
    let mut evidence = refused.requests.clone();
    let answer = refused.last.as_ref();
    answer.into_iter().for_each(|answer| evidence.add(answer.mark));
    let lines = refused.offer.iter().flat_map(|offer| &offer.media).filter(|line| line.kind == Kind::Audio);
    let offered: Vec<String> = lines.flat_map(|line| line.codecs()).map(|codec| codec.label()).collect();
    let status = answer.map_or(String::new(), |answer| format!("{} {}", answer.status, answer.phrase));
    let warning =
        answer.and_then(|answer| answer.warning.as_ref()).map_or(String::new(), |text| format!("; Warning: {text}"));
    let summary = format!(
        "call from {} to {}: the offer of {} was refused with {status}{warning}",
        call.from,
        call.to,
        offered.join(", ")
    );
    Finding::new(&MISMATCH, call.subject(), evidence, summary)
}

/// Whether an offer has a codec that was in use: then something else of it was refused, as video or a hold.
fn has_agreed(call: &Call, offer: &Sdp) -> bool {
    let mut codecs = offer.of_kind(Kind::Audio).flat_map(|line| line.codecs()).map(|codec| codec.label());
    let agreed = || call.sessions.iter().flat_map(|session| &session.codecs);
    codecs.any(|codec| agreed().any(|known| known.eq_ignore_ascii_case(&codec)))
}

/// The call was answered: a later offer of audio that was refused and never taken.
fn judge_changes(call: &Call, out: &mut Out<'_>) {
    let changes = || {
        let of = |transaction: &&Transaction| matches!(transaction.method.as_str(), "INVITE" | "UPDATE");
        call.transactions.iter().filter(of).filter(|transaction| !transaction.is_initial && transaction.offer.is_some())
    };
    let is_refused = |transaction: &&Transaction| {
        let offers = |kind| transaction.offer.as_ref().is_some_and(|offer| offer.has(kind));
        transaction.status().is_some_and(|status| NOT_ACCEPTABLE.contains(&status))
            && offers(Kind::Audio)
            && !offers(Kind::Fax)
            && !transaction.offer.as_ref().is_some_and(|offer| has_agreed(call, offer))
            // Which codecs were in use before the capture began is not known: what else was offered may be meant.
            && !(call.is_partial && (offers(Kind::Video) || offers(Kind::Other)))
    };
    let Some(refused) = changes().find(is_refused) else { return };
    let is_mended = changes().any(|later| later.start() > refused.start() && later.is_accepted());
    if !is_mended {
        out.say(not_acceptable(call, refused));
    }
}
