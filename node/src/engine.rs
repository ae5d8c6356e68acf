//! A question to packets: which are meant, and how they are shown. The same for files and for the cluster.

use packetstream_dissect::facts::FactStore;
use packetstream_dissect::filter::{Filter, FilterError, Macros, Options, ReferenceError, References};
use packetstream_dissect::output::printer::SpecError;
use packetstream_dissect::output::summary::TimeForm;
use packetstream_dissect::output::{Printer, Spec};
use packetstream_dissect::statistics::{self, Statistic, StatisticError};
use packetstream_dissect::{Analysis, InOrder, Packet, Scratch, Wanted, dissect};
use thiserror::Error;

/// Why a question makes no sense.
#[derive(Debug, Error)]
pub enum QuestionError {
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error("--ref: {0}")]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(transparent)]
    Statistic(#[from] StatisticError),
}

/// What is known of the other packets while a question is asked of one.
pub enum Knowledge {
    /// All of them: a first pass has seen every packet.
    Facts(FactStore),
    /// Those before it.
    InOrder(Box<InOrder>),
}

impl Knowledge {
    /// Takes note of a packet that is not asked for.
    pub fn pass(&mut self, packet: &Packet<'_>) {
        if let Self::InOrder(in_order) = self {
            in_order.dissect(packet, |_, _| ());
        }
    }
}

/// A display filter and a way to show what it selects.
pub struct Question {
    filter: Filter,
    takes_all: bool,
    printer: Option<Printer>,
    statistics: Vec<Box<dyn Statistic>>,
    for_filter: Wanted,
    for_printer: Wanted,
    for_statistics: Wanted,
    scratch: Scratch,
    /// The time of the packet that was shown last; whoever asks of several streams keeps one of each.
    pub displayed: Option<i64>,
}

impl Question {
    /// A question by the text of its filter (empty: every packet) and what is to be shown (nothing: only selected).
    ///
    /// # Errors
    /// A filter that is none, and an output that does not exist.
    pub fn new(filter: &str, references: &[(String, String)], spec: Option<Spec>) -> Result<Self, QuestionError> {
        let takes_all = filter.trim().is_empty();
        let filter = compile(filter, references)?;
        let printer = spec.map(Printer::new).transpose()?;
        let mut for_filter = Wanted::nothing();
        filter.fields().for_each(|field| for_filter.add(field));
        let mut for_printer = Wanted::nothing();
        if let Some(printer) = &printer {
            printer.want(&mut for_printer);
        }
        Ok(Self {
            filter,
            takes_all,
            printer,
            statistics: Vec::new(),
            for_filter,
            for_printer,
            for_statistics: Wanted::nothing(),
            scratch: Scratch::default(),
            displayed: None,
        })
    }

    /// Adds a statistic over all packets, whichever are meant; `time` is the form of its times.
    ///
    /// # Errors
    /// A statistic that does not exist, or makes no sense.
    pub fn count(&mut self, name: &str, time: TimeForm) -> Result<(), QuestionError> {
        let statistic = statistics::of(name, time, &Options::default())?;
        statistic.want(&mut self.for_statistics);
        self.statistics.push(statistic);
        Ok(())
    }

    fn wanted(&self) -> Wanted {
        let mut all = self.for_filter.clone();
        all.join(&self.for_printer);
        all.join(&self.for_statistics);
        all
    }

    /// The first pass that this question needs.
    pub fn analysis(&self) -> Analysis {
        Analysis::new(&self.wanted())
    }

    /// Says how the question can be asked in one pass over the packets, if none of them can change what is said of one
    /// before it.
    pub fn in_order(&self) -> Option<InOrder> {
        (!self.wanted().is_told_later).then(|| self.live())
    }

    /// Whether every packet is meant and nothing of it is shown: nobody need look into any.
    pub fn looks_at_nothing(&self) -> bool {
        self.takes_all && self.printer.is_none() && self.statistics.is_empty()
    }

    /// As [`Question::in_order`], of packets that come now: what later ones would change is not waited for.
    pub fn live(&self) -> InOrder {
        let first = if self.takes_all { &self.for_printer } else { &self.for_filter };
        let in_order = InOrder::new(first, &self.wanted());
        // A statistic counts all packets.
        match self.takes_all || !self.statistics.is_empty() {
            true => in_order,
            false => in_order.requiring(self.filter.required()),
        }
    }

    /// What stands before the first packet.
    pub fn begin(&self, out: &mut String) {
        if let Some(printer) = &self.printer {
            printer.begin(out);
        }
    }

    /// What stands behind the last packet.
    pub fn end(&mut self, out: &mut String) {
        if let Some(printer) = &self.printer {
            printer.end(out);
        }
        // As tshark has it, the last one first.
        self.statistics.iter_mut().rev().for_each(|statistic| statistic.print(out));
    }

    /// As [`Question::ask`], in whichever way the other packets are known.
    pub fn ask_knowing(&mut self, packet: Packet<'_>, known: &mut Knowledge, out: &mut String) -> bool {
        if self.looks_at_nothing() {
            self.displayed = Some(packet.time);
            return true;
        }
        match known {
            Knowledge::Facts(facts) => self.ask(packet, facts, out),
            Knowledge::InOrder(in_order) => self.ask_in_order(packet, in_order, out),
        }
    }

    fn ask_in_order(&mut self, mut packet: Packet<'_>, in_order: &mut InOrder, out: &mut String) -> bool {
        if in_order.leaves_out(&packet) {
            return false;
        }
        packet.time_displayed = self.displayed;
        let Self { filter, takes_all, printer, statistics, for_printer, for_statistics, scratch, .. } = self;
        let is_meant = in_order.dissect(&packet, |d, facts| {
            if !statistics.is_empty() {
                dissect(&packet, facts, for_statistics, scratch, |d| {
                    statistics.iter_mut().for_each(|statistic| statistic.packet(&packet, d));
                });
            }
            if !*takes_all && !filter.matches(d) {
                return false;
            }
            match printer {
                Some(printer) if *takes_all => printer.packet(&packet, d, out),
                Some(printer) => dissect(&packet, facts, for_printer, scratch, |d| printer.packet(&packet, d, out)),
                None => {}
            }
            true
        });
        if is_meant {
            self.displayed = Some(packet.time);
        }
        is_meant
    }

    /// Whether the packet is meant; if so it is shown at the end of `out`.
    pub fn ask(&mut self, mut packet: Packet<'_>, facts: &FactStore, out: &mut String) -> bool {
        packet.time_displayed = self.displayed;
        let Self { filter, printer, statistics, for_filter, for_printer, for_statistics, scratch, .. } = self;
        if !statistics.is_empty() {
            dissect(&packet, facts.of(packet.number), for_statistics, scratch, |d| {
                statistics.iter_mut().for_each(|statistic| statistic.packet(&packet, d));
            });
        }
        if !dissect(&packet, facts.of(packet.number), for_filter, scratch, |d| filter.matches(d)) {
            return false;
        }
        if let Some(printer) = printer {
            dissect(&packet, facts.of(packet.number), for_printer, scratch, |d| printer.packet(&packet, d, out));
        }
        self.displayed = Some(packet.time);
        true
    }
}

/// The filter of a command line, its references bound.
///
/// # Errors
/// A filter that is none, and a reference to no field or with no value of it.
pub fn compile(filter: &str, references: &[(String, String)]) -> Result<Filter, QuestionError> {
    compile_with(filter, references, Macros::default())
}

/// As [`compile`], of a filter that may use macros; the filter's text has them put in.
///
/// # Errors
/// As [`compile`], and a macro that is none.
pub fn compile_with(filter: &str, references: &[(String, String)], macros: Macros) -> Result<Filter, QuestionError> {
    let mut bound = References::default();
    for (name, value) in references {
        bound.bind(name, value)?;
    }
    let options = Options { references: Some(bound), macros, ..Options::default() };
    Ok(Filter::compile(filter, &options)?)
}
