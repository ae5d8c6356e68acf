//! `fax.t38-rejected`, `fax.t38-no-media` and `fax.udptl-loss`: T.38 was refused, or its packets do not come or not all.

use super::{CallKind, Out};
use crate::call::fax::Fax;
use crate::call::offer::Kind;
use crate::call::session::Session;
use crate::call::{Call, Transaction};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};

static REJECTED: Code = Code {
    name: "fax.t38-rejected",
    severity: Severity::Warning,
    advice: "allow T.38 on the side that refused it, or let the fax go as audio in G.711 without silence suppression and echo cancellation",
};

static NO_MEDIA: Code = Code {
    name: "fax.t38-no-media",
    severity: Severity::Error,
    advice: "see whether firewalls let UDP through to the T.38 ports of both descriptions, and whether the silent gateway really sends T.38",
};

static LOSS: Code = Code {
    name: "fax.udptl-loss",
    severity: Severity::Warning,
    advice: "raise the redundancy of T.38 (or use FEC) on the sending gateway, and look for loss on the way",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&REJECTED, &NO_MEDIA, &LOSS], judge };

/// So long T.38 must have been agreed on for silence to say something: both gateways send at once.
const SILENCE_NS: i64 = 3_000_000_000;

fn judge(call: &Call, out: &mut Out<'_>) {
    if !(call.is_over || call.stage.is_quiet) {
        return;
    }
    judge_offers(call, out);
    for session in &call.sessions {
        if let Some(fax) = &session.fax {
            judge_silence(call, session, fax, out);
            judge_loss(call, session, fax, out);
        }
    }
}

fn judge_offers(call: &Call, out: &mut Out<'_>) {
    let offers = |transaction: &&Transaction| {
        matches!(transaction.method.as_str(), "INVITE" | "UPDATE")
            && transaction.offer.as_ref().is_some_and(|offer| offer.has(Kind::Fax))
    };
    let offers = || call.transactions.iter().filter(offers);
    if call.sessions.iter().any(|session| session.fax.is_some()) {
        return;
    }
    // 422 and 491 ask for another try (RFC 4028, 6 and RFC 3261, 14.1); 487 says that it was taken back.
    let is_refused = |transaction: &&Transaction| {
        transaction.status().is_some_and(|status| status >= 400 && !matches!(status, 401 | 407 | 422 | 487 | 491))
    };
    // An initial INVITE that also offered audio and met a busy phone says nothing of T.38.
    let is_about_fax = |transaction: &&Transaction| {
        !transaction.is_initial
            || matches!(transaction.status(), Some(415 | 488 | 606))
            || transaction.offer.as_ref().is_some_and(|offer| !offer.has(Kind::Audio))
    };
    let Some(refused) = offers().filter(is_refused).find(is_about_fax) else {
        return judge_declined(call, out);
    };
    let Some(answer) = &refused.last else { return };
    let mut evidence = refused.requests.clone();
    evidence.add(answer.mark);
    let goes_on = call.sessions.iter().flat_map(|session| &session.heard).filter_map(|heard| heard.last);
    let has_audio = goes_on.map(|last| last.time).max().is_some_and(|last| last > answer.mark.time);
    let later = call.transactions.iter().any(|later| {
        later.method == "INVITE"
            && later.start() > answer.mark
            && later.is_accepted()
            && later.offer.as_ref().is_some_and(|offer| offer.has(Kind::Audio))
    });
    let lasted = call.ended.is_none_or(|ended| ended.time.saturating_sub(answer.mark.time) > 2_000_000_000);
    let then = match (call.is_answered(), has_audio || later, lasted) {
        (false, ..) => "the call was not answered",
        (true, true, _) => "the call went on as audio",
        (true, false, true) => "the call went on, but no audio was seen",
        (true, false, false) => "the call was ended",
    };
    let summary = format!(
        "call from {} to {}: the T.38 offer was refused with {} {}; {then}",
        call.from, call.to, answer.status, answer.phrase
    );
    out.say(Finding::new(&REJECTED, call.subject(), evidence, summary));
}

/// No error refused the offer, but the answer takes none of it.
fn judge_declined(call: &Call, out: &mut Out<'_>) {
    let Some(declined) = call.sessions.iter().find_map(|session| session.declined_fax) else { return };
    let summary = format!(
        "call from {} to {}: the T.38 offer was answered with port 0, which refuses it; no media were left",
        call.from, call.to
    );
    out.say(Finding::new(&REJECTED, call.subject(), Evidence::of(declined), summary));
}

fn judge_silence(call: &Call, session: &Session, fax: &Fax, out: &mut Out<'_>) {
    let [caller, callee] = &fax.heard;
    if caller.packets > 0 && callee.packets > 0 {
        return;
    }
    let until = fax.left.or(session.ended).unwrap_or(if call.is_cut { call.now } else { call.last.time });
    if until.saturating_sub(fax.agreed.time) < SILENCE_NS {
        return;
    }
    let seconds = until.saturating_sub(fax.agreed.time) / 1_000_000_000;
    let mut evidence = Evidence::of(fax.agreed);
    for heard in &fax.heard {
        heard.first.into_iter().chain(heard.last).for_each(|mark| evidence.add(mark));
    }
    call.ended.into_iter().for_each(|ended| evidence.add(ended));
    let who = match (caller.packets, callee.packets) {
        (0, 0) => "neither side sent one UDPTL packet".to_owned(),
        (0, packets) => format!("the caller sent no UDPTL packet, the called side {packets}"),
        (packets, _) => format!("the called side sent no UDPTL packet, the caller {packets}"),
    };
    let summary = format!("call from {} to {}: T.38 was agreed on, {who} in {seconds} s", call.from, call.to);
    let mut finding = Finding::new(&NO_MEDIA, call.subject(), evidence, summary).absent();
    if !call.has_media_around {
        finding = finding.uncertain();
    }
    out.say(finding);
}

fn judge_loss(call: &Call, session: &Session, fax: &Fax, out: &mut Out<'_>) {
    for stream in fax.streams().into_iter().filter(|stream| stream.lost > 0) {
        let from_caller = session.is_from_caller(&stream.endpoints);
        let heard = &fax.heard[usize::from(!from_caller)];
        let mut evidence = Evidence::default();
        heard.first.into_iter().chain(heard.last).for_each(|mark| evidence.add(mark));
        let who = if from_caller { "the caller" } else { "the called side" };
        let gone = stream.not_recovered();
        let summary = format!(
            "UDPTL stream from {who}: {} of {} packets were lost; {} came back by redundancy, {} by FEC, {gone} did not",
            stream.lost, stream.expected, stream.recovered_by_redundancy, stream.recovered_by_fec
        );
        let subject = Subject::flow(&stream.endpoints).and("call_id", call.call_id.clone());
        let mut finding = Finding::new(&LOSS, subject, evidence, summary).absent();
        if gone == 0 {
            finding = finding.severity(Severity::Note);
        }
        out.say(finding);
    }
}
