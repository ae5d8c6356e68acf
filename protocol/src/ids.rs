//! The names of things: hosts, nodes, streams, chunks, partitions and packets.
//!
//! ```text
//! packet id, stored and sent (memcmp order is time order):
//!   0        8        16
//!   | time   | seq    |     both big-endian; seq = 10 zero bits, epoch (18), counter (36)
//!
//! packet id, shown (a version-1 UUID, RFC 9562, section 5.1):
//!   ticks     = time / 100 + 0x01B21DD213814000    100 ns since 1582-10-15
//!   r         = time % 100                         7 bits
//!   clock_seq = r << 7 | seq[53:47]                14 bits
//!   node      = seq[46:40] << 41 | 1 << 40 | seq[39:0]    bit 40 is the multicast bit (section 6.10)
//! ```

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

use crate::codec::{Decode, Encode};
use crate::time::Timestamp;

/// A machine whose traffic is captured, or one capture point of it: a UUID that it keeps for life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct HostId([u8; 16]);

/// The name space of hosts that are made from a capture file (RFC 9562, section 5.5).
const FILE_HOSTS: Uuid = Uuid::from_u128(0x8a1d_3c52_6f0e_4b7b_9d24_5d1c_70e3_a6f1);

/// The name space of hosts that are made from a node's key.
const NODE_HOSTS: Uuid = Uuid::from_u128(0x5b0c_9f1e_27d3_4c86_a1f4_0e6b_93d8_52c7);

impl HostId {
    /// The host of a capture file that names none: a version-5 UUID of the BLAKE3 hash of the file, so that the same file is
    /// always the same host.
    #[must_use]
    pub fn of_file(file_blake3: &[u8; 32]) -> Self {
        Self(*Uuid::new_v5(&FILE_HOSTS, file_blake3).as_bytes())
    }

    /// The host that an edge node is: a version-5 UUID of its key, so that its certificate proves that it is its own.
    #[must_use]
    pub fn of_node(node: &NodeId) -> Self {
        Self(*Uuid::new_v5(&NODE_HOSTS, &node.0).as_bytes())
    }

    /// The host with these 16 bytes, in the order of RFC 9562.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, in the order of RFC 9562.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// As a UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        Uuid::from_bytes(self.0)
    }

    /// The partition that all packets of this host are in, for ever.
    #[must_use]
    pub fn partition(&self) -> Partition {
        Partition((xxhash_rust::xxh3::xxh3_64(&self.0) >> (64 - Partition::BITS)) as u16)
    }
}

impl From<Uuid> for HostId {
    fn from(uuid: Uuid) -> Self {
        Self(*uuid.as_bytes())
    }
}

impl FromStr for HostId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text).map(Self::from)
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid().as_hyphenated(), f)
    }
}

impl fmt::Debug for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostId({self})")
    }
}

/// A machine of the cluster: the Ed25519 public key of its certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct NodeId(pub [u8; 32]);

impl NodeId {
    /// The first eight hexadecimal digits: enough for people to tell the nodes of a cluster apart.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All 64 hexadecimal digits.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text that is no id of a node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a node's id is 64 hexadecimal digits")]
pub struct NodeIdError;

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(NodeIdError);
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).ok_or(NodeIdError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NodeIdError)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({})", self.short())
    }
}

/// One run of one capture on one host. It is kept on disk and rises at each start; an import takes it from the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch of an imported file: 32 bits of its BLAKE3 hash, turned so that [`Seq`] gets the first 18 of them.
    #[must_use]
    pub fn of_file(file_blake3: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *file_blake3;
        Self(u32::from_be_bytes([a, b, c, d]).rotate_left(Seq::EPOCH_BITS))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Everything that one run of one capture on one host produced. Shown as `host/epoch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct StreamId {
    pub host: HostId,
    pub epoch: Epoch,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.epoch)
    }
}

/// The place of a chunk in its stream: dense from 0, over all kinds of chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ChunkNo(pub u64);

impl fmt::Display for ChunkNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The name of a chunk in the whole cluster. Shown as `host/epoch#number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ChunkId {
    pub stream: StreamId,
    pub no: ChunkNo,
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.stream, self.no)
    }
}

/// A slice of the hosts, `hash(host) in 0..4096`: what the nodes share out among themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u16);

impl Partition {
    /// Bits of the hash that choose the partition.
    pub const BITS: u32 = 12;
    /// Number of partitions, fixed for the life of every cluster.
    pub const COUNT: u16 = 1 << Self::BITS;

    /// The partition with this number, if there is one.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// Its number, 0 to 4095.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// The second half of a packet id: which packet of which run, 54 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

impl Seq {
    /// Bits of the stream's epoch that are kept.
    pub const EPOCH_BITS: u32 = 18;
    /// Bits of the counter; at a million packets a second it comes round after 19 hours, when the time differs.
    pub const COUNTER_BITS: u32 = 36;
    /// The greatest value.
    pub const MAX: Self = Self((1 << (Self::EPOCH_BITS + Self::COUNTER_BITS)) - 1);

    const COUNTER_MASK: u64 = (1 << Self::COUNTER_BITS) - 1;
    const EPOCH_MASK: u64 = (1 << Self::EPOCH_BITS) - 1;

    /// The sequence of the packet that its capture counted as `counter`; low bits of both are kept.
    #[must_use]
    pub const fn new(epoch: Epoch, counter: u64) -> Self {
        Self((epoch.0 as u64 & Self::EPOCH_MASK) << Self::COUNTER_BITS | counter & Self::COUNTER_MASK)
    }

    /// The sequence with this value, if it has no more than 54 bits.
    #[must_use]
    pub const fn from_value(value: u64) -> Option<Self> {
        if value <= Self::MAX.0 { Some(Self(value)) } else { None }
    }

    /// All 54 bits.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Low 18 bits of the epoch.
    #[must_use]
    pub const fn epoch18(self) -> u32 {
        (self.0 >> Self::COUNTER_BITS) as u32
    }

    /// Low 36 bits of the capture's counter; for an imported file, the number of the packet in it counted from 0.
    #[must_use]
    pub const fn counter(self) -> u64 {
        self.0 & Self::COUNTER_MASK
    }
}

/// A packet within its host; ordered by time, then sequence, which is also the order of [`PacketId::to_bytes`].
///
/// Shown and read as a version-1 UUID (a Cassandra `timeuuid`); the pair `(host, packet id)` is unique everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PacketId {
    pub time: Timestamp,
    pub seq: Seq,
}

/// 100 ns intervals between the start of the Gregorian calendar and the Unix epoch (RFC 9562, section 5.1).
const GREGORIAN_OFFSET_TICKS: u64 = 0x01B2_1DD2_1381_4000;

/// Why a text or a UUID is no packet id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PacketIdError {
    /// No UUID at all.
    #[error("{0:?} is no packet id: a UUID is expected")]
    Syntax(String),
    /// A UUID that this bijection never makes, for instance one of version 4 or one with a network card's address in it.
    #[error("{0} is a UUID but no packet id")]
    Foreign(Uuid),
    /// The upper ten bits of the sequence are not zero.
    #[error("sequence {0:#x} has more than 54 bits")]
    Seq(u64),
}

impl PacketId {
    /// Time and sequence, both big-endian: equal order as bytes and as a value.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.time.0) << 64 | u128::from(self.seq.0)).to_be_bytes()
    }

    /// The id with these bytes.
    ///
    /// # Errors
    /// [`PacketIdError::Seq`] when the sequence has more than 54 bits.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<Self, PacketIdError> {
        let whole = u128::from_be_bytes(bytes);
        let seq = whole as u64;
        Ok(Self { time: Timestamp((whole >> 64) as u64), seq: Seq::from_value(seq).ok_or(PacketIdError::Seq(seq))? })
    }

    /// The version-1 UUID of this id. Lossless: see [`PacketId::from_timeuuid`].
    #[must_use]
    pub fn to_timeuuid(self) -> Uuid {
        let ticks = self.time.0 / 100 + GREGORIAN_OFFSET_TICKS;
        let rest = self.time.0 % 100;
        let seq = self.seq.0;
        let clock = (rest << 7 | seq >> 47) as u16;
        let node = (seq >> 40 & 0x7f) << 41 | 1 << 40 | seq & 0xff_ffff_ffff;
        let mut tail = [0; 8];
        tail[..2].copy_from_slice(&(clock | 0x8000).to_be_bytes());
        tail[2..].copy_from_slice(&node.to_be_bytes()[2..]);
        Uuid::from_fields(ticks as u32, (ticks >> 32) as u16, (ticks >> 48) as u16 | 0x1000, &tail)
    }

    /// The id that a version-1 UUID made by [`PacketId::to_timeuuid`] stands for.
    ///
    /// # Errors
    /// [`PacketIdError::Foreign`] for every other UUID.
    pub fn from_timeuuid(uuid: Uuid) -> Result<Self, PacketIdError> {
        let foreign = || PacketIdError::Foreign(uuid);
        let (low, mid, high, tail) = uuid.as_fields();
        let whole = u64::from_be_bytes(*tail);
        let (clock, node) = (whole >> 48, whole & 0xffff_ffff_ffff);
        if high >> 12 != 1 || clock >> 14 != 0b10 || node >> 40 & 1 != 1 {
            return Err(foreign());
        }
        let ticks = u64::from(high & 0xfff) << 48 | u64::from(mid) << 32 | u64::from(low);
        let rest = clock >> 7 & 0x7f;
        if rest >= 100 {
            return Err(foreign());
        }
        let time = ticks
            .checked_sub(GREGORIAN_OFFSET_TICKS)
            .and_then(|since| since.checked_mul(100))
            .and_then(|nanos| nanos.checked_add(rest))
            .ok_or_else(foreign)?;
        let seq = (clock & 0x7f) << 47 | (node >> 41) << 40 | node & 0xff_ffff_ffff;
        Ok(Self { time: Timestamp(time), seq: Seq(seq) })
    }
}

impl fmt::Display for PacketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_timeuuid().as_hyphenated(), f)
    }
}

impl fmt::Debug for PacketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PacketId({} {})", self.time, self.seq.0)
    }
}

impl FromStr for PacketId {
    type Err = PacketIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = Uuid::from_str(text).map_err(|_| PacketIdError::Syntax(text.to_owned()))?;
        Self::from_timeuuid(uuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(time: u64, seq: u64) -> PacketId {
        PacketId { time: Timestamp(time), seq: Seq::from_value(seq).expect("54 bits") }
    }

    #[test]
    fn timeuuid_vectors() {
        let time = 1_760_000_000_123_456_789;
        let cases = [
            (id(time, 0), "67a01687-a4ed-11f0-ac80-010000000000"),
            (id(time, 1), "67a01687-a4ed-11f0-ac80-010000000001"),
            (id(time, 5 << 36 | 42), "67a01687-a4ed-11f0-ac80-01500000002a"),
            (id(0, (1 << 54) - 1), "13814000-1dd2-11b2-807f-ffffffffffff"),
        ];
        for (id, text) in cases {
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
            let uuid = id.to_timeuuid();
            assert_eq!((uuid.get_version_num(), uuid.get_variant()), (1, uuid::Variant::RFC4122));
        }
    }

    #[test]
    fn foreign_uuids_are_refused() {
        for text in [
            "67a01687-a4ed-41f0-ac80-010000000000", // version 4
            "67a01687-a4ed-11f0-2c80-010000000000", // another variant
            "67a01687-a4ed-11f0-ac80-000000000000", // no multicast bit: the address of a card
            "67a01687-a4ed-11f0-b280-010000000000", // 101 ns beyond the tick
            "00000000-1dd2-11b2-8000-010000000000", // before 1970
            "ffffffff-ffff-1fff-8000-010000000000", // past 2554
        ] {
            let uuid = Uuid::from_str(text).expect("a UUID");
            assert_eq!(text.parse::<PacketId>(), Err(PacketIdError::Foreign(uuid)), "{text}");
        }
        assert!(matches!("x".parse::<PacketId>(), Err(PacketIdError::Syntax(_))));
        assert_eq!(PacketId::from_bytes([0xff; 16]), Err(PacketIdError::Seq(u64::MAX)));
    }

    #[test]
    fn partitions_are_fixed() {
        // A cluster's data lies where these say: they may never change.
        let cases = [(0u128, 3338), (1, 1045), (0x67a0_1687_a4ed_41f0_ac80_0100_0000_0000, 1514)];
        for (uuid, partition) in cases {
            assert_eq!(HostId::from(Uuid::from_u128(uuid)).partition().number(), partition);
        }
        assert_eq!((Partition::new(4095).map(Partition::number), Partition::new(4096)), (Some(4095), None));
    }

    #[test]
    fn a_file_is_always_the_same_stream() {
        let hash = *blake3::hash(b"capture").as_bytes();
        assert_eq!(HostId::of_file(&hash), HostId::of_file(&hash));
        assert_ne!(HostId::of_file(&hash), HostId::of_file(blake3::hash(b"other").as_bytes()));
        assert_eq!(HostId::of_file(&hash).uuid().get_version_num(), 5);
        let first18 = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> 14;
        assert_eq!(Seq::new(Epoch::of_file(&hash), 7).epoch18(), first18);
    }

    #[test]
    fn nodes_are_shown_short_and_long() {
        let node = NodeId([0xab; 32]);
        assert_eq!(node.short(), "abababab");
        assert_eq!(node.to_string(), "ab".repeat(32));
    }

    proptest! {
        #[test]
        fn ids_come_back_and_keep_their_order(a: u64, b: u64, c in 0..=Seq::MAX.0, d in 0..=Seq::MAX.0) {
            let (one, two) = (id(a, c), id(b, d));
            prop_assert_eq!(PacketId::from_timeuuid(one.to_timeuuid()), Ok(one));
            prop_assert_eq!(PacketId::from_bytes(one.to_bytes()), Ok(one));
            prop_assert_eq!(one.cmp(&two), one.to_bytes().cmp(&two.to_bytes()));
        }

        #[test]
        fn uuids_that_are_ids_come_back(bits: u128) {
            // Forcing version, variant and multicast bit makes most of them ids.
            let bits = bits & !(0xf << 76) & !(3 << 62) | 1 << 76 | 2 << 62 | 1 << 40;
            let uuid = Uuid::from_u128(bits);
            if let Ok(id) = PacketId::from_timeuuid(uuid) {
                prop_assert_eq!(id.to_timeuuid(), uuid);
            }
        }

        #[test]
        fn seqs_are_epoch_and_counter(epoch: u32, counter: u64) {
            let seq = Seq::new(Epoch(epoch), counter);
            prop_assert_eq!(seq.epoch18(), epoch & 0x3_ffff);
            prop_assert_eq!(seq.counter(), counter & 0xf_ffff_ffff);
        }
    }
}
