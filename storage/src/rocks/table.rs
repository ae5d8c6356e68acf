//! Many chunks of one host and hour at once become a table that RocksDB takes over as it is: written and synced once, where the log
//! and a write buffer would have each byte written twice and copied three times more.
//!
//! **Why only many, and of one host and hour.** A table is a file: small ones would be too many. Tables of one host and hour lie beside
//! each other and not over each other, so that no compaction puts them together anew, and go as files when the hour or the host
//! goes. What is stored otherwise is of another family, for the same reason: its keys are of all hosts.
//!
//! A chunk without an entry is nothing: should the process end between the two, the next one of that name is written over it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use packetstream_protocol::Chunk;
use packetstream_protocol::ids::{ChunkId, ChunkNo};
use rocksdb::{IngestExternalFileOptions, Options, SstFileWriter};

use super::{Shared, TABLES, damaged, family};
use crate::entry::Entry;
use crate::entry::disk::chunk_key;
use crate::store::StoreError;

/// Bytes of chunks of one host and hour that are worth a file.
pub(super) const MIN_TABLE_BYTES: usize = 1 << 20;

/// Where tables are written before they are taken over.
pub(super) const FOLDER: &str = "incoming";

/// Removes what an unclean end left.
pub(super) fn clean(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path.join(FOLDER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path.join(FOLDER), &error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Io(format!("{}: {error}", path.display()))
}

impl Shared {
    /// Writes each run of `chunks`, sorted by their keys, that is long enough as a table; the chunks that were left are those of the
    /// other runs. When this fails nothing is stored, and what was written is no longer there.
    pub(super) fn write_tables<'a>(
        &self,
        chunks: Vec<(&'a Chunk, &'a Entry)>,
    ) -> Result<Vec<(&'a Chunk, &'a Entry)>, StoreError> {
        let of_one = |(_, one): &(&Chunk, &Entry), (_, next): &(&Chunk, &Entry)| {
            (one.hour(), one.id.stream.host) == (next.hour(), next.id.stream.host)
        };
        let (mut tables, mut left) = (Vec::new(), Vec::new());
        let mut written = Ok(());
        for run in chunks.chunk_by(of_one) {
            let bytes: usize = run.iter().map(|(chunk, _)| chunk.bytes().len()).sum();
            if bytes < MIN_TABLE_BYTES {
                left.extend_from_slice(run);
                continue;
            }
            let table = self.path.join(FOLDER).join(format!("{}.sst", tables.len()));
            written = self.write_table(&table, run);
            tables.push(table);
            if written.is_err() {
                break;
            }
        }
        let taken = match tables.is_empty() {
            true => Ok(()),
            false => written.and_then(|()| self.take_over(&tables)),
        };
        if taken.is_err() {
            clean(&self.path)?;
        }
        taken.map(|()| left)
    }

    fn write_table(&self, path: &PathBuf, run: &[(&Chunk, &Entry)]) -> Result<(), StoreError> {
        let folder = self.path.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
        let failed = |error| damaged(&error);
        let mut table = SstFileWriter::create(&self.table_options);
        table.open(path).map_err(failed)?;
        for (chunk, entry) in run {
            table.put(chunk_key(entry.hour(), entry.id), chunk.bytes()).map_err(failed)?;
        }
        // Synced, too.
        table.finish().map_err(failed)
    }

    fn take_over(&self, tables: &[PathBuf]) -> Result<(), StoreError> {
        let family = family!(self, TABLES);
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        self.db.ingest_external_file_cf_opts(&family, &options, tables.to_vec()).map_err(|error| damaged(&error))
    }
}

impl Shared {
    /// Deletes the tables that lie in `from..=to` and hold nothing else. What was in them is no longer asked for.
    pub(super) fn drop_tables(&self, from: &[u8], to: &[u8]) -> Result<(), StoreError> {
        let family = family!(self, TABLES);
        self.db.delete_file_in_range_cf(&family, from, to).map_err(|error| damaged(&error))
    }

    /// Deletes the tables that hold nothing but chunks that are gone, among them these, which are no longer asked for.
    pub(super) fn drop_from_tables(&self, gone: &[Entry]) -> Result<(), StoreError> {
        let mut ranges = BTreeSet::new();
        {
            let catalog = self.catalog.read();
            for entry in gone {
                let stream = entry.id.stream;
                let have = catalog.have(stream);
                // Nothing of an hour lies between two chunks of a stream that are held but what is not.
                if let Some(free) = have.map_or(Some((0, u64::MAX)), |have| have.free_around(entry.id.no.0)) {
                    ranges.insert((entry.hour(), stream, free));
                }
            }
        }
        for (hour, stream, (first, last)) in ranges {
            let key = |no| chunk_key(hour, ChunkId { stream, no: ChunkNo(no) });
            self.drop_tables(&key(first), &key(last))?;
        }
        Ok(())
    }
}

/// How tables are written.
pub(super) fn options() -> Options {
    let mut options = super::open::family_options(TABLES, None);
    // The disk begins to write before all is there.
    options.set_bytes_per_sync(1 << 20);
    options
}
