//! What holds for all filters and all packets.

use proptest::prelude::*;

use super::require::{Prefix, Zone};
use super::{Filter, Macros, Options, References};
use crate::analysis::{Scratch, dissect};
use crate::packet::Packet;
use crate::registry::{self, ProtoId};
use crate::tree::Dissection;
use crate::value::Value;
use crate::wanted::Wanted;

/// Words and signs of the language; strung together at random they make filters that are nearly right.
const PIECES: &[&str] = &[
    "ip.addr",
    "ip.src",
    "udp.port",
    "udp",
    "ip",
    "frame",
    "frame.len",
    "frame.time",
    "frame.time_delta",
    "eth.src",
    "eth.addr[0:3]",
    "frame.protocols",
    "ip.flags.df",
    "ip.proto",
    "_ws.expert",
    "10.0.0.1",
    "10.0.0.0/8",
    "::1/64",
    "5060",
    "0x1f",
    "0b1",
    "017",
    "-1",
    "1.5",
    "1e3",
    "\"a\"",
    "r\"b\\\"",
    "'c'",
    "\"Sep 26, 2004 23:18:04\"",
    "2004-09-26",
    "UDP",
    "aa:bb:cc",
    "00:11:22:33:44:55",
    "==",
    "===",
    "!=",
    "!==",
    "~=",
    ">",
    "<=",
    "contains",
    "matches",
    "~",
    "in",
    "not in",
    "{",
    "}",
    "{1, 2..3}",
    "(",
    ")",
    "[",
    "]",
    "[0:2]",
    "[-1]",
    "[1-2,4:]",
    "#1",
    "#[1,-1]",
    "@",
    "$",
    "${ip.src}",
    "$m(1)",
    "${m:1;2}",
    "and",
    "or",
    "xor",
    "not",
    "&&",
    "||",
    "^^",
    "!",
    "any",
    "all",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "len(",
    "max(",
    "count(ip.addr)",
    "string(ip.src)",
    "vals(ip.proto)",
    ",",
    "..",
    ":",
    ";",
    "\\",
    "\u{e4}",
    "\u{1f600}",
    "\0",
    "\n",
];

fn options() -> Options {
    let mut macros = Macros::default();
    macros.define("m", "udp.port == $1 or $1");
    Options { references: Some(References::default()), macros, ..Options::default() }
}

/// Compiles, and if that works runs, prints and plans; the places of errors lie in the text.
fn survives(text: &str, bytes: &[u8]) {
    match Filter::compile(text, &options()) {
        Ok(filter) => {
            let _ = filter.explain();
            let _ = passes(&filter, bytes);
        }
        Err(error) => {
            assert!(error.span.end <= error.filter.len() && error.span.start <= error.span.end);
            assert!(error.filter.get(error.span.clone()).is_some(), "{error:?} splits a character");
            let _ = error.to_string();
        }
    }
}

fn look<T>(filter: &Filter, bytes: &[u8], look: impl FnOnce(&Dissection<'_>) -> T) -> T {
    let mut wanted = Wanted::nothing();
    filter.fields().for_each(|field| wanted.add(field));
    dissect(&Packet::alone(1, bytes), [], &wanted, &mut Scratch::default(), look)
}

fn passes(filter: &Filter, bytes: &[u8]) -> bool {
    look(filter, bytes, |d| filter.matches(d))
}

fn compile(text: &str) -> Filter {
    Filter::compile(text, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// An Ethernet frame with an IPv4 packet of the protocol; of UDP with its header, or cut in it.
fn frame(src: u8, dst: u8, protocol: u8, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([0, 1, 2, 3, 4, src, 8, 0, 0x45, 0]);
    frame.extend((20 + 8 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, src, 10, 0, 1, dst]);
    frame.extend(ports.0.to_be_bytes());
    frame.extend(ports.1.to_be_bytes());
    frame.extend((8 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
    frame
}

fn frames() -> impl Strategy<Value = Vec<u8>> {
    let protocol = prop_oneof![3 => Just(17u8), 1 => any::<u8>()];
    let ports = (40_000u16..40_004, 40_000u16..40_004);
    (0u8..4, 0u8..4, protocol, ports, proptest::collection::vec(any::<u8>(), 0..8), any::<bool>()).prop_map(
        |(src, dst, protocol, ports, payload, cut)| {
            let mut frame = frame(src, dst, protocol, ports, &payload);
            if cut {
                frame.truncate(36);
            }
            frame
        },
    )
}

/// Simple tests that some of the frames pass and others do not.
fn tests() -> impl Strategy<Value = String> {
    let relation = prop::sample::select(vec!["==", "!=", "===", "!==", "<", ">=", "any_eq"]);
    let address = prop::sample::select(vec!["ip.addr", "ip.src", "ip.dst"]);
    let port = prop::sample::select(vec!["udp.port", "udp.srcport", "udp.dstport"]);
    prop_oneof![
        (address.clone(), relation.clone(), 0u8..2, 0u8..4, prop::sample::select(vec![8u8, 24, 31, 32]))
            .prop_map(|(field, relation, net, host, bits)| format!("{field} {relation} 10.0.{net}.{host}/{bits}")),
        (address, 0u8..4).prop_map(|(field, host)| format!("{field} in {{10.0.0.{host}, 10.0.1.{host} .. 10.0.1.9}}")),
        (port.clone(), relation, 40_000u16..40_004).prop_map(|(field, relation, n)| format!("{field} {relation} {n}")),
        (port.clone(), 40_000u16..40_004)
            .prop_map(|(field, n)| format!("40001 == {field} or all {field} in {{{n}..40002, 9}}")),
        port.prop_map(|field| format!("max({field}) > 40001 or {field} + 1 == 40002 or {field} & 1")),
        prop::sample::select(
            vec![
                "ip",
                "udp",
                "frame",
                "data",
                "_ws.malformed",
                "_ws.short",
                "ip.src == ip.dst",
                "udp.srcport == udp.dstport",
                "udp[0:2] == 9c:40",
                "len(udp.payload) > 3",
                "count(ip.addr) == 2",
                "string(ip.src) matches \"[12]$\"",
                "udp contains 00",
                "ip.proto == UDP",
                "ip.proto in {\"TCP\", UDP}",
                "@udp.srcport == 9c:41",
                "max(udp.port, ip.len) > 1 or ip",
            ]
            .into_iter()
            .filter(|text| Filter::compile(text, &Options::default()).is_ok())
            .collect::<Vec<_>>()
        )
        .prop_map(str::to_owned),
    ]
}

fn filters() -> impl Strategy<Value = String> {
    tests().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) xor ({b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

/// What one packet shows of itself.
struct Shown {
    protocols: Vec<ProtoId>,
    addresses: Vec<u32>,
    ports: Vec<u16>,
}

impl Shown {
    fn of(bytes: &[u8]) -> Self {
        let mut shown = Self { protocols: Vec::new(), addresses: Vec::new(), ports: Vec::new() };
        dissect(&Packet::alone(1, bytes), [], &Wanted::everything(), &mut Scratch::default(), |d| {
            for node in &d.nodes {
                shown.protocols.push(registry::owner(node.field));
                match (registry::field(node.field).name, &node.value) {
                    ("ip.addr", Value::Ipv4(address)) => shown.addresses.push(u32::from_be_bytes(*address)),
                    ("udp.port", Value::Uint(port)) => shown.ports.push(*port as u16),
                    _ => {}
                }
            }
        });
        shown
    }
}

impl Zone for Shown {
    fn may_have_protocol(&self, protocol: ProtoId) -> bool {
        self.protocols.contains(&protocol)
    }

    fn may_have_address(&self, prefix: &Prefix) -> bool {
        match prefix {
            Prefix::V4 { address, mask } => self.addresses.iter().any(|known| known & mask == *address),
            Prefix::V6 { .. } => false,
        }
    }

    fn may_have_port(&self, from: u16, to: u16) -> bool {
        self.ports.iter().any(|port| (from..=to).contains(port))
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        survives(&text, &bytes);
    }

    #[test]
    fn no_pattern_panics(pattern in "[\\\\\\[\\]{}()?*+^$a-c0-9,:&~<=!QEhHNRZk-]{0,24}") {
        let _ = super::pattern::compile(pattern.as_bytes());
    }

    #[test]
    fn no_string_of_words_panics(
        words in proptest::collection::vec((prop::sample::select(PIECES), any::<bool>()), 0..16),
        bytes in frames(),
    ) {
        let text: String = words.iter().map(|(word, blank)| format!("{word}{}", if *blank { " " } else { "" })).collect();
        survives(&text, &bytes);
    }

    #[test]
    fn a_packet_that_passes_meets_what_is_required(text in filters(), bytes in frames()) {
        let filter = compile(&text);
        if passes(&filter, &bytes) {
            prop_assert!(filter.required().may_hold(&Shown::of(&bytes)), "{}", filter.explain());
        }
    }

    #[test]
    fn logic_holds(a in filters(), b in filters(), bytes in frames()) {
        let is = |text: String| passes(&compile(&text), &bytes);
        let (pa, pb) = (is(a.clone()), is(b.clone()));
        prop_assert_eq!(is(format!("({a}) and ({b})")), pa && pb);
        prop_assert_eq!(is(format!("({a}) or ({b})")), pa || pb);
        prop_assert_eq!(is(format!("({a}) xor ({b})")), pa != pb);
        prop_assert_eq!(is(format!("not ({a})")), !pa);
        prop_assert_eq!(is(format!("!({a}) or !({b})")), is(format!("!(({a}) && ({b}))")));
    }
}
