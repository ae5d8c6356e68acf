//! Payload types of RTP: what lists of streams call them, how fast their clocks run, and what they carry.

use super::{Kind, is_event};
use crate::setup::Setup;

/// RFC 3551, table 4 and 5: number, short name, ticks a second.
const STATIC: &[(u8, &str, u32)] = &[
    (0, "g711U", 8_000),
    (1, "fs-1016", 8_000),
    (2, "g721", 8_000),
    (3, "GSM", 8_000),
    (4, "g723", 8_000),
    (5, "DVI4 8k", 8_000),
    (6, "DVI4 16k", 16_000),
    (7, "Exp. from Xerox PARC", 8_000),
    (8, "g711A", 8_000),
    // RFC 3551, 4.5.2: G.722 samples at 16,000 Hz, but its clock runs at 8,000.
    (9, "g722", 8_000),
    (10, "16-bit audio, stereo", 44_100),
    (11, "16-bit audio, monaural", 44_100),
    (12, "Qualcomm", 8_000),
    (13, "CN", 8_000),
    (14, "MPEG-I/II Audio", 90_000),
    (15, "g728", 8_000),
    (16, "DVI4 11k", 11_025),
    (17, "DVI4 22k", 22_050),
    (18, "g729", 8_000),
    (19, "CN(old)", 8_000),
    (25, "CellB", 90_000),
    (26, "JPEG", 90_000),
    (28, "NV", 90_000),
    (31, "h261", 90_000),
    (32, "MPEG-I/II Video", 90_000),
    (33, "MPEG-II streams", 90_000),
    (34, "h263", 90_000),
];

/// What a list of streams calls a payload type.
pub fn label(number: u8, encoding: Option<&str>) -> String {
    match (STATIC.iter().find(|row| row.0 == number), encoding) {
        (Some(row), _) => row.1.to_owned(),
        (None, Some(name)) => name.to_owned(),
        (None, None) if number >= 96 => format!("RTPType-{number}"),
        (None, None) => "Unassigned".to_owned(),
    }
}

/// Ticks of the timestamp a second; nothing where nobody says.
pub fn clock_rate(number: u8, setup: Option<&Setup>) -> Option<u32> {
    let told = setup.and_then(|setup| setup.encoding(number)).map(|encoding| encoding.clock_rate);
    let usual = || STATIC.iter().find(|row| row.0 == number).map(|row| row.2);
    told.filter(|rate| *rate > 0).or_else(usual)
}

/// What a payload type carries.
pub fn kind(number: u8, setup: Option<&Setup>) -> Kind {
    let encoding = setup.and_then(|setup| setup.encoding(number)).map(|encoding| &*encoding.name);
    match (number, encoding) {
        (13 | 19, _) => Kind::ComfortNoise,
        (_, Some(name)) if is_event(Some(name)) => Kind::Event,
        (_, Some(name)) if name.eq_ignore_ascii_case("CN") => Kind::ComfortNoise,
        // Nobody told; it mostly is one.
        (101, None) => Kind::Event,
        _ => Kind::Media,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::ProtoId;
    use crate::setup::Encoding;

    #[test]
    fn what_signalling_says_comes_first() {
        let mut setup = Setup::new(ProtoId::Rtp, 1, "SDP");
        for (number, value) in
            [(96, &b"opus/48000/2"[..]), (97, b"telephone-event/16000"), (98, b"CN/16000"), (99, b"x")]
        {
            setup.encodings.push(Encoding::read(number, value));
        }
        let setup = Some(&setup);
        let rates: Vec<_> = [96, 97, 99, 0, 100].into_iter().map(|number| clock_rate(number, setup)).collect();
        assert_eq!(rates, [Some(48_000), Some(16_000), None, Some(8000), None]);
        let kinds: Vec<_> = [96, 97, 98, 13, 101].into_iter().map(|number| kind(number, setup)).collect();
        assert_eq!(kinds, [Kind::Media, Kind::Event, Kind::ComfortNoise, Kind::ComfortNoise, Kind::Event]);
        assert_eq!((label(8, Some("PCMA")), label(97, None)), ("g711A".to_owned(), "RTPType-97".to_owned()));
        assert_eq!((label(97, Some("opus")), label(50, None)), ("opus".to_owned(), "Unassigned".to_owned()));
    }
}
