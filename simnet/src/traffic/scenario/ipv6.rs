//! A call over IPv6: the phone finds its exchange by neighbour discovery (RFC 4861, 7.2), pings it, sends it a datagram that
//! needs a fragment header (RFC 8200, 4.5), registers and calls.

use std::net::{IpAddr, Ipv6Addr};

use super::healthy_call;
use crate::traffic::frame::{ETHERTYPE_IPV6, Host, Ipv6, Mac, PROTOCOL_ICMPV6, ethernet, icmpv6};
use crate::traffic::line::Line;
use crate::traffic::sip::{EXCHANGE, MODELS};
use crate::traffic::{MS, SECOND, Setting, Traffic};

/// Neighbour solicitation and advertisement, echo request and reply.
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const ECHO: u8 = 128;
const ECHO_REPLY: u8 = 129;

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let model = setting.rng.pick(&MODELS);
    // A prefix of RFC 3849's own with the site's number in it.
    let [_, x, y, _] = setting.lan(0).octets();
    let site = u16::from_be_bytes([x, y]);
    let address = |low: u16| Ipv6Addr::new(0x2001, 0xdb8, site, 1, 0, 0, 0, low);
    let phone_number = setting.rng.range(0x1000, 0xffff) as u16;
    let mut phone = setting.host(model.oui, address(phone_number), false);
    let mut exchange = setting.host(EXCHANGE.oui, address(0x10), false);

    let mut recorder_frames = Vec::new();
    let mut now = setting.start_ns;
    // RFC 4861, 7.2.2: to the solicited-node multicast address, with the asker's link-layer address.
    let target = address(0x10);
    let [.., b13, b14, b15] = target.octets();
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(b13), u16::from_be_bytes([b14, b15]));
    let mut body = target.octets().to_vec();
    body.extend([1, 1]);
    body.extend(phone.mac.0);
    let group_mac = Mac([0x33, 0x33, 0xff, b13, b14, b15]);
    recorder_frames.push((now, discovery(&phone, group, group_mac, SOLICITATION, [0; 4], &body)));
    // 7.2.4: solicited and override, with the answerer's address.
    let mut body = target.octets().to_vec();
    body.extend([2, 1]);
    body.extend(exchange.mac.0);
    now += MS / 2;
    let flags = [0x60, 0, 0, 0];
    recorder_frames.push((now, discovery(&exchange, v6(phone.ip), phone.mac, ADVERTISEMENT, flags, &body)));

    let pings = 3;
    let payload: Vec<u8> = (0..56).collect();
    for sequence in 1..=pings {
        let rest = [0x0b, 0x0c, 0, sequence as u8];
        let (from, to) = (v6(phone.ip), v6(exchange.ip));
        now += SECOND;
        let frames = phone.icmp(&exchange, 0, &icmpv6(from, to, ECHO, 0, rest, &payload));
        recorder_frames.extend(frames.into_iter().map(|f| (now, f)));
        let frames = exchange.icmp(&phone, 0, &icmpv6(to, from, ECHO_REPLY, 0, rest, &payload));
        recorder_frames.extend(frames.into_iter().map(|f| (now + MS / 3, f)));
    }
    now += SECOND;
    let frames = phone.udp(&exchange, 9996, 9996, 0, &[0x55; 2000]);
    recorder_frames.extend(frames.into_iter().enumerate().map(|(i, f)| (now + i as u64 * 130_000, f)));

    let mut line = Line::between(setting, model, "Lab", phone, exchange);
    for (at, frame) in recorder_frames {
        line.recorder.push(at, frame);
    }
    line.now = now + SECOND;
    healthy_call::register(&mut line);
    line.wait(500, 1500);
    let call_id = healthy_call::call(&mut line);

    let call_frames: u64 =
        ["sip", "rtp", "rtcp"].map(|f| line.recorder.truth.frames.get(f).copied().unwrap_or(0)).iter().sum();
    line.recorder.count("ipv6", call_frames + 2 + 2 * pings + 2);
    line.recorder.count("icmpv6.type == 135", 1);
    line.recorder.count("icmpv6.type == 136", 1);
    line.recorder.count("icmpv6.type == 128", pings);
    line.recorder.count("icmpv6.type == 129", pings);
    line.recorder.count("ipv6.fraghdr.nxt == 17", 2);
    line.recorder.count("ipv6.reassembled.length == 2008", 1);
    line.recorder.finish(format!("call {call_id} over IPv6, after neighbour discovery and pings"))
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(a) => a.to_ipv6_mapped(),
        IpAddr::V6(a) => a,
    }
}

/// A frame of neighbour discovery, whose hop limit is 255 (RFC 4861, 7.1).
fn discovery(from: &Host, to: Ipv6Addr, to_mac: Mac, kind: u8, rest: [u8; 4], body: &[u8]) -> Vec<u8> {
    let src = v6(from.ip);
    let message = icmpv6(src, to, kind, 0, rest, body);
    let header = Ipv6 { src, dst: to, next_header: PROTOCOL_ICMPV6, hop_limit: 255, traffic_class: 0, flow_label: 0 };
    ethernet(to_mac, from.mac, &from.vlans, ETHERTYPE_IPV6, &header.packet(&message))
}
