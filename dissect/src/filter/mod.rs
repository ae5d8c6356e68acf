//! Display filters: Wireshark's language, from text to a program that a dissection is asked with.
//!
//! Text goes through [`macros`], the lexer, the parser (operators and places), the check (names, types, literals) and
//! becomes a flat program. Compiling and running never panic, whatever the text and the packet; what a hostile text could
//! make large has a limit below. Results are those of Wireshark 4.0, whose syntax and that of its successors are
//! both taken.
//!
//! Where it differs from Wireshark on purpose stands in `dissect/DIFFERENCES.md`.

mod ast;
mod check;
mod elsewhere;
mod error;
mod function;
mod lexer;
mod literal;
pub mod macros;
mod names;
mod parser;
mod pattern;
mod program;
pub mod references;
pub mod require;
mod run;

use std::fmt;

pub use error::{FilterError, Span};
pub use literal::absolute_time;
pub use macros::Macros;
pub use references::{ReferenceError, References};
pub use require::Requirement;

use check::Checker;
use error::Fault;
use program::{Check, Listing, Step, Tree};

use crate::field::FieldId;
use crate::tree::Dissection;

/// The length of a filter in octets, its macros put in. A set of a thousand addresses has 40,000.
pub const MAX_FILTER_LEN: usize = 65_536;
/// How deep brackets, functions and operators may be nested: parsing, checking and running recurse.
pub const MAX_DEPTH: usize = 64;
/// How many operands a filter may have.
pub const MAX_TERMS: usize = 8192;
/// How many elements a set may have.
pub const MAX_SET: usize = 4096;
/// How many ranges a slice may have.
pub const MAX_SLICES: usize = 64;
/// How many arguments `max` and `min` take.
pub const MAX_ARGUMENTS: usize = 64;
/// The length of a regular expression in octets.
pub const MAX_REGEX: usize = 4096;
/// The memory that one regular expression may take when compiled, in octets: nested repetitions multiply.
pub const MAX_REGEX_SIZE: usize = 1 << 20;

/// How many nodes and constants one run of a filter may look at: operators on fields with many values multiply. A packet
/// on which a filter would look at more does not pass it.
pub const MAX_LOOKS: usize = 1 << 22;

/// What a filter may refer to.
#[derive(Clone, Default, Debug)]
pub struct Options {
    /// The values that `${field}` stands for; `None` when no packet was chosen, which makes such a filter wrong.
    pub references: Option<References>,
    pub macros: Macros,
    /// Protocols of which it is known that there are no fields here. Tests on them and their fields never hold, as with
    /// any field that a packet does not have; without this they are errors.
    pub absent: &'static [&'static str],
}

/// A compiled filter.
pub struct Filter {
    text: String,
    steps: Vec<Step>,
    fields: Vec<FieldId>,
    required: Requirement,
    missed: Vec<String>,
}

impl Filter {
    /// Compiles a filter. An empty one lets every packet pass.
    ///
    /// # Errors
    /// What is wrong with the text and where, with the text as it is when macros were put in.
    pub fn compile(text: &str, options: &Options) -> Result<Self, FilterError> {
        if text.len() > MAX_FILTER_LEN {
            let message = format!("the filter has {} octets, more than {MAX_FILTER_LEN}", text.len());
            return Err(Fault::new(0..0, message).within(""));
        }
        let whole = options.macros.expand(text).map_err(|fault| fault.within(text))?;
        let compiled = parser::parse(&whole).and_then(|test| {
            let mut checker = Checker::new(options);
            let tree = match test {
                None => Tree::Check(Check::Always),
                Some(test) => checker.test(&test)?,
            };
            Ok((tree, checker.fields, checker.missed))
        });
        let (tree, fields, missed) = compiled.map_err(|fault| fault.within(&whole))?;
        Ok(Self {
            required: require::of(&tree),
            steps: program::flatten(tree),
            fields: fields.into_iter().collect(),
            missed: missed.into_iter().collect(),
            text: whole,
        })
    }

    /// The names that were taken for absent: see [`Options::absent`].
    pub fn absent(&self) -> &[String] {
        &self.missed
    }

    /// The names in a filter that are no fields, each once, in their order; none when it cannot be read at all.
    pub fn unknown_fields(text: &str, options: &Options) -> Vec<String> {
        let whole = options.macros.expand(text).unwrap_or_default();
        let Ok(Some(test)) = parser::parse(&whole) else {
            return Vec::new();
        };
        let mut unknown = Vec::new();
        let mut left = vec![&test];
        while let Some(test) = left.pop() {
            match test {
                ast::Test::Or(tests) | ast::Test::And(tests) | ast::Test::Xor(tests) => left.extend(tests.iter().rev()),
                ast::Test::Not(test) => left.push(test),
                leaf => {
                    let fault = Checker::new(options).test(leaf).err();
                    let name = fault.filter(|fault| fault.message.ends_with(error::NO_FIELD));
                    let name = name.and_then(|fault| whole.get(fault.span));
                    if let Some(name) = name.filter(|name| !unknown.iter().any(|known| known == name)) {
                        unknown.push(name.to_owned());
                    }
                }
            }
        }
        unknown
    }

    /// Whether the packet passes. What the filter needs must have been wanted: see [`Filter::fields`].
    pub fn matches(&self, dissection: &Dissection<'_>) -> bool {
        run::run(&self.steps, dissection)
    }

    /// The fields that the filter looks at, in the order of the registry.
    pub fn fields(&self) -> impl Iterator<Item = FieldId> {
        self.fields.iter().copied()
    }

    /// What a packet that passes has at least, for indexes: see [`Requirement`].
    pub fn required(&self) -> &Requirement {
        &self.required
    }

    /// The text that was compiled, with macros put in.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The program, one step a line, and what is required of a packet, for people.
    pub fn explain(&self) -> String {
        format!("{}requires {}\n", Listing(&self.steps), self.required)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({:?})", self.text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
