//! `packetstream completions SHELL`.

use std::io::Write as _;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::{Failure, Outcome};

pub(super) fn run(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "packetstream", &mut script);
    std::io::stdout().write_all(&script).map_err(|error| Failure::output(&error))
}
