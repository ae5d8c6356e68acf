//! `packetstream status` and `packetstream hosts`.

use packetstream_protocol::Timestamp;
use packetstream_protocol::wire::{Request, Response};
use serde_json::json;

use crate::cli::Peer;
use crate::client::{Session, failure};
use crate::exit::Outcome;
use crate::net::RpcError;

fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}

pub(super) fn status(peer: &Peer) -> Outcome {
    let response = Session::open(peer)?.call(&Request::Status)?;
    let Response::Status(report) = response else { return Err(failure(RpcError::Unexpected)) };
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
        });
        println!("{line}");
        return Ok(());
    }
    println!("node     {} ({}), packetstream {}", report.name, report.node, report.version);
    println!("roles    {}", report.roles.join(", "));
    println!("up       {} s", report.uptime_ms / 1000);
    println!(
        "stored   {} packets of {} hosts in {} chunks, {} bytes",
        report.packets, report.hosts, report.chunks, report.bytes
    );
    println!("from     {}", time(report.oldest));
    println!("to       {}", time(report.newest));
    for actor in report.actors {
        println!("actor    {}: {}, {} restarts", actor.name, actor.state, actor.restarts);
    }
    Ok(())
}

pub(super) fn hosts(peer: &Peer) -> Outcome {
    let response = Session::open(peer)?.call(&Request::Hosts)?;
    let Response::Hosts(rows) = response else { return Err(failure(RpcError::Unexpected)) };
    if !peer.json {
        println!("{:36} {:20} {:>10} {:>12} {:30} last packet", "host", "name", "packets", "bytes", "first packet");
    }
    for row in rows {
        if peer.json {
            let line = json!({
                "host": row.host.to_string(), "name": row.name, "streams": row.streams, "packets": row.packets,
                "bytes": row.bytes, "first": row.first.map(|time| time.to_string()),
                "last": row.last.map(|time| time.to_string()), "gaps": row.gaps,
            });
            println!("{line}");
        } else {
            let (first, last) = (time(row.first), time(row.last));
            println!(
                "{:36} {:20} {:>10} {:>12} {first:30} {last}",
                row.host.to_string(),
                row.name,
                row.packets,
                row.bytes
            );
        }
    }
    Ok(())
}
