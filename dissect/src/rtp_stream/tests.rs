use super::*;

const MS: i64 = 1_000_000;

/// Feeds 20 ms packets of G.711 given as `(sequence, milliseconds)`.
fn fed(packets: &[(u16, i64)]) -> Summary {
    let mut streams = Streams::default();
    for (frame, (sequence, ms)) in (1..).zip(packets) {
        let packet = Packet {
            frame,
            time: ms * MS,
            sequence: *sequence,
            timestamp: u32::from(*sequence).wrapping_mul(160),
            clock_rate: Some(8000),
            octets: 172,
            ..Packet::default()
        };
        streams.feed(Key::default(), &packet);
    }
    streams.summaries().remove(0)
}

fn check(packets: &[(u16, i64)], expected: (u64, i64, u64)) -> Summary {
    let summary = fed(packets);
    assert_eq!((summary.expected, summary.lost, summary.missing), expected, "{packets:?}");
    summary
}

#[test]
fn sequences_are_extended() {
    check(&[(65_534, 0), (65_535, 20), (0, 40), (1, 60)], (4, 0, 0));
    check(&[(10, 0), (12, 40)], (3, 1, 1));
    assert_eq!(check(&[(10, 0), (14, 80), (15, 100)], (6, 3, 3)).longest_gap, 3);
}

#[test]
fn late_and_repeated_packets_are_told_apart() {
    let late = check(&[(10, 0), (12, 40), (11, 45), (13, 60)], (4, 0, 0)).problems;
    assert_eq!((late.late, late.duplicates, late.out_of_sequence), (1, 0, 3));
    let twice = check(&[(10, 0), (11, 20), (11, 21), (13, 60)], (4, 0, 1)).problems;
    assert_eq!((twice.late, twice.duplicates), (0, 1));
    // What comes before the first one counts from there on.
    check(&[(10, 0), (9, 1), (11, 20)], (3, 0, 0));
}

#[test]
fn a_source_may_begin_anew() {
    let summary = check(&[(10, 0), (11, 20), (30_000, 40), (30_001, 60), (30_002, 80)], (5, 0, 0));
    assert_eq!(summary.problems.restarts, 1);
    // One stray packet is no new beginning and fills no hole.
    check(&[(10, 0), (30_000, 20), (12, 40)], (3, 1, 1));
}

#[test]
fn what_the_sender_left_out_is_not_lost() {
    let summary = check(&[(10, 0), (11, 20), (1500, 40), (1501, 60)], (1492, 1488, 0));
    assert_eq!((summary.skipped, summary.longest_gap), (1488, 0));
    // Its time has passed: an outage.
    check(&[(10, 0), (110, 2000), (111, 2020)], (102, 99, 99));
}

#[test]
fn a_clock_that_is_set_anew_is_no_jitter_of_the_voice() {
    let mut streams = Streams::default();
    for n in 0..200_u32 {
        let timestamp = n * 160 + if n < 100 { 0 } else { 80_000_000 };
        let (sequence, time) = (n as u16, i64::from(n) * 20 * MS);
        let packet = Packet { time, sequence, timestamp, clock_rate: Some(8000), ..Packet::default() };
        streams.feed(Key::default(), &packet);
    }
    let summary = streams.summaries().remove(0);
    assert!(summary.voice_jitter_max < 1.0 && summary.jitter.max > 1000.0, "{summary:?}");
}

/// RFC 3550, A.8 by hand: J goes up by (|D| - J) / 16.
#[test]
fn jitter_is_that_of_the_rfc() {
    let summary = fed(&[(0, 0), (1, 20), (2, 56), (3, 60), (4, 80)]);
    let (second, third) = (16.0 / 16.0, 1.0 + (16.0 - 1.0) / 16.0);
    let last = third - third / 16.0;
    assert_eq!((summary.jitter.min, summary.jitter.max), (0.0, third));
    assert!((summary.jitter.mean - (second + third + last) / 4.0).abs() < 1e-9);
    assert_eq!((summary.delta.min, summary.delta.mean, summary.delta.max), (4.0, 20.0, 36.0));
    assert_eq!(summary.voice_jitter_max, third);
    assert!((summary.skew_max + 16.0).abs() < 1e-9);
    assert!((summary.bit_rate() - 5.0 * 172.0 * 8.0 / 0.08).abs() < 1e-6);
}

#[test]
fn timestamps_wrap_and_odd_clock_rates_are_exact() {
    let mut streams = Streams::default();
    for n in 0..50u32 {
        let packet = Packet {
            time: i64::from(n) * 1_000_000_000 / 50,
            sequence: n as u16,
            timestamp: (u32::MAX - 2000).wrapping_add(n * 11_025 / 50),
            clock_rate: Some(11_025),
            ..Packet::default()
        };
        streams.feed(Key::default(), &packet);
    }
    let summary = streams.summaries().remove(0);
    // Half a tick is rounded away in each timestamp.
    assert!(summary.jitter.max < 0.1, "{:?}", summary.jitter);
    assert_eq!(summary.problems.timestamp_back, 0);
}

#[test]
fn a_clock_that_was_set_back_is_waited_for() {
    let mut streams = Streams::default();
    let mut feed = |frame: u64, ms: i64, timestamp: u32| {
        let (time, sequence, clock_rate) = (ms * MS, frame as u16, Some(8000));
        streams.feed(Key::default(), &Packet { frame, time, sequence, timestamp, clock_rate, ..Packet::default() });
    };
    feed(1, 0, 1600);
    feed(2, 20, 1760);
    feed(3, 40, 0);
    feed(4, 60, 160);
    feed(5, 260, 1760);
    let summary = streams.summaries().remove(0);
    assert_eq!((summary.delta.min, summary.delta.max), (20.0, 240.0));
    assert_eq!(summary.problems.timestamp_back, 2);
    // A stream that lasts for days is not taken for one.
    let mut streams = Streams::default();
    for n in 0..20u32 {
        let timestamp = n.wrapping_mul(1 << 29);
        let packet = Packet { time: i64::from(n) * MS, sequence: n as u16, timestamp, ..Packet::default() };
        streams.feed(Key::default(), &packet);
    }
    assert_eq!(streams.summaries().remove(0).delta.max, 1.0);
}

#[test]
fn events_and_silence_leave_the_voice_alone() {
    let mut streams = Streams::default();
    let mut feed = |frame, ms: i64, timestamp, kind, marker| {
        let payload_type = if kind == Kind::Event { 101 } else { 0 };
        let encoding = (kind == Kind::Event).then_some("telephone-event");
        let clock_rate = Some(8000);
        let packet = Packet {
            frame,
            time: ms * MS,
            sequence: frame as u16,
            timestamp,
            payload_type,
            marker,
            kind,
            clock_rate,
            encoding,
            octets: 0,
        };
        streams.feed(Key::default(), &packet);
    };
    feed(1, 0, 0, Kind::Media, true);
    feed(2, 20, 160, Kind::Media, false);
    feed(3, 40, 320, Kind::Event, true);
    feed(4, 60, 320, Kind::Event, false);
    feed(5, 80, 640, Kind::Media, false);
    // Two seconds of silence that the timestamps know nothing of.
    feed(6, 2100, 800, Kind::Media, true);
    feed(7, 2120, 960, Kind::Media, false);
    feed(8, 4120, 1120, Kind::Media, false);
    let summary = streams.summaries().remove(0);
    assert_eq!(summary.voice_jitter_max, 0.0);
    assert!(summary.jitter.max > 100.0);
    assert_eq!(summary.problems.payload_changes, 2);
    assert_eq!(summary.main_payload().map(|payload| (payload.number, payload.packets)), Some((0, 6)));
    let mos = summary.estimated_mos().unwrap();
    assert!((4.3..4.5).contains(&mos), "{mos}");
}

#[test]
fn no_more_streams_and_payload_types_than_the_limits() {
    let mut streams = Streams::default();
    for ssrc in 0..MAX_STREAMS as u32 + 10 {
        streams.feed(Key { ssrc, ..Key::default() }, &Packet::default());
    }
    assert_eq!((streams.summaries().len(), streams.left_out()), (MAX_STREAMS, 10));
    let name = "x".repeat(1000);
    for payload_type in 0..128 {
        let packet = Packet { payload_type, encoding: Some(&name), ..Packet::default() };
        streams.feed(Key::default(), &packet);
    }
    let summary = streams.summary(Key::default()).unwrap();
    assert_eq!(summary.payloads.len(), MAX_PAYLOADS);
    assert!(summary.payloads[1].encoding.as_ref().unwrap().len() == MAX_ENCODING);
    assert_eq!(summary.payloads.iter().map(|payload| payload.packets).sum::<u64>(), 129);
}

/// What Wireshark's list of RTP streams says of public captures.
#[test]
fn golden_streams() {
    const FAX: &str = "FAX-Call-t38-CA-TDM-SIP-FB-1.pcap";
    // The mean jitter of the last one is 14.144 there: a payload type without a clock rate is looked at otherwise.
    const ROWS: &[(&str, u32, u64, i64, [f64; 6])] = &[
        ("sip-rtp-g711.pcap", 0x343f_fa34, 414, 0, [19.867, 20.0, 20.115, 0.001, 0.004, 0.019]),
        ("sip-rtp-g711.pcap", 0x343d_a99b, 425, 0, [19.957, 20.0, 20.049, 0.001, 0.006, 0.010]),
        ("sip-rtp-g729a.pcap", 0x0445_59a1, 425, 0, [19.252, 20.0, 20.471, 0.000, 0.085, 0.143]),
        (FAX, 0x17d9_0134, 3147, 0, [1.078, 17.973, 9199.842, 0.023, 14.141, 2730.468]),
        (FAX, 0x0eaf_0eaf, 3848, 0, [0.381, 20.016, 173.431, 0.051, 0.749, 15.523]),
    ];
    for (file, ssrc, packets, lost, expected) in ROWS {
        let Some(capture) = crate::tests::capture(&format!("odedshimon+BruteShark/{file}")) else {
            continue;
        };
        let mut streams = Streams::default();
        for (frame, (time, octets)) in (1..).zip(&capture) {
            // Ethernet, IPv4 without options, UDP.
            let Some([_, second, sequence @ .., a, b, c, d]) = octets.get(42..54) else {
                continue;
            };
            if u32::from_be_bytes([*a, *b, *c, *d]) != *ssrc || octets.get(23) != Some(&17) {
                continue;
            }
            let packet = Packet {
                frame,
                time: *time,
                sequence: u16::from_be_bytes([sequence[0], sequence[1]]),
                timestamp: u32::from_be_bytes([sequence[2], sequence[3], sequence[4], sequence[5]]),
                payload_type: second & 0x7f,
                // What the session description calls telephone-event.
                kind: match second & 0x7f {
                    13 => Kind::ComfortNoise,
                    102 => Kind::Event,
                    _ => Kind::Media,
                },
                marker: second & 0x80 != 0,
                clock_rate: (second & 0x7f < 96).then_some(8000),
                ..Packet::default()
            };
            streams.feed(Key { ssrc: *ssrc, ..Key::default() }, &packet);
        }
        let summary = streams.summaries().remove(0);
        assert_eq!((summary.packets, summary.lost), (*packets, *lost), "{file} {ssrc:x}");
        let (delta, jitter) = (summary.delta, summary.jitter);
        let found = [delta.min, delta.mean, delta.max, jitter.min, jitter.mean, jitter.max];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 0.000_6,
                "{file} {ssrc:x}: {found} is not {expected}; {delta:?} {jitter:?}"
            );
        }
    }
}

#[test]
fn what_was_held_up_is_jitter_and_a_silence_is_none() {
    let jitter = |time: &dyn Fn(i64) -> i64| {
        let packets: Vec<(u16, i64)> = (0..200).map(|n| (n as u16, time(n))).collect();
        fed(&packets).voice_jitter_max
    };
    // Nothing comes for 800 ms, then all at once.
    let held_up = jitter(&|n| if (100..140).contains(&n) { 2800 } else { n * 20 });
    assert!((45.0..55.0).contains(&held_up), "{held_up}");
    // The sender said nothing for as long, and its clock stood still.
    assert!(jitter(&|n| if n >= 100 { n * 20 + 800 } else { n * 20 }) < 1.0);
}

#[test]
fn a_step_of_the_timestamps_is_no_jitter_of_the_voice() {
    for step in [6400_u32, 6400_u32.wrapping_neg()] {
        let mut streams = Streams::default();
        for n in 0..200_u16 {
            let timestamp = (1_000_000 + u32::from(n) * 160).wrapping_add(if n < 100 { 0 } else { step });
            let time = i64::from(n) * 20 * MS;
            let packet = Packet { time, sequence: n, timestamp, clock_rate: Some(8000), ..Packet::default() };
            streams.feed(Key::default(), &packet);
        }
        let summary = streams.summaries().remove(0);
        assert!(summary.voice_jitter_max < 1.0 && summary.jitter.max > 40.0, "{summary:?}");
    }
}
