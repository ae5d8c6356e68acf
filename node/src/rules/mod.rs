//! Rule files on disk: read, told apart, compiled one rule after the other.

mod notify;
mod watch;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use packetstream_config::rules::{self as own, FileError, Notify};
use packetstream_dissect::filter::{Macros, Options};
use packetstream_dissect::ruleset::{
    FOREIGN, Fault, Group, Kind, Listing, MAX_FILE_LEN, Measure, Rule, Severity, Spec,
};
use thiserror::Error;

pub use notify::{Notice, Notifier};
pub use watch::{HostWatch, RuleSet, Watch, id, object, show};

/// Why a rule file cannot be used at all.
#[derive(Debug, Error)]
pub enum RulesError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: more than {MAX_FILE_LEN} bytes", path.display())]
    TooLarge { path: PathBuf },
    #[error("{}: not UTF-8 text", path.display())]
    NoText { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Own { path: PathBuf, source: FileError },
}

/// What became of one rule.
#[derive(Debug)]
pub enum State {
    Compiled(Arc<Rule>),
    /// In libpcap's language, and good there.
    CaptureFilter,
    /// A macro, which other rules may use.
    Macro,
    /// Switched off in its file.
    Off,
    /// Wrong.
    Disabled(Fault),
}

/// One rule of a file.
#[derive(Debug)]
pub struct Entry {
    /// From 1; 0 where the form of the file has no lines.
    pub line: usize,
    /// Empty for a line that is no rule.
    pub name: String,
    pub filter: String,
    pub state: State,
    pub notify: Option<Notify>,
}

/// A rule file.
#[derive(Debug)]
pub struct RuleFile {
    pub path: PathBuf,
    pub kind: Kind,
    pub entries: Vec<Entry>,
}

impl RuleFile {
    /// The rules that can run.
    pub fn compiled(&self) -> impl Iterator<Item = (&Entry, &Arc<Rule>)> {
        self.entries.iter().filter_map(|entry| match &entry.state {
            State::Compiled(rule) => Some((entry, rule)),
            _ => None,
        })
    }

    /// The rules that are wrong.
    pub fn disabled(&self) -> impl Iterator<Item = (&Entry, &Fault)> {
        self.entries.iter().filter_map(|entry| match &entry.state {
            State::Disabled(fault) => Some((entry, fault)),
            _ => None,
        })
    }
}

/// Reads and compiles rule files. Macros of any of them may be used in all.
///
/// # Errors
/// A file that cannot be read or holds no rules; a rule that is wrong stands among its file's entries.
pub fn load(paths: &[PathBuf]) -> Result<Vec<RuleFile>, RulesError> {
    let texts = paths.iter().map(|path| Ok((path.clone(), text(path)?))).collect::<Result<Vec<_>, RulesError>>()?;
    compile(&texts).into_iter().collect()
}

/// Compiles rule files that were read; one that holds no rules is told in its place.
pub fn compile(texts: &[(PathBuf, String)]) -> Vec<Result<RuleFile, RulesError>> {
    let texts: Vec<(&PathBuf, Kind, &str)> = texts
        .iter()
        .map(|(path, text)| {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            (path, Kind::of(&name, text), text.as_str())
        })
        .collect();
    let mut options = Options { absent: FOREIGN, ..Options::default() };
    let mut wrong_macros = BTreeMap::new();
    for (path, _, text) in texts.iter().filter(|(_, kind, _)| *kind == Kind::Macros) {
        wrong_macros.insert(*path, options.macros.read(text));
    }
    let listings: Vec<_> = texts.iter().map(|(_, kind, text)| Listing::read(*kind, text)).collect();
    let named: BTreeMap<&str, &str> = listings
        .iter()
        .zip(&texts)
        .filter(|(_, (_, kind, _))| *kind != Kind::CaptureFilters)
        .flat_map(|(listing, _)| &listing.rows)
        .map(|row| (row.name.as_str(), row.filter.as_str()))
        .collect();
    let files = texts.iter().zip(&listings).map(|((path, kind, text), listing)| {
        let entries = match kind {
            Kind::Own => own_entries(text, &named, &options)
                .map_err(|source| RulesError::Own { path: path.to_path_buf(), source })?,
            Kind::Macros => macro_entries(text, wrong_macros.get(path).map_or(&[][..], Vec::as_slice), &options.macros),
            kind => listed_entries(*kind, listing, &options),
        };
        Ok(RuleFile { path: path.to_path_buf(), kind: *kind, entries })
    });
    files.collect()
}

/// The text of a rule file.
///
/// # Errors
/// When it cannot be read, is too large or is no text.
pub fn text(path: &Path) -> Result<String, RulesError> {
    let failed = |source| RulesError::Io { path: path.to_owned(), source };
    let mut octets = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_FILE_LEN as u64 + 1).read_to_end(&mut octets).map_err(failed)?;
    if octets.len() > MAX_FILE_LEN {
        return Err(RulesError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(octets).map_err(|_| RulesError::NoText { path: path.to_owned() })
}

fn listed_entries(kind: Kind, listing: &Listing, options: &Options) -> Vec<Entry> {
    let rows = listing.rows.iter().map(|row| {
        let state = match (row.is_on, kind) {
            (false, _) => State::Off,
            (true, Kind::CaptureFilters) => match capture_filter(&row.filter) {
                Ok(()) => State::CaptureFilter,
                Err(reason) => State::Disabled(fault(reason)),
            },
            (true, _) => compiled(Spec::of_filter(&row.name, &row.filter), options),
        };
        Entry { line: row.line, name: row.name.clone(), filter: row.filter.clone(), state, notify: None }
    });
    let skipped = listing.skipped.iter().map(|skipped| Entry {
        line: skipped.line,
        name: String::new(),
        filter: String::new(),
        state: State::Disabled(fault(skipped.reason)),
        notify: None,
    });
    let mut entries: Vec<Entry> = rows.chain(skipped).collect();
    entries.sort_by_key(|entry| entry.line);
    entries
}

fn macro_entries(text: &str, wrong: &[usize], macros: &Macros) -> Vec<Entry> {
    let known = macros.definitions().map(|(name, body)| Entry {
        line: 0,
        name: name.to_owned(),
        filter: body.to_owned(),
        state: State::Macro,
        notify: None,
    });
    // Macros of all files stand in one table; those of this one are named in its text.
    let known = known.filter(|entry| text.contains(&format!("\"{}\"", entry.name)));
    let wrong = wrong.iter().map(|line| Entry {
        line: *line,
        name: String::new(),
        filter: String::new(),
        state: State::Disabled(fault("neither \"name\" text nor \"name\",\"text\"")),
        notify: None,
    });
    known.chain(wrong).collect()
}

fn own_entries(text: &str, named: &BTreeMap<&str, &str>, options: &Options) -> Result<Vec<Entry>, FileError> {
    let rows = own::read(text)?;
    let entries = rows.into_iter().map(|row| {
        let name = row.name.unwrap_or_default();
        let mut entry = Entry { line: row.line, name, filter: String::new(), state: State::Off, notify: None };
        let rule = match row.rule {
            Ok(rule) => rule,
            Err(reason) => {
                entry.state = State::Disabled(fault(reason));
                return entry;
            }
        };
        entry.notify.clone_from(&rule.notify);
        match spec(rule, named) {
            Ok((spec, is_on)) => {
                entry.filter.clone_from(&spec.filter);
                if is_on {
                    entry.state = compiled(spec, options);
                }
            }
            Err(reason) => entry.state = State::Disabled(fault(reason)),
        }
        entry
    });
    Ok(entries.collect())
}

/// What a rule of our own asks for, and whether it is switched on.
fn spec(rule: own::Rule, named: &BTreeMap<&str, &str>) -> Result<(Spec, bool), String> {
    let filter = match (rule.filter, rule.like) {
        (Some(filter), _) => filter,
        (None, Some(like)) => {
            let filter =
                named.get(like.as_str()).ok_or_else(|| format!("like: no rule {like:?} in the other files"))?;
            (*filter).to_owned()
        }
        (None, None) => String::new(),
    };
    let (measure, at_least) = match (rule.sum, rule.mean, rule.distinct) {
        (Some(field), _, _) => (Measure::Sum(field), rule.at_least),
        (_, Some(field), _) => (Measure::Mean(field), rule.at_least),
        (_, _, Some(field)) => (Measure::Distinct(field), rule.at_least),
        _ => (Measure::Count, rule.count.map(|count| count as f64)),
    };
    let severity = match rule.severity {
        None => Severity::default(),
        Some(name) => {
            Severity::named(&name).ok_or_else(|| format!("severity: {name:?} is none of info, warning, error"))?
        }
    };
    let group = match rule.group.as_deref() {
        None | Some("all") => Group::All,
        Some("host") => Group::Host,
        Some("call") => Group::Call,
        Some("pair") => Group::Pair,
        Some("source") => Group::Source,
        Some("destination") => Group::Destination,
        Some(field) => Group::Field(field.to_owned()),
    };
    let within = rule.within.map(|age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000_000_000));
    let spec = Spec {
        name: rule.name,
        filter,
        group,
        measure,
        at_least: at_least.unwrap_or(1.0),
        within,
        severity,
        message: rule.message,
        advice: rule.advice,
    };
    Ok((spec, rule.enabled))
}

fn compiled(spec: Spec, options: &Options) -> State {
    match Rule::compile(spec, options) {
        Ok(rule) => State::Compiled(Arc::new(rule)),
        Err(fault) => State::Disabled(fault),
    }
}

fn fault(reason: impl Into<String>) -> Fault {
    Fault { reason: reason.into(), unknown_fields: Vec::new() }
}

/// Whether libpcap takes a capture filter for Ethernet.
fn capture_filter(filter: &str) -> Result<(), String> {
    let dead = pcap::Capture::dead(pcap::Linktype::ETHERNET).map_err(|error| error.to_string())?;
    dead.compile(filter, true).map(drop).map_err(|error| error.to_string().replace('\n', " "))
}

#[cfg(test)]
mod tests;
