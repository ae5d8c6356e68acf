//! How a command ends: the exit status and the one line that says why.

use std::fmt::Display;
use std::io;

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

/// Prints a line on standard output. Who went away meanwhile is no error of ours.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}
pub(crate) use say;
