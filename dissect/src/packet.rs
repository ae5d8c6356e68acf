//! A captured packet as dissection takes it.

use crate::host_names::HostNames;
use crate::proto::erf;

/// One frame of a capture. Times are nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Decimals of a second that the capture's times have.
    pub time_digits: u8,
    /// The number of the frame in its capture, from 1.
    pub number: u64,
    pub time: i64,
    /// When the frame before it in the capture came; its own time for the first one.
    pub time_previous: i64,
    /// When the last frame before it that was shown came, if there was one.
    pub time_displayed: Option<i64>,
    /// When the first frame of the capture came.
    pub time_first: i64,
    /// The LINKTYPE_ value of its interface (the registry of the tcpdump group).
    pub link_type: u16,
    pub interface: u32,
    /// `unknown` where the capture has interfaces and this one no name; nothing where it has none.
    pub interface_name: Option<&'a str>,
    pub interface_description: Option<&'a str>,
    /// Whether the capture says when the packet came; all times are 0 if not.
    pub has_time: bool,
    /// Octets on the wire; `bytes` may be fewer.
    pub orig_len: u32,
    pub bytes: &'a [u8],
    /// What the capture says of the frame in front of it: see [`Packet::split`].
    pub pseudo_header: &'a [u8],
    pub comment: Option<&'a str>,
    /// Names of addresses, where they are to be shown.
    pub names: Option<&'a HostNames>,
}

impl<'a> Packet<'a> {
    /// A packet that stands alone, the first of its capture.
    pub fn alone(link_type: u16, bytes: &'a [u8]) -> Self {
        Self {
            time_digits: 6,
            number: 1,
            time: 0,
            time_previous: 0,
            time_displayed: None,
            time_first: 0,
            link_type,
            interface: 0,
            interface_name: None,
            interface_description: None,
            has_time: true,
            orig_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            bytes,
            pseudo_header: &[],
            comment: None,
            names: None,
        }
        .split()
    }

    /// Takes off the header that the capturing card put in front of the frame: it is none of the frame's octets, and says
    /// how long the frame was.
    #[must_use]
    #[inline]
    pub fn split(self) -> Self {
        if self.link_type != erf::LINK_TYPE || !self.pseudo_header.is_empty() {
            return self;
        }
        let (len, wire_len) = erf::header_of(self.bytes);
        let (pseudo_header, rest) = self.bytes.split_at(len.min(self.bytes.len()));
        let bytes = rest.get(..wire_len as usize).unwrap_or(rest);
        Self { orig_len: wire_len, bytes, pseudo_header, ..self }
    }
}
