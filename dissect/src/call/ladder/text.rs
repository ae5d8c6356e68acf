//! The ladder in a terminal.

use std::fmt::Write;

use super::{Kind, Ladder, Lane, Rung};
use crate::output::value;

/// Characters between two lanes; wider where a name needs it.
const MIN_GAP: usize = 30;
const MAX_GAP: usize = 46;
/// Characters before the first lane: the time.
const MARGIN: usize = 14;

impl Ladder {
    /// The drawing, a line an arrow.
    pub fn text(&self) -> String {
        let lanes = self.lanes();
        let names = lanes.iter().map(|lane| lane.name.chars().count() + 4);
        // Between neighbours the labels should fit, too.
        let neighbours = |rung: &&Rung| Lane::of(&lanes, rung.from).abs_diff(Lane::of(&lanes, rung.to)) == 1;
        let labels = self.rungs.iter().filter(neighbours).map(|rung| rung.label.chars().count() + 8);
        let gap = names.chain(labels).max().unwrap_or(0).clamp(MIN_GAP, MAX_GAP);
        let start = self.rungs.first().map_or(0, |rung| rung.time);
        let mut out = value::printable(self.title.as_bytes());
        let _ = write!(out, "\n{}\n{:MARGIN$}", value::rfc3339(start), "");
        for lane in &lanes {
            let name = format!("{:^gap$}", lane.name);
            out.push_str(&name);
        }
        out.truncate(out.trim_end().len());
        let empty = line(&lanes, gap, None);
        let _ = write!(out, "\n{:MARGIN$}{empty}\n", "");
        for rung in &self.rungs {
            let seconds = rung.time.saturating_sub(start) as f64 / 1e9;
            let _ = writeln!(out, "{seconds:12.6}  {}  {}", line(&lanes, gap, Some(rung)), self.remark(rung));
        }
        if self.left_out > 0 {
            let _ = writeln!(out, "{} more are not shown", self.left_out);
        }
        out
    }
}

/// The lanes with an arrow between two of them.
fn line(lanes: &[Lane], gap: usize, rung: Option<&Rung>) -> String {
    let mut cells: Vec<char> = vec![' '; gap * lanes.len()];
    let at = |lane: usize| lane * gap + gap / 2;
    for lane in 0..lanes.len() {
        set(&mut cells, at(lane), '|');
    }
    if let Some(rung) = rung {
        let (from, to) = (Lane::of(lanes, rung.from), Lane::of(lanes, rung.to));
        let (left, right) = (at(from.min(to)), at(from.max(to)));
        let stroke = match rung.kind {
            Kind::Message | Kind::Odd => '-',
            Kind::Media => '=',
            Kind::Fax => '~',
        };
        for place in left + 1..right {
            set(&mut cells, place, stroke);
        }
        let (head, place) = if from <= to { ('>', right.saturating_sub(1)) } else { ('<', left + 1) };
        set(&mut cells, place, head);
        let room = (right - left).saturating_sub(7);
        let mut label = value::printable(rung.label.as_bytes());
        if label.chars().count() > room {
            label = label.chars().take(room.saturating_sub(1)).chain(['…']).collect();
        }
        let label = format!(" {label} ");
        let begin = left + 1 + (right - left).saturating_sub(1 + label.chars().count()) / 2;
        for (offset, letter) in label.chars().enumerate() {
            set(&mut cells, begin + offset, letter);
        }
    }
    cells.into_iter().collect::<String>()
}

fn set(cells: &mut [char], at: usize, letter: char) {
    if let Some(cell) = cells.get_mut(at) {
        *cell = letter;
    }
}
