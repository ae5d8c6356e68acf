//! `packetstream flow`: the ladder of a call or a TCP connection, over all files that saw it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};

use packetstream_dissect::call::ladder::{Ladder, Select, TcpLadder};
use packetstream_dissect::call::{Call, Tracker};

use super::read::{Source, each};
use crate::cli::{Flow, ReportFormat};
use crate::exit::{Failure, Outcome};

/// How many Call-IDs are named where several begin as asked.
const MAX_NAMED: usize = 10;

pub(super) fn run(args: &Flow) -> Outcome {
    let mut ladders = Vec::new();
    let mut damage = None;
    let (mut calls_seen, mut filters) = (Vec::new(), BTreeSet::new());
    for file in &args.files {
        let source = Source::of(file)?;
        // Files are hosts that saw the call: their names tell where.
        let host = file.file_stem().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let mut reader = source.open()?;
        let (mut tracker, mut over, mut found) = (Tracker::default(), Vec::new(), Vec::new());
        let is_meant = |call: &Call| call.call_id.starts_with(args.what.as_str());
        each(&mut reader, u64::MAX, |packet, _, _| {
            tracker.observe(&packet, 0, &mut over);
            found.extend(over.drain(..).filter(is_meant));
            Ok(())
        })?;
        tracker.finish(&mut over);
        found.extend(over.into_iter().filter(is_meant));
        damage = damage.or_else(|| reader.damage().map(|damage| format!("{}: {damage}", file.display())));
        if found.iter().any(|call| call.call_id == args.what) {
            found.retain(|call| call.call_id == args.what);
        }
        calls_seen.extend(found.iter().map(|call| call.call_id.clone()));
        filters.extend(found.iter().map(Call::filter));
        if found.is_empty()
            && let Some(select) = select(&args.what)
        {
            let mut tcp = TcpLadder::new(select, &host);
            each(&mut source.open()?, u64::MAX, |packet, _, _| {
                tcp.observe(&packet, 0);
                Ok(())
            })?;
            ladders.extend(tcp.finish());
        }
        ladders.extend(found.iter().map(|call| Ladder::of_call(call, &host)));
    }
    one(calls_seen)?;
    if ladders.is_empty() {
        return Err(none(&args.what));
    }
    if args.filter {
        filter(&filters)?;
        return damage.map_or(Ok(()), |damage| Err(Failure::Incomplete(damage)));
    }
    let ladder = if args.files.len() > 1 { Ladder::merge(ladders) } else { joined(ladders) };
    put(&ladder, args)?;
    damage.map_or(Ok(()), |damage| Err(Failure::Incomplete(damage)))
}

/// Holds what was found to one call.
pub(super) fn one(mut calls: Vec<String>) -> Outcome {
    calls.sort();
    calls.dedup();
    if calls.len() > 1 {
        calls.truncate(MAX_NAMED);
        return Err(Failure::Wrong(format!("several calls begin so: {}", calls.join(", "))));
    }
    Ok(())
}

/// Prints what selects the packets of a call, as its hosts saw them.
pub(super) fn filter(filters: &BTreeSet<String>) -> Outcome {
    if filters.is_empty() {
        return Err(Failure::Wrong("--filter is for calls; a TCP connection is tcp.stream == NUMBER".to_owned()));
    }
    let all: Vec<&str> = filters.iter().map(String::as_str).collect();
    let text = format!("{}\n", all.join(" || "));
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::output(&error))
}

/// Nothing was found.
pub(super) fn none(what: &str) -> Failure {
    Failure::Wrong(format!("no call {what}, and no TCP connection; `packetstream calls` lists the calls"))
}

/// Shows or writes a ladder.
pub(super) fn put(ladder: &Ladder, args: &Flow) -> Outcome {
    match &args.write {
        Some(path) if path.as_os_str() != "-" => {
            fs::write(path, ladder.svg()).map_err(|error| Failure::wrong(format!("{}: {error}", path.display())))
        }
        to_output => {
            let text = match args.format {
                _ if to_output.is_some() => ladder.svg(),
                ReportFormat::Text => ladder.text(),
                ReportFormat::Json => format!("{}\n", ladder.json()),
            };
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
        }
    }
}

/// The parts of one Call-ID that one file has, one behind the other.
pub(super) fn joined(ladders: Vec<Ladder>) -> Ladder {
    let mut ladders = ladders.into_iter();
    let mut first = ladders.next().unwrap_or_default();
    for ladder in ladders {
        first.rungs.extend(ladder.rungs);
        first.left_out += ladder.left_out;
    }
    first
}

/// Which TCP connection is meant: a number, or two ends.
pub(super) fn select(what: &str) -> Option<Select> {
    match what.parse() {
        Ok(number) => Some(Select::Stream(number)),
        Err(_) if what.contains('-') && what.contains(':') => Some(Select::Pair(what.to_owned())),
        Err(_) => None,
    }
}
