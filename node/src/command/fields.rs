//! `packetstream fields`: what display filters know.

use std::io::Write;

use packetstream_dissect::registry;

use crate::cli::Fields;
use crate::exit::{Failure, Outcome};

pub(super) fn run(args: &Fields) -> Outcome {
    let mut text = String::new();
    if args.protocols {
        for protocol in registry::protocols() {
            text += &format!("{}\t{}\t{}\n", protocol.name(), protocol.short, protocol.title());
        }
    } else {
        for (_, field) in registry::fields() {
            text += &format!("{}\t{}\t{}\n", field.name, field.ftype.title(), field.label);
        }
    }
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::output(&error))
}
