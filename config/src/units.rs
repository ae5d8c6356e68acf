//! Amounts as people write them in a configuration file: `7d`, `90m`, `64MiB`, `500GB`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A text that is no amount of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No digits, an unknown unit, or something after the unit.
    #[error("{text:?} is no {kind}; write a whole number and one of {units}")]
    Unknown { text: String, kind: &'static str, units: &'static str },
    /// More than 64 bits hold.
    #[error("{text:?} is more than a {kind} can be")]
    TooLarge { text: String, kind: &'static str },
}

/// A length of time, whole seconds, written with a unit: `s`, `m`, `h`, `d` or `w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Age {
    seconds: u64,
}

/// A number of bytes, written with a unit: `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000) or `KiB`, `MiB`, `GiB`, `TiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size {
    bytes: u64,
}

const AGE_UNITS: [(&str, u64); 5] = [("w", 7 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
const SIZE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

impl Age {
    pub const fn from_secs(seconds: u64) -> Self {
        Self { seconds }
    }

    pub const fn as_secs(self) -> u64 {
        self.seconds
    }

    pub const fn as_duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl Size {
    pub const fn from_bytes(bytes: u64) -> Self {
        Self { bytes }
    }

    pub const fn as_bytes(self) -> u64 {
        self.bytes
    }
}

fn parse(text: &str, kind: &'static str, units: &'static str, table: &[(&str, u64)]) -> Result<u64, UnitError> {
    let unknown = || UnitError::Unknown { text: text.to_owned(), kind, units };
    let too_large = || UnitError::TooLarge { text: text.to_owned(), kind };
    let trimmed = text.trim();
    let digits_end = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(unknown)?;
    let (digits, unit) = trimmed.split_at(digits_end);
    let (_, factor) = table.iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(unknown)?;
    if digits.is_empty() {
        return Err(unknown());
    }
    let number: u64 = digits.parse().map_err(|_| too_large())?;
    number.checked_mul(*factor).ok_or_else(too_large)
}

/// Writes `amount` in the largest unit of `table` (sorted from the largest) that divides it.
fn write(amount: u64, table: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match table.iter().find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor)) {
        Some((unit, factor)) => write!(f, "{}{unit}", amount / factor),
        None => write!(f, "0{}", table.last().map_or("", |(unit, _)| unit)),
    }
}

impl FromStr for Age {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse(text, "length of time", "s, m, h, d, w", &AGE_UNITS).map(Self::from_secs)
    }
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse(text, "number of bytes", "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", &SIZE_UNITS).map(Self::from_bytes)
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.seconds, &AGE_UNITS, f)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.bytes, &SIZE_UNITS, f)
    }
}

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl TryFrom<String> for $kind {
            type Error = UnitError;

            fn try_from(text: String) -> Result<Self, UnitError> {
                text.parse()
            }
        }

        impl From<$kind> for String {
            fn from(amount: $kind) -> String {
                amount.to_string()
            }
        }
    )*};
}
as_text!(Age, Size);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_in_their_largest_unit() {
        for (text, seconds) in [("7d", 604_800), ("90m", 5_400), ("0s", 0), ("1w", 604_800), (" 3 h ", 10_800)] {
            assert_eq!(text.parse(), Ok(Age::from_secs(seconds)), "{text}");
        }
        for (text, bytes) in [("64MiB", 64 << 20), ("500GB", 500_000_000_000), ("1 kB", 1_000), ("17B", 17)] {
            assert_eq!(text.parse(), Ok(Size::from_bytes(bytes)), "{text}");
        }
        for seconds in [0, 1, 59, 60, 3_600, 86_400, 604_800, 604_801] {
            let age = Age::from_secs(seconds);
            assert_eq!(age.to_string().parse(), Ok(age));
        }
        assert_eq!(Size::from_bytes(64 << 20).to_string(), "64MiB");
        assert_eq!(Age::from_secs(604_800).to_string(), "1w");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "d", "7", "7 days", "-1d", "1.5h", "7dd", "٣d"] {
            let refused = text.parse::<Age>();
            assert!(matches!(refused, Err(UnitError::Unknown { .. })), "{text}: {refused:?}");
        }
        assert!(matches!("99999999999999999999s".parse::<Age>(), Err(UnitError::TooLarge { .. })));
        assert!(matches!("99999999TiB".parse::<Size>(), Err(UnitError::TooLarge { .. })));
        assert_eq!(
            "5 gigs".parse::<Size>().unwrap_err().to_string(),
            "\"5 gigs\" is no number of bytes; write a whole number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"
        );
    }
}
