//! The command line: a name that tshark's users know keeps its meaning and its letter.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use packetstream_config::Address;
use packetstream_config::settings::NodeRole;
use packetstream_dissect::filter::Macros;
use packetstream_dissect::output::{Format, Spec};
use packetstream_protocol::credentials::Role;

use crate::engine;
use crate::exit::Failure;

/// Where options stand in help that all commands have.
const LAST: usize = 900;

/// Captures packets on many machines, keeps them on several, and says why a call, a fax or a connection failed.
#[derive(Parser, Debug)]
#[command(name = "packetstream", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Logs on standard error as JSON, one object a line.
    #[arg(long, global = true, display_order = LAST)]
    pub log_json: bool,
    /// What to log: error, warn, info, debug, trace, or tracing's directives.
    #[arg(
        long,
        global = true,
        env = "PACKETSTREAM_LOG",
        default_value = "info",
        value_name = "LEVEL",
        display_order = LAST
    )]
    pub log: String,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Dissects capture files, without a cluster (`tshark -r`).
    Read(Read),
    /// Runs a node: without arguments a cluster of one in the user's data folder, ready to be asked.
    Node(Node),
    /// Stores capture files in the cluster; the same file twice changes nothing.
    Import(Import),
    /// Asks the cluster for packets.
    Query(Query),
    /// Shows one packet by its host and id.
    Get(Get),
    /// Lists the hosts that the cluster holds packets of.
    Hosts(Peer),
    /// Shows how the cluster and the node are: members, copies, transfers; what the node stores, captures and does.
    Status(Status),
    /// Makes a cluster and bundles for its machines and people; drains, replaces and revokes them.
    #[command(subcommand)]
    Cluster(Cluster),
    /// Says what is wrong in a capture file or the cluster: worst first, with the packets that show it and what to do.
    Diagnose(Diagnose),
    /// Lists the calls of a capture file or the cluster: who, when, how they ended, and what their media were like.
    Calls(Calls),
    /// Draws the ladder diagram of a call or a TCP connection.
    Flow(Flow),
    /// Lists the fields that display filters know: name, type and description, separated by tabs.
    Fields(Fields),
    /// Checks rule files, and makes them standing rules: Wireshark's color filters, display filters, buttons and macros as they
    /// are, and rules in TOML.
    #[command(subcommand)]
    Rules(Rules),
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What makes sense of the cluster's packets alone, not of a file's.
const IN_THE_CLUSTER: [&str; 7] = ["host", "since", "until", "follow", "peer", "bundle", "data"];

#[derive(Args, Debug)]
pub struct Read {
    /// The capture file, pcap or pcapng, gzip-compressed or not; `-` is standard input.
    #[arg(short = 'r', long = "read-file", value_name = "FILE")]
    pub file: PathBuf,
    /// Stops after that many packets of the file.
    #[arg(short = 'c', long, value_name = "N")]
    pub count: Option<u64>,
    /// Prints the program that the display filter becomes, and reads nothing.
    #[arg(long)]
    pub explain: bool,
    /// Shows names of hosts where the capture or -H has them: n. Nobody is asked for names.
    #[arg(short = 'N', value_name = "FLAGS")]
    pub names: Option<String>,
    /// A hosts file to take names from; goes with -N n, which it stands for.
    #[arg(short = 'H', value_name = "FILE")]
    pub hosts: Option<PathBuf>,
    /// Two passes over the packets, as always; accepted for tshark's sake.
    #[arg(short = '2', hide = true)]
    pub two_passes: bool,
    #[command(flatten)]
    pub count_up: CountUp,
    #[command(flatten)]
    pub decode: Decode,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub output: Output,
}

/// What is counted over all packets.
#[derive(Args, Debug)]
pub struct CountUp {
    /// A statistic over all packets, printed at the end (repeatable): conv,TYPE; endpoints,TYPE; expert; follow,PROTOCOL,MODE,N;
    /// io,phs; io,stat,INTERVAL; rtp,streams; sip,stat. Most take a filter as their last part.
    #[arg(short = 'z', value_name = "STATISTIC", allow_hyphen_values = true)]
    pub statistics: Vec<String>,
    /// Shows no packets: statistics alone.
    #[arg(short = 'q')]
    pub quiet: bool,
}

/// What the user knows better than the port numbers do.
#[derive(Args, Debug)]
pub struct Decode {
    /// Takes what a port carries for a protocol, whatever else it may be: udp.port==5070,sip or udp.port==10000-20000,rtp
    /// (repeatable). Other tables: tcp.port, sctp.port, ethertype, ip.proto, llc.dsap, ppp.protocol.
    #[arg(short = 'd', long, value_name = "TABLE==NUMBER,PROTOCOL")]
    pub decode_as: Vec<String>,
}

impl Command {
    /// What the user says to be what.
    #[must_use]
    pub fn decode_as(&self) -> &[String] {
        match self {
            Self::Read(Read { decode, .. })
            | Self::Diagnose(Diagnose { decode, .. })
            | Self::Calls(Calls { decode, .. })
            | Self::Flow(Flow { decode, .. }) => &decode.decode_as,
            _ => &[],
        }
    }

    /// `--json` is another way to say `-T json`.
    #[must_use]
    pub fn with_one_format(mut self) -> Self {
        match &mut self {
            Self::Diagnose(Diagnose { scope, format, .. })
            | Self::Calls(Calls { scope, format, .. })
            | Self::Flow(Flow { scope, format, .. })
                if scope.peer.json =>
            {
                *format = ReportFormat::Json;
            }
            Self::Query(Query { output, scope: Scope { peer, .. }, .. }) | Self::Get(Get { output, peer, .. })
                if peer.json =>
            {
                output.format = FormatName::Json;
            }
            _ => {}
        }
        self
    }
}

#[derive(Args, Debug)]
pub struct Diagnose {
    /// A capture file, `-` for standard input; without one the cluster's packets are diagnosed.
    #[arg(short = 'r', long = "read-file", value_name = "FILE", conflicts_with_all = IN_THE_CLUSTER)]
    pub file: Option<PathBuf>,
    /// A rule file, in Wireshark's forms or TOML, whose matches are findings, too (repeatable).
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// What the cluster's own analysis has found by now, standing rules included, instead of reading the packets again.
    #[arg(long, conflicts_with_all = ["file", "rules", "decode_as"])]
    pub stored: bool,
    #[command(flatten)]
    pub decode: Decode,
    #[command(flatten)]
    pub scope: Scope,
    /// The format of the output: text for people, or one JSON object a line.
    #[arg(short = 'T', long = "format", value_name = "FORMAT", value_enum, default_value = "text")]
    pub format: ReportFormat,
}

#[derive(Args, Debug)]
pub struct Calls {
    /// A capture file, `-` for standard input; without one the calls are the cluster's.
    #[arg(short = 'r', long = "read-file", value_name = "FILE", conflicts_with_all = IN_THE_CLUSTER)]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub decode: Decode,
    #[command(flatten)]
    pub scope: Scope,
    /// The format of the output: text for people, or one JSON object a line.
    #[arg(short = 'T', long = "format", value_name = "FORMAT", value_enum, default_value = "text")]
    pub format: ReportFormat,
}

#[derive(Args, Debug)]
pub struct Flow {
    /// A Call-ID or its beginning, a TCP stream's number, or its two ends as in 10.0.0.1:1025-10.0.0.2:80.
    #[arg(value_name = "CALL-ID|STREAM|ENDS", allow_hyphen_values = true)]
    pub what: String,
    /// A capture file; several are hosts that saw the same call, and what they saw is put together (repeatable). Without one
    /// the cluster's hosts are asked.
    #[arg(short = 'r', long = "read-file", value_name = "FILE", conflicts_with_all = IN_THE_CLUSTER)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub decode: Decode,
    #[command(flatten)]
    pub scope: Scope,
    /// Writes the ladder as SVG instead; `-` is standard output.
    #[arg(short = 'w', value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Prints a display filter instead, which selects the call's messages and media: for `read -Y`, `query -Y` and Wireshark.
    #[arg(long, conflicts_with = "write")]
    pub filter: bool,
    /// The format of the output.
    #[arg(short = 'T', long = "format", value_name = "FORMAT", value_enum, default_value = "text")]
    pub format: ReportFormat,
}

/// Which of the cluster's packets are looked at.
#[derive(Args, Debug)]
pub struct Scope {
    /// Only packets of that host (repeatable).
    #[arg(long, value_name = "UUID|NAME")]
    pub host: Vec<String>,
    /// Only packets captured at that time or later: RFC 3339, or an age like 10m, 2h or 3d.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only packets captured at that time or earlier.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Goes on with what comes, until it is interrupted; from now on, or from --since.
    #[arg(short = 'f', long)]
    pub follow: bool,
    #[command(flatten)]
    pub peer: Peer,
}

/// How findings, calls and ladders are shown.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportFormat {
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct Node {
    /// The node's bundle, as `cluster invite` wrote it; a new cluster is made when the data folder has none.
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// The configuration file, TOML; README.md shows what it may say.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to listen for peers.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<Address>,
    /// Where peers reach this node, if that is not where it listens (repeatable).
    #[arg(long, value_name = "ADDR")]
    pub advertise: Vec<Address>,
    /// A node of the cluster to join through (repeatable); otherwise the bundle's seeds.
    #[arg(long, value_name = "ADDR")]
    pub seed: Vec<Address>,
    /// What the node does: capture, store, analyze. An edge node only captures.
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    pub roles: Vec<NodeRole>,
    #[command(flatten)]
    pub decode: Decode,
    /// Where the node stands; copies of its packets go to other zones first.
    #[arg(long, value_name = "NAME")]
    pub zone: Option<String>,
    /// The node's share of the data, relative to the others: 1 to 64.
    #[arg(long, value_name = "N")]
    pub weight: Option<u8>,
    /// Takes part again after an operator removed the node.
    #[arg(long)]
    pub rejoin: bool,
    /// Makes an actor or a thread panic once, to see that it goes on.
    #[arg(long, value_name = "ACTOR", hide = true)]
    pub plant_panic: Vec<String>,
    /// The folder of the node's data.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// An interface to capture from (repeatable).
    #[arg(short = 'i', long = "capture", value_name = "IFACE")]
    pub capture: Vec<String>,
    /// The capture filter of those interfaces, in libpcap's language.
    #[arg(short = 'f', value_name = "BPF", requires = "capture")]
    pub capture_filter: Option<String>,
    /// How many octets of each packet of those interfaces are kept.
    #[arg(short = 's', value_name = "SNAPLEN", requires = "capture")]
    pub snaplen: Option<u32>,
}

/// Whom to ask.
#[derive(Args, Debug, Clone)]
pub struct Peer {
    /// The peer to ask (repeatable: the first that answers); otherwise the bundle's seeds in turn.
    #[arg(long, value_name = "ADDR")]
    pub peer: Vec<Address>,
    /// The bundle to show; otherwise that of PACKETSTREAM_BUNDLE, otherwise the one that `node` or `cluster init` left.
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// The data folder in which that bundle lies.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct Status {
    /// Shows it again and again, until it is interrupted.
    #[arg(long)]
    pub watch: bool,
    #[command(flatten)]
    pub peer: Peer,
}

#[derive(Args, Debug)]
pub struct Import {
    /// Capture files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The host that the packets are of, by its UUID or a name; otherwise each file is a host of its own.
    #[arg(long, value_name = "UUID|NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub host: Option<String>,
    /// How many seconds to go on without any node that stores anything.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub patience: u64,
    #[command(flatten)]
    pub peer: Peer,
}

/// What it says of `--follow` beside what all say.
const FOLLOW: &str = "Goes on with what comes, until it is interrupted; from now on, or from --since. Packets of all hosts come in \
                      the order of time as far as they arrive within 100 ms of each other";

#[derive(Args, Debug)]
#[command(mut_arg("follow", |follow| follow.help(FOLLOW)))]
pub struct Query {
    #[command(flatten)]
    pub scope: Scope,
    /// Stops after that many packets of the answer.
    #[arg(short = 'c', long, value_name = "N")]
    pub count: Option<u64>,
    /// Says of each packet its host and its id, by which `get` shows it.
    #[arg(long)]
    pub ids: bool,
    #[command(flatten)]
    pub count_up: CountUp,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Args, Debug)]
pub struct Get {
    /// The host, by its UUID or name.
    pub host: String,
    /// The packet's id, as `diagnose` and `query --ids` name it.
    pub packet: String,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub peer: Peer,
}

#[derive(Subcommand, Debug)]
pub enum Cluster {
    /// Makes the cluster's authority in the data folder, with a bundle for its first operator.
    Init {
        /// The data folder.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Writes a bundle, all that a machine or a person needs to join.
    Invite {
        /// What its holder may do: node, edge, operator or reader.
        #[arg(long)]
        role: Role,
        /// The name of the machine or the person.
        #[arg(long)]
        name: String,
        /// Where its holder finds the cluster (repeatable).
        #[arg(long, value_name = "ADDR")]
        seed: Vec<Address>,
        /// The file to write; otherwise NAME.bundle in this folder.
        #[arg(short = 'o', long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The data folder of the cluster's authority.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Has a member give away what it holds, then leave.
    Drain {
        /// The member, by its name or its id.
        member: String,
        #[command(flatten)]
        peer: Peer,
    },
    /// Has a member that was drained or removed take part again.
    Activate {
        /// The member, by its name or its id.
        member: String,
        #[command(flatten)]
        peer: Peer,
    },
    /// Forgets a member that will not come back; what only it held is lost.
    Remove {
        /// The member, by its name or its id.
        member: String,
        #[command(flatten)]
        peer: Peer,
    },
    /// Puts a member in the place of another that will not come back; nobody else's data moves.
    Replace {
        /// The member that will not come back, by its name or its id.
        old: String,
        /// The member that takes its place.
        new: String,
        #[command(flatten)]
        peer: Peer,
    },
    /// Refuses a certificate, and every other of its key, from now on: of a member by its name, of others by their id.
    Revoke {
        /// The member, by its name or id, or a bundle file.
        member: String,
        #[command(flatten)]
        peer: Peer,
    },
    /// Gives a bundle a new certificate for the same key, to be used before the old one expires.
    Renew {
        /// The bundle to renew; it is replaced.
        file: PathBuf,
        /// The data folder of the cluster's authority.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

/// Which packets.
#[derive(Args, Debug)]
pub struct Select {
    /// The display filter, in Wireshark's language.
    #[arg(
        short = 'Y',
        long = "display-filter",
        value_name = "FILTER",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    pub filter: String,
    /// Binds a field reference of the filter: `--ref ip.src=192.0.2.1` for `${ip.src}`.
    #[arg(long = "ref", value_name = "FIELD=VALUE", value_parser = binding)]
    pub references: Vec<(String, String)>,
    /// A file of macros that the filter may use, as Wireshark keeps them: its dmacros or dfilter_macros (repeatable).
    #[arg(long, value_name = "FILE")]
    pub macros: Vec<PathBuf>,
}

/// The largest file of macros that is read, in octets.
const MAX_MACRO_FILE: u64 = 1 << 20;

impl Select {
    /// The filter with its macros put in.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        if self.macros.is_empty() {
            return Ok(self.filter.clone());
        }
        let mut macros = Macros::default();
        for path in &self.macros {
            let name = path.display();
            let mut text = Vec::new();
            let file = File::open(path).and_then(|file| file.take(MAX_MACRO_FILE + 1).read_to_end(&mut text));
            file.map_err(|error| Failure::wrong(format!("{name}: {error}")))?;
            if text.len() as u64 > MAX_MACRO_FILE {
                return Err(Failure::wrong(format!("{name}: it has more than {MAX_MACRO_FILE} octets")));
            }
            if let Some(line) = macros.read(&String::from_utf8_lossy(&text)).first() {
                return Err(Failure::wrong(format!("{name}: line {line} is no macro; write \"NAME\" FILTER")));
            }
        }
        let filter = engine::compile_with(&self.filter, &self.references, macros).map_err(Failure::wrong)?;
        Ok(filter.text().to_owned())
    }
}

/// How packets are shown.
#[derive(Args, Debug)]
pub struct Output {
    /// The format of the output.
    #[arg(
        short = 'T',
        long = "format",
        value_name = "FORMAT",
        value_enum,
        default_value = "text",
        hide_default_value = true
    )]
    pub format: FormatName,
    /// A field to print with -T fields, json or ek (repeatable); `_ws.col.Info` and its like are the columns.
    #[arg(short = 'e', value_name = "FIELD")]
    pub fields: Vec<String>,
    /// An option of -T fields: header=y|n, separator=C, occurrence=f|l|a, aggregator=C, quote=d|s|n, bom=y|n.
    #[arg(short = 'E', value_name = "KEY=VALUE")]
    pub field_options: Vec<String>,
    /// The form of the Time column: r (since the first packet), d (since the one before), dd (since the one shown before), e (since
    /// 1970); a, ad or adoy (the time of day, with the date, with the day of the year), in UTC as all times, and so u, ud, udoy.
    #[arg(short = 't', value_name = "FORM")]
    pub time: Option<String>,
    /// The whole tree of each packet.
    #[arg(short = 'V')]
    pub verbose: bool,
    /// The whole tree, but of all other protocols than these (with commas between them) the first line alone.
    #[arg(short = 'O', value_name = "PROTOCOLS")]
    pub only: Option<String>,
    /// The line of the packet list, too, where -V or -x asks for something else.
    #[arg(short = 'P', long = "print")]
    pub summary: bool,
    /// A line behind each packet.
    #[arg(short = 'S', value_name = "SEPARATOR", allow_hyphen_values = true)]
    pub separator: Option<String>,
    /// The octets of each packet, with -T text.
    #[arg(short = 'x')]
    pub hex: bool,
    /// With -T json: a name that occurs several times stands there once, with a list.
    #[arg(long)]
    pub no_duplicate_keys: bool,
    /// Writes the selected packets into a pcapng file instead; `-` is standard output.
    #[arg(short = 'w', value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Name resolution off, as always; accepted for tshark's sake.
    #[arg(short = 'n', hide = true)]
    pub no_names: bool,
    /// Packets that come are written at once, as always; accepted for tshark's sake.
    #[arg(short = 'l', hide = true)]
    pub at_once: bool,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormatName {
    Text,
    /// The columns with tabs between them.
    Tabs,
    Fields,
    Json,
    Ek,
    Pdml,
    Psml,
}

impl Output {
    /// What to print of each packet; nothing when the packets themselves are written.
    pub fn spec(&self) -> Option<Spec> {
        if self.write.is_some() {
            return None;
        }
        let time = self.time.iter().map(|form| ("t".to_owned(), form.clone()));
        let of_fields = self.field_options.iter().map(|option| ("E".to_owned(), option.clone()));
        let details = self.only.iter().map(|names| ("O".to_owned(), names.clone()));
        let separator = self.separator.iter().map(|line| ("S".to_owned(), line.clone()));
        let summary = self.summary.then(|| ("P".to_owned(), String::new()));
        let names = self.no_duplicate_keys.then(|| ("no-duplicate-keys".to_owned(), String::new()));
        Some(Spec {
            format: match self.format {
                FormatName::Text => Format::Text,
                FormatName::Tabs => Format::Tabs,
                FormatName::Fields => Format::Fields,
                FormatName::Json => Format::Json,
                FormatName::Ek => Format::Ek,
                FormatName::Pdml => Format::Pdml,
                FormatName::Psml => Format::Psml,
            },
            verbose: self.verbose,
            hex: self.hex,
            fields: self.fields.clone(),
            options: time.chain(of_fields).chain(details).chain(separator).chain(summary).chain(names).collect(),
        })
    }
}

#[derive(Subcommand, Debug)]
pub enum Rules {
    /// Says of each rule whether it compiles, and why not; status 1 when one does not.
    Check(RulesCheck),
    #[command(flatten)]
    Standing(StandingRules),
}

#[derive(Subcommand, Debug)]
pub enum StandingRules {
    /// Makes rule files standing rules of the cluster; one of the same name is replaced.
    Add(RulesAdd),
    /// Lists the standing rules of the cluster, and of each whether it runs.
    List(Peer),
    /// Takes a rule file out of the standing rules.
    Remove {
        /// Its name, as `rules list` says it.
        name: String,
        #[command(flatten)]
        peer: Peer,
    },
}

#[derive(Args, Debug)]
pub struct RulesAdd {
    /// Rule files, in Wireshark's forms or TOML; each is known by its name without the folder.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub peer: Peer,
}

#[derive(Args, Debug)]
pub struct RulesCheck {
    /// Rule files; macros of any of them may be used in all.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Also counts the frames of a capture file that each rule selects.
    #[arg(short = 'r', long = "read-file", value_name = "CAPTURE")]
    pub capture: Option<PathBuf>,
    /// One JSON object a line, with the numbers of the frames.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct Fields {
    /// Lists the protocols instead: name, short name and full name.
    #[arg(long)]
    pub protocols: bool,
}

fn binding(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("needs the form FIELD=VALUE")?;
    Ok((field.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        let read = Cli::try_parse_from(line.split(' '));
        read.map(|cli| cli.command.with_one_format()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_makes_sense_of_the_cluster_alone_is_refused_with_a_file() {
        for command in ["diagnose", "calls", "flow 1"] {
            for option in ["--host pbx", "--since 1h", "--until 1h", "--follow", "--peer [::1]:4720", "--data x"] {
                assert!(read(&format!("packetstream {command} {option}")).is_ok());
                let error = read(&format!("packetstream {command} -r file {option}")).unwrap_err();
                assert!(error.contains("cannot be used with"), "{error}");
            }
        }
    }

    #[test]
    fn json_is_the_same_however_it_is_asked_for() {
        for option in ["--json", "-T json"] {
            match read(&format!("packetstream diagnose -r file {option}")) {
                Ok(Command::Diagnose(args)) => assert_eq!(args.format, ReportFormat::Json),
                other => panic!("{other:?}"),
            }
        }
    }
}
