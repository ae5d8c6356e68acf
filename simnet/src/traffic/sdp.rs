//! Session descriptions (RFC 4566) for audio and for T.38 fax.

/// One description with one medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdp {
    /// `-`, or the user name that the device writes.
    pub user: String,
    /// Session name, `s=`.
    pub session: &'static str,
    pub id: u64,
    /// Rises with each new offer or answer of the same side.
    pub version: u64,
    /// Without brackets.
    pub address: std::net::IpAddr,
    pub port: u16,
    pub media: Media,
}

/// What a description offers or accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// RTP/AVP with these codecs, and telephone events as payload type 101.
    Audio(Vec<Codec>),
    /// `m=image udptl t38` (T.38, annex D).
    T38,
}

/// Audio codecs with payload types of RFC 3551.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    Pcmu,
    Pcma,
    G722,
    G729,
}

impl Codec {
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::G729 => 18,
        }
    }

    fn rtpmap(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU/8000",
            Self::Pcma => "PCMA/8000",
            Self::G722 => "G722/8000",
            Self::G729 => "G729/8000",
        }
    }
}

impl Sdp {
    pub fn text(&self) -> String {
        let family = if self.address.is_ipv4() { "IP4" } else { "IP6" };
        let mut text = format!(
            "v=0\r\no={} {} {} IN {family} {}\r\ns={}\r\nc=IN {family} {}\r\nt=0 0\r\n",
            self.user, self.id, self.version, self.address, self.session, self.address
        );
        match &self.media {
            Media::Audio(codecs) => {
                let types: String = codecs.iter().map(|c| format!(" {}", c.payload_type())).collect();
                text.push_str(&format!("m=audio {} RTP/AVP{types} 101\r\n", self.port));
                for codec in codecs {
                    text.push_str(&format!("a=rtpmap:{} {}\r\n", codec.payload_type(), codec.rtpmap()));
                    if *codec == Codec::G729 {
                        text.push_str("a=fmtp:18 annexb=no\r\n");
                    }
                }
                text.push_str("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n");
            }
            Media::T38 => {
                text.push_str(&format!("m=image {} udptl t38\r\n", self.port));
                text.push_str(
                    "a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\n\
                     a=T38FaxMaxBuffer:262\r\na=T38FaxMaxDatagram:176\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n",
                );
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_lists_its_codecs() {
        let sdp = Sdp {
            user: "-".into(),
            session: "SDP data",
            id: 20001,
            version: 20001,
            address: [10, 0, 0, 1].into(),
            port: 11780,
            media: Media::Audio(vec![Codec::Pcma, Codec::G729]),
        };
        let text = sdp.text();
        assert!(text.starts_with("v=0\r\no=- 20001 20001 IN IP4 10.0.0.1\r\n"));
        assert!(text.contains("m=audio 11780 RTP/AVP 8 18 101\r\n"));
        assert!(text.ends_with("a=sendrecv\r\n"));
    }
}
