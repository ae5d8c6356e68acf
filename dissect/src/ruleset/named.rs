//! Wireshark's `dfilters` and `cfilters`: `"name" filter to the end of the line`.
//!
//! In the name a backslash stands for the character behind it. Blank lines and those that begin with `#` count for
//! nothing. As in Wireshark a last line without its end is dropped: it may have been cut off.

use super::listing::{Listing, Row};

pub(super) fn read(text: &str, listing: &mut Listing) {
    for (at, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let row = match whole.ends_with('\n') {
            true => row(at + 1, line),
            false => Err("the last line has no line end, so that Wireshark drops it"),
        };
        listing.push(at + 1, row);
    }
}

fn row(line: usize, text: &str) -> Result<Row, &'static str> {
    let (name, rest) = name(text)?;
    let filter = rest.trim();
    match filter.is_empty() {
        true => Err("no filter behind the name"),
        false => Ok(Row { line, name, filter: filter.to_owned(), is_on: true }),
    }
}

/// The name at the beginning and what stands behind it.
pub(super) fn name(line: &str) -> Result<(String, &str), &'static str> {
    let inner = line.strip_prefix('"').ok_or("no quotation mark in front of the name")?;
    let mut name = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((name, inner.get(at + 1..).unwrap_or_default())),
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            c => name.push(c),
        }
    }
    Err("no quotation mark behind the name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::Kind;

    #[test]
    fn names_and_filters_are_read() {
        let text = "# c\n\n  \"a \\\"b\\\" \\\\\"   tcp.port == 80  \r\n\"x\"udp\n";
        let listing = Listing::read(Kind::DisplayFilters, text);
        let rows: Vec<_> = listing.rows.iter().map(|r| (r.line, r.name.as_str(), r.filter.as_str())).collect();
        assert_eq!(rows, [(3, "a \"b\" \\", "tcp.port == 80"), (4, "x", "udp")]);
        assert_eq!(listing.skipped, []);
    }

    #[test]
    fn what_wireshark_drops_is_named() {
        for (text, word) in [
            ("tcp\n", "in front of"),
            ("\"a tcp\n", "behind the name"),
            ("\"a\"\n", "no filter"),
            ("\"a\" tcp", "line end"),
        ] {
            let listing = Listing::read(Kind::DisplayFilters, text);
            assert!(listing.rows.is_empty() && listing.skipped[0].reason.contains(word), "{text:?}: {listing:?}");
        }
    }
}
