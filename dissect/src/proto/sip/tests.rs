use super::*;
use crate::dissector::Flows;
use crate::registry;
use crate::tests::{alone, shown_by, survives_anything};
use crate::wanted::Wanted;

const INVITE: &[u8] = b"INVITE sip:bob@b.example:5062;transport=udp SIP/2.0\r\n\
    Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP [::1];branch=z9hG4bK0\r\n\
    f: \"Alice\" <sip:alice@a.example;user=phone>;tag=88sja8x\r\n\
    To: Bob <sip:bob@b.example>\r\n\
    Call-ID: 987asjd97y7atg\r\n\
    CSeq: 986759 INVITE\r\n\
    Contact: <sip:alice@10.0.0.1>;expires=60;+sip.instance=\"<urn:uuid:1>\"\r\n\
    Proxy-Authorization: Digest username=\"alice\", realm=\"b.example\", nonce=\"c6\", nc=00000001, response=\"245f\"\r\n\
    Reason: Q.850;cause=16;text=\"Terminated\"\r\n\
    X-Own: 1\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 52\r\n\r\n\
    v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0 101\r\n";

const NOT_FOUND: &[u8] = b"SIP/2.0 404 Not Found\r\nTo: <sip:bob@b.example>;tag=1\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n";

fn values<'a>(shown: &'a [(&'static str, String)], name: &str) -> Vec<&'a str> {
    shown.iter().filter(|row| row.0 == name).map(|row| row.1.as_str()).collect()
}

#[test]
fn a_request_is_taken_apart() {
    let shown = shown_by(ProtoId::Sip, INVITE);
    let check = |name, expected: &[&str]| assert_eq!(values(&shown, name), expected, "{name}");
    check("sip.Method", &["INVITE"]);
    check("sip.r-uri", &["sip:bob@b.example:5062;transport=udp"]);
    check("sip.r-uri.host", &["b.example"]);
    check("sip.r-uri.port", &["5062"]);
    check("sip.resend", &["0"]);
    check("sip.Via.transport", &["UDP", "TCP"]);
    check("sip.Via.sent-by.address", &["10.0.0.1", "::1"]);
    check("sip.Via.sent-by.port", &["5060"]);
    check("sip.Via.branch", &["z9hG4bK1", "z9hG4bK0"]);
    check("sip.Via.rport", &["rport"]);
    check("sip.display.info", &["\"Alice\"", "Bob "]);
    check("sip.from.user", &["alice"]);
    check("sip.from.param", &["user=phone"]);
    check("sip.tag", &["88sja8x"]);
    check("sip.to.addr", &["sip:bob@b.example"]);
    check("sip.Call-ID", &["987asjd97y7atg"]);
    check("sip.call_id_generated", &["987asjd97y7atg", "987asjd97y7atg"]);
    check("sip.CSeq.seq", &["986759"]);
    check("sip.contact.parameter", &["expires=60", "+sip.instance=\"<urn:uuid:1>\"\r\n"]);
    check("sip.auth.scheme", &["Digest"]);
    check("sip.auth.nc", &["00000001"]);
    check("sip.auth.digest.response", &["\"245f\""]);
    check("sip.reason_cause_q850", &["16"]);
    check("sip.reason_text", &["Terminated"]);
    check("sip.unrecognized_header", &[""]);
    check("sdp.media.port", &["4000"]);
    check("sdp.media.format", &["ITU-T G.711 PCMU", "DynamicRTP-Type-101"]);
    check("_ws.malformed", &[]);
}

#[test]
fn a_response_is_taken_apart() {
    let shown = shown_by(ProtoId::Sip, NOT_FOUND);
    assert_eq!(values(&shown, "sip.Status-Code"), ["404"]);
    assert_eq!(values(&shown, "sip.Status-Line"), ["SIP/2.0 404 Not Found"]);
    assert_eq!(values(&shown, "sip.to.tag"), ["1"]);
    assert_eq!(values(&shown, "sip.Content-Length"), ["0"]);
}

#[test]
fn only_the_first_line_is_looked_at_for_what_stands_there() {
    let mut wanted = Wanted::nothing();
    wanted.add(STATUS_CODE);
    let shown = alone(ProtoId::Sip, NOT_FOUND, &wanted, &mut Flows::default());
    assert_eq!(shown, [("sip.Status-Code", "404".to_owned())]);
    // The fields of the first line stand before all others.
    let rest = registry::protocol(ProtoId::Sip).fields().iter().skip_while(|field| field.name != "sip.msg_hdr");
    let names = ["sip.Method", "sip.r-uri", "sip.r-uri.host", "sip.Status-Code", "sip.continuation"];
    assert!(rest.clone().count() > 200 && !rest.clone().any(|field| names.contains(&field.name)));
}

#[test]
fn a_message_cut_in_its_first_line_is_none() {
    let first = INVITE.iter().position(|octet| *octet == b'\r').unwrap();
    for len in 0..first {
        assert!(outline::first_line(&INVITE[..len]).is_none(), "at {len}");
    }
}

#[test]
fn a_message_cut_in_its_headers_is_malformed_and_at_their_end_not_terminated() {
    let headers = outline::Outline::read(INVITE, outline::first_line(INVITE).unwrap().2);
    for header in &headers.headers {
        let shown = shown_by(ProtoId::Sip, &INVITE[..header.next - 3]);
        assert!(!values(&shown, "_ws.malformed").is_empty());
        assert!(values(&shown, "sip.resend").is_empty());
        let shown = shown_by(ProtoId::Sip, &INVITE[..header.next]);
        assert_eq!(values(&shown, "sip.header_not_terminated"), [""]);
    }
}

#[test]
fn a_content_length_that_is_none_is_noted() {
    for (length, shown_as) in [("abc", "0"), ("-5", "0"), ("99999999999", "4294967295")] {
        let message = format!("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: {length}\r\n\r\nbody");
        let shown = shown_by(ProtoId::Sip, message.into_bytes().leak());
        assert_eq!(values(&shown, "sip.Content-Length"), [shown_as]);
        assert_eq!(values(&shown, "sip.content_length.invalid"), [""]);
    }
}

#[test]
fn a_folded_header_is_one() {
    let shown =
        shown_by(ProtoId::Sip, b"OPTIONS sip:a@b SIP/2.0\r\nSubject: I know you're there,\r\n   pick up!\r\n\r\n");
    assert_eq!(values(&shown, "sip.Subject"), ["I know you're there,\r\n   pick up!"]);
}

#[test]
fn parts_of_a_body_go_to_their_protocols() {
    let message = b"INVITE sip:a@b SIP/2.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n\
        --b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n\
        --b\r\nContent-Type: application/isup\r\nContent-ID: <1>\r\n\r\n\x01\x02\r\n--b--\r\ntrailer";
    let shown = shown_by(ProtoId::Sip, message);
    assert_eq!(values(&shown, "sdp.version"), ["0"]);
    assert_eq!(values(&shown, "media.type"), ["0102"]);
    assert_eq!(values(&shown, "mime_multipart.header.content-id"), ["<1>"]);
    assert_eq!(values(&shown, "mime_multipart.trailer"), ["747261696c6572"]);
}

#[test]
fn no_more_parts_of_a_body_than_the_limit_are_taken_apart() {
    let part = "--b\r\nContent-Type: application/x\r\n\r\n1\r\n".repeat(400);
    let message = format!("INVITE sip:a@b SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n{part}--b--");
    let shown = shown_by(ProtoId::Sip, message.into_bytes().leak());
    assert_eq!(values(&shown, "media.type").len(), crate::proto::multipart::MAX_PARTS);
}

#[test]
fn a_method_longer_than_any_makes_no_message() {
    let line = |len: usize| format!("{} sip:a@b SIP/2.0\r\n", "A".repeat(len)).into_bytes();
    assert!(outline::first_line(&line(60)).is_some());
    assert!(outline::first_line(&line(70)).is_none());
}

#[test]
fn a_sequence_with_a_method_longer_than_any_ends_the_message() {
    let shown = shown_by(ProtoId::Sip, b"OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 ABCDEFGHIJKLMNOPQ\r\nTo: x\r\n\r\n");
    assert_eq!(values(&shown, "sip.CSeq.seq"), ["1"]);
    assert!(values(&shown, "sip.CSeq.method").is_empty() && values(&shown, "sip.To").is_empty());
}

#[test]
fn line_ends_alone_keep_a_connection_open() {
    assert_eq!(message::framing(b"\r\n\r\nINVITE"), Framing::Message(4));
    assert!(shown_by(ProtoId::Sip, b"\r\n\r\n").is_empty());
}

#[test]
fn messages_are_found_in_a_stream_by_their_length() {
    assert_eq!(message::framing(INVITE), Framing::Message(INVITE.len()));
    let two = [NOT_FOUND, INVITE].concat();
    assert_eq!(message::framing(&two), Framing::Message(NOT_FOUND.len()));
    assert_eq!(message::framing(&INVITE[..100]), Framing::More(1));
}

#[test]
fn no_octets_panic() {
    survives_anything(ProtoId::Sip, INVITE);
    survives_anything(ProtoId::Sip, NOT_FOUND);
    survives_anything(
        ProtoId::Sip,
        b"SIP/2.0 200 OK\r\nRoute: <sip:p1;lr>,<sip:p2>\r\nSession-ID: ab;remote=cd\r\nSecurity-Client: tls;q=1, ipsec;spi-c=1\r\n\
        RAck: 1 1 INVITE\r\nP-Asserted-Identity: \"A\" <sip:aa@h>\r\nRetry-After: 1\r\nTrigger-Consent: sip:a@h;target-uri=\"b\"\r\n\r\n",
    );
}
