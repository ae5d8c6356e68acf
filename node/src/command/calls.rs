//! `packetstream calls`: the calls of a capture file, a row each.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use packetstream_dissect::call::summary::payload;
use packetstream_dissect::call::{Call, Tracker};
use packetstream_dissect::output::value;

use super::read::{Source, each};
use crate::cli::{Calls, ReportFormat};
use crate::exit::{Failure, Outcome};

pub(super) fn run(args: &Calls) -> Outcome {
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    let source = Source::of(file)?;
    let mut reader = source.open()?;
    let (mut tracker, mut over, mut calls) = (Tracker::default(), Vec::new(), Vec::new());
    // Registrations and the like are no rows.
    each(&mut reader, u64::MAX, |packet, _, _| {
        tracker.observe(&packet, 0, &mut over);
        calls.extend(over.drain(..).filter(Call::is_call));
        Ok(())
    })?;
    tracker.finish(&mut over);
    calls.extend(over.into_iter().filter(Call::is_call));
    calls.sort_by_key(|call| call.first);
    let mut text = String::new();
    for call in &calls {
        match args.format {
            ReportFormat::Text => show(call, &mut text),
            ReportFormat::Json => {
                let _ = writeln!(text, "{}", call.json());
            }
        }
    }
    if args.format == ReportFormat::Text {
        let _ = writeln!(text, "{}", total(calls.len()));
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))?;
    match reader.damage() {
        Some(damage) => Err(Failure::Incomplete(format!("{}: {damage}", file.display()))),
        None => Ok(()),
    }
}

/// The last line.
pub(super) fn total(calls: usize) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}

/// `hh:mm:ss` and three decimals, as Wireshark's list has it.
fn duration(ns: i64) -> String {
    let ms = ns / 1_000_000;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// A call for people: a line of columns, then its media.
pub(super) fn show(call: &Call, out: &mut String) {
    let text = |text: &str| value::printable(text.as_bytes());
    let _ = writeln!(
        out,
        "{}  {}  {}  {} → {}  SIP  {} packets  {}  {}",
        value::rfc3339(call.first.time),
        duration(call.last.time.saturating_sub(call.first.time)),
        call.speaker,
        text(&call.from),
        text(&call.to),
        call.messages,
        call.state().name(),
        call.comment()
    );
    let _ = writeln!(out, "    stop {}  Call-ID {}", value::rfc3339(call.last.time), text(&call.call_id));
    let codecs = call.codecs();
    if !codecs.is_empty() {
        let _ = writeln!(out, "    codecs {}  talk {}", text(&codecs.join(", ")), duration(call.talk_ns()));
    }
    for (from_caller, stream) in call.streams() {
        let arrow = if from_caller { "caller →" } else { "callee →" };
        let mos = stream.estimated_mos().map_or(String::new(), |mos| format!(", MOS {mos:.2} (estimate)"));
        let _ = writeln!(
            out,
            "    {arrow} RTP {} 0x{:08x}: {} packets, {} lost ({:.1} %), jitter mean {:.3} ms max {:.3} ms, delta max {:.3} ms, skew max {:.3} ms{mos}",
            text(&payload(&stream)),
            stream.key.ssrc,
            stream.packets,
            stream.lost,
            stream.lost_percent(),
            stream.jitter.mean,
            stream.jitter.max,
            stream.delta.max,
            stream.skew_max
        );
    }
    for refused in call.refused_faxes() {
        let _ = writeln!(out, "    T.38 offered by {}, refused with {}", refused.by, text(&refused.answer));
    }
    for fax in call.sessions.iter().filter_map(|session| session.fax.as_ref()) {
        for stream in fax.streams() {
            let _ = writeln!(
                out,
                "    T.38 {} → {}: {} packets, {} lost, {} by redundancy, {} by FEC, {} for good",
                stream.endpoints.src,
                stream.endpoints.dst,
                stream.packets,
                stream.lost,
                stream.recovered_by_redundancy,
                stream.recovered_by_fec,
                stream.not_recovered()
            );
        }
        let steps: Vec<String> =
            fax.steps.iter().map(|step| format!("{}{}", if step.from_caller { '>' } else { '<' }, step.name)).collect();
        if !steps.is_empty() {
            let _ = writeln!(out, "    T.30 {}", steps.join(" "));
        }
    }
}
