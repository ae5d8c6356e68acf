//! `packetstream`: the one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    packetstream_node::command::run()
}
