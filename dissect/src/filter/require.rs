//! What a packet must have to pass a filter, as far as an index can know it.
//!
//! A requirement is a superset: a packet that passes the filter always meets it, one that meets it need not pass. What
//! is not simple is [`Requirement::True`], and so is everything below a negation, an exclusive or, or a function.

use std::fmt;

use super::program::{Check, Compare, Member, Operand, Place, Scalar, Set, Tree};
use crate::field::FieldId;
use crate::registry::{self, ProtoId};

/// What an index knows of a packet or a chunk of packets. Each answer must be `true` unless it is certain that not.
///
/// Facts are of every layer of a packet, of tunnels and of packets that ICMP errors quote as well: filters see these too.
pub trait Zone {
    /// Whether a field of the protocol may occur.
    fn may_have_protocol(&self, protocol: ProtoId) -> bool;
    /// Whether an IPv4 or IPv6 address of the prefix may occur as source or destination.
    fn may_have_address(&self, prefix: &Prefix) -> bool;
    /// Whether a UDP, TCP or SCTP port between the two, both included, may occur as source or destination.
    fn may_have_port(&self, from: u16, to: u16) -> bool;
}

/// The addresses that agree with `address` in the bits of `mask`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Prefix {
    V4 { address: u32, mask: u32 },
    V6 { address: u128, mask: u128 },
}

/// What a packet that passes has at least.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Requirement {
    /// Nothing: every packet may pass.
    True,
    All(Vec<Requirement>),
    Any(Vec<Requirement>),
    Protocol(ProtoId),
    Address(Prefix),
    /// Both ends are within.
    Port(u16, u16),
}

impl Requirement {
    /// Whether packets of the zone may pass the filter.
    pub fn may_hold(&self, zone: &dyn Zone) -> bool {
        match self {
            Self::True => true,
            Self::All(all) => all.iter().all(|one| one.may_hold(zone)),
            Self::Any(all) => all.iter().any(|one| one.may_hold(zone)),
            Self::Protocol(protocol) => zone.may_have_protocol(*protocol),
            Self::Address(prefix) => zone.may_have_address(prefix),
            Self::Port(from, to) => zone.may_have_port(*from, *to),
        }
    }

    fn all(all: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for one in all {
            let parts = match one {
                Self::True => continue,
                Self::All(parts) => parts,
                one => vec![one],
            };
            for part in parts {
                if !kept.contains(&part) {
                    kept.push(part);
                }
            }
        }
        match kept.len() {
            0 => Self::True,
            1 => kept.remove(0),
            _ => Self::All(kept),
        }
    }

    fn any(all: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for one in all {
            let parts = match one {
                Self::True => return Self::True,
                Self::Any(parts) => parts,
                one => vec![one],
            };
            for part in parts {
                if !kept.contains(&part) {
                    kept.push(part);
                }
            }
        }
        match kept.len() {
            // A set without elements lets nothing pass.
            0 => Self::Any(Vec::new()),
            1 => kept.remove(0),
            _ => Self::Any(kept),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, all: &[Self], word: &str| {
            f.write_str("(")?;
            for (at, one) in all.iter().enumerate() {
                write!(f, "{}{one}", if at > 0 { word } else { "" })?;
            }
            f.write_str(")")
        };
        match self {
            Self::True => f.write_str("nothing"),
            Self::All(all) => list(f, all, " and "),
            Self::Any(all) => list(f, all, " or "),
            Self::Protocol(protocol) => f.write_str(registry::protocol(*protocol).name()),
            Self::Address(Prefix::V4 { address, mask }) => {
                let address = std::net::Ipv4Addr::from(*address);
                write!(f, "address {address}/{}", mask.count_ones())
            }
            Self::Address(Prefix::V6 { address, mask }) => {
                let address = std::net::Ipv6Addr::from(*address);
                write!(f, "address {address}/{}", mask.count_ones())
            }
            Self::Port(from, to) if from == to => write!(f, "port {from}"),
            Self::Port(from, to) => write!(f, "port {from}..{to}"),
        }
    }
}

/// What a filter requires.
pub(crate) fn of(tree: &Tree) -> Requirement {
    match tree {
        Tree::And(all) => Requirement::all(all.iter().map(of)),
        Tree::Or(all) => Requirement::any(all.iter().map(of)),
        Tree::Not(_) | Tree::Xor(_) => Requirement::True,
        Tree::Check(check) => of_check(check),
    }
}

fn of_check(check: &Check) -> Requirement {
    match check {
        Check::Always => Requirement::True,
        Check::Present(operand) | Check::NonZero(operand) => presence(operand),
        Check::Compare { left, compare, right, .. } => {
            let value = match (compare, left, right) {
                (Compare::Eq, Operand::Field(place), Operand::Const(scalar))
                | (Compare::Eq, Operand::Const(scalar), Operand::Field(place)) => of_value(place, scalar, scalar),
                _ => Requirement::True,
            };
            // No comparison holds when one of its sides has no value.
            Requirement::all([presence(left), presence(right), value])
        }
        Check::SameName { left, .. } | Check::Finds { left, .. } | Check::Matches { left, .. } => presence(left),
        Check::Contains { left, right, .. } => Requirement::all([presence(left), presence(right)]),
        Check::In { left, set, .. } => {
            let value = match left {
                Operand::Field(place) => of_set(place, set),
                _ => Requirement::True,
            };
            Requirement::all([presence(left), value])
        }
    }
}

fn of_set(place: &Place, set: &Set) -> Requirement {
    match set {
        Set::Ints(ranges) => {
            Requirement::any(ranges.iter().map(|(from, to)| of_value(place, &Scalar::Int(*from), &Scalar::Int(*to))))
        }
        Set::Members(members) => Requirement::any(members.iter().map(|member| match member {
            Member::One(Operand::Const(scalar)) => of_value(place, scalar, scalar),
            Member::One(_) | Member::Range(..) | Member::Name(..) => Requirement::True,
        })),
    }
}

/// Fields that hold the addresses and ports that an index knows.
fn is_address(name: &str) -> bool {
    matches!(
        name,
        "ip.addr"
            | "ip.src"
            | "ip.dst"
            | "ip.host"
            | "ip.src_host"
            | "ip.dst_host"
            | "ipv6.addr"
            | "ipv6.src"
            | "ipv6.dst"
    )
}

fn is_port(name: &str) -> bool {
    let parts = name.split_once('.');
    matches!(parts, Some(("udp" | "tcp" | "sctp", "port" | "srcport" | "dstport")))
}

/// What it means that a value of the field lies between two others.
fn of_value(place: &Place, from: &Scalar, to: &Scalar) -> Requirement {
    let name = registry::field(place.field).name;
    match (from, to) {
        (Scalar::Int(from), Scalar::Int(to)) if is_port(name) => {
            let clamp = |n: i128| u16::try_from(n.clamp(0, 0xffff)).unwrap_or(u16::MAX);
            Requirement::Port(clamp(*from), clamp(*to))
        }
        (Scalar::Ipv4 { address, mask }, _) if from == to && is_address(name) => {
            Requirement::Address(Prefix::V4 { address: address & mask, mask: *mask })
        }
        (Scalar::Ipv6 { address, mask }, _) if from == to && is_address(name) => {
            Requirement::Address(Prefix::V6 { address: address & mask, mask: *mask })
        }
        _ => Requirement::True,
    }
}

/// What it means that an operand has a value.
fn presence(operand: &Operand) -> Requirement {
    match operand {
        Operand::Field(place) | Operand::Raw(place) | Operand::Label(place) => protocol_of(place.field),
        Operand::Slice(of, _) | Operand::Negate(of) => presence(of),
        Operand::Arith(_, left, right) => Requirement::all([presence(left), presence(right)]),
        // `max` and `min` are content with one argument.
        Operand::Call(_, arguments) => Requirement::any(arguments.iter().map(presence)),
        Operand::Const(_) | Operand::Bound(_) => Requirement::True,
    }
}

fn protocol_of(field: FieldId) -> Requirement {
    let owner = registry::owner(field);
    match owner {
        // Every packet has a frame, and any layer may add what is everyone's.
        ProtoId::Frame => Requirement::True,
        _ if registry::protocol(owner).is_everywhere => Requirement::True,
        // Who feeds a field may show it, too.
        _ => Requirement::any([owner].iter().chain(registry::field(field).fed_by).map(|id| Requirement::Protocol(*id))),
    }
}
