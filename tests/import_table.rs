//! Which crate may know which: the table in ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::path::Path;

use packetstream_tests::root;

/// Folder, name, and the crates of ours that it may import.
const TABLE: &[(&str, &str, &[&str])] = &[
    ("protocol", "packetstream-protocol", &[]),
    ("dissect", "packetstream-dissect", &[]),
    ("config", "packetstream-config", &["packetstream-protocol"]),
    ("storage", "packetstream-storage", &["packetstream-protocol"]),
    (
        "node/core",
        "packetstream-core",
        &["packetstream-config", "packetstream-dissect", "packetstream-protocol", "packetstream-storage"],
    ),
    (
        "node",
        "packetstream-node",
        &[
            "packetstream-config",
            "packetstream-core",
            "packetstream-dissect",
            "packetstream-protocol",
            "packetstream-storage",
        ],
    ),
    ("simnet", "packetstream-simnet", &["packetstream-core", "packetstream-dissect", "packetstream-protocol"]),
    ("tests/fuzz", "packetstream-fuzz", &[]),
    ("tests", "packetstream-tests", &[]),
];

/// Crates that may be named in one place alone, so that each can be replaced without a search.
const CONFINED: &[(&str, &[&str])] = &[
    ("bincode", &["protocol/src/codec.rs"]),
    ("rocksdb", &["storage/src/", "storage/benches/", "storage/tests/"]),
    ("libp2p", &["node/src/net/", "node/tests/net"]),
    ("actix", &["node/src/"]),
];

fn dependencies(folder: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("every folder is a crate");
    let manifest: toml::Table = text.parse().expect("cargo reads it too");
    let table = manifest.get("dependencies").and_then(|d| d.as_table());
    table.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
fn crates_import_only_what_they_may() {
    for (folder, _, may) in TABLE {
        for name in dependencies(folder).iter().filter(|name| name.starts_with("packetstream-")) {
            assert!(may.contains(&name.as_str()), "{folder} must not import {name}");
        }
    }
}

#[test]
fn every_member_stands_in_the_table() {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml"))
        .expect("the root has one")
        .parse()
        .expect("cargo reads it too");
    let members = manifest["workspace"]["members"].as_array().expect("a list");
    let members: BTreeSet<&str> = members.iter().filter_map(|member| member.as_str()).collect();
    assert_eq!(members, TABLE.iter().map(|row| row.0).collect());
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the checkout").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let inside = path.strip_prefix(root()).expect("below the root");
            found.push(inside.to_string_lossy().into_owned());
        }
    }
}

#[test]
fn confined_crates_are_named_where_they_belong() {
    let mut found = Vec::new();
    sources(root(), &mut found);
    for path in found.iter().filter(|path| *path != "tests/import_table.rs") {
        let text = std::fs::read_to_string(root().join(path)).expect("listed a moment ago");
        for (name, places) in CONFINED {
            let named = text.lines().any(|line| {
                let code = line.trim_start();
                !code.starts_with("//")
                    && (code.contains(&format!("{name}::")) || code.contains(&format!("use {name}")))
            });
            let allowed = places.iter().any(|place| path.starts_with(place));
            assert!(!named || allowed, "{path} names {name}, which belongs to {places:?}");
        }
    }
}
