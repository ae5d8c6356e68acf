//! Notes: what a capture says that is no packet, so that a query can give back a whole capture file.
//!
//! ```text
//! note       u8 tag, varint length, fields; a tag that is not known is skipped by its length
//!   1 section    comment, hardware, operating system, application: four times varint length + 1 (0: absent) and text
//!   2 name       u8 4 or 16, as many bytes of address, varint count, names
//!   3 secrets    varint kind (pcapng's Decryption Secrets types), the rest is the secret
//!   4 interface  varint number, varint link type, varint snap length, u8 resolution, name, description
//!   5 manifest   file name, 32 bytes of BLAKE3, varint packets, varint chunks (this one included)
//!   6 finding    8 bytes of id, varint stamp, varint first, varint last, the rest is the text
//! ```

use std::net::IpAddr;

use thiserror::Error;

use super::{ChunkError, Header, Interface};
use crate::codec::{Decode, Encode};
use crate::cursor::{Cursor, Short, put_bytes, put_varint};
use crate::time::Timestamp;

/// Names that one address may have in a note.
pub(super) const MAX_NAMES: usize = 1024;

/// Something that a capture says beside its packets.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Note {
    /// pcapng's Section Header Block: what made the capture, on what.
    Section { comment: Option<String>, hardware: Option<String>, os: Option<String>, application: Option<String> },
    /// A name resolution record: the names that an address had.
    Name { address: IpAddr, names: Vec<String> },
    /// A Decryption Secrets Block: its type (`0x544c534b` is a TLS key log) and data.
    Secrets { kind: u32, data: Vec<u8> },
    /// An interface of the capture, whether or not it saw a packet.
    Interface { number: u16, interface: Interface },
    /// Closes an import: once this is stored, everything before it can be counted.
    Manifest(Manifest),
    /// A note of a later version, left as it is.
    Unknown { tag: u8, data: Vec<u8> },
    /// What the analysis of the host's packets found. It lies in streams of its own.
    Finding(FindingNote),
}

/// A finding as it is kept: of those with the same id the one with the greatest stamp counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FindingNote {
    pub id: u64,
    /// When it was written, in nanoseconds since the Unix epoch.
    pub stamp: u64,
    /// Times of the first and the last packet that show it.
    pub first: Timestamp,
    pub last: Timestamp,
    /// One JSON object; empty when packets that came late have shown that it was none.
    pub text: Vec<u8>,
}

/// What an import consisted of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Manifest {
    /// Name of the file without its folder; empty for standard input.
    pub file_name: String,
    /// BLAKE3 of the file's bytes.
    pub file_hash: [u8; 32],
    /// Packets in all chunks of the stream.
    pub packets: u64,
    /// Chunks of the stream, the one with this manifest included.
    pub chunks: u64,
}

/// Why a note cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    #[error("notes have {found} bytes, the limit is {limit}")]
    TooLarge { found: usize, limit: usize },
    #[error("{found} notes, a chunk holds 1 to {limit}")]
    Count { found: usize, limit: usize },
    #[error("{found} names of one address, the limit is {MAX_NAMES}")]
    Names { found: usize },
}

pub(super) fn put(out: &mut Vec<u8>, note: &Note) -> Result<(), NoteError> {
    let mut fields = Vec::new();
    let tag = match note {
        Note::Section { comment, hardware, os, application } => {
            for text in [comment, hardware, os, application] {
                put_optional(&mut fields, text.as_deref());
            }
            1
        }
        Note::Name { address, names } => {
            if names.len() > MAX_NAMES {
                return Err(NoteError::Names { found: names.len() });
            }
            match address {
                IpAddr::V4(v4) => {
                    fields.push(4);
                    fields.extend_from_slice(&v4.octets());
                }
                IpAddr::V6(v6) => {
                    fields.push(16);
                    fields.extend_from_slice(&v6.octets());
                }
            }
            put_varint(&mut fields, names.len() as u64);
            names.iter().for_each(|name| put_bytes(&mut fields, name.as_bytes()));
            2
        }
        Note::Secrets { kind, data } => {
            put_varint(&mut fields, u64::from(*kind));
            fields.extend_from_slice(data);
            3
        }
        Note::Interface { number, interface } => {
            put_interface(&mut fields, *number, interface);
            4
        }
        Note::Manifest(manifest) => {
            put_bytes(&mut fields, manifest.file_name.as_bytes());
            fields.extend_from_slice(&manifest.file_hash);
            put_varint(&mut fields, manifest.packets);
            put_varint(&mut fields, manifest.chunks);
            5
        }
        Note::Unknown { tag, data } => {
            fields.extend_from_slice(data);
            *tag
        }
        Note::Finding(finding) => {
            fields.extend_from_slice(&finding.id.to_be_bytes());
            put_varint(&mut fields, finding.stamp);
            put_varint(&mut fields, finding.first.0);
            put_varint(&mut fields, finding.last.0);
            fields.extend_from_slice(&finding.text);
            6
        }
    };
    out.push(tag);
    put_bytes(out, &fields);
    Ok(())
}

pub(super) fn parse(header: &Header, body: &[u8]) -> Result<Vec<Note>, ChunkError> {
    let invalid = |_: Short| ChunkError::Invalid("note");
    let mut cursor = Cursor::new(body);
    let mut notes = Vec::with_capacity(header.records as usize);
    for _ in 0..header.records {
        let tag = cursor.u8().map_err(invalid)?;
        let fields = cursor.bytes().map_err(invalid)?;
        notes.push(take(tag, fields).map_err(invalid)?);
    }
    if cursor.is_empty() { Ok(notes) } else { Err(ChunkError::Invalid("note")) }
}

fn take(tag: u8, fields: &[u8]) -> Result<Note, Short> {
    let mut cursor = Cursor::new(fields);
    let note = match tag {
        1 => Note::Section {
            comment: take_optional(&mut cursor)?,
            hardware: take_optional(&mut cursor)?,
            os: take_optional(&mut cursor)?,
            application: take_optional(&mut cursor)?,
        },
        2 => {
            let address = match cursor.u8()? {
                4 => IpAddr::from(*cursor.take(4)?.first_chunk::<4>().ok_or(Short)?),
                16 => IpAddr::from(*cursor.take(16)?.first_chunk::<16>().ok_or(Short)?),
                _ => return Err(Short),
            };
            let count = cursor.varint()?;
            if count > MAX_NAMES as u64 {
                return Err(Short);
            }
            let names = (0..count).map(|_| cursor.text().map(str::to_owned)).collect::<Result<_, _>>()?;
            Note::Name { address, names }
        }
        3 => {
            let kind = cursor.varint_u32()?;
            return Ok(Note::Secrets { kind, data: cursor.rest().to_vec() });
        }
        4 => {
            let (number, interface) = take_interface(&mut cursor)?;
            Note::Interface { number, interface }
        }
        5 => Note::Manifest(Manifest {
            file_name: cursor.text()?.to_owned(),
            file_hash: *cursor.take(32)?.first_chunk::<32>().ok_or(Short)?,
            packets: cursor.varint()?,
            chunks: cursor.varint()?,
        }),
        6 => {
            return Ok(Note::Finding(FindingNote {
                id: u64::from_be_bytes(*cursor.take(8)?.first_chunk::<8>().ok_or(Short)?),
                stamp: cursor.varint()?,
                first: Timestamp(cursor.varint()?),
                last: Timestamp(cursor.varint()?),
                text: cursor.rest().to_vec(),
            }));
        }
        tag => {
            return Ok(Note::Unknown { tag, data: fields.to_vec() });
        }
    };
    if cursor.is_empty() { Ok(note) } else { Err(Short) }
}

fn put_optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => out.push(0),
        Some(text) => {
            put_varint(out, text.len() as u64 + 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn take_optional(cursor: &mut Cursor<'_>) -> Result<Option<String>, Short> {
    let Some(len) = cursor.varint()?.checked_sub(1) else {
        return Ok(None);
    };
    let bytes = cursor.take(usize::try_from(len).map_err(|_| Short)?)?;
    std::str::from_utf8(bytes).map(|text| Some(text.to_owned())).map_err(|_| Short)
}

pub(super) fn put_interface(out: &mut Vec<u8>, number: u16, interface: &Interface) {
    put_varint(out, number.into());
    put_varint(out, interface.link_type.into());
    put_varint(out, interface.snaplen.into());
    out.push(interface.resolution);
    put_bytes(out, interface.name.as_bytes());
    put_bytes(out, interface.description.as_bytes());
}

pub(super) fn take_interface(cursor: &mut Cursor<'_>) -> Result<(u16, Interface), Short> {
    let number = cursor.varint_u16()?;
    let interface = Interface {
        link_type: cursor.varint_u16()?,
        snaplen: cursor.varint_u32()?,
        resolution: cursor.u8()?,
        name: cursor.text()?.to_owned(),
        description: cursor.text()?.to_owned(),
    };
    Ok((number, interface))
}
