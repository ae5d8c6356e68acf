//! The list of differences from Wireshark names a test for each of its lines, and the test is there.

use std::path::Path;

const LIST: &str = include_str!("../../DIFFERENCES.md");

/// The source of a test module: `a::b::tests` is `a/b/tests.rs`, or stands at the foot of `a/b.rs`.
fn source(module: &[&str]) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (parent, last) = (module.get(..module.len() - 1)?, module.last()?);
    let inside = root.join(parent.join("/"));
    let candidates = [inside.join(format!("{last}.rs")), inside.with_extension("rs"), inside.join("mod.rs")];
    candidates.into_iter().find_map(|path| std::fs::read_to_string(path).ok())
}

fn is_there(test: &str) -> bool {
    let parts: Vec<_> = test.split("::").collect();
    if source(&parts).is_some_and(|text| text.contains("#[test]")) {
        return true;
    }
    let Some((name, module)) = parts.split_last() else { return false };
    source(module).is_some_and(|text| text.contains(&format!("fn {name}(")))
}

#[test]
fn each_difference_has_its_test() {
    let entries: Vec<_> = LIST.split("\n- ").skip(1).collect();
    assert!(!entries.is_empty());
    for entry in entries {
        let entry = entry.split("\n## ").next().unwrap_or_default();
        let tests: Vec<_> = entry.split('`').filter(|part| part.contains("tests") && part.contains("::")).collect();
        let line = entry.lines().next().unwrap_or_default();
        assert!(!tests.is_empty(), "no test stands behind: {line}");
        for test in tests {
            assert!(is_there(test), "{test} is not there, which stands behind: {line}");
        }
    }
}
