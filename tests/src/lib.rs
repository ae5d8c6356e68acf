//! What the end-to-end tests share: where the binary, the repository and other people's captures are.

pub mod members;
pub mod process;

use std::io::Write;
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

/// Says that a test goes without what it needs; past the harness, which keeps to itself what a passing test prints, so that
/// `make test` can count these lines.
///
/// # Panics
/// In CI, where everything is there.
pub fn skipped(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "in CI nothing is skipped: {why}");
    let test = std::thread::current();
    let _ = writeln!(std::io::stderr(), "skipped: {}: {why}", test.name().unwrap_or("a test"));
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
        skipped("no captures at ../shared/captures");
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
        skipped(&format!("{program} is not here"));
    }
    there
}
