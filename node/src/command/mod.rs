//! The commands, one a file.

mod calls;
pub(crate) mod cluster;
mod completions;
mod diagnose;
mod fields;
mod flow;
mod import;
mod judged;
mod node;
mod query;
pub(crate) mod read;
mod rules;
mod standing;
mod status;
mod stored;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, Rules};
use crate::exit::{self, Failure, Outcome};
pub(crate) use diagnose::loss;

/// Runs the program: the arguments are the process's, results go to standard output, all else to standard error.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors.
            let printed = error.print();
            return match printed {
                _ if error.use_stderr() => ExitCode::from(2),
                printed => end(printed.map_err(|error| Failure::output(&error))),
            };
        }
    };
    if let Err(failure) = log(&cli) {
        return end(Err(failure));
    }
    end(command(cli.command.with_one_format()).and_then(|()| exit::said()))
}

fn command(command: Command) -> Outcome {
    match command {
        Command::Node(args) => node::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Query(args) => query::run(&args),
        Command::Get(args) => query::get(&args),
        Command::Hosts(peer) => status::hosts(&peer),
        Command::Status(args) => status::status(&args),
        Command::Read(args) => read::run(&args),
        Command::Diagnose(args) if args.stored => stored::run(&args),
        Command::Diagnose(args) if args.file.is_none() => judged::diagnose(&args),
        Command::Diagnose(args) => diagnose::run(&args),
        Command::Calls(args) if args.file.is_none() => judged::calls(&args),
        Command::Calls(args) => calls::run(&args),
        Command::Flow(args) if args.files.is_empty() => judged::flow(&args),
        Command::Flow(args) => flow::run(&args),
        Command::Fields(args) => fields::run(&args),
        Command::Rules(Rules::Standing(args)) => standing::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Cluster(args) => cluster::run(&args),
        Command::Completions { shell } => completions::run(shell),
    }
}

fn end(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(line) = failure.line() {
                exit::complain(line);
            }
            ExitCode::from(failure.status())
        }
    }
}

/// Threads that read and check: a query takes one on each node that reads for it, for as long as its reader reads.
const MAX_BLOCKING_THREADS: usize = 1024;

/// The runtime that carries the network.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .enable_all()
        .build();
    built.map_err(|error| Failure::wrong(format!("no threads: {error}")))
}

/// Logs go to standard error, for people or as JSON. Commands other than the daemon say only what is wrong.
fn log(cli: &Cli) -> Outcome {
    use tracing_subscriber::EnvFilter;
    let quiet = !matches!(cli.command, Command::Node(_)) && cli.log == "info";
    let filter = EnvFilter::try_new(if quiet { "error" } else { &cli.log });
    let filter = filter.map_err(|error| Failure::wrong(format!("--log {}: {error}", cli.log)))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if cli.log_json {
        builder.json().init()
    } else {
        builder.init()
    }
    Ok(())
}
