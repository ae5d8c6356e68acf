//! A checked filter: first as a tree, then as a flat list of steps that is run against a dissection and can be printed.

use std::fmt;

use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::ast::{ArithOp, Part};
use super::function::Function;
use crate::field::{FieldDef, FieldId};
use crate::output::value::{colons, seconds};
use crate::registry;

/// A constant of the type of what it is compared with.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Scalar {
    Int(i128),
    Float(f64),
    /// Nanoseconds, since the Unix epoch or a span.
    Time(i64),
    /// An address or a prefix: only the bits of the mask are compared.
    Ipv4 {
        address: u32,
        mask: u32,
    },
    Ipv6 {
        address: u128,
        mask: u128,
    },
    Bytes(Box<[u8]>),
    Text(Box<[u8]>),
}

/// What has values when a packet is at hand.
pub(crate) enum Operand {
    Const(Scalar),
    /// What a reference was bound to: as many values as the field had there.
    Bound(Vec<Scalar>),
    Field(Place),
    /// The octets that the field was read from.
    Raw(Place),
    /// What the values of the field are called.
    Label(Place),
    Slice(Box<Operand>, Box<[Part]>),
    Call(Function, Box<[Operand]>),
    Arith(ArithOp, Box<Operand>, Box<Operand>),
    Negate(Box<Operand>),
}

/// A field, and the layers of the packet in which it counts.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) field: FieldId,
    pub(crate) layers: Option<Box<[Part]>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// One test that is true or false of a packet. `all` asks it of every value (of which there must be one), not of any.
pub(crate) enum Check {
    Always,
    /// The operand has a value.
    Present(Operand),
    /// The operand has a value other than zero.
    NonZero(Operand),
    Compare {
        left: Operand,
        compare: Compare,
        all: bool,
        right: Operand,
    },
    /// As `Compare` with `Eq`, without regard to case.
    SameName {
        left: Operand,
        all: bool,
        equal: bool,
        name: Box<[u8]>,
    },
    /// The octets of the left side hold those of a constant.
    Finds {
        left: Operand,
        all: bool,
        finder: Box<Finder<'static>>,
    },
    /// The octets of the left side hold those of the right side.
    Contains {
        left: Operand,
        all: bool,
        right: Operand,
    },
    Matches {
        left: Operand,
        all: bool,
        regex: Box<Regex>,
    },
    In {
        left: Operand,
        all: bool,
        set: Set,
    },
}

pub(crate) enum Set {
    /// Inclusive ranges of integers, sorted and disjoint.
    Ints(Box<[(i128, i128)]>),
    Members(Box<[Member]>),
}

pub(crate) enum Member {
    One(Operand),
    Range(Operand, Operand),
    /// A name that does not stand for one number.
    Name(&'static FieldDef, Box<[u8]>),
}

/// Tests with the operators between them.
pub(crate) enum Tree {
    Check(Check),
    Not(Box<Tree>),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Xor(Vec<Tree>),
}

/// One step. All work on one truth value; `Keep` and `Xor` on a stack of such values too.
pub(crate) enum Step {
    Check(Check),
    Not,
    /// Goes to a later step when the value is false.
    UnlessGo(usize),
    /// Goes to a later step when the value is true.
    IfGo(usize),
    Keep,
    /// Whether the value differs from the one that was kept last.
    Xor,
}

/// The steps of a tree, in the order in which they run.
pub(crate) fn flatten(tree: Tree) -> Vec<Step> {
    let mut steps = Vec::new();
    emit(tree, &mut steps);
    steps
}

fn emit(tree: Tree, steps: &mut Vec<Step>) {
    match tree {
        Tree::Check(check) => steps.push(Step::Check(check)),
        Tree::Not(inner) => {
            emit(*inner, steps);
            steps.push(Step::Not);
        }
        Tree::And(all) => emit_shortcut(all, steps, Step::UnlessGo),
        Tree::Or(all) => emit_shortcut(all, steps, Step::IfGo),
        Tree::Xor(all) => {
            for (at, inner) in all.into_iter().enumerate() {
                if at > 0 {
                    steps.push(Step::Keep);
                }
                emit(inner, steps);
                if at > 0 {
                    steps.push(Step::Xor);
                }
            }
        }
    }
}

fn emit_shortcut(all: Vec<Tree>, steps: &mut Vec<Step>, jump: fn(usize) -> Step) {
    let mut jumps = Vec::new();
    for (at, inner) in all.into_iter().enumerate() {
        if at > 0 {
            jumps.push(steps.len());
            steps.push(jump(0));
        }
        emit(inner, steps);
    }
    let end = steps.len();
    for at in jumps {
        steps[at] = jump(end);
    }
}

/// The program as `packetstream read --explain` prints it: one numbered step a line.
pub(crate) struct Listing<'p>(pub(crate) &'p [Step]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            write!(f, "{at:4}  ")?;
            match step {
                Step::Check(check) => writeln!(f, "{check}")?,
                Step::Not => writeln!(f, "not")?,
                Step::UnlessGo(to) => writeln!(f, "unless true go to {to}")?,
                Step::IfGo(to) => writeln!(f, "if true go to {to}")?,
                Step::Keep => writeln!(f, "keep")?,
                Step::Xor => writeln!(f, "differs from the kept one")?,
            }
        }
        writeln!(f, "{:4}  done", self.0.len())
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quantifier = |all: &bool| if *all { "all" } else { "any" };
        match self {
            Self::Always => f.write_str("true"),
            Self::Present(operand) => write!(f, "exists {operand}"),
            Self::NonZero(operand) => write!(f, "any {operand} is not zero"),
            Self::Compare { left, compare, all, right } => {
                let sign = match compare {
                    Compare::Eq => "==",
                    Compare::Ne => "!=",
                    Compare::Gt => ">",
                    Compare::Ge => ">=",
                    Compare::Lt => "<",
                    Compare::Le => "<=",
                };
                write!(f, "{} {left} {sign} {right}", quantifier(all))
            }
            Self::SameName { left, all, equal, name } => {
                let sign = if *equal { "==" } else { "!=" };
                let name = String::from_utf8_lossy(name);
                write!(f, "{} {left} {sign} {name:?} in any case", quantifier(all))
            }
            Self::Finds { left, all, finder } => {
                write!(f, "{} {left} contains {}", quantifier(all), octets(finder.needle()))
            }
            Self::Contains { left, all, right } => {
                write!(f, "{} {left} contains {right}", quantifier(all))
            }
            Self::Matches { left, all, regex } => {
                write!(f, "{} {left} matches /{}/i", quantifier(all), regex.as_str())
            }
            Self::In { left, all, set } => write!(f, "{} {left} in {set}", quantifier(all)),
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "{";
        match self {
            Self::Ints(ranges) => {
                for (from, to) in ranges {
                    f.write_str(separator)?;
                    match from == to {
                        true => write!(f, "{from}")?,
                        false => write!(f, "{from}..{to}")?,
                    }
                    separator = ", ";
                }
            }
            Self::Members(members) => {
                for member in members {
                    f.write_str(separator)?;
                    match member {
                        Member::One(one) => write!(f, "{one}")?,
                        Member::Range(from, to) => write!(f, "{from} .. {to}")?,
                        Member::Name(_, name) => {
                            write!(f, "{:?}", String::from_utf8_lossy(name))?;
                        }
                    }
                    separator = ", ";
                }
            }
        }
        f.write_str("}")
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Const(scalar) => scalar.fmt(f),
            Self::Bound(values) => {
                f.write_str("<")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str(">")
            }
            Self::Field(place) => place.fmt(f),
            Self::Raw(place) => write!(f, "@{place}"),
            Self::Label(place) => write!(f, "name of {place}"),
            Self::Slice(of, parts) => write!(f, "{of}[{}]", Parts(parts)),
            Self::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                for (at, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Self::Arith(op, left, right) => write!(f, "{{{left} {} {right}}}", op.sign()),
            Self::Negate(of) => write!(f, "-{of}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(registry::field(self.field).name)?;
        match &self.layers {
            Some(layers) => write!(f, "#[{}]", Parts(layers)),
            None => Ok(()),
        }
    }
}

struct Parts<'p>(&'p [Part]);

impl fmt::Display for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            f.write_str(if at > 0 { "," } else { "" })?;
            match part {
                Part::At(i) => write!(f, "{i}")?,
                Part::Length(i, n) => write!(f, "{i}:{n}")?,
                Part::Range(i, j) => write!(f, "{i}-{j}")?,
                Part::From(i) => write!(f, "{i}:")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => n.fmt(f),
            Self::Float(x) => x.fmt(f),
            Self::Time(ns) => f.write_str(&seconds(*ns)),
            Self::Ipv4 { address, mask } => {
                std::net::Ipv4Addr::from(*address).fmt(f)?;
                prefix(f, mask.count_ones(), 32)
            }
            Self::Ipv6 { address, mask } => {
                std::net::Ipv6Addr::from(*address).fmt(f)?;
                prefix(f, mask.count_ones(), 128)
            }
            Self::Bytes(bytes) => f.write_str(&colons(bytes)),
            Self::Text(text) => write!(f, "{:?}", String::from_utf8_lossy(text)),
        }
    }
}

fn prefix(f: &mut fmt::Formatter<'_>, bits: u32, all: u32) -> fmt::Result {
    match bits == all {
        true => Ok(()),
        false => write!(f, "/{bits}"),
    }
}

/// Octets as text when they are printable, as hexadecimal otherwise.
fn octets(bytes: &[u8]) -> String {
    let is_text = bytes.iter().all(|c| matches!(c, b' '..=b'~'));
    match is_text && !bytes.is_empty() {
        true => format!("{:?}", String::from_utf8_lossy(bytes)),
        false => colons(bytes),
    }
}
