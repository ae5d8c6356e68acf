//! Fuzz targets: each protocol by its samples, the filter language, statistics, rule files.

use std::sync::Arc;

use packetstream_dissect::call::Tracker;
use packetstream_dissect::filter::{Filter, Macros, Options, References};
use packetstream_dissect::output::printer::{Format, Printer, Spec};
use packetstream_dissect::output::summary::TimeForm;
use packetstream_dissect::registry::{self, Protocol};
use packetstream_dissect::ruleset::rule::{Rule, Spec as RuleSpec};
use packetstream_dissect::ruleset::{Evaluator, Group, Kind, Listing, Measure};
use packetstream_dissect::{Analysis, Diagnosis, Dissection, InOrder, Packet, Scratch, Wanted, dissect, statistics};
use packetstream_fuzz::{Random, run};

/// Frames of one link type.
#[derive(Clone)]
struct Capture {
    link_type: u16,
    frames: Vec<Vec<u8>>,
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |d: u8| (d as char).to_digit(16).expect("filtered above") as u8;
    digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn samples(protocol: &Protocol) -> Vec<Capture> {
    let capture = |sample: &registry::Sample| Capture {
        link_type: sample.link_type,
        frames: sample.frames.iter().map(|frame| octets(frame)).collect(),
    };
    protocol.samples.iter().map(capture).collect()
}

/// The samples of each protocol that has some.
fn corpus() -> Vec<Vec<Capture>> {
    registry::protocols().map(samples).filter(|samples| !samples.is_empty()).collect()
}

/// Damages some frames, leaves some out, sends some again and in another order.
fn damaged(mut capture: Capture, random: &mut Random) -> Capture {
    // Behind the headers that lead there, or from the first octet on.
    let from = *random.pick(&[0, 14, 20, 34, 42, 54, 66]);
    for frame in &mut capture.frames {
        if !random.is_one_in(3) {
            random.mutate_behind(from, frame);
        }
    }
    if random.is_one_in(4) && !capture.frames.is_empty() {
        let (one, other) = (random.below(capture.frames.len()), random.below(capture.frames.len()));
        capture.frames.swap(one, other);
        capture.frames.push(capture.frames[one].clone());
    }
    if random.is_one_in(50) {
        capture.link_type = random.below(300) as u16;
    }
    capture
}

impl Capture {
    /// The packets, some milliseconds apart; of some only a part was captured.
    fn packets(&self, random: &mut Random) -> Vec<Packet<'_>> {
        let mut time = 1_700_000_000_000_000_000;
        let mut packets = Vec::new();
        for (at, bytes) in self.frames.iter().enumerate() {
            time += random.below(2_000_000_000) as i64;
            let missing = if random.is_one_in(4) { random.below(100) } else { 0 };
            packets.push(Packet {
                number: at as u64 + 1,
                time,
                orig_len: (bytes.len() + missing) as u32,
                ..Packet::alone(self.link_type, bytes)
            });
        }
        packets
    }
}

/// A node lies within its source: what was on the wire may lie behind what was captured, but never behind the frame.
fn check_ranges(packet: &Packet<'_>, dissection: &Dissection<'_>) {
    for node in &dissection.nodes {
        let name = registry::field(node.field).name;
        let source = dissection.source(node.source);
        let end = (packet.orig_len as usize).max(source.len());
        assert!(node.start as usize + node.len as usize <= end, "{name} lies outside of its source");
    }
}

fn printers() -> Vec<Printer> {
    let formats = [Format::Text, Format::Json, Format::JsonLines, Format::Ek, Format::Pdml, Format::Psml];
    let plain = formats.map(|format| Spec { format, ..Spec::default() });
    let whole = Spec { verbose: true, hex: true, ..Spec::default() };
    plain.into_iter().chain([whole]).map(|spec| Printer::new(spec).expect("a form that there is")).collect()
}

/// Both passes over the packets, everything wanted, each shown in a form.
fn show(packets: &[Packet<'_>], printer: &mut Printer, out: &mut String) {
    let everything = Wanted::everything();
    let mut first = Analysis::new(&everything);
    packets.iter().for_each(|packet| first.observe(packet));
    let facts = first.finish();
    let mut scratch = Scratch::default();
    for packet in packets {
        out.clear();
        dissect(packet, facts.of(packet.number), &everything, &mut scratch, |dissection| {
            check_ranges(packet, dissection);
            printer.packet(packet, dissection, out);
        });
    }
}

/// What looks at packets without showing them.
fn judge(packets: &[Packet<'_>]) {
    let (mut diagnosis, mut findings) = (Diagnosis::new(), Vec::new());
    let (mut tracker, mut calls) = (Tracker::default(), Vec::new());
    for packet in packets {
        diagnosis.observe(packet, 0, &mut findings);
        tracker.observe(packet, 0, &mut calls);
    }
    diagnosis.finish(&mut findings);
    tracker.finish(&mut calls);
    for finding in &findings {
        let _ = finding.json("host", |id| format!("{id:032x}"));
    }
}

#[test]
fn protocols() {
    let (corpus, mut printers, mut out) = (corpus(), printers(), String::new());
    run("protocols", 600, |random| {
        let samples = random.pick(&corpus);
        let capture = damaged(random.pick(samples).clone(), random);
        let packets = capture.packets(random);
        let at = random.below(printers.len());
        show(&packets, &mut printers[at], &mut out);
        judge(&packets);
        // Where nobody looks protocols take shorter ways.
        let mut in_order = InOrder::new(&Wanted::nothing(), &Wanted::nothing());
        packets.iter().for_each(|packet| in_order.dissect(packet, |_, _| ()));
    });
}

/// Streams that several protocols share: frames of two samples among each other.
#[test]
fn mixed_protocols() {
    let (corpus, mut printers, mut out) = (corpus(), printers(), String::new());
    let all: Vec<Capture> = corpus.into_iter().flatten().collect();
    run("mixed protocols", 100, |random| {
        let mut capture = random.pick(&all).clone();
        for _ in 0..3 {
            let other = random.pick(&all);
            if other.link_type == capture.link_type {
                capture.frames.extend(other.frames.iter().cloned());
            }
        }
        let capture = damaged(capture, random);
        let at = random.below(printers.len());
        show(&capture.packets(random), &mut printers[at], &mut out);
    });
}

/// Words and signs of the filter language, and values that its types take.
const WORDS: &[&str] = &[
    "==",
    "!=",
    "===",
    "~=",
    ">",
    "<=",
    "contains",
    "matches",
    "in",
    "not in",
    "and",
    "or",
    "xor",
    "not",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "[0:2]",
    "[-1:]",
    "[1-2,4:]",
    "#1",
    "#[1,-1]",
    "@",
    "$",
    "${ip.src}",
    "$m(1;2)",
    "any ",
    "all ",
    "len(",
    "count(",
    "upper(",
    "lower(",
    "string(",
    "max(",
    "min(",
    "abs(",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "..",
    ", ",
    "10.0.0.1",
    "10.0.0.0/8",
    "::1",
    "2001:db8::/32",
    "aa:bb:cc:dd:ee:ff",
    "5060",
    "0x1f",
    "0b101",
    "017",
    "1.5",
    "1e3",
    "\"a\"",
    "r\"b\\d+\"",
    "'c'",
    "\"Sep 26, 2004 23:18:04\"",
    "True",
    "\"(a|b)*c\"",
    "\"[a-\"",
    "sip",
    "tcp",
    "ip.addr",
    "tcp.port",
    "frame.time",
    "frame.len",
    "eth.src",
    "sip.Method",
    "dns.qry.name",
    "_ws.expert",
    "_ws.col.Info",
    "ü",
];

const FILTERS: &[&str] = &[
    "ip.addr == 192.168.0.0/16 and not tcp.port in {80, 443, 8000..8080}",
    "sip.Status-Code >= 400 || sip.Method == \"INVITE\"",
    "frame.time >= \"2023-11-14 22:13:20\" && frame.len[0:2] == 00:40",
    "upper(dns.qry.name) matches \"^A\\\\.EX\" and count(dns.a) > 1",
    "any ip.src == ${ip.src} or all tcp.srcport > 1024",
    "tcp.flags & 0x12 == 0x12 and tcp.len + 1 > -udp.length * 2",
    "eth.addr[0:3] == aa:bb:cc xor ipv6.addr == fe80::/10",
    "ip.ttl#1 < 5 or @sip.Via contains 0d:0a",
    "max(tcp.len, 5) == len(data.data) and $m(10.0.0.1)",
    "rtp.ssrc == 0xdeadbeef or t38.t30_data matches r\"x+\"",
];

fn options(random: &mut Random) -> Options {
    let mut options = Options::default();
    options.macros.define("m", "ip.addr == $1");
    if random.is_one_in(2) {
        let mut references = References::default();
        let _ = references.bind("ip.src", "10.0.0.1");
        options.references = Some(references);
    }
    options
}

/// A filter that is nearly right: one of those above, or on any field.
fn filter_text(names: &[&str], random: &mut Random) -> String {
    let seed = match random.below(3) {
        0 => (*random.pick(FILTERS)).to_owned(),
        1 => format!("{} {} {}", random.pick(names), random.pick(WORDS), random.pick(WORDS)),
        _ => {
            let one = format!("{} == {}", random.pick(names), random.pick(WORDS));
            format!("{one} {} {} {}", random.pick(WORDS), random.pick(names), random.pick(WORDS))
        }
    };
    if random.is_one_in(4) { seed } else { random.text(&seed, WORDS) }
}

fn names() -> Vec<&'static str> {
    registry::fields().map(|(_, field)| field.name).collect()
}

/// Shows each packet to `look` with nothing made but what is wanted.
fn each(packets: &[Packet<'_>], wanted: &Wanted, mut look: impl FnMut(&Packet<'_>, &Dissection<'_>)) {
    let mut first = Analysis::new(wanted);
    packets.iter().for_each(|packet| first.observe(packet));
    let (facts, mut scratch) = (first.finish(), Scratch::default());
    for packet in packets {
        dissect(packet, facts.of(packet.number), wanted, &mut scratch, |dissection| look(packet, dissection));
    }
}

#[test]
fn filters() {
    let (names, all): (_, Vec<Capture>) = (names(), corpus().into_iter().flatten().collect());
    run("filters", 1500, |random| {
        let (text, options) = (filter_text(&names, random), options(random));
        let _ = Filter::unknown_fields(&text, &options);
        let filter = match Filter::compile(&text, &options) {
            Ok(filter) => filter,
            Err(error) => {
                let _ = error.to_string();
                return;
            }
        };
        assert!(!filter.explain().is_empty());
        let mut wanted = Wanted::nothing();
        filter.fields().for_each(|field| wanted.add(field));
        let capture = random.pick(&all);
        each(&capture.packets(random), &wanted, |_, dissection| {
            filter.matches(dissection);
        });
    });
}

const STATISTICS: &[&str] = &[
    "conv,tcp",
    "conv,ip",
    "endpoints,udp,ip",
    "expert,warn,tcp",
    "follow,tcp,ascii,0",
    "follow,udp,hex,1",
    "io,phs",
    "io,stat,1,COUNT(frame)frame,ip",
    "io,stat,0.5,AVG(tcp.len)tcp.len",
    "rtp,streams",
    "sip,stat",
];

#[test]
fn statistics_of_any_kind() {
    let all: Vec<Capture> = corpus().into_iter().flatten().collect();
    run("statistics", 300, |random| {
        let seed = random.pick(STATISTICS);
        let text = if random.is_one_in(2) { (*seed).to_owned() } else { random.text(seed, WORDS) };
        let Ok(mut statistic) = statistics::of(&text, TimeForm::default(), &Options::default()) else { return };
        let mut wanted = Wanted::nothing();
        statistic.want(&mut wanted);
        let capture = damaged(random.pick(&all).clone(), random);
        each(&capture.packets(random), &wanted, |packet, dissection| statistic.packet(packet, dissection));
        statistic.print(&mut String::new());
    });
}

/// A file of each form that has a rule a line, and one of macros.
const RULE_FILES: &[(Kind, &str)] = &[
    (
        Kind::Colors,
        "# of Wireshark\n@Bad TCP@tcp.analysis.flags && !tcp.analysis.window_update@[4626,10023,11822][1,2,3]\n!@off@sip@[0,0,0][65535,65535,65535]\n",
    ),
    (Kind::DisplayFilters, "\"SIP\" sip\n\"a \\\"b\\\"\" ip.addr == 10.0.0.1\n"),
    (Kind::CaptureFilters, "\"only\" host 10.0.0.1\n"),
    (Kind::Buttons, "\"TRUE\",\"Bad\",\"tcp.analysis.flags\",\"why\"\n\"FALSE\",\"x\",\"udp\",\"\"\n"),
    (Kind::Macros, "\"m\",\"ip.addr == $1 and tcp.port == $2\"\n"),
];
const RULE_WORDS: &[&str] =
    &["@", "!@", "\"", "\\\"", ",", "[1,2,3]", "#", "\n", "\r\n", "$1", "${m:1;2}", "TRUE", "tcp", "sip.Method", "&&"];

#[test]
fn rule_files() {
    let all: Vec<Capture> = corpus().into_iter().flatten().collect();
    let names = names();
    run("rule files", 400, |random| {
        let (kind, seed) = random.pick(RULE_FILES);
        let again = seed.repeat(1 + random.below(3));
        let text = random.text(&again, RULE_WORDS);
        let _ = Kind::of("any", &text);
        let listing = Listing::read(*kind, &text);
        let mut macros = Macros::default();
        macros.read(&text);
        let options = Options { macros, ..Options::default() };
        let mut rules: Vec<Rule> = Vec::new();
        for row in &listing.rows {
            rules.extend(Rule::compile(RuleSpec::of_filter(&row.name, &row.filter), &options));
        }
        let field = (*random.pick(&names)).to_owned();
        let spec = RuleSpec {
            group: random.pick(&[Group::All, Group::Host, Group::Field(field.clone())]).clone(),
            measure: random.pick(&[Measure::Count, Measure::Distinct(field.clone()), Measure::Sum(field)]).clone(),
            message: random
                .text("{rule}: {value} of {sip.Call-ID} within {within}", &["{", "}", "{{", "{value}", "{x.y}"]),
            within: Some(1_000_000_000),
            ..RuleSpec::of_filter("any", "frame")
        };
        rules.extend(Rule::compile(spec, &options));
        let mut evaluator = Evaluator::new(rules.into_iter().map(Arc::new));
        let mut wanted = Wanted::nothing();
        evaluator.want(&mut wanted);
        let capture = damaged(random.pick(&all).clone(), random);
        each(&capture.packets(random), &wanted, |packet, dissection| {
            evaluator.handle_packet(packet, "host", dissection);
            while evaluator.poll_match().is_some() {}
        });
    });
}
