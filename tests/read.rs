//! `packetstream read` as its users call it.

use std::io::Write;
use std::process::{Command, Stdio};

use packetstream_tests::{binary, captures, has, packetstream};

fn healthy_call(folder: &std::path::Path) -> String {
    let path = folder.join("call.pcap");
    let path = path.to_str().expect("a temporary path is text").to_owned();
    let made = Command::new(binary("simnet")).args(["traffic", "healthy_call", "--seed", "1", "--out", &path]).output();
    assert!(made.expect("simnet is built").status.success());
    path
}

#[test]
fn a_filter_selects_frames_and_fields_show_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = healthy_call(folder.path());
    let all = packetstream(&["read", "-r", &path, "-T", "fields", "-e", "frame.number"]);
    assert!(all.status.success());
    let some = packetstream(&["read", "-r", &path, "-Y", "frame.number <= 3", "-T", "fields", "-e", "frame.number"]);
    assert_eq!(String::from_utf8_lossy(&some.stdout), "1\n2\n3\n");
    assert!(all.stdout.len() > some.stdout.len());
}

#[test]
fn what_is_written_is_what_was_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = healthy_call(folder.path());
    let copy = folder.path().join("copy.pcapng");
    let copy = copy.to_str().expect("a temporary path is text");
    assert!(packetstream(&["read", "-r", &path, "-w", copy]).status.success());
    let fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len"];
    let of = |file: &str| packetstream(&[&["read", "-r", file], &fields[..]].concat()).stdout;
    assert_eq!(of(&path), of(copy));
}

#[test]
fn standard_input_is_a_file_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = healthy_call(folder.path());
    let mut child = Command::new(binary("packetstream"))
        .args(["read", "-r", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary is there");
    let bytes = std::fs::read(&path).expect("made above");
    child.stdin.take().expect("piped").write_all(&bytes).expect("it reads all");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(output.stdout, packetstream(&["read", "-r", &path]).stdout);
}

/// Arguments, the exit status, and a word of the one line on standard error.
const WRONG: &[(&[&str], i32, &str)] = &[
    (&["read", "--nonsense"], 2, "--nonsense"),
    (&["read", "-r", "no-such-file.pcap"], 2, "no-such-file.pcap"),
    (&["read", "-r", "/dev/null", "-Y", "ip.src =="], 2, "ip.src =="),
    (&["read", "-r", "/dev/null", "-Y", "no.such.field"], 2, "no.such.field"),
    (&["read", "-r", "/dev/null", "-T", "fields", "-e", "no.such.field"], 2, "no.such.field"),
    (&["read", "-r", "/dev/null", "-t", "nonsense"], 2, "nonsense"),
    (&["read", "-r", "/dev/null", "-d", "udp.port==5070,nosuch"], 2, "packetstream: -d: \"nosuch\" is no protocol"),
    (
        &["read", "-r", "/dev/null", "--bad"],
        2,
        "packetstream: unexpected argument '--bad' found; see packetstream read --help",
    ),
    (&["read", "-r", "/dev/null", "-Y", "$x()", "--macros", "/no/such/file"], 2, "/no/such/file: No such file"),
];

#[test]
fn a_wrong_request_gets_its_status_and_says_why() {
    for (args, status, word) in WRONG {
        let output = packetstream(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*status), "{args:?}: {said}");
        assert!(said.contains(word), "{args:?}: {said}");
        assert!(output.stdout.is_empty() && !said.contains("panicked"), "{args:?}: {said}");
    }
}

#[test]
fn a_port_is_what_the_user_says_that_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = healthy_call(folder.path());
    let count = |args: &[&str]| {
        let output = packetstream(&[&["read", "-r", &path, "-T", "fields", "-e", "frame.number"], args].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout.iter().filter(|octet| **octet == b'\n').count()
    };
    let sip = count(&["-Y", "sip"]);
    assert!(sip > 0);
    assert_eq!(count(&["-Y", "sip", "-d", "udp.port==5060,data"]), 0);
    assert_eq!(count(&["-Y", "data && udp.port == 5060", "-d", "udp.port==5000-5060,data"]), sip);
}

#[test]
fn a_filter_uses_the_macros_of_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = healthy_call(folder.path());
    let macros = folder.path().join("dmacros");
    std::fs::write(&macros, "# ours\n\"code\" sip.Status-Code == $1\n").expect("writable");
    let macros = macros.to_str().expect("text");
    let with = packetstream(&["read", "-r", &path, "-Y", "$code(200)", "--macros", macros]);
    let without = packetstream(&["read", "-r", &path, "-Y", "sip.Status-Code == 200"]);
    assert!(with.status.success() && !with.stdout.is_empty());
    assert_eq!(with.stdout, without.stdout);
    std::fs::write(macros, "no macro\n").expect("writable");
    let output = packetstream(&["read", "-r", &path, "-Y", "sip", "--macros", macros]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 1 is no macro"));
}

#[test]
fn a_file_that_is_no_capture_is_refused_and_a_cut_one_is_read_to_the_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("letter.txt");
    std::fs::write(&text, "Dear Sir or Madam,\n").expect("writable");
    let output = packetstream(&["read", "-r", text.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(2));

    let path = healthy_call(folder.path());
    let whole = std::fs::read(&path).expect("made above");
    let cut = folder.path().join("cut.pcap");
    std::fs::write(&cut, &whole[..whole.len() - 5]).expect("writable");
    let output = packetstream(&["read", "-r", cut.to_str().expect("text")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cut short") && said.lines().count() == 1, "{said}");
    let all = packetstream(&["read", "-r", &path]).stdout;
    let lines = |octets: &[u8]| octets.iter().filter(|octet| **octet == b'\n').count();
    assert_eq!(lines(&output.stdout) + 1, lines(&all));
}

#[test]
fn every_capture_has_as_many_frames_as_capinfos_counts() {
    if !has("capinfos") {
        return;
    }
    for path in captures() {
        let path = path.to_str().expect("their names are text");
        let counted = Command::new("capinfos").args(["-c", "-M", "-r", "-T", path]).output().expect("asked above");
        let counted = String::from_utf8_lossy(&counted.stdout);
        let Some(expected) = counted.trim().rsplit('\t').next().and_then(|n| n.parse::<usize>().ok()) else {
            continue;
        };
        let output = packetstream(&["read", "-r", path, "-T", "fields", "-e", "frame.number"]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        let found = output.stdout.iter().filter(|octet| **octet == b'\n').count();
        assert_eq!(found, expected, "{path}");
    }
}
