use super::*;
use crate::filter::Options;
use crate::ruleset::{Group, Spec};
use crate::{Scratch, Wanted, dissect};

const SECOND: i64 = 1_000_000_000;

/// A UDP datagram of `len` octets from 10.0.0.`from` to 10.0.0.`to`.
fn datagram(from: u8, to: u8, len: u16) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0];
    let total = 28 + len;
    frame.extend([0x45, 0, (total >> 8) as u8, total as u8, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, from, 10, 0, 0, to]);
    frame.extend([0x13, 0x88, 0x27, 0x0f, 0, (8 + len) as u8, 0, 0]);
    frame.resize(frame.len() + usize::from(len), 0);
    frame
}

struct Bench {
    evaluator: Evaluator,
    number: u64,
}

impl Bench {
    fn new(spec: Spec) -> Self {
        Self { evaluator: Evaluator::new([rule(spec)]), number: 0 }
    }

    fn see(&mut self, time: i64, frame: &[u8]) -> Vec<Match> {
        self.number += 1;
        let packet = Packet { number: self.number, time, ..Packet::alone(1, frame) };
        let mut wanted = Wanted::nothing();
        self.evaluator.want(&mut wanted);
        let mut scratch = Scratch::default();
        dissect(&packet, [], &wanted, &mut scratch, |dissection| {
            self.evaluator.handle_packet(&packet, "alpha", dissection);
        });
        std::iter::from_fn(|| self.evaluator.poll_match()).collect()
    }

    /// The numbers of the seconds in which something was found.
    fn see_all(&mut self, times: &[i64], frame: &[u8]) -> Vec<i64> {
        times.iter().copied().filter(|time| !self.see(time * SECOND, frame).is_empty()).collect()
    }
}

fn rule(spec: Spec) -> Arc<Rule> {
    Arc::new(Rule::compile(spec, &Options::default()).expect("a rule"))
}

fn udp() -> Spec {
    Spec { severity: Severity::Error, ..Spec::of_filter("Lots of UDP", "udp") }
}

#[test]
fn a_filter_alone_speaks_once() {
    let mut bench = Bench::new(Spec { advice: "look".into(), ..udp() });
    assert_eq!(
        bench.see(7, &datagram(1, 2, 0)),
        [Match {
            rule: 0,
            code: "rule.Lots-of-UDP".into(),
            severity: Severity::Error,
            subject: None,
            first_seen: 7,
            last_seen: 7,
            frames: vec![1],
            summary: "Lots of UDP".into(),
            advice: "look".into(),
        }]
    );
    assert!(bench.see_all(&[1, 2, 900_000], &datagram(1, 2, 0)).is_empty());
}

#[test]
fn a_count_within_a_time_speaks_when_reached_and_again_after_silence() {
    let mut bench = Bench::new(Spec { at_least: 3.0, within: Some(10 * SECOND), ..udp() });
    // 0, 6 and 12 are never three within 10 s; 6, 12 and 15 are. A second time only after 10 s without any.
    let times = [0, 6, 12, 15, 16, 17, 26, 37, 38, 39];
    assert_eq!(bench.see_all(&times, &datagram(1, 2, 0)), [15, 39]);
}

#[test]
fn a_match_lists_what_was_counted() {
    let mut bench = Bench::new(Spec {
        at_least: 2.0,
        within: Some(SECOND),
        group: Group::Pair,
        message: "{count} of {ip.src}:{udp.srcport} in {within}, {value}, {host}, {group}, {arp}, {{{rule}}}".into(),
        ..udp()
    });
    assert_eq!(bench.see(0, &datagram(1, 2, 0)), []);
    assert_eq!(bench.see(1, &datagram(3, 2, 0)), []);
    let matches = bench.see(2, &datagram(2, 1, 0));
    assert_eq!(matches.len(), 1);
    let found = &matches[0];
    assert_eq!(found.subject, Some(("pair", "10.0.0.1 10.0.0.2".into())));
    assert_eq!((found.first_seen, found.last_seen, found.frames.as_slice()), (0, 2, &[1, 3][..]));
    assert_eq!(found.summary, "2 of 10.0.0.2:5000 in 1 s, 2, alpha, 10.0.0.1 10.0.0.2, -, {Lots of UDP}");
}

#[test]
fn groups_are_counted_apart() {
    for (group, subject) in [
        (Group::Source, ("address", "10.0.0.1")),
        (Group::Host, ("host", "alpha")),
        (Group::Field("udp.dstport".into()), ("udp.dstport", "9999")),
    ] {
        let mut bench = Bench::new(Spec { group, ..udp() });
        let found = bench.see(0, &datagram(1, 2, 0));
        assert_eq!(found[0].subject, Some((subject.0, subject.1.to_owned())));
        assert_eq!(bench.see(0, &datagram(1, 2, 0)), []);
    }
    // A packet without the field is not counted.
    let mut bench = Bench::new(Spec { group: Group::Call, ..udp() });
    assert_eq!(bench.see(0, &datagram(1, 2, 0)), []);
}

#[test]
fn sums_means_and_different_values_are_measured() {
    let frame = |len| datagram(1, 2, len);
    let spec = |measure, at_least| Spec { measure, at_least, within: Some(10 * SECOND), ..udp() };
    let mut sum = Bench::new(spec(Measure::Sum("udp.length".into()), 100.0));
    // 48 octets each: two within 10 s are too few.
    assert_eq!(sum.see_all(&[0, 11, 20, 29, 30], &frame(40)), [30]);
    let mut mean = Bench::new(spec(Measure::Mean("udp.length".into()), 20.0));
    assert_eq!(mean.see(0, &frame(8)), []);
    assert_eq!(mean.see(SECOND, &frame(8)), []);
    assert_eq!(mean.see(20 * SECOND, &frame(40)).len(), 1);
    let mut distinct = Bench::new(spec(Measure::Distinct("ip.dst".into()), 3.0));
    for (at, to, expected) in [(0, 2, 0), (1, 2, 0), (2, 3, 0), (3, 3, 0), (4, 4, 1), (5, 5, 0)] {
        assert_eq!(distinct.see(at * SECOND, &datagram(1, to, 0)).len(), expected, "{at}");
    }
}

#[test]
fn a_full_table_gives_up_the_group_that_was_idle_longest() {
    let mut groups = Groups::default();
    let mut held = 0;
    for n in 0..=MAX_GROUPS as u64 {
        groups.touch(&n.to_string().into(), n, &mut held);
    }
    assert_eq!((groups.windows.len(), groups.order.len()), (MAX_GROUPS, MAX_GROUPS));
    assert!(!groups.windows.contains_key("0") && groups.windows.contains_key("1"));
}

#[test]
fn windows_share_one_limit() {
    let mut groups = Groups::default();
    let mut held = 0;
    let sample = Sample { time: 0, frame: 1, number: 0.0, hash: 0 };
    let per_group = 1 << 16;
    for n in 0..20u64 {
        let key: Arc<str> = n.to_string().into();
        let window = groups.touch(&key, n, &mut held);
        for _ in 0..per_group {
            window.push(sample, &Measure::<String>::Count, u64::MAX);
        }
        held += per_group;
        groups.shrink(&key, &mut held);
        assert!(held <= MAX_SAMPLES);
    }
    assert_eq!(groups.windows.len(), MAX_SAMPLES / per_group);
    // Alone in its rule a group loses its oldest samples.
    let mut alone = Groups::default();
    alone.touch(&"a".into(), 1, &mut held).push(sample, &Measure::<String>::Count, 1);
    held = MAX_SAMPLES + 1;
    alone.shrink("a", &mut held);
    assert_eq!((held, alone.len_of("a")), (MAX_SAMPLES, 0));
}

#[test]
fn a_window_and_a_list_of_frames_are_bounded() {
    let mut bench = Bench::new(Spec { at_least: 150.0, within: Some(1000 * SECOND), ..udp() });
    let found: Vec<Match> = (0..150).flat_map(|second| bench.see(second * SECOND, &datagram(1, 2, 0))).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].frames.len(), MAX_FRAMES);
    assert_eq!((found[0].frames[0], found[0].frames[MAX_FRAMES - 1]), (1, 150));
    for second in 150..400 {
        bench.see(second * SECOND, &datagram(1, 2, 0));
    }
    assert_eq!(bench.evaluator.held, 150);
}

#[test]
fn too_many_rules_are_left_out() {
    let one = rule(udp());
    assert_eq!(Evaluator::new(vec![one; MAX_RULES + 1]).rules().len(), MAX_RULES);
}

#[test]
fn a_rule_that_stays_goes_on_counting_when_others_come() {
    let spec = Spec { at_least: 2.0, ..udp() };
    let mut bench = Bench::new(spec.clone());
    assert_eq!(bench.see(0, &datagram(1, 2, 0)), []);
    bench.evaluator.reload([rule(Spec::of_filter("other", "arp")), rule(spec.clone())]);
    assert_eq!(bench.see(1, &datagram(1, 2, 0)).len(), 1);
    bench.evaluator.reload([rule(Spec { at_least: 3.0, ..spec })]);
    assert_eq!((bench.see(2, &datagram(1, 2, 0)).len(), bench.evaluator.held), (0, 1));
    bench.evaluator.reload([]);
    assert_eq!(bench.evaluator.held, 0);
}
