use super::*;
use crate::tests::{frames, has, survives_anything, values};

/// Frames of a connection of a port, given as who speaks (`true` for the client) and what is said.
fn shown(port: u16, said: &[(bool, &[u8])]) -> Vec<Vec<(&'static str, String)>> {
    let mut next = [100_u32, 1000];
    let frame = |(is_up, payload): &(bool, &[u8])| {
        let side = usize::from(!is_up);
        let (seq, ack) = (next[side], next[1 - side]);
        next[side] += payload.len() as u32;
        let (hosts, ports) = if *is_up {
            ("0a0000010a000002", format!("c000{port:04x}"))
        } else {
            ("0a0000020a000001", format!("{port:04x}c000"))
        };
        let payload: String = payload.iter().map(|octet| format!("{octet:02x}")).collect();
        let len = 40 + payload.len() / 2;
        format!("4500{len:04x}0001000040060000{hosts}{ports}{seq:08x}{ack:08x}5018fff000000000{payload}")
    };
    let hex: Vec<String> = said.iter().map(frame).collect();
    frames(101, &hex.iter().map(String::as_str).collect::<Vec<_>>())
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3, (content.len() >> 8) as u8, content.len() as u8], content].concat()
}

fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 0, (content.len() >> 8) as u8, content.len() as u8], content].concat()
}

fn client_hello() -> Vec<u8> {
    message(1, &[&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0]].concat())
}

fn server_hello() -> Vec<u8> {
    message(2, &[&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat())
}

#[test]
fn a_fatal_alert_is_told_by_name() {
    let all = shown(443, &[(true, &record(22, &client_hello())), (false, &record(21, &[2, 40]))]);
    assert_eq!(values(&all[0], "tls.handshake.ja3_full"), "771,49199,,,");
    assert_eq!(values(&all[1], "tls.alert_message.level"), "2");
    assert_eq!(values(&all[1], "tls.alert_message.desc"), "40");
}

#[test]
fn a_message_in_several_records_is_put_together() {
    let certificate = message(11, &[&[0, 0, 23, 0, 0, 20][..], &[9; 20]].concat());
    let all = shown(
        4433,
        &[
            (true, &record(22, &client_hello())),
            (false, &record(22, &[&server_hello()[..], &certificate[..9]].concat())),
            (false, &record(22, &certificate[9..])),
        ],
    );
    assert_eq!(values(&all[1], "tls.handshake.reassembled_in"), "3");
    assert_eq!(values(&all[2], "tls.handshake.fragment"), "2,3");
    assert_eq!(values(&all[2], "tls.handshake.certificate_length"), "20");
}

#[test]
fn what_follows_a_change_of_ciphers_is_encrypted() {
    let changed = [record(20, &[1]), record(22, &client_hello())].concat();
    let all =
        shown(443, &[(true, &record(22, &client_hello())), (true, &changed), (true, &record(22, &client_hello()))]);
    assert_eq!(values(&all[0], "tls.handshake.type"), "1");
    assert_eq!(values(&all[1], "tls.handshake.type"), "");
    assert_eq!(values(&all[2], "tls.handshake.type"), "");
}

#[test]
fn a_message_longer_than_the_limit_is_not_kept() {
    let endless = [&[11, 0xff, 0xff, 0xff][..], &[0; 100]].concat();
    let all = shown(443, &[(false, &record(22, &endless)), (false, &record(22, &[0; 100]))]);
    assert_eq!(values(&all[0], "tls.handshake.type"), "");
    assert_eq!(values(&all[0], "tls.handshake.reassembled_in"), "");
}

#[test]
fn vectors_that_do_not_fit_are_cut() {
    let hello = message(1, &[&[3, 3][..], &[7; 32], &[0, 0, 2, 0, 5, 1, 0, 0, 6, 0, 10, 0, 9, 0, 9]].concat());
    let all = shown(443, &[(true, &record(22, &hello))]);
    assert_ne!(values(&all[0], "tls.malformed.buffer_too_small"), "missing");
    assert_eq!(values(&all[0], "tls.handshake.extension.len"), "9");
}

#[test]
fn nothing_breaks_it() {
    survives_anything(
        ProtoId::Tls,
        b"\x16\x03\x01\x00\x3d\x01\x00\x00\x39\x03\x03\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\
          \x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x00\x00\x02\xc0\x2f\x01\x00\x00\x0e\x00\x0a\x00\x04\
          \x00\x02\x00\x1d\x00\x0b\x00\x02\x01\x00\x15\x03\x03\x00\x02\x02\x28",
    );
}

/// RFC 8446, D.4: a client that has to say hello again changes its ciphers before, which means nothing.
#[test]
fn a_change_of_ciphers_encrypts_nothing_in_tls_1_3() {
    let retry = message(
        2,
        &[
            &[3, 3][..],
            &crate::tests::octets("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"),
            &[0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4],
        ]
        .concat(),
    );
    let again = [record(20, &[1]), record(22, &client_hello())].concat();
    let all = shown(443, &[(true, &record(22, &client_hello())), (false, &record(22, &retry)), (true, &again)]);
    assert_eq!(values(&all[2], "tls.handshake.type"), "1");
}

#[test]
fn a_header_that_ends_with_its_record_goes_on_in_the_next() {
    let hello = client_hello();
    let all = shown(443, &[(true, &record(22, &hello[..3])), (true, &record(22, &hello[3..]))]);
    assert_eq!(values(&all[0], "tls.handshake.reassembled_in"), "2");
    assert_eq!(values(&all[1], "tls.handshake.type"), "1");
}

#[test]
fn tls_follows_on_a_protocol_of_lines() {
    let hello = record(22, &client_hello());
    let alert = record(21, &[2, 40]);
    let said: [(u16, &str, &[u8], &[u8]); 4] = [
        (25, "smtp.req.command", b"STARTTLS\r\n", b"220 go ahead\r\n"),
        (143, "imap.request.command", b"a STARTTLS\r\n", b"a OK begin\r\n"),
        (110, "pop.request.command", b"STLS\r\n", b"+OK begin\r\n"),
        (21, "ftp.request.command", b"AUTH TLS\r\n", b"234 begin\r\n"),
    ];
    for (port, field, asked, answered) in said {
        let frames = shown(port, &[(true, asked), (false, answered), (true, &hello), (false, &alert)]);
        assert!(!values(&frames[0], field).is_empty(), "{port}");
        assert_eq!(values(&frames[2], "tls.handshake.type"), "1", "{port}");
        assert_eq!(values(&frames[3], "tls.alert_message.desc"), "40", "{port}");
    }
}

#[test]
fn less_than_a_header_waits_for_the_next_segment() {
    assert_eq!(record::framing(&[0]), crate::registry::Framing::More(4));
    assert_eq!(record::framing(b"text"), crate::registry::Framing::More(1));
    let data = record(23, b"abc");
    assert_eq!(record::framing(&[&data[..], &[0, 1]].concat()), crate::registry::Framing::Message(data.len()));
    let all = shown(443, &[(true, &[0]), (true, b"abcdefg")]);
    assert_eq!(values(&all[0], "tcp.reassembled_in"), "2");
}

#[test]
fn what_looks_like_ssl_2_is_not_taken_for_it_once_the_version_is_known() {
    let odd = [&[0x82, 2, 2, 0, 0x9a][..], &[b'a'; 40]].concat();
    let said: [(bool, &[u8]); 4] = [
        (true, &record(22, &client_hello())),
        (false, &record(22, &server_hello())),
        (false, &odd),
        (false, &record(23, b"abc")),
    ];
    let all = shown(443, &said);
    assert!(has(&all[2], "tls.ignored_unknown_record"));
    assert_eq!(values(&all[3], "tls.app_data"), "616263");
}

#[test]
fn a_record_without_content_is_known_by_what_follows() {
    let empty: &[u8] = &[22, 3, 1, 0, 0];
    let all = shown(12350, &[(true, empty)]);
    assert!(!has(&all[0], "tls"));
    let all = shown(12350, &[(true, empty), (true, &record(22, &client_hello()))]);
    assert!(has(&all[0], "tls"));
}

#[test]
fn the_key_of_an_encrypted_name_is_a_key_share() {
    let name = [0x13, 1, 0, 29, 0, 2, 7, 8, 0, 1, 9, 0, 1, 9];
    let extension = [&[0xff, 0xce, 0, name.len() as u8][..], &name].concat();
    let hello = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0, 0, extension.len() as u8], &extension].concat();
    let all = shown(443, &[(true, &record(22, &message(1, &hello)))]);
    assert_eq!(values(&all[0], "tls.handshake.extensions_key_share_group"), "29");
    assert_eq!(values(&all[0], "tls.handshake.extension.data"), "");
}

#[test]
fn what_is_encrypted_is_the_protocol_that_began_it() {
    let begun: [(bool, &[u8]); 4] = [
        (true, b"STARTTLS\r\n"),
        (false, b"220 go ahead\r\n"),
        (true, &record(22, &client_hello())),
        (true, &record(23, b"abc")),
    ];
    assert_eq!(values(&shown(25, &begun)[3], "tls.app_data_proto"), "Simple Mail Transfer Protocol");
}
