//! The value of one field of one packet.

/// A value. `Bytes` and `Text` stand for the octets of the node's own range, so that nothing is copied.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// A field that is only present.
    #[default]
    None,
    /// All unsigned integers, characters, flags (0 or 1) and frame numbers.
    Uint(u64),
    Int(i64),
    Float(f64),
    /// Absolute (since the Unix epoch) or relative time in nanoseconds.
    Time(i64),
    Ether([u8; 6]),
    Ipv4([u8; 4]),
    Ipv6([u8; 16]),
    /// The octets of the node's range.
    Bytes,
    /// A protocol: the octets of the node's range are its own; what it holds follows, up to `end` of its source.
    Protocol {
        end: u32,
    },
    /// The octets of the node's range as text.
    Text,
    /// Text that does not stand in the packet as it is.
    String(Box<str>),
    /// Octets that do not stand in the packet as they are.
    Octets(Box<[u8]>),
}
