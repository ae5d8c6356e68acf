//! Frames of which the snap length left only the beginning.

use super::{two_passes, values};
use crate::packet::Packet;

/// What both passes show of frames over raw IP of which `snap_len` octets were captured.
fn cut(frames: &[Vec<u8>], snap_len: usize) -> Vec<Vec<(&'static str, String)>> {
    let packets = (1..).zip(frames).map(|(number, bytes)| Packet {
        number,
        time: number as i64 * 1_000_000,
        orig_len: bytes.len() as u32,
        ..Packet::alone(101, &bytes[..snap_len.min(bytes.len())])
    });
    two_passes(&packets.collect::<Vec<_>>())
}

/// A packet from 10.0.0.`from` to 10.0.0.`to`.
fn ip(protocol: u8, from: u8, to: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b] = (20 + payload.len() as u16).to_be_bytes();
    [&[0x45, 0, a, b, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, from, 10, 0, 0, to], payload].concat()
}

fn sip(message: &[u8]) -> Vec<u8> {
    let [a, b] = (8 + message.len() as u16).to_be_bytes();
    ip(17, 1, 2, &[&[0x13, 0xc4, 0x13, 0xc4, a, b, 0, 0], message].concat())
}

/// A segment between port 9 of 10.0.0.1 and port 80 of 10.0.0.2; `back` goes to the former.
fn tcp(is_back: bool, seq: u32, ack: u32, flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let ports: [u8; 4] = if is_back { [0, 80, 0, 9] } else { [0, 9, 0, 80] };
    let offset = ((20 + options.len()) as u8) << 2;
    let rest = [offset, flags, 0, 100, 0, 0, 0, 0];
    let octets = [&ports, &seq.to_be_bytes()[..], &ack.to_be_bytes(), &rest, options, payload].concat();
    let (from, to) = if is_back { (2, 1) } else { (1, 2) };
    ip(6, from, to, &octets)
}

const MESSAGE: &[u8] = b"OPTIONS sip:b@b SIP/2.0\r\nCall-ID: one\r\nFrom: <sip:alice@a>;tag=1\r\nTo: <sip:b@b>\r\n\r\n";

#[test]
fn whole_headers_of_a_message_are_shown_and_the_one_that_was_cut_is_not() {
    let len = 28 + MESSAGE.iter().position(|octet| *octet == b'<').unwrap() + 8;
    let shown = &cut(&[sip(MESSAGE)], len)[0];
    assert_eq!((values(shown, "sip.Method"), values(shown, "sip.Call-ID")), ("OPTIONS".into(), "one".into()));
    assert_eq!((values(shown, "sip.From"), values(shown, "sip.header_no_colon")), Default::default());
    assert!(shown.iter().any(|row| row.0 == "_ws.short"), "{shown:?}");
    assert_eq!(values(shown, "_ws.malformed"), "");
}

#[test]
fn options_that_were_cut_off_may_have_scaled_windows() {
    let options = [2, 4, 5, 0xb4, 1, 3, 3, 4];
    let frames =
        [tcp(false, 0, 0, 0x02, &options, b""), tcp(true, 0, 1, 0x12, &options, b""), tcp(false, 1, 1, 0x10, b"", b"")];
    let factor = |shown: &[Vec<(&'static str, String)>]| values(&shown[2], "tcp.window_size_scalefactor");
    assert_eq!(factor(&cut(&frames, 100)), "16");
    assert_eq!(factor(&cut(&frames, 44)), "-1");
    let long = [&options[..], &[1; 8]].concat();
    let long = [tcp(false, 0, 0, 0x02, &long, b""), tcp(true, 0, 1, 0x12, &long, b""), frames[2].clone()];
    assert_eq!(factor(&cut(&long, 50)), "16");
    let without = [tcp(false, 0, 0, 0x02, &options[..4], b""), frames[1].clone(), frames[2].clone()];
    assert_eq!(factor(&cut(&without, 100)), "-2");
}

#[test]
fn what_goes_on_behind_the_snap_length_is_one_message() {
    let frames = [
        tcp(false, 0, 0, 0x02, b"", b""),
        tcp(true, 0, 1, 0x12, b"", b""),
        tcp(false, 1, 1, 0x18, b"", b"GET / HTTP/1.1\r\n\r\n"),
        tcp(true, 1, 19, 0x18, b"", &[1; 1000]),
    ];
    let shown = &cut(&frames, 60)[3];
    assert_eq!(shown.iter().filter(|row| row.0 == "http").count(), 1, "{shown:?}");
}
