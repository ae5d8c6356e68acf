//! The cluster as an interface of Wireshark: what an external capture program (extcap) is asked before a capture, and the
//! packets into the pipe that Wireshark reads. The program itself, or a link to it, lies in Wireshark's extcap folder.

use std::fs::File;
use std::path::PathBuf;

use clap::Parser;
use packetstream_config::Address;
use packetstream_protocol::wire::{self, OutputFormat, OutputSpec, Request};

use super::{judged, query};
use crate::cli::{Peer, Scope};
use crate::client::Session;
use crate::engine;
use crate::exit::{Failure, Outcome, say};

/// What Wireshark asks, and the options that [`OPTIONS`] offers.
#[derive(Parser, Debug)]
#[command(name = "packetstream", disable_help_flag = true)]
#[allow(clippy::struct_excessive_bools)]
struct Extcap {
    #[arg(long)]
    extcap_interfaces: bool,
    #[arg(long, value_name = "VERSION")]
    extcap_version: Option<String>,
    #[arg(long, value_name = "NAME")]
    extcap_interface: Option<String>,
    #[arg(long)]
    extcap_dlts: bool,
    #[arg(long)]
    extcap_config: bool,
    #[arg(long, value_name = "OPTION")]
    extcap_reload_option: Option<String>,
    #[arg(long, value_name = "BPF", allow_hyphen_values = true)]
    extcap_capture_filter: Option<String>,
    #[arg(long, value_name = "PIPE")]
    extcap_control_in: Option<PathBuf>,
    #[arg(long, value_name = "PIPE")]
    extcap_control_out: Option<PathBuf>,
    #[arg(long)]
    extcap_cleanup_postkill: bool,
    #[arg(long)]
    capture: bool,
    #[arg(long, value_name = "PIPE")]
    fifo: Option<PathBuf>,
    #[arg(long, value_delimiter = ',')]
    peer: Vec<Address>,
    #[arg(long)]
    bundle: Option<PathBuf>,
    #[arg(long, value_delimiter = ',')]
    host: Vec<String>,
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    display_filter: String,
    #[arg(long)]
    since: Option<String>,
    #[arg(long)]
    until: Option<String>,
    #[arg(long)]
    stored: bool,
}

/// How the interface is called.
const INTERFACE: &str = "packetstream";

/// What can be set in Wireshark's dialog: the option, its title, its type with what belongs to that, and an explanation.
const OPTIONS: &[(&str, &str, &str, &str)] = &[
    (
        "--peer",
        "Nodes",
        "{type=string}{placeholder=127.0.0.1:4720}",
        "HOST:PORT of a node, or of several with commas; none are the seeds of the bundle",
    ),
    (
        "--bundle",
        "Bundle",
        "{type=fileselect}{mustexist=true}",
        "what an operator gave you to ask the cluster with; none is the one that node or cluster init left",
    ),
    (
        "--host",
        "Hosts",
        "{type=string}",
        "names or UUIDs of hosts with commas between them, as packetstream hosts lists them; none are all",
    ),
    (
        "--display-filter",
        "Display filter",
        "{type=string}{placeholder=sip || rtp}",
        "only what it selects comes here; it is evaluated in the cluster",
    ),
    (
        "--since",
        "Since",
        "{type=string}{placeholder=10m}",
        "packets of that age (10m, 2h, 3d) or time (2026-11-23T04:45:00Z) and later; none is from now on",
    ),
    ("--until", "Until", "{type=string}", "packets up to that time; then it ends"),
    (
        "--stored",
        "Stored packets alone",
        "{type=boolflag}{default=false}",
        "ends with the last packet that there is, instead of waiting for those that come",
    ),
];

/// Whether the arguments are Wireshark's.
pub(super) fn is_asked(mut arguments: impl Iterator<Item = String>) -> bool {
    arguments.any(|argument| argument.starts_with("--extcap-"))
}

pub(super) fn run() -> Outcome {
    let asked = Extcap::try_parse().map_err(|error| Failure::wrong(super::complaint(&error.to_string())))?;
    if asked.extcap_interfaces {
        say!("extcap {{version={}}}{{display=PacketStream}}", env!("CARGO_PKG_VERSION"));
        say!("interface {{value={INTERFACE}}}{{display=PacketStream cluster}}");
        return Ok(());
    }
    // An empty field of the dialog is none.
    let asked = Extcap {
        bundle: asked.bundle.filter(|path| !path.as_os_str().is_empty()),
        since: asked.since.filter(|time| !time.trim().is_empty()),
        until: asked.until.filter(|time| !time.trim().is_empty()),
        host: asked.host.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect(),
        ..asked
    };
    if let Some(name) = asked.extcap_interface.as_deref().filter(|name| *name != INTERFACE) {
        return Err(Failure::Wrong(format!("no interface {name}; there is {INTERFACE}")));
    }
    if asked.extcap_dlts {
        // The packets come as pcapng, which says of each what link it was captured on.
        say!("dlt {{number=1}}{{name=EN10MB}}{{display=As captured}}");
        return Ok(());
    }
    if asked.extcap_config {
        for (number, (call, display, kind, tooltip)) in OPTIONS.iter().enumerate() {
            say!("arg {{number={number}}}{{call={call}}}{{display={display}}}{kind}{{tooltip={tooltip}}}");
        }
        return Ok(());
    }
    let refused = "there is no capture filter here; set a display filter in the options of the interface";
    let has_filter = asked.extcap_capture_filter.as_ref().is_some_and(|filter| !filter.trim().is_empty());
    if !asked.capture {
        // Wireshark asks whether a filter is one: what is said is what is wrong with it.
        if has_filter {
            say!("{refused}");
        }
        return Ok(());
    }
    let fifo = asked.fifo.as_ref().ok_or_else(|| Failure::Wrong("--capture needs --fifo".to_owned()))?;
    // First of all: whoever reads it waits for us.
    let pipe = File::options().write(true).open(fifo);
    let pipe = pipe.map_err(|error| Failure::wrong(format!("{}: {error}", fifo.display())))?;
    if has_filter {
        return Err(Failure::Wrong(refused.to_owned()));
    }
    engine::compile(&asked.display_filter, &[]).map_err(Failure::wrong)?;
    let scope = Scope {
        host: asked.host,
        follow: !asked.stored && asked.until.is_none(),
        since: asked.since,
        until: asked.until,
        peer: Peer { peer: asked.peer, bundle: asked.bundle, data: None, json: false },
    };
    let query = wire::Query {
        filter: asked.display_filter,
        output: OutputSpec::new(OutputFormat::Packets),
        ..judged::asked(&scope)?
    };
    let session = Session::open(&scope.peer)?;
    let closing = query::put(&session, &Request::Query(query), Box::new(pipe), &fifo.display().to_string())?;
    judged::state(&closing)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn what_the_dialog_offers_is_taken() {
        Extcap::command().debug_assert();
        for (call, .., tooltip) in OPTIONS {
            let given = if *call == "--stored" { vec![*call] } else { vec![*call, "127.0.0.1:1"] };
            let line = ["packetstream", "--extcap-interface", INTERFACE, "--capture", "--fifo", "x"];
            assert!(Extcap::try_parse_from(line.into_iter().chain(given)).is_ok(), "{call}");
            assert!(!tooltip.contains(['{', '}']), "{call}");
        }
    }

    #[test]
    fn wireshark_is_known_by_its_questions() {
        let asked = |line: &str| is_asked(line.split(' ').map(str::to_owned));
        assert!(asked("--extcap-interfaces --extcap-version=4.0"));
        assert!(asked("--capture --extcap-interface packetstream --fifo /tmp/x"));
        assert!(!asked("read -r x"));
    }
}
