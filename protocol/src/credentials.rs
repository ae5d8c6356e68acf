//! Who may ask for what: the roles that a certificate can carry and the one table that every request is held to.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::codec::{Decode, Encode};
use crate::wire::RequestKind;

/// What the bearer of a certificate is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Role {
    /// A member that keeps packets.
    Node,
    /// A field server that captures and sends, and keeps nothing for others.
    Edge,
    /// A person who runs the cluster.
    Operator,
    /// A person or program that looks at packets.
    Reader,
}

impl Role {
    /// Every role, in the order of its number.
    pub const ALL: [Self; 4] = [Self::Node, Self::Edge, Self::Operator, Self::Reader];

    /// As in a certificate and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Edge => "edge",
            Self::Operator => "operator",
            Self::Reader => "reader",
        }
    }

    /// What this role may do with a kind of request.
    #[must_use]
    pub fn grant(self, kind: RequestKind) -> Grant {
        let (_, grants) = GRANTS[kind as usize];
        grants[self as usize]
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no role: node, edge, operator or reader is expected")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// How far a role's permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    Never,
    /// Only for hosts that are the bearer's own.
    OwnHosts,
    Always,
}

use Grant::{Always as A, Never as N, OwnHosts as O};

/// One row for each kind of request, in the order of [`RequestKind`]; one column for each role, in the order of [`Role::ALL`].
#[rustfmt::skip]
const GRANTS: [(RequestKind, [Grant; 4]); RequestKind::ALL.len()] = [
    //                        node  edge  operator  reader
    (RequestKind::Status,    [A,    N,    A,        A]),
    (RequestKind::Hosts,     [A,    N,    A,        A]),
    (RequestKind::NameHost,  [A,    O,    A,        N]),
    (RequestKind::Have,      [A,    O,    A,        N]),
    (RequestKind::Put,       [A,    O,    A,        N]),
    (RequestKind::Query,     [A,    N,    A,        A]),
    (RequestKind::Get,       [A,    N,    A,        A]),
    (RequestKind::Cluster,   [A,    A,    A,        A]),
    (RequestKind::Admin,     [N,    N,    A,        N]),
    (RequestKind::Peer,      [A,    N,    N,        N]),
    (RequestKind::Analyses,  [A,    N,    A,        A]),
    (RequestKind::Rules,     [A,    N,    A,        A]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_and_role() {
        for (at, (kind, _)) in GRANTS.into_iter().enumerate() {
            assert_eq!(kind, RequestKind::ALL[at]);
            assert_eq!(kind as usize, at);
        }
        for (at, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!((role as usize, role.name().parse()), (at, Ok(role)));
        }
        for kind in RequestKind::ALL {
            let reads = matches!(
                kind,
                RequestKind::Status
                    | RequestKind::Hosts
                    | RequestKind::Query
                    | RequestKind::Get
                    | RequestKind::Analyses
                    | RequestKind::Rules
            );
            for role in Role::ALL {
                let expected = match role {
                    // Where the members are may be known to all of them.
                    _ if kind == RequestKind::Cluster => Grant::Always,
                    // Nodes among themselves, and operators alone.
                    Role::Node if kind == RequestKind::Admin => Grant::Never,
                    Role::Operator if kind == RequestKind::Admin => Grant::Always,
                    Role::Node if kind == RequestKind::Peer => Grant::Always,
                    _ if matches!(kind, RequestKind::Admin | RequestKind::Peer) => Grant::Never,
                    Role::Node | Role::Operator => Grant::Always,
                    Role::Edge if reads => Grant::Never,
                    Role::Edge => Grant::OwnHosts,
                    Role::Reader if reads => Grant::Always,
                    Role::Reader => Grant::Never,
                };
                assert_eq!(role.grant(kind), expected, "{role} {kind:?}");
            }
        }
        assert_eq!("admin".parse::<Role>(), Err(UnknownRole("admin".into())));
    }
}
