//! Media and signalling together, on frames of calls.

use crate::analysis::{Analysis, Scratch, dissect};
use crate::packet::Packet;
use crate::proto::{rtp, t38, ws};
use crate::registry;
use crate::wanted::Wanted;
use crate::{rtp_stream, udptl_stream};

/// What both passes over frames, given with their times, find.
#[derive(Default)]
struct Found {
    rtp: rtp_stream::Streams,
    udptl: udptl_stream::Streams,
    /// T.38 packets that are malformed.
    malformed: usize,
    /// The protocol of each frame, as the first layer above UDP.
    protocols: Vec<&'static str>,
}

fn find(link_type: u16, frames: &[(i64, Vec<u8>)]) -> Found {
    let mut wanted = Wanted::nothing();
    for field in [rtp::PROTO, t38::PROTO, t38::SEQ_NUMBER, t38::MALFORMED, ws::MALFORMED] {
        wanted.add(field);
    }
    let packets: Vec<_> = (1..)
        .zip(frames)
        .map(|(number, (time, bytes))| Packet { number, time: *time, ..Packet::alone(link_type, bytes) })
        .collect();
    let mut first = Analysis::new(&wanted);
    packets.iter().for_each(|packet| first.observe(packet));
    let facts = first.finish();
    let (mut found, mut scratch) = (Found::default(), Scratch::default());
    for packet in &packets {
        dissect(packet, facts.of(packet.number), &wanted, &mut scratch, |dissection| {
            if let Some((key, packet)) = rtp_stream::Packet::heard(dissection, packet) {
                found.rtp.feed(key, &packet);
            }
            if let Some((endpoints, packet)) = udptl_stream::Packet::heard(dissection, packet) {
                found.udptl.feed(endpoints, &packet);
            }
            let is_malformed = dissection.has(ws::MALFORMED) || dissection.has(t38::MALFORMED);
            found.malformed += usize::from(dissection.has(t38::PROTO) && is_malformed);
            let above = dissection.layers.iter().skip_while(|layer| **layer != "udp").nth(1);
            found.protocols.push(above.copied().unwrap_or_default());
        });
    }
    found
}

/// A fax that is offered as T.38 and refused goes on as G.711: none of it is T.38.
#[test]
fn a_refused_fax_stays_audio() {
    let Some(frames) = super::capture("odedshimon+BruteShark/FAX-Call-t38-CA-TDM-SIP-FB-1.pcap") else { return };
    let found = find(1, &frames);
    assert_eq!((found.malformed, found.udptl.summaries().len()), (0, 0));
    let summaries = found.rtp.summaries();
    let stream = summaries.iter().find(|summary| summary.key.ssrc == 0x0eaf_0eaf).expect("the stream is there");
    assert_eq!((stream.packets, stream.lost, stream.missing), (3848, 0, 0));
    let delta = stream.delta;
    assert!((delta.min - 0.381).abs() < 6e-4 && (delta.max - 173.431).abs() < 6e-4, "{delta:?}");
    assert_eq!(stream.main_payload().map(rtp_stream::Payload::label).as_deref(), Some("g711A"));
}

#[test]
fn an_accepted_fax_is_t38_and_its_losses_are_counted() {
    let Some(frames) = super::capture("minektur+t38faxcap/sample.pcap") else { return };
    let found = find(1, &frames);
    assert_eq!(found.malformed, 0);
    let summaries = found.udptl.summaries();
    assert_eq!(summaries.len(), 2);
    for summary in summaries {
        assert_eq!((summary.lost, summary.not_recovered()), (0, 0), "{summary:?}");
        assert_eq!(summary.redundancy_max, 1);
    }
}

fn message(first: &str, sequence: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{first}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\n\
         CSeq: {sequence}\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// A datagram from 10.0.0.`from` to 10.0.0.`to` over raw IP.
fn datagram((from, from_port): (u8, u16), (to, to_port): (u8, u16), payload: &[u8]) -> Vec<u8> {
    let len = 28 + payload.len() as u16;
    let [a, b] = len.to_be_bytes();
    let mut octets = vec![0x45, 0, a, b, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, from, 10, 0, 0, to];
    octets.extend(from_port.to_be_bytes());
    octets.extend(to_port.to_be_bytes());
    octets.extend((len - 20).to_be_bytes());
    octets.extend([0, 0]);
    octets.extend(payload);
    octets
}

const RTP: &[u8] = &[0x80, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7, 1, 2, 3, 4];

fn offer(media: &str) -> Vec<u8> {
    let body = format!("v=0\r\nc=IN IP4 10.0.0.1\r\nm={media}\r\n");
    datagram((1, 5060), (2, 5060), message("INVITE sip:b@b SIP/2.0", "1 INVITE", &body).as_bytes())
}

fn answer(status: &str, media: &str) -> Vec<u8> {
    let body = format!("v=0\r\nc=IN IP4 10.0.0.2\r\nm={media}\r\n");
    let first = format!("SIP/2.0 {status}");
    datagram((2, 5060), (1, 5060), message(&first, "1 INVITE", &body).as_bytes())
}

fn protocols(frames: Vec<Vec<u8>>) -> Vec<&'static str> {
    let frames: Vec<_> = (0..).zip(frames).map(|(at, frame)| (at * 20_000_000, frame)).collect();
    find(101, &frames).protocols
}

#[test]
fn media_before_the_answer_is_known_by_the_answer() {
    let there = || datagram((2, 5000), (1, 4000), RTP);
    let found =
        protocols(vec![offer("audio 4000 RTP/AVP 0"), there(), answer("200 OK", "audio 5000 RTP/AVP 0"), there()]);
    assert_eq!(found, ["sip", "rtp", "sip", "rtp"]);
    // What is refused is never known.
    let found = protocols(vec![offer("audio 4000 RTP/AVP 0"), there(), answer("200 OK", "audio 0 RTP/AVP 0"), there()]);
    assert_eq!(found, ["sip", "data", "sip", "data"]);
    let found =
        protocols(vec![offer("audio 4000 RTP/AVP 0"), there(), answer("488 No", "audio 5000 RTP/AVP 0"), there()]);
    assert_eq!(found, ["sip", "data", "sip", "data"]);
}

#[test]
fn media_of_an_offer_without_an_answer_is_as_offered() {
    let there = || datagram((2, 5000), (1, 4000), RTP);
    let other = || datagram((2, 5000), (1, 4000), b"no header of RTP");
    assert_eq!(protocols(vec![offer("audio 4000 RTP/AVP 0"), there(), other()]), ["sip", "rtp", "data"]);
    assert_eq!(protocols(vec![offer("image 4000 udptl t38"), there()]), ["sip", "data"]);
    let refused = message("SIP/2.0 486 Busy", "1 INVITE", "");
    let refused = datagram((2, 5060), (1, 5060), refused.as_bytes());
    assert_eq!(protocols(vec![offer("audio 4000 RTP/AVP 0"), there(), refused]), ["sip", "data", "sip"]);
}

#[test]
fn media_between_a_new_offer_and_its_answer_are_the_new_ones() {
    let mut wanted = Wanted::nothing();
    wanted.add(rtp::SETUP_FRAME);
    let there = || datagram((2, 5000), (1, 4000), RTP);
    let again = "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\n";
    let again = message("INVITE sip:b@b SIP/2.0", "2 INVITE", again).replace("z9hG4bK1", "z9hG4bK2");
    let respond = |status: &str, body: &str| {
        let response = message(&format!("SIP/2.0 {status}"), "2 INVITE", body).replace("z9hG4bK1", "z9hG4bK2");
        datagram((2, 5060), (1, 5060), response.as_bytes())
    };
    let frames = |last: Vec<u8>| {
        let again = datagram((1, 5060), (2, 5060), again.as_bytes());
        let first = [offer("audio 4000 RTP/AVP 0"), answer("200 OK", "audio 5000 RTP/AVP 0")];
        first.into_iter().chain([there(), again, there(), last, there()]).collect::<Vec<_>>()
    };
    let setup_frames = |frames: Vec<Vec<u8>>| -> Vec<u64> {
        let packets: Vec<_> = (1..)
            .zip(&frames)
            .map(|(number, bytes)| Packet { number, time: number as i64 * 20_000_000, ..Packet::alone(101, bytes) })
            .collect();
        let mut first = Analysis::new(&wanted);
        packets.iter().for_each(|packet| first.observe(packet));
        let (facts, mut scratch, mut found) = (first.finish(), Scratch::default(), Vec::new());
        for packet in &packets {
            dissect(packet, facts.of(packet.number), &wanted, &mut scratch, |dissection| {
                let of = dissection.nodes.iter().filter(|node| node.field == rtp::SETUP_FRAME);
                found.extend(of.filter_map(|node| match node.value {
                    crate::value::Value::Uint(frame) => Some(frame),
                    _ => None,
                }));
            });
        }
        found
    };
    let accepted = respond("200 OK", "v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 5000 RTP/AVP 0\r\n");
    assert_eq!(setup_frames(frames(accepted)), [1, 4, 4]);
    assert_eq!(setup_frames(frames(respond("486 Busy", ""))), [1, 1, 1]);
}

#[test]
fn other_messages_do_not_take_an_address_away() {
    let mut stun = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    stun.extend([7; 12]);
    let found = protocols(vec![
        offer("audio 4000 RTP/AVP 0"),
        answer("200 OK", "audio 5000 RTP/AVP 0"),
        datagram((2, 5000), (1, 4000), &stun),
        datagram((2, 5000), (1, 4000), RTP),
    ]);
    assert_eq!((found[3], found[2] == "rtp"), ("rtp", false), "{found:?}");
}

#[test]
fn nothing_is_heard_where_nobody_wants_it() {
    let frames = [offer("audio 4000 RTP/AVP 0"), answer("200 OK", "audio 5000 RTP/AVP 0")];
    let mut wanted = Wanted::nothing();
    wanted.add(registry::by_name("ip.src").expect("a field"));
    let mut first = Analysis::new(&wanted);
    for (number, bytes) in (1..).zip(&frames) {
        first.observe(&Packet { number, ..Packet::alone(101, bytes) });
    }
    assert_eq!(first.facts().of(1).count(), 0);
}
