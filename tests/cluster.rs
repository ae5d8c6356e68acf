//! A node and the commands that ask it, as processes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use packetstream_tests::process::{Disk, Drawn, Node, PATIENCE, Undo, can, signal, system, traffic, until};
use packetstream_tests::{binary, captures, packetstream};

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
fn what_nodes_do_not_make_is_made_of_their_packets() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let node = Node::start(&folder.path().join("data"));
    node.text(&["import", &call, "--host", "pbx"]);
    let macros = folder.path().join("dmacros");
    std::fs::write(&macros, "\"code\" sip.Status-Code == $1\n").expect("writable");
    let macros = macros.to_str().expect("text");
    for args in [
        &["-T", "tabs", "-Y", "sip"][..],
        &["-T", "psml", "-t", "ad"],
        &["-T", "pdml", "-Y", "sip"],
        &["-q", "-z", "io,phs"],
        &["-q", "-z", "rtp,streams", "-z", "sip,stat"],
        &["-q", "-z", "conv,udp", "-z", "follow,udp,ascii,0"],
        &["-Y", "sip", "-z", "endpoints,ip"],
        &["-Y", "$code(200)", "--macros", macros],
    ] {
        let read = String::from_utf8(packetstream(&[&["read", "-r", &call], args].concat()).stdout).expect("text");
        assert!(!read.is_empty());
        assert_eq!(node.text(&[&["query", "--host", "pbx"], args].concat()), read, "{args:?}");
    }
    let limited = node.run(&["query", "-T", "tabs", "-c", "2"]);
    assert_eq!(limited.stdout.iter().filter(|octet| **octet == b'\n').count(), 2);
    assert!(String::from_utf8_lossy(&limited.stderr).contains("ended by -c"));
    assert_eq!(node.run(&["query", "-z", "io,phs", "-c", "2"]).status.code(), Some(2));
    // What a query names, `get` shows.
    let named =
        node.text(&["query", "--ids", "-T", "fields", "-e", "frame.number", "-e", "frame.len", "-Y", "sip", "-c", "1"]);
    let words: Vec<&str> = named.trim().split('\t').collect();
    let [host, packet, _, len] = words.as_slice() else { panic!("{named}") };
    assert_eq!(node.text(&["get", host, packet, "-T", "fields", "-e", "frame.len"]).trim(), *len);
    // Whatever is asked of the cluster, the answer says whether it is complete.
    for args in [&["query", "-q"][..], &["diagnose"], &["diagnose", "--stored"], &["calls"], &["calls", "--json"]] {
        let output = node.run(args);
        assert!(String::from_utf8_lossy(&output.stderr).contains("complete: "), "{args:?}");
    }
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
            let stored = node.run(&[&["query", "--host", &host], &args[..]].concat());
            let said = String::from_utf8_lossy(&stored.stderr);
            assert!(stored.stdout == read, "{path}: {filter:?} selects other frames than from the file; {said}");
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

/// The chunk numbers of JSON's `[[first, last], ...]`.
fn numbers(ranges: &serde_json::Value) -> BTreeSet<u64> {
    let pairs = ranges.as_array().into_iter().flatten();
    pairs.flat_map(|pair| pair[0].as_u64().expect("first")..=pair[1].as_u64().expect("last")).collect()
}

fn said_by(import: &mut std::process::Child) -> impl Iterator<Item = serde_json::Value> + use<> {
    let said = BufReader::new(import.stdout.take().expect("piped"));
    said.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line).expect("one object a line"))
}

#[test]
fn what_was_acknowledged_survives_kills_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "60000"], &folder.path().join("mix.pcap"));
    let mut node = Node::start(&folder.path().join("data"));
    let mut drawn = Drawn(2);
    let mut chunks_at_kill = Vec::new();
    for round in 0..20 {
        // A host a round, so that each import begins with nothing.
        let host = format!("round-{round}");
        let arguments = ["import", &mix, "--host", &host, "--json", "--peer", &node.address, "--data", &node.data];
        let mut import = Command::new(binary("packetstream"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary is there");
        let mut said = said_by(&mut import);
        let (moment, pause) = (drawn.below(30), Duration::from_micros(drawn.below(20_000)));
        let mut acknowledged = BTreeSet::new();
        while acknowledged.len() < moment as usize {
            let Some(line) = said.next() else { break };
            acknowledged.extend(numbers(&line["acknowledged"]));
        }
        let begun = Instant::now();
        while begun.elapsed() < pause {
            std::hint::spin_loop();
        }
        node.kill();
        import.kill().expect("it waits for the node");
        import.wait().expect("it ends");
        said.for_each(|line| acknowledged.extend(numbers(&line["acknowledged"])));
        node.restart();

        let again = node.text(&["import", &mix, "--host", &host, "--json"]);
        let begins: serde_json::Value = serde_json::from_str(again.lines().next().expect("a line")).expect("JSON");
        let held = numbers(&begins["held"]);
        assert!(held.is_superset(&acknowledged), "round {round}: acknowledged {acknowledged:?}, held {held:?}");
        chunks_at_kill.push(acknowledged.len());
        if round % 5 == 4 {
            let args = ["query", "--host", &host, "-T", "fields", "-e", "frame.number"];
            let expected = packetstream(&["read", "-r", &mix, "-T", "fields", "-e", "frame.number"]).stdout;
            assert!(node.text(&args).as_bytes() == expected, "every packet is there, and once");
        }
    }
    let different: BTreeSet<_> = chunks_at_kill.iter().collect();
    assert!(different.len() > 5, "the kills came at different moments: {chunks_at_kill:?}");
}

#[test]
fn an_import_goes_on_when_its_node_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "200000"], &folder.path().join("mix.pcap"));
    let mut node = Node::start(&folder.path().join("data"));
    let mut import = Command::new(binary("packetstream"))
        .args(["import", &mix, "--json", "--peer", &node.address, "--data", &node.data])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary is there");
    let mut said = said_by(&mut import);
    for _ in 0..3 {
        said.find(|line| !line["acknowledged"].is_null()).expect("more than three chunks");
        node.kill();
        node.restart();
    }
    let last = said.last().expect("an end");
    assert!(import.wait().expect("it ends").success());
    assert_eq!(node.packets(), last["packets"].as_u64().expect("a count"));
}

#[test]
fn a_full_disk_refuses_loses_nothing_and_goes_on_with_room() {
    let Some(disk) = Disk::mount(320) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    // More than fits beside the reserve even where each chunk is written once.
    let mix = traffic(&["--mix", "300000"], &folder.path().join("mix.pcap"));
    let node = Node::start(&disk.path().join("data"));
    let output = node.run(&["import", &mix, "--host", "mix", "--patience", "0"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("is full") && said.trim().lines().count() == 1, "{said}");
    let before = node.packets();
    assert!(before > 0, "some fit");
    disk.resize(900);
    assert!(node.text(&["import", &mix, "--host", "mix"]).contains("stored"));
    assert!(node.packets() > before);
    let args = ["-T", "fields", "-e", "frame.number", "-e", "frame.len"];
    let expected = packetstream(&[&["read", "-r", &mix], &args[..]].concat()).stdout;
    assert!(node.text(&[&["query"], &args[..]].concat()).as_bytes() == expected, "every packet is there, and once");
}

#[test]
fn what_a_live_capture_sees_is_stored_and_what_it_loses_is_a_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("ps-live-{}", std::process::id());
    if !can(&format!("ip netns add {name}")) {
        return;
    }
    let undo = Undo(format!("ip netns del {name}"));
    for line in [
        "link set lo up",
        "link add veth0 type veth peer name veth1",
        "addr add 10.9.0.1/24 dev veth0",
        "link set veth0 up",
        "link set veth1 up",
        "neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev veth0",
    ] {
        system(&format!("ip -n {name} {line}"));
    }
    let config = folder.path().join("node.toml");
    let text = "[[capture]]\ninterface = \"veth0\"\nfilter = \"udp port 9\"\nbuffer = \"256KiB\"\n";
    std::fs::write(&config, text).expect("a new file");
    let within = ["ip", "netns", "exec", &name];
    let config = config.to_str().expect("text");
    let mut node = Node::start_with(&folder.path().join("data"), &["--config", config], &within);
    let send = |count: u32, bytes: u32| {
        let line = format!("dd if=/dev/zero bs={bytes} count={count} status=none > /dev/udp/10.9.0.2/9");
        let sent = Command::new(within[0]).args(&within[1..]).args(["bash", "-c", &line]).status();
        assert!(sent.expect("bash is there").success());
    };
    let statement = |filter: &str| {
        let said = node.text(&["query", "-T", "json", "-e", "frame.len", "-Y", filter]);
        serde_json::from_str::<serde_json::Value>(said.lines().last().expect("a statement")).expect("JSON")
    };
    // What is sent before the capture runs is not its own.
    until("the capture runs", PATIENCE, || {
        send(1, 100);
        (statement("frame.len < 200")["matched"].as_u64()? > 0).then_some(())
    });
    send(200, 500);
    until("all datagrams are stored", PATIENCE, || {
        (statement("frame.len > 200")["matched"].as_u64()? == 200).then_some(())
    });
    // While the node stands still, more comes than the kernel's buffer holds.
    node.signal("STOP");
    send(4000, 1400);
    node.signal("CONT");
    let (matched, dropped) = until("the loss is a gap", PATIENCE, || {
        let said = statement("frame.len > 200");
        let (matched, dropped) = (said["matched"].as_u64()?, said["dropped"].as_u64()?);
        (dropped > 0 && matched + dropped >= 4200).then_some((matched, dropped))
    });
    assert!(matched > 200 && matched + dropped == 4200, "{matched} and {dropped}");
    assert!(node.terminate() < Duration::from_secs(10));
    drop(undo);
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

#[test]
fn what_is_watched_is_told_again_and_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Node::start(&folder.path().join("data"));
    let watch = |args: &[&str]| {
        let child = Command::new(binary("packetstream"))
            .args(args)
            .args(["--peer", &node.address, "--data", &node.data])
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("the binary is there");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        (child, lines)
    };
    // Not SIGINT: what a shell starts in the background may have been told to ignore that.
    let end = |mut child: std::process::Child| {
        signal(child.id(), "TERM");
        assert_eq!(child.wait().expect("it ends").code(), None, "by the signal, and by nothing else");
    };
    let (status, lines) = watch(&["status", "--watch"]);
    assert_eq!(lines.filter(|line| line.starts_with("node ")).take(3).count(), 3);
    end(status);
    // What is found after the first answer.
    let (findings, mut lines) = watch(&["diagnose", "--stored", "--follow"]);
    let call = traffic(&["auth_loop_407"], &folder.path().join("call.pcap"));
    node.text(&["import", &call, "--host", "pbx"]);
    assert!(lines.any(|line| line.contains("host pbx")));
    end(findings);
}

#[test]
fn a_host_without_a_name_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let output = packetstream(&["import", &call, "--host", ""]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
}
