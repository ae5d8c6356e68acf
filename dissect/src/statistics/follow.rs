//! `-z follow`: what both sides of one connection said, in the order in which they said it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::pairs::{self, End, Kind};
use super::{RULE, Statistic, StatisticError, argument};
use crate::field::FieldId;
use crate::output::value;
use crate::packet::Packet;
use crate::proto::{tcp, udp};
use crate::tree::{Dissection, Node};
use crate::value::Value;
use crate::wanted::Wanted;

/// How many octets of one stream are kept.
const MAX_OCTETS: usize = 256 << 20;
/// How many octets may wait for what is missing before them.
const MAX_WAITING: usize = 16 << 20;
/// How many segments may.
const MAX_WAITING_SEGMENTS: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ascii,
    Hex,
    Raw,
    Utf8,
}

const MODES: [(&str, Mode); 4] =
    [("ascii", Mode::Ascii), ("hex", Mode::Hex), ("raw", Mode::Raw), ("utf-8", Mode::Utf8)];

/// Which stream is meant.
enum Meant {
    Number(u64),
    /// Two addresses and ports, either of which may be the sender.
    Ends([String; 2]),
}

/// One direction of a TCP connection.
#[derive(Default)]
struct Side {
    next: Option<u32>,
    waiting: BTreeMap<u32, Vec<u8>>,
    waiting_octets: usize,
}

pub(super) struct Follow {
    kind: Kind,
    protocol: &'static str,
    mode: Mode,
    mode_name: &'static str,
    meant: Meant,
    first: usize,
    last: usize,
    /// Once the stream was met: its number and its sides, the first of which spoke first.
    stream: Option<u64>,
    ends: [End; 2],
    sides: [Side; 2],
    /// Who said what.
    said: Vec<(usize, Vec<u8>)>,
    octets: usize,
}

impl Follow {
    pub(super) fn new(name: &str, protocol: &str, rest: &str) -> Result<Self, StatisticError> {
        let (kind, protocol) = match protocol {
            "tcp" => (Kind::Tcp, "tcp"),
            "udp" => (Kind::Udp, "udp"),
            other => return Err(argument(name, other, "protocol to follow; there are tcp and udp")),
        };
        let words: Vec<&str> = rest.split(',').collect();
        let mode = words.first().copied().unwrap_or_default();
        let (mode_name, mode) = *MODES
            .iter()
            .find(|row| row.0 == mode)
            .ok_or_else(|| argument(name, mode, "mode; there are ascii, hex, raw and utf-8"))?;
        let (meant, range) = match (words.get(1), words.get(2)) {
            (Some(a), Some(b)) if a.contains(':') && b.contains(':') => {
                (Meant::Ends([(*a).to_owned(), (*b).to_owned()]), words.get(3))
            }
            (Some(number), range) => {
                let number = number.parse().map_err(|_| argument(name, number, "stream"))?;
                (Meant::Number(number), range)
            }
            (None, _) => return Err(argument(name, "", "stream")),
        };
        let (first, last) = match range {
            None => (1, usize::MAX),
            Some(range) => {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let number = |text: &str| text.parse::<usize>().map_err(|_| argument(name, text, "chunk"));
                (number(first)?.max(1), number(last)?)
            }
        };
        Ok(Self {
            kind,
            protocol,
            mode,
            mode_name,
            meant,
            first,
            last,
            stream: None,
            ends: Default::default(),
            sides: Default::default(),
            said: Vec::new(),
            octets: 0,
        })
    }

    fn say(&mut self, side: usize, octets: Vec<u8>) {
        if !octets.is_empty() && self.octets + octets.len() <= MAX_OCTETS {
            self.octets += octets.len();
            self.said.push((side, octets));
        }
    }

    /// Puts the octets of a TCP segment in their place.
    fn segment(&mut self, side: usize, seq: u32, is_syn: bool, octets: &[u8], ack: Option<u32>) {
        // What the other side acknowledges and nobody saw is not going to come.
        if let Some(ack) = ack {
            self.give_up(1 - side, ack);
        }
        let seq = if is_syn { seq.wrapping_add(1) } else { seq };
        let at = &mut self.sides[side];
        let next = *at.next.get_or_insert(seq);
        let ahead = seq.wrapping_sub(next) as i32;
        if octets.is_empty() {
            return;
        }
        if ahead > 0 {
            if at.waiting_octets + octets.len() <= MAX_WAITING && at.waiting.len() < MAX_WAITING_SEGMENTS {
                at.waiting_octets += octets.len();
                at.waiting.entry(seq).or_insert_with(|| octets.to_vec());
            }
            return;
        }
        let known = ahead.unsigned_abs() as usize;
        let new = octets.get(known..).unwrap_or_default().to_vec();
        at.next = Some(next.wrapping_add(new.len() as u32));
        self.say(side, new);
        self.catch_up(side);
    }

    /// Takes what waited and follows now.
    fn catch_up(&mut self, side: usize) {
        loop {
            let at = &mut self.sides[side];
            let Some(next) = at.next else { return };
            let due = at.waiting.keys().copied().find(|seq| (seq.wrapping_sub(next) as i32) <= 0);
            let Some((seq, octets)) = due.and_then(|seq| at.waiting.remove_entry(&seq)) else { return };
            at.waiting_octets = at.waiting_octets.saturating_sub(octets.len());
            let known = next.wrapping_sub(seq) as usize;
            let new = octets.get(known..).unwrap_or_default().to_vec();
            at.next = Some(next.wrapping_add(new.len() as u32));
            self.say(side, new);
        }
    }

    /// Goes on behind a gap that ends before `ack`.
    fn give_up(&mut self, side: usize, ack: u32) {
        let at = &mut self.sides[side];
        let Some(next) = at.next else { return };
        let first = at.waiting.keys().copied().min_by_key(|seq| seq.wrapping_sub(next));
        if let Some(first) = first
            && (ack.wrapping_sub(first) as i32) > 0
        {
            let missing = first.wrapping_sub(next);
            at.next = Some(first);
            self.say(side, format!("[{missing} bytes missing in capture file]").into_bytes());
            self.catch_up(side);
        }
    }

    fn show(&self, side: usize, offset: usize, octets: &[u8], out: &mut String) {
        let indent = if side == 0 { "" } else { "\t" };
        match self.mode {
            Mode::Raw => {
                let _ = writeln!(out, "{indent}{}", value::hex(octets));
            }
            Mode::Hex => {
                for (line, run) in octets.chunks(16).enumerate() {
                    let _ = write!(out, "{indent}{:08X}  ", offset + line * 16);
                    for at in 0..16 {
                        match run.get(at) {
                            Some(octet) => {
                                let _ = write!(out, "{octet:02x} ");
                            }
                            None => out.push_str("   "),
                        }
                        if at == 7 {
                            out.push(' ');
                        }
                    }
                    out.push(' ');
                    for (at, octet) in run.iter().enumerate() {
                        if at == 8 {
                            out.push(' ');
                        }
                        out.push(if (0x20..0x7f).contains(octet) { *octet as char } else { '.' });
                    }
                    // As in tshark blanks at the end of a line are left out.
                    out.truncate(out.trim_end_matches(' ').len());
                    out.push('\n');
                }
            }
            Mode::Ascii | Mode::Utf8 => {
                let _ = writeln!(out, "{indent}{}", octets.len());
                if self.mode == Mode::Utf8 {
                    out.push_str(&String::from_utf8_lossy(octets));
                } else {
                    out.extend(octets.iter().map(|octet| match octet {
                        0x20..0x7f | b'\n' | b'\r' => *octet as char,
                        _ => '.',
                    }));
                }
                out.push('\n');
            }
        }
    }
}

fn number(node: &Node) -> u64 {
    match node.value {
        Value::Uint(number) => number,
        _ => 0,
    }
}

impl Statistic for Follow {
    fn want(&self, wanted: &mut Wanted) {
        self.kind.want(wanted);
        let fields: &[FieldId] = match self.kind {
            Kind::Tcp => &[tcp::SEQ_RAW, tcp::ACK_RAW, tcp::FLAGS_SYN, tcp::FLAGS_ACK, tcp::PAYLOAD],
            _ => &[udp::PAYLOAD],
        };
        fields.iter().for_each(|field| wanted.add(*field));
    }

    fn packet(&mut self, _: &Packet<'_>, dissection: &Dissection<'_>) {
        let mut found: Vec<pairs::Pair> = Vec::new();
        pairs::each(self.kind, dissection, |pair| found.push(pair));
        // The first that is meant; what carries a stream within itself is rare.
        let name = |end: &End| format!("{}:{}", end.address, end.port);
        let meant = found.iter().position(|pair| match (&self.meant, self.stream) {
            (_, Some(stream)) => pair.stream == stream,
            (Meant::Number(number), None) => pair.stream == *number,
            (Meant::Ends([a, b]), None) => {
                let (from, to) = (name(&pair.from), name(&pair.to));
                (from == *a && to == *b) || (from == *b && to == *a)
            }
        });
        let Some((place, pair)) = meant.and_then(|at| Some((at, *found.get(at)?))) else { return };
        if self.stream.is_none() {
            self.stream = Some(pair.stream);
            self.ends = [pair.from, pair.to];
        }
        let side = usize::from(self.ends[0] != pair.from);
        let nth = |field: FieldId| dissection.all(field).filter(|node| node.depth <= 2).nth(place);
        if self.kind == Kind::Udp {
            let octets = dissection.all(udp::PAYLOAD).nth(place).map(|node| dissection.bytes(node).to_vec());
            self.say(side, octets.unwrap_or_default());
            return;
        }
        let seq = nth(tcp::SEQ_RAW).map_or(0, number) as u32;
        let is_syn = nth(tcp::FLAGS_SYN).is_some_and(|node| number(node) != 0);
        let has_ack = nth(tcp::FLAGS_ACK).is_some_and(|node| number(node) != 0);
        let ack = nth(tcp::ACK_RAW).filter(|_| has_ack).map(|node| number(node) as u32);
        let here = nth(tcp::SEQ_RAW).map(|node| node.start);
        // The payload of this segment stands behind its sequence number.
        let payload = dissection.all(tcp::PAYLOAD).find(|node| here.is_some_and(|at| node.start > at));
        let octets = payload.map(|node| dissection.bytes(node)).unwrap_or_default();
        self.segment(side, seq, is_syn, octets, ack);
    }

    fn print(&mut self, out: &mut String) {
        for side in 0..2 {
            while let Some(last) = self.sides[side].waiting.keys().next_back().copied() {
                let before = self.sides[side].waiting.len();
                self.give_up(side, last.wrapping_add(1));
                if self.sides[side].waiting.len() == before {
                    break;
                }
            }
        }
        let filter = match (&self.meant, self.stream) {
            (Meant::Number(number), _) => format!("{}.stream eq {number}", self.protocol),
            (Meant::Ends(_), Some(number)) => format!("{}.stream eq {number}", self.protocol),
            (Meant::Ends(_), None) => String::new(),
        };
        let _ = writeln!(out, "\n{RULE}\nFollow: {},{}\nFilter: {filter}", self.protocol, self.mode_name);
        let mut names: HashMap<usize, String> = HashMap::new();
        for (side, end) in self.ends.iter().enumerate() {
            let is_known = self.stream.is_some();
            names.insert(side, if is_known { format!("{}:{}", end.address, end.port) } else { ":0".to_owned() });
        }
        for side in 0..2 {
            let _ = writeln!(out, "Node {side}: {}", names.get(&side).map_or("", String::as_str));
        }
        let mut offsets = [0; 2];
        for (chunk, (side, octets)) in self.said.iter().enumerate() {
            if (self.first..=self.last).contains(&(chunk + 1)) {
                self.show(*side, offsets[*side], octets, out);
            }
            offsets[*side] += octets.len();
        }
        let _ = writeln!(out, "{RULE}");
    }
}
