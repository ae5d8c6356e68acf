//! The `simnet` binary: what it writes, what it says, and how it refuses.

use std::process::{Command, Output};

fn simnet(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_simnet")).arg("traffic").args(arguments).output().unwrap()
}

#[test]
fn all_scenarios_go_into_a_folder_with_their_truth() {
    let folder = tempfile::tempdir().unwrap();
    let output = simnet(&["all", "--out", folder.path().to_str().unwrap(), "--format", "pcapng"]);
    assert!(output.status.success());
    let truths = String::from_utf8(output.stdout).unwrap();
    let names = String::from_utf8(simnet(&[]).stdout).unwrap();
    assert_eq!(truths.lines().count(), names.lines().count());
    for line in truths.lines() {
        let truth: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = std::path::Path::new(truth["file"].as_str().unwrap()).to_owned();
        assert!(file.starts_with(folder.path()) && file.metadata().unwrap().len() > 100);
        assert!(truth["packets"].as_u64().unwrap() > 5);
    }
}

#[test]
fn the_same_seed_writes_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, seed: &str| {
        let path = folder.path().join(name);
        assert!(simnet(&["--mix", "3000", "--seed", seed, "--out", path.to_str().unwrap()]).status.success());
        std::fs::read(path).unwrap()
    };
    let first = write("a.pcap", "7");
    assert_eq!(first, write("b.pcap", "7"));
    assert_ne!(first, write("c.pcap", "8"));
}

#[test]
fn wrong_requests_are_one_line_and_status_2() {
    for (arguments, word) in [
        (&["nothing", "--out", "x"][..], "no scenario \"nothing\"; there are: healthy_call"),
        (&["dns"][..], "--out FILE is missing"),
        (&["dns", "--out", "/nonexistent/folder/x.pcap"][..], "cannot create /nonexistent/folder/x.pcap"),
    ] {
        let output = simnet(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(word) && error.lines().count() == 1, "{error}");
    }
}
