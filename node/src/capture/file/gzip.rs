//! Unpacks gzip while reading: several members one after the other, as `cat a.gz b.gz` and `pigz` make them.
//!
//! Unlike a reader that stops at an error, this yields every byte that was unpacked before the damage, so that the
//! packets before it are read. RFC 1952.

use std::io::{self, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::What;

const INPUT_BYTES: usize = 64 << 10;
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

pub(super) struct Gzip<R> {
    inner: R,
    input: Vec<u8>,
    start: usize,
    end: usize,
    state: State,
    inflate: Decompress,
    crc: Crc,
    members: u64,
}

enum State {
    Header,
    Body,
    Trailer,
    Ended,
    Damaged(What),
}

/// Why no more comes.
enum Stop {
    Damage(What),
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read> Gzip<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            input: vec![0; INPUT_BYTES],
            start: 0,
            end: 0,
            state: State::Header,
            inflate: Decompress::new(false),
            crc: Crc::new(),
            members: 0,
        }
    }

    /// Why the data ended, if it was not at the end of a member.
    pub(super) fn damage(&self) -> Option<&What> {
        match &self.state {
            State::Damaged(what) => Some(what),
            _ => None,
        }
    }

    /// Bytes written to `out`; 0 at the end and at damage.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let done = match self.state {
                State::Ended | State::Damaged(_) => return Ok(0),
                State::Header => self.header().map(|()| 0),
                State::Body => self.body(out),
                State::Trailer => self.trailer().map(|()| 0),
            };
            match done {
                Ok(0) => {}
                Ok(count) => return Ok(count),
                Err(Stop::Io(error)) => return Err(error),
                Err(Stop::Damage(what)) => self.state = State::Damaged(what),
            }
        }
    }

    /// Reads more input where there is none; whether there is any now.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            // Here and not by the caller, who would come back in the middle of a header.
            self.end = loop {
                match self.inner.read(&mut self.input) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    done => break done?,
                }
            };
        }
        Ok(self.start < self.end)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        if !self.fill()? {
            return Err(Stop::Damage(What::GzipCut));
        }
        self.start += 1;
        Ok(self.input[self.start - 1])
    }

    /// The header of a member; or the end, after at least one, where nothing or only padding of zeros follows.
    fn header(&mut self) -> Result<(), Stop> {
        if self.members > 0 {
            loop {
                if !self.fill()? {
                    self.state = State::Ended;
                    return Ok(());
                }
                if self.input[self.start] != 0 {
                    break;
                }
                self.start += 1;
            }
        }
        for expected in MAGIC {
            if self.byte()? != expected {
                return Err(Stop::Damage(What::Gzip("something else follows the compressed data")));
            }
        }
        // Method, flags, time (4), extra flags, operating system.
        let mut fixed = [0; 8];
        for byte in &mut fixed {
            *byte = self.byte()?;
        }
        let [method, flags, ..] = fixed;
        if method != 8 || flags & 0xe0 != 0 {
            return Err(Stop::Damage(What::Gzip("unknown method or flags")));
        }
        if flags & 4 != 0 {
            let length = u16::from_le_bytes([self.byte()?, self.byte()?]);
            for _ in 0..length {
                self.byte()?;
            }
        }
        // Name, then comment, each ended by NUL.
        for flag in [8, 16] {
            if flags & flag != 0 {
                while self.byte()? != 0 {}
            }
        }
        if flags & 2 != 0 {
            self.byte()?;
            self.byte()?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.state = State::Body;
        Ok(())
    }

    fn body(&mut self, out: &mut [u8]) -> Result<usize, Stop> {
        let more = self.fill()?;
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(&self.input[self.start..self.end], out, FlushDecompress::None);
        // Counted even where the call reports an error: what came out before it is good.
        let taken = (self.inflate.total_in() - before_in) as usize;
        let count = (self.inflate.total_out() - before_out) as usize;
        self.start = (self.start + taken).min(self.end);
        self.crc.update(out.get(..count).unwrap_or_default());
        match status {
            Ok(Status::StreamEnd) => self.state = State::Trailer,
            Ok(_) if count == 0 && !more => self.state = State::Damaged(What::GzipCut),
            Ok(Status::BufError) if count == 0 && taken == 0 => {
                self.state = State::Damaged(What::Gzip("no progress"));
            }
            Ok(_) => {}
            Err(_) => self.state = State::Damaged(What::Gzip("the deflate stream makes no sense")),
        }
        Ok(count)
    }

    /// The CRC32 and the length, modulo 2^32, of what the member holds.
    fn trailer(&mut self) -> Result<(), Stop> {
        let mut fields = [0; 8];
        for byte in &mut fields {
            *byte = self.byte()?;
        }
        let [a, b, c, d, e, f, g, h] = fields;
        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
            return Err(Stop::Damage(What::Gzip("checksum differs")));
        }
        if u32::from_le_bytes([e, f, g, h]) != self.crc.amount() {
            return Err(Stop::Damage(What::Gzip("length differs")));
        }
        self.members += 1;
        self.state = State::Header;
        Ok(())
    }
}
