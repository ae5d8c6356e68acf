//! Wireshark's `dfilter_buttons`: `"TRUE","label","filter","comment"`, a button a line.
//!
//! Within the quotes `\x22` and its like stand for a character by its number in hexadecimal.

use super::listing::{Listing, Row};
use crate::filter::macros::unquoted;

/// More values on one line are not looked at.
const MAX_VALUES: usize = 8;

pub(super) fn read(text: &str, listing: &mut Listing) {
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            listing.push(at + 1, row(at + 1, line));
        }
    }
}

fn row(line: usize, text: &str) -> Result<Row, &'static str> {
    let values = values(text).ok_or("not a list of quoted values")?;
    let [state, name, filter, ..] = values.as_slice() else {
        return Err("fewer values than state, label and filter");
    };
    let is_on = match state.as_str() {
        "TRUE" => true,
        "FALSE" => false,
        _ => return Err("the state is neither TRUE nor FALSE"),
    };
    if name.is_empty() {
        return Err("the label is empty");
    }
    if filter.is_empty() {
        return Err("the filter is empty");
    }
    Ok(Row { line, name: name.clone(), filter: filter.clone(), is_on })
}

fn values(mut text: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    while values.len() < MAX_VALUES {
        let (value, rest) = unquoted(text)?;
        values.push(value);
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Some(values);
        }
        text = rest.strip_prefix(',')?.trim_start();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::Kind;

    #[test]
    fn buttons_are_read() {
        let text = "# This file is generated.\n\"TRUE\",\"Auth\",\"frame matches \\x22auth|user\\x22\",\"\"\n\
                    \"FALSE\",\"a//b\",\"tcp\",\"why\"\n";
        let listing = Listing::read(Kind::Buttons, text);
        let rows: Vec<_> = listing.rows.iter().map(|r| (r.line, r.name.as_str(), r.filter.as_str(), r.is_on)).collect();
        assert_eq!(rows, [(2, "Auth", "frame matches \"auth|user\"", true), (3, "a//b", "tcp", false)]);
        assert_eq!(listing.skipped, []);
    }

    #[test]
    fn no_more_values_than_the_limit_are_read() {
        let line = |count: usize| vec!["\"a\""; count].join(",");
        assert_eq!(values(&line(MAX_VALUES)).map(|values| values.len()), Some(MAX_VALUES));
        assert_eq!(values(&line(MAX_VALUES + 1)), None);
    }

    #[test]
    fn what_is_no_button_is_named() {
        for (text, word) in [
            ("TRUE,a,b", "quoted"),
            ("\"TRUE\",\"a\"", "fewer"),
            ("\"yes\",\"a\",\"b\"", "neither"),
            ("\"TRUE\",\"\",\"b\"", "label"),
            ("\"TRUE\",\"a\",\"\"", "filter is empty"),
            ("\"TRUE\",\"a\",\"b\",\"c\",\"c\",\"c\",\"c\",\"c\",\"c\"", "quoted"),
        ] {
            let listing = Listing::read(Kind::Buttons, text);
            assert!(listing.rows.is_empty() && listing.skipped[0].reason.contains(word), "{text:?}: {listing:?}");
        }
    }
}
