//! What the end-to-end tests share: where the binary, the repository and other people's captures are.

pub mod members;
pub mod process;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A binary of the workspace, built beside the tests.
///
/// # Panics
/// When it is not there: `make test` builds it first.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test.ancestors().nth(2).expect("tests lie in the profile's deps folder");
    let path = folder.join(name);
    assert!(path.exists(), "{} is not built; run `make build`", path.display());
    path
}

/// Runs `packetstream` with arguments.
///
/// # Panics
/// When it cannot be started.
pub fn packetstream(args: &[&str]) -> Output {
    Command::new(binary("packetstream")).args(args).output().expect("the binary is there")
}

/// Other people's captures beside the checkout, in the order of their paths; empty, and said so, where there are none.
///
/// # Panics
/// In CI, where they must be there.
pub fn captures() -> Vec<PathBuf> {
    let folder = root().join("../shared/captures");
    let mut found = Vec::new();
    walk(&folder, &mut found);
    found.sort();
    if found.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "CI has captures at {}", folder.display());
        eprintln!("skipped: no captures at {}", folder.display());
    }
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end != "tsv" && end != "md" && end != "txt") {
            found.push(path);
        }
    }
}

/// Whether a program that a test compares with is here; says so where it is not.
///
/// # Panics
/// In CI, where it must be there.
pub fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        assert!(std::env::var_os("CI").is_none(), "CI has {program}");
        eprintln!("skipped: {program} is not here");
    }
    there
}
