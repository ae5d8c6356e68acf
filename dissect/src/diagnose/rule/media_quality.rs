//! `media.loss` and `media.jitter`: an RTP stream that did not arrive whole or not in time.

use super::{CallKind, Out};
use crate::call::Call;
use crate::call::session::Session;
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::rtp_stream::Summary;

pub(super) static LOSS: Code = Code {
    name: "media.loss",
    severity: Severity::Warning,
    advice: "look for an overloaded link, a duplex mismatch or radio on the way of the stream, and give voice priority there (DSCP EF)",
};

pub(super) static JITTER: Code = Code {
    name: "media.jitter",
    severity: Severity::Warning,
    advice: "look for queues on the way of the stream and give voice priority there (DSCP EF); a larger jitter buffer hides it at the price of delay",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&LOSS, &JITTER], judge };

/// Fewer packets say nothing.
pub(super) const MIN_PACKETS: u64 = 50;
const MAX_LOSS_PERCENT: f64 = 1.0;
const MAX_JITTER_MS: f64 = 30.0;

fn judge(call: &Call, out: &mut Out<'_>) {
    if !(call.is_over || call.stage.is_quiet) {
        return;
    }
    for session in &call.sessions {
        // A stream that was seen on two hops is one.
        let (mut lossy, mut jittery) = (Vec::new(), Vec::new());
        for stream in session.streams() {
            let mut who = if session.is_from_caller(&stream.key.endpoints) { "the caller" } else { "the called side" };
            if call.is_partial {
                who = "one side";
            }
            let ssrc = stream.key.ssrc;
            let new = |said: &mut Vec<u32>| {
                !said.contains(&ssrc) && {
                    said.push(ssrc);
                    true
                }
            };
            if let Some(summary) = loss(&stream, who)
                && new(&mut lossy)
            {
                out.say(Finding::new(&LOSS, subject(call, &stream), evidence(session, &stream), summary).absent());
            }
            if let Some(summary) = jitter(&stream, who)
                && new(&mut jittery)
            {
                out.say(Finding::new(&JITTER, subject(call, &stream), evidence(session, &stream), summary));
            }
        }
        for stream in session.streams() {
            if let Some(finding) = reported_loss(call, session, &stream)
                && !lossy.contains(&stream.key.ssrc)
            {
                lossy.push(stream.key.ssrc);
                out.say(finding);
            }
        }
    }
}

/// What there is to say of a stream that did not come whole.
pub(super) fn loss(stream: &Summary, who: &str) -> Option<String> {
    let is_lossy = stream.expected >= MIN_PACKETS && stream.missing_percent() > MAX_LOSS_PERCENT;
    is_lossy.then(|| {
        format!(
            "RTP stream from {who}: {} of {} packets never arrived ({:.1} %), {} in a row at most{}",
            stream.missing,
            stream.expected.saturating_sub(stream.skipped),
            stream.missing_percent(),
            stream.longest_gap,
            estimate(stream)
        )
    })
}

/// And of one that did not come in time.
pub(super) fn jitter(stream: &Summary, who: &str) -> Option<String> {
    let is_late = stream.packets >= MIN_PACKETS && stream.voice_jitter_max > MAX_JITTER_MS;
    is_late.then(|| {
        format!(
            "RTP stream from {who}: jitter up to {:.1} ms (mean {:.1} ms), {:.0} ms between two packets at most{}",
            stream.voice_jitter_max,
            stream.jitter.mean,
            stream.delta.max,
            estimate(stream)
        )
    })
}

/// A stream that is whole in the capture, and of which its receiver says that it did not get all. Receivers that count what
/// never was are not believed.
fn reported_loss(call: &Call, session: &Session, stream: &Summary) -> Option<Finding> {
    let (lost, expected, report) = session.reported(&stream.key).filter(|_| !call.is_partial)?;
    let is_sound = (MIN_PACKETS..=stream.expected.saturating_add(MIN_PACKETS)).contains(&expected);
    let percent = lost as f64 * 100.0 / expected as f64;
    if !is_sound || percent <= MAX_LOSS_PERCENT {
        return None;
    }
    let from_caller = session.is_from_caller(&stream.key.endpoints);
    let names = if from_caller { ["the caller", "the called side"] } else { ["the called side", "the caller"] };
    let [who, receiver] = names;
    let summary = format!(
        "RTP stream from {who}: {receiver} reports by RTCP that {lost} of {expected} packets never arrived ({percent:.1} %); they are lost behind the place of the capture"
    );
    let mut evidence = evidence(session, stream);
    evidence.add(report);
    Some(Finding::new(&LOSS, subject(call, stream), evidence, summary))
}

fn estimate(stream: &Summary) -> String {
    stream.estimated_mos().map_or(String::new(), |mos| format!("; estimated MOS {mos:.1}"))
}

fn subject(call: &Call, stream: &Summary) -> Subject {
    Subject::flow(&stream.key.endpoints)
        .and("ssrc", format!("0x{:08x}", stream.key.ssrc))
        .and("call_id", call.call_id.clone())
}

/// The first and the last packet of the stream.
fn evidence(session: &Session, stream: &Summary) -> Evidence {
    let mut evidence = Evidence::default();
    if let Some((first, last)) = session.marks_of(&stream.key) {
        evidence.add(first);
        evidence.add(last);
    }
    evidence
}
