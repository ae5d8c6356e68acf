//! `packetstream read`: a capture file, dissected twice over: once in order for what packets say of each other, once to
//! select and show.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use packetstream_dissect::host_names::HostNames;
use packetstream_dissect::output::summary::TimeForm;
use packetstream_dissect::{Numbering, Packet};
use packetstream_protocol::ids::HostId;

use crate::capture::file::{self, Format, Interface, Note, RawPacket, Reader, Section, Stamp, Statistics, Writer};
use crate::cli::Read;
use crate::engine::{self, Knowledge, Question};
use crate::exit::{Failure, Outcome};

/// How much text is gathered before it is written.
const OUT_BYTES: usize = 64 << 10;

pub(super) fn run(args: &Read) -> Outcome {
    if args.explain {
        let filter = engine::compile(&args.select.text()?, &args.select.references).map_err(Failure::wrong)?;
        return io::stdout().write_all(filter.explain().as_bytes()).map_err(|error| Failure::output(&error));
    }
    let spec = args.output.spec().filter(|_| !args.count_up.quiet);
    let mut question = Question::new(&args.select.text()?, &args.select.references, spec).map_err(Failure::wrong)?;
    let time = args.output.time.as_deref().and_then(TimeForm::of).unwrap_or_default();
    for statistic in &args.count_up.statistics {
        question.count(statistic, time).map_err(Failure::wrong)?;
    }
    let source = Source::of(&args.file)?;
    let limit = args.count.unwrap_or(u64::MAX);
    let names = names(args, &source)?;
    let names = names.as_ref();

    let mut known = match question.in_order() {
        Some(in_order) => Knowledge::InOrder(Box::new(in_order)),
        None => {
            let mut analysis = question.analysis();
            each_named(&mut source.open()?, limit, names, |packet, _, _| {
                analysis.observe(&packet);
                Ok(())
            })?;
            Knowledge::Facts(analysis.finish())
        }
    };
    let mut reader = source.open()?;
    match &args.output.write {
        Some(path) => {
            let notes = beside(&source, &reader)?;
            write(&mut reader, limit, names, &mut question, &mut known, path, &notes)?;
        }
        None => print(&mut reader, limit, names, &mut question, &mut known)?,
    }
    match reader.damage() {
        Some(damage) => Err(Failure::Incomplete(format!("{}: {damage}", args.file.display()))),
        None => Ok(()),
    }
}

/// The kinds of names that tshark knows. Those of hosts are shown, the others not.
const NAME_FLAGS: &str = "dmnNtv";

/// The names to show, if any are asked for. Those of the capture often stand at its end: it is read through for them.
fn names(args: &Read, source: &Source) -> Result<Option<HostNames>, Failure> {
    let flags = args.names.as_deref().unwrap_or_default();
    if let Some(unknown) = flags.chars().find(|flag| !NAME_FLAGS.contains(*flag)) {
        return Err(Failure::wrong(format!("-N: {unknown:?} is no kind of name; there are {NAME_FLAGS}")));
    }
    let is_asked = flags.contains('n') && !args.output.no_names;
    if !is_asked && args.hosts.is_none() {
        return Ok(None);
    }
    let mut names = HostNames::default();
    if let Some(path) = &args.hosts {
        let cannot = |error| Failure::wrong(format!("{}: {error}", path.display()));
        names.read_hosts(&String::from_utf8_lossy(&std::fs::read(path).map_err(cannot)?));
    }
    let mut reader = source.open()?;
    while reader.next_packet().is_some() {}
    for note in reader.notes().list() {
        let Note::Names { records, .. } = note else { continue };
        for record in records {
            record.names.iter().for_each(|name| names.insert(record.address, name));
        }
    }
    Ok(Some(names))
}

/// A file that can be read twice: standard input is kept in an unnamed file first.
pub(super) enum Source {
    Path(PathBuf),
    Kept(File),
}

impl Source {
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        if path != Path::new("-") {
            return Ok(Self::Path(path.to_owned()));
        }
        let failed = |error: io::Error| Failure::wrong(format!("standard input cannot be kept: {error}"));
        let mut kept = tempfile::tempfile().map_err(failed)?;
        io::copy(&mut io::stdin().lock(), &mut kept).map_err(failed)?;
        Ok(Self::Kept(kept))
    }

    /// The host that the packets of the file are of, unless somebody says otherwise: the same as when it is imported.
    pub(super) fn host(&self) -> Result<HostId, Failure> {
        let mut hasher = blake3::Hasher::new();
        let taken = match self {
            // What can be read only once keeps its octets for those who read it later.
            Self::Path(path) if !path.is_file() => return Ok(HostId::of_file(hasher.finalize().as_bytes())),
            Self::Path(path) => File::open(path).and_then(|file| hasher.update_reader(file).map(drop)),
            Self::Kept(kept) => {
                use std::io::Seek;
                kept.try_clone()
                    .and_then(|mut again| again.rewind().and_then(|()| hasher.update_reader(again).map(drop)))
            }
        };
        taken.map_err(Failure::wrong)?;
        Ok(HostId::of_file(hasher.finalize().as_bytes()))
    }

    pub(super) fn open(&self) -> Result<Reader, Failure> {
        match self {
            Self::Path(path) => file::open(path).map_err(Failure::wrong),
            Self::Kept(kept) => {
                use std::io::Seek;
                let mut again = kept.try_clone().map_err(Failure::wrong)?;
                again.rewind().map_err(Failure::wrong)?;
                Reader::new(again, Path::new("standard input")).map_err(Failure::wrong)
            }
        }
    }
}

/// Goes through the packets of a capture in order.
pub(crate) fn each(
    reader: &mut Reader,
    limit: u64,
    visit: impl FnMut(Packet<'_>, &RawPacket<'_>, &Interface) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_named(reader, limit, None, visit)
}

fn each_named(
    reader: &mut Reader,
    limit: u64,
    names: Option<&HostNames>,
    mut visit: impl FnMut(Packet<'_>, &RawPacket<'_>, &Interface) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut numbering = Numbering::default();
    let unnamed = (reader.format() == Format::Pcapng).then_some("unknown");
    while numbering.count() < limit
        && let Some((raw, interface)) = reader.next_with_interface()
    {
        let comment = raw.comment();
        let packet = Packet {
            time_digits: interface.resolution.digits(),
            number: 0,
            time: i64::try_from(raw.time).unwrap_or(i64::MAX),
            time_previous: 0,
            time_displayed: None,
            time_first: 0,
            link_type: interface.link_type,
            interface: raw.interface,
            interface_name: interface.name.as_deref().or(unnamed),
            interface_description: interface.description.as_deref(),
            has_time: raw.stamp != Stamp::Missing,
            orig_len: raw.orig_len,
            bytes: raw.bytes,
            comment: comment.as_deref(),
            names,
            pseudo_header: &[],
        };
        let mut packet = packet.split();
        numbering.number(&mut packet);
        visit(packet, &raw, interface)?;
    }
    Ok(())
}

fn print(
    reader: &mut Reader,
    limit: u64,
    names: Option<&HostNames>,
    question: &mut Question,
    known: &mut Knowledge,
) -> Outcome {
    let mut out = io::stdout().lock();
    let mut text = String::with_capacity(OUT_BYTES * 2);
    question.begin(&mut text);
    each_named(reader, limit, names, |packet, _, _| {
        question.ask_knowing(packet, known, &mut text);
        if text.len() >= OUT_BYTES {
            out.write_all(text.as_bytes()).map_err(|error| Failure::output(&error))?;
            text.clear();
        }
        Ok(())
    })?;
    question.end(&mut text);
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// What the file says beside its packets, in whichever place.
fn beside(source: &Source, reader: &Reader) -> Result<Vec<Note>, Failure> {
    if reader.format() != Format::Pcapng {
        return Ok(Vec::new());
    }
    let mut whole = source.open()?;
    while whole.next_packet().is_some() {}
    Ok(whole.notes().list().to_vec())
}

fn write(
    reader: &mut Reader,
    limit: u64,
    names: Option<&HostNames>,
    question: &mut Question,
    known: &mut Knowledge,
    path: &Path,
    notes: &[Note],
) -> Outcome {
    let target: Box<dyn Write> = match path == Path::new("-") {
        true => Box::new(io::stdout().lock()),
        false => {
            let cannot = |error| Failure::wrong(format!("{}: {error}", path.display()));
            Box::new(File::create(path).map_err(cannot)?)
        }
    };
    let section = Section {
        application: Some(concat!("packetstream ", env!("CARGO_PKG_VERSION")).to_owned()),
        ..Section::default()
    };
    let cannot = |error: file::WriteError| Failure::written(&path.display().to_string(), error);
    let mut writer = Writer::new(BufWriter::new(target), &section).map_err(cannot)?;
    // Names and secrets serve whoever reads the packets behind them.
    for note in notes.iter().filter(|note| matches!(note, Note::Names { .. } | Note::Secrets { .. })) {
        writer.note(note).map_err(cannot)?;
    }
    let mut declared: Vec<Option<u32>> = Vec::new();
    let mut nothing = String::new();
    each_named(reader, limit, names, |packet, raw, interface| {
        if !question.ask_knowing(packet, known, &mut nothing) {
            return Ok(());
        }
        let at = raw.interface as usize;
        if at >= declared.len() {
            declared.resize(at + 1, None);
        }
        let number = match declared[at] {
            Some(number) => number,
            None => writer.interface(interface).map_err(cannot)?,
        };
        declared[at] = Some(number);
        writer.packet(&RawPacket { interface: number, ..raw.clone() }, &[]).map_err(cannot)
    })?;
    for note in notes {
        let Note::Statistics(statistics) = note else { continue };
        if let Some(Some(interface)) = declared.get(statistics.interface as usize) {
            writer.statistics(&Statistics { interface: *interface, ..statistics.clone() }).map_err(cannot)?;
        }
    }
    let mut out = writer.finish().map_err(cannot)?;
    out.flush().map_err(|error| Failure::output(&error))?;
    drop(out);
    question.end(&mut nothing);
    // Among the packets on standard output a table would be garbage.
    match path == Path::new("-") {
        true => io::stderr().write_all(nothing.as_bytes()),
        false => io::stdout().write_all(nothing.as_bytes()),
    }
    .map_err(|error| Failure::output(&error))
}
