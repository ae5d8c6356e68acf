//! Reading and writing the small files of this crate: bounded reads, private and atomic writes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// Reads a whole text file of at most `bytes_max` bytes.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > bytes_max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {bytes_max} bytes")));
    }
    Ok(text)
}

/// Writes `text` to `path`, readable by its owner alone (mode 0600), and puts it there whole or not at all: a reader
/// never sees half a key. An existing file is replaced only if `replace`; otherwise that is `AlreadyExists`.
pub(crate) fn write_private(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_private_folder(folder)?;
    }
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let staged = path.with_file_name(name);
    let written = write_new(&staged, text).and_then(|()| {
        if replace {
            return std::fs::rename(&staged, path);
        }
        // `link` fails when the name is taken, where `rename` would replace what somebody else has just written.
        match std::fs::hard_link(&staged, path) {
            // Memory sticks have no hard links. Between this look and the renaming somebody else may be quicker; that is all.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.try_exists()? => {
                std::fs::rename(&staged, path)
            }
            linked => linked.and_then(|()| std::fs::remove_file(&staged)),
        }
    });
    if written.is_err() {
        // The reason why it was not written is the one worth reporting.
        let _ = std::fs::remove_file(&staged);
    }
    written
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Creates `folder` and its parents; those that are new are open to their owner alone (mode 0700).
fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
