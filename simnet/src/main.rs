//! `simnet`: lives of simulated clusters, and captures of simulated networks with what is wrong in them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use packetstream_simnet::cluster;
use packetstream_simnet::traffic::mix::{Mix, SPAN_NS};
use packetstream_simnet::traffic::pcap::{Format, Writer};
use packetstream_simnet::traffic::{Packet, SCENARIOS, Truth, generate, scenario};
use serde_json::json;

/// Simulated networks.
#[derive(Debug, Parser)]
#[command(name = "simnet", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write captures of healthy and broken networks, and print what is wrong in them as JSON, one object a capture.
    Traffic(Traffic),
    /// Live whole lives of clusters, each chosen by its seed, and say what went wrong in them.
    Run(Run),
    /// Measure what clusters of several sizes cost when nothing happens, and how fast they are.
    Scale(Scale),
}

#[derive(Debug, clap::Args)]
struct Scale {
    /// How many store nodes; each has 100 edge nodes.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1000],
          value_parser = clap::value_parser!(u64).range(3..=4000))]
    stores: Vec<u64>,
    /// A picture of it, as SVG.
    #[arg(long, short, value_name = "PATH")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds from there on.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    seeds: u64,
    /// Threads that live them.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: u64,
    /// Nothing fails in these lives: stores only join and leave as planned, and every query has to be complete.
    #[arg(long)]
    calm: bool,
    /// Tell everything that happens, on standard error; for one seed.
    #[arg(long)]
    loud: bool,
}

#[derive(Debug, clap::Args)]
struct Traffic {
    /// A scenario, or `all`; without it they are listed.
    #[arg(conflicts_with = "mix")]
    scenario: Option<String>,
    /// Many scenarios beside each other, of this many packets in all.
    #[arg(long, value_name = "PACKETS", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    mix: Option<u64>,
    /// Seconds over which a mix is spread.
    #[arg(long, value_name = "SECONDS", default_value_t = SPAN_NS / 1_000_000_000,
          value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    span: u64,
    /// The same scenario and seed give the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which instance of the scenario: each has its own addresses and identifiers.
    #[arg(long, default_value_t = 0)]
    instance: u64,
    /// The file to write; for `all`, the folder.
    #[arg(long, short, value_name = "PATH")]
    out: Option<PathBuf>,
    /// The kind of file.
    #[arg(long, value_enum, default_value = "pcap")]
    format: FileFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FileFormat {
    /// Classic, nanoseconds.
    Pcap,
    /// Classic, microseconds.
    PcapUs,
    /// pcapng, nanoseconds.
    Pcapng,
}

fn main() -> std::process::ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simnet: {error:#}");
            std::process::ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let traffic = match &arguments.command {
        Command::Traffic(traffic) => traffic,
        Command::Run(run) => return live(run),
        Command::Scale(scale) => return measure(scale),
    };
    if let Some(packets) = traffic.mix {
        let out = traffic.out.as_deref().context("--out FILE is missing")?;
        let mix = Mix::new(traffic.seed, packets, traffic.span * 1_000_000_000);
        let (truth, instances) = (mix.truth.clone(), mix.instances.clone());
        write(out, traffic.format, mix)?;
        let line = json!({"file": out, "instances": instances, "packets": truth.packets, "frames": truth.frames,
                          "findings": count_findings(&truth)});
        return say(&line.to_string());
    }
    match traffic.scenario.as_deref() {
        None => {
            for scenario in SCENARIOS {
                say(&format!("{:<16} {}", scenario.name, scenario.about))?;
            }
            Ok(())
        }
        Some("all") => {
            let folder = traffic.out.as_deref().context("--out DIR is missing")?;
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            for scenario in SCENARIOS {
                let extension = if matches!(traffic.format, FileFormat::Pcapng) { "pcapng" } else { "pcap" };
                one(traffic, scenario, &folder.join(format!("{}.{extension}", scenario.name)))?;
            }
            Ok(())
        }
        Some(name) => {
            let Some(scenario) = scenario::find(name) else {
                let names: Vec<&str> = SCENARIOS.iter().map(|s| s.name).collect();
                bail!("no scenario {name:?}; there are: {}", names.join(", "));
            };
            one(traffic, scenario, traffic.out.as_deref().context("--out FILE is missing")?)
        }
    }
}

fn one(traffic: &Traffic, scenario: &packetstream_simnet::traffic::Scenario, out: &Path) -> Result<()> {
    let told = generate(scenario, traffic.seed, traffic.instance);
    write(out, traffic.format, told.packets.into_iter())?;
    let truth = told.truth;
    let findings: Vec<_> = truth.findings.iter().map(|f| json!({"code": f.code, "subject": f.subject})).collect();
    let line = json!({"file": out, "scenario": truth.scenario, "seed": traffic.seed, "summary": truth.summary,
                      "findings": findings, "call_ids": truth.call_ids, "addresses": truth.addresses,
                      "packets": truth.packets, "frames": truth.frames});
    say(&line.to_string())
}

/// Lives lives; the first violation of each is told, and at the end what struck how often.
fn live(run: &Run) -> Result<()> {
    let world = |seed| match run.calm {
        true => cluster::World::calm(seed),
        false => cluster::World::new(seed, cluster::Plant::None),
    };
    if run.loud {
        let report = world(run.seed).aloud().run();
        return say(&format!("{report:#?}"));
    }
    let next = AtomicU64::new(run.seed);
    let end = run.seed.saturating_add(run.seeds);
    let (tell, told) = std::sync::mpsc::sync_channel(64);
    let (mut violations, mut events, mut seconds, mut trace) = (0u64, 0u64, 0u64, 0u64);
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        for _ in 0..run.threads {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || tell.send(world(seed).run()).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for report in told {
            events += report.events;
            seconds += report.seconds;
            // Seeds end in any order: a sum does not mind.
            trace = trace.wrapping_add(report.trace);
            for (what, count) in report.counts {
                *counts.entry(what).or_default() += count;
            }
            if let Some(violation) = report.violation {
                violations += 1;
                say(&format!("seed {}: after {} s: {violation}", report.seed, report.seconds))?;
            }
        }
        anyhow::Ok(())
    })?;
    for (what, count) in &counts {
        say(&format!("{count:>12}  {what}"))?;
    }
    say(&format!(
        "{} seeds from {}, {seconds} s of virtual time, {events} events, trace {trace:016x}: {violations} violations",
        run.seeds, run.seed
    ))?;
    if violations > 0 { bail!("{violations} seeds broke an invariant") } else { Ok(()) }
}

fn measure(scale: &Scale) -> Result<()> {
    let rows: Vec<_> = scale.stores.iter().map(|&stores| cluster::scale::measure(stores as usize)).collect();
    if let Some(out) = &scale.out {
        std::fs::write(out, cluster::scale::plot(&rows)).with_context(|| format!("cannot write {}", out.display()))?;
    }
    say(cluster::scale::table(&rows).trim_end())
}

/// Findings of a mix by code: listed one by one they would be thousands.
fn count_findings(truth: &Truth) -> BTreeMap<&'static str, u64> {
    let mut counts = std::collections::BTreeMap::new();
    for finding in &truth.findings {
        *counts.entry(finding.code).or_default() += 1;
    }
    counts
}

fn write(path: &Path, format: FileFormat, packets: impl Iterator<Item = Packet>) -> Result<()> {
    let format = match format {
        FileFormat::Pcap => Format::PcapNanos,
        FileFormat::PcapUs => Format::PcapMicros,
        FileFormat::Pcapng => Format::Pcapng,
    };
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let written = (|| {
        let mut writer = Writer::new(BufWriter::new(file), format)?;
        for packet in packets {
            writer.write(&packet)?;
        }
        writer.finish()
    })();
    written.map(|_| ()).with_context(|| format!("cannot write {}", path.display()))
}

/// A line on standard output; a closed pipe is no error.
fn say(line: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
