//! A capture file as a stream of chunks: the same file always gives the same host, epoch, packet ids and chunks.
//!
//! The file's BLAKE3 hash names the stream, so that importing a file twice stores nothing twice. Chunks are sealed by
//! size alone; then come the notes (interfaces, sections, names, secrets), the gaps that the file tells of, and last
//! the manifest, which counts them all: a stream with its manifest is whole.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use packetstream_protocol::chunk::{self, Compression, Gap, GapReason, Manifest, NO_TIME, Unsealed};
use packetstream_protocol::ids::{Epoch, HostId, StreamId};
use packetstream_protocol::limits::{CHUNK_BODY_TARGET, MAX_CHUNK_RECORDS};
use packetstream_protocol::time::Timestamp;

use super::file::{self, Damage, OpenError, Reader, Statistics};
use super::pipeline::{Captured, Pipeline, Sink};

/// Names of one address in one note; more are several notes.
const NAMES_PER_NOTE: usize = 1024;

/// A capture file about to be imported: read once, to know its stream.
#[derive(Debug)]
pub struct ImportPlan {
    /// Host and epoch of all that is in the file.
    pub stream: StreamId,
    /// The path as it was given; `-` for standard input.
    pub path: PathBuf,
    /// BLAKE3 of the file's bytes, as they are (compressed, if they are).
    pub hash: [u8; 32],
    /// Length of the file in bytes.
    pub bytes: u64,
    /// The file itself, or the copy of what could be read only once; the copy goes when this is dropped.
    file: File,
}

impl ImportPlan {
    /// Reads the file at `path` (`-`: standard input), of which nothing is known to the cluster yet. `host` is whose
    /// packets they are; without it the file is a host of its own. What is no regular file is copied to a temporary one first.
    ///
    /// # Errors
    /// When it cannot be read or copied, and when it is no capture.
    pub fn of(path: &Path, host: Option<HostId>) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: path.to_path_buf(), source };
        let mut input = file::source(path)?;
        let regular = input.metadata().map_err(failed)?.is_file() && path != Path::new("-");
        let mut file = if regular { input } else { spooled(&mut input, path)? };
        let (hash, bytes) = hash(&mut file).map_err(failed)?;
        let stream = StreamId { host: host.unwrap_or_else(|| HostId::of_file(&hash)), epoch: Epoch::of_file(&hash) };
        let plan = Self { stream, path: path.to_path_buf(), hash, bytes, file };
        // What is no capture is told now, before anything is sent.
        plan.reader()?;
        Ok(plan)
    }

    /// As much as was hashed, from the start: a file that grows meanwhile is imported as it was.
    fn reader(&self) -> Result<Reader, OpenError> {
        let failed = |source| OpenError::Io { path: self.path.clone(), source };
        let mut file = self.file.try_clone().map_err(failed)?;
        file.rewind().map_err(failed)?;
        Reader::new(file.take(self.bytes), &self.path)
    }

    /// The chunks, from the first. One at a time: two of one plan would share their place in the file.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn chunks(&mut self) -> Result<ImportChunks<'_>, OpenError> {
        Ok(ImportChunks {
            reader: self.reader()?,
            // Whoever takes the chunks seals them.
            pipeline: Pipeline::new(self.stream, Compression::Off),
            plan: self,
            ready: VecDeque::new(),
            last: Vec::new(),
            time_min: Timestamp::MAX,
            time_max: Timestamp::MIN,
            told_drops: BTreeSet::new(),
            left_out: 0,
            ended: false,
        })
    }
}

/// Copies what can be read only once.
fn spooled(input: &mut File, path: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Io { path: path.to_path_buf(), source };
    let no_room = |source: io::Error| {
        let place = std::env::temp_dir();
        failed(io::Error::new(source.kind(), format!("cannot be copied to {} ({source})", place.display())))
    };
    let mut copy = tempfile::tempfile().map_err(no_room)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(copy),
            Ok(count) => copy.write_all(&buffer[..count]).map_err(no_room)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

fn hash(file: &mut File) -> io::Result<([u8; 32], u64)> {
    file.rewind()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok((*hasher.finalize().as_bytes(), hasher.count()))
}

/// The chunks of a capture file, in order of their numbers, still to be sealed.
pub struct ImportChunks<'a> {
    plan: &'a ImportPlan,
    reader: Reader,
    pipeline: Pipeline,
    ready: VecDeque<Unsealed>,
    /// Time of the last packet of each interface; those without one are not declared yet.
    last: Vec<Option<Timestamp>>,
    time_min: Timestamp,
    time_max: Timestamp,
    /// Interfaces whose packets say how many were lost before them.
    told_drops: BTreeSet<u32>,
    left_out: u64,
    ended: bool,
}

impl Iterator for ImportChunks<'_> {
    type Item = Unsealed;

    fn next(&mut self) -> Option<Unsealed> {
        while self.ready.is_empty() && !self.ended {
            if !self.step() {
                self.end();
            }
        }
        self.ready.pop_front()
    }
}

impl ImportChunks<'_> {
    /// One packet; false after the last.
    fn step(&mut self) -> bool {
        let Some((packet, interface)) = self.reader.next_with_interface() else { return false };
        // `MAX_INTERFACES` holds the index to 16 bits.
        let (index, number) = (packet.interface as usize, packet.interface as u16);
        if self.last.len() <= index {
            self.last.resize(index + 1, None);
        }
        let time = Timestamp(packet.time);
        let last = &mut self.last[index];
        if last.is_none() {
            self.pipeline.declare(number, &interface.into());
        }
        let since = last.replace(time).unwrap_or(time);
        if let Some(packets) = packet.drops().filter(|drops| *drops > 0) {
            let (from, until) = (since.min(time), since.max(time));
            let reason = GapReason::Interface;
            self.pipeline.gap(Gap { from, until, packets, reason, interface: Some(number) });
            self.told_drops.insert(packet.interface);
        }
        self.time_min = self.time_min.min(time);
        self.time_max = self.time_max.max(time);
        let comment = packet.comment();
        let captured = Captured {
            time,
            interface: number,
            link_type: interface.link_type,
            orig_len: packet.orig_len,
            flags: stored_flags(&packet),
            bytes: packet.bytes,
            comment: comment.as_deref(),
        };
        let ready = &mut self.ready;
        let sink = &mut |chunk| {
            ready.push_back(chunk);
            true
        };
        // Neither error can be: the interface is declared, and the reader's limit for a packet is the chunk's.
        if self.pipeline.push(Timestamp::MIN, &captured, sink).is_err() {
            self.left_out += 1;
        }
        true
    }

    /// Everything after the last packet.
    fn end(&mut self) {
        self.ended = true;
        let ready = &mut self.ready;
        let sink = &mut |chunk| {
            ready.push_back(chunk);
            true
        };
        for gap in file_gaps(&self.reader, &self.told_drops, self.time_min..=self.time_max) {
            self.pipeline.gap(gap);
        }
        self.pipeline.flush(sink);
        let mut batch =
            Batch { pipeline: &mut self.pipeline, at: self.time_max, notes: Vec::new(), bytes: 0, left_out: 0 };
        for (number, interface) in (0..=u16::MAX).zip(self.reader.interfaces()) {
            batch.add(chunk::Note::Interface { number, interface: interface.into() }, sink);
        }
        for note in self.reader.notes().list() {
            for note in stored(note) {
                batch.add(note, sink);
            }
        }
        batch.seal(sink);
        self.left_out += batch.left_out;
        let manifest = Manifest {
            // Chunks are of the content alone: the same file under another name must give the same bytes, or the store
            // would have two chunks of one name.
            file_name: String::new(),
            file_hash: self.plan.hash,
            packets: self.pipeline.packets(),
            chunks: self.pipeline.chunks() + 1,
        };
        // One note of a few hundred bytes: it fits.
        if self.pipeline.notes(self.time_max, &[chunk::Note::Manifest(manifest)], sink).is_err() {
            self.left_out += 1;
        }
    }

    /// Why the file ended early, once the last chunk was taken.
    #[must_use]
    pub fn damage(&self) -> Option<&Damage> {
        self.reader.damage()
    }

    /// Packets read so far.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.reader.packets()
    }

    /// Notes that were too many to keep, once the last chunk was taken.
    #[must_use]
    pub fn notes_left_out(&self) -> u64 {
        self.left_out + self.reader.notes().left_out
    }

    /// A counter of bytes read from the file, to be held against [`ImportPlan::bytes`].
    #[must_use]
    pub fn bytes_taken(&self) -> Arc<AtomicU64> {
        self.reader.bytes_taken()
    }
}

/// The packets that the file says are missing from it, of those that were lost between its first and its last packet. The
/// interfaces in `told` have packets that tell so themselves.
pub(crate) fn file_gaps(reader: &Reader, told: &BTreeSet<u32>, span: RangeInclusive<Timestamp>) -> Vec<Gap> {
    let (first, last) = span.into_inner();
    // The counts of an interface grow, so its last statistics say it all.
    let mut statistics: BTreeMap<u32, &Statistics> = BTreeMap::new();
    for note in reader.notes().list() {
        if let file::Note::Statistics(of) = note {
            statistics.insert(of.interface, of);
        }
    }
    let mut gaps = Vec::new();
    for (index, of) in statistics {
        let counts = [(of.dropped, GapReason::Interface), (of.os_dropped, GapReason::Kernel)];
        let until = Timestamp(of.end.unwrap_or(of.time));
        let from = of.start.map_or(first, Timestamp).min(until);
        for (packets, reason) in counts {
            let packets = packets.unwrap_or_default();
            // Not those that the packets have told of already, with the better time.
            if packets > 0 && !(reason == GapReason::Interface && told.contains(&index)) {
                gaps.push(Gap { from, until, packets, reason, interface: Some(index as u16) });
            }
        }
    }
    if reader.damage().is_some() {
        gaps.push(Gap { from: last, until: last, packets: 0, reason: GapReason::File, interface: None });
    }
    gaps
}

/// A file's note as chunks keep it. Statistics have become gaps.
fn stored(note: &file::Note) -> Vec<chunk::Note> {
    match note {
        file::Note::Section(section) => {
            let comment = (!section.comments.is_empty()).then(|| section.comments.join("\n"));
            let (hardware, os) = (section.hardware.clone(), section.os.clone());
            vec![chunk::Note::Section { comment, hardware, os, application: section.application.clone() }]
        }
        file::Note::Names { records, .. } => {
            let parts = records.iter().flat_map(|record| {
                let names = record.names.chunks(NAMES_PER_NOTE);
                names.map(|names| chunk::Note::Name { address: record.address, names: names.to_vec() })
            });
            parts.collect()
        }
        file::Note::Secrets { kind, bytes, .. } => {
            vec![chunk::Note::Secrets { kind: *kind, data: bytes.clone() }]
        }
        file::Note::Statistics(_) => Vec::new(),
    }
}

/// Notes on their way into chunks of about [`CHUNK_BODY_TARGET`].
struct Batch<'a> {
    pipeline: &'a mut Pipeline,
    at: Timestamp,
    notes: Vec<chunk::Note>,
    bytes: usize,
    left_out: u64,
}

impl Batch<'_> {
    fn add(&mut self, note: chunk::Note, sink: &mut Sink<'_>) {
        let bytes = size(&note);
        if self.notes.len() >= MAX_CHUNK_RECORDS || self.bytes + bytes > CHUNK_BODY_TARGET {
            self.seal(sink);
        }
        self.notes.push(note);
        self.bytes += bytes;
    }

    fn seal(&mut self, sink: &mut Sink<'_>) {
        // The reader's limits hold every note to less than a chunk's; should one not be, the packets are not lost for it.
        if !self.notes.is_empty() && self.pipeline.notes(self.at, &self.notes, sink).is_err() {
            self.left_out += self.notes.len() as u64;
        }
        self.notes.clear();
        self.bytes = 0;
    }
}

/// Bytes that the note takes in a chunk, or a few more.
fn size(note: &chunk::Note) -> usize {
    let texts =
        |texts: &[&Option<String>]| texts.iter().map(|text| text.as_ref().map_or(0, String::len)).sum::<usize>();
    // Tag and lengths.
    64 + match note {
        chunk::Note::Section { comment, hardware, os, application } => texts(&[comment, hardware, os, application]),
        chunk::Note::Name { names, .. } => names.iter().map(|name| name.len() + 5).sum(),
        chunk::Note::Secrets { data, .. } | chunk::Note::Unknown { data, .. } => data.len(),
        chunk::Note::Interface { interface, .. } => interface.name.len() + interface.description.len(),
        chunk::Note::Manifest(manifest) => manifest.file_name.len(),
        chunk::Note::Finding(finding) => finding.text.len(),
    }
}

/// The packet's flags, with what the store has to know beside them.
fn stored_flags(packet: &file::RawPacket<'_>) -> u32 {
    let no_time = if packet.stamp == file::Stamp::Missing { NO_TIME } else { 0 };
    packet.flags & !NO_TIME | no_time
}

#[cfg(test)]
mod tests {
    use packetstream_protocol::chunk::{Chunk, ChunkKind, Class, Sealer};

    use super::super::file::{Format, Interface, NameRecord, Note, RawPacket, Resolution, Section, Stamp, Writer};
    use super::*;

    /// A file of `packets`, with one of each note, two interfaces and drop counts.
    fn capture(packets: u64) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), &Section { os: Some("Linux".into()), ..Section::default() }).unwrap();
        let eth =
            Interface { link_type: 1, name: Some("eth0".into()), resolution: Resolution::NANO, ..Interface::default() };
        writer.interface(&eth).unwrap();
        writer.interface(&Interface { link_type: 101, ..eth }).unwrap();
        let records = vec![NameRecord { address: [192, 0, 2, 1].into(), names: vec!["a.example".into()] }];
        writer.note(&Note::Names { section: 0, records }).unwrap();
        writer.note(&Note::Secrets { section: 0, kind: 0x544c_534b, bytes: b"key log".to_vec() }).unwrap();
        let mut media = vec![0x45, 0, 0, 200, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        media.extend([0x9c, 0x40, 0x9c, 0x42, 0, 180, 0, 0]);
        media.resize(200, 0x80);
        for number in 0..packets {
            let (interface, bytes) = if number % 4 == 0 { (0, &b"an ARP or so"[..]) } else { (1, &media[..]) };
            let packet = RawPacket {
                time: 1_700_000_000_000_000_000 + number * 1_000_001,
                stamp: Stamp::Exact,
                interface,
                orig_len: bytes.len() as u32 + 4,
                bytes,
                flags: 1,
                options: file::Options::default(),
            };
            let comments: &[&str] = if number == 1 { &["first", "second"] } else { &[] };
            writer.packet(&packet, comments).unwrap();
        }
        let statistics = Statistics {
            interface: 1,
            time: 1_700_000_009_000_000_000,
            dropped: Some(7),
            os_dropped: Some(2),
            ..Statistics::default()
        };
        writer.statistics(&statistics).unwrap();
        writer.finish().unwrap()
    }

    fn on_disk(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::with_suffix(".pcapng").unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn chunks(bytes: &[u8], host: Option<HostId>) -> (Vec<Chunk>, Option<Damage>) {
        let file = on_disk(bytes);
        let mut plan = ImportPlan::of(file.path(), host).unwrap();
        let mut import = plan.chunks().unwrap();
        let mut sealer = Sealer::new(Compression::Fast);
        let chunks: Vec<_> = import.by_ref().map(|chunk| sealer.seal(chunk)).collect();
        assert_eq!(import.notes_left_out(), 0);
        (chunks, import.damage().cloned())
    }

    fn manifest(chunks: &[Chunk]) -> Manifest {
        match &chunks.last().unwrap().notes().unwrap()[..] {
            [chunk::Note::Manifest(manifest)] => manifest.clone(),
            other => panic!("no manifest but {other:?}"),
        }
    }

    #[test]
    fn the_same_file_gives_the_same_chunks() {
        let bytes = capture(9000);
        let ((first, _), (second, _)) = (chunks(&bytes, None), chunks(&bytes, None));
        assert!(first == second && first.len() > 5, "chunks depend on more than the content");
        let hash = *blake3::hash(&bytes).as_bytes();
        assert_eq!(first[0].id().stream, StreamId { host: HostId::of_file(&hash), epoch: Epoch::of_file(&hash) });
        let host = HostId::from_bytes([9; 16]);
        assert_eq!(chunks(&bytes, Some(host)).0[0].id().stream, StreamId { host, epoch: Epoch::of_file(&hash) });
        assert_ne!(chunks(&capture(8999), None).0[0].id().stream, first[0].id().stream);
        // Compressed, it is another file, and so another stream.
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&bytes).unwrap();
        assert_eq!(manifest(&chunks(&encoder.finish().unwrap(), None).0).packets, 9000);
    }

    #[test]
    fn everything_of_the_file_is_in_its_chunks() {
        let bytes = capture(9000);
        let (chunks, damage) = chunks(&bytes, None);
        assert_eq!(damage, None);
        assert!(chunks.iter().enumerate().all(|(no, chunk)| chunk.id().no.0 == no as u64 && chunk.verify().is_ok()));
        let mut packets = BTreeMap::new();
        for chunk in chunks.iter().filter(|chunk| matches!(chunk.header().kind, ChunkKind::Packets(_))) {
            let of_chunk = chunk.packets().unwrap();
            for packet in of_chunk.iter() {
                let link_type = of_chunk.interface(packet.interface).unwrap().link_type;
                let class = if link_type == 1 { Class::Signalling } else { Class::Media };
                assert_eq!(chunk.header().kind, ChunkKind::Packets(class));
                let raw = RawPacket::of_chunk(&packet, packet.interface.into());
                let seen = (
                    raw.time,
                    raw.interface,
                    raw.orig_len,
                    raw.flags,
                    raw.bytes.to_vec(),
                    packet.comment.map(str::to_owned),
                );
                packets.insert(packet.id.seq.counter(), seen);
            }
        }
        let mut reader = Reader::new(io::Cursor::new(bytes), Path::new("x")).unwrap();
        assert_eq!(reader.format(), Format::Pcapng);
        let mut number = 0;
        while let Some(raw) = reader.next_packet() {
            let comment = raw.comment().map(|text| text.into_owned());
            let expected = (raw.time, raw.interface, raw.orig_len, raw.flags, raw.bytes.to_vec(), comment);
            assert_eq!(packets[&number], expected);
            number += 1;
        }
        assert_eq!(packets.len() as u64, number);
        let notes: Vec<_> = chunks.iter().filter_map(|chunk| chunk.notes().ok()).flatten().collect();
        let [
            chunk::Note::Interface { number: 0, interface },
            chunk::Note::Interface { number: 1, .. },
            chunk::Note::Section { os, .. },
            chunk::Note::Name { names, .. },
            chunk::Note::Secrets { data, .. },
            chunk::Note::Manifest(manifest),
        ] = &notes[..]
        else {
            panic!("other notes: {notes:?}")
        };
        assert_eq!(
            (interface.name.as_str(), os.as_deref(), &names[0][..], &data[..]),
            ("eth0", Some("Linux"), "a.example", &b"key log"[..])
        );
        assert_eq!((manifest.packets, manifest.chunks), (9000, chunks.len() as u64));
        let gaps: Vec<_> = chunks.iter().filter_map(|chunk| chunk.gaps().ok()).flatten().collect();
        let told: Vec<_> = gaps.iter().map(|gap| (gap.packets, gap.reason, gap.interface)).collect();
        assert_eq!(told, [(7, GapReason::Interface, Some(1)), (2, GapReason::Kernel, Some(1))]);
    }

    #[test]
    fn a_damaged_file_gives_what_is_before_and_a_gap() {
        let bytes = capture(100);
        let (cut, damage) = chunks(&bytes[..bytes.len() / 2], None);
        let damage = damage.unwrap();
        assert_eq!((manifest(&cut).packets, damage.packets), (damage.packets, damage.packets));
        let gaps: Vec<_> = cut.iter().filter_map(|chunk| chunk.gaps().ok()).flatten().collect();
        assert_eq!(gaps.iter().map(|gap| (gap.packets, gap.reason)).collect::<Vec<_>>(), [(0, GapReason::File)]);
    }

    #[test]
    fn drops_that_packets_tell_of_are_not_counted_twice() {
        let option = [4u16.to_le_bytes(), 8u16.to_le_bytes()].concat();
        let mut file = capture(1);
        // The writer copies the drop count of a packet that it is given.
        let mut writer = Writer::new(Vec::new(), &Section::default()).unwrap();
        writer.interface(&Interface { link_type: 1, ..Interface::default() }).unwrap();
        for (time, drops) in [(5_000, 0u64), (9_000, 3)] {
            let options = [&option[..], &drops.to_le_bytes()].concat();
            let packet = RawPacket {
                time,
                stamp: Stamp::Exact,
                interface: 0,
                orig_len: 1,
                bytes: b"x",
                flags: 0,
                options: file::Options::new(&options, false),
            };
            writer.packet(&packet, &[]).unwrap();
        }
        writer.statistics(&Statistics { dropped: Some(3), ..Statistics::default() }).unwrap();
        file = [writer.finish().unwrap(), file].concat();
        let gaps: Vec<_> = chunks(&file, None).0.iter().filter_map(|chunk| chunk.gaps().ok()).flatten().collect();
        let first = Gap {
            from: Timestamp(5_000),
            until: Timestamp(9_000),
            packets: 3,
            reason: GapReason::Interface,
            interface: Some(0),
        };
        assert_eq!(gaps[0], first);
        assert_eq!(
            gaps[1..].iter().map(|gap| (gap.packets, gap.interface)).collect::<Vec<_>>(),
            [(7, Some(2)), (2, Some(2))]
        );
    }

    #[test]
    fn an_empty_file_has_a_manifest_and_nothing_else() {
        let (chunks, damage) = chunks(&[], None);
        assert_eq!((chunks.len(), manifest(&chunks).packets, manifest(&chunks).chunks, damage), (1, 0, 1, None));
    }

    #[test]
    fn many_notes_are_many_chunks() {
        let mut writer = Writer::new(Vec::new(), &Section::default()).unwrap();
        for _ in 0..MAX_CHUNK_RECORDS + 1 {
            writer.interface(&Interface::default()).unwrap();
        }
        let records = vec![NameRecord { address: [192, 0, 2, 1].into(), names: vec!["n".repeat(4); 3000] }];
        writer.names(&records).unwrap();
        writer.secrets(1, &vec![7; 2 << 20]).unwrap();
        let (chunks, _) = chunks(&writer.finish().unwrap(), None);
        let notes: Vec<_> = chunks.iter().flat_map(|chunk| chunk.notes().unwrap()).collect();
        let count = |of: fn(&chunk::Note) -> bool| notes.iter().filter(|note| of(note)).count();
        assert_eq!(count(|note| matches!(note, chunk::Note::Interface { .. })), MAX_CHUNK_RECORDS + 1);
        assert_eq!(count(|note| matches!(note, chunk::Note::Name { .. })), 3);
        assert_eq!(count(|note| matches!(note, chunk::Note::Secrets { data, .. } if data.len() == 2 << 20)), 1);
        assert_eq!(manifest(&chunks).chunks, chunks.len() as u64);
    }

    #[test]
    fn what_is_no_file_or_no_capture_is_refused_before_anything_is_sent() {
        let text = on_disk(b"this is a letter");
        assert!(matches!(ImportPlan::of(text.path(), None), Err(OpenError::NotACapture { looks_like: "text", .. })));
        assert!(matches!(ImportPlan::of(Path::new("no/such/file"), None), Err(OpenError::Io { .. })));
        assert!(matches!(ImportPlan::of(Path::new("."), None), Err(OpenError::Io { .. })));
    }

    #[test]
    fn what_can_be_read_only_once_is_copied_and_is_the_same_stream() {
        let bytes = capture(50);
        let (reader, mut writer) = io::pipe().unwrap();
        let copy = bytes.clone();
        let feeder = std::thread::spawn(move || writer.write_all(&copy).unwrap());
        let mut copied = spooled(&mut File::from(std::os::fd::OwnedFd::from(reader)), Path::new("-")).unwrap();
        feeder.join().unwrap();
        let (hash, length) = hash(&mut copied).unwrap();
        assert_eq!((hash, length), (*blake3::hash(&bytes).as_bytes(), bytes.len() as u64));
    }
}
