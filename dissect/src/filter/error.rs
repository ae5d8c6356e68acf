//! What is wrong with a filter, and where.

use std::fmt;
use std::ops::Range;

use super::elsewhere;

/// How the message ends that says of a name that it is none of a field.
pub(crate) const NO_FIELD: &str = "is neither a field nor a protocol name";

/// A place in the text of a filter, in octets.
pub type Span = Range<usize>;

/// Why a filter was refused: what is wrong, the text that it stands in, and where in it.
///
/// `Display` gives one line of message, the filter, and a line that underlines the place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterError {
    /// What is wrong, without a trailing stop.
    pub message: String,
    /// The filter; after macros were put in, what they made of it.
    pub filter: String,
    /// The place in `filter`; empty at its end when something is missing there.
    pub span: Span,
    /// Names that may have been meant, the nearest first.
    pub suggestions: Vec<String>,
}

impl std::error::Error for FilterError {}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(protocol) = self.elsewhere() {
            write!(f, "; Wireshark has it in its protocol {protocol}, which is not known here")?;
            return self.place(f);
        }
        if !self.suggestions.is_empty() {
            write!(f, "; did you mean {}?", self.suggestions.join(", "))?;
        }
        self.place(f)
    }
}

impl FilterError {
    /// The protocol that Wireshark has and that is not known here, if a field of it was asked for.
    fn elsewhere(&self) -> Option<&'static str> {
        let is_unknown = self.message.ends_with(NO_FIELD);
        let name = self.filter.get(self.span.clone()).filter(|_| is_unknown)?;
        elsewhere::protocol_of(name.trim())
    }

    /// The filter, and a line that underlines the place.
    fn place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A filter that is too long is not shown again.
        if self.filter.is_empty() {
            return Ok(());
        }
        // Line ends and tabs count for one column, so that the mark stands below the place.
        let shown: String = self.filter.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let columns = |octets: Range<usize>| {
            let text = self.filter.as_bytes().get(octets).unwrap_or_default();
            String::from_utf8_lossy(text).chars().count()
        };
        let before = columns(0..self.span.start.min(self.filter.len()));
        let under = columns(self.span.clone()).max(1);
        write!(f, "\n    {shown}\n    {}^{}", " ".repeat(before), "~".repeat(under - 1))
    }
}

/// A message and its place; the filter's text is put to it at the end.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) span: Span,
    pub(crate) suggestions: Vec<String>,
}

impl Fault {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, suggestions: Vec::new() }
    }

    pub(crate) fn within(self, filter: &str) -> FilterError {
        FilterError { message: self.message, filter: filter.to_owned(), span: self.span, suggestions: self.suggestions }
    }
}
