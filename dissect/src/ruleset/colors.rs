//! Wireshark's `colorfilters`: `[!]@name@filter@[background][foreground]`, a rule a line.
//!
//! A colour is three 16-bit numbers. Nothing is escaped, so an `@` can stand neither in a name nor in a filter; such a
//! line, which Wireshark drops without a word, is reported. Other lines are comments.

use super::listing::{Listing, Row};

pub(super) fn read(text: &str, listing: &mut Listing) {
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let (is_on, rest) = match line.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, line),
        };
        if let Some(rest) = rest.strip_prefix('@') {
            listing.push(at + 1, row(at + 1, is_on, rest));
        } else if !is_on {
            listing.push(at + 1, Err("no @ behind the exclamation mark"));
        }
    }
}

fn row(line: usize, is_on: bool, rest: &str) -> Result<Row, &'static str> {
    let (name, rest) = rest.split_once('@').ok_or("no @ behind the name")?;
    let (filter, rest) = rest.split_once('@').ok_or("no @ behind the filter")?;
    if name.is_empty() {
        return Err("the name is empty");
    }
    if filter.is_empty() {
        return Err("the filter is empty");
    }
    if !is_colors(rest) {
        return Err(match rest.contains('@') {
            true => "an @ cannot stand in a name or a filter of color filters",
            false => "no colors [red,green,blue][red,green,blue] behind the filter",
        });
    }
    Ok(Row { line, name: name.to_owned(), filter: filter.to_owned(), is_on })
}

/// Whether two colours stand at the beginning; what follows them counts for nothing.
fn is_colors(text: &str) -> bool {
    let color = |text: &str| -> Option<usize> {
        let inner = text.strip_prefix('[')?;
        let end = inner.find(']')?;
        let numbers = inner.get(..end)?.split(',').map(|number| number.trim().parse::<u16>());
        (numbers.clone().count() == 3 && numbers.clone().all(|n| n.is_ok())).then_some(end + 2)
    };
    color(text).and_then(|len| color(text.get(len..)?)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::Kind;

    #[test]
    fn rules_disabled_rules_and_comments_are_told_apart() {
        let text = "# made by hand\n@Bad TCP@tcp.analysis.flags@[0,1,2][65535,3,4] and more\r\n\
                    \n  !@Off@arp@[0, 0, 0][1,1,1]\nnot a rule\n";
        let listing = Listing::read(Kind::Colors, text);
        let rows: Vec<_> = listing.rows.iter().map(|r| (r.line, r.name.as_str(), r.filter.as_str(), r.is_on)).collect();
        assert_eq!(rows, [(2, "Bad TCP", "tcp.analysis.flags", true), (4, "Off", "arp", false)]);
        assert_eq!(listing.skipped, []);
    }

    #[test]
    fn what_wireshark_drops_is_named() {
        for (line, word) in [
            ("@R@sip contains \"@\"@[0,0,0][1,1,1]", "an @ cannot"),
            ("@R@sip", "no @ behind the filter"),
            ("@R", "no @ behind the name"),
            ("@@sip@[0,0,0][1,1,1]", "name is empty"),
            ("@R@@[0,0,0][1,1,1]", "filter is empty"),
            ("@R@sip@", "no colors"),
            ("@R@sip@[0,0,0]", "no colors"),
            ("@R@sip@[0,0,0][1,1]", "no colors"),
            ("@R@sip@[0,0,65536][1,1,1]", "no colors"),
            ("!R@sip@[0,0,0][1,1,1]", "exclamation"),
        ] {
            let listing = Listing::read(Kind::Colors, line);
            assert!(listing.rows.is_empty(), "{line}");
            assert!(listing.skipped.len() == 1 && listing.skipped[0].reason.contains(word), "{line}: {listing:?}");
        }
    }
}
