//! Rules of our own, as a file holds them.
//!
//! ```toml
//! [[rule]]
//! name = "register-flood"
//! filter = 'sip.Method == "REGISTER"'
//! group = "source"            # all, host, call, pair, source, destination, or a field
//! count = 50                  # or: sum, mean or distinct = a field, with at_least = a number
//! within = "10s"              # without it over all packets
//! severity = "warning"        # info, warning, error
//! message = "{count} REGISTERs from {ip.src} to {ip.dst} within {within}"
//! advice = "ask whose address this is"
//! notify = { command = ["logger", "-t", "packetstream"], webhook = "http://127.0.0.1:9000/alerts" }
//!
//! [[rule]]
//! name = "bad-tcp"
//! like = "Bad TCP"            # the filter of a rule of that name in another file, a color filter for example
//! enabled = true
//! ```
//! Only `name` and `filter` (or `like`) must be there. A rule that is wrong says so, and the others go on.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::authority::one_line;
use crate::units::Age;

/// How many rules one file may hold.
pub const MAX_RULES: usize = 4096;
/// How many words a command may have.
pub const MAX_COMMAND_WORDS: usize = 64;
/// The longest command word and the longest address of a webhook, in octets.
pub const MAX_NOTIFY_LEN: usize = 4096;

/// A rule as it is written; names of fields and filters are not looked at here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    pub filter: Option<String>,
    /// The name of a rule in another file, the filter of which is meant.
    pub like: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
    pub group: Option<String>,
    pub count: Option<u64>,
    pub sum: Option<String>,
    pub mean: Option<String>,
    pub distinct: Option<String>,
    pub at_least: Option<f64>,
    pub within: Option<Age>,
    pub severity: Option<String>,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub advice: String,
    pub notify: Option<Notify>,
}

/// Whom to tell of what a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// A program and its arguments; the finding comes to its standard input as one line of JSON.
    pub command: Option<Vec<String>>,
    /// An address that gets the finding by POST.
    pub webhook: Option<String>,
}

fn yes() -> bool {
    true
}

/// One rule of a file, or what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// From 1.
    pub line: usize,
    /// As far as the rule says one.
    pub name: Option<String>,
    pub rule: Result<Rule, String>,
}

/// Why a file holds no rules at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is no TOML, or has something else at its top.
    #[error("line {line}: {reason}")]
    Syntax { line: usize, reason: String },
    #[error("{count} rules are more than {MAX_RULES}")]
    TooMany { count: usize },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Spanned<toml::Table>>,
}

/// Reads the rules of a file.
///
/// # Errors
/// A text that is no TOML with rules alone. What is wrong with one rule stands in its row.
pub fn read(text: &str) -> Result<Vec<Row>, FileError> {
    let line_of = |span: Range<usize>| text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1);
    let file: File = toml::from_str(text)
        .map_err(|error| FileError::Syntax { line: error.span().map_or(1, line_of), reason: one_line(&error) })?;
    if file.rule.len() > MAX_RULES {
        return Err(FileError::TooMany { count: file.rule.len() });
    }
    let rows = file.rule.into_iter().map(|table| {
        let line = line_of(table.span());
        let table = table.into_inner();
        let name = table.get("name").and_then(|name| name.as_str()).map(str::to_owned);
        let rule = Rule::deserialize(toml::Value::Table(table)).map_err(|error| one_line(&error));
        Row { line, name, rule: rule.and_then(validate) }
    });
    Ok(rows.collect())
}

fn validate(rule: Rule) -> Result<Rule, String> {
    let measures = [rule.count.is_some(), rule.sum.is_some(), rule.mean.is_some(), rule.distinct.is_some()];
    let fields = measures.iter().skip(1).filter(|is| **is).count();
    if rule.filter.is_some() == rule.like.is_some() {
        return Err("a rule has either a filter or the name of another rule in like".to_owned());
    }
    if measures.iter().filter(|is| **is).count() > 1 {
        return Err("count, sum, mean and distinct exclude each other".to_owned());
    }
    if fields == 1 && rule.at_least.is_none() {
        return Err("sum, mean and distinct need at_least".to_owned());
    }
    if fields == 0 && rule.at_least.is_some() {
        return Err("at_least needs sum, mean or distinct; how many packets is said by count".to_owned());
    }
    if let Some(notify) = &rule.notify {
        check_notify(notify)?;
    }
    Ok(rule)
}

fn check_notify(notify: &Notify) -> Result<(), String> {
    if notify.command.is_none() && notify.webhook.is_none() {
        return Err("notify: a command or a webhook is needed".to_owned());
    }
    if let Some(command) = &notify.command {
        let is_too_long = command.iter().any(|word| word.len() > MAX_NOTIFY_LEN || word.contains('\0'));
        if command.is_empty() || command.len() > MAX_COMMAND_WORDS || is_too_long {
            return Err(format!(
                "notify: a command has 1 to {MAX_COMMAND_WORDS} words of at most {MAX_NOTIFY_LEN} bytes"
            ));
        }
    }
    if let Some(webhook) = &notify.webhook {
        let is_address = webhook.strip_prefix("http://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        let is_clean = webhook.len() <= MAX_NOTIFY_LEN && webhook.bytes().all(|c| c.is_ascii_graphic());
        if !is_address || !is_clean {
            return Err("notify: a webhook is an address that begins with http://; for others use a command".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
# Two rules.
[[rule]]
name = "flood"
filter = 'sip.Method == "REGISTER"'
group = "source"
count = 50
within = "10s"
severity = "error"
message = "{count}"
advice = "look"
notify = { command = ["logger", "-t", "x"], webhook = "http://127.0.0.1:9/a" }

[[rule]]
name = "bad"
like = "Bad TCP"
enabled = false
"#;

    #[test]
    fn rules_are_read() {
        let rows = read(WHOLE).expect("it is TOML");
        let [flood, bad] = rows.as_slice() else { panic!("two rules: {rows:?}") };
        assert_eq!((flood.line, bad.line), (3, 14));
        let flood = flood.rule.as_ref().expect("it is right");
        assert_eq!((flood.name.as_str(), flood.count, flood.enabled), ("flood", Some(50), true));
        assert_eq!(flood.within, Some(Age::from_secs(10)));
        assert_eq!(flood.notify.as_ref().and_then(|n| n.webhook.as_deref()), Some("http://127.0.0.1:9/a"));
        let bad = bad.rule.as_ref().expect("it is right");
        assert_eq!((bad.like.as_deref(), bad.enabled, bad.filter.as_deref()), (Some("Bad TCP"), false, None));
    }

    #[test]
    fn a_faulty_rule_leaves_the_others_alone() {
        for (rule, word) in [
            ("name = 1\nfilter = 'a'", "invalid type"),
            ("filter = 'a'", "name"),
            ("name = 'a'", "either"),
            ("name = 'a'\nfilter = 'a'\nlike = 'b'", "either"),
            ("name = 'a'\nfilter = 'a'\nunknown = 1", "unknown"),
            ("name = 'a'\nfilter = 'a'\nwithin = '10 parsecs'", "length of time"),
            ("name = 'a'\nfilter = 'a'\ncount = 1\nsum = 'b'", "exclude"),
            ("name = 'a'\nfilter = 'a'\nsum = 'b'", "at_least"),
            ("name = 'a'\nfilter = 'a'\nat_least = 1", "at_least"),
            ("name = 'a'\nfilter = 'a'\nnotify = {}", "notify"),
            ("name = 'a'\nfilter = 'a'\nnotify = { command = [] }", "notify"),
            ("name = 'a'\nfilter = 'a'\nnotify = { webhook = 'ftp://a' }", "http://"),
            ("name = 'a'\nfilter = 'a'\nnotify = { webhook = 'http://a b' }", "http://"),
        ] {
            let text = format!("[[rule]]\n{rule}\n\n[[rule]]\nname = 'good'\nfilter = 'b'\n");
            let rows = read(&text).expect("it is TOML");
            assert_eq!(rows.len(), 2, "{rule}");
            let fault = rows[0].rule.as_ref().expect_err(rule);
            assert!(fault.contains(word) && !fault.contains('\n'), "{rule}: {fault}");
            assert!(rows[1].rule.is_ok(), "{rule}");
        }
    }

    #[test]
    fn a_file_that_holds_no_rules_is_refused_with_its_line() {
        assert!(matches!(read("a = \n"), Err(FileError::Syntax { line: 1, .. })));
        assert!(matches!(read("\n\nother = 1\n"), Err(FileError::Syntax { .. })));
        assert_eq!(read(""), Ok(Vec::new()));
        let many = "[[rule]]\n".repeat(MAX_RULES + 1);
        assert_eq!(read(&many), Err(FileError::TooMany { count: MAX_RULES + 1 }));
    }

    #[test]
    fn commands_are_bounded() {
        let command = |words: Vec<String>| check_notify(&Notify { command: Some(words), webhook: None });
        assert!(command(vec!["a".into(); MAX_COMMAND_WORDS]).is_ok());
        assert!(command(vec!["a".into(); MAX_COMMAND_WORDS + 1]).is_err());
        assert!(command(vec!["a".repeat(MAX_NOTIFY_LEN + 1)]).is_err());
    }
}
