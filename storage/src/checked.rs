//! Chunks that may be stored: what is in them is known.

use packetstream_protocol::Chunk;
use packetstream_protocol::chunk::{ChunkError, ChunkKind};
use packetstream_protocol::wire::Extract;

use crate::entry::Entry;
use crate::zone::ZoneMap;

/// A chunk with what a store keeps of it.
///
/// **Looked into once.** Opening a chunk, hashing its content and looking at each packet costs three times as much as storing it. It is
/// done where a chunk enters the cluster ([`Checked::of`]). One that moves to another owner comes with what was found then
/// ([`Checked::told`]): that its bytes are those that were checked is held by the checksum in the chunk, and its content is held to its
/// hash whenever it is read.
#[derive(Clone, Debug)]
pub struct Checked {
    pub(crate) chunk: Chunk,
    pub(crate) entry: Result<Entry, ChunkError>,
}

impl Checked {
    /// Looks into a chunk. One whose content is not what its header says is not stored: [`crate::Outcome::Damaged`].
    #[must_use]
    pub fn of(chunk: Chunk) -> Self {
        let entry = Entry::of(&chunk);
        Self { chunk, entry }
    }

    /// A chunk that another store holds, and what it knows of it; what cannot be in a chunk of its kind is not believed.
    #[must_use]
    pub fn told(chunk: Chunk, extract: &Extract) -> Self {
        let kind = chunk.header().kind;
        let zone = match kind {
            ChunkKind::Packets(_) => ZoneMap::from_extract(extract),
            ChunkKind::Gaps | ChunkKind::Notes => ZoneMap::default(),
        };
        let lost = if kind == ChunkKind::Gaps { extract.lost } else { 0 };
        let manifest = kind == ChunkKind::Notes && extract.manifest;
        let entry = Ok(Entry::new(chunk.header(), zone, lost, manifest));
        Self { chunk, entry }
    }

    /// The chunk.
    #[must_use]
    pub fn chunk(&self) -> &Chunk {
        &self.chunk
    }
}

impl Entry {
    /// What another store need not find out.
    #[must_use]
    pub fn extract(&self) -> Extract {
        let zone = &self.zone;
        Extract {
            lost: self.lost,
            manifest: self.manifest,
            zone_flags: zone.flags,
            protocols: zone.protocols,
            ipv4: (zone.ipv4_min, zone.ipv4_max),
            ports: (zone.port_min, zone.port_max),
        }
    }
}

impl ZoneMap {
    fn from_extract(extract: &Extract) -> Self {
        let ((ipv4_min, ipv4_max), (port_min, port_max)) = (extract.ipv4, extract.ports);
        Self { flags: extract.zone_flags, protocols: extract.protocols, ipv4_min, ipv4_max, port_min, port_max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{START, chunk, stream};

    #[test]
    fn what_is_told_is_what_looking_finds() {
        let chunk = chunk(stream(1, 1), 3, &[START, START + 5]);
        let found = Checked::of(chunk.clone());
        let entry = found.entry.clone().expect("a whole chunk");
        let told = Checked::told(chunk, &entry.extract());
        assert_eq!((told.entry, told.chunk), (Ok(entry), found.chunk));
    }

    #[test]
    fn what_cannot_be_is_not_believed() {
        let chunk = chunk(stream(1, 1), 3, &[START]);
        let honest = Entry::of(&chunk).expect("a whole chunk");
        let told = Checked::told(chunk, &Extract { lost: 9, manifest: true, ..honest.extract() });
        assert_eq!(told.entry, Ok(honest));
    }
}
