//! The ladder diagram of a call or a TCP connection: who sent what to whom, in a terminal or as SVG.

mod svg;
mod tcp;
mod text;

pub use tcp::{Select, TcpLadder};

use serde_json::{Value as Json, json};

use super::summary::payload;
use super::{Call, message};
use crate::diagnose::{Mark, place};
use crate::dissector::{Address, Endpoints};
use crate::output::value;

/// How many rungs a ladder has at most.
pub const MAX_RUNGS: usize = 4096;
/// What comes again at the same place sooner was captured twice.
const TWICE_NS: i64 = 50_000_000;
/// Clocks of hosts may differ by so much for a message to be known again.
const SKEW_NS: i64 = 5_000_000_000;

/// What a rung shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    Message,
    /// Many packets that flow.
    Media,
    Fax,
    /// Something that is out of order.
    Odd,
}

/// A place where a packet was captured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sight {
    /// Which of [`Ladder::hosts`] saw it.
    pub host: usize,
    pub mark: Mark,
}

/// One arrow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rung {
    pub time: i64,
    pub from: (Address, u16),
    pub to: (Address, u16),
    pub label: String,
    pub kind: Kind,
    pub seen: Vec<Sight>,
    /// Hosts that saw other packets between these two ends, but not this one.
    pub missed: Vec<usize>,
    digest: u64,
}

/// A ladder: its lanes are the ends, in the order in which they came up.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    pub title: String,
    /// Names of the hosts that captured; one for a file.
    pub hosts: Vec<String>,
    pub rungs: Vec<Rung>,
    /// Rungs that were left out.
    pub left_out: u64,
}

fn rung(mark: Mark, ends: &Endpoints, label: String, kind: Kind, digest: u64) -> Rung {
    Rung {
        time: mark.time,
        from: (ends.src, ends.src_port),
        to: (ends.dst, ends.dst_port),
        label,
        kind,
        seen: vec![Sight { host: 0, mark }],
        missed: Vec::new(),
        digest,
    }
}

impl Ladder {
    /// The ladder of a call as one host saw it.
    pub fn of_call(call: &Call, host: &str) -> Self {
        let title = format!("{}: {} to {}, {}", call.call_id, call.from, call.to, call.outcome());
        let mut ladder = Self { title, hosts: vec![host.to_owned()], ..Self::default() };
        let messages = call.steps.iter();
        ladder.rungs.extend(
            messages.map(|step| rung(step.mark, &step.endpoints, step.label.clone(), Kind::Message, step.digest)),
        );
        for session in &call.sessions {
            for stream in session.streams() {
                let Some((first, last)) = session.marks_of(&stream.key) else { continue };
                let lost = if stream.lost > 0 { format!(", {} lost", stream.lost) } else { String::new() };
                let seconds = last.time.saturating_sub(first.time) as f64 / 1e9;
                let label = format!("RTP {} {} packets{lost}, {seconds:.1} s", payload(&stream), stream.packets);
                let digest = message::digest(&stream.key.ssrc.to_be_bytes());
                ladder.rungs.push(rung(first, &stream.key.endpoints, label, Kind::Media, digest));
            }
            for step in session.fax.iter().flat_map(|fax| &fax.steps) {
                let digest = message::digest(step.name.as_bytes());
                ladder.rungs.push(rung(step.mark, &step.endpoints, format!("T.38 {}", step.name), Kind::Fax, digest));
            }
        }
        ladder.settle();
        ladder
    }

    /// Sorts, and shows once what was captured twice.
    fn settle(&mut self) {
        self.rungs.sort_by_key(|rung| rung.seen.first().map(|sight| sight.mark));
        let mut kept: Vec<Rung> = Vec::new();
        for rung in std::mem::take(&mut self.rungs) {
            let is_twice = |other: &&mut Rung| {
                other.digest == rung.digest
                    && (other.from, other.to, other.kind) == (rung.from, rung.to, rung.kind)
                    && rung.kind == Kind::Message
                    && rung.time.saturating_sub(other.time) < TWICE_NS
            };
            let is_full = kept.len() >= MAX_RUNGS;
            match kept.iter_mut().rev().take(16).find(is_twice) {
                Some(other) => other.seen.extend(rung.seen),
                None if is_full => self.left_out += 1,
                None => kept.push(rung),
            }
        }
        self.rungs = kept;
    }

    /// Puts together what several hosts saw: the same message is shown once, with where it was seen and where it was not.
    pub fn merge(ladders: impl IntoIterator<Item = Self>) -> Self {
        let mut merged = Self::default();
        for ladder in ladders {
            if merged.title.is_empty() {
                merged.title.clone_from(&ladder.title);
            }
            merged.left_out += ladder.left_out;
            let base = merged.hosts.len();
            merged.hosts.extend(ladder.hosts);
            for mut rung in ladder.rungs {
                rung.seen.iter_mut().for_each(|sight| sight.host += base);
                let is_same = |other: &&mut Rung| {
                    other.digest == rung.digest
                        && (other.from, other.to, other.kind) == (rung.from, rung.to, rung.kind)
                        && (other.time - rung.time).abs() < SKEW_NS
                        && other.seen.iter().all(|sight| sight.host < base)
                };
                match merged.rungs.iter_mut().find(is_same) {
                    Some(other) => {
                        other.time = other.time.min(rung.time);
                        other.seen.append(&mut rung.seen);
                    }
                    None => merged.rungs.push(rung),
                }
            }
        }
        merged.rungs.sort_by_key(|rung| (rung.time, rung.seen.first().map(|sight| (sight.host, sight.mark))));
        merged.find_missed();
        merged
    }

    /// A host that saw packets between two ends should have seen all of them.
    fn find_missed(&mut self) {
        let pair = |rung: &Rung| (rung.from.min(rung.to), rung.from.max(rung.to));
        let sights: Vec<_> = self.rungs.iter().map(|rung| (pair(rung), rung.seen.clone())).collect();
        for rung in &mut self.rungs {
            let here = pair(rung);
            let of_pair = sights.iter().filter(|(other, _)| *other == here).flat_map(|(_, seen)| seen);
            let mut hosts: Vec<usize> = of_pair.map(|sight| sight.host).collect();
            hosts.sort_unstable();
            hosts.dedup();
            hosts.retain(|host| !rung.seen.iter().any(|sight| sight.host == *host));
            rung.missed = hosts;
        }
    }

    /// The ends in the order in which they come up: addresses, with their ports where one address is several ends.
    fn lanes(&self) -> Vec<Lane> {
        let is_loop = self.rungs.iter().any(|rung| rung.from.0 == rung.to.0);
        let mut lanes: Vec<Lane> = Vec::new();
        for (address, port) in self.rungs.iter().flat_map(|rung| [rung.from, rung.to]) {
            let port = if is_loop { port } else { 0 };
            if !lanes.iter().any(|lane| (lane.address, lane.port) == (address, port)) {
                lanes.push(Lane { address, port, name: place(address, port) });
            }
        }
        lanes
    }

    /// The rungs as one JSON object.
    pub fn json(&self) -> Json {
        let rung = |rung: &Rung| {
            let seen: Vec<Json> = rung
                .seen
                .iter()
                .map(|sight| json!({ "host": self.hosts.get(sight.host), "frame": sight.mark.number }))
                .collect();
            let missed: Vec<&String> = rung.missed.iter().filter_map(|host| self.hosts.get(*host)).collect();
            json!({
                "time": value::rfc3339(rung.time),
                "from": place(rung.from.0, rung.from.1),
                "to": place(rung.to.0, rung.to.1),
                "label": rung.label,
                "seen": seen,
                "not_seen": missed,
            })
        };
        json!({ "title": self.title, "rungs": self.rungs.iter().map(rung).collect::<Vec<_>>(), "left_out": self.left_out })
    }

    /// What is said behind an arrow: frames, hosts, where it got lost.
    fn remark(&self, rung: &Rung) -> String {
        let mut remark = String::new();
        for sight in &rung.seen {
            let host = if self.hosts.len() > 1 { self.hosts.get(sight.host).map_or("", |host| host) } else { "" };
            let number = sight.mark.number;
            let blank = if remark.is_empty() { "" } else { ", " };
            remark.push_str(&match host {
                "" => format!("{blank}#{number}"),
                host => format!("{blank}{host}#{number}"),
            });
        }
        if !rung.missed.is_empty() {
            let names = rung.missed.iter().filter_map(|host| self.hosts.get(*host).map(String::as_str));
            remark.push_str(&format!("; not seen at {}", names.collect::<Vec<_>>().join(", ")));
        }
        remark
    }
}

/// A vertical line.
struct Lane {
    address: Address,
    port: u16,
    name: String,
}

impl Lane {
    fn of(lanes: &[Self], (address, port): (Address, u16)) -> usize {
        lanes.iter().position(|lane| lane.address == address && (lane.port == 0 || lane.port == port)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(from: u8, to: u8) -> Endpoints {
        let address = |last| Address::Ipv4([10, 0, 0, last]);
        Endpoints { src: address(from), dst: address(to), src_port: 5060, dst_port: 5060, ..Endpoints::default() }
    }

    fn mark(number: u64, ms: i64) -> Mark {
        Mark { number, time: ms * 1_000_000, id: 0 }
    }

    fn ladder(host: &str, rungs: &[(u64, i64, u8, u8, &str)]) -> Ladder {
        let rungs = rungs.iter().map(|(number, ms, from, to, label)| {
            let digest = message::digest(label.as_bytes());
            rung(mark(*number, *ms), &ends(*from, *to), (*label).to_owned(), Kind::Message, digest)
        });
        let mut ladder = Ladder { title: "call".into(), hosts: vec![host.into()], rungs: rungs.collect(), left_out: 0 };
        ladder.settle();
        ladder
    }

    #[test]
    fn a_ladder_is_drawn() {
        let ladder = ladder(
            "",
            &[
                (1, 0, 1, 2, "INVITE (SDP)"),
                (2, 20, 2, 3, "INVITE (SDP)"),
                (3, 500, 3, 2, "200 OK"),
                (4, 501, 2, 1, "200 OK"),
            ],
        );
        let text = ladder.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "call");
        assert!(
            lines[2].contains("10.0.0.1") && lines[2].contains("10.0.0.2") && lines[2].contains("10.0.0.3"),
            "{text}"
        );
        assert!(lines[4].contains("INVITE (SDP)") && lines[4].contains(">|") && lines[4].ends_with("#1"), "{text}");
        assert!(lines[7].contains("|<"), "{text}");
        let svg = ladder.svg();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert_eq!(svg.matches("<line").count(), 3 + 4);
    }

    #[test]
    fn what_two_hosts_saw_is_shown_once() {
        let a = ladder("a", &[(1, 0, 1, 2, "INVITE"), (2, 100, 2, 1, "200"), (3, 120, 1, 2, "ACK")]);
        let b = ladder("b", &[(7, 3, 1, 2, "INVITE"), (8, 97, 2, 1, "200"), (9, 597, 2, 1, "200 again")]);
        let merged = Ladder::merge([a, b]);
        let seen: Vec<_> =
            merged.rungs.iter().map(|rung| (rung.label.as_str(), rung.seen.len(), rung.missed.clone())).collect();
        assert_eq!(seen, [("INVITE", 2, vec![]), ("200", 2, vec![]), ("ACK", 1, vec![1]), ("200 again", 1, vec![0])]);
        assert!(merged.text().contains("a#3; not seen at b"));
    }

    #[test]
    fn what_was_captured_twice_is_shown_once_and_no_more_than_the_limit() {
        let twice = ladder("", &[(1, 0, 1, 2, "INVITE"), (2, 1, 1, 2, "INVITE"), (3, 500, 1, 2, "INVITE")]);
        assert_eq!(twice.rungs.len(), 2);
        let many: Vec<_> = (0..MAX_RUNGS as u64 + 10).map(|n| (n, n as i64 * 100, 1, 2, "OPTIONS")).collect();
        let many = ladder("", &many);
        assert_eq!((many.rungs.len(), many.left_out), (MAX_RUNGS, 10));
    }

    #[test]
    fn texts_of_packets_do_not_break_the_drawing() {
        let ladder = ladder("", &[(1, 0, 1, 2, "<&\"\u{7}\n>")]);
        assert!(ladder.svg().contains("&lt;&amp;&quot;"));
        assert!(!ladder.svg().contains('\u{7}') && !ladder.text().contains('\u{7}'));
    }
}
