//! The limits that a peer's or a file's word is held to, in one place; each says why it is that number.

/// Bytes of a chunk's body before compression at which its builder seals it. Small enough that a filter that wants one packet
/// reads little, large enough that compression and one disk write are worth their fixed costs (`measured.md`, A3).
pub const CHUNK_BODY_TARGET: usize = 256 * 1024;

/// Packets (or other records) in one chunk: bounds what one header can make a reader do.
pub const MAX_CHUNK_RECORDS: usize = 4096;

/// Bytes of one packet. `MAXIMUM_SNAPLEN` of libpcap is 256 KiB; files with larger ones exist, and a packet of more than
/// [`CHUNK_BODY_TARGET`] becomes a chunk of its own, up to this.
pub const MAX_PACKET_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of one comment on a packet: the length of a pcapng option has 16 bits.
pub const MAX_COMMENT_BYTES: usize = 65_535;

/// Bytes of an interface's name or description: as for comments.
pub const MAX_INTERFACE_TEXT_BYTES: usize = 65_535;

/// Bytes of a chunk's body before compression: one largest packet with its comment, interface and columns.
pub const MAX_CHUNK_BODY: usize = MAX_PACKET_BYTES + 512 * 1024;

/// Bytes of a whole chunk as stored and sent: header and an incompressible body.
pub const MAX_CHUNK_BYTES: usize = crate::chunk::HEADER_BYTES + MAX_CHUNK_BODY;

/// Bytes of one frame on the wire: the largest chunk. Checked before anything is allocated for it.
pub const MAX_FRAME_BYTES: usize = MAX_CHUNK_BYTES;

/// Bytes of a display filter: the longest rule seen in rule files has 2 KiB.
pub const MAX_FILTER_BYTES: usize = 64 * 1024;

/// Hosts that one query names.
pub const MAX_QUERY_HOSTS: usize = 4096;

/// Streams that one leg of a query reads; a node that is to read more is asked more than once.
pub const MAX_LEG_STREAMS: usize = 1024;

/// `${name}` references that one query defines.
pub const MAX_QUERY_REFERENCES: usize = 1024;

/// Fields and options of one output.
pub const MAX_OUTPUT_FIELDS: usize = 4096;

/// Files of standing rules in a cluster, those included that were removed and are remembered as such.
pub const MAX_RULE_FILES: usize = 256;

/// Bytes of one of them: what a small value of the store holds beside its name, and more than any that is written by hand.
pub const MAX_RULE_FILE_BYTES: usize = 512 * 1024;

/// Bytes of a host's name.
pub const MAX_HOST_NAME_BYTES: usize = 255;

/// Bytes of rows that one batch carries before it is sent.
pub const ROWS_TARGET_BYTES: usize = 256 * 1024;
