use super::*;
use crate::tests::{shown_by, survives_anything};

const OFFER: &[u8] = b"v=0\r\no=alice 28 29 IN IP4 host.example\r\ns=-\r\ni=info\r\nc=IN IP4 224.2.36.42/127/3\r\nb=AS:128\r\n\
    t=3034 3042\r\nr=7d 1h 0 25h\r\nz=2882 -1h 2898 0\r\nk=clear:abc\r\na=tool:xyz\r\n\
    m=audio 49170/2 RTP/AVP 0 101\r\ni=title\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15; x=y\r\na=ptime:20\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:4\r\n\
    a=candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host\r\nm=image 5000 udptl t38\r\na=T38MaxBitRate:14400\r\n";

fn values<'a>(shown: &'a [(&'static str, String)], name: &str) -> Vec<&'a str> {
    shown.iter().filter(|row| row.0 == name).map(|row| row.1.as_str()).collect()
}

#[test]
fn a_description_is_taken_apart() {
    let shown = shown_by(ProtoId::Sdp, OFFER);
    let check = |name, expected: &[&str]| assert_eq!(values(&shown, name), expected, "{name}");
    check("sdp.owner.version", &["29"]);
    check("sdp.owner.address", &["host.example"]);
    check("sdp.connection_info.ttl", &["127"]);
    check("sdp.bandwidth.modifier", &["AS"]);
    check("sdp.time.stop", &["3042"]);
    check("sdp.repeat_time.offset", &["0", "25h"]);
    check("sdp.timezone.time", &["2882", "2898"]);
    check("sdp.session_attr.value", &["xyz"]);
    check("sdp.media.port", &["49170", "5000"]);
    check("sdp.media.portcount", &["2"]);
    check("sdp.media.format", &["ITU-T G.711 PCMU", "DynamicRTP-Type-101", "101", "101", "t38"]);
    check("sdp.media_title", &["title"]);
    check("sdp.mime.type", &["telephone-event"]);
    check("sdp.sample_rate", &["8000"]);
    check("sdp.fmtp.parameter", &["0-15", "x=y"]);
    check("sdp.media_attribute.value", &["20", "14400"]);
    check("sdp.crypto.master_salt", &["2c2335685c603d265d7b71695051"]);
    check("sdp.crypto.mki_length", &["4"]);
    check("sdp.ice_candidate.type", &["host"]);
}

#[test]
fn lines_that_are_none_are_noted_and_an_empty_one_ends_the_description() {
    let shown = shown_by(ProtoId::Sdp, b"v=0\r\nfoo\r\nx=1\r\no=\r\n\r\nrest");
    assert_eq!(values(&shown, "sdp.invalid"), ["foo"]);
    assert_eq!(values(&shown, "sdp.unknown"), ["x=1"]);
    assert_eq!(values(&shown, "sdp.invalid_line.missing_fields"), [""]);
    assert_eq!(values(&shown, "sdp.data"), ["0d0a72657374"]);
}

#[test]
fn a_line_with_too_few_parts_begins_anew() {
    let shown = shown_by(ProtoId::Sdp, b"m=audio 1 RTP/AVP\n");
    assert_eq!(values(&shown, "sdp.media.format"), ["audio", "USA Federal Standard FS-1016", "RTP/AVP"]);
}

#[test]
fn a_port_that_is_none_is_noted() {
    for (port, number) in [("99999", "65535"), ("1x", "0")] {
        let shown = shown_by(ProtoId::Sdp, format!("m=audio {port} RTP/AVP 0\n").into_bytes().leak());
        assert_eq!(values(&shown, "sdp.media.port"), [number]);
        assert_eq!(values(&shown, "sdp.invalid_media_port"), [""]);
    }
}

#[test]
fn no_more_encodings_than_the_limit_are_kept() {
    let map = |n: usize| format!("a=rtpmap:{} E{n}/8000\n", n % 128);
    let lines: String = (0..=MAX_ENCODINGS).map(map).collect();
    let shown = shown_by(ProtoId::Sdp, format!("m=audio 1 RTP/AVP 0\n{lines}").into_bytes().leak());
    assert_eq!(values(&shown, "sdp.mime.type").len(), MAX_ENCODINGS + 1);
}

#[test]
fn no_octets_panic() {
    survives_anything(ProtoId::Sdp, OFFER);
}
