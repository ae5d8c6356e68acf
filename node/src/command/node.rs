//! `packetstream node`: the daemon.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use packetstream_config::authority::Invitation;
use packetstream_config::paths::DataDir;
use packetstream_config::settings::{Capture, NodeRole, WhenFull};
use packetstream_config::{Address, Authority, Bundle, Settings};
use packetstream_dissect::decode_as;
use packetstream_protocol::credentials::Role;
use packetstream_storage::{Retention, SpoolOptions, spool};

use super::cluster;
use crate::capture::LiveConfig;
use crate::cli::Node;
use crate::daemon::edge::{self, EdgePlan};
use crate::daemon::{self, Plan};
use crate::exit::{Failure, Outcome, say};

pub(super) fn run(args: &Node) -> Outcome {
    let mut settings = settings(args)?;
    let data = cluster::data_dir(settings.data.as_deref())?;
    let bundle = bundle(args, &data, &settings.listen)?;
    if bundle.role() == Role::Edge && args.roles.is_empty() {
        // What it may do is in its certificate; nobody need say it again.
        settings.roles.retain(|role| *role == NodeRole::Capture);
    }
    settings.validate(bundle.role()).map_err(Failure::wrong)?;
    decode_as::assign(&settings.decode_as).map_err(|error| Failure::wrong(format!("decode_as: {error}")))?;
    let seeds = if settings.seeds.is_empty() { bundle.seeds().to_vec() } else { settings.seeds.clone() };
    let captures: Vec<LiveConfig> = settings.capture.iter().map(live).collect();
    let spool_options = SpoolOptions {
        bytes_max: settings.spool.size.as_bytes(),
        segment_bytes: SpoolOptions::default().segment_bytes.min(settings.spool.size.as_bytes() / 8),
        when_full: match settings.spool.when_full {
            WhenFull::DropOldest => spool::WhenFull::DropOldest,
            WhenFull::DropNewest => spool::WhenFull::Block,
        },
        ..SpoolOptions::default()
    };
    // Without a store there is nothing to be asked for, whatever the bundle allows.
    if !settings.roles.contains(&NodeRole::Store) {
        std::fs::create_dir_all(data.root())
            .map_err(|error| Failure::wrong(format!("{}: {error}", data.root().display())))?;
        let plan = EdgePlan::new(bundle, seeds, captures, data.spool(), spool_options, data.root().to_owned());
        let ready = || say!("edge node, data in {}", data.root().display());
        return run_to_end(edge::run(plan, ready));
    }
    let plan = Plan {
        listen: settings.listen.clone(),
        advertise: settings.advertise.clone(),
        seeds,
        zone: settings.zone.clone(),
        weight: settings.weight,
        rejoin: args.rejoin,
        store: data.store(),
        audit: data.audit_log(),
        spool: data.spool(),
        spool_options,
        captures,
        retention: Retention {
            age: settings.retention.age.map(|age| Duration::from_secs(age.as_secs())),
            bytes_max: settings.retention.size.map(|size| size.as_bytes()),
        },
        roles: settings.roles.iter().map(|role| role.to_string()).collect(),
        analyzes: settings.roles.contains(&NodeRole::Analyze),
        grace: settings.grace.map(|age| Duration::from_secs(age.as_secs())),
        move_rate: settings.move_rate.map(|rate| rate.as_bytes()),
        plant: args.plant_panic.clone(),
        bundle_path: args.bundle.clone().unwrap_or_else(|| data.node_bundle()),
        bundle,
    };
    let operator = data.operator_bundle();
    let ready = |address: SocketAddr| {
        say!("listening on {address}, data in {}", data.root().display());
        if operator.exists() {
            say!("ask it with: packetstream status --peer {} --bundle {}", from_here(address), operator.display());
        }
    };
    run_to_end(daemon::run(plan, ready))
}

/// Where this machine reaches what listens at an address.
fn from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// How long what still runs when a daemon has ended is waited for.
const LAST_WAIT: Duration = Duration::from_millis(500);

fn run_to_end(daemon: impl Future<Output = Result<(), daemon::StartError>>) -> Outcome {
    let runtime = super::runtime()?;
    let ended = runtime.block_on(daemon).map_err(Failure::wrong);
    // A query that still reads holds nothing up: nobody waits for it any more.
    runtime.shutdown_timeout(LAST_WAIT);
    ended
}

/// A capture of the configuration, as libpcap is told.
fn live(capture: &Capture) -> LiveConfig {
    LiveConfig {
        filter: capture.filter.clone(),
        snaplen: capture.snaplen,
        buffer_bytes: u32::try_from(capture.buffer.as_bytes()).unwrap_or(u32::MAX),
        ..LiveConfig::of(&capture.interface)
    }
}

/// The configuration file with the command line over it.
fn settings(args: &Node) -> Result<Settings, Failure> {
    let mut settings = match &args.config {
        Some(path) => Settings::read(path).map_err(Failure::wrong)?,
        None => Settings::default(),
    };
    if let Some(listen) = &args.listen {
        settings.listen = listen.clone();
    }
    if !args.advertise.is_empty() {
        settings.advertise.clone_from(&args.advertise);
    }
    if !args.seed.is_empty() {
        settings.seeds.clone_from(&args.seed);
    }
    if !args.roles.is_empty() {
        settings.roles = args.roles.iter().copied().collect();
    }
    if let Some(zone) = &args.zone {
        settings.zone.clone_from(zone);
    }
    if let Some(weight) = args.weight {
        settings.weight = weight;
    }
    if let Some(data) = &args.data {
        settings.data = Some(data.clone());
    }
    if !args.decode.decode_as.is_empty() {
        settings.decode_as.clone_from(&args.decode.decode_as);
    }
    for interface in &args.capture {
        let mut capture = Capture::everything(interface.as_str());
        capture.filter.clone_from(&args.capture_filter);
        if let Some(snaplen) = args.snaplen {
            capture.snaplen = snaplen;
        }
        settings.capture.push(capture);
    }
    Ok(settings)
}

fn read(bundle: &Path) -> Result<Bundle, Failure> {
    if Bundle::is_exposed(bundle) {
        tracing::warn!(bundle = %bundle.display(), "others may read this bundle and take the node's part: chmod 600 it");
    }
    Bundle::read(bundle).map_err(Failure::wrong)
}

/// The node's bundle: the one named, the one in the data folder, or that of a new cluster of one.
fn bundle(args: &Node, data: &DataDir, listen: &Address) -> Result<Bundle, Failure> {
    if let Some(path) = &args.bundle {
        return read(path);
    }
    let path = data.node_bundle();
    if path.exists() {
        return read(&path);
    }
    let authority = match data.authority().exists() {
        true => Authority::read(&data.authority()).map_err(Failure::wrong)?,
        false => {
            let local = Address::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port());
            let seeds = if listen.port() == 0 { Vec::new() } else { vec![local] };
            let authority = cluster::found(data, seeds)?;
            say!("made a cluster of one in {}", data.root().display());
            authority
        }
    };
    cluster::issue(&authority, Invitation { role: Role::Node, name: "node-1".to_owned(), seeds: Vec::new() }, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_over_the_loopback_interface() {
        for (listens, reached) in
            [("0.0.0.0:4720", "127.0.0.1:4720"), ("[::]:4720", "[::1]:4720"), ("10.0.0.7:4720", "10.0.0.7:4720")]
        {
            assert_eq!(from_here(listens.parse().unwrap()), reached.parse().unwrap());
        }
    }
}
