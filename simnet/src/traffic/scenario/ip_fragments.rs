//! Fragments: a SIP message larger than the MTU and a large ping, both reassembled, the latter out of order; and a datagram of
//! which one fragment is lost, for which the receiver says so after 30 s (RFC 792, time exceeded in reassembly).

use crate::traffic::frame::{Checksum, icmp};
use crate::traffic::line::Line;
use crate::traffic::rtp::Sound;
use crate::traffic::sdp::{Codec, Media};
use crate::traffic::sip::{MODELS, Side};
use crate::traffic::{MS, SECOND, Setting, Traffic};

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let (server, peer) = (setting.lan(20), setting.lan(21));
    let mut server = setting.host([0x00, 0x50, 0x56], server, false);
    let mut peer = setting.host([0x00, 0x50, 0x56], peer, false);
    let model = setting.rng.pick(&MODELS);
    let mut line = Line::new(setting, model, "Boardroom");
    line.recorder.truth.addresses.extend([server.ip, peer.ip]);

    // OPTIONS could be short; this INVITE is not, for it offers much and carries the headers of a busy system.
    let (mut phone, mut exchange) = line.media(Codec::Pcma);
    let wishes = vec![Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::G729];
    let offer = line.phone_sdp(phone.port, Media::Audio(wishes)).text();
    let mut dialog = line.call(true);
    let mut invite = dialog.request(&mut line.rng, Side::Caller, "INVITE");
    for n in 1..=9 {
        let hop = line.rng.hex(48);
        let entry = format!("<sip:70{n}@{};cause=302>;index=1.{n};trace={hop}", line.exchange.ip);
        invite = invite.header("History-Info", entry);
    }
    let invite = invite.sdp(offer);
    let invite_bytes = invite.to_bytes().len();
    line.phone_says(&invite);
    line.wait(2, 5);
    line.exchange_says(&dialog.reply(&invite, 100, "Trying"));
    line.wait(500, 900);
    let answer = line.exchange_sdp(exchange.port, Media::Audio(vec![Codec::Pcma]));
    let ok = dialog.reply(&invite, 200, "OK").sdp(answer.text());
    line.exchange_says(&ok);
    line.wait(10, 30);
    let ack = dialog.ack(&mut line.rng, Side::Caller, &invite, &ok);
    line.phone_says(&ack);
    line.talk(&mut phone, &mut exchange, 2 * SECOND, (Sound::Speech, Sound::Quiet));
    line.hang_up(&mut dialog, Side::Caller);
    line.wait(1000, 2000);

    // A ping of 4000 bytes whose fragments arrive in another order.
    let payload: Vec<u8> = (0..4000_u32).map(|n| n as u8).collect();
    let echo = |kind| icmp(kind, 0, [0x21, 0x07, 0, 1], &payload, Checksum::Right);
    let mut frames = server.icmp(&peer, 0, &echo(8));
    frames.swap(0, 1);
    line.recorder.push_all(line.now, frames);
    line.now += MS;
    line.recorder.push_all(line.now, peer.icmp(&server, 0, &echo(0)));
    line.now += 2 * SECOND;

    // Three fragments, of which the second is lost.
    let datagram = line.rng.hex(3800);
    let mut frames = server.udp(&peer, 9996, 9996, 0, datagram.as_bytes());
    let first = frames[0].clone();
    frames.remove(1);
    line.recorder.push_all(line.now, frames);
    line.now += 30 * SECOND + line.rng.range(0, 900 * MS);
    let message = icmp(11, 1, [0; 4], &first[14..14 + 548], Checksum::Right);
    line.recorder.push_all(line.now, peer.icmp(&server, 0xc0, &message));
    line.now += 3 * SECOND;

    // The link is as alive as before.
    let small = |kind| icmp(kind, 0, [0x21, 0x08, 0, 1], &payload[..56], Checksum::Right);
    line.recorder.push_all(line.now, server.icmp(&peer, 0, &small(8)));
    line.recorder.push_all(line.now + MS, peer.icmp(&server, 0, &small(0)));

    let not_quoted = "!(icmp.type == 11)";
    line.recorder.count(format!("ip.flags.mf == 1 && {not_quoted}"), 1 + 2 + 2 + 1);
    line.recorder.count(format!("ip.frag_offset > 0 && {not_quoted}"), 1 + 2 + 2 + 1);
    line.recorder.count(format!("ip.reassembled.length == {}", invite_bytes + 8), 1);
    line.recorder.count("ip.reassembled.length == 4008", 2);
    line.recorder.count("icmp.type == 11 && icmp.code == 1", 1);
    // Two pings with their replies, and the error.
    line.recorder.count("icmp", 5);
    line.recorder.count("icmp.type == 8", 2);
    line.recorder.count("icmp.type == 0", 2);
    line.recorder.finding("ip.fragments-lost", format!("{}-{}", server.ip, peer.ip));
    line.recorder.finish(format!(
        "a SIP message and a ping are reassembled; of a datagram from {} to {} the second fragment never arrives",
        server.ip, peer.ip
    ))
}
