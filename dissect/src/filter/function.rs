//! The functions of the language: what they take and what they make of it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

use super::program::Operand;
use super::run::{Scene, Val, label_of, value_of};
use crate::field::FieldType;
use crate::output::value;
use crate::registry;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Function {
    Len,
    Count,
    Upper,
    Lower,
    String,
    Max,
    Min,
    Abs,
    Vals,
    Dec,
    Hex,
    Float,
    Double,
    IpSpecialName,
    IpSpecialMask,
    IpLinklocal,
    IpMulticast,
    IpRfc1918,
    IpUla,
}

/// Name, function, least and most arguments.
const FUNCTIONS: &[(&str, Function, usize, usize)] = &[
    ("len", Function::Len, 1, 1),
    ("count", Function::Count, 1, 1),
    ("upper", Function::Upper, 1, 1),
    ("lower", Function::Lower, 1, 1),
    ("string", Function::String, 1, 1),
    ("max", Function::Max, 1, super::MAX_ARGUMENTS),
    ("min", Function::Min, 1, super::MAX_ARGUMENTS),
    ("abs", Function::Abs, 1, 1),
    ("vals", Function::Vals, 1, 1),
    ("dec", Function::Dec, 1, 1),
    ("hex", Function::Hex, 1, 1),
    ("float", Function::Float, 1, 1),
    ("double", Function::Double, 1, 1),
    ("ip_special_name", Function::IpSpecialName, 1, 1),
    ("ip_special_mask", Function::IpSpecialMask, 1, 1),
    ("ip_linklocal", Function::IpLinklocal, 1, 1),
    ("ip_multicast", Function::IpMulticast, 1, 1),
    ("ip_rfc1918", Function::IpRfc1918, 1, 1),
    ("ip_ula", Function::IpUla, 1, 1),
];

/// Blocks of IPv4 addresses that have a special use (IANA's registry of RFC 6890), the more specific ones first.
const SPECIAL_IPV4: &[(u32, u32, &str)] = &[
    (0x0000_0000, 32, "This host on this network"),
    (0x0000_0000, 8, "This network"),
    (0x0a00_0000, 8, "Private-Use"),
    (0x6440_0000, 10, "Shared Address Space"),
    (0x7f00_0000, 8, "Loopback"),
    (0xa9fe_0000, 16, "Link Local"),
    (0xac10_0000, 12, "Private-Use"),
    (0xc000_0000, 29, "IPv4 Service Continuity Prefix"),
    (0xc000_0000, 24, "IETF Protocol Assignments"),
    (0xc000_0200, 24, "Documentation (TEST-NET-1)"),
    (0xc01f_c400, 24, "AS112-v4"),
    (0xc034_c100, 24, "AMT"),
    (0xc058_6300, 24, "6to4 Relay Anycast"),
    (0xc0a8_0000, 16, "Private-Use"),
    (0xc0af_3000, 24, "Direct Delegation AS112 Service"),
    (0xc612_0000, 15, "Benchmarking"),
    (0xc633_6400, 24, "Documentation (TEST-NET-2)"),
    (0xcb00_7100, 24, "Documentation (TEST-NET-3)"),
    (0xe000_0000, 4, "Multicast"),
    (0xffff_ffff, 32, "Limited Broadcast"),
    (0xf000_0000, 4, "Reserved"),
];

/// The same for IPv6.
const SPECIAL_IPV6: &[(u128, u32, &str)] = &[
    (0x1, 128, "Loopback Address"),
    (0x0, 128, "Unspecified Address"),
    (0xffff_0000_0000, 96, "IPv4-mapped Address"),
    (0x0064_ff9b << 96, 96, "IPv4-IPv6 Translation"),
    (0x0064_ff9b_0001 << 80, 48, "IPv4-IPv6 Translation"),
    (0x0100 << 112, 64, "Discard-Only Address Block"),
    (0x2001_0000 << 96, 32, "TEREDO"),
    (0x2001_0002 << 96, 48, "Benchmarking"),
    (0x2001_0db8 << 96, 32, "Documentation"),
    (0x2001 << 112, 23, "IETF Protocol Assignments"),
    (0x2002 << 112, 16, "6to4"),
    (0xfc00 << 112, 7, "Unique-Local"),
    (0xfe80 << 112, 10, "Link-Local Unicast"),
    (0xff00 << 112, 8, "Multicast"),
];

fn mask4(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

fn mask6(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits).unwrap_or(0)
}

/// The bits and the name of the special block that an address lies in.
fn special(val: &Val<'_>) -> Option<(u32, &'static str)> {
    match val {
        Val::Ipv4 { address, .. } => {
            SPECIAL_IPV4.iter().find(|row| (address ^ row.0) & mask4(row.1) == 0).map(|row| (row.1, row.2))
        }
        Val::Ipv6 { address, .. } => {
            SPECIAL_IPV6.iter().find(|row| (address ^ row.0) & mask6(row.1) == 0).map(|row| (row.1, row.2))
        }
        _ => None,
    }
}

fn lies_in(val: &Val<'_>, blocks4: &[(u32, u32)], blocks6: &[(u128, u32)]) -> bool {
    match val {
        Val::Ipv4 { address, .. } => blocks4.iter().any(|(block, bits)| (address ^ block) & mask4(*bits) == 0),
        Val::Ipv6 { address, .. } => blocks6.iter().any(|(block, bits)| (address ^ block) & mask6(*bits) == 0),
        _ => false,
    }
}

impl Function {
    /// The function of a name, with the least and the most arguments.
    pub(crate) fn by_name(name: &str) -> Option<(Self, usize, usize)> {
        let row = FUNCTIONS.iter().find(|row| row.0 == name)?;
        Some((row.1, row.2, row.3))
    }

    /// The names of all functions.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        FUNCTIONS.iter().map(|row| row.0)
    }

    pub(crate) fn name(self) -> &'static str {
        let row = FUNCTIONS.iter().find(|row| row.1 == self);
        row.map_or("", |row| row.0)
    }

    /// Whether an argument of the type is taken.
    pub(crate) fn takes(self, ftype: FieldType) -> bool {
        let is_number = ftype.is_integer() || matches!(ftype, FieldType::Float | FieldType::Double);
        match self {
            Self::Count | Self::Len => true,
            Self::Upper | Self::Lower => ftype == FieldType::String,
            Self::String => {
                is_number
                    || matches!(
                        ftype,
                        FieldType::Ether
                            | FieldType::Ipv4
                            | FieldType::Ipv6
                            | FieldType::Guid
                            | FieldType::Oid
                            | FieldType::Eui64
                    )
            }
            Self::Max | Self::Min => !matches!(ftype, FieldType::None | FieldType::Protocol | FieldType::Boolean),
            Self::Abs => is_number || ftype == FieldType::RelativeTime,
            Self::Vals => ftype.is_integer() || ftype == FieldType::Boolean,
            Self::Dec | Self::Hex => ftype.is_integer(),
            Self::Float | Self::Double => {
                is_number || matches!(ftype, FieldType::RelativeTime | FieldType::AbsoluteTime)
            }
            Self::IpSpecialName
            | Self::IpSpecialMask
            | Self::IpLinklocal
            | Self::IpMulticast
            | Self::IpRfc1918
            | Self::IpUla => matches!(ftype, FieldType::Ipv4 | FieldType::Ipv6),
        }
    }

    /// Whether the argument must be a field: these functions look at its occurrences, not at values.
    pub(crate) fn needs_field(self) -> bool {
        matches!(self, Self::Count | Self::String | Self::Vals | Self::Dec | Self::Hex)
    }

    /// The type of the result, from that of the first argument.
    pub(crate) fn result(self, argument: FieldType) -> FieldType {
        match self {
            Self::Len | Self::Count => FieldType::Uint32,
            Self::Upper | Self::Lower | Self::String | Self::Vals | Self::Dec | Self::Hex | Self::IpSpecialName => {
                FieldType::String
            }
            Self::Max | Self::Min | Self::Abs => argument,
            Self::Float => FieldType::Float,
            Self::Double => FieldType::Double,
            Self::IpSpecialMask => FieldType::Uint32,
            Self::IpLinklocal | Self::IpMulticast | Self::IpRfc1918 | Self::IpUla => FieldType::Boolean,
        }
    }

    pub(crate) fn each<'v>(
        self,
        arguments: &'v [Operand],
        scene: &Scene<'v>,
        look: &mut dyn FnMut(Val<'v>) -> bool,
    ) -> bool {
        let Some(first) = arguments.first() else {
            return false;
        };
        match (self, first) {
            (Self::Max | Self::Min, _) => {
                let wanted = match self {
                    Self::Max => Ordering::Greater,
                    _ => Ordering::Less,
                };
                let mut best: Option<Val<'v>> = None;
                for argument in arguments {
                    argument.each(scene, false, &mut |val| {
                        let is_better = best.as_ref().is_none_or(|best| val.order(best) == Some(wanted));
                        if is_better {
                            best = Some(val);
                        }
                        false
                    });
                }
                best.is_some_and(look)
            }
            (Self::Count, _) => {
                // What is absent has no count either, not the count 0.
                let count = match first {
                    Operand::Field(place) | Operand::Raw(place) => place.nodes(scene).count(),
                    _ => 0,
                };
                count > 0 && look(Val::Int(count as i128))
            }
            (Self::Len, Operand::Field(place)) => {
                let width = registry::field(place.field).ftype.width();
                let mut nodes = place.nodes(scene);
                nodes.any(|node| {
                    let len = match value_of(scene.d, node) {
                        Some(Val::Int(_)) if width > 0 => usize::from(width),
                        Some(Val::Int(_) | Val::Float(_) | Val::Time(_)) | None => node.len as usize,
                        Some(val) => val.octets().map_or(0, |octets| octets.len()),
                    };
                    look(Val::Int(len as i128))
                })
            }
            (Self::String | Self::Dec | Self::Hex, Operand::Field(place)) => {
                let field = registry::field(place.field);
                let mut nodes = place.nodes(scene);
                nodes.any(|node| {
                    let text = match (self, value_of(scene.d, node)) {
                        (Self::Hex, Some(Val::Int(n))) => {
                            let digits = usize::from(field.ftype.width()) * 2;
                            // Of a negative number the bits of its own width.
                            let bits = u64::MAX.checked_shr(64 - digits as u32 * 4).unwrap_or(0);
                            format!("0x{:0digits$x}", n as u64 & bits)
                        }
                        (_, Some(Val::Int(n))) => n.to_string(),
                        _ => value::of(field, node, scene.d.bytes(node)),
                    };
                    look(Val::Text(Cow::Owned(text.into_bytes())))
                })
            }
            (Self::Vals, Operand::Field(place)) => {
                let field = registry::field(place.field);
                let mut nodes = place.nodes(scene);
                nodes.any(|node| label_of(field, node).is_some_and(&mut *look))
            }
            _ => first.each(scene, false, &mut |val| self.of(val).is_some_and(&mut *look)),
        }
    }

    /// What a function of one value makes of it.
    fn of<'v>(self, val: Val<'v>) -> Option<Val<'v>> {
        let flag = |is: bool| Some(Val::Int(is.into()));
        match self {
            Self::Len => Some(Val::Int(val.octets()?.len() as i128)),
            Self::Upper => Some(Val::Text(Cow::Owned(val.octets()?.to_ascii_uppercase()))),
            Self::Lower => Some(Val::Text(Cow::Owned(val.octets()?.to_ascii_lowercase()))),
            Self::Abs => Some(match val {
                Val::Int(n) => Val::Int(n.checked_abs()?),
                Val::Float(x) => Val::Float(x.abs()),
                Val::Time(ns) => Val::Time(ns.checked_abs()?),
                _ => return None,
            }),
            Self::Float | Self::Double => Some(Val::Float(match val {
                Val::Int(n) => n as f64,
                Val::Float(x) => x,
                Val::Time(ns) => ns as f64 / 1e9,
                _ => return None,
            })),
            Self::IpSpecialName => special(&val).map(|(_, name)| Val::Text(Cow::Borrowed(name.as_bytes()))),
            Self::IpSpecialMask => special(&val).map(|(bits, _)| Val::Int(bits.into())),
            Self::IpLinklocal => flag(lies_in(&val, &[(0xa9fe_0000, 16)], &[(0xfe80 << 112, 10)])),
            Self::IpMulticast => flag(lies_in(&val, &[(0xe000_0000, 4)], &[(0xff00 << 112, 8)])),
            Self::IpRfc1918 => flag(lies_in(&val, &[(0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16)], &[])),
            Self::IpUla => flag(lies_in(&val, &[], &[(0xfc00 << 112, 7)])),
            Self::Count | Self::String | Self::Max | Self::Min | Self::Vals | Self::Dec | Self::Hex => {
                let mut text = String::new();
                match val {
                    Val::Int(n) if self == Self::Hex => write!(text, "0x{n:x}").ok()?,
                    Val::Int(n) => write!(text, "{n}").ok()?,
                    _ => return None,
                }
                Some(Val::Text(Cow::Owned(text.into_bytes())))
            }
        }
    }
}
