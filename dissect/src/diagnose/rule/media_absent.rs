//! `media.none` and `media.one-way`: the call was answered, and there is silence on one side or on both.

use super::{CallKind, Out};
use crate::call::session::{Heard, Phase, Session};
use crate::call::{Call, Purpose};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, place};

static NONE: Code = Code {
    name: "media.none",
    severity: Severity::Error,
    advice: "see whether firewalls let UDP through to the ports of both descriptions, and whether the addresses in them can be reached",
};

static ONE_WAY: Code = Code {
    name: "media.one-way",
    severity: Severity::Error,
    advice: "see why nothing comes from the silent side: a firewall or NAT before it, or an address in the other side's description that it cannot reach",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&NONE, &ONE_WAY], judge };

const SECOND: i64 = 1_000_000_000;
/// So long a call must have lasted for its silence to say something.
const SILENCE_NS: i64 = 5 * SECOND;
/// So long sound both ways must have been agreed on for one side's silence to say something, and so many packets must
/// have come from the other one: of a codec with long packets fewer, over that time.
const ONE_WAY_NS: i64 = 2 * SECOND;
const MIN_PACKETS: u64 = 50;
const MIN_SPARSE: u64 = 10;
/// Of a call that goes on silence says something only after that time.
const RUNNING_NS: i64 = 45 * SECOND;

fn judge(call: &Call, out: &mut Out<'_>) {
    if call.purpose != Purpose::Call || !(call.is_over || call.stage.is_settled) || !call.is_answered() {
        return;
    }
    let answered = call.sessions.iter().filter(|session| session.answered.is_some() && session.has_rtp());
    for session in answered {
        // With ICE media may flow between addresses that no description names first.
        if session.has_candidates || session.mismatch.is_some() {
            continue;
        }
        judge_session(call, session, out);
    }
}

/// The descriptions that were agreed on, as evidence, and where media should come.
fn where_to(session: &Session, is_caller: bool) -> String {
    let spots: Vec<_> = session.spots_of(is_caller).take(2).map(|(address, port)| place(address, port)).collect();
    if spots.is_empty() { "an unknown address".to_owned() } else { spots.join(" or ") }
}

fn evidence(call: &Call, session: &Session) -> Evidence {
    let mut evidence = Evidence::default();
    let invites =
        call.transactions.iter().filter(|transaction| transaction.method == "INVITE" && transaction.is_accepted());
    for invite in invites {
        let is_its = |accepted: &&crate::call::transaction::Accepted| accepted.to_tag == session.tag;
        if invite.accepted.iter().any(|accepted| is_its(&accepted)) {
            evidence.join(&invite.requests);
            invite.accepted.iter().filter(is_its).for_each(|accepted| evidence.join(&accepted.marks));
        }
    }
    call.ended.into_iter().for_each(|ended| evidence.add(ended));
    evidence
}

fn judge_session(call: &Call, session: &Session, out: &mut Out<'_>) {
    let [caller, callee] = &session.heard;
    let seconds = call.talk_ns() / SECOND;
    let mut evidence = evidence(call, session);
    if evidence.is_empty() {
        call.answered.into_iter().for_each(|answered| evidence.add(answered));
    }
    // Early media is none of the call: a tone or an announcement before somebody answered.
    if caller.in_call == 0 && callee.in_call == 0 {
        let has_fax = session.fax.as_ref().is_some_and(|fax| fax.heard.iter().any(|heard| heard.packets > 0));
        let least = if call.is_over { SILENCE_NS } else { RUNNING_NS };
        if session.audio_ns < least || call.talk_ns() < least || has_fax {
            return;
        }
        let summary = format!(
            "call from {} to {} {} {seconds} s, and no RTP came to {} or to {}",
            call.from,
            call.to,
            if call.is_over { "lasted" } else { "has lasted" },
            where_to(session, true),
            where_to(session, false)
        );
        let is_certain = call.has_media_around && call.has_media_of_hosts && call.sees_path_of(session);
        // Where media of a call went that was running when the capture began is not known.
        if call.is_partial && !is_certain {
            return;
        }
        let mut finding = Finding::new(&NONE, call.subject(), evidence, summary).absent();
        if !call.has_media_around {
            finding = finding.uncertain();
            finding
                .summary
                .push_str("; the capture holds no media of any call, it may have been filtered to signalling");
        } else if !is_certain {
            finding = finding.uncertain();
            finding.summary.push_str("; the media of these hosts may take a way that was not captured");
        }
        out.say(unless_shared(call, finding));
        return;
    }
    if session.both_ns < if call.is_over { ONE_WAY_NS } else { RUNNING_NS } {
        return;
    }
    let silent = match (caller.in_call, callee.in_call) {
        (0, packets) if is_enough(callee, packets) => true,
        (packets, 0) if is_enough(caller, packets) => false,
        (1.., 1..) => return judge_phase(call, session, evidence, out),
        _ => return,
    };
    let (loud, mute) = if silent { (callee, caller) } else { (caller, callee) };
    if mute.packets > 0 && session.both_ns < SILENCE_NS {
        return;
    }
    loud.first.into_iter().chain(loud.last).for_each(|mark| evidence.add(mark));
    let early = if mute.packets > 0 { " after it was answered" } else { "" };
    let names = |is_caller| if is_caller { ("the caller", &call.from) } else { ("the called side", &call.to) };
    let ((silent_side, name), (loud_side, _)) = (names(silent), names(!silent));
    let summary = format!(
        "call from {} to {}: {} RTP packets from {loud_side} in {seconds} s, none from {silent_side} ({name}){early}, which should come to {}",
        call.from,
        call.to,
        loud.in_call,
        where_to(session, !silent)
    );
    out.say(unless_shared(call, Finding::new(&ONE_WAY, call.subject(), evidence, summary).absent()));
}

/// Whether so many packets of a side say that it was heard.
fn is_enough(heard: &Heard, packets: u64) -> bool {
    packets >= MIN_PACKETS || packets >= MIN_SPARSE && heard.span() >= ONE_WAY_NS
}

/// Both sides were heard, and one of them no more since a later agreement, as when a call comes back from hold. Who leaves
/// silence out may just have said nothing.
fn judge_phase(call: &Call, session: &Session, mut evidence: Evidence, out: &mut Out<'_>) {
    let Some(phase) = session.last_phase().filter(|_| !session.may_be_silent()) else { return };
    let Phase { agreed, heard: [caller, callee], ns } = phase;
    if !call.is_over && *ns < RUNNING_NS {
        return;
    }
    let silent = match (caller.packets, callee.packets) {
        (0, MIN_PACKETS..) => true,
        (MIN_PACKETS.., 0) => false,
        _ => return,
    };
    let loud = if silent { callee } else { caller };
    let last = session.heard[usize::from(!silent)].last;
    evidence.add(*agreed);
    last.into_iter().chain(loud.first).chain(loud.last).for_each(|mark| evidence.add(mark));
    let names = |is_caller| if is_caller { ("the caller", &call.from) } else { ("the called side", &call.to) };
    let ((silent_side, name), (loud_side, _)) = (names(silent), names(!silent));
    let summary = format!(
        "call from {} to {}: {} RTP packets from {loud_side} in {} s since the media were agreed on anew, none any more from {silent_side} ({name}), which should come to {}",
        call.from,
        call.to,
        loud.packets,
        ns / SECOND,
        where_to(session, !silent)
    );
    let mut finding = Finding::new(&ONE_WAY, call.subject(), evidence, summary).absent();
    if !call.sees_path_of(session) {
        finding = finding.uncertain();
    }
    out.say(unless_shared(call, finding));
}

/// What two calls name may have been counted with the other one.
fn unless_shared(call: &Call, mut finding: Finding) -> Finding {
    if call.shares_places {
        finding = finding.uncertain();
        finding
            .summary
            .push_str("; another call named the same address, and what came there may be counted with that one");
    }
    finding
}
