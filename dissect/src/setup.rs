//! What signalling agreed on for an address and port: which protocol is heard there, and what its payload types mean.
//!
//! Whoever follows a signalling protocol makes a [`Setup`] and binds it with [`crate::proto::udp::bind`]; session
//! descriptions in SIP do so when an offer is answered (`proto/sdp/exchange.rs`).

use crate::registry::ProtoId;

/// How many payload types of one stream are told apart: there are 128.
pub const MAX_ENCODINGS: usize = 128;
/// How much of a Call-ID and of an encoding name is kept.
pub const MAX_TEXT: usize = 128;

/// What an `rtpmap` attribute says of a payload type (RFC 8866, 6.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoding {
    pub payload_type: u8,
    pub name: Box<str>,
    /// Ticks of the RTP timestamp a second; 0 where it is not said.
    pub clock_rate: u32,
}

impl Encoding {
    /// From the value of the attribute behind the payload type, as in `opus/48000/2`.
    pub fn read(payload_type: u8, value: &[u8]) -> Self {
        let mut parts = value.split(|octet| *octet == b'/');
        let name = parts.next().unwrap_or_default();
        let rate = parts.next().unwrap_or_default();
        let name = String::from_utf8_lossy(name.get(..MAX_TEXT).unwrap_or(name));
        let clock_rate = std::str::from_utf8(rate).ok().and_then(|rate| rate.parse().ok()).unwrap_or(0);
        Self { payload_type, name: name.into(), clock_rate }
    }
}

/// What an address and port was set up for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// [`ProtoId::Rtp`], [`ProtoId::Rtcp`] or [`ProtoId::T38`].
    pub proto: ProtoId,
    /// The frame that set it up, as Wireshark counts it: the offer's for what an answer accepts.
    pub frame: u64,
    /// `SDP`, `Skinny`, ...
    pub method: &'static str,
    /// The Call-ID of the SIP call; empty where there is none.
    pub call_id: Box<str>,
    pub encodings: Vec<Encoding>,
    /// It is encrypted (RFC 3711).
    pub is_secure: bool,
}

impl Setup {
    /// Without encodings and call.
    pub fn new(proto: ProtoId, frame: u64, method: &'static str) -> Self {
        Self { proto, frame, method, call_id: Box::default(), encodings: Vec::new(), is_secure: false }
    }

    /// What was said of a payload type.
    pub fn encoding(&self, payload_type: u8) -> Option<&Encoding> {
        self.encodings.iter().find(|encoding| encoding.payload_type == payload_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_read() {
        let opus = Encoding::read(97, b"opus/48000/2");
        assert_eq!((&*opus.name, opus.clock_rate), ("opus", 48_000));
        assert_eq!(Encoding::read(97, b"x/y").clock_rate, 0);
        assert_eq!(Encoding::read(97, &[b'x'; 1000]).name.len(), MAX_TEXT);
    }
}
