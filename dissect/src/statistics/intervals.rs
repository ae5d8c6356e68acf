//! `-z io,stat`: frames, octets or a field's values in each interval of the capture.

use std::fmt::Write;

use super::{Selection, Statistic, StatisticError, argument};
use crate::field::{FieldId, FieldType};
use crate::filter::Options;
use crate::output::summary::TimeForm;
use crate::output::value;
use crate::packet::Packet;
use crate::registry;
use crate::tree::Dissection;
use crate::value::Value;
use crate::wanted::Wanted;

/// How many intervals are counted, all columns together; what comes after is counted to the last one.
const MAX_INTERVALS: usize = 1 << 20;
/// How many columns there may be.
const MAX_COLUMNS: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    Frames,
    Count,
    Sum,
    Min,
    Max,
    Average,
    Load,
}

const MEASURES: [(&str, Measure); 6] = [
    ("COUNT", Measure::Count),
    ("SUM", Measure::Sum),
    ("MIN", Measure::Min),
    ("MAX", Measure::Max),
    ("AVG", Measure::Average),
    ("LOAD", Measure::Load),
];

/// What one column has of one interval.
#[derive(Clone, Copy, Default)]
struct Cell {
    frames: u64,
    octets: u64,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// Seconds of answers under way.
    load: f64,
}

struct Column {
    text: String,
    measure: Measure,
    name: &'static str,
    field: Option<FieldId>,
    is_integer: bool,
    selection: Selection,
    cells: Vec<Cell>,
}

pub(super) struct Intervals {
    /// In microseconds; 0 is the whole capture.
    interval: u64,
    decimals: usize,
    time: TimeForm,
    columns: Vec<Column>,
    first: Option<i64>,
    last: i64,
}

impl Intervals {
    pub(super) fn new(name: &str, text: &str, time: TimeForm, options: &Options) -> Result<Self, StatisticError> {
        let mut words = text.split(',');
        let number = words.next().unwrap_or_default();
        let wrong = || argument(name, number, "number of seconds");
        let seconds: f64 = number.parse().map_err(|_| wrong())?;
        if !(0.0..=1e9).contains(&seconds) || (seconds > 0.0 && seconds < 1e-6) {
            return Err(wrong());
        }
        let fraction = number.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('0'));
        let filters: Vec<&str> = words.collect();
        if filters.len() > MAX_COLUMNS {
            return Err(StatisticError::Many { name: "io,stat", limit: MAX_COLUMNS, found: filters.len() });
        }
        let mut columns = filters
            .into_iter()
            .map(|filter| Column::new(name, filter, options))
            .collect::<Result<Vec<_>, StatisticError>>()?;
        if columns.is_empty() {
            columns.push(Column::new(name, "", options)?);
        }
        let interval = (seconds * 1e6).round() as u64;
        Ok(Self { interval, decimals: fraction.len().min(6), time, columns, first: None, last: 0 })
    }

    fn intervals_max(&self) -> usize {
        MAX_INTERVALS / self.columns.len().max(1)
    }

    fn duration_us(&self) -> u64 {
        self.first.map_or(0, |first| self.last.saturating_sub(first).max(0) as u64 / 1000)
    }
}

impl Column {
    fn new(name: &str, text: &str, options: &Options) -> Result<Self, StatisticError> {
        let called = MEASURES.iter().find_map(|(word, measure)| {
            let rest = text.strip_prefix(word)?.strip_prefix('(')?;
            let (field, filter) = rest.split_once(')')?;
            Some((*word, *measure, field, filter))
        });
        let (word, measure, field, filter) = match called {
            None => ("Frames", Measure::Frames, None, text),
            Some((word, measure, field, filter)) => {
                let wrong = |what| argument(name, field, what);
                let id = registry::by_name(field).ok_or_else(|| wrong("field"))?;
                let ftype = registry::field(id).ftype;
                let is_number = ftype.is_integer()
                    || matches!(ftype, FieldType::Float | FieldType::Double | FieldType::RelativeTime);
                if measure == Measure::Load && ftype != FieldType::RelativeTime {
                    return Err(wrong("relative time"));
                }
                if measure != Measure::Count && !is_number {
                    return Err(wrong("number"));
                }
                (word, measure, Some(id), filter)
            }
        };
        let is_integer = field.is_some_and(|id| registry::field(id).ftype.is_integer());
        Ok(Self {
            text: if text.is_empty() { "Frames and bytes".to_owned() } else { text.to_owned() },
            measure,
            name: word,
            field,
            is_integer,
            selection: Selection::new(name, Some(filter), options)?,
            cells: Vec::new(),
        })
    }

    fn take(&mut self, at: usize, since_ns: u64, interval: u64, octets: u64, dissection: &Dissection<'_>) {
        if !self.selection.takes(dissection) {
            return;
        }
        if self.cells.len() <= at {
            self.cells.resize(at + 1, Cell::default());
        }
        let Some(cell) = self.cells.get_mut(at) else { return };
        cell.frames += 1;
        cell.octets += octets;
        let Some(field) = self.field else { return };
        for node in dissection.all(field) {
            let value = match node.value {
                Value::Uint(n) => n as f64,
                Value::Int(n) => n as f64,
                Value::Float(x) => x,
                Value::Time(ns) => ns as f64 / 1e9,
                _ => 0.0,
            };
            if let Some(cell) = self.cells.get_mut(at) {
                cell.min = if cell.count == 0 { value } else { cell.min.min(value) };
                cell.max = if cell.count == 0 { value } else { cell.max.max(value) };
                cell.count += 1;
                cell.sum += value;
            }
            if self.measure == Measure::Load {
                self.spread(at, since_ns, interval, value);
            }
        }
    }

    /// An answer that came now was under way for so many seconds.
    fn spread(&mut self, mut at: usize, since_ns: u64, interval: u64, seconds: f64) {
        let length = if interval == 0 { f64::MAX } else { interval as f64 / 1e6 };
        let mut left = seconds;
        let mut here = since_ns as f64 / 1e9 - at as f64 * if interval == 0 { 0.0 } else { length };
        while left > 0.0 {
            let part = left.min(here);
            if let Some(cell) = self.cells.get_mut(at) {
                cell.load += part;
            }
            left -= part;
            here = length;
            match at.checked_sub(1) {
                Some(before) => at = before,
                None => return,
            }
        }
    }

    /// The texts of one interval.
    fn texts(&self, at: usize, seconds: f64) -> Vec<String> {
        let cell = self.cells.get(at).copied().unwrap_or_default();
        let number = |x: f64| if self.is_integer { format!("{x:.0}") } else { format!("{x:.6}") };
        match self.measure {
            Measure::Frames => vec![cell.frames.to_string(), cell.octets.to_string()],
            Measure::Count => vec![cell.count.to_string()],
            Measure::Sum => vec![number(cell.sum)],
            Measure::Min => vec![number(cell.min)],
            Measure::Max => vec![number(cell.max)],
            Measure::Average => {
                let average = if cell.count == 0 { 0.0 } else { cell.sum / cell.count as f64 };
                vec![number(if self.is_integer { average.floor() } else { average })]
            }
            Measure::Load => vec![format!("{:.6}", if seconds > 0.0 { cell.load / seconds } else { 0.0 })],
        }
    }

    fn heads(&self) -> Vec<&'static str> {
        if self.measure == Measure::Frames { vec!["Frames", "Bytes"] } else { vec![self.name] }
    }
}

/// Microseconds as seconds; a half is rounded down.
fn seconds(us: u64, decimals: usize) -> String {
    let unit = 10u64.pow(6u32.saturating_sub(decimals as u32));
    let rounded = (us + (unit / 2).saturating_sub(1)) / unit;
    let scale = 10u64.pow(decimals as u32);
    match decimals {
        0 => format!("{}", rounded / scale),
        _ => format!("{}.{:0decimals$}", rounded / scale, rounded % scale),
    }
}

/// `text` in the middle of `width`, nearer to the right end where it cannot be in the middle.
fn centred(text: &str, width: usize) -> String {
    let spare = width.saturating_sub(text.len());
    let before = spare.div_ceil(2);
    format!("{}{text}{}", " ".repeat(before), " ".repeat(spare - before))
}

impl Statistic for Intervals {
    fn want(&self, wanted: &mut Wanted) {
        for column in &self.columns {
            column.selection.want(wanted);
            column.field.iter().for_each(|field| wanted.add(*field));
        }
    }

    fn packet(&mut self, packet: &Packet<'_>, dissection: &Dissection<'_>) {
        let first = *self.first.get_or_insert(packet.time);
        self.last = self.last.max(packet.time);
        let since = packet.time.saturating_sub(first).max(0) as u64;
        let at = (since / 1000).checked_div(self.interval).unwrap_or(0).min(self.intervals_max() as u64 - 1) as usize;
        for column in &mut self.columns {
            column.take(at, since, self.interval, packet.orig_len.into(), dissection);
        }
    }

    fn print(&mut self, out: &mut String) {
        let duration = self.duration_us();
        let is_whole = self.interval == 0 || self.interval >= duration;
        let interval = if is_whole { duration } else { self.interval };
        let decimals = match is_whole {
            true if duration < 10_000_000 => 3,
            true => 1,
            false => self.decimals,
        };
        let total = if decimals == 0 { seconds(duration, 6) } else { seconds(duration, decimals) };
        let whole_digits = (duration / 1_000_000).to_string().len();
        let width = if decimals == 0 { whole_digits } else { whole_digits + 1 + decimals };
        let count = if is_whole {
            1
        } else {
            duration.div_ceil(interval.max(1)).clamp(1, self.intervals_max() as u64) as usize
        };
        // A packet at the very end of the last interval belongs to it.
        for column in &mut self.columns {
            while column.cells.len() > count {
                if let (Some(cell), Some(last)) = (column.cells.pop(), column.cells.get_mut(count - 1)) {
                    last.frames += cell.frames;
                    last.octets += cell.octets;
                    last.count += cell.count;
                    last.sum += cell.sum;
                    last.max = last.max.max(cell.max);
                }
            }
        }
        let (head, rows) = self.intervals(count, interval, duration, decimals, width);
        let texts: Vec<Vec<Vec<String>>> = (0..count)
            .map(|at| self.columns.iter().map(|column| column.texts(at, interval as f64 / 1e6)).collect())
            .collect();
        let mut widths: Vec<Vec<usize>> =
            self.columns.iter().map(|column| column.heads().iter().map(|head| head.len()).collect()).collect();
        for row in &texts {
            for (column, cells) in widths.iter_mut().zip(row) {
                for (width, cell) in column.iter_mut().zip(cells) {
                    *width = (*width).max(cell.len());
                }
            }
        }
        let inner = head.len();
        let table = inner + 2 + widths.iter().flatten().map(|width| width + 3).sum::<usize>();
        let longest = self.columns.iter().map(|column| column.text.len()).max().unwrap_or(0);
        // The box is as wide as the table, or as the longest filter takes.
        let slack = if is_whole && (10_000_000..100_000_000).contains(&duration) { 2 } else { 0 };
        let width_all = (table + slack).max(longest + 11);
        let line =
            |text: String| format!("{text}{}|\n", " ".repeat(width_all.saturating_sub(text.chars().count() + 1)));
        let rule = "=".repeat(width_all);
        let _ = write!(out, "\n{rule}\n");
        out.push_str(&line("| IO Statistics".to_owned()));
        out.push_str(&line("|".to_owned()));
        out.push_str(&line(format!("| Duration: {total} secs")));
        let step = seconds(interval, decimals);
        let pad = width.min(total.len());
        out.push_str(&line(format!("| Interval: {step:>pad$} secs")));
        out.push_str(&line("|".to_owned()));
        for (at, column) in self.columns.iter().enumerate() {
            let label = if at == 0 { "Col " } else { "    " };
            out.push_str(&line(format!("| {label}{}: {}", at + 1, column.text)));
        }
        let _ = writeln!(out, "|{}|", "-".repeat(width_all - 2));
        let mut numbers = format!("|{}|", " ".repeat(inner));
        let mut heads = format!("|{head}|");
        for (at, (column, widths)) in self.columns.iter().zip(&widths).enumerate() {
            let span = widths.iter().map(|width| width + 3).sum::<usize>() - 1;
            let _ = write!(numbers, "{:<span$}|", at + 1);
            for (head, width) in column.heads().iter().zip(widths) {
                let _ = write!(heads, " {} |", centred(head, *width));
            }
        }
        // Where the box is wider than the table, what lies between is closed with a bar of its own.
        let row = |text: String| if width_all > table { line(text) } else { format!("{text}\n") };
        out.push_str(&row(numbers));
        out.push_str(&row(heads));
        out.push_str(&row(format!("|{}|", "-".repeat(table - 2))));
        for (left, cells) in rows.into_iter().zip(texts) {
            let mut text = format!("|{left}|");
            for (width, cell) in widths.iter().flatten().zip(cells.iter().flatten()) {
                let _ = write!(text, " {cell:>width$} |");
            }
            out.push_str(&row(text));
        }
        let _ = writeln!(out, "{rule}");
    }
}

impl Intervals {
    /// The head of the first column and its rows.
    fn intervals(
        &self,
        count: usize,
        interval: u64,
        duration: u64,
        decimals: usize,
        width: usize,
    ) -> (String, Vec<String>) {
        let begins = (0..count as u64).map(|at| at * interval);
        let clock = |us: u64| {
            let time = self.first.unwrap_or(0).saturating_add((us * 1000) as i64);
            let (year, month, day) = value::date(time.div_euclid(86_400_000_000_000));
            let text = value::time_of_day(time);
            (format!("{year}-{month:02}-{day:02}"), text.get(..8).unwrap_or(&text).to_owned())
        };
        match self.time {
            TimeForm::Absolute | TimeForm::Utc => {
                return (" Time     ".to_owned(), begins.map(|us| format!(" {} ", clock(us).1)).collect());
            }
            TimeForm::AbsoluteDate | TimeForm::UtcDate | TimeForm::AbsoluteDayOfYear | TimeForm::UtcDayOfYear => {
                let text = |us| {
                    let (date, time) = clock(us);
                    format!(" {date} {time} ")
                };
                return (" Date and time       ".to_owned(), begins.map(text).collect());
            }
            _ => {}
        }
        let middle = (2 * width + 4).max(8);
        let rows = begins.map(|begin| {
            let end = (begin + interval).min(duration);
            let is_last = begin + interval >= duration;
            let from = seconds(begin, decimals);
            let lead = format!("{from:>w$} <> ", w = width.max(middle.saturating_sub(4) / 2));
            let tail = match decimals {
                0 if is_last => "Dur".to_owned(),
                0 => format!("{:>width$}", seconds(begin + interval, 0)),
                _ => format!("{:>width$}", seconds(end, decimals)),
            };
            format!(" {:<w$}", lead + &tail, w = middle + 1)
        });
        (format!(" {:<w$} ", "Interval", w = middle), rows.collect())
    }
}
