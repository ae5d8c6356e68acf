//! `packetstream status` and `packetstream hosts`.

use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use packetstream_protocol::Timestamp;
use packetstream_protocol::wire::{AnalysisRow, ClusterReport, Request, Response};
use serde_json::json;

use super::judged;
use crate::cli::{Peer, Status};
use crate::client::{Session, failure};
use crate::exit::{Outcome, say};
use crate::net::RpcError;

fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}

/// How often `--watch` asks.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

pub(super) fn status(args: &Status) -> Outcome {
    let session = Session::open(&args.peer)?;
    loop {
        if args.watch && !args.peer.json && io::stdout().is_terminal() {
            // Home, and everything below is forgotten.
            say!("\x1b[H\x1b[J");
        }
        once(&session, &args.peer)?;
        if !args.watch {
            return Ok(());
        }
        session.pause(WATCH_INTERVAL);
    }
}

fn once(session: &Session, peer: &Peer) -> Outcome {
    let Response::Status(report) = session.call(&Request::Status)? else { return Err(failure(RpcError::Unexpected)) };
    let Response::Cluster(cluster) = session.call(&Request::Cluster)? else {
        return Err(failure(RpcError::Unexpected));
    };
    let Response::Analyses(analyses) = session.call(&Request::Analyses)? else {
        return Err(failure(RpcError::Unexpected));
    };
    if peer.json {
        let actors = report
            .actors
            .iter()
            .map(|actor| json!({ "name": actor.name, "restarts": actor.restarts, "state": actor.state }));
        let line = json!({
            "node": report.node.to_string(), "name": report.name, "version": report.version, "roles": report.roles,
            "uptime_ms": report.uptime_ms, "hosts": report.hosts, "streams": report.streams, "chunks": report.chunks,
            "packets": report.packets, "bytes": report.bytes, "oldest": report.oldest.map(|time| time.to_string()),
            "newest": report.newest.map(|time| time.to_string()), "actors": actors.collect::<Vec<_>>(),
            "cluster": as_json(&cluster), "analyses": analyses.iter().map(analysis).collect::<Vec<_>>(),
        });
        say!("{line}");
        return Ok(());
    }
    say!("node     {} ({}), packetstream {}", report.name, report.node, report.version);
    say!("roles    {}", report.roles.join(", "));
    say!("up       {} s", report.uptime_ms / 1000);
    say!(
        "stored   {} packets of {} hosts in {} chunks, {} bytes",
        report.packets,
        report.hosts,
        report.chunks,
        report.bytes
    );
    say!("from     {}", time(report.oldest));
    say!("to       {}", time(report.newest));
    for capture in report.captures {
        say!("capture  {}: {} packets, {} dropped", capture.interface, capture.packets, capture.dropped);
    }
    members(&cluster);
    for row in &analyses {
        let findings = if row.findings == 1 { "1 finding" } else { &format!("{} findings", row.findings) };
        let behind = match row.behind_chunks {
            0 => String::new(),
            chunks => format!(", {chunks} chunks and {} ms behind", row.behind_ms),
        };
        say!("analysis {} by {}: {}, {} chunks seen, {findings}{behind}", row.host, row.name, row.state, row.chunks);
    }
    for actor in report.actors {
        say!("actor    {}: {}, {} restarts", actor.name, actor.state, actor.restarts);
    }
    Ok(())
}

fn analysis(row: &AnalysisRow) -> serde_json::Value {
    json!({
        "host": row.host.to_string(), "node": row.node.to_string(), "name": row.name, "state": row.state,
        "chunks": row.chunks, "behind_chunks": row.behind_chunks, "behind_ms": row.behind_ms,
        "findings": row.findings, "since_ms": row.since_ms,
    })
}

fn as_json(cluster: &ClusterReport) -> serde_json::Value {
    let members = cluster.members.iter().map(|row| {
        json!({
            "node": row.node.to_string(), "name": row.name, "zone": row.zone, "weight": row.weight, "state": row.state,
            "health": row.health, "partitions": row.partitions, "in_sync": row.in_sync, "misplaced": row.misplaced,
            "addresses": row.addresses,
        })
    });
    let transfers = cluster.transfers.iter().map(|row| {
        json!({
            "peer": row.peer.to_string(), "incoming": row.incoming, "chunks": row.chunks, "bytes": row.bytes,
            "remaining_ms": row.remaining_ms,
        })
    });
    json!({
        "members": members.collect::<Vec<_>>(), "maps": cluster.maps, "replicas": cluster.replicas,
        "quorum": cluster.quorum, "held_partitions": cluster.held_partitions,
        "misplaced_partitions": cluster.misplaced_partitions, "routed_chunks": cluster.routed_chunks,
        "routed_bytes": cluster.routed_bytes, "transfers": transfers.collect::<Vec<_>>(),
        "moved_chunks": cluster.moved_chunks, "moved_bytes": cluster.moved_bytes,
    })
}

fn members(cluster: &ClusterReport) {
    say!(
        "cluster  {} {}, {} to acknowledge; {}",
        cluster.replicas,
        if cluster.replicas == 1 { "copy" } else { "copies" },
        cluster.quorum,
        if cluster.maps > 1 { "data moves to a new map" } else { "everything is where it belongs" }
    );
    let mut rows: Vec<_> = cluster.members.iter().collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    for row in rows {
        let notes = [(!row.in_sync, "behind"), (row.misplaced, "holds what is not its own")];
        let notes: Vec<&str> = notes.iter().filter(|(is, _)| *is).map(|(_, note)| *note).collect();
        // Nobody asks after those that are gone.
        let health = if row.state == "removed" { String::new() } else { format!(", {}", row.health) };
        say!(
            "member   {} ({}): {}{health}, {} partitions{}{}",
            row.name,
            row.addresses.join(" "),
            row.state,
            row.partitions,
            if notes.is_empty() { "" } else { ", " },
            notes.join(", ")
        );
    }
    if cluster.routed_chunks > 0 {
        say!("routed   {} chunks, {} bytes wait to be acknowledged", cluster.routed_chunks, cluster.routed_bytes);
    }
    if cluster.moved_chunks > 0 {
        say!("moved    {} chunks, {} bytes to members that lacked them", cluster.moved_chunks, cluster.moved_bytes);
    }
    for row in &cluster.transfers {
        let name = cluster.members.iter().find(|member| member.node == row.peer).map_or("?", |member| &member.name);
        let way = if row.incoming { "from" } else { "to" };
        let rest = row.remaining_ms.map_or_else(String::new, |ms| format!(", {} s left", ms.div_ceil(1000)));
        say!("transfer {way} {name}: {} chunks, {} bytes{rest}", row.chunks, row.bytes);
    }
}

pub(super) fn hosts(peer: &Peer) -> Outcome {
    let (rows, closing) = Session::open(peer)?.hosts()?;
    let count = rows.len();
    if !peer.json {
        say!("{:36} {:20} {:>10} {:>12} {:30} last packet", "host", "name", "packets", "bytes", "first packet");
    }
    for row in rows {
        if peer.json {
            let line = json!({
                "host": row.host.to_string(), "name": row.name, "streams": row.streams, "packets": row.packets,
                "bytes": row.bytes, "first": row.first.map(|time| time.to_string()),
                "last": row.last.map(|time| time.to_string()), "gaps": row.gaps,
            });
            say!("{line}");
        } else {
            let (first, last) = (time(row.first), time(row.last));
            say!("{:36} {:20} {:>10} {:>12} {first:30} {last}", row.host.to_string(), row.name, row.packets, row.bytes);
        }
    }
    if peer.json {
        say!("{}", json!({ "complete": closing.complete, "hosts": count, "silent": closing.silent }));
    } else {
        let how = if closing.complete { "complete" } else { "incomplete" };
        let several = if count == 1 { "" } else { "s" };
        let _ = writeln!(io::stderr(), "{how}: {count} host{several}");
    }
    judged::state(&closing)
}
