//! Captures made packet by packet, for the tests of rules.

// Each rule's tests use some of it.
#![allow(dead_code)]

use super::{Diagnosis, Evidence, Finding, Kind, Losses, Mark, Out, Seen};
use crate::analysis::Analysis;
use crate::call::Calls;
use crate::packet::Packet;
use crate::wanted::Wanted;

/// An address of 10.0.0.0/24 and a port.
pub(crate) type Host = ([u8; 4], u16);

pub(crate) fn host(last: u8, port: u16) -> Host {
    ([10, 0, 0, last], port)
}

struct Frame {
    ns: i64,
    link_type: u16,
    bytes: Vec<u8>,
    orig_len: u32,
}

/// Frames with their times. The first time is 2023-11-14 22:13:20 UTC.
#[derive(Default)]
pub(crate) struct Capture {
    frames: Vec<Frame>,
    /// The identification of the next IP datagram.
    identification: u16,
    /// The last datagram that is no ICMP: what errors quote.
    quotable: Vec<u8>,
}

const START_NS: i64 = 1_700_000_000_000_000_000;

/// TCP flags for [`Capture::tcp`].
pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// An IPv4 datagram of protocol `proto`; no checksum is right, none is looked at.
pub(crate) fn ip(proto: u8, from: [u8; 4], to: [u8; 4], identification: u16, payload: &[u8]) -> Vec<u8> {
    let len = (20 + payload.len()) as u16;
    let mut bytes = vec![0x45, 0];
    bytes.extend(len.to_be_bytes());
    bytes.extend(identification.to_be_bytes());
    bytes.extend([0x40, 0, 64, proto, 0, 0]);
    bytes.extend(from);
    bytes.extend(to);
    bytes.extend(payload);
    bytes
}

impl Capture {
    /// Adds a frame of any link type, `ms` milliseconds after the start.
    pub(crate) fn frame(&mut self, ms: i64, link_type: u16, bytes: Vec<u8>) {
        let orig_len = bytes.len() as u32;
        self.frames.push(Frame { ns: START_NS + ms * 1_000_000, link_type, bytes, orig_len });
    }

    /// Adds an IPv4 datagram.
    pub(crate) fn ip(&mut self, ms: i64, proto: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) {
        self.identification = self.identification.wrapping_add(1);
        let bytes = ip(proto, from, to, self.identification, payload);
        if proto != 1 {
            self.quotable.clone_from(&bytes);
        }
        self.frame(ms, 101, bytes);
    }

    pub(crate) fn udp(&mut self, ms: i64, from: Host, to: Host, payload: &[u8]) {
        let segment = udp(from.1, to.1, payload);
        self.ip(ms, 17, from.0, to.0, &segment);
    }

    /// Adds a TCP segment without options.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn tcp(
        &mut self,
        ms: i64,
        from: Host,
        to: Host,
        flags: u8,
        seq: u32,
        ack: u32,
        window: u16,
        data: &[u8],
    ) {
        let mut segment = Vec::new();
        segment.extend(from.1.to_be_bytes());
        segment.extend(to.1.to_be_bytes());
        segment.extend(seq.to_be_bytes());
        segment.extend(ack.to_be_bytes());
        segment.extend([0x50, flags]);
        segment.extend(window.to_be_bytes());
        segment.extend([0; 4]);
        segment.extend(data);
        self.ip(ms, 6, from.0, to.0, &segment);
    }

    /// Adds a fragment of an IPv4 datagram; `offset` in units of eight octets.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn fragment(
        &mut self,
        ms: i64,
        proto: u8,
        from: [u8; 4],
        to: [u8; 4],
        identification: u16,
        offset: u16,
        is_more: bool,
        payload: &[u8],
    ) {
        let mut bytes = ip(proto, from, to, identification, payload);
        bytes[6..8].copy_from_slice(&(offset | u16::from(is_more) << 13).to_be_bytes());
        self.quotable.clone_from(&bytes);
        self.frame(ms, 101, bytes);
    }

    /// Adds the last frame once more.
    pub(crate) fn repeat_last(&mut self, ms: i64) {
        if let Some(last) = self.frames.last() {
            self.frame(ms, last.link_type, last.bytes.clone());
        }
    }

    /// The same with each frame captured twice.
    pub(crate) fn doubled(&self) -> Self {
        let frames = self.frames.iter();
        let twice = frames.flat_map(|frame| [0, 30_000].map(|later| (frame, frame.ns + later)));
        let frames = twice.map(|(of, ns)| Frame { ns, bytes: of.bytes.clone(), ..*of }).collect();
        Self { frames, identification: self.identification, quotable: Vec::new() }
    }

    /// Sets an octet of the last frame.
    pub(crate) fn change_last(&mut self, at: usize, octet: u8) {
        if let Some(last) = self.frames.last_mut() {
            last.bytes[at] = octet;
        }
    }

    /// Sets the time to live of the last frame, an IPv4 datagram.
    pub(crate) fn set_ttl(&mut self, ttl: u8) {
        if let Some(last) = self.frames.last_mut() {
            last.bytes[8] = ttl;
            self.quotable.clone_from(&last.bytes);
        }
    }

    /// Puts the frames in the order of their times.
    pub(crate) fn sort(&mut self) {
        self.frames.sort_by_key(|frame| frame.ns);
    }

    /// Gives another address to a host, in the headers of IPv4 alone.
    pub(crate) fn readdress(&mut self, from: [u8; 4], to: [u8; 4]) {
        for frame in self.frames.iter_mut().filter(|frame| frame.link_type == 101) {
            for at in [12, 16] {
                if let Some(address) = frame.bytes.get_mut(at..at + 4).filter(|address| **address == from) {
                    address.copy_from_slice(&to);
                }
            }
        }
    }

    /// The host `last` says of the last frame that its port is closed (RFC 792).
    pub(crate) fn port_unreachable(&mut self, ms: i64, last: u8) {
        let quoted = self.frames.last().map(|frame| frame.bytes.clone()).unwrap_or_default();
        let to = quoted.get(12..16).and_then(|to| to.try_into().ok()).unwrap_or_default();
        let mut error = vec![3, 3, 0, 0, 0, 0, 0, 0];
        error.extend(quoted.get(..200).unwrap_or(&quoted));
        self.ip(ms, 1, [10, 0, 0, last], to, &error);
    }

    /// Shows `visit` each packet.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Packet<'_>)) {
        self.packets().for_each(|packet| visit(&packet));
    }

    /// How many milliseconds after the start a code is said first.
    pub(crate) fn first_said_at(&self, code: &str) -> Option<i64> {
        let (mut diagnosis, mut findings) = (Diagnosis::new(), Vec::new());
        for packet in self.packets() {
            diagnosis.observe(&packet, 0, &mut findings);
            if findings.iter().any(|finding| finding.code == code) {
                return Some((packet.time - START_NS) / 1_000_000);
            }
        }
        None
    }

    /// Keeps only `len` octets of the last frame.
    pub(crate) fn cut_last(&mut self, len: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.bytes.truncate(len);
        }
    }

    fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        self.frames.iter().enumerate().map(|(at, frame)| Packet {
            number: at as u64 + 1,
            time: frame.ns,
            time_first: START_NS,
            orig_len: frame.orig_len,
            ..Packet::alone(frame.link_type, &frame.bytes)
        })
    }

    /// Shows `look` each packet as the rule would see it.
    pub(crate) fn each(&self, kind: &Kind, mut look: impl FnMut(&Seen<'_>, &mut Out<'_>)) {
        let mut wanted = Wanted::nothing();
        kind.fields.iter().for_each(|field| wanted.add(*field));
        let mut analysis = Analysis::watching(&wanted);
        let (losses, calls, mut findings) = (Losses::default(), Calls::default(), Vec::new());
        for packet in self.packets() {
            let mark = Mark { number: packet.number, time: packet.time, id: 0 };
            analysis.watch(&packet, |dissection| {
                let mut out = Out { now: packet.time, losses: &losses, calls: &calls, findings: &mut findings };
                look(&Seen { mark, packet: &packet, dissection }, &mut out);
            });
        }
    }

    /// What the whole diagnosis says of it, in the order in which it does.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let (mut diagnosis, mut findings) = (Diagnosis::new(), Vec::new());
        for packet in self.packets() {
            diagnosis.observe(&packet, 0, &mut findings);
        }
        diagnosis.finish(&mut findings);
        findings
    }

    /// The codes of [`Capture::findings`], sorted.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.findings().iter().map(|finding| finding.code).collect();
        codes.sort_unstable();
        codes
    }

    /// The frames that show a finding of a code, if there is exactly one.
    pub(crate) fn frames_of(&self, code: &str) -> Option<Vec<u64>> {
        let findings = self.findings();
        let mut of: Vec<&Evidence> =
            findings.iter().filter(|finding| finding.code == code).map(|finding| &finding.evidence).collect();
        let one = of.pop()?;
        of.is_empty().then(|| one.marks().map(|mark| mark.number).collect())
    }
}

/// A UDP datagram without a checksum.
pub(crate) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(from.to_be_bytes());
    segment.extend(to.to_be_bytes());
    segment.extend((8 + payload.len() as u16).to_be_bytes());
    segment.extend([0, 0]);
    segment.extend(payload);
    segment
}

/// An ICMP error about the last datagram of a capture, from a router to its sender.
pub(crate) fn icmp_error(capture: &mut Capture, ms: i64, router: [u8; 4], kind: u8, code: u8, mtu: u16) {
    let quoted = capture.quotable.clone();
    let mut message = vec![kind, code, 0, 0, 0, 0];
    message.extend(mtu.to_be_bytes());
    message.extend(quoted.iter().take(28));
    let sender = [quoted[12], quoted[13], quoted[14], quoted[15]];
    capture.ip(ms, 1, router, sender, &message);
}

/// An ARP packet over Ethernet. Hosts are told by the last octet of 02:00:00:00:00:xx and of 10.0.0.x; 0 is no address.
pub(crate) fn arp(operation: u8, from: u8, from_ip: u8, to: u8, to_ip: u8) -> Vec<u8> {
    let mac = |host: u8| if host == 0 { [0; 6] } else { [2, 0, 0, 0, 0, host] };
    let address = |host: u8| if host == 0 { [0; 4] } else { [10, 0, 0, host] };
    let mut frame = if to == 0 { vec![0xff; 6] } else { mac(to).to_vec() };
    frame.extend(mac(from));
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
    frame.extend(mac(from));
    frame.extend(address(from_ip));
    frame.extend(mac(to));
    frame.extend(address(to_ip));
    frame
}

/// A DNS message with one question and `answers` addresses.
pub(crate) fn dns(id: u16, is_response: bool, rcode: u8, name: &str, qtype: u8, answers: u8) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend(if is_response { [0x81, 0x80 | rcode] } else { [1, 0] });
    message.extend([0, 1, 0, answers, 0, 0, 0, 0]);
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, qtype, 0, 1]);
    for last in 0..answers {
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, last]);
    }
    message
}

#[test]
fn every_code_stands_once_in_the_registry() {
    let mut names: Vec<_> = super::rule::codes().map(|code| code.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(super::rule::codes().all(|code| !code.advice.is_empty()));
}

#[test]
fn the_same_packets_give_the_same_findings_however_often_time_is_told() {
    let mut capture = Capture::default();
    for n in 0..20 {
        let message = format!("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nContent-Length: x{n}\r\n\r\n");
        capture.udp(n * 300, host(1, 5060), host(2, 5060), message.as_bytes());
    }
    let mut findings = Vec::new();
    let mut diagnosis = Diagnosis::new();
    for packet in capture.packets() {
        for step in 0..=20 {
            diagnosis.advance(packet.time - 300_000_000 + step * 15_000_000, &mut findings);
        }
        diagnosis.observe(&packet, 0, &mut findings);
        assert!(diagnosis.horizon() <= packet.time);
    }
    diagnosis.finish(&mut findings);
    assert_eq!(findings, capture.findings());
    assert_eq!(findings.len(), 20);
}

/// A question, a little of something else, and then something at another time.
fn question_before(ms: i64) -> Capture {
    let mut capture = Capture::default();
    capture.udp(0, host(1, 40_000), host(2, 53), &dns(7, false, 0, "a.example", 1, 0));
    capture.udp(100, host(8, 1), host(9, 2), b"x");
    capture.udp(ms, host(8, 1), host(9, 2), b"x");
    capture
}

#[test]
fn what_was_captured_at_another_time_is_another_capture() {
    for ms in [-70_000, 90_000_000] {
        assert_eq!(question_before(ms).codes(), [""; 0], "{ms}");
    }
    assert_eq!(question_before(20_000).codes(), ["dns.unanswered"]);
    // Packets out of order make no break.
    let mut capture = question_before(20_000);
    capture.udp(-30_000, host(8, 1), host(9, 2), b"x");
    assert_eq!(capture.codes(), ["dns.unanswered"]);
}

#[test]
fn where_times_go_to_and_fro_breaks_are_believed_so_often() {
    let mut capture = Capture::default();
    for _ in 0..super::MAX_BREAKS {
        capture.udp(100_000, host(8, 1), host(9, 2), b"x");
        capture.udp(0, host(8, 1), host(9, 2), b"x");
    }
    let mut diagnosis = Diagnosis::new();
    capture.for_each(|packet| diagnosis.observe(packet, 0, &mut Vec::new()));
    assert_eq!(diagnosis.breaks, super::MAX_BREAKS);
}
