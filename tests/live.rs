//! What is asked of the cluster while it goes on: `--follow`, and diagnosis over what is held.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use packetstream_tests::members::Members;
use packetstream_tests::process::{Node, PATIENCE, traffic};
use packetstream_tests::{binary, captures, packetstream};
use serde_json::Value;

/// A command that goes on, and the lines it has printed; ended when dropped.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(binary("packetstream"))
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary is there");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Its next line.
    fn next(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    /// So many lines with times from `floor` on; earlier ones were asked for only to see whether it listens.
    fn take(&self, count: usize, floor: u64) -> Vec<String> {
        std::iter::repeat_with(|| self.next()).filter(|line| nanoseconds(line) >= floor).take(count).collect()
    }

    /// What comes of that while nothing more should.
    fn rest(&self, floor: u64) -> Vec<String> {
        let lines = std::iter::from_fn(|| self.lines.recv_timeout(Duration::from_secs(1)).ok());
        lines.filter(|line| nanoseconds(line) >= floor).collect()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TIMES: [&str; 4] = ["-T", "fields", "-e", "frame.time_epoch"];

fn times(file: &str) -> Vec<String> {
    let said = packetstream(&[&["read", "-r", file], &TIMES[..]].concat()).stdout;
    let mut times: Vec<String> = String::from_utf8(said).expect("text").lines().map(str::to_owned).collect();
    times.sort_by_key(|time| nanoseconds(time));
    times
}

fn nanoseconds(time: &str) -> u64 {
    let (seconds, fraction) = time.split_once('.').expect("a fraction");
    format!("{seconds}{fraction:0<9}").parse().expect("digits")
}

/// A copy of a classic pcap file, all its packets so many seconds later.
fn later(file: &str, seconds: u32, path: &Path) -> String {
    let mut bytes = std::fs::read(file).expect("made before");
    let is_little = bytes[0] == 0xd4 || bytes[0] == 0x4d;
    let word = |bytes: &[u8], at: usize| {
        let four: [u8; 4] = bytes[at..at + 4].try_into().expect("four octets");
        if is_little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }
    };
    let mut at = 24;
    while at + 16 <= bytes.len() {
        let shifted = word(&bytes, at) + seconds;
        let next = at + 16 + word(&bytes, at + 8) as usize;
        bytes[at..at + 4].copy_from_slice(&if is_little { shifted.to_le_bytes() } else { shifted.to_be_bytes() });
        at = next;
    }
    std::fs::write(path, bytes).expect("writable");
    path.to_str().expect("text").to_owned()
}

/// Findings without what differs by nature: a file numbers its frames, the cluster has identifiers.
fn findings(text: &[u8]) -> Vec<Value> {
    let lines = String::from_utf8_lossy(text);
    let mut all: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    for finding in &mut all {
        let finding = finding.as_object_mut().expect("an object");
        finding.remove("frames");
        finding.remove("packets");
    }
    all
}

#[test]
fn the_cluster_finds_in_what_it_holds_what_is_found_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start(&folder.path().join("node"));
    let labelled = captures().into_iter().filter(|path| path.parent().is_some_and(|at| at.ends_with("diagnosis")));
    let mut files: Vec<_> = labelled.map(|path| path.to_str().expect("text").to_owned()).collect();
    eprintln!("{} labelled captures", files.len());
    for scenario in ["healthy_call", "auth_loop_407"] {
        files.push(traffic(&[scenario], &folder.path().join(format!("{scenario}.pcap"))));
    }
    let mut found = 0;
    for file in &files {
        // A file that is cut short is taken up to the cut, and the status says so.
        let imported = node.run(&["import", file]);
        let said = [imported.stdout, imported.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(matches!(imported.status.code(), Some(0 | 1)), "{file}: {said}");
        // A file of no packets leaves no host.
        let Some(host) = said
            .split_once("host ")
            .and_then(|(_, rest)| rest.split(|sign: char| !sign.is_ascii_hexdigit() && sign != '-').next())
        else {
            continue;
        };
        let expected = packetstream(&["diagnose", "-r", file, "-T", "json"]);
        let held = node.run(&["diagnose", "--host", host, "-T", "json"]);
        assert!(held.status.success(), "{file}: {}", String::from_utf8_lossy(&held.stderr));
        let (held, expected) = (findings(&held.stdout), findings(&expected.stdout));
        assert_eq!(held, expected, "{file}");
        found += held.len();
    }
    assert!(found > 0);
}

#[test]
fn a_query_goes_on_whichever_node_dies() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let early = traffic(&["auth_loop_407"], &at("early.pcap"));
    let call = traffic(&["healthy_call"], &at("call.pcap"));
    let (first, second) = (later(&call, 86_400, &at("first.pcap")), later(&call, 2 * 86_400, &at("second.pcap")));
    let mut members = Members::start(folder.path(), 3, &[]);
    let bundle = format!("{}/operator.bundle", members.operator);
    let mut args = [&["query", "--follow", "--bundle", &bundle], &TIMES[..]].concat();
    members.nodes.iter().for_each(|node| args.extend(["--peer", &node.address]));
    let follower = Following::start(&args);
    // What is stored before it listens is not told of: some is stored until it is.
    let begun = Instant::now();
    for number in 0.. {
        members.text(1, &["import", &early, "--host", &format!("early{number}")]);
        if follower.lines.recv_timeout(Duration::from_millis(500)).is_ok() {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not listen");
    }

    members.text(1, &["import", &first, "--host", "first"]);
    let expected = times(&first);
    let floor = nanoseconds(&expected[0]);
    assert!(follower.take(expected.len(), floor) == expected, "in order of time");
    assert_eq!(follower.rest(floor), Vec::<String>::new(), "each packet once");

    members.nodes[0].kill();
    let import = members.run(1, &["import", &second, "--host", "second"]);
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    let expected = times(&second);
    let floor = nanoseconds(&expected[0]);
    let mut came = follower.take(expected.len(), floor);
    came.sort_by_key(|time| nanoseconds(time));
    assert!(came == expected, "every packet");
    assert_eq!(follower.rest(floor), Vec::<String>::new(), "each packet once");
}

#[test]
fn findings_and_matches_of_rules_come_as_packets_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = traffic(&["auth_loop_407"], &folder.path().join("broken.pcap"));
    let rules = folder.path().join("rules.toml");
    let text = "[[rule]]\nname = 'calls'\nfilter = 'sip.Method == \"INVITE\"'\ncount = 1\nseverity = 'warning'\n\
                message = 'someone calls'\n";
    std::fs::write(&rules, text).expect("writable");
    let node = Node::start(&folder.path().join("node"));
    let bundle = format!("{}/operator.bundle", node.data);
    let rules = rules.to_str().expect("text");
    let args = ["diagnose", "--follow", "-T", "json", "--rules", rules, "--peer", &node.address, "--bundle", &bundle];
    let follower = Following::start(&args);
    let expected = findings(&packetstream(&["diagnose", "-r", &broken, "-T", "json"]).stdout);
    let code = expected.first().expect("something is wrong there")["code"].clone();
    let (mut finding, mut rule) = (false, false);
    let begun = Instant::now();
    // What is imported before it listens is not told of.
    for number in 0.. {
        node.text(&["import", &broken, "--host", &format!("h{number}")]);
        while let Ok(line) = follower.lines.recv_timeout(Duration::from_secs(3)) {
            let line: Value = serde_json::from_str(&line).expect("one object a line");
            finding |= line["code"] == code;
            rule |= line["summary"] == "someone calls";
        }
        if finding && rule {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "finding {finding}, rule {rule}");
    }
}
