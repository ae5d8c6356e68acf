//! A question to packets: which are meant, and how they are shown. The same for files and for the cluster.

use packetstream_dissect::facts::FactStore;
use packetstream_dissect::output::printer::SpecError;
use packetstream_dissect::output::{Printer, Spec};
use packetstream_dissect::{Analysis, Packet, Scratch, Wanted, dissect};
use thiserror::Error;

/// Why a question makes no sense.
#[derive(Debug, Error)]
pub enum QuestionError {
    #[error("display filters are not built in")]
    Filter,
    #[error(transparent)]
    Spec(#[from] SpecError),
}

/// A display filter and a way to show what it selects.
pub struct Question {
    printer: Option<Printer>,
    for_filter: Wanted,
    for_printer: Wanted,
    scratch: Scratch,
    displayed: Option<i64>,
}

impl Question {
    /// A question by the text of its filter (empty: every packet) and what is to be shown (nothing: only selected).
    ///
    /// # Errors
    /// A filter that is none, and an output that does not exist.
    pub fn new(filter: &str, references: &[(String, String)], spec: Option<Spec>) -> Result<Self, QuestionError> {
        let _ = references;
        if !filter.trim().is_empty() {
            return Err(QuestionError::Filter);
        }
        let printer = spec.map(Printer::new).transpose()?;
        let for_filter = Wanted::nothing();
        let mut for_printer = Wanted::nothing();
        if let Some(printer) = &printer {
            printer.want(&mut for_printer);
        }
        Ok(Self { printer, for_filter, for_printer, scratch: Scratch::default(), displayed: None })
    }

    /// The first pass that this question needs.
    pub fn analysis(&self) -> Analysis {
        let mut both = self.for_filter.clone();
        both.join(&self.for_printer);
        Analysis::new(&both)
    }

    /// What stands before the first packet.
    pub fn begin(&self, out: &mut String) {
        if let Some(printer) = &self.printer {
            printer.begin(out);
        }
    }

    /// Whether the packet is meant; if so it is shown at the end of `out`.
    pub fn ask(&mut self, mut packet: Packet<'_>, facts: &FactStore, out: &mut String) -> bool {
        packet.time_displayed = self.displayed;
        let Self { printer, for_printer, scratch, .. } = self;
        if let Some(printer) = printer {
            dissect(&packet, facts.of(packet.number), for_printer, scratch, |d| printer.packet(&packet, d, out));
        }
        self.displayed = Some(packet.time);
        true
    }
}
