//! Shows one packet after the other in the form that was asked for.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use crate::field::{FieldId, FieldType};
use crate::output::summary::TimeForm;
use crate::output::{hex, json, label, summary, value};
use crate::packet::Packet;
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::value::Value;
use crate::wanted::Wanted;

/// The formats of `-T`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    #[default]
    Text,
    Fields,
    Json,
    Ek,
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
    /// `("t", form)` and `("E", "key=value")`, as on the command line.
    pub options: Vec<(String, String)>,
}

/// Why a [`Spec`] cannot be printed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SpecError {
    #[error("\"{0}\" is not a field; `packetstream fields` lists those that there are")]
    UnknownField(String),
    #[error("-T fields needs at least one field: -e FIELD")]
    NoFields,
    #[error("-e goes with -T fields, -T json or -T ek only")]
    FieldsWithoutFormat,
    #[error("\"{0}\" is no time format of -t; there are a, ad, d, dd, e, r, u and ud")]
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

const COLUMNS: &[(&str, Column)] = &[
    ("_ws.col.No.", Column::Number),
    ("_ws.col.Time", Column::Time),
    ("_ws.col.Source", Column::Source),
    ("_ws.col.Destination", Column::Destination),
    ("_ws.col.Protocol", Column::Protocol),
    ("_ws.col.Length", Column::Length),
    ("_ws.col.Info", Column::Info),
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
            spec,
        };
        match printer.spec.format {
            Format::Fields if printer.asked.is_empty() => return Err(SpecError::NoFields),
            Format::Text if !printer.asked.is_empty() => {
                return Err(SpecError::FieldsWithoutFormat);
            }
            _ => {}
        }
        for (option, value) in printer.spec.options.clone() {
            match option.as_str() {
                "t" => printer.time = TimeForm::of(&value).ok_or(SpecError::Time(value))?,
                _ => printer.field_option(&value)?,
            }
        }
        Ok(printer)
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
        let whole = self.spec.verbose || (self.spec.format != Format::Text && self.asked.is_empty());
        if whole {
            *wanted = Wanted::everything();
        }
        if self.spec.format == Format::Text && !self.spec.verbose {
            wanted.add_columns();
        }
        for asked in &self.asked {
            match asked {
                Asked::Field(field) => {
                    wanted.add(*field);
                    // A protocol's value is the text of its line.
                    wanted.tree |= has_line(*field);
                }
                Asked::Column(Column::Number | Column::Time | Column::Length) => {}
                Asked::Column(_) => wanted.add_columns(),
            }
        }
    }

    /// What stands before the first packet.
    pub fn begin(&self, out: &mut String) {
        if self.spec.format == Format::Fields {
            if self.bom {
                out.push('\u{feff}');
            }
            if self.header {
                let _ = writeln!(out, "{}", self.spec.fields.join(&self.separator));
            }
        }
    }

    /// Shows one packet.
    pub fn packet(&self, packet: &Packet<'_>, dissection: &Dissection<'_>, out: &mut String) {
        match self.spec.format {
            Format::Text => self.text(packet, dissection, out),
            Format::Fields => self.row(packet, dissection, out),
            Format::Json => {
                let row = json!({
                    "_index": index(packet),
                    "_type": "doc",
                    "_score": null,
                    "_source": { "layers": self.layers(packet, dissection) },
                });
                let _ = writeln!(out, "{row}");
            }
            Format::Ek => {
                let head = json!({ "index": { "_index": index(packet), "_type": "doc" } });
                let layers = rename(self.layers(packet, dissection));
                let row = json!({
                    "timestamp": (packet.time / 1_000_000).to_string(),
                    "layers": layers,
                });
                let _ = writeln!(out, "{head}\n{row}");
            }
        }
    }

    fn text(&self, packet: &Packet<'_>, dissection: &Dissection<'_>, out: &mut String) {
        if self.spec.verbose {
            for node in dissection.nodes.iter().filter(|node| !node.hidden) {
                let source = dissection.sources.get(usize::from(node.source)).map_or(&[][..], |s| s.0);
                for _ in 0..node.depth {
                    out.push_str("    ");
                }
                out.push_str(&shortened(label::of(node, source)));
                out.push('\n');
            }
            out.push('\n');
        } else {
            out.push_str(&summary::line(packet, dissection, self.time));
            out.push('\n');
        }
        if self.spec.hex {
            for (octets, name) in &dissection.sources {
                if dissection.sources.len() > 1 {
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

    fn values(&self, asked: Asked, packet: &Packet<'_>, dissection: &Dissection<'_>) -> Vec<String> {
        let columns = &dissection.columns;
        let field = match asked {
            Asked::Field(field) => field,
            Asked::Column(column) => {
                let text = match column {
                    Column::Number => packet.number.to_string(),
                    Column::Time => self.time.text(packet),
                    Column::Source => columns.source.clone(),
                    Column::Destination => columns.destination.clone(),
                    Column::Protocol => columns.protocol.clone(),
                    Column::Length => packet.orig_len.to_string(),
                    Column::Info => value::printable(columns.info.as_bytes()),
                };
                return if text.is_empty() { Vec::new() } else { vec![text] };
            }
        };
        let mut all = dissection.all(field).map(|node| shown(dissection, node));
        match self.occurrence {
            Occurrence::All => all.collect(),
            Occurrence::First => all.next().into_iter().collect(),
            Occurrence::Last => all.last().into_iter().collect(),
        }
    }

    fn layers(&self, packet: &Packet<'_>, dissection: &Dissection<'_>) -> Json {
        if self.asked.is_empty() {
            return json::layers(dissection);
        }
        let mut layers = Map::new();
        for (asked, name) in self.asked.iter().zip(&self.spec.fields) {
            let values = self.values(*asked, packet, dissection);
            if !values.is_empty() {
                layers.insert(name.clone(), values.into());
            }
        }
        layers.into()
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

fn has_line(field: FieldId) -> bool {
    matches!(registry::field(field).ftype, FieldType::Protocol)
}

fn asked(name: &str) -> Result<Asked, SpecError> {
    if let Some((_, column)) = COLUMNS.iter().find(|row| row.0 == name) {
        return Ok(Asked::Column(*column));
    }
    registry::by_name(name).map(Asked::Field).ok_or_else(|| SpecError::UnknownField(name.to_owned()))
}

/// What a separator of `-E` stands for: one character, or `/t` and `/s` for tab and blank.
fn character(value: &str) -> Option<String> {
    match value {
        "/t" => Some("\t".to_owned()),
        "/s" => Some(" ".to_owned()),
        _ => value.chars().next().filter(|c| c.len_utf8() == value.len()).map(String::from),
    }
}

fn shown(dissection: &Dissection<'_>, node: &Node) -> String {
    let field = registry::field(node.field);
    match &node.value {
        _ if has_line(node.field) => match &node.text {
            // Without the brackets that the tree puts around what was worked out.
            Some(text) => text.to_string(),
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

/// Elasticsearch takes dots in names for objects.
fn rename(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            map.into_iter().map(|(name, value)| (name.replace('.', "_"), rename(value))).collect::<Map<_, _>>().into()
        }
        Json::Array(list) => list.into_iter().map(rename).collect(),
        other => other,
    }
}
