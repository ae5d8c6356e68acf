//! ICMP: a monitoring server pings the router in good health; a device logs to a closed port and is told so; a datagram meets a
//! filter, and the router that quotes it says "administratively prohibited" (RFC 792; RFC 1812, 5.2.7.1).

use crate::traffic::frame::{Checksum, TOS_SIGNALLING, icmp};
use crate::traffic::{MS, SECOND, Setting, Traffic};

/// The IPv4 header and 8 bytes of what it carries: the least that an error quotes (RFC 792).
const QUOTE_BYTES_MIN: usize = 28;
/// What Linux quotes at most (RFC 1812, 4.3.2.3).
const QUOTE_BYTES_MAX: usize = 548;

/// The part of a frame that an ICMP error quotes; the frame carries untagged IPv4 longer than its padding.
fn quote(frame: &[u8], bytes_max: usize) -> &[u8] {
    let end = frame.len().min(14 + bytes_max);
    frame.get(14..end).unwrap_or_default()
}

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let [router, monitor, device, logger] = [1, 5, 70, 6].map(|n| setting.lan(n));
    let mut router = setting.host([0x00, 0x1b, 0x21], router, false);
    let mut monitor = setting.host([0x00, 0x50, 0x56], monitor, true);
    let mut device = setting.host([0x00, 0x80, 0x77], device, false);
    let mut logger = setting.host([0x00, 0x50, 0x56], logger, true);
    let mut recorder = setting.recorder();
    recorder.truth.addresses.extend([router.ip, monitor.ip, device.ip, logger.ip]);
    let rng = &mut setting.rng;
    let mut now = setting.start_ns;

    let identifier = rng.u16().to_be_bytes();
    let pings = rng.range(4, 8);
    for sequence in 1..=pings {
        let rest = [identifier[0], identifier[1], 0, sequence as u8];
        // As iputils do: 8 bytes of time, then a count from 0x10.
        let mut payload = (now / 1000).to_le_bytes().to_vec();
        payload.extend((0x10..0x40).collect::<Vec<u8>>());
        recorder.push_all(now, monitor.icmp(&router, 0, &icmp(8, 0, rest, &payload, Checksum::Right)));
        let delay = rng.range(MS / 5, 2 * MS);
        recorder.push_all(now + delay, router.icmp(&monitor, 0, &icmp(0, 0, rest, &payload, Checksum::Right)));
        now += SECOND + rng.range(0, MS);
    }

    // Syslog to a server on which no syslog runs: the host itself answers, and quotes much.
    let refused = rng.range(2, 5);
    for n in 0..refused {
        // RFC 3164, 4.1.2: the local time without a zone; here as everywhere that of Greenwich.
        let second = now / SECOND % 86_400;
        let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let text = format!("<134>Mar  2 {time} printer-70 spooler[211]: job {} queued for user jmeyer", 4100 + n);
        let frames = device.udp(&logger, 514, 514, 0, text.as_bytes());
        let message = icmp(3, 3, [0; 4], quote(&frames[0], QUOTE_BYTES_MAX), Checksum::Right);
        recorder.push_all(now, frames);
        let delay = rng.range(MS / 10, MS / 2);
        // Linux sends errors with the precedence of internetwork control.
        recorder.push_all(now + delay, logger.icmp(&device, 0xc0, &message));
        now += rng.range(2 * SECOND, 6 * SECOND);
    }

    // Traffic that the router's filter does not let through: it quotes the least it may.
    let mut outside = router.clone();
    outside.ip = [203, 0, 113, 25].into();
    let frames = device.udp(&outside, 9996, 9996, TOS_SIGNALLING, &[0x2a; 48]);
    let message = icmp(3, 13, [0; 4], quote(&frames[0], QUOTE_BYTES_MIN), Checksum::Right);
    recorder.push_all(now, frames);
    recorder.push_all(now + MS / 3, router.icmp(&device, 0xc0, &message));

    recorder.count("icmp", 2 * pings + refused + 1);
    recorder.count("icmp.type == 8", pings);
    recorder.count("icmp.type == 0", pings);
    recorder.count("icmp.resp_to", pings);
    recorder.count("icmp.type == 3 && icmp.code == 3", refused);
    recorder.count("icmp.type == 3 && icmp.code == 13", 1);
    recorder.count("icmp && udp.dstport == 514", refused);
    recorder.count("syslog && !icmp", refused);
    recorder.finding("icmp.unreachable", logger.ip.to_string());
    recorder.finding("icmp.unreachable", outside.ip.to_string());
    recorder.finish(format!(
        "{} pings answered; syslog to {} refused {refused} times, a datagram to {} prohibited by the router",
        pings, logger.ip, outside.ip
    ))
}
