//! Runs a program on one dissection. Comparisons with constants allocate nothing.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use memchr::memmem;
use smallvec::SmallVec;

use super::MAX_LOOKS;
use super::ast::{ArithOp, Part};
use super::program::{Check, Compare, Member, Operand, Place, Scalar, Set, Step};
use crate::field::{FieldDef, FieldType};
use crate::registry;
use crate::tree::{Dissection, Node};
use crate::value::Value;

/// A value of a packet or of the program.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Val<'v> {
    Int(i128),
    Float(f64),
    Time(i64),
    Ipv4 { address: u32, mask: u32 },
    Ipv6 { address: u128, mask: u128 },
    Bytes(Cow<'v, [u8]>),
    Text(Cow<'v, [u8]>),
}

impl<'v> Val<'v> {
    /// The octets of a string or of octets; of an address in network order. Numbers have none.
    pub(crate) fn octets(self) -> Option<Cow<'v, [u8]>> {
        match self {
            Self::Bytes(octets) | Self::Text(octets) => Some(octets),
            Self::Ipv4 { address, .. } => Some(Cow::Owned(address.to_be_bytes().into())),
            Self::Ipv6 { address, .. } => Some(Cow::Owned(address.to_be_bytes().into())),
            Self::Int(_) | Self::Float(_) | Self::Time(_) => None,
        }
    }

    fn is_zero(&self) -> bool {
        match self {
            Self::Int(n) => *n == 0,
            Self::Float(x) => *x == 0.0,
            Self::Time(ns) => *ns == 0,
            Self::Ipv4 { address, .. } => *address == 0,
            Self::Ipv6 { address, .. } => *address == 0,
            Self::Bytes(octets) => octets.iter().all(|octet| *octet == 0),
            Self::Text(text) => text.is_empty(),
        }
    }

    /// The order of two values of compatible types; prefixes compare what both masks keep.
    pub(crate) fn order(&self, other: &Val<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Val::Int(b)) => Some(a.cmp(b)),
            (Self::Float(a), Val::Float(b)) => a.partial_cmp(b),
            (Self::Float(a), Val::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Int(a), Val::Float(b)) => (*a as f64).partial_cmp(b),
            (Self::Time(a), Val::Time(b)) => Some(a.cmp(b)),
            (Self::Ipv4 { address, mask }, Val::Ipv4 { address: b, mask: m }) => {
                Some((address & mask & m).cmp(&(b & mask & m)))
            }
            (Self::Ipv6 { address, mask }, Val::Ipv6 { address: b, mask: m }) => {
                Some((address & mask & m).cmp(&(b & mask & m)))
            }
            (Self::Text(a), Val::Text(b)) => Some(a.cmp(b)),
            // Of octets the longer run is the greater one, as in Wireshark.
            (Self::Bytes(a) | Self::Text(a), Val::Bytes(b) | Val::Text(b)) => {
                Some(a.len().cmp(&b.len()).then_with(|| a.cmp(b)))
            }
            _ => None,
        }
    }
}

impl Compare {
    fn holds(self, left: &Val<'_>, right: &Val<'_>) -> bool {
        let Some(order) = left.order(right) else {
            // Only numbers that are none have no order; they differ from everything.
            return self == Self::Ne;
        };
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
        }
    }
}

impl Scalar {
    pub(crate) fn val(&self) -> Val<'_> {
        match self {
            Self::Int(n) => Val::Int(*n),
            Self::Float(x) => Val::Float(*x),
            Self::Time(ns) => Val::Time(*ns),
            Self::Ipv4 { address, mask } => Val::Ipv4 { address: *address, mask: *mask },
            Self::Ipv6 { address, mask } => Val::Ipv6 { address: *address, mask: *mask },
            Self::Bytes(octets) => Val::Bytes(Cow::Borrowed(octets)),
            Self::Text(text) => Val::Text(Cow::Borrowed(text)),
        }
    }

    /// A value that outlives its packet.
    pub(crate) fn of(val: Val<'_>) -> Self {
        match val {
            Val::Int(n) => Self::Int(n),
            Val::Float(x) => Self::Float(x),
            Val::Time(ns) => Self::Time(ns),
            Val::Ipv4 { address, mask } => Self::Ipv4 { address, mask },
            Val::Ipv6 { address, mask } => Self::Ipv6 { address, mask },
            Val::Bytes(octets) => Self::Bytes(octets.into()),
            Val::Text(text) => Self::Text(text.into()),
        }
    }
}

/// The value of a node; nothing for a field that is only present.
pub(crate) fn value_of<'v>(d: &'v Dissection<'_>, node: &'v Node) -> Option<Val<'v>> {
    Some(match &node.value {
        Value::None => return None,
        Value::Uint(n) => Val::Int((*n).into()),
        Value::Int(n) => Val::Int((*n).into()),
        Value::Float(x) => Val::Float(*x),
        Value::Time(ns) => Val::Time(*ns),
        Value::Ether(mac) => Val::Bytes(Cow::Borrowed(mac)),
        Value::Ipv4(address) => Val::Ipv4 { address: u32::from_be_bytes(*address), mask: u32::MAX },
        Value::Ipv6(address) => Val::Ipv6 { address: u128::from_be_bytes(*address), mask: u128::MAX },
        Value::Protocol { .. } if registry::protocol(registry::owner(node.field)).spans_payload => {
            Val::Bytes(Cow::Borrowed(to_the_end(d, node)))
        }
        Value::Bytes | Value::Protocol { .. } => Val::Bytes(Cow::Borrowed(d.bytes(node))),
        Value::Text => Val::Text(Cow::Borrowed(d.bytes(node))),
        Value::String(text) => Val::Text(Cow::Borrowed(text.as_bytes())),
        Value::Octets(octets) => Val::Bytes(Cow::Borrowed(octets)),
    })
}

/// A packet, and how much has been looked at in it.
pub(crate) struct Scene<'v> {
    pub(crate) d: &'v Dissection<'v>,
    looks: Cell<usize>,
}

impl Scene<'_> {
    /// Counts what is going to be looked at; whether there is no end to it.
    fn spend(&self, looks: usize) -> bool {
        self.looks.set(self.looks.get().saturating_add(looks));
        self.is_spent()
    }

    fn is_spent(&self) -> bool {
        self.looks.get() > MAX_LOOKS
    }
}

/// Whether the packet passes.
pub(crate) fn run(steps: &[Step], d: &Dissection<'_>) -> bool {
    let scene = Scene { d, looks: Cell::new(0) };
    let mut truth = true;
    let mut kept = 0u128;
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        at += 1;
        match step {
            Step::Check(check) => truth = check.holds(&scene),
            Step::Not => truth = !truth,
            Step::UnlessGo(to) if !truth => at = *to,
            Step::IfGo(to) if truth => at = *to,
            Step::UnlessGo(_) | Step::IfGo(_) => {}
            Step::Keep => kept = kept << 1 | u128::from(truth),
            Step::Xor => {
                truth ^= kept & 1 != 0;
                kept >>= 1;
            }
        }
    }
    truth && !scene.is_spent()
}

impl Check {
    fn holds(&self, scene: &Scene<'_>) -> bool {
        match self {
            Self::Always => true,
            Self::Present(Operand::Field(place) | Operand::Raw(place)) => place.nodes(scene).next().is_some(),
            Self::Present(operand) => operand.each(scene, false, &mut |val| match val {
                Val::Bytes(octets) => !octets.is_empty(),
                _ => true,
            }),
            Self::NonZero(operand) => operand.each(scene, false, &mut |val| !val.is_zero()),
            Self::Compare { left, compare, all, right } => match right {
                Operand::Const(scalar) => {
                    let right = scalar.val();
                    quantify(left, scene, *all, false, |left| compare.holds(left, &right))
                }
                _ => quantify(left, scene, *all, false, |left| {
                    quantify(right, scene, *all, false, |right| compare.holds(left, right))
                }),
            },
            Self::SameName { left, all, equal, name } => quantify(left, scene, *all, false, |val| match val {
                Val::Text(text) => text.eq_ignore_ascii_case(name) == *equal,
                _ => false,
            }),
            Self::Finds { left, all, finder } => quantify(left, scene, *all, true, |val| match val {
                Val::Bytes(octets) | Val::Text(octets) => !finder.needle().is_empty() && finder.find(octets).is_some(),
                _ => false,
            }),
            Self::Contains { left, all, right } => quantify(left, scene, *all, true, |left| {
                let (Val::Bytes(left) | Val::Text(left)) = left else {
                    return false;
                };
                quantify(right, scene, *all, true, |right| match right {
                    Val::Bytes(right) | Val::Text(right) => !right.is_empty() && memmem::find(left, right).is_some(),
                    _ => false,
                })
            }),
            Self::Matches { left, all, regex } => quantify(left, scene, *all, true, |val| match val {
                Val::Bytes(octets) => !octets.is_empty() && regex.is_match(octets),
                Val::Text(text) => regex.is_match(text),
                _ => false,
            }),
            Self::In { left, all, set } => quantify(left, scene, *all, false, |val| set.holds(val, scene)),
        }
    }
}

impl Set {
    fn holds(&self, val: &Val<'_>, scene: &Scene<'_>) -> bool {
        match self {
            Self::Ints(ranges) => {
                let Val::Int(n) = val else { return false };
                let at = ranges.partition_point(|range| range.1 < *n);
                ranges.get(at).is_some_and(|range| range.0 <= *n)
            }
            Self::Members(members) => members.iter().any(|member| match member {
                Member::One(one) => one.each(scene, false, &mut |one| Compare::Eq.holds(val, &one)),
                Member::Range(from, to) => {
                    from.each(scene, false, &mut |from| Compare::Ge.holds(val, &from))
                        && to.each(scene, false, &mut |to| Compare::Le.holds(val, &to))
                }
                Member::Name(field, name) => match val {
                    Val::Int(n) => {
                        field.names.of(*n as u64).is_some_and(|known| known.as_bytes().eq_ignore_ascii_case(name))
                    }
                    _ => false,
                },
            }),
        }
    }
}

/// Whether any value of the operand, or all of them and there is one, passes the test.
fn quantify<'v>(
    operand: &'v Operand,
    scene: &Scene<'v>,
    all: bool,
    whole: bool,
    test: impl Fn(&Val<'v>) -> bool,
) -> bool {
    if !all {
        return operand.each(scene, whole, &mut |val| test(&val));
    }
    let mut is_there = false;
    let has_failed = operand.each(scene, whole, &mut |val| {
        is_there = true;
        !test(&val)
    });
    is_there && !has_failed
}

impl Place {
    /// The occurrences of the field in the layers that count; none when too much has been looked at.
    pub(crate) fn nodes<'v>(&'v self, scene: &Scene<'v>) -> impl Iterator<Item = &'v Node> + use<'v> {
        let d = scene.d;
        let nodes: &[Node] = if scene.spend(d.nodes.len() + 1) { &[] } else { &d.nodes };
        let layers = self.layers.as_deref();
        let mine = nodes.iter().filter(|node| node.field == self.field);
        // Places from the end need to know where the end is.
        let last = match layers {
            None => 0,
            Some(_) => mine.clone().map(|node| node.layer).max().unwrap_or(0),
        };
        mine.filter(move |node| layers.is_none_or(|layers| is_layer_in(layers, node.layer, last)))
    }
}

fn is_layer_in(layers: &[Part], layer: u8, last: u8) -> bool {
    let layer = i64::from(layer);
    let from_end = |i: i64| if i < 0 { i64::from(last) + 1 + i } else { i };
    layers.iter().any(|part| match *part {
        Part::At(i) => layer == from_end(i),
        Part::Range(i, j) => (from_end(i)..=from_end(j)).contains(&layer),
        Part::From(i) => layer >= from_end(i),
        Part::Length(i, n) => {
            let first = from_end(i);
            first <= layer && ((layer - first) as u64) < n
        }
    })
}

impl Operand {
    /// Shows the values one after the other until `look` says that it has seen enough; whether it did.
    ///
    /// `whole` takes of a protocol all octets up to the end of what holds it, as `contains` and `matches` do, and not only
    /// the octets of its own.
    pub(crate) fn each<'v>(&'v self, scene: &Scene<'v>, whole: bool, look: &mut dyn FnMut(Val<'v>) -> bool) -> bool {
        match self {
            Self::Const(scalar) => !scene.spend(1) && look(scalar.val()),
            Self::Bound(values) => !scene.spend(values.len()) && values.iter().any(|scalar| look(scalar.val())),
            Self::Field(place) => {
                let whole = whole && registry::field(place.field).ftype == FieldType::Protocol;
                let mut nodes = place.nodes(scene);
                nodes.any(|node| match whole {
                    true => look(Val::Bytes(Cow::Borrowed(to_the_end(scene.d, node)))),
                    false => value_of(scene.d, node).is_some_and(&mut *look),
                })
            }
            Self::Raw(place) => {
                let mut nodes = place.nodes(scene);
                nodes.any(|node| look(Val::Bytes(Cow::Borrowed(scene.d.bytes(node)))))
            }
            Self::Label(place) => {
                let field = registry::field(place.field);
                let mut nodes = place.nodes(scene);
                nodes.any(|node| label_of(field, node).is_some_and(&mut *look))
            }
            Self::Slice(of, parts) => of.each(scene, false, &mut |val| {
                val.octets().is_some_and(|octets| look(Val::Bytes(slice(octets, parts))))
            }),
            Self::Call(function, arguments) => function.each(arguments, scene, look),
            Self::Arith(op, left, right) => left.each(scene, false, &mut |left| {
                right.each(scene, false, &mut |right| arithmetic(*op, &left, &right).is_some_and(&mut *look))
            }),
            Self::Negate(of) => of.each(scene, false, &mut |val| negate(val).is_some_and(&mut *look)),
        }
    }
}

/// The octets of a protocol and of what it holds.
fn to_the_end<'d>(d: &Dissection<'d>, node: &Node) -> &'d [u8] {
    let source = d.source(node.source);
    let end = match node.value {
        Value::Protocol { end } => (end as usize).min(source.len()),
        _ => source.len(),
    };
    source.get(node.start as usize..end).unwrap_or_default()
}

/// What the value of a node is called.
pub(crate) fn label_of(field: &'static FieldDef, node: &Node) -> Option<Val<'static>> {
    let number = match node.value {
        Value::Uint(n) => n,
        // Names of signed values are looked up by their bits.
        Value::Int(n) => n as u64,
        _ => return None,
    };
    let name = field.names.of(number)?;
    Some(Val::Text(match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
        Cow::Owned(name) => Cow::Owned(name.into_bytes()),
    }))
}

/// The octets that the parts take, one behind the other, up to the first part that reaches past either end. So what is
/// compared may be empty: as in Wireshark, `udp.payload[0:2] != 00:00` holds for a payload of one octet.
fn slice<'v>(octets: Cow<'v, [u8]>, parts: &[Part]) -> Cow<'v, [u8]> {
    let range = |part: &Part| range_of(*part, octets.len()).unwrap_or(0..0);
    if let [part] = parts {
        let range = range(part);
        return match octets {
            Cow::Borrowed(octets) => Cow::Borrowed(octets.get(range).unwrap_or_default()),
            Cow::Owned(octets) => Cow::Owned(octets.get(range).unwrap_or_default().to_vec()),
        };
    }
    let mut taken = Vec::new();
    for range in parts.iter().map(range).take_while(|range| !range.is_empty()) {
        taken.extend_from_slice(octets.get(range).unwrap_or_default());
    }
    Cow::Owned(taken)
}

fn range_of(part: Part, len: usize) -> Option<std::ops::Range<usize>> {
    let place = |i: i64| match usize::try_from(i) {
        Ok(i) => Some(i),
        Err(_) => len.checked_sub(usize::try_from(i.unsigned_abs()).ok()?),
    };
    let (from, to) = match part {
        Part::At(i) => (place(i)?, place(i)?.checked_add(1)?),
        Part::Length(i, n) => {
            let from = place(i)?;
            (from, from.checked_add(usize::try_from(n).ok()?)?)
        }
        Part::Range(i, j) => (place(i)?, place(j)?.checked_add(1)?),
        Part::From(i) => (place(i)?, len),
    };
    (from < to && to <= len).then_some(from..to)
}

/// What the operator makes of two values; nothing where it cannot be told (a division by zero, an overflow).
pub(crate) fn arithmetic<'v>(op: ArithOp, left: &Val<'_>, right: &Val<'_>) -> Option<Val<'v>> {
    use ArithOp::{Add, And, Div, Mul, Rem, Sub};
    Some(match (left, right) {
        (Val::Int(a), Val::Int(b)) => Val::Int(match op {
            Add => a.checked_add(*b)?,
            Sub => a.checked_sub(*b)?,
            Mul => a.checked_mul(*b)?,
            Div => a.checked_div(*b)?,
            Rem => a.checked_rem(*b)?,
            And => a & b,
        }),
        (Val::Float(_) | Val::Int(_), Val::Float(_) | Val::Int(_)) => {
            let (a, b) = (float(left)?, float(right)?);
            Val::Float(match op {
                Add => a + b,
                Sub => a - b,
                Mul => a * b,
                Div => a / b,
                Rem => a % b,
                And => return None,
            })
        }
        (Val::Time(a), Val::Time(b)) => match op {
            Add => Val::Time(a.checked_add(*b)?),
            Sub => Val::Time(a.checked_sub(*b)?),
            Rem => Val::Time(a.checked_rem(*b)?),
            _ => return None,
        },
        (Val::Time(a), Val::Int(b)) => {
            let b = i64::try_from(*b).ok()?;
            Val::Time(match op {
                Mul => a.checked_mul(b)?,
                Div => a.checked_div(b)?,
                Rem => a.checked_rem(b)?,
                _ => return None,
            })
        }
        (Val::Time(a), Val::Float(b)) => {
            let a = *a as f64;
            let ns = match op {
                Mul => a * b,
                Div => a / b,
                _ => return None,
            };
            // Beyond its range a conversion to an integer would saturate and pass for a value.
            if ns.is_nan() || ns.abs() >= i64::MAX as f64 {
                return None;
            }
            Val::Time(ns as i64)
        }
        (Val::Ipv4 { address: a, .. }, Val::Ipv4 { address: b, .. }) if op == And => {
            Val::Ipv4 { address: a & b, mask: u32::MAX }
        }
        (Val::Ipv6 { address: a, .. }, Val::Ipv6 { address: b, .. }) if op == And => {
            Val::Ipv6 { address: a & b, mask: u128::MAX }
        }
        // The longer side counts as far as the shorter one goes.
        (Val::Bytes(a) | Val::Text(a), Val::Bytes(b) | Val::Text(b)) if op == And => {
            let octets: SmallVec<[u8; 16]> = a.iter().zip(b.iter()).map(|(a, b)| a & b).collect();
            Val::Bytes(Cow::Owned(octets.into_vec()))
        }
        _ => return None,
    })
}

fn float(val: &Val<'_>) -> Option<f64> {
    match val {
        Val::Int(n) => Some(*n as f64),
        Val::Float(x) => Some(*x),
        _ => None,
    }
}

pub(crate) fn negate<'v>(val: Val<'_>) -> Option<Val<'v>> {
    Some(match val {
        Val::Int(n) => Val::Int(n.checked_neg()?),
        Val::Float(x) => Val::Float(-x),
        Val::Time(ns) => Val::Time(ns.checked_neg()?),
        _ => return None,
    })
}
