//! What a field is: its Wireshark name, its type, how its values are shown and what they are called.

use std::borrow::Cow;

use crate::registry::ProtoId;

/// The place of a field in the registry: stable within one build of the program, never stored or sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FieldId(pub u16);

/// The types of the display-filter language that our fields have (Wireshark's FT_* of the same names).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// Present or not, without a value (`FT_NONE`).
    None,
    /// A whole protocol: its value is its bytes.
    Protocol,
    Boolean,
    /// One octet shown as a character.
    Char,
    Uint8,
    Uint16,
    Uint24,
    Uint32,
    Uint40,
    Uint48,
    Uint56,
    Uint64,
    Int8,
    Int16,
    Int24,
    Int32,
    Int64,
    Float,
    Double,
    /// Nanoseconds since the Unix epoch.
    AbsoluteTime,
    /// A span of nanoseconds, possibly negative.
    RelativeTime,
    String,
    Ether,
    Bytes,
    Ipv4,
    Ipv6,
    /// The number of another frame of the same capture.
    FrameNum,
    Guid,
    Oid,
    Eui64,
}

impl FieldType {
    /// The width in octets of an integer type, 0 for what is none.
    pub const fn width(self) -> u8 {
        match self {
            Self::Char | Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 => 2,
            Self::Uint24 | Self::Int24 => 3,
            Self::Uint32 | Self::Int32 | Self::FrameNum => 4,
            Self::Uint40 => 5,
            Self::Uint48 => 6,
            Self::Uint56 => 7,
            Self::Uint64 | Self::Int64 => 8,
            _ => 0,
        }
    }

    /// Unsigned integers of any width; characters and frame numbers count.
    pub const fn is_unsigned(self) -> bool {
        matches!(
            self,
            Self::Char
                | Self::Uint8
                | Self::Uint16
                | Self::Uint24
                | Self::Uint32
                | Self::Uint40
                | Self::Uint48
                | Self::Uint56
                | Self::Uint64
                | Self::FrameNum
        )
    }

    /// Signed integers of any width.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Int8 | Self::Int16 | Self::Int24 | Self::Int32 | Self::Int64)
    }

    /// Integers of either sign.
    pub const fn is_integer(self) -> bool {
        self.is_unsigned() || self.is_signed()
    }

    /// The name that filter errors and `packetstream fields` use, in Wireshark's words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::None => "Label",
            Self::Protocol => "Protocol",
            Self::Boolean => "Boolean",
            Self::Char => "Character (8 bits)",
            Self::Uint8 => "Unsigned integer (1 byte)",
            Self::Uint16 => "Unsigned integer (2 bytes)",
            Self::Uint24 => "Unsigned integer (3 bytes)",
            Self::Uint32 => "Unsigned integer (4 bytes)",
            Self::Uint40 => "Unsigned integer (5 bytes)",
            Self::Uint48 => "Unsigned integer (6 bytes)",
            Self::Uint56 => "Unsigned integer (7 bytes)",
            Self::Uint64 => "Unsigned integer (8 bytes)",
            Self::Int8 => "Signed integer (1 byte)",
            Self::Int16 => "Signed integer (2 bytes)",
            Self::Int24 => "Signed integer (3 bytes)",
            Self::Int32 => "Signed integer (4 bytes)",
            Self::Int64 => "Signed integer (8 bytes)",
            Self::Float => "Floating point (single-precision)",
            Self::Double => "Floating point (double-precision)",
            Self::AbsoluteTime => "Date and time",
            Self::RelativeTime => "Time offset",
            Self::String => "Character string",
            Self::Ether => "Ethernet or other MAC address",
            Self::Bytes => "Sequence of bytes",
            Self::Ipv4 => "IPv4 address",
            Self::Ipv6 => "IPv6 address",
            Self::FrameNum => "Frame number",
            Self::Guid => "Globally Unique Identifier",
            Self::Oid => "ASN.1 object identifier",
            Self::Eui64 => "EUI64 address",
        }
    }
}

/// In which form a number, or the separators of a byte string, are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// The type has only one form.
    None,
    Dec,
    Hex,
    Oct,
    /// Decimal, the hexadecimal behind it in the tree.
    DecHex,
    /// Hexadecimal, the decimal behind it in the tree.
    HexDec,
    /// Octets with colons between them.
    Colons,
}

/// What the values of an integer or a flag are called.
#[derive(Clone, Copy)]
pub enum Names {
    None,
    /// Sorted or not; the first row that matches counts.
    Values(&'static [(u64, &'static str)]),
    /// Inclusive ranges; the first row that matches counts.
    Ranges(&'static [(u64, u64, &'static str)]),
    /// What true and false are called.
    Flag(&'static str, &'static str),
    /// A unit, put behind the number in the tree (with its leading space, if it has one).
    Unit(&'static str),
    /// Names that have to be computed.
    Computed(fn(u64) -> Option<Cow<'static, str>>),
}

impl Names {
    /// The name of `value`, if it has one. Units name nothing.
    pub fn of(&self, value: u64) -> Option<Cow<'static, str>> {
        match self {
            Self::None | Self::Unit(_) => None,
            Self::Values(rows) => rows.iter().find(|row| row.0 == value).map(|row| Cow::Borrowed(row.1)),
            Self::Ranges(rows) => {
                rows.iter().find(|row| row.0 <= value && value <= row.1).map(|row| Cow::Borrowed(row.2))
            }
            Self::Flag(yes, no) => Some(Cow::Borrowed(if value != 0 { yes } else { no })),
            Self::Computed(name) => name(value),
        }
    }
}

/// Expert severities with Wireshark's values (`_ws.expert.severity`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub enum Severity {
    Comment = 0x0010_0000,
    Chat = 0x0020_0000,
    Note = 0x0040_0000,
    Warning = 0x0060_0000,
    Error = 0x0080_0000,
}

/// Expert groups with Wireshark's values (`_ws.expert.group`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Group {
    Checksum = 0x0100_0000,
    Sequence = 0x0200_0000,
    Response = 0x0300_0000,
    Request = 0x0400_0000,
    Undecoded = 0x0500_0000,
    Reassemble = 0x0600_0000,
    Malformed = 0x0700_0000,
    Debug = 0x0800_0000,
    Protocol = 0x0900_0000,
    Security = 0x0a00_0000,
    Comment = 0x0b00_0000,
    Decryption = 0x0c00_0000,
    Assumption = 0x0d00_0000,
    Deprecated = 0x0e00_0000,
}

/// One row of a protocol's field table.
pub struct FieldDef {
    /// Wireshark's filter name.
    pub name: &'static str,
    /// What stands before the value in the tree; of an expert info its message.
    pub label: &'static str,
    pub ftype: FieldType,
    pub base: Base,
    pub names: Names,
    /// The bits of the containing octets that the field takes, 0 for all of them.
    pub mask: u64,
    /// Set for an expert info: how bad it is and of what kind.
    pub expert: Option<(Severity, Group)>,
    /// Protocols that must be read so that the field is right, wherever they lie, those that show it beside its own among them.
    pub fed_by: &'static [ProtoId],
    /// Frames that come later can change its value or tell that it is there: it takes two passes to be right.
    pub is_told_later: bool,
}

impl FieldDef {
    /// A field shown in its type's only or usual form; the other properties are put on with the functions below.
    pub const fn new(name: &'static str, label: &'static str, ftype: FieldType, base: Base) -> Self {
        Self { name, label, ftype, base, names: Names::None, mask: 0, expert: None, fed_by: &[], is_told_later: false }
    }

    /// An expert info: a field without value that has a severity, a group and a message.
    pub const fn expert(name: &'static str, message: &'static str, severity: Severity, group: Group) -> Self {
        let mut field = Self::new(name, message, FieldType::None, Base::None);
        field.expert = Some((severity, group));
        field
    }

    /// With names for its values.
    pub const fn names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    /// With the bits that it takes of its octets.
    pub const fn mask(mut self, mask: u64) -> Self {
        self.mask = mask;
        self
    }

    /// With protocols that must be read for it (SDP says which UDP conversations there will be).
    pub const fn fed_by(mut self, feeders: &'static [ProtoId]) -> Self {
        self.fed_by = feeders;
        self
    }

    /// A field that later frames tell (which one answers this one).
    pub const fn told_later(mut self) -> Self {
        self.is_told_later = true;
        self
    }
}

/// Makes a protocol file's field table: `FIELDS` (the protocol itself first), `PROTO`, and a [`FieldId`] constant a row.
///
/// ```ignore
/// fields! { Udp, "udp", "User Datagram Protocol";
///     SRCPORT = field("udp.srcport", "Source Port", Uint16, Dec);
///     STATUS = field("udp.checksum.status", "Checksum Status", Uint8, None).names(Names::Values(STATUS_NAMES));
///     BAD = expert("udp.checksum.bad", "Bad checksum", Error, Checksum);
/// }
/// ```
macro_rules! fields {
    ($id:ident, $name:literal, $title:literal; $($field:ident = $kind:ident($($arg:tt)*)$(.$with:ident($($warg:tt)*))*;)*) => {
        /// The protocol's table: itself, then its fields.
        pub const FIELDS: &[$crate::field::FieldDef] = &[
            $crate::field::FieldDef::new($name, $title, $crate::field::FieldType::Protocol, $crate::field::Base::None),
            $($crate::field::fields!(@row $kind($($arg)*))$(.$with($($warg)*))*,)*
        ];
        const BASE_ID: u16 = $crate::registry::base($crate::registry::ProtoId::$id);
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code)]
        #[repr(u16)]
        enum Place { PROTO, $($field),* }
        /// The protocol itself.
        #[allow(dead_code)]
        pub const PROTO: $crate::field::FieldId = $crate::field::FieldId(BASE_ID);
        $(#[allow(dead_code, missing_docs)] pub const $field: $crate::field::FieldId = $crate::field::FieldId(BASE_ID + Place::$field as u16);)*
    };
    (@row field($name:expr, $label:literal, $ftype:ident, $base:ident)) => {
        $crate::field::FieldDef::new($name, $label, $crate::field::FieldType::$ftype, $crate::field::Base::$base)
    };
    (@row expert($name:expr, $message:literal, $severity:ident, $group:ident)) => {
        $crate::field::FieldDef::expert($name, $message, $crate::field::Severity::$severity, $crate::field::Group::$group)
    };
}
pub(crate) use fields;
