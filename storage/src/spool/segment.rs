//! One file of the spool; its layout is drawn in [`super`].

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use packetstream_protocol::chunk::{ChunkKind, HEADER_BYTES, Header};
use packetstream_protocol::ids::ChunkId;
use packetstream_protocol::limits::MAX_CHUNK_BYTES;
use packetstream_protocol::{Chunk, Timestamp};

use super::{Cut, SpoolError};

pub(super) const HEAD: usize = 20;
pub(super) const FRAME_HEAD: usize = 8;
const MAGIC: [u8; 4] = *b"PSSP";
const VERSION: u16 = 1;

/// What is known of one frame without reading it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) id: ChunkId,
    pub(super) at: u64,
    pub(super) len: u32,
    pub(super) packets: u32,
    pub(super) time_min: Timestamp,
    pub(super) time_max: Timestamp,
    pub(super) released: bool,
}

#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) frames: Vec<Frame>,
    /// Frames that were not released.
    pub(super) waiting: usize,
    /// Bytes of the file.
    pub(super) bytes: u64,
}

pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}.spool"))
}

/// Numbers of the segments in a folder, rising. Files with other names are not ours and left alone.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for file in fs::read_dir(dir)? {
        let name = file?.file_name();
        if let Some(number) =
            name.to_str().and_then(|name| name.strip_suffix(".spool")).and_then(|name| name.parse().ok())
            && path(dir, number).file_name() == Some(&name)
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// A full disk is told apart: waiting helps there.
pub(super) fn classify(path: PathBuf, error: io::Error) -> SpoolError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SpoolError::DiskFull(path),
        _ => SpoolError::Io { path, error },
    }
}

pub(super) fn write_frame(file: &File, at: u64, chunk: &Chunk) -> io::Result<()> {
    let bytes = chunk.bytes();
    let len = (bytes.len() as u32).to_le_bytes();
    let mut frame = Vec::with_capacity(FRAME_HEAD + bytes.len());
    frame.extend_from_slice(&len);
    frame.extend_from_slice(&frame_crc(len, bytes).to_le_bytes());
    frame.extend_from_slice(bytes);
    file.write_all_at(&frame, at)
}

fn frame_crc(len: [u8; 4], chunk: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&len);
    crc.update(chunk);
    crc.finalize()
}

impl Segment {
    /// Makes the file and forces its name to the disk: a chunk that is synced later must not be in a file without a name.
    pub(super) fn create(dir: &Path, number: u64) -> Result<(Self, File), SpoolError> {
        let path = path(dir, number);
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&MAGIC);
        head[4..6].copy_from_slice(&VERSION.to_le_bytes());
        head[8..16].copy_from_slice(&number.to_le_bytes());
        let crc = crc32fast::hash(&head[..16]);
        head[16..].copy_from_slice(&crc.to_le_bytes());
        let make = || -> io::Result<File> {
            let file = File::options().write(true).create(true).truncate(true).open(&path)?;
            file.write_all_at(&head, 0)?;
            file.sync_data()?;
            File::open(dir)?.sync_all()?;
            Ok(file)
        };
        match make() {
            Ok(file) => Ok((Self { number, frames: Vec::new(), waiting: 0, bytes: HEAD as u64 }, file)),
            Err(error) => {
                // An empty file with a good name would only be in the way; that it cannot be removed changes nothing.
                let _ = fs::remove_file(&path);
                Err(classify(path, error))
            }
        }
    }

    /// Reads a file from before and cuts off what is not whole.
    pub(super) fn recover(dir: &Path, number: u64) -> Result<(Self, Option<Cut>), SpoolError> {
        let path = path(dir, number);
        let io = |error| SpoolError::Io { path: path.clone(), error };
        let file = File::options().read(true).write(true).open(&path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let mut segment = Self { number, frames: Vec::new(), waiting: 0, bytes: 0 };
        let mut reader = BufReader::with_capacity(1 << 20, &file);
        let mut head = [0; HEAD];
        let whole = read_whole(&mut reader, &mut head).map_err(io)?;
        if whole && head[..4] == MAGIC {
            let found = u16::from_le_bytes([head[4], head[5]]);
            if found > VERSION {
                return Err(SpoolError::Version { path, found });
            }
            let crc = u32::from_le_bytes([head[16], head[17], head[18], head[19]]);
            if crc == crc32fast::hash(&head[..16]) {
                segment.bytes = HEAD as u64;
                while let Some(header) = next_frame(&mut reader).map_err(io)? {
                    segment.add(&header);
                }
            }
        }
        drop(reader);
        let rest = size.saturating_sub(segment.bytes);
        if rest == 0 {
            return Ok((segment, None));
        }
        file.set_len(segment.bytes).and_then(|()| file.sync_all()).map_err(io)?;
        let at = segment.bytes;
        Ok((segment, Some(Cut { path, at, bytes: rest })))
    }

    pub(super) fn add(&mut self, header: &Header) {
        let packets = if matches!(header.kind, ChunkKind::Packets(_)) { header.records } else { 0 };
        self.frames.push(Frame {
            id: header.id,
            at: self.bytes,
            len: header.chunk_bytes() as u32,
            packets,
            time_min: header.time_min,
            time_max: header.time_max,
            released: false,
        });
        self.waiting += 1;
        self.bytes += (FRAME_HEAD + header.chunk_bytes()) as u64;
    }

    /// Releases a frame; true when it was the last that waited.
    pub(super) fn release(&mut self, index: usize) -> bool {
        match self.frames.get_mut(index) {
            Some(frame) if !frame.released => {
                frame.released = true;
                self.waiting -= 1;
                self.waiting == 0
            }
            _ => false,
        }
    }

    pub(super) fn read(&self, dir: &Path, index: usize) -> Result<Chunk, SpoolError> {
        let path = path(dir, self.number);
        let io = |error| SpoolError::Io { path: path.clone(), error };
        let frame = self.frames.get(index).ok_or_else(|| io(io::ErrorKind::NotFound.into()))?;
        let mut file = File::open(&path).map_err(io)?;
        file.seek(SeekFrom::Start(frame.at + FRAME_HEAD as u64)).map_err(io)?;
        let mut bytes = vec![0; frame.len as usize];
        file.read_exact(&mut bytes).map_err(io)?;
        Chunk::parse(bytes.into()).map_err(|error| SpoolError::Damaged { path: path.clone(), error })
    }

    pub(super) fn delete(&self, dir: &Path) -> io::Result<()> {
        fs::remove_file(path(dir, self.number))
    }
}

/// The header of the chunk in the next frame; nothing where what follows is not a whole frame.
fn next_frame(reader: &mut impl Read) -> io::Result<Option<Header>> {
    let mut head = [0; FRAME_HEAD];
    if !read_whole(reader, &mut head)? {
        return Ok(None);
    }
    let [a, b, c, d, e, f, g, h] = head;
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    if !(HEADER_BYTES..=MAX_CHUNK_BYTES).contains(&len) {
        return Ok(None);
    }
    let mut bytes = vec![0; len];
    if !read_whole(reader, &mut bytes)? || frame_crc([a, b, c, d], &bytes) != u32::from_le_bytes([e, f, g, h]) {
        return Ok(None);
    }
    Ok(Chunk::parse(bytes.into()).ok().map(|chunk| chunk.header().clone()))
}

/// Fills the buffer; false when the file ends before.
fn read_whole(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
