//! Versions of the protocol: which ones a program speaks, and in which one each message was born.
//!
//! Two peers speak the highest version that both know. A message that was born later is not sent: [`Message::since`] says so, from
//! the one table at the foot of this file. So nodes of a cluster may be of two releases while it is upgraded.
//!
//! [`Message::since`]: crate::codec::Message::since

use std::fmt;

use crate::cluster::{Body, Fact};
use crate::codec::{FIRST_VERSION, OLDEST_VERSION, PROTOCOL_VERSION};
use crate::wire::{Admin, OutputFormat, PeerRequest, RefusalCode, Request, Response};

/// The versions that a program speaks, both ends included. There is at least one, and none is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    oldest: u16,
    newest: u16,
}

impl Versions {
    /// Of this program.
    pub const OURS: Self = Self { oldest: OLDEST_VERSION, newest: PROTOCOL_VERSION };
    /// Of a program that does not say a range.
    pub const FIRST: Self = Self { oldest: FIRST_VERSION, newest: FIRST_VERSION };

    /// From `oldest` to `newest`; nothing when that is no range of versions.
    #[must_use]
    pub const fn new(oldest: u16, newest: u16) -> Option<Self> {
        if oldest == 0 || oldest > newest { None } else { Some(Self { oldest, newest }) }
    }

    #[must_use]
    pub const fn oldest(self) -> u16 {
        self.oldest
    }

    #[must_use]
    pub const fn newest(self) -> u16 {
        self.newest
    }

    /// The highest that both speak.
    #[must_use]
    pub fn common(self, other: Self) -> Option<u16> {
        let highest = self.newest.min(other.newest);
        (highest >= self.oldest.max(other.oldest)).then_some(highest)
    }

    /// Each of them.
    pub fn newest_first(self) -> impl Iterator<Item = u16> {
        (self.oldest..=self.newest).rev()
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { oldest, newest } if oldest == newest => write!(f, "version {oldest}"),
            Self { oldest, newest } => write!(f, "versions {oldest} to {newest}"),
        }
    }
}

macro_rules! born {
    ($($of:ident { $($variant:ident $version:literal,)* })*) => { $(
        impl $of {
            /// The version of the protocol that this variant was born in, whatever it holds.
            #[must_use]
            pub const fn born(&self) -> u16 {
                match self { $(Self::$variant { .. } => $version,)* }
            }
        }
    )* };
}

// What may grow. A variant that is missing here does not compile; an enum that is missing here does not grow.
born! {
    Request {
        Status 1, Hosts 1, NameHost 1, Have 1, Put 1, Query 1, Get 1, Cluster 1, Admin 1, Peer 1, Analyses 1, Rules 1,
    }
    PeerRequest {
        Converse 1, Replicate 1, Hosts 1, NameHost 1, Leg 1, Fetch 1, Watch 1, Analyses 1, Rules 1, TakeRules 1, Move 1,
    }
    Admin { Drain 1, Remove 1, Activate 1, Replace 1, Revoke 1, AddRules 1, RemoveRules 1, }
    OutputFormat { Text 1, Fields 1, Json 1, Ek 1, Packets 1, Records 1, Findings 1, }
    Response {
        Refused 1, Done 1, Status 1, Hosts 1, Have 1, Ready 1, Acks 1, Rows 1, Closing 1, Cluster 1, Writes 1, LegRows 1,
        LegEnd 1, Stored 1, Analyses 1, Rules 1,
    }
    RefusalCode { BadRequest 1, Unauthorised 1, NotFound 1, Internal 1, Full 1, }
    Body {
        Gossip 1, Ping 1, Ack 1, PingFor 1, Digest 1, Summary 1, Maps 1, MapsAsk 1, Root 1, RootSame 1, RootDiffers 1,
        Shares 1, SharesSame 1, HaveAsk 1, Have 1, Want 1, Lack 1, Checkpoint 1, PlanAsk 1, PlanSay 1,
    }
    Fact { Health 1, Member 1, Tracker 1, Revoked 1, ExpiredBefore 1, }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(oldest: u16, newest: u16) -> Versions {
        Versions::new(oldest, newest).expect("a range")
    }

    #[test]
    fn the_highest_common_version_is_spoken() {
        for (ours, theirs, spoken) in [
            (versions(1, 1), versions(1, 1), Some(1)),
            (versions(1, 3), versions(1, 1), Some(1)),
            (versions(1, 3), versions(2, 5), Some(3)),
            (versions(2, 2), versions(1, u16::MAX), Some(2)),
            (versions(1, 2), versions(3, 4), None),
            (versions(u16::MAX, u16::MAX), versions(1, u16::MAX - 1), None),
        ] {
            assert_eq!((ours.common(theirs), theirs.common(ours)), (spoken, spoken), "{ours} {theirs}");
        }
        assert_eq!(versions(1, 3).newest_first().collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn what_is_no_range_is_none() {
        assert_eq!([Versions::new(0, 0), Versions::new(0, 3), Versions::new(2, 1)], [None; 3]);
        assert_eq!(Versions::new(OLDEST_VERSION, PROTOCOL_VERSION), Some(Versions::OURS));
        assert_eq!([Versions::FIRST.to_string(), versions(2, 4).to_string()], ["version 1", "versions 2 to 4"]);
    }
}
