//! `packetstream status` and `packetstream hosts`.

use packetstream_protocol::Timestamp;
use packetstream_protocol::wire::{Request, Response};
use serde_json::json;

use crate::cli::Peer;
use crate::client::{Session, failure};
use crate::exit::{Outcome, say};
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
    for actor in report.actors {
        say!("actor    {}: {}, {} restarts", actor.name, actor.state, actor.restarts);
    }
    Ok(())
}

pub(super) fn hosts(peer: &Peer) -> Outcome {
    let response = Session::open(peer)?.call(&Request::Hosts)?;
    let Response::Hosts(rows) = response else { return Err(failure(RpcError::Unexpected)) };
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
    Ok(())
}
