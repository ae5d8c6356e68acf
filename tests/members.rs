//! Several nodes as processes: what is acknowledged is kept whatever dies, and any of them answers for all.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use packetstream_tests::members::{Members, said_by};
use packetstream_tests::process::{Drawn, Node, PATIENCE, Undo, can, signal, system, traffic, until};
use packetstream_tests::{binary, packetstream};
use serde_json::Value;

/// What is found is kept in chunks, too, where chunks are counted nothing is looked for.
const NO_ANALYSIS: [&str; 2] = ["--roles", "capture,store"];
const NUMBERS: [&str; 6] = ["-T", "fields", "-e", "frame.number", "-e", "frame.len"];

/// What a file holds, as a query of its host must give it.
fn of_file(file: &str) -> Vec<u8> {
    packetstream(&[&["read", "-r", file], &NUMBERS[..]].concat()).stdout
}

/// Asks one node until its answer for a host is complete, and says how long that took.
fn complete(members: &Members, through: usize, host: &str, expected: &[u8]) -> Duration {
    let begun = Instant::now();
    until(&format!("a complete answer for {host} through node {through}"), PATIENCE, || {
        let output = members.run(through, &[&["query", "--host", host], &NUMBERS[..]].concat());
        if !output.status.success() {
            return None;
        }
        assert!(output.stdout == expected, "{host} through {through}: every packet is there, and once");
        Some(())
    });
    begun.elapsed()
}

#[test]
fn any_node_takes_and_answers_for_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "20000"], &folder.path().join("mix.pcap"));
    let members = Members::start(folder.path(), 3, &[]);
    members.text(0, &["import", &mix, "--host", "a"]);
    members.text(2, &["import", &mix, "--host", "b"]);
    assert!(members.text(1, &["import", &mix, "--host", "a"]).contains("already"));
    let expected = of_file(&mix);
    for through in 0..3 {
        complete(&members, through, "a", &expected);
        complete(&members, through, "b", &expected);
        assert!(members.text(through, &["hosts"]).contains(" a "));
    }
    // Three copies of everything, and each packet once in an answer.
    until("three copies", PATIENCE, || {
        let held: BTreeSet<u64> = (0..3).filter_map(|through| members.chunks(through)).collect();
        (held.len() == 1 && !held.contains(&0)).then_some(())
    });
    let lines = members.text(1, &["query", "-T", "fields", "-e", "frame.number"]).lines().count();
    assert_eq!(lines, 2 * expected.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count());
    let json = members.text(1, &["query", "-c", "3", "-T", "json", "-e", "frame.number"]);
    let last: Value = serde_json::from_str(json.lines().last().expect("a statement")).expect("JSON");
    assert_eq!((&last["complete"], &last["matched"], &last["limited"]), (&true.into(), &3.into(), &true.into()));
}

/// `PACKETSTREAM_KILLS` says how many; each node in turn.
#[test]
fn nothing_acknowledged_is_lost_when_nodes_are_killed_under_import() {
    let kills = std::env::var("PACKETSTREAM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "150000"], &folder.path().join("mix.pcap"));
    let expected = of_file(&mix);
    let mut members = Members::start(folder.path(), 3, &[]);
    let mut drawn = Drawn(3);
    let (mut pauses, mut answers) = (Vec::new(), Vec::new());
    for round in 0..kills {
        let (host, victim) = (format!("round-{round}"), round % 3);
        let mut importing = members.import(&mix, &host);
        let mut said = said_by(&mut importing);
        for _ in 0..1 + drawn.below(40) {
            said.find(|line| !line["acknowledged"].is_null()).expect("more chunks than that");
        }
        members.nodes[victim].kill();
        let killed = Instant::now();
        // What was on its way is told after the kill, too; what comes much later is new.
        let mut last = killed;
        let mut pause = Duration::ZERO;
        for line in said {
            if !line["acknowledged"].is_null() {
                pause = pause.max(last.elapsed());
                last = Instant::now();
            }
        }
        assert!(importing.wait().expect("it ends").success(), "an import never fails for a node that dies");
        pauses.push(pause);
        for through in (0..3).filter(|through| *through != victim) {
            answers.push(complete(&members, through, &host, &expected));
        }
        members.nodes[victim].restart();
        members.settle(3);
        until("the node that was killed has everything again", PATIENCE, || {
            let held: BTreeSet<u64> = (0..3).filter_map(|through| members.chunks(through)).collect();
            (held.len() == 1).then_some(())
        });
        complete(&members, victim, &host, &expected);
    }
    let longest = |of: &[Duration]| of.iter().max().copied().unwrap_or_default();
    eprintln!("{kills} kills: longest pause {:?}, longest answer {:?}", longest(&pauses), longest(&answers));
    // The aim is 2 s each; a machine that also builds is given more.
    assert!(longest(&pauses) < Duration::from_secs(15) && longest(&answers) < Duration::from_secs(15));
}

#[test]
fn a_query_goes_on_elsewhere_when_the_node_that_reads_dies() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "100000"], &folder.path().join("mix.pcap"));
    let mut members = Members::start(folder.path(), 4, &[]);
    let mut expected = Vec::new();
    for host in 0..6 {
        members.text(host % 4, &["import", &mix, "--host", &format!("h{host}")]);
        expected.push(of_file(&mix));
    }
    let lines = expected.concat().iter().filter(|byte| **byte == b'\n').count();
    for victim in [3, 2] {
        let bundle = format!("{}/operator.bundle", members.operator);
        let mut query = Command::new(binary("packetstream"))
            .args(["query", "--peer", &members.nodes[0].address, "--bundle", &bundle])
            .args(NUMBERS)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary is there");
        let mut said = BufReader::new(query.stdout.take().expect("piped")).lines();
        // The answer has begun.
        said.by_ref().take(10).for_each(|line| drop(line.expect("a row")));
        members.nodes[victim].kill();
        assert_eq!(10 + said.count(), lines, "every packet once, though {victim} died in the middle");
        let ended = query.wait_with_output().expect("it ends");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        members.nodes[victim].restart();
        members.settle(4);
    }
}

#[test]
fn a_fourth_node_takes_its_share_and_gives_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "5000"], &folder.path().join("mix.pcap"));
    let mut members = Members::start(folder.path(), 3, &NO_ANALYSIS);
    for host in 0..12 {
        members.text(host % 3, &["import", &mix, "--host", &format!("h{host}")]);
    }
    let expected = of_file(&mix);
    let sum =
        |members: &Members| -> Option<Vec<u64>> { (0..members.nodes.len()).map(|at| members.chunks(at)).collect() };
    let copies = until("three copies of all", PATIENCE, || {
        let held = sum(&members)?;
        (held.iter().all(|chunks| *chunks == held[0] && *chunks > 0)).then_some(3 * held[0])
    });
    members.join("n4", &NO_ANALYSIS, &[]);
    let check = |members: &Members| {
        for host in 0..12 {
            let output = members.run(host % 3, &[&["query", "--host", &format!("h{host}")], &NUMBERS[..]].concat());
            assert!(output.status.success(), "during the move: {}", String::from_utf8_lossy(&output.stderr));
            assert!(output.stdout == expected, "during the move every packet is there, and once");
        }
    };
    check(&members);
    members.settle(4);
    until("the fourth has a share, and there are three copies of each", PATIENCE, || {
        let held = sum(&members)?;
        (held[3] > 0 && held.iter().sum::<u64>() == copies).then_some(())
    });
    check(&members);

    members.text(1, &["cluster", "drain", "n4"]);
    until("the fourth has given it back", PATIENCE, || {
        let held = sum(&members)?;
        (held[3] == 0 && held.iter().sum::<u64>() == copies).then_some(())
    });
    check(&members);
    // Whoever has left says so, where it would have nothing to say, and takes nothing.
    for args in [&["query"][..], &["hosts"], &["import", &mix, "--host", "late", "--patience", "1"]] {
        until("it knows that it has left", PATIENCE, || (members.run(3, args).status.code() == Some(3)).then_some(()));
        let said = members.run(3, args).stderr;
        assert!(String::from_utf8_lossy(&said).contains("taken out of the cluster"), "{args:?}");
    }
    assert!(members.text(3, &["status"]).contains("removed"), "how it is with itself it says all the same");
    assert!(members.nodes[3].terminate() < Duration::from_secs(10));
}

#[test]
fn a_store_stays_in_its_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut node = Node::start(&folder.path().join("data"));
    node.terminate();
    let other = folder.path().join("other");
    let members = Members::found(&other);
    let bundle = members.invite("node", "x", &[]);
    let output = packetstream(&["node", "--bundle", &bundle, "--data", &node.data, "--listen", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("holds packets of cluster"), "{said}");
    // In its own it starts as ever.
    node.restart();
    node.text(&["status"]);
}

#[test]
fn what_cannot_be_done_to_members_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::start(folder.path(), 2, &NO_ANALYSIS);
    let refused = |args: &[&str], why: &str| {
        let output = members.run(0, &[&["cluster"], args].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{args:?}: {said}");
        assert!(said.contains(why), "{args:?}: {said}");
    };
    refused(&["drain", "n9"], "no member n9");
    refused(&["replace", "n2", "n9"], "no member n9");
    members.text(0, &["cluster", "remove", "n2"]);
    until("the second is no member any more", PATIENCE, || {
        let status = members.status(0)?;
        let rows = status["cluster"]["members"].as_array()?.iter().filter(|row| row["state"] == "active").count();
        (rows == 1).then_some(())
    });
    refused(&["drain", "n2"], "n2 is no member any more");
    refused(&["remove", "n2"], "n2 is no member any more");
    refused(&["replace", "n1", "n2"], "n2 is no member any more");
    refused(&["drain", "n1"], "the only member");
    refused(&["remove", "n1"], "the only member");
}

#[test]
fn a_list_of_hosts_says_whether_one_may_be_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let mut members = Members::start(folder.path(), 3, &NO_ANALYSIS);
    members.text(0, &["import", &call, "--host", "pbx"]);
    of_three_copies(&members);
    let ended = |members: &Members| {
        let output = members.run(0, &["hosts", "--json"]);
        let text = String::from_utf8(output.stdout).expect("text");
        let last: Value = serde_json::from_str(text.lines().last().expect("a statement")).expect("JSON");
        (output.status.code(), last["complete"] == true, last["silent"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(ended(&members), (Some(0), true, 0));
    members.nodes[2].kill();
    assert_eq!(ended(&members), (Some(0), true, 0), "the other two have all that was acknowledged");
    members.nodes[1].kill();
    assert_eq!(ended(&members), (Some(1), false, 2));
}

/// Waits until three members hold the same chunks; answers how many.
fn of_three_copies(members: &Members) -> u64 {
    until("three copies", PATIENCE, || {
        let held: Vec<u64> = (0..3).filter_map(|at| members.chunks(at)).collect();
        (held.len() == 3 && held.iter().all(|chunks| *chunks == held[0])).then_some(held[0])
    })
}

#[test]
fn a_wiped_node_and_its_replacement_come_to_full_copies() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "30000"], &folder.path().join("mix.pcap"));
    let expected = of_file(&mix);
    let mut members = Members::start(folder.path(), 3, &NO_ANALYSIS);
    members.text(0, &["import", &mix, "--host", "a"]);
    let all = of_three_copies(&members);

    // The same node with an empty disk.
    members.nodes[2].kill();
    std::fs::remove_dir_all(Path::new(&members.nodes[2].data).join("store")).expect("its store");
    members.nodes[2].restart();
    until("the wiped node has everything again", PATIENCE, || (members.chunks(2)? == all).then_some(()));

    // Another one in its place.
    members.nodes[2].kill();
    members.join("n4", &NO_ANALYSIS, &[]);
    until("the new node is known", PATIENCE, || {
        let status = members.status(0)?;
        let of = status["cluster"]["members"].as_array()?.iter().find(|member| member["name"] == "n4")?.clone();
        (of["state"] == "active").then_some(())
    });
    members.text(0, &["cluster", "replace", "n3", "n4"]);
    until("the replacement has everything", PATIENCE, || (members.chunks(3)? == all).then_some(()));
    for through in [0, 1, 3] {
        complete(&members, through, "a", &expected);
    }
}

#[test]
fn an_actor_that_panics_is_made_anew_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "60000"], &folder.path().join("mix.pcap"));
    let planted = ["--plant-panic", "member", "--plant-panic", "keeper", "--plant-panic", "check"];
    let members = Members::start(folder.path(), 3, &planted);
    let mut importing = members.import(&mix, "a");
    for through in 0..3 {
        until("both actors were made anew", PATIENCE, || {
            let status = members.status(through)?;
            let actors = status["actors"].as_array()?;
            let anew = actors.iter().filter(|actor| actor["restarts"] == 1 && actor["state"] == "running");
            (anew.count() == 2).then_some(())
        });
    }
    importing.stdout.take();
    importing.wait().expect("it ends");
    members.text(0, &["import", &mix, "--host", "a"]);
    complete(&members, 1, "a", &of_file(&mix));
}

#[test]
fn who_is_revoked_or_has_the_wrong_role_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let members = Members::start(folder.path(), 2, &[]);
    let (reader, edge) = (members.invite("reader", "rita", &[]), members.invite("edge", "field", &[]));
    let refused = |bundle: &str, through: usize, args: &[&str]| {
        let output = members.nodes[through].run_as(bundle, args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{args:?}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
        said
    };
    assert!(refused(&reader, 0, &["import", &call]).contains("reader"));
    assert!(refused(&reader, 0, &["cluster", "drain", "n1"]).contains("reader"));
    assert!(refused(&edge, 1, &["query"]).contains("edge"));
    assert!(refused(&edge, 1, &["import", &call, "--host", "00000000-0000-4000-8000-000000000001"]).contains("edge"));
    assert!(members.nodes[0].run_as(&reader, &["hosts"]).status.success());

    members.text(0, &["cluster", "revoke", &reader]);
    for through in 0..2 {
        until("the revoked is refused everywhere", PATIENCE, || {
            let output = members.nodes[through].run_as(&reader, &["hosts"]);
            (!output.status.success()).then_some(())
        });
        assert!(refused(&reader, through, &["hosts"]).contains("revoked"));
    }
    assert_eq!(members.chunks(0), Some(0));
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let members = Members::start(folder.path(), 2, &[]);
    let bundle = folder.path().join("n1.bundle");
    let before = std::fs::read(&bundle).expect("it was written");
    let bundle = bundle.to_str().expect("text");
    let renewed = packetstream(&["cluster", "renew", bundle, "--data", &members.operator]);
    assert!(renewed.status.success(), "{}", String::from_utf8_lossy(&renewed.stderr));
    assert!(std::fs::read(bundle).expect("it is there") != before);
    members.nodes[0].signal("HUP");
    until("the node has taken it", PATIENCE, || {
        members.nodes[0].logged().contains("certificate renewed").then_some(())
    });
    members.text(0, &["import", &call, "--host", "pbx"]);
    complete(&members, 1, "pbx", &of_file(&call));
}

/// Who asked for what, and who changed the cluster, is noted by the node that was asked.
#[test]
fn questions_are_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let members = Members::start(folder.path(), 1, &[]);
    members.text(0, &["query", "-Y", "sip"]);
    members.text(0, &["cluster", "activate", "n1"]);
    let log = std::fs::read_to_string(Path::new(&members.nodes[0].data).join("audit.log")).expect("it is kept");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    assert_eq!((&lines[0]["name"], &lines[0]["query"]), (&"operator".into(), &"sip".into()));
    assert!(lines[1]["admin"].as_str().is_some_and(|text| text.contains("Activate")), "{log}");
}

#[test]
fn strangers_hold_little_and_not_for_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let members = Members::start(folder.path(), 2, &[]);
    let node = &members.nodes[0];
    // A thousand connections, of two processes for the limit of each: most say nothing, some talk nonsense.
    let (host, port) = node.address.rsplit_once(':').expect("an address and a port");
    let line = format!("for n in $(seq 300); do exec {{fd}}<>/dev/tcp/{host}/{port} || true; done; echo held; read -r");
    let bash = Command::new("bash").args(["-c", &line]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut others = bash.expect("bash is there");
    let said = BufReader::new(others.stdout.take().expect("piped")).lines().next();
    assert!(said.is_some_and(|line| line.is_ok_and(|line| line == "held")));
    let mut held = Vec::new();
    for number in 0..700 {
        let Ok(mut stream) = TcpStream::connect(&node.address) else { continue };
        if number % 4 == 0 {
            let _ = stream.write_all(&[0xff; 2048]);
        }
        held.push(stream);
    }
    // While handshakes that come to nothing are under way there may be no room for another; they are given ten seconds.
    until("a member is served", PATIENCE, || {
        members.run(0, &["import", &call, "--host", "pbx"]).status.success().then_some(())
    });
    assert!(members.text(1, &["query", "-c", "1"]).lines().count() == 1);
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    assert!(peak.is_none_or(|kib| kib < 300 << 10), "{peak:?} KiB");
    let lines = node.logged().lines().count();
    assert!(lines < 2 * (held.len() + 300) + 200, "{lines} lines for {} connections", held.len() + 300);
    // It ends with its standard input.
    drop(others.stdin.take());
    others.wait().expect("it ends");
}

/// A copy that the disk damaged is found out by a query, read elsewhere, and made good.
#[test]
fn a_damaged_copy_is_read_elsewhere_and_repaired() {
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "20000"], &folder.path().join("mix.pcap"));
    let expected = of_file(&mix);
    let mut members = Members::start(folder.path(), 3, &NO_ANALYSIS);
    members.text(0, &["import", &mix, "--host", "a"]);
    let all = of_three_copies(&members);
    // What is in the log alone comes into files with the next start.
    members.nodes[0].terminate();
    members.nodes[0].restart();
    members.nodes[0].terminate();
    let store = Path::new(&members.nodes[0].data).join("store");
    let mut damaged = 0;
    for file in std::fs::read_dir(store).expect("its store").flatten().map(|file| file.path()) {
        // The chunks lie in blob files; a few octets in the middle of each are others now.
        if file.extension().is_some_and(|end| end == "blob") {
            let mut bytes = std::fs::read(&file).expect("it is there");
            let middle = bytes.len() / 2;
            bytes.iter_mut().skip(middle).take(64).for_each(|byte| *byte ^= 0x5a);
            std::fs::write(&file, bytes).expect("it is written");
            damaged += 1;
        }
    }
    members.nodes[0].restart();
    members.settle(3);
    complete(&members, 0, "a", &expected);
    assert!(damaged > 0, "chunks lie in blob files");
    until("the damaged copies are made good", PATIENCE, || (members.chunks(0)? == all).then_some(()));
}

/// Nodes with addresses of their own, on a bridge in a namespace; each link can be cut.
struct Wires {
    names: Vec<String>,
    _undo: Vec<Undo>,
}

impl Wires {
    /// `None`, and said so, where no network can be made.
    fn lay(count: usize) -> Option<Self> {
        static LAID: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}-{}", std::process::id(), LAID.fetch_add(1, Ordering::Relaxed));
        let hub = format!("psb-{id}");
        if !can(&format!("ip netns add {hub}")) {
            return None;
        }
        let mut wires = Self { names: vec![hub.clone()], _undo: vec![Undo(format!("ip netns del {hub}"))] };
        system(&format!("ip -n {hub} link add br0 type bridge"));
        system(&format!("ip -n {hub} addr add 10.77.0.254/24 dev br0"));
        system(&format!("ip -n {hub} link set br0 up"));
        for number in 1..=count {
            let name = format!("ps{number}-{id}");
            system(&format!("ip netns add {name}"));
            wires._undo.push(Undo(format!("ip netns del {name}")));
            system(&format!("ip -n {hub} link add v{number} type veth peer name eth0 netns {name}"));
            for line in [
                format!("-n {hub} link set v{number} master br0 up"),
                format!("-n {name} link set lo up"),
                format!("-n {name} addr add 10.77.0.{number}/24 dev eth0"),
                format!("-n {name} link set eth0 up"),
            ] {
                system(&format!("ip {line}"));
            }
            wires.names.push(name);
        }
        Some(wires)
    }

    fn cut(&self, number: usize, how: &str) {
        system(&format!("ip -n {} link set v{number} {how}", self.names[0]));
    }
}

/// `PACKETSTREAM_CUT_SECONDS` says how long the cut lasts, under import all the time.
#[test]
fn both_sides_of_a_cut_answer_and_heal() {
    let lasts = std::env::var("PACKETSTREAM_CUT_SECONDS").ok().and_then(|text| text.parse().ok());
    let lasts = Duration::from_secs(lasts.unwrap_or(0));
    let folder = tempfile::tempdir().expect("a folder");
    let mix = traffic(&["--mix", "30000"], &folder.path().join("mix.pcap"));
    let expected = of_file(&mix);
    let Some(wires) = Wires::lay(3) else { return };
    let mut members = Members::found(folder.path());
    for number in 1..=3 {
        let listen = format!("10.77.0.{number}:4720");
        let within = ["ip", "netns", "exec", &wires.names[number]];
        members.join(&format!("n{number}"), &["--listen", &listen], &within);
    }
    members.settle(3);
    members.text(0, &["import", &mix, "--host", "before"]);
    complete(&members, 2, "before", &expected);

    wires.cut(3, "down");
    let cut = Instant::now();
    let mut imported = 0;
    while imported == 0 || cut.elapsed() < lasts {
        let host = format!("during-{imported}");
        members.text(imported % 2, &["import", &mix, "--host", &host]);
        complete(&members, 1 - imported % 2, &host, &expected);
        imported += 1;
    }
    // The minority answers with what it has, and says whom it does not see.
    let alone = members.run(2, &[&["query", "--host", "before"], &NUMBERS[..]].concat());
    let said = String::from_utf8_lossy(&alone.stderr);
    assert_eq!(alone.status.code(), Some(1), "{said}");
    assert!(alone.stdout == expected && said.contains("n1") && said.contains("n2"), "{said}");

    wires.cut(3, "up");
    let lasted = cut.elapsed();
    let healed = Instant::now();
    until("the minority has everything", PATIENCE, || (members.chunks(2)? == members.chunks(0)?).then_some(()));
    eprintln!("cut for {lasted:?}, {imported} imports meanwhile, healed after {:?}", healed.elapsed());
    assert!(healed.elapsed() < Duration::from_secs(30));
    for number in 0..imported {
        complete(&members, 2, &format!("during-{number}"), &expected);
    }
}

#[test]
fn an_edge_node_brings_what_it_captures_through_any_node() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(wires) = Wires::lay(2) else { return };
    let mut members = Members::found(folder.path());
    // The nodes are on the bridge; the edge node is in a namespace of its own.
    let within = ["ip", "netns", "exec", &wires.names[0]];
    system(&format!("ip -n {} link set lo up", wires.names[0]));
    for (name, port) in [("n1", 4720), ("n2", 4721), ("n3", 4722)] {
        members.join(name, &["--listen", &format!("10.77.0.254:{port}")], &within);
    }
    members.settle(3);
    let seeds = ["10.77.0.254:4720", "10.77.0.254:4721", "10.77.0.254:4722"];
    let bundle = members.invite("edge", "field", &seeds);
    let on_edge = ["ip", "netns", "exec", &wires.names[1]];
    // Where datagrams go that nobody refuses.
    system(&format!("ip -n {} neigh add 10.77.0.99 lladdr 02:00:00:00:00:99 dev eth0", wires.names[1]));
    let mut edge = Command::new(on_edge[0])
        .args(&on_edge[1..])
        .arg(binary("packetstream"))
        .args(["node", "--bundle", &bundle, "-i", "eth0", "-f", "udp port 9"])
        .args(["--data", folder.path().join("edge").to_str().expect("text")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary is there");
    let said = BufReader::new(edge.stdout.take().expect("piped")).lines().map_while(Result::ok);
    said.into_iter().find(|line| line.starts_with("edge node")).expect("it starts");
    let send = |count: u32| {
        let line = format!("dd if=/dev/zero bs=500 count={count} status=none > /dev/udp/10.77.0.99/9");
        let sent = Command::new(on_edge[0]).args(&on_edge[1..]).args(["bash", "-c", &line]).status();
        assert!(sent.expect("bash is there").success());
    };
    let matched = |members: &Members, through: usize| {
        let output = members.run(through, &["query", "-T", "fields", "-e", "frame.len", "-Y", "udp.dstport == 9"]);
        output.stdout.iter().filter(|byte| **byte == b'\n').count()
    };
    until("what the edge node captures is in the cluster", PATIENCE, || {
        send(1);
        (matched(&members, 2) > 0).then_some(())
    });
    // Whichever node it speaks to dies; it goes on through another.
    for victim in [0, 1] {
        members.nodes[victim].kill();
        let before = matched(&members, 2);
        send(50);
        until("it goes on through another node", PATIENCE, || (matched(&members, 2) >= before + 50).then_some(()));
        members.nodes[victim].restart();
        members.settle(3);
    }
    signal(edge.id(), "TERM");
    assert!(edge.wait().expect("it ends").success());
}

#[test]
fn a_node_ends_within_ten_seconds_and_says_goodbye() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut members = Members::start(folder.path(), 3, &[]);
    assert!(members.nodes[1].terminate() < Duration::from_secs(10));
    let told = Instant::now();
    until("the others know", PATIENCE, || {
        let status = members.status(0)?;
        let member = status["cluster"]["members"].as_array()?.iter().find(|member| member["name"] == "n2")?.clone();
        (member["health"] == "dead").then_some(())
    });
    eprintln!("known after {:?}", told.elapsed());
}

/// A node of a cluster of one still works as it did.
#[test]
fn a_cluster_of_one_becomes_one_of_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let call = traffic(&["healthy_call"], &folder.path().join("call.pcap"));
    let first = Node::start(&folder.path().join("first"));
    first.text(&["import", &call, "--host", "pbx"]);
    let bundle = folder.path().join("second.bundle");
    let bundle = bundle.to_str().expect("text");
    let invited = packetstream(&[
        "cluster",
        "invite",
        "--role",
        "node",
        "--name",
        "second",
        "--seed",
        &first.address,
        "-o",
        bundle,
        "--data",
        &first.data,
    ]);
    assert!(invited.status.success(), "{}", String::from_utf8_lossy(&invited.stderr));
    let second = Node::start_with(&folder.path().join("second"), &["--bundle", bundle], &[]);
    until("the second holds what the first held", PATIENCE, || {
        let output = second.run_as(&format!("{}/operator.bundle", first.data), &["status", "--json"]);
        let status: Value = serde_json::from_slice(&output.stdout).ok()?;
        (status["chunks"].as_u64()? > 0 && status["cluster"]["maps"] == 1).then_some(())
    });
}
