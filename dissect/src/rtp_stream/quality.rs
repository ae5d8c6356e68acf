//! An estimate of how speech sounded: the E-model (ITU-T G.107) with what one place in the network can know.
//!
//! It is an estimate and has to be called one. Loss, codec and the delay of a jitter buffer that would have taken up the
//! jitter seen go in; echo, loudness, noise, the delay of the path and loss behind this place do not, for which the
//! recommendation's defaults stand.

/// R of G.107 with its default values (table 3): 93.2 = R0 - Is.
pub const DEFAULT_RATING: f64 = 93.2;
/// A jitter buffer is taken to hold so many times the highest jitter.
const BUFFER_FACTOR: f64 = 2.0;
/// Packetization and look-ahead, in milliseconds.
const CODEC_DELAY_MS: f64 = 25.0;

/// How much a codec spoils (Ie) and how well it bears loss (Bpl): ITU-T G.113, appendix I.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Codec {
    pub impairment: f64,
    pub robustness: f64,
}

/// Encoding name, static payload type if there is one, Ie, Bpl.
const CODECS: &[(&str, Option<u8>, f64, f64)] = &[
    // With packet loss concealment (G.711, appendix I).
    ("PCMU", Some(0), 0.0, 25.1),
    ("PCMA", Some(8), 0.0, 25.1),
    ("G726-32", Some(2), 7.0, 25.1),
    ("GSM", Some(3), 20.0, 10.0),
    ("GSM-EFR", None, 5.0, 10.0),
    ("G723", Some(4), 15.0, 16.1),
    ("G728", Some(15), 7.0, 10.0),
    ("G729", Some(18), 11.0, 19.0),
    ("iLBC", None, 11.0, 32.0),
    // Wideband codecs on the narrowband scale: not worse than G.711.
    ("G722", Some(9), 0.0, 25.1),
    ("opus", None, 0.0, 25.1),
];

/// The figures of a codec by the name in its `rtpmap`, or else by its static payload type.
pub fn codec(payload_type: u8, encoding: Option<&str>) -> Option<Codec> {
    let row = match encoding {
        Some(name) => CODECS.iter().find(|row| row.0.eq_ignore_ascii_case(name)),
        None => CODECS.iter().find(|row| row.1 == Some(payload_type)),
    };
    row.map(|row| Codec { impairment: row.2, robustness: row.3 })
}

/// The one-way delay, in milliseconds, that a receiver adds to take up `jitter_ms`.
pub fn buffer_delay(jitter_ms: f64) -> f64 {
    CODEC_DELAY_MS + BUFFER_FACTOR * jitter_ms
}

/// The transmission rating R of `codec` at `loss_percent` of random loss and a one-way delay.
///
/// `R = 93.2 - Id - Ie,eff`, `Ie,eff = Ie + (95 - Ie) * Ppl / (Ppl + Bpl)` (G.107, 7.5, BurstR = 1), and the delay
/// impairment of the simplified model, `Id = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)`.
pub fn rating(codec: Codec, loss_percent: f64, delay_ms: f64) -> f64 {
    let loss = loss_percent.clamp(0.0, 100.0);
    let equipment = codec.impairment + (95.0 - codec.impairment) * loss / (loss + codec.robustness);
    let delay = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    (DEFAULT_RATING - delay - equipment).clamp(0.0, 100.0)
}

/// The mean opinion score that a rating stands for (G.107, annex B).
pub fn mos(rating: f64) -> f64 {
    if rating <= 0.0 {
        return 1.0;
    }
    if rating >= 100.0 {
        return 4.5;
    }
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_of_the_recommendation() {
        // G.107, annex B: R of 93.2 is 4.41, 70 is 3.60, 50 is 2.58.
        for (rating, expected) in [(93.2, 4.41), (90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((mos(rating) - expected).abs() < 0.01, "{rating}: {}", mos(rating));
        }
        assert_eq!((mos(-5.0), mos(0.0), mos(100.0)), (1.0, 1.0, 4.5));
    }

    #[test]
    fn loss_and_delay_cost() {
        let good = codec(8, None).unwrap();
        let r = |codec, loss, delay| rating(codec, loss, delay);
        assert!(r(good, 0.0, 25.0) > 92.0);
        assert!(r(good, 3.0, 25.0) < r(good, 1.0, 25.0));
        assert!(r(good, 0.0, 400.0) < r(good, 0.0, 150.0) - 20.0);
        let g729 = codec(97, Some("g729")).unwrap();
        assert!((r(g729, 0.0, 0.0) - 82.2).abs() < 1e-9);
        assert_eq!(codec(97, None), None);
        assert_eq!(codec(0, Some("speex")), None);
    }
}
