//! `packetstream diagnose --stored`: what the cluster's own analysis has found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use packetstream_dissect::output::value::printable;
use packetstream_protocol::HostId;
use packetstream_protocol::chunk::FindingNote;
use packetstream_protocol::wire::{Closing, OutputFormat, OutputSpec, Payload, Query, Request, Response};
use serde_json::Value;

use super::diagnose::MAX_PACKETS_SHOWN;
use super::judged::{asked, print, state};
use crate::cli::{Diagnose, ReportFormat};
use crate::client::names::Names;
use crate::client::{Session, failure};
use crate::exit::{Failure, Outcome, complain};
use crate::net::RpcError;

/// `--follow` asks so often.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);

type Found = BTreeMap<(HostId, u64), FindingNote>;

pub(super) fn run(args: &Diagnose) -> Outcome {
    let session = Session::open(&args.scope.peer)?;
    let query = Query { output: OutputSpec::new(OutputFormat::Findings), follow: false, ..asked(&args.scope)? };
    let (mut found, closing) = ask(&session, &query)?;
    let mut shown: Found = BTreeMap::new();
    if args.scope.follow && args.scope.since.is_none() {
        shown.clone_from(&found);
    }
    loop {
        let is_new = |place: &(HostId, u64), note: &FindingNote| {
            shown.get(place).is_none_or(|before: &FindingNote| before.text != note.text)
        };
        let fresh: Found = found.iter().filter(|(place, note)| is_new(place, note)).map(clone).collect();
        let names = match args.format {
            ReportFormat::Text if !fresh.is_empty() => Names::of(&session),
            _ => Names::default(),
        };
        print(&text(&fresh, &names, args))?;
        if !args.scope.follow {
            behind(&session)?;
            let how = if closing.complete { "complete" } else { "incomplete" };
            let _ = writeln!(std::io::stderr(), "{how}: what was found by now");
            return state(&closing);
        }
        shown.extend(fresh);
        session.pause(FOLLOW_INTERVAL);
        (found, _) = ask(&session, &query)?;
    }
}

/// Says when what was captured or imported is not all looked at yet.
fn behind(session: &Session) -> Outcome {
    let Response::Analyses(rows) = session.call(&Request::Analyses)? else {
        return Err(failure(RpcError::Unexpected));
    };
    let chunks: u64 = rows.iter().map(|row| row.behind_chunks).sum();
    if chunks > 0 {
        complain(format_args!("{chunks} chunks are not looked at yet; packetstream status shows of which hosts"));
    }
    Ok(())
}

fn clone((place, note): (&(HostId, u64), &FindingNote)) -> ((HostId, u64), FindingNote) {
    (*place, note.clone())
}

/// Everything that was found; of one id what was written last.
fn ask(session: &Session, query: &Query) -> Result<(Found, Closing), Failure> {
    let mut found: Found = BTreeMap::new();
    let closing = session.rows(&Request::Query(query.clone()), |rows| {
        for row in rows.rows {
            let Payload::Finding(note) = row.payload else { continue };
            let place = (row.host, note.id);
            if found.get(&place).is_none_or(|known| known.stamp < note.stamp) {
                found.insert(place, note);
            }
        }
        Ok(())
    })?;
    // An empty text takes back what was found before late packets came.
    found.retain(|_, note| !note.text.is_empty());
    Ok((found, closing))
}

/// Worst first, then by time.
fn text(found: &Found, names: &Names, args: &Diagnose) -> String {
    let mut all: Vec<(HostId, &FindingNote, Value)> = found
        .iter()
        .filter_map(|((host, _), note)| Some((*host, note, serde_json::from_slice(&note.text).ok()?)))
        .collect();
    all.sort_by_cached_key(|(host, note, value)| {
        (severity(value), value["certain"] == false, note.first, value["code"].to_string(), *host, note.id)
    });
    let mut text = String::new();
    for (host, note, value) in &all {
        match args.format {
            ReportFormat::Json => {
                let _ = writeln!(text, "{}", String::from_utf8_lossy(&note.text));
            }
            ReportFormat::Text => show(value, &names.show(*host), &mut text),
        }
    }
    if args.format == ReportFormat::Text && !args.scope.follow {
        let _ = match all.len() {
            0 => writeln!(text, "nothing wrong was found"),
            1 => writeln!(text, "1 finding"),
            count => writeln!(text, "{count} findings"),
        };
    }
    text
}

fn severity(value: &Value) -> u8 {
    match value["severity"].as_str() {
        Some("error") => 0,
        Some("warning") => 1,
        Some("note") => 2,
        _ => 3,
    }
}

/// A finding for people.
fn show(value: &Value, host: &str, out: &mut String) {
    let word = |key: &str| printable(value[key].as_str().unwrap_or_default().as_bytes()).to_string();
    let doubt = if value["certain"] == false { " (not certain)" } else { "" };
    let subject: Vec<String> = value["subject"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, which)| {
            format!("{} {}", name.replace('_', "-"), printable(which.as_str().unwrap_or_default().as_bytes()))
        })
        .collect();
    let _ = writeln!(out, "{}{doubt}  {}  {}", word("severity").to_uppercase(), word("code"), subject.join(", "));
    let _ = writeln!(out, "    {}", word("summary"));
    let _ = write!(out, "    seen {}", word("first_seen"));
    if value["first_seen"] != value["last_seen"] {
        let _ = write!(out, " to {}", word("last_seen"));
    }
    let packets: Vec<&str> = value["packets"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let _ = write!(out, ", host {}", printable(host.as_bytes()));
    if !packets.is_empty() {
        let several = if packets.len() == 1 { "" } else { "s" };
        let _ = write!(out, ", packet{several} {}", packets[..packets.len().min(MAX_PACKETS_SHOWN)].join(", "));
    }
    if packets.len() > MAX_PACKETS_SHOWN {
        let _ = write!(out, " and {} more", packets.len() - MAX_PACKETS_SHOWN);
    }
    out.push('\n');
    // Not every rule says what to do.
    let advice = word("advice");
    if !advice.is_empty() {
        let _ = writeln!(out, "    {advice}");
    }
    out.push('\n');
}
