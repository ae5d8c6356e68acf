//! The tree as it was written to a tree that can run: names are looked up, types are checked, literals get the type of
//! what they are compared with.

use std::collections::BTreeSet;

use memchr::memmem::Finder;

use super::Options;
use super::ast::{ArithOp, Element, Expr, Kind, Part, Quantifier, RelOp, Relation, Test};
use super::error::{Fault, NO_FIELD, Span};
use super::function::Function;
use super::literal::{self, Literal, Meaning, Target};
use super::names;
use super::pattern;
use super::program::{Check, Compare, Member, Operand, Place, Scalar, Set, Tree};
use super::references::References;
use super::run::{arithmetic, negate};
use crate::field::{FieldDef, FieldId, FieldType, Names};
use crate::registry;

pub(crate) struct Checker<'o> {
    references: Option<&'o References>,
    /// See [`Options::absent`](super::Options::absent).
    absent: &'static [&'static str],
    /// The names that were taken for absent.
    pub(crate) missed: BTreeSet<String>,
    /// All fields that the filter looks at.
    pub(crate) fields: BTreeSet<FieldId>,
}

/// An operand that has a type of its own.
struct Typed {
    operand: Operand,
    ftype: FieldType,
    /// Set for a field itself, whose values may have names.
    place: Option<Place>,
    /// A result of arithmetic may be negative although its type is not.
    is_signed: bool,
    is_slice: bool,
    shown: String,
    span: Span,
}

impl Typed {
    fn target(&self) -> Target<'_> {
        Target { ftype: self.ftype, field: self.names(), shown: &self.shown, is_signed: self.is_signed }
    }

    fn names(&self) -> Option<&'static FieldDef> {
        self.place.as_ref().map(|place| registry::field(place.field))
    }

    /// The same octets as a slice over all of them, so that they compare with octets.
    fn into_octets(self) -> Self {
        Self {
            operand: Operand::Slice(Box::new(self.operand), [Part::From(0)].into()),
            ftype: FieldType::Bytes,
            place: None,
            is_slice: true,
            ..self
        }
    }
}

/// Types whose values compare with each other.
#[derive(PartialEq, Eq)]
enum Class {
    Nothing,
    Truth,
    Integer,
    Float,
    Date,
    Span,
    Text,
    Octets,
    Guid,
    Ipv4,
    Ipv6,
}

fn class(ftype: FieldType) -> Class {
    use FieldType as T;
    match ftype {
        T::None => Class::Nothing,
        T::Boolean => Class::Truth,
        T::Float | T::Double => Class::Float,
        T::AbsoluteTime => Class::Date,
        T::RelativeTime => Class::Span,
        T::String => Class::Text,
        T::Ether | T::Bytes | T::Protocol | T::Oid | T::Eui64 => Class::Octets,
        T::Guid => Class::Guid,
        T::Ipv4 => Class::Ipv4,
        T::Ipv6 => Class::Ipv6,
        _ => Class::Integer,
    }
}

/// Whether values of the type are runs of octets that a slice may be taken of.
fn has_octets(ftype: FieldType) -> bool {
    matches!(class(ftype), Class::Text | Class::Octets | Class::Guid | Class::Ipv4 | Class::Ipv6)
}

/// Whether values of the type can be searched.
fn is_searched(ftype: FieldType) -> bool {
    matches!(class(ftype), Class::Text | Class::Octets | Class::Guid)
}

/// Whether a name is a protocol or one of its fields.
fn is_of(proto: &str, name: &str) -> bool {
    name.strip_prefix(proto).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl<'o> Checker<'o> {
    pub(crate) fn new(options: &'o Options) -> Self {
        Self {
            references: options.references.as_ref(),
            absent: options.absent,
            missed: BTreeSet::new(),
            fields: BTreeSet::new(),
        }
    }

    /// A test on one operand or several. One on a field that is known to be absent never holds.
    fn leaf(&mut self, test: &Test) -> Result<Tree, Fault> {
        let fault = match self.test_of(test) {
            Err(fault) => fault,
            tree => return tree,
        };
        let name = fault.message.strip_suffix(NO_FIELD).map(|start| start.trim().trim_matches('"'));
        let is_absent = |name: &&str| self.absent.iter().any(|proto| is_of(proto, name));
        match name.filter(is_absent) {
            Some(name) => {
                self.missed.insert(name.to_owned());
                Ok(Tree::Not(Box::new(Tree::Check(Check::Always))))
            }
            None => Err(fault),
        }
    }

    pub(crate) fn test(&mut self, test: &Test) -> Result<Tree, Fault> {
        let mut each =
            |tests: &[Test]| -> Result<Vec<Tree>, Fault> { tests.iter().map(|test| self.test(test)).collect() };
        Ok(match test {
            Test::Or(tests) => Tree::Or(each(tests)?),
            Test::And(tests) => Tree::And(each(tests)?),
            Test::Xor(tests) => Tree::Xor(each(tests)?),
            Test::Not(test) => Tree::Not(Box::new(self.test(test)?)),
            leaf => self.leaf(leaf)?,
        })
    }

    fn test_of(&mut self, test: &Test) -> Result<Tree, Fault> {
        Ok(match test {
            Test::Or(_) | Test::And(_) | Test::Xor(_) | Test::Not(_) => self.test(test)?,
            Test::Operand(expr) => Tree::Check(self.alone(expr)?),
            Test::Compare(first, relations) => {
                let mut checks = Vec::new();
                let mut left = first;
                for (relation, right) in relations {
                    checks.push(Tree::Check(self.relation(left, relation, right)?));
                    left = right;
                }
                match checks.len() {
                    1 => checks.remove(0),
                    _ => Tree::And(checks),
                }
            }
            Test::In { left, all, elements } => Tree::Check(self.membership(left, *all, elements)?),
        })
    }

    // Operands.

    /// Whether the expression consists of literals alone and so takes its type from its neighbour.
    fn is_constant(&self, expr: &Expr) -> bool {
        match &expr.kind {
            Kind::Word(word) => field_named(word).is_none(),
            Kind::Text(_) | Kind::Char(_) => true,
            Kind::Arith(_, left, right) => self.is_constant(left) && self.is_constant(right),
            Kind::Negate(of) => self.is_constant(of),
            Kind::Field { .. } | Kind::Reference { .. } | Kind::Call(..) | Kind::Slice(..) => false,
        }
    }

    fn typed(&mut self, expr: &Expr) -> Result<Typed, Fault> {
        match &expr.kind {
            Kind::Word(name) => self.field(name, None, false, &expr.span),
            Kind::Field { name, layers, raw } => self.field(name, layers.as_deref(), *raw, &expr.span),
            Kind::Reference { name, raw } => self.reference(name, *raw, &expr.span),
            Kind::Slice(of, parts) => self.slice(of, parts, &expr.span),
            Kind::Call(name, arguments) => self.call(name, arguments, &expr.span),
            Kind::Arith(op, left, right) => self.arith(*op, left, right, &expr.span),
            Kind::Negate(of) => self.negated(of, &expr.span),
            Kind::Text(_) | Kind::Char(_) => Err(Fault::new(expr.span.clone(), format!("{} is no field", shown(expr)))),
        }
    }

    fn field(&mut self, name: &str, layers: Option<&[Part]>, raw: bool, span: &Span) -> Result<Typed, Fault> {
        let Some(field) = field_named(name) else {
            return Err(unknown(name, span));
        };
        self.fields.insert(field);
        let place = Place { field, layers: layers.map(Into::into) };
        let row = registry::field(field);
        if raw {
            return Ok(Typed {
                operand: Operand::Raw(place),
                ftype: FieldType::Bytes,
                place: None,
                is_signed: false,
                is_slice: true,
                shown: format!("@{}", row.name),
                span: span.clone(),
            });
        }
        Ok(Typed {
            operand: Operand::Field(place.clone()),
            ftype: row.ftype,
            place: Some(place),
            is_signed: false,
            is_slice: false,
            shown: row.name.to_owned(),
            span: span.clone(),
        })
    }

    fn reference(&mut self, name: &str, raw: bool, span: &Span) -> Result<Typed, Fault> {
        let Some(field) = registry::by_name(name) else {
            return Err(unknown(name, span));
        };
        let Some(values) = self.references.and_then(|references| references.values(field, raw)) else {
            let message = format!("${{{name}}} is not bound to a value, and no packet to refer to is chosen");
            return Err(Fault::new(span.clone(), message));
        };
        let ftype = match raw {
            true => FieldType::Bytes,
            false => registry::field(field).ftype,
        };
        Ok(Typed {
            operand: Operand::Bound(values),
            ftype,
            place: None,
            is_signed: false,
            is_slice: raw,
            shown: format!("${{{name}}}"),
            span: span.clone(),
        })
    }

    fn slice(&mut self, of: &Expr, parts: &[Part], span: &Span) -> Result<Typed, Fault> {
        if self.is_constant(of) {
            return Err(misspelt(of).unwrap_or_else(|| {
                Fault::new(of.span.clone(), format!("{} is no field and cannot be sliced", shown(of)))
            }));
        }
        let of = self.typed(of)?;
        if !has_octets(of.ftype) {
            return Err(Fault::new(
                of.span.clone(),
                format!(
                    "\"{}\" is of type {} and cannot be sliced into a sequence of bytes",
                    of.shown,
                    of.ftype.title()
                ),
            ));
        }
        Ok(Typed {
            shown: format!("a slice of {}", of.shown),
            operand: Operand::Slice(Box::new(of.operand), parts.into()),
            ftype: FieldType::Bytes,
            place: None,
            is_signed: false,
            is_slice: true,
            span: span.clone(),
        })
    }

    fn call(&mut self, name: &str, arguments: &[Expr], span: &Span) -> Result<Typed, Fault> {
        let Some((function, least, most)) = Function::by_name(name) else {
            return Err(Fault {
                suggestions: names::nearest(name, Function::names()),
                ..Fault::new(span.start..span.start + name.len(), format!("function {name} does not exist"))
            });
        };
        if arguments.len() < least {
            let message = format!("function {name} needs at least {least} argument");
            return Err(Fault::new(span.clone(), message));
        }
        if arguments.len() > most {
            let message = format!("function {name} takes at most {most} argument(s)");
            return Err(Fault::new(span.clone(), message));
        }
        let Some(first) = arguments.iter().find(|argument| !self.is_constant(argument)) else {
            return Err(arguments.iter().find_map(misspelt).unwrap_or_else(|| {
                let span = arguments.first().map_or(span.clone(), |first| first.span.clone());
                Fault::new(span, format!("function {name} takes fields, not constants alone"))
            }));
        };
        let model = self.typed(first)?;
        let mut operands = Vec::new();
        for argument in arguments {
            let argument = match self.is_constant(argument) {
                true => self.constant_as(argument, model.target())?,
                false => self.argument(function, argument, &model)?,
            };
            operands.push(argument);
        }
        Ok(Typed {
            operand: Operand::Call(function, operands.into()),
            ftype: function.result(model.ftype),
            place: None,
            is_signed: function == Function::Abs && model.is_signed,
            is_slice: false,
            shown: format!("{name}()"),
            span: span.clone(),
        })
    }

    fn argument(&mut self, function: Function, expr: &Expr, model: &Typed) -> Result<Operand, Fault> {
        let argument = self.typed(expr)?;
        let fault = |message| Err(Fault::new(expr.span.clone(), message));
        let name = function.name();
        if !function.takes(argument.ftype) {
            return fault(format!(
                "function {name} cannot take {}, whose type is {}",
                argument.shown,
                argument.ftype.title()
            ));
        }
        if function.needs_field() && argument.place.is_none() {
            return fault(format!("function {name} takes a field, not {}", argument.shown));
        }
        if argument.ftype != model.ftype {
            return fault(format!(
                "the arguments of {name} must have one type, not {} and {}",
                model.ftype.title(),
                argument.ftype.title()
            ));
        }
        Ok(argument.operand)
    }

    fn arith(&mut self, op: ArithOp, left: &Expr, right: &Expr, span: &Span) -> Result<Typed, Fault> {
        let (left, right) = match (self.is_constant(left), self.is_constant(right)) {
            (true, true) => {
                return Err(Fault::new(span.clone(), "arithmetic with constants alone has no type here"));
            }
            (false, true) => {
                let left = self.arith_side(op, left)?;
                let right = self.arith_constant(op, &left, right)?;
                (left, right)
            }
            (true, false) => {
                let right = self.arith_side(op, right)?;
                let left = self.arith_constant(op, &right, left)?;
                (left, right)
            }
            (false, false) => (self.arith_side(op, left)?, self.arith_side(op, right)?),
        };
        let ftype = arith_type(op, &left, &right).ok_or_else(|| {
            Fault::new(
                span.clone(),
                format!(
                    "{} ({}) and {} ({}) cannot stand on the two sides of {}",
                    left.shown,
                    left.ftype.title(),
                    right.shown,
                    right.ftype.title(),
                    op.sign()
                ),
            )
        })?;
        let is_zero = matches!(right.operand, Operand::Const(Scalar::Int(0)));
        if is_zero && matches!(op, ArithOp::Div | ArithOp::Rem) {
            return Err(Fault::new(right.span, "division by zero"));
        }
        Ok(Typed {
            operand: Operand::Arith(op, Box::new(left.operand), Box::new(right.operand)),
            ftype,
            place: None,
            is_signed: op != ArithOp::And,
            is_slice: left.is_slice || right.is_slice,
            shown: "an arithmetic expression".to_owned(),
            span: span.clone(),
        })
    }

    /// One side of an operator, which must be of a type that the operator works on.
    fn arith_side(&mut self, op: ArithOp, expr: &Expr) -> Result<Typed, Fault> {
        let side = self.typed(expr)?;
        if !works_on(op, side.ftype) {
            return Err(Fault::new(
                side.span.clone(),
                format!("{} is of type {}, on which {} does not work", side.shown, side.ftype.title(), op.sign()),
            ));
        }
        Ok(side)
    }

    /// A constant on one side of an operator, of the type that the other side asks for.
    fn arith_constant(&mut self, op: ArithOp, other: &Typed, expr: &Expr) -> Result<Typed, Fault> {
        use FieldType as T;
        let types: &[T] = match (class(other.ftype), op) {
            (Class::Span, ArithOp::Mul | ArithOp::Div) => &[T::Int64, T::Double],
            (Class::Date, ArithOp::Sub) => &[T::AbsoluteTime, T::RelativeTime],
            (Class::Date, _) => &[T::RelativeTime],
            _ => &[other.ftype],
        };
        let mut last = None;
        for ftype in types {
            let target = Target { ftype: *ftype, field: None, shown: &other.shown, is_signed: true };
            match self.constant_as(expr, target) {
                Ok(operand) => {
                    return Ok(Typed {
                        operand,
                        ftype: *ftype,
                        place: None,
                        is_signed: true,
                        is_slice: false,
                        shown: shown(expr),
                        span: expr.span.clone(),
                    });
                }
                Err(fault) => last = Some(fault),
            }
        }
        Err(last.unwrap_or_else(|| Fault::new(expr.span.clone(), "a constant has no type here")))
    }

    fn negated(&mut self, of: &Expr, span: &Span) -> Result<Typed, Fault> {
        let of = self.typed(of)?;
        if !matches!(class(of.ftype), Class::Integer | Class::Float | Class::Span) {
            return Err(Fault::new(
                of.span.clone(),
                format!("{} is of type {} and has no negative", of.shown, of.ftype.title()),
            ));
        }
        Ok(Typed {
            operand: Operand::Negate(Box::new(of.operand)),
            place: None,
            is_signed: true,
            shown: format!("-{}", of.shown),
            span: span.clone(),
            ..of
        })
    }

    // Constants.

    fn meaning(&self, expr: &Expr, target: Target<'_>) -> Result<Meaning, Fault> {
        let literal = match &expr.kind {
            Kind::Word(word) => Literal::Word(word),
            Kind::Text(text) => Literal::Text(text),
            Kind::Char(c) => Literal::Char(*c),
            _ => return self.folded(expr, target).map(Meaning::Scalar),
        };
        literal::convert(literal, target).map_err(|message| {
            let mut fault = Fault::new(expr.span.clone(), message);
            if let Kind::Word(word) = &expr.kind
                && looks_like_a_field(word)
            {
                fault.suggestions = names::nearest_fields(word);
            }
            fault
        })
    }

    /// Arithmetic with constants, done now.
    fn folded(&self, expr: &Expr, target: Target<'_>) -> Result<Scalar, Fault> {
        let target = Target { is_signed: true, field: None, ..target };
        let scalar = |expr: &Expr| match self.meaning(expr, target)? {
            Meaning::Scalar(scalar) => Ok(scalar),
            Meaning::Name(_) => Err(Fault::new(expr.span.clone(), "a name is no number")),
        };
        let folded = match &expr.kind {
            Kind::Arith(op, left, _) if !works_on(*op, target.ftype) => scalar(left).map(|_| None)?,
            Kind::Arith(op, left, right) => {
                let (left, right) = (scalar(left)?, scalar(right)?);
                if matches!(op, ArithOp::Div | ArithOp::Rem) && right == Scalar::Int(0) {
                    return Err(Fault::new(expr.span.clone(), "division by zero"));
                }
                arithmetic(*op, &left.val(), &right.val()).map(Scalar::of)
            }
            Kind::Negate(of) => negate(scalar(of)?.val()).map(Scalar::of),
            _ => None,
        };
        folded.ok_or_else(|| {
            Fault::new(expr.span.clone(), format!("no arithmetic is possible with {}", target.ftype.title()))
        })
    }

    fn constant_as(&self, expr: &Expr, target: Target<'_>) -> Result<Operand, Fault> {
        match self.meaning(expr, target)? {
            Meaning::Scalar(scalar) => Ok(Operand::Const(scalar)),
            Meaning::Name(_) => {
                Err(Fault::new(expr.span.clone(), format!("{} does not stand for one number", shown(expr))))
            }
        }
    }

    // Tests.

    /// An operand that stands alone: it exists, or is not zero.
    fn alone(&mut self, expr: &Expr) -> Result<Check, Fault> {
        if self.is_constant(expr) {
            return Err(
                misspelt(expr).unwrap_or_else(|| Fault::new(expr.span.clone(), format!("{} {NO_FIELD}", shown(expr))))
            );
        }
        let typed = self.typed(expr)?;
        Ok(match typed.operand {
            Operand::Bound(_) => {
                let message = format!("{} {NO_FIELD}", typed.shown);
                return Err(Fault::new(typed.span, message));
            }
            Operand::Call(..) | Operand::Arith(..) | Operand::Negate(_) => Check::NonZero(typed.operand),
            operand => Check::Present(operand),
        })
    }

    fn relation(&mut self, left: &Expr, relation: &Relation, right: &Expr) -> Result<Check, Fault> {
        let is_all = |default| match relation.quantifier {
            None => default,
            Some(quantifier) => quantifier == Quantifier::All,
        };
        let (compare, all) = match relation.operator {
            RelOp::Contains => return self.contains(left, is_all(false), right),
            RelOp::Matches => return self.matches(left, is_all(false), right),
            RelOp::Eq => (Compare::Eq, is_all(false)),
            RelOp::AllEq => (Compare::Eq, is_all(true)),
            RelOp::Ne => (Compare::Ne, is_all(true)),
            RelOp::AnyNe => (Compare::Ne, is_all(false)),
            RelOp::Gt => (Compare::Gt, is_all(false)),
            RelOp::Ge => (Compare::Ge, is_all(false)),
            RelOp::Lt => (Compare::Lt, is_all(false)),
            RelOp::Le => (Compare::Le, is_all(false)),
        };
        match (self.is_constant(left), self.is_constant(right)) {
            (true, true) => Err(misspelt(left).or_else(|| misspelt(right)).unwrap_or_else(|| {
                Fault::new(
                    left.span.clone(),
                    format!("a comparison needs a field or function, and {} is none", shown(left)),
                )
            })),
            (false, true) => {
                let left = self.typed(left)?;
                self.compare_constant(left, compare, all, right)
            }
            (true, false) => {
                let right = self.typed(right)?;
                self.compare_constant(right, compare.mirrored(), all, left).map_err(|fault| match misspelt(left) {
                    Some(unknown) if fault.span == left.span => unknown,
                    _ => fault,
                })
            }
            (false, false) => {
                let (left, right) = (self.typed(left)?, self.typed(right)?);
                let (left, right) = compatible(left, right)?;
                Ok(Check::Compare { left: left.operand, compare, all, right: right.operand })
            }
        }
    }

    fn compare_constant(&mut self, left: Typed, compare: Compare, all: bool, right: &Expr) -> Result<Check, Fault> {
        let is_equality = matches!(compare, Compare::Eq | Compare::Ne);
        match (self.meaning(right, left.target())?, left.place) {
            (Meaning::Scalar(scalar), _) => {
                Ok(Check::Compare { left: left.operand, compare, all, right: Operand::Const(scalar) })
            }
            (Meaning::Name(name), Some(place)) if is_equality => {
                Ok(Check::SameName { left: Operand::Label(place), all, equal: compare == Compare::Eq, name })
            }
            (Meaning::Name(_), _) => Err(Fault::new(
                right.span.clone(),
                format!("{} does not stand for one number and has no order", shown(right)),
            )),
        }
    }

    /// The left side of a search: strings and octets, or what the values of a field are called.
    fn searched(&mut self, expr: &Expr, verb: &str) -> Result<Typed, Fault> {
        if self.is_constant(expr) {
            return Err(misspelt(expr).unwrap_or_else(|| {
                let message = format!("the left side of {verb} must be a field or function, not {}", shown(expr));
                Fault::new(expr.span.clone(), message)
            }));
        }
        let left = self.typed(expr)?;
        if is_searched(left.ftype) {
            return Ok(left);
        }
        let has_names = left.names().is_some_and(|field| !matches!(field.names, Names::None | Names::Unit(_)));
        match left.place {
            Some(place) if has_names => {
                Ok(Typed { operand: Operand::Label(place), ftype: FieldType::String, place: None, ..left })
            }
            _ => Err(Fault::new(
                left.span,
                format!("{} (type={}) cannot take part in {verb}", left.shown, left.ftype.title()),
            )),
        }
    }

    fn contains(&mut self, left: &Expr, all: bool, right: &Expr) -> Result<Check, Fault> {
        let left = self.searched(left, "contains")?;
        if !self.is_constant(right) {
            let right = self.typed(right)?;
            if !is_searched(right.ftype) {
                return Err(incompatible(&left, &right));
            }
            let (left, right) = compatible(left, right)?;
            return Ok(Check::Contains { left: left.operand, all, right: right.operand });
        }
        let target = Target {
            ftype: match left.ftype {
                FieldType::String => FieldType::String,
                _ => FieldType::Bytes,
            },
            ..left.target()
        };
        match self.meaning(right, target)? {
            Meaning::Scalar(Scalar::Bytes(needle) | Scalar::Text(needle)) => {
                Ok(Check::Finds { left: left.operand, all, finder: Box::new(Finder::new(&needle).into_owned()) })
            }
            _ => Err(Fault::new(right.span.clone(), format!("{} cannot be searched for", shown(right)))),
        }
    }

    fn matches(&mut self, left: &Expr, all: bool, right: &Expr) -> Result<Check, Fault> {
        let left = self.searched(left, "matches")?;
        let Kind::Text(pattern) = &right.kind else {
            return Err(Fault::new(right.span.clone(), "matches needs a string in double quotes on its right side"));
        };
        let regex = pattern::compile(pattern).map_err(|message| Fault::new(right.span.clone(), message))?;
        Ok(Check::Matches { left: left.operand, all, regex: Box::new(regex) })
    }

    fn membership(&mut self, left: &Expr, all: bool, elements: &[Element]) -> Result<Check, Fault> {
        if self.is_constant(left) {
            return Err(misspelt(left).unwrap_or_else(|| {
                let message = format!("only a field may be looked for in a set, not {}", shown(left));
                Fault::new(left.span.clone(), message)
            }));
        }
        let left = self.typed(left)?;
        if !matches!(left.operand, Operand::Field(_) | Operand::Raw(_)) {
            let message = format!("only a field may be looked for in a set, not {}", left.shown);
            return Err(Fault::new(left.span, message));
        }
        let mut members = Vec::new();
        for element in elements {
            members.push(match element {
                Element::One(one) => self.member(&left, one)?,
                Element::Range(from, to) => Member::Range(self.bound(&left, from)?, self.bound(&left, to)?),
            });
        }
        Ok(Check::In { left: left.operand, all, set: set_of(members) })
    }

    fn member(&mut self, left: &Typed, expr: &Expr) -> Result<Member, Fault> {
        if self.is_constant(expr)
            && let Meaning::Name(name) = self.meaning(expr, left.target())?
            && let Some(field) = left.names()
        {
            return Ok(Member::Name(field, name));
        }
        self.bound(left, expr).map(Member::One)
    }

    fn bound(&mut self, left: &Typed, expr: &Expr) -> Result<Operand, Fault> {
        if self.is_constant(expr) {
            return self.constant_as(expr, left.target());
        }
        let right = self.typed(expr)?;
        if matches!(expr.kind, Kind::Slice(..)) {
            return Err(Fault::new(right.span, "a slice may not stand in a set"));
        }
        if class(left.ftype) != class(right.ftype) || class(left.ftype) == Class::Nothing {
            let mut fault = incompatible(left, &right);
            fault.span = right.span.clone();
            return Err(fault);
        }
        Ok(right.operand)
    }
}

impl Compare {
    /// The comparison that holds when both sides change places.
    fn mirrored(self) -> Self {
        match self {
            Self::Eq | Self::Ne => self,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
        }
    }
}

/// Whether the operator works on values of the type.
fn works_on(op: ArithOp, ftype: FieldType) -> bool {
    match (class(ftype), op) {
        (Class::Integer, _) => true,
        (Class::Float | Class::Span | Class::Date, _) => op != ArithOp::And,
        (Class::Octets, ArithOp::And) => ftype != FieldType::Protocol,
        (Class::Ipv4 | Class::Ipv6, ArithOp::And) => true,
        _ => false,
    }
}

/// The type that the operator yields, if both types go together.
fn arith_type(op: ArithOp, left: &Typed, right: &Typed) -> Option<FieldType> {
    use ArithOp::{Add, Div, Mul, Sub};
    use FieldType as T;
    match (class(left.ftype), op, class(right.ftype)) {
        (Class::Date, Sub, Class::Date) => Some(T::RelativeTime),
        (Class::Date, Add | Sub, Class::Span) | (Class::Span, Add, Class::Date) => Some(T::AbsoluteTime),
        (Class::Date, ..) | (.., Class::Date) => None,
        (Class::Span, Mul | Div, Class::Integer | Class::Float) => Some(T::RelativeTime),
        (Class::Span, Mul | Div, _) => None,
        (Class::Integer, _, Class::Float) | (Class::Float, _, Class::Integer) => Some(T::Double),
        (a, _, b) if a == b => match (left.ftype, right.ftype) {
            // A constant has the type of its neighbour, so a wider field decides.
            (a, b) if b.width() > a.width() => Some(b),
            (a, _) => Some(a),
        },
        _ => None,
    }
}

fn incompatible(left: &Typed, right: &Typed) -> Fault {
    Fault::new(
        left.span.start.min(right.span.start)..left.span.end.max(right.span.end),
        format!("{} and {} are not of compatible types", left.shown, right.shown),
    )
}

/// Both sides of a comparison, when their types go together; octets and what has octets do.
fn compatible(left: Typed, right: Typed) -> Result<(Typed, Typed), Fault> {
    if left.ftype == FieldType::None || right.ftype == FieldType::None {
        return Err(incompatible(&left, &right));
    }
    if class(left.ftype) == class(right.ftype) {
        return Ok((left, right));
    }
    match (left.is_slice, right.is_slice) {
        (true, _) if has_octets(right.ftype) => Ok((left, right.into_octets())),
        (_, true) if has_octets(left.ftype) => Ok((left.into_octets(), right)),
        _ => Err(incompatible(&left, &right)),
    }
}

/// The field of a name; a leading point says that a field is meant.
fn field_named(name: &str) -> Option<FieldId> {
    registry::by_name(name.strip_prefix('.').unwrap_or(name))
}

fn unknown(name: &str, span: &Span) -> Fault {
    let name = name.strip_prefix('.').unwrap_or(name);
    Fault { suggestions: names::nearest_fields(name), ..Fault::new(span.clone(), format!("\"{name}\" {NO_FIELD}")) }
}

/// The name that was meant to be a field's in an expression without any, if there is one.
fn misspelt(expr: &Expr) -> Option<Fault> {
    match &expr.kind {
        Kind::Word(word) => {
            let is_name = word.strip_prefix('.').unwrap_or(word).starts_with(|c: char| c.is_alphabetic() || c == '_');
            is_name.then(|| unknown(word, &expr.span))
        }
        Kind::Arith(_, left, right) => misspelt(left).or_else(|| misspelt(right)),
        Kind::Negate(of) => misspelt(of),
        _ => None,
    }
}

/// Whether a word that is no field may have been meant as one: letters with points between them.
fn looks_like_a_field(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.contains('.') && !word.contains(':')
}

/// A literal as it was written, for errors.
fn shown(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Word(word) => word.clone(),
        Kind::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
        Kind::Char(c) => format!("{:?}", *c as char),
        Kind::Field { name, .. } => name.clone(),
        Kind::Reference { name, .. } => format!("${{{name}}}"),
        Kind::Call(name, _) => format!("{name}()"),
        Kind::Slice(..) => "a slice".to_owned(),
        Kind::Arith(..) | Kind::Negate(_) => "an arithmetic expression".to_owned(),
    }
}

/// A set in the form that is fastest to look up.
fn set_of(members: Vec<Member>) -> Set {
    let mut ranges = Vec::new();
    for member in &members {
        match member {
            Member::One(Operand::Const(Scalar::Int(n))) => ranges.push((*n, *n)),
            Member::Range(Operand::Const(Scalar::Int(from)), Operand::Const(Scalar::Int(to))) => {
                if from <= to {
                    ranges.push((*from, *to));
                }
            }
            _ => return Set::Members(members.into()),
        }
    }
    ranges.sort_unstable();
    let mut joined: Vec<(i128, i128)> = Vec::new();
    for (from, to) in ranges {
        match joined.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    Set::Ints(joined.into())
}
