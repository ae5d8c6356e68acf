//! Shows one packet after the other in the form that was asked for.

use std::fmt::Write as _;

use smallvec::SmallVec;
use thiserror::Error;

use crate::field::{FieldId, FieldType};
use crate::output::json::{Names, Writer};
use crate::output::summary::TimeForm;
use crate::output::{hex, json, label, summary, value, xml};
use crate::packet::Packet;
use crate::proto;
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::value::Value;
use crate::wanted::Wanted;

/// The formats of `-T`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    #[default]
    Text,
    /// The columns with tabs between them.
    Tabs,
    Fields,
    /// One list of all packets.
    Json,
    /// A packet a line.
    JsonLines,
    Ek,
    Pdml,
    Psml,
}

/// What is asked for, in tshark's terms.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spec {
    pub format: Format,
    /// The whole tree (`-V`).
    pub verbose: bool,
    /// The octets (`-x`).
    pub hex: bool,
    /// The fields of `-e`.
    pub fields: Vec<String>,
    /// `("t", form)`, `("E", "key=value")`, `("O", protocols)`, `("S", separator)`, `("P", "")` and
    /// `("no-duplicate-keys", "")`, as on the command line.
    pub options: Vec<(String, String)>,
}

/// Why a [`Spec`] cannot be printed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SpecError {
    #[error("\"{0}\" is not a field; `packetstream fields` lists those that there are")]
    UnknownField(String),
    #[error("-T fields needs at least one field: -e FIELD")]
    NoFields,
    #[error("-O: \"{0}\" is no protocol; `packetstream fields --protocols` lists those that there are")]
    UnknownProtocol(String),
    #[error("-e goes with -T fields, -T json or -T ek only")]
    FieldsWithoutFormat,
    #[error("-x goes with -T text only")]
    OctetsWithoutText,
    #[error("\"{0}\" is no time format of -t; there are a, ad, adoy, d, dd, e, r, u, ud and udoy")]
    Time(String),
    #[error(
        "\"{0}\" is no option of -E; there are header=y|n, separator=C, occurrence=f|l|a, aggregator=C, quote=d|s|n, bom=y|n and escape=y|n"
    )]
    FieldOption(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Number,
    Time,
    Source,
    Destination,
    Protocol,
    Length,
    Info,
}

/// The titles of the first of [`COLUMNS`].
const TITLES: [&str; 7] = ["No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"];

const COLUMNS: &[(&str, Column)] = &[
    ("_ws.col.No.", Column::Number),
    ("_ws.col.Time", Column::Time),
    ("_ws.col.Source", Column::Source),
    ("_ws.col.Destination", Column::Destination),
    ("_ws.col.Protocol", Column::Protocol),
    ("_ws.col.Length", Column::Length),
    ("_ws.col.Info", Column::Info),
    // As later versions of Wireshark call some.
    ("_ws.col.number", Column::Number),
    ("_ws.col.def_src", Column::Source),
    ("_ws.col.def_dst", Column::Destination),
    ("_ws.col.packet_length", Column::Length),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Field(FieldId),
    Column(Column),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Occurrence {
    First,
    Last,
    All,
}

/// Shows packets; made once for an answer.
#[derive(Clone, Debug)]
pub struct Printer {
    spec: Spec,
    asked: Vec<Asked>,
    time: TimeForm,
    header: bool,
    bom: bool,
    separator: String,
    aggregator: String,
    quote: &'static str,
    occurrence: Occurrence,
    /// The protocols whose details are shown; none are all.
    only: Vec<FieldId>,
    between: Option<String>,
    with_summary: bool,
    names: Names,
    /// Packets that were shown.
    shown: u64,
}

impl Printer {
    /// Checks what is asked for.
    ///
    /// # Errors
    /// One clear line for a field, time format or option that does not exist, or a combination without sense.
    pub fn new(spec: Spec) -> Result<Self, SpecError> {
        let mut printer = Self {
            asked: spec.fields.iter().map(|name| asked(name)).collect::<Result<_, _>>()?,
            time: TimeForm::default(),
            header: false,
            bom: false,
            separator: "\t".to_owned(),
            aggregator: ",".to_owned(),
            quote: "",
            occurrence: Occurrence::All,
            only: Vec::new(),
            between: None,
            with_summary: false,
            names: Names::Repeated,
            shown: 0,
            spec,
        };
        match printer.spec.format {
            Format::Fields if printer.asked.is_empty() => return Err(SpecError::NoFields),
            Format::Text | Format::Tabs | Format::Pdml | Format::Psml if !printer.asked.is_empty() => {
                return Err(SpecError::FieldsWithoutFormat);
            }
            _ => {}
        }
        if printer.spec.hex && printer.spec.format != Format::Text {
            return Err(SpecError::OctetsWithoutText);
        }
        for (option, value) in printer.spec.options.clone() {
            match option.as_str() {
                "t" => printer.time = TimeForm::of(&value).ok_or(SpecError::Time(value))?,
                "O" => printer.only_protocols(&value)?,
                "S" => printer.between = Some(unescaped(&value)),
                "P" => printer.with_summary = true,
                "no-duplicate-keys" => printer.names = Names::Gathered,
                _ => printer.field_option(&value)?,
            }
        }
        Ok(printer)
    }

    /// The form of the Time column.
    pub fn time(&self) -> TimeForm {
        self.time
    }

    fn only_protocols(&mut self, names: &str) -> Result<(), SpecError> {
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let field = registry::by_name(name).filter(|field| registry::is_protocol(*field));
            self.only.push(field.ok_or_else(|| SpecError::UnknownProtocol(name.to_owned()))?);
        }
        self.spec.verbose = true;
        Ok(())
    }

    fn field_option(&mut self, option: &str) -> Result<(), SpecError> {
        let wrong = || SpecError::FieldOption(option.to_owned());
        let (key, value) = option.split_once('=').ok_or_else(wrong)?;
        let yes = match value {
            "y" => Some(true),
            "n" => Some(false),
            _ => None,
        };
        match (key, value) {
            ("header", _) => self.header = yes.ok_or_else(wrong)?,
            ("bom", _) => self.bom = yes.ok_or_else(wrong)?,
            // Control characters are always escaped: an unescaped line feed would make two packets of one.
            ("escape", _) => drop(yes.ok_or_else(wrong)?),
            ("separator", _) => self.separator = character(value).ok_or_else(wrong)?,
            ("aggregator", _) => self.aggregator = character(value).ok_or_else(wrong)?,
            ("quote", "d") => self.quote = "\"",
            ("quote", "s") => self.quote = "'",
            ("quote", "n") => self.quote = "",
            ("occurrence", "f") => self.occurrence = Occurrence::First,
            ("occurrence", "l") => self.occurrence = Occurrence::Last,
            ("occurrence", "a") => self.occurrence = Occurrence::All,
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// Adds what has to be made of each packet.
    pub fn want(&self, wanted: &mut Wanted) {
        let is_columns = matches!(self.spec.format, Format::Text | Format::Tabs | Format::Psml);
        let whole = self.spec.verbose || (!is_columns && self.asked.is_empty());
        if whole {
            *wanted = Wanted::everything();
        }
        if is_columns && !self.spec.verbose {
            wanted.add_columns();
        }
        for asked in &self.asked {
            match asked {
                Asked::Field(field) => {
                    wanted.add(*field);
                    // A protocol's value is the text of its line.
                    wanted.tree |= registry::is_protocol(*field);
                }
                Asked::Column(Column::Number | Column::Time | Column::Length) => {}
                Asked::Column(_) => wanted.add_columns(),
            }
        }
    }

    /// What stands before the first packet.
    pub fn begin(&self, out: &mut String) {
        match self.spec.format {
            Format::Fields => {
                if self.bom {
                    out.push('\u{feff}');
                }
                if self.header {
                    let _ = writeln!(out, "{}", self.spec.fields.join(&self.separator));
                }
            }
            Format::Json => out.push('['),
            Format::Pdml => xml::begin_details(out),
            Format::Psml => xml::begin_summary(&TITLES, out),
            Format::Text | Format::Tabs | Format::JsonLines | Format::Ek => {}
        }
    }

    /// What stands behind the last packet.
    pub fn end(&self, out: &mut String) {
        match self.spec.format {
            Format::Json => out.push_str(if self.shown == 0 { "]\n" } else { "\n]\n" }),
            Format::Pdml => xml::end_details(out),
            Format::Psml => xml::end_summary(out),
            Format::Text | Format::Tabs | Format::Fields | Format::JsonLines | Format::Ek => {}
        }
    }

    /// Shows one packet.
    pub fn packet(&mut self, packet: &Packet<'_>, dissection: &Dissection<'_>, out: &mut String) {
        match self.spec.format {
            Format::Text => self.text(packet, dissection, out),
            Format::Tabs => {
                let _ = writeln!(out, "{}", summary::tabs(packet, dissection, self.time));
            }
            Format::Fields => self.row(packet, dissection, out),
            Format::Json => {
                out.push_str(if self.shown == 0 { "\n  " } else { ",\n  " });
                self.document(packet, dissection, self.names, Writer::new(out, Some(1)));
            }
            Format::JsonLines => {
                self.document(packet, dissection, Names::Gathered, Writer::new(out, None));
                out.push('\n');
            }
            Format::Ek => self.bulk(packet, dissection, out),
            Format::Pdml => xml::details(packet, dissection, out),
            Format::Psml => {
                let columns =
                    COLUMNS.iter().take(TITLES.len()).map(|(_, column)| self.column(*column, packet, dissection));
                xml::summary(&columns.collect::<Vec<_>>(), out);
            }
        }
        if let Some(between) = &self.between {
            let _ = writeln!(out, "{between}");
        }
        self.shown += 1;
    }

    /// A packet as Elasticsearch keeps it.
    fn document(&self, packet: &Packet<'_>, dissection: &Dissection<'_>, names: Names, mut out: Writer<'_>) {
        out.nest(('{', '}'), |out| {
            out.name("_index");
            out.text(&index(packet));
            out.name("_type");
            out.text("doc");
            out.name("_score");
            out.bare("null");
            out.name("_source");
            out.nest(('{', '}'), |out| {
                out.name("layers");
                if self.asked.is_empty() {
                    json::layers(dissection, names, out);
                } else {
                    self.asked_for(packet, dissection, |name| name.to_owned(), out);
                }
            });
        });
    }

    /// Two lines of Elasticsearch's bulk interface.
    fn bulk(&self, packet: &Packet<'_>, dissection: &Dissection<'_>, out: &mut String) {
        let _ = writeln!(out, "{{\"index\":{{\"_index\":\"{}\",\"_type\":\"doc\"}}}}", index(packet));
        let mut writer = Writer::new(out, None);
        writer.nest(('{', '}'), |out| {
            out.name("timestamp");
            out.text(&packet.time.div_euclid(1_000_000).to_string());
            out.name("layers");
            if self.asked.is_empty() {
                json::flat_layers(dissection, out);
            } else {
                // Elasticsearch takes dots in names for objects.
                self.asked_for(packet, dissection, |name| name.replace('.', "_"), out);
            }
        });
        out.push('\n');
    }

    fn asked_for(
        &self,
        packet: &Packet<'_>,
        dissection: &Dissection<'_>,
        name_of: impl Fn(&str) -> String,
        out: &mut Writer<'_>,
    ) {
        out.nest(('{', '}'), |out| {
            for (asked, name) in self.asked.iter().zip(&self.spec.fields) {
                let values = self.values(*asked, packet, dissection);
                if !values.is_empty() {
                    out.name(&name_of(name));
                    out.nest(('[', ']'), |out| values.iter().for_each(|value| out.element(value)));
                }
            }
        });
    }

    fn text(&self, packet: &Packet<'_>, dissection: &Dissection<'_>, out: &mut String) {
        let has_summary = self.with_summary || !(self.spec.verbose || self.spec.hex);
        if has_summary {
            out.push_str(&summary::line(packet, dissection, self.time));
            out.push('\n');
        }
        if self.spec.verbose {
            let mut is_open = true;
            for node in dissection.nodes.iter().filter(|node| !node.hidden) {
                if node.depth == 0 {
                    is_open = self.only.is_empty() || self.only.contains(&node.field);
                } else if !is_open {
                    continue;
                }
                let source = dissection.source(node.source);
                for _ in 0..node.depth {
                    out.push_str("    ");
                }
                out.push_str(&shortened(label::of(node, source)));
                out.push('\n');
                // What nobody knows is shown as it is, unless the whole frame is.
                if node.field == proto::data::PROTO && !self.spec.hex {
                    out.push('\n');
                    hex::dump(dissection.bytes(node), out);
                }
            }
        }
        if self.spec.verbose || (has_summary && self.spec.hex) {
            out.push('\n');
        }
        if self.spec.hex {
            for (octets, name) in std::iter::once(&(dissection.frame, "Frame")).chain(&dissection.reassembled) {
                if !dissection.reassembled.is_empty() {
                    let _ = writeln!(out, "{name} ({} bytes):", octets.len());
                }
                hex::dump(octets, out);
                out.push('\n');
            }
        }
    }

    fn row(&self, packet: &Packet<'_>, dissection: &Dissection<'_>, out: &mut String) {
        for (at, asked) in self.asked.iter().enumerate() {
            if at > 0 {
                out.push_str(&self.separator);
            }
            let values = self.values(*asked, packet, dissection);
            if !values.is_empty() {
                out.push_str(self.quote);
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push_str(&self.aggregator);
                    }
                    out.push_str(&value::escaped(value));
                }
                out.push_str(self.quote);
            }
        }
        out.push('\n');
    }

    fn values(&self, asked: Asked, packet: &Packet<'_>, dissection: &Dissection<'_>) -> SmallVec<[String; 2]> {
        let field = match asked {
            Asked::Field(field) => field,
            Asked::Column(column) => {
                let text = self.column(column, packet, dissection);
                return Some(text).filter(|text| !text.is_empty()).into_iter().collect();
            }
        };
        let mut all = dissection.all(field).map(|node| shown(dissection, node));
        match self.occurrence {
            Occurrence::All => all.collect(),
            Occurrence::First => all.next().into_iter().collect(),
            Occurrence::Last => all.last().into_iter().collect(),
        }
    }

    fn column(&self, column: Column, packet: &Packet<'_>, dissection: &Dissection<'_>) -> String {
        let columns = &dissection.columns;
        match column {
            Column::Number => packet.number.to_string(),
            Column::Time => self.time.text(packet),
            Column::Source => columns.source.clone(),
            Column::Destination => columns.destination.clone(),
            Column::Protocol => columns.protocol.clone(),
            Column::Length => packet.orig_len.to_string(),
            Column::Info => value::printable(columns.info.as_bytes()),
        }
    }
}

/// As many octets of a line of the tree are shown.
const MAX_LINE: usize = 239;

/// A line of the tree, cut where it is longer than any.
fn shortened(line: String) -> String {
    const MARK: &str = " [truncated]";
    if line.len() <= MAX_LINE {
        return line;
    }
    let end = (0..MAX_LINE - MARK.len()).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    format!("{MARK}{}", line.get(..end).unwrap_or_default())
}

fn asked(name: &str) -> Result<Asked, SpecError> {
    if let Some((_, column)) = COLUMNS.iter().find(|row| row.0.eq_ignore_ascii_case(name)) {
        return Ok(Asked::Column(*column));
    }
    registry::by_name(name).map(Asked::Field).ok_or_else(|| SpecError::UnknownField(name.to_owned()))
}

/// What a separator of `-E` stands for: one character, or `/t` and `/s` for tab and blank.
fn character(value: &str) -> Option<String> {
    match value {
        "/t" => Some("\t".to_owned()),
        "/s" => Some(" ".to_owned()),
        // As in tshark what follows the first character counts for nothing.
        _ => value.chars().next().map(String::from),
    }
}

fn shown(dissection: &Dissection<'_>, node: &Node) -> String {
    let field = registry::field(node.field);
    match &node.value {
        _ if registry::is_protocol(node.field) => match &node.text {
            // Without the brackets that the tree puts around what was worked out.
            Some(text) => shortened(text.to_string()),
            // What has no line of its own is called by its name.
            None => field.name.to_owned(),
        },
        // A field without value is there; tshark prints 1.
        Value::None => "1".to_owned(),
        // So that a field without octets is told from one that is not there.
        Value::Bytes if field.ftype == FieldType::Bytes && dissection.bytes(node).is_empty() => "<MISSING>".to_owned(),
        _ => value::of(field, node, dissection.bytes(node)),
    }
}

fn index(packet: &Packet<'_>) -> String {
    let (year, month, day) = value::date(packet.time.div_euclid(86_400_000_000_000));
    format!("packets-{year}-{month:02}-{day:02}")
}

/// What `-S` says, with the escapes of C that make sense in it.
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t")
}
