//! Opening: whose folder it is, which format it has, and what lies in it.

use std::fs;
use std::io;
use std::path::Path;

use packetstream_protocol::ids::HostId;
use rocksdb::{
    AsColumnFamilyRef, BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, IteratorMode, LogLevel,
    Options,
};

use super::{
    CHUNKS, Db, ENTRIES, FORMAT, KEY_FORMAT, KEY_HOST_NAME, KEY_KEPT_FROM, META, PLACES, TABLES, damaged, synced, table,
};
use crate::catalog::Catalog;
use crate::entry::disk::parse_entry;
use crate::store::StoreError;

/// What the value of [`KEY_FORMAT`] begins with; a version follows, little-endian.
const MAGIC: [u8; 4] = *b"PSST";

/// RocksDB's default family, which it always has and nothing is kept in.
const DEFAULT: &str = "default";

pub(super) fn open(path: &Path) -> Result<(Db, Catalog), StoreError> {
    let is_new = is_new(path)?;
    let cache = Cache::new_lru_cache(32 << 20);
    let mut names: Vec<String> = [DEFAULT, CHUNKS, TABLES, ENTRIES, PLACES, META].map(str::to_owned).to_vec();
    if !is_new {
        // A newer version may have families that this one does not know; without them it could not even read the version.
        let held = Db::list_cf(&Options::default(), path).map_err(|error| classify(path, &error))?;
        names.extend(held.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
    }
    let families = names.iter().map(|name| ColumnFamilyDescriptor::new(name, family_options(name, Some(&cache))));
    let db = Db::open_cf_descriptors(&database_options(), path, families).map_err(|error| classify(path, &error))?;
    check_format(&db, path, is_new)?;
    table::clean(path)?;
    let catalog = load(&db)?;
    Ok((db, catalog))
}

/// Whether a store is to be made: the folder is not there or empty.
fn is_new(path: &Path) -> Result<bool, StoreError> {
    let io = |error: io::Error| StoreError::Io(format!("{}: {error}", path.display()));
    if path.join("CURRENT").is_file() {
        return Ok(false);
    }
    fs::create_dir_all(path).map_err(io)?;
    // What a first opening leaves that was interrupted; everything else is somebody else's.
    let ours = |name: &str| {
        let rocksdb = ["LOCK", "LOG", "IDENTITY", "MANIFEST-", "OPTIONS-"];
        rocksdb.iter().any(|ours| name.starts_with(ours)) || name.ends_with(".log") || name.ends_with(".dbtmp")
    };
    for file in fs::read_dir(path).map_err(io)? {
        if !file.map_err(io)?.file_name().to_str().is_some_and(ours) {
            return Err(StoreError::Foreign(path.to_owned()));
        }
    }
    Ok(true)
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);
    options.set_track_and_verify_wals_in_manifest(true);
    // All families together; a flush of the largest begins when it is reached.
    options.set_db_write_buffer_size(64 << 20);
    options.set_max_total_wal_size(256 << 20);
    options.set_max_open_files(512);
    options.set_max_background_jobs(2);
    options.set_bytes_per_sync(1 << 20);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(1 << 20);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options
}

pub(super) fn family_options(name: &str, cache: Option<&Cache>) -> Options {
    let mut blocks = BlockBasedOptions::default();
    match cache {
        Some(cache) => blocks.set_block_cache(cache),
        None => blocks.disable_cache(),
    }
    blocks.set_cache_index_and_filter_blocks(cache.is_some());
    blocks.set_bloom_filter(10.0, false);
    blocks.set_block_size(16 << 10);
    let mut options = Options::default();
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(4 << 20);
    options.set_max_write_buffer_number(2);
    options.set_target_file_size_base(16 << 20);
    if name == TABLES {
        // Chunks are compressed already, and a table is as large as it comes.
        options.set_compression_type(DBCompressionType::None);
        options.set_target_file_size_base(64 << 20);
        // It stays where it was taken over, above what it overlaps: no level is ever too large. Putting tables together anew
        // wrote each of them once more while data moved.
        options.set_level_compaction_dynamic_level_bytes(false);
        options.set_max_bytes_for_level_base(1 << 50);
    }
    if name == CHUNKS {
        // Chunks are compressed already, and read whole.
        options.set_compression_type(DBCompressionType::None);
        options.set_write_buffer_size(24 << 20);
        options.set_target_file_size_base(64 << 20);
        options.set_max_bytes_for_level_base(512 << 20);
        options.set_enable_blob_files(true);
        options.set_min_blob_size(4096);
        options.set_blob_file_size(64 << 20);
        options.set_enable_blob_gc(false);
    }
    options.set_block_based_table_factory(&blocks);
    options
}

fn classify(path: &Path, error: &rocksdb::Error) -> StoreError {
    let text = error.to_string();
    // "IO error: While lock file: /…/LOCK: Resource temporarily unavailable", or "lock hold by current process".
    if text.contains("lock file") || text.contains("lock hold by current process") {
        return StoreError::Locked(path.to_owned());
    }
    damaged(error)
}

fn check_format(db: &Db, path: &Path, is_new: bool) -> Result<(), StoreError> {
    let missing = || StoreError::Damaged("family meta is missing".into());
    let family = db.cf_handle(META).ok_or_else(missing)?;
    let held = db.get_cf(&family, KEY_FORMAT).map_err(|error| damaged(&error))?;
    let Some(held) = held else {
        let empty = db.iterator_cf(&db.cf_handle(ENTRIES).ok_or_else(missing)?, IteratorMode::Start).next().is_none();
        if !is_new && !empty {
            return Err(StoreError::Foreign(path.to_owned()));
        }
        return put_format(db, &family);
    };
    let value = unwrap_meta(KEY_FORMAT, &held)?;
    let version = value.strip_prefix(&MAGIC).and_then(|version| version.first_chunk::<4>());
    match version.map(|version| u32::from_le_bytes(*version)) {
        None => Err(StoreError::Foreign(path.to_owned())),
        Some(FORMAT) => Ok(()),
        // The next version of what is here: an older program would not find what lies in tables.
        Some(1) => put_format(db, &family),
        Some(found) => Err(StoreError::Version { path: path.to_owned(), found, known: FORMAT }),
    }
}

fn put_format(db: &Db, family: &impl AsColumnFamilyRef) -> Result<(), StoreError> {
    let value = [&MAGIC[..], &FORMAT.to_le_bytes()].concat();
    db.put_cf_opt(family, KEY_FORMAT, wrap_meta(KEY_FORMAT, &value), &synced()).map_err(|error| damaged(&error))
}

/// Goes through all entries once: what is in memory is never older than what is on the disk.
fn load(db: &Db) -> Result<Catalog, StoreError> {
    let missing = |name| move || StoreError::Damaged(format!("family {name} is missing"));
    let mut catalog = Catalog::default();
    for item in db.iterator_cf(&db.cf_handle(ENTRIES).ok_or_else(missing(ENTRIES))?, IteratorMode::Start) {
        let (key, value) = item.map_err(|error| damaged(&error))?;
        let entry = parse_entry(&key, &value).map_err(|_| StoreError::Damaged("entry of a chunk".into()))?;
        catalog.add(&entry);
    }
    for item in db.iterator_cf(&db.cf_handle(META).ok_or_else(missing(META))?, IteratorMode::Start) {
        let (key, value) = item.map_err(|error| damaged(&error))?;
        let Ok(key) = std::str::from_utf8(&key) else { continue };
        if key == KEY_KEPT_FROM {
            let hour = unwrap_meta(key, &value)?.first_chunk::<4>().ok_or_else(|| unreadable(key))?;
            catalog.kept_from = u32::from_le_bytes(*hour);
        } else if let Some(host) = key.strip_prefix(KEY_HOST_NAME) {
            let host: HostId = host.parse().map_err(|_| unreadable(key))?;
            let name = std::str::from_utf8(unwrap_meta(key, &value)?).map_err(|_| unreadable(key))?;
            catalog.names.insert(host, name.to_owned());
        }
    }
    Ok(catalog)
}

fn unreadable(key: &str) -> StoreError {
    StoreError::Damaged(format!("value of {key}"))
}

fn meta_crc(key: &str, value: &[u8]) -> [u8; 4] {
    let mut crc = crc32fast::Hasher::new();
    crc.update(key.as_bytes());
    crc.update(value);
    crc.finalize().to_le_bytes()
}

/// A small value as it is kept: behind its checksum.
pub(super) fn wrap_meta(key: &str, value: &[u8]) -> Vec<u8> {
    [&meta_crc(key, value), value].concat()
}

pub(super) fn unwrap_meta<'a>(key: &str, kept: &'a [u8]) -> Result<&'a [u8], StoreError> {
    match kept.split_first_chunk::<4>() {
        Some((crc, value)) if *crc == meta_crc(key, value) => Ok(value),
        _ => Err(unreadable(key)),
    }
}
