//! `media.loss` and `media.jitter`: an RTP stream that did not arrive whole or not in time.

use super::{CallKind, Out};
use crate::call::Call;
use crate::call::session::Session;
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};
use crate::rtp_stream::Summary;

static LOSS: Code = Code {
    name: "media.loss",
    severity: Severity::Warning,
    advice: "look for an overloaded link, a duplex mismatch or radio on the way of the stream, and give voice priority there (DSCP EF)",
};

static JITTER: Code = Code {
    name: "media.jitter",
    severity: Severity::Warning,
    advice: "look for queues on the way of the stream and give voice priority there (DSCP EF); a larger jitter buffer hides it at the price of delay",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&LOSS, &JITTER], judge };

/// Fewer packets say nothing.
const MIN_PACKETS: u64 = 50;
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
            if stream.expected >= MIN_PACKETS
                && stream.missing_percent() > MAX_LOSS_PERCENT
                && !lossy.contains(&stream.key.ssrc)
            {
                lossy.push(stream.key.ssrc);
                let summary = format!(
                    "RTP stream from {who}: {} of {} packets never arrived ({:.1} %), {} in a row at most{}",
                    stream.missing,
                    stream.expected.saturating_sub(stream.skipped),
                    stream.missing_percent(),
                    stream.longest_gap,
                    estimate(&stream)
                );
                out.say(Finding::new(&LOSS, subject(call, &stream), evidence(session, &stream), summary).absent());
            }
            if stream.packets >= MIN_PACKETS
                && stream.voice_jitter_max > MAX_JITTER_MS
                && !jittery.contains(&stream.key.ssrc)
            {
                jittery.push(stream.key.ssrc);
                let summary = format!(
                    "RTP stream from {who}: jitter up to {:.1} ms (mean {:.1} ms), {:.0} ms between two packets at most{}",
                    stream.voice_jitter_max,
                    stream.jitter.mean,
                    stream.delta.max,
                    estimate(&stream)
                );
                out.say(Finding::new(&JITTER, subject(call, &stream), evidence(session, &stream), summary));
            }
        }
    }
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
