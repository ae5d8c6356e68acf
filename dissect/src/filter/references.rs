//! What `${field}` stands for: the values that the fields of one chosen packet have.

use std::collections::BTreeMap;

use super::literal::{self, Literal, Meaning, Target};
use super::program::Scalar;
use super::run::value_of;
use crate::field::FieldId;
use crate::registry;
use crate::tree::Dissection;

/// How many values of one field a reference keeps. A DNS answer or a list of options has far fewer.
pub const MAX_REFERENCE_VALUES: usize = 1024;

/// Why a value cannot be bound to a field.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReferenceError {
    #[error("\"{0}\" is neither a field nor a protocol name")]
    NoField(String),
    /// The field's name, and why the text is no value of its type.
    #[error("{0}: {1}")]
    NoValue(String, String),
    #[error("{0} is bound to more than {MAX_REFERENCE_VALUES} values")]
    TooMany(String),
}

/// The values of a packet's fields, for filters that refer to it.
#[derive(Clone, Default, Debug)]
pub struct References {
    values: BTreeMap<FieldId, Vec<Scalar>>,
    octets: BTreeMap<FieldId, Vec<Scalar>>,
    /// Values are those of a packet: a field that it lacks has none. Otherwise each field has to be bound.
    of_packet: bool,
}

impl References {
    /// Binds a field to a value in the form that filters have it in; more than once gives it several values.
    ///
    /// # Errors
    /// An unknown field, a text that is no value of its type, too many values. Nothing has changed then.
    pub fn bind(&mut self, name: &str, text: &str) -> Result<(), ReferenceError> {
        let field = registry::by_name(name).ok_or_else(|| ReferenceError::NoField(name.to_owned()))?;
        let row = registry::field(field);
        let target = Target { ftype: row.ftype, field: Some(row), shown: row.name, is_signed: false };
        let no_value = |why| ReferenceError::NoValue(row.name.to_owned(), why);
        let scalar = match literal::convert(Literal::Word(text), target).map_err(no_value)? {
            Meaning::Scalar(scalar) => scalar,
            Meaning::Name(_) => return Err(no_value(format!("\"{text}\" does not stand for one number"))),
        };
        let values = self.values.entry(field).or_default();
        if values.len() >= MAX_REFERENCE_VALUES {
            return Err(ReferenceError::TooMany(row.name.to_owned()));
        }
        values.push(scalar);
        Ok(())
    }

    /// Keeps the values of everything that the dissection shows.
    pub fn of(dissection: &Dissection<'_>) -> Self {
        let mut references = Self { of_packet: true, ..Self::default() };
        for node in &dissection.nodes {
            if let Some(value) = value_of(dissection, node) {
                let values = references.values.entry(node.field).or_default();
                if values.len() < MAX_REFERENCE_VALUES {
                    values.push(Scalar::of(value));
                }
            }
            let octets = references.octets.entry(node.field).or_default();
            if octets.len() < MAX_REFERENCE_VALUES {
                octets.push(Scalar::Bytes(dissection.bytes(node).into()));
            }
        }
        references
    }

    /// The values of a field: none when the packet does not have it; nothing when nobody said what they are.
    pub(crate) fn values(&self, field: FieldId, raw: bool) -> Option<Vec<Scalar>> {
        let kept = if raw { &self.octets } else { &self.values };
        match kept.get(&field) {
            None if self.of_packet => Some(Vec::new()),
            values => values.cloned(),
        }
    }
}

/// The fields that a filter refers to, so that the packet is dissected as far as they need: each `${name}` and `$name`
/// in its text that is the name of a field.
pub fn referred(text: &str) -> Vec<FieldId> {
    let mut fields = Vec::new();
    for (at, _) in text.match_indices('$') {
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix('{').unwrap_or(rest).trim_start();
        let rest = rest.strip_prefix('@').unwrap_or(rest);
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-')).unwrap_or(rest.len());
        if let Some(field) = registry::by_name(rest.get(..end).unwrap_or_default())
            && !fields.contains(&field)
        {
            fields.push(field);
        }
    }
    fields
}
