//! The commands, one a file.

mod answer;
mod calls;
pub(crate) mod cluster;
mod completions;
mod diagnose;
mod extcap;
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

use clap::{CommandFactory, Parser};
use packetstream_dissect::decode_as;

use crate::cli::{Cli, Command, Rules};
use crate::exit::{self, Failure, Outcome};
pub(crate) use diagnose::loss;

/// Runs the program: the arguments are the process's, results go to standard output, all else to standard error.
pub fn run() -> ExitCode {
    if extcap::is_asked(std::env::args().skip(1)) {
        return end(extcap::run().and_then(|()| exit::said()));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    if let Err(failure) = log(&cli) {
        return end(Err(failure));
    }
    if let Err(error) = decode_as::assign(cli.command.decode_as()) {
        return end(Err(Failure::wrong(format!("-d: {error}"))));
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

/// What becomes of a command line that makes no sense: one line says why, and where to read what there is.
fn refused(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    // Help and version are answers, not errors.
    if !error.use_stderr() {
        return end(error.print().map_err(|error| Failure::output(&error)));
    }
    if error.kind() == DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(2);
    }
    let mut command = Cli::command();
    let mut name = command.get_name().to_owned();
    for word in std::env::args().skip(1) {
        let Some(inner) = command.find_subcommand(&word) else { break };
        name = format!("{name} {word}");
        command = inner.clone();
    }
    end(Err(Failure::Wrong(format!("{}; see {name} --help", complaint(&error.to_string())))))
}

/// What clap says of a command line, on one line and without how the command is used.
fn complaint(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let lines = lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let words: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let line = words.join(" ").replace(" tip:", "; tip:");
    line.strip_prefix("error: ").map_or_else(|| line.clone(), ToOwned::to_owned)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_command_line_is_told_in_one_line() {
        for (line, said) in [
            ("read -r x --bad", "unexpected argument '--bad' found"),
            ("read", "the following required arguments were not provided: --read-file <FILE>"),
            ("read -r x -c y", "invalid value 'y' for '--count <N>': invalid digit found in string"),
            ("nosuch", "unrecognized subcommand 'nosuch'"),
            (
                "read -r x --displayfilter y",
                "unexpected argument '--displayfilter' found; tip: a similar argument exists: '--display-filter'",
            ),
        ] {
            let error = Cli::try_parse_from(format!("packetstream {line}").split(' ')).unwrap_err();
            assert_eq!(complaint(&error.to_string()), said);
        }
    }
}
