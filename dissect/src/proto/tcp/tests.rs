use super::analysis::{ACK, FIN, PSH};
use super::*;
use crate::output::value;
use crate::tests::{has, values};
use crate::{Analysis, Packet, Scratch, Wanted, dissect, registry};

/// A segment: microseconds since the one before, the side that sends it, its sequence number and acknowledgment counted
/// from the connection's first ones, flags, octets of data.
type Row = (i64, usize, u32, u32, u16, usize);

const SA: u16 = SYN | FLAG_ACK;
const FIRST: [u32; 2] = [1000, 0x9000_0000];
const HANDSHAKE: [Row; 3] = [(0, 0, 0, 0, SYN, 0), (1000, 1, 0, 1, SA, 0), (1000, 0, 1, 1, ACK, 0)];

fn segment(&(_, side, seq, ack, flags, len): &Row, window: u16) -> Vec<u8> {
    let total = 40 + len as u16;
    let mut frame = vec![0x45, 0, (total >> 8) as u8, total as u8, 0, 1, 0, 0, 64, 6, 0, 0];
    frame.extend([10, 0, 0, 1 + side as u8, 10, 0, 0, 2 - side as u8]);
    for port in [[50000u16, 9][side], [9, 50000][side]] {
        frame.extend(port.to_be_bytes());
    }
    let ack = if flags & ACK != 0 { FIRST[1 - side].wrapping_add(ack) } else { ack };
    frame.extend(FIRST[side].wrapping_add(seq).to_be_bytes());
    frame.extend(ack.to_be_bytes());
    frame.extend((5 << 12 | flags).to_be_bytes());
    frame.extend(window.to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(usize::from(total), b'x');
    frame
}

/// What the frames of a connection show, and the Info column as `info`.
fn shown(rows: &[Row], windows: &[u16]) -> Vec<Vec<(&'static str, String)>> {
    let window = |at: usize| windows.get(at).copied().unwrap_or(1000);
    let frames: Vec<Vec<u8>> = rows.iter().enumerate().map(|(at, row)| segment(row, window(at))).collect();
    let mut time = 0;
    let packets: Vec<Packet<'_>> = std::iter::zip(rows, &frames)
        .enumerate()
        .map(|(at, (row, bytes))| {
            time += row.0 * 1000;
            Packet { number: at as u64 + 1, time, ..Packet::alone(101, bytes) }
        })
        .collect();
    let wanted = Wanted::everything();
    let mut first = Analysis::new(&wanted);
    packets.iter().for_each(|packet| first.observe(packet));
    let facts = first.finish();
    let mut scratch = Scratch::default();
    let show = |packet: &Packet<'_>| {
        dissect(packet, facts.of(packet.number), &wanted, &mut scratch, |dissection| {
            let value = |node: &crate::tree::Node| value::of(registry::field(node.field), node, dissection.bytes(node));
            let nodes = dissection.nodes.iter().map(|node| (registry::field(node.field).name, value(node)));
            nodes.chain([("info", dissection.columns.info.clone())]).collect()
        })
    };
    packets.iter().map(show).collect()
}

/// The value of a field in each frame, nothing where there is none.
fn each(shown: &[Vec<(&'static str, String)>], name: &str) -> Vec<String> {
    shown.iter().map(|frame| values(frame, name)).collect()
}

/// The findings in the Info column of the last frame.
fn last_notes(rows: &[Row], windows: &[u16]) -> String {
    let info = each(&shown(rows, windows), "info").pop().unwrap_or_default();
    info.split_once(if rows.last().is_some_and(|row| row.1 == 0) { "50000 →" } else { "9 →" }).unwrap().0.to_owned()
}

#[test]
fn the_first_round_trip_of_a_syn_that_comes_late() {
    let late = [HANDSHAKE[1], (1000, 0, 0, 0, SYN, 0), (1000, 0, 1, 1, ACK, 0)];
    let rtts = each(&shown(&late, &[]), "tcp.analysis.initial_rtt");
    assert_eq!(rtts, ["", "0.001000000", ""], "from the SYN to what is behind it, where something is analysed");
    // Nothing is acknowledged behind the SYN: the first acknowledgment of all counts, which was before it.
    let last = [(0, 1, 1, 1, ACK, 10), (1000, 0, 0, 0, SYN, 0)];
    assert_eq!(each(&shown(&last, &[]), "tcp.analysis.initial_rtt"), ["-0.001000000", "-0.001000000"]);
    // A clock that was set back.
    let back = [HANDSHAKE[0], HANDSHAKE[1], (-10_000, 0, 1, 1, ACK, 0)];
    assert_eq!(each(&shown(&back, &[]), "tcp.analysis.initial_rtt"), ["", "-0.009000000", "-0.009000000"]);
}

#[test]
fn completeness_counts_what_a_segment_is_for() {
    let of = |rows: &[Row]| each(&shown(rows, &[]), "tcp.completeness").pop().unwrap();
    assert_eq!(of(&[HANDSHAKE[0], (9, 1, 0, 1, SA, 5)]), "3", "data of a SYN are none");
    assert_eq!(of(&[HANDSHAKE[0], (9, 1, 1, 1, PSH, 5)]), "1", "nor are those that acknowledge nothing");
    assert_eq!(of(&[HANDSHAKE[0], (9, 1, 1, 1, FIN | ACK, 5)]), "25");
    assert_eq!(of(&[(0, 0, 0, 0, SYN | RST, 0)]), "1");
    assert_eq!(of(&[HANDSHAKE[0], (9, 1, 0, 0, SYN | RST, 0)]), "33");
}

#[test]
fn a_segment_of_an_earlier_time_was_not_overtaken() {
    let gap = [(1000, 0, 1, 1, ACK, 10), (1000, 0, 21, 1, ACK, 10)];
    let with = |since: i64| [&HANDSHAKE[..], &gap, &[(since, 0, 11, 1, ACK, 10)]].concat();
    assert_eq!(last_notes(&with(500), &[]), "[TCP Out-Of-Order] ");
    assert_eq!(last_notes(&with(-500), &[]), "[TCP Retransmission] ");
}

#[test]
fn findings_stand_in_one_order() {
    let ack_unseen = [&HANDSHAKE[..], &[(1000, 0, 1, 500, ACK, 10)]].concat();
    assert_eq!(last_notes(&ack_unseen, &[1000, 1000, 1000, 0]), "[TCP ZeroWindow] [TCP ACKed unseen segment] ");
    let lost = [&HANDSHAKE[..], &[(1000, 0, 11, 500, ACK, 10)]].concat();
    let notes = last_notes(&lost, &[1000, 1000, 1000, 0]);
    assert_eq!(notes, "[TCP ZeroWindow] [TCP ACKed unseen segment] [TCP Previous segment not captured] ");
    let full = [&HANDSHAKE[..], &[(1000, 0, 1, 1, ACK, 1000), (1_000_000, 0, 1, 1, ACK, 1000)]].concat();
    assert_eq!(last_notes(&full, &[]), "[TCP Window Full] [TCP Retransmission] ");
}

#[test]
fn a_connection_that_was_refused_at_first_begins_with_its_second_answer() {
    let rows: [Row; 7] = [
        (0, 0, 0, 0, SYN, 0),
        (1000, 1, 5000, 1, analysis::RST | ACK, 0),
        (500_000, 0, 0, 0, SYN, 0),
        (1000, 1, 0, 1, SA, 0),
        (1000, 0, 1, 1, ACK, 0),
        (1000, 1, 1, 1, PSH | ACK, 10),
        (1000, 1, 11, 1, PSH | ACK, 10),
    ];
    let all = shown(&rows, &[]);
    let repeated: Vec<bool> = all.iter().map(|frame| has(frame, "tcp.analysis.retransmission")).collect();
    assert_eq!(repeated, [false, false, true, false, false, false, false]);
    assert!(has(&all[3], "tcp.analysis.reused_ports"));
}

#[test]
fn what_is_repeated_at_once_tells_no_timeout() {
    let rows = [&HANDSHAKE[..], &[(1000, 0, 1, 1, PSH | ACK, 10), (0, 0, 1, 1, PSH | ACK, 10)]].concat();
    let all = shown(&rows, &[]);
    assert!(has(&all[4], "tcp.analysis.retransmission"));
    assert_eq!(values(&all[4], "tcp.analysis.rto_frame"), "");
}

#[test]
fn multipath_is_a_layer() {
    let syn =
        "4500003400010000400600000a0000010a000002c00013880000006400000000800203e8000000001e0c00810000000000000000";
    assert_eq!(values(&crate::tests::frames(101, &[syn])[0], "frame.protocols"), "raw:ip:tcp:mptcp");
}

#[test]
fn a_protocol_that_is_recognised_may_begin_a_connection() {
    let frames = crate::tests::frames(
        101,
        &[
            "4500002800010000400600000a0000010a000002c0001af400000064000000005002fff000000000",
            "4500002800010000400600000a0000020a0000011af4c000000003e8000000655012fff000000000",
            "4500003400010000400600000a0000020a0000011af4c000000003e9000000655018fff000000000524642203030342e3030310a",
            "4500003400010000400600000a0000010a000002c0001af400000065000003f55018fff000000000524642203030342e3030310a",
        ],
    );
    assert_eq!(each(&frames, "tcp.stream"), ["0", "0", "1", "1"]);
    assert_eq!(each(&frames, "tcp.completeness"), ["11", "11", "8", "0"]);
    assert!(values(&frames[2], "tcp.time_relative").starts_with('-'));
    assert_eq!(values(&frames[3], "vnc.client_proto_ver"), "004.001");
}
