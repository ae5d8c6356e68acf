//! Every scenario against tshark: its ground truth is what Wireshark 4.0 counts, nothing is malformed, and no checksum is
//! bad that was not broken on purpose. Without tshark the tests say so and pass.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;

use packetstream_simnet::traffic::mix::Mix;
use packetstream_simnet::traffic::pcap::{Format, Writer};
use packetstream_simnet::traffic::{Packet, SCENARIOS, Truth, generate};
use packetstream_tests::has;
use tempfile::TempDir;

/// What no capture may hold unless its truth says otherwise.
const CLEAN: [&str; 9] = [
    "_ws.malformed",
    "ip.checksum.status == 0",
    "udp.checksum.status == 0",
    "tcp.checksum.status == 0",
    "icmp.checksum.status == 0",
    "icmpv6.checksum.status == 0",
    "ip.fragment.error",
    "tcp.analysis.flags",
    "_ws.expert.severity == error",
];

fn write(folder: &TempDir, packets: &[Packet], format: Format) -> PathBuf {
    let path = folder.path().join("packets");
    let mut writer = Writer::new(BufWriter::new(File::create(&path).unwrap()), format).unwrap();
    for packet in packets {
        writer.write(packet).unwrap();
    }
    writer.finish().unwrap();
    path
}

/// The frames that each filter finds, in one pass of tshark (`-z io,stat` over one interval).
fn count(file: &Path, filters: &[String]) -> BTreeMap<String, u64> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-n", "-q"]);
    for preference in [
        "ip.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
        // Media is bound by the answer, as it is here (RFC 3264); Wireshark's default is the offer.
        "sip.delay_sdp_changes:TRUE",
    ] {
        command.args(["-o", preference]);
    }
    let output = command.arg("-z").arg(format!("io,stat,0,{}", filters.join(","))).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let row = text.lines().find(|line| line.contains("<>") && line.starts_with('|')).expect(&text);
    let numbers: Vec<&str> = row.split('|').map(str::trim).skip(2).collect();
    filters.iter().enumerate().map(|(i, f)| (f.clone(), numbers[2 * i].parse().expect(row))).collect()
}

fn check(name: &str) {
    if !has("tshark") {
        return;
    }
    let scenario = SCENARIOS.iter().find(|s| s.name == name).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (seed, format) in [(1, Format::PcapNanos), (2, Format::Pcapng)] {
        let told = generate(scenario, seed, seed);
        let file = write(&folder, &told.packets, format);
        compare(&format!("{name}, seed {seed}"), &file, &told.truth);
    }
}

/// Fails with every filter of which tshark has another opinion.
fn compare(what: &str, file: &Path, truth: &Truth) {
    let mut expected = truth.frames.clone();
    for filter in CLEAN {
        expected.entry(filter.to_owned()).or_insert(0);
    }
    expected.insert("frame".to_owned(), truth.packets);
    let filters: Vec<String> = expected.keys().cloned().collect();
    let counted = count(file, &filters);
    let wrong: Vec<String> = expected
        .iter()
        .filter(|(filter, frames)| counted[*filter] != **frames)
        .map(|(filter, frames)| format!("{filter}: truth {frames}, tshark {}", counted[filter]))
        .collect();
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

#[test]
fn a_mix_is_the_sum_of_its_stories() {
    if !has("tshark") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mix = Mix::new(1, 20_000, 300_000_000_000);
    let truth = mix.truth.clone();
    let packets: Vec<Packet> = mix.collect();
    let file = write(&folder, &packets, Format::PcapMicros);
    compare("mix", &file, &truth);
}

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_scenario_is_checked() {
            let checked = [$(stringify!($name)),*];
            assert_eq!(SCENARIOS.iter().map(|s| s.name).collect::<Vec<_>>(), checked);
        }
    };
}

scenarios!(
    healthy_call,
    auth_loop_407,
    t38_rejected,
    arp_conflict,
    t38_fax,
    dns,
    tcp,
    icmp,
    ip_fragments,
    sip_over_tcp,
    ipv6,
    vlan
);
