//! Rules: Wireshark's rule files as they are, and rules of our own, from text to findings.
//!
//! [`listing`] reads the files; a line that Wireshark would drop is named with its reason. [`rule`] compiles what they
//! hold: a faulty rule is [`Fault`], and the others go on. [`evaluator`] is the machine that sees packets and says what
//! the rules found; its memory has the limits below, whatever the packets and the rules.

mod buttons;
mod colors;
pub mod evaluator;
mod foreign;
pub mod listing;
mod message;
mod named;
pub mod rule;
mod window;

pub use evaluator::{Evaluator, Match};
pub use foreign::FOREIGN;
pub use listing::{Kind, Listing, Row, Skipped};
pub use message::Message;
pub use rule::{Fault, Group, Measure, Rule, Severity, Spec};

/// The longest rule file that is read, in octets.
pub const MAX_FILE_LEN: usize = 1 << 20;
/// How many rules one file may hold.
pub const MAX_ROWS: usize = 4096;
/// How many rules an evaluator runs: each costs time with every packet.
pub const MAX_RULES: usize = 1024;
/// The longest name of a rule, in octets.
pub const MAX_NAME_LEN: usize = 256;
/// The longest message of a rule, in octets, before and after values are put in.
pub const MAX_MESSAGE_LEN: usize = 4096;
/// The longest value that is put into a message or taken as a group, in octets.
pub const MAX_VALUE_LEN: usize = 256;
/// How many groups one rule keeps apart; the one that was idle longest makes room.
pub const MAX_GROUPS: usize = 65_536;
/// How many packets a rule may count.
pub const MAX_COUNT: u64 = 100_000;
/// How many samples all windows of an evaluator hold together; the group that was idle longest makes room.
pub const MAX_SAMPLES: usize = 1 << 20;
/// The longest time over which a rule may count, in nanoseconds: a day.
pub const MAX_WITHIN: i64 = 86_400_000_000_000;
/// How many frames a match lists.
pub const MAX_FRAMES: usize = 100;
