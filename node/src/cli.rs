//! The command line: a name that tshark's users know keeps its meaning and its letter.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use packetstream_dissect::output::{Format, Spec};

/// Captures packets on many machines, keeps them on several, and says why a call, a fax or a connection failed.
#[derive(Parser, Debug)]
#[command(name = "packetstream", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Logs on standard error as JSON, one object a line.
    #[arg(long, global = true)]
    pub log_json: bool,
    /// What to log: error, warn, info, debug, trace, or tracing's directives.
    #[arg(long, global = true, env = "PACKETSTREAM_LOG", default_value = "info", value_name = "LEVEL")]
    pub log: String,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Dissects capture files, without a cluster (`tshark -r`).
    Read(Read),
    /// The fields that display filters know: name, type and description, separated by tabs.
    Fields(Fields),
    /// Prints a completion script for a shell.
    Completions { shell: clap_complete::Shell },
}

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
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub output: Output,
}

/// Which packets.
#[derive(Args, Debug)]
pub struct Select {
    /// The display filter, in Wireshark's language.
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", default_value = "", hide_default_value = true)]
    pub filter: String,
    /// Binds a field reference of the filter: `--ref ip.src=192.0.2.1` for `${ip.src}`.
    #[arg(long = "ref", value_name = "FIELD=VALUE", value_parser = binding)]
    pub references: Vec<(String, String)>,
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
    /// The form of the Time column: r, a, ad, d, dd, e, u or ud.
    #[arg(short = 't', value_name = "FORM")]
    pub time: Option<String>,
    /// The whole tree of each packet.
    #[arg(short = 'V')]
    pub verbose: bool,
    /// The octets of each packet.
    #[arg(short = 'x')]
    pub hex: bool,
    /// Writes the selected packets into a pcapng file instead; `-` is standard output.
    #[arg(short = 'w', value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Name resolution off, as always; accepted for tshark's sake.
    #[arg(short = 'n', hide = true)]
    pub no_names: bool,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormatName {
    Text,
    Fields,
    Json,
    Ek,
}

impl Output {
    /// What to print of each packet; nothing when the packets themselves are written.
    pub fn spec(&self) -> Option<Spec> {
        if self.write.is_some() {
            return None;
        }
        let time = self.time.iter().map(|form| ("t".to_owned(), form.clone()));
        let of_fields = self.field_options.iter().map(|option| ("E".to_owned(), option.clone()));
        Some(Spec {
            format: match self.format {
                FormatName::Text => Format::Text,
                FormatName::Fields => Format::Fields,
                FormatName::Json => Format::Json,
                FormatName::Ek => Format::Ek,
            },
            verbose: self.verbose,
            hex: self.hex,
            fields: self.fields.clone(),
            options: time.chain(of_fields).collect(),
        })
    }
}

#[derive(Args, Debug)]
pub struct Fields {
    /// The protocols instead: name, short name and full name.
    #[arg(long)]
    pub protocols: bool,
}

fn binding(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("needs the form FIELD=VALUE")?;
    Ok((field.to_owned(), value.to_owned()))
}
