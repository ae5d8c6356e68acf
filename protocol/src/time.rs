//! A moment: nanoseconds since the Unix epoch, UTC.
//!
//! Nothing here reads a clock; whoever makes a [`Timestamp`] says where it comes from.

use std::fmt;

use crate::codec::{Decode, Encode};

/// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Reaches to the year 2554.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Timestamp(pub u64);

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

impl Timestamp {
    /// The earliest moment there is.
    pub const MIN: Self = Self(0);
    /// The latest moment there is.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment so many whole seconds and nanoseconds after the epoch; what does not fit is cut to [`Timestamp::MAX`].
    #[must_use]
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// Nanoseconds within the second, 0 to 999,999,999.
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        (self.0 % NANOS_PER_SECOND) as u32
    }

    /// Whole hours since the Unix epoch: the time bucket that retention counts in.
    #[must_use]
    pub const fn hour(self) -> u32 {
        (self.seconds() / 3600) as u32
    }
}

/// RFC 3339, section 5.6, in UTC and always with nine digits of the second: `2025-10-09T08:53:20.123456789Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        let (year, month, day) = civil(seconds / 86_400);
        let of_day = seconds % 86_400;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:09}Z",
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60,
            self.subsec_nanos()
        )
    }
}

/// The Gregorian date of a day counted from 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last of its year and the months before it have fixed lengths.
fn civil(days: u64) -> (u64, u64, u64) {
    // 0000-03-01 lies 719,468 days before the Unix epoch; 400 years have 146,097 days.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_rfc_3339_with_nine_digits() {
        let cases: [(u64, &str); 8] = [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (1, "1970-01-01T00:00:00.000000001Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (951_868_799_999_999_999, "2000-02-29T23:59:59.999999999Z"),
            (1_760_000_000_123_456_789, "2025-10-09T08:53:20.123456789Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
            (4_107_542_399_000_000_000, "2100-02-28T23:59:59.000000000Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551615Z"),
        ];
        for (nanos, text) in cases {
            assert_eq!(Timestamp(nanos).to_string(), text);
        }
    }

    #[test]
    fn parts_saturate() {
        assert_eq!(Timestamp::from_parts(1, 5), Timestamp(1_000_000_005));
        assert_eq!(Timestamp::from_parts(u64::MAX, 5), Timestamp::MAX);
        assert_eq!(Timestamp::from_parts(3600, 0).hour(), 1);
    }
}
