//! `diagnose`, `calls` and `flow` over what the cluster holds and captures: one machine a host, as for a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Instant;

use packetstream_dissect::call::ladder::{Ladder, TcpLadder};
use packetstream_dissect::call::{Call, Tracker};
use packetstream_dissect::diagnose::{Diagnosis, Finding};
use packetstream_protocol::wire::{Closing, OutputFormat, OutputSpec, Query};
use packetstream_protocol::{HostId, PacketId};

use super::{calls, diagnose, flow, query};
use crate::cli::{Calls, Diagnose, Flow, ReportFormat, Scope};
use crate::client::Session;
use crate::client::names::Names;
use crate::client::records::{self, Record};
use crate::exit::{Failure, Outcome};

/// While a host is silent its time is let go on, but for so much: packets that are still on their way belong before it.
const LATE_NS: i64 = 2_000_000_000;

/// The query of a scope.
pub(super) fn asked(scope: &Scope) -> Result<Query, Failure> {
    Ok(Query {
        hosts: scope.host.iter().map(|name| query::host(name)).collect(),
        since: scope.since.as_deref().map(query::time).transpose()?,
        until: scope.until.as_deref().map(query::time).transpose()?,
        filter: String::new(),
        references: Vec::new(),
        limit: None,
        output: OutputSpec::new(OutputFormat::Records),
        follow: scope.follow,
    })
}

fn id_of(id: PacketId) -> u128 {
    u128::from_be_bytes(id.to_bytes())
}

fn packet_id(id: u128) -> String {
    PacketId::from_bytes(id.to_be_bytes()).map_or_else(|_| format!("{id:032x}"), |id| id.to_string())
}

pub(super) fn print(text: &str) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// The statement that ends each answer, for people.
pub(super) fn tell(closing: &Closing) {
    let how = if closing.complete { "complete" } else { "incomplete" };
    let limited = if closing.limited { ", ended by -c" } else { "" };
    let gaps = if closing.gaps == 1 { "1 gap".to_owned() } else { format!("{} gaps", closing.gaps) };
    let lost = match (closing.dropped, closing.gaps) {
        (0, 0) => String::new(),
        (0, _) => format!(", the captures themselves have {gaps} of unknown size"),
        (dropped, _) => format!(", the captures themselves lost {dropped} packets in {gaps}"),
    };
    let _ = writeln!(io::stderr(), "{how}: {} of {} packets{limited}{lost}", closing.matched, closing.scanned);
}

/// Says how complete an answer is that was made of packets, and whether all could be read that was asked for.
fn close(closing: &Closing) -> Outcome {
    tell(closing);
    state(closing)
}

/// Whether all could be read that was asked for.
pub(super) fn state(closing: &Closing) -> Outcome {
    if closing.complete {
        return Ok(());
    }
    let missing: u64 = closing.missing.iter().map(|stream| stream.chunks.count()).sum();
    let streams: Vec<String> = closing.missing.iter().map(|stream| stream.stream.to_string()).collect();
    Err(Failure::Incomplete(match (streams.is_empty(), closing.silent.join(", ")) {
        (true, silent) if silent.is_empty() => {
            "the nodes do not yet agree on who holds what, so something may be missing; ask again".to_owned()
        }
        (true, silent) => format!("what these nodes hold alone is missing: {silent}"),
        (false, silent) => {
            let silent = if silent.is_empty() { "none" } else { &silent };
            format!("{missing} chunks could not be read ({}); silent nodes: {silent}", streams.join(", "))
        }
    }))
}

/// The diagnosis of one host.
struct Judged {
    machine: Diagnosis,
    /// The time of the last packet, and when it came.
    last: (i64, Instant),
}

pub(super) fn diagnose(args: &Diagnose) -> Outcome {
    let session = Session::open(&args.scope.peer)?;
    let query = asked(&args.scope)?;
    let mut hosts: BTreeMap<HostId, Judged> = BTreeMap::new();
    let (mut all, mut fresh) = (Vec::new(), Vec::new());
    let mut watch = diagnose::watch(&args.rules)?;
    let (mut matched, mut matches) = (Vec::new(), Vec::new());
    let names = Names::of(&session);
    let show = |host: HostId, finding: &Finding, text: &mut String| match args.format {
        ReportFormat::Text => diagnose::show(finding, Some((&names.show(host), &packet_id)), text),
        ReportFormat::Json => {
            let _ = writeln!(text, "{}", finding.json(&host.to_string(), packet_id));
        }
    };
    let mut packets = 0;
    let closing = records::read(&session, query, |record| {
        let begin = |time| Judged { machine: Diagnosis::new(), last: (time, Instant::now()) };
        match record {
            Record::Packet(host, packet, id) => {
                packets += 1;
                watch.observe(&host.to_string(), &packet, &mut matched);
                matches.extend(matched.drain(..).map(|found| (host, found)));
                let judged = hosts.entry(host).or_insert_with(|| begin(packet.time));
                judged.last = (packet.time.max(judged.last.0), Instant::now());
                judged.machine.observe(&packet, id_of(id), &mut fresh);
                all.extend(fresh.drain(..).map(|finding| (host, finding)));
            }
            Record::Gap(host, gap) => {
                let judged = hosts.entry(host).or_insert_with(|| begin(i64::MIN));
                judged.machine.lost(diagnose::loss(&gap), &mut fresh);
                all.extend(fresh.drain(..).map(|finding| (host, finding)));
            }
            Record::Pause if args.scope.follow => {
                for (host, judged) in &mut hosts {
                    let silent = i64::try_from(judged.last.1.elapsed().as_nanos()).unwrap_or(i64::MAX);
                    if silent > LATE_NS {
                        judged.machine.advance(judged.last.0.saturating_add(silent - LATE_NS), &mut fresh);
                        all.extend(fresh.drain(..).map(|finding| (*host, finding)));
                    }
                }
                let mut text = String::new();
                all.drain(..).for_each(|(host, finding)| show(host, &finding, &mut text));
                for (host, found) in matches.drain(..) {
                    diagnose::show_match(&found, &host.to_string(), args.format, &mut text);
                }
                print(&text)?;
            }
            Record::Pause => {}
        }
        Ok(())
    })?;
    for (host, judged) in &mut hosts {
        judged.machine.finish(&mut fresh);
        all.extend(fresh.drain(..).map(|finding| (*host, finding)));
    }
    for (host, finding) in &mut all {
        if let Some(judged) = hosts.get(host) {
            judged.machine.losses().weigh(finding);
        }
    }
    all.sort_by_cached_key(|(host, finding)| (finding.rank(), *host));
    let mut text = String::new();
    all.iter().for_each(|(host, finding)| show(*host, finding, &mut text));
    for (host, found) in &matches {
        diagnose::show_match(found, &host.to_string(), args.format, &mut text);
    }
    if args.format == ReportFormat::Text && !args.scope.follow {
        let _ = writeln!(text, "{}", diagnose::total(all.len() + matches.len(), packets));
    }
    print(&text)?;
    close(&closing)
}

pub(super) fn calls(args: &Calls) -> Outcome {
    let session = Session::open(&args.scope.peer)?;
    let query = asked(&args.scope)?;
    let mut hosts: BTreeMap<HostId, Tracker> = BTreeMap::new();
    let (mut all, mut over): (Vec<(HostId, Call)>, Vec<Call>) = (Vec::new(), Vec::new());
    let show = |host: HostId, call: &Call, text: &mut String| match args.format {
        ReportFormat::Text => calls::show(call, text),
        ReportFormat::Json => {
            let mut json = call.json();
            json["host"] = host.to_string().into();
            let _ = writeln!(text, "{json}");
        }
    };
    let closing = records::read(&session, query, |record| {
        match record {
            Record::Packet(host, packet, id) => {
                hosts.entry(host).or_default().observe(&packet, id_of(id), &mut over);
                all.extend(over.drain(..).filter(Call::is_call).map(|call| (host, call)));
            }
            Record::Pause if args.scope.follow => {
                let mut text = String::new();
                all.drain(..).for_each(|(host, call)| show(host, &call, &mut text));
                print(&text)?;
            }
            Record::Gap(..) | Record::Pause => {}
        }
        Ok(())
    })?;
    for (host, tracker) in &mut hosts {
        tracker.finish(&mut over);
        all.extend(over.drain(..).filter(Call::is_call).map(|call| (*host, call)));
    }
    all.sort_by_key(|(host, call)| (call.first, *host));
    let mut text = String::new();
    all.iter().for_each(|(host, call)| show(*host, call, &mut text));
    if args.format == ReportFormat::Text && !args.scope.follow {
        let _ = writeln!(text, "{}", calls::total(all.len()));
    }
    print(&text)?;
    close(&closing)
}

pub(super) fn flow(args: &Flow) -> Outcome {
    if args.scope.follow {
        return Err(Failure::Wrong("a ladder is drawn of what there is: leave --follow out".to_owned()));
    }
    let session = Session::open(&args.scope.peer)?;
    let query = asked(&args.scope)?;
    let names = records::names(&session)?;
    let label = |host: &HostId| names.get(host).cloned().unwrap_or_else(|| host.to_string());
    let select = flow::select(&args.what);
    let mut hosts: BTreeMap<HostId, (Tracker, Option<TcpLadder>)> = BTreeMap::new();
    let (mut all, mut over): (Vec<(HostId, Call)>, Vec<Call>) = (Vec::new(), Vec::new());
    let closing = records::read(&session, query, |record| {
        if let Record::Packet(host, packet, id) = record {
            let begin = || (Tracker::default(), select.clone().map(|select| TcpLadder::new(select, &label(&host))));
            let (tracker, tcp) = hosts.entry(host).or_insert_with(begin);
            tracker.observe(&packet, id_of(id), &mut over);
            let meant = over.drain(..).filter(|call| call.call_id.starts_with(args.what.as_str()));
            all.extend(meant.map(|call| (host, call)));
            if let Some(tcp) = tcp {
                tcp.observe(&packet, id_of(id));
            }
        }
        Ok(())
    })?;
    let mut connections = Vec::new();
    for (host, (mut tracker, tcp)) in hosts {
        tracker.finish(&mut over);
        let meant = over.drain(..).filter(|call| call.call_id.starts_with(args.what.as_str()));
        all.extend(meant.map(|call| (host, call)));
        connections.extend(tcp.and_then(TcpLadder::finish).map(|ladder| (host, ladder)));
    }
    if all.iter().any(|(_, call)| call.call_id == args.what) {
        all.retain(|(_, call)| call.call_id == args.what);
    }
    let mut ladders: BTreeMap<HostId, Vec<Ladder>> = BTreeMap::new();
    for (host, call) in &all {
        ladders.entry(*host).or_default().push(Ladder::of_call(call, &label(host)));
    }
    if all.is_empty() {
        connections.into_iter().for_each(|(host, ladder)| ladders.entry(host).or_default().push(ladder));
    }
    let filters: BTreeSet<String> = all.iter().map(|(_, call)| call.filter()).collect();
    flow::one(all.into_iter().map(|(_, call)| call.call_id).collect())?;
    if args.filter && !ladders.is_empty() {
        flow::filter(&filters)?;
        return close(&closing);
    }
    if ladders.is_empty() {
        return Err(flow::none(&args.what));
    }
    flow::put(&Ladder::merge(ladders.into_values().map(flow::joined)), args)?;
    close(&closing)
}
