//! `packetstream diagnose`: what is wrong in a capture file, and which packets show it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use packetstream_dissect::Packet;
use packetstream_dissect::diagnose::{Diagnosis, Finding, Loss};
use packetstream_dissect::output::value;
use packetstream_dissect::ruleset::Match;
use packetstream_protocol::chunk::{Gap, GapReason};
use packetstream_protocol::time::Timestamp;

use super::read::{Source, each};
use crate::capture::file::Reader;
use crate::capture::file_gaps;
use crate::cli::{Diagnose, ReportFormat};
use crate::exit::{Failure, Outcome, complain};
use crate::rules::{self, Watch};

/// How many frames of a finding are listed for people.
const MAX_FRAMES_SHOWN: usize = 12;
/// How many packets of the cluster, whose names are longer.
pub(super) const MAX_PACKETS_SHOWN: usize = 4;

/// Which of several hosts saw it, and how its packets are called there.
type Seen<'a> = (&'a str, &'a dyn Fn(u128) -> String);

pub(super) fn run(args: &Diagnose) -> Outcome {
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    let source = Source::of(file)?;
    let host = source.host()?.to_string();
    let mut reader = source.open()?;
    let mut watch = watch(&args.rules)?;
    let mut matches = Vec::new();
    let findings = diagnose(&mut reader, |packet| watch.observe(&host, packet, &mut matches))?;
    let mut text = String::new();
    for finding in &findings {
        match args.format {
            ReportFormat::Text => show(finding, None, &mut text),
            ReportFormat::Json => {
                let _ = writeln!(text, "{}", finding.json(&host, |id| format!("{id:032x}")));
            }
        }
    }
    for found in &matches {
        show_match(found, &host, args.format, &mut text);
    }
    if args.format == ReportFormat::Text {
        let _ = writeln!(text, "{}", total(findings.len() + matches.len(), reader.packets()));
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))?;
    match reader.damage() {
        Some(damage) => Err(Failure::Incomplete(format!("{}: {damage}", file.display()))),
        None => Ok(()),
    }
}

/// The rules of a command line; those that are wrong are said and take no part.
pub(super) fn watch(files: &[PathBuf]) -> Result<Watch, Failure> {
    let watch = Watch::load(files).map_err(Failure::wrong)?;
    watch.disabled().iter().for_each(complain);
    Ok(watch)
}

/// What a rule found, in either form.
pub(super) fn show_match(found: &Match, host: &str, format: ReportFormat, out: &mut String) {
    match format {
        ReportFormat::Text => rules::show(found, out),
        ReportFormat::Json => {
            let _ = writeln!(out, "{}", rules::object(host, found));
        }
    }
}

/// All findings of a file, worst first; each packet is shown to `also`.
fn diagnose(reader: &mut Reader, mut also: impl FnMut(&Packet<'_>)) -> Result<Vec<Finding>, Failure> {
    let (mut diagnosis, mut findings) = (Diagnosis::new(), Vec::new());
    let mut times: Option<(Timestamp, Timestamp)> = None;
    let mut told = BTreeSet::new();
    // When the last packet of each interface came: what it says to be lost was lost since then.
    let mut last_of: BTreeMap<u32, Timestamp> = BTreeMap::new();
    each(reader, u64::MAX, |packet, raw, _| {
        let now = Timestamp(raw.time);
        let since = last_of.insert(raw.interface, now).unwrap_or(now);
        times = Some(times.map_or((now, now), |(first, last)| (first.min(now), last.max(now))));
        if let Some(packets) = raw.drops().filter(|drops| *drops > 0) {
            told.insert(raw.interface);
            let gap = Gap {
                from: since.min(now),
                until: since.max(now),
                packets,
                reason: GapReason::Interface,
                interface: u16::try_from(raw.interface).ok(),
            };
            diagnosis.lost(loss(&gap), &mut findings);
        }
        also(&packet);
        diagnosis.observe(&packet, 0, &mut findings);
        Ok(())
    })?;
    let (first, last) = times.unwrap_or((Timestamp::MIN, Timestamp::MIN));
    for gap in file_gaps(reader, &told, first..=last) {
        diagnosis.lost(loss(&gap), &mut findings);
    }
    diagnosis.finish(&mut findings);
    // What a file lost it tells at its end, when some has been said already.
    findings.iter_mut().for_each(|finding| diagnosis.losses().weigh(finding));
    findings.sort_by_cached_key(Finding::rank);
    Ok(findings)
}

fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// A gap as the diagnosis takes it.
pub(crate) fn loss(gap: &Gap) -> Loss {
    let (from, until) = (nanoseconds(gap.from), nanoseconds(gap.until));
    match gap.reason {
        GapReason::File => Loss::Cut { at: until, why: "the file cannot be read on".to_owned() },
        GapReason::Interface | GapReason::Kernel => Loss::Dropped { from, until, packets: gap.packets },
        _ => Loss::Gap { from, until, packets: gap.packets },
    }
}

/// A finding for people. Its packets are frames of a file, or those of a host of the cluster.
pub(super) fn show(finding: &Finding, host: Option<Seen<'_>>, out: &mut String) {
    let doubt = if finding.is_certain { "" } else { " (not certain)" };
    let _ = writeln!(out, "{}{doubt}  {}  {}", finding.severity.name().to_uppercase(), finding.code, finding.subject);
    let _ = writeln!(out, "    {}", value::printable(finding.summary.as_bytes()));
    let evidence = &finding.evidence;
    let (first, last) = (evidence.first().time, evidence.last().time);
    let _ = write!(out, "    seen {}", value::rfc3339(first));
    if last > first {
        let _ = write!(out, " to {}", value::rfc3339(last));
    }
    let (name, shown): (_, Vec<String>) = match host {
        Some((host, packet)) => {
            let _ = write!(out, ", host {}", value::printable(host.as_bytes()));
            ("packet", evidence.marks().take(MAX_PACKETS_SHOWN).map(|mark| packet(mark.id)).collect())
        }
        None => ("frame", evidence.marks().take(MAX_FRAMES_SHOWN).map(|mark| mark.number.to_string()).collect()),
    };
    let more = evidence.count().saturating_sub(shown.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let several = if evidence.count() == 1 { "" } else { "s" };
    let _ = writeln!(out, ", {name}{several} {}{more}", shown.join(", "));
    let _ = writeln!(out, "    {}\n", value::printable(finding.advice.as_bytes()));
}

/// The last line.
pub(super) fn total(findings: usize, packets: u64) -> String {
    match findings {
        0 => format!("{packets} packets, nothing wrong"),
        1 => format!("{packets} packets, 1 finding"),
        count => format!("{packets} packets, {count} findings"),
    }
}
