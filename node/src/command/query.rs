//! `packetstream query` and `packetstream get`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use packetstream_dissect::output::summary::TimeForm;
use packetstream_dissect::output::{Format, Spec};
use packetstream_protocol::chunk::NO_TIME;
use packetstream_protocol::wire::{
    self, Closing, HostRef, OutputFormat, OutputSpec, PacketRow, Payload, Request, Row, Rows,
};
use packetstream_protocol::{HostId, PacketId, Timestamp};
use serde_json::json;

use super::{answer, judged};
use crate::capture::file::{Interface, Options, RawPacket, Resolution, Section, Stamp, Writer};
use crate::cli::{FormatName, Get, Output, Query};
use crate::client::Session;
use crate::client::names::Names;
use crate::engine::Question;
use crate::exit::{Failure, Outcome, say};

pub(super) fn run(args: &Query) -> Outcome {
    let filter = args.select.text()?;
    // What makes no sense is refused before anybody is asked.
    let mut shown = args.output.spec().filter(|_| !args.count_up.quiet);
    if let Some(spec) = shown.as_mut().filter(|spec| spec.format == Format::Json) {
        spec.format = Format::JsonLines;
    }
    let mut question = Question::new(&filter, &args.select.references, shown.clone()).map_err(Failure::wrong)?;
    let time = args.output.time.as_deref().and_then(TimeForm::of).unwrap_or_default();
    for statistic in &args.count_up.statistics {
        question.count(statistic, time).map_err(Failure::wrong)?;
    }
    let counts = !args.count_up.statistics.is_empty();
    if counts && (args.scope.follow || args.count.is_some() || args.output.write.is_some()) {
        let why = "-z counts all packets up to an end: leave --follow, -c and -w out";
        return Err(Failure::Wrong(why.to_owned()));
    }
    let asked = judged::asked(&args.scope)?;
    let is_ours = |spec: &Spec| matches!(spec.format, Format::Tabs | Format::Pdml | Format::Psml);
    if counts || (args.output.write.is_none() && shown.as_ref().is_none_or(is_ours)) {
        if args.ids {
            return Err(Failure::Wrong(
                "--ids goes with -T text, fields, json and ek, and without -z, -q and -w".to_owned(),
            ));
        }
        let limit = args.count.unwrap_or(u64::MAX);
        let closing = answer::run(&Session::open(&args.scope.peer)?, &asked, &mut question, limit)?;
        return state(&closing, &args.output);
    }
    let query = wire::Query {
        filter,
        references: args.select.references.clone(),
        limit: args.count,
        output: spec(&args.output)?,
        ..asked
    };
    if args.ids && args.output.write.is_some() {
        return Err(Failure::Wrong("--ids goes without -w".to_owned()));
    }
    let named = args.ids.then_some((args.output.format, separator(&args.output)));
    ask(&Session::open(&args.scope.peer)?, &Request::Query(query), &args.output, named)
}

/// What stands between two fields.
fn separator(output: &Output) -> char {
    let given = output.field_options.iter().rev().find_map(|option| option.strip_prefix("separator="));
    match (output.format, given) {
        (FormatName::Fields, None | Some("/t")) => '\t',
        (FormatName::Fields, Some(given)) if given != "/s" => given.chars().next().unwrap_or('\t'),
        _ => ' ',
    }
}

/// What a row says, with its host and packet before it, in the way of the format.
fn with_ids(row: &Row, text: &[u8], format: FormatName, between: char) -> Vec<u8> {
    let (host, packet) = (row.host, row.id());
    let text = String::from_utf8_lossy(text);
    let named = match format {
        FormatName::Json => match text.strip_prefix('{') {
            Some(rest) => format!("{{\"_host\":\"{host}\",\"_packet\":\"{packet}\",{rest}"),
            None => text.into_owned(),
        },
        // Elasticsearch takes a document of the same id for the same one.
        FormatName::Ek => text.replacen("{\"index\":{", &format!("{{\"index\":{{\"_id\":\"{host}/{packet}\","), 1),
        _ => match text.trim_end_matches('\n').rsplit_once('\n') {
            None => format!("{host}{between}{packet}{between}{text}"),
            // The first row may have a line of titles.
            Some((titles, line)) if format == FormatName::Fields => {
                format!("host{between}packet{between}{titles}\n{host}{between}{packet}{between}{line}\n")
            }
            Some(_) => format!("host {host} packet {packet}\n{text}"),
        },
    };
    named.into_bytes()
}

pub(super) fn get(args: &Get) -> Outcome {
    let packet: PacketId = args.packet.parse().map_err(Failure::wrong)?;
    let mut output = spec(&args.output)?;
    if output.format == OutputFormat::Text && !output.hex {
        output.verbose = true;
    }
    let request = Request::Get(wire::Get { host: host(&args.host), packet, output });
    ask(&Session::open(&args.peer)?, &request, &args.output, None)
}

/// A host as people name it.
pub(super) fn host(text: &str) -> HostRef {
    text.parse::<HostId>().map_or_else(|_| HostRef::Name(text.to_owned()), HostRef::Id)
}

fn spec(output: &Output) -> Result<OutputSpec, Failure> {
    Ok(match output.spec() {
        None => OutputSpec::new(OutputFormat::Packets),
        Some(Spec { format, verbose, hex, fields, options }) => OutputSpec {
            format: match format {
                Format::Text => OutputFormat::Text,
                Format::Fields => OutputFormat::Fields,
                Format::Json | Format::JsonLines => OutputFormat::Json,
                Format::Ek => OutputFormat::Ek,
                Format::Tabs | Format::Pdml | Format::Psml => {
                    let why =
                        "-T tabs, pdml and psml are not made of one packet alone: get with -w FILE, then read -r FILE";
                    return Err(Failure::Wrong(why.to_owned()));
                }
            },
            verbose,
            hex,
            fields,
            options,
        },
    })
}

/// A time as `2026-11-23T04:45:00Z` with a fraction if wanted, or as an age: `30s`, `10m`, `2h`, `3d`.
pub(super) fn time(text: &str) -> Result<Timestamp, Failure> {
    let wrong =
        || Failure::Wrong(format!("\"{text}\" is no time; write 2026-11-23T04:45:00Z, or an age like 10m, 2h or 3d"));
    let age = text.split_at_checked(text.len().saturating_sub(1)).and_then(|(number, unit)| {
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(unit)?.checked_mul(1_000_000_000)
    });
    if let Some(age) = age {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        return Ok(Timestamp(now.saturating_sub(age)));
    }
    packetstream_dissect::filter::absolute_time(text)
        .and_then(|ns| u64::try_from(ns).ok())
        .map(Timestamp)
        .ok_or_else(wrong)
}

fn ask(session: &Session, request: &Request, output: &Output, named: Option<(FormatName, char)>) -> Outcome {
    let closing = match &output.write {
        Some(path) => write(session, request, path)?,
        None => {
            let mut out = io::stdout().lock();
            let follows = matches!(request, Request::Query(query) if query.follow);
            let closing = session.rows(request, |rows| {
                for row in &rows.rows {
                    let Payload::Rendered(text) = &row.payload else { continue };
                    let written = match named {
                        None => out.write_all(text),
                        Some((format, between)) => out.write_all(&with_ids(row, text, format, between)),
                    };
                    written.map_err(|error| Failure::output(&error))?;
                }
                match follows {
                    true => out.flush().map_err(|error| Failure::output(&error)),
                    false => Ok(()),
                }
            })?;
            out.flush().map_err(|error| Failure::output(&error))?;
            closing
        }
    };
    state(&closing, output)
}

/// Says how complete the answer is: in JSON as its last object, otherwise on standard error.
fn state(closing: &Closing, output: &Output) -> Outcome {
    use FormatName::{Ek, Json};
    let missing: u64 = closing.missing.iter().map(|stream| stream.chunks.count()).sum();
    if matches!(output.format, Json | Ek) && output.write.is_none() {
        let line = json!({
            "complete": closing.complete, "matched": closing.matched, "scanned": closing.scanned,
            "limited": closing.limited, "missing_chunks": missing, "silent": closing.silent,
            "dropped": closing.dropped, "gaps": closing.gaps,
        });
        say!("{line}");
    } else {
        judged::tell(closing);
    }
    judged::state(closing)
}

fn write(session: &Session, request: &Request, path: &Path) -> Result<Closing, Failure> {
    let target: Box<dyn Write> = match path == Path::new("-") {
        true => Box::new(io::stdout()),
        false => Box::new(File::create(path).map_err(|error| Failure::wrong(format!("{}: {error}", path.display())))?),
    };
    put(session, request, target, &path.display().to_string())
}

/// Writes the packets of an answer as pcapng to `target`; `name` is what complaints call it.
pub(super) fn put(
    session: &Session,
    request: &Request,
    target: Box<dyn Write>,
    name: &str,
) -> Result<Closing, Failure> {
    let section = Section {
        application: Some(concat!("packetstream ", env!("CARGO_PKG_VERSION")).to_owned()),
        ..Section::default()
    };
    let cannot = |error| Failure::written(name, error);
    let mut writer = Writer::new(BufWriter::new(target), &section).map_err(cannot)?;
    let mut declared: BTreeMap<(HostId, u32, u16), u32> = BTreeMap::new();
    let follows = matches!(request, Request::Query(query) if query.follow);
    let names = Names::of(session);
    let closing = session.rows(request, |Rows { interfaces, rows }| {
        let mut numbers = Vec::new();
        for row in &interfaces {
            let key = (row.host, row.epoch.0, row.number);
            let number = match declared.get(&key) {
                Some(number) => *number,
                None => writer.interface(&interface(&row.interface, &names.show(row.host))).map_err(cannot)?,
            };
            declared.insert(key, number);
            numbers.push(number);
        }
        for row in rows {
            let Payload::Packet(PacketRow { interface, orig_len, flags, comment, bytes }) = row.payload else {
                continue;
            };
            let Some(number) = numbers.get(interface as usize) else { continue };
            let packet = RawPacket {
                time: row.time.0,
                stamp: if flags & NO_TIME == 0 { Stamp::Exact } else { Stamp::Missing },
                interface: *number,
                orig_len,
                bytes: &bytes,
                flags: flags & !NO_TIME,
                options: Options::default(),
            };
            let comments: Vec<&str> = comment.as_deref().into_iter().collect();
            writer.packet(&packet, &comments).map_err(cannot)?;
        }
        // Whoever looks on waits for what came.
        if follows { writer.flush().map_err(cannot) } else { Ok(()) }
    })?;
    let mut out = writer.finish().map_err(cannot)?;
    out.flush().map_err(|error| Failure::output(&error))?;
    Ok(closing)
}

/// An interface; where it says nothing of itself, whose it was.
fn interface(stored: &packetstream_protocol::Interface, host: &str) -> Interface {
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    Interface {
        link_type: stored.link_type,
        snaplen: stored.snaplen,
        name: text(&stored.name),
        description: text(&stored.description).or_else(|| Some(format!("host {host}"))),
        resolution: Resolution(stored.resolution),
        ..Interface::default()
    }
}

#[cfg(test)]
mod tests {
    use packetstream_protocol::Seq;

    use super::*;

    #[test]
    fn a_row_is_named_in_the_way_of_its_format() {
        let row = Row {
            host: HostId::from_bytes([1; 16]),
            time: Timestamp(1_000_000_000),
            seq: Seq::default(),
            payload: Payload::Rendered(Vec::new()),
        };
        let id = format!("{} {}", row.host, row.id());
        for (format, text, expected) in [
            (FormatName::Text, "    1 0.0 SIP\n", format!("{id}     1 0.0 SIP\n")),
            (
                FormatName::Text,
                "Frame 1\n    Time\n",
                format!("host {} packet {}\nFrame 1\n    Time\n", row.host, row.id()),
            ),
            (FormatName::Fields, "7\tSIP\n", format!("{id} 7\tSIP\n")),
            (FormatName::Fields, "n\tp\n7\tSIP\n", format!("host packet n\tp\n{id} 7\tSIP\n")),
            (
                FormatName::Json,
                "{\"a\":1}\n",
                format!("{{\"_host\":\"{}\",\"_packet\":\"{}\",\"a\":1}}\n", row.host, row.id()),
            ),
            (
                FormatName::Ek,
                "{\"index\":{\"_index\":\"x\"}}\n{}\n",
                format!("{{\"index\":{{\"_id\":\"{}/{}\",\"_index\":\"x\"}}}}\n{{}}\n", row.host, row.id()),
            ),
        ] {
            assert_eq!(String::from_utf8(with_ids(&row, text.as_bytes(), format, ' ')).unwrap(), expected);
        }
    }
}
