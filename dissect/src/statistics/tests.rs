use super::*;
use crate::analysis::{Analysis, Scratch, dissect};
use crate::tests::octets;

/// SYN, answer, a request in two segments of which the second comes first, and a datagram of somebody else.
const FRAMES: [&str; 6] = [
    "450000280001000040060000 0a000001 0a000002 c0001388 00000064 00000000 5002 fff0 0000 0000",
    "450000280001000040060000 0a000002 0a000001 1388c000 000003e8 00000065 5012 fff0 0000 0000",
    "4500002c0001000040060000 0a000001 0a000002 c0001388 00000069 000003e9 5018 fff0 0000 0000 65660a00",
    "4500002c0001000040060000 0a000001 0a000002 c0001388 00000065 000003e9 5018 fff0 0000 0000 61626364",
    "4500002b0001000040060000 0a000002 0a000001 1388c000 000003e9 0000006d 5018 fff0 0000 0000 4f4b0a",
    "4500001f0001000040110000 0a000003 0a000002 0fa00fa1 000b0000 78797a",
];

fn printed(name: &str) -> String {
    printed_of(name, 101, &FRAMES)
}

fn printed_of(name: &str, link_type: u16, frames: &[&str]) -> String {
    let frames: Vec<Vec<u8>> = frames.iter().map(|frame| octets(frame)).collect();
    let packets: Vec<Packet<'_>> = (0i64..)
        .zip(&frames)
        .map(|(at, bytes)| Packet { number: at as u64 + 1, time: at * 400_000_000, ..Packet::alone(link_type, bytes) })
        .collect();
    let mut statistic = of(name, TimeForm::default(), &Options::default()).unwrap();
    let mut wanted = Wanted::nothing();
    statistic.want(&mut wanted);
    let mut first = Analysis::new(&wanted);
    packets.iter().for_each(|packet| first.observe(packet));
    let facts = first.finish();
    let mut scratch = Scratch::default();
    for packet in &packets {
        dissect(packet, facts.of(packet.number), &wanted, &mut scratch, |d| statistic.packet(packet, d));
    }
    let mut out = String::new();
    statistic.print(&mut out);
    out
}

/// Each statistic of the expectation, printed anew.
#[test]
fn tables_are_as_expected() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/statistics/tests/tables.txt");
    let expected = std::fs::read_to_string(path).unwrap();
    let names = expected.lines().filter_map(|line| line.strip_prefix("$ -z "));
    let all: String = names.map(|name| format!("$ -z {name}\n{}", printed(name))).collect();
    assert!(all == expected, "{all}");
}

#[test]
fn what_there_is_not_is_named() {
    let error = |name: &str| of(name, TimeForm::default(), &Options::default()).err().map(|error| error.to_string());
    for name in ["conv,foo", "follow,tcp,ascii", "io,stat,-1", "io,stat,1,SUM(ip.src)", "follow,sctp,hex,1"] {
        assert!(error(name).is_some_and(|text| text.starts_with(&format!("-z {name}: "))), "{name}: {:?}", error(name));
    }
    let many = |count: usize| error(&format!("io,stat,1{}", ",udp".repeat(count)));
    assert_eq!(many(64), None);
    assert_eq!(many(65).as_deref(), Some("-z io,stat with 65 filters; 64 are the most"));
    assert!(error("foo").is_some_and(|text| text.contains("io,phs")));
    assert!(error("io,phs,ip.foo").is_some_and(|text| text.contains("ip.foo")));
}

#[test]
fn associations_of_sctp_have_ends_with_ports() {
    let sample = &crate::registry::protocol(crate::registry::ProtoId::Sctp).samples[0];
    let text = printed_of("conv,sctp", sample.link_type, sample.frames);
    assert!(text.contains("SCTP Conversations") && text.contains("<->"), "{text}");
}
