//! The ladder as SVG: one file, no scripts, no fonts of its own.

use std::fmt::Write;

use super::{Kind, Ladder, Lane};
use crate::output::value;

const GAP: usize = 280;
const ROW: usize = 26;
const TOP: usize = 90;
const LEFT: usize = 130;
const REMARK: usize = 320;

/// Text as XML has it; what XML cannot have is shown in another way before.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in value::printable(text.as_bytes()).chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() => out.push('.'),
            letter => out.push(letter),
        }
    }
    out
}

impl Ladder {
    /// The drawing as an SVG document.
    pub fn svg(&self) -> String {
        let lanes = self.lanes();
        let width = LEFT + GAP * lanes.len().max(1) + REMARK;
        let height = TOP + ROW * (self.rungs.len() + 1);
        let at = |lane: usize| LEFT + lane * GAP + 40;
        let start = self.rungs.first().map_or(0, |rung| rung.time);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"10\" y=\"22\" font-size=\"15\">{}</text>\n<text x=\"10\" y=\"42\" fill=\"#555\">{}</text>\n",
            xml(&self.title),
            value::rfc3339(start)
        );
        for (lane, of) in lanes.iter().enumerate() {
            let x = at(lane);
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\n\
                 <line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{height}\" stroke=\"#bbb\"/>",
                TOP - 20,
                xml(&of.name),
                TOP - 14
            );
        }
        for (row, rung) in self.rungs.iter().enumerate() {
            let (from, to) = (at(Lane::of(&lanes, rung.from)), at(Lane::of(&lanes, rung.to)));
            let y = TOP + ROW * row + 14;
            let (color, dashes) = match rung.kind {
                Kind::Message => ("#1f4e9c", ""),
                Kind::Media => ("#2e7d32", " stroke-width=\"3\""),
                Kind::Fax => ("#8e44ad", " stroke-dasharray=\"6 3\""),
                Kind::Odd => ("#c0392b", ""),
            };
            let side = if from <= to { -7 } else { 7 };
            let head = to as i64 + side;
            let _ = writeln!(
                out,
                "<text x=\"10\" y=\"{y}\" fill=\"#555\">{:.6}</text>\n\
                 <line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" stroke=\"{color}\"{dashes}/>\n\
                 <path d=\"M{to} {y} L{head} {} L{head} {} Z\" fill=\"{color}\"/>\n\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{color}\">{}</text>\n\
                 <text x=\"{}\" y=\"{y}\" fill=\"#555\">{}</text>",
                rung.time.saturating_sub(start) as f64 / 1e9,
                y - 4,
                y + 4,
                (from + to) / 2,
                y - 4,
                xml(&rung.label),
                LEFT + GAP * lanes.len(),
                xml(&self.remark(rung))
            );
        }
        out.push_str("</svg>\n");
        out
    }
}
