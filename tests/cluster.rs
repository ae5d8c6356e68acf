//! A node and the commands that ask it, as processes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use packetstream_tests::{binary, captures, packetstream};

/// A running node; killed when dropped.
struct Node {
    child: Child,
    address: String,
    data: String,
}

impl Node {
    fn start(data: &Path) -> Self {
        let data = data.to_str().expect("a temporary path is text").to_owned();
        let mut child = Command::new(binary("packetstream"))
            .args(["--log", "error", "node", "--data", &data, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary is there");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        let address = said
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("listening on ")?.split(',').next()?.to_owned()));
        Self { child, address: address.expect("it says where it listens"), data }
    }

    fn run(&self, args: &[&str]) -> Output {
        packetstream(&[args, &["--peer", &self.address, "--data", &self.data]].concat())
    }

    fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn packets(&self) -> u64 {
        let status: serde_json::Value = serde_json::from_str(&self.text(&["status", "--json"])).expect("one object");
        status["packets"].as_u64().expect("a count")
    }

    fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn traffic(scenario: &[&str], path: &Path) -> String {
    let path = path.to_str().expect("a temporary path is text").to_owned();
    let made =
        Command::new(binary("simnet")).arg("traffic").args(scenario).args(["--seed", "1", "--out", &path]).output();
    assert!(made.expect("simnet is built").status.success());
    path
}

#[test]
fn what_is_imported_comes_back_and_twice_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let node = Node::start(&folder.path().join("data"));
    node.text(&["import", &call, "--host", "pbx"]);
    let packets = node.packets();
    assert!(packets > 0);
    assert!(node.text(&["import", &call, "--host", "pbx"]).contains("already"));
    assert_eq!(node.packets(), packets);
    assert!(node.text(&["hosts"]).contains("pbx"));

    let read = String::from_utf8(packetstream(&["read", "-r", &call]).stdout).expect("text");
    assert_eq!(node.text(&["query"]), read);
    let copy = folder.path().join("copy.pcapng");
    let copy = copy.to_str().expect("text");
    node.text(&["query", "-w", copy]);
    assert_eq!(String::from_utf8(packetstream(&["read", "-r", copy]).stdout).expect("text"), read);

    let json = node.text(&["query", "-T", "json", "-e", "frame.number"]);
    let last: serde_json::Value = serde_json::from_str(json.lines().last().expect("a statement")).expect("JSON");
    assert_eq!(last["complete"], true);
    assert_eq!(last["matched"], packets);
}

#[test]
fn a_query_selects_what_read_selects_on_every_capture() {
    let files = captures();
    if files.is_empty() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start(&folder.path().join("data"));
    for (number, path) in files.iter().enumerate() {
        let path = path.to_str().expect("their names are text");
        let host = format!("capture-{number}");
        let imported = node.run(&["import", path, "--host", &host]);
        let read = packetstream(&["read", "-r", path, "-T", "fields", "-e", "frame.number"]);
        assert_eq!(imported.status.code(), read.status.code(), "{path}: {}", String::from_utf8_lossy(&imported.stderr));
        if read.stdout.is_empty() {
            continue;
        }
        for filter in ["", "ip.addr == 10.0.0.0/8 || ipv6", "tcp || udp.length > 100", "frame.time_delta > 0.5"] {
            let args =
                ["-Y", filter, "-T", "fields", "-e", "frame.number", "-e", "frame.len", "-e", "frame.time_epoch"];
            let read = packetstream(&[&["read", "-r", path], &args[..]].concat()).stdout;
            let stored = node.run(&[&["query", "--host", &host], &args[..]].concat()).stdout;
            assert!(stored == read, "{path}: {filter:?} selects other frames from the cluster than from the file");
        }
    }
}

#[test]
fn what_is_written_from_the_cluster_is_what_was_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start(&folder.path().join("data"));
    let out = folder.path().join("out.pcapng");
    let out = out.to_str().expect("text");
    for (number, path) in captures().iter().enumerate() {
        let path = path.to_str().expect("their names are text");
        let host = format!("capture-{number}");
        node.run(&["import", path, "--host", &host]);
        if !node.run(&["query", "--host", &host, "-w", out]).status.success() {
            // A capture without packets leaves no host.
            assert!(packetstream(&["read", "-r", path]).stdout.is_empty(), "{path} is not in the cluster");
            continue;
        }
        // Times with nanoseconds, both lengths, link type and every octet.
        let all = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len"];
        let more = ["-e", "frame.encap_type", "-e", "frame.comment"];
        let of = |file: &str| {
            let fields = packetstream(&[&["read", "-r", file], &all[..], &more[..]].concat()).stdout;
            // A packet without a time can be written as one on a section's first interface alone (pcapng's simple packet
            // block); on others it gets the time 0.
            let with_time =
                |line: &str| if line.starts_with('\t') { format!("0.000000000{line}") } else { line.to_owned() };
            let fields: Vec<String> = String::from_utf8_lossy(&fields).lines().map(with_time).collect();
            let octets = packetstream(&["read", "-r", file, "-x"]).stdout;
            let is_octets = |line: &&[u8]| line.len() > 6 && line[4..6] == *b"  " && line[0].is_ascii_hexdigit();
            let octets: Vec<u8> = octets.split(|c| *c == b'\n').filter(is_octets).flatten().copied().collect();
            (fields, octets)
        };
        assert!(of(path) == of(out), "{path} comes back changed");
    }
}

#[test]
fn what_was_acknowledged_survives_kills_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "60000"], &folder.path().join("mix.pcap"));
    let data = folder.path().join("data");
    let mut node = Node::start(&data);
    let mut before = 0;
    for round in 0..20u64 {
        let mut import = Command::new(binary("packetstream"))
            .args(["import", &mix, "--host", "mix", "--peer", &node.address, "--data", &node.data])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary is there");
        // The moment comes from the work itself: a different number of status questions each time.
        for _ in 0..round % 7 {
            node.run(&["status"]);
        }
        node.kill();
        import.wait().expect("it ends");
        node = Node::start(&data);
        let now = node.packets();
        assert!(now >= before, "round {round}: {now} packets after the kill, {before} before");
        before = now;
    }
    node.text(&["import", &mix, "--host", "mix"]);
    let ids = node.text(&["query", "-T", "fields", "-e", "frame.number"]);
    let expected = packetstream(&["read", "-r", &mix, "-T", "fields", "-e", "frame.number"]).stdout;
    assert!(ids.as_bytes() == expected, "every packet is there, and once");
}

#[test]
fn what_is_wrong_is_said_in_one_line_with_its_status() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start(&folder.path().join("data"));
    let other = folder.path().join("other");
    let other = other.to_str().expect("text");
    assert!(packetstream(&["cluster", "init", "--data", other]).status.success());
    let check = |output: Output, status: i32| {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(!said.contains("panicked") && !said.is_empty() && output.stdout.is_empty(), "{said}");
    };
    check(node.run(&["query", "-Y", "sip.Status-Code =="]), 2);
    check(node.run(&["query", "--host", "nobody"]), 2);
    check(node.run(&["import", "no-such-file"]), 2);
    check(node.run(&["get", "nobody", "67a01687-a4ed-11f0-ac80-010000000000"]), 2);
    check(packetstream(&["status", "--peer", &node.address, "--data", other]), 3);
    check(packetstream(&["status", "--peer", "127.0.0.1:1", "--data", &node.data]), 3);
    check(packetstream(&["status", "--peer", &node.address, "--bundle", "no-such.bundle"]), 2);
    check(packetstream(&["node", "--data", &node.data, "--listen", "127.0.0.1:0"]), 2);
}
