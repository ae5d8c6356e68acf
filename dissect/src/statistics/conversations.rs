//! `-z conv,TYPE`: who spoke with whom, how much in each direction, from when on and for how long.

use std::collections::HashMap;
use std::fmt::Write;

use super::pairs::{self, End, Kind, Pair};
use super::{Selection, Statistic};
use crate::output::summary::TimeForm;
use crate::output::value;
use crate::packet::Packet;
use crate::tree::Dissection;
use crate::wanted::Wanted;

/// How many conversations are counted; packets of further ones are left out, and a line says how many.
const MAX_CONVERSATIONS: usize = 1 << 20;
const RULE: &str = "================================================================================";

/// Frames and octets of one direction.
#[derive(Clone, Copy, Default)]
struct Sent {
    frames: u64,
    octets: u64,
}

struct Conversation {
    /// The first is who was heard first.
    ends: [End; 2],
    sent: [Sent; 2],
    first_time: i64,
    last_time: i64,
}

impl Conversation {
    fn total(&self) -> Sent {
        let [a, b] = self.sent;
        Sent { frames: a.frames + b.frames, octets: a.octets + b.octets }
    }
}

pub(super) struct Conversations {
    kind: Kind,
    selection: Selection,
    time: TimeForm,
    places: HashMap<(End, End, u64), usize>,
    /// In the order in which they began.
    all: Vec<Conversation>,
    left_out: u64,
    start: i64,
}

impl Conversations {
    pub(super) fn new(kind: Kind, selection: Selection, time: TimeForm) -> Self {
        Self { kind, selection, time, places: HashMap::new(), all: Vec::new(), left_out: 0, start: 0 }
    }

    fn count(&mut self, pair: Pair, packet: &Packet<'_>) {
        let Pair { from, to, stream } = pair;
        let key = if from <= to { (from, to, stream) } else { (to, from, stream) };
        let at = match self.places.get(&key) {
            Some(at) => *at,
            None if self.all.len() >= MAX_CONVERSATIONS => {
                self.left_out += 1;
                return;
            }
            None => {
                self.places.insert(key, self.all.len());
                self.all.push(Conversation {
                    ends: [from, to],
                    sent: Default::default(),
                    first_time: packet.time,
                    last_time: packet.time,
                });
                self.all.len() - 1
            }
        };
        let Some(conversation) = self.all.get_mut(at) else { return };
        let sent = &mut conversation.sent[usize::from(conversation.ends[0] != from)];
        sent.frames += 1;
        sent.octets += u64::from(packet.orig_len);
        conversation.first_time = conversation.first_time.min(packet.time);
        conversation.last_time = conversation.last_time.max(packet.time);
    }

    fn row(&self, conversation: &Conversation, out: &mut String) {
        let width = if self.kind.has_ports() { 26 } else { 20 };
        let name = |end: &End| match self.kind.has_ports() {
            true => format!("{}:{}", end.address, end.port),
            false => end.address.to_string(),
        };
        let [a, b] = &conversation.ends;
        let [there, back] = conversation.sent;
        let _ = write!(out, "{:<width$} <-> {:<width$}", name(a), name(b));
        for sent in [back, there, conversation.total()] {
            let _ = write!(out, "  {:6} {:<9}", sent.frames, size(sent.octets));
        }
        let start = match self.time {
            TimeForm::Absolute | TimeForm::Utc => cut(&value::time_of_day(conversation.first_time), 8),
            TimeForm::AbsoluteDate | TimeForm::UtcDate | TimeForm::AbsoluteDayOfYear | TimeForm::UtcDayOfYear => {
                let (year, month, day) = value::date(conversation.first_time.div_euclid(86_400_000_000_000));
                let time = cut(&value::time_of_day(conversation.first_time), 8);
                format!("{year}-{month:02}-{day:02} {time}")
            }
            _ => value::seconds(conversation.first_time.saturating_sub(self.start)),
        };
        let span = conversation.last_time.saturating_sub(conversation.first_time);
        let _ = writeln!(out, "  {start:>14}   {:12.4}", span as f64 / 1e9);
    }
}

fn cut(text: &str, len: usize) -> String {
    text.get(..len).unwrap_or(text).to_owned()
}

/// Octets with a decimal prefix, as soon as five digits would be needed.
fn size(octets: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| octets >= unit * 10) {
        Some((unit, name)) => format!("{} {name}", octets / unit),
        None => format!("{octets} bytes"),
    }
}

impl Statistic for Conversations {
    fn want(&self, wanted: &mut Wanted) {
        self.kind.want(wanted);
        self.selection.want(wanted);
    }

    fn packet(&mut self, packet: &Packet<'_>, dissection: &Dissection<'_>) {
        self.start = packet.time_first;
        if self.selection.takes(dissection) {
            pairs::each(self.kind, dissection, |pair| self.count(pair, packet));
        }
    }

    fn print(&mut self, out: &mut String) {
        let filter = if self.selection.text.is_empty() { "<No Filter>" } else { &self.selection.text };
        let _ = writeln!(out, "{RULE}\n{} Conversations\nFilter:{filter}", self.kind.title());
        let indent = if self.kind.has_ports() { 59 } else { 47 };
        let (unit, first, second) = match self.time {
            TimeForm::Absolute | TimeForm::Utc => ("Size ", " Absolute Time  ", "     Start     "),
            TimeForm::AbsoluteDate | TimeForm::UtcDate | TimeForm::AbsoluteDayOfYear | TimeForm::UtcDayOfYear => {
                ("Size ", " Absolute Date  ", "     Start     ")
            }
            _ => ("Bytes", "    Relative    ", "      Start     "),
        };
        let blank = " ".repeat(indent);
        let _ = writeln!(out, "{blank}|       <-      | |       ->      | |     Total     |{first}|   Duration   |");
        let _ =
            writeln!(out, "{blank}| Frames  {unit} | | Frames  {unit} | | Frames  {unit} |{second}|              |");
        let mut order: Vec<&Conversation> = self.all.iter().collect();
        order.sort_by_key(|conversation| std::cmp::Reverse(conversation.total().frames));
        for conversation in order {
            self.row(conversation, out);
        }
        if self.left_out > 0 {
            let _ = writeln!(out, "{} packets of further conversations were left out", self.left_out);
        }
        let _ = writeln!(out, "{RULE}");
    }
}
