use super::*;
use crate::InOrder;
use crate::filter::{Filter, Options};
use crate::packet::Packet;
use crate::tests::{frames, has, octets, survives_anything, values};
use crate::wanted::Wanted;

/// Frames of a connection of port 80, given as who speaks (`true` for the client) and what is said.
fn connection(said: &[(bool, &[u8])]) -> Vec<String> {
    let mut next = [100_u32, 1000];
    let frame = |(is_up, payload): &(bool, &[u8])| {
        let side = usize::from(!is_up);
        let (seq, ack) = (next[side], next[1 - side]);
        next[side] += payload.len() as u32;
        let hosts = if *is_up { "0a0000010a000002c0000050" } else { "0a0000020a0000010050c000" };
        let payload: String = payload.iter().map(|octet| format!("{octet:02x}")).collect();
        let len = 40 + payload.len() / 2;
        format!("4500{len:04x}0001000040060000{hosts}{seq:08x}{ack:08x}5018fff000000000{payload}")
    };
    said.iter().map(frame).collect()
}

fn shown(said: &[(bool, &[u8])]) -> Vec<Vec<(&'static str, String)>> {
    let hex = connection(said);
    frames(101, &hex.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_response_answers_the_last_request() {
    let all = shown(&[
        (true, b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"),
        (true, b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"),
        (false, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (false, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(values(&all[0], "http.next_request_in"), "2");
    assert_eq!(values(&all[1], "http.response_in"), "3");
    assert_eq!(values(&all[2], "http.request_in"), "2");
    assert_eq!(values(&all[2], "http.time"), "1.000000000");
    assert_eq!(values(&all[2], "http.response_for.uri"), "http://h/2");
    assert_eq!(values(&all[3], "http.request_in"), "");
    assert_eq!(values(&all[3], "http.prev_response_in"), "3");
    assert_eq!(values(&all[3], "http.response.code"), "404");
}

#[test]
fn the_answer_to_head_has_no_body() {
    let all = shown(&[
        (true, b"HEAD / HTTP/1.1\r\n\r\n"),
        (false, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
        (true, b"GET / HTTP/1.1\r\n\r\n"),
        (false, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"),
        (false, b"b"),
    ]);
    assert_eq!(values(&all[1], "http.response.code"), "200");
    assert_eq!(values(&all[3], "http.response.code"), "");
    assert_eq!(values(&all[4], "http.file_data"), "ab");
}

#[test]
fn a_body_without_a_length_lasts_until_the_end() {
    let said: &[(bool, &[u8])] =
        &[(true, b"GET / HTTP/1.1\r\n\r\n"), (false, b"HTTP/1.1 200 OK\r\n\r\na"), (false, b"b"), (false, b"")];
    let mut hex = connection(said);
    hex[3].replace_range(66..68, "11");
    let all = frames(101, &hex.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(values(&all[2], "http.response.code"), "");
    assert_eq!(values(&all[3], "http.file_data"), "ab");
}

#[test]
fn what_is_no_message_is_a_continuation_where_messages_are() {
    let said: [(bool, &[u8]); 4] =
        [(true, b"rest\n"), (true, b"GET / HTTP/1.1\r\n\r\n"), (true, b"\x16\x03"), (true, b"ab: c\r\n\x01")];
    let all = shown(&said);
    assert!(values(&all[0], "http.file_data").starts_with("rest"));
    assert_eq!((values(&all[2], "http.file_data"), values(&all[2], "data.len")), (String::new(), "2".into()));
    assert_eq!(
        (values(&all[3], "http.unknown_header"), values(&all[3], "_ws.malformed").is_empty()),
        ("ab: c\r\n".into(), false)
    );
    let all = shown(&[(true, b"junk junk\r\n")]);
    assert_eq!(values(&all[0], "http"), "");
}

#[test]
fn impossible_lengths_are_no_reason_to_wait_for_more_than_the_limit() {
    let all = shown(&[
        (true, b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\na"),
        (true, b"POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\na"),
        (true, b"GET / HTTP/1.1\r\n\r\n"),
    ]);
    assert_eq!(values(&all[2], "http.request.method"), "GET");
}

#[test]
fn nothing_breaks_it() {
    survives_anything(
        ProtoId::Ssdp,
        b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nCookie: a=b; c\r\nAuthorization: Basic YTpi\r\n\r\n\
          3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    );
}

#[test]
fn headers_without_a_first_line_are_shown_and_make_no_http_connection() {
    let all = shown(&[(true, b"abc: def\r\n\r\n"), (true, b"ab cd\r\nx: y\r\n"), (true, b":\0\x01\r\x99x")]);
    assert_eq!(values(&all[0], "http.unknown_header"), "abc: def\r\n");
    assert_eq!((values(&all[1], "http"), values(&all[1], "_ws.malformed")), (String::new(), String::new()));
    assert!(!values(&all[2], "http.unknown_header").is_empty() && !values(&all[2], "_ws.malformed").is_empty());
    assert!(all.iter().all(|frame| values(frame, "http.request_number").is_empty()));
}

#[test]
fn what_is_sent_again_as_soon_as_it_was_asked_for_is_read() {
    let segment = |hosts: &str, seq: u32, ack: u32, payload: &[u8]| {
        let len = 40 + payload.len();
        let head = format!("4500{len:04x}0001000040060000{hosts}{seq:08x}{ack:08x}5018fff000000000");
        [octets(&head), payload.to_vec()].concat()
    };
    let (up, down) = ("0a0000010a000002c0000050", "0a0000020a0000010050c000");
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut frames = vec![
        segment(up, 100, 5000, b"GET / HTTP/1.1\r\n\r\n"),
        // The one before it got lost.
        segment(down, 5000 + response.len() as u32, 118, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
    ];
    frames.extend([(); 3].map(|()| segment(up, 118, 5000, b"")));
    frames.push(segment(down, 5000, 118, response));
    let filter =
        Filter::compile("tcp.analysis.fast_retransmission && http.response.code == 200", &Options::default()).unwrap();
    let mut wanted = Wanted::nothing();
    filter.fields().for_each(|field| wanted.add(field));
    let mut in_order = InOrder::new(&wanted, &wanted);
    let taken = (1..).zip(&frames).filter(|(number, frame)| {
        let packet = Packet { number: *number, time: *number as i64 * 1_000_000, ..Packet::alone(101, frame) };
        in_order.dissect(&packet, |shown, _| filter.matches(shown))
    });
    assert_eq!(taken.map(|(number, _)| number).collect::<Vec<u64>>(), [6]);
}

#[test]
fn what_follows_headers_without_a_first_line_is_a_body() {
    let all = shown(&[
        (true, b"a\xff: b\0cd\xff\rrest\nx: y\n"),
        (true, b"a: b\n: c"),
        (true, b"aa: b\0\xff\xff\xff\n"),
        (true, b"a: b\r\n\r\nsome: body"),
    ]);
    assert_eq!(values(&all[0], "http.unknown_header"), "a\u{fffd}: b");
    assert_eq!(values(&all[0], "http.file_data"), "rest\nx: y\n");
    assert!(has(&all[0], "_ws.string.trailing_stray_characters"));
    assert!(has(&all[1], "http.bad_header_name") && !has(&all[1], "_ws.malformed"));
    assert_eq!(values(&all[2], "http.file_data"), "");
    assert_eq!(values(&all[3], "http.file_data"), "some: body");
    assert_eq!(values(&all[3], "http.unknown_header"), "a: b\r\n");
}

#[test]
fn a_datagram_has_one_message() {
    let all = crate::tests::shown_by(ProtoId::Ssdp, b"M-SEARCH * HTTP/1.1\r\n\r\n\0");
    assert!(values(&all, "data.len").is_empty());
}

#[test]
fn an_expert_info_has_no_more_octets_than_its_limit() {
    let request = format!("GET /{} HTTP/1.1\r\n\r\n", "é".repeat(200));
    let all = shown(&[(true, request.as_bytes())]);
    assert_eq!(values(&all[0], "_ws.expert.message").len(), 239);
}
