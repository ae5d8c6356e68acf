//! `packetstream completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Outcome;

pub(super) fn run(shell: Shell) -> Outcome {
    clap_complete::generate(shell, &mut Cli::command(), "packetstream", &mut std::io::stdout());
    Ok(())
}
