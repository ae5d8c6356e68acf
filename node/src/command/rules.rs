//! `packetstream rules`: what rule files hold, what of it can run, and what it selects.

use std::io::{self, Write};
use std::sync::Arc;

use packetstream_dissect::facts::FactStore;
use packetstream_dissect::ruleset::Rule;
use packetstream_dissect::{Analysis, Scratch, Wanted, dissect};
use serde_json::json;

use super::read::{Source, each};
use crate::cli::{Rules, RulesCheck};
use crate::exit::{Failure, Outcome};
use crate::rules::{self, Entry, RuleFile, State};

pub(super) fn run(args: &Rules) -> Outcome {
    match args {
        Rules::Check(args) => check(args),
        // They need a network; the program hands them to `standing`.
        Rules::Standing(_) => Err(Failure::Wrong("standing rules are a cluster's".to_owned())),
    }
}

/// What became of each rule of some files.
pub(super) fn listed(files: &[RuleFile], is_json: bool) -> Outcome {
    let mut text = String::new();
    for file in files {
        if !is_json {
            text += &headline(file);
        }
        for entry in &file.entries {
            text += &if is_json { object(file, entry, None) } else { line(entry, None) };
        }
    }
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::output(&error))
}

fn check(args: &RulesCheck) -> Outcome {
    let files = rules::load(&args.files).map_err(Failure::wrong)?;
    let compiled: Vec<&Arc<Rule>> = files.iter().flat_map(|file| file.compiled().map(|(_, rule)| rule)).collect();
    let selected = match &args.capture {
        Some(path) => Some(select(&Source::of(path)?, &compiled)?),
        None => None,
    };
    let mut text = String::new();
    let mut place = 0;
    for file in &files {
        if !args.json {
            text += &headline(file);
        }
        for entry in &file.entries {
            let frames = match entry.state {
                State::Compiled(_) => {
                    place += 1;
                    selected.as_ref().and_then(|selected| selected.get(place - 1))
                }
                _ => None,
            };
            text += &if args.json { object(file, entry, frames) } else { line(entry, frames) };
        }
    }
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::output(&error))?;
    match files.iter().map(|file| file.disabled().count()).sum() {
        0 => Ok(()),
        1 => Err(Failure::Incomplete("1 rule is disabled".to_owned())),
        count => Err(Failure::Incomplete(format!("{count} rules are disabled"))),
    }
}

/// For each rule the frames of a capture that its filter selects.
fn select(source: &Source, rules: &[&Arc<Rule>]) -> Result<Vec<Vec<u64>>, Failure> {
    let mut wanted = Wanted::nothing();
    rules.iter().flat_map(|rule| rule.filter().fields()).for_each(|field| wanted.add(field));
    let mut analysis = Analysis::new(&wanted);
    each(&mut source.open()?, u64::MAX, |packet, _, _| {
        analysis.observe(&packet);
        Ok(())
    })?;
    let facts: FactStore = analysis.finish();
    let mut selected = vec![Vec::new(); rules.len()];
    let mut scratch = Scratch::default();
    each(&mut source.open()?, u64::MAX, |packet, _, _| {
        dissect(&packet, facts.of(packet.number), &wanted, &mut scratch, |dissection| {
            for (rule, frames) in rules.iter().zip(&mut selected) {
                if rule.filter().matches(dissection) {
                    frames.push(packet.number);
                }
            }
        });
        Ok(())
    })?;
    Ok(selected)
}

fn headline(file: &RuleFile) -> String {
    let disabled = file.disabled().count();
    let off = file.entries.iter().filter(|entry| matches!(entry.state, State::Off)).count();
    let good = file.entries.len() - disabled - off;
    let title = file.kind.title();
    format!("{}: {title}: {good} good, {off} off, {disabled} disabled\n", file.path.display())
}

fn line(entry: &Entry, frames: Option<&Vec<u64>>) -> String {
    let line = match entry.line {
        0 => String::new(),
        line => format!("line {line}: "),
    };
    match &entry.state {
        State::Disabled(fault) => {
            let others = fault.unknown_fields.iter().skip(1).map(|name| format!("; also unknown: {name}"));
            let name = if entry.name.is_empty() { String::new() } else { format!("{:?}: ", entry.name) };
            format!("  disabled  {line}{name}{fault}{}\n", others.collect::<String>())
        }
        state => {
            let count = frames.map_or(String::new(), |frames| format!(": {} frames", frames.len()));
            let absent = match state {
                State::Compiled(rule) if !rule.filter().absent().is_empty() => {
                    format!("; not dissected here: {}", rule.filter().absent().join(", "))
                }
                _ => String::new(),
            };
            format!("  {:<9} {line}{:?}{count}{absent}\n", word(state), entry.name)
        }
    }
}

fn word(state: &State) -> &'static str {
    match state {
        State::Compiled(_) => "compiled",
        State::CaptureFilter => "capture",
        State::Macro => "macro",
        State::Off => "off",
        State::Disabled(_) => "disabled",
    }
}

fn object(file: &RuleFile, entry: &Entry, frames: Option<&Vec<u64>>) -> String {
    let mut object = json!({
        "file": file.path.display().to_string(),
        "line": entry.line,
        "rule": entry.name,
        "filter": entry.filter,
        "state": word(&entry.state),
    });
    match &entry.state {
        State::Disabled(fault) => {
            object["reason"] = json!(fault.reason);
            object["unknown_fields"] = json!(fault.unknown_fields);
        }
        State::Compiled(rule) => {
            object["code"] = json!(rule.code());
            object["unknown_fields"] = json!(rule.filter().absent());
            if let Some(frames) = frames {
                object["frames"] = json!(frames);
            }
        }
        _ => {}
    }
    format!("{object}\n")
}
