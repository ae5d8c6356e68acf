//! Writers of capture files: classic pcap with micro- or nanoseconds, and pcapng.
//!
//! Little endian, link type Ethernet, one interface. What is written is a function of the packets alone: no time of
//! writing, no name of a machine.

use std::io::{self, Write};

use super::Packet;

/// Packets are cut at this length; longer frames than this are not generated.
pub const SNAPLEN: u32 = 262_144;
/// LINKTYPE_ETHERNET of the registry at tcpdump.org.
pub const LINKTYPE_ETHERNET: u16 = 1;

/// The kinds of capture file that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Classic pcap with microseconds; times are rounded down.
    PcapMicros,
    /// Classic pcap with nanoseconds.
    #[default]
    PcapNanos,
    /// pcapng with nanoseconds (`if_tsresol` 9).
    Pcapng,
}

/// Writes one capture file, packet by packet.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    format: Format,
}

impl<W: Write> Writer<W> {
    /// Writes the file's header.
    ///
    /// # Errors
    /// Those of the underlying writer.
    pub fn new(mut out: W, format: Format) -> io::Result<Self> {
        match format {
            Format::PcapMicros | Format::PcapNanos => {
                let magic: u32 = if format == Format::PcapNanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
                out.write_all(&magic.to_le_bytes())?;
                out.write_all(&2_u16.to_le_bytes())?;
                out.write_all(&4_u16.to_le_bytes())?;
                out.write_all(&[0; 8])?;
                out.write_all(&SNAPLEN.to_le_bytes())?;
                out.write_all(&u32::from(LINKTYPE_ETHERNET).to_le_bytes())?;
            }
            Format::Pcapng => {
                // Section header: byte-order magic, version 1.0, section length unknown, `shb_userappl`.
                let mut body = Vec::new();
                body.extend(0x1a2b_3c4d_u32.to_le_bytes());
                body.extend(1_u16.to_le_bytes());
                body.extend(0_u16.to_le_bytes());
                body.extend(u64::MAX.to_le_bytes());
                option(&mut body, 4, b"simnet");
                option(&mut body, 0, b"");
                block(&mut out, 0x0a0d_0d0a, &body)?;
                // Interface: link type, reserved, snap length, `if_name`, `if_tsresol` of 10^-9.
                let mut body = Vec::new();
                body.extend(LINKTYPE_ETHERNET.to_le_bytes());
                body.extend(0_u16.to_le_bytes());
                body.extend(SNAPLEN.to_le_bytes());
                option(&mut body, 2, b"mirror0");
                option(&mut body, 9, &[9]);
                option(&mut body, 0, b"");
                block(&mut out, 1, &body)?;
            }
        }
        Ok(Self { out, format })
    }

    /// Appends a packet.
    ///
    /// # Errors
    /// Those of the underlying writer.
    pub fn write(&mut self, packet: &Packet) -> io::Result<()> {
        let original = packet.bytes.len() as u32;
        let captured = original.min(SNAPLEN);
        let data = &packet.bytes[..captured as usize];
        match self.format {
            Format::PcapMicros | Format::PcapNanos => {
                let unit = if self.format == Format::PcapNanos { 1 } else { 1000 };
                let mut record = [0; 16];
                record[..4].copy_from_slice(&((packet.time_ns / 1_000_000_000) as u32).to_le_bytes());
                record[4..8].copy_from_slice(&((packet.time_ns % 1_000_000_000 / unit) as u32).to_le_bytes());
                record[8..12].copy_from_slice(&captured.to_le_bytes());
                record[12..].copy_from_slice(&original.to_le_bytes());
                self.out.write_all(&record)?;
                self.out.write_all(data)
            }
            Format::Pcapng => {
                let mut body = Vec::with_capacity(data.len() + 24);
                body.extend(0_u32.to_le_bytes());
                body.extend(((packet.time_ns >> 32) as u32).to_le_bytes());
                body.extend((packet.time_ns as u32).to_le_bytes());
                body.extend(captured.to_le_bytes());
                body.extend(original.to_le_bytes());
                body.extend(data);
                pad(&mut body);
                block(&mut self.out, 6, &body)
            }
        }
    }

    /// Flushes, and gives the underlying writer back.
    ///
    /// # Errors
    /// Those of the underlying writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Appends a pcapng option; code 0 ends the list.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn block<W: Write>(out: &mut W, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length)?;
    out.write_all(body)?;
    out.write_all(&length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(format: Format) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), format).unwrap();
        writer.write(&Packet { time_ns: 1_700_000_000_123_456_789, bytes: vec![1, 2, 3, 4, 5] }).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn classic_records_carry_time_and_lengths() {
        let micros = file(Format::PcapMicros);
        let nanos = file(Format::PcapNanos);
        assert_eq!(micros.len(), 24 + 16 + 5);
        assert_eq!(micros[28..32], 123_456_u32.to_le_bytes());
        assert_eq!(nanos[28..32], 123_456_789_u32.to_le_bytes());
        assert_eq!(nanos[..4], 0xa1b2_3c4d_u32.to_le_bytes());
    }

    #[test]
    fn pcapng_blocks_are_padded_and_end_with_their_length() {
        let bytes = file(Format::Pcapng);
        assert_eq!(bytes.len() % 4, 0);
        let mut at = 0;
        let mut kinds = Vec::new();
        while at < bytes.len() {
            let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
            assert_eq!(bytes[at + 4..at + 8], bytes[at + length - 4..at + length]);
            kinds.push(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
            at += length;
        }
        assert_eq!(kinds, [0x0a0d_0d0a, 1, 6]);
    }
}
