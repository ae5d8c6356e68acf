//! A node's configuration: `node.toml`, its defaults, and what makes it valid.
//!
//! ```toml
//! roles = ["capture", "store", "analyze"]
//! listen = "0.0.0.0:4720"
//! seeds = ["10.0.0.7:4720"]
//!
//! advertise = ["field7.example:4720"]
//! zone = "rack 3"
//! weight = 4
//! grace = "5m"
//! move_rate = "100MB"
//!
//! decode_as = ["udp.port==5070,sip"]
//!
//! [retention]
//! age = "30d"
//! size = "500GB"
//!
//! [spool]
//! size = "4GB"
//! when_full = "drop-oldest"
//!
//! [[capture]]
//! interface = "eth0"
//! filter = "port 5060 or udp portrange 10000-20000"
//! snaplen = 262144
//! buffer = "64MiB"
//! ```
//! Every key can be left out. An unknown one is an error: a setting that is silently ignored is worse than none. The
//! command line lays its flags over what the file says, then calls [`Settings::validate`].

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use packetstream_protocol::credentials::Role;
use serde::{Deserialize, Serialize};

use crate::address::{Address, DEFAULT_PORT};
use crate::authority::{MAX_SEEDS, one_line};
use crate::file;
use crate::units::{Age, Size};

/// The largest configuration file that is read, in bytes.
pub const MAX_SETTINGS_BYTES: u64 = 256 * 1024;
/// How many interfaces one node captures from.
pub const MAX_CAPTURES: usize = 64;
/// The longest capture filter, in bytes.
pub const MAX_CAPTURE_FILTER_LEN: usize = 16 * 1024;
/// The longest name of an interface, in bytes (Linux allows 15, other systems more).
pub const MAX_INTERFACE_LEN: usize = 255;
/// The largest snap length, in bytes; the one that tcpdump and Wireshark take for "everything".
pub const SNAPLEN_MAX: u32 = 262_144;
/// The smallest snap length, in bytes: an Ethernet, IPv6 and TCP header with nothing behind them.
pub const SNAPLEN_MIN: u32 = 14 + 40 + 20;
/// The smallest and the largest capture buffer in the kernel. It is a C `int` there.
pub const BUFFER_MIN: Size = Size::from_bytes(64 * 1024);
pub const BUFFER_MAX: Size = Size::from_bytes(i32::MAX as u64);
/// The greatest weight of a node.
pub const WEIGHT_MAX: u8 = 64;
/// The longest name of a zone, in bytes.
pub const MAX_ZONE_LEN: usize = 255;
/// Addresses that one node can be reached at.
pub const MAX_ADVERTISED: usize = 8;
/// The smallest spool: a few of the largest chunks.
pub const SPOOL_SIZE_MIN: Size = Size::from_bytes(64 << 20);
/// What a node that stores must at least be allowed to keep.
pub const RETENTION_SIZE_MIN: Size = Size::from_bytes(64 << 20);
/// The shortest time for which a node may be told to keep packets.
pub const RETENTION_AGE_MIN: Age = Age::from_secs(60);

/// One thing that a node does; the `roles` of its configuration. (The role in a certificate is about what its holder
/// may do: [`Role`].)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// Reads packets from network interfaces.
    Capture,
    /// Keeps chunks and answers queries over them.
    Store,
    /// Analyses the hosts whose first owner it is.
    Analyze,
}

/// Everything that can be configured about a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub roles: BTreeSet<NodeRole>,
    /// Where the node listens for its peers.
    pub listen: Address,
    /// Peers to join through, besides those of the bundle.
    pub seeds: Vec<Address>,
    /// The folder of the node's data; `None` is the user's data folder.
    pub data: Option<PathBuf>,
    /// Where peers reach the node, if that is not where it listens.
    pub advertise: Vec<Address>,
    /// Where the node stands; copies go to different zones first.
    pub zone: String,
    /// The node's share of the data, relative to the others.
    pub weight: u8,
    /// How long a member is dead before its data is copied elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace: Option<Age>,
    /// How much a second the node gives away to bring data where it belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub move_rate: Option<Size>,
    /// What ports carry that one would not know otherwise, as `-d` of the command line has it. It had better be the same on
    /// all nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decode_as: Vec<String>,
    pub retention: Retention,
    pub spool: Spool,
    pub capture: Vec<Capture>,
}

/// What was captured and is not yet stored by enough nodes, on this machine's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spool {
    pub size: Size,
    pub when_full: WhenFull,
}

/// What becomes of captured packets that the spool has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// The oldest packets go, and are counted as a gap.
    DropOldest,
    /// The new ones are dropped and counted as a gap.
    DropNewest,
}

impl Default for Spool {
    fn default() -> Self {
        Self { size: Size::from_bytes(4 << 30), when_full: WhenFull::DropOldest }
    }
}

/// How long stored packets are kept. What exceeds either bound goes, the oldest first; no bound keeps everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Age>,
    /// Of the database on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// One interface to capture from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    pub interface: String,
    /// A libpcap filter (BPF); without one, everything is captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How much of each packet is kept, in bytes.
    #[serde(default = "default_snaplen")]
    pub snaplen: u32,
    /// What the kernel may hold while the node is busy.
    #[serde(default = "default_buffer")]
    pub buffer: Size,
}

/// Why a configuration cannot be used: one line that names the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("roles: a node needs at least one of capture, store, analyze")]
    NoRole,
    #[error("roles: a bundle for {bundle} does not allow {role}; ask an operator for one made with --role node")]
    RoleNotAllowed { bundle: Role, role: NodeRole },
    #[error(
        "roles: a bundle for {bundle} is for the command line; run the node with one made with --role node or edge"
    )]
    NoNodeBundle { bundle: Role },
    #[error("roles: analyze works on stored packets; add store")]
    AnalyzeWithoutStore,
    #[error("capture: interface {interface} is to be captured, but roles lacks capture")]
    CaptureWithoutRole { interface: String },
    #[error("capture: {count} interfaces are more than {MAX_CAPTURES}")]
    TooManyCaptures { count: usize },
    #[error("capture: interface {interface} is named twice")]
    CapturedTwice { interface: String },
    #[error("capture: {interface:?} is no name of an interface")]
    BadInterface { interface: String },
    #[error(
        "capture: the filter for {interface} is longer than {MAX_CAPTURE_FILTER_LEN} bytes or contains a null byte"
    )]
    BadFilter { interface: String },
    #[error("capture: snaplen {snaplen} for {interface} is not from {SNAPLEN_MIN} to {SNAPLEN_MAX}")]
    BadSnaplen { interface: String, snaplen: u32 },
    #[error("capture: buffer {buffer} for {interface} is not from {BUFFER_MIN} to 2147483647B")]
    BadBuffer { interface: String, buffer: Size },
    #[error("weight: {weight} is not from 1 to {WEIGHT_MAX}")]
    BadWeight { weight: u8 },
    #[error("zone: it is longer than {MAX_ZONE_LEN} bytes")]
    BadZone,
    #[error("advertise: {count} addresses are more than {MAX_ADVERTISED}")]
    TooManyAdvertised { count: usize },
    #[error("spool: size {size} is less than {SPOOL_SIZE_MIN}")]
    SpoolSize { size: Size },
    #[error("retention: age {age} is less than {RETENTION_AGE_MIN}")]
    RetentionAge { age: Age },
    #[error("retention: size {size} is less than {RETENTION_SIZE_MIN}")]
    RetentionSize { size: Size },
    #[error("seeds: {count} addresses are more than {MAX_SEEDS}")]
    TooManySeeds { count: usize },
    #[error("seeds: {seed} has no port; 0 is good only for listening")]
    SeedWithoutPort { seed: Address },
}

/// Why a configuration was not read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("configuration {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("configuration {}: {place}{reason}", path.display())]
    Syntax { path: PathBuf, place: Place, reason: String },
}

/// A line and a column, from 1, or nothing where they are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(Option<(usize, usize)>);

impl Place {
    fn of(error: &toml::de::Error, text: &str) -> Self {
        Self(error.span().and_then(|span| {
            let before = text.get(..span.start)?;
            let line = before.rsplit('\n').next()?;
            Some((before.matches('\n').count() + 1, line.chars().count() + 1))
        }))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |(line, column)| write!(f, "line {line}, column {column}: "))
    }
}

fn default_snaplen() -> u32 {
    SNAPLEN_MAX
}

fn default_buffer() -> Size {
    Size::from_bytes(64 << 20)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roles: BTreeSet::from([NodeRole::Capture, NodeRole::Store, NodeRole::Analyze]),
            listen: Address::new(Ipv4Addr::UNSPECIFIED.into(), DEFAULT_PORT),
            seeds: Vec::new(),
            data: None,
            advertise: Vec::new(),
            zone: String::new(),
            weight: 1,
            grace: None,
            move_rate: None,
            decode_as: Vec::new(),
            retention: Retention::default(),
            spool: Spool::default(),
            capture: Vec::new(),
        }
    }
}

impl Capture {
    /// Everything on `interface`, with the default snap length and buffer.
    pub fn everything(interface: impl Into<String>) -> Self {
        Self { interface: interface.into(), filter: None, snaplen: default_snaplen(), buffer: default_buffer() }
    }
}

impl Settings {
    /// Reads the configuration file `path`. What it says is not yet validated.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = file::read_text(path, MAX_SETTINGS_BYTES)
            .map_err(|source| SettingsError::Io { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|error| SettingsError::Syntax {
            path: path.to_owned(),
            place: Place::of(&error, &text),
            reason: one_line(&error),
        })
    }

    /// Whether a node with a bundle of the role `bundle` can run with these settings; the first reason why not.
    pub fn validate(&self, bundle: Role) -> Result<(), Invalid> {
        self.validate_roles(bundle)?;
        if self.seeds.len() > MAX_SEEDS {
            return Err(Invalid::TooManySeeds { count: self.seeds.len() });
        }
        if let Some(seed) = self.seeds.iter().find(|seed| seed.port() == 0) {
            return Err(Invalid::SeedWithoutPort { seed: seed.clone() });
        }
        if !(1..=WEIGHT_MAX).contains(&self.weight) {
            return Err(Invalid::BadWeight { weight: self.weight });
        }
        if self.zone.len() > MAX_ZONE_LEN {
            return Err(Invalid::BadZone);
        }
        if self.advertise.len() > MAX_ADVERTISED {
            return Err(Invalid::TooManyAdvertised { count: self.advertise.len() });
        }
        if self.spool.size < SPOOL_SIZE_MIN {
            return Err(Invalid::SpoolSize { size: self.spool.size });
        }
        if let Some(age) = self.retention.age.filter(|age| *age < RETENTION_AGE_MIN) {
            return Err(Invalid::RetentionAge { age });
        }
        if let Some(size) = self.retention.size.filter(|size| *size < RETENTION_SIZE_MIN) {
            return Err(Invalid::RetentionSize { size });
        }
        if self.capture.len() > MAX_CAPTURES {
            return Err(Invalid::TooManyCaptures { count: self.capture.len() });
        }
        let mut seen = BTreeSet::new();
        for capture in &self.capture {
            if !seen.insert(capture.interface.as_str()) {
                return Err(Invalid::CapturedTwice { interface: capture.interface.clone() });
            }
            capture.validate()?;
        }
        Ok(())
    }

    fn validate_roles(&self, bundle: Role) -> Result<(), Invalid> {
        let has = |role| self.roles.contains(&role);
        if self.roles.is_empty() {
            return Err(Invalid::NoRole);
        }
        match bundle {
            Role::Node => {}
            Role::Edge => {
                // An edge node captures and forwards; the cluster's packets are not for it.
                if let Some(&role) = self.roles.iter().find(|role| **role != NodeRole::Capture) {
                    return Err(Invalid::RoleNotAllowed { bundle, role });
                }
            }
            Role::Operator | Role::Reader => return Err(Invalid::NoNodeBundle { bundle }),
        }
        if has(NodeRole::Analyze) && !has(NodeRole::Store) {
            return Err(Invalid::AnalyzeWithoutStore);
        }
        match self.capture.first() {
            Some(capture) if !has(NodeRole::Capture) => {
                Err(Invalid::CaptureWithoutRole { interface: capture.interface.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl Capture {
    fn validate(&self) -> Result<(), Invalid> {
        let interface = self.interface.clone();
        let len = self.interface.len();
        if len == 0 || len > MAX_INTERFACE_LEN || self.interface.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Invalid::BadInterface { interface });
        }
        let filter = self.filter.as_deref().unwrap_or_default();
        if filter.len() > MAX_CAPTURE_FILTER_LEN || filter.contains('\0') {
            return Err(Invalid::BadFilter { interface });
        }
        if !(SNAPLEN_MIN..=SNAPLEN_MAX).contains(&self.snaplen) {
            return Err(Invalid::BadSnaplen { interface, snaplen: self.snaplen });
        }
        if !(BUFFER_MIN..=BUFFER_MAX).contains(&self.buffer) {
            return Err(Invalid::BadBuffer { interface, buffer: self.buffer });
        }
        Ok(())
    }
}

const NODE_ROLES: [(NodeRole, &str); 3] =
    [(NodeRole::Capture, "capture"), (NodeRole::Store, "store"), (NodeRole::Analyze, "analyze")];

impl fmt::Display for NodeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NODE_ROLES.iter().filter(|(role, _)| role == self).try_for_each(|(_, name)| f.write_str(name))
    }
}

/// A text that is no role of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role of a node; the roles are capture, store and analyze")]
pub struct UnknownNodeRole(String);

impl FromStr for NodeRole {
    type Err = UnknownNodeRole;

    fn from_str(text: &str) -> Result<Self, UnknownNodeRole> {
        let found = NODE_ROLES.iter().find(|(_, name)| *name == text);
        found.map(|(role, _)| *role).ok_or_else(|| UnknownNodeRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
