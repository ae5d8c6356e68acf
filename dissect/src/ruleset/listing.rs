//! What a rule file holds, line by line, whichever of the forms it has.

use super::{MAX_NAME_LEN, MAX_ROWS, buttons, colors, named};

/// The forms of rule files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Wireshark's `colorfilters`.
    Colors,
    /// Wireshark's `dfilters`.
    DisplayFilters,
    /// Wireshark's `cfilters`: the language is libpcap's, not that of display filters.
    CaptureFilters,
    /// Wireshark's `dfilter_buttons`.
    Buttons,
    /// Wireshark's `dfilter_macros` and `dmacros`: no rules, but what rules may use.
    Macros,
    /// Rules of our own, in TOML.
    Own,
}

/// The names that Wireshark gives its files.
const NAMES: &[(&str, Kind)] = &[
    ("colorfilters", Kind::Colors),
    ("dfilters", Kind::DisplayFilters),
    ("cfilters", Kind::CaptureFilters),
    ("dfilter_buttons", Kind::Buttons),
    ("dfilter_macros", Kind::Macros),
    ("dmacros", Kind::Macros),
];

impl Kind {
    /// The form of a file, by its name, otherwise by the first line that says something.
    pub fn of(file_name: &str, text: &str) -> Self {
        if file_name.ends_with(".toml") {
            return Self::Own;
        }
        if let Some((_, kind)) = NAMES.iter().find(|(name, _)| *name == file_name) {
            return *kind;
        }
        let telling = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
        match telling {
            Some(line) if line.starts_with('@') || line.starts_with("!@") => Self::Colors,
            Some(line) if line.starts_with("\"TRUE\",") || line.starts_with("\"FALSE\",") => Self::Buttons,
            Some(line) if line.starts_with('"') => match named::name(line) {
                // `"name" = value` is TOML with a quoted key.
                Ok((_, rest)) if rest.trim_start().starts_with('=') => Self::Own,
                Ok((_, rest)) if rest.starts_with(',') => Self::Macros,
                _ => Self::DisplayFilters,
            },
            _ => Self::Own,
        }
    }

    /// What files of this form are called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Colors => "color filters",
            Self::DisplayFilters => "display filters",
            Self::CaptureFilters => "capture filters",
            Self::Buttons => "filter buttons",
            Self::Macros => "macros",
            Self::Own => "rules",
        }
    }
}

/// A rule as a file has it, not yet compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// From 1.
    pub line: usize,
    pub name: String,
    pub filter: String,
    /// Not switched off in the file.
    pub is_on: bool,
}

/// A line that defines nothing, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// From 1.
    pub line: usize,
    pub reason: &'static str,
}

/// The rows of a file in their order, and the lines that should have been some.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
    pub rows: Vec<Row>,
    pub skipped: Vec<Skipped>,
}

impl Listing {
    /// Reads a file of a form that has one rule a line; macros and TOML have none.
    pub fn read(kind: Kind, text: &str) -> Self {
        let mut listing = Self::default();
        match kind {
            Kind::Colors => colors::read(text, &mut listing),
            Kind::DisplayFilters | Kind::CaptureFilters => named::read(text, &mut listing),
            Kind::Buttons => buttons::read(text, &mut listing),
            Kind::Macros | Kind::Own => {}
        }
        listing
    }

    pub(super) fn push(&mut self, line: usize, row: Result<Row, &'static str>) {
        let row = match row {
            Ok(row) if row.name.len() > MAX_NAME_LEN => Err("the name is longer than 256 octets"),
            Ok(_) if self.rows.len() >= MAX_ROWS => Err("the file has more than 4096 rules"),
            row => row,
        };
        match row {
            Ok(row) => self.rows.push(row),
            Err(reason) if self.skipped.len() < MAX_ROWS => self.skipped.push(Skipped { line, reason }),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_or_by_what_it_says() {
        for (name, text, kind) in [
            ("colorfilters", "", Kind::Colors),
            ("x", "# a\n\n!@a@b@[0,0,0][1,1,1]\n", Kind::Colors),
            ("dfilters", "", Kind::DisplayFilters),
            ("x", "\"a\" tcp\n", Kind::DisplayFilters),
            ("cfilters", "", Kind::CaptureFilters),
            ("x", "\"TRUE\",\"a\",\"tcp\",\"\"\n", Kind::Buttons),
            ("x", "\"a\",\"tcp.port == $1\"\n", Kind::Macros),
            ("dmacros", "", Kind::Macros),
            ("alerts.toml", "", Kind::Own),
            ("x", "[[rule]]\n", Kind::Own),
            ("x", "", Kind::Own),
        ] {
            assert_eq!(Kind::of(name, text), kind, "{name} {text:?}");
        }
    }

    #[test]
    fn rows_names_and_complaints_are_bounded() {
        let many = "@a@tcp@[0,0,0][1,1,1]\n".repeat(MAX_ROWS + 5);
        let listing = Listing::read(Kind::Colors, &many);
        assert_eq!((listing.rows.len(), listing.skipped.len()), (MAX_ROWS, 5));
        let long = format!("\"{}\" tcp\n", "n".repeat(MAX_NAME_LEN + 1));
        let listing = Listing::read(Kind::DisplayFilters, &long);
        assert_eq!((listing.rows.len(), listing.skipped.len()), (0, 1));
        let wrong = "x\n".repeat(MAX_ROWS + 5);
        assert_eq!(Listing::read(Kind::Buttons, &wrong).skipped.len(), MAX_ROWS);
    }

    #[test]
    fn no_text_panics() {
        use proptest::prelude::*;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        runner
            .run(&r#"[\\x@!"\[\],a\n 0-9é#TRUE]{0,80}"#.prop_map(|text| text), |text| {
                for kind in [Kind::Colors, Kind::DisplayFilters, Kind::Buttons] {
                    Listing::read(kind, &text);
                }
                Kind::of("x", &text);
                Ok(())
            })
            .unwrap();
    }
}
