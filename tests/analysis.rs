//! What the cluster's own analysis finds is what `diagnose` finds in the file, once, whichever node dies; standing rules run there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use packetstream_tests::members::{Members, said_by};
use packetstream_tests::process::{PATIENCE, traffic, until};
use packetstream_tests::{captures, packetstream};
use serde_json::Value;

/// How soon the next owner of a host's packets must have taken over; of three times the middle one counts, for whoever else is
/// busy on the machine.
const TAKEOVER: Duration = Duration::from_secs(5);

/// The packets of a classic pcap file in so many files of equal parts.
fn split(file: &str, parts: usize, folder: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).expect("made before");
    let is_little = bytes[0] == 0xd4 || bytes[0] == 0x4d;
    let (head, mut rest) = bytes.split_at(24);
    let mut records = Vec::new();
    while rest.len() >= 16 {
        let four: [u8; 4] = rest[8..12].try_into().expect("four octets");
        let len = if is_little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) };
        let (record, after) = rest.split_at(16 + len as usize);
        records.push(record);
        rest = after;
    }
    let of_each = records.len().div_ceil(parts);
    let write = |(number, records): (usize, &[&[u8]])| {
        let path = folder.join(format!("part-{number}.pcap"));
        std::fs::write(&path, [head, &records.concat()].concat()).expect("writable");
        path.to_str().expect("text").to_owned()
    };
    records.chunks(of_each).enumerate().map(write).collect()
}

/// Findings by their ids, without what differs by nature: a file numbers its frames, the cluster has identifiers, and here the
/// host is another, too.
fn findings(text: &[u8]) -> Vec<(String, Value)> {
    let text = String::from_utf8_lossy(text);
    let mut all: Vec<(String, Value)> = Vec::new();
    for line in text.lines() {
        let mut finding: Value = serde_json::from_str(line).expect("one object a line");
        let id = finding["id"].as_str().expect("an id").to_owned();
        let object = finding.as_object_mut().expect("an object");
        ["frames", "packets", "host"].iter().for_each(|key| drop(object.remove(*key)));
        all.push((id, finding));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let ids: BTreeSet<&String> = all.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), all.len(), "each id once");
    all
}

/// What `status` says of the analysis of the only host: who runs it, whether it is behind, and its state.
fn runner(members: &Members, through: usize) -> Option<(String, u64, String)> {
    let status = members.status(through)?;
    let rows = status["analyses"].as_array()?;
    let row = rows.iter().find(|row| row["chunks"].as_u64() > Some(0))?;
    let word = |key: &str| row[key].as_str().map(str::to_owned);
    Some((word("name")?, row["behind_chunks"].as_u64()?, word("state")?))
}

fn number(name: &str) -> usize {
    name.trim_start_matches('n').parse::<usize>().expect("n1 to n3") - 1
}

#[test]
fn each_finding_comes_once_when_its_runner_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = traffic(&["--mix", "40000"], &folder.path().join("mix.pcap"));
    let expected = findings(&packetstream(&["diagnose", "-r", &file, "-T", "json"]).stdout);
    assert!(expected.len() > 100, "{} findings", expected.len());
    let parts = split(&file, 4, folder.path());
    let mut members = Members::start(folder.path(), 3, &[]);
    let stored = |members: &Members, through: usize| members.run(through, &["diagnose", "--stored", "-T", "json"]);
    let mut takeovers = Vec::new();
    let mut through = 0;
    for (round, part) in parts.iter().enumerate() {
        members.text(through, &["import", part, "--host", "h"]);
        let (name, ..) = until("somebody runs the analysis", PATIENCE, || runner(&members, through));
        if round + 1 == parts.len() {
            break;
        }
        // It has read some of the part, or all of it, and has not judged its end.
        let victim = number(&name);
        members.nodes[victim].kill();
        let killed = Instant::now();
        through = (victim + 1) % 3;
        until("another takes over", PATIENCE, || {
            runner(&members, through).filter(|(now, behind, _)| *now != name && *behind == 0)
        });
        takeovers.push(killed.elapsed());
        members.nodes[victim].restart();
        members.settle(3);
    }
    eprintln!("taken over after {takeovers:?}");
    takeovers.sort();
    assert!(takeovers[1] < TAKEOVER, "{takeovers:?}");
    until("the end is judged", PATIENCE, || {
        let (_, behind, state) = runner(&members, through)?;
        (behind == 0 && state == "done").then_some(())
    });
    // Each node says the same.
    for through in 0..3 {
        until(&format!("every finding through node {through}"), PATIENCE, || {
            let output = stored(&members, through);
            (output.status.success() && findings(&output.stdout) == expected).then_some(())
        });
    }
    // Nothing changes any more, and what is held says the same.
    assert_eq!(findings(&stored(&members, 1).stdout), expected);
    assert_eq!(findings(&members.run(2, &["diagnose", "-T", "json"]).stdout), expected);
}

#[test]
fn the_findings_are_the_same_when_the_runner_dies_in_the_middle_of_an_import() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = traffic(&["--mix", "80000"], &folder.path().join("mix.pcap"));
    let expected = findings(&packetstream(&["diagnose", "-r", &file, "-T", "json"]).stdout);
    let mut members = Members::start(folder.path(), 3, &[]);
    for round in 0..3_usize {
        let host = format!("h{round}");
        let mut importing = members.import(&file, &host);
        let mut said = said_by(&mut importing);
        for _ in 0..5 {
            said.find(|line| !line["acknowledged"].is_null()).expect("more chunks than that");
        }
        // Those of the earlier rounds are done.
        let name = until("somebody runs the analysis", PATIENCE, || {
            runners(&members, 0)?.into_values().find(|(.., state)| state != "done").map(|(name, ..)| name)
        });
        let victim = number(&name);
        members.nodes[victim].kill();
        said.for_each(drop);
        assert!(importing.wait().expect("it ends").success(), "an import never fails for a node that dies");
        let through = (victim + 1) % 3;
        until("every finding of the file", PATIENCE, || {
            let output = members.run(through, &["diagnose", "--stored", "--host", &host, "-T", "json"]);
            (output.status.success() && findings(&output.stdout) == expected).then_some(())
        });
        members.nodes[victim].restart();
        members.settle(3);
    }
}

/// What `status` says of all analyses: of each host who runs it, whether it is behind, and its state.
fn runners(members: &Members, through: usize) -> Option<BTreeMap<String, (String, u64, String)>> {
    let status = members.status(through)?;
    let row = |row: &Value| {
        let word = |key: &str| row[key].as_str().map(str::to_owned);
        Some((word("host")?, (word("name")?, row["behind_chunks"].as_u64()?, word("state")?)))
    };
    status["analyses"].as_array()?.iter().map(row).collect()
}

#[test]
fn the_findings_of_every_capture_are_those_of_its_file_whoever_dies() {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<String> = captures().iter().map(|path| path.to_str().expect("text").to_owned()).collect();
    if files.is_empty() {
        return;
    }
    let mut members = Members::start(folder.path(), 3, &[]);
    let mut hosts: Vec<(String, String)> = Vec::new();
    let mut takeovers = Vec::new();
    for (round, batch) in files.chunks(files.len().div_ceil(4)).enumerate() {
        let victim = round % 3;
        for file in batch {
            // A file that is cut short is taken up to the cut, and the status says so; one of no packets leaves no host.
            let imported = members.run((victim + 1) % 3, &["import", file]);
            let said = [imported.stdout, imported.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let of_host =
                |rest: &str| rest.chars().take_while(|sign| sign.is_ascii_hexdigit() || *sign == '-').collect();
            hosts.extend(said.split_once("host ").map(|(_, rest)| (file.clone(), of_host(rest))));
        }
        if round == 3 {
            break;
        }
        let before = runners(&members, victim).expect("it answers").len();
        let name = format!("n{}", victim + 1);
        members.nodes[victim].kill();
        let killed = Instant::now();
        until("others take over", PATIENCE, || {
            let runners = runners(&members, (victim + 1) % 3)?;
            let is_done = runners.values().all(|(now, behind, _)| *now != name && *behind == 0);
            (is_done && runners.len() >= before).then_some(())
        });
        takeovers.push(killed.elapsed());
        members.nodes[victim].restart();
        members.settle(3);
    }
    eprintln!("{} hosts taken over after {takeovers:?}", hosts.len());
    takeovers.sort();
    assert!(takeovers[1] < TAKEOVER, "{takeovers:?}");
    until("every end is judged", PATIENCE, || {
        let runners = runners(&members, 0)?;
        let is_over = |state: &str| state == "done" || state == "no packets";
        let is_done = runners.values().all(|(_, behind, state)| *behind == 0 && is_over(state));
        (is_done && hosts.iter().all(|(_, host)| runners.contains_key(host))).then_some(())
    });
    let mut found = 0;
    for (number, (file, host)) in hosts.iter().enumerate() {
        let expected = findings(&packetstream(&["diagnose", "-r", file, "-T", "json"]).stdout);
        let stored = members.run(number % 3, &["diagnose", "--stored", "--host", host, "-T", "json"]);
        assert!(stored.status.success(), "{file}: {}", String::from_utf8_lossy(&stored.stderr));
        assert_eq!(findings(&stored.stdout), expected, "{file}");
        found += expected.len();
    }
    assert!(found > 0);
}

#[test]
fn standing_rules_are_kept_by_all_and_run_where_the_packets_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let calls = traffic(&["auth_loop_407"], &folder.path().join("calls.pcap"));
    let told = at("told");
    let rules = at("calls.toml");
    let text = format!(
        "[[rule]]\nname = 'calls'\nfilter = 'sip.Method == \"INVITE\"'\ngroup = 'host'\nseverity = 'warning'\n\
         message = 'someone calls'\nnotify = {{ command = ['sh', '-c', 'cat >> {told}'] }}\n\n\
         [[rule]]\nname = 'wrong'\nfilter = 'sip.nothing_such'\n"
    );
    std::fs::write(&rules, text).expect("writable");
    let mut members = Members::start(folder.path(), 3, &[]);
    let said = members.text(0, &["rules", "add", &rules]);
    assert!(said.contains("1 good, 0 off, 1 disabled"), "{said}");
    for through in 0..3 {
        let listed = until("the rules are everywhere", PATIENCE, || {
            let listed = members.text(through, &["rules", "list"]);
            listed.contains("calls.toml").then_some(listed)
        });
        assert!(listed.contains("disabled") && listed.contains("sip.nothing_such"), "{listed}");
    }
    // Who was away when they were changed hears of it.
    members.nodes[0].kill();
    let reader = members.invite("reader", "reader", &[]);
    let refused = members.nodes[1].run_as(&reader, &["rules", "remove", "calls.toml"]);
    assert!(!refused.status.success(), "only operators change rules");
    members.text(1, &["import", &calls, "--host", "h"]);
    let matched = |through: usize| {
        let found = members.run(through, &["diagnose", "--stored", "-T", "json"]).stdout;
        let found = findings(&found);
        found.iter().filter(|(_, finding)| finding["code"] == "rule.calls").count()
    };
    until("the rule matches", PATIENCE, || (matched(2) == 1).then_some(()));
    until("somebody is told", PATIENCE, || std::fs::read_to_string(&told).ok().filter(|text| text.ends_with('\n')));
    let text = std::fs::read_to_string(&told).expect("there");
    assert_eq!(text.matches("someone calls").count(), 1, "told once: {text}");
    members.text(1, &["rules", "remove", "calls.toml"]);
    members.nodes[0].restart();
    members.settle(3);
    until("the rules are gone everywhere", PATIENCE, || {
        (0..3).all(|through| !members.text(through, &["rules", "list"]).contains("calls")).then_some(())
    });
    let missing = members.run(0, &["rules", "remove", "calls.toml"]);
    assert!(!missing.status.success(), "it is there no more");
    // What has matched stays found.
    let found = findings(&members.run(0, &["diagnose", "--stored", "-T", "json"]).stdout);
    assert!(found.iter().any(|(_, finding)| finding["code"] == "rule.calls"));
}
