//! The commands, one a file.

pub(crate) mod cluster;
mod completions;
mod fields;
mod read;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// Runs the program: the arguments are the process's, results go to standard output, all else to standard error.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors. A closed pipe is none either.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let outcome = match cli.command {
        Command::Node(_) | Command::Import(_) | Command::Query(_) | Command::Get(_) | Command::Hosts(_) | Command::Status(_) => Ok(()),
        Command::Read(args) => read::run(&args),
        Command::Fields(args) => fields::run(&args),
        Command::Cluster(args) => cluster::run(&args),
        Command::Completions { shell } => completions::run(shell),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(line) = failure.line() {
                eprintln!("packetstream: {line}");
            }
            ExitCode::from(failure.status())
        }
    }
}
