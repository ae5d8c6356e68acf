//! A filter as it was written: operators and operands with their places, nothing looked up yet.

use super::error::Span;

/// What is true or false of a packet.
#[derive(Debug)]
pub(crate) enum Test {
    Or(Vec<Test>),
    And(Vec<Test>),
    /// An odd number of them.
    Xor(Vec<Test>),
    Not(Box<Test>),
    /// An operand that stands alone.
    Operand(Expr),
    /// `a < b <= c`: as many relations as operands but one.
    Compare(Expr, Vec<(Relation, Expr)>),
    In {
        left: Expr,
        all: bool,
        elements: Vec<Element>,
    },
}

/// A relation with its quantifier.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) operator: RelOp,
    /// What `any` or `all` before the left side said.
    pub(crate) quantifier: Option<Quantifier>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Quantifier {
    Any,
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RelOp {
    Eq,
    AllEq,
    Ne,
    AnyNe,
    Gt,
    Ge,
    Lt,
    Le,
    Contains,
    Matches,
}

/// A member of a set.
#[derive(Debug)]
pub(crate) enum Element {
    One(Expr),
    Range(Expr, Expr),
}

/// What has values.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    /// How many levels there are from here to the deepest leaf.
    pub(crate) height: usize,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// A field's name, a number, an address, a label: what it is depends on its neighbour.
    Word(String),
    /// In double quotes.
    Text(Vec<u8>),
    /// In single quotes.
    Char(u8),
    /// A name that must be a field: with a layer, with `@`, or with a leading point.
    Field {
        name: String,
        layers: Option<Vec<Part>>,
        raw: bool,
    },
    /// `${name}`.
    Reference {
        name: String,
        raw: bool,
    },
    Call(String, Vec<Expr>),
    Slice(Box<Expr>, Vec<Part>),
    Arith(ArithOp, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ArithOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    And,
}

impl ArithOp {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::And => "&",
        }
    }
}

/// One run of a slice or of the layers after `#`. Negative places count from the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// `[i]`
    At(i64),
    /// `[i:n]`
    Length(i64, u64),
    /// `[i-j]`, both within.
    Range(i64, i64),
    /// `[i:]`
    From(i64),
}
