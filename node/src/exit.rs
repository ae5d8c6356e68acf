//! How a command ends: the exit status and the one line that says why.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::OnceLock;

use crate::capture::file::WriteError;

/// What a command could not do. Its text is the line on standard error.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Done, but the file or the answer is incomplete: status 1.
    Incomplete(String),
    /// The request was wrong (filter, argument, file): status 2.
    Wrong(String),
    /// No peer could be reached, or it refused: status 3.
    Unreachable(String),
    /// Whoever reads the results went away. No error.
    ClosedPipe,
}

/// What commands answer.
pub type Outcome = Result<(), Failure>;

impl Failure {
    /// A request that cannot be carried out as it stands.
    pub fn wrong(why: impl Display) -> Self {
        Self::Wrong(why.to_string())
    }

    /// An error of writing results.
    pub fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Incomplete(format!("cannot write: {error}")),
        }
    }

    /// An error of writing packets into what is called `name`.
    pub fn written(name: &str, error: WriteError) -> Self {
        match error {
            WriteError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            error => Self::Incomplete(format!("{name}: {error}")),
        }
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Incomplete(_) => 1,
            Self::Wrong(_) => 2,
            Self::Unreachable(_) => 3,
        }
    }

    /// The line for standard error, if there is anything to say.
    pub fn line(&self) -> Option<&str> {
        match self {
            Self::ClosedPipe => None,
            Self::Incomplete(line) | Self::Wrong(line) | Self::Unreachable(line) => Some(line),
        }
    }
}

/// Why the first line could not be written that could not.
static UNSAID: OnceLock<io::Error> = OnceLock::new();

/// Writes a line to standard output; see [`said`].
pub(crate) fn write(line: std::fmt::Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        let _ = UNSAID.set(error);
    }
}

/// Whether all lines were written.
pub(crate) fn said() -> Outcome {
    UNSAID.get().map_or(Ok(()), |error| Err(Failure::output(error)))
}

/// Writes a line to standard error, under the program's name. Where that cannot be written nothing more can be done.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(io::stderr(), "packetstream: {line}");
}

/// Prints a line on standard output. What could not be written makes the command fail at its end.
macro_rules! say {
    ($($words:tt)*) => { $crate::exit::write(format_args!($($words)*)) };
}
pub(crate) use say;
